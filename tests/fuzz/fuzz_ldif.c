/* LDIF: the format alone on every input, the import of shorter ones into a directory that is
 * emptied each time. */
#include <stdint.h>

#include <sqlite3.h>

#include "directory_fixture.h"
#include "ldif.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { IMPORT_MAX_BYTES = 4096 };

static sqlite3 *janitor;

static void close_janitor(void) {
  sqlite3_close(janitor);
}

static void prepare(void) {
  if (janitor != NULL) return;
  fixture_make();
  if (sqlite3_open(fixture_path, &janitor) != SQLITE_OK) abort();
  sqlite3_exec(janitor, "PRAGMA foreign_keys = ON; PRAGMA synchronous = OFF", NULL, NULL, NULL);
  atexit(close_janitor);
}

static void count(void *user, size_t line, const char *dn, ox_status status, const char *reason) {
  size_t *reports = user;
  ++*reports;
  if (dn == NULL || line == 0 || (status != OX_OK && reason == NULL)) __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  ldif_reader reader;
  ldif_record record;
  ox_arena arena;
  size_t last_line = 0;
  prepare();
  ox_arena_init(&arena, NULL, 0);
  ldif_init(&reader, (ox_bytes){data, size});
  while (ldif_next(&reader, &arena, &record)) {
    if (record.line <= last_line || record.dn == NULL) __builtin_trap();
    last_line = record.line;
    for (size_t i = 0; i < record.attribute_count; i++)
      if (record.attributes[i].value[record.attributes[i].size_bytes] != 0) __builtin_trap();
  }
  ox_arena_dispose(&arena);
  if (size > IMPORT_MAX_BYTES) return 0;
  size_t reports = 0;
  ox_directory_import import = OX_DIRECTORY_IMPORT_INIT;
  ox_error err;
  import.report = count;
  import.user = &reports;
  if (ox_directory_import_ldif(fixture_directory, (ox_bytes){data, size}, &import, &err) != OX_OK)
    __builtin_trap();
  if (reports != import.imported_count + import.refused_count) __builtin_trap();
  if (import.imported_count != 0 &&
      sqlite3_exec(janitor, "DELETE FROM object", NULL, NULL, NULL) != SQLITE_OK)
    __builtin_trap();
  return 0;
}
