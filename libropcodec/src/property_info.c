/* Lookups in the generated property table. */
#include <string.h>

#include <oxkit/ropcodec/namedprop.h>

#include "property_table.h"

#define FNV_START 0x811C9DC5u

static bool has_name(const ox_property_info *info, const char *name, size_t length) {
  if (strcmp(info->name, name) == 0) return true;
  for (const char *at = info->alternates; at != NULL && *at != 0;) {
    const char *blank = strchr(at, ' ');
    size_t size = blank != NULL ? (size_t)(blank - at) : strlen(at);
    if (size == length && memcmp(at, name, length) == 0) return true;
    at += size + (blank != NULL);
  }
  return false;
}

const ox_property_info *ox_property_info_by_name(const char *name) {
  uint32_t hash = FNV_START;
  const char *end = name;
  for (; *end != 0; end++) hash = (hash ^ (uint8_t)*end) * 0x01000193u;
  const size_t mask = ox_property_name_slot_count - 1;
  for (size_t at = hash & mask;; at = (at + 1) & mask) {
    uint16_t row = ox_property_name_slots[at];
    if (row == 0xFFFF) return NULL;
    if (has_name(&ox_property_table[row], name, (size_t)(end - name))) {
      return &ox_property_table[row];
    }
  }
}

const ox_property_info *ox_property_info_by_tag(ox_proptag tag) {
  const uint16_t id = OX_PROPTAG_ID(tag);
  const uint16_t type = OX_PROPTAG_TYPE(tag) & (uint16_t)~OX_PTYP_INSTANCE;
  size_t low = 0, high = ox_property_table_tag_count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (OX_PROPTAG_ID(ox_property_table[middle].tag) < id) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  const ox_property_info *first = NULL;
  for (; low < ox_property_table_tag_count; low++) {
    const ox_property_info *info = &ox_property_table[low];
    if (OX_PROPTAG_ID(info->tag) != id) break;
    if (OX_PROPTAG_TYPE(info->tag) == type) return info;
    if (first == NULL) first = info;
  }
  return first;
}

static bool string_name_matches(const ox_property_info *info, ox_str16 name) {
  if (info->string_name == NULL) return false;
  size_t length = strlen(info->string_name);
  if (name.size_bytes != 2 * length) return false;
  for (size_t i = 0; i < length; i++) {
    if (name.data[2 * i] != (uint8_t)info->string_name[i] || name.data[2 * i + 1] != 0) {
      return false;
    }
  }
  return true;
}

static uint32_t hash_byte(uint32_t hash, uint8_t byte) {
  return (hash ^ byte) * 0x01000193u;
}

static uint32_t hash_u32(uint32_t hash, uint32_t value) {
  for (unsigned i = 0; i < 4; i++) hash = hash_byte(hash, (uint8_t)(value >> 8 * i));
  return hash;
}

static uint32_t hash_name(const ox_property_name *name) {
  uint32_t hash = hash_u32(FNV_START, name->guid.data1);
  if (name->kind == OX_NAME_KIND_LID) return hash_u32(hash, name->lid);
  /* What is not ASCII has no row, so that its low bytes will do. */
  for (size_t i = 0; i + 1 < name->name.size_bytes; i += 2) {
    hash = hash_byte(hash, name->name.data[i]);
  }
  return hash;
}

const ox_property_info *ox_property_info_by_property_name(const ox_property_name *name) {
  if (name->kind != OX_NAME_KIND_LID && name->kind != OX_NAME_KIND_STRING) return NULL;
  const size_t mask = ox_property_key_slot_count - 1;
  for (size_t at = hash_name(name) & mask;; at = (at + 1) & mask) {
    uint16_t row = ox_property_key_slots[at];
    if (row == 0xFFFF) return NULL;
    const ox_property_info *info = &ox_property_table[row];
    if (!ox_guid_equal(info->set, &name->guid)) continue;
    if (name->kind == OX_NAME_KIND_LID && info->string_name == NULL && info->lid == name->lid) {
      return info;
    }
    if (name->kind == OX_NAME_KIND_STRING && string_name_matches(info, name->name)) return info;
  }
}
