/* UTF-16LE and generalised UTF-8. */
#include <oxkit/ropcodec/text.h>

#include <string.h>

#include "utf.h"

ox_str8 ox_str8_from(const char *text) {
  ox_str8 view = {text, text != NULL ? strlen(text) : 0};
  return view;
}

size_t ox_utf8_get(const char *at, size_t left, uint32_t *point_out) {
  const uint8_t *p = (const uint8_t *)at;
  if (p[0] < 0x80) {
    *point_out = p[0];
    return 1;
  }
  size_t length = p[0] >= 0xF0 ? 4 : p[0] >= 0xE0 ? 3 : 2;
  if (p[0] < 0xC2 || p[0] > 0xF4 || left < length) return 0;
  uint32_t point = p[0] & (0x7Fu >> length);
  for (size_t i = 1; i < length; i++) {
    if ((p[i] & 0xC0) != 0x80) return 0;
    point = point << 6 | (p[i] & 0x3F);
  }
  if ((length == 3 && point < 0x800) || (length == 4 && (point < 0x10000 || point > 0x10FFFF))) {
    return 0;
  }
  *point_out = point;
  return length;
}

char *ox_str16_utf8(ox_arena *arena, ox_str16 text) {
  const size_t size = text.size_bytes & ~(size_t)1;
  if (size > SIZE_MAX / 2 - 1) return NULL;
  uint8_t *out = ox_arena_alloc(arena, size / 2 * 3 + 1);
  if (out == NULL) return NULL;
  size_t used = 0;
  for (size_t i = 0; i < size;) {
    size_t run = ox_utf16_ascii_run(text.data + i, (size - i) / 2);
    for (size_t k = 0; k < run; k++) out[used + k] = text.data[i + 2 * k];
    used += run;
    i += 2 * run;
    for (unsigned k = 0; k < 4 && i < size; k++) {
      used += ox_utf8_put(out + used, ox_utf16_next(text, &i));
    }
  }
  out[used] = 0;
  return (char *)out;
}

ox_status ox_str16_from_utf8(ox_arena *arena, ox_str8 text, ox_str16 *out) {
  if (text.size_bytes > SIZE_MAX / 2 - 2) return OX_E_NO_MEMORY;
  uint8_t *units = ox_arena_alloc(arena, 2 * text.size_bytes + 2);
  if (units == NULL) return OX_E_NO_MEMORY;
  size_t used = 0;
  for (size_t i = 0; i < text.size_bytes;) {
    size_t run = ox_ascii_run(text.data + i, text.size_bytes - i);
    for (size_t k = 0; k < run; k++) {
      units[used + 2 * k] = (uint8_t)text.data[i + k];
      units[used + 2 * k + 1] = 0;
    }
    used += 2 * run;
    i += run;
    for (unsigned k = 0; k < 8 && i < text.size_bytes; k++) {
      uint32_t point;
      size_t length = ox_utf8_get(text.data + i, text.size_bytes - i, &point);
      if (length == 0) {
        point = OX_REPLACEMENT;
        length = 1;
      }
      used += ox_utf16_put(units + used, point);
      i += length;
    }
  }
  units[used] = 0;
  units[used + 1] = 0;
  out->data = units;
  out->size_bytes = used;
  return OX_OK;
}

static bool is_surrogate(uint32_t point) {
  return (point & 0xFFFFF800u) == 0xD800;
}

bool ox_text_is_valid(ox_str8 text) {
  for (size_t i = 0; i < text.size_bytes;) {
    uint32_t point;
    size_t length = ox_utf8_get(text.data + i, text.size_bytes - i, &point);
    if (length == 0 || is_surrogate(point)) return false;
    i += length;
  }
  return true;
}

char *ox_text_make_valid(ox_arena *arena, ox_str8 text) {
  if (text.size_bytes > SIZE_MAX / 3 - 1) return NULL;
  size_t need = 1;
  for (size_t i = 0; i < text.size_bytes;) {
    uint32_t point;
    size_t length = ox_utf8_get(text.data + i, text.size_bytes - i, &point);
    need += length == 0 ? 3 : length;
    i += length == 0 ? 1 : length;
  }
  uint8_t *out = ox_arena_alloc(arena, need);
  if (out == NULL) return NULL;
  size_t used = 0;
  for (size_t i = 0; i < text.size_bytes;) {
    uint32_t point;
    size_t length = ox_utf8_get(text.data + i, text.size_bytes - i, &point);
    if (length == 0 || is_surrogate(point)) point = OX_REPLACEMENT;
    used += ox_utf8_put(out + used, point);
    i += length == 0 ? 1 : length;
  }
  out[used] = 0;
  return (char *)out;
}

static char lower(char c) {
  return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool ox_ascii_equal(const char *a, const char *b) {
  while (*a != 0 && lower(*a) == lower(*b)) {
    a++;
    b++;
  }
  return lower(*a) == lower(*b);
}

bool ox_ascii_equal_n(const char *a, const char *b, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (lower(a[i]) != lower(b[i])) return false;
    if (a[i] == 0) return true;
  }
  return true;
}
