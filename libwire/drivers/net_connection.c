/* Connections: bytes between a socket, TLS and HTTP/1.1, and what their events mean. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "net_internal.h"

/* ---- What outlives a connection ---------------------------------------------------------------
 */

ox_net_shared *ox_net_shared_ref(ox_net_shared *shared) {
  atomic_fetch_add_explicit(&shared->references, 1, memory_order_relaxed);
  return shared;
}

void ox_net_shared_unref(ox_net_shared *shared) {
  if (atomic_fetch_sub_explicit(&shared->references, 1, memory_order_acq_rel) != 1) return;
  while (shared->states != NULL) {
    ox_net_state *state = shared->states;
    shared->states = state->next;
    if (state->free_state != NULL) state->free_state(state->state);
    ox_free(shared->allocator, state);
  }
  ox_free(shared->allocator, shared);
}

static void local_address(int fd, char out[OX_NET_ADDRESS_BYTES]) {
  struct sockaddr_storage address;
  socklen_t size = sizeof address;
  char text[INET6_ADDRSTRLEN] = "?";
  unsigned port = 0;
  const char *format = "%s:%u";
  if (getsockname(fd, (struct sockaddr *)&address, &size) == 0) {
    if (address.ss_family == AF_INET) {
      const struct sockaddr_in *in = (const void *)&address;
      inet_ntop(AF_INET, &in->sin_addr, text, sizeof text);
      port = ntohs(in->sin_port);
    } else if (address.ss_family == AF_INET6) {
      const struct sockaddr_in6 *in6 = (const void *)&address;
      port = ntohs(in6->sin6_port);
      if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) {
        inet_ntop(AF_INET, in6->sin6_addr.s6_addr + 12, text, sizeof text);
      } else {
        inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof text);
        format = "[%s]:%u";
      }
    }
  }
  snprintf(out, OX_NET_ADDRESS_BYTES, format, text, port);
}

/* ---- End --------------------------------------------------------------------------------------
 */

static void destroy(ox_net_connection *c) {
  ox_net_loop *loop = c->loop;
  ox_http_server *server = c->server;
  event_del(&c->read_event);
  event_del(&c->write_event);
  close(c->fd);
  if (c->previous != NULL) {
    c->previous->next = c->next;
  } else {
    loop->connections = c->next;
  }
  if (c->next != NULL) c->next->previous = c->previous;
  ox_http1_free(c->http);
  ox_tls_free(c->tls);
  if (c->shared != NULL) ox_net_shared_unref(c->shared);
  ox_free(server->allocator, c);
  atomic_fetch_sub(&loop->connection_count, 1);
  atomic_fetch_sub(&server->connections_open, 1);
}

/* Ends a connection now; an exchange in hand is cancelled. The connection is gone on return, or
 * when ox_net_connection_process, which called, returns. */
void ox_net_connection_kill(ox_net_connection *c, const char *problem) {
  if (c->dying) return;
  c->dying = true;
  ox_http_exchange *x = c->current;
  c->current = NULL;
  if (x != NULL) {
    x->connection = NULL;
    if (x->stage == OX_NET_ANSWERED) {
      ox_net_exchange_trace(x, problem);
    } else {
      ox_net_exchange_cancel(x, problem);
    }
    ox_net_exchange_unref(x);
  }
  if (!c->processing) destroy(c);
}

/* The exchange in hand is over: its answer is in http1, its request was read. */
static void detach(ox_net_connection *c, const char *problem) {
  ox_http_exchange *x = c->current;
  c->current = NULL;
  c->dropped_bytes = 0;
  x->connection = NULL;
  ox_net_exchange_trace(x, problem);
  ox_net_exchange_unref(x);
}

static void trace_refusal(ox_net_connection *c, unsigned status, const char *problem) {
  atomic_fetch_add(&c->server->requests_refused, 1);
  if (c->current != NULL) {
    /* The exchange is traced when it is detached. */
    c->current->status = status;
    c->current->head_sent = true;
    snprintf(c->current->problem, sizeof c->current->problem, "%s", problem);
    return;
  }
  if (c->server->options.trace == NULL) return;
  ox_http_trace trace = {sizeof trace};
  trace.peer = c->shared->peer;
  trace.method = trace.target = trace.user = "";
  trace.status = status;
  trace.problem = problem;
  c->server->options.trace(c->server->options.trace_user, &trace);
}

/* Answers what cannot be parsed, and then only sends. */
static void refuse(ox_net_connection *c, unsigned status, const char *text) {
  c->input_shut = true;
  trace_refusal(c, status, text);
  if (ox_http1_send_refusal(c->http, status, text) != OX_OK) ox_net_connection_kill(c, text);
}

/* ---- Input ------------------------------------------------------------------------------------
 */

/* The peer sends no more. An exchange in hand means that its client went. */
static void peer_ended(ox_net_connection *c) {
  if (c->current != NULL && c->current->stage != OX_NET_ANSWERED) {
    ox_net_connection_kill(c, "The client closed the connection.");
    return;
  }
  c->ended = true;
  ox_http1_feed_end(c->http);
}

static void handshake_done(ox_net_connection *c) {
  c->phase = OX_NET_OPEN;
  c->last_input_ms = c->loop->now_ms;
  ox_net_shared *shared = c->shared;
  if (ox_tls_channel_binding(c->tls, OX_TLS_BINDING_SERVER_END_POINT, shared->end_point,
                             &shared->end_point_bytes) != OX_OK) {
    shared->end_point_bytes = 0;
  }
}

/* Moves plain text from TLS to HTTP; true when there was some. */
static bool pull_tls(ox_net_connection *c) {
  void *room;
  size_t n = ox_http1_input_room(c->http, &room);
  size_t got;
  ox_error err;
  if (n == 0 || c->tls_ended) return false;
  switch (ox_tls_read(c->tls, room, n, &got, &err)) {
    case OX_OK: ox_http1_input_added(c->http, got); return true;
    case OX_E_AGAIN: return false;
    case OX_E_CLOSED:
      c->tls_ended = true;
      peer_ended(c);
      return !c->dying;
    default: ox_net_connection_kill(c, err.text); return false;
  }
}

/* Keeps the plain text that waits in HTTP, where it is bounded, and notices the end of the session
 * while a request is in hand. */
static void pull_ahead(ox_net_connection *c) {
  while (!c->dying && c->phase == OX_NET_OPEN && !c->input_shut &&
         ox_http1_input_waiting(c->http) < OX_NET_SCRATCH_BYTES / 2 && pull_tls(c)) {
  }
}

/* Bytes came into TLS. */
static void advance_tls(ox_net_connection *c) {
  if (c->phase != OX_NET_HANDSHAKE) return;
  ox_error err;
  ox_status status = ox_tls_handshake(c->tls, &err);
  if (status == OX_OK) {
    handshake_done(c);
  } else if (status != OX_E_AGAIN) {
    /* The alert still goes out. */
    trace_refusal(c, 0, err.text);
    c->input_shut = true;
    c->phase = OX_NET_OPEN;
  }
}

static void read_socket(ox_net_connection *c) {
  void *room = c->loop->scratch;
  size_t capacity = OX_NET_SCRATCH_BYTES;
  bool direct = c->tls == NULL && c->phase == OX_NET_OPEN;
  if (direct) capacity = ox_http1_input_room(c->http, &room);
  if (capacity == 0) return;
  ssize_t n;
  do {
    n = recv(c->fd, room, capacity, 0);
  } while (n < 0 && errno == EINTR);
  if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
  if (n < 0) {
    ox_net_connection_kill(c, "The connection was reset.");
  } else if (c->phase == OX_NET_LINGER) {
    if (n == 0) ox_net_connection_kill(c, "");
  } else if (n == 0) {
    if (c->tls != NULL) ox_tls_feed_end(c->tls);
    if (c->phase == OX_NET_HANDSHAKE) {
      ox_net_connection_kill(c, "The client left during the TLS handshake.");
    } else if (c->tls == NULL || c->current != NULL) {
      peer_ended(c); /* else when TLS was read to its end */
    }
  } else {
    if (c->phase == OX_NET_OPEN) c->last_input_ms = c->loop->now_ms;
    if (direct) {
      ox_http1_input_added(c->http, (size_t)n);
    } else if (ox_tls_feed(c->tls, room, (size_t)n, NULL) != OX_OK) {
      ox_net_connection_kill(c, "Out of memory.");
    } else {
      advance_tls(c);
    }
  }
}

/* ---- HTTP events ------------------------------------------------------------------------------
 */

static void begin_exchange(ox_net_connection *c, const ox_http1_head *head) {
  ox_http_exchange *x = ox_net_exchange_new(c);
  atomic_fetch_add_explicit(&c->server->requests, 1, memory_order_relaxed);
  c->head_start_ms = 0;
  if (x == NULL) {
    refuse(c, 503, "Out of memory.");
    return;
  }
  c->current = x;
  c->dropped_bytes = 0;
  if (ox_http1_head_clone(head, &x->arena, &x->head) != OX_OK) {
    ox_net_connection_kill(c, "Out of memory.");
    return;
  }
  x->path = x->query = "";
  if (strcmp(x->head.method, "CONNECT") == 0) {
    ox_net_exchange_answer(x, 501, NULL, true);
    return;
  }
  if (ox_http_target_split(x->head.target, &x->arena, &x->path, &x->query) != OX_OK) {
    x->path = x->query = "";
    ox_net_exchange_answer(x, 400, NULL, false);
    return;
  }
  const ox_net_route *other = NULL;
  x->route = ox_net_find_route(c->server, x->path, x->head.method, &other);
  if (x->route == NULL) {
    ox_http_header allow = {"Allow", other != NULL ? other->methods : ""};
    ox_net_exchange_answer(x, other != NULL ? 405 : 404, other != NULL ? &allow : NULL, false);
    return;
  }
  ox_error err;
  size_t body_max = x->route->route.body_max_bytes;
  if (body_max == 0) body_max = c->server->options.body_default_max_bytes;
  if (ox_http1_limit_body(c->http, body_max, &err) != OX_OK) {
    x->stage = OX_NET_ANSWERED;
    refuse(c, err.remote_code, err.text);
    return;
  }
  ox_net_exchange_authenticate(x);
}

/* Authentication is through: to the handler, or first to the body. */
static void go_on(ox_net_connection *c) {
  ox_http_exchange *x = c->current;
  x->stage = OX_NET_COLLECTING;
  c->last_input_ms = c->loop->now_ms;
  if (ox_net_exchange_streams(x)) {
    ox_net_exchange_dispatch(x);
  } else {
    ox_net_exchange_continue(x);
  }
}

static void on_body(ox_net_connection *c, ox_bytes piece) {
  ox_http_exchange *x = c->current;
  x->request_body_bytes += piece.size_bytes;
  if (x->stage == OX_NET_COLLECTING || x->stage == OX_NET_HANDLING) {
    if (ox_net_exchange_body_piece(x, piece) != OX_OK) {
      ox_net_connection_kill(c, "Out of memory.");
    }
    return;
  }
  c->dropped_bytes += piece.size_bytes;
  if (c->dropped_bytes <= OX_NET_DROP_MAX_BYTES) return;
  /* Too much to read for nothing: what waits to be said is said now, and then the end. */
  x->close_after = true;
  c->input_shut = true;
  if (x->stage == OX_NET_DROPPING) {
    x->stage = OX_NET_HANDLING;
    x->challenged = false;
    if (ox_net_exchange_apply(x) != OX_OK) return;
  }
}

static void on_end(ox_net_connection *c) {
  ox_http_exchange *x = c->current;
  if (x == NULL) return;
  if (x->stage == OX_NET_DROPPING) {
    x->stage = OX_NET_HANDLING;
    x->challenged = false;
    (void)ox_net_exchange_apply(x);
  } else if (x->stage == OX_NET_COLLECTING) {
    ox_net_exchange_dispatch(x);
  } else if (x->stage == OX_NET_HANDLING) {
    ox_net_exchange_body_end(x, OX_OK, NULL);
  }
}

static void input_failed(ox_net_connection *c, ox_status status, const ox_error *err) {
  ox_http_exchange *x = c->current;
  if (status == OX_E_CLOSED || status == OX_E_NO_MEMORY) {
    ox_net_connection_kill(c, err->text);
  } else if (x != NULL && x->stage == OX_NET_HANDLING) {
    /* The handler reads the body itself, and is told; its answer still goes out. */
    c->input_shut = true;
    ox_net_exchange_body_end(x, status, err->text);
  } else if (x != NULL && x->stage == OX_NET_ANSWERED) {
    c->input_shut = true;
  } else {
    if (x != NULL) x->stage = OX_NET_ANSWERED;
    refuse(c, err->remote_code, err->text);
  }
}

/* Takes what can be taken of the input; runs inline handlers. */
static void advance(ox_net_connection *c) {
  size_t high_water = c->server->options.send_high_water_bytes;
  c->needs_input = false;
  while (!c->dying && c->phase == OX_NET_OPEN) {
    ox_http_exchange *x = c->current;
    if (x != NULL && x->stage == OX_NET_AUTHENTICATING) {
      if (!ox_net_exchange_take_accepted(x)) return;
      go_on(c);
      continue;
    }
    if (x != NULL && x->stage == OX_NET_ANSWERED && ox_http1_must_close(c->http)) {
      c->input_shut = true; /* the rest of the body may never come */
    }
    if (x != NULL && x->stage == OX_NET_ANSWERED &&
        (c->input_shut || ox_http1_request_complete(c->http))) {
      detach(c, "");
      continue;
    }
    if (x != NULL && x->stage == OX_NET_HANDLING && ox_net_exchange_body_full(x)) {
      c->was_full = true;
      return;
    }
    if (c->was_full) c->last_input_ms = c->loop->now_ms;
    c->was_full = false;
    if (c->input_shut) return;
    if (x == NULL && ox_http1_output(c->http).size_bytes > high_water) return;
    ox_http1_event event;
    ox_error err;
    ox_status status = ox_http1_next(c->http, &event, &err);
    if (status != OX_OK) {
      input_failed(c, status, &err);
      continue;
    }
    switch (event.kind) {
      case OX_HTTP1_NEED_INPUT:
        if (c->tls != NULL && pull_tls(c)) continue;
        c->needs_input = true;
        return;
      case OX_HTTP1_HEAD: begin_exchange(c, &event.head); break;
      case OX_HTTP1_BODY: on_body(c, event.body); break;
      case OX_HTTP1_END: on_end(c); break;
      case OX_HTTP1_PAUSED: return;
      default: c->input_shut = true; return;
    }
  }
}

/* ---- Output -----------------------------------------------------------------------------------
 */

/* Encrypts what HTTP wants to send, not more than one buffer ahead of the socket. */
static void encrypt(ox_net_connection *c) {
  ox_bytes out = ox_http1_output(c->http);
  if (out.size_bytes == 0 || !ox_tls_handshake_done(c->tls)) return;
  if (ox_tls_output(c->tls).size_bytes >= 4 * OX_NET_SCRATCH_BYTES) return;
  size_t n = out.size_bytes > 4 * OX_NET_SCRATCH_BYTES ? 4 * OX_NET_SCRATCH_BYTES : out.size_bytes;
  ox_error err;
  if (ox_tls_write(c->tls, out.data, n, &err) != OX_OK) {
    ox_net_connection_kill(c, err.text);
    return;
  }
  ox_http1_output_taken(c->http, n);
}

static ox_bytes socket_output(const ox_net_connection *c) {
  return c->tls != NULL ? ox_tls_output(c->tls) : ox_http1_output(c->http);
}

/* Sends until nothing is left or the socket is full. */
static void flush(ox_net_connection *c) {
  for (;;) {
    if (c->tls != NULL && c->phase != OX_NET_HANDSHAKE) encrypt(c);
    if (c->dying) return;
    ox_bytes out = socket_output(c);
    if (out.size_bytes == 0) break;
    ssize_t n;
    do {
      n = send(c->fd, out.data, out.size_bytes, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
      if (errno == EAGAIN || errno == EWOULDBLOCK) break;
      ox_net_connection_kill(c, "The client closed the connection.");
      return;
    }
    c->last_output_ms = c->loop->now_ms;
    if (c->tls != NULL) {
      ox_tls_output_taken(c->tls, (size_t)n);
    } else {
      ox_http1_output_taken(c->http, (size_t)n);
    }
  }
  size_t left = ox_http1_output(c->http).size_bytes;
  if (c->tls != NULL) left += ox_tls_output(c->tls).size_bytes;
  if (left != 0 && c->output_left == 0) c->last_output_ms = c->loop->now_ms;
  c->output_left = left;
  ox_http_exchange *x = c->current;
  /* Only this thread writes unsent_bytes. */
  if (x != NULL && x->stage == OX_NET_HANDLING && x->unsent_bytes != left) {
    atomic_fetch_add(&x->references, 1);
    ox_net_exchange_output_left(x, left);
    ox_net_exchange_unref(x);
  }
}

/* Everything was sent and nothing more is to come: ends in an orderly way. */
static void finish(ox_net_connection *c) {
  if (c->tls != NULL) {
    ox_tls_close(c->tls);
    flush(c);
    if (c->dying || c->output_left != 0) return;
  }
  bool read_all = ox_http1_input_waiting(c->http) == 0 && ox_http1_request_complete(c->http);
  if (c->ended || read_all) {
    ox_net_connection_kill(c, "");
    return;
  }
  /* Closing a socket with unread input would reset it and might take the answer along. */
  shutdown(c->fd, SHUT_WR);
  c->phase = OX_NET_LINGER;
  c->linger_end_ms = c->loop->now_ms + OX_NET_LINGER_MS;
}

static void update_events(ox_net_connection *c) {
  bool reading = c->phase != OX_NET_OPEN ||
                 (!c->input_shut &&
                  (c->needs_input || ox_http1_input_waiting(c->http) < OX_NET_SCRATCH_BYTES / 2));
  bool writing = c->output_left != 0;
  if (reading != c->reading) {
    c->reading = reading;
    if (reading) {
      event_add(&c->read_event, NULL);
    } else {
      event_del(&c->read_event);
    }
  }
  if (writing != c->writing) {
    c->writing = writing;
    if (writing) {
      event_add(&c->write_event, NULL);
    } else {
      event_del(&c->write_event);
    }
  }
  if (c->current == NULL && c->phase == OX_NET_OPEN) {
    if (ox_http1_input_waiting(c->http) == 0) {
      c->head_start_ms = 0;
    } else if (c->head_start_ms == 0) {
      c->head_start_ms = c->loop->now_ms;
    }
  }
}

/* Does whatever can be done without waiting. The connection may be gone afterwards. */
void ox_net_connection_process(ox_net_connection *c) {
  if (c->processing || c->dying) return;
  c->processing = true;
  size_t before;
  do {
    c->direct = true;
    if (c->tls != NULL) pull_ahead(c);
    advance(c);
    c->direct = false;
    before = ox_http1_output(c->http).size_bytes;
    if (!c->dying) flush(c);
    /* Sending may have made room to take the next request. */
  } while (!c->dying && c->current == NULL && !c->input_shut && c->phase == OX_NET_OPEN &&
           before > c->server->options.send_high_water_bytes && c->output_left == 0);
  if (!c->dying && c->phase == OX_NET_OPEN && c->input_shut && c->current == NULL &&
      c->output_left == 0) {
    finish(c);
  }
  c->processing = false;
  if (c->dying) {
    destroy(c);
  } else {
    update_events(c);
  }
}

static void on_readable(evutil_socket_t fd, short what, void *user) {
  (void)fd;
  (void)what;
  ox_net_connection *c = user;
  c->loop->now_ms = ox_net_clock_us() / 1000;
  c->processing = true;
  read_socket(c);
  c->processing = false;
  if (c->dying) {
    destroy(c);
  } else {
    ox_net_connection_process(c);
  }
}

static void on_writable(evutil_socket_t fd, short what, void *user) {
  (void)fd;
  (void)what;
  ox_net_connection *c = user;
  c->loop->now_ms = ox_net_clock_us() / 1000;
  ox_net_connection_process(c);
}

/* ---- Start, time, stop ------------------------------------------------------------------------
 */

static bool set_up(ox_net_connection *c, ox_net_listener *listener, const char *peer) {
  ox_http_server *server = c->server;
  ox_http1_limits limits = server->options.limits;
  limits.body_max_bytes = UINT64_MAX; /* each route has its own */
  limits.output_max_bytes = SIZE_MAX; /* senders are held back before it gets there */
  c->shared = ox_calloc(server->allocator, 1, sizeof *c->shared);
  if (c->shared == NULL) return false;
  atomic_init(&c->shared->references, 1);
  c->shared->allocator = server->allocator;
  c->shared->id = atomic_fetch_add(&server->next_connection_id, 1) + 1;
  c->shared->is_tls = listener->tls != NULL;
  snprintf(c->shared->peer, sizeof c->shared->peer, "%s", peer);
  local_address(c->fd, c->shared->local);
  if (ox_http1_new(true, &limits, server->allocator, &c->http) != OX_OK) return false;
  if (listener->tls == NULL) {
    c->phase = OX_NET_OPEN;
  } else {
    c->phase = OX_NET_HANDSHAKE;
    if (ox_tls_new(listener->tls, NULL, &c->tls, NULL) != OX_OK) return false;
  }
  return true;
}

void ox_net_connection_open(ox_net_loop *loop, int fd, ox_net_listener *listener,
                            const char *peer) {
  ox_http_server *server = loop->server;
  ox_net_connection *c = ox_calloc(server->allocator, 1, sizeof *c);
  if (c == NULL) {
    close(fd);
    atomic_fetch_sub(&loop->connection_count, 1);
    atomic_fetch_sub(&server->connections_open, 1);
    return;
  }
  c->loop = loop;
  c->server = server;
  c->fd = fd;
  c->next = loop->connections;
  if (c->next != NULL) c->next->previous = c;
  loop->connections = c;
  c->last_input_ms = c->last_output_ms = loop->now_ms;
  event_assign(&c->read_event, loop->base, fd, EV_READ | EV_PERSIST, on_readable, c);
  event_assign(&c->write_event, loop->base, fd, EV_WRITE | EV_PERSIST, on_writable, c);
  if (loop->stopping || !set_up(c, listener, peer)) {
    c->dying = true;
    destroy(c);
    return;
  }
  update_events(c);
}

static bool late(const ox_net_connection *c, uint64_t since_ms, uint32_t limit_ms) {
  return c->loop->now_ms > since_ms && c->loop->now_ms - since_ms > limit_ms;
}

/* The client is due to send a piece of the body. */
static bool awaits_body(const ox_net_connection *c) {
  const ox_http_exchange *x = c->current;
  return x != NULL && c->needs_input && !c->input_shut && !ox_http1_request_complete(c->http) &&
         x->stage != OX_NET_AUTHENTICATING && (x->continue_sent || !x->head.expects_continue);
}

/* True when there is something to process afterwards. */
static bool sweep_open(ox_net_connection *c) {
  const ox_http_server_options *options = &c->server->options;
  ox_http_exchange *x = c->current;
  if (c->output_left != 0 && late(c, c->last_output_ms, options->write_timeout_ms)) {
    ox_net_connection_kill(c, "The client does not read.");
    return false;
  }
  if (x == NULL) {
    if (c->input_shut || c->output_left != 0) return false;
    if (c->head_start_ms != 0 && late(c, c->head_start_ms, options->head_timeout_ms)) {
      refuse(c, 408, "The request did not come in time.");
      return true;
    }
    if (c->head_start_ms != 0 || !late(c, c->last_input_ms, options->idle_timeout_ms)) return false;
    c->input_shut = true;
    return true;
  }
  if (awaits_body(c) && late(c, c->last_input_ms, options->body_timeout_ms)) {
    ox_error err;
    ox_error_set(&err, OX_E_PROTOCOL, "The body did not come in time.");
    err.remote_code = 408;
    input_failed(c, OX_E_PROTOCOL, &err);
    return true;
  }
  atomic_fetch_add(&x->references, 1);
  ox_net_exchange_tick(x);
  ox_net_exchange_unref(x);
  return false;
}

/* Looks after time, some twenty times a second. */
void ox_net_connection_sweep(ox_net_connection *c) {
  bool again = false;
  c->processing = true;
  if (c->phase == OX_NET_HANDSHAKE) {
    if (late(c, c->last_input_ms, c->server->options.handshake_timeout_ms)) {
      ox_net_connection_kill(c, "The TLS handshake did not end in time.");
    }
  } else if (c->phase == OX_NET_LINGER) {
    if (c->loop->now_ms >= c->linger_end_ms) ox_net_connection_kill(c, "");
  } else {
    again = sweep_open(c);
  }
  c->processing = false;
  if (c->dying) {
    destroy(c);
  } else if (again) {
    ox_net_connection_process(c);
  }
}

/* The server stops: an idle connection ends, a busy one after its answer. */
void ox_net_connection_stop(ox_net_connection *c) {
  if (c->phase == OX_NET_HANDSHAKE) {
    ox_net_connection_kill(c, "The server stops.");
  } else if (c->phase == OX_NET_OPEN && c->current == NULL &&
             ox_http1_input_waiting(c->http) == 0) {
    c->input_shut = true;
    ox_net_connection_process(c);
  }
}
