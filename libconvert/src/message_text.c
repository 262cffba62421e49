/* A message as text for a person. */
#include <oxkit/convert/bodies.h>

#include "mime_internal.h"

#include <string.h>

enum { MAX_DEPTH = 16, MAX_INDENT = 8 };

typedef struct text_writer {
  ox_writer *out;
  uint32_t flags;
  unsigned depth;
  ox_error *err;
} text_writer;

static void put_indent(text_writer *w) {
  for (unsigned i = 0; i < MIN(w->depth, (unsigned)MAX_INDENT); i++) ox_write_text(w->out, "    ");
}

/* Terminals obey control characters, so none but tabs get through. */
static void put_line(text_writer *w, const char *line, size_t size) {
  put_indent(w);
  for (size_t i = 0; i < size; i++) {
    uint8_t c = (uint8_t)line[i];
    ox_write_u8(w->out, (c < 0x20 && c != '\t') || c == 0x7F ? (uint8_t)' ' : c);
  }
  ox_write_text(w->out, "\n");
}

static void put_lines(text_writer *w, const char *text) {
  while (*text != 0) {
    const char *end = strchr(text, '\n');
    size_t n = end != NULL ? (size_t)(end - text) : strlen(text);
    size_t line = n > 0 && text[n - 1] == '\r' ? n - 1 : n;
    if (line != 0)
      put_line(w, text, line);
    else
      ox_write_text(w->out, "\n");
    if (end == NULL) break;
    text = end + 1;
  }
}

static void put_field(text_writer *w, const char *name, const char *value) {
  if (value == NULL || *value == 0) return;
  char *line = g_strdup_printf("%-9s %s", name, value);
  put_line(w, line, strlen(line));
  g_free(line);
}

static const char *person(ox_arena *arena, const char *name, const char *address) {
  if (name == NULL || *name == 0 || (address != NULL && strcmp(name, address) == 0)) return address;
  if (address == NULL || *address == 0) return name;
  char *text = g_strdup_printf("%s <%s>", name, address);
  const char *copy = ox_arena_strdup(arena, text);
  g_free(text);
  return copy;
}

static const char *address_of(const ox_propbag *bag, ox_proptag smtp, ox_proptag email,
                              ox_arena *arena) {
  const char *text = ox_propbag_utf8(bag, smtp, arena, NULL);
  return text != NULL && *text != 0 ? text : ox_propbag_utf8(bag, email, arena, NULL);
}

static void put_recipients(text_writer *w, const ox_message *message, ox_arena *arena,
                           const char *field, int32_t type) {
  GString *list = g_string_new(NULL);
  for (size_t i = 0; i < message->recipient_count; i++) {
    const ox_propbag *bag = &message->recipients[i].properties;
    if ((ox_propbag_i32(bag, OX_PidTagRecipientType, OX_RECIPIENT_TO) & 0xF) != type) continue;
    const char *one = person(arena, ox_propbag_utf8(bag, OX_PidTagDisplayName, arena, NULL),
                             address_of(bag, OX_PidTagSmtpAddress, OX_PidTagEmailAddress, arena));
    if (one != NULL) g_string_append_printf(list, "%s%s", list->len != 0 ? ", " : "", one);
  }
  put_field(w, field, list->str);
  g_string_free(list, TRUE);
}

static void put_headers(text_writer *w, const ox_message *message, ox_arena *arena) {
  const ox_propbag *bag = &message->properties;
  put_field(w, "From:",
            person(arena, ox_propbag_utf8(bag, OX_PidTagSentRepresentingName, arena, NULL),
                   address_of(bag, OX_PidTagSentRepresentingSmtpAddress,
                              OX_PidTagSentRepresentingEmailAddress, arena)));
  const char *from = address_of(bag, OX_PidTagSentRepresentingSmtpAddress,
                                OX_PidTagSentRepresentingEmailAddress, arena);
  const char *sender =
      address_of(bag, OX_PidTagSenderSmtpAddress, OX_PidTagSenderEmailAddress, arena);
  if (from != NULL && sender != NULL && !ox_ascii_equal(from, sender))
    put_field(w, "Sender:",
              person(arena, ox_propbag_utf8(bag, OX_PidTagSenderName, arena, NULL), sender));
  put_recipients(w, message, arena, "To:", OX_RECIPIENT_TO);
  put_recipients(w, message, arena, "Cc:", OX_RECIPIENT_CC);
  put_recipients(w, message, arena, "Bcc:", OX_RECIPIENT_BCC);
  put_field(w, "Subject:", ox_propbag_utf8(bag, OX_PidTagSubject, arena, NULL));
  ox_filetime time = ox_propbag_time(bag, OX_PidTagClientSubmitTime, 0);
  if (time == 0) time = ox_propbag_time(bag, OX_PidTagMessageDeliveryTime, 0);
  GDateTime *date =
      time != 0 ? g_date_time_new_from_unix_utc(ox_filetime_to_unix(time, NULL)) : NULL;
  if (date != NULL) {
    char *text = g_date_time_format(date, "%Y-%m-%d %H:%M:%S UTC");
    put_field(w, "Date:", text);
    g_free(text);
    g_date_time_unref(date);
  }
  static const char *const importance[] = {"low", NULL, "high"};
  int32_t level = ox_propbag_i32(bag, OX_PidTagImportance, 1);
  if (level == 0 || level == 2) put_field(w, "Priority:", importance[level]);
}

static ox_status read_large(text_writer *w, ox_source *source, ox_arena *arena, ox_bytes *out) {
  if (source->size_bytes > 2 * (uint64_t)OX_BODY_MAX_BYTES)
    return ox_error_set(w->err, OX_E_LIMIT, "The body is larger than the limit.");
  size_t size = (size_t)source->size_bytes;
  uint8_t *data = ox_arena_alloc(arena, size);
  if (data == NULL) return OX_E_NO_MEMORY;
  for (size_t at = 0; at < size;) {
    size_t n = 0;
    ox_status status = source->read_at(source, at, data + at, size - at, &n, w->err);
    if (status != OX_OK) return status;
    if (n == 0) return ox_error_set(w->err, OX_E_IO, "The body ended before its size.");
    at += n;
  }
  *out = (ox_bytes){data, size};
  return OX_OK;
}

static ox_source *large(const ox_message *message, ox_proptag tag) {
  for (size_t i = 0; i < message->large_value_count; i++)
    if (message->large_values[i].tag == tag) return message->large_values[i].source;
  return NULL;
}

static ox_status plain_body(text_writer *w, const ox_message *message, ox_arena *arena,
                            const char **text) {
  *text = ox_propbag_utf8(&message->properties, OX_PidTagBody, arena, NULL);
  ox_source *source = large(message, OX_PidTagBody);
  if (*text != NULL || source == NULL) return OX_OK;
  ox_bytes bytes = {NULL, 0};
  ox_status status = read_large(w, source, arena, &bytes);
  if (status != OX_OK) return status;
  *text = ox_str16_utf8(arena, (ox_str16){bytes.data, bytes.size_bytes & ~(size_t)1});
  return *text != NULL ? OX_OK : OX_E_NO_MEMORY;
}

static ox_status html_body(text_writer *w, const ox_message *message, ox_arena *arena,
                           const char **text) {
  const ox_propbag *bag = &message->properties;
  ox_bytes html = ox_propbag_binary(bag, OX_PidTagHtml);
  uint32_t codepage = (uint32_t)ox_propbag_i32(bag, OX_PidTagInternetCodepage, 0);
  ox_source *source = large(message, OX_PidTagHtml);
  ox_status status = OX_OK;
  if (html.size_bytes == 0 && source != NULL) status = read_large(w, source, arena, &html);
  if (status != OX_OK || html.size_bytes == 0) return status;
  char *converted = NULL;
  status = ox_html_to_text(arena, html, codepage, &converted, NULL);
  *text = status == OX_E_LIMIT ? "(The HTML body is too large to be shown as text.)\n" : converted;
  return status == OX_E_LIMIT ? OX_OK : status;
}

static void put_attachment(text_writer *w, const ox_attachment *one, ox_arena *arena) {
  const ox_propbag *bag = &one->properties;
  const char *name = ox_propbag_utf8(bag, OX_PidTagAttachLongFilename, arena, NULL);
  if (name == NULL) name = ox_propbag_utf8(bag, OX_PidTagAttachFilename, arena, NULL);
  if (one->embedded != NULL || name == NULL)
    name = ox_propbag_utf8(bag, OX_PidTagDisplayName, arena, name != NULL ? name : "(no name)");
  const char *type = ox_propbag_utf8(bag, OX_PidTagAttachMimeTag, arena, NULL);
  uint64_t size = one->source != NULL
                      ? one->source->size_bytes
                      : ox_propbag_binary(bag, OX_PidTagAttachDataBinary).size_bytes;
  bool shown = ox_propbag_bool(bag, OX_PidTagAttachmentHidden, false);
  char *line;
  if (one->embedded != NULL)
    line = g_strdup_printf("[message] %s", name);
  else
    line =
        g_strdup_printf("[%s] %s (%s, %llu bytes)", shown ? "inline" : "file", name,
                        type != NULL ? type : "application/octet-stream", (unsigned long long)size);
  put_line(w, line, strlen(line));
  g_free(line);
}

static ox_status put_message(text_writer *w, const ox_message *message);

static ox_status put_attachments(text_writer *w, const ox_message *message, ox_arena *arena) {
  ox_status status = OX_OK;
  if (message->attachment_count != 0) ox_write_text(w->out, "\n");
  for (size_t i = 0; i < message->attachment_count && status == OX_OK; i++) {
    const ox_attachment *one = &message->attachments[i];
    put_attachment(w, one, arena);
    if (one->embedded == NULL || w->depth >= MAX_DEPTH) continue;
    w->depth++;
    status = put_message(w, one->embedded);
    w->depth--;
  }
  return status;
}

static ox_status put_parts(text_writer *w, const ox_message *message, ox_arena *arena) {
  if ((w->flags & OX_MESSAGE_TEXT_NO_HEADERS) == 0) {
    put_headers(w, message, arena);
    ox_write_text(w->out, "\n");
  }
  const char *text = NULL;
  ox_status status = plain_body(w, message, arena, &text);
  if (status == OX_OK && (text == NULL || *text == 0)) status = html_body(w, message, arena, &text);
  if (status != OX_OK) return status;
  if (text != NULL) {
    char *valid = ox_text_make_valid(arena, ox_str8_from(text));
    if (valid == NULL) return OX_E_NO_MEMORY;
    put_lines(w, valid);
  }
  if ((w->flags & OX_MESSAGE_TEXT_NO_ATTACHMENTS) != 0) return OX_OK;
  return put_attachments(w, message, arena);
}

static ox_status put_message(text_writer *w, const ox_message *message) {
  heap_watch watch;
  ox_mime_watch_heap(&watch, message->arena.allocator);
  ox_arena arena;
  ox_arena_init(&arena, &watch.allocator, 0);
  ox_status status = put_parts(w, message, &arena);
  ox_arena_dispose(&arena);
  return watch.failed ? OX_E_NO_MEMORY : status;
}

ox_status ox_message_to_text(const ox_message *message, uint32_t flags, ox_writer *out,
                             ox_error *err) {
  text_writer w = {out, flags, 0, err};
  ox_mime_prepare();
  ox_status status = put_message(&w, message);
  if (status == OX_OK) status = ox_writer_status(out);
  if (status != OX_OK && (err == NULL || err->status != status)) ox_error_set(err, status, NULL);
  return status;
}
