/* The property table: names, numbers, sets, areas and WebDAV names of properties, looked up in
 * every direction. Generated from schema/properties.tsv; read-only, no allocation, no start-up
 * work, safe to use from any thread.
 * @spec [MS-OXPROPS] 2 */
#ifndef OXKIT_ROPCODEC_PROPERTY_INFO_H
#define OXKIT_ROPCODEC_PROPERTY_INFO_H

#include <oxkit/ropcodec/namedprop.h>

OX_BEGIN_DECLS

/** One row of the table. Static strings; NULL where the table has nothing. */
typedef struct ox_property_info {
  const char *name;        /**< canonical name, "PidTagSubject" */
  const char *alternates;  /**< alternate names separated by blanks, "PR_SUBJECT ptagSubject" */
  const char *area;        /**< "Email"; NULL for a property that is not in [MS-OXPROPS] */
  const char *spec;        /**< the specification that defines it, "MS-OXCMSG" */
  const char *section;     /**< and its section, "2.2.1.46"; NULL when `spec` is */
  const char *dav_names;   /**< WebDAV names separated by blanks, the preferred one first */
  ox_proptag tag;          /**< with type; id 0 for named properties */
  const ox_guid *set;      /**< property set of a named property, else NULL */
  const char *string_name; /**< of PidName properties: printable ASCII */
  uint32_t lid;            /**< of PidLid properties */
} ox_property_info;

/** By canonical or alternate name, exact case. Where several properties have an alternate name, the
 *  first row of the table. Each of the lookups returns false, and leaves *out alone, for what the
 *  table does not have. */
OX_EXPORT bool ox_property_info_by_name(const char *name, ox_property_info *out);
/** By property id and, where several share an id, preferably the type; of those, preferably one
 *  that is in [MS-OXPROPS]. OX_PTYP_INSTANCE is ignored. */
OX_EXPORT bool ox_property_info_by_tag(ox_proptag tag, ox_property_info *out);
/** By property set and LID or string name. Names of PS_INTERNET_HEADERS are found in any case,
 *  since servers turn them to lowercase; all others exactly. @spec [MS-OXCPRPT] 3.2.5.10 */
OX_EXPORT bool ox_property_info_by_property_name(const ox_property_name *name,
                                                 ox_property_info *out);
/** By WebDAV name, exact case.
 *  @param name_space  "urn:schemas:httpmail:"; or "" when the local name has everything
 *  @param local_name  "subject" */
OX_EXPORT bool ox_property_info_by_dav_name(const char *name_space, const char *local_name,
                                            ox_property_info *out);

/** Number of rows: tagged properties by id, then PidLid and PidName properties. */
OX_EXPORT size_t ox_property_info_count(void);
/** @param index  below ox_property_info_count() */
OX_EXPORT bool ox_property_info_at(size_t index, ox_property_info *out);

/** The property name of a row, whose text is in the arena.
 *  @return OX_OK, OX_E_USAGE for a tagged property, OX_E_NO_MEMORY */
OX_EXPORT OX_WARN_UNUSED ox_status ox_property_info_property_name(const ox_property_info *info,
                                                                  ox_arena *arena,
                                                                  ox_property_name *out);

/** "PSETID_Common"; NULL for a set that the table does not have. Static string.
 *  @spec [MS-OXPROPS] 1.3.2 */
OX_EXPORT const char *ox_property_set_name(const ox_guid *set);

OX_END_DECLS

#endif
