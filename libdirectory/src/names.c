/* Names: what is allowed, how they compare, what they find. */
#include "directory_internal.h"

#include <string.h>

char *dir_fold(ox_arena *arena, const char *text, uint32_t folds) {
  ox_str16 wide, folded;
  if (ox_str16_from_utf8(arena, ox_str8_from(text), &wide) != OX_OK) return NULL;
  if (ox_str16_fold(arena, wide, folds, &folded) != OX_OK) return NULL;
  return ox_str16_utf8(arena, folded);
}

static bool is_alnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool dir_is_teletex(char c) {
  return is_alnum(c) || (c != 0 && strchr(" !\"%&\\()*+,-.:<=>?@[]_|", c) != NULL);
}

ox_status dir_check_name(const char *name, ox_error *err) {
  size_t length = name != NULL ? strlen(name) : 0;
  if (length == 0 || length > OX_DIRECTORY_NAME_MAX_BYTES)
    return ox_error_setf(err, OX_E_USAGE, "A name has 1 to %d characters.",
                         OX_DIRECTORY_NAME_MAX_BYTES);
  for (size_t i = 0; i < length; i++)
    if (!is_alnum(name[i]) && strchr("-_.+'&#~!$^{}", name[i]) == NULL)
      return ox_error_setf(err, OX_E_USAGE,
                           "The name \"%.64s\" has a character that is not a letter, a digit or "
                           "one of - _ . + ' & # ~ ! $ ^ { }.",
                           name);
  if (name[0] == '.' || name[length - 1] == '.')
    return ox_error_setf(err, OX_E_USAGE, "The name \"%.64s\" starts or ends with a dot.", name);
  return OX_OK;
}

ox_status dir_check_text(const char *what, const char *text, size_t max_bytes, ox_error *err) {
  size_t length = text != NULL ? strlen(text) : 0;
  if (length == 0) return ox_error_setf(err, OX_E_USAGE, "The %s is empty.", what);
  if (length > max_bytes)
    return ox_error_setf(err, OX_E_LIMIT, "The %s is longer than %zu bytes.", what, max_bytes);
  if (!ox_text_is_valid(ox_str8_from(text)))
    return ox_error_setf(err, OX_E_USAGE, "The %s is not valid UTF-8.", what);
  return OX_OK;
}

ox_status dir_check_domain(const char *domain, ox_error *err) {
  size_t length = domain != NULL ? strlen(domain) : 0;
  bool good = length >= 1 && length <= 253 && domain[0] != '.' && domain[length - 1] != '.';
  for (size_t i = 0; good && i < length; i++)
    good = is_alnum(domain[i]) || domain[i] == '-' || (domain[i] == '.' && domain[i - 1] != '.');
  if (good) return OX_OK;
  return ox_error_setf(err, OX_E_USAGE, "\"%.128s\" is not a mail domain such as example.test.",
                       domain != NULL ? domain : "");
}

ox_status dir_check_organization(const char *organization, ox_error *err) {
  size_t length = organization != NULL ? strlen(organization) : 0;
  bool good = length >= 1 && length <= 64;
  for (size_t i = 0; good && i < length; i++) good = dir_is_teletex(organization[i]);
  if (good && organization[0] != ' ' && organization[length - 1] != ' ') return OX_OK;
  return ox_error_set(err, OX_E_USAGE,
                      "An organisation name has 1 to 64 characters: ASCII letters, digits, blanks "
                      "inside and ! \" % & ( ) * + , - . : < = > ? @ [ ] _ |.");
}

ox_status dir_check_smtp(const char *address, ox_error *err) {
  size_t length = address != NULL ? strlen(address) : 0;
  const char *at = length != 0 ? strrchr(address, '@') : NULL;
  bool good = at != NULL && at != address && length <= 320 && at - address <= 64 &&
              dir_check_domain(at + 1, NULL) == OX_OK && ox_text_is_valid(ox_str8_from(address));
  for (const char *p = address; good && p < at; p++)
    good = (unsigned char)*p > ' ' && *p != 0x7F && strchr("<>()[]\\,;:@\"", *p) == NULL;
  if (good) return OX_OK;
  return ox_error_setf(err, OX_E_USAGE,
                       "\"%.128s\" is not a mail address such as bob@example.test.",
                       address != NULL ? address : "");
}

bool dir_is_dn(const char *name) {
  return ox_ascii_equal_n(name, "/o=", 3);
}

char *dir_address_key(ox_arena *arena, const char *address) {
  const char *type = "smtp:";
  if (ox_ascii_equal_n(address, "smtp:", 5)) {
    address += 5;
  } else if (ox_ascii_equal_n(address, "x500:", 5)) {
    address += 5;
    type = "x500:";
  } else if (ox_ascii_equal_n(address, "ex:", 3)) {
    address += 3;
    type = "x500:";
  } else if (dir_is_dn(address)) {
    type = "x500:";
  }
  char *folded = dir_fold(arena, address, OX_FOLD_CASE);
  if (folded == NULL) return NULL;
  size_t length = strlen(folded);
  char *key = ox_arena_alloc(arena, length + 6);
  if (key == NULL) return NULL;
  memcpy(key, type, 5);
  memcpy(key + 5, folded, length + 1);
  return key;
}

/* Runs one of the statements that give an id. @return OX_OK, OX_E_NOT_FOUND, a failure */
static ox_status id_of(ox_directory *directory, sqlite3_stmt *stmt, int64_t *id_out,
                       ox_error *err) {
  int code = sqlite3_step(stmt);
  ox_status status = OX_OK;
  if (code == SQLITE_ROW)
    *id_out = sqlite3_column_int64(stmt, 0);
  else if (code == SQLITE_DONE)
    status = OX_E_NOT_FOUND;
  else
    status = db_fail(directory, "Cannot read the directory", err);
  sqlite3_reset(stmt);
  return status;
}

static ox_status id_by_text(ox_directory *directory, statement which, const char *key,
                            int64_t *id_out, ox_error *err) {
  if (key == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  sqlite3_stmt *stmt = db_statement(directory, which);
  if (stmt == NULL) return db_fail(directory, "Cannot read the directory", err);
  db_bind_text(stmt, 1, key);
  return id_of(directory, stmt, id_out, err);
}

static ox_status id_by_guid(ox_directory *directory, const ox_guid *guid, int64_t *id_out,
                            ox_error *err) {
  sqlite3_stmt *stmt = db_statement(directory, ST_ID_BY_GUID);
  if (stmt == NULL) return db_fail(directory, "Cannot read the directory", err);
  db_bind_guid(stmt, 1, guid);
  return id_of(directory, stmt, id_out, err);
}

/* True when "DOMAIN" of DOMAIN\user means this directory: the mail domain, its first label (as a
 * NetBIOS name would be), the organisation, or nothing. */
static bool is_own_domain(const ox_directory *directory, const char *text, size_t length) {
  if (length == 0 || (length == 1 && text[0] == '.')) return true;
  const char *domain = directory->domain;
  if (strlen(domain) == length && ox_ascii_equal_n(domain, text, length)) return true;
  size_t label = strcspn(domain, ".");
  if (label == length && ox_ascii_equal_n(domain, text, length)) return true;
  return strlen(directory->organization) == length &&
         ox_ascii_equal_n(directory->organization, text, length);
}

static ox_status find_mail_address(ox_directory *directory, ox_arena *arena, const char *name,
                                   int64_t *id_out, ox_error *err) {
  ox_status status =
      id_by_text(directory, ST_ID_BY_ADDRESS, dir_address_key(arena, name), id_out, err);
  if (status != OX_E_NOT_FOUND) return status;
  /* A logon name in the form of an address: NAME@DOMAIN even when mail goes elsewhere. */
  if (ox_ascii_equal_n(name, "smtp:", 5)) name += 5;
  const char *at = strrchr(name, '@');
  if (at == NULL || !ox_ascii_equal(at + 1, directory->domain)) return OX_E_NOT_FOUND;
  char *local = ox_arena_copy(arena, name, (size_t)(at - name));
  if (local == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  return id_by_text(directory, ST_ID_BY_NAME, dir_fold(arena, local, OX_FOLD_CASE), id_out, err);
}

static ox_status find_in_arena(ox_directory *directory, ox_arena *arena, const char *name,
                               int64_t *id_out, ox_error *err) {
  ox_guid guid;
  if (dir_is_dn(name) || ox_ascii_equal_n(name, "ex:", 3) || ox_ascii_equal_n(name, "x500:", 5))
    return id_by_text(directory, ST_ID_BY_ADDRESS, dir_address_key(arena, name), id_out, err);
  if (ox_guid_parse(name, &guid) == OX_OK) return id_by_guid(directory, &guid, id_out, err);
  const char *backslash = strchr(name, '\\');
  if (backslash != NULL) {
    if (!is_own_domain(directory, name, (size_t)(backslash - name))) return OX_E_NOT_FOUND;
    name = backslash + 1;
  }
  if (strchr(name, '@') != NULL) return find_mail_address(directory, arena, name, id_out, err);
  return id_by_text(directory, ST_ID_BY_NAME, dir_fold(arena, name, OX_FOLD_CASE), id_out, err);
}

ox_status dir_find(ox_directory *directory, const char *name, int64_t *id_out, ox_error *err) {
  if (name == NULL || name[0] == 0 || strlen(name) > 2048)
    return ox_error_setf(err, OX_E_NOT_FOUND, "There is no \"%.64s\" in the directory.",
                         name != NULL ? name : "");
  ox_arena arena;
  ox_arena_init(&arena, directory->allocator, 0);
  ox_status status = find_in_arena(directory, &arena, name, id_out, err);
  ox_arena_dispose(&arena);
  if (status == OX_E_NOT_FOUND)
    return ox_error_setf(err, status, "There is no \"%.128s\" in the directory.", name);
  return status;
}
