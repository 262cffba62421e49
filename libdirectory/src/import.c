/* LDIF records to objects of the directory. */
#include "directory_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attributes.h"
#include "ldif.h"

/* One transaction takes so many entries, or so many passwords, which take a while each: others wait
 * for the lock meanwhile. */
enum { BATCH_ENTRIES = 256, BATCH_PASSWORDS = 8 };

/* objectClass to kind; the first class of an entry that is in the table decides. */
static const struct {
  const char *object_class;
  uint32_t kind;
} classes[] = {
    {"inetOrgPerson", OX_DIRECTORY_USER}, {"organizationalPerson", OX_DIRECTORY_USER},
    {"person", OX_DIRECTORY_USER},        {"user", OX_DIRECTORY_USER},
    {"posixAccount", OX_DIRECTORY_USER},  {"mailAccount", OX_DIRECTORY_USER},
    {"contact", OX_DIRECTORY_CONTACT},    {"mailRecipient", OX_DIRECTORY_USER},
    {"groupOfNames", OX_DIRECTORY_GROUP}, {"groupOfUniqueNames", OX_DIRECTORY_GROUP},
    {"group", OX_DIRECTORY_GROUP},        {"posixGroup", OX_DIRECTORY_GROUP},
    {"mailGroup", OX_DIRECTORY_GROUP},    {"groupOfMembers", OX_DIRECTORY_GROUP},
    {"room", OX_DIRECTORY_ROOM},          {"device", OX_DIRECTORY_EQUIPMENT},
};

/* Names that are not the directory's own: LDAP's other spellings and near relatives. Where an
 * entry has both, the directory's own name wins. */
static const struct {
  const char *ldap;
  const char *own;
} synonyms[] = {
    {"gn", "givenName"},
    {"surname", "sn"},
    {"o", "company"},
    {"organizationName", "company"},
    {"ou", "department"},
    {"departmentNumber", "department"},
    {"roomNumber", "physicalDeliveryOfficeName"},
    {"localityName", "l"},
    {"stateOrProvinceName", "st"},
    {"c", "co"},
    {"countryName", "co"},
    {"friendlyCountryName", "co"},
    {"street", "streetAddress"},
    {"postalAddress", "streetAddress"},
    {"description", "info"},
    {"fax", "facsimileTelephoneNumber"},
    {"homeTelephoneNumber", "homePhone"},
    {"mobileTelephoneNumber", "mobile"},
    {"pagerTelephoneNumber", "pager"},
    {"labeledURI", "wWWHomePage"},
};

/* Attributes whose values are DNs of other entries. */
static const struct {
  const char *ldap;
  const char *own; /* NULL: membership of a group */
} links[] = {
    {"member", NULL},       {"uniqueMember", NULL}, {"memberUid", NULL},
    {"manager", "manager"}, {"owner", "managedBy"}, {"managedBy", "managedBy"},
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

typedef struct link_value {
  int64_t object;
  const char *own;
  const char *target;
  const char *dn;
  size_t line;
} link_value;

typedef struct known_dn {
  char *key;
  int64_t object;
} known_dn;

typedef struct import_state {
  ox_directory *directory;
  ox_directory_import *import;
  ox_arena *arena; /* of one entry */
  ox_arena kept;   /* of the whole import */
  link_value *links;
  size_t link_count, link_capacity;
  known_dn *dns;
  size_t dn_count, dn_capacity;
  unsigned password_count; /* of the present transaction */
} import_state;

static void report(const import_state *state, size_t line, const char *dn, ox_status status,
                   const char *reason) {
  if (state->import->report != NULL)
    state->import->report(state->import->user, line, dn, status, reason);
}

/* --- DNs -------------------------------------------------------------------------------------- */

/* A DN folded, without blanks around its separators, so that equal DNs mostly have equal keys. */
static char *dn_key(ox_arena *arena, const char *dn) {
  char *folded = dir_fold(arena, dn, OX_FOLD_CASE);
  if (folded == NULL) return NULL;
  char *out = folded;
  for (const char *p = folded; *p != 0; p++) {
    bool after = out > folded && (out[-1] == ',' || out[-1] == '=' || out[-1] == '+');
    if (*p == ' ' && (after || out == folded)) continue;
    if (*p == ',' || *p == '=' || *p == '+')
      while (out > folded && out[-1] == ' ') out--;
    *out++ = *p;
  }
  *out = 0;
  return folded;
}

static bool keep_dn(import_state *state, const char *dn, int64_t object) {
  if (state->dn_count == state->dn_capacity) {
    size_t larger = state->dn_capacity != 0 ? state->dn_capacity * 2 : 64;
    known_dn *grown =
        ox_arena_grow(&state->kept, state->dns, state->dn_count, larger, sizeof *grown);
    if (grown == NULL) return false;
    state->dns = grown;
    state->dn_capacity = larger;
  }
  char *key = dn_key(&state->kept, dn);
  if (key == NULL) return false;
  state->dns[state->dn_count++] = (known_dn){key, object};
  return true;
}

static int compare_dns(const void *a, const void *b) {
  return strcmp(((const known_dn *)a)->key, ((const known_dn *)b)->key);
}

/* The value of a DN's first component, unescaped: "alice" of "uid=alice,ou=people". */
static char *first_value(ox_arena *arena, const char *dn) {
  const char *equals = strchr(dn, '=');
  const char *p = equals != NULL ? equals + 1 : dn;
  char *out = ox_arena_strdup(arena, p), *to = out;
  if (out == NULL) return NULL;
  for (; *p != 0 && *p != ',' && *p != '+'; p++) {
    if (*p == '\\' && p[1] != 0) p++;
    *to++ = *p;
  }
  *to = 0;
  return out;
}

static ox_status find_target(import_state *state, const char *target, int64_t *id_out,
                             ox_error *err) {
  char *key = dn_key(state->arena, target);
  if (key == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  known_dn wanted = {key, 0};
  const known_dn *found = state->dn_count == 0 ? NULL
                                               : bsearch(&wanted, state->dns, state->dn_count,
                                                         sizeof wanted, compare_dns);
  if (found != NULL) {
    *id_out = found->object;
    return OX_OK;
  }
  char *value = first_value(state->arena, target);
  if (value == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  return dir_anr_exact(state->directory, value, state->arena, id_out, err);
}

/* --- One entry -------------------------------------------------------------------------------- */

static const ldif_attribute *find_value(const ldif_record *record, const char *name) {
  for (size_t i = 0; i < record->attribute_count; i++)
    if (ox_ascii_equal(record->attributes[i].name, name) &&
        !ox_ascii_equal_n(record->attributes[i].options, "lang-", 5))
      return &record->attributes[i];
  return NULL;
}

static const char *find_text(const ldif_record *record, const char *name) {
  const ldif_attribute *attribute = find_value(record, name);
  return attribute != NULL && attribute->size_bytes != 0 ? attribute->value : NULL;
}

static bool in_domain(const ox_directory *directory, const char *address) {
  const char *at = strrchr(address, '@');
  size_t own = strlen(directory->domain), length = at != NULL ? strlen(at + 1) : 0;
  if (length == own) return ox_ascii_equal(at + 1, directory->domain);
  return length > own && at[length - own] == '.' &&
         ox_ascii_equal(at + 1 + length - own, directory->domain);
}

static uint32_t kind_of(const ldif_record *record) {
  for (size_t c = 0; c < COUNT(classes); c++)
    for (size_t i = 0; i < record->attribute_count; i++)
      if (ox_ascii_equal(record->attributes[i].name, "objectClass") &&
          ox_ascii_equal(record->attributes[i].value, classes[c].object_class))
        return classes[c].kind;
  return 0;
}

/* Resource mailboxes of Active Directory are users with a display type. */
static uint32_t refined_kind(const ox_directory *directory, const ldif_record *record,
                             uint32_t kind, const char *smtp) {
  const char *type = find_text(record, "msExchRecipientDisplayType");
  if (kind == OX_DIRECTORY_USER && type != NULL) {
    if (strcmp(type, "7") == 0) return OX_DIRECTORY_ROOM;
    if (strcmp(type, "8") == 0) return OX_DIRECTORY_EQUIPMENT;
  }
  if (kind == OX_DIRECTORY_USER && smtp != NULL && !in_domain(directory, smtp))
    return OX_DIRECTORY_CONTACT;
  return kind;
}

/* A name out of free text: blanks become dots, what a name cannot have is dropped. */
static char *name_from(ox_arena *arena, const char *text, size_t length) {
  char *name = ox_arena_copy(arena, text, length);
  if (name == NULL) return NULL;
  char *out = name;
  for (const char *p = name; *p != 0 && out - name < OX_DIRECTORY_NAME_MAX_BYTES; p++) {
    char c = *p == ' ' ? '.' : *p;
    char one[2] = {c, 0};
    if (c == '.' ? out > name && out[-1] != '.' : dir_check_name(one, NULL) == OX_OK) *out++ = c;
  }
  while (out > name && out[-1] == '.') out--;
  *out = 0;
  return name;
}

static ox_status choose_name(import_state *state, const ldif_record *record,
                             ox_directory_entry *entry, ox_error *err) {
  static const char *const sources[] = {"mailNickname", "uid", "sAMAccountName"};
  for (size_t i = 0; i < COUNT(sources) && entry->name == NULL; i++)
    entry->name = find_text(record, sources[i]);
  const char *text = entry->name != NULL ? NULL : entry->smtp_address;
  size_t length = text != NULL ? strcspn(text, "@") : 0;
  if (entry->name == NULL && text == NULL) {
    text = find_text(record, "cn");
    length = text != NULL ? strlen(text) : 0;
  }
  if (entry->name == NULL && text != NULL) {
    entry->name = name_from(state->arena, text, length);
    if (entry->name == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  }
  if (entry->name == NULL || entry->name[0] == 0)
    return ox_error_set(err, OX_E_USAGE, "the entry has no uid, mail or cn to make a name from");
  return OX_OK;
}

/* Addresses: the primary one is the proxyAddress "SMTP:..." in capitals, else the first mail. */
static ox_status choose_addresses(import_state *state, const ldif_record *record,
                                  ox_directory_entry *entry, ox_error *err) {
  static const char *const sources[] = {"mail", "mailAlternateAddress", "mailAlias",
                                        "proxyAddresses"};
  const char **addresses =
      ox_arena_calloc(state->arena, record->attribute_count + 1, sizeof *addresses);
  if (addresses == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  for (size_t s = 0; s < COUNT(sources); s++)
    for (size_t i = 0; i < record->attribute_count; i++) {
      const ldif_attribute *a = &record->attributes[i];
      if (!ox_ascii_equal(a->name, sources[s]) || a->size_bytes == 0) continue;
      bool typed = strchr(a->value, ':') != NULL;
      bool usable = !typed || ox_ascii_equal_n(a->value, "smtp:", 5) ||
                    ox_ascii_equal_n(a->value, "x500:", 5);
      if (!usable) continue;
      if (strncmp(a->value, "SMTP:", 5) == 0) {
        if (entry->smtp_address != NULL) addresses[entry->address_count++] = entry->smtp_address;
        entry->smtp_address = a->value + 5;
      } else if (entry->smtp_address == NULL && !typed) {
        entry->smtp_address = a->value;
      } else {
        addresses[entry->address_count++] = a->value;
      }
    }
  entry->addresses = addresses;
  return OX_OK;
}

/* The directory's own name for an LDAP attribute; NULL when it keeps none such. */
static const char *own_name(const char *ldap) {
  const char *own = dir_attribute_canonical(ldap);
  for (size_t i = 0; i < COUNT(synonyms) && own == NULL; i++)
    if (ox_ascii_equal(synonyms[i].ldap, ldap)) own = synonyms[i].own;
  return own;
}

static bool is_link(const char *ldap, const char **own_out) {
  for (size_t i = 0; i < COUNT(links); i++)
    if (ox_ascii_equal(links[i].ldap, ldap)) return *own_out = links[i].own, true;
  return false;
}

static bool has_attribute(const ox_directory_attribute *attributes, size_t count,
                          const char *name) {
  for (size_t i = 0; i < count; i++)
    if (ox_ascii_equal(attributes[i].name, name)) return true;
  return false;
}

/* First the directory's own names, then synonyms where nothing stands yet. Second values of an
 * attribute that has one only are left out. */
static ox_status choose_attributes(import_state *state, const ldif_record *record,
                                   ox_directory_entry *entry, ox_error *err) {
  ox_directory_attribute *attributes =
      ox_arena_calloc(state->arena, record->attribute_count + 1, sizeof *attributes);
  if (attributes == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  size_t count = 0;
  for (int pass = 0; pass < 2; pass++)
    for (size_t i = 0; i < record->attribute_count; i++) {
      const ldif_attribute *a = &record->attributes[i];
      const char *link, *own = own_name(a->name);
      if (own == NULL || is_link(a->name, &link) || a->size_bytes == 0 || a->options[0] != 0)
        continue;
      bool direct = dir_attribute_canonical(a->name) != NULL;
      if (direct != (pass == 0)) continue;
      bool multiple = (dir_attribute_by_name(own)->flags & DIR_ATTRIBUTE_MULTIPLE) != 0;
      if (!(multiple && direct) && has_attribute(attributes, count, own)) continue;
      if (a->is_url)
        return ox_error_setf(err, OX_E_NO_SUPPORT, "line %zu: values behind a URL are not read",
                             a->line);
      attributes[count++] = (ox_directory_attribute){own, a->value};
    }
  entry->attributes = attributes;
  entry->attribute_count = count;
  return OX_OK;
}

static ox_status check_values(const ldif_record *record, ox_error *err) {
  for (size_t i = 0; i < record->attribute_count; i++) {
    const ldif_attribute *a = &record->attributes[i];
    static const char *const texts[] = {"objectClass", "mail",         "uid",         "cn",
                                        "displayName", "mailNickname", "userPassword"};
    const char *link;
    bool used = own_name(a->name) != NULL || is_link(a->name, &link);
    for (size_t t = 0; t < COUNT(texts) && !used; t++) used = ox_ascii_equal(a->name, texts[t]);
    if (used && memchr(a->value, 0, a->size_bytes) != NULL)
      return ox_error_setf(err, OX_E_MALFORMED, "line %zu: the value of %.40s is not text", a->line,
                           a->name);
  }
  return OX_OK;
}

static ox_status keep_links(import_state *state, const ldif_record *record, int64_t object,
                            ox_error *err) {
  const char *dn = NULL;
  for (size_t i = 0; i < record->attribute_count; i++) {
    const ldif_attribute *a = &record->attributes[i];
    const char *own;
    if (!is_link(a->name, &own) || a->size_bytes == 0) continue;
    if (state->link_count == state->link_capacity) {
      size_t larger = state->link_capacity != 0 ? state->link_capacity * 2 : 64;
      link_value *grown =
          ox_arena_grow(&state->kept, state->links, state->link_count, larger, sizeof *grown);
      if (grown == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
      state->links = grown;
      state->link_capacity = larger;
    }
    if (dn == NULL) dn = ox_arena_strdup(&state->kept, record->dn);
    const char *target = ox_arena_strdup(&state->kept, a->value);
    if (dn == NULL || target == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
    state->links[state->link_count++] = (link_value){object, own, target, dn, a->line};
  }
  return OX_OK;
}

static ox_status import_password(import_state *state, const ldif_record *record, int64_t object,
                                 const char **remark_out, ox_error *err) {
  const char *password = find_text(record, "userPassword");
  if (password == NULL) return OX_OK;
  if (ox_ascii_equal_n(password, "{CLEARTEXT}", 11)) password += 11;
  if (password[0] == '{' && strchr(password, '}') != NULL) {
    *remark_out = "imported without its password: hashed passwords cannot be used";
    return OX_OK;
  }
  state->password_count++;
  return dir_set_password_locked(state->directory, object, password, err);
}

static ox_status import_record(import_state *state, const ldif_record *record, int64_t *id_out,
                               const char **remark_out, ox_error *err) {
  if (record->status != OX_OK) return ox_error_set(err, record->status, record->reason);
  if (!ox_ascii_equal(record->changetype, "add"))
    return ox_error_setf(err, OX_E_NO_SUPPORT, "changetype %.32s is not imported",
                         record->changetype);
  ox_directory_entry entry = OX_DIRECTORY_ENTRY_INIT;
  uint32_t kind = kind_of(record);
  if (kind == 0)
    return ox_error_set(err, OX_E_NO_SUPPORT,
                        "the entry is no person, group, contact, room or device");
  ox_status status = check_values(record, err);
  if (status == OX_OK) status = choose_addresses(state, record, &entry, err);
  if (status == OX_OK) status = choose_name(state, record, &entry, err);
  if (status == OX_OK) status = choose_attributes(state, record, &entry, err);
  if (status != OX_OK) return status;
  entry.kind = refined_kind(state->directory, record, kind, entry.smtp_address);
  entry.display_name = find_text(record, "displayName");
  if (entry.display_name == NULL) entry.display_name = find_text(record, "cn");
  entry.legacy_dn = find_text(record, "legacyExchangeDN");
  const char *hidden = find_text(record, "msExchHideFromAddressLists");
  entry.hidden = hidden != NULL && ox_ascii_equal(hidden, "TRUE");
  status = dir_add_locked(state->directory, &entry, NULL, id_out, err);
  if (status == OX_OK && dir_kind_has_mailbox(entry.kind))
    status = import_password(state, record, *id_out, remark_out, err);
  return status;
}

/* --- The whole -------------------------------------------------------------------------------- */

/* Failures that concern the directory, not the entry. */
static bool is_fatal(ox_status status) {
  return status == OX_E_NO_MEMORY || status == OX_E_LOCKED || status == OX_E_READ_ONLY ||
         status == OX_E_NOT_ENOUGH_DISK || status == OX_E_DISK_ERROR;
}

static ox_status savepoint(import_state *state, const char *sql, ox_error *err) {
  if (sqlite3_exec(state->directory->db, sql, NULL, NULL, NULL) == SQLITE_OK) return OX_OK;
  return db_fail(state->directory, "Cannot change the directory", err);
}

static ox_status import_one(import_state *state, const ldif_record *record, ox_error *err) {
  int64_t id = 0;
  const char *remark = NULL;
  ox_error why = {0};
  ox_status status = savepoint(state, "SAVEPOINT entry", err);
  if (status != OX_OK) return status;
  status = import_record(state, record, &id, &remark, &why);
  if (is_fatal(status)) return ox_error_set(err, status, why.text);
  if (status != OX_OK) {
    state->import->refused_count++;
    report(state, record->line, record->dn, status, why.text);
    return savepoint(state, "ROLLBACK TO entry; RELEASE entry", err);
  }
  status = keep_links(state, record, id, err);
  if (status == OX_OK && !keep_dn(state, record->dn, id))
    status = ox_error_set(err, OX_E_NO_MEMORY, NULL);
  if (status != OX_OK) return status;
  state->import->imported_count++;
  report(state, record->line, record->dn, OX_OK, remark);
  return savepoint(state, "RELEASE entry", err);
}

static ox_status resolve_link(import_state *state, const link_value *link, ox_error *err) {
  int64_t target = 0;
  ox_status status = find_target(state, link->target, &target, err);
  if (status == OX_E_NOT_FOUND)
    return ox_error_setf(err, status, "there is no object for %.140s", link->target);
  if (status != OX_OK) return status;
  if (link->own == NULL) return dir_add_member_locked(state->directory, link->object, target, err);
  ox_directory_entry entry;
  status = dir_load(state->directory, target, state->arena, &entry, err);
  if (status != OX_OK) return status;
  sqlite3_stmt *stmt = db_statement(state->directory, ST_DELETE_ATTRIBUTE);
  if (stmt != NULL) {
    sqlite3_bind_int64(stmt, 1, link->object);
    db_bind_text(stmt, 2, link->own);
  }
  status = db_run(state->directory, stmt, "Cannot change the directory", err);
  stmt = status == OX_OK ? db_statement(state->directory, ST_INSERT_ATTRIBUTE) : NULL;
  if (stmt == NULL) return status != OX_OK ? status : db_fail(state->directory, "", err);
  sqlite3_bind_int64(stmt, 1, link->object);
  db_bind_text(stmt, 2, link->own);
  sqlite3_bind_int64(stmt, 3, 0);
  db_bind_text(stmt, 4, entry.name);
  return db_run(state->directory, stmt, "Cannot change the directory", err);
}

static ox_status resolve_links(import_state *state, ox_error *err) {
  if (state->dn_count != 0) qsort(state->dns, state->dn_count, sizeof *state->dns, compare_dns);
  ox_status status = db_begin(state->directory, err);
  if (status != OX_OK) return status;
  for (size_t i = 0; i < state->link_count; i++) {
    ox_error why = {0};
    ox_arena_reset(state->arena);
    status = resolve_link(state, &state->links[i], &why);
    if (is_fatal(status)) {
      ox_error_set(err, status, why.text);
      break;
    }
    if (status == OX_OK) continue;
    state->import->refused_count++;
    report(state, state->links[i].line, state->links[i].dn, status, why.text);
    status = OX_OK;
  }
  return db_end(state->directory, status, err);
}

static ox_status import_batches(import_state *state, ldif_reader *reader, ox_error *err) {
  bool more = true;
  ox_status status = OX_OK;
  while (more && status == OX_OK) {
    size_t imported_before = state->import->imported_count;
    dir_lock(state->directory);
    status = db_begin(state->directory, err);
    if (status == OX_OK) {
      state->password_count = 0;
      for (int i = 0;
           i < BATCH_ENTRIES && state->password_count < BATCH_PASSWORDS && status == OX_OK; i++) {
        ldif_record record;
        ox_arena_reset(state->arena);
        more = ldif_next(reader, state->arena, &record);
        if (!more) break;
        status = import_one(state, &record, err);
      }
      status = db_end(state->directory, status, err);
    }
    dir_unlock(state->directory);
    if (status != OX_OK) state->import->imported_count = imported_before; /* rolled back */
  }
  return status;
}

ox_status ox_directory_import_ldif(ox_directory *directory, ox_bytes ldif,
                                   ox_directory_import *import, ox_error *err) {
  ox_arena arena;
  ldif_reader reader;
  import_state state = {.directory = directory, .import = import, .arena = &arena};
  ox_arena_init(&arena, directory->allocator, 0);
  ox_arena_init(&state.kept, directory->allocator, 0);
  import->imported_count = import->refused_count = 0;
  ldif_init(&reader, ldif);
  ox_status status = import_batches(&state, &reader, err);
  if (status == OX_OK) {
    dir_lock(directory);
    status = resolve_links(&state, err);
    dir_unlock(directory);
  }
  ox_arena_dispose(&state.kept);
  ox_arena_dispose(&arena);
  return status;
}
