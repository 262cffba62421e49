/* Ids of folders, messages and changes, XIDs. Numbers like R157 are requirements of
 * [MS-OXCFXICS]. */
#include "../support/testing.h"

#include <oxkit/ropcodec/xid.h>

#define GUID_A "00 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F "
#define GUID_B "10 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F "

/* R3053, R3054, R3059: REPLID 1, GLOBCNT 0x000000000122 is "01 00 00 00 00 00 01 22". */
static void test_id64__takes_the_wire_form(void **state) {
  (void)state;
  ox_id64 id = ox_id64_make(1, 0x122);
  assert_true(id == UINT64_C(0x2201000000000001));
  assert_int_equal(ox_id64_replid(id), 1);
  assert_int_equal(ox_id64_globcnt(id), 0x122);
  assert_true(ox_id64_globcnt(ox_id64_make(0xFFFF, UINT64_C(0x123456789ABC))) ==
              UINT64_C(0x123456789ABC));
  assert_true(ox_id64_globcnt(ox_id64_make(7, OX_GLOBCNT_MAX)) == OX_GLOBCNT_MAX);
}

static ox_xid xid_of(void **state, const char *hex) {
  ox_xid xid;
  assert_int_equal(ox_xid_decode(from_hex(*state, hex), &xid, NULL), OX_OK);
  return xid;
}

/* R153 to R160. */
static void test_xid__is_a_gid_with_six_bytes(void **state) {
  ox_xid xid = xid_of(state, GUID_A "00 00 00 00 01 22");
  assert_int_equal(xid.local_id_bytes, 6);
  assert_int_equal(ox_xid_local_number(&xid), 0x122);
  assert_true(ox_xid_is_gid(&xid));
  ox_xid made;
  ox_xid_from_globcnt(&xid.namespace_guid, 0x122, &made);
  assert_true(ox_xid_equal(&xid, &made));
  /* R2312: what a client makes up has another length. */
  ox_xid foreign = xid_of(state, GUID_A "00 00 01 22");
  assert_false(ox_xid_is_gid(&foreign));
  assert_false(ox_xid_equal(&xid, &foreign));
}

/* R157: 1 to 8 bytes. */
static void test_xid__keeps_its_bounds(void **state) {
  ox_bytes all = from_hex(*state, GUID_A "01 02 03 04 05 06 07 08 09");
  for (size_t size = 0; size <= all.size_bytes; size++) {
    ox_bytes some = {all.data, size};
    ox_xid xid;
    ox_error err = {0};
    ox_status status = ox_xid_decode(some, &xid, &err);
    if (size < 17) {
      assert_int_equal(status, OX_E_TRUNCATED);
      assert_string_equal(err.field, size < 16 ? "NamespaceGuid" : "LocalId");
      assert_int_equal(err.offset, size < 16 ? 0 : 16);
    } else if (size > 24) {
      assert_int_equal(status, OX_E_TRAILING);
      assert_string_equal(err.field, "LocalId");
      assert_int_equal(err.offset, 16);
    } else {
      assert_int_equal(status, OX_OK);
      assert_int_equal(xid.local_id_bytes, size - 16);
      ox_writer w;
      ox_writer_init(&w, NULL, 100);
      ox_xid_encode(&w, &xid);
      assert_int_equal(ox_writer_status(&w), OX_OK);
      assert_true(ox_bytes_equal(ox_writer_bytes(&w), some));
      ox_writer_dispose(&w);
    }
    if (status != OX_OK) {
      assert_string_equal(err.spec, "[MS-OXCFXICS] 2.2.2.2");
      assert_int_equal(xid.local_id_bytes, 0);
    }
  }
}

static void test_xid__encodes_no_other_length(void **state) {
  ox_xid xid = xid_of(state, GUID_A "01");
  for (uint8_t size = 0; size <= 9; size += 9) {
    xid.local_id_bytes = size;
    ox_writer w;
    ox_writer_init(&w, NULL, 100);
    ox_xid_encode(&w, &xid);
    assert_int_equal(ox_writer_status(&w), OX_E_USAGE);
    ox_writer_dispose(&w);
  }
}

/* R1900: compared byte to byte, later ids of a namespace are greater. */
static void test_xid__compares_as_the_wire_does(void **state) {
  ox_xid a1 = xid_of(state, GUID_A "00 00 00 00 01 22");
  ox_xid a2 = xid_of(state, GUID_A "00 00 00 01 00 00");
  ox_xid b1 = xid_of(state, GUID_B "00 00 00 00 00 01");
  assert_true(ox_xid_compare(&a1, &a2) < 0 && ox_xid_compare(&a2, &a1) > 0);
  assert_true(ox_xid_compare(&a2, &b1) < 0 && ox_xid_compare(&b1, &a2) > 0);
  assert_int_equal(ox_xid_compare(&a1, &a1), 0);
  /* By bytes, not by the GUID's numbers: FF 00 00 00 is after 00 00 00 FF. */
  ox_xid low = xid_of(state, "00 00 00 FF 00 00 00 00 00 00 00 00 00 00 00 00 01");
  ox_xid high = xid_of(state, "FF 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01");
  assert_true(ox_xid_compare(&low, &high) < 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      ARENA_TEST(test_id64__takes_the_wire_form),
      ARENA_TEST(test_xid__is_a_gid_with_six_bytes),
      ARENA_TEST(test_xid__keeps_its_bounds),
      ARENA_TEST(test_xid__encodes_no_other_length),
      ARENA_TEST(test_xid__compares_as_the_wire_does),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
