/* The client over libcurl against the endpoint over libevent, with TLS and NTLM between them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "mapi_site.h"

typedef struct world {
  mapi_site *site;
  ox_auth_client *auth;
  ox_http_client *http;
  char url[128];
  char nspi_url[128];
} world;

static void world_open_on(world *w, mapi_site *site, const char *user, const char *password,
                          uint32_t schemes) {
  ox_auth_client_options auth = OX_AUTH_CLIENT_OPTIONS_INIT;
  ox_http_client_options http = OX_HTTP_CLIENT_OPTIONS_INIT;
  w->site = site;
  auth.user = user;
  auth.password = password;
  auth.schemes = schemes;
  assert_int_equal(ox_auth_client_new(&auth, &w->auth, NULL), OX_OK);
  http.auth = ox_auth_client_hook(w->auth);
  http.pins = w->site->pin;
  http.pin_count = 1;
  assert_int_equal(ox_http_client_new(&http, &w->http, NULL), OX_OK);
  snprintf(w->url, sizeof w->url, "https://127.0.0.1:%u/mapi/emsmdb/?MailboxId=x@example.test",
           w->site->tls_port);
  snprintf(w->nspi_url, sizeof w->nspi_url, "https://127.0.0.1:%u/mapi/nspi/?MailboxId=x",
           w->site->tls_port);
}

static void world_open(world *w, uint32_t pending_period_ms, uint32_t idle_ms, const char *user,
                       const char *password, uint32_t schemes) {
  world_open_on(w, mapi_site_open(pending_period_ms, idle_ms), user, password, schemes);
}

static void world_close(world *w) {
  ox_http_client_free(w->http);
  ox_auth_client_free(w->auth);
  mapi_site_close(w->site);
}

static ox_mapihttp_client_options options_of(const world *w) {
  ox_mapihttp_client_options options = OX_MAPIHTTP_CLIENT_OPTIONS_INIT;
  options.http = w->http;
  options.url = w->url;
  options.user_dn = "/o=ORG/cn=bob";
  return options;
}

static ox_rop_transport *open_transport(const world *w) {
  ox_mapihttp_client_options options = options_of(w);
  ox_rop_transport *transport;
  ox_error err;
  assert_int_equal(ox_mapihttp_open(&options, &transport, &err), OX_OK);
  return transport;
}

/* ---- Waiting for completions ------------------------------------------------------------------
 */

typedef struct result {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  bool done;
  ox_status status;
  ox_error err;
  bool events;
  size_t count;
  size_t sizes[8];
  uint8_t first[70000];
} result;

static void result_init(result *r) {
  memset(r, 0, sizeof *r);
  pthread_mutex_init(&r->lock, NULL);
  pthread_cond_init(&r->changed, NULL);
}

static void set_result(result *r, ox_status status, const ox_error *err) {
  r->status = status;
  if (err != NULL) r->err = *err;
  r->done = true;
  pthread_cond_broadcast(&r->changed);
}

static void execute_done(void *user, ox_status status, const ox_bytes *outputs, size_t output_count,
                         const ox_error *err) {
  result *r = user;
  pthread_mutex_lock(&r->lock);
  r->count = output_count;
  for (size_t i = 0; i < output_count && i < 8; i++) r->sizes[i] = outputs[i].size_bytes;
  if (output_count > 0) memcpy(r->first, outputs[0].data, outputs[0].size_bytes);
  set_result(r, status, err);
  pthread_mutex_unlock(&r->lock);
}

static void wait_done(void *user, ox_status status, bool events_pending, const ox_error *err) {
  result *r = user;
  pthread_mutex_lock(&r->lock);
  r->events = events_pending;
  set_result(r, status, err);
  pthread_mutex_unlock(&r->lock);
}

static ox_status await(result *r) {
  pthread_mutex_lock(&r->lock);
  while (!r->done) pthread_cond_wait(&r->changed, &r->lock);
  pthread_mutex_unlock(&r->lock);
  return r->status;
}

static ox_status execute(ox_rop_transport *transport, const void *rops, size_t size, result *r) {
  ox_bytes input = {rops, size};
  result_init(r);
  assert_int_equal(transport->execute(transport, 1, input, OX_ROP_OUT_MAX_BYTES, OX_NO_DEADLINE,
                                      execute_done, r, NULL),
                   OX_OK);
  return await(r);
}

static void execute_ok(ox_rop_transport *transport, const char *rops) {
  static result r;
  assert_int_equal(execute(transport, rops, strlen(rops), &r), OX_OK);
  assert_int_equal(r.count, 1);
  assert_int_equal(r.sizes[0], strlen(rops));
  assert_memory_equal(r.first, rops, strlen(rops));
}

/* ---- Tests ------------------------------------------------------------------------------------
 */

static void test_transport__connect_execute_close(void **state) {
  (void)state;
  world w;
  for (unsigned scheme = OX_AUTH_BASIC; scheme <= OX_AUTH_NTLM; scheme++) {
    world_open(&w, 1000, 0, "bob", "bobsecret", scheme);
    ox_rop_transport *transport = open_transport(&w);
    assert_string_equal(transport->user_dn(transport), "/o=ORG/cn=bob");
    assert_string_equal(transport->display_name(transport), "Alice \xc3\x84pfel");
    assert_string_equal(ox_mapihttp_server_application(transport), "Exchange/15.01.2507.006");
    assert_string_equal(w.site->fake.last_user, "bob@example.test");
    assert_string_equal(w.site->fake.last_user_dn, "/o=ORG/cn=bob");
    for (unsigned i = 0; i < 10; i++) execute_ok(transport, "rops over the wire");
    assert_int_equal(w.site->fake.last_out_max_bytes, OX_ROP_OUT_MAX_BYTES);
    assert_true(w.site->fake.last_chain);
    uint32_t expiration_ms = 0;
    assert_int_equal(ox_mapihttp_ping(transport, &expiration_ms, NULL), OX_OK);
    assert_int_equal(expiration_ms, 900000);
    transport->close(transport);
    assert_int_equal(w.site->fake.disconnects, 1);
    world_close(&w);
  }
}

static void test_transport__compressed_and_obfuscated(void **state) {
  (void)state;
  static uint8_t rops[30000];
  static result r;
  world w;
  for (size_t i = 0; i < sizeof rops; i++) rops[i] = (uint8_t)(i / 100);
  for (unsigned flags = 0; flags < 4; flags++) {
    world_open(&w, 1000, 0, "bob", "bobsecret", 0);
    ox_mapihttp_client_options options = options_of(&w);
    ox_rop_transport *transport;
    options.compress = (flags & 1) != 0;
    options.obfuscate = (flags & 2) != 0;
    assert_int_equal(ox_mapihttp_open(&options, &transport, NULL), OX_OK);
    assert_int_equal(execute(transport, rops, sizeof rops, &r), OX_OK);
    assert_int_equal(r.sizes[0], sizeof rops);
    assert_memory_equal(r.first, rops, sizeof rops);
    transport->close(transport);
    world_close(&w);
  }
}

static void test_transport__chained_outputs(void **state) {
  (void)state;
  static uint8_t big[10000];
  static result r;
  world w;
  world_open(&w, 1000, 0, "bob", "bobsecret", 0);
  ox_rop_transport *transport = open_transport(&w);
  w.site->fake.output_count = 3;
  for (size_t i = 0; i < 3; i++) {
    w.site->fake.outputs[i].data = big;
    w.site->fake.outputs[i].size_bytes = sizeof big - i;
  }
  assert_int_equal(execute(transport, "x", 1, &r), OX_OK);
  assert_int_equal(r.count, 3);
  assert_int_equal(r.sizes[2], sizeof big - 2);
  transport->close(transport);
  world_close(&w);
}

static void test_transport__refusals(void **state) {
  (void)state;
  static result r;
  world w;
  ox_rop_transport *transport = NULL;
  ox_error err;
  world_open(&w, 1000, 0, "bob", "wrong", 0);
  ox_mapihttp_client_options options = options_of(&w);
  assert_int_equal(ox_mapihttp_open(&options, &transport, &err), OX_E_LOGON_FAILED);
  assert_null(transport);
  world_close(&w);

  world_open(&w, 1000, 0, "bob", "bobsecret", 0);
  options = options_of(&w);
  w.site->fake.connect_status = OX_E_UNKNOWN_USER;
  assert_int_equal(ox_mapihttp_open(&options, &transport, &err), OX_E_UNKNOWN_USER);
  w.site->fake.connect_status = OX_OK;
  options.url = w.nspi_url; /* the other endpoint knows no Connect */
  assert_int_equal(ox_mapihttp_open(&options, &transport, &err), OX_E_REMOTE);
  assert_int_equal(err.remote_code, OX_MAPIHTTP_INVALID_REQUEST_TYPE);
  char elsewhere[128];
  snprintf(elsewhere, sizeof elsewhere, "https://127.0.0.1:%u/other", w.site->tls_port);
  options.url = elsewhere;
  assert_int_equal(ox_mapihttp_open(&options, &transport, &err), OX_E_PROTOCOL);
  options.url = "https://127.0.0.1:1/";
  assert_int_equal(ox_mapihttp_open(&options, &transport, &err), OX_E_IO);

  transport = open_transport(&w);
  w.site->fake.execute_status = OX_E_ACCESS_DENIED;
  assert_int_equal(execute(transport, "x", 1, &r), OX_E_ACCESS_DENIED);
  w.site->fake.execute_status = OX_E_MALFORMED;
  assert_int_equal(execute(transport, "x", 1, &r), OX_E_RPC_FORMAT);
  w.site->fake.execute_status = OX_OK;
  execute_ok(transport, "fine");
  transport->close(transport);
  world_close(&w);
}

static void test_transport__wait(void **state) {
  (void)state;
  static result r;
  static result second;
  world w;
  world_open(&w, 30, 0, "bob", "bobsecret", 0);
  ox_rop_transport *transport = open_transport(&w);
  result_init(&r);
  assert_int_equal(transport->wait(transport, 2, OX_NO_DEADLINE, wait_done, &r, NULL), OX_OK);
  assert_true(fake_reaches(&w.site->fake, &w.site->fake.waits, 1));
  result_init(&second);
  assert_int_equal(transport->wait(transport, 3, OX_NO_DEADLINE, wait_done, &second, NULL),
                   OX_E_USAGE); /* one at a time */
  for (unsigned i = 0; i < 5; i++) execute_ok(transport, "beside it");
  sleep_ms(100); /* a few PENDINGs */
  assert_true(fake_end_wait(&w.site->fake, OX_OK, true));
  assert_int_equal(await(&r), OX_OK);
  assert_true(r.events);
  execute_ok(transport, "fetch");

  result_init(&r);
  assert_int_equal(transport->wait(transport, 4, OX_NO_DEADLINE, wait_done, &r, NULL), OX_OK);
  assert_true(fake_reaches(&w.site->fake, &w.site->fake.waits, 2));
  transport->cancel(transport, 4);
  assert_int_equal(await(&r), OX_E_CANCELLED);
  assert_true(fake_reaches(&w.site->fake, &w.site->fake.cancels, 1)); /* the server noticed */
  execute_ok(transport, "still there");

  result_init(&r);
  uint64_t soon = ox_environment_system()->monotonic_ms(NULL) + 100;
  assert_int_equal(transport->wait(transport, 5, soon, wait_done, &r, NULL), OX_OK);
  assert_int_equal(await(&r), OX_E_TIMEOUT);
  transport->close(transport);
  world_close(&w);
}

/* close ends what is in flight, and its callbacks have run when it returns. */
static void test_transport__close_while_waiting(void **state) {
  (void)state;
  static result r;
  world w;
  world_open(&w, 1000, 0, "bob", "bobsecret", 0);
  ox_rop_transport *transport = open_transport(&w);
  result_init(&r);
  assert_int_equal(transport->wait(transport, 2, OX_NO_DEADLINE, wait_done, &r, NULL), OX_OK);
  assert_true(fake_reaches(&w.site->fake, &w.site->fake.waits, 1));
  transport->close(transport);
  assert_true(r.done);
  assert_int_equal(r.status, OX_E_CANCELLED);
  assert_int_equal(w.site->fake.disconnects, 1);
  world_close(&w);
}

static void test_transport__session_lost_and_reconnected(void **state) {
  (void)state;
  static result r;
  world w;
  world_open(&w, 1000, 1500, "bob", "bobsecret", 0);
  ox_rop_transport *transport = open_transport(&w);
  sleep_ms(1700);
  assert_int_equal(execute(transport, "x", 1, &r), OX_E_CLOSED);
  assert_int_equal(r.err.remote_code, OX_MAPIHTTP_CONTEXT_NOT_FOUND);
  assert_int_equal(ox_mapihttp_reconnect(transport, NULL), OX_OK);
  execute_ok(transport, "again");
  assert_int_equal(w.site->fake.connects, 2);
  assert_int_equal(ox_mapihttp_reconnect(transport, NULL), OX_OK); /* the one before goes */
  assert_int_equal(w.site->fake.disconnects, 2);
  execute_ok(transport, "and again");
  transport->close(transport);
  world_close(&w);
}

static void test_nspi__calls(void **state) {
  (void)state;
  world w;
  ox_arena arena;
  ox_mapihttp_nspi *nspi;
  ox_bytes answer;
  ox_bytes body = {(const uint8_t *)"body", 4};
  ox_error err;
  ox_arena_init(&arena, NULL, 0);
  world_open(&w, 1000, 0, "bob", "bobsecret", 0);
  ox_mapihttp_client_options options = options_of(&w);
  options.url = w.nspi_url;
  options.user_dn = NULL;
  assert_int_equal(ox_mapihttp_nspi_new(&options, &nspi, NULL), OX_OK);
  assert_int_equal(ox_mapihttp_nspi_call(nspi, "QueryRows", body, &arena, &answer, &err),
                   OX_E_CLOSED);
  static const char *const types[] = {"Bind", "QueryRows", "ResolveNames", "Bind", "Unbind"};
  for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
    assert_int_equal(ox_mapihttp_nspi_call(nspi, types[i], body, &arena, &answer, &err), OX_OK);
    assert_string_equal(w.site->fake.last_nspi_type, types[i]);
    assert_int_equal(answer.size_bytes, 12);
    assert_memory_equal(answer.data + 8, "body", 4);
  }
  assert_string_equal(w.site->fake.last_user, "bob@example.test");
  assert_int_equal(ox_mapihttp_nspi_call(nspi, "QueryRows", body, &arena, &answer, &err),
                   OX_E_CLOSED);
  ox_mapihttp_nspi_free(nspi);
  ox_arena_dispose(&arena);
  world_close(&w);
}

static void test_transport__many_sessions(void **state) {
  (void)state;
  enum { COUNT = 20 };
  world w;
  ox_rop_transport *transports[COUNT];
  world_open(&w, 1000, 0, "bob", "bobsecret", 0);
  for (unsigned i = 0; i < COUNT; i++) transports[i] = open_transport(&w);
  for (unsigned i = 0; i < COUNT; i++) execute_ok(transports[i], "each its own");
  for (unsigned i = 0; i < COUNT; i++) transports[i]->close(transports[i]);
  assert_int_equal(w.site->fake.connects, COUNT);
  assert_int_equal(w.site->fake.disconnects, COUNT);
  world_close(&w);
}

/* The client binds its NTLM to the certificate that it sees, from the first handshake on. */
static void test_transport__channel_binding_required(void **state) {
  (void)state;
  world w;
  world_open_on(&w, mapi_site_open_with(1000, 0, true), "bob", "bobsecret", OX_AUTH_NTLM);
  ox_rop_transport *transport = open_transport(&w);
  execute_ok(transport, "bound");
  transport->close(transport);
  world_close(&w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_transport__connect_execute_close),
      cmocka_unit_test(test_transport__compressed_and_obfuscated),
      cmocka_unit_test(test_transport__chained_outputs),
      cmocka_unit_test(test_transport__refusals),
      cmocka_unit_test(test_transport__wait),
      cmocka_unit_test(test_transport__close_while_waiting),
      cmocka_unit_test(test_transport__session_lost_and_reconnected),
      cmocka_unit_test(test_transport__many_sessions),
      cmocka_unit_test(test_transport__channel_binding_required),
      cmocka_unit_test(test_nspi__calls),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
