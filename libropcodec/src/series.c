/* Dates of a recurrence pattern. @spec [MS-OXOCAL] 2.2.1.44.1.1, 2.2.1.44.1.2 */
#include <oxkit/ropcodec/series.h>

#include <string.h>

#include "civil.h"
#include "rule_broken.h"

static const char section[] = "[MS-OXOCAL] 2.2.1.44.1";

/* The Hijri calendar: days from its beginning to 1601-01-01, and the year that begins in 1601. */
static const int64_t hijri_epoch_days = 357375;
static const int64_t hijri_year_1601 = 1010;

static int64_t floor_div(int64_t a, int64_t b) {
  return a / b - (a % b < 0);
}

static int64_t hijri_year_start(int64_t year) {
  return 354 * (year - 1) + floor_div(11 * (year - 1) + 14, 30) - hijri_epoch_days;
}

/* Months count from the first month of year 1 of the Hijri calendar, or from January 1601. */
static int64_t month_start(const ox_series *s, int64_t month) {
  int64_t year = floor_div(month, 12);
  unsigned in_year = (unsigned)(month - year * 12);
  if (!s->is_hijri) return ox_civil_to_days(year + 1601, in_year + 1, 1);
  return hijri_year_start(year + 1) + 29 * (int64_t)in_year + (in_year + 1) / 2;
}

static int64_t month_of_day(const ox_series *s, int64_t day) {
  if (!s->is_hijri) {
    int64_t year;
    unsigned month, in_month;
    ox_civil_from_days(day, &year, &month, &in_month);
    return (year - 1601) * 12 + month - 1;
  }
  /* 30 years have 10,631 days; a month more or less is put right by looking. */
  int64_t month = floor_div((day + hijri_epoch_days) * 360, 10631);
  while (month_start(s, month) > day) month--;
  while (month_start(s, month + 1) <= day) month++;
  return month;
}

/* The n-th of the chosen days in a month, the last one for 5. */
static int64_t nth_day(const ox_series *s, int64_t first, int64_t length) {
  if (s->n == OX_RECURRENCE_N_LAST) {
    int64_t day = length - 1;
    while ((s->days >> ox_civil_weekday(first + day) & 1) == 0) day--;
    return day;
  }
  uint32_t left = s->n;
  for (int64_t day = 0;; day++) {
    left -= s->days >> ox_civil_weekday(first + day) & 1;
    if (left == 0) return day;
  }
}

/* A date of a unit as a day. */
static int64_t day_in_unit(const ox_series *s, int64_t unit, unsigned which) {
  if (s->pattern_type == OX_PATTERN_TYPE_DAY) return unit;
  if (s->pattern_type == OX_PATTERN_TYPE_WEEK) {
    return unit * 7 - s->week_shift + s->week_offsets[which];
  }
  int64_t first = month_start(s, unit);
  int64_t length = month_start(s, unit + 1) - first;
  if (s->pattern_type == OX_PATTERN_TYPE_MONTH_NTH) return first + nth_day(s, first, length);
  if (s->pattern_type == OX_PATTERN_TYPE_MONTH_END || s->day > length) return first + length - 1;
  return first + s->day - 1;
}

static int64_t unit_of_day(const ox_series *s, int64_t day) {
  if (s->pattern_type == OX_PATTERN_TYPE_DAY) return day;
  if (s->pattern_type == OX_PATTERN_TYPE_WEEK) return (day + s->week_shift) / 7;
  return month_of_day(s, day);
}

/* The day with a number, whether or not the series goes on that long; past DAY_LIMIT when it lies
 * beyond. */
static int64_t day_of_number(const ox_series *s, uint64_t number) {
  if (number > DAY_LIMIT) return (int64_t)DAY_LIMIT + 1;
  uint64_t i = number + s->skip;
  int64_t units = (int64_t)(i / s->per_unit);
  if (units > DAY_LIMIT / s->period) return (int64_t)DAY_LIMIT + 1;
  return day_in_unit(s, s->first_unit + units * s->period, (unsigned)(i % s->per_unit));
}

/* The number of the first date on or after a day, whether or not the series goes on that long. */
static uint64_t number_of_day(const ox_series *s, int64_t day) {
  int64_t unit = unit_of_day(s, day);
  if (unit < s->first_unit) return 0;
  uint64_t i = (uint64_t)((unit - s->first_unit) / s->period) * s->per_unit;
  uint64_t number = i > s->skip ? i - s->skip : 0;
  while (day_of_number(s, number) < day) number++;
  return number;
}

/* Patterns. */

static bool is_monthly(uint16_t pattern_type) {
  return pattern_type != OX_PATTERN_TYPE_DAY && pattern_type != OX_PATTERN_TYPE_WEEK;
}

static ox_status init_calendar(const ox_recurrence_pattern *p, ox_series *s, ox_error *err) {
  s->pattern_type = (uint8_t)p->pattern_type;
  switch (p->pattern_type) {
    case OX_PATTERN_TYPE_HJ_MONTH: s->pattern_type = OX_PATTERN_TYPE_MONTH; break;
    case OX_PATTERN_TYPE_HJ_MONTH_NTH: s->pattern_type = OX_PATTERN_TYPE_MONTH_NTH; break;
    case OX_PATTERN_TYPE_HJ_MONTH_END: s->pattern_type = OX_PATTERN_TYPE_MONTH_END; break;
    default: break;
  }
  if (!is_monthly(p->pattern_type)) return OX_OK;
  s->is_hijri = p->pattern_type >= OX_PATTERN_TYPE_HJ_MONTH;
  switch (p->calendar_type) {
    case OX_CALENDAR_TYPE_DEFAULT:
    case OX_CALENDAR_TYPE_GREGORIAN:
    case OX_CALENDAR_TYPE_GREGORIAN_US:
    case OX_CALENDAR_TYPE_JAPAN:
    case OX_CALENDAR_TYPE_TAIWAN:
    case OX_CALENDAR_TYPE_KOREA:
    case OX_CALENDAR_TYPE_THAI:
    case OX_CALENDAR_TYPE_GREGORIAN_ME_FRENCH:
    case OX_CALENDAR_TYPE_GREGORIAN_ARABIC:
    case OX_CALENDAR_TYPE_GREGORIAN_XLIT_ENGLISH:
    case OX_CALENDAR_TYPE_GREGORIAN_XLIT_FRENCH: return OX_OK;
    case OX_CALENDAR_TYPE_HIJRI: s->is_hijri = true; return OX_OK;
    default:
      return ox_error_setf(err, OX_E_NOT_SUPPORTED, "months of calendar %u are not known",
                           p->calendar_type);
  }
}

/* Interval and days. */
static ox_status init_rule(const ox_recurrence_pattern *p, ox_series *s, ox_error *err) {
  s->per_unit = 1;
  s->period = p->period;
  if (p->pattern_type == OX_PATTERN_TYPE_DAY) s->period = p->period / MINUTES_PER_DAY;
  if (s->period == 0) return ox_rule_broken(err, "Period", section, "no interval");
  s->days = p->days & 0x7F;
  s->day = p->day;
  s->n = p->n;
  bool has_days =
      s->pattern_type == OX_PATTERN_TYPE_WEEK || s->pattern_type == OX_PATTERN_TYPE_MONTH_NTH;
  if (has_days && s->days == 0) {
    return ox_rule_broken(err, "PatternTypeSpecific", section, "no day of the week");
  }
  if (s->pattern_type == OX_PATTERN_TYPE_MONTH_NTH && (s->n < 1 || s->n > OX_RECURRENCE_N_LAST)) {
    return ox_rule_broken(err, "N", "[MS-OXOCAL] 2.2.1.44.1.6", "not one of 1 to 5");
  }
  if (s->pattern_type == OX_PATTERN_TYPE_MONTH && (s->day < 1 || s->day > 31)) {
    return ox_rule_broken(err, "Day", "[MS-OXOCAL] 2.2.1.44.1.5", "not a day of a month");
  }
  if (s->pattern_type != OX_PATTERN_TYPE_WEEK) return OX_OK;
  if (p->first_dow > 6) return ox_rule_broken(err, "FirstDOW", section, "not a day of the week");
  s->week_shift = (uint8_t)((8 - p->first_dow) % 7); /* 1601-01-01 was a Monday */
  s->per_unit = 0;
  for (uint8_t i = 0; i < 7; i++) {
    if (s->days >> (p->first_dow + i) % 7 & 1) s->week_offsets[s->per_unit++] = i;
  }
  return OX_OK;
}

/* The first unit: it holds the start, or is the first one after that in step with `anchor`. */
static void init_start(ox_series *s, int64_t start, int64_t anchor) {
  int64_t unit = unit_of_day(s, start);
  int64_t step = (anchor - unit) % s->period;
  s->first_unit = unit + (step < 0 ? step + s->period : step);
  while (s->skip < s->per_unit && day_in_unit(s, s->first_unit, s->skip) < start) s->skip++;
}

static ox_status init_end(const ox_recurrence_pattern *p, ox_series *s, ox_error *err) {
  switch (p->end_type) {
    case OX_END_TYPE_DATE:
      s->count = number_of_day(s, (int64_t)(p->end_date / MINUTES_PER_DAY) + 1);
      return OX_OK;
    case OX_END_TYPE_COUNT: s->count = p->occurrence_count; return OX_OK;
    case OX_END_TYPE_NEVER:
    case OX_END_TYPE_NEVER_OLD: s->count = OX_SERIES_ENDLESS; return OX_OK;
    default: return ox_rule_broken(err, "EndType", section, "not one of the table");
  }
}

/* A series up to where it starts; `end` follows. */
static ox_status init_unbounded(const ox_recurrence_pattern *p, ox_series *s, ox_error *err) {
  memset(s, 0, sizeof *s);
  ox_status status = init_calendar(p, s, err);
  return status == OX_OK ? init_rule(p, s, err) : status;
}

ox_status ox_series_init(const ox_recurrence_pattern *pattern, ox_series *out, ox_error *err) {
  ox_status status = init_unbounded(pattern, out, err);
  if (status == OX_OK) {
    int64_t start = pattern->start_date / MINUTES_PER_DAY;
    /* Years of the Hijri calendar begin a day earlier or later with other makers; its months are
     * in step with the first date. */
    int64_t anchor = out->is_hijri ? start : (int64_t)(pattern->first_date_time / MINUTES_PER_DAY);
    init_start(out, start, unit_of_day(out, anchor));
    status = init_end(pattern, out, err);
  }
  if (status != OX_OK) memset(out, 0, sizeof *out);
  return status;
}

uint64_t ox_series_count(const ox_series *series) {
  return series->count;
}

bool ox_series_date(const ox_series *series, uint64_t number, uint32_t *date_out) {
  *date_out = 0;
  if (number >= series->count) return false;
  int64_t day = day_of_number(series, number);
  if (day > DAY_LIMIT) return false;
  *date_out = (uint32_t)day * MINUTES_PER_DAY;
  return true;
}

uint64_t ox_series_find(const ox_series *series, uint32_t date) {
  if (series->count == 0) return 0;
  uint64_t number = number_of_day(series, date / MINUTES_PER_DAY);
  return number < series->count ? number : series->count;
}

bool ox_series_contains(const ox_series *series, uint32_t date, uint64_t *number_out) {
  uint32_t found;
  uint64_t number = ox_series_find(series, date);
  if (number_out != NULL) *number_out = number;
  return ox_series_date(series, number, &found) &&
         found / MINUTES_PER_DAY == date / MINUTES_PER_DAY;
}

/* New patterns. */

/* FirstDateTime as a day. */
static ox_status first_day(const ox_series *s, int64_t start, int64_t *day_out, ox_error *err) {
  if (s->pattern_type == OX_PATTERN_TYPE_DAY) {
    *day_out = start % s->period;
  } else if (s->pattern_type == OX_PATTERN_TYPE_WEEK) {
    int64_t week = unit_of_day(s, start) * 7 - s->week_shift;
    /* A week that begins before 1601 cannot be said. */
    if (week < 0) return ox_error_set(err, OX_E_LIMIT, "the first week begins before 1601");
    *day_out = week % (s->period * 7);
  } else {
    int64_t base = s->is_hijri ? (hijri_year_1601 - 1) * 12 : 0;
    int64_t months = unit_of_day(s, start) - base;
    if (months < 0) return ox_error_set(err, OX_E_LIMIT, "the first month lies before 1601");
    *day_out = month_start(s, base + months % s->period);
  }
  return *day_out <= DAY_LIMIT ? OX_OK : ox_error_set(err, OX_E_LIMIT, NULL);
}

ox_status ox_recurrence_first_date_time(const ox_recurrence_pattern *pattern, uint32_t *out,
                                        ox_error *err) {
  ox_series s;
  int64_t day = 0;
  ox_status status = init_unbounded(pattern, &s, err);
  if (status == OX_OK) {
    status = first_day(&s, pattern->start_date / MINUTES_PER_DAY, &day, err);
  }
  *out = status == OX_OK ? (uint32_t)day * MINUTES_PER_DAY : 0;
  return status;
}

ox_status ox_recurrence_complete(ox_recurrence_pattern *pattern, ox_error *err) {
  ox_recurrence_pattern p = *pattern;
  ox_series s;
  ox_status status = init_unbounded(&p, &s, err);
  if (status != OX_OK) return status;
  int64_t start = p.start_date / MINUTES_PER_DAY;
  init_start(&s, start, unit_of_day(&s, start));
  start = day_of_number(&s, 0);
  if (start > DAY_LIMIT) return ox_error_set(err, OX_E_LIMIT, "the series starts too late");
  int64_t first;
  status = first_day(&s, start, &first, err);
  if (status == OX_OK) status = init_end(&p, &s, err);
  if (status != OX_OK) return status;
  if (s.count == 0) return ox_error_set(err, OX_E_NOT_FOUND, "no date before the end");
  p.start_date = (uint32_t)start * MINUTES_PER_DAY;
  p.first_date_time = (uint32_t)first * MINUTES_PER_DAY;
  p.reader_version = p.writer_version = 0x3004;
  if (s.count == OX_SERIES_ENDLESS) {
    p.end_date = OX_RECURRENCE_END_DATE_NEVER;
    p.occurrence_count = 10;
  } else if (p.end_type == OX_END_TYPE_COUNT) {
    if (!ox_series_date(&s, s.count - 1, &p.end_date)) {
      return ox_error_set(err, OX_E_LIMIT, "the series ends too late");
    }
  } else {
    p.occurrence_count = (uint32_t)s.count;
  }
  *pattern = p;
  return OX_OK;
}
