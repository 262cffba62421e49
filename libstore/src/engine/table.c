/* Tables: the cursor, and what moves it. */
#include <string.h>

#include "table.h"

#define BOOKMARKS_MAX 1024u
#define VIEW_TOUCH_TICKS ((ox_filetime)36000000000) /* an hour */

static oxs_table *table_new(oxs_mailbox *mailbox, oxs_table_kind kind, uint32_t flags,
                            ox_error *err) {
  oxs_table *table = ox_calloc(mailbox->allocator, 1, sizeof *table);
  if (table == NULL) {
    ox_error_set(err, OX_E_NO_MEMORY, NULL);
    return NULL;
  }
  table->base.provider = &oxs_provider;
  table->base.mailbox = &mailbox->base;
  table->mailbox = mailbox;
  table->kind = kind;
  table->flags = flags;
  table->list_seq = -1;
  table->next_bookmark = OX_BOOKMARK_END + 1;
  ox_arena_init(&table->arena, mailbox->allocator, 0);
  ox_arena_init(&table->list_arena, mailbox->allocator, 0);
  return table;
}

static void free_bookmarks(oxs_table *table) {
  for (size_t i = 0; i < table->bookmark_count; i++)
    ox_free(table->mailbox->allocator, (void *)(uintptr_t)table->bookmarks[i].place.key.data);
  ox_free(table->mailbox->allocator, table->bookmarks);
  table->bookmarks = NULL;
  table->bookmark_count = 0;
}

void oxs_table_close(ox_table *base) {
  oxs_table *table = (oxs_table *)base;
  if (table->subscription != NULL) oxs_table_unsubscribe(table);
  free_bookmarks(table);
  ox_arena_dispose(&table->arena);
  ox_arena_dispose(&table->list_arena);
  ox_free(table->mailbox->allocator, table->base.columns);
  ox_free(table->mailbox->allocator, table->place_key);
  ox_free(table->mailbox->allocator, table);
}

/* ---- rows, whatever the kind ---- */

ox_status oxs_table_read(oxs_table *table, oxs_txn *t, ox_error *err) {
  oxs_database *database = table->mailbox->database;
  for (int tries = 0;; tries++) {
    ox_status status = oxs_read_begin(database, t, err);
    if (status != OX_OK) return status;
    status = table->kind == OXS_TABLE_CONTENTS ? oxs_view_find(t, &table->view)
                                               : oxs_list_refresh(t, table);
    bool stale = status == OX_OK && table->kind == OXS_TABLE_CONTENTS &&
                 table->view.order == OXS_ORDER_VIEW && !database->read_only &&
                 oxs_now(database->store) > table->view.used + VIEW_TOUCH_TICKS;
    if (status == OX_OK && (!stale || tries > 0)) return OX_OK;
    oxs_read_end(t);
    if ((status != OX_E_NOT_FOUND && !stale) || tries > 1) return ox_error_set(err, status, NULL);
    oxs_txn w;
    status = oxs_write_begin(database, &w, err);
    if (status != OX_OK) return status;
    status = oxs_view_build(&w, &table->view);
    if (status == OX_OK)
      status = oxs_run(w.db, err, OXS_VIEW_TOUCH, "iu", table->view.view, oxs_now(database->store));
    status = oxs_write_end(&w, status);
    if (status != OX_OK) return status;
  }
}

static size_t list_index(const oxs_table *table, const oxs_place *place) {
  if (place->where == OXS_PLACE_BEGIN) return 0;
  if (place->where == OXS_PLACE_END) return table->list_count;
  for (size_t i = 0; i < table->list_count; i++)
    if (table->list[i].id == place->mid) return i;
  /* The row is gone: what stands at its index now comes next. */
  return (size_t)place->number < table->list_count ? (size_t)place->number : table->list_count;
}

static ox_status list_fetch(oxs_table *table, const oxs_place *place, bool forward, int64_t offset,
                            size_t limit, ox_arena *arena, oxs_place **out, size_t *count_out) {
  size_t index = list_index(table, place), count = 0;
  size_t available = forward ? table->list_count - index : index;
  size_t skip = (uint64_t)offset < available ? (size_t)offset : available;
  size_t take = available - skip < limit ? available - skip : limit;
  oxs_place *places = ox_arena_calloc(arena, take, sizeof *places);
  if (places == NULL) return OX_E_NO_MEMORY;
  for (; count < take; count++) {
    size_t at = forward ? index + skip + count : index - skip - count - 1;
    places[count] =
        (oxs_place){.where = OXS_PLACE_AT, .number = (int64_t)at, .mid = table->list[at].id};
  }
  *out = places;
  *count_out = take;
  return OX_OK;
}

ox_status oxs_table_fetch(oxs_txn *t, oxs_table *table, const oxs_place *place, bool forward,
                          int64_t offset, size_t limit, ox_arena *arena, oxs_place **out,
                          size_t *count_out) {
  if (table->kind != OXS_TABLE_CONTENTS)
    return list_fetch(table, place, forward, offset, limit, arena, out, count_out);
  return oxs_view_fetch(t, &table->view, place, forward, offset, limit, arena, out, count_out);
}

static ox_status table_count(oxs_txn *t, oxs_table *table, int64_t *out) {
  if (table->kind == OXS_TABLE_CONTENTS) return oxs_view_count(t, &table->view, out);
  *out = (int64_t)table->list_count;
  return OX_OK;
}

static ox_status table_rank(oxs_txn *t, oxs_table *table, const oxs_place *place, int64_t *out) {
  if (table->kind == OXS_TABLE_CONTENTS) return oxs_view_rank(t, &table->view, place, out);
  *out = (int64_t)list_index(table, place);
  return OX_OK;
}

static ox_status set_place(oxs_table *table, const oxs_place *place) {
  size_t size = place->where == OXS_PLACE_AT ? place->key.size_bytes : 0;
  if (size > table->place_key_capacity) {
    uint8_t *grown = ox_realloc(table->mailbox->allocator, table->place_key, size);
    if (grown == NULL) return OX_E_NO_MEMORY;
    table->place_key = grown;
    table->place_key_capacity = size;
  }
  if (size > 0) memmove(table->place_key, place->key.data, size);
  table->place = *place;
  table->place.key = (ox_bytes){table->place_key, size};
  return OX_OK;
}

static void go_to(oxs_table *table, bool end) {
  table->place = (oxs_place){.where = end ? OXS_PLACE_END : OXS_PLACE_BEGIN};
}

/* Moves from a place by `rows` and says how many it were. */
static ox_status step(oxs_txn *t, oxs_table *table, const oxs_place *from, int64_t rows,
                      ox_arena *arena, oxs_place *to, int64_t *moved) {
  oxs_place *found;
  size_t count = 0;
  *moved = rows;
  *to = *from;
  if (rows == 0) return OX_OK;
  bool forward = rows > 0;
  ox_status status = oxs_table_fetch(t, table, from, forward, forward ? rows : -rows - 1, 1, arena,
                                     &found, &count);
  if (status != OX_OK) return status;
  if (count == 1) {
    *to = found[0];
    return OX_OK;
  }
  int64_t rank = 0, total = 0;
  status = table_rank(t, table, from, &rank);
  if (status == OX_OK && forward) status = table_count(t, table, &total);
  *to = (oxs_place){.where = forward ? OXS_PLACE_END : OXS_PLACE_BEGIN};
  *moved = forward ? total - rank : -rank;
  return status;
}

/* ---- opening ---- */

static ox_status open_done(oxs_table *table, ox_table **out, uint32_t *row_count_out,
                           ox_error *err) {
  oxs_txn t;
  int64_t count = 0;
  ox_status status = oxs_table_read(table, &t, err);
  if (status == OX_OK) {
    status = table_count(&t, table, &count);
    oxs_read_end(&t);
  }
  if (status != OX_OK) {
    oxs_table_close(&table->base);
    return ox_error_set(err, status, NULL);
  }
  if (row_count_out != NULL) *row_count_out = (uint32_t)count;
  *out = &table->base;
  return OX_OK;
}

ox_status oxs_folder_hierarchy(ox_folder *base, uint32_t flags, ox_table **out,
                               uint32_t *row_count_out, ox_error *err) {
  oxs_folder *folder = (oxs_folder *)base;
  oxs_table *table = table_new(folder->mailbox, OXS_TABLE_HIERARCHY, flags, err);
  if (table == NULL) return OX_E_NO_MEMORY;
  table->fid = folder->fid;
  return open_done(table, out, row_count_out, err);
}

ox_status oxs_folder_contents(ox_folder *base, uint32_t flags, ox_table **out,
                              uint32_t *row_count_out, ox_error *err) {
  oxs_folder *folder = (oxs_folder *)base;
  oxs_table *table = table_new(folder->mailbox, OXS_TABLE_CONTENTS, flags, err);
  if (table == NULL) return OX_E_NO_MEMORY;
  table->fid = folder->fid;
  int64_t kind = (flags & OX_TABLE_ASSOCIATED) != 0 ? OXS_KIND_ASSOCIATED : OXS_KIND_NORMAL;
  if ((flags & OX_TABLE_SOFT_DELETES) != 0) kind += OXS_KIND_DELETED;
  table->view = (oxs_view){.fid = folder->fid, .kind = kind, .order = OXS_ORDER_ID};
  return open_done(table, out, row_count_out, err);
}

ox_status oxs_item_attachments(ox_item *base, uint32_t flags, ox_table **out, ox_error *err) {
  oxs_item *item = (oxs_item *)base;
  oxs_table *table = table_new(item->mailbox, OXS_TABLE_ATTACHMENTS, flags, err);
  if (table == NULL) return OX_E_NO_MEMORY;
  table->item = item;
  return open_done(table, out, NULL, err);
}

/* ---- columns, sort, restriction ---- */

ox_status oxs_table_set_columns(ox_table *base, const ox_proptag *columns, size_t count,
                                ox_error *err) {
  oxs_table *table = (oxs_table *)base;
  if (count == 0) return ox_error_set(err, OX_E_INVALID_PARAMETER, NULL);
  for (size_t i = 0; i < count; i++)
    if ((OX_PROPTAG_TYPE(columns[i]) & OX_PTYP_INSTANCE) != 0)
      return ox_error_set(err, OX_E_NO_SUPPORT, "One row per value is not supported yet.");
  ox_proptag *copy = ox_malloc(table->mailbox->allocator, count * sizeof *copy);
  if (copy == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  memcpy(copy, columns, count * sizeof *copy);
  ox_free(table->mailbox->allocator, table->base.columns);
  table->base.columns = copy;
  table->base.column_count = count;
  return OX_OK;
}

static ox_status copy_sort(ox_arena *arena, const ox_sort_order_set *in, ox_sort_order_set *out) {
  *out = *in;
  out->sort_orders =
      ox_arena_copy(arena, in->sort_orders, in->sort_order_count * sizeof *in->sort_orders);
  return out->sort_orders != NULL ? OX_OK : OX_E_NO_MEMORY;
}

/* Sort and restriction as they shall be; the table keeps its own when this fails. */
static ox_status reorder(oxs_table *table, const ox_sort_order_set *sort,
                         const ox_restriction *restriction, ox_error *err) {
  ox_arena arena;
  oxs_view view = table->view;
  ox_sort_order_set sort_copy = {0};
  ox_restriction *restriction_copy = NULL;
  ox_status status = OX_OK;
  ox_arena_init(&arena, table->mailbox->allocator, 0);
  if (sort != NULL) status = copy_sort(&arena, sort, &sort_copy);
  if (status == OX_OK && restriction != NULL) {
    restriction_copy = ox_arena_alloc(&arena, sizeof *restriction_copy);
    status = restriction_copy != NULL ? ox_restriction_clone(&arena, restriction, restriction_copy)
                                      : OX_E_NO_MEMORY;
  }
  if (status != OX_OK) {
    ox_arena_dispose(&arena);
    return ox_error_set(err, status, NULL);
  }
  if (table->kind == OXS_TABLE_CONTENTS)
    status = oxs_view_choose(table->fid, table->view.kind, sort != NULL ? &sort_copy : NULL,
                             restriction_copy, &arena, &view, err);
  if (status != OX_OK) {
    ox_arena_dispose(&arena);
    return status;
  }
  /* Swap, then see whether the rows can be had. */
  oxs_table old = *table;
  table->arena = arena;
  table->view = view;
  table->sort = sort_copy;
  table->sorted = sort != NULL;
  table->restriction = restriction_copy;
  table->list_seq = -1;
  /* The orders that the message table has by itself need no such try. */
  oxs_txn t;
  bool native = table->kind == OXS_TABLE_CONTENTS && view.order != OXS_ORDER_VIEW;
  if (!native) status = oxs_table_read(table, &t, err);
  if (status != OX_OK) {
    ox_arena_dispose(&table->arena);
    table->arena = old.arena;
    table->view = old.view;
    table->sort = old.sort;
    table->sorted = old.sorted;
    table->restriction = old.restriction;
    table->list_seq = -1;
    return status;
  }
  if (!native) oxs_read_end(&t);
  ox_arena_dispose(&old.arena);
  free_bookmarks(table);
  go_to(table, false);
  return OX_OK;
}

ox_status oxs_table_sort(ox_table *base, const ox_sort_order_set *sort, ox_error *err) {
  oxs_table *table = (oxs_table *)base;
  if (table->kind != OXS_TABLE_CONTENTS)
    return ox_error_set(err, OX_E_NO_SUPPORT, "Only contents tables can be sorted.");
  return reorder(table, sort->sort_order_count > 0 ? sort : NULL, table->restriction, err);
}

ox_status oxs_table_restrict(ox_table *base, const ox_restriction *restriction, ox_error *err) {
  oxs_table *table = (oxs_table *)base;
  return reorder(table, table->sorted ? &table->sort : NULL, restriction, err);
}

ox_status oxs_table_reset(ox_table *base, ox_error *err) {
  oxs_table *table = (oxs_table *)base;
  ox_status status = reorder(table, NULL, NULL, err);
  if (status != OX_OK) return status;
  ox_free(table->mailbox->allocator, table->base.columns);
  table->base.columns = NULL;
  table->base.column_count = 0;
  return OX_OK;
}

/* ---- reading rows ---- */

static ox_status origin_of(oxs_txn *t, oxs_table *table, const oxs_place *place, ox_arena *scratch,
                           uint32_t *origin) {
  oxs_place *found;
  size_t count = 0;
  *origin = place->where == OXS_PLACE_BEGIN ? OX_BOOKMARK_BEGINNING
            : place->where == OXS_PLACE_END ? OX_BOOKMARK_END
                                            : OX_BOOKMARK_CURRENT;
  if (place->where != OXS_PLACE_AT) return OX_OK;
  ox_status status = oxs_table_fetch(t, table, place, false, 0, 1, scratch, &found, &count);
  if (status == OX_OK && count == 0) *origin = OX_BOOKMARK_BEGINNING;
  return status;
}

ox_status oxs_table_query_rows(ox_table *base, uint32_t flags, bool forward, size_t max_count,
                               ox_arena *arena, ox_property **rows_out, size_t *row_count_out,
                               uint32_t *origin_out, ox_error *err) {
  oxs_table *table = (oxs_table *)base;
  size_t columns = table->base.column_count;
  if (columns == 0) return ox_error_set(err, OX_E_NULL_OBJECT, "The table has no columns set.");
  oxs_txn t;
  ox_status status = oxs_table_read(table, &t, err);
  if (status != OX_OK) return status;
  ox_arena scratch;
  ox_arena_init(&scratch, table->mailbox->allocator, 0);
  oxs_picker picker = {
      .t = &t, .max_bytes = OXS_INLINE_MAX_BYTES, .codepage = table->mailbox->codepage};
  if ((table->flags & OX_TABLE_WHOLE_VALUES) != 0) picker.max_bytes = OX_GET_MAX_VALUE_BYTES;
  oxs_place *places, next = table->place;
  size_t count = 0;
  ox_property *rows = NULL;
  /* One more forward: where the cursor stands afterwards. */
  size_t wanted = forward && max_count < SIZE_MAX ? max_count + 1 : max_count;
  status = oxs_table_fetch(&t, table, &table->place, forward, 0, wanted, &scratch, &places, &count);
  if (status == OX_OK && count > 0) {
    if (!forward) {
      next = places[count - 1];
    } else if (count > max_count) {
      next = places[--count];
    } else {
      next = (oxs_place){.where = OXS_PLACE_END};
    }
  }
  if (status == OX_OK) {
    rows = ox_arena_calloc(arena, count * columns, sizeof *rows);
    if (rows == NULL) status = OX_E_NO_MEMORY;
  }
  for (size_t i = 0; status == OX_OK && i < count; i++)
    status = oxs_row_columns(&t, table, &picker, &places[i], arena, rows + i * columns);
  if (status == OX_OK && (flags & OX_QUERY_NO_ADVANCE) == 0 && count > 0)
    status = set_place(table, &next);
  if (status == OX_OK && origin_out != NULL)
    status = origin_of(&t, table, &table->place, &scratch, origin_out);
  oxs_read_end(&t);
  ox_arena_dispose(&scratch);
  if (status != OX_OK) return ox_error_set(err, status, NULL);
  *rows_out = rows;
  *row_count_out = count;
  return OX_OK;
}

/* Runs with the table's rows at hand; what `work` is for the functions below. */
typedef ox_status (*table_work)(oxs_txn *t, oxs_table *table, ox_arena *scratch, void *user);

static ox_status with_rows(ox_table *base, table_work work, void *user, ox_error *err) {
  oxs_table *table = (oxs_table *)base;
  oxs_txn t;
  ox_arena scratch;
  ox_status status = oxs_table_read(table, &t, err);
  if (status != OX_OK) return status;
  ox_arena_init(&scratch, table->mailbox->allocator, 0);
  status = work(&t, table, &scratch, user);
  oxs_read_end(&t);
  ox_arena_dispose(&scratch);
  return status == OX_OK ? OX_OK : ox_error_set(err, status, NULL);
}

static ox_status work_count(oxs_txn *t, oxs_table *table, ox_arena *scratch, void *user) {
  (void)scratch;
  return table_count(t, table, user);
}

ox_status oxs_table_row_count(ox_table *base, uint32_t *count_out, ox_error *err) {
  int64_t count = 0;
  ox_status status = with_rows(base, work_count, &count, err);
  if (status == OX_OK) *count_out = (uint32_t)count;
  return status;
}

static ox_status work_position(oxs_txn *t, oxs_table *table, ox_arena *scratch, void *user) {
  int64_t *pair = user;
  (void)scratch;
  ox_status status = table_rank(t, table, &table->place, &pair[0]);
  return status == OX_OK ? table_count(t, table, &pair[1]) : status;
}

ox_status oxs_table_position(ox_table *base, uint32_t *numerator_out, uint32_t *denominator_out,
                             ox_error *err) {
  int64_t pair[2] = {0, 0};
  ox_status status = with_rows(base, work_position, pair, err);
  if (status != OX_OK) return status;
  *numerator_out = (uint32_t)pair[0];
  *denominator_out = (uint32_t)pair[1];
  return OX_OK;
}

/* ---- moving ---- */

static oxs_bookmark *find_bookmark(oxs_table *table, uint32_t number) {
  for (size_t i = 0; i < table->bookmark_count; i++)
    if (table->bookmarks[i].number == number) return &table->bookmarks[i];
  return NULL;
}

/* Where a bookmark is; *moved when its row is gone. */
static ox_status bookmark_place(oxs_txn *t, oxs_table *table, uint32_t bookmark, ox_arena *scratch,
                                oxs_place *out, bool *moved) {
  *moved = false;
  *out = (oxs_place){.where = OXS_PLACE_BEGIN};
  if (bookmark == OX_BOOKMARK_BEGINNING) return OX_OK;
  if (bookmark == OX_BOOKMARK_END) out->where = OXS_PLACE_END;
  if (bookmark == OX_BOOKMARK_CURRENT) *out = table->place;
  if (bookmark <= OX_BOOKMARK_END) return OX_OK;
  const oxs_bookmark *found = find_bookmark(table, bookmark);
  if (found == NULL) return OX_E_INVALID_BOOKMARK;
  *out = found->place;
  if (found->next_mid == 0) return OX_OK;
  oxs_place *next;
  size_t count = 0;
  ox_status status = oxs_table_fetch(t, table, out, true, 0, 1, scratch, &next, &count);
  *moved = status == OX_OK && (count == 0 || next[0].mid != found->next_mid);
  return status;
}

typedef struct seek_request {
  uint32_t bookmark;
  int32_t rows, sought;
  bool moved;
} seek_request;

static ox_status work_seek(oxs_txn *t, oxs_table *table, ox_arena *scratch, void *user) {
  seek_request *request = user;
  oxs_place from, to;
  int64_t moved = 0;
  ox_status status = bookmark_place(t, table, request->bookmark, scratch, &from, &request->moved);
  if (status == OX_OK) status = step(t, table, &from, request->rows, scratch, &to, &moved);
  request->sought = (int32_t)moved;
  return status == OX_OK ? set_place(table, &to) : status;
}

ox_status oxs_table_seek(ox_table *base, uint32_t bookmark, int32_t rows, int32_t *sought_out,
                         bool *moved_out, ox_error *err) {
  seek_request request = {bookmark, rows, 0, false};
  ox_status status = with_rows(base, work_seek, &request, err);
  if (status != OX_OK) return status;
  if (sought_out != NULL) *sought_out = request.sought;
  if (moved_out != NULL) *moved_out = request.moved;
  return OX_OK;
}

static ox_status work_fraction(oxs_txn *t, oxs_table *table, ox_arena *scratch, void *user) {
  const uint32_t *fraction = user;
  int64_t count = 0, moved;
  oxs_place begin = {.where = OXS_PLACE_BEGIN}, to;
  ox_status status = table_count(t, table, &count);
  if (status != OX_OK) return status;
  uint64_t row =
      fraction[0] >= fraction[1] ? (uint64_t)count : (uint64_t)count * fraction[0] / fraction[1];
  status = step(t, table, &begin, (int64_t)row, scratch, &to, &moved);
  return status == OX_OK ? set_place(table, &to) : status;
}

ox_status oxs_table_seek_fractional(ox_table *base, uint32_t numerator, uint32_t denominator,
                                    ox_error *err) {
  uint32_t fraction[2] = {numerator, denominator};
  if (denominator == 0) return ox_error_set(err, OX_E_INVALID_PARAMETER, NULL);
  return with_rows(base, work_fraction, fraction, err);
}

/* ---- finding ---- */

typedef struct find_request {
  const ox_restriction *restriction;
  uint32_t bookmark;
  bool backward, moved;
  ox_arena *arena;
  ox_property *row;
} find_request;

/* Looks through rows in batches; each batch's memory is given back. */
static ox_status search(oxs_txn *t, oxs_table *table, const find_request *request, oxs_place from,
                        oxs_picker *picker, ox_arena *keep, oxs_place *out) {
  ox_arena batch, scratch;
  ox_arena_init(&batch, table->mailbox->allocator, 0);
  ox_arena_init(&scratch, table->mailbox->allocator, 0);
  ox_status status = OX_OK;
  size_t count = 1, limit = 128;
  int64_t offset = 0;
  bool found = false;
  while (status == OX_OK && !found && count > 0) {
    oxs_place *places;
    status = oxs_table_fetch(t, table, &from, !request->backward, offset, limit, &batch, &places,
                             &count);
    for (size_t i = 0; status == OX_OK && !found && i < count; i++) {
      status =
          oxs_row_matches(t, table, picker, &places[i], request->restriction, &scratch, &found);
      if (found) *out = places[i];
      ox_arena_reset(&scratch);
    }
    if (status != OX_OK || count == 0) break;
    /* On from the last row: itself again when going forward, so skip it. */
    oxs_place *here = found ? out : &places[count - 1];
    here->key = oxs_copy(keep, here->key, &status);
    from = *here;
    offset = request->backward ? 0 : 1;
    ox_arena_reset(&batch);
  }
  ox_arena_dispose(&batch);
  ox_arena_dispose(&scratch);
  return status == OX_OK && !found ? OX_E_NOT_FOUND : status;
}

static ox_status work_find(oxs_txn *t, oxs_table *table, ox_arena *scratch, void *user) {
  find_request *request = user;
  oxs_place from, found;
  oxs_picker picker = {
      .t = t, .max_bytes = OX_GET_MAX_VALUE_BYTES, .codepage = table->mailbox->codepage};
  ox_status status = bookmark_place(t, table, request->bookmark, scratch, &from, &request->moved);
  if (status == OX_OK) status = search(t, table, request, from, &picker, scratch, &found);
  if (status == OX_OK && request->arena != NULL && table->base.column_count > 0) {
    request->row = ox_arena_calloc(request->arena, table->base.column_count, sizeof(ox_property));
    if (request->row == NULL) return OX_E_NO_MEMORY;
    picker.max_bytes = OXS_INLINE_MAX_BYTES;
    status = oxs_row_columns(t, table, &picker, &found, request->arena, request->row);
  }
  return status == OX_OK ? set_place(table, &found) : status;
}

ox_status oxs_table_find_row(ox_table *base, const ox_restriction *restriction, uint32_t bookmark,
                             bool backward, ox_arena *arena, ox_property **row_out, bool *moved_out,
                             ox_error *err) {
  find_request request = {.restriction = restriction,
                          .bookmark = bookmark,
                          .backward = backward,
                          .arena = row_out != NULL ? arena : NULL};
  ox_status status = with_rows(base, work_find, &request, err);
  if (status != OX_OK) return status;
  if (row_out != NULL) *row_out = request.row;
  if (moved_out != NULL) *moved_out = request.moved;
  return OX_OK;
}

/* ---- bookmarks ---- */

static ox_status work_bookmark(oxs_txn *t, oxs_table *table, ox_arena *scratch, void *user) {
  const ox_allocator *allocator = table->mailbox->allocator;
  if (table->bookmark_count >= BOOKMARKS_MAX) return OX_E_LIMIT;
  oxs_bookmark *grown =
      ox_realloc(allocator, table->bookmarks, (table->bookmark_count + 1) * sizeof *grown);
  if (grown == NULL) return OX_E_NO_MEMORY;
  table->bookmarks = grown;
  oxs_place *next;
  size_t count = 0;
  ox_status status = oxs_table_fetch(t, table, &table->place, true, 0, 1, scratch, &next, &count);
  if (status != OX_OK) return status;
  oxs_bookmark *mark = &grown[table->bookmark_count];
  mark->next_mid = count > 0 ? next[0].mid : 0;
  mark->place = count > 0 ? next[0] : (oxs_place){.where = OXS_PLACE_END};
  uint8_t *key = ox_malloc(allocator, mark->place.key.size_bytes + 1);
  if (key == NULL) return OX_E_NO_MEMORY;
  if (mark->place.key.size_bytes > 0) memcpy(key, mark->place.key.data, mark->place.key.size_bytes);
  mark->place.key.data = key;
  mark->number = table->next_bookmark++;
  table->bookmark_count++;
  *(uint32_t *)user = mark->number;
  return OX_OK;
}

ox_status oxs_table_create_bookmark(ox_table *base, uint32_t *bookmark_out, ox_error *err) {
  return with_rows(base, work_bookmark, bookmark_out, err);
}

ox_status oxs_table_free_bookmark(ox_table *base, uint32_t bookmark, ox_error *err) {
  oxs_table *table = (oxs_table *)base;
  oxs_bookmark *mark = find_bookmark(table, bookmark);
  if (mark == NULL) return ox_error_set(err, OX_E_INVALID_BOOKMARK, NULL);
  ox_free(table->mailbox->allocator, (void *)(uintptr_t)mark->place.key.data);
  size_t index = (size_t)(mark - table->bookmarks);
  memmove(mark, mark + 1, (table->bookmark_count - index - 1) * sizeof *mark);
  table->bookmark_count--;
  return OX_OK;
}

/* ---- all columns ---- */

static const ox_proptag contents_columns[] = {
    OX_PidTagFolderId,
    OX_PidTagMid,
    OX_PidTagInstID,
    OX_PidTagInstanceNum,
    OX_PidTagEntryId,
    OX_PidTagParentEntryId,
    OX_PidTagInstanceKey,
    OX_PidTagRecordKey,
    OX_PidTagRowType,
    OX_PidTagMessageClass,
    OX_PidTagMessageFlags,
    OX_PidTagMessageStatus,
    OX_PidTagMessageSize,
    OX_PidTagHasAttachments,
    OX_PidTagSubject,
    OX_PidTagNormalizedSubject,
    OX_PidTagSubjectPrefix,
    OX_PidTagSentRepresentingName,
    OX_PidTagSenderName,
    OX_PidTagSenderEmailAddress,
    OX_PidTagDisplayTo,
    OX_PidTagDisplayCc,
    OX_PidTagDisplayBcc,
    OX_PidTagMessageDeliveryTime,
    OX_PidTagClientSubmitTime,
    OX_PidTagCreationTime,
    OX_PidTagLastModificationTime,
    OX_PidTagImportance,
    OX_PidTagPriority,
    OX_PidTagSensitivity,
    OX_PidTagConversationTopic,
    OX_PidTagConversationIndex,
    OX_PidTagInternetMessageId,
    OX_PidTagBody,
    OX_PidTagObjectType,
    OX_PidTagAccess,
    OX_PidTagAccessLevel,
    OX_PidTagSourceKey,
    OX_PidTagChangeKey,
    OX_PidTagChangeNumber,
    OX_PidTagFlagStatus,
    OX_PidTagIconIndex,
    OX_PidTagReceivedByName,
    OX_PidTagReceivedRepresentingName,
};
static const ox_proptag hierarchy_columns[] = {
    OX_PidTagFolderId,
    OX_PidTagParentFolderId,
    OX_PidTagEntryId,
    OX_PidTagParentEntryId,
    OX_PidTagInstanceKey,
    OX_PidTagDisplayName,
    OX_PidTagComment,
    OX_PidTagContainerClass,
    OX_PidTagFolderType,
    OX_PidTagDepth,
    OX_PidTagContentCount,
    OX_PidTagContentUnreadCount,
    OX_PidTagAssociatedContentCount,
    OX_PidTagSubfolders,
    OX_PidTagMessageSize,
    OX_PidTagObjectType,
    OX_PidTagAccess,
    OX_PidTagAccessLevel,
    OX_PidTagCreationTime,
    OX_PidTagLastModificationTime,
    OX_PidTagSourceKey,
    OX_PidTagParentSourceKey,
    OX_PidTagChangeKey,
    OX_PidTagAttributeHidden,
    OX_PidTagRights,
};
static const ox_proptag attachment_columns[] = {
    OX_PidTagAttachNumber,     OX_PidTagAttachSize,         OX_PidTagAttachMethod,
    OX_PidTagAttachFilename,   OX_PidTagAttachLongFilename, OX_PidTagAttachExtension,
    OX_PidTagAttachMimeTag,    OX_PidTagAttachContentId,    OX_PidTagAttachFlags,
    OX_PidTagAttachmentHidden, OX_PidTagRenderingPosition,  OX_PidTagDisplayName,
    OX_PidTagObjectType,       OX_PidTagCreationTime,       OX_PidTagLastModificationTime,
};

ox_status oxs_table_all_columns(ox_table *base, ox_arena *arena, ox_proptag **tags_out,
                                size_t *count_out, ox_error *err) {
  const oxs_table *table = (oxs_table *)base;
  const ox_proptag *tags = contents_columns;
  size_t count = sizeof contents_columns / sizeof contents_columns[0];
  if (table->kind == OXS_TABLE_HIERARCHY) {
    tags = hierarchy_columns;
    count = sizeof hierarchy_columns / sizeof hierarchy_columns[0];
  } else if (table->kind == OXS_TABLE_ATTACHMENTS) {
    tags = attachment_columns;
    count = sizeof attachment_columns / sizeof attachment_columns[0];
  }
  *tags_out = ox_arena_copy(arena, tags, count * sizeof *tags);
  if (*tags_out == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  *count_out = count;
  return OX_OK;
}
