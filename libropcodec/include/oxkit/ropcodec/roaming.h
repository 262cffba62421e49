/* Settings that travel with the mailbox, as XML in PidTagRoamingXmlStream and
 * PidTagRoamingDictionary of configuration data messages.
 *
 * What a structure was read from is kept in it: writing it again changes only what differs, and
 * leaves attributes and elements alone that have no member here. */
#ifndef OXKIT_ROPCODEC_ROAMING_H
#define OXKIT_ROPCODEC_ROAMING_H

#include <oxkit/ropcodec/xml.h>

OX_BEGIN_DECLS

/* Each ox_*_read needs all of the bytes to be such a document, and its texts are views into them or
 * in the arena. They return what ox_xml_parse does, and OX_E_MALFORMED for another document or a
 * value that is not of its type. ox_*_write records OX_E_USAGE and OX_E_NO_MEMORY in the writer;
 * the arena holds what is needed meanwhile. */

/** A category of the list. Times are UTC, 0: never. @spec [MS-OXOCFG] 2.2.5.2.1 */
typedef struct ox_category {
  ox_str8 name;
  int32_t color;             /**< -1: none, else 0 to 24 */
  int32_t keyboard_shortcut; /**< 0: none, else 1 to 11 for Ctrl+F2 to Ctrl+F12 */
  int32_t usage_count;
  ox_filetime last_time_used_notes;
  ox_filetime last_time_used_journal;
  ox_filetime last_time_used_contacts;
  ox_filetime last_time_used_tasks;
  ox_filetime last_time_used_calendar;
  ox_filetime last_time_used_mail;
  ox_filetime last_time_used;
  int32_t last_session_used;
  ox_guid guid;
  bool rename_on_first_use;
  const ox_xml_element *source; /**< NULL for a new one */
} ox_category;

/** The category list of a mailbox. @spec [MS-OXOCFG] 2.2.5.2.1 */
typedef struct ox_category_list {
  ox_str8 default_category; /**< its name */
  int32_t last_saved_session;
  ox_filetime last_saved_time;
  uint32_t category_count;
  ox_category *categories;
  const ox_xml_element *source;
} ox_category_list;

OX_EXPORT OX_WARN_UNUSED ox_status ox_category_list_read(ox_bytes bytes, ox_arena *arena,
                                                         ox_category_list *out, ox_error *err);
OX_EXPORT void ox_category_list_write(ox_writer *w, ox_arena *arena, const ox_category_list *in);

/** Written yyyy/mm/dd. */
typedef struct ox_working_hours_date {
  uint16_t year; /**< 0: every year, on the day-th day of the week in the month */
  uint8_t month;
  uint8_t day; /**< 5 without a year: the last */
} ox_working_hours_date;

/** When a time zone changes. */
typedef struct ox_working_hours_change {
  int32_t bias;  /**< minutes beside the zone's */
  uint32_t time; /**< seconds of the day */
  ox_working_hours_date date;
  int32_t day_of_week; /**< 0: Sunday */
} ox_working_hours_change;

/** @spec [MS-OXOCFG] 2.2.5.2.2 */
typedef struct ox_working_hours {
  int32_t bias; /**< minutes from local time to UTC */
  ox_working_hours_change standard;
  ox_working_hours_change daylight;
  ox_str8 time_zone_name; /**< empty: unknown */
  uint32_t start;         /**< seconds of the day */
  uint32_t end;
  uint32_t work_days; /**< 1: Sunday, 2: Monday ... 0x40: Saturday */
  const ox_xml_element *source;
} ox_working_hours;

OX_EXPORT OX_WARN_UNUSED ox_status ox_working_hours_read(ox_bytes bytes, ox_arena *arena,
                                                         ox_working_hours *out, ox_error *err);
OX_EXPORT void ox_working_hours_write(ox_writer *w, ox_arena *arena, const ox_working_hours *in);

/* Types of values in dictionaries; others are kept as text. @spec [MS-OXOCFG] 2.2.5.1 */
#define OX_DICTIONARY_BOOLEAN 3   /**< "True", "False" */
#define OX_DICTIONARY_INTEGER32 9 /**< decimal */
#define OX_DICTIONARY_STRING 18

typedef struct ox_dictionary_entry {
  uint32_t key_type; /**< OX_DICTIONARY_STRING */
  ox_str8 key;
  uint32_t value_type;
  ox_str8 value;
} ox_dictionary_entry;

/** @spec [MS-OXOCFG] 2.2.5.1 */
typedef struct ox_dictionary {
  ox_str8 version; /**< who wrote it, such as "Outlook.12" */
  uint32_t entry_count;
  ox_dictionary_entry *entries;
  const ox_xml_element *source;
} ox_dictionary;

OX_EXPORT OX_WARN_UNUSED ox_status ox_dictionary_read(ox_bytes bytes, ox_arena *arena,
                                                      ox_dictionary *out, ox_error *err);
OX_EXPORT void ox_dictionary_write(ox_writer *w, ox_arena *arena, const ox_dictionary *in);
/** The entry of that name; NULL when there is none. */
OX_EXPORT const ox_dictionary_entry *ox_dictionary_find(const ox_dictionary *dictionary,
                                                        const char *key);
/** The value of an entry. @return OX_OK, OX_E_MALFORMED, OX_E_NOT_FOUND (NULL, or another type) */
OX_EXPORT OX_WARN_UNUSED ox_status ox_dictionary_boolean(const ox_dictionary_entry *entry,
                                                         bool *out);
OX_EXPORT OX_WARN_UNUSED ox_status ox_dictionary_integer(const ox_dictionary_entry *entry,
                                                         int32_t *out);
/** Sets the value of a key, or adds it; key and value must outlive the dictionary.
 *  @return OX_OK, OX_E_NO_MEMORY */
OX_EXPORT OX_WARN_UNUSED ox_status ox_dictionary_set(ox_dictionary *dictionary, ox_arena *arena,
                                                     const char *key, uint32_t value_type,
                                                     ox_str8 value);

OX_END_DECLS

#endif
