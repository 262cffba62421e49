/* Remote tables. */
#include <string.h>

#include "client.h"

/** Number of the first bookmark. */
#define FIRST_BOOKMARK 3u

static rc_table *table_of(ox_table *table) {
  return (rc_table *)table;
}

ox_status rc_table_new(rc_mailbox *mailbox, uint32_t handle, rc_table **out, ox_error *err) {
  rc_table *table = ox_calloc(mailbox->allocator, 1, sizeof *table);
  if (table == NULL) {
    rc_release(mailbox, handle);
    return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  }
  table->base.provider = &rc_provider;
  table->base.mailbox = &mailbox->base;
  table->handle = handle;
  *out = table;
  return OX_OK;
}

static void drop_bookmarks(rc_table *table) {
  const ox_allocator *allocator = rc_of(table->base.mailbox)->allocator;
  for (size_t i = 0; i < table->bookmark_count; i++)
    ox_free(allocator, (void *)table->bookmarks[i].data);
  ox_free(allocator, table->bookmarks);
  table->bookmarks = NULL;
  table->bookmark_count = 0;
}

void rc_table_close(ox_table *base) {
  if (base == NULL) return;
  rc_mailbox *mailbox = rc_of(base->mailbox);
  rc_table *table = table_of(base);
  if (table->subscription != NULL) ((rc_subscription *)table->subscription)->table = NULL;
  drop_bookmarks(table);
  rc_release(mailbox, table->handle);
  ox_free(mailbox->allocator, base->columns);
  ox_free(mailbox->allocator, table);
}

ox_status rc_table_set_columns(ox_table *base, const ox_proptag *columns, size_t count,
                               ox_error *err) {
  rc_mailbox *mailbox = rc_of(base->mailbox);
  if (count == 0 || count > UINT16_MAX)
    return ox_error_set(err, OX_E_INVALID_PARAMETER, "A table needs columns.");
  ox_proptag *copy = ox_malloc(mailbox->allocator, count * sizeof *copy);
  if (copy == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  memcpy(copy, columns, count * sizeof *copy);
  rc_begin(mailbox);
  ox_rop_request request = {.rop_id = OX_ROP_SET_COLUMNS};
  request.u.set_columns.input_handle_index = rc_index(mailbox, table_of(base)->handle);
  request.u.set_columns.property_tag_count = (uint16_t)count;
  request.u.set_columns.property_tags = copy;
  ox_status status = rc_one(mailbox, &request, NULL, 0, NULL, err);
  if (ox_failed(status)) {
    ox_free(mailbox->allocator, copy);
    return status;
  }
  ox_free(mailbox->allocator, base->columns);
  base->columns = copy;
  base->column_count = count;
  return OX_OK;
}

ox_status rc_table_sort(ox_table *base, const ox_sort_order_set *sort, ox_error *err) {
  rc_mailbox *mailbox = rc_of(base->mailbox);
  rc_begin(mailbox);
  ox_rop_request request = {.rop_id = OX_ROP_SORT_TABLE};
  request.u.sort_table.input_handle_index = rc_index(mailbox, table_of(base)->handle);
  request.u.sort_table.sort_orders = *sort;
  ox_status status = rc_one(mailbox, &request, NULL, 0, NULL, err);
  if (!ox_failed(status)) drop_bookmarks(table_of(base));
  return status;
}

ox_status rc_table_restrict(ox_table *base, const ox_restriction *restriction, ox_error *err) {
  rc_mailbox *mailbox = rc_of(base->mailbox);
  rc_begin(mailbox);
  ox_rop_request request = {.rop_id = OX_ROP_RESTRICT};
  request.u.restrict_.input_handle_index = rc_index(mailbox, table_of(base)->handle);
  request.u.restrict_.restriction_data = (ox_restriction *)restriction;
  ox_status status = rc_one(mailbox, &request, NULL, 0, NULL, err);
  if (!ox_failed(status)) drop_bookmarks(table_of(base));
  return status;
}

typedef struct row_list {
  ox_arena *arena;
  ox_property *items;
  size_t count;    /* rows */
  size_t capacity; /* rows */
  uint32_t origin;
} row_list;

/* The API gives rows that are read backwards nearest first; on the wire they are in table order. */
static void reverse_rows(ox_property *rows, size_t columns, size_t count) {
  for (size_t i = 0; i < count / 2; i++) {
    for (size_t k = 0; k < columns; k++) {
      ox_property swapped = rows[i * columns + k];
      rows[i * columns + k] = rows[(count - 1 - i) * columns + k];
      rows[(count - 1 - i) * columns + k] = swapped;
    }
  }
}

static ox_status append_rows(row_list *list, const ox_table *table, bool forward,
                             const ox_query_rows_response *response, ox_error *err) {
  size_t columns = table->column_count, count = response->row_count;
  ox_property *rows = NULL;
  list->origin = response->origin;
  if (count == 0) return OX_OK;
  ox_status status =
      rc_rows(response->row_data, table->columns, columns, count, list->arena, &rows, err);
  if (ox_failed(status)) return status;
  if (!forward) reverse_rows(rows, columns, count);
  if (list->count + count > list->capacity) {
    size_t capacity = list->capacity != 0 ? list->capacity * 2 : count;
    while (capacity < list->count + count) capacity *= 2;
    list->items = ox_arena_grow(list->arena, list->items, list->count * columns, capacity * columns,
                                sizeof *rows);
    if (list->items == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
    list->capacity = capacity;
  }
  memcpy(list->items + list->count * columns, rows, count * columns * sizeof *rows);
  list->count += count;
  return OX_OK;
}

/* One RopQueryRows and all its parts. */
static ox_status query_once(ox_table *base, uint32_t flags, bool forward, size_t wanted,
                            row_list *list, size_t *got_out, ox_error *err) {
  rc_mailbox *mailbox = rc_of(base->mailbox);
  size_t before = list->count, position = 0;
  rc_begin(mailbox);
  ox_rop_request request = {.rop_id = OX_ROP_QUERY_ROWS};
  request.u.query_rows.input_handle_index = rc_index(mailbox, table_of(base)->handle);
  request.u.query_rows.query_rows_flags =
      (uint8_t)(flags | OX_QUERY_ROWS_FLAGS_ENABLE_PACKED_BUFFERS);
  request.u.query_rows.forward_read = forward;
  request.u.query_rows.row_count = wanted < UINT16_MAX ? (uint16_t)wanted : UINT16_MAX;
  ox_status status = rc_add(mailbox, &request, base->columns, base->column_count, &position, err);
  if (!ox_failed(status)) status = rc_run(mailbox, err);
  if (!ox_failed(status)) status = rc_status(mailbox, position, err);
  const ox_rop_response *response;
  for (size_t part = 0; !ox_failed(status) &&
                        (response = ox_rop_batch_response(mailbox->batch, position, part)) != NULL;
       part++)
    status = append_rows(list, base, forward, &response->u.query_rows, err);
  *got_out = list->count - before;
  return status;
}

ox_status rc_table_query_rows(ox_table *base, uint32_t flags, bool forward, size_t max_count,
                              ox_arena *arena, ox_property **rows_out, size_t *row_count_out,
                              uint32_t *origin_out, ox_error *err) {
  if (base->column_count == 0)
    return ox_error_set(err, OX_E_NULL_OBJECT, "The table has no columns.");
  row_list list = {.arena = arena, .origin = OX_BOOKMARK_CURRENT};
  const uint32_t end = forward ? OX_BOOKMARK_END : OX_BOOKMARK_BEGINNING;
  ox_status status = OX_OK;
  size_t got = 1;
  while (!ox_failed(status) && got > 0 && list.count < max_count && list.origin != end)
    status = query_once(base, 0, forward, max_count - list.count, &list, &got, err);
  if (!ox_failed(status) && (flags & OX_QUERY_NO_ADVANCE) != 0 && list.count > 0) {
    int32_t back = (int32_t)list.count;
    status = rc_table_seek(base, OX_BOOKMARK_CURRENT, forward ? -back : back, NULL, NULL, err);
  }
  if (ox_failed(status)) return status;
  *rows_out = list.items;
  *row_count_out = list.count;
  if (origin_out != NULL) *origin_out = list.origin;
  return OX_OK;
}

ox_status rc_table_position(ox_table *base, uint32_t *numerator_out, uint32_t *denominator_out,
                            ox_error *err) {
  rc_mailbox *mailbox = rc_of(base->mailbox);
  rc_begin(mailbox);
  ox_rop_request request = {.rop_id = OX_ROP_QUERY_POSITION};
  request.u.query_position.input_handle_index = rc_index(mailbox, table_of(base)->handle);
  const ox_rop_response *response = NULL;
  ox_status status = rc_one(mailbox, &request, NULL, 0, &response, err);
  if (ox_failed(status)) return status;
  *numerator_out = response->u.query_position.numerator;
  *denominator_out = response->u.query_position.denominator;
  return OX_OK;
}

ox_status rc_table_row_count(ox_table *base, uint32_t *count_out, ox_error *err) {
  uint32_t numerator = 0;
  return rc_table_position(base, &numerator, count_out, err);
}

/* The server's form of a bookmark; NULL when it is not one of this table's. */
static const ox_bytes *find_bookmark(const rc_table *table, uint32_t bookmark) {
  size_t index = bookmark - FIRST_BOOKMARK;
  if (bookmark < FIRST_BOOKMARK || index >= table->bookmark_count) return NULL;
  return table->bookmarks[index].data != NULL ? &table->bookmarks[index] : NULL;
}

ox_status rc_table_seek(ox_table *base, uint32_t bookmark, int32_t rows, int32_t *sought_out,
                        bool *moved_out, ox_error *err) {
  rc_mailbox *mailbox = rc_of(base->mailbox);
  rc_table *table = table_of(base);
  bool custom = bookmark >= FIRST_BOOKMARK;
  const ox_bytes *bytes = custom ? find_bookmark(table, bookmark) : NULL;
  if (custom && bytes == NULL) return ox_error_set(err, OX_E_INVALID_BOOKMARK, NULL);
  rc_begin(mailbox);
  uint8_t index = rc_index(mailbox, table->handle);
  ox_rop_request request = {.rop_id = custom ? OX_ROP_SEEK_ROW_BOOKMARK : OX_ROP_SEEK_ROW};
  if (custom)
    request.u.seek_row_bookmark = (ox_seek_row_bookmark_request){.input_handle_index = index,
                                                                 .bookmark = *bytes,
                                                                 .row_count = rows,
                                                                 .want_row_moved_count = true};
  else
    request.u.seek_row = (ox_seek_row_request){.input_handle_index = index,
                                               .origin = (uint8_t)bookmark,
                                               .row_count = rows,
                                               .want_row_moved_count = true};
  const ox_rop_response *response = NULL;
  ox_status status = rc_one(mailbox, &request, NULL, 0, &response, err);
  if (ox_failed(status)) return status;
  if (sought_out != NULL)
    *sought_out =
        custom ? response->u.seek_row_bookmark.rows_sought : response->u.seek_row.rows_sought;
  if (moved_out != NULL) *moved_out = custom && response->u.seek_row_bookmark.row_no_longer_visible;
  return OX_OK;
}

ox_status rc_table_seek_fractional(ox_table *base, uint32_t numerator, uint32_t denominator,
                                   ox_error *err) {
  rc_mailbox *mailbox = rc_of(base->mailbox);
  rc_begin(mailbox);
  ox_rop_request request = {.rop_id = OX_ROP_SEEK_ROW_FRACTIONAL};
  request.u.seek_row_fractional.input_handle_index = rc_index(mailbox, table_of(base)->handle);
  request.u.seek_row_fractional.numerator = numerator;
  request.u.seek_row_fractional.denominator = denominator;
  return rc_one(mailbox, &request, NULL, 0, NULL, err);
}

/* The row that was found did not fit beside the answer: it is where the cursor is. */
static ox_status fetch_row(ox_table *base, ox_arena *arena, ox_property **row_out, ox_error *err) {
  row_list list = {.arena = arena};
  size_t got = 0;
  ox_status status = query_once(base, OX_QUERY_NO_ADVANCE, true, 1, &list, &got, err);
  if (!ox_failed(status) && got == 0) status = ox_error_set(err, OX_E_NOT_FOUND, NULL);
  if (!ox_failed(status)) *row_out = list.items;
  return status;
}

ox_status rc_table_find_row(ox_table *base, const ox_restriction *restriction, uint32_t bookmark,
                            bool backward, ox_arena *arena, ox_property **row_out, bool *moved_out,
                            ox_error *err) {
  rc_mailbox *mailbox = rc_of(base->mailbox);
  rc_table *table = table_of(base);
  bool custom = bookmark >= FIRST_BOOKMARK;
  const ox_bytes *bytes = custom ? find_bookmark(table, bookmark) : NULL;
  if (custom && bytes == NULL) return ox_error_set(err, OX_E_INVALID_BOOKMARK, NULL);
  rc_begin(mailbox);
  ox_rop_request request = {.rop_id = OX_ROP_FIND_ROW};
  ox_find_row_request *find = &request.u.find_row;
  find->input_handle_index = rc_index(mailbox, table->handle);
  find->find_row_flags = backward ? OX_FIND_ROW_FLAGS_BACKWARD : 0;
  find->restriction_data = (ox_restriction *)restriction;
  find->origin = custom ? OX_BOOKMARK_ORIGIN_CUSTOM : (uint8_t)bookmark;
  if (custom) find->bookmark = *bytes;
  const ox_rop_response *response = NULL;
  ox_status status = rc_one(mailbox, &request, base->columns, base->column_count, &response, err);
  if (ox_failed(status)) return status;
  const ox_find_row_response *answer = &response->u.find_row;
  if (moved_out != NULL) *moved_out = answer->row_no_longer_visible;
  if (row_out == NULL) return OX_OK;
  if (!answer->has_row_data) return fetch_row(base, arena, row_out, err);
  return rc_rows(answer->row_data, base->columns, base->column_count, 1, arena, row_out, err);
}

ox_status rc_table_create_bookmark(ox_table *base, uint32_t *bookmark_out, ox_error *err) {
  rc_mailbox *mailbox = rc_of(base->mailbox);
  rc_table *table = table_of(base);
  rc_begin(mailbox);
  ox_rop_request request = {.rop_id = OX_ROP_CREATE_BOOKMARK};
  request.u.create_bookmark.input_handle_index = rc_index(mailbox, table->handle);
  const ox_rop_response *response = NULL;
  ox_status status = rc_one(mailbox, &request, NULL, 0, &response, err);
  if (ox_failed(status)) return status;
  ox_bytes bytes = response->u.create_bookmark.bookmark;
  uint8_t *copy = ox_malloc(mailbox->allocator, bytes.size_bytes + 1);
  ox_bytes *grown =
      ox_realloc(mailbox->allocator, table->bookmarks, (table->bookmark_count + 1) * sizeof *grown);
  if (grown != NULL) table->bookmarks = grown;
  if (copy == NULL || grown == NULL) {
    ox_free(mailbox->allocator, copy);
    return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  }
  if (bytes.size_bytes > 0) memcpy(copy, bytes.data, bytes.size_bytes);
  table->bookmarks[table->bookmark_count] = (ox_bytes){copy, bytes.size_bytes};
  *bookmark_out = FIRST_BOOKMARK + (uint32_t)table->bookmark_count++;
  return OX_OK;
}

ox_status rc_table_free_bookmark(ox_table *base, uint32_t bookmark, ox_error *err) {
  rc_mailbox *mailbox = rc_of(base->mailbox);
  rc_table *table = table_of(base);
  const ox_bytes *bytes = find_bookmark(table, bookmark);
  if (bytes == NULL) return ox_error_set(err, OX_E_INVALID_BOOKMARK, NULL);
  rc_begin(mailbox);
  ox_rop_request request = {.rop_id = OX_ROP_FREE_BOOKMARK};
  request.u.free_bookmark.input_handle_index = rc_index(mailbox, table->handle);
  request.u.free_bookmark.bookmark = *bytes;
  ox_status status = rc_one(mailbox, &request, NULL, 0, NULL, err);
  if (ox_failed(status)) return status;
  ox_free(mailbox->allocator, (void *)bytes->data);
  table->bookmarks[bookmark - FIRST_BOOKMARK] = (ox_bytes){0};
  return OX_OK;
}

ox_status rc_table_all_columns(ox_table *base, ox_arena *arena, ox_proptag **tags_out,
                               size_t *count_out, ox_error *err) {
  rc_mailbox *mailbox = rc_of(base->mailbox);
  rc_begin(mailbox);
  ox_rop_request request = {.rop_id = OX_ROP_QUERY_COLUMNS_ALL};
  request.u.query_columns_all.input_handle_index = rc_index(mailbox, table_of(base)->handle);
  const ox_rop_response *response = NULL;
  ox_status status = rc_one(mailbox, &request, NULL, 0, &response, err);
  if (ox_failed(status)) return status;
  const ox_query_columns_all_response *answer = &response->u.query_columns_all;
  *tags_out =
      ox_arena_copy(arena, answer->property_tags, answer->property_tag_count * sizeof **tags_out);
  if (*tags_out == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  *count_out = answer->property_tag_count;
  return OX_OK;
}

ox_status rc_table_reset(ox_table *base, ox_error *err) {
  rc_mailbox *mailbox = rc_of(base->mailbox);
  rc_table *table = table_of(base);
  ox_status status;
  if (table->contents) {
    rc_begin(mailbox);
    ox_rop_request request = {.rop_id = OX_ROP_RESET_TABLE};
    request.u.reset_table.input_handle_index = rc_index(mailbox, table->handle);
    status = rc_one(mailbox, &request, NULL, 0, NULL, err);
  } else {
    /* RopResetTable is for contents tables; the others have neither sort nor categories. */
    status = table->attachments ? OX_OK : rc_table_restrict(base, NULL, err);
    if (!ox_failed(status)) status = rc_table_seek(base, OX_BOOKMARK_BEGINNING, 0, NULL, NULL, err);
  }
  if (ox_failed(status)) return status;
  drop_bookmarks(table);
  ox_free(mailbox->allocator, base->columns);
  base->columns = NULL;
  base->column_count = 0;
  return OX_OK;
}
