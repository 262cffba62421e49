/* What the CMocka tests share: hex literals, an allocator that fails at its n-th call. */
#ifndef TESTING_H
#define TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <oxkit/ropcodec/text.h>

#define TESTING_UNUSED __attribute__((unused))

/** The bytes of "01 02 FF" in the arena; anything that is no hex digit is passed over. */
TESTING_UNUSED static ox_bytes from_hex(ox_arena *arena, const char *text) {
  uint8_t *bytes = ox_arena_calloc(arena, strlen(text) / 2 + 1, 1);
  assert_non_null(bytes);
  size_t digits = 0;
  for (; *text != 0; text++) {
    const char *alphabet = "0123456789ABCDEFabcdef";
    const char *at = strchr(alphabet, *text);
    if (at == NULL) continue;
    unsigned value = (unsigned)(at - alphabet);
    if (value > 15) value -= 6;
    bytes[digits / 2] = (uint8_t)(bytes[digits / 2] << 4 | value);
    digits++;
  }
  assert_int_equal(digits % 2, 0);
  ox_bytes view = {bytes, digits / 2};
  return view;
}

TESTING_UNUSED static ox_str16 wide_text(ox_arena *arena, const char *utf8) {
  ox_str16 out = {NULL, 0};
  assert_int_equal(ox_str16_from_utf8(arena, ox_str8_from(utf8), &out), OX_OK);
  return out;
}

/** Counts down; the call that reaches 0 fails, and every one after it. */
typedef struct failing {
  unsigned calls_left;
  unsigned blocks;
  bool failed;
} failing;

TESTING_UNUSED static bool failing_allows(failing *state) {
  if (state->calls_left == 0) {
    state->failed = true;
    return false;
  }
  state->calls_left--;
  return true;
}

TESTING_UNUSED static void *failing_malloc(size_t size, void *user) {
  if (!failing_allows(user)) return NULL;
  ((failing *)user)->blocks++;
  return malloc(size);
}

TESTING_UNUSED static void *failing_calloc(size_t count, size_t size, void *user) {
  if (!failing_allows(user)) return NULL;
  ((failing *)user)->blocks++;
  return calloc(count, size);
}

TESTING_UNUSED static void *failing_realloc(void *block, size_t size, void *user) {
  if (!failing_allows(user)) return NULL;
  if (block == NULL) ((failing *)user)->blocks++;
  return realloc(block, size);
}

TESTING_UNUSED static void failing_free(void *block, void *user) {
  if (block != NULL) ((failing *)user)->blocks--;
  free(block);
}

TESTING_UNUSED static ox_allocator failing_allocator(failing *state) {
  ox_allocator allocator = {failing_malloc, failing_calloc, failing_realloc, failing_free, state};
  return allocator;
}

/** Runs `work` with the first, second, ... allocation failing, until it succeeds. Each failing run
 *  must say OX_E_NO_MEMORY and leave no block behind. */
TESTING_UNUSED static void every_allocation_fails(ox_status (*work)(const ox_allocator *allocator,
                                                                    void *user),
                                                  void *user) {
  for (unsigned n = 0; n < 10000; n++) {
    failing state = {n, 0, false};
    ox_allocator allocator = failing_allocator(&state);
    ox_status status = work(&allocator, user);
    assert_int_equal(state.blocks, 0);
    if (!state.failed) {
      assert_int_equal(status, OX_OK);
      assert_true(n > 0); /* something was allocated, or the test tests nothing */
      return;
    }
    assert_int_equal(status, OX_E_NO_MEMORY);
  }
  fail_msg("still failing after 10000 allocations");
}

TESTING_UNUSED static int with_arena(void **state) {
  ox_arena *arena = malloc(sizeof *arena);
  if (arena == NULL) return -1;
  ox_arena_init(arena, NULL, 0);
  *state = arena;
  return 0;
}

TESTING_UNUSED static int without_arena(void **state) {
  ox_arena_dispose(*state);
  free(*state);
  return 0;
}

/** A test that gets an arena in *state. */
#define ARENA_TEST(name) cmocka_unit_test_setup_teardown(name, with_arena, without_arena)

#endif
