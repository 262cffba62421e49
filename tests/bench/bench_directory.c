/* The directory at the size of a large organisation: import, logon, search and browsing, each
 * against the raw work it cannot do without.
 * usage: bench_directory [USERS] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sqlite3.h>

#include <oxkit/directory/addressbook.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void check(ox_status status, const ox_error *err, const char *what) {
  if (status == OX_OK) return;
  fprintf(stderr, "%s: %s\n", what, err->text);
  exit(1);
}

static char *make_ldif(int users, size_t *size_out) {
  static const char *const first[] = {"Alice", "Bob", "Carol", "Dave", "Erin", "Frank", "Grace"};
  static const char *const last[] = {"Adams", "Baker", "Clark", "Dunn", "Evans", "Frost", "Green"};
  size_t capacity = (size_t)users * 400, used = 0;
  char *text = malloc(capacity);
  if (text == NULL) exit(1);
  for (int i = 0; i < users; i++)
    used += (size_t)snprintf(text + used, capacity - used,
                             "dn: uid=u%06d,dc=x\nobjectClass: inetOrgPerson\nuid: u%06d\n"
                             "cn: %s %s %06d\ngivenName: %s\nsn: %s\ndepartment: D%d\n"
                             "telephoneNumber: +1 555 %06d\ntitle: Engineer\n\n",
                             i, i, first[i % 7], last[i / 7 % 7], i, first[i % 7], last[i / 7 % 7],
                             i % 50, i);
  *size_out = used;
  return text;
}

/* Reads the raw rows behind 50 objects with three statements each. */
static double raw_browse(const char *path, int users, int rounds) {
  static const char *const texts[] = {
      "SELECT * FROM object WHERE id = ?1",
      "SELECT address FROM address WHERE object = ?1 AND rank = 1 ORDER BY ordinal",
      "SELECT name, value FROM attribute WHERE object = ?1 ORDER BY name, ordinal"};
  sqlite3 *db;
  sqlite3_stmt *stmts[3];
  sqlite3_open(path, &db);
  for (int i = 0; i < 3; i++) sqlite3_prepare_v2(db, texts[i], -1, &stmts[i], NULL);
  double start = now();
  for (int r = 0; r < rounds; r++) {
    int position = rand() % (users - 50);
    for (int i = 0; i < 50; i++)
      for (int s = 0; s < 3; s++) {
        sqlite3_bind_int(stmts[s], 1, 0x100 + position + i);
        while (sqlite3_step(stmts[s]) == SQLITE_ROW)
          for (int c = 0; c < sqlite3_column_count(stmts[s]); c++)
            (void)sqlite3_column_blob(stmts[s], c);
        sqlite3_reset(stmts[s]);
      }
  }
  double elapsed = now() - start;
  for (int i = 0; i < 3; i++) sqlite3_finalize(stmts[i]);
  sqlite3_close(db);
  return elapsed / rounds;
}

static void bench_book(ox_directory *directory, const char *path, int users) {
  enum { ROUNDS = 200 };
  ox_addressbook_server *server;
  ox_addressbook_loopback loopback;
  ox_addressbook *book;
  ox_addressbook_rows rows;
  ox_arena arena;
  ox_error err;
  uint32_t *results;
  double start = now();
  check(ox_addressbook_server_new(directory, NULL, &server, &err), &err, "address book");
  printf("snapshot of %d objects        %8.1f ms\n", users, (now() - start) * 1e3);
  ox_addressbook_loopback_init(&loopback, ox_addressbook_server_processor(server), NULL);
  check(ox_addressbook_bind(&loopback.transport, NULL, &book, &err), &err, "bind");
  ox_arena_init(&arena, NULL, 0);
  start = now();
  for (int i = 0; i < ROUNDS; i++) {
    ox_arena_reset(&arena);
    check(ox_addressbook_query_rows(book, 0, (uint32_t)(rand() % (users - 50)), 50, NULL, 0, &arena,
                                    &rows, NULL, &err),
          &err, "query rows");
  }
  double browse = (now() - start) / ROUNDS, raw = raw_browse(path, users, ROUNDS);
  printf("QueryRows, 50 rows             %8.2f ms = %.2f times raw SQL (%.2f ms)\n", browse * 1e3,
         browse / raw, raw * 1e3);
  start = now();
  for (int i = 0; i < ROUNDS; i++) {
    char name[32];
    const char *names[] = {name};
    snprintf(name, sizeof name, "u%06d", rand() % users);
    ox_arena_reset(&arena);
    check(ox_addressbook_resolve(book, names, 1, NULL, 0, &arena, &results, &rows, &err), &err,
          "resolve");
    if (results[0] != OX_ADDRESSBOOK_RESOLVED) exit(1);
  }
  printf("ResolveNames, an alias         %8.3f ms\n", (now() - start) * 1e3 / ROUNDS);
  const char *vague[] = {"al ad"};
  start = now();
  check(ox_addressbook_resolve(book, vague, 1, NULL, 0, &arena, &results, &rows, &err), &err,
        "resolve");
  printf("ResolveNames, \"al ad\"          %8.2f ms\n", (now() - start) * 1e3);
  ox_addressbook_unbind(book);
  ox_addressbook_server_free(server);
  ox_arena_dispose(&arena);
}

static void bench_logon(ox_directory *directory) {
  ox_arena arena;
  ox_error err;
  ox_arena_init(&arena, NULL, 0);
  check(ox_directory_set_password(directory, "u000001", "secret", &err), &err, "password");
  double start = now();
  check(ox_directory_verify_password(directory, "u000001", "secret", &arena, NULL, &err), &err,
        "verify");
  double first = now() - start;
  start = now();
  for (int i = 0; i < 1000; i++) {
    ox_arena_reset(&arena);
    check(ox_directory_verify_password(directory, "u000001", "secret", &arena, NULL, &err), &err,
          "verify");
  }
  double again = (now() - start) / 1000;
  printf("password, first time           %8.2f ms; again %.3f ms = 1/%.0f\n", first * 1e3,
         again * 1e3, first / again);
  ox_arena_dispose(&arena);
}

int main(int argc, char **argv) {
  int users = argc > 1 ? atoi(argv[1]) : 20000;
  char folder[] = "/tmp/bench-directory-XXXXXX", path[64], command[64];
  ox_directory *directory;
  ox_directory_import import = OX_DIRECTORY_IMPORT_INIT;
  ox_error err;
  size_t size;
  if (users < 100 || mkdtemp(folder) == NULL) return 2;
  snprintf(path, sizeof path, "%s/d", folder);
  check(ox_directory_create(path, "Org", "example.test", NULL, &err), &err, "create");
  check(ox_directory_open(path, NULL, &directory, &err), &err, "open");
  char *ldif = make_ldif(users, &size);
  double start = now();
  check(ox_directory_import_ldif(directory, (ox_bytes){(const uint8_t *)ldif, size}, &import, &err),
        &err, "import");
  double elapsed = now() - start;
  if (import.imported_count != (size_t)users) return 1;
  printf("LDIF import                    %8.0f entries/s (%d in %.1f s)\n", users / elapsed, users,
         elapsed);
  free(ldif);
  bench_logon(directory);
  bench_book(directory, path, users);
  ox_directory_close(directory);
  snprintf(command, sizeof command, "rm -rf %s", folder);
  return system(command) != 0;
}
