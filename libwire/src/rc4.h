/* RC4, for NTLM's key exchange and session security. Broken as a cipher; used where NTLM demands
 * it and nowhere else. */
#ifndef OXKIT_WIRE_RC4_H
#define OXKIT_WIRE_RC4_H

#include <stddef.h>
#include <stdint.h>

typedef struct ox_rc4 {
  uint8_t state[256];
  uint8_t i;
  uint8_t j;
} ox_rc4;

/** @param key_bytes  1 to 256 */
void ox_rc4_init(ox_rc4 *rc4, const uint8_t *key, size_t key_bytes);

/** Next bytes of the key stream over `in`; in and out may be the same. */
void ox_rc4_apply(ox_rc4 *rc4, const uint8_t *in, uint8_t *out, size_t size_bytes);

/** One-shot: RC4K(K, D) of [MS-NLMP] 6. */
void ox_rc4_once(const uint8_t *key, size_t key_bytes, const uint8_t *in, uint8_t *out,
                 size_t size_bytes);

#endif
