#include <oxkit/ropcodec/abvalue.h>

#include <string.h>

enum { HAS_VALUE = 0xFF, FLAG_PRESENT = 0x00, FLAG_ABSENT = 0x01, FLAG_ERROR = 0x0A };

#define SECTION "[MS-OXCMAPIHTTP] 2.2.1.1"

/* Types whose value stands behind HasValue. */
static bool is_optional(uint16_t type) {
  return (type & OX_PTYP_MULTIPLE) != 0 || type == OX_PTYP_STRING || type == OX_PTYP_STRING8 ||
         type == OX_PTYP_BINARY;
}

/* An empty view that is present has data. */
static void mark_present(ox_reader *r, const uint8_t **data) {
  if (*data == NULL && r->status == OX_OK) *data = r->data + r->position;
}

static void read_string(ox_reader *r, uint16_t type, void *out) {
  if (ox_read_u8(r) == 0) return;
  if (type == OX_PTYP_STRING) {
    ox_str16 *text = out;
    *text = ox_read_zstr16(r);
  } else if (type == OX_PTYP_STRING8) {
    ox_str8 *text = out;
    *text = ox_read_zstr8(r);
  } else {
    ox_bytes *bytes = out;
    *bytes = ox_read_bytes(r, ox_read_u32(r));
    mark_present(r, &bytes->data);
  }
}

/* Strings and binaries of a multi-value each have HasValue of their own. */
static void read_strings(ox_reader *r, ox_arena *arena, uint16_t type, ox_value *out) {
  size_t size = type == OX_PTYP_STRING    ? sizeof(ox_str16)
                : type == OX_PTYP_STRING8 ? sizeof(ox_str8)
                                          : sizeof(ox_bytes);
  uint32_t count = ox_read_count(r, 4, 1, 0);
  if (r->status != OX_OK) return;
  uint8_t *values = ox_arena_calloc(arena, count != 0 ? count : 1, size);
  if (values == NULL) {
    ox_reader_fail(r, OX_E_NO_MEMORY, NULL, NULL);
    return;
  }
  for (uint32_t i = 0; i < count && r->status == OX_OK; i++) {
    read_string(r, type, values + i * size);
  }
  out->multiple.count = count;
  out->multiple.values.any = values;
}

ox_status ox_ab_value_decode(ox_reader *r, ox_arena *arena, uint16_t type, ox_value *out) {
  memset(out, 0, sizeof *out);
  switch (type) {
    case OX_PTYP_STRING:
    case OX_PTYP_STRING8:
    case OX_PTYP_BINARY: read_string(r, type, out); break;
    case OX_PTYP_MULTIPLE_STRING:
    case OX_PTYP_MULTIPLE_STRING8:
    case OX_PTYP_MULTIPLE_BINARY:
      if (ox_read_u8(r) != 0) read_strings(r, arena, (uint16_t)(type & ~OX_PTYP_MULTIPLE), out);
      break;
    default:
      if (is_optional(type)) {
        if (ox_read_u8(r) == 0) break;
        ox_value_decode(r, arena, type, OX_COUNT_32, out);
        if (r->status == OX_OK && out->multiple.values.any == NULL) {
          out->multiple.values.any = ox_arena_alloc(arena, 1);
          if (out->multiple.values.any == NULL) ox_reader_fail(r, OX_E_NO_MEMORY, NULL, NULL);
        }
      } else {
        ox_value_decode(r, arena, type, OX_COUNT_32, out);
      }
  }
  if (r->status != OX_OK) memset(out, 0, sizeof *out);
  return ox_reader_blame(r, "property_value", SECTION);
}

static void write_string(ox_writer *w, uint16_t type, const void *in) {
  const uint8_t *data;
  if (type == OX_PTYP_STRING) {
    const ox_str16 *text = in;
    data = text->data;
    ox_write_u8(w, data != NULL ? HAS_VALUE : 0);
    if (data != NULL) ox_write_zstr16(w, *text);
  } else if (type == OX_PTYP_STRING8) {
    const ox_str8 *text = in;
    data = (const uint8_t *)text->data;
    ox_write_u8(w, data != NULL ? HAS_VALUE : 0);
    if (data != NULL) ox_write_zstr8(w, *text);
  } else {
    const ox_bytes *bytes = in;
    ox_write_u8(w, bytes->data != NULL ? HAS_VALUE : 0);
    if (bytes->data == NULL) return;
    ox_write_count(w, 4, bytes->size_bytes);
    ox_write_bytes(w, bytes->data, bytes->size_bytes);
  }
}

void ox_ab_value_encode(ox_writer *w, uint16_t type, const ox_value *value) {
  switch (type) {
    case OX_PTYP_STRING:
    case OX_PTYP_STRING8:
    case OX_PTYP_BINARY: write_string(w, type, value); return;
    default: break;
  }
  if (!is_optional(type)) {
    ox_value_encode(w, type, OX_COUNT_32, value);
    return;
  }
  ox_write_u8(w, value->multiple.values.any != NULL ? HAS_VALUE : 0);
  if (value->multiple.values.any == NULL) return;
  uint16_t single = (uint16_t)(type & ~OX_PTYP_MULTIPLE);
  if (single == OX_PTYP_STRING || single == OX_PTYP_STRING8 || single == OX_PTYP_BINARY) {
    ox_write_count(w, 4, value->multiple.count);
    for (uint32_t i = 0; i < value->multiple.count; i++) {
      const void *element = single == OX_PTYP_STRING    ? (void *)&value->multiple.values.string[i]
                            : single == OX_PTYP_STRING8 ? (void *)&value->multiple.values.string8[i]
                                                        : (void *)&value->multiple.values.binary[i];
      write_string(w, single, element);
    }
    return;
  }
  ox_value_encode(w, type, OX_COUNT_32, value);
}

ox_status ox_ab_property_decode(ox_reader *r, ox_arena *arena, ox_property *out) {
  out->tag = ox_read_u32(r);
  ox_ab_value_decode(r, arena, OX_PROPTAG_TYPE(out->tag), &out->value);
  if (r->status != OX_OK) memset(out, 0, sizeof *out);
  return r->status;
}

void ox_ab_property_encode(ox_writer *w, const ox_property *in) {
  ox_write_u32(w, in->tag);
  ox_ab_value_encode(w, OX_PROPTAG_TYPE(in->tag), &in->value);
}

static void read_column(ox_reader *r, ox_arena *arena, bool flagged, ox_proptag column,
                        ox_property *out) {
  uint16_t type = OX_PROPTAG_TYPE(column);
  if (type == OX_PTYP_UNSPECIFIED) type = ox_read_u16(r);
  uint8_t flag = flagged ? ox_read_u8(r) : FLAG_PRESENT;
  if (flag == FLAG_ABSENT) {
    out->tag = OX_PROPTAG_AS(column, OX_PTYP_NULL);
    return;
  }
  if (flag == FLAG_ERROR) type = OX_PTYP_ERROR_CODE;
  if (flag != FLAG_PRESENT && flag != FLAG_ERROR) {
    ox_reader_fail(r, OX_E_MALFORMED, "flag", "[MS-OXCMAPIHTTP] 2.2.1.5");
    return;
  }
  if (type == OX_PTYP_NULL && OX_PROPTAG_TYPE(column) == OX_PTYP_NULL && !flagged) {
    ox_reader_fail(r, OX_E_MALFORMED, "columns", "[MS-OXCMAPIHTTP] 2.2.1.7");
    return;
  }
  out->tag = OX_PROPTAG_AS(column, type);
  ox_ab_value_decode(r, arena, type, &out->value);
}

ox_status ox_ab_row_decode(ox_reader *r, ox_arena *arena, const ox_proptag *columns,
                           size_t column_count, ox_ab_row *out) {
  memset(out, 0, sizeof *out);
  uint8_t flags = ox_read_u8(r);
  if (flags > 1) ox_reader_fail(r, OX_E_MALFORMED, "flags", "[MS-OXCMAPIHTTP] 2.2.1.7");
  if (column_count > UINT32_MAX) ox_reader_fail(r, OX_E_LIMIT, "columns", NULL);
  /* Every value takes a byte at least: PtypNull, which has none, is refused as a column. */
  if (r->status == OX_OK && column_count > r->size_bytes - r->position) ox_reader_has(r, SIZE_MAX);
  if (r->status == OX_OK) {
    out->values = ox_arena_calloc(arena, column_count != 0 ? column_count : 1, sizeof *out->values);
    if (out->values == NULL) ox_reader_fail(r, OX_E_NO_MEMORY, NULL, NULL);
  }
  for (size_t i = 0; i < column_count && r->status == OX_OK; i++) {
    read_column(r, arena, flags != 0, columns[i], &out->values[i]);
  }
  out->value_count = (uint32_t)column_count;
  if (r->status != OX_OK) memset(out, 0, sizeof *out);
  return r->status;
}

void ox_ab_row_encode(ox_writer *w, const ox_proptag *columns, size_t column_count,
                      const ox_ab_row *in) {
  if (in->value_count != column_count) {
    ox_writer_fail(w, OX_E_USAGE);
    return;
  }
  bool flagged = false;
  for (size_t i = 0; i < column_count; i++) {
    uint16_t type = OX_PROPTAG_TYPE(columns[i]), has = OX_PROPTAG_TYPE(in->values[i].tag);
    flagged = flagged || type == OX_PTYP_NULL ||
              (type == OX_PTYP_UNSPECIFIED ? has == OX_PTYP_NULL || has == OX_PTYP_ERROR_CODE
                                           : has != type);
  }
  ox_write_u8(w, flagged ? 1 : 0);
  for (size_t i = 0; i < column_count; i++) {
    uint16_t type = OX_PROPTAG_TYPE(columns[i]), has = OX_PROPTAG_TYPE(in->values[i].tag);
    if (type == OX_PTYP_UNSPECIFIED) ox_write_u16(w, has);
    bool is_error = has == OX_PTYP_ERROR_CODE && type != OX_PTYP_ERROR_CODE;
    if (flagged) {
      ox_write_u8(w, has == OX_PTYP_NULL ? FLAG_ABSENT : is_error ? FLAG_ERROR : FLAG_PRESENT);
    }
    if (flagged && has == OX_PTYP_NULL) continue;
    if (type != OX_PTYP_UNSPECIFIED && has != type && !is_error) {
      ox_writer_fail(w, OX_E_USAGE);
      return;
    }
    ox_ab_value_encode(w, has, &in->values[i].value);
  }
}
