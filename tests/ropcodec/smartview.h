/* Samples of the tests of MFCMAPI: values in hex with that program's text of them. */
#ifndef SMARTVIEW_H
#define SMARTVIEW_H

#include "../support/testing.h"

#include <stdio.h>
#include <unistd.h>

enum { FILE_MAX_BYTES = 4 * 1024 * 1024, NUMBER_MAX = 60 };

static char sample_folder[8192]; /* empty: there are none */

/* A whole file, terminated; empty view when it is not there. */
TESTING_UNUSED static ox_bytes load(ox_arena *arena, const char *path) {
  ox_bytes bytes = {NULL, 0};
  FILE *file = fopen(path, "rb");
  if (file == NULL) return bytes;
  uint8_t *data = ox_arena_calloc(arena, FILE_MAX_BYTES, 1);
  assert_non_null(data);
  bytes.size_bytes = fread(data, 1, FILE_MAX_BYTES - 1, file);
  bytes.data = data;
  fclose(file);
  return bytes;
}

/* One sample: the value, and what MFCMAPI says of it as UTF-8. */
typedef struct sample {
  ox_arena *arena;
  char name[64];
  ox_bytes value;
  const char *text;
} sample;

TESTING_UNUSED static bool load_sample(ox_arena *arena, const char *kind, int number, sample *out) {
  char path[8300];
  snprintf(path, sizeof path, "%s/In/%s-%d.dat", sample_folder, kind, number);
  ox_bytes hex = load(arena, path);
  snprintf(path, sizeof path, "%s/Out/%s-out-%d.dat", sample_folder, kind, number);
  ox_bytes text = load(arena, path);
  if (hex.data == NULL || text.data == NULL) return false;
  out->arena = arena;
  snprintf(out->name, sizeof out->name, "%s-%d", kind, number);
  out->value = from_hex(arena, (const char *)hex.data);
  out->text = (const char *)text.data;
  if (text.size_bytes >= 2 && text.data[0] == 0xFF && text.data[1] == 0xFE) {
    ox_str16 wide = {text.data + 2, text.size_bytes - 2};
    out->text = ox_str16_utf8(arena, wide);
  }
  return true;
}

/* Every sample of a kind. */
TESTING_UNUSED static void each(void **state, const char *kind, unsigned least,
                                void (*check)(const sample *s)) {
  unsigned checked = 0;
  for (int number = 0; number <= NUMBER_MAX; number++) {
    sample s;
    if (load_sample(*state, kind, number, &s)) {
      check(&s);
      checked++;
    }
    ox_arena_reset(*state);
  }
  assert_in_range(checked, least, NUMBER_MAX);
}

#define NEEDS_DATA()                                                                         \
  if (sample_folder[0] == 0) {                                                               \
    print_message("no reference data: set OX_SHARED, or put ../shared beside the source\n"); \
    skip();                                                                                  \
  }

/* argv[1] is the source folder. */
TESTING_UNUSED static void find_samples(int argc, char **argv) {
  const char *shared = getenv("OX_SHARED");
  char beside[4096];
  snprintf(beside, sizeof beside, "%s/../shared", argc > 1 ? argv[1] : ".");
  if (shared == NULL || shared[0] == 0) shared = beside;
  snprintf(sample_folder, sizeof sample_folder, "%s/data/mapi/mfcmapi-smartview", shared);
  if (access(sample_folder, R_OK) != 0) sample_folder[0] = 0;
}

#endif
