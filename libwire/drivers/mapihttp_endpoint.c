/* The endpoint over ox_http_server: an exchange becomes a request and a sink. */
#include <stdatomic.h>
#include <string.h>

#include "mapihttp_server.h"

/* More than the protocol's own limit, so that its "Too Large" can be said. */
#define BODY_MAX_BYTES(limit) (4 * (limit) + 1024 * 1024)

/* Most that one answer may leave unsent while the client is slow. */
#define BACKLOG_MAX_BYTES ((size_t)64 * 1024 * 1024)

/* Shared by the call (through its sink) and the watch. */
typedef struct bridge {
  atomic_uint references;
  const ox_allocator *allocator;
  ox_http_exchange *exchange; /* until it has ended */
  ox_mapihttp_call *call;     /* a reference for the watch; set before the watch is */
  pthread_mutex_t lock;
  ox_writer backlog; /* what the connection would not take at once */
  bool finish_wanted;
  bool ended;
} bridge;

static void bridge_unref(bridge *b) {
  if (atomic_fetch_sub(&b->references, 1) != 1) return;
  ox_mapihttp_call_unref(b->call);
  ox_writer_dispose(&b->backlog);
  pthread_mutex_destroy(&b->lock);
  ox_free(b->allocator, b);
}

/* ---- The sink -------------------------------------------------------------------------------- */

static void sink_respond(void *user, const ox_http_header *headers, size_t count, ox_bytes body) {
  bridge *b = user;
  pthread_mutex_lock(&b->lock);
  b->ended = true;
  ox_http_exchange_respond(b->exchange, 200, headers, count, body.data, body.size_bytes);
  pthread_mutex_unlock(&b->lock);
}

static void sink_start(void *user, const ox_http_header *headers, size_t count) {
  bridge *b = user;
  pthread_mutex_lock(&b->lock);
  if (ox_http_exchange_start(b->exchange, 200, headers, count, OX_HTTP1_LENGTH_CHUNKED) ==
      OX_E_NO_MEMORY) {
    b->ended = true;
    ox_http_exchange_abort(b->exchange);
  }
  pthread_mutex_unlock(&b->lock);
}

/* With the lock held. */
static void send_or_keep(bridge *b, ox_bytes data) {
  if (b->ended) return;
  if (b->backlog.size_bytes == 0 &&
      ox_http_exchange_send(b->exchange, data.data, data.size_bytes, false) != OX_E_AGAIN)
    return; /* sent, or there is nobody to send to */
  ox_write_bytes(&b->backlog, data.data, data.size_bytes);
  if (ox_writer_status(&b->backlog) != OX_OK) {
    b->ended = true;
    ox_http_exchange_abort(b->exchange);
  }
}

static void sink_send(void *user, ox_bytes data) {
  bridge *b = user;
  pthread_mutex_lock(&b->lock);
  send_or_keep(b, data);
  pthread_mutex_unlock(&b->lock);
}

static void finish_if_ready(bridge *b) {
  if (b->ended || !b->finish_wanted || b->backlog.size_bytes > 0) return;
  b->ended = true;
  ox_http_exchange_finish(b->exchange, NULL, 0);
}

static void sink_finish(void *user) {
  bridge *b = user;
  pthread_mutex_lock(&b->lock);
  b->finish_wanted = true;
  finish_if_ready(b);
  pthread_mutex_unlock(&b->lock);
}

static void sink_release(void *user) {
  bridge_unref(user);
}

/* ---- The watch ------------------------------------------------------------------------------- */

static void on_tick(void *user, ox_http_exchange *exchange) {
  bridge *b = user;
  (void)exchange;
  ox_mapihttp_call_tick(b->call);
}

static void on_cancel(void *user, ox_http_exchange *exchange) {
  bridge *b = user;
  (void)exchange;
  ox_mapihttp_call_cancel(b->call);
  /* Nothing will drain any more. */
  pthread_mutex_lock(&b->lock);
  b->backlog.size_bytes = 0;
  finish_if_ready(b);
  pthread_mutex_unlock(&b->lock);
}

static void on_drain(void *user, ox_http_exchange *exchange) {
  bridge *b = user;
  (void)exchange;
  pthread_mutex_lock(&b->lock);
  ox_bytes data = ox_writer_bytes(&b->backlog);
  if (!b->ended && data.size_bytes > 0 &&
      ox_http_exchange_send(b->exchange, data.data, data.size_bytes, false) != OX_E_AGAIN)
    ox_writer_reset(&b->backlog);
  finish_if_ready(b);
  pthread_mutex_unlock(&b->lock);
}

static void on_release(void *user) {
  bridge_unref(user);
}

/* ---- Requests -------------------------------------------------------------------------------- */

/* Runs on a worker: processors may block. The exchange's strings live until it is answered, and so
 * does the call's interest in them. */
static void handle(void *user, ox_http_exchange *exchange) {
  ox_mapihttp_server *server = user;
  bridge *b = ox_calloc(server->allocator, 1, sizeof *b);
  if (b == NULL || pthread_mutex_init(&b->lock, NULL) != 0) {
    ox_free(server->allocator, b);
    ox_http_exchange_respond(exchange, 503, NULL, 0, NULL, 0);
    return;
  }
  atomic_init(&b->references, 2); /* the sink's and the watch's */
  b->allocator = server->allocator;
  b->exchange = exchange;
  ox_writer_init(&b->backlog, server->allocator, BACKLOG_MAX_BYTES);

  ox_mapihttp_request request;
  ox_mapihttp_sink sink = {sink_respond, sink_start, sink_send, sink_finish, sink_release, b};
  memset(&request, 0, sizeof request);
  request.method = ox_http_exchange_method(exchange);
  request.path = ox_http_exchange_path(exchange);
  request.user = ox_http_exchange_user(exchange);
  request.peer = ox_http_exchange_peer(exchange);
  request.headers = ox_http_exchange_headers(exchange, &request.header_count);
  request.body = ox_http_exchange_body(exchange);
  b->call = ox_mapihttp_call_new(server, &request, &sink);
  if (b->call == NULL) {
    ox_http_exchange_respond(exchange, 503, NULL, 0, NULL, 0);
    bridge_unref(b);
    bridge_unref(b);
    return;
  }
  ox_mapihttp_call *call = b->call;
  ox_http_watch watch = {sizeof watch, server->options.pending_period_ms,
                         on_tick,      on_cancel,
                         NULL,         on_drain,
                         on_release,   b};
  ox_http_exchange_watch(exchange, &watch); /* without memory for it there are no PENDINGs */
  ox_mapihttp_call_run(call);
}

ox_status ox_mapihttp_server_attach(ox_mapihttp_server *server, ox_http_server *http,
                                    ox_http_authenticator *authenticator, ox_error *err) {
  if (authenticator == NULL)
    return ox_error_set(err, OX_E_USAGE, "MAPI over HTTP has no anonymous requests.");
  ox_http_route route;
  memset(&route, 0, sizeof route);
  route.struct_size = sizeof route;
  route.flags = OX_HTTP_ROUTE_PREFIX | OX_HTTP_ROUTE_WORKER;
  route.path = "/mapi/";
  route.handler = handle;
  route.user = server;
  route.authenticator = authenticator;
  route.body_max_bytes = BODY_MAX_BYTES(server->options.request_max_bytes);
  ox_status status = ox_http_server_route(http, &route);
  return status == OX_OK ? OX_OK : ox_error_set(err, status, NULL);
}
