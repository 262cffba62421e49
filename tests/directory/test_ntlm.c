/* NT hashes: sealed under the key file, and only there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "support.h"

static char key_path[112];

/* A directory of the fixture's kind that keeps NT hashes. */
static int make_ntlm(void **state) {
  if (make_empty(state) != 0) return 1;
  fixture *f = *state;
  ox_directory_options options = OX_DIRECTORY_OPTIONS_INIT;
  ox_error err = {0};
  ox_directory_close(f->directory);
  unlink(f->path);
  options.scrypt_log2_n = 10;
  options.ntlm = true;
  snprintf(key_path, sizeof key_path, "%s.key", f->path);
  if (ox_directory_create(f->path, "Example Org", "example.test", &options, &err) != OX_OK ||
      ox_directory_open(f->path, &options, &f->directory, &err) != OX_OK)
    return print_error("%s\n", err.text), 1;
  add(f, OX_DIRECTORY_USER, "user", "User", NULL);
  add(f, OX_DIRECTORY_USER, "other", "Other", NULL);
  return 0;
}

/* [MS-NLMP] 4.2.2.1.2: NTOWFv1("Password"). */
static const uint8_t hash_of_password[16] = {0xA4, 0xF4, 0x9C, 0x40, 0x65, 0x10, 0xBD, 0xCA,
                                             0xB6, 0x82, 0x4E, 0xE7, 0xC3, 0x0F, 0xD8, 0x52};

static void test_nt_hash__comes_back_as_the_specification_prints_it(void **state) {
  fixture *f = *state;
  uint8_t hash[16];
  const char *canonical;
  assert_true(ox_directory_has_ntlm(f->directory));
  assert_int_equal(ox_directory_set_password(f->directory, "user", "Password", NULL), OX_OK);
  static const char *const forms[][2] = {{"user", ""},
                                         {"User", "EXAMPLE"},
                                         {"user@example.test", ""},
                                         {"user@example.test", "WORKSTATION"},
                                         {"user", "example.test"}};
  for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
    assert_int_equal(ox_directory_nt_hash(f->directory, forms[i][0], forms[i][1], hash, &f->arena,
                                          &canonical, NULL),
                     OX_OK);
    assert_memory_equal(hash, hash_of_password, 16);
    assert_string_equal(canonical, "user@example.test");
  }
  assert_int_equal(ox_directory_nt_hash(f->directory, "user", "OTHER", hash, &f->arena, NULL, NULL),
                   OX_E_LOGON_FAILED);
  assert_int_equal(ox_directory_nt_hash(f->directory, "nobody", "", hash, &f->arena, NULL, NULL),
                   OX_E_LOGON_FAILED);
  assert_int_equal(ox_directory_nt_hash(f->directory, "other", "", hash, &f->arena, NULL, NULL),
                   OX_E_LOGON_FAILED); /* has no password at all */
  ox_directory_entry entry;
  assert_int_equal(ox_directory_get(f->directory, "user", &f->arena, &entry, NULL), OX_OK);
  assert_true(entry.has_nt_hash);
}

static bool file_holds(const char *path, const void *bytes, size_t size) {
  static uint8_t content[1 << 20];
  FILE *file = fopen(path, "rb");
  size_t got = file != NULL ? fread(content, 1, sizeof content, file) : 0;
  if (file != NULL) fclose(file);
  return got != 0 && memmem(content, got, bytes, size) != NULL;
}

static void test_nt_hash__is_nowhere_in_the_clear(void **state) {
  fixture *f = *state;
  struct stat status;
  char wal[112];
  assert_int_equal(ox_directory_set_password(f->directory, "user", "Password", NULL), OX_OK);
  snprintf(wal, sizeof wal, "%s-wal", f->path);
  assert_true(file_holds(wal, "user@example.test", 17)); /* the right file to look at */
  assert_false(file_holds(wal, hash_of_password, 16));
  assert_false(file_holds(f->path, hash_of_password, 16));
  assert_false(file_holds(wal, "Password", 8));
  assert_int_equal(stat(key_path, &status), 0);
  assert_int_equal(status.st_mode & 0777, 0600);
}

static void swap_seals(fixture *f) {
  sqlite3 *db;
  assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
  assert_int_equal(sqlite3_exec(db,
                                "UPDATE credential SET nt_sealed = (SELECT nt_sealed FROM "
                                "credential ORDER BY object LIMIT 1)",
                                NULL, NULL, NULL),
                   SQLITE_OK);
  sqlite3_close(db);
}

static void test_nt_hash__cannot_be_moved_to_another_user(void **state) {
  fixture *f = *state;
  uint8_t hash[16];
  ox_error err;
  assert_int_equal(ox_directory_set_password(f->directory, "user", "Password", NULL), OX_OK);
  assert_int_equal(ox_directory_set_password(f->directory, "other", "secret", NULL), OX_OK);
  swap_seals(f);
  assert_int_equal(ox_directory_nt_hash(f->directory, "user", "", hash, &f->arena, NULL, NULL),
                   OX_OK);
  assert_int_equal(ox_directory_nt_hash(f->directory, "other", "", hash, &f->arena, NULL, &err),
                   OX_E_NO_SUPPORT);
  static const uint8_t zeros[16] = {0};
  assert_memory_equal(hash, zeros, 16);
}

static void test_key_file__missing_foreign_and_public(void **state) {
  fixture *f = *state;
  ox_directory *second;
  ox_error err;
  uint8_t hash[16];
  assert_int_equal(ox_directory_set_password(f->directory, "user", "Password", NULL), OX_OK);
  chmod(key_path, 0644);
  assert_int_equal(ox_directory_open(f->path, NULL, &second, &err), OX_E_IO);
  assert_non_null(strstr(err.text, "chmod 600"));
  FILE *file = fopen(key_path, "w");
  fputs("not a key\n", file);
  fclose(file);
  chmod(key_path, 0600);
  assert_int_equal(ox_directory_open(f->path, NULL, &second, &err), OX_E_VERSION);
  file = fopen(key_path, "w");
  for (int i = 0; i < 64; i++) fputc('a', file);
  fclose(file);
  assert_int_equal(ox_directory_open(f->path, NULL, &second, &err), OX_OK);
  assert_int_equal(ox_directory_nt_hash(second, "user", "", hash, &f->arena, NULL, &err),
                   OX_E_NO_SUPPORT);
  assert_non_null(strstr(err.text, "another key file"));
  ox_directory_close(second);
  /* Without the key everything but NTLM works. */
  unlink(key_path);
  assert_int_equal(ox_directory_open(f->path, NULL, &second, &err), OX_OK);
  assert_false(ox_directory_has_ntlm(second));
  assert_int_equal(ox_directory_verify_password(second, "user", "Password", &f->arena, NULL, NULL),
                   OX_OK);
  ox_directory_close(second);
}

static void test_key_file__is_never_overwritten(void **state) {
  fixture *f = *state;
  ox_directory_options options = OX_DIRECTORY_OPTIONS_INIT;
  ox_error err;
  char path[112];
  snprintf(path, sizeof path, "%s/second.db", f->folder);
  options.ntlm = true;
  options.key_path = key_path;
  assert_int_equal(ox_directory_create(path, "Org", "example.test", &options, &err),
                   OX_E_COLLISION);
  assert_int_equal(access(path, F_OK), -1); /* and no half-made directory stays */
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, make_ntlm, remove_fixture)

int main(void) {
  const struct CMUnitTest tests[] = {
      WITH(test_nt_hash__comes_back_as_the_specification_prints_it),
      WITH(test_nt_hash__is_nowhere_in_the_clear),
      WITH(test_nt_hash__cannot_be_moved_to_another_user),
      WITH(test_key_file__missing_foreign_and_public),
      WITH(test_key_file__is_never_overwritten),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
