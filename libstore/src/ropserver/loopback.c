/* A transport that calls a processor of the same process. */
#include <pthread.h>
#include <string.h>

#include "server.h"

typedef struct rop_loopback {
  ox_rop_transport base;
  ox_rop_processor *processor;
  ox_rop_server_session *session;
  char *user;
  char *user_dn;
  char *display_name;
} rop_loopback;

/* A connect may be answered on another thread. */
typedef struct connecting {
  pthread_mutex_t lock;
  pthread_cond_t done;
  bool answered;
  ox_status status;
  ox_error err;
  rop_loopback *to;
} connecting;

static char *copy_text(const char *text) {
  size_t size = strlen(text) + 1;
  char *copy = ox_malloc(NULL, size);
  if (copy != NULL) memcpy(copy, text, size);
  return copy;
}

static void connect_done(void *user, ox_status status, ox_rop_server_session *session,
                         const ox_rop_connect_response *response, const ox_error *err) {
  connecting *state = user;
  pthread_mutex_lock(&state->lock);
  state->status = status;
  if (err != NULL) state->err = *err;
  if (!ox_failed(status)) {
    state->to->session = session;
    state->to->display_name = copy_text(response->display_name);
    if (state->to->display_name == NULL)
      state->status = ox_error_set(&state->err, OX_E_NO_MEMORY, NULL);
  }
  state->answered = true;
  pthread_cond_signal(&state->done);
  pthread_mutex_unlock(&state->lock);
}

static ox_status loopback_execute(ox_rop_transport *transport, ox_call_id call, ox_bytes rop_input,
                                  uint32_t out_max_bytes, uint64_t deadline_ms,
                                  ox_rop_execute_done done, void *user, ox_error *err) {
  rop_loopback *loop = (rop_loopback *)transport;
  return loop->processor->execute(loop->processor, loop->session, call, rop_input, out_max_bytes,
                                  true, deadline_ms, done, user, err);
}

static ox_status loopback_wait(ox_rop_transport *transport, ox_call_id call, uint64_t deadline_ms,
                               ox_rop_wait_done done, void *user, ox_error *err) {
  rop_loopback *loop = (rop_loopback *)transport;
  return loop->processor->wait(loop->processor, loop->session, call, deadline_ms, done, user, err);
}

static void loopback_cancel(ox_rop_transport *transport, ox_call_id call) {
  rop_loopback *loop = (rop_loopback *)transport;
  loop->processor->cancel(loop->processor, loop->session, call);
}

static void free_loopback(rop_loopback *loop) {
  ox_free(NULL, loop->user);
  ox_free(NULL, loop->user_dn);
  ox_free(NULL, loop->display_name);
  ox_free(NULL, loop);
}

static void loopback_close(ox_rop_transport *transport) {
  rop_loopback *loop = (rop_loopback *)transport;
  if (loop == NULL) return;
  loop->processor->disconnect(loop->processor, loop->session);
  free_loopback(loop);
}

static const char *loopback_user_dn(const ox_rop_transport *transport) {
  return ((const rop_loopback *)transport)->user_dn;
}

static const char *loopback_display_name(const ox_rop_transport *transport) {
  return ((const rop_loopback *)transport)->display_name;
}

static ox_status connect_loopback(rop_loopback *loop, const ox_caller *caller, ox_error *err) {
  connecting state = {.to = loop};
  pthread_mutex_init(&state.lock, NULL);
  pthread_cond_init(&state.done, NULL);
  ox_rop_connect_request request = {.struct_size = sizeof request,
                                    .caller = caller,
                                    .user_dn = loop->user_dn,
                                    .default_codepage = OX_CODEPAGE_WINDOWS_1252,
                                    .lcid_sort = 0x0409,
                                    .lcid_string = 0x0409};
  ox_status status = loop->processor->connect(loop->processor, &request, OX_NO_DEADLINE,
                                              connect_done, &state, err);
  if (!ox_failed(status)) {
    pthread_mutex_lock(&state.lock);
    while (!state.answered) pthread_cond_wait(&state.done, &state.lock);
    pthread_mutex_unlock(&state.lock);
    status = state.status;
    if (ox_failed(status) && err != NULL) *err = state.err;
  }
  pthread_cond_destroy(&state.done);
  pthread_mutex_destroy(&state.lock);
  return status;
}

ox_status ox_rop_loopback_new(ox_rop_processor *processor, const ox_caller *caller,
                              const char *user_dn, ox_rop_transport **out, ox_error *err) {
  if (processor == NULL || caller == NULL || caller->user == NULL || out == NULL)
    return ox_error_set(err, OX_E_USAGE, "A loopback needs a processor and a caller.");
  rop_loopback *loop = ox_calloc(NULL, 1, sizeof *loop);
  if (loop == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  loop->base = (ox_rop_transport){.struct_size = sizeof loop->base,
                                  .execute = loopback_execute,
                                  .wait = loopback_wait,
                                  .cancel = loopback_cancel,
                                  .close = loopback_close,
                                  .user_dn = loopback_user_dn,
                                  .display_name = loopback_display_name};
  loop->processor = processor;
  loop->user = copy_text(caller->user);
  loop->user_dn = copy_text(user_dn != NULL ? user_dn : caller->user);
  ox_status status =
      loop->user != NULL && loop->user_dn != NULL ? OX_OK : ox_error_set(err, OX_E_NO_MEMORY, NULL);
  if (!ox_failed(status)) status = connect_loopback(loop, caller, err);
  if (ox_failed(status)) {
    if (loop->session != NULL) loop->processor->disconnect(loop->processor, loop->session);
    free_loopback(loop);
    return status;
  }
  *out = &loop->base;
  return OX_OK;
}
