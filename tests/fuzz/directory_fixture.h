/* A directory in a temporary folder, made once for each fuzzing process and removed at its end. */
#ifndef OXKIT_TESTS_FUZZ_DIRECTORY_FIXTURE_H
#define OXKIT_TESTS_FUZZ_DIRECTORY_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <oxkit/directory/directory.h>

static char fixture_folder[32];
static char fixture_path[64];
static ox_directory *fixture_directory;

static void fixture_remove(void) {
  static const char *const suffixes[] = {"", "-wal", "-shm"};
  char path[80];
  ox_directory_close(fixture_directory);
  for (size_t i = 0; i < 3; i++) {
    snprintf(path, sizeof path, "%s%s", fixture_path, suffixes[i]);
    unlink(path);
  }
  rmdir(fixture_folder);
}

static void fixture_make(void) {
  ox_directory_options options = OX_DIRECTORY_OPTIONS_INIT;
  ox_error err;
  options.scrypt_log2_n = 10;
  /* In memory where there is such a place: commits then cost little. */
  bool shm = access("/dev/shm", W_OK) == 0;
  snprintf(fixture_folder, sizeof fixture_folder, "%s/oxkit-fuzz-XXXXXX",
           shm ? "/dev/shm" : "/tmp");
  if (mkdtemp(fixture_folder) == NULL) abort();
  snprintf(fixture_path, sizeof fixture_path, "%s/d", fixture_folder);
  if (ox_directory_create(fixture_path, "Org", "example.test", &options, &err) != OX_OK ||
      ox_directory_open(fixture_path, &options, &fixture_directory, &err) != OX_OK) {
    fprintf(stderr, "%s\n", err.text);
    abort();
  }
  atexit(fixture_remove);
}

#endif
