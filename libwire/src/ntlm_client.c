
#include <string.h>

#include <oxkit/ropcodec/reader.h>
#include <oxkit/ropcodec/text.h>

#include "ntlm_crypto.h"
#include "rc4.h"

/* Everything is offered; the server's answer decides. [MS-NLMP] 3.1.5.1.1 */
#define CLIENT_FLAGS                                                                             \
  (OX_NTLM_NEGOTIATE_UNICODE | OX_NTLM_REQUEST_TARGET | OX_NTLM_NEGOTIATE_NTLM |                 \
   OX_NTLM_ALWAYS_SIGN | OX_NTLM_EXTENDED_SESSION_SECURITY | OX_NTLM_TARGET_INFO | OX_NTLM_128 | \
   OX_NTLM_56)

struct ox_ntlm_client {
  const ox_allocator *allocator;
  const ox_environment *environment;
  ox_arena names;
  ox_str16 user;
  ox_str16 domain;
  ox_str16 workstation;
  ox_str16 target_name;
  uint8_t nt_hash[16];
  uint8_t channel_bindings[16];
  bool has_channel_bindings;
  uint32_t offered_flags;
  uint32_t negotiated_flags;
  ox_writer negotiate;
  ox_writer authenticate;
  uint8_t exported_session_key[16];
  bool done;
};

/* "DOMAIN\user" apart; everything else stays whole. */
static ox_status take_names(ox_ntlm_client *client, const ox_ntlm_client_options *options) {
  ox_str8 user = ox_str8_from(options->user);
  ox_str8 domain = ox_str8_from(options->domain);
  const char *backslash = options->domain == NULL ? strchr(options->user, '\\') : NULL;
  if (backslash != NULL) {
    domain.data = options->user;
    domain.size_bytes = (size_t)(backslash - options->user);
    user = ox_str8_from(backslash + 1);
  }
  ox_status status = ox_str16_from_utf8(&client->names, user, &client->user);
  if (status == OX_OK) status = ox_str16_from_utf8(&client->names, domain, &client->domain);
  if (status == OX_OK)
    status = ox_str16_from_utf8(&client->names, ox_str8_from(options->workstation),
                                &client->workstation);
  if (status == OX_OK)
    status = ox_str16_from_utf8(&client->names, ox_str8_from(options->target_name),
                                &client->target_name);
  return status;
}

ox_status ox_ntlm_client_new(const ox_ntlm_client_options *options, ox_ntlm_client **out,
                             ox_error *err) {
  *out = NULL;
  if (options->struct_size < sizeof *options || options->user == NULL ||
      (options->password == NULL && options->nt_hash == NULL))
    return ox_error_set(err, OX_E_USAGE, "NTLM needs a user and a password or NT hash.");
  ox_ntlm_client *client = ox_calloc(options->allocator, 1, sizeof *client);
  if (client == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  client->allocator = options->allocator;
  client->environment =
      options->environment != NULL ? options->environment : ox_environment_system();
  ox_arena_init(&client->names, options->allocator, 65536);
  ox_writer_init(&client->negotiate, options->allocator, OX_NTLM_MESSAGE_MAX_BYTES);
  ox_writer_init(&client->authenticate, options->allocator, OX_NTLM_MESSAGE_MAX_BYTES);
  client->offered_flags = CLIENT_FLAGS;
  if (options->sign) client->offered_flags |= OX_NTLM_NEGOTIATE_SIGN | OX_NTLM_KEY_EXCH;
  if (options->seal) client->offered_flags |= OX_NTLM_NEGOTIATE_SEAL | OX_NTLM_KEY_EXCH;
  ox_status status = take_names(client, options);
  if (status == OX_OK && options->nt_hash != NULL)
    memcpy(client->nt_hash, options->nt_hash, sizeof client->nt_hash);
  else if (status == OX_OK)
    status = ox_ntlm_nt_hash(options->password, client->nt_hash);
  if (status == OX_OK && options->channel_binding.size_bytes > 0) {
    client->has_channel_bindings = true;
    status = ox_ntlm_channel_bindings_hash(options->channel_binding, client->channel_bindings);
  }
  if (status != OX_OK) {
    ox_ntlm_client_free(client);
    return ox_error_set(err, status, NULL);
  }
  *out = client;
  return OX_OK;
}

void ox_ntlm_client_free(ox_ntlm_client *client) {
  if (client == NULL) return;
  const ox_allocator *allocator = client->allocator;
  ox_arena_dispose(&client->names);
  ox_writer_dispose(&client->negotiate);
  ox_writer_dispose(&client->authenticate);
  ox_wipe(client, sizeof *client);
  ox_free(allocator, client);
}

ox_status ox_ntlm_client_negotiate(ox_ntlm_client *client, ox_bytes *message_out, ox_error *err) {
  ox_ntlm_negotiate_message message;
  memset(&message, 0, sizeof message);
  message.negotiate_flags = client->offered_flags;
  client->done = false;
  ox_writer_reset(&client->negotiate);
  ox_ntlm_negotiate_encode(&client->negotiate, &message);
  ox_status status = ox_writer_status(&client->negotiate);
  if (status != OX_OK) return ox_error_set(err, status, NULL);
  *message_out = ox_writer_bytes(&client->negotiate);
  return OX_OK;
}

static void write_av(ox_writer *w, uint16_t id, const void *data, size_t size_bytes) {
  ox_write_u16(w, id);
  ox_write_count(w, 2, size_bytes);
  if (size_bytes > 0) ox_write_bytes(w, data, size_bytes);
}

/* The server's pairs with ours added, [MS-NLMP] 3.1.5.1.2. */
static void write_target_info(const ox_ntlm_client *client, ox_writer *w, ox_bytes server_list,
                              bool mic) {
  static const uint8_t no_bindings[16];
  ox_reader r;
  uint32_t flags = 0;
  ox_reader_init(&r, server_list.data, server_list.size_bytes);
  while (ox_reader_ok(&r)) {
    uint16_t id = ox_read_u16(&r);
    ox_bytes value = ox_read_bytes(&r, ox_read_u16(&r));
    if (!ox_reader_ok(&r) || id == OX_NTLM_AV_EOL) break;
    if (id == OX_NTLM_AV_FLAGS && value.size_bytes == 4)
      flags = (uint32_t)value.data[0] | (uint32_t)value.data[1] << 8 |
              (uint32_t)value.data[2] << 16 | (uint32_t)value.data[3] << 24;
    if (id == OX_NTLM_AV_FLAGS || id == OX_NTLM_AV_CHANNEL_BINDINGS || id == OX_NTLM_AV_TARGET_NAME)
      continue;
    write_av(w, id, value.data, value.size_bytes);
  }
  if (mic) flags |= OX_NTLM_AV_FLAG_MIC;
  if (flags != 0) {
    ox_write_u16(w, OX_NTLM_AV_FLAGS);
    ox_write_u16(w, 4);
    ox_write_u32(w, flags);
  }
  write_av(w, OX_NTLM_AV_CHANNEL_BINDINGS,
           client->has_channel_bindings ? client->channel_bindings : no_bindings, 16);
  write_av(w, OX_NTLM_AV_TARGET_NAME, client->target_name.data, client->target_name.size_bytes);
  ox_write_u32(w, 0); /* MsvAvEOL */
}

/* NTLMv2_CLIENT_CHALLENGE, [MS-NLMP] 2.2.2.7. */
static void write_client_challenge(const ox_ntlm_client *client, ox_writer *w, ox_filetime time,
                                   const uint8_t nonce[8], ox_bytes server_list, bool mic) {
  ox_write_u8(w, 1);
  ox_write_u8(w, 1);
  ox_write_zeros(w, 6);
  ox_write_u64(w, time);
  ox_write_bytes(w, nonce, 8);
  ox_write_zeros(w, 4);
  write_target_info(client, w, server_list, mic);
  ox_write_zeros(w, 4);
}

/* Both responses and the session base key. `response` receives NTProofStr and the client
 * challenge. */
static ox_status compute_v2(const ox_ntlm_client *client,
                            const ox_ntlm_challenge_message *challenge, ox_writer *response,
                            uint8_t lm_response[24], bool *mic_out, uint8_t session_base_key[16]) {
  const ox_environment *env = client->environment;
  uint8_t key[16];
  uint8_t nonce[8];
  ox_bytes stamp;
  bool stamped = ox_ntlm_av_find(challenge->target_info, OX_NTLM_AV_TIMESTAMP, &stamp) &&
                 stamp.size_bytes == 8;
  ox_filetime time = 0;
  if (stamped)
    for (unsigned i = 0; i < 8; i++) time |= (ox_filetime)stamp.data[i] << (8 * i);
  else
    time = env->now(env->user);
  ox_status status = env->random(env->user, nonce, sizeof nonce);
  if (status == OX_OK) status = ox_ntlm_owf_v2(client->nt_hash, client->user, client->domain, key);
  if (status != OX_OK) return status;

  ox_write_zeros(response, 16);
  write_client_challenge(client, response, time, nonce, challenge->target_info, stamped);
  status = ox_writer_status(response);
  if (status == OX_OK) {
    ox_bytes temp = ox_writer_bytes(response);
    uint8_t proof[16];
    temp.data += 16;
    temp.size_bytes -= 16;
    status = ox_ntlm_v2_proof(key, challenge->server_challenge, temp, proof, session_base_key);
    if (status == OX_OK) memcpy(response->data, proof, sizeof proof);
  }
  memset(lm_response, 0, 24);
  if (status == OX_OK && !stamped) {
    ox_bytes parts[2] = {{challenge->server_challenge, 8}, {nonce, 8}};
    status = ox_ntlm_hmac_md5(key, parts, 2, lm_response);
    memcpy(lm_response + 16, nonce, 8);
  }
  *mic_out = stamped;
  ox_wipe(key, sizeof key);
  return status;
}

static ox_bytes as_bytes(ox_str16 text) {
  ox_bytes bytes = {text.data, text.size_bytes};
  return bytes;
}

/* Chooses the exported session key and encrypts it, where the flags say so. */
static ox_status export_key(ox_ntlm_client *client, const uint8_t key_exchange_key[16],
                            uint8_t encrypted[16]) {
  const ox_environment *env = client->environment;
  if (!ox_ntlm_exchanges_key(client->negotiated_flags)) {
    memcpy(client->exported_session_key, key_exchange_key, 16);
    return OX_OK;
  }
  ox_status status = env->random(env->user, client->exported_session_key, 16);
  if (status == OX_OK)
    ox_rc4_once(key_exchange_key, 16, client->exported_session_key, encrypted, 16);
  return status;
}

static ox_status finish_message(ox_ntlm_client *client, ox_bytes challenge,
                                const ox_ntlm_authenticate_message *message) {
  ox_writer_reset(&client->authenticate);
  ox_ntlm_authenticate_encode(&client->authenticate, message);
  ox_status status = ox_writer_status(&client->authenticate);
  if (status != OX_OK || !message->has_mic) return status;
  uint8_t mic[16];
  ox_bytes parts[3] = {ox_writer_bytes(&client->negotiate), challenge,
                       ox_writer_bytes(&client->authenticate)};
  status = ox_ntlm_hmac_md5(client->exported_session_key, parts, 3, mic);
  if (status == OX_OK) memcpy(client->authenticate.data + 72, mic, sizeof mic);
  return status;
}

ox_status ox_ntlm_client_authenticate(ox_ntlm_client *client, ox_bytes challenge,
                                      ox_bytes *message_out, ox_error *err) {
  ox_ntlm_challenge_message received;
  ox_ntlm_authenticate_message message;
  uint8_t lm_response[24];
  uint8_t session_base_key[16];
  uint8_t encrypted[16];
  client->done = false;
  if (client->negotiate.size_bytes == 0)
    return ox_error_set(err, OX_E_USAGE, "There was no negotiate message before.");
  ox_status status = ox_ntlm_challenge_decode(challenge, &received, err);
  if (status != OX_OK) return status;
  if ((received.negotiate_flags & OX_NTLM_NEGOTIATE_UNICODE) == 0 ||
      (received.negotiate_flags & OX_NTLM_NEGOTIATE_NTLM) == 0)
    return ox_error_set(err, OX_E_PROTOCOL, "The server's NTLM knows no Unicode or no NTLMv2.");
  client->negotiated_flags = received.negotiate_flags & client->offered_flags;

  memset(&message, 0, sizeof message);
  ox_writer response;
  ox_writer_init(&response, client->allocator, OX_NTLM_MESSAGE_MAX_BYTES);
  status =
      compute_v2(client, &received, &response, lm_response, &message.has_mic, session_base_key);
  /* For NTLMv2 the key exchange key is the session base key. */
  if (status == OX_OK) status = export_key(client, session_base_key, encrypted);
  if (status == OX_OK) {
    message.lm_challenge_response.data = lm_response;
    message.lm_challenge_response.size_bytes = sizeof lm_response;
    message.nt_challenge_response = ox_writer_bytes(&response);
    message.domain_name = as_bytes(client->domain);
    message.user_name = as_bytes(client->user);
    message.workstation = as_bytes(client->workstation);
    if (ox_ntlm_exchanges_key(client->negotiated_flags)) {
      message.encrypted_random_session_key.data = encrypted;
      message.encrypted_random_session_key.size_bytes = sizeof encrypted;
    }
    message.negotiate_flags = client->negotiated_flags;
    status = finish_message(client, challenge, &message);
  }
  ox_writer_dispose(&response);
  ox_wipe(session_base_key, sizeof session_base_key);
  if (status != OX_OK) return ox_error_set(err, status, NULL);
  client->done = true;
  *message_out = ox_writer_bytes(&client->authenticate);
  return OX_OK;
}

ox_ntlm_session *ox_ntlm_client_session(const ox_ntlm_client *client) {
  uint32_t wanted = OX_NTLM_NEGOTIATE_SIGN | OX_NTLM_NEGOTIATE_SEAL;
  if (!client->done || (client->negotiated_flags & wanted) == 0) return NULL;
  return ox_ntlm_session_new(client->allocator, client->negotiated_flags,
                             client->exported_session_key, true);
}
