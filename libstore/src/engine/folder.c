/* Folders: rows, computed properties, counters; create, open. The operations on whole trees are in
 * folder_tree.c. */
#include <string.h>

#include "engine.h"

#define ID(name) OX_PROPTAG_ID(OX_##name)

ox_status oxs_folder_row_load(oxs_txn *t, int64_t fid, ox_arena *arena, oxs_folder_row *out) {
  ox_status status;
  ox_sql *sql = oxs_start(t->db, &status, t->err, OXS_FOLDER_GET, "i", fid);
  bool found = oxs_next(sql, &status, t->err);
  if (found) {
    *out = (oxs_folder_row){.fid = oxs_i64(sql, 0),
                            .parent = oxs_i64(sql, 1),
                            .state = oxs_i64(sql, 2),
                            .type = oxs_i64(sql, 3),
                            .cn = oxs_i64(sql, 4),
                            .created = (ox_filetime)oxs_i64(sql, 5),
                            .modified = (ox_filetime)oxs_i64(sql, 6),
                            .deleted = (ox_filetime)oxs_i64(sql, 7),
                            .message_count = oxs_i64(sql, 8),
                            .unread_count = oxs_i64(sql, 9),
                            .associated_count = oxs_i64(sql, 10),
                            .deleted_count = oxs_i64(sql, 11),
                            .deleted_associated_count = oxs_i64(sql, 12),
                            .child_count = oxs_i64(sql, 13),
                            .size = oxs_i64(sql, 14),
                            .associated_size = oxs_i64(sql, 15)};
    out->name = oxs_copy(arena, oxs_bytes(sql, 16), &status);
    out->source_key = oxs_copy(arena, oxs_bytes(sql, 17), &status);
    out->change_key = oxs_copy(arena, oxs_bytes(sql, 18), &status);
    out->pcl = oxs_copy(arena, oxs_bytes(sql, 19), &status);
    out->bag = oxs_copy(arena, oxs_bytes(sql, 20), &status);
  }
  oxs_end(sql);
  if (status == OX_OK && !found) status = OX_E_NOT_FOUND;
  return status != OX_OK ? ox_error_set(t->err, status, NULL) : OX_OK;
}

/* ---- properties ---- */

static const uint16_t folder_ids[] = {
    ID(PidTagDisplayName),
    ID(PidTagFolderType),
    ID(PidTagContentCount),
    ID(PidTagContentUnreadCount),
    ID(PidTagAssociatedContentCount),
    ID(PidTagSubfolders),
    ID(PidTagEntryId),
    ID(PidTagRecordKey),
    ID(PidTagInstanceKey),
    ID(PidTagParentEntryId),
    ID(PidTagFolderId),
    ID(PidTagParentFolderId),
    ID(PidTagSourceKey),
    ID(PidTagParentSourceKey),
    ID(PidTagChangeKey),
    ID(PidTagPredecessorChangeList),
    ID(PidTagChangeNumber),
    ID(PidTagCreationTime),
    ID(PidTagLastModificationTime),
    ID(PidTagMessageSize),
    ID(PidTagObjectType),
    ID(PidTagAccess),
    ID(PidTagAccessLevel),
    ID(PidTagRights),
    ID(PidTagDeletedCountTotal),
    ID(PidTagDeletedOn),
    ID(PidTagHierarchyChangeNumber),
    ID(PidTagMappingSignature),
    ID(PidTagStoreRecordKey),
    ID(PidTagLocalCommitTime),
    ID(PidTagAttributeHidden),
};

static ox_status give_i32(ox_property *out, ox_proptag tag, int64_t value) {
  out->tag = tag;
  out->value.i32 = value > INT32_MAX ? INT32_MAX : (int32_t)value;
  return OX_OK;
}

static ox_status give_i64(ox_property *out, ox_proptag tag, int64_t value) {
  out->tag = tag;
  out->value.i64 = value;
  return OX_OK;
}

static ox_status give_time(ox_property *out, ox_proptag tag, ox_filetime time) {
  out->tag = tag;
  out->value.time = time;
  return time != 0 ? OX_OK : OX_E_NOT_FOUND;
}

static ox_status give_binary(ox_property *out, ox_proptag tag, ox_arena *arena, const void *data,
                             size_t size) {
  out->tag = tag;
  out->value.binary = (ox_bytes){ox_arena_copy(arena, data, size), size};
  return out->value.binary.data != NULL ? OX_OK : OX_E_NO_MEMORY;
}

static ox_status key_property(oxs_txn *t, const oxs_folder_row *row, uint16_t id, ox_arena *arena,
                              ox_property *out) {
  uint8_t buffer[OXS_FOLDER_ENTRY_ID_BYTES], wire[16];
  /* The root is its own parent to the outside. */
  int64_t parent = row->parent != 0 ? row->parent : row->fid;
  switch (id) {
    case ID(PidTagEntryId):
    case ID(PidTagRecordKey):
    case ID(PidTagInstanceKey):
      oxs_folder_entry_id(t->database, row->fid, buffer);
      return give_binary(out, OX_PROPTAG(id, OX_PTYP_BINARY), arena, buffer, sizeof buffer);
    case ID(PidTagParentEntryId):
      oxs_folder_entry_id(t->database, parent, buffer);
      return give_binary(out, OX_PidTagParentEntryId, arena, buffer, sizeof buffer);
    case ID(PidTagFolderId): return give_i64(out, OX_PidTagFolderId, (int64_t)oxs_to_id(row->fid));
    case ID(PidTagParentFolderId):
      return give_i64(out, OX_PidTagParentFolderId, (int64_t)oxs_to_id(parent));
    case ID(PidTagSourceKey):
      return give_binary(out, OX_PidTagSourceKey, arena, row->source_key.data,
                         row->source_key.size_bytes);
    case ID(PidTagParentSourceKey):
      if (row->parent == 0) return OX_E_NOT_FOUND;
      oxs_xid(t->database, parent, buffer);
      return give_binary(out, OX_PidTagParentSourceKey, arena, buffer, OXS_XID_BYTES);
    case ID(PidTagChangeKey):
      return give_binary(out, OX_PidTagChangeKey, arena, row->change_key.data,
                         row->change_key.size_bytes);
    case ID(PidTagPredecessorChangeList):
      return give_binary(out, OX_PidTagPredecessorChangeList, arena, row->pcl.data,
                         row->pcl.size_bytes);
    case ID(PidTagChangeNumber):
      return give_i64(out, OX_PidTagChangeNumber, (int64_t)oxs_to_id(row->cn));
    case ID(PidTagHierarchyChangeNumber):
      return give_i32(out, OX_PidTagHierarchyChangeNumber, row->cn & 0x7FFFFFFF);
    case ID(PidTagMappingSignature):
      ox_guid_to_wire(&t->database->replguid, wire);
      return give_binary(out, OX_PidTagMappingSignature, arena, wire, sizeof wire);
    case ID(PidTagStoreRecordKey):
      ox_guid_to_wire(&t->database->guid, wire);
      return give_binary(out, OX_PidTagStoreRecordKey, arena, wire, sizeof wire);
    default: return OX_E_NOT_FOUND;
  }
}

ox_status oxs_folder_property(oxs_txn *t, const oxs_folder_row *row, uint16_t id, size_t max_bytes,
                              ox_arena *arena, ox_property *out) {
  switch (id) {
    case ID(PidTagDisplayName):
      out->tag = OX_PidTagDisplayName;
      out->value.string.data = ox_arena_copy(arena, row->name.data, row->name.size_bytes);
      out->value.string.size_bytes = row->name.size_bytes;
      return out->value.string.data != NULL ? OX_OK : OX_E_NO_MEMORY;
    case ID(PidTagFolderType): return give_i32(out, OX_PidTagFolderType, row->type);
    case ID(PidTagContentCount): return give_i32(out, OX_PidTagContentCount, row->message_count);
    case ID(PidTagContentUnreadCount):
      return give_i32(out, OX_PidTagContentUnreadCount, row->unread_count);
    case ID(PidTagAssociatedContentCount):
      return give_i32(out, OX_PidTagAssociatedContentCount, row->associated_count);
    case ID(PidTagSubfolders):
      out->tag = OX_PidTagSubfolders;
      out->value.boolean = row->child_count > 0;
      return OX_OK;
    case ID(PidTagCreationTime): return give_time(out, OX_PidTagCreationTime, row->created);
    case ID(PidTagLastModificationTime):
      return give_time(out, OX_PidTagLastModificationTime, row->modified);
    case ID(PidTagLocalCommitTime): return give_time(out, OX_PidTagLocalCommitTime, row->modified);
    case ID(PidTagDeletedOn): return give_time(out, OX_PidTagDeletedOn, row->deleted);
    case ID(PidTagMessageSize): oxs_give_size(out, row->size + row->associated_size); return OX_OK;
    case ID(PidTagObjectType): return give_i32(out, OX_PidTagObjectType, 3);
    case ID(PidTagAccess): return give_i32(out, OX_PidTagAccess, 0x3F);
    case ID(PidTagAccessLevel): return give_i32(out, OX_PidTagAccessLevel, 1);
    case ID(PidTagRights): return give_i32(out, OX_PidTagRights, 0x7FB); /* an owner's */
    case ID(PidTagDeletedCountTotal):
      return give_i32(out, OX_PidTagDeletedCountTotal, row->deleted_count);
    default: break;
  }
  ox_status status = key_property(t, row, id, arena, out);
  if (status != OX_E_NOT_FOUND) return status;
  status = oxs_encoded_value(t, row->bag, id, max_bytes, arena, out);
  if (status == OX_E_NOT_FOUND && id == ID(PidTagAttributeHidden)) {
    out->tag = OX_PidTagAttributeHidden;
    out->value.boolean = false;
    status = OX_OK;
  }
  return status;
}

ox_status oxs_folder_list(const oxs_folder_row *row, ox_arena *arena, ox_proptag **tags,
                          size_t *count) {
  size_t fixed = sizeof folder_ids / sizeof folder_ids[0], stored = 0;
  ox_proptag tag;
  oxs_large large;
  while (oxs_bag_entry(row->bag, stored, &tag, &large)) stored++;
  ox_proptag *list = ox_arena_calloc(arena, fixed + stored, sizeof *list);
  if (list == NULL) return OX_E_NO_MEMORY;
  size_t used = 0;
  for (size_t i = 0; i < fixed; i++) list[used++] = OX_PROPTAG(folder_ids[i], OX_PTYP_UNSPECIFIED);
  for (size_t i = 0; oxs_bag_entry(row->bag, i, &tag, &large); i++) {
    bool known = false;
    for (size_t j = 0; j < fixed; j++) known |= folder_ids[j] == OX_PROPTAG_ID(tag);
    if (!known) list[used++] = tag;
  }
  *tags = list;
  *count = used;
  return OX_OK;
}

/* ---- changes ---- */

static ox_status name_key(ox_arena *arena, ox_str16 name, ox_bytes *out) {
  ox_str16 folded;
  ox_status status = ox_str16_fold(arena, name, OX_FOLD_CASE, &folded);
  if (status == OX_OK) *out = (ox_bytes){folded.data, folded.size_bytes};
  return status;
}

ox_status oxs_folder_insert(oxs_txn *t, int64_t fid, int64_t parent, uint32_t type, ox_str16 name,
                            const oxs_bag *bag) {
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  uint8_t source[OXS_XID_BYTES], change[OXS_XID_BYTES];
  int64_t cn = 0;
  ox_bytes key = {0}, pcl = {0}, encoded = {0};
  oxs_bag stored;
  uint64_t size;
  ox_filetime now = oxs_now(t->database->store);
  ox_status status = oxs_allocate(t, 1, &cn);
  oxs_xid(t->database, fid, source);
  oxs_xid(t->database, cn, change);
  if (status == OX_OK) status = name_key(&arena, name, &key);
  if (status == OX_OK) status = oxs_pcl_add(&arena, (ox_bytes){NULL, 0}, change, &pcl);
  if (status == OX_OK)
    status = oxs_bag_store(t, bag, (ox_bytes){NULL, 0}, &arena, &stored, &encoded, &size);
  if (status == OX_OK)
    status =
        oxs_run(t->db, t->err, OXS_FOLDER_INSERT, "iiibbibbbub", fid, parent, (int64_t)type,
                (ox_bytes){name.data, name.size_bytes}, key, cn, (ox_bytes){source, sizeof source},
                (ox_bytes){change, sizeof change}, pcl, now, encoded);
  if (status == OX_OK && parent != 0)
    status = oxs_run(t->db, t->err, OXS_FOLDER_CHILDREN_ADD, "ii", parent, (int64_t)1);
  ox_arena_dispose(&arena);
  return status;
}

/* Gives a folder a new change number. */
ox_status oxs_folder_touch(oxs_txn *t, int64_t fid) {
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  oxs_folder_row row;
  uint8_t change[OXS_XID_BYTES];
  int64_t cn = 0;
  ox_bytes pcl = {0};
  ox_status status = oxs_folder_row_load(t, fid, &arena, &row);
  if (status == OX_OK) status = oxs_allocate(t, 1, &cn);
  oxs_xid(t->database, cn, change);
  if (status == OX_OK) status = oxs_pcl_add(&arena, row.pcl, change, &pcl);
  if (status == OX_OK)
    status = oxs_run(t->db, t->err, OXS_FOLDER_TOUCH, "iibbu", fid, cn,
                     (ox_bytes){change, sizeof change}, pcl, oxs_now(t->database->store));
  ox_arena_dispose(&arena);
  return status;
}

ox_status oxs_folder_set_bag(oxs_txn *t, const oxs_folder_row *row, const oxs_bag *bag,
                             ox_str16 name) {
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  ox_bytes encoded, key;
  oxs_bag stored;
  uint64_t size;
  ox_status status = oxs_bag_store(t, bag, row->bag, &arena, &stored, &encoded, &size);
  if (status == OX_OK) status = name_key(&arena, name, &key);
  if (status == OX_OK)
    status = oxs_run(t->db, t->err, OXS_FOLDER_SET, "ibbb", row->fid, encoded,
                     (ox_bytes){name.data, name.size_bytes}, key);
  if (status == OX_OK) status = oxs_folder_touch(t, row->fid);
  ox_arena_dispose(&arena);
  if (status != OX_OK) return status;
  oxs_happening event = {
      .type = OX_EVENT_MODIFIED, .fid = row->fid, .parent = row->parent, .total = -1, .unread = -1};
  return oxs_event(t, &event);
}

void oxs_count(oxs_count_change *change, const oxs_row *row, int sign) {
  switch (row->kind) {
    case OXS_KIND_NORMAL:
      change->messages += sign;
      change->size += sign * row->size;
      if ((row->flags & OXS_FLAG_READ) == 0) change->unread += sign;
      break;
    case OXS_KIND_ASSOCIATED:
      change->associated += sign;
      change->associated_size += sign * row->size;
      break;
    case OXS_KIND_NORMAL + OXS_KIND_DELETED: change->deleted += sign; break;
    case OXS_KIND_ASSOCIATED + OXS_KIND_DELETED: change->deleted_associated += sign; break;
    default: break;
  }
}

ox_status oxs_folder_count(oxs_txn *t, int64_t fid, const oxs_count_change *change) {
  oxs_happening event = {.type = OX_EVENT_MODIFIED, .fid = fid};
  ox_status status;
  ox_sql *sql = oxs_start(t->db, &status, t->err, OXS_FOLDER_COUNT, "iiiiiiii", fid,
                          change->messages, change->unread, change->associated, change->deleted,
                          change->deleted_associated, change->size, change->associated_size);
  bool found = oxs_next(sql, &status, t->err);
  if (found) {
    event.parent = oxs_i64(sql, 0);
    event.total = oxs_i64(sql, 1);
    event.unread = oxs_i64(sql, 2);
  }
  oxs_end(sql);
  if (status == OX_OK && !found) status = ox_error_set(t->err, OX_E_NOT_FOUND, NULL);
  return status == OX_OK ? oxs_event(t, &event) : status;
}

ox_status oxs_tombstone(oxs_txn *t, int64_t id, int64_t fid, bool is_folder, int kind,
                        ox_bytes source_key) {
  int64_t cn;
  ox_status status = oxs_allocate(t, 1, &cn);
  if (status != OX_OK) return status;
  return oxs_run(t->db, t->err, OXS_TOMBSTONE_INSERT, "iiiiib", cn, id, fid, (int64_t)is_folder,
                 (int64_t)kind, source_key);
}

/* ---- open and create ---- */

void oxs_folder_init(oxs_folder *folder, oxs_mailbox *mailbox, int64_t fid) {
  folder->base.object.provider = &oxs_provider;
  folder->base.object.mailbox = &mailbox->base;
  folder->base.object.kind = OX_OBJECT_FOLDER;
  folder->base.id = oxs_to_id(fid);
  folder->mailbox = mailbox;
  folder->fid = fid;
}

static ox_status give_folder(oxs_mailbox *mailbox, int64_t fid, ox_folder **out, ox_error *err) {
  oxs_folder *folder = ox_calloc(mailbox->allocator, 1, sizeof *folder);
  if (folder == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  oxs_folder_init(folder, mailbox, fid);
  *out = &folder->base;
  return OX_OK;
}

ox_status oxs_folder_open(ox_mailbox *mailbox, ox_id id, uint32_t flags, ox_folder **out,
                          ox_error *err) {
  oxs_mailbox *local = oxs_local(mailbox);
  oxs_txn t;
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  ox_status status = oxs_read_begin(local->database, &t, err);
  if (status != OX_OK) return status;
  int64_t fid = oxs_from_id(id);
  oxs_folder_row row;
  if (id == 0) status = oxs_special(&t, OX_SPECIAL_ROOT, &fid);
  if (status == OX_OK) status = oxs_folder_row_load(&t, fid, &arena, &row);
  if (status == OX_OK && row.state != 0 && (flags & OX_OPEN_SOFT_DELETED) == 0)
    status = ox_error_set(err, OX_E_NOT_FOUND, NULL);
  oxs_read_end(&t);
  ox_arena_dispose(&arena);
  return status == OX_OK ? give_folder(local, fid, out, err) : status;
}

void oxs_folder_close(ox_folder *folder) {
  ox_free(((oxs_folder *)folder)->mailbox->allocator, folder);
}

/* The child of a folder that has a name; OX_E_NOT_FOUND. */
ox_status oxs_folder_by_name(oxs_txn *t, int64_t parent, ox_str16 name, int64_t *fid_out) {
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  ox_bytes key;
  ox_status status = name_key(&arena, name, &key);
  if (status == OX_OK)
    status = oxs_number(t->db, fid_out, NULL, OXS_FOLDER_BY_NAME, "ib", parent, key);
  ox_arena_dispose(&arena);
  return status;
}

ox_status oxs_folder_depth(oxs_txn *t, int64_t fid, unsigned *depth_out) {
  unsigned depth = 0;
  while (fid != 0 && depth <= OXS_FOLDER_DEPTH_MAX) {
    ox_status status = oxs_number(t->db, &fid, t->err, OXS_FOLDER_PARENT, "i", fid);
    if (status != OX_OK) return status;
    depth++;
  }
  *depth_out = depth;
  return OX_OK;
}

static ox_status new_folder_bag(oxs_txn *t, int64_t parent, const ox_folder_create_options *options,
                                ox_arena *arena, oxs_bag *bag) {
  oxs_bag_init(bag, arena);
  ox_status status = OX_OK;
  if (options->comment != NULL)
    status = ox_propbag_set_utf8(&bag->values, OX_PidTagComment, options->comment);
  if (status == OX_OK && options->container_class != NULL)
    return ox_propbag_set_utf8(&bag->values, OX_PidTagContainerClass, options->container_class);
  oxs_folder_row row;
  ox_property inherited;
  if (status == OX_OK) status = oxs_folder_row_load(t, parent, arena, &row);
  if (status == OX_OK) {
    status = oxs_encoded_value(t, row.bag, ID(PidTagContainerClass), 4096, arena, &inherited);
    if (status == OX_OK) return ox_propbag_set_view(&bag->values, inherited.tag, &inherited.value);
    if (status == OX_E_NOT_FOUND) status = OX_OK;
  }
  return status;
}

static ox_status create_folder(oxs_txn *t, int64_t parent, const ox_folder_create_options *options,
                               ox_arena *arena, int64_t *fid_out, bool *existed) {
  ox_str16 name;
  oxs_bag bag;
  unsigned depth = 0;
  int64_t state = 0;
  *existed = false;
  ox_status status = oxs_utf16(arena, options->name, &name, t->err);
  if (status == OX_OK && name.size_bytes > OXS_NAME_MAX_BYTES)
    status = ox_error_set(t->err, OX_E_INVALID_PARAMETER, "The folder's name is too long.");
  if (status == OX_OK) status = oxs_number(t->db, &state, t->err, OXS_FOLDER_STATE, "i", parent);
  if (status == OX_OK && state != 0) status = ox_error_set(t->err, OX_E_OBJECT_DELETED, NULL);
  if (status != OX_OK) return status;
  status = oxs_folder_by_name(t, parent, name, fid_out);
  if (status == OX_OK) {
    *existed = true;
    return options->open_existing ? OX_OK : ox_error_set(t->err, OX_E_DUPLICATE_NAME, NULL);
  }
  if (status == OX_E_NOT_FOUND) status = oxs_folder_depth(t, parent, &depth);
  if (status == OX_OK && depth >= OXS_FOLDER_DEPTH_MAX)
    status = ox_error_set(t->err, OX_E_LIMIT, "The folders are nested too deeply.");
  if (status == OX_OK) status = oxs_allocate(t, 1, fid_out);
  if (status == OX_OK) status = new_folder_bag(t, parent, options, arena, &bag);
  if (status == OX_OK)
    status = oxs_folder_insert(t, *fid_out, parent,
                               options->type != 0 ? options->type : OX_FOLDER_GENERIC, name, &bag);
  oxs_happening event = {
      .type = OX_EVENT_CREATED, .fid = *fid_out, .parent = parent, .total = -1, .unread = -1};
  if (status == OX_OK) status = oxs_event(t, &event);
  return status;
}

ox_status oxs_folder_create(ox_folder *parent, const ox_folder_create_options *options,
                            ox_folder **out, bool *existed_out, ox_error *err) {
  oxs_folder *local = (oxs_folder *)parent;
  ox_folder_create_options given = {sizeof given};
  memcpy(&given, options,
         options->struct_size < sizeof given ? options->struct_size : sizeof given);
  if (given.name == NULL || given.name[0] == '\0' || given.type > OX_FOLDER_SEARCH)
    return ox_error_set(err, OX_E_INVALID_PARAMETER, NULL);
  ox_status status = oxs_may_write(local->mailbox, err);
  if (status != OX_OK) return status;
  oxs_txn t;
  ox_arena arena;
  bool existed = false;
  int64_t fid = 0;
  status = oxs_write_begin(local->mailbox->database, &t, err);
  if (status != OX_OK) return status;
  ox_arena_init(&arena, NULL, 0);
  status = oxs_write_end(&t, create_folder(&t, local->fid, &given, &arena, &fid, &existed));
  ox_arena_dispose(&arena);
  if (status == OX_OK) status = give_folder(local->mailbox, fid, out, err);
  if (status == OX_OK && existed_out != NULL) *existed_out = existed;
  return status;
}
