/* ox serve: wires every server role together over a data directory. This file is the worked example
 * of embedding the suite: each library is made here, handed to the next, and ended in the reverse
 * order. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <oxkit/directory/addressbook.h>
#include <oxkit/directory/wire.h>
#include <oxkit/store/rop_server.h>
#include <oxkit/wire/auth.h>
#include <oxkit/wire/mapihttp.h>

#include "data_directory.h"

/* Offsets of the ports from --port-base. */
enum { PORT_HTTPS = 443 };

typedef struct server {
  const command *self;
  const char *listen;
  const char *host; /* in URLs */
  uint16_t port;    /* 0: the system picks */
  FILE *trace;
  pthread_mutex_t trace_lock;
  data_directory data;
  ox_tls_config *tls;
  ox_http_server *http;
  ox_auth_server *auth;
  ox_rop_processor *rops;
  ox_addressbook_server *address_book;
  ox_mapihttp_server *mapi;
  ox_autodiscover_server_options autodiscover_options; /* the endpoint keeps a reference */
  char mail_store_url[512];
  char address_book_url[512];
  ox_autodiscover_endpoint *autodiscover;
} server;

/* ---- trace: one JSON object a line
 * --------------------------------------------------------------- */

static void trace_line(server *s, json_t *line) {
  if (line == NULL) return;
  pthread_mutex_lock(&s->trace_lock);
  json_dumpf(line, s->trace, JSON_COMPACT);
  fputc('\n', s->trace);
  fflush(s->trace);
  pthread_mutex_unlock(&s->trace_lock);
  json_decref(line);
}

static double seconds_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void trace_http(void *user, const ox_http_trace *t) {
  trace_line(
      user,
      json_pack("{s:f, s:s, s:s, s:o, s:o, s:o, s:i, s:I, s:I, s:I, s:o}", "time", seconds_now(),
                "layer", "http", "peer", t->peer, "method", json_text(t->method), "target",
                json_text(t->target), "user", json_text(t->user), "status", (int)t->status, "us",
                (json_int_t)t->duration_us, "in", (json_int_t)t->request_body_bytes, "out",
                (json_int_t)t->response_body_bytes, "problem", json_text(t->problem)));
}

static void trace_rop(void *user, const ox_rop_server_trace *t) {
  trace_line(user, json_pack("{s:f, s:s, s:o, s:s, s:s, s:I, s:I}", "time", seconds_now(), "layer",
                             "rop", "user", json_text(t->user), "rop", t->rop_name, "status",
                             ox_status_name(t->status), "in", (json_int_t)t->request_bytes, "out",
                             (json_int_t)t->response_bytes));
}

/* ---- wiring
 * ----------------------------------------------------------------------------------------- */

static ox_status start_tls(server *s, const char *directory, ox_error *err) {
  char *certificate = data_path(directory, "tls/cert.pem");
  char *key = data_path(directory, "tls/key.pem");
  ox_tls_config_options options = OX_TLS_CONFIG_OPTIONS_INIT;
  options.server = true;
  options.certificate_file = certificate;
  options.key_file = key;
  options.alpn = "http/1.1";
  ox_status status = certificate != NULL && key != NULL ? ox_tls_config_new(&options, &s->tls, err)
                                                        : ox_error_set(err, OX_E_NO_MEMORY, NULL);
  free(certificate);
  free(key);
  return status;
}

static ox_status start_http(server *s, ox_error *err) {
  ox_http_server_options options = OX_HTTP_SERVER_OPTIONS_INIT;
  if (s->trace != NULL) {
    options.trace = trace_http;
    options.trace_user = s;
  }
  ox_status status = ox_http_server_new(&options, &s->http, err);
  if (status == OX_OK) {
    status = ox_http_server_listen(s->http, s->listen, s->port, s->tls, &s->port, err);
  }
  return status;
}

static ox_status start_auth(server *s, ox_error *err) {
  ox_auth_server_options options = OX_AUTH_SERVER_OPTIONS_INIT;
  options.identity = ox_directory_identity_source(s->data.directory);
  options.dns_domain = ox_directory_domain(s->data.directory);
  options.dns_computer = s->host;
  options.schemes = OX_AUTH_BASIC;
  if (ox_directory_has_ntlm(s->data.directory)) options.schemes |= OX_AUTH_NTLM;
  return ox_auth_server_new(&options, &s->auth, err);
}

static ox_status start_mapi(server *s, ox_error *err) {
  ox_rop_server_options rop_options = OX_ROP_SERVER_OPTIONS_INIT;
  if (s->trace != NULL) {
    rop_options.trace = trace_rop;
    rop_options.trace_user = s;
  }
  ox_status status = ox_rop_server_new(s->data.store, ox_directory_principals(s->data.directory),
                                       s->data.delivery, &rop_options, &s->rops, err);
  if (status == OX_OK) {
    status = ox_addressbook_server_new(s->data.directory, NULL, &s->address_book, err);
  }
  if (status != OX_OK) return status;
  ox_mapihttp_server_options options = OX_MAPIHTTP_SERVER_OPTIONS_INIT;
  options.rop_processor = s->rops;
  options.nspi_processor = ox_addressbook_server_processor(s->address_book);
  status = ox_mapihttp_server_new(&options, &s->mapi, err);
  if (status == OX_OK) {
    status =
        ox_mapihttp_server_attach(s->mapi, s->http, ox_auth_server_authenticator(s->auth), err);
  }
  return status;
}

static void format_url(const server *s, const char *path, char *out, size_t size) {
  bool is_ipv6 = strchr(s->host, ':') != NULL;
  snprintf(out, size, is_ipv6 ? "https://[%s]:%u%s" : "https://%s:%u%s", s->host, s->port, path);
}

static ox_status start_autodiscover(server *s, ox_error *err) {
  format_url(s, "/mapi/emsmdb/", s->mail_store_url, sizeof s->mail_store_url);
  format_url(s, "/mapi/nspi/", s->address_book_url, sizeof s->address_book_url);
  s->autodiscover_options = (ox_autodiscover_server_options)OX_AUTODISCOVER_SERVER_OPTIONS_INIT;
  s->autodiscover_options.mail_store_url = s->mail_store_url;
  s->autodiscover_options.address_book_url = s->address_book_url;
  return ox_autodiscover_endpoint_add(s->http, s->data.directory, &s->autodiscover_options,
                                      ox_auth_server_authenticator(s->auth), &s->autodiscover, err);
}

static void print_endpoints(const server *s) {
  static const struct {
    const char *name;
    const char *path;
  } endpoints[] = {
      {"mapi", "/mapi/emsmdb/"},
      {"nspi", "/mapi/nspi/"},
      {"autodiscover", OX_AUTODISCOVER_PATH},
  };
  for (size_t i = 0; i < sizeof endpoints / sizeof endpoints[0]; i++) {
    char url[512];
    format_url(s, endpoints[i].path, url, sizeof url);
    printf("%-13s %s\n", endpoints[i].name, url);
  }
  puts("ready");
  fflush(stdout);
}

/* Until a signal asks for the end; sweeps expired sessions meanwhile. */
static void run_until_signalled(server *s, const sigset_t *signals) {
  for (;;) {
    uint64_t next_ms = ox_mapihttp_server_sweep(s->mapi);
    if (next_ms > 60000) next_ms = 60000;
    struct timespec timeout = {.tv_sec = (time_t)(next_ms / 1000),
                               .tv_nsec = (long)(next_ms % 1000) * 1000000};
    if (sigtimedwait(signals, NULL, &timeout) > 0) return;
    if (errno != EAGAIN && errno != EINTR) return;
  }
}

static void stop(server *s) {
  if (s->mapi != NULL) ox_mapihttp_server_stop(s->mapi);
  if (s->http != NULL) ox_http_server_stop(s->http, 5000);
  ox_mapihttp_server_free(s->mapi);
  ox_http_server_free(s->http);
  ox_autodiscover_endpoint_free(s->autodiscover);
  ox_rop_server_free(s->rops);
  ox_addressbook_server_free(s->address_book);
  ox_auth_server_free(s->auth);
  ox_tls_config_free(s->tls);
  data_directory_close(&s->data);
  if (s->trace != NULL) fclose(s->trace);
}

static int serve(server *s, const char *directory) {
  int status = data_directory_open(s->self, directory, &s->data);
  if (status != EXIT_DONE) return status;
  ox_error err = {0};
  ox_status result = start_tls(s, directory, &err);
  if (result == OX_OK) result = start_http(s, &err);
  if (result == OX_OK) result = start_auth(s, &err);
  if (result == OX_OK) result = start_mapi(s, &err);
  if (result == OX_OK) result = start_autodiscover(s, &err);
  /* The signals that end the server wait for sigtimedwait, in every thread made from here on. */
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, NULL);
  if (result == OX_OK) result = ox_http_server_start(s->http, &err);
  if (result != OX_OK) {
    status = fail_error(s->self, NULL, "starting", result, &err);
  } else {
    print_endpoints(s);
    run_until_signalled(s, &signals);
  }
  stop(s);
  return status;
}

static int run(const command *self, int argc, char **argv) {
  const char *listen = "127.0.0.1", *host = NULL, *port_base = "0", *trace = NULL;
  const option_spec options[] = {
      {.name = "listen", .value = &listen},
      {.name = "host", .value = &host},
      {.name = "port-base", .value = &port_base},
      {.name = "trace", .value = &trace},
  };
  int status;
  int operands =
      parse_options(self, argc, argv, options, sizeof options / sizeof options[0], &status);
  if (operands < 0) return status;
  if (operands != 1) return usage_error(self, "name a data directory");
  char *end;
  unsigned long base = strtoul(port_base, &end, 10);
  if (*end != 0 || base + PORT_HTTPS > 65535) {
    return usage_error(self, "--port-base takes a number up to %d", 65535 - PORT_HTTPS);
  }
  server s = {.self = self, .listen = listen, .host = host != NULL ? host : listen};
  s.port = base != 0 ? (uint16_t)(base + PORT_HTTPS) : 0;
  pthread_mutex_init(&s.trace_lock, NULL);
  if (trace != NULL && (s.trace = fopen(trace, "a")) == NULL) {
    return fail(self, NULL, "%s: %s", trace, strerror(errno));
  }
  status = serve(&s, argv[1]);
  pthread_mutex_destroy(&s.trace_lock);
  return status;
}

const command command_serve = {
    .name = "serve",
    .summary = "run every server role",
    .usage =
        "usage: ox serve DIR [OPTION...]\n"
        "\n"
        "Serves a data directory: MAPI over HTTP, the address book and Autodiscover, over TLS.\n"
        "Prints one line per endpoint, then \"ready\"; SIGTERM ends it in good order.\n"
        "\n"
        "  --listen ADDRESS   address to bind (127.0.0.1)\n"
        "  --host NAME        name in the URLs that clients are told (the address)\n"
        "  --port-base N      HTTPS listens on N + 443; 0 lets the system pick (0)\n"
        "  --trace FILE       append one JSON object per HTTP request and per ROP\n",
    .run = run,
};
