/* Sort keys: bytes that compare with memcmp as the values sort, made here alone so that every
 * backend orders alike. A column is 0x01 (absent) or 0x02 and the value; descending ones have all
 * bits turned over, so no key begins with 0xFF. */
#include <string.h>

#include "engine.h"

static void put_u64(uint8_t *out, size_t *size, uint64_t value, unsigned bytes) {
  for (unsigned i = bytes; i > 0; i--) out[(*size)++] = (uint8_t)(value >> (8 * (i - 1)));
}

/* Bytes of any content, so that a shorter one sorts first: 0 is 0 FF, the end 0 0. */
static void put_escaped(uint8_t *out, size_t *size, size_t capacity, const uint8_t *data,
                        size_t length) {
  for (size_t i = 0; i < length && *size + 4 <= capacity; i++) {
    out[(*size)++] = data[i];
    if (data[i] == 0) out[(*size)++] = 0xFF;
  }
  out[(*size)++] = 0;
  out[(*size)++] = 0;
}

static uint64_t float_bits(double value) {
  uint64_t bits;
  if (value == 0) value = 0; /* -0 is 0 */
  memcpy(&bits, &value, sizeof bits);
  return (bits >> 63) != 0 ? ~bits : bits | (uint64_t)1 << 63;
}

static ox_status put_value(uint8_t *key, size_t *size, size_t capacity, ox_arena *scratch,
                           uint16_t type, const ox_value *value) {
  ox_bytes text;
  ox_status status;
  uint8_t guid[16];
  const uint64_t sign = (uint64_t)1 << 63;
  switch (type) {
    case OX_PTYP_INTEGER16: put_u64(key, size, (uint64_t)(int64_t)value->i16 ^ sign, 8); break;
    case OX_PTYP_INTEGER32: put_u64(key, size, (uint64_t)(int64_t)value->i32 ^ sign, 8); break;
    case OX_PTYP_INTEGER64:
    case OX_PTYP_CURRENCY: put_u64(key, size, (uint64_t)value->i64 ^ sign, 8); break;
    case OX_PTYP_FLOATING32: put_u64(key, size, float_bits((double)value->f32), 8); break;
    case OX_PTYP_FLOATING64:
    case OX_PTYP_FLOATING_TIME: put_u64(key, size, float_bits(value->f64), 8); break;
    case OX_PTYP_BOOLEAN: put_u64(key, size, value->boolean, 1); break;
    case OX_PTYP_TIME: put_u64(key, size, value->time, 8); break;
    case OX_PTYP_ERROR_CODE: put_u64(key, size, value->error, 4); break;
    case OX_PTYP_GUID:
      ox_guid_to_wire(&value->guid, guid);
      memcpy(key + *size, guid, sizeof guid);
      *size += sizeof guid;
      break;
    case OX_PTYP_STRING:
      status = ox_str16_sort_key(scratch, value->string, OXS_SORT_KEY_MAX_BYTES, &text);
      if (status != OX_OK) return status;
      put_escaped(key, size, capacity, text.data, text.size_bytes);
      break;
    case OX_PTYP_STRING8:
      put_escaped(key, size, capacity, (const uint8_t *)value->string8.data,
                  value->string8.size_bytes);
      break;
    case OX_PTYP_BINARY:
    case OX_PTYP_SERVER_ID:
    case OX_PTYP_OBJECT:
      put_escaped(key, size, capacity, value->binary.data, value->binary.size_bytes);
      break;
    default: return OX_E_NO_SUPPORT;
  }
  return OX_OK;
}

/* The first element of a multi-value, as a single value. */
static ox_value first_element(uint16_t single, const ox_value *value) {
  ox_value out;
  memset(&out, 0, sizeof out);
  switch (single) {
    case OX_PTYP_INTEGER16: out.i16 = value->multiple.values.i16[0]; break;
    case OX_PTYP_INTEGER32: out.i32 = value->multiple.values.i32[0]; break;
    case OX_PTYP_FLOATING32: out.f32 = value->multiple.values.f32[0]; break;
    case OX_PTYP_FLOATING64:
    case OX_PTYP_FLOATING_TIME: out.f64 = value->multiple.values.f64[0]; break;
    case OX_PTYP_CURRENCY:
    case OX_PTYP_INTEGER64: out.i64 = value->multiple.values.i64[0]; break;
    case OX_PTYP_STRING8: out.string8 = value->multiple.values.string8[0]; break;
    case OX_PTYP_STRING: out.string = value->multiple.values.string[0]; break;
    case OX_PTYP_TIME: out.time = value->multiple.values.time[0]; break;
    case OX_PTYP_GUID: out.guid = value->multiple.values.guid[0]; break;
    default: out.binary = value->multiple.values.binary[0]; break;
  }
  return out;
}

ox_status oxs_sort_key(ox_writer *w, ox_arena *scratch, uint16_t type, const ox_value *value,
                       bool descending) {
  uint8_t key[OXS_SORT_KEY_MAX_BYTES + 32];
  size_t size = 0;
  ox_value first;
  if (value != NULL && (type & OX_PTYP_MULTIPLE) != 0) {
    type &= (uint16_t)~OX_PTYP_MULTIPLE;
    if (value->multiple.count == 0) {
      value = NULL;
    } else {
      first = first_element(type, value);
      value = &first;
    }
  }
  key[size++] = value != NULL ? 0x02 : 0x01;
  if (value != NULL) {
    ox_status status = put_value(key, &size, sizeof key, scratch, type, value);
    if (status != OX_OK) return status;
  }
  for (size_t i = 0; descending && i < size; i++) key[i] = (uint8_t)~key[i];
  ox_write_bytes(w, key, size);
  return ox_writer_status(w);
}
