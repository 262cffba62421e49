#include <oxkit/ropcodec/xml.h>

#include <string.h>

#include <oxkit/ropcodec/text.h>

#include "utf.h"

typedef struct parser {
  const char *at;
  const char *end;
  const char *start;
  ox_arena *arena;
  ox_status status;
  const char *why;
} parser;

/* Records the first failure. */
static bool fail(parser *p, ox_status status, const char *why) {
  if (p->status == OX_OK) {
    p->status = status;
    p->why = why;
  }
  return false;
}

static bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_name_start(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || c == ':';
}

static bool is_name(char c) {
  return is_name_start(c) || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

/* Characters that a document may hold, of valid UTF-8. */
static bool is_allowed(uint32_t point) {
  if (point < 0x20) return point == '\t' || point == '\n' || point == '\r';
  return (point < 0xD800 || point > 0xDFFF) && point != 0xFFFE && point != 0xFFFF &&
         point <= 0x10FFFF;
}

static size_t left(const parser *p) {
  return (size_t)(p->end - p->at);
}

static bool starts_with(const parser *p, const char *words) {
  size_t size = strlen(words);
  return left(p) >= size && memcmp(p->at, words, size) == 0;
}

static bool take(parser *p, const char *words) {
  if (!starts_with(p, words)) return false;
  p->at += strlen(words);
  return true;
}

static bool need(parser *p, const char *words) {
  if (take(p, words)) return true;
  if (left(p) < strlen(words) && memcmp(p->at, words, left(p)) == 0) {
    return fail(p, OX_E_TRUNCATED, "the document ends too early");
  }
  return fail(p, OX_E_MALFORMED, "something else belongs here");
}

static void skip_spaces(parser *p) {
  while (p->at < p->end && is_space(*p->at)) p->at++;
}

/* Moves behind the next `words`. */
static bool skip_to(parser *p, const char *words) {
  for (; p->at < p->end; p->at++) {
    if (take(p, words)) return true;
  }
  return fail(p, OX_E_TRUNCATED, "the document ends too early");
}

/* Spaces and comments between elements. */
static void skip_between(parser *p) {
  skip_spaces(p);
  while (p->status == OX_OK && take(p, "<!--")) {
    if (!skip_to(p, "--") || !need(p, ">")) return;
    skip_spaces(p);
  }
}

static ox_str8 read_name(parser *p) {
  ox_str8 name = {p->at, 0};
  if (p->at == p->end) {
    fail(p, OX_E_TRUNCATED, "the document ends too early");
  } else if (!is_name_start(*p->at)) {
    fail(p, OX_E_MALFORMED, "a name belongs here");
  }
  while (p->status == OX_OK && p->at < p->end && is_name(*p->at)) p->at++;
  name.size_bytes = (size_t)(p->at - name.data);
  return name;
}

/* "&#10;" and "&#xA;", from behind the '#'. */
static bool read_number(parser *p, uint32_t *point_out) {
  unsigned base = take(p, "x") ? 16 : 10;
  uint32_t point = 0;
  const char *first = p->at;
  for (; p->at < p->end && point <= 0x10FFFF; p->at++) {
    char c = *p->at;
    unsigned digit = c >= '0' && c <= '9'                 ? (unsigned)(c - '0')
                     : base == 16 && c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
                     : base == 16 && c >= 'A' && c <= 'F' ? (unsigned)(c - 'A' + 10)
                                                          : 16;
    if (digit >= base) break;
    point = point * base + digit;
  }
  *point_out = point;
  if (p->at == first || !is_allowed(point)) {
    return fail(p, OX_E_MALFORMED, "no character has this number");
  }
  return need(p, ";");
}

static bool read_reference(parser *p, uint32_t *point_out) {
  static const struct {
    const char *name;
    char c;
  } entities[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}};
  if (take(p, "&#")) return read_number(p, point_out);
  for (size_t i = 0; i < sizeof entities / sizeof entities[0]; i++) {
    if (take(p, entities[i].name)) {
      *point_out = (uint32_t)entities[i].c;
      return true;
    }
  }
  return fail(p, OX_E_MALFORMED, "an entity that is not one of the five");
}

/* Text up to `stop`, which is not consumed: a view when it stands in the document as it is. In
 * attributes a line feed or tab is a blank. */
static ox_str8 read_text(parser *p, char stop) {
  const char *first = p->at;
  bool as_it_is = true;
  for (; p->at < p->end && *p->at != stop && *p->at != '<'; p->at++) {
    if (*p->at == '&' || *p->at == '\r' || (stop != '<' && is_space(*p->at) && *p->at != ' ')) {
      as_it_is = false;
    }
  }
  const char *last = p->at;
  ox_str8 text = {first, (size_t)(last - first)};
  if (p->at == p->end) fail(p, OX_E_TRUNCATED, "the document ends too early");
  if (p->at < p->end && *p->at != stop) fail(p, OX_E_MALFORMED, "a '<' inside a value");
  if (as_it_is || p->status != OX_OK) return text;
  char *copy = ox_arena_alloc(p->arena, text.size_bytes + 1); /* no reference is shorter */
  if (copy == NULL) {
    fail(p, OX_E_NO_MEMORY, "no memory");
    return text;
  }
  size_t used = 0;
  p->at = first;
  while (p->at < last && p->status == OX_OK) {
    uint32_t point;
    if (*p->at == '&') {
      if (read_reference(p, &point)) used += ox_utf8_put((uint8_t *)copy + used, point);
    } else if (*p->at == '\r') { /* an end of line is a line feed */
      p->at++;
      if (p->at == last || *p->at != '\n') copy[used++] = stop == '<' ? '\n' : ' ';
    } else {
      copy[used++] = stop != '<' && is_space(*p->at) ? ' ' : *p->at;
      p->at++;
    }
  }
  return (ox_str8){copy, used};
}

static bool same(ox_str8 a, ox_str8 b) {
  return a.size_bytes == b.size_bytes && memcmp(a.data, b.data, a.size_bytes) == 0;
}

static void *allocate(parser *p, size_t size) {
  void *memory = ox_arena_calloc(p->arena, 1, size);
  if (memory == NULL) fail(p, OX_E_NO_MEMORY, "no memory");
  return memory;
}

static void read_attributes(parser *p, ox_xml_element *element) {
  ox_xml_attribute **end = &element->attributes;
  for (unsigned count = 0; p->status == OX_OK; count++) {
    const char *before = p->at;
    skip_spaces(p);
    if (p->at < p->end && strchr(">/?", *p->at) != NULL) return;
    if (p->at == before && p->at < p->end) fail(p, OX_E_MALFORMED, "a blank belongs here");
    if (count == OX_XML_ATTRIBUTES_MAX) fail(p, OX_E_LIMIT, "too many attributes");
    ox_str8 name = read_name(p);
    skip_spaces(p);
    if (p->status != OX_OK || !need(p, "=")) return;
    skip_spaces(p);
    char quote = starts_with(p, "'") ? '\'' : '"';
    if (!need(p, quote == '"' ? "\"" : "'")) return;
    ox_str8 value = read_text(p, quote);
    if (p->status != OX_OK) return;
    p->at++;
    for (const ox_xml_attribute *a = element->attributes; a != NULL; a = a->next) {
      if (same(a->name, name)) fail(p, OX_E_MALFORMED, "an attribute stands here twice");
    }
    ox_xml_attribute *attribute = allocate(p, sizeof *attribute);
    if (attribute == NULL) return;
    attribute->name = name;
    attribute->value = value;
    *end = attribute;
    end = &attribute->next;
  }
}

static ox_xml_element *read_element(parser *p, unsigned depth);

static void read_content(parser *p, ox_xml_element *element, unsigned depth) {
  ox_xml_element **end = &element->children;
  const char *first = p->at;
  skip_between(p);
  bool passed_comment = memchr(first, '<', (size_t)(p->at - first)) != NULL;
  bool is_leaf = p->at < p->end && (*p->at != '<' || starts_with(p, "</"));
  if (p->status == OX_OK && is_leaf) {
    if (!passed_comment) {
      p->at = first;
      element->text = read_text(p, '<');
    }
    if (p->status == OX_OK && !starts_with(p, "</")) {
      fail(p, OX_E_MALFORMED, "text beside elements or comments");
    }
  }
  while (p->status == OX_OK && !take(p, "</")) {
    ox_xml_element *child = read_element(p, depth + 1);
    if (child == NULL) return;
    *end = child;
    end = &child->next;
    skip_between(p);
  }
  if (p->status != OX_OK) return;
  ox_str8 name = read_name(p);
  if (p->status == OX_OK && !same(name, element->name)) {
    fail(p, OX_E_MALFORMED, "the end of another element");
  }
  skip_spaces(p);
  if (p->status == OX_OK) need(p, ">");
}

/* NULL after a failure. */
static ox_xml_element *read_element(parser *p, unsigned depth) {
  if (depth >= OX_XML_DEPTH_MAX) fail(p, OX_E_LIMIT, "elements too deep");
  if (p->status != OX_OK || !need(p, "<")) return NULL;
  ox_xml_element *element = allocate(p, sizeof *element);
  if (element == NULL) return NULL;
  element->name = read_name(p);
  if (p->status == OX_OK) read_attributes(p, element);
  if (p->status == OX_OK && !take(p, "/>") && need(p, ">")) read_content(p, element, depth);
  return p->status == OX_OK ? element : NULL;
}

/* The declaration, when there is one: any version 1, UTF-8. */
static void read_declaration(parser *p) {
  if (!starts_with(p, "<?xml") || left(p) == 5 || !is_space(p->at[5])) return;
  ox_xml_element declaration = {.attributes = NULL};
  p->at += 5;
  read_attributes(p, &declaration);
  if (p->status != OX_OK || !need(p, "?>")) return;
  const ox_xml_attribute *version = ox_xml_find(&declaration, "version");
  const ox_xml_attribute *encoding = ox_xml_find(&declaration, "encoding");
  if (version == NULL || version->value.size_bytes < 2 ||
      memcmp(version->value.data, "1.", 2) != 0) {
    fail(p, OX_E_MALFORMED, "a version of XML other than 1");
  } else if (encoding != NULL && (encoding->value.size_bytes != 5 ||
                                  !ox_ascii_equal_n(encoding->value.data, "utf-8", 5))) {
    fail(p, OX_E_MALFORMED, "an encoding that is not UTF-8");
  }
}

static bool has_only_allowed(ox_str8 text) {
  for (size_t i = 0; i < text.size_bytes; i++) {
    unsigned char c = (unsigned char)text.data[i];
    if (c < 0x20 && !is_space((char)c)) return false;
    /* U+FFFE and U+FFFF */
    if (c == 0xEF && i + 2 < text.size_bytes && (unsigned char)text.data[i + 1] == 0xBF &&
        (unsigned char)text.data[i + 2] >= 0xBE) {
      return false;
    }
  }
  return ox_text_is_valid(text);
}

ox_status ox_xml_parse(ox_bytes bytes, ox_arena *arena, ox_xml_element **root_out, ox_error *err) {
  const char *text = bytes.size_bytes != 0 ? (const char *)bytes.data : "";
  parser p = {.at = text, .start = text, .end = text + bytes.size_bytes, .arena = arena};
  *root_out = NULL;
  if (!has_only_allowed((ox_str8){text, bytes.size_bytes})) {
    fail(&p, OX_E_MALFORMED, "characters that XML cannot have, or no UTF-8");
  }
  take(&p, "\xEF\xBB\xBF");
  if (p.status == OX_OK) read_declaration(&p);
  if (p.status == OX_OK) skip_between(&p);
  ox_xml_element *root = p.status == OX_OK ? read_element(&p, 0) : NULL;
  if (p.status == OX_OK) skip_between(&p);
  if (p.status == OX_OK && p.at != p.end) fail(&p, OX_E_MALFORMED, "something behind the document");
  if (p.status != OX_OK) {
    ox_error_set(err, p.status, p.why);
    if (err != NULL) err->offset = (uint64_t)(p.at - p.start);
    return p.status;
  }
  *root_out = root;
  return OX_OK;
}

/* Writing. */

static void write_name(ox_writer *w, ox_str8 name) {
  bool valid = name.size_bytes != 0 && is_name_start(name.data[0]);
  for (size_t i = 0; i < name.size_bytes; i++) valid = valid && is_name(name.data[i]);
  if (!valid) ox_writer_fail(w, OX_E_USAGE);
  ox_write_bytes(w, name.data, name.size_bytes);
}

static void write_escaped(ox_writer *w, ox_str8 text, bool is_attribute) {
  if (!has_only_allowed(text)) ox_writer_fail(w, OX_E_USAGE);
  for (size_t i = 0; i < text.size_bytes; i++) {
    char c = text.data[i];
    switch (c) {
      case '&': ox_write_text(w, "&amp;"); break;
      case '<': ox_write_text(w, "&lt;"); break;
      case '>': ox_write_text(w, "&gt;"); break;
      case '"': ox_write_text(w, is_attribute ? "&quot;" : "\""); break;
      case '\r': ox_write_text(w, "&#13;"); break;
      case '\n': ox_write_text(w, is_attribute ? "&#10;" : "\n"); break;
      case '\t': ox_write_text(w, is_attribute ? "&#9;" : "\t"); break;
      default: ox_write_u8(w, (uint8_t)c);
    }
  }
}

static void write_element(ox_writer *w, const ox_xml_element *element, unsigned depth) {
  if (depth >= OX_XML_DEPTH_MAX) {
    ox_writer_fail(w, OX_E_USAGE);
    return;
  }
  for (unsigned i = 0; i < depth; i++) ox_write_text(w, "  ");
  ox_write_text(w, "<");
  write_name(w, element->name);
  for (const ox_xml_attribute *a = element->attributes; a != NULL; a = a->next) {
    ox_write_text(w, " ");
    write_name(w, a->name);
    ox_write_text(w, "=\"");
    write_escaped(w, a->value, true);
    ox_write_text(w, "\"");
  }
  if (element->children == NULL && element->text.size_bytes == 0) {
    ox_write_text(w, "/>\n");
    return;
  }
  ox_write_text(w, ">");
  if (element->children != NULL) {
    ox_write_text(w, "\n");
    for (const ox_xml_element *c = element->children; c != NULL && w->status == OX_OK;
         c = c->next) {
      write_element(w, c, depth + 1);
    }
    for (unsigned i = 0; i < depth; i++) ox_write_text(w, "  ");
  } else {
    write_escaped(w, element->text, false);
  }
  ox_write_text(w, "</");
  write_name(w, element->name);
  ox_write_text(w, ">\n");
}

void ox_xml_write(ox_writer *w, const ox_xml_element *root) {
  ox_write_text(w, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n");
  write_element(w, root, 0);
}

/* Access. */

static bool is_named(ox_str8 have, const char *name) {
  return have.size_bytes == strlen(name) && memcmp(have.data, name, have.size_bytes) == 0;
}

ox_xml_element *ox_xml_child(const ox_xml_element *element, const char *name) {
  if (element == NULL) return NULL;
  for (ox_xml_element *c = element->children; c != NULL; c = c->next) {
    if (is_named(c->name, name)) return c;
  }
  return NULL;
}

const ox_xml_attribute *ox_xml_find(const ox_xml_element *element, const char *name) {
  if (element == NULL) return NULL;
  for (const ox_xml_attribute *a = element->attributes; a != NULL; a = a->next) {
    if (is_named(a->name, name)) return a;
  }
  return NULL;
}

ox_xml_element *ox_xml_add(ox_arena *arena, ox_xml_element *parent, const char *name) {
  ox_xml_element *element = ox_arena_calloc(arena, 1, sizeof *element);
  if (element == NULL) return NULL;
  element->name = ox_str8_from(name);
  if (parent != NULL) {
    ox_xml_element **end = &parent->children;
    while (*end != NULL) end = &(*end)->next;
    *end = element;
  }
  return element;
}

ox_xml_attribute *ox_xml_set(ox_arena *arena, ox_xml_element *element, const char *name,
                             ox_str8 value) {
  ox_xml_attribute **end = &element->attributes;
  while (*end != NULL && !is_named((*end)->name, name)) end = &(*end)->next;
  if (*end == NULL) {
    *end = ox_arena_calloc(arena, 1, sizeof **end);
    if (*end == NULL) return NULL;
    (*end)->name = ox_str8_from(name);
  }
  (*end)->value = value;
  return *end;
}
