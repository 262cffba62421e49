/* Exchanges: the bodies of requests, and what a handler asks about a request. */
#include <string.h>

#include "net_internal.h"

/* ---- The loop's side --------------------------------------------------------------------------
 */

bool ox_net_exchange_streams(const ox_http_exchange *x) {
  return x->route != NULL && (x->route->route.flags & OX_HTTP_ROUTE_STREAM_BODY) != 0;
}

/* A streamed body that the handler does not read fast enough waits in the socket. */
bool ox_net_exchange_body_full(ox_http_exchange *x) {
  if (!ox_net_exchange_streams(x)) return false;
  pthread_mutex_lock(&x->lock);
  bool full =
      x->held && !x->body_ended && x->ahead.size_bytes - x->ahead_taken >= OX_NET_BODY_AHEAD_BYTES;
  if (full) x->body_paused = true;
  pthread_mutex_unlock(&x->lock);
  return full;
}

static ox_status collect(ox_http_exchange *x, ox_bytes piece) {
  if (x->body_capacity - x->body_bytes < piece.size_bytes) {
    /* Never by the claimed length: by what came, doubled, and one byte for a terminator. */
    size_t need = x->body_bytes + piece.size_bytes;
    size_t capacity = x->body_capacity * 2 > need ? x->body_capacity * 2 : need;
    if (x->head.content_length < capacity && x->head.content_length >= need) {
      capacity = (size_t)x->head.content_length;
    }
    uint8_t *body = ox_realloc(x->server->allocator, x->body, capacity);
    if (body == NULL) return OX_E_NO_MEMORY;
    x->body = body;
    x->body_capacity = capacity;
  }
  memcpy(x->body + x->body_bytes, piece.data, piece.size_bytes);
  x->body_bytes += piece.size_bytes;
  return OX_OK;
}

static void forget_read(ox_http_exchange *x) {
  size_t left = x->ahead.size_bytes - x->ahead_taken;
  if (left == 0) {
    ox_writer_reset(&x->ahead);
  } else if (x->ahead_taken >= OX_NET_BODY_AHEAD_BYTES / 2) {
    memmove(x->ahead.data, x->ahead.data + x->ahead_taken, left);
    ox_writer_rewind(&x->ahead, left);
  } else {
    return;
  }
  x->ahead_taken = 0;
}

/* Under lock: wakes a reader; true when its watch is to be told. */
static bool reader_due(ox_http_exchange *x) {
  pthread_cond_broadcast(&x->changed);
  bool tell = x->reader_waits && x->held && x->watched && x->watch.on_body != NULL;
  x->reader_waits = false;
  return tell;
}

static void tell_reader(ox_http_exchange *x) {
  atomic_fetch_add(&x->references, 1);
  x->watch.on_body(x->watch.user, x);
  ox_net_exchange_unref(x);
}

ox_status ox_net_exchange_body_piece(ox_http_exchange *x, ox_bytes piece) {
  x->continue_sent = true;
  if (!ox_net_exchange_streams(x)) return collect(x, piece);
  ox_status status = OX_OK;
  bool tell = false;
  pthread_mutex_lock(&x->lock);
  if (x->held) {
    forget_read(x);
    ox_write_bytes(&x->ahead, piece.data, piece.size_bytes);
    status = ox_writer_status(&x->ahead);
    tell = reader_due(x);
  }
  pthread_mutex_unlock(&x->lock);
  if (tell) tell_reader(x);
  return status;
}

void ox_net_exchange_body_end(ox_http_exchange *x, ox_status status, const char *text) {
  pthread_mutex_lock(&x->lock);
  x->body_ended = true;
  x->body_status = status;
  if (text != NULL) {
    size_t n = strlen(text);
    if (n >= sizeof x->body_text) n = sizeof x->body_text - 1;
    memcpy(x->body_text, text, n);
    x->body_text[n] = '\0';
  }
  bool tell = reader_due(x);
  pthread_mutex_unlock(&x->lock);
  if (tell) tell_reader(x);
}

/* ---- The handler's side -----------------------------------------------------------------------
 */

/* Under lock: what can be read now. */
static size_t read_some(ox_http_exchange *x, void *buffer, size_t capacity_bytes) {
  size_t available = x->ahead.size_bytes - x->ahead_taken;
  size_t n = available < capacity_bytes ? available : capacity_bytes;
  if (n == 0) return 0;
  memcpy(buffer, x->ahead.data + x->ahead_taken, n);
  x->ahead_taken += n;
  if (x->body_paused && available - n < OX_NET_BODY_AHEAD_BYTES / 2) {
    x->body_paused = false;
    (void)ox_net_loop_post(x->loop, x);
  }
  return n;
}

/* Under lock: lets a client go on that waits for 100. */
static void ask_continue(ox_http_exchange *x, bool *asked) {
  if (*asked || !x->head.expects_continue || x->continue_now) return;
  *asked = true;
  if (ox_net_exchange_is_direct(x)) {
    ox_net_exchange_continue(x);
  } else {
    x->continue_now = true;
    (void)ox_net_loop_post(x->loop, x);
  }
}

ox_status ox_http_exchange_read(ox_http_exchange *x, void *buffer, size_t capacity_bytes, bool wait,
                                size_t *size_out, ox_error *err) {
  *size_out = 0;
  if (!ox_net_exchange_streams(x) || capacity_bytes == 0) {
    return ox_error_set(err, OX_E_USAGE, "Only the body of a streaming route is read.");
  }
  ox_status status;
  bool asked = false;
  pthread_mutex_lock(&x->lock);
  for (;;) {
    *size_out = read_some(x, buffer, capacity_bytes);
    if (*size_out != 0) {
      status = OX_OK;
      break;
    }
    if (x->body_ended) {
      status = x->body_status;
      if (status != OX_OK) ox_error_set(err, status, x->body_text);
      break;
    }
    if (x->cancelled || !x->held) {
      status = ox_error_set(err, OX_E_CLOSED, "The client has gone.");
      break;
    }
    ask_continue(x, &asked);
    if (!wait) {
      x->reader_waits = true;
      status = OX_E_AGAIN;
      break;
    }
    pthread_cond_wait(&x->changed, &x->lock);
  }
  pthread_mutex_unlock(&x->lock);
  return status;
}

const char *ox_http_exchange_method(const ox_http_exchange *x) {
  return x->head.method;
}

const char *ox_http_exchange_target(const ox_http_exchange *x) {
  return x->head.target;
}

const char *ox_http_exchange_path(const ox_http_exchange *x) {
  return x->path;
}

const char *ox_http_exchange_query(const ox_http_exchange *x) {
  return x->query;
}

const char *ox_http_exchange_header(const ox_http_exchange *x, const char *name) {
  return ox_http_header_find(x->head.headers, x->head.header_count, name, 0);
}

const ox_http_header *ox_http_exchange_headers(const ox_http_exchange *x, size_t *count_out) {
  *count_out = x->head.header_count;
  return x->head.headers;
}

const char *ox_http_exchange_peer(const ox_http_exchange *x) {
  return x->shared->peer;
}

const char *ox_http_exchange_local(const ox_http_exchange *x) {
  return x->shared->local;
}

uint64_t ox_http_exchange_connection_id(const ox_http_exchange *x) {
  return x->shared->id;
}

bool ox_http_exchange_is_tls(const ox_http_exchange *x) {
  return x->shared->is_tls;
}

ox_bytes ox_http_exchange_tls_end_point(const ox_http_exchange *x) {
  ox_bytes value = {x->shared->end_point, x->shared->end_point_bytes};
  return value;
}

const char *ox_http_exchange_user(const ox_http_exchange *x) {
  return x->user;
}

const char *ox_http_exchange_auth_scheme(const ox_http_exchange *x) {
  return x->scheme;
}

ox_bytes ox_http_exchange_body(const ox_http_exchange *x) {
  ox_bytes body = {x->body, x->body_bytes};
  return body;
}

ox_arena *ox_http_exchange_arena(ox_http_exchange *x) {
  return &x->arena;
}

ox_http_server *ox_http_exchange_server(const ox_http_exchange *x) {
  return x->server;
}
