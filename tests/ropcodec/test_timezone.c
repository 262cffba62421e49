/* Time zones: the structures, and conversion with their rules. */
#include "../support/testing.h"

#include <stdio.h>

#include <oxkit/ropcodec/zone.h>

/* [MS-OXOCAL] 4.1.5 and 4.1.4: Pacific time. */
#define PACIFIC                                                                                \
  "E001000000000000C4FFFFFF000000000B00000001000200000000000000000000000300000002000200000000" \
  "000000"
#define PACIFIC_DEFINITION                                                                     \
  "0201300002001500500061006300690066006900630020005300740061006E0064006100720064002000540069" \
  "006D006500020002013E000000D6070000000000000000000000000000E001000000000000C4FFFFFF00000A00" \
  "0000050002000000000000000000040000000100020000000000000002013E000200D707000000000000000000" \
  "0000000000E001000000000000C4FFFFFF00000B00000001000200000000000000000003000000020002000000" \
  "00000000"

static ox_time_zone_struct structure(ox_arena *arena, const char *hex) {
  ox_bytes bytes = from_hex(arena, hex);
  ox_reader r;
  ox_reader_init(&r, bytes.data, bytes.size_bytes);
  ox_time_zone_struct out;
  assert_int_equal(ox_time_zone_struct_decode(&r, arena, &out), OX_OK);
  assert_int_equal(ox_reader_finish(&r, NULL), OX_OK);
  return out;
}

static ox_time_zone_definition definition(ox_arena *arena, const char *hex) {
  ox_bytes bytes = from_hex(arena, hex);
  ox_reader r;
  ox_reader_init(&r, bytes.data, bytes.size_bytes);
  ox_time_zone_definition out;
  assert_int_equal(ox_time_zone_definition_decode(&r, arena, &out), OX_OK);
  assert_int_equal(ox_reader_finish(&r, NULL), OX_OK);
  return out;
}

static ox_filetime at(const char *text) {
  ox_filetime time;
  char whole[64];
  snprintf(whole, sizeof whole, "%s:00Z", text);
  assert_int_equal(ox_filetime_parse(whole, &time), OX_OK);
  return time;
}

/* "2007-03-11T10:00" in UTC is that local time. */
static void shows(const ox_zone *zone, const char *utc, const char *local) {
  char text[OX_FILETIME_TEXT_BYTES];
  ox_filetime_format(ox_zone_to_local(zone, at(utc)), text);
  text[16] = 0;
  assert_string_equal(text, local);
}

/* A local time is read as that instant, and occurs so often. */
static void reads(const ox_zone *zone, const char *local, unsigned often, const char *utc,
                  const char *other) {
  ox_filetime found[2];
  assert_int_equal(ox_zone_to_utc(zone, at(local), found), often);
  char text[OX_FILETIME_TEXT_BYTES];
  ox_filetime_format(found[0], text);
  text[16] = 0;
  assert_string_equal(text, utc);
  ox_filetime_format(found[1], text);
  text[16] = 0;
  assert_string_equal(text, other);
}

static void test_struct__fields_are_those_of_the_specification(void **state) {
  ox_time_zone_struct z = structure(*state, PACIFIC);
  assert_int_equal(z.l_bias, 480);
  assert_int_equal(z.l_standard_bias, 0);
  assert_int_equal(z.l_daylight_bias, -60);
  assert_int_equal(z.w_standard_year, 0);
  assert_int_equal(z.st_standard_date.w_month, 11);
  assert_int_equal(z.st_standard_date.w_day_of_week, 0);
  assert_int_equal(z.st_standard_date.w_day, 1);
  assert_int_equal(z.st_standard_date.w_hour, 2);
  assert_int_equal(z.st_daylight_date.w_month, 3);
  assert_int_equal(z.st_daylight_date.w_day, 2);
  assert_int_equal(ox_time_zone_struct_check(&z, NULL), OX_OK);
}

static void test_definition__fields_are_those_of_the_specification(void **state) {
  ox_time_zone_definition d = definition(*state, PACIFIC_DEFINITION);
  assert_string_equal(ox_str16_utf8(*state, d.key_name), "Pacific Standard Time");
  assert_int_equal(d.c_rules, 2);
  assert_int_equal(d.tz_rules[0].w_year, 2006);
  assert_int_equal(d.tz_rules[0].tz_rule_flags, 0);
  assert_int_equal(d.tz_rules[0].st_standard_date.w_month, 10);
  assert_int_equal(d.tz_rules[0].st_standard_date.w_day, 5);
  assert_int_equal(d.tz_rules[1].w_year, 2007);
  assert_int_equal(d.tz_rules[1].tz_rule_flags, OX_TZ_RULE_FLAGS_EFFECTIVE_TZREG);
  assert_int_equal(ox_time_zone_definition_check(&d, NULL), OX_OK);
}

static void test_definition__round_trips_and_keeps_a_longer_header(void **state) {
  ox_time_zone_definition d = definition(*state, PACIFIC_DEFINITION);
  d.header_rest = from_hex(*state, "AA BB CC");
  ox_writer w;
  ox_writer_init(&w, NULL, 1000);
  ox_time_zone_definition_encode(&w, &d);
  assert_int_equal(ox_writer_status(&w), OX_OK);
  ox_reader r;
  ox_reader_init(&r, w.data, w.size_bytes);
  ox_time_zone_definition again;
  assert_int_equal(ox_time_zone_definition_decode(&r, *state, &again), OX_OK);
  assert_true(ox_wire_equal(&ox_time_zone_definition_wire, &d, &again));
  ox_error err;
  assert_int_equal(ox_time_zone_definition_check(&again, &err), OX_E_MALFORMED);
  assert_string_equal(err.field, "cbHeader");
  ox_writer_dispose(&w);
}

static void test_definition__bad_bytes_are_refused(void **state) {
  ox_bytes bytes = from_hex(*state, PACIFIC_DEFINITION);
  for (size_t n = 0; n < bytes.size_bytes; n++) {
    ox_reader r;
    ox_time_zone_definition d;
    ox_reader_init(&r, bytes.data, n);
    assert_int_equal(ox_time_zone_definition_decode(&r, *state, &d), OX_E_TRUNCATED);
  }
  uint8_t *copy = ox_arena_copy(*state, bytes.data, bytes.size_bytes);
  copy[2] = 0x10; /* a header too short for the name in it */
  ox_reader r;
  ox_error err;
  ox_time_zone_definition d;
  ox_reader_init(&r, copy, bytes.size_bytes);
  assert_int_equal(ox_time_zone_definition_decode(&r, *state, &d), OX_E_MALFORMED);
  assert_int_equal(ox_reader_status(&r, &err), OX_E_MALFORMED);
  assert_string_equal(err.field, "key_name");
  assert_string_equal(err.spec, "[MS-OXOCAL] 2.2.1.41");
}

static void test_zone__changes_in_the_north(void **state) {
  ox_time_zone_struct z = structure(*state, PACIFIC);
  ox_zone zone;
  assert_int_equal(ox_zone_init_struct(&z, &zone, NULL), OX_OK);
  shows(&zone, "2007-01-01T08:00", "2007-01-01T00:00");
  shows(&zone, "2007-03-11T09:59", "2007-03-11T01:59");
  shows(&zone, "2007-03-11T10:00", "2007-03-11T03:00");
  shows(&zone, "2007-07-01T07:00", "2007-07-01T00:00");
  shows(&zone, "2007-11-04T08:59", "2007-11-04T01:59");
  shows(&zone, "2007-11-04T09:00", "2007-11-04T01:00");
  shows(&zone, "2007-11-04T10:00", "2007-11-04T02:00");
  assert_int_equal(ox_zone_bias(&zone, at("2007-07-01T07:00")), 420);
  assert_int_equal(ox_zone_bias(&zone, at("2007-12-01T07:00")), 480);
  ox_filetime standard, daylight;
  ox_zone_changes(&zone, 2015, &standard, &daylight);
  assert_int_equal(standard, at("2015-11-01T02:00"));
  assert_int_equal(daylight, at("2015-03-08T02:00"));
}

static void test_zone__local_times_that_occur_twice_or_never(void **state) {
  ox_time_zone_struct z = structure(*state, PACIFIC);
  ox_zone zone;
  assert_int_equal(ox_zone_init_struct(&z, &zone, NULL), OX_OK);
  reads(&zone, "2007-03-11T01:59", 1, "2007-03-11T09:59", "2007-03-11T09:59");
  reads(&zone, "2007-03-11T02:00", 0, "2007-03-11T10:00", "2007-03-11T10:00");
  reads(&zone, "2007-03-11T02:30", 0, "2007-03-11T10:30", "2007-03-11T10:30");
  reads(&zone, "2007-03-11T03:00", 1, "2007-03-11T10:00", "2007-03-11T10:00");
  reads(&zone, "2007-11-04T00:59", 1, "2007-11-04T07:59", "2007-11-04T07:59");
  reads(&zone, "2007-11-04T01:00", 2, "2007-11-04T09:00", "2007-11-04T08:00");
  reads(&zone, "2007-11-04T01:59", 2, "2007-11-04T09:59", "2007-11-04T08:59");
  reads(&zone, "2007-11-04T02:00", 1, "2007-11-04T10:00", "2007-11-04T10:00");
}

static void test_zone__changes_in_the_south(void **state) {
  (void)state;
  ox_zone zone;
  assert_int_equal(ox_zone_init_index(17, &zone), OX_OK); /* Auckland, before 2007 */
  shows(&zone, "2005-12-31T11:00", "2006-01-01T00:00");
  shows(&zone, "2006-04-01T13:59", "2006-04-02T02:59");
  shows(&zone, "2006-04-01T14:00", "2006-04-02T02:00");
  shows(&zone, "2006-09-23T13:59", "2006-09-24T01:59");
  shows(&zone, "2006-09-23T14:00", "2006-09-24T03:00");
  reads(&zone, "2006-01-01T00:00", 1, "2005-12-31T11:00", "2005-12-31T11:00");
  reads(&zone, "2006-04-02T02:30", 2, "2006-04-01T14:30", "2006-04-01T13:30");
  reads(&zone, "2006-09-24T02:30", 0, "2006-09-23T14:30", "2006-09-23T14:30");
}

static void test_definition__rules_hold_in_their_years(void **state) {
  ox_time_zone_definition d = definition(*state, PACIFIC_DEFINITION);
  ox_zone zone;
  assert_int_equal(ox_zone_init_definition(&d, &zone, NULL), OX_OK);
  /* Until 2006 from the first Sunday of April to the last of October, also before the first rule.
   */
  shows(&zone, "2006-03-20T20:00", "2006-03-20T12:00");
  shows(&zone, "2006-04-02T10:00", "2006-04-02T03:00");
  shows(&zone, "2006-10-29T09:00", "2006-10-29T01:00");
  shows(&zone, "1999-03-20T20:00", "1999-03-20T12:00");
  shows(&zone, "2007-03-20T20:00", "2007-03-20T13:00");
  shows(&zone, "2020-03-20T20:00", "2020-03-20T13:00");
  /* The year of a rule is that of the local time. */
  shows(&zone, "2007-01-01T07:59", "2006-12-31T23:59");
  assert_int_equal(ox_zone_init_effective(&d, &zone, NULL), OX_OK);
  shows(&zone, "2006-03-20T20:00", "2006-03-20T13:00");
}

static void test_definition__rules_with_other_offsets_meet_at_new_year(void **state) {
  ox_time_zone_definition d = definition(*state, PACIFIC_DEFINITION);
  /* From 2007 on thirteen hours ahead: local time jumps over most of the first day. */
  d.tz_rules[1].l_bias = -780;
  ox_zone zone;
  assert_int_equal(ox_zone_init_definition(&d, &zone, NULL), OX_OK);
  shows(&zone, "2007-01-01T07:59", "2006-12-31T23:59");
  shows(&zone, "2007-01-01T08:00", "2007-01-01T21:00");
  shows(&zone, "2007-12-31T10:59", "2007-12-31T23:59");
  shows(&zone, "2007-12-31T11:00", "2008-01-01T00:00");
  reads(&zone, "2006-12-31T23:59", 1, "2007-01-01T07:59", "2007-01-01T07:59");
  reads(&zone, "2007-01-01T20:59", 0, "2007-01-01T07:59", "2007-01-01T07:59");
  reads(&zone, "2007-01-01T21:00", 1, "2007-01-01T08:00", "2007-01-01T08:00");
  reads(&zone, "2008-01-01T00:00", 1, "2007-12-31T11:00", "2007-12-31T11:00");
}

static void test_series__takes_the_rule_that_both_properties_say(void **state) {
  ox_time_zone_definition d = definition(*state, PACIFIC_DEFINITION);
  ox_time_zone_struct z = structure(*state, PACIFIC);
  ox_zone zone;
  assert_true(ox_tz_rule_matches(&d.tz_rules[1], &z));
  assert_false(ox_tz_rule_matches(&d.tz_rules[0], &z));
  assert_int_equal(ox_zone_init_series(&d, &z, &zone, NULL), OX_OK);
  assert_int_equal(ox_zone_bias(&zone, at("2006-03-20T20:00")), 420);
  z.l_bias = 300; /* a legacy client moved it: the definition is inconsistent now */
  assert_int_equal(ox_zone_init_series(&d, &z, &zone, NULL), OX_OK);
  assert_int_equal(ox_zone_bias(&zone, at("2006-03-20T20:00")), 240);
  assert_int_equal(ox_zone_init_series(NULL, &z, &zone, NULL), OX_OK);
  assert_int_equal(ox_zone_bias(&zone, at("2006-03-20T20:00")), 240);
  assert_int_equal(ox_zone_init_series(&d, NULL, &zone, NULL), OX_OK);
  assert_int_equal(ox_zone_bias(&zone, at("2006-03-20T20:00")), 420);
  assert_int_equal(ox_zone_init_series(NULL, NULL, &zone, NULL), OX_E_NOT_FOUND);
  d.tz_rules[1].tz_rule_flags = 0;
  assert_int_equal(ox_zone_init_series(&d, NULL, &zone, NULL), OX_E_NOT_FOUND);
  assert_int_equal(ox_zone_init_effective(&d, &zone, NULL), OX_E_NOT_FOUND);
}

static void test_zone__absolute_dates_occur_once(void **state) {
  ox_time_zone_struct z = structure(*state, PACIFIC);
  z.st_daylight_date = (ox_system_time){.w_year = 2010, .w_month = 5, .w_day = 20, .w_hour = 2};
  z.st_standard_date = (ox_system_time){.w_year = 2010, .w_month = 6, .w_day = 30, .w_hour = 2};
  z.w_standard_year = z.w_daylight_year = 2010;
  assert_int_equal(ox_time_zone_struct_check(&z, NULL), OX_OK);
  ox_zone zone;
  assert_int_equal(ox_zone_init_struct(&z, &zone, NULL), OX_OK);
  assert_int_equal(ox_zone_bias(&zone, at("2010-05-20T09:59")), 480);
  assert_int_equal(ox_zone_bias(&zone, at("2010-05-20T10:00")), 420);
  assert_int_equal(ox_zone_bias(&zone, at("2010-06-30T08:59")), 420);
  assert_int_equal(ox_zone_bias(&zone, at("2010-06-30T09:00")), 480);
  assert_int_equal(ox_zone_bias(&zone, at("2011-06-01T00:00")), 480);
}

static void test_zone__without_daylight_saving_time(void **state) {
  ox_time_zone_struct z = structure(*state, PACIFIC);
  z.st_daylight_date.w_month = z.st_standard_date.w_month = 0;
  ox_zone zone;
  assert_int_equal(ox_zone_init_struct(&z, &zone, NULL), OX_OK);
  reads(&zone, "2007-07-11T02:30", 1, "2007-07-11T10:30", "2007-07-11T10:30");
  ox_zone_init_utc(&zone);
  reads(&zone, "2007-07-11T02:30", 1, "2007-07-11T02:30", "2007-07-11T02:30");
  shows(&zone, "2007-07-11T02:30", "2007-07-11T02:30");
}

static void test_zone__ends_of_time(void **state) {
  ox_time_zone_struct z = structure(*state, PACIFIC);
  ox_zone zone;
  ox_filetime utc[2];
  assert_int_equal(ox_zone_init_struct(&z, &zone, NULL), OX_OK);
  assert_int_equal(ox_zone_to_local(&zone, 0), 0);
  assert_true(ox_zone_to_local(&zone, UINT64_MAX) < UINT64_MAX);
  ox_zone_to_utc(&zone, UINT64_MAX, utc);
  assert_true(utc[0] == UINT64_MAX);
  z.l_bias = -480;
  assert_int_equal(ox_zone_init_struct(&z, &zone, NULL), OX_OK);
  ox_zone_to_utc(&zone, 0, utc);
  assert_true(utc[0] == 0);
}

/* Every zone of the table: each local hour of two years comes back from each of its instants. */
static void test_index__every_zone_is_consistent(void **state) {
  (void)state;
  static const struct {
    uint32_t index;
    int32_t winter, summer; /* bias on January 1 and July 1, 2007, 12:00 UTC */
  } known[] = {{0, -720, -720}, {1, 0, -60},      {4, -60, -120},        {10, 300, 240},
               {13, 480, 420},  {17, -780, -720}, {20, -540, -540},      {31, 0, 0},
               {28, 210, 150},  {59, 480, 420},   {0x8000000A, 300, 300}};
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
    ox_zone zone;
    assert_int_equal(ox_zone_init_index(known[i].index, &zone), OX_OK);
    assert_int_equal(ox_zone_bias(&zone, at("2007-01-01T12:00")), known[i].winter);
    assert_int_equal(ox_zone_bias(&zone, at("2007-07-01T12:00")), known[i].summer);
  }
  for (uint32_t index = 0; index < 60; index++) {
    ox_zone zone;
    assert_int_equal(ox_zone_init_index(index, &zone), OX_OK);
    ox_time_zone_struct z;
    ox_time_zone_struct_from_rule(&zone.only, &z);
    assert_int_equal(ox_time_zone_struct_check(&z, NULL), OX_OK);
    unsigned never = 0, twice = 0;
    for (unsigned hour = 0; hour < 2 * 365 * 24; hour++) {
      ox_filetime local = at("2010-01-01T00:30") + (ox_filetime)hour * 36000000000u, utc[2];
      unsigned often = ox_zone_to_utc(&zone, local, utc);
      never += often == 0;
      twice += often == 2;
      if (often == 0) continue;
      assert_true(ox_zone_to_local(&zone, utc[0]) == local);
      assert_true(ox_zone_to_local(&zone, utc[1]) == local);
      assert_true(often == 1 ? utc[0] == utc[1] : utc[1] < utc[0]);
    }
    bool changes = zone.only.st_standard_date.w_month != 0;
    assert_int_equal(never, changes ? 2 : 0);
    assert_int_equal(twice, changes ? 2 : 0);
  }
  ox_zone zone;
  assert_int_equal(ox_zone_init_index(60, &zone), OX_E_NOT_FOUND);
}

static void test_zone__rules_that_make_no_sense(void **state) {
  ox_time_zone_struct z = structure(*state, PACIFIC);
  ox_zone zone;
  ox_error err;
  z.l_bias = INT32_MAX;
  assert_int_equal(ox_zone_init_struct(&z, &zone, &err), OX_E_MALFORMED);
  assert_string_equal(err.field, "lBias");
  z.l_bias = 480, z.l_daylight_bias = INT32_MIN;
  assert_int_equal(ox_zone_init_struct(&z, &zone, NULL), OX_E_MALFORMED);
  ox_time_zone_definition d = definition(*state, PACIFIC_DEFINITION);
  d.tz_rules[1].w_year = 2006;
  assert_int_equal(ox_zone_init_definition(&d, &zone, &err), OX_E_MALFORMED);
  assert_string_equal(err.field, "wYear");
  d.c_rules = 0;
  assert_int_equal(ox_zone_init_definition(&d, &zone, &err), OX_E_NOT_FOUND);
  /* A change on no date is none. */
  z = structure(*state, PACIFIC);
  z.st_daylight_date.w_day = 6;
  assert_int_equal(ox_zone_init_struct(&z, &zone, &err), OX_OK);
  assert_int_equal(ox_zone_bias(&zone, at("2007-07-01T12:00")), 480);
}

static void broken(ox_time_zone_definition *d, const char *field) {
  ox_error err;
  assert_int_equal(ox_time_zone_definition_check(d, &err), OX_E_MALFORMED);
  assert_string_equal(err.field, field);
  assert_memory_equal(err.spec, "[MS-OXOCAL] 2.2.1.41", 20);
}

static void test_check__names_each_rule(void **state) {
#define BREAK(field, change)                                            \
  do {                                                                  \
    ox_time_zone_definition d = definition(*state, PACIFIC_DEFINITION); \
    change;                                                             \
    broken(&d, field);                                                  \
  } while (0)
  BREAK("Major Version", d.major_version = 1);
  BREAK("Minor Version", d.minor_version = 2);
  BREAK("Reserved", d.reserved = 3);
  BREAK("Major Version", d.tz_rules[1].major_version = 1);
  BREAK("Minor Version", d.tz_rules[0].minor_version = 0);
  BREAK("Reserved", d.tz_rules[0].reserved = 0);
  BREAK("TZRule flags", d.tz_rules[0].tz_rule_flags = 4);
  BREAK("TZRule flags", d.tz_rules[0].tz_rule_flags = 1);
  BREAK("TZRule flags", d.tz_rules[0].tz_rule_flags = 2);
  BREAK("TZRule flags", d.tz_rules[1].tz_rule_flags = 0);
  BREAK("X", d.tz_rules[0].x[13] = 1);
  BREAK("wYear", d.tz_rules[0].w_year = 2008);
  BREAK("stStandardDate", d.tz_rules[0].st_standard_date.w_hour = 24);
  BREAK("stDaylightDate", d.tz_rules[0].st_daylight_date.w_day_of_week = 7);
  BREAK("stDaylightDate", d.tz_rules[0].st_daylight_date.w_month = 0);
  BREAK("lBias", d.tz_rules[0].l_bias = 2000);
#undef BREAK
  ox_time_zone_struct z = structure(*state, PACIFIC);
  ox_error err;
  z.w_standard_year = 1;
  assert_int_equal(ox_time_zone_struct_check(&z, &err), OX_E_MALFORMED);
  assert_string_equal(err.field, "wStandardYear");
  z.w_standard_year = 0, z.w_daylight_year = 1;
  assert_int_equal(ox_time_zone_struct_check(&z, &err), OX_E_MALFORMED);
  assert_string_equal(err.field, "wDaylightYear");
  assert_string_equal(err.spec, "[MS-OXOCAL] 2.2.1.39");
}

static void test_make__a_definition(void **state) {
  ox_time_zone_struct z = structure(*state, PACIFIC), back;
  ox_time_zone_definition d;
  ox_str16 name = wide_text(*state, "Pacific Standard Time");
  assert_int_equal(ox_time_zone_definition_make(*state, name, &z, true, &d), OX_OK);
  assert_int_equal(ox_time_zone_definition_check(&d, NULL), OX_OK);
  assert_int_equal(d.tz_rules[0].tz_rule_flags, 3);
  ox_time_zone_struct_from_rule(&d.tz_rules[0], &back);
  assert_true(ox_wire_equal(&ox_time_zone_struct_wire, &z, &back));
  assert_int_equal(ox_time_zone_definition_make(*state, name, &z, false, &d), OX_OK);
  assert_int_equal(d.tz_rules[0].tz_rule_flags, 2);
}

static void test_minutes__and_dates(void **state) {
  (void)state;
  uint32_t minutes, year, month, day;
  /* [MS-OXOCAL] 4.1.1.3: 215,776,800 is April 7, 2011. */
  assert_int_equal(ox_minutes_from_date(2011, 4, 7, &minutes), OX_OK);
  assert_int_equal(minutes, 215776800);
  ox_minutes_to_date(minutes + 1439, &year, &month, &day);
  assert_int_equal(year, 2011);
  assert_int_equal(month, 4);
  assert_int_equal(day, 7);
  assert_int_equal(ox_minutes_from_date(1601, 1, 1, &minutes), OX_OK);
  assert_int_equal(minutes, 0);
  assert_int_equal(ox_minutes_from_date(4500, 12, 31, &minutes), OX_OK);
  assert_int_equal(minutes + 1439, 0x5AE980DF);
  assert_int_equal(ox_minutes_from_date(1600, 12, 31, &minutes), OX_E_LIMIT);
  assert_int_equal(ox_minutes_from_date(9768, 1, 1, &minutes), OX_E_LIMIT);
  assert_int_equal(ox_minutes_from_date(UINT32_MAX, 12, 31, &minutes), OX_E_LIMIT);
  assert_int_equal(ox_minutes_from_date(2011, 2, 29, &minutes), OX_E_USAGE);
  assert_int_equal(ox_minutes_from_date(2011, 13, 1, &minutes), OX_E_USAGE);
  assert_int_equal(ox_minutes_from_date(2011, 0, 1, &minutes), OX_E_USAGE);
  assert_int_equal(ox_minutes_from_date(2011, 1, 0, &minutes), OX_E_USAGE);
  /* The last day is the same there and back. */
  ox_minutes_to_date(UINT32_MAX, &year, &month, &day);
  assert_int_equal(ox_minutes_from_date(year, month, day, &minutes), OX_OK);
  assert_int_equal(minutes, UINT32_MAX / 1440 * 1440);
  assert_int_equal(ox_minutes_to_filetime(215776800), at("2011-04-07T00:00"));
  assert_int_equal(ox_minutes_from_filetime(at("2011-04-07T00:01") - 1, &minutes), OX_OK);
  assert_int_equal(minutes, 215776800);
  assert_int_equal(ox_minutes_from_filetime(ox_minutes_to_filetime(UINT32_MAX), &minutes), OX_OK);
  assert_int_equal(minutes, UINT32_MAX);
  assert_int_equal(ox_minutes_from_filetime(UINT64_MAX, &minutes), OX_E_LIMIT);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      ARENA_TEST(test_struct__fields_are_those_of_the_specification),
      ARENA_TEST(test_definition__fields_are_those_of_the_specification),
      ARENA_TEST(test_definition__round_trips_and_keeps_a_longer_header),
      ARENA_TEST(test_definition__bad_bytes_are_refused),
      ARENA_TEST(test_zone__changes_in_the_north),
      ARENA_TEST(test_zone__local_times_that_occur_twice_or_never),
      ARENA_TEST(test_zone__changes_in_the_south),
      ARENA_TEST(test_definition__rules_hold_in_their_years),
      ARENA_TEST(test_definition__rules_with_other_offsets_meet_at_new_year),
      ARENA_TEST(test_series__takes_the_rule_that_both_properties_say),
      ARENA_TEST(test_zone__absolute_dates_occur_once),
      ARENA_TEST(test_zone__without_daylight_saving_time),
      ARENA_TEST(test_zone__ends_of_time),
      ARENA_TEST(test_index__every_zone_is_consistent),
      ARENA_TEST(test_zone__rules_that_make_no_sense),
      ARENA_TEST(test_check__names_each_rule),
      ARENA_TEST(test_make__a_definition),
      ARENA_TEST(test_minutes__and_dates),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
