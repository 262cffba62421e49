/* The processor: sessions come and go, executes run one at a time per session. */
#include <string.h>

#include "server.h"

static char *copy_text(const ox_allocator *allocator, const char *text) {
  size_t size = strlen(text) + 1;
  char *copy = ox_malloc(allocator, size);
  if (copy != NULL) memcpy(copy, text, size);
  return copy;
}

static void free_session(rs_session *session) {
  const ox_allocator *allocator = session->server->allocator;
  rs_session_release_all(session);
  ox_free(allocator, session->held);
  ox_free(allocator, session->user);
  ox_free(allocator, session->dn_prefix);
  ox_free(allocator, session->display_name);
  ox_free(allocator, session);
}

/* Who connects, checked against the UserDn that the client names. @spec [MS-OXCRPC] 3.1.4.1 */
static ox_status find_caller(rs_server *server, const ox_rop_connect_request *request,
                             ox_arena *arena, ox_principal *out, ox_error *err) {
  ox_status status =
      server->principals->find(server->principals, request->caller->user, arena, out, err);
  if (status == OX_E_NOT_FOUND) return ox_error_set(err, OX_E_UNKNOWN_USER, NULL);
  if (ox_failed(status)) return status;
  if (request->user_dn == NULL || request->user_dn[0] == 0) return OX_OK;
  ox_principal named;
  status = server->principals->find(server->principals, request->user_dn, arena, &named, err);
  if (status == OX_E_NOT_FOUND)
    return ox_error_set(err, OX_E_UNKNOWN_USER, "The directory does not know the UserDn.");
  if (ox_failed(status)) return status;
  if (!ox_guid_equal(&named.guid, &out->guid))
    return ox_error_set(err, OX_E_ACCESS_DENIED, "The UserDn is not the one that logged in.");
  return OX_OK;
}

static ox_status make_session(rs_server *server, const ox_rop_connect_request *request,
                              rs_session **out, ox_error *err) {
  ox_arena arena;
  ox_arena_init(&arena, server->allocator, 0);
  ox_principal principal;
  rs_session *session = NULL;
  ox_status status = find_caller(server, request, &arena, &principal, err);
  if (ox_failed(status)) goto done;
  status = OX_E_NO_MEMORY;
  session = ox_calloc(server->allocator, 1, sizeof *session);
  if (session == NULL) goto done;
  session->server = server;
  session->user = copy_text(server->allocator, request->caller->user);
  session->dn_prefix =
      copy_text(server->allocator, server->principals->organization_dn(server->principals));
  session->display_name =
      copy_text(server->allocator, principal.display_name != NULL ? principal.display_name : "");
  session->principal_guid = principal.guid;
  session->principal_mailbox_guid = principal.mailbox_guid;
  session->codepage = request->default_codepage;
  session->lcid = request->lcid_sort;
  session->next_handle = 1;
  /* [MS-OXCRPC] 3.1.4.1: how often and how long a client polls and retries. */
  session->response = (ox_rop_connect_response){.dn_prefix = session->dn_prefix,
                                                .display_name = session->display_name,
                                                .polls_max_ms = 60000,
                                                .retry_count = 6,
                                                .retry_delay_ms = 10000};
  if (session->user == NULL || session->dn_prefix == NULL || session->display_name == NULL)
    goto done;
  status = OX_OK;
done:
  if (ox_failed(status)) {
    if (session != NULL) free_session(session);
    if (status == OX_E_NO_MEMORY) (void)ox_error_set(err, status, NULL);
  } else {
    *out = session;
  }
  ox_arena_dispose(&arena);
  return status;
}

static ox_status server_connect(ox_rop_processor *processor, const ox_rop_connect_request *request,
                                uint64_t deadline_ms, ox_rop_connect_done done, void *user,
                                ox_error *err) {
  rs_server *server = (rs_server *)processor;
  (void)deadline_ms;
  if (request == NULL || request->caller == NULL || request->caller->user == NULL || done == NULL)
    return ox_error_set(err, OX_E_USAGE, "A connect needs a caller and a callback.");
  rs_session *session = NULL;
  ox_error local = {0};
  ox_status status = make_session(server, request, &session, &local);
  if (!ox_failed(status)) {
    pthread_mutex_lock(&server->lock);
    if (server->session_count >= server->max_sessions) {
      status = ox_error_set(&local, OX_E_SESSION_LIMIT, "Too many sessions are open.");
    } else {
      session->next = server->sessions;
      if (session->next != NULL) session->next->previous = session;
      server->sessions = session;
      server->session_count++;
    }
    pthread_mutex_unlock(&server->lock);
  }
  if (ox_failed(status)) {
    if (session != NULL) free_session(session);
    done(user, status, NULL, NULL, &local);
    return OX_OK;
  }
  done(user, OX_OK, (ox_rop_server_session *)session, &session->response, NULL);
  return OX_OK;
}

/* Makes this thread the only one that touches the session's objects. */
static void begin(rs_session *session) {
  rs_server *server = session->server;
  pthread_mutex_lock(&server->lock);
  while (session->busy) pthread_cond_wait(&server->changed, &server->lock);
  session->busy = true;
  session->woken = false;
  pthread_mutex_unlock(&server->lock);
}

static void end(rs_session *session, bool has_events) {
  rs_server *server = session->server;
  pthread_mutex_lock(&server->lock);
  session->busy = false;
  session->has_events = has_events;
  pthread_cond_broadcast(&server->changed);
  pthread_mutex_unlock(&server->lock);
}

static ox_status server_execute(ox_rop_processor *processor, ox_rop_server_session *handle,
                                ox_call_id call, ox_bytes rop_input, uint32_t out_max_bytes,
                                bool chain, uint64_t deadline_ms, ox_rop_execute_done done,
                                void *user, ox_error *err) {
  rs_server *server = (rs_server *)processor;
  rs_session *session = (rs_session *)handle;
  (void)call;
  (void)deadline_ms;
  if (session == NULL || done == NULL)
    return ox_error_set(err, OX_E_USAGE, "An execute needs a session and a callback.");
  rs_execution execution;
  rs_execution_init(&execution, server->allocator);
  ox_error local = {0};
  begin(session);
  ox_status status = rs_execute(session, rop_input, out_max_bytes, chain, &execution, &local);
  end(session, session->held != NULL);
  if (ox_failed(status))
    done(user, status, NULL, 0, &local);
  else
    done(user, OX_OK, execution.outputs, execution.output_count, NULL);
  rs_execution_dispose(&execution);
  return OX_OK;
}

static ox_status server_wait(ox_rop_processor *processor, ox_rop_server_session *handle,
                             ox_call_id call, uint64_t deadline_ms, ox_rop_wait_done done,
                             void *user, ox_error *err) {
  rs_server *server = (rs_server *)processor;
  rs_session *session = (rs_session *)handle;
  if (session == NULL || done == NULL || call == 0)
    return ox_error_set(err, OX_E_USAGE, "A wait needs a session, a call id and a callback.");
  ox_status status = OX_OK;
  pthread_mutex_lock(&server->lock);
  if (session->wait.active) {
    /* [MS-OXCRPC] 3.3.4.1: one wait at a time. */
    status = ox_error_set(err, OX_E_REJECTED, "A wait of this session is running already.");
  } else {
    session->wait = (rs_wait){
        .active = true, .call = call, .deadline_ms = deadline_ms, .done = done, .user = user};
    session->woken = true; /* look once: an event may have come before the wait */
    pthread_cond_broadcast(&server->changed);
  }
  pthread_mutex_unlock(&server->lock);
  return status;
}

static void server_cancel(ox_rop_processor *processor, ox_rop_server_session *handle,
                          ox_call_id call) {
  rs_server *server = (rs_server *)processor;
  rs_session *session = (rs_session *)handle;
  if (session == NULL) return;
  pthread_mutex_lock(&server->lock);
  /* An execute is short and runs to its end; only a wait can be cancelled. */
  if (session->wait.active && session->wait.call == call) {
    session->wait.cancelled = true;
    pthread_cond_broadcast(&server->changed);
  }
  pthread_mutex_unlock(&server->lock);
}

static void server_disconnect(ox_rop_processor *processor, ox_rop_server_session *handle) {
  rs_server *server = (rs_server *)processor;
  rs_session *session = (rs_session *)handle;
  if (session == NULL) return;
  begin(session);
  pthread_mutex_lock(&server->lock);
  rs_wait_answer(server, session, OX_E_CANCELLED, false);
  /* No callback of this session runs after this returns, unless it is the one that called. */
  while (session->answering && !pthread_equal(session->answerer, pthread_self()))
    pthread_cond_wait(&server->changed, &server->lock);
  if (session->previous != NULL)
    session->previous->next = session->next;
  else
    server->sessions = session->next;
  if (session->next != NULL) session->next->previous = session->previous;
  server->session_count--;
  pthread_mutex_unlock(&server->lock);
  free_session(session);
}

static uint32_t or_default(uint32_t value, uint32_t fallback) {
  return value != 0 ? value : fallback;
}

static void set_limits(rs_server *server, const ox_rop_server_options *options) {
  server->max_sessions = or_default(options->max_sessions, OX_ROP_SERVER_MAX_SESSIONS);
  uint32_t *max = server->max_objects; /* in the order of the RS_* bits */
  max[0] = 256;
  max[1] = or_default(options->max_folders, OX_ROP_SERVER_MAX_FOLDERS);
  max[2] = or_default(options->max_messages, OX_ROP_SERVER_MAX_MESSAGES);
  max[3] = or_default(options->max_attachments, OX_ROP_SERVER_MAX_ATTACHMENTS);
  max[4] = or_default(options->max_streams, OX_ROP_SERVER_MAX_STREAMS);
  max[5] = or_default(options->max_tables, OX_ROP_SERVER_MAX_TABLES);
  max[6] = or_default(options->max_subscriptions, OX_ROP_SERVER_MAX_SUBSCRIPTIONS);
}

static bool start(rs_server *server) {
  pthread_condattr_t attributes;
  if (pthread_mutex_init(&server->lock, NULL) != 0) return false;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  bool made = pthread_cond_init(&server->changed, &attributes) == 0;
  pthread_condattr_destroy(&attributes);
  if (!made) {
    pthread_mutex_destroy(&server->lock);
    return false;
  }
  if (pthread_create(&server->dispatcher, NULL, rs_dispatcher_main, server) == 0) return true;
  pthread_cond_destroy(&server->changed);
  pthread_mutex_destroy(&server->lock);
  return false;
}

ox_status ox_rop_server_new(ox_store *store, ox_principals *principals, ox_outbound *outbound,
                            const ox_rop_server_options *options, ox_rop_processor **out,
                            ox_error *err) {
  static const ox_rop_server_options defaults = OX_ROP_SERVER_OPTIONS_INIT;
  if (options == NULL) options = &defaults;
  if (store == NULL || principals == NULL || out == NULL || options->struct_size != sizeof *options)
    return ox_error_set(err, OX_E_USAGE, "A ROP server needs a store and principals.");
  rs_server *server = ox_calloc(options->allocator, 1, sizeof *server);
  if (server == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  server->base = (ox_rop_processor){.struct_size = sizeof server->base,
                                    .connect = server_connect,
                                    .execute = server_execute,
                                    .wait = server_wait,
                                    .cancel = server_cancel,
                                    .disconnect = server_disconnect};
  server->allocator = options->allocator;
  server->store = store;
  server->principals = principals;
  server->outbound = outbound;
  server->trace = options->trace;
  server->trace_user = options->trace_user;
  set_limits(server, options);
  if (options->server_name != NULL) {
    server->server_name = copy_text(server->allocator, options->server_name);
    if (server->server_name == NULL) {
      ox_free(server->allocator, server);
      return ox_error_set(err, OX_E_NO_MEMORY, NULL);
    }
  }
  if (!start(server)) {
    ox_free(server->allocator, server->server_name);
    ox_free(server->allocator, server);
    return ox_error_set(err, OX_E_IO, "The thread that answers waits could not be started.");
  }
  *out = &server->base;
  return OX_OK;
}

void ox_rop_server_free(ox_rop_processor *processor) {
  rs_server *server = (rs_server *)processor;
  if (server == NULL) return;
  while (server->sessions != NULL)
    server_disconnect(processor, (ox_rop_server_session *)server->sessions);
  pthread_mutex_lock(&server->lock);
  server->stop = true;
  pthread_cond_broadcast(&server->changed);
  pthread_mutex_unlock(&server->lock);
  pthread_join(server->dispatcher, NULL);
  pthread_cond_destroy(&server->changed);
  pthread_mutex_destroy(&server->lock);
  ox_free(server->allocator, server->server_name);
  ox_free(server->allocator, server);
}

ox_status ox_rop_server_get_counts(ox_rop_processor *processor, ox_rop_server_counts *out) {
  rs_server *server = (rs_server *)processor;
  if (server == NULL || out == NULL || out->struct_size != sizeof *out) return OX_E_USAGE;
  uint32_t objects = 0, waits = 0;
  pthread_mutex_lock(&server->lock);
  for (const rs_session *session = server->sessions; session != NULL; session = session->next) {
    objects += (uint32_t)session->object_count;
    waits += session->wait.active ? 1 : 0;
  }
  out->sessions = server->session_count;
  out->objects = objects;
  out->waits = waits;
  pthread_mutex_unlock(&server->lock);
  return OX_OK;
}
