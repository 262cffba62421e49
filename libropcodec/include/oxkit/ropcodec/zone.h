/* Time zones of appointments: between UTC and local time.
 *
 * Local times are ox_filetime too: ticks since 1601-01-01 00:00 of the clock on the wall. Where
 * that clock is set back a local time occurs twice, and where it is set forward some never occur.
 * Both are read as standard time unless the caller says otherwise, as .NET's TimeZoneInfo does with
 * those that occur twice; for those that never occur that is the offset from before the change.
 *
 * Results that a FILETIME cannot hold become 0 or UINT64_MAX. */
#ifndef OXKIT_ROPCODEC_ZONE_H
#define OXKIT_ROPCODEC_ZONE_H

#include <oxkit/ropcodec/timezone.h>

OX_BEGIN_DECLS

/** Largest offset from UTC that a zone may have, in minutes. */
#define OX_ZONE_BIAS_MAX_MINUTES 1440

/** What converts times. Made by one of the functions below; copy it freely. */
typedef struct ox_zone {
  const ox_tz_rule *rules; /**< ascending years; NULL: `only` */
  uint16_t rule_count;
  ox_tz_rule only;
} ox_zone;

OX_EXPORT void ox_zone_init_utc(ox_zone *out);

/** PidLidTimeZoneStruct: one rule for all years.
 *  @return OX_OK, or OX_E_MALFORMED for an offset above OX_ZONE_BIAS_MAX_MINUTES */
OX_EXPORT OX_WARN_UNUSED ox_status ox_zone_init_struct(const ox_time_zone_struct *in, ox_zone *out,
                                                       ox_error *err);

/** Every rule of a definition in its years: from January 1 of w_year until the next rule begins,
 * the first one also before. The definition must outlive the zone.
 *  @return OX_OK, OX_E_NOT_FOUND (no rules), OX_E_MALFORMED (an offset above
 *          OX_ZONE_BIAS_MAX_MINUTES, years that do not ascend)
 *  @spec [MS-OXOCAL] 2.2.1.41.1 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_zone_init_definition(const ox_time_zone_definition *in,
                                                           ox_zone *out, ox_error *err);

/** The effective rule of a definition, for all years.
 *  @return OX_OK, OX_E_NOT_FOUND (none is marked), OX_E_MALFORMED
 *  @spec [MS-OXOCAL] 2.2.1.41 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_zone_init_effective(const ox_time_zone_definition *in,
                                                          ox_zone *out, ox_error *err);

/** The zone of a recurring series: the effective rule of PidLidAppointmentTimeZoneDefinitionRecur,
 *  unless it is not set or does not say the same as PidLidTimeZoneStruct, which then holds.
 *  @param definition, structure  NULL: not set
 *  @return OX_OK, OX_E_NOT_FOUND (neither is set), OX_E_MALFORMED
 *  @spec [MS-OXOCAL] 2.2.1.41 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_zone_init_series(const ox_time_zone_definition *definition,
                                                       const ox_time_zone_struct *structure,
                                                       ox_zone *out, ox_error *err);

/** PidLidTimeZone: an index into a table of the specification, and a bit that suppresses daylight
 *  saving time.
 *  @return OX_OK, OX_E_NOT_FOUND (above 59)
 *  @spec [MS-OXOCAL] 2.2.5.6 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_zone_init_index(uint32_t pid_lid_time_zone, ox_zone *out);

/** Minutes that are added to local time for UTC at this instant. */
OX_EXPORT int32_t ox_zone_bias(const ox_zone *zone, ox_filetime utc);

OX_EXPORT ox_filetime ox_zone_to_local(const ox_zone *zone, ox_filetime utc);

/** @param utc_out  [0] the instant, read as standard time if need be; [1] the same, unless the
 * local time occurs twice: then in daylight saving time
 *  @return how often the local time occurs: 0, 1 or 2 */
OX_EXPORT unsigned ox_zone_to_utc(const ox_zone *zone, ox_filetime local, ox_filetime utc_out[2]);

/** The changes of a year, in local time before the change.
 *  @param standard_out, daylight_out  when standard and daylight saving time begin; UINT64_MAX: not
 * in this year
 *  @spec [MS-OXOCAL] 2.2.1.39 */
OX_EXPORT void ox_zone_changes(const ox_zone *zone, uint32_t year, ox_filetime *standard_out,
                               ox_filetime *daylight_out);

/** True when a rule says the same as PidLidTimeZoneStruct. @spec [MS-OXOCAL] 2.2.1.41 */
OX_EXPORT bool ox_tz_rule_matches(const ox_tz_rule *rule, const ox_time_zone_struct *structure);

/** PidLidTimeZoneStruct of a rule. */
OX_EXPORT void ox_time_zone_struct_from_rule(const ox_tz_rule *rule, ox_time_zone_struct *out);

/** A definition with one rule, marked effective, and for recurring series also current.
 *  @param key_name  name of the zone in the Windows registry; a view
 *  @return OX_OK, OX_E_NO_MEMORY */
OX_EXPORT OX_WARN_UNUSED ox_status ox_time_zone_definition_make(ox_arena *arena, ox_str16 key_name,
                                                                const ox_time_zone_struct *rule,
                                                                bool is_recurring,
                                                                ox_time_zone_definition *out);

/* What the specification asks of decoded structures. Decoders ask for less.
 * Return OX_OK, or OX_E_MALFORMED with field and section in *err. */
OX_EXPORT OX_WARN_UNUSED ox_status ox_time_zone_struct_check(const ox_time_zone_struct *in,
                                                             ox_error *err);
OX_EXPORT OX_WARN_UNUSED ox_status ox_time_zone_definition_check(const ox_time_zone_definition *in,
                                                                 ox_error *err);

/* Minutes since 1601-01-01 00:00, as recurrence patterns count. */

/** @param month, day  from 1
 *  @return OX_OK, OX_E_LIMIT (before 1601 or after what 32 bits hold), OX_E_USAGE (no such date) */
OX_EXPORT OX_WARN_UNUSED ox_status ox_minutes_from_date(uint32_t year, uint32_t month, uint32_t day,
                                                        uint32_t *minutes_out);
/** The date that holds the minute. */
OX_EXPORT void ox_minutes_to_date(uint32_t minutes, uint32_t *year_out, uint32_t *month_out,
                                  uint32_t *day_out);
OX_EXPORT ox_filetime ox_minutes_to_filetime(uint32_t minutes);
/** Rounds down. @return OX_OK, OX_E_LIMIT */
OX_EXPORT OX_WARN_UNUSED ox_status ox_minutes_from_filetime(ox_filetime time,
                                                            uint32_t *minutes_out);

OX_END_DECLS

#endif
