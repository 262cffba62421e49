/* Expansion of a recurring appointment: what happens between two instants, and changes to single
 * instances. */
#ifndef OXKIT_ROPCODEC_OCCURRENCE_H
#define OXKIT_ROPCODEC_OCCURRENCE_H

#include <oxkit/ropcodec/series.h>
#include <oxkit/ropcodec/zone.h>

OX_BEGIN_DECLS

/** Most steps that one expansion takes: a step is a date of the pattern or an exception looked at.
 *  Patterns whose arrays are out of order need a step for each of their elements with each date. */
#define OX_OCCURRENCE_STEPS_MAX 4000000u

/** One instance. */
typedef struct ox_occurrence {
  uint32_t original_date; /**< date that the pattern gives it: minutes since 1601, local midnight */
  ox_filetime original_start; /**< UTC; PidLidExceptionReplaceTime of an exception */
  ox_filetime start;          /**< UTC */
  ox_filetime end;            /**< UTC, not before start */
  uint64_t local_start;       /**< minutes since 1601 in the zone */
  uint64_t local_end;
  int32_t exception_index; /**< in ExceptionInfo; -1: as the pattern says */
} ox_occurrence;

/** An expansion under way. Members are the library's own. Allocates nothing. */
typedef struct ox_occurrence_iterator {
  const ox_appointment_recurrence_pattern *pattern;
  const ox_zone *zone;
  ox_filetime from, to;
  ox_series series;
  uint64_t number, number_end;
  int64_t local_from, local_to;
  uint64_t exception;
  uint32_t steps;
  bool deleted_sorted, exceptions_deleted, exceptions_sorted;
  bool has_regular, has_exception;
  ox_occurrence regular, moved;
  ox_status status;
} ox_occurrence_iterator;

/** Starts at the first instance that overlaps the time from `from` to `to`: it begins before `to`,
 * and ends after `from` or begins there. Dates before the window are not walked through.
 *  @param pattern, zone  must outlive the iterator
 *  @return OX_OK; as ox_series_init
 *  @spec [MS-OXOCAL] 2.2.1.44 */
OX_EXPORT OX_WARN_UNUSED ox_status
ox_occurrences_begin(ox_occurrence_iterator *it, const ox_appointment_recurrence_pattern *pattern,
                     const ox_zone *zone, ox_filetime from, ox_filetime to, ox_error *err);

/** The next instance, in the order of their local starts. Deleted instances are left out; modified
 * ones appear where they are now.
 *  @return false when there is none, or after a failure: see ox_occurrences_status */
OX_EXPORT bool ox_occurrences_next(ox_occurrence_iterator *it, ox_occurrence *out);

/** OX_OK, or OX_E_LIMIT when OX_OCCURRENCE_STEPS_MAX was reached: there may be more instances. */
OX_EXPORT OX_WARN_UNUSED ox_status ox_occurrences_status(const ox_occurrence_iterator *it);

/** The instance that the pattern has on an original date, where it is now.
 *  @param date  any minute of the day, local time
 *  @return OX_OK, OX_E_NOT_FOUND (the pattern has no such date, or the instance is deleted), or as
 *          ox_series_init */
OX_EXPORT OX_WARN_UNUSED ox_status
ox_occurrence_on(const ox_appointment_recurrence_pattern *pattern, const ox_zone *zone,
                 uint32_t date, ox_occurrence *out, ox_error *err);

/** The exception that replaces the instance with this original date; -1 when there is none. */
OX_EXPORT int32_t ox_recurrence_find_exception(const ox_appointment_recurrence_pattern *pattern,
                                               uint32_t date);

/* Changes. New arrays are made in the arena; DeletedInstanceDates and ModifiedInstanceDates stay in
 * order, and so do ExceptionInfo and ExtendedException when they are in the order of their starts.
 * They return OX_OK; OX_E_NOT_FOUND: the pattern has no such date; OX_E_LIMIT: 65,535 exceptions;
 * OX_E_NO_MEMORY; or as ox_series_init. The pattern is unchanged after a failure. */

/** Deletes the instance with an original date; an exception goes with it. */
OX_EXPORT OX_WARN_UNUSED ox_status ox_recurrence_delete(ox_appointment_recurrence_pattern *pattern,
                                                        ox_arena *arena, uint32_t date,
                                                        ox_error *err);

/** Adds or replaces the exception for the instance whose date is that of info->original_start_time.
 *  The structures are copied, what they view is not; SubjectLength and LocationLength are computed.
 *  @param extended  NULL: made from `info`, with the texts converted from `codepage`
 *  @return also OX_E_UNKNOWN_CODEPAGE */
OX_EXPORT OX_WARN_UNUSED ox_status ox_recurrence_modify(ox_appointment_recurrence_pattern *pattern,
                                                        ox_arena *arena,
                                                        const ox_exception_info *info,
                                                        const ox_extended_exception *extended,
                                                        uint32_t codepage, ox_error *err);

/** Makes the instance with an original date what the pattern says again.
 *  OX_E_NOT_FOUND: it is neither deleted nor modified. */
OX_EXPORT OX_WARN_UNUSED ox_status ox_recurrence_restore(ox_appointment_recurrence_pattern *pattern,
                                                         ox_arena *arena, uint32_t date,
                                                         ox_error *err);

OX_END_DECLS

#endif
