/* A MAPI server: serves a data directory that `ox init` made over MAPI/HTTP on TLS, until a line
 * (or the end) comes in on standard input.
 *
 *   cc server.c $(pkg-config --cflags --libs libdirectory libstore libwire) -o server
 *   ./server DIR PORT */
#include <stdio.h>
#include <stdlib.h>

#include <oxkit/directory/addressbook.h>
#include <oxkit/store/rop_server.h>
#include <oxkit/wire/auth.h>
#include <oxkit/wire/mapihttp.h>

typedef struct host {
  ox_directory *directory;
  ox_store *store;
  ox_outbound *delivery;
  ox_rop_processor *rops;
  ox_addressbook_server *book;
  ox_auth_server *auth;
  ox_tls_config *tls;
  ox_http_server *http;
  ox_mapihttp_server *mapi;
} host;

/* The data: people, mailboxes, delivery, and what executes ROPs and address book requests. */
static ox_status open_data(host *h, const char *dir, const char *db, ox_error *err) {
  ox_status status = ox_directory_open(db, NULL, &h->directory, err);
  if (status == OX_OK) status = ox_store_open(dir, NULL, &h->store, err);
  if (status != OX_OK) return status;
  ox_principals *people = ox_directory_principals(h->directory);
  status = ox_local_delivery_new(h->store, people, NULL, &h->delivery, err);
  if (status == OX_OK) {
    status = ox_rop_server_new(h->store, people, h->delivery, NULL, &h->rops, err);
  }
  if (status == OX_OK) status = ox_addressbook_server_new(h->directory, NULL, &h->book, err);
  return status;
}

/* The network: TLS, HTTP, authentication, MAPI over HTTP. */
static ox_status open_network(host *h, const char *cert, const char *key, unsigned port,
                              ox_error *err) {
  ox_tls_config_options tls = OX_TLS_CONFIG_OPTIONS_INIT;
  tls.server = true;
  tls.certificate_file = cert;
  tls.key_file = key;
  ox_auth_server_options auth = OX_AUTH_SERVER_OPTIONS_INIT;
  auth.identity = ox_directory_identity_source(h->directory);
  auth.dns_domain = ox_directory_domain(h->directory);
  ox_mapihttp_server_options mapi = OX_MAPIHTTP_SERVER_OPTIONS_INIT;
  mapi.rop_processor = h->rops;
  mapi.nspi_processor = ox_addressbook_server_processor(h->book);
  uint16_t bound;
  ox_status status = ox_tls_config_new(&tls, &h->tls, err);
  if (status == OX_OK) status = ox_http_server_new(NULL, &h->http, err);
  if (status == OX_OK) status = ox_auth_server_new(&auth, &h->auth, err);
  if (status == OX_OK) status = ox_mapihttp_server_new(&mapi, &h->mapi, err);
  if (status == OX_OK) {
    status =
        ox_mapihttp_server_attach(h->mapi, h->http, ox_auth_server_authenticator(h->auth), err);
  }
  if (status == OX_OK) {
    status = ox_http_server_listen(h->http, "127.0.0.1", (uint16_t)port, h->tls, &bound, err);
  }
  if (status == OX_OK) status = ox_http_server_start(h->http, err);
  if (status == OX_OK) printf("https://127.0.0.1:%u/mapi/emsmdb/\n", bound);
  return status;
}

static void close_all(host *h) {
  if (h->mapi != NULL) ox_mapihttp_server_stop(h->mapi);
  if (h->http != NULL) ox_http_server_stop(h->http, 5000);
  ox_mapihttp_server_free(h->mapi);
  ox_http_server_free(h->http);
  ox_auth_server_free(h->auth);
  ox_tls_config_free(h->tls);
  ox_rop_server_free(h->rops);
  ox_addressbook_server_free(h->book);
  ox_local_delivery_free(h->delivery);
  ox_store_close(h->store);
  ox_directory_close(h->directory);
}

int main(int argc, char **argv) {
  if (argc != 3) return fprintf(stderr, "usage: server DIR PORT\n"), 2;
  char db[4096], cert[4096], key[4096];
  snprintf(db, sizeof db, "%s/directory.db", argv[1]);
  snprintf(cert, sizeof cert, "%s/tls/cert.pem", argv[1]);
  snprintf(key, sizeof key, "%s/tls/key.pem", argv[1]);
  host h = {0};
  ox_error err = {0};
  ox_status status = open_data(&h, argv[1], db, &err);
  if (status == OX_OK) {
    status = open_network(&h, cert, key, (unsigned)strtoul(argv[2], NULL, 10), &err);
  }
  if (status == OX_OK) {
    fflush(stdout);
    (void)getchar();
  } else {
    fprintf(stderr, "%s\n", err.text);
  }
  close_all(&h);
  return status == OX_OK ? 0 : 1;
}
