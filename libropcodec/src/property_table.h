/* The generated tables behind property_info.c. They hold offsets instead of pointers, so that the
 * loader has nothing to relocate. */
#ifndef OX_PROPERTY_TABLE_H
#define OX_PROPERTY_TABLE_H

#include <oxkit/ropcodec/property.h>

typedef struct ox_property_row {
  ox_proptag tag;
  uint32_t name : 24;  /* in ox_property_strings */
  uint32_t set : 8;    /* number in ox_property_sets, counted from 1; 0 for none */
  uint16_t alternates; /* these three are offsets from the name; 0 for none */
  uint16_t string_name;
  uint16_t dav_names;
  uint16_t lid;
  uint16_t section; /* in ox_property_notes; "" for none */
  uint8_t spec;     /* in ox_property_specs; 0 for none */
  uint8_t area;     /* in ox_property_areas; 0 for none */
} ox_property_row;

/* ox_property_row_tag_count rows sorted by id, then the named properties. */
extern const ox_property_row ox_property_rows[];
extern const uint16_t ox_property_row_count;
extern const uint16_t ox_property_row_tag_count;

extern const char ox_property_strings[];
extern const char ox_property_notes[]; /* sections, and what these two arrays point to */
extern const uint16_t ox_property_specs[];
extern const uint16_t ox_property_areas[];

typedef struct ox_property_set {
  ox_guid guid;
  uint16_t name; /* in ox_property_notes */
} ox_property_set;
extern const ox_property_set ox_property_sets[];
extern const uint16_t ox_property_set_count;

/* Row numbers by FNV-1a of a key, in open-addressed tables of mask + 1 slots, a power of two;
 * 0xFFFF where empty. */

/* The key is a canonical or an alternate name. */
extern const uint16_t ox_property_name_slots[];
extern const uint16_t ox_property_name_mask;
/* The key is data1 of the set's GUID and the LID, both little-endian, or the string name (lowercase
 * in PS_INTERNET_HEADERS). */
extern const uint16_t ox_property_key_slots[];
extern const uint16_t ox_property_key_mask;
/* The key is a WebDAV name. */
extern const uint16_t ox_property_dav_slots[];
extern const uint16_t ox_property_dav_mask;

#endif
