/* The SQLite file: creation, opening, statements, transactions, failures in one sentence. */
#include "directory_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char schema[] =
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
    "CREATE TABLE object("
    " id INTEGER PRIMARY KEY AUTOINCREMENT," /* the minimal entry id: never used again */
    " kind INTEGER NOT NULL, guid BLOB NOT NULL UNIQUE, mailbox_guid BLOB,"
    " name TEXT NOT NULL, name_key TEXT NOT NULL UNIQUE, smtp TEXT NOT NULL,"
    " display_name TEXT NOT NULL, sort_key BLOB NOT NULL, legacy_dn TEXT NOT NULL,"
    " hidden INTEGER NOT NULL DEFAULT 0, disabled INTEGER NOT NULL DEFAULT 0);"
    "CREATE INDEX object_order ON object(sort_key, id);"
    /* rank 0: primary SMTP, 1: secondary, 2: legacy DN */
    "CREATE TABLE address(key TEXT PRIMARY KEY, object INTEGER NOT NULL REFERENCES object(id)"
    " ON DELETE CASCADE, rank INTEGER NOT NULL, ordinal INTEGER NOT NULL, address TEXT NOT NULL)"
    " WITHOUT ROWID;"
    "CREATE INDEX address_object ON address(object, rank, ordinal);"
    "CREATE TABLE attribute(object INTEGER NOT NULL REFERENCES object(id) ON DELETE CASCADE,"
    " name TEXT NOT NULL, ordinal INTEGER NOT NULL, value TEXT NOT NULL,"
    " PRIMARY KEY(object, name, ordinal)) WITHOUT ROWID;"
    "CREATE TABLE member(grp INTEGER NOT NULL REFERENCES object(id) ON DELETE CASCADE,"
    " object INTEGER NOT NULL REFERENCES object(id) ON DELETE CASCADE,"
    " PRIMARY KEY(grp, object)) WITHOUT ROWID;"
    "CREATE INDEX member_object ON member(object);"
    "CREATE TABLE credential(object INTEGER PRIMARY KEY REFERENCES object(id) ON DELETE CASCADE,"
    " log2_n INTEGER NOT NULL, r INTEGER NOT NULL, p INTEGER NOT NULL, salt BLOB NOT NULL,"
    " hash BLOB NOT NULL, nt_sealed BLOB);"
    "CREATE TABLE token(token TEXT NOT NULL, object INTEGER NOT NULL REFERENCES object(id)"
    " ON DELETE CASCADE, PRIMARY KEY(token, object)) WITHOUT ROWID;"
    "CREATE INDEX token_object ON token(object);";

static const char *const statement_texts[ST_COUNT] = {
    [ST_BEGIN] = "BEGIN IMMEDIATE",
    [ST_COMMIT] = "COMMIT",
    [ST_ROLLBACK] = "ROLLBACK",
    [ST_GENERATION] = "SELECT value FROM meta WHERE key = 'generation'",
    [ST_TOUCH] = "UPDATE meta SET value = value + 1 WHERE key = 'generation'",
    [ST_ID_BY_NAME] = "SELECT id FROM object WHERE name_key = ?1",
    [ST_ID_BY_ADDRESS] = "SELECT object FROM address WHERE key = ?1",
    [ST_ID_BY_GUID] = "SELECT id FROM object WHERE guid = ?1",
    [ST_OBJECT] =
        "SELECT kind, guid, mailbox_guid, name, smtp, display_name, legacy_dn, hidden,"
        " disabled FROM object WHERE id = ?1",
    [ST_ADDRESSES] = "SELECT address FROM address WHERE object = ?1 AND rank = 1 ORDER BY ordinal",
    [ST_ATTRIBUTES] = "SELECT name, value FROM attribute WHERE object = ?1 ORDER BY name, ordinal",
    [ST_CREDENTIAL_FLAGS] = "SELECT nt_sealed IS NOT NULL FROM credential WHERE object = ?1",
    [ST_INSERT_OBJECT] =
        "INSERT INTO object(kind, guid, mailbox_guid, name, name_key, smtp, display_name, sort_key,"
        " legacy_dn, hidden, disabled) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    [ST_INSERT_ADDRESS] =
        "INSERT INTO address(key, object, rank, ordinal, address) VALUES(?1, ?2, ?3, ?4, ?5)",
    [ST_DELETE_ADDRESSES_OF_RANK] = "DELETE FROM address WHERE object = ?1 AND rank = ?2",
    [ST_DELETE_ADDRESS] = "DELETE FROM address WHERE object = ?1 AND key = ?2 AND rank = 1",
    [ST_INSERT_ATTRIBUTE] =
        "INSERT INTO attribute(object, name, ordinal, value) VALUES(?1, ?2, ?3, ?4)",
    [ST_DELETE_ATTRIBUTE] = "DELETE FROM attribute WHERE object = ?1 AND name = ?2",
    [ST_SET_DISPLAY_NAME] = "UPDATE object SET display_name = ?2, sort_key = ?3 WHERE id = ?1",
    [ST_SET_SMTP] = "UPDATE object SET smtp = ?2 WHERE id = ?1",
    [ST_SET_HIDDEN] = "UPDATE object SET hidden = ?2 WHERE id = ?1",
    [ST_SET_DISABLED] = "UPDATE object SET disabled = ?2 WHERE id = ?1",
    [ST_DELETE_OBJECT] = "DELETE FROM object WHERE id = ?1",
    [ST_IDS_IN_ORDER] = "SELECT id FROM object WHERE ?1 = 0 OR kind = ?1 ORDER BY sort_key, id",
    [ST_INSERT_MEMBER] = "INSERT OR IGNORE INTO member(grp, object) VALUES(?1, ?2)",
    [ST_DELETE_MEMBER] = "DELETE FROM member WHERE grp = ?1 AND object = ?2",
    [ST_MEMBERS] =
        "SELECT o.id, o.kind, o.name, o.hidden FROM member m JOIN object o"
        " ON o.id = m.object WHERE m.grp = ?1 ORDER BY o.sort_key, o.id",
    [ST_MEMBER_OF] =
        "SELECT o.id, o.kind, o.name, o.hidden FROM member m JOIN object o"
        " ON o.id = m.grp WHERE m.object = ?1 ORDER BY o.sort_key, o.id",
    [ST_CREDENTIAL] =
        "SELECT log2_n, r, p, salt, hash, nt_sealed FROM credential WHERE object = ?1",
    [ST_PUT_CREDENTIAL] =
        "INSERT OR REPLACE INTO credential(object, log2_n, r, p, salt, hash,"
        " nt_sealed) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [ST_DELETE_CREDENTIAL] = "DELETE FROM credential WHERE object = ?1",
    [ST_INSERT_TOKEN] = "INSERT OR IGNORE INTO token(token, object) VALUES(?1, ?2)",
    [ST_DELETE_TOKENS] = "DELETE FROM token WHERE object = ?1",
    [ST_TOKEN_RANGE] = "SELECT object, token FROM token WHERE token >= ?1 AND token < ?2",
    [ST_SNAPSHOT] = "SELECT id, kind, sort_key, hidden FROM object ORDER BY sort_key, id",
};

void dir_lock(ox_directory *directory) {
  pthread_mutex_lock(&directory->lock);
}

void dir_unlock(ox_directory *directory) {
  pthread_mutex_unlock(&directory->lock);
}

static ox_status status_of(int sqlite_code) {
  switch (sqlite_code & 0xFF) {
    case SQLITE_NOMEM: return OX_E_NO_MEMORY;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return OX_E_LOCKED;
    case SQLITE_READONLY:
    case SQLITE_PERM: return OX_E_READ_ONLY;
    case SQLITE_FULL: return OX_E_NOT_ENOUGH_DISK;
    case SQLITE_NOTADB: return OX_E_VERSION;
    default: return OX_E_DISK_ERROR;
  }
}

ox_status db_fail(ox_directory *directory, const char *doing, ox_error *err) {
  int code = sqlite3_extended_errcode(directory->db);
  ox_status status = status_of(code);
  const char *why = sqlite3_errmsg(directory->db);
  if (status == OX_E_LOCKED) why = "another process holds its lock; try again when it is done";
  if (status == OX_E_READ_ONLY) why = "the file cannot be written";
  if (status == OX_E_NOT_ENOUGH_DISK) why = "the disk is full";
  if (status == OX_E_VERSION) why = "the file is not a directory of oxkit";
  return ox_error_setf(err, status, "%s %s: %s.", doing, directory->path, why);
}

sqlite3_stmt *db_statement(ox_directory *directory, statement which) {
  sqlite3_stmt **slot = &directory->statements[which];
  if (*slot == NULL) {
    int code = sqlite3_prepare_v3(directory->db, statement_texts[which], -1,
                                  SQLITE_PREPARE_PERSISTENT, slot, NULL);
    if (code != SQLITE_OK) return NULL;
  } else {
    sqlite3_reset(*slot);
    sqlite3_clear_bindings(*slot);
  }
  return *slot;
}

ox_status db_run(ox_directory *directory, sqlite3_stmt *stmt, const char *doing, ox_error *err) {
  if (stmt == NULL) return db_fail(directory, doing, err);
  int code = sqlite3_step(stmt);
  ox_status status = code == SQLITE_DONE ? OX_OK : db_fail(directory, doing, err);
  sqlite3_reset(stmt);
  sqlite3_clear_bindings(stmt);
  return status;
}

ox_status db_begin(ox_directory *directory, ox_error *err) {
  if (directory->read_only)
    return ox_error_setf(err, OX_E_READ_ONLY, "The directory %s is open for reading only.",
                         directory->path);
  return db_run(directory, db_statement(directory, ST_BEGIN), "Cannot change the directory", err);
}

ox_status db_end(ox_directory *directory, ox_status status, ox_error *err) {
  const char *doing = "Cannot change the directory";
  if (status == OX_OK) status = db_run(directory, db_statement(directory, ST_TOUCH), doing, err);
  if (status == OX_OK) status = db_run(directory, db_statement(directory, ST_COMMIT), doing, err);
  if (status != OX_OK && sqlite3_get_autocommit(directory->db) == 0)
    (void)db_run(directory, db_statement(directory, ST_ROLLBACK), doing, NULL);
  return status;
}

void db_bind_text(sqlite3_stmt *stmt, int index, const char *text) {
  sqlite3_bind_text(stmt, index, text, -1, SQLITE_TRANSIENT);
}

void db_bind_guid(sqlite3_stmt *stmt, int index, const ox_guid *guid) {
  uint8_t wire[16];
  ox_guid_to_wire(guid, wire);
  sqlite3_bind_blob(stmt, index, wire, sizeof wire, SQLITE_TRANSIENT);
}

const char *db_text(sqlite3_stmt *stmt, int column, ox_arena *arena) {
  const unsigned char *text = sqlite3_column_text(stmt, column);
  if (text == NULL) return ox_arena_strdup(arena, "");
  return ox_arena_copy(arena, text, (size_t)sqlite3_column_bytes(stmt, column));
}

void db_guid(sqlite3_stmt *stmt, int column, ox_guid *out) {
  const void *wire = sqlite3_column_blob(stmt, column);
  memset(out, 0, sizeof *out);
  if (wire != NULL && sqlite3_column_bytes(stmt, column) == 16) ox_guid_from_wire(wire, out);
}

static ox_status exec(ox_directory *directory, const char *sql, const char *doing, ox_error *err) {
  int code = sqlite3_exec(directory->db, sql, NULL, NULL, NULL);
  return code == SQLITE_OK ? OX_OK : db_fail(directory, doing, err);
}

static char *copy_text(const ox_allocator *allocator, const char *text) {
  size_t size = strlen(text) + 1;
  char *copy = ox_malloc(allocator, size);
  if (copy != NULL) memcpy(copy, text, size);
  return copy;
}

static bool good_scrypt(int log2_n) {
  return log2_n >= SCRYPT_LOG2_N_MIN && log2_n <= SCRYPT_LOG2_N_MAX;
}

static ox_status new_directory(const char *path, const ox_directory_options *options,
                               ox_directory **out, ox_error *err) {
  ox_directory *directory = ox_calloc(options->allocator, 1, sizeof *directory);
  if (directory == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  directory->allocator = options->allocator;
  pthread_mutex_init(&directory->lock, NULL);
  directory->read_only = options->read_only;
  directory->scrypt_log2_n =
      options->scrypt_log2_n != 0 ? options->scrypt_log2_n : SCRYPT_LOG2_N_DEFAULT;
  directory->path = copy_text(options->allocator, path);
  directory->home_server =
      copy_text(options->allocator, options->home_server != NULL ? options->home_server : "");
  directory->cache = ox_calloc(options->allocator, PASSWORD_CACHE_SLOTS, sizeof *directory->cache);
  ox_status status = OX_OK;
  if (directory->path == NULL || directory->home_server == NULL || directory->cache == NULL)
    status = ox_error_set(err, OX_E_NO_MEMORY, NULL);
  else if (!good_scrypt(directory->scrypt_log2_n))
    status = ox_error_set(err, OX_E_USAGE, "scrypt_log2_n must be between 10 and 20.");
  else if (!dir_random(directory->cache_key, sizeof directory->cache_key) ||
           !dir_random(directory->decoy_salt, sizeof directory->decoy_salt))
    status = ox_error_set(err, OX_E_IO, "The system gives no random numbers.");
  if (status != OX_OK) return ox_directory_close(directory), status;
  dir_init_interfaces(directory);
  *out = directory;
  return OX_OK;
}

void ox_directory_close(ox_directory *directory) {
  if (directory == NULL) return;
  const ox_allocator *allocator = directory->allocator;
  for (size_t i = 0; i < ST_COUNT; i++) sqlite3_finalize(directory->statements[i]);
  sqlite3_close(directory->db);
  pthread_mutex_destroy(&directory->lock);
  ox_wipe(directory->key, sizeof directory->key);
  ox_wipe(directory->cache_key, sizeof directory->cache_key);
  ox_free(allocator, directory->cache);
  ox_free(allocator, directory->path);
  ox_free(allocator, directory->organization);
  ox_free(allocator, directory->organization_dn);
  ox_free(allocator, directory->domain);
  ox_free(allocator, directory->home_server);
  ox_free(allocator, directory);
}

static ox_status open_database(ox_directory *directory, int flags, uint32_t busy_timeout_ms,
                               ox_error *err) {
  int code = sqlite3_open_v2(directory->path, &directory->db, flags | SQLITE_OPEN_NOMUTEX, NULL);
  if (directory->db == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  if (code != SQLITE_OK) return db_fail(directory, "Cannot open the directory", err);
  sqlite3_extended_result_codes(directory->db, 1);
  sqlite3_busy_timeout(directory->db, busy_timeout_ms != 0 ? (int)busy_timeout_ms : 5000);
  return exec(directory, "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;",
              "Cannot open the directory", err);
}

static ox_status put_meta(ox_directory *directory, const char *organization, const char *domain,
                          bool ntlm, ox_error *err) {
  const char *doing = "Cannot create the directory";
  uint8_t random[16];
  ox_guid guid;
  if (!dir_random(random, sizeof random))
    return ox_error_set(err, OX_E_IO, "The system gives no random numbers.");
  ox_guid_from_random(random, &guid);
  sqlite3_stmt *stmt = NULL;
  int code = sqlite3_prepare_v2(directory->db,
                                "INSERT INTO meta(key, value) VALUES('organization', ?1),"
                                "('domain', ?2), ('guid', ?3), ('ntlm', ?4), ('scrypt', ?5),"
                                "('generation', 1)",
                                -1, &stmt, NULL);
  if (code == SQLITE_OK) {
    db_bind_text(stmt, 1, organization);
    db_bind_text(stmt, 2, domain);
    db_bind_guid(stmt, 3, &guid);
    sqlite3_bind_int(stmt, 4, ntlm);
    sqlite3_bind_int(stmt, 5, directory->scrypt_log2_n);
    code = sqlite3_step(stmt);
  }
  ox_status status = code == SQLITE_DONE ? OX_OK : db_fail(directory, doing, err);
  sqlite3_finalize(stmt);
  return status;
}

static ox_status fill_new_database(ox_directory *directory, const char *organization,
                                   const char *domain, bool ntlm, ox_error *err) {
  const char *doing = "Cannot create the directory";
  char pragmas[160];
  sqlite3_snprintf(sizeof pragmas, pragmas, "PRAGMA application_id = %d; PRAGMA user_version = %d;",
                   DIRECTORY_APPLICATION_ID, DIRECTORY_SCHEMA_VERSION);
  ox_status status =
      exec(directory, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; BEGIN;", doing, err);
  if (status == OX_OK) status = exec(directory, schema, doing, err);
  if (status == OX_OK) status = put_meta(directory, organization, domain, ntlm, err);
  if (status == OX_OK) {
    char first[96];
    sqlite3_snprintf(sizeof first, first,
                     "INSERT INTO sqlite_sequence(name, seq) VALUES('object', %d);", FIRST_MID - 1);
    status = exec(directory, first, doing, err);
  }
  if (status == OX_OK) status = exec(directory, pragmas, doing, err);
  if (status == OX_OK) status = exec(directory, "COMMIT;", doing, err);
  return status;
}

static char *key_path_of(const ox_allocator *allocator, const char *path,
                         const ox_directory_options *options) {
  if (options->key_path != NULL) return copy_text(allocator, options->key_path);
  size_t length = strlen(path);
  char *key_path = ox_malloc(allocator, length + 5);
  if (key_path == NULL) return NULL;
  memcpy(key_path, path, length);
  memcpy(key_path + length, ".key", 5);
  return key_path;
}

ox_status ox_directory_create(const char *path, const char *organization, const char *domain,
                              const ox_directory_options *options, ox_error *err) {
  ox_directory_options defaults = OX_DIRECTORY_OPTIONS_INIT;
  if (options == NULL) options = &defaults;
  ox_status status = dir_check_organization(organization, err);
  if (status == OX_OK) status = dir_check_domain(domain, err);
  if (status != OX_OK) return status;
#ifndef OX_DIRECTORY_HAVE_WIRE
  if (options->ntlm)
    return ox_error_set(err, OX_E_NO_SUPPORT, "NTLM needs a build of oxkit with libwire.");
#endif
  /* The file is made first, so that nobody else can ever read it. */
  int fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
  if (fd < 0 && errno == EEXIST)
    return ox_error_setf(err, OX_E_DUPLICATE_NAME, "There is a file %s already.", path);
  if (fd < 0)
    return ox_error_setf(err, OX_E_IO, "Cannot create the directory %s: %s.", path,
                         strerror(errno));
  close(fd);
  ox_directory *directory = NULL;
  char *key_path = key_path_of(options->allocator, path, options);
  status = key_path != NULL ? OX_OK : ox_error_set(err, OX_E_NO_MEMORY, NULL);
  bool key_made = false;
  if (status == OX_OK && options->ntlm) {
    status = dir_key_create(key_path, err);
    key_made = status == OX_OK;
  }
  if (status == OX_OK) status = new_directory(path, options, &directory, err);
  if (status == OX_OK)
    status = open_database(directory, SQLITE_OPEN_READWRITE, options->busy_timeout_ms, err);
  if (status == OX_OK)
    status = fill_new_database(directory, organization, domain, options->ntlm, err);
  ox_directory_close(directory);
  if (status != OX_OK) {
    unlink(path);
    if (key_made) unlink(key_path);
  }
  ox_free(options->allocator, key_path);
  return status;
}

/* One number from a pragma; -1 after a failure. */
static int64_t pragma_value(ox_directory *directory, const char *sql) {
  sqlite3_stmt *stmt = NULL;
  int64_t value = -1;
  if (sqlite3_prepare_v2(directory->db, sql, -1, &stmt, NULL) == SQLITE_OK &&
      sqlite3_step(stmt) == SQLITE_ROW)
    value = sqlite3_column_int64(stmt, 0);
  sqlite3_finalize(stmt);
  return value;
}

static ox_status check_version(ox_directory *directory, ox_error *err) {
  int64_t application = pragma_value(directory, "PRAGMA application_id");
  if (application < 0 && sqlite3_errcode(directory->db) != SQLITE_DONE)
    return db_fail(directory, "Cannot open the directory", err);
  if (application != DIRECTORY_APPLICATION_ID)
    return ox_error_setf(err, OX_E_VERSION, "%s is not a directory of oxkit.", directory->path);
  int64_t version = pragma_value(directory, "PRAGMA user_version");
  if (version > DIRECTORY_SCHEMA_VERSION)
    return ox_error_setf(err, OX_E_VERSION,
                         "%s was written by a newer oxkit (format %d, this one reads %d).",
                         directory->path, (int)version, DIRECTORY_SCHEMA_VERSION);
  if (version != DIRECTORY_SCHEMA_VERSION)
    return ox_error_setf(err, OX_E_VERSION, "%s has the unknown format %d.", directory->path,
                         (int)version);
  return OX_OK;
}

static ox_status load_meta(ox_directory *directory, bool own_scrypt, ox_error *err) {
  sqlite3_stmt *stmt = NULL;
  if (sqlite3_prepare_v2(directory->db, "SELECT key, value FROM meta", -1, &stmt, NULL) !=
      SQLITE_OK)
    return db_fail(directory, "Cannot read the directory", err);
  int code;
  while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
    const char *key = (const char *)sqlite3_column_text(stmt, 0);
    const char *text = strcmp(key, "guid") == 0 ? "" : (const char *)sqlite3_column_text(stmt, 1);
    if (strcmp(key, "organization") == 0 && directory->organization == NULL && text != NULL)
      directory->organization = copy_text(directory->allocator, text);
    else if (strcmp(key, "domain") == 0 && directory->domain == NULL && text != NULL)
      directory->domain = copy_text(directory->allocator, text);
    else if (strcmp(key, "guid") == 0)
      db_guid(stmt, 1, &directory->guid);
    else if (strcmp(key, "ntlm") == 0)
      directory->ntlm = sqlite3_column_int(stmt, 1) != 0;
    else if (strcmp(key, "scrypt") == 0 && own_scrypt && good_scrypt(sqlite3_column_int(stmt, 1)))
      directory->scrypt_log2_n = (uint8_t)sqlite3_column_int(stmt, 1);
  }
  ox_status status =
      code == SQLITE_DONE ? OX_OK : db_fail(directory, "Cannot read the directory", err);
  sqlite3_finalize(stmt);
  if (status != OX_OK) return status;
  if (directory->organization == NULL || directory->domain == NULL)
    return ox_error_setf(err, OX_E_VERSION, "%s lacks its organisation or domain.",
                         directory->path);
  size_t length = strlen(directory->organization);
  directory->organization_dn = ox_malloc(directory->allocator, length + 4);
  if (directory->organization_dn == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  memcpy(directory->organization_dn, "/o=", 3);
  memcpy(directory->organization_dn + 3, directory->organization, length + 1);
  return OX_OK;
}

static ox_status open_checked(ox_directory *directory, const ox_directory_options *options,
                              ox_error *err) {
  int flags = options->read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
  ox_status status = open_database(directory, flags, options->busy_timeout_ms, err);
  if (status != OX_OK) return status;
  if (!options->read_only && sqlite3_db_readonly(directory->db, "main") == 1)
    return ox_error_setf(err, OX_E_READ_ONLY, "The directory %s cannot be written.",
                         directory->path);
  status = check_version(directory, err);
  if (status == OX_OK && !options->read_only)
    status = exec(directory, "PRAGMA synchronous = FULL;", "Cannot open the directory", err);
  if (status == OX_OK) status = load_meta(directory, options->scrypt_log2_n == 0, err);
  if (status == OX_OK && directory->ntlm) {
    char *key_path = key_path_of(directory->allocator, directory->path, options);
    if (key_path == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
    status = dir_key_load(directory, key_path, err);
    ox_free(directory->allocator, key_path);
  }
  return status;
}

ox_status ox_directory_open(const char *path, const ox_directory_options *options,
                            ox_directory **out, ox_error *err) {
  ox_directory_options defaults = OX_DIRECTORY_OPTIONS_INIT;
  if (options == NULL) options = &defaults;
  *out = NULL;
  struct stat file;
  if (stat(path, &file) != 0) {
    if (errno == ENOENT)
      return ox_error_setf(err, OX_E_NOT_FOUND, "There is no directory file %s.", path);
    return ox_error_setf(err, OX_E_IO, "Cannot open the directory %s: %s.", path, strerror(errno));
  }
  ox_directory *directory;
  ox_status status = new_directory(path, options, &directory, err);
  if (status != OX_OK) return status;
  status = open_checked(directory, options, err);
  if (status != OX_OK) return ox_directory_close(directory), status;
  *out = directory;
  return OX_OK;
}

const char *ox_directory_organization(const ox_directory *directory) {
  return directory->organization;
}

const char *ox_directory_domain(const ox_directory *directory) {
  return directory->domain;
}

const char *ox_directory_organization_dn(const ox_directory *directory) {
  return directory->organization_dn;
}

void ox_directory_guid(const ox_directory *directory, ox_guid *guid_out) {
  *guid_out = directory->guid;
}

bool ox_directory_has_ntlm(const ox_directory *directory) {
  return directory->ntlm && directory->has_key;
}

uint64_t ox_directory_generation(ox_directory *directory) {
  uint64_t generation = 0;
  dir_lock(directory);
  sqlite3_stmt *stmt = db_statement(directory, ST_GENERATION);
  if (stmt != NULL && sqlite3_step(stmt) == SQLITE_ROW)
    generation = (uint64_t)sqlite3_column_int64(stmt, 0);
  if (stmt != NULL) sqlite3_reset(stmt);
  dir_unlock(directory);
  return generation;
}
