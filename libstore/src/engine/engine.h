/* The local provider's own types. One file per idea beside it; each section below names its file.
 */
#ifndef OXKIT_STORE_ENGINE_H
#define OXKIT_STORE_ENGINE_H

#include <pthread.h>

#include <oxkit/ropcodec/properties.h>
#include <oxkit/store/local.h>

#include "db.h"
#include "provider.h"
#include "bag.h"

/* Limits; doc/limits.md lists them. */
#define OXS_FOLDER_DEPTH_MAX 64                 /* folders below each other */
#define OXS_EMBEDDED_DEPTH_MAX 16               /* messages inside each other */
#define OXS_RECIPIENTS_MAX 16384                /* of one message */
#define OXS_ATTACHMENTS_MAX 4096                /* of one message */
#define OXS_VIEWS_PER_FOLDER_MAX 16             /* sorted or restricted views kept */
#define OXS_EVENTS_KEPT 16384                   /* newest event rows kept */
#define OXS_SUBSCRIPTIONS_MAX 1024              /* of one mailbox handle */
#define OXS_SORT_KEY_MAX_BYTES 256              /* of one column */
#define OXS_NAMED_PROPERTIES_MAX 16384          /* of one mailbox */
#define OXS_LARGE_MAX_BYTES ((uint64_t)2 << 30) /* one property value */
#define OXS_NAME_MAX_BYTES 510                  /* folder name, UTF-16 */

typedef struct oxs_database oxs_database;
typedef struct oxs_mailbox oxs_mailbox;

/* ---- store.c: the directory, open databases, connections ---- */

struct ox_store {
  const ox_allocator *allocator;
  char *directory;
  ox_store_options options; /* with defaults filled in */
  pthread_mutex_t mutex;    /* of the list of databases */
  oxs_database *databases;
  size_t database_count;
  uint64_t use_clock;
};

struct oxs_database {
  ox_store *store;
  oxs_database *next;
  unsigned users; /* mailboxes and calls that hold it */
  uint64_t last_used;
  ox_guid guid;
  char *path;
  bool read_only;
  /* Facts that never change. */
  ox_guid replguid;
  char *display_name, *smtp_address, *legacy_dn;
  /* One writer. */
  pthread_mutex_t write_mutex;
  ox_db *writer;
  /* Readers. */
  pthread_mutex_t reader_mutex;
  pthread_cond_t reader_free;
  ox_db **readers; /* NULL entries are not open yet */
  bool *reader_busy;
  size_t reader_count;
  /* Wake-ups. */
  pthread_mutex_t event_mutex;
  pthread_cond_t event_happened;
  uint64_t event_generation;
  oxs_mailbox *listeners; /* mailboxes with a wakeup callback */
};

/* A transaction, or a consistent read. */
typedef struct oxs_txn {
  oxs_database *database;
  ox_db *db;
  ox_error *err;
  bool write;
  size_t reader;
} oxs_txn;

ox_status oxs_database_acquire(ox_store *store, const ox_guid *guid, oxs_database **out,
                               ox_error *err);
void oxs_database_release(oxs_database *database);
ox_status oxs_read_begin(oxs_database *database, oxs_txn *t, ox_error *err);
void oxs_read_end(oxs_txn *t);
ox_status oxs_write_begin(oxs_database *database, oxs_txn *t, ox_error *err);
/* Commits when status is OX_OK (or a warning), else rolls back; returns what came of it. */
ox_status oxs_write_end(oxs_txn *t, ox_status status);
/* Takes a lock (LOCK_SH, LOCK_EX, LOCK_NB of flock) on a file beside the database: whoever sends a
 * message holds it shared, and the system takes it from a process that dies. Close *file_out.
 * @return OX_OK, OX_E_LOCKED (with LOCK_NB), OX_E_IO */
ox_status oxs_sending_lock(const oxs_database *database, int operation, int *file_out,
                           ox_error *err);
ox_filetime oxs_now(const ox_store *store);
ox_status oxs_random(const ox_store *store, void *buffer, size_t size_bytes, ox_error *err);

/* ---- ids.c ---- */

#define OXS_OWN_REPLID 1u

/* Row keys: REPLID << 48 | GLOBCNT. */
int64_t oxs_from_id(ox_id id);
ox_id oxs_to_id(int64_t row);
/* Takes `count` GLOBCNTs; *first_out is a row key of our own replica. */
ox_status oxs_allocate(oxs_txn *t, uint32_t count, int64_t *first_out);
/* XID of a row key: REPLGUID and counter, 22 bytes. @spec [MS-OXCFXICS] 2.2.2.2 */
#define OXS_XID_BYTES 22
void oxs_xid(const oxs_database *database, int64_t row, uint8_t out[OXS_XID_BYTES]);
/* A PredecessorChangeList with our own XID put in place of an older one of ours.
 * @spec [MS-OXCFXICS] 2.2.2.3 */
ox_status oxs_pcl_add(ox_arena *arena, ox_bytes old, const uint8_t xid[OXS_XID_BYTES],
                      ox_bytes *out);
ox_status oxs_replica_guid(oxs_txn *t, uint16_t replid, ox_guid *out);
/* @spec [MS-OXCDATA] 2.2.4.1, 2.2.4.2 */
#define OXS_FOLDER_ENTRY_ID_BYTES 46
#define OXS_MESSAGE_ENTRY_ID_BYTES 70
void oxs_folder_entry_id(const oxs_database *database, int64_t fid, uint8_t *out);
void oxs_message_entry_id(const oxs_database *database, int64_t fid, int64_t mid, uint8_t *out);
ox_bytes oxs_copy(ox_arena *arena, ox_bytes bytes, ox_status *status);

/* ---- large.c ---- */

ox_status oxs_large_write(oxs_txn *t, ox_source *source, int64_t *lid_out);
ox_status oxs_large_read(oxs_txn *t, int64_t lid, uint64_t offset, void *buffer,
                         size_t capacity_bytes, size_t *size_out);
ox_status oxs_large_ref(oxs_txn *t, int64_t lid);
ox_status oxs_large_unref(oxs_txn *t, int64_t lid);
/* A source that reads from the store while it lives; keeps the database open. */
ox_source *oxs_large_source(oxs_database *database, int64_t lid, uint64_t size_bytes);
/* Makes every value above OXS_INLINE_MAX_BYTES a large one and encodes the bag. Large values of
 * `old` (the encoded bag it replaces, or empty) that are not used any more are released.
 * `stored`, made in `arena`, is the bag as it then stands. */
ox_status oxs_bag_store(oxs_txn *t, const oxs_bag *bag, ox_bytes old, ox_arena *arena,
                        oxs_bag *stored, ox_bytes *encoded, uint64_t *size_out);
/* Releases the large values of an encoded bag. */
ox_status oxs_bag_drop(oxs_txn *t, ox_bytes encoded);
/* Takes a reference to each large value: the bag is being copied row by row. */
ox_status oxs_bag_share(oxs_txn *t, ox_bytes encoded);
/* Reads a value of a bag: from memory, a spool or chunks. @return OX_OK, OX_E_NOT_FOUND,
 * OX_E_NOT_ENOUGH_MEMORY (longer than max_bytes) */
ox_status oxs_bag_value(oxs_txn *t, const oxs_bag *bag, uint16_t id, size_t max_bytes,
                        ox_arena *arena, ox_property *out);
/* The same out of an encoded bag, without decoding the rest. */
ox_status oxs_encoded_value(oxs_txn *t, ox_bytes encoded, uint16_t id, size_t max_bytes,
                            ox_arena *arena, ox_property *out);

/* ---- content.c: a message with its recipients and attachments, in memory ---- */

typedef struct oxs_content oxs_content;

typedef struct oxs_recipient {
  uint32_t row_id;
  ox_propbag bag;
} oxs_recipient;

typedef struct oxs_attach {
  uint32_t number;
  int64_t aid;          /* 0: not stored yet */
  int64_t embedded_mid; /* stored embedded message, 0 for none */
  uint64_t size;        /* as stored */
  oxs_bag bag;
  oxs_content *embedded; /* replaces the stored one; owned */
  bool changed;
} oxs_attach;

struct oxs_content {
  const ox_allocator *allocator;
  ox_arena arena;
  oxs_bag bag;
  oxs_recipient *recipients; /* by row id */
  size_t recipient_count, recipient_capacity;
  oxs_attach *attachments; /* by number */
  size_t attachment_count, attachment_capacity;
  uint32_t next_number;
  bool bag_changed, recipients_changed, attachments_changed;
};

oxs_content *oxs_content_new(const ox_allocator *allocator);
void oxs_content_free(oxs_content *content);
/* Reads message row `mid` with everything but embedded messages. */
ox_status oxs_content_load(oxs_txn *t, int64_t mid, oxs_content **out);
/* Deep copy; large values stay shared. Stored attachments and embedded messages of another row
 * must be told apart with `detach`: their rows are read in and become new ones. */
ox_status oxs_content_clone(oxs_txn *t, const oxs_content *in, bool detach, oxs_content **out);
ox_status oxs_attach_clone(oxs_txn *t, ox_arena *arena, const oxs_attach *in, bool detach,
                           oxs_attach *out);
oxs_attach *oxs_content_attachment(const oxs_content *content, uint32_t number);
oxs_attach *oxs_content_add_attachment(oxs_content *content, uint32_t number);
oxs_recipient *oxs_content_recipient(oxs_content *content, uint32_t row_id, bool add);
/* Writes bag, recipients and attachments of row `mid`; *size_out is their sum. */
ox_status oxs_content_store(oxs_txn *t, const oxs_content *content, int64_t mid, bool is_new,
                            uint64_t *size_out);
/* Deletes the rows of a message: bag, recipients, attachments, embedded messages, the row. */
ox_status oxs_message_erase(oxs_txn *t, int64_t mid);
/* Copies those rows to a new message row key (not the message row itself). */
ox_status oxs_message_duplicate(oxs_txn *t, int64_t from, int64_t to);

/* ---- row.c: narrow columns and computed properties of a message ---- */

#define OXS_KIND_NORMAL 0
#define OXS_KIND_ASSOCIATED 1
#define OXS_KIND_DELETED 2 /* added to the two above */
#define OXS_KIND_EMBEDDED 4

#define OXS_FLAG_READ 0x0001u
#define OXS_FLAG_UNMODIFIED 0x0002u
#define OXS_FLAG_SUBMIT 0x0004u
#define OXS_FLAG_UNSENT 0x0008u
#define OXS_FLAG_HAS_ATTACH 0x0010u
#define OXS_FLAG_FROM_ME 0x0020u
#define OXS_FLAG_ASSOCIATED 0x0040u
#define OXS_FLAG_RESEND 0x0080u
#define OXS_FLAG_NOTIFY_READ 0x0100u
#define OXS_FLAG_NOTIFY_UNREAD 0x0200u
#define OXS_FLAG_EVER_READ 0x0400u
#define OXS_FLAG_INTERNET 0x2000u
#define OXS_FLAG_UNTRUSTED 0x8000u

typedef struct oxs_row {
  int64_t mid, fid, kind, cn, read_cn, size;
  ox_filetime delivery_time, created, modified, deleted;
  uint32_t flags, status, importance;
  ox_bytes source_key, change_key, pcl, message_class; /* class: UTF-16LE */
} oxs_row;

/* @return OX_OK, OX_E_NOT_FOUND */
ox_status oxs_row_load(oxs_txn *t, int64_t mid, ox_arena *arena, oxs_row *out);
ox_status oxs_row_insert(oxs_txn *t, const oxs_row *row);
ox_status oxs_row_update(oxs_txn *t, const oxs_row *row);
/* A computed property of a message; OX_E_NOT_FOUND when it is none (look into the bag). */
ox_status oxs_row_property(const oxs_database *database, const oxs_row *row, uint16_t id,
                           ox_arena *arena, ox_property *out);
void oxs_give_size(ox_property *out, int64_t size);
/* Properties that the engine computes and nobody sets. */
bool oxs_is_computed(uint32_t kind, uint16_t id);
const uint16_t *oxs_row_computed_ids(size_t *count_out, bool embedded);
/* Brings a stored value to the type asked for (unspecified, PtypString8, PtypString). */
ox_status oxs_convert(ox_proptag wanted, uint32_t codepage, ox_arena *arena, ox_property *value);
void oxs_error_property(ox_property *out, ox_proptag tag, ox_status status);

/* What a row is made of when properties are picked one by one: tables, restrictions, sorting. */
typedef struct oxs_picker {
  oxs_txn *t;
  ox_arena *arena;
  size_t max_bytes;
  uint32_t codepage;
  oxs_row row;
  ox_sql *sql; /* holds row and bag while they are looked at */
} oxs_picker;
/* Goes to a row; end with oxs_picker_end. */
ox_status oxs_picker_load(oxs_picker *picker, int64_t mid);
void oxs_picker_end(oxs_picker *picker);
ox_status oxs_picker_bag(oxs_picker *picker, ox_bytes *out);
/* @return OX_OK, OX_E_NOT_FOUND, OX_E_NOT_ENOUGH_MEMORY or a failure */
ox_status oxs_picker_get(oxs_picker *picker, ox_proptag tag, ox_property *out);
ox_status oxs_picker_matches(oxs_picker *picker, const ox_restriction *restriction,
                             bool *matches_out);

/* ---- folder.c ---- */

typedef struct oxs_folder_row {
  int64_t fid, parent, state, type, cn;
  ox_filetime created, modified, deleted;
  int64_t message_count, unread_count, associated_count, deleted_count, deleted_associated_count;
  int64_t child_count, size, associated_size;
  ox_bytes name, source_key, change_key, pcl, bag;
} oxs_folder_row;

typedef struct oxs_folder {
  ox_folder base;
  oxs_mailbox *mailbox;
  int64_t fid;
} oxs_folder;

ox_status oxs_folder_row_load(oxs_txn *t, int64_t fid, ox_arena *arena, oxs_folder_row *out);
ox_status oxs_folder_property(oxs_txn *t, const oxs_folder_row *row, uint16_t id, size_t max_bytes,
                              ox_arena *arena, ox_property *out);
ox_status oxs_folder_list(const oxs_folder_row *row, ox_arena *arena, ox_proptag **tags,
                          size_t *count);
/* Makes a folder row; name in UTF-16LE. */
ox_status oxs_folder_insert(oxs_txn *t, int64_t fid, int64_t parent, uint32_t type, ox_str16 name,
                            const oxs_bag *bag);
/* Changes counters and gives the event. */
typedef struct oxs_count_change {
  int64_t messages, unread, associated, deleted, deleted_associated, size, associated_size;
} oxs_count_change;
void oxs_count(oxs_count_change *change, const oxs_row *row, int sign);
ox_status oxs_folder_count(oxs_txn *t, int64_t fid, const oxs_count_change *change);
ox_status oxs_folder_touch(oxs_txn *t, int64_t fid);
ox_status oxs_tombstone(oxs_txn *t, int64_t id, int64_t fid, bool is_folder, int kind,
                        ox_bytes source_key);
ox_status oxs_folder_set_bag(oxs_txn *t, const oxs_folder_row *row, const oxs_bag *bag,
                             ox_str16 name);
void oxs_folder_init(oxs_folder *folder, oxs_mailbox *mailbox, int64_t fid);
ox_status oxs_folder_by_name(oxs_txn *t, int64_t parent, ox_str16 name, int64_t *fid_out);
ox_status oxs_folder_depth(oxs_txn *t, int64_t fid, unsigned *depth_out);

/* ---- batch.c: many messages of one folder ---- */

/* Deletes messages of a folder (any kind); others set *partial (may be NULL). */
ox_status oxs_messages_remove(oxs_txn *t, int64_t fid, const int64_t *ids, size_t count, bool hard,
                              bool *partial);
/* Moves or copies messages; new_ids_out may be NULL. */
ox_status oxs_messages_transfer(oxs_txn *t, int64_t from, int64_t to, const int64_t *ids,
                                size_t count, bool copy, int64_t *new_ids_out, bool *partial);
ox_status oxs_message_read_flag(oxs_txn *t, oxs_row *row, uint32_t flags, bool *changed);
/* A new change number, its change key and the PCL with it; a new id with its source key. */
ox_status oxs_message_new_change(oxs_txn *t, ox_arena *arena, oxs_row *row);
ox_status oxs_message_new_source(oxs_txn *t, ox_arena *arena, oxs_row *row);

/* ---- mailbox_local.c ---- */

typedef struct oxs_subscription oxs_subscription;

struct oxs_mailbox {
  ox_mailbox base;
  oxs_database *database;
  const ox_allocator *allocator;
  bool read_only;
  uint32_t codepage;
  ox_outbound *outbound;
  ox_principals *principals;
  /* event.c */
  oxs_subscription *subscriptions;
  size_t subscription_count;
  int64_t event_seq;              /* last event row that was looked at by every subscription */
  oxs_subscription *event_resume; /* next subscription to look at row event_seq + 1; NULL: first */
  uint64_t seen_generation;
  bool wait_cancelled;
  ox_mailbox_wakeup wakeup;
  void *wakeup_user;
  oxs_mailbox *next_listener;
};

extern const ox_provider oxs_provider;

ox_status oxs_create_default_folders(oxs_txn *t);
/* UTF-8 C text as a UTF-16LE view in the arena. */
ox_status oxs_utf16(ox_arena *arena, const char *text, ox_str16 *out, ox_error *err);
ox_status oxs_special(oxs_txn *t, uint32_t special, int64_t *fid_out);
ox_status oxs_receive_folder(oxs_txn *t, const char *message_class, ox_arena *arena,
                             int64_t *fid_out, const char **explicit_class_out);
/* OX_E_ACCESS_DENIED on a read-only mailbox. */
ox_status oxs_may_write(const oxs_mailbox *mailbox, ox_error *err);
static inline oxs_mailbox *oxs_local(ox_mailbox *mailbox) {
  return (oxs_mailbox *)mailbox;
}

/* Facts of the mailbox. */
#define OXS_FACT_GUID 1
#define OXS_FACT_DISPLAY_NAME 2
#define OXS_FACT_SMTP_ADDRESS 3
#define OXS_FACT_LEGACY_DN 4
#define OXS_FACT_BAG 5
ox_status oxs_fact_get(oxs_txn *t, int key, ox_arena *arena, ox_bytes *out);
ox_status oxs_fact_set(oxs_txn *t, int key, ox_bytes value);

/* ---- item.c, attachment.c, stream.c ---- */

typedef struct oxs_item oxs_item;
typedef struct oxs_attachment oxs_attachment;

struct oxs_item {
  ox_item base;
  oxs_mailbox *mailbox;
  oxs_content *content;
  ox_arena row_arena; /* of row */
  oxs_row row;
  bool is_new, writable, closed; /* closed: saved without KeepOpen, or submitted */
  bool changed_row;              /* flags, importance or class changed */
  uint32_t codepage;
  oxs_attachment *attachment; /* embedded: the attachment handle it was opened through */
  unsigned depth;             /* 0 for stored messages */
  unsigned open_attachments;
};

struct oxs_attachment {
  ox_item_attachment base;
  oxs_mailbox *mailbox;
  oxs_item *item;
  ox_arena arena;
  oxs_attach attach; /* this handle's copy */
  bool is_new, writable, closed;
};

oxs_item *oxs_item_blank(oxs_mailbox *mailbox, ox_error *err);
ox_status oxs_item_writable(const oxs_item *item, ox_error *err);
ox_status oxs_item_set(oxs_item *item, const ox_property *property);
/* Stores an item in the transaction; what must happen in memory comes with oxs_item_saved. */
ox_status oxs_item_store(oxs_txn *t, oxs_item *item, bool force);
void oxs_item_saved(oxs_item *item, uint32_t flags);
/* Stores a new message from content; row->fid, kind, flags, delivery_time, created are the
 * caller's (0 for now where a time). */
ox_status oxs_message_create(oxs_txn *t, oxs_content *content, oxs_row *row);
ox_status oxs_item_new(oxs_mailbox *mailbox, int64_t fid, bool associated, uint32_t codepage,
                       oxs_item **out, ox_error *err);
ox_status oxs_item_load(oxs_mailbox *mailbox, int64_t fid, int64_t mid, uint32_t mode,
                        oxs_item **out, ox_error *err);
/* Properties that follow from others, before a save: display names, subject, flags. */
ox_status oxs_compute(oxs_content *content, oxs_row *row, ox_error *err);
ox_status oxs_set_subject(ox_propbag *bag, const ox_property *property);

/* @spec [MS-OXCDATA] 2.2.5.2 */
ox_status oxs_address_entry_id(ox_arena *arena, const char *legacy_dn, ox_bytes *out);

/* The bag behind an object, for streams and copies: NULL for folders and mailboxes. */
oxs_bag *oxs_object_bag(ox_object *object, ox_arena **arena_out);
void oxs_object_changed(ox_object *object, ox_proptag tag);
ox_status oxs_object_writable(ox_object *object, ox_error *err);
/* Sets one property of any object; folders and mailboxes at once. */
ox_status oxs_object_set_one(ox_object *object, const ox_property *property, ox_error *err);
ox_status oxs_problem(ox_problems *problems, size_t index, ox_proptag tag, ox_status status);

/* ---- view.c, sortkey.c ---- */

/* A cursor's place among the rows: before the row with this key, or at either end. */
typedef struct oxs_place {
  enum { OXS_PLACE_BEGIN, OXS_PLACE_AT, OXS_PLACE_END } where;
  int64_t number; /* key of native orders */
  ox_bytes key;   /* key of stored views */
  int64_t mid;
} oxs_place;

typedef enum oxs_order {
  OXS_ORDER_ID,
  OXS_ORDER_DELIVERY_ASCENDING,
  OXS_ORDER_DELIVERY_DESCENDING,
  OXS_ORDER_VIEW
} oxs_order;

typedef struct oxs_view {
  int64_t fid, kind;
  oxs_order order;
  int64_t view; /* OXS_ORDER_VIEW */
  ox_bytes spec;
  ox_filetime used; /* as found */
} oxs_view;

/* Chooses how rows are ordered; the spec is made in the arena. */
ox_status oxs_view_choose(int64_t fid, int64_t kind, const ox_sort_order_set *sort,
                          const ox_restriction *restriction, ox_arena *arena, oxs_view *out,
                          ox_error *err);
/* Finds the stored view; OX_E_NOT_FOUND when it has to be built. */
ox_status oxs_view_find(oxs_txn *t, oxs_view *view);
ox_status oxs_view_build(oxs_txn *t, oxs_view *view);
/* Keeps stored views of a folder right: after a message was written, before it goes away. */
ox_status oxs_views_put(oxs_txn *t, int64_t fid, int64_t kind, int64_t mid);
ox_status oxs_views_take(oxs_txn *t, int64_t fid, int64_t kind, int64_t mid);
ox_status oxs_views_drop(oxs_txn *t, int64_t fid);
ox_status oxs_view_count(oxs_txn *t, const oxs_view *view, int64_t *out);
/* Rows from a place on (forward: at or after it; backward: before it, nearest first). */
ox_status oxs_view_fetch(oxs_txn *t, const oxs_view *view, const oxs_place *place, bool forward,
                         int64_t offset, size_t limit, ox_arena *arena, oxs_place **out,
                         size_t *count_out);
ox_status oxs_view_rank(oxs_txn *t, const oxs_view *view, const oxs_place *place, int64_t *out);
/* Where a message stands in a view; OX_E_NOT_FOUND when it is not there. */
ox_status oxs_view_locate(oxs_txn *t, const oxs_view *view, int64_t mid, ox_arena *arena,
                          oxs_place *out);

/* Appends the memcmp-comparable key of one column; value NULL for an absent one. */
ox_status oxs_sort_key(ox_writer *w, ox_arena *scratch, uint16_t type, const ox_value *value,
                       bool descending);

/* ---- event.c ---- */

typedef struct oxs_happening {
  uint16_t type;
  bool is_message;
  int64_t fid, mid, parent, old_fid, old_mid, old_parent;
  uint32_t flags;
  int64_t total, unread; /* -1: not told */
  int64_t kind;          /* of the message */
  ox_bytes message_class;
} oxs_happening;

ox_status oxs_event(oxs_txn *t, const oxs_happening *happening);
ox_status oxs_message_event(oxs_txn *t, uint16_t type, const oxs_row *row);
ox_status oxs_event_last(oxs_txn *t, int64_t *seq_out);
void oxs_mailbox_events_close(oxs_mailbox *mailbox);
/* Called after a commit. */
void oxs_wake(oxs_database *database);

struct oxs_table;
/* For tables: fills a table event from a message event; *tell_out false when it is none of its
 * business. */
ox_status oxs_table_event(struct oxs_table *table, const oxs_happening *happening, ox_arena *arena,
                          ox_event *out, bool *tell_out, ox_error *err);
void oxs_table_unsubscribe(struct oxs_table *table);

/* ---- submit.c ---- */

/* Takes the marks away that a crash in the middle of a submit left. */
void oxs_recover_submits(oxs_database *database);

/* ---- transfer.c, delivery.c ---- */

/* ox_message to content, named properties mapped. */
ox_status oxs_content_from_message(oxs_txn *t, const ox_message *message, unsigned depth,
                                   oxs_content **out);
ox_status oxs_content_to_message(oxs_mailbox *mailbox, const oxs_content *content,
                                 const oxs_row *row, size_t inline_max_bytes, unsigned depth,
                                 ox_message **out, ox_error *err);
ox_status oxs_names_to_ids(oxs_txn *t, const ox_property_name *names, size_t count, bool create,
                           uint16_t *ids_out);
ox_status oxs_ids_to_names(oxs_txn *t, const uint16_t *ids, size_t count, ox_arena *arena,
                           ox_property_name *names_out);

/* ---- the provider's functions ---- */

#define OX_PROVIDER_FUNCTION(result, name, parameters) result oxs_##name parameters;
#include "provider_functions.h"

#endif
