/* Free/busy times: events to the months and blocks that a free/busy message publishes, and back.
 * The structure of a month's binary value is ox_free_busy_month of freebusy.h. */
#ifndef OXKIT_ROPCODEC_SCHEDULE_H
#define OXKIT_ROPCODEC_SCHEDULE_H

#include <oxkit/ropcodec/freebusy.h>
#include <oxkit/ropcodec/memory.h>

OX_BEGIN_DECLS

/** From a minute to before another, both since 1601 in UTC. */
typedef struct ox_busy_time {
  uint32_t start_minutes;
  uint32_t end_minutes;
} ox_busy_time;

/** What PidTagScheduleInfoMonths* and PidTagScheduleInfoFreeBusy* of one status hold: as many
 *  months as binary values, in ascending order. */
typedef struct ox_busy_months {
  uint32_t count;
  int32_t *months;  /**< year * 16 + month */
  ox_bytes *blocks; /**< an ox_free_busy_month each */
} ox_busy_months;

/** Publishes events of one status; those of several, when their lists are joined (busy and away
 *  are "merged"). Events that touch or overlap become one block, events over several months a block
 *  in each, what lies outside the range is cut off, and an event without a duration is left out.
 *  @param times          in any order; an end before its start is OX_E_USAGE
 *  @param publish_start  PidTagFreeBusyPublishStart, minutes since 1601
 *  @param publish_end    PidTagFreeBusyPublishEnd
 *  @return OX_OK, OX_E_USAGE, OX_E_LIMIT (more than OX_BUSY_MONTHS_MAX months), OX_E_NO_MEMORY
 *  @spec [MS-OXOPFFB] 2.2.1.2.1, 2.2.1.2.2 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_free_busy_publish(ox_arena *arena, const ox_busy_time *times,
                                                        size_t count, uint32_t publish_start,
                                                        uint32_t publish_end, ox_busy_months *out);
/** Most months of a range that is published. */
#define OX_BUSY_MONTHS_MAX 1200

/** The times that the months and their blocks stand for, in ascending order; blocks that go on in
 *  the next month become one time.
 *  @return OX_OK, OX_E_MALFORMED (a month or block that cannot be, or out of order), OX_E_NO_MEMORY
 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_free_busy_expand(ox_arena *arena,
                                                       const ox_busy_months *months,
                                                       ox_busy_time **times_out, size_t *count_out);

OX_END_DECLS

#endif
