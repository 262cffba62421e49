/* Expansion of recurring appointments. @spec [MS-OXOCAL] 2.2.1.44 */
#include <oxkit/ropcodec/occurrence.h>

#include <string.h>

#include "civil.h"

static const uint64_t ticks_per_minute = 600000000;

static uint32_t day_of(uint32_t minutes) {
  return minutes / MINUTES_PER_DAY;
}

/* Arrays of dates. */

static bool ascend(const uint32_t *dates, uint32_t count) {
  for (uint32_t i = 1; i < count; i++) {
    if (dates[i - 1] > dates[i]) return false;
  }
  return true;
}

static bool holds_day(const uint32_t *dates, uint32_t count, bool is_sorted, uint32_t day) {
  if (is_sorted) return ox_civil_holds_day(dates, count, day);
  for (uint32_t i = 0; i < count; i++) {
    if (day_of(dates[i]) == day) return true;
  }
  return false;
}

int32_t ox_recurrence_find_exception(const ox_appointment_recurrence_pattern *pattern,
                                     uint32_t date) {
  for (unsigned i = 0; i < pattern->exception_count; i++) {
    if (day_of(pattern->exception_info[i].original_start_time) == day_of(date)) return (int32_t)i;
  }
  return -1;
}

/* Instances. */

static ox_filetime to_utc(const ox_zone *zone, uint64_t local_minutes) {
  ox_filetime utc[2];
  ox_zone_to_utc(zone, local_minutes * ticks_per_minute, utc);
  return utc[0];
}

static void set_times(ox_occurrence *o, const ox_zone *zone, uint64_t start, uint64_t end) {
  if (end < start) end = start;
  o->local_start = start;
  o->local_end = end;
  o->start = to_utc(zone, start);
  o->end = to_utc(zone, end);
  /* Where a clock is set forward the end may come out before the start: keep the length. */
  if (o->end < o->start) o->end = o->start + (end - start) * ticks_per_minute;
}

static void regular_on(const ox_appointment_recurrence_pattern *p, const ox_zone *zone,
                       uint32_t date, ox_occurrence *o) {
  o->original_date = date;
  o->exception_index = -1;
  set_times(o, zone, (uint64_t)date + p->start_time_offset, (uint64_t)date + p->end_time_offset);
  o->original_start = o->start;
}

static void exception_at(const ox_appointment_recurrence_pattern *p, const ox_zone *zone,
                         unsigned index, ox_occurrence *o) {
  const ox_exception_info *e = &p->exception_info[index];
  o->original_date = day_of(e->original_start_time) * MINUTES_PER_DAY;
  o->original_start = to_utc(zone, e->original_start_time);
  o->exception_index = (int32_t)index;
  set_times(o, zone, e->start_date_time, e->end_date_time);
}

/* The window. */

static bool overlaps(const ox_occurrence_iterator *it, const ox_occurrence *o) {
  return o->start < it->to && (o->end > it->from || o->start >= it->from);
}

static bool step(ox_occurrence_iterator *it, uint32_t steps) {
  if (it->status == OX_OK && steps > OX_OCCURRENCE_STEPS_MAX - it->steps) it->status = OX_E_LIMIT;
  if (it->status != OX_OK) return false;
  it->steps += steps;
  return true;
}

/* Deleted, or replaced by an exception. */
static bool is_changed(ox_occurrence_iterator *it, uint32_t date) {
  const ox_recurrence_pattern *r = &it->pattern->recurrence_pattern;
  if (!it->deleted_sorted && !step(it, r->deleted_instance_count)) return true;
  if (holds_day(r->deleted_instance_dates, r->deleted_instance_count, it->deleted_sorted,
                day_of(date))) {
    return true;
  }
  if (it->exceptions_deleted) return false;
  if (!step(it, it->pattern->exception_count)) return true;
  return ox_recurrence_find_exception(it->pattern, date) >= 0;
}

static void find_regular(ox_occurrence_iterator *it) {
  it->has_regular = false;
  while (it->number < it->number_end && step(it, 1)) {
    uint32_t date;
    if (!ox_series_date(&it->series, it->number++, &date)) {
      it->number = it->number_end;
    } else if (!is_changed(it, date)) {
      regular_on(it->pattern, it->zone, date, &it->regular);
      it->has_regular = overlaps(it, &it->regular);
      if (it->has_regular) return;
    }
  }
}

/* May it be in the window? Cheaper than overlaps(), which then decides. */
static bool is_near(const ox_occurrence_iterator *it, const ox_exception_info *e) {
  uint32_t end = e->end_date_time > e->start_date_time ? e->end_date_time : e->start_date_time;
  return (int64_t)end >= it->local_from && (int64_t)e->start_date_time <= it->local_to;
}

/* The exception that starts next after the last one taken; -1: there is none. Outlook does not keep
 * them in order. */
static int32_t next_exception(ox_occurrence_iterator *it) {
  const ox_exception_info *all = it->pattern->exception_info;
  const unsigned count = it->pattern->exception_count;
  int32_t best = -1;
  if (it->exceptions_sorted) {
    while (it->exception < count && !is_near(it, &all[it->exception])) it->exception++;
    return it->exception < count ? (int32_t)it->exception++ : -1;
  }
  if (!step(it, count)) return -1;
  for (unsigned i = 0; i < count; i++) {
    uint64_t key = (uint64_t)all[i].start_date_time << 16 | i;
    if (key < it->exception || !is_near(it, &all[i])) continue;
    if (best < 0 || all[i].start_date_time < all[best].start_date_time) best = (int32_t)i;
  }
  if (best >= 0) it->exception = ((uint64_t)all[best].start_date_time << 16 | (unsigned)best) + 1;
  return best;
}

static void find_exception(ox_occurrence_iterator *it) {
  int32_t index;
  it->has_exception = false;
  while (!it->has_exception && (index = next_exception(it)) >= 0) {
    exception_at(it->pattern, it->zone, (unsigned)index, &it->moved);
    it->has_exception = overlaps(it, &it->moved);
  }
}

static uint32_t clamp_day(int64_t minutes) {
  int64_t day = minutes < 0 ? 0 : minutes / MINUTES_PER_DAY;
  return (uint32_t)(day < DAY_LIMIT ? day : DAY_LIMIT);
}

ox_status ox_occurrences_begin(ox_occurrence_iterator *it,
                               const ox_appointment_recurrence_pattern *pattern,
                               const ox_zone *zone, ox_filetime from, ox_filetime to,
                               ox_error *err) {
  memset(it, 0, sizeof *it);
  const ox_recurrence_pattern *r = &pattern->recurrence_pattern;
  ox_status status = ox_series_init(r, &it->series, err);
  it->status = status;
  if (status != OX_OK) return status;
  it->pattern = pattern;
  it->zone = zone;
  it->from = from;
  it->to = to;
  it->deleted_sorted = ascend(r->deleted_instance_dates, r->deleted_instance_count);
  it->exceptions_deleted = it->deleted_sorted;
  it->exceptions_sorted = true;
  for (unsigned i = 1; i < pattern->exception_count; i++) {
    it->exceptions_sorted =
        it->exceptions_sorted && pattern->exception_info[i - 1].start_date_time <=
                                     pattern->exception_info[i].start_date_time;
  }
  for (unsigned i = 0; i < pattern->exception_count && it->exceptions_deleted; i++) {
    it->exceptions_deleted = holds_day(r->deleted_instance_dates, r->deleted_instance_count, true,
                                       day_of(pattern->exception_info[i].original_start_time));
  }
  /* A zone is at most a day from UTC, and a day more is lost to rounding. */
  it->local_from = (int64_t)(from / ticks_per_minute) - 2 * MINUTES_PER_DAY;
  it->local_to = (int64_t)(to / ticks_per_minute) + 2 * MINUTES_PER_DAY;
  int64_t start = pattern->start_time_offset, end = pattern->end_time_offset;
  if (end < start) end = start;
  it->number = ox_series_find(&it->series, clamp_day(it->local_from - end) * MINUTES_PER_DAY);
  it->number_end = it->series.count;
  uint32_t last_day = clamp_day(it->local_to - start);
  if (last_day < DAY_LIMIT) {
    it->number_end = ox_series_find(&it->series, (last_day + 1) * MINUTES_PER_DAY);
  }
  find_regular(it);
  find_exception(it);
  return OX_OK;
}

bool ox_occurrences_next(ox_occurrence_iterator *it, ox_occurrence *out) {
  memset(out, 0, sizeof *out);
  bool take_exception =
      it->has_exception && (!it->has_regular || it->moved.local_start < it->regular.local_start);
  if (take_exception) {
    *out = it->moved;
    find_exception(it);
    return true;
  }
  if (!it->has_regular) return false;
  *out = it->regular;
  find_regular(it);
  return true;
}

ox_status ox_occurrences_status(const ox_occurrence_iterator *it) {
  return it->status;
}

ox_status ox_occurrence_on(const ox_appointment_recurrence_pattern *pattern, const ox_zone *zone,
                           uint32_t date, ox_occurrence *out, ox_error *err) {
  memset(out, 0, sizeof *out);
  const ox_recurrence_pattern *r = &pattern->recurrence_pattern;
  ox_series series;
  ox_status status = ox_series_init(r, &series, err);
  if (status != OX_OK) return status;
  int32_t exception = ox_recurrence_find_exception(pattern, date);
  if (exception >= 0) {
    exception_at(pattern, zone, (unsigned)exception, out);
    return OX_OK;
  }
  if (!ox_series_contains(&series, date, NULL)) {
    return ox_error_set(err, OX_E_NOT_FOUND, "the pattern has no such date");
  }
  if (holds_day(r->deleted_instance_dates, r->deleted_instance_count, false, day_of(date))) {
    return ox_error_set(err, OX_E_NOT_FOUND, "the instance is deleted");
  }
  regular_on(pattern, zone, day_of(date) * MINUTES_PER_DAY, out);
  return OX_OK;
}
