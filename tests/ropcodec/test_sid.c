/* Security identifiers as text, security descriptors from their parts. */
#include "../support/testing.h"

#include <oxkit/ropcodec/sid.h>

static void test_sid__has_one_text(void **state) {
  static const struct {
    const char *text;
    const char *bytes;
  } cases[] = {
      {"S-1-0-0", "0101 000000000000 00000000"},
      {"S-1-5-32-544", "0102 000000000005 20000000 20020000"},
      {"S-1-5-21-1004336348-1177238915-682003330-512",
       "0105 000000000005 15000000 DCF4DC3B 833D2B46 828BA628 00020000"},
      {"S-1-5", "0100 000000000005"},
      {"S-1-4294967295-1", "0101 0000FFFFFFFF 01000000"},
      {"S-1-0x000100000000-1", "0101 000100000000 01000000"},
      {"S-255-0xFFFFFFFFFFFF-4294967295", "FF01 FFFFFFFFFFFF FFFFFFFF"},
  };
  ox_arena *arena = *state;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    ox_sid sid, decoded;
    char text[OX_SID_TEXT_BYTES];
    uint8_t buffer[100];
    ox_bytes bytes = from_hex(arena, cases[i].bytes);
    assert_int_equal(ox_sid_parse(cases[i].text, arena, &sid), OX_OK);
    ox_writer w;
    ox_writer_init_fixed(&w, buffer, sizeof buffer);
    ox_sid_encode(&w, &sid);
    assert_true(ox_bytes_equal(ox_writer_bytes(&w), bytes));
    ox_reader r;
    ox_reader_init(&r, bytes.data, bytes.size_bytes);
    assert_int_equal(ox_sid_decode(&r, arena, &decoded), OX_OK);
    ox_sid_format(&decoded, text);
    assert_string_equal(text, cases[i].text);
    assert_true(ox_sid_equal(&decoded, &sid));
  }
}

static void test_sid__longest_text_fits(void **state) {
  uint32_t values[15];
  ox_sid sid = {.revision = 255, .sub_authority_count = 15, .sub_authority = values}, again;
  memset(values, 0xFF, sizeof values);
  memset(sid.identifier_authority, 0xFF, sizeof sid.identifier_authority);
  char text[OX_SID_TEXT_BYTES];
  ox_sid_format(&sid, text);
  assert_int_equal(strlen(text), OX_SID_TEXT_BYTES - 1);
  assert_int_equal(ox_sid_parse(text, *state, &again), OX_OK);
  assert_true(ox_sid_equal(&again, &sid));
}

static void test_sid__refuses_other_texts(void **state) {
  static const char *const texts[] = {"",
                                      "S",
                                      "S-",
                                      "S-1",
                                      "S-1-",
                                      "S-1-5-",
                                      "S-1-5-x",
                                      "X-1-5",
                                      "S-256-5",
                                      "S-1-5-4294967296",
                                      "S-1-5 ",
                                      "S-1-5--1",
                                      "S-1-0x1000000000000-1",
                                      "S-1-281474976710656",
                                      "S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15-16",
                                      "S-1-5-99999999999999999999999999"};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    ox_sid sid;
    assert_int_equal(ox_sid_parse(texts[i], *state, &sid), OX_E_MALFORMED);
  }
}

static ox_sid sid_of(ox_arena *arena, const char *text) {
  ox_sid sid;
  assert_int_equal(ox_sid_parse(text, arena, &sid), OX_OK);
  return sid;
}

static void test_descriptor__is_laid_out_in_order(void **state) {
  ox_arena *arena = *state;
  ox_sid system = sid_of(arena, "S-1-5-18"), everyone = sid_of(arena, "S-1-1-0");
  ox_ace ace = {.ace_type = OX_ACE_TYPE_ACCESS_ALLOWED,
                .mask = 1,
                .sid = everyone,
                .ace_flags = OX_ACE_FLAGS_CONTAINER_INHERIT};
  ox_acl dacl = {.acl_revision = 2, .ace_count = 1, .aces = &ace};
  ox_security_descriptor made;
  assert_int_equal(ox_security_descriptor_make(arena, 0, &system, &system, NULL, &dacl, &made),
                   OX_OK);
  ox_writer w;
  ox_writer_init(&w, NULL, 1024);
  ox_security_descriptor_encode(&w, &made);
  /* The free/busy message of MFCMAPI's sample FBSECURITYDESCRIPTOR-1, without its frame. */
  ox_bytes expected = from_hex(
      arena,
      "01000480 14000000 20000000 00000000 2C000000 010100000000000512000000"
      "010100000000000512000000 02001C0001000000 0002140001000000 010100000000000100000000");
  assert_int_equal(ox_writer_status(&w), OX_OK);
  assert_true(ox_bytes_equal(ox_writer_bytes(&w), expected));
  ox_writer_dispose(&w);
}

static void test_descriptor__of_nothing_is_a_header(void **state) {
  ox_security_descriptor made;
  assert_int_equal(ox_security_descriptor_make(*state, 0, NULL, NULL, NULL, NULL, &made), OX_OK);
  assert_int_equal(made.parts.size_bytes, 0);
  assert_int_equal(made.control, OX_SECURITY_DESCRIPTOR_CONTROL_SELF_RELATIVE);
}

static void test_descriptor__refuses_offsets_outside(void **state) {
  static const struct {
    const char *bytes;
    ox_status status;
    const char *field;
  } cases[] = {
      /* the owner behind the end; a group of which a half is there; a DACL inside the header whose
         size is more than there is */
      {"01000480 18000000 00000000 00000000 00000000 01000000", OX_E_MALFORMED, "revision"},
      {"01000480 00000000 14000000 00000000 00000000 01010000", OX_E_MALFORMED,
       "identifier_authority"},
      {"01000480 00000000 00000000 00000000 01000000 00000000", OX_E_MALFORMED, "size"},
      {"01000480 FFFFFFFF 00000000 00000000 00000000 00000000", OX_E_MALFORMED, "owner"},
  };
  ox_arena *arena = *state;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    ox_bytes bytes = from_hex(arena, cases[i].bytes);
    ox_reader r;
    ox_error err;
    ox_security_descriptor descriptor;
    ox_reader_init(&r, bytes.data, bytes.size_bytes);
    assert_int_equal(ox_security_descriptor_decode(&r, arena, &descriptor), cases[i].status);
    assert_int_equal(ox_reader_status(&r, &err), cases[i].status);
    assert_string_equal(err.field, cases[i].field);
    assert_null(descriptor.owner);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      ARENA_TEST(test_sid__has_one_text),
      ARENA_TEST(test_sid__longest_text_fits),
      ARENA_TEST(test_sid__refuses_other_texts),
      ARENA_TEST(test_descriptor__is_laid_out_in_order),
      ARENA_TEST(test_descriptor__of_nothing_is_a_header),
      ARENA_TEST(test_descriptor__refuses_offsets_outside),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
