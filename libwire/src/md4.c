#include "md4.h"

#include <string.h>

#include <oxkit/ropcodec/memory.h>

static uint32_t rotate_left(uint32_t value, unsigned bits) {
  return value << bits | value >> (32 - bits);
}

static uint32_t load_le32(const uint8_t *p) {
  return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* The order in which a round visits the 16 words, and its four shifts. RFC 1320 3.4 */
static const uint8_t order[3][16] = {{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
                                     {0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15},
                                     {0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15}};
static const uint8_t shifts[3][4] = {{3, 7, 11, 19}, {3, 5, 9, 13}, {3, 9, 11, 15}};
static const uint32_t constants[3] = {0, 0x5a827999, 0x6ed9eba1};

static uint32_t mix(unsigned round, uint32_t x, uint32_t y, uint32_t z) {
  if (round == 0) return (x & y) | (~x & z);
  if (round == 1) return (x & y) | (x & z) | (y & z);
  return x ^ y ^ z;
}

static void md4_block(uint32_t state[4], const uint8_t block[64]) {
  uint32_t words[16];
  uint32_t v[4] = {state[0], state[1], state[2], state[3]};
  for (unsigned i = 0; i < 16; i++) words[i] = load_le32(block + 4 * i);
  for (unsigned round = 0; round < 3; round++) {
    for (unsigned i = 0; i < 16; i++) {
      /* Step i replaces a, d, c, b in turn. */
      unsigned a = (16 - i) % 4;
      uint32_t f = mix(round, v[(a + 1) % 4], v[(a + 2) % 4], v[(a + 3) % 4]);
      v[a] =
          rotate_left(v[a] + f + words[order[round][i]] + constants[round], shifts[round][i % 4]);
    }
  }
  for (unsigned i = 0; i < 4; i++) state[i] += v[i];
  ox_wipe(words, sizeof words);
}

void ox_md4(const void *data, size_t size_bytes, uint8_t digest_out[16]) {
  uint32_t state[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
  const uint8_t *input = data;
  size_t left = size_bytes;
  for (; left >= 64; left -= 64, input += 64) md4_block(state, input);

  uint8_t tail[128] = {0};
  if (left > 0) memcpy(tail, input, left);
  tail[left] = 0x80;
  size_t tail_bytes = left < 56 ? 64 : 128;
  uint64_t bits = (uint64_t)size_bytes * 8;
  for (unsigned i = 0; i < 8; i++) tail[tail_bytes - 8 + i] = (uint8_t)(bits >> (8 * i));
  for (size_t at = 0; at < tail_bytes; at += 64) md4_block(state, tail + at);
  ox_wipe(tail, sizeof tail);

  for (unsigned i = 0; i < 16; i++) digest_out[i] = (uint8_t)(state[i / 4] >> (8 * (i % 4)));
}
