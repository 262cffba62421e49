/* Plain text to HTML, and the body converter that libstore calls. */
#include <oxkit/convert/bodies.h>

#include "mime_internal.h"

#include <string.h>

/* Length of an address of a known scheme at the start of the text; 0 when there is none. */
static size_t url_length(const char *text, size_t size) {
  static const char *const schemes[] = {"http://", "https://", "ftp://", "mailto:"};
  size_t start = 0;
  for (size_t i = 0; i < G_N_ELEMENTS(schemes); i++) {
    size_t n = strlen(schemes[i]);
    if (size > n && ox_ascii_equal_n(text, schemes[i], n)) start = n;
  }
  if (start == 0) return 0;
  size_t n = start;
  while (n < size && (uint8_t)text[n] > ' ' && strchr("<>\"'()[]{}", text[n]) == NULL) n++;
  while (n > start && strchr(".,;:!?", text[n - 1]) != NULL) n--;
  return n > start ? n : 0;
}

static void put_escaped(GString *html, const char *text, size_t size) {
  for (size_t i = 0; i < size; i++) {
    switch (text[i]) {
      case '&': g_string_append(html, "&amp;"); break;
      case '<': g_string_append(html, "&lt;"); break;
      case '>': g_string_append(html, "&gt;"); break;
      case '"': g_string_append(html, "&quot;"); break;
      default: g_string_append_c(html, text[i]); break;
    }
  }
}

static void put_url(GString *html, const char *url, size_t size) {
  g_string_append(html, "<a href=\"");
  put_escaped(html, url, size);
  g_string_append(html, "\">");
  put_escaped(html, url, size);
  g_string_append(html, "</a>");
}

/* One line: every blank that a browser would swallow becomes a no-break space. */
static void put_line(GString *html, const char *line, size_t size) {
  bool word_start = true;
  for (size_t i = 0; i < size; i++) {
    size_t url = word_start ? url_length(line + i, size - i) : 0;
    if (url != 0) {
      put_url(html, line + i, url);
      i += url - 1;
      word_start = false;
      continue;
    }
    char c = line[i];
    if (c == '\t')
      g_string_append(html, "&nbsp;&nbsp;&nbsp; ");
    else if (c == ' ' && (i == 0 || i + 1 == size || line[i + 1] == ' '))
      g_string_append(html, "&nbsp;");
    else
      put_escaped(html, line + i, 1);
    word_start = !g_ascii_isalnum(c) && (uint8_t)c < 0x80;
  }
}

/* Numeric references for everything outside ASCII. */
static GString *with_references(const GString *html) {
  GString *out = g_string_sized_new(html->len * 2);
  for (const char *p = html->str; *p != 0; p = g_utf8_next_char(p)) {
    if ((uint8_t)*p < 0x80)
      g_string_append_c(out, *p);
    else
      g_string_append_printf(out, "&#%u;", (unsigned)g_utf8_get_char(p));
  }
  return out;
}

static void put_document(GString *html, const char *text, size_t size, const char *charset) {
  g_string_append_printf(html,
                         "<html>\r\n<head>\r\n<meta http-equiv=\"Content-Type\" "
                         "content=\"text/html; charset=%s\">\r\n</head>\r\n<body>\r\n<div>",
                         charset);
  for (size_t at = 0; at < size;) {
    const char *end = memchr(text + at, '\n', size - at);
    size_t n = end != NULL ? (size_t)(end - text) - at : size - at;
    size_t line = n > 0 && end != NULL && text[at + n - 1] == '\r' ? n - 1 : n;
    put_line(html, text + at, line);
    if (end == NULL) break;
    g_string_append(html, "<br>\r\n");
    at += n + 1;
  }
  g_string_append(html, "</div>\r\n</body>\r\n</html>\r\n");
}

ox_status ox_text_to_html(ox_arena *arena, ox_str8 utf8, uint32_t codepage, ox_bytes *html_out,
                          ox_error *err) {
  *html_out = (ox_bytes){NULL, 0};
  if (utf8.size_bytes > OX_BODY_MAX_BYTES)
    return ox_error_set(err, OX_E_LIMIT, "The text is larger than the limit.");
  if (codepage == 0) codepage = OX_CODEPAGE_UTF8;
  const char *charset = ox_codepage_charset(codepage);
  if (charset == NULL || codepage == 1200 || codepage == 1201)
    return ox_error_set(err, OX_E_UNKNOWN_CODEPAGE, NULL);
  ox_mime_prepare();
  char *valid = ox_text_make_valid(arena, utf8);
  if (valid == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  GString *html = g_string_sized_new(utf8.size_bytes + utf8.size_bytes / 8 + 256);
  put_document(html, valid, strlen(valid), charset);
  ox_status status = OX_OK;
  if (codepage != OX_CODEPAGE_UTF8) {
    GByteArray *encoded = g_byte_array_new();
    if (!ox_mime_encode_text(html->str, html->len, charset, encoded)) {
      GString *ascii = with_references(html);
      g_byte_array_set_size(encoded, 0);
      g_byte_array_append(encoded, (const guint8 *)ascii->str, (guint)ascii->len);
      g_string_free(ascii, TRUE);
    }
    *html_out = (ox_bytes){ox_arena_copy(arena, encoded->data, encoded->len), encoded->len};
    g_byte_array_unref(encoded);
  } else {
    *html_out = (ox_bytes){ox_arena_copy(arena, html->str, html->len), html->len};
  }
  g_string_free(html, TRUE);
  if (html_out->data == NULL) {
    html_out->size_bytes = 0;
    status = ox_error_set(err, OX_E_NO_MEMORY, NULL);
  }
  return status;
}

static ox_status convert(ox_body_converter *converter, uint32_t from_form, ox_bytes body,
                         uint32_t to_form, uint32_t codepage, ox_arena *arena, ox_bytes *out,
                         ox_error *err) {
  (void)converter;
  *out = (ox_bytes){NULL, 0};
  if (from_form == OX_BODY_PLAIN_TEXT && to_form == OX_BODY_HTML)
    return ox_text_to_html(arena, (ox_str8){(const char *)body.data, body.size_bytes}, codepage,
                           out, err);
  if (from_form == OX_BODY_HTML && to_form == OX_BODY_PLAIN_TEXT) {
    char *text = NULL;
    ox_status status = ox_html_to_text(arena, body, codepage, &text, err);
    if (status == OX_OK) *out = (ox_bytes){(const uint8_t *)text, strlen(text)};
    return status;
  }
  return ox_error_set(err, OX_E_NO_SUPPORT, "Only plain text and HTML are converted yet.");
}

ox_body_converter *ox_bodies_converter(void) {
  static const ox_body_converter converter = {sizeof converter, convert};
  /* Callers only call through it; the interface is not const because others have state. */
  return (ox_body_converter *)(uintptr_t)&converter;
}
