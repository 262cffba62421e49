/* Status, memory, cursors, GUID and FILETIME. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <oxkit/ropcodec/reader.h>
#include <oxkit/ropcodec/writer.h>

static void test_reader__is_sticky_after_a_short_read(void **state) {
  (void)state;
  static const uint8_t bytes[] = {1, 2, 3};
  ox_reader r;
  ox_reader_init(&r, bytes, sizeof bytes);
  assert_int_equal(ox_read_u16(&r), 0x0201);
  assert_int_equal(ox_read_u32(&r), 0);
  assert_int_equal(ox_read_u8(&r), 0);
  ox_error err;
  assert_int_equal(ox_reader_finish(&r, &err), OX_E_TRUNCATED);
  assert_int_equal(err.offset, 2);
}

static void test_reader__refuses_a_count_that_cannot_be_there(void **state) {
  (void)state;
  static const uint8_t bytes[] = {0xFF, 0xFF, 0xFF, 0xFF, 0, 0};
  ox_reader r;
  ox_reader_init(&r, bytes, sizeof bytes);
  assert_int_equal(ox_read_count(&r, 4, 1, 0), 0);
  assert_int_equal(ox_reader_status(&r, NULL), OX_E_TRUNCATED);
}

static void test_reader__part_that_runs_short_is_malformed(void **state) {
  (void)state;
  static const uint8_t bytes[] = {1, 2, 3, 4};
  ox_reader r, part;
  ox_reader_init(&r, bytes, sizeof bytes);
  ox_reader_part(&r, 2, &part);
  ox_read_u32(&part);
  ox_reader_close(&r, &part);
  assert_int_equal(ox_reader_status(&r, NULL), OX_E_MALFORMED);
}

static void test_writer__patches_lengths_and_stops_at_the_maximum(void **state) {
  (void)state;
  ox_writer w;
  ox_writer_init(&w, NULL, 8);
  size_t mark = ox_writer_reserve(&w, 2);
  ox_write_u32(&w, 0x04030201);
  ox_writer_patch_length(&w, mark, 2);
  static const uint8_t expected[] = {4, 0, 1, 2, 3, 4};
  assert_int_equal(ox_writer_status(&w), OX_OK);
  assert_memory_equal(ox_writer_bytes(&w).data, expected, sizeof expected);
  ox_write_u32(&w, 0);
  assert_int_equal(ox_writer_status(&w), OX_E_LIMIT);
  ox_writer_rewind(&w, 6);
  assert_int_equal(ox_writer_status(&w), OX_OK);
  ox_writer_dispose(&w);
}

static void test_guid__text_and_wire(void **state) {
  (void)state;
  ox_guid guid;
  char text[OX_GUID_TEXT_BYTES];
  uint8_t wire[16];
  assert_int_equal(ox_guid_parse("{00062008-0000-0000-C000-000000000046}", &guid), OX_OK);
  ox_guid_format(&guid, text);
  assert_string_equal(text, "00062008-0000-0000-c000-000000000046");
  ox_guid_to_wire(&guid, wire);
  static const uint8_t expected[] = {0x08, 0x20, 0x06, 0, 0, 0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0x46};
  assert_memory_equal(wire, expected, sizeof expected);
  assert_int_equal(ox_guid_parse("00062008-0000-0000-C000-00000000004", &guid), OX_E_MALFORMED);
}

static void test_filetime__text_and_unix_time(void **state) {
  (void)state;
  ox_filetime time;
  char text[OX_FILETIME_TEXT_BYTES];
  assert_int_equal(ox_filetime_parse("1970-01-01T01:00:00+01:00", &time), OX_OK);
  assert_true(time == UINT64_C(116444736000000000));
  assert_int_equal(ox_filetime_to_unix(time, NULL), 0);
  assert_int_equal(ox_filetime_parse("2000-02-29T23:59:59.1234567Z", &time), OX_OK);
  ox_filetime_format(time, text);
  assert_string_equal(text, "2000-02-29T23:59:59.1234567Z");
  assert_int_equal(ox_filetime_parse("1900-02-29T00:00:00Z", &time), OX_E_MALFORMED);
  ox_filetime_format(0, text);
  assert_string_equal(text, "1601-01-01T00:00:00.0000000Z");
}

static void test_status__names_warnings_and_peers(void **state) {
  (void)state;
  assert_true(ox_failed(OX_E_NOT_FOUND));
  assert_true(ox_failed(0x12345678));
  assert_false(ox_failed(OX_OK));
  assert_string_equal(ox_status_name(OX_E_NOT_FOUND), "NotFound");
  assert_false(ox_failed(OX_W_PARTIAL_COMPLETION));
  assert_true(ox_failed(OX_E_UNKNOWN_USER)); /* 0x3EB: no severity bit, a failure all the same */
  ox_status code = 0;
  assert_int_equal(ox_status_from_name("ecNotFound", &code), OX_OK);
  assert_int_equal(code, OX_E_NOT_FOUND);
  assert_int_equal(ox_status_from_name("MAPI_E_COLLISION", &code), OX_OK);
  assert_int_equal(code, 0x80040604);
  assert_int_equal(ox_status_from_name("OX_E_ISAM_LOG_WRITE_FAIL", &code), OX_OK);
  assert_string_equal(ox_status_name(code), "IsamErrorLogWriteFail");
  static const char *const unknown[] = {"MAPI_E",         "OX_E_",     "OX_E_NOT_FOUN",
                                        "OX_W_NOT_FOUND", "OX_E_ISAM", "OX_E_ISAM_",
                                        "OX_E_NotFound"};
  for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
    assert_int_equal(ox_status_from_name(unknown[i], &code), OX_E_NOT_FOUND);
  }
  ox_error err;
  assert_int_equal(ox_status_from_peer(OX_E_NO_MEMORY, &err), OX_E_REMOTE);
  assert_int_equal(err.remote_code, OX_E_NO_MEMORY);
}

static void test_arena__reset_reuses_and_the_limit_holds(void **state) {
  (void)state;
  ox_arena arena;
  ox_arena_init(&arena, NULL, 100000);
  for (int round = 0; round < 3; round++) {
    uint8_t *first = ox_arena_alloc(&arena, 10000);
    assert_non_null(first);
    memset(first, 1, 10000);
    assert_non_null(ox_arena_alloc(&arena, 0));
    assert_null(ox_arena_alloc(&arena, 100000));
    assert_null(ox_arena_calloc(&arena, SIZE_MAX / 2, 4));
    ox_arena_reset(&arena);
  }
  ox_arena_dispose(&arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_reader__is_sticky_after_a_short_read),
      cmocka_unit_test(test_reader__refuses_a_count_that_cannot_be_there),
      cmocka_unit_test(test_reader__part_that_runs_short_is_malformed),
      cmocka_unit_test(test_writer__patches_lengths_and_stops_at_the_maximum),
      cmocka_unit_test(test_guid__text_and_wire),
      cmocka_unit_test(test_filetime__text_and_unix_time),
      cmocka_unit_test(test_status__names_warnings_and_peers),
      cmocka_unit_test(test_arena__reset_reuses_and_the_limit_holds),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
