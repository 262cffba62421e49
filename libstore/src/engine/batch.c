/* Many messages of one folder: delete, move, copy, read flags, status. */
#include <string.h>

#include "engine.h"

/* A message of the folder, not embedded; false when it is elsewhere. */
static ox_status member(oxs_txn *t, int64_t fid, int64_t mid, ox_arena *arena, oxs_row *row,
                        bool *found) {
  ox_status status = oxs_row_load(t, mid, arena, row);
  *found = status == OX_OK && row->fid == fid && row->kind < OXS_KIND_EMBEDDED;
  return status == OX_E_NOT_FOUND ? OX_OK : status;
}

static ox_status remove_one(oxs_txn *t, oxs_row *row, bool hard, oxs_count_change *change) {
  bool was_live = row->kind < OXS_KIND_DELETED;
  ox_status status = oxs_views_take(t, row->fid, row->kind, row->mid);
  oxs_count(change, row, -1);
  if (status == OX_OK && was_live)
    status = oxs_tombstone(t, row->mid, row->fid, false, hard ? 1 : 2, row->source_key);
  if (status == OX_OK && was_live) status = oxs_message_event(t, OX_EVENT_DELETED, row);
  if (status != OX_OK) return status;
  if (hard) return oxs_message_erase(t, row->mid);
  row->kind += OXS_KIND_DELETED;
  row->deleted = oxs_now(t->database->store);
  oxs_count(change, row, +1);
  status = oxs_row_update(t, row);
  return status == OX_OK ? oxs_views_put(t, row->fid, row->kind, row->mid) : status;
}

ox_status oxs_messages_remove(oxs_txn *t, int64_t fid, const int64_t *ids, size_t count, bool hard,
                              bool *partial) {
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  oxs_count_change change = {0};
  ox_status status = OX_OK;
  size_t done = 0;
  for (size_t i = 0; status == OX_OK && i < count; i++) {
    oxs_row row;
    bool found;
    status = member(t, fid, ids[i], &arena, &row, &found);
    if (status == OX_OK && found && !hard && row.kind >= OXS_KIND_DELETED) found = false;
    if (status == OX_OK && !found && partial != NULL) *partial = true;
    if (status == OX_OK && found) {
      status = remove_one(t, &row, hard, &change);
      done++;
    }
    ox_arena_reset(&arena);
  }
  if (status == OX_OK && done > 0) status = oxs_folder_count(t, fid, &change);
  ox_arena_dispose(&arena);
  return status;
}

ox_status oxs_message_new_change(oxs_txn *t, ox_arena *arena, oxs_row *row) {
  int64_t cn;
  ox_status status = oxs_allocate(t, 1, &cn);
  uint8_t *xid = ox_arena_alloc(arena, OXS_XID_BYTES);
  if (status == OX_OK && xid == NULL) status = OX_E_NO_MEMORY;
  if (status != OX_OK) return status;
  oxs_xid(t->database, cn, xid);
  row->cn = cn;
  row->change_key = (ox_bytes){xid, OXS_XID_BYTES};
  return oxs_pcl_add(arena, row->pcl, xid, &row->pcl);
}

ox_status oxs_message_new_source(oxs_txn *t, ox_arena *arena, oxs_row *row) {
  ox_status status = oxs_allocate(t, 1, &row->mid);
  uint8_t *xid = ox_arena_alloc(arena, OXS_XID_BYTES);
  if (status == OX_OK && xid == NULL) status = OX_E_NO_MEMORY;
  if (status != OX_OK) return status;
  oxs_xid(t->database, row->mid, xid);
  row->source_key = (ox_bytes){xid, OXS_XID_BYTES};
  return OX_OK;
}

static ox_status transfer_one(oxs_txn *t, oxs_row *row, int64_t to, bool copy, ox_arena *arena,
                              oxs_count_change *left, oxs_count_change *arrived) {
  oxs_row old = *row;
  ox_status status = OX_OK;
  if (!copy) {
    status = oxs_views_take(t, old.fid, old.kind, old.mid);
    oxs_count(left, &old, -1);
    if (status == OX_OK) status = oxs_tombstone(t, old.mid, old.fid, false, 3, old.source_key);
  }
  row->fid = to;
  row->pcl = (ox_bytes){NULL, 0};
  if (status == OX_OK) status = oxs_message_new_source(t, arena, row);
  if (status == OX_OK) status = oxs_message_new_change(t, arena, row);
  if (status == OX_OK && copy) {
    row->created = row->modified = oxs_now(t->database->store);
    status = oxs_row_insert(t, row);
    if (status == OX_OK) status = oxs_message_duplicate(t, old.mid, row->mid);
  } else if (status == OX_OK) {
    status = oxs_row_insert(t, row);
    static const unsigned renames[] = {OXS_BAG_RENAME, OXS_RECIPIENTS_RENAME,
                                       OXS_ATTACHMENTS_RENAME};
    for (size_t i = 0; status == OX_OK && i < 3; i++)
      status = oxs_run(t->db, t->err, renames[i], "ii", old.mid, row->mid);
    if (status == OX_OK) status = oxs_run(t->db, t->err, OXS_MESSAGE_DELETE, "i", old.mid);
  }
  if (status != OX_OK) return status;
  oxs_count(arrived, row, +1);
  oxs_happening event = {.type = copy ? OX_EVENT_COPIED : OX_EVENT_MOVED,
                         .is_message = true,
                         .fid = to,
                         .mid = row->mid,
                         .old_fid = old.fid,
                         .old_mid = old.mid,
                         .total = -1,
                         .unread = -1,
                         .kind = row->kind};
  status = oxs_event(t, &event);
  return status == OX_OK ? oxs_views_put(t, to, row->kind, row->mid) : status;
}

ox_status oxs_messages_transfer(oxs_txn *t, int64_t from, int64_t to, const int64_t *ids,
                                size_t count, bool copy, int64_t *new_ids_out, bool *partial) {
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  oxs_count_change left = {0}, arrived = {0};
  ox_status status = OX_OK;
  size_t done = 0;
  for (size_t i = 0; status == OX_OK && i < count; i++) {
    oxs_row row;
    bool found;
    if (new_ids_out != NULL) new_ids_out[i] = 0;
    status = member(t, from, ids[i], &arena, &row, &found);
    if (status == OX_OK && found && row.kind >= OXS_KIND_DELETED) found = false;
    if (status == OX_OK && !found && partial != NULL) *partial = true;
    if (status == OX_OK && found) {
      status = transfer_one(t, &row, to, copy, &arena, &left, &arrived);
      if (new_ids_out != NULL) new_ids_out[i] = row.mid;
      done++;
    }
    ox_arena_reset(&arena);
  }
  if (status == OX_OK && done > 0 && !copy) status = oxs_folder_count(t, from, &left);
  if (status == OX_OK && done > 0) status = oxs_folder_count(t, to, &arrived);
  ox_arena_dispose(&arena);
  return status;
}

/* Read state has its own change number and leaves the message's alone. @spec [MS-OXCMSG] 2.2.3.11
 */
ox_status oxs_message_read_flag(oxs_txn *t, oxs_row *row, uint32_t flags, bool *changed) {
  uint32_t old = row->flags;
  if ((flags & OX_READ_FLAG_CLEAR_NOTIFY_READ) != 0) row->flags &= ~OXS_FLAG_NOTIFY_READ;
  if ((flags & OX_READ_FLAG_CLEAR_NOTIFY_UNREAD) != 0) row->flags &= ~OXS_FLAG_NOTIFY_UNREAD;
  if ((flags & OX_READ_FLAG_CLEAR_READ) != 0) {
    row->flags &= ~OXS_FLAG_READ;
  } else if ((flags & (OX_READ_FLAG_RECEIPT_ONLY | OX_READ_FLAG_CLEAR_NOTIFY_READ |
                       OX_READ_FLAG_CLEAR_NOTIFY_UNREAD)) == 0) {
    row->flags |= OXS_FLAG_READ | OXS_FLAG_EVER_READ;
    if ((flags & OX_READ_FLAG_SUPPRESS_RECEIPT) != 0) row->flags &= ~OXS_FLAG_NOTIFY_READ;
  }
  *changed = old != row->flags;
  if (!*changed) return OX_OK;
  oxs_count_change change = {0};
  oxs_row before = *row;
  before.flags = old;
  oxs_count(&change, &before, -1);
  oxs_count(&change, row, +1);
  ox_status status = oxs_allocate(t, 1, &row->read_cn);
  if (status == OX_OK) status = oxs_row_update(t, row);
  if (status == OX_OK) status = oxs_views_put(t, row->fid, row->kind, row->mid);
  if (status == OX_OK) status = oxs_message_event(t, OX_EVENT_MODIFIED, row);
  if (status == OX_OK && change.unread != 0) status = oxs_folder_count(t, row->fid, &change);
  return status;
}

/* ---- functions of the mailbox API ---- */

static ox_status to_rows(const ox_id *ids, size_t count, int64_t **out, ox_error *err) {
  if (count > 0 && ids == NULL) return ox_error_set(err, OX_E_USAGE, NULL);
  int64_t *rows = ox_calloc(NULL, count + 1, sizeof *rows);
  if (rows == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  for (size_t i = 0; i < count; i++) rows[i] = oxs_from_id(ids[i]);
  *out = rows;
  return OX_OK;
}

ox_status oxs_folder_delete_messages(ox_folder *folder, const ox_id *ids, size_t count,
                                     uint32_t flags, bool *partial_out, ox_error *err) {
  oxs_folder *local = (oxs_folder *)folder;
  bool partial = false;
  int64_t *rows = NULL;
  ox_status status = oxs_may_write(local->mailbox, err);
  if (status == OX_OK) status = to_rows(ids, count, &rows, err);
  if (status != OX_OK) return status;
  oxs_txn t;
  status = oxs_write_begin(local->mailbox->database, &t, err);
  if (status == OX_OK)
    status =
        oxs_write_end(&t, oxs_messages_remove(&t, local->fid, rows, count,
                                              (flags & OX_DELETE_MESSAGES_HARD) != 0, &partial));
  ox_free(NULL, rows);
  if (status == OX_OK && partial_out != NULL) *partial_out = partial;
  return status;
}

ox_status oxs_folder_move_messages(ox_folder *source, ox_folder *destination, const ox_id *ids,
                                   size_t count, bool copy, ox_id *new_ids_out, bool *partial_out,
                                   ox_error *err) {
  oxs_folder *from = (oxs_folder *)source, *to = (oxs_folder *)destination;
  if (to->base.object.provider != &oxs_provider || from->mailbox->database != to->mailbox->database)
    return ox_error_set(err, OX_E_NO_SUPPORT, "Both folders must be in the same mailbox.");
  bool partial = false;
  int64_t *rows = NULL, *made = ox_calloc(NULL, count + 1, sizeof *made);
  if (made == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  ox_status status = oxs_may_write(from->mailbox, err);
  if (status == OX_OK) status = to_rows(ids, count, &rows, err);
  if (status != OX_OK) {
    ox_free(NULL, made);
    return status;
  }
  oxs_txn t;
  status = oxs_write_begin(from->mailbox->database, &t, err);
  if (status == OX_OK) {
    int64_t state = 0;
    status = oxs_number(t.db, &state, err, OXS_FOLDER_STATE, "i", to->fid);
    if (status == OX_OK && state != 0) status = ox_error_set(err, OX_E_OBJECT_DELETED, NULL);
    if (status == OX_OK)
      status = oxs_messages_transfer(&t, from->fid, to->fid, rows, count, copy, made, &partial);
    status = oxs_write_end(&t, status);
  }
  for (size_t i = 0; status == OX_OK && new_ids_out != NULL && i < count; i++)
    new_ids_out[i] = oxs_to_id(made[i]);
  ox_free(NULL, rows);
  ox_free(NULL, made);
  if (status == OX_OK && partial_out != NULL) *partial_out = partial;
  return status;
}

static ox_status flag_one(oxs_txn *t, int64_t fid, int64_t mid, uint32_t flags, bool *partial) {
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  oxs_row row;
  bool found, changed;
  ox_status status = member(t, fid, mid, &arena, &row, &found);
  if (status == OX_OK && found) status = oxs_message_read_flag(t, &row, flags, &changed);
  if (status == OX_OK && !found) *partial = true;
  ox_arena_dispose(&arena);
  return status;
}

static ox_status flag_all(oxs_txn *t, int64_t fid, uint32_t flags, bool *partial) {
  int64_t ids[64], after = 0;
  size_t count = 64;
  ox_status status = OX_OK;
  while (status == OX_OK && count == 64) {
    count = 0;
    ox_sql *sql = oxs_start(t->db, &status, t->err, OXS_MESSAGE_IDS_AFTER, "iiii", fid,
                            (int64_t)OXS_KIND_NORMAL, after, (int64_t)64);
    while (count < 64 && oxs_next(sql, &status, t->err)) ids[count++] = oxs_i64(sql, 0);
    oxs_end(sql);
    for (size_t i = 0; status == OX_OK && i < count; i++)
      status = flag_one(t, fid, after = ids[i], flags, partial);
  }
  return status;
}

ox_status oxs_folder_set_read_flags(ox_folder *folder, const ox_id *ids, size_t count,
                                    uint32_t flags, bool *partial_out, ox_error *err) {
  oxs_folder *local = (oxs_folder *)folder;
  bool partial = false;
  ox_status status = oxs_may_write(local->mailbox, err);
  if (status == OX_OK && count > 0 && ids == NULL) status = ox_error_set(err, OX_E_USAGE, NULL);
  if (status != OX_OK) return status;
  oxs_txn t;
  status = oxs_write_begin(local->mailbox->database, &t, err);
  if (status != OX_OK) return status;
  if (ids == NULL) status = flag_all(&t, local->fid, flags, &partial);
  for (size_t i = 0; status == OX_OK && i < count; i++)
    status = flag_one(&t, local->fid, oxs_from_id(ids[i]), flags, &partial);
  status = oxs_write_end(&t, status);
  if (status == OX_OK && partial_out != NULL) *partial_out = partial;
  return status;
}

ox_status oxs_folder_set_message_status(ox_folder *folder, ox_id id, uint32_t value, uint32_t mask,
                                        uint32_t *old_status_out, ox_error *err) {
  oxs_folder *local = (oxs_folder *)folder;
  ox_status status = oxs_may_write(local->mailbox, err);
  if (status != OX_OK) return status;
  oxs_txn t;
  status = oxs_write_begin(local->mailbox->database, &t, err);
  if (status != OX_OK) return status;
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  oxs_row row;
  bool found;
  uint32_t old = 0;
  status = member(&t, local->fid, oxs_from_id(id), &arena, &row, &found);
  if (status == OX_OK && !found) status = ox_error_set(err, OX_E_NOT_FOUND, NULL);
  if (status == OX_OK) {
    old = row.status;
    row.status = (old & ~mask) | (value & mask);
    if (row.status != old) {
      status = oxs_row_update(&t, &row);
      if (status == OX_OK) status = oxs_views_put(&t, row.fid, row.kind, row.mid);
      if (status == OX_OK) status = oxs_message_event(&t, OX_EVENT_MODIFIED, &row);
    }
  }
  status = oxs_write_end(&t, status);
  ox_arena_dispose(&arena);
  if (status == OX_OK && old_status_out != NULL) *old_status_out = old;
  return status;
}

ox_status oxs_folder_get_message_status(ox_folder *folder, ox_id id, uint32_t *status_out,
                                        ox_error *err) {
  oxs_folder *local = (oxs_folder *)folder;
  oxs_txn t;
  ox_status status = oxs_read_begin(local->mailbox->database, &t, err);
  if (status != OX_OK) return status;
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  oxs_row row;
  bool found;
  status = member(&t, local->fid, oxs_from_id(id), &arena, &row, &found);
  if (status == OX_OK && !found) status = ox_error_set(err, OX_E_NOT_FOUND, NULL);
  if (status == OX_OK) *status_out = row.status;
  oxs_read_end(&t);
  ox_arena_dispose(&arena);
  return status;
}
