/* Recipient rows. */
#include "../support/testing.h"

#include <oxkit/ropcodec/recipient.h>

static const ox_proptag columns[] = {OX_PidTagObjectType, OX_PidTagSmtpAddress};

/* [MS-OXCDATA] 2.8.3; each names what it shows. */
static const char *const vectors[] = {
    /* SMTP in Unicode: E, D, S; no columns */
    "5B 02  61 00 40 00 62 00 00 00  41 00 00 00  00 00 00",
    /* X500DN with display type, D and I, two columns of which one is an error */
    "11 06  00 01 2F 6F 3D 58 00  59 00 00 00  79 00 00 00  02 00 01 00 06 00 00 00 0A 0F 01 04 80",
    /* personal distribution list, 8-bit name */
    "16 00  02 00 AA BB  01 00 CC  4C 00  00 00 00",
    /* a type of its own (O), 8-bit, all texts, responsible, no rich text */
    "B8 85  58 34 30 30 00  61 00  64 00  73 00  74 00  01 00 00 06 00 00 00",
    /* nothing at all */
    "00 00  00 00 00",
};
enum { VECTOR_COUNT = sizeof vectors / sizeof vectors[0] };

static void decode(ox_arena *arena, const char *hex, ox_recipient_row *row) {
  ox_bytes bytes = from_hex(arena, hex);
  ox_reader r;
  ox_reader_init(&r, bytes.data, bytes.size_bytes);
  assert_int_equal(ox_recipient_row_decode(&r, arena, columns, 2, row), OX_OK);
  assert_int_equal(ox_reader_finish(&r, NULL), OX_OK);
}

static void test_row__round_trips_and_every_prefix_is_truncated(void **state) {
  for (size_t i = 0; i < VECTOR_COUNT; i++) {
    ox_bytes bytes = from_hex(*state, vectors[i]);
    ox_recipient_row row;
    decode(*state, vectors[i], &row);
    ox_writer w;
    ox_writer_init(&w, NULL, 1000);
    ox_recipient_row_encode(&w, columns, 2, &row);
    assert_int_equal(ox_writer_status(&w), OX_OK);
    assert_true(ox_bytes_equal(ox_writer_bytes(&w), bytes));
    ox_writer_dispose(&w);
    for (size_t size = 0; size < bytes.size_bytes; size++) {
      ox_reader r;
      ox_reader_init(&r, bytes.data, size);
      assert_int_equal(ox_recipient_row_decode(&r, *state, columns, 2, &row), OX_E_TRUNCATED);
    }
  }
}

static void test_row__fields(void **state) {
  ox_recipient_row row;
  decode(*state, vectors[1], &row);
  assert_int_equal(row.display_type, 1);
  assert_memory_equal(row.x500dn.data, "/o=X", 5);
  assert_int_equal(row.recipient_properties[0].value.i32, 6);
  assert_int_equal(OX_PROPTAG_TYPE(row.recipient_properties[1].tag), OX_PTYP_ERROR_CODE);
  decode(*state, vectors[3], &row);
  assert_memory_equal(row.address_type.data, "X400", 5);
  assert_memory_equal(row.transmittable_display_name.string8.data, "t", 2);
}

static void test_row__refuses_more_columns_than_there_are(void **state) {
  ox_bytes bytes = from_hex(*state, "00 00 03 00 00 06 00 00 00");
  ox_recipient_row row;
  ox_reader r;
  ox_reader_init(&r, bytes.data, bytes.size_bytes);
  assert_int_equal(ox_recipient_row_decode(&r, *state, columns, 2, &row), OX_E_MALFORMED);
}

static void assert_text(void **state, const ox_propbag *bag, ox_proptag tag, const char *text) {
  assert_string_equal(ox_propbag_utf8(bag, tag, *state, "(none)"), text);
}

static void test_bag__of_an_smtp_recipient_and_back(void **state) {
  ox_propbag bag, back;
  ox_recipient_row row;
  ox_propbag_init(&bag, *state);
  ox_propbag_init(&back, *state);
  assert_int_equal(ox_propbag_set_utf8(&bag, OX_PidTagAddressType, "SMTP"), OX_OK);
  assert_int_equal(ox_propbag_set_utf8(&bag, OX_PidTagEmailAddress, "a@example.test"), OX_OK);
  assert_int_equal(ox_propbag_set_utf8(&bag, OX_PidTagDisplayName, "\xC3\x84nne"), OX_OK);
  assert_int_equal(ox_propbag_set_utf8(&bag, OX_PidTagSmtpAddress, "a@example.test"), OX_OK);
  assert_int_equal(ox_propbag_set_bool(&bag, OX_PidTagResponsibility, true), OX_OK);
  assert_int_equal(ox_propbag_set_bool(&bag, OX_PidTagSendRichInfo, false), OX_OK);
  assert_int_equal(ox_recipient_row_from_bag(*state, &bag, columns, 2, &row), OX_OK);
  assert_int_equal(row.recipient_flags, 0x03DB); /* N U R S D E, SMTP */
  ox_writer w;
  ox_writer_init(&w, NULL, 1000);
  ox_recipient_row_encode(&w, columns, 2, &row);
  assert_int_equal(ox_writer_status(&w), OX_OK);
  ox_reader r;
  ox_reader_init(&r, ox_writer_bytes(&w).data, ox_writer_bytes(&w).size_bytes);
  assert_int_equal(ox_recipient_row_decode(&r, *state, columns, 2, &row), OX_OK);
  assert_int_equal(ox_recipient_row_to_bag(&row, 1252, &back), OX_OK);
  ox_writer_dispose(&w);
  assert_text(state, &back, OX_PidTagAddressType, "SMTP");
  assert_text(state, &back, OX_PidTagEmailAddress, "a@example.test");
  assert_text(state, &back, OX_PidTagDisplayName, "\xC3\x84nne");
  assert_text(state, &back, OX_PidTagTransmittableDisplayName, "\xC3\x84nne");
  assert_text(state, &back, OX_PidTagSmtpAddress, "a@example.test");
  assert_true(ox_propbag_bool(&back, OX_PidTagResponsibility, false));
  assert_false(ox_propbag_bool(&back, OX_PidTagSendRichInfo, true));
  assert_null(ox_propbag_find(&back, OX_PROPTAG_ID(OX_PidTagObjectType)));
}

static void test_bag__of_an_exchange_recipient_and_back(void **state) {
  ox_propbag bag, back;
  ox_recipient_row row;
  ox_propbag_init(&bag, *state);
  ox_propbag_init(&back, *state);
  assert_int_equal(ox_propbag_set_utf8(&bag, OX_PidTagAddressType, "EX"), OX_OK);
  assert_int_equal(ox_propbag_set_utf8(&bag, OX_PidTagEmailAddress, "/o=X/cn=y"), OX_OK);
  assert_int_equal(ox_propbag_set_i32(&bag, OX_PidTagDisplayType, 1), OX_OK);
  assert_int_equal(ox_propbag_set_utf8(&bag, OX_PidTagDisplayName, "Y"), OX_OK);
  assert_int_equal(ox_propbag_set_utf8(&bag, OX_PidTagTransmittableDisplayName, "'Y'"), OX_OK);
  assert_int_equal(ox_recipient_row_from_bag(*state, &bag, NULL, 0, &row), OX_OK);
  assert_int_equal(row.recipient_flags, 0x0231); /* U T D, X500DN */
  assert_int_equal(row.display_type, 1);
  assert_int_equal(ox_recipient_row_to_bag(&row, 1252, &back), OX_OK);
  assert_text(state, &back, OX_PidTagAddressType, "EX");
  assert_text(state, &back, OX_PidTagEmailAddress, "/o=X/cn=y");
  assert_text(state, &back, OX_PidTagTransmittableDisplayName, "'Y'");
  assert_int_equal(ox_propbag_i32(&back, OX_PidTagDisplayType, -1), 1);
}

static void test_row__completes_a_partial_dn(void **state) {
  ox_recipient_row row;
  decode(*state, "01 00  04 00 2F 63 6E 3D 79 00  00 00 00", &row);
  assert_int_equal(ox_recipient_row_expand_dn(*state, "/o=", &row), OX_E_MALFORMED);
  assert_int_equal(ox_recipient_row_expand_dn(*state, "/o=X/ou=Y", &row), OX_OK);
  assert_int_equal(row.address_prefix_used, 0);
  assert_int_equal(row.x500dn.size_bytes, 9);
  assert_string_equal(row.x500dn.data, "/o=X/cn=y");
  assert_int_equal(ox_recipient_row_expand_dn(*state, NULL, &row), OX_OK);
}

static void test_bag__converts_8_bit_text(void **state) {
  ox_propbag bag;
  ox_recipient_row row;
  ox_propbag_init(&bag, *state);
  decode(*state, "1B 00  61 40 62 00  CF 00  00 00 00", &row);
  assert_int_equal(ox_recipient_row_to_bag(&row, 1251, &bag), OX_OK);
  assert_text(state, &bag, OX_PidTagDisplayName, "\xD0\x9F");
  assert_int_equal(ox_recipient_row_to_bag(&row, 4711, &bag), OX_OK); /* read as 1252 */
  assert_text(state, &bag, OX_PidTagDisplayName, "\xC3\x8F");
}

static ox_status through_a_bag(const ox_allocator *allocator, void *user) {
  (void)user;
  static const uint8_t bytes[] = {0x11, 0x06, 0x00, 0x01, '/', 'o', 0,    'Y', 0, 0, 0,
                                  'y',  0,    0,    0,    1,   0,   0x00, 6,   0, 0, 0};
  ox_arena arena;
  ox_propbag bag;
  ox_recipient_row row;
  ox_reader r;
  ox_arena_init(&arena, allocator, 0);
  ox_propbag_init(&bag, &arena);
  ox_reader_init(&r, bytes, sizeof bytes);
  ox_status status = ox_recipient_row_decode(&r, &arena, columns, 2, &row);
  for (int i = 0; i < 30 && status == OX_OK; i++) {
    status = ox_recipient_row_to_bag(&row, 1252, &bag);
    if (status == OX_OK) status = ox_recipient_row_from_bag(&arena, &bag, columns, 2, &row);
  }
  ox_arena_dispose(&arena);
  return status;
}

static void test_bag__survives_every_failing_allocation(void **state) {
  (void)state;
  every_allocation_fails(through_a_bag, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      ARENA_TEST(test_row__round_trips_and_every_prefix_is_truncated),
      ARENA_TEST(test_row__fields),
      ARENA_TEST(test_row__refuses_more_columns_than_there_are),
      ARENA_TEST(test_bag__of_an_smtp_recipient_and_back),
      ARENA_TEST(test_bag__of_an_exchange_recipient_and_back),
      ARENA_TEST(test_row__completes_a_partial_dn),
      ARENA_TEST(test_bag__converts_8_bit_text),
      ARENA_TEST(test_bag__survives_every_failing_allocation),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
