/* Small XML documents from strangers as a tree in an arena; text out. libxml2 stays in here. */
#ifndef OXKIT_DIRECTORY_XMLTREE_H
#define OXKIT_DIRECTORY_XMLTREE_H

#include <oxkit/ropcodec/types.h>

/* Elements of one document that are kept. */
enum { XML_NODES_MAX = 20000 };

typedef struct xml_attribute {
  const char *name; /* without prefix */
  const char *value;
  struct xml_attribute *next;
} xml_attribute;

typedef struct xml_node xml_node;
struct xml_node {
  const char *name; /* without prefix */
  const char *ns;   /* namespace URI, "" without */
  const char *text; /* its own character data, blanks at both ends removed */
  xml_attribute *attributes;
  xml_node *parent;
  xml_node *first_child, *last_child;
  xml_node *next;
};

/* Parses a whole document. Document types, entities, network and anything past the limits are
 * refused. @return OX_OK, OX_E_MALFORMED, OX_E_LIMIT, OX_E_NO_MEMORY */
ox_status xml_parse(ox_bytes xml, size_t max_bytes, int max_depth, ox_arena *arena,
                    xml_node **root_out, ox_error *err);
/* First child element of a name; NULL when there is none. */
const xml_node *xml_child(const xml_node *node, const char *name);
/* Text of a child; NULL when there is no such child. */
const char *xml_child_text(const xml_node *node, const char *name);
/* NULL when absent. */
const char *xml_attribute_value(const xml_node *node, const char *name);

/* A writer of documents; sticky. */
typedef struct xml_output {
  void *writer; /* xmlTextWriterPtr */
  void *buffer; /* xmlBufferPtr */
  ox_arena *arena;
  ox_status status;
} xml_output;

void xml_output_init(xml_output *out, ox_arena *arena);
/* Starts an element; ns may be NULL. */
void xml_open(xml_output *out, const char *name, const char *ns);
void xml_close(xml_output *out);
void xml_attr(xml_output *out, const char *name, const char *value);
/* An element with text; nothing when text is NULL. */
void xml_leaf(xml_output *out, const char *name, const char *text);
/* Text of the element that is open. */
void xml_text(xml_output *out, const char *text);
/* Ends the document; its bytes in the arena. Frees what xml_output_init made, also on failure. */
ox_status xml_output_finish(xml_output *out, ox_bytes *xml_out, ox_error *err);

#endif
