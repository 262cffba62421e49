/* Recipient rows. @spec [MS-OXCDATA] 2.8.3 */
#include <oxkit/ropcodec/recipient.h>

#include <string.h>

#include "value.h"

enum { KIND_MASK = 0x0007 };

static bool is_personal_list(unsigned kind) {
  return kind == OX_ADDRESS_PERSONAL_DISTRIBUTION_LIST1 ||
         kind == OX_ADDRESS_PERSONAL_DISTRIBUTION_LIST2;
}

static uint16_t text_type(uint16_t flags) {
  return flags & OX_RECIPIENT_FLAG_UNICODE ? OX_PTYP_STRING : OX_PTYP_STRING8;
}

/* AddressType is there for kind 0 only. */
static bool has_address_type(uint16_t flags) {
  return (flags & KIND_MASK) == OX_ADDRESS_NONE && flags & OX_RECIPIENT_FLAG_ADDRESS_TYPE;
}

static void decode_text(ox_reader *r, ox_arena *arena, uint16_t flags, uint16_t flag,
                        ox_value *out) {
  if (flags & flag && ox_reader_ok(r)) {
    ox_value_decode(r, arena, text_type(flags), OX_COUNT_16, out);
  }
}

static void decode_properties(ox_reader *r, ox_arena *arena, const ox_proptag *columns,
                              size_t column_count, ox_recipient_row *out) {
  uint16_t count = ox_read_u16(r);
  if (ox_reader_ok(r) && count > column_count) {
    ox_reader_fail(r, OX_E_MALFORMED, "RecipientColumnCount", "[MS-OXCDATA] 2.8.3.2");
  }
  if (!ox_reader_ok(r)) return;
  out->recipient_properties = ox_arena_calloc(arena, count, sizeof *out->recipient_properties);
  if (out->recipient_properties == NULL) {
    ox_reader_fail(r, OX_E_NO_MEMORY, NULL, NULL);
    return;
  }
  out->recipient_column_count = count;
  ox_property_row_decode(r, arena, columns, count, OX_COUNT_16, out->recipient_properties);
}

ox_status ox_recipient_row_decode(ox_reader *r, ox_arena *arena, const ox_proptag *columns,
                                  size_t column_count, ox_recipient_row *out) {
  memset(out, 0, sizeof *out);
  const uint16_t flags = ox_read_u16(r);
  out->recipient_flags = flags;
  if ((flags & KIND_MASK) == OX_ADDRESS_X500DN) {
    out->address_prefix_used = ox_read_u8(r);
    out->display_type = ox_read_u8(r);
    out->x500dn = ox_read_zstr8(r);
  } else if (is_personal_list(flags & KIND_MASK)) {
    out->entry_id = ox_read_bytes(r, ox_read_count(r, 2, 1, 0));
    out->search_key = ox_read_bytes(r, ox_read_count(r, 2, 1, 0));
  }
  if (has_address_type(flags)) out->address_type = ox_read_zstr8(r);
  decode_text(r, arena, flags, OX_RECIPIENT_FLAG_EMAIL_ADDRESS, &out->email_address);
  decode_text(r, arena, flags, OX_RECIPIENT_FLAG_DISPLAY_NAME, &out->display_name);
  decode_text(r, arena, flags, OX_RECIPIENT_FLAG_SIMPLE_NAME, &out->simple_display_name);
  decode_text(r, arena, flags, OX_RECIPIENT_FLAG_TRANSMITTABLE_NAME,
              &out->transmittable_display_name);
  decode_properties(r, arena, columns, column_count, out);
  if (!ox_reader_ok(r)) memset(out, 0, sizeof *out);
  return ox_reader_status(r, NULL);
}

static void encode_text(ox_writer *w, uint16_t flags, uint16_t flag, const ox_value *value) {
  if (flags & flag) ox_value_encode(w, text_type(flags), OX_COUNT_16, value);
}

void ox_recipient_row_encode(ox_writer *w, const ox_proptag *columns, size_t column_count,
                             const ox_recipient_row *in) {
  const uint16_t flags = in->recipient_flags;
  if (in->recipient_column_count > column_count) {
    ox_writer_fail(w, OX_E_USAGE);
    return;
  }
  ox_write_u16(w, flags);
  if ((flags & KIND_MASK) == OX_ADDRESS_X500DN) {
    ox_write_u8(w, in->address_prefix_used);
    ox_write_u8(w, in->display_type);
    ox_write_zstr8(w, in->x500dn);
  } else if (is_personal_list(flags & KIND_MASK)) {
    ox_write_count(w, 2, in->entry_id.size_bytes);
    ox_write_bytes(w, in->entry_id.data, in->entry_id.size_bytes);
    ox_write_count(w, 2, in->search_key.size_bytes);
    ox_write_bytes(w, in->search_key.data, in->search_key.size_bytes);
  }
  if (has_address_type(flags)) ox_write_zstr8(w, in->address_type);
  encode_text(w, flags, OX_RECIPIENT_FLAG_EMAIL_ADDRESS, &in->email_address);
  encode_text(w, flags, OX_RECIPIENT_FLAG_DISPLAY_NAME, &in->display_name);
  encode_text(w, flags, OX_RECIPIENT_FLAG_SIMPLE_NAME, &in->simple_display_name);
  encode_text(w, flags, OX_RECIPIENT_FLAG_TRANSMITTABLE_NAME, &in->transmittable_display_name);
  ox_write_u16(w, in->recipient_column_count);
  ox_property_row_encode(w, columns, in->recipient_column_count, OX_COUNT_16,
                         in->recipient_properties);
}

/* Between rows and bags. */

/* Address types that have a kind of their own. @spec [MS-OXCDATA] 2.8.3.1 */
static const struct {
  uint8_t kind;
  const char *address_type;
} kinds[] = {
    {OX_ADDRESS_X500DN, "EX"},
    {OX_ADDRESS_MSMAIL, "MS"},
    {OX_ADDRESS_SMTP, "SMTP"},
    {OX_ADDRESS_FAX, "FAX"},
    {OX_ADDRESS_PROFESSIONAL_OFFICE, "PROFS"},
    {OX_ADDRESS_PERSONAL_DISTRIBUTION_LIST1, "MAPIPDL"},
    {OX_ADDRESS_PERSONAL_DISTRIBUTION_LIST2, "MAPIPDL"},
};

static unsigned kind_of(const char *address_type) {
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    if (ox_ascii_equal(kinds[i].address_type, address_type)) return kinds[i].kind;
  }
  return OX_ADDRESS_NONE;
}

/* A text property as UTF-16, from either form. *found is false when the bag has none. */
static ox_status text_of(ox_arena *arena, const ox_propbag *bag, ox_proptag tag, ox_str16 *out,
                         bool *found) {
  const ox_property *property = ox_propbag_find(bag, OX_PROPTAG_ID(tag));
  *found = false;
  if (property == NULL) return OX_OK;
  if (OX_PROPTAG_TYPE(property->tag) == OX_PTYP_STRING) {
    *out = property->value.string;
    *found = true;
    return OX_OK;
  }
  if (OX_PROPTAG_TYPE(property->tag) != OX_PTYP_STRING8) return OX_OK;
  const char *utf8 = ox_propbag_utf8(bag, tag, arena, NULL);
  if (utf8 == NULL) return OX_E_NO_MEMORY;
  *found = true;
  return ox_str16_from_utf8(arena, ox_str8_from(utf8), out);
}

static ox_status add_text(ox_arena *arena, const ox_propbag *bag, ox_proptag tag, uint16_t flag,
                          ox_recipient_row *row, ox_value *out) {
  bool found;
  ox_status status = text_of(arena, bag, tag, &out->string, &found);
  if (status == OX_OK && found) row->recipient_flags |= flag;
  return status;
}

static ox_status add_address(ox_arena *arena, const ox_propbag *bag, ox_recipient_row *row) {
  const char *type = ox_propbag_utf8(bag, OX_PidTagAddressType, arena, "");
  unsigned kind = kind_of(type);
  if (is_personal_list(kind)) {
    row->entry_id = ox_propbag_binary(bag, OX_PidTagEntryId);
    row->search_key = ox_propbag_binary(bag, OX_PidTagSearchKey);
  }
  row->recipient_flags |= (uint16_t)kind;
  if (kind == OX_ADDRESS_X500DN) {
    row->x500dn = ox_str8_from(ox_propbag_utf8(bag, OX_PidTagEmailAddress, arena, ""));
    row->display_type = (uint8_t)ox_propbag_i32(bag, OX_PidTagDisplayType, 0);
    return row->x500dn.data != NULL ? OX_OK : OX_E_NO_MEMORY;
  }
  if (kind == OX_ADDRESS_NONE && type[0] != 0) {
    row->recipient_flags |= OX_RECIPIENT_FLAG_ADDRESS_TYPE;
    row->address_type = ox_str8_from(type);
  }
  return add_text(arena, bag, OX_PidTagEmailAddress, OX_RECIPIENT_FLAG_EMAIL_ADDRESS, row,
                  &row->email_address);
}

static ox_status add_names(ox_arena *arena, const ox_propbag *bag, ox_recipient_row *row) {
  ox_status status = add_text(arena, bag, OX_PidTagDisplayName, OX_RECIPIENT_FLAG_DISPLAY_NAME, row,
                              &row->display_name);
  if (status == OX_OK) {
    status = add_text(arena, bag, OX_PidTagAddressBookDisplayNamePrintable,
                      OX_RECIPIENT_FLAG_SIMPLE_NAME, row, &row->simple_display_name);
  }
  if (status == OX_OK) {
    status = add_text(arena, bag, OX_PidTagTransmittableDisplayName,
                      OX_RECIPIENT_FLAG_TRANSMITTABLE_NAME, row, &row->transmittable_display_name);
  }
  const bool has_name = row->recipient_flags & OX_RECIPIENT_FLAG_DISPLAY_NAME;
  const bool has_other = row->recipient_flags & OX_RECIPIENT_FLAG_TRANSMITTABLE_NAME;
  if (has_name &&
      (!has_other || ox_str16_compare(row->display_name.string,
                                      row->transmittable_display_name.string, 0) == 0)) {
    row->recipient_flags &= (uint16_t)~OX_RECIPIENT_FLAG_TRANSMITTABLE_NAME;
    row->recipient_flags |= OX_RECIPIENT_FLAG_SAME_TRANSMITTABLE;
  }
  return status;
}

static ox_status column_value(ox_arena *arena, const ox_propbag *bag, ox_proptag column,
                              ox_property *out) {
  const uint16_t type = ox_column_value_type(OX_PROPTAG_TYPE(column));
  const ox_property *property = ox_propbag_find(bag, OX_PROPTAG_ID(column));
  if (property != NULL && (type == OX_PTYP_UNSPECIFIED || type == OX_PROPTAG_TYPE(property->tag))) {
    *out = *property;
    return OX_OK;
  }
  if (property != NULL && type == OX_PTYP_STRING &&
      OX_PROPTAG_TYPE(property->tag) == OX_PTYP_STRING8) {
    bool found;
    out->tag = OX_PROPTAG_AS(column, type);
    return text_of(arena, bag, column, &out->value.string, &found);
  }
  out->tag = OX_PROPTAG_AS(column, OX_PTYP_ERROR_CODE);
  out->value.error = OX_E_NOT_FOUND;
  return OX_OK;
}

ox_status ox_recipient_row_from_bag(ox_arena *arena, const ox_propbag *bag,
                                    const ox_proptag *columns, size_t column_count,
                                    ox_recipient_row *out) {
  ox_recipient_row row;
  memset(&row, 0, sizeof row);
  if (column_count > UINT16_MAX) return OX_E_LIMIT;
  row.recipient_flags = OX_RECIPIENT_FLAG_UNICODE;
  if (ox_propbag_bool(bag, OX_PidTagResponsibility, false)) {
    row.recipient_flags |= OX_RECIPIENT_FLAG_RESPONSIBLE;
  }
  if (!ox_propbag_bool(bag, OX_PidTagSendRichInfo, true)) {
    row.recipient_flags |= OX_RECIPIENT_FLAG_NO_RICH_TEXT;
  }
  ox_status status = add_address(arena, bag, &row);
  if (status == OX_OK) status = add_names(arena, bag, &row);
  if (status != OX_OK) return status;
  row.recipient_column_count = (uint16_t)column_count;
  row.recipient_properties = ox_arena_calloc(arena, column_count, sizeof(ox_property));
  if (row.recipient_properties == NULL) return OX_E_NO_MEMORY;
  for (size_t i = 0; i < column_count && status == OX_OK; i++) {
    status = column_value(arena, bag, columns[i], &row.recipient_properties[i]);
  }
  if (status == OX_OK) *out = row;
  return status;
}

ox_status ox_recipient_row_expand_dn(ox_arena *arena, const char *dn_prefix,
                                     ox_recipient_row *row) {
  const size_t used = row->address_prefix_used;
  if (used == 0) return OX_OK;
  if (dn_prefix == NULL || strlen(dn_prefix) < used) return OX_E_MALFORMED;
  char *full = ox_arena_alloc(arena, used + row->x500dn.size_bytes + 1);
  if (full == NULL) return OX_E_NO_MEMORY;
  memcpy(full, dn_prefix, used);
  if (row->x500dn.size_bytes != 0) {
    memcpy(full + used, row->x500dn.data, row->x500dn.size_bytes);
  }
  full[used + row->x500dn.size_bytes] = 0;
  row->x500dn.data = full;
  row->x500dn.size_bytes += used;
  row->address_prefix_used = 0;
  return OX_OK;
}

/* 8-bit text becomes PtypString; an unknown code page is read as Windows-1252. */
static ox_status set_string8(ox_propbag *bag, ox_proptag tag, ox_str8 text, uint32_t codepage) {
  char *utf8 = NULL;
  ox_status status = ox_str8_to_utf8(bag->arena, text, codepage, &utf8);
  if (status == OX_E_UNKNOWN_CODEPAGE) {
    status = ox_str8_to_utf8(bag->arena, text, OX_CODEPAGE_WINDOWS_1252, &utf8);
  }
  if (status != OX_OK) return status;
  return ox_propbag_set_utf8(bag, OX_PROPTAG_AS(tag, OX_PTYP_STRING), utf8);
}

static ox_status set_text(ox_propbag *bag, const ox_recipient_row *row, uint16_t flag,
                          ox_proptag tag, const ox_value *value, uint32_t codepage) {
  if (!(row->recipient_flags & flag)) return OX_OK;
  if (row->recipient_flags & OX_RECIPIENT_FLAG_UNICODE) return ox_propbag_set(bag, tag, value);
  return set_string8(bag, tag, value->string8, codepage);
}

static ox_status set_address(const ox_recipient_row *row, uint32_t codepage, ox_propbag *bag) {
  const unsigned kind = row->recipient_flags & KIND_MASK;
  ox_status status = OX_OK;
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0] && status == OX_OK; i++) {
    if (kinds[i].kind == kind) {
      status = ox_propbag_set_utf8(bag, OX_PidTagAddressType, kinds[i].address_type);
    }
  }
  if (status == OX_OK && has_address_type(row->recipient_flags)) {
    status = set_string8(bag, OX_PidTagAddressType, row->address_type, codepage);
  }
  if (status == OX_OK && kind == OX_ADDRESS_X500DN) {
    status = set_string8(bag, OX_PidTagEmailAddress, row->x500dn, codepage);
    if (status == OX_OK) status = ox_propbag_set_i32(bag, OX_PidTagDisplayType, row->display_type);
  }
  if (status == OX_OK && is_personal_list(kind)) {
    status =
        ox_propbag_set_binary(bag, OX_PidTagEntryId, row->entry_id.data, row->entry_id.size_bytes);
    if (status == OX_OK) {
      status = ox_propbag_set_binary(bag, OX_PidTagSearchKey, row->search_key.data,
                                     row->search_key.size_bytes);
    }
  }
  return status;
}

static ox_status set_column(ox_propbag *bag, const ox_property *property, uint32_t codepage) {
  uint16_t type = OX_PROPTAG_TYPE(property->tag);
  if (type == OX_PTYP_ERROR_CODE || type == OX_PTYP_NULL) return OX_OK;
  if (type == OX_PTYP_STRING8) {
    return set_string8(bag, property->tag, property->value.string8, codepage);
  }
  return ox_propbag_set(bag, property->tag, &property->value);
}

ox_status ox_recipient_row_to_bag(const ox_recipient_row *row, uint32_t codepage, ox_propbag *bag) {
  const struct {
    uint16_t flag;
    ox_proptag tag;
    const ox_value *value;
  } texts[] = {
      {OX_RECIPIENT_FLAG_EMAIL_ADDRESS, OX_PidTagEmailAddress, &row->email_address},
      {OX_RECIPIENT_FLAG_DISPLAY_NAME, OX_PidTagDisplayName, &row->display_name},
      {OX_RECIPIENT_FLAG_SAME_TRANSMITTABLE, OX_PidTagTransmittableDisplayName, &row->display_name},
      {OX_RECIPIENT_FLAG_SIMPLE_NAME, OX_PidTagAddressBookDisplayNamePrintable,
       &row->simple_display_name},
      {OX_RECIPIENT_FLAG_TRANSMITTABLE_NAME, OX_PidTagTransmittableDisplayName,
       &row->transmittable_display_name},
  };
  const uint16_t flags = row->recipient_flags;
  ox_status status = OX_OK;
  /* The columns first: the fixed fields are what counts where both speak. */
  for (uint16_t i = 0; i < row->recipient_column_count && status == OX_OK; i++) {
    status = set_column(bag, &row->recipient_properties[i], codepage);
  }
  if (status == OX_OK) status = set_address(row, codepage, bag);
  for (size_t i = 0; i < sizeof texts / sizeof texts[0] && status == OX_OK; i++) {
    /* "Same as the display name" means something only when there is one. */
    if (texts[i].flag == OX_RECIPIENT_FLAG_SAME_TRANSMITTABLE &&
        !(flags & OX_RECIPIENT_FLAG_DISPLAY_NAME)) {
      continue;
    }
    status = set_text(bag, row, texts[i].flag, texts[i].tag, texts[i].value, codepage);
  }
  if (status == OX_OK && flags & OX_RECIPIENT_FLAG_RESPONSIBLE) {
    status = ox_propbag_set_bool(bag, OX_PidTagResponsibility, true);
  }
  if (status == OX_OK) {
    status =
        ox_propbag_set_bool(bag, OX_PidTagSendRichInfo, !(flags & OX_RECIPIENT_FLAG_NO_RICH_TEXT));
  }
  return status;
}
