/* A server with one small answer, for bench_http.sh.
 * usage: bench_http [LOOPS]     prints its port, serves until standard input ends */
#include <stdio.h>
#include <stdlib.h>

#include <oxkit/wire/http_server.h>

static void handle(void *user, ox_http_exchange *exchange) {
  static const ox_http_header type = {"Content-Type", "text/plain"};
  (void)user;
  (void)ox_http_exchange_respond(exchange, 200, &type, 1, "hello, world\n", 13);
}

int main(int argc, char **argv) {
  ox_http_server_options options = OX_HTTP_SERVER_OPTIONS_INIT;
  options.loop_count = argc > 1 ? (unsigned)atoi(argv[1]) : 1;
  ox_http_server *server;
  ox_error err;
  uint16_t port;
  ox_http_route route = {sizeof route, 0, "/hello", NULL, handle, NULL, NULL, 0};
  if (ox_http_server_new(&options, &server, &err) != OX_OK ||
      ox_http_server_route(server, &route) != OX_OK ||
      ox_http_server_listen(server, "127.0.0.1", 0, NULL, &port, &err) != OX_OK ||
      ox_http_server_start(server, &err) != OX_OK) {
    fprintf(stderr, "bench_http: %s\n", err.text);
    return 1;
  }
  printf("%u\n", port);
  fflush(stdout);
  while (getchar() != EOF) continue;
  ox_http_server_free(server);
  return 0;
}
