/* The local provider: mailboxes in a data directory, one SQL database each, and delivery between
 * them. */
#ifndef OXKIT_STORE_LOCAL_H
#define OXKIT_STORE_LOCAL_H

#include <oxkit/ropcodec/identity.h>
#include <oxkit/ropcodec/outbound.h>
#include <oxkit/store/mailbox.h>

OX_BEGIN_DECLS

/** A data directory. Any number of threads may use one. */
typedef struct ox_store ox_store;

typedef struct ox_store_options {
  size_t struct_size;
  const ox_allocator *allocator;  /**< NULL for the C library's; must outlive the store */
  bool create;                    /**< make the directory when it is missing */
  bool read_only;                 /**< refuse every change */
  uint32_t max_open_databases;    /**< 0 for OX_STORE_MAX_OPEN_DATABASES */
  uint32_t readers_per_mailbox;   /**< 0 for OX_STORE_READERS_PER_MAILBOX */
  uint32_t busy_timeout_ms;       /**< wait for another process's write; 0 for 10,000 */
  ox_filetime (*now)(void *user); /**< NULL for the system's clock */
  /** Fills with random bytes; NULL for the system's generator. */
  ox_status (*random)(void *user, void *buffer, size_t size_bytes);
  void *user; /**< given to now and random */
} ox_store_options;

#define OX_STORE_OPTIONS_INIT \
  { .struct_size = sizeof(ox_store_options) }

/** Databases open at a time; the least recently used idle one is closed first. */
#define OX_STORE_MAX_OPEN_DATABASES 64u
/** Read connections of one database. */
#define OX_STORE_READERS_PER_MAILBOX 4u

/** Opens a data directory.
 *  @param options  NULL for defaults
 *  @return OX_OK, OX_E_NOT_FOUND (no such directory), OX_E_READ_ONLY, OX_E_IO */
OX_EXPORT OX_WARN_UNUSED ox_status ox_store_open(const char *directory,
                                                 const ox_store_options *options, ox_store **out,
                                                 ox_error *err);
/** Close every mailbox of the store first. NULL is fine. */
OX_EXPORT void ox_store_close(ox_store *store);

typedef struct ox_mailbox_create_options {
  size_t struct_size;
  ox_guid mailbox_guid;     /**< null: a random one */
  const char *display_name; /**< of the owner */
  const char *smtp_address;
  const char *legacy_dn;
} ox_mailbox_create_options;

/** Creates a mailbox with its special folders.
 *  @param guid_out  may be NULL
 *  @return OX_OK, OX_E_COLLISION (there is one), OX_E_READ_ONLY
 *  @spec [MS-OXOSFLD] 2.2; [MS-OXCSTOR] 3.2.5.1 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_store_create_mailbox(ox_store *store,
                                                           const ox_mailbox_create_options *options,
                                                           ox_guid *guid_out, ox_error *err);
/** Deletes the mailbox's files. @return OX_OK, OX_E_NOT_FOUND, OX_E_LOCKED (open) */
OX_EXPORT OX_WARN_UNUSED ox_status ox_store_delete_mailbox(ox_store *store,
                                                           const ox_guid *mailbox_guid,
                                                           ox_error *err);
/** The mailboxes of the directory, in no order. */
OX_EXPORT OX_WARN_UNUSED ox_status ox_store_mailboxes(ox_store *store, ox_arena *arena,
                                                      ox_guid **guids_out, size_t *count_out,
                                                      ox_error *err);
/** Checks a database: pages, counters against what they count, dangling rows.
 *  @return OX_OK, OX_E_CORRUPT_STORE (with the first finding in err) */
OX_EXPORT OX_WARN_UNUSED ox_status ox_store_check_mailbox(ox_store *store,
                                                          const ox_guid *mailbox_guid,
                                                          ox_error *err);

typedef struct ox_mailbox_open_options {
  size_t struct_size;
  ox_guid mailbox_guid;
  const char *user;          /**< who logs on, as in ox_caller; NULL: the owner */
  bool read_only;            /**< every change is OX_E_ACCESS_DENIED */
  uint32_t codepage;         /**< of PtypString8; 0 for 1252 */
  uint32_t lcid;             /**< of sorting; kept, one order serves every locale */
  ox_outbound *outbound;     /**< where ox_item_submit sends; NULL: it answers OX_E_NO_SUPPORT */
  ox_principals *principals; /**< resolves recipients and senders; NULL: from the message alone */
} ox_mailbox_open_options;

#define OX_MAILBOX_OPEN_OPTIONS_INIT \
  { .struct_size = sizeof(ox_mailbox_open_options) }

/** Opens a mailbox of a store.
 *  @return OX_OK, OX_E_NOT_FOUND, OX_E_LOCKED, OX_E_VERSION, OX_E_READ_ONLY, OX_E_CORRUPT_STORE */
OX_EXPORT OX_WARN_UNUSED ox_status ox_mailbox_open_local(ox_store *store,
                                                         const ox_mailbox_open_options *options,
                                                         ox_mailbox **out, ox_error *err);

typedef struct ox_deliver_options {
  size_t struct_size;
  ox_guid mailbox_guid;
  const ox_principal *received_by;  /**< PidTagReceivedBy*; NULL: the mailbox's owner */
  const ox_principal *representing; /**< PidTagReceivedRepresenting*; NULL: received_by */
  ox_filetime delivery_time;        /**< 0 for now */
} ox_deliver_options;

/** Delivers a message into the receive folder of its class: transport properties are set, the
 *  message is unread, and listeners get OX_EVENT_NEW_MAIL. Durable when it returns OX_OK.
 *  @param folder_id_out, id_out  may be NULL
 *  @spec [MS-OXOMSG] 3.3.5; [MS-OXCSTOR] 3.2.5.2 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_store_deliver(ox_store *store,
                                                    const ox_deliver_options *options,
                                                    const ox_message *message, ox_id *folder_id_out,
                                                    ox_id *id_out, ox_error *err);

typedef struct ox_local_delivery_options {
  size_t struct_size;
  ox_outbound *next; /**< for recipients that `principals` does not know; NULL: they get a report */
} ox_local_delivery_options;

/** An ox_outbound that delivers to mailboxes of the store at once, expanding groups; a recipient
 *  that nobody knows makes a non-delivery report in the sender's Inbox. Any thread.
 *  @param options  NULL for defaults
 *  @param out      free with ox_local_delivery_free */
OX_EXPORT OX_WARN_UNUSED ox_status ox_local_delivery_new(ox_store *store, ox_principals *principals,
                                                         const ox_local_delivery_options *options,
                                                         ox_outbound **out, ox_error *err);
OX_EXPORT void ox_local_delivery_free(ox_outbound *outbound);

OX_END_DECLS

#endif
