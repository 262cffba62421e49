/* Deleting, emptying, moving and copying folders with what is in them. */
#include <string.h>

#include "engine.h"

/* Subfolders by id; `states` is the highest folder.state wanted. */
static ox_status children(oxs_txn *t, int64_t fid, int64_t states, int64_t after, int64_t *out,
                          size_t capacity, size_t *count) {
  ox_status status;
  *count = 0;
  ox_sql *sql = oxs_start(t->db, &status, t->err, OXS_FOLDER_CHILD_IDS, "iiii", fid, after,
                          (int64_t)capacity, states);
  while (*count < capacity && oxs_next(sql, &status, t->err)) out[(*count)++] = oxs_i64(sql, 0);
  oxs_end(sql);
  return status;
}

#define BATCH 64

typedef ox_status (*child_visit)(oxs_txn *t, int64_t fid, void *user);

/* Visits the subfolders of a folder; the visit may delete them. */
static ox_status each_child(oxs_txn *t, int64_t fid, int64_t states, child_visit visit,
                            void *user) {
  int64_t ids[BATCH], after = 0;
  size_t count = BATCH;
  ox_status status = OX_OK;
  while (status == OX_OK && count == BATCH) {
    status = children(t, fid, states, after, ids, BATCH, &count);
    for (size_t i = 0; status == OX_OK && i < count; i++) {
      after = ids[i];
      status = visit(t, ids[i], user);
    }
  }
  return status;
}

/* Deletes every message of one kind; hard also takes the soft-deleted. */
static ox_status clear_kind(oxs_txn *t, int64_t fid, int64_t kind, bool hard) {
  int64_t ids[BATCH];
  size_t count = BATCH;
  ox_status status = OX_OK;
  while (status == OX_OK && count == BATCH) {
    count = 0;
    ox_sql *sql =
        oxs_start(t->db, &status, t->err, OXS_MESSAGE_IDS, "iii", fid, kind, (int64_t)BATCH);
    while (count < BATCH && oxs_next(sql, &status, t->err)) ids[count++] = oxs_i64(sql, 0);
    oxs_end(sql);
    if (status == OX_OK) status = oxs_messages_remove(t, fid, ids, count, hard, NULL);
  }
  return status;
}

static ox_status remove_tree(oxs_txn *t, int64_t fid, void *user);

/* The folder's row and everything in it goes away, or is marked so. */
static ox_status remove_folder(oxs_txn *t, int64_t fid, bool hard) {
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  oxs_folder_row row;
  ox_status status = oxs_folder_row_load(t, fid, &arena, &row);
  /* What was soft-deleted before goes for good with a hard one. */
  if (status == OX_OK) status = each_child(t, fid, hard ? 1 : 0, remove_tree, &hard);
  for (int kind = 0; status == OX_OK && hard && kind < 4; kind++)
    status = clear_kind(t, fid, kind, true);
  if (status == OX_OK) status = oxs_views_drop(t, fid);
  if (status == OX_OK && hard) {
    status = oxs_bag_drop(t, row.bag);
    if (status == OX_OK) status = oxs_run(t->db, t->err, OXS_FOLDER_DELETE, "i", fid);
  } else if (status == OX_OK) {
    status = oxs_run(t->db, t->err, OXS_FOLDER_SOFT_DELETE, "iu", fid, oxs_now(t->database->store));
  }
  if (status == OX_OK && row.state == 0)
    status = oxs_run(t->db, t->err, OXS_FOLDER_CHILDREN_ADD, "ii", row.parent, (int64_t)-1);
  if (status == OX_OK) status = oxs_run(t->db, t->err, OXS_RECEIVE_FOLDER_FORGET, "i", fid);
  if (status == OX_OK)
    status = oxs_tombstone(t, fid, row.parent, true, hard ? 1 : 2, row.source_key);
  oxs_happening event = {
      .type = OX_EVENT_DELETED, .fid = fid, .parent = row.parent, .total = -1, .unread = -1};
  if (status == OX_OK) status = oxs_event(t, &event);
  ox_arena_dispose(&arena);
  return status;
}

static ox_status remove_tree(oxs_txn *t, int64_t fid, void *user) {
  return remove_folder(t, fid, *(bool *)user);
}

static ox_status is_special(oxs_txn *t, int64_t fid, bool *special) {
  int64_t number;
  ox_status status = oxs_number(t->db, &number, NULL, OXS_SPECIAL_NUMBER, "i", fid);
  *special = status == OX_OK;
  return status == OX_E_NOT_FOUND ? OX_OK : status;
}

static ox_status live_child(oxs_txn *t, int64_t parent, int64_t fid, ox_arena *arena,
                            oxs_folder_row *row) {
  ox_status status = oxs_folder_row_load(t, fid, arena, row);
  if (status == OX_OK && row->state != 0) status = ox_error_set(t->err, OX_E_NOT_FOUND, NULL);
  if (status == OX_OK && row->parent != parent) {
    /* A client may name any folder it has open as the parent: the root stands for all. */
    int64_t root = 0;
    status = oxs_special(t, OX_SPECIAL_ROOT, &root);
    if (status == OX_OK && parent != root) status = ox_error_set(t->err, OX_E_NOT_FOUND, NULL);
  }
  return status;
}

ox_status oxs_folder_delete(ox_folder *parent, ox_id id, uint32_t flags, bool *partial_out,
                            ox_error *err) {
  oxs_folder *local = (oxs_folder *)parent;
  ox_status status = oxs_may_write(local->mailbox, err);
  if (status != OX_OK) return status;
  if (partial_out != NULL) *partial_out = false;
  oxs_txn t;
  status = oxs_write_begin(local->mailbox->database, &t, err);
  if (status != OX_OK) return status;
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  oxs_folder_row row;
  bool special = false;
  int64_t fid = oxs_from_id(id);
  status = live_child(&t, local->fid, fid, &arena, &row);
  if (status == OX_OK) status = is_special(&t, fid, &special);
  if (status == OX_OK && special)
    status = ox_error_set(err, OX_E_ACCESS_DENIED, "A special folder cannot be deleted.");
  if (status == OX_OK && row.child_count > 0 && (flags & OX_DELETE_FOLDER_SUBFOLDERS) == 0)
    status = ox_error_set(err, OX_E_FOLDER_HAS_CHILDREN, NULL);
  if (status == OX_OK && row.message_count > 0 && (flags & OX_DELETE_FOLDER_MESSAGES) == 0)
    status = ox_error_set(err, OX_E_FOLDER_HAS_CONTENTS, NULL);
  if (status == OX_OK) status = remove_folder(&t, fid, (flags & OX_DELETE_FOLDER_HARD) != 0);
  status = oxs_write_end(&t, status);
  ox_arena_dispose(&arena);
  return status;
}

ox_status oxs_folder_empty(ox_folder *folder, uint32_t flags, bool *partial_out, ox_error *err) {
  oxs_folder *local = (oxs_folder *)folder;
  bool hard = (flags & OX_EMPTY_HARD) != 0;
  ox_status status = oxs_may_write(local->mailbox, err);
  if (status != OX_OK) return status;
  if (partial_out != NULL) *partial_out = false;
  oxs_txn t;
  status = oxs_write_begin(local->mailbox->database, &t, err);
  if (status != OX_OK) return status;
  int64_t root = 0;
  status = oxs_special(&t, OX_SPECIAL_ROOT, &root);
  if (status == OX_OK && local->fid == root)
    status = ox_error_set(err, OX_E_ACCESS_DENIED, "The root folder cannot be emptied.");
  if (status == OX_OK) status = clear_kind(&t, local->fid, OXS_KIND_NORMAL, hard);
  if (status == OX_OK && (flags & OX_EMPTY_ASSOCIATED) != 0)
    status = clear_kind(&t, local->fid, OXS_KIND_ASSOCIATED, hard);
  /* Special folders below stay. */
  int64_t ids[BATCH], after = 0;
  size_t count = BATCH;
  while (status == OX_OK && count == BATCH) {
    status = children(&t, local->fid, hard ? 1 : 0, after, ids, BATCH, &count);
    for (size_t i = 0; status == OX_OK && i < count; i++) {
      bool special = false;
      after = ids[i];
      status = is_special(&t, ids[i], &special);
      if (status == OX_OK && special && partial_out != NULL) *partial_out = true;
      if (status == OX_OK && !special) status = remove_folder(&t, ids[i], hard);
    }
  }
  return oxs_write_end(&t, status);
}

/* Whether `fid` is `ancestor` or below it. */
static ox_status is_below(oxs_txn *t, int64_t fid, int64_t ancestor, bool *below) {
  ox_status status = OX_OK;
  *below = false;
  for (unsigned i = 0; status == OX_OK && fid != 0 && i <= OXS_FOLDER_DEPTH_MAX; i++) {
    if (fid == ancestor) {
      *below = true;
      return OX_OK;
    }
    status = oxs_number(t->db, &fid, t->err, OXS_FOLDER_PARENT, "i", fid);
  }
  return status;
}

/* What moving and copying check alike: the folder, the cycle, the name. */
static ox_status prepare(oxs_txn *t, oxs_folder *parent, int64_t fid, oxs_folder *target,
                         const char *new_name, ox_arena *arena, oxs_folder_row *row,
                         ox_str16 *name) {
  bool below = false;
  int64_t other, state = 0;
  unsigned depth = 0;
  ox_status status = live_child(t, parent->fid, fid, arena, row);
  if (status == OX_OK)
    status = oxs_number(t->db, &state, t->err, OXS_FOLDER_STATE, "i", target->fid);
  if (status == OX_OK && state != 0) status = ox_error_set(t->err, OX_E_NOT_FOUND, NULL);
  if (status == OX_OK) status = is_below(t, target->fid, fid, &below);
  if (status == OX_OK && below) status = ox_error_set(t->err, OX_E_FOLDER_CYCLE, NULL);
  if (status == OX_OK) status = oxs_folder_depth(t, target->fid, &depth);
  if (status == OX_OK && depth >= OXS_FOLDER_DEPTH_MAX)
    status = ox_error_set(t->err, OX_E_LIMIT, "The folders are nested too deeply.");
  *name = (ox_str16){row->name.data, row->name.size_bytes};
  if (status == OX_OK && new_name != NULL && new_name[0] != '\0')
    status = oxs_utf16(arena, new_name, name, t->err);
  if (status == OX_OK && name->size_bytes > OXS_NAME_MAX_BYTES)
    status = ox_error_set(t->err, OX_E_INVALID_PARAMETER, NULL);
  if (status != OX_OK) return status;
  status = oxs_folder_by_name(t, target->fid, *name, &other);
  if (status == OX_E_NOT_FOUND || (status == OX_OK && other == fid)) return OX_OK;
  return status == OX_OK ? ox_error_set(t->err, OX_E_DUPLICATE_NAME, NULL) : status;
}

static ox_status move_folder(oxs_txn *t, oxs_folder *parent, int64_t fid, oxs_folder *target,
                             const char *new_name, ox_arena *arena) {
  oxs_folder_row row;
  ox_str16 name, folded = {0};
  bool special = false;
  ox_status status = prepare(t, parent, fid, target, new_name, arena, &row, &name);
  if (status == OX_OK) status = is_special(t, fid, &special);
  if (status == OX_OK && special)
    status = ox_error_set(t->err, OX_E_ACCESS_DENIED, "A special folder cannot be moved.");
  if (status == OX_OK) status = ox_str16_fold(arena, name, OX_FOLD_CASE, &folded);
  if (status == OX_OK)
    status =
        oxs_run(t->db, t->err, OXS_FOLDER_MOVE, "iibb", fid, target->fid,
                (ox_bytes){name.data, name.size_bytes}, (ox_bytes){folded.data, folded.size_bytes});
  if (status == OX_OK)
    status = oxs_run(t->db, t->err, OXS_FOLDER_CHILDREN_ADD, "ii", row.parent, (int64_t)-1);
  if (status == OX_OK)
    status = oxs_run(t->db, t->err, OXS_FOLDER_CHILDREN_ADD, "ii", target->fid, (int64_t)1);
  if (status == OX_OK) status = oxs_folder_touch(t, fid);
  if (status == OX_OK) status = oxs_tombstone(t, fid, row.parent, true, 3, row.source_key);
  oxs_happening event = {.type = OX_EVENT_MOVED,
                         .fid = fid,
                         .parent = target->fid,
                         .old_fid = fid,
                         .old_parent = row.parent,
                         .total = -1,
                         .unread = -1};
  return status == OX_OK ? oxs_event(t, &event) : status;
}

static ox_status same_store(const oxs_folder *a, const oxs_folder *b, ox_error *err) {
  if (b->base.object.provider == &oxs_provider && a->mailbox->database == b->mailbox->database)
    return oxs_may_write(b->mailbox, err);
  return ox_error_set(err, OX_E_NO_SUPPORT, "Both folders must be in the same mailbox.");
}

ox_status oxs_folder_move(ox_folder *parent, ox_id id, ox_folder *new_parent, const char *new_name,
                          bool *partial_out, ox_error *err) {
  oxs_folder *local = (oxs_folder *)parent, *target = (oxs_folder *)new_parent;
  ox_status status = same_store(local, target, err);
  if (status != OX_OK) return status;
  if (partial_out != NULL) *partial_out = false;
  oxs_txn t;
  status = oxs_write_begin(local->mailbox->database, &t, err);
  if (status != OX_OK) return status;
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  status = oxs_write_end(&t, move_folder(&t, local, oxs_from_id(id), target, new_name, &arena));
  ox_arena_dispose(&arena);
  return status;
}

static ox_status copy_messages(oxs_txn *t, int64_t from, int64_t to, int64_t kind) {
  int64_t ids[BATCH], after = 0;
  size_t count = BATCH;
  ox_status status = OX_OK;
  while (status == OX_OK && count == BATCH) {
    count = 0;
    ox_sql *sql = oxs_start(t->db, &status, t->err, OXS_MESSAGE_IDS_AFTER, "iiii", from, kind,
                            after, (int64_t)BATCH);
    while (count < BATCH && oxs_next(sql, &status, t->err)) ids[count++] = oxs_i64(sql, 0);
    oxs_end(sql);
    if (count > 0) after = ids[count - 1];
    if (status == OX_OK) status = oxs_messages_transfer(t, from, to, ids, count, true, NULL, NULL);
  }
  return status;
}

typedef struct tree_copy {
  int64_t target;
  bool recursive;
  unsigned depth;
} tree_copy;

static ox_status copy_child(oxs_txn *t, int64_t fid, void *user);

static ox_status copy_folder(oxs_txn *t, int64_t fid, const oxs_folder_row *row, ox_str16 name,
                             const tree_copy *copy) {
  if (copy->depth >= OXS_FOLDER_DEPTH_MAX) return ox_error_set(t->err, OX_E_LIMIT, NULL);
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  oxs_bag bag;
  int64_t made = 0;
  ox_status status = oxs_bag_decode(row->bag, &arena, &bag);
  if (status == OX_OK) status = oxs_allocate(t, 1, &made);
  if (status == OX_OK)
    status = oxs_folder_insert(t, made, copy->target, (uint32_t)row->type, name, &bag);
  oxs_happening event = {.type = OX_EVENT_COPIED,
                         .fid = made,
                         .parent = copy->target,
                         .old_fid = fid,
                         .old_parent = row->parent,
                         .total = -1,
                         .unread = -1};
  if (status == OX_OK) status = oxs_event(t, &event);
  if (status == OX_OK) status = copy_messages(t, fid, made, OXS_KIND_NORMAL);
  if (status == OX_OK) status = copy_messages(t, fid, made, OXS_KIND_ASSOCIATED);
  tree_copy deeper = {made, true, copy->depth + 1};
  if (status == OX_OK && copy->recursive) status = each_child(t, fid, 0, copy_child, &deeper);
  ox_arena_dispose(&arena);
  return status;
}

static ox_status copy_child(oxs_txn *t, int64_t fid, void *user) {
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  oxs_folder_row row;
  ox_status status = oxs_folder_row_load(t, fid, &arena, &row);
  if (status == OX_OK)
    status = copy_folder(t, fid, &row, (ox_str16){row.name.data, row.name.size_bytes}, user);
  ox_arena_dispose(&arena);
  return status;
}

ox_status oxs_folder_copy(ox_folder *parent, ox_id id, ox_folder *new_parent, const char *new_name,
                          bool recursive, bool *partial_out, ox_error *err) {
  oxs_folder *local = (oxs_folder *)parent, *target = (oxs_folder *)new_parent;
  ox_status status = same_store(local, target, err);
  if (status != OX_OK) return status;
  if (partial_out != NULL) *partial_out = false;
  oxs_txn t;
  status = oxs_write_begin(local->mailbox->database, &t, err);
  if (status != OX_OK) return status;
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  oxs_folder_row row;
  ox_str16 name;
  int64_t fid = oxs_from_id(id);
  unsigned depth = 0;
  status = prepare(&t, local, fid, target, new_name, &arena, &row, &name);
  if (status == OX_OK) status = oxs_folder_depth(&t, target->fid, &depth);
  tree_copy copy = {target->fid, recursive, depth};
  if (status == OX_OK) {
    /* A copy beside its original needs another name, which prepare() lets pass for a move. */
    int64_t other;
    if (oxs_folder_by_name(&t, target->fid, name, &other) == OX_OK)
      status = ox_error_set(err, OX_E_DUPLICATE_NAME, NULL);
  }
  if (status == OX_OK) status = copy_folder(&t, fid, &row, name, &copy);
  status = oxs_write_end(&t, status);
  ox_arena_dispose(&arena);
  return status;
}
