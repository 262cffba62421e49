#include <string.h>

#include <oxkit/ropcodec/reader.h>
#include <oxkit/ropcodec/text.h>

#include "ntlm_crypto.h"
#include "rc4.h"

/* What the server grants when the client asks for it. */
#define GRANTED_FLAGS                                                         \
  (OX_NTLM_REQUEST_TARGET | OX_NTLM_NEGOTIATE_SIGN | OX_NTLM_NEGOTIATE_SEAL | \
   OX_NTLM_EXTENDED_SESSION_SECURITY | OX_NTLM_128 | OX_NTLM_56 | OX_NTLM_KEY_EXCH)

/* Size of NTLMv2_CLIENT_CHALLENGE before its AvPairs, after the 16 bytes of proof. */
enum { PROOF_BYTES = 16, CLIENT_CHALLENGE_BYTES = 28, V1_RESPONSE_BYTES = 24 };

typedef enum server_state { EXPECT_NEGOTIATE, EXPECT_AUTHENTICATE, EXPECT_HASH, DONE } server_state;

struct ox_ntlm_server {
  const ox_allocator *allocator;
  const ox_environment *environment;
  ox_arena names;    /* of the server; lives as long as it */
  ox_arena exchange; /* of the current exchange */
  ox_str16 netbios_computer;
  ox_str16 netbios_domain;
  ox_str16 dns_computer;
  ox_str16 dns_domain;
  ox_str8 netbios_domain_oem;
  uint8_t channel_bindings[16];
  bool compare_channel_bindings;
  bool require_channel_bindings;
  bool allow_ntlm_v1;

  server_state state;
  uint32_t flags;
  uint8_t challenge_nonce[OX_NTLM_CHALLENGE_BYTES];
  ox_bytes negotiate; /* copies, for the MIC */
  ox_writer challenge;
  uint8_t *authenticate_copy;
  ox_ntlm_authenticate_message authenticate; /* views into the copy */
  size_t authenticate_bytes;
  ox_str16 user;
  ox_str16 domain;
  bool had_mic;
  uint8_t exported_session_key[16];
};

static ox_status take_names(ox_ntlm_server *server, const ox_ntlm_server_options *options) {
  const char *texts[4] = {options->netbios_computer, options->netbios_domain, options->dns_computer,
                          options->dns_domain};
  ox_str16 *wide[4] = {&server->netbios_computer, &server->netbios_domain, &server->dns_computer,
                       &server->dns_domain};
  for (unsigned i = 0; i < 4; i++) {
    ox_status status = ox_str16_from_utf8(&server->names, ox_str8_from(texts[i]), wide[i]);
    if (status != OX_OK) return status;
  }
  char *oem = ox_arena_strdup(&server->names, options->netbios_domain);
  if (oem == NULL) return OX_E_NO_MEMORY;
  server->netbios_domain_oem = ox_str8_from(oem);
  return OX_OK;
}

ox_status ox_ntlm_server_new(const ox_ntlm_server_options *options, ox_ntlm_server **out,
                             ox_error *err) {
  *out = NULL;
  if (options->struct_size < sizeof *options || options->netbios_computer == NULL ||
      options->netbios_domain == NULL || options->dns_computer == NULL)
    return ox_error_set(err, OX_E_USAGE, "NTLM needs the server's names.");
  ox_ntlm_server *server = ox_calloc(options->allocator, 1, sizeof *server);
  if (server == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  server->allocator = options->allocator;
  server->environment =
      options->environment != NULL ? options->environment : ox_environment_system();
  server->allow_ntlm_v1 = options->allow_ntlm_v1;
  server->require_channel_bindings = options->require_channel_binding;
  ox_arena_init(&server->names, options->allocator, 65536);
  ox_arena_init(&server->exchange, options->allocator, 8 * (size_t)OX_NTLM_MESSAGE_MAX_BYTES);
  ox_writer_init(&server->challenge, options->allocator, OX_NTLM_MESSAGE_MAX_BYTES);
  ox_status status = take_names(server, options);
  if (status == OX_OK && options->channel_binding.size_bytes > 0) {
    server->compare_channel_bindings = true;
    status = ox_ntlm_channel_bindings_hash(options->channel_binding, server->channel_bindings);
  }
  if (status != OX_OK) {
    ox_ntlm_server_free(server);
    return ox_error_set(err, status, NULL);
  }
  *out = server;
  return OX_OK;
}

void ox_ntlm_server_free(ox_ntlm_server *server) {
  if (server == NULL) return;
  const ox_allocator *allocator = server->allocator;
  ox_arena_dispose(&server->names);
  ox_arena_dispose(&server->exchange);
  ox_writer_dispose(&server->challenge);
  ox_wipe(server, sizeof *server);
  ox_free(allocator, server);
}

static void write_av_text(ox_writer *w, uint16_t id, ox_str16 text) {
  if (text.size_bytes == 0) return;
  ox_write_u16(w, id);
  ox_write_count(w, 2, text.size_bytes);
  ox_write_bytes(w, text.data, text.size_bytes);
}

static void write_target_info(const ox_ntlm_server *server, ox_writer *w) {
  const ox_environment *env = server->environment;
  write_av_text(w, OX_NTLM_AV_NB_DOMAIN_NAME, server->netbios_domain);
  write_av_text(w, OX_NTLM_AV_NB_COMPUTER_NAME, server->netbios_computer);
  write_av_text(w, OX_NTLM_AV_DNS_DOMAIN_NAME, server->dns_domain);
  write_av_text(w, OX_NTLM_AV_DNS_COMPUTER_NAME, server->dns_computer);
  ox_write_u16(w, OX_NTLM_AV_TIMESTAMP);
  ox_write_u16(w, 8);
  ox_write_u64(w, env->now(env->user));
  ox_write_u32(w, 0); /* MsvAvEOL */
}

/* Forgets an exchange; the next one has a fresh challenge. */
static void reset_exchange(ox_ntlm_server *server) {
  ox_arena_reset(&server->exchange);
  ox_writer_reset(&server->challenge);
  memset(&server->authenticate, 0, sizeof server->authenticate);
  ox_wipe(server->exported_session_key, sizeof server->exported_session_key);
  server->state = EXPECT_NEGOTIATE;
  server->had_mic = false;
}

/* Flags of the answer, [MS-NLMP] 3.2.5.1.1. Unicode where the client offers it, else OEM. */
static uint32_t choose_flags(uint32_t offered) {
  uint32_t flags = offered & GRANTED_FLAGS;
  flags |= offered & OX_NTLM_NEGOTIATE_UNICODE ? OX_NTLM_NEGOTIATE_UNICODE : OX_NTLM_NEGOTIATE_OEM;
  flags |= OX_NTLM_NEGOTIATE_NTLM | OX_NTLM_ALWAYS_SIGN | OX_NTLM_TARGET_INFO;
  if (flags & OX_NTLM_REQUEST_TARGET) flags |= OX_NTLM_TARGET_TYPE_DOMAIN;
  return flags;
}

ox_status ox_ntlm_server_challenge(ox_ntlm_server *server, ox_bytes negotiate,
                                   ox_bytes *message_out, ox_error *err) {
  ox_ntlm_negotiate_message received;
  ox_ntlm_challenge_message message;
  const ox_environment *env = server->environment;
  reset_exchange(server);
  ox_status status = ox_ntlm_negotiate_decode(negotiate, &received, err);
  if (status != OX_OK) return status;
  if ((received.negotiate_flags & (OX_NTLM_NEGOTIATE_UNICODE | OX_NTLM_NEGOTIATE_OEM)) == 0)
    return ox_error_set(err, OX_E_NO_SUPPORT, "The client offers no character set.");
  status = env->random(env->user, server->challenge_nonce, sizeof server->challenge_nonce);
  if (status != OX_OK) return ox_error_set(err, status, "No random numbers are to be had.");

  server->negotiate.data = ox_arena_copy(&server->exchange, negotiate.data, negotiate.size_bytes);
  server->negotiate.size_bytes = negotiate.size_bytes;
  if (server->negotiate.data == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  server->flags = choose_flags(received.negotiate_flags);

  memset(&message, 0, sizeof message);
  message.negotiate_flags = server->flags;
  memcpy(message.server_challenge, server->challenge_nonce, sizeof server->challenge_nonce);
  if (server->flags & OX_NTLM_REQUEST_TARGET) {
    bool unicode = server->flags & OX_NTLM_NEGOTIATE_UNICODE;
    message.target_name.data =
        unicode ? server->netbios_domain.data : (const uint8_t *)server->netbios_domain_oem.data;
    message.target_name.size_bytes =
        unicode ? server->netbios_domain.size_bytes : server->netbios_domain_oem.size_bytes;
  }
  ox_writer info;
  ox_writer_init(&info, server->allocator, OX_NTLM_MESSAGE_MAX_BYTES);
  write_target_info(server, &info);
  message.target_info = ox_writer_bytes(&info);
  ox_ntlm_challenge_encode(&server->challenge, &message);
  status = ox_writer_status(&info);
  if (status == OX_OK) status = ox_writer_status(&server->challenge);
  ox_writer_dispose(&info);
  if (status != OX_OK) return ox_error_set(err, status, NULL);
  server->state = EXPECT_AUTHENTICATE;
  *message_out = ox_writer_bytes(&server->challenge);
  return OX_OK;
}

/* A name of the message as UTF-16LE. OEM names are taken for UTF-8, of which ASCII is a part. */
static ox_status take_text(ox_ntlm_server *server, ox_bytes name, ox_str16 *out) {
  if (server->flags & OX_NTLM_NEGOTIATE_UNICODE) {
    if (name.size_bytes % 2 != 0) return OX_E_MALFORMED;
    out->data = name.data;
    out->size_bytes = name.size_bytes;
    return OX_OK;
  }
  ox_str8 text = {(const char *)name.data, name.size_bytes};
  return ox_str16_from_utf8(&server->exchange, text, out);
}

static bool is_v2(const ox_ntlm_authenticate_message *message) {
  return message->nt_challenge_response.size_bytes > V1_RESPONSE_BYTES;
}

/* Refuses what cannot succeed, before anybody looks up a hash. */
static ox_status screen(const ox_ntlm_server *server, const ox_ntlm_authenticate_message *message,
                        ox_error *err) {
  size_t response_bytes = message->nt_challenge_response.size_bytes;
  if (message->user_name.size_bytes == 0 || response_bytes == 0)
    return ox_error_set(err, OX_E_LOGON_FAILED, "Anonymous and LM logons are refused.");
  if (is_v2(message)) {
    if (response_bytes < PROOF_BYTES + CLIENT_CHALLENGE_BYTES)
      return ox_error_set(err, OX_E_MALFORMED, "The NTLMv2 response is too short.");
    const uint8_t *temp = message->nt_challenge_response.data + PROOF_BYTES;
    if (temp[0] != 1 || temp[1] != 1)
      return ox_error_set(err, OX_E_MALFORMED, "The NTLMv2 response has an unknown version.");
    return OX_OK;
  }
  if (!server->allow_ntlm_v1) return ox_error_set(err, OX_E_LOGON_FAILED, "NTLMv1 is refused.");
  if (response_bytes != V1_RESPONSE_BYTES)
    return ox_error_set(err, OX_E_MALFORMED, "The NTLMv1 response is not 24 bytes.");
  return OX_OK;
}

ox_status ox_ntlm_server_authenticate(ox_ntlm_server *server, ox_bytes authenticate,
                                      const char **user_out, const char **domain_out,
                                      ox_error *err) {
  if (server->state != EXPECT_AUTHENTICATE)
    return ox_error_set(err, OX_E_USAGE, "There was no challenge before.");
  server->state = EXPECT_NEGOTIATE;
  if (authenticate.size_bytes > OX_NTLM_MESSAGE_MAX_BYTES)
    return ox_error_set(err, OX_E_LIMIT, NULL);
  server->authenticate_copy =
      ox_arena_copy(&server->exchange, authenticate.data, authenticate.size_bytes);
  if (server->authenticate_copy == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  server->authenticate_bytes = authenticate.size_bytes;
  ox_bytes copy = {server->authenticate_copy, authenticate.size_bytes};
  ox_status status = ox_ntlm_authenticate_decode(copy, &server->authenticate, err);
  if (status == OX_OK) status = screen(server, &server->authenticate, err);
  if (status != OX_OK) return status;
  status = take_text(server, server->authenticate.user_name, &server->user);
  if (status == OX_OK)
    status = take_text(server, server->authenticate.domain_name, &server->domain);
  if (status != OX_OK) return ox_error_set(err, status, "A name in the message is malformed.");
  *user_out = ox_str16_utf8(&server->exchange, server->user);
  *domain_out = ox_str16_utf8(&server->exchange, server->domain);
  if (*user_out == NULL || *domain_out == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  server->state = EXPECT_HASH;
  return OX_OK;
}

static ox_status refuse(ox_error *err) {
  return ox_error_set(err, OX_E_LOGON_FAILED, NULL);
}

static ox_status check_channel_bindings(const ox_ntlm_server *server, ox_bytes pairs,
                                        ox_error *err) {
  static const uint8_t none[16];
  ox_bytes given;
  if (!server->compare_channel_bindings) return OX_OK;
  if (!ox_ntlm_av_find(pairs, OX_NTLM_AV_CHANNEL_BINDINGS, &given) || given.size_bytes != 16 ||
      memcmp(given.data, none, 16) == 0) {
    if (!server->require_channel_bindings) return OX_OK;
    return ox_error_set(err, OX_E_LOGON_FAILED, "The client sent no channel binding.");
  }
  if (ox_ntlm_equal(given.data, server->channel_bindings, 16)) return OX_OK;
  return ox_error_set(err, OX_E_LOGON_FAILED, "The channel binding is of another TLS connection.");
}

static ox_status verify_v2(ox_ntlm_server *server, const uint8_t nt_hash[16],
                           uint8_t key_exchange_key[16], bool *mic_out, ox_error *err) {
  ox_bytes response = server->authenticate.nt_challenge_response;
  ox_bytes temp = {response.data + PROOF_BYTES, response.size_bytes - PROOF_BYTES};
  ox_bytes pairs = {temp.data + CLIENT_CHALLENGE_BYTES, temp.size_bytes - CLIENT_CHALLENGE_BYTES};
  uint8_t response_key[16];
  uint8_t proof[16];
  ox_bytes flags;
  ox_status status = ox_ntlm_owf_v2(nt_hash, server->user, server->domain, response_key);
  if (status == OX_OK)
    status = ox_ntlm_v2_proof(response_key, server->challenge_nonce, temp, proof, key_exchange_key);
  ox_wipe(response_key, sizeof response_key);
  if (status != OX_OK) return ox_error_set(err, status, NULL);
  if (!ox_ntlm_equal(proof, response.data, PROOF_BYTES)) return refuse(err);
  *mic_out = ox_ntlm_av_find(pairs, OX_NTLM_AV_FLAGS, &flags) && flags.size_bytes == 4 &&
             (flags.data[0] & OX_NTLM_AV_FLAG_MIC) != 0;
  return check_channel_bindings(server, pairs, err);
}

/* With extended session security the client's half of the challenge is in the LM response. */
static ox_status verify_v1(ox_ntlm_server *server, const uint8_t nt_hash[16],
                           uint8_t key_exchange_key[16], ox_error *err) {
  const ox_ntlm_authenticate_message *message = &server->authenticate;
  uint8_t challenge[16];
  uint8_t expected[V1_RESPONSE_BYTES];
  uint8_t session_base_key[16];
  ox_status status = OX_OK;
  memcpy(challenge, server->challenge_nonce, 8);
  if (server->require_channel_bindings)
    return ox_error_set(err, OX_E_LOGON_FAILED, "NTLMv1 carries no channel binding.");
  if (server->flags & OX_NTLM_EXTENDED_SESSION_SECURITY) {
    if (message->lm_challenge_response.size_bytes < 8) return refuse(err);
    ox_bytes parts[2] = {{server->challenge_nonce, 8}, {message->lm_challenge_response.data, 8}};
    status = ox_ntlm_md5(parts, 2, challenge);
  }
  if (status == OX_OK) status = ox_ntlm_v1_response(nt_hash, challenge, expected);
  if (status != OX_OK) return ox_error_set(err, status, NULL);
  if (!ox_ntlm_equal(expected, message->nt_challenge_response.data, sizeof expected))
    return refuse(err);
  ox_ntlm_v1_session_base_key(nt_hash, session_base_key);
  status = ox_ntlm_v1_key_exchange_key(server->flags, session_base_key, server->challenge_nonce,
                                       message->lm_challenge_response, key_exchange_key);
  ox_wipe(session_base_key, sizeof session_base_key);
  return status == OX_OK ? OX_OK : ox_error_set(err, status, NULL);
}

static ox_status check_mic(ox_ntlm_server *server, ox_error *err) {
  uint8_t mic[16];
  if (!server->authenticate.has_mic)
    return ox_error_set(err, OX_E_LOGON_FAILED, "The message integrity code is missing.");
  /* The code is over the message with zeros in its own place. */
  memset(server->authenticate_copy + 72, 0, 16);
  ox_bytes parts[3] = {server->negotiate,
                       ox_writer_bytes(&server->challenge),
                       {server->authenticate_copy, server->authenticate_bytes}};
  ox_status status = ox_ntlm_hmac_md5(server->exported_session_key, parts, 3, mic);
  if (status != OX_OK) return ox_error_set(err, status, NULL);
  if (ox_ntlm_equal(mic, server->authenticate.mic, sizeof mic)) return OX_OK;
  return ox_error_set(err, OX_E_LOGON_FAILED, "The message integrity code is wrong.");
}

ox_status ox_ntlm_server_verify(ox_ntlm_server *server, const uint8_t nt_hash[OX_NTLM_HASH_BYTES],
                                ox_error *err) {
  uint8_t key_exchange_key[16];
  bool mic = false;
  if (server->state != EXPECT_HASH)
    return ox_error_set(err, OX_E_USAGE, "There was no authenticate message before.");
  server->state = EXPECT_NEGOTIATE;
  /* The client may drop flags that were granted, never add any. */
  uint32_t kept = GRANTED_FLAGS;
  server->flags &= ~kept | server->authenticate.negotiate_flags;
  ox_status status = is_v2(&server->authenticate)
                         ? verify_v2(server, nt_hash, key_exchange_key, &mic, err)
                         : verify_v1(server, nt_hash, key_exchange_key, err);
  if (status != OX_OK) return status;

  ox_bytes encrypted = server->authenticate.encrypted_random_session_key;
  if (!ox_ntlm_exchanges_key(server->flags))
    memcpy(server->exported_session_key, key_exchange_key, 16);
  else if (encrypted.size_bytes == 16)
    ox_rc4_once(key_exchange_key, 16, encrypted.data, server->exported_session_key, 16);
  else
    status = ox_error_set(err, OX_E_LOGON_FAILED, "The session key is missing.");
  ox_wipe(key_exchange_key, sizeof key_exchange_key);
  if (status == OX_OK && mic) status = check_mic(server, err);
  if (status != OX_OK) return status;
  server->had_mic = mic;
  server->state = DONE;
  return OX_OK;
}

bool ox_ntlm_server_had_mic(const ox_ntlm_server *server) {
  return server->state == DONE && server->had_mic;
}

ox_ntlm_session *ox_ntlm_server_session(const ox_ntlm_server *server) {
  uint32_t wanted = OX_NTLM_NEGOTIATE_SIGN | OX_NTLM_NEGOTIATE_SEAL;
  if (server->state != DONE || (server->flags & wanted) == 0) return NULL;
  return ox_ntlm_session_new(server->allocator, server->flags, server->exported_session_key, false);
}
