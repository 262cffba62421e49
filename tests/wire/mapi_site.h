/* An HTTP server with the MAPI endpoint, two users and a fake processor behind it. */
#ifndef OXKIT_TESTS_MAPI_SITE_H
#define OXKIT_TESTS_MAPI_SITE_H

#include <stdlib.h>
#include <time.h>

#include <oxkit/wire/auth.h>
#include <oxkit/wire/mapihttp.h>

#include "fake_identity.h"
#include "fake_processor.h"

typedef struct mapi_site {
  fake_identity identity;
  fake_processor fake;
  ox_auth_server *auth;
  ox_mapihttp_server *mapi;
  ox_http_server *http;
  ox_tls_config *tls;
  ox_arena arena;
  const char *certificate_pem;
  uint8_t pin[32];
  uint16_t port;
  uint16_t tls_port;
} mapi_site;

static inline mapi_site *mapi_site_open_with(uint32_t pending_period_ms, uint32_t idle_ms,
                                             bool require_channel_binding) {
  static const char *const names[] = {"127.0.0.1", "localhost"};
  mapi_site *s = calloc(1, sizeof *s);
  ox_auth_server_options auth = OX_AUTH_SERVER_OPTIONS_INIT;
  ox_mapihttp_server_options mapi = OX_MAPIHTTP_SERVER_OPTIONS_INIT;
  ox_http_server_options http = OX_HTTP_SERVER_OPTIONS_INIT;
  ox_tls_config_options tls = OX_TLS_CONFIG_OPTIONS_INIT;
  const char *key_pem;
  fake_identity_init(&s->identity);
  fake_init(&s->fake);
  ox_arena_init(&s->arena, NULL, 0);
  auth.identity = &s->identity.base;
  auth.dns_domain = "example.test";
  auth.basic_without_tls = true;
  auth.require_channel_binding = require_channel_binding;
  mapi.rop_processor = &s->fake.base;
  mapi.nspi_processor = &s->fake.nspi;
  mapi.pending_period_ms = pending_period_ms;
  mapi.session_idle_ms = idle_ms;
  mapi.request_max_bytes = 300000;
  http.loop_count = 2;
  http.worker_count = 4;
  tls.server = true;
  if (ox_tls_make_self_signed(names, 2, 0, 0, &s->arena, &s->certificate_pem, &key_pem, NULL) !=
          OX_OK ||
      ox_tls_pem_fingerprint(s->certificate_pem, s->pin) != OX_OK)
    abort();
  tls.certificate_pem = s->certificate_pem;
  tls.key_pem = key_pem;
  if (ox_tls_config_new(&tls, &s->tls, NULL) != OX_OK ||
      ox_auth_server_new(&auth, &s->auth, NULL) != OX_OK ||
      ox_mapihttp_server_new(&mapi, &s->mapi, NULL) != OX_OK ||
      ox_http_server_new(&http, &s->http, NULL) != OX_OK ||
      ox_mapihttp_server_attach(s->mapi, s->http, ox_auth_server_authenticator(s->auth), NULL) !=
          OX_OK ||
      ox_http_server_listen(s->http, "127.0.0.1", 0, NULL, &s->port, NULL) != OX_OK ||
      ox_http_server_listen(s->http, "127.0.0.1", 0, s->tls, &s->tls_port, NULL) != OX_OK ||
      ox_http_server_start(s->http, NULL) != OX_OK)
    abort();
  return s;
}

static inline mapi_site *mapi_site_open(uint32_t pending_period_ms, uint32_t idle_ms) {
  return mapi_site_open_with(pending_period_ms, idle_ms, false);
}

static inline void mapi_site_close(mapi_site *s) {
  ox_mapihttp_server_stop(s->mapi);
  ox_http_server_stop(s->http, 2000);
  ox_mapihttp_server_free(s->mapi);
  ox_http_server_free(s->http);
  ox_auth_server_free(s->auth);
  ox_tls_config_free(s->tls);
  ox_arena_dispose(&s->arena);
  free(s);
}

static inline void sleep_ms(unsigned ms) {
  struct timespec pause = {ms / 1000, (long)(ms % 1000) * 1000000};
  nanosleep(&pause, NULL);
}

/* Waits until a counter of the fake has a value; false after ten seconds. */
static inline bool fake_reaches(fake_processor *fake, const unsigned *counter, unsigned value) {
  for (unsigned i = 0; i < 2000; i++) {
    pthread_mutex_lock(&fake->lock);
    bool there = *counter >= value;
    pthread_mutex_unlock(&fake->lock);
    if (there) return true;
    sleep_ms(5);
  }
  return false;
}

#endif
