/* Property values and rows: what decodes must clone, and encode to something that decodes to the
 * same. The input: count width, number of columns, the columns' types, the row. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <oxkit/ropcodec/property.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { COLUMNS_MAX = 8 };

static void require(bool condition) {
  if (!condition) abort();
}

/* The same values decode, from bytes that an encoder made. */
static void check_again(ox_bytes bytes, const ox_proptag *columns, size_t count, unsigned width,
                        const ox_property *row) {
  ox_arena arena;
  ox_reader r;
  ox_property again[COLUMNS_MAX];
  ox_arena_init(&arena, NULL, 0);
  ox_reader_init(&r, bytes.data, bytes.size_bytes);
  require(ox_property_row_decode(&r, &arena, columns, count, width, again) == OX_OK);
  require(ox_reader_finish(&r, NULL) == OX_OK);
  for (size_t i = 0; i < count; i++) {
    require(again[i].tag == row[i].tag);
    require(ox_value_compare(OX_PROPTAG_TYPE(row[i].tag), &again[i].value, &row[i].value) == 0);
  }
  ox_arena_dispose(&arena);
}

static void check_row(ox_arena *arena, const ox_proptag *columns, size_t count, unsigned width,
                      const ox_property *row) {
  ox_writer w;
  ox_writer_init(&w, NULL, SIZE_MAX / 2);
  ox_property_row_encode(&w, columns, count, width, row);
  require(ox_writer_status(&w) == OX_OK);
  check_again(ox_writer_bytes(&w), columns, count, width, row);
  ox_writer_dispose(&w);
  for (size_t i = 0; i < count; i++) {
    ox_value copy;
    uint16_t type = OX_PROPTAG_TYPE(row[i].tag);
    require(ox_value_clone(arena, type, &row[i].value, &copy) == OX_OK);
    require(ox_value_compare(type, &copy, &row[i].value) == 0);
    require(ox_value_size_bytes(type, &copy) == ox_value_size_bytes(type, &row[i].value));
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  ox_arena arena;
  ox_reader r;
  ox_proptag columns[COLUMNS_MAX];
  ox_property row[COLUMNS_MAX];
  ox_reader_init(&r, data, size);
  unsigned width = ox_read_u8(&r) & 1 ? OX_COUNT_32 : OX_COUNT_16;
  size_t count = ox_read_u8(&r) % (COLUMNS_MAX + 1);
  for (size_t i = 0; i < count; i++) columns[i] = OX_PROPTAG(0x3000 + i, ox_read_u16(&r));
  if (!ox_reader_ok(&r)) return 0;
  ox_arena_init(&arena, NULL, 64u * 1024 * 1024);
  ox_status status = ox_property_row_decode(&r, &arena, columns, count, width, row);
  require(arena.used_bytes <= OX_DECODE_FIXED_BYTES + size * OX_DECODE_EXPANSION_MAX);
  if (status == OX_OK) check_row(&arena, columns, count, width, row);
  ox_arena_dispose(&arena);
  return 0;
}
