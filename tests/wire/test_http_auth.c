/* HTTP authentication: the server's end over sockets, the client's end against it, and what must
 * not be taken for an identity. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <oxkit/ropcodec/memory.h>
#include <oxkit/wire/auth.h>
#include <oxkit/wire/ntlm.h>

#include "base64.h"
#include "fake_identity.h"
#include "raw_client.h"

/* ---- Base64 and Basic ---------------------------------------------------------------------- */

/* RFC 4648 10 */
static void test_base64__rfc4648_vectors(void **state) {
  (void)state;
  static const char *const rows[][2] = {
      {"", ""},
      {"f", "Zg=="},
      {"fo", "Zm8="},
      {"foo", "Zm9v"},
      {"foob", "Zm9vYg=="},
      {"fooba", "Zm9vYmE="},
      {"foobar", "Zm9vYmFy"},
  };
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    char text[16];
    ox_bytes bytes;
    ox_base64_encode(rows[i][0], strlen(rows[i][0]), text);
    assert_string_equal(text, rows[i][1]);
    assert_int_equal(ox_base64_decode(rows[i][1], &arena, &bytes), OX_OK);
    assert_int_equal(bytes.size_bytes, strlen(rows[i][0]));
    assert_memory_equal(bytes.data, rows[i][0], bytes.size_bytes);
  }
  static const char *const bad[] = {"Z",    "Zg=",       "Zg",       "Zh==", "Zm9=",    "Z===",
                                    "====", "Zm9v Zg==", "Zg==Zg==", "Zm-v", "Z\xc3m8="};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    ox_bytes bytes;
    assert_int_equal(ox_base64_decode(bad[i], &arena, &bytes), OX_E_MALFORMED);
  }
  ox_arena_dispose(&arena);
}

static void test_basic__fields(void **state) {
  (void)state;
  static const struct {
    const char *field;
    ox_status status;
    const char *user;
    const char *password;
  } rows[] = {
      {"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", OX_OK, "Aladdin", "open sesame"}, /* RFC 7617 2 */
      {"bAsIc   dGVzdDoxMjPCow==", OX_OK, "test", "123\xc2\xa3"},              /* RFC 7617 2.1 */
      {"Basic dGVzdDoxMjOj", OX_OK, "test", "123\xc2\xa3"},                    /* Latin-1 */
      {"Basic YTpiOmM=", OX_OK, "a", "b:c"},
      {"Basic Og==", OX_OK, "", ""},
      {"Basic", OX_E_MALFORMED, NULL, NULL},
      {"Basic ", OX_E_MALFORMED, NULL, NULL},
      {"Basic YWxpY2U=", OX_E_MALFORMED, NULL, NULL}, /* no colon */
      {"Basic YTpiAGM=", OX_E_MALFORMED, NULL, NULL}, /* a NUL */
      {"Basic YTpi!", OX_E_MALFORMED, NULL, NULL},
      {"Basically YTpi", OX_E_NOT_FOUND, NULL, NULL},
      {"NTLM YTpi", OX_E_NOT_FOUND, NULL, NULL},
  };
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    const char *user;
    char *password;
    assert_int_equal(ox_basic_decode(rows[i].field, &arena, &user, &password), rows[i].status);
    if (rows[i].status != OX_OK) continue;
    assert_string_equal(user, rows[i].user);
    assert_string_equal(password, rows[i].password);
  }
  char value[40];
  assert_int_equal(ox_basic_encode("Aladdin", "open sesame", value, sizeof value), OX_OK);
  assert_string_equal(value, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  assert_int_equal(ox_basic_encode("Aladdin", "open sesame", value, 34), OX_E_LIMIT);
  assert_int_equal(ox_basic_encode("a:b", "c", value, sizeof value), OX_E_USAGE);
  ox_arena_dispose(&arena);
}

/* ---- A server -------------------------------------------------------------------------------- */

typedef struct site {
  fake_identity identity;
  ox_auth_server *auth;
  ox_http_server *server;
  uint16_t port;
} site;

static void who_am_i(void *user, ox_http_exchange *exchange) {
  char text[256];
  (void)user;
  int size =
      snprintf(text, sizeof text, "%s %s %zu", ox_http_exchange_user(exchange),
               ox_http_exchange_auth_scheme(exchange), ox_http_exchange_body(exchange).size_bytes);
  ox_http_exchange_respond(exchange, 200, NULL, 0, text, (size_t)size);
}

static site *open_site(bool basic_without_tls) {
  site *s = calloc(1, sizeof *s);
  ox_auth_server_options options = OX_AUTH_SERVER_OPTIONS_INIT;
  ox_http_route route;
  fake_identity_init(&s->identity);
  options.identity = &s->identity.base;
  options.dns_domain = "example.test";
  options.dns_computer = "mail.example.test";
  options.basic_without_tls = basic_without_tls;
  assert_int_equal(ox_auth_server_new(&options, &s->auth, NULL), OX_OK);
  assert_int_equal(ox_http_server_new(NULL, &s->server, NULL), OX_OK);
  memset(&route, 0, sizeof route);
  route.struct_size = sizeof route;
  route.path = "/whoami";
  route.handler = who_am_i;
  route.authenticator = ox_auth_server_authenticator(s->auth);
  assert_int_equal(ox_http_server_route(s->server, &route), OX_OK);
  assert_int_equal(ox_http_server_listen(s->server, "127.0.0.1", 0, NULL, &s->port, NULL), OX_OK);
  assert_int_equal(ox_http_server_start(s->server, NULL), OX_OK);
  return s;
}

static void close_site(site *s) {
  ox_http_server_stop(s->server, 1000);
  ox_http_server_free(s->server);
  ox_auth_server_free(s->auth);
  free(s);
}

static void get(raw_client *c, const char *authorization) {
  char fields[66000] = "";
  if (authorization != NULL)
    snprintf(fields, sizeof fields, "Authorization: %s\r\n", authorization);
  assert_true(raw_request(c, "GET", "/whoami", fields, NULL, 0));
}

static void assert_refused(const raw_client *c) {
  assert_int_equal(c->status, 401);
  assert_string_equal(raw_header(c, "WWW-Authenticate", 0), "NTLM");
}

static void assert_user(const raw_client *c, const char *expected) {
  assert_int_equal(c->status, 200);
  assert_string_equal(c->body, expected);
}

/* One side of a handshake. @return status of the last answer */
static int handshake(raw_client *c, const char *user, const char *password) {
  ox_ntlm_client_options options = OX_NTLM_CLIENT_OPTIONS_INIT;
  ox_ntlm_client *client;
  ox_bytes message;
  ox_arena arena;
  char field[8192] = "NTLM ";
  options.user = user;
  options.password = password;
  ox_arena_init(&arena, NULL, 0);
  assert_int_equal(ox_ntlm_client_new(&options, &client, NULL), OX_OK);
  assert_int_equal(ox_ntlm_client_negotiate(client, &message, NULL), OX_OK);
  ox_base64_encode(message.data, message.size_bytes, field + 5);
  get(c, field);
  assert_int_equal(c->status, 401);
  const char *challenge = raw_header(c, "WWW-Authenticate", 0);
  assert_memory_equal(challenge, "NTLM ", 5);
  assert_int_equal(ox_base64_decode(challenge + 5, &arena, &message), OX_OK);
  assert_int_equal(ox_ntlm_client_authenticate(client, message, &message, NULL), OX_OK);
  ox_base64_encode(message.data, message.size_bytes, field + 5);
  get(c, field);
  ox_ntlm_client_free(client);
  ox_arena_dispose(&arena);
  return c->status;
}

static void test_server__offers(void **state) {
  (void)state;
  site *s = open_site(false);
  raw_client *c = raw_open(s->port);
  get(c, NULL);
  assert_refused(c);
  assert_null(raw_header(c, "WWW-Authenticate", 1)); /* Basic only over TLS */
  get(c, "Basic Ym9iOmJvYnNlY3JldA==");              /* good, but in the clear */
  assert_refused(c);
  assert_int_equal(s->identity.password_checks, 0);
  static const char *const junk[] = {
      "NTLM",        "NTLM ",      "NTLM !!!!", "NTLM TlRMTVNTUAA=",
      "Negotiate x", "Bearer abc", "Digest y",  "NTLM TlRMTVNTUAADAAAA"};
  for (size_t i = 0; i < sizeof junk / sizeof junk[0]; i++) {
    get(c, junk[i]);
    assert_refused(c);
  }
  assert_int_equal(s->identity.hash_lookups, 0);
  raw_close(c);
  close_site(s);
}

static void test_server__ntlm_names_and_passwords(void **state) {
  (void)state;
  site *s = open_site(false);
  static const struct {
    const char *user;
    const char *password;
    int status;
  } rows[] = {
      {"alice", "Pa:ss \xc3\xa4", 200},
      {"EXAMPLE\\alice", "Pa:ss \xc3\xa4", 200},
      {"alice@example.test", "Pa:ss \xc3\xa4", 200},
      {"alice", "wrong", 401},
      {"nobody", "bobsecret", 401},
      {"OTHER\\alice", "Pa:ss \xc3\xa4", 401},
      {"carol", "basic-only", 401}, /* NTLM is not enabled for her */
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    raw_client *c = raw_open(s->port);
    assert_int_equal(handshake(c, rows[i].user, rows[i].password), rows[i].status);
    if (rows[i].status == 200)
      assert_user(c, "alice@example.test NTLM 0");
    else
      assert_refused(c);
    raw_close(c);
  }
  close_site(s);
}

/* The connection is the user's until another handshake starts on it, whether that succeeds or not.
 */
static void test_server__ntlm_connection_taken_over(void **state) {
  (void)state;
  site *s = open_site(true);
  raw_client *c = raw_open(s->port);
  assert_int_equal(handshake(c, "alice", "Pa:ss \xc3\xa4"), 200);
  get(c, NULL);
  assert_user(c, "alice@example.test NTLM 0"); /* it is hers */
  assert_int_equal(s->identity.hash_lookups, 1);
  assert_int_equal(handshake(c, "bob", "bobsecret"), 200);
  assert_user(c, "bob@example.test NTLM 0");
  get(c, NULL);
  assert_user(c, "bob@example.test NTLM 0");
  assert_int_equal(handshake(c, "alice", "wrong"), 401);
  get(c, NULL);
  assert_refused(c); /* bob is gone, too */

  /* Half a handshake is enough to lose the identity. */
  assert_int_equal(handshake(c, "bob", "bobsecret"), 200);
  get(c, "NTLM TlRMTVNTUAABAAAABYIIAA==");
  assert_int_equal(c->status, 401);
  get(c, NULL);
  assert_refused(c);

  /* So is any other credential. */
  assert_int_equal(handshake(c, "bob", "bobsecret"), 200);
  get(c, "Bearer stolen");
  assert_refused(c);
  get(c, NULL);
  assert_refused(c);
  assert_int_equal(handshake(c, "bob", "bobsecret"), 200);
  get(c, "Basic Y2Fyb2w6YmFzaWMtb25seQ==");
  assert_user(c, "carol@example.test Basic 0");
  get(c, NULL);
  assert_refused(c);
  raw_close(c);
  close_site(s);
}

/* The last message of a handshake counts on the connection of its challenge, and once. */
static void test_server__ntlm_message_replayed(void **state) {
  (void)state;
  site *s = open_site(false);
  raw_client *c = raw_open(s->port);
  raw_client *other = raw_open(s->port);
  ox_ntlm_client_options options = OX_NTLM_CLIENT_OPTIONS_INIT;
  ox_ntlm_client *client;
  ox_bytes message;
  ox_arena arena;
  char first[2000] = "NTLM ";
  char last[8192] = "NTLM ";
  options.user = "bob";
  options.password = "bobsecret";
  ox_arena_init(&arena, NULL, 0);
  assert_int_equal(ox_ntlm_client_new(&options, &client, NULL), OX_OK);
  assert_int_equal(ox_ntlm_client_negotiate(client, &message, NULL), OX_OK);
  ox_base64_encode(message.data, message.size_bytes, first + 5);
  get(c, first);
  assert_int_equal(ox_base64_decode(raw_header(c, "WWW-Authenticate", 0) + 5, &arena, &message),
                   OX_OK);
  assert_int_equal(ox_ntlm_client_authenticate(client, message, &message, NULL), OX_OK);
  ox_base64_encode(message.data, message.size_bytes, last + 5);
  get(other, last); /* no handshake there */
  assert_refused(other);
  get(other, first); /* another challenge there */
  get(other, last);
  assert_refused(other);
  get(c, last);
  assert_user(c, "bob@example.test NTLM 0");
  get(c, last); /* spent */
  assert_refused(c);
  get(c, NULL);
  assert_refused(c);
  ox_ntlm_client_free(client);
  ox_arena_dispose(&arena);
  raw_close(c);
  raw_close(other);
  close_site(s);
}

static void test_server__basic_is_remembered_on_its_connection(void **state) {
  (void)state;
  site *s = open_site(true);
  raw_client *c = raw_open(s->port);
  for (unsigned i = 0; i < 5; i++) {
    get(c, "Basic Ym9iOmJvYnNlY3JldA==");
    assert_user(c, "bob@example.test Basic 0");
  }
  assert_int_equal(s->identity.password_checks, 1);
  get(c, "Basic Ym9iOndyb25n");
  assert_refused(c);
  assert_string_equal(raw_header(c, "WWW-Authenticate", 1),
                      "Basic realm=\"example.test\", charset=\"UTF-8\"");
  get(c, NULL); /* Basic is no property of a connection */
  assert_refused(c);
  get(c, "Basic Ym9iOmJvYnNlY3JldA==");
  assert_user(c, "bob@example.test Basic 0");
  raw_client *other = raw_open(s->port);
  get(other, "Basic Ym9iOmJvYnNlY3JldA==");
  assert_user(other, "bob@example.test Basic 0");
  assert_int_equal(s->identity.password_checks, 4);
  atomic_store(&s->identity.unavailable, true);
  get(other, "Basic Y2Fyb2w6YmFzaWMtb25seQ==");
  assert_int_equal(other->status, 503); /* not 401: the password may be right */
  raw_close(other);
  raw_close(c);
  close_site(s);
}

/* ---- The client's hook against the server's end --------------------------------------------- */

/* Plays a call of the HTTP client: the hook decides, the connection carries. */
static ox_status play_call(ox_http_client_auth *hook, raw_client *c, void **hook_state, bool is_new,
                           const char *body, unsigned *tries) {
  static char authorization[OX_HTTP_AUTHORIZATION_MAX_BYTES];
  ox_http_client_step step;
  char values[4][8192];
  const char *challenges[4];
  memset(&step, 0, sizeof step);
  step.struct_size = sizeof step;
  step.method = "POST";
  step.url = "http://h/whoami";
  step.host = "h";
  step.connection_is_new = is_new;
  step.state = hook_state;
  step.authorization = authorization;
  for (;; step.try_number++) {
    char fields[70000] = "";
    ox_status status = hook->step(hook, &step, NULL);
    if (status != OX_OK) return status;
    if (authorization[0] != 0)
      snprintf(fields, sizeof fields, "Authorization: %s\r\n", authorization);
    assert_true(
        raw_request(c, "POST", "/whoami", fields, body, step.without_body ? 0 : strlen(body)));
    (*tries)++;
    if (c->status != 401) return OX_OK;
    step.status = 401;
    step.connection_is_new = false;
    step.challenges = challenges;
    for (step.challenge_count = 0; step.challenge_count < 4; step.challenge_count++) {
      const char *value = raw_header(c, "WWW-Authenticate", (unsigned)step.challenge_count);
      if (value == NULL) break;
      snprintf(values[step.challenge_count], sizeof values[0], "%s", value);
      challenges[step.challenge_count] = values[step.challenge_count];
    }
  }
}

static ox_auth_client *new_client(const char *user, const char *password, uint32_t schemes,
                                  bool basic_without_tls) {
  ox_auth_client_options options = OX_AUTH_CLIENT_OPTIONS_INIT;
  ox_auth_client *client;
  options.user = user;
  options.password = password;
  options.schemes = schemes;
  options.basic_without_tls = basic_without_tls;
  assert_int_equal(ox_auth_client_new(&options, &client, NULL), OX_OK);
  return client;
}

static void test_client__ntlm(void **state) {
  (void)state;
  site *s = open_site(true);
  ox_auth_client *client = new_client("alice", "Pa:ss \xc3\xa4", 0, false);
  ox_http_client_auth *hook = ox_auth_client_hook(client);
  void *first_state = NULL;
  void *second_state = NULL;
  raw_client *c = raw_open(s->port);
  unsigned tries = 0;
  assert_int_equal(play_call(hook, c, &first_state, true, "12345", &tries), OX_OK);
  assert_user(c, "alice@example.test NTLM 5");
  assert_int_equal(tries, 3);
  assert_int_equal(play_call(hook, c, &first_state, false, "123456", &tries), OX_OK);
  assert_user(c, "alice@example.test NTLM 6");
  assert_int_equal(tries, 4); /* the connection is known */
  raw_client *next = raw_open(s->port);
  assert_int_equal(play_call(hook, next, &second_state, true, "1", &tries), OX_OK);
  assert_user(next, "alice@example.test NTLM 1");
  assert_int_equal(tries, 6); /* the scheme is known: the first request carries the handshake */
  /* The connection was replaced below us: start over on the new one. */
  raw_close(c);
  c = raw_open(s->port);
  assert_int_equal(play_call(hook, c, &first_state, true, "12", &tries), OX_OK);
  assert_user(c, "alice@example.test NTLM 2");
  hook->free_state(hook, first_state);
  hook->free_state(hook, second_state);
  ox_auth_client_free(client);
  raw_close(c);
  raw_close(next);
  close_site(s);
}

static void test_client__refusals_and_fallback(void **state) {
  (void)state;
  site *s = open_site(true);
  static const struct {
    const char *user;
    const char *password;
    uint32_t schemes;
    bool basic_without_tls;
    ox_status status;
    const char *answer;
  } rows[] = {
      {"alice", "wrong", 0, false, OX_E_LOGON_FAILED, NULL},
      {"alice", "wrong", 0, true, OX_E_LOGON_FAILED, NULL},
      {"alice", "wrong", OX_AUTH_NTLM, true, OX_E_LOGON_FAILED, NULL},
      {"carol", "basic-only", 0, true, OX_OK, "carol@example.test Basic 1"},
      {"carol", "basic-only", 0, false, OX_E_LOGON_FAILED, NULL}, /* Basic stays at home */
      {"carol", "basic-only", OX_AUTH_BASIC, true, OX_OK, "carol@example.test Basic 1"},
      {"carol", "basic-only", OX_AUTH_BASIC, false, OX_E_NOT_FOUND, NULL},
      {"bob", "bobsecret", OX_AUTH_NTLM, false, OX_OK, "bob@example.test NTLM 1"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    ox_auth_client *client =
        new_client(rows[i].user, rows[i].password, rows[i].schemes, rows[i].basic_without_tls);
    ox_http_client_auth *hook = ox_auth_client_hook(client);
    raw_client *c = raw_open(s->port);
    void *hook_state = NULL;
    unsigned tries = 0;
    assert_int_equal(play_call(hook, c, &hook_state, true, "1", &tries), rows[i].status);
    if (rows[i].answer != NULL) assert_user(c, rows[i].answer);
    hook->free_state(hook, hook_state);
    ox_auth_client_free(client);
    raw_close(c);
  }
  close_site(s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_base64__rfc4648_vectors),
      cmocka_unit_test(test_basic__fields),
      cmocka_unit_test(test_server__offers),
      cmocka_unit_test(test_server__ntlm_names_and_passwords),
      cmocka_unit_test(test_server__ntlm_connection_taken_over),
      cmocka_unit_test(test_server__ntlm_message_replayed),
      cmocka_unit_test(test_server__basic_is_remembered_on_its_connection),
      cmocka_unit_test(test_client__ntlm),
      cmocka_unit_test(test_client__refusals_and_fallback),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
