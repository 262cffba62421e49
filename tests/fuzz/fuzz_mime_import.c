/* MIME to ox_message and back. What imports must export with short lines, import again, and have
 * the same text, as many bodies and attachments, and as many enclosed messages. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <oxkit/convert/bodies.h>
#include <oxkit/convert/mime.h>
#include <oxkit/ropcodec/properties.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition) {
  if (!condition) abort();
}

static bool is_signed(ox_message *m) {
  const char *name = ox_propbag_utf8(&m->properties, OX_PidTagMessageClass, &m->arena, "");
  return strcmp(name, "IPM.Note.SMIME.MultipartSigned") == 0;
}

static bool has_signed(ox_message *m) {
  if (is_signed(m)) return true;
  for (size_t i = 0; i < m->attachment_count; i++)
    if (m->attachments[i].embedded != NULL && has_signed(m->attachments[i].embedded)) return true;
  return false;
}

static void require_short_lines(ox_bytes mime) {
  size_t line = 0;
  for (size_t i = 0; i < mime.size_bytes; i++) {
    line = mime.data[i] == '\n' ? 0 : line + 1;
    require(line <= 999);
  }
}

/* The plain body without line ends at its end; NULL when it is absent or large. */
static const char *body(ox_message *m) {
  char *text = (char *)ox_propbag_utf8(&m->properties, OX_PidTagBody, &m->arena, NULL);
  if (text == NULL) return NULL;
  size_t n = strlen(text);
  while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r')) n--;
  text[n] = 0;
  return text;
}

static bool has(ox_message *m, ox_proptag tag) {
  for (size_t i = 0; i < m->large_value_count; i++)
    if (m->large_values[i].tag == tag) return true;
  return ox_propbag_find(&m->properties, OX_PROPTAG_ID(tag)) != NULL;
}

/* Bodies and attachments together: where there was no body, inline text may become it. */
static size_t contents(ox_message *m) {
  return m->attachment_count + has(m, OX_PidTagBody) + has(m, OX_PidTagHtml);
}

static size_t messages(ox_message *m) {
  size_t count = 0;
  for (size_t i = 0; i < m->attachment_count; i++) count += m->attachments[i].embedded != NULL;
  return count;
}

static void compare(ox_message *a, ox_message *b) {
  const char *first = body(a), *second = body(b);
  if (first != NULL && *first != 0) require(second != NULL && strcmp(first, second) == 0);
  require(contents(a) == contents(b) || contents(a) == 0);
  require(messages(a) == messages(b));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size > 256 * 1024) return 0;
  ox_mime_import_options in = OX_MIME_IMPORT_OPTIONS_INIT;
  in.flags = OX_MIME_IMPORT_NO_UUDECODE;
  ox_message *m = NULL, *again = NULL;
  if (ox_mime_import((ox_bytes){data, size}, &in, &m, NULL) != OX_OK) return 0;
  ox_writer w, text;
  ox_writer_init(&w, NULL, 64 * 1024 * 1024);
  ox_writer_init(&text, NULL, 64 * 1024 * 1024);
  ox_mime_export_options out = OX_MIME_EXPORT_OPTIONS_INIT;
  out.flags = OX_MIME_EXPORT_BCC;
  ox_status status = ox_mime_export(m, &out, &w, NULL);
  require(status == OX_OK || status == OX_E_LIMIT);
  if (status == OX_OK && !has_signed(m)) {
    require_short_lines(ox_writer_bytes(&w));
    status = ox_mime_import(ox_writer_bytes(&w), &in, &again, NULL);
    require(status == OX_OK || status == OX_E_LIMIT);
    if (status == OX_OK) compare(m, again);
    ox_message_free(again);
  }
  status = ox_message_to_text(m, 0, &text, NULL);
  require(status == OX_OK || status == OX_E_LIMIT);
  /* Once more with uuencoded files taken out. */
  in.flags = 0;
  if (ox_mime_import((ox_bytes){data, size}, &in, &again, NULL) == OX_OK) ox_message_free(again);
  ox_writer_dispose(&text);
  ox_writer_dispose(&w);
  ox_message_free(m);
  return 0;
}
