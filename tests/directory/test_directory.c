/* The directory file: objects, names, groups, passwords, failures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <pthread.h>
#include <sqlite3.h>

#include "directory_internal.h" /* the connection, to fill its disk */
#include "support.h"

#define ALICE_DN \
  "/o=Example Org/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn=alice"

static const char *attribute(const ox_directory_entry *entry, const char *name) {
  for (size_t i = 0; i < entry->attribute_count; i++)
    if (strcmp(entry->attributes[i].name, name) == 0) return entry->attributes[i].value;
  return NULL;
}

static void test_object__has_the_fields_it_was_given(void **state) {
  fixture *f = *state;
  ox_directory_entry entry;
  assert_int_equal(ox_directory_get(f->directory, "alice", &f->arena, &entry, NULL), OX_OK);
  assert_int_equal(entry.kind, OX_DIRECTORY_USER);
  assert_string_equal(entry.name, "alice");
  assert_string_equal(entry.smtp_address, "alice@example.test");
  assert_string_equal(entry.display_name, "Alice Adams");
  assert_string_equal(entry.legacy_dn, ALICE_DN);
  assert_string_equal(attribute(&entry, "telephoneNumber"), "+1 555 0100");
  assert_true(entry.mid >= 0x100);
  assert_false(ox_guid_is_null(&entry.guid));
  assert_false(ox_guid_is_null(&entry.mailbox_guid));
  assert_false(entry.has_password);
  assert_int_equal(ox_directory_get(f->directory, "staff", &f->arena, &entry, NULL), OX_OK);
  assert_true(ox_guid_is_null(&entry.mailbox_guid));
}

static void test_names__all_forms_find_the_same_object(void **state) {
  fixture *f = *state;
  static const char *const forms[] = {"alice",
                                      "ALICE",
                                      "alice@example.test",
                                      "Alice@EXAMPLE.test",
                                      "smtp:alice@example.test",
                                      "SMTP:alice@example.test",
                                      "EXAMPLE\\alice",
                                      "example.test\\Alice",
                                      "\\alice",
                                      ".\\alice",
                                      "Example Org\\alice",
                                      ALICE_DN,
                                      ("EX:" ALICE_DN)};
  ox_directory_entry alice, entry;
  assert_int_equal(ox_directory_get(f->directory, "alice", &f->arena, &alice, NULL), OX_OK);
  for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
    if (ox_directory_get(f->directory, forms[i], &f->arena, &entry, NULL) != OX_OK)
      fail_msg("%s finds nobody", forms[i]);
    assert_int_equal(entry.mid, alice.mid);
  }
  char guid[OX_GUID_TEXT_BYTES];
  ox_guid_format(&alice.guid, guid);
  assert_int_equal(ox_directory_get(f->directory, guid, &f->arena, &entry, NULL), OX_OK);
  assert_int_equal(entry.mid, alice.mid);
  static const char *const strangers[] = {"",     "OTHER\\alice",   "alice@other.test",
                                          "alic", "/o=Example Org", "alice@"};
  for (size_t i = 0; i < sizeof strangers / sizeof *strangers; i++)
    assert_int_equal(ox_directory_get(f->directory, strangers[i], &f->arena, &entry, NULL),
                     OX_E_NOT_FOUND);
}

static void test_names__logon_name_works_when_mail_goes_elsewhere(void **state) {
  fixture *f = *state;
  static const char *const mail[] = {"Alice.Adams@example.test"};
  ox_directory_entry entry;
  assert_int_equal(ox_directory_set(f->directory, "alice", "mail", mail, 1, NULL), OX_OK);
  assert_int_equal(ox_directory_get(f->directory, "alice@example.test", &f->arena, &entry, NULL),
                   OX_OK);
  assert_string_equal(entry.smtp_address, "Alice.Adams@example.test");
}

static void test_add__refuses_what_is_taken_or_wrong(void **state) {
  fixture *f = *state;
  ox_error err;
  ox_directory_entry entry = OX_DIRECTORY_ENTRY_INIT;
  uint64_t before = ox_directory_generation(f->directory);
  entry.kind = OX_DIRECTORY_USER;
  entry.name = "Alice";
  assert_int_equal(ox_directory_add(f->directory, &entry, NULL, &err), OX_E_COLLISION);
  entry.name = "alice2";
  entry.smtp_address = "ALICE@example.test";
  assert_int_equal(ox_directory_add(f->directory, &entry, NULL, &err), OX_E_COLLISION);
  assert_non_null(strstr(err.text, "belongs to another object"));
  entry.smtp_address = "not an address";
  assert_int_equal(ox_directory_add(f->directory, &entry, NULL, &err), OX_E_USAGE);
  entry.smtp_address = NULL;
  entry.name = "a b";
  assert_int_equal(ox_directory_add(f->directory, &entry, NULL, &err), OX_E_USAGE);
  entry.name = "fine";
  entry.display_name = "bad \xFF utf-8";
  assert_int_equal(ox_directory_add(f->directory, &entry, NULL, &err), OX_E_USAGE);
  entry.display_name = NULL;
  entry.kind = 77;
  assert_int_equal(ox_directory_add(f->directory, &entry, NULL, &err), OX_E_USAGE);
  entry.kind = OX_DIRECTORY_USER;
  ox_directory_attribute unknown = {"shoeSize", "44"};
  entry.attributes = &unknown;
  entry.attribute_count = 1;
  assert_int_equal(ox_directory_add(f->directory, &entry, NULL, &err), OX_E_USAGE);
  /* Nothing of the refused objects stays. */
  assert_int_equal(ox_directory_generation(f->directory), before);
  assert_int_equal(ox_directory_get(f->directory, "alice2", &f->arena, &entry, NULL),
                   OX_E_NOT_FOUND);
}

static void test_set__changes_one_attribute(void **state) {
  fixture *f = *state;
  ox_directory_entry entry;
  static const char *const phone[] = {"+49 30 1234"}, *const two[] = {"1", "2"};
  static const char *const name[] = {"Zoë Adams"}, *const yes[] = {"TRUE"};
  static const char *const others[] = {"smtp:a.adams@example.test", "x500:/o=Old/cn=alice"};
  ox_directory *d = f->directory;
  assert_int_equal(ox_directory_set(d, "alice", "TELEPHONENUMBER", phone, 1, NULL), OX_OK);
  assert_int_equal(ox_directory_set(d, "alice", "otherTelephone", two, 2, NULL), OX_OK);
  assert_int_equal(ox_directory_set(d, "alice", "title", two, 2, NULL), OX_E_USAGE);
  assert_int_equal(ox_directory_set(d, "alice", "department", NULL, 0, NULL), OX_OK);
  assert_int_equal(ox_directory_set(d, "alice", "displayName", name, 1, NULL), OX_OK);
  assert_int_equal(ox_directory_set(d, "alice", "proxyAddresses", others, 2, NULL), OX_OK);
  assert_int_equal(ox_directory_set(d, "alice", "msExchHideFromAddressLists", yes, 1, NULL), OX_OK);
  assert_int_equal(ox_directory_set(d, "nobody", "title", phone, 1, NULL), OX_E_NOT_FOUND);
  assert_int_equal(ox_directory_get(d, "a.adams@example.test", &f->arena, &entry, NULL), OX_OK);
  assert_string_equal(attribute(&entry, "telephoneNumber"), "+49 30 1234");
  assert_null(attribute(&entry, "department"));
  assert_string_equal(entry.display_name, "Zoë Adams");
  assert_true(entry.hidden);
  assert_int_equal(entry.address_count, 2);
  assert_string_equal(entry.addresses[0], "a.adams@example.test");
  assert_int_equal(ox_directory_get(d, "/o=OLD/cn=alice", &f->arena, &entry, NULL), OX_OK);
  assert_string_equal(entry.name, "alice");
}

static void test_set__a_secondary_address_may_become_the_primary(void **state) {
  fixture *f = *state;
  ox_directory_entry entry;
  static const char *const other[] = {"a.adams@example.test"};
  assert_int_equal(ox_directory_set(f->directory, "alice", "proxyAddresses", other, 1, NULL),
                   OX_OK);
  assert_int_equal(ox_directory_set(f->directory, "alice", "mail", other, 1, NULL), OX_OK);
  assert_int_equal(ox_directory_get(f->directory, "a.adams@example.test", &f->arena, &entry, NULL),
                   OX_OK);
  assert_string_equal(entry.smtp_address, "a.adams@example.test");
  assert_int_equal(entry.address_count, 0);
}

static void test_remove__leaves_nothing_and_no_id_comes_back(void **state) {
  fixture *f = *state;
  ox_directory_entry before, entry;
  const char **names;
  size_t count;
  assert_int_equal(ox_directory_get(f->directory, "bob", &f->arena, &before, NULL), OX_OK);
  assert_int_equal(ox_directory_remove(f->directory, "bob", NULL), OX_OK);
  assert_int_equal(ox_directory_remove(f->directory, "bob", NULL), OX_E_NOT_FOUND);
  assert_int_equal(ox_directory_members(f->directory, "staff", &f->arena, &names, &count, NULL),
                   OX_OK);
  assert_int_equal(count, 1);
  add(f, OX_DIRECTORY_USER, "bob", "Bob Again", NULL);
  assert_int_equal(ox_directory_get(f->directory, "bob@example.test", &f->arena, &entry, NULL),
                   OX_OK);
  assert_true(entry.mid > before.mid);
}

static ox_status collect(void *user, const ox_directory_entry *entry) {
  char *text = user;
  strcat(text, entry->name);
  strcat(text, " ");
  return OX_OK;
}

static ox_status stop(void *user, const ox_directory_entry *entry) {
  (void)entry;
  ++*(int *)user;
  return OX_E_CANCELLED;
}

static void test_each__walks_in_order_of_display_name(void **state) {
  fixture *f = *state;
  char text[256] = "";
  assert_int_equal(ox_directory_each(f->directory, OX_DIRECTORY_ANY, collect, text, NULL), OX_OK);
  assert_string_equal(text, "alice staff bob carol room1 ");
  text[0] = 0;
  assert_int_equal(ox_directory_each(f->directory, OX_DIRECTORY_ROOM, collect, text, NULL), OX_OK);
  assert_string_equal(text, "room1 ");
  int visits = 0;
  assert_int_equal(ox_directory_each(f->directory, OX_DIRECTORY_ANY, stop, &visits, NULL),
                   OX_E_CANCELLED);
  assert_int_equal(visits, 1);
}

static void test_groups__expand_through_each_other_once(void **state) {
  fixture *f = *state;
  ox_directory *d = f->directory;
  ox_principals *principals = ox_directory_principals(d);
  ox_principal *members;
  size_t count;
  add(f, OX_DIRECTORY_GROUP, "inner", "Inner", NULL);
  assert_int_equal(ox_directory_add_member(d, "inner", "alice", NULL), OX_OK);
  assert_int_equal(ox_directory_add_member(d, "inner", "carol", NULL), OX_OK);
  assert_int_equal(ox_directory_add_member(d, "staff", "inner", NULL), OX_OK);
  assert_int_equal(ox_directory_add_member(d, "inner", "staff", NULL), OX_OK); /* a circle */
  assert_int_equal(ox_directory_add_member(d, "staff", "staff", NULL), OX_E_USAGE);
  assert_int_equal(ox_directory_add_member(d, "alice", "bob", NULL), OX_E_USAGE);
  assert_int_equal(ox_directory_add_member(d, "staff", "nobody", NULL), OX_E_NOT_FOUND);
  assert_int_equal(principals->members(principals, "staff", &f->arena, &members, &count, NULL),
                   OX_OK);
  assert_int_equal(count, 3);
  assert_string_equal(members[0].alias, "alice");
  assert_int_equal(principals->members(principals, "alice", &f->arena, &members, &count, NULL),
                   OX_E_NOT_FOUND);
  assert_int_equal(ox_directory_remove_member(d, "staff", "bob", NULL), OX_OK);
  assert_int_equal(ox_directory_remove_member(d, "staff", "bob", NULL), OX_E_NOT_FOUND);
}

static void test_principals__say_what_the_store_needs(void **state) {
  fixture *f = *state;
  ox_principals *principals = ox_directory_principals(f->directory);
  ox_principal p;
  assert_int_equal(principals->find(principals, ALICE_DN, &f->arena, &p, NULL), OX_OK);
  assert_string_equal(p.smtp_address, "alice@example.test");
  assert_string_equal(p.legacy_dn, ALICE_DN);
  assert_int_equal(p.display_type, 0);
  assert_int_equal(p.display_type_ex, 0x40000000);
  assert_int_equal(principals->find(principals, "room1", &f->arena, &p, NULL), OX_OK);
  assert_int_equal(p.display_type_ex, 7);
  assert_int_equal(principals->find(principals, "staff", &f->arena, &p, NULL), OX_OK);
  assert_int_equal(p.display_type, 1);
  assert_string_equal(principals->organization_dn(principals), "/o=Example Org");
  assert_int_equal(principals->find(principals, "nobody", &f->arena, &p, NULL), OX_E_NOT_FOUND);
}

/* --- Passwords -------------------------------------------------------------------------------- */

static void test_password__only_the_right_one_opens(void **state) {
  fixture *f = *state;
  ox_directory *d = f->directory;
  const char *canonical = NULL;
  static const char *const yes[] = {"TRUE"}, *const no[] = {"FALSE"};
  assert_int_equal(ox_directory_verify_password(d, "alice", "", &f->arena, NULL, NULL),
                   OX_E_LOGON_FAILED);
  assert_int_equal(ox_directory_set_password(d, "alice", "Pass wörd", NULL), OX_OK);
  for (int i = 0; i < 2; i++) /* the second time out of the cache */
    assert_int_equal(
        ox_directory_verify_password(d, "EXAMPLE\\alice", "Pass wörd", &f->arena, &canonical, NULL),
        OX_OK);
  assert_string_equal(canonical, "alice@example.test");
  assert_int_equal(ox_directory_verify_password(d, "alice", "pass wörd", &f->arena, NULL, NULL),
                   OX_E_LOGON_FAILED);
  assert_int_equal(ox_directory_verify_password(d, "nobody", "Pass wörd", &f->arena, NULL, NULL),
                   OX_E_LOGON_FAILED);
  assert_int_equal(ox_directory_set(d, "alice", "disabled", yes, 1, NULL), OX_OK);
  assert_int_equal(ox_directory_verify_password(d, "alice", "Pass wörd", &f->arena, NULL, NULL),
                   OX_E_LOGON_FAILED);
  assert_int_equal(ox_directory_set(d, "alice", "disabled", no, 1, NULL), OX_OK);
  assert_int_equal(ox_directory_set_password(d, "alice", "another", NULL), OX_OK);
  assert_int_equal(ox_directory_verify_password(d, "alice", "Pass wörd", &f->arena, NULL, NULL),
                   OX_E_LOGON_FAILED);
  assert_int_equal(ox_directory_verify_password(d, "alice", "another", &f->arena, NULL, NULL),
                   OX_OK);
  assert_int_equal(ox_directory_set_password(d, "alice", NULL, NULL), OX_OK);
  assert_int_equal(ox_directory_verify_password(d, "alice", "another", &f->arena, NULL, NULL),
                   OX_E_LOGON_FAILED);
  assert_int_equal(ox_directory_set_password(d, "staff", "x", NULL), OX_E_USAGE);
  assert_int_equal(ox_directory_set_password(d, "alice", "", NULL), OX_E_USAGE);
}

static int blob_size(const char *path, const char *sql, int column) {
  sqlite3 *db;
  sqlite3_stmt *stmt;
  assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
  assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
  assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
  int value = sqlite3_column_type(stmt, column) == SQLITE_INTEGER
                  ? sqlite3_column_int(stmt, column)
                  : sqlite3_column_bytes(stmt, column);
  sqlite3_finalize(stmt);
  sqlite3_close(db);
  return value;
}

static void test_password__is_stored_as_scrypt_with_its_parameters_and_no_nt_hash(void **state) {
  fixture *f = *state;
  static const char sql[] =
      "SELECT log2_n, r, p, length(salt), length(hash), nt_sealed IS NULL"
      " FROM credential";
  assert_int_equal(ox_directory_set_password(f->directory, "alice", "secret", NULL), OX_OK);
  assert_int_equal(blob_size(f->path, sql, 0), 10);
  assert_int_equal(blob_size(f->path, sql, 1), 8);
  assert_int_equal(blob_size(f->path, sql, 2), 1);
  assert_int_equal(blob_size(f->path, sql, 3), 16);
  assert_int_equal(blob_size(f->path, sql, 4), 32);
  assert_int_equal(blob_size(f->path, sql, 5), 1);
}

typedef struct verdict {
  int calls;
  ox_status status;
  char user[64];
} verdict;

static void verified(void *user, ox_status status, const char *canonical, const ox_error *err) {
  verdict *v = user;
  v->calls++;
  v->status = status;
  snprintf(v->user, sizeof v->user, "%s", canonical != NULL ? canonical : "");
  if (status != OX_OK) assert_int_equal(err->status, status);
}

static void hashed(void *user, ox_status status, const char *canonical, const uint8_t hash[16],
                   const ox_error *err) {
  (void)hash;
  verified(user, status, canonical, err);
}

static void test_identity_source__completes_once_with_the_canonical_user(void **state) {
  fixture *f = *state;
  ox_identity_source *source = ox_directory_identity_source(f->directory);
  verdict v = {0};
  assert_int_equal(ox_directory_set_password(f->directory, "alice", "secret", NULL), OX_OK);
  assert_int_equal(
      source->verify_password(source, "alice", "secret", OX_NO_DEADLINE, verified, &v, NULL),
      OX_OK);
  assert_int_equal(v.calls, 1);
  assert_int_equal(v.status, OX_OK);
  assert_string_equal(v.user, "alice@example.test");
  assert_int_equal(
      source->verify_password(source, "alice", "wrong", OX_NO_DEADLINE, verified, &v, NULL), OX_OK);
  assert_int_equal(v.status, OX_E_LOGON_FAILED);
  assert_string_equal(v.user, "");
  assert_int_equal(source->nt_hash(source, "alice", "", OX_NO_DEADLINE, hashed, &v, NULL), OX_OK);
  assert_int_equal(v.status, OX_E_NO_SUPPORT);
  assert_int_equal(v.calls, 3);
}

static void *verify_many(void *argument) {
  fixture *f = argument;
  ox_arena arena;
  intptr_t good = 0;
  ox_arena_init(&arena, NULL, 0);
  for (int i = 0; i < 20; i++)
    good += ox_directory_verify_password(f->directory, i % 2 ? "alice" : "bob",
                                         i % 2 ? "secret" : "wrong", &arena, NULL, NULL) == OX_OK;
  ox_arena_dispose(&arena);
  return (void *)good;
}

static void test_threads__share_one_directory(void **state) {
  fixture *f = *state;
  pthread_t threads[4];
  assert_int_equal(ox_directory_set_password(f->directory, "alice", "secret", NULL), OX_OK);
  assert_int_equal(ox_directory_set_password(f->directory, "bob", "other", NULL), OX_OK);
  for (int i = 0; i < 4; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, verify_many, f), 0);
  for (int i = 0; i < 4; i++) {
    void *good;
    pthread_join(threads[i], &good);
    assert_int_equal((intptr_t)good, 10);
  }
}

static double verify_cost(fixture *f, const char *user) {
  struct timespec before, after;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
  for (int i = 0; i < 5; i++)
    assert_int_equal(
        ox_directory_verify_password(f->directory, user, "wrong", &f->arena, NULL, NULL),
        OX_E_LOGON_FAILED);
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
  return (double)(after.tv_sec - before.tv_sec) + (double)(after.tv_nsec - before.tv_nsec) / 1e9;
}

/* Not how long it takes, but that it takes everybody alike. */
static void test_password__nobody_can_tell_who_exists_by_the_work(void **state) {
  fixture *f = *state;
  ox_directory *directory = f->directory;
  ox_directory_options options = OX_DIRECTORY_OPTIONS_INIT;
  static const char *const yes[] = {"TRUE"};
  options.scrypt_log2_n = 14;
  assert_int_equal(ox_directory_open(f->path, &options, &f->directory, NULL), OX_OK);
  assert_int_equal(ox_directory_set_password(f->directory, "alice", "secret", NULL), OX_OK);
  assert_int_equal(ox_directory_set_password(f->directory, "bob", "secret", NULL), OX_OK);
  assert_int_equal(ox_directory_set(f->directory, "bob", "disabled", yes, 1, NULL), OX_OK);
  double known = verify_cost(f, "alice");
  static const char *const others[] = {"nobody", "bob", "carol", "staff", "", "x@y.test"};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    double other = verify_cost(f, others[i]);
    if (other < known / 3 || other > known * 3)
      fail_msg("\"%s\" costs %.1f times what a wrong password does", others[i], other / known);
  }
  ox_directory_close(f->directory);
  f->directory = directory;
}

/* --- Files ------------------------------------------------------------------------------------ */

static void test_open__missing_foreign_newer_and_taken_files_say_so(void **state) {
  fixture *f = *state;
  ox_directory *d;
  ox_error err;
  char path[128];
  assert_int_equal(ox_directory_open("/nonexistent/directory.db", NULL, &d, &err), OX_E_NOT_FOUND);
  assert_non_null(strstr(err.text, "no directory file /nonexistent/directory.db"));
  assert_null(d);
  assert_int_equal(ox_directory_create(f->path, "Org", "example.test", NULL, &err), OX_E_COLLISION);
  assert_int_equal(ox_directory_create("/tmp/x.db", "Org/x", "example.test", NULL, &err),
                   OX_E_USAGE);
  assert_int_equal(ox_directory_create("/tmp/x.db", "Org", "example..test", NULL, &err),
                   OX_E_USAGE);
  snprintf(path, sizeof path, "%s/foreign", f->folder);
  FILE *file = fopen(path, "w");
  fputs(
      "This is not a database, but it is long enough to look at. This is not a database.\n"
      "This is not a database, but it is long enough to look at. This is not a database.\n",
      file);
  fclose(file);
  assert_int_equal(ox_directory_open(path, NULL, &d, &err), OX_E_VERSION);
  unlink(path);
  sqlite3 *db;
  assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
  sqlite3_exec(db, "PRAGMA user_version = 99", NULL, NULL, NULL);
  assert_int_equal(ox_directory_open(f->path, NULL, &d, &err), OX_E_VERSION);
  assert_non_null(strstr(err.text, "newer"));
  sqlite3_exec(db, "PRAGMA user_version = 1; PRAGMA application_id = 7", NULL, NULL, NULL);
  assert_int_equal(ox_directory_open(f->path, NULL, &d, &err), OX_E_VERSION);
  sqlite3_close(db);
}

static void test_open__file_is_private(void **state) {
  fixture *f = *state;
  struct stat status;
  assert_int_equal(stat(f->path, &status), 0);
  assert_int_equal(status.st_mode & 0777, 0600);
}

static void test_change__locked_and_read_only_say_so_in_a_sentence(void **state) {
  fixture *f = *state;
  ox_directory_options options = OX_DIRECTORY_OPTIONS_INIT;
  ox_directory *second;
  ox_error err;
  sqlite3 *db;
  options.busy_timeout_ms = 50;
  assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
  assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
  assert_int_equal(ox_directory_open(f->path, &options, &second, &err), OX_OK);
  assert_int_equal(ox_directory_remove(second, "alice", &err), OX_E_LOCKED);
  assert_non_null(strstr(err.text, "another process"));
  sqlite3_close(db);
  assert_int_equal(ox_directory_remove(second, "alice", &err), OX_OK);
  ox_directory_close(second);
  options.read_only = true;
  assert_int_equal(ox_directory_open(f->path, &options, &second, &err), OX_OK);
  ox_directory_entry entry;
  assert_int_equal(ox_directory_get(second, "bob", &f->arena, &entry, NULL), OX_OK);
  assert_int_equal(ox_directory_remove(second, "bob", &err), OX_E_READ_ONLY);
  ox_directory_close(second);
}

static void test_open__a_file_that_cannot_be_written_says_so(void **state) {
  fixture *f = *state;
  ox_directory *second;
  ox_error err;
  bool root = geteuid() == 0;
  chmod(f->folder, 0755);
  chmod(f->path, 0444);
  if (root) assert_int_equal(seteuid(65534), 0); /* root may write what the mode forbids */
  ox_status status = ox_directory_open(f->path, NULL, &second, &err);
  if (root) assert_int_equal(seteuid(0), 0);
  assert_int_equal(status, OX_E_READ_ONLY);
  assert_non_null(strstr(err.text, "cannot be written"));
}

/* A disk is full when SQLite may not make the file longer. */
static void test_change__a_full_disk_fails_and_loses_nothing(void **state) {
  fixture *f = *state;
  ox_directory_entry entry = OX_DIRECTORY_ENTRY_INIT;
  ox_error err = {0};
  ox_status status = OX_OK;
  char name[32];
  int added = 0;
  sqlite3_exec(f->directory->db, "PRAGMA max_page_count = 40", NULL, NULL, NULL);
  entry.kind = OX_DIRECTORY_USER;
  entry.name = name;
  while (status == OX_OK && added < 1000) {
    snprintf(name, sizeof name, "u%d", added);
    status = ox_directory_add(f->directory, &entry, NULL, &err);
    if (status == OX_OK) added++;
  }
  assert_int_equal(status, OX_E_NOT_ENOUGH_DISK);
  assert_non_null(strstr(err.text, "disk is full"));
  assert_true(added > 0);
  sqlite3_exec(f->directory->db, "PRAGMA max_page_count = 100000", NULL, NULL, NULL);
  for (int i = 0; i < added; i++) {
    ox_directory_entry got;
    snprintf(name, sizeof name, "u%d", i);
    assert_int_equal(ox_directory_get(f->directory, name, &f->arena, &got, NULL), OX_OK);
  }
  snprintf(name, sizeof name, "u%d", added);
  assert_int_equal(ox_directory_add(f->directory, &entry, NULL, &err), OX_OK);
}

static void test_generation__grows_with_changes_of_any_connection(void **state) {
  fixture *f = *state;
  ox_directory *second;
  uint64_t before = ox_directory_generation(f->directory);
  assert_true(before > 0);
  assert_int_equal(ox_directory_open(f->path, NULL, &second, NULL), OX_OK);
  assert_int_equal(ox_directory_remove(second, "bob", NULL), OX_OK);
  ox_directory_close(second);
  assert_true(ox_directory_generation(f->directory) > before);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, make_filled, remove_fixture)

int main(void) {
  const struct CMUnitTest tests[] = {
      WITH(test_object__has_the_fields_it_was_given),
      WITH(test_names__all_forms_find_the_same_object),
      WITH(test_names__logon_name_works_when_mail_goes_elsewhere),
      WITH(test_add__refuses_what_is_taken_or_wrong),
      WITH(test_set__changes_one_attribute),
      WITH(test_set__a_secondary_address_may_become_the_primary),
      WITH(test_remove__leaves_nothing_and_no_id_comes_back),
      WITH(test_each__walks_in_order_of_display_name),
      WITH(test_groups__expand_through_each_other_once),
      WITH(test_principals__say_what_the_store_needs),
      WITH(test_password__only_the_right_one_opens),
      WITH(test_password__is_stored_as_scrypt_with_its_parameters_and_no_nt_hash),
      WITH(test_password__nobody_can_tell_who_exists_by_the_work),
      WITH(test_identity_source__completes_once_with_the_canonical_user),
      WITH(test_threads__share_one_directory),
      WITH(test_open__missing_foreign_newer_and_taken_files_say_so),
      WITH(test_open__file_is_private),
      WITH(test_change__locked_and_read_only_say_so_in_a_sentence),
      WITH(test_open__a_file_that_cannot_be_written_says_so),
      WITH(test_change__a_full_disk_fails_and_loses_nothing),
      WITH(test_generation__grows_with_changes_of_any_connection),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
