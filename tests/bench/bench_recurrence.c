/* Recurring appointments: an instance of a year that is expanded, the first window and one fifty
 * years later, one instant converted, decoding and encoding. usage: bench_recurrence
 * [MILLISECONDS-PER-MEASUREMENT] */
#include <stdio.h>
#include <stdlib.h>

#include <oxkit/ropcodec/occurrence.h>

#include "measure.h"

static volatile uint64_t sink;

static void must(bool condition) {
  if (!condition) abort();
}

static uint32_t date(uint32_t year, uint32_t month, uint32_t day) {
  uint32_t minutes;
  must(ox_minutes_from_date(year, month, day, &minutes) == OX_OK);
  return minutes;
}

static unsigned expand(const ox_appointment_recurrence_pattern *p, const ox_zone *zone,
                       uint32_t from, uint32_t to) {
  ox_occurrence_iterator it;
  ox_occurrence o;
  must(ox_occurrences_begin(&it, p, zone, ox_minutes_to_filetime(from), ox_minutes_to_filetime(to),
                            NULL) == OX_OK);
  unsigned count = 0;
  while (ox_occurrences_next(&it, &o)) count++;
  must(ox_occurrences_status(&it) == OX_OK);
  return count;
}

typedef struct pattern_case {
  const char *what;
  ox_recurrence_pattern pattern;
} pattern_case;

static const pattern_case cases[] = {
    {"daily", {.recur_frequency = OX_RECUR_FREQUENCY_DAILY, .period = 1440}},
    {"every weekday",
     {.recur_frequency = OX_RECUR_FREQUENCY_DAILY,
      .pattern_type = OX_PATTERN_TYPE_WEEK,
      .period = 1,
      .days = 0x3E}},
    {"last weekday of the month",
     {.recur_frequency = OX_RECUR_FREQUENCY_MONTHLY,
      .pattern_type = OX_PATTERN_TYPE_MONTH_NTH,
      .period = 1,
      .days = 0x3E,
      .n = OX_RECURRENCE_N_LAST}},
    {"day of the Hijri month",
     {.recur_frequency = OX_RECUR_FREQUENCY_MONTHLY,
      .pattern_type = OX_PATTERN_TYPE_HJ_MONTH,
      .period = 1,
      .day = 30}},
};

static void bench_case(const pattern_case *c, const ox_zone *zone) {
  ox_appointment_recurrence_pattern p = {
      .recurrence_pattern = c->pattern, .start_time_offset = 600, .end_time_offset = 660};
  p.recurrence_pattern.end_type = OX_END_TYPE_NEVER;
  p.recurrence_pattern.start_date = date(2010, 1, 1);
  must(ox_recurrence_complete(&p.recurrence_pattern, NULL) == OX_OK);
  double year, near, far;
  unsigned count = expand(&p, zone, date(2010, 1, 1), date(2020, 1, 1));
  MEASURE(year, { sink += expand(&p, zone, date(2010, 1, 1), date(2020, 1, 1)); });
  MEASURE(near, { sink += expand(&p, zone, date(2010, 2, 1), date(2010, 2, 8)); });
  MEASURE(far, { sink += expand(&p, zone, date(2060, 2, 1), date(2060, 2, 8)); });
  printf(
      "%-26s %6.1f ns an instance; a week in the first year %7.1f ns, fifty years later %7.1f ns\n",
      c->what, year / count, near, far);
}

int main(int argc, char **argv) {
  measure_ns = (argc > 1 ? atof(argv[1]) : 200) * 1e6;
  ox_zone zone;
  must(ox_zone_init_index(10, &zone) == OX_OK);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) bench_case(&cases[i], &zone);
  double to_local, to_utc;
  ox_filetime utc[2], time = ox_minutes_to_filetime(date(2020, 5, 5));
  MEASURE(to_local, { sink += ox_zone_to_local(&zone, time + sink % 2); });
  MEASURE(to_utc, { sink += ox_zone_to_utc(&zone, time + sink % 2, utc); });
  printf("one instant to local time %.1f ns, back %.1f ns\n", to_local, to_utc);
  return 0;
}
