/* The HTTP client against our server: calls, authentication bound to a connection, redirects,
 * cancellation, certificates; and against nginx where it is installed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include <oxkit/wire/http_client.h>
#include <oxkit/wire/http_server.h>

typedef struct site {
  ox_http_server *server;
  uint16_t port, tls_port, other_port;
  ox_arena arena;
  const char *certificate;
  char directory[64];
  char ca_file[96];
  pthread_mutex_t lock;
  pthread_cond_t changed;
  int done, requests, drops, handshakes;
  ox_status status;
  char got[4096];
} site;

static void respond(ox_http_exchange *x, unsigned status, const char *name, const char *value,
                    const char *text) {
  ox_http_header header = {name, value};
  (void)ox_http_exchange_respond(x, status, &header, name != NULL ? 1 : 0, text, strlen(text));
}

static void handle_echo(void *user, ox_http_exchange *x) {
  (void)user;
  char text[512];
  ox_bytes body = ox_http_exchange_body(x);
  const char *type = ox_http_exchange_header(x, "Content-Type");
  const char *test = ox_http_exchange_header(x, "X-Test");
  const char *auth = ox_http_exchange_header(x, "Authorization");
  snprintf(text, sizeof text, "%s %s type=%s test=%s auth=%s user=%s conn=%llu body=%.*s",
           ox_http_exchange_method(x), ox_http_exchange_target(x), type != NULL ? type : "-",
           test != NULL ? test : "-", auth != NULL ? auth : "-", ox_http_exchange_user(x),
           (unsigned long long)ox_http_exchange_connection_id(x), (int)body.size_bytes,
           body.data != NULL ? (const char *)body.data : "");
  respond(x, 200, "X-Two", "2", text);
}

static void handle_pieces(void *user, ox_http_exchange *x) {
  (void)user;
  if (ox_http_exchange_start(x, 200, NULL, 0, OX_HTTP1_LENGTH_CHUNKED) != OX_OK) abort();
  for (int i = 0; i < 3; i++) {
    if (ox_http_exchange_send(x, "piece ", 6, true) != OX_OK) break;
    usleep(50000);
  }
  (void)ox_http_exchange_finish(x, NULL, 0);
}

static void on_drop(void *user, ox_http_exchange *x) {
  site *s = user;
  pthread_mutex_lock(&s->lock);
  s->drops++;
  pthread_cond_broadcast(&s->changed);
  pthread_mutex_unlock(&s->lock);
  ox_http_exchange_abort(x);
}

static void handle_park(void *user, ox_http_exchange *x) {
  site *s = user;
  pthread_mutex_lock(&s->lock);
  s->requests++;
  pthread_cond_broadcast(&s->changed);
  pthread_mutex_unlock(&s->lock);
  ox_http_watch watch = {sizeof watch, .on_cancel = on_drop, .user = s};
  if (ox_http_exchange_watch(x, &watch) != OX_OK) abort();
}

/* /redirect/STATUS/TARGET, the target being what follows. */
static void handle_redirect(void *user, ox_http_exchange *x) {
  (void)user;
  const char *query = ox_http_exchange_query(x);
  char *location;
  unsigned status = (unsigned)strtoul(query, &location, 10);
  respond(x, status, "Location", location + 1, "moved");
}

static void handle_big(void *user, ox_http_exchange *x) {
  (void)user;
  static char block[300000];
  (void)ox_http_exchange_respond(x, 200, NULL, 0, block, sizeof block);
}

static void handle_close(void *user, ox_http_exchange *x) {
  (void)user;
  ox_http_exchange_abort(x);
}

/* ---- A handshake in two rounds, bound to its connection -------------------------------------- */

static void free_count(void *state) {
  free(state);
}

static void authenticate(ox_http_authenticator *authenticator, ox_http_exchange *x) {
  static const char *const ask[] = {"Basic realm=\"x\"", "Rounds"};
  static const char *const again[] = {"Rounds two"};
  const char *header = ox_http_exchange_header(x, "Authorization");
  int *rounds = ox_http_exchange_connection_state(x, authenticator);
  if (rounds != NULL && *rounds == 2 && header == NULL) {
    ox_http_auth_accept(x, "bob", "Rounds");
  } else if (header != NULL && strcmp(header, "Rounds 1") == 0) {
    rounds = malloc(sizeof *rounds);
    *rounds = 1;
    if (ox_http_exchange_set_connection_state(x, authenticator, rounds, free_count) != OX_OK) {
      abort();
    }
    ox_http_auth_challenge(x, again, 1);
  } else if (header != NULL && rounds != NULL && *rounds == 1 &&
             strcmp(header, "Rounds 2 right") == 0) {
    *rounds = 2;
    ox_http_auth_accept(x, "bob", "Rounds");
  } else {
    ox_http_auth_challenge(x, ask, 2);
  }
}

static ox_http_authenticator authenticator = {sizeof(ox_http_authenticator), authenticate};

typedef struct rounds_auth {
  ox_http_client_auth base;
  const char *secret;
  atomic_int steps, freed, handshakes;
  size_t end_point_bytes;
  bool give_up;
} rounds_auth;

static ox_status rounds_step(ox_http_client_auth *auth, ox_http_client_step *step, ox_error *err) {
  rounds_auth *a = (rounds_auth *)auth;
  a->steps++;
  int *state = *step->state;
  if (a->give_up) return step->status == 401 ? OX_E_NOT_FOUND : OX_OK;
  if (step->status == 0) return OX_OK; /* the connection may know us */
  bool offered = false, second = false;
  for (size_t i = 0; i < step->challenge_count; i++) {
    if (strcmp(step->challenges[i], "Rounds") == 0) offered = true;
    if (strcmp(step->challenges[i], "Rounds two") == 0) second = true;
  }
  if (second && state != NULL && *state == 1) {
    *state = 2;
    a->end_point_bytes = step->tls_end_point.size_bytes;
    snprintf(step->authorization, OX_HTTP_AUTHORIZATION_MAX_BYTES, "Rounds 2 %s", a->secret);
    a->handshakes++;
    return OX_OK;
  }
  if (offered && (state == NULL || *state == 0)) {
    if (state == NULL) *step->state = state = calloc(1, sizeof *state);
    *state = 1;
    step->without_body = true;
    snprintf(step->authorization, OX_HTTP_AUTHORIZATION_MAX_BYTES, "Rounds 1");
    return OX_OK;
  }
  return ox_error_set(err, OX_E_LOGON_FAILED, "The server does not know us.");
}

static void rounds_free(ox_http_client_auth *auth, void *state) {
  ((rounds_auth *)auth)->freed++;
  free(state);
}

static rounds_auth make_auth(const char *secret) {
  rounds_auth a = {
      {sizeof(ox_http_client_auth), rounds_step, rounds_free}, secret, 0, 0, 0, 0, false};
  return a;
}

/* ---- The site -------------------------------------------------------------------------------- */

static void add_route(site *s, const char *path, uint32_t flags, ox_http_handler handler,
                      ox_http_authenticator *a) {
  ox_http_route route = {sizeof route, flags, path, NULL, handler, s, a, 0};
  assert_int_equal(ox_http_server_route(s->server, &route), OX_OK);
}

static site *open_site(uint32_t idle_timeout_ms) {
  site *s = calloc(1, sizeof *s);
  assert_non_null(s);
  pthread_mutex_init(&s->lock, NULL);
  pthread_cond_init(&s->changed, NULL);
  ox_arena_init(&s->arena, NULL, 0);
  ox_http_server_options options = OX_HTTP_SERVER_OPTIONS_INIT;
  options.idle_timeout_ms = idle_timeout_ms;
  ox_error err;
  assert_int_equal(ox_http_server_new(&options, &s->server, &err), OX_OK);
  add_route(s, "/echo", 0, handle_echo, NULL);
  add_route(s, "/pieces", OX_HTTP_ROUTE_WORKER, handle_pieces, NULL);
  add_route(s, "/park", 0, handle_park, NULL);
  add_route(s, "/redirect", 0, handle_redirect, NULL);
  add_route(s, "/big", 0, handle_big, NULL);
  add_route(s, "/close", 0, handle_close, NULL);
  add_route(s, "/rounds", 0, handle_echo, &authenticator);
  static const char *const names[] = {"localhost"};
  const char *key;
  assert_int_equal(ox_tls_make_self_signed(names, 1, 0, 30, &s->arena, &s->certificate, &key, &err),
                   OX_OK);
  snprintf(s->directory, sizeof s->directory, "/tmp/ox-client-XXXXXX");
  assert_non_null(mkdtemp(s->directory));
  snprintf(s->ca_file, sizeof s->ca_file, "%s/ca.pem", s->directory);
  FILE *f = fopen(s->ca_file, "w");
  assert_non_null(f);
  fputs(s->certificate, f);
  fclose(f);
  ox_tls_config_options tls_options = OX_TLS_CONFIG_OPTIONS_INIT;
  tls_options.server = true;
  tls_options.certificate_pem = s->certificate;
  tls_options.key_pem = key;
  ox_tls_config *tls;
  assert_int_equal(ox_tls_config_new(&tls_options, &tls, &err), OX_OK);
  assert_int_equal(ox_http_server_listen(s->server, "127.0.0.1", 0, NULL, &s->port, &err), OX_OK);
  assert_int_equal(ox_http_server_listen(s->server, "127.0.0.1", 0, NULL, &s->other_port, &err),
                   OX_OK);
  assert_int_equal(ox_http_server_listen(s->server, "127.0.0.1", 0, tls, &s->tls_port, &err),
                   OX_OK);
  ox_tls_config_free(tls);
  assert_int_equal(ox_http_server_start(s->server, &err), OX_OK);
  return s;
}

static void close_site(site *s) {
  ox_http_server_free(s->server);
  ox_arena_dispose(&s->arena);
  unlink(s->ca_file);
  rmdir(s->directory);
  pthread_mutex_destroy(&s->lock);
  pthread_cond_destroy(&s->changed);
  free(s);
}

static bool await(site *s, const int *value, int least) {
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += 5;
  int error = 0;
  pthread_mutex_lock(&s->lock);
  while (*value < least && error == 0) {
    error = pthread_cond_timedwait(&s->changed, &s->lock, &until);
  }
  bool reached = *value >= least;
  pthread_mutex_unlock(&s->lock);
  return reached;
}

static ox_http_client *new_client(const ox_http_client_options *options) {
  ox_http_client *client;
  ox_error err;
  ox_status status = ox_http_client_new(options, &client, &err);
  if (status != OX_OK) fail_msg("%s", err.text);
  return client;
}

/* A URL of the site; %s is the path. Static. */
static const char *url_of(uint16_t port, const char *path) {
  static char text[4][600];
  static int next;
  char *url = text[next++ % 4];
  snprintf(url, sizeof text[0], "http://127.0.0.1:%u%s", port, path);
  return url;
}

static const char *tls_url_of(const site *s, const char *host, const char *path) {
  static char text[512];
  snprintf(text, sizeof text, "https://%s:%u%s", host, s->tls_port, path);
  return text;
}

/* A GET, whose body is put to `text`. */
static ox_status get(ox_http_client *client, const char *url, char *text, size_t capacity,
                     ox_error *err) {
  ox_http_request request = OX_HTTP_REQUEST_INIT;
  ox_http_response *response;
  request.url = url;
  request.total_timeout_ms = 10000;
  ox_status status = ox_http_client_call(client, &request, &response, err);
  text[0] = '\0';
  if (status == OX_OK) {
    snprintf(text, capacity, "%u %.*s", response->status, (int)response->body.size_bytes,
             response->body.data != NULL ? (const char *)response->body.data : "");
  } else {
    assert_null(response);
  }
  ox_http_response_free(response);
  return status;
}

/* ---- Tests ----------------------------------------------------------------------------------- */

static void test_call__sends_and_receives(void **state) {
  (void)state;
  site *s = open_site(0);
  ox_http_client *client = new_client(NULL);
  ox_http_header headers[] = {{"X-Test", "yes"}, {"Content-Type", "text/xml"}, {"X-Empty", ""}};
  ox_http_request request = OX_HTTP_REQUEST_INIT;
  ox_http_response *response;
  ox_error err;
  request.url = url_of(s->port, "/echo?q=%20");
  request.headers = headers;
  request.header_count = 3;
  request.body = "hello";
  request.body_bytes = 5;
  assert_int_equal(ox_http_client_call(client, &request, &response, &err), OX_OK);
  assert_int_equal(response->status, 200);
  assert_string_equal(ox_http_response_header(response, "x-two", 0), "2");
  assert_int_equal(response->try_count, 1);
  assert_false(response->connection_was_kept);
  char text[512];
  snprintf(text, sizeof text, "%.*s", (int)response->body.size_bytes, response->body.data);
  assert_string_equal(text,
                      "POST /echo?q=%20 type=text/xml test=yes auth=- user= conn=1 body=hello");
  ox_http_response_free(response);
  /* The connection is used again; methods are free; nothing is added to a request without body. */
  request.method = "PROPFIND";
  request.header_count = 0;
  request.body_bytes = 0;
  assert_int_equal(ox_http_client_call(client, &request, &response, &err), OX_OK);
  assert_true(response->connection_was_kept);
  snprintf(text, sizeof text, "%.*s", (int)response->body.size_bytes, response->body.data);
  assert_string_equal(text, "PROPFIND /echo?q=%20 type=- test=- auth=- user= conn=1 body=");
  ox_http_response_free(response);
  request.method = "HEAD";
  assert_int_equal(ox_http_client_call(client, &request, &response, &err), OX_OK);
  assert_int_equal(response->body.size_bytes, 0);
  ox_http_response_free(response);
  request.method = "POST";
  assert_int_equal(ox_http_client_call(client, &request, &response, &err), OX_OK);
  snprintf(text, sizeof text, "%.*s", (int)response->body.size_bytes, response->body.data);
  assert_string_equal(text, "POST /echo?q=%20 type=- test=- auth=- user= conn=1 body=");
  ox_http_response_free(response);
  ox_http_client_free(client);
  close_site(s);
}

static void test_bad_requests__are_refused(void **state) {
  (void)state;
  static const char *const urls[] = {"",
                                     "x",
                                     "ftp://a/",
                                     "file:///etc/passwd",
                                     "http://",
                                     "http://u:p@host/",
                                     "http://a b/",
                                     "gopher://a/"};
  ox_http_client *client = new_client(NULL);
  ox_http_response *response;
  for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
    ox_http_request request = OX_HTTP_REQUEST_INIT;
    request.url = urls[i];
    ox_status status = ox_http_client_call(client, &request, &response, NULL);
    if (status != OX_E_USAGE) fail_msg("%s: %08x", urls[i], status);
  }
  static const ox_http_header bad[] = {
      {"X", "a\r\nY: b"}, {"X y", "a"}, {"", "a"}, {"Content-Length", "3"}};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    ox_http_request request = OX_HTTP_REQUEST_INIT;
    request.url = "http://127.0.0.1:1/";
    request.headers = &bad[i];
    request.header_count = 1;
    assert_int_equal(ox_http_client_call(client, &request, &response, NULL), OX_E_USAGE);
  }
  ox_http_client_free(client);
}

static ox_status on_piece(void *user, const void *data, size_t size_bytes) {
  site *s = user;
  pthread_mutex_lock(&s->lock);
  strncat(s->got, data, size_bytes);
  s->requests++;
  pthread_cond_broadcast(&s->changed);
  pthread_mutex_unlock(&s->lock);
  return OX_OK;
}

static ox_status on_head(void *user, const ox_http_response *response) {
  site *s = user;
  pthread_mutex_lock(&s->lock);
  snprintf(s->got, sizeof s->got, "%u:", response->status);
  pthread_mutex_unlock(&s->lock);
  return OX_OK;
}

static ox_status refuse_head(void *user, const ox_http_response *response) {
  (void)user;
  (void)response;
  return OX_E_NO_SUPPORT;
}

static void on_done(void *user, ox_status status, const ox_http_response *response,
                    const ox_error *err) {
  site *s = user;
  pthread_mutex_lock(&s->lock);
  s->done++;
  s->status = status;
  if ((status == OX_OK) != (response != NULL) || (status != OX_OK && err->status != status))
    abort();
  pthread_cond_broadcast(&s->changed);
  pthread_mutex_unlock(&s->lock);
}

static void test_answer__is_streamed_as_it_comes(void **state) {
  (void)state;
  site *s = open_site(0);
  ox_http_client *client = new_client(NULL);
  ox_http_request request = OX_HTTP_REQUEST_INIT;
  request.url = url_of(s->port, "/pieces");
  request.on_head = on_head;
  request.on_data = on_piece;
  request.user = s;
  assert_int_equal(ox_http_client_submit(client, 1, &request, on_done, s, NULL), OX_OK);
  assert_true(await(s, &s->requests, 1));
  assert_int_equal(s->done, 0);
  assert_true(await(s, &s->done, 1));
  assert_int_equal(s->status, OX_OK);
  assert_string_equal(s->got, "200:piece piece piece ");
  assert_true(s->requests >= 3);
  /* A callback may end the call. */
  request.on_head = refuse_head;
  ox_http_response *response;
  assert_int_equal(ox_http_client_call(client, &request, &response, NULL), OX_E_NO_SUPPORT);
  ox_http_client_free(client);
  close_site(s);
}

static void test_call__can_be_cancelled_anywhere(void **state) {
  (void)state;
  site *s = open_site(0);
  ox_http_client_options options = OX_HTTP_CLIENT_OPTIONS_INIT;
  options.connection_max_count = 2;
  ox_http_client *client = new_client(&options);
  ox_http_request request = OX_HTTP_REQUEST_INIT;
  request.url = url_of(s->port, "/park");
  for (ox_call_id id = 1; id <= 4; id++) {
    assert_int_equal(ox_http_client_submit(client, id, &request, on_done, s, NULL), OX_OK);
  }
  assert_true(await(s, &s->requests, 2));
  assert_int_equal(s->done, 0);
  ox_http_client_cancel(client, 4); /* waiting */
  assert_int_equal(s->done, 1);
  assert_int_equal(s->status, OX_E_CANCELLED);
  ox_http_client_cancel(client, 1); /* in flight: the server sees the client go */
  assert_true(await(s, &s->done, 2));
  assert_true(await(s, &s->drops, 1));
  ox_http_client_cancel(client, 99); /* unknown */
  assert_true(await(s, &s->requests, 3));
  ox_http_client_free(client); /* the other two */
  assert_int_equal(s->done, 4);
  assert_int_equal(s->status, OX_E_CANCELLED);
  close_site(s);
}

static void test_time__runs_out(void **state) {
  (void)state;
  site *s = open_site(0);
  ox_http_client_options options = OX_HTTP_CLIENT_OPTIONS_INIT;
  options.stall_timeout_ms = 300;
  ox_http_client *client = new_client(&options);
  ox_http_request request = OX_HTTP_REQUEST_INIT;
  ox_http_response *response;
  ox_error err;
  request.url = url_of(s->port, "/park");
  request.total_timeout_ms = 100;
  assert_int_equal(ox_http_client_call(client, &request, &response, &err), OX_E_TIMEOUT);
  assert_non_null(strstr(err.text, "in time"));
  request.total_timeout_ms = 0;
  assert_int_equal(ox_http_client_call(client, &request, &response, &err), OX_E_TIMEOUT);
  assert_non_null(strstr(err.text, "stalled"));
  ox_http_client_free(client);
  close_site(s);
}

static void test_failures__say_what_failed(void **state) {
  (void)state;
  site *s = open_site(0);
  ox_http_client *client = new_client(NULL);
  ox_error err;
  char text[512];
  assert_int_equal(get(client, "http://127.0.0.1:1/", text, sizeof text, &err), OX_E_IO);
  assert_non_null(strstr(err.text, "127.0.0.1"));
  assert_int_equal(get(client, "http://no-such-host.invalid/", text, sizeof text, &err), OX_E_IO);
  assert_non_null(strstr(err.text, "resolve"));
  assert_int_equal(get(client, url_of(s->port, "/close"), text, sizeof text, &err), OX_E_IO);
  /* Not TLS. */
  snprintf(text, sizeof text, "https://127.0.0.1:%u/", s->port);
  char url[512];
  memcpy(url, text, sizeof url);
  assert_int_equal(get(client, url, text, sizeof text, &err), OX_E_TLS);
  ox_http_request request = OX_HTTP_REQUEST_INIT;
  ox_http_response *response;
  request.url = url_of(s->port, "/big");
  request.body_max_bytes = 299999;
  assert_int_equal(ox_http_client_call(client, &request, &response, &err), OX_E_LIMIT);
  request.body_max_bytes = 300000;
  assert_int_equal(ox_http_client_call(client, &request, &response, &err), OX_OK);
  assert_int_equal(response->body.size_bytes, 300000);
  ox_http_response_free(response);
  ox_http_client_free(client);
  close_site(s);
}

static void test_certificate__is_checked(void **state) {
  (void)state;
  site *s = open_site(0);
  ox_error err;
  char text[512];
  ox_http_client_options options = OX_HTTP_CLIENT_OPTIONS_INIT;
  /* The system's authorities do not know it. */
  ox_http_client *client = new_client(&options);
  assert_int_equal(get(client, tls_url_of(s, "localhost", "/echo"), text, sizeof text, &err),
                   OX_E_CERTIFICATE);
  assert_non_null(strstr(err.text, "self"));
  ox_http_client_free(client);
  /* Its own file does, for its own name. */
  options.ca_file = s->ca_file;
  client = new_client(&options);
  assert_int_equal(get(client, tls_url_of(s, "localhost", "/echo"), text, sizeof text, &err),
                   OX_OK);
  assert_int_equal(get(client, tls_url_of(s, "127.0.0.1", "/echo"), text, sizeof text, &err),
                   OX_E_CERTIFICATE);
  ox_http_client_free(client);
  options.ca_file = "/nonexistent";
  client = new_client(&options);
  assert_int_equal(get(client, tls_url_of(s, "localhost", "/echo"), text, sizeof text, &err),
                   OX_E_CERTIFICATE);
  ox_http_client_free(client);
  /* A pin stands for all. */
  uint8_t pin[32];
  assert_int_equal(ox_tls_pem_fingerprint(s->certificate, pin), OX_OK);
  options.ca_file = NULL;
  options.pins = pin;
  options.pin_count = 1;
  client = new_client(&options);
  assert_int_equal(get(client, tls_url_of(s, "127.0.0.1", "/echo"), text, sizeof text, &err),
                   OX_OK);
  ox_http_client_free(client);
  pin[0] ^= 1;
  client = new_client(&options);
  assert_int_equal(get(client, tls_url_of(s, "127.0.0.1", "/echo"), text, sizeof text, &err),
                   OX_E_CERTIFICATE);
  assert_non_null(strstr(err.text, "pinned"));
  ox_http_client_free(client);
  options.pin_count = 0;
  options.insecure_skip_verify = true;
  client = new_client(&options);
  assert_int_equal(get(client, tls_url_of(s, "127.0.0.1", "/echo"), text, sizeof text, &err),
                   OX_OK);
  ox_http_client_free(client);
  close_site(s);
}

static void test_handshake__stays_on_its_connection(void **state) {
  (void)state;
  site *s = open_site(0);
  rounds_auth auth = make_auth("right");
  ox_http_client_options options = OX_HTTP_CLIENT_OPTIONS_INIT;
  options.auth = &auth.base;
  options.ca_file = s->ca_file;
  ox_http_client *client = new_client(&options);
  ox_http_request request = OX_HTTP_REQUEST_INIT;
  ox_http_response *response;
  ox_error err;
  char text[512];
  request.url = tls_url_of(s, "localhost", "/rounds");
  request.body = "payload";
  request.body_bytes = 7;
  for (int i = 0; i < 3; i++) {
    assert_int_equal(ox_http_client_call(client, &request, &response, &err), OX_OK);
    assert_int_equal(response->status, 200);
    snprintf(text, sizeof text, "%.*s", (int)response->body.size_bytes, response->body.data);
    if (strstr(text, "user=bob conn=1 body=payload") == NULL) fail_msg("%s", text);
    /* Three requests for the first call, one for those that follow. */
    assert_int_equal(response->try_count, i == 0 ? 3 : 1);
    ox_http_response_free(response);
  }
  assert_int_equal(auth.handshakes, 1);
  assert_int_equal(auth.end_point_bytes, 32);
  ox_http_client_free(client);
  assert_int_equal(auth.freed, 1);
  /* Another identity has another connection, and with the wrong secret no access. */
  rounds_auth wrong = make_auth("wrong");
  options.auth = &wrong.base;
  client = new_client(&options);
  assert_int_equal(ox_http_client_call(client, &request, &response, &err), OX_E_LOGON_FAILED);
  assert_string_equal(err.text, "The server does not know us.");
  ox_http_client_free(client);
  /* A hook that cannot help gives the 401 to the caller, with its body. */
  rounds_auth helpless = make_auth("");
  helpless.give_up = true;
  options.auth = &helpless.base;
  client = new_client(&options);
  assert_int_equal(ox_http_client_call(client, &request, &response, &err), OX_OK);
  assert_int_equal(response->status, 401);
  assert_string_equal(ox_http_response_header(response, "WWW-Authenticate", 1), "Rounds");
  ox_http_response_free(response);
  ox_http_client_free(client);
  close_site(s);
}

static void test_handshake__begins_anew_on_a_new_connection(void **state) {
  (void)state;
  site *s = open_site(200);
  rounds_auth auth = make_auth("right");
  ox_http_client_options options = OX_HTTP_CLIENT_OPTIONS_INIT;
  options.auth = &auth.base;
  ox_http_client *client = new_client(&options);
  ox_error err;
  char text[512];
  for (int i = 0; i < 3; i++) {
    assert_int_equal(get(client, url_of(s->port, "/rounds"), text, sizeof text, &err), OX_OK);
    assert_non_null(strstr(text, "200 GET"));
    assert_non_null(strstr(text, "user=bob"));
    usleep(500000); /* the server closes the idle connection */
  }
  assert_int_equal(auth.handshakes, 3);
  ox_http_client_free(client);
  assert_int_equal(auth.freed, 3);
  close_site(s);
}

static void test_handshake__is_made_once_per_lane(void **state) {
  (void)state;
  site *s = open_site(0);
  rounds_auth auth = make_auth("right");
  ox_http_client_options options = OX_HTTP_CLIENT_OPTIONS_INIT;
  /* Parallel calls, each lane with a handshake of its own. */
  options.auth = &auth.base;
  options.connection_max_count = 3;
  ox_http_client *client = new_client(&options);
  ox_http_request request = OX_HTTP_REQUEST_INIT;
  request.url = url_of(s->port, "/rounds");
  for (ox_call_id id = 1; id <= 20; id++) {
    assert_int_equal(ox_http_client_submit(client, id, &request, on_done, s, NULL), OX_OK);
  }
  assert_true(await(s, &s->done, 20));
  assert_int_equal(s->status, OX_OK);
  assert_true(auth.handshakes >= 1 && auth.handshakes <= 3);
  ox_http_client_free(client);
  close_site(s);
}

static void test_redirect__is_followed_as_allowed(void **state) {
  (void)state;
  site *s = open_site(0);
  ox_http_client *client = new_client(NULL);
  struct {
    const char *target; /* after the status; %O is the other origin */
    unsigned status;
    uint32_t policy;
    bool keep_method;
    unsigned max;
    ox_status result;
    const char *answer;
  } rows[] = {
      {"/echo?a", 302, OX_HTTP_REDIRECT_SAME_ORIGIN, false, 0, OX_OK, "302 moved"},
      {"/echo?a", 302, OX_HTTP_REDIRECT_SAME_ORIGIN, false, 1, OX_OK, "200 GET /echo?a"},
      {"/echo?a", 302, OX_HTTP_REDIRECT_SAME_ORIGIN, true, 1, OX_OK, "200 POST /echo?a"},
      {"/echo?a", 307, OX_HTTP_REDIRECT_SAME_ORIGIN, false, 1, OX_OK, "200 POST /echo?a"},
      {"/echo?a", 308, OX_HTTP_REDIRECT_SAME_ORIGIN, false, 1, OX_OK, "200 POST /echo?a"},
      {"/echo?a", 303, OX_HTTP_REDIRECT_SAME_ORIGIN, true, 1, OX_OK, "200 GET /echo?a"},
      {"echo#frag", 301, OX_HTTP_REDIRECT_SAME_ORIGIN, false, 1, OX_OK, "200 GET /echo type"},
      {"%O/echo", 302, OX_HTTP_REDIRECT_SAME_ORIGIN, false, 1, OX_OK, "302 moved"},
      {"%O/echo", 302, OX_HTTP_REDIRECT_HTTPS, false, 1, OX_OK, "302 moved"},
      {"%O/echo", 302, OX_HTTP_REDIRECT_ANY, false, 1, OX_OK, "200 GET /echo"},
      {"file:///etc/passwd", 302, OX_HTTP_REDIRECT_ANY, false, 1, OX_E_PROTOCOL, ""},
      {"/redirect?302/echo", 302, OX_HTTP_REDIRECT_ANY, false, 1, OX_E_LIMIT, ""},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    char path[512], text[512] = "";
    const char *target = rows[i].target;
    char other[64] = "";
    if (strncmp(target, "%O", 2) == 0) {
      snprintf(other, sizeof other, "http://127.0.0.1:%u", s->other_port);
      target += 2;
    }
    snprintf(path, sizeof path, "/redirect?%u,%s%s", rows[i].status, other, target);
    ox_http_request request = OX_HTTP_REQUEST_INIT;
    ox_http_response *response;
    ox_error err;
    request.url = url_of(s->port, path);
    request.body = "B";
    request.body_bytes = 1;
    request.redirect_policy = rows[i].policy;
    request.redirect_keep_method = rows[i].keep_method;
    request.redirect_max_count = rows[i].max;
    ox_status status = ox_http_client_call(client, &request, &response, &err);
    if (status == OX_OK) {
      snprintf(text, sizeof text, "%u %.*s", response->status, (int)response->body.size_bytes,
               response->body.data);
    }
    if (status != rows[i].result || strncmp(text, rows[i].answer, strlen(rows[i].answer)) != 0) {
      fail_msg("row %zu: %08x %s", i, status, text);
    }
    if (status == OX_OK && response->status == 200) {
      bool posted = strstr(text, "POST") != NULL;
      assert_int_equal(strstr(text, "body=B") != NULL, posted);
      assert_int_equal(response->try_count, 2);
      assert_non_null(strstr(response->url, "/echo"));
    }
    ox_http_response_free(response);
  }
  ox_http_client_free(client);
  close_site(s);
}

/* A hook that always sends a password. */
static ox_status basic_step(ox_http_client_auth *auth, ox_http_client_step *step, ox_error *err) {
  (void)auth;
  if (step->status == 401) return ox_error_set(err, OX_E_LOGON_FAILED, NULL);
  strcpy(step->authorization, "Basic c2VjcmV0");
  return OX_OK;
}

static void test_redirect__leaves_credentials_behind(void **state) {
  (void)state;
  site *s = open_site(0);
  ox_http_client_auth auth = {sizeof auth, basic_step, NULL};
  ox_http_client_options options = OX_HTTP_CLIENT_OPTIONS_INIT;
  options.auth = &auth;
  ox_http_client *client = new_client(&options);
  for (int same = 0; same < 2; same++) {
    char path[256], text[512];
    snprintf(path, sizeof path, "/redirect?302,http://127.0.0.1:%u/echo",
             same ? s->port : s->other_port);
    ox_http_request request = OX_HTTP_REQUEST_INIT;
    ox_http_response *response;
    request.url = url_of(s->port, path);
    request.redirect_policy = OX_HTTP_REDIRECT_ANY;
    request.redirect_max_count = 3;
    assert_int_equal(ox_http_client_call(client, &request, &response, NULL), OX_OK);
    snprintf(text, sizeof text, "%.*s", (int)response->body.size_bytes, response->body.data);
    assert_non_null(strstr(text, same ? "auth=Basic c2VjcmV0" : "auth=-"));
    ox_http_response_free(response);
  }
  ox_http_client_free(client);
  close_site(s);
}

static void test_queue__is_bounded(void **state) {
  (void)state;
  site *s = open_site(0);
  ox_http_client_options options = OX_HTTP_CLIENT_OPTIONS_INIT;
  options.connection_max_count = 1;
  options.queue_max_count = 2;
  ox_http_client *client = new_client(&options);
  ox_http_request request = OX_HTTP_REQUEST_INIT;
  request.url = url_of(s->port, "/park");
  assert_int_equal(ox_http_client_submit(client, 1, &request, on_done, s, NULL), OX_OK);
  assert_true(await(s, &s->requests, 1));
  assert_int_equal(ox_http_client_submit(client, 2, &request, on_done, s, NULL), OX_OK);
  assert_int_equal(ox_http_client_submit(client, 3, &request, on_done, s, NULL), OX_OK);
  assert_int_equal(ox_http_client_submit(client, 4, &request, on_done, s, NULL), OX_E_LIMIT);
  ox_http_client_free(client);
  assert_int_equal(s->done, 3);
  close_site(s);
}

/* A server that is not ours: nginx with gzip, chunked answers and its own TLS. */
static void test_nginx__is_understood(void **state) {
  (void)state;
  if (system("nginx -v > /dev/null 2>&1") != 0) skip(); /* nginx is not installed */
  char directory[] = "/tmp/ox-nginx-XXXXXX", path[128], command[512], url[128], text[512];
  assert_non_null(mkdtemp(directory));
  assert_int_equal(chmod(directory, 0755), 0);
  /* Any port: tried until one is free. */
  int port = 20000 + (int)(getpid() % 20000);
  snprintf(path, sizeof path, "%s/nginx.conf", directory);
  FILE *f = fopen(path, "w");
  assert_non_null(f);
  fprintf(f,
          "worker_processes 1; daemon off; pid %s/pid; error_log %s/error.log;\n"
          "events { worker_connections 64; }\n"
          "http { access_log off; gzip on; gzip_min_length 1; gzip_types *;\n"
          " client_body_temp_path %s/b; proxy_temp_path %s/p; fastcgi_temp_path %s/f;\n"
          " uwsgi_temp_path %s/u; scgi_temp_path %s/s;\n"
          " server { listen 127.0.0.1:%d; location /text { default_type text/plain; return 200 "
          "'hello from the other side'; }\n"
          " location /moved { return 301 /text; } } }\n",
          directory, directory, directory, directory, directory, directory, directory, port);
  fclose(f);
  pid_t child = fork();
  if (child == 0) {
    execlp("nginx", "nginx", "-p", directory, "-c", path, "-e", "stderr", (char *)NULL);
    _exit(127);
  }
  ox_http_client *client = new_client(NULL);
  ox_http_request request = OX_HTTP_REQUEST_INIT;
  ox_http_response *response = NULL;
  ox_error err;
  snprintf(url, sizeof url, "http://127.0.0.1:%d/moved", port);
  request.url = url;
  request.redirect_max_count = 1;
  request.accept_compressed = true;
  ox_status status = OX_E_IO;
  for (int i = 0; i < 100 && status == OX_E_IO; i++) {
    usleep(50000);
    status = ox_http_client_call(client, &request, &response, &err);
  }
  if (status == OX_OK) {
    snprintf(text, sizeof text, "%u %s %.*s", response->status,
             ox_http_response_header(response, "Content-Encoding", 0) != NULL ? "gzip" : "plain",
             (int)response->body.size_bytes, response->body.data);
  }
  ox_http_response_free(response);
  ox_http_client_free(client);
  kill(child, SIGTERM);
  waitpid(child, NULL, 0);
  snprintf(command, sizeof command, "rm -rf %s", directory);
  assert_int_equal(system(command), 0);
  assert_int_equal(status, OX_OK);
  assert_string_equal(text, "200 gzip hello from the other side");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_call__sends_and_receives),
      cmocka_unit_test(test_bad_requests__are_refused),
      cmocka_unit_test(test_answer__is_streamed_as_it_comes),
      cmocka_unit_test(test_call__can_be_cancelled_anywhere),
      cmocka_unit_test(test_time__runs_out),
      cmocka_unit_test(test_failures__say_what_failed),
      cmocka_unit_test(test_certificate__is_checked),
      cmocka_unit_test(test_handshake__stays_on_its_connection),
      cmocka_unit_test(test_handshake__begins_anew_on_a_new_connection),
      cmocka_unit_test(test_handshake__is_made_once_per_lane),
      cmocka_unit_test(test_redirect__is_followed_as_allowed),
      cmocka_unit_test(test_redirect__leaves_credentials_behind),
      cmocka_unit_test(test_queue__is_bounded),
      cmocka_unit_test(test_nginx__is_understood),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
