#include <oxkit/ropcodec/conversation.h>

#include <string.h>

#include "md5.h"
#include "utf.h"

enum { RESERVED = 1, TIME_SHIFT = 16, NEAR_SHIFT = 18, FAR_SHIFT = 23, TOPIC_MAX_UNITS = 255 };

/* Bits 49 to 55 of the difference: with any of them the unit is the larger one. */
static const uint64_t far_mask = UINT64_C(0x00FE0000) << 32;
static const uint32_t far_code = 0x80000000u;

ox_status ox_conversation_index_start(ox_arena *arena, ox_filetime now, const ox_guid *guid,
                                      ox_bytes *out) {
  if (now >> 56 != RESERVED) return OX_E_USAGE;
  uint8_t *index = ox_arena_alloc(arena, OX_CONVERSATION_HEADER_BYTES);
  if (index == NULL) return OX_E_NO_MEMORY;
  for (unsigned i = 0; i < 6; i++) index[i] = (uint8_t)(now >> (56 - 8 * i));
  ox_guid_to_wire(guid, index + 6);
  *out = (ox_bytes){index, OX_CONVERSATION_HEADER_BYTES};
  return OX_OK;
}

bool ox_conversation_index_is_valid(ox_bytes index) {
  return index.size_bytes >= OX_CONVERSATION_HEADER_BYTES && index.data[0] == RESERVED &&
         (index.size_bytes - OX_CONVERSATION_HEADER_BYTES) % OX_CONVERSATION_LEVEL_BYTES == 0;
}

size_t ox_conversation_index_depth(ox_bytes index) {
  if (!ox_conversation_index_is_valid(index)) return 0;
  return (index.size_bytes - OX_CONVERSATION_HEADER_BYTES) / OX_CONVERSATION_LEVEL_BYTES;
}

ox_bytes ox_conversation_index_parent(ox_bytes index) {
  ox_bytes nothing = {NULL, 0};
  if (ox_conversation_index_depth(index) == 0) return nothing;
  index.size_bytes -= OX_CONVERSATION_LEVEL_BYTES;
  return index;
}

static ox_filetime header_time(ox_bytes index) {
  ox_filetime time = 0;
  for (unsigned i = 0; i < 6; i++) time = time << 8 | index.data[i];
  return time << TIME_SHIFT;
}

ox_filetime ox_conversation_index_time(ox_bytes index, size_t level) {
  if (!ox_conversation_index_is_valid(index) || level > ox_conversation_index_depth(index))
    return 0;
  ox_filetime time = header_time(index);
  if (level == 0) return time;
  const uint8_t *at =
      index.data + OX_CONVERSATION_HEADER_BYTES + (level - 1) * OX_CONVERSATION_LEVEL_BYTES;
  uint32_t delta = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
  uint64_t units = delta & ~far_code;
  return time + (units << (delta & far_code ? FAR_SHIFT : NEAR_SHIFT));
}

ox_status ox_conversation_index_reply(ox_arena *arena, ox_bytes parent, ox_filetime now,
                                      uint8_t random, ox_bytes *out) {
  if (!ox_conversation_index_is_valid(parent)) return OX_E_MALFORMED;
  if (parent.size_bytes > SIZE_MAX - OX_CONVERSATION_LEVEL_BYTES) return OX_E_NO_MEMORY;
  uint8_t *index = ox_arena_alloc(arena, parent.size_bytes + OX_CONVERSATION_LEVEL_BYTES);
  if (index == NULL) return OX_E_NO_MEMORY;
  ox_filetime start = header_time(parent);
  uint64_t difference = now > start ? now - start : 0;
  uint32_t delta = (uint32_t)(difference >> NEAR_SHIFT) & ~far_code;
  if ((difference & far_mask) != 0) {
    delta = ((uint32_t)(difference >> FAR_SHIFT) & ~far_code) | far_code;
  }
  memcpy(index, parent.data, parent.size_bytes);
  uint8_t *at = index + parent.size_bytes;
  for (unsigned i = 0; i < 4; i++) at[i] = (uint8_t)(delta >> (24 - 8 * i));
  at[4] = (uint8_t)(random << 4);
  *out = (ox_bytes){index, parent.size_bytes + OX_CONVERSATION_LEVEL_BYTES};
  return OX_OK;
}

ox_status ox_conversation_id(ox_bytes index, bool tracking, ox_str16 topic, uint8_t id_out[16]) {
  memset(id_out, 0, 16);
  if (tracking && index.size_bytes >= OX_CONVERSATION_HEADER_BYTES && index.data[0] == RESERVED) {
    memcpy(id_out, index.data + 6, 16);
    return OX_OK;
  }
  if (topic.data == NULL) return OX_E_NOT_FOUND;
  uint8_t upper[2 * TOPIC_MAX_UNITS];
  size_t size = 0;
  for (; size < sizeof upper && size + 1 < topic.size_bytes; size += 2) {
    uint16_t unit = ox_utf16_upper(ox_utf16_unit(topic.data + size));
    if (unit == 0) break;
    upper[size] = (uint8_t)unit;
    upper[size + 1] = (uint8_t)(unit >> 8);
  }
  ox_md5(upper, size, id_out);
  return OX_OK;
}
