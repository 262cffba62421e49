/* Restrictions, sort orders, rule actions. */
#include "../support/testing.h"

#include <oxkit/ropcodec/restriction.h>
#include <oxkit/ropcodec/ruleaction.h>
#include <oxkit/ropcodec/sort.h>

/* One of each node; {hex, width}. [MS-OXCDATA] 2.12.1 to 2.12.11. */
static const struct {
  unsigned width;
  const char *hex;
} vectors[] = {
    {2, "00 02 00  08 1F 00 37 00  08 1F 00 00 10"},
    {4, "01 01 00 00 00  08 1F 00 37 00"},
    {2, "00 00 00"},
    {2, "02 08 1F 00 37 00"},
    {2, "03 01 00 05 00 1F 00 37 00 1F 00 37 00 61 00 00 00"},
    {2, "04 04 03 00 07 0E 03 00 07 0E 05 00 00 00"},
    {4, "04 04 02 01 FF 0F 02 01 FF 0F 01 00 00 00 AA"},
    {2, "05 03 03 00 07 0E 03 00 08 0E"},
    {2, "06 01 03 00 07 0E 04 00 00 00"},
    {2, "07 02 1F 00 37 00 10 00 00 00"},
    {2, "09 0D 00 12 0E 08 1F 00 01 30"},
    {2, "0A 01 03 00 01 60 07 00 00 00 01 08 1F 00 37 00"},
    {2, "0A 00 00"},
    {2, "0B 05 00 00 00 08 1F 00 37 00"},
};
enum { VECTOR_COUNT = sizeof vectors / sizeof vectors[0] };

static void test_restriction__every_node_round_trips(void **state) {
  for (size_t i = 0; i < VECTOR_COUNT; i++) {
    ox_bytes bytes = from_hex(*state, vectors[i].hex);
    ox_restriction restriction, copy;
    ox_reader r;
    ox_reader_init(&r, bytes.data, bytes.size_bytes);
    assert_int_equal(ox_restriction_decode(&r, *state, vectors[i].width, &restriction), OX_OK);
    assert_int_equal(ox_reader_finish(&r, NULL), OX_OK);
    assert_int_equal(ox_restriction_clone(*state, &restriction, &copy), OX_OK);
    ox_writer w;
    ox_writer_init(&w, NULL, 1000);
    ox_restriction_encode(&w, vectors[i].width, &copy);
    assert_int_equal(ox_writer_status(&w), OX_OK);
    assert_true(ox_bytes_equal(ox_writer_bytes(&w), bytes));
    ox_writer_dispose(&w);
    for (size_t size = 0; size < bytes.size_bytes; size++) {
      ox_reader_init(&r, bytes.data, size);
      assert_int_equal(ox_restriction_decode(&r, *state, vectors[i].width, &copy), OX_E_TRUNCATED);
    }
  }
}

static void test_restriction__refuses_unknown_nodes_and_bottomless_nesting(void **state) {
  ox_restriction restriction;
  ox_reader r;
  ox_reader_init(&r, "\x0C\0\0\0\0", 5);
  assert_int_equal(ox_restriction_decode(&r, *state, 2, &restriction), OX_E_MALFORMED);
  uint8_t nots[1000];
  memset(nots, OX_RESTRICTION_NOT, sizeof nots);
  ox_reader_init(&r, nots, sizeof nots);
  assert_int_equal(ox_restriction_decode(&r, *state, 2, &restriction), OX_E_LIMIT);
}

static void test_restriction__claimed_counts_cost_no_memory(void **state) {
  (void)state;
  /* At each of 60 levels an AND that claims as many children as bytes are left would allow. */
  uint8_t bytes[60000];
  memset(bytes, 0x08, sizeof bytes);
  for (size_t i = 0; i < 60; i++) {
    bytes[3 * i] = OX_RESTRICTION_AND;
    size_t claim = (sizeof bytes - 3 * i - 3) / 3;
    bytes[3 * i + 1] = (uint8_t)claim;
    bytes[3 * i + 2] = (uint8_t)(claim >> 8);
  }
  ox_arena arena;
  ox_arena_init(&arena, NULL, 4 * 1024 * 1024);
  ox_restriction restriction;
  ox_reader r;
  ox_reader_init(&r, bytes, sizeof bytes);
  assert_int_equal(ox_restriction_decode(&r, &arena, 2, &restriction), OX_E_TRUNCATED);
  ox_arena_dispose(&arena);
}

static ox_status decode_and_clone(const ox_allocator *allocator, void *user) {
  const ox_bytes *bytes = user;
  ox_arena arena;
  ox_restriction restriction, copy;
  ox_reader r;
  ox_arena_init(&arena, allocator, 0);
  ox_reader_init(&r, bytes->data, bytes->size_bytes);
  ox_status status = ox_restriction_decode(&r, &arena, 2, &restriction);
  for (int i = 0; i < 8 && status == OX_OK; i++) {
    status = ox_restriction_clone(&arena, &restriction, &copy);
  }
  ox_arena_dispose(&arena);
  return status;
}

static void test_restriction__survives_every_failing_allocation(void **state) {
  ox_bytes bytes = from_hex(*state,
                            "00 03 00  02 08 1F 00 37 00"
                            "03 01 00 05 00 1F 00 37 00 1F 00 37 00 61 00 00 00"
                            "0A 01 03 00 01 60 07 00 00 00 01 09 0D 00 12 0E 08 1F 00 01 30");
  every_allocation_fails(decode_and_clone, &bytes);
}

/* Evaluation. */

typedef struct object {
  ox_propbag bag;
  unsigned subobject_calls;
} object;

static const ox_value *lookup(void *user, ox_proptag tag) {
  return ox_propbag_get(&((object *)user)->bag, tag);
}

static ox_status subobjects(void *user, uint32_t subobject, const ox_restriction *child,
                            bool *any_matches_out) {
  assert_non_null(child);
  ((object *)user)->subobject_calls++;
  *any_matches_out = subobject == OX_PidTagMessageRecipients;
  return OX_OK;
}

static void fill(ox_arena *arena, object *o) {
  memset(o, 0, sizeof *o);
  ox_propbag_init(&o->bag, arena);
  assert_int_equal(ox_propbag_set_utf8(&o->bag, OX_PidTagSubject, "Caf\xC3\xA9 News"), OX_OK);
  assert_int_equal(ox_propbag_set_i32(&o->bag, OX_PidTagMessageFlags, 5), OX_OK);
  assert_int_equal(ox_propbag_set_i32(&o->bag, OX_PidTagMessageSize, 1000), OX_OK);
  assert_int_equal(ox_propbag_set_binary(&o->bag, OX_PidTagSearchKey, "ABC", 3), OX_OK);
  ox_str16 names[] = {wide_text(arena, "red"), wide_text(arena, "Green")};
  ox_value value;
  memset(&value, 0, sizeof value);
  value.multiple.count = 2;
  value.multiple.values.string = names;
  assert_int_equal(ox_propbag_set(&o->bag, OX_PROPTAG(0x8001, OX_PTYP_MULTIPLE_STRING), &value),
                   OX_OK);
}

static ox_status evaluate(ox_arena *arena, object *o, const ox_restriction *restriction,
                          bool *matches) {
  ox_restriction_subject subject = {sizeof subject, lookup, subobjects, o, arena};
  return ox_restriction_matches(restriction, &subject, matches);
}

static bool matches(ox_arena *arena, object *o, const ox_restriction *restriction) {
  bool result = false;
  assert_int_equal(evaluate(arena, o, restriction, &result), OX_OK);
  return result;
}

static ox_restriction content(ox_arena *arena, ox_proptag tag, uint16_t low, uint16_t high,
                              const char *text) {
  ox_restriction r;
  memset(&r, 0, sizeof r);
  r.type = OX_RESTRICTION_CONTENT;
  r.u.content.fuzzy_level_low = low;
  r.u.content.fuzzy_level_high = high;
  r.u.content.property_tag = tag;
  r.u.content.tagged_value.tag = OX_PROPTAG_AS(tag, OX_PTYP_STRING);
  r.u.content.tagged_value.value.string = wide_text(arena, text);
  return r;
}

static void test_matches__content(void **state) {
  object o;
  fill(*state, &o);
  const struct {
    uint16_t low, high;
    const char *text;
    bool expected;
  } cases[] = {
      {OX_FUZZY_FULLSTRING, 0, "Caf\xC3\xA9 News", true},
      {OX_FUZZY_FULLSTRING, 0, "caf\xC3\xA9 news", false},
      {OX_FUZZY_FULLSTRING, OX_FUZZY_IGNORECASE, "CAF\xC3\x89 NEWS", true},
      {OX_FUZZY_FULLSTRING, OX_FUZZY_IGNORECASE, "CAF\xC3\x89", false},
      {OX_FUZZY_SUBSTRING, 0, "ew", true},
      {OX_FUZZY_SUBSTRING, 0, "EW", false},
      {OX_FUZZY_SUBSTRING, OX_FUZZY_IGNORECASE, "EW", true},
      {OX_FUZZY_SUBSTRING, 0, "", true},
      {OX_FUZZY_PREFIX, 0, "Caf", true},
      {OX_FUZZY_PREFIX, 0, "News", false},
      {OX_FUZZY_PREFIX, OX_FUZZY_IGNORECASE, "cafe", false},
      {OX_FUZZY_PREFIX, OX_FUZZY_IGNORECASE | OX_FUZZY_IGNORENONSPACE, "cafe", true},
      {OX_FUZZY_SUBSTRING, OX_FUZZY_LOOSE,
       "\xEF\xBC\xA3"
       "AFE",
       true},
      {OX_FUZZY_SUBSTRING, OX_FUZZY_LOOSE, "tea", false},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    ox_restriction r =
        content(*state, OX_PidTagSubject, cases[i].low, cases[i].high, cases[i].text);
    assert_int_equal(matches(*state, &o, &r), cases[i].expected);
  }
  /* The 8-bit form finds the Unicode one; a missing property never matches. */
  ox_restriction r = content(*state, OX_PROPTAG_AS(OX_PidTagSubject, OX_PTYP_STRING8),
                             OX_FUZZY_SUBSTRING, 0, "News");
  assert_true(matches(*state, &o, &r));
  r = content(*state, OX_PidTagBody, OX_FUZZY_SUBSTRING, 0, "");
  assert_false(matches(*state, &o, &r));
  /* Any value of several. */
  r = content(*state, OX_PROPTAG(0x8001, OX_PTYP_MULTIPLE_STRING), OX_FUZZY_FULLSTRING,
              OX_FUZZY_IGNORECASE, "green");
  assert_true(matches(*state, &o, &r));
  r = content(*state, OX_PROPTAG(0x8001, OX_PTYP_MULTIPLE_STRING), OX_FUZZY_FULLSTRING,
              OX_FUZZY_IGNORECASE, "blue");
  assert_false(matches(*state, &o, &r));
  r.u.content.fuzzy_level_low = 7;
  bool result;
  assert_int_equal(evaluate(*state, &o, &r, &result), OX_E_TOO_COMPLEX);
}

static ox_restriction property_i32(ox_proptag tag, uint8_t rel_op, int32_t number) {
  ox_restriction r;
  memset(&r, 0, sizeof r);
  r.type = OX_RESTRICTION_PROPERTY;
  r.u.property.rel_op = rel_op;
  r.u.property.property_tag = tag;
  r.u.property.tagged_value.tag = tag;
  r.u.property.tagged_value.value.i32 = number;
  return r;
}

static void test_matches__property_and_its_operators(void **state) {
  object o;
  fill(*state, &o);
  const struct {
    uint8_t rel_op;
    int32_t number;
    bool expected;
  } cases[] = {
      {OX_RELOP_LESS_THAN, 6, true},
      {OX_RELOP_LESS_THAN, 5, false},
      {OX_RELOP_LESS_THAN_OR_EQUAL, 5, true},
      {OX_RELOP_GREATER_THAN, 4, true},
      {OX_RELOP_GREATER_THAN, 5, false},
      {OX_RELOP_GREATER_THAN_OR_EQUAL, 5, true},
      {OX_RELOP_EQUAL, 5, true},
      {OX_RELOP_EQUAL, 4, false},
      {OX_RELOP_NOT_EQUAL, 4, true},
      {OX_RELOP_NOT_EQUAL, 5, false},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    ox_restriction r = property_i32(OX_PidTagMessageFlags, cases[i].rel_op, cases[i].number);
    assert_int_equal(matches(*state, &o, &r), cases[i].expected);
  }
  ox_restriction narrow = property_i32(OX_PidTagMessageFlags, OX_RELOP_EQUAL, 0);
  narrow.u.property.tagged_value.tag = OX_PROPTAG_AS(OX_PidTagMessageFlags, OX_PTYP_INTEGER16);
  narrow.u.property.tagged_value.value.i16 = 5;
  assert_true(matches(*state, &o, &narrow));
  narrow.u.property.tagged_value.tag = OX_PROPTAG_AS(OX_PidTagMessageFlags, OX_PTYP_BINARY);
  assert_false(matches(*state, &o, &narrow)); /* nothing in common */
  ox_restriction r = property_i32(OX_PidTagImportance, OX_RELOP_NOT_EQUAL, 4);
  assert_false(matches(*state, &o, &r)); /* missing */
  r = property_i32(OX_PidTagMessageFlags, OX_RELOP_MEMBER_OF_DL, 5);
  assert_false(matches(*state, &o, &r));
  bool result = true;
  r = property_i32(OX_PidTagMessageFlags, 9, 5);
  assert_int_equal(evaluate(*state, &o, &r, &result), OX_E_TOO_COMPLEX);
  assert_false(result);
  /* Text without regard to case; several values: any equal, or none equal. */
  r = content(*state, OX_PidTagSubject, 0, 0, "CAF\xC3\x89 news");
  ox_restriction text = property_i32(OX_PidTagSubject, OX_RELOP_EQUAL, 0);
  text.u.property.tagged_value = r.u.content.tagged_value;
  assert_true(matches(*state, &o, &text));
  text.u.property.property_tag = OX_PROPTAG(0x8001, OX_PTYP_MULTIPLE_STRING);
  text.u.property.tagged_value.value.string = wide_text(*state, "RED");
  assert_true(matches(*state, &o, &text));
  text.u.property.rel_op = OX_RELOP_NOT_EQUAL;
  assert_false(matches(*state, &o, &text));
  text.u.property.tagged_value.value.string = wide_text(*state, "blue");
  assert_true(matches(*state, &o, &text));
}

static void test_matches__other_nodes(void **state) {
  object o;
  fill(*state, &o);
  const struct {
    const char *hex;
    bool expected;
  } cases[] = {
      {"05 00 03 00 07 0E 03 00 08 0E", true},  /* 5 < 1000 */
      {"05 02 03 00 07 0E 03 00 08 0E", false}, /* 5 > 1000 */
      {"05 02 03 00 07 0E 03 00 17 00", false}, /* importance is missing */
      {"06 00 03 00 07 0E 02 00 00 00", true},  /* 5 & 2 == 0 */
      {"06 01 03 00 07 0E 04 00 00 00", true},  /* 5 & 4 != 0 */
      {"06 01 03 00 07 0E 02 00 00 00", false},
      {"06 00 03 00 17 00 02 00 00 00", false}, /* missing */
      {"07 04 02 01 0B 30 03 00 00 00", true},  /* 3 bytes */
      {"07 02 02 01 0B 30 03 00 00 00", false},
      {"07 04 1F 00 37 00 14 00 00 00", true}, /* 9 units and terminator */
      {"08 1F 00 37 00", true},
      {"08 1F 00 00 10", false},
      {"02 08 1F 00 00 10", true},
      {"00 02 00 08 1F 00 37 00 08 1F 00 00 10", false},
      {"01 02 00 08 1F 00 00 10 08 1F 00 37 00", true},
      {"00 00 00", true}, /* nothing to fail */
      {"01 00 00", false},
      {"0A 00 00", true},
      {"0A 00 01 08 1F 00 00 10", false},
      {"0B 01 00 00 00 08 1F 00 37 00", true},
      {"09 0D 00 12 0E 08 1F 00 01 30", true},
      {"09 0D 00 13 0E 08 1F 00 01 30", false},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    ox_bytes bytes = from_hex(*state, cases[i].hex);
    ox_restriction restriction;
    ox_reader r;
    ox_reader_init(&r, bytes.data, bytes.size_bytes);
    assert_int_equal(ox_restriction_decode(&r, *state, 2, &restriction), OX_OK);
    assert_int_equal(ox_reader_finish(&r, NULL), OX_OK);
    assert_int_equal(matches(*state, &o, &restriction), cases[i].expected);
  }
  assert_int_equal(o.subobject_calls, 2);
}

static void test_tags__are_distinct_and_bounded(void **state) {
  ox_bytes bytes = from_hex(*state,
                            "00 04 00  08 1F 00 37 00  02 08 1F 00 37 00"
                            "05 00 03 00 07 0E 03 00 08 0E  09 0D 00 12 0E 08 1F 00 01 30");
  ox_restriction restriction;
  ox_reader r;
  ox_reader_init(&r, bytes.data, bytes.size_bytes);
  assert_int_equal(ox_restriction_decode(&r, *state, 2, &restriction), OX_OK);
  ox_proptag tags[3];
  size_t count;
  assert_int_equal(ox_restriction_tags(&restriction, tags, 3, &count), OX_OK);
  assert_int_equal(count, 3);
  assert_int_equal(tags[0], OX_PidTagSubject);
  assert_int_equal(tags[2], OX_PidTagMessageSize);
  assert_int_equal(ox_restriction_tags(&restriction, tags, 2, &count), OX_E_LIMIT);
}

/* Sort orders. */

static void test_sort__round_trips_and_checks_its_counts(void **state) {
  ox_bytes bytes = from_hex(*state, "02 00 01 00 01 00  1F 30 37 00 00  40 00 06 0E 01");
  ox_sort_order_set set;
  ox_reader r;
  ox_reader_init(&r, bytes.data, bytes.size_bytes);
  assert_int_equal(ox_sort_order_set_decode(&r, *state, &set), OX_OK);
  assert_int_equal(ox_reader_finish(&r, NULL), OX_OK);
  assert_int_equal(set.sort_orders[0].property_tag, 0x0037301F);
  assert_int_equal(set.sort_orders[1].property_tag, OX_PidTagMessageDeliveryTime);
  assert_int_equal(set.sort_orders[1].order, OX_SORT_DESCENDING);
  ox_writer w;
  ox_writer_init(&w, NULL, 100);
  ox_sort_order_set_encode(&w, &set);
  assert_true(ox_bytes_equal(ox_writer_bytes(&w), bytes));
  ox_writer_dispose(&w);
  static const char *const bad[] = {"01 00 02 00 00 00  1F 00 37 00 00",
                                    "01 00 00 00 01 00  1F 00 37 00 00"};
  for (size_t i = 0; i < 2; i++) {
    bytes = from_hex(*state, bad[i]);
    ox_reader_init(&r, bytes.data, bytes.size_bytes);
    assert_int_equal(ox_sort_order_set_decode(&r, *state, &set), OX_E_MALFORMED);
  }
}

/* Rule actions. [MS-OXORULE] 2.2.5 */

static void test_actions__every_kind_round_trips(void **state) {
  static const struct {
    unsigned width;
    const char *hex;
  } kinds[] = {
      {2,
       "01 00  24 00 01 00000000 00000000 01 0100 00 1500 01 0100000000000122 "
       "0000000000000000 00000000"},
      {2,
       "01 00  29 00 03 01000000 00000000 0100000000000122 0100000000000123 "
       "000102030405060708090A0B0C0D0E0F"},
      {4,
       "01000000 1F000000 04 00000000 00000000 02000000 AABB "
       "000102030405060708090A0B0C0D0E0F"},
      {4, "01000000 13000000 02 00000000 00000000 01000000 00 01000000 07"},
      {2, "01 00  0C 00 05 00000000 00000000 010203"},
      {2, "01 00  0D 00 06 00000000 00000000 26000000"},
      {2,
       "02 00  1C 00 07 03000000 00000000 0100 01 0200 0300150C 01000000 02010130 0000"
       "       09 00 0B 00000000 00000000"},
      {2, "01 00  11 00 09 00000000 00000000 03001700 02000000"},
  };
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    ox_bytes bytes = from_hex(*state, kinds[i].hex);
    ox_rule_actions actions, copy;
    ox_reader r;
    ox_reader_init(&r, bytes.data, bytes.size_bytes);
    assert_int_equal(ox_rule_actions_decode(&r, *state, kinds[i].width, &actions), OX_OK);
    assert_int_equal(ox_reader_finish(&r, NULL), OX_OK);
    assert_int_equal(ox_rule_actions_clone(*state, &actions, &copy), OX_OK);
    ox_writer w;
    ox_writer_init(&w, NULL, 1000);
    ox_rule_actions_encode(&w, kinds[i].width, &copy);
    assert_int_equal(ox_writer_status(&w), OX_OK);
    assert_true(ox_bytes_equal(ox_writer_bytes(&w), bytes));
    ox_writer_dispose(&w);
  }
}

static void test_actions__lengths_must_fit(void **state) {
  static const char *const bad[] = {
      "01 00  0A 00 0A 00000000 00000000 00", /* a byte too many in the block */
      "01 00  09 00 0C 00000000 00000000",    /* no such action */
      "01 00  09 00 06 00000000 00000000",    /* the bounce code is missing */
  };
  for (size_t i = 0; i < 3; i++) {
    ox_bytes bytes = from_hex(*state, bad[i]);
    ox_rule_actions actions;
    ox_reader r;
    ox_reader_init(&r, bytes.data, bytes.size_bytes);
    assert_int_equal(ox_rule_actions_decode(&r, *state, 2, &actions), OX_E_MALFORMED);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      ARENA_TEST(test_restriction__every_node_round_trips),
      ARENA_TEST(test_restriction__refuses_unknown_nodes_and_bottomless_nesting),
      ARENA_TEST(test_restriction__claimed_counts_cost_no_memory),
      ARENA_TEST(test_restriction__survives_every_failing_allocation),
      ARENA_TEST(test_matches__content),
      ARENA_TEST(test_matches__property_and_its_operators),
      ARENA_TEST(test_matches__other_nodes),
      ARENA_TEST(test_tags__are_distinct_and_bounded),
      ARENA_TEST(test_sort__round_trips_and_checks_its_counts),
      ARENA_TEST(test_actions__every_kind_round_trips),
      ARENA_TEST(test_actions__lengths_must_fit),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
