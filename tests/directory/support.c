#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "support.h"

void add(fixture *f, uint32_t kind, const char *name, const char *display_name,
         const char *const *attributes) {
  ox_directory_attribute values[32];
  ox_directory_entry entry = OX_DIRECTORY_ENTRY_INIT;
  ox_error err = {0};
  entry.kind = kind;
  entry.name = name;
  entry.display_name = display_name;
  entry.attributes = values;
  for (; attributes != NULL && *attributes != NULL; attributes += 2)
    values[entry.attribute_count++] = (ox_directory_attribute){attributes[0], attributes[1]};
  if (ox_directory_add(f->directory, &entry, NULL, &err) != OX_OK) fail_msg("%s", err.text);
}

int make_empty(void **state) {
  fixture *f = calloc(1, sizeof *f);
  ox_directory_options options = OX_DIRECTORY_OPTIONS_INIT;
  ox_error err = {0};
  options.scrypt_log2_n = 10;
  if (f == NULL) return 1;
  strcpy(f->folder, "/tmp/oxkit-directory-XXXXXX");
  if (mkdtemp(f->folder) == NULL) return 1;
  snprintf(f->path, sizeof f->path, "%s/directory.db", f->folder);
  ox_arena_init(&f->arena, NULL, 0);
  if (ox_directory_create(f->path, "Example Org", "example.test", &options, &err) != OX_OK ||
      ox_directory_open(f->path, &options, &f->directory, &err) != OX_OK) {
    print_error("%s\n", err.text);
    return 1;
  }
  *state = f;
  return 0;
}

int make_filled(void **state) {
  if (make_empty(state) != 0) return 1;
  fixture *f = *state;
  static const char *const alice[] = {"givenName",
                                      "Alice",
                                      "sn",
                                      "Adams",
                                      "department",
                                      "Research",
                                      "telephoneNumber",
                                      "+1 555 0100",
                                      "title",
                                      "Chemist",
                                      "physicalDeliveryOfficeName",
                                      "B 12",
                                      NULL};
  static const char *const bob[] = {"givenName", "Bob", "sn", "Baker", "manager", "alice", NULL};
  static const char *const room[] = {"msExchResourceCapacity", "12", NULL};
  add(f, OX_DIRECTORY_USER, "alice", "Alice Adams", alice);
  add(f, OX_DIRECTORY_USER, "bob", "Bob Baker", bob);
  add(f, OX_DIRECTORY_USER, "carol", "Carol Álvarez", NULL);
  add(f, OX_DIRECTORY_GROUP, "staff", "All Staff", NULL);
  add(f, OX_DIRECTORY_ROOM, "room1", "Conference Room 1", room);
  ox_error err;
  if (ox_directory_add_member(f->directory, "staff", "alice", &err) != OX_OK ||
      ox_directory_add_member(f->directory, "staff", "bob", &err) != OX_OK)
    return 1;
  return 0;
}

int remove_fixture(void **state) {
  fixture *f = *state;
  static const char *const suffixes[] = {"", "-wal", "-shm", ".key"};
  ox_directory_close(f->directory);
  ox_arena_dispose(&f->arena);
  for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
    char path[128];
    snprintf(path, sizeof path, "%s%s", f->path, suffixes[i]);
    unlink(path);
  }
  rmdir(f->folder);
  free(f);
  return 0;
}
