/* Exchanges: requests as handlers see them, and their answers. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "net_internal.h"

/* ---- Life -------------------------------------------------------------------------------------
 */

ox_http_exchange *ox_net_exchange_new(ox_net_connection *c) {
  ox_net_loop *loop = c->loop;
  ox_http_server *server = c->server;
  ox_http_exchange *x = loop->spares;
  if (x != NULL) {
    loop->spares = x->next_spare;
    loop->spare_count--;
    memset((char *)x + offsetof(ox_http_exchange, references), 0,
           sizeof *x - offsetof(ox_http_exchange, references));
  } else {
    x = ox_calloc(server->allocator, 1, sizeof *x);
    if (x == NULL) return NULL;
    pthread_mutex_init(&x->lock, NULL);
    pthread_cond_init(&x->changed, NULL);
    ox_arena_init(&x->arena, server->allocator, SIZE_MAX);
    ox_writer_init(&x->ahead, server->allocator, SIZE_MAX);
    ox_writer_init(&x->out, server->allocator, SIZE_MAX);
  }
  atomic_init(&x->references, 1);
  x->server = server;
  x->loop = loop;
  x->shared = ox_net_shared_ref(c->shared);
  x->connection = c;
  x->user = x->scheme = "";
  if (server->options.trace != NULL) x->start_us = ox_net_clock_us();
  atomic_fetch_add_explicit(&server->references, 1, memory_order_relaxed);
  atomic_fetch_add_explicit(&server->exchanges_open, 1, memory_order_relaxed);
  return x;
}

/* Memory that an unusually large request left behind is given back. */
static void slim(ox_http_exchange *x) {
  if (x->arena.used_bytes > 65536) {
    ox_arena_dispose(&x->arena);
  } else {
    ox_arena_reset(&x->arena);
  }
  ox_writer *writers[] = {&x->ahead, &x->out};
  for (size_t i = 0; i < 2; i++) {
    if (writers[i]->capacity_bytes > 65536) {
      ox_writer_dispose(writers[i]);
      ox_writer_init(writers[i], x->server->allocator, SIZE_MAX);
    } else {
      ox_writer_reset(writers[i]);
    }
  }
}

void ox_net_exchange_unref(ox_http_exchange *x) {
  if (atomic_fetch_sub_explicit(&x->references, 1, memory_order_acq_rel) != 1) return;
  ox_http_server *server = x->server;
  ox_net_loop *loop = x->loop;
  if (x->watched && x->watch.release != NULL) x->watch.release(x->watch.user);
  ox_net_shared_unref(x->shared);
  ox_free(server->allocator, x->body);
  atomic_fetch_sub_explicit(&server->exchanges_open, 1, memory_order_relaxed);
  if (ox_net_on_loop(loop) && loop->spare_count < OX_NET_SPARE_EXCHANGES) {
    slim(x);
    x->next_spare = loop->spares;
    loop->spares = x;
    loop->spare_count++;
  } else {
    pthread_mutex_destroy(&x->lock);
    pthread_cond_destroy(&x->changed);
    ox_arena_dispose(&x->arena);
    ox_writer_dispose(&x->ahead);
    ox_writer_dispose(&x->out);
    ox_free(server->allocator, x);
  }
  ox_net_server_unref(server);
}

/* The caller is inside the loop's own processing of this connection, so http1 may be written at
 * once and the loop sees what changed when it goes on. */
bool ox_net_exchange_is_direct(const ox_http_exchange *x) {
  return ox_net_on_loop(x->loop) && x->connection != NULL && x->connection->direct;
}

/* Gives the exchange to somebody outside. */
static void hand_over(ox_http_exchange *x) {
  pthread_mutex_lock(&x->lock);
  x->held = true;
  pthread_mutex_unlock(&x->lock);
  atomic_fetch_add_explicit(&x->references, 1, memory_order_relaxed);
}

static void take_back(ox_http_exchange *x) {
  pthread_mutex_lock(&x->lock);
  x->held = false;
  pthread_mutex_unlock(&x->lock);
  ox_net_exchange_unref(x);
}

void ox_net_exchange_dispatch(ox_http_exchange *x) {
  const ox_http_route *route = &x->route->route;
  x->stage = OX_NET_HANDLING;
  hand_over(x);
  if ((route->flags & OX_HTTP_ROUTE_WORKER) == 0) {
    route->handler(route->user, x);
    return;
  }
  ox_net_job job = {route->handler, route->user, x};
  if (ox_net_workers_add(&x->server->workers, &job) == OX_OK) return;
  static const ox_http_header retry = {"Retry-After", "2"};
  take_back(x);
  snprintf(x->problem, sizeof x->problem, "The queue of the workers is full.");
  ox_net_exchange_answer(x, 503, &retry, false);
}

void ox_net_exchange_authenticate(ox_http_exchange *x) {
  ox_http_authenticator *authenticator = x->route->route.authenticator;
  x->stage = OX_NET_AUTHENTICATING;
  if (authenticator == NULL) {
    x->accepted = true;
    return;
  }
  hand_over(x);
  authenticator->authenticate(authenticator, x);
}

bool ox_net_exchange_take_accepted(ox_http_exchange *x) {
  pthread_mutex_lock(&x->lock);
  bool accepted = x->accepted;
  x->accepted = false;
  pthread_mutex_unlock(&x->lock);
  return accepted;
}

void ox_net_exchange_trace(ox_http_exchange *x, const char *problem) {
  const ox_http_server_options *options = &x->server->options;
  if (options->trace == NULL) return;
  ox_http_trace trace = {sizeof trace};
  trace.peer = x->shared->peer;
  trace.method = x->head.method != NULL ? x->head.method : "";
  trace.target = x->head.target != NULL ? x->head.target : "";
  pthread_mutex_lock(&x->lock);
  trace.user = x->user;
  trace.status = x->head_sent ? x->status : 0;
  trace.response_body_bytes = x->response_body_bytes;
  pthread_mutex_unlock(&x->lock);
  trace.duration_us = ox_net_clock_us() - x->start_us;
  trace.request_body_bytes = x->request_body_bytes;
  trace.problem = problem[0] != '\0' ? problem : x->problem;
  options->trace(options->trace_user, &trace);
}

/* ---- The loop's side of answers ---------------------------------------------------------------
 */

/* Builds the fields of the answer: those added before, the given ones, room for Date and Server. */
static ox_status set_head(ox_http_exchange *x, unsigned status, const ox_http_header *headers,
                          size_t header_count, uint64_t content_length, bool copy) {
  for (size_t i = 0; i < header_count; i++) {
    if (headers[i].name == NULL || headers[i].value == NULL) return OX_E_USAGE;
    if (!copy) continue; /* http1 checks at once */
    if (!ox_http_is_token(headers[i].name, strlen(headers[i].name)) ||
        !ox_http_is_field_value(headers[i].value, strlen(headers[i].value))) {
      return OX_E_USAGE;
    }
  }
  if (status < 200 || status > 999 || header_count > 4096) return OX_E_USAGE;
  size_t total = x->added_count + header_count;
  ox_http_header *all = ox_arena_alloc(&x->arena, (total + 2) * sizeof *all);
  if (all == NULL) return OX_E_NO_MEMORY;
  if (x->added_count != 0) memcpy(all, x->added, x->added_count * sizeof *all);
  for (size_t i = 0; i < header_count; i++) {
    ox_http_header *h = &all[x->added_count + i];
    *h = headers[i];
    if (!copy) continue;
    h->name = ox_arena_strdup(&x->arena, headers[i].name);
    h->value = ox_arena_strdup(&x->arena, headers[i].value);
    if (h->name == NULL || h->value == NULL) return OX_E_NO_MEMORY;
  }
  x->headers = all;
  x->header_count = total;
  x->status = status;
  x->content_length = content_length;
  x->started = true;
  return OX_OK;
}

/* Under lock, on the loop. */
static ox_status send_head(ox_http_exchange *x) {
  ox_net_connection *c = x->connection;
  size_t count = x->header_count;
  if (ox_http_header_find(x->headers, count, "Date", 0) == NULL) {
    x->headers[count].name = "Date";
    x->headers[count++].value = ox_net_loop_date(x->loop);
  }
  if (x->server->server_name[0] != '\0') {
    x->headers[count].name = "Server";
    x->headers[count++].value = x->server->server_name;
  }
  ox_status status =
      ox_http1_send_response(c->http, x->status, x->headers, count, x->content_length,
                             x->close_after || x->loop->stopping || c->input_shut);
  if (status == OX_OK) x->head_sent = true;
  return status;
}

/* Under lock, on the loop: moves what the holder gave into http1. */
static ox_status send_pending(ox_http_exchange *x) {
  ox_http1 *http = x->connection->http;
  ox_status status = OX_OK;
  if (x->started && !x->head_sent) status = send_head(x);
  if (status != OX_OK || !x->head_sent || x->stage == OX_NET_ANSWERED) return status;
  if (x->out.size_bytes != 0) {
    ox_bytes out = ox_writer_bytes(&x->out);
    status = ox_http1_send_body(http, out.data, out.size_bytes);
    x->unsent_bytes += out.size_bytes;
    ox_writer_reset(&x->out);
  }
  if (status == OX_OK && x->finished) {
    status = ox_http1_send_end(http, x->trailers, x->trailer_count);
    x->stage = OX_NET_ANSWERED;
  }
  return status;
}

void ox_net_exchange_continue(ox_http_exchange *x) {
  x->continue_sent = true;
  if (x->head.expects_continue) (void)ox_http1_send_continue(x->connection->http);
}

/* Brings the connection up to what the holder said. On the loop.
 * @return OX_OK, or OX_E_CLOSED when this ended the connection */
ox_status ox_net_exchange_apply(ox_http_exchange *x) {
  ox_net_connection *c = x->connection;
  ox_status status = OX_OK;
  pthread_mutex_lock(&x->lock);
  if (x->continue_now && !x->started) ox_net_exchange_continue(x);
  x->continue_now = false;
  if (x->aborted) {
    status = OX_E_CLOSED;
  } else if (x->challenged && x->stage != OX_NET_ANSWERED && !ox_http1_request_complete(c->http)) {
    /* The next request of the handshake must find the connection at its own start. */
    x->stage = OX_NET_DROPPING;
    ox_net_exchange_continue(x);
  } else {
    status = send_pending(x);
  }
  pthread_mutex_unlock(&x->lock);
  if (status == OX_OK) return OX_OK;
  ox_net_connection_kill(c, "The answer was given up.");
  return OX_E_CLOSED;
}

/* Under lock: the loop is to look, now or soon. */
static bool needs_apply(ox_http_exchange *x) {
  if (ox_net_exchange_is_direct(x)) return true;
  (void)ox_net_loop_post(x->loop, x);
  return false;
}

/* The server's own answer, with a line of text. On the loop, while processing. */
void ox_net_exchange_answer(ox_http_exchange *x, unsigned status, const ox_http_header *header,
                            bool close) {
  ox_http_header headers[2] = {{"Content-Type", "text/plain; charset=utf-8"}};
  const char *text = ox_http_status_text(status);
  size_t length = strlen(text);
  if (header != NULL) headers[1] = *header;
  pthread_mutex_lock(&x->lock);
  x->close_after = x->close_after || close;
  if (set_head(x, status, headers, header != NULL ? 2 : 1, length + 1, true) != OX_OK) {
    x->aborted = true;
  }
  ox_write_bytes(&x->out, text, length);
  ox_write_u8(&x->out, '\n');
  x->response_body_bytes = length + 1;
  x->finished = true;
  pthread_mutex_unlock(&x->lock);
  (void)ox_net_exchange_apply(x);
}

void ox_net_exchange_output_left(ox_http_exchange *x, size_t left_bytes) {
  pthread_mutex_lock(&x->lock);
  x->unsent_bytes = left_bytes;
  bool tell = x->sender_waits &&
              left_bytes + x->out.size_bytes <= x->server->options.send_high_water_bytes / 2;
  if (tell) {
    x->sender_waits = false;
    pthread_cond_broadcast(&x->changed);
  }
  tell = tell && x->held && x->watched && x->watch.on_drain != NULL;
  pthread_mutex_unlock(&x->lock);
  if (tell) x->watch.on_drain(x->watch.user, x);
}

/* ---- Cancellation and ticks -------------------------------------------------------------------
 */

/* Tells a watch that was not told yet. On the loop, which holds a reference. */
void ox_net_exchange_tell_cancel(ox_http_exchange *x) {
  pthread_mutex_lock(&x->lock);
  bool tell = x->cancelled && x->held && x->watched && !x->cancel_told;
  if (tell) x->cancel_told = true;
  pthread_mutex_unlock(&x->lock);
  if (tell && x->watch.on_cancel != NULL) x->watch.on_cancel(x->watch.user, x);
}

void ox_net_exchange_cancel(ox_http_exchange *x, const char *problem) {
  pthread_mutex_lock(&x->lock);
  x->cancelled = true;
  pthread_cond_broadcast(&x->changed);
  pthread_mutex_unlock(&x->lock);
  ox_net_exchange_trace(x, problem);
  ox_net_exchange_tell_cancel(x);
}

void ox_net_exchange_tick(ox_http_exchange *x) {
  pthread_mutex_lock(&x->lock);
  bool ticks = x->held && x->watched && x->watch.tick_ms != 0 && x->watch.on_tick != NULL;
  uint32_t tick_ms = x->watch.tick_ms;
  pthread_mutex_unlock(&x->lock);
  if (!ticks) return;
  uint64_t now_ms = x->loop->now_ms;
  if (x->next_tick_ms == 0) {
    x->next_tick_ms = now_ms + tick_ms;
  } else if (now_ms >= x->next_tick_ms) {
    x->next_tick_ms = now_ms + tick_ms;
    x->watch.on_tick(x->watch.user, x);
  }
}

ox_status ox_http_exchange_watch(ox_http_exchange *x, const ox_http_watch *watch) {
  if (watch->struct_size != sizeof *watch) return OX_E_USAGE;
  pthread_mutex_lock(&x->lock);
  bool taken = !x->watched && x->held;
  bool tell = false;
  if (taken) {
    x->watch = *watch;
    x->watched = true;
    /* When the loop has ended, nobody but this thread can tell. */
    if (x->cancelled) tell = !ox_net_loop_post(x->loop, x);
  }
  pthread_mutex_unlock(&x->lock);
  if (!taken) {
    if (watch->release != NULL) watch->release(watch->user);
    return OX_E_USAGE;
  }
  if (tell) ox_net_exchange_tell_cancel(x);
  return OX_OK;
}

bool ox_http_exchange_cancelled(const ox_http_exchange *exchange) {
  ox_http_exchange *x = (ox_http_exchange *)exchange;
  pthread_mutex_lock(&x->lock);
  bool cancelled = x->cancelled;
  pthread_mutex_unlock(&x->lock);
  return cancelled;
}

ox_status ox_http_exchange_run(ox_http_exchange *x, ox_http_handler function, void *user) {
  ox_net_job job = {function, user, x};
  return ox_net_workers_add(&x->server->workers, &job);
}

/* ---- Authentication ---------------------------------------------------------------------------
 */

void ox_http_auth_accept(ox_http_exchange *x, const char *user, const char *scheme) {
  pthread_mutex_lock(&x->lock);
  bool held = x->held && x->route->route.authenticator != NULL;
  if (held && !x->cancelled) {
    x->user = ox_arena_strdup(&x->arena, user);
    x->scheme = ox_arena_strdup(&x->arena, scheme);
    if (x->user == NULL || x->scheme == NULL) {
      x->user = x->scheme = "";
      x->aborted = true;
    } else {
      x->accepted = true;
    }
    if (!ox_net_exchange_is_direct(x) || x->aborted) (void)ox_net_loop_post(x->loop, x);
  }
  if (held) x->held = false;
  pthread_mutex_unlock(&x->lock);
  if (held) ox_net_exchange_unref(x);
}

void ox_http_auth_challenge(ox_http_exchange *x, const char *const *challenges, size_t count) {
  bool apply = false;
  pthread_mutex_lock(&x->lock);
  bool held = x->held;
  if (held && !x->cancelled) {
    ox_http_header *headers = ox_arena_alloc(&x->arena, (count + 1) * sizeof *headers);
    for (size_t i = 0; headers != NULL && i < count; i++) {
      headers[i].name = "WWW-Authenticate";
      headers[i].value = challenges[i];
    }
    if (headers == NULL || x->started || set_head(x, 401, headers, count, 0, true) != OX_OK) {
      x->aborted = true;
    }
    x->challenged = true;
    x->finished = true;
    apply = needs_apply(x);
  }
  if (held) x->held = false;
  pthread_mutex_unlock(&x->lock);
  if (apply) (void)ox_net_exchange_apply(x);
  if (held) ox_net_exchange_unref(x);
}

static ox_net_state *find_state(const ox_http_exchange *x, const ox_http_authenticator *a) {
  ox_net_state *state = x->shared->states;
  while (state != NULL && state->authenticator != a) state = state->next;
  return state;
}

void *ox_http_exchange_connection_state(ox_http_exchange *x,
                                        const ox_http_authenticator *authenticator) {
  ox_net_state *state = find_state(x, authenticator);
  return state != NULL ? state->state : NULL;
}

ox_status ox_http_exchange_set_connection_state(ox_http_exchange *x,
                                                const ox_http_authenticator *authenticator,
                                                void *value, void (*free_state)(void *state)) {
  ox_net_state *state = find_state(x, authenticator);
  if (state == NULL) {
    state = ox_calloc(x->server->allocator, 1, sizeof *state);
    if (state == NULL) return OX_E_NO_MEMORY;
    state->authenticator = authenticator;
    state->next = x->shared->states;
    x->shared->states = state;
  } else if (state->free_state != NULL && state->state != value) {
    state->free_state(state->state);
  }
  state->state = value;
  state->free_state = value != NULL ? free_state : NULL;
  return OX_OK;
}

/* ---- Answers ----------------------------------------------------------------------------------
 */

static bool is_own_field(const char *name) {
  return ox_http_name_equal(name, "Content-Length") ||
         ox_http_name_equal(name, "Transfer-Encoding") || ox_http_name_equal(name, "Connection");
}

ox_status ox_http_exchange_add_header(ox_http_exchange *x, const char *name, const char *value) {
  if (!ox_http_is_token(name, strlen(name)) || !ox_http_is_field_value(value, strlen(value)) ||
      is_own_field(name)) {
    return OX_E_USAGE;
  }
  ox_status status = OX_OK;
  pthread_mutex_lock(&x->lock);
  if (x->started) {
    status = OX_E_USAGE;
  } else if (x->added_count == x->added_capacity) {
    size_t capacity = x->added_capacity != 0 ? x->added_capacity * 2 : 8;
    ox_http_header *grown =
        ox_arena_grow(&x->arena, x->added, x->added_count, capacity, sizeof *grown);
    if (grown == NULL) {
      status = OX_E_NO_MEMORY;
    } else {
      x->added = grown;
      x->added_capacity = capacity;
    }
  }
  if (status == OX_OK) {
    ox_http_header *h = &x->added[x->added_count];
    h->name = ox_arena_strdup(&x->arena, name);
    h->value = ox_arena_strdup(&x->arena, value);
    if (h->name == NULL || h->value == NULL) {
      status = OX_E_NO_MEMORY;
    } else {
      x->added_count++;
    }
  }
  pthread_mutex_unlock(&x->lock);
  return status;
}

static bool fields_ok(const ox_http_header *headers, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (is_own_field(headers[i].name)) return false;
  }
  return true;
}

/* The whole answer straight into http1: no copy but the one into its output. Under lock. */
static ox_status respond_directly(ox_http_exchange *x, unsigned status,
                                  const ox_http_header *headers, size_t header_count,
                                  const void *body, size_t body_bytes) {
  ox_http1 *http = x->connection->http;
  ox_status result = set_head(x, status, headers, header_count, body_bytes, false);
  if (result == OX_OK) result = send_head(x);
  if (result != OX_OK) {
    x->started = false;
    return result;
  }
  result = ox_http1_send_body(http, body, body_bytes);
  if (result == OX_OK) result = ox_http1_send_end(http, NULL, 0);
  x->finished = true;
  x->stage = OX_NET_ANSWERED;
  if (result != OX_OK) x->aborted = true;
  return result;
}

/* The same through the mailbox. Under lock. */
static ox_status respond_later(ox_http_exchange *x, unsigned status, const ox_http_header *headers,
                               size_t header_count, const void *body, size_t body_bytes) {
  if (!fields_ok(headers, header_count)) return OX_E_USAGE;
  ox_status result = set_head(x, status, headers, header_count, body_bytes, true);
  if (result != OX_OK) return result;
  ox_write_bytes(&x->out, body, body_bytes);
  x->finished = true;
  return ox_writer_status(&x->out);
}

ox_status ox_http_exchange_respond(ox_http_exchange *x, unsigned status,
                                   const ox_http_header *headers, size_t header_count,
                                   const void *body, size_t body_bytes) {
  ox_status result = OX_OK;
  bool apply = false;
  pthread_mutex_lock(&x->lock);
  if (!x->held) {
    pthread_mutex_unlock(&x->lock);
    return OX_E_CLOSED;
  }
  x->held = false;
  if (x->cancelled) {
    result = OX_E_CLOSED;
  } else if (x->started) {
    result = OX_E_USAGE;
    x->aborted = true;
    apply = needs_apply(x);
  } else {
    bool direct = ox_net_exchange_is_direct(x);
    ox_status (*respond)(ox_http_exchange *, unsigned, const ox_http_header *, size_t, const void *,
                         size_t) = direct ? respond_directly : respond_later;
    x->response_body_bytes = body_bytes;
    result = respond(x, status, headers, header_count, body, body_bytes);
    if (result == OX_E_USAGE && respond(x, 500, NULL, 0, NULL, 0) != OX_OK) x->aborted = true;
    if (result != OX_OK && result != OX_E_USAGE) x->aborted = true;
    if (!direct || x->aborted) apply = needs_apply(x);
  }
  pthread_mutex_unlock(&x->lock);
  if (apply) (void)ox_net_exchange_apply(x);
  ox_net_exchange_unref(x);
  return result;
}

ox_status ox_http_exchange_start(ox_http_exchange *x, unsigned status,
                                 const ox_http_header *headers, size_t header_count,
                                 uint64_t content_length) {
  ox_status result;
  bool apply = false;
  pthread_mutex_lock(&x->lock);
  if (!x->held || x->cancelled) {
    result = OX_E_CLOSED;
  } else if (x->started || content_length == OX_HTTP1_LENGTH_NO_BODY ||
             !fields_ok(headers, header_count)) {
    result = OX_E_USAGE;
  } else {
    result = set_head(x, status, headers, header_count, content_length, true);
    if (result == OX_OK) apply = needs_apply(x);
  }
  pthread_mutex_unlock(&x->lock);
  if (apply) (void)ox_net_exchange_apply(x);
  return result;
}

ox_status ox_http_exchange_send(ox_http_exchange *x, const void *data, size_t size_bytes,
                                bool wait) {
  size_t high_water = x->server->options.send_high_water_bytes;
  ox_status result = OX_OK;
  bool apply = false;
  pthread_mutex_lock(&x->lock);
  while (wait && x->held && !x->cancelled && x->out.size_bytes + x->unsent_bytes >= high_water) {
    x->sender_waits = true;
    pthread_cond_wait(&x->changed, &x->lock);
  }
  if (!x->held || x->cancelled) {
    result = OX_E_CLOSED;
  } else if (!x->started || x->finished) {
    result = OX_E_USAGE;
  } else if (x->out.size_bytes + x->unsent_bytes >= high_water) {
    x->sender_waits = true;
    result = OX_E_AGAIN;
  } else if (size_bytes != 0) {
    size_t before = x->out.size_bytes;
    ox_write_bytes(&x->out, data, size_bytes);
    result = ox_writer_status(&x->out);
    if (result != OX_OK) {
      ox_writer_rewind(&x->out, before);
    } else {
      x->response_body_bytes += size_bytes;
      apply = needs_apply(x);
    }
  }
  pthread_mutex_unlock(&x->lock);
  if (apply) (void)ox_net_exchange_apply(x);
  return result;
}

static ox_http_header *copy_fields(ox_http_exchange *x, const ox_http_header *fields,
                                   size_t count) {
  ox_http_header *copy = ox_arena_alloc(&x->arena, count * sizeof *copy);
  for (size_t i = 0; copy != NULL && i < count; i++) {
    copy[i].name = ox_arena_strdup(&x->arena, fields[i].name);
    copy[i].value = ox_arena_strdup(&x->arena, fields[i].value);
    if (copy[i].name == NULL || copy[i].value == NULL) return NULL;
  }
  return copy;
}

ox_status ox_http_exchange_finish(ox_http_exchange *x, const ox_http_header *trailers,
                                  size_t trailer_count) {
  ox_status result = OX_OK;
  bool apply = false;
  pthread_mutex_lock(&x->lock);
  if (!x->held) {
    pthread_mutex_unlock(&x->lock);
    return OX_E_CLOSED;
  }
  x->held = false;
  if (x->cancelled) {
    result = OX_E_CLOSED;
  } else {
    if (!x->started) {
      result = OX_E_USAGE;
      x->aborted = true;
    } else if (trailer_count != 0) {
      x->trailers = copy_fields(x, trailers, trailer_count);
      x->trailer_count = trailer_count;
      if (x->trailers == NULL) {
        result = OX_E_NO_MEMORY;
        x->aborted = true;
      }
    }
    x->finished = true;
    apply = needs_apply(x);
  }
  pthread_mutex_unlock(&x->lock);
  if (apply) (void)ox_net_exchange_apply(x);
  ox_net_exchange_unref(x);
  return result;
}

void ox_http_exchange_abort(ox_http_exchange *x) {
  bool apply = false;
  pthread_mutex_lock(&x->lock);
  bool held = x->held;
  x->held = false;
  if (held && !x->cancelled) {
    x->aborted = true;
    apply = needs_apply(x);
  }
  pthread_mutex_unlock(&x->lock);
  if (apply) (void)ox_net_exchange_apply(x);
  if (held) ox_net_exchange_unref(x);
}
