#include "md5.h"

#include <string.h>

#include <oxkit/ropcodec/cursor.h>

enum { BLOCK_BYTES = 64, LENGTH_BYTES = 8 };

/* The integer part of 2^32 * abs(sin(i + 1)). */
static const uint32_t sines[64] = {
    0xD76AA478, 0xE8C7B756, 0x242070DB, 0xC1BDCEEE, 0xF57C0FAF, 0x4787C62A, 0xA8304613, 0xFD469501,
    0x698098D8, 0x8B44F7AF, 0xFFFF5BB1, 0x895CD7BE, 0x6B901122, 0xFD987193, 0xA679438E, 0x49B40821,
    0xF61E2562, 0xC040B340, 0x265E5A51, 0xE9B6C7AA, 0xD62F105D, 0x02441453, 0xD8A1E681, 0xE7D3FBC8,
    0x21E1CDE6, 0xC33707D6, 0xF4D50D87, 0x455A14ED, 0xA9E3E905, 0xFCEFA3F8, 0x676F02D9, 0x8D2A4C8A,
    0xFFFA3942, 0x8771F681, 0x6D9D6122, 0xFDE5380C, 0xA4BEEA44, 0x4BDECFA9, 0xF6BB4B60, 0xBEBFBC70,
    0x289B7EC6, 0xEAA127FA, 0xD4EF3085, 0x04881D05, 0xD9D4D039, 0xE6DB99E5, 0x1FA27CF8, 0xC4AC5665,
    0xF4292244, 0x432AFF97, 0xAB9423A7, 0xFC93A039, 0x655B59C3, 0x8F0CCC92, 0xFFEFF47D, 0x85845DD1,
    0x6FA87E4F, 0xFE2CE6E0, 0xA3014314, 0x4E0811A1, 0xF7537E82, 0xBD3AF235, 0x2AD7D2BB, 0xEB86D391,
};

static const uint8_t shifts[4][4] = {
    {7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};

static void digest_block(uint32_t state[4], const uint8_t block[BLOCK_BYTES]) {
  uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
  for (unsigned i = 0; i < 64; i++) {
    uint32_t mix;
    unsigned word;
    switch (i / 16) {
      case 0:
        mix = (b & c) | (~b & d);
        word = i;
        break;
      case 1:
        mix = (b & d) | (c & ~d);
        word = (5 * i + 1) % 16;
        break;
      case 2:
        mix = b ^ c ^ d;
        word = (3 * i + 5) % 16;
        break;
      default: mix = c ^ (b | ~d); word = 7 * i % 16;
    }
    uint32_t sum = a + mix + sines[i] + ox_cursor_get32(block + 4 * word);
    unsigned shift = shifts[i / 16][i % 4];
    a = d;
    d = c;
    c = b;
    b += sum << shift | sum >> (32 - shift);
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
}

void ox_md5(const void *data, size_t size_bytes, uint8_t digest_out[16]) {
  uint32_t state[4] = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476};
  const uint8_t *at = data;
  size_t left = size_bytes;
  for (; left >= BLOCK_BYTES; at += BLOCK_BYTES, left -= BLOCK_BYTES) digest_block(state, at);
  /* What is left, a bit, and the number of bits at the end of a block. */
  uint8_t tail[2 * BLOCK_BYTES] = {0};
  if (left != 0) memcpy(tail, at, left);
  tail[left] = 0x80;
  size_t tail_bytes = left < BLOCK_BYTES - LENGTH_BYTES ? BLOCK_BYTES : 2 * BLOCK_BYTES;
  ox_cursor_put64(tail + tail_bytes - LENGTH_BYTES, (uint64_t)size_bytes * 8);
  digest_block(state, tail);
  if (tail_bytes > BLOCK_BYTES) digest_block(state, tail + BLOCK_BYTES);
  for (unsigned i = 0; i < 4; i++) ox_cursor_put32(digest_out + 4 * i, state[i]);
}
