/* MAPI over HTTP without HTTP: the client engine against the server engine, and each against what
 * the other would never send. Requirement ids are those of MS-OXCMAPIHTTP. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <oxkit/wire/mapihttp_bodies.h>
#include <oxkit/wire/rpcext.h>

#include "failing_allocator.h"
#include "fake_processor.h"
#include "mapihttp_server.h"

/* ---- A world with a clock of its own ------------------------------------------------------ */

static uint64_t clock_ms = 1000000;
static uint64_t random_seed = 88172645463325252ull;

static ox_status fixed_random(void *user, void *out, size_t size) {
  (void)user;
  for (size_t i = 0; i < size; i++) {
    random_seed ^= random_seed << 13;
    random_seed ^= random_seed >> 7;
    random_seed ^= random_seed << 17;
    ((uint8_t *)out)[i] = (uint8_t)random_seed;
  }
  return OX_OK;
}

static ox_filetime fixed_now(void *user) {
  (void)user;
  return ox_filetime_from_unix(1400000000, 0);
}

static uint64_t fixed_ms(void *user) {
  (void)user;
  return clock_ms;
}

static const ox_environment world = {fixed_random, fixed_now, fixed_ms, NULL};

typedef struct fixture {
  fake_processor fake;
  ox_mapihttp_server *server;
  ox_mapihttp_session *session;
} fixture;

static int setup(void **state) {
  fixture *f = calloc(1, sizeof *f);
  ox_mapihttp_server_options options = OX_MAPIHTTP_SERVER_OPTIONS_INIT;
  ox_mapihttp_session_options session = OX_MAPIHTTP_SESSION_OPTIONS_INIT;
  fake_init(&f->fake);
  options.environment = &world;
  options.rop_processor = &f->fake.base;
  options.nspi_processor = &f->fake.nspi;
  options.sessions_per_user_max_count = 3;
  options.request_max_bytes = 300000;
  session.environment = &world;
  session.client_counter = 7;
  assert_int_equal(ox_mapihttp_server_new(&options, &f->server, NULL), OX_OK);
  assert_int_equal(ox_mapihttp_session_new(&session, &f->session, NULL), OX_OK);
  *state = f;
  return 0;
}

static int teardown(void **state) {
  fixture *f = *state;
  ox_mapihttp_session_free(f->session);
  ox_mapihttp_server_free(f->server);
  free(f);
  return 0;
}

/* ---- One exchange ---------------------------------------------------------------------------- */

enum { EXCHANGE_HEADER_MAX = 32 };

typedef struct exchange {
  ox_mapihttp_request request;
  ox_mapihttp_reply reply;
  ox_http_header headers[EXCHANGE_HEADER_MAX];
  size_t header_count;
  ox_arena arena;
  ox_writer stream;
  bool started;
  bool responded;
  bool finished;
  bool released;
  ox_mapihttp_call *call;
} exchange;

static void keep_headers(exchange *x, const ox_http_header *headers, size_t count) {
  assert_true(count <= EXCHANGE_HEADER_MAX);
  for (size_t i = 0; i < count; i++) {
    x->headers[i].name = ox_arena_strdup(&x->arena, headers[i].name);
    x->headers[i].value = ox_arena_strdup(&x->arena, headers[i].value);
  }
  x->header_count = count;
}

static void on_respond(void *user, const ox_http_header *headers, size_t count, ox_bytes body) {
  exchange *x = user;
  assert_false(x->started || x->responded);
  x->responded = true;
  keep_headers(x, headers, count);
  ox_write_bytes(&x->stream, body.data, body.size_bytes);
}

static void on_start(void *user, const ox_http_header *headers, size_t count) {
  exchange *x = user;
  assert_false(x->started || x->responded);
  x->started = true;
  keep_headers(x, headers, count);
}

static void on_send(void *user, ox_bytes data) {
  exchange *x = user;
  assert_true(x->started && !x->finished);
  ox_write_bytes(&x->stream, data.data, data.size_bytes);
}

static void on_finish(void *user) {
  exchange *x = user;
  assert_true(x->started && !x->finished);
  x->finished = true;
}

static void on_release(void *user) {
  exchange *x = user;
  assert_false(x->released);
  x->released = true;
}

static void exchange_init(exchange *x) {
  memset(x, 0, sizeof *x);
  ox_arena_init(&x->arena, NULL, 0);
  ox_writer_init(&x->stream, NULL, 1 << 24);
  ox_mapihttp_reply_init(&x->reply, NULL, 0);
}

static void exchange_dispose(exchange *x) {
  assert_true(x->released);
  ox_mapihttp_call_unref(x->call);
  ox_mapihttp_reply_dispose(&x->reply);
  ox_writer_dispose(&x->stream);
  ox_arena_dispose(&x->arena);
}

static void begin(fixture *f, exchange *x) {
  ox_mapihttp_sink sink = {on_respond, on_start, on_send, on_finish, on_release, x};
  x->call = ox_mapihttp_call_new(f->server, &x->request, &sink);
  assert_non_null(x->call);
  ox_mapihttp_call_run(x->call);
}

/* A request of a session; it may be changed before begin. */
static void prepare_for(ox_mapihttp_session *session, exchange *x, const char *path,
                        const char *type, ox_bytes body) {
  ox_http_header *headers;
  exchange_init(x);
  x->request = (ox_mapihttp_request){.method = "POST",
                                     .path = path,
                                     .user = "alice@example.test",
                                     .peer = "127.0.0.1:1",
                                     .body = body};
  assert_int_equal(
      ox_mapihttp_session_headers(session, type, &x->arena, &headers, &x->request.header_count),
      OX_OK);
  x->request.headers = headers;
}

/* A request of the fixture's session to the mailbox endpoint. */
static void prepare(fixture *f, exchange *x, const char *type, ox_bytes body) {
  prepare_for(f->session, x, "/mapi/emsmdb/", type, body);
}

static const char *header_of(const exchange *x, const char *name) {
  return ox_http_header_find(x->headers, x->header_count, name, 0);
}

static void assert_code(const exchange *x, const char *code) {
  assert_true(x->responded);
  assert_string_equal(header_of(x, "X-ResponseCode"), code);
  assert_string_equal(header_of(x, "Content-Type"), "text/html"); /* R2038 */
  assert_true(x->stream.size_bytes > 0);                          /* R56 */
}

/* Digests the answer with the client engine, in pieces. */
static ox_status digest(fixture *f, exchange *x, size_t piece, bool concurrent, ox_error *err) {
  ox_status status = ox_mapihttp_reply_head(&x->reply, 200, x->headers, x->header_count, err);
  if (status != OX_OK) return status;
  assert_int_equal(ox_mapihttp_session_take(f->session, x->headers, x->header_count, concurrent),
                   OX_OK);
  for (size_t at = 0; at < x->stream.size_bytes; at += piece) {
    size_t left = x->stream.size_bytes - at;
    status =
        ox_mapihttp_reply_feed(&x->reply, x->stream.data + at, left < piece ? left : piece, err);
    if (status != OX_OK) return status;
  }
  return ox_mapihttp_reply_finish(&x->reply, err);
}

static void digest_ok(fixture *f, exchange *x) {
  ox_error err;
  assert_int_equal(digest(f, x, 3, false, &err), OX_OK);
}

/* ---- Bodies ---------------------------------------------------------------------------------- */

static ox_bytes connect_body(ox_arena *arena) {
  ox_mapihttp_connect_request body;
  ox_writer w;
  static const char dn[] = "/o=ORG/ou=EXCH/cn=Recipients/cn=alice";
  memset(&body, 0, sizeof body);
  body.user_dn.data = dn;
  body.user_dn.size_bytes = strlen(dn);
  body.default_code_page = 1252;
  ox_writer_init(&w, NULL, 1000);
  ox_mapihttp_connect_request_encode(&w, &body);
  assert_int_equal(ox_writer_status(&w), OX_OK);
  ox_bytes bytes = {ox_arena_copy(arena, w.data, w.size_bytes), w.size_bytes};
  ox_writer_dispose(&w);
  return bytes;
}

static ox_bytes execute_body(ox_arena *arena, const char *rops, uint32_t flags,
                             uint32_t max_rop_out) {
  ox_mapihttp_execute_request body;
  ox_writer chain;
  ox_writer w;
  ox_bytes input = {(const uint8_t *)rops, strlen(rops)};
  memset(&body, 0, sizeof body);
  ox_writer_init(&chain, NULL, 300000);
  ox_rpcext_encode(&chain, input, OX_RPCEXT_LAST | OX_RPCEXT_COMPRESSED | OX_RPCEXT_XOR_MAGIC);
  body.flags = flags;
  body.rop_buffer = ox_writer_bytes(&chain);
  body.max_rop_out = max_rop_out;
  ox_writer_init(&w, NULL, 300000);
  ox_mapihttp_execute_request_encode(&w, &body);
  assert_int_equal(ox_writer_status(&w), OX_OK);
  ox_bytes bytes = {ox_arena_copy(arena, w.data, w.size_bytes), w.size_bytes};
  ox_writer_dispose(&w);
  ox_writer_dispose(&chain);
  return bytes;
}

static const uint8_t zeros[8];
static const ox_bytes no_body = {NULL, 0};
static const ox_bytes disconnect_body = {zeros, 4};
static const ox_bytes wait_body = {zeros, 8};

static void decode_execute(const ox_mapihttp_reply *reply, ox_arena *arena,
                           ox_mapihttp_execute_response *out, ox_bytes **payloads, size_t *count) {
  ox_reader r;
  ox_reader_init(&r, reply->body.data, reply->body.size_bytes);
  assert_int_equal(ox_mapihttp_execute_response_decode(&r, arena, out), OX_OK);
  assert_int_equal(ox_reader_finish(&r, NULL), OX_OK);
  assert_int_equal(ox_rpcext_decode(out->rop_buffer, arena, payloads, count, NULL), OX_OK);
}

static void prepare_connect(fixture *f, exchange *x) {
  prepare(f, x, "Connect", no_body);
  x->request.body = connect_body(&x->arena);
}

static void prepare_execute(fixture *f, exchange *x, const char *rops, uint32_t flags,
                            uint32_t max_rop_out) {
  prepare(f, x, "Execute", no_body);
  x->request.body = execute_body(&x->arena, rops, flags, max_rop_out);
}

/* Connects the fixture's session. */
static void connect_session(fixture *f) {
  exchange x;
  prepare_connect(f, &x);
  begin(f, &x);
  digest_ok(f, &x);
  exchange_dispose(&x);
}

/* Runs a request that the server refuses with a code. */
static void refused(fixture *f, const char *path, const char *type, ox_bytes body,
                    const char *code) {
  exchange x;
  prepare_for(f->session, &x, path, type, body);
  begin(f, &x);
  assert_code(&x, code);
  exchange_dispose(&x);
}

static void execute_ok(fixture *f, const char *rops) {
  exchange x;
  ox_mapihttp_execute_response body;
  ox_bytes *payloads;
  size_t count;
  prepare_execute(f, &x, rops, 0, 0x10008);
  begin(f, &x);
  digest_ok(f, &x);
  decode_execute(&x.reply, &x.arena, &body, &payloads, &count);
  assert_int_equal(body.error_code, 0);
  assert_int_equal(count, 1);
  assert_int_equal(payloads[0].size_bytes, strlen(rops));
  assert_memory_equal(payloads[0].data, rops, strlen(rops));
  exchange_dispose(&x);
}

/* ---- Sessions -------------------------------------------------------------------------------- */

/* R1218 to R1221, R2224, R209 to R218, R1349 to R1352, R44, R164 */
static void test_connect__answer(void **state) {
  fixture *f = *state;
  exchange x;
  ox_mapihttp_connect_response body;
  ox_reader r;
  prepare_connect(f, &x);
  begin(f, &x);
  assert_true(x.started && x.finished);
  assert_string_equal(header_of(&x, "Content-Type"), "application/mapi-http"); /* R2037 */
  assert_string_equal(header_of(&x, "X-RequestType"), "Connect");
  assert_string_equal(header_of(&x, "X-ResponseCode"), "0"); /* R2226 */
  /* R2040, R156: as they were sent */
  assert_string_equal(
      header_of(&x, "X-RequestId"),
      ox_http_header_find(x.request.headers, x.request.header_count, "X-RequestId", 0));
  assert_string_equal(
      header_of(&x, "X-ClientInfo"),
      ox_http_header_find(x.request.headers, x.request.header_count, "X-ClientInfo", 0));
  assert_non_null(header_of(&x, "X-ServerApplication"));
  assert_string_equal(header_of(&x, "X-PendingPeriod"), "15000");   /* R1242 */
  assert_string_equal(header_of(&x, "X-ExpirationInfo"), "900000"); /* R167 */
  /* R68: name=value */
  assert_memory_equal(header_of(&x, "Set-Cookie"), "MapiContext=", 12);
  /* R1238, R1244, R2228, R2231 */
  assert_memory_equal(x.stream.data,
                      "PROCESSING\r\nDONE\r\nX-ElapsedTime: 0\r\nX-StartTime: "
                      "Tue, 13 May 2014 16:53:20 GMT\r\n\r\n",
                      82);
  digest_ok(f, &x);
  assert_true(x.reply.processing && x.reply.done);
  ox_reader_init(&r, x.reply.body.data, x.reply.body.size_bytes);
  assert_int_equal(ox_mapihttp_connect_response_decode(&r, &x.arena, &body), OX_OK);
  assert_int_equal(ox_reader_finish(&r, NULL), OX_OK);
  assert_int_equal(body.status_code, 0);
  assert_int_equal(body.error_code, 0);
  assert_int_equal(body.polls_max, 60000);
  assert_int_equal(body.retry_count, 6);
  assert_int_equal(body.retry_delay, 10000);
  assert_int_equal(body.dn_prefix.size_bytes, 32);
  assert_int_equal(body.display_name.size_bytes, 22);
  /* The auxiliary buffer is one extended buffer with one AUX_EXORGINFO: no public folders. */
  static const uint8_t auxiliary[] = {0, 0, 4, 0, 8, 0, 8, 0, 8, 0, 1, 0x17, 0, 0, 0, 0};
  assert_int_equal(body.auxiliary_buffer.size_bytes, sizeof auxiliary);
  assert_memory_equal(body.auxiliary_buffer.data, auxiliary, sizeof auxiliary);
  assert_string_equal(f->fake.last_user, "alice@example.test");
  assert_string_equal(f->fake.last_user_dn, "/o=ORG/ou=EXCH/cn=Recipients/cn=alice");
  assert_string_equal(f->fake.last_client_info, "Outlook/15.0.4815.1002");
  exchange_dispose(&x);
}

static void test_connect__refused_by_the_processor(void **state) {
  fixture *f = *state;
  exchange x;
  ox_mapihttp_connect_response body;
  ox_reader r;
  f->fake.connect_status = OX_E_UNKNOWN_USER;
  prepare_connect(f, &x);
  begin(f, &x);
  digest_ok(f, &x);
  ox_reader_init(&r, x.reply.body.data, x.reply.body.size_bytes);
  assert_int_equal(ox_mapihttp_connect_response_decode(&r, &x.arena, &body), OX_OK);
  assert_int_equal(body.status_code, 0);
  assert_int_equal(body.error_code, 0x3EB);
  exchange_dispose(&x);
  /* There is no session behind the cookie. */
  refused(f, "/mapi/emsmdb/", "Disconnect", disconnect_body, "10");
}

static void test_execute__one_after_another(void **state) {
  fixture *f = *state;
  connect_session(f);
  for (unsigned i = 0; i < 20; i++) execute_ok(f, "some rops some rops some rops");
  assert_int_equal(f->fake.executes, 20);
  assert_int_equal(f->fake.last_out_max_bytes, 0x10000);
  assert_false(f->fake.last_chain);
}

/* R2233, R1253, R1255 */
static void test_disconnect__context_is_gone(void **state) {
  fixture *f = *state;
  exchange x;
  connect_session(f);
  prepare(f, &x, "Disconnect", disconnect_body);
  begin(f, &x);
  assert_non_null(header_of(&x, "Set-Cookie"));
  digest_ok(f, &x);
  assert_int_equal(x.reply.body.size_bytes, 12); /* StatusCode, ErrorCode, AuxiliaryBufferSize */
  exchange_dispose(&x);
  assert_int_equal(f->fake.disconnects, 1);
  refused(f, "/mapi/emsmdb/", "Disconnect", disconnect_body, "10");
}

/* R1284, R1285 */
static void test_session__expires_when_idle(void **state) {
  fixture *f = *state;
  ox_mapihttp_server_stats stats = {.struct_size = sizeof stats};
  connect_session(f);
  clock_ms += 899999;
  execute_ok(f, "still there");
  clock_ms += 899999;
  assert_int_equal(ox_mapihttp_server_sweep(f->server), 1);
  clock_ms += 1;
  assert_int_equal(ox_mapihttp_server_sweep(f->server), UINT64_MAX);
  assert_int_equal(f->fake.disconnects, 1);
  ox_mapihttp_server_stats_get(f->server, &stats);
  assert_int_equal(stats.sessions_open, 0);
  assert_int_equal(stats.sessions_expired, 1);
  refused(f, "/mapi/emsmdb/", "Disconnect", disconnect_body, "10");
}

/* R1248: PING refreshes the timer; R1249: no body. R1124: and needs no context. */
static void test_ping__keeps_the_session(void **state) {
  fixture *f = *state;
  for (unsigned with_session = 0; with_session < 2; with_session++) {
    exchange x;
    if (with_session) connect_session(f);
    clock_ms += 600000;
    prepare(f, &x, "PING", no_body);
    begin(f, &x);
    digest_ok(f, &x);
    assert_int_equal(x.reply.body.size_bytes, 0);
    assert_int_equal(x.reply.expiration_ms, 900000);
    exchange_dispose(&x);
  }
  clock_ms += 600000;
  execute_ok(f, "kept alive"); /* the sequence cookie of Connect still counts */
}

/* R1276 to R1279, R1329: the context before goes, whatever its sequence cookie was. */
static void test_reconnect__replaces_the_context(void **state) {
  fixture *f = *state;
  connect_session(f);
  const char *before = NULL;
  exchange x;
  for (unsigned i = 0; i < 5; i++) { /* more than the session limit of 3 */
    prepare(f, &x, "Connect", no_body);
    before = ox_http_header_find(x.request.headers, x.request.header_count, "Cookie", 0);
    assert_non_null(strstr(before, "MapiContext="));
    x.request.body = connect_body(&x.arena);
    begin(f, &x);
    assert_null(strstr(before, header_of(&x, "Set-Cookie") + 12)); /* R1278 */
    digest_ok(f, &x);
    exchange_dispose(&x);
    assert_int_equal(f->fake.disconnects, i + 1);
  }
  execute_ok(f, "after all that");
}

/* A cookie that nobody knows any more does not keep the client from connecting. */
static void test_reconnect__after_the_context_expired(void **state) {
  fixture *f = *state;
  connect_session(f);
  clock_ms += 2000000;
  connect_session(f);
  execute_ok(f, "again");
}

static void test_limits__sessions_per_user(void **state) {
  fixture *f = *state;
  for (unsigned i = 0; i < 4; i++) {
    exchange x;
    ox_mapihttp_connect_response body;
    ox_reader r;
    ox_mapihttp_session_forget(f->session);
    prepare_connect(f, &x);
    begin(f, &x);
    digest_ok(f, &x);
    ox_reader_init(&r, x.reply.body.data, x.reply.body.size_bytes);
    assert_int_equal(ox_mapihttp_connect_response_decode(&r, &x.arena, &body), OX_OK);
    assert_int_equal(body.error_code, i < 3 ? 0 : OX_E_SESSION_LIMIT);
    exchange_dispose(&x);
  }
}

/* ---- Refusals of 2.2.3.3.3 ------------------------------------------------------------------- */

static void change_header(exchange *x, const char *name, const char *value) {
  ox_mapihttp_request *request = &x->request;
  ox_http_header *copy = ox_arena_calloc(&x->arena, request->header_count, sizeof *copy);
  size_t count = 0;
  for (size_t i = 0; i < request->header_count; i++) {
    bool match = ox_http_name_equal(request->headers[i].name, name);
    if (match && value == NULL) continue;
    copy[count] = request->headers[i];
    if (match) copy[count].value = value;
    count++;
  }
  request->headers = copy;
  request->header_count = count;
}

static void test_refusals__header_fields(void **state) {
  fixture *f = *state;
  static const struct {
    const char *name;
    const char *value; /* NULL: left out */
    const char *code;
  } rows[] = {
      {"X-RequestType", NULL, "7"},
      {"X-RequestId", NULL, "7"},
      {"Content-Type", NULL, "7"},
      {"Content-Type", "application/octet-stream", "4"},
      {"Content-Type", "application/mapi-httpx", "4"},
      {"X-RequestId", "1", "4"},
      {"X-RequestId", "{E2EA6C1C-E61B-49E9-9CFB-38184F907552}", "4"},
      {"X-RequestId", "{E2EA6C1C-E61B-49E9-9CFB-38184F907552}:", "4"},
      {"X-RequestId", "{E2EA6C1C-E61B-49E9-9CFB-38184F907552}:1x", "4"},
      {"X-RequestType", "Explode", "5"},
      {"X-RequestType", "Bind", "5"}, /* of the other endpoint */
      {"Cookie", NULL, "13"},
      {"Cookie", "MapiContext=0123456789abcdef0123456789abcdef", "10"},
      {"Cookie", "MapiContext=0123", "6"},
      {"Cookie", "MapiContext=0123456789ABCDEF0123456789ABCDEF", "6"},
  };
  connect_session(f);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    exchange x;
    prepare(f, &x, "Disconnect", disconnect_body);
    change_header(&x, rows[i].name, rows[i].value);
    begin(f, &x);
    assert_code(&x, rows[i].code);
    exchange_dispose(&x);
  }
  /* None of that hurt the session. */
  execute_ok(f, "fine");
}

static void test_refusals__verb_path_user(void **state) {
  fixture *f = *state;
  exchange x;
  prepare(f, &x, "PING", no_body);
  x.request.method = "GET";
  begin(f, &x);
  assert_code(&x, "2");
  exchange_dispose(&x);
  refused(f, "/mapi/other/", "PING", no_body, "3");
  refused(f, "/mapi/emsmdbx", "PING", no_body, "3");
  prepare(f, &x, "PING", no_body);
  x.request.user = "";
  begin(f, &x);
  assert_code(&x, "8");
  exchange_dispose(&x);
}

/* R1224, R1225 */
static void test_refusals__cookie_of_another_user(void **state) {
  fixture *f = *state;
  exchange x;
  connect_session(f);
  prepare(f, &x, "Disconnect", disconnect_body);
  x.request.user = "mallory@example.test";
  begin(f, &x);
  assert_code(&x, "10");
  exchange_dispose(&x);
  /* Nor can the other user throw the session out by reconnecting with its cookie. */
  prepare(f, &x, "Connect", no_body);
  x.request.user = "mallory@example.test";
  x.request.body = connect_body(&x.arena);
  begin(f, &x);
  assert_true(x.finished);
  exchange_dispose(&x);
  assert_int_equal(f->fake.disconnects, 0);
  execute_ok(f, "mine");
}

/* The cookie of one endpoint is not one of the other. */
static void test_refusals__cookie_of_another_endpoint(void **state) {
  fixture *f = *state;
  connect_session(f);
  refused(f, "/mapi/nspi/", "Unbind", wait_body, "10");
}

static void test_refusals__bodies(void **state) {
  fixture *f = *state;
  static const uint8_t trailing[5] = {0};
  static const uint8_t long_aux[8] = {0, 0, 0, 0, 1, 0, 0, 0};
  static const uint8_t bad_aux[16] = {0, 0, 0, 0, 8, 0, 0, 0, 1, 0, 4, 0, 0, 0, 0, 0};
  ox_bytes one_more = {trailing, 5};
  ox_bytes too_long = {long_aux, 8};
  ox_bytes no_header_ext = {bad_aux, 16};
  static uint8_t huge[300001];
  ox_bytes too_large = {huge, sizeof huge};
  connect_session(f);
  refused(f, "/mapi/emsmdb/", "Disconnect", one_more, "12");
  refused(f, "/mapi/emsmdb/", "NotificationWait", too_long, "12");
  refused(f, "/mapi/emsmdb/", "NotificationWait", no_header_ext, "12");
  refused(f, "/mapi/emsmdb/", "Execute", no_body, "12");
  refused(f, "/mapi/emsmdb/", "Connect", no_body, "12");
  refused(f, "/mapi/emsmdb/", "Execute", too_large, "9");
  execute_ok(f, "fine");
}

static void test_refusals__stopping_and_disabled(void **state) {
  fixture *f = *state;
  ox_mapihttp_server_options options = OX_MAPIHTTP_SERVER_OPTIONS_INIT;
  ox_mapihttp_server *both = f->server;
  ox_mapihttp_server *none;
  options.environment = &world;
  assert_int_equal(ox_mapihttp_server_new(&options, &none, NULL), OX_OK);
  f->server = none;
  refused(f, "/mapi/emsmdb/", "PING", no_body, "16");
  refused(f, "/mapi/nspi/", "PING", no_body, "16");
  f->server = both;
  ox_mapihttp_server_free(none);
  ox_mapihttp_server_stop(f->server);
  refused(f, "/mapi/emsmdb/", "PING", no_body, "18");
}

/* ---- Sequence -------------------------------------------------------------------------------- */

/* R1150, R1227, R1228 */
static void test_sequence__one_request_at_a_time(void **state) {
  fixture *f = *state;
  exchange first;
  exchange second;
  connect_session(f);
  f->fake.hold_execute = true;
  prepare_execute(f, &first, "slow", 0, 0x8007);
  begin(f, &first);
  assert_true(first.started && !first.finished); /* R1237 */
  /* The client already has the next cookie, and must not use it yet. */
  assert_int_equal(ox_mapihttp_session_take(f->session, first.headers, first.header_count, false),
                   OX_OK);
  prepare_execute(f, &second, "impatient", 0, 0x8007);
  begin(f, &second);
  assert_code(&second, "15");
  exchange_dispose(&second);
  assert_int_equal(f->fake.executes, 1);
  ox_mapihttp_call_tick(first.call);
  ox_mapihttp_call_tick(first.call);
  assert_true(fake_release_execute(&f->fake));
  assert_true(first.finished);
  ox_mapihttp_call_tick(first.call); /* too late: sends nothing */
  digest_ok(f, &first);
  assert_int_equal(first.reply.pending_count, 2); /* R1239, R1241 */
  exchange_dispose(&first);
  f->fake.hold_execute = false;
  execute_ok(f, "in time");
}

static void test_sequence__stale_and_missing_cookie(void **state) {
  fixture *f = *state;
  exchange x;
  connect_session(f);
  /* The cookies as Connect gave them, kept for later. */
  prepare(f, &x, "Disconnect", disconnect_body);
  char stale[256];
  snprintf(stale, sizeof stale, "%s",
           ox_http_header_find(x.request.headers, x.request.header_count, "Cookie", 0));
  x.released = true;
  exchange_dispose(&x);
  execute_ok(f, "moves on");
  prepare(f, &x, "Disconnect", disconnect_body);
  change_header(&x, "Cookie", stale);
  begin(f, &x);
  assert_code(&x, "15");
  exchange_dispose(&x);
  /* Without the sequence cookie: the first of the two only. */
  *strchr(stale, ';') = 0;
  prepare(f, &x, "Disconnect", disconnect_body);
  change_header(&x, "Cookie", stale);
  begin(f, &x);
  assert_code(&x, "13");
  exchange_dispose(&x);
  execute_ok(f, "unharmed");
}

/* R1149, R1236, R1261: a client that keeps only the cookies of the last answer, whatever that was.
 */
static void test_cookies__all_in_every_answer(void **state) {
  fixture *f = *state;
  static const char *const types[] = {"PING", "NotificationWait", "PING"};
  connect_session(f);
  execute_ok(f, "moves the sequence on");
  for (size_t i = 0; i < 3; i++) {
    exchange x;
    bool wait = strcmp(types[i], "NotificationWait") == 0;
    prepare(f, &x, types[i], wait ? wait_body : no_body);
    begin(f, &x);
    if (wait) assert_true(fake_end_wait(&f->fake, OX_OK, false));
    ox_mapihttp_session_forget(f->session);
    digest_ok(f, &x);
    exchange_dispose(&x);
  }
  execute_ok(f, "with what PING gave");
}

/* R73: several cookies in one field; and several fields, as section 4.2 shows them. */
static void test_cookies__in_fields_of_their_own(void **state) {
  fixture *f = *state;
  exchange x;
  connect_session(f);
  prepare_execute(f, &x, "rops", 0, 0x8007);
  char *both = ox_arena_strdup(
      &x.arena, ox_http_header_find(x.request.headers, x.request.header_count, "Cookie", 0));
  char *second = strchr(both, ';');
  *second = 0;
  ox_http_header headers[16];
  for (size_t i = 0; i < x.request.header_count; i++) headers[i] = x.request.headers[i];
  headers[x.request.header_count - 1].value = "unrelated=x;;  ;other";
  headers[x.request.header_count].name = "cookie";
  headers[x.request.header_count].value = both;
  headers[x.request.header_count + 1].name = "Cookie";
  headers[x.request.header_count + 1].value = second + 2;
  x.request.headers = headers;
  x.request.header_count += 2;
  begin(f, &x);
  digest_ok(f, &x);
  exchange_dispose(&x);
}

/* ---- Execute --------------------------------------------------------------------------------- */

static void execute_gives(fixture *f, ox_bytes body, uint32_t status_code, uint32_t error_code) {
  exchange x;
  ox_mapihttp_execute_response response;
  ox_bytes *payloads;
  size_t count;
  prepare(f, &x, "Execute", body);
  begin(f, &x);
  digest_ok(f, &x);
  decode_execute(&x.reply, &x.arena, &response, &payloads, &count);
  assert_int_equal(response.status_code, status_code);
  assert_int_equal(response.error_code, error_code);
  exchange_dispose(&x);
}

/* MS-OXCRPC_R1373, R1379, R663, R666, R678, R697 */
static void test_execute__rpc_failures(void **state) {
  fixture *f = *state;
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  connect_session(f);
  execute_gives(f, execute_body(&arena, "x", 0, 7), 0, 0x80040115);
  execute_gives(f, execute_body(&arena, "x", 0, 0x40001), 0x6F7, 0);
  static const uint8_t short_rops[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0};
  ox_bytes short_body = {short_rops, 16};
  execute_gives(f, short_body, 0, 0x80040115);
  /* An RPC_HEADER_EXT of another version. */
  static const uint8_t version[24] = {0, 0, 0, 0, 8, 0, 0, 0, 1, 0, 4, 0, 0, 0, 0, 0, 0, 0, 1, 0};
  ox_bytes version_body = {version, 24};
  execute_gives(f, version_body, 0, 0x4B6);
  /* Two payloads, which the server did not say it takes. */
  static const uint8_t packed[32] = {0, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                                     0, 0, 4, 0, 0,  0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0};
  ox_bytes packed_body = {packed, 32};
  execute_gives(f, packed_body, 0, 0x4B6);
  assert_int_equal(f->fake.executes, 0);
  f->fake.execute_status = OX_E_MALFORMED;
  execute_gives(f, execute_body(&arena, "x", 0, 0x8007), 0, 0x4B6);
  f->fake.execute_status = OX_E_ACCESS_DENIED;
  execute_gives(f, execute_body(&arena, "x", 0, 0x8007), 0, 0x80070005);
  f->fake.execute_status = OX_E_AGAIN;
  execute_gives(f, execute_body(&arena, "x", 0, 0x8007), 0x6BB, 0);
  f->fake.execute_status = OX_E_IO; /* codes of our own range never leave */
  execute_gives(f, execute_body(&arena, "x", 0, 0x8007), 0, 0x80004005);
  f->fake.execute_status = OX_OK;
  execute_ok(f, "fine");
  ox_arena_dispose(&arena);
}

/* MS-OXCRPC_R634, R638, R642, R775, R778, R779 */
static void test_execute__chained_outputs_and_flags(void **state) {
  fixture *f = *state;
  static uint8_t big[5000];
  ox_bytes small = {(const uint8_t *)"abc", 3};
  ox_bytes large = {big, sizeof big};
  connect_session(f);
  f->fake.output_count = 3;
  f->fake.outputs[0] = large;
  f->fake.outputs[1] = small;
  f->fake.outputs[2] = large;
  for (uint32_t flags = 0; flags < 8; flags++) {
    exchange x;
    ox_mapihttp_execute_response body;
    ox_bytes *payloads;
    size_t count;
    prepare_execute(f, &x, "rops", flags, 0x40000);
    begin(f, &x);
    digest_ok(f, &x);
    decode_execute(&x.reply, &x.arena, &body, &payloads, &count);
    assert_int_equal(count, 3);
    assert_true(ox_bytes_equal(payloads[0], large));
    assert_true(ox_bytes_equal(payloads[1], small));
    assert_true(ox_bytes_equal(payloads[2], large));
    bool plain = (flags & OX_RPCEXT_NO_COMPRESSION) != 0;
    assert_int_equal(body.rop_buffer.size_bytes == 24 + 3 + 2 * sizeof big, plain);
    assert_int_equal(f->fake.last_chain, (flags & OX_RPCEXT_CHAIN) != 0);
    exchange_dispose(&x);
  }
}

/* R2229, R2230: a request that fails after it was accepted. */
static void test_execute__too_much_output_is_an_invalid_response(void **state) {
  fixture *f = *state;
  static uint8_t big[0x4000];
  exchange x;
  ox_error err;
  for (size_t i = 0; i < sizeof big; i++) big[i] = (uint8_t)(i * 7919 >> 3);
  connect_session(f);
  f->fake.output_count = 1;
  f->fake.outputs[0].data = big;
  f->fake.outputs[0].size_bytes = sizeof big;
  prepare_execute(f, &x, "rops", OX_RPCEXT_NO_COMPRESSION, 0x1000);
  begin(f, &x);
  assert_string_equal(header_of(&x, "X-ResponseCode"), "0");
  assert_int_equal(digest(f, &x, 1000, false, &err), OX_E_REMOTE);
  assert_int_equal(err.remote_code, 17);
  exchange_dispose(&x);
}

/* ---- NotificationWait ------------------------------------------------------------------------ */

static void wait_gives(fixture *f, exchange *x, uint32_t error_code, uint32_t event_pending) {
  ox_mapihttp_notification_wait_response body;
  ox_reader r;
  ox_error err;
  assert_true(x->finished);
  assert_int_equal(digest(f, x, 1, true, &err), OX_OK);
  ox_reader_init(&r, x->reply.body.data, x->reply.body.size_bytes);
  assert_int_equal(ox_mapihttp_notification_wait_response_decode(&r, &x->arena, &body), OX_OK);
  assert_int_equal(ox_reader_finish(&r, NULL), OX_OK);
  assert_int_equal(body.status_code, 0);
  assert_int_equal(body.error_code, error_code);
  assert_int_equal(body.event_pending, event_pending);
}

static void begin_wait(fixture *f, exchange *x) {
  prepare(f, x, "NotificationWait", wait_body);
  begin(f, x);
}

/* R1170, R1258, R1371, R1372; MS-OXCRPC_R1343 */
static void test_wait__beside_execute(void **state) {
  fixture *f = *state;
  exchange wait;
  exchange second;
  connect_session(f);
  begin_wait(f, &wait);
  assert_true(wait.started && !wait.finished);
  for (unsigned i = 0; i < 3; i++) execute_ok(f, "meanwhile");
  ox_mapihttp_call_tick(wait.call);
  begin_wait(f, &second); /* only one */
  wait_gives(f, &second, OX_E_REJECTED, 0);
  exchange_dispose(&second);
  assert_true(fake_end_wait(&f->fake, OX_OK, true));
  wait_gives(f, &wait, 0, 1);
  exchange_dispose(&wait);
  execute_ok(f, "fetch it"); /* the wait's answer did not take the sequence back */
  begin_wait(f, &wait);
  assert_true(fake_end_wait(&f->fake, OX_E_TIMEOUT, false)); /* R1259 */
  wait_gives(f, &wait, 0, 0);
  exchange_dispose(&wait);
}

/* R1260 */
static void test_wait__keeps_the_session(void **state) {
  fixture *f = *state;
  exchange wait;
  connect_session(f);
  begin_wait(f, &wait);
  clock_ms += 5000000;
  assert_int_equal(ox_mapihttp_server_sweep(f->server), UINT64_MAX);
  assert_true(fake_end_wait(&f->fake, OX_OK, false));
  wait_gives(f, &wait, 0, 0);
  exchange_dispose(&wait);
  clock_ms += 899999;
  execute_ok(f, "refreshed by the wait's end");
}

static void test_wait__overdue_is_ended(void **state) {
  fixture *f = *state;
  exchange wait;
  connect_session(f);
  begin_wait(f, &wait);
  clock_ms += 300000;
  ox_mapihttp_call_tick(wait.call);
  assert_false(wait.finished);
  clock_ms += 5000;
  ox_mapihttp_call_tick(wait.call);
  assert_int_equal(f->fake.cancels, 1);
  wait_gives(f, &wait, 0, 0);
  exchange_dispose(&wait);
}

static void test_wait__ends_with_its_session(void **state) {
  fixture *f = *state;
  exchange wait;
  exchange x;
  ox_error err;
  connect_session(f);
  begin_wait(f, &wait);
  prepare(f, &x, "Disconnect", disconnect_body);
  begin(f, &x);
  assert_true(x.finished);
  exchange_dispose(&x);
  assert_true(wait.finished);
  assert_int_equal(digest(f, &wait, 1, true, &err), OX_E_CLOSED);
  assert_int_equal(err.remote_code, 10);
  exchange_dispose(&wait);
  assert_int_equal(f->fake.disconnects, 1);
}

/* MS-OXCRPC_R1345 */
static void test_wait__ends_when_the_server_stops(void **state) {
  fixture *f = *state;
  exchange wait;
  connect_session(f);
  begin_wait(f, &wait);
  ox_mapihttp_server_stop(f->server);
  wait_gives(f, &wait, 0x3ED, 0);
  exchange_dispose(&wait);
}

static void test_wait__client_gone(void **state) {
  fixture *f = *state;
  exchange wait;
  connect_session(f);
  begin_wait(f, &wait);
  ox_mapihttp_call_cancel(wait.call);
  assert_int_equal(f->fake.cancels, 1);
  assert_true(wait.finished && wait.released);
  exchange_dispose(&wait);
  execute_ok(f, "the session lives on");
}

/* ---- Address book ---------------------------------------------------------------------------- */

static ox_status nspi_call(fixture *f, exchange *x, const char *type, ox_bytes body) {
  ox_error err;
  prepare_for(f->session, x, "/mapi/nspi/", type, body);
  begin(f, x);
  return digest(f, x, 7, false, &err);
}

static void nspi_ok(fixture *f, const char *type) {
  exchange x;
  ox_bytes body = {(const uint8_t *)type, strlen(type)};
  assert_int_equal(nspi_call(f, &x, type, body), OX_OK);
  assert_string_equal(f->fake.last_nspi_type, type);
  assert_int_equal(x.reply.body.size_bytes, 8 + strlen(type));
  assert_memory_equal(x.reply.body.data + 8, type, strlen(type));
  exchange_dispose(&x);
}

/* R319, R320 and the values of R92 to R114 */
static void test_nspi__all_request_types(void **state) {
  fixture *f = *state;
  static const char *const types[] = {
      "CompareMIds",     "DNToMId",          "GetMatches",        "GetPropList", "GetProps",
      "GetSpecialTable", "GetTemplateInfo",  "ModLinkAtt",        "ModProps",    "QueryColumns",
      "QueryRows",       "ResolveNames",     "ResortRestriction", "SeekEntries", "UpdateStat",
      "GetMailboxUrl",   "GetAddressBookUrl"};
  exchange x;
  assert_int_equal(nspi_call(f, &x, "GetMatches", no_body), OX_E_CLOSED); /* no Bind yet */
  assert_int_equal(x.reply.response_code, 13);
  exchange_dispose(&x);
  nspi_ok(f, "Bind");
  for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) nspi_ok(f, types[i]);
  assert_int_equal(nspi_call(f, &x, "PING", no_body), OX_OK);
  exchange_dispose(&x);
  nspi_ok(f, "Unbind");
  assert_int_equal(nspi_call(f, &x, "GetMatches", no_body), OX_E_CLOSED);
  assert_int_equal(x.reply.response_code, 10);
  exchange_dispose(&x);
}

static void test_nspi__failed_bind_has_no_context(void **state) {
  fixture *f = *state;
  exchange x;
  ox_mapihttp_server_stats stats = {.struct_size = sizeof stats};
  f->fake.nspi_error_code = 1;
  nspi_ok(f, "Bind");
  ox_mapihttp_server_stats_get(f->server, &stats);
  assert_int_equal(stats.sessions_open, 0);
  f->fake.nspi_error_code = 0;
  assert_int_equal(nspi_call(f, &x, "QueryRows", no_body), OX_E_CLOSED);
  exchange_dispose(&x);
}

static void test_nspi__body_that_does_not_decode(void **state) {
  fixture *f = *state;
  exchange x;
  nspi_ok(f, "Bind");
  f->fake.nspi_status = OX_E_TRUNCATED;
  assert_int_equal(nspi_call(f, &x, "QueryRows", no_body), OX_E_REMOTE);
  assert_int_equal(x.reply.response_code, 12);
  exchange_dispose(&x);
  f->fake.nspi_status = OX_E_IO;
  assert_int_equal(nspi_call(f, &x, "QueryRows", no_body), OX_E_REMOTE);
  assert_int_equal(x.reply.response_code, 1);
  exchange_dispose(&x);
  f->fake.nspi_status = OX_OK;
  nspi_ok(f, "QueryRows");
}

/* ---- Client engine --------------------------------------------------------------------------- */

/* R130, R1305, R2039, R155, R2042, R2045, R67, R161 */
static void test_client__header_fields(void **state) {
  fixture *f = *state;
  ox_arena arena;
  ox_http_header *first;
  ox_http_header *second;
  size_t count;
  ox_arena_init(&arena, NULL, 0);
  assert_int_equal(ox_mapihttp_session_headers(f->session, "PING", &arena, &first, &count), OX_OK);
  assert_int_equal(count, 5); /* no cookie yet */
  assert_int_equal(ox_mapihttp_session_headers(f->session, "PING", &arena, &second, &count), OX_OK);
  const char *a = ox_http_header_find(first, count, "X-RequestId", 0);
  const char *b = ox_http_header_find(second, count, "X-RequestId", 0);
  assert_int_equal(strlen(a), 38 + 2);
  assert_memory_equal(a, b, 38);
  assert_string_equal(a + 38, ":1");
  assert_string_equal(b + 38, ":2");
  assert_string_equal(ox_http_header_find(first, count, "X-ClientInfo", 0) + 38, ":7");
  assert_string_equal(ox_http_header_find(first, count, "Content-Type", 0),
                      "application/mapi-http");
  assert_int_equal(ox_mapihttp_session_renew(f->session), OX_OK);
  assert_int_equal(ox_mapihttp_session_headers(f->session, "PING", &arena, &second, &count), OX_OK);
  b = ox_http_header_find(second, count, "X-RequestId", 0);
  assert_memory_not_equal(a, b, 38); /* R131, R1464 */
  ox_arena_dispose(&arena);
}

/* R1148, R1149, R70: every cookie is kept, by name, whatever it is called. */
static void test_client__cookies(void **state) {
  fixture *f = *state;
  ox_arena arena;
  ox_http_header *headers;
  size_t count;
  static const ox_http_header answers[] = {
      {"Set-Cookie", "MapiRouting=abc; path=/mapi/; secure"},
      {"set-cookie", "ctx=1==; HttpOnly"},
      {"Set-Cookie", "ctx=2"},
      {"Set-Cookie", "nonsense"},
      {"Set-Cookie", "=x"},
      {"Set-Cookie", ""},
      {"X-Other", "ctx=3"},
  };
  ox_arena_init(&arena, NULL, 0);
  assert_int_equal(ox_mapihttp_session_take(f->session, answers, 7, false), OX_OK);
  assert_int_equal(ox_mapihttp_session_headers(f->session, "PING", &arena, &headers, &count),
                   OX_OK);
  assert_string_equal(ox_http_header_find(headers, count, "Cookie", 0), "MapiRouting=abc; ctx=2");
  static const ox_http_header late[] = {{"Set-Cookie", "ctx=1"}, {"Set-Cookie", "new=1"}};
  assert_int_equal(ox_mapihttp_session_take(f->session, late, 2, true), OX_OK);
  assert_int_equal(ox_mapihttp_session_headers(f->session, "PING", &arena, &headers, &count),
                   OX_OK);
  assert_string_equal(ox_http_header_find(headers, count, "Cookie", 0),
                      "MapiRouting=abc; ctx=2; new=1");
  ox_arena_dispose(&arena);
}

static ox_status digest_text(const char *code, const char *text, size_t piece,
                             ox_mapihttp_reply *reply, ox_error *err) {
  ox_http_header headers[] = {{"X-ResponseCode", code}, {"X-PendingPeriod", "30000"}};
  ox_mapihttp_reply_init(reply, NULL, 100);
  ox_status status = ox_mapihttp_reply_head(reply, 200, headers, 2, err);
  size_t size = strlen(text);
  for (size_t at = 0; at < size && status == OX_OK; at += piece)
    status = ox_mapihttp_reply_feed(reply, text + at, size - at < piece ? size - at : piece, err);
  return status == OX_OK ? ox_mapihttp_reply_finish(reply, err) : status;
}

/* The answers of [MS-OXCMAPIHTTP] 4.1 and 4.2, whose bodies are only named there. */
static void test_client__examples_4_1_and_4_2(void **state) {
  (void)state;
  static const char text[] =
      "PROCESSING\r\n"
      "PENDING\r\n"
      "PENDING\r\n"
      "DONE\r\n"
      "X-ResponseCode: 0\r\n"
      "X-ElapsedTime: 3212\r\n"
      "X-StartTime: Thu, 01 Aug 2013 19:42:52 GMT\r\n"
      "\r\n"
      "<RESPONSE\r\nBODY>";
  for (size_t piece = 1; piece <= sizeof text; piece++) {
    ox_mapihttp_reply reply;
    ox_error err;
    assert_int_equal(digest_text("0", text, piece, &reply, &err), OX_OK);
    assert_int_equal(reply.pending_count, 2);
    assert_int_equal(reply.elapsed_ms, 3212);
    assert_int_equal(reply.pending_period_ms, 30000);
    assert_int_equal(reply.body.size_bytes, 16);
    assert_memory_equal(reply.body.data, "<RESPONSE\r\nBODY>", 16);
    ox_mapihttp_reply_dispose(&reply);
  }
}

static void test_client__answers_that_are_none(void **state) {
  (void)state;
  static const struct {
    const char *code;
    const char *text;
    ox_status status;
  } rows[] = {
      {"0", "", OX_E_TRUNCATED},
      {"0", "PROCESSING\r\n", OX_E_TRUNCATED},
      {"0", "PROCESSING\r\nDONE\r\nX-ElapsedTime: 1\r\n", OX_E_TRUNCATED},
      {"0", "PROCESSING\r\nSOON\r\n", OX_E_PROTOCOL},
      {"0", "<html>\n", OX_E_PROTOCOL},
      {"0", "DONE\r\nno colon\r\n\r\n", OX_E_PROTOCOL},
      {"0", "DONE\r\n: no name\r\n\r\n", OX_E_PROTOCOL},
      {"0", "DONE\r\nX-ResponseCode: twelve\r\n\r\n", OX_E_PROTOCOL},
      {"0", "PROCESSING\r\nDONE\r\nX-ResponseCode: 12\r\n\r\n<p>why</p>", OX_E_REMOTE},
      {"0", "PROCESSING\r\nDONE\r\nX-ResponseCode: 10\r\n\r\n", OX_E_CLOSED},
      {"10", "<html>gone</html>", OX_E_CLOSED},
      {"15", "", OX_E_CLOSED},
      {"13", "", OX_E_CLOSED},
      {"6", "", OX_E_CLOSED},
      {"5", "<html>what?</html>", OX_E_REMOTE},
      {"99", "", OX_E_REMOTE},
      {"-1", "", OX_E_PROTOCOL},
      {"4294967296", "", OX_E_PROTOCOL},
  };
  ox_mapihttp_reply reply;
  ox_error err;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    assert_int_equal(digest_text(rows[i].code, rows[i].text, 5, &reply, &err), rows[i].status);
    ox_mapihttp_reply_dispose(&reply);
  }
  static char long_line[2000];
  memset(long_line, 'A', sizeof long_line - 1);
  assert_int_equal(digest_text("0", long_line, 100, &reply, &err), OX_E_PROTOCOL);
  ox_mapihttp_reply_dispose(&reply);
  char much[300] = "DONE\r\n\r\n";
  memset(much + 8, 'x', 200);
  assert_int_equal(digest_text("0", much, 100, &reply, &err), OX_E_LIMIT);
  ox_mapihttp_reply_dispose(&reply);
  ox_http_header none[] = {{"Content-Type", "text/html"}};
  ox_mapihttp_reply_init(&reply, NULL, 0);
  assert_int_equal(ox_mapihttp_reply_head(&reply, 200, none, 1, &err), OX_E_PROTOCOL);
  assert_int_equal(ox_mapihttp_reply_head(&reply, 404, none, 1, &err), OX_E_PROTOCOL);
  ox_mapihttp_reply_dispose(&reply);
}

/* ---- Without memory -------------------------------------------------------------------------- */

/* Runs a request that may fail for want of memory, and must end all the same. */
static void run_anyhow(ox_mapihttp_server *server, ox_mapihttp_session *session, const char *path,
                       const char *type, ox_bytes body) {
  exchange x;
  prepare_for(session, &x, path, type, body);
  ox_mapihttp_sink sink = {on_respond, on_start, on_send, on_finish, on_release, &x};
  x.call = ox_mapihttp_call_new(server, &x.request, &sink);
  if (x.call != NULL) {
    ox_mapihttp_call_run(x.call);
    assert_true(x.released);
    assert_true(x.responded || x.finished);
    assert_int_equal(ox_mapihttp_session_take(session, x.headers, x.header_count, false), OX_OK);
  } else {
    x.released = true;
  }
  exchange_dispose(&x);
}

static void test_server__every_allocation_may_fail(void **state) {
  fixture *f = *state;
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  ox_bytes connect = connect_body(&arena);
  ox_bytes execute = execute_body(&arena, "some rops some rops some rops some rops", 0, 0x8007);
  bool failed = true;
  for (long n = 0; failed; n++) {
    failing_allocator memory;
    ox_mapihttp_server_options options = OX_MAPIHTTP_SERVER_OPTIONS_INIT;
    ox_mapihttp_server *server;
    failing_init(&memory, n);
    options.allocator = &memory.base;
    options.environment = &world;
    options.rop_processor = &f->fake.base;
    options.nspi_processor = &f->fake.nspi;
    ox_mapihttp_session_forget(f->session);
    if (ox_mapihttp_server_new(&options, &server, NULL) == OX_OK) {
      run_anyhow(server, f->session, "/mapi/emsmdb/", "Connect", connect);
      run_anyhow(server, f->session, "/mapi/emsmdb/", "Execute", execute);
      run_anyhow(server, f->session, "/mapi/emsmdb/", "PING", no_body);
      run_anyhow(server, f->session, "/mapi/emsmdb/", "Disconnect", disconnect_body);
      run_anyhow(server, f->session, "/mapi/nspi/", "Bind", no_body);
      run_anyhow(server, f->session, "/mapi/nspi/", "QueryRows", no_body);
      ox_mapihttp_server_free(server);
    }
    assert_int_equal(memory.live, 0);
    failed = memory.failed;
    assert_true(n < 1000);
  }
  /* Whatever connected was disconnected. */
  assert_int_equal(f->fake.connects, f->fake.disconnects);
  ox_arena_dispose(&arena);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_connect__answer),
      TEST(test_connect__refused_by_the_processor),
      TEST(test_execute__one_after_another),
      TEST(test_disconnect__context_is_gone),
      TEST(test_session__expires_when_idle),
      TEST(test_ping__keeps_the_session),
      TEST(test_reconnect__replaces_the_context),
      TEST(test_reconnect__after_the_context_expired),
      TEST(test_limits__sessions_per_user),
      TEST(test_refusals__header_fields),
      TEST(test_refusals__verb_path_user),
      TEST(test_refusals__cookie_of_another_user),
      TEST(test_refusals__cookie_of_another_endpoint),
      TEST(test_refusals__bodies),
      TEST(test_refusals__stopping_and_disabled),
      TEST(test_sequence__one_request_at_a_time),
      TEST(test_sequence__stale_and_missing_cookie),
      TEST(test_cookies__in_fields_of_their_own),
      TEST(test_cookies__all_in_every_answer),
      TEST(test_execute__rpc_failures),
      TEST(test_execute__chained_outputs_and_flags),
      TEST(test_execute__too_much_output_is_an_invalid_response),
      TEST(test_wait__beside_execute),
      TEST(test_wait__keeps_the_session),
      TEST(test_wait__overdue_is_ended),
      TEST(test_wait__ends_with_its_session),
      TEST(test_wait__ends_when_the_server_stops),
      TEST(test_wait__client_gone),
      TEST(test_nspi__all_request_types),
      TEST(test_nspi__failed_bind_has_no_context),
      TEST(test_nspi__body_that_does_not_decode),
      TEST(test_client__header_fields),
      TEST(test_client__cookies),
      TEST(test_client__examples_4_1_and_4_2),
      TEST(test_client__answers_that_are_none),
      TEST(test_server__every_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
