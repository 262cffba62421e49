#include "rc4.h"

#include <oxkit/ropcodec/memory.h>

void ox_rc4_init(ox_rc4 *rc4, const uint8_t *key, size_t key_bytes) {
  for (unsigned n = 0; n < 256; n++) rc4->state[n] = (uint8_t)n;
  uint8_t j = 0;
  for (unsigned n = 0; n < 256; n++) {
    uint8_t s = rc4->state[n];
    j = (uint8_t)(j + s + key[n % key_bytes]);
    rc4->state[n] = rc4->state[j];
    rc4->state[j] = s;
  }
  rc4->i = 0;
  rc4->j = 0;
}

void ox_rc4_apply(ox_rc4 *rc4, const uint8_t *in, uint8_t *out, size_t size_bytes) {
  for (size_t n = 0; n < size_bytes; n++) {
    uint8_t a = rc4->state[++rc4->i];
    rc4->j = (uint8_t)(rc4->j + a);
    uint8_t b = rc4->state[rc4->j];
    rc4->state[rc4->i] = b;
    rc4->state[rc4->j] = a;
    out[n] = in[n] ^ rc4->state[(uint8_t)(a + b)];
  }
}

void ox_rc4_once(const uint8_t *key, size_t key_bytes, const uint8_t *in, uint8_t *out,
                 size_t size_bytes) {
  ox_rc4 rc4;
  ox_rc4_init(&rc4, key, key_bytes);
  ox_rc4_apply(&rc4, in, out, size_bytes);
  ox_wipe(&rc4, sizeof rc4);
}
