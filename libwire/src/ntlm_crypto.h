/* The functions of [MS-NLMP] 3.3 and 3.4.5 that client and server share. */
#ifndef OXKIT_WIRE_NTLM_CRYPTO_H
#define OXKIT_WIRE_NTLM_CRYPTO_H

#include <oxkit/wire/ntlm.h>

/** HMAC-MD5 over up to three parts; parts may be empty. */
ox_status ox_ntlm_hmac_md5(const uint8_t key[16], const ox_bytes *parts, size_t part_count,
                           uint8_t mac_out[16]);
/** MD5 over up to three parts. */
ox_status ox_ntlm_md5(const ox_bytes *parts, size_t part_count, uint8_t digest_out[16]);

/** NTProofStr and SessionBaseKey of NTLMv2; `temp` is the client challenge structure. */
ox_status ox_ntlm_v2_proof(const uint8_t response_key[16], const uint8_t server_challenge[8],
                           ox_bytes temp, uint8_t proof_out[16], uint8_t session_base_key_out[16]);

/** SessionBaseKey of NTLMv1: MD4 of the NT hash. */
void ox_ntlm_v1_session_base_key(const uint8_t nt_hash[16], uint8_t key_out[16]);

/** KXKEY for NTLMv1; for NTLMv2 it is the SessionBaseKey itself. @spec [MS-NLMP] 3.4.5.1 */
ox_status ox_ntlm_v1_key_exchange_key(uint32_t negotiate_flags, const uint8_t session_base_key[16],
                                      const uint8_t server_challenge[8],
                                      ox_bytes lm_challenge_response, uint8_t key_out[16]);

/** True when the flags make the client choose the exported session key. */
bool ox_ntlm_exchanges_key(uint32_t negotiate_flags);

/** Upper case, unit by unit, in place. */
void ox_ntlm_upcase(uint8_t *utf16le, size_t size_bytes);

/** Equal without telling where they differ. */
bool ox_ntlm_equal(const void *a, const void *b, size_t size_bytes);

#endif
