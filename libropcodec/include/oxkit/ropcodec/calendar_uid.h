/* Global object ids: the identity of an appointment, and the UID of iCalendar that it stands for.
 *
 * An id that MAPI made has 16 unique bytes as data; its UID is the id in hex. An id made for the
 * UID of another program has that text as data, behind "vCal-Uid". */
#ifndef OXKIT_ROPCODEC_CALENDAR_UID_H
#define OXKIT_ROPCODEC_CALENDAR_UID_H

#include <oxkit/ropcodec/globalobjid.h>

OX_BEGIN_DECLS

/** A new id. @param unique  16 bytes that nobody else uses, such as a random GUID; must outlive the
 *                           id
 *  @spec [MS-OXOCAL] 2.2.1.27 */
OX_EXPORT void ox_global_object_id_make(ox_filetime creation_time, const uint8_t unique[16],
                                        ox_global_object_id *out);

/** The id of an iCalendar UID. Hex of a whole id is decoded, its date included; any other text is
 *  wrapped.
 *  @param uid  UTF-8, not empty
 *  @param out  data in the arena
 *  @return OX_OK, OX_E_USAGE (empty), OX_E_NO_MEMORY
 *  @spec [MS-OXCICAL] 2.1.3.1.1.20.26; [MS-ASEMAIL] 4.3 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_global_object_id_from_uid(ox_arena *arena, const char *uid,
                                                                ox_global_object_id *out);

/** The UID that iCalendar and ActiveSync use: the wrapped text, or the id without its date in
 *  upper-case hex.
 *  @return terminated text in the arena; NULL when out of memory
 *  @spec [MS-OXCICAL] 2.1.3.1.1.20.26; [MS-ASEMAIL] 3.1.4.7 */
OX_EXPORT char *ox_global_object_id_uid(ox_arena *arena, const ox_global_object_id *id);

/** True when the data is the text of another program's UID, which *uid_out then views. */
OX_EXPORT bool ox_global_object_id_is_wrapped(const ox_global_object_id *id, ox_str8 *uid_out);

/** Removes the date: PidLidCleanGlobalObjectId of the same object. @spec [MS-OXOCAL] 2.2.1.28 */
OX_EXPORT void ox_global_object_id_clean(ox_global_object_id *id);

/** Puts in the original date of an exception. @param date  minutes since 1601, local time
 *  @spec [MS-OXOCAL] 2.2.1.27 */
OX_EXPORT void ox_global_object_id_set_date(ox_global_object_id *id, uint32_t date);

/** False when the id has no date, or none that exists.
 *  @param date_out  midnight in minutes since 1601, local time */
OX_EXPORT bool ox_global_object_id_date(const ox_global_object_id *id, uint32_t *date_out);

/** What the specification asks of an id. A decoder asks for less.
 *  @return OX_OK, or OX_E_MALFORMED with field and section in *err */
OX_EXPORT OX_WARN_UNUSED ox_status ox_global_object_id_check(const ox_global_object_id *id,
                                                             ox_error *err);

OX_END_DECLS

#endif
