#include "xmltree.h"

#include <string.h>

#include <libxml/parser.h>
#include <libxml/xmlreader.h>
#include <libxml/xmlwriter.h>

#include <oxkit/ropcodec/text.h>

/* --- Reading ---------------------------------------------------------------------------------- */

typedef struct tree_builder {
  xmlTextReaderPtr reader;
  ox_arena *arena;
  xml_node *root;
  xml_node *open;
  size_t node_count;
  int max_depth;
  ox_error *err;
} tree_builder;

/* libxml2 prints errors unless somebody takes them. */
static void swallow(void *user, xmlErrorPtr error) {
  (void)user;
  (void)error;
}

static void swallow_text(void *user, const char *format, ...) {
  (void)user;
  (void)format;
}

static const char *copy(tree_builder *b, const xmlChar *text) {
  return text != NULL ? ox_arena_strdup(b->arena, (const char *)text) : "";
}

static ox_status read_attributes(tree_builder *b, xml_node *node) {
  xml_attribute **last = &node->attributes;
  while (xmlTextReaderMoveToNextAttribute(b->reader) == 1) {
    if (xmlTextReaderIsNamespaceDecl(b->reader) == 1) continue;
    xml_attribute *attribute = ox_arena_calloc(b->arena, 1, sizeof *attribute);
    if (attribute == NULL) return OX_E_NO_MEMORY;
    attribute->name = copy(b, xmlTextReaderConstLocalName(b->reader));
    attribute->value = copy(b, xmlTextReaderConstValue(b->reader));
    if (attribute->name == NULL || attribute->value == NULL) return OX_E_NO_MEMORY;
    *last = attribute;
    last = &attribute->next;
  }
  xmlTextReaderMoveToElement(b->reader);
  return OX_OK;
}

static ox_status open_element(tree_builder *b) {
  if (++b->node_count > XML_NODES_MAX)
    return ox_error_set(b->err, OX_E_LIMIT, "The XML document has too many elements.");
  if (xmlTextReaderDepth(b->reader) >= b->max_depth)
    return ox_error_set(b->err, OX_E_LIMIT, "The XML document is nested too deeply.");
  bool empty = xmlTextReaderIsEmptyElement(b->reader) == 1;
  xml_node *node = ox_arena_calloc(b->arena, 1, sizeof *node);
  if (node == NULL) return ox_error_set(b->err, OX_E_NO_MEMORY, NULL);
  node->name = copy(b, xmlTextReaderConstLocalName(b->reader));
  node->ns = copy(b, xmlTextReaderConstNamespaceUri(b->reader));
  node->text = "";
  node->parent = b->open;
  if (node->name == NULL || node->ns == NULL || read_attributes(b, node) != OX_OK)
    return ox_error_set(b->err, OX_E_NO_MEMORY, NULL);
  if (b->open == NULL) {
    b->root = node;
  } else if (b->open->first_child == NULL) {
    b->open->first_child = b->open->last_child = node;
  } else {
    b->open->last_child->next = node;
    b->open->last_child = node;
  }
  if (!empty) b->open = node;
  return OX_OK;
}

static bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Adds character data, without blanks at the ends. */
static ox_status add_text(tree_builder *b) {
  const char *text = (const char *)xmlTextReaderConstValue(b->reader);
  if (text == NULL || b->open == NULL) return OX_OK;
  size_t old = strlen(b->open->text), length = strlen(text);
  while (old == 0 && length > 0 && is_blank(*text)) text++, length--;
  if (length == 0) return OX_OK;
  char *joined = ox_arena_alloc(b->arena, old + length + 1);
  if (joined == NULL) return ox_error_set(b->err, OX_E_NO_MEMORY, NULL);
  memcpy(joined, b->open->text, old);
  memcpy(joined + old, text, length + 1);
  b->open->text = joined;
  return OX_OK;
}

static void trim_end(xml_node *node) {
  size_t length = strlen(node->text);
  if (length == 0 || !is_blank(node->text[length - 1])) return;
  char *text = (char *)node->text; /* ours, from add_text */
  while (length > 0 && is_blank(text[length - 1])) text[--length] = 0;
}

static ox_status take_node(tree_builder *b) {
  switch (xmlTextReaderNodeType(b->reader)) {
    case XML_READER_TYPE_ELEMENT: return open_element(b);
    case XML_READER_TYPE_END_ELEMENT:
      if (b->open != NULL) {
        trim_end(b->open);
        b->open = b->open->parent;
      }
      return OX_OK;
    case XML_READER_TYPE_TEXT:
    case XML_READER_TYPE_CDATA: return add_text(b);
    case XML_READER_TYPE_DOCUMENT_TYPE:
    case XML_READER_TYPE_ENTITY_REFERENCE:
    case XML_READER_TYPE_ENTITY:
    case XML_READER_TYPE_NOTATION:
      return ox_error_set(b->err, OX_E_MALFORMED,
                          "Document types and entities are refused in XML from elsewhere.");
    default: return OX_OK;
  }
}

static ox_status read_document(tree_builder *b, ox_bytes xml) {
  b->reader = xmlReaderForMemory((const char *)xml.data, (int)xml.size_bytes, NULL, NULL,
                                 XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
  if (b->reader == NULL) return ox_error_set(b->err, OX_E_NO_MEMORY, NULL);
  xmlTextReaderSetStructuredErrorHandler(b->reader, swallow, NULL);
  ox_status status = OX_OK;
  int more = 1;
  while (status == OX_OK && (more = xmlTextReaderRead(b->reader)) == 1) status = take_node(b);
  if (status == OX_OK && (more != 0 || b->root == NULL))
    status =
        ox_error_setf(b->err, OX_E_MALFORMED, "The XML document is not well-formed at line %d.",
                      xmlTextReaderGetParserLineNumber(b->reader));
  xmlFreeTextReader(b->reader);
  return status;
}

ox_status xml_parse(ox_bytes xml, size_t max_bytes, int max_depth, ox_arena *arena,
                    xml_node **root_out, ox_error *err) {
  *root_out = NULL;
  if (xml.size_bytes > max_bytes)
    return ox_error_setf(err, OX_E_LIMIT, "The XML document is longer than %zu bytes.", max_bytes);
  if (xml.size_bytes == 0) return ox_error_set(err, OX_E_MALFORMED, "The XML document is empty.");
  xmlInitParser();
  tree_builder b = {.arena = arena, .max_depth = max_depth, .err = err};
  /* Failures of character conversion go to handlers that libxml2 keeps for each thread. */
  xmlStructuredErrorFunc others = xmlStructuredError;
  xmlGenericErrorFunc generic = xmlGenericError;
  void *others_user = xmlStructuredErrorContext, *generic_user = xmlGenericErrorContext;
  xmlSetStructuredErrorFunc(NULL, swallow);
  xmlSetGenericErrorFunc(NULL, swallow_text);
  ox_status status = read_document(&b, xml);
  xmlSetStructuredErrorFunc(others_user, others);
  xmlSetGenericErrorFunc(generic_user, generic);
  if (status == OX_OK) *root_out = b.root;
  return status;
}

const xml_node *xml_child(const xml_node *node, const char *name) {
  if (node == NULL) return NULL;
  for (const xml_node *child = node->first_child; child != NULL; child = child->next)
    if (strcmp(child->name, name) == 0) return child;
  return NULL;
}

const char *xml_child_text(const xml_node *node, const char *name) {
  const xml_node *child = xml_child(node, name);
  return child != NULL ? child->text : NULL;
}

const char *xml_attribute_value(const xml_node *node, const char *name) {
  for (const xml_attribute *a = node->attributes; a != NULL; a = a->next)
    if (strcmp(a->name, name) == 0) return a->value;
  return NULL;
}

/* --- Writing ---------------------------------------------------------------------------------- */

void xml_output_init(xml_output *out, ox_arena *arena) {
  *out = (xml_output){.arena = arena};
  xmlInitParser();
  out->buffer = xmlBufferCreate();
  if (out->buffer != NULL) out->writer = xmlNewTextWriterMemory(out->buffer, 0);
  if (out->writer == NULL || xmlTextWriterSetIndent(out->writer, 1) < 0 ||
      xmlTextWriterStartDocument(out->writer, "1.0", "utf-8", NULL) < 0)
    out->status = OX_E_NO_MEMORY;
}

static void check(xml_output *out, int result) {
  if (result < 0 && out->status == OX_OK) out->status = OX_E_NO_MEMORY;
}

/* Text that XML can hold: valid UTF-8 without the control characters that it forbids. */
static const xmlChar *clean(xml_output *out, const char *text) {
  char *copied = ox_text_make_valid(out->arena, ox_str8_from(text));
  if (copied == NULL) {
    out->status = OX_E_NO_MEMORY;
    return (const xmlChar *)"";
  }
  for (char *p = copied; *p != 0; p++)
    if ((unsigned char)*p < ' ' && *p != '\t' && *p != '\n' && *p != '\r') *p = '?';
  return (const xmlChar *)copied;
}

void xml_open(xml_output *out, const char *name, const char *ns) {
  if (out->status != OX_OK) return;
  check(out, xmlTextWriterStartElement(out->writer, (const xmlChar *)name));
  if (ns != NULL) xml_attr(out, "xmlns", ns);
}

void xml_close(xml_output *out) {
  if (out->status == OX_OK) check(out, xmlTextWriterEndElement(out->writer));
}

void xml_attr(xml_output *out, const char *name, const char *value) {
  if (out->status != OX_OK || value == NULL) return;
  const xmlChar *text = clean(out, value);
  check(out, xmlTextWriterWriteAttribute(out->writer, (const xmlChar *)name, text));
}

void xml_text(xml_output *out, const char *text) {
  if (out->status == OX_OK) check(out, xmlTextWriterWriteString(out->writer, clean(out, text)));
}

void xml_leaf(xml_output *out, const char *name, const char *text) {
  if (text == NULL) return;
  xml_open(out, name, NULL);
  if (text[0] != 0) xml_text(out, text);
  xml_close(out);
}

ox_status xml_output_finish(xml_output *out, ox_bytes *xml_out, ox_error *err) {
  if (out->status == OX_OK) check(out, xmlTextWriterEndDocument(out->writer));
  if (out->writer != NULL) xmlFreeTextWriter(out->writer); /* flushes into the buffer */
  ox_status status = out->status;
  if (status == OX_OK) {
    size_t size = (size_t)xmlBufferLength(out->buffer);
    void *data = ox_arena_copy(out->arena, xmlBufferContent(out->buffer), size);
    if (data == NULL)
      status = OX_E_NO_MEMORY;
    else
      *xml_out = (ox_bytes){data, size};
  }
  if (out->buffer != NULL) xmlBufferFree(out->buffer);
  out->writer = out->buffer = NULL;
  return status == OX_OK ? OX_OK : ox_error_set(err, status, NULL);
}
