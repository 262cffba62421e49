/* A server with two users for programs that authenticate: prints "http PORT", "https PORT",
 * "ca FILE" and "ready", and runs until its standard input ends. GET or POST /whoami answers with
 * the user, the scheme, and the size of the request's body; /mapi/... is the MAPI endpoint.
 *
 *   auth_site DIRECTORY [require-channel-binding] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <oxkit/wire/auth.h>
#include <oxkit/wire/mapihttp.h>

#include "../wire/fake_identity.h"
#include "../wire/fake_processor.h"

static void who_am_i(void *user, ox_http_exchange *exchange) {
  char text[256];
  (void)user;
  int size =
      snprintf(text, sizeof text, "%s %s %zu\n", ox_http_exchange_user(exchange),
               ox_http_exchange_auth_scheme(exchange), ox_http_exchange_body(exchange).size_bytes);
  ox_http_exchange_respond(exchange, 200, NULL, 0, text, (size_t)size);
}

static void must(ox_status status, const ox_error *err) {
  if (status == OX_OK) return;
  fprintf(stderr, "auth_site: %s\n", err->text);
  exit(1);
}

static ox_tls_config *make_tls(const char *directory) {
  static const char *const names[] = {"localhost", "127.0.0.1"};
  char path[4096];
  ox_tls_config_options options = OX_TLS_CONFIG_OPTIONS_INIT;
  ox_tls_config *config;
  ox_arena arena;
  ox_error err;
  ox_arena_init(&arena, NULL, 0);
  options.server = true;
  must(ox_tls_make_self_signed(names, 2, 0, 0, &arena, &options.certificate_pem, &options.key_pem,
                               &err),
       &err);
  snprintf(path, sizeof path, "%s/ca.pem", directory);
  FILE *file = fopen(path, "w");
  if (file == NULL || fputs(options.certificate_pem, file) < 0 || fclose(file) != 0) {
    perror(path);
    exit(1);
  }
  printf("ca %s\n", path);
  must(ox_tls_config_new(&options, &config, &err), &err);
  ox_arena_dispose(&arena);
  return config;
}

int main(int argc, char **argv) {
  static fake_identity identity;
  static fake_processor fake;
  ox_auth_server_options auth_options = OX_AUTH_SERVER_OPTIONS_INIT;
  ox_mapihttp_server_options mapi_options = OX_MAPIHTTP_SERVER_OPTIONS_INIT;
  ox_auth_server *auth;
  ox_mapihttp_server *mapi;
  ox_http_server *server;
  ox_http_route route;
  uint16_t port;
  uint16_t tls_port;
  ox_error err;
  char line[16];
  if (argc < 2) return 2;
  fake_identity_init(&identity);
  fake_init(&fake);
  auth_options.identity = &identity.base;
  auth_options.dns_domain = "example.test";
  auth_options.dns_computer = "localhost";
  auth_options.require_channel_binding = argc > 2;
  mapi_options.rop_processor = &fake.base;
  mapi_options.nspi_processor = &fake.nspi;
  must(ox_auth_server_new(&auth_options, &auth, &err), &err);
  must(ox_mapihttp_server_new(&mapi_options, &mapi, &err), &err);
  must(ox_http_server_new(NULL, &server, &err), &err);
  must(ox_mapihttp_server_attach(mapi, server, ox_auth_server_authenticator(auth), &err), &err);
  memset(&route, 0, sizeof route);
  route.struct_size = sizeof route;
  route.path = "/whoami";
  route.handler = who_am_i;
  route.authenticator = ox_auth_server_authenticator(auth);
  must(ox_http_server_route(server, &route), &err);
  ox_tls_config *tls = make_tls(argv[1]);
  must(ox_http_server_listen(server, "127.0.0.1", 0, NULL, &port, &err), &err);
  must(ox_http_server_listen(server, "127.0.0.1", 0, tls, &tls_port, &err), &err);
  must(ox_http_server_start(server, &err), &err);
  printf("http %u\nhttps %u\nready\n", port, tls_port);
  fflush(stdout);
  while (fgets(line, sizeof line, stdin) != NULL) continue;
  ox_mapihttp_server_stop(mapi);
  ox_http_server_stop(server, 1000);
  ox_mapihttp_server_free(mapi);
  ox_http_server_free(server);
  ox_auth_server_free(auth);
  ox_tls_config_free(tls);
  return 0;
}
