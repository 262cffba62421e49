#include "db.h"

#include <stdarg.h>

static ox_sql *start(ox_db *db, ox_status *status_out, ox_error *err, unsigned id,
                     const char *format, va_list arguments) {
  *status_out = OX_OK;
  return db->driver->start(db, status_out, err, id, format, arguments);
}

ox_sql *oxs_start(ox_db *db, ox_status *status_out, ox_error *err, unsigned id, const char *format,
                  ...) {
  va_list arguments;
  va_start(arguments, format);
  ox_sql *sql = start(db, status_out, err, id, format, arguments);
  va_end(arguments);
  return sql;
}

ox_status oxs_run(ox_db *db, ox_error *err, unsigned id, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  ox_status status;
  ox_sql *sql = start(db, &status, err, id, format, arguments);
  va_end(arguments);
  while (oxs_next(sql, &status, err)) {
  }
  oxs_end(sql);
  return status;
}

ox_status oxs_number(ox_db *db, int64_t *out, ox_error *err, unsigned id, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  ox_status status;
  ox_sql *sql = start(db, &status, err, id, format, arguments);
  va_end(arguments);
  if (oxs_next(sql, &status, err)) {
    *out = oxs_i64(sql, 0);
  } else if (status == OX_OK) {
    status = ox_error_set(err, OX_E_NOT_FOUND, NULL);
  }
  oxs_end(sql);
  return status;
}

bool oxs_next(ox_sql *sql, ox_status *status_out, ox_error *err) {
  if (sql == NULL || *status_out != OX_OK) return false;
  bool row = false;
  *status_out = sql->db->driver->next(sql, &row, err);
  return *status_out == OX_OK && row;
}

int64_t oxs_i64(ox_sql *sql, int column) {
  return sql->db->driver->column_i64(sql, column);
}

ox_bytes oxs_bytes(ox_sql *sql, int column) {
  return sql->db->driver->column_bytes(sql, column);
}

void oxs_end(ox_sql *sql) {
  if (sql != NULL) sql->db->driver->end(sql);
}
