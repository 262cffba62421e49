/* The client's end of HTTP authentication: a hook of ox_http_client. One state per connection. */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <oxkit/ropcodec/memory.h>
#include <oxkit/wire/auth.h>
#include <oxkit/wire/ntlm.h>

#include "base64.h"

enum { TRY_MAX_COUNT = 6 };

struct ox_auth_client {
  ox_http_client_auth hook; /* first: the pointer is converted back */
  const ox_allocator *allocator;
  const ox_environment *environment;
  uint32_t schemes;
  bool basic_without_tls;
  ox_arena strings;
  const char *user;
  const char *password;
  const char *workstation;
  uint8_t nt_hash[OX_NTLM_HASH_BYTES];
  atomic_uint learned; /* the scheme that the server took last: offered first on new connections */
};

typedef enum progress { FRESH, NEGOTIATED, AUTHENTICATED, BASIC_SENT, ESTABLISHED } progress;

typedef struct connection_state {
  const ox_allocator *allocator;
  ox_ntlm_client *ntlm;
  progress progress;
} connection_state;

static void reset_state(connection_state *state) {
  ox_ntlm_client_free(state->ntlm);
  state->ntlm = NULL;
  state->progress = FRESH;
}

static void free_state(ox_http_client_auth *hook, void *opaque) {
  connection_state *state = opaque;
  (void)hook;
  if (state == NULL) return;
  reset_state(state);
  ox_free(state->allocator, state);
}

static connection_state *state_of(ox_auth_client *client, ox_http_client_step *step) {
  connection_state *state = *step->state;
  if (state == NULL) {
    state = ox_calloc(client->allocator, 1, sizeof *state);
    if (state == NULL) return NULL;
    state->allocator = client->allocator;
    *step->state = state;
  }
  if (step->connection_is_new) reset_state(state);
  return state;
}

/* ---- Schemes --------------------------------------------------------------------------------- */

static const char *find_challenge(const ox_http_client_step *step, const char *scheme) {
  size_t size = strlen(scheme);
  for (size_t i = 0; i < step->challenge_count; i++) {
    const char *value = step->challenges[i];
    if (strncasecmp(value, scheme, size) != 0) continue;
    if (value[size] != 0 && value[size] != ' ' && value[size] != ',') continue;
    return value + size + strspn(value + size, " ");
  }
  return NULL;
}

static bool basic_allowed(const ox_auth_client *client, const ox_http_client_step *step) {
  return (client->schemes & OX_AUTH_BASIC) != 0 && (step->is_tls || client->basic_without_tls);
}

static ox_status new_ntlm(ox_auth_client *client, const ox_http_client_step *step,
                          connection_state *state, ox_error *err) {
  static const char prefix[] = "tls-server-end-point:";
  ox_ntlm_client_options options = OX_NTLM_CLIENT_OPTIONS_INIT;
  char target[300];
  uint8_t binding[sizeof prefix + 64];
  ox_ntlm_client_free(state->ntlm);
  state->ntlm = NULL;
  options.allocator = client->allocator;
  options.environment = client->environment;
  options.user = client->user;
  options.nt_hash = client->nt_hash;
  options.workstation = client->workstation;
  snprintf(target, sizeof target, "HTTP/%s", step->host);
  options.target_name = target;
  if (step->tls_end_point.size_bytes > 0 && step->tls_end_point.size_bytes <= 64) {
    memcpy(binding, prefix, sizeof prefix - 1);
    memcpy(binding + sizeof prefix - 1, step->tls_end_point.data, step->tls_end_point.size_bytes);
    options.channel_binding.data = binding;
    options.channel_binding.size_bytes = sizeof prefix - 1 + step->tls_end_point.size_bytes;
  }
  return ox_ntlm_client_new(&options, &state->ntlm, err);
}

static ox_status put_ntlm(ox_http_client_step *step, ox_bytes message, ox_error *err) {
  if (5 + OX_BASE64_CHARS(message.size_bytes) + 1 > OX_HTTP_AUTHORIZATION_MAX_BYTES)
    return ox_error_set(err, OX_E_LIMIT, NULL);
  memcpy(step->authorization, "NTLM ", 5);
  ox_base64_encode(message.data, message.size_bytes, step->authorization + 5);
  return OX_OK;
}

static ox_status send_negotiate(ox_auth_client *client, ox_http_client_step *step,
                                connection_state *state, ox_error *err) {
  ox_bytes message;
  ox_status status = new_ntlm(client, step, state, err);
  if (status == OX_OK) status = ox_ntlm_client_negotiate(state->ntlm, &message, err);
  if (status == OX_OK) status = put_ntlm(step, message, err);
  if (status != OX_OK) return status;
  step->without_body = true;
  state->progress = NEGOTIATED;
  return OX_OK;
}

static ox_status send_authenticate(ox_auth_client *client, ox_http_client_step *step,
                                   connection_state *state, const char *text, ox_error *err) {
  ox_arena arena;
  ox_bytes challenge;
  ox_bytes message;
  ox_arena_init(&arena, client->allocator, 0);
  ox_status status = ox_base64_decode(text, &arena, &challenge);
  if (status != OX_OK) ox_error_set(err, status, "The NTLM challenge is no base64 text.");
  if (status == OX_OK) status = ox_ntlm_client_authenticate(state->ntlm, challenge, &message, err);
  if (status == OX_OK) status = put_ntlm(step, message, err);
  ox_arena_dispose(&arena);
  if (status == OX_OK) state->progress = AUTHENTICATED;
  return status;
}

static ox_status send_basic(ox_auth_client *client, ox_http_client_step *step,
                            connection_state *state, ox_error *err) {
  ox_status status = ox_basic_encode(client->user, client->password, step->authorization,
                                     OX_HTTP_AUTHORIZATION_MAX_BYTES);
  if (status != OX_OK)
    return ox_error_set(err, status, "The user name or password does not fit in Basic.");
  state->progress = BASIC_SENT;
  return OX_OK;
}

static ox_status failed(ox_auth_client *client, connection_state *state, ox_error *err) {
  atomic_store(&client->learned, 0);
  reset_state(state);
  return ox_error_set(err, OX_E_LOGON_FAILED, NULL);
}

/* ---- Steps ----------------------------------------------------------------------------------- */

/* Before the first request of a call: what the connection needs, as far as that is known. */
static ox_status first_step(ox_auth_client *client, ox_http_client_step *step,
                            connection_state *state, ox_error *err) {
  unsigned learned = atomic_load(&client->learned);
  if (state->progress == AUTHENTICATED) {
    /* The call before ended without another 401: the server took it. */
    state->progress = ESTABLISHED;
    atomic_store(&client->learned, OX_AUTH_NTLM);
    learned = OX_AUTH_NTLM;
  }
  if (state->progress == BASIC_SENT) {
    atomic_store(&client->learned, OX_AUTH_BASIC);
    learned = OX_AUTH_BASIC;
  }
  if (state->progress == ESTABLISHED) return OX_OK;
  if (learned == OX_AUTH_BASIC && basic_allowed(client, step))
    return send_basic(client, step, state, err);
  if (learned == OX_AUTH_NTLM) return send_negotiate(client, step, state, err);
  return OX_OK;
}

/* After a 401. */
static ox_status next_step(ox_auth_client *client, ox_http_client_step *step,
                           connection_state *state, ox_error *err) {
  const char *ntlm = (client->schemes & OX_AUTH_NTLM) != 0 ? find_challenge(step, "NTLM") : NULL;
  bool basic = basic_allowed(client, step) && find_challenge(step, "Basic") != NULL;
  if (step->try_number >= TRY_MAX_COUNT) return failed(client, state, err);
  if (state->progress == NEGOTIATED && ntlm != NULL && *ntlm != 0)
    return send_authenticate(client, step, state, ntlm, err);
  /* NTLM may be disabled for the user where Basic is not. */
  if (state->progress == AUTHENTICATED && basic) return send_basic(client, step, state, err);
  if (state->progress == AUTHENTICATED || state->progress == BASIC_SENT)
    return failed(client, state, err);
  if (ntlm != NULL && state->progress != NEGOTIATED)
    return send_negotiate(client, step, state, err);
  if (basic) return send_basic(client, step, state, err);
  if (state->progress == NEGOTIATED) return failed(client, state, err);
  return OX_E_NOT_FOUND; /* the server offers nothing that is allowed here */
}

static ox_status take_step(ox_http_client_auth *hook, ox_http_client_step *step, ox_error *err) {
  ox_auth_client *client = (ox_auth_client *)hook;
  connection_state *state = state_of(client, step);
  if (state == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  step->authorization[0] = 0;
  step->without_body = false;
  if (step->status == 0) return first_step(client, step, state, err);
  return next_step(client, step, state, err);
}

/* ---- Life ------------------------------------------------------------------------------------ */

ox_status ox_auth_client_new(const ox_auth_client_options *options, ox_auth_client **out,
                             ox_error *err) {
  *out = NULL;
  if (options->struct_size < sizeof *options || options->user == NULL || options->password == NULL)
    return ox_error_set(err, OX_E_USAGE, "Authentication needs a user and a password.");
  ox_auth_client *client = ox_calloc(options->allocator, 1, sizeof *client);
  if (client == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  client->hook.struct_size = sizeof client->hook;
  client->hook.step = take_step;
  client->hook.free_state = free_state;
  client->allocator = options->allocator;
  client->environment = options->environment;
  client->schemes = options->schemes != 0 ? options->schemes : OX_AUTH_BASIC | OX_AUTH_NTLM;
  client->basic_without_tls = options->basic_without_tls;
  atomic_init(&client->learned, 0);
  ox_arena_init(&client->strings, options->allocator, 65536);
  client->user = ox_arena_strdup(&client->strings, options->user);
  client->password = ox_arena_strdup(&client->strings, options->password);
  if (options->workstation != NULL)
    client->workstation = ox_arena_strdup(&client->strings, options->workstation);
  ox_status status = client->user == NULL || client->password == NULL ||
                             (options->workstation != NULL && client->workstation == NULL)
                         ? OX_E_NO_MEMORY
                         : ox_ntlm_nt_hash(options->password, client->nt_hash);
  if (status != OX_OK) {
    ox_auth_client_free(client);
    return ox_error_set(err, status, NULL);
  }
  *out = client;
  return OX_OK;
}

ox_http_client_auth *ox_auth_client_hook(ox_auth_client *client) {
  return &client->hook;
}

void ox_auth_client_free(ox_auth_client *client) {
  if (client == NULL) return;
  const ox_allocator *allocator = client->allocator;
  if (client->password != NULL)
    ox_wipe((void *)(uintptr_t)client->password, strlen(client->password));
  ox_wipe(client->nt_hash, sizeof client->nt_hash);
  ox_arena_dispose(&client->strings);
  ox_free(allocator, client);
}
