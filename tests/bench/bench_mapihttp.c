/* What the layers of MAPI over HTTP cost, as ratios measured in one run:
 *   an Execute against a plain POST of the same size over the same TLS connection, server and
 * client; DIRECT2 compression and decompression of ROP-like data against memcpy; a whole NTLM
 * exchange, both ends. Built by hand: cc -O2 -D_GNU_SOURCE tests/bench/bench_mapihttp.c
 * $(pkg-config --cflags --libs libwire) -lpthread */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <oxkit/wire/rpcext.h>

#include "../wire/mapi_site.h"

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void must(ox_status status, const char *what) {
  if (status == OX_OK) return;
  fprintf(stderr, "%s: %s\n", what, ox_status_text(status));
  exit(1);
}

/* ---- Execute against GET ----------------------------------------------------------------------
 */

typedef struct landing {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  bool done;
} landing;

static void execute_done(void *user, ox_status status, const ox_bytes *outputs, size_t output_count,
                         const ox_error *err) {
  landing *l = user;
  (void)outputs;
  (void)output_count;
  (void)err;
  must(status, "Execute");
  pthread_mutex_lock(&l->lock);
  l->done = true;
  pthread_cond_signal(&l->changed);
  pthread_mutex_unlock(&l->lock);
}

static double time_executes(ox_rop_transport *transport, ox_bytes rops, unsigned count) {
  landing l = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false};
  double start = seconds();
  for (unsigned i = 0; i < count; i++) {
    l.done = false;
    must(transport->execute(transport, 1, rops, OX_ROP_OUT_MAX_BYTES, OX_NO_DEADLINE, execute_done,
                            &l, NULL),
         "execute");
    pthread_mutex_lock(&l.lock);
    while (!l.done) pthread_cond_wait(&l.changed, &l.lock);
    pthread_mutex_unlock(&l.lock);
  }
  return (seconds() - start) / count;
}

static void echo(void *user, ox_http_exchange *exchange) {
  (void)user;
  ox_bytes body = ox_http_exchange_body(exchange);
  ox_http_exchange_respond(exchange, 200, NULL, 0, body.data, body.size_bytes);
}

static double time_posts(ox_http_client *http, const char *url, ox_bytes body, unsigned count) {
  double start = seconds();
  for (unsigned i = 0; i < count; i++) {
    ox_http_request request = OX_HTTP_REQUEST_INIT;
    ox_http_response *response;
    request.method = "POST";
    request.url = url;
    request.body = body.data;
    request.body_bytes = body.size_bytes;
    must(ox_http_client_call(http, &request, &response, NULL), "POST");
    ox_http_response_free(response);
  }
  return (seconds() - start) / count;
}

static void bench_execute(void) {
  enum { COUNT = 3000 };
  static uint8_t rops[300] = {2, 0};
  mapi_site *s = mapi_site_open(15000, 0);
  ox_http_server *plain;
  ox_http_route route;
  uint16_t plain_port;
  char url[128];
  char plain_url[128];
  ox_auth_client_options auth = OX_AUTH_CLIENT_OPTIONS_INIT;
  ox_http_client_options http = OX_HTTP_CLIENT_OPTIONS_INIT;
  ox_mapihttp_client_options mapi = OX_MAPIHTTP_CLIENT_OPTIONS_INIT;
  ox_auth_client *client_auth;
  ox_http_client *client;
  ox_rop_transport *transport;
  memset(&route, 0, sizeof route);
  route.struct_size = sizeof route;
  route.flags = OX_HTTP_ROUTE_WORKER;
  route.path = "/echo";
  route.handler = echo;
  must(ox_http_server_new(NULL, &plain, NULL), "server");
  must(ox_http_server_route(plain, &route), "route");
  must(ox_http_server_listen(plain, "127.0.0.1", 0, s->tls, &plain_port, NULL), "listen");
  must(ox_http_server_start(plain, NULL), "start");
  snprintf(url, sizeof url, "https://127.0.0.1:%u/mapi/emsmdb/", s->tls_port);
  snprintf(plain_url, sizeof plain_url, "https://127.0.0.1:%u/echo", plain_port);
  auth.user = "bob";
  auth.password = "bobsecret";
  must(ox_auth_client_new(&auth, &client_auth, NULL), "auth");
  http.auth = ox_auth_client_hook(client_auth);
  http.pins = s->pin;
  http.pin_count = 1;
  http.connection_max_count = 1;
  must(ox_http_client_new(&http, &client, NULL), "client");
  mapi.http = client;
  mapi.url = url;
  mapi.user_dn = "/o=ORG/cn=bob";
  must(ox_mapihttp_open(&mapi, &transport, NULL), "open");
  ox_bytes input = {rops, sizeof rops};
  time_executes(transport, input, COUNT / 10);
  double execute = time_executes(transport, input, COUNT);
  transport->close(transport);
  time_posts(client, plain_url, input, COUNT / 10);
  double post = time_posts(client, plain_url, input, COUNT);
  printf("Execute of 300 bytes      %8.1f us   %.2f times a POST of 300 bytes (%.1f us)\n",
         execute * 1e6, execute / post, post * 1e6);
  ox_http_client_free(client);
  ox_auth_client_free(client_auth);
  ox_http_server_stop(plain, 0);
  ox_http_server_free(plain);
  mapi_site_close(s);
}

/* ---- DIRECT2 against memcpy -------------------------------------------------------------------
 */

static void bench_lz77(void) {
  enum { SIZE = 32000, ROUNDS = 2000 };
  static uint8_t plain[SIZE];
  static uint8_t copy[SIZE];
  /* Rows of a table: a changing id, a date, text that repeats. */
  for (size_t at = 0; at + 64 <= SIZE; at += 64) {
    snprintf((char *)plain + at, 64, "row %06zu S.u.b.j.e.c.t. .o.f. .m.a.i.l. %04zx alice@ex",
             at / 64, at * 2654435761u % 65536);
  }
  ox_writer w;
  ox_bytes input = {plain, SIZE};
  ox_writer_init(&w, NULL, 100000);
  double start = seconds();
  for (unsigned i = 0; i < ROUNDS; i++) {
    ox_writer_reset(&w);
    ox_lz77_compress(&w, input);
  }
  double compress = (seconds() - start) / ROUNDS;
  start = seconds();
  for (unsigned i = 0; i < ROUNDS; i++)
    must(ox_lz77_decompress(ox_writer_bytes(&w), copy, SIZE, NULL), "decompress");
  double decompress = (seconds() - start) / ROUNDS;
  start = seconds();
  for (unsigned i = 0; i < ROUNDS * 10; i++) {
    memcpy(copy, plain, SIZE);
    __asm__ volatile("" : : "r"(copy) : "memory");
  }
  double memory = (seconds() - start) / (ROUNDS * 10);
  printf("DIRECT2 compression       %8.1f MB/s  %.0f times memcpy, to %.0f %%\n",
         SIZE / compress / 1e6, compress / memory, 100.0 * (double)w.size_bytes / SIZE);
  printf("DIRECT2 decompression     %8.1f MB/s  %.0f times memcpy\n", SIZE / decompress / 1e6,
         decompress / memory);
  ox_writer_dispose(&w);
}

/* ---- NTLM -------------------------------------------------------------------------------------
 */

static void bench_ntlm(void) {
  enum { ROUNDS = 5000 };
  uint8_t hash[16];
  must(ox_ntlm_nt_hash("secret", hash), "hash");
  double start = seconds();
  for (unsigned i = 0; i < ROUNDS; i++) {
    ox_ntlm_client_options client_options = OX_NTLM_CLIENT_OPTIONS_INIT;
    ox_ntlm_server_options server_options = OX_NTLM_SERVER_OPTIONS_INIT;
    ox_ntlm_client *client;
    ox_ntlm_server *server;
    ox_bytes message;
    const char *user;
    const char *domain;
    client_options.user = "alice";
    client_options.nt_hash = hash;
    server_options.netbios_computer = server_options.netbios_domain = "MAIL";
    server_options.dns_computer = "mail.example.test";
    must(ox_ntlm_client_new(&client_options, &client, NULL), "client");
    must(ox_ntlm_server_new(&server_options, &server, NULL), "server");
    must(ox_ntlm_client_negotiate(client, &message, NULL), "negotiate");
    must(ox_ntlm_server_challenge(server, message, &message, NULL), "challenge");
    must(ox_ntlm_client_authenticate(client, message, &message, NULL), "authenticate");
    must(ox_ntlm_server_authenticate(server, message, &user, &domain, NULL), "take");
    must(ox_ntlm_server_verify(server, hash, NULL), "verify");
    ox_ntlm_client_free(client);
    ox_ntlm_server_free(server);
  }
  double exchange = (seconds() - start) / ROUNDS;
  printf("NTLM exchange, both ends  %8.1f us   %.0f a second\n", exchange * 1e6, 1 / exchange);
}

int main(void) {
  bench_execute();
  bench_lz77();
  bench_ntlm();
  return 0;
}
