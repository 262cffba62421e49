/* Addresses as properties: one-off entry ids, search keys, groups of address properties. */
#include "mime_internal.h"

#include <oxkit/ropcodec/entryid.h>

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

ox_status ox_mime_one_off(ox_arena *arena, const char *name, const char *address, ox_bytes *out) {
  return ox_one_off_entry_id(arena, name, "SMTP", address,
                             OX_ONE_OFF_NO_LOOKUP | OX_ONE_OFF_NO_RICH_INFO, out);
}

static const char *one_off_text(ox_arena *arena, uint16_t flags, const ox_value *value) {
  if ((flags & OX_ONE_OFF_UNICODE) != 0) return ox_str16_utf8(arena, value->string);
  return ox_mime_decode_text(arena, value->string8.data, value->string8.size_bytes, "windows-1252",
                             OX_CODEPAGE_WINDOWS_1252, NULL, NULL);
}

bool ox_mime_one_off_read(ox_arena *arena, ox_bytes entry_id, const char **name_out,
                          const char **address_out) {
  ox_entry_id id;
  if (ox_entry_id_decode(entry_id, &id, NULL) != OX_OK || id.kind != OX_ENTRY_ID_ONE_OFF)
    return false;
  uint16_t flags = id.u.one_off.flags;
  const char *type = one_off_text(arena, flags, &id.u.one_off.address_type);
  *name_out = one_off_text(arena, flags, &id.u.one_off.display_name);
  *address_out = one_off_text(arena, flags, &id.u.one_off.email_address);
  return type != NULL && *name_out != NULL && *address_out != NULL && ox_ascii_equal(type, "SMTP");
}

char *ox_mime_encapsulate(const char *address_type, const char *address, const char *domain) {
  GString *text = g_string_new("IMCEA");
  g_string_append_printf(text, "%s-", address_type);
  for (const char *c = address; *c != 0; c++) {
    if (*c == '/')
      g_string_append_c(text, '_');
    else if (g_ascii_isalnum(*c) || *c == '-' || *c == '=')
      g_string_append_c(text, *c);
    else
      g_string_append_printf(text, "+%02X", (uint8_t)*c);
  }
  g_string_append_printf(text, "@%s", domain);
  return g_string_free(text, FALSE);
}

bool ox_mime_decapsulate(const char *smtp, const char *domain, char **type_out,
                         char **address_out) {
  const char *at = strrchr(smtp, '@');
  const char *hyphen = strchr(smtp, '-');
  if (domain == NULL || at == NULL || hyphen == NULL || hyphen > at || hyphen < smtp + 6 ||
      !ox_ascii_equal_n(smtp, "IMCEA", 5) || !ox_ascii_equal(at + 1, domain))
    return false;
  GString *text = g_string_new(NULL);
  for (const char *c = hyphen + 1; c < at; c++) {
    if (*c == '_') {
      g_string_append_c(text, '/');
    } else if (*c == '+' && at - c > 2 && g_ascii_isxdigit(c[1]) && g_ascii_isxdigit(c[2])) {
      int byte = g_ascii_xdigit_value(c[1]) * 16 + g_ascii_xdigit_value(c[2]);
      if (byte != 0) g_string_append_c(text, (gchar)byte);
      c += 2;
    } else {
      g_string_append_c(text, *c);
    }
  }
  *type_out = g_strndup(smtp + 5, (gsize)(hyphen - smtp - 5));
  *address_out = g_string_free(text, FALSE);
  return true;
}

static ox_status set_group(ox_propbag *bag, const address_tags *tags, const char *name,
                           const char *type, const char *address, const char *smtp) {
  ox_bytes entry_id = {NULL, 0}, search_key = {NULL, 0};
  ox_status status;
  if (ox_ascii_equal(type, "EX"))
    status =
        ox_address_book_entry_id(bag->arena, OX_ADDRESS_BOOK_LOCAL_MAIL_USER, address, &entry_id);
  else
    status = ox_one_off_entry_id(bag->arena, name, type, address,
                                 OX_ONE_OFF_NO_LOOKUP | OX_ONE_OFF_NO_RICH_INFO, &entry_id);
  if (status == OX_OK) status = ox_address_search_key(bag->arena, type, address, &search_key);
  if (status == OX_OK) status = ox_propbag_set_utf8(bag, tags->address_type, type);
  if (status == OX_OK) status = ox_propbag_set_utf8(bag, tags->email, address);
  if (status == OX_OK) status = ox_propbag_set_utf8(bag, tags->smtp, smtp);
  if (status == OX_OK)
    status = ox_propbag_set_binary(bag, tags->entry_id, entry_id.data, entry_id.size_bytes);
  if (status == OX_OK)
    status = ox_propbag_set_binary(bag, tags->search_key, search_key.data, search_key.size_bytes);
  return status;
}

/* @spec [MS-OXCMAIL] 2.2.3.1.1 */
ox_status ox_mime_set_address(ox_propbag *bag, const address_tags *tags, const char *name,
                              const char *address, const char *domain) {
  if (name == NULL || *name == 0) name = address;
  ox_status status = ox_propbag_set_utf8(bag, tags->name, name);
  if (status != OX_OK || *address == 0) return status;
  char *type = NULL, *inner = NULL;
  if (!ox_mime_decapsulate(address, domain, &type, &inner))
    return set_group(bag, tags, name, "SMTP", address, address);
  status = set_group(bag, tags, name, type, inner, address);
  g_free(type);
  g_free(inner);
  return status;
}
