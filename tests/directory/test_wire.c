/* The Autodiscover endpoint over a socket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cmocka.h>

#include <oxkit/directory/wire.h>

#include "support.h"

typedef struct wire_fixture {
  void *base;
  fixture *f;
  ox_http_server *server;
  ox_autodiscover_endpoint *endpoint;
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

#define WITH(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void) {
  const struct CMUnitTest tests[] = {
      WITH(test_endpoint__answers_any_spelling_of_its_path),
      WITH(test_endpoint__refuses_strangers_and_other_methods),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
