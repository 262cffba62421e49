/* The generated table behind property_info.c. */
#ifndef OX_PROPERTY_TABLE_H
#define OX_PROPERTY_TABLE_H

#include <oxkit/ropcodec/property.h>

/* ox_property_table_tag_count rows sorted by id, then the named properties. */
extern const ox_property_info ox_property_table[];
extern const size_t ox_property_table_count;
extern const size_t ox_property_table_tag_count;

/* Row numbers hashed by name, 0xFFFF where empty; the count is a power of two. */
extern const uint16_t ox_property_name_slots[];
extern const size_t ox_property_name_slot_count;

#endif
