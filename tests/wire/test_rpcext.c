/* Extended buffers: DIRECT2 against the published vectors, round trips, hostile input, chains. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <oxkit/wire/rpcext.h>

static void assert_compresses(const void *plain, size_t plain_bytes, const uint8_t *wire,
                              size_t wire_bytes) {
  ox_writer w;
  ox_bytes input = {plain, plain_bytes};
  ox_writer_init(&w, NULL, 100000);
  ox_lz77_compress(&w, input);
  assert_int_equal(ox_writer_status(&w), OX_OK);
  assert_int_equal(w.size_bytes, wire_bytes);
  assert_memory_equal(w.data, wire, wire_bytes);
  ox_writer_dispose(&w);
}

static void assert_expands(const uint8_t *wire, size_t wire_bytes, const void *plain,
                           size_t plain_bytes) {
  uint8_t *out = malloc(plain_bytes + 1);
  ox_bytes input = {wire, wire_bytes};
  assert_int_equal(ox_lz77_decompress(input, out, plain_bytes, NULL), OX_OK);
  assert_memory_equal(out, plain, plain_bytes);
  free(out);
}

/* [MS-XCA] 3.1, first example */
static void test_lz77__xca_alphabet(void **state) {
  (void)state;
  static const uint8_t wire[] =
      "\x3f\x00\x00\x00"
      "abcdefghijklmnopqrstuvwxyz";
  assert_compresses("abcdefghijklmnopqrstuvwxyz", 26, wire, 30);
  assert_expands(wire, 30, "abcdefghijklmnopqrstuvwxyz", 26);
}

/* [MS-XCA] 3.1, second example: "abc" a hundred times */
static void test_lz77__xca_repeated(void **state) {
  (void)state;
  static const uint8_t wire[] = {0xff, 0xff, 0xff, 0x1f, 0x61, 0x62, 0x63,
                                 0x17, 0x00, 0x0f, 0xff, 0x26, 0x01};
  char plain[300];
  for (size_t i = 0; i < sizeof plain; i++) plain[i] = "abc"[i % 3];
  assert_compresses(plain, sizeof plain, wire, sizeof wire);
  assert_expands(wire, sizeof wire, plain, sizeof plain);
}

/* Lengths of the table in [MS-OXCRPC] 3.1.4.1.1.2.2.4: a literal, then a match of that length.
 * MS-OXCRPC_R922, R926, R930, R933, R937 to R945. */
static void test_lz77__length_table(void **state) {
  (void)state;
  static const struct {
    size_t length;
    uint8_t wire[12];
    size_t wire_bytes;
  } rows[] = {
      {3, {0xff, 0xff, 0xff, 0x7f, 'x', 0x00, 0x00}, 7},
      {9, {0xff, 0xff, 0xff, 0x7f, 'x', 0x06, 0x00}, 7},
      {10, {0xff, 0xff, 0xff, 0x7f, 'x', 0x07, 0x00, 0x00}, 8},
      {24, {0xff, 0xff, 0xff, 0x7f, 'x', 0x07, 0x00, 0x0e}, 8},
      {25, {0xff, 0xff, 0xff, 0x7f, 'x', 0x07, 0x00, 0x0f, 0x00}, 9},
      {26, {0xff, 0xff, 0xff, 0x7f, 'x', 0x07, 0x00, 0x0f, 0x01}, 9},
      {279, {0xff, 0xff, 0xff, 0x7f, 'x', 0x07, 0x00, 0x0f, 0xfe}, 9},
      {280, {0xff, 0xff, 0xff, 0x7f, 'x', 0x07, 0x00, 0x0f, 0xff, 0x15, 0x01}, 11},
      {281, {0xff, 0xff, 0xff, 0x7f, 'x', 0x07, 0x00, 0x0f, 0xff, 0x16, 0x01}, 11},
  };
  char plain[400];
  memset(plain, 'x', sizeof plain);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    assert_compresses(plain, rows[i].length + 1, rows[i].wire, rows[i].wire_bytes);
    assert_expands(rows[i].wire, rows[i].wire_bytes, plain, rows[i].length + 1);
  }
}

/* Two long matches share a byte of nibbles (MS-OXCRPC_R915, R916, R919): xyz, a match of 12 at
 * distance 3, "!", a match of 11 at distance 13. */
static void test_lz77__shared_nibble(void **state) {
  (void)state;
  static const char plain[] = "xyzxyzxyzxyzxyz!xyzxyzxyzxy";
  static const uint8_t wire[] = {0xff, 0xff, 0xff, 0x17, 'x',  'y', 'z',
                                 0x17, 0x00, 0x12, '!',  0x67, 0x00};
  uint8_t out[sizeof plain];
  ox_bytes input = {wire, sizeof wire};
  assert_int_equal(ox_lz77_decompress(input, out, sizeof plain - 1, NULL), OX_OK);
  assert_memory_equal(out, plain, sizeof plain - 1);
}

/* The end bit needs a mask of its own after 32 elements (MS-OXCRPC_R1877, R1879). */
static void test_lz77__end_bit_in_a_mask_of_its_own(void **state) {
  (void)state;
  static const char plain[] = "abcdefghijklmnopqrstuvwxyz012345";
  uint8_t wire[40] = {0};
  memcpy(wire + 4, plain, 32);
  memset(wire + 36, 0xff, 4);
  assert_compresses(plain, 32, wire, 40);
  assert_expands(wire, 40, plain, 32);
  assert_expands(wire, 36, plain, 32); /* left out by some */
}

static uint32_t next_random(uint32_t *seed) {
  *seed ^= *seed << 13;
  *seed ^= *seed >> 17;
  *seed ^= *seed << 5;
  return *seed;
}

static void fill(uint8_t *data, size_t size, unsigned alphabet, uint32_t *seed) {
  for (size_t i = 0; i < size; i++) {
    if (i > 40 && next_random(seed) % 8 == 0) {
      size_t run = next_random(seed) % 600 + 1;
      size_t back = next_random(seed) % (i < 9000 ? i : 9000) + 1;
      for (; run > 0 && i < size; run--, i++) data[i] = data[i - back];
      if (i >= size) return;
    }
    data[i] = (uint8_t)(next_random(seed) % alphabet);
  }
}

static void test_lz77__round_trips(void **state) {
  (void)state;
  static const size_t sizes[] = {0, 1, 2, 3, 31, 32, 33, 100, 4095, 8191, 8192, 8193, 20000, 65535};
  static const unsigned alphabets[] = {1, 2, 5, 256};
  uint8_t *plain = malloc(65536);
  uint8_t *back = malloc(65536);
  uint32_t seed = 4711;
  for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
    for (size_t a = 0; a < sizeof alphabets / sizeof alphabets[0]; a++) {
      ox_writer w;
      fill(plain, sizes[s], alphabets[a], &seed);
      ox_bytes input = {plain, sizes[s]};
      ox_writer_init(&w, NULL, 200000);
      ox_lz77_compress(&w, input);
      assert_int_equal(ox_writer_status(&w), OX_OK);
      assert_int_equal(ox_lz77_decompress(ox_writer_bytes(&w), back, sizes[s], NULL), OX_OK);
      assert_memory_equal(plain, back, sizes[s]);
      if (alphabets[a] <= 2 && sizes[s] > 100) assert_true(w.size_bytes < sizes[s] / 2);
      ox_writer_dispose(&w);
    }
  }
  free(plain);
  free(back);
}

static void test_lz77__hostile(void **state) {
  (void)state;
  static const struct {
    uint8_t wire[16];
    size_t wire_bytes;
    size_t plain_bytes;
    ox_status status;
  } rows[] = {
      {{0}, 0, 1, OX_E_TRUNCATED},
      {{0, 0, 0}, 3, 1, OX_E_TRUNCATED},
      {{0, 0, 0, 0, 'a'}, 5, 2, OX_E_TRUNCATED},
      {{0, 0, 0, 0x80, 0x00, 0x00}, 6, 3, OX_E_MALFORMED},             /* before the start */
      {{0, 0, 0, 0x40, 'a', 0x08, 0x00}, 7, 4, OX_E_MALFORMED},        /* distance 2 of 1 */
      {{0, 0, 0, 0x40, 'a', 0x02, 0x00}, 7, 4, OX_E_MALFORMED},        /* longer than said */
      {{0, 0, 0, 0x40, 'a', 0x07}, 6, 4, OX_E_TRUNCATED},              /* half a match */
      {{0, 0, 0, 0x40, 'a', 0x07, 0x00}, 7, 40, OX_E_TRUNCATED},       /* no nibble */
      {{0, 0, 0, 0x40, 'a', 0x07, 0x00, 0x0f}, 8, 40, OX_E_TRUNCATED}, /* no byte */
      {{0, 0, 0, 0x40, 'a', 0x07, 0x00, 0x0f, 0xff, 0}, 10, 40, OX_E_TRUNCATED},
      {{0, 0, 0, 0x40, 'a', 0x07, 0x00, 0x0f, 0xff, 3, 0}, 11, 7, OX_E_MALFORMED}, /* too short */
      {{0, 0, 0, 0, 'a', 'b'}, 6, 1, OX_E_TRAILING},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    uint8_t *wire = malloc(rows[i].wire_bytes + 1); /* so that ASan sees the end */
    uint8_t *out = malloc(rows[i].plain_bytes);
    memcpy(wire, rows[i].wire, rows[i].wire_bytes);
    ox_bytes input = {wire, rows[i].wire_bytes};
    assert_int_equal(ox_lz77_decompress(input, out, rows[i].plain_bytes, NULL), rows[i].status);
    free(wire);
    free(out);
  }
}

/* ---- Chains ---------------------------------------------------------------------------------- */

static void decode_ok(ox_bytes chain, ox_arena *arena, ox_bytes **payloads, size_t *count) {
  assert_int_equal(ox_rpcext_decode(chain, arena, payloads, count, NULL), OX_OK);
}

/* MS-OXCRPC_R36 to R46, R4841, R4842, R956, R778, R779, R786, R787 */
static void test_rpcext__flags_and_chains(void **state) {
  (void)state;
  char text[1000];
  ox_bytes *payloads;
  size_t count;
  ox_arena arena;
  ox_writer w;
  ox_arena_init(&arena, NULL, 0);
  for (size_t i = 0; i < sizeof text; i++) text[i] = (char)('a' + i % 7);
  ox_bytes big = {(const uint8_t *)text, sizeof text};
  ox_bytes small = {(const uint8_t *)text, 5};
  ox_bytes empty = {NULL, 0};
  ox_writer_init(&w, NULL, 100000);
  ox_rpcext_encode(&w, big, OX_RPCEXT_COMPRESSED | OX_RPCEXT_XOR_MAGIC);
  assert_int_equal(w.data[2], OX_RPCEXT_COMPRESSED | OX_RPCEXT_XOR_MAGIC);
  size_t compressed_bytes = w.size_bytes;
  assert_true(compressed_bytes < 100);
  ox_rpcext_encode(&w, big, OX_RPCEXT_XOR_MAGIC);
  assert_int_equal(w.data[compressed_bytes + 8], 'a' ^ 0xA5);
  ox_rpcext_encode(&w, small, OX_RPCEXT_COMPRESSED); /* not worth it: stays plain */
  ox_rpcext_encode(&w, empty, OX_RPCEXT_LAST);
  decode_ok(ox_writer_bytes(&w), &arena, &payloads, &count);
  assert_int_equal(count, 4);
  assert_true(ox_bytes_equal(payloads[0], big));
  assert_true(ox_bytes_equal(payloads[1], big));
  assert_true(ox_bytes_equal(payloads[2], small));
  assert_int_equal(payloads[3].size_bytes, 0);
  /* Every proper prefix is truncated; one more byte is trailing. */
  for (size_t size = 1; size < w.size_bytes; size++) {
    ox_bytes prefix = {w.data, size};
    assert_int_equal(ox_rpcext_decode(prefix, &arena, &payloads, &count, NULL), OX_E_TRUNCATED);
    assert_int_equal(count, 0);
  }
  ox_write_u8(&w, 0);
  assert_int_equal(ox_rpcext_decode(ox_writer_bytes(&w), &arena, &payloads, &count, NULL),
                   OX_E_TRAILING);
  ox_writer_dispose(&w);
  ox_arena_dispose(&arena);
}

static void test_rpcext__bad_headers(void **state) {
  (void)state;
  static const struct {
    uint8_t wire[10];
    size_t size;
    const char *field;
  } rows[] = {
      {{1, 0, 4, 0, 0, 0, 0, 0}, 8, "Version"},
      {{0, 0, 4, 0, 1, 0, 2, 0, 'a'}, 9, "SizeActual"}, /* plain: sizes are the same (R38, R46) */
      {{0, 0, 5, 0, 2, 0, 1, 0, 'a', 'b'}, 10, "SizeActual"}, /* compressed to more */
  };
  ox_arena arena;
  ox_bytes *payloads;
  size_t count;
  ox_error err;
  ox_arena_init(&arena, NULL, 0);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    ox_bytes chain = {rows[i].wire, rows[i].size};
    assert_int_equal(ox_rpcext_decode(chain, &arena, &payloads, &count, &err), OX_E_MALFORMED);
    assert_string_equal(err.field, rows[i].field);
  }
  ox_arena_dispose(&arena);
}

/* MS-OXCRPC_R969 */
static void test_rpcext__too_many_buffers(void **state) {
  (void)state;
  uint8_t chain[8 * 98] = {0};
  ox_arena arena;
  ox_bytes *payloads;
  size_t count;
  ox_arena_init(&arena, NULL, 0);
  chain[8 * 95 + 2] = OX_RPCEXT_LAST;
  ox_bytes ok = {chain, 8 * 96};
  decode_ok(ok, &arena, &payloads, &count);
  assert_int_equal(count, 96);
  chain[8 * 95 + 2] = 0;
  chain[8 * 96 + 2] = OX_RPCEXT_LAST;
  ox_bytes over = {chain, 8 * 97};
  assert_int_equal(ox_rpcext_decode(over, &arena, &payloads, &count, NULL), OX_E_LIMIT);
  ox_arena_dispose(&arena);
}

/* The header of the request in [MS-OXCRPC] 4.3: version 0, flags Last, both sizes 0x152. */
static void test_rpcext__example_4_3_header(void **state) {
  (void)state;
  static const uint8_t header[8] = {0, 0, 4, 0, 0x52, 1, 0x52, 1};
  uint8_t payload[0x152] = {0x42, 1};
  ox_writer w;
  ox_bytes bytes = {payload, sizeof payload};
  ox_writer_init(&w, NULL, 1024);
  ox_rpcext_encode(&w, bytes, OX_RPCEXT_LAST);
  assert_int_equal(w.size_bytes, 0x15A);
  assert_memory_equal(w.data, header, sizeof header);
  ox_writer_dispose(&w);
}

/* MS-OXCRPC_R1601, R1602: unknown blocks are stepped over by their size. */
static void test_aux__blocks(void **state) {
  (void)state;
  static const uint8_t flags[4] = {1, 0, 0, 0};
  static const uint8_t odd[3] = {9, 9, 9};
  ox_writer w;
  ox_reader r;
  ox_aux_block block;
  ox_aux_block org = {OX_AUX_VERSION_1, OX_AUX_EXORGINFO, {flags, 4}};
  ox_aux_block unknown = {7, 0xee, {odd, 3}};
  ox_writer_init(&w, NULL, 100);
  ox_aux_write(&w, &unknown);
  ox_aux_write(&w, &org);
  ox_reader_init(&r, w.data, w.size_bytes);
  assert_true(ox_aux_next(&r, &block));
  assert_int_equal(block.type, 0xee);
  assert_int_equal(block.payload.size_bytes, 3);
  assert_true(ox_aux_next(&r, &block));
  assert_int_equal(block.version, 1);
  assert_memory_equal(block.payload.data, flags, 4);
  assert_false(ox_aux_next(&r, &block));
  assert_int_equal(ox_reader_status(&r, NULL), OX_OK);
  w.data[0] = 3; /* a size that does not hold its own header */
  ox_reader_init(&r, w.data, w.size_bytes);
  assert_false(ox_aux_next(&r, &block));
  assert_int_equal(ox_reader_status(&r, NULL), OX_E_MALFORMED);
  w.data[0] = 200;
  ox_reader_init(&r, w.data, w.size_bytes);
  assert_false(ox_aux_next(&r, &block));
  assert_int_equal(ox_reader_status(&r, NULL), OX_E_TRUNCATED);
  ox_writer_dispose(&w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_lz77__xca_alphabet),
      cmocka_unit_test(test_lz77__xca_repeated),
      cmocka_unit_test(test_lz77__length_table),
      cmocka_unit_test(test_lz77__shared_nibble),
      cmocka_unit_test(test_lz77__end_bit_in_a_mask_of_its_own),
      cmocka_unit_test(test_lz77__round_trips),
      cmocka_unit_test(test_lz77__hostile),
      cmocka_unit_test(test_rpcext__flags_and_chains),
      cmocka_unit_test(test_rpcext__bad_headers),
      cmocka_unit_test(test_rpcext__too_many_buffers),
      cmocka_unit_test(test_rpcext__example_4_3_header),
      cmocka_unit_test(test_aux__blocks),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
