/* Open messages: open, create, save, recipients, read flag. */
#include <string.h>

#include "engine.h"

#define ID(name) OX_PROPTAG_ID(OX_##name)

oxs_item *oxs_item_blank(oxs_mailbox *mailbox, ox_error *err) {
  oxs_item *item = ox_calloc(mailbox->allocator, 1, sizeof *item);
  if (item == NULL) {
    ox_error_set(err, OX_E_NO_MEMORY, NULL);
    return NULL;
  }
  item->base.object =
      (ox_object){.provider = &oxs_provider, .mailbox = &mailbox->base, .kind = OX_OBJECT_MESSAGE};
  item->mailbox = mailbox;
  item->codepage = mailbox->codepage;
  ox_arena_init(&item->row_arena, mailbox->allocator, 0);
  return item;
}

static void item_free(oxs_item *item) {
  if (item == NULL) return;
  oxs_content_free(item->content);
  ox_arena_dispose(&item->row_arena);
  ox_free(item->mailbox->allocator, item);
}

void oxs_item_close(ox_item *item) {
  item_free((oxs_item *)item);
}

static void show_ids(oxs_item *item) {
  bool stored = item->row.kind != OXS_KIND_EMBEDDED;
  item->base.id = stored ? oxs_to_id(item->row.mid) : 0;
  item->base.folder_id = stored ? oxs_to_id(item->row.fid) : 0;
}

ox_status oxs_item_writable(const oxs_item *item, ox_error *err) {
  if (item->closed)
    return ox_error_set(err, OX_E_INVALID_OBJECT, "The message was saved without being kept open.");
  if (!item->writable)
    return ox_error_set(err, OX_E_ACCESS_DENIED, "The message is open for reading only.");
  return OX_OK;
}

/* What a new message begins with. */
static ox_status first_properties(oxs_item *item, ox_error *err) {
  uint8_t key[16];
  ox_status status = oxs_random(item->mailbox->database->store, key, sizeof key, err);
  ox_propbag *bag = &item->content->bag.values;
  if (status == OX_OK) status = ox_propbag_set_binary(bag, OX_PidTagSearchKey, key, sizeof key);
  if (status == OX_OK) status = ox_propbag_set_i32(bag, OX_PidTagImportance, 1);
  if (status == OX_OK) status = ox_propbag_set_i32(bag, OX_PidTagPriority, 0);
  if (status == OX_OK) status = ox_propbag_set_i32(bag, OX_PidTagSensitivity, 0);
  if (status == OX_OK) status = ox_propbag_set_i32(bag, OX_PidTagMessageLocaleId, 0x0409);
  if (status == OX_OK && item->codepage != 0)
    status = ox_propbag_set_i32(bag, OX_PidTagMessageCodepage, (int32_t)item->codepage);
  return status == OX_OK ? OX_OK : ox_error_set(err, status, NULL);
}

ox_status oxs_item_new(oxs_mailbox *mailbox, int64_t fid, bool associated, uint32_t codepage,
                       oxs_item **out, ox_error *err) {
  oxs_item *item = oxs_item_blank(mailbox, err);
  if (item == NULL) return OX_E_NO_MEMORY;
  item->content = oxs_content_new(mailbox->allocator);
  if (item->content == NULL) {
    item_free(item);
    return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  }
  if (codepage != 0) item->codepage = codepage;
  item->is_new = item->writable = true;
  item->row.fid = fid;
  item->row.kind = associated ? OXS_KIND_ASSOCIATED : OXS_KIND_NORMAL;
  item->row.flags =
      OXS_FLAG_UNSENT | OXS_FLAG_READ | OXS_FLAG_EVER_READ | (associated ? OXS_FLAG_ASSOCIATED : 0);
  item->content->bag_changed = item->content->recipients_changed = true;
  ox_status status = first_properties(item, err);
  if (status != OX_OK) {
    item_free(item);
    return status;
  }
  item->base.folder_id = oxs_to_id(fid);
  *out = item;
  return OX_OK;
}

ox_status oxs_item_create(ox_folder *folder, bool associated, uint32_t codepage, ox_item **out,
                          ox_error *err) {
  oxs_folder *local = (oxs_folder *)folder;
  ox_status status = oxs_may_write(local->mailbox, err);
  oxs_item *item;
  if (status == OX_OK)
    status = oxs_item_new(local->mailbox, local->fid, associated, codepage, &item, err);
  if (status == OX_OK) *out = &item->base;
  return status;
}

/* Reads row and content of a stored message into the handle. */
static ox_status read_in(oxs_item *item, int64_t mid, ox_error *err) {
  oxs_txn t;
  ox_status status = oxs_read_begin(item->mailbox->database, &t, err);
  if (status != OX_OK) return status;
  oxs_content *content = NULL;
  ox_arena_reset(&item->row_arena);
  status = oxs_row_load(&t, mid, &item->row_arena, &item->row);
  if (status == OX_OK) status = oxs_content_load(&t, mid, &content);
  oxs_read_end(&t);
  if (status != OX_OK) return ox_error_set(err, status, NULL);
  oxs_content_free(item->content);
  item->content = content;
  item->is_new = item->changed_row = false;
  return OX_OK;
}

ox_status oxs_item_load(oxs_mailbox *mailbox, int64_t fid, int64_t mid, uint32_t mode,
                        oxs_item **out, ox_error *err) {
  oxs_item *item = oxs_item_blank(mailbox, err);
  if (item == NULL) return OX_E_NO_MEMORY;
  ox_status status = read_in(item, mid, err);
  if (status == OX_OK && item->row.kind == OXS_KIND_EMBEDDED) status = OX_E_NOT_FOUND;
  if (status == OX_OK && item->row.kind >= OXS_KIND_DELETED && (mode & OX_OPEN_SOFT_DELETED) == 0)
    status = OX_E_NOT_FOUND;
  /* Any folder may be named, as servers allow; a wrong one is told apart only by 0. */
  (void)fid;
  uint32_t access = mode & 0x03u;
  bool may_write = !mailbox->read_only && !mailbox->database->read_only;
  if (status == OX_OK && access == OX_OPEN_READ_WRITE && !may_write) status = OX_E_ACCESS_DENIED;
  if (status != OX_OK) {
    item_free(item);
    return ox_error_set(err, status, NULL);
  }
  item->writable = access != OX_OPEN_READ_ONLY && may_write;
  show_ids(item);
  *out = item;
  return OX_OK;
}

ox_status oxs_item_open(ox_mailbox *mailbox, ox_id folder_id, ox_id id, uint32_t mode,
                        ox_item **out, ox_error *err) {
  oxs_item *item;
  ox_status status =
      oxs_item_load(oxs_local(mailbox), oxs_from_id(folder_id), oxs_from_id(id), mode, &item, err);
  if (status == OX_OK) *out = &item->base;
  return status;
}

/* ---- properties that are columns ---- */

/* Bits of PidTagMessageFlags that a client sets before the first save. @spec [MS-OXCMSG] 2.2.1.6 */
#define SETTABLE_FLAGS                                                                         \
  (OXS_FLAG_READ | OXS_FLAG_UNSENT | OXS_FLAG_RESEND | OXS_FLAG_EVER_READ | OXS_FLAG_FROM_ME | \
   OXS_FLAG_INTERNET | OXS_FLAG_UNTRUSTED | OXS_FLAG_UNMODIFIED)

ox_status oxs_item_set(oxs_item *item, const ox_property *property) {
  oxs_content *content = item->content;
  uint16_t id = OX_PROPTAG_ID(property->tag);
  ox_status status = oxs_set_subject(&content->bag.values, property);
  if (status != OX_E_NOT_FOUND) {
    content->bag_changed = true;
    return status;
  }
  if (property->tag == OX_PidTagMessageFlags) {
    if (item->is_new)
      item->row.flags =
          (item->row.flags & ~SETTABLE_FLAGS) | ((uint32_t)property->value.i32 & SETTABLE_FLAGS);
    return OX_OK;
  }
  switch (id) {
    case ID(PidTagCreationTime):
      if (item->is_new) item->row.created = property->value.time;
      return OX_OK;
    case ID(PidTagLastModificationTime):
      item->row.modified = property->value.time;
      item->changed_row = true;
      return OX_OK;
    case ID(PidTagChangeKey):
    case ID(PidTagPredecessorChangeList):
    case ID(PidTagSourceKey): return OX_E_COMPUTED;
    case ID(PidTagReadReceiptRequested):
      item->row.flags &= ~(OXS_FLAG_NOTIFY_READ | OXS_FLAG_NOTIFY_UNREAD);
      if (property->value.boolean) item->row.flags |= OXS_FLAG_NOTIFY_READ | OXS_FLAG_NOTIFY_UNREAD;
      break;
    default: break;
  }
  content->bag_changed = true;
  return oxs_bag_set(&content->bag, property->tag, &property->value);
}

/* ---- saving ---- */

ox_status oxs_message_create(oxs_txn *t, oxs_content *content, oxs_row *row) {
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  ox_filetime now = oxs_now(t->database->store);
  uint64_t size = 0;
  bool embedded = row->kind == OXS_KIND_EMBEDDED;
  if (row->created == 0) row->created = now;
  if (row->modified == 0) row->modified = now;
  content->recipients_changed = true;
  ox_status status = oxs_compute(content, row, t->err);
  if (status == OX_OK && embedded) {
    status = oxs_allocate(t, 1, &row->mid);
  } else if (status == OX_OK) {
    status = oxs_message_new_source(t, &arena, row);
    if (status == OX_OK) status = oxs_message_new_change(t, &arena, row);
  }
  if (status == OX_OK) status = oxs_content_store(t, content, row->mid, true, &size);
  row->size = (int64_t)size;
  row->read_cn = row->cn;
  if (status == OX_OK) status = oxs_row_insert(t, row);
  if (status == OX_OK && !embedded) {
    oxs_count_change change = {0};
    oxs_count(&change, row, +1);
    status = oxs_message_event(t, OX_EVENT_CREATED, row);
    if (status == OX_OK) status = oxs_views_put(t, row->fid, row->kind, row->mid);
    if (status == OX_OK) status = oxs_folder_count(t, row->fid, &change);
  }
  /* Keys lived in the arena here; callers that keep the row read it anew. */
  row->source_key = row->change_key = row->pcl = row->message_class = (ox_bytes){NULL, 0};
  ox_arena_dispose(&arena);
  return status;
}

/* A save of a message that exists: the row is taken anew, so that read state and status set
 * meanwhile by others stay. */
static ox_status update_message(oxs_txn *t, oxs_item *item, bool force) {
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  oxs_row row, before;
  uint64_t size = 0;
  ox_filetime modified = item->changed_row && item->row.modified != 0 ? item->row.modified
                                                                      : oxs_now(t->database->store);
  ox_status status = oxs_row_load(t, item->row.mid, &arena, &row);
  if (status == OX_E_NOT_FOUND || (status == OX_OK && row.kind != item->row.kind))
    status = ox_error_set(t->err, OX_E_OBJECT_DELETED, NULL);
  if (status == OX_OK && row.cn != item->row.cn && !force)
    status = ox_error_set(t->err, OX_E_OBJECT_MODIFIED, NULL);
  if (status == OX_OK) {
    before = row;
    const uint32_t kept = OXS_FLAG_READ | OXS_FLAG_EVER_READ;
    row.flags = (item->row.flags & ~kept) | (row.flags & kept);
    row.modified = modified;
    status = oxs_compute(item->content, &row, t->err);
  }
  if (status == OX_OK) status = oxs_message_new_change(t, &arena, &row);
  if (status == OX_OK) status = oxs_content_store(t, item->content, row.mid, false, &size);
  row.size = (int64_t)size;
  if (status == OX_OK) status = oxs_row_update(t, &row);
  if (status == OX_OK) status = oxs_views_put(t, row.fid, row.kind, row.mid);
  if (status == OX_OK) status = oxs_message_event(t, OX_EVENT_MODIFIED, &row);
  if (status == OX_OK) {
    oxs_count_change change = {0};
    oxs_count(&change, &before, -1);
    oxs_count(&change, &row, +1);
    if (change.size != 0 || change.associated_size != 0)
      status = oxs_folder_count(t, row.fid, &change);
  }
  ox_arena_dispose(&arena);
  return status;
}

ox_status oxs_item_store(oxs_txn *t, oxs_item *item, bool force) {
  if (!item->is_new) return update_message(t, item, force);
  int64_t state = 0;
  ox_status status = oxs_number(t->db, &state, t->err, OXS_FOLDER_STATE, "i", item->row.fid);
  if (status == OX_E_NOT_FOUND || (status == OX_OK && state != 0))
    status = ox_error_set(t->err, OX_E_OBJECT_DELETED, "The folder was deleted meanwhile.");
  if (status != OX_OK) return status;
  oxs_row row = item->row;
  status = oxs_message_create(t, item->content, &row);
  if (status == OX_OK) item->row = row;
  return status;
}

/* An embedded message goes into its attachment, which goes into its message. */
static ox_status save_embedded(oxs_item *item, ox_error *err) {
  oxs_attachment *attachment = item->attachment;
  oxs_txn t;
  ox_status status = oxs_compute(item->content, &item->row, err);
  if (status == OX_OK)
    status = ox_propbag_set_i32(&item->content->bag.values, OX_PidTagMessageFlags,
                                (int32_t)item->row.flags);
  if (status == OX_OK) status = oxs_read_begin(item->mailbox->database, &t, err);
  if (status != OX_OK) return ox_error_set(err, status, NULL);
  oxs_content *copy = NULL;
  status = oxs_content_clone(&t, item->content, true, &copy);
  oxs_read_end(&t);
  if (status != OX_OK) return ox_error_set(err, status, NULL);
  oxs_content_free(attachment->attach.embedded);
  attachment->attach.embedded = copy;
  attachment->attach.changed = true;
  item->is_new = false;
  return OX_OK;
}

ox_status oxs_item_save(ox_item *base, uint32_t flags, ox_id *id_out, ox_error *err) {
  oxs_item *item = (oxs_item *)base;
  ox_status status = oxs_item_writable(item, err);
  if (status != OX_OK) return status;
  if (item->row.kind == OXS_KIND_EMBEDDED) {
    status = save_embedded(item, err);
  } else {
    oxs_content *content = item->content;
    oxs_row before = item->row;
    bool changed = item->is_new || item->changed_row || content->bag_changed ||
                   content->recipients_changed || content->attachments_changed;
    if (changed) {
      oxs_txn t;
      status = oxs_write_begin(item->mailbox->database, &t, err);
      if (status == OX_OK)
        status = oxs_write_end(&t, oxs_item_store(&t, item, (flags & OX_SAVE_FORCE) != 0));
      if (status != OX_OK) item->row = before;
    }
  }
  if (status != OX_OK) return status;
  oxs_item_saved(item, flags);
  if (id_out != NULL) *id_out = item->base.id;
  return OX_OK;
}

void oxs_item_saved(oxs_item *item, uint32_t flags) {
  bool keep_writable = (flags & (OX_SAVE_KEEP_OPEN_READ_WRITE | OX_SAVE_FORCE)) != 0;
  bool keep = keep_writable || (flags & OX_SAVE_KEEP_OPEN_READ_ONLY) != 0;
  show_ids(item);
  item->is_new = false;
  item->writable = keep_writable;
  /* What was stored is read in again, so that large values have their rows. A failure here is no
   * failure of the save: the handle closes instead. */
  if (keep && item->row.kind != OXS_KIND_EMBEDDED)
    keep = read_in(item, item->row.mid, NULL) == OX_OK;
  item->closed = !keep;
}

/* ---- recipients ---- */

ox_status oxs_item_recipients(ox_item *base, uint32_t first_row_id, size_t max_count,
                              ox_arena *arena, ox_recipient **out, size_t *count_out,
                              ox_error *err) {
  oxs_item *item = (oxs_item *)base;
  const oxs_content *content = item->content;
  ox_recipient *list = ox_arena_calloc(arena, content->recipient_count + 1, sizeof *list);
  size_t count = 0;
  ox_status status = list != NULL ? OX_OK : OX_E_NO_MEMORY;
  for (size_t i = 0; status == OX_OK && i < content->recipient_count; i++) {
    const oxs_recipient *recipient = &content->recipients[i];
    if (recipient->row_id < first_row_id) continue;
    if (max_count != 0 && count == max_count) break;
    ox_propbag *bag = &list[count++].properties;
    ox_propbag_init(bag, arena);
    for (size_t j = 0; status == OX_OK && j < recipient->bag.count; j++)
      status = ox_propbag_set(bag, recipient->bag.items[j].tag, &recipient->bag.items[j].value);
    if (status == OX_OK)
      status = ox_propbag_set_i32(bag, OX_PidTagRowid, (int32_t)recipient->row_id);
  }
  if (status != OX_OK) return ox_error_set(err, status, NULL);
  *out = list;
  *count_out = count;
  return OX_OK;
}

static void remove_recipient(oxs_content *content, uint32_t row_id) {
  for (size_t i = 0; i < content->recipient_count; i++) {
    if (content->recipients[i].row_id != row_id) continue;
    memmove(&content->recipients[i], &content->recipients[i + 1],
            (content->recipient_count - i - 1) * sizeof content->recipients[0]);
    content->recipient_count--;
    return;
  }
}

ox_status oxs_item_modify_recipients(ox_item *base, const ox_recipient_change *changes,
                                     size_t count, ox_error *err) {
  oxs_item *item = (oxs_item *)base;
  ox_status status = oxs_item_writable(item, err);
  if (status != OX_OK) return status;
  if (count > 0 && changes == NULL) return ox_error_set(err, OX_E_USAGE, NULL);
  oxs_content *content = item->content;
  for (size_t i = 0; status == OX_OK && i < count; i++) {
    content->recipients_changed = true;
    if (changes[i].properties == NULL) {
      remove_recipient(content, changes[i].row_id);
      continue;
    }
    if (content->recipient_count >= OXS_RECIPIENTS_MAX &&
        oxs_content_recipient(content, changes[i].row_id, false) == NULL)
      return ox_error_set(err, OX_E_LIMIT, "The message has too many recipients.");
    oxs_recipient *recipient = oxs_content_recipient(content, changes[i].row_id, true);
    if (recipient == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
    ox_propbag_clear(&recipient->bag);
    const ox_propbag *bag = changes[i].properties;
    for (size_t j = 0; status == OX_OK && j < bag->count; j++)
      if (OX_PROPTAG_ID(bag->items[j].tag) != ID(PidTagRowid))
        status = ox_propbag_set(&recipient->bag, bag->items[j].tag, &bag->items[j].value);
  }
  return status == OX_OK ? OX_OK : ox_error_set(err, status, NULL);
}

ox_status oxs_item_remove_recipients(ox_item *base, ox_error *err) {
  oxs_item *item = (oxs_item *)base;
  ox_status status = oxs_item_writable(item, err);
  if (status != OX_OK) return status;
  item->content->recipient_count = 0;
  item->content->recipients_changed = true;
  return OX_OK;
}

/* ---- read flag ---- */

ox_status oxs_item_set_read_flag(ox_item *base, uint32_t flags, bool *changed_out, ox_error *err) {
  oxs_item *item = (oxs_item *)base;
  bool changed = false;
  ox_status status = oxs_may_write(item->mailbox, err);
  if (status == OX_OK && item->closed) status = ox_error_set(err, OX_E_INVALID_OBJECT, NULL);
  if (status != OX_OK) return status;
  if (item->is_new || item->row.kind == OXS_KIND_EMBEDDED) {
    uint32_t old = item->row.flags;
    if ((flags & OX_READ_FLAG_CLEAR_READ) != 0) {
      item->row.flags &= ~OXS_FLAG_READ;
    } else {
      item->row.flags |= OXS_FLAG_READ | OXS_FLAG_EVER_READ;
    }
    changed = old != item->row.flags;
  } else {
    oxs_txn t;
    ox_arena arena;
    oxs_row row;
    status = oxs_write_begin(item->mailbox->database, &t, err);
    if (status != OX_OK) return status;
    ox_arena_init(&arena, NULL, 0);
    status = oxs_row_load(&t, item->row.mid, &arena, &row);
    if (status == OX_E_NOT_FOUND) status = ox_error_set(err, OX_E_OBJECT_DELETED, NULL);
    if (status == OX_OK) status = oxs_message_read_flag(&t, &row, flags, &changed);
    status = oxs_write_end(&t, status);
    if (status == OX_OK) {
      const uint32_t mine =
          OXS_FLAG_READ | OXS_FLAG_EVER_READ | OXS_FLAG_NOTIFY_READ | OXS_FLAG_NOTIFY_UNREAD;
      item->row.flags = (item->row.flags & ~mine) | (row.flags & mine);
      item->row.read_cn = row.read_cn;
    }
    ox_arena_dispose(&arena);
  }
  if (status == OX_OK && changed_out != NULL) *changed_out = changed;
  return status;
}
