/* What [MS-OXOCAL] asks of recurrence patterns, field by field in wire order. */
#include <oxkit/ropcodec/series.h>

#include <string.h>

#include "civil.h"
#include "rule_broken.h"

enum { VERSION = 0x3004, READER_VERSION2 = 0x3006, FLAGS_ALL = 0x03FF };

static const char pattern_section[] = "[MS-OXOCAL] 2.2.1.44.1";
static const char info_section[] = "[MS-OXOCAL] 2.2.1.44.2";
static const char extended_section[] = "[MS-OXOCAL] 2.2.1.44.4";
static const char appointment_section[] = "[MS-OXOCAL] 2.2.1.44.5";

static bool is_midnight(uint32_t minutes) {
  return minutes % MINUTES_PER_DAY == 0;
}

static bool is_hijri(const ox_recurrence_pattern *in) {
  return in->pattern_type >= OX_PATTERN_TYPE_HJ_MONTH;
}

static ox_status check_types(const ox_recurrence_pattern *in, ox_error *err) {
  const uint16_t type = in->pattern_type;
  if (in->reader_version != VERSION) {
    return ox_rule_broken(err, "ReaderVersion", pattern_section, "not 0x3004");
  }
  if (in->writer_version != VERSION) {
    return ox_rule_broken(err, "WriterVersion", pattern_section, "not 0x3004");
  }
  bool fits;
  switch (in->recur_frequency) {
    /* "Every weekday" is a daily recurrence with a weekly pattern. */
    case OX_RECUR_FREQUENCY_DAILY:
      fits = type == OX_PATTERN_TYPE_DAY || type == OX_PATTERN_TYPE_WEEK;
      break;
    case OX_RECUR_FREQUENCY_WEEKLY: fits = type == OX_PATTERN_TYPE_WEEK; break;
    case OX_RECUR_FREQUENCY_MONTHLY:
    case OX_RECUR_FREQUENCY_YEARLY:
      fits = type != OX_PATTERN_TYPE_DAY && type != OX_PATTERN_TYPE_WEEK;
      break;
    default: return ox_rule_broken(err, "RecurFrequency", pattern_section, "not one of the table");
  }
  if (!fits) {
    return ox_rule_broken(err, "PatternType", pattern_section, "does not fit RecurFrequency");
  }
  if (in->calendar_type == 0x000D || in->calendar_type == 0x0015 || in->calendar_type == 0x0016 ||
      in->calendar_type > OX_CALENDAR_TYPE_UMALQURA) {
    return ox_rule_broken(err, "CalendarType", pattern_section, "not one of the table");
  }
  if (is_hijri(in) && in->calendar_type != OX_CALENDAR_TYPE_DEFAULT) {
    return ox_rule_broken(err, "CalendarType", pattern_section, "not 0 with a Hijri pattern");
  }
  return OX_OK;
}

static ox_status check_period(const ox_recurrence_pattern *in, ox_error *err) {
  bool fits;
  if (in->pattern_type == OX_PATTERN_TYPE_DAY) {
    fits = in->period != 0 && is_midnight(in->period) &&
           in->period / MINUTES_PER_DAY <= OX_RECURRENCE_PERIOD_MAX_DAYS;
  } else if (in->pattern_type == OX_PATTERN_TYPE_WEEK) {
    fits = in->period >= 1 && in->period <= OX_RECURRENCE_PERIOD_MAX_WEEKS;
  } else if (in->recur_frequency == OX_RECUR_FREQUENCY_YEARLY) {
    fits = in->period == 12;
  } else {
    fits = in->period >= 1 && in->period <= OX_RECURRENCE_PERIOD_MAX_MONTHS;
  }
  if (!fits)
    return ox_rule_broken(err, "Period", pattern_section, "not an interval that is allowed");
  if (in->sliding_flag > 1) {
    return ox_rule_broken(err, "SlidingFlag", pattern_section, "neither 0 nor 1");
  }
  if ((in->days & ~0x7Fu) != 0) {
    return ox_rule_broken(err, "PatternTypeSpecific", "[MS-OXOCAL] 2.2.1.44.1.4",
                          "an unused bit is set");
  }
  return OX_OK;
}

static ox_status check_dates(const uint32_t *dates, uint32_t count, const char *field,
                             ox_error *err) {
  for (uint32_t i = 0; i < count; i++) {
    if (!is_midnight(dates[i])) return ox_rule_broken(err, field, pattern_section, "not midnight");
    if (i != 0 && dates[i - 1] >= dates[i]) {
      return ox_rule_broken(err, field, pattern_section, "not from earliest to latest");
    }
  }
  return OX_OK;
}

static ox_status check_instances(const ox_recurrence_pattern *in, const ox_series *series,
                                 ox_error *err) {
  ox_status status = check_dates(in->deleted_instance_dates, in->deleted_instance_count,
                                 "DeletedInstanceDates", err);
  if (status != OX_OK) return status;
  for (uint32_t i = 0; series != NULL && i < in->deleted_instance_count; i++) {
    if (!ox_series_contains(series, in->deleted_instance_dates[i], NULL)) {
      return ox_rule_broken(err, "DeletedInstanceDates", pattern_section,
                            "not a date of the pattern");
    }
  }
  if (in->modified_instance_count > in->deleted_instance_count) {
    return ox_rule_broken(err, "ModifiedInstanceCount", pattern_section,
                          "above DeletedInstanceCount");
  }
  return check_dates(in->modified_instance_dates, in->modified_instance_count,
                     "ModifiedInstanceDates", err);
}

static ox_status check_range(const ox_recurrence_pattern *in, const ox_series *series,
                             ox_error *err) {
  uint32_t date;
  if (!is_midnight(in->start_date)) {
    return ox_rule_broken(err, "StartDate", pattern_section, "not midnight");
  }
  bool is_endless = series->count == OX_SERIES_ENDLESS;
  if (is_endless && in->end_date != OX_RECURRENCE_END_DATE_NEVER) {
    return ox_rule_broken(err, "EndDate", pattern_section, "not 0x5AE980DF without an end");
  }
  if (!is_endless && !is_midnight(in->end_date)) {
    return ox_rule_broken(err, "EndDate", pattern_section, "not midnight");
  }
  if (!ox_series_date(series, 0, &date) || date != in->start_date) {
    return ox_rule_broken(err, "StartDate", pattern_section, "not the first date of the pattern");
  }
  if (in->end_type == OX_END_TYPE_DATE && in->occurrence_count != series->count) {
    return ox_rule_broken(err, "OccurrenceCount", pattern_section, "not the number of dates");
  }
  if (in->end_type == OX_END_TYPE_COUNT &&
      (!ox_series_date(series, series->count - 1, &date) || date != in->end_date)) {
    return ox_rule_broken(err, "EndDate", pattern_section, "not the last date of the pattern");
  }
  return OX_OK;
}

ox_status ox_recurrence_pattern_check(const ox_recurrence_pattern *in, ox_error *err) {
  ox_series series;
  ox_status status = check_types(in, err);
  if (status == OX_OK) status = check_period(in, err);
  if (status == OX_OK) status = ox_series_init(in, &series, err);
  if (status == OX_E_NOT_SUPPORTED) {
    /* Nothing can be said of dates in a calendar that is not known. */
    if (err != NULL) memset(err, 0, sizeof *err);
    return check_instances(in, NULL, err);
  }
  uint32_t first_date_time;
  if (status == OX_OK) status = ox_recurrence_first_date_time(in, &first_date_time, err);
  if (status == OX_OK && first_date_time != in->first_date_time) {
    status = ox_rule_broken(err, "FirstDateTime", "[MS-OXOCAL] 2.2.1.44.1.1",
                            "not what follows from StartDate, Period and FirstDOW");
  }
  if (status == OX_OK && in->first_dow > 6) {
    status = ox_rule_broken(err, "FirstDOW", pattern_section, "not a day of the week");
  }
  if (status == OX_OK) status = check_range(in, &series, err);
  return status == OX_OK ? check_instances(in, &series, err) : status;
}

static ox_status check_exception(const ox_appointment_recurrence_pattern *in, unsigned index,
                                 ox_error *err) {
  const ox_recurrence_pattern *p = &in->recurrence_pattern;
  const ox_exception_info *e = &in->exception_info[index];
  const ox_extended_exception *x = &in->extended_exceptions.items[index];
  const uint16_t flags = e->override_flags;
  if (e->start_date_time > e->end_date_time) {
    return ox_rule_broken(err, "EndDateTime", info_section, "before StartDateTime");
  }
  if (!ox_civil_holds_day(p->deleted_instance_dates, p->deleted_instance_count,
                          e->original_start_time / MINUTES_PER_DAY)) {
    return ox_rule_broken(err, "OriginalStartTime", info_section, "not in DeletedInstanceDates");
  }
  if (!ox_civil_holds_day(p->modified_instance_dates, p->modified_instance_count,
                          e->start_date_time / MINUTES_PER_DAY)) {
    return ox_rule_broken(err, "StartDateTime", info_section, "not in ModifiedInstanceDates");
  }
  if ((flags & ~FLAGS_ALL) != 0) {
    return ox_rule_broken(err, "OverrideFlags", info_section, "a bit that is not in the table");
  }
  if ((flags & OX_OVERRIDE_FLAGS_SUBJECT) && e->subject_length != e->subject.size_bytes + 1) {
    return ox_rule_broken(err, "SubjectLength", info_section, "not SubjectLength2 and 1");
  }
  if ((flags & OX_OVERRIDE_FLAGS_LOCATION) && e->location_length != e->location.size_bytes + 1) {
    return ox_rule_broken(err, "LocationLength", info_section, "not LocationLength2 and 1");
  }
  if (x->reserved_block_ee1.size_bytes != 0) {
    return ox_rule_broken(err, "ReservedBlockEE1Size", extended_section, "not 0");
  }
  if ((flags & (OX_OVERRIDE_FLAGS_SUBJECT | OX_OVERRIDE_FLAGS_LOCATION)) == 0) return OX_OK;
  if (x->start_date_time != e->start_date_time || x->end_date_time != e->end_date_time ||
      x->original_start_date != e->original_start_time) {
    return ox_rule_broken(err, "StartDateTime", extended_section, "not that of ExceptionInfo");
  }
  if (x->reserved_block_ee2.size_bytes != 0) {
    return ox_rule_broken(err, "ReservedBlockEE2Size", extended_section, "not 0");
  }
  return OX_OK;
}

ox_status ox_task_recurrence_check(const ox_recurrence_pattern *in, ox_error *err) {
  static const char task_section[] = "[MS-OXOTASK] 2.2.2.2.15";
  ox_status status = ox_recurrence_pattern_check(in, err);
  if (status != OX_OK) return status;
  if (in->deleted_instance_count != 0) {
    return ox_rule_broken(err, "DeletedInstanceCount", task_section, "not 0 in a task");
  }
  if (in->modified_instance_count != 0) {
    return ox_rule_broken(err, "ModifiedInstanceCount", task_section, "not 0 in a task");
  }
  return OX_OK;
}

ox_status ox_appointment_recurrence_pattern_check(const ox_appointment_recurrence_pattern *in,
                                                  ox_error *err) {
  ox_status status = ox_recurrence_pattern_check(&in->recurrence_pattern, err);
  if (status != OX_OK) return status;
  if (in->recurrence_pattern.sliding_flag != 0) {
    return ox_rule_broken(err, "SlidingFlag", pattern_section, "not 0 in an appointment");
  }
  if (in->reader_version2 != READER_VERSION2) {
    return ox_rule_broken(err, "ReaderVersion2", appointment_section, "not 0x3006");
  }
  if (in->writer_version2 != OX_RECURRENCE_WRITER_VERSION2 &&
      in->writer_version2 != OX_RECURRENCE_WRITER_VERSION2 - 1) {
    return ox_rule_broken(err, "WriterVersion2", appointment_section, "neither 0x3009 nor 0x3008");
  }
  if (in->start_time_offset >= MINUTES_PER_DAY) {
    return ox_rule_broken(err, "StartTimeOffset", appointment_section, "not within a day");
  }
  if (in->end_time_offset < in->start_time_offset) {
    return ox_rule_broken(err, "EndTimeOffset", appointment_section, "before StartTimeOffset");
  }
  if (in->exception_count != in->recurrence_pattern.modified_instance_count) {
    return ox_rule_broken(err, "ExceptionCount", appointment_section, "not ModifiedInstanceCount");
  }
  if (in->reserved_block1.size_bytes != 0) {
    return ox_rule_broken(err, "ReservedBlock1Size", appointment_section, "not 0");
  }
  for (unsigned i = 0; i < in->exception_count; i++) {
    status = check_exception(in, i, err);
    if (status != OX_OK) return status;
  }
  if (in->reserved_block2.size_bytes != 0) {
    return ox_rule_broken(err, "ReservedBlock2Size", appointment_section, "not 0");
  }
  return OX_OK;
}
