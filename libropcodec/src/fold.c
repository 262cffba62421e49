/* Folding, comparison and sort keys of UTF-16 text. */
#include <oxkit/ropcodec/text.h>

#include <string.h>

#include "unicode_tables.h"
#include "utf.h"

const char *ox_unicode_version(void) {
  return ox_unicode_tables_version;
}

static uint32_t change_case(uint32_t point, const int32_t *deltas) {
  if (point >= OX_FOLD_LIMIT) return point;
  size_t block = (size_t)ox_case_index[point >> OX_FOLD_SHIFT] << OX_FOLD_SHIFT;
  int32_t delta = deltas[ox_case_blocks[block | (point & ((1u << OX_FOLD_SHIFT) - 1))]];
  return (uint32_t)((int32_t)point + delta);
}

static uint32_t fold_case(uint32_t point) {
  if (point < 0x80) return point >= 'A' && point <= 'Z' ? point - 'A' + 'a' : point;
  return change_case(point, ox_case_deltas);
}

uint16_t ox_utf16_upper(uint16_t unit) {
  uint32_t upper = change_case(unit, ox_upper_deltas);
  return upper <= UINT16_MAX ? (uint16_t)upper : unit;
}

/* OX_FOLD_DROP for a nonspacing mark. */
static uint32_t base_of(uint32_t point) {
  if (point < 0xA0 || point >= OX_FOLD_LIMIT) return point;
  size_t block = (size_t)ox_base_index[point >> OX_FOLD_SHIFT] << OX_FOLD_SHIFT;
  uint16_t base = ox_base_blocks[block | (point & ((1u << OX_FOLD_SHIFT) - 1))];
  return base != 0 ? base : point;
}

static uint32_t narrow_of(uint32_t point) {
  if (point == 0x3000) return ' ';
  return point >= 0xFF00 && point <= 0xFFEE ? ox_narrow[point - 0xFF00] : point;
}

/* OX_FOLD_DROP: the code point goes away. */
static uint32_t fold_point(uint32_t point, uint32_t folds) {
  if (folds & OX_FOLD_WIDTH) point = narrow_of(point);
  if (folds & OX_FOLD_NONSPACE) point = base_of(point);
  if (folds & OX_FOLD_CASE && point != OX_FOLD_DROP) point = fold_case(point);
  return point;
}

ox_status ox_str16_fold(ox_arena *arena, ox_str16 text, uint32_t folds, ox_str16 *out) {
  const size_t size = text.size_bytes & ~(size_t)1;
  if (size > SIZE_MAX / 2 - 2) return OX_E_NO_MEMORY;
  /* A code point of one unit may fold to one of two, never more. */
  uint8_t *folded = ox_arena_alloc(arena, 2 * size + 2);
  if (folded == NULL) return OX_E_NO_MEMORY;
  size_t used = 0;
  for (size_t i = 0; i < size;) {
    uint32_t point = fold_point(ox_utf16_next(text, &i), folds);
    if (point != OX_FOLD_DROP || folds == 0) used += ox_utf16_put(folded + used, point);
  }
  folded[used] = 0;
  folded[used + 1] = 0;
  out->data = folded;
  out->size_bytes = used;
  return OX_OK;
}

/* The next folded code point, or -1 at the end. */
static int64_t next_folded(ox_str16 text, size_t *offset, uint32_t folds) {
  while (*offset + 1 < text.size_bytes) {
    uint32_t point = fold_point(ox_utf16_next(text, offset), folds);
    if (point != OX_FOLD_DROP) return point;
  }
  return -1;
}

int ox_str16_compare(ox_str16 a, ox_str16 b, uint32_t folds) {
  if (folds == 0) { /* code units, so that any text can be told from any other */
    size_t i = 0;
    for (; i + 1 < a.size_bytes && i + 1 < b.size_bytes; i += 2) {
      uint16_t x = ox_utf16_unit(a.data + i), y = ox_utf16_unit(b.data + i);
      if (x != y) return x < y ? -1 : 1;
    }
    return (int)(i + 1 < a.size_bytes) - (int)(i + 1 < b.size_bytes);
  }
  size_t i = 0, k = 0;
  for (;;) {
    int64_t x = next_folded(a, &i, folds), y = next_folded(b, &k, folds);
    if (x != y) return x < y ? -1 : 1;
    if (x < 0) return 0;
  }
}

/* A sort key is three levels, each ended by a 0 byte that sorts before everything:
 *   1. base letters without case, as UTF-8 of code point + 1
 *   2. accents: a 1 per base letter, the marks between them; trailing 1s left out
 *   3. what is left to tell apart: a 1 per unchanged letter, 2 per ASCII capital, 3 or 4 and the
 *      code point for other small letters and capitals, 5 per mark of its own; trailing 1s left
 *      out */
enum { PLAIN = 1, CAPITAL = 2, CHANGED_SMALL = 3, CHANGED_CAPITAL = 4, MARK = 5 };

typedef struct level {
  uint8_t *data;
  size_t used;
  size_t kept; /* up to the last byte that is not a trailing PLAIN */
} level;

static void put_level(level *l, uint8_t byte) {
  l->data[l->used++] = byte;
  if (byte != PLAIN) l->kept = l->used;
}

static void put_point(level *l, uint32_t point) {
  l->used += ox_utf8_put(l->data + l->used, point);
  l->kept = l->used;
}

static const ox_plain_letter *plain_letter(uint32_t point) {
  if (point < 0xDF || point > 0x17F) return NULL;
  for (size_t i = 0; i < ox_plain_letter_count; i++) {
    if (ox_plain_letters[i].letter == point) return &ox_plain_letters[i];
  }
  return NULL;
}

static void key_of_point(uint32_t point, level *primary, level *secondary, level *tertiary) {
  uint32_t narrow = narrow_of(point);
  uint32_t base = base_of(narrow);
  if (base == OX_FOLD_DROP) {
    put_point(secondary, point);
    put_level(tertiary, MARK);
    return;
  }
  uint32_t folded = fold_case(base);
  const ox_plain_letter *plain = plain_letter(folded);
  if (plain != NULL) {
    put_point(primary, (uint32_t)plain->first + 1);
    if (plain->second != 0) put_point(primary, (uint32_t)plain->second + 1);
  } else {
    put_point(primary, folded + 1);
  }
  put_level(secondary, PLAIN);
  uint32_t small = fold_case(point);
  if (base != narrow) { /* an accent: what is beside the base letter is in the code point */
    put_point(secondary, small);
  }
  if (plain == NULL && folded == point) {
    put_level(tertiary, PLAIN);
  } else if (point < 0x80) {
    put_level(tertiary, CAPITAL);
  } else {
    put_level(tertiary, small == point ? CHANGED_SMALL : CHANGED_CAPITAL);
    put_point(tertiary, point);
  }
}

ox_status ox_str16_sort_key(ox_arena *arena, ox_str16 text, size_t max_key_bytes, ox_bytes *out) {
  const size_t units = text.size_bytes / 2;
  if (units > SIZE_MAX / 64) return OX_E_NO_MEMORY;
  /* Per unit at most: two letters of 4 bytes; 1 + 4; 1 + 4. */
  uint8_t *room = ox_arena_alloc(arena, units * 18 + 3);
  if (room == NULL) return OX_E_NO_MEMORY;
  level primary = {room, 0, 0};
  level secondary = {room + units * 8 + 1, 0, 0};
  level tertiary = {room + units * 13 + 2, 0, 0};
  for (size_t i = 0; i + 1 < text.size_bytes;) {
    key_of_point(ox_utf16_next(text, &i), &primary, &secondary, &tertiary);
    if (primary.used >= max_key_bytes) break; /* the rest would be cut off */
  }
  size_t used = primary.used;
  room[used++] = 0;
  memmove(room + used, secondary.data, secondary.kept);
  used += secondary.kept;
  room[used++] = 0;
  memmove(room + used, tertiary.data, tertiary.kept);
  used += tertiary.kept;
  if (used > max_key_bytes) used = max_key_bytes;
  out->data = room;
  out->size_bytes = used;
  return OX_OK;
}
