/* What stands in the rows of tables: columns, cut values, restrictions. */
#include <string.h>

#include "table.h"

#define ID(name) OX_PROPTAG_ID(OX_##name)

/* Strings and binaries in rows are cut. @spec [MS-OXCTABL] 2.2.2.5.2 */
static void cut(ox_property *value) {
  const size_t max = OX_TABLE_VALUE_MAX_BYTES;
  switch (OX_PROPTAG_TYPE(value->tag)) {
    case OX_PTYP_STRING:
      if (value->value.string.size_bytes > max) value->value.string.size_bytes = max;
      break;
    case OX_PTYP_STRING8:
      if (value->value.string8.size_bytes > max) value->value.string8.size_bytes = max;
      break;
    case OX_PTYP_BINARY:
    case OX_PTYP_OBJECT:
      if (value->value.binary.size_bytes > max) value->value.binary.size_bytes = max;
      break;
    default: break;
  }
}

/* The beginning of a large value. */
static ox_status large_prefix(oxs_txn *t, ox_bytes bag, uint16_t id, ox_arena *arena,
                              ox_property *out) {
  oxs_large large;
  ox_status status = oxs_bag_pick(bag, id, arena, out, &large);
  if (status != OX_OK || large.lid == 0) return status;
  uint8_t *bytes = ox_arena_alloc(arena, OX_TABLE_VALUE_MAX_BYTES);
  size_t got = 0;
  if (bytes == NULL) return OX_E_NO_MEMORY;
  status = oxs_large_read(t, large.lid, 0, bytes, OX_TABLE_VALUE_MAX_BYTES, &got);
  if (status != OX_OK) return status;
  if (OX_PROPTAG_TYPE(large.tag) == OX_PTYP_STRING) got &= ~(size_t)1;
  out->tag = large.tag;
  return oxs_value_load((ox_bytes){bytes, got}, OX_PROPTAG_TYPE(large.tag), arena, &out->value);
}

static ox_status message_column(oxs_table *table, oxs_picker *picker, ox_proptag tag,
                                ox_property *out) {
  ox_status status = oxs_picker_get(picker, tag, out);
  if (status == OX_E_NOT_ENOUGH_MEMORY && (table->flags & OX_TABLE_WHOLE_VALUES) == 0) {
    ox_bytes bag;
    status = oxs_picker_bag(picker, &bag);
    if (status == OX_OK)
      status = large_prefix(picker->t, bag, OX_PROPTAG_ID(tag), picker->arena, out);
    if (status == OX_OK) status = oxs_convert(tag, picker->codepage, picker->arena, out);
  }
  return status;
}

static uint32_t depth_of(const oxs_table *table, int64_t id) {
  for (size_t i = 0; i < table->list_count; i++)
    if (table->list[i].id == id) return table->list[i].depth;
  return 0;
}

static ox_status folder_column(oxs_txn *t, oxs_table *table, const oxs_folder_row *row,
                               ox_proptag tag, ox_arena *arena, ox_property *out) {
  if (OX_PROPTAG_ID(tag) == ID(PidTagDepth)) {
    out->tag = OX_PidTagDepth;
    out->value.i32 = (int32_t)depth_of(table, row->fid);
    return OX_OK;
  }
  ox_status status =
      oxs_folder_property(t, row, OX_PROPTAG_ID(tag), OXS_INLINE_MAX_BYTES, arena, out);
  if (status == OX_E_NOT_ENOUGH_MEMORY)
    status = large_prefix(t, row->bag, OX_PROPTAG_ID(tag), arena, out);
  if (status == OX_OK) status = oxs_convert(tag, table->mailbox->codepage, arena, out);
  return status;
}

static ox_status attachment_column(oxs_txn *t, const oxs_table *table, const oxs_attach *attach,
                                   ox_proptag tag, ox_arena *arena, ox_property *out) {
  uint64_t size = attach->size;
  ox_status status = OX_OK;
  switch (OX_PROPTAG_ID(tag)) {
    case ID(PidTagAttachNumber):
      out->tag = OX_PidTagAttachNumber;
      out->value.i32 = (int32_t)attach->number;
      break;
    case ID(PidTagAttachSize):
      for (size_t i = 0; attach->changed && i < attach->bag.values.count; i++)
        size += ox_value_size_bytes(OX_PROPTAG_TYPE(attach->bag.values.items[i].tag),
                                    &attach->bag.values.items[i].value);
      for (size_t i = 0; attach->changed && i < attach->bag.large_count; i++)
        size += attach->bag.larges[i].spool != NULL ? oxs_spool_size(attach->bag.larges[i].spool)
                                                    : attach->bag.larges[i].size;
      out->tag = OX_PidTagAttachSize;
      out->value.i32 = size > INT32_MAX ? INT32_MAX : (int32_t)size;
      break;
    case ID(PidTagObjectType):
      out->tag = OX_PidTagObjectType;
      out->value.i32 = 7;
      break;
    default:
      status = oxs_bag_value(t, &attach->bag, OX_PROPTAG_ID(tag), OXS_INLINE_MAX_BYTES, arena, out);
  }
  if (status == OX_OK) status = oxs_convert(tag, table->mailbox->codepage, arena, out);
  return status;
}

ox_status oxs_row_columns(oxs_txn *t, oxs_table *table, oxs_picker *picker, const oxs_place *place,
                          ox_arena *arena, ox_property *out) {
  ox_status status = OX_OK;
  oxs_folder_row folder;
  const oxs_attach *attach = NULL;
  if (table->kind == OXS_TABLE_CONTENTS) {
    picker->arena = arena;
    status = oxs_picker_load(picker, place->mid);
  } else if (table->kind == OXS_TABLE_HIERARCHY) {
    status = oxs_folder_row_load(t, place->mid, arena, &folder);
  } else {
    attach = oxs_content_attachment(table->item->content, (uint32_t)place->mid);
    if (attach == NULL) status = OX_E_NOT_FOUND;
  }
  if (status != OX_OK) return status;
  for (size_t i = 0; i < table->base.column_count; i++) {
    ox_proptag tag = table->base.columns[i];
    if (attach != NULL) {
      status = attachment_column(t, table, attach, tag, arena, &out[i]);
    } else if (table->kind == OXS_TABLE_CONTENTS) {
      status = message_column(table, picker, tag, &out[i]);
    } else {
      status = folder_column(t, table, &folder, tag, arena, &out[i]);
    }
    if (status == OX_OK && (table->flags & OX_TABLE_WHOLE_VALUES) == 0) cut(&out[i]);
    if (status == OX_E_NOT_FOUND || status == OX_E_NOT_ENOUGH_MEMORY ||
        status == OX_E_UNKNOWN_CODEPAGE) {
      oxs_error_property(&out[i], tag, status);
      status = OX_OK;
    }
    if (status != OX_OK) break;
  }
  oxs_picker_end(picker);
  return status;
}

/* ---- restrictions ---- */

typedef struct list_subject {
  oxs_txn *t;
  oxs_table *table;
  const oxs_folder_row *folder;
  const oxs_attach *attach;
  ox_arena *arena;
} list_subject;

static const ox_value *look_up(void *user, ox_proptag tag) {
  list_subject *subject = user;
  ox_property *out = ox_arena_alloc(subject->arena, sizeof *out);
  if (out == NULL) return NULL;
  ox_status status =
      subject->attach != NULL
          ? attachment_column(subject->t, subject->table, subject->attach, tag, subject->arena, out)
          : folder_column(subject->t, subject->table, subject->folder, tag, subject->arena, out);
  return status == OX_OK ? &out->value : NULL;
}

static ox_status list_row_matches(oxs_txn *t, oxs_table *table, int64_t id,
                                  const ox_restriction *restriction, ox_arena *scratch,
                                  bool *matches) {
  oxs_folder_row folder;
  list_subject subject = {.t = t, .table = table, .arena = scratch};
  if (table->kind == OXS_TABLE_HIERARCHY) {
    ox_status status = oxs_folder_row_load(t, id, scratch, &folder);
    if (status != OX_OK) return status;
    subject.folder = &folder;
  } else {
    subject.attach = oxs_content_attachment(table->item->content, (uint32_t)id);
    if (subject.attach == NULL) return OX_E_NOT_FOUND;
  }
  ox_restriction_subject how = {
      .struct_size = sizeof how, .lookup = look_up, .user = &subject, .scratch = scratch};
  return ox_restriction_matches(restriction, &how, matches);
}

ox_status oxs_row_matches(oxs_txn *t, oxs_table *table, oxs_picker *picker, const oxs_place *place,
                          const ox_restriction *restriction, ox_arena *scratch, bool *matches) {
  if (table->kind != OXS_TABLE_CONTENTS)
    return list_row_matches(t, table, place->mid, restriction, scratch, matches);
  picker->arena = scratch;
  ox_status status = oxs_picker_load(picker, place->mid);
  if (status == OX_OK) status = oxs_picker_matches(picker, restriction, matches);
  oxs_picker_end(picker);
  return status;
}

/* ---- lists ---- */

static ox_status add_row(oxs_table *table, size_t *capacity, int64_t id, uint32_t depth) {
  if (table->list_count == *capacity) {
    size_t grown = *capacity != 0 ? *capacity * 2 : 32;
    oxs_list_row *list =
        ox_arena_grow(&table->list_arena, table->list, table->list_count, grown, sizeof *list);
    if (list == NULL) return OX_E_NO_MEMORY;
    table->list = list;
    *capacity = grown;
  }
  table->list[table->list_count++] = (oxs_list_row){id, depth};
  return OX_OK;
}

static ox_status add_folders(oxs_txn *t, oxs_table *table, int64_t parent, uint32_t depth,
                             size_t *capacity) {
  if (depth > OXS_FOLDER_DEPTH_MAX) return OX_E_CORRUPT_STORE;
  ox_status status;
  int64_t state = (table->flags & OX_TABLE_SOFT_DELETES) != 0 ? 1 : 0;
  ox_sql *sql = oxs_start(t->db, &status, t->err, OXS_FOLDER_CHILDREN_BY_NAME, "ii", parent, state);
  while (oxs_next(sql, &status, t->err)) {
    int64_t fid = oxs_i64(sql, 0), children = oxs_i64(sql, 1);
    status = add_row(table, capacity, fid, depth);
    if (status == OX_OK && children > 0 && (table->flags & OX_TABLE_DEPTH) != 0)
      status = add_folders(t, table, fid, depth + 1, capacity);
  }
  oxs_end(sql);
  return status;
}

static ox_status filter_list(oxs_txn *t, oxs_table *table) {
  ox_arena scratch;
  ox_arena_init(&scratch, NULL, 0);
  size_t kept = 0;
  ox_status status = OX_OK;
  for (size_t i = 0; status == OX_OK && i < table->list_count; i++) {
    bool matches = false;
    status = list_row_matches(t, table, table->list[i].id, table->restriction, &scratch, &matches);
    if (matches) table->list[kept++] = table->list[i];
    ox_arena_reset(&scratch);
  }
  ox_arena_dispose(&scratch);
  table->list_count = kept;
  return status;
}

ox_status oxs_list_refresh(oxs_txn *t, oxs_table *table) {
  int64_t seq = 0;
  ox_status status = oxs_event_last(t, &seq);
  if (status != OX_OK) return status;
  if (table->kind == OXS_TABLE_HIERARCHY && table->list_seq == seq) return OX_OK;
  size_t capacity = 0;
  ox_arena_reset(&table->list_arena);
  table->list = NULL;
  table->list_count = 0;
  table->list_seq = -1;
  if (table->kind == OXS_TABLE_HIERARCHY) {
    status = add_folders(t, table, table->fid, 1, &capacity);
  } else {
    const oxs_content *content = table->item->content;
    for (size_t i = 0; status == OX_OK && i < content->attachment_count; i++)
      status = add_row(table, &capacity, content->attachments[i].number, 0);
  }
  if (status == OX_OK && table->restriction != NULL) status = filter_list(t, table);
  if (status == OX_OK) table->list_seq = seq;
  return status != OX_OK ? ox_error_set(t->err, status, NULL) : OX_OK;
}
