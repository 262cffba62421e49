/* IDSETs in both forms. Numbers like R186 are requirements of [MS-OXCFXICS]. */
#include "../support/testing.h"

#include <oxkit/ropcodec/idset.h>
#include <oxkit/ropcodec/kinds.h>

/* In the order of their bytes, which is not that of the numbers in them. */
#define GUID_A "01 00 00 FF 00 00 00 00 00 00 00 00 00 00 00 0A "
#define GUID_B "02 00 00 00 00 00 00 00 00 00 00 00 00 00 00 0B "
#define GUID_C "FF 00 00 00 00 00 00 00 00 00 00 00 00 00 00 0C "

static const ox_replica guid_a = {{0xFF000001, 0, 0, {0, 0, 0, 0, 0, 0, 0, 0x0A}}};
static const ox_replica guid_b = {{0x00000002, 0, 0, {0, 0, 0, 0, 0, 0, 0, 0x0B}}};
static const ox_replica guid_c = {{0x000000FF, 0, 0, {0, 0, 0, 0, 0, 0, 0, 0x0C}}};
static const ox_replica id_1 = {.replid = 1}, id_2 = {.replid = 2}, id_256 = {.replid = 256};

static ox_bytes encoded(ox_arena *arena, const ox_idset *set) {
  ox_writer w;
  ox_writer_init(&w, NULL, 1 << 20);
  ox_idset_encode(&w, set);
  assert_int_equal(ox_writer_status(&w), OX_OK);
  ox_bytes bytes = {ox_arena_copy(arena, w.data, w.size_bytes), w.size_bytes};
  assert_non_null(bytes.data);
  ox_writer_dispose(&w);
  return bytes;
}

static void assert_encodes_to(ox_arena *arena, const ox_idset *set, const char *hex) {
  assert_true(ox_bytes_equal(encoded(arena, set), from_hex(arena, hex)));
}

static ox_idset decoded(ox_arena *arena, uint8_t form, const char *hex) {
  ox_idset set;
  assert_int_equal(ox_idset_decode(from_hex(arena, hex), form, arena, &set, NULL), OX_OK);
  return set;
}

static void add(ox_idset *set, const ox_replica *replica, uint64_t low, uint64_t high) {
  assert_int_equal(ox_idset_add(set, replica, low, high), OX_OK);
}

/* R181 to R183: in the order of the REPLIDs. R1934 to R1938. */
static void test_idset__by_replid(void **state) {
  const char *hex =
      "01 00  04 00 00 00 00 52 00 01 01 00 50 00"
      "02 00  06 00 00 00 00 00 07 00"
      "00 01  05 00 00 00 00 00 42 05 AA 50 00";
  ox_idset set;
  ox_idset_init(&set, OX_IDSET_REPLID, NULL);
  for (uint64_t id = 5; id <= 13; id += 2) {
    assert_int_equal(ox_idset_add_id(&set, ox_id64_make(256, id)), OX_OK);
  }
  assert_int_equal(ox_idset_add_id(&set, ox_id64_make(2, 7)), OX_OK);
  add(&set, &id_1, 1, 0x80);
  add(&set, &id_1, 0x70, 0x100);
  assert_encodes_to(*state, &set, hex);
  ox_idset back = decoded(*state, OX_IDSET_REPLID, hex);
  assert_true(ox_idset_equal(&set, &back));
  assert_int_equal(ox_idset_id_count(&set), 256 + 1 + 5);
  assert_true(ox_idset_contains_id(&back, ox_id64_make(256, 9)));
  assert_false(ox_idset_contains_id(&back, ox_id64_make(256, 10)));
  assert_false(ox_idset_contains_id(&back, ox_id64_make(3, 9)));
  assert_int_equal(ox_idset_remove_id(&set, ox_id64_make(2, 7)), OX_OK);
  assert_int_equal(ox_idset_remove_id(&set, ox_id64_make(2, 7)), OX_OK);
  assert_int_equal(set.count, 2); /* a replica without ids is gone */
  assert_true(ox_idset_ids(&set, &id_2)->count == 0);
  assert_int_equal(ox_idset_ids(&set, &id_256)->count, 5);
  ox_idset_dispose(&set);
}

/* R184 to R191: in the order of the GUIDs' bytes. */
static void test_idset__by_replguid(void **state) {
  const char *hex = GUID_A "06 00 00 00 00 00 01 00 " GUID_B "06 00 00 00 00 00 02 00 " GUID_C
                           "06 00 00 00 00 00 03 00";
  ox_idset set;
  ox_idset_init(&set, OX_IDSET_REPLGUID, NULL);
  add(&set, &guid_c, 3, 3);
  add(&set, &guid_a, 1, 1);
  add(&set, &guid_b, 2, 2);
  assert_encodes_to(*state, &set, hex);
  ox_idset back = decoded(*state, OX_IDSET_REPLGUID, hex);
  assert_true(ox_idset_equal(&set, &back));
  assert_true(ox_globset_contains(ox_idset_ids(&back, &guid_b), 2));
  assert_int_equal(ox_idset_add_id(&set, 1), OX_E_USAGE);
  assert_int_equal(ox_idset_remove_id(&set, 1), OX_E_USAGE);
  assert_false(ox_idset_contains_id(&set, 1));
  ox_idset_dispose(&set);
}

static void test_idset__of_nothing_is_no_bytes(void **state) {
  for (uint8_t form = OX_IDSET_REPLGUID; form <= OX_IDSET_REPLID; form++) {
    ox_idset set = decoded(*state, form, "");
    assert_int_equal(set.count, 0);
    assert_int_equal(set.form, form);
    assert_encodes_to(*state, &set, "");
  }
  /* A replica without ids is none. */
  ox_idset set = decoded(*state, OX_IDSET_REPLID, "01 00 00  02 00 06 00 00 00 00 00 07 00");
  assert_int_equal(set.count, 1);
  assert_int_equal(set.entries[0].replica.replid, 2);
}

static void test_idset__refuses_what_breaks_the_rules(void **state) {
  static const struct {
    uint8_t form;
    const char *hex;
    ox_status status;
    unsigned offset;
    const char *field;
    const char *spec;
  } cases[] = {
      {OX_IDSET_REPLID, "02 00 00 01 00 00", OX_E_MALFORMED, 3, "REPLID",
       "[MS-OXCFXICS] 2.2.2.4.1"},
      {OX_IDSET_REPLID, "02 00 06 00 00 00 00 00 07 00 02 00 00", OX_E_MALFORMED, 10, "REPLID",
       "[MS-OXCFXICS] 2.2.2.4.1"},
      {OX_IDSET_REPLGUID, GUID_B "00 " GUID_A "00", OX_E_MALFORMED, 17, "REPLGUID",
       "[MS-OXCFXICS] 2.2.2.4.2"},
      {OX_IDSET_REPLGUID, GUID_B "00 " GUID_B "00", OX_E_MALFORMED, 17, "REPLGUID",
       "[MS-OXCFXICS] 2.2.2.4.2"},
      {OX_IDSET_REPLID, "02 00 50 00", OX_E_MALFORMED, 2, "Command", "[MS-OXCFXICS] 2.2.2.6.2"},
      {OX_IDSET_REPLGUID, GUID_A "07", OX_E_MALFORMED, 16, "Command", "[MS-OXCFXICS] 2.2.2.6"},
      {OX_IDSET_REPLID, "02", OX_E_TRUNCATED, 0, "REPLID", "[MS-OXCFXICS] 2.2.2.4.1"},
      {OX_IDSET_REPLGUID, "02 00 00", OX_E_TRUNCATED, 0, "REPLGUID", "[MS-OXCFXICS] 2.2.2.4.2"},
      {OX_IDSET_REPLGUID, GUID_A, OX_E_TRUNCATED, 16, "Command", "[MS-OXCFXICS] 2.2.2.6"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    ox_idset set;
    ox_error err = {0};
    assert_int_equal(
        ox_idset_decode(from_hex(*state, cases[i].hex), cases[i].form, *state, &set, &err),
        cases[i].status);
    assert_int_equal(err.offset, cases[i].offset);
    assert_string_equal(err.field, cases[i].field);
    assert_string_equal(err.spec, cases[i].spec);
    assert_int_equal(set.count, 0);
  }
}

static void test_idset__is_truncated_at_every_byte(void **state) {
  ox_bytes all = from_hex(
      *state, GUID_A "06 00 00 00 00 00 01 00 " GUID_B "05 00 00 00 00 00 42 05 AA 52 20 30 50 00");
  for (size_t size = 0; size < all.size_bytes; size++) {
    ox_bytes some = {all.data, size};
    ox_idset set;
    bool whole = size == 0 || size == 24;
    assert_int_equal(ox_idset_decode(some, OX_IDSET_REPLGUID, *state, &set, NULL),
                     whole ? OX_OK : OX_E_TRUNCATED);
  }
}

static void test_idset__encodes_no_disorder(void **state) {
  (void)state;
  ox_globcnt_range range = {1, 2};
  ox_globset ids = {&range, 1, 0, NULL}, none = {NULL, 0, 0, NULL};
  ox_idset_entry wrong[][2] = {
      {{id_2, ids}, {id_1, ids}},
      {{id_1, ids}, {id_1, ids}},
      {{id_1, ids}, {id_2, none}},
  };
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    ox_idset set = {OX_IDSET_REPLID, wrong[i], 2, 0, NULL};
    ox_writer w;
    ox_writer_init(&w, NULL, 100);
    ox_idset_encode(&w, &set);
    assert_int_equal(ox_writer_status(&w), OX_E_USAGE);
    ox_writer_dispose(&w);
  }
}

/* The least bytes for a replica with ids. */
static void test_idset__takes_no_more_memory_than_promised(void **state) {
  enum { REPLICAS = 32769, SIZE = 10 * REPLICAS }; /* one more than a power of two */
  uint8_t *bytes = ox_arena_calloc(*state, SIZE, 1);
  assert_non_null(bytes);
  for (unsigned i = 0; i < REPLICAS; i++) {
    bytes[10 * i] = (uint8_t)i;
    bytes[10 * i + 1] = (uint8_t)(i >> 8);
    bytes[10 * i + 2] = 6;
  }
  ox_arena arena;
  ox_arena_init(&arena, NULL, (size_t)32 * SIZE);
  ox_bytes all = {bytes, SIZE};
  ox_idset set;
  assert_int_equal(ox_idset_decode(all, OX_IDSET_REPLID, &arena, &set, NULL), OX_OK);
  assert_int_equal(set.count, REPLICAS);
  ox_arena_dispose(&arena);
}

static void test_idset__algebra_goes_by_replica(void **state) {
  ox_idset a = decoded(*state, OX_IDSET_REPLGUID,
                       GUID_A "05 00 00 00 00 00 52 01 20 50 00 " GUID_B "06 00 00 00 00 00 02 00");
  ox_idset b = decoded(*state, OX_IDSET_REPLGUID,
                       GUID_A "05 00 00 00 00 00 52 11 30 50 00 " GUID_C "06 00 00 00 00 00 03 00");
  ox_idset out;
  ox_idset_init(&out, OX_IDSET_REPLID, NULL);
  assert_int_equal(ox_idset_union(&a, &b, &out), OX_OK);
  assert_encodes_to(*state, &out,
                    GUID_A "05 00 00 00 00 00 52 01 30 50 00 " GUID_B
                           "06 00 00 00 00 00 02 00 " GUID_C "06 00 00 00 00 00 03 00");
  assert_true(ox_idset_includes(&out, &a) && ox_idset_includes(&out, &b));
  assert_false(ox_idset_includes(&a, &out) || ox_idset_includes(&b, &out));
  assert_int_equal(ox_idset_difference(&out, &a, &out), OX_OK);
  assert_encodes_to(*state, &out,
                    GUID_A "05 00 00 00 00 00 52 21 30 50 00 " GUID_C "06 00 00 00 00 00 03 00");
  assert_int_equal(ox_idset_intersection(&a, &b, &out), OX_OK);
  assert_encodes_to(*state, &out, GUID_A "05 00 00 00 00 00 52 11 20 50 00");
  assert_true(ox_idset_includes(&a, &out) && ox_idset_includes(&b, &out));
  assert_false(ox_idset_equal(&a, &b));
  assert_int_equal(ox_idset_copy(&a, &out), OX_OK);
  assert_true(ox_idset_equal(&a, &out));
  /* A copy is a set of its own. */
  assert_int_equal(ox_idset_remove(&out, &guid_a, 1, 1), OX_OK);
  assert_true(ox_globset_contains(ox_idset_ids(&a, &guid_a), 1));
  assert_int_equal(ox_idset_difference(&a, &a, &out), OX_OK);
  assert_int_equal(out.count, 0);
  assert_true(ox_idset_includes(&a, &out));
  ox_idset_dispose(&out);
}

static void test_idset__keeps_its_forms_apart(void **state) {
  (void)state;
  ox_idset a, b;
  ox_idset_init(&a, OX_IDSET_REPLID, NULL);
  ox_idset_init(&b, OX_IDSET_REPLGUID, NULL);
  assert_int_equal(ox_idset_union(&a, &b, &a), OX_E_USAGE);
  assert_int_equal(ox_idset_intersection(&a, &b, &a), OX_E_USAGE);
  assert_int_equal(ox_idset_difference(&a, &b, &a), OX_E_USAGE);
  assert_false(ox_idset_equal(&a, &b));
  assert_false(ox_idset_includes(&a, &b));
  assert_int_equal(ox_idset_add(&a, &id_1, 2, 1), OX_E_USAGE);
  assert_int_equal(ox_idset_remove(&a, &id_1, 2, 1), OX_E_USAGE);
  assert_int_equal(a.count, 0);
}

/* R1942 to R1946, R3374, R3375: the property decides. */
static void test_idset__form_is_the_propertys(void **state) {
  (void)state;
  static const struct {
    ox_proptag tag;
    uint8_t form;
  } properties[] = {
      {0x40170003, OX_IDSET_REPLGUID}, /* MetaTagIdsetGiven, R3007; its type is wrong on the wire */
      {0x40170102, OX_IDSET_REPLGUID},
      {0x67960102, OX_IDSET_REPLGUID}, /* MetaTagCnsetSeen, R1264 */
      {0x67DA0102, OX_IDSET_REPLGUID}, /* MetaTagCnsetSeenFAI, R3010 */
      {0x67D20102, OX_IDSET_REPLGUID}, /* MetaTagCnsetRead, R3013 */
      {0x67E50102, OX_IDSET_REPLID},   /* MetaTagIdsetDeleted, R1276 */
      {0x40210102, OX_IDSET_REPLID},   /* MetaTagIdsetNoLongerInScope, R3032 */
      {0x67930102, OX_IDSET_REPLID},   /* MetaTagIdsetExpired, R3034 */
      {0x402D0102, OX_IDSET_REPLID},   /* MetaTagIdsetRead, R3036 */
      {0x402E0102, OX_IDSET_REPLID},   /* MetaTagIdsetUnread, R3038 */
  };
  uint8_t form;
  for (size_t i = 0; i < sizeof properties / sizeof properties[0]; i++) {
    form = 0xFF;
    assert_true(ox_idset_form_of(properties[i].tag, &form));
    assert_int_equal(form, properties[i].form);
  }
  assert_false(ox_idset_form_of(0x65E20102, &form)); /* PidTagChangeKey */
}

/* Conversion. */

typedef struct replicas {
  ox_replica guids[3];
  uint16_t ids[3];
  unsigned calls;
  ox_status failure; /* instead of OX_E_NOT_FOUND */
} replicas;

static ox_status replguid_of(void *user, uint16_t replid, ox_guid *out) {
  replicas *known = user;
  known->calls++;
  for (unsigned i = 0; i < 3; i++) {
    if (known->ids[i] != replid) continue;
    *out = known->guids[i].replguid;
    return OX_OK;
  }
  return known->failure;
}

static ox_status replid_of(void *user, const ox_guid *replguid, uint16_t *out) {
  replicas *known = user;
  known->calls++;
  for (unsigned i = 0; i < 3; i++) {
    if (!ox_guid_equal(&known->guids[i].replguid, replguid)) continue;
    *out = known->ids[i];
    return OX_OK;
  }
  return known->failure;
}

/* R190: the order becomes that of the other names. */
static void test_idset__converts_both_ways(void **state) {
  replicas known = {{guid_a, guid_b, guid_c}, {256, 1, 2}, 0, OX_E_NOT_FOUND};
  ox_replica_map map = {replguid_of, replid_of, &known};
  const char *by_guid = GUID_A "06 00 00 00 00 00 0A 00 " GUID_B "06 00 00 00 00 00 0B 00 " GUID_C
                               "06 00 00 00 00 00 0C 00";
  ox_idset set = decoded(*state, OX_IDSET_REPLGUID, by_guid), out;
  ox_idset_init(&out, OX_IDSET_REPLGUID, NULL);
  assert_int_equal(ox_idset_convert(&set, OX_IDSET_REPLID, &map, &out, NULL), OX_OK);
  assert_encodes_to(*state, &out,
                    "01 00 06 00 00 00 00 00 0B 00  02 00 06 00 00 00 00 00 0C 00"
                    "00 01 06 00 00 00 00 00 0A 00");
  assert_int_equal(known.calls, 3);
  assert_int_equal(ox_idset_convert(&out, OX_IDSET_REPLGUID, &map, &out, NULL), OX_OK);
  assert_encodes_to(*state, &out, by_guid);
  known.calls = 0;
  assert_int_equal(ox_idset_convert(&out, OX_IDSET_REPLGUID, &map, &out, NULL), OX_OK);
  assert_encodes_to(*state, &out, by_guid);
  assert_int_equal(known.calls, 0); /* nothing to ask */
  ox_idset_dispose(&out);
}

/* Two GUIDs of one REPLID: their ids are those of one replica. */
static void test_idset__joins_replicas_that_are_one(void **state) {
  replicas known = {{guid_a, guid_b, guid_c}, {2, 1, 2}, 0, OX_E_NOT_FOUND};
  ox_replica_map map = {replguid_of, replid_of, &known};
  ox_idset set = decoded(*state, OX_IDSET_REPLGUID,
                         GUID_A "06 00 00 00 00 00 0A 00 " GUID_B "06 00 00 00 00 00 0B 00 " GUID_C
                                "06 00 00 00 00 00 0B 00"),
           out;
  ox_idset_init(&out, OX_IDSET_REPLGUID, NULL);
  assert_int_equal(ox_idset_convert(&set, OX_IDSET_REPLID, &map, &out, NULL), OX_OK);
  assert_encodes_to(*state, &out,
                    "01 00 06 00 00 00 00 00 0B 00  02 00 05 00 00 00 00 00 52 0A 0B 50 00");
  ox_idset_dispose(&out);
}

static void test_idset__says_which_replica_is_unknown(void **state) {
  replicas known = {{guid_a, guid_a, guid_a}, {7, 7, 7}, 0, OX_E_NOT_FOUND};
  ox_replica_map map = {replguid_of, replid_of, &known};
  ox_error err = {0};
  ox_idset out;
  ox_idset_init(&out, OX_IDSET_REPLID, NULL);
  add(&out, &id_1, 1, 2);
  ox_idset set = decoded(*state, OX_IDSET_REPLGUID,
                         GUID_A "06 00 00 00 00 00 0A 00 " GUID_B "06 00 00 00 00 00 0B 00");
  assert_int_equal(ox_idset_convert(&set, OX_IDSET_REPLID, &map, &out, &err), OX_E_NOT_FOUND);
  assert_int_equal(err.status, OX_E_NOT_FOUND);
  assert_non_null(strstr(err.text, "00000002-0000-0000-0000-00000000000b"));
  assert_encodes_to(*state, &out, "01 00 05 00 00 00 00 00 52 01 02 50 00"); /* as it was */
  assert_int_equal(ox_idset_convert(&out, OX_IDSET_REPLGUID, &map, &out, &err), OX_E_NOT_FOUND);
  assert_non_null(strstr(err.text, "REPLID 1."));
  known.failure = OX_E_IO; /* what the map says is passed on */
  assert_int_equal(ox_idset_convert(&out, OX_IDSET_REPLGUID, &map, &out, &err), OX_E_IO);
  ox_idset_dispose(&out);
}

/* JSON that a person wrote. */
static void test_idset__from_json(void **state) {
  static const struct {
    const char *json;
    ox_status status;
    const char *hex;
  } cases[] = {
      {"{\"kind\": \"idset-replid\", \"value\": {\"replicas\": [{\"replid\": 2, \"ranges\": "
       "[{\"low\": 1, \"high\": \"0x000000000003\"}]}]}}",
       OX_OK, "02 00 05 00 00 00 00 00 52 01 03 50 00"},
      {"{\"kind\": \"idset\", \"value\": {\"replicas\": [{\"replguid\": "
       "\"ff000001-0000-0000-0000-00000000000a\", \"ranges\": [{\"low\": 7, \"high\": 7}]}]}}",
       OX_OK, GUID_A "06 00 00 00 00 00 07 00"},
      {"{\"kind\": \"globset\", \"value\": {\"ranges\": []}}", OX_OK, "00"},
      /* Out of order, adjacent, upside down, without ids: what the encoder refuses. */
      {"{\"kind\": \"globset\", \"value\": {\"ranges\": [{\"low\": 5, \"high\": 6}, "
       "{\"low\": 1, \"high\": 2}]}}",
       OX_E_USAGE, NULL},
      {"{\"kind\": \"globset\", \"value\": {\"ranges\": [{\"low\": 5, \"high\": 6}, "
       "{\"low\": 7, \"high\": 8}]}}",
       OX_E_USAGE, NULL},
      {"{\"kind\": \"globset\", \"value\": {\"ranges\": [{\"low\": 6, \"high\": 5}]}}", OX_E_USAGE,
       NULL},
      {"{\"kind\": \"idset-replid\", \"value\": {\"replicas\": [{\"replid\": 2, \"ranges\": "
       "[]}]}}",
       OX_E_USAGE, NULL},
      /* No GLOBCNT, no REPLID, no range. */
      {"{\"kind\": \"globset\", \"value\": {\"ranges\": [{\"low\": 1, \"high\": "
       "\"0x1000000000000\"}]}}",
       OX_E_MALFORMED, NULL},
      {"{\"kind\": \"idset-replid\", \"value\": {\"replicas\": [{\"replid\": 65536, "
       "\"ranges\": []}]}}",
       OX_E_MALFORMED, NULL},
      {"{\"kind\": \"globset\", \"value\": {\"ranges\": [{\"low\": 1}]}}", OX_E_MALFORMED, NULL},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    ox_writer w;
    ox_error err = {0};
    ox_writer_init(&w, NULL, 1000);
    ox_status status = ox_kind_from_json(ox_str8_from(cases[i].json), &w, NULL, &err);
    if (status != cases[i].status) fail_msg("%s: %s", cases[i].json, err.text);
    if (status == OX_OK) {
      assert_true(ox_bytes_equal(ox_writer_bytes(&w), from_hex(*state, cases[i].hex)));
    }
    ox_writer_dispose(&w);
  }
}

static ox_status build(const ox_allocator *allocator, void *user) {
  const ox_bytes *bytes = user;
  replicas known = {{guid_a, guid_b, guid_c}, {2, 1, 2}, 0, OX_E_NOT_FOUND};
  ox_replica_map map = {replguid_of, replid_of, &known};
  ox_arena arena;
  ox_idset a, b;
  ox_arena_init(&arena, allocator, 0);
  ox_idset_init(&b, OX_IDSET_REPLGUID, allocator);
  ox_status status = ox_idset_decode(*bytes, OX_IDSET_REPLGUID, &arena, &a, NULL);
  a.allocator = allocator;
  const ox_replica *const guids[] = {&guid_c, &guid_a, &guid_b};
  for (unsigned i = 0; status == OX_OK && i < 3; i++) {
    status = ox_idset_add(&b, guids[i], 40 + i, 50);
  }
  if (status == OX_OK) status = ox_idset_add(&a, &guid_c, 1, 2);
  if (status == OX_OK) status = ox_idset_union(&a, &b, &a);
  if (status == OX_OK) status = ox_idset_intersection(&a, &b, &b);
  if (status == OX_OK) status = ox_idset_difference(&a, &b, &a);
  if (status == OX_OK) status = ox_idset_convert(&b, OX_IDSET_REPLID, &map, &b, NULL);
  if (status == OX_OK) assert_true(b.count == 2 && ox_idset_id_count(&a) > 0);
  ox_idset_dispose(&a);
  ox_idset_dispose(&b);
  ox_arena_dispose(&arena);
  return status;
}

static void test_idset__survives_every_failing_allocation(void **state) {
  ox_bytes bytes =
      from_hex(*state, GUID_A "06 00 00 00 00 00 0A 00 " GUID_B "06 00 00 00 00 00 0B 00");
  every_allocation_fails(build, &bytes);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      ARENA_TEST(test_idset__by_replid),
      ARENA_TEST(test_idset__by_replguid),
      ARENA_TEST(test_idset__of_nothing_is_no_bytes),
      ARENA_TEST(test_idset__refuses_what_breaks_the_rules),
      ARENA_TEST(test_idset__is_truncated_at_every_byte),
      ARENA_TEST(test_idset__encodes_no_disorder),
      ARENA_TEST(test_idset__takes_no_more_memory_than_promised),
      ARENA_TEST(test_idset__algebra_goes_by_replica),
      ARENA_TEST(test_idset__keeps_its_forms_apart),
      ARENA_TEST(test_idset__form_is_the_propertys),
      ARENA_TEST(test_idset__converts_both_ways),
      ARENA_TEST(test_idset__joins_replicas_that_are_one),
      ARENA_TEST(test_idset__says_which_replica_is_unknown),
      ARENA_TEST(test_idset__from_json),
      ARENA_TEST(test_idset__survives_every_failing_allocation),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
