/* Recurrence patterns: structures, dates, expansion, changes. */
#include "../support/testing.h"

#include <stdio.h>

#include <oxkit/ropcodec/occurrence.h>

/* [MS-OXOCAL] 4.1.1.1, 4.1.1.2, 4.1.1.3, 4.1.1.6. */
#define WEEKLY                                                                                 \
  "043004300B2001000000C0210000010000000000000032000000222000000C0000000000000000000000000000" \
  "008020BC0C20ADBC0C0630000009300000580200007602000000000000000000000000"
#define WEEKLY_EXCEPTION                                                                         \
  "043004300B2001000000C0210000010000000000000032000000222000000C0000000000000001000000A096BC"   \
  "0C01000000A096BC0C8020BC0C20ADBC0C0630000009300000580200007602000001003499BC0C5299BC0CF898"   \
  "BC0C11002200210053696D706C6520526563757272656E6365207769746820657863657074696F6E7308000700"   \
  "33342F34313431000000000400000000000000000000003499BC0C5299BC0CF898BC0C2100530069006D007000"   \
  "6C006500200052006500630075007200720065006E00630065002000770069007400680020006500780063006500" \
  "7000740069006F006E0073000700330034002F0034003100340031000000000000000000"
#define DAILY_DELETED                                                                          \
  "043004300A2000000000A0050000E010000000000000212000000A0000000000000002000000A0C1DC0C80D2DC" \
  "0C00000000207EDC0C0016DD0C0630000009300000E0010000FE01000000000000000000000000"
#define YEARLY_HEBREW                                                                          \
  "043004300D200200080080750A000C0000000000000003000000232000000A0000000000000001000000207EDC" \
  "0C01000000207EDC0C6074C40CDF80E95A0630000009300000E0010000FE01000001000080DC0C1E80DC0C0080" \
  "DC0C24023C000000010000000000000004000000000000000000000000000000"

/* Two series that Outlook made (msgreader's Friday_Lunch.msg and A_daily_1.msg). */
#define FRIDAY_LUNCH                                                                         \
  "043004300B2001000000C021000001000000000000002000000021200000340000000000000003000000A0CC" \
  "3A0D00F43A0D601B3B0D0200000080DD3A0D601B3B0DA0CC3A0D00B0420D0630000009300000D00200000C03" \
  "0000020050E03A0D8CE03A0DD0F63A0D01000D000C004D6F6E646179204C756E6368301E3B0D6C1E3B0D301E" \
  "3B0D2000030000000000000004000000000000000000000050E03A0D8CE03A0DD0F63A0D0C004D006F006E00" \
  "64006100790020004C0075006E00630068000000000004000000000000000000000000000000"
#define WEEKDAYS_ONCE                                                                        \
  "043004300A2001000000C021000001000000000000003E000000222000000100000000000000000000000000" \
  "000000403A0D00403A0D063000000930000000000000A005000000000000000000000000"

static const char *const examples[] = {WEEKLY,        WEEKLY_EXCEPTION, DAILY_DELETED,
                                       YEARLY_HEBREW, FRIDAY_LUNCH,     WEEKDAYS_ONCE};
enum { EXAMPLES = sizeof examples / sizeof examples[0], MANY = 100 };

static ox_appointment_recurrence_pattern decode(ox_arena *arena, const char *hex) {
  ox_bytes bytes = from_hex(arena, hex);
  ox_reader r;
  ox_reader_init(&r, bytes.data, bytes.size_bytes);
  ox_appointment_recurrence_pattern out;
  assert_int_equal(ox_appointment_recurrence_pattern_decode(&r, arena, &out), OX_OK);
  assert_int_equal(ox_reader_finish(&r, NULL), OX_OK);
  return out;
}

static ox_bytes encode(ox_arena *arena, const ox_appointment_recurrence_pattern *p) {
  ox_writer w;
  ox_writer_init(&w, NULL, 1 << 20);
  ox_appointment_recurrence_pattern_encode(&w, p);
  assert_int_equal(ox_writer_status(&w), OX_OK);
  ox_bytes bytes = {ox_arena_copy(arena, w.data, w.size_bytes), w.size_bytes};
  ox_writer_dispose(&w);
  return bytes;
}

static uint32_t date(uint32_t year, uint32_t month, uint32_t day) {
  uint32_t minutes;
  assert_int_equal(ox_minutes_from_date(year, month, day, &minutes), OX_OK);
  return minutes;
}

static ox_filetime utc(uint32_t year, uint32_t month, uint32_t day, uint32_t hour) {
  return ox_minutes_to_filetime(date(year, month, day) + hour * 60);
}

static void is_date(uint32_t minutes, uint32_t year, uint32_t month, uint32_t day) {
  uint32_t y, m, d;
  ox_minutes_to_date(minutes, &y, &m, &d);
  if (y != year || m != month || d != day) {
    fail_msg("%u-%02u-%02u instead of %u-%02u-%02u", y, m, d, year, month, day);
  }
}

/* Structures. */

static void test_examples__round_trip(void **state) {
  for (size_t i = 0; i < EXAMPLES; i++) {
    ox_bytes bytes = from_hex(*state, examples[i]);
    ox_appointment_recurrence_pattern p = decode(*state, examples[i]);
    assert_true(ox_bytes_equal(encode(*state, &p), bytes));
    for (size_t n = 0; n < bytes.size_bytes; n++) {
      ox_reader r;
      ox_reader_init(&r, bytes.data, n);
      ox_appointment_recurrence_pattern none;
      assert_int_equal(ox_appointment_recurrence_pattern_decode(&r, *state, &none), OX_E_TRUNCATED);
    }
  }
}

static void test_examples__by_descriptor_are_the_same(void **state) {
  for (size_t i = 0; i < EXAMPLES; i++) {
    ox_bytes bytes = from_hex(*state, examples[i]);
    ox_appointment_recurrence_pattern p = decode(*state, examples[i]), q;
    ox_reader r;
    ox_reader_init(&r, bytes.data, bytes.size_bytes);
    assert_int_equal(
        ox_wire_decode(&ox_appointment_recurrence_pattern_wire, &r, *state, NULL, &q, NULL, NULL),
        OX_OK);
    assert_true(ox_wire_equal(&ox_appointment_recurrence_pattern_wire, &p, &q));
    q.reader_version2++;
    assert_false(ox_wire_equal(&ox_appointment_recurrence_pattern_wire, &p, &q));
    if (q.exception_count == 0) continue;
    q.reader_version2--;
    q.extended_exceptions.items[0].change_highlight_value++;
    assert_false(ox_wire_equal(&ox_appointment_recurrence_pattern_wire, &p, &q));
  }
}

static void test_weekly__fields_are_those_of_the_specification(void **state) {
  ox_appointment_recurrence_pattern a = decode(*state, WEEKLY);
  const ox_recurrence_pattern *p = &a.recurrence_pattern;
  assert_int_equal(p->recur_frequency, OX_RECUR_FREQUENCY_WEEKLY);
  assert_int_equal(p->pattern_type, OX_PATTERN_TYPE_WEEK);
  assert_int_equal(p->first_date_time, 8640);
  assert_int_equal(p->period, 1);
  assert_int_equal(
      p->days, OX_RECURRENCE_DAYS_MONDAY | OX_RECURRENCE_DAYS_THURSDAY | OX_RECURRENCE_DAYS_FRIDAY);
  assert_int_equal(p->end_type, OX_END_TYPE_COUNT);
  assert_int_equal(p->occurrence_count, 12);
  assert_int_equal(a.start_time_offset, 600);
  assert_int_equal(a.end_time_offset, 630);
}

static void test_exception__fields_are_those_of_the_specification(void **state) {
  ox_appointment_recurrence_pattern a = decode(*state, WEEKLY_EXCEPTION);
  assert_int_equal(a.exception_count, 1);
  const ox_exception_info *e = a.exception_info;
  assert_int_equal(e->override_flags, OX_OVERRIDE_FLAGS_SUBJECT | OX_OVERRIDE_FLAGS_LOCATION);
  is_date(e->start_date_time, 2007, 4, 16);
  assert_int_equal(e->start_date_time % 1440, 11 * 60);
  assert_int_equal(e->end_date_time % 1440, 11 * 60 + 30);
  assert_int_equal(e->original_start_time % 1440, 10 * 60);
  assert_int_equal(e->subject.size_bytes, 33);
  assert_memory_equal(e->subject.data, "Simple Recurrence with exceptions", 33);
  assert_memory_equal(e->location.data, "34/4141", 7);
  const ox_extended_exception *x = a.extended_exceptions.items;
  assert_string_equal(ox_str16_utf8(*state, x->wide_char_subject),
                      "Simple Recurrence with exceptions");
  assert_string_equal(ox_str16_utf8(*state, x->wide_char_location), "34/4141");
  assert_int_equal(x->start_date_time, e->start_date_time);
}

static void test_extended_exception__keeps_reserved_blocks(void **state) {
  ox_appointment_recurrence_pattern a = decode(*state, WEEKLY_EXCEPTION), b;
  a.reserved_block1 = from_hex(*state, "01 02");
  a.reserved_block2 = from_hex(*state, "03");
  a.extended_exceptions.items[0].change_highlight_rest = from_hex(*state, "04 05 06 07 08");
  a.extended_exceptions.items[0].reserved_block_ee1 = from_hex(*state, "09");
  a.extended_exceptions.items[0].reserved_block_ee2 = from_hex(*state, "0A 0B");
  a.exception_info[0].override_flags |= 0xFC00; /* bits that nobody knows */
  for (uint32_t version = 0x3008; version <= 0x300A; version++) {
    a.writer_version2 = version;
    ox_bytes bytes = encode(*state, &a);
    ox_reader r;
    ox_reader_init(&r, bytes.data, bytes.size_bytes);
    assert_int_equal(ox_appointment_recurrence_pattern_decode(&r, *state, &b), OX_OK);
    assert_int_equal(ox_reader_finish(&r, NULL), OX_OK);
    assert_true(ox_bytes_equal(encode(*state, &b), bytes));
    assert_int_equal(b.extended_exceptions.items[0].change_highlight_rest.size_bytes,
                     version >= 0x3009 ? 5 : 0);
    assert_int_equal(b.exception_info[0].override_flags, a.exception_info[0].override_flags);
  }
}

static void refused(ox_arena *arena, const char *hex, size_t at, uint8_t value, ox_status status,
                    const char *field) {
  ox_bytes bytes = from_hex(arena, hex);
  uint8_t *copy = ox_arena_copy(arena, bytes.data, bytes.size_bytes);
  copy[at] = value;
  ox_reader r;
  ox_error err;
  ox_appointment_recurrence_pattern p;
  ox_reader_init(&r, copy, bytes.size_bytes);
  assert_int_equal(ox_appointment_recurrence_pattern_decode(&r, arena, &p), status);
  assert_int_equal(ox_reader_status(&r, &err), status);
  assert_string_equal(err.field, field);
}

static void test_decode__names_what_is_wrong(void **state) {
  refused(*state, WEEKLY, 6, 5, OX_E_MALFORMED, "pattern_type");
  refused(*state, WEEKLY, 41, 0xFF, OX_E_TRUNCATED, "deleted_instance_dates");
  refused(*state, WEEKLY, 45, 0xFF, OX_E_TRUNCATED, "modified_instance_dates");
  refused(*state, WEEKLY, 70, 1, OX_E_TRUNCATED, "exception_info");
  refused(*state, WEEKLY, 72, 9, OX_E_TRUNCATED, "reserved_block1");
  /* A ChangeHighlight without room for its value. */
  refused(*state, YEARLY_HEBREW, 106, 3, OX_E_MALFORMED, "ChangeHighlight");
}

static ox_status decode_once(const ox_allocator *allocator, void *user) {
  const ox_bytes *bytes = user;
  ox_arena arena;
  ox_arena_init(&arena, allocator, 0);
  ox_reader r;
  ox_reader_init(&r, bytes->data, bytes->size_bytes);
  ox_appointment_recurrence_pattern p;
  ox_status status = ox_appointment_recurrence_pattern_decode(&r, &arena, &p);
  ox_arena_dispose(&arena);
  return status;
}

static void test_decode__without_memory(void **state) {
  ox_bytes bytes = from_hex(*state, WEEKLY_EXCEPTION);
  every_allocation_fails(decode_once, &bytes);
}

/* What msgreader says of the series is in its Friday_Lunch.json. */
static void test_outlook__a_series_with_exceptions(void **state) {
  ox_appointment_recurrence_pattern p = decode(*state, FRIDAY_LUNCH);
  assert_int_equal(p.exception_count, 2);
  assert_int_equal(p.exception_info[0].override_flags, OX_OVERRIDE_FLAGS_SUBJECT);
  assert_memory_equal(p.exception_info[0].subject.data, "Monday Lunch", 12);
  assert_int_equal(p.exception_info[1].override_flags, OX_OVERRIDE_FLAGS_BUSY_STATUS);
  assert_int_equal(p.exception_info[1].busy_status, 3);
  ox_zone zone;
  assert_int_equal(ox_zone_init_index(20, &zone), OX_OK); /* Tokyo */
  ox_occurrence_iterator it;
  ox_occurrence o;
  assert_int_equal(ox_occurrences_begin(&it, &p, &zone, 0, UINT64_MAX, NULL), OX_OK);
  /* 52 Fridays of 2023, the first one deleted, the second moved to the Monday before it. */
  assert_true(ox_occurrences_next(&it, &o));
  assert_int_equal(o.start, utc(2023, 1, 9, 3));
  is_date(o.original_date, 2023, 1, 13);
  assert_true(ox_occurrences_next(&it, &o));
  assert_int_equal(o.start, utc(2023, 1, 20, 3));
  assert_int_equal(o.exception_index, 1);
  unsigned count = 2;
  while (ox_occurrences_next(&it, &o)) count++;
  assert_int_equal(count, 51);
  ox_series s;
  uint32_t last = 0;
  assert_int_equal(ox_series_init(&p.recurrence_pattern, &s, NULL), OX_OK);
  assert_true(ox_series_count(&s) == 52 && ox_series_date(&s, 51, &last));
  is_date(last, 2023, 12, 29);
}

/* Dates. */

typedef struct expected {
  uint16_t pattern_type, calendar_type;
  uint32_t period, days, day, n, first_dow;
  uint32_t start[3];
  uint32_t dates[6][3]; /* the first ones */
  uint32_t first_date_time;
} expected;

#define WEEKDAYS 0x3E
static const expected patterns[] = {
    /* [MS-OXOCAL] 4.1.1.1 and 4.1.1.3 */
    {OX_PATTERN_TYPE_WEEK,
     0,
     1,
     0x32,
     0,
     0,
     0,
     {2007, 3, 26},
     {{2007, 3, 26}, {2007, 3, 29}, {2007, 3, 30}, {2007, 4, 2}, {2007, 4, 5}, {2007, 4, 6}},
     8640},
    {OX_PATTERN_TYPE_DAY,
     0,
     4320,
     0,
     0,
     0,
     0,
     {2011, 4, 7},
     {{2011, 4, 7}, {2011, 4, 10}, {2011, 4, 13}, {2011, 4, 16}, {2011, 4, 19}, {2011, 4, 22}},
     1440},
    /* every weekday: what Outlook writes for it begins on a Monday */
    {OX_PATTERN_TYPE_WEEK,
     0,
     1,
     WEEKDAYS,
     0,
     0,
     0,
     {2022, 12, 9},
     {{2022, 12, 9},
      {2022, 12, 12},
      {2022, 12, 13},
      {2022, 12, 14},
      {2022, 12, 15},
      {2022, 12, 16}},
     8640},
    /* the week matters: Sunday and Tuesday every two weeks, from a Tuesday */
    {OX_PATTERN_TYPE_WEEK,
     0,
     2,
     0x05,
     0,
     0,
     0,
     {2024, 1, 2},
     {{2024, 1, 2}, {2024, 1, 14}, {2024, 1, 16}, {2024, 1, 28}, {2024, 1, 30}, {2024, 2, 11}},
     8640},
    {OX_PATTERN_TYPE_WEEK,
     0,
     2,
     0x05,
     0,
     0,
     1,
     {2024, 1, 2},
     {{2024, 1, 2}, {2024, 1, 7}, {2024, 1, 16}, {2024, 1, 21}, {2024, 1, 30}, {2024, 2, 4}},
     10080},
    /* the 31st, and the 30th in February */
    {OX_PATTERN_TYPE_MONTH,
     0,
     1,
     0,
     31,
     0,
     0,
     {2011, 12, 31},
     {{2011, 12, 31}, {2012, 1, 31}, {2012, 2, 29}, {2012, 3, 31}, {2012, 4, 30}, {2012, 5, 31}},
     0},
    /* the 30th of every second month, as in the example of a question to Outlook's makers */
    {OX_PATTERN_TYPE_MONTH,
     0,
     2,
     0,
     30,
     0,
     0,
     {2012, 8, 30},
     {{2012, 8, 30}, {2012, 10, 30}, {2012, 12, 30}, {2013, 2, 28}, {2013, 4, 30}, {2013, 6, 30}},
     44640},
    {OX_PATTERN_TYPE_MONTH_END,
     0,
     1,
     0,
     31,
     0,
     0,
     {2023, 1, 15},
     {{2023, 1, 31}, {2023, 2, 28}, {2023, 3, 31}, {2023, 4, 30}, {2023, 5, 31}, {2023, 6, 30}},
     0},
    /* last weekday, first weekend day, second Tuesday, last day */
    {OX_PATTERN_TYPE_MONTH_NTH,
     0,
     2,
     WEEKDAYS,
     0,
     5,
     0,
     {2024, 2, 1},
     {{2024, 2, 29}, {2024, 4, 30}, {2024, 6, 28}, {2024, 8, 30}, {2024, 10, 31}, {2024, 12, 31}},
     44640},
    {OX_PATTERN_TYPE_MONTH_NTH,
     0,
     1,
     0x41,
     0,
     1,
     0,
     {2024, 2, 4},
     {{2024, 3, 2}, {2024, 4, 6}, {2024, 5, 4}, {2024, 6, 1}, {2024, 7, 6}, {2024, 8, 3}},
     0},
    {OX_PATTERN_TYPE_MONTH_NTH,
     0,
     1,
     0x04,
     0,
     2,
     0,
     {2024, 2, 4},
     {{2024, 2, 13}, {2024, 3, 12}, {2024, 4, 9}, {2024, 5, 14}, {2024, 6, 11}, {2024, 7, 9}},
     0},
    {OX_PATTERN_TYPE_MONTH_NTH,
     0,
     1,
     0x7F,
     0,
     5,
     0,
     {2024, 2, 4},
     {{2024, 2, 29}, {2024, 3, 31}, {2024, 4, 30}, {2024, 5, 31}, {2024, 6, 30}, {2024, 7, 31}},
     0},
    /* yearly: February 29, also under the name of another calendar */
    {OX_PATTERN_TYPE_MONTH,
     OX_CALENDAR_TYPE_JAPAN,
     12,
     0,
     29,
     0,
     0,
     {2020, 2, 29},
     {{2020, 2, 29}, {2021, 2, 28}, {2022, 2, 28}, {2023, 2, 28}, {2024, 2, 29}, {2025, 2, 28}},
     44640},
    /* Hijri: 6 Shawwal 1421 is January 1, 2001 as .NET's documentation says. The dates were counted
     * day by day from July 18, 622. Yearly, then the 30th: months have 30 and 29 days in turn, the
     * last one of a leap year (1442) 30. */
    {OX_PATTERN_TYPE_HJ_MONTH,
     0,
     12,
     0,
     6,
     0,
     0,
     {2001, 1, 1},
     {{2001, 1, 1}, {2001, 12, 21}, {2002, 12, 10}, {2003, 11, 30}, {2004, 11, 18}, {2005, 11, 7}},
     643680},
    {OX_PATTERN_TYPE_HJ_MONTH,
     0,
     1,
     0,
     30,
     0,
     0,
     {2021, 6, 10},
     {{2021, 7, 9}, {2021, 8, 8}, {2021, 9, 7}, {2021, 10, 6}, {2021, 11, 5}, {2021, 12, 4}},
     260640},
    {OX_PATTERN_TYPE_HJ_MONTH_END,
     0,
     1,
     0,
     30,
     0,
     0,
     {2021, 6, 1},
     {{2021, 6, 9}, {2021, 7, 9}, {2021, 8, 8}, {2021, 9, 7}, {2021, 10, 6}, {2021, 11, 5}},
     260640},
    {OX_PATTERN_TYPE_MONTH,
     OX_CALENDAR_TYPE_HIJRI,
     12,
     0,
     1,
     0,
     0,
     {2021, 8, 9},
     {{2021, 8, 9}, {2022, 7, 29}, {2023, 7, 18}, {2024, 7, 7}, {2025, 6, 26}, {2026, 6, 16}},
     260640},
    {OX_PATTERN_TYPE_HJ_MONTH_NTH,
     0,
     1,
     0x20,
     0,
     1,
     0,
     {2021, 8, 1},
     {{2021, 8, 13}, {2021, 9, 10}, {2021, 10, 8}, {2021, 11, 12}, {2021, 12, 10}, {2022, 1, 7}},
     260640},
};
enum { PATTERNS = sizeof patterns / sizeof patterns[0] };

static ox_recurrence_pattern pattern_of(const expected *e) {
  ox_recurrence_pattern p = {.pattern_type = e->pattern_type,
                             .calendar_type = e->calendar_type,
                             .period = e->period,
                             .days = e->days,
                             .day = e->day,
                             .n = e->n,
                             .first_dow = e->first_dow,
                             .end_type = OX_END_TYPE_NEVER,
                             .start_date = date(e->start[0], e->start[1], e->start[2])};
  p.recur_frequency = p.pattern_type == OX_PATTERN_TYPE_DAY    ? OX_RECUR_FREQUENCY_DAILY
                      : p.pattern_type == OX_PATTERN_TYPE_WEEK ? OX_RECUR_FREQUENCY_WEEKLY
                      : p.period == 12                         ? OX_RECUR_FREQUENCY_YEARLY
                                                               : OX_RECUR_FREQUENCY_MONTHLY;
  return p;
}

static void test_series__dates_of_every_type(void **state) {
  (void)state;
  for (size_t i = 0; i < PATTERNS; i++) {
    const expected *e = &patterns[i];
    ox_recurrence_pattern p = pattern_of(e);
    assert_int_equal(ox_recurrence_complete(&p, NULL), OX_OK);
    is_date(p.start_date, e->dates[0][0], e->dates[0][1], e->dates[0][2]);
    assert_int_equal(p.end_date, OX_RECURRENCE_END_DATE_NEVER);
    assert_int_equal(p.occurrence_count, 10);
    if (p.first_date_time != e->first_date_time) {
      fail_msg("pattern %zu: FirstDateTime %u", i, p.first_date_time);
    }
    ox_error err;
    if (ox_recurrence_pattern_check(&p, &err) != OX_OK) fail_msg("pattern %zu: %s", i, err.text);
    ox_series s;
    assert_int_equal(ox_series_init(&p, &s, NULL), OX_OK);
    assert_true(ox_series_count(&s) == OX_SERIES_ENDLESS);
    for (uint64_t n = 0; n < 6; n++) {
      uint32_t found;
      assert_true(ox_series_date(&s, n, &found));
      is_date(found, e->dates[n][0], e->dates[n][1], e->dates[n][2]);
    }
  }
}

/* The number of a date and the date of a number are each other's inverse, near and far. */
static void test_series__find_is_the_inverse_of_date(void **state) {
  (void)state;
  for (size_t i = 0; i < PATTERNS; i++) {
    ox_recurrence_pattern p = pattern_of(&patterns[i]);
    assert_int_equal(ox_recurrence_complete(&p, NULL), OX_OK);
    ox_series s;
    assert_int_equal(ox_series_init(&p, &s, NULL), OX_OK);
    uint32_t previous = 0, found;
    for (uint64_t n = 0; ox_series_date(&s, n, &found); n += n < 1000 ? 1 : 97) {
      assert_true(found > previous);
      assert_true(ox_series_find(&s, found) == n);
      assert_true(ox_series_find(&s, found + 1439) == n);
      if (found < UINT32_MAX - 2 * 1440) assert_true(ox_series_find(&s, found + 1440) == n + 1);
      uint64_t number;
      assert_true(ox_series_contains(&s, found + 700, &number) && number == n);
      previous = found;
    }
    assert_true(ox_series_find(&s, 0) == 0);
    assert_false(ox_series_contains(&s, p.start_date - 1440, NULL));
  }
}

static void test_complete__ends(void **state) {
  ox_appointment_recurrence_pattern a = decode(*state, WEEKLY);
  ox_recurrence_pattern p = a.recurrence_pattern;
  p.reader_version = p.writer_version = 0;
  p.first_date_time = p.end_date = 0;
  assert_int_equal(ox_recurrence_complete(&p, NULL), OX_OK);
  assert_true(ox_wire_equal(&ox_recurrence_pattern_wire, &p, &a.recurrence_pattern));
  /* The same series up to a date: the day before the last one, and any day of that week after. */
  p.end_type = OX_END_TYPE_DATE;
  p.end_date -= 1440;
  assert_int_equal(ox_recurrence_complete(&p, NULL), OX_OK);
  assert_int_equal(p.occurrence_count, 11);
  p.end_date += 3 * 1440;
  assert_int_equal(ox_recurrence_complete(&p, NULL), OX_OK);
  assert_int_equal(p.occurrence_count, 12);
  a = decode(*state, DAILY_DELETED);
  p = a.recurrence_pattern;
  p.occurrence_count = p.first_date_time = 0;
  assert_int_equal(ox_recurrence_complete(&p, NULL), OX_OK);
  assert_true(ox_wire_equal(&ox_recurrence_pattern_wire, &p, &a.recurrence_pattern));
  p.end_date = p.start_date - 1;
  assert_int_equal(ox_recurrence_complete(&p, NULL), OX_E_NOT_FOUND);
  p.end_type = OX_END_TYPE_COUNT;
  p.occurrence_count = 0;
  assert_int_equal(ox_recurrence_complete(&p, NULL), OX_E_NOT_FOUND);
  p.occurrence_count = UINT32_MAX;
  assert_int_equal(ox_recurrence_complete(&p, NULL), OX_E_LIMIT);
}

static void test_series__what_makes_no_sense(void **state) {
  static const struct {
    const char *field;
    ox_recurrence_pattern p;
  } bad[] = {
      {"Period", {.pattern_type = OX_PATTERN_TYPE_DAY, .period = 1439}},
      {"Period", {.pattern_type = OX_PATTERN_TYPE_MONTH, .day = 1}},
      {"PatternTypeSpecific", {.pattern_type = OX_PATTERN_TYPE_WEEK, .period = 1, .days = 0x80}},
      {"PatternTypeSpecific", {.pattern_type = OX_PATTERN_TYPE_MONTH_NTH, .period = 1, .n = 1}},
      {"N", {.pattern_type = OX_PATTERN_TYPE_MONTH_NTH, .period = 1, .days = 1}},
      {"N", {.pattern_type = OX_PATTERN_TYPE_HJ_MONTH_NTH, .period = 1, .days = 1, .n = 6}},
      {"Day", {.pattern_type = OX_PATTERN_TYPE_MONTH, .period = 1}},
      {"Day", {.pattern_type = OX_PATTERN_TYPE_HJ_MONTH, .period = 1, .day = 32}},
      {"FirstDOW", {.pattern_type = OX_PATTERN_TYPE_WEEK, .period = 1, .days = 1, .first_dow = 7}},
      {"EndType", {.pattern_type = OX_PATTERN_TYPE_DAY, .period = 1440}},
  };
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    ox_series s;
    ox_error err;
    assert_int_equal(ox_series_init(&bad[i].p, &s, &err), OX_E_MALFORMED);
    assert_string_equal(err.field, bad[i].field);
    assert_true(ox_series_count(&s) == 0 && ox_series_find(&s, 5) == 0);
  }
  ox_appointment_recurrence_pattern a = decode(*state, YEARLY_HEBREW);
  ox_series s;
  assert_int_equal(ox_series_init(&a.recurrence_pattern, &s, NULL), OX_E_NOT_SUPPORTED);
  a.recurrence_pattern.calendar_type = OX_CALENDAR_TYPE_UMALQURA;
  assert_int_equal(ox_series_init(&a.recurrence_pattern, &s, NULL), OX_E_NOT_SUPPORTED);
  a.recurrence_pattern.pattern_type = OX_PATTERN_TYPE_DAY;
  a.recurrence_pattern.period = 1440;
  assert_int_equal(ox_series_init(&a.recurrence_pattern, &s, NULL), OX_OK);
}

/* FirstDateTime says which weeks are valid, StartDate where they begin. */
static void test_series__is_in_step_with_first_date_time(void **state) {
  ox_recurrence_pattern p = decode(*state, WEEKLY).recurrence_pattern;
  p.period = 2;
  p.first_date_time = 8640 + 10080;
  ox_series s;
  uint32_t found;
  assert_int_equal(ox_series_init(&p, &s, NULL), OX_OK);
  assert_true(ox_series_date(&s, 0, &found));
  is_date(found, 2007, 3, 26);
  p.first_date_time = 8640;
  assert_int_equal(ox_series_init(&p, &s, NULL), OX_OK);
  assert_true(ox_series_date(&s, 0, &found));
  is_date(found, 2007, 4, 2);
}

/* Expansion. */

static ox_zone pacific(void) {
  ox_zone zone;
  assert_int_equal(ox_zone_init_index(13, &zone), OX_OK);
  return zone;
}

static size_t expand(const ox_appointment_recurrence_pattern *p, const ox_zone *zone,
                     ox_filetime from, ox_filetime to, ox_occurrence *out) {
  ox_occurrence_iterator it;
  assert_int_equal(ox_occurrences_begin(&it, p, zone, from, to, NULL), OX_OK);
  size_t count = 0;
  ox_occurrence o;
  while (ox_occurrences_next(&it, &o)) {
    assert_true(count < MANY);
    assert_true(count == 0 || out[count - 1].local_start <= o.local_start);
    assert_true(o.start <= o.end && o.start < to && (o.end > from || o.start >= from));
    out[count++] = o;
  }
  assert_int_equal(ox_occurrences_status(&it), OX_OK);
  return count;
}

static void test_expand__counts_and_converts(void **state) {
  ox_appointment_recurrence_pattern p = decode(*state, WEEKLY);
  ox_zone zone = pacific();
  ox_occurrence all[MANY];
  assert_int_equal(expand(&p, &zone, 0, UINT64_MAX, all), 12);
  assert_int_equal(all[0].start, utc(2007, 3, 26, 17)); /* daylight saving time since March 11 */
  assert_int_equal(all[0].end, all[0].start + 30 * 600000000ull);
  assert_int_equal(all[0].exception_index, -1);
  assert_int_equal(all[11].start, utc(2007, 4, 20, 17));
  is_date(all[11].original_date, 2007, 4, 20);
  /* The same hour in winter time. */
  p.recurrence_pattern.end_type = OX_END_TYPE_NEVER;
  assert_int_equal(expand(&p, &zone, utc(2007, 11, 1, 0), utc(2007, 11, 6, 0), all), 3);
  assert_int_equal(all[0].start, utc(2007, 11, 1, 17));
  assert_int_equal(all[1].start, utc(2007, 11, 2, 17));
  assert_int_equal(all[2].start, utc(2007, 11, 5, 18));
}

static void test_expand__window_edges(void **state) {
  ox_appointment_recurrence_pattern p = decode(*state, WEEKLY);
  ox_zone zone = pacific();
  ox_occurrence all[MANY];
  ox_filetime start = utc(2007, 3, 26, 17), end = start + 30 * 600000000ull;
  assert_int_equal(expand(&p, &zone, start - 1, start, all), 0);
  assert_int_equal(expand(&p, &zone, start - 1, start + 1, all), 1);
  assert_int_equal(expand(&p, &zone, end - 1, end, all), 1);
  assert_int_equal(expand(&p, &zone, end, end + 1, all), 0);
  assert_int_equal(expand(&p, &zone, end, start, all), 0);
  /* Without length it is where it begins. */
  p.end_time_offset = p.start_time_offset;
  assert_int_equal(expand(&p, &zone, start, start + 1, all), 1);
  assert_int_equal(expand(&p, &zone, start - 1, start, all), 0);
  /* Over several days. */
  p.end_time_offset = p.start_time_offset + 3 * 1440;
  assert_int_equal(expand(&p, &zone, utc(2007, 3, 29, 16), utc(2007, 3, 29, 18), all), 2);
}

static void test_expand__leaves_out_what_is_deleted(void **state) {
  ox_appointment_recurrence_pattern p = decode(*state, DAILY_DELETED);
  ox_zone zone = pacific();
  ox_occurrence all[MANY];
  assert_int_equal(expand(&p, &zone, 0, UINT64_MAX, all), 8);
  is_date(all[3].original_date, 2011, 4, 16);
  is_date(all[4].original_date, 2011, 4, 25);
  /* Out of order they are found too. */
  uint32_t swapped[] = {p.recurrence_pattern.deleted_instance_dates[1],
                        p.recurrence_pattern.deleted_instance_dates[0]};
  p.recurrence_pattern.deleted_instance_dates = swapped;
  assert_int_equal(expand(&p, &zone, 0, UINT64_MAX, all), 8);
}

static void test_expand__moves_exceptions_into_and_out_of_the_window(void **state) {
  ox_appointment_recurrence_pattern p = decode(*state, WEEKLY_EXCEPTION);
  ox_zone zone = pacific();
  ox_occurrence all[MANY];
  assert_int_equal(expand(&p, &zone, 0, UINT64_MAX, all), 12);
  assert_int_equal(all[9].exception_index, 0);
  assert_int_equal(all[9].start, utc(2007, 4, 16, 18));
  assert_int_equal(all[9].original_start, utc(2007, 4, 16, 17));
  is_date(all[9].original_date, 2007, 4, 16);
  /* Moved by a month, behind the end of the series. */
  p.exception_info[0].start_date_time += 30 * 1440;
  p.exception_info[0].end_date_time += 30 * 1440;
  assert_int_equal(expand(&p, &zone, utc(2007, 4, 16, 0), utc(2007, 4, 17, 0), all), 0);
  assert_int_equal(expand(&p, &zone, utc(2007, 5, 16, 0), utc(2007, 5, 17, 0), all), 1);
  assert_int_equal(all[0].exception_index, 0);
  is_date(all[0].original_date, 2007, 4, 16);
  /* An exception replaces its instance even when DeletedInstanceDates does not say so. */
  p.recurrence_pattern.deleted_instance_count = 0;
  assert_int_equal(expand(&p, &zone, utc(2007, 4, 16, 0), utc(2007, 4, 17, 0), all), 0);
  assert_int_equal(expand(&p, &zone, 0, UINT64_MAX, all), 12);
}

static void test_expand__orders_exceptions(void **state) {
  ox_appointment_recurrence_pattern p = decode(*state, DAILY_DELETED);
  p.recurrence_pattern.deleted_instance_count = 0;
  ox_zone zone = pacific();
  /* Three instances change places; in the array they stand in yet another order. */
  static const uint32_t days[3][2] = {{10, 16}, {13, 10}, {16, 13}};
  for (size_t i = 0; i < 3; i++) {
    ox_exception_info e = {.original_start_time = date(2011, 4, days[i][0]) + 480,
                           .start_date_time = date(2011, 4, days[i][1]) + 60 * (uint32_t)i,
                           .end_date_time = date(2011, 4, days[i][1]) + 600};
    assert_int_equal(ox_recurrence_modify(&p, *state, &e, NULL, 1252, NULL), OX_OK);
  }
  ox_exception_info e = p.exception_info[0];
  p.exception_info[0] = p.exception_info[2];
  p.exception_info[2] = e;
  ox_occurrence all[MANY];
  assert_int_equal(expand(&p, &zone, 0, UINT64_MAX, all), 10);
  is_date(all[1].original_date, 2011, 4, 13);
  is_date(all[2].original_date, 2011, 4, 16);
  is_date(all[3].original_date, 2011, 4, 10);
  is_date(all[4].original_date, 2011, 4, 19);
  assert_int_equal(all[1].exception_index, 2);
  assert_int_equal(all[3].exception_index, 0);
}

static void test_expand__where_the_clock_changes(void **state) {
  ox_appointment_recurrence_pattern p = decode(*state, DAILY_DELETED);
  ox_zone zone = pacific();
  ox_occurrence all[MANY];
  p.recurrence_pattern.end_type = OX_END_TYPE_NEVER;
  p.recurrence_pattern.period = 1440;
  /* 2:30 to 3:15 does not exist on March 11, 2012: the length stays. */
  p.start_time_offset = 150;
  p.end_time_offset = 195;
  assert_int_equal(expand(&p, &zone, utc(2012, 3, 11, 8), utc(2012, 3, 12, 7), all), 1);
  assert_int_equal(all[0].start, utc(2012, 3, 11, 10) + 30 * 600000000ull);
  assert_int_equal(all[0].end, utc(2012, 3, 11, 11) + 15 * 600000000ull);
  /* 0:30 to 1:30 on November 4, 2012 takes an hour more: it ends in standard time. */
  p.start_time_offset = 30;
  p.end_time_offset = 90;
  assert_int_equal(expand(&p, &zone, utc(2012, 11, 4, 7), utc(2012, 11, 5, 7), all), 1);
  assert_int_equal(all[0].end - all[0].start, 120 * 600000000ull);
}

static void test_expand__seeks(void **state) {
  ox_appointment_recurrence_pattern p = decode(*state, WEEKLY);
  p.recurrence_pattern.end_type = OX_END_TYPE_NEVER;
  ox_zone zone = pacific();
  ox_occurrence_iterator it;
  ox_occurrence o;
  /* Two thousand years later, in a handful of steps. */
  assert_int_equal(
      ox_occurrences_begin(&it, &p, &zone, utc(4007, 3, 1, 0), utc(4007, 3, 8, 0), NULL), OX_OK);
  unsigned count = 0;
  while (ox_occurrences_next(&it, &o)) count++;
  assert_int_equal(count, 3);
  assert_in_range(it.steps, 1, 8);
  /* Past what 32 bits hold there is nothing. */
  assert_int_equal(
      ox_occurrences_begin(&it, &p, &zone, utc(9767, 1, 1, 0) + (1ull << 62), UINT64_MAX, NULL),
      OX_OK);
  assert_false(ox_occurrences_next(&it, &o));
  assert_int_equal(ox_occurrences_status(&it), OX_OK);
}

static void test_expand__is_bounded(void **state) {
  ox_appointment_recurrence_pattern p = decode(*state, DAILY_DELETED);
  ox_recurrence_pattern *r = &p.recurrence_pattern;
  r->end_type = OX_END_TYPE_NEVER;
  r->period = 1440;
  r->deleted_instance_count = 50000;
  r->deleted_instance_dates = ox_arena_calloc(*state, r->deleted_instance_count, 4);
  for (uint32_t i = 0; i < r->deleted_instance_count; i++) {
    r->deleted_instance_dates[i] = r->start_date + (r->deleted_instance_count - i) * 1440;
  }
  ox_zone zone = pacific();
  ox_occurrence_iterator it;
  ox_occurrence o;
  assert_int_equal(ox_occurrences_begin(&it, &p, &zone, 0, UINT64_MAX, NULL), OX_OK);
  unsigned count = 0;
  while (ox_occurrences_next(&it, &o)) count++;
  assert_int_equal(count, 1);
  assert_int_equal(ox_occurrences_status(&it), OX_E_LIMIT);
  assert_true(it.steps <= OX_OCCURRENCE_STEPS_MAX);
}

static void test_occurrence_on__a_date(void **state) {
  ox_appointment_recurrence_pattern p = decode(*state, WEEKLY_EXCEPTION);
  ox_zone zone = pacific();
  ox_occurrence o;
  assert_int_equal(ox_occurrence_on(&p, &zone, date(2007, 4, 16) + 700, &o, NULL), OX_OK);
  assert_int_equal(o.exception_index, 0);
  assert_int_equal(o.start, utc(2007, 4, 16, 18));
  assert_int_equal(ox_occurrence_on(&p, &zone, date(2007, 4, 19), &o, NULL), OX_OK);
  assert_int_equal(o.exception_index, -1);
  assert_int_equal(o.start, utc(2007, 4, 19, 17));
  assert_int_equal(ox_occurrence_on(&p, &zone, date(2007, 4, 18), &o, NULL), OX_E_NOT_FOUND);
  assert_int_equal(ox_occurrence_on(&p, &zone, date(2007, 4, 23), &o, NULL), OX_E_NOT_FOUND);
  p = decode(*state, DAILY_DELETED);
  assert_int_equal(ox_occurrence_on(&p, &zone, date(2011, 4, 19), &o, NULL), OX_E_NOT_FOUND);
  p.recurrence_pattern.period = 0;
  assert_int_equal(ox_occurrence_on(&p, &zone, date(2011, 4, 19), &o, NULL), OX_E_MALFORMED);
}

/* Changes. */

static void test_modify__makes_the_example_of_the_specification(void **state) {
  ox_appointment_recurrence_pattern p = decode(*state, WEEKLY);
  ox_bytes subject = {(const uint8_t *)"Simple Recurrence with exceptions", 33};
  ox_bytes location = {(const uint8_t *)"34/4141", 7};
  ox_exception_info e = {
      .start_date_time = date(2007, 4, 16) + 660,
      .end_date_time = date(2007, 4, 16) + 690,
      .original_start_time = date(2007, 4, 16) + 600,
      .override_flags = OX_OVERRIDE_FLAGS_SUBJECT | OX_OVERRIDE_FLAGS_LOCATION,
      .subject = subject,
      .location = location,
  };
  assert_int_equal(ox_recurrence_modify(&p, *state, &e, NULL, 1252, NULL), OX_OK);
  assert_true(ox_bytes_equal(encode(*state, &p), from_hex(*state, WEEKLY_EXCEPTION)));
  /* Again: it is replaced. */
  assert_int_equal(ox_recurrence_modify(&p, *state, &e, NULL, 1252, NULL), OX_OK);
  assert_true(ox_bytes_equal(encode(*state, &p), from_hex(*state, WEEKLY_EXCEPTION)));
  assert_int_equal(ox_recurrence_restore(&p, *state, e.original_start_time, NULL), OX_OK);
  assert_true(ox_bytes_equal(encode(*state, &p), from_hex(*state, WEEKLY)));
  assert_int_equal(ox_recurrence_restore(&p, *state, e.original_start_time, NULL), OX_E_NOT_FOUND);
  e.original_start_time += 1440;
  assert_int_equal(ox_recurrence_modify(&p, *state, &e, NULL, 1252, NULL), OX_E_NOT_FOUND);
  assert_true(ox_bytes_equal(encode(*state, &p), from_hex(*state, WEEKLY)));
}

static void test_delete__makes_the_example_of_the_specification(void **state) {
  ox_appointment_recurrence_pattern p = decode(*state, DAILY_DELETED);
  assert_int_equal(ox_recurrence_restore(&p, *state, date(2011, 4, 19), NULL), OX_OK);
  assert_int_equal(ox_recurrence_restore(&p, *state, date(2011, 4, 22), NULL), OX_OK);
  assert_int_equal(p.recurrence_pattern.deleted_instance_count, 0);
  assert_int_equal(ox_recurrence_delete(&p, *state, date(2011, 4, 22), NULL), OX_OK);
  assert_int_equal(ox_recurrence_delete(&p, *state, date(2011, 4, 19) + 5, NULL), OX_OK);
  assert_int_equal(ox_recurrence_delete(&p, *state, date(2011, 4, 19), NULL), OX_OK);
  assert_int_equal(ox_recurrence_delete(&p, *state, date(2011, 4, 20), NULL), OX_E_NOT_FOUND);
  assert_true(ox_bytes_equal(encode(*state, &p), from_hex(*state, DAILY_DELETED)));
}

/* Random changes keep every rule of the specification. */
static void test_changes__keep_the_pattern_valid(void **state) {
  uint32_t random = 20260101;
  ox_appointment_recurrence_pattern p = decode(*state, DAILY_DELETED);
  p.recurrence_pattern.end_type = OX_END_TYPE_COUNT;
  p.recurrence_pattern.occurrence_count = 40;
  assert_int_equal(ox_recurrence_complete(&p.recurrence_pattern, NULL), OX_OK);
  ox_series s;
  assert_int_equal(ox_series_init(&p.recurrence_pattern, &s, NULL), OX_OK);
  for (unsigned round = 0; round < 400; round++) {
    random = random * 1664525 + 1013904223;
    uint32_t original;
    assert_true(ox_series_date(&s, random >> 16 & 31, &original));
    ox_exception_info e = {.original_start_time = original + 480};
    /* Each on its own new date, so that ModifiedInstanceDates has no duplicates. */
    e.start_date_time = original + 1440 * (random >> 8 & 1) + 300;
    e.end_date_time = e.start_date_time + 30;
    ox_status status;
    switch (random >> 24 & 3) {
      case 0: status = ox_recurrence_delete(&p, *state, original, NULL); break;
      case 1:
        status = ox_recurrence_restore(&p, *state, original, NULL);
        if (status == OX_E_NOT_FOUND) status = OX_OK;
        break;
      default: status = ox_recurrence_modify(&p, *state, &e, NULL, 1252, NULL); break;
    }
    assert_int_equal(status, OX_OK);
    ox_error err;
    if (ox_appointment_recurrence_pattern_check(&p, &err) != OX_OK) fail_msg("%s", err.text);
  }
  assert_true(p.exception_count > 5);
}

static ox_status modify_once(const ox_allocator *allocator, void *user) {
  ox_appointment_recurrence_pattern p = *(ox_appointment_recurrence_pattern *)user;
  ox_arena arena;
  ox_arena_init(&arena, allocator, 0);
  ox_bytes subject = {(const uint8_t *)"Caf\xE9", 4};
  ox_exception_info e = {.start_date_time = date(2007, 4, 19),
                         .end_date_time = date(2007, 4, 19),
                         .original_start_time = date(2007, 4, 19),
                         .override_flags = OX_OVERRIDE_FLAGS_SUBJECT,
                         .subject = subject};
  ox_status status = ox_recurrence_modify(&p, &arena, &e, NULL, 1252, NULL);
  if (status == OX_OK) {
    ox_arena text;
    ox_arena_init(&text, NULL, 0);
    assert_string_equal(ox_str16_utf8(&text, p.extended_exceptions.items[1].wide_char_subject),
                        "Caf\xC3\xA9");
    ox_arena_dispose(&text);
  } else {
    assert_int_equal(p.exception_count, 1);
  }
  ox_arena_dispose(&arena);
  return status;
}

static void test_modify__without_memory(void **state) {
  ox_appointment_recurrence_pattern p = decode(*state, WEEKLY_EXCEPTION);
  every_allocation_fails(modify_once, &p);
}

/* Rules of the specification. */

static void test_check__examples_are_valid(void **state) {
  for (size_t i = 0; i < EXAMPLES; i++) {
    ox_appointment_recurrence_pattern p = decode(*state, examples[i]);
    ox_error err;
    if (ox_appointment_recurrence_pattern_check(&p, &err) != OX_OK) {
      fail_msg("example %zu: %s", i, err.text);
    }
  }
}

static void broken(const ox_appointment_recurrence_pattern *p, const char *field,
                   const char *spec) {
  ox_error err;
  assert_int_equal(ox_appointment_recurrence_pattern_check(p, &err), OX_E_MALFORMED);
  assert_string_equal(err.field, field);
  assert_string_equal(err.spec, spec);
  assert_memory_equal(err.text, field, strlen(field));
}

static void test_check__names_each_rule(void **state) {
#define BREAK(example, section, field, change)                     \
  do {                                                             \
    ox_appointment_recurrence_pattern p = decode(*state, example); \
    ox_recurrence_pattern *r = &p.recurrence_pattern;              \
    ox_exception_info *e = p.exception_info;                       \
    ox_extended_exception *x = p.extended_exceptions.items;        \
    (void)r, (void)e, (void)x;                                     \
    change;                                                        \
    broken(&p, field, "[MS-OXOCAL] " section);                     \
  } while (0)
  BREAK(WEEKLY, "2.2.1.44.1", "ReaderVersion", r->reader_version++);
  BREAK(WEEKLY, "2.2.1.44.1", "WriterVersion", r->writer_version++);
  BREAK(WEEKLY, "2.2.1.44.1", "RecurFrequency", r->recur_frequency = 0x200E);
  BREAK(WEEKLY, "2.2.1.44.1", "PatternType", r->recur_frequency = OX_RECUR_FREQUENCY_YEARLY);
  BREAK(WEEKLY, "2.2.1.44.1", "PatternType", r->pattern_type = OX_PATTERN_TYPE_DAY);
  BREAK(DAILY_DELETED, "2.2.1.44.1", "PatternType", r->pattern_type = OX_PATTERN_TYPE_MONTH);
  BREAK(WEEKLY, "2.2.1.44.1", "CalendarType", r->calendar_type = 0x0D);
  BREAK(WEEKLY, "2.2.1.44.1", "CalendarType", r->calendar_type = 0x18);
  BREAK(YEARLY_HEBREW, "2.2.1.44.1", "CalendarType", r->pattern_type = OX_PATTERN_TYPE_HJ_MONTH);
  BREAK(WEEKLY, "2.2.1.44.1", "Period", r->period = 100);
  BREAK(WEEKLY, "2.2.1.44.1", "Period", r->period = 0);
  BREAK(DAILY_DELETED, "2.2.1.44.1", "Period", r->period = 1441);
  BREAK(DAILY_DELETED, "2.2.1.44.1", "Period", r->period = 1000 * 1440);
  BREAK(YEARLY_HEBREW, "2.2.1.44.1", "Period", r->period = 24);
  BREAK(WEEKLY, "2.2.1.44.1", "SlidingFlag", r->sliding_flag = 1);
  BREAK(WEEKLY, "2.2.1.44.1", "SlidingFlag", r->sliding_flag = 2);
  BREAK(WEEKLY, "2.2.1.44.1.4", "PatternTypeSpecific", r->days |= 0x100);
  BREAK(WEEKLY, "2.2.1.44.1", "PatternTypeSpecific", r->days = 0);
  BREAK(WEEKLY, "2.2.1.44.1", "EndType", r->end_type = 0);
  BREAK(WEEKLY, "2.2.1.44.1", "FirstDOW", r->first_dow = 7);
  BREAK(DAILY_DELETED, "2.2.1.44.1", "FirstDOW", r->first_dow = 7);
  BREAK(WEEKLY, "2.2.1.44.1.1", "FirstDateTime", r->first_date_time += 10080);
  BREAK(WEEKLY, "2.2.1.44.1.1", "FirstDateTime", r->first_dow = 1);
  BREAK(WEEKLY, "2.2.1.44.1", "StartDate", r->start_date++);
  BREAK(WEEKLY, "2.2.1.44.1", "StartDate", r->start_date += 1440);
  BREAK(WEEKLY, "2.2.1.44.1", "EndDate", r->end_date += 1440);
  BREAK(WEEKLY, "2.2.1.44.1", "EndDate", r->end_date++);
  BREAK(WEEKLY, "2.2.1.44.1", "EndDate", r->end_type = OX_END_TYPE_NEVER);
  BREAK(WEEKLY, "2.2.1.44.1", "EndDate", r->occurrence_count++);
  BREAK(DAILY_DELETED, "2.2.1.44.1", "OccurrenceCount", r->occurrence_count++);
  BREAK(DAILY_DELETED, "2.2.1.44.1", "DeletedInstanceDates", r->deleted_instance_dates[0]++);
  BREAK(DAILY_DELETED, "2.2.1.44.1", "DeletedInstanceDates",
        r->deleted_instance_dates[0] = r->deleted_instance_dates[1]);
  BREAK(DAILY_DELETED, "2.2.1.44.1", "DeletedInstanceDates", r->deleted_instance_dates[1] += 1440);
  BREAK(WEEKLY_EXCEPTION, "2.2.1.44.1", "ModifiedInstanceCount", r->deleted_instance_count = 0);
  BREAK(WEEKLY_EXCEPTION, "2.2.1.44.1", "ModifiedInstanceDates", r->modified_instance_dates[0]++);
  BREAK(WEEKLY_EXCEPTION, "2.2.1.44.2", "StartDateTime", r->modified_instance_dates[0] += 1440);
  BREAK(WEEKLY, "2.2.1.44.5", "ReaderVersion2", p.reader_version2++);
  BREAK(WEEKLY, "2.2.1.44.5", "WriterVersion2", p.writer_version2++);
  BREAK(WEEKLY, "2.2.1.44.5", "StartTimeOffset", p.start_time_offset = 1440);
  BREAK(WEEKLY, "2.2.1.44.5", "EndTimeOffset", p.end_time_offset = 599);
  BREAK(WEEKLY, "2.2.1.44.5", "ExceptionCount", p.exception_count = 1);
  BREAK(WEEKLY, "2.2.1.44.5", "ReservedBlock1Size", p.reserved_block1 = from_hex(*state, "00"));
  BREAK(WEEKLY, "2.2.1.44.5", "ReservedBlock2Size", p.reserved_block2 = from_hex(*state, "00"));
  BREAK(WEEKLY_EXCEPTION, "2.2.1.44.2", "EndDateTime", e->end_date_time = e->start_date_time - 1);
  BREAK(WEEKLY_EXCEPTION, "2.2.1.44.2", "OriginalStartTime", e->original_start_time -= 1440);
  BREAK(WEEKLY_EXCEPTION, "2.2.1.44.2", "OverrideFlags", e->override_flags |= 0x0400);
  BREAK(WEEKLY_EXCEPTION, "2.2.1.44.2", "SubjectLength", e->subject_length++);
  BREAK(WEEKLY_EXCEPTION, "2.2.1.44.2", "LocationLength", e->location_length++);
  BREAK(WEEKLY_EXCEPTION, "2.2.1.44.4", "ReservedBlockEE1Size",
        x->reserved_block_ee1 = from_hex(*state, "00"));
  BREAK(WEEKLY_EXCEPTION, "2.2.1.44.4", "StartDateTime", x->start_date_time++);
  BREAK(WEEKLY_EXCEPTION, "2.2.1.44.4", "ReservedBlockEE2Size",
        x->reserved_block_ee2 = from_hex(*state, "00"));
#undef BREAK
}

static void test_check__tasks_have_no_exceptions(void **state) {
  ox_recurrence_pattern p = decode(*state, WEEKLY).recurrence_pattern;
  ox_error err;
  p.sliding_flag = 1;
  assert_int_equal(ox_task_recurrence_check(&p, NULL), OX_OK);
  p = decode(*state, DAILY_DELETED).recurrence_pattern;
  assert_int_equal(ox_task_recurrence_check(&p, &err), OX_E_MALFORMED);
  assert_string_equal(err.field, "DeletedInstanceCount");
  assert_string_equal(err.spec, "[MS-OXOTASK] 2.2.2.2.15");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      ARENA_TEST(test_examples__round_trip),
      ARENA_TEST(test_examples__by_descriptor_are_the_same),
      ARENA_TEST(test_weekly__fields_are_those_of_the_specification),
      ARENA_TEST(test_exception__fields_are_those_of_the_specification),
      ARENA_TEST(test_extended_exception__keeps_reserved_blocks),
      ARENA_TEST(test_decode__names_what_is_wrong),
      ARENA_TEST(test_decode__without_memory),
      ARENA_TEST(test_outlook__a_series_with_exceptions),
      ARENA_TEST(test_series__dates_of_every_type),
      ARENA_TEST(test_series__find_is_the_inverse_of_date),
      ARENA_TEST(test_complete__ends),
      ARENA_TEST(test_series__what_makes_no_sense),
      ARENA_TEST(test_series__is_in_step_with_first_date_time),
      ARENA_TEST(test_expand__counts_and_converts),
      ARENA_TEST(test_expand__window_edges),
      ARENA_TEST(test_expand__leaves_out_what_is_deleted),
      ARENA_TEST(test_expand__moves_exceptions_into_and_out_of_the_window),
      ARENA_TEST(test_expand__orders_exceptions),
      ARENA_TEST(test_expand__where_the_clock_changes),
      ARENA_TEST(test_expand__seeks),
      ARENA_TEST(test_expand__is_bounded),
      ARENA_TEST(test_occurrence_on__a_date),
      ARENA_TEST(test_modify__makes_the_example_of_the_specification),
      ARENA_TEST(test_delete__makes_the_example_of_the_specification),
      ARENA_TEST(test_changes__keep_the_pattern_valid),
      ARENA_TEST(test_modify__without_memory),
      ARENA_TEST(test_check__examples_are_valid),
      ARENA_TEST(test_check__names_each_rule),
      ARENA_TEST(test_check__tasks_have_no_exceptions),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
