/* Over sockets: the Autodiscover endpoint with raw requests; and client and server of Autodiscover
 * and of the address book together, over TLS, with real passwords. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cmocka.h>

#include <oxkit/directory/wire.h>
#include <oxkit/wire/auth.h>

#include <oxkit/ropcodec/properties.h>

#include "support.h"

typedef struct wire_fixture {
  void *base;
  fixture *f;
  ox_http_server *server;
  ox_autodiscover_endpoint *endpoint;
  ox_auth_server *auth;
  uint16_t port;
} wire_fixture;

/* Takes who says "Authorization: yes". */
static void authenticate(ox_http_authenticator *authenticator, ox_http_exchange *exchange) {
  (void)authenticator;
  static const char *const challenge[] = {"Basic realm=\"test\""};
  if (ox_http_exchange_header(exchange, "Authorization") != NULL)
    ox_http_auth_accept(exchange, "alice@example.test", "Basic");
  else
    ox_http_auth_challenge(exchange, challenge, 1);
}

static ox_http_authenticator authenticator = {sizeof authenticator, authenticate};

static const ox_autodiscover_server_options urls = {
    .struct_size = sizeof urls, .mail_store_url = "https://mail.example.test/mapi/emsmdb/"};

static int start(void **state) {
  wire_fixture *w = calloc(1, sizeof *w);
  ox_http_server_options options = OX_HTTP_SERVER_OPTIONS_INIT;
  ox_error err = {0};
  options.loop_count = 1;
  options.worker_count = 2;
  if (w == NULL || make_filled(&w->base) != 0) return 1;
  w->f = w->base;
  if (ox_http_server_new(&options, &w->server, &err) != OX_OK ||
      ox_autodiscover_endpoint_add(w->server, w->f->directory, &urls, &authenticator, &w->endpoint,
                                   &err) != OX_OK ||
      ox_http_server_listen(w->server, "127.0.0.1", 0, NULL, &w->port, &err) != OX_OK ||
      ox_http_server_start(w->server, &err) != OX_OK)
    return print_error("%s\n", err.text), 1;
  *state = w;
  return 0;
}

static int stop(void **state) {
  wire_fixture *w = *state;
  ox_http_server_stop(w->server, 1000);
  ox_http_server_free(w->server);
  ox_autodiscover_endpoint_free(w->endpoint);
  remove_fixture(&w->base);
  free(w);
  return 0;
}

/* Sends a request and reads to the end of the connection. */
static void ask(wire_fixture *w, const char *head, const char *body, char *answer, size_t size) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(w->port)};
  char request[4096];
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
  int length =
      snprintf(request, sizeof request,
               "%sHost: example.test\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n%s", head,
               strlen(body), body);
  assert_int_equal(write(fd, request, (size_t)length), length);
  size_t got = 0;
  for (ssize_t n; got < size - 1 && (n = read(fd, answer + got, size - 1 - got)) > 0;)
    got += (size_t)n;
  answer[got] = 0;
  close(fd);
}

#define REQUEST                                                             \
  "<Autodiscover xmlns=\"" OX_AUTODISCOVER_REQUEST_SCHEMA                   \
  "\"><Request><EMailAddress>alice@example.test</"                          \
  "EMailAddress><AcceptableResponseSchema>" OX_AUTODISCOVER_RESPONSE_SCHEMA \
  "</AcceptableResponseSchema></Request></Autodiscover>"

static void test_endpoint__answers_any_spelling_of_its_path(void **state) {
  wire_fixture *w = *state;
  char answer[8192];
  ask(w,
      "POST /AutoDiscover/AutoDiscover.xml HTTP/1.1\r\nAuthorization: yes\r\n"
      "X-MapiHttpCapability: 1\r\n",
      REQUEST, answer, sizeof answer);
  assert_non_null(strstr(answer, "HTTP/1.1 200"));
  assert_non_null(strstr(answer, "text/xml"));
  assert_non_null(strstr(answer, "Type=\"mapiHttp\" Version=\"1\""));
  ask(w, "POST /autodiscover/autodiscover.xml HTTP/1.1\r\nAuthorization: yes\r\n", REQUEST, answer,
      sizeof answer);
  assert_non_null(strstr(answer, "<ErrorCode>501</ErrorCode>"));
  ask(w,
      "POST /autodiscover/autodiscover.xml HTTP/1.1\r\nAuthorization: yes\r\n"
      "X-MapiHttpCapability: one\r\n",
      REQUEST, answer, sizeof answer);
  assert_non_null(strstr(answer, "<ErrorCode>501</ErrorCode>"));
}

static void test_endpoint__refuses_strangers_and_other_methods(void **state) {
  wire_fixture *w = *state;
  char answer[8192];
  ask(w, "POST /autodiscover/autodiscover.xml HTTP/1.1\r\n", REQUEST, answer, sizeof answer);
  assert_non_null(strstr(answer, "HTTP/1.1 401"));
  assert_null(strstr(answer, "Alice"));
  ask(w, "GET /autodiscover/autodiscover.xml HTTP/1.1\r\nAuthorization: yes\r\n", "", answer,
      sizeof answer);
  assert_non_null(strstr(answer, "HTTP/1.1 405"));
  ask(w, "POST /autodiscover/autodiscover.xml HTTP/1.1\r\nAuthorization: yes\r\n", "<junk", answer,
      sizeof answer);
  assert_non_null(strstr(answer, "<ErrorCode>600</ErrorCode>"));
  ox_autodiscover_endpoint *endpoint;
  assert_int_equal(
      ox_autodiscover_endpoint_add(w->server, w->f->directory, &urls, NULL, &endpoint, NULL),
      OX_E_USAGE);
}

/* --- Together --------------------------------------------------------------------------------- */

enum { FINGERPRINT_BYTES = 32 };

/* A TLS listener with a certificate of its own; its fingerprint for pins. */
static void listen_tls(ox_http_server *server, ox_arena *arena, uint16_t *port_out,
                       uint8_t fingerprint_out[FINGERPRINT_BYTES]) {
  static const char *const names[] = {"localhost"};
  const char *certificate, *key;
  ox_tls_config_options options = OX_TLS_CONFIG_OPTIONS_INIT;
  ox_tls_config *config;
  assert_int_equal(
      ox_tls_make_self_signed(names, 1, time(NULL) - 60, 2, arena, &certificate, &key, NULL),
      OX_OK);
  assert_int_equal(ox_tls_pem_fingerprint(certificate, fingerprint_out), OX_OK);
  options.server = true;
  options.certificate_pem = certificate;
  options.key_pem = key;
  assert_int_equal(ox_tls_config_new(&options, &config, NULL), OX_OK);
  assert_int_equal(ox_http_server_listen(server, "127.0.0.1", 0, config, port_out, NULL), OX_OK);
  ox_tls_config_free(config);
}

static ox_status discover(uint16_t port, const uint8_t *fingerprint, uint32_t schemes,
                          const char *user, const char *password, ox_arena *arena,
                          ox_autodiscover_response *out, ox_error *err) {
  ox_auth_client_options who = {
      .struct_size = sizeof who, .user = user, .password = password, .schemes = schemes};
  ox_auth_client *auth;
  ox_http_client_options how = OX_HTTP_CLIENT_OPTIONS_INIT;
  ox_http_client *client;
  ox_autodiscover_wire wire;
  ox_autodiscover_client_options where = OX_AUTODISCOVER_CLIENT_OPTIONS_INIT;
  char url[96];
  assert_int_equal(ox_auth_client_new(&who, &auth, NULL), OX_OK);
  how.auth = ox_auth_client_hook(auth);
  how.pins = fingerprint;
  how.pin_count = 1;
  assert_int_equal(ox_http_client_new(&how, &client, NULL), OX_OK);
  ox_autodiscover_wire_init(&wire, client, NULL);
  snprintf(url, sizeof url, "https://localhost:%u/autodiscover/autodiscover.xml", (unsigned)port);
  where.first_url = url;
  where.only_first_url = true;
  ox_status status =
      ox_autodiscover_discover(&wire.http, "alice@example.test", &where, arena, out, err);
  ox_http_client_free(client);
  ox_auth_client_free(auth);
  return status;
}

/* A directory that keeps NT hashes behind a server that asks for real passwords. */
static int start_real(void **state) {
  wire_fixture *w = calloc(1, sizeof *w);
  ox_directory_options keep = OX_DIRECTORY_OPTIONS_INIT;
  ox_error err = {0};
  if (w == NULL || make_empty(&w->base) != 0) return 1;
  w->f = w->base;
  ox_directory_close(w->f->directory);
  unlink(w->f->path);
  keep.ntlm = true;
  keep.scrypt_log2_n = 10;
  if (ox_directory_create(w->f->path, "Example Org", "example.test", &keep, &err) != OX_OK ||
      ox_directory_open(w->f->path, NULL, &w->f->directory, &err) != OX_OK)
    return print_error("%s\n", err.text), 1;
  add(w->f, OX_DIRECTORY_USER, "alice", "Alice Adams", NULL);
  if (ox_directory_set_password(w->f->directory, "alice", "Pass wörd", &err) != OX_OK ||
      ox_http_server_new(NULL, &w->server, &err) != OX_OK)
    return print_error("%s\n", err.text), 1;
  ox_auth_server_options options = OX_AUTH_SERVER_OPTIONS_INIT;
  options.identity = ox_directory_identity_source(w->f->directory);
  options.dns_domain = "example.test";
  if (ox_auth_server_new(&options, &w->auth, &err) != OX_OK ||
      ox_autodiscover_endpoint_add(w->server, w->f->directory, &urls,
                                   ox_auth_server_authenticator(w->auth), &w->endpoint,
                                   &err) != OX_OK)
    return print_error("%s\n", err.text), 1;
  *state = w;
  return 0;
}

static int stop_real(void **state) {
  wire_fixture *w = *state;
  ox_auth_server *auth = w->auth;
  if (stop(state) != 0) return 1;
  ox_auth_server_free(auth);
  return 0;
}

static void test_discover__over_tls_with_basic_and_ntlm(void **state) {
  wire_fixture *w = *state;
  uint8_t fingerprint[FINGERPRINT_BYTES];
  uint16_t port;
  ox_autodiscover_response r;
  ox_error err = {0};
  ox_arena *arena = &w->f->arena;
  listen_tls(w->server, arena, &port, fingerprint);
  assert_int_equal(ox_http_server_start(w->server, NULL), OX_OK);
  static const uint32_t schemes[] = {OX_AUTH_BASIC, OX_AUTH_NTLM, 0};
  static const char *const users[] = {"alice@example.test", "EXAMPLE\\alice", "alice"};
  for (size_t s = 0; s < 3; s++)
    for (size_t u = 0; u < 3; u++) {
      if (discover(port, fingerprint, schemes[s], users[u], "Pass wörd", arena, &r, &err) != OX_OK)
        fail_msg("scheme %u, %s: %s", (unsigned)schemes[s], users[u], err.text);
      assert_string_equal(r.display_name, "Alice Adams");
      assert_non_null(ox_autodiscover_mapi_http(&r));
    }
  for (size_t s = 0; s < 2; s++) {
    assert_int_equal(discover(port, fingerprint, schemes[s], "alice", "pass wörd", arena, &r, &err),
                     OX_E_LOGON_FAILED);
    assert_int_equal(
        discover(port, fingerprint, schemes[s], "nobody", "Pass wörd", arena, &r, &err),
        OX_E_LOGON_FAILED);
  }
  fingerprint[0] ^= 1;
  assert_int_equal(discover(port, fingerprint, 0, "alice", "Pass wörd", arena, &r, &err),
                   OX_E_CERTIFICATE);
}

static ox_status search(uint16_t port, const uint8_t *fingerprint, const char *password,
                        ox_arena *arena, ox_addressbook_rows *rows, ox_error *err) {
  ox_auth_client_options who = {
      .struct_size = sizeof who, .user = "alice@example.test", .password = password};
  ox_auth_client *auth;
  ox_http_client_options how = OX_HTTP_CLIENT_OPTIONS_INIT;
  ox_http_client *client;
  ox_mapihttp_client_options options = OX_MAPIHTTP_CLIENT_OPTIONS_INIT;
  ox_mapihttp_nspi *session;
  ox_addressbook_wire wire;
  ox_addressbook *book = NULL;
  char url[96];
  assert_int_equal(ox_auth_client_new(&who, &auth, NULL), OX_OK);
  how.auth = ox_auth_client_hook(auth);
  how.pins = fingerprint;
  how.pin_count = 1;
  assert_int_equal(ox_http_client_new(&how, &client, NULL), OX_OK);
  snprintf(url, sizeof url, "https://localhost:%u/mapi/nspi/", (unsigned)port);
  options.http = client;
  options.url = url;
  assert_int_equal(ox_mapihttp_nspi_new(&options, &session, NULL), OX_OK);
  ox_addressbook_wire_init(&wire, session);
  ox_status status = ox_addressbook_bind(&wire.transport, NULL, &book, err);
  if (status == OX_OK)
    status = ox_addressbook_search(book, "al", 10, NULL, 0, arena, NULL, NULL, rows, err);
  ox_addressbook_unbind(book);
  ox_mapihttp_nspi_free(session);
  ox_http_client_free(client);
  ox_auth_client_free(auth);
  return status;
}

static void test_addressbook__over_mapi_http(void **state) {
  wire_fixture *w = *state;
  uint8_t fingerprint[FINGERPRINT_BYTES];
  uint16_t port;
  ox_error err = {0};
  ox_arena *arena = &w->f->arena;
  ox_addressbook_server *book;
  ox_mapihttp_server *mapi;
  ox_mapihttp_server_options options = OX_MAPIHTTP_SERVER_OPTIONS_INIT;
  ox_addressbook_rows rows;
  assert_int_equal(ox_addressbook_server_new(w->f->directory, NULL, &book, NULL), OX_OK);
  options.nspi_processor = ox_addressbook_server_processor(book);
  assert_int_equal(ox_mapihttp_server_new(&options, &mapi, NULL), OX_OK);
  assert_int_equal(
      ox_mapihttp_server_attach(mapi, w->server, ox_auth_server_authenticator(w->auth), NULL),
      OX_OK);
  listen_tls(w->server, arena, &port, fingerprint);
  assert_int_equal(ox_http_server_start(w->server, NULL), OX_OK);
  if (search(port, fingerprint, "Pass wörd", arena, &rows, &err) != OX_OK) fail_msg("%s", err.text);
  assert_int_equal(rows.row_count, 1);
  assert_int_equal(rows.rows[0].properties[0].tag, OX_PidTagDisplayName);
  assert_string_equal(ox_str16_utf8(arena, rows.rows[0].properties[0].value.string), "Alice Adams");
  assert_int_equal(search(port, fingerprint, "wrong", arena, &rows, &err), OX_E_LOGON_FAILED);
  ox_mapihttp_server_stop(mapi);
  ox_http_server_stop(w->server, 1000);
  ox_mapihttp_server_free(mapi);
  ox_addressbook_server_free(book);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void) {
  const struct CMUnitTest tests[] = {
      WITH(test_endpoint__answers_any_spelling_of_its_path),
      WITH(test_endpoint__refuses_strangers_and_other_methods),
      cmocka_unit_test_setup_teardown(test_discover__over_tls_with_basic_and_ntlm, start_real,
                                      stop_real),
      cmocka_unit_test_setup_teardown(test_addressbook__over_mapi_http, start_real, stop_real),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
