/* HTML to plain text with libxml2's HTML parser, as events: no tree is built. */
#include <oxkit/convert/bodies.h>

#include "mime_internal.h"

#include <libxml/HTMLparser.h>
#include <libxml/parserInternals.h>

#include <string.h>

enum { MAX_QUOTES = 8, MAX_LISTS = 12, MAX_LINKS = 4, RULE_WIDTH = 60 };

typedef struct html_list {
  bool ordered;
  unsigned next;
} html_list;

typedef struct renderer {
  GString *text;
  htmlParserCtxtPtr parser;
  unsigned newlines; /* owed before the next character */
  bool blank;        /* a blank is owed before the next word */
  bool line_empty;   /* nothing but the prefix stands in the line */
  bool started;      /* something was written */
  bool too_long;
  long deep_at; /* offset of the first element that is too deep; 0: none */
  unsigned depth;
  unsigned skip; /* depth of elements whose text nobody reads */
  unsigned pre;
  unsigned quotes;
  unsigned blank_quotes; /* marks of the empty lines that are owed */
  unsigned cells;
  html_list lists[MAX_LISTS];
  unsigned list_count; /* may exceed MAX_LISTS */
  char *links[MAX_LINKS];
  size_t link_starts[MAX_LINKS];
  unsigned link_count; /* may exceed MAX_LINKS */
} renderer;

/* ---- output ---- */

static void put_prefix(renderer *r, unsigned quotes) {
  for (unsigned i = 0; i < MIN(quotes, (unsigned)MAX_QUOTES); i++) g_string_append(r->text, "> ");
}

static void put_newline(renderer *r) {
  while (r->text->len > 0 && r->text->str[r->text->len - 1] == ' ')
    g_string_truncate(r->text, r->text->len - 1);
  g_string_append(r->text, "\r\n");
}

static void flush_newlines(renderer *r) {
  if (!r->started) r->newlines = 0;
  bool first = !r->started;
  for (unsigned i = r->newlines; i > 0; i--) {
    put_newline(r);
    if (i > 1) put_prefix(r, r->blank_quotes);
  }
  if (r->newlines != 0 || first) {
    put_prefix(r, r->quotes);
    r->line_empty = true;
    r->blank = false;
  }
  r->newlines = 0;
  r->started = true;
}

static void put_words(renderer *r, const char *text, size_t n) {
  if (r->text->len > OX_BODY_MAX_BYTES) {
    r->too_long = true;
    if (r->deep_at == 0) xmlStopParser(r->parser);
    return;
  }
  flush_newlines(r);
  if (r->blank && !r->line_empty) g_string_append_c(r->text, ' ');
  r->blank = false;
  g_string_append_len(r->text, text, (gssize)n);
  r->line_empty = false;
}

static void break_line(renderer *r, unsigned newlines) {
  if (r->newlines == 0) r->blank_quotes = r->quotes;
  if (r->newlines < newlines) r->newlines = newlines;
  r->blank = false;
}

static bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f';
}

static void put_flowing(renderer *r, const char *text, size_t size) {
  for (size_t at = 0; at < size && !r->too_long;) {
    size_t n = 0;
    while (at + n < size && !is_blank(text[at + n])) n++;
    if (n != 0) put_words(r, text + at, n);
    at += n;
    if (at < size) r->blank = true;
    while (at < size && is_blank(text[at])) at++;
  }
}

static void put_preformatted(renderer *r, const char *text, size_t size) {
  for (size_t at = 0; at < size && !r->too_long;) {
    const char *end = memchr(text + at, '\n', size - at);
    size_t n = end != NULL ? (size_t)(end - text) - at : size - at;
    size_t line = n > 0 && end != NULL && text[at + n - 1] == '\r' ? n - 1 : n;
    if (line != 0) put_words(r, text + at, line);
    if (end == NULL) break;
    if (r->started) break_line(r, r->newlines + 1);
    at += n + 1;
  }
}

static void characters(void *user, const xmlChar *text, int size) {
  renderer *r = user;
  if (r->skip != 0 || size <= 0) return;
  if (r->pre != 0)
    put_preformatted(r, (const char *)text, (size_t)size);
  else
    put_flowing(r, (const char *)text, (size_t)size);
}

/* ---- elements ---- */

typedef enum element_kind {
  ELEMENT_INLINE,
  ELEMENT_LINE,      /* begins and ends a line */
  ELEMENT_PARAGRAPH, /* an empty line before and after */
  ELEMENT_SKIP,
  ELEMENT_BREAK,
  ELEMENT_RULE,
  ELEMENT_PRE,
  ELEMENT_QUOTE,
  ELEMENT_LIST,
  ELEMENT_ITEM,
  ELEMENT_ROW,
  ELEMENT_CELL,
  ELEMENT_LINK,
  ELEMENT_IMAGE
} element_kind;

static element_kind kind_of(const char *name) {
  static const struct {
    const char *name;
    element_kind kind;
  } rows[] = {
      {"a", ELEMENT_LINK},           {"address", ELEMENT_LINE}, {"article", ELEMENT_LINE},
      {"blockquote", ELEMENT_QUOTE}, {"br", ELEMENT_BREAK},     {"center", ELEMENT_LINE},
      {"dd", ELEMENT_LINE},          {"div", ELEMENT_LINE},     {"dl", ELEMENT_PARAGRAPH},
      {"dt", ELEMENT_LINE},          {"footer", ELEMENT_LINE},  {"form", ELEMENT_LINE},
      {"h1", ELEMENT_PARAGRAPH},     {"h2", ELEMENT_PARAGRAPH}, {"h3", ELEMENT_PARAGRAPH},
      {"h4", ELEMENT_PARAGRAPH},     {"h5", ELEMENT_PARAGRAPH}, {"h6", ELEMENT_PARAGRAPH},
      {"header", ELEMENT_LINE},      {"hr", ELEMENT_RULE},      {"img", ELEMENT_IMAGE},
      {"li", ELEMENT_ITEM},          {"main", ELEMENT_LINE},    {"noscript", ELEMENT_INLINE},
      {"object", ELEMENT_INLINE},    {"ol", ELEMENT_LIST},      {"p", ELEMENT_PARAGRAPH},
      {"pre", ELEMENT_PRE},          {"script", ELEMENT_SKIP},  {"section", ELEMENT_LINE},
      {"select", ELEMENT_SKIP},      {"style", ELEMENT_SKIP},   {"table", ELEMENT_PARAGRAPH},
      {"td", ELEMENT_CELL},          {"th", ELEMENT_CELL},      {"title", ELEMENT_SKIP},
      {"tr", ELEMENT_ROW},           {"ul", ELEMENT_LIST}};
  for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
    if (ox_ascii_equal(name, rows[i].name)) return rows[i].kind;
  return ELEMENT_INLINE;
}

static const char *attribute(const xmlChar **attributes, const char *name) {
  for (; attributes != NULL && attributes[0] != NULL; attributes += 2)
    if (ox_ascii_equal((const char *)attributes[0], name)) return (const char *)attributes[1];
  return NULL;
}

static void begin_item(renderer *r) {
  break_line(r, 1);
  unsigned depth = MIN(r->list_count, (unsigned)MAX_LISTS);
  char mark[64];
  int n = g_snprintf(mark, sizeof mark, "%*s", depth > 0 ? (int)(depth - 1) * 2 : 0, "");
  if (depth > 0 && r->lists[depth - 1].ordered)
    g_snprintf(mark + n, sizeof mark - (size_t)n, "%u.", r->lists[depth - 1].next++);
  else
    g_snprintf(mark + n, sizeof mark - (size_t)n, "*");
  put_words(r, mark, strlen(mark));
  r->blank = true;
}

static void begin_link(renderer *r, const xmlChar **attributes) {
  if (r->link_count < MAX_LINKS) {
    r->links[r->link_count] = g_strdup(attribute(attributes, "href"));
    r->link_starts[r->link_count] = r->text->len;
  }
  r->link_count++;
}

/* The target says more than the text that was written for it. */
static bool worth_showing(const char *target, const char *text) {
  static const char *const schemes[] = {"http://", "https://", "ftp://", "mailto:"};
  const char *rest = NULL;
  for (size_t i = 0; i < G_N_ELEMENTS(schemes); i++)
    if (ox_ascii_equal_n(target, schemes[i], strlen(schemes[i])))
      rest = target + strlen(schemes[i]);
  if (rest == NULL || *rest == 0) return false;
  size_t n = strlen(rest);
  if (rest[n - 1] == '/') n--;
  return g_strstr_len(text, -1, target) == NULL && memmem(text, strlen(text), rest, n) == NULL;
}

static void end_link(renderer *r) {
  if (r->link_count == 0 || --r->link_count >= MAX_LINKS) return;
  char *target = r->links[r->link_count];
  r->links[r->link_count] = NULL;
  if (target != NULL && strlen(target) < 2000) {
    for (char *c = target; *c != 0; c++)
      if (is_blank(*c) || (uint8_t)*c < 0x20) *c = '_';
    const char *shown = r->text->str + MIN(r->link_starts[r->link_count], r->text->len);
    if (r->skip == 0 && worth_showing(target, shown)) {
      char *bracketed = g_strconcat("<", target, ">", NULL);
      r->blank = !r->line_empty;
      put_words(r, bracketed, strlen(bracketed));
      g_free(bracketed);
    }
  }
  g_free(target);
}

static void put_image(renderer *r, const xmlChar **attributes) {
  const char *alt = attribute(attributes, "alt");
  if (alt == NULL || *alt == 0 || strlen(alt) > 500) return;
  char *text = g_strconcat("[", alt, "]", NULL);
  put_flowing(r, text, strlen(text));
  g_free(text);
}

static void set_quotes(renderer *r, unsigned quotes) {
  break_line(r, 1);
  r->quotes = quotes;
  r->blank_quotes = MIN(r->blank_quotes, quotes);
}

static void put_rule(renderer *r) {
  char rule[RULE_WIDTH];
  memset(rule, '-', sizeof rule);
  break_line(r, 1);
  put_words(r, rule, sizeof rule);
  break_line(r, 1);
}

static void begin_list(renderer *r, bool ordered) {
  break_line(r, r->list_count == 0 ? 2 : 1);
  if (r->list_count < MAX_LISTS) r->lists[r->list_count] = (html_list){ordered, 1};
  r->list_count++;
}

static void start_element(void *user, const xmlChar *name, const xmlChar **attributes) {
  renderer *r = user;
  if (++r->depth > OX_HTML_MAX_DEPTH) {
    if (r->deep_at == 0) r->deep_at = xmlByteConsumed(r->parser);
    xmlStopParser(r->parser);
    return;
  }
  element_kind kind = kind_of((const char *)name);
  if (kind == ELEMENT_SKIP) r->skip++;
  if (r->skip != 0) {
    if (kind == ELEMENT_LINK) begin_link(r, NULL);
    return;
  }
  switch (kind) {
    case ELEMENT_LINE: break_line(r, 1); break;
    case ELEMENT_PARAGRAPH: break_line(r, 2); break;
    case ELEMENT_BREAK:
      if (r->started && r->newlines < 8) break_line(r, r->newlines + 1);
      r->blank = false;
      break;
    case ELEMENT_RULE: put_rule(r); break;
    case ELEMENT_PRE: break_line(r, 2), r->pre++; break;
    case ELEMENT_QUOTE: set_quotes(r, r->quotes + 1); break;
    case ELEMENT_LIST: begin_list(r, ox_ascii_equal((const char *)name, "ol")); break;
    case ELEMENT_ITEM: begin_item(r); break;
    case ELEMENT_ROW: break_line(r, 1), r->cells = 0; break;
    case ELEMENT_CELL:
      if (r->cells++ > 0 && r->newlines == 0) put_words(r, "\t", 1), r->blank = false;
      break;
    case ELEMENT_LINK: begin_link(r, attributes); break;
    case ELEMENT_IMAGE: put_image(r, attributes); break;
    case ELEMENT_INLINE:
    case ELEMENT_SKIP: break;
  }
}

static void end_element(void *user, const xmlChar *name) {
  renderer *r = user;
  if (r->depth > 0) r->depth--;
  element_kind kind = kind_of((const char *)name);
  if (kind == ELEMENT_LINK) end_link(r);
  if (kind == ELEMENT_SKIP && r->skip > 0) r->skip--;
  if (r->skip != 0) return;
  switch (kind) {
    case ELEMENT_LINE:
    case ELEMENT_ITEM:
    case ELEMENT_ROW: break_line(r, 1); break;
    case ELEMENT_PARAGRAPH: break_line(r, 2); break;
    case ELEMENT_PRE:
      if (r->pre > 0) r->pre--;
      break_line(r, 2);
      break;
    case ELEMENT_QUOTE:
      if (r->quotes > 0) set_quotes(r, r->quotes - 1);
      break;
    case ELEMENT_LIST:
      if (r->list_count > 0) r->list_count--;
      break_line(r, r->list_count == 0 ? 2 : 1);
      break;
    case ELEMENT_INLINE:
    case ELEMENT_SKIP:
    case ELEMENT_BREAK:
    case ELEMENT_RULE:
    case ELEMENT_CELL:
    case ELEMENT_LINK:
    case ELEMENT_IMAGE: break;
  }
}

/* What follows the tag of the deepest element: the text without its tags. */
static void put_stripped(renderer *r, const char *html, size_t size) {
  const char *start = memchr(html, '>', size);
  r->skip = 0;
  r->pre = 0;
  for (size_t at = start != NULL ? (size_t)(start - html) + 1 : size; at < size && !r->too_long;) {
    const char *tag = memchr(html + at, '<', size - at);
    size_t n = tag != NULL ? (size_t)(tag - html) - at : size - at;
    put_flowing(r, html + at, n);
    if (tag == NULL) break;
    const char *end = memchr(tag, '>', size - (size_t)(tag - html));
    if (end == NULL) break;
    r->blank = true;
    at = (size_t)(end - html) + 1;
  }
}

static void parse_html(renderer *r, const char *utf8, size_t size) {
  htmlParserCtxtPtr parser = htmlCreateMemoryParserCtxt(utf8, (int)size);
  if (parser == NULL) return;
  htmlSAXHandler events;
  memset(&events, 0, sizeof events);
  events.startElement = start_element;
  events.endElement = end_element;
  events.characters = characters;
  events.cdataBlock = NULL;
  events.ignorableWhitespace = characters;
  *parser->sax = events;
  parser->userData = r;
  r->parser = parser;
  htmlCtxtUseOptions(parser, HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING |
                                 HTML_PARSE_NONET | HTML_PARSE_IGNORE_ENC | HTML_PARSE_COMPACT);
  xmlSwitchEncoding(parser, XML_CHAR_ENCODING_UTF8);
  htmlParseDocument(parser);
  if (parser->myDoc != NULL) xmlFreeDoc(parser->myDoc);
  parser->myDoc = NULL;
  htmlFreeParserCtxt(parser);
  if (r->deep_at > 0 && (size_t)r->deep_at < size)
    put_stripped(r, utf8 + r->deep_at, size - (size_t)r->deep_at);
}

/* ---- entry ---- */

/* The charset that a page names in its first kilobyte, when nobody else said it. */
static const char *page_charset(ox_bytes html, char name[40]) {
  size_t n = MIN(html.size_bytes, 1024);
  for (size_t i = 0; i + 8 < n; i++) {
    if (!ox_ascii_equal_n((const char *)html.data + i, "charset=", 8)) continue;
    size_t k = 0;
    for (i += 8; i < n && k < 39; i++) {
      char c = (char)html.data[i];
      if (k == 0 && (c == '"' || c == '\'')) continue;
      if (!g_ascii_isalnum(c) && c != '-' && c != '_') break;
      name[k++] = c;
    }
    name[k] = 0;
    return k != 0 ? name : NULL;
  }
  return NULL;
}

static const char *charset_of(ox_bytes html, uint32_t codepage, char name[40]) {
  if (html.size_bytes >= 2 && html.data[0] == 0xFF && html.data[1] == 0xFE) return "utf-16";
  if (html.size_bytes >= 2 && html.data[0] == 0xFE && html.data[1] == 0xFF) return "utf-16";
  if (codepage != 0) return ox_codepage_charset(codepage);
  return page_charset(html, name);
}

ox_status ox_html_to_text(ox_arena *arena, ox_bytes html, uint32_t codepage, char **text_out,
                          ox_error *err) {
  *text_out = NULL;
  if (html.size_bytes > OX_BODY_MAX_BYTES)
    return ox_error_set(err, OX_E_LIMIT, "The HTML is larger than the limit.");
  ox_mime_prepare();
  static gsize xml_ready = 0;
  if (g_once_init_enter(&xml_ready)) {
    xmlInitParser();
    g_once_init_leave(&xml_ready, 1);
  }
  char name[40];
  size_t size = 0;
  char *utf8 = ox_mime_decode_text(arena, (const char *)html.data, html.size_bytes,
                                   charset_of(html, codepage, name), 0, &size, NULL);
  if (utf8 == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  if (size >= 3 && memcmp(utf8, "\xEF\xBB\xBF", 3) == 0) {
    utf8 += 3;
    size -= 3;
  }
  renderer r = {.text = g_string_sized_new(size / 2 + 64)};
  if (size != 0) parse_html(&r, utf8, size);
  for (unsigned i = 0; i < MAX_LINKS; i++) g_free(r.links[i]);
  if (r.started) put_newline(&r);
  ox_status status = OX_OK;
  if (r.too_long) status = ox_error_set(err, OX_E_LIMIT, "The text of the HTML is too long.");
  char *text = status == OX_OK ? ox_arena_copy(arena, r.text->str, r.text->len) : NULL;
  g_string_free(r.text, TRUE);
  if (status == OX_OK && text == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  *text_out = text;
  return status;
}
