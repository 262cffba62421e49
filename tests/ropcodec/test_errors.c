/* The status codes against the specification's tables: how many each has, and what requirements
 * state about single codes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <oxkit/ropcodec/status.h>

static const char *source; /* root of the source tree */
static const char *shared; /* where reference data may be */

enum { CODES_MAX = 1000 };

typedef struct section {
  const char *name;
  size_t expected, count;
  uint32_t codes[CODES_MAX];
} section;

/* Counts a code of a section once, however many macros it has. */
static void count_code(section *s, uint32_t code) {
  for (size_t i = 0; i < s->count; i++) {
    if (s->codes[i] == code) return;
  }
  assert_true(s->count < CODES_MAX);
  s->codes[s->count++] = code;
}

static uint32_t code_of(const char *name) {
  ox_status code = 0;
  if (ox_status_from_name(name, &code) != OX_OK) fail_msg("%s is not found", name);
  return code;
}

static void test_errors__every_row_is_found_and_the_tables_are_complete(void **state) {
  (void)state;
  /* 2.4 without Success; 2.4.2 without NotEnoughMemory and NotFound, which are 2.4's. */
  static section sections[] = {{.name = "2.4", .expected = 68},
                               {.name = "2.4.1", .expected = 517},
                               {.name = "2.4.2", .expected = 7},
                               {.name = "2.4.3", .expected = 45}};
  char path[512];
  snprintf(path, sizeof path, "%s/libropcodec/schema/errors.tsv", source);
  FILE *file = fopen(path, "r");
  if (file == NULL) fail_msg("cannot read %s", path);
  char line[1024];
  while (fgets(line, sizeof line, file) != NULL) {
    char macro[80], name[80], number[16], where[16] = "";
    if (line[0] == '#') continue;
    /* An empty section leaves two tabs, which %15[0-9.] does not match. */
    assert_in_range(
        sscanf(line, "%79[^\t]\t%15[^\t]\t%79[^\t]\t%15[0-9.]", macro, number, name, where), 3, 4);
    const uint32_t code = (uint32_t)strtoul(number, NULL, 16);
    assert_int_equal(code_of(macro), code);
    assert_string_not_equal(ox_status_name(code), "unknown");
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
      if (strcmp(sections[i].name, where) == 0) count_code(&sections[i], code);
    }
  }
  fclose(file);
  for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
    if (sections[i].count != sections[i].expected) {
      fail_msg("%s has %zu codes, not %zu", sections[i].name, sections[i].count,
               sections[i].expected);
    }
  }
}

static void test_errors__names_of_both_tables_stay_apart(void **state) {
  (void)state;
  assert_int_equal(code_of("ServerBusy"), 0x8004010B);
  assert_int_equal(code_of("ecServerBusy"), 0x480);
  assert_int_equal(code_of("NotEnoughMemory"), 0x8007000E);
  assert_int_equal(code_of("IsamErrorFileCompressed"), 0xFFFFF05B);
  assert_int_equal(code_of("VirusScanGeneralFailure"), 0xA3A);
  /* Two numbers are an error in 2.4.1 and a warning in 2.4.3. */
  assert_true(ox_failed(OX_W_ISAM_BUFFER_TRUNCATED));
  assert_string_equal(ox_status_name(OX_W_ISAM_BUFFER_TRUNCATED), "BadConfiguration");
  assert_string_equal(ox_status_name(OX_W_ISAM_DATABASE_ATTACHED), "UnknownCodePage");
  assert_false(ox_failed(OX_W_ISAM_TABLE_EMPTY));
  assert_false(ox_failed(OX_W_UNBIND_SUCCESS));
  assert_true(ox_failed(OX_E_UNBIND_FAILURE));
}

/* Checks one requirement of either kind: "[In Error Codes] The numeric value (hex) for error code
 * NotFound is 0x8004010F, ..." and "[In Error Codes] NotFound (MAPI_E_NOT_FOUND, ecNotFound) will
 * be returned, ...". */
static void check_requirement(const char *text, size_t *numbers, size_t *names) {
  char name[80], rest[400], number[16];
  if (sscanf(text, "[In Error Codes] The numeric value (hex) for error code %79s is 0x%8[0-9A-F]",
             name, number) == 2) {
    if (strcmp(name, "Success") == 0) return;
    assert_int_equal(code_of(name), (uint32_t)strtoul(number, NULL, 16));
    ++*numbers;
  } else if (sscanf(text, "[In Error Codes] %79[A-Za-z] (%399[^)]) will be", name, rest) == 2 ||
             sscanf(text, "[In Error Codes] %79[A-Za-z](%399[^)]) will be", name, rest) == 2) {
    if (strcmp(name, "Success") == 0) return;
    for (char *at = strtok(rest, ", "); at != NULL; at = strtok(NULL, ", ")) {
      assert_int_equal(code_of(at), code_of(name));
      ++*names;
    }
  }
}

static void test_errors__requirements_agree(void **state) {
  (void)state;
  static const char *const suites[] = {"OXCFOLD", "OXCFXICS", "OXCMAPIHTTP", "OXCMSG", "OXCPERM",
                                       "OXCROPS", "OXCSTOR",  "OXCTABL",     "OXNSPI", "OXORULE"};
  size_t numbers = 0, names = 0;
  for (size_t i = 0; i < sizeof suites / sizeof *suites; i++) {
    char path[512], line[4096];
    snprintf(path, sizeof path, "%s/specs/requirements/MS-%s.tsv", shared, suites[i]);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
      print_message("no reference data: set OX_SHARED, or put ../shared beside the source\n");
      skip();
    }
    while (fgets(line, sizeof line, file) != NULL) {
      const char *text = strstr(line, "[In Error Codes] ");
      if (text != NULL) check_requirement(text, &numbers, &names);
    }
    fclose(file);
  }
  print_message("%zu numbers and %zu alternate names compared\n", numbers, names);
  assert_true(numbers >= 10 && names >= 20);
}

int main(int argc, char **argv) {
  source = argc > 1 ? argv[1] : ".";
  static char beside[512];
  snprintf(beside, sizeof beside, "%s/../shared", source);
  shared = getenv("OX_SHARED") != NULL ? getenv("OX_SHARED") : beside;
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_errors__every_row_is_found_and_the_tables_are_complete),
      cmocka_unit_test(test_errors__names_of_both_tables_stay_apart),
      cmocka_unit_test(test_errors__requirements_agree),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
