/* Every ROP and every address book body with random values: what is encoded decodes to the same,
 * cut short it is refused, and the generated decoders agree with the interpreter of descriptors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "codecs.h"
#include "../../libropcodec/src/wire_internal.h"
#include "random_wire.h"

/* Random values of each structure. */
enum { ROUNDS = 40, ROUNDS_MAX = 4000, WRITER_MAX = 1 << 20 };

static const ox_proptag columns[] = {
    OX_PROPTAG(0x0037, OX_PTYP_STRING), OX_PROPTAG(0x0E08, OX_PTYP_INTEGER32),
    OX_PROPTAG(0x0FF9, OX_PTYP_BINARY), OX_PROPTAG(0x1001, OX_PTYP_MULTIPLE_STRING),
    OX_PROPTAG(0x3007, OX_PTYP_TIME),
};

/* Decodes both ways and wants the same answer. */
static ox_status decode_twice(const codec *c, const uint8_t *data, size_t size,
                              const ox_wire_context *context, ox_arena *arena, void *out,
                              void *slow, size_t *consumed) {
  /* A copy of exactly this size, so that a read past the end is found. */
  uint8_t *exact = malloc(size != 0 ? size : 1);
  assert_non_null(exact);
  if (size != 0) memcpy(exact, data, size);
  ox_reader fast_reader, slow_reader;
  ox_reader_init(&fast_reader, exact, size);
  ox_reader_init(&slow_reader, exact, size);
  ox_status fast_status = c->decode(&fast_reader, arena, context, out);
  ox_status slow_status =
      ox_wire_decode(c->structure, &slow_reader, arena, context, slow, NULL, NULL);
  if (fast_status != slow_status || fast_reader.position != slow_reader.position) {
    print_error("%s: status %x at %zu, interpreted %x at %zu\n", c->structure->name, fast_status,
                fast_reader.position, slow_status, slow_reader.position);
    fail();
  }
  if (fast_status == OX_OK) {
    assert_true(ox_wire_equal(c->structure, (uint8_t *)out + c->offset, slow));
  } else {
    assert_non_null(fast_reader.field);
  }
  *consumed = fast_reader.position;
  /* Views point into `exact`; nothing looks at them once it is gone. */
  free(exact);
  return fast_status;
}

/* The descriptor encodes the same bytes, and JSON comes back as them. */
static void check_described(const codec *c, const void *value, const random_wire *random,
                            const ox_writer *expected) {
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  ox_writer w, json;
  ox_writer_init(&w, NULL, WRITER_MAX);
  ox_writer_init(&json, NULL, WRITER_MAX);
  ox_wire_encode(c->structure, &w, (const uint8_t *)value + c->offset);
  assert_int_equal(w.status, OX_OK);
  assert_int_equal(w.size_bytes, expected->size_bytes);
  if (w.size_bytes != 0) assert_memory_equal(w.data, expected->data, w.size_bytes);
  ox_wire_to_json(c->structure, (const uint8_t *)value + c->offset, &random->context, &json);
  assert_int_equal(json.status, OX_OK);
  void *back = calloc(1, c->structure->size_bytes);
  assert_non_null(back);
  ox_error err;
  ox_str8 text = {(const char *)json.data, json.size_bytes};
  if (ox_wire_from_json(c->structure, text, &random->context, &arena, back, &err) != OX_OK) {
    print_error("%s: %s (offset %u, field %s)\n%.*s\n", c->structure->name, err.text,
                (unsigned)err.offset, err.field, (int)text.size_bytes, text.data);
    fail();
  }
  ox_writer_reset(&w);
  ox_wire_encode(c->structure, &w, back);
  assert_int_equal(w.status, OX_OK);
  assert_int_equal(w.size_bytes, expected->size_bytes);
  if (w.size_bytes != 0) assert_memory_equal(w.data, expected->data, w.size_bytes);
  free(back);
  ox_writer_dispose(&w);
  ox_writer_dispose(&json);
  ox_arena_dispose(&arena);
}

static void check_round(const codec *c, const void *value, random_wire *random) {
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  ox_writer w, again;
  ox_writer_init(&w, NULL, WRITER_MAX);
  ox_writer_init(&again, NULL, WRITER_MAX);
  c->encode(&w, value);
  assert_int_equal(w.status, OX_OK);
  assert_true(w.size_bytes >= c->structure->min_bytes);
  check_described(c, value, random, &w);
  uint8_t *out = calloc(1, c->size_bytes), *slow = calloc(1, c->structure->size_bytes);
  assert_non_null(out);
  assert_non_null(slow);
  size_t consumed;

  /* The whole: equal, and the same bytes again. */
  ox_reader r;
  ox_reader_init(&r, w.data, w.size_bytes);
  ox_status status = c->decode(&r, &arena, &random->context, out);
  if (status != OX_OK) {
    print_error("%s: status %x at %zu of %zu, field %s\n", c->structure->name, status,
                r.fail_position, w.size_bytes, r.field);
    fail();
  }
  assert_int_equal(r.position, w.size_bytes);
  assert_true(ox_wire_equal(c->structure, out + c->offset, (const uint8_t *)value + c->offset));
  c->encode(&again, out);
  assert_int_equal(again.size_bytes, w.size_bytes);
  if (w.size_bytes != 0) assert_memory_equal(again.data, w.data, w.size_bytes);
  status = decode_twice(c, w.data, w.size_bytes, &random->context, &arena, out, slow, &consumed);
  assert_int_equal(status, OX_OK);

  /* Every proper prefix is refused, or is shorter by what an open tail lost. */
  for (size_t n = 0; n < w.size_bytes; n++) {
    ox_arena_reset(&arena);
    status = decode_twice(c, w.data, n, &random->context, &arena, out, slow, &consumed);
    if (!codec_has_open_tail(c->structure)) assert_int_not_equal(status, OX_OK);
  }
  /* Bytes changed at random do whatever they do, both ways alike. */
  size_t first = c->structure->rop_id >= 0 ? 1 : 0; /* another RopId is another structure */
  for (unsigned i = 0; i < 20 && w.size_bytes > first; i++) {
    ox_arena_reset(&arena);
    size_t at = first + random_below(random, (uint32_t)(w.size_bytes - first));
    uint8_t kept = w.data[at];
    w.data[at] = (uint8_t)random_next(random);
    decode_twice(c, w.data, w.size_bytes, &random->context, &arena, out, slow, &consumed);
    w.data[at] = kept;
  }
  free(out);
  free(slow);
  ox_writer_dispose(&w);
  ox_writer_dispose(&again);
  ox_arena_dispose(&arena);
}

/* Two values are equal exactly when they encode to the same bytes. */
static void check_equal(const codec *c, const uint8_t *a, const uint8_t *b) {
  ox_writer wa, wb;
  ox_writer_init(&wa, NULL, WRITER_MAX);
  ox_writer_init(&wb, NULL, WRITER_MAX);
  c->encode(&wa, a);
  c->encode(&wb, b);
  bool same = wa.size_bytes == wb.size_bytes &&
              (wa.size_bytes == 0 || memcmp(wa.data, wb.data, wa.size_bytes) == 0);
  assert_int_equal(ox_wire_equal(c->structure, a + c->offset, b + c->offset), same);
  ox_writer_dispose(&wa);
  ox_writer_dispose(&wb);
}

/* What the values had of each condition: both answers, and each number that a term asks for. So
 * every form of a response and every kind of notification has been there and back. */
typedef struct branch {
  const ox_wire_field *head;
  bool held, failed;
  uint32_t numbers[4]; /* bit k of [t]: term t had its number k */
} branch;

typedef struct branches {
  size_t count;
  branch items[64];
} branches;

static void list_branches(branches *list, const ox_wire_struct *structure) {
  for (size_t i = 0; i < structure->field_count; i++) {
    const ox_wire_field *field = &structure->fields[i];
    if (field->kind == OX_WIRE_STRUCT) list_branches(list, field->structure);
    if (field->kind != OX_WIRE_IF) continue;
    bool known = false;
    for (size_t k = 0; k < list->count; k++) known = known || list->items[k].head == field;
    if (known) continue;
    assert_true(list->count < sizeof list->items / sizeof list->items[0]);
    assert_true(field->term_count <= 4);
    list->items[list->count++] = (branch){.head = field};
  }
}

static void note_branch(branch *b, const void *value, bool public_logon) {
  if (ox_wire_condition(b->head, value, public_logon)) {
    b->held = true;
  } else {
    b->failed = true;
  }
  for (unsigned t = 0; t < b->head->term_count; t++) {
    const ox_wire_term *term = &b->head->terms[t];
    uint64_t number = term->kind == OX_WIRE_CONTEXT
                          ? public_logon
                          : ox_wire_number(value, term->kind, term->offset) & term->mask;
    for (unsigned k = 0; k < term->count && k < 32; k++)
      if (number == term->numbers[k]) b->numbers[t] |= 1u << k;
  }
}

static void note_branches(branches *list, const ox_wire_struct *structure, const void *value,
                          bool public_logon) {
  for (size_t i = 0; i < structure->field_count; i++) {
    const ox_wire_field *field = &structure->fields[i];
    if (field->kind == OX_WIRE_IF) {
      for (size_t k = 0; k < list->count; k++)
        if (list->items[k].head == field) note_branch(&list->items[k], value, public_logon);
      if (!ox_wire_condition(field, value, public_logon)) i += field->span;
    } else if (field->kind == OX_WIRE_STRUCT) {
      const uint8_t *at = ox_wire_elements(field, value);
      uint32_t count =
          (field->flags & OX_WIRE_ARRAY) != 0 ? ox_wire_count(field, value) : at != NULL;
      for (uint32_t k = 0; k < count; k++, at += field->element_bytes)
        note_branches(list, field->structure, at, public_logon);
    }
  }
}

static bool branch_is_complete(const branch *b) {
  if (!b->held || !b->failed) return false;
  for (unsigned t = 0; t < b->head->term_count; t++) {
    const uint8_t count = b->head->terms[t].count;
    if (b->numbers[t] != (count < 32 ? (1u << count) - 1 : 0xFFFFFFFFu)) return false;
  }
  return true;
}

static bool is_complete(const branches *list) {
  for (size_t i = 0; i < list->count; i++)
    if (!branch_is_complete(&list->items[i])) return false;
  return true;
}

static void fail_missing(const ox_wire_struct *structure, const branches *list) {
  for (size_t i = 0; i < list->count; i++)
    if (!branch_is_complete(&list->items[i])) {
      const branch *b = &list->items[i];
      print_error("%s: condition before %s: %s%s, numbers %x %x\n", structure->name,
                  b->head[1].name, b->held ? "held " : "", b->failed ? "failed" : "", b->numbers[0],
                  b->numbers[1]);
    }
  fail();
}

static void check_codec(const codec *c, uint8_t rop_id) {
  uint8_t *previous = NULL;
  ox_arena previous_arena;
  static branches taken;
  taken.count = 0;
  list_branches(&taken, c->structure);
  for (unsigned round = 0; round < ROUNDS || (!is_complete(&taken) && round < ROUNDS_MAX);
       round++) {
    ox_arena arena;
    ox_arena_init(&arena, NULL, 0);
    random_wire random = {
        .state = 0x9E3779B97F4A7C15u * (round + 1) + rop_id + 1,
        .arena = &arena,
        .context = {columns, sizeof columns / sizeof columns[0], round % 2 != 0},
        .is_rop = c->structure->rop_id >= 0,
    };
    uint8_t *value = calloc(1, c->size_bytes);
    assert_non_null(value);
    value[0] = rop_id;
    random_struct(&random, c->structure, value + c->offset);
    check_round(c, value, &random);
    note_branches(&taken, c->structure, value + c->offset, random.context.public_logon);
    if (previous != NULL) {
      check_equal(c, value, previous);
      free(previous);
      ox_arena_dispose(&previous_arena);
    }
    previous = value;
    previous_arena = arena;
  }
  free(previous);
  ox_arena_dispose(&previous_arena);
  if (!is_complete(&taken)) fail_missing(c->structure, &taken);
}

static void test_rop_request__round_trips(void **state) {
  (void)state;
  size_t count, checked = 0;
  const ox_rop_info *table = ox_rop_info_table(&count);
  for (size_t i = 0; i < count; i++) {
    if (table[i].request == NULL) continue;
    codec c = codec_of_request(table[i].request);
    check_codec(&c, table[i].rop_id);
    checked++;
  }
  assert_int_equal(checked, 128);
}

static void test_rop_response__round_trips(void **state) {
  (void)state;
  size_t count, checked = 0;
  const ox_rop_info *table = ox_rop_info_table(&count);
  for (size_t i = 0; i < count; i++) {
    if (table[i].response == NULL) continue;
    codec c = codec_of_response(table[i].response);
    check_codec(&c, table[i].rop_id);
    checked++;
  }
  assert_int_equal(checked, 130);
}

static void test_nspi_body__round_trips(void **state) {
  (void)state;
  for (size_t i = 0; i < nspi_codec_count; i++) check_codec(&nspi_codecs[i], 0);
}

static void test_rop_info__is_sorted_and_complete(void **state) {
  (void)state;
  size_t count;
  const ox_rop_info *table = ox_rop_info_table(&count);
  assert_int_equal(count, 132);
  for (size_t i = 0; i < count; i++) {
    if (i != 0) assert_true(table[i - 1].rop_id < table[i].rop_id);
    assert_ptr_equal(ox_rop_info_by_id(table[i].rop_id), &table[i]);
    assert_true(table[i].request != NULL || table[i].response != NULL);
  }
  assert_string_equal(ox_rop_info_by_id(OX_ROP_LOGON)->name, "Logon");
  assert_null(ox_rop_info_by_id(OX_ROP_NOTIFY)->request);
  assert_null(ox_rop_info_by_id(OX_ROP_RELEASE)->response);
}

static void test_decode__fails_cleanly_when_memory_runs_out(void **state) {
  (void)state;
  static const uint8_t set_properties[] = {0x0A, 0x00, 0x01, 0x14, 0x00, 0x02, 0x00, 0x1F, 0x00,
                                           0x37, 0x00, 0x48, 0x00, 0x69, 0x00, 0x00, 0x00, 0x03,
                                           0x00, 0x17, 0x00, 0x05, 0x00, 0x00, 0x00};
  size_t failures = 0;
  for (size_t n = 0;; n++) {
    failing f = {.fail_at = n};
    ox_allocator allocator = failing_allocator(&f);
    ox_arena arena;
    ox_arena_init(&arena, &allocator, 0);
    ox_reader r;
    ox_rop_request request;
    ox_reader_init(&r, set_properties, sizeof set_properties);
    ox_status status = ox_rop_request_decode(&r, &arena, NULL, &request);
    ox_arena_dispose(&arena);
    assert_int_equal(f.live, 0);
    if (status == OX_OK) break;
    assert_int_equal(status, OX_E_NO_MEMORY);
    failures++;
  }
  assert_true(failures >= 1);
}

static void test_decode__names_field_offset_and_section(void **state) {
  (void)state;
  /* RopSetColumns that promises two tags and has one. */
  static const uint8_t bytes[] = {0x12, 0x00, 0x01, 0x00, 0x02, 0x00, 0x1F, 0x00, 0x37, 0x00};
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  ox_reader r;
  ox_rop_request request;
  ox_error error;
  ox_reader_init(&r, bytes, sizeof bytes);
  ox_rop_request_decode(&r, &arena, NULL, &request);
  assert_int_equal(ox_reader_status(&r, &error), OX_E_TRUNCATED);
  assert_string_equal(error.field, "property_tags");
  assert_string_equal(error.spec, "[MS-OXCROPS] 2.2.5.1");
  assert_int_equal(error.offset, 6);
  assert_int_equal(request.u.set_columns.property_tag_count, 0);
  ox_arena_dispose(&arena);
}

static void test_decode__refuses_more_cheap_servers_than_servers(void **state) {
  (void)state;
  static const uint8_t bytes[] = {0x02, 0x01, 0, 0, 0, 0, 0, 1, 1, 0, 2, 0, 'A', 0};
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  ox_reader r;
  ox_open_folder_response response;
  ox_reader_init(&r, bytes, sizeof bytes);
  assert_int_equal(ox_open_folder_response_decode(&r, &arena, &response), OX_E_MALFORMED);
  assert_string_equal(r.field, "cheap_server_count");
  ox_writer w;
  ox_writer_init(&w, NULL, 100);
  response = (ox_open_folder_response){.is_ghosted = true, .cheap_server_count = 1};
  ox_open_folder_response_encode(&w, &response);
  assert_int_equal(ox_writer_status(&w), OX_E_USAGE);
  ox_writer_dispose(&w);
  ox_arena_dispose(&arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rop_request__round_trips),
      cmocka_unit_test(test_rop_response__round_trips),
      cmocka_unit_test(test_nspi_body__round_trips),
      cmocka_unit_test(test_rop_info__is_sorted_and_complete),
      cmocka_unit_test(test_decode__fails_cleanly_when_memory_runs_out),
      cmocka_unit_test(test_decode__names_field_offset_and_section),
      cmocka_unit_test(test_decode__refuses_more_cheap_servers_than_servers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
