/* Files that people put into plain text with uuencode. @spec [MS-OXCMAIL] 2.2.3.9.1 */
#include "mime_internal.h"

#include <string.h>

/* One line of the text: its length without line ends in *n, the start of the next returned. */
static size_t line_end(const char *text, size_t size, size_t at, size_t *n) {
  const char *end = memchr(text + at, '\n', size - at);
  size_t next = end != NULL ? (size_t)(end - text) + 1 : size;
  *n = next - at - (end != NULL ? 1 : 0);
  if (*n > 0 && text[at + *n - 1] == '\r') --*n;
  return next;
}

/* "begin 644 name": the length of the name's offset, 0 when it is not that. */
static size_t begin_line(const char *line, size_t n) {
  if (n < 11 || memcmp(line, "begin ", 6) != 0) return 0;
  size_t at = 6;
  while (at < n && line[at] >= '0' && line[at] <= '7') at++;
  if (at < 9 || at > 10 || at >= n || line[at] != ' ') return 0;
  return at + 1 < n ? at + 1 : 0;
}

/* A data line is as long as its first character says; some writers add one character. */
static bool data_line(const char *line, size_t n) {
  if (n == 0 || line[0] < ' ' || line[0] > '`') return false;
  size_t bytes = ((size_t)line[0] - ' ') & 0x3F;
  size_t need = 1 + (bytes + 2) / 3 * 4;
  if (n < need && n + 2 < need) return false;
  for (size_t i = 1; i < n; i++)
    if (line[i] < ' ' || line[i] > 'z') return false;
  return n <= need + 1;
}

static unsigned sextet(const char *line, size_t n, size_t i) {
  return i < n ? ((unsigned)line[i] - ' ') & 0x3F : 0;
}

static void decode_line(const char *line, size_t n, GByteArray *out) {
  size_t bytes = ((size_t)line[0] - ' ') & 0x3F;
  for (size_t i = 1; bytes > 0; i += 4) {
    unsigned group = sextet(line, n, i) << 18 | sextet(line, n, i + 1) << 12 |
                     sextet(line, n, i + 2) << 6 | sextet(line, n, i + 3);
    guint8 three[3] = {(guint8)(group >> 16), (guint8)(group >> 8), (guint8)group};
    size_t take = bytes < 3 ? bytes : 3;
    g_byte_array_append(out, three, (guint)take);
    bytes -= take;
  }
}

/* Reads a whole file that begins at `at`; returns the offset after "end", 0 when it is not one. */
static size_t read_file(const char *text, size_t size, size_t at, GByteArray *out) {
  bool last = false;
  while (at < size) {
    size_t n;
    size_t next = line_end(text, size, at, &n);
    if (n == 3 && memcmp(text + at, "end", 3) == 0) return last || out->len != 0 ? next : 0;
    if (last) {
      if (n != 0) return 0;
    } else if (n == 0 || text[at] == '`' || (text[at] == ' ' && n <= 2)) {
      last = true;
    } else if (data_line(text + at, n)) {
      decode_line(text + at, n, out);
    } else {
      return 0;
    }
    at = next;
  }
  return 0;
}

static ox_status attach(ox_message *message, const ox_mime_import_options *options,
                        const GByteArray *data, const char *name) {
  ox_attachment *attachment = NULL;
  ox_status status = ox_mime_attach_bytes(message, options, data->data, data->len, &attachment);
  if (status == OX_OK)
    status = ox_propbag_set_utf8(&attachment->properties, OX_PidTagAttachMimeTag,
                                 "application/octet-stream");
  if (status == OX_OK)
    status = ox_mime_set_file_name(message, attachment, name, NULL, "application/octet-stream");
  return status;
}

ox_status ox_mime_extract_uuencoded(ox_message *message, const ox_mime_import_options *options,
                                    char *utf8, size_t *size_bytes) {
  size_t kept = 0;
  size_t size = *size_bytes;
  uint32_t tries = 0;
  for (size_t at = 0; at < size;) {
    size_t n;
    size_t next = line_end(utf8, size, at, &n);
    size_t name = tries < 1000 ? begin_line(utf8 + at, n) : 0;
    if (name != 0) {
      tries++;
      GByteArray *data = g_byte_array_new();
      size_t after = read_file(utf8, size, next, data);
      ox_status status = OX_OK;
      if (after != 0) {
        char *file = g_strndup(utf8 + at + name, n - name);
        status = attach(message, options, data, file);
        g_free(file);
      }
      g_byte_array_unref(data);
      if (status != OX_OK) return status;
      if (after != 0) {
        at = after;
        continue;
      }
    }
    memmove(utf8 + kept, utf8 + at, next - at);
    kept += next - at;
    at = next;
  }
  utf8[kept] = 0;
  *size_bytes = kept;
  return OX_OK;
}
