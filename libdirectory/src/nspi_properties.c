/* The properties of address book objects.
 * @spec [MS-OXOABK] 2.2.2 to 2.2.6; [MS-OXNSPI] 3.1.4.2, 3.1.4.3 */
#include "nspi_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <oxkit/ropcodec/entryid.h>
#include <oxkit/ropcodec/properties.h>

#include "attributes.h"

/* The address book's place in permanent entry ids. @spec [MS-OXNSPI] 2.2.1.7 */
static const uint8_t guid_nspi[16] = {0xDC, 0xA7, 0x40, 0xC8, 0xC0, 0x42, 0x10, 0x1A,
                                      0xB4, 0xB9, 0x08, 0x00, 0x2B, 0x2F, 0xE1, 0x82};

/* PidTagObjectType. @spec [MS-OXOABK] 2.2.3.10 */
enum { OBJECT_MAILUSER = 6, OBJECT_DISTLIST = 8 };
/* PidTagContainerFlags. @spec [MS-OXOABK] 2.2.2.1 */
enum { AB_RECIPIENTS = 1, AB_UNMODIFIABLE = 8 };

enum { EPHEMERAL_ID_BYTES = 32, EPHEMERAL_ID_TYPE = 0x87 };

/* What makes one value. */
typedef struct maker {
  nspi_call *call;
  const ox_directory_entry *entry;
  ox_arena *arena;
} maker;

typedef ox_status (*make_value)(const maker *m, ox_value *out);

/* --- Makers ----------------------------------------------------------------------------------- */

static ox_status text(const maker *m, const char *utf8, ox_value *out) {
  return ox_str16_from_utf8(m->arena, ox_str8_from(utf8), &out->string);
}

static ox_status bytes(const maker *m, const void *data, size_t size, ox_value *out) {
  out->binary.data = ox_arena_copy(m->arena, data, size);
  out->binary.size_bytes = size;
  return out->binary.data != NULL ? OX_OK : OX_E_NO_MEMORY;
}

static void put_u32(uint8_t *out, uint32_t value) {
  for (int i = 0; i < 4; i++) out[i] = (uint8_t)(value >> (8 * i));
}

/* @spec [MS-OXNSPI] 2.2.9.3 */
static ox_status permanent_id(const maker *m, ox_value *out) {
  return ox_address_book_entry_id(m->arena, dir_display_type(m->entry->kind), m->entry->legacy_dn,
                                  &out->binary);
}

/* @spec [MS-OXNSPI] 2.2.9.2 */
static ox_status ephemeral_id(const maker *m, ox_value *out) {
  uint8_t id[EPHEMERAL_ID_BYTES] = {EPHEMERAL_ID_TYPE};
  ox_guid_to_wire(&m->call->server->guid, id + 4);
  put_u32(id + 20, 1);
  put_u32(id + 24, dir_display_type(m->entry->kind));
  put_u32(id + 28, m->entry->mid);
  return bytes(m, id, sizeof id, out);
}

static ox_status make_entry_id(const maker *m, ox_value *out) {
  return m->call->ephemeral ? ephemeral_id(m, out) : permanent_id(m, out);
}

static ox_status make_search_key(const maker *m, ox_value *out) {
  return ox_address_search_key(m->arena, "EX", m->entry->legacy_dn, &out->binary);
}

static ox_status make_instance_key(const maker *m, ox_value *out) {
  uint8_t key[4];
  put_u32(key, m->entry->mid);
  return bytes(m, key, sizeof key, out);
}

static ox_status make_mapping_signature(const maker *m, ox_value *out) {
  return bytes(m, guid_nspi, sizeof guid_nspi, out);
}

static ox_status make_object_guid(const maker *m, ox_value *out) {
  uint8_t wire[16];
  ox_guid_to_wire(&m->entry->guid, wire);
  return bytes(m, wire, sizeof wire, out);
}

static ox_status make_mid(const maker *m, ox_value *out) {
  out->i32 = (int32_t)m->entry->mid;
  return OX_OK;
}

static ox_status make_object_type(const maker *m, ox_value *out) {
  out->i32 = m->entry->kind == OX_DIRECTORY_GROUP ? OBJECT_DISTLIST : OBJECT_MAILUSER;
  return OX_OK;
}

static ox_status make_display_type(const maker *m, ox_value *out) {
  out->i32 = (int32_t)dir_display_type(m->entry->kind);
  return OX_OK;
}

static ox_status make_display_type_ex(const maker *m, ox_value *out) {
  out->i32 = (int32_t)dir_display_type_ex(m->entry->kind);
  return OX_OK;
}

static ox_status make_zero(const maker *m, ox_value *out) {
  (void)m;
  out->i32 = 0;
  return OX_OK;
}

static ox_status make_true(const maker *m, ox_value *out) {
  (void)m;
  out->boolean = true;
  return OX_OK;
}

static ox_status make_container_flags(const maker *m, ox_value *out) {
  (void)m;
  out->i32 = AB_RECIPIENTS | AB_UNMODIFIABLE;
  return OX_OK;
}

static ox_status make_display_name(const maker *m, ox_value *out) {
  return text(m, m->entry->display_name, out);
}

static ox_status make_name(const maker *m, ox_value *out) {
  return text(m, m->entry->name, out);
}

static ox_status make_ex(const maker *m, ox_value *out) {
  return text(m, "EX", out);
}

static ox_status make_dn(const maker *m, ox_value *out) {
  return text(m, m->entry->legacy_dn, out);
}

static ox_status make_smtp(const maker *m, ox_value *out) {
  return text(m, m->entry->smtp_address, out);
}

static const char *attribute_value(const maker *m, const char *name) {
  for (size_t i = 0; i < m->entry->attribute_count; i++)
    if (strcmp(m->entry->attributes[i].name, name) == 0) return m->entry->attributes[i].value;
  return NULL;
}

static ox_status make_primary_phone(const maker *m, ox_value *out) {
  const char *phone = attribute_value(m, "telephoneNumber");
  return phone != NULL ? text(m, phone, out) : OX_E_NOT_FOUND;
}

/* ASCII only: the attribute when it is there, else the display name, else the alias. */
static ox_status make_printable_name(const maker *m, ox_value *out) {
  const char *name = attribute_value(m, "displayNamePrintable");
  if (name == NULL) name = m->entry->display_name;
  for (const char *p = name; *p != 0; p++)
    if ((unsigned char)*p < ' ' || (unsigned char)*p > '~') return text(m, m->entry->name, out);
  return text(m, name, out);
}

/* "SMTP:" before the primary address, "smtp:" before others. @spec [MS-OXOABK] 2.2.3.23 */
static ox_status make_proxy_addresses(const maker *m, ox_value *out) {
  size_t count = 1 + m->entry->address_count;
  ox_str16 *values = ox_arena_calloc(m->arena, count, sizeof *values);
  if (values == NULL) return OX_E_NO_MEMORY;
  for (size_t i = 0; i < count; i++) {
    const char *address = i == 0 ? m->entry->smtp_address : m->entry->addresses[i - 1];
    const char *type = i == 0 ? "SMTP:" : strchr(address, ':') != NULL ? "" : "smtp:";
    if (i > 0 && dir_is_dn(address)) type = "X500:";
    size_t size = strlen(type) + strlen(address) + 1;
    char *joined = ox_arena_alloc(m->arena, size);
    if (joined == NULL) return OX_E_NO_MEMORY;
    snprintf(joined, size, "%s%s", type, address);
    ox_status status = ox_str16_from_utf8(m->arena, ox_str8_from(joined), &values[i]);
    if (status != OX_OK) return status;
  }
  out->multiple.count = (uint32_t)count;
  out->multiple.values.string = values;
  return OX_OK;
}

/* DN of the mailbox database, by which clients find the server. @spec [MS-OXOABK] 2.2.4.37 */
static ox_status make_home_database(const maker *m, ox_value *out) {
  const char *server = m->call->directory->home_server;
  if (server[0] == 0) return OX_E_NOT_FOUND;
  const char *organization = ox_directory_organization_dn(m->call->directory);
  size_t size = strlen(server) + strlen(organization) + 160;
  char *dn = ox_arena_alloc(m->arena, size);
  if (dn == NULL) return OX_E_NO_MEMORY;
  if (server[0] == '/')
    snprintf(dn, size, "%s/cn=Microsoft Private MDB", server);
  else
    snprintf(dn, size,
             "%s/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Configuration/cn=Servers"
             "/cn=%s/cn=Microsoft Private MDB",
             organization, server);
  return text(m, dn, out);
}

#define KIND(kind) (1u << (kind))
#define ALL UINT32_MAX
#define GROUPS KIND(OX_DIRECTORY_GROUP)
#define MAILBOXES (KIND(OX_DIRECTORY_USER) | KIND(OX_DIRECTORY_ROOM) | KIND(OX_DIRECTORY_EQUIPMENT))

/* Properties that are not attributes that somebody set. A NULL maker stands for a reference to a
 * table of other objects (PtypEmbeddedTable), which GetMatches opens. */
static const struct computed {
  ox_proptag tag;
  uint32_t kinds;
  make_value make;
} computed[] = {
    {OX_PidTagEntryId, ALL, make_entry_id},
    {OX_PidTagTemplateid, ALL, permanent_id},
    {OX_PidTagRecordKey, ALL, permanent_id}, /* [MS-OXOABK] 2.2.3.4: as PidTagTemplateid */
    {OX_PidTagSearchKey, ALL, make_search_key},
    {OX_PidTagInstanceKey, ALL, make_instance_key},
    {OX_PidTagMappingSignature, ALL, make_mapping_signature},
    {OX_PidTagAddressBookObjectGuid, ALL, make_object_guid},
    {OX_PidTagAddressBookContainerId, ALL, make_mid},
    {OX_PidTagObjectType, ALL, make_object_type},
    {OX_PidTagDisplayType, ALL, make_display_type},
    {OX_PidTagDisplayTypeEx, ALL, make_display_type_ex},
    {OX_PidTagInitialDetailsPane, ALL, make_zero},
    {OX_PidTagSendInternetEncoding, ALL, make_zero},
    {OX_PidTagSendRichInfo, MAILBOXES | GROUPS, make_true},
    {OX_PidTagContainerFlags, GROUPS, make_container_flags},
    {OX_PidTagDisplayName, ALL, make_display_name},
    {OX_PidTagTransmittableDisplayName, ALL, make_display_name},
    {OX_PidTagAddressBookDisplayNamePrintable, ALL, make_printable_name},
    {OX_PidTagAccount, ALL, make_name},
    {OX_PidTagAddressType, ALL, make_ex},
    {OX_PidTagEmailAddress, ALL, make_dn},
    {OX_PidTagAddressBookObjectDistinguishedName, ALL, make_dn},
    {OX_PidTagSmtpAddress, ALL, make_smtp},
    {OX_PidTagPrimaryTelephoneNumber, ALL, make_primary_phone},
    {OX_PidTagAddressBookProxyAddresses, ALL, make_proxy_addresses},
    {OX_PROPTAG_AS(OX_PidTagAddressBookHomeMessageDatabase, OX_PTYP_STRING), MAILBOXES,
     make_home_database},
    {OX_PidTagContainerContents, GROUPS, NULL},
    {OX_PidTagAddressBookMember, GROUPS, NULL},
    {OX_PROPTAG_AS(OX_PidTagAddressBookIsMemberOfDistributionList, OX_PTYP_OBJECT), ALL, NULL},
    {OX_PidTagAddressBookReports, MAILBOXES, NULL},
};

#define COMPUTED_COUNT (sizeof computed / sizeof *computed)

/* --- Attributes ------------------------------------------------------------------------------- */

/* The native tag of an attribute: a reference to another object is shown as its DN. */
static ox_proptag native_tag(const dir_attribute *attribute) {
  if ((attribute->flags & DIR_ATTRIBUTE_OBJECT) != 0)
    return OX_PROPTAG_AS(attribute->tag, OX_PTYP_STRING);
  return attribute->tag;
}

static ox_status make_strings(const maker *m, const dir_attribute *attribute, ox_value *out) {
  size_t count = 0;
  for (size_t i = 0; i < m->entry->attribute_count; i++)
    count += strcmp(m->entry->attributes[i].name, attribute->name) == 0;
  if (count == 0) return OX_E_NOT_FOUND;
  ox_str16 *values = ox_arena_calloc(m->arena, count, sizeof *values);
  if (values == NULL) return OX_E_NO_MEMORY;
  for (size_t i = 0, n = 0; i < m->entry->attribute_count; i++) {
    if (strcmp(m->entry->attributes[i].name, attribute->name) != 0) continue;
    ox_status status =
        ox_str16_from_utf8(m->arena, ox_str8_from(m->entry->attributes[i].value), &values[n++]);
    if (status != OX_OK) return status;
  }
  out->multiple.count = (uint32_t)count;
  out->multiple.values.string = values;
  return OX_OK;
}

/* The DN of the object that an attribute names, by alias, address or DN. */
static ox_status make_reference(const maker *m, const char *name, ox_value *out) {
  ox_directory_entry target;
  ox_error unheard;
  ox_status status = ox_directory_get(m->call->directory, name, m->arena, &target, &unheard);
  return status == OX_OK ? text(m, target.legacy_dn, out) : status;
}

static ox_status make_attribute(const maker *m, const dir_attribute *attribute, ox_value *out) {
  if ((attribute->flags & DIR_ATTRIBUTE_MULTIPLE) != 0) return make_strings(m, attribute, out);
  const char *value = attribute_value(m, attribute->name);
  if (value == NULL) return OX_E_NOT_FOUND;
  if ((attribute->flags & DIR_ATTRIBUTE_OBJECT) != 0) return make_reference(m, value, out);
  if ((attribute->flags & DIR_ATTRIBUTE_NUMBER) == 0) return text(m, value, out);
  out->i32 = (int32_t)strtol(value, NULL, 10);
  return OX_OK;
}

/* --- Types ------------------------------------------------------------------------------------ */

uint32_t nspi_code_page(uint32_t code_page) {
  /* Teletex needs no more than what Latin-1 has in the ASCII range. @spec [MS-OXNSPI] 2.2.1.5 */
  if (code_page == CODEPAGE_TELETEX) return 28591;
  if (code_page == 0) return OX_CODEPAGE_WINDOWS_1252;
  return ox_codepage_charset(code_page) != NULL ? code_page : 0;
}

static ox_status to_string8(nspi_call *call, ox_str16 wide, ox_str8 *out) {
  uint32_t page = nspi_code_page(call->code_page);
  if (page == 0 || page == OX_CODEPAGE_UTF16LE) page = OX_CODEPAGE_WINDOWS_1252;
  char *utf8 = ox_str16_utf8(call->arena, wide);
  if (utf8 == NULL) return OX_E_NO_MEMORY;
  return ox_str8_from_utf8(call->arena, ox_str8_from(utf8), page, out, NULL);
}

/* Turns strings into the 8-bit form. @spec [MS-OXNSPI] 3.1.4.3.3 */
static ox_status narrow(nspi_call *call, ox_property *property) {
  ox_value narrowed = {0};
  ox_status status = OX_OK;
  if (OX_PROPTAG_TYPE(property->tag) == OX_PTYP_STRING) {
    status = to_string8(call, property->value.string, &narrowed.string8);
    property->tag = OX_PROPTAG_AS(property->tag, OX_PTYP_STRING8);
  } else {
    uint32_t count = property->value.multiple.count;
    narrowed.multiple.count = count;
    narrowed.multiple.values.string8 =
        ox_arena_calloc(call->arena, count, sizeof *narrowed.multiple.values.string8);
    if (narrowed.multiple.values.string8 == NULL) return OX_E_NO_MEMORY;
    for (uint32_t i = 0; i < count && status == OX_OK; i++)
      status = to_string8(call, property->value.multiple.values.string[i],
                          &narrowed.multiple.values.string8[i]);
    property->tag = OX_PROPTAG_AS(property->tag, OX_PTYP_MULTIPLE_STRING8);
  }
  property->value = narrowed;
  return status;
}

static bool is_narrow_of(uint16_t wanted, uint16_t native) {
  return (wanted == OX_PTYP_STRING8 && native == OX_PTYP_STRING) ||
         (wanted == OX_PTYP_MULTIPLE_STRING8 && native == OX_PTYP_MULTIPLE_STRING);
}

ox_status nspi_native_value(nspi_call *call, const ox_directory_entry *entry, ox_proptag tag,
                            ox_arena *arena, ox_property *out) {
  maker m = {call, entry, arena};
  memset(out, 0, sizeof *out);
  for (size_t i = 0; i < COMPUTED_COUNT; i++) {
    const struct computed *c = &computed[i];
    if (OX_PROPTAG_ID(c->tag) != OX_PROPTAG_ID(tag) || c->make == NULL) continue;
    if ((c->kinds & KIND(entry->kind)) == 0) return OX_E_NOT_FOUND;
    out->tag = c->tag;
    return c->make(&m, &out->value);
  }
  const dir_attribute *attribute = dir_attribute_by_tag(tag);
  if (attribute == NULL) return OX_E_NOT_FOUND;
  out->tag = native_tag(attribute);
  return make_attribute(&m, attribute, &out->value);
}

/* One column; a value that is not there becomes PtypErrorCode. */
static ox_status column(nspi_call *call, const ox_directory_entry *entry, ox_proptag tag,
                        ox_property *out) {
  uint16_t wanted = OX_PROPTAG_TYPE(tag);
  ox_status status = OX_E_NOT_FOUND;
  if (entry != NULL && wanted != OX_PTYP_OBJECT)
    status = nspi_native_value(call, entry, tag, call->arena, out);
  uint16_t native = OX_PROPTAG_TYPE(out->tag);
  if (status == OX_OK && is_narrow_of(wanted, native))
    status = narrow(call, out);
  else if (status == OX_OK && wanted != native && wanted != OX_PTYP_UNSPECIFIED)
    status = OX_E_NOT_FOUND;
  if (status == OX_OK) return OX_OK;
  if (status == OX_E_NO_MEMORY || status == OX_E_DISK_ERROR || status == OX_E_LOCKED) return status;
  out->tag = OX_PROPTAG_AS(tag, OX_PTYP_ERROR_CODE);
  out->value.error = OX_E_NOT_FOUND;
  return OX_OK;
}

/* --- Rows ------------------------------------------------------------------------------------- */

ox_status nspi_load(nspi_call *call, uint32_t mid, ox_directory_entry *out) {
  if (mid < FIRST_MID) return OX_E_NOT_FOUND;
  ox_arena_reset(&call->scratch);
  dir_lock(call->directory);
  ox_status status = dir_load(call->directory, mid, &call->scratch, out, call->err);
  dir_unlock(call->directory);
  return status;
}

ox_status nspi_row(nspi_call *call, uint32_t mid, const ox_proptag *columns, size_t column_count,
                   ox_property **row_out, bool *complete_out) {
  ox_directory_entry entry;
  bool complete = true;
  ox_status status = nspi_load(call, mid, &entry);
  if (status != OX_OK && status != OX_E_NOT_FOUND) return status;
  const ox_directory_entry *object = status == OX_OK ? &entry : NULL;
  ox_property *row = ox_arena_calloc(call->arena, column_count, sizeof *row);
  if (row == NULL) return OX_E_NO_MEMORY;
  for (size_t i = 0; i < column_count; i++) {
    status = column(call, object, columns[i], &row[i]);
    if (status != OX_OK) return status;
    if (OX_PROPTAG_TYPE(row[i].tag) == OX_PTYP_ERROR_CODE) complete = false;
  }
  *row_out = row;
  if (complete_out != NULL) *complete_out = complete;
  return OX_OK;
}

static ox_proptag reported_tag(ox_proptag tag, bool unicode) {
  uint16_t type = OX_PROPTAG_TYPE(tag);
  if (unicode) return tag;
  if (type == OX_PTYP_STRING) return OX_PROPTAG_AS(tag, OX_PTYP_STRING8);
  if (type == OX_PTYP_MULTIPLE_STRING) return OX_PROPTAG_AS(tag, OX_PTYP_MULTIPLE_STRING8);
  return tag;
}

ox_status nspi_property_tags(nspi_call *call, uint32_t mid, bool unicode, bool objects,
                             ox_proptag **tags_out, uint32_t *count_out) {
  ox_directory_entry entry;
  if (mid != 0) {
    ox_status status = nspi_load(call, mid, &entry);
    if (status != OX_OK) return status;
  }
  ox_proptag *tags =
      ox_arena_calloc(call->arena, COMPUTED_COUNT + dir_attribute_count, sizeof *tags);
  if (tags == NULL) return OX_E_NO_MEMORY;
  uint32_t count = 0;
  maker m = {call, &entry, call->arena};
  for (size_t i = 0; i < COMPUTED_COUNT; i++) {
    ox_value unused;
    if (computed[i].make == NULL && !objects) continue;
    if (mid != 0 && (computed[i].kinds & KIND(entry.kind)) == 0) continue;
    if (mid != 0 && computed[i].make != NULL && computed[i].make(&m, &unused) != OX_OK) continue;
    tags[count++] = reported_tag(computed[i].tag, unicode);
  }
  for (size_t i = 0; i < dir_attribute_count; i++) {
    const dir_attribute *attribute = &dir_attributes[i];
    if (mid != 0 && attribute_value(&m, attribute->name) == NULL) continue;
    bool shown = false; /* by a computed property of the same id */
    for (size_t c = 0; c < COMPUTED_COUNT && !shown; c++)
      shown = OX_PROPTAG_ID(computed[c].tag) == OX_PROPTAG_ID(attribute->tag);
    if (!shown) tags[count++] = reported_tag(native_tag(attribute), unicode);
  }
  *tags_out = tags;
  *count_out = count;
  return OX_OK;
}

/* --- Containers ------------------------------------------------------------------------------- */

/* "/" for the Global Address List, "/guid=" and 32 digits for others: the directory's GUID with
 * the container's number worked in. @spec [MS-OXOABK] 2.2.1.1 (addresslist-dn) */
static ox_status container_id(nspi_call *call, size_t index, ox_value *out) {
  char dn[64] = "/";
  if (nspi_containers[index].mid != 0) {
    uint8_t wire[16];
    ox_guid_to_wire(&call->server->guid, wire);
    wire[15] ^= (uint8_t)nspi_containers[index].mid;
    strcpy(dn, "/guid=");
    for (int i = 0; i < 16; i++) snprintf(dn + 6 + 2 * i, 3, "%02X", wire[i]);
  }
  return ox_address_book_entry_id(call->arena, DT_CONTAINER, dn, &out->binary);
}

ox_status nspi_container_row(nspi_call *call, size_t index, bool unicode,
                             ox_nspi_property_value_list *out) {
  static const ox_proptag tags[] = {OX_PidTagEntryId,     OX_PidTagContainerFlags,
                                    OX_PidTagDepth,       OX_PidTagAddressBookContainerId,
                                    OX_PidTagDisplayName, OX_PidTagAddressBookIsMaster};
  enum { COUNT = sizeof tags / sizeof *tags };
  ox_property *values = ox_arena_calloc(call->arena, COUNT, sizeof *values);
  if (values == NULL) return OX_E_NO_MEMORY;
  for (size_t i = 0; i < COUNT; i++) values[i].tag = tags[i];
  ox_status status = container_id(call, index, &values[0].value);
  values[1].value.i32 = AB_RECIPIENTS | AB_UNMODIFIABLE;
  values[2].value.i32 = 0;
  values[3].value.i32 = (int32_t)nspi_containers[index].mid;
  values[5].value.boolean = false;
  if (status == OX_OK)
    status = ox_str16_from_utf8(call->arena, ox_str8_from(nspi_containers[index].name),
                                &values[4].value.string);
  if (status == OX_OK && !unicode) status = narrow(call, &values[4]);
  out->property_value_count = COUNT;
  out->property_values = values;
  return status;
}
