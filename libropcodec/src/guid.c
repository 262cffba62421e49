#include <stdio.h>
#include <string.h>

#include <oxkit/ropcodec/types.h>

bool ox_bytes_equal(ox_bytes a, ox_bytes b) {
  return a.size_bytes == b.size_bytes &&
         (a.size_bytes == 0 || memcmp(a.data, b.data, a.size_bytes) == 0);
}

bool ox_guid_equal(const ox_guid *a, const ox_guid *b) {
  return a->data1 == b->data1 && a->data2 == b->data2 && a->data3 == b->data3 &&
         memcmp(a->data4, b->data4, sizeof a->data4) == 0;
}

bool ox_guid_is_null(const ox_guid *guid) {
  static const ox_guid null_guid;
  return ox_guid_equal(guid, &null_guid);
}

int ox_guid_compare(const ox_guid *a, const ox_guid *b) {
  uint8_t wire_a[16], wire_b[16];
  ox_guid_to_wire(a, wire_a);
  ox_guid_to_wire(b, wire_b);
  return memcmp(wire_a, wire_b, sizeof wire_a);
}

void ox_guid_to_wire(const ox_guid *guid, uint8_t wire_out[16]) {
  for (unsigned i = 0; i < 4; i++) wire_out[i] = (uint8_t)(guid->data1 >> 8 * i);
  for (unsigned i = 0; i < 2; i++) wire_out[4 + i] = (uint8_t)(guid->data2 >> 8 * i);
  for (unsigned i = 0; i < 2; i++) wire_out[6 + i] = (uint8_t)(guid->data3 >> 8 * i);
  memcpy(wire_out + 8, guid->data4, 8);
}

void ox_guid_from_wire(const uint8_t wire[16], ox_guid *out) {
  out->data1 = (uint32_t)wire[0] | (uint32_t)wire[1] << 8 | (uint32_t)wire[2] << 16 |
               (uint32_t)wire[3] << 24;
  out->data2 = (uint16_t)(wire[4] | wire[5] << 8);
  out->data3 = (uint16_t)(wire[6] | wire[7] << 8);
  memcpy(out->data4, wire + 8, 8);
}

void ox_guid_format(const ox_guid *guid, char text_out[OX_GUID_TEXT_BYTES]) {
  const uint8_t *d = guid->data4;
  snprintf(text_out, OX_GUID_TEXT_BYTES, "%08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x",
           (unsigned)guid->data1, guid->data2, guid->data3, d[0], d[1], d[2], d[3], d[4], d[5],
           d[6], d[7]);
}

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

ox_status ox_guid_parse(const char *text, ox_guid *out) {
  static const char pattern[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  uint8_t digits[16] = {0}; /* in the order of the text */
  size_t length = strlen(text);
  bool braces = length == sizeof pattern + 1 && text[0] == '{' && text[length - 1] == '}';
  if (braces) text++;
  if (!braces && length != sizeof pattern - 1) return OX_E_MALFORMED;
  unsigned nibble = 0;
  for (size_t i = 0; i < sizeof pattern - 1; i++) {
    if (pattern[i] == '-') {
      if (text[i] != '-') return OX_E_MALFORMED;
      continue;
    }
    int digit = hex_digit(text[i]);
    if (digit < 0) return OX_E_MALFORMED;
    digits[nibble / 2] = (uint8_t)(digits[nibble / 2] << 4 | digit);
    nibble++;
  }
  out->data1 =
      (uint32_t)digits[0] << 24 | (uint32_t)digits[1] << 16 | (uint32_t)digits[2] << 8 | digits[3];
  out->data2 = (uint16_t)(digits[4] << 8 | digits[5]);
  out->data3 = (uint16_t)(digits[6] << 8 | digits[7]);
  memcpy(out->data4, digits + 8, 8);
  return OX_OK;
}

void ox_guid_from_random(const uint8_t random[16], ox_guid *out) {
  ox_guid_from_wire(random, out);
  out->data3 = (uint16_t)((out->data3 & 0x0FFF) | 0x4000);
  out->data4[0] = (uint8_t)((out->data4[0] & 0x3F) | 0x80);
}
