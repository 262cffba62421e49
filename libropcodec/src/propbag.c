/* Property bags. */
#include <oxkit/ropcodec/property.h>

#include <string.h>

void ox_propbag_init(ox_propbag *bag, ox_arena *arena) {
  memset(bag, 0, sizeof *bag);
  bag->arena = arena;
}

/* Where the id is, or where it would be inserted. */
static size_t lower_bound(const ox_propbag *bag, uint16_t id) {
  size_t low = 0, high = bag->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (OX_PROPTAG_ID(bag->items[middle].tag) < id) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

ox_status ox_propbag_set_view(ox_propbag *bag, ox_proptag tag, const ox_value *value) {
  if (!ox_type_is_known(OX_PROPTAG_TYPE(tag))) return OX_E_UNKNOWN_TYPE;
  size_t at = lower_bound(bag, OX_PROPTAG_ID(tag));
  bool replace = at < bag->count && OX_PROPTAG_ID(bag->items[at].tag) == OX_PROPTAG_ID(tag);
  if (!replace) {
    if (bag->count == bag->capacity) {
      size_t capacity = bag->capacity == 0 ? 16 : bag->capacity * 2;
      ox_property *grown =
          ox_arena_grow(bag->arena, bag->items, bag->count, capacity, sizeof *grown);
      if (grown == NULL) return OX_E_NO_MEMORY;
      bag->items = grown;
      bag->capacity = capacity;
    }
    memmove(&bag->items[at + 1], &bag->items[at], (bag->count - at) * sizeof *bag->items);
    bag->count++;
  }
  bag->items[at].tag = tag;
  bag->items[at].value = *value;
  return OX_OK;
}

ox_status ox_propbag_set(ox_propbag *bag, ox_proptag tag, const ox_value *value) {
  ox_value copy;
  ox_status status = ox_value_clone(bag->arena, OX_PROPTAG_TYPE(tag), value, &copy);
  return status == OX_OK ? ox_propbag_set_view(bag, tag, &copy) : status;
}

const ox_property *ox_propbag_find(const ox_propbag *bag, uint16_t id) {
  size_t at = lower_bound(bag, id);
  return at < bag->count && OX_PROPTAG_ID(bag->items[at].tag) == id ? &bag->items[at] : NULL;
}

const ox_value *ox_propbag_get(const ox_propbag *bag, ox_proptag tag) {
  const ox_property *property = ox_propbag_find(bag, OX_PROPTAG_ID(tag));
  return property != NULL && property->tag == tag ? &property->value : NULL;
}

bool ox_propbag_remove(ox_propbag *bag, uint16_t id) {
  size_t at = lower_bound(bag, id);
  if (at >= bag->count || OX_PROPTAG_ID(bag->items[at].tag) != id) return false;
  bag->count--;
  memmove(&bag->items[at], &bag->items[at + 1], (bag->count - at) * sizeof *bag->items);
  return true;
}

void ox_propbag_clear(ox_propbag *bag) {
  bag->count = 0;
}

/* Conveniences. */

ox_status ox_propbag_set_utf8(ox_propbag *bag, ox_proptag tag, const char *text) {
  if (OX_PROPTAG_TYPE(tag) != OX_PTYP_STRING) return OX_E_USAGE;
  ox_value value;
  memset(&value, 0, sizeof value);
  ox_status status = ox_str16_from_utf8(bag->arena, ox_str8_from(text), &value.string);
  return status == OX_OK ? ox_propbag_set_view(bag, tag, &value) : status;
}

ox_status ox_propbag_set_i32(ox_propbag *bag, ox_proptag tag, int32_t v) {
  ox_value value;
  memset(&value, 0, sizeof value);
  if (OX_PROPTAG_TYPE(tag) == OX_PTYP_INTEGER16) {
    if (v < INT16_MIN || v > UINT16_MAX) return OX_E_USAGE;
    value.i16 = (int16_t)v;
  } else if (OX_PROPTAG_TYPE(tag) == OX_PTYP_INTEGER32) {
    value.i32 = v;
  } else if (OX_PROPTAG_TYPE(tag) == OX_PTYP_ERROR_CODE) {
    value.error = (ox_status)v;
  } else {
    return OX_E_USAGE;
  }
  return ox_propbag_set_view(bag, tag, &value);
}

ox_status ox_propbag_set_i64(ox_propbag *bag, ox_proptag tag, int64_t v) {
  ox_value value;
  memset(&value, 0, sizeof value);
  uint16_t type = OX_PROPTAG_TYPE(tag);
  if (type != OX_PTYP_INTEGER64 && type != OX_PTYP_CURRENCY) return OX_E_USAGE;
  value.i64 = v;
  return ox_propbag_set_view(bag, tag, &value);
}

ox_status ox_propbag_set_bool(ox_propbag *bag, ox_proptag tag, bool v) {
  ox_value value;
  memset(&value, 0, sizeof value);
  if (OX_PROPTAG_TYPE(tag) != OX_PTYP_BOOLEAN) return OX_E_USAGE;
  value.boolean = v;
  return ox_propbag_set_view(bag, tag, &value);
}

ox_status ox_propbag_set_time(ox_propbag *bag, ox_proptag tag, ox_filetime v) {
  ox_value value;
  memset(&value, 0, sizeof value);
  if (OX_PROPTAG_TYPE(tag) != OX_PTYP_TIME) return OX_E_USAGE;
  value.time = v;
  return ox_propbag_set_view(bag, tag, &value);
}

ox_status ox_propbag_set_binary(ox_propbag *bag, ox_proptag tag, const void *data,
                                size_t size_bytes) {
  ox_value value;
  memset(&value, 0, sizeof value);
  uint16_t type = OX_PROPTAG_TYPE(tag);
  if (type != OX_PTYP_BINARY && type != OX_PTYP_SERVER_ID && type != OX_PTYP_OBJECT) {
    return OX_E_USAGE;
  }
  value.binary.data = data;
  value.binary.size_bytes = size_bytes;
  return ox_propbag_set(bag, tag, &value);
}

const char *ox_propbag_utf8(const ox_propbag *bag, ox_proptag tag, ox_arena *arena,
                            const char *fallback) {
  const ox_property *property = ox_propbag_find(bag, OX_PROPTAG_ID(tag));
  if (property == NULL) return fallback;
  char *text = NULL;
  if (OX_PROPTAG_TYPE(property->tag) == OX_PTYP_STRING) {
    text = ox_str16_utf8(arena, property->value.string);
  } else if (OX_PROPTAG_TYPE(property->tag) == OX_PTYP_STRING8) {
    int32_t codepage = ox_propbag_i32(bag, OX_PidTagMessageCodepage, OX_CODEPAGE_WINDOWS_1252);
    ox_status status = ox_str8_to_utf8(arena, property->value.string8, (uint32_t)codepage, &text);
    if (status == OX_E_UNKNOWN_CODEPAGE) {
      status = ox_str8_to_utf8(arena, property->value.string8, OX_CODEPAGE_WINDOWS_1252, &text);
    }
    if (status != OX_OK) text = NULL;
  }
  return text != NULL ? text : fallback;
}

int32_t ox_propbag_i32(const ox_propbag *bag, ox_proptag tag, int32_t fallback) {
  const ox_value *value = ox_propbag_get(bag, tag);
  if (value == NULL) return fallback;
  switch (OX_PROPTAG_TYPE(tag)) {
    case OX_PTYP_INTEGER16: return value->i16;
    case OX_PTYP_INTEGER32: return value->i32;
    case OX_PTYP_ERROR_CODE: return (int32_t)value->error;
    default: return fallback;
  }
}

int64_t ox_propbag_i64(const ox_propbag *bag, ox_proptag tag, int64_t fallback) {
  const ox_value *value = ox_propbag_get(bag, tag);
  uint16_t type = OX_PROPTAG_TYPE(tag);
  return value != NULL && (type == OX_PTYP_INTEGER64 || type == OX_PTYP_CURRENCY) ? value->i64
                                                                                  : fallback;
}

bool ox_propbag_bool(const ox_propbag *bag, ox_proptag tag, bool fallback) {
  const ox_value *value = ox_propbag_get(bag, tag);
  return value != NULL && OX_PROPTAG_TYPE(tag) == OX_PTYP_BOOLEAN ? value->boolean : fallback;
}

ox_filetime ox_propbag_time(const ox_propbag *bag, ox_proptag tag, ox_filetime fallback) {
  const ox_value *value = ox_propbag_get(bag, tag);
  return value != NULL && OX_PROPTAG_TYPE(tag) == OX_PTYP_TIME ? value->time : fallback;
}

ox_bytes ox_propbag_binary(const ox_propbag *bag, ox_proptag tag) {
  static const ox_bytes empty;
  const ox_value *value = ox_propbag_get(bag, tag);
  uint16_t type = OX_PROPTAG_TYPE(tag);
  bool binary = type == OX_PTYP_BINARY || type == OX_PTYP_SERVER_ID || type == OX_PTYP_OBJECT;
  return value != NULL && binary ? value->binary : empty;
}
