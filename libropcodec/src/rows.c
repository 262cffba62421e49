#include <oxkit/ropcodec/properties.h>
#include <oxkit/ropcodec/rows.h>

#include <string.h>

const ox_proptag ox_receive_folder_columns[OX_RECEIVE_FOLDER_COLUMN_COUNT] = {
    OX_PidTagFolderId,
    OX_PROPTAG_AS(OX_PidTagMessageClass, OX_PTYP_STRING8),
    OX_PidTagLastModificationTime,
};

/* Flags of FlaggedPropertyValue. @spec [MS-OXCDATA] 2.11.5 */
enum { FLAG_PRESENT = 0x00, FLAG_ABSENT = 0x01, FLAG_ERROR = 0x0A };

/* Moves past one value of a row without looking into it where its size is plain; a rare type goes
 * through the decoder, with an arena that lives for this value only. */
static void skip_value(ox_reader *r, uint16_t type) {
  switch (type) {
    case OX_PTYP_NULL: return;
    case OX_PTYP_BOOLEAN: ox_read_skip(r, 1); return;
    case OX_PTYP_INTEGER16: ox_read_skip(r, 2); return;
    case OX_PTYP_INTEGER32:
    case OX_PTYP_FLOATING32:
    case OX_PTYP_ERROR_CODE: ox_read_skip(r, 4); return;
    case OX_PTYP_FLOATING64:
    case OX_PTYP_CURRENCY:
    case OX_PTYP_FLOATING_TIME:
    case OX_PTYP_INTEGER64:
    case OX_PTYP_TIME: ox_read_skip(r, 8); return;
    case OX_PTYP_GUID: ox_read_skip(r, 16); return;
    case OX_PTYP_STRING: ox_read_zstr16(r); return;
    case OX_PTYP_STRING8: ox_read_zstr8(r); return;
    case OX_PTYP_BINARY:
    case OX_PTYP_SERVER_ID: ox_read_skip(r, ox_read_u16(r)); return;
    default: {
      ox_arena arena;
      ox_value value;
      ox_arena_init(&arena, NULL, 0);
      ox_value_decode(r, &arena, type, OX_COUNT_16, &value);
      ox_arena_dispose(&arena);
    }
  }
}

static void skip_row(ox_reader *r, const ox_proptag *columns, size_t column_count) {
  uint8_t flagged = ox_read_u8(r);
  if (flagged > 1) ox_reader_fail(r, OX_E_MALFORMED, NULL, NULL);
  for (size_t i = 0; i < column_count && r->status == OX_OK; i++) {
    uint16_t type = OX_PROPTAG_TYPE(columns[i]);
    if (type == OX_PTYP_UNSPECIFIED) type = ox_read_u16(r);
    if ((type & OX_PTYP_INSTANCE) != 0) {
      type = (uint16_t)(type & ~(OX_PTYP_INSTANCE | OX_PTYP_MULTIPLE));
    }
    uint8_t flag = flagged != 0 ? ox_read_u8(r) : FLAG_PRESENT;
    if (flag == FLAG_ABSENT) continue;
    if (flag == FLAG_ERROR) type = OX_PTYP_ERROR_CODE;
    if (flag != FLAG_PRESENT && flag != FLAG_ERROR) ox_reader_fail(r, OX_E_MALFORMED, NULL, NULL);
    skip_value(r, type);
  }
}

ox_bytes ox_read_rows(ox_reader *r, const ox_proptag *columns, size_t column_count,
                      uint32_t row_count) {
  if (columns == NULL) return ox_read_bytes(r, ox_reader_remaining(r));
  ox_bytes view = {NULL, 0};
  size_t start = r->position;
  for (uint32_t i = 0; i < row_count && r->status == OX_OK; i++) {
    skip_row(r, columns, column_count);
  }
  if (r->status != OX_OK) return view;
  view.size_bytes = r->position - start;
  if (view.size_bytes != 0) view.data = r->data + start;
  return view;
}

ox_status ox_rows_decode(ox_bytes rows, const ox_proptag *columns, size_t column_count,
                         uint32_t row_count, ox_arena *arena, ox_property **out, ox_error *err) {
  *out = NULL;
  ox_reader r;
  ox_reader_init(&r, rows.data, rows.size_bytes);
  size_t least = 1; /* of a row: its flag, and a byte of every column that can have a value */
  for (size_t i = 0; i < column_count; i++) least += OX_PROPTAG_TYPE(columns[i]) != OX_PTYP_NULL;
  if (row_count > rows.size_bytes / least) ox_reader_fail(&r, OX_E_TRUNCATED, "row_count", NULL);
  ox_property *properties = NULL;
  if (r.status == OX_OK && column_count > SIZE_MAX / sizeof *properties / (row_count + 1u)) {
    ox_reader_fail(&r, OX_E_LIMIT, "columns", NULL);
  }
  if (r.status == OX_OK) {
    properties = ox_arena_calloc(arena, (size_t)row_count * column_count, sizeof *properties);
    if (properties == NULL) ox_reader_fail(&r, OX_E_NO_MEMORY, NULL, NULL);
  }
  for (uint32_t i = 0; i < row_count && r.status == OX_OK; i++) {
    ox_property_row_decode(&r, arena, columns, column_count, OX_COUNT_16,
                           properties + (size_t)i * column_count);
  }
  ox_status status = ox_reader_finish(&r, err);
  if (status == OX_OK) *out = properties;
  return status;
}
