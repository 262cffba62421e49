/* Conversation indexes and ids. */
#include "../support/testing.h"

#include <oxkit/ropcodec/conversation.h>

static ox_filetime at(const char *text) {
  ox_filetime time;
  assert_int_equal(ox_filetime_parse(text, &time), OX_OK);
  return time;
}

static const ox_guid thread = {
    0x55CEA277, 0xB0DF, 0x194D, {0x9A, 0x5F, 0x3C, 0x07, 0x23, 0xB5, 0x40, 0xDB}};

static void test_index__starts_with_time_and_guid(void **state) {
  ox_arena *arena = *state;
  ox_bytes index;
  ox_filetime now = at("2010-11-17T18:55:37.0000000Z");
  assert_int_equal(ox_conversation_index_start(arena, now, &thread, &index), OX_OK);
  assert_int_equal(index.size_bytes, OX_CONVERSATION_HEADER_BYTES);
  assert_true(ox_conversation_index_is_valid(index));
  assert_int_equal(ox_conversation_index_depth(index), 0);
  assert_int_equal(ox_conversation_index_parent(index).size_bytes, 0);
  assert_true(ox_conversation_index_time(index, 0) == (now & ~UINT64_C(0xFFFF)));
  uint8_t guid[16];
  ox_guid_to_wire(&thread, guid);
  assert_memory_equal(index.data + 6, guid, sizeof guid);
}

static void test_index__refuses_times_it_cannot_hold(void **state) {
  ox_bytes index;
  assert_int_equal(ox_conversation_index_start(*state, 0, &thread, &index), OX_E_USAGE);
  ox_filetime late = UINT64_C(2) << 56;
  assert_int_equal(ox_conversation_index_start(*state, late, &thread, &index), OX_E_USAGE);
  assert_int_equal(ox_conversation_index_start(*state, late - 1, &thread, &index), OX_OK);
}

/* Answers after these times, and what the level's time may differ by. */
static void test_index__keeps_the_time_of_each_answer(void **state) {
  static const struct {
    uint64_t after;
    uint64_t unit;
    uint32_t code;
  } cases[] = {
      {0, 1u << 18, 0},
      {600000000, 1u << 18, 0},                  /* a minute */
      {(UINT64_C(1) << 49) - 1, 1u << 18, 0},    /* the last of the fine unit */
      {UINT64_C(1) << 49, 1u << 23, 0x80},       /* the first of the coarse one */
      {(UINT64_C(1) << 54) - 1, 1u << 23, 0x80}, /* 57 years */
  };
  ox_arena *arena = *state;
  ox_filetime start = at("1990-01-01T00:00:00Z") & ~UINT64_C(0xFFFF);
  ox_bytes index;
  assert_int_equal(ox_conversation_index_start(arena, start, &thread, &index), OX_OK);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    ox_bytes reply;
    ox_filetime now = start + cases[i].after;
    assert_int_equal(ox_conversation_index_reply(arena, index, now, (uint8_t)i, &reply), OX_OK);
    assert_int_equal(ox_conversation_index_depth(reply), i + 1);
    assert_true(ox_bytes_equal(ox_conversation_index_parent(reply), index));
    ox_filetime told = ox_conversation_index_time(reply, i + 1);
    assert_true(told <= now && now - told < cases[i].unit);
    assert_int_equal(reply.data[index.size_bytes] & 0x80, cases[i].code);
    assert_int_equal(reply.data[reply.size_bytes - 1], i << 4);
    index = reply;
  }
  assert_true(ox_conversation_index_time(index, 0) == start);
  assert_true(ox_conversation_index_time(index, 6) == 0);
}

static void test_index__answers_before_the_start_as_if_at_it(void **state) {
  ox_arena *arena = *state;
  ox_bytes index, reply;
  ox_filetime start = at("2020-01-01T00:00:00Z");
  assert_int_equal(ox_conversation_index_start(arena, start, &thread, &index), OX_OK);
  assert_int_equal(ox_conversation_index_reply(arena, index, start - 10000000, 0, &reply), OX_OK);
  assert_true(ox_conversation_index_time(reply, 1) == ox_conversation_index_time(index, 0));
}

static void test_index__of_other_bytes_is_none(void **state) {
  ox_arena *arena = *state;
  ox_bytes index, reply;
  assert_int_equal(ox_conversation_index_start(arena, at("2020-01-01T00:00:00Z"), &thread, &index),
                   OX_OK);
  ox_bytes shorter = {index.data, index.size_bytes - 1};
  assert_int_equal(ox_conversation_index_reply(arena, shorter, 0, 0, &reply), OX_E_MALFORMED);
  assert_int_equal(ox_conversation_index_depth(shorter), 0);
  assert_true(ox_conversation_index_time(shorter, 0) == 0);
  uint8_t other[OX_CONVERSATION_HEADER_BYTES] = {2};
  ox_bytes wrong = {other, sizeof other};
  assert_int_equal(ox_conversation_index_reply(arena, wrong, 0, 0, &reply), OX_E_MALFORMED);
}

static void assert_id(const uint8_t id[16], ox_arena *arena, const char *hex) {
  assert_memory_equal(id, from_hex(arena, hex).data, 16);
}

/* The digests are those that another program gives for the UTF-16LE text in upper case. */
static void test_id__is_the_digest_of_the_topic(void **state) {
  static const struct {
    const char *topic;
    const char *digest;
  } cases[] = {
      {"", "d41d8cd98f00b204e9800998ecf8427e"},
      {"Lunch on Friday", "e80f5a2422c845db6a2e6da03e17b2b5"},
      {"lunch ON friday", "e80f5a2422c845db6a2e6da03e17b2b5"},
      {"\xC3\xA4\xC3\xB6\xC3\xBC \xCF\x83\xCF\x82 \xC4\xB1i \xC3\xBF",
       "c9701c1f4f5ad279df6c657104defecb"},
  };
  ox_arena *arena = *state;
  ox_bytes none = {NULL, 0};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    uint8_t id[16];
    ox_str16 topic = wide_text(arena, cases[i].topic);
    assert_int_equal(ox_conversation_id(none, true, topic, id), OX_OK);
    assert_id(id, arena, cases[i].digest);
  }
}

static void test_id__takes_255_characters(void **state) {
  ox_arena *arena = *state;
  char text[301];
  memset(text, 'x', 300);
  text[300] = 0;
  uint8_t of_300[16], of_255[16], of_254[16];
  ox_bytes none = {NULL, 0};
  assert_int_equal(ox_conversation_id(none, false, wide_text(arena, text), of_300), OX_OK);
  text[255] = 0;
  assert_int_equal(ox_conversation_id(none, false, wide_text(arena, text), of_255), OX_OK);
  text[254] = 0;
  assert_int_equal(ox_conversation_id(none, false, wide_text(arena, text), of_254), OX_OK);
  assert_memory_equal(of_300, of_255, 16);
  assert_id(of_255, arena, "58639af008df98ed2f85e17ebcfcb91b");
  assert_memory_not_equal(of_255, of_254, 16);
}

static void test_id__is_the_guid_of_a_tracked_index(void **state) {
  ox_arena *arena = *state;
  ox_bytes index;
  uint8_t id[16], guid[16];
  ox_guid_to_wire(&thread, guid);
  ox_str16 topic = wide_text(arena, "Lunch on Friday"), none = {NULL, 0};
  assert_int_equal(ox_conversation_index_start(arena, at("2020-01-01T00:00:00Z"), &thread, &index),
                   OX_OK);
  assert_int_equal(ox_conversation_id(index, true, topic, id), OX_OK);
  assert_memory_equal(id, guid, 16);
  assert_int_equal(ox_conversation_id(index, false, topic, id), OX_OK);
  assert_id(id, arena, "e80f5a2422c845db6a2e6da03e17b2b5");
  assert_int_equal(ox_conversation_id(index, false, none, id), OX_E_NOT_FOUND);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      ARENA_TEST(test_index__starts_with_time_and_guid),
      ARENA_TEST(test_index__refuses_times_it_cannot_hold),
      ARENA_TEST(test_index__keeps_the_time_of_each_answer),
      ARENA_TEST(test_index__answers_before_the_start_as_if_at_it),
      ARENA_TEST(test_index__of_other_bytes_is_none),
      ARENA_TEST(test_id__is_the_digest_of_the_topic),
      ARENA_TEST(test_id__takes_255_characters),
      ARENA_TEST(test_id__is_the_guid_of_a_tracked_index),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
