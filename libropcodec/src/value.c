/* Property values: codec, copy, order. @spec [MS-OXCDATA] 2.11.1, 2.11.2 */
#include "value.h"

#include <string.h>

#include <oxkit/ropcodec/restriction.h>
#include <oxkit/ropcodec/ruleaction.h>
#include <oxkit/ropcodec/wire.h>

static const ox_type_row types[] = {
    {OX_PTYP_INTEGER16, 2, sizeof(int16_t), "PtypInteger16"},
    {OX_PTYP_INTEGER32, 4, sizeof(int32_t), "PtypInteger32"},
    {OX_PTYP_FLOATING32, 4, sizeof(float), "PtypFloating32"},
    {OX_PTYP_FLOATING64, 8, sizeof(double), "PtypFloating64"},
    {OX_PTYP_CURRENCY, 8, sizeof(int64_t), "PtypCurrency"},
    {OX_PTYP_FLOATING_TIME, 8, sizeof(double), "PtypFloatingTime"},
    {OX_PTYP_ERROR_CODE, 4, 0, "PtypErrorCode"},
    {OX_PTYP_BOOLEAN, 1, 0, "PtypBoolean"},
    {OX_PTYP_OBJECT, 2, 0, "PtypObject"},
    {OX_PTYP_INTEGER64, 8, sizeof(int64_t), "PtypInteger64"},
    {OX_PTYP_STRING8, 1, sizeof(ox_str8), "PtypString8"},
    {OX_PTYP_STRING, 2, sizeof(ox_str16), "PtypString"},
    {OX_PTYP_TIME, 8, sizeof(ox_filetime), "PtypTime"},
    {OX_PTYP_GUID, 16, sizeof(ox_guid), "PtypGuid"},
    {OX_PTYP_SERVER_ID, 2, 0, "PtypServerId"},
    {OX_PTYP_RESTRICTION, 1, 0, "PtypRestriction"},
    {OX_PTYP_RULE_ACTION, 2, 0, "PtypRuleAction"},
    {OX_PTYP_BINARY, 2, sizeof(ox_bytes), "PtypBinary"},
    {OX_PTYP_NULL, 0, 0, "PtypNull"},
    {OX_PTYP_UNSPECIFIED, 0, 0, "PtypUnspecified"},
};

void *ox_grow_array(ox_reader *r, ox_arena *arena, void *array, uint32_t *capacity, uint32_t used,
                    uint32_t count, size_t element_bytes) {
  enum { FIRST_ELEMENTS = 4 };
  if (used < *capacity) return array;
  uint32_t grown = used == 0 ? FIRST_ELEMENTS : used * 2;
  if (grown > count) grown = count;
  array = ox_arena_grow(arena, array, used, grown, element_bytes);
  if (array == NULL) ox_reader_fail(r, OX_E_NO_MEMORY, NULL, NULL);
  *capacity = grown;
  return array;
}

const ox_type_row *ox_type_row_find(uint16_t type) {
  for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
    if (types[i].type == type) return &types[i];
  }
  return NULL;
}

static const ox_type_row *element_row(uint16_t multiple_type) {
  const ox_type_row *row = ox_type_row_find(multiple_type & (uint16_t)~OX_PTYP_MULTIPLE);
  return row != NULL && row->element_bytes != 0 ? row : NULL;
}

bool ox_type_is_known(uint16_t type) {
  if (type & OX_PTYP_MULTIPLE) return element_row(type) != NULL;
  return type != OX_PTYP_UNSPECIFIED && ox_type_row_find(type) != NULL;
}

const char *ox_type_name(uint16_t type) {
  /* The names of the multi-valued forms, in the order of the table above. */
  static const char *const multiple_names[] = {
      "PtypMultipleInteger16",  "PtypMultipleInteger32", "PtypMultipleFloating32",
      "PtypMultipleFloating64", "PtypMultipleCurrency",  "PtypMultipleFloatingTime",
      "PtypMultipleInteger64",  "PtypMultipleString8",   "PtypMultipleString",
      "PtypMultipleTime",       "PtypMultipleGuid",      "PtypMultipleBinary",
  };
  if (!(type & OX_PTYP_MULTIPLE)) {
    const ox_type_row *row = ox_type_row_find(type);
    return row != NULL ? row->name : NULL;
  }
  size_t position = 0;
  for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
    if (types[i].element_bytes == 0) continue;
    if ((types[i].type | OX_PTYP_MULTIPLE) == type) return multiple_names[position];
    position++;
  }
  return NULL;
}

ox_value ox_value_element(uint16_t element_type, const ox_value *multiple, uint32_t i) {
  ox_value value;
  memset(&value, 0, sizeof value);
  switch (element_type) {
    case OX_PTYP_INTEGER16: value.i16 = multiple->multiple.values.i16[i]; break;
    case OX_PTYP_INTEGER32: value.i32 = multiple->multiple.values.i32[i]; break;
    case OX_PTYP_FLOATING32: value.f32 = multiple->multiple.values.f32[i]; break;
    case OX_PTYP_FLOATING64:
    case OX_PTYP_FLOATING_TIME: value.f64 = multiple->multiple.values.f64[i]; break;
    case OX_PTYP_CURRENCY:
    case OX_PTYP_INTEGER64: value.i64 = multiple->multiple.values.i64[i]; break;
    case OX_PTYP_STRING8: value.string8 = multiple->multiple.values.string8[i]; break;
    case OX_PTYP_STRING: value.string = multiple->multiple.values.string[i]; break;
    case OX_PTYP_TIME: value.time = multiple->multiple.values.time[i]; break;
    case OX_PTYP_GUID: value.guid = multiple->multiple.values.guid[i]; break;
    case OX_PTYP_BINARY: value.binary = multiple->multiple.values.binary[i]; break;
    default: break;
  }
  return value;
}

void ox_value_set_element(uint16_t element_type, ox_value *multiple, uint32_t i,
                          const ox_value *value) {
  switch (element_type) {
    case OX_PTYP_INTEGER16: multiple->multiple.values.i16[i] = value->i16; break;
    case OX_PTYP_INTEGER32: multiple->multiple.values.i32[i] = value->i32; break;
    case OX_PTYP_FLOATING32: multiple->multiple.values.f32[i] = value->f32; break;
    case OX_PTYP_FLOATING64:
    case OX_PTYP_FLOATING_TIME: multiple->multiple.values.f64[i] = value->f64; break;
    case OX_PTYP_CURRENCY:
    case OX_PTYP_INTEGER64: multiple->multiple.values.i64[i] = value->i64; break;
    case OX_PTYP_STRING8: multiple->multiple.values.string8[i] = value->string8; break;
    case OX_PTYP_STRING: multiple->multiple.values.string[i] = value->string; break;
    case OX_PTYP_TIME: multiple->multiple.values.time[i] = value->time; break;
    case OX_PTYP_GUID: multiple->multiple.values.guid[i] = value->guid; break;
    case OX_PTYP_BINARY: multiple->multiple.values.binary[i] = value->binary; break;
    default: break;
  }
}

/* Decoding. */

static float float_from_bits(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static double double_from_bits(uint64_t bits) {
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static ox_bytes read_counted(ox_reader *r, unsigned width) {
  return ox_read_bytes(r, ox_read_count(r, ox_size_width(width), 1, 0));
}

static void decode_restriction(ox_reader *r, ox_arena *arena, unsigned width, ox_value *out) {
  out->restriction = ox_arena_calloc(arena, 1, sizeof *out->restriction);
  if (out->restriction == NULL) {
    ox_reader_fail(r, OX_E_NO_MEMORY, NULL, NULL);
  } else {
    ox_restriction_decode(r, arena, width, out->restriction);
  }
}

static void decode_rule_actions(ox_reader *r, ox_arena *arena, unsigned width, ox_value *out) {
  out->rule_actions = ox_arena_calloc(arena, 1, sizeof *out->rule_actions);
  if (out->rule_actions == NULL) {
    ox_reader_fail(r, OX_E_NO_MEMORY, NULL, NULL);
  } else {
    ox_rule_actions_decode(r, arena, width, out->rule_actions);
  }
}

/* What the stored form says in another way than the others; false: not this type. */
static bool decode_stored(ox_reader *r, uint16_t type, ox_value *out) {
  switch (type) {
    case OX_PTYP_BOOLEAN: out->boolean = ox_read_u16(r) != 0; return true;
    case OX_PTYP_STRING8: out->string8 = ox_wire_read_sized_zstr8(r, 2); return true;
    case OX_PTYP_STRING: out->string = ox_wire_read_sized_zstr16(r, 2); return true;
    default: return false;
  }
}

static void decode_single(ox_reader *r, ox_arena *arena, uint16_t type, unsigned width,
                          ox_value *out) {
  if (width == OX_COUNT_STORED && decode_stored(r, type, out)) return;
  switch (type) {
    case OX_PTYP_NULL: break;
    case OX_PTYP_INTEGER16: out->i16 = (int16_t)ox_read_u16(r); break;
    case OX_PTYP_INTEGER32: out->i32 = (int32_t)ox_read_u32(r); break;
    case OX_PTYP_FLOATING32: out->f32 = float_from_bits(ox_read_u32(r)); break;
    case OX_PTYP_FLOATING64:
    case OX_PTYP_FLOATING_TIME: out->f64 = double_from_bits(ox_read_u64(r)); break;
    case OX_PTYP_CURRENCY:
    case OX_PTYP_INTEGER64: out->i64 = (int64_t)ox_read_u64(r); break;
    case OX_PTYP_ERROR_CODE: out->error = ox_read_u32(r); break;
    case OX_PTYP_BOOLEAN: out->boolean = ox_read_bool8(r); break;
    case OX_PTYP_STRING8: out->string8 = ox_read_zstr8(r); break;
    case OX_PTYP_STRING: out->string = ox_read_zstr16(r); break;
    case OX_PTYP_TIME: out->time = ox_read_u64(r); break;
    case OX_PTYP_GUID: ox_read_guid(r, &out->guid); break;
    case OX_PTYP_SERVER_ID: out->binary = read_counted(r, OX_COUNT_16); break;
    case OX_PTYP_OBJECT:
    case OX_PTYP_BINARY: out->binary = read_counted(r, width); break;
    case OX_PTYP_RESTRICTION: decode_restriction(r, arena, width, out); break;
    case OX_PTYP_RULE_ACTION: decode_rule_actions(r, arena, width, out); break;
    default: ox_reader_fail(r, OX_E_UNKNOWN_TYPE, "PropertyType", "[MS-OXCDATA] 2.11.1"); break;
  }
}

static void decode_multiple(ox_reader *r, ox_arena *arena, uint16_t type, unsigned width,
                            ox_value *out) {
  const ox_type_row *row = element_row(type);
  if (row == NULL) {
    ox_reader_fail(r, OX_E_UNKNOWN_TYPE, "PropertyType", "[MS-OXCDATA] 2.11.1");
    return;
  }
  unsigned count_width = width == OX_COUNT_STORED ? 2 : 4;
  if (width == OX_COUNT_STORED) width = OX_COUNT_32;
  size_t least = row->type == OX_PTYP_BINARY ? width : row->wire_bytes;
  uint32_t count = ox_read_count(r, count_width, least, 0);
  if (count == 0) return;
  out->multiple.values.any = ox_arena_calloc(arena, count, row->element_bytes);
  if (out->multiple.values.any == NULL) {
    ox_reader_fail(r, OX_E_NO_MEMORY, NULL, NULL);
    return;
  }
  out->multiple.count = count;
  for (uint32_t i = 0; i < count && ox_reader_ok(r); i++) {
    ox_value element;
    memset(&element, 0, sizeof element);
    decode_single(r, arena, row->type, width, &element);
    ox_value_set_element(row->type, out, i, &element);
  }
}

ox_status ox_value_decode(ox_reader *r, ox_arena *arena, uint16_t type, unsigned width,
                          ox_value *out) {
  memset(out, 0, sizeof *out);
  if (!ox_width_is_valid(width)) return ox_reader_fail(r, OX_E_USAGE, NULL, NULL);
  if (type & OX_PTYP_MULTIPLE) {
    decode_multiple(r, arena, type, width, out);
  } else {
    decode_single(r, arena, type, width, out);
  }
  if (!ox_reader_ok(r)) memset(out, 0, sizeof *out);
  return ox_reader_status(r, NULL);
}

/* Encoding. */

static void write_counted(ox_writer *w, unsigned width, ox_bytes bytes) {
  width = ox_size_width(width);
  if (w->counting && width == OX_COUNT_16 && bytes.size_bytes > 0xFFFF) {
    ox_write_zeros(w, width); /* sizes of what no 16-bit count can say are asked for, too */
  } else {
    ox_write_count(w, width, bytes.size_bytes);
  }
  ox_write_bytes(w, bytes.data, bytes.size_bytes);
}

static bool encode_stored(ox_writer *w, uint16_t type, const ox_value *value) {
  switch (type) {
    case OX_PTYP_BOOLEAN: ox_write_u16(w, value->boolean); return true;
    case OX_PTYP_STRING8: ox_wire_write_sized_zstr8(w, 2, value->string8); return true;
    case OX_PTYP_STRING: ox_wire_write_sized_zstr16(w, 2, value->string); return true;
    default: return false;
  }
}

static void encode_single(ox_writer *w, uint16_t type, unsigned width, const ox_value *value) {
  uint32_t bits32;
  uint64_t bits64;
  if (width == OX_COUNT_STORED && encode_stored(w, type, value)) return;
  switch (type) {
    case OX_PTYP_NULL: break;
    case OX_PTYP_INTEGER16: ox_write_u16(w, (uint16_t)value->i16); break;
    case OX_PTYP_INTEGER32: ox_write_u32(w, (uint32_t)value->i32); break;
    case OX_PTYP_FLOATING32:
      memcpy(&bits32, &value->f32, sizeof bits32);
      ox_write_u32(w, bits32);
      break;
    case OX_PTYP_FLOATING64:
    case OX_PTYP_FLOATING_TIME:
      memcpy(&bits64, &value->f64, sizeof bits64);
      ox_write_u64(w, bits64);
      break;
    case OX_PTYP_CURRENCY:
    case OX_PTYP_INTEGER64: ox_write_u64(w, (uint64_t)value->i64); break;
    case OX_PTYP_ERROR_CODE: ox_write_u32(w, value->error); break;
    case OX_PTYP_BOOLEAN: ox_write_bool8(w, value->boolean); break;
    case OX_PTYP_STRING8: ox_write_zstr8(w, value->string8); break;
    case OX_PTYP_STRING: ox_write_zstr16(w, value->string); break;
    case OX_PTYP_TIME: ox_write_u64(w, value->time); break;
    case OX_PTYP_GUID: ox_write_guid(w, &value->guid); break;
    case OX_PTYP_SERVER_ID: write_counted(w, OX_COUNT_16, value->binary); break;
    case OX_PTYP_OBJECT:
    case OX_PTYP_BINARY: write_counted(w, width, value->binary); break;
    case OX_PTYP_RESTRICTION: ox_restriction_encode(w, width, value->restriction); break;
    case OX_PTYP_RULE_ACTION: ox_rule_actions_encode(w, width, value->rule_actions); break;
    default: ox_writer_fail(w, OX_E_UNKNOWN_TYPE); break;
  }
}

void ox_value_encode(ox_writer *w, uint16_t type, unsigned width, const ox_value *value) {
  if (!ox_width_is_valid(width)) {
    ox_writer_fail(w, OX_E_USAGE);
    return;
  }
  if (!(type & OX_PTYP_MULTIPLE)) {
    encode_single(w, type, width, value);
    return;
  }
  const ox_type_row *row = element_row(type);
  if (row == NULL) {
    ox_writer_fail(w, OX_E_UNKNOWN_TYPE);
    return;
  }
  ox_write_count(w, width == OX_COUNT_STORED ? 2 : 4, value->multiple.count);
  if (width == OX_COUNT_STORED) width = OX_COUNT_32;
  for (uint32_t i = 0; i < value->multiple.count && w->status == OX_OK; i++) {
    ox_value element = ox_value_element(row->type, value, i);
    encode_single(w, row->type, width, &element);
  }
}

size_t ox_value_size_bytes(uint16_t type, const ox_value *value) {
  ox_writer counter;
  ox_writer_init_counting(&counter, SIZE_MAX);
  ox_value_encode(&counter, type, OX_COUNT_16, value);
  return counter.size_bytes;
}

/* Copies. */

static ox_status clone_block(ox_arena *arena, const void *data, size_t size_bytes,
                             const void **out) {
  if (size_bytes == 0) {
    *out = NULL;
    return OX_OK;
  }
  *out = ox_arena_copy(arena, data, size_bytes);
  return *out != NULL ? OX_OK : OX_E_NO_MEMORY;
}

static ox_status clone_single(ox_arena *arena, uint16_t type, const ox_value *in, ox_value *out) {
  const void *copy = NULL;
  ox_status status = OX_OK;
  *out = *in;
  switch (type) {
    case OX_PTYP_STRING8:
      status = clone_block(arena, in->string8.data, in->string8.size_bytes, &copy);
      out->string8.data = copy;
      break;
    case OX_PTYP_STRING:
      status = clone_block(arena, in->string.data, in->string.size_bytes, &copy);
      out->string.data = copy;
      break;
    case OX_PTYP_OBJECT:
    case OX_PTYP_SERVER_ID:
    case OX_PTYP_BINARY:
      status = clone_block(arena, in->binary.data, in->binary.size_bytes, &copy);
      out->binary.data = copy;
      break;
    case OX_PTYP_RESTRICTION:
      out->restriction = ox_arena_calloc(arena, 1, sizeof *out->restriction);
      if (out->restriction == NULL) return OX_E_NO_MEMORY;
      status = ox_restriction_clone(arena, in->restriction, out->restriction);
      break;
    case OX_PTYP_RULE_ACTION:
      out->rule_actions = ox_arena_calloc(arena, 1, sizeof *out->rule_actions);
      if (out->rule_actions == NULL) return OX_E_NO_MEMORY;
      status = ox_rule_actions_clone(arena, in->rule_actions, out->rule_actions);
      break;
    default:
      if (!ox_type_is_known(type)) status = OX_E_UNKNOWN_TYPE;
      break;
  }
  return status;
}

ox_status ox_value_clone(ox_arena *arena, uint16_t type, const ox_value *in, ox_value *out) {
  ox_value copy;
  ox_status status = OX_OK;
  if (!(type & OX_PTYP_MULTIPLE)) {
    status = clone_single(arena, type, in, &copy);
  } else {
    const ox_type_row *row = element_row(type);
    if (row == NULL) return OX_E_UNKNOWN_TYPE;
    memset(&copy, 0, sizeof copy);
    if (in->multiple.count != 0) {
      copy.multiple.values.any = ox_arena_calloc(arena, in->multiple.count, row->element_bytes);
      if (copy.multiple.values.any == NULL) return OX_E_NO_MEMORY;
    }
    copy.multiple.count = in->multiple.count;
    for (uint32_t i = 0; i < in->multiple.count && status == OX_OK; i++) {
      ox_value element = ox_value_element(row->type, in, i);
      ox_value element_copy;
      status = clone_single(arena, row->type, &element, &element_copy);
      if (status == OX_OK) ox_value_set_element(row->type, &copy, i, &element_copy);
    }
  }
  if (status == OX_OK) *out = copy;
  return status;
}

/* Order. */

#define ORDER(a, b) (((a) > (b)) - ((a) < (b)))

static int compare_floats(double a, double b) {
  bool a_is_nan = a != a, b_is_nan = b != b;
  if (a_is_nan || b_is_nan) return (int)a_is_nan - (int)b_is_nan;
  return ORDER(a, b);
}

static int compare_bytes(const void *a, size_t a_bytes, const void *b, size_t b_bytes) {
  size_t common = a_bytes < b_bytes ? a_bytes : b_bytes;
  int order = common != 0 ? memcmp(a, b, common) : 0;
  return order != 0 ? order : ORDER(a_bytes, b_bytes);
}

static int compare_single(uint16_t type, const ox_value *a, const ox_value *b) {
  switch (type) {
    case OX_PTYP_INTEGER16: return ORDER(a->i16, b->i16);
    case OX_PTYP_INTEGER32: return ORDER(a->i32, b->i32);
    case OX_PTYP_FLOATING32: return compare_floats((double)a->f32, (double)b->f32);
    case OX_PTYP_FLOATING64:
    case OX_PTYP_FLOATING_TIME: return compare_floats(a->f64, b->f64);
    case OX_PTYP_CURRENCY:
    case OX_PTYP_INTEGER64: return ORDER(a->i64, b->i64);
    case OX_PTYP_ERROR_CODE: return ORDER(a->error, b->error);
    case OX_PTYP_BOOLEAN: return (int)a->boolean - (int)b->boolean;
    case OX_PTYP_STRING8:
      return compare_bytes(a->string8.data, a->string8.size_bytes, b->string8.data,
                           b->string8.size_bytes);
    case OX_PTYP_STRING: return ox_str16_compare(a->string, b->string, 0);
    case OX_PTYP_TIME: return ORDER(a->time, b->time);
    case OX_PTYP_GUID: return ox_guid_compare(&a->guid, &b->guid);
    case OX_PTYP_OBJECT:
    case OX_PTYP_SERVER_ID:
    case OX_PTYP_BINARY:
      return compare_bytes(a->binary.data, a->binary.size_bytes, b->binary.data,
                           b->binary.size_bytes);
    case OX_PTYP_RESTRICTION:
    case OX_PTYP_RULE_ACTION:
      return ORDER(ox_value_size_bytes(type, a), ox_value_size_bytes(type, b));
    default: return 0;
  }
}

int ox_value_compare(uint16_t type, const ox_value *a, const ox_value *b) {
  if (!(type & OX_PTYP_MULTIPLE)) return compare_single(type, a, b);
  const ox_type_row *row = element_row(type);
  if (row == NULL) return 0;
  for (uint32_t i = 0; i < a->multiple.count && i < b->multiple.count; i++) {
    ox_value x = ox_value_element(row->type, a, i), y = ox_value_element(row->type, b, i);
    int order = compare_single(row->type, &x, &y);
    if (order != 0) return order;
  }
  return ORDER(a->multiple.count, b->multiple.count);
}
