/* Table ROPs. @spec [MS-OXCTABL] 3.2.5 */
#include <string.h>

#include "server.h"

/** Rows asked of the store at a time while a response is filled. */
#define CHUNK_ROWS 64u

static ox_table *table_of(const rs_call *call) {
  return call->object->u.table.table;
}

static bool has_columns(const rs_call *call) {
  size_t count = 0;
  ox_table_columns(table_of(call), &count);
  return count > 0;
}

ox_status rs_set_columns(rs_call *call) {
  const ox_set_columns_request *request = &call->request->u.set_columns;
  for (size_t i = 0; i < request->property_tag_count; i++) {
    uint16_t type = OX_PROPTAG_TYPE(request->property_tags[i]);
    if ((type & OX_PTYP_INSTANCE) != 0) type &= (uint16_t)~OX_PTYP_INSTANCE;
    if (type == OX_PTYP_UNSPECIFIED || type == OX_PTYP_ERROR_CODE || !ox_type_is_known(type))
      return OX_E_INVALID_PARAMETER;
  }
  /* The work is done at once, so the answer is TBLSTAT_COMPLETE ([MS-OXCTABL] 3.2.5.1). */
  call->response->u.set_columns.table_status = OX_TABLE_STATUS_COMPLETE;
  return ox_table_set_columns(table_of(call), request->property_tags, request->property_tag_count,
                              call->err);
}

ox_status rs_sort_table(rs_call *call) {
  if (call->object->u.table.shows != RS_TABLE_CONTENTS) return OX_E_NO_SUPPORT;
  call->response->u.sort_table.table_status = OX_TABLE_STATUS_COMPLETE;
  return ox_table_sort(table_of(call), &call->request->u.sort_table.sort_orders, call->err);
}

ox_status rs_restrict(rs_call *call) {
  if (call->object->u.table.shows == RS_TABLE_ATTACHMENTS) return OX_E_NO_SUPPORT;
  call->response->u.restrict_.table_status = OX_TABLE_STATUS_COMPLETE;
  return ox_table_restrict(table_of(call), call->request->u.restrict_.restriction_data, call->err);
}

typedef struct row_fill {
  ox_writer writer;
  size_t budget_bytes;
  size_t row_count;
  size_t *starts; /* offset of each row */
  size_t start_capacity;
  uint32_t origin;
  bool full;
} row_fill;

static ox_status remember_start(rs_call *call, row_fill *fill, size_t row, size_t start) {
  if (row == fill->start_capacity) {
    size_t capacity = fill->start_capacity != 0 ? fill->start_capacity * 2 : CHUNK_ROWS;
    size_t *grown = ox_arena_grow(call->scratch, fill->starts, row, capacity, sizeof *grown);
    if (grown == NULL) return OX_E_NO_MEMORY;
    fill->starts = grown;
    fill->start_capacity = capacity;
  }
  fill->starts[row] = start;
  return OX_OK;
}

/* The rows as they travel: in table order, also when they were read backwards, which the store
 * does nearest first ([MS-OXCTABL] 3.2.5.5). */
static ox_status take_rows(rs_call *call, const row_fill *fill, bool forward, ox_bytes *out) {
  ox_bytes bytes = ox_writer_bytes(&fill->writer);
  uint8_t *copy = ox_arena_alloc(call->arena, bytes.size_bytes);
  if (copy == NULL) return OX_E_NO_MEMORY;
  size_t at = 0, end = bytes.size_bytes;
  for (size_t i = fill->row_count; !forward && i-- > 0;) {
    memcpy(copy + at, bytes.data + fill->starts[i], end - fill->starts[i]);
    at += end - fill->starts[i];
    end = fill->starts[i];
  }
  if (forward && bytes.size_bytes > 0) memcpy(copy, bytes.data, bytes.size_bytes);
  *out = (ox_bytes){copy, bytes.size_bytes};
  return OX_OK;
}

/* Encodes the rows that fit and moves the cursor back before those that do not. */
static ox_status encode_chunk(rs_call *call, const ox_property *rows, size_t count, bool forward,
                              row_fill *fill) {
  size_t column_count = 0, encoded = 0;
  const ox_proptag *columns = ox_table_columns(table_of(call), &column_count);
  for (; encoded < count; encoded++) {
    size_t mark = fill->writer.size_bytes;
    ox_property_row_encode(&fill->writer, columns, column_count, OX_COUNT_16,
                           rows + encoded * column_count);
    ox_status status = ox_writer_status(&fill->writer);
    if (status == OX_E_LIMIT || fill->writer.size_bytes > fill->budget_bytes) {
      ox_writer_rewind(&fill->writer, mark);
      fill->full = true;
      break;
    }
    if (!ox_failed(status)) status = remember_start(call, fill, fill->row_count + encoded, mark);
    if (ox_failed(status)) return status;
  }
  fill->row_count += encoded;
  if (encoded == count) return OX_OK;
  int32_t back = (int32_t)(count - encoded);
  return ox_table_seek(table_of(call), OX_BOOKMARK_CURRENT, forward ? -back : back, NULL, NULL,
                       call->err);
}

static ox_status fill_rows(rs_call *call, size_t wanted, bool forward, row_fill *fill) {
  ox_table *table = table_of(call);
  fill->origin = OX_BOOKMARK_CURRENT;
  while (fill->row_count < wanted && !fill->full) {
    size_t chunk = wanted - fill->row_count, count = 0;
    if (chunk > CHUNK_ROWS) chunk = CHUNK_ROWS;
    ox_property *rows = NULL;
    ox_status status = ox_table_query_rows(table, 0, forward, chunk, call->scratch, &rows, &count,
                                           &fill->origin, call->err);
    if (!ox_failed(status)) status = encode_chunk(call, rows, count, forward, fill);
    if (ox_failed(status)) return status;
    if (count < chunk) break;
  }
  if (fill->full) fill->origin = OX_BOOKMARK_CURRENT;
  return fill->full && fill->row_count == 0 ? OX_E_BUFFER_TOO_SMALL : OX_OK;
}

ox_status rs_query_rows(rs_call *call) {
  const ox_query_rows_request *request = &call->request->u.query_rows;
  ox_query_rows_response *response = &call->response->u.query_rows;
  if (!has_columns(call)) return OX_E_NULL_OBJECT;
  rs_table_view(call->object);
  row_fill fill = {.budget_bytes = ox_query_rows_room(call->room_bytes)};
  ox_writer_init(&fill.writer, call->server->allocator, 0x20000);
  ox_status status = fill_rows(call, request->row_count, request->forward_read, &fill);
  if (!ox_failed(status) && (request->query_rows_flags & OX_QUERY_ROWS_FLAGS_NO_ADVANCE) != 0 &&
      fill.row_count > 0) {
    int32_t back = (int32_t)fill.row_count;
    status = ox_table_seek(table_of(call), OX_BOOKMARK_CURRENT,
                           request->forward_read ? -back : back, NULL, NULL, call->err);
  }
  if (!ox_failed(status))
    status = take_rows(call, &fill, request->forward_read, &response->row_data);
  response->origin = (uint8_t)fill.origin;
  response->row_count = (uint16_t)fill.row_count;
  ox_writer_dispose(&fill.writer);
  return status;
}

ox_status rs_abort(rs_call *call) {
  if (call->object->u.table.shows == RS_TABLE_ATTACHMENTS) return OX_E_NO_SUPPORT;
  return OX_E_UNABLE_TO_ABORT; /* nothing runs asynchronously */
}

ox_status rs_get_status(rs_call *call) {
  call->response->u.get_status.table_status = OX_TABLE_STATUS_COMPLETE;
  return OX_OK;
}

ox_status rs_query_position(rs_call *call) {
  ox_query_position_response *response = &call->response->u.query_position;
  rs_table_view(call->object);
  return ox_table_position(table_of(call), &response->numerator, &response->denominator, call->err);
}

ox_status rs_seek_row(rs_call *call) {
  const ox_seek_row_request *request = &call->request->u.seek_row;
  ox_seek_row_response *response = &call->response->u.seek_row;
  if (request->origin > OX_BOOKMARK_END) return OX_E_INVALID_PARAMETER;
  rs_table_view(call->object);
  int32_t sought = 0;
  ox_status status =
      ox_table_seek(table_of(call), request->origin, request->row_count, &sought, NULL, call->err);
  if (!ox_failed(status) && request->want_row_moved_count) {
    response->rows_sought = sought;
    response->has_sought_less = sought != request->row_count;
  }
  return status;
}

/* A bookmark on the wire is the number that the store gave, little-endian. */
static ox_status read_bookmark(ox_bytes bytes, uint32_t *out) {
  ox_reader r;
  ox_reader_init(&r, bytes.data, bytes.size_bytes);
  *out = ox_read_u32(&r);
  bool good = ox_reader_finish(&r, NULL) == OX_OK && *out > OX_BOOKMARK_END;
  return good ? OX_OK : OX_E_INVALID_BOOKMARK;
}

ox_status rs_seek_row_bookmark(rs_call *call) {
  const ox_seek_row_bookmark_request *request = &call->request->u.seek_row_bookmark;
  ox_seek_row_bookmark_response *response = &call->response->u.seek_row_bookmark;
  if (call->object->u.table.shows == RS_TABLE_ATTACHMENTS) return OX_E_NO_SUPPORT;
  if (!has_columns(call)) return OX_E_NULL_OBJECT;
  rs_table_view(call->object);
  uint32_t bookmark = 0;
  int32_t sought = 0;
  ox_status status = read_bookmark(request->bookmark, &bookmark);
  if (!ox_failed(status))
    status = ox_table_seek(table_of(call), bookmark, request->row_count, &sought,
                           &response->row_no_longer_visible, call->err);
  if (!ox_failed(status) && request->want_row_moved_count) {
    response->rows_sought = sought;
    response->has_sought_less = sought != request->row_count;
  }
  return status;
}

ox_status rs_seek_row_fractional(rs_call *call) {
  const ox_seek_row_fractional_request *request = &call->request->u.seek_row_fractional;
  rs_table_view(call->object);
  return ox_table_seek_fractional(table_of(call), request->numerator, request->denominator,
                                  call->err);
}

ox_status rs_create_bookmark(rs_call *call) {
  if (call->object->u.table.shows == RS_TABLE_ATTACHMENTS) return OX_E_NO_SUPPORT;
  uint32_t bookmark = 0;
  ox_status status = ox_table_create_bookmark(table_of(call), &bookmark, call->err);
  if (ox_failed(status)) return status;
  uint8_t *bytes = ox_arena_alloc(call->scratch, 4);
  if (bytes == NULL) return OX_E_NO_MEMORY;
  ox_writer w;
  ox_writer_init_fixed(&w, bytes, 4);
  ox_write_u32(&w, bookmark);
  call->response->u.create_bookmark.bookmark = ox_writer_bytes(&w);
  return OX_OK;
}

ox_status rs_free_bookmark(rs_call *call) {
  if (call->object->u.table.shows == RS_TABLE_ATTACHMENTS) return OX_E_NO_SUPPORT;
  if (!has_columns(call)) return OX_E_NULL_OBJECT;
  uint32_t bookmark = 0;
  ox_status status = read_bookmark(call->request->u.free_bookmark.bookmark, &bookmark);
  return ox_failed(status) ? status : ox_table_free_bookmark(table_of(call), bookmark, call->err);
}

ox_status rs_query_columns_all(rs_call *call) {
  ox_query_columns_all_response *response = &call->response->u.query_columns_all;
  rs_table_view(call->object);
  size_t count = 0;
  ox_status status = ox_table_all_columns(table_of(call), call->scratch, &response->property_tags,
                                          &count, call->err);
  response->property_tag_count = count > UINT16_MAX ? UINT16_MAX : (uint16_t)count;
  return status;
}

/* The row goes along when it fits. */
static ox_status put_found_row(rs_call *call, const ox_property *row) {
  ox_find_row_response *response = &call->response->u.find_row;
  size_t column_count = 0;
  const ox_proptag *columns = ox_table_columns(table_of(call), &column_count);
  ox_writer w;
  ox_writer_init(&w, call->server->allocator, 0x10000);
  ox_property_row_encode(&w, columns, column_count, OX_COUNT_16, row);
  ox_status status = ox_writer_status(&w);
  ox_bytes bytes = ox_writer_bytes(&w);
  response->has_row_data = status == OX_OK && bytes.size_bytes + 8 <= call->room_bytes;
  if (response->has_row_data) {
    response->row_data.data = ox_arena_copy(call->scratch, bytes.data, bytes.size_bytes);
    response->row_data.size_bytes = bytes.size_bytes;
    if (response->row_data.data == NULL) status = OX_E_NO_MEMORY;
  }
  ox_writer_dispose(&w);
  return status == OX_E_LIMIT ? OX_OK : status;
}

ox_status rs_find_row(rs_call *call) {
  const ox_find_row_request *request = &call->request->u.find_row;
  ox_find_row_response *response = &call->response->u.find_row;
  if (call->object->u.table.shows == RS_TABLE_ATTACHMENTS) return OX_E_NO_SUPPORT;
  if (!has_columns(call)) return OX_E_NULL_OBJECT;
  if (request->restriction_data == NULL || request->origin > OX_BOOKMARK_ORIGIN_CUSTOM)
    return OX_E_INVALID_PARAMETER;
  rs_table_view(call->object);
  uint32_t bookmark = request->origin;
  ox_status status = OX_OK;
  if (request->origin == OX_BOOKMARK_ORIGIN_CUSTOM)
    status = read_bookmark(request->bookmark, &bookmark);
  ox_property *row = NULL;
  if (!ox_failed(status))
    status = ox_table_find_row(table_of(call), request->restriction_data, bookmark,
                               (request->find_row_flags & OX_FIND_ROW_FLAGS_BACKWARD) != 0,
                               call->scratch, &row, &response->row_no_longer_visible, call->err);
  return ox_failed(status) ? status : put_found_row(call, row);
}

ox_status rs_reset_table(rs_call *call) {
  if (call->object->u.table.shows != RS_TABLE_CONTENTS) return OX_E_NO_SUPPORT;
  /* The view is gone, and its notifications with it ([MS-OXCNOTIF] 3.1.4.3). */
  ox_subscription_close(call->object->u.table.subscription);
  call->object->u.table.subscription = NULL;
  return ox_table_reset(table_of(call), call->err);
}
