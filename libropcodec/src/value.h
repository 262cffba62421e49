/* What the modules that handle property values know of a type. */
#ifndef OX_VALUE_H
#define OX_VALUE_H

#include <oxkit/ropcodec/property.h>

typedef struct ox_type_row {
  uint16_t type;
  uint8_t wire_bytes;    /* of one value; the least of it where it varies */
  uint8_t element_bytes; /* in memory, of an element of the multi-valued form; 0: has none */
  const char *name;
} ox_type_row;

/* The row of a single-valued type; NULL when unknown. */
const ox_type_row *ox_type_row_find(uint16_t type);

static inline bool ox_width_is_valid(unsigned width) {
  return width == OX_COUNT_16 || width == OX_COUNT_32 || width == OX_COUNT_STORED;
}

/* Bytes of a byte count, and of the number of values. */
static inline unsigned ox_size_width(unsigned width) {
  return width == OX_COUNT_STORED ? 2 : width;
}

/* The type that a row holds under a column's type: the element type under OX_PTYP_INSTANCE. */
static inline uint16_t ox_column_value_type(uint16_t type) {
  return type & OX_PTYP_INSTANCE ? (uint16_t)(type & ~(OX_PTYP_INSTANCE | OX_PTYP_MULTIPLE)) : type;
}

/* Room for element `used` of an array of `count` that grows with what is really there: counts that
 * are claimed at each of many levels would add up to far more than the input.
 * The array; NULL when the reader has failed now. */
void *ox_grow_array(ox_reader *r, ox_arena *arena, void *array, uint32_t *capacity, uint32_t used,
                    uint32_t count, size_t element_bytes);

/* `count` tagged values; NULL when there are none, and when the reader has failed. */
ox_property *ox_decode_properties(ox_reader *r, ox_arena *arena, unsigned width, uint32_t count);

/* Element i of a multi-valued value as a value of the element type. */
ox_value ox_value_element(uint16_t element_type, const ox_value *multiple, uint32_t i);
void ox_value_set_element(uint16_t element_type, ox_value *multiple, uint32_t i,
                          const ox_value *value);

#endif
