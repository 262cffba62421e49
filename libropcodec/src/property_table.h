/* The generated table behind property_info.c. */
#ifndef OX_PROPERTY_TABLE_H
#define OX_PROPERTY_TABLE_H

#include <oxkit/ropcodec/property.h>

/* ox_property_table_tag_count rows sorted by id, then the named properties. */
extern const ox_property_info ox_property_table[];
extern const size_t ox_property_table_count;
extern const size_t ox_property_table_tag_count;

/* Row numbers by FNV-1a of the name, in an open-addressed table; 0xFFFF where empty. The count is a
 * power of two. */
extern const uint16_t ox_property_name_slots[];
extern const size_t ox_property_name_slot_count;

/* The same for named properties, by data1 of the set's GUID and the LID (both little-endian) or
 * the string name. */
extern const uint16_t ox_property_key_slots[];
extern const size_t ox_property_key_slot_count;

#endif
