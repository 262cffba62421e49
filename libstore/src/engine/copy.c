/* Copying properties, and what hangs below, from one object to another. @spec [MS-OXCPRPT] 3.2.5.7
 */
#include <string.h>

#include "engine.h"

#define ID(name) OX_PROPTAG_ID(OX_##name)

static bool among(const ox_proptag *tags, size_t count, uint16_t id) {
  for (size_t i = 0; i < count; i++)
    if (OX_PROPTAG_ID(tags[i]) == id) return true;
  return false;
}

/* Properties that say which object this is: never copied. */
static bool identifies(uint16_t id) {
  switch (id) {
    case ID(PidTagSourceKey):
    case ID(PidTagChangeKey):
    case ID(PidTagPredecessorChangeList):
    case ID(PidTagCreationTime):
    case ID(PidTagLastModificationTime):
    case ID(PidTagLocalCommitTime): return true;
    default: return false;
  }
}

static ox_status check(ox_object *source, ox_object *destination, ox_error *err) {
  if (destination->provider != source->provider || source->kind != destination->kind)
    return ox_error_set(err, OX_E_NO_SUPPORT, "The objects are not of one kind.");
  if (source == destination) return ox_error_set(err, OX_E_ACCESS_DENIED, NULL);
  return oxs_object_writable(destination, err);
}

static bool has(ox_object *object, ox_proptag tag, ox_arena *arena) {
  ox_property value;
  ox_proptag wanted = OX_PROPTAG_AS(tag, OX_PTYP_UNSPECIFIED);
  return oxs_object_get(object, &wanted, 1, 0, arena, &value, NULL) == OX_OK &&
         (OX_PROPTAG_TYPE(value.tag) != OX_PTYP_ERROR_CODE ||
          value.value.error == OX_E_NOT_ENOUGH_MEMORY);
}

/* One property; large values of messages and attachments stay out of memory. */
static ox_status copy_one(ox_object *source, ox_object *destination, ox_proptag tag, size_t index,
                          uint32_t flags, ox_problems *problems, ox_error *err) {
  ox_arena arena;
  ox_arena_init(&arena, NULL, SIZE_MAX / 2);
  ox_property value;
  ox_proptag wanted = OX_PROPTAG_AS(tag, OX_PTYP_UNSPECIFIED);
  ox_status status = OX_OK;
  if ((flags & OX_COPY_NO_OVERWRITE) != 0 && has(destination, tag, &arena)) {
    ox_arena_dispose(&arena);
    return oxs_problem(problems, index, tag, OX_E_COLLISION);
  }
  status = oxs_object_get(source, &wanted, 1, OXS_INLINE_MAX_BYTES, &arena, &value, err);
  bool failed = status == OX_OK && OX_PROPTAG_TYPE(value.tag) == OX_PTYP_ERROR_CODE;
  if (status == OX_OK && !failed) {
    status = oxs_object_set_one(destination, &value, NULL);
    if (status != OX_OK && status != OX_E_NO_MEMORY)
      status = oxs_problem(problems, index, tag, status);
  } else if (failed && value.value.error == OX_E_NOT_ENOUGH_MEMORY) {
    ox_stream *from = NULL, *to = NULL;
    ox_arena *bag_arena;
    oxs_bag *bag = oxs_object_bag(source, &bag_arena);
    const oxs_large *large = bag != NULL ? oxs_bag_large(bag, OX_PROPTAG_ID(tag)) : NULL;
    ox_proptag type = large != NULL ? large->tag : tag;
    status = oxs_stream_open(source, type, OX_STREAM_READ_ONLY, &from, NULL, err);
    if (status == OX_OK)
      status = oxs_stream_open(destination, type, OX_STREAM_CREATE, &to, NULL, err);
    if (status == OX_OK) status = oxs_stream_copy(from, to, UINT64_MAX, NULL, NULL, err);
    if (status == OX_OK) status = oxs_stream_commit(to, err);
    if (to != NULL) oxs_stream_close(to);
    if (from != NULL) oxs_stream_close(from);
  } else if (failed) {
    status = oxs_problem(problems, index, tag, value.value.error);
  }
  ox_arena_dispose(&arena);
  return status;
}

static ox_status copy_recipients(oxs_item *from, oxs_item *to) {
  to->content->recipient_count = 0;
  to->content->recipients_changed = true;
  for (size_t i = 0; i < from->content->recipient_count; i++) {
    const oxs_recipient *in = &from->content->recipients[i];
    oxs_recipient *out = oxs_content_recipient(to->content, in->row_id, true);
    if (out == NULL) return OX_E_NO_MEMORY;
    for (size_t j = 0; j < in->bag.count; j++) {
      ox_status status = ox_propbag_set(&out->bag, in->bag.items[j].tag, &in->bag.items[j].value);
      if (status != OX_OK) return status;
    }
  }
  return OX_OK;
}

static ox_status copy_attachments(oxs_item *from, oxs_item *to, ox_error *err) {
  oxs_txn t;
  ox_status status = oxs_read_begin(from->mailbox->database, &t, err);
  if (status != OX_OK) return status;
  for (size_t i = 0; status == OX_OK && i < from->content->attachment_count; i++) {
    oxs_attach copy;
    status = oxs_attach_clone(&t, &to->content->arena, &from->content->attachments[i], true, &copy);
    if (status != OX_OK) break;
    copy.number = to->content->next_number++;
    oxs_attach *slot = oxs_content_add_attachment(to->content, copy.number);
    if (slot == NULL) {
      oxs_bag_dispose(&copy.bag);
      oxs_content_free(copy.embedded);
      status = OX_E_LIMIT;
    } else {
      *slot = copy;
    }
  }
  oxs_read_end(&t);
  to->content->attachments_changed = true;
  return status;
}

/* Clones share large values by their rows, which is right within one database only. */
static bool one_database(ox_object *a, ox_object *b) {
  return oxs_local(a->mailbox)->database == oxs_local(b->mailbox)->database;
}

static ox_status copy_embedded(oxs_attachment *from, oxs_attachment *to, ox_error *err) {
  oxs_txn t;
  oxs_attach copy;
  ox_arena scratch;
  ox_status status = oxs_read_begin(from->mailbox->database, &t, err);
  if (status != OX_OK) return status;
  ox_arena_init(&scratch, NULL, SIZE_MAX / 2);
  status = oxs_attach_clone(&t, &scratch, &from->attach, true, &copy);
  oxs_read_end(&t);
  if (status == OX_OK) {
    oxs_content_free(to->attach.embedded);
    to->attach.embedded = copy.embedded;
    to->attach.changed = true;
    oxs_bag_dispose(&copy.bag);
  }
  ox_arena_dispose(&scratch);
  return status;
}

static ox_status copy_folder_contents(oxs_folder *from, oxs_folder *to, bool move, ox_error *err) {
  oxs_txn t;
  ox_status status = oxs_write_begin(from->mailbox->database, &t, err);
  if (status != OX_OK) return status;
  for (int kind = 0; status == OX_OK && kind < 2; kind++) {
    int64_t ids[64], after = 0;
    size_t count = 64;
    while (status == OX_OK && count == 64) {
      count = 0;
      ox_sql *sql = oxs_start(t.db, &status, err, OXS_MESSAGE_IDS_AFTER, "iiii", from->fid,
                              (int64_t)kind, after, (int64_t)64);
      while (count < 64 && oxs_next(sql, &status, err)) ids[count++] = oxs_i64(sql, 0);
      oxs_end(sql);
      if (count > 0) after = ids[count - 1];
      if (status == OX_OK)
        status = oxs_messages_transfer(&t, from->fid, to->fid, ids, count, !move, NULL, NULL);
    }
  }
  return oxs_write_end(&t, status);
}

/* Subfolders, each with everything below. */
static ox_status copy_subfolders(oxs_folder *from, oxs_folder *to, bool move, ox_error *err) {
  int64_t ids[64], after = 0;
  size_t count = 64;
  ox_status status = OX_OK;
  while (status == OX_OK && count == 64) {
    oxs_txn t;
    status = oxs_read_begin(from->mailbox->database, &t, err);
    if (status != OX_OK) return status;
    count = 0;
    ox_sql *sql = oxs_start(t.db, &status, err, OXS_FOLDER_CHILD_IDS, "iiii", from->fid, after,
                            (int64_t)64, (int64_t)0);
    while (count < 64 && oxs_next(sql, &status, err)) ids[count++] = oxs_i64(sql, 0);
    oxs_end(sql);
    oxs_read_end(&t);
    for (size_t i = 0; status == OX_OK && i < count; i++) {
      ox_id id = oxs_to_id(after = ids[i]);
      status = move ? oxs_folder_move(&from->base, id, &to->base, NULL, NULL, err)
                    : oxs_folder_copy(&from->base, id, &to->base, NULL, true, NULL, err);
    }
  }
  return status;
}

static ox_status copy_below(ox_object *source, ox_object *destination, uint32_t flags,
                            const ox_proptag *excluded, size_t count, ox_error *err) {
  ox_status status = OX_OK;
  bool move = (flags & OX_COPY_MOVE) != 0;
  if (!one_database(source, destination))
    return ox_error_set(err, OX_E_NO_SUPPORT, "Both objects must be in the same mailbox.");
  if (source->kind == OX_OBJECT_MESSAGE) {
    if (!among(excluded, count, ID(PidTagMessageRecipients)))
      status = copy_recipients((oxs_item *)source, (oxs_item *)destination);
    if (status == OX_OK && !among(excluded, count, ID(PidTagMessageAttachments)))
      status = copy_attachments((oxs_item *)source, (oxs_item *)destination, err);
  } else if (source->kind == OX_OBJECT_ATTACHMENT) {
    status = copy_embedded((oxs_attachment *)source, (oxs_attachment *)destination, err);
  } else if (source->kind == OX_OBJECT_FOLDER) {
    oxs_folder *from = (oxs_folder *)source, *to = (oxs_folder *)destination;
    if (!among(excluded, count, ID(PidTagContainerContents)))
      status = copy_folder_contents(from, to, move, err);
    if (status == OX_OK && !among(excluded, count, ID(PidTagContainerHierarchy)))
      status = copy_subfolders(from, to, move, err);
  }
  return status == OX_OK ? OX_OK : ox_error_set(err, status, NULL);
}

static ox_status copy_tags(ox_object *source, ox_object *destination, const ox_proptag *tags,
                           size_t count, uint32_t flags, ox_problems *problems, ox_error *err) {
  ox_status status = OX_OK;
  for (size_t i = 0; status == OX_OK && i < count; i++)
    status = copy_one(source, destination, tags[i], i, flags, problems, err);
  if (status == OX_OK && (flags & OX_COPY_MOVE) != 0)
    status = oxs_object_delete(source, tags, count, NULL, err);
  return status == OX_OK ? OX_OK : ox_error_set(err, status, NULL);
}

ox_status oxs_object_copy_to(ox_object *source, ox_object *destination, uint32_t flags,
                             bool subobjects, const ox_proptag *excluded, size_t count,
                             ox_problems *problems, ox_error *err) {
  if (count > 0 && excluded == NULL) return ox_error_set(err, OX_E_USAGE, NULL);
  ox_status status = check(source, destination, err);
  if (status != OX_OK) return status;
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  ox_proptag *tags;
  size_t tag_count = 0, kept = 0;
  status = oxs_object_list(source, &arena, &tags, &tag_count, err);
  for (size_t i = 0; status == OX_OK && i < tag_count; i++) {
    uint16_t id = OX_PROPTAG_ID(tags[i]);
    bool name = source->kind == OX_OBJECT_FOLDER && id == ID(PidTagDisplayName);
    if (!oxs_is_computed(source->kind, id) && !identifies(id) && !name &&
        !among(excluded, count, id) && id != ID(PidTagMessageFlags))
      tags[kept++] = tags[i];
  }
  if (status == OX_OK) status = copy_tags(source, destination, tags, kept, flags, problems, err);
  if (status == OX_OK && subobjects)
    status = copy_below(source, destination, flags, excluded, count, err);
  ox_arena_dispose(&arena);
  return status;
}

ox_status oxs_object_copy_properties(ox_object *source, ox_object *destination, uint32_t flags,
                                     const ox_proptag *tags, size_t count, ox_problems *problems,
                                     ox_error *err) {
  if (count > 0 && tags == NULL) return ox_error_set(err, OX_E_USAGE, NULL);
  ox_status status = check(source, destination, err);
  if (status != OX_OK) return status;
  for (size_t i = 0; status == OX_OK && i < count; i++) {
    uint16_t id = OX_PROPTAG_ID(tags[i]);
    bool below = source->kind == OX_OBJECT_MESSAGE &&
                 (id == ID(PidTagMessageRecipients) || id == ID(PidTagMessageAttachments));
    if (below && !one_database(source, destination)) {
      status = ox_error_set(err, OX_E_NO_SUPPORT, NULL);
    } else if (below && id == ID(PidTagMessageRecipients)) {
      status = copy_recipients((oxs_item *)source, (oxs_item *)destination);
    } else if (below) {
      status = copy_attachments((oxs_item *)source, (oxs_item *)destination, err);
    } else {
      status = copy_one(source, destination, tags[i], i, flags, problems, err);
    }
  }
  if (status == OX_OK && (flags & OX_COPY_MOVE) != 0)
    status = oxs_object_delete(source, tags, count, NULL, err);
  return status == OX_OK ? OX_OK : ox_error_set(err, status, NULL);
}
