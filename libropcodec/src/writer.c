#include <oxkit/ropcodec/writer.h>

#include <string.h>

#include "utf.h"

enum { FIRST_CAPACITY_BYTES = 256 };

void ox_writer_init(ox_writer *w, const ox_allocator *allocator, size_t max_bytes) {
  memset(w, 0, sizeof *w);
  w->allocator = allocator;
  w->max_bytes = max_bytes;
}

void ox_writer_init_fixed(ox_writer *w, void *buffer, size_t capacity_bytes) {
  memset(w, 0, sizeof *w);
  w->data = buffer;
  w->capacity_bytes = capacity_bytes;
  w->max_bytes = capacity_bytes;
  w->fixed = true;
}

void ox_writer_init_counting(ox_writer *w, size_t max_bytes) {
  memset(w, 0, sizeof *w);
  w->max_bytes = max_bytes;
  w->counting = true;
}

void ox_writer_dispose(ox_writer *w) {
  if (!w->fixed) ox_free(w->allocator, w->data);
  memset(w, 0, sizeof *w);
}

void ox_writer_reset(ox_writer *w) {
  w->size_bytes = 0;
  w->status = OX_OK;
}

ox_status ox_writer_status(const ox_writer *w) {
  return w->status;
}

ox_status ox_writer_fail(ox_writer *w, ox_status status) {
  if (w->status == OX_OK) w->status = status;
  return w->status;
}

ox_bytes ox_writer_bytes(const ox_writer *w) {
  ox_bytes view = {w->data, w->size_bytes};
  return view;
}

uint8_t *ox_writer_take(ox_writer *w, size_t *size_out) {
  if (w->status != OX_OK || w->fixed || w->counting) return NULL;
  uint8_t *data = w->data;
  if (data == NULL) data = ox_malloc(w->allocator, 1);
  *size_out = w->size_bytes;
  w->data = NULL;
  w->size_bytes = 0;
  w->capacity_bytes = 0;
  return data;
}

uint8_t *ox_writer_extend(ox_writer *w, size_t n) {
  if (w->status != OX_OK) return NULL;
  if (w->max_bytes - w->size_bytes < n) {
    w->status = OX_E_LIMIT;
    return NULL;
  }
  size_t need = w->size_bytes + n;
  if (w->counting) {
    w->size_bytes = need;
    return NULL;
  }
  if (w->capacity_bytes < need) {
    size_t capacity = w->capacity_bytes != 0 ? w->capacity_bytes : FIRST_CAPACITY_BYTES;
    while (capacity < need) capacity = capacity > w->max_bytes / 2 ? w->max_bytes : capacity * 2;
    uint8_t *grown = ox_realloc(w->allocator, w->data, capacity);
    if (grown == NULL) {
      w->status = OX_E_NO_MEMORY;
      return NULL;
    }
    w->data = grown;
    w->capacity_bytes = capacity;
  }
  uint8_t *at = w->data + w->size_bytes;
  w->size_bytes = need;
  return at;
}

static void put(uint8_t *at, uint64_t value, unsigned width) {
  for (unsigned i = 0; i < width; i++) at[i] = (uint8_t)(value >> 8 * i);
}

void ox_write_u8(ox_writer *w, uint8_t value) {
  uint8_t *at = ox_writer_extend(w, 1);
  if (at != NULL) *at = value;
}

void ox_write_u16(ox_writer *w, uint16_t value) {
  uint8_t *at = ox_writer_extend(w, 2);
  if (at != NULL) put(at, value, 2);
}

void ox_write_u32(ox_writer *w, uint32_t value) {
  uint8_t *at = ox_writer_extend(w, 4);
  if (at != NULL) put(at, value, 4);
}

void ox_write_u64(ox_writer *w, uint64_t value) {
  uint8_t *at = ox_writer_extend(w, 8);
  if (at != NULL) put(at, value, 8);
}

void ox_write_bool8(ox_writer *w, bool value) {
  ox_write_u8(w, value ? 1 : 0);
}

void ox_write_guid(ox_writer *w, const ox_guid *value) {
  uint8_t *at = ox_writer_extend(w, 16);
  if (at != NULL) ox_guid_to_wire(value, at);
}

void ox_write_bytes(ox_writer *w, const void *data, size_t size_bytes) {
  uint8_t *at = ox_writer_extend(w, size_bytes);
  if (at != NULL && size_bytes != 0) memcpy(at, data, size_bytes);
}

void ox_write_zeros(ox_writer *w, size_t size_bytes) {
  uint8_t *at = ox_writer_extend(w, size_bytes);
  if (at != NULL && size_bytes != 0) memset(at, 0, size_bytes);
}

void ox_write_text(ox_writer *w, const char *text) {
  ox_write_bytes(w, text, strlen(text));
}

void ox_write_zstr8(ox_writer *w, ox_str8 text) {
  if (text.size_bytes != 0 && memchr(text.data, 0, text.size_bytes) != NULL) {
    ox_writer_fail(w, OX_E_USAGE);
    return;
  }
  ox_write_bytes(w, text.data, text.size_bytes);
  ox_write_u8(w, 0);
}

void ox_write_zstr16(ox_writer *w, ox_str16 text) {
  if (ox_utf16_find_zero(text.data, text.size_bytes / 2) != text.size_bytes / 2) {
    ox_writer_fail(w, OX_E_USAGE);
    return;
  }
  ox_write_bytes(w, text.data, text.size_bytes & ~(size_t)1);
  ox_write_u16(w, 0);
}

static bool fits(uint64_t value, unsigned width) {
  return width >= 8 || value >> 8 * width == 0;
}

void ox_write_count(ox_writer *w, unsigned width, size_t count) {
  if (!fits(count, width)) {
    ox_writer_fail(w, OX_E_LIMIT);
    return;
  }
  uint8_t *at = ox_writer_extend(w, width);
  if (at != NULL) put(at, count, width);
}

size_t ox_writer_reserve(ox_writer *w, size_t n) {
  size_t mark = w->size_bytes;
  ox_write_zeros(w, n);
  return mark;
}

static void patch(ox_writer *w, size_t mark, uint64_t value, unsigned width) {
  if (w->status == OX_OK && !w->counting) put(w->data + mark, value, width);
}

void ox_writer_patch_u8(ox_writer *w, size_t mark, uint8_t value) {
  patch(w, mark, value, 1);
}

void ox_writer_patch_u16(ox_writer *w, size_t mark, uint16_t value) {
  patch(w, mark, value, 2);
}

void ox_writer_patch_u32(ox_writer *w, size_t mark, uint32_t value) {
  patch(w, mark, value, 4);
}

void ox_writer_patch_length(ox_writer *w, size_t mark, unsigned width) {
  if (w->status != OX_OK) return;
  size_t length = w->size_bytes - (mark + width);
  if (!fits(length, width)) {
    ox_writer_fail(w, OX_E_LIMIT);
    return;
  }
  patch(w, mark, length, width);
}

void ox_writer_rewind(ox_writer *w, size_t size_bytes) {
  if (size_bytes <= w->size_bytes) {
    w->size_bytes = size_bytes;
    if (w->status == OX_E_LIMIT) w->status = OX_OK;
  }
}

size_t ox_writer_room(const ox_writer *w) {
  return w->status == OX_OK ? w->max_bytes - w->size_bytes : 0;
}
