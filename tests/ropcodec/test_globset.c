/* Sets of ranges against a bitmap, and GLOBSET on the wire. Numbers like R205 are requirements of
 * [MS-OXCFXICS]. */
#include "../support/testing.h"

#include <oxkit/ropcodec/globset.h>

/* A set written as "1-3 5 7-9". */
static ox_globset set_of(const char *text) {
  ox_globset set;
  ox_globset_init(&set, NULL);
  while (*text != 0) {
    char *end;
    uint64_t low = strtoull(text, &end, 0), high = low;
    if (*end == '-') high = strtoull(end + 1, &end, 0);
    assert_int_equal(ox_globset_add(&set, low, high), OX_OK);
    text = *end == ' ' ? end + 1 : end;
  }
  return set;
}

static ox_bytes encoded(ox_arena *arena, const ox_globset *set) {
  ox_writer w;
  ox_writer_init(&w, NULL, 1 << 20);
  ox_globset_encode(&w, set);
  assert_int_equal(ox_writer_status(&w), OX_OK);
  ox_bytes bytes = {ox_arena_copy(arena, w.data, w.size_bytes), w.size_bytes};
  assert_non_null(bytes.data);
  ox_writer_dispose(&w);
  return bytes;
}

static ox_globset decoded(ox_arena *arena, ox_bytes bytes) {
  ox_reader r;
  ox_globset set;
  ox_reader_init(&r, bytes.data, bytes.size_bytes);
  assert_int_equal(ox_globset_decode(&r, arena, &set), OX_OK);
  assert_int_equal(ox_reader_finish(&r, NULL), OX_OK);
  return set;
}

/* Sets and the bytes that we write for them. */
static const struct {
  const char *set;
  const char *hex;
} encodings[] = {
    /* R3379: low-order bytes {0x01-0x03, 0x05-0x05, 0x07-0x09} behind five common bytes. */
    {"0x0A01-0x0A03 0x0A05 0x0A07-0x0A09", "05 00 00 00 00 0A 42 01 EB 50 00"},
    {"", "00"},
    /* R1957 to R1960: a single id is all six bytes, without a Pop. */
    {"0x123456789ABC", "06 12 34 56 78 9A BC 00"},
    {"0", "06 00 00 00 00 00 00 00"},
    {"0xFFFFFFFFFFFF", "06 FF FF FF FF FF FF 00"},
    /* R1983: what low and high have in common is pushed. */
    {"1-0x1234", "04 00 00 00 00 52 00 01 12 34 50 00"},
    {"0x100-0x1FF", "05 00 00 00 00 01 52 00 FF 50 00"},
    {"0-0xFFFFFFFFFFFF", "52 00 00 00 00 00 00 FF FF FF FF FF FF 00"},
    /* One byte in common costs as much as it saves, and a byte more. */
    {"0x010000000000-0x01FF00000000", "52 01 00 00 00 00 00 01 FF 00 00 00 00 00"},
    /* Two cost as much, too, and are pushed. */
    {"0x010200000000-0x0102FF000000", "02 01 02 52 00 00 00 00 FF 00 00 00 50 00"},
    /* Ids near each other on two sides of a border have one byte in common here. */
    {"0x0100FE 0x010100 0x020000 0x030000",
     "03 00 00 00 03 01 00 FE 03 01 01 00 03 02 00 00 03 03 00 00 50 00"},
    /* R3377: two high-order bytes that all have in common. */
    {"0x0A0B00000000 0x0A0B01000000 0x0A0B02000000-0x0A0B02FFFFFF",
     "02 0A 0B 04 00 00 00 00 04 01 00 00 00 52 02 00 00 00 02 FF FF FF 50 00"},
    /* R205: five ranges, the most that one Bitmask holds; the ninth value is the last. */
    {"1 3 5 7 9", "05 00 00 00 00 00 42 01 AA 50 00"},
    {"1 3 5 7 10", "05 00 00 00 00 00 42 01 2A 01 0A 50 00"},
    /* Up to the last low-order byte, and not beyond it. */
    {"0xF7 0xFF", "05 00 00 00 00 00 42 F7 80 50 00"},
    {"0xFE 0x100", "04 00 00 00 00 02 00 FE 02 01 00 50 00"},
    /* R1981: a range of more than nine values is no Bitmask. */
    {"1-10 12", "05 00 00 00 00 00 52 01 0A 01 0C 50 00"},
    /* R1963, R1964: a stack of several Pushes, R1989: all popped before the End. */
    {"0x0101 0x0103 0x0201 0x0203 0x010000 0x010002",
     "03 00 00 00  01 00  01 01 42 01 02 50  01 02 42 01 02 50  50  02 01 00 42 00 02 50  50 00"},
};

static void test_globset__is_written_as_specified(void **state) {
  for (size_t i = 0; i < sizeof encodings / sizeof encodings[0]; i++) {
    ox_globset set = set_of(encodings[i].set);
    ox_bytes bytes = encoded(*state, &set);
    if (!ox_bytes_equal(bytes, from_hex(*state, encodings[i].hex))) {
      fail_msg("%s is not written as %s", encodings[i].set, encodings[i].hex);
    }
    ox_globset back = decoded(*state, bytes);
    assert_true(ox_globset_equal(&set, &back));
    ox_globset_dispose(&set);
  }
}

static void test_globset__writes_no_other_ranges(void **state) {
  (void)state;
  static ox_globcnt_range wrong[][2] = {
      {{2, 1}, {5, 5}}, {{1, 2}, {2, 3}},
      {{1, 2}, {3, 4}}, /* one range */
      {{5, 6}, {1, 2}}, {{1, 2}, {5, OX_GLOBCNT_MAX + 1}},
  };
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    ox_globset set = {wrong[i], 2, 0, NULL};
    ox_writer w;
    ox_writer_init(&w, NULL, 100);
    ox_globset_encode(&w, &set);
    assert_int_equal(ox_writer_status(&w), OX_E_USAGE);
    ox_writer_dispose(&w);
  }
}

/* Bytes that we do not write and others may (R1955). */
static void test_globset__reads_every_choice_of_commands(void **state) {
  static const struct {
    const char *hex;
    const char *set;
  } cases[] = {
      {"52 00 00 00 00 00 05 00 00 00 00 00 05 00", "5"},
      {"06 00 00 00 00 00 05 06 00 00 00 00 00 06 00", "5-6"}, /* adjacent: R1937 */
      {"01 00 01 00 01 00 01 00 01 00 01 07 50 50 50 50 50 00", "7"},
      {"01 00 50 01 01 50 00", ""},
      {"05 00 00 00 00 01 42 05 00 50 00", "0x105"}, /* a Bitmask of one value */
      {"05 00 00 00 00 01 42 05 FF 42 0E FF 52 17 20 50 00", "0x105-0x120"},
      {"05 00 00 00 00 01 42 F7 FF 50 06 00 00 00 00 02 00 00", "0x1F7-0x200"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    ox_globset set = set_of(cases[i].set);
    ox_globset back = decoded(*state, from_hex(*state, cases[i].hex));
    if (!ox_globset_equal(&set, &back)) fail_msg("%s is not %s", cases[i].hex, cases[i].set);
    ox_globset_dispose(&set);
  }
}

#define STACK5 "05 00 00 00 00 00 "

static void test_globset__refuses_what_breaks_the_rules(void **state) {
  static const struct {
    const char *hex;
    unsigned offset;
    const char *field;
    const char *spec;
  } cases[] = {
      /* R3064, R3376: the stack holds six bytes. */
      {STACK5 "02 00 01 00", 6, "Command", "[MS-OXCFXICS] 2.2.2.6.1"},
      {STACK5 "06 00 00 00 00 00 01 00", 6, "Command", "[MS-OXCFXICS] 2.2.2.6.1"},
      {"03 00 00 00 04 00 00 00 01 00", 4, "Command", "[MS-OXCFXICS] 2.2.2.6.1"},
      /* R1966: a Pop needs something to pop. */
      {"50 00", 0, "Command", "[MS-OXCFXICS] 2.2.2.6.2"},
      {"06 00 00 00 00 00 01 50 00", 7, "Command", "[MS-OXCFXICS] 2.2.2.6.2"},
      {"02 00 00 50 50 00", 4, "Command", "[MS-OXCFXICS] 2.2.2.6.2"},
      {STACK5 "01 07 50 50 00", 9, "Command", "[MS-OXCFXICS] 2.2.2.6.2"},
      /* R1970, R2002, R2003: five bytes where a Bitmask stands. */
      {"42 01 01 00", 0, "Command", "[MS-OXCFXICS] 2.2.2.6.3"},
      {"01 00 42 01 01 50 00", 2, "Command", "[MS-OXCFXICS] 2.2.2.6.3"},
      {"04 00 00 00 00 42 01 01 50 00", 5, "Command", "[MS-OXCFXICS] 2.2.2.6.3"},
      {STACK5 "50 42 01 01 00", 7, "Command", "[MS-OXCFXICS] 2.2.2.6.3"},
      /* Its values end with the low-order byte. */
      {STACK5 "42 F8 80 50 00", 6, "Bitmask", "[MS-OXCFXICS] 2.2.2.6.3"},
      {STACK5 "42 FF 01 50 00", 6, "Bitmask", "[MS-OXCFXICS] 2.2.2.6.3"},
      {STACK5 "42 FA 3F 50 00", 6, "Bitmask", "[MS-OXCFXICS] 2.2.2.6.3"},
      /* R214, R217, R3393. */
      {"52 00 00 00 00 00 02 00 00 00 00 00 01 00", 0, "HighValue", "[MS-OXCFXICS] 2.2.2.6.4"},
      {STACK5 "52 02 01 50 00", 6, "HighValue", "[MS-OXCFXICS] 2.2.2.6.4"},
      /* R1992: an End needs an empty stack. */
      {"01 00 00", 2, "Command", "[MS-OXCFXICS] 2.2.2.6.5"},
      {STACK5 "01 07 00", 8, "Command", "[MS-OXCFXICS] 2.2.2.6.5"},
      {"01 00 01 00 50 00", 5, "Command", "[MS-OXCFXICS] 2.2.2.6.5"},
      /* R1936: from the lowest to the highest, without duplicates. */
      {STACK5 "01 02 01 01 50 00", 8, "GLOBCNT", "[MS-OXCFXICS] 3.1.5.4.1"},
      {STACK5 "01 02 01 02 50 00", 8, "GLOBCNT", "[MS-OXCFXICS] 3.1.5.4.1"},
      {STACK5 "52 01 05 52 05 06 50 00", 9, "GLOBCNT", "[MS-OXCFXICS] 3.1.5.4.1"},
      {STACK5 "42 01 03 42 03 01 50 00", 9, "GLOBCNT", "[MS-OXCFXICS] 3.1.5.4.1"},
      {STACK5 "01 02 50 06 00 00 00 00 00 01 00", 9, "GLOBCNT", "[MS-OXCFXICS] 3.1.5.4.1"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    ox_bytes bytes = from_hex(*state, cases[i].hex);
    ox_reader r;
    ox_globset set;
    ox_error err = {0};
    ox_reader_init(&r, bytes.data, bytes.size_bytes);
    if (ox_globset_decode(&r, *state, &set) != OX_E_MALFORMED) fail_msg("%s", cases[i].hex);
    assert_int_equal(ox_reader_status(&r, &err), OX_E_MALFORMED);
    if (err.offset != cases[i].offset || strcmp(err.field, cases[i].field) != 0 ||
        strcmp(err.spec, cases[i].spec) != 0) {
      fail_msg("%s: %s at %u, %s", cases[i].hex, err.field, (unsigned)err.offset, err.spec);
    }
    assert_int_equal(set.count, 0);
  }
}

/* R3391: the commands are those of 2.2.2.6 and no others. */
static void test_globset__refuses_unknown_commands(void **state) {
  for (unsigned command = 7; command <= 0xFF; command++) {
    if (command == 0x42 || command == 0x50 || command == 0x52) continue;
    uint8_t bytes[20] = {6, 0, 0, 0, 0, 0, 1, (uint8_t)command};
    ox_reader r;
    ox_globset set;
    ox_error err = {0};
    ox_reader_init(&r, bytes, sizeof bytes);
    assert_int_equal(ox_globset_decode(&r, *state, &set), OX_E_MALFORMED);
    assert_int_equal(ox_reader_status(&r, &err), OX_E_MALFORMED);
    assert_int_equal(err.offset, 7);
    assert_string_equal(err.field, "Command");
    assert_string_equal(err.spec, "[MS-OXCFXICS] 2.2.2.6");
  }
}

static void test_globset__is_truncated_at_every_byte(void **state) {
  ox_bytes all = from_hex(*state, STACK5
                          "42 01 03 01 20 52 30 40 50 04 00 00 00 01 "
                          "52 00 00 00 01 50 00");
  static const char *const fields[] = {
      "Command",     "CommonBytes",   "CommonBytes", "CommonBytes", "CommonBytes", "CommonBytes",
      "Command",     "StartingValue", "Bitmask",     "Command",     "CommonBytes", "Command",
      "LowValue",    "HighValue",     "Command",     "Command",     "CommonBytes", "CommonBytes",
      "CommonBytes", "CommonBytes",   "Command",     "LowValue",    "LowValue",    "HighValue",
      "HighValue",   "Command",       "Command"};
  assert_int_equal(all.size_bytes, sizeof fields / sizeof fields[0]);
  for (size_t size = 0; size < all.size_bytes; size++) {
    ox_reader r, part;
    ox_globset set;
    ox_error err = {0};
    ox_reader_init(&r, all.data, size);
    assert_int_equal(ox_globset_decode(&r, *state, &set), OX_E_TRUNCATED);
    assert_int_equal(ox_reader_status(&r, &err), OX_E_TRUNCATED);
    assert_string_equal(err.field, fields[size]);
    assert_non_null(err.spec);
    assert_int_equal(set.count, 0);
    ox_reader_init(&r, all.data, all.size_bytes);
    ox_reader_part(&r, size, &part); /* in a part it is malformed */
    assert_int_equal(ox_globset_decode(&part, *state, &set), OX_E_MALFORMED);
  }
  ox_globset set = decoded(*state, all);
  assert_int_equal(set.count, 4);
}

/* What follows the End is not the set's. */
static void test_globset__ends_where_it_ends(void **state) {
  ox_bytes bytes = from_hex(*state, STACK5 "01 07 50 00 00");
  ox_reader r;
  ox_globset set;
  ox_reader_init(&r, bytes.data, bytes.size_bytes);
  assert_int_equal(ox_globset_decode(&r, *state, &set), OX_OK);
  assert_int_equal(ox_reader_remaining(&r), 1);
}

/* The most ranges that bytes can make: five in three bytes. */
static void test_globset__takes_no_more_memory_than_promised(void **state) {
  enum { PREFIXES = 2000, BITMASKS = 25, SIZE = PREFIXES * (6 + 3 * BITMASKS + 1) + 1 };
  uint8_t *bytes = ox_arena_calloc(*state, SIZE, 1), *at = bytes;
  assert_non_null(bytes);
  for (unsigned p = 0; p < PREFIXES; p++) {
    uint8_t push[] = {5, 0, 0, 0, (uint8_t)(p >> 8), (uint8_t)p};
    memcpy(at, push, sizeof push);
    at += sizeof push;
    for (unsigned i = 0; i < BITMASKS; i++) {
      *at++ = 0x42;
      *at++ = (uint8_t)(10 * i);
      *at++ = 0xAA;
    }
    *at++ = 0x50;
  }
  *at++ = 0;
  assert_int_equal(at - bytes, SIZE);
  ox_arena arena;
  ox_arena_init(&arena, NULL, (size_t)27 * SIZE);
  ox_bytes all = {bytes, SIZE};
  ox_globset set = decoded(&arena, all);
  assert_int_equal(set.count, PREFIXES * BITMASKS * 5);
  ox_arena_dispose(&arena);
}

/* Against a bitmap. Its ids lie on both sides of a border between prefixes. */

enum { MODEL_IDS = 1200 };
#define MODEL_BASE UINT64_C(0x0000FFFFFE00)

typedef struct model {
  bool has[MODEL_IDS];
} model;

static uint32_t next_random(uint32_t *state) {
  *state ^= *state << 13;
  *state ^= *state >> 17;
  *state ^= *state << 5;
  return *state;
}

static void assert_is_model(const ox_globset *set, const model *m) {
  size_t at = 0;
  uint64_t count = 0;
  for (unsigned i = 0; i < MODEL_IDS; i++) {
    if (m->has[i]) count++;
    if (!m->has[i] || (i != 0 && m->has[i - 1])) continue;
    unsigned high = i;
    while (high + 1 < MODEL_IDS && m->has[high + 1]) high++;
    assert_true(at < set->count);
    assert_true(set->ranges[at].low == MODEL_BASE + i);
    assert_true(set->ranges[at].high == MODEL_BASE + high);
    at++;
  }
  assert_int_equal(at, set->count);
  assert_true(ox_globset_id_count(set) == count);
}

static void assert_algebra(ox_arena *arena, const ox_globset *a, const model *ma,
                           const ox_globset *b, const model *mb) {
  model either, both, first, none;
  bool includes = true, equal = true;
  for (unsigned i = 0; i < MODEL_IDS; i++) {
    either.has[i] = ma->has[i] || mb->has[i];
    both.has[i] = ma->has[i] && mb->has[i];
    first.has[i] = ma->has[i] && !mb->has[i];
    none.has[i] = !ma->has[i];
    if (mb->has[i] && !ma->has[i]) includes = false;
    if (mb->has[i] != ma->has[i]) equal = false;
    assert_int_equal(ox_globset_contains(a, MODEL_BASE + i), ma->has[i]);
  }
  assert_int_equal(ox_globset_includes(a, b), includes);
  assert_int_equal(ox_globset_equal(a, b), equal);
  ox_globset out;
  ox_globset_init(&out, NULL);
  assert_int_equal(ox_globset_union(a, b, &out), OX_OK);
  assert_is_model(&out, &either);
  assert_true(ox_globset_includes(&out, a) && ox_globset_includes(&out, b));
  assert_int_equal(ox_globset_intersection(a, b, &out), OX_OK);
  assert_is_model(&out, &both);
  assert_true(ox_globset_includes(a, &out) && ox_globset_includes(b, &out));
  assert_int_equal(ox_globset_difference(a, b, &out), OX_OK);
  assert_is_model(&out, &first);
  assert_int_equal(ox_globset_complement(a, MODEL_BASE, MODEL_BASE + MODEL_IDS - 1, &out), OX_OK);
  assert_is_model(&out, &none);
  /* The result may replace an operand. */
  assert_int_equal(ox_globset_copy(a, &out), OX_OK);
  assert_int_equal(ox_globset_union(&out, b, &out), OX_OK);
  assert_is_model(&out, &either);
  assert_int_equal(ox_globset_difference(a, &out, &out), OX_OK);
  assert_int_equal(out.count, 0);
  ox_globset_dispose(&out);
  ox_globset back = decoded(arena, encoded(arena, a));
  assert_is_model(&back, ma);
}

static void change(ox_globset *set, model *m, uint32_t *seed) {
  unsigned low = next_random(seed) % MODEL_IDS, length = next_random(seed) % 4;
  if (next_random(seed) % 8 == 0) length = next_random(seed) % 200;
  unsigned high = low + length < MODEL_IDS ? low + length : MODEL_IDS - 1;
  bool add = next_random(seed) % 5 < 3;
  assert_int_equal(add ? ox_globset_add(set, MODEL_BASE + low, MODEL_BASE + high)
                       : ox_globset_remove(set, MODEL_BASE + low, MODEL_BASE + high),
                   OX_OK);
  for (unsigned i = low; i <= high; i++) m->has[i] = add;
}

static void test_globset__is_a_bitmap(void **state) {
  ox_arena *arena = *state;
  static model ma, mb;
  ox_globset a, b;
  ox_globset_init(&a, NULL);
  ox_globset_init(&b, NULL);
  uint32_t seed = 20260528;
  for (unsigned step = 0; step < 3000; step++) {
    change(&a, &ma, &seed);
    change(&b, &mb, &seed);
    assert_is_model(&a, &ma);
    assert_is_model(&b, &mb);
    if (step % 8 == 0) {
      assert_algebra(arena, &a, &ma, &b, &mb);
      ox_arena_reset(arena);
    }
    if (step % 500 == 499) {
      ox_globset_dispose(&b);
      memset(&mb, 0, sizeof mb);
    }
  }
  ox_globset_dispose(&a);
  ox_globset_dispose(&b);
}

/* A decoded set is changed where it stands, and moves when it needs room. */
static void test_globset__changes_what_was_decoded(void **state) {
  static model m;
  memset(&m, 0, sizeof m);
  uint32_t seed = 7;
  ox_globset set;
  ox_globset_init(&set, NULL);
  for (unsigned step = 0; step < 400; step++) {
    change(&set, &m, &seed);
    ox_globset back = decoded(*state, encoded(*state, &set));
    assert_int_equal(back.capacity, 0);
    ox_globset_dispose(&set);
    set = back;
    change(&set, &m, &seed);
    assert_is_model(&set, &m);
  }
  ox_globset_dispose(&set);
}

/* Commands that another encoder might choose for a set: any number of bytes pushed, a range in
 * pieces, Bitmasks of any number of values. */

typedef struct chooser {
  uint8_t *at;
  uint32_t seed;
} chooser;

static unsigned shared_bytes(uint64_t a, uint64_t b) {
  unsigned n = 0;
  while (n < 6 && (a >> 8 * (5 - n)) == (b >> 8 * (5 - n))) n++;
  return n;
}

static void choose_bytes(chooser *c, uint64_t id, unsigned depth, unsigned n) {
  for (unsigned i = depth; i < depth + n; i++) *c->at++ = (uint8_t)(id >> 8 * (5 - i));
}

static bool choose_bitmask(chooser *c, const ox_globset *set, uint64_t from, uint64_t *next_out) {
  if (next_random(&c->seed) % 2 == 0) return false;
  unsigned bits = 0, last = 0;
  for (unsigned i = 1; i <= 8 && (from & 0xFF) + i <= 0xFF; i++) {
    if (ox_globset_contains(set, from + i)) {
      bits |= 1u << (i - 1);
      last = i;
    } else if (next_random(&c->seed) % 4 == 0) {
      break;
    }
  }
  *c->at++ = 0x42;
  *c->at++ = (uint8_t)from;
  *c->at++ = (uint8_t)bits;
  *next_out = from + last + 1;
  return true;
}

/* Writes the ids of the set from `from` on as long as they have `depth` bytes in common with
 * `prefix`; returns the first that is not written, or OX_GLOBCNT_MAX + 1. */
static uint64_t choose(chooser *c, const ox_globset *set, uint64_t prefix, unsigned depth,
                       uint64_t from) {
  for (;;) {
    size_t at = 0;
    while (at < set->count && set->ranges[at].high < from) at++;
    if (at == set->count) return OX_GLOBCNT_MAX + 1;
    if (from < set->ranges[at].low) from = set->ranges[at].low;
    uint64_t high = set->ranges[at].high;
    if (shared_bytes(prefix, from) < depth || (depth != 0 && next_random(&c->seed) % 9 == 0)) {
      return from;
    }
    if (depth == 5 && choose_bitmask(c, set, from, &from)) continue;
    if (next_random(&c->seed) % 4 == 0) high = from + next_random(&c->seed) % (high - from + 1);
    while (shared_bytes(from, high) < depth) high -= 1;
    unsigned push = next_random(&c->seed) % (shared_bytes(from, high) - depth + 1);
    if (depth + push == 6) {
      *c->at++ = (uint8_t)push;
      choose_bytes(c, from, depth, push);
      from++;
    } else if (push != 0) {
      *c->at++ = (uint8_t)push;
      choose_bytes(c, from, depth, push);
      from = choose(c, set, from, depth + push, from);
      *c->at++ = 0x50;
    } else {
      *c->at++ = 0x52;
      choose_bytes(c, from, depth, 6 - depth);
      choose_bytes(c, high, depth, 6 - depth);
      from = high + 1;
    }
  }
}

static void test_globset__reads_what_others_write(void **state) {
  static model m;
  memset(&m, 0, sizeof m);
  chooser c = {NULL, 99};
  ox_globset set;
  ox_globset_init(&set, NULL);
  uint8_t *bytes = ox_arena_calloc(*state, 1 << 20, 1);
  assert_non_null(bytes);
  for (unsigned step = 0; step < 1500; step++) {
    change(&set, &m, &c.seed);
    c.at = bytes;
    choose(&c, &set, 0, 0, 0);
    *c.at++ = 0;
    ox_bytes all = {bytes, (size_t)(c.at - bytes)};
    ox_arena arena;
    ox_arena_init(&arena, NULL, 0);
    ox_globset back = decoded(&arena, all);
    assert_is_model(&back, &m);
    assert_true(encoded(&arena, &set).size_bytes <= all.size_bytes); /* no choice was shorter */
    ox_arena_dispose(&arena);
  }
  ox_globset_dispose(&set);
}

static void test_globset__refuses_what_is_no_range(void **state) {
  (void)state;
  ox_globset set = set_of("5-10"), out;
  ox_globset_init(&out, NULL);
  assert_int_equal(ox_globset_add(&set, 3, 2), OX_E_USAGE);
  assert_int_equal(ox_globset_add(&set, 1, OX_GLOBCNT_MAX + 1), OX_E_USAGE);
  assert_int_equal(ox_globset_remove(&set, 7, 6), OX_E_USAGE);
  assert_int_equal(ox_globset_remove(&set, 1, UINT64_MAX), OX_E_USAGE);
  assert_int_equal(ox_globset_complement(&set, 2, 1, &out), OX_E_USAGE);
  assert_int_equal(ox_globset_complement(&set, 1, OX_GLOBCNT_MAX + 1, &out), OX_E_USAGE);
  assert_int_equal(set.count, 1);
  assert_false(ox_globset_contains(&set, UINT64_MAX));
  ox_globset_dispose(&set);
}

static void test_globset__reaches_both_ends(void **state) {
  (void)state;
  ox_globset set = set_of("0 0xFFFFFFFFFFFF"), out;
  assert_true(ox_globset_contains(&set, 0) && ox_globset_contains(&set, OX_GLOBCNT_MAX));
  ox_globset_init(&out, NULL);
  assert_int_equal(ox_globset_complement(&set, 0, OX_GLOBCNT_MAX, &out), OX_OK);
  assert_int_equal(out.count, 1);
  assert_true(out.ranges[0].low == 1 && out.ranges[0].high == OX_GLOBCNT_MAX - 1);
  assert_int_equal(ox_globset_union(&set, &out, &out), OX_OK);
  assert_int_equal(out.count, 1);
  assert_true(ox_globset_id_count(&out) == OX_GLOBCNT_MAX + 1);
  assert_int_equal(ox_globset_complement(&out, 0, OX_GLOBCNT_MAX, &out), OX_OK);
  assert_int_equal(out.count, 0);
  ox_globset_dispose(&set);
  ox_globset_dispose(&out);
}

static ox_status build(const ox_allocator *allocator, void *user) {
  const ox_bytes *bytes = user;
  ox_arena arena;
  ox_globset a, b;
  ox_reader r;
  ox_arena_init(&arena, allocator, 0);
  ox_globset_init(&a, allocator);
  ox_reader_init(&r, bytes->data, bytes->size_bytes);
  ox_status status = ox_globset_decode(&r, &arena, &b);
  b.allocator = allocator;
  for (uint64_t id = 1; status == OX_OK && id < 40; id += 2) status = ox_globset_add(&a, id, id);
  if (status == OX_OK) status = ox_globset_add(&b, 1, 1);
  if (status == OX_OK) status = ox_globset_remove(&b, 0x80, 0x80);
  if (status == OX_OK) status = ox_globset_union(&a, &b, &b);
  if (status == OX_OK) status = ox_globset_intersection(&a, &b, &a);
  if (status == OX_OK) status = ox_globset_copy(&a, &b);
  if (status == OX_OK) assert_true(ox_globset_equal(&a, &b) && a.count == 20);
  ox_globset_dispose(&a);
  ox_globset_dispose(&b);
  ox_arena_dispose(&arena);
  return status;
}

static void test_globset__survives_every_failing_allocation(void **state) {
  ox_bytes bytes = from_hex(*state, STACK5 "52 40 90 50 00");
  every_allocation_fails(build, &bytes);
}

/* A failed change leaves the set as it was. */
static void test_globset__is_unchanged_by_failures(void **state) {
  (void)state;
  failing none = {3, 0, false};
  ox_allocator allocator = failing_allocator(&none);
  ox_globset set, before;
  ox_globset_init(&set, &allocator);
  ox_globset_init(&before, NULL);
  uint64_t id = 10;
  while (ox_globset_add(&set, id, id + 5) == OX_OK) id += 10;
  assert_int_equal(set.count, set.capacity);
  assert_int_equal(ox_globset_copy(&set, &before), OX_OK);
  assert_int_equal(ox_globset_remove(&set, 22, 23), OX_E_NO_MEMORY);
  assert_int_equal(ox_globset_add(&set, 7, 7), OX_E_NO_MEMORY);
  assert_int_equal(ox_globset_union(&set, &set, &set), OX_E_NO_MEMORY);
  assert_int_equal(ox_globset_complement(&set, 1, 9, &set), OX_E_NO_MEMORY);
  assert_true(ox_globset_equal(&set, &before));
  ox_globset_dispose(&set);
  ox_globset_dispose(&before);
  assert_int_equal(none.blocks, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      ARENA_TEST(test_globset__is_written_as_specified),
      ARENA_TEST(test_globset__writes_no_other_ranges),
      ARENA_TEST(test_globset__reads_every_choice_of_commands),
      ARENA_TEST(test_globset__refuses_what_breaks_the_rules),
      ARENA_TEST(test_globset__refuses_unknown_commands),
      ARENA_TEST(test_globset__is_truncated_at_every_byte),
      ARENA_TEST(test_globset__ends_where_it_ends),
      ARENA_TEST(test_globset__takes_no_more_memory_than_promised),
      ARENA_TEST(test_globset__is_a_bitmap),
      ARENA_TEST(test_globset__changes_what_was_decoded),
      ARENA_TEST(test_globset__reads_what_others_write),
      ARENA_TEST(test_globset__refuses_what_is_no_range),
      ARENA_TEST(test_globset__reaches_both_ends),
      ARENA_TEST(test_globset__survives_every_failing_allocation),
      ARENA_TEST(test_globset__is_unchanged_by_failures),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
