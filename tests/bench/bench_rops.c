/* Time of decoding and encoding each ROP, and of property rows against memcpy of the same bytes.
 * usage: bench_rops [MILLISECONDS-PER-MEASUREMENT] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <oxkit/ropcodec/ropbuffer.h>
#include <oxkit/ropcodec/rows.h>

#include "../ropcodec/codecs.h"
#include "../ropcodec/random_wire.h"
#include "measure.h"

enum { ROWS = 1000, BUFFER_MAX = 1 << 20 };

static const ox_proptag columns[] = {
    OX_PROPTAG(0x674A, OX_PTYP_INTEGER64), OX_PROPTAG(0x0037, OX_PTYP_STRING),
    OX_PROPTAG(0x0C1A, OX_PTYP_STRING),    OX_PROPTAG(0x0E06, OX_PTYP_TIME),
    OX_PROPTAG(0x0E07, OX_PTYP_INTEGER32), OX_PROPTAG(0x0E08, OX_PTYP_INTEGER32),
    OX_PROPTAG(0x001A, OX_PTYP_STRING),    OX_PROPTAG(0x0E1B, OX_PTYP_BOOLEAN),
};
enum { COLUMN_COUNT = sizeof columns / sizeof columns[0] };

typedef struct totals {
  double decode_ns, encode_ns, bytes;
  unsigned count;
} totals;

static void bench_codec(const codec *c, uint8_t rop_id, const char *name, const char *kind,
                        totals *sum) {
  ox_arena arena, scratch;
  ox_arena_init(&arena, NULL, 0);
  ox_arena_init(&scratch, NULL, 0);
  random_wire random = {
      .state = 42 + rop_id, .arena = &arena, .context = {columns, COLUMN_COUNT, false}};
  uint8_t *value = calloc(1, c->size_bytes);
  uint8_t *out = calloc(1, c->size_bytes);
  if (value == NULL || out == NULL) abort();
  value[0] = rop_id;
  random_struct(&random, c->structure, value + c->offset);
  ox_writer w;
  ox_writer_init(&w, NULL, BUFFER_MAX);
  c->encode(&w, value);
  uint8_t *bytes = malloc(w.size_bytes);
  size_t size = w.size_bytes;
  if (bytes == NULL) abort();
  memcpy(bytes, w.data, size);
  double decode_ns, encode_ns;
  ox_status status = OX_OK;
  MEASURE(decode_ns, {
    ox_reader r;
    ox_reader_init(&r, bytes, size);
    ox_arena_reset(&scratch);
    status |= c->decode(&r, &scratch, &random.context, out);
  });
  MEASURE(encode_ns, {
    ox_writer_reset(&w);
    c->encode(&w, value);
    status |= w.status;
  });
  if (status != OX_OK) printf("%s %s: status %x\n", name, kind, status);
  printf("%-42s %-8s %6zu bytes  decode %8.1f ns  encode %8.1f ns\n", name, kind, size, decode_ns,
         encode_ns);
  sum->decode_ns += decode_ns;
  sum->encode_ns += encode_ns;
  sum->bytes += (double)size;
  sum->count++;
  free(bytes);
  free(value);
  free(out);
  ox_writer_dispose(&w);
  ox_arena_dispose(&scratch);
  ox_arena_dispose(&arena);
}

static ox_str16 utf16(ox_arena *arena, const char *text) {
  ox_str16 out;
  if (ox_str16_from_utf8(arena, ox_str8_from(text), &out) != OX_OK) abort();
  return out;
}

static void bench_rows(void) {
  ox_arena arena, scratch;
  ox_arena_init(&arena, NULL, 0);
  ox_arena_init(&scratch, NULL, 0);
  ox_property row[COLUMN_COUNT];
  for (size_t i = 0; i < COLUMN_COUNT; i++) {
    memset(&row[i], 0, sizeof row[i]);
    row[i].tag = columns[i];
    row[i].value.i64 = 0x0123456789ABCDEF;
    if (OX_PROPTAG_TYPE(columns[i]) == OX_PTYP_STRING) {
      row[i].value.string = utf16(&arena, i == 6 ? "IPM.Note" : "Minutes of the meeting on Monday");
    }
    if (OX_PROPTAG_TYPE(columns[i]) == OX_PTYP_BOOLEAN) row[i].value.boolean = true;
  }
  ox_writer w;
  ox_writer_init(&w, NULL, BUFFER_MAX);
  double encode_ns, skip_ns, decode_ns, copy_ns;
  MEASURE(encode_ns, {
    ox_writer_reset(&w);
    for (unsigned i = 0; i < ROWS; i++) {
      ox_property_row_encode(&w, columns, COLUMN_COUNT, OX_COUNT_16, row);
    }
  });
  ox_bytes rows = ox_writer_bytes(&w);
  MEASURE(skip_ns, {
    ox_reader r;
    ox_reader_init(&r, rows.data, rows.size_bytes);
    ox_bytes seen = ox_read_rows(&r, columns, COLUMN_COUNT, ROWS);
    if (seen.size_bytes != rows.size_bytes) abort();
  });
  MEASURE(decode_ns, {
    ox_property *out;
    ox_arena_reset(&scratch);
    if (ox_rows_decode(rows, columns, COLUMN_COUNT, ROWS, &scratch, &out, NULL) != OX_OK) abort();
  });
  uint8_t *copy = malloc(rows.size_bytes);
  if (copy == NULL) abort();
  MEASURE(copy_ns, {
    memcpy(copy, rows.data, rows.size_bytes);
    __asm__ __volatile__("" : : "r"(copy) : "memory");
  });
  free(copy);
  double mb = (double)rows.size_bytes / 1e6;
  printf("\n%d property rows of %d columns, %.0f bytes a row\n", ROWS, COLUMN_COUNT,
         (double)rows.size_bytes / ROWS);
  printf("  encode  %8.1f ns a row  %8.0f MB/s\n", encode_ns / ROWS, mb / (encode_ns / 1e9));
  printf("  extent  %8.1f ns a row  %8.0f MB/s\n", skip_ns / ROWS, mb / (skip_ns / 1e9));
  printf("  decode  %8.1f ns a row  %8.0f MB/s\n", decode_ns / ROWS, mb / (decode_ns / 1e9));
  printf("  memcpy  %8.1f ns a row  %8.0f MB/s\n", copy_ns / ROWS, mb / (copy_ns / 1e9));
  printf("ratio decode : memcpy  %.1f\nratio encode : memcpy  %.1f\n", decode_ns / copy_ns,
         encode_ns / copy_ns);
  ox_writer_dispose(&w);
  ox_arena_dispose(&scratch);
  ox_arena_dispose(&arena);
}

int main(int argc, char **argv) {
  measure_ns = (argc > 1 ? atof(argv[1]) : 2) * 1e6;
  totals sum = {0};
  size_t count;
  const ox_rop_info *table = ox_rop_info_table(&count);
  for (size_t i = 0; i < count; i++) {
    if (table[i].request != NULL) {
      codec c = codec_of_request(table[i].request);
      bench_codec(&c, table[i].rop_id, table[i].name, "request", &sum);
    }
    if (table[i].response != NULL) {
      codec c = codec_of_response(table[i].response);
      bench_codec(&c, table[i].rop_id, table[i].name, "response", &sum);
    }
  }
  printf("\n%u structures, mean %.0f bytes: decode %.1f ns, encode %.1f ns\n", sum.count,
         sum.bytes / sum.count, sum.decode_ns / sum.count, sum.encode_ns / sum.count);
  printf("ratio decode : encode  %.2f\n", sum.decode_ns / sum.encode_ns);
  bench_rows();
  return 0;
}
