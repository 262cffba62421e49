/* EntryIDs, server ids and lists of them. @spec [MS-OXCDATA] 2.1 to 2.3 */
#include <oxkit/ropcodec/entryid.h>

#include <string.h>

#include "show.h"

const ox_guid OX_PROVIDER_PUBLIC_FOLDERS = {
    0x9073441A, 0x66AA, 0xCD11, {0x9B, 0xC8, 0x00, 0xAA, 0x00, 0x2F, 0xC4, 0x5A}};
const ox_guid OX_PROVIDER_STORE = {
    0x10BBA138, 0xE505, 0x1A10, {0xA1, 0xBB, 0x08, 0x00, 0x2B, 0x2A, 0x56, 0xC2}};
const ox_guid OX_PROVIDER_ADDRESS_BOOK = {
    0xC840A7DC, 0x42C0, 0x1A10, {0xB4, 0xB9, 0x08, 0x00, 0x2B, 0x2F, 0xE1, 0x82}};
const ox_guid OX_PROVIDER_ONE_OFF = {
    0xA41F2B81, 0xA3BE, 0x1910, {0x9D, 0x6E, 0x00, 0xDD, 0x01, 0x0F, 0x54, 0x02}};
const ox_guid OX_PROVIDER_CONTACT = {
    0x0AAA42FE, 0xC718, 0x101A, {0xE8, 0x85, 0x0B, 0x65, 0x1C, 0x24, 0x00, 0x00}};
const ox_guid OX_PROVIDER_WRAPPED = {
    0xD3AD91C0, 0x9D51, 0x11CF, {0xA4, 0xA9, 0x00, 0xAA, 0x00, 0x47, 0xFA, 0xA4}};
const ox_guid OX_PROVIDER_MAILBOX_STORE = {
    0x20FA551B, 0x66AA, 0xCD11, {0x9B, 0xC8, 0x00, 0xAA, 0x00, 0x2F, 0xC4, 0x5A}};
const ox_guid OX_PROVIDER_PUBLIC_STORE = {
    0x1002831C, 0x66AA, 0xCD11, {0x9B, 0xC8, 0x00, 0xAA, 0x00, 0x2F, 0xC4, 0x5A}};

enum {
  FLAGS_BYTES = 4,
  GUID_BYTES = 16,
  GLOBCNT_BYTES = 6,
  DLL_NAME_BYTES = 14,
  FOLDER_BYTES = 46,
  MESSAGE_BYTES = 70,
  EPHEMERAL_BYTES = 32,
  EPHEMERAL_FLAG = 0x87,
  CONTACT_TYPE = 4,
  PERSONAL_LIST_TYPE = 5,
  WRAPPED_TYPE_MAILBOX = 0x0C
};

static void read_globcnt(ox_reader *r, uint8_t out[GLOBCNT_BYTES]) {
  ox_bytes bytes = ox_read_bytes(r, GLOBCNT_BYTES);
  if (bytes.size_bytes == GLOBCNT_BYTES) memcpy(out, bytes.data, GLOBCNT_BYTES);
}

static bool is_folder_type(unsigned type) {
  return type == OX_STORE_OBJECT_PRIVATE_FOLDER || type == OX_STORE_OBJECT_PUBLIC_FOLDER ||
         type == OX_STORE_OBJECT_MAPPED_PUBLIC_FOLDER ||
         type == OX_STORE_OBJECT_PUBLIC_NEWSGROUP_FOLDER;
}

static bool is_message_type(unsigned type) {
  return type == OX_STORE_OBJECT_PRIVATE_MESSAGE || type == OX_STORE_OBJECT_PUBLIC_MESSAGE ||
         type == OX_STORE_OBJECT_MAPPED_PUBLIC_MESSAGE;
}

/* Version, Flag, and a DLLFileName behind which nothing but zeros stand. */
static bool ends_in_zeros(const uint8_t *store, size_t size) {
  size_t at = 2;
  const size_t end = size < 2 + DLL_NAME_BYTES ? size : 2 + DLL_NAME_BYTES;
  while (at < end && store[at] != 0) at++;
  while (at < end && store[at] == 0) at++;
  return at >= end;
}

static uint8_t kind_of(ox_bytes bytes, const ox_guid *provider) {
  const uint8_t *rest = bytes.data + FLAGS_BYTES + GUID_BYTES;
  const size_t left = bytes.size_bytes - FLAGS_BYTES - GUID_BYTES;
  const unsigned type = left >= 2 ? (unsigned)rest[0] | (unsigned)rest[1] << 8 : 0;
  if (bytes.data[0] == EPHEMERAL_FLAG && bytes.size_bytes == EPHEMERAL_BYTES) {
    return OX_ENTRY_ID_EPHEMERAL;
  }
  if (ox_guid_equal(provider, &OX_PROVIDER_STORE)) {
    return ends_in_zeros(rest, left) ? OX_ENTRY_ID_STORE : OX_ENTRY_ID_UNKNOWN;
  }
  if (ox_guid_equal(provider, &OX_PROVIDER_ADDRESS_BOOK)) return OX_ENTRY_ID_ADDRESS_BOOK;
  if (ox_guid_equal(provider, &OX_PROVIDER_ONE_OFF)) return OX_ENTRY_ID_ONE_OFF;
  if (ox_guid_equal(provider, &OX_PROVIDER_WRAPPED)) return OX_ENTRY_ID_WRAPPED;
  if (ox_guid_equal(provider, &OX_PROVIDER_CONTACT)) {
    const unsigned contact_type = left >= 8 ? rest[4] : 0;
    return contact_type == CONTACT_TYPE         ? OX_ENTRY_ID_CONTACT
           : contact_type == PERSONAL_LIST_TYPE ? OX_ENTRY_ID_PERSONAL_LIST
                                                : OX_ENTRY_ID_UNKNOWN; /* a container */
  }
  if (bytes.size_bytes == FOLDER_BYTES && is_folder_type(type)) return OX_ENTRY_ID_FOLDER;
  if (bytes.size_bytes == MESSAGE_BYTES && is_message_type(type)) return OX_ENTRY_ID_MESSAGE;
  return OX_ENTRY_ID_UNKNOWN;
}

/* Only this provider's EntryIDs have the form of 2.2.4.3; a local store's end as it likes. */
bool ox_entry_id_is_emsmdb(ox_str8 dll) {
  static const char name[] = "emsmdb.dll";
  return dll.size_bytes == sizeof name - 1 && ox_ascii_equal_n(dll.data, name, dll.size_bytes);
}

static void read_wrapped_store(ox_reader *r, ox_entry_id *out) {
  out->u.store.wrapped_flags = ox_read_u32(r);
  ox_read_guid(r, &out->u.store.wrapped_provider_uid);
  out->u.store.wrapped_type = ox_read_u32(r);
  out->u.store.server_shortname = ox_read_zstr8(r);
  if (out->u.store.wrapped_type == WRAPPED_TYPE_MAILBOX) out->u.store.mailbox_dn = ox_read_zstr8(r);
}

static void read_store(ox_reader *r, ox_entry_id *out) {
  out->u.store.version = ox_read_u8(r);
  out->u.store.flag = ox_read_u8(r);
  ox_bytes dll = ox_read_bytes(r, DLL_NAME_BYTES);
  size_t length = 0;
  while (length < dll.size_bytes && dll.data[length] != 0) length++;
  out->u.store.dll_file_name.data = (const char *)dll.data;
  out->u.store.dll_file_name.size_bytes = length;
  if (ox_entry_id_is_emsmdb(out->u.store.dll_file_name)) {
    read_wrapped_store(r, out);
  }
  out->u.store.rest = ox_read_bytes(r, ox_reader_remaining(r));
}

static void read_one_off_text(ox_reader *r, uint16_t flags, ox_value *out) {
  if (flags & OX_ONE_OFF_UNICODE) {
    out->string = ox_read_zstr16(r);
  } else {
    out->string8 = ox_read_zstr8(r);
  }
}

static void read_one_off(ox_reader *r, ox_entry_id *out) {
  out->u.one_off.version = ox_read_u16(r);
  out->u.one_off.flags = ox_read_u16(r);
  read_one_off_text(r, out->u.one_off.flags, &out->u.one_off.display_name);
  read_one_off_text(r, out->u.one_off.flags, &out->u.one_off.address_type);
  read_one_off_text(r, out->u.one_off.flags, &out->u.one_off.email_address);
}

static void read_contact(ox_reader *r, ox_entry_id *out) {
  out->u.contact.version = ox_read_u32(r);
  out->u.contact.type = ox_read_u32(r);
  out->u.contact.index = ox_read_u32(r);
  out->u.contact.entry_id = ox_read_bytes(r, ox_read_count(r, 4, 1, 0));
  out->u.contact.rest = ox_read_bytes(r, ox_reader_remaining(r));
}

static void read_body(ox_reader *r, ox_entry_id *out) {
  switch (out->kind) {
    case OX_ENTRY_ID_FOLDER:
      out->u.folder.folder_type = ox_read_u16(r);
      ox_read_guid(r, &out->u.folder.database_guid);
      read_globcnt(r, out->u.folder.global_counter);
      out->u.folder.pad = ox_read_u16(r);
      break;
    case OX_ENTRY_ID_MESSAGE:
      out->u.message.message_type = ox_read_u16(r);
      ox_read_guid(r, &out->u.message.folder_database_guid);
      read_globcnt(r, out->u.message.folder_global_counter);
      out->u.message.folder_pad = ox_read_u16(r);
      ox_read_guid(r, &out->u.message.message_database_guid);
      read_globcnt(r, out->u.message.message_global_counter);
      out->u.message.message_pad = ox_read_u16(r);
      break;
    case OX_ENTRY_ID_STORE: read_store(r, out); break;
    case OX_ENTRY_ID_ADDRESS_BOOK:
      out->u.address_book.version = ox_read_u32(r);
      out->u.address_book.type = ox_read_u32(r);
      out->u.address_book.x500dn = ox_read_zstr8(r);
      break;
    case OX_ENTRY_ID_EPHEMERAL:
      out->u.ephemeral.version = ox_read_u32(r);
      out->u.ephemeral.type = ox_read_u32(r);
      out->u.ephemeral.minimal_id = ox_read_u32(r);
      break;
    case OX_ENTRY_ID_ONE_OFF: read_one_off(r, out); break;
    case OX_ENTRY_ID_CONTACT:
    case OX_ENTRY_ID_PERSONAL_LIST: read_contact(r, out); break;
    case OX_ENTRY_ID_WRAPPED:
      out->u.wrapped.type = ox_read_u8(r);
      out->u.wrapped.entry_id = ox_read_bytes(r, ox_reader_remaining(r));
      break;
    default: out->u.unknown.data = ox_read_bytes(r, ox_reader_remaining(r)); break;
  }
}

ox_status ox_entry_id_read(ox_reader *r, ox_entry_id *out) {
  memset(out, 0, sizeof *out);
  ox_bytes bytes = {NULL, ox_reader_remaining(r)};
  if (bytes.size_bytes != 0) bytes.data = r->data + r->position;
  ox_bytes flags = ox_read_bytes(r, FLAGS_BYTES);
  if (flags.size_bytes == FLAGS_BYTES) memcpy(out->flags, flags.data, FLAGS_BYTES);
  ox_read_guid(r, &out->provider_uid);
  if (ox_reader_ok(r)) {
    out->kind = kind_of(bytes, &out->provider_uid);
    read_body(r, out);
  }
  if (!ox_reader_ok(r)) memset(out, 0, sizeof *out);
  return ox_reader_status(r, NULL);
}

ox_status ox_entry_id_decode(ox_bytes bytes, ox_entry_id *out, ox_error *err) {
  ox_reader r;
  ox_reader_init(&r, bytes.data, bytes.size_bytes);
  ox_entry_id_read(&r, out);
  ox_status status = ox_reader_finish(&r, err);
  if (status != OX_OK) memset(out, 0, sizeof *out);
  return status;
}

static void write_store(ox_writer *w, const ox_entry_id *in) {
  ox_write_u8(w, in->u.store.version);
  ox_write_u8(w, in->u.store.flag);
  if (in->u.store.dll_file_name.size_bytes > DLL_NAME_BYTES) {
    ox_writer_fail(w, OX_E_USAGE);
    return;
  }
  ox_write_bytes(w, in->u.store.dll_file_name.data, in->u.store.dll_file_name.size_bytes);
  ox_write_zeros(w, DLL_NAME_BYTES - in->u.store.dll_file_name.size_bytes);
  if (ox_entry_id_is_emsmdb(in->u.store.dll_file_name)) {
    ox_write_u32(w, in->u.store.wrapped_flags);
    ox_write_guid(w, &in->u.store.wrapped_provider_uid);
    ox_write_u32(w, in->u.store.wrapped_type);
    ox_write_zstr8(w, in->u.store.server_shortname);
    if (in->u.store.wrapped_type == WRAPPED_TYPE_MAILBOX) {
      ox_write_zstr8(w, in->u.store.mailbox_dn);
    }
  }
  ox_write_bytes(w, in->u.store.rest.data, in->u.store.rest.size_bytes);
}

static void write_one_off_text(ox_writer *w, uint16_t flags, const ox_value *value) {
  if (flags & OX_ONE_OFF_UNICODE) {
    ox_write_zstr16(w, value->string);
  } else {
    ox_write_zstr8(w, value->string8);
  }
}

static void write_body(ox_writer *w, const ox_entry_id *in) {
  switch (in->kind) {
    case OX_ENTRY_ID_FOLDER:
      ox_write_u16(w, in->u.folder.folder_type);
      ox_write_guid(w, &in->u.folder.database_guid);
      ox_write_bytes(w, in->u.folder.global_counter, GLOBCNT_BYTES);
      ox_write_u16(w, in->u.folder.pad);
      break;
    case OX_ENTRY_ID_MESSAGE:
      ox_write_u16(w, in->u.message.message_type);
      ox_write_guid(w, &in->u.message.folder_database_guid);
      ox_write_bytes(w, in->u.message.folder_global_counter, GLOBCNT_BYTES);
      ox_write_u16(w, in->u.message.folder_pad);
      ox_write_guid(w, &in->u.message.message_database_guid);
      ox_write_bytes(w, in->u.message.message_global_counter, GLOBCNT_BYTES);
      ox_write_u16(w, in->u.message.message_pad);
      break;
    case OX_ENTRY_ID_STORE: write_store(w, in); break;
    case OX_ENTRY_ID_ADDRESS_BOOK:
      ox_write_u32(w, in->u.address_book.version);
      ox_write_u32(w, in->u.address_book.type);
      ox_write_zstr8(w, in->u.address_book.x500dn);
      break;
    case OX_ENTRY_ID_EPHEMERAL:
      ox_write_u32(w, in->u.ephemeral.version);
      ox_write_u32(w, in->u.ephemeral.type);
      ox_write_u32(w, in->u.ephemeral.minimal_id);
      break;
    case OX_ENTRY_ID_ONE_OFF:
      ox_write_u16(w, in->u.one_off.version);
      ox_write_u16(w, in->u.one_off.flags);
      write_one_off_text(w, in->u.one_off.flags, &in->u.one_off.display_name);
      write_one_off_text(w, in->u.one_off.flags, &in->u.one_off.address_type);
      write_one_off_text(w, in->u.one_off.flags, &in->u.one_off.email_address);
      break;
    case OX_ENTRY_ID_CONTACT:
    case OX_ENTRY_ID_PERSONAL_LIST:
      ox_write_u32(w, in->u.contact.version);
      ox_write_u32(w, in->u.contact.type);
      ox_write_u32(w, in->u.contact.index);
      ox_write_count(w, 4, in->u.contact.entry_id.size_bytes);
      ox_write_bytes(w, in->u.contact.entry_id.data, in->u.contact.entry_id.size_bytes);
      ox_write_bytes(w, in->u.contact.rest.data, in->u.contact.rest.size_bytes);
      break;
    case OX_ENTRY_ID_WRAPPED:
      ox_write_u8(w, in->u.wrapped.type);
      ox_write_bytes(w, in->u.wrapped.entry_id.data, in->u.wrapped.entry_id.size_bytes);
      break;
    case OX_ENTRY_ID_UNKNOWN:
      ox_write_bytes(w, in->u.unknown.data.data, in->u.unknown.data.size_bytes);
      break;
    default: ox_writer_fail(w, OX_E_USAGE); break;
  }
}

void ox_entry_id_encode(ox_writer *w, const ox_entry_id *in) {
  ox_write_bytes(w, in->flags, FLAGS_BYTES);
  ox_write_guid(w, &in->provider_uid);
  write_body(w, in);
}

/* In one step. */

/* What was written, in the arena. */
static ox_status keep(ox_writer *w, ox_arena *arena, ox_bytes *out) {
  ox_status status = ox_writer_status(w);
  if (status == OX_OK) {
    ox_bytes written = ox_writer_bytes(w);
    out->data = ox_arena_copy(arena, written.data, written.size_bytes);
    out->size_bytes = written.size_bytes;
    if (out->data == NULL) status = OX_E_NO_MEMORY;
  }
  ox_writer_dispose(w);
  return status;
}

static ox_status encode_to_arena(ox_arena *arena, const ox_entry_id *id, ox_bytes *out) {
  ox_writer w;
  ox_writer_init(&w, arena->allocator, SIZE_MAX / 2);
  ox_entry_id_encode(&w, id);
  return keep(&w, arena, out);
}

ox_status ox_one_off_entry_id(ox_arena *arena, const char *display_name, const char *address_type,
                              const char *email_address, uint16_t flags, ox_bytes *out) {
  ox_entry_id id;
  memset(&id, 0, sizeof id);
  id.kind = OX_ENTRY_ID_ONE_OFF;
  id.provider_uid = OX_PROVIDER_ONE_OFF;
  id.u.one_off.flags = (uint16_t)(flags | OX_ONE_OFF_UNICODE);
  ox_status status =
      ox_str16_from_utf8(arena, ox_str8_from(display_name), &id.u.one_off.display_name.string);
  if (status == OX_OK) {
    status =
        ox_str16_from_utf8(arena, ox_str8_from(address_type), &id.u.one_off.address_type.string);
  }
  if (status == OX_OK) {
    status =
        ox_str16_from_utf8(arena, ox_str8_from(email_address), &id.u.one_off.email_address.string);
  }
  return status == OX_OK ? encode_to_arena(arena, &id, out) : status;
}

ox_status ox_address_book_entry_id(ox_arena *arena, uint32_t type, const char *x500dn,
                                   ox_bytes *out) {
  ox_entry_id id;
  memset(&id, 0, sizeof id);
  id.kind = OX_ENTRY_ID_ADDRESS_BOOK;
  id.provider_uid = OX_PROVIDER_ADDRESS_BOOK;
  id.u.address_book.version = 1;
  id.u.address_book.type = type;
  id.u.address_book.x500dn = ox_str8_from(x500dn);
  return encode_to_arena(arena, &id, out);
}

ox_status ox_folder_entry_id(ox_arena *arena, const ox_guid *provider_uid, uint16_t folder_type,
                             const ox_guid *database_guid, uint64_t globcnt, ox_bytes *out) {
  ox_entry_id id;
  memset(&id, 0, sizeof id);
  id.kind = OX_ENTRY_ID_FOLDER;
  id.provider_uid = *provider_uid;
  id.u.folder.folder_type = folder_type;
  id.u.folder.database_guid = *database_guid;
  ox_globcnt_to_wire(globcnt, id.u.folder.global_counter);
  return encode_to_arena(arena, &id, out);
}

ox_status ox_message_entry_id(ox_arena *arena, const ox_guid *provider_uid, uint16_t message_type,
                              const ox_guid *folder_database_guid, uint64_t folder_globcnt,
                              const ox_guid *message_database_guid, uint64_t message_globcnt,
                              ox_bytes *out) {
  ox_entry_id id;
  memset(&id, 0, sizeof id);
  id.kind = OX_ENTRY_ID_MESSAGE;
  id.provider_uid = *provider_uid;
  id.u.message.message_type = message_type;
  id.u.message.folder_database_guid = *folder_database_guid;
  ox_globcnt_to_wire(folder_globcnt, id.u.message.folder_global_counter);
  id.u.message.message_database_guid = *message_database_guid;
  ox_globcnt_to_wire(message_globcnt, id.u.message.message_global_counter);
  return encode_to_arena(arena, &id, out);
}

static void write_upper(ox_writer *w, const char *text) {
  for (; text != NULL && *text != 0; text++) {
    char c = *text;
    ox_write_u8(w, (uint8_t)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c));
  }
}

ox_status ox_address_search_key(ox_arena *arena, const char *address_type,
                                const char *email_address, ox_bytes *out) {
  ox_writer w;
  ox_writer_init(&w, arena->allocator, SIZE_MAX / 2);
  write_upper(&w, address_type);
  ox_write_u8(&w, ':');
  write_upper(&w, email_address);
  ox_write_u8(&w, 0);
  return keep(&w, arena, out);
}

/* Server ids. */

ox_status ox_server_id_read(ox_reader *r, ox_server_id *out) {
  memset(out, 0, sizeof *out);
  out->ours = ox_read_u8(r);
  if (out->ours == 1) {
    out->folder_id = ox_read_u64(r);
    out->message_id = ox_read_u64(r);
    out->instance = ox_read_u32(r);
  } else if (out->ours == 0) {
    out->client_data = ox_read_bytes(r, ox_reader_remaining(r));
  } else {
    ox_reader_fail(r, OX_E_MALFORMED, "Ours", "[MS-OXCDATA] 2.11.1.4");
  }
  if (!ox_reader_ok(r)) memset(out, 0, sizeof *out);
  return ox_reader_status(r, NULL);
}

ox_status ox_server_id_decode(ox_bytes bytes, ox_server_id *out) {
  ox_reader r;
  ox_reader_init(&r, bytes.data, bytes.size_bytes);
  ox_server_id_read(&r, out);
  ox_status status = ox_reader_finish(&r, NULL);
  if (status != OX_OK) memset(out, 0, sizeof *out);
  return status;
}

void ox_server_id_encode(ox_writer *w, const ox_server_id *in) {
  if (in->ours > 1) {
    ox_writer_fail(w, OX_E_USAGE);
    return;
  }
  ox_write_u8(w, in->ours);
  if (in->ours == 1) {
    ox_write_u64(w, in->folder_id);
    ox_write_u64(w, in->message_id);
    ox_write_u32(w, in->instance);
  } else {
    ox_write_bytes(w, in->client_data.data, in->client_data.size_bytes);
  }
}

/* Flat entry lists. */

enum { FLAT_ALIGNMENT = 4, LEAST_FLAT_ENTRY_BYTES = 4 };

static size_t padding(size_t size) {
  return (FLAT_ALIGNMENT - size % FLAT_ALIGNMENT) % FLAT_ALIGNMENT;
}

ox_status ox_flat_entry_list_read(ox_reader *r, ox_arena *arena, ox_flat_entry_list *out) {
  ox_reader part;
  memset(out, 0, sizeof *out);
  uint32_t count = ox_read_count(r, 4, LEAST_FLAT_ENTRY_BYTES, 4);
  ox_reader_part(r, ox_read_count(r, 4, 1, 0), &part);
  ox_bytes *entry_ids = ox_arena_calloc(arena, count, sizeof *entry_ids);
  if (entry_ids == NULL) return ox_reader_fail(r, OX_E_NO_MEMORY, NULL, NULL);
  bool ends_padded = false;
  for (uint32_t i = 0; i < count && ox_reader_ok(&part); i++) {
    entry_ids[i] = ox_read_bytes(&part, ox_read_count(&part, 4, 1, 0));
    size_t pad = padding(entry_ids[i].size_bytes);
    /* The last one need not be padded. */
    ends_padded = pad != 0 && ox_reader_remaining(&part) >= pad;
    if (i + 1 < count || ends_padded) ox_read_skip(&part, pad);
  }
  ox_reader_close(r, &part);
  if (!ox_reader_ok(r)) return ox_reader_status(r, NULL);
  out->count = count;
  out->entry_ids = entry_ids;
  out->ends_padded = ends_padded;
  return OX_OK;
}

ox_status ox_flat_entry_list_decode(ox_bytes bytes, ox_arena *arena, ox_flat_entry_list *out) {
  ox_reader r;
  ox_reader_init(&r, bytes.data, bytes.size_bytes);
  ox_flat_entry_list_read(&r, arena, out);
  ox_status status = ox_reader_finish(&r, NULL);
  if (status != OX_OK) memset(out, 0, sizeof *out);
  return status;
}

void ox_flat_entry_list_encode(ox_writer *w, const ox_flat_entry_list *in) {
  ox_write_u32(w, in->count);
  size_t mark = ox_writer_reserve(w, 4);
  for (uint32_t i = 0; i < in->count; i++) {
    ox_write_count(w, 4, in->entry_ids[i].size_bytes);
    ox_write_bytes(w, in->entry_ids[i].data, in->entry_ids[i].size_bytes);
    if (i + 1 < in->count || in->ends_padded)
      ox_write_zeros(w, padding(in->entry_ids[i].size_bytes));
  }
  ox_writer_patch_length(w, mark, 4);
}

/* Entry lists: a size and a pad for each, then the EntryIDs. */

ox_status ox_entry_list_split(const ox_entry_list *list, ox_arena *arena, ox_flat_entry_list *out) {
  ox_reader r;
  memset(out, 0, sizeof *out);
  ox_reader_init(&r, list->entry_ids.data, list->entry_ids.size_bytes);
  ox_bytes *entry_ids = ox_arena_calloc(arena, list->entry_count, sizeof *entry_ids);
  if (entry_ids == NULL) return OX_E_NO_MEMORY;
  for (uint32_t i = 0; i < list->entry_count; i++) {
    entry_ids[i] = ox_read_bytes(&r, list->headers[i].entry_length);
  }
  ox_status status = ox_reader_finish(&r, NULL);
  if (status != OX_OK) return status;
  out->count = list->entry_count;
  out->entry_ids = entry_ids;
  return OX_OK;
}

ox_status ox_entry_list_join(const ox_flat_entry_list *entry_ids, ox_arena *arena,
                             ox_entry_list *out) {
  size_t size = 0;
  memset(out, 0, sizeof *out);
  for (uint32_t i = 0; i < entry_ids->count; i++) {
    if (entry_ids->entry_ids[i].size_bytes > UINT32_MAX - size) return OX_E_LIMIT;
    size += entry_ids->entry_ids[i].size_bytes;
  }
  ox_entry_list_header *headers = ox_arena_calloc(arena, entry_ids->count, sizeof *headers);
  uint8_t *bytes = ox_arena_alloc(arena, size);
  if (headers == NULL || bytes == NULL) return OX_E_NO_MEMORY;
  out->entry_count = entry_ids->count;
  out->headers = headers;
  out->entry_ids = (ox_bytes){bytes, size};
  for (uint32_t i = 0; i < entry_ids->count; i++) {
    ox_bytes one = entry_ids->entry_ids[i];
    headers[i].entry_length = (uint32_t)one.size_bytes;
    if (one.size_bytes != 0) memcpy(bytes, one.data, one.size_bytes);
    bytes += one.size_bytes;
  }
  return OX_OK;
}

/* EntryIDs in addresses: each byte is a Hangul syllable. */

enum { FIRST_SYLLABLE = 0xAC00 };

ox_status ox_entry_id_to_url_text(ox_arena *arena, ox_bytes entry_id, ox_str16 *out) {
  if (entry_id.size_bytes > SIZE_MAX / 2) return OX_E_NO_MEMORY;
  uint8_t *text = ox_arena_alloc(arena, 2 * entry_id.size_bytes);
  if (text == NULL) return OX_E_NO_MEMORY;
  for (size_t i = 0; i < entry_id.size_bytes; i++) {
    text[2 * i] = entry_id.data[i];
    text[2 * i + 1] = FIRST_SYLLABLE >> 8;
  }
  *out = (ox_str16){text, 2 * entry_id.size_bytes};
  return OX_OK;
}

ox_status ox_entry_id_from_url_text(ox_arena *arena, ox_str16 text, ox_bytes *out) {
  size_t count = text.size_bytes / 2;
  uint8_t *bytes = ox_arena_alloc(arena, count);
  if (bytes == NULL) return OX_E_NO_MEMORY;
  bool valid = text.size_bytes % 2 == 0;
  for (size_t i = 0; i < count; i++) {
    valid = valid && text.data[2 * i + 1] == FIRST_SYLLABLE >> 8;
    bytes[i] = text.data[2 * i];
  }
  if (!valid) return OX_E_MALFORMED;
  *out = (ox_bytes){bytes, count};
  return OX_OK;
}

/* Address lists. */

static void decode_address(ox_reader *r, ox_arena *arena, unsigned width, ox_address_entry *out) {
  uint32_t count = ox_read_count(r, 4, 4, 0);
  if (count == 0) return;
  out->values = ox_arena_calloc(arena, count, sizeof *out->values);
  if (out->values == NULL) {
    ox_reader_fail(r, OX_E_NO_MEMORY, NULL, NULL);
    return;
  }
  out->property_count = count;
  for (uint32_t i = 0; i < count && ox_reader_ok(r); i++) {
    ox_property_decode(r, arena, width, &out->values[i]);
  }
}

ox_status ox_address_list_decode(ox_reader *r, ox_arena *arena, unsigned width,
                                 ox_address_list *out) {
  memset(out, 0, sizeof *out);
  uint32_t count = ox_read_count(r, 4, 4, 0);
  if (count != 0) {
    out->addresses = ox_arena_calloc(arena, count, sizeof *out->addresses);
    if (out->addresses == NULL) ox_reader_fail(r, OX_E_NO_MEMORY, NULL, NULL);
  }
  for (uint32_t i = 0; i < count && ox_reader_ok(r); i++) {
    decode_address(r, arena, width, &out->addresses[i]);
  }
  out->address_count = count;
  if (!ox_reader_ok(r)) memset(out, 0, sizeof *out);
  return ox_reader_status(r, NULL);
}

void ox_address_list_encode(ox_writer *w, unsigned width, const ox_address_list *in) {
  ox_write_u32(w, in->address_count);
  for (uint32_t i = 0; i < in->address_count && w->status == OX_OK; i++) {
    ox_write_u32(w, in->addresses[i].property_count);
    for (uint32_t k = 0; k < in->addresses[i].property_count; k++) {
      ox_property_encode(w, width, &in->addresses[i].values[k]);
    }
  }
}
