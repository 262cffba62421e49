#include "ldif.h"

#include <stdio.h>
#include <string.h>

#include <oxkit/ropcodec/text.h>

void ldif_init(ldif_reader *reader, ox_bytes text) {
  *reader = (ldif_reader){.data = text.data, .size_bytes = text.size_bytes, .line = 1};
  static const uint8_t mark[3] = {0xEF, 0xBB, 0xBF};
  if (text.size_bytes >= 3 && memcmp(text.data, mark, 3) == 0) reader->position = 3;
}

/* A physical line without its end; false at the end of the text. */
static bool physical_line(ldif_reader *reader, ox_bytes *out) {
  if (reader->position >= reader->size_bytes) return false;
  const uint8_t *start = reader->data + reader->position;
  size_t left = reader->size_bytes - reader->position;
  const uint8_t *end = memchr(start, '\n', left);
  size_t length = end != NULL ? (size_t)(end - start) : left;
  reader->position += length + (end != NULL);
  reader->line++;
  if (length > 0 && start[length - 1] == '\r') length--;
  *out = (ox_bytes){start, length};
  return true;
}

static bool continues(const ldif_reader *reader) {
  return reader->position < reader->size_bytes && reader->data[reader->position] == ' ';
}

static ox_status fail(ldif_record *record, ox_status status, size_t line, const char *reason) {
  if (record->status != OX_OK) return status;
  record->status = status;
  snprintf(record->reason, sizeof record->reason, "line %zu: %s", line, reason);
  return status;
}

/* A logical line: the physical one with its continuations, unfolded, terminated, in the arena.
 * NULL at the end of the text or when out of memory. */
static char *logical_line(ldif_reader *reader, ox_arena *arena, size_t *size_out) {
  ox_bytes part;
  ldif_reader ahead = *reader;
  if (!physical_line(&ahead, &part)) return NULL;
  size_t total = part.size_bytes;
  while (continues(&ahead) && physical_line(&ahead, &part)) total += part.size_bytes - 1;
  char *line = ox_arena_alloc(arena, total + 1);
  if (line == NULL) return NULL;
  physical_line(reader, &part);
  if (part.size_bytes != 0) memcpy(line, part.data, part.size_bytes);
  size_t used = part.size_bytes;
  while (continues(reader) && physical_line(reader, &part)) {
    memcpy(line + used, part.data + 1, part.size_bytes - 1);
    used += part.size_bytes - 1;
  }
  line[used] = 0;
  *size_out = used;
  return line;
}

static int base64_digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Decodes in place. @return false when it is not base64 */
static bool base64_in_place(char *text, size_t *size) {
  size_t length = *size, out = 0, digits = 0;
  uint32_t bits = 0;
  while (length > 0 && text[length - 1] == ' ') length--;
  if (length % 4 != 0) return false;
  size_t padding = 0;
  while (padding < 2 && padding < length && text[length - 1 - padding] == '=') padding++;
  for (size_t i = 0; i < length - padding; i++) {
    int digit = base64_digit(text[i]);
    if (digit < 0) return false;
    bits = bits << 6 | (uint32_t)digit;
    if (++digits % 4 != 0) continue;
    text[out++] = (char)(bits >> 16);
    text[out++] = (char)(bits >> 8);
    text[out++] = (char)bits;
    bits = 0;
  }
  if (padding == 1) {
    text[out++] = (char)(bits >> 10);
    text[out++] = (char)(bits >> 2);
  } else if (padding == 2) {
    text[out++] = (char)(bits >> 4);
  }
  text[out] = 0;
  *size = out;
  return true;
}

static bool is_attribute_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_';
}

/* attrval-spec. @return false with a reason when the line is none */
static bool parse_line(char *line, size_t size, size_t number, ldif_attribute *out,
                       const char **reason_out) {
  char *colon = memchr(line, ':', size);
  *reason_out = "there is no colon in the line";
  if (colon == NULL) return false;
  *reason_out = "the attribute's name is not one";
  char *name_end = line;
  while (name_end < colon && is_attribute_char(*name_end)) name_end++;
  if (name_end == line || (name_end != colon && *name_end != ';')) return false;
  *out = (ldif_attribute){.name = line, .options = "", .line = number};
  if (*name_end == ';') out->options = name_end + 1;
  *name_end = 0;
  *colon = 0;
  char *value = colon + 1, *end = line + size;
  bool base64 = value < end && *value == ':';
  out->is_url = value < end && *value == '<';
  if (base64 || out->is_url) value++;
  while (value < end && *value == ' ') value++;
  out->size_bytes = (size_t)(end - value);
  out->value = value;
  *reason_out = "the value is not valid base64";
  return !base64 || base64_in_place(value, &out->size_bytes);
}

static bool has_zero(const ldif_attribute *attribute) {
  return memchr(attribute->value, 0, attribute->size_bytes) != NULL;
}

/* Puts one line where it belongs in the record. */
static ox_status take(ldif_record *record, ox_arena *arena, size_t *capacity,
                      const ldif_attribute *attribute) {
  if (record->dn == NULL) {
    if (!ox_ascii_equal(attribute->name, "dn"))
      return fail(record, OX_E_MALFORMED, attribute->line, "the record does not start with dn:");
    if (has_zero(attribute) || attribute->is_url)
      return fail(record, OX_E_MALFORMED, attribute->line, "the dn is not text");
    record->dn = attribute->value;
    return OX_OK;
  }
  if (ox_ascii_equal(attribute->name, "changetype") && record->attribute_count == 0) {
    record->changetype = attribute->value;
    return OX_OK;
  }
  if (ox_ascii_equal(attribute->name, "control") && record->attribute_count == 0) return OX_OK;
  if (record->attribute_count == *capacity) {
    size_t larger = *capacity != 0 ? *capacity * 2 : 16;
    ldif_attribute *grown =
        ox_arena_grow(arena, record->attributes, record->attribute_count, larger, sizeof *grown);
    if (grown == NULL) return fail(record, OX_E_NO_MEMORY, attribute->line, "out of memory");
    record->attributes = grown;
    *capacity = larger;
  }
  record->attributes[record->attribute_count++] = *attribute;
  return OX_OK;
}

/* Skips blank lines, comments with their continuations, and the version. */
static void skip_to_record(ldif_reader *reader) {
  ox_bytes line;
  for (;;) {
    ldif_reader ahead = *reader;
    if (!physical_line(&ahead, &line)) {
      *reader = ahead;
      return;
    }
    bool comment = line.size_bytes > 0 && line.data[0] == '#';
    bool version = line.size_bytes >= 8 && ox_ascii_equal_n((const char *)line.data, "version:", 8);
    if (line.size_bytes != 0 && !comment && !version) return;
    while (line.size_bytes != 0 && continues(&ahead)) physical_line(&ahead, &line);
    *reader = ahead;
  }
}

bool ldif_next(ldif_reader *reader, ox_arena *arena, ldif_record *out) {
  skip_to_record(reader);
  if (reader->position >= reader->size_bytes) return false;
  *out = (ldif_record){.line = reader->line, .changetype = "add"};
  size_t capacity = 0, first = reader->position;
  for (;;) {
    ldif_reader ahead = *reader;
    ox_bytes line;
    if (!physical_line(&ahead, &line)) break;
    if (line.size_bytes == 0) break;
    size_t number = reader->line, size = 0;
    if (out->status != OX_OK || line.data[0] == '#') {
      /* Only the blank line is of interest now, or the comment is not. */
      while (continues(&ahead)) physical_line(&ahead, &line);
      *reader = ahead;
      continue;
    }
    char *text = logical_line(reader, arena, &size);
    ldif_attribute attribute;
    const char *reason;
    if (text == NULL)
      fail(out, OX_E_NO_MEMORY, number, "out of memory");
    else if (reader->position - first > LDIF_RECORD_MAX_BYTES ||
             out->attribute_count >= LDIF_RECORD_MAX_LINES)
      fail(out, OX_E_LIMIT, number, "the record is too long");
    else if (!parse_line(text, size, number, &attribute, &reason))
      fail(out, OX_E_MALFORMED, number, reason);
    else
      take(out, arena, &capacity, &attribute);
  }
  if (out->dn == NULL) {
    out->dn = "";
    fail(out, OX_E_MALFORMED, out->line, "the record has no dn");
  }
  return true;
}
