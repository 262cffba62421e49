/* One code point at a time. Surrogates stand for themselves when unpaired. */
#ifndef OX_UTF_H
#define OX_UTF_H

#include <string.h>

#include <oxkit/ropcodec/types.h>

#define OX_REPLACEMENT 0xFFFDu

static inline uint16_t ox_utf16_unit(const uint8_t *at) {
  return (uint16_t)(at[0] | at[1] << 8);
}

static inline bool ox_is_high_surrogate(uint32_t unit) {
  return (unit & 0xFC00) == 0xD800;
}

static inline bool ox_is_low_surrogate(uint32_t unit) {
  return (unit & 0xFC00) == 0xDC00;
}

/* The code point at *offset, which moves past it; *offset < text.size_bytes & ~1. */
static inline uint32_t ox_utf16_next(ox_str16 text, size_t *offset) {
  uint32_t unit = ox_utf16_unit(text.data + *offset);
  *offset += 2;
  if (!ox_is_high_surrogate(unit) || *offset + 1 >= text.size_bytes) return unit;
  uint32_t low = ox_utf16_unit(text.data + *offset);
  if (!ox_is_low_surrogate(low)) return unit;
  *offset += 2;
  return 0x10000 + ((unit & 0x3FF) << 10) + (low & 0x3FF);
}

/* Position of the first unit that is 0, or `units`: four at a time while none of them is. */
static inline size_t ox_utf16_find_zero(const uint8_t *data, size_t units) {
  const uint64_t ones = UINT64_C(0x0001000100010001);
  size_t i = 0;
  for (; units - i >= 4; i += 4) {
    uint64_t four;
    memcpy(&four, data + 2 * i, sizeof four);
    if (((four - ones) & ~four & (ones << 15)) != 0) break;
  }
  while (i < units && (data[2 * i] | data[2 * i + 1]) != 0) i++;
  return i;
}

/* How many units from the start are ASCII; a multiple of four. */
static inline size_t ox_utf16_ascii_run(const uint8_t *data, size_t units) {
  static const uint8_t mask_bytes[8] = {0x80, 0xFF, 0x80, 0xFF, 0x80, 0xFF, 0x80, 0xFF};
  uint64_t mask;
  size_t i = 0;
  memcpy(&mask, mask_bytes, sizeof mask);
  for (; units - i >= 4; i += 4) {
    uint64_t four;
    memcpy(&four, data + 2 * i, sizeof four);
    if ((four & mask) != 0) break;
  }
  return i;
}

/* How many bytes from the start are ASCII; a multiple of eight. */
static inline size_t ox_ascii_run(const char *data, size_t size) {
  size_t i = 0;
  for (; size - i >= 8; i += 8) {
    uint64_t eight;
    memcpy(&eight, data + i, sizeof eight);
    if ((eight & UINT64_C(0x8080808080808080)) != 0) break;
  }
  return i;
}

/* 2 or 4 bytes written. */
static inline size_t ox_utf16_put(uint8_t *out, uint32_t point) {
  if (point < 0x10000) {
    out[0] = (uint8_t)point;
    out[1] = (uint8_t)(point >> 8);
    return 2;
  }
  point -= 0x10000;
  uint32_t high = 0xD800 | point >> 10, low = 0xDC00 | (point & 0x3FF);
  out[0] = (uint8_t)high;
  out[1] = (uint8_t)(high >> 8);
  out[2] = (uint8_t)low;
  out[3] = (uint8_t)(low >> 8);
  return 4;
}

/* 1 to 4 bytes written; surrogates take three, as in generalised UTF-8. */
static inline size_t ox_utf8_put(uint8_t *out, uint32_t point) {
  if (point < 0x80) {
    out[0] = (uint8_t)point;
    return 1;
  }
  if (point < 0x800) {
    out[0] = (uint8_t)(0xC0 | point >> 6);
    out[1] = (uint8_t)(0x80 | (point & 0x3F));
    return 2;
  }
  if (point < 0x10000) {
    out[0] = (uint8_t)(0xE0 | point >> 12);
    out[1] = (uint8_t)(0x80 | (point >> 6 & 0x3F));
    out[2] = (uint8_t)(0x80 | (point & 0x3F));
    return 3;
  }
  out[0] = (uint8_t)(0xF0 | point >> 18);
  out[1] = (uint8_t)(0x80 | (point >> 12 & 0x3F));
  out[2] = (uint8_t)(0x80 | (point >> 6 & 0x3F));
  out[3] = (uint8_t)(0x80 | (point & 0x3F));
  return 4;
}

/* Reads one code point of generalised UTF-8 from `left` > 0 bytes: its length in bytes, or 0 when
 * the bytes are none (then one byte is to be replaced). */
size_t ox_utf8_get(const char *at, size_t left, uint32_t *point_out);

/* The upper-case letter of a unit, in no locale; surrogates stand for themselves. */
uint16_t ox_utf16_upper(uint16_t unit);

#endif
