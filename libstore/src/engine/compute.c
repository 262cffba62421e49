/* Properties that follow from others: subject parts, display names, flags. */
#include <string.h>

#include "engine.h"

#define ID(name) OX_PROPTAG_ID(OX_##name)

static uint16_t unit(ox_str16 text, size_t i) {
  return (uint16_t)(text.data[2 * i] | text.data[2 * i + 1] << 8);
}

/* Length in bytes of a subject's prefix: one to three characters that are no digits, a colon and a
 * blank. @spec [MS-OXCMSG] 2.2.1.9, 3.2.4.4 */
static size_t prefix_bytes(ox_str16 subject) {
  size_t units = subject.size_bytes / 2;
  for (size_t i = 0; i < units && i <= 3; i++) {
    uint16_t c = unit(subject, i);
    if (c == ':') return i >= 1 && i + 1 < units && unit(subject, i + 1) == ' ' ? (i + 2) * 2 : 0;
    if ((c >= '0' && c <= '9') || c == ' ') return 0;
  }
  return 0;
}

static ox_status set_string(ox_propbag *bag, ox_proptag tag, ox_str16 text) {
  ox_value value = {.string = text};
  return ox_propbag_set(bag, tag, &value);
}

static ox_str16 get_string(const ox_propbag *bag, ox_proptag tag) {
  const ox_value *value = ox_propbag_get(bag, tag);
  return value != NULL ? value->string : (ox_str16){NULL, 0};
}

static ox_status join_subject(ox_propbag *bag) {
  ox_str16 prefix = get_string(bag, OX_PidTagSubjectPrefix);
  ox_str16 normalized = get_string(bag, OX_PidTagNormalizedSubject);
  uint8_t *joined = ox_arena_alloc(bag->arena, prefix.size_bytes + normalized.size_bytes);
  if (joined == NULL) return OX_E_NO_MEMORY;
  if (prefix.size_bytes > 0) memcpy(joined, prefix.data, prefix.size_bytes);
  if (normalized.size_bytes > 0)
    memcpy(joined + prefix.size_bytes, normalized.data, normalized.size_bytes);
  ox_str16 subject = {joined, prefix.size_bytes + normalized.size_bytes};
  return set_string(bag, OX_PidTagSubject, subject);
}

/* Sets one of the three subject properties and the others with it; OX_E_NOT_FOUND for any other
 * property. */
ox_status oxs_set_subject(ox_propbag *bag, const ox_property *property) {
  ox_str16 text = property->value.string;
  ox_status status;
  switch (property->tag) {
    case OX_PidTagSubject: {
      size_t prefix = prefix_bytes(text);
      status = set_string(bag, OX_PidTagSubject, text);
      text = get_string(bag, OX_PidTagSubject); /* the copy: the input may be of this bag */
      if (status == OX_OK)
        status = set_string(bag, OX_PidTagSubjectPrefix, (ox_str16){text.data, prefix});
      if (status == OX_OK)
        status = set_string(bag, OX_PidTagNormalizedSubject,
                            (ox_str16){text.data + prefix, text.size_bytes - prefix});
      return status;
    }
    case OX_PidTagSubjectPrefix:
    case OX_PidTagNormalizedSubject:
      status = set_string(bag, property->tag, text);
      return status == OX_OK ? join_subject(bag) : status;
    default: return OX_E_NOT_FOUND;
  }
}

static ox_status display_names(const oxs_content *content, int32_t type, ox_propbag *bag,
                               ox_proptag tag) {
  size_t size = 0;
  for (int pass = 0; pass < 2; pass++) {
    uint8_t *text = pass == 1 ? ox_arena_alloc(bag->arena, size + 2) : NULL;
    if (pass == 1 && text == NULL) return OX_E_NO_MEMORY;
    size_t used = 0;
    for (size_t i = 0; i < content->recipient_count; i++) {
      const ox_propbag *recipient = &content->recipients[i].bag;
      /* The low four bits are the type; flags stand above. */
      if ((ox_propbag_i32(recipient, OX_PidTagRecipientType, 0) & 0xF) != type) continue;
      ox_str16 name = get_string(recipient, OX_PidTagDisplayName);
      if (name.size_bytes == 0) name = get_string(recipient, OX_PidTagEmailAddress);
      if (name.size_bytes == 0) name = get_string(recipient, OX_PidTagSmtpAddress);
      if (used > 0 && text != NULL) memcpy(text + used, ";\0 \0", 4);
      if (used > 0) used += 4;
      if (text != NULL && name.size_bytes > 0) memcpy(text + used, name.data, name.size_bytes);
      used += name.size_bytes;
    }
    size = used;
    if (pass == 1) return set_string(bag, tag, (ox_str16){text, size});
  }
  return OX_OK;
}

ox_status oxs_compute(oxs_content *content, oxs_row *row, ox_error *err) {
  ox_propbag *bag = &content->bag.values;
  ox_status status = OX_OK;
  ox_str16 message_class = get_string(bag, OX_PidTagMessageClass);
  if (message_class.size_bytes == 0) {
    status = ox_propbag_set_utf8(bag, OX_PidTagMessageClass, "IPM.Note");
    message_class = get_string(bag, OX_PidTagMessageClass);
  }
  row->message_class = (ox_bytes){message_class.data, message_class.size_bytes};
  row->importance = (uint32_t)ox_propbag_i32(bag, OX_PidTagImportance, 1);
  row->delivery_time = ox_propbag_time(bag, OX_PidTagMessageDeliveryTime, 0);
  bool visible = false;
  for (size_t i = 0; i < content->attachment_count; i++)
    visible |=
        !ox_propbag_bool(&content->attachments[i].bag.values, OX_PidTagAttachmentHidden, false);
  row->flags &= ~OXS_FLAG_HAS_ATTACH;
  if (visible) row->flags |= OXS_FLAG_HAS_ATTACH;
  if (content->recipients_changed || ox_propbag_find(bag, ID(PidTagDisplayTo)) == NULL) {
    if (status == OX_OK) status = display_names(content, OX_RECIPIENT_TO, bag, OX_PidTagDisplayTo);
    if (status == OX_OK) status = display_names(content, OX_RECIPIENT_CC, bag, OX_PidTagDisplayCc);
    if (status == OX_OK)
      status = display_names(content, OX_RECIPIENT_BCC, bag, OX_PidTagDisplayBcc);
  }
  return status == OX_OK ? OX_OK : ox_error_set(err, status, NULL);
}
