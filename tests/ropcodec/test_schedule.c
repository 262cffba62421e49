/* Free/busy times as months and blocks, and back. */
#include "../support/testing.h"

#include <oxkit/ropcodec/schedule.h>

static uint32_t minutes(const char *text) {
  ox_filetime time;
  assert_int_equal(ox_filetime_parse(text, &time), OX_OK);
  return (uint32_t)(time / 600000000);
}

static const uint32_t forever = UINT32_MAX;

/* The example of the specification's fields: 2010-01 is 32161, a month of the Gregorian calendar.
 */
static void test_publish__says_months_and_minutes(void **state) {
  ox_arena *arena = *state;
  ox_busy_time times[] = {{minutes("2010-01-05T12:00:00Z"), minutes("2010-01-05T12:30:00Z")}};
  ox_busy_months out;
  assert_int_equal(ox_free_busy_publish(arena, times, 1, 0, forever, &out), OX_OK);
  assert_int_equal(out.count, 1);
  assert_int_equal(out.months[0], 2010 * 16 + 1);
  /* Four days and twelve hours: 6,480 minutes. */
  assert_true(ox_bytes_equal(out.blocks[0], from_hex(arena, "5019 6E19")));
}

static void test_publish__joins_what_touches(void **state) {
  ox_arena *arena = *state;
  uint32_t day = minutes("2024-02-01T00:00:00Z");
  ox_busy_time times[] = {{day + 60, day + 90}, {day + 300, day + 310}, {day + 10, day + 60},
                          {day + 80, day + 85}, {day + 500, day + 500}, {day + 300, day + 305}};
  ox_busy_months out;
  assert_int_equal(ox_free_busy_publish(arena, times, 6, 0, forever, &out), OX_OK);
  assert_int_equal(out.count, 1);
  assert_true(ox_bytes_equal(out.blocks[0], from_hex(arena, "0A00 5A00 2C01 3601")));
}

static void test_publish__cuts_at_the_ends_of_months(void **state) {
  ox_arena *arena = *state;
  ox_busy_time times[] = {{minutes("2023-12-31T23:00:00Z"), minutes("2024-03-01T00:00:00Z")}};
  ox_busy_months out;
  assert_int_equal(ox_free_busy_publish(arena, times, 1, 0, forever, &out), OX_OK);
  assert_int_equal(out.count, 3);
  assert_int_equal(out.months[0], 2023 * 16 + 12);
  assert_int_equal(out.months[1], 2024 * 16 + 1);
  assert_int_equal(out.months[2], 2024 * 16 + 2);
  assert_true(ox_bytes_equal(out.blocks[0], from_hex(arena, "24AE 60AE"))); /* of 44,640 */
  assert_true(ox_bytes_equal(out.blocks[1], from_hex(arena, "0000 60AE")));
  assert_true(ox_bytes_equal(out.blocks[2], from_hex(arena, "0000 20A3"))); /* 29 days */
}

static void test_publish__leaves_out_what_is_outside(void **state) {
  ox_arena *arena = *state;
  uint32_t start = minutes("2024-05-01T00:00:00Z"), end = minutes("2024-06-01T00:00:00Z");
  ox_busy_time times[] = {
      {start - 100, start + 10}, {end - 10, end + 5000}, {end, end + 1}, {start - 10, start}};
  ox_busy_months out;
  assert_int_equal(ox_free_busy_publish(arena, times, 4, start, end, &out), OX_OK);
  assert_int_equal(out.count, 1);
  assert_true(ox_bytes_equal(out.blocks[0], from_hex(arena, "0000 0A00 56AE 60AE")));
  assert_int_equal(ox_free_busy_publish(arena, times, 0, start, end, &out), OX_OK);
  assert_int_equal(out.count, 0);
}

static void test_publish__refuses_what_cannot_be(void **state) {
  ox_busy_time backwards[] = {{100, 99}};
  ox_busy_time century[] = {{0, 1}, {forever - 1, forever}};
  ox_busy_months out;
  assert_int_equal(ox_free_busy_publish(*state, backwards, 1, 0, forever, &out), OX_E_USAGE);
  assert_int_equal(ox_free_busy_publish(*state, backwards, 0, 2, 1, &out), OX_E_USAGE);
  assert_int_equal(ox_free_busy_publish(*state, century, 2, 0, forever, &out), OX_E_LIMIT);
}

/* A linear congruential generator: the same times in every run. */
static uint32_t next(uint32_t *seed, uint32_t below) {
  *seed = *seed * 1664525u + 1013904223u;
  return (*seed >> 8) % below;
}

static void test_expand__is_the_way_back(void **state) {
  ox_arena *arena = *state;
  uint32_t seed = 7, base = minutes("2019-11-20T00:00:00Z");
  for (int round = 0; round < 300; round++) {
    enum { DAYS = 200 };
    static bool busy[DAYS * 24];
    ox_busy_time times[12];
    memset(busy, 0, sizeof busy);
    size_t count = next(&seed, 12);
    for (size_t i = 0; i < count; i++) {
      uint32_t first = next(&seed, DAYS * 24 - 1), last = first + next(&seed, 24 * 50);
      if (last > DAYS * 24) last = DAYS * 24;
      times[i] = (ox_busy_time){base + first * 60, base + last * 60};
      for (uint32_t hour = first; hour < last; hour++) busy[hour] = true;
    }
    ox_busy_months published;
    ox_busy_time *expanded;
    size_t expanded_count;
    assert_int_equal(ox_free_busy_publish(arena, times, count, 0, forever, &published), OX_OK);
    assert_int_equal(ox_free_busy_expand(arena, &published, &expanded, &expanded_count), OX_OK);
    for (size_t i = 0; i < expanded_count; i++) {
      if (i != 0) assert_true(expanded[i].start_minutes > expanded[i - 1].end_minutes);
      for (uint32_t at = expanded[i].start_minutes; at < expanded[i].end_minutes; at += 60) {
        assert_true(busy[(at - base) / 60]);
        busy[(at - base) / 60] = false;
      }
    }
    for (size_t hour = 0; hour < DAYS * 24; hour++) assert_false(busy[hour]);
    ox_arena_reset(arena);
  }
}

static void test_expand__refuses_what_cannot_be(void **state) {
  ox_arena *arena = *state;
  static const struct {
    int32_t month;
    const char *blocks;
  } cases[] = {
      {2024 * 16 + 0, "0000 0100"},           /* no month */
      {2024 * 16 + 13, "0000 0100"},          /* a thirteenth */
      {-5, "0000 0100"},                      /* before all */
      {1600 * 16 + 1, "0000 0100"},           /* before 1601 */
      {2024 * 16 + 2, "0000 21A3"},           /* a minute after February */
      {2024 * 16 + 2, "0200 0100"},           /* backwards */
      {2024 * 16 + 2, "0000 0200 0100 0300"}, /* overlapping */
      {2024 * 16 + 2, "0000 02"},             /* half a block */
      {120000 * 16 + 1, "0000 0100"},         /* later than minutes can say */
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    int32_t month = cases[i].month;
    ox_bytes blocks = from_hex(arena, cases[i].blocks);
    ox_busy_months months = {1, &month, &blocks};
    ox_busy_time *times;
    size_t count;
    assert_int_equal(ox_free_busy_expand(arena, &months, &times, &count), OX_E_MALFORMED);
  }
  int32_t twice[] = {2024 * 16 + 2, 2024 * 16 + 2};
  ox_bytes blocks[] = {from_hex(arena, "0000 0100"), from_hex(arena, "0500 0600")};
  ox_busy_months months = {2, twice, blocks};
  ox_busy_time *times;
  size_t count;
  assert_int_equal(ox_free_busy_expand(arena, &months, &times, &count), OX_E_MALFORMED);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      ARENA_TEST(test_publish__says_months_and_minutes),
      ARENA_TEST(test_publish__joins_what_touches),
      ARENA_TEST(test_publish__cuts_at_the_ends_of_months),
      ARENA_TEST(test_publish__leaves_out_what_is_outside),
      ARENA_TEST(test_publish__refuses_what_cannot_be),
      ARENA_TEST(test_expand__is_the_way_back),
      ARENA_TEST(test_expand__refuses_what_cannot_be),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
