/* EntryIDs, server ids, and the lists that hold them. @spec [MS-OXCDATA] 2.1 to 2.3 */
#ifndef OXKIT_ROPCODEC_ENTRYID_H
#define OXKIT_ROPCODEC_ENTRYID_H

#include <oxkit/ropcodec/property.h>
#include <oxkit/ropcodec/searchfolder.h>
#include <oxkit/ropcodec/xid.h>

OX_BEGIN_DECLS

/* EntryIDs. */

/* Kinds of EntryID. */
#define OX_ENTRY_ID_UNKNOWN 0       /**< another provider's: flags, provider, data */
#define OX_ENTRY_ID_FOLDER 1        /**< @spec [MS-OXCDATA] 2.2.4.1 */
#define OX_ENTRY_ID_MESSAGE 2       /**< @spec [MS-OXCDATA] 2.2.4.2 */
#define OX_ENTRY_ID_STORE 3         /**< @spec [MS-OXCDATA] 2.2.4.3 */
#define OX_ENTRY_ID_ADDRESS_BOOK 4  /**< permanent; @spec [MS-OXCDATA] 2.2.5.2 */
#define OX_ENTRY_ID_EPHEMERAL 5     /**< @spec [MS-OXNSPI] 2.2.9.2 */
#define OX_ENTRY_ID_ONE_OFF 6       /**< @spec [MS-OXCDATA] 2.2.5.1 */
#define OX_ENTRY_ID_CONTACT 7       /**< contact address; @spec [MS-OXCDATA] 2.2.5.3 */
#define OX_ENTRY_ID_PERSONAL_LIST 8 /**< @spec [MS-OXCDATA] 2.2.5.4 */
#define OX_ENTRY_ID_WRAPPED 9 /**< member of a contact's list; @spec [MS-OXOCNTC] 2.2.2.2.4.3 */

/* FolderType and MessageType. @spec [MS-OXCDATA] 2.2.4 */
#define OX_STORE_OBJECT_PRIVATE_FOLDER 0x0001
#define OX_STORE_OBJECT_PUBLIC_FOLDER 0x0003
#define OX_STORE_OBJECT_MAPPED_PUBLIC_FOLDER 0x0005
#define OX_STORE_OBJECT_PRIVATE_MESSAGE 0x0007
#define OX_STORE_OBJECT_PUBLIC_MESSAGE 0x0009
#define OX_STORE_OBJECT_MAPPED_PUBLIC_MESSAGE 0x000B
#define OX_STORE_OBJECT_PUBLIC_NEWSGROUP_FOLDER 0x000C

/* Type of an address book EntryID. @spec [MS-OXCDATA] 2.2.5.2 */
#define OX_ADDRESS_BOOK_LOCAL_MAIL_USER 0x000u
#define OX_ADDRESS_BOOK_DISTRIBUTION_LIST 0x001u
#define OX_ADDRESS_BOOK_FORUM 0x002u
#define OX_ADDRESS_BOOK_AGENT 0x003u
#define OX_ADDRESS_BOOK_ORGANIZATIONAL_MAILBOX 0x004u
#define OX_ADDRESS_BOOK_PRIVATE_DISTRIBUTION_LIST 0x005u
#define OX_ADDRESS_BOOK_REMOTE_MAIL_USER 0x006u
#define OX_ADDRESS_BOOK_CONTAINER 0x100u
#define OX_ADDRESS_BOOK_TEMPLATE 0x101u
#define OX_ADDRESS_BOOK_ONE_OFF_USER 0x102u
#define OX_ADDRESS_BOOK_SEARCH 0x200u

/* Bits of the one-off EntryID's flags. @spec [MS-OXCDATA] 2.2.5.1 */
#define OX_ONE_OFF_NO_RICH_INFO 0x0001u /**< M: no TNEF for this recipient */
#define OX_ONE_OFF_FORMAT_MASK 0x001Eu
#define OX_ONE_OFF_MAC_ENCODING_MASK 0x0060u /**< MAE */
#define OX_ONE_OFF_NO_LOOKUP 0x1000u         /**< L: do not look the address up */
#define OX_ONE_OFF_UNICODE 0x8000u           /**< U */

/** An EntryID of any kind; `kind` says which member of the union holds. Text and bytes are views
 *  of the input. */
typedef struct ox_entry_id {
  uint8_t kind;     /**< OX_ENTRY_ID_* */
  uint8_t flags[4]; /**< zeros in EntryIDs that are stored */
  ox_guid provider_uid;
  union {
    struct {
      uint16_t folder_type; /**< OX_STORE_OBJECT_* */
      ox_guid database_guid;
      uint8_t global_counter[6];
      uint16_t pad; /**< 0 */
    } folder;       /**< provider_uid: the mailbox GUID, or that of public folders */
    struct {
      uint16_t message_type; /**< OX_STORE_OBJECT_* */
      ox_guid folder_database_guid;
      uint8_t folder_global_counter[6];
      uint16_t folder_pad; /**< 0 */
      ox_guid message_database_guid;
      uint8_t message_global_counter[6];
      uint16_t message_pad; /**< 0 */
    } message;
    struct {
      uint8_t version;       /**< 0 */
      uint8_t flag;          /**< 0 */
      ox_str8 dll_file_name; /**< "emsmdb.dll"; with another, only `rest` holds */
      uint32_t wrapped_flags;
      ox_guid wrapped_provider_uid;
      uint32_t wrapped_type; /**< 0x0C: mailbox, 0x06: public folders */
      ox_str8 server_shortname;
      ox_str8 mailbox_dn; /**< "" for public folders */
      ox_bytes rest;      /**< what later versions append */
    } store;
    struct {
      uint32_t version;
      uint32_t type; /**< OX_ADDRESS_BOOK_* */
      ox_str8 x500dn;
    } address_book;
    struct {
      uint32_t version;
      uint32_t type; /**< display type */
      uint32_t minimal_id;
    } ephemeral; /**< provider_uid: the GUID that NspiBind gave */
    struct {
      uint16_t version;
      uint16_t flags;         /**< OX_ONE_OFF_* */
      ox_value display_name;  /**< `string` with OX_ONE_OFF_UNICODE, else `string8` */
      ox_value address_type;  /**< likewise */
      ox_value email_address; /**< likewise */
    } one_off;
    struct {
      uint32_t version;
      uint32_t type;     /**< 4: contact, 5: personal distribution list */
      uint32_t index;    /**< 0 to 2: e-mail address 1 to 3; 3 to 5: fax; 0xFF: a list */
      ox_bytes entry_id; /**< of the contact message */
      ox_bytes rest;     /**< bytes at the end that no text describes; Outlook writes three */
    } contact;           /**< CONTACT and PERSONAL_LIST */
    struct {
      uint8_t type;
      ox_bytes entry_id;
    } wrapped;
    struct {
      ox_bytes data;
    } unknown;
  } u;
} ox_entry_id;

/* Provider UIDs. @spec [MS-OXCDATA] 2.2.4, 2.2.5; [MS-OXOCNTC] 2.2.2.2.4.3 */
OX_EXPORT extern const ox_guid OX_PROVIDER_PUBLIC_FOLDERS;
OX_EXPORT extern const ox_guid OX_PROVIDER_STORE;
OX_EXPORT extern const ox_guid OX_PROVIDER_ADDRESS_BOOK;
OX_EXPORT extern const ox_guid OX_PROVIDER_ONE_OFF;
OX_EXPORT extern const ox_guid OX_PROVIDER_CONTACT;
OX_EXPORT extern const ox_guid OX_PROVIDER_WRAPPED;
/** Wrapped provider UIDs of store EntryIDs. @spec [MS-OXCDATA] 2.2.4.3 */
OX_EXPORT extern const ox_guid OX_PROVIDER_MAILBOX_STORE;
OX_EXPORT extern const ox_guid OX_PROVIDER_PUBLIC_STORE;

/** Reads an EntryID that is all that is left in the reader.
 *  @return OX_OK or the reader's failure: OX_E_TRUNCATED, OX_E_MALFORMED */
OX_EXPORT ox_status ox_entry_id_read(ox_reader *r, ox_entry_id *out);
/** Reads an EntryID that is all of the bytes. Folders and messages of a mailbox are told by their
 *  length and type, since their provider is the mailbox.
 *  @param err  may be NULL
 *  @return OX_OK, OX_E_TRUNCATED, OX_E_TRAILING, OX_E_MALFORMED */
OX_EXPORT OX_WARN_UNUSED ox_status ox_entry_id_decode(ox_bytes bytes, ox_entry_id *out,
                                                      ox_error *err);
/** Writes an EntryID; OX_E_USAGE for a kind that does not exist. */
OX_EXPORT void ox_entry_id_encode(ox_writer *w, const ox_entry_id *in);

/* EntryIDs and keys in one step; the result is in the arena. Arguments are UTF-8, NULL is "".
 * @return OX_OK, OX_E_NO_MEMORY */

/** One-off EntryID in Unicode. @param flags  OX_ONE_OFF_*; U is added */
OX_EXPORT OX_WARN_UNUSED ox_status ox_one_off_entry_id(ox_arena *arena, const char *display_name,
                                                       const char *address_type,
                                                       const char *email_address, uint16_t flags,
                                                       ox_bytes *out);
/** Permanent address book EntryID. @param type  OX_ADDRESS_BOOK_* */
OX_EXPORT OX_WARN_UNUSED ox_status ox_address_book_entry_id(ox_arena *arena, uint32_t type,
                                                            const char *x500dn, ox_bytes *out);
/** Folder and message EntryIDs of a mailbox (or of public folders: then the provider UID is
 *  OX_PROVIDER_PUBLIC_FOLDERS and the type says so). */
OX_EXPORT OX_WARN_UNUSED ox_status ox_folder_entry_id(ox_arena *arena, const ox_guid *provider_uid,
                                                      uint16_t folder_type,
                                                      const ox_guid *database_guid,
                                                      uint64_t globcnt, ox_bytes *out);
OX_EXPORT OX_WARN_UNUSED ox_status ox_message_entry_id(ox_arena *arena, const ox_guid *provider_uid,
                                                       uint16_t message_type,
                                                       const ox_guid *folder_database_guid,
                                                       uint64_t folder_globcnt,
                                                       const ox_guid *message_database_guid,
                                                       uint64_t message_globcnt, ox_bytes *out);
/** Search key of an address: "TYPE:ADDRESS" in ASCII upper case with a terminating 0 that counts.
 *  @spec [MS-OXOABK] (PidTagSearchKey) */
OX_EXPORT OX_WARN_UNUSED ox_status ox_address_search_key(ox_arena *arena, const char *address_type,
                                                         const char *email_address, ox_bytes *out);

/** PtypServerId's own structure. @spec [MS-OXCDATA] 2.11.1.4 */
typedef struct ox_server_id {
  uint8_t ours;         /**< 1; with 0 the rest is the client's own */
  ox_id64 folder_id;    /**< when ours */
  ox_id64 message_id;   /**< when ours; 0 for a folder */
  uint32_t instance;    /**< when ours */
  ox_bytes client_data; /**< when not ours */
} ox_server_id;

/** Takes what is left in the reader when the id is not ours. @return as ox_server_id_decode */
OX_EXPORT ox_status ox_server_id_read(ox_reader *r, ox_server_id *out);
/** @return OX_OK, OX_E_TRUNCATED, OX_E_TRAILING, OX_E_MALFORMED (Ours) */
OX_EXPORT OX_WARN_UNUSED ox_status ox_server_id_decode(ox_bytes bytes, ox_server_id *out);
OX_EXPORT void ox_server_id_encode(ox_writer *w, const ox_server_id *in);

/** FlatEntryList: EntryIDs of several objects in one binary value (PidTagReplyRecipientEntries).
 *  @spec [MS-OXCDATA] 2.3.3 */
typedef struct ox_flat_entry_list {
  uint32_t count;
  ox_bytes *entry_ids;
  bool ends_padded; /**< FlatEntryList: zeros fill up the last EntryID too */
} ox_flat_entry_list;

/** The cursor may stand in a larger structure. @return as ox_flat_entry_list_decode */
OX_EXPORT ox_status ox_flat_entry_list_read(ox_reader *r, ox_arena *arena, ox_flat_entry_list *out);
/** @return OX_OK, OX_E_TRUNCATED, OX_E_MALFORMED, OX_E_TRAILING, OX_E_NO_MEMORY */
OX_EXPORT OX_WARN_UNUSED ox_status ox_flat_entry_list_decode(ox_bytes bytes, ox_arena *arena,
                                                             ox_flat_entry_list *out);
OX_EXPORT void ox_flat_entry_list_encode(ox_writer *w, const ox_flat_entry_list *in);

/** The EntryIDs of an EntryList (searchfolder.h), which search folder definitions hold.
 *  @return OX_OK, OX_E_TRUNCATED, OX_E_TRAILING, OX_E_NO_MEMORY
 *  @spec [MS-OXCDATA] 2.3.1 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_entry_list_split(const ox_entry_list *list, ox_arena *arena,
                                                       ox_flat_entry_list *out);
/** An EntryList of them, with pads of 0. @return OX_OK, OX_E_LIMIT, OX_E_NO_MEMORY */
OX_EXPORT OX_WARN_UNUSED ox_status ox_entry_list_join(const ox_flat_entry_list *entry_ids,
                                                      ox_arena *arena, ox_entry_list *out);

/** An EntryID as Outlook writes it into a URL, a Hangul syllable for each byte, and back.
 *  @return OX_OK, OX_E_NO_MEMORY, OX_E_MALFORMED (other characters) */
OX_EXPORT OX_WARN_UNUSED ox_status ox_entry_id_to_url_text(ox_arena *arena, ox_bytes entry_id,
                                                           ox_str16 *out);
OX_EXPORT OX_WARN_UNUSED ox_status ox_entry_id_from_url_text(ox_arena *arena, ox_str16 text,
                                                             ox_bytes *out);

/** AddressList: properties of several addressees. @spec [MS-OXCDATA] 2.1 */
typedef struct ox_address_entry {
  uint32_t property_count;
  ox_property *values;
} ox_address_entry;

typedef struct ox_address_list {
  uint32_t address_count;
  ox_address_entry *addresses;
} ox_address_list;

/** @param width  of the byte counts in the values: 2 or 4
 *  @return as ox_value_decode */
OX_EXPORT ox_status ox_address_list_decode(ox_reader *r, ox_arena *arena, unsigned width,
                                           ox_address_list *out);
OX_EXPORT void ox_address_list_encode(ox_writer *w, unsigned width, const ox_address_list *in);

OX_END_DECLS

#endif
