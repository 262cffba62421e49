#include "bytetext.h"

#include <stdint.h>
#include <string.h>

enum { HEX_LINE_BYTES = 32, BASE64_LINE_BYTES = 57 };

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

static int base64_digit(char c) {
  const char *at = c != 0 ? strchr(base64_digits, c) : NULL;
  return at != NULL ? (int)(at - base64_digits) : -1;
}

/* Both check all of the text before they change any of it. */

static bool from_hex(char *data, size_t *size, size_t *bad_out) {
  size_t digits = 0;
  for (size_t i = 0; i < *size; i++) {
    if (is_blank(data[i])) continue;
    *bad_out = i;
    if (hex_digit(data[i]) < 0) return false;
    digits++;
  }
  *bad_out = *size;
  if (digits == 0 || digits % 2 != 0) return false;
  size_t nibbles = 0;
  for (size_t i = 0; i < *size; i++) {
    int digit = hex_digit(data[i]);
    if (digit < 0) continue;
    uint8_t old = nibbles % 2 != 0 ? (uint8_t)data[nibbles / 2] : 0;
    data[nibbles / 2] = (char)(old << 4 | digit);
    nibbles++;
  }
  *size = digits / 2;
  return true;
}

static bool from_base64(char *data, size_t *size, size_t *bad_out) {
  size_t digits = 0, padding = 0;
  for (size_t i = 0; i < *size; i++) {
    if (is_blank(data[i])) continue;
    *bad_out = i;
    if (data[i] == '=') {
      padding++;
    } else if (base64_digit(data[i]) < 0 || padding != 0) {
      return false;
    } else {
      digits++;
    }
  }
  *bad_out = *size;
  if (digits == 0 || padding > 2 || (digits + padding) % 4 != 0) return false;
  uint32_t bits = 0;
  size_t seen = 0, written = 0;
  for (size_t i = 0; i < *size; i++) {
    int digit = base64_digit(data[i]);
    if (digit < 0) continue;
    bits = bits << 6 | (uint32_t)digit;
    if (seen++ % 4 == 0) continue;
    data[written++] = (char)(bits >> (6 - 2 * ((seen - 1) % 4)) & 0xFF);
  }
  *size = written;
  return true;
}

bool bytes_from_text(char *data, size_t *size, byte_form form, size_t *bad_out) {
  switch (form) {
    case FORM_HEX: return from_hex(data, size, bad_out);
    case FORM_BASE64: return from_base64(data, size, bad_out);
    case FORM_AUTO:
      if (!from_hex(data, size, bad_out)) from_base64(data, size, bad_out);
      return true;
    default: return true;
  }
}

static void put_base64(FILE *file, const uint8_t *data, size_t size) {
  for (size_t i = 0; i < size; i += 3) {
    size_t left = size - i;
    uint32_t bits = (uint32_t)data[i] << 16 | (left > 1 ? (uint32_t)data[i + 1] << 8 : 0) |
                    (left > 2 ? data[i + 2] : 0u);
    putc(base64_digits[bits >> 18 & 63], file);
    putc(base64_digits[bits >> 12 & 63], file);
    putc(left > 1 ? base64_digits[bits >> 6 & 63] : '=', file);
    putc(left > 2 ? base64_digits[bits & 63] : '=', file);
  }
}

bool write_bytes_as(FILE *file, const void *data, size_t size, byte_form form) {
  const uint8_t *bytes = data;
  if (form != FORM_HEX && form != FORM_BASE64) {
    if (size != 0) fwrite(bytes, 1, size, file);
    return fflush(file) == 0 && !ferror(file);
  }
  size_t width = form == FORM_HEX ? HEX_LINE_BYTES : BASE64_LINE_BYTES;
  for (size_t i = 0; i < size; i += width) {
    size_t n = size - i < width ? size - i : width;
    if (form == FORM_BASE64) {
      put_base64(file, bytes + i, n);
    } else {
      for (size_t k = 0; k < n; k++) fprintf(file, "%02x", bytes[i + k]);
    }
    putc('\n', file);
  }
  return fflush(file) == 0 && !ferror(file);
}
