/* Predecessor change lists and conflicts. Numbers like R169 are requirements of [MS-OXCFXICS]. */
#include "../support/testing.h"

#include <oxkit/ropcodec/pcl.h>

#define GUID_A "00 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F "
#define GUID_B "10 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F "
#define GUID_C "20 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F "

static ox_pcl pcl_of(void **state, const char *hex) {
  ox_pcl pcl;
  assert_int_equal(ox_pcl_decode(from_hex(*state, hex), *state, &pcl, NULL), OX_OK);
  return pcl;
}

static void assert_encodes_to(void **state, const ox_pcl *pcl, const char *hex) {
  ox_writer w;
  ox_writer_init(&w, NULL, 1000);
  ox_pcl_encode(&w, pcl);
  assert_int_equal(ox_writer_status(&w), OX_OK);
  assert_true(ox_bytes_equal(ox_writer_bytes(&w), from_hex(*state, hex)));
  ox_writer_dispose(&w);
}

/* R169 to R173. */
static void test_pcl__round_trips(void **state) {
  const char *const lists[] = {
      "",
      "11 " GUID_A "01",
      "16 " GUID_A "00 00 00 00 00 05  18 " GUID_B "00 00 00 00 00 00 00 03",
      /* R1808 lets a merge keep every change of a namespace. */
      "16 " GUID_A "00 00 00 00 00 05  16 " GUID_A "00 00 00 00 00 03  11 " GUID_C "01",
  };
  for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
    ox_pcl pcl = pcl_of(state, lists[i]);
    assert_encodes_to(state, &pcl, lists[i]);
  }
}

static void test_pcl__refuses_what_breaks_the_rules(void **state) {
  static const struct {
    const char *hex;
    ox_status status;
    unsigned offset;
    const char *field;
  } cases[] = {
      /* R169: ascending by the bytes of NamespaceGuid. */
      {"12 " GUID_B "00 01  12 " GUID_A "00 01", OX_E_MALFORMED, 20, "NamespaceGuid"},
      /* R157: the local id has 1 to 8 bytes. */
      {"00", OX_E_MALFORMED, 0, "XidSize"},
      {"10 " GUID_A, OX_E_MALFORMED, 0, "XidSize"},
      {"19 " GUID_A "00 01 02 03 04 05 06 07 08", OX_E_MALFORMED, 0, "XidSize"},
      {"FF", OX_E_MALFORMED, 0, "XidSize"},
      /* R2737: of one length in one namespace. */
      {"12 " GUID_A "00 01  13 " GUID_A "00 00 02", OX_E_MALFORMED, 20, "LocalId"},
      {"12 " GUID_A "00", OX_E_TRUNCATED, 1, "XID"},
      {"11 " GUID_A "00 12", OX_E_TRUNCATED, 19, "XID"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    ox_pcl pcl;
    ox_error err = {0};
    assert_int_equal(ox_pcl_decode(from_hex(*state, cases[i].hex), *state, &pcl, &err),
                     cases[i].status);
    assert_string_equal(err.field, cases[i].field);
    assert_int_equal(err.offset, cases[i].offset);
    assert_non_null(err.spec);
    assert_int_equal(pcl.count, 0);
  }
}

static void test_pcl__encodes_nothing_that_breaks_the_rules(void **state) {
  ox_pcl good = pcl_of(state, "12 " GUID_A "00 01  13 " GUID_B "00 00 02");
  ox_xid wrong[][2] = {
      {good.xids[1], good.xids[0]},
      {good.xids[0], good.xids[0]},
      {good.xids[0], good.xids[1]},
  };
  wrong[1][1].local_id_bytes = 3;
  wrong[2][1].local_id_bytes = 9;
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    ox_pcl pcl = {2, wrong[i]};
    ox_writer w;
    ox_writer_init(&w, NULL, 1000);
    ox_pcl_encode(&w, &pcl);
    assert_int_equal(ox_writer_status(&w), OX_E_USAGE);
    ox_writer_dispose(&w);
  }
}

static void test_pcl__is_truncated_at_every_byte(void **state) {
  ox_bytes all = from_hex(*state, "12 " GUID_A "00 01  16 " GUID_B "00 00 00 00 00 03");
  for (size_t size = 0; size < all.size_bytes; size++) {
    ox_bytes some = {all.data, size};
    ox_pcl pcl;
    bool whole = size == 0 || size == 19;
    assert_int_equal(ox_pcl_decode(some, *state, &pcl, NULL), whole ? OX_OK : OX_E_TRUNCATED);
  }
}

/* R1788 to R1793. */
static void test_pcl__tells_newer_from_older(void **state) {
  ox_pcl a = pcl_of(state, "16 " GUID_A "00 00 00 00 00 05  16 " GUID_B "00 00 00 00 00 03");
  ox_pcl b = pcl_of(state, "16 " GUID_A "00 00 00 00 00 04");
  ox_pcl c = pcl_of(state, "16 " GUID_A "00 00 00 00 00 06  14 " GUID_C "00 00 00 01");
  ox_pcl none = pcl_of(state, "");
  assert_int_equal(ox_pcl_compare(&a, &b), OX_PCL_NEWER);
  assert_int_equal(ox_pcl_compare(&b, &a), OX_PCL_OLDER);
  assert_int_equal(ox_pcl_compare(&a, &a), OX_PCL_EQUAL);
  assert_int_equal(ox_pcl_compare(&a, &c), OX_PCL_CONFLICT);
  assert_int_equal(ox_pcl_compare(&c, &a), OX_PCL_CONFLICT);
  assert_int_equal(ox_pcl_compare(&a, &none), OX_PCL_NEWER);
  assert_int_equal(ox_pcl_compare(&none, &none), OX_PCL_EQUAL);
  assert_true(ox_pcl_includes(&a, &b.xids[0]));
  assert_false(ox_pcl_includes(&b, &a.xids[0]));
  assert_false(ox_pcl_includes(&a, &c.xids[1]));
}

/* The figure of 3.1.5.6.1 (R1797 to R1799): the server misses B2, the client misses A2. */
static void test_pcl__finds_the_conflict_of_the_figure(void **state) {
  ox_pcl server = pcl_of(state, "16 " GUID_A "00 00 00 00 00 02  14 " GUID_B "00 00 00 01");
  ox_pcl client = pcl_of(state, "16 " GUID_A "00 00 00 00 00 01  14 " GUID_B "00 00 00 02");
  assert_int_equal(ox_pcl_compare(&client, &server), OX_PCL_CONFLICT);
  ox_pcl merged;
  assert_int_equal(ox_pcl_merge(&server, &client, *state, &merged), OX_OK);
  assert_encodes_to(state, &merged, "16 " GUID_A "00 00 00 00 00 02  14 " GUID_B "00 00 00 02");
  assert_int_equal(ox_pcl_compare(&merged, &server), OX_PCL_NEWER);
  assert_int_equal(ox_pcl_compare(&merged, &client), OX_PCL_NEWER);
}

/* R1808 to R1810. */
static void test_pcl__merges(void **state) {
  ox_pcl a = pcl_of(state, "16 " GUID_A "00 00 00 00 00 05  16 " GUID_B "00 00 00 00 00 03");
  ox_pcl c = pcl_of(state, "16 " GUID_A "00 00 00 00 00 06  14 " GUID_C "00 00 00 01");
  ox_pcl many = pcl_of(state, "16 " GUID_A "00 00 00 00 00 01  16 " GUID_A
                              "00 00 00 00 00 07  16 " GUID_A "00 00 00 00 00 02");
  ox_pcl merged;
  assert_int_equal(ox_pcl_merge(&a, &c, *state, &merged), OX_OK);
  assert_encodes_to(state, &merged,
                    "16 " GUID_A "00 00 00 00 00 06  16 " GUID_B "00 00 00 00 00 03  14 " GUID_C
                    "00 00 00 01");
  assert_int_equal(ox_pcl_compare(&merged, &a), OX_PCL_NEWER);
  assert_int_equal(ox_pcl_compare(&merged, &c), OX_PCL_NEWER);
  assert_int_equal(ox_pcl_merge(&many, &c, *state, &merged), OX_OK);
  assert_encodes_to(state, &merged, "16 " GUID_A "00 00 00 00 00 07  14 " GUID_C "00 00 00 01");
  assert_int_equal(ox_pcl_compare(&many, &merged), OX_PCL_OLDER);
  assert_true(ox_pcl_includes_all(&many, &many));
}

/* R1901: a save merges its change number into the list. */
static void test_pcl__takes_one_more_change(void **state) {
  ox_pcl pcl = pcl_of(state, "16 " GUID_B "00 00 00 00 00 03"), next;
  ox_pcl changes = pcl_of(state, "16 " GUID_A "00 00 00 00 00 01  16 " GUID_B "00 00 00 00 00 09");
  assert_int_equal(ox_pcl_add(&pcl, &changes.xids[1], *state, &next), OX_OK);
  assert_encodes_to(state, &next, "16 " GUID_B "00 00 00 00 00 09");
  assert_int_equal(ox_pcl_add(&next, &pcl.xids[0], *state, &next), OX_OK); /* has a later one */
  assert_encodes_to(state, &next, "16 " GUID_B "00 00 00 00 00 09");
  assert_int_equal(ox_pcl_add(&next, &changes.xids[0], *state, &next), OX_OK);
  assert_encodes_to(state, &next, "16 " GUID_A "00 00 00 00 00 01  16 " GUID_B "00 00 00 00 00 09");
}

/* R1826 to R1830. */
static void test_pcl__the_last_writer_wins(void **state) {
  ox_pcl keys = pcl_of(state, "11 " GUID_A "05  11 " GUID_B "01");
  const ox_xid *lower = &keys.xids[0], *greater = &keys.xids[1];
  assert_true(ox_pcl_imported_message_wins(10, greater, 11, lower));
  assert_false(ox_pcl_imported_message_wins(11, lower, 10, greater));
  assert_true(ox_pcl_imported_message_wins(10, lower, 10, greater));
  assert_false(ox_pcl_imported_message_wins(10, greater, 10, lower));
  assert_true(ox_pcl_imported_message_wins(10, lower, 10, lower));
  assert_true(ox_pcl_imported_folder_wins(10, 11, true));
  assert_false(ox_pcl_imported_folder_wins(11, 10, false));
  assert_false(ox_pcl_imported_folder_wins(10, 10, true));
  assert_true(ox_pcl_imported_folder_wins(10, 10, false));
}

static ox_status decode_and_merge(const ox_allocator *allocator, void *user) {
  ox_arena arena;
  ox_arena_init(&arena, allocator, 0);
  ox_pcl pcl, merged;
  ox_status status = ox_pcl_decode(*(const ox_bytes *)user, &arena, &pcl, NULL);
  if (status == OX_OK) status = ox_pcl_merge(&pcl, &pcl, &arena, &merged);
  ox_arena_dispose(&arena);
  return status;
}

static void test_pcl__survives_every_failing_allocation(void **state) {
  enum { COUNT = 2000, SIZE = 19 }; /* more than one block of an arena */
  uint8_t *bytes = ox_arena_calloc(*state, COUNT, SIZE);
  assert_non_null(bytes);
  for (unsigned i = 0; i < COUNT; i++) {
    bytes[i * SIZE] = SIZE - 1;
    bytes[i * SIZE + 1] = (uint8_t)(i >> 8);
    bytes[i * SIZE + 2] = (uint8_t)i;
  }
  ox_bytes all = {bytes, (size_t)COUNT * SIZE};
  every_allocation_fails(decode_and_merge, &all);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      ARENA_TEST(test_pcl__round_trips),
      ARENA_TEST(test_pcl__refuses_what_breaks_the_rules),
      ARENA_TEST(test_pcl__encodes_nothing_that_breaks_the_rules),
      ARENA_TEST(test_pcl__is_truncated_at_every_byte),
      ARENA_TEST(test_pcl__tells_newer_from_older),
      ARENA_TEST(test_pcl__finds_the_conflict_of_the_figure),
      ARENA_TEST(test_pcl__merges),
      ARENA_TEST(test_pcl__takes_one_more_change),
      ARENA_TEST(test_pcl__the_last_writer_wins),
      ARENA_TEST(test_pcl__survives_every_failing_allocation),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
