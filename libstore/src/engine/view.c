/* Orders of a contents table: by id and by delivery time straight from the message table's indexes,
 * everything else (other sorts, restrictions) through stored views that are built once and kept
 * right as messages change. */
#include <string.h>

#include "engine.h"

#define SPEC_MAX_BYTES 65536u
#define SPEC_VERSION 1u

/* A view's specification: version, sort orders, restriction. */
static ox_status make_spec(const ox_sort_order_set *sort, const ox_restriction *restriction,
                           ox_arena *arena, ox_bytes *out) {
  ox_writer w;
  ox_writer_init(&w, NULL, SPEC_MAX_BYTES);
  uint16_t count = sort != NULL ? sort->sort_order_count : 0;
  ox_write_u8(&w, SPEC_VERSION);
  ox_write_u16(&w, count);
  for (uint16_t i = 0; i < count; i++) {
    ox_write_u32(&w, sort->sort_orders[i].property_tag);
    ox_write_u8(&w, sort->sort_orders[i].order);
  }
  ox_write_bool8(&w, restriction != NULL);
  if (restriction != NULL) ox_restriction_encode(&w, OX_COUNT_32, restriction);
  ox_status status = ox_writer_status(&w);
  ox_bytes bytes = ox_writer_bytes(&w);
  if (status == OX_OK) *out = oxs_copy(arena, bytes, &status);
  ox_writer_dispose(&w);
  return status == OX_E_LIMIT ? OX_E_TOO_COMPLEX : status;
}

typedef struct view_rule {
  ox_sort_order *sorts;
  uint16_t sort_count;
  bool restricted;
  ox_restriction restriction;
} view_rule;

static ox_status read_spec(ox_bytes spec, ox_arena *arena, view_rule *out) {
  ox_reader r;
  memset(out, 0, sizeof *out);
  const uint8_t *copy = ox_arena_copy(arena, spec.data, spec.size_bytes);
  if (copy == NULL) return OX_E_NO_MEMORY;
  ox_reader_init(&r, copy, spec.size_bytes);
  if (ox_read_u8(&r) != SPEC_VERSION) return OX_E_CORRUPT_DATA;
  out->sort_count = (uint16_t)ox_read_count(&r, 2, 5, 0);
  out->sorts = ox_arena_calloc(arena, out->sort_count, sizeof *out->sorts);
  if (out->sorts == NULL) return OX_E_NO_MEMORY;
  for (uint16_t i = 0; i < out->sort_count; i++) {
    out->sorts[i].property_tag = ox_read_u32(&r);
    out->sorts[i].order = ox_read_u8(&r);
  }
  out->restricted = ox_read_bool8(&r);
  ox_status status = ox_reader_status(&r, NULL);
  if (status == OX_OK && out->restricted)
    status = ox_restriction_decode(&r, arena, OX_COUNT_32, &out->restriction);
  if (status == OX_OK) status = ox_reader_finish(&r, NULL);
  return status == OX_OK || status == OX_E_NO_MEMORY ? status : OX_E_CORRUPT_DATA;
}

static bool sortable(uint16_t type) {
  if (type == OX_PTYP_RESTRICTION || type == OX_PTYP_RULE_ACTION || type == OX_PTYP_UNSPECIFIED ||
      type == OX_PTYP_NULL)
    return false;
  return (type & OX_PTYP_INSTANCE) == 0;
}

ox_status oxs_view_choose(int64_t fid, int64_t kind, const ox_sort_order_set *sort,
                          const ox_restriction *restriction, ox_arena *arena, oxs_view *out,
                          ox_error *err) {
  oxs_view view = {.fid = fid, .kind = kind, .order = OXS_ORDER_ID};
  uint16_t count = sort != NULL ? sort->sort_order_count : 0;
  if (sort != NULL && sort->categorized_count > 0)
    return ox_error_set(err, OX_E_NO_SUPPORT, "Categorised tables are not supported yet.");
  for (uint16_t i = 0; i < count; i++)
    if (!sortable(OX_PROPTAG_TYPE(sort->sort_orders[i].property_tag)) ||
        sort->sort_orders[i].order > OX_SORT_DESCENDING)
      return ox_error_set(err, OX_E_NO_SUPPORT, "This column cannot be sorted by.");
  bool native = restriction == NULL && count == 1 &&
                sort->sort_orders[0].property_tag == OX_PidTagMessageDeliveryTime;
  if (native) {
    view.order = sort->sort_orders[0].order == OX_SORT_DESCENDING ? OXS_ORDER_DELIVERY_DESCENDING
                                                                  : OXS_ORDER_DELIVERY_ASCENDING;
  } else if (restriction != NULL || count > 0) {
    view.order = OXS_ORDER_VIEW;
    ox_status status = make_spec(sort, restriction, arena, &view.spec);
    if (status != OX_OK) return ox_error_set(err, status, NULL);
  }
  *out = view;
  return OX_OK;
}

ox_status oxs_view_find(oxs_txn *t, oxs_view *view) {
  if (view->order != OXS_ORDER_VIEW) return OX_OK;
  ox_status status;
  ox_sql *sql =
      oxs_start(t->db, &status, t->err, OXS_VIEW_FIND, "iib", view->fid, view->kind, view->spec);
  bool found = oxs_next(sql, &status, t->err);
  if (found) {
    view->view = oxs_i64(sql, 0);
    view->used = (ox_filetime)oxs_i64(sql, 1);
  }
  oxs_end(sql);
  return status == OX_OK && !found ? OX_E_NOT_FOUND : status;
}

/* Puts one message into a view when it belongs there. */
static ox_status put_row(oxs_txn *t, int64_t view, const view_rule *rule, oxs_picker *picker,
                         bool *put) {
  ox_status status = OX_OK;
  *put = true;
  if (rule->restricted) status = oxs_picker_matches(picker, &rule->restriction, put);
  if (status != OX_OK || !*put) return status;
  ox_writer w;
  ox_writer_init(&w, NULL, SPEC_MAX_BYTES);
  for (uint16_t i = 0; status == OX_OK && i < rule->sort_count; i++) {
    ox_property value;
    ox_proptag tag = rule->sorts[i].property_tag;
    bool descending = rule->sorts[i].order == OX_SORT_DESCENDING;
    if (OX_PROPTAG_TYPE(tag) == OX_PTYP_STRING8) tag = OX_PROPTAG_AS(tag, OX_PTYP_STRING);
    status = oxs_picker_get(picker, tag, &value);
    bool present = status == OX_OK;
    if (status == OX_E_NOT_FOUND || status == OX_E_NOT_ENOUGH_MEMORY) status = OX_OK;
    if (status == OX_OK)
      status = oxs_sort_key(&w, picker->arena, OX_PROPTAG_TYPE(tag), present ? &value.value : NULL,
                            descending);
  }
  if (status == OX_OK)
    status =
        oxs_run(t->db, t->err, OXS_SORT_INSERT, "ibi", view, ox_writer_bytes(&w), picker->row.mid);
  ox_writer_dispose(&w);
  return status;
}

static ox_status fill_view(oxs_txn *t, const oxs_view *view, const view_rule *rule, int64_t *rows) {
  int64_t ids[256], after = 0;
  size_t count = 256;
  ox_arena scratch;
  ox_arena_init(&scratch, NULL, 0);
  oxs_picker picker = {.t = t,
                       .arena = &scratch,
                       .max_bytes = OX_GET_MAX_VALUE_BYTES,
                       .codepage = OX_CODEPAGE_WINDOWS_1252};
  ox_status status = OX_OK;
  while (status == OX_OK && count == 256) {
    count = 0;
    ox_sql *sql = oxs_start(t->db, &status, t->err, OXS_MESSAGE_IDS_AFTER, "iiii", view->fid,
                            view->kind, after, (int64_t)256);
    while (count < 256 && oxs_next(sql, &status, t->err)) ids[count++] = oxs_i64(sql, 0);
    oxs_end(sql);
    for (size_t i = 0; status == OX_OK && i < count; i++) {
      bool put = false;
      after = ids[i];
      status = oxs_picker_load(&picker, ids[i]);
      if (status == OX_OK) status = put_row(t, view->view, rule, &picker, &put);
      if (put) *rows += 1;
      oxs_picker_end(&picker);
      ox_arena_reset(&scratch);
    }
  }
  oxs_picker_end(&picker);
  ox_arena_dispose(&scratch);
  return status;
}

static ox_status drop_view(oxs_txn *t, int64_t view) {
  ox_status status = oxs_run(t->db, t->err, OXS_SORT_DROP, "i", view);
  return status == OX_OK ? oxs_run(t->db, t->err, OXS_VIEW_DROP, "i", view) : status;
}

/* Makes room: the view of the folder that was used longest ago goes. */
static ox_status limit_views(oxs_txn *t, int64_t fid) {
  for (;;) {
    int64_t count = 0, oldest = 0;
    ox_status status = oxs_number(t->db, &count, t->err, OXS_VIEW_COUNT, "i", fid);
    if (status != OX_OK || count < OXS_VIEWS_PER_FOLDER_MAX) return status;
    status = oxs_number(t->db, &oldest, t->err, OXS_VIEW_OLDEST, "i", fid);
    if (status == OX_OK) status = drop_view(t, oldest);
    if (status != OX_OK) return status;
  }
}

ox_status oxs_view_build(oxs_txn *t, oxs_view *view) {
  ox_status status = oxs_view_find(t, view);
  if (status != OX_E_NOT_FOUND) return status;
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  view_rule rule;
  int64_t rows = 0;
  status = limit_views(t, view->fid);
  if (status == OX_OK) status = read_spec(view->spec, &arena, &rule);
  if (status == OX_OK)
    status = oxs_run(t->db, t->err, OXS_VIEW_INSERT, "iibu", view->fid, view->kind, view->spec,
                     oxs_now(t->database->store));
  view->view = t->db->driver->last_row(t->db);
  if (status == OX_OK) status = fill_view(t, view, &rule, &rows);
  if (status == OX_OK) status = oxs_run(t->db, t->err, OXS_VIEW_COUNT_ADD, "ii", view->view, rows);
  ox_arena_dispose(&arena);
  return status;
}

static ox_status take_row(oxs_txn *t, int64_t view, int64_t mid, int64_t *change) {
  ox_status status = oxs_run(t->db, t->err, OXS_SORT_DELETE, "ii", view, mid);
  if (status == OX_OK) *change -= t->db->driver->changes(t->db);
  return status;
}

/* Takes a message out of each view of its folder and, with `put`, in again where it belongs. */
static ox_status renew(oxs_txn *t, int64_t fid, int64_t kind, int64_t mid, bool put) {
  ox_status status;
  ox_arena arena;
  oxs_picker picker = {.t = t,
                       .arena = &arena,
                       .max_bytes = OX_GET_MAX_VALUE_BYTES,
                       .codepage = OX_CODEPAGE_WINDOWS_1252};
  bool loaded = false;
  ox_arena_init(&arena, NULL, 0);
  ox_sql *sql = oxs_start(t->db, &status, t->err, OXS_VIEW_LIST, "ii", fid, kind);
  while (oxs_next(sql, &status, t->err)) {
    int64_t view = oxs_i64(sql, 0), change = 0;
    view_rule rule;
    bool done = false;
    status = take_row(t, view, mid, &change);
    if (status == OX_OK && put && !loaded) {
      status = oxs_picker_load(&picker, mid);
      loaded = true;
    }
    if (status == OX_OK && put) status = read_spec(oxs_bytes(sql, 1), &arena, &rule);
    if (status == OX_OK && put) status = put_row(t, view, &rule, &picker, &done);
    if (done) change++;
    if (status == OX_OK && change != 0)
      status = oxs_run(t->db, t->err, OXS_VIEW_COUNT_ADD, "ii", view, change);
  }
  oxs_end(sql);
  oxs_picker_end(&picker);
  ox_arena_dispose(&arena);
  return status;
}

ox_status oxs_views_put(oxs_txn *t, int64_t fid, int64_t kind, int64_t mid) {
  return renew(t, fid, kind, mid, true);
}

ox_status oxs_views_take(oxs_txn *t, int64_t fid, int64_t kind, int64_t mid) {
  return renew(t, fid, kind, mid, false);
}

ox_status oxs_views_drop(oxs_txn *t, int64_t fid) {
  ox_status status = oxs_run(t->db, t->err, OXS_SORT_DROP_FOLDER, "i", fid);
  return status == OX_OK ? oxs_run(t->db, t->err, OXS_VIEW_DROP_FOLDER, "i", fid) : status;
}

/* ---- reading ---- */

ox_status oxs_view_count(oxs_txn *t, const oxs_view *view, int64_t *out) {
  if (view->order == OXS_ORDER_VIEW)
    return oxs_number(t->db, out, t->err, OXS_VIEW_ROWS, "i", view->view);
  return oxs_number(t->db, out, t->err, OXS_FOLDER_ROWS, "ii", view->fid, view->kind);
}

/* Statements of each order: forward, backward, rank. */
static const unsigned statements[][3] = {
    [OXS_ORDER_ID] = {OXS_ROWS_BY_ID, OXS_ROWS_BY_ID_BACK, OXS_RANK_BY_ID},
    [OXS_ORDER_DELIVERY_ASCENDING] = {OXS_ROWS_BY_TIME, OXS_ROWS_BY_TIME_BACK, OXS_RANK_BY_TIME},
    [OXS_ORDER_DELIVERY_DESCENDING] = {OXS_ROWS_BY_TIME_DOWN, OXS_ROWS_BY_TIME_DOWN_BACK,
                                       OXS_RANK_BY_TIME_DOWN},
    [OXS_ORDER_VIEW] = {OXS_ROWS_BY_KEY, OXS_ROWS_BY_KEY_BACK, OXS_RANK_BY_KEY},
};

/* The ends as keys: below and above everything that a row can have. */
static oxs_place at_edge(const oxs_view *view, const oxs_place *place) {
  static const uint8_t above = 0xFF;
  if (place->where == OXS_PLACE_AT) return *place;
  bool end = place->where == OXS_PLACE_END;
  bool down = view->order == OXS_ORDER_DELIVERY_DESCENDING;
  oxs_place edge = {.where = OXS_PLACE_AT};
  edge.number = end != down ? INT64_MAX : -1;
  edge.mid = end != down ? INT64_MAX : -1;
  edge.key = end ? (ox_bytes){&above, 1} : (ox_bytes){NULL, 0};
  return edge;
}

ox_status oxs_view_fetch(oxs_txn *t, const oxs_view *view, const oxs_place *place, bool forward,
                         int64_t offset, size_t limit, ox_arena *arena, oxs_place **out,
                         size_t *count_out) {
  oxs_place from = at_edge(view, place);
  unsigned id = statements[view->order][forward ? 0 : 1];
  bool keyed = view->order == OXS_ORDER_VIEW;
  oxs_place *places = NULL;
  size_t count = 0, capacity = 0;
  ox_status status;
  if (limit > INT64_MAX) limit = INT64_MAX;
  ox_sql *sql = keyed ? oxs_start(t->db, &status, t->err, id, "iibiii", view->view, (int64_t)0,
                                  from.key, from.mid, (int64_t)limit, offset)
                      : oxs_start(t->db, &status, t->err, id, "iiiiii", view->fid, view->kind,
                                  from.number, from.mid, (int64_t)limit, offset);
  while (oxs_next(sql, &status, t->err)) {
    if (count == capacity) {
      size_t grown = capacity != 0 ? capacity * 2 : limit < 64 ? limit : 64;
      places = ox_arena_grow(arena, places, count, grown, sizeof *places);
      if (places == NULL) {
        status = ox_error_set(t->err, OX_E_NO_MEMORY, NULL);
        break;
      }
      capacity = grown;
    }
    oxs_place *at = &places[count++];
    *at = (oxs_place){.where = OXS_PLACE_AT, .mid = oxs_i64(sql, 1)};
    if (keyed) {
      at->key = oxs_copy(arena, oxs_bytes(sql, 0), &status);
    } else {
      at->number = oxs_i64(sql, 0);
    }
  }
  oxs_end(sql);
  *out = places;
  *count_out = count;
  return status;
}

ox_status oxs_view_rank(oxs_txn *t, const oxs_view *view, const oxs_place *place, int64_t *out) {
  if (place->where == OXS_PLACE_BEGIN) {
    *out = 0;
    return OX_OK;
  }
  if (place->where == OXS_PLACE_END) return oxs_view_count(t, view, out);
  unsigned id = statements[view->order][2];
  if (view->order == OXS_ORDER_VIEW)
    return oxs_number(t->db, out, t->err, id, "iibi", view->view, (int64_t)0, place->key,
                      place->mid);
  return oxs_number(t->db, out, t->err, id, "iiii", view->fid, view->kind, place->number,
                    place->mid);
}

ox_status oxs_view_locate(oxs_txn *t, const oxs_view *view, int64_t mid, ox_arena *arena,
                          oxs_place *out) {
  bool keyed = view->order == OXS_ORDER_VIEW;
  ox_status status;
  ox_sql *sql = keyed ? oxs_start(t->db, &status, t->err, OXS_SORT_LOCATE, "ii", view->view, mid)
                      : oxs_start(t->db, &status, t->err, OXS_MESSAGE_LOCATE, "iii", view->fid,
                                  view->kind, mid);
  bool found = oxs_next(sql, &status, t->err);
  if (found) {
    *out = (oxs_place){.where = OXS_PLACE_AT, .mid = mid};
    if (keyed) {
      out->key = oxs_copy(arena, oxs_bytes(sql, 0), &status);
    } else {
      out->number = oxs_i64(sql, 0);
    }
  }
  oxs_end(sql);
  return status == OX_OK && !found ? OX_E_NOT_FOUND : status;
}
