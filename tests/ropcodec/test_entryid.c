/* EntryIDs, server ids and lists. */
#include "../support/testing.h"

#include <oxkit/ropcodec/entryid.h>

#define GUID_A "00 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F "
#define GUID_B "10 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F "
#define GUID_C "20 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F "

#define ZERO4 "00 00 00 00 "

static const struct {
  uint8_t kind;
  const char *hex;
} entry_ids[] = {
    {OX_ENTRY_ID_FOLDER, ZERO4 GUID_A "01 00 " GUID_B "00 00 00 00 01 22 00 00"},
    {OX_ENTRY_ID_FOLDER, ZERO4 "1A 44 73 90 AA 66 11 CD 9B C8 00 AA 00 2F C4 5A 03 00 " GUID_B
                               "00 00 00 00 01 22 00 00"},
    {OX_ENTRY_ID_MESSAGE,
     ZERO4 GUID_A "07 00 " GUID_B "00 00 00 00 01 22 00 00 " GUID_C "00 00 00 00 01 23 00 00"},
    {OX_ENTRY_ID_STORE,
     ZERO4 "38 A1 BB 10 05 E5 10 1A A1 BB 08 00 2B 2A 56 C2 00 00 45 4D 53 4D 44 42 2E 44 4C 4C "
           "00 00 00 00 00 00 00 00 1B 55 FA 20 AA 66 11 CD 9B C8 00 AA 00 2F C4 5A 0C 00 00 00 "
           "53 00 2F 6F 3D 58 00"},
    {OX_ENTRY_ID_STORE,
     ZERO4 "38 A1 BB 10 05 E5 10 1A A1 BB 08 00 2B 2A 56 C2 00 00 45 4D 53 4D 44 42 2E 44 4C 4C "
           "00 00 00 00 00 00 00 00 1C 83 02 10 AA 66 11 CD 9B C8 00 AA 00 2F C4 5A 06 00 00 00 "
           "53 00"},
    {OX_ENTRY_ID_STORE, ZERO4 "38 A1 BB 10 05 E5 10 1A A1 BB 08 00 2B 2A 56 C2 00 00 6D 73 70 73 "
                              "74 2E 64 6C 6C 00 00 00 00 00 01 02 03"},
    {OX_ENTRY_ID_ADDRESS_BOOK, ZERO4 "DC A7 40 C8 C0 42 10 1A B4 B9 08 00 2B 2F E1 82 01 00 00 00 "
                                     "00 00 00 00 2F 6F 3D 58 00"},
    {OX_ENTRY_ID_EPHEMERAL, "87 00 00 00 " GUID_A "01 00 00 00 00 00 00 00 10 00 00 00"},
    {OX_ENTRY_ID_ONE_OFF, ZERO4 "81 2B 1F A4 BE A3 10 19 9D 6E 00 DD 01 0F 54 02 00 00 01 90 "
                                "41 00 00 00 53 00 00 00 61 00 40 00 62 00 00 00"},
    {OX_ENTRY_ID_ONE_OFF, ZERO4 "81 2B 1F A4 BE A3 10 19 9D 6E 00 DD 01 0F 54 02 00 00 00 00 "
                                "41 00 53 00 61 40 62 00"},
    {OX_ENTRY_ID_CONTACT, ZERO4 "FE 42 AA 0A 18 C7 1A 10 E8 85 0B 65 1C 24 00 00 03 00 00 00 "
                                "04 00 00 00 01 00 00 00 02 00 00 00 AA BB 00 00 00"},
    {OX_ENTRY_ID_PERSONAL_LIST, ZERO4 "FE 42 AA 0A 18 C7 1A 10 E8 85 0B 65 1C 24 00 00 03 00 00 00 "
                                      "05 00 00 00 FF 00 00 00 02 00 00 00 AA BB"},
    {OX_ENTRY_ID_WRAPPED, ZERO4 "C0 91 AD D3 51 9D CF 11 A4 A9 00 AA 00 47 FA A4 B5 AA BB"},
    {OX_ENTRY_ID_UNKNOWN, ZERO4 GUID_A "AA BB"},
};

static void test_entry_id__every_kind_round_trips(void **state) {
  for (size_t i = 0; i < sizeof entry_ids / sizeof entry_ids[0]; i++) {
    ox_bytes bytes = from_hex(*state, entry_ids[i].hex);
    ox_entry_id id;
    ox_error err;
    assert_int_equal(ox_entry_id_decode(bytes, &id, &err), OX_OK);
    assert_int_equal(id.kind, entry_ids[i].kind);
    ox_writer w;
    ox_writer_init(&w, NULL, 1000);
    ox_entry_id_encode(&w, &id);
    assert_int_equal(ox_writer_status(&w), OX_OK);
    assert_true(ox_bytes_equal(ox_writer_bytes(&w), bytes));
    ox_writer_dispose(&w);
    /* Cut short it is another kind or refused, never read past the end. */
    for (size_t size = 0; size < bytes.size_bytes; size++) {
      uint8_t *exact = malloc(size + 1);
      assert_non_null(exact);
      memcpy(exact, bytes.data, size);
      ox_bytes cut = {exact, size};
      if (size < 20) {
        assert_int_equal(ox_entry_id_decode(cut, &id, NULL), OX_E_TRUNCATED);
      } else {
        (void)!ox_entry_id_decode(cut, &id, NULL);
      }
      free(exact);
    }
  }
}

static void test_entry_id__in_one_step(void **state) {
  ox_bytes bytes;
  assert_int_equal(ox_one_off_entry_id(*state, "A", "S", "a@b",
                                       OX_ONE_OFF_NO_RICH_INFO | OX_ONE_OFF_NO_LOOKUP, &bytes),
                   OX_OK);
  assert_true(ox_bytes_equal(bytes, from_hex(*state, entry_ids[8].hex)));
  assert_int_equal(
      ox_address_book_entry_id(*state, OX_ADDRESS_BOOK_LOCAL_MAIL_USER, "/o=X", &bytes), OX_OK);
  assert_true(ox_bytes_equal(bytes, from_hex(*state, entry_ids[6].hex)));
  ox_entry_id id;
  assert_int_equal(ox_entry_id_decode(from_hex(*state, entry_ids[2].hex), &id, NULL), OX_OK);
  assert_int_equal(ox_folder_entry_id(*state, &id.provider_uid, OX_STORE_OBJECT_PRIVATE_FOLDER,
                                      &id.u.message.folder_database_guid, 0x122, &bytes),
                   OX_OK);
  assert_true(ox_bytes_equal(bytes, from_hex(*state, entry_ids[0].hex)));
  assert_int_equal(ox_message_entry_id(*state, &id.provider_uid, OX_STORE_OBJECT_PRIVATE_MESSAGE,
                                       &id.u.message.folder_database_guid, 0x122,
                                       &id.u.message.message_database_guid, 0x123, &bytes),
                   OX_OK);
  assert_true(ox_bytes_equal(bytes, from_hex(*state, entry_ids[2].hex)));
  assert_int_equal(ox_address_search_key(*state, "smtp", "Bob@Example.test", &bytes), OX_OK);
  assert_int_equal(bytes.size_bytes, sizeof "SMTP:BOB@EXAMPLE.TEST");
  assert_memory_equal(bytes.data, "SMTP:BOB@EXAMPLE.TEST", bytes.size_bytes);
}

static ox_status make_ids(const ox_allocator *allocator, void *user) {
  (void)user;
  ox_arena arena;
  ox_bytes bytes;
  ox_arena_init(&arena, allocator, 0);
  ox_status status = ox_one_off_entry_id(&arena, "Name", "SMTP", "a@example.test", 0, &bytes);
  if (status == OX_OK) status = ox_address_book_entry_id(&arena, 0, "/o=X/cn=y", &bytes);
  if (status == OX_OK) status = ox_address_search_key(&arena, "SMTP", "a@b", &bytes);
  ox_flat_entry_list list;
  static const uint8_t flat[] = {1, 0, 0, 0, 5, 0, 0, 0, 1, 0, 0, 0, 0xAA};
  ox_bytes flat_bytes = {flat, sizeof flat};
  if (status == OX_OK) status = ox_flat_entry_list_decode(flat_bytes, &arena, &list);
  ox_arena_dispose(&arena);
  return status;
}

static void test_entry_id__survives_every_failing_allocation(void **state) {
  (void)state;
  every_allocation_fails(make_ids, NULL);
}

/* Fields that should be 0 and are not stay as they are. */
static void test_entry_id__keeps_what_is_reserved(void **state) {
  static const struct {
    uint8_t kind;
    const char *hex;
  } cases[] = {
      {OX_ENTRY_ID_FOLDER,
       "01020304 00112233445566778899AABBCCDDEEFF 0100 "
       "0F0E0D0C0B0A09080706050403020100 000000000122 BEEF"},
      {OX_ENTRY_ID_MESSAGE,
       "00000000 00112233445566778899AABBCCDDEEFF 0700 0F0E0D0C0B0A09080706050403020100 "
       "000000000122 BEEF 0F0E0D0C0B0A09080706050403020100 000000000123 FEED"},
      {OX_ENTRY_ID_STORE,
       "00000000 38A1BB1005E5101AA1BB08002B2A56C2 07 08 454D534D44422E444C4C00000000 00000000 "
       "1B55FA20AA6611CD9BC800AA002FC45A 0C000000 53455256455200 2F6F3D5800 AABB"},
      /* Bytes behind the name of the DLL: not the structure of 2.2.4.3. */
      {OX_ENTRY_ID_UNKNOWN,
       "00000000 38A1BB1005E5101AA1BB08002B2A56C2 00 00 454D534D44422E444C4C00000001 00000000 "
       "1B55FA20AA6611CD9BC800AA002FC45A 0C000000 53455256455200 2F6F3D5800"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    ox_bytes bytes = from_hex(*state, cases[i].hex);
    ox_entry_id id;
    assert_int_equal(ox_entry_id_decode(bytes, &id, NULL), OX_OK);
    assert_int_equal(id.kind, cases[i].kind);
    ox_writer w;
    ox_writer_init(&w, NULL, 1000);
    ox_entry_id_encode(&w, &id);
    assert_true(ox_bytes_equal(ox_writer_bytes(&w), bytes));
    ox_writer_dispose(&w);
  }
}

static void test_server_id__ours_and_others(void **state) {
  static const char *const hex[] = {"01 0100000000000122 0000000000000000 07000000", "00 AA BB CC"};
  for (size_t i = 0; i < 2; i++) {
    ox_bytes bytes = from_hex(*state, hex[i]);
    ox_server_id id;
    assert_int_equal(ox_server_id_decode(bytes, &id), OX_OK);
    if (i == 0) assert_int_equal(ox_id64_globcnt(id.folder_id), 0x122);
    ox_writer w;
    ox_writer_init(&w, NULL, 100);
    ox_server_id_encode(&w, &id);
    assert_true(ox_bytes_equal(ox_writer_bytes(&w), bytes));
    ox_writer_dispose(&w);
  }
  ox_server_id id;
  assert_int_equal(ox_server_id_decode(from_hex(*state, "02"), &id), OX_E_MALFORMED);
  assert_int_equal(ox_server_id_decode(from_hex(*state, "01 00"), &id), OX_E_TRUNCATED);
}

static void test_flat_list__pads_between_entries(void **state) {
  ox_bytes bytes = from_hex(*state, "02000000 0E000000 03000000 AABBCC 00 02000000 DDEE");
  ox_flat_entry_list list;
  assert_int_equal(ox_flat_entry_list_decode(bytes, *state, &list), OX_OK);
  assert_int_equal(list.count, 2);
  assert_memory_equal(list.entry_ids[1].data, "\xDD\xEE", 2);
  ox_writer w;
  ox_writer_init(&w, NULL, 100);
  ox_flat_entry_list_encode(&w, &list);
  assert_true(ox_bytes_equal(ox_writer_bytes(&w), bytes));
  ox_writer_dispose(&w);
  assert_false(list.ends_padded);
  /* A list whose last entry is padded too is as good, and stays as it is. */
  bytes = from_hex(*state, "01000000 08000000 03000000 AABBCC 00");
  assert_int_equal(ox_flat_entry_list_decode(bytes, *state, &list), OX_OK);
  assert_true(list.ends_padded);
  ox_writer_init(&w, NULL, 100);
  ox_flat_entry_list_encode(&w, &list);
  assert_true(ox_bytes_equal(ox_writer_bytes(&w), bytes));
  ox_writer_dispose(&w);
  bytes = from_hex(*state, "01000000 07000000 04000000 AABBCC");
  assert_int_equal(ox_flat_entry_list_decode(bytes, *state, &list), OX_E_MALFORMED);
  bytes = from_hex(*state, "FFFFFF7F 00000000");
  assert_int_equal(ox_flat_entry_list_decode(bytes, *state, &list), OX_E_TRUNCATED);
}

static void test_address_list__round_trips(void **state) {
  ox_bytes bytes =
      from_hex(*state, "02000000 02000000 0300150C 01000000 1F000130 4100 0000 00000000");
  ox_address_list list;
  ox_reader r;
  ox_reader_init(&r, bytes.data, bytes.size_bytes);
  assert_int_equal(ox_address_list_decode(&r, *state, 2, &list), OX_OK);
  assert_int_equal(ox_reader_finish(&r, NULL), OX_OK);
  assert_int_equal(list.address_count, 2);
  assert_int_equal(list.addresses[0].values[0].tag, OX_PidTagRecipientType);
  ox_writer w;
  ox_writer_init(&w, NULL, 100);
  ox_address_list_encode(&w, 2, &list);
  assert_true(ox_bytes_equal(ox_writer_bytes(&w), bytes));
  ox_writer_dispose(&w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      ARENA_TEST(test_entry_id__every_kind_round_trips),
      ARENA_TEST(test_entry_id__in_one_step),
      ARENA_TEST(test_entry_id__survives_every_failing_allocation),
      ARENA_TEST(test_entry_id__keeps_what_is_reserved),
      ARENA_TEST(test_server_id__ours_and_others),
      ARENA_TEST(test_flat_list__pads_between_entries),
      ARENA_TEST(test_address_list__round_trips),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
