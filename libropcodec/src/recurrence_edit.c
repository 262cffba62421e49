/* Changes to single instances of a recurring appointment. @spec [MS-OXOCAL] 2.2.1.44 */
#include <oxkit/ropcodec/occurrence.h>

#include <stdlib.h>
#include <string.h>

#include <oxkit/ropcodec/text.h>

#include "civil.h"

enum {
  EXCEPTIONS_MAX = UINT16_MAX,
  TEXTS = OX_OVERRIDE_FLAGS_SUBJECT | OX_OVERRIDE_FLAGS_LOCATION
};

static uint32_t midnight(uint32_t minutes) {
  return minutes / MINUTES_PER_DAY * MINUTES_PER_DAY;
}

static int compare_dates(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return x < y ? -1 : x > y;
}

/* The exceptions of a pattern as they will be: `without` is left out (-1: none), `added` put in. */
static ox_status put_exceptions(ox_appointment_recurrence_pattern *p, ox_arena *arena,
                                int32_t without, const ox_exception_info *added,
                                const ox_extended_exception *added_extended) {
  const size_t old = p->exception_count;
  const size_t count = old - (without >= 0) + (added != NULL);
  if (count > EXCEPTIONS_MAX) return OX_E_LIMIT;
  ox_exception_info *infos = ox_arena_calloc(arena, count, sizeof *infos);
  ox_extended_exception *extended = ox_arena_calloc(arena, count, sizeof *extended);
  uint32_t *dates = ox_arena_calloc(arena, count, sizeof *dates);
  if (infos == NULL || extended == NULL || dates == NULL) return OX_E_NO_MEMORY;
  size_t n = 0;
  for (size_t i = 0; i <= old; i++) {
    bool is_place = added != NULL &&
                    (i == old || p->exception_info[i].start_date_time > added->start_date_time);
    if (is_place) {
      infos[n] = *added;
      extended[n++] = *added_extended;
      added = NULL;
    }
    if (i == old || (int32_t)i == without) continue;
    infos[n] = p->exception_info[i];
    if (p->extended_exceptions.items != NULL) extended[n] = p->extended_exceptions.items[i];
    n++;
  }
  for (size_t i = 0; i < count; i++) dates[i] = midnight(infos[i].start_date_time);
  qsort(dates, count, sizeof *dates, compare_dates);
  p->exception_count = (uint16_t)count;
  p->exception_info = infos;
  p->extended_exceptions.items = extended;
  p->recurrence_pattern.modified_instance_count = (uint32_t)count;
  p->recurrence_pattern.modified_instance_dates = dates;
  return OX_OK;
}

/* Takes a date out of DeletedInstanceDates, and puts it in again in its place if asked. */
static ox_status put_deleted(ox_recurrence_pattern *p, ox_arena *arena, uint32_t date, bool add,
                             bool *was_there) {
  const uint32_t old = p->deleted_instance_count;
  uint32_t *dates = ox_arena_calloc(arena, (size_t)old + 1, sizeof *dates);
  if (dates == NULL) return OX_E_NO_MEMORY;
  uint32_t n = 0;
  *was_there = false;
  for (uint32_t i = 0; i < old; i++) {
    uint32_t other = p->deleted_instance_dates[i];
    if (midnight(other) == date) {
      *was_there = true;
      continue;
    }
    if (add && other > date) {
      dates[n++] = date;
      add = false;
    }
    dates[n++] = other;
  }
  if (add) dates[n++] = date;
  p->deleted_instance_count = n;
  p->deleted_instance_dates = dates;
  return OX_OK;
}

static ox_status need_date(const ox_appointment_recurrence_pattern *p, uint32_t date,
                           ox_error *err) {
  ox_series series;
  ox_status status = ox_series_init(&p->recurrence_pattern, &series, err);
  if (status != OX_OK || ox_series_contains(&series, date, NULL)) return status;
  return ox_error_set(err, OX_E_NOT_FOUND, "the pattern has no such date");
}

static ox_status finish(ox_appointment_recurrence_pattern *pattern,
                        const ox_appointment_recurrence_pattern *changed, ox_status status,
                        ox_error *err) {
  if (status != OX_OK) return ox_error_set(err, status, NULL);
  *pattern = *changed;
  return OX_OK;
}

ox_status ox_recurrence_delete(ox_appointment_recurrence_pattern *pattern, ox_arena *arena,
                               uint32_t date, ox_error *err) {
  ox_status status = need_date(pattern, date, err);
  if (status != OX_OK) return status;
  ox_appointment_recurrence_pattern p = *pattern;
  int32_t exception = ox_recurrence_find_exception(&p, date);
  bool was_there;
  if (exception >= 0) status = put_exceptions(&p, arena, exception, NULL, NULL);
  if (status == OX_OK) {
    status = put_deleted(&p.recurrence_pattern, arena, midnight(date), true, &was_there);
  }
  return finish(pattern, &p, status, err);
}

static ox_status widen(ox_arena *arena, ox_bytes text, uint32_t codepage, ox_str16 *out) {
  char *utf8;
  ox_str8 narrow = {(const char *)text.data, text.size_bytes};
  ox_status status = ox_str8_to_utf8(arena, narrow, codepage, &utf8);
  if (ox_failed(status)) return status;
  return ox_str16_from_utf8(arena, ox_str8_from(utf8), out);
}

static ox_status extend(ox_arena *arena, const ox_exception_info *info, uint32_t codepage,
                        ox_extended_exception *out) {
  memset(out, 0, sizeof *out);
  if ((info->override_flags & TEXTS) == 0) return OX_OK;
  out->start_date_time = info->start_date_time;
  out->end_date_time = info->end_date_time;
  out->original_start_date = info->original_start_time;
  ox_status status = OX_OK;
  if (info->override_flags & OX_OVERRIDE_FLAGS_SUBJECT) {
    status = widen(arena, info->subject, codepage, &out->wide_char_subject);
  }
  if (status == OX_OK && (info->override_flags & OX_OVERRIDE_FLAGS_LOCATION)) {
    status = widen(arena, info->location, codepage, &out->wide_char_location);
  }
  return status;
}

ox_status ox_recurrence_modify(ox_appointment_recurrence_pattern *pattern, ox_arena *arena,
                               const ox_exception_info *info, const ox_extended_exception *extended,
                               uint32_t codepage, ox_error *err) {
  const uint32_t date = midnight(info->original_start_time);
  ox_status status = need_date(pattern, date, err);
  if (status != OX_OK) return status;
  ox_appointment_recurrence_pattern p = *pattern;
  ox_exception_info added = *info;
  ox_extended_exception made;
  if (added.override_flags & OX_OVERRIDE_FLAGS_SUBJECT) {
    added.subject_length = (uint16_t)(added.subject.size_bytes + 1);
  }
  if (added.override_flags & OX_OVERRIDE_FLAGS_LOCATION) {
    added.location_length = (uint16_t)(added.location.size_bytes + 1);
  }
  if (extended == NULL) {
    status = extend(arena, info, codepage, &made);
    extended = &made;
  }
  bool was_there;
  if (status == OX_OK) {
    status = put_exceptions(&p, arena, ox_recurrence_find_exception(&p, date), &added, extended);
  }
  if (status == OX_OK) {
    status = put_deleted(&p.recurrence_pattern, arena, date, true, &was_there);
  }
  return finish(pattern, &p, status, err);
}

ox_status ox_recurrence_restore(ox_appointment_recurrence_pattern *pattern, ox_arena *arena,
                                uint32_t date, ox_error *err) {
  ox_appointment_recurrence_pattern p = *pattern;
  int32_t exception = ox_recurrence_find_exception(&p, date);
  ox_status status = OX_OK;
  bool was_there = false;
  if (exception >= 0) status = put_exceptions(&p, arena, exception, NULL, NULL);
  if (status == OX_OK) {
    status = put_deleted(&p.recurrence_pattern, arena, midnight(date), false, &was_there);
  }
  if (status == OX_OK && exception < 0 && !was_there) {
    return ox_error_set(err, OX_E_NOT_FOUND, "the instance is neither deleted nor modified");
  }
  return finish(pattern, &p, status, err);
}
