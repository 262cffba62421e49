/* Recipient rows: what decodes must encode to something equal, and go through a bag. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <oxkit/ropcodec/recipient.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const ox_proptag columns[] = {OX_PidTagObjectType, OX_PidTagDisplayType,
                                     OX_PidTagSmtpAddress, OX_PidTagEntryId,
                                     OX_PROPTAG_AS(OX_PidTagComment, OX_PTYP_STRING8)};
enum { COLUMN_COUNT = sizeof columns / sizeof columns[0] };

static void require(bool condition) {
  if (!condition) abort();
}

static void encode(const ox_recipient_row *row, ox_writer *w) {
  ox_writer_init(w, NULL, SIZE_MAX / 2);
  ox_recipient_row_encode(w, columns, COLUMN_COUNT, row);
  require(ox_writer_status(w) == OX_OK);
}

static void check(ox_arena *arena, const ox_recipient_row *row) {
  ox_writer first, second;
  encode(row, &first);
  ox_reader r;
  ox_recipient_row again;
  ox_reader_init(&r, ox_writer_bytes(&first).data, ox_writer_bytes(&first).size_bytes);
  require(ox_recipient_row_decode(&r, arena, columns, COLUMN_COUNT, &again) == OX_OK);
  require(ox_reader_finish(&r, NULL) == OX_OK);
  encode(&again, &second);
  require(ox_bytes_equal(ox_writer_bytes(&first), ox_writer_bytes(&second)));
  ox_writer_dispose(&second);
  ox_writer_dispose(&first);

  ox_propbag bag;
  ox_propbag_init(&bag, arena);
  require(ox_recipient_row_to_bag(row, 1252, &bag) == OX_OK);
  ox_recipient_row made;
  require(ox_recipient_row_from_bag(arena, &bag, columns, COLUMN_COUNT, &made) == OX_OK);
  ox_writer w;
  ox_writer_init(&w, NULL, SIZE_MAX / 2);
  ox_recipient_row_encode(&w, columns, COLUMN_COUNT, &made);
  (void)!ox_writer_status(&w);
  ox_writer_dispose(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  ox_arena arena;
  ox_reader r;
  ox_recipient_row row;
  ox_arena_init(&arena, NULL, 64u * 1024 * 1024);
  ox_reader_init(&r, data, size);
  ox_status status = ox_recipient_row_decode(&r, &arena, columns, COLUMN_COUNT, &row);
  require(arena.used_bytes <= OX_DECODE_FIXED_BYTES + size * OX_DECODE_EXPANSION_MAX);
  if (status == OX_OK) check(&arena, &row);
  ox_arena_dispose(&arena);
  return 0;
}
