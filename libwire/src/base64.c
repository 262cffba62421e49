#include "base64.h"

#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void ox_base64_encode(const void *data, size_t size_bytes, char *out) {
  const uint8_t *in = data;
  for (size_t at = 0; at < size_bytes; at += 3) {
    size_t left = size_bytes - at;
    uint32_t group = (uint32_t)in[at] << 16;
    if (left > 1) group |= (uint32_t)in[at + 1] << 8;
    if (left > 2) group |= in[at + 2];
    *out++ = alphabet[group >> 18];
    *out++ = alphabet[group >> 12 & 63];
    *out++ = left > 1 ? alphabet[group >> 6 & 63] : '=';
    *out++ = left > 2 ? alphabet[group & 63] : '=';
  }
  *out = 0;
}

static int digit_of(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  return c == '/' ? 63 : -1;
}

ox_status ox_base64_decode(const char *text, ox_arena *arena, ox_bytes *out) {
  size_t size = strlen(text);
  out->data = NULL;
  out->size_bytes = 0;
  if (size % 4 != 0) return OX_E_MALFORMED;
  size_t padding = 0;
  while (padding < 2 && padding < size && text[size - 1 - padding] == '=') padding++;
  uint8_t *bytes = ox_arena_alloc(arena, size / 4 * 3 + 1);
  if (bytes == NULL) return OX_E_NO_MEMORY;
  size_t count = 0;
  for (size_t at = 0; at < size; at += 4) {
    uint32_t group = 0;
    for (size_t i = 0; i < 4; i++) {
      bool pad = at + i >= size - padding;
      int digit = pad ? 0 : digit_of(text[at + i]);
      if (digit < 0) return OX_E_MALFORMED;
      group = group << 6 | (uint32_t)digit;
    }
    for (unsigned shift = 16;; shift -= 8) {
      bytes[count++] = (uint8_t)(group >> shift);
      if (shift == 0) break;
    }
  }
  /* Bits of the last group that no byte holds must be 0: one text for one value. */
  for (size_t i = 0; i < padding; i++)
    if (bytes[--count] != 0) return OX_E_MALFORMED;
  bytes[count] = 0;
  out->data = bytes;
  out->size_bytes = count;
  return OX_OK;
}
