/* What the tests of libconvert share: messages in and out as C strings. */
#ifndef OX_TESTS_CONVERT_SUPPORT_H
#define OX_TESTS_CONVERT_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <oxkit/convert/bodies.h>
#include <oxkit/convert/mime.h>
#include <oxkit/ropcodec/entryid.h>
#include <oxkit/ropcodec/properties.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** Imports a message with the default options; LF is fine. */
static inline ox_message *import_text(const char *mime) {
  ox_message *message = NULL;
  ox_error err = {0};
  ox_status status =
      ox_mime_import((ox_bytes){(const uint8_t *)mime, strlen(mime)}, NULL, &message, &err);
  if (status != OX_OK) fail_msg("import: %s", err.text);
  assert_non_null(message);
  return message;
}

/** Exports with LF and flags; free() the result. */
static inline char *export_text(const ox_message *message, uint32_t flags) {
  ox_mime_export_options options = OX_MIME_EXPORT_OPTIONS_INIT;
  options.flags = flags | OX_MIME_EXPORT_LF;
  ox_error err = {0};
  ox_writer w;
  ox_writer_init(&w, NULL, 64 * 1024 * 1024);
  if (ox_mime_export(message, &options, &w, &err) != OX_OK) fail_msg("export: %s", err.text);
  ox_bytes bytes = ox_writer_bytes(&w);
  char *text = malloc(bytes.size_bytes + 1);
  assert_non_null(text);
  memcpy(text, bytes.data, bytes.size_bytes);
  text[bytes.size_bytes] = 0;
  ox_writer_dispose(&w);
  return text;
}

/** A string property in UTF-8, "" when absent; lives as long as the message. */
static inline const char *text_of(ox_message *message, ox_proptag tag) {
  return ox_propbag_utf8(&message->properties, tag, &message->arena, "");
}

/** A string named property; NULL when absent. */
static inline const char *named_text(ox_message *message, const ox_propbag *bag, const ox_guid *set,
                                     const char *name) {
  ox_property_name key = {.kind = OX_NAME_KIND_STRING, .guid = *set};
  assert_int_equal(ox_str16_from_utf8(&message->arena, ox_str8_from(name), &key.name), OX_OK);
  uint16_t id = ox_message_find_name(message, &key);
  if (id == 0) return NULL;
  return ox_propbag_utf8(bag, OX_PROPTAG(id, OX_PTYP_STRING), &message->arena, NULL);
}

static inline const char *header_of(ox_message *message, const char *name) {
  return named_text(message, &message->properties, &OX_PSETID_INTERNET_HEADERS, name);
}

static inline const char *recipient_text(ox_message *message, size_t index, ox_proptag tag) {
  assert_true(index < message->recipient_count);
  return ox_propbag_utf8(&message->recipients[index].properties, tag, &message->arena, "");
}

static inline const char *attachment_text(ox_message *message, size_t index, ox_proptag tag) {
  assert_true(index < message->attachment_count);
  return ox_propbag_utf8(&message->attachments[index].properties, tag, &message->arena, "");
}

static inline void assert_contains(const char *text, const char *part) {
  assert_non_null(text);
  if (text != NULL && strstr(text, part) == NULL) fail_msg("no \"%s\" in:\n%s", part, text);
}

static inline void assert_lacks(const char *text, const char *part) {
  assert_non_null(text);
  if (text != NULL && strstr(text, part) != NULL) fail_msg("\"%s\" in:\n%s", part, text);
}

/** A whole file; free() the result. */
static inline char *read_file(const char *path, size_t *size_out) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) fail_msg("cannot read %s", path);
  fseek(file, 0, SEEK_END);
  long size = ftell(file);
  rewind(file);
  char *data = malloc((size_t)size + 1);
  assert_non_null(data);
  assert_int_equal(fread(data, 1, (size_t)size, file), size);
  data[size] = 0;
  fclose(file);
  *size_out = (size_t)size;
  return data;
}

#endif
