#include "ntlm_crypto.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <oxkit/ropcodec/text.h>

#include "md4.h"
#include "rc4.h"
#include "upcase_table.h"

static ox_bytes bytes_of(const void *data, size_t size_bytes) {
  ox_bytes bytes = {data, size_bytes};
  return bytes;
}

ox_status ox_ntlm_md5(const ox_bytes *parts, size_t part_count, uint8_t digest_out[16]) {
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  if (context == NULL) return OX_E_NO_MEMORY;
  bool ok = EVP_DigestInit_ex(context, EVP_md5(), NULL) == 1;
  for (size_t i = 0; ok && i < part_count; i++)
    ok = EVP_DigestUpdate(context, parts[i].data, parts[i].size_bytes) == 1;
  ok = ok && EVP_DigestFinal_ex(context, digest_out, NULL) == 1;
  EVP_MD_CTX_free(context);
  return ok ? OX_OK : OX_E_NO_SUPPORT;
}

ox_status ox_ntlm_hmac_md5(const uint8_t key[16], const ox_bytes *parts, size_t part_count,
                           uint8_t mac_out[16]) {
  /* RFC 2104 over the digest above; the key is shorter than a block. */
  uint8_t pad[64];
  uint8_t inner[16];
  ox_bytes inner_parts[4];
  memset(pad, 0x36, sizeof pad);
  for (unsigned i = 0; i < 16; i++) pad[i] ^= key[i];
  inner_parts[0] = bytes_of(pad, sizeof pad);
  for (size_t i = 0; i < part_count; i++) inner_parts[i + 1] = parts[i];
  ox_status status = ox_ntlm_md5(inner_parts, part_count + 1, inner);
  if (status == OX_OK) {
    for (unsigned i = 0; i < sizeof pad; i++) pad[i] ^= 0x36 ^ 0x5c;
    ox_bytes outer_parts[2] = {bytes_of(pad, sizeof pad), bytes_of(inner, sizeof inner)};
    status = ox_ntlm_md5(outer_parts, 2, mac_out);
  }
  ox_wipe(pad, sizeof pad);
  ox_wipe(inner, sizeof inner);
  return status;
}

bool ox_ntlm_equal(const void *a, const void *b, size_t size_bytes) {
  return CRYPTO_memcmp(a, b, size_bytes) == 0;
}

void ox_ntlm_upcase(uint8_t *utf16le, size_t size_bytes) {
  for (size_t at = 0; at + 1 < size_bytes; at += 2) {
    uint16_t unit = (uint16_t)(utf16le[at] | utf16le[at + 1] << 8);
    if (unit < 0x80) {
      if (unit >= 'a' && unit <= 'z') utf16le[at] = (uint8_t)(unit - 'a' + 'A');
      continue;
    }
    size_t low = 0;
    size_t high = sizeof upcase_ranges / sizeof upcase_ranges[0];
    while (low < high) {
      size_t middle = (low + high) / 2;
      if (upcase_ranges[middle].last < unit)
        low = middle + 1;
      else
        high = middle;
    }
    if (low == sizeof upcase_ranges / sizeof upcase_ranges[0]) continue;
    if (unit < upcase_ranges[low].first) continue;
    if ((unit - upcase_ranges[low].first) % upcase_ranges[low].step != 0) continue;
    unit = (uint16_t)(unit + upcase_ranges[low].delta);
    utf16le[at] = (uint8_t)unit;
    utf16le[at + 1] = (uint8_t)(unit >> 8);
  }
}

ox_status ox_ntlm_nt_hash(const char *password, uint8_t hash_out[OX_NTLM_HASH_BYTES]) {
  ox_arena arena;
  ox_str16 wide;
  ox_arena_init(&arena, NULL, 0);
  ox_status status = ox_str16_from_utf8(&arena, ox_str8_from(password), &wide);
  if (status == OX_OK) {
    ox_md4(wide.data, wide.size_bytes, hash_out);
    ox_wipe((void *)(uintptr_t)wide.data, wide.size_bytes);
  }
  ox_arena_dispose(&arena);
  return status;
}

ox_status ox_ntlm_owf_v2(const uint8_t nt_hash[OX_NTLM_HASH_BYTES], ox_str16 user, ox_str16 domain,
                         uint8_t key_out[OX_NTLM_HASH_BYTES]) {
  uint8_t *upper = ox_malloc(NULL, user.size_bytes + 1);
  if (upper == NULL) return OX_E_NO_MEMORY;
  if (user.size_bytes > 0) memcpy(upper, user.data, user.size_bytes);
  ox_ntlm_upcase(upper, user.size_bytes);
  ox_bytes parts[2] = {bytes_of(upper, user.size_bytes), bytes_of(domain.data, domain.size_bytes)};
  ox_status status = ox_ntlm_hmac_md5(nt_hash, parts, 2, key_out);
  ox_free(NULL, upper);
  return status;
}

ox_status ox_ntlm_v2_proof(const uint8_t response_key[16], const uint8_t server_challenge[8],
                           ox_bytes temp, uint8_t proof_out[16], uint8_t session_base_key_out[16]) {
  ox_bytes parts[2] = {bytes_of(server_challenge, 8), temp};
  ox_status status = ox_ntlm_hmac_md5(response_key, parts, 2, proof_out);
  if (status != OX_OK) return status;
  ox_bytes proof = bytes_of(proof_out, 16);
  return ox_ntlm_hmac_md5(response_key, &proof, 1, session_base_key_out);
}

/* ---- NTLMv1 ------------------------------------------------------------------------------ */

/* Seven key bytes spread over eight with room for parity, [MS-NLMP] 6 (DES). */
static void spread_key(const uint8_t in[7], uint8_t out[8]) {
  uint64_t bits = 0;
  for (unsigned i = 0; i < 7; i++) bits = bits << 8 | in[i];
  for (unsigned i = 0; i < 8; i++) out[i] = (uint8_t)((bits >> (49 - 7 * i) & 0x7f) << 1);
}

/* Single DES as triple DES with one key, which the default provider still has. */
static ox_status des_block(const uint8_t key[7], const uint8_t in[8], uint8_t out[8]) {
  uint8_t triple[24];
  uint8_t result[16];
  int size = 0;
  spread_key(key, triple);
  memcpy(triple + 8, triple, 8);
  memcpy(triple + 16, triple, 8);
  EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
  bool ok = context != NULL && EVP_EncryptInit_ex(context, EVP_des_ede3_ecb(), NULL, triple, NULL);
  ok = ok && EVP_CIPHER_CTX_set_padding(context, 0) == 1;
  ok = ok && EVP_EncryptUpdate(context, result, &size, in, 8) == 1 && size == 8;
  EVP_CIPHER_CTX_free(context);
  ox_wipe(triple, sizeof triple);
  if (!ok) return OX_E_NO_SUPPORT;
  memcpy(out, result, 8);
  return OX_OK;
}

ox_status ox_ntlm_v1_response(const uint8_t nt_hash[OX_NTLM_HASH_BYTES], const uint8_t challenge[8],
                              uint8_t response_out[24]) {
  uint8_t key[21] = {0};
  ox_status status = OX_OK;
  memcpy(key, nt_hash, OX_NTLM_HASH_BYTES);
  for (unsigned i = 0; i < 3 && status == OX_OK; i++)
    status = des_block(key + 7 * i, challenge, response_out + 8 * i);
  ox_wipe(key, sizeof key);
  return status;
}

void ox_ntlm_v1_session_base_key(const uint8_t nt_hash[16], uint8_t key_out[16]) {
  ox_md4(nt_hash, 16, key_out);
}

ox_status ox_ntlm_v1_key_exchange_key(uint32_t negotiate_flags, const uint8_t session_base_key[16],
                                      const uint8_t server_challenge[8],
                                      ox_bytes lm_challenge_response, uint8_t key_out[16]) {
  if (negotiate_flags & OX_NTLM_EXTENDED_SESSION_SECURITY) {
    if (lm_challenge_response.size_bytes < 8) return OX_E_MALFORMED;
    ox_bytes parts[2] = {bytes_of(server_challenge, 8), bytes_of(lm_challenge_response.data, 8)};
    return ox_ntlm_hmac_md5(session_base_key, parts, 2, key_out);
  }
  memcpy(key_out, session_base_key, 16);
  return OX_OK;
}

bool ox_ntlm_exchanges_key(uint32_t negotiate_flags) {
  return (negotiate_flags & OX_NTLM_KEY_EXCH) != 0 &&
         (negotiate_flags & (OX_NTLM_NEGOTIATE_SIGN | OX_NTLM_NEGOTIATE_SEAL)) != 0;
}

/* ---- Channel bindings ---------------------------------------------------------------------- */

ox_status ox_ntlm_channel_bindings_hash(ox_bytes application_data, uint8_t hash_out[16]) {
  /* gss_channel_bindings_struct with null addresses: four zero integers, then the length. */
  uint8_t header[20] = {0};
  for (unsigned i = 0; i < 4; i++) header[16 + i] = (uint8_t)(application_data.size_bytes >> 8 * i);
  ox_bytes parts[2] = {bytes_of(header, sizeof header), application_data};
  return ox_ntlm_md5(parts, 2, hash_out);
}

/* ---- Session security ---------------------------------------------------------------------- */

typedef struct direction {
  uint8_t sign_key[16];
  ox_rc4 seal;
  uint32_t sequence;
} direction;

struct ox_ntlm_session {
  const ox_allocator *allocator;
  uint32_t flags;
  direction send;
  direction receive;
};

static ox_status derive(const uint8_t *key, size_t key_bytes, const char *magic, uint8_t out[16]) {
  /* The constant's terminator is part of it. */
  ox_bytes parts[2] = {bytes_of(key, key_bytes), bytes_of(magic, strlen(magic) + 1)};
  return ox_ntlm_md5(parts, 2, out);
}

/* SIGNKEY and SEALKEY with extended session security, [MS-NLMP] 3.4.5.2 and 3.4.5.3. */
static ox_status derive_direction(direction *d, uint32_t flags, const uint8_t key[16],
                                  const char *sign_magic, const char *seal_magic) {
  uint8_t seal_key[16];
  size_t key_bytes = flags & OX_NTLM_128 ? 16 : flags & OX_NTLM_56 ? 7 : 5;
  ox_status status = derive(key, 16, sign_magic, d->sign_key);
  if (status == OX_OK) status = derive(key, key_bytes, seal_magic, seal_key);
  if (status == OX_OK) ox_rc4_init(&d->seal, seal_key, sizeof seal_key);
  ox_wipe(seal_key, sizeof seal_key);
  return status;
}

ox_ntlm_session *ox_ntlm_session_new(const ox_allocator *allocator, uint32_t negotiate_flags,
                                     const uint8_t exported_session_key[16], bool client) {
  ox_ntlm_session *session = ox_calloc(allocator, 1, sizeof *session);
  if (session == NULL) return NULL;
  session->allocator = allocator;
  session->flags = negotiate_flags;
  direction *to_server = client ? &session->send : &session->receive;
  direction *to_client = client ? &session->receive : &session->send;
  ox_status status = OX_OK;
  if (negotiate_flags & OX_NTLM_EXTENDED_SESSION_SECURITY) {
    status = derive_direction(to_server, negotiate_flags, exported_session_key,
                              "session key to client-to-server signing key magic constant",
                              "session key to client-to-server sealing key magic constant");
    if (status == OX_OK)
      status = derive_direction(to_client, negotiate_flags, exported_session_key,
                                "session key to server-to-client signing key magic constant",
                                "session key to server-to-client sealing key magic constant");
  } else {
    ox_rc4_init(&to_server->seal, exported_session_key, 16);
    ox_rc4_init(&to_client->seal, exported_session_key, 16);
  }
  if (status == OX_OK) return session;
  ox_ntlm_session_free(session);
  return NULL;
}

void ox_ntlm_session_free(ox_ntlm_session *session) {
  if (session == NULL) return;
  const ox_allocator *allocator = session->allocator;
  ox_wipe(session, sizeof *session);
  ox_free(allocator, session);
}

static void store_le32(uint8_t *p, uint32_t value) {
  for (unsigned i = 0; i < 4; i++) p[i] = (uint8_t)(value >> (8 * i));
}

static uint32_t crc32_of(ox_bytes message) {
  uint32_t crc = 0xffffffff;
  for (size_t i = 0; i < message.size_bytes; i++) {
    crc ^= message.data[i];
    for (unsigned bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc;
}

/* MAC(), [MS-NLMP] 3.4.4, before encryption: over the plain text. */
static ox_status begin_signature(const ox_ntlm_session *session, const direction *d,
                                 ox_bytes message, uint8_t out[OX_NTLM_SIGNATURE_BYTES]) {
  store_le32(out, 1);
  if ((session->flags & OX_NTLM_EXTENDED_SESSION_SECURITY) == 0) {
    store_le32(out + 4, 0); /* RandomPad */
    store_le32(out + 8, crc32_of(message));
    store_le32(out + 12, 0);
    return OX_OK;
  }
  uint8_t sequence[4];
  uint8_t mac[16];
  store_le32(sequence, d->sequence);
  ox_bytes parts[2] = {bytes_of(sequence, 4), message};
  ox_status status = ox_ntlm_hmac_md5(d->sign_key, parts, 2, mac);
  if (status != OX_OK) return status;
  memcpy(out + 4, mac, 8);
  memcpy(out + 12, sequence, 4);
  return OX_OK;
}

/* The encryption of the signature: its key stream comes after that of the data. */
static void end_signature(const ox_ntlm_session *session, direction *d,
                          uint8_t signature[OX_NTLM_SIGNATURE_BYTES]) {
  if (session->flags & OX_NTLM_EXTENDED_SESSION_SECURITY) {
    if (session->flags & OX_NTLM_KEY_EXCH) ox_rc4_apply(&d->seal, signature + 4, signature + 4, 8);
  } else {
    ox_rc4_apply(&d->seal, signature + 4, signature + 4, 12);
    for (unsigned i = 0; i < 4; i++) signature[12 + i] ^= (uint8_t)(d->sequence >> (8 * i));
  }
  d->sequence++;
}

ox_status ox_ntlm_session_sign(ox_ntlm_session *session, ox_bytes message,
                               uint8_t signature_out[OX_NTLM_SIGNATURE_BYTES]) {
  ox_status status = begin_signature(session, &session->send, message, signature_out);
  if (status == OX_OK) end_signature(session, &session->send, signature_out);
  return status;
}

ox_status ox_ntlm_session_seal(ox_ntlm_session *session, uint8_t *data, size_t size_bytes,
                               uint8_t signature_out[OX_NTLM_SIGNATURE_BYTES]) {
  direction *d = &session->send;
  ox_status status = begin_signature(session, d, bytes_of(data, size_bytes), signature_out);
  if (status != OX_OK) return status;
  ox_rc4_apply(&d->seal, data, data, size_bytes);
  end_signature(session, d, signature_out);
  return OX_OK;
}

ox_status ox_ntlm_session_verify(ox_ntlm_session *session, ox_bytes message,
                                 const uint8_t signature[OX_NTLM_SIGNATURE_BYTES], ox_error *err) {
  uint8_t expected[OX_NTLM_SIGNATURE_BYTES];
  uint8_t given[OX_NTLM_SIGNATURE_BYTES];
  ox_status status = begin_signature(session, &session->receive, message, expected);
  if (status != OX_OK) return ox_error_set(err, status, NULL);
  end_signature(session, &session->receive, expected);
  memcpy(given, signature, sizeof given);
  if ((session->flags & OX_NTLM_EXTENDED_SESSION_SECURITY) == 0) {
    /* Senders choose RandomPad freely. */
    memset(given + 4, 0, 4);
    memset(expected + 4, 0, 4);
  }
  if (ox_ntlm_equal(expected, given, sizeof given)) return OX_OK;
  return ox_error_set(err, OX_E_PROTOCOL, "The message signature is wrong or out of sequence.");
}

ox_status ox_ntlm_session_unseal(ox_ntlm_session *session, uint8_t *data, size_t size_bytes,
                                 const uint8_t signature[OX_NTLM_SIGNATURE_BYTES], ox_error *err) {
  ox_rc4_apply(&session->receive.seal, data, data, size_bytes);
  ox_status status = ox_ntlm_session_verify(session, bytes_of(data, size_bytes), signature, err);
  if (status != OX_OK) ox_wipe(data, size_bytes);
  return status;
}
