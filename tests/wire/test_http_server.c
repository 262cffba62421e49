/* The HTTP server over real sockets: raw bytes where framing matters, the curl program as a peer
 * that we did not write. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <cmocka.h>

#include <oxkit/wire/http_server.h>

typedef struct site {
  ox_http_server *server;
  uint16_t port, tls_port;
  ox_arena arena;
  char directory[64];
  char ca_file[96];
  pthread_mutex_t lock;
  pthread_cond_t changed;
  int cancelled, released, ticks, freed_states, authenticated;
  ox_http_exchange *parked;
  pthread_t threads[64];
  size_t thread_count;
  char last_trace[256];
} site;

/* ---- Handlers -------------------------------------------------------------------------------- */

static void answer_text(ox_http_exchange *x, unsigned status, const char *text) {
  static const ox_http_header type = {"Content-Type", "text/plain"};
  (void)ox_http_exchange_respond(x, status, &type, 1, text, strlen(text));
}

static void handle_hello(void *user, ox_http_exchange *x) {
  (void)user;
  answer_text(x, 200, "hello");
}

/* Says back what it was asked. */
static void handle_echo(void *user, ox_http_exchange *x) {
  (void)user;
  ox_bytes body = ox_http_exchange_body(x);
  char line[512];
  const char *header = ox_http_exchange_header(x, "x-test");
  snprintf(line, sizeof line, "%s %s ?%s [%s] %s:", ox_http_exchange_method(x),
           ox_http_exchange_path(x), ox_http_exchange_query(x), header != NULL ? header : "-",
           ox_http_exchange_user(x));
  size_t n = strlen(line);
  char *text = malloc(n + body.size_bytes + 1);
  memcpy(text, line, n);
  if (body.size_bytes != 0) memcpy(text + n, body.data, body.size_bytes);
  ox_http_header peer = {"X-Peer", ox_http_exchange_peer(x)};
  (void)ox_http_exchange_add_header(x, "X-Added", "yes");
  (void)ox_http_exchange_respond(x, 200, &peer, 1, text, n + body.size_bytes);
  free(text);
}

static void *answer_later(void *user) {
  usleep(30000);
  answer_text(user, 200, "later");
  return NULL;
}

static void handle_later(void *user, ox_http_exchange *x) {
  site *s = user;
  pthread_mutex_lock(&s->lock);
  if (s->thread_count == 64 ||
      pthread_create(&s->threads[s->thread_count], NULL, answer_later, x) != 0) {
    abort();
  }
  s->thread_count++;
  pthread_mutex_unlock(&s->lock);
}

static void handle_slow(void *user, ox_http_exchange *x) {
  (void)user;
  usleep(200000);
  answer_text(x, 200, "slow");
}

static void handle_chunks(void *user, ox_http_exchange *x) {
  (void)user;
  static const ox_http_header trailer = {"X-Count", "5"};
  if (ox_http_exchange_start(x, 200, NULL, 0, OX_HTTP1_LENGTH_CHUNKED) != OX_OK) abort();
  for (int i = 0; i < 5; i++) {
    char piece[16];
    snprintf(piece, sizeof piece, "piece %d\n", i);
    if (ox_http_exchange_send(x, piece, strlen(piece), true) != OX_OK) break;
    usleep(10000);
  }
  (void)ox_http_exchange_finish(x, &trailer, 1);
}

/* 32 MiB with back-pressure. */
static void handle_big(void *user, ox_http_exchange *x) {
  site *s = user;
  static char block[65536];
  ox_status status = ox_http_exchange_start(x, 200, NULL, 0, (uint64_t)512 * sizeof block);
  for (int i = 0; i < 512 && status == OX_OK; i++) {
    status = ox_http_exchange_send(x, block, sizeof block, true);
  }
  if (status == OX_E_CLOSED) {
    pthread_mutex_lock(&s->lock);
    s->cancelled++;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
  }
  (void)ox_http_exchange_finish(x, NULL, 0);
}

/* Counts a streamed body. */
static void handle_count(void *user, ox_http_exchange *x) {
  (void)user;
  char buffer[10000], text[200];
  size_t n, total = 0;
  ox_status status;
  ox_error err = {0};
  while ((status = ox_http_exchange_read(x, buffer, sizeof buffer, true, &n, &err)) == OX_OK &&
         n != 0) {
    total += n;
  }
  snprintf(text, sizeof text, "%zu %s", total, status == OX_OK ? "ok" : err.text);
  answer_text(x, status == OX_OK ? 200 : err.status == OX_E_LIMIT ? 413 : 400, text);
}

/* Counts a streamed body on the loop. */
typedef struct counter {
  size_t total;
} counter;

static void count_more(void *user, ox_http_exchange *x) {
  counter *c = user;
  char buffer[1000];
  size_t n;
  ox_status status;
  while ((status = ox_http_exchange_read(x, buffer, sizeof buffer, false, &n, NULL)) == OX_OK) {
    if (n == 0) {
      char text[64];
      snprintf(text, sizeof text, "%zu", c->total);
      answer_text(x, 200, text);
      return;
    }
    c->total += n;
  }
  if (status != OX_E_AGAIN) answer_text(x, 400, "bad");
}

static void handle_count_on_loop(void *user, ox_http_exchange *x) {
  (void)user;
  counter *c = calloc(1, sizeof *c);
  ox_http_watch watch = {sizeof watch, .on_body = count_more, .release = free, .user = c};
  if (ox_http_exchange_watch(x, &watch) != OX_OK) abort();
  count_more(c, x);
}

/* Answers early, without looking at the body. */
static void handle_early(void *user, ox_http_exchange *x) {
  (void)user;
  answer_text(x, 403, "no");
}

static void on_tick(void *user, ox_http_exchange *x) {
  site *s = user;
  pthread_mutex_lock(&s->lock);
  int ticks = ++s->ticks;
  pthread_mutex_unlock(&s->lock);
  if (ticks < 3) {
    if (ox_http_exchange_send(x, "PENDING\r\n", 9, false) != OX_OK) abort();
  } else {
    if (ox_http_exchange_send(x, "DONE\r\n", 6, false) != OX_OK) abort();
    (void)ox_http_exchange_finish(x, NULL, 0);
    /* Still valid, and already ended. */
    if (ox_http_exchange_send(x, "x", 1, false) != OX_E_CLOSED) abort();
  }
}

static void on_cancel(void *user, ox_http_exchange *x) {
  site *s = user;
  if (!ox_http_exchange_cancelled(x)) abort();
  pthread_mutex_lock(&s->lock);
  s->cancelled++;
  s->parked = NULL;
  pthread_cond_broadcast(&s->changed);
  pthread_mutex_unlock(&s->lock);
  if (ox_http_exchange_respond(x, 200, NULL, 0, "late", 4) != OX_E_CLOSED) abort();
}

static void on_release(void *user) {
  site *s = user;
  pthread_mutex_lock(&s->lock);
  s->released++;
  pthread_cond_broadcast(&s->changed);
  pthread_mutex_unlock(&s->lock);
}

/* The shape of a MAPI over HTTP wait: PENDING now and then, DONE at the end. */
static void handle_pending(void *user, ox_http_exchange *x) {
  site *s = user;
  ox_http_watch watch = {sizeof watch,           .tick_ms = 60,         .on_tick = on_tick,
                         .on_cancel = on_cancel, .release = on_release, .user = s};
  if (ox_http_exchange_start(x, 200, NULL, 0, OX_HTTP1_LENGTH_CHUNKED) != OX_OK ||
      ox_http_exchange_send(x, "PROCESSING\r\n", 12, false) != OX_OK ||
      ox_http_exchange_watch(x, &watch) != OX_OK) {
    abort();
  }
}

/* Waits for ever, or until the client goes. */
static void handle_park(void *user, ox_http_exchange *x) {
  site *s = user;
  ox_http_watch watch = {sizeof watch, .on_cancel = on_cancel, .release = on_release, .user = s};
  pthread_mutex_lock(&s->lock);
  s->parked = x;
  pthread_cond_broadcast(&s->changed);
  pthread_mutex_unlock(&s->lock);
  if (ox_http_exchange_watch(x, &watch) != OX_OK) abort();
}

static void handle_abort(void *user, ox_http_exchange *x) {
  (void)user;
  ox_http_exchange_abort(x);
}

static void handle_misuse(void *user, ox_http_exchange *x) {
  (void)user;
  static const ox_http_header bad = {"X-Bad", "a\r\nSet-Cookie: b"};
  (void)ox_http_exchange_respond(x, 200, &bad, 1, "x", 1);
}

/* A handshake of two rounds that is bound to its connection, as NTLM's is. */
typedef struct rounds {
  site *s;
  int count;
} rounds;

static void free_rounds(void *state) {
  rounds *r = state;
  pthread_mutex_lock(&r->s->lock);
  r->s->freed_states++;
  pthread_cond_broadcast(&r->s->changed);
  pthread_mutex_unlock(&r->s->lock);
  free(r);
}

typedef struct two_rounds {
  ox_http_authenticator base;
  site *s;
} two_rounds;

static void authenticate_in_rounds(ox_http_authenticator *authenticator, ox_http_exchange *x) {
  two_rounds *a = (two_rounds *)authenticator;
  static const char *const ask[] = {"Rounds", "Basic realm=\"x\""};
  static const char *const again[] = {"Rounds again"};
  const char *header = ox_http_exchange_header(x, "Authorization");
  rounds *r = ox_http_exchange_connection_state(x, authenticator);
  if (r != NULL && r->count == 2 && header == NULL) {
    ox_http_auth_accept(x, "bob", "Rounds");
  } else if (header == NULL) {
    ox_http_auth_challenge(x, ask, 2);
  } else if (strcmp(header, "Rounds 1") == 0) {
    r = calloc(1, sizeof *r);
    r->s = a->s;
    r->count = 1;
    if (ox_http_exchange_set_connection_state(x, authenticator, r, free_rounds) != OX_OK) abort();
    ox_http_auth_challenge(x, again, 1);
  } else if (strcmp(header, "Rounds 2") == 0 && r != NULL && r->count == 1) {
    r->count = 2;
    pthread_mutex_lock(&a->s->lock);
    a->s->authenticated++;
    pthread_mutex_unlock(&a->s->lock);
    ox_http_auth_accept(x, "bob", "Rounds");
  } else {
    ox_http_auth_challenge(x, ask, 1);
  }
}

static void check_on_worker(void *user, ox_http_exchange *x) {
  (void)user;
  static const char *const ask[] = {"Basic realm=\"x\""};
  usleep(5000);
  const char *header = ox_http_exchange_header(x, "Authorization");
  if (header != NULL && strcmp(header, "Basic YWxpY2U6c2VjcmV0") == 0) {
    ox_http_auth_accept(x, "alice", "Basic");
  } else {
    ox_http_auth_challenge(x, ask, 1);
  }
}

static void authenticate_on_worker(ox_http_authenticator *authenticator, ox_http_exchange *x) {
  (void)authenticator;
  if (ox_http_exchange_run(x, check_on_worker, NULL) != OX_OK) {
    (void)ox_http_exchange_respond(x, 503, NULL, 0, NULL, 0);
  }
}

static two_rounds rounds_authenticator = {{sizeof(ox_http_authenticator), authenticate_in_rounds},
                                          NULL};
static ox_http_authenticator worker_authenticator = {sizeof(ox_http_authenticator),
                                                     authenticate_on_worker};

/* ---- The site -------------------------------------------------------------------------------- */

static void on_trace(void *user, const ox_http_trace *trace) {
  site *s = user;
  pthread_mutex_lock(&s->lock);
  snprintf(s->last_trace, sizeof s->last_trace, "%.20s %.40s %u %.80s", trace->method,
           trace->target, trace->status, trace->problem);
  pthread_mutex_unlock(&s->lock);
}

static void add_route(site *s, const char *path, uint32_t flags, const char *methods,
                      ox_http_handler handler, ox_http_authenticator *authenticator) {
  ox_http_route route = {sizeof route, flags, path, methods, handler, s, authenticator, 100000};
  assert_int_equal(ox_http_server_route(s->server, &route), OX_OK);
}

static void add_routes(site *s) {
  add_route(s, "/hello", 0, "GET HEAD", handle_hello, NULL);
  add_route(s, "/echo/", OX_HTTP_ROUTE_PREFIX, NULL, handle_echo, NULL);
  add_route(s, "/worker/echo", OX_HTTP_ROUTE_WORKER, NULL, handle_echo, NULL);
  add_route(s, "/later", 0, NULL, handle_later, NULL);
  add_route(s, "/slow", OX_HTTP_ROUTE_WORKER, NULL, handle_slow, NULL);
  add_route(s, "/chunks", OX_HTTP_ROUTE_WORKER, NULL, handle_chunks, NULL);
  add_route(s, "/big", OX_HTTP_ROUTE_WORKER, NULL, handle_big, NULL);
  add_route(s, "/count", OX_HTTP_ROUTE_WORKER | OX_HTTP_ROUTE_STREAM_BODY, NULL, handle_count,
            NULL);
  add_route(s, "/count-on-loop", OX_HTTP_ROUTE_STREAM_BODY, NULL, handle_count_on_loop, NULL);
  add_route(s, "/early", OX_HTTP_ROUTE_STREAM_BODY, NULL, handle_early, NULL);
  add_route(s, "/pending", 0, NULL, handle_pending, NULL);
  add_route(s, "/park", 0, NULL, handle_park, NULL);
  add_route(s, "/abort", 0, NULL, handle_abort, NULL);
  add_route(s, "/misuse", 0, NULL, handle_misuse, NULL);
  add_route(s, "/misuse-worker", OX_HTTP_ROUTE_WORKER, NULL, handle_misuse, NULL);
  add_route(s, "/rounds/", OX_HTTP_ROUTE_PREFIX, NULL, handle_echo, &rounds_authenticator.base);
  add_route(s, "/basic/", OX_HTTP_ROUTE_PREFIX, NULL, handle_echo, &worker_authenticator);
}

static void make_tls(site *s, ox_tls_config **config_out) {
  static const char *const names[] = {"localhost", "127.0.0.1"};
  const char *certificate, *key;
  ox_error err;
  assert_int_equal(ox_tls_make_self_signed(names, 2, 0, 30, &s->arena, &certificate, &key, &err),
                   OX_OK);
  snprintf(s->directory, sizeof s->directory, "/tmp/ox-http-XXXXXX");
  assert_non_null(mkdtemp(s->directory));
  snprintf(s->ca_file, sizeof s->ca_file, "%s/ca.pem", s->directory);
  FILE *f = fopen(s->ca_file, "w");
  assert_non_null(f);
  fputs(certificate, f);
  fclose(f);
  ox_tls_config_options options = OX_TLS_CONFIG_OPTIONS_INIT;
  options.server = true;
  options.certificate_pem = certificate;
  options.key_pem = key;
  options.alpn = "http/1.1";
  assert_int_equal(ox_tls_config_new(&options, config_out, &err), OX_OK);
}

static site *open_site(const ox_http_server_options *given) {
  site *s = calloc(1, sizeof *s);
  assert_non_null(s);
  pthread_mutex_init(&s->lock, NULL);
  pthread_cond_init(&s->changed, NULL);
  ox_arena_init(&s->arena, NULL, 0);
  rounds_authenticator.s = s;
  ox_http_server_options options = *given;
  options.trace = on_trace;
  options.trace_user = s;
  ox_error err;
  assert_int_equal(ox_http_server_new(&options, &s->server, &err), OX_OK);
  add_routes(s);
  ox_tls_config *tls;
  make_tls(s, &tls);
  assert_int_equal(ox_http_server_listen(s->server, "127.0.0.1", 0, NULL, &s->port, &err), OX_OK);
  assert_int_equal(ox_http_server_listen(s->server, "127.0.0.1", 0, tls, &s->tls_port, &err),
                   OX_OK);
  ox_tls_config_free(tls);
  assert_true(s->port != 0 && s->tls_port != 0 && s->port != s->tls_port);
  assert_int_equal(ox_http_server_start(s->server, &err), OX_OK);
  return s;
}

static int setup(void **state) {
  ox_http_server_options options = OX_HTTP_SERVER_OPTIONS_INIT;
  options.loop_count = 2;
  *state = open_site(&options);
  return 0;
}

static void close_site(site *s) {
  ox_http_server_stop(s->server, 2000);
  for (size_t i = 0; i < s->thread_count; i++) pthread_join(s->threads[i], NULL);
  ox_http_server_stats stats = {sizeof stats};
  ox_http_server_stats_get(s->server, &stats);
  assert_int_equal(stats.connections_open, 0);
  assert_int_equal(stats.exchanges_open, 0);
  ox_http_server_free(s->server);
  ox_arena_dispose(&s->arena);
  unlink(s->ca_file);
  rmdir(s->directory);
  pthread_mutex_destroy(&s->lock);
  pthread_cond_destroy(&s->changed);
  free(s);
}

static int teardown(void **state) {
  close_site(*state);
  return 0;
}

/* Waits until *value is at least `least`, for two seconds. */
static bool await(site *s, const int *value, int least) {
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += 5;
  pthread_mutex_lock(&s->lock);
  int error = 0;
  while (*value < least && error == 0) {
    error = pthread_cond_timedwait(&s->changed, &s->lock, &until);
  }
  bool reached = *value >= least;
  pthread_mutex_unlock(&s->lock);
  return reached;
}

/* ---- Raw sockets ----------------------------------------------------------------------------- */

/* A connection; -1 when nobody listens. */
static int try_dial(const site *s) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(s->port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
    close(fd);
    return -1;
  }
  struct timeval timeout = {10, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  return fd;
}

static int dial(const site *s) {
  int fd = try_dial(s);
  assert_true(fd >= 0);
  return fd;
}

static void say(int fd, const char *text) {
  size_t n = strlen(text);
  assert_int_equal(send(fd, text, n, MSG_NOSIGNAL), (ssize_t)n);
}

/* Reads until `words` came; false when the connection ended before. */
static bool hear(int fd, char *text, size_t capacity, const char *words) {
  size_t n = strlen(text);
  while (strstr(text, words) == NULL) {
    ssize_t got = recv(fd, text + n, capacity - n - 1, 0);
    if (got <= 0) return false;
    n += (size_t)got;
    text[n] = '\0';
  }
  return true;
}

/* Asks, and reads until `words` came. */
static void ask(int fd, const char *request, char *text, size_t capacity, const char *words) {
  text[0] = '\0';
  say(fd, request);
  assert_true(hear(fd, text, capacity, words));
}

/* Reads to the end of the connection, which must come. */
static void hear_all(int fd, char *text, size_t capacity) {
  size_t n = strlen(text);
  ssize_t got;
  while ((got = recv(fd, text + n, capacity - n - 1, 0)) > 0) {
    n += (size_t)got;
    text[n] = '\0';
  }
  assert_int_equal(got, 0);
}

static void exchange_raw(const site *s, const char *request, char *text, size_t capacity) {
  int fd = dial(s);
  text[0] = '\0';
  say(fd, request);
  hear_all(fd, text, capacity);
  close(fd);
}

/* Runs a command; %P and %T stand for the ports, %C for the certificate file. */
static int run(const site *s, const char *command, char *output, size_t capacity) {
  char line[2048];
  size_t n = 0;
  for (const char *p = command; *p != '\0' && n < sizeof line - 100; p++) {
    if (p[0] == '%' && p[1] == 'P') {
      n += (size_t)snprintf(line + n, sizeof line - n, "%u", s->port);
      p++;
    } else if (p[0] == '%' && p[1] == 'T') {
      n += (size_t)snprintf(line + n, sizeof line - n, "%u", s->tls_port);
      p++;
    } else if (p[0] == '%' && p[1] == 'C') {
      n += (size_t)snprintf(line + n, sizeof line - n, "%s", s->ca_file);
      p++;
    } else {
      if (p[0] == '%' && p[1] == '%') p++;
      line[n++] = *p;
    }
  }
  line[n] = '\0';
  FILE *pipe = popen(line, "re");
  assert_non_null(pipe);
  size_t got = fread(output, 1, capacity - 1, pipe);
  output[got] = '\0';
  int status = pclose(pipe);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool have_curl(void) {
  return system("curl --version > /dev/null 2>&1") == 0;
}

/* ---- Tests ----------------------------------------------------------------------------------- */

static void test_curl__gets_posts_and_reuses(void **state) {
  if (!have_curl()) skip(); /* the curl program is not installed */
  site *s = *state;
  char out[4096];
  assert_int_equal(run(s, "curl -sSi http://127.0.0.1:%P/hello", out, sizeof out), 0);
  assert_non_null(strstr(out, "HTTP/1.1 200 OK"));
  assert_non_null(strstr(out, "Date: "));
  assert_non_null(strstr(out, "Server: oxkit"));
  assert_non_null(strstr(out, "Content-Length: 5"));
  assert_non_null(strstr(out, "\r\n\r\nhello"));
  assert_int_equal(run(s,
                       "curl -sS --cacert %C -H 'X-Test: t' -d abc "
                       "'https://localhost:%T/echo/a%%20b?q=1'",
                       out, sizeof out),
                   0);
  assert_string_equal(out, "POST /echo/a b ?q=1 [t] :abc");
  assert_int_equal(run(s, "curl -sS --tls-max 1.2 --cacert %C https://localhost:%T/worker/echo",
                       out, sizeof out),
                   0);
  assert_string_equal(out, "GET /worker/echo ? [-] :");
  assert_int_equal(run(s, "curl -sSI http://127.0.0.1:%P/hello", out, sizeof out), 0);
  assert_non_null(strstr(out, "Content-Length: 5"));
  assert_int_equal(run(s, "curl -sS -T - http://127.0.0.1:%P/echo/put < %C | wc -c | tr -d ' \\n'",
                       out, sizeof out),
                   0);
  assert_true(atoi(out) > 400);
  assert_int_equal(run(s,
                       "curl -sS -w '%%{num_connects}' http://127.0.0.1:%P/hello "
                       "http://127.0.0.1:%P/worker/echo http://127.0.0.1:%P/later",
                       out, sizeof out),
                   0);
  assert_string_equal(out, "hello1GET /worker/echo ? [-] :0later0");
  assert_int_equal(run(s,
                       "curl -sS -X PROPFIND -w '%%{http_code}' -o /dev/null -o /dev/null "
                       "http://127.0.0.1:%P/hello http://127.0.0.1:%P/none",
                       out, sizeof out),
                   0);
  assert_string_equal(out, "405404");
  assert_int_equal(run(s, "curl -sSi http://127.0.0.1:%P/chunks", out, sizeof out), 0);
  assert_non_null(strstr(out, "Transfer-Encoding: chunked"));
  assert_non_null(strstr(out, "piece 0\npiece 1\npiece 2\npiece 3\npiece 4\n"));
  assert_int_equal(run(s, "curl -sS -0 http://127.0.0.1:%P/chunks | tail -1", out, sizeof out), 0);
  assert_string_equal(out, "piece 4\n");
}

static void test_curl__big_bodies_both_ways(void **state) {
  if (!have_curl()) skip(); /* the curl program is not installed */
  site *s = *state;
  char out[4096];
  assert_int_equal(
      run(s, "curl -sS http://127.0.0.1:%P/big | wc -c | tr -d ' \\n'", out, sizeof out), 0);
  assert_string_equal(out, "33554432");
  assert_int_equal(run(s, "curl -sS --cacert %C https://localhost:%T/big | wc -c | tr -d ' \\n'",
                       out, sizeof out),
                   0);
  assert_string_equal(out, "33554432");
  /* A streamed upload, chunked and with a length; the limit of the route is 100000 bytes. */
  static const char *const paths[] = {"count", "count-on-loop"};
  for (int i = 0; i < 2; i++) {
    char command[256];
    snprintf(command, sizeof command,
             "head -c 99999 /dev/zero | curl -sS -T - http://127.0.0.1:%%P/%s", paths[i]);
    assert_int_equal(run(s, command, out, sizeof out), 0);
    assert_int_equal(atoi(out), 99999);
    snprintf(command, sizeof command,
             "head -c 70000 /dev/zero | curl -sS --cacert %%C --data-binary @- "
             "https://localhost:%%T/%s",
             paths[i]);
    assert_int_equal(run(s, command, out, sizeof out), 0);
    assert_int_equal(atoi(out), 70000);
  }
  assert_int_equal(run(s,
                       "head -c 200000 /dev/zero | curl -sS -o /dev/null -w '%%{http_code}' "
                       "--data-binary @- http://127.0.0.1:%P/echo/",
                       out, sizeof out),
                   0);
  assert_string_equal(out, "413");
  assert_int_equal(run(s,
                       "head -c 200000 /dev/zero | curl -sS -o /dev/null -w '%%{http_code}' "
                       "-H 'Expect:' -T - http://127.0.0.1:%P/echo/",
                       out, sizeof out),
                   0);
  assert_string_equal(out, "413");
}

static void test_expect__is_answered_before_the_body(void **state) {
  site *s = *state;
  static const char *const paths[] = {"echo/", "count", "count-on-loop", "worker/echo"};
  for (size_t i = 0; i < 4; i++) {
    char text[4096] = "", request[256];
    int fd = dial(s);
    snprintf(request, sizeof request,
             "POST /%s HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n",
             paths[i]);
    say(fd, request);
    assert_true(hear(fd, text, sizeof text, "HTTP/1.1 100 Continue\r\n\r\n"));
    assert_null(strstr(text, "200 OK"));
    say(fd, "body");
    assert_true(hear(fd, text, sizeof text, i == 1 ? "4 ok" : i == 2 ? "\r\n\r\n4" : ":body"));
    close(fd);
  }
  /* Refused without asking for the body: then only closing is unambiguous. */
  char text[4096];
  exchange_raw(
      s, "POST /none HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n",
      text, sizeof text);
  assert_null(strstr(text, "100 Continue"));
  assert_non_null(strstr(text, "404 Not Found"));
  assert_non_null(strstr(text, "Connection: close"));
}

static void test_pipelined__requests_are_answered_in_order(void **state) {
  site *s = *state;
  char text[8192];
  exchange_raw(s,
               "GET /worker/echo?1 HTTP/1.1\r\nHost: a\r\n\r\n"
               "POST /later HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
               "GET /echo/?2 HTTP/1.1\r\nHost: a\r\n\r\n"
               "GET /none HTTP/1.1\r\nHost: a\r\n\r\n"
               "GET /echo/?3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
               "GET /echo/?4 HTTP/1.1\r\nHost: a\r\n\r\n",
               text, sizeof text);
  const char *one = strstr(text, "?1"), *later = strstr(text, "later"), *two = strstr(text, "?2");
  const char *none = strstr(text, "404"), *three = strstr(text, "?3");
  assert_true(one != NULL && one < later && later < two && two < none && none < three);
  assert_null(strstr(text, "?4"));
}

static void test_broken_requests__get_their_status_and_the_end(void **state) {
  static const struct {
    const char *request, *status;
  } rows[] = {
      {"GET / HTTP/1.1\r\n\r\n", "400"},
      {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"},
      {"GET / HTTP/2.0\r\nHost: a\r\n\r\n", "505"},
      {"POST /echo/ HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: "
       "chunked\r\n\r\n0\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n",
       "400"},
      {"POST /echo/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "501"},
      {"POST /echo/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "400"},
      {"POST /echo/ HTTP/1.1\r\nHost: a\r\nContent-Length: 100001\r\n\r\n", "413"},
      {"POST /count HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n186a1\r\nx", "413"},
      {"POST /count HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd", "400"},
      {"GET /%zz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "400"},
      {"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", "501"},
      {"\x16\x03\x01\x02\x01", "400"},
  };
  site *s = *state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    char text[4096], start[32];
    exchange_raw(s, rows[i].request, text, sizeof text);
    snprintf(start, sizeof start, "HTTP/1.1 %s ", rows[i].status);
    if (strncmp(text, start, strlen(start)) != 0) fail_msg("row %zu: %s", i, text);
    /* Exactly one answer. */
    if (strstr(text, "\nHTTP/1.1 ") != NULL) fail_msg("row %zu: %s", i, text);
  }
}

static void test_early_answer__keeps_the_connection(void **state) {
  site *s = *state;
  int fd = dial(s);
  char text[4096] = "";
  say(fd, "POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc");
  assert_true(hear(fd, text, sizeof text, "403 Forbidden"));
  assert_true(hear(fd, text, sizeof text, "no"));
  ask(fd, "defGET /hello HTTP/1.1\r\nHost: a\r\n\r\n", text, sizeof text, "hello");
  close(fd);
}

static void test_pending__comes_in_pieces_over_time(void **state) {
  site *s = *state;
  int fd = dial(s);
  char text[4096] = "";
  say(fd, "GET /pending HTTP/1.1\r\nHost: a\r\n\r\n");
  assert_true(hear(fd, text, sizeof text, "PROCESSING"));
  assert_null(strstr(text, "PENDING"));
  assert_true(hear(fd, text, sizeof text, "PENDING"));
  assert_null(strstr(text, "DONE"));
  assert_true(hear(fd, text, sizeof text, "0\r\n\r\n"));
  assert_non_null(strstr(text, "DONE"));
  assert_true(await(s, &s->released, 1));
  assert_int_equal(s->cancelled, 0);
  /* The connection goes on. */
  ask(fd, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n", text, sizeof text, "hello");
  close(fd);
}

static void test_client_that_goes__cancels(void **state) {
  site *s = *state;
  int fd = dial(s);
  say(fd, "GET /park HTTP/1.1\r\nHost: a\r\n\r\n");
  pthread_mutex_lock(&s->lock);
  while (s->parked == NULL) pthread_cond_wait(&s->changed, &s->lock);
  pthread_mutex_unlock(&s->lock);
  close(fd);
  assert_true(await(s, &s->cancelled, 1));
  assert_true(await(s, &s->released, 1));
  /* In the middle of a big answer: the blocked sender is woken. */
  fd = dial(s);
  char text[100] = "";
  say(fd, "GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
  assert_true(hear(fd, text, sizeof text, "200 OK"));
  close(fd);
  assert_true(await(s, &s->cancelled, 2));
  /* And over TLS. */
  if (have_curl()) {
    char out[256];
    assert_int_equal(
        run(s, "curl -sS -m 0.3 --cacert %C https://localhost:%T/park 2>&1", out, sizeof out), 28);
    assert_true(await(s, &s->cancelled, 3));
    assert_true(await(s, &s->released, 2));
  }
}

static void test_abort_and_misuse__are_contained(void **state) {
  site *s = *state;
  char text[4096];
  exchange_raw(s, "GET /abort HTTP/1.1\r\nHost: a\r\n\r\n", text, sizeof text);
  assert_string_equal(text, "");
  static const char *const paths[] = {"misuse", "misuse-worker"};
  for (int i = 0; i < 2; i++) {
    char request[128];
    snprintf(request, sizeof request, "GET /%s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
             paths[i]);
    exchange_raw(s, request, text, sizeof text);
    assert_non_null(strstr(text, "HTTP/1.1 500 "));
    assert_null(strstr(text, "Set-Cookie"));
  }
}

static void test_authenticator__keeps_state_with_the_connection(void **state) {
  site *s = *state;
  int fd = dial(s);
  char text[4096] = "";
  say(fd, "GET /rounds/ HTTP/1.1\r\nHost: a\r\n\r\n");
  assert_true(hear(fd, text, sizeof text, "\r\n\r\n"));
  assert_non_null(strstr(text, "401 Unauthorized"));
  assert_non_null(strstr(text, "WWW-Authenticate: Rounds\r\nWWW-Authenticate: Basic realm=\"x\""));
  text[0] = '\0';
  /* A body on the way is read away and the connection lives on; with Expect it is asked for. */
  say(fd,
      "POST /rounds/ HTTP/1.1\r\nHost: a\r\nAuthorization: Rounds 1\r\nContent-Length: 3\r\n"
      "Expect: 100-continue\r\n\r\n");
  assert_true(hear(fd, text, sizeof text, "100 Continue\r\n\r\n"));
  say(fd, "abc");
  assert_true(hear(fd, text, sizeof text, "Rounds again\r\n"));
  assert_true(hear(fd, text, sizeof text, "0\r\n\r\n") || strstr(text, "\r\n\r\n") != NULL);
  assert_null(strstr(text, "Connection: close"));
  ask(fd,
      "POST /rounds/ HTTP/1.1\r\nHost: a\r\nAuthorization: Rounds 2\r\nContent-Length: 3\r\n"
      "\r\nabc",
      text, sizeof text, "POST /rounds/ ? [-] bob:abc");
  ask(fd, "POST /rounds/ HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\ndef", text, sizeof text,
      "POST /rounds/ ? [-] bob:def");
  /* Another connection is nobody. */
  int other = dial(s);
  ask(other, "GET /rounds/ HTTP/1.1\r\nHost: a\r\nAuthorization: Rounds 2\r\n\r\n", text,
      sizeof text, "401");
  close(other);
  close(fd);
  assert_int_equal(s->authenticated, 1);
  assert_true(await(s, &s->freed_states, 1));
}

static void test_challenge__with_a_huge_body_ends_the_connection(void **state) {
  site *s = *state;
  int fd = dial(s);
  char text[4096] = "";
  say(fd, "POST /echo/ HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n");
  close(fd);
  fd = dial(s);
  say(fd, "POST /none HTTP/1.1\r\nHost: a\r\nContent-Length: 90000000\r\n\r\n");
  static char block[65536];
  for (int i = 0; i < 40; i++) {
    if (send(fd, block, sizeof block, MSG_NOSIGNAL) < 0) break;
  }
  assert_true(hear(fd, text, sizeof text, "404 Not Found"));
  hear_all(fd, text, sizeof text);
  close(fd);
}

static void test_authenticator__may_work_elsewhere(void **state) {
  if (!have_curl()) skip(); /* the curl program is not installed */
  site *s = *state;
  char out[4096];
  assert_int_equal(
      run(s, "curl -sS -u alice:secret -d abc http://127.0.0.1:%P/basic/x", out, sizeof out), 0);
  assert_string_equal(out, "POST /basic/x ? [-] alice:abc");
  assert_int_equal(run(s,
                       "curl -sS -u alice:wrong -o /dev/null -w '%%{http_code}' "
                       "http://127.0.0.1:%P/basic/x",
                       out, sizeof out),
                   0);
  assert_string_equal(out, "401");
}

static void test_slow_clients__are_timed_out(void **state) {
  (void)state;
  ox_http_server_options options = OX_HTTP_SERVER_OPTIONS_INIT;
  options.head_timeout_ms = 200;
  options.body_timeout_ms = 200;
  options.idle_timeout_ms = 400;
  options.handshake_timeout_ms = 200;
  site *s = open_site(&options);
  char text[4096];
  exchange_raw(s, "GET /hello HTTP/1.1\r\nHost:", text, sizeof text);
  assert_non_null(strstr(text, "408 Request Timeout"));
  exchange_raw(s, "POST /echo/ HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\na", text,
               sizeof text);
  assert_non_null(strstr(text, "408 Request Timeout"));
  exchange_raw(s, "POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\na", text,
               sizeof text);
  assert_non_null(strstr(text, "400 Bad Request"));
  assert_non_null(strstr(text, "1 The body did not come in time."));
  exchange_raw(s, "", text, sizeof text); /* idle from the start */
  assert_string_equal(text, "");
  exchange_raw(s, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n", text, sizeof text);
  assert_non_null(strstr(text, "hello"));
  uint16_t port = s->port;
  s->port = s->tls_port;
  exchange_raw(s, "\x16\x03\x01", text, sizeof text);
  s->port = port;
  assert_string_equal(text, "");
  /* A handler that takes its time is no slow client. */
  exchange_raw(s,
               "POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nConnection: "
               "close\r\n\r\nx",
               text, sizeof text);
  assert_non_null(strstr(text, "slow"));
  close_site(s);
}

static void test_client_that_does_not_read__is_cut(void **state) {
  (void)state;
  ox_http_server_options options = OX_HTTP_SERVER_OPTIONS_INIT;
  options.write_timeout_ms = 300;
  site *s = open_site(&options);
  int fd = dial(s);
  say(fd, "GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
  assert_true(await(s, &s->cancelled, 1));
  close(fd);
  close_site(s);
}

static void test_connections__above_the_limit_are_closed(void **state) {
  (void)state;
  ox_http_server_options options = OX_HTTP_SERVER_OPTIONS_INIT;
  options.connection_max_count = 2;
  site *s = open_site(&options);
  int first = dial(s), second = dial(s);
  char text[4096] = "";
  say(first, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
  assert_true(hear(first, text, sizeof text, "hello"));
  ask(second, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n", text, sizeof text, "hello");
  int third = dial(s);
  text[0] = '\0';
  assert_false(hear(third, text, sizeof text, "hello"));
  close(third);
  close(first);
  usleep(100000);
  third = dial(s);
  ask(third, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n", text, sizeof text, "hello");
  close(second);
  close(third);
  close_site(s);
}

static void test_full_worker_queue__answers_503(void **state) {
  (void)state;
  ox_http_server_options options = OX_HTTP_SERVER_OPTIONS_INIT;
  options.worker_count = 1;
  options.worker_queue_max_count = 1;
  site *s = open_site(&options);
  int fds[4];
  int ok = 0, busy = 0;
  for (int i = 0; i < 4; i++) {
    fds[i] = dial(s);
    say(fds[i], "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
    usleep(20000);
  }
  for (int i = 0; i < 4; i++) {
    char text[4096] = "";
    assert_true(hear(fds[i], text, sizeof text, "\r\n\r\n"));
    if (strstr(text, "HTTP/1.1 200") != NULL) ok++;
    if (strstr(text, "HTTP/1.1 503") != NULL && strstr(text, "Retry-After") != NULL) busy++;
    close(fds[i]);
  }
  assert_int_equal(ok, 2);
  assert_int_equal(busy, 2);
  close_site(s);
}

typedef struct load {
  site *s;
  atomic_int answered, broken;
  atomic_bool stop;
} load;

/* Requests one after another until the server ends; an answer that has begun must be whole. */
static void *make_load(void *user) {
  load *l = user;
  while (!atomic_load(&l->stop)) {
    int fd = try_dial(l->s);
    if (fd < 0) break;
    static const char request[] =
        "POST /worker/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";
    for (;;) {
      char text[1024] = "";
      if (send(fd, request, sizeof request - 1, MSG_NOSIGNAL) < 0) break;
      if (!hear(fd, text, sizeof text, ":abc")) {
        if (text[0] != '\0') atomic_fetch_add(&l->broken, 1);
        break;
      }
      atomic_fetch_add(&l->answered, 1);
      if (strstr(text, "Connection: close") != NULL) break;
    }
    close(fd);
  }
  return NULL;
}

static void test_stop__under_load_breaks_no_answer(void **state) {
  site *s = *state;
  load l = {.s = s};
  pthread_t threads[6];
  for (int i = 0; i < 6; i++) assert_int_equal(pthread_create(&threads[i], NULL, make_load, &l), 0);
  usleep(300000);
  int fd = dial(s);
  say(fd, "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
  usleep(50000);
  ox_http_server_stop(s->server, 5000);
  char text[1024] = "";
  assert_true(hear(fd, text, sizeof text, "\r\n\r\nslow"));
  assert_non_null(strstr(text, "Connection: close"));
  close(fd);
  atomic_store(&l.stop, true);
  for (int i = 0; i < 6; i++) pthread_join(threads[i], NULL);
  assert_true(atomic_load(&l.answered) > 20);
  assert_int_equal(atomic_load(&l.broken), 0);
}

static void test_stop__cuts_what_does_not_end(void **state) {
  site *s = *state;
  int fd = dial(s);
  say(fd, "GET /park HTTP/1.1\r\nHost: a\r\n\r\n");
  pthread_mutex_lock(&s->lock);
  while (s->parked == NULL) pthread_cond_wait(&s->changed, &s->lock);
  pthread_mutex_unlock(&s->lock);
  struct timespec before, after;
  clock_gettime(CLOCK_MONOTONIC, &before);
  ox_http_server_stop(s->server, 200);
  clock_gettime(CLOCK_MONOTONIC, &after);
  assert_true(after.tv_sec - before.tv_sec < 5);
  assert_int_equal(s->cancelled, 1);
  close(fd);
}

static void test_exchange__outlives_the_server(void **state) {
  site *s = *state;
  int fd = dial(s);
  say(fd, "GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
  usleep(10000);
  ox_http_server_stop(s->server, 0);
  close(fd);
  /* The teardown joins the answering thread, after everything has ended. */
}

static void test_listen__says_why_it_fails(void **state) {
  site *s = *state;
  ox_http_server *other;
  ox_error err;
  assert_int_equal(ox_http_server_new(NULL, &other, &err), OX_OK);
  assert_int_equal(ox_http_server_listen(other, "127.0.0.1", s->port, NULL, NULL, &err), OX_E_IO);
  assert_non_null(strstr(err.text, "in use"));
  assert_int_equal(ox_http_server_listen(other, "no such host.invalid", 0, NULL, NULL, &err),
                   OX_E_IO);
  assert_non_null(strstr(err.text, "no such host.invalid"));
  ox_http_server_free(other);
}

#define ON_SITE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      ON_SITE(test_curl__gets_posts_and_reuses),
      ON_SITE(test_curl__big_bodies_both_ways),
      ON_SITE(test_expect__is_answered_before_the_body),
      ON_SITE(test_pipelined__requests_are_answered_in_order),
      ON_SITE(test_broken_requests__get_their_status_and_the_end),
      ON_SITE(test_early_answer__keeps_the_connection),
      ON_SITE(test_pending__comes_in_pieces_over_time),
      ON_SITE(test_client_that_goes__cancels),
      ON_SITE(test_abort_and_misuse__are_contained),
      ON_SITE(test_authenticator__keeps_state_with_the_connection),
      ON_SITE(test_challenge__with_a_huge_body_ends_the_connection),
      ON_SITE(test_authenticator__may_work_elsewhere),
      cmocka_unit_test(test_slow_clients__are_timed_out),
      cmocka_unit_test(test_client_that_does_not_read__is_cut),
      cmocka_unit_test(test_connections__above_the_limit_are_closed),
      cmocka_unit_test(test_full_worker_queue__answers_503),
      ON_SITE(test_stop__under_load_breaks_no_answer),
      ON_SITE(test_stop__cuts_what_does_not_end),
      ON_SITE(test_exchange__outlives_the_server),
      ON_SITE(test_listen__says_why_it_fails),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
