/* The driver interface: what the engine asks of an SQL database. Statements have numbers; their
 * text stands in drivers/statements.h, so the engine itself holds no SQL. */
#ifndef OXKIT_STORE_DB_H
#define OXKIT_STORE_DB_H

#include <stdarg.h>

#include <oxkit/ropcodec/types.h>

typedef struct ox_db ox_db;   /* a connection; one thread at a time */
typedef struct ox_sql ox_sql; /* a running statement */

/* Number of each statement: OXS_<NAME>. */
enum {
#define OXS_STATEMENT(name, sqlite) OXS_##name,
#include "drivers/statements.h"
#undef OXS_STATEMENT
  OXS_STATEMENT_COUNT
};

#define OX_DB_CREATE 0x01u    /* make the file; fails with OX_E_COLLISION when it is there */
#define OX_DB_READ_ONLY 0x02u /* no change is made through this connection */

/* Version of the schema that this engine reads and writes. */
#define OX_SCHEMA_VERSION 2

typedef struct ox_db_options {
  const ox_allocator *allocator;
  uint32_t flags; /* OX_DB_* */
  uint32_t busy_timeout_ms;
} ox_db_options;

#define OX_DB_DRIVER_VERSION 1u

typedef struct ox_db_driver {
  uint32_t version;
  const char *name;
  /* Opens one connection and checks the schema's version (creates the schema with OX_DB_CREATE). */
  ox_status (*open)(const char *path, const ox_db_options *options, ox_db **out, ox_error *err);
  void (*close)(ox_db *db);
  /* A write transaction takes the database's write lock at once. */
  ox_status (*begin)(ox_db *db, bool write, ox_error *err);
  ox_status (*commit)(ox_db *db, ox_error *err);
  void (*rollback)(ox_db *db);
  /* Starts statement `id` with parameters by `format`: i int64_t, u uint64_t that fits, b ox_bytes,
   * n NULL (no argument). NULL on failure, with *status_out and err filled. */
  ox_sql *(*start)(ox_db *db, ox_status *status_out, ox_error *err, unsigned id, const char *format,
                   va_list arguments);
  /* The next row: *row_out false at the end. */
  ox_status (*next)(ox_sql *sql, bool *row_out, ox_error *err);
  int64_t (*column_i64)(ox_sql *sql, int column);
  ox_bytes (*column_bytes)(ox_sql *sql, int column); /* until the next `next` or `end` */
  void (*end)(ox_sql *sql);
  int64_t (*changes)(ox_db *db);
  int64_t (*last_row)(ox_db *db);
  /* Pages and indexes are sound. */
  ox_status (*check)(ox_db *db, ox_error *err);
  /* Removes the files of a database that nobody has open. */
  ox_status (*destroy)(const char *path, ox_error *err);
} ox_db_driver;

extern const ox_db_driver ox_sqlite_driver;

/* Conveniences over a driver (db.c). `db` begins with its driver. */
struct ox_db {
  const ox_db_driver *driver;
};

struct ox_sql {
  ox_db *db;
};

/* Runs a statement that gives no rows. */
ox_status oxs_run(ox_db *db, ox_error *err, unsigned id, const char *format, ...);
/* Starts a statement; finish it with oxs_end (NULL is fine). */
ox_sql *oxs_start(ox_db *db, ox_status *status_out, ox_error *err, unsigned id, const char *format,
                  ...);
/* True while there is a row; *status_out tells a failure from the end. */
bool oxs_next(ox_sql *sql, ox_status *status_out, ox_error *err);
/* Runs a statement and takes the first column of its first row; OX_E_NOT_FOUND without a row. */
ox_status oxs_number(ox_db *db, int64_t *out, ox_error *err, unsigned id, const char *format, ...);
int64_t oxs_i64(ox_sql *sql, int column);
ox_bytes oxs_bytes(ox_sql *sql, int column);
void oxs_end(ox_sql *sql);

#endif
