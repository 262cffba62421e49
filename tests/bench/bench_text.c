/* Text and lookups: UTF-16 to UTF-8 and code pages against the C library's iconv on the same text,
 * folding against memcpy, restrictions.
 * usage: bench_text [MILLISECONDS-PER-MEASUREMENT] */
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <oxkit/ropcodec/restriction.h>

#include "measure.h"

static volatile size_t sink;

static void must(bool condition) {
  if (!condition) abort();
}

static size_t with_iconv(const char *to, const char *from, const void *data, size_t size, char *out,
                         size_t capacity) {
  iconv_t converter = iconv_open(to, from);
  must(converter != (iconv_t)-1);
  char *in = (char *)(uintptr_t)data;
  char *end = out;
  size_t left = size, room = capacity;
  must(iconv(converter, &in, &left, &end, &room) != (size_t)-1);
  iconv_close(converter);
  return capacity - room;
}

typedef struct text_case {
  const char *what;
  const char *pattern; /* UTF-8, repeated */
} text_case;

static void bench_text(const text_case *c, size_t length) {
  ox_arena keep, arena;
  ox_arena_init(&keep, NULL, 0);
  ox_arena_init(&arena, NULL, 0);
  char *utf8 = ox_arena_calloc(&keep, length + 64, 1);
  must(utf8 != NULL);
  while (strlen(utf8) < length) strcat(utf8, c->pattern);
  const size_t size = strlen(utf8);
  char *room = ox_arena_alloc(&keep, 4 * size + 16);
  ox_str16 wide, folded;
  ox_bytes key;
  must(room != NULL && ox_str16_from_utf8(&keep, ox_str8_from(utf8), &wide) == OX_OK);
  double ours, theirs, fold, sort, copy;
  MEASURE(ours, {
    ox_arena_reset(&arena);
    sink += ox_str16_utf8(&arena, wide)[0];
  });
  MEASURE(theirs,
          { sink += with_iconv("UTF-8", "UTF-16LE", wide.data, wide.size_bytes, room, 4 * size); });
  MEASURE(fold, {
    ox_arena_reset(&arena);
    must(ox_str16_fold(&arena, wide, OX_FOLD_CASE, &folded) == OX_OK);
  });
  MEASURE(sort, {
    ox_arena_reset(&arena);
    must(ox_str16_sort_key(&arena, wide, SIZE_MAX, &key) == OX_OK);
  });
  MEASURE(copy, {
    memcpy(room, wide.data, wide.size_bytes);
    sink += (size_t)room[0];
  });
  printf(
      "%-10s %7zu bytes  UTF-16 to UTF-8 %9.0f ns  iconv/ours %5.2f  fold %9.0f ns"
      "  sort key %9.0f ns  (memcpy %.0f ns)\n",
      c->what, wide.size_bytes, ours, theirs / ours, fold, sort, copy);
  ox_arena_dispose(&arena);
  ox_arena_dispose(&keep);
}

static void bench_page(uint32_t page, const char *iconv_name, const char *pattern) {
  ox_arena keep, arena;
  ox_arena_init(&keep, NULL, 0);
  ox_arena_init(&arena, NULL, 0);
  char *utf8 = ox_arena_calloc(&keep, 5000, 1);
  must(utf8 != NULL);
  while (strlen(utf8) < 4000) strcat(utf8, pattern);
  ox_str8 bytes;
  char *text, room[20000];
  must(ox_str8_from_utf8(&keep, ox_str8_from(utf8), page, &bytes, NULL) == OX_OK);
  double ours, theirs;
  MEASURE(ours, {
    ox_arena_reset(&arena);
    must(ox_str8_to_utf8(&arena, bytes, page, &text) == OX_OK);
  });
  MEASURE(theirs, {
    sink += with_iconv("UTF-8", iconv_name, bytes.data, bytes.size_bytes, room, sizeof room);
  });
  printf("code page %5u %7zu bytes  to UTF-8 %9.0f ns  iconv/ours %5.2f\n", (unsigned)page,
         bytes.size_bytes, ours, theirs / ours);
  ox_arena_dispose(&arena);
  ox_arena_dispose(&keep);
}

static const ox_value *lookup(void *user, ox_proptag tag) {
  return ox_propbag_get(user, tag);
}

static void bench_restriction(void) {
  ox_arena keep, scratch;
  ox_arena_init(&keep, NULL, 0);
  ox_arena_init(&scratch, NULL, 0);
  ox_propbag bag;
  ox_propbag_init(&bag, &keep);
  must(ox_propbag_set_utf8(&bag, OX_PidTagSubject, "Minutes of the meeting of Tuesday") == OX_OK);
  must(ox_propbag_set_i32(&bag, OX_PidTagMessageFlags, 1) == OX_OK);
  ox_restriction both[2], all;
  memset(both, 0, sizeof both);
  memset(&all, 0, sizeof all);
  both[0].type = OX_RESTRICTION_BITMASK;
  both[0].u.bitmask.bitmap_rel_op = OX_BMR_NEZ;
  both[0].u.bitmask.property_tag = OX_PidTagMessageFlags;
  both[0].u.bitmask.mask = 1;
  both[1].type = OX_RESTRICTION_CONTENT;
  both[1].u.content.fuzzy_level_low = OX_FUZZY_SUBSTRING;
  both[1].u.content.fuzzy_level_high = OX_FUZZY_IGNORECASE;
  both[1].u.content.property_tag = OX_PidTagSubject;
  both[1].u.content.tagged_value.tag = OX_PidTagSubject;
  must(ox_str16_from_utf8(&keep, ox_str8_from("TUESDAY"),
                          &both[1].u.content.tagged_value.value.string) == OX_OK);
  all.type = OX_RESTRICTION_AND;
  all.u.logical.count = 2;
  all.u.logical.children = both;
  ox_restriction_subject subject = {sizeof subject, lookup, NULL, &bag, &scratch};
  double took;
  MEASURE(took, {
    bool matches;
    ox_arena_reset(&scratch);
    must(ox_restriction_matches(&all, &subject, &matches) == OX_OK && matches);
  });
  printf("restriction (bit mask and substring without case): %.0f ns an object\n", took);
  ox_arena_dispose(&scratch);
  ox_arena_dispose(&keep);
}

int main(int argc, char **argv) {
  static const text_case cases[] = {
      {"ASCII", "The quick brown fox. "},
      {"Cyrillic", "\xD0\x9F\xD1\x80\xD0\xB8\xD0\xB2\xD0\xB5\xD1\x82 "},
      {"Japanese", "\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E"},
  };
  measure_ns = (argc > 1 ? atof(argv[1]) : 200) * 1e6;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    bench_text(&cases[i], 64);
    bench_text(&cases[i], 64 * 1024);
  }
  bench_page(1252, "CP1252",
             "Gr\xC3\xBC\xC3\x9F"
             "e aus K\xC3\xB6ln ");
  bench_page(1251, "CP1251", "\xD0\x9F\xD1\x80\xD0\xB8\xD0\xB2\xD0\xB5\xD1\x82 ");
  bench_page(932, "CP932", "\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E");
  bench_restriction();
  return 0;
}
