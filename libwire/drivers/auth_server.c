/* The server's end of HTTP authentication: one state per connection, one decision per request. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <oxkit/ropcodec/memory.h>
#include <oxkit/wire/auth.h>
#include <oxkit/wire/ntlm.h>

#include "base64.h"

enum { OFFER_MAX_COUNT = 2, DIGEST_BYTES = 32, SALT_BYTES = 16 };

struct ox_auth_server {
  ox_http_authenticator authenticator; /* first: the pointer is converted back */
  ox_auth_server_options options;
  const ox_environment *environment;
  ox_arena strings;
  char *basic_challenge;
};

/* What a connection is known for. Used by one request at a time. */
typedef struct connection_state {
  const ox_allocator *allocator;
  ox_ntlm_server *ntlm; /* a handshake in progress */
  char *ntlm_user;      /* who the connection belongs to, after one */
  char *basic_user;     /* who the remembered field is from */
  uint64_t basic_until_ms;
  uint8_t basic_salt[SALT_BYTES];
  uint8_t basic_digest[DIGEST_BYTES];
} connection_state;

/* A decision that waits for the identity source; in the exchange's arena. */
typedef struct job {
  ox_auth_server *server;
  ox_http_exchange *exchange;
  connection_state *state;
  const char *authorization; /* Basic */
  const char *user;
  const char *domain; /* NTLM */
  char *password;     /* Basic */
} job;

static void forget_ntlm(connection_state *state) {
  ox_ntlm_server_free(state->ntlm);
  state->ntlm = NULL;
  ox_free(state->allocator, state->ntlm_user);
  state->ntlm_user = NULL;
}

static void forget_basic(connection_state *state) {
  ox_free(state->allocator, state->basic_user);
  state->basic_user = NULL;
  ox_wipe(state->basic_digest, sizeof state->basic_digest);
}

static void free_state(void *opaque) {
  connection_state *state = opaque;
  forget_ntlm(state);
  forget_basic(state);
  ox_free(state->allocator, state);
}

static char *copy_text(const ox_allocator *allocator, const char *text) {
  size_t size = strlen(text) + 1;
  char *copy = ox_malloc(allocator, size);
  if (copy != NULL) memcpy(copy, text, size);
  return copy;
}

static connection_state *state_of(ox_auth_server *server, ox_http_exchange *exchange) {
  connection_state *state = ox_http_exchange_connection_state(exchange, &server->authenticator);
  if (state != NULL) return state;
  state = ox_calloc(server->options.allocator, 1, sizeof *state);
  if (state == NULL) return NULL;
  state->allocator = server->options.allocator;
  if (ox_http_exchange_set_connection_state(exchange, &server->authenticator, state, free_state) !=
      OX_OK)
    return NULL; /* freed by the server */
  return state;
}

static bool basic_allowed(const ox_auth_server *server, const ox_http_exchange *exchange) {
  if ((server->options.schemes & OX_AUTH_BASIC) == 0) return false;
  return ox_http_exchange_is_tls(exchange) || server->options.basic_without_tls;
}

static bool ntlm_allowed(const ox_auth_server *server) {
  return (server->options.schemes & OX_AUTH_NTLM) != 0 && server->options.identity->nt_hash != NULL;
}

/* 401 with everything that the client may try. */
static void offer(ox_auth_server *server, ox_http_exchange *exchange) {
  const char *offers[OFFER_MAX_COUNT];
  size_t count = 0;
  if (ntlm_allowed(server)) offers[count++] = "NTLM";
  if (basic_allowed(server, exchange)) offers[count++] = server->basic_challenge;
  if (count == 0) {
    ox_http_exchange_respond(exchange, 403, NULL, 0, "Use https.\r\n", 12);
    return;
  }
  ox_http_auth_challenge(exchange, offers, count);
}

static void fail(ox_http_exchange *exchange, unsigned status) {
  ox_http_exchange_respond(exchange, status, NULL, 0, NULL, 0);
}

/* What the identity source said, when it was no success. */
static void refuse(job *j, ox_status status) {
  if (status == OX_E_LOGON_FAILED || status == OX_E_NO_SUPPORT || status == OX_E_NOT_FOUND ||
      status == OX_E_ACCESS_DENIED)
    offer(j->server, j->exchange);
  else
    fail(j->exchange, 503);
}

/* ---- Basic ----------------------------------------------------------------------------------- */

static bool digest_field(const connection_state *state, const char *field,
                         uint8_t digest_out[DIGEST_BYTES]) {
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  bool ok = context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1 &&
            EVP_DigestUpdate(context, state->basic_salt, SALT_BYTES) == 1 &&
            EVP_DigestUpdate(context, field, strlen(field)) == 1 &&
            EVP_DigestFinal_ex(context, digest_out, NULL) == 1;
  EVP_MD_CTX_free(context);
  return ok;
}

static uint64_t now_ms(const ox_auth_server *server) {
  return server->environment->monotonic_ms(server->environment->user);
}

/* The same field as before on the same connection, and not for too long. */
static bool is_remembered(const ox_auth_server *server, const connection_state *state,
                          const char *field) {
  uint8_t digest[DIGEST_BYTES];
  if (state->basic_user == NULL || now_ms(server) >= state->basic_until_ms) return false;
  if (!digest_field(state, field, digest)) return false;
  return CRYPTO_memcmp(digest, state->basic_digest, sizeof digest) == 0;
}

static void remember(ox_auth_server *server, connection_state *state, const char *field,
                     const char *user) {
  const ox_environment *env = server->environment;
  forget_basic(state);
  if (env->random(env->user, state->basic_salt, SALT_BYTES) != OX_OK) return;
  if (!digest_field(state, field, state->basic_digest)) return;
  state->basic_user = copy_text(state->allocator, user);
  state->basic_until_ms = now_ms(server) + server->options.basic_remember_ms;
}

static void basic_done(void *user, ox_status status, const char *canonical_user,
                       const ox_error *err) {
  job *j = user;
  (void)err;
  ox_wipe(j->password, strlen(j->password));
  if (status != OX_OK) {
    forget_basic(j->state);
    refuse(j, status);
    return;
  }
  remember(j->server, j->state, j->authorization, canonical_user);
  ox_http_auth_accept(j->exchange, canonical_user, "Basic");
}

static void basic_verify(void *user, ox_http_exchange *exchange) {
  job *j = user;
  ox_identity_source *identity = j->server->options.identity;
  (void)exchange;
  ox_status status = identity->verify_password(
      identity, j->user, j->password, now_ms(j->server) + j->server->options.verify_timeout_ms,
      basic_done, j, NULL);
  if (status != OX_OK) basic_done(j, status, NULL, NULL);
}

static void begin_basic(job *j) {
  ox_arena *arena = ox_http_exchange_arena(j->exchange);
  forget_ntlm(j->state); /* the connection is not that user's alone any more */
  if (!basic_allowed(j->server, j->exchange)) {
    offer(j->server, j->exchange);
    return;
  }
  if (is_remembered(j->server, j->state, j->authorization)) {
    ox_http_auth_accept(j->exchange, j->state->basic_user, "Basic");
    return;
  }
  ox_status status = ox_basic_decode(j->authorization, arena, &j->user, &j->password);
  if (status == OX_E_NO_MEMORY) {
    fail(j->exchange, 503);
  } else if (status != OX_OK) {
    offer(j->server, j->exchange);
  } else if (ox_http_exchange_run(j->exchange, basic_verify, j) != OX_OK) {
    ox_wipe(j->password, strlen(j->password));
    fail(j->exchange, 503);
  }
}

/* ---- NTLM ------------------------------------------------------------------------------------ */

static ox_status new_handshake(job *j) {
  static const char prefix[] = "tls-server-end-point:";
  uint8_t binding[sizeof prefix + 64];
  const ox_auth_server_options *options = &j->server->options;
  ox_ntlm_server_options ntlm = OX_NTLM_SERVER_OPTIONS_INIT;
  ox_bytes end_point = ox_http_exchange_tls_end_point(j->exchange);
  ntlm.allocator = options->allocator;
  ntlm.environment = j->server->environment;
  ntlm.netbios_computer = options->netbios_computer;
  ntlm.netbios_domain = options->netbios_domain;
  ntlm.dns_computer = options->dns_computer;
  ntlm.dns_domain = options->dns_domain;
  ntlm.allow_ntlm_v1 = options->allow_ntlm_v1;
  if (end_point.size_bytes > 0 && end_point.size_bytes <= 64) {
    memcpy(binding, prefix, sizeof prefix - 1);
    memcpy(binding + sizeof prefix - 1, end_point.data, end_point.size_bytes);
    ntlm.channel_binding.data = binding;
    ntlm.channel_binding.size_bytes = sizeof prefix - 1 + end_point.size_bytes;
    ntlm.require_channel_binding = options->require_channel_binding;
  }
  return ox_ntlm_server_new(&ntlm, &j->state->ntlm, NULL);
}

/* The first message of a handshake: who the connection was until now does not count any more. */
static void begin_ntlm(job *j, ox_bytes message) {
  ox_arena *arena = ox_http_exchange_arena(j->exchange);
  ox_bytes challenge;
  forget_ntlm(j->state);
  forget_basic(j->state);
  ox_status status = new_handshake(j);
  if (status == OX_OK) status = ox_ntlm_server_challenge(j->state->ntlm, message, &challenge, NULL);
  if (status != OX_OK) {
    forget_ntlm(j->state);
    offer(j->server, j->exchange);
    return;
  }
  char *text = ox_arena_alloc(arena, 5 + OX_BASE64_CHARS(challenge.size_bytes) + 1);
  if (text == NULL) {
    fail(j->exchange, 503);
    return;
  }
  memcpy(text, "NTLM ", 5);
  ox_base64_encode(challenge.data, challenge.size_bytes, text + 5);
  const char *offers[1] = {text};
  ox_http_auth_challenge(j->exchange, offers, 1);
}

static void ntlm_done(void *user, ox_status status, const char *canonical_user,
                      const uint8_t nt_hash[16], const ox_error *err) {
  job *j = user;
  (void)err;
  if (status == OX_OK) status = ox_ntlm_server_verify(j->state->ntlm, nt_hash, NULL);
  forget_ntlm(j->state);
  if (status == OX_OK) {
    j->state->ntlm_user = copy_text(j->state->allocator, canonical_user);
    if (j->state->ntlm_user == NULL) status = OX_E_NO_MEMORY;
  }
  if (status == OX_OK)
    ox_http_auth_accept(j->exchange, canonical_user, "NTLM");
  else
    refuse(j, status);
}

static void ntlm_look_up(void *user, ox_http_exchange *exchange) {
  job *j = user;
  ox_identity_source *identity = j->server->options.identity;
  (void)exchange;
  ox_status status = identity->nt_hash(identity, j->user, j->domain,
                                       now_ms(j->server) + j->server->options.verify_timeout_ms,
                                       ntlm_done, j, NULL);
  if (status != OX_OK) ntlm_done(j, status, NULL, NULL, NULL);
}

/* The last message; it counts only on the connection of the challenge. */
static void end_ntlm(job *j, ox_bytes message) {
  ox_status status = OX_E_LOGON_FAILED;
  if (j->state->ntlm != NULL)
    status = ox_ntlm_server_authenticate(j->state->ntlm, message, &j->user, &j->domain, NULL);
  if (status != OX_OK) {
    forget_ntlm(j->state);
    offer(j->server, j->exchange);
  } else if (ox_http_exchange_run(j->exchange, ntlm_look_up, j) != OX_OK) {
    forget_ntlm(j->state);
    fail(j->exchange, 503);
  }
}

static void take_ntlm(job *j, const char *text) {
  ox_bytes message;
  ox_status status = ox_base64_decode(text, ox_http_exchange_arena(j->exchange), &message);
  bool readable = status == OX_OK && message.size_bytes > 8 && ntlm_allowed(j->server);
  uint8_t type = readable ? message.data[8] : 0;
  if (type == 1) {
    begin_ntlm(j, message);
  } else if (type == 3) {
    end_ntlm(j, message);
  } else {
    forget_ntlm(j->state);
    offer(j->server, j->exchange);
  }
}

/* ---- The decision ---------------------------------------------------------------------------- */

static const char *after_scheme(const char *field, const char *scheme) {
  size_t size = strlen(scheme);
  if (strncasecmp(field, scheme, size) != 0 || field[size] != ' ') return NULL;
  return field + size + strspn(field + size, " ");
}

static void authenticate(ox_http_authenticator *authenticator, ox_http_exchange *exchange) {
  ox_auth_server *server = (ox_auth_server *)authenticator;
  const char *field = ox_http_exchange_header(exchange, "Authorization");
  job *j = ox_arena_calloc(ox_http_exchange_arena(exchange), 1, sizeof *j);
  connection_state *state = state_of(server, exchange);
  if (j == NULL || state == NULL) {
    fail(exchange, 503);
    return;
  }
  j->server = server;
  j->exchange = exchange;
  j->state = state;
  j->authorization = field;
  if (field == NULL) {
    if (state->ntlm_user != NULL)
      ox_http_auth_accept(exchange, state->ntlm_user, "NTLM");
    else
      offer(server, exchange);
    return;
  }
  const char *ntlm = after_scheme(field, "NTLM");
  if (ntlm != NULL) {
    take_ntlm(j, ntlm);
  } else if (after_scheme(field, "Basic") != NULL) {
    begin_basic(j);
  } else {
    forget_ntlm(state);
    offer(server, exchange);
  }
}

/* ---- Life ------------------------------------------------------------------------------------ */

/* "example.test" -> "EXAMPLE", at most the 15 characters of a NetBIOS name. */
static char *netbios_name(ox_arena *arena, const char *dns_name) {
  size_t size = strcspn(dns_name, ".");
  char *name = ox_arena_copy(arena, dns_name, size < 15 ? size : 15);
  for (char *at = name; name != NULL && *at != 0; at++)
    if (*at >= 'a' && *at <= 'z') *at = (char)(*at - 'a' + 'A');
  return name;
}

static const char *copy_or(ox_arena *arena, const char *text, const char *otherwise) {
  return ox_arena_strdup(arena, text != NULL ? text : otherwise);
}

static bool copy_options(ox_auth_server *server, const ox_auth_server_options *options) {
  ox_auth_server_options *own = &server->options;
  ox_arena *arena = &server->strings;
  *own = *options;
  own->dns_domain = copy_or(arena, options->dns_domain, NULL);
  own->dns_computer = copy_or(arena, options->dns_computer, options->dns_domain);
  own->realm = copy_or(arena, options->realm, options->dns_domain);
  own->netbios_domain = options->netbios_domain != NULL
                            ? ox_arena_strdup(arena, options->netbios_domain)
                            : netbios_name(arena, options->dns_domain);
  if (own->dns_computer == NULL) return false;
  own->netbios_computer = options->netbios_computer != NULL
                              ? ox_arena_strdup(arena, options->netbios_computer)
                              : netbios_name(arena, own->dns_computer);
  if (own->schemes == 0) own->schemes = OX_AUTH_BASIC | OX_AUTH_NTLM;
  if (own->verify_timeout_ms == 0) own->verify_timeout_ms = 30000;
  if (own->basic_remember_ms == 0) own->basic_remember_ms = 60000;
  if (own->realm == NULL) return false;
  size_t size = strlen(own->realm) + 64;
  server->basic_challenge = ox_arena_alloc(arena, size);
  if (server->basic_challenge == NULL) return false;
  snprintf(server->basic_challenge, size, "Basic realm=\"%s\", charset=\"UTF-8\"", own->realm);
  return own->dns_domain != NULL && own->netbios_domain != NULL && own->netbios_computer != NULL;
}

ox_status ox_auth_server_new(const ox_auth_server_options *options, ox_auth_server **out,
                             ox_error *err) {
  *out = NULL;
  if (options->struct_size < sizeof *options || options->identity == NULL ||
      options->dns_domain == NULL)
    return ox_error_set(err, OX_E_USAGE, "Authentication needs users and a domain.");
  const char *realm = options->realm != NULL ? options->realm : options->dns_domain;
  if (strpbrk(realm, "\"\\") != NULL || !ox_http_is_field_value(realm, strlen(realm)))
    return ox_error_set(err, OX_E_USAGE, "The realm cannot stand in a header field.");
  ox_auth_server *server = ox_calloc(options->allocator, 1, sizeof *server);
  if (server == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  ox_arena_init(&server->strings, options->allocator, 65536);
  server->authenticator.struct_size = sizeof server->authenticator;
  server->authenticator.authenticate = authenticate;
  server->environment =
      options->environment != NULL ? options->environment : ox_environment_system();
  if (!copy_options(server, options)) {
    ox_auth_server_free(server);
    return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  }
  *out = server;
  return OX_OK;
}

ox_http_authenticator *ox_auth_server_authenticator(ox_auth_server *server) {
  return &server->authenticator;
}

void ox_auth_server_free(ox_auth_server *server) {
  if (server == NULL) return;
  const ox_allocator *allocator = server->options.allocator;
  ox_arena_dispose(&server->strings);
  ox_free(allocator, server);
}
