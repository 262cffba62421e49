/* Addresses as properties: one-off entry ids, search keys, groups of address properties. */
#include "mime_internal.h"

#include <oxkit/ropcodec/entryid.h>

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

ox_status ox_mime_set_address(ox_propbag *bag, const address_tags *tags, const char *name,
                              const char *address) {
  if (name == NULL || *name == 0) name = address;
  ox_status status = ox_propbag_set_utf8(bag, tags->name, name);
  if (status != OX_OK || *address == 0) return status;
  ox_bytes entry_id = {NULL, 0}, search_key = {NULL, 0};
  status = ox_mime_one_off(bag->arena, name, address, &entry_id);
  if (status == OX_OK) status = ox_address_search_key(bag->arena, "SMTP", address, &search_key);
  if (status == OX_OK) status = ox_propbag_set_utf8(bag, tags->address_type, "SMTP");
  if (status == OX_OK) status = ox_propbag_set_utf8(bag, tags->email, address);
  if (status == OX_OK) status = ox_propbag_set_utf8(bag, tags->smtp, address);
  if (status == OX_OK)
    status = ox_propbag_set_binary(bag, tags->entry_id, entry_id.data, entry_id.size_bytes);
  if (status == OX_OK)
    status = ox_propbag_set_binary(bag, tags->search_key, search_key.data, search_key.size_bytes);
  return status;
}
