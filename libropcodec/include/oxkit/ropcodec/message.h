/* ox_message: the one currency between the libraries. A property bag, recipients, attachments
 * (which may hold messages) and the names of its named properties. */
#ifndef OXKIT_ROPCODEC_MESSAGE_H
#define OXKIT_ROPCODEC_MESSAGE_H

#include <oxkit/ropcodec/namedprop.h>
#include <oxkit/ropcodec/recipient.h>

OX_BEGIN_DECLS

typedef struct ox_message ox_message;

/** A recipient: its properties, among them PidTagRecipientType and, when it came from a store,
 *  PidTagRowid. */
typedef struct ox_recipient {
  ox_propbag properties;
} ox_recipient;

/** An attachment. Exactly one of content, source, embedded holds what PidTagAttachMethod says;
 *  small contents are PidTagAttachDataBinary in the bag. */
typedef struct ox_attachment {
  ox_propbag properties;
  ox_source *source;    /**< content too large for the bag; owned by the message; may be NULL */
  ox_message *embedded; /**< afEmbeddedMessage; owned by the message; may be NULL */
} ox_attachment;

/** A large value of the message itself that is not in the bag (a body, say). */
typedef struct ox_large_value {
  ox_proptag tag;
  ox_source *source; /**< bytes of a binary, UTF-16LE of a string; owned by the message */
} ox_large_value;

/** A message; made by ox_message_new only, and never copied as a structure, since its bags point
 * into it. Property ids from 0x8000 are local to the message and explained by `names`: the id of
 *  names[i] is 0x8000 + i. Strings are PtypString; PtypString8 appears only where the input gave
 *  no code page. All memory lives in the arena, which each embedded message has of its own. */
struct ox_message {
  ox_arena arena;
  ox_propbag properties;
  ox_recipient *recipients;
  size_t recipient_count;
  size_t recipient_capacity;
  ox_attachment *attachments;
  size_t attachment_count;
  size_t attachment_capacity;
  ox_property_name *names;
  size_t name_count;
  size_t name_capacity;
  ox_large_value *large_values;
  size_t large_value_count;
  size_t large_value_capacity;
};

/** An empty message; NULL when out of memory. Free with ox_message_free (NULL is fine). */
OX_EXPORT ox_message *ox_message_new(const ox_allocator *allocator);
/** Frees the message with its embedded messages and sources. */
OX_EXPORT void ox_message_free(ox_message *message);

/** Adds an empty recipient or attachment; the pointer lives until the next add.
 *  @return NULL when out of memory */
OX_EXPORT ox_recipient *ox_message_add_recipient(ox_message *message);
OX_EXPORT ox_attachment *ox_message_add_attachment(ox_message *message);
/** Removes one, if it is there; those after it move down. An attachment's source and embedded
 *  message are freed. */
OX_EXPORT void ox_message_remove_recipient(ox_message *message, size_t index);
OX_EXPORT void ox_message_remove_attachment(ox_message *message, size_t index);

/** The local property id (0x8000 and up) of a name, adding it when new; copies the name.
 *  PS_MAPI names with a LID below 0x8000 give that id. 0 when out of memory or ids. */
OX_EXPORT uint16_t ox_message_name_id(ox_message *message, const ox_property_name *name);
/** The same without adding; 0 when the message has no such name. */
OX_EXPORT uint16_t ox_message_find_name(const ox_message *message, const ox_property_name *name);
/** The name of a local id; NULL when there is none. */
OX_EXPORT const ox_property_name *ox_message_name(const ox_message *message, uint16_t id);

/** Tags of named properties in one step: the local id of the name with the type given, adding the
 *  name when new. 0 when out of memory or ids. Example:
 *  ox_message_lid_tag(m, &OX_PSETID_COMMON, OX_PidLidReminderSet, OX_PidLidReminderSet_TYPE). */
OX_EXPORT ox_proptag ox_message_lid_tag(ox_message *message, const ox_guid *set, uint32_t lid,
                                        uint16_t type);
/** The same for a string name. @param text  UTF-8 */
OX_EXPORT ox_proptag ox_message_string_tag(ox_message *message, const ox_guid *set,
                                           const char *text, uint16_t type);
/** The same without adding; 0 when the message has no such name. */
OX_EXPORT ox_proptag ox_message_find_lid_tag(const ox_message *message, const ox_guid *set,
                                             uint32_t lid, uint16_t type);
OX_EXPORT ox_proptag ox_message_find_string_tag(const ox_message *message, const ox_guid *set,
                                                const char *text, uint16_t type);

/** Attaches a large value, replacing one of the same property id; the message owns the source from
 *  now on, also on failure. */
OX_EXPORT OX_WARN_UNUSED ox_status ox_message_set_large(ox_message *message, ox_proptag tag,
                                                        ox_source *source);

/** The source of a large value by tag; NULL when the message has none. */
OX_EXPORT ox_source *ox_message_large(const ox_message *message, ox_proptag tag);

/** A source over bytes in memory; copies them when `copy`, else they must outlive it. Thread-safe
 * to read. NULL when out of memory. */
OX_EXPORT ox_source *ox_source_from_bytes(const ox_allocator *allocator, const void *data,
                                          size_t size_bytes, bool copy);

/** Reads all of a source into the arena, followed by one 0 byte that is not counted.
 *  @return OX_OK, OX_E_LIMIT (more than max_bytes), OX_E_NO_MEMORY, or the source's failure */
OX_EXPORT OX_WARN_UNUSED ox_status ox_source_read_all(ox_source *source, ox_arena *arena,
                                                      size_t max_bytes, ox_bytes *out,
                                                      ox_error *err);

/** Deep copy; sources, of embedded messages too, are read into memory.
 *  @param max_bytes  of all sources together
 *  @return OX_OK, OX_E_LIMIT (max_bytes; 64 levels of messages), OX_E_NO_MEMORY, or the failure of
 *          a source */
OX_EXPORT OX_WARN_UNUSED ox_status ox_message_clone(const ox_message *in, size_t max_bytes,
                                                    ox_message **out);

OX_END_DECLS

#endif
