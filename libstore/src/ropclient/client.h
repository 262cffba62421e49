/* Inside of the remote provider. Every function builds a batch in mailbox->batch, runs it and takes
 * what it needs before the next one begins. */
#ifndef OXKIT_STORE_ROPCLIENT_CLIENT_H
#define OXKIT_STORE_ROPCLIENT_CLIENT_H

#include <pthread.h>

#include <oxkit/ropcodec/properties.h>
#include <oxkit/ropcodec/ropbuffer.h>
#include <oxkit/ropcodec/ropsize.h>
#include <oxkit/ropcodec/rows.h>
#include <oxkit/store/rop_client.h>

#include "provider.h"

/** Releases that wait for the next request; more than that are sent at once. */
#define RC_RELEASES_MAX 32u
/** Bytes of one RopWriteStream, and of the values that travel in one RopSetProperties. */
#define RC_WRITE_BYTES 0x6000u
/** Longer values are written as streams. */
#define RC_INLINE_BYTES 0x2000u
/** Ids of one ROP. */
#define RC_IDS_MAX 3000u
/** Events that are kept until they are taken; older ones are dropped. */
#define RC_EVENTS_MAX 10000u

typedef struct rc_event {
  struct rc_event *next;
  ox_notify_response notify; /* what it points at is in the arena */
  ox_arena arena;
} rc_event;

typedef struct rc_table {
  ox_table base;
  uint32_t handle;
  bool contents;
  bool attachments;
  ox_subscription *subscription; /* closed by the application before or after the table */
  ox_bytes *bookmarks;           /* as the server gave them; number 3 + index; data NULL: free */
  size_t bookmark_count;
} rc_table;

typedef struct rc_subscription {
  ox_subscription base;
  uint32_t handle;
  rc_table *table; /* of table events; NULL when it is closed */
  bool of_table;
  struct rc_subscription *next;
} rc_subscription;

typedef struct rc_folder {
  ox_folder base;
  uint32_t handle;
} rc_folder;

/* A server releases what a message or attachment owns together with it, so both stay open there
 * while something under them (an attachment, an embedded message, a source) is in use. */
typedef struct rc_item {
  ox_item base;
  uint32_t handle;
  unsigned holds;    /* the application's, and one per thing under it */
  ox_object *parent; /* the attachment of an embedded message; NULL */
} rc_item;

typedef struct rc_attachment {
  ox_item_attachment base;
  uint32_t handle;
  unsigned holds;
  ox_object *parent; /* the message */
} rc_attachment;

typedef struct rc_stream {
  ox_stream base;
  uint32_t handle;
  bool dirty;
} rc_stream;

typedef struct rc_mailbox {
  ox_mailbox base;
  const ox_allocator *allocator;
  ox_rop_transport *transport;
  ox_rop_batch *batch;
  ox_arena scratch; /* of one batch */
  uint32_t logon_handle;
  uint32_t out_max_bytes;
  uint32_t timeout_ms;
  uint32_t releases[RC_RELEASES_MAX];
  size_t release_count;
  ox_mailbox_info info;
  char *display_name;
  char *legacy_dn;
  ox_id specials[OX_SPECIAL_COUNT];
  bool specials_known;

  rc_event *events;
  rc_event *last_event;
  size_t event_count;
  rc_subscription *subscriptions;

  pthread_mutex_t lock;
  pthread_cond_t answered;
  ox_call_id last_call;
  ox_call_id wait_call; /* 0: none */
  bool waiting;
  bool wait_cancelled;
} rc_mailbox;

extern const ox_provider rc_provider;

/* session.c */
/** Starts a batch: releases first. */
void rc_begin(rc_mailbox *mailbox);
/** Adds a request to the batch. */
ox_status rc_add(rc_mailbox *mailbox, const ox_rop_request *request, const ox_proptag *columns,
                 size_t column_count, size_t *position_out, ox_error *err);
/** Sends the batch and takes its answer; the status is that of the transport and the framing. */
ox_status rc_run(rc_mailbox *mailbox, ox_error *err);
/** The status of one request of the batch that was run, with its text in err. */
ox_status rc_status(rc_mailbox *mailbox, size_t position, ox_error *err);
/** The response to a request that succeeded. */
const ox_rop_response *rc_response(rc_mailbox *mailbox, size_t position);
/** A batch of one: begin must have been called before the request's indexes were made. */
ox_status rc_one(rc_mailbox *mailbox, const ox_rop_request *request, const ox_proptag *columns,
                 size_t column_count, const ox_rop_response **response_out, ox_error *err);
uint8_t rc_index(rc_mailbox *mailbox, uint32_t handle);
uint8_t rc_output(rc_mailbox *mailbox);
uint32_t rc_handle_at(rc_mailbox *mailbox, uint8_t index);
uint8_t rc_logon(rc_mailbox *mailbox);
/** Releases a server object with the next batch. */
void rc_release(rc_mailbox *mailbox, uint32_t handle);
/** Remembers the notifications of the last batch. */
void rc_take_notifications(rc_mailbox *mailbox);

static inline rc_mailbox *rc_of(ox_mailbox *mailbox) {
  return (rc_mailbox *)mailbox;
}
static inline rc_mailbox *rc_of_object(ox_object *object) {
  return (rc_mailbox *)object->mailbox;
}
uint32_t rc_object_handle(const ox_object *object);
void rc_init_object(rc_mailbox *mailbox, ox_object *object, uint32_t kind);
/** Keeps a message or attachment open, and lets it go: the last release closes it. Other kinds of
 *  objects are left alone. */
void rc_hold(ox_object *object);
void rc_let_go(ox_object *object);

/* property.c */
/** Appends problems with their index moved to `indexes[problem.index]` (or + base). */
ox_status rc_add_problems(ox_problems *problems, const ox_property_problem *items, size_t count,
                          const uint16_t *indexes);
/** Reads one value through a stream. OX_E_NOT_ENOUGH_MEMORY when it is longer than max_bytes. */
ox_status rc_read_value(rc_mailbox *mailbox, uint32_t handle, ox_proptag tag, size_t max_bytes,
                        ox_arena *arena, ox_value *out, ox_error *err);
/** Rows of a response, in the caller's arena; errors normalised. */
ox_status rc_rows(ox_bytes rows, const ox_proptag *columns, size_t column_count, size_t row_count,
                  ox_arena *arena, ox_property **out, ox_error *err);
ox_status rc_object_query_names(ox_object *object, uint32_t flags, const ox_guid *set,
                                ox_arena *arena, uint16_t **ids_out, ox_property_name **names_out,
                                size_t *count_out, ox_error *err);
ox_status rc_object_get(ox_object *object, const ox_proptag *tags, size_t count,
                        size_t max_value_bytes, ox_arena *arena, ox_property *out, ox_error *err);
ox_status rc_object_get_all(ox_object *object, size_t max_value_bytes, ox_arena *arena,
                            ox_property **out, size_t *count_out, ox_error *err);
ox_status rc_object_list(ox_object *object, ox_arena *arena, ox_proptag **tags_out,
                         size_t *count_out, ox_error *err);
ox_status rc_object_set(ox_object *object, const ox_property *properties, size_t count,
                        ox_problems *problems, ox_error *err);
ox_status rc_object_delete(ox_object *object, const ox_proptag *tags, size_t count,
                           ox_problems *problems, ox_error *err);
ox_status rc_object_copy_to(ox_object *source, ox_object *destination, uint32_t flags,
                            bool subobjects, const ox_proptag *excluded, size_t count,
                            ox_problems *problems, ox_error *err);
ox_status rc_object_copy_properties(ox_object *source, ox_object *destination, uint32_t flags,
                                    const ox_proptag *tags, size_t count, ox_problems *problems,
                                    ox_error *err);

/* store.c */
ox_status rc_get_info(ox_mailbox *mailbox, ox_mailbox_info *out, ox_error *err);
ox_status rc_special_folder(ox_mailbox *mailbox, uint32_t special, ox_id *id_out, ox_error *err);
ox_status rc_get_receive_folder(ox_mailbox *mailbox, const char *message_class, ox_arena *arena,
                                ox_id *folder_id_out, const char **explicit_class_out,
                                ox_error *err);
ox_status rc_set_receive_folder(ox_mailbox *mailbox, const char *message_class, ox_id folder_id,
                                ox_error *err);
ox_status rc_receive_folders(ox_mailbox *mailbox, ox_arena *arena, ox_receive_folder **rows_out,
                             size_t *count_out, ox_error *err);
ox_status rc_long_term_id(ox_mailbox *mailbox, ox_id id, ox_long_term_id *out, ox_error *err);
ox_status rc_id_from_long_term(ox_mailbox *mailbox, const ox_long_term_id *long_term_id,
                               ox_id *id_out, ox_error *err);
ox_status rc_reserve_ids(ox_mailbox *mailbox, uint32_t count, ox_guid *replguid_out,
                         uint8_t first_counter_out[6], ox_error *err);
ox_status rc_names_to_ids(ox_mailbox *mailbox, const ox_property_name *names, size_t count,
                          bool create, uint16_t *ids_out, ox_error *err);
ox_status rc_ids_to_names(ox_mailbox *mailbox, const uint16_t *ids, size_t count, ox_arena *arena,
                          ox_property_name *names_out, ox_error *err);

/* folder.c */
ox_status rc_folder_open(ox_mailbox *mailbox, ox_id id, uint32_t flags, ox_folder **out,
                         ox_error *err);
void rc_folder_close(ox_folder *folder);
ox_status rc_folder_create(ox_folder *parent, const ox_folder_create_options *options,
                           ox_folder **out, bool *existed_out, ox_error *err);
ox_status rc_folder_delete(ox_folder *parent, ox_id id, uint32_t flags, bool *partial_out,
                           ox_error *err);
ox_status rc_folder_empty(ox_folder *folder, uint32_t flags, bool *partial_out, ox_error *err);
ox_status rc_folder_move(ox_folder *parent, ox_id id, ox_folder *new_parent, const char *new_name,
                         bool *partial_out, ox_error *err);
ox_status rc_folder_copy(ox_folder *parent, ox_id id, ox_folder *new_parent, const char *new_name,
                         bool recursive, bool *partial_out, ox_error *err);
ox_status rc_folder_hierarchy(ox_folder *folder, uint32_t flags, ox_table **out,
                              uint32_t *row_count_out, ox_error *err);
ox_status rc_folder_contents(ox_folder *folder, uint32_t flags, ox_table **out,
                             uint32_t *row_count_out, ox_error *err);
ox_status rc_folder_delete_messages(ox_folder *folder, const ox_id *ids, size_t count,
                                    uint32_t flags, bool *partial_out, ox_error *err);
ox_status rc_folder_move_messages(ox_folder *source, ox_folder *destination, const ox_id *ids,
                                  size_t count, bool copy, ox_id *new_ids_out, bool *partial_out,
                                  ox_error *err);
ox_status rc_folder_set_read_flags(ox_folder *folder, const ox_id *ids, size_t count,
                                   uint32_t flags, bool *partial_out, ox_error *err);
ox_status rc_folder_set_message_status(ox_folder *folder, ox_id id, uint32_t status, uint32_t mask,
                                       uint32_t *old_status_out, ox_error *err);
ox_status rc_folder_get_message_status(ox_folder *folder, ox_id id, uint32_t *status_out,
                                       ox_error *err);

/* item.c */
ox_status rc_item_open(ox_mailbox *mailbox, ox_id folder_id, ox_id id, uint32_t mode, ox_item **out,
                       ox_error *err);
ox_status rc_item_create(ox_folder *folder, bool associated, uint32_t codepage, ox_item **out,
                         ox_error *err);
void rc_item_close(ox_item *item);
ox_status rc_item_save(ox_item *item, uint32_t flags, ox_id *id_out, ox_error *err);
ox_status rc_item_recipients(ox_item *item, uint32_t first_row_id, size_t max_count,
                             ox_arena *arena, ox_recipient **out, size_t *count_out, ox_error *err);
/** Fills a RopModifyRecipients request with `count` changes; arrays in mailbox->scratch. */
ox_status rc_recipient_request(rc_mailbox *mailbox, const ox_recipient_change *changes,
                               size_t count, ox_rop_request *out);
ox_status rc_item_modify_recipients(ox_item *item, const ox_recipient_change *changes, size_t count,
                                    ox_error *err);
ox_status rc_item_remove_recipients(ox_item *item, ox_error *err);
ox_status rc_item_set_read_flag(ox_item *item, uint32_t flags, bool *changed_out, ox_error *err);
ox_status rc_item_submit(ox_item *item, uint32_t flags, ox_error *err);
ox_status rc_abort_submit(ox_mailbox *mailbox, ox_id folder_id, ox_id id, ox_error *err);
ox_status rc_attachment_open(ox_item *item, uint32_t number, uint32_t mode,
                             ox_item_attachment **out, ox_error *err);
ox_status rc_attachment_create(ox_item *item, ox_item_attachment **out, uint32_t *number_out,
                               ox_error *err);
void rc_attachment_close(ox_item_attachment *attachment);
ox_status rc_attachment_save(ox_item_attachment *attachment, uint32_t flags, ox_error *err);
ox_status rc_attachment_delete(ox_item *item, uint32_t number, ox_error *err);
ox_status rc_item_attachments(ox_item *item, uint32_t flags, ox_table **out, ox_error *err);
ox_status rc_item_attachment_numbers(ox_item *item, ox_arena *arena, uint32_t **numbers_out,
                                     size_t *count_out, ox_error *err);
ox_status rc_attachment_open_embedded(ox_item_attachment *attachment, uint32_t mode, ox_item **out,
                                      ox_error *err);

/* whole.c */
ox_status rc_folder_import(ox_folder *folder, const ox_message *message, uint32_t flags,
                           ox_id *id_out, ox_error *err);
ox_status rc_item_export(ox_item *item, size_t inline_max_bytes, ox_message **out, ox_error *err);

/* stream.c */
ox_status rc_stream_open(ox_object *object, ox_proptag tag, uint32_t mode, ox_stream **out,
                         uint64_t *size_out, ox_error *err);
void rc_stream_close(ox_stream *stream);
ox_status rc_stream_read(ox_stream *stream, void *buffer, size_t capacity_bytes, size_t *size_out,
                         ox_error *err);
ox_status rc_stream_write(ox_stream *stream, const void *data, size_t size_bytes, ox_error *err);
ox_status rc_stream_seek(ox_stream *stream, uint32_t origin, int64_t offset, uint64_t *position_out,
                         ox_error *err);
ox_status rc_stream_size(ox_stream *stream, uint64_t *size_out, ox_error *err);
ox_status rc_stream_set_size(ox_stream *stream, uint64_t size_bytes, ox_error *err);
ox_status rc_stream_commit(ox_stream *stream, ox_error *err);
ox_status rc_stream_copy(ox_stream *source, ox_stream *destination, uint64_t size_bytes,
                         uint64_t *read_out, uint64_t *written_out, ox_error *err);
ox_status rc_stream_clone(ox_stream *stream, ox_stream **out, ox_error *err);

/* table.c */
ox_status rc_table_new(rc_mailbox *mailbox, uint32_t handle, rc_table **out, ox_error *err);
void rc_table_close(ox_table *table);
ox_status rc_table_set_columns(ox_table *table, const ox_proptag *columns, size_t count,
                               ox_error *err);
ox_status rc_table_sort(ox_table *table, const ox_sort_order_set *sort, ox_error *err);
ox_status rc_table_restrict(ox_table *table, const ox_restriction *restriction, ox_error *err);
ox_status rc_table_query_rows(ox_table *table, uint32_t flags, bool forward, size_t max_count,
                              ox_arena *arena, ox_property **rows_out, size_t *row_count_out,
                              uint32_t *origin_out, ox_error *err);
ox_status rc_table_position(ox_table *table, uint32_t *numerator_out, uint32_t *denominator_out,
                            ox_error *err);
ox_status rc_table_row_count(ox_table *table, uint32_t *count_out, ox_error *err);
ox_status rc_table_seek(ox_table *table, uint32_t bookmark, int32_t rows, int32_t *sought_out,
                        bool *moved_out, ox_error *err);
ox_status rc_table_seek_fractional(ox_table *table, uint32_t numerator, uint32_t denominator,
                                   ox_error *err);
ox_status rc_table_find_row(ox_table *table, const ox_restriction *restriction, uint32_t bookmark,
                            bool backward, ox_arena *arena, ox_property **row_out, bool *moved_out,
                            ox_error *err);
ox_status rc_table_create_bookmark(ox_table *table, uint32_t *bookmark_out, ox_error *err);
ox_status rc_table_free_bookmark(ox_table *table, uint32_t bookmark, ox_error *err);
ox_status rc_table_all_columns(ox_table *table, ox_arena *arena, ox_proptag **tags_out,
                               size_t *count_out, ox_error *err);
ox_status rc_table_reset(ox_table *table, ox_error *err);

/* events.c */
ox_status rc_subscribe(ox_mailbox *mailbox, uint16_t mask, ox_id folder_id, ox_id message_id,
                       ox_subscription **out, ox_error *err);
ox_status rc_table_subscribe(ox_table *table, ox_subscription **out, ox_error *err);
void rc_subscription_close(ox_subscription *subscription);
ox_status rc_wait(ox_mailbox *mailbox, uint32_t timeout_ms, bool *pending_out, ox_error *err);
void rc_cancel_wait(ox_mailbox *mailbox);
ox_status rc_next_event(ox_mailbox *mailbox, ox_arena *arena, ox_event *out, ox_error *err);
ox_status rc_set_wakeup(ox_mailbox *mailbox, ox_mailbox_wakeup wakeup, void *user, ox_error *err);
void rc_drop_events(rc_mailbox *mailbox);

#endif
