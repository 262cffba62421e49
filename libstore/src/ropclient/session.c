/* The session of a remote mailbox: logon, round trips, releases. */
#include <string.h>
#include <time.h>

#include "client.h"

/** How often a request is sent again after RopBackoff or RopBufferTooSmall without progress. */
#define RETRIES_MAX 8u
/** Longest pause that a server may ask for. */
#define BACKOFF_MAX_MS 10000u

static uint64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

uint8_t rc_index(rc_mailbox *mailbox, uint32_t handle) {
  return ox_rop_batch_handle(mailbox->batch, handle);
}

uint8_t rc_output(rc_mailbox *mailbox) {
  return ox_rop_batch_output(mailbox->batch);
}

uint8_t rc_logon(rc_mailbox *mailbox) {
  return rc_index(mailbox, mailbox->logon_handle);
}

uint32_t rc_handle_at(rc_mailbox *mailbox, uint8_t index) {
  return ox_rop_batch_handle_at(mailbox->batch, index);
}

void rc_begin(rc_mailbox *mailbox) {
  ox_rop_batch_reset(mailbox->batch);
  ox_arena_reset(&mailbox->scratch);
  for (size_t i = 0; i < mailbox->release_count; i++) {
    ox_rop_request request = {.rop_id = OX_ROP_RELEASE};
    request.u.release.input_handle_index = rc_index(mailbox, mailbox->releases[i]);
    /* A release that does not get through costs the server memory until the session ends. */
    if (ox_failed(ox_rop_batch_add(mailbox->batch, &request, NULL, 0, NULL, NULL))) break;
  }
  mailbox->release_count = 0;
}

void rc_release(rc_mailbox *mailbox, uint32_t handle) {
  if (handle == OX_ROP_HANDLE_NONE) return;
  if (mailbox->release_count == RC_RELEASES_MAX) {
    rc_begin(mailbox);
    ox_status ignored = rc_run(mailbox, NULL);
    (void)ignored;
  }
  mailbox->releases[mailbox->release_count++] = handle;
}

ox_status rc_add(rc_mailbox *mailbox, const ox_rop_request *request, const ox_proptag *columns,
                 size_t column_count, size_t *position_out, ox_error *err) {
  return ox_rop_batch_add(mailbox->batch, request, columns, column_count, position_out, err);
}

/* One Execute: its result is fed to the batch where it arrives. */
typedef struct exchange {
  rc_mailbox *mailbox;
  bool answered;
  ox_status status;
  ox_error err;
} exchange;

static void execute_done(void *user, ox_status status, const ox_bytes *outputs, size_t output_count,
                         const ox_error *err) {
  exchange *state = user;
  rc_mailbox *mailbox = state->mailbox;
  if (ox_failed(status)) {
    state->status = status;
    if (err != NULL)
      state->err = *err;
    else
      (void)ox_error_set(&state->err, status, NULL);
  } else {
    state->status = ox_rop_batch_feed(mailbox->batch, outputs, output_count, &state->err);
  }
  pthread_mutex_lock(&mailbox->lock);
  state->answered = true;
  pthread_cond_broadcast(&mailbox->answered);
  pthread_mutex_unlock(&mailbox->lock);
}

static ox_status exchange_once(rc_mailbox *mailbox, uint32_t out_max_bytes, ox_error *err) {
  ox_bytes input;
  ox_status status = ox_rop_batch_input(mailbox->batch, &input, err);
  if (ox_failed(status)) return status;
  exchange state = {.mailbox = mailbox};
  pthread_mutex_lock(&mailbox->lock);
  ox_call_id call = ++mailbox->last_call;
  pthread_mutex_unlock(&mailbox->lock);
  status = mailbox->transport->execute(mailbox->transport, call, input, out_max_bytes,
                                       now_ms() + mailbox->timeout_ms, execute_done, &state, err);
  if (ox_failed(status)) return status;
  pthread_mutex_lock(&mailbox->lock);
  while (!state.answered) pthread_cond_wait(&mailbox->answered, &mailbox->lock);
  pthread_mutex_unlock(&mailbox->lock);
  if (ox_failed(state.status) && err != NULL) *err = state.err;
  return state.status;
}

ox_status rc_run(rc_mailbox *mailbox, ox_error *err) {
  uint32_t out_max_bytes = mailbox->out_max_bytes;
  uint64_t deadline_ms = now_ms() + mailbox->timeout_ms; /* of all pauses together */
  ox_status status = OX_E_AGAIN;
  for (unsigned tries = 0; status == OX_E_AGAIN && tries < RETRIES_MAX; tries++) {
    status = exchange_once(mailbox, out_max_bytes, err);
    if (status != OX_E_AGAIN && ox_failed(status)) return status;
    rc_take_notifications(mailbox);
    if (status != OX_E_AGAIN) break;
    uint32_t wanted = 0, delay_ms = 0;
    ox_rop_batch_retry(mailbox->batch, &wanted, &delay_ms);
    if (wanted > out_max_bytes) out_max_bytes = wanted;
    if (delay_ms > BACKOFF_MAX_MS) delay_ms = BACKOFF_MAX_MS;
    if (delay_ms > 0 && now_ms() + delay_ms > deadline_ms) break;
    if (delay_ms > 0) {
      struct timespec pause = {.tv_sec = delay_ms / 1000u,
                               .tv_nsec = (long)(delay_ms % 1000u) * 1000000L};
      nanosleep(&pause, NULL);
    }
  }
  if (status == OX_E_AGAIN)
    return ox_error_set(err, OX_E_TIMEOUT, "The server did not take the requests.");
  return OX_OK;
}

ox_status rc_status(rc_mailbox *mailbox, size_t position, ox_error *err) {
  ox_status status = ox_rop_batch_status(mailbox->batch, position);
  return status == OX_OK ? OX_OK : ox_error_set(err, status, NULL);
}

const ox_rop_response *rc_response(rc_mailbox *mailbox, size_t position) {
  return ox_rop_batch_response(mailbox->batch, position, 0);
}

ox_status rc_one(rc_mailbox *mailbox, const ox_rop_request *request, const ox_proptag *columns,
                 size_t column_count, const ox_rop_response **response_out, ox_error *err) {
  size_t position = 0;
  ox_status status = rc_add(mailbox, request, columns, column_count, &position, err);
  if (!ox_failed(status)) status = rc_run(mailbox, err);
  if (ox_failed(status)) return status;
  if (response_out != NULL) *response_out = rc_response(mailbox, position);
  return rc_status(mailbox, position, err);
}

uint32_t rc_object_handle(const ox_object *object) {
  switch (object->kind) {
    case OX_OBJECT_MAILBOX: return ((const rc_mailbox *)object)->logon_handle;
    case OX_OBJECT_FOLDER: return ((const rc_folder *)object)->handle;
    case OX_OBJECT_MESSAGE: return ((const rc_item *)object)->handle;
    default: return ((const rc_attachment *)object)->handle;
  }
}

void rc_init_object(rc_mailbox *mailbox, ox_object *object, uint32_t kind) {
  object->provider = &rc_provider;
  object->mailbox = &mailbox->base;
  object->kind = kind;
}

void rc_hold(ox_object *object) {
  if (object->kind == OX_OBJECT_MESSAGE) ((rc_item *)object)->holds++;
  if (object->kind == OX_OBJECT_ATTACHMENT) ((rc_attachment *)object)->holds++;
}

void rc_let_go(ox_object *object) {
  while (object != NULL) {
    unsigned *holds;
    ox_object *parent;
    if (object->kind == OX_OBJECT_MESSAGE) {
      holds = &((rc_item *)object)->holds;
      parent = ((rc_item *)object)->parent;
    } else if (object->kind == OX_OBJECT_ATTACHMENT) {
      holds = &((rc_attachment *)object)->holds;
      parent = ((rc_attachment *)object)->parent;
    } else {
      return;
    }
    if (--*holds > 0) return;
    rc_mailbox *mailbox = rc_of_object(object);
    rc_release(mailbox, rc_object_handle(object));
    ox_free(mailbox->allocator, object);
    object = parent;
  }
}

static char *copy_text(const ox_allocator *allocator, const char *text) {
  size_t size = strlen(text) + 1;
  char *copy = ox_malloc(allocator, size);
  if (copy != NULL) memcpy(copy, text, size);
  return copy;
}

static void free_mailbox(rc_mailbox *mailbox) {
  rc_drop_events(mailbox);
  ox_rop_batch_free(mailbox->batch);
  ox_arena_dispose(&mailbox->scratch);
  ox_free(mailbox->allocator, mailbox->display_name);
  ox_free(mailbox->allocator, mailbox->legacy_dn);
  pthread_cond_destroy(&mailbox->answered);
  pthread_mutex_destroy(&mailbox->lock);
  ox_free(mailbox->allocator, mailbox);
}

void rc_mailbox_close(ox_mailbox *base) {
  rc_mailbox *mailbox = rc_of(base);
  mailbox->transport->close(mailbox->transport);
  free_mailbox(mailbox);
}

/* The redirect form names the server; say so. @spec [MS-OXCSTOR] 2.2.1.1.2 */
static ox_status logon_failed(rc_mailbox *mailbox, size_t position, ox_status status,
                              ox_error *err) {
  const ox_rop_response *response = rc_response(mailbox, position);
  if (status != OX_E_WRONG_SERVER || response == NULL) return ox_error_set(err, status, NULL);
  ox_str8 server = response->u.logon.server_name;
  int length = server.size_bytes < 120 ? (int)server.size_bytes : 120;
  return ox_error_setf(err, status, "The mailbox is on another server: %.*s", length, server.data);
}

static ox_status logon(rc_mailbox *mailbox, ox_error *err) {
  rc_begin(mailbox);
  ox_rop_request request = {.rop_id = OX_ROP_LOGON};
  uint8_t index = rc_output(mailbox);
  request.u.logon.output_handle_index = index;
  request.u.logon.logon_flags = OX_LOGON_FLAGS_PRIVATE;
  request.u.logon.open_flags = OX_OPEN_FLAGS_HOME_LOGON | OX_OPEN_FLAGS_TAKE_OWNERSHIP |
                               OX_OPEN_FLAGS_NO_MAIL | OX_OPEN_FLAGS_USE_PER_MDB_REPLID_MAPPING;
  request.u.logon.essdn = ox_str8_from(mailbox->legacy_dn);
  size_t position = 0;
  ox_status status = rc_add(mailbox, &request, NULL, 0, &position, err);
  if (!ox_failed(status)) status = rc_run(mailbox, err);
  if (ox_failed(status)) return status;
  status = ox_rop_batch_status(mailbox->batch, position);
  if (status != OX_OK) return logon_failed(mailbox, position, status, err);
  const ox_logon_response *response = &rc_response(mailbox, position)->u.logon;
  if ((response->logon_flags & OX_LOGON_FLAGS_PRIVATE) == 0)
    return ox_error_set(err, OX_E_PROTOCOL, "The logon is not to a private mailbox.");
  mailbox->logon_handle = rc_handle_at(mailbox, index);
  mailbox->info = (ox_mailbox_info)OX_MAILBOX_INFO_INIT;
  mailbox->info.mailbox_guid = response->mailbox_guid;
  mailbox->info.replid = response->repl_id;
  mailbox->info.replguid = response->repl_guid;
  mailbox->info.response_flags = response->response_flags;
  mailbox->info.display_name = mailbox->display_name;
  mailbox->info.legacy_dn = mailbox->legacy_dn;
  mailbox->info.smtp_address = "";
  memcpy(mailbox->info.special_folders, response->folder_ids, sizeof mailbox->info.special_folders);
  return OX_OK;
}

static ox_status make(ox_rop_transport *transport, const ox_remote_options *options,
                      rc_mailbox **out) {
  rc_mailbox *mailbox = ox_calloc(options->allocator, 1, sizeof *mailbox);
  if (mailbox == NULL) return OX_E_NO_MEMORY;
  mailbox->allocator = options->allocator;
  mailbox->transport = transport;
  mailbox->out_max_bytes =
      options->out_max_bytes != 0 ? options->out_max_bytes : OX_ROP_OUT_MAX_BYTES;
  mailbox->timeout_ms = options->timeout_ms != 0 ? options->timeout_ms : OX_REMOTE_TIMEOUT_MS;
  rc_init_object(mailbox, &mailbox->base.object, OX_OBJECT_MAILBOX);
  ox_arena_init(&mailbox->scratch, mailbox->allocator, 0);
  pthread_mutex_init(&mailbox->lock, NULL);
  pthread_cond_init(&mailbox->answered, NULL);
  const char *dn =
      options->mailbox_dn != NULL ? options->mailbox_dn : transport->user_dn(transport);
  mailbox->legacy_dn = copy_text(mailbox->allocator, dn);
  mailbox->display_name = copy_text(mailbox->allocator, transport->display_name(transport));
  mailbox->batch = ox_rop_batch_new(mailbox->allocator);
  if (mailbox->legacy_dn == NULL || mailbox->display_name == NULL || mailbox->batch == NULL) {
    free_mailbox(mailbox);
    return OX_E_NO_MEMORY;
  }
  ox_rop_batch_set_trace(mailbox->batch, options->trace, options->trace_user);
  *out = mailbox;
  return OX_OK;
}

ox_status ox_mailbox_open_remote(ox_rop_transport *transport, const ox_remote_options *options,
                                 ox_mailbox **out, ox_error *err) {
  static const ox_remote_options defaults = OX_REMOTE_OPTIONS_INIT;
  if (options == NULL) options = &defaults;
  if (transport == NULL || out == NULL || options->struct_size != sizeof *options)
    return ox_error_set(err, OX_E_USAGE, "A remote mailbox needs a transport.");
  rc_mailbox *mailbox = NULL;
  ox_status status = make(transport, options, &mailbox);
  if (ox_failed(status)) return ox_error_set(err, status, NULL);
  status = logon(mailbox, err);
  if (ox_failed(status)) {
    free_mailbox(mailbox);
    return status;
  }
  *out = &mailbox->base;
  return OX_OK;
}

const ox_provider rc_provider = {
    .version = OX_PROVIDER_VERSION,
    .name = "remote",
#define OX_PROVIDER_FUNCTION(result, name, parameters) .name = rc_##name,
#include "provider_functions.h"
};
