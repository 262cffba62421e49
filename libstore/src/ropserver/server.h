/* Inside of the ROP server. One session is one Connect; it holds logons and the objects that were
 * opened through them; every object is one server object of [MS-OXCROPS] 1.3.1. */
#ifndef OXKIT_STORE_ROPSERVER_SERVER_H
#define OXKIT_STORE_ROPSERVER_SERVER_H

#include <pthread.h>

#include <oxkit/ropcodec/properties.h>
#include <oxkit/ropcodec/rops.h>
#include <oxkit/ropcodec/ropsize.h>
#include <oxkit/store/rop_server.h>

/* Kinds of server objects: bits, so that a ROP can name those that it works on. */
#define RS_LOGON 0x01u
#define RS_FOLDER 0x02u
#define RS_MESSAGE 0x04u
#define RS_ATTACHMENT 0x08u
#define RS_STREAM 0x10u
#define RS_TABLE 0x20u
#define RS_SUBSCRIPTION 0x40u
#define RS_KIND_COUNT 7u
/** Objects with properties. */
#define RS_PROPERTIED (RS_LOGON | RS_FOLDER | RS_MESSAGE | RS_ATTACHMENT)

/* What a table shows. */
#define RS_TABLE_CONTENTS 1u
#define RS_TABLE_HIERARCHY 2u
#define RS_TABLE_ATTACHMENTS 3u

typedef struct rs_server rs_server;
typedef struct rs_session rs_session;
typedef struct rs_object rs_object;

struct rs_object {
  uint32_t handle;
  uint32_t kind; /* one RS_* */
  uint8_t logon_id;
  rs_object *owner; /* released with it; NULL for a logon */
  rs_object *logon; /* itself for a logon */
  union {
    struct {
      ox_mailbox *mailbox;
      ox_guid mailbox_guid;
      uint32_t open_flags;
    } logon;
    ox_folder *folder;
    struct {
      ox_item *item;
      bool embedded;
      bool read_only;
      ox_proptag *recipient_columns; /* as the client was told, or told us */
      uint16_t recipient_column_count;
    } message;
    struct {
      ox_item_attachment *attachment;
      bool read_only;
    } attachment;
    ox_stream *stream;
    struct {
      ox_table *table;
      ox_subscription *subscription; /* for TableModified events; NULL until the view exists */
      uint32_t shows;                /* RS_TABLE_* */
      uint32_t flags;                /* TableFlags */
    } table;
    ox_subscription *subscription;
  } u;
};

/* A wait of the session that has not been answered. */
typedef struct rs_wait {
  bool active;
  bool cancelled;
  ox_call_id call;
  uint64_t deadline_ms;
  ox_rop_wait_done done;
  void *user;
} rs_wait;

#define RS_REDIRECTS_MAX 5u

struct rs_session {
  rs_server *server;
  rs_session *next;
  rs_session *previous;
  char *user;
  char *dn_prefix;
  char *display_name;
  ox_guid principal_guid;
  ox_guid principal_mailbox_guid;
  uint32_t codepage;
  uint32_t lcid;
  ox_rop_connect_response response;

  rs_object **objects; /* sorted by handle, which only grows */
  size_t object_count;
  size_t object_capacity;
  size_t kind_counts[RS_KIND_COUNT];
  uint32_t next_handle;
  rs_object *logons[256];
  uint64_t redirects_ms[RS_REDIRECTS_MAX]; /* of the last logons to mailboxes that live elsewhere */

  /* A RopNotify response, already encoded, that did not fit into the last output buffer. */
  uint8_t *held;
  size_t held_bytes;

  /* Under server->lock. */
  bool busy;       /* an execute, a check for events or the end of the session is running */
  bool woken;      /* an event may have come since the last check */
  bool has_events; /* known: there is something that an execute would fetch */
  rs_wait wait;
  bool answering; /* the callback of a wait is running, on this thread: */
  pthread_t answerer;
};

struct rs_server {
  ox_rop_processor base;
  const ox_allocator *allocator;
  ox_store *store;
  ox_principals *principals;
  ox_outbound *outbound;
  char *server_name;
  uint32_t max_sessions;
  uint32_t max_objects[RS_KIND_COUNT];
  void (*trace)(void *user, const ox_rop_server_trace *step);
  void *trace_user;

  pthread_mutex_t lock;
  pthread_cond_t changed; /* something under the lock did */
  pthread_t dispatcher;
  bool stop;
  rs_session *sessions;
  uint32_t session_count;
};

/* One ROP while it is executed. */
typedef struct rs_call {
  rs_server *server;
  rs_session *session;
  ox_arena *arena;   /* of the execute; lives until its answer has been taken */
  ox_arena *scratch; /* reset after each ROP */
  const ox_rop_request *request;
  ox_rop_response *response; /* cleared; a handler fills the success fields */
  rs_object *logon;          /* of the LogonId; NULL only for RopLogon */
  rs_object *object;         /* the input object; NULL only for RopLogon */
  uint32_t *handles;         /* the handle table of the buffer */
  size_t handle_count;
  size_t room_bytes; /* what the response may take, RopId included */
  ox_error *err;

  rs_object *created; /* set by a handler: gets its handle when the response fits */
  bool stop;          /* later ROPs of the buffer are not executed */
  bool redirect;      /* RopLogon answers with the redirect form */
  const char *redirect_server;
  bool partial; /* PartialCompletion of a failure form */
} rs_call;

/** Executes one ROP: fills call->response (and call->created) or says why not. A warning counts as
 *  success and goes into ReturnValue. */
typedef ox_status (*rs_handler)(rs_call *call);

/* How much a response can take. */
#define RS_SIZE_ANY 0xFFFFu /* the handler minds call->room_bytes, or only reads */

typedef struct rs_rop {
  uint8_t rop_id;
  uint8_t input_at;            /* byte of the request with the input's handle index; 0: has none */
  uint8_t output_at;           /* ... with the index for a new object; 0: makes none */
  uint8_t response_at;         /* ... with the index that the response repeats */
  uint8_t kinds;               /* of input objects that it works on */
  uint16_t max_response_bytes; /* or RS_SIZE_ANY */
  bool wrong_kind_is_null;     /* another kind is ecNullObject, else ecNotSupported */
  rs_handler handler;          /* NULL: the server does not implement it */
} rs_rop;

/** The dispatch table's row, NULL for a reserved number. */
const rs_rop *rs_rop_find(uint8_t rop_id);

/* session.c */
uint64_t rs_now_ms(void);
/** The object behind a handle table entry, or OX_E_NULL_OBJECT, OX_E_INVALID_OBJECT,
 *  OX_E_ACCESS_DENIED (another logon's). @spec [MS-OXCROPS] 3.2.5.4 */
ox_status rs_session_lookup(rs_session *session, uint32_t handle, uint8_t logon_id,
                            rs_object **out);
/** An object that is not in the table yet; the caller fills `u`. OX_E_NO_MEMORY or the limit. */
ox_status rs_object_new(rs_call *call, uint32_t kind, rs_object *owner, rs_object **out);
/** Whether one more of a kind may be opened. */
ox_status rs_session_check_limit(rs_session *session, uint32_t kind);
/** Puts an object into the table and gives it its handle. On failure the object is freed. */
ox_status rs_session_add(rs_session *session, rs_object *object);
/** Frees an object that rs_session_add never saw. */
void rs_object_discard(rs_session *session, rs_object *object);
/** Takes the object and all that it owns out of the table and frees them. */
void rs_session_release(rs_session *session, rs_object *object);
void rs_session_release_all(rs_session *session);
/** The object of the mailbox API behind a server object that has properties. */
ox_object *rs_object_properties(const rs_object *object);
ox_mailbox *rs_object_mailbox(const rs_object *object);

/* message.c */
/** What opening a message tells about it; the same in three responses. */
typedef struct rs_summary {
  bool has_named_properties;
  ox_typed_string subject_prefix;
  ox_typed_string normalized_subject;
  uint16_t recipient_count;
  uint16_t column_count;
  ox_proptag *recipient_columns;
  uint8_t row_count;
  ox_open_recipient_row *recipient_rows;
} rs_summary;
/** Fills the summary, with as many recipients as call->room_bytes lets. Remembers the columns in
 *  the object. */
ox_status rs_message_summary(rs_call *call, rs_object *message, rs_summary *out);
/** Copies it into a response. */
#define RS_PUT_SUMMARY(response, summary)                               \
  do {                                                                  \
    (response)->has_named_properties = (summary)->has_named_properties; \
    (response)->subject_prefix = (summary)->subject_prefix;             \
    (response)->normalized_subject = (summary)->normalized_subject;     \
    (response)->recipient_count = (summary)->recipient_count;           \
    (response)->column_count = (summary)->column_count;                 \
    (response)->recipient_columns = (summary)->recipient_columns;       \
    (response)->row_count = (summary)->row_count;                       \
    (response)->recipient_rows = (summary)->recipient_rows;             \
  } while (0)

/* execute.c */
typedef struct rs_execution {
  ox_arena arena;
  ox_arena scratch;
  ox_bytes *outputs;
  size_t output_count;
} rs_execution;
void rs_execution_init(rs_execution *execution, const ox_allocator *allocator);
void rs_execution_dispose(rs_execution *execution);
/** Runs one ROP input buffer. `session` is busy for this thread. */
ox_status rs_execute(rs_session *session, ox_bytes rop_input, uint32_t out_max_bytes, bool chain,
                     rs_execution *execution, ox_error *err);

/* notify.c */
/** True when a notification waits; fetches at most one. */
bool rs_session_pending(rs_session *session);
/** Appends RopNotify responses while they fit, and RopPending when some are left. */
ox_status rs_notify_append(rs_session *session, ox_writer *w, ox_arena *scratch);
/** Asks for the table's events unless the client did not want them. */
void rs_table_view(rs_object *table);

/* dispatcher.c */
void *rs_dispatcher_main(void *server);
void rs_session_wakeup(void *session);
/** Takes the wait out and answers it; server->lock held, dropped while the callback runs. */
void rs_wait_answer(rs_server *server, rs_session *session, ox_status status, bool pending);

/* Handlers, one file per specification. */
ox_status rs_logon(rs_call *call); /* logon.c */
ox_status rs_get_receive_folder(rs_call *call);
ox_status rs_set_receive_folder(rs_call *call);
ox_status rs_get_receive_folder_table(rs_call *call);
ox_status rs_get_store_state(rs_call *call);
ox_status rs_get_owning_servers(rs_call *call);
ox_status rs_public_folder_is_ghosted(rs_call *call);
ox_status rs_long_term_id_from_id(rs_call *call);
ox_status rs_id_from_long_term_id(rs_call *call);
ox_status rs_get_local_replica_ids(rs_call *call);

ox_status rs_open_folder(rs_call *call); /* folder.c */
ox_status rs_create_folder(rs_call *call);
ox_status rs_delete_folder(rs_call *call);
ox_status rs_empty_folder(rs_call *call);
ox_status rs_hard_delete_messages_and_subfolders(rs_call *call);
ox_status rs_move_folder(rs_call *call);
ox_status rs_copy_folder(rs_call *call);
ox_status rs_move_copy_messages(rs_call *call);
ox_status rs_delete_messages(rs_call *call);
ox_status rs_hard_delete_messages(rs_call *call);
ox_status rs_get_hierarchy_table(rs_call *call);
ox_status rs_get_contents_table(rs_call *call);

ox_status rs_open_message(rs_call *call); /* message.c */
ox_status rs_create_message(rs_call *call);
ox_status rs_save_changes_message(rs_call *call);
ox_status rs_remove_all_recipients(rs_call *call);
ox_status rs_modify_recipients(rs_call *call);
ox_status rs_read_recipients(rs_call *call);
ox_status rs_reload_cached_information(rs_call *call);
ox_status rs_set_message_status(rs_call *call);
ox_status rs_get_message_status(rs_call *call);
ox_status rs_set_read_flags(rs_call *call);
ox_status rs_set_message_read_flag(rs_call *call);

ox_status rs_open_attachment(rs_call *call); /* attachment.c */
ox_status rs_create_attachment(rs_call *call);
ox_status rs_delete_attachment(rs_call *call);
ox_status rs_save_changes_attachment(rs_call *call);
ox_status rs_open_embedded_message(rs_call *call);
ox_status rs_get_attachment_table(rs_call *call);
ox_status rs_get_valid_attachments(rs_call *call);

ox_status rs_get_properties_specific(rs_call *call); /* property.c */
ox_status rs_get_properties_all(rs_call *call);
ox_status rs_get_properties_list(rs_call *call);
ox_status rs_set_properties(rs_call *call);
ox_status rs_delete_properties(rs_call *call);
ox_status rs_set_properties_no_replicate(rs_call *call);
ox_status rs_delete_properties_no_replicate(rs_call *call);
ox_status rs_query_named_properties(rs_call *call);
ox_status rs_copy_properties(rs_call *call);
ox_status rs_copy_to(rs_call *call);
ox_status rs_get_property_ids_from_names(rs_call *call);
ox_status rs_get_names_from_property_ids(rs_call *call);
ox_status rs_progress(rs_call *call);

ox_status rs_open_stream(rs_call *call); /* stream.c */
ox_status rs_read_stream(rs_call *call);
ox_status rs_write_stream(rs_call *call);
ox_status rs_write_stream_extended(rs_call *call);
ox_status rs_write_and_commit_stream(rs_call *call);
ox_status rs_commit_stream(rs_call *call);
ox_status rs_get_stream_size(rs_call *call);
ox_status rs_set_stream_size(rs_call *call);
ox_status rs_seek_stream(rs_call *call);
ox_status rs_copy_to_stream(rs_call *call);
ox_status rs_clone_stream(rs_call *call);

ox_status rs_set_columns(rs_call *call); /* table.c */
ox_status rs_sort_table(rs_call *call);
ox_status rs_restrict(rs_call *call);
ox_status rs_query_rows(rs_call *call);
ox_status rs_abort(rs_call *call);
ox_status rs_get_status(rs_call *call);
ox_status rs_query_position(rs_call *call);
ox_status rs_seek_row(rs_call *call);
ox_status rs_seek_row_bookmark(rs_call *call);
ox_status rs_seek_row_fractional(rs_call *call);
ox_status rs_create_bookmark(rs_call *call);
ox_status rs_free_bookmark(rs_call *call);
ox_status rs_query_columns_all(rs_call *call);
ox_status rs_find_row(rs_call *call);
ox_status rs_reset_table(rs_call *call);

ox_status rs_register_notification(rs_call *call); /* notify.c */

ox_status rs_submit_message(rs_call *call); /* submit.c */
ox_status rs_abort_submit(rs_call *call);
ox_status rs_transport_send(rs_call *call);
ox_status rs_get_address_types(rs_call *call);
ox_status rs_options_data(rs_call *call);
ox_status rs_get_transport_folder(rs_call *call);
ox_status rs_set_spooler(rs_call *call);

#endif
