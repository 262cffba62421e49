#include <oxkit/ropcodec/reader.h>

#include <string.h>

#include "utf.h"

void ox_reader_init(ox_reader *r, const void *data, size_t size_bytes) {
  memset(r, 0, sizeof *r);
  r->data = data;
  r->size_bytes = size_bytes;
  r->depth_max = OX_READER_DEPTH_MAX;
}

ox_status ox_reader_fail(ox_reader *r, ox_status status, const char *field, const char *spec) {
  if (r->status == OX_OK) {
    r->status = status;
    r->fail_position = r->position;
    r->field = field;
    r->spec = spec;
  }
  return r->status;
}

ox_status ox_reader_blame(ox_reader *r, const char *field, const char *spec) {
  if (r->status != OX_OK && r->field == NULL) {
    r->field = field;
    r->spec = spec;
  }
  return r->status;
}

ox_status ox_reader_status(const ox_reader *r, ox_error *err) {
  if (r->status != OX_OK && err != NULL) {
    ox_error_set(err, r->status, NULL);
    err->offset = r->base_offset + r->fail_position;
    err->field = r->field;
    err->spec = r->spec;
  }
  return r->status;
}

ox_status ox_reader_finish(ox_reader *r, ox_error *err) {
  if (r->status == OX_OK && r->position != r->size_bytes) {
    ox_reader_fail(r, OX_E_TRAILING, NULL, NULL);
  }
  return ox_reader_status(r, err);
}

bool ox_reader_has(ox_reader *r, size_t n) {
  if (r->status != OX_OK) return false;
  if (r->size_bytes - r->position < n) {
    ox_reader_fail(r, r->bounded ? OX_E_MALFORMED : OX_E_TRUNCATED, NULL, NULL);
    return false;
  }
  return true;
}

size_t ox_reader_remaining(const ox_reader *r) {
  return r->status == OX_OK ? r->size_bytes - r->position : 0;
}

bool ox_reader_ok(const ox_reader *r) {
  return r->status == OX_OK;
}

uint8_t ox_read_u8(ox_reader *r) {
  if (!ox_reader_has(r, 1)) return 0;
  return r->data[r->position++];
}

uint8_t ox_peek_u8(ox_reader *r) {
  return ox_reader_has(r, 1) ? r->data[r->position] : 0;
}

uint16_t ox_read_u16(ox_reader *r) {
  if (!ox_reader_has(r, 2)) return 0;
  const uint8_t *p = r->data + r->position;
  r->position += 2;
  return (uint16_t)(p[0] | p[1] << 8);
}

uint32_t ox_read_u32(ox_reader *r) {
  if (!ox_reader_has(r, 4)) return 0;
  const uint8_t *p = r->data + r->position;
  r->position += 4;
  return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

uint64_t ox_read_u64(ox_reader *r) {
  if (!ox_reader_has(r, 8)) return 0;
  uint64_t low = ox_read_u32(r);
  return low | (uint64_t)ox_read_u32(r) << 32;
}

bool ox_read_bool8(ox_reader *r) {
  return ox_read_u8(r) != 0;
}

void ox_read_guid(ox_reader *r, ox_guid *out) {
  if (!ox_reader_has(r, 16)) {
    memset(out, 0, sizeof *out);
    return;
  }
  ox_guid_from_wire(r->data + r->position, out);
  r->position += 16;
}

ox_bytes ox_read_bytes(ox_reader *r, size_t n) {
  ox_bytes view = {NULL, 0};
  if (!ox_reader_has(r, n)) return view;
  if (n != 0) view.data = r->data + r->position;
  view.size_bytes = n;
  r->position += n;
  return view;
}

void ox_read_skip(ox_reader *r, size_t n) {
  if (ox_reader_has(r, n)) r->position += n;
}

ox_str8 ox_read_zstr8(ox_reader *r) {
  ox_str8 view = {NULL, 0};
  if (!ox_reader_has(r, 1)) return view;
  const uint8_t *start = r->data + r->position;
  const uint8_t *end = memchr(start, 0, r->size_bytes - r->position);
  if (end == NULL) {
    ox_reader_has(r, SIZE_MAX);
    return view;
  }
  view.data = (const char *)start;
  view.size_bytes = (size_t)(end - start);
  r->position += view.size_bytes + 1;
  return view;
}

/* The first of `units` 16-bit units that is 0, or `units`. Four at a time: a unit is 0 where
 * subtracting 1 borrows although its top bit was clear; what that finds too much stands above a
 * true one, and the loop behind it looks again. */
static size_t find_zero_unit(const uint8_t *start, size_t units) {
  const uint64_t ones = 0x0001000100010001u;
  size_t i = 0;
  for (; units - i >= 4; i += 4) {
    uint64_t four;
    memcpy(&four, start + 2 * i, sizeof four);
    if (((four - ones) & ~four & ones << 15) != 0) break;
  }
  while (i < units && (start[2 * i] != 0 || start[2 * i + 1] != 0)) i++;
  return i;
}

ox_str16 ox_read_zstr16(ox_reader *r) {
  ox_str16 view = {NULL, 0};
  if (!ox_reader_has(r, 2)) return view;
  const uint8_t *start = r->data + r->position;
  size_t units = (r->size_bytes - r->position) / 2;
  size_t length = find_zero_unit(start, units);
  if (length == units) {
    ox_reader_has(r, SIZE_MAX);
    return view;
  }
  view.data = start;
  view.size_bytes = 2 * length;
  r->position += view.size_bytes + 2;
  return view;
}

uint32_t ox_read_count(ox_reader *r, unsigned width, size_t min_element_bytes,
                       size_t fixed_bytes_between) {
  uint32_t count = width == 1 ? ox_read_u8(r) : width == 2 ? ox_read_u16(r) : ox_read_u32(r);
  if (r->status != OX_OK || count == 0) return 0;
  size_t left = r->size_bytes - r->position;
  if (min_element_bytes == 0) min_element_bytes = 1;
  if (left < fixed_bytes_between || count > (left - fixed_bytes_between) / min_element_bytes) {
    /* Every element is there or the input is cut short: the same answer as reading them gives. */
    ox_reader_fail(r, r->bounded ? OX_E_MALFORMED : OX_E_TRUNCATED, NULL, NULL);
    return 0;
  }
  return count;
}

void ox_reader_part(ox_reader *r, size_t n, ox_reader *part) {
  *part = *r;
  part->bounded = true;
  if (!ox_reader_has(r, n)) {
    part->status = r->status;
    part->size_bytes = part->position;
    return;
  }
  part->data = r->data + r->position;
  part->size_bytes = n;
  part->position = 0;
  part->base_offset = r->base_offset + r->position;
  r->position += n;
}

void ox_reader_join(ox_reader *r, ox_reader *part) {
  if (part->status == OX_OK || r->status != OX_OK) return;
  r->status = part->status;
  r->fail_position = (size_t)(part->base_offset + part->fail_position - r->base_offset);
  r->field = part->field;
  r->spec = part->spec;
}

void ox_reader_close(ox_reader *r, ox_reader *part) {
  if (part->status == OX_OK && part->position != part->size_bytes) {
    ox_reader_fail(part, OX_E_MALFORMED, NULL, NULL);
  }
  ox_reader_join(r, part);
}

bool ox_reader_enter(ox_reader *r) {
  if (r->status != OX_OK) return false;
  if (r->depth >= r->depth_max) {
    ox_reader_fail(r, OX_E_LIMIT, NULL, NULL);
    return false;
  }
  r->depth++;
  return true;
}

void ox_reader_leave(ox_reader *r) {
  if (r->depth != 0) r->depth--;
}
