/* Property values, rows, bags. */
#include "../support/testing.h"

#include <math.h>

#include <oxkit/ropcodec/namedprop.h>
#include <oxkit/ropcodec/property.h>
#include <oxkit/ropcodec/restriction.h>

typedef struct vector {
  uint16_t type;
  unsigned width;
  const char *hex;
} vector;

/* One of each type, worked out by hand from [MS-OXCDATA] 2.11.1. */
static const vector vectors[] = {
    {OX_PTYP_INTEGER16, 2, "FE FF"},
    {OX_PTYP_INTEGER32, 2, "04 03 02 01"},
    {OX_PTYP_FLOATING32, 2, "00 00 C0 3F"},
    {OX_PTYP_FLOATING64, 2, "00 00 00 00 00 00 F8 3F"},
    {OX_PTYP_CURRENCY, 2, "10 27 00 00 00 00 00 00"},
    {OX_PTYP_FLOATING_TIME, 2, "00 00 00 00 00 00 F8 3F"},
    {OX_PTYP_ERROR_CODE, 2, "0F 01 04 80"},
    {OX_PTYP_BOOLEAN, 2, "01"},
    {OX_PTYP_INTEGER64, 2, "08 07 06 05 04 03 02 01"},
    {OX_PTYP_STRING8, 2, "61 62 00"},
    {OX_PTYP_STRING, 2, "61 00 AC 20 00 00"},
    {OX_PTYP_TIME, 2, "08 07 06 05 04 03 02 01"},
    {OX_PTYP_GUID, 2, "08 20 06 00 00 00 00 00 C0 00 00 00 00 00 00 46"},
    {OX_PTYP_SERVER_ID, 2, "02 00 01 02"},
    {OX_PTYP_SERVER_ID, 4, "02 00 01 02"},
    {OX_PTYP_BINARY, 2, "03 00 01 02 03"},
    {OX_PTYP_BINARY, 4, "03 00 00 00 01 02 03"},
    {OX_PTYP_OBJECT, 2, "01 00 07"},
    {OX_PTYP_RESTRICTION, 2, "08 1F 00 37 00"},
    {OX_PTYP_RULE_ACTION, 2, "01 00 09 00 0A 00 00 00 00 00 00 00 00"},
    {OX_PTYP_RULE_ACTION, 4, "01 00 00 00 09 00 00 00 0B 00 00 00 00 00 00 00 00"},
    {OX_PTYP_MULTIPLE_INTEGER16, 2, "02 00 00 00 01 00 FF FF"},
    {OX_PTYP_MULTIPLE_INTEGER32, 2, "01 00 00 00 01 00 00 00"},
    {OX_PTYP_MULTIPLE_FLOATING32, 2, "01 00 00 00 00 00 C0 3F"},
    {OX_PTYP_MULTIPLE_FLOATING64, 2, "01 00 00 00 00 00 00 00 00 00 F8 3F"},
    {OX_PTYP_MULTIPLE_CURRENCY, 2, "01 00 00 00 10 27 00 00 00 00 00 00"},
    {OX_PTYP_MULTIPLE_FLOATING_TIME, 2, "01 00 00 00 00 00 00 00 00 00 F8 3F"},
    {OX_PTYP_MULTIPLE_INTEGER64, 2, "01 00 00 00 08 07 06 05 04 03 02 01"},
    {OX_PTYP_MULTIPLE_STRING8, 2, "02 00 00 00 61 00 00"},
    {OX_PTYP_MULTIPLE_STRING, 2, "02 00 00 00 61 00 00 00 62 00 63 00 00 00"},
    {OX_PTYP_MULTIPLE_TIME, 2, "00 00 00 00"},
    {OX_PTYP_MULTIPLE_GUID, 2, "01 00 00 00 00 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F"},
    {OX_PTYP_MULTIPLE_BINARY, 2, "02 00 00 00 01 00 FF 00 00"},
    {OX_PTYP_MULTIPLE_BINARY, 4, "02 00 00 00 01 00 00 00 FF 00 00 00 00"},
};
enum { VECTOR_COUNT = sizeof vectors / sizeof vectors[0] };

static void decode(ox_arena *arena, const vector *v, ox_bytes bytes, ox_value *out) {
  ox_reader r;
  ox_reader_init(&r, bytes.data, bytes.size_bytes);
  assert_int_equal(ox_value_decode(&r, arena, v->type, v->width, out), OX_OK);
  assert_int_equal(ox_reader_finish(&r, NULL), OX_OK);
}

static void test_value__every_type_round_trips(void **state) {
  for (size_t i = 0; i < VECTOR_COUNT; i++) {
    const vector *v = &vectors[i];
    ox_bytes bytes = from_hex(*state, v->hex);
    ox_value value, copy;
    decode(*state, v, bytes, &value);
    assert_true(ox_type_is_known(v->type));
    assert_non_null(ox_type_name(v->type));
    assert_int_equal(ox_value_clone(*state, v->type, &value, &copy), OX_OK);
    assert_int_equal(ox_value_compare(v->type, &value, &copy), 0);
    ox_writer w;
    ox_writer_init(&w, NULL, 1000);
    ox_value_encode(&w, v->type, v->width, &copy);
    assert_int_equal(ox_writer_status(&w), OX_OK);
    assert_true(ox_bytes_equal(ox_writer_bytes(&w), bytes));
    ox_writer_dispose(&w);
    if (v->width == 2) assert_int_equal(ox_value_size_bytes(v->type, &value), bytes.size_bytes);
  }
}

static void test_value__every_prefix_is_truncated(void **state) {
  for (size_t i = 0; i < VECTOR_COUNT; i++) {
    ox_bytes bytes = from_hex(*state, vectors[i].hex);
    for (size_t size = 0; size < bytes.size_bytes; size++) {
      uint8_t *exact = malloc(size + 1); /* so that ASan sees a read past the end */
      assert_non_null(exact);
      memcpy(exact, bytes.data, size);
      ox_value value;
      ox_reader r;
      ox_reader_init(&r, exact, size);
      ox_status status = ox_value_decode(&r, *state, vectors[i].type, vectors[i].width, &value);
      /* Inside an action block, which has a length, running short is malformed. */
      assert_true(status == OX_E_TRUNCATED ||
                  (vectors[i].type == OX_PTYP_RULE_ACTION && status == OX_E_MALFORMED));
      free(exact);
    }
  }
}

static ox_status decode_and_clone(const ox_allocator *allocator, void *user) {
  const vector *v = user;
  uint8_t bytes[64];
  size_t size = 0;
  for (const char *at = v->hex; *at != 0; at += at[2] == ' ' ? 3 : 2) {
    bytes[size++] = (uint8_t)strtoul((char[]){at[0], at[1], 0}, NULL, 16);
  }
  ox_arena first, second;
  ox_arena_init(&first, allocator, 0);
  ox_arena_init(&second, allocator, 0);
  ox_reader r;
  ox_reader_init(&r, bytes, size);
  ox_value value, copy;
  ox_status status = ox_value_decode(&r, &first, v->type, v->width, &value);
  if (status == OX_OK) status = ox_value_clone(&second, v->type, &value, &copy);
  ox_arena_dispose(&second);
  ox_arena_dispose(&first);
  return status;
}

static void test_value__survives_every_failing_allocation(void **state) {
  (void)state;
  for (size_t i = 0; i < VECTOR_COUNT; i++) {
    if (vectors[i].type & OX_PTYP_MULTIPLE && strcmp(vectors[i].hex, "00 00 00 00") != 0) {
      every_allocation_fails(decode_and_clone, (void *)(uintptr_t)&vectors[i]);
    }
    if (vectors[i].type == OX_PTYP_RESTRICTION || vectors[i].type == OX_PTYP_RULE_ACTION) {
      every_allocation_fails(decode_and_clone, (void *)(uintptr_t)&vectors[i]);
    }
  }
}

static void test_value__refuses_what_it_cannot_hold(void **state) {
  ox_value value;
  ox_reader r;
  static const uint8_t zeros[16];
  ox_reader_init(&r, zeros, sizeof zeros);
  assert_int_equal(ox_value_decode(&r, *state, 0x0051, 2, &value), OX_E_UNKNOWN_TYPE);
  ox_reader_init(&r, zeros, sizeof zeros);
  assert_int_equal(ox_value_decode(&r, *state, 0x100B, 2, &value), OX_E_UNKNOWN_TYPE);
  ox_reader_init(&r, zeros, sizeof zeros);
  assert_int_equal(ox_value_decode(&r, *state, OX_PTYP_BINARY, 3, &value), OX_E_USAGE);
  /* A count that the input cannot hold is refused before memory is asked for. */
  ox_arena tiny;
  ox_arena_init(&tiny, NULL, 64);
  ox_reader_init(&r, "\xFF\xFF\xFF\x7F\x01", 5);
  assert_int_equal(ox_value_decode(&r, &tiny, OX_PTYP_MULTIPLE_INTEGER32, 2, &value),
                   OX_E_TRUNCATED);
  ox_arena_dispose(&tiny);
  assert_false(ox_type_is_known(OX_PTYP_UNSPECIFIED));
  assert_null(ox_type_name(0x1234));
  /* 65,536 bytes do not fit a 16-bit count, but have a size. */
  uint8_t *large = calloc(1, 0x10000);
  assert_non_null(large);
  memset(&value, 0, sizeof value);
  value.binary.data = large;
  value.binary.size_bytes = 0x10000;
  ox_writer w;
  ox_writer_init(&w, NULL, 0x20000);
  ox_value_encode(&w, OX_PTYP_BINARY, 2, &value);
  assert_int_equal(ox_writer_status(&w), OX_E_LIMIT);
  ox_writer_dispose(&w);
  assert_int_equal(ox_value_size_bytes(OX_PTYP_BINARY, &value), 0x10002);
  free(large);
}

static void test_value__order(void **state) {
  ox_value a, b;
  memset(&a, 0, sizeof a);
  memset(&b, 0, sizeof b);
  a.i32 = -1;
  b.i32 = 1;
  assert_true(ox_value_compare(OX_PTYP_INTEGER32, &a, &b) < 0);
  a.f64 = NAN;
  b.f64 = INFINITY;
  assert_true(ox_value_compare(OX_PTYP_FLOATING64, &a, &b) > 0);
  assert_true(ox_value_compare(OX_PTYP_FLOATING64, &a, &a) == 0);
  a.string = wide_text(*state, "b");
  b.string = wide_text(*state, "\xC2\x80");
  assert_true(ox_value_compare(OX_PTYP_STRING, &a, &b) < 0);
  a.string = wide_text(*state, "");
  assert_true(ox_value_compare(OX_PTYP_STRING, &a, &b) < 0);
  a.binary = from_hex(*state, "01 02");
  b.binary = from_hex(*state, "01 02 00");
  assert_true(ox_value_compare(OX_PTYP_BINARY, &a, &b) < 0);
  int32_t one[] = {1, 2}, two[] = {1, 3};
  memset(&a, 0, sizeof a);
  memset(&b, 0, sizeof b);
  a.multiple.count = b.multiple.count = 2;
  a.multiple.values.i32 = one;
  b.multiple.values.i32 = two;
  assert_true(ox_value_compare(OX_PTYP_MULTIPLE_INTEGER32, &a, &b) < 0);
  b.multiple.count = 1;
  assert_true(ox_value_compare(OX_PTYP_MULTIPLE_INTEGER32, &a, &b) > 0);
}

/* Rows. */

static const ox_proptag columns[] = {
    OX_PidTagMessageFlags, OX_PidTagSubject, OX_PROPTAG(0x3010, OX_PTYP_UNSPECIFIED),
    OX_PROPTAG(0x8001, OX_PTYP_MULTIPLE_STRING | OX_PTYP_INSTANCE)};

static void row_round_trip(void **state, const char *hex, ox_property row[4]) {
  ox_bytes bytes = from_hex(*state, hex);
  ox_reader r;
  ox_reader_init(&r, bytes.data, bytes.size_bytes);
  assert_int_equal(ox_property_row_decode(&r, *state, columns, 4, 2, row), OX_OK);
  assert_int_equal(ox_reader_finish(&r, NULL), OX_OK);
  ox_writer w;
  ox_writer_init(&w, NULL, 1000);
  ox_property_row_encode(&w, columns, 4, 2, row);
  assert_int_equal(ox_writer_status(&w), OX_OK);
  assert_true(ox_bytes_equal(ox_writer_bytes(&w), bytes));
  ox_writer_dispose(&w);
}

static void test_row__standard(void **state) {
  ox_property row[4];
  row_round_trip(state, "00  05 00 00 00  61 00 00 00  0B 00 01  62 00 00 00", row);
  assert_int_equal(row[0].tag, OX_PidTagMessageFlags);
  assert_int_equal(row[0].value.i32, 5);
  assert_int_equal(row[2].tag, OX_PROPTAG(0x3010, OX_PTYP_BOOLEAN));
  assert_true(row[2].value.boolean);
  assert_int_equal(row[3].tag, OX_PROPTAG(0x8001, OX_PTYP_STRING));
}

static void test_row__flagged(void **state) {
  ox_property row[4];
  row_round_trip(state, "01  00 05 00 00 00  0A 0F 01 04 80  03 00 00 07 00 00 00  01", row);
  assert_int_equal(row[1].tag, OX_PROPTAG_AS(OX_PidTagSubject, OX_PTYP_ERROR_CODE));
  assert_int_equal(row[1].value.error, OX_E_NOT_FOUND);
  assert_int_equal(row[2].value.i32, 7);
  assert_int_equal(OX_PROPTAG_TYPE(row[3].tag), OX_PTYP_NULL);
}

static void test_row__refuses_flags_and_types_that_do_not_exist(void **state) {
  ox_property row[4];
  ox_reader r;
  ox_reader_init(&r, "\x02", 1);
  assert_int_equal(ox_property_row_decode(&r, *state, columns, 4, 2, row), OX_E_MALFORMED);
  ox_reader_init(&r, "\x01\x05\0\0\0\0", 6);
  assert_int_equal(ox_property_row_decode(&r, *state, columns, 4, 2, row), OX_E_MALFORMED);
  memset(row, 0, sizeof row);
  row[0].tag = OX_PROPTAG_AS(OX_PidTagMessageFlags, OX_PTYP_INTEGER16);
  ox_writer w;
  ox_writer_init(&w, NULL, 100);
  ox_property_row_encode(&w, columns, 1, 2, row);
  assert_int_equal(ox_writer_status(&w), OX_E_USAGE);
  ox_writer_dispose(&w);
}

static void test_problem__round_trips(void **state) {
  ox_bytes bytes = from_hex(*state, "02 00 1F 00 37 00 05 00 07 80");
  ox_property_problem problem;
  ox_reader r;
  ox_reader_init(&r, bytes.data, bytes.size_bytes);
  assert_int_equal(ox_property_problem_decode(&r, &problem), OX_OK);
  assert_int_equal(problem.index, 2);
  assert_int_equal(problem.property_tag, OX_PidTagSubject);
  assert_int_equal(problem.error_code, OX_E_ACCESS_DENIED);
  uint8_t out[10];
  ox_writer w;
  ox_writer_init_fixed(&w, out, sizeof out);
  ox_property_problem_encode(&w, &problem);
  assert_true(ox_bytes_equal(ox_writer_bytes(&w), bytes));
}

/* Bags. */

static void test_bag__keeps_one_property_per_id_in_order(void **state) {
  ox_propbag bag;
  ox_propbag_init(&bag, *state);
  for (int i = 99; i >= 0; i--) {
    ox_proptag tag = OX_PROPTAG(0x3000 + i * 7 % 100, OX_PTYP_INTEGER32);
    assert_int_equal(ox_propbag_set_i32(&bag, tag, i * 7 % 100), OX_OK);
  }
  assert_int_equal(bag.count, 100);
  for (size_t i = 0; i < bag.count; i++) {
    assert_int_equal(OX_PROPTAG_ID(bag.items[i].tag), 0x3000 + i);
    assert_int_equal(bag.items[i].value.i32, i);
  }
  /* Another type of the same id replaces. */
  assert_int_equal(ox_propbag_set_bool(&bag, OX_PROPTAG(0x3001, OX_PTYP_BOOLEAN), true), OX_OK);
  assert_int_equal(bag.count, 100);
  assert_null(ox_propbag_get(&bag, OX_PROPTAG(0x3001, OX_PTYP_INTEGER32)));
  assert_int_equal(ox_propbag_i32(&bag, OX_PROPTAG(0x3001, OX_PTYP_INTEGER32), -5), -5);
  assert_true(ox_propbag_bool(&bag, OX_PROPTAG(0x3001, OX_PTYP_BOOLEAN), false));
  assert_true(ox_propbag_remove(&bag, 0x3001));
  assert_false(ox_propbag_remove(&bag, 0x3001));
  assert_null(ox_propbag_find(&bag, 0x3001));
  assert_int_equal(ox_propbag_find(&bag, 0x3002)->value.i32, 2);
  ox_propbag_clear(&bag);
  assert_null(ox_propbag_find(&bag, 0x3002));
}

static void test_bag__copies_what_set_gets(void **state) {
  ox_propbag bag;
  ox_propbag_init(&bag, *state);
  char bytes[] = "abc";
  assert_int_equal(ox_propbag_set_binary(&bag, OX_PidTagEntryId, bytes, 3), OX_OK);
  bytes[0] = 'x';
  assert_memory_equal(ox_propbag_binary(&bag, OX_PidTagEntryId).data, "abc", 3);
  assert_int_equal(ox_propbag_binary(&bag, OX_PidTagSearchKey).size_bytes, 0);
  ox_value value;
  memset(&value, 0, sizeof value);
  assert_int_equal(ox_propbag_set(&bag, OX_PROPTAG(0x3000, 0x0051), &value), OX_E_UNKNOWN_TYPE);
  assert_int_equal(ox_propbag_set_i32(&bag, OX_PidTagSubject, 1), OX_E_USAGE);
  assert_int_equal(ox_propbag_set_utf8(&bag, OX_PidTagMessageFlags, "x"), OX_E_USAGE);
}

static void test_bag__text_in_either_form(void **state) {
  ox_propbag bag;
  ox_propbag_init(&bag, *state);
  assert_int_equal(ox_propbag_set_utf8(&bag, OX_PidTagSubject, "\xE2\x82\xAC"), OX_OK);
  assert_string_equal(ox_propbag_utf8(&bag, OX_PidTagSubject, *state, "-"), "\xE2\x82\xAC");
  assert_string_equal(ox_propbag_utf8(&bag, OX_PidTagBody, *state, "-"), "-");
  ox_value value;
  memset(&value, 0, sizeof value);
  value.string8 = ox_str8_from("\xCF");
  ox_proptag tag8 = OX_PROPTAG_AS(OX_PidTagBody, OX_PTYP_STRING8);
  assert_int_equal(ox_propbag_set(&bag, tag8, &value), OX_OK);
  assert_string_equal(ox_propbag_utf8(&bag, OX_PidTagBody, *state, "-"), "\xC3\x8F");
  assert_int_equal(ox_propbag_set_i32(&bag, OX_PidTagMessageCodepage, 1251), OX_OK);
  assert_string_equal(ox_propbag_utf8(&bag, OX_PidTagBody, *state, "-"), "\xD0\x9F");
  assert_string_equal(ox_propbag_utf8(&bag, OX_PidTagMessageCodepage, *state, "-"), "-");
}

static void test_property_name__round_trips(void **state) {
  static const char *const hex[] = {
      "00 08 20 06 00 00 00 00 00 C0 00 00 00 00 00 00 46 03 85 00 00",
      "01 29 03 02 00 00 00 00 00 C0 00 00 00 00 00 00 46 06 61 00 62 00 00 00",
      "FF 29 03 02 00 00 00 00 00 C0 00 00 00 00 00 00 46",
  };
  for (size_t i = 0; i < 3; i++) {
    ox_bytes bytes = from_hex(*state, hex[i]);
    ox_property_name name;
    ox_reader r;
    ox_reader_init(&r, bytes.data, bytes.size_bytes);
    assert_int_equal(ox_property_name_decode(&r, &name), OX_OK);
    assert_int_equal(ox_reader_finish(&r, NULL), OX_OK);
    ox_writer w;
    ox_writer_init(&w, NULL, 100);
    ox_property_name_encode(&w, &name);
    assert_true(ox_bytes_equal(ox_writer_bytes(&w), bytes));
    ox_writer_dispose(&w);
    assert_true(ox_property_name_equal(&name, &name));
  }
  ox_property_name name;
  ox_reader r;
  ox_bytes odd = from_hex(*state, "01 29 03 02 00 00 00 00 00 C0 00 00 00 00 00 00 46 03 61 00 62");
  ox_reader_init(&r, odd.data, odd.size_bytes);
  assert_int_equal(ox_property_name_decode(&r, &name), OX_E_MALFORMED);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      ARENA_TEST(test_value__every_type_round_trips),
      ARENA_TEST(test_value__every_prefix_is_truncated),
      ARENA_TEST(test_value__survives_every_failing_allocation),
      ARENA_TEST(test_value__refuses_what_it_cannot_hold),
      ARENA_TEST(test_value__order),
      ARENA_TEST(test_row__standard),
      ARENA_TEST(test_row__flagged),
      ARENA_TEST(test_row__refuses_flags_and_types_that_do_not_exist),
      ARENA_TEST(test_problem__round_trips),
      ARENA_TEST(test_bag__keeps_one_property_per_id_in_order),
      ARENA_TEST(test_bag__copies_what_set_gets),
      ARENA_TEST(test_bag__text_in_either_form),
      ARENA_TEST(test_property_name__round_trips),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
