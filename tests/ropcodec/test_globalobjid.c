/* Global object ids and UIDs. */
#include "../support/testing.h"

#include <oxkit/ropcodec/calendar_uid.h>
#include <oxkit/ropcodec/zone.h>

/* [MS-OXOCAL] 4.1.3: the exception that was moved from March 25, 2008. */
#define EXCEPTION                                                                   \
  "040000008200E00074C5B7101A82E00807D803195025D461E473C80100000000000000001000000" \
  "02A5844B3A444F74A9C246C60886F116B"
/* [MS-ASEMAIL] 4.3, the first and the second example. */
#define OUTLOOK_ID                                                                   \
  "040000008200E00074C5B7101A82E00807D40910E040C9C12685C401000000000000000010000000" \
  "0BF0ED4B6E4EE94E9E39E3867B378EF3"
#define OUTLOOK_UID                                                                  \
  "040000008200E00074C5B7101A82E00800000000E040C9C12685C401000000000000000010000000" \
  "0BF0ED4B6E4EE94E9E39E3867B378EF3"
#define WRAPPED_ID                                                                                \
  "040000008200E00074C5B7101A82E008000000000000000000000000000000000000000033000000"              \
  "7643616C2D55696401000000 7B38313431324433432D324132342D344539442D423230452D313146374242453932" \
  "3739397D00"
#define WRAPPED_UID "{81412D3C-2A24-4E9D-B20E-11F7BBE92799}"

static ox_global_object_id decode(ox_arena *arena, const char *hex) {
  ox_bytes bytes = from_hex(arena, hex);
  ox_reader r;
  ox_reader_init(&r, bytes.data, bytes.size_bytes);
  ox_global_object_id id;
  assert_int_equal(ox_global_object_id_decode(&r, arena, &id), OX_OK);
  assert_int_equal(ox_reader_finish(&r, NULL), OX_OK);
  return id;
}

static void assert_encodes(ox_arena *arena, const ox_global_object_id *id, const char *hex) {
  ox_writer w;
  ox_writer_init(&w, NULL, 1 << 16);
  ox_global_object_id_encode(&w, id);
  assert_int_equal(ox_writer_status(&w), OX_OK);
  assert_true(ox_bytes_equal(ox_writer_bytes(&w), from_hex(arena, hex)));
  ox_writer_dispose(&w);
}

static void test_fields__are_those_of_the_specification(void **state) {
  ox_global_object_id id = decode(*state, EXCEPTION);
  assert_int_equal(id.yh << 8 | id.yl, 2008);
  assert_int_equal(id.m, 3);
  assert_int_equal(id.d, 25);
  char time[OX_FILETIME_TEXT_BYTES];
  ox_filetime_format(id.creation_time, time);
  assert_memory_equal(time, "2008-02-20T17:16:51", 19);
  assert_int_equal(id.data.size_bytes, 16);
  assert_int_equal(ox_global_object_id_check(&id, NULL), OX_OK);
  assert_encodes(*state, &id, EXCEPTION);
}

static void test_prefix__is_truncated(void **state) {
  ox_bytes bytes = from_hex(*state, WRAPPED_ID);
  for (size_t n = 0; n < bytes.size_bytes; n++) {
    ox_reader r;
    ox_reader_init(&r, bytes.data, n);
    ox_global_object_id id;
    assert_int_equal(ox_global_object_id_decode(&r, *state, &id), OX_E_TRUNCATED);
  }
}

static void test_date__comes_out_as_it_was_put_in(void **state) {
  ox_global_object_id id = decode(*state, EXCEPTION);
  uint32_t expected, date;
  assert_int_equal(ox_minutes_from_date(2008, 3, 25, &expected), OX_OK);
  assert_true(ox_global_object_id_date(&id, &date));
  assert_int_equal(date, expected);
  ox_global_object_id_clean(&id);
  assert_false(ox_global_object_id_date(&id, &date));
  assert_int_equal(ox_global_object_id_check(&id, NULL), OX_OK);
  ox_global_object_id_set_date(&id, expected + 17 * 60);
  assert_encodes(*state, &id, EXCEPTION);
}

static void test_date__that_does_not_exist(void **state) {
  ox_global_object_id id = decode(*state, EXCEPTION);
  uint32_t date;
  id.d = 32;
  assert_false(ox_global_object_id_date(&id, &date));
  id.d = 29, id.m = 2;
  assert_true(ox_global_object_id_date(&id, &date));
  id.yh = 1900 >> 8, id.yl = 1900 & 0xFF; /* not a leap year */
  assert_false(ox_global_object_id_date(&id, &date));
  id.yh = id.yl = 0;
  assert_false(ox_global_object_id_date(&id, &date));
  id.yh = id.yl = 0xFF;
  id.m = 1;
  assert_false(ox_global_object_id_date(&id, &date)); /* beyond what 32 bits of minutes hold */
}

static void test_uid__of_an_outlook_id_is_its_hex_without_date(void **state) {
  ox_global_object_id id = decode(*state, OUTLOOK_ID);
  assert_string_equal(ox_global_object_id_uid(*state, &id), OUTLOOK_UID);
}

static void test_uid__of_a_wrapped_id_is_the_text(void **state) {
  ox_global_object_id id = decode(*state, WRAPPED_ID);
  ox_str8 text;
  assert_true(ox_global_object_id_is_wrapped(&id, &text));
  assert_int_equal(text.size_bytes, strlen(WRAPPED_UID));
  assert_string_equal(ox_global_object_id_uid(*state, &id), WRAPPED_UID);
  id = decode(*state, OUTLOOK_ID);
  assert_false(ox_global_object_id_is_wrapped(&id, &text));
}

static void test_id__of_a_uid(void **state) {
  ox_global_object_id id;
  assert_int_equal(ox_global_object_id_from_uid(*state, WRAPPED_UID, &id), OX_OK);
  assert_encodes(*state, &id, WRAPPED_ID);
  assert_int_equal(ox_global_object_id_from_uid(*state, OUTLOOK_UID, &id), OX_OK);
  assert_encodes(*state, &id, OUTLOOK_UID);
  /* The date stays, and lower case is hex too. */
  char lower[sizeof EXCEPTION];
  for (size_t i = 0; i < sizeof EXCEPTION; i++) {
    lower[i] = EXCEPTION[i];
    if (lower[i] >= 'A' && lower[i] <= 'F') lower[i] = (char)(lower[i] - 'A' + 'a');
  }
  assert_int_equal(ox_global_object_id_from_uid(*state, lower, &id), OX_OK);
  assert_encodes(*state, &id, EXCEPTION);
  assert_int_equal(ox_global_object_id_from_uid(*state, "", &id), OX_E_USAGE);
}

/* Text that only begins like an id is another program's. */
static void test_id__of_a_uid_that_looks_like_hex(void **state) {
  static const char *const uids[] = {
      "040000008200E00074C5B7101A82E008",
      OUTLOOK_UID "00",
      OUTLOOK_UID "0",
      ("050000008200E00074C5B7101A82E00800000000E040C9C12685C4010000000000000000100000000B"
       "F0ED4B6E4EE94E9E39E3867B378EF3"),
      "20070423T123432Z-541111@example.test",
      "g",
  };
  for (size_t i = 0; i < sizeof uids / sizeof uids[0]; i++) {
    ox_global_object_id id;
    ox_str8 text;
    assert_int_equal(ox_global_object_id_from_uid(*state, uids[i], &id), OX_OK);
    assert_true(ox_global_object_id_is_wrapped(&id, &text));
    assert_string_equal(ox_global_object_id_uid(*state, &id), uids[i]);
    assert_int_equal(ox_global_object_id_check(&id, NULL), OX_OK);
  }
}

static void test_make__a_new_id(void **state) {
  ox_global_object_id id = decode(*state, EXCEPTION), made;
  ox_global_object_id_make(id.creation_time, id.data.data, &made);
  ox_global_object_id_clean(&id);
  assert_true(ox_wire_equal(&ox_global_object_id_wire, &id, &made));
}

static void test_check__names_field_and_section(void **state) {
  ox_global_object_id id = decode(*state, EXCEPTION);
  ox_error err;
  id.x[3] = 1;
  assert_int_equal(ox_global_object_id_check(&id, &err), OX_E_MALFORMED);
  assert_string_equal(err.field, "X");
  assert_string_equal(err.spec, "[MS-OXOCAL] 2.2.1.27");
  id.x[3] = 0, id.m = 13;
  assert_int_equal(ox_global_object_id_check(&id, &err), OX_E_MALFORMED);
  assert_string_equal(err.field, "YH");
  id.m = 3, id.byte_array_id[0] = 5;
  assert_int_equal(ox_global_object_id_check(&id, &err), OX_E_MALFORMED);
  assert_string_equal(err.field, "Byte Array ID");
  id.byte_array_id[0] = 4, id.data.size_bytes = 0;
  assert_int_equal(ox_global_object_id_check(&id, &err), OX_E_MALFORMED);
  assert_string_equal(err.field, "Data");
}

static ox_status convert(const ox_allocator *allocator, void *user) {
  (void)user;
  ox_arena arena;
  ox_arena_init(&arena, allocator, 0);
  ox_global_object_id id;
  ox_status status = ox_global_object_id_from_uid(&arena, "somebody@example.test", &id);
  if (status == OX_OK && ox_global_object_id_uid(&arena, &id) == NULL) status = OX_E_NO_MEMORY;
  ox_arena_dispose(&arena);
  return status;
}

static void test_uid__without_memory(void **state) {
  (void)state;
  every_allocation_fails(convert, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      ARENA_TEST(test_fields__are_those_of_the_specification),
      ARENA_TEST(test_prefix__is_truncated),
      ARENA_TEST(test_date__comes_out_as_it_was_put_in),
      ARENA_TEST(test_date__that_does_not_exist),
      ARENA_TEST(test_uid__of_an_outlook_id_is_its_hex_without_date),
      ARENA_TEST(test_uid__of_a_wrapped_id_is_the_text),
      ARENA_TEST(test_id__of_a_uid),
      ARENA_TEST(test_id__of_a_uid_that_looks_like_hex),
      ARENA_TEST(test_make__a_new_id),
      ARENA_TEST(test_check__names_field_and_section),
      cmocka_unit_test(test_uid__without_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
