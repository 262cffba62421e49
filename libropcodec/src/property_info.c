/* Lookups in the generated property table. */
#include <oxkit/ropcodec/property_info.h>

#include <string.h>

#include "property_table.h"

#define EMPTY_SLOT 0xFFFF
#define FNV_START 0x811C9DC5u

static uint32_t hash_byte(uint32_t hash, uint8_t byte) {
  return (hash ^ byte) * 0x01000193u;
}

static uint32_t hash_text(uint32_t hash, const char *text) {
  for (; *text != 0; text++) hash = hash_byte(hash, (uint8_t)*text);
  return hash;
}

static uint32_t hash_u32(uint32_t hash, uint32_t value) {
  for (unsigned i = 0; i < 4; i++) hash = hash_byte(hash, (uint8_t)(value >> 8 * i));
  return hash;
}

static const char *row_text(const ox_property_row *row, uint16_t from_name) {
  return from_name != 0 ? ox_property_strings + row->name + from_name : NULL;
}

static bool fill(const ox_property_row *row, ox_property_info *out) {
  out->name = ox_property_strings + row->name;
  out->alternates = row_text(row, row->alternates);
  out->area = row->area != 0 ? ox_property_notes + ox_property_areas[row->area] : NULL;
  out->spec = row->spec != 0 ? ox_property_notes + ox_property_specs[row->spec] : NULL;
  out->section = row->spec != 0 ? ox_property_notes + row->section : NULL;
  out->dav_names = row_text(row, row->dav_names);
  out->tag = row->tag;
  out->set = row->set != 0 ? &ox_property_sets[row->set - 1].guid : NULL;
  out->string_name = row_text(row, row->string_name);
  out->lid = row->lid;
  return true;
}

/* True if one of the names, which blanks separate, is `first` and `second` joined. */
static bool among(const char *names, const char *first, size_t first_length, const char *second,
                  size_t second_length) {
  if (names == NULL) return false;
  for (;;) {
    const size_t length = strcspn(names, " ");
    if (length == first_length + second_length && memcmp(names, first, first_length) == 0 &&
        memcmp(names + first_length, second, second_length) == 0) {
      return true;
    }
    if (names[length] == 0) return false;
    names += length + 1;
  }
}

bool ox_property_info_by_name(const char *name, ox_property_info *out) {
  const size_t length = strlen(name);
  for (size_t at = hash_text(FNV_START, name);; at++) {
    const uint16_t number = ox_property_name_slots[at & ox_property_name_mask];
    if (number == EMPTY_SLOT) return false;
    const ox_property_row *row = &ox_property_rows[number];
    if (strcmp(ox_property_strings + row->name, name) == 0 ||
        among(row_text(row, row->alternates), "", 0, name, length)) {
      return fill(row, out);
    }
  }
}

bool ox_property_info_by_dav_name(const char *name_space, const char *local_name,
                                  ox_property_info *out) {
  const size_t space_length = strlen(name_space), local_length = strlen(local_name);
  for (size_t at = hash_text(hash_text(FNV_START, name_space), local_name);; at++) {
    const uint16_t number = ox_property_dav_slots[at & ox_property_dav_mask];
    if (number == EMPTY_SLOT) return false;
    const ox_property_row *row = &ox_property_rows[number];
    if (among(row_text(row, row->dav_names), name_space, space_length, local_name, local_length)) {
      return fill(row, out);
    }
  }
}

bool ox_property_info_by_tag(ox_proptag tag, ox_property_info *out) {
  const uint16_t id = OX_PROPTAG_ID(tag);
  const uint16_t type = OX_PROPTAG_TYPE(tag) & (uint16_t)~OX_PTYP_INSTANCE;
  const ox_property_row *end = ox_property_rows + ox_property_row_tag_count;
  size_t low = 0, high = ox_property_row_tag_count;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (OX_PROPTAG_ID(ox_property_rows[middle].tag) < id) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  const ox_property_row *first = ox_property_rows + low;
  if (first == end || OX_PROPTAG_ID(first->tag) != id) return false;
  for (const ox_property_row *row = first; row < end && OX_PROPTAG_ID(row->tag) == id; row++) {
    if (OX_PROPTAG_TYPE(row->tag) == type) return fill(row, out);
  }
  return fill(first, out);
}

static uint8_t lower(uint8_t c) {
  return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

/* Names of the table are ASCII. */
static bool text_matches(const char *text, ox_str16 name, bool any_case) {
  if (text == NULL || name.size_bytes != 2 * strlen(text)) return false;
  for (size_t i = 0; text[i] != 0; i++) {
    const uint8_t ours = (uint8_t)text[i], theirs = name.data[2 * i];
    if (name.data[2 * i + 1] != 0) return false;
    if (ours != theirs && !(any_case && lower(ours) == lower(theirs))) return false;
  }
  return true;
}

static uint32_t hash_name(const ox_property_name *name, bool any_case) {
  uint32_t hash = hash_u32(FNV_START, name->guid.data1);
  if (name->kind == OX_NAME_KIND_LID) return hash_u32(hash, name->lid);
  /* What is not ASCII has no row, so that its low bytes will do. */
  for (size_t i = 0; i + 1 < name->name.size_bytes; i += 2) {
    const uint8_t byte = name->name.data[i];
    hash = hash_byte(hash, any_case ? lower(byte) : byte);
  }
  return hash;
}

bool ox_property_info_by_property_name(const ox_property_name *name, ox_property_info *out) {
  if (name->kind != OX_NAME_KIND_LID && name->kind != OX_NAME_KIND_STRING) return false;
  const bool any_case = ox_guid_equal(&name->guid, &OX_PSETID_INTERNET_HEADERS);
  for (size_t at = hash_name(name, any_case);; at++) {
    const uint16_t number = ox_property_key_slots[at & ox_property_key_mask];
    if (number == EMPTY_SLOT) return false;
    const ox_property_row *row = &ox_property_rows[number];
    if (!ox_guid_equal(&ox_property_sets[row->set - 1].guid, &name->guid)) continue;
    if (name->kind == OX_NAME_KIND_LID
            ? row->string_name == 0 && row->lid == name->lid
            : text_matches(row_text(row, row->string_name), name->name, any_case)) {
      return fill(row, out);
    }
  }
}

size_t ox_property_info_count(void) {
  return ox_property_row_count;
}

bool ox_property_info_at(size_t index, ox_property_info *out) {
  return index < ox_property_row_count && fill(&ox_property_rows[index], out);
}

ox_status ox_property_info_property_name(const ox_property_info *info, ox_arena *arena,
                                         ox_property_name *out) {
  if (info->set == NULL) return OX_E_USAGE;
  ox_property_name name;
  memset(&name, 0, sizeof name);
  name.guid = *info->set;
  name.kind = OX_NAME_KIND_LID;
  name.lid = info->lid;
  if (info->string_name != NULL) {
    name.kind = OX_NAME_KIND_STRING;
    ox_status status = ox_str16_from_utf8(arena, ox_str8_from(info->string_name), &name.name);
    if (status != OX_OK) return status;
  }
  *out = name;
  return OX_OK;
}

const char *ox_property_set_name(const ox_guid *set) {
  for (size_t i = 0; i < ox_property_set_count; i++) {
    if (ox_guid_equal(&ox_property_sets[i].guid, set)) {
      return ox_property_notes + ox_property_sets[i].name;
    }
  }
  return NULL;
}
