/* Property names: named properties and property sets. @spec [MS-OXCDATA] 2.6; [MS-OXPROPS] 1.3.2 */
#ifndef OXKIT_ROPCODEC_NAMEDPROP_H
#define OXKIT_ROPCODEC_NAMEDPROP_H

#include <oxkit/ropcodec/property.h>

OX_BEGIN_DECLS

/* Kind. @spec [MS-OXCDATA] 2.6.1 */
#define OX_NAME_KIND_LID 0x00
#define OX_NAME_KIND_STRING 0x01
#define OX_NAME_KIND_NONE 0xFF

/** PropertyName. @spec [MS-OXCDATA] 2.6.1 */
typedef struct ox_property_name {
  uint8_t kind; /**< OX_NAME_KIND_* */
  ox_guid guid;
  uint32_t lid;  /**< for OX_NAME_KIND_LID */
  ox_str16 name; /**< for OX_NAME_KIND_STRING, at most 252 bytes */
} ox_property_name;

/** The name is a view of the input. @return OX_OK, OX_E_TRUNCATED, OX_E_MALFORMED (Kind, NameSize)
 */
OX_EXPORT ox_status ox_property_name_decode(ox_reader *r, ox_property_name *out);
/** Failures are the writer's: OX_E_LIMIT for a name of more than 252 bytes, OX_E_USAGE for a kind
 *  that does not exist. */
OX_EXPORT void ox_property_name_encode(ox_writer *w, const ox_property_name *in);
/** Strings compare exactly, as [MS-OXCPRPT] 3.2.5.9 asks of a server. */
OX_EXPORT bool ox_property_name_equal(const ox_property_name *a, const ox_property_name *b);

/* Property sets; ox_property_set_name of <oxkit/ropcodec/property_info.h> names them.
 * @spec [MS-OXPROPS] 1.3.2 */
OX_EXPORT extern const ox_guid OX_PSETID_PUBLIC_STRINGS;
OX_EXPORT extern const ox_guid OX_PSETID_COMMON;
OX_EXPORT extern const ox_guid OX_PSETID_ADDRESS;
OX_EXPORT extern const ox_guid OX_PSETID_INTERNET_HEADERS;
OX_EXPORT extern const ox_guid OX_PSETID_APPOINTMENT;
OX_EXPORT extern const ox_guid OX_PSETID_MEETING;
OX_EXPORT extern const ox_guid OX_PSETID_LOG;
OX_EXPORT extern const ox_guid OX_PSETID_MESSAGING;
OX_EXPORT extern const ox_guid OX_PSETID_NOTE;
OX_EXPORT extern const ox_guid OX_PSETID_POST_RSS;
OX_EXPORT extern const ox_guid OX_PSETID_TASK;
OX_EXPORT extern const ox_guid OX_PSETID_UNIFIED_MESSAGING;
OX_EXPORT extern const ox_guid OX_PSETID_MAPI; /**< PS_MAPI: ids below 0x8000 */
OX_EXPORT extern const ox_guid OX_PSETID_AIR_SYNC;
OX_EXPORT extern const ox_guid OX_PSETID_SHARING;
OX_EXPORT extern const ox_guid OX_PSETID_XML_EXTRACTED_ENTITIES;
OX_EXPORT extern const ox_guid OX_PSETID_ATTACHMENT;
OX_EXPORT extern const ox_guid OX_PSETID_CALENDAR_ASSISTANT;
OX_EXPORT extern const ox_guid OX_PSETID_REMOTE;
OX_EXPORT extern const ox_guid OX_PSETID_REPORT;

OX_END_DECLS

#endif
