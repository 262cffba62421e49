/* Text: any bytes in any code page give valid UTF-8; UTF-16 survives; folding and sort keys hold
 * their promises. The first two bytes choose the page. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <oxkit/ropcodec/text.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint32_t pages[] = {1200, 1201,  65000, 65001, 12000, 12001, 20127, 1252,  1251,
                                 874,  28591, 28605, 20866, 437,   10000, 932,   936,   949,
                                 950,  50220, 50221, 50222, 50225, 51932, 51936, 51949, 54936};

static void require(bool condition) {
  if (!condition) abort();
}

static void check_page(ox_arena *arena, uint32_t page, ox_str8 text) {
  char *utf8 = NULL;
  ox_status status = ox_str8_to_utf8(arena, text, page, &utf8);
  if (status == OX_E_UNKNOWN_CODEPAGE) return; /* no converter in this C library */
  require(status == OX_OK);
  ox_str8 back;
  bool lossy;
  require(ox_str8_from_utf8(arena, ox_str8_from(utf8), page, &back, &lossy) == OX_OK);
  char *valid = ox_text_make_valid(arena, text);
  require(valid != NULL && ox_text_is_valid(ox_str8_from(valid)));
}

static void check_wide(ox_arena *arena, const uint8_t *data, size_t size) {
  ox_str16 text = {data, size & ~(size_t)1}, back, once, twice;
  /* Embedded zeros would end the C string: only texts without them come back whole. */
  char *utf8 = ox_str16_utf8(arena, text);
  require(utf8 != NULL);
  require(ox_str16_from_utf8(arena, ox_str8_from(utf8), &back) == OX_OK);
  require(back.size_bytes <= text.size_bytes &&
          (back.size_bytes == 0 || memcmp(back.data, text.data, back.size_bytes) == 0));
  for (uint32_t folds = 0; folds < 8; folds++) {
    require(ox_str16_fold(arena, text, folds, &once) == OX_OK);
    require(ox_str16_compare(text, text, folds) == 0);
    if (folds == OX_FOLD_CASE) {
      require(ox_str16_fold(arena, once, folds, &twice) == OX_OK);
      require(ox_str16_compare(once, twice, 0) == 0);
    }
  }
  ox_bytes key, cut;
  require(ox_str16_sort_key(arena, text, SIZE_MAX, &key) == OX_OK);
  require(ox_str16_sort_key(arena, text, 16, &cut) == OX_OK && cut.size_bytes <= 16);
  require(key.size_bytes < 16 || memcmp(key.data, cut.data, cut.size_bytes) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 1) return 0;
  ox_arena arena;
  ox_arena_init(&arena, NULL, 64u * 1024 * 1024);
  ox_str8 text = {(const char *)data + 1, size - 1};
  check_page(&arena, pages[data[0] % (sizeof pages / sizeof pages[0])], text);
  check_wide(&arena, data + 1, size - 1);
  ox_arena_dispose(&arena);
  return 0;
}
