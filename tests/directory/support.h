/* A directory in a temporary folder. */
#ifndef OXKIT_TESTS_DIRECTORY_SUPPORT_H
#define OXKIT_TESTS_DIRECTORY_SUPPORT_H

#include <oxkit/directory/directory.h>

typedef struct fixture {
  char folder[64];
  char path[96];
  ox_directory *directory;
  ox_arena arena;
} fixture;

/* "Example Org", example.test, with cheap password hashes; alice, bob, a group and a room. */
int make_empty(void **state);
int make_filled(void **state);
int remove_fixture(void **state);

/* Adds an object or fails the test. attributes: name, value, ..., NULL. */
void add(fixture *f, uint32_t kind, const char *name, const char *display_name,
         const char *const *attributes);

#endif
