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

/* item.c */
/** Fills a RopModifyRecipients request with `count` changes; arrays in mailbox->scratch. */
ox_status rc_recipient_request(rc_mailbox *mailbox, const ox_recipient_change *changes,
                               size_t count, ox_rop_request *out);

/* table.c */
ox_status rc_table_new(rc_mailbox *mailbox, uint32_t handle, rc_table **out, ox_error *err);

/* events.c */
void rc_drop_events(rc_mailbox *mailbox);

/* The provider's functions. */
#define OX_PROVIDER_FUNCTION(result, name, parameters) result rc_##name parameters;
#include "provider_functions.h"

#endif
