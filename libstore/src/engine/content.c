/* A message in memory: bag, recipients, attachments; loading, copying, storing. */
#include <string.h>

#include "engine.h"

oxs_content *oxs_content_new(const ox_allocator *allocator) {
  oxs_content *content = ox_calloc(allocator, 1, sizeof *content);
  if (content == NULL) return NULL;
  content->allocator = allocator;
  ox_arena_init(&content->arena, allocator, SIZE_MAX / 2);
  oxs_bag_init(&content->bag, &content->arena);
  return content;
}

void oxs_content_free(oxs_content *content) {
  if (content == NULL) return;
  oxs_bag_dispose(&content->bag);
  for (size_t i = 0; i < content->attachment_count; i++) {
    oxs_bag_dispose(&content->attachments[i].bag);
    oxs_content_free(content->attachments[i].embedded);
  }
  ox_arena_dispose(&content->arena);
  ox_free(content->allocator, content);
}

static void *room(ox_arena *arena, void *array, size_t count, size_t *capacity, size_t size) {
  if (count < *capacity) return array;
  size_t grown = *capacity != 0 ? *capacity * 2 : 4;
  void *block = ox_arena_grow(arena, array, count, grown, size);
  if (block != NULL) *capacity = grown;
  return block;
}

oxs_attach *oxs_content_attachment(const oxs_content *content, uint32_t number) {
  for (size_t i = 0; i < content->attachment_count; i++)
    if (content->attachments[i].number == number) return &content->attachments[i];
  return NULL;
}

oxs_attach *oxs_content_add_attachment(oxs_content *content, uint32_t number) {
  if (content->attachment_count >= OXS_ATTACHMENTS_MAX) return NULL;
  oxs_attach *array = room(&content->arena, content->attachments, content->attachment_count,
                           &content->attachment_capacity, sizeof *array);
  if (array == NULL) return NULL;
  content->attachments = array;
  size_t at = content->attachment_count;
  while (at > 0 && array[at - 1].number > number) at--;
  memmove(&array[at + 1], &array[at], (content->attachment_count - at) * sizeof *array);
  content->attachment_count++;
  memset(&array[at], 0, sizeof array[at]);
  array[at].number = number;
  oxs_bag_init(&array[at].bag, &content->arena);
  if (number >= content->next_number) content->next_number = number + 1;
  return &array[at];
}

oxs_recipient *oxs_content_recipient(oxs_content *content, uint32_t row_id, bool add) {
  size_t at = content->recipient_count;
  while (at > 0 && content->recipients[at - 1].row_id > row_id) at--;
  if (at > 0 && content->recipients[at - 1].row_id == row_id) return &content->recipients[at - 1];
  if (!add || content->recipient_count >= OXS_RECIPIENTS_MAX) return NULL;
  oxs_recipient *array = room(&content->arena, content->recipients, content->recipient_count,
                              &content->recipient_capacity, sizeof *array);
  if (array == NULL) return NULL;
  content->recipients = array;
  memmove(&array[at + 1], &array[at], (content->recipient_count - at) * sizeof *array);
  content->recipient_count++;
  array[at].row_id = row_id;
  ox_propbag_init(&array[at].bag, &content->arena);
  return &array[at];
}

/* ---- loading ---- */

static ox_status load_recipients(oxs_txn *t, int64_t mid, oxs_content *content) {
  ox_status status;
  ox_sql *sql = oxs_start(t->db, &status, t->err, OXS_RECIPIENTS_GET, "i", mid);
  while (oxs_next(sql, &status, t->err)) {
    oxs_recipient *recipient = oxs_content_recipient(content, (uint32_t)oxs_i64(sql, 0), true);
    oxs_bag bag;
    status = recipient != NULL ? oxs_bag_decode(oxs_bytes(sql, 1), &content->arena, &bag)
                               : OX_E_NO_MEMORY;
    if (status == OX_OK) recipient->bag = bag.values;
  }
  oxs_end(sql);
  return status;
}

static ox_status load_attachments(oxs_txn *t, int64_t mid, oxs_content *content) {
  ox_status status;
  ox_sql *sql = oxs_start(t->db, &status, t->err, OXS_ATTACHMENTS_GET, "i", mid);
  while (oxs_next(sql, &status, t->err)) {
    oxs_attach *attach = oxs_content_add_attachment(content, (uint32_t)oxs_i64(sql, 1));
    if (attach == NULL) {
      status = OX_E_NO_MEMORY;
      break;
    }
    attach->aid = oxs_i64(sql, 0);
    attach->size = (uint64_t)oxs_i64(sql, 2);
    attach->embedded_mid = oxs_i64(sql, 3);
    status = oxs_bag_decode(oxs_bytes(sql, 4), &content->arena, &attach->bag);
  }
  oxs_end(sql);
  return status;
}

ox_status oxs_content_load(oxs_txn *t, int64_t mid, oxs_content **out) {
  oxs_content *content = oxs_content_new(t->database->store->allocator);
  if (content == NULL) return ox_error_set(t->err, OX_E_NO_MEMORY, NULL);
  ox_status status;
  ox_sql *sql = oxs_start(t->db, &status, t->err, OXS_BAG_GET, "i", mid);
  bool found = oxs_next(sql, &status, t->err);
  if (found) status = oxs_bag_decode(oxs_bytes(sql, 0), &content->arena, &content->bag);
  oxs_end(sql);
  if (status == OX_OK && !found) status = OX_E_NOT_FOUND;
  if (status == OX_OK) status = load_recipients(t, mid, content);
  if (status == OX_OK) status = load_attachments(t, mid, content);
  if (status != OX_OK) {
    oxs_content_free(content);
    return ox_error_set(t->err, status, NULL);
  }
  *out = content;
  return OX_OK;
}

/* ---- copying ---- */

ox_status oxs_attach_clone(oxs_txn *t, ox_arena *arena, const oxs_attach *in, bool detach,
                           oxs_attach *out) {
  *out = *in;
  out->embedded = NULL;
  oxs_bag_init(&out->bag, arena);
  ox_status status = oxs_bag_copy(&out->bag, &in->bag);
  if (detach) {
    out->aid = 0;
    out->embedded_mid = 0;
    out->changed = true;
  }
  if (status == OX_OK && in->embedded != NULL) {
    status = oxs_content_clone(t, in->embedded, detach, &out->embedded);
  } else if (status == OX_OK && detach && in->embedded_mid != 0) {
    oxs_content *stored;
    status = oxs_content_load(t, in->embedded_mid, &stored);
    if (status == OX_OK) {
      status = oxs_content_clone(t, stored, true, &out->embedded);
      oxs_content_free(stored);
    }
  }
  if (status != OX_OK) {
    oxs_bag_dispose(&out->bag);
    oxs_content_free(out->embedded);
    out->embedded = NULL;
  }
  return status;
}

ox_status oxs_content_clone(oxs_txn *t, const oxs_content *in, bool detach, oxs_content **out) {
  oxs_content *content = oxs_content_new(in->allocator);
  if (content == NULL) return OX_E_NO_MEMORY;
  ox_status status = oxs_bag_copy(&content->bag, &in->bag);
  for (size_t i = 0; status == OX_OK && i < in->recipient_count; i++) {
    oxs_recipient *recipient = oxs_content_recipient(content, in->recipients[i].row_id, true);
    if (recipient == NULL) status = OX_E_NO_MEMORY;
    const ox_propbag *bag = &in->recipients[i].bag;
    for (size_t j = 0; status == OX_OK && j < bag->count; j++)
      status = ox_propbag_set(&recipient->bag, bag->items[j].tag, &bag->items[j].value);
  }
  for (size_t i = 0; status == OX_OK && i < in->attachment_count; i++) {
    oxs_attach *attach = oxs_content_add_attachment(content, in->attachments[i].number);
    status = attach != NULL
                 ? oxs_attach_clone(t, &content->arena, &in->attachments[i], detach, attach)
                 : OX_E_NO_MEMORY;
    if (status != OX_OK && attach != NULL) content->attachment_count--;
  }
  content->next_number = in->next_number;
  content->bag_changed = detach || in->bag_changed;
  content->recipients_changed = detach || in->recipients_changed;
  content->attachments_changed = detach || in->attachments_changed;
  if (status != OX_OK) {
    oxs_content_free(content);
    return status;
  }
  *out = content;
  return OX_OK;
}

/* ---- storing ---- */

static ox_status stored_bag(oxs_txn *t, unsigned statement, int64_t key, ox_arena *arena,
                            ox_bytes *out) {
  ox_status status;
  *out = (ox_bytes){NULL, 0};
  ox_sql *sql = oxs_start(t->db, &status, t->err, statement, "i", key);
  bool found = oxs_next(sql, &status, t->err);
  if (found) *out = oxs_copy(arena, oxs_bytes(sql, 0), &status);
  oxs_end(sql);
  return status == OX_OK && !found ? OX_E_NOT_FOUND : status;
}

static ox_status store_bag(oxs_txn *t, const oxs_content *content, int64_t mid, bool is_new,
                           uint64_t *size) {
  ox_arena scratch;
  ox_arena_init(&scratch, content->allocator, SIZE_MAX / 2);
  ox_bytes old = {NULL, 0}, encoded = {NULL, 0};
  oxs_bag stored;
  ox_status status = OX_OK;
  if (!is_new) status = stored_bag(t, OXS_BAG_GET, mid, &scratch, &old);
  if (status == OX_E_NOT_FOUND) status = ox_error_set(t->err, OX_E_OBJECT_DELETED, NULL);
  if (status == OX_OK)
    status = oxs_bag_store(t, &content->bag, old, &scratch, &stored, &encoded, size);
  if (status == OX_OK)
    status = oxs_run(t->db, t->err, is_new ? OXS_BAG_INSERT : OXS_BAG_UPDATE, "ib", mid, encoded);
  ox_arena_dispose(&scratch);
  return status;
}

static ox_status store_recipients(oxs_txn *t, const oxs_content *content, int64_t mid, bool is_new,
                                  uint64_t *size) {
  ox_arena scratch;
  ox_arena_init(&scratch, content->allocator, SIZE_MAX / 2);
  ox_status status = OX_OK;
  bool write = is_new || content->recipients_changed;
  if (!is_new && write) status = oxs_run(t->db, t->err, OXS_RECIPIENTS_DELETE, "i", mid);
  for (size_t i = 0; status == OX_OK && i < content->recipient_count; i++) {
    ox_bytes encoded;
    oxs_bag bag = {.values = content->recipients[i].bag};
    status = oxs_bag_encode(&bag, &scratch, &encoded);
    if (status != OX_OK) break;
    *size += encoded.size_bytes;
    if (write)
      status = oxs_run(t->db, t->err, OXS_RECIPIENT_INSERT, "iib", mid,
                       (int64_t)content->recipients[i].row_id, encoded);
    ox_arena_reset(&scratch);
  }
  ox_arena_dispose(&scratch);
  return status;
}

static ox_status erase_embedded(oxs_txn *t, int64_t mid) {
  return mid != 0 ? oxs_message_erase(t, mid) : OX_OK;
}

/* An embedded message is a message row of its own kind, in no folder. */
static ox_status store_embedded(oxs_txn *t, const oxs_attach *attach, int64_t *mid_out,
                                uint64_t *size) {
  ox_status status = OX_OK;
  *mid_out = attach->embedded_mid;
  if (attach->embedded != NULL) {
    /* The new one first: it may share large values with the old. */
    oxs_row row = {.kind = OXS_KIND_EMBEDDED};
    row.flags = (uint32_t)ox_propbag_i32(&attach->embedded->bag.values, OX_PidTagMessageFlags,
                                         OXS_FLAG_READ);
    status = oxs_message_create(t, attach->embedded, &row);
    if (status == OX_OK) status = erase_embedded(t, attach->embedded_mid);
    if (status == OX_OK) *mid_out = row.mid;
  }
  int64_t embedded_size = 0;
  if (status == OX_OK && *mid_out != 0)
    status = oxs_number(t->db, &embedded_size, t->err, OXS_MESSAGE_SIZE, "i", *mid_out);
  *size += (uint64_t)embedded_size;
  return status;
}

static ox_status store_attachment(oxs_txn *t, const oxs_content *content, const oxs_attach *attach,
                                  int64_t mid, uint64_t *size_out) {
  ox_arena scratch;
  ox_arena_init(&scratch, content->allocator, SIZE_MAX / 2);
  ox_bytes old = {NULL, 0}, encoded;
  oxs_bag stored;
  ox_status status = OX_OK;
  if (attach->aid != 0) status = stored_bag(t, OXS_ATTACHMENT_BAG, attach->aid, &scratch, &old);
  if (status == OX_E_NOT_FOUND)
    status = ox_error_set(t->err, OX_E_OBJECT_MODIFIED, "An attachment was deleted meanwhile.");
  uint64_t size = 0;
  int64_t embedded = 0;
  if (status == OX_OK)
    status = oxs_bag_store(t, &attach->bag, old, &scratch, &stored, &encoded, &size);
  if (status == OX_OK) status = store_embedded(t, attach, &embedded, &size);
  if (status == OX_OK && attach->aid == 0) {
    status = oxs_run(t->db, t->err, OXS_ATTACHMENT_INSERT, "iiuib", mid, (int64_t)attach->number,
                     size, embedded, encoded);
  } else if (status == OX_OK) {
    status =
        oxs_run(t->db, t->err, OXS_ATTACHMENT_UPDATE, "iuib", attach->aid, size, embedded, encoded);
  }
  *size_out += size;
  ox_arena_dispose(&scratch);
  return status;
}

static ox_status delete_attachment_row(oxs_txn *t, int64_t aid, int64_t embedded) {
  ox_arena scratch;
  ox_arena_init(&scratch, NULL, SIZE_MAX / 2);
  ox_bytes bag;
  ox_status status = stored_bag(t, OXS_ATTACHMENT_BAG, aid, &scratch, &bag);
  if (status == OX_OK) status = oxs_bag_drop(t, bag);
  if (status == OX_OK) status = erase_embedded(t, embedded);
  if (status == OX_OK) status = oxs_run(t->db, t->err, OXS_ATTACHMENT_DELETE, "i", aid);
  ox_arena_dispose(&scratch);
  return status;
}

static bool keeps(const oxs_content *content, int64_t aid, uint32_t number) {
  const oxs_attach *attach = content != NULL ? oxs_content_attachment(content, number) : NULL;
  return attach != NULL && (attach->aid == 0 || attach->aid == aid);
}

/* Deletes the attachment rows of a message that `content` (NULL: none) does not have any more. */
static ox_status drop_attachments(oxs_txn *t, int64_t mid, const oxs_content *content) {
  int64_t aids[64], embedded[64];
  uint32_t numbers[64];
  ox_status status;
  int64_t after = 0;
  size_t count;
  do {
    count = 0;
    ox_sql *sql = oxs_start(t->db, &status, t->err, OXS_ATTACHMENT_IDS, "ii", mid, after);
    while (count < 64 && oxs_next(sql, &status, t->err)) {
      aids[count] = oxs_i64(sql, 0);
      numbers[count] = (uint32_t)oxs_i64(sql, 2);
      embedded[count++] = oxs_i64(sql, 1);
    }
    oxs_end(sql);
    for (size_t i = 0; status == OX_OK && i < count; i++) {
      after = aids[i];
      if (!keeps(content, aids[i], numbers[i]))
        status = delete_attachment_row(t, aids[i], embedded[i]);
    }
  } while (status == OX_OK && count == 64);
  return status;
}

ox_status oxs_content_store(oxs_txn *t, const oxs_content *content, int64_t mid, bool is_new,
                            uint64_t *size_out) {
  uint64_t size = 0;
  ox_status status = store_bag(t, content, mid, is_new, &size);
  if (status == OX_OK) status = store_recipients(t, content, mid, is_new, &size);
  for (size_t i = 0; status == OX_OK && i < content->attachment_count; i++) {
    const oxs_attach *attach = &content->attachments[i];
    if (attach->changed || attach->aid == 0) {
      status = store_attachment(t, content, attach, mid, &size);
    } else {
      size += attach->size;
    }
  }
  if (status == OX_OK && !is_new && content->attachments_changed)
    status = drop_attachments(t, mid, content);
  if (status == OX_OK) *size_out = size;
  return status;
}

ox_status oxs_message_erase(oxs_txn *t, int64_t mid) {
  ox_arena scratch;
  ox_arena_init(&scratch, NULL, SIZE_MAX / 2);
  ox_bytes bag;
  ox_status status = stored_bag(t, OXS_BAG_GET, mid, &scratch, &bag);
  if (status == OX_OK) status = oxs_bag_drop(t, bag);
  if (status == OX_E_NOT_FOUND) status = OX_OK;
  if (status == OX_OK) status = drop_attachments(t, mid, NULL);
  if (status == OX_OK) status = oxs_run(t->db, t->err, OXS_RECIPIENTS_DELETE, "i", mid);
  if (status == OX_OK) status = oxs_run(t->db, t->err, OXS_BAG_DELETE, "i", mid);
  if (status == OX_OK) status = oxs_run(t->db, t->err, OXS_MESSAGE_DELETE, "i", mid);
  ox_arena_dispose(&scratch);
  return status;
}

/* Copies an embedded message with a new row key. */
static ox_status duplicate_embedded(oxs_txn *t, int64_t from, int64_t *to) {
  ox_arena scratch;
  ox_arena_init(&scratch, NULL, SIZE_MAX / 2);
  oxs_row row;
  ox_status status = oxs_row_load(t, from, &scratch, &row);
  if (status == OX_OK) status = oxs_allocate(t, 1, &row.mid);
  if (status == OX_OK) status = oxs_row_insert(t, &row);
  if (status == OX_OK) status = oxs_message_duplicate(t, from, row.mid);
  if (status == OX_OK) *to = row.mid;
  ox_arena_dispose(&scratch);
  return status;
}

ox_status oxs_message_duplicate(oxs_txn *t, int64_t from, int64_t to) {
  ox_arena scratch;
  ox_arena_init(&scratch, NULL, SIZE_MAX / 2);
  ox_bytes bag;
  ox_status status = stored_bag(t, OXS_BAG_GET, from, &scratch, &bag);
  if (status == OX_OK) status = oxs_bag_share(t, bag);
  if (status == OX_OK) status = oxs_run(t->db, t->err, OXS_BAG_INSERT, "ib", to, bag);
  if (status == OX_OK) status = oxs_run(t->db, t->err, OXS_RECIPIENTS_COPY, "ii", from, to);
  ox_sql *sql = NULL;
  if (status == OX_OK) sql = oxs_start(t->db, &status, t->err, OXS_ATTACHMENTS_GET, "i", from);
  while (oxs_next(sql, &status, t->err)) {
    int64_t number = oxs_i64(sql, 1), size = oxs_i64(sql, 2), embedded = oxs_i64(sql, 3);
    ox_bytes attachment = oxs_copy(&scratch, oxs_bytes(sql, 4), &status);
    if (status == OX_OK) status = oxs_bag_share(t, attachment);
    if (status == OX_OK && embedded != 0) status = duplicate_embedded(t, embedded, &embedded);
    if (status == OX_OK)
      status = oxs_run(t->db, t->err, OXS_ATTACHMENT_INSERT, "iiuib", to, number, (uint64_t)size,
                       embedded, attachment);
  }
  oxs_end(sql);
  ox_arena_dispose(&scratch);
  return status;
}
