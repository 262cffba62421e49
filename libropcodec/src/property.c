/* Tagged values, rows, problems. @spec [MS-OXCDATA] 2.7, 2.8, 2.11 */
#include <oxkit/ropcodec/property.h>

#include <string.h>

#include "value.h"

ox_status ox_property_decode(ox_reader *r, ox_arena *arena, unsigned width, ox_property *out) {
  memset(out, 0, sizeof *out);
  out->tag = ox_read_u32(r);
  if (ox_reader_ok(r)) ox_value_decode(r, arena, OX_PROPTAG_TYPE(out->tag), width, &out->value);
  return ox_reader_status(r, NULL);
}

ox_property *ox_decode_properties(ox_reader *r, ox_arena *arena, unsigned width, uint32_t count) {
  ox_property *properties = NULL;
  uint32_t capacity = 0;
  for (uint32_t i = 0; i < count && ox_reader_ok(r); i++) {
    properties = ox_grow_array(r, arena, properties, &capacity, i, count, sizeof *properties);
    if (properties != NULL) ox_property_decode(r, arena, width, &properties[i]);
  }
  return ox_reader_ok(r) ? properties : NULL;
}

void ox_property_encode(ox_writer *w, unsigned width, const ox_property *in) {
  ox_write_u32(w, in->tag);
  ox_value_encode(w, OX_PROPTAG_TYPE(in->tag), width, &in->value);
}

/* Rows. */

enum { ROW_STANDARD = 0x00, ROW_FLAGGED = 0x01 };
enum { VALUE_PRESENT = 0x00, VALUE_ABSENT = 0x01, VALUE_ERROR = 0x0A };

static void decode_column(ox_reader *r, ox_arena *arena, ox_proptag column, bool flagged,
                          unsigned width, ox_property *out) {
  uint16_t type = ox_column_value_type(OX_PROPTAG_TYPE(column));
  if (type == OX_PTYP_UNSPECIFIED) type = ox_read_u16(r);
  uint8_t flag = flagged ? ox_read_u8(r) : VALUE_PRESENT;
  if (!ox_reader_ok(r)) return;
  if (flag == VALUE_ERROR) {
    type = OX_PTYP_ERROR_CODE;
  } else if (flag == VALUE_ABSENT) {
    type = OX_PTYP_NULL;
  } else if (flag != VALUE_PRESENT) {
    ox_reader_fail(r, OX_E_MALFORMED, "Flag", "[MS-OXCDATA] 2.11.5");
    return;
  }
  out->tag = OX_PROPTAG_AS(column, type);
  ox_value_decode(r, arena, type, width, &out->value);
}

ox_status ox_property_row_decode(ox_reader *r, ox_arena *arena, const ox_proptag *columns,
                                 size_t column_count, unsigned width, ox_property *out) {
  if (column_count != 0) memset(out, 0, column_count * sizeof *out);
  uint8_t flag = ox_read_u8(r);
  if (flag > ROW_FLAGGED) ox_reader_fail(r, OX_E_MALFORMED, "Flag", "[MS-OXCDATA] 2.8.1");
  for (size_t i = 0; i < column_count && ox_reader_ok(r); i++) {
    decode_column(r, arena, columns[i], flag == ROW_FLAGGED, width, &out[i]);
  }
  return ox_reader_status(r, NULL);
}

static bool fits_column(ox_proptag column, const ox_property *value) {
  uint16_t type = ox_column_value_type(OX_PROPTAG_TYPE(column));
  uint16_t actual = OX_PROPTAG_TYPE(value->tag);
  if (type == OX_PTYP_UNSPECIFIED) {
    return actual != OX_PTYP_ERROR_CODE && actual != OX_PTYP_NULL;
  }
  return type == actual;
}

static void encode_column(ox_writer *w, ox_proptag column, bool flagged, unsigned width,
                          const ox_property *value) {
  uint16_t type = OX_PROPTAG_TYPE(value->tag);
  if (ox_column_value_type(OX_PROPTAG_TYPE(column)) == OX_PTYP_UNSPECIFIED) ox_write_u16(w, type);
  if (fits_column(column, value)) {
    if (flagged) ox_write_u8(w, VALUE_PRESENT);
    ox_value_encode(w, type, width, &value->value);
  } else if (type == OX_PTYP_ERROR_CODE) {
    ox_write_u8(w, VALUE_ERROR);
    ox_write_u32(w, value->value.error);
  } else if (type == OX_PTYP_NULL) {
    ox_write_u8(w, VALUE_ABSENT);
  } else {
    ox_writer_fail(w, OX_E_USAGE);
  }
}

void ox_property_row_encode(ox_writer *w, const ox_proptag *columns, size_t column_count,
                            unsigned width, const ox_property *row) {
  bool flagged = false;
  for (size_t i = 0; i < column_count && !flagged; i++) flagged = !fits_column(columns[i], &row[i]);
  ox_write_u8(w, flagged ? ROW_FLAGGED : ROW_STANDARD);
  for (size_t i = 0; i < column_count; i++) {
    encode_column(w, columns[i], flagged, width, &row[i]);
  }
}

/* Problems. */

ox_status ox_property_problem_decode(ox_reader *r, ox_property_problem *out) {
  out->index = ox_read_u16(r);
  out->property_tag = ox_read_u32(r);
  out->error_code = ox_read_u32(r);
  return ox_reader_status(r, NULL);
}

void ox_property_problem_encode(ox_writer *w, const ox_property_problem *in) {
  ox_write_u16(w, in->index);
  ox_write_u32(w, in->property_tag);
  ox_write_u32(w, in->error_code);
}
