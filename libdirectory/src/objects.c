/* Objects: adding, changing, removing, finding, walking. */
#include "directory_internal.h"

#include <stdio.h>
#include <string.h>

#include "attributes.h"

/* @spec [MS-OXOABK] 2.2.3.11 (PidTagDisplayType), 2.2.3.12 (PidTagDisplayTypeEx) */
static const struct {
  uint32_t kind;
  uint32_t display_type;
  uint32_t display_type_ex;
  bool has_mailbox;
} kinds[] = {
    {OX_DIRECTORY_USER, 0x00000000, 0x40000000, true},      /* DT_MAILUSER; DTE_FLAG_ACL_CAPABLE */
    {OX_DIRECTORY_GROUP, 0x00000001, 0x00000001, false},    /* DT_DISTLIST */
    {OX_DIRECTORY_ROOM, 0x00000000, 0x00000007, true},      /* DT_ROOM in the extended type only */
    {OX_DIRECTORY_EQUIPMENT, 0x00000000, 0x00000008, true}, /* DT_EQUIPMENT */
    {OX_DIRECTORY_CONTACT, 0x00000006, 0x00000006, false},  /* DT_REMOTE_MAILUSER */
};

#define KIND_COUNT (sizeof kinds / sizeof *kinds)

uint32_t dir_display_type(uint32_t kind) {
  for (size_t i = 0; i < KIND_COUNT; i++)
    if (kinds[i].kind == kind) return kinds[i].display_type;
  return 0;
}

uint32_t dir_display_type_ex(uint32_t kind) {
  for (size_t i = 0; i < KIND_COUNT; i++)
    if (kinds[i].kind == kind) return kinds[i].display_type_ex;
  return 0;
}

bool dir_kind_has_mailbox(uint32_t kind) {
  for (size_t i = 0; i < KIND_COUNT; i++)
    if (kinds[i].kind == kind) return kinds[i].has_mailbox;
  return false;
}

/* --- Loading ---------------------------------------------------------------------------------- */

static ox_status load_addresses(ox_directory *directory, int64_t id, ox_arena *arena,
                                ox_directory_entry *out, ox_error *err) {
  sqlite3_stmt *stmt = db_statement(directory, ST_ADDRESSES);
  if (stmt == NULL) return db_fail(directory, "Cannot read the directory", err);
  sqlite3_bind_int64(stmt, 1, id);
  const char **addresses = NULL;
  size_t capacity = 0, count = 0;
  int code;
  while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
    if (count == capacity) {
      capacity = capacity != 0 ? capacity * 2 : 4;
      addresses = ox_arena_grow(arena, addresses, count, capacity, sizeof *addresses);
    }
    const char *text = addresses != NULL ? db_text(stmt, 0, arena) : NULL;
    if (text == NULL) return sqlite3_reset(stmt), ox_error_set(err, OX_E_NO_MEMORY, NULL);
    addresses[count++] = text;
  }
  sqlite3_reset(stmt);
  out->addresses = addresses;
  out->address_count = count;
  return code == SQLITE_DONE ? OX_OK : db_fail(directory, "Cannot read the directory", err);
}

static ox_status load_attributes(ox_directory *directory, int64_t id, ox_arena *arena,
                                 ox_directory_entry *out, ox_error *err) {
  sqlite3_stmt *stmt = db_statement(directory, ST_ATTRIBUTES);
  if (stmt == NULL) return db_fail(directory, "Cannot read the directory", err);
  sqlite3_bind_int64(stmt, 1, id);
  ox_directory_attribute *attributes = NULL;
  size_t capacity = 0, count = 0;
  int code;
  while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
    if (count == capacity) {
      capacity = capacity != 0 ? capacity * 2 : 8;
      attributes = ox_arena_grow(arena, attributes, count, capacity, sizeof *attributes);
      if (attributes == NULL) break;
    }
    attributes[count].name = db_text(stmt, 0, arena);
    attributes[count].value = db_text(stmt, 1, arena);
    if (attributes[count].name == NULL || attributes[count].value == NULL) break;
    count++;
  }
  sqlite3_reset(stmt);
  if (code == SQLITE_ROW) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  out->attributes = attributes;
  out->attribute_count = count;
  return code == SQLITE_DONE ? OX_OK : db_fail(directory, "Cannot read the directory", err);
}

static ox_status load_credential_flags(ox_directory *directory, int64_t id, ox_directory_entry *out,
                                       ox_error *err) {
  sqlite3_stmt *stmt = db_statement(directory, ST_CREDENTIAL_FLAGS);
  if (stmt == NULL) return db_fail(directory, "Cannot read the directory", err);
  sqlite3_bind_int64(stmt, 1, id);
  int code = sqlite3_step(stmt);
  out->has_password = code == SQLITE_ROW;
  out->has_nt_hash = code == SQLITE_ROW && sqlite3_column_int(stmt, 0) != 0;
  sqlite3_reset(stmt);
  if (code == SQLITE_ROW || code == SQLITE_DONE) return OX_OK;
  return db_fail(directory, "Cannot read the directory", err);
}

ox_status dir_load(ox_directory *directory, int64_t id, ox_arena *arena, ox_directory_entry *out,
                   ox_error *err) {
  memset(out, 0, sizeof *out);
  out->struct_size = sizeof *out;
  sqlite3_stmt *stmt = db_statement(directory, ST_OBJECT);
  if (stmt == NULL) return db_fail(directory, "Cannot read the directory", err);
  sqlite3_bind_int64(stmt, 1, id);
  int code = sqlite3_step(stmt);
  if (code == SQLITE_ROW) {
    out->kind = (uint32_t)sqlite3_column_int(stmt, 0);
    out->mid = (uint32_t)id;
    db_guid(stmt, 1, &out->guid);
    db_guid(stmt, 2, &out->mailbox_guid);
    out->name = db_text(stmt, 3, arena);
    out->smtp_address = db_text(stmt, 4, arena);
    out->display_name = db_text(stmt, 5, arena);
    out->legacy_dn = db_text(stmt, 6, arena);
    out->hidden = sqlite3_column_int(stmt, 7) != 0;
    out->disabled = sqlite3_column_int(stmt, 8) != 0;
  }
  sqlite3_reset(stmt);
  if (code == SQLITE_DONE) return ox_error_set(err, OX_E_NOT_FOUND, NULL);
  if (code != SQLITE_ROW) return db_fail(directory, "Cannot read the directory", err);
  if (out->name == NULL || out->smtp_address == NULL || out->display_name == NULL ||
      out->legacy_dn == NULL)
    return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  ox_status status = load_addresses(directory, id, arena, out, err);
  if (status == OX_OK) status = load_attributes(directory, id, arena, out, err);
  if (status == OX_OK) status = load_credential_flags(directory, id, out, err);
  return status;
}

ox_status ox_directory_get(ox_directory *directory, const char *object, ox_arena *arena,
                           ox_directory_entry *out, ox_error *err) {
  int64_t id = 0;
  dir_lock(directory);
  ox_status status = dir_find(directory, object, &id, err);
  if (status == OX_OK) status = dir_load(directory, id, arena, out, err);
  dir_unlock(directory);
  return status;
}

/* Ids of a kind in order, in the arena. */
static ox_status ids_in_order(ox_directory *directory, uint32_t kind, ox_arena *arena,
                              int64_t **ids_out, size_t *count_out, ox_error *err) {
  sqlite3_stmt *stmt = db_statement(directory, ST_IDS_IN_ORDER);
  if (stmt == NULL) return db_fail(directory, "Cannot read the directory", err);
  sqlite3_bind_int64(stmt, 1, kind);
  int64_t *ids = NULL;
  size_t count = 0, capacity = 0;
  int code;
  while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
    if (count == capacity) {
      capacity = capacity != 0 ? capacity * 2 : 64;
      ids = ox_arena_grow(arena, ids, count, capacity, sizeof *ids);
      if (ids == NULL) break;
    }
    ids[count++] = sqlite3_column_int64(stmt, 0);
  }
  sqlite3_reset(stmt);
  if (code == SQLITE_ROW) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  if (code != SQLITE_DONE) return db_fail(directory, "Cannot read the directory", err);
  *ids_out = ids;
  *count_out = count;
  return OX_OK;
}

ox_status ox_directory_each(ox_directory *directory, uint32_t kind, ox_directory_visit visit,
                            void *user, ox_error *err) {
  ox_arena ids_arena, arena;
  ox_arena_init(&ids_arena, directory->allocator, 0);
  ox_arena_init(&arena, directory->allocator, 0);
  int64_t *ids = NULL;
  size_t count = 0;
  dir_lock(directory);
  ox_status status = ids_in_order(directory, kind, &ids_arena, &ids, &count, err);
  dir_unlock(directory);
  for (size_t i = 0; i < count && status == OX_OK; i++) {
    ox_directory_entry entry;
    ox_arena_reset(&arena);
    dir_lock(directory);
    status = dir_load(directory, ids[i], &arena, &entry, err);
    dir_unlock(directory);
    if (status == OX_OK)
      status = visit(user, &entry);
    else if (status == OX_E_NOT_FOUND)
      status = OX_OK; /* removed meanwhile */
  }
  ox_arena_dispose(&arena);
  ox_arena_dispose(&ids_arena);
  return status;
}

/* --- Adding ----------------------------------------------------------------------------------- */

enum { RANK_PRIMARY = 0, RANK_SECONDARY = 1, RANK_LEGACY_DN = 2 };

static const char changing[] = "Cannot change the directory";

/* The owner of an address; 0 when nobody has it. */
static ox_status address_owner(ox_directory *directory, const char *key, int64_t *owner_out,
                               ox_error *err) {
  sqlite3_stmt *stmt = db_statement(directory, ST_ID_BY_ADDRESS);
  if (stmt == NULL) return db_fail(directory, changing, err);
  db_bind_text(stmt, 1, key);
  int code = sqlite3_step(stmt);
  *owner_out = code == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
  sqlite3_reset(stmt);
  return code == SQLITE_ROW || code == SQLITE_DONE ? OX_OK : db_fail(directory, changing, err);
}

static ox_status put_address(ox_directory *directory, int64_t id, const char *address, int rank,
                             size_t ordinal, ox_error *err) {
  ox_arena arena;
  ox_arena_init(&arena, directory->allocator, 0);
  const char *key = dir_address_key(&arena, address);
  int64_t owner = 0;
  ox_status status = key != NULL ? OX_OK : ox_error_set(err, OX_E_NO_MEMORY, NULL);
  if (status == OX_OK) status = address_owner(directory, key, &owner, err);
  if (status == OX_OK && owner == id && rank == RANK_PRIMARY) {
    /* A secondary address becomes the primary one. */
    sqlite3_stmt *stmt = db_statement(directory, ST_DELETE_ADDRESS);
    if (stmt != NULL) {
      sqlite3_bind_int64(stmt, 1, id);
      db_bind_text(stmt, 2, key);
    }
    status = db_run(directory, stmt, changing, err);
    owner = 0;
  }
  if (status == OX_OK && owner != 0 && owner != id)
    status = ox_error_setf(err, OX_E_DUPLICATE_NAME,
                           "The address %.140s belongs to another object.", address);
  if (status == OX_OK && owner == 0) {
    sqlite3_stmt *stmt = db_statement(directory, ST_INSERT_ADDRESS);
    if (stmt != NULL) {
      db_bind_text(stmt, 1, key);
      sqlite3_bind_int64(stmt, 2, id);
      sqlite3_bind_int(stmt, 3, rank);
      sqlite3_bind_int64(stmt, 4, (int64_t)ordinal);
      db_bind_text(stmt, 5, address);
    }
    status = db_run(directory, stmt, changing, err);
  }
  ox_arena_dispose(&arena);
  return status;
}

/* Checks a secondary address and drops the "smtp:" in front of a mail address. */
static ox_status check_secondary(const char **address, ox_error *err) {
  if (ox_ascii_equal_n(*address, "smtp:", 5)) *address += 5;
  if (ox_ascii_equal_n(*address, "x500:", 5) || dir_is_dn(*address))
    return dir_check_text("X500 address", *address, 1024, err);
  return dir_check_smtp(*address, err);
}

static ox_status put_attribute_values(ox_directory *directory, int64_t id, const char *name,
                                      const char *const *values, size_t count, ox_error *err) {
  sqlite3_stmt *stmt = db_statement(directory, ST_DELETE_ATTRIBUTE);
  if (stmt != NULL) {
    sqlite3_bind_int64(stmt, 1, id);
    db_bind_text(stmt, 2, name);
  }
  ox_status status = db_run(directory, stmt, changing, err);
  for (size_t i = 0; i < count && status == OX_OK; i++) {
    status = dir_check_text(name, values[i], OX_DIRECTORY_VALUE_MAX_BYTES, err);
    if (status != OX_OK) break;
    stmt = db_statement(directory, ST_INSERT_ATTRIBUTE);
    if (stmt != NULL) {
      sqlite3_bind_int64(stmt, 1, id);
      db_bind_text(stmt, 2, name);
      sqlite3_bind_int64(stmt, 3, (int64_t)i);
      db_bind_text(stmt, 4, values[i]);
    }
    status = db_run(directory, stmt, changing, err);
  }
  return status;
}

/* Checks a value against what its attribute may hold. */
static ox_status check_attribute(const dir_attribute *attribute, size_t count,
                                 const char *const *values, ox_error *err) {
  if (count > 1 && (attribute->flags & DIR_ATTRIBUTE_MULTIPLE) == 0)
    return ox_error_setf(err, OX_E_USAGE, "The attribute %s has one value only.", attribute->name);
  if ((attribute->flags & DIR_ATTRIBUTE_NUMBER) != 0 && count == 1)
    if (values[0][0] == 0 || strspn(values[0], "0123456789") != strlen(values[0]) ||
        strlen(values[0]) > 9)
      return ox_error_setf(err, OX_E_USAGE, "The attribute %s is a number.", attribute->name);
  return OX_OK;
}

/* Puts the attributes of an entry, all values of a name together. */
static ox_status put_attributes(ox_directory *directory, int64_t id,
                                const ox_directory_entry *entry, ox_arena *arena, ox_error *err) {
  const char **values = ox_arena_calloc(arena, entry->attribute_count + 1, sizeof *values);
  if (values == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  for (size_t i = 0; i < entry->attribute_count; i++) {
    const char *name = entry->attributes[i].name;
    const dir_attribute *attribute = dir_attribute_by_name(name);
    if (attribute == NULL)
      return ox_error_setf(err, OX_E_USAGE, "The directory keeps no attribute \"%.64s\".", name);
    bool seen = false;
    for (size_t j = 0; j < i && !seen; j++) seen = ox_ascii_equal(entry->attributes[j].name, name);
    if (seen) continue;
    size_t count = 0;
    for (size_t j = i; j < entry->attribute_count; j++)
      if (ox_ascii_equal(entry->attributes[j].name, name))
        values[count++] = entry->attributes[j].value;
    ox_status status = check_attribute(attribute, count, values, err);
    if (status == OX_OK)
      status = put_attribute_values(directory, id, attribute->name, values, count, err);
    if (status != OX_OK) return status;
  }
  return OX_OK;
}

static const char recipients_container[] =
    "/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn=";

/* The order of a display name as bytes. */
static ox_status sort_key_of(ox_arena *arena, const char *display_name, ox_bytes *out,
                             ox_error *err) {
  ox_str16 wide;
  ox_status status = ox_str16_from_utf8(arena, ox_str8_from(display_name), &wide);
  if (status == OX_OK) status = ox_str16_sort_key(arena, wide, SORT_KEY_MAX_BYTES, out);
  return status == OX_OK ? OX_OK : ox_error_set(err, status, NULL);
}

/* A DN of the usual form that nobody has yet. Characters that a DN may not have become '_'.
 * @spec [MS-OXOABK] 2.2.1.1 (x500-dn: 64 characters for each part) */
static ox_status make_legacy_dn(ox_directory *directory, ox_arena *arena, const char *name,
                                const ox_guid *guid, const char **out, ox_error *err) {
  char guid_text[OX_GUID_TEXT_BYTES];
  ox_guid_format(guid, guid_text);
  size_t capacity = strlen(directory->organization_dn) + sizeof recipients_container + 80;
  char *dn = ox_arena_alloc(arena, capacity);
  if (dn == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  for (int attempt = 0; attempt < 2; attempt++) {
    int prefix = snprintf(dn, capacity, "%s%s", directory->organization_dn, recipients_container);
    if (attempt == 0)
      snprintf(dn + prefix, capacity - (size_t)prefix, "%.64s", name);
    else
      snprintf(dn + prefix, capacity - (size_t)prefix, "%.55s-%.8s", name, guid_text);
    for (char *p = dn + prefix; *p != 0; p++)
      if (!dir_is_teletex(*p)) *p = '_';
    int64_t owner = 0;
    const char *key = dir_address_key(arena, dn);
    if (key == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
    ox_status status = address_owner(directory, key, &owner, err);
    if (status != OX_OK) return status;
    if (owner == 0) break;
  }
  *out = dn;
  return OX_OK;
}

/* The fields of an entry, defaults filled in. */
typedef struct new_object {
  ox_guid guid;
  ox_guid mailbox_guid;
  const char *smtp;
  const char *display_name;
  const char *legacy_dn;
  const char *name_key;
  ox_bytes sort_key;
} new_object;

static ox_status random_guid(ox_guid *out, ox_error *err) {
  uint8_t random[16];
  if (!dir_random(random, sizeof random))
    return ox_error_set(err, OX_E_IO, "The system gives no random numbers.");
  ox_guid_from_random(random, out);
  return OX_OK;
}

static ox_status fill_defaults(ox_directory *directory, const ox_directory_entry *entry,
                               ox_arena *arena, new_object *out, ox_error *err) {
  ox_status status = OX_OK;
  out->guid = entry->guid;
  if (ox_guid_is_null(&out->guid)) status = random_guid(&out->guid, err);
  out->mailbox_guid = entry->mailbox_guid;
  if (status == OX_OK && dir_kind_has_mailbox(entry->kind) && ox_guid_is_null(&out->mailbox_guid))
    status = random_guid(&out->mailbox_guid, err);
  out->smtp = entry->smtp_address;
  if (out->smtp == NULL) {
    size_t capacity = strlen(entry->name) + strlen(directory->domain) + 2;
    char *smtp = ox_arena_alloc(arena, capacity);
    if (smtp == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
    snprintf(smtp, capacity, "%s@%s", entry->name, directory->domain);
    out->smtp = smtp;
  }
  out->display_name = entry->display_name != NULL ? entry->display_name : entry->name;
  out->name_key = dir_fold(arena, entry->name, OX_FOLD_CASE);
  if (out->name_key == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  if (status == OX_OK) status = dir_check_smtp(out->smtp, err);
  if (status == OX_OK) status = dir_check_text("display name", out->display_name, 256, err);
  if (status == OX_OK) status = sort_key_of(arena, out->display_name, &out->sort_key, err);
  out->legacy_dn = entry->legacy_dn;
  if (status == OX_OK && out->legacy_dn == NULL)
    status = make_legacy_dn(directory, arena, entry->name, &out->guid, &out->legacy_dn, err);
  if (status == OX_OK && !dir_is_dn(out->legacy_dn))
    status = ox_error_setf(err, OX_E_USAGE, "\"%.64s\" is not a legacy DN such as /o=ORG/...",
                           out->legacy_dn);
  if (status == OX_OK) status = dir_check_text("legacy DN", out->legacy_dn, 1024, err);
  return status;
}

static ox_status insert_object(ox_directory *directory, const ox_directory_entry *entry,
                               const new_object *object, int64_t *id_out, ox_error *err) {
  sqlite3_stmt *stmt = db_statement(directory, ST_INSERT_OBJECT);
  if (stmt == NULL) return db_fail(directory, changing, err);
  sqlite3_bind_int64(stmt, 1, entry->kind);
  db_bind_guid(stmt, 2, &object->guid);
  if (dir_kind_has_mailbox(entry->kind)) db_bind_guid(stmt, 3, &object->mailbox_guid);
  db_bind_text(stmt, 4, entry->name);
  db_bind_text(stmt, 5, object->name_key);
  db_bind_text(stmt, 6, object->smtp);
  db_bind_text(stmt, 7, object->display_name);
  sqlite3_bind_blob(stmt, 8, object->sort_key.data, (int)object->sort_key.size_bytes,
                    SQLITE_TRANSIENT);
  db_bind_text(stmt, 9, object->legacy_dn);
  sqlite3_bind_int(stmt, 10, entry->hidden);
  sqlite3_bind_int(stmt, 11, entry->disabled);
  int code = sqlite3_step(stmt);
  ox_status status = OX_OK;
  if (code == SQLITE_CONSTRAINT || (code & 0xFF) == SQLITE_CONSTRAINT)
    status = ox_error_setf(err, OX_E_DUPLICATE_NAME, "There is an object named %s already.",
                           entry->name);
  else if (code != SQLITE_DONE)
    status = db_fail(directory, changing, err);
  sqlite3_reset(stmt);
  sqlite3_clear_bindings(stmt);
  if (status != OX_OK) return status;
  *id_out = sqlite3_last_insert_rowid(directory->db);
  if (*id_out > UINT32_MAX - 1)
    return ox_error_set(err, OX_E_LIMIT, "The directory has used up its minimal entry ids.");
  return OX_OK;
}

ox_status dir_add_locked(ox_directory *directory, const ox_directory_entry *entry,
                         ox_guid *guid_out, int64_t *id_out, ox_error *err) {
  if (ox_directory_kind_name(entry->kind) == NULL)
    return ox_error_set(err, OX_E_USAGE, "The kind of object is none that the directory keeps.");
  ox_status status = dir_check_name(entry->name, err);
  if (status != OX_OK) return status;
  ox_arena arena;
  ox_arena_init(&arena, directory->allocator, 0);
  new_object object;
  status = fill_defaults(directory, entry, &arena, &object, err);
  if (status == OX_OK) status = insert_object(directory, entry, &object, id_out, err);
  if (status == OX_OK) status = put_address(directory, *id_out, object.smtp, RANK_PRIMARY, 0, err);
  if (status == OX_OK)
    status = put_address(directory, *id_out, object.legacy_dn, RANK_LEGACY_DN, 0, err);
  for (size_t i = 0; i < entry->address_count && status == OX_OK; i++) {
    const char *address = entry->addresses[i];
    status = check_secondary(&address, err);
    if (status == OX_OK) status = put_address(directory, *id_out, address, RANK_SECONDARY, i, err);
  }
  if (status == OX_OK) status = put_attributes(directory, *id_out, entry, &arena, err);
  if (status == OX_OK) status = dir_index_object(directory, *id_out, err);
  if (status == OX_OK && guid_out != NULL) *guid_out = object.guid;
  ox_arena_dispose(&arena);
  return status;
}

ox_status ox_directory_add(ox_directory *directory, const ox_directory_entry *entry,
                           ox_guid *guid_out, ox_error *err) {
  int64_t id = 0;
  dir_lock(directory);
  ox_status status = db_begin(directory, err);
  if (status == OX_OK)
    status = db_end(directory, dir_add_locked(directory, entry, guid_out, &id, err), err);
  dir_unlock(directory);
  return status;
}

/* --- Changing --------------------------------------------------------------------------------- */

static ox_status set_display_name(ox_directory *directory, int64_t id, const char *value,
                                  ox_error *err) {
  ox_status status = dir_check_text("display name", value, 256, err);
  if (status != OX_OK) return status;
  ox_arena arena;
  ox_bytes key;
  ox_arena_init(&arena, directory->allocator, 0);
  status = sort_key_of(&arena, value, &key, err);
  if (status == OX_OK) {
    sqlite3_stmt *stmt = db_statement(directory, ST_SET_DISPLAY_NAME);
    if (stmt != NULL) {
      sqlite3_bind_int64(stmt, 1, id);
      db_bind_text(stmt, 2, value);
      sqlite3_bind_blob(stmt, 3, key.data, (int)key.size_bytes, SQLITE_TRANSIENT);
    }
    status = db_run(directory, stmt, changing, err);
  }
  ox_arena_dispose(&arena);
  return status;
}

static ox_status delete_addresses(ox_directory *directory, int64_t id, int rank, ox_error *err) {
  sqlite3_stmt *stmt = db_statement(directory, ST_DELETE_ADDRESSES_OF_RANK);
  if (stmt != NULL) {
    sqlite3_bind_int64(stmt, 1, id);
    sqlite3_bind_int(stmt, 2, rank);
  }
  return db_run(directory, stmt, changing, err);
}

static ox_status set_primary(ox_directory *directory, int64_t id, const char *value,
                             ox_error *err) {
  if (ox_ascii_equal_n(value, "smtp:", 5)) value += 5;
  ox_status status = dir_check_smtp(value, err);
  if (status == OX_OK) status = delete_addresses(directory, id, RANK_PRIMARY, err);
  if (status == OX_OK) status = put_address(directory, id, value, RANK_PRIMARY, 0, err);
  if (status != OX_OK) return status;
  sqlite3_stmt *stmt = db_statement(directory, ST_SET_SMTP);
  if (stmt != NULL) {
    sqlite3_bind_int64(stmt, 1, id);
    db_bind_text(stmt, 2, value);
  }
  return db_run(directory, stmt, changing, err);
}

static ox_status set_secondaries(ox_directory *directory, int64_t id, const char *const *values,
                                 size_t count, ox_error *err) {
  ox_status status = delete_addresses(directory, id, RANK_SECONDARY, err);
  for (size_t i = 0; i < count && status == OX_OK; i++) {
    const char *address = values[i];
    status = check_secondary(&address, err);
    if (status == OX_OK) status = put_address(directory, id, address, RANK_SECONDARY, i, err);
  }
  return status;
}

static ox_status set_flag(ox_directory *directory, int64_t id, statement which, const char *value,
                          ox_error *err) {
  bool on = ox_ascii_equal(value, "TRUE");
  if (!on && !ox_ascii_equal(value, "FALSE"))
    return ox_error_setf(err, OX_E_USAGE, "\"%.32s\" is neither TRUE nor FALSE.", value);
  sqlite3_stmt *stmt = db_statement(directory, which);
  if (stmt != NULL) {
    sqlite3_bind_int64(stmt, 1, id);
    sqlite3_bind_int(stmt, 2, on);
  }
  return db_run(directory, stmt, changing, err);
}

static ox_status set_locked(ox_directory *directory, int64_t id, const char *attribute,
                            const char *const *values, size_t count, ox_error *err) {
  if (ox_ascii_equal(attribute, "proxyAddresses"))
    return set_secondaries(directory, id, values, count, err);
  const dir_attribute *known = dir_attribute_by_name(attribute);
  if (known != NULL) {
    ox_status status = check_attribute(known, count, values, err);
    if (status != OX_OK) return status;
    return put_attribute_values(directory, id, known->name, values, count, err);
  }
  bool flag = ox_ascii_equal(attribute, "msExchHideFromAddressLists") ||
              ox_ascii_equal(attribute, "disabled");
  const char *value = count == 1 ? values[0] : NULL;
  if (flag && count == 0) value = "FALSE";
  if (value == NULL)
    return ox_error_setf(err, OX_E_USAGE, "The attribute %.64s needs one value.", attribute);
  if (ox_ascii_equal(attribute, "displayName")) return set_display_name(directory, id, value, err);
  if (ox_ascii_equal(attribute, "mail")) return set_primary(directory, id, value, err);
  if (ox_ascii_equal(attribute, "msExchHideFromAddressLists"))
    return set_flag(directory, id, ST_SET_HIDDEN, value, err);
  if (ox_ascii_equal(attribute, "disabled"))
    return set_flag(directory, id, ST_SET_DISABLED, value, err);
  return ox_error_setf(err, OX_E_USAGE, "The directory keeps no attribute \"%.64s\".", attribute);
}

ox_status ox_directory_set(ox_directory *directory, const char *object, const char *attribute,
                           const char *const *values, size_t value_count, ox_error *err) {
  int64_t id = 0;
  dir_lock(directory);
  ox_status status = db_begin(directory, err);
  if (status == OX_OK) {
    status = dir_find(directory, object, &id, err);
    if (status == OX_OK) status = set_locked(directory, id, attribute, values, value_count, err);
    if (status == OX_OK) status = dir_index_object(directory, id, err);
    status = db_end(directory, status, err);
  }
  dir_unlock(directory);
  return status;
}

ox_status ox_directory_remove(ox_directory *directory, const char *object, ox_error *err) {
  int64_t id = 0;
  dir_lock(directory);
  ox_status status = db_begin(directory, err);
  if (status == OX_OK) {
    status = dir_find(directory, object, &id, err);
    sqlite3_stmt *stmt = status == OX_OK ? db_statement(directory, ST_DELETE_OBJECT) : NULL;
    if (stmt != NULL) sqlite3_bind_int64(stmt, 1, id);
    if (status == OX_OK) status = db_run(directory, stmt, changing, err);
    status = db_end(directory, status, err);
  }
  dir_unlock(directory);
  return status;
}
