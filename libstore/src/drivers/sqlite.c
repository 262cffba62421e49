/* The SQLite driver: one connection per ox_db, statements prepared once and kept. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "db.h"
#include "sqlite_schema.h"

/* "oxmb", stored in the file's header. */
#define APPLICATION_ID 0x6F786D62

static const char *const statement_text[OXS_STATEMENT_COUNT] = {
#define OXS_STATEMENT(name, sqlite) sqlite,
#include "statements.h"
#undef OXS_STATEMENT
};

typedef struct sqlite_db sqlite_db;

typedef struct sqlite_sql {
  ox_sql base;
  sqlite3_stmt *statement;
  bool busy;
  bool temporary; /* freed at the end: the cached one was busy */
} sqlite_sql;

struct sqlite_db {
  ox_db base;
  const ox_allocator *allocator;
  sqlite3 *handle;
  bool in_transaction;
  sqlite_sql cache[OXS_STATEMENT_COUNT];
};

static ox_status map_code(sqlite3 *handle, int code) {
  switch (code & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return OX_E_LOCKED;
    case SQLITE_FULL: return OX_E_NOT_ENOUGH_DISK;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH: return OX_E_READ_ONLY;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return OX_E_CORRUPT_STORE;
    case SQLITE_NOMEM: return OX_E_NO_MEMORY;
    case SQLITE_CONSTRAINT: return OX_E_COLLISION;
    case SQLITE_TOOBIG: return OX_E_TOO_BIG;
    default: break;
  }
  int system = handle != NULL ? sqlite3_system_errno(handle) : 0;
  if (system == ENOSPC || system == EDQUOT) return OX_E_NOT_ENOUGH_DISK;
  if (system == EROFS) return OX_E_READ_ONLY;
  return OX_E_IO;
}

static ox_status fail(sqlite3 *handle, int code, ox_error *err) {
  ox_status status = map_code(handle, code);
  switch (status) {
    case OX_E_LOCKED: return ox_error_set(err, status, "The mailbox is locked by another process.");
    case OX_E_NOT_ENOUGH_DISK:
      return ox_error_set(err, status, "The disk is full; nothing of this change was kept.");
    case OX_E_READ_ONLY:
      return ox_error_set(err, status, "The mailbox or its directory cannot be written.");
    case OX_E_CORRUPT_STORE:
      return ox_error_set(err, status, "The mailbox file is damaged or is no mailbox.");
    default:
      return ox_error_setf(err, status, "The database reported: %s.",
                           handle != NULL ? sqlite3_errmsg(handle) : sqlite3_errstr(code));
  }
}

static ox_status script(sqlite3 *handle, const char *text, ox_error *err) {
  int code = sqlite3_exec(handle, text, NULL, NULL, NULL);
  return code == SQLITE_OK ? OX_OK : fail(handle, code, err);
}

static ox_status pragma_number(sqlite3 *handle, const char *text, int64_t *out, ox_error *err) {
  sqlite3_stmt *statement = NULL;
  int code = sqlite3_prepare_v2(handle, text, -1, &statement, NULL);
  if (code == SQLITE_OK) code = sqlite3_step(statement);
  if (code == SQLITE_ROW) *out = sqlite3_column_int64(statement, 0);
  ox_status status = code == SQLITE_ROW || code == SQLITE_DONE ? OX_OK : fail(handle, code, err);
  sqlite3_finalize(statement);
  return status;
}

static ox_status create_schema(sqlite3 *handle, ox_error *err) {
  char stamp[128];
  snprintf(stamp, sizeof stamp, "PRAGMA application_id=%d; PRAGMA user_version=%d;", APPLICATION_ID,
           OX_SCHEMA_VERSION);
  ox_status status = script(handle, "PRAGMA page_size=8192; PRAGMA journal_mode=WAL;", err);
  if (status == OX_OK) status = script(handle, "BEGIN IMMEDIATE", err);
  if (status == OX_OK) status = script(handle, sqlite_schema, err);
  if (status == OX_OK) status = script(handle, stamp, err);
  if (status == OX_OK) status = script(handle, "COMMIT", err);
  return status;
}

static ox_status check_version(sqlite3 *handle, ox_error *err) {
  int64_t application = 0, version = 0;
  ox_status status = pragma_number(handle, "PRAGMA application_id", &application, err);
  if (status == OX_OK) status = pragma_number(handle, "PRAGMA user_version", &version, err);
  if (status != OX_OK) return status;
  if (application != APPLICATION_ID)
    return ox_error_set(err, OX_E_CORRUPT_STORE, "The file is a database, but no mailbox.");
  if (version > OX_SCHEMA_VERSION)
    return ox_error_setf(
        err, OX_E_VERSION,
        "The mailbox was written by a newer version (schema %d, this one knows %d).", (int)version,
        OX_SCHEMA_VERSION);
  if (version < OX_SCHEMA_VERSION)
    return ox_error_setf(
        err, OX_E_VERSION,
        "The mailbox was written by an older version (schema %d, this one needs %d).", (int)version,
        OX_SCHEMA_VERSION);
  return OX_OK;
}

static void db_close(ox_db *base) {
  sqlite_db *db = (sqlite_db *)base;
  if (db == NULL) return;
  for (size_t i = 0; i < OXS_STATEMENT_COUNT; i++) sqlite3_finalize(db->cache[i].statement);
  sqlite3_close(db->handle);
  ox_free(db->allocator, db);
}

/* The file's name as a URI, so that "immutable" can be said. */
static bool make_uri(const char *path, bool immutable, char *uri, size_t capacity) {
  size_t used = (size_t)snprintf(uri, capacity, "file:");
  for (const char *p = path; *p != '\0'; p++) {
    if (used + 4 >= capacity) return false;
    if (*p == '?' || *p == '#' || *p == '%') {
      used += (size_t)snprintf(uri + used, capacity - used, "%%%02X", (unsigned char)*p);
    } else {
      uri[used++] = *p;
    }
  }
  int added = snprintf(uri + used, capacity - used, "%s", immutable ? "?immutable=1" : "");
  return added >= 0 && (size_t)added < capacity - used;
}

static bool directory_is_writable(const char *path) {
  char directory[4096];
  snprintf(directory, sizeof directory, "%s", path);
  char *slash = strrchr(directory, '/');
  if (slash != NULL) *slash = '\0';
  return access(slash != NULL ? directory : ".", W_OK) == 0;
}

static ox_status db_open(const char *path, const ox_db_options *options, ox_db **out,
                         ox_error *err) {
  bool create = (options->flags & OX_DB_CREATE) != 0;
  bool read_only = (options->flags & OX_DB_READ_ONLY) != 0;
  struct stat info;
  if (!create && stat(path, &info) != 0)
    return ox_error_set(err, errno == ENOENT ? OX_E_NOT_FOUND : OX_E_IO,
                        errno == ENOENT ? "There is no such mailbox." : strerror(errno));
  if (create && stat(path, &info) == 0) return ox_error_set(err, OX_E_COLLISION, NULL);
  bool writable_place = directory_is_writable(path) && (create || access(path, W_OK) == 0);
  if (!read_only && !writable_place)
    return ox_error_set(err, OX_E_READ_ONLY, "The mailbox or its directory cannot be written.");
  char uri[4200];
  if (!make_uri(path, !writable_place, uri, sizeof uri))
    return ox_error_set(err, OX_E_LIMIT, "The path of the mailbox is too long.");

  sqlite_db *db = ox_calloc(options->allocator, 1, sizeof *db);
  if (db == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  db->base.driver = &ox_sqlite_driver;
  db->allocator = options->allocator;
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI |
              (!writable_place ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) |
              (create ? SQLITE_OPEN_CREATE : 0);
  int code = sqlite3_open_v2(uri, &db->handle, flags, NULL);
  ox_status status = code == SQLITE_OK ? OX_OK : fail(db->handle, code, err);
  if (status == OX_OK) {
    sqlite3_extended_result_codes(db->handle, 1);
    sqlite3_busy_timeout(db->handle, (int)options->busy_timeout_ms);
  }
  if (status == OX_OK && create) status = create_schema(db->handle, err);
  if (status == OX_OK)
    status =
        script(db->handle,
               "PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-8192;", err);
  if (status == OX_OK) status = check_version(db->handle, err);
  if (status == OX_OK && read_only) status = script(db->handle, "PRAGMA query_only=1", err);
  if (status != OX_OK) {
    db_close(&db->base);
    return status;
  }
  *out = &db->base;
  return OX_OK;
}

/* A statement without parameters and rows. */
static ox_status run(sqlite_db *db, unsigned id, ox_error *err) {
  sqlite_sql *sql = &db->cache[id];
  int code = SQLITE_OK;
  if (sql->statement == NULL)
    code = sqlite3_prepare_v3(db->handle, statement_text[id], -1, SQLITE_PREPARE_PERSISTENT,
                              &sql->statement, NULL);
  if (code == SQLITE_OK) code = sqlite3_step(sql->statement);
  ox_status status = code == SQLITE_DONE ? OX_OK : fail(db->handle, code, err);
  sqlite3_reset(sql->statement);
  return status;
}

static ox_status db_begin(ox_db *base, bool write, ox_error *err) {
  sqlite_db *db = (sqlite_db *)base;
  ox_status status = run(db, write ? OXS_BEGIN_WRITE : OXS_BEGIN_READ, err);
  db->in_transaction = status == OX_OK;
  return status;
}

static void db_rollback(ox_db *base) {
  sqlite_db *db = (sqlite_db *)base;
  if (!db->in_transaction) return;
  db->in_transaction = false;
  /* SQLite may have rolled back by itself (disk full); then this fails, which is as good. */
  (void)run(db, OXS_ROLLBACK, NULL);
}

static ox_status db_commit(ox_db *base, ox_error *err) {
  sqlite_db *db = (sqlite_db *)base;
  ox_status status = run(db, OXS_COMMIT, err);
  if (status != OX_OK) {
    db_rollback(base);
    return status;
  }
  db->in_transaction = false;
  return OX_OK;
}

static int bind(sqlite3_stmt *statement, const char *format, va_list arguments) {
  int code = SQLITE_OK;
  for (int i = 1; *format != '\0' && code == SQLITE_OK; format++, i++) {
    switch (*format) {
      case 'i': code = sqlite3_bind_int64(statement, i, va_arg(arguments, int64_t)); break;
      case 'u':
        code = sqlite3_bind_int64(statement, i, (int64_t)va_arg(arguments, uint64_t));
        break;
      case 'b': {
        ox_bytes bytes = va_arg(arguments, ox_bytes);
        code = sqlite3_bind_blob64(statement, i, bytes.data != NULL ? bytes.data : (const void *)"",
                                   bytes.size_bytes, SQLITE_STATIC);
        break;
      }
      default: code = sqlite3_bind_null(statement, i); break;
    }
  }
  return code;
}

static void sql_end(ox_sql *base) {
  sqlite_sql *sql = (sqlite_sql *)base;
  if (sql->temporary) {
    sqlite_db *db = (sqlite_db *)base->db;
    sqlite3_finalize(sql->statement);
    ox_free(db->allocator, sql);
    return;
  }
  /* Bindings stay, unused: the next start gives every parameter anew. */
  sqlite3_reset(sql->statement);
  sql->busy = false;
}

static ox_sql *sql_start(ox_db *base, ox_status *status_out, ox_error *err, unsigned id,
                         const char *format, va_list arguments) {
  sqlite_db *db = (sqlite_db *)base;
  sqlite_sql *sql = &db->cache[id];
  bool temporary = sql->busy;
  if (temporary) {
    sql = ox_calloc(db->allocator, 1, sizeof *sql);
    if (sql == NULL) {
      *status_out = ox_error_set(err, OX_E_NO_MEMORY, NULL);
      return NULL;
    }
    sql->temporary = true;
  }
  sql->base.db = base;
  int code = SQLITE_OK;
  if (sql->statement == NULL)
    code = sqlite3_prepare_v3(db->handle, statement_text[id], -1,
                              temporary ? 0 : SQLITE_PREPARE_PERSISTENT, &sql->statement, NULL);
  sql->busy = true;
  if (code == SQLITE_OK) code = bind(sql->statement, format, arguments);
  if (code == SQLITE_OK) return &sql->base;
  *status_out = fail(db->handle, code, err);
  sql_end(&sql->base);
  return NULL;
}

static ox_status sql_next(ox_sql *base, bool *row_out, ox_error *err) {
  sqlite_sql *sql = (sqlite_sql *)base;
  int code = sqlite3_step(sql->statement);
  *row_out = code == SQLITE_ROW;
  if (code == SQLITE_ROW || code == SQLITE_DONE) return OX_OK;
  return fail(((sqlite_db *)base->db)->handle, code, err);
}

static int64_t sql_i64(ox_sql *base, int column) {
  return sqlite3_column_int64(((sqlite_sql *)base)->statement, column);
}

static ox_bytes sql_bytes(ox_sql *base, int column) {
  sqlite3_stmt *statement = ((sqlite_sql *)base)->statement;
  ox_bytes bytes = {sqlite3_column_blob(statement, column), 0};
  bytes.size_bytes = (size_t)sqlite3_column_bytes(statement, column);
  return bytes;
}

static int64_t db_changes(ox_db *base) {
  return sqlite3_changes(((sqlite_db *)base)->handle);
}

static int64_t db_last_row(ox_db *base) {
  return sqlite3_last_insert_rowid(((sqlite_db *)base)->handle);
}

static ox_status db_check(ox_db *base, ox_error *err) {
  sqlite3 *handle = ((sqlite_db *)base)->handle;
  sqlite3_stmt *statement = NULL;
  int code = sqlite3_prepare_v2(handle, "PRAGMA integrity_check(1)", -1, &statement, NULL);
  if (code == SQLITE_OK) code = sqlite3_step(statement);
  ox_status status = OX_OK;
  if (code != SQLITE_ROW) {
    status = fail(handle, code, err);
  } else {
    const char *text = (const char *)sqlite3_column_text(statement, 0);
    if (text == NULL || strcmp(text, "ok") != 0)
      status = ox_error_setf(err, OX_E_CORRUPT_STORE, "The database is damaged: %.120s.",
                             text != NULL ? text : "no answer");
  }
  sqlite3_finalize(statement);
  return status;
}

static ox_status db_destroy(const char *path, ox_error *err) {
  char side[4200];
  if (unlink(path) != 0)
    return ox_error_set(err, errno == ENOENT ? OX_E_NOT_FOUND : OX_E_IO, strerror(errno));
  snprintf(side, sizeof side, "%s-wal", path);
  unlink(side);
  snprintf(side, sizeof side, "%s-shm", path);
  unlink(side);
  return OX_OK;
}

const ox_db_driver ox_sqlite_driver = {
    .version = OX_DB_DRIVER_VERSION,
    .name = "sqlite",
    .open = db_open,
    .close = db_close,
    .begin = db_begin,
    .commit = db_commit,
    .rollback = db_rollback,
    .start = sql_start,
    .next = sql_next,
    .column_i64 = sql_i64,
    .column_bytes = sql_bytes,
    .end = sql_end,
    .changes = db_changes,
    .last_row = db_last_row,
    .check = db_check,
    .destroy = db_destroy,
};
