/* The table of attributes. */
#ifndef OXKIT_DIRECTORY_ATTRIBUTES_H
#define OXKIT_DIRECTORY_ATTRIBUTES_H

#include <oxkit/ropcodec/property.h>

#define DIR_ATTRIBUTE_MULTIPLE 1u /* several values: a PtypMultipleString property */
#define DIR_ATTRIBUTE_SEARCHED 2u /* ambiguous name resolution looks at it */
#define DIR_ATTRIBUTE_OBJECT 4u   /* the value names another object of the directory */
#define DIR_ATTRIBUTE_NUMBER 8u   /* a PtypInteger32 property */

typedef struct dir_attribute {
  const char *name;
  ox_proptag tag;
  unsigned flags;
} dir_attribute;

extern const dir_attribute dir_attributes[];
extern const size_t dir_attribute_count;

/* By LDAP name in any case; NULL when there is none. */
const dir_attribute *dir_attribute_by_name(const char *name);
/* By property id, whatever the type; NULL when there is none. */
const dir_attribute *dir_attribute_by_tag(ox_proptag tag);

#endif
