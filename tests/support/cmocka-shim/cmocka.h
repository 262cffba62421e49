/* As much of CMocka's interface as the tests of libropcodec use, in one header, for machines that
 * CMocka is not packaged for (the cross builds of tests/cross/). Same output, same exit status. */
#ifndef CMOCKA_SHIM_H
#define CMOCKA_SHIM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define SHIM_UNUSED __attribute__((unused))

enum { SHIM_PASSED, SHIM_FAILED, SHIM_SKIPPED };

typedef struct shim_jump {
  jmp_buf where;
} shim_jump;

static SHIM_UNUSED shim_jump shim_here;

struct CMUnitTest {
  const char *name;
  void (*test_func)(void **state);
  int (*setup_func)(void **state);
  int (*teardown_func)(void **state);
  void *initial_state;
};

#define cmocka_unit_test(f) \
  { #f, f, NULL, NULL, NULL }
#define cmocka_unit_test_setup_teardown(f, setup, teardown) \
  { #f, f, setup, teardown, NULL }

#define print_message(...) printf(__VA_ARGS__)
#define print_error(...) fprintf(stderr, __VA_ARGS__)
#define skip() longjmp(shim_here.where, 1 + SHIM_SKIPPED)

static SHIM_UNUSED void shim_fail(const char *file, int line, const char *what) {
  printf("[  ERROR   ] --- %s\n[   LINE   ] --- %s:%d: error: Failure!\n", what, file, line);
  longjmp(shim_here.where, 1 + SHIM_FAILED);
}

static SHIM_UNUSED void shim_check(int passed, const char *file, int line, const char *what) {
  if (!passed) shim_fail(file, line, what);
}

static SHIM_UNUSED void shim_integers(uintmax_t a, uintmax_t b, const char *file, int line,
                                      const char *what) {
  if (a == b) return;
  printf("0x%jx != 0x%jx\n", a, b);
  shim_fail(file, line, what);
}

static SHIM_UNUSED void shim_strings(const char *a, const char *b, const char *file, int line,
                                     const char *what) {
  if (strcmp(a, b) == 0) return;
  printf("\"%s\" != \"%s\"\n", a, b);
  shim_fail(file, line, what);
}

#define fail() shim_fail(__FILE__, __LINE__, "fail")
#define fail_msg(...) (printf(__VA_ARGS__), printf("\n"), shim_fail(__FILE__, __LINE__, "fail"))
#define assert_true(c) shim_check((c) ? 1 : 0, __FILE__, __LINE__, #c)
#define assert_false(c) shim_check((c) ? 0 : 1, __FILE__, __LINE__, "not " #c)
#define assert_non_null(p) shim_check((p) != NULL, __FILE__, __LINE__, #p " is not NULL")
#define assert_null(p) shim_check((p) == NULL, __FILE__, __LINE__, #p " is NULL")
#define assert_ptr_equal(a, b) \
  shim_check((const void *)(a) == (const void *)(b), __FILE__, __LINE__, #a " == " #b)
#define assert_int_equal(a, b) \
  shim_integers((uintmax_t)(a), (uintmax_t)(b), __FILE__, __LINE__, #a " == " #b)
#define assert_in_range(a, low, high)                                                             \
  shim_check((uintmax_t)(a) >= (uintmax_t)(low) && (uintmax_t)(a) <= (uintmax_t)(high), __FILE__, \
             __LINE__, #a " is in its range")
#define assert_int_not_equal(a, b) \
  shim_check((uintmax_t)(a) != (uintmax_t)(b), __FILE__, __LINE__, #a " != " #b)
#define assert_string_equal(a, b) shim_strings(a, b, __FILE__, __LINE__, #a " == " #b)
#define assert_string_not_equal(a, b) \
  shim_check(strcmp(a, b) != 0, __FILE__, __LINE__, #a " != " #b)
#define assert_memory_equal(a, b, n) \
  shim_check(memcmp(a, b, n) == 0, __FILE__, __LINE__, #a " has the bytes of " #b)
#define assert_memory_not_equal(a, b, n) \
  shim_check(memcmp(a, b, n) != 0, __FILE__, __LINE__, #a " has other bytes than " #b)

static SHIM_UNUSED int shim_run(const struct CMUnitTest *test) {
  static void *state; /* static, so that longjmp leaves it alone */
  state = test->initial_state;
  if (test->setup_func != NULL && test->setup_func(&state) != 0) return SHIM_FAILED;
  int outcome = setjmp(shim_here.where);
  if (outcome == 0) {
    test->test_func(&state);
    outcome = 1 + SHIM_PASSED;
  }
  if (test->teardown_func != NULL) test->teardown_func(&state);
  return outcome - 1;
}

static SHIM_UNUSED int _cmocka_run_group_tests(const char *group, const struct CMUnitTest *tests,
                                               size_t count, int (*setup)(void **state),
                                               int (*teardown)(void **state)) {
  (void)group;
  (void)setup; /* no test of libropcodec has one for its group */
  (void)teardown;
  static const char *const words[] = {"      OK", " FAILED ", " SKIPPED"};
  size_t totals[] = {0, 0, 0};
  printf("[==========] Running %zu test(s).\n", count);
  for (size_t i = 0; i < count; i++) {
    int outcome = shim_run(&tests[i]);
    totals[outcome]++;
    printf("[ %s ] %s\n", words[outcome], tests[i].name);
  }
  printf("[==========] %zu test(s) run.\n[  PASSED  ] %zu test(s).\n", count, totals[SHIM_PASSED]);
  if (totals[SHIM_SKIPPED] != 0) printf("[  SKIPPED ] %zu test(s).\n", totals[SHIM_SKIPPED]);
  if (totals[SHIM_FAILED] != 0) printf("[  FAILED  ] %zu test(s).\n", totals[SHIM_FAILED]);
  return (int)totals[SHIM_FAILED];
}

#define cmocka_run_group_tests(tests, setup, teardown) \
  _cmocka_run_group_tests(#tests, tests, sizeof(tests) / sizeof(tests)[0], setup, teardown)

#endif
