/* Hostile input: every byte of every message in turn made large, and one more or less, which covers
 * each count and each length; nests as deep as the input allows. Whatever comes of it, the memory
 * that decoding takes stays below OX_DECODE_EXPANSION_MAX times the input. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <oxkit/ropcodec/restriction.h>
#include <oxkit/ropcodec/rows.h>
#include <oxkit/ropcodec/ruleaction.h>

#include "codecs.h"
#include "random_wire.h"

enum { ROUNDS = 2, TAIL_BYTES = 6000, MESSAGE_MAX_BYTES = 1 << 20, NEST_MAX = 3000 };

/* An allocator that knows how much is allocated. */
typedef struct counting {
  size_t live_bytes, peak_bytes;
} counting;

enum { HEADER_BYTES = 16 };

static void *count_malloc(size_t size, void *user) {
  counting *c = user;
  uint8_t *block = malloc(HEADER_BYTES + size);
  if (block == NULL) return NULL;
  memcpy(block, &size, sizeof size);
  c->live_bytes += size;
  if (c->live_bytes > c->peak_bytes) c->peak_bytes = c->live_bytes;
  return block + HEADER_BYTES;
}

static void *count_calloc(size_t count, size_t size, void *user) {
  void *block = count_malloc(count * size, user);
  if (block != NULL) memset(block, 0, count * size);
  return block;
}

static void count_free(void *block, void *user) {
  counting *c = user;
  if (block == NULL) return;
  size_t size;
  memcpy(&size, (uint8_t *)block - HEADER_BYTES, sizeof size);
  c->live_bytes -= size;
  free((uint8_t *)block - HEADER_BYTES);
}

static void *count_realloc(void *block, size_t size, void *user) {
  void *larger = count_malloc(size, user);
  if (block != NULL && larger != NULL) {
    size_t old;
    memcpy(&old, (uint8_t *)block - HEADER_BYTES, sizeof old);
    memcpy(larger, block, old < size ? old : size);
    count_free(block, user);
  }
  return larger;
}

static double worst_factor;
static char worst[100];

/* What a decoder took for `size` bytes of input. */
static void check_bound(const char *what, const counting *c, size_t size) {
  size_t over = c->peak_bytes > OX_DECODE_FIXED_BYTES ? c->peak_bytes - OX_DECODE_FIXED_BYTES : 0;
  if (over > OX_DECODE_EXPANSION_MAX * size) {
    fail_msg("%s: %zu bytes of memory for %zu bytes of input", what, c->peak_bytes, size);
  }
  if (size == 0 || (double)over / (double)size <= worst_factor) return;
  worst_factor = (double)over / (double)size;
  snprintf(worst, sizeof worst, "%s", what);
}

/* Decoders behind one signature. */
typedef ox_status (*decoder)(const void *user, ox_reader *r, ox_arena *arena);

static ox_status run(const char *what, decoder decode, const void *user, const uint8_t *data,
                     size_t size) {
  counting c = {0, 0};
  ox_allocator allocator = {count_malloc, count_calloc, count_realloc, count_free, &c};
  ox_arena arena;
  ox_arena_init(&arena, &allocator, 0);
  uint8_t *exact = malloc(size != 0 ? size : 1); /* so that a read past the end is found */
  assert_non_null(exact);
  if (size != 0) memcpy(exact, data, size);
  ox_reader r;
  ox_reader_init(&r, exact, size);
  ox_status status = decode(user, &r, &arena);
  if (status != OX_OK) assert_true(r.fail_position <= size);
  check_bound(what, &c, size);
  ox_arena_dispose(&arena);
  assert_int_equal(c.live_bytes, 0);
  free(exact);
  return status;
}

/* Counts and lengths as large as they can be said, and as the bytes behind them could almost, or
 * just, hold; one more and one less. */
static void mutate(const char *what, decoder decode, const void *user, uint8_t *data, size_t size,
                   size_t size_with_tail) {
  static const uint32_t values[] = {0xFFFFFFFF,     0x7FFFFFFF,     TAIL_BYTES,     TAIL_BYTES / 2,
                                    TAIL_BYTES / 3, TAIL_BYTES / 4, TAIL_BYTES / 8, 200};
  for (size_t at = 0; at < size; at++) {
    uint8_t kept[4];
    memcpy(kept, data + at, sizeof kept);
    for (size_t width = 1; width <= sizeof kept; width *= 2) {
      for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        for (size_t k = 0; k < width; k++) data[at + k] = (uint8_t)(values[i] >> 8 * k);
        run(what, decode, user, data, size_with_tail);
        if (i == 0) run(what, decode, user, data, size);
        memcpy(data + at, kept, sizeof kept);
      }
    }
    data[at]++;
    run(what, decode, user, data, size);
    data[at] = (uint8_t)(kept[0] - 1);
    run(what, decode, user, data, size);
    data[at] = kept[0];
  }
}

/* Messages. */

static const ox_proptag columns[] = {
    OX_PROPTAG(0x0037, OX_PTYP_STRING),      OX_PROPTAG(0x0E08, OX_PTYP_INTEGER32),
    OX_PROPTAG(0x0FF9, OX_PTYP_BINARY),      OX_PROPTAG(0x1001, OX_PTYP_MULTIPLE_STRING),
    OX_PROPTAG(0x3007, OX_PTYP_UNSPECIFIED), OX_PROPTAG(0x6680, OX_PTYP_RULE_ACTION),
};
static const ox_wire_context context = {columns, 4, false};

static ox_status decode_codec(const void *user, ox_reader *r, ox_arena *arena) {
  const codec *c = user;
  static union {
    ox_rop_request request;
    ox_rop_response response;
    uint8_t body[4096];
  } out;
  return c->decode(r, arena, &context, &out);
}

static void mutate_codec(const codec *c, uint8_t rop_id) {
  for (unsigned round = 0; round < ROUNDS; round++) {
    ox_arena arena;
    ox_arena_init(&arena, NULL, 0);
    random_wire random = {.state = 0xD1342543DE82EF95u * (round + 1) + rop_id,
                          .arena = &arena,
                          .context = context,
                          .is_rop = c->structure->rop_id >= 0};
    uint8_t *value = calloc(1, c->size_bytes);
    assert_non_null(value);
    value[0] = rop_id;
    random_struct(&random, c->structure, value + c->offset);
    ox_writer w;
    ox_writer_init(&w, NULL, MESSAGE_MAX_BYTES);
    c->encode(&w, value);
    size_t size = w.size_bytes;
    /* What many counts and lengths may claim: the least of most elements is zeros. */
    ox_write_zeros(&w, TAIL_BYTES);
    assert_int_equal(w.status, OX_OK);
    mutate(c->structure->name, decode_codec, c, w.data, size, w.size_bytes);
    ox_writer_dispose(&w);
    free(value);
    ox_arena_dispose(&arena);
  }
}

static void test_rops__keep_memory_in_proportion(void **state) {
  (void)state;
  size_t count;
  const ox_rop_info *table = ox_rop_info_table(&count);
  for (size_t i = 0; i < count; i++) {
    if (table[i].request != NULL) {
      codec c = codec_of_request(table[i].request);
      mutate_codec(&c, table[i].rop_id);
    }
    if (table[i].response != NULL) {
      codec c = codec_of_response(table[i].response);
      mutate_codec(&c, table[i].rop_id);
    }
  }
}

static void test_nspi_bodies__keep_memory_in_proportion(void **state) {
  (void)state;
  for (size_t i = 0; i < nspi_codec_count; i++) mutate_codec(&nspi_codecs[i], 0);
}

/* Nests: `open` bytes again and again, and nothing or a whole inside. */

static ox_status decode_restriction16(const void *user, ox_reader *r, ox_arena *arena) {
  (void)user;
  ox_restriction out;
  return ox_restriction_decode(r, arena, OX_COUNT_16, &out);
}

static ox_status decode_restriction32(const void *user, ox_reader *r, ox_arena *arena) {
  (void)user;
  ox_restriction out;
  return ox_restriction_decode(r, arena, OX_COUNT_32, &out);
}

static ox_status decode_actions16(const void *user, ox_reader *r, ox_arena *arena) {
  (void)user;
  ox_rule_actions out;
  return ox_rule_actions_decode(r, arena, OX_COUNT_16, &out);
}

static ox_status decode_actions32(const void *user, ox_reader *r, ox_arena *arena) {
  (void)user;
  ox_rule_actions out;
  return ox_rule_actions_decode(r, arena, OX_COUNT_32, &out);
}

static ox_status decode_value(const void *user, ox_reader *r, ox_arena *arena) {
  (void)user;
  ox_property out;
  return ox_property_decode(r, arena, OX_COUNT_16, &out);
}

static ox_status decode_request(const void *user, ox_reader *r, ox_arena *arena) {
  (void)user;
  static ox_rop_request out;
  return ox_rop_request_decode(r, arena, NULL, &out);
}

static ox_status decode_row(const void *user, ox_reader *r, ox_arena *arena) {
  (void)user;
  ox_property out[2];
  static const ox_proptag nested[2] = {OX_PROPTAG(0x6680, OX_PTYP_RULE_ACTION),
                                       OX_PROPTAG(0x6679, OX_PTYP_RESTRICTION)};
  return ox_property_row_decode(r, arena, nested, 2, OX_COUNT_16, out);
}

static ox_status skip_rows(const void *user, ox_reader *r, ox_arena *arena) {
  (void)user;
  (void)arena;
  static const ox_proptag nested[2] = {OX_PROPTAG(0x6680, OX_PTYP_RULE_ACTION),
                                       OX_PROPTAG(0x6679, OX_PTYP_RESTRICTION)};
  (void)ox_read_rows(r, nested, 2, 1);
  return ox_reader_status(r, NULL);
}

static void test_nests__end_at_the_depth_limit(void **state) {
  (void)state;
  static const struct {
    const char *what, *head, *open, *inside;
    size_t head_bytes, open_bytes, inside_bytes;
    decoder decode;
    unsigned per_level; /* levels of the reader that one `open` takes */
  } nests[] = {
      {"not", "", "\x02", "\x08\x1F\x00\x37\x00", 0, 1, 5, decode_restriction16, 1},
      {"and", "", "\x00\x01\x00", "\x00\x00\x00", 0, 3, 3, decode_restriction16, 1},
      {"or 32", "", "\x01\x01\x00\x00\x00", "\x01\x00\x00\x00\x00", 0, 5, 5, decode_restriction32,
       1},
      {"subobject", "", "\x09\x0D\x00\x12\x0E", "\x00\x00\x00", 0, 5, 3, decode_restriction16, 1},
      {"comment", "", "\x0A\x00\x01", "\x00\x00\x00", 0, 3, 3, decode_restriction16, 1},
      {"count", "", "\x0B\x01\x00\x00\x00", "\x00\x00\x00", 0, 5, 3, decode_restriction16, 1},
      /* A property of a comment that is a restriction. */
      {"value", "", "\x0A\x01\xFD\x00\x79\x66", "\x0A\x00\x00", 0, 6, 3, decode_restriction16, 1},
      {"tagged value", "\xFD\x00\x79\x66", "\x02", "\x00\x00\x00", 4, 1, 3, decode_value, 1},
      /* RopRestrict, whose restriction stands behind its size. */
      {"rop", "\x14\x00\x00\x00\xFF\x7F", "\x02", "", 6, 1, 0, decode_request, 1},
      {"row", "\x00\x00\x00", "\x02", "\x00\x00\x00", 3, 1, 3, decode_row, 1},
      {"skipped row", "\x00\x00\x00", "\x02", "\x00\x00\x00", 3, 1, 3, skip_rows, 1},
  };
  uint8_t *data = malloc(64 + NEST_MAX * 8);
  assert_non_null(data);
  for (size_t i = 0; i < sizeof nests / sizeof nests[0]; i++) {
    bool is_bomb = nests[i].inside_bytes == 0;
    bool was_limited = false;
    for (unsigned depth = is_bomb ? NEST_MAX : 0; depth <= NEST_MAX;
         depth = depth < 70 ? depth + 1 : depth * 2) {
      size_t size = nests[i].head_bytes;
      memcpy(data, nests[i].head, size);
      for (unsigned k = 0; k < depth; k++, size += nests[i].open_bytes)
        memcpy(data + size, nests[i].open, nests[i].open_bytes);
      memcpy(data + size, nests[i].inside, nests[i].inside_bytes);
      size += nests[i].inside_bytes;
      /* A comment that holds values ends with "no restriction" at each level. */
      if (strcmp(nests[i].what, "value") == 0) {
        memset(data + size, 0, depth);
        size += depth;
      }
      if (is_bomb) memcpy(data + 4, "\xB8\x0B", 2); /* 3,000 */
      ox_status status = run(nests[i].what, nests[i].decode, NULL, data, size);
      bool fits = (depth + 1) * nests[i].per_level <= OX_READER_DEPTH_MAX;
      if (status != (fits ? OX_OK : OX_E_LIMIT))
        fail_msg("%s, %u levels: status %x", nests[i].what, depth, status);
      was_limited = was_limited || status == OX_E_LIMIT;
    }
    assert_true(was_limited);
  }
  free(data);
}

/* Rule actions in rule actions: OP_TAG whose property is a rule action again. */
static size_t nest_actions(uint8_t *data, unsigned depth, unsigned width) {
  size_t n = 0;
  for (unsigned i = depth; i-- > 0;) {
    /* NoOfActions, ActionLength, type, flavor, flags, tag; what is inside follows. */
    size_t inside = width + (size_t)i * (2 * width + 13);
    uint32_t length = (uint32_t)(13 + inside);
    memset(data + n, 0, 2 * width + 13);
    data[n] = 1;
    for (unsigned k = 0; k < width; k++) data[n + width + k] = (uint8_t)(length >> 8 * k);
    data[n + 2 * width] = OX_ACTION_TAG;
    memcpy(data + n + 2 * width + 9, "\xFE\x00\x80\x66", 4);
    n += 2 * width + 13;
  }
  memset(data + n, 0, width); /* no actions */
  return n + width;
}

static void test_nested_actions__end_at_the_depth_limit(void **state) {
  (void)state;
  static const struct {
    unsigned width;
    decoder decode;
  } widths[] = {{2, decode_actions16}, {4, decode_actions32}};
  uint8_t *data = malloc(NEST_MAX * 32);
  assert_non_null(data);
  for (size_t i = 0; i < 2; i++) {
    for (unsigned depth = 0; depth <= NEST_MAX; depth = depth < 70 ? depth + 1 : depth * 2) {
      size_t size = nest_actions(data, depth, widths[i].width);
      if (widths[i].width == 2 && size > 0xFFFF) break;
      ox_status status = run("actions", widths[i].decode, NULL, data, size);
      assert_int_equal(status, depth + 1 <= OX_READER_DEPTH_MAX ? OX_OK : OX_E_LIMIT);
    }
  }
  free(data);
}

/* A count that is claimed at every level of a nest: each is checked against bytes that the others
 * claim too. */
static void test_claims__do_not_add_up(void **state) {
  (void)state;
  static const struct {
    const char *what, *open;
    size_t open_bytes;
    decoder decode;
  } claims[] = {
      {"and", "\x00\xFF\x03", 3, decode_restriction16},
      {"comment", "\x0A\xFF\xFD\x00\x79\x66", 6, decode_restriction16},
      {"or 32", "\x01\x00\x04\x00\x00", 5, decode_restriction32},
      {"actions", "\x40\x00\xFF\x01\x09\x00\x00\x00\x00\x00\x00\x00\x00\xFE\x00\x80\x66", 17,
       decode_actions16},
      /* OP_FORWARD to many, the first of whom has many properties, the first of which ... */
      {"recipients",
       "\x20\x00\xFF\x01\x07\x00\x00\x00\x00\x00\x00\x00\x00\x40\x00\x01\x40\x00\xFE\x00\x80\x66",
       22, decode_actions16},
  };
  enum { CLAIM_BYTES = 8192 };
  static uint8_t data[CLAIM_BYTES];
  for (size_t i = 0; i < sizeof claims / sizeof claims[0]; i++) {
    for (size_t size = 64; size <= CLAIM_BYTES; size *= 2) {
      for (size_t at = 0; at < size; at++)
        data[at] = (uint8_t)claims[i].open[at % claims[i].open_bytes];
      run(claims[i].what, claims[i].decode, NULL, data, size);
    }
  }
}

/* Many of what is smallest on the wire, side by side. */
static void test_width__keeps_memory_in_proportion(void **state) {
  (void)state;
  static const struct {
    const char *what, *head, *element;
    size_t head_bytes, count_at, count_bytes, element_bytes;
    decoder decode;
  } shapes[] = {
      {"and of ands", "\x00\x00\x00", "\x00\x00\x00", 3, 1, 2, 3, decode_restriction16},
      {"and of ands 32", "\x00\x00\x00\x00\x00", "\x01\x00\x00\x00\x00", 5, 1, 4, 5,
       decode_restriction32},
      {"comment of nulls", "\x0A\x00", "\x01\x00\x00\x00", 2, 1, 1, 4, decode_restriction16},
      {"many texts", "\x1E\x10\x01\x66\x00\x00\x00\x00", "", 8, 4, 4, 1, decode_value},
      {"many binaries", "\x02\x11\x01\x66\x00\x00\x00\x00", "\x00\x00", 8, 4, 4, 2, decode_value},
      {"deletes", "\x00\x00", "\x09\x00\x0A\x00\x00\x00\x00\x00\x00\x00\x00", 2, 0, 2, 11,
       decode_actions16},
  };
  static uint8_t data[0x10000];
  for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
    for (uint32_t count = 1; count * shapes[i].element_bytes < sizeof data - 16;
         count = count < 20       ? count + 1
                 : count % 2 == 0 ? count + 1
                                  : count * 2 - 2) {
      if (count >= (uint64_t)1 << 8 * shapes[i].count_bytes) break;
      size_t size = shapes[i].head_bytes;
      memcpy(data, shapes[i].head, size);
      for (size_t k = 0; k < shapes[i].count_bytes; k++)
        data[shapes[i].count_at + k] = (uint8_t)(count >> 8 * k);
      for (uint32_t k = 0; k < count; k++, size += shapes[i].element_bytes)
        memcpy(data + size, shapes[i].element, shapes[i].element_bytes);
      if (shapes[i].count_bytes == 1) data[size++] = 0; /* no restriction in the comment */
      assert_int_equal(run(shapes[i].what, shapes[i].decode, NULL, data, size), OX_OK);
    }
  }
}

static void test_worst_factor__is_said(void **state) {
  (void)state;
  print_message("memory was at most %.1f times the input (%s), and %u bytes\n", worst_factor, worst,
                (unsigned)OX_DECODE_FIXED_BYTES);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rops__keep_memory_in_proportion),
      cmocka_unit_test(test_nspi_bodies__keep_memory_in_proportion),
      cmocka_unit_test(test_nests__end_at_the_depth_limit),
      cmocka_unit_test(test_nested_actions__end_at_the_depth_limit),
      cmocka_unit_test(test_claims__do_not_add_up),
      cmocka_unit_test(test_width__keeps_memory_in_proportion),
      cmocka_unit_test(test_worst_factor__is_said),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
