/* Structures by descriptor: encoding, and JSON both ways. */
#include <oxkit/ropcodec/cursor.h>
#include <oxkit/ropcodec/recipient.h>
#include <oxkit/ropcodec/rows.h>

#include <string.h>

#include "json.h"
#include "show.h"
#include "wire_internal.h"

/* Whether a block is there: terms that only a decoder's context can answer are taken to hold. */
static bool block_holds(const ox_wire_field *head, const void *base) {
  return ox_wire_condition(head, base, true) || ox_wire_condition(head, base, false);
}

/* Whether such a term is among them. */
static bool asks_context(const ox_wire_field *head) {
  for (unsigned i = 0; i < head->term_count; i++) {
    if (head->terms[i].kind == OX_WIRE_CONTEXT) return true;
  }
  return false;
}

/* Text or bytes behind their own size, which may be absent. */
static bool is_sized_text(const ox_wire_field *field) {
  return (field->kind == OX_WIRE_ZSTR8 || field->kind == OX_WIRE_ZSTR16) && field->width != 0 &&
         (field->flags & OX_WIRE_ARRAY) == 0;
}

static const ox_wire_context *columns_for(const ox_wire_field *field, const void *base,
                                          const ox_wire_context *outer, ox_wire_context *own) {
  *own = ox_wire_columns(field, base, outer);
  return own;
}

/* Encoding. */

static void encode_one(ox_writer *w, const ox_wire_field *field, const ox_wire_context *context,
                       const uint8_t *at) {
  uint64_t number;
  if ((field->flags & OX_WIRE_BIG_ENDIAN) != 0) {
    ox_write_u32(w, ox_cursor_swap32((uint32_t)ox_wire_number(at, field->kind, 0)));
    return;
  }
  switch (ox_wire_integer_bytes(field->kind)) {
    case 0: break;
    case 1: ox_write_u8(w, (uint8_t)ox_wire_number(at, field->kind, 0)); return;
    case 2: ox_write_u16(w, (uint16_t)ox_wire_number(at, field->kind, 0)); return;
    case 4: ox_write_u32(w, (uint32_t)ox_wire_number(at, field->kind, 0)); return;
    default:
      number = ox_wire_number(at, field->kind, 0);
      ox_write_u64(w, number);
      return;
  }
  switch (field->kind) {
    case OX_WIRE_GUID: ox_write_guid(w, (const ox_guid *)at); break;
    case OX_WIRE_ZSTR8: ox_write_zstr8(w, *(const ox_str8 *)at); break;
    case OX_WIRE_ZSTR16: ox_write_zstr16(w, *(const ox_str16 *)at); break;
    case OX_WIRE_STRUCT: ox_wire_encode(field->structure, w, at); break;
    default: field->hand->encode(w, field->hand_width, context->columns, context->column_count, at);
  }
}

static void encode_bytes(ox_writer *w, const ox_wire_field *field, const uint8_t *base) {
  const uint8_t *member = base + field->offset;
  ox_bytes bytes = {member, field->fixed};
  if ((field->flags & OX_WIRE_INLINE) == 0) bytes = *(const ox_bytes *)member;
  if (field->kind == OX_WIRE_BYTES && field->width != 0) {
    ox_wire_write_sized_bytes(w, field->width, bytes);
  } else if (field->kind == OX_WIRE_BYTES && field->count_kind != 0) {
    ox_wire_write_exact(w, bytes, ox_wire_count(field, base));
  } else if (field->kind == OX_WIRE_BYTES && field->fixed != 0) {
    if (bytes.size_bytes != 0) ox_wire_write_exact(w, bytes, field->fixed);
  } else {
    ox_write_bytes(w, bytes.data, bytes.size_bytes);
  }
}

static void encode_counted_text(ox_writer *w, const ox_wire_field *field, const uint8_t *base) {
  const uint8_t *member = base + field->offset;
  if (field->kind == OX_WIRE_STR8) {
    ox_str8 text = *(const ox_str8 *)member;
    if (field->width != 0) {
      ox_wire_write_str8(w, field->width, text);
    } else {
      ox_wire_write_counted_str8(w, ox_wire_count(field, base), text);
    }
  } else {
    ox_str16 text = *(const ox_str16 *)member;
    if (field->width != 0) {
      ox_wire_write_str16(w, field->width, text);
    } else {
      ox_wire_write_counted_str16(w, ox_wire_count(field, base), text);
    }
  }
}

static void encode_field(ox_writer *w, const ox_wire_field *field, const uint8_t *base) {
  static const ox_wire_context nothing;
  ox_wire_context own;
  const uint8_t *member = base + field->offset;
  if (field->kind == OX_WIRE_BYTES || field->kind == OX_WIRE_ROWS) {
    encode_bytes(w, field, base);
    return;
  }
  if (field->kind == OX_WIRE_STR8 || field->kind == OX_WIRE_STR16) {
    encode_counted_text(w, field, base);
    return;
  }
  if (is_sized_text(field)) {
    if (field->kind == OX_WIRE_ZSTR8) {
      ox_wire_write_sized_zstr8(w, field->width, *(const ox_str8 *)member);
    } else {
      ox_wire_write_sized_zstr16(w, field->width, *(const ox_str16 *)member);
    }
    return;
  }
  const ox_wire_context *context = columns_for(field, base, &nothing, &own);
  size_t mark = field->width != 0 ? ox_writer_reserve(w, field->width) : 0;
  const uint8_t *elements = ox_wire_elements(field, base);
  if ((field->flags & OX_WIRE_ARRAY) != 0) {
    uint32_t count = ox_wire_count(field, base);
    for (uint32_t i = 0; i < count && w->status == OX_OK; i++) {
      encode_one(w, field, context, elements + (size_t)i * field->element_bytes);
    }
  } else if (elements != NULL) {
    bool is_here = (field->flags & OX_WIRE_POINTER) == 0;
    if (is_here && !ox_wire_is_allowed(field, base)) ox_writer_fail(w, OX_E_USAGE);
    encode_one(w, field, context, elements);
  }
  if (field->width != 0) ox_writer_patch_length(w, mark, field->width);
}

static void encode_fields(const ox_wire_struct *structure, size_t first, size_t end, ox_writer *w,
                          const void *base) {
  for (size_t i = first; i < end && w->status == OX_OK;) {
    const ox_wire_field *field = &structure->fields[i++];
    if (field->kind == OX_WIRE_IF) {
      if (block_holds(field, base)) encode_fields(structure, i, i + field->span, w, base);
      i += field->span;
    } else if (field->kind == OX_WIRE_SIZED) {
      size_t mark = ox_writer_reserve(w, field->width);
      encode_fields(structure, i, i + field->span, w, base);
      ox_wire_patch_size(w, mark, field->width, field->fixed);
      i += field->span;
    } else if ((field->flags & OX_WIRE_VIEW) == 0) {
      encode_field(w, field, base);
    }
  }
}

void ox_wire_encode(const ox_wire_struct *structure, ox_writer *w, const void *value) {
  if (structure->rop_id >= 0) ox_write_u8(w, (uint8_t)structure->rop_id);
  encode_fields(structure, 0, structure->field_count, w, value);
}

/* To JSON. */

static void put_number(ox_json_writer *j, const ox_wire_field *field, const void *at) {
  uint64_t number = ox_wire_number(at, field->kind, 0);
  if (field->values != NULL) {
    ox_json_put_named(j, field->values, number);
    return;
  }
  switch (field->kind) {
    case OX_WIRE_BOOL8: ox_json_put_bool(j, number != 0); break;
    case OX_WIRE_I8: ox_json_put_i32(j, (int8_t)number); break;
    case OX_WIRE_I16: ox_json_put_i32(j, (int16_t)number); break;
    case OX_WIRE_I32: ox_json_put_i32(j, (int32_t)number); break;
    case OX_WIRE_I64: ox_json_put_i64(j, (int64_t)number); break;
    case OX_WIRE_U64: ox_json_put_hex(j, number, 16); break;
    case OX_WIRE_ID64: ox_json_put_id(j, number); break;
    case OX_WIRE_TAG: ox_json_put_tag(j, (ox_proptag)number); break;
    case OX_WIRE_STATUS: ox_json_put_status(j, (ox_status)number); break;
    case OX_WIRE_FILETIME: ox_json_put_time(j, number); break;
    default: ox_json_put_u32(j, (uint32_t)number); break;
  }
}

/* A hand-written type without hooks is the bytes that it encodes to. */
static void put_encoded(ox_json_writer *j, const ox_wire_field *field,
                        const ox_wire_context *context, const void *at) {
  ox_writer encoded;
  ox_writer_init(&encoded, j->w->allocator, j->w->max_bytes);
  field->hand->encode(&encoded, field->hand_width, context->columns, context->column_count, at);
  ox_json_put_bytes(j, encoded.data, encoded.size_bytes);
  if (encoded.status != OX_OK) ox_writer_fail(j->w, encoded.status);
  ox_writer_dispose(&encoded);
}

static void put_one(ox_json_writer *j, const ox_wire_field *field, const ox_wire_context *context,
                    const void *at) {
  if (ox_wire_integer_bytes(field->kind) != 0) {
    put_number(j, field, at);
    return;
  }
  switch (field->kind) {
    case OX_WIRE_GUID: ox_json_put_guid(j, at); break;
    case OX_WIRE_STR8:
    case OX_WIRE_ZSTR8: ox_json_put_str8(j, *(const ox_str8 *)at); break;
    case OX_WIRE_STR16:
    case OX_WIRE_ZSTR16: ox_json_put_str16(j, *(const ox_str16 *)at); break;
    case OX_WIRE_STRUCT: ox_json_put_struct(j, field->structure, context, at); break;
    default:
      if (field->hand->hooks != NULL) {
        field->hand->hooks->to_json(j, field->hand_width, at);
      } else {
        put_encoded(j, field, context, at);
      }
  }
}

/* What becomes of the rows. They were measured, which is more lenient than decoding. */
static ox_status rows_decode(ox_arena *arena, const ox_wire_context *context, ox_bytes rows,
                             ox_property *row) {
  ox_reader r;
  ox_reader_init(&r, rows.data, rows.size_bytes);
  while (ox_reader_remaining(&r) != 0) {
    ox_property_row_decode(&r, arena, context->columns, context->column_count, OX_COUNT_16, row);
  }
  ox_arena_reset(arena);
  return r.status;
}

static void put_decoded_rows(ox_json_writer *j, ox_arena *arena, const ox_wire_context *context,
                             ox_bytes rows, ox_property *row) {
  ox_reader r;
  ox_reader_init(&r, rows.data, rows.size_bytes);
  ox_json_begin(j, '[');
  while (ox_reader_remaining(&r) != 0 && j->w->status == OX_OK) {
    if (ox_failed(ox_property_row_decode(&r, arena, context->columns, context->column_count,
                                         OX_COUNT_16, row))) {
      ox_writer_fail(j->w, r.status);
    }
    ox_json_put_properties(j, OX_COUNT_16, row, (uint32_t)context->column_count);
    ox_arena_reset(arena);
  }
  ox_json_end(j, ']');
}

/* Property rows: an array of rows, each an array of properties; hex when the columns are not known,
 * or are not those of the rows. */
static void put_rows(ox_json_writer *j, const ox_wire_context *context, ox_bytes rows) {
  if (context->columns == NULL || context->column_count == 0 ||
      context->column_count > UINT16_MAX) {
    ox_json_put_bytes(j, rows.data, rows.size_bytes);
    return;
  }
  ox_arena arena;
  ox_arena_init(&arena, j->w->allocator, 0);
  ox_property *row = ox_calloc(j->w->allocator, context->column_count, sizeof *row);
  ox_status status = row != NULL ? rows_decode(&arena, context, rows, row) : OX_E_NO_MEMORY;
  if (status == OX_E_NO_MEMORY) {
    ox_writer_fail(j->w, status);
  } else if (status == OX_OK) {
    put_decoded_rows(j, &arena, context, rows, row);
  } else {
    ox_json_put_bytes(j, rows.data, rows.size_bytes);
  }
  ox_free(j->w->allocator, row);
  ox_arena_dispose(&arena);
}

/* A RecipientRow as an object when its columns are known and it says no more than that, else hex.
 */
static void put_recipient(ox_json_writer *j, const ox_wire_context *context, ox_bytes bytes) {
  ox_arena arena;
  ox_reader r;
  ox_writer again;
  ox_recipient_row row;
  ox_arena_init(&arena, j->w->allocator, 0);
  ox_reader_init(&r, bytes.data, bytes.size_bytes);
  ox_writer_init(&again, j->w->allocator, bytes.size_bytes);
  ox_recipient_row_decode(&r, &arena, context->recipient_columns, context->recipient_column_count,
                          &row);
  bool whole = ox_reader_finish(&r, NULL) == OX_OK;
  if (whole) {
    ox_recipient_row_encode(&again, context->recipient_columns, context->recipient_column_count,
                            &row);
  }
  if (r.status == OX_E_NO_MEMORY || again.status == OX_E_NO_MEMORY) {
    ox_writer_fail(j->w, OX_E_NO_MEMORY);
  } else if (whole && again.status == OX_OK && ox_bytes_equal(ox_writer_bytes(&again), bytes)) {
    ox_recipient_row_hooks.to_json(j, OX_COUNT_16, &row);
  } else {
    ox_json_put_bytes(j, bytes.data, bytes.size_bytes);
  }
  ox_writer_dispose(&again);
  ox_arena_dispose(&arena);
}

static void put_field(ox_json_writer *j, const ox_wire_field *field, const ox_wire_context *context,
                      const void *base, bool optional) {
  ox_wire_context own;
  context = columns_for(field, base, context, &own);
  const uint8_t *at = ox_wire_elements(field, base);
  bool is_view = (field->kind == OX_WIRE_BYTES && (field->flags & OX_WIRE_INLINE) == 0) ||
                 field->kind == OX_WIRE_ROWS;
  if (optional && (at == NULL || (is_view && ((const ox_bytes *)at)->size_bytes == 0))) return;
  ox_json_key(j, field->name);
  if ((field->flags & OX_WIRE_ARRAY) != 0) {
    uint32_t count = ox_wire_count(field, base);
    ox_json_begin(j, '[');
    for (uint32_t i = 0; i < count && j->w->status == OX_OK; i++) {
      put_one(j, field, context, at + (size_t)i * field->element_bytes);
    }
    ox_json_end(j, ']');
  } else if (at == NULL || (is_sized_text(field) && ((const ox_bytes *)at)->data == NULL)) {
    ox_json_put_null(j);
  } else if (field->kind == OX_WIRE_ROWS) {
    put_rows(j, context, *(const ox_bytes *)at);
  } else if (ox_wire_is_recipient(field)) {
    put_recipient(j, context, *(const ox_bytes *)at);
  } else if (is_view) {
    ox_json_put_bytes(j, ((const ox_bytes *)at)->data, ((const ox_bytes *)at)->size_bytes);
  } else if (field->kind == OX_WIRE_BYTES) {
    ox_json_put_bytes(j, at, field->fixed);
  } else {
    put_one(j, field, context, at);
  }
}

static void put_fields(ox_json_writer *j, const ox_wire_struct *structure, size_t first, size_t end,
                       const ox_wire_context *context, const void *base, bool optional) {
  for (size_t i = first; i < end && j->w->status == OX_OK;) {
    const ox_wire_field *field = &structure->fields[i++];
    if (field->kind == OX_WIRE_SIZED) continue;
    if (field->kind == OX_WIRE_IF) {
      if (block_holds(field, base)) {
        put_fields(j, structure, i, i + field->span, context, base,
                   optional || asks_context(field));
      }
      i += field->span;
    } else {
      put_field(j, field, context, base, optional);
    }
  }
}

void ox_json_put_members(ox_json_writer *j, const ox_wire_struct *structure,
                         const ox_wire_context *context, const void *value) {
  static const ox_wire_context nothing;
  ox_wire_context own =
      ox_wire_recipient_columns(structure, value, context != NULL ? context : &nothing);
  put_fields(j, structure, 0, structure->field_count, &own, value, false);
}

void ox_json_put_struct(ox_json_writer *j, const ox_wire_struct *structure,
                        const ox_wire_context *context, const void *value) {
  ox_json_begin(j, '{');
  ox_json_put_members(j, structure, context, value);
  ox_json_end(j, '}');
}

void ox_wire_to_json(const ox_wire_struct *structure, const void *value,
                     const ox_wire_context *context, ox_writer *w) {
  ox_json_writer j;
  ox_json_init(&j, w);
  ox_json_put_struct(&j, structure, context, value);
}

/* From JSON. */

static uint64_t largest(const ox_wire_field *field) {
  unsigned bytes = ox_wire_integer_bytes(field->kind);
  return bytes == 8 ? UINT64_MAX : ((uint64_t)1 << 8 * bytes) - 1;
}

static uint64_t get_number(ox_json_reader *r, const ox_json_value *json,
                           const ox_wire_field *field) {
  if (field->values != NULL) return ox_json_named(r, json, field->values, largest(field));
  switch (field->kind) {
    case OX_WIRE_BOOL8: return ox_json_bool(r, json);
    case OX_WIRE_I8: return (uint64_t)ox_json_i64(r, json, INT8_MIN, INT8_MAX);
    case OX_WIRE_I16: return (uint64_t)ox_json_i64(r, json, INT16_MIN, INT16_MAX);
    case OX_WIRE_I32: return (uint64_t)ox_json_i64(r, json, INT32_MIN, INT32_MAX);
    case OX_WIRE_I64: return (uint64_t)ox_json_i64(r, json, INT64_MIN, INT64_MAX);
    case OX_WIRE_ID64: return ox_json_id(r, json);
    case OX_WIRE_TAG: return ox_json_tag(r, json);
    case OX_WIRE_STATUS: return ox_json_status_code(r, json);
    case OX_WIRE_FILETIME: return ox_json_time(r, json);
    default: return ox_json_u64(r, json, largest(field));
  }
}

static void get_encoded(ox_json_reader *r, const ox_json_value *json, const ox_wire_field *field,
                        const ox_wire_context *context, void *at) {
  ox_bytes bytes = ox_json_bytes(r, json);
  if (r->status != OX_OK) return;
  ox_reader reader;
  ox_reader_init(&reader, bytes.data, bytes.size_bytes);
  field->hand->decode(&reader, r->arena, field->hand_width, context->columns, context->column_count,
                      at);
  ox_status status = ox_reader_finish(&reader, NULL);
  if (status != OX_OK) ox_json_fail(r, json, status, "%s", ox_status_text(status));
}

static void get_one(ox_json_reader *r, const ox_json_value *json, const ox_wire_field *field,
                    const ox_wire_context *context, void *at) {
  if (ox_wire_integer_bytes(field->kind) != 0) {
    ox_wire_set_number(at, field->kind, 0, get_number(r, json, field));
    return;
  }
  switch (field->kind) {
    case OX_WIRE_GUID: *(ox_guid *)at = ox_json_guid(r, json); break;
    case OX_WIRE_STR8:
    case OX_WIRE_ZSTR8: *(ox_str8 *)at = ox_json_str8(r, json); break;
    case OX_WIRE_STR16:
    case OX_WIRE_ZSTR16: *(ox_str16 *)at = ox_json_str16(r, json); break;
    case OX_WIRE_STRUCT: ox_json_struct(r, json, field->structure, context, at); break;
    default:
      if (field->hand->hooks != NULL) {
        field->hand->hooks->from_json(r, json, field->hand_width, at);
      } else {
        get_encoded(r, json, field, context, at);
      }
  }
}

/* What a writer holds, in the reader's arena. */
static ox_bytes keep(ox_json_reader *r, const ox_json_value *json, ox_writer *w) {
  ox_bytes bytes = {NULL, w->size_bytes};
  if (w->status != OX_OK) ox_json_fail(r, json, w->status, "%s", ox_status_text(w->status));
  if (r->status == OX_OK) {
    bytes.data = ox_arena_copy(r->arena, w->data, w->size_bytes);
    if (bytes.data == NULL) ox_json_fail(r, json, OX_E_NO_MEMORY, "Out of memory.");
  }
  ox_writer_dispose(w);
  return bytes;
}

static ox_bytes get_rows(ox_json_reader *r, const ox_json_value *json, uint32_t expected,
                         const ox_wire_context *context) {
  uint32_t count;
  if (json == NULL || json->type != OX_JSON_ARRAY) return ox_json_bytes(r, json);
  const ox_json_value *item = ox_json_items(r, json, &count);
  if (count != expected) {
    ox_json_fail(r, json, OX_E_MALFORMED, "The number of rows is another than is said above.");
  }
  if (count != 0 && context->columns == NULL) {
    ox_json_fail(r, json, OX_E_MALFORMED, "The columns of these rows are not known.");
  }
  ox_property *row = ox_json_alloc(r, context->column_count, sizeof *row);
  ox_writer w;
  ox_writer_init(&w, r->arena->allocator, r->arena->max_bytes);
  for (; item != NULL && r->status == OX_OK; item = item->next) {
    uint32_t columns;
    const ox_json_value *value = ox_json_items(r, item, &columns);
    if (columns != context->column_count) {
      ox_json_fail(r, item, OX_E_MALFORMED, "A row has one property for each column.");
    }
    for (uint32_t i = 0; value != NULL && r->status == OX_OK; i++, value = value->next) {
      memset(&row[i], 0, sizeof row[i]);
      ox_property_hooks.from_json(r, value, OX_COUNT_16, &row[i]);
    }
    if (r->status == OX_OK) {
      ox_property_row_encode(&w, context->columns, context->column_count, OX_COUNT_16, row);
    }
  }
  return keep(r, json, &w);
}

/* Bytes and characters are counted by another member, or the schema. */
static void check_length(ox_json_reader *r, const ox_json_value *json, const ox_wire_field *field,
                         const uint8_t *base, size_t length) {
  if (r->status != OX_OK || (field->count_kind == 0 && field->fixed == 0)) return;
  uint32_t expected = ox_wire_count(field, base);
  if (length != expected) {
    ox_json_fail(r, json, OX_E_MALFORMED, "%u %s belong here.", (unsigned)expected,
                 field->kind == OX_WIRE_BYTES ? "bytes" : "characters");
  }
}

static ox_bytes get_recipient(ox_json_reader *r, const ox_json_value *json,
                              const ox_wire_context *context) {
  ox_recipient_row row;
  ox_writer w;
  memset(&row, 0, sizeof row);
  ox_recipient_row_hooks.from_json(r, json, OX_COUNT_16, &row);
  ox_writer_init(&w, r->arena->allocator, r->arena->max_bytes);
  if (r->status == OX_OK) {
    ox_recipient_row_encode(&w, context->recipient_columns, context->recipient_column_count, &row);
  }
  return keep(r, json, &w);
}

static void get_bytes(ox_json_reader *r, const ox_json_value *json, const ox_wire_field *field,
                      const ox_wire_context *context, uint8_t *base) {
  uint8_t *member = base + field->offset;
  bool is_row = ox_wire_is_recipient(field) && json != NULL && json->type == OX_JSON_OBJECT;
  ox_bytes bytes = is_row ? get_recipient(r, json, context) : ox_json_bytes(r, json);
  check_length(r, json, field, base, bytes.size_bytes);
  if (r->status != OX_OK) return;
  if ((field->flags & OX_WIRE_INLINE) != 0) {
    memcpy(member, bytes.data, field->fixed);
  } else {
    *(ox_bytes *)member = bytes;
  }
}

static void get_array(ox_json_reader *r, const ox_json_value *json, const ox_wire_field *field,
                      const ox_wire_context *context, uint8_t *base) {
  uint8_t *member = base + field->offset;
  uint32_t count;
  const ox_json_value *item = ox_json_items(r, json, &count);
  if ((field->flags & OX_WIRE_REST) != 0) {
    ox_wire_set_number(base, field->count_kind, field->count_offset, count);
  } else if (r->status == OX_OK && count != ox_wire_count(field, base)) {
    ox_json_fail(r, json, OX_E_MALFORMED,
                 "%u elements belong here: correct the count above, or leave it out.",
                 (unsigned)ox_wire_count(field, base));
  }
  uint8_t *at = member;
  if ((field->flags & OX_WIRE_INLINE) == 0) {
    at = count != 0 ? ox_json_alloc(r, count, field->element_bytes) : NULL;
    memcpy(member, &at, sizeof at);
  }
  for (; item != NULL && r->status == OX_OK; item = item->next) {
    get_one(r, item, field, context, at);
    at += field->element_bytes;
  }
}

/* How much a member has of what another one counts: elements, bytes, characters. */
static bool length_of(ox_json_reader *r, const ox_json_value *json, const ox_wire_field *field,
                      size_t *length_out) {
  if (field->kind == OX_WIRE_STR8) {
    *length_out = ox_json_str8(r, json).size_bytes;
  } else if (field->kind == OX_WIRE_STR16) {
    *length_out = ox_json_str16(r, json).size_bytes / 2;
  } else if (field->kind == OX_WIRE_BYTES) {
    *length_out = json->text.size_bytes / 2;
  } else {
    *length_out = json->count;
    return json->type == OX_JSON_ARRAY;
  }
  return true;
}

/* The value of a count that is left out, from what it counts; false when that is not there. */
static bool counted(ox_json_reader *r, const ox_wire_struct *structure, const ox_wire_field *field,
                    const ox_json_value *object, size_t *length_out) {
  for (size_t i = 0; i < structure->field_count; i++) {
    const ox_wire_field *array = &structure->fields[i];
    if (array->count_kind == 0 || array->count_offset != field->offset ||
        (array->flags & (OX_WIRE_VIEW | OX_WIRE_REST)) != 0) {
      continue;
    }
    for (const ox_json_value *m = object->first; m != NULL; m = m->next) {
      if (m->key.size_bytes == strlen(array->name) &&
          memcmp(m->key.data, array->name, m->key.size_bytes) == 0) {
        return length_of(r, m, array, length_out);
      }
    }
  }
  return false;
}

static void get_field(ox_json_reader *r, const ox_wire_struct *structure,
                      const ox_wire_field *field, const ox_json_value *object,
                      const ox_wire_context *outer, uint8_t *base, bool optional) {
  ox_wire_context own;
  uint8_t *member = base + field->offset;
  bool may_be_absent = optional || (field->flags & OX_WIRE_POINTER) != 0 || is_sized_text(field);
  ox_json_value *json = ox_json_member(r, object, field->name);
  if (json == NULL && r->status == OX_OK) {
    size_t length = 0;
    if (may_be_absent) return;
    if (ox_wire_integer_bytes(field->kind) != 0 && counted(r, structure, field, object, &length) &&
        length <= largest(field)) {
      ox_wire_set_number(base, field->kind, field->offset, length);
      return;
    }
    json = ox_json_need(r, object, field->name);
  }
  const ox_wire_context recipients = ox_wire_recipient_columns(structure, base, outer);
  const ox_wire_context *context = columns_for(field, base, &recipients, &own);
  if ((field->flags & OX_WIRE_VIEW) != 0) return; /* its bytes stand elsewhere */
  if (field->kind == OX_WIRE_BYTES) {
    get_bytes(r, json, field, context, base);
  } else if (field->kind == OX_WIRE_ROWS) {
    *(ox_bytes *)member = get_rows(r, json, ox_wire_count(field, base), context);
  } else if ((field->flags & OX_WIRE_ARRAY) != 0) {
    get_array(r, json, field, context, base);
  } else if ((field->flags & OX_WIRE_POINTER) != 0) {
    void *at = ox_json_alloc(r, 1, field->element_bytes);
    if (at != NULL) get_one(r, json, field, context, at);
    memcpy(member, &at, sizeof at);
  } else {
    get_one(r, json, field, context, member);
    if (field->kind == OX_WIRE_STR8) {
      check_length(r, json, field, base, ((const ox_str8 *)member)->size_bytes);
    } else if (field->kind == OX_WIRE_STR16) {
      check_length(r, json, field, base, ((const ox_str16 *)member)->size_bytes / 2);
    }
    if (r->status == OX_OK && !ox_wire_is_allowed(field, base)) {
      ox_json_fail(r, json, OX_E_MALFORMED, "\"%s\" cannot have this value.", field->name);
    }
  }
}

static void get_fields(ox_json_reader *r, const ox_wire_struct *structure, size_t first, size_t end,
                       const ox_json_value *object, const ox_wire_context *context, void *base,
                       bool optional) {
  for (size_t i = first; i < end && r->status == OX_OK;) {
    const ox_wire_field *field = &structure->fields[i++];
    if (field->kind == OX_WIRE_SIZED) continue;
    if (field->kind == OX_WIRE_IF) {
      if (block_holds(field, base)) {
        get_fields(r, structure, i, i + field->span, object, context, base,
                   optional || asks_context(field));
      }
      i += field->span;
      continue;
    }
    get_field(r, structure, field, object, context, base, optional);
    if (r->status != OX_OK && r->field == NULL) {
      r->field = field->name;
      r->spec = structure->section;
    }
  }
}

void ox_json_members(ox_json_reader *r, const ox_json_value *object,
                     const ox_wire_struct *structure, const ox_wire_context *context, void *out) {
  static const ox_wire_context nothing;
  get_fields(r, structure, 0, structure->field_count, object, context != NULL ? context : &nothing,
             out, false);
}

void ox_json_struct(ox_json_reader *r, const ox_json_value *object, const ox_wire_struct *structure,
                    const ox_wire_context *context, void *out) {
  ox_json_members(r, object, structure, context, out);
  ox_json_close(r, object);
}

ox_status ox_wire_from_json(const ox_wire_struct *structure, ox_str8 text,
                            const ox_wire_context *context, ox_arena *arena, void *out,
                            ox_error *err) {
  ox_json_reader r;
  ox_json_reader_init(&r, arena);
  memset(out, 0, structure->size_bytes);
  const ox_json_value *value = ox_json_parse(&r, text);
  if (value != NULL) ox_json_struct(&r, value, structure, context, out);
  if (r.status != OX_OK) memset(out, 0, structure->size_bytes);
  return ox_json_status(&r, err);
}
