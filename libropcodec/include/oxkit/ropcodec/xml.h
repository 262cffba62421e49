/* Small XML documents in UTF-8, such as configuration data holds: elements, attributes, text, the
 * five named entities and character references, comments, a declaration. No document type, no
 * other entities, no processing instructions, no CDATA, no text beside elements or
 * comments; names are ASCII.
 *
 * libropcodec has nothing but libc; for documents of any other kind use an XML library. */
#ifndef OXKIT_ROPCODEC_XML_H
#define OXKIT_ROPCODEC_XML_H

#include <oxkit/ropcodec/memory.h>
#include <oxkit/ropcodec/types.h>
#include <oxkit/ropcodec/writer.h>

OX_BEGIN_DECLS

/** Elements inside one another. */
#define OX_XML_DEPTH_MAX 16
/** Attributes of an element, each of which must differ from the others. */
#define OX_XML_ATTRIBUTES_MAX 64

/** Text is UTF-8 without references. */
typedef struct ox_xml_attribute {
  ox_str8 name;
  ox_str8 value;
  struct ox_xml_attribute *next;
} ox_xml_attribute;

typedef struct ox_xml_element ox_xml_element;
struct ox_xml_element {
  ox_str8 name;                 /**< with its prefix, if any */
  ox_str8 text;                 /**< of an element without children */
  ox_xml_attribute *attributes; /**< in their order; among them xmlns */
  ox_xml_element *children;     /**< the first, in their order */
  ox_xml_element *next;         /**< the next child of the same parent */
};

/** Reads a document, which must be all of the bytes; a byte order mark is passed over.
 *  @param root_out  in the arena, with views into the bytes
 *  @param err       its offset says where; may be NULL
 *  @return OX_OK, OX_E_MALFORMED (also what this reader does not take), OX_E_TRUNCATED, OX_E_LIMIT,
 *          OX_E_NO_MEMORY. Uses memory of at most 30 times the bytes. */
OX_EXPORT OX_WARN_UNUSED ox_status ox_xml_parse(ox_bytes bytes, ox_arena *arena,
                                                ox_xml_element **root_out, ox_error *err);

/** Writes a document with its declaration, an element a line, indented. OX_E_USAGE is recorded for
 *  names and text that XML cannot have, and for elements deeper than OX_XML_DEPTH_MAX. */
OX_EXPORT void ox_xml_write(ox_writer *w, const ox_xml_element *root);

/** The first child of that name; NULL when there is none, and for a NULL element. */
OX_EXPORT ox_xml_element *ox_xml_child(const ox_xml_element *element, const char *name);
/** The attribute of that name; NULL when there is none, and for a NULL element. */
OX_EXPORT const ox_xml_attribute *ox_xml_find(const ox_xml_element *element, const char *name);

/* Building. The strings are kept as they are; what they point at must outlive the tree. NULL when
 * out of memory. */

/** A new element, the last child of `parent` unless that is NULL. */
OX_EXPORT ox_xml_element *ox_xml_add(ox_arena *arena, ox_xml_element *parent, const char *name);
/** Sets an attribute, or adds it behind the others. */
OX_EXPORT ox_xml_attribute *ox_xml_set(ox_arena *arena, ox_xml_element *element, const char *name,
                                       ox_str8 value);

OX_END_DECLS

#endif
