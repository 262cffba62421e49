/* 8-bit text and code pages: UTF-8, UTF-16, UTF-32 and UTF-7 by our own hand, single-byte pages by
 * generated tables, multi-byte ones by the C library's iconv. */
#include <oxkit/ropcodec/text.h>

#include <errno.h>
#include <iconv.h>
#include <string.h>

#include "codepages.h"
#include "utf.h"

static const ox_codepage_row *find_page(uint32_t codepage) {
  size_t low = 0, high = ox_codepage_count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (ox_codepages[middle].number < codepage) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low < ox_codepage_count && ox_codepages[low].number == codepage ? &ox_codepages[low]
                                                                         : NULL;
}

enum { CHARSET_NAME_MAX_BYTES = 64 };

uint32_t ox_codepage_from_charset(const char *charset) {
  char name[CHARSET_NAME_MAX_BYTES];
  size_t length = 0;
  if (charset == NULL) return 0;
  for (; charset[length] != 0; length++) {
    if (length + 1 >= sizeof name) return 0;
    char c = charset[length];
    name[length] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
  }
  name[length] = 0;
  size_t low = 0, high = ox_charset_count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    int order = strcmp(ox_charsets[middle].name, name);
    if (order == 0) return ox_charsets[middle].number;
    if (order < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return 0;
}

const char *ox_codepage_charset(uint32_t codepage) {
  const ox_codepage_row *page = find_page(codepage);
  return page != NULL ? page->charset : NULL;
}

/* UTF-8 that grows in an arena; what is outgrown stays there until reset. */
typedef struct text_buffer {
  ox_arena *arena;
  uint8_t *data;
  size_t used;
  size_t capacity;
  bool failed;
} text_buffer;

static uint8_t *room(text_buffer *b, size_t n) {
  if (b->failed) return NULL;
  if (b->capacity - b->used < n) {
    size_t capacity = b->capacity < 64 ? 64 : b->capacity;
    while (capacity - b->used < n) {
      if (capacity > SIZE_MAX / 2) return b->failed = true, NULL;
      capacity *= 2;
    }
    uint8_t *grown = ox_arena_alloc(b->arena, capacity);
    if (grown == NULL) return b->failed = true, NULL;
    if (b->used != 0) memcpy(grown, b->data, b->used);
    b->data = grown;
    b->capacity = capacity;
  }
  return b->data + b->used;
}

static void put_point(text_buffer *b, uint32_t point) {
  uint8_t *at = room(b, 4);
  if (at != NULL) b->used += ox_utf8_put(at, point);
}

static void put_byte(text_buffer *b, uint8_t byte) {
  uint8_t *at = room(b, 1);
  if (at != NULL) {
    *at = byte;
    b->used++;
  }
}

/* UTF-16 and UTF-32 in either order. */

static uint32_t read_unit(const uint8_t *at, unsigned width, bool big_endian) {
  uint32_t unit = 0;
  for (unsigned i = 0; i < width; i++) {
    unit |= (uint32_t)at[big_endian ? width - 1 - i : i] << 8 * i;
  }
  return unit;
}

static void write_unit(text_buffer *b, uint32_t unit, unsigned width, bool big_endian) {
  for (unsigned i = 0; i < width; i++) {
    put_byte(b, (uint8_t)(unit >> 8 * (big_endian ? width - 1 - i : i)));
  }
}

static void wide_to_utf8(text_buffer *b, ox_str8 text, unsigned width, bool big_endian) {
  const uint8_t *data = (const uint8_t *)text.data;
  size_t i = 0;
  while (text.size_bytes - i >= width) {
    uint32_t unit = read_unit(data + i, width, big_endian);
    i += width;
    if (width == 2 && ox_is_high_surrogate(unit) && text.size_bytes - i >= 2) {
      uint32_t low = read_unit(data + i, 2, big_endian);
      if (ox_is_low_surrogate(low)) {
        unit = 0x10000 + ((unit & 0x3FF) << 10) + (low & 0x3FF);
        i += 2;
      }
    }
    put_point(b, unit > 0x10FFFF ? OX_REPLACEMENT : unit);
  }
  if (i < text.size_bytes) put_point(b, OX_REPLACEMENT);
}

static void put_wide(text_buffer *b, uint32_t point, unsigned width, bool big_endian) {
  if (width == 2 && point >= 0x10000) {
    write_unit(b, 0xD800 | (point - 0x10000) >> 10, 2, big_endian);
    point = 0xDC00 | ((point - 0x10000) & 0x3FF);
  }
  write_unit(b, point, width, big_endian);
}

/* UTF-7. @spec RFC 2152 */

static const char base64_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int base64_value(char c) {
  const char *at = c != 0 ? strchr(base64_alphabet, c) : NULL;
  return at != NULL ? (int)(at - base64_alphabet) : -1;
}

/* UTF-16 units that come one by one. */
typedef struct unit_joiner {
  uint32_t high;
} unit_joiner;

static void flush_unit(text_buffer *b, unit_joiner *joiner) {
  if (joiner->high != 0) put_point(b, joiner->high);
  joiner->high = 0;
}

static void join_unit(text_buffer *b, unit_joiner *joiner, uint32_t unit) {
  if (joiner->high != 0 && ox_is_low_surrogate(unit)) {
    put_point(b, 0x10000 + ((joiner->high & 0x3FF) << 10) + (unit & 0x3FF));
    joiner->high = 0;
    return;
  }
  flush_unit(b, joiner);
  if (ox_is_high_surrogate(unit)) {
    joiner->high = unit;
  } else {
    put_point(b, unit);
  }
}

static void utf7_to_utf8(text_buffer *b, ox_str8 text) {
  for (size_t i = 0; i < text.size_bytes;) {
    char c = text.data[i++];
    if (c != '+') {
      put_point(b, (uint8_t)c < 0x80 ? (uint8_t)c : OX_REPLACEMENT);
      continue;
    }
    if (i < text.size_bytes && text.data[i] == '-') {
      put_point(b, '+');
      i++;
      continue;
    }
    unit_joiner joiner = {0};
    uint32_t bits = 0;
    unsigned bit_count = 0;
    int value;
    while (i < text.size_bytes && (value = base64_value(text.data[i])) >= 0) {
      bits = bits << 6 | (uint32_t)value;
      bit_count += 6;
      if (bit_count >= 16) {
        bit_count -= 16;
        join_unit(b, &joiner, bits >> bit_count & 0xFFFF);
        bits &= (1u << bit_count) - 1;
      }
      i++;
    }
    flush_unit(b, &joiner);
    if (i < text.size_bytes && text.data[i] == '-') i++;
  }
}

static bool is_utf7_direct(uint32_t point) {
  if (point >= 'A' && point <= 'Z') return true;
  if (point >= 'a' && point <= 'z') return true;
  if (point >= '0' && point <= '9') return true;
  return point < 0x80 && point != 0 && strchr("'(),-./:? \t\r\n", (int)point) != NULL;
}

typedef struct utf7_state {
  uint32_t bits;
  unsigned bit_count;
  bool shifted;
} utf7_state;

static void utf7_unit(text_buffer *b, utf7_state *s, uint32_t unit) {
  s->bits = s->bits << 16 | unit;
  s->bit_count += 16;
  while (s->bit_count >= 6) {
    s->bit_count -= 6;
    put_byte(b, (uint8_t)base64_alphabet[s->bits >> s->bit_count & 0x3F]);
  }
  s->bits &= (1u << s->bit_count) - 1;
}

static void utf7_unshift(text_buffer *b, utf7_state *s) {
  if (!s->shifted) return;
  if (s->bit_count != 0) {
    put_byte(b, (uint8_t)base64_alphabet[s->bits << (6 - s->bit_count) & 0x3F]);
  }
  put_byte(b, '-');
  memset(s, 0, sizeof *s);
}

static void put_utf7(text_buffer *b, utf7_state *s, uint32_t point) {
  if (is_utf7_direct(point)) {
    utf7_unshift(b, s);
    put_byte(b, (uint8_t)point);
    return;
  }
  if (!s->shifted && point == '+') {
    put_byte(b, '+');
    put_byte(b, '-');
    return;
  }
  if (!s->shifted) put_byte(b, '+');
  s->shifted = true;
  if (point >= 0x10000) {
    utf7_unit(b, s, 0xD800 | (point - 0x10000) >> 10);
    point = 0xDC00 | ((point - 0x10000) & 0x3FF);
  }
  utf7_unit(b, s, point);
}

/* Single-byte pages. */

static void table_to_utf8(text_buffer *b, ox_str8 text, const uint16_t *upper) {
  if (text.size_bytes == 0) return; /* there may be no buffer to point into */
  if (text.size_bytes > SIZE_MAX / 4) {
    b->failed = true;
    return;
  }
  uint8_t *out = room(b, 3 * text.size_bytes); /* no page leaves the BMP */
  if (out == NULL) return;
  size_t used = 0;
  for (size_t i = 0; i < text.size_bytes; i++) {
    uint8_t byte = (uint8_t)text.data[i];
    if (byte < 0x80) {
      out[used++] = byte;
    } else {
      uint32_t point = upper[byte - 0x80];
      used += ox_utf8_put(out + used, point != 0 ? point : OX_REPLACEMENT);
    }
  }
  b->used += used;
}

static bool put_table(text_buffer *b, const uint16_t *upper, uint32_t point) {
  if (point < 0x80) return put_byte(b, (uint8_t)point), true;
  for (unsigned i = 0; i < 128; i++) {
    if (upper[i] == point) return put_byte(b, (uint8_t)(0x80 + i)), true;
  }
  return put_byte(b, '?'), false;
}

/* Multi-byte pages. */

static ox_status iconv_to_utf8(text_buffer *b, ox_str8 text, const char *page) {
  iconv_t converter = iconv_open("UTF-8", page);
  if (converter == (iconv_t)-1) return errno == ENOMEM ? OX_E_NO_MEMORY : OX_E_UNKNOWN_CODEPAGE;
  char *in = (char *)text.data; /* iconv's prototype; it does not write there */
  size_t left = text.size_bytes;
  while (left != 0 && !b->failed) {
    char *out = (char *)room(b, left + 16);
    if (out == NULL) break;
    size_t out_left = b->capacity - b->used;
    size_t before = out_left;
    size_t result = iconv(converter, &in, &left, &out, &out_left);
    b->used += before - out_left;
    if (result != (size_t)-1) break;
    if (errno == E2BIG) {
      if (before == out_left && room(b, b->capacity) == NULL) break;
      continue;
    }
    put_point(b, OX_REPLACEMENT); /* EILSEQ or EINVAL */
    in++;
    left--;
  }
  char *out = (char *)room(b, 16);
  if (out != NULL) {
    size_t out_left = b->capacity - b->used;
    size_t before = out_left;
    iconv(converter, NULL, NULL, &out, &out_left);
    b->used += before - out_left;
  }
  iconv_close(converter);
  return OX_OK;
}

/* One code point at a time, so that one that the page lacks costs itself only. */
static bool iconv_point(text_buffer *b, iconv_t converter, uint32_t point) {
  uint8_t utf8[4];
  size_t left = ox_utf8_put(utf8, point);
  char *in = (char *)utf8;
  char *out = (char *)room(b, 16);
  if (out == NULL) return true;
  size_t out_left = b->capacity - b->used;
  size_t before = out_left;
  size_t result = iconv(converter, &in, &left, &out, &out_left);
  b->used += before - out_left;
  /* A positive result counts characters that iconv itself has replaced. */
  return result == 0;
}

static ox_status utf8_to_iconv(text_buffer *b, ox_str8 utf8, const char *page, bool *lossy) {
  iconv_t converter = iconv_open(page, "UTF-8");
  if (converter == (iconv_t)-1) return errno == ENOMEM ? OX_E_NO_MEMORY : OX_E_UNKNOWN_CODEPAGE;
  for (size_t i = 0; i < utf8.size_bytes && !b->failed;) {
    uint32_t point;
    size_t length = ox_utf8_get(utf8.data + i, utf8.size_bytes - i, &point);
    i += length == 0 ? 1 : length;
    if (length == 0 || !iconv_point(b, converter, point)) {
      iconv_point(b, converter, '?');
      *lossy = true;
    }
  }
  char *out = (char *)room(b, 16);
  if (out != NULL) {
    size_t out_left = b->capacity - b->used;
    size_t before = out_left;
    iconv(converter, NULL, NULL, &out, &out_left); /* back to the initial shift state */
    b->used += before - out_left;
  }
  iconv_close(converter);
  return OX_OK;
}

/* The two directions. */

enum {
  PAGE_UTF16LE = 1200,
  PAGE_UTF16BE = 1201,
  PAGE_UTF32LE = 12000,
  PAGE_UTF32BE = 12001,
  PAGE_UTF7 = 65000,
  PAGE_UTF8 = 65001
};

static void clean_utf8(text_buffer *b, ox_str8 text) {
  for (size_t i = 0; i < text.size_bytes;) {
    uint32_t point;
    size_t length = ox_utf8_get(text.data + i, text.size_bytes - i, &point);
    put_point(b, length == 0 ? OX_REPLACEMENT : point);
    i += length == 0 ? 1 : length;
  }
}

ox_status ox_str8_to_utf8(ox_arena *arena, ox_str8 text, uint32_t codepage, char **out) {
  const ox_codepage_row *page = find_page(codepage);
  if (page == NULL) return OX_E_UNKNOWN_CODEPAGE;
  text_buffer b = {arena, NULL, 0, 0, false};
  ox_status status = OX_OK;
  if (page->upper == NULL) room(&b, text.size_bytes + 1);
  if (page->upper != NULL) {
    table_to_utf8(&b, text, page->upper);
  } else if (page->iconv != NULL) {
    status = iconv_to_utf8(&b, text, page->iconv);
  } else if (codepage == PAGE_UTF7) {
    utf7_to_utf8(&b, text);
  } else if (codepage == PAGE_UTF8) {
    clean_utf8(&b, text);
  } else {
    unsigned width = codepage == PAGE_UTF16LE || codepage == PAGE_UTF16BE ? 2 : 4;
    wide_to_utf8(&b, text, width, codepage == PAGE_UTF16BE || codepage == PAGE_UTF32BE);
  }
  put_byte(&b, 0);
  if (b.failed) return OX_E_NO_MEMORY;
  if (status == OX_OK) *out = (char *)b.data;
  return status;
}

static void encode_own(text_buffer *b, ox_str8 utf8, uint32_t codepage, const ox_codepage_row *page,
                       bool *lossy) {
  const unsigned width = codepage == PAGE_UTF16LE || codepage == PAGE_UTF16BE ? 2 : 4;
  const bool big_endian = codepage == PAGE_UTF16BE || codepage == PAGE_UTF32BE;
  utf7_state utf7 = {0, 0, false};
  for (size_t i = 0; i < utf8.size_bytes && !b->failed;) {
    uint32_t point;
    size_t length = ox_utf8_get(utf8.data + i, utf8.size_bytes - i, &point);
    i += length == 0 ? 1 : length;
    if (length == 0) {
      *lossy = true;
      point = page->upper != NULL ? '?' : OX_REPLACEMENT;
    }
    if (page->upper != NULL) {
      if (!put_table(b, page->upper, point)) *lossy = true;
    } else if (codepage == PAGE_UTF7) {
      put_utf7(b, &utf7, point);
    } else if (codepage == PAGE_UTF8) {
      put_point(b, point);
    } else {
      put_wide(b, point, width, big_endian);
    }
  }
  utf7_unshift(b, &utf7);
}

ox_status ox_str8_from_utf8(ox_arena *arena, ox_str8 utf8, uint32_t codepage, ox_str8 *out,
                            bool *lossy_out) {
  const ox_codepage_row *page = find_page(codepage);
  if (page == NULL) return OX_E_UNKNOWN_CODEPAGE;
  text_buffer b = {arena, NULL, 0, 0, false};
  ox_status status = OX_OK;
  bool lossy = false;
  room(&b, utf8.size_bytes + 1);
  if (page->iconv != NULL) {
    status = utf8_to_iconv(&b, utf8, page->iconv, &lossy);
  } else {
    encode_own(&b, utf8, codepage, page, &lossy);
  }
  size_t size = b.used;
  put_byte(&b, 0);
  if (b.failed) return OX_E_NO_MEMORY;
  if (status != OX_OK) return status;
  out->data = (const char *)b.data;
  out->size_bytes = size;
  if (lossy_out != NULL) *lossy_out = lossy;
  return OX_OK;
}
