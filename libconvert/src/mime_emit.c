/* Header fields and encoded bodies. Fields are folded and encoded here so that no value, whoever
 * wrote it, can break a line or begin another field. @spec RFC 5322 2.2.3; RFC 2047 */
#include "mime_internal.h"

#include <string.h>

enum { LINE_GOAL = 76, LINE_LIMIT = 998, WORD_LIMIT = 75 };

void ox_mime_emit_newline(mime_writer *w) {
  ox_write_text(w->out, w->lf ? "\n" : "\r\n");
}

void ox_mime_emit_lines(mime_writer *w, const char *text, size_t size_bytes) {
  for (size_t at = 0; at < size_bytes;) {
    const char *end = memchr(text + at, '\n', size_bytes - at);
    size_t n = end != NULL ? (size_t)(end - text) - at : size_bytes - at;
    size_t line = n;
    if (end != NULL && line > 0 && text[at + line - 1] == '\r') line--;
    ox_write_bytes(w->out, text + at, line);
    if (end == NULL) break;
    ox_mime_emit_newline(w);
    at += n + 1;
  }
}

/* Valid UTF-8 in one line: control characters become blanks, outer blanks go. */
static char *one_line(const char *text) {
  char *valid = g_utf8_make_valid(text, -1);
  for (char *c = valid; *c != 0; c++)
    if ((uint8_t)*c < 0x20 || *c == 0x7F) *c = ' ';
  return g_strstrip(valid);
}

static bool needs_encoding(const char *text) {
  size_t longest = 0, word = 0;
  for (const char *c = text; *c != 0; c++) {
    if ((uint8_t)*c >= 0x80) return true;
    word = *c == ' ' ? 0 : word + 1;
    if (word > longest) longest = word;
  }
  return strstr(text, "=?") != NULL || longest > LINE_LIMIT - 100;
}

/* A column that knows when to fold. */
typedef struct fold_state {
  mime_writer *w;
  size_t column;
} fold_state;

static void put(fold_state *fold, const char *text, size_t n) {
  ox_write_bytes(fold->w->out, text, n);
  fold->column += n;
}

static void put_fold(fold_state *fold) {
  ox_mime_emit_newline(fold->w);
  put(fold, " ", 1);
  fold->column = 1;
}

/* ASCII text, folded before runs of blanks so that unfolding gives it back exactly. */
static void put_plain(fold_state *fold, const char *text, size_t size) {
  for (size_t at = 0; at < size;) {
    size_t blanks = at;
    while (blanks < size && text[blanks] == ' ') blanks++;
    size_t end = blanks;
    while (end < size && text[end] != ' ') end++;
    if (blanks > at && end > blanks && fold->column + (end - at) > LINE_GOAL) {
      ox_mime_emit_newline(fold->w);
      fold->column = 0;
    }
    put(fold, text + at, end - at);
    at = end;
  }
}

static bool q_safe(uint8_t c) {
  return g_ascii_isalnum((gchar)c) || strchr("!*+-/", c) != NULL;
}

static size_t q_size(const char *text, size_t n) {
  size_t size = 0;
  for (size_t i = 0; i < n; i++) {
    uint8_t c = (uint8_t)text[i];
    size += c == ' ' || q_safe(c) ? 1 : 3;
  }
  return size;
}

static void put_q(fold_state *fold, const char *text, size_t n) {
  put(fold, "=?UTF-8?Q?", 10);
  for (size_t i = 0; i < n; i++) {
    uint8_t c = (uint8_t)text[i];
    char escaped[4];
    if (c == ' ')
      put(fold, "_", 1);
    else if (q_safe(c))
      put(fold, text + i, 1);
    else
      put(fold, escaped, (size_t)g_snprintf(escaped, sizeof escaped, "=%02X", c));
  }
  put(fold, "?=", 2);
}

static void put_b(fold_state *fold, const char *text, size_t n) {
  char *encoded = g_base64_encode((const guchar *)text, n);
  put(fold, "=?UTF-8?B?", 10);
  put(fold, encoded, strlen(encoded));
  put(fold, "?=", 2);
  g_free(encoded);
}

/* Text as encoded words of whole characters, none longer than 75 bytes, one to a line where they
 * do not fit beside each other. */
static void put_words(fold_state *fold, const char *text, size_t size) {
  size_t wide = 0;
  for (size_t i = 0; i < size; i++) wide += (uint8_t)text[i] >= 0x80;
  bool q = wide * 2 < size;
  for (size_t at = 0; at < size;) {
    size_t room = WORD_LIMIT - 12;
    if (fold->column + 14 < LINE_GOAL) room = MIN(room, LINE_GOAL - fold->column - 12);
    size_t n = 0, whole = 0;
    while (at + n < size) {
      size_t c = (size_t)(g_utf8_next_char(text + at + n) - (text + at + n));
      size_t need = q ? q_size(text + at, n + c) : (n + c + 2) / 3 * 4;
      if (n != 0 && need > room) break;
      n += c;
      if (n % 3 == 0) whole = n;
    }
    /* Readers that join base64 words stop at padding: only the last word may have it. */
    if (!q && at + n < size && whole != 0) n = whole;
    if (fold->column > 1 &&
        fold->column + 12 + (q ? q_size(text + at, n) : (n + 2) / 3 * 4) > LINE_GOAL)
      put_fold(fold);
    if (q)
      put_q(fold, text + at, n);
    else
      put_b(fold, text + at, n);
    at += n;
    if (at < size) put_fold(fold);
  }
}

/* Words that need it are encoded, with everything between the first and the last of them. */
static void put_text(fold_state *fold, const char *text) {
  size_t size = strlen(text);
  if (!needs_encoding(text)) {
    put_plain(fold, text, size);
    return;
  }
  size_t first = size, last = 0;
  for (size_t i = 0; i < size; i++) {
    bool mark = (uint8_t)text[i] >= 0x80 || strncmp(text + i, "=?", 2) == 0;
    if (mark && first == size) first = i;
    if (mark) last = i;
  }
  if (first == size) first = 0, last = size - 1;
  while (first > 0 && text[first - 1] != ' ') first--;
  while (last < size && text[last] != ' ') last++;
  if (strlen(text) > LINE_LIMIT / 2 || first > 400) first = 0, last = size;
  /* A blank beside an encoded word separates; more of them belong inside. */
  while (first > 1 && text[first - 2] == ' ') first--;
  while (last + 1 < size && text[last + 1] == ' ') last++;
  if (first > 0) {
    put_plain(fold, text, first - 1);
    if (fold->column + 24 > LINE_GOAL)
      put_fold(fold);
    else
      put(fold, " ", 1);
  }
  put_words(fold, text + first, last - first);
  if (last < size) put_plain(fold, text + last, size - last);
}

static fold_state begin_field(mime_writer *w, const char *name) {
  fold_state fold = {w, 0};
  put(&fold, name, strlen(name));
  put(&fold, ": ", 2);
  return fold;
}

void ox_mime_emit_text_field(mime_writer *w, const char *name, const char *utf8) {
  char *text = one_line(utf8);
  fold_state fold = begin_field(w, name);
  put_text(&fold, text);
  ox_mime_emit_newline(w);
  g_free(text);
}

void ox_mime_emit_raw_field(mime_writer *w, const char *name, const char *value) {
  char *text = one_line(value);
  size_t longest = 0, word = 0;
  for (char *c = text; *c != 0; c++) {
    if ((uint8_t)*c >= 0x80) *c = '?';
    word = *c == ' ' ? 0 : word + 1;
    if (word > longest) longest = word;
  }
  if (*text != 0 && longest < LINE_LIMIT - 100) {
    fold_state fold = begin_field(w, name);
    put_plain(&fold, text, strlen(text));
    ox_mime_emit_newline(w);
  }
  g_free(text);
}

void ox_mime_emit_encoded(mime_writer *w, const char *name, const char *encoded) {
  ox_write_text(w->out, name);
  ox_write_text(w->out, ":");
  if (*encoded != ' ') ox_write_text(w->out, " ");
  ox_mime_emit_lines(w, encoded, strlen(encoded));
  size_t n = strlen(encoded);
  if (n == 0 || encoded[n - 1] != '\n') ox_mime_emit_newline(w);
}

/* ---- addresses ---- */

static bool is_atoms(const char *name) {
  for (const char *c = name; *c != 0; c++)
    if (!g_ascii_isalnum(*c) && strchr(" !#$%&'*+-/=?^_`{|}~", *c) == NULL) return false;
  return true;
}

static void put_phrase(fold_state *fold, const char *name) {
  if (needs_encoding(name) || strlen(name) > 400) {
    put_words(fold, name, strlen(name));
  } else if (is_atoms(name)) {
    put_plain(fold, name, strlen(name));
  } else {
    GString *quoted = g_string_new("\"");
    for (const char *c = name; *c != 0; c++) {
      if (*c == '"' || *c == '\\') g_string_append_c(quoted, '\\');
      g_string_append_c(quoted, *c);
    }
    g_string_append_c(quoted, '"');
    put_plain(fold, quoted->str, quoted->len);
    g_string_free(quoted, TRUE);
  }
}

/* The address without what would end it early. */
static char *clean_address(const char *address) {
  char *text = one_line(address);
  char *to = text;
  bool quoted = false;
  for (char *c = text; *c != 0; c++) {
    if (*c == '"' && (c == text || c[-1] != '\\')) quoted = !quoted;
    if (!quoted && strchr(" <>,;", *c) != NULL) continue;
    *to++ = *c;
  }
  *to = 0;
  if (quoted) *text = 0;
  return text;
}

void ox_mime_address_begin(address_field *field, mime_writer *w, const char *name) {
  *field = (address_field){w, name, 0, 0};
}

void ox_mime_address_add(address_field *field, const char *display_name, const char *address) {
  char *name = one_line(display_name != NULL ? display_name : "");
  char *clean = address != NULL ? clean_address(address) : NULL;
  if (clean != NULL && (*clean == 0 || strlen(clean) > LINE_LIMIT - 50)) {
    g_free(clean);
    clean = NULL;
  }
  if (clean == NULL && *name == 0) {
    g_free(name);
    return;
  }
  bool bare = clean != NULL && (*name == 0 || strcmp(name, clean) == 0);
  size_t width = (bare ? 0 : strlen(name) + 3) + (clean != NULL ? strlen(clean) : 0);
  fold_state fold = {field->w, field->column};
  if (field->count == 0) {
    fold = begin_field(field->w, field->name);
  } else {
    put(&fold, ",", 1);
    if (fold.column + 1 + width > LINE_GOAL)
      put_fold(&fold);
    else
      put(&fold, " ", 1);
  }
  if (!bare) {
    put_phrase(&fold, name);
    if (clean == NULL) {
      put(&fold, ":;", 2);
    } else {
      if (fold.column + 3 + strlen(clean) > LINE_GOAL && fold.column > 1)
        put_fold(&fold);
      else
        put(&fold, " ", 1);
      put(&fold, "<", 1);
    }
  }
  if (clean != NULL) put(&fold, clean, strlen(clean));
  if (clean != NULL && !bare) put(&fold, ">", 1);
  field->count++;
  field->column = fold.column;
  g_free(clean);
  g_free(name);
}

void ox_mime_address_end(address_field *field) {
  if (field->count != 0) ox_mime_emit_newline(field->w);
}

/* ---- bodies ---- */

void ox_mime_emit_base64(mime_writer *w, const uint8_t *data, size_t size_bytes,
                         GMimeEncoding *state) {
  enum { PIECE = 16 * 1024 };
  for (size_t at = 0; at < size_bytes; at += PIECE) {
    size_t n = MIN((size_t)PIECE, size_bytes - at);
    char encoded[PIECE * 2];
    size_t got = g_mime_encoding_step(state, (const char *)data + at, n, encoded);
    ox_mime_emit_lines(w, encoded, got);
  }
}

void ox_mime_emit_base64_end(mime_writer *w, GMimeEncoding *state) {
  char encoded[512];
  size_t got = g_mime_encoding_flush(state, NULL, 0, encoded);
  ox_mime_emit_lines(w, encoded, got);
}

void ox_mime_emit_quoted_printable(mime_writer *w, const uint8_t *data, size_t size_bytes) {
  size_t column = 0;
  for (size_t i = 0; i < size_bytes; i++) {
    uint8_t c = data[i];
    bool crlf = c == '\r' && i + 1 < size_bytes && data[i + 1] == '\n';
    if (c == '\n' || crlf) {
      ox_mime_emit_newline(w);
      column = 0;
      if (crlf) i++;
      continue;
    }
    bool at_end = i + 1 == size_bytes || data[i + 1] == '\n' ||
                  (data[i + 1] == '\r' && i + 2 < size_bytes && data[i + 2] == '\n');
    bool plain = (c > ' ' && c < 0x7F && c != '=') || ((c == ' ' || c == '\t') && !at_end);
    /* Lines that mail software treats as its own: "." and "From ". */
    if (column == 0 && (c == '.' || (c == 'F' && size_bytes - i > 4 && data[i + 1] == 'r')))
      plain = false;
    size_t need = plain ? 1 : 3;
    if (column + need > LINE_GOAL - 1) {
      ox_write_text(w->out, "=");
      ox_mime_emit_newline(w);
      column = 0;
    }
    char escaped[4];
    if (plain)
      ox_write_u8(w->out, c);
    else
      ox_write_bytes(w->out, escaped, (size_t)g_snprintf(escaped, sizeof escaped, "=%02X", c));
    column += need;
  }
}

text_coding ox_mime_text_coding(const uint8_t *data, size_t size_bytes) {
  size_t odd = 0, column = 0;
  bool seven = memmem(data != NULL ? data : (const uint8_t *)"", size_bytes, "=_OX_", 5) == NULL;
  for (size_t i = 0; i < size_bytes; i++) {
    uint8_t c = data[i];
    bool crlf = c == '\r' && i + 1 < size_bytes && data[i + 1] == '\n';
    if (c == '\n' || crlf) {
      if (crlf) i++;
      column = 0;
      continue;
    }
    if (c >= 0x80 || (c < 0x20 && c != '\t' && c != 0x1B) || c == 0x7F) {
      odd++;
      seven = false;
    }
    if (column == 0 && size_bytes - i >= 5 && memcmp(data + i, "From ", 5) == 0) seven = false;
    if (++column > LINE_LIMIT - 20) seven = false;
  }
  if (seven) return CODING_7BIT;
  return odd * 4 > size_bytes ? CODING_BASE64 : CODING_QUOTED_PRINTABLE;
}
