/* The client engine over ox_http_client: an ox_rop_transport, and address-book calls. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <oxkit/ropcodec/memory.h>
#include <oxkit/ropcodec/reader.h>
#include <oxkit/ropcodec/text.h>
#include <oxkit/wire/mapihttp.h>
#include <oxkit/wire/mapihttp_bodies.h>
#include <oxkit/wire/rpcext.h>

enum {
  CLOSE_TIMEOUT_MS = 10000,
  APPLICATION_MAX_BYTES = 128,
  CONNECT_TIMEOUT_MS = 60000,
  REPLY_MAX_BYTES = 16 * 1024 * 1024
};

/* What a mailbox session and an address-book session have in common. */
typedef struct channel {
  const ox_allocator *allocator;
  const ox_environment *environment;
  ox_http_client *http;
  char *url;
  size_t reply_max_bytes;
  uint32_t connect_timeout_ms;
  pthread_mutex_t lock; /* for the session: calls may run beside each other */
  ox_mapihttp_session *session;
  char server_application[APPLICATION_MAX_BYTES];
} channel;

static char *copy_text(const ox_allocator *allocator, const char *text) {
  size_t size = strlen(text) + 1;
  char *copy = ox_malloc(allocator, size);
  if (copy != NULL) memcpy(copy, text, size);
  return copy;
}

static ox_status channel_init(channel *c, const ox_mapihttp_client_options *options,
                              ox_error *err) {
  if (options->struct_size < sizeof *options || options->http == NULL || options->url == NULL)
    return ox_error_set(err, OX_E_USAGE, "MAPI over HTTP needs an HTTP client and a URL.");
  ox_mapihttp_session_options session = OX_MAPIHTTP_SESSION_OPTIONS_INIT;
  session.allocator = options->allocator;
  session.environment = options->environment;
  session.client_application = options->client_application;
  session.client_counter = 1;
  c->allocator = options->allocator;
  c->environment = options->environment != NULL ? options->environment : ox_environment_system();
  c->http = options->http;
  c->reply_max_bytes = options->reply_max_bytes != 0 ? options->reply_max_bytes : REPLY_MAX_BYTES;
  c->connect_timeout_ms =
      options->connect_timeout_ms != 0 ? options->connect_timeout_ms : CONNECT_TIMEOUT_MS;
  c->url = copy_text(options->allocator, options->url);
  if (c->url == NULL || pthread_mutex_init(&c->lock, NULL) != 0) {
    ox_free(c->allocator, c->url);
    return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  }
  ox_status status = ox_mapihttp_session_new(&session, &c->session, err);
  if (status != OX_OK) {
    pthread_mutex_destroy(&c->lock);
    ox_free(c->allocator, c->url);
  }
  return status;
}

static void channel_dispose(channel *c) {
  ox_mapihttp_session_free(c->session);
  pthread_mutex_destroy(&c->lock);
  ox_free(c->allocator, c->url);
}

static uint64_t now_ms(const channel *c) {
  return c->environment->monotonic_ms(c->environment->user);
}

static ox_status fill_request(channel *c, const char *type, ox_bytes body, ox_arena *arena,
                              ox_http_request *request) {
  ox_http_header *headers = NULL;
  size_t count = 0;
  pthread_mutex_lock(&c->lock);
  ox_status status = ox_mapihttp_session_headers(c->session, type, arena, &headers, &count);
  pthread_mutex_unlock(&c->lock);
  request->struct_size = sizeof *request;
  request->method = "POST";
  request->url = c->url;
  request->headers = headers;
  request->header_count = count;
  request->body = body.data;
  request->body_bytes = body.size_bytes;
  request->redirect_max_count = 3; /* to where the mailbox is now, [MS-OXCMAPIHTTP] 2.2.2.2 */
  request->redirect_keep_method = true;
  request->body_max_bytes = c->reply_max_bytes;
  return status;
}

/* Takes a head: cookies, codes, the server's version. */
static ox_status take_head(channel *c, ox_mapihttp_reply *reply, const ox_http_response *response,
                           bool concurrent, ox_error *err) {
  if (response->status == 401) return ox_error_set(err, OX_E_LOGON_FAILED, NULL);
  ox_status status = ox_mapihttp_reply_head(reply, response->status, response->headers,
                                            response->header_count, err);
  const char *application =
      ox_http_header_find(response->headers, response->header_count, "X-ServerApplication", 0);
  pthread_mutex_lock(&c->lock);
  if (status == OX_OK)
    status =
        ox_mapihttp_session_take(c->session, response->headers, response->header_count, concurrent);
  if (application != NULL)
    snprintf(c->server_application, sizeof c->server_application, "%s", application);
  pthread_mutex_unlock(&c->lock);
  return status;
}

/* What a request does to the cookies. */
typedef enum cookie_use {
  REPLACE, /* Connect and Bind: those of before are forgotten */
  UPDATE,  /* requests in sequence */
  BESIDE   /* PING and NotificationWait: the sequence cookie may be older than what we have */
} cookie_use;

/* One request, waited for. */
static ox_status call_and_wait(channel *c, const char *type, ox_bytes body, cookie_use use,
                               uint32_t timeout_ms, ox_mapihttp_reply *reply, ox_error *err) {
  ox_http_request request;
  ox_http_response *response = NULL;
  ox_arena arena;
  memset(&request, 0, sizeof request);
  ox_arena_init(&arena, c->allocator, 0);
  ox_status status = fill_request(c, type, body, &arena, &request);
  request.total_timeout_ms = timeout_ms;
  if (status == OX_OK)
    status = ox_http_client_call(c->http, &request, &response, err);
  else
    ox_error_set(err, status, NULL);
  ox_arena_dispose(&arena);
  if (status != OX_OK) return status;
  if (use == REPLACE) {
    pthread_mutex_lock(&c->lock);
    ox_mapihttp_session_forget(c->session);
    pthread_mutex_unlock(&c->lock);
  }
  status = take_head(c, reply, response, use == BESIDE, err);
  if (status == OX_OK)
    status = ox_mapihttp_reply_feed(reply, response->body.data, response->body.size_bytes, err);
  if (status == OX_OK) status = ox_mapihttp_reply_finish(reply, err);
  ox_http_response_free(response);
  return status;
}

/* Connect or Bind, naming the context before, if there is one; when the server will not have it
 * named, once more without. [MS-OXCMAPIHTTP] 3.1.5.7 */
static ox_status establish(channel *c, const char *type, ox_bytes body, ox_mapihttp_reply *reply,
                           ox_error *err) {
  pthread_mutex_lock(&c->lock);
  bool had_context = ox_mapihttp_session_has_context(c->session);
  ox_status status = had_context ? ox_mapihttp_session_renew(c->session) : OX_OK;
  pthread_mutex_unlock(&c->lock);
  if (status != OX_OK) return ox_error_set(err, status, NULL);
  status = call_and_wait(c, type, body, REPLACE, c->connect_timeout_ms, reply, err);
  if (status != OX_E_CLOSED || !had_context) return status;
  ox_mapihttp_reply_dispose(reply);
  ox_mapihttp_reply_init(reply, c->allocator, c->reply_max_bytes);
  return call_and_wait(c, type, body, REPLACE, c->connect_timeout_ms, reply, err);
}

/* ---- Transport ------------------------------------------------------------------------------- */

typedef struct transport transport;

/* An Execute or NotificationWait in flight. */
typedef struct flight {
  struct flight *next;
  transport *owner;
  ox_call_id call;
  ox_call_id http_call; /* unique among all users of the HTTP client */
  bool is_wait;
  bool landed; /* its callback runs: no longer in the way of the next, nor to be cancelled */
  ox_mapihttp_reply reply;
  ox_error error; /* of on_head or on_data */
  ox_rop_execute_done execute_done;
  ox_rop_wait_done wait_done;
  void *user;
} flight;

struct transport {
  ox_rop_transport base; /* first: the pointer is converted back */
  channel channel;
  ox_mapihttp_client_options options;
  char *user_dn_asked;
  char *user_dn;
  char *display_name;
  pthread_mutex_t lock; /* for what follows */
  pthread_cond_t landed;
  flight *flights;
  uint32_t flight_count; /* so far */
  bool closing;
};

static bool has_flight(const transport *t, bool is_wait) {
  for (const flight *f = t->flights; f != NULL; f = f->next)
    if (f->is_wait == is_wait && !f->landed) return true;
  return false;
}

static ox_status on_head(void *user, const ox_http_response *response) {
  flight *f = user;
  return take_head(&f->owner->channel, &f->reply, response, f->is_wait, &f->error);
}

static ox_status on_data(void *user, const void *data, size_t size_bytes) {
  flight *f = user;
  return ox_mapihttp_reply_feed(&f->reply, data, size_bytes, &f->error);
}

/* Takes the flight out of the list and frees it; the transport may be gone afterwards. */
static void drop_flight(flight *f) {
  transport *t = f->owner;
  const ox_allocator *allocator = t->channel.allocator;
  ox_mapihttp_reply_dispose(&f->reply);
  pthread_mutex_lock(&t->lock);
  flight **at = &t->flights;
  while (*at != f) at = &(*at)->next;
  *at = f->next;
  pthread_cond_broadcast(&t->landed);
  pthread_mutex_unlock(&t->lock);
  ox_free(allocator, f);
}

/* A peer's codes as ours: what it said of the request, then of the operation. */
static ox_status peer_status(ox_status status_code, ox_status error_code, ox_error *err) {
  uint32_t code = status_code != 0 ? status_code : error_code;
  if (code == 0) return OX_OK;
  return ox_status_from_peer(code, err);
}

static void execute_landed(flight *f, ox_status status, ox_error *err) {
  ox_arena arena;
  ox_bytes *outputs = NULL;
  size_t count = 0;
  ox_arena_init(&arena, f->owner->channel.allocator, 0);
  if (status == OX_OK) {
    ox_mapihttp_execute_response body;
    ox_reader r;
    ox_reader_init(&r, f->reply.body.data, f->reply.body.size_bytes);
    ox_mapihttp_execute_response_decode(&r, &arena, &body);
    status = ox_reader_finish(&r, err);
    if (status == OX_OK) status = peer_status(body.status_code, body.error_code, err);
    if (status == OX_OK) status = ox_rpcext_decode(body.rop_buffer, &arena, &outputs, &count, err);
  }
  f->execute_done(f->user, status, outputs, count, status == OX_OK ? NULL : err);
  ox_arena_dispose(&arena);
}

static void wait_landed(flight *f, ox_status status, ox_error *err) {
  ox_mapihttp_notification_wait_response body;
  memset(&body, 0, sizeof body);
  if (status == OX_OK) {
    ox_arena arena;
    ox_reader r;
    ox_arena_init(&arena, f->owner->channel.allocator, 0);
    ox_reader_init(&r, f->reply.body.data, f->reply.body.size_bytes);
    ox_mapihttp_notification_wait_response_decode(&r, &arena, &body);
    status = ox_reader_finish(&r, err);
    if (status == OX_OK) status = peer_status(body.status_code, body.error_code, err);
    ox_arena_dispose(&arena);
  }
  f->wait_done(f->user, status, (body.event_pending & 1) != 0, status == OX_OK ? NULL : err);
}

static void call_done(void *user, ox_status status, const ox_http_response *response,
                      const ox_error *http_err) {
  flight *f = user;
  transport *t = f->owner;
  ox_error err;
  (void)response;
  memset(&err, 0, sizeof err);
  if (status != OX_OK && f->error.status == status)
    err = f->error;
  else if (status != OX_OK && http_err != NULL)
    err = *http_err;
  if (status == OX_OK) status = ox_mapihttp_reply_finish(&f->reply, &err);
  pthread_mutex_lock(&t->lock);
  f->landed = true;
  pthread_mutex_unlock(&t->lock);
  if (f->is_wait)
    wait_landed(f, status, &err);
  else
    execute_landed(f, status, &err);
  drop_flight(f);
}

static ox_status take_off(transport *t, flight *f, const char *type, ox_bytes body,
                          uint64_t deadline_ms, ox_error *err) {
  ox_http_request request;
  ox_arena arena;
  memset(&request, 0, sizeof request);
  ox_arena_init(&arena, t->channel.allocator, 0);
  ox_status status = fill_request(&t->channel, type, body, &arena, &request);
  if (status != OX_OK) ox_error_set(err, status, NULL);
  if (deadline_ms != OX_NO_DEADLINE) {
    uint64_t now = now_ms(&t->channel);
    uint64_t left = deadline_ms > now ? deadline_ms - now : 1;
    request.total_timeout_ms = left < UINT32_MAX ? (uint32_t)left : UINT32_MAX;
  }
  request.on_head = on_head;
  request.on_data = on_data;
  request.user = f;
  if (status == OX_OK)
    status = ox_http_client_submit(t->channel.http, f->http_call, &request, call_done, f, err);
  ox_arena_dispose(&arena);
  return status;
}

/* Enters a flight in the list: one Execute and one wait at a time. */
static ox_status new_flight(transport *t, bool is_wait, ox_call_id call, flight **out,
                            ox_error *err) {
  flight *f = ox_calloc(t->channel.allocator, 1, sizeof *f);
  if (f == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  f->owner = t;
  f->call = call;
  f->is_wait = is_wait;
  pthread_mutex_lock(&t->lock);
  bool busy = t->closing || has_flight(t, is_wait);
  if (!busy) {
    f->http_call = ((uint64_t)(uintptr_t)t << 20) + (++t->flight_count & 0xFFFFF);
    f->next = t->flights;
    t->flights = f;
  }
  pthread_mutex_unlock(&t->lock);
  if (busy) {
    ox_free(t->channel.allocator, f);
    return ox_error_set(err, OX_E_USAGE, "The session is busy with another request.");
  }
  ox_mapihttp_reply_init(&f->reply, t->channel.allocator, t->channel.reply_max_bytes);
  *out = f;
  return OX_OK;
}

static ox_status transport_execute(ox_rop_transport *base, ox_call_id call, ox_bytes rop_input,
                                   uint32_t out_max_bytes, uint64_t deadline_ms,
                                   ox_rop_execute_done done, void *user, ox_error *err) {
  transport *t = (transport *)base;
  ox_mapihttp_execute_request body;
  ox_writer chain;
  ox_writer w;
  flight *f;
  uint32_t limit = OX_RPCEXT_BUFFER_MAX_BYTES - OX_RPCEXT_HEADER_BYTES;
  memset(&body, 0, sizeof body);
  ox_writer_init(&chain, t->channel.allocator, OX_RPCEXT_BUFFER_MAX_BYTES);
  ox_rpcext_encode(&chain, rop_input,
                   OX_RPCEXT_LAST | (t->options.compress ? OX_RPCEXT_COMPRESSED : 0) |
                       (t->options.obfuscate ? OX_RPCEXT_XOR_MAGIC : 0));
  body.flags = OX_RPCEXT_CHAIN | (t->options.compress ? 0 : OX_RPCEXT_NO_COMPRESSION) |
               (t->options.obfuscate ? 0 : OX_RPCEXT_NO_XOR_MAGIC);
  body.rop_buffer = ox_writer_bytes(&chain);
  body.max_rop_out = (out_max_bytes < limit ? out_max_bytes : limit) + OX_RPCEXT_HEADER_BYTES;
  ox_writer_init(&w, t->channel.allocator, 2 * OX_RPCEXT_BUFFER_MAX_BYTES);
  ox_mapihttp_execute_request_encode(&w, &body);
  ox_status status = ox_writer_status(&chain);
  if (status == OX_OK) status = ox_writer_status(&w);
  if (status != OX_OK)
    ox_error_set(err, status, NULL);
  else
    status = new_flight(t, false, call, &f, err);
  if (status == OX_OK) {
    f->execute_done = done;
    f->user = user;
    status = take_off(t, f, "Execute", ox_writer_bytes(&w), deadline_ms, err);
    if (status != OX_OK) drop_flight(f);
  }
  ox_writer_dispose(&w);
  ox_writer_dispose(&chain);
  return status;
}

static ox_status transport_wait(ox_rop_transport *base, ox_call_id call, uint64_t deadline_ms,
                                ox_rop_wait_done done, void *user, ox_error *err) {
  static const uint8_t empty_body[8];
  transport *t = (transport *)base;
  ox_bytes body = {empty_body, sizeof empty_body}; /* Flags and AuxiliaryBufferSize */
  flight *f;
  ox_status status = new_flight(t, true, call, &f, err);
  if (status != OX_OK) return status;
  f->wait_done = done;
  f->user = user;
  status = take_off(t, f, "NotificationWait", body, deadline_ms, err);
  if (status != OX_OK) drop_flight(f);
  return status;
}

static void transport_cancel(ox_rop_transport *base, ox_call_id call) {
  transport *t = (transport *)base;
  uint64_t id = 0;
  pthread_mutex_lock(&t->lock);
  for (const flight *f = t->flights; f != NULL; f = f->next)
    if (f->call == call && !f->landed) id = f->http_call;
  pthread_mutex_unlock(&t->lock);
  if (id != 0) ox_http_client_cancel(t->channel.http, id);
}

/* Cancels what is in flight and waits until it has landed. */
static void ground(transport *t) {
  pthread_mutex_lock(&t->lock);
  t->closing = true;
  for (const flight *f = t->flights; f != NULL; f = f->next)
    if (!f->landed) ox_http_client_cancel(t->channel.http, f->http_call);
  while (t->flights != NULL) pthread_cond_wait(&t->landed, &t->lock);
  pthread_mutex_unlock(&t->lock);
}

static void transport_free(transport *t) {
  const ox_allocator *allocator = t->channel.allocator;
  channel_dispose(&t->channel);
  pthread_cond_destroy(&t->landed);
  pthread_mutex_destroy(&t->lock);
  ox_free(allocator, t->user_dn_asked);
  ox_free(allocator, t->user_dn);
  ox_free(allocator, t->display_name);
  ox_free(allocator, t);
}

static void transport_close(ox_rop_transport *base) {
  static const uint8_t empty_body[4]; /* AuxiliaryBufferSize */
  transport *t = (transport *)base;
  ox_bytes body = {empty_body, sizeof empty_body};
  ox_mapihttp_reply reply;
  ground(t);
  if (ox_mapihttp_session_has_context(t->channel.session)) {
    ox_mapihttp_reply_init(&reply, t->channel.allocator, t->channel.reply_max_bytes);
    /* Whatever the answer: the server's idle timer cleans up after a lost one. */
    ox_status ignored =
        call_and_wait(&t->channel, "Disconnect", body, UPDATE, CLOSE_TIMEOUT_MS, &reply, NULL);
    (void)ignored;
    ox_mapihttp_reply_dispose(&reply);
  }
  transport_free(t);
}

static const char *transport_user_dn(const ox_rop_transport *base) {
  const transport *t = (const transport *)base;
  return t->user_dn != NULL ? t->user_dn : "";
}

static const char *transport_display_name(const ox_rop_transport *base) {
  const transport *t = (const transport *)base;
  return t->display_name != NULL ? t->display_name : "";
}

/* Remembers who the server says that we are. DnPrefix is only the beginning of DNs, so the user's
 * own DN is the one that was asked for. */
static ox_status take_names(transport *t, const ox_mapihttp_connect_response *body) {
  ox_arena arena;
  ox_arena_init(&arena, t->channel.allocator, 0);
  const char *display_name = ox_str16_utf8(&arena, body->display_name);
  ox_free(t->channel.allocator, t->user_dn);
  ox_free(t->channel.allocator, t->display_name);
  t->user_dn = copy_text(t->channel.allocator, t->user_dn_asked);
  t->display_name = display_name != NULL ? copy_text(t->channel.allocator, display_name) : NULL;
  ox_arena_dispose(&arena);
  return t->user_dn != NULL && t->display_name != NULL ? OX_OK : OX_E_NO_MEMORY;
}

static ox_status take_connect(transport *t, const ox_mapihttp_reply *reply, ox_error *err) {
  ox_mapihttp_connect_response body;
  ox_arena arena;
  ox_reader r;
  ox_arena_init(&arena, t->channel.allocator, 0);
  ox_reader_init(&r, reply->body.data, reply->body.size_bytes);
  ox_mapihttp_connect_response_decode(&r, &arena, &body);
  ox_status status = ox_reader_finish(&r, err);
  if (status == OX_OK) status = peer_status(body.status_code, body.error_code, err);
  if (status == OX_OK) {
    status = take_names(t, &body);
    if (status != OX_OK) ox_error_set(err, status, NULL);
  }
  ox_arena_dispose(&arena);
  return status;
}

static ox_status connect_session(transport *t, ox_error *err) {
  ox_mapihttp_connect_request body;
  ox_mapihttp_reply reply;
  ox_writer w;
  memset(&body, 0, sizeof body);
  body.user_dn = ox_str8_from(t->user_dn_asked);
  body.flags = t->options.connect_flags;
  body.default_code_page = t->options.default_codepage != 0 ? t->options.default_codepage : 1252;
  body.lcid_sort = t->options.lcid_sort != 0 ? t->options.lcid_sort : 1033;
  body.lcid_string = t->options.lcid_string != 0 ? t->options.lcid_string : 1033;
  ox_writer_init(&w, t->channel.allocator, 65536);
  ox_mapihttp_connect_request_encode(&w, &body);
  ox_status status = ox_writer_status(&w);
  ox_mapihttp_reply_init(&reply, t->channel.allocator, t->channel.reply_max_bytes);
  if (status != OX_OK)
    ox_error_set(err, status, NULL);
  else
    status = establish(&t->channel, "Connect", ox_writer_bytes(&w), &reply, err);
  if (status == OX_OK) status = take_connect(t, &reply, err);
  if (status != OX_OK) ox_mapihttp_session_forget(t->channel.session);
  ox_mapihttp_reply_dispose(&reply);
  ox_writer_dispose(&w);
  return status;
}

ox_status ox_mapihttp_open(const ox_mapihttp_client_options *options, ox_rop_transport **out,
                           ox_error *err) {
  *out = NULL;
  if (options->struct_size < sizeof *options || options->user_dn == NULL)
    return ox_error_set(err, OX_E_USAGE, "A mailbox session needs the user's DN.");
  transport *t = ox_calloc(options->allocator, 1, sizeof *t);
  if (t == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  ox_status status = channel_init(&t->channel, options, err);
  if (status != OX_OK) {
    ox_free(options->allocator, t);
    return status;
  }
  t->base.struct_size = sizeof t->base;
  t->base.execute = transport_execute;
  t->base.wait = transport_wait;
  t->base.cancel = transport_cancel;
  t->base.close = transport_close;
  t->base.user_dn = transport_user_dn;
  t->base.display_name = transport_display_name;
  t->options = *options;
  pthread_mutex_init(&t->lock, NULL);
  pthread_cond_init(&t->landed, NULL);
  t->user_dn_asked = copy_text(options->allocator, options->user_dn);
  status =
      t->user_dn_asked != NULL ? connect_session(t, err) : ox_error_set(err, OX_E_NO_MEMORY, NULL);
  if (status != OX_OK) {
    transport_free(t);
    return status;
  }
  *out = &t->base;
  return OX_OK;
}

ox_status ox_mapihttp_reconnect(ox_rop_transport *base, ox_error *err) {
  transport *t = (transport *)base;
  pthread_mutex_lock(&t->lock);
  bool busy = has_flight(t, false) || has_flight(t, true) || t->closing;
  pthread_mutex_unlock(&t->lock);
  if (busy) return ox_error_set(err, OX_E_USAGE, "The session is busy with a request.");
  return connect_session(t, err);
}

ox_status ox_mapihttp_ping(ox_rop_transport *base, uint32_t *expiration_ms_out, ox_error *err) {
  transport *t = (transport *)base;
  ox_bytes body = {NULL, 0};
  ox_mapihttp_reply reply;
  ox_mapihttp_reply_init(&reply, t->channel.allocator, t->channel.reply_max_bytes);
  ox_status status =
      call_and_wait(&t->channel, "PING", body, BESIDE, t->channel.connect_timeout_ms, &reply, err);
  if (status == OX_OK && expiration_ms_out != NULL) *expiration_ms_out = reply.expiration_ms;
  ox_mapihttp_reply_dispose(&reply);
  return status;
}

const char *ox_mapihttp_server_application(const ox_rop_transport *base) {
  const transport *t = (const transport *)base;
  return t->channel.server_application;
}

/* ---- Address book ---------------------------------------------------------------------------- */

struct ox_mapihttp_nspi {
  channel channel;
};

ox_status ox_mapihttp_nspi_new(const ox_mapihttp_client_options *options, ox_mapihttp_nspi **out,
                               ox_error *err) {
  *out = NULL;
  ox_mapihttp_nspi *nspi = ox_calloc(options->allocator, 1, sizeof *nspi);
  if (nspi == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  ox_status status = channel_init(&nspi->channel, options, err);
  if (status != OX_OK) {
    ox_free(options->allocator, nspi);
    return status;
  }
  *out = nspi;
  return OX_OK;
}

ox_status ox_mapihttp_nspi_call(ox_mapihttp_nspi *nspi, const char *request_type, ox_bytes body,
                                ox_arena *arena, ox_bytes *body_out, ox_error *err) {
  channel *c = &nspi->channel;
  ox_mapihttp_reply reply;
  ox_mapihttp_reply_init(&reply, c->allocator, c->reply_max_bytes);
  ox_status status = strcmp(request_type, "Bind") == 0
                         ? establish(c, request_type, body, &reply, err)
                         : call_and_wait(c, request_type, body,
                                         strcmp(request_type, "PING") == 0 ? BESIDE : UPDATE,
                                         c->connect_timeout_ms, &reply, err);
  if (status == OX_OK) {
    body_out->data = ox_arena_copy(arena, reply.body.data, reply.body.size_bytes);
    body_out->size_bytes = reply.body.size_bytes;
    if (body_out->data == NULL) status = ox_error_set(err, OX_E_NO_MEMORY, NULL);
  }
  if (status == OX_E_CLOSED || strcmp(request_type, "Unbind") == 0)
    ox_mapihttp_session_forget(c->session);
  ox_mapihttp_reply_dispose(&reply);
  return status;
}

void ox_mapihttp_nspi_free(ox_mapihttp_nspi *nspi) {
  if (nspi == NULL) return;
  const ox_allocator *allocator = nspi->channel.allocator;
  channel_dispose(&nspi->channel);
  ox_free(allocator, nspi);
}
