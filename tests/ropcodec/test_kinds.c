/* Every kind of the table with random values: bytes, values and JSON come back as they were; cut
 * short, spoilt, or without memory they are refused with a named status. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <oxkit/ropcodec/kinds.h>

#include "codecs.h"
#include "random_wire.h"

enum { ROUNDS = 60, WRITER_MAX = 1 << 22 };

static const ox_proptag columns[] = {
    OX_PROPTAG(0x0037, OX_PTYP_STRING), OX_PROPTAG(0x0E08, OX_PTYP_INTEGER32),
    OX_PROPTAG(0x0FF9, OX_PTYP_BINARY), OX_PROPTAG(0x1001, OX_PTYP_MULTIPLE_STRING),
    OX_PROPTAG(0x3007, OX_PTYP_TIME),
};
static const ox_wire_context context = {columns, sizeof columns / sizeof columns[0], false};

/* The bytes of a random value, in `w`. */
static void make(const ox_kind *kind, unsigned round, ox_writer *w) {
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  random_wire random = {
      .state = 0x9E3779B97F4A7C15u * (round + 1) + (uint8_t)kind->name[0],
      .arena = &arena,
      .context = context,
  };
  void *value = calloc(1, kind->structure->size_bytes);
  assert_non_null(value);
  random_struct(&random, kind->structure, value);
  ox_wire_encode(kind->structure, w, value);
  if (w->status != OX_OK) print_error("%s: status %x\n", kind->name, w->status);
  assert_int_equal(w->status, OX_OK);
  free(value);
  ox_arena_dispose(&arena);
}

static void assert_same(const ox_writer *a, const ox_writer *b) {
  assert_int_equal(a->size_bytes, b->size_bytes);
  if (a->size_bytes != 0) assert_memory_equal(a->data, b->data, a->size_bytes);
}

static void check_json(const ox_kind *kind, const ox_writer *w) {
  ox_writer json, back;
  ox_writer_init(&json, NULL, WRITER_MAX);
  ox_writer_init(&back, NULL, WRITER_MAX);
  ox_error err = {.status = OX_OK};
  const ox_kind *found = NULL;
  assert_int_equal(ox_kind_to_json(kind, ox_writer_bytes(w), &context, &json, &err), OX_OK);
  ox_str8 text = {(const char *)json.data, json.size_bytes};
  assert_null(memmem(text.data, text.size_bytes, "\n  \"bytes\"", 10));
  if (ox_kind_from_json(text, &back, &found, &err) != OX_OK) {
    print_error("%s: %s (offset %u)\n%.*s\n", kind->name, err.text, (unsigned)err.offset,
                (int)text.size_bytes, text.data);
    fail();
  }
  assert_ptr_equal(found, kind);
  assert_same(&back, w);
  ox_writer_dispose(&json);
  ox_writer_dispose(&back);
}

static void test_kind__comes_back_through_bytes_and_json(void **state) {
  (void)state;
  size_t count;
  const ox_kind *table = ox_kind_table(&count);
  for (size_t k = 0; k < count; k++) {
    for (unsigned round = 0; round < ROUNDS; round++) {
      ox_writer w, again;
      ox_writer_init(&w, NULL, WRITER_MAX);
      ox_writer_init(&again, NULL, WRITER_MAX);
      make(&table[k], round, &w);
      ox_arena arena;
      ox_arena_init(&arena, NULL, 0);
      void *value;
      ox_error err;
      if (ox_kind_decode(&table[k], ox_writer_bytes(&w), &context, &arena, &value, &err) != OX_OK) {
        print_error("%s, round %u: %s at %u, field %s\n", table[k].name, round, err.text,
                    (unsigned)err.offset, err.field);
        fail();
      }
      ox_wire_encode(table[k].structure, &again, value);
      assert_same(&again, &w);
      check_json(&table[k], &w);
      ox_arena_dispose(&arena);
      ox_writer_dispose(&again);
      ox_writer_dispose(&w);
    }
  }
}

/* Bytes that may be anything: no crash, and what decodes comes back through JSON. */
static void check_spoilt(const ox_kind *kind, const uint8_t *data, size_t size) {
  uint8_t *exact = malloc(size != 0 ? size : 1);
  assert_non_null(exact);
  if (size != 0) memcpy(exact, data, size);
  ox_writer json, back;
  ox_writer_init(&json, NULL, WRITER_MAX);
  ox_writer_init(&back, NULL, WRITER_MAX);
  ox_error err = {.status = OX_OK};
  ox_bytes bytes = {exact, size};
  if (ox_kind_to_json(kind, bytes, &context, &json, &err) == OX_OK) {
    ox_str8 text = {(const char *)json.data, json.size_bytes};
    if (ox_kind_from_json(text, &back, NULL, &err) != OX_OK) {
      print_error("%s: %s\n%.*s\n", kind->name, err.text, (int)text.size_bytes, text.data);
      fail();
    }
    assert_true(ox_bytes_equal(ox_writer_bytes(&back), bytes));
  } else {
    assert_int_equal(json.size_bytes, 0);
    assert_int_not_equal(err.status, OX_OK);
    assert_non_null(err.text);
  }
  ox_writer_dispose(&json);
  ox_writer_dispose(&back);
  free(exact);
}

static void test_kind__spoilt_or_cut_short(void **state) {
  (void)state;
  size_t count;
  const ox_kind *table = ox_kind_table(&count);
  for (size_t k = 0; k < count; k++) {
    for (unsigned round = 0; round < 10; round++) {
      ox_writer w;
      ox_writer_init(&w, NULL, WRITER_MAX);
      make(&table[k], round, &w);
      for (size_t n = 0; n < w.size_bytes; n++) check_spoilt(&table[k], w.data, n);
      random_wire random = {.state = 77 + round};
      for (unsigned i = 0; i < 50 && w.size_bytes != 0; i++) {
        size_t at = random_below(&random, (uint32_t)w.size_bytes);
        uint8_t kept = w.data[at];
        w.data[at] = (uint8_t)random_next(&random);
        check_spoilt(&table[k], w.data, w.size_bytes);
        w.data[at] = kept;
      }
      ox_writer_dispose(&w);
    }
  }
}

static void test_kind__fails_cleanly_when_memory_runs_out(void **state) {
  (void)state;
  size_t count;
  const ox_kind *table = ox_kind_table(&count);
  for (size_t k = 0; k < count; k++) {
    ox_writer w;
    ox_writer_init(&w, NULL, WRITER_MAX);
    make(&table[k], 3, &w);
    for (size_t n = 0;; n++) {
      failing f = {.fail_at = n};
      ox_allocator allocator = failing_allocator(&f);
      ox_writer json, back, text;
      ox_writer_init(&json, &allocator, WRITER_MAX);
      ox_writer_init(&back, &allocator, WRITER_MAX);
      ox_writer_init(&text, &allocator, WRITER_MAX);
      ox_error err;
      ox_status status = ox_kind_to_json(&table[k], ox_writer_bytes(&w), &context, &json, &err);
      if (status == OX_OK) {
        status = ox_kind_from_json((ox_str8){(const char *)json.data, json.size_bytes}, &back, NULL,
                                   &err);
      }
      if (status == OX_OK) {
        status = ox_kind_dump(&table[k], ox_writer_bytes(&w), &context, &text, &err);
        if (status == OX_OK) status = ox_writer_status(&text);
      }
      ox_writer_dispose(&json);
      ox_writer_dispose(&back);
      ox_writer_dispose(&text);
      assert_int_equal(f.live, 0);
      if (f.calls <= n) break;
      if (status != OX_E_NO_MEMORY) print_error("%s: call %zu\n", table[k].name, n);
      assert_int_equal(status, OX_E_NO_MEMORY);
    }
    ox_writer_dispose(&w);
  }
}

static void test_table__is_sorted_and_described(void **state) {
  (void)state;
  size_t count;
  const ox_kind *table = ox_kind_table(&count);
  assert_true(count > 5);
  for (size_t i = 0; i < count; i++) {
    if (i != 0) assert_true(strcmp(table[i - 1].name, table[i].name) < 0);
    assert_ptr_equal(ox_kind_find(table[i].name), &table[i]);
    assert_true(strlen(table[i].summary) > 10);
    const char *section = table[i].structure->section;
    assert_true(strncmp(section, "[MS-", 4) == 0 || strncmp(section, "[Outlook] ", 10) == 0);
  }
  assert_null(ox_kind_find("no-such-kind"));
  assert_null(ox_kind_find(""));
}

/* What a value alone would lose stands in "bytes", and counts. */
static void test_json__keeps_what_the_value_loses(void **state) {
  (void)state;
  /* PidTagDeleteAfterSubmit, true written as 2. */
  static const uint8_t bytes[] = {0x0B, 0x00, 0x01, 0x0E, 0x02};
  ox_writer json, back;
  ox_writer_init(&json, NULL, WRITER_MAX);
  ox_writer_init(&back, NULL, WRITER_MAX);
  const ox_kind *kind = ox_kind_find("tagged-property");
  ox_bytes view = {bytes, sizeof bytes};
  assert_int_equal(ox_kind_to_json(kind, view, NULL, &json, NULL), OX_OK);
  ox_write_u8(&json, 0);
  assert_non_null(strstr((const char *)json.data, "\"bytes\": \"0b00010e02\""));
  ox_str8 text = ox_str8_from((const char *)json.data);
  assert_int_equal(ox_kind_from_json(text, &back, NULL, NULL), OX_OK);
  assert_true(ox_bytes_equal(ox_writer_bytes(&back), view));
  ox_writer_dispose(&json);
  ox_writer_dispose(&back);
}

static void refuse(const char *text, ox_status expected, const char *reason) {
  ox_writer w;
  ox_error err = {.status = OX_OK};
  ox_writer_init(&w, NULL, WRITER_MAX);
  assert_int_equal(ox_kind_from_json(ox_str8_from(text), &w, NULL, &err), expected);
  if (strstr(err.text, reason) == NULL) print_error("%s: %s\n", text, err.text);
  assert_non_null(strstr(err.text, reason));
  assert_int_equal(w.size_bytes, 0);
  ox_writer_dispose(&w);
}

static void test_json__bad_text_is_refused_with_a_reason(void **state) {
  (void)state;
  refuse("", OX_E_MALFORMED, "ends where a value");
  refuse("[]", OX_E_MALFORMED, "\"kind\"");
  refuse("{\"value\": {}}", OX_E_MALFORMED, "\"kind\" is missing");
  refuse("{\"kind\": \"nothing\", \"value\": {}}", OX_E_NOT_FOUND, "no kind");
  refuse("{\"kind\": \"long-term-id\"}", OX_E_MALFORMED, "\"value\" is missing");
  refuse(
      "{\"kind\": \"long-term-id\", \"value\": {\"database_guid\": "
      "\"00000000-0000-0000-0000-000000000000\", \"pad\": 0}}",
      OX_E_MALFORMED, "\"global_counter\" is missing");
  refuse("{\"kind\": \"long-term-id\", \"value\": {\"database_guid\": 5}}", OX_E_MALFORMED, "GUID");
  refuse(
      "{\"kind\": \"long-term-id\", \"value\": {\"database_guid\": "
      "\"00000000-0000-0000-0000-000000000000\", \"global_counter\": \"0102\", \"pad\": 0}}",
      OX_E_MALFORMED, "6 bytes");
  refuse(
      "{\"kind\": \"long-term-id\", \"value\": {\"database_guid\": "
      "\"00000000-0000-0000-0000-000000000000\", \"global_counter\": \"010203040506\", "
      "\"pad\": 65536}}",
      OX_E_MALFORMED, "0 to 65535");
  refuse("{\"kind\": \"property-list\", \"value\": {\"count\": 2, \"properties\": []}}",
         OX_E_MALFORMED, "2 elements");
  refuse("{\"kind\": \"property-list\", \"value\": {\"properties\": [], \"more\": 1}}",
         OX_E_MALFORMED, "\"more\" does not belong");
  refuse("{\"kind\": \"restriction\", \"value\": {\"restriction\": {\"type\": \"Nor\"}}}",
         OX_E_MALFORMED, "RestrictType");
  refuse("{\"kind\": \"restriction\", \"value\": {\"restriction\": {\"type\": 12}}}",
         OX_E_MALFORMED, "no such restriction");
}

/* Names instead of numbers, counts left out. */
static void test_json__may_be_written_by_hand(void **state) {
  (void)state;
  static const char text[] =
      "{\"kind\":\"property-list\",\"value\":{\"properties\":["
      "{\"name\":\"PidTagSubject\",\"value\":\"\\u00e9\\ud83d\\ude00\"},"
      "{\"tag\":\"0x00170003\",\"value\":-2}]}}";
  static const uint8_t expected[] = {2,    0,    0x1F, 0x00, 0x37, 0x00, 0xE9, 0x00,
                                     0x3D, 0xD8, 0x00, 0xDE, 0x00, 0x00, 0x03, 0x00,
                                     0x17, 0x00, 0xFE, 0xFF, 0xFF, 0xFF};
  ox_writer w;
  ox_error err = {.status = OX_OK};
  ox_writer_init(&w, NULL, WRITER_MAX);
  assert_int_equal(ox_kind_from_json(ox_str8_from(text), &w, NULL, &err), OX_OK);
  assert_int_equal(w.size_bytes, sizeof expected);
  assert_memory_equal(w.data, expected, sizeof expected);
  ox_writer_dispose(&w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_kind__comes_back_through_bytes_and_json),
      cmocka_unit_test(test_kind__spoilt_or_cut_short),
      cmocka_unit_test(test_kind__fails_cleanly_when_memory_runs_out),
      cmocka_unit_test(test_table__is_sorted_and_described),
      cmocka_unit_test(test_json__keeps_what_the_value_loses),
      cmocka_unit_test(test_json__bad_text_is_refused_with_a_reason),
      cmocka_unit_test(test_json__may_be_written_by_hand),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
