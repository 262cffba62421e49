/* Property rows in responses, and the values of address book bodies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <oxkit/ropcodec/abvalue.h>
#include <oxkit/ropcodec/rows.h>

static const ox_proptag columns[] = {
    OX_PROPTAG(0x3000, OX_PTYP_INTEGER32),
    OX_PROPTAG(0x3001, OX_PTYP_STRING),
    OX_PROPTAG(0x3002, OX_PTYP_BINARY),
};
enum { COLUMN_COUNT = 3 };

/* A standard row, a flagged one with a gap and an error, and a byte that follows them. */
static const uint8_t two_rows[] = {0x00, 7, 0, 0, 0, 'H', 0,    0,    0,    2,    0,    0xAA, 0xBB,
                                   0x01, 0, 8, 0, 0, 0,   0x01, 0x0A, 0x0F, 0x01, 0x04, 0x80, 0x99};

static ox_reader reader(const void *data, size_t size) {
  ox_reader r;
  ox_reader_init(&r, data, size);
  return r;
}

static void test_read_rows__finds_their_end(void **state) {
  (void)state;
  ox_reader r = reader(two_rows, sizeof two_rows);
  ox_bytes rows = ox_read_rows(&r, columns, COLUMN_COUNT, 2);
  assert_int_equal(r.status, OX_OK);
  assert_int_equal(rows.size_bytes, sizeof two_rows - 1);
  assert_ptr_equal(rows.data, two_rows);
  assert_int_equal(ox_read_u8(&r), 0x99);
}

static void test_read_rows__takes_the_rest_without_columns(void **state) {
  (void)state;
  ox_reader r = reader(two_rows, sizeof two_rows);
  ox_bytes rows = ox_read_rows(&r, NULL, 0, 2);
  assert_int_equal(rows.size_bytes, sizeof two_rows);
  assert_int_equal(ox_reader_remaining(&r), 0);
}

static void test_read_rows__refuses_what_is_no_row(void **state) {
  (void)state;
  for (size_t n = 0; n < sizeof two_rows - 1; n++) {
    ox_reader r = reader(two_rows, n);
    ox_bytes rows = ox_read_rows(&r, columns, COLUMN_COUNT, 2);
    assert_int_equal(r.status, OX_E_TRUNCATED);
    assert_int_equal(rows.size_bytes, 0);
  }
  static const uint8_t bad_row_flag[] = {2, 7, 0, 0, 0, 0, 0, 0, 0};
  ox_reader r = reader(bad_row_flag, sizeof bad_row_flag);
  ox_read_rows(&r, columns, COLUMN_COUNT, 1);
  assert_int_equal(r.status, OX_E_MALFORMED);
  static const uint8_t bad_value_flag[] = {1, 3, 7, 0, 0, 0};
  r = reader(bad_value_flag, sizeof bad_value_flag);
  ox_read_rows(&r, columns, COLUMN_COUNT, 1);
  assert_int_equal(r.status, OX_E_MALFORMED);
}

static void test_read_rows__knows_instances_and_unspecified_types(void **state) {
  (void)state;
  static const ox_proptag odd[] = {
      OX_PROPTAG(0x8001, OX_PTYP_MULTIPLE_STRING | OX_PTYP_INSTANCE),
      OX_PROPTAG(0x3003, OX_PTYP_UNSPECIFIED),
      OX_PROPTAG(0x3004, OX_PTYP_MULTIPLE_INTEGER32),
  };
  static const uint8_t row[] = {0, 'a', 0, 0, 0, 0x0B, 0, 1, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0};
  ox_reader r = reader(row, sizeof row);
  ox_bytes rows = ox_read_rows(&r, odd, 3, 1);
  assert_int_equal(r.status, OX_OK);
  assert_int_equal(rows.size_bytes, sizeof row);
}

static void test_rows_decode__gives_values_gaps_and_errors(void **state) {
  (void)state;
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  ox_property *values;
  ox_bytes rows = {two_rows, sizeof two_rows - 1};
  assert_int_equal(ox_rows_decode(rows, columns, COLUMN_COUNT, 2, &arena, &values, NULL), OX_OK);
  assert_int_equal(values[0].value.i32, 7);
  assert_int_equal(values[1].value.string.size_bytes, 2);
  assert_int_equal(values[2].value.binary.size_bytes, 2);
  assert_int_equal(values[3].value.i32, 8);
  assert_int_equal(OX_PROPTAG_TYPE(values[4].tag), OX_PTYP_NULL);
  assert_int_equal(values[5].tag, OX_PROPTAG(0x3002, OX_PTYP_ERROR_CODE));
  assert_int_equal(values[5].value.error, OX_E_NOT_FOUND);
  rows.size_bytes++;
  assert_int_equal(ox_rows_decode(rows, columns, COLUMN_COUNT, 2, &arena, &values, NULL),
                   OX_E_TRAILING);
  assert_null(values);
  /* More rows than the bytes can hold are refused before memory is taken. */
  ox_arena_reset(&arena);
  assert_int_equal(ox_rows_decode(rows, columns, COLUMN_COUNT, 0xFFFFFFFF, &arena, &values, NULL),
                   OX_E_TRUNCATED);
  assert_int_equal(arena.used_bytes, 0);
  ox_arena_dispose(&arena);
}

static void test_ab_value__tells_absent_from_empty(void **state) {
  (void)state;
  static const struct {
    uint16_t type;
    uint8_t bytes[8];
    size_t size;
    bool present;
  } cases[] = {
      {OX_PTYP_STRING, {0x00}, 1, false},
      {OX_PTYP_STRING, {0xFF, 0, 0}, 3, true},
      {OX_PTYP_STRING8, {0x00}, 1, false},
      {OX_PTYP_STRING8, {0xFF, 0}, 2, true},
      {OX_PTYP_BINARY, {0x00}, 1, false},
      {OX_PTYP_BINARY, {0xFF, 0, 0, 0, 0}, 5, true},
      {OX_PTYP_MULTIPLE_STRING, {0x00}, 1, false},
      {OX_PTYP_MULTIPLE_STRING, {0xFF, 0, 0, 0, 0}, 5, true},
      {OX_PTYP_MULTIPLE_INTEGER32, {0x00}, 1, false},
      {OX_PTYP_MULTIPLE_INTEGER32, {0xFF, 0, 0, 0, 0}, 5, true},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    ox_arena arena;
    ox_arena_init(&arena, NULL, 0);
    ox_reader r = reader(cases[i].bytes, cases[i].size);
    ox_value value;
    assert_int_equal(ox_ab_value_decode(&r, &arena, cases[i].type, &value), OX_OK);
    assert_int_equal(ox_reader_remaining(&r), 0);
    const void *data = (cases[i].type & OX_PTYP_MULTIPLE) != 0 ? value.multiple.values.any
                                                               : (const void *)value.binary.data;
    assert_int_equal(data != NULL, cases[i].present);
    ox_writer w;
    ox_writer_init(&w, NULL, 100);
    ox_ab_value_encode(&w, cases[i].type, &value);
    assert_int_equal(w.size_bytes, cases[i].size);
    assert_memory_equal(w.data, cases[i].bytes, cases[i].size);
    ox_writer_dispose(&w);
    ox_arena_dispose(&arena);
  }
}

static void test_ab_value__plain_types_have_no_presence_byte(void **state) {
  (void)state;
  static const uint8_t bytes[] = {0x2A, 0, 0, 0};
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  ox_reader r = reader(bytes, sizeof bytes);
  ox_value value;
  assert_int_equal(ox_ab_value_decode(&r, &arena, OX_PTYP_INTEGER32, &value), OX_OK);
  assert_int_equal(value.i32, 42);
  ox_arena_dispose(&arena);
}

static void test_ab_row__must_have_a_value_for_each_column(void **state) {
  (void)state;
  ox_property values[] = {{.tag = columns[0]}, {.tag = columns[0]}};
  ox_ab_row row = {1, values};
  ox_writer w;
  ox_writer_init(&w, NULL, 100);
  ox_ab_row_encode(&w, columns, 2, &row);
  assert_int_equal(ox_writer_status(&w), OX_E_USAGE);
  /* A value of another type than its column's is neither absent nor an error. */
  ox_writer_reset(&w);
  row.value_count = 2;
  ox_ab_row_encode(&w, columns, 2, &row);
  assert_int_equal(ox_writer_status(&w), OX_E_USAGE);
  ox_writer_dispose(&w);
}

static void test_ab_row__counts_columns_against_the_input(void **state) {
  (void)state;
  static ox_proptag many[100000];
  for (size_t i = 0; i < 100000; i++) many[i] = OX_PROPTAG(0x3000, OX_PTYP_NULL);
  static const uint8_t bytes[100] = {0};
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  ox_reader r = reader(bytes, sizeof bytes);
  ox_ab_row row;
  assert_int_equal(ox_ab_row_decode(&r, &arena, many, 100000, &row), OX_E_TRUNCATED);
  assert_int_equal(arena.used_bytes, 0);
  r = reader(bytes, sizeof bytes);
  assert_int_equal(ox_ab_row_decode(&r, &arena, many, 50, &row), OX_E_MALFORMED);
  ox_arena_dispose(&arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_read_rows__finds_their_end),
      cmocka_unit_test(test_read_rows__takes_the_rest_without_columns),
      cmocka_unit_test(test_read_rows__refuses_what_is_no_row),
      cmocka_unit_test(test_read_rows__knows_instances_and_unspecified_types),
      cmocka_unit_test(test_rows_decode__gives_values_gaps_and_errors),
      cmocka_unit_test(test_ab_value__tells_absent_from_empty),
      cmocka_unit_test(test_ab_value__plain_types_have_no_presence_byte),
      cmocka_unit_test(test_ab_row__must_have_a_value_for_each_column),
      cmocka_unit_test(test_ab_row__counts_columns_against_the_input),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
