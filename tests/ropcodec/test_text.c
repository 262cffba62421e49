/* Text: UTF-16, UTF-8, code pages, folding, sort keys. */
#include "../support/testing.h"

static void assert_bytes(const void *data, size_t size, const char *expected, size_t length) {
  assert_int_equal(size, length);
  if (length != 0) assert_memory_equal(data, expected, length);
}

#define ASSERT_BYTES(view, literal) \
  assert_bytes((view).data, (view).size_bytes, literal, sizeof literal - 1)

static void test_utf16__any_units_survive_utf8(void **state) {
  static const uint8_t units[] = {0x41, 0,    0,    0,    0x00, 0xD8, 0x42, 0,    0x3D, 0xD8,
                                  0x00, 0xDE, 0x00, 0xDC, 0xFF, 0xFF, 0xAC, 0x20, 0x3D, 0xD8};
  ox_str16 in = {units, sizeof units}, back;
  char *utf8 = ox_str16_utf8(*state, in);
  /* The embedded zero ends the C string, so the length is known here only. */
  ox_str8 view = {utf8, 1 + 1 + 3 + 1 + 4 + 3 + 3 + 3 + 3};
  assert_int_equal(ox_str16_from_utf8(*state, view, &back), OX_OK);
  assert_bytes(back.data, back.size_bytes, (const char *)units, sizeof units);
}

static void test_utf8__broken_bytes_become_replacements(void **state) {
  assert_string_equal(ox_str16_utf8(*state, wide_text(*state, "a\xC0\x80z")),
                      "a\xEF\xBF\xBD\xEF\xBF\xBDz");
  assert_string_equal(ox_str16_utf8(*state, wide_text(*state, "\xF4\x90\x80\x80")),
                      "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
  assert_string_equal(ox_str16_utf8(*state, wide_text(*state, "\xE2\x82")),
                      "\xEF\xBF\xBD\xEF\xBF\xBD");
  assert_true(ox_text_is_valid(ox_str8_from("\xE2\x82\xAC \xF0\x9F\x98\x80")));
  assert_false(ox_text_is_valid(ox_str8_from("\xED\xA0\x80")));
  assert_string_equal(ox_text_make_valid(*state, ox_str8_from("\xED\xA0\x80x\x80")),
                      "\xEF\xBF\xBDx\xEF\xBF\xBD");
}

static void assert_page(void **state, uint32_t page, const char *bytes, const char *utf8) {
  char *text = NULL;
  ox_str8 back;
  bool lossy = true;
  assert_int_equal(ox_str8_to_utf8(*state, ox_str8_from(bytes), page, &text), OX_OK);
  assert_string_equal(text, utf8);
  assert_int_equal(ox_str8_from_utf8(*state, ox_str8_from(utf8), page, &back, &lossy), OX_OK);
  assert_string_equal(back.data, bytes);
  assert_false(lossy);
}

static void test_codepage__single_byte_pages(void **state) {
  assert_page(state, 1252, "caf\xE9 \x80 \x81", "caf\xC3\xA9 \xE2\x82\xAC \xC2\x81");
  assert_page(state, 1251, "\xCF\xF0\xE8\xE2\xE5\xF2",
              "\xD0\x9F\xD1\x80\xD0\xB8\xD0\xB2\xD0\xB5\xD1\x82");
  assert_page(state, 20866, "\xF0\xD2\xC9\xD7\xC5\xD4",
              "\xD0\x9F\xD1\x80\xD0\xB8\xD0\xB2\xD0\xB5\xD1\x82");
  assert_page(state, 28605, "\xA4", "\xE2\x82\xAC");
  assert_page(state, 437, "\x81", "\xC3\xBC");
  char *text;
  assert_int_equal(ox_str8_to_utf8(*state, ox_str8_from("a\xFF"), 20127, &text), OX_OK);
  assert_string_equal(text, "a\xEF\xBF\xBD");
  ox_str8 back;
  bool lossy = false;
  assert_int_equal(ox_str8_from_utf8(*state, ox_str8_from("\xD0\x9F!"), 1252, &back, &lossy),
                   OX_OK);
  assert_string_equal(back.data, "?!");
  assert_true(lossy);
}

static void test_codepage__unicode_pages(void **state) {
  assert_page(state, 65001, "\xE2\x82\xAC", "\xE2\x82\xAC");
  assert_page(state, 65000, "Hi Mom +Jjo-.", "Hi Mom \xE2\x98\xBA.");
  assert_page(state, 65000, "1 +- 1 +2D3eAA-x", "1 + 1 \xF0\x9F\x98\x80x");
  ox_str8 out;
  assert_int_equal(ox_str8_from_utf8(*state, ox_str8_from("\xF0\x9F\x98\x80"), 1201, &out, NULL),
                   OX_OK);
  ASSERT_BYTES(out, "\xD8\x3D\xDE\x00");
  char *text;
  assert_int_equal(ox_str8_to_utf8(*state, out, 1201, &text), OX_OK);
  assert_string_equal(text, "\xF0\x9F\x98\x80");
  ox_str8 odd = {"A\0B", 3};
  assert_int_equal(ox_str8_to_utf8(*state, odd, 1200, &text), OX_OK);
  assert_string_equal(text, "A\xEF\xBF\xBD");
}

static void test_codepage__multi_byte_pages(void **state) {
  char *text;
  if (ox_str8_to_utf8(*state, ox_str8_from("x"), 932, &text) == OX_E_UNKNOWN_CODEPAGE) {
    print_message("the C library has no converter for code page 932\n");
    skip();
  }
  static const char nihongo[] = "\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E";
  assert_page(state, 932, "\x93\xFA\x96{\x8C\xEA", nihongo);
  assert_page(state, 50220, "\x1B$BF|K\\8l\x1B(B", nihongo);
  assert_page(state, 51932, "\xC6\xFC\xCB\xDC\xB8\xEC", nihongo);
  assert_page(state, 936, "\xD6\xD0\xCE\xC4", "\xE4\xB8\xAD\xE6\x96\x87");
  assert_page(state, 54936, "\x94\x39\xDA\x33", "\xF0\x9F\x92\xA9");
  assert_page(state, 950, "\xA4\xA4\xA4\xE5", "\xE4\xB8\xAD\xE6\x96\x87");
  assert_page(state, 949, "\xC7\xD1\xB1\xDB", "\xED\x95\x9C\xEA\xB8\x80");
  /* Broken and cut input costs its own bytes only. */
  assert_int_equal(ox_str8_to_utf8(*state, ox_str8_from("a\xFF\x93\xFAz\x93"), 932, &text), OX_OK);
  assert_string_equal(text, "a\xEF\xBF\xBD\xE6\x97\xA5z\xEF\xBF\xBD");
  ox_str8 back;
  bool lossy = false;
  assert_int_equal(
      ox_str8_from_utf8(*state, ox_str8_from("\xF0\x9F\x98\x80\xE6\x97\xA5"), 932, &back, &lossy),
      OX_OK);
  assert_string_equal(back.data, "?\x93\xFA");
  assert_true(lossy);
}

static void test_codepage__names(void **state) {
  (void)state;
  assert_int_equal(ox_codepage_from_charset("ISO-8859-1"), 28591);
  assert_int_equal(ox_codepage_from_charset("Latin1"), 28591);
  assert_int_equal(ox_codepage_from_charset("utf8"), 65001);
  assert_int_equal(ox_codepage_from_charset("Shift_JIS"), 932);
  assert_int_equal(ox_codepage_from_charset("EUC-JP"), 51932);
  assert_int_equal(ox_codepage_from_charset("gb2312"), 936);
  assert_int_equal(ox_codepage_from_charset(""), 0);
  assert_int_equal(ox_codepage_from_charset("no-such-charset"), 0);
  assert_string_equal(ox_codepage_charset(1252), "windows-1252");
  assert_string_equal(ox_codepage_charset(20127), "us-ascii");
  assert_null(ox_codepage_charset(4711));
  char *text;
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  assert_int_equal(ox_str8_to_utf8(&arena, ox_str8_from("x"), 4711, &text), OX_E_UNKNOWN_CODEPAGE);
  ox_arena_dispose(&arena);
}

static void assert_folds(void **state, const char *in, uint32_t folds, const char *expected) {
  ox_str16 out;
  assert_int_equal(ox_str16_fold(*state, wide_text(*state, in), folds, &out), OX_OK);
  assert_string_equal(ox_str16_utf8(*state, out), expected);
  assert_int_equal(ox_str16_compare(wide_text(*state, in), wide_text(*state, expected), folds), 0);
}

static void test_fold__case_marks_and_width(void **state) {
  assert_folds(state, "HeLLo \xC3\x89", OX_FOLD_CASE, "hello \xC3\xA9");
  assert_folds(state, "\xD0\x9F\xD0\xA0", OX_FOLD_CASE, "\xD0\xBF\xD1\x80");
  assert_folds(state, "\xC3\x9F", OX_FOLD_CASE, "\xC3\x9F"); /* simple folding leaves sharp s */
  assert_folds(state, "\xF0\x90\x90\x80", OX_FOLD_CASE, "\xF0\x90\x90\xA8"); /* Deseret */
  assert_folds(state, "R\xC3\xA9sum\x65\xCC\x81", OX_FOLD_NONSPACE, "Resume");
  assert_folds(state, "\xEF\xBC\xA1\xEF\xBD\xB1\xE3\x80\x80", OX_FOLD_WIDTH, "A\xE3\x82\xA2 ");
  assert_folds(state, "\xEF\xBC\xA1", OX_FOLD_WIDTH | OX_FOLD_CASE, "a");
  assert_folds(state, "A\xC3\x89", 0, "A\xC3\x89");
  assert_true(ox_str16_compare(wide_text(*state, "abc"), wide_text(*state, "ABD"), OX_FOLD_CASE) <
              0);
  assert_true(ox_str16_compare(wide_text(*state, "abc"), wide_text(*state, "AB"), OX_FOLD_CASE) >
              0);
  assert_true(ox_str16_compare(wide_text(*state, ""), wide_text(*state, ""), OX_FOLD_CASE) == 0);
  assert_true(ox_str16_compare(wide_text(*state, "a"), wide_text(*state, "B"), 0) > 0);
}

static int key_order(void **state, const char *a, const char *b) {
  ox_bytes x, y;
  assert_int_equal(ox_str16_sort_key(*state, wide_text(*state, a), 1000, &x), OX_OK);
  assert_int_equal(ox_str16_sort_key(*state, wide_text(*state, b), 1000, &y), OX_OK);
  size_t common = x.size_bytes < y.size_bytes ? x.size_bytes : y.size_bytes;
  int order = memcmp(x.data, y.data, common);
  return order != 0 ? order : (x.size_bytes > y.size_bytes) - (x.size_bytes < y.size_bytes);
}

static void test_sort_key__orders_as_a_person_would(void **state) {
  static const char *const ascending[] = {"",
                                          "1",
                                          "10",
                                          "a",
                                          "A",
                                          "\xC3\xA4",
                                          "\xC3\x84",
                                          "aa",
                                          "AB",
                                          "\xC3\xA6rger",
                                          "apfel",
                                          "Apfel",
                                          "apfelmus",
                                          "cote",
                                          "Cote",
                                          "cot\xC3\xA9",
                                          "c\xC3\xB4te",
                                          "c\xC3\xB4t\xC3\xA9",
                                          "o",
                                          "\xC3\xB8",
                                          "p",
                                          "strasse",
                                          ("stra\xC3\x9F"
                                           "e"),
                                          "z",
                                          "\xCE\xB1",
                                          "\xCE\x91",
                                          "\xCE\xB2",
                                          "\xD0\xB0",
                                          "\xE6\x97\xA5"};
  const size_t count = sizeof ascending / sizeof ascending[0];
  for (size_t i = 0; i < count; i++) {
    for (size_t k = 0; k < count; k++) {
      int order = key_order(state, ascending[i], ascending[k]);
      if (i < k) assert_true(order < 0);
      if (i == k) assert_true(order == 0);
      if (i > k) assert_true(order > 0);
    }
  }
}

static void test_sort_key__different_text_has_different_keys(void **state) {
  /* The same letters in other forms: Kelvin sign, full width, decomposed, Angstrom sign. */
  static const char *const texts[] = {"K",        "k",         "\xE2\x84\xAA", "\xEF\xBC\xAB",
                                      "\xC3\xA9", "e\xCC\x81", "\xC3\x85",     "\xE2\x84\xAB",
                                      "A\xCC\x8A"};
  const size_t count = sizeof texts / sizeof texts[0];
  for (size_t i = 0; i < count; i++) {
    for (size_t k = 0; k < i; k++) assert_true(key_order(state, texts[i], texts[k]) != 0);
  }
  ox_bytes cut;
  assert_int_equal(ox_str16_sort_key(*state, wide_text(*state, "abcdef"), 3, &cut), OX_OK);
  ASSERT_BYTES(cut, "bcd");
}

static ox_status convert(const ox_allocator *allocator, void *user) {
  (void)user;
  static const char text[] = "caf\xC3\xA9 + \xF0\x9F\x98\x80";
  static const uint32_t pages[] = {1200, 1201, 1252, 12001, 65000, 65001};
  ox_arena arena;
  ox_arena_init(&arena, allocator, 0);
  ox_status status = OX_OK;
  for (size_t i = 0; i < 20 * sizeof pages / sizeof pages[0] && status == OX_OK; i++) {
    ox_str8 bytes;
    char *utf8;
    uint32_t page = pages[i % (sizeof pages / sizeof pages[0])];
    status = ox_str8_from_utf8(&arena, ox_str8_from(text), page, &bytes, NULL);
    if (status == OX_OK) status = ox_str8_to_utf8(&arena, bytes, page, &utf8);
  }
  ox_str16 wide, folded;
  ox_bytes key;
  if (status == OX_OK) status = ox_str16_from_utf8(&arena, ox_str8_from(text), &wide);
  for (int i = 0; i < 200 && status == OX_OK; i++) {
    status = ox_str16_fold(&arena, wide, OX_FOLD_CASE, &folded);
    if (status == OX_OK) status = ox_str16_sort_key(&arena, folded, 100, &key);
    if (status == OX_OK && ox_str16_utf8(&arena, folded) == NULL) status = OX_E_NO_MEMORY;
    if (status == OX_OK && ox_text_make_valid(&arena, ox_str8_from(text)) == NULL) {
      status = OX_E_NO_MEMORY;
    }
  }
  ox_arena_dispose(&arena);
  return status;
}

static void test_text__survives_every_failing_allocation(void **state) {
  (void)state;
  every_allocation_fails(convert, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      ARENA_TEST(test_utf16__any_units_survive_utf8),
      ARENA_TEST(test_utf8__broken_bytes_become_replacements),
      ARENA_TEST(test_codepage__single_byte_pages),
      ARENA_TEST(test_codepage__unicode_pages),
      ARENA_TEST(test_codepage__multi_byte_pages),
      ARENA_TEST(test_codepage__names),
      ARENA_TEST(test_fold__case_marks_and_width),
      ARENA_TEST(test_sort_key__orders_as_a_person_would),
      ARENA_TEST(test_sort_key__different_text_has_different_keys),
      ARENA_TEST(test_text__survives_every_failing_allocation),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
