/* Addresses as properties: one-off entry ids, search keys, groups of address properties. */
#include "mime_internal.h"

#include <string.h>

const address_tags ox_mime_sender_tags = {OX_PidTagSenderName,         OX_PidTagSenderAddressType,
                                          OX_PidTagSenderEmailAddress, OX_PidTagSenderSmtpAddress,
                                          OX_PidTagSenderEntryId,      OX_PidTagSenderSearchKey};
const address_tags ox_mime_representing_tags = {
    OX_PidTagSentRepresentingName,         OX_PidTagSentRepresentingAddressType,
    OX_PidTagSentRepresentingEmailAddress, OX_PidTagSentRepresentingSmtpAddress,
    OX_PidTagSentRepresentingEntryId,      OX_PidTagSentRepresentingSearchKey};
const address_tags ox_mime_receipt_tags = {
    OX_PidTagReadReceiptName,         OX_PidTagReadReceiptAddressType,
    OX_PidTagReadReceiptEmailAddress, OX_PidTagReadReceiptSmtpAddress,
    OX_PidTagReadReceiptEntryId,      OX_PidTagReadReceiptSearchKey};

/* The provider of one-off entry ids. @spec [MS-OXCDATA] 2.2.5.1 */
static const uint8_t one_off_provider[16] = {0x81, 0x2B, 0x1F, 0xA4, 0xBE, 0xA3, 0x10, 0x19,
                                             0x9D, 0x6E, 0x00, 0xDD, 0x01, 0x0F, 0x54, 0x02};
enum {
  ONE_OFF_UNICODE = 0x8000,
  ONE_OFF_NO_LOOKUP = 0x1000,
  ONE_OFF_NO_RICH_INFO = 0x0001,
  ONE_OFF_HEADER_BYTES = 24
};

ox_status ox_mime_one_off(ox_arena *arena, const char *name, const char *address, ox_bytes *out) {
  ox_str16 parts[3];
  const char *texts[3] = {name, "SMTP", address};
  size_t size = ONE_OFF_HEADER_BYTES;
  for (int i = 0; i < 3; i++) {
    ox_status status = ox_str16_from_utf8(arena, ox_str8_from(texts[i]), &parts[i]);
    if (status != OX_OK) return status;
    size += parts[i].size_bytes + 2;
  }
  uint8_t *bytes = ox_arena_calloc(arena, 1, size);
  if (bytes == NULL) return OX_E_NO_MEMORY;
  memcpy(bytes + 4, one_off_provider, sizeof one_off_provider);
  uint16_t flags = ONE_OFF_UNICODE | ONE_OFF_NO_LOOKUP | ONE_OFF_NO_RICH_INFO;
  bytes[22] = (uint8_t)(flags & 0xFF);
  bytes[23] = (uint8_t)(flags >> 8);
  size_t at = ONE_OFF_HEADER_BYTES;
  for (int i = 0; i < 3; i++) {
    if (parts[i].size_bytes != 0) memcpy(bytes + at, parts[i].data, parts[i].size_bytes);
    at += parts[i].size_bytes + 2;
  }
  *out = (ox_bytes){bytes, size};
  return OX_OK;
}

/* One terminated UTF-16 string; false when it is not terminated. */
static bool take_zstr16(ox_bytes *rest, ox_str16 *out) {
  for (size_t i = 0; i + 1 < rest->size_bytes; i += 2) {
    if (rest->data[i] != 0 || rest->data[i + 1] != 0) continue;
    *out = (ox_str16){rest->data, i};
    rest->data += i + 2;
    rest->size_bytes -= i + 2;
    return true;
  }
  return false;
}

/* One terminated 8-bit string, read as Windows-1252. */
static const char *take_zstr8(ox_arena *arena, ox_bytes *rest) {
  const uint8_t *end = rest->size_bytes != 0 ? memchr(rest->data, 0, rest->size_bytes) : NULL;
  if (end == NULL) return NULL;
  size_t n = (size_t)(end - rest->data);
  const char *text = ox_mime_decode_text(arena, (const char *)rest->data, n, "windows-1252",
                                         OX_CODEPAGE_WINDOWS_1252, NULL, NULL);
  rest->data += n + 1;
  rest->size_bytes -= n + 1;
  return text;
}

bool ox_mime_one_off_read(ox_arena *arena, ox_bytes entry_id, const char **name_out,
                          const char **address_out) {
  if (entry_id.size_bytes < ONE_OFF_HEADER_BYTES ||
      memcmp(entry_id.data + 4, one_off_provider, sizeof one_off_provider) != 0)
    return false;
  unsigned flags = entry_id.data[22] | (unsigned)entry_id.data[23] << 8;
  ox_bytes rest = {entry_id.data + ONE_OFF_HEADER_BYTES,
                   entry_id.size_bytes - ONE_OFF_HEADER_BYTES};
  const char *texts[3];
  for (int i = 0; i < 3; i++) {
    ox_str16 text;
    if ((flags & ONE_OFF_UNICODE) != 0)
      texts[i] = take_zstr16(&rest, &text) ? ox_str16_utf8(arena, text) : NULL;
    else
      texts[i] = take_zstr8(arena, &rest);
    if (texts[i] == NULL) return false;
  }
  if (!ox_ascii_equal(texts[1], "SMTP")) return false;
  *name_out = texts[0];
  *address_out = texts[2];
  return true;
}

/* "SMTP:ADDRESS" in upper case with its terminator. @spec [MS-OXCPRPT] 2.2.1.9 */
static ox_status set_search_key(ox_propbag *bag, ox_proptag tag, const char *address) {
  char *key = g_strconcat("SMTP:", address, NULL);
  for (char *c = key; *c != 0; c++) *c = g_ascii_toupper(*c);
  ox_status status = ox_propbag_set_binary(bag, tag, key, strlen(key) + 1);
  g_free(key);
  return status;
}

ox_status ox_mime_set_address(ox_propbag *bag, const address_tags *tags, const char *name,
                              const char *address) {
  if (name == NULL || *name == 0) name = address;
  ox_status status = ox_propbag_set_utf8(bag, tags->name, name);
  if (status != OX_OK || *address == 0) return status;
  ox_bytes entry_id = {NULL, 0};
  status = ox_mime_one_off(bag->arena, name, address, &entry_id);
  if (status == OX_OK) status = ox_propbag_set_utf8(bag, tags->address_type, "SMTP");
  if (status == OX_OK) status = ox_propbag_set_utf8(bag, tags->email, address);
  if (status == OX_OK) status = ox_propbag_set_utf8(bag, tags->smtp, address);
  if (status == OX_OK)
    status = ox_propbag_set_binary(bag, tags->entry_id, entry_id.data, entry_id.size_bytes);
  if (status == OX_OK) status = set_search_key(bag, tags->search_key, address);
  return status;
}
