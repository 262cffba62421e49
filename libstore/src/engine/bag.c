#include "bag.h"

#include <string.h>

#include <oxkit/ropcodec/restriction.h>

#define BAG_VERSION 1u
#define HEADER_BYTES 4u
#define ENTRY_BYTES 8u
#define LARGE_BIT 0x80000000u

void oxs_bag_init(oxs_bag *bag, ox_arena *arena) {
  memset(bag, 0, sizeof *bag);
  ox_propbag_init(&bag->values, arena);
}

void oxs_bag_dispose(oxs_bag *bag) {
  for (size_t i = 0; i < bag->large_count; i++) oxs_spool_unref(bag->larges[i].spool);
  bag->large_count = 0;
}

const oxs_large *oxs_bag_large(const oxs_bag *bag, uint16_t id) {
  for (size_t i = 0; i < bag->large_count; i++)
    if (OX_PROPTAG_ID(bag->larges[i].tag) == id) return &bag->larges[i];
  return NULL;
}

static bool remove_large(oxs_bag *bag, uint16_t id) {
  for (size_t i = 0; i < bag->large_count; i++) {
    if (OX_PROPTAG_ID(bag->larges[i].tag) != id) continue;
    oxs_spool_unref(bag->larges[i].spool);
    memmove(&bag->larges[i], &bag->larges[i + 1],
            (bag->large_count - i - 1) * sizeof bag->larges[0]);
    bag->large_count--;
    return true;
  }
  return false;
}

ox_status oxs_bag_set_large(oxs_bag *bag, const oxs_large *large) {
  oxs_large copy = *large;
  ox_propbag_remove(&bag->values, OX_PROPTAG_ID(copy.tag));
  remove_large(bag, OX_PROPTAG_ID(copy.tag));
  if (bag->large_count == bag->large_capacity) {
    size_t capacity = bag->large_capacity != 0 ? bag->large_capacity * 2 : 4;
    oxs_large *grown =
        ox_arena_grow(bag->values.arena, bag->larges, bag->large_count, capacity, sizeof *grown);
    if (grown == NULL) {
      oxs_spool_unref(copy.spool);
      return OX_E_NO_MEMORY;
    }
    bag->larges = grown;
    bag->large_capacity = capacity;
  }
  bag->larges[bag->large_count++] = copy;
  return OX_OK;
}

ox_status oxs_bag_set(oxs_bag *bag, ox_proptag tag, const ox_value *value) {
  ox_status status = ox_propbag_set(&bag->values, tag, value);
  if (status == OX_OK) remove_large(bag, OX_PROPTAG_ID(tag));
  return status;
}

bool oxs_bag_remove(oxs_bag *bag, uint16_t id) {
  bool large = remove_large(bag, id);
  return ox_propbag_remove(&bag->values, id) || large;
}

ox_status oxs_bag_copy(oxs_bag *to, const oxs_bag *from) {
  for (size_t i = 0; i < from->values.count; i++) {
    ox_status status = oxs_bag_set(to, from->values.items[i].tag, &from->values.items[i].value);
    if (status != OX_OK) return status;
  }
  for (size_t i = 0; i < from->large_count; i++) {
    oxs_large large = from->larges[i];
    large.spool = oxs_spool_ref(large.spool);
    ox_status status = oxs_bag_set_large(to, &large);
    if (status != OX_OK) return status;
  }
  return OX_OK;
}

/* ---- values ---- */

static bool is_bytes(uint16_t type) {
  return type == OX_PTYP_STRING || type == OX_PTYP_STRING8 || type == OX_PTYP_BINARY ||
         type == OX_PTYP_SERVER_ID || type == OX_PTYP_OBJECT;
}

static bool is_multiple_bytes(uint16_t type) {
  return (type & OX_PTYP_MULTIPLE) != 0 && is_bytes(type & (uint16_t)~OX_PTYP_MULTIPLE);
}

static ox_bytes value_bytes(uint16_t type, const ox_value *value) {
  if (type == OX_PTYP_STRING) return (ox_bytes){value->string.data, value->string.size_bytes};
  if (type == OX_PTYP_STRING8)
    return (ox_bytes){(const uint8_t *)value->string8.data, value->string8.size_bytes};
  return value->binary;
}

static ox_bytes element_bytes(uint16_t type, const ox_value *value, uint32_t i) {
  if (type == OX_PTYP_MULTIPLE_STRING) {
    ox_str16 text = value->multiple.values.string[i];
    return (ox_bytes){text.data, text.size_bytes};
  }
  if (type == OX_PTYP_MULTIPLE_STRING8) {
    ox_str8 text = value->multiple.values.string8[i];
    return (ox_bytes){(const uint8_t *)text.data, text.size_bytes};
  }
  return value->multiple.values.binary[i];
}

ox_status oxs_value_store(ox_writer *w, uint16_t type, const ox_value *value) {
  if (is_bytes(type)) {
    ox_bytes bytes = value_bytes(type, value);
    ox_write_bytes(w, bytes.data, bytes.size_bytes);
  } else if (is_multiple_bytes(type)) {
    ox_write_u32(w, value->multiple.count);
    for (uint32_t i = 0; i < value->multiple.count; i++)
      ox_write_count(w, 4, element_bytes(type, value, i).size_bytes);
    for (uint32_t i = 0; i < value->multiple.count; i++) {
      ox_bytes bytes = element_bytes(type, value, i);
      ox_write_bytes(w, bytes.data, bytes.size_bytes);
    }
  } else {
    ox_value_encode(w, type, OX_COUNT_32, value);
  }
  return ox_writer_status(w);
}

static void set_bytes(uint16_t type, const uint8_t *data, size_t size, ox_value *out) {
  if (type == OX_PTYP_STRING) {
    out->string = (ox_str16){data, size};
  } else if (type == OX_PTYP_STRING8) {
    out->string8 = (ox_str8){(const char *)data, size};
  } else {
    out->binary = (ox_bytes){data, size};
  }
}

static ox_status load_multiple(ox_bytes bytes, uint16_t type, ox_arena *arena, ox_value *out) {
  ox_reader r;
  ox_reader_init(&r, bytes.data, bytes.size_bytes);
  uint32_t count = ox_read_count(&r, 4, 4, 0);
  size_t element = type == OX_PTYP_MULTIPLE_STRING    ? sizeof(ox_str16)
                   : type == OX_PTYP_MULTIPLE_STRING8 ? sizeof(ox_str8)
                                                      : sizeof(ox_bytes);
  void *array = ox_arena_calloc(arena, count, element);
  uint32_t *lengths = ox_arena_calloc(arena, count, sizeof *lengths);
  if (array == NULL || lengths == NULL) return OX_E_NO_MEMORY;
  out->multiple.count = count;
  out->multiple.values.any = array;
  for (uint32_t i = 0; i < count; i++) lengths[i] = ox_read_u32(&r);
  for (uint32_t i = 0; i < count; i++) {
    ox_bytes view = ox_read_bytes(&r, lengths[i]);
    if (!ox_reader_ok(&r)) return OX_E_CORRUPT_DATA;
    const uint8_t *copy = ox_arena_copy(arena, view.data, view.size_bytes);
    if (copy == NULL) return OX_E_NO_MEMORY;
    if (type == OX_PTYP_MULTIPLE_STRING) {
      if (view.size_bytes % 2 != 0) return OX_E_CORRUPT_DATA;
      out->multiple.values.string[i] = (ox_str16){copy, view.size_bytes};
    } else if (type == OX_PTYP_MULTIPLE_STRING8) {
      out->multiple.values.string8[i] = (ox_str8){(const char *)copy, view.size_bytes};
    } else {
      out->multiple.values.binary[i] = (ox_bytes){copy, view.size_bytes};
    }
  }
  return ox_reader_finish(&r, NULL) == OX_OK ? OX_OK : OX_E_CORRUPT_DATA;
}

ox_status oxs_value_load(ox_bytes bytes, uint16_t type, ox_arena *arena, ox_value *out) {
  memset(out, 0, sizeof *out);
  if (is_bytes(type)) {
    if (type == OX_PTYP_STRING && bytes.size_bytes % 2 != 0) return OX_E_CORRUPT_DATA;
    const uint8_t *copy = ox_arena_copy(arena, bytes.data, bytes.size_bytes);
    if (copy == NULL) return OX_E_NO_MEMORY;
    set_bytes(type, copy, bytes.size_bytes, out);
    return OX_OK;
  }
  if (is_multiple_bytes(type)) return load_multiple(bytes, type, arena, out);
  /* Restrictions and rule actions keep views into the input, so copy it first. */
  const uint8_t *copy = ox_arena_copy(arena, bytes.data, bytes.size_bytes);
  if (copy == NULL) return OX_E_NO_MEMORY;
  ox_reader r;
  ox_reader_init(&r, copy, bytes.size_bytes);
  ox_status status = ox_value_decode(&r, arena, type, OX_COUNT_32, out);
  if (status == OX_OK) status = ox_reader_finish(&r, NULL);
  return status == OX_OK || status == OX_E_NO_MEMORY ? status : OX_E_CORRUPT_DATA;
}

/* ---- bags ---- */

/* Merges values (sorted by id) and larges (in any order) into one directory. */
ox_status oxs_bag_encode(const oxs_bag *bag, ox_arena *arena, ox_bytes *out) {
  size_t count = bag->values.count + bag->large_count;
  if (count > UINT16_MAX) return OX_E_TOO_BIG;
  ox_writer w;
  ox_writer_init(&w, NULL, OXS_BAG_MAX_BYTES);
  ox_write_u8(&w, BAG_VERSION);
  ox_write_u8(&w, 0);
  ox_write_u16(&w, (uint16_t)count);
  size_t directory = ox_writer_reserve(&w, count * ENTRY_BYTES);
  size_t start = HEADER_BYTES + count * ENTRY_BYTES;
  size_t next_value = 0;
  uint32_t previous_large = 0; /* id + 1 of the large value written last */
  for (size_t i = 0; i < count; i++) {
    const oxs_large *large = NULL;
    for (size_t j = 0; j < bag->large_count; j++) {
      uint32_t id = OX_PROPTAG_ID(bag->larges[j].tag);
      if (id + 1u > previous_large && (large == NULL || id < OX_PROPTAG_ID(large->tag)))
        large = &bag->larges[j];
    }
    const ox_property *value =
        next_value < bag->values.count ? &bag->values.items[next_value] : NULL;
    uint32_t flag = 0;
    ox_proptag tag;
    if (large != NULL && (value == NULL || OX_PROPTAG_ID(large->tag) < OX_PROPTAG_ID(value->tag))) {
      tag = large->tag;
      flag = LARGE_BIT;
      previous_large = OX_PROPTAG_ID(tag) + 1u;
      ox_write_u64(&w, (uint64_t)large->lid);
      ox_write_u64(&w, large->size);
    } else {
      tag = value->tag;
      next_value++;
      if (oxs_value_store(&w, OX_PROPTAG_TYPE(tag), &value->value) != OX_OK) break;
    }
    ox_writer_patch_u32(&w, directory + i * ENTRY_BYTES, tag);
    ox_writer_patch_u32(&w, directory + i * ENTRY_BYTES + 4,
                        (uint32_t)(w.size_bytes - start) | flag);
  }
  ox_status status = ox_writer_status(&w);
  if (status == OX_OK) {
    ox_bytes bytes = ox_writer_bytes(&w);
    out->data = ox_arena_copy(arena, bytes.data, bytes.size_bytes);
    out->size_bytes = bytes.size_bytes;
    if (out->data == NULL) status = OX_E_NO_MEMORY;
  }
  ox_writer_dispose(&w);
  return status == OX_E_LIMIT ? OX_E_TOO_BIG : status;
}

static uint32_t get_u32(const uint8_t *p) {
  return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint64_t get_u64(const uint8_t *p) {
  return (uint64_t)get_u32(p) | (uint64_t)get_u32(p + 4) << 32;
}

/* The number of entries, or -1 when the header does not hold. */
static long entry_count(ox_bytes encoded) {
  if (encoded.size_bytes < HEADER_BYTES || encoded.data[0] != BAG_VERSION || encoded.data[1] != 0)
    return -1;
  size_t count = (size_t)encoded.data[2] | (size_t)encoded.data[3] << 8;
  if ((encoded.size_bytes - HEADER_BYTES) / ENTRY_BYTES < count) return -1;
  return (long)count;
}

/* Entry i of a bag whose count has been checked; false when it does not hold. */
static bool entry_at(ox_bytes encoded, size_t count, size_t i, ox_proptag *tag, bool *large,
                     ox_bytes *value) {
  const uint8_t *entry = encoded.data + HEADER_BYTES + i * ENTRY_BYTES;
  size_t start = HEADER_BYTES + count * ENTRY_BYTES;
  size_t area = encoded.size_bytes - start;
  uint32_t end = get_u32(entry + 4);
  *tag = get_u32(entry);
  *large = (end & LARGE_BIT) != 0;
  end &= ~LARGE_BIT;
  uint32_t begin = i > 0 ? get_u32(entry - 4) & ~LARGE_BIT : 0;
  if (begin > end || end > area || (*large && end - begin != 16)) return false;
  *value = (ox_bytes){encoded.data + start + begin, end - begin};
  return true;
}

static void fill_large(ox_proptag tag, ox_bytes value, oxs_large *out) {
  *out = (oxs_large){tag, (int64_t)get_u64(value.data), get_u64(value.data + 8), NULL};
}

bool oxs_bag_entry(ox_bytes encoded, size_t index, ox_proptag *tag_out, oxs_large *large_out) {
  long count = entry_count(encoded);
  ox_bytes value;
  bool large;
  if (count < 0 || index >= (size_t)count) return false;
  if (!entry_at(encoded, (size_t)count, index, tag_out, &large, &value)) return false;
  *large_out = (oxs_large){0};
  if (large) fill_large(*tag_out, value, large_out);
  return true;
}

ox_status oxs_bag_decode(ox_bytes encoded, ox_arena *arena, oxs_bag *out) {
  oxs_bag_init(out, arena);
  long count = entry_count(encoded);
  if (count < 0) return OX_E_CORRUPT_DATA;
  uint32_t previous = 0; /* id + 1 */
  for (size_t i = 0; i < (size_t)count; i++) {
    ox_proptag tag;
    bool is_large;
    ox_bytes bytes;
    if (!entry_at(encoded, (size_t)count, i, &tag, &is_large, &bytes)) return OX_E_CORRUPT_DATA;
    if (OX_PROPTAG_ID(tag) + 1u <= previous) return OX_E_CORRUPT_DATA;
    previous = OX_PROPTAG_ID(tag) + 1u;
    ox_status status;
    if (is_large) {
      oxs_large large;
      fill_large(tag, bytes, &large);
      status = large.lid > 0 ? oxs_bag_set_large(out, &large) : OX_E_CORRUPT_DATA;
    } else {
      ox_value value;
      status = oxs_value_load(bytes, OX_PROPTAG_TYPE(tag), arena, &value);
      if (status == OX_OK) status = ox_propbag_set_view(&out->values, tag, &value);
      if (status == OX_E_UNKNOWN_TYPE) status = OX_E_CORRUPT_DATA;
    }
    if (status != OX_OK) return status;
  }
  return OX_OK;
}

ox_status oxs_bag_pick(ox_bytes encoded, uint16_t id, ox_arena *arena, ox_property *out,
                       oxs_large *large_out) {
  long count = entry_count(encoded);
  if (count < 0) return OX_E_CORRUPT_DATA;
  size_t low = 0, high = (size_t)count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    uint16_t here = OX_PROPTAG_ID(get_u32(encoded.data + HEADER_BYTES + middle * ENTRY_BYTES));
    if (here < id) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  ox_bytes bytes;
  bool large;
  if (low == (size_t)count) return OX_E_NOT_FOUND;
  if (!entry_at(encoded, (size_t)count, low, &out->tag, &large, &bytes)) return OX_E_CORRUPT_DATA;
  if (OX_PROPTAG_ID(out->tag) != id) return OX_E_NOT_FOUND;
  *large_out = (oxs_large){0};
  if (!large) return oxs_value_load(bytes, OX_PROPTAG_TYPE(out->tag), arena, &out->value);
  fill_large(out->tag, bytes, large_out);
  return OX_OK;
}
