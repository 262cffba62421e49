/* A person with a password: libdirectory linked and working. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <oxkit/directory/directory.h>

int main(void) {
  char folder[] = "/tmp/ox-use-directory-XXXXXX", path[64], command[64];
  if (mkdtemp(folder) == NULL) return 1;
  snprintf(path, sizeof path, "%s/directory.db", folder);
  ox_directory *directory = NULL;
  ox_directory_entry entry = OX_DIRECTORY_ENTRY_INIT;
  entry.kind = OX_DIRECTORY_USER;
  entry.name = "alice";
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  int failed =
      ox_directory_create(path, "Example", "example.test", NULL, NULL) != OX_OK ||
      ox_directory_open(path, NULL, &directory, NULL) != OX_OK ||
      ox_directory_add(directory, &entry, NULL, NULL) != OX_OK ||
      ox_directory_set_password(directory, "alice", "secret", NULL) != OX_OK ||
      ox_directory_verify_password(directory, "alice", "secret", &arena, NULL, NULL) != OX_OK ||
      ox_directory_verify_password(directory, "alice", "wrong", &arena, NULL, NULL) == OX_OK;
  ox_directory_close(directory);
  ox_arena_dispose(&arena);
  snprintf(command, sizeof command, "rm -rf %s", folder);
  return system(command) != 0 || failed;
}
