/* EntryIDs, XIDs, server ids, lists of them, and recipient rows: JSON. */
#include "show.h"

#include <string.h>

#include <oxkit/ropcodec/entryid.h>
#include <oxkit/ropcodec/pcl.h>
#include <oxkit/ropcodec/recipient.h>

/* What stands in memory is described as oxgen describes what it generates, for JSON only. */
#define SHAPE(type, section, fields) \
  { #type, section, -1, sizeof(fields) / sizeof(fields)[0], sizeof(type), 0, fields }
#define AT(type, member, what) .kind = OX_WIRE_##what, .offset = offsetof(type, member)

/* EntryIDs. */

#define ID(label, member, what) .name = label, AT(ox_entry_id, member, what)

static const ox_wire_named_value kind_names[] = {
    {OX_ENTRY_ID_UNKNOWN, "Unknown"},
    {OX_ENTRY_ID_FOLDER, "Folder"},
    {OX_ENTRY_ID_MESSAGE, "Message"},
    {OX_ENTRY_ID_STORE, "Store"},
    {OX_ENTRY_ID_ADDRESS_BOOK, "AddressBook"},
    {OX_ENTRY_ID_EPHEMERAL, "Ephemeral"},
    {OX_ENTRY_ID_ONE_OFF, "OneOff"},
    {OX_ENTRY_ID_CONTACT, "Contact"},
    {OX_ENTRY_ID_PERSONAL_LIST, "PersonalDistributionList"},
    {OX_ENTRY_ID_WRAPPED, "Wrapped"},
};
static const ox_wire_values entry_id_kinds = {"kind", "[MS-OXCDATA] 2.2", false, 10, kind_names};

static const ox_wire_named_value object_names[] = {
    {OX_STORE_OBJECT_PRIVATE_FOLDER, "PrivateFolder"},
    {OX_STORE_OBJECT_PUBLIC_FOLDER, "PublicFolder"},
    {OX_STORE_OBJECT_MAPPED_PUBLIC_FOLDER, "MappedPublicFolder"},
    {OX_STORE_OBJECT_PRIVATE_MESSAGE, "PrivateMessage"},
    {OX_STORE_OBJECT_PUBLIC_MESSAGE, "PublicMessage"},
    {OX_STORE_OBJECT_MAPPED_PUBLIC_MESSAGE, "MappedPublicMessage"},
    {OX_STORE_OBJECT_PUBLIC_NEWSGROUP_FOLDER, "PublicNewsgroupFolder"},
};
static const ox_wire_values objects = {"StoreObjectType", "[MS-OXCDATA] 2.2.4", false, 7,
                                       object_names};

static const ox_wire_named_value address_book_names[] = {
    {OX_ADDRESS_BOOK_LOCAL_MAIL_USER, "LocalMailUser"},
    {OX_ADDRESS_BOOK_DISTRIBUTION_LIST, "DistributionList"},
    {OX_ADDRESS_BOOK_FORUM, "BulletinBoardOrPublicFolder"},
    {OX_ADDRESS_BOOK_AGENT, "AutomatedMailbox"},
    {OX_ADDRESS_BOOK_ORGANIZATIONAL_MAILBOX, "OrganizationalMailbox"},
    {OX_ADDRESS_BOOK_PRIVATE_DISTRIBUTION_LIST, "PrivateDistributionList"},
    {OX_ADDRESS_BOOK_REMOTE_MAIL_USER, "RemoteMailUser"},
    {OX_ADDRESS_BOOK_CONTAINER, "Container"},
    {OX_ADDRESS_BOOK_TEMPLATE, "Template"},
    {OX_ADDRESS_BOOK_ONE_OFF_USER, "OneOffUser"},
    {OX_ADDRESS_BOOK_SEARCH, "Search"},
};
static const ox_wire_values address_book_types = {"Type", "[MS-OXCDATA] 2.2.5.2", false, 11,
                                                  address_book_names};

static const ox_wire_named_value one_off_names[] = {{OX_ONE_OFF_NO_RICH_INFO, "NoRichInfo"},
                                                    {OX_ONE_OFF_NO_LOOKUP, "NoLookup"},
                                                    {OX_ONE_OFF_UNICODE, "Unicode"}};
static const ox_wire_values one_off_flags = {"Flags", "[MS-OXCDATA] 2.2.5.1", true, 3,
                                             one_off_names};

static const uint32_t zero[] = {0}, mailbox[] = {0x0C};
static const ox_wire_term is_unicode = {
    offsetof(ox_entry_id, u.one_off.flags), OX_WIRE_U16, true, 1, OX_ONE_OFF_UNICODE, zero};
static const ox_wire_term is_8_bit = {
    offsetof(ox_entry_id, u.one_off.flags), OX_WIRE_U16, false, 1, OX_ONE_OFF_UNICODE, zero};
static const ox_wire_term is_mailbox = {
    offsetof(ox_entry_id, u.store.wrapped_type), OX_WIRE_U32, false, 1, 0xFFFFFFFFu, mailbox};

static const ox_wire_field head_fields[] = {
    {ID("flags", flags, BYTES), .flags = OX_WIRE_INLINE, .fixed = 4},
    {ID("provider_uid", provider_uid, GUID)},
};
static const ox_wire_field folder_fields[] = {
    {ID("folder_type", u.folder.folder_type, U16), .values = &objects},
    {ID("database_guid", u.folder.database_guid, GUID)},
    {ID("global_counter", u.folder.global_counter, BYTES), .flags = OX_WIRE_INLINE, .fixed = 6},
    {ID("pad", u.folder.pad, U16)},
};
static const ox_wire_field message_fields[] = {
    {ID("message_type", u.message.message_type, U16), .values = &objects},
    {ID("folder_database_guid", u.message.folder_database_guid, GUID)},
    {ID("folder_global_counter", u.message.folder_global_counter, BYTES), .flags = OX_WIRE_INLINE,
     .fixed = 6},
    {ID("folder_pad", u.message.folder_pad, U16)},
    {ID("message_database_guid", u.message.message_database_guid, GUID)},
    {ID("message_global_counter", u.message.message_global_counter, BYTES), .flags = OX_WIRE_INLINE,
     .fixed = 6},
    {ID("message_pad", u.message.message_pad, U16)},
};
static const ox_wire_field store_fields[] = {
    {ID("version", u.store.version, U8)},
    {ID("flag", u.store.flag, U8)},
    {ID("dll_file_name", u.store.dll_file_name, ZSTR8)},
    {ID("rest", u.store.rest, BYTES)},
};
static const ox_wire_field wrapped_store_fields[] = {
    {ID("wrapped_flags", u.store.wrapped_flags, U32)},
    {ID("wrapped_provider_uid", u.store.wrapped_provider_uid, GUID)},
    {ID("wrapped_type", u.store.wrapped_type, U32)},
    {ID("server_shortname", u.store.server_shortname, ZSTR8)},
    {.name = "if", .kind = OX_WIRE_IF, .span = 1, .terms = &is_mailbox, .term_count = 1},
    {ID("mailbox_dn", u.store.mailbox_dn, ZSTR8)},
};
static const ox_wire_field address_book_fields[] = {
    {ID("version", u.address_book.version, U32)},
    {ID("type", u.address_book.type, U32), .values = &address_book_types},
    {ID("x500dn", u.address_book.x500dn, ZSTR8)},
};
static const ox_wire_field ephemeral_fields[] = {
    {ID("version", u.ephemeral.version, U32)},
    {ID("type", u.ephemeral.type, U32)},
    {ID("minimal_id", u.ephemeral.minimal_id, U32)},
};
static const ox_wire_field one_off_fields[] = {
    {ID("version", u.one_off.version, U16)},
    {ID("flags_of_address", u.one_off.flags, U16), .values = &one_off_flags},
    {.name = "if", .kind = OX_WIRE_IF, .span = 3, .terms = &is_unicode, .term_count = 1},
    {ID("display_name", u.one_off.display_name.string, ZSTR16)},
    {ID("address_type", u.one_off.address_type.string, ZSTR16)},
    {ID("email_address", u.one_off.email_address.string, ZSTR16)},
    {.name = "if", .kind = OX_WIRE_IF, .span = 3, .terms = &is_8_bit, .term_count = 1},
    {ID("display_name", u.one_off.display_name.string8, ZSTR8)},
    {ID("address_type", u.one_off.address_type.string8, ZSTR8)},
    {ID("email_address", u.one_off.email_address.string8, ZSTR8)},
};
static const ox_wire_field contact_fields[] = {
    {ID("version", u.contact.version, U32)}, {ID("type", u.contact.type, U32)},
    {ID("index", u.contact.index, U32)},     {ID("entry_id", u.contact.entry_id, BYTES)},
    {ID("rest", u.contact.rest, BYTES)},
};
static const ox_wire_field wrapped_fields[] = {
    {ID("type", u.wrapped.type, U8)},
    {ID("entry_id", u.wrapped.entry_id, BYTES)},
};
static const ox_wire_field unknown_fields[] = {{ID("data", u.unknown.data, BYTES)}};

static const ox_wire_struct head = SHAPE(ox_entry_id, "[MS-OXCDATA] 2.2.4", head_fields);
static const ox_wire_struct wrapped_store =
    SHAPE(ox_entry_id, "[MS-OXCDATA] 2.2.4.3", wrapped_store_fields);
static const ox_wire_struct bodies[] = {
    [OX_ENTRY_ID_UNKNOWN] = SHAPE(ox_entry_id, "[MS-OXCDATA] 2.2.4", unknown_fields),
    [OX_ENTRY_ID_FOLDER] = SHAPE(ox_entry_id, "[MS-OXCDATA] 2.2.4.1", folder_fields),
    [OX_ENTRY_ID_MESSAGE] = SHAPE(ox_entry_id, "[MS-OXCDATA] 2.2.4.2", message_fields),
    [OX_ENTRY_ID_STORE] = SHAPE(ox_entry_id, "[MS-OXCDATA] 2.2.4.3", store_fields),
    [OX_ENTRY_ID_ADDRESS_BOOK] = SHAPE(ox_entry_id, "[MS-OXCDATA] 2.2.5.2", address_book_fields),
    [OX_ENTRY_ID_EPHEMERAL] = SHAPE(ox_entry_id, "[MS-OXNSPI] 2.2.9.2", ephemeral_fields),
    [OX_ENTRY_ID_ONE_OFF] = SHAPE(ox_entry_id, "[MS-OXCDATA] 2.2.5.1", one_off_fields),
    [OX_ENTRY_ID_CONTACT] = SHAPE(ox_entry_id, "[MS-OXCDATA] 2.2.5.3", contact_fields),
    [OX_ENTRY_ID_PERSONAL_LIST] = SHAPE(ox_entry_id, "[MS-OXCDATA] 2.2.5.4", contact_fields),
    [OX_ENTRY_ID_WRAPPED] = SHAPE(ox_entry_id, "[MS-OXOCNTC] 2.2.2.2.4.3", wrapped_fields),
};

static void entry_id_to_json(ox_json_writer *j, unsigned width, const void *in) {
  (void)width;
  const ox_entry_id *id = in;
  ox_json_begin(j, '{');
  ox_json_key(j, "kind");
  ox_json_put_named(j, &entry_id_kinds, id->kind);
  ox_json_put_members(j, &head, NULL, in);
  ox_json_put_members(j, &bodies[id->kind], NULL, in);
  if (id->kind == OX_ENTRY_ID_STORE && ox_entry_id_is_emsmdb(id->u.store.dll_file_name)) {
    ox_json_put_members(j, &wrapped_store, NULL, in);
  }
  ox_json_end(j, '}');
}

static void entry_id_from_json(ox_json_reader *r, const ox_json_value *json, unsigned width,
                               void *out) {
  (void)width;
  ox_entry_id *id = out;
  const ox_json_value *kind = ox_json_need(r, json, "kind");
  id->kind = (uint8_t)ox_json_named(r, kind, &entry_id_kinds, OX_ENTRY_ID_WRAPPED);
  ox_json_members(r, json, &head, NULL, out);
  ox_json_members(r, json, &bodies[id->kind], NULL, out);
  if (id->kind == OX_ENTRY_ID_STORE && ox_entry_id_is_emsmdb(id->u.store.dll_file_name)) {
    ox_json_members(r, json, &wrapped_store, NULL, out);
  }
  ox_json_close(r, json);
}

const ox_wire_hooks ox_entry_id_hooks = {NULL, entry_id_to_json, entry_id_from_json};

/* XIDs. */

static void xid_to_json(ox_json_writer *j, unsigned width, const void *in) {
  (void)width;
  const ox_xid *xid = in;
  ox_json_begin(j, '{');
  ox_json_key(j, "namespace_guid");
  ox_json_put_guid(j, &xid->namespace_guid);
  ox_json_key(j, "local_id");
  ox_json_put_bytes(j, xid->local_id, xid->local_id_bytes);
  ox_json_end(j, '}');
}

static void xid_from_json(ox_json_reader *r, const ox_json_value *json, unsigned width, void *out) {
  (void)width;
  ox_xid *xid = out;
  xid->namespace_guid = ox_json_guid(r, ox_json_need(r, json, "namespace_guid"));
  const ox_json_value *local = ox_json_need(r, json, "local_id");
  ox_bytes bytes = ox_json_bytes(r, local);
  if (r->status == OX_OK && (bytes.size_bytes == 0 || bytes.size_bytes > sizeof xid->local_id)) {
    ox_json_fail(r, local, OX_E_MALFORMED, "A local id has 1 to 8 bytes.");
  }
  if (r->status == OX_OK) {
    memcpy(xid->local_id, bytes.data, bytes.size_bytes);
    xid->local_id_bytes = (uint8_t)bytes.size_bytes;
  }
  ox_json_close(r, json);
}

const ox_wire_hooks ox_xid_hooks = {NULL, xid_to_json, xid_from_json};

static void pcl_to_json(ox_json_writer *j, unsigned width, const void *in) {
  const ox_pcl *pcl = in;
  ox_json_begin(j, '[');
  for (uint32_t i = 0; i < pcl->count; i++) xid_to_json(j, width, &pcl->xids[i]);
  ox_json_end(j, ']');
}

static void pcl_from_json(ox_json_reader *r, const ox_json_value *json, unsigned width, void *out) {
  ox_pcl *pcl = out;
  const ox_json_value *item = ox_json_items(r, json, &pcl->count);
  pcl->xids = ox_json_alloc(r, pcl->count, sizeof *pcl->xids);
  for (uint32_t i = 0; item != NULL && r->status == OX_OK; i++, item = item->next) {
    xid_from_json(r, item, width, &pcl->xids[i]);
  }
}

const ox_wire_hooks ox_pcl_hooks = {NULL, pcl_to_json, pcl_from_json};

/* Server ids. */

static const uint32_t one[] = {1};
static const ox_wire_term is_ours = {
    offsetof(ox_server_id, ours), OX_WIRE_U8, false, 1, 0xFFFFFFFFu, one};
static const ox_wire_term is_not_ours = {
    offsetof(ox_server_id, ours), OX_WIRE_U8, true, 1, 0xFFFFFFFFu, one};
static const ox_wire_field server_id_fields[] = {
    {.name = "ours", AT(ox_server_id, ours, U8)},
    {.name = "if", .kind = OX_WIRE_IF, .span = 3, .terms = &is_ours, .term_count = 1},
    {.name = "folder_id", AT(ox_server_id, folder_id, ID64)},
    {.name = "message_id", AT(ox_server_id, message_id, ID64)},
    {.name = "instance", AT(ox_server_id, instance, U32)},
    {.name = "if", .kind = OX_WIRE_IF, .span = 1, .terms = &is_not_ours, .term_count = 1},
    {.name = "client_data", AT(ox_server_id, client_data, BYTES)},
};
static const ox_wire_struct server_id =
    SHAPE(ox_server_id, "[MS-OXCDATA] 2.11.1.4", server_id_fields);

static void server_id_to_json(ox_json_writer *j, unsigned width, const void *in) {
  (void)width;
  ox_json_put_struct(j, &server_id, NULL, in);
}

static void server_id_from_json(ox_json_reader *r, const ox_json_value *json, unsigned width,
                                void *out) {
  (void)width;
  ox_json_struct(r, json, &server_id, NULL, out);
}

const ox_wire_hooks ox_server_id_hooks = {NULL, server_id_to_json, server_id_from_json};

/* Lists of EntryIDs. */

static void flat_entry_list_to_json(ox_json_writer *j, unsigned width, const void *in) {
  (void)width;
  const ox_flat_entry_list *list = in;
  ox_json_begin(j, '{');
  ox_json_key(j, "entry_ids");
  ox_json_begin(j, '[');
  for (uint32_t i = 0; i < list->count; i++) {
    ox_json_put_bytes(j, list->entry_ids[i].data, list->entry_ids[i].size_bytes);
  }
  ox_json_end(j, ']');
  ox_json_key(j, "ends_padded");
  ox_json_put_bool(j, list->ends_padded);
  ox_json_end(j, '}');
}

static void flat_entry_list_from_json(ox_json_reader *r, const ox_json_value *json, unsigned width,
                                      void *out) {
  (void)width;
  ox_flat_entry_list *list = out;
  const ox_json_value *item = ox_json_items(r, ox_json_need(r, json, "entry_ids"), &list->count);
  list->entry_ids = ox_json_alloc(r, list->count, sizeof *list->entry_ids);
  for (uint32_t i = 0; item != NULL && r->status == OX_OK; i++, item = item->next) {
    list->entry_ids[i] = ox_json_bytes(r, item);
  }
  list->ends_padded = ox_json_bool(r, ox_json_need(r, json, "ends_padded"));
  ox_json_close(r, json);
}

const ox_wire_hooks ox_flat_entry_list_hooks = {NULL, flat_entry_list_to_json,
                                                flat_entry_list_from_json};

/* AddressList: for each addressee, properties. */

static void address_list_to_json(ox_json_writer *j, unsigned width, const void *in) {
  const ox_address_list *list = in;
  ox_json_begin(j, '[');
  for (uint32_t i = 0; i < list->address_count && j->w->status == OX_OK; i++) {
    ox_json_put_properties(j, width, list->addresses[i].values, list->addresses[i].property_count);
  }
  ox_json_end(j, ']');
}

static void address_list_from_json(ox_json_reader *r, const ox_json_value *json, unsigned width,
                                   void *out) {
  ox_address_list *list = out;
  const ox_json_value *item = ox_json_items(r, json, &list->address_count);
  list->addresses = ox_json_alloc(r, list->address_count, sizeof *list->addresses);
  for (uint32_t i = 0; item != NULL && r->status == OX_OK; i++, item = item->next) {
    list->addresses[i].values =
        ox_json_get_properties(r, item, width, &list->addresses[i].property_count);
  }
}

const ox_wire_hooks ox_address_list_hooks = {NULL, address_list_to_json, address_list_from_json};

/* RecipientRows. */

#define ROW(label, member, what) .name = label, AT(ox_recipient_row, member, what)
#define FLAGS_TERM(negated, mask, numbers)                             \
  {                                                                    \
    offsetof(ox_recipient_row, recipient_flags), OX_WIRE_U16, negated, \
        sizeof(numbers) / sizeof(numbers)[0], mask, numbers            \
  }
/* A text that is there with a flag: PtypString with flag U, else PtypString8. */
#define TEXT(label, member, terms16, terms8)                                             \
  {.name = "if", .kind = OX_WIRE_IF, .span = 1, .terms = terms16, .term_count = 2},      \
      {ROW(label, member.string, ZSTR16)},                                               \
      {.name = "if", .kind = OX_WIRE_IF, .span = 1, .terms = terms8, .term_count = 2}, { \
    ROW(label, member.string8, ZSTR8)                                                    \
  }

static const uint32_t x500[] = {OX_ADDRESS_X500DN};
static const uint32_t lists[] = {OX_ADDRESS_PERSONAL_DISTRIBUTION_LIST1,
                                 OX_ADDRESS_PERSONAL_DISTRIBUTION_LIST2};
static const ox_wire_term is_x500 = FLAGS_TERM(false, 7, x500);
static const ox_wire_term is_list = FLAGS_TERM(false, 7, lists);
static const ox_wire_term has_type[] = {FLAGS_TERM(false, 7, zero),
                                        FLAGS_TERM(true, OX_RECIPIENT_FLAG_ADDRESS_TYPE, zero)};
#define TERMS(name, flag)                                                                      \
  static const ox_wire_term name##16 [] = {FLAGS_TERM(true, flag, zero),                       \
                                           FLAGS_TERM(true, OX_RECIPIENT_FLAG_UNICODE, zero)}, \
                                     name##8 [] = {                                            \
                                         FLAGS_TERM(true, flag, zero),                         \
                                         FLAGS_TERM(false, OX_RECIPIENT_FLAG_UNICODE, zero)}
TERMS(has_email, OX_RECIPIENT_FLAG_EMAIL_ADDRESS);
TERMS(has_name, OX_RECIPIENT_FLAG_DISPLAY_NAME);
TERMS(has_simple, OX_RECIPIENT_FLAG_SIMPLE_NAME);
TERMS(has_transmittable, OX_RECIPIENT_FLAG_TRANSMITTABLE_NAME);

static const ox_wire_named_value recipient_flag_names[] = {
    {OX_ADDRESS_X500DN, "X500Dn"},
    {OX_ADDRESS_MSMAIL, "MsMail"},
    {OX_ADDRESS_SMTP, "Smtp"},
    {OX_ADDRESS_FAX, "Fax"},
    {OX_ADDRESS_PROFESSIONAL_OFFICE, "ProfessionalOffice"},
    {OX_ADDRESS_PERSONAL_DISTRIBUTION_LIST1, "PersonalDistributionList1"},
    {OX_ADDRESS_PERSONAL_DISTRIBUTION_LIST2, "PersonalDistributionList2"},
    {OX_RECIPIENT_FLAG_EMAIL_ADDRESS, "EmailAddress"},
    {OX_RECIPIENT_FLAG_DISPLAY_NAME, "DisplayName"},
    {OX_RECIPIENT_FLAG_TRANSMITTABLE_NAME, "TransmittableName"},
    {OX_RECIPIENT_FLAG_SAME_TRANSMITTABLE, "SameTransmittable"},
    {OX_RECIPIENT_FLAG_RESPONSIBLE, "Responsible"},
    {OX_RECIPIENT_FLAG_NO_RICH_TEXT, "NoRichText"},
    {OX_RECIPIENT_FLAG_UNICODE, "Unicode"},
    {OX_RECIPIENT_FLAG_SIMPLE_NAME, "SimpleName"},
    {OX_RECIPIENT_FLAG_ADDRESS_TYPE, "AddressType"},
};
static const ox_wire_values recipient_flags = {"RecipientFlags", "[MS-OXCDATA] 2.8.3.1", true, 16,
                                               recipient_flag_names};

static const ox_wire_field row_fields[] = {
    {ROW("recipient_flags", recipient_flags, U16), .values = &recipient_flags},
    {.name = "if", .kind = OX_WIRE_IF, .span = 3, .terms = &is_x500, .term_count = 1},
    {ROW("address_prefix_used", address_prefix_used, U8)},
    {ROW("display_type", display_type, U8)},
    {ROW("x500dn", x500dn, ZSTR8)},
    {.name = "if", .kind = OX_WIRE_IF, .span = 2, .terms = &is_list, .term_count = 1},
    {ROW("entry_id", entry_id, BYTES)},
    {ROW("search_key", search_key, BYTES)},
    {.name = "if", .kind = OX_WIRE_IF, .span = 1, .terms = has_type, .term_count = 2},
    {ROW("address_type", address_type, ZSTR8)},
    TEXT("email_address", email_address, has_email16, has_email8),
    TEXT("display_name", display_name, has_name16, has_name8),
    TEXT("simple_display_name", simple_display_name, has_simple16, has_simple8),
    TEXT("transmittable_display_name", transmittable_display_name, has_transmittable16,
         has_transmittable8),
};
static const ox_wire_struct row_shape = SHAPE(ox_recipient_row, "[MS-OXCDATA] 2.8.3.2", row_fields);

static void row_to_json(ox_json_writer *j, unsigned width, const void *in) {
  (void)width;
  const ox_recipient_row *row = in;
  ox_json_begin(j, '{');
  ox_json_put_members(j, &row_shape, NULL, in);
  ox_json_key(j, "recipient_properties");
  ox_json_put_properties(j, OX_COUNT_16, row->recipient_properties, row->recipient_column_count);
  ox_json_end(j, '}');
}

static void row_from_json(ox_json_reader *r, const ox_json_value *json, unsigned width, void *out) {
  (void)width;
  ox_recipient_row *row = out;
  uint32_t count;
  ox_json_members(r, json, &row_shape, NULL, out);
  const ox_json_value *properties = ox_json_need(r, json, "recipient_properties");
  row->recipient_properties = ox_json_get_properties(r, properties, OX_COUNT_16, &count);
  if (count > UINT16_MAX) ox_json_fail(r, properties, OX_E_MALFORMED, "Too many properties.");
  row->recipient_column_count = (uint16_t)count;
  ox_json_close(r, json);
}

const ox_wire_hooks ox_recipient_row_hooks = {NULL, row_to_json, row_from_json};
