/* The mailbox API: one set of functions over two providers, the local engine (a data directory of
 * SQL databases, <oxkit/store/local.h>) and a remote server (a ROP client over any transport).
 *
 * Handles. Every handle belongs to the mailbox it came from; close handles before their mailbox.
 * Closing NULL is fine; closing an unsaved message or attachment drops its changes. One mailbox
 * handle and everything opened through it serve one thread at a time; several handles of the same
 * mailbox may be used by several threads, also of several processes.
 *
 * Blocking. Every function may wait for a disk or a network; call them on a worker.
 *
 * Text that is a name or path is UTF-8; property values keep their wire form (PtypString is a
 * UTF-16LE view). Results go to the arena that the caller passes and live as long as it does.
 * Flags keep the numbers of the ROP that carries them, so that a server can pass them on.
 *
 * Errors are those of [MS-OXCDATA] 2.4 as the section named under @spec gives them, and everywhere
 * OX_E_NO_MEMORY, OX_E_USAGE (NULL where a value is needed), OX_E_IO and for a remote mailbox what
 * its transport reports. Outputs are untouched on failure unless said otherwise. */
#ifndef OXKIT_STORE_MAILBOX_H
#define OXKIT_STORE_MAILBOX_H

#include <oxkit/ropcodec/message.h>
#include <oxkit/ropcodec/restriction.h>
#include <oxkit/ropcodec/rops.h> /* ox_long_term_id */
#include <oxkit/ropcodec/sort.h>

OX_BEGIN_DECLS

typedef struct ox_mailbox ox_mailbox;                 /**< a logon */
typedef struct ox_folder ox_folder;                   /**< an open folder */
typedef struct ox_item ox_item;                       /**< an open message, stored or embedded */
typedef struct ox_item_attachment ox_item_attachment; /**< an open attachment */
typedef struct ox_object ox_object;             /**< any of the four above, for its properties */
typedef struct ox_stream ox_stream;             /**< one property value, read in pieces */
typedef struct ox_table ox_table;               /**< a cursor over rows */
typedef struct ox_subscription ox_subscription; /**< what a client wants to be told of */

/** A folder or message id: the eight bytes of the wire read as a little-endian number, that is the
 *  REPLID in the low 16 bits and the six GLOBCNT bytes above. 0 is no id.
 *  @spec [MS-OXCDATA] 2.2.1.1, 2.2.1.2 */
typedef uint64_t ox_id;

/** The parts of an id, the counter as a number (48 bits). */
OX_EXPORT uint16_t ox_id_replid(ox_id id);
OX_EXPORT uint64_t ox_id_counter(ox_id id);
OX_EXPORT ox_id ox_id_make(uint16_t replid, uint64_t counter);

/* ---- mailbox ---- */

/* Special folders: the thirteen of RopLogon in its order, then those that clients find through
 * entry ids on the Inbox. @spec [MS-OXCSTOR] 2.2.1.1.3; [MS-OXOSFLD] 2.2 */
#define OX_SPECIAL_ROOT 0u
#define OX_SPECIAL_DEFERRED_ACTION 1u
#define OX_SPECIAL_SPOOLER_QUEUE 2u
#define OX_SPECIAL_IPM_SUBTREE 3u
#define OX_SPECIAL_INBOX 4u
#define OX_SPECIAL_OUTBOX 5u
#define OX_SPECIAL_SENT_ITEMS 6u
#define OX_SPECIAL_DELETED_ITEMS 7u
#define OX_SPECIAL_COMMON_VIEWS 8u
#define OX_SPECIAL_SCHEDULE 9u
#define OX_SPECIAL_FINDER 10u
#define OX_SPECIAL_VIEWS 11u
#define OX_SPECIAL_SHORTCUTS 12u
#define OX_SPECIAL_LOGON_COUNT 13u
#define OX_SPECIAL_CALENDAR 13u
#define OX_SPECIAL_CONTACTS 14u
#define OX_SPECIAL_JOURNAL 15u
#define OX_SPECIAL_NOTES 16u
#define OX_SPECIAL_TASKS 17u
#define OX_SPECIAL_DRAFTS 18u
#define OX_SPECIAL_REMINDERS 19u
#define OX_SPECIAL_JUNK 20u
#define OX_SPECIAL_SYNC_ISSUES 21u
#define OX_SPECIAL_CONFLICTS 22u
#define OX_SPECIAL_LOCAL_FAILURES 23u
#define OX_SPECIAL_SERVER_FAILURES 24u
#define OX_SPECIAL_SUGGESTED_CONTACTS 25u
#define OX_SPECIAL_QUICK_CONTACTS 26u
#define OX_SPECIAL_RSS 27u
#define OX_SPECIAL_CONVERSATION_ACTIONS 28u
#define OX_SPECIAL_FREEBUSY_DATA 29u
#define OX_SPECIAL_COUNT 30u

/** What a logon tells. Strings live as long as the mailbox handle. @spec [MS-OXCSTOR] 2.2.1.1.3 */
typedef struct ox_mailbox_info {
  size_t struct_size;
  ox_guid mailbox_guid;
  uint16_t replid; /**< of ids that this mailbox makes */
  ox_guid replguid;
  uint8_t response_flags; /**< reserved 0x01, OwnerRight 0x02, SendAsRight 0x04, OOF 0x10 */
  const char *display_name;
  const char *legacy_dn;
  const char *smtp_address;
  ox_id special_folders[OX_SPECIAL_LOGON_COUNT];
} ox_mailbox_info;

#define OX_MAILBOX_INFO_INIT \
  { .struct_size = sizeof(ox_mailbox_info) }

/** Closes the mailbox and frees it, subscriptions included. */
OX_EXPORT void ox_mailbox_close(ox_mailbox *mailbox);
/** @param out  struct_size set by the caller */
OX_EXPORT OX_WARN_UNUSED ox_status ox_mailbox_get_info(ox_mailbox *mailbox, ox_mailbox_info *out,
                                                       ox_error *err);
/** The store object, for its properties. @spec [MS-OXCSTOR] 2.2.2.1 */
OX_EXPORT ox_object *ox_mailbox_object(ox_mailbox *mailbox);

/** @param special  OX_SPECIAL_*
 *  @return OX_OK, OX_E_NOT_FOUND */
OX_EXPORT OX_WARN_UNUSED ox_status ox_mailbox_special_folder(ox_mailbox *mailbox, uint32_t special,
                                                             ox_id *id_out, ox_error *err);

/** The folder that messages of a class arrive in: the longest matching prefix up to a dot.
 *  @param message_class        ASCII; "" for the default
 *  @param explicit_class_out   the class that matched, in the arena; may be NULL
 *  @spec [MS-OXCSTOR] 2.2.1.2, 3.2.5.2 */
OX_EXPORT OX_WARN_UNUSED ox_status
ox_mailbox_get_receive_folder(ox_mailbox *mailbox, const char *message_class, ox_arena *arena,
                              ox_id *folder_id_out, const char **explicit_class_out, ox_error *err);
/** @param folder_id  0 removes the entry
 *  @return OX_OK, OX_E_INVALID_PARAMETER (bad class), OX_E_ACCESS_DENIED ("IPM", "REPORT.IPM"),
 *          OX_E_CALL_FAILED ("" with id 0)
 *  @spec [MS-OXCSTOR] 2.2.1.3, 3.2.5.3 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_mailbox_set_receive_folder(ox_mailbox *mailbox,
                                                                 const char *message_class,
                                                                 ox_id folder_id, ox_error *err);

typedef struct ox_receive_folder {
  ox_id folder_id;
  const char *message_class;
  ox_filetime last_modification;
} ox_receive_folder;

/** The whole receive folder table. @spec [MS-OXCSTOR] 2.2.1.4 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_mailbox_receive_folders(ox_mailbox *mailbox, ox_arena *arena,
                                                              ox_receive_folder **rows_out,
                                                              size_t *count_out, ox_error *err);

/** @return OX_OK, OX_E_NOT_FOUND (REPLID unknown). @spec [MS-OXCSTOR] 2.2.1.8 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_mailbox_long_term_id(ox_mailbox *mailbox, ox_id id,
                                                           ox_long_term_id *out, ox_error *err);
/** A REPLGUID that is new gets a REPLID. @return OX_OK, OX_E_NOT_FOUND
 *  @spec [MS-OXCSTOR] 2.2.1.9 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_mailbox_id_from_long_term(ox_mailbox *mailbox,
                                                                const ox_long_term_id *long_term_id,
                                                                ox_id *id_out, ox_error *err);
/** Reserves a range of ids for a client's own replica. @spec [MS-OXCFXICS] 2.2.3.2.4.7 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_mailbox_reserve_ids(ox_mailbox *mailbox, uint32_t count,
                                                          ox_guid *replguid_out,
                                                          uint8_t first_counter_out[6],
                                                          ox_error *err);

/** Names to ids. An id of 0 stands for a name that has none (then OX_W_ERRORS_RETURNED).
 *  @param create  give unknown names an id
 *  @param ids_out room for `count`
 *  @spec [MS-OXCPRPT] 2.2.12, 3.2.5.10 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_mailbox_names_to_ids(ox_mailbox *mailbox,
                                                           const ox_property_name *names,
                                                           size_t count, bool create,
                                                           uint16_t *ids_out, ox_error *err);
/** Ids to names; an id without a name gets kind OX_NAME_KIND_NONE, one below 0x8000 PS_MAPI.
 *  @param names_out  room for `count`, strings in the arena
 *  @spec [MS-OXCPRPT] 2.2.13, 3.2.5.9 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_mailbox_ids_to_names(ox_mailbox *mailbox, const uint16_t *ids,
                                                           size_t count, ox_arena *arena,
                                                           ox_property_name *names_out,
                                                           ox_error *err);

/* ox_object_query_names flags. @spec [MS-OXCPRPT] 2.2.9.1 */
#define OX_QUERY_NAMES_NO_STRINGS 0x01u
#define OX_QUERY_NAMES_NO_IDS 0x02u

/** The named properties of an object; of a mailbox: every mapping that it has.
 *  @param set  only this property set; NULL for all
 *  @spec [MS-OXCPRPT] 2.2.9 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_object_query_names(ox_object *object, uint32_t flags,
                                                         const ox_guid *set, ox_arena *arena,
                                                         uint16_t **ids_out,
                                                         ox_property_name **names_out,
                                                         size_t *count_out, ox_error *err);

/* ---- properties of any object ---- */

#define OX_OBJECT_MAILBOX 1u
#define OX_OBJECT_FOLDER 2u
#define OX_OBJECT_MESSAGE 3u
#define OX_OBJECT_ATTACHMENT 4u

/** OX_OBJECT_* */
OX_EXPORT uint32_t ox_object_kind(const ox_object *object);
OX_EXPORT ox_mailbox *ox_object_mailbox(ox_object *object);

/** Reads properties. Column i of `out` has the tag asked for and its value, or the type
 *  PtypErrorCode and why not: OX_E_NOT_FOUND, OX_E_NOT_ENOUGH_MEMORY (larger than
 *  max_value_bytes: open a stream). A tag of PtypUnspecified gives the stored type;
 *  PtypString8 and PtypString convert into each other by the mailbox's code page.
 *  @param max_value_bytes  longest value to return; 0 for OX_GET_MAX_VALUE_BYTES
 *  @param out              room for `count`
 *  @spec [MS-OXCPRPT] 2.2.2, 3.2.5.1 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_object_get(ox_object *object, const ox_proptag *tags,
                                                 size_t count, size_t max_value_bytes,
                                                 ox_arena *arena, ox_property *out, ox_error *err);
#define OX_GET_MAX_VALUE_BYTES ((size_t)64 * 1024 * 1024)

/** Reads every property; one too large has PtypErrorCode as in ox_object_get.
 *  @spec [MS-OXCPRPT] 2.2.3 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_object_get_all(ox_object *object, size_t max_value_bytes,
                                                     ox_arena *arena, ox_property **out,
                                                     size_t *count_out, ox_error *err);
/** The tags of every property. @spec [MS-OXCPRPT] 2.2.4 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_object_list(ox_object *object, ox_arena *arena,
                                                  ox_proptag **tags_out, size_t *count_out,
                                                  ox_error *err);

/** What could not be done with single properties. Caller-owned; `items` in the arena given with
 *  it. A NULL pointer instead of one means "do not tell". */
typedef struct ox_problems {
  ox_arena *arena;
  ox_property_problem *items;
  size_t count;
} ox_problems;

/** Sets properties: of messages and attachments when they are saved, of folders and the mailbox
 *  at once. A computed property is a problem OX_E_COMPUTED or OX_E_ACCESS_DENIED.
 *  @spec [MS-OXCPRPT] 2.2.5, 3.2.5.4 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_object_set(ox_object *object, const ox_property *properties,
                                                 size_t count, ox_problems *problems,
                                                 ox_error *err);
/** Removes properties; one that is absent is no problem. @spec [MS-OXCPRPT] 2.2.7, 3.2.5.5 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_object_delete(ox_object *object, const ox_proptag *tags,
                                                    size_t count, ox_problems *problems,
                                                    ox_error *err);

/* Copy flags. @spec [MS-OXCPRPT] 2.2.10.1 */
#define OX_COPY_MOVE 0x01u
#define OX_COPY_NO_OVERWRITE 0x02u

/** Copies all properties but the excluded ones to an object of the same kind; recipients and
 *  attachments (messages), contents and subfolders (folders) too when `subobjects`. Exclude
 *  OX_PidTagMessageRecipients / OX_PidTagMessageAttachments to leave those.
 *  @return OX_OK, OX_E_NO_SUPPORT (kinds differ), OX_E_COLLISION
 *  @spec [MS-OXCPRPT] 2.2.11, 3.2.5.8 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_object_copy_to(ox_object *source, ox_object *destination,
                                                     uint32_t flags, bool subobjects,
                                                     const ox_proptag *excluded, size_t count,
                                                     ox_problems *problems, ox_error *err);
/** Copies the properties named. @spec [MS-OXCPRPT] 2.2.10, 3.2.5.7 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_object_copy_properties(ox_object *source,
                                                             ox_object *destination, uint32_t flags,
                                                             const ox_proptag *tags, size_t count,
                                                             ox_problems *problems, ox_error *err);

/* ---- folders ---- */

#define OX_FOLDER_GENERIC 1u
#define OX_FOLDER_SEARCH 2u

/** @param id     0 for the root folder
 *  @param flags  OX_OPEN_SOFT_DELETED
 *  @return OX_OK, OX_E_NOT_FOUND
 *  @spec [MS-OXCFOLD] 2.2.1.1 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_folder_open(ox_mailbox *mailbox, ox_id id, uint32_t flags,
                                                  ox_folder **out, ox_error *err);
OX_EXPORT void ox_folder_close(ox_folder *folder);
OX_EXPORT ox_id ox_folder_id(const ox_folder *folder);
OX_EXPORT ox_object *ox_folder_object(ox_folder *folder);

typedef struct ox_folder_create_options {
  size_t struct_size;
  uint32_t type;       /**< OX_FOLDER_*; 0 is OX_FOLDER_GENERIC */
  const char *name;    /**< UTF-8, not empty */
  const char *comment; /**< NULL for none */
  bool open_existing;  /**< give the folder that has the name instead of OX_E_DUPLICATE_NAME */
  const char *container_class; /**< NULL for the parent's */
} ox_folder_create_options;

/** Creates a folder below `parent`.
 *  @param existed_out  set when an existing one was opened; may be NULL
 *  @return OX_OK, OX_E_DUPLICATE_NAME, OX_E_INVALID_PARAMETER
 *  @spec [MS-OXCFOLD] 2.2.1.2, 3.2.5.2 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_folder_create(ox_folder *parent,
                                                    const ox_folder_create_options *options,
                                                    ox_folder **out, bool *existed_out,
                                                    ox_error *err);

/* ox_folder_delete flags. @spec [MS-OXCFOLD] 2.2.1.3.1 */
#define OX_DELETE_FOLDER_MESSAGES 0x01u
#define OX_DELETE_FOLDER_SUBFOLDERS 0x04u
#define OX_DELETE_FOLDER_HARD 0x10u

/** Deletes a subfolder of `parent`. A folder that still holds something that the flags do not
 *  name stays, and *partial_out is set (or OX_E_FOLDER_HAS_CONTENTS / OX_E_FOLDER_HAS_CHILDREN).
 *  @param partial_out  may be NULL
 *  @spec [MS-OXCFOLD] 2.2.1.3, 3.2.5.3 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_folder_delete(ox_folder *parent, ox_id id, uint32_t flags,
                                                    bool *partial_out, ox_error *err);

/* ox_folder_empty flags. */
#define OX_EMPTY_ASSOCIATED 0x01u /**< WantDeleteAssociated */
#define OX_EMPTY_HARD 0x02u       /**< RopHardDeleteMessagesAndSubfolders */

/** Deletes the messages and subfolders of a folder. @spec [MS-OXCFOLD] 2.2.1.9, 2.2.1.10 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_folder_empty(ox_folder *folder, uint32_t flags,
                                                   bool *partial_out, ox_error *err);

/** Moves a subfolder of `parent` under another folder.
 *  @param new_name  NULL keeps the name
 *  @return OX_OK, OX_E_DUPLICATE_NAME, OX_E_FOLDER_CYCLE, OX_E_NOT_FOUND
 *  @spec [MS-OXCFOLD] 2.2.1.7 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_folder_move(ox_folder *parent, ox_id id,
                                                  ox_folder *new_parent, const char *new_name,
                                                  bool *partial_out, ox_error *err);
/** @param recursive  subfolders too. @spec [MS-OXCFOLD] 2.2.1.8 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_folder_copy(ox_folder *parent, ox_id id,
                                                  ox_folder *new_parent, const char *new_name,
                                                  bool recursive, bool *partial_out, ox_error *err);

/* Table flags. @spec [MS-OXCFOLD] 2.2.1.13.1, 2.2.1.14.1 */
#define OX_TABLE_ASSOCIATED 0x02u /**< contents: the associated (FAI) messages */
#define OX_TABLE_DEPTH 0x04u      /**< hierarchy: folders of every depth */
#define OX_TABLE_DEFERRED_ERRORS 0x08u
#define OX_TABLE_NO_NOTIFICATIONS 0x10u
#define OX_TABLE_SOFT_DELETES 0x20u
#define OX_TABLE_USE_UNICODE 0x40u
#define OX_TABLE_SUPPRESSES_NOTIFICATIONS 0x80u
/** Ours, local only: long values in rows whole instead of cut at OX_TABLE_VALUE_MAX_BYTES. */
#define OX_TABLE_WHOLE_VALUES 0x10000u
/** Rows cut strings and binaries to this many bytes. @spec [MS-OXCTABL] 2.2.2.5.2 */
#define OX_TABLE_VALUE_MAX_BYTES 510u

/** @param row_count_out  rows at the time of opening; may be NULL. @spec [MS-OXCFOLD] 2.2.1.13 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_folder_hierarchy(ox_folder *folder, uint32_t flags,
                                                       ox_table **out, uint32_t *row_count_out,
                                                       ox_error *err);
/** @spec [MS-OXCFOLD] 2.2.1.14 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_folder_contents(ox_folder *folder, uint32_t flags,
                                                      ox_table **out, uint32_t *row_count_out,
                                                      ox_error *err);

/* ---- messages of a folder ---- */

/* ox_folder_delete_messages flags. */
#define OX_DELETE_MESSAGES_HARD 0x01u
#define OX_DELETE_MESSAGES_NOTIFY_NON_READ 0x02u

/** Deletes messages. Ids that are not in the folder are left out and set *partial_out.
 *  @spec [MS-OXCFOLD] 2.2.1.11, 2.2.1.12 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_folder_delete_messages(ox_folder *folder, const ox_id *ids,
                                                             size_t count, uint32_t flags,
                                                             bool *partial_out, ox_error *err);
/** Moves (or copies) messages into a folder of the same mailbox. Moved messages get new ids.
 *  @param new_ids_out  room for `count` new ids, 0 where one could not be moved; may be NULL (a
 *                      remote mailbox cannot tell: zeros)
 *  @spec [MS-OXCFOLD] 2.2.1.6 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_folder_move_messages(ox_folder *source,
                                                           ox_folder *destination, const ox_id *ids,
                                                           size_t count, bool copy,
                                                           ox_id *new_ids_out, bool *partial_out,
                                                           ox_error *err);

/* Read flags. @spec [MS-OXCMSG] 2.2.3.10.1, 2.2.3.11.1 */
#define OX_READ_FLAG_DEFAULT 0x00u
#define OX_READ_FLAG_SUPPRESS_RECEIPT 0x01u
#define OX_READ_FLAG_CLEAR_READ 0x04u
#define OX_READ_FLAG_RESERVED 0x0Au
#define OX_READ_FLAG_RECEIPT_ONLY 0x10u
#define OX_READ_FLAG_CLEAR_NOTIFY_READ 0x20u
#define OX_READ_FLAG_CLEAR_NOTIFY_UNREAD 0x40u

/** Marks messages read or unread.
 *  @param ids    NULL with count 0: every message of the folder
 *  @spec [MS-OXCMSG] 2.2.3.10 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_folder_set_read_flags(ox_folder *folder, const ox_id *ids,
                                                            size_t count, uint32_t flags,
                                                            bool *partial_out, ox_error *err);
/** @param mask  bits to change
 *  @param old_status_out  may be NULL. @spec [MS-OXCMSG] 2.2.3.8 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_folder_set_message_status(ox_folder *folder, ox_id id,
                                                                uint32_t status, uint32_t mask,
                                                                uint32_t *old_status_out,
                                                                ox_error *err);
/** @spec [MS-OXCMSG] 2.2.3.9 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_folder_get_message_status(ox_folder *folder, ox_id id,
                                                                uint32_t *status_out,
                                                                ox_error *err);

/* ---- message ---- */

/* Open modes of messages and attachments. @spec [MS-OXCMSG] 2.2.3.1.1, 2.2.3.12.1 */
#define OX_OPEN_READ_ONLY 0x00u
#define OX_OPEN_READ_WRITE 0x01u
#define OX_OPEN_CREATE 0x02u /**< ox_attachment_open_embedded: make one when there is none */
#define OX_OPEN_BEST_ACCESS 0x03u
#define OX_OPEN_SOFT_DELETED 0x04u

/** @param folder_id  the message's folder, 0 when unknown
 *  @param mode       OX_OPEN_READ_ONLY, _READ_WRITE or _BEST_ACCESS, and OX_OPEN_SOFT_DELETED
 *  @return OX_OK, OX_E_NOT_FOUND. @spec [MS-OXCMSG] 2.2.3.1 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_item_open(ox_mailbox *mailbox, ox_id folder_id, ox_id id,
                                                uint32_t mode, ox_item **out, ox_error *err);
/** Starts a message; nothing is stored before ox_item_save.
 *  @param codepage  of PtypString8 values; 0 for the mailbox's
 *  @spec [MS-OXCMSG] 2.2.3.2 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_item_create(ox_folder *folder, bool associated,
                                                  uint32_t codepage, ox_item **out, ox_error *err);
OX_EXPORT void ox_item_close(ox_item *item);
OX_EXPORT ox_object *ox_item_object(ox_item *item);
/** The message's id; 0 before its first save, and always for embedded messages. */
OX_EXPORT ox_id ox_item_id(const ox_item *item);
/** The folder it is in; 0 for embedded messages. */
OX_EXPORT ox_id ox_item_folder_id(const ox_item *item);

/* Save flags. @spec [MS-OXCMSG] 2.2.3.3.1 */
#define OX_SAVE_KEEP_OPEN_READ_ONLY 0x01u
#define OX_SAVE_KEEP_OPEN_READ_WRITE 0x02u
#define OX_SAVE_FORCE 0x04u

/** Saves; durable when it returns OX_OK. An embedded message is saved into its attachment.
 *  The handle stays open and, without a KeepOpen flag, can only be closed.
 *  @param id_out  may be NULL
 *  @return OX_OK, OX_E_OBJECT_MODIFIED (changed by another handle since it was opened: reopen or
 *          OX_SAVE_FORCE), OX_E_OBJECT_DELETED, OX_E_ACCESS_DENIED (read-only)
 *  @spec [MS-OXCMSG] 2.2.3.3, 3.2.5.3 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_item_save(ox_item *item, uint32_t flags, ox_id *id_out,
                                                ox_error *err);

/** Recipients in order of their row ids; each bag has PidTagRowid and PidTagRecipientType.
 *  @param first_row_id  skips lower ones
 *  @param max_count     0 for all
 *  @spec [MS-OXCMSG] 2.2.3.6 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_item_recipients(ox_item *item, uint32_t first_row_id,
                                                      size_t max_count, ox_arena *arena,
                                                      ox_recipient **out, size_t *count_out,
                                                      ox_error *err);
/** One change of the recipient list. */
typedef struct ox_recipient_change {
  uint32_t row_id;
  const ox_propbag *properties; /**< NULL removes the row; else it replaces or adds it */
} ox_recipient_change;
/** @spec [MS-OXCMSG] 2.2.3.5 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_item_modify_recipients(ox_item *item,
                                                             const ox_recipient_change *changes,
                                                             size_t count, ox_error *err);
/** @spec [MS-OXCMSG] 2.2.3.4 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_item_remove_recipients(ox_item *item, ox_error *err);

/** @param flags        OX_READ_FLAG_*
 *  @param changed_out  whether the state changed; may be NULL. @spec [MS-OXCMSG] 2.2.3.11 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_item_set_read_flag(ox_item *item, uint32_t flags,
                                                         bool *changed_out, ox_error *err);

/* Submit flags. @spec [MS-OXOMSG] 2.2.3.1.1 */
#define OX_SUBMIT_PREPROCESS 0x01u
#define OX_SUBMIT_NEEDS_SPOOLER 0x02u

/** Saves and sends the message; the handle can only be closed afterwards. When the process dies
 *  before this returns, the message is unsent again from the next opening of the local mailbox on,
 *  and may have reached some of its recipients.
 *  @return OX_OK, OX_E_NO_SUPPORT (no way out configured), OX_E_NO_RECIPIENTS (none)
 *  @spec [MS-OXOMSG] 2.2.3.1 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_item_submit(ox_item *item, uint32_t flags, ox_error *err);
/** @return OX_OK, OX_E_NOT_FOUND, OX_E_UNABLE_TO_ABORT. @spec [MS-OXOMSG] 2.2.3.2 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_mailbox_abort_submit(ox_mailbox *mailbox, ox_id folder_id,
                                                           ox_id id, ox_error *err);

/* ---- whole messages ---- */

/* ox_folder_import flags. */
#define OX_IMPORT_ASSOCIATED 0x01u
#define OX_IMPORT_UNREAD 0x02u /**< unread unless PidTagMessageFlags says read */

/** Stores a message in a folder, in one transaction where the provider has them. Named properties
 *  are mapped, sources are streamed, properties that the store computes are computed anew, times
 *  that the message brings are kept.
 *  @param id_out  may be NULL */
OX_EXPORT OX_WARN_UNUSED ox_status ox_folder_import(ox_folder *folder, const ox_message *message,
                                                    uint32_t flags, ox_id *id_out, ox_error *err);
/** Reads a whole message. Values and attachment contents above `inline_max_bytes` come as sources,
 *  which must be freed (with the message) before the mailbox is closed.
 *  @param inline_max_bytes  0 for 1 MiB
 *  @param out               free with ox_message_free */
OX_EXPORT OX_WARN_UNUSED ox_status ox_item_export(ox_item *item, size_t inline_max_bytes,
                                                  ox_message **out, ox_error *err);

/* ---- attachments ---- */

/** @param mode  OX_OPEN_*. @return OX_OK, OX_E_NOT_FOUND. @spec [MS-OXCMSG] 2.2.3.12 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_attachment_open(ox_item *item, uint32_t number, uint32_t mode,
                                                      ox_item_attachment **out, ox_error *err);
/** @param number_out  may be NULL. @spec [MS-OXCMSG] 2.2.3.13 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_attachment_create(ox_item *item, ox_item_attachment **out,
                                                        uint32_t *number_out, ox_error *err);
OX_EXPORT void ox_attachment_close(ox_item_attachment *attachment);
OX_EXPORT ox_object *ox_attachment_object(ox_item_attachment *attachment);
/** Puts the changes into the open message, whose own save makes them durable.
 *  @param flags  OX_SAVE_*. @spec [MS-OXCMSG] 2.2.3.15 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_attachment_save(ox_item_attachment *attachment,
                                                      uint32_t flags, ox_error *err);
/** @return OX_OK, OX_E_NOT_FOUND. @spec [MS-OXCMSG] 2.2.3.14 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_attachment_delete(ox_item *item, uint32_t number,
                                                        ox_error *err);
/** The attachment table: saved attachments of the message as it is open.
 *  @spec [MS-OXCMSG] 2.2.3.17 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_item_attachments(ox_item *item, uint32_t flags,
                                                       ox_table **out, ox_error *err);
/** Numbers of the attachments. @spec [MS-OXCMSG] 2.2.3.18 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_item_attachment_numbers(ox_item *item, ox_arena *arena,
                                                              uint32_t **numbers_out,
                                                              size_t *count_out, ox_error *err);
/** Opens the message inside an attachment (PidTagAttachMethod afEmbeddedMessage).
 *  @param mode  OX_OPEN_READ_ONLY, _READ_WRITE, _CREATE
 *  @return OX_OK, OX_E_NOT_FOUND. @spec [MS-OXCMSG] 2.2.3.16 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_attachment_open_embedded(ox_item_attachment *attachment,
                                                               uint32_t mode, ox_item **out,
                                                               ox_error *err);

/* ---- streams ---- */

/* Stream modes. @spec [MS-OXCPRPT] 2.2.14.1 */
#define OX_STREAM_READ_ONLY 0x00u
#define OX_STREAM_READ_WRITE 0x01u
#define OX_STREAM_CREATE 0x02u /**< empties or makes the value */

/* Seek origins. @spec [MS-OXCPRPT] 2.2.21.1 */
#define OX_SEEK_BEGIN 0x00u
#define OX_SEEK_CURRENT 0x01u
#define OX_SEEK_END 0x02u

/** Opens a value as bytes: PtypBinary, PtypObject (PidTagAttachDataObject), PtypString (UTF-16LE)
 *  or PtypString8. Writes reach the object on commit or close, and the store when the object is
 *  saved (a folder's: on commit).
 *  @param size_out  may be NULL
 *  @return OX_OK, OX_E_NOT_FOUND, OX_E_NO_SUPPORT (type), OX_E_ACCESS_DENIED
 *  @spec [MS-OXCPRPT] 2.2.14 (RopOpenStream) */
OX_EXPORT OX_WARN_UNUSED ox_status ox_stream_open(ox_object *object, ox_proptag tag, uint32_t mode,
                                                  ox_stream **out, uint64_t *size_out,
                                                  ox_error *err);
/** Commits what was written and frees the stream. */
OX_EXPORT void ox_stream_close(ox_stream *stream);
/** @param size_out  short only at the end */
OX_EXPORT OX_WARN_UNUSED ox_status ox_stream_read(ox_stream *stream, void *buffer,
                                                  size_t capacity_bytes, size_t *size_out,
                                                  ox_error *err);
/** @return OX_OK, OX_E_TOO_BIG, OX_E_STREAM_ACCESS_DENIED (read-only) */
OX_EXPORT OX_WARN_UNUSED ox_status ox_stream_write(ox_stream *stream, const void *data,
                                                   size_t size_bytes, ox_error *err);
/** @param position_out  may be NULL. @return OX_OK, OX_E_STREAM_SEEK_ERROR */
OX_EXPORT OX_WARN_UNUSED ox_status ox_stream_seek(ox_stream *stream, uint32_t origin,
                                                  int64_t offset, uint64_t *position_out,
                                                  ox_error *err);
OX_EXPORT OX_WARN_UNUSED ox_status ox_stream_size(ox_stream *stream, uint64_t *size_out,
                                                  ox_error *err);
OX_EXPORT OX_WARN_UNUSED ox_status ox_stream_set_size(ox_stream *stream, uint64_t size_bytes,
                                                      ox_error *err);
OX_EXPORT OX_WARN_UNUSED ox_status ox_stream_commit(ox_stream *stream, ox_error *err);
/** Copies from the current position of one stream to that of another.
 *  @param read_out, written_out  may be NULL. @spec [MS-OXCPRPT] 2.2.22 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_stream_copy(ox_stream *source, ox_stream *destination,
                                                  uint64_t size_bytes, uint64_t *read_out,
                                                  uint64_t *written_out, ox_error *err);
/** A second stream over the same bytes with its own position. @spec [MS-OXCPRPT] 2.2.27 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_stream_clone(ox_stream *stream, ox_stream **out,
                                                   ox_error *err);

/* ---- tables ---- */

/** A table starts without columns, sort or restriction, at its first row. It shows the store as it
 *  is at each call. */
OX_EXPORT void ox_table_close(ox_table *table);

/** @return OX_OK, OX_E_INVALID_PARAMETER (none). @spec [MS-OXCTABL] 2.2.2.2 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_table_set_columns(ox_table *table, const ox_proptag *columns,
                                                        size_t count, ox_error *err);
/** Sorts; the cursor goes to the first row and bookmarks become invalid.
 *  @return OX_OK, OX_E_NO_SUPPORT (categories, hierarchy and attachment tables)
 *  @spec [MS-OXCTABL] 2.2.2.3 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_table_sort(ox_table *table, const ox_sort_order_set *sort,
                                                 ox_error *err);
/** @param restriction  copied; NULL removes the filter. @spec [MS-OXCTABL] 2.2.2.4 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_table_restrict(ox_table *table,
                                                     const ox_restriction *restriction,
                                                     ox_error *err);

/* ox_table_query_rows flags. @spec [MS-OXCTABL] 2.2.2.5.1 */
#define OX_QUERY_NO_ADVANCE 0x01u

/* Bookmarks. @spec [MS-OXCTABL] 2.2.2.1.1 */
#define OX_BOOKMARK_BEGINNING 0x00u
#define OX_BOOKMARK_CURRENT 0x01u
#define OX_BOOKMARK_END 0x02u

/** Reads rows from the cursor on and moves it past them; backwards, the rows before the cursor in
 *  table order nearest first.
 *  @param rows_out    row_count_out * columns properties; PtypErrorCode as in ox_object_get
 *  @param origin_out  OX_BOOKMARK_* where the cursor is then; may be NULL
 *  @return OX_OK, OX_E_NULL_OBJECT (no columns). @spec [MS-OXCTABL] 2.2.2.5 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_table_query_rows(ox_table *table, uint32_t flags,
                                                       bool forward, size_t max_count,
                                                       ox_arena *arena, ox_property **rows_out,
                                                       size_t *row_count_out, uint32_t *origin_out,
                                                       ox_error *err);
/** The columns as set. Valid until the next set. */
OX_EXPORT const ox_proptag *ox_table_columns(const ox_table *table, size_t *count_out);
/** @spec [MS-OXCTABL] 2.2.2.8 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_table_position(ox_table *table, uint32_t *numerator_out,
                                                     uint32_t *denominator_out, ox_error *err);
OX_EXPORT OX_WARN_UNUSED ox_status ox_table_row_count(ox_table *table, uint32_t *count_out,
                                                      ox_error *err);
/** Moves the cursor relative to a bookmark.
 *  @param bookmark      OX_BOOKMARK_* or one of ox_table_create_bookmark
 *  @param sought_out    rows actually moved; may be NULL
 *  @param moved_out     the bookmark's row is gone, the next was taken; may be NULL
 *  @return OX_OK, OX_E_INVALID_BOOKMARK. @spec [MS-OXCTABL] 2.2.2.9, 2.2.2.10 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_table_seek(ox_table *table, uint32_t bookmark, int32_t rows,
                                                 int32_t *sought_out, bool *moved_out,
                                                 ox_error *err);
/** @return OX_OK, OX_E_INVALID_PARAMETER (denominator 0). @spec [MS-OXCTABL] 2.2.2.11 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_table_seek_fractional(ox_table *table, uint32_t numerator,
                                                            uint32_t denominator, ox_error *err);
/** Finds the next row that matches, from a bookmark on, and puts the cursor there.
 *  @param row_out    in the arena: one property per column; may be NULL
 *  @param moved_out  as in ox_table_seek; may be NULL
 *  @return OX_OK, OX_E_NOT_FOUND (cursor unmoved), OX_E_INVALID_BOOKMARK
 *  @spec [MS-OXCTABL] 2.2.2.14 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_table_find_row(ox_table *table,
                                                     const ox_restriction *restriction,
                                                     uint32_t bookmark, bool backward,
                                                     ox_arena *arena, ox_property **row_out,
                                                     bool *moved_out, ox_error *err);
/** A bookmark at the cursor; numbers from 3 on. @spec [MS-OXCTABL] 2.2.2.12 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_table_create_bookmark(ox_table *table, uint32_t *bookmark_out,
                                                            ox_error *err);
OX_EXPORT OX_WARN_UNUSED ox_status ox_table_free_bookmark(ox_table *table, uint32_t bookmark,
                                                          ox_error *err);
/** Every column that the table can have. @spec [MS-OXCTABL] 2.2.2.13 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_table_all_columns(ox_table *table, ox_arena *arena,
                                                        ox_proptag **tags_out, size_t *count_out,
                                                        ox_error *err);
/** Back to no columns, sort, restriction and bookmarks. @spec [MS-OXCTABL] 2.2.2.16 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_table_reset(ox_table *table, ox_error *err);

/* ---- notifications ---- */

/* Events. @spec [MS-OXCNOTIF] 2.2.1.2.1.1 */
#define OX_EVENT_NEW_MAIL 0x0002u
#define OX_EVENT_CREATED 0x0004u
#define OX_EVENT_DELETED 0x0008u
#define OX_EVENT_MODIFIED 0x0010u
#define OX_EVENT_MOVED 0x0020u
#define OX_EVENT_COPIED 0x0040u
#define OX_EVENT_SEARCH_COMPLETE 0x0080u
#define OX_EVENT_TABLE_MODIFIED 0x0100u /**< only from ox_table_subscribe */

/* Table events. @spec [MS-OXCNOTIF] 2.2.1.4.1.2 (TableEventType) */
#define OX_TABLE_CHANGED 0x0001u
#define OX_TABLE_ROW_ADDED 0x0003u
#define OX_TABLE_ROW_DELETED 0x0004u
#define OX_TABLE_ROW_MODIFIED 0x0005u
#define OX_TABLE_RESTRICT_DONE 0x0007u

/** One event. Ids that do not apply are 0; counts are -1 and the message class NULL when the event
 *  does not tell them. */
typedef struct ox_event {
  ox_subscription *subscription;
  uint16_t type;   /**< one OX_EVENT_* */
  bool is_message; /**< about a message, else about a folder */
  ox_id folder_id; /**< the folder, or the folder of the message */
  ox_id message_id;
  ox_id parent_folder_id; /**< of a folder */
  ox_id old_folder_id;    /**< moved, copied */
  ox_id old_message_id;
  ox_id old_parent_folder_id;
  const ox_proptag *tags; /**< created, modified: properties that changed; may be empty */
  size_t tag_count;
  int64_t total_count;       /**< folder modified: messages in it */
  int64_t unread_count;      /**< folder modified */
  uint32_t message_flags;    /**< new mail */
  const char *message_class; /**< new mail */
  uint16_t table_event;      /**< OX_TABLE_*, with OX_EVENT_TABLE_MODIFIED */
  ox_id after_folder_id;     /**< row added, modified: row before it; 0 when it is the first */
  ox_id after_message_id;
  const ox_property *row; /**< row added, modified: one property per column of the table */
  size_t row_count;
} ox_event;

/** Asks for events. They are kept from now on until taken by ox_mailbox_next_event.
 *  @param mask         OX_EVENT_*
 *  @param folder_id    0 for the whole mailbox
 *  @param message_id   0 for the folder and what is in it
 *  @return OX_OK, OX_E_LIMIT. @spec [MS-OXCNOTIF] 2.2.1.2.1 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_mailbox_subscribe(ox_mailbox *mailbox, uint16_t mask,
                                                        ox_id folder_id, ox_id message_id,
                                                        ox_subscription **out, ox_error *err);
/** Asks for OX_EVENT_TABLE_MODIFIED events of a table; ends when the table is closed too. */
OX_EXPORT OX_WARN_UNUSED ox_status ox_table_subscribe(ox_table *table, ox_subscription **out,
                                                      ox_error *err);
OX_EXPORT void ox_subscription_close(ox_subscription *subscription);

/** Waits until an event is there.
 *  @param timeout_ms   0 only looks
 *  @param pending_out  false when the time was over. @return OX_OK, OX_E_CANCELLED */
OX_EXPORT OX_WARN_UNUSED ox_status ox_mailbox_wait(ox_mailbox *mailbox, uint32_t timeout_ms,
                                                   bool *pending_out, ox_error *err);
/** Ends a wait that another thread is in, with OX_E_CANCELLED. The one function that may run
 *  beside another on the same handle. */
OX_EXPORT void ox_mailbox_cancel_wait(ox_mailbox *mailbox);
/** Takes the oldest event. @return OX_OK, OX_E_NOT_FOUND (there is none) */
OX_EXPORT OX_WARN_UNUSED ox_status ox_mailbox_next_event(ox_mailbox *mailbox, ox_arena *arena,
                                                         ox_event *out, ox_error *err);

/** Called soon after events may have become pending, on any thread; it must not call into the
 *  store. For front ends that wait without a thread; local mailboxes only (a remote one answers
 *  OX_E_NO_SUPPORT). */
typedef void (*ox_mailbox_wakeup)(void *user);
/** @param wakeup  NULL ends it; when this returns, no call is running or will come */
OX_EXPORT OX_WARN_UNUSED ox_status ox_mailbox_set_wakeup(ox_mailbox *mailbox,
                                                         ox_mailbox_wakeup wakeup, void *user,
                                                         ox_error *err);

OX_END_DECLS

#endif
