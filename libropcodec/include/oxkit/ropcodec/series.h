/* The dates of a recurrence pattern, by arithmetic: the n-th date and the number of a date cost the
 * same wherever they lie. Exceptions and times of day are occurrence.h's business.
 *
 * Dates are minutes since 1601-01-01 00:00 of the day's midnight, in the time zone of the pattern.
 *
 * Calendars: daily and weekly patterns are the same in all. Monthly and yearly ones are known for
 * the Gregorian calendar under all its names (Default, Gregorian*, Japan, Taiwan, Korea, Thai,
 * which number years differently) and for the Hijri calendar, which is the tabular one of Windows
 * and .NET: it begins on July 18, 622 (Gregorian), and of 30 years the 2nd, 5th, 7th, 10th, 13th,
 * 16th, 18th, 21st, 24th, 26th and 29th have a day more. The lunar calendars of Asia, the Hebrew,
 * the Saka and the Umm al-Qura calendar give OX_E_NOT_SUPPORTED. */
#ifndef OXKIT_ROPCODEC_SERIES_H
#define OXKIT_ROPCODEC_SERIES_H

#include <oxkit/ropcodec/recurrence.h>

OX_BEGIN_DECLS

/** ox_series_count of a series without end. */
#define OX_SERIES_ENDLESS UINT64_MAX
/** EndDate of a series without end. @spec [MS-OXOCAL] 2.2.1.44.1 */
#define OX_RECURRENCE_END_DATE_NEVER 0x5AE980DFu
/** Largest intervals. @spec [MS-OXOCAL] 2.2.1.44.1 */
#define OX_RECURRENCE_PERIOD_MAX_DAYS 999u
#define OX_RECURRENCE_PERIOD_MAX_WEEKS 99u
#define OX_RECURRENCE_PERIOD_MAX_MONTHS 99u

/** A pattern made ready for arithmetic. Members are the library's own. Dates are numbered from 0;
 * they come in units (days, weeks or months), each with `per_unit` of them. */
typedef struct ox_series {
  uint8_t pattern_type; /**< OX_PATTERN_TYPE_*, the Hj types as their Gregorian counterparts */
  bool is_hijri;
  uint8_t per_unit;
  uint8_t skip;            /**< dates of the first unit that lie before the start */
  uint8_t week_offsets[7]; /**< days after the first day of the week */
  uint8_t week_shift;
  uint32_t days; /**< OX_RECURRENCE_DAYS_* */
  uint32_t day;
  uint32_t n;
  int64_t first_unit;
  int64_t period; /**< in units */
  uint64_t count;
} ox_series;

/** Prepares a pattern. SlidingFlag and exceptions are not looked at.
 *  @return OX_OK; OX_E_MALFORMED with field and section in *err: Period, PatternTypeSpecific,
 * EndType or FirstDOW make no sense; OX_E_NOT_SUPPORTED: the calendar
 *  @spec [MS-OXOCAL] 2.2.1.44.1.2 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_series_init(const ox_recurrence_pattern *pattern,
                                                  ox_series *out, ox_error *err);

/** How many dates there are, deleted and modified ones included; OX_SERIES_ENDLESS. */
OX_EXPORT uint64_t ox_series_count(const ox_series *series);

/** The date with this number, from 0. False when there is none, or none that 32 bits hold. */
OX_EXPORT bool ox_series_date(const ox_series *series, uint64_t number, uint32_t *date_out);

/** The number of the first date that is not before `date` (any minute of a day); ox_series_count
 * when all are. */
OX_EXPORT uint64_t ox_series_find(const ox_series *series, uint32_t date);

/** True when the day is a date of the series, whose number is *number_out (NULL is fine). */
OX_EXPORT bool ox_series_contains(const ox_series *series, uint32_t date, uint64_t *number_out);

/** FirstDateTime of a pattern, from its other fields.
 *  @return OX_OK, or as ox_series_init
 *  @spec [MS-OXOCAL] 2.2.1.44.1.1 */
OX_EXPORT OX_WARN_UNUSED ox_status
ox_recurrence_first_date_time(const ox_recurrence_pattern *pattern, uint32_t *out, ox_error *err);

/** Completes a new pattern. The caller sets RecurFrequency, PatternType, CalendarType, Period, the
 *  fields that the type has, FirstDOW, EndType, StartDate (any day from which the series may
 *  start; intervals count from its week or month), and EndDate or OccurrenceCount as EndType says.
 * Sets the versions, moves StartDate to the first date, computes FirstDateTime, and EndDate or
 * OccurrenceCount: for a series that never ends OX_RECURRENCE_END_DATE_NEVER and 10.
 *  @return OX_OK; as ox_series_init; OX_E_LIMIT: dates that 32 bits do not hold; OX_E_NOT_FOUND: no
 *          date before the end. The pattern is unchanged then.
 *  @spec [MS-OXOCAL] 2.2.1.44.1 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_recurrence_complete(ox_recurrence_pattern *pattern,
                                                          ox_error *err);

/* What the specification asks of a decoded pattern: values in their tables, counts and dates that
 * fit each other, arrays in order. Decoders ask for none of it. Return OX_OK, or OX_E_MALFORMED
 * with field and section in *err. */
OX_EXPORT OX_WARN_UNUSED ox_status ox_recurrence_pattern_check(const ox_recurrence_pattern *in,
                                                               ox_error *err);
/** PidLidTaskRecurrence. @spec [MS-OXOTASK] 2.2.2.2.15 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_task_recurrence_check(const ox_recurrence_pattern *in,
                                                            ox_error *err);
OX_EXPORT OX_WARN_UNUSED ox_status
ox_appointment_recurrence_pattern_check(const ox_appointment_recurrence_pattern *in, ox_error *err);

OX_END_DECLS

#endif
