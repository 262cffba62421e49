/* Whole messages in and out: ox_message to content and back. */
#include <string.h>

#include "engine.h"

#define ID(name) OX_PROPTAG_ID(OX_##name)

/* ---- in ---- */

/* The mailbox's ids of a message's names: the id of names[i] is ids[i]. */
static ox_status map_names(oxs_txn *t, const ox_message *message, ox_arena *arena,
                           uint16_t **ids_out) {
  uint16_t *ids = ox_arena_calloc(arena, message->name_count, sizeof *ids);
  if (ids == NULL) return OX_E_NO_MEMORY;
  *ids_out = ids;
  return oxs_names_to_ids(t, message->names, message->name_count, true, ids);
}

/* A tag with a message-local id as the mailbox has it; 0 when it cannot be told. */
static ox_proptag map_tag(const ox_message *message, const uint16_t *ids, ox_proptag tag) {
  uint16_t id = OX_PROPTAG_ID(tag);
  if (id < 0x8000) return tag;
  if ((size_t)(id - 0x8000) >= message->name_count || ids[id - 0x8000] == 0) return 0;
  return OX_PROPTAG(ids[id - 0x8000], OX_PROPTAG_TYPE(tag));
}

/* What the new message has of its own, in columns. */
static bool is_own(uint32_t kind, uint16_t id) {
  if (oxs_is_computed(kind, id)) return true;
  if (kind != OX_OBJECT_MESSAGE) return false;
  return id == ID(PidTagSourceKey) || id == ID(PidTagChangeKey) ||
         id == ID(PidTagPredecessorChangeList) || id == ID(PidTagCreationTime) ||
         id == ID(PidTagLastModificationTime) || id == ID(PidTagMessageFlags);
}

static ox_status bag_in(const ox_message *message, const uint16_t *ids, uint32_t kind,
                        const ox_propbag *in, uint32_t codepage, oxs_bag *out) {
  ox_status status = OX_OK;
  for (size_t i = 0; status == OX_OK && i < in->count; i++) {
    ox_property item = in->items[i];
    item.tag = map_tag(message, ids, item.tag);
    uint16_t type = OX_PROPTAG_TYPE(item.tag);
    if (item.tag == 0 || is_own(kind, OX_PROPTAG_ID(item.tag)) || type == OX_PTYP_ERROR_CODE ||
        type == OX_PTYP_NULL || type == OX_PTYP_UNSPECIFIED)
      continue;
    if (type == OX_PTYP_STRING8)
      status =
          oxs_convert(OX_PROPTAG_AS(item.tag, OX_PTYP_STRING), codepage, out->values.arena, &item);
    if (type == OX_PTYP_MULTIPLE_STRING8)
      status = oxs_convert(OX_PROPTAG_AS(item.tag, OX_PTYP_MULTIPLE_STRING), codepage,
                           out->values.arena, &item);
    if (status == OX_OK) status = oxs_bag_set(out, item.tag, &item.value);
    if (status == OX_E_UNKNOWN_TYPE) status = OX_OK;
  }
  return status;
}

/* Reads a source into a spool, from where the save takes it. */
static ox_status source_in(oxs_txn *t, ox_source *source, ox_proptag tag, oxs_bag *out) {
  const ox_store *store = t->database->store;
  if (source->size_bytes > OXS_LARGE_MAX_BYTES) return ox_error_set(t->err, OX_E_TOO_BIG, NULL);
  oxs_spool *spool = oxs_spool_new(store->allocator, store->directory);
  uint8_t *buffer = ox_malloc(store->allocator, 65536);
  ox_status status = spool != NULL && buffer != NULL ? OX_OK : OX_E_NO_MEMORY;
  for (uint64_t at = 0; status == OX_OK && at < source->size_bytes;) {
    size_t got = 0;
    status = source->read_at(source, at, buffer, 65536, &got, t->err);
    if (status == OX_OK && got == 0) status = ox_error_set(t->err, OX_E_IO, NULL);
    if (status == OX_OK) status = oxs_spool_write(spool, at, buffer, got, t->err);
    at += got;
  }
  ox_free(store->allocator, buffer);
  if (status != OX_OK) {
    oxs_spool_unref(spool);
    return status;
  }
  oxs_large large = {tag, 0, source->size_bytes, spool};
  return oxs_bag_set_large(out, &large);
}

static ox_status recipients_in(const ox_message *message, const uint16_t *ids, uint32_t codepage,
                               oxs_content *content) {
  ox_status status = OX_OK;
  uint32_t next = 0;
  for (size_t i = 0; status == OX_OK && i < message->recipient_count; i++) {
    const ox_propbag *in = &message->recipients[i].properties;
    uint32_t row_id = (uint32_t)ox_propbag_i32(in, OX_PidTagRowid, (int32_t)next);
    if (oxs_content_recipient(content, row_id, false) != NULL) row_id = next;
    oxs_recipient *recipient = oxs_content_recipient(content, row_id, true);
    if (recipient == NULL) return OX_E_LIMIT;
    if (row_id >= next) next = row_id + 1;
    oxs_bag bag = {.values = recipient->bag};
    status = bag_in(message, ids, 0, in, codepage, &bag);
    recipient->bag = bag.values;
    ox_propbag_remove(&recipient->bag, ID(PidTagRowid));
  }
  return status;
}

static ox_status attachments_in(oxs_txn *t, const ox_message *message, const uint16_t *ids,
                                uint32_t codepage, unsigned depth, oxs_content *content) {
  ox_status status = OX_OK;
  for (size_t i = 0; status == OX_OK && i < message->attachment_count; i++) {
    const ox_attachment *in = &message->attachments[i];
    oxs_attach *attach = oxs_content_add_attachment(content, (uint32_t)i);
    if (attach == NULL) return OX_E_LIMIT;
    attach->changed = true;
    status = bag_in(message, ids, OX_OBJECT_ATTACHMENT, &in->properties, codepage, &attach->bag);
    if (status == OX_OK && in->source != NULL)
      status = source_in(t, in->source, OX_PidTagAttachDataBinary, &attach->bag);
    if (status == OX_OK && in->embedded != NULL)
      status = oxs_content_from_message(t, in->embedded, depth + 1, &attach->embedded);
    if (status == OX_OK && in->embedded != NULL &&
        ox_propbag_find(&attach->bag.values, ID(PidTagAttachMethod)) == NULL)
      status = ox_propbag_set_i32(&attach->bag.values, OX_PidTagAttachMethod, 5);
  }
  return status;
}

ox_status oxs_content_from_message(oxs_txn *t, const ox_message *message, unsigned depth,
                                   oxs_content **out) {
  if (depth > OXS_EMBEDDED_DEPTH_MAX)
    return ox_error_set(t->err, OX_E_LIMIT, "The messages are nested too deeply.");
  oxs_content *content = oxs_content_new(t->database->store->allocator);
  if (content == NULL) return ox_error_set(t->err, OX_E_NO_MEMORY, NULL);
  uint16_t *ids = NULL;
  uint32_t codepage = (uint32_t)ox_propbag_i32(&message->properties, OX_PidTagMessageCodepage,
                                               OX_CODEPAGE_WINDOWS_1252);
  ox_propbag *bag = &content->bag.values;
  ox_status status = map_names(t, message, &content->arena, &ids);
  if (status == OX_OK)
    status = bag_in(message, ids, OX_OBJECT_MESSAGE, &message->properties, codepage, &content->bag);
  for (size_t i = 0; status == OX_OK && i < message->large_value_count; i++) {
    ox_proptag tag = map_tag(message, ids, message->large_values[i].tag);
    if (tag != 0) status = source_in(t, message->large_values[i].source, tag, &content->bag);
  }
  /* Embedded messages bring their flags along in the bag. */
  if (status == OX_OK && depth > 0)
    status = ox_propbag_set_i32(
        bag, OX_PidTagMessageFlags,
        ox_propbag_i32(&message->properties, OX_PidTagMessageFlags, OXS_FLAG_READ));
  const ox_property *subject = ox_propbag_find(bag, ID(PidTagSubject));
  if (subject == NULL) subject = ox_propbag_find(bag, ID(PidTagNormalizedSubject));
  if (status == OX_OK && subject != NULL &&
      (ox_propbag_find(bag, ID(PidTagSubject)) == NULL ||
       ox_propbag_find(bag, ID(PidTagNormalizedSubject)) == NULL)) {
    ox_property copy = *subject;
    status = oxs_set_subject(bag, &copy);
    if (status == OX_E_NOT_FOUND) status = OX_OK;
  }
  if (status == OX_OK && ox_propbag_find(bag, ID(PidTagSearchKey)) == NULL) {
    uint8_t key[16];
    status = oxs_random(t->database->store, key, sizeof key, t->err);
    if (status == OX_OK) status = ox_propbag_set_binary(bag, OX_PidTagSearchKey, key, sizeof key);
  }
  if (status == OX_OK) status = recipients_in(message, ids, codepage, content);
  if (status == OX_OK) status = attachments_in(t, message, ids, codepage, depth, content);
  if (status != OX_OK) {
    oxs_content_free(content);
    return ox_error_set(t->err, status, NULL);
  }
  *out = content;
  return OX_OK;
}

ox_status oxs_folder_import(ox_folder *folder, const ox_message *message, uint32_t flags,
                            ox_id *id_out, ox_error *err) {
  oxs_folder *local = (oxs_folder *)folder;
  ox_status status = oxs_may_write(local->mailbox, err);
  if (status != OX_OK) return status;
  oxs_txn t;
  status = oxs_write_begin(local->mailbox->database, &t, err);
  if (status != OX_OK) return status;
  oxs_content *content = NULL;
  int64_t state = 0;
  oxs_row row = {.fid = local->fid, .kind = OXS_KIND_NORMAL};
  const ox_propbag *bag = &message->properties;
  bool told = ox_propbag_find(bag, ID(PidTagMessageFlags)) != NULL;
  row.flags = told ? (uint32_t)ox_propbag_i32(bag, OX_PidTagMessageFlags, 0)
              : (flags & OX_IMPORT_UNREAD) != 0 ? 0
                                                : OXS_FLAG_READ;
  row.flags &= ~(OXS_FLAG_SUBMIT | OXS_FLAG_ASSOCIATED | OXS_FLAG_HAS_ATTACH);
  if ((flags & OX_IMPORT_ASSOCIATED) != 0) {
    row.kind = OXS_KIND_ASSOCIATED;
    row.flags |= OXS_FLAG_ASSOCIATED;
  }
  row.created = ox_propbag_time(bag, OX_PidTagCreationTime, 0);
  row.modified = ox_propbag_time(bag, OX_PidTagLastModificationTime, 0);
  status = oxs_number(t.db, &state, err, OXS_FOLDER_STATE, "i", local->fid);
  if (status == OX_OK && state != 0) status = ox_error_set(err, OX_E_OBJECT_DELETED, NULL);
  if (status == OX_OK) status = oxs_content_from_message(&t, message, 0, &content);
  if (status == OX_OK) status = oxs_message_create(&t, content, &row);
  status = oxs_write_end(&t, status);
  oxs_content_free(content);
  if (status == OX_OK && id_out != NULL) *id_out = oxs_to_id(row.mid);
  return status;
}

/* ---- out ---- */

/* What an export needs at each level. */
typedef struct exporter {
  oxs_txn *t;
  size_t inline_max;
} exporter;

/* A mailbox tag as the message shall have it: named ids become local. */
static ox_status local_tag(exporter *e, ox_message *message, ox_proptag tag, ox_proptag *out) {
  *out = tag;
  uint16_t id = OX_PROPTAG_ID(tag);
  if (id < 0x8000) return OX_OK;
  ox_property_name name;
  ox_status status = oxs_ids_to_names(e->t, &id, 1, &message->arena, &name);
  if (status != OX_OK) return status;
  *out = 0; /* an id that nobody named says nothing elsewhere */
  if (name.kind == OX_NAME_KIND_NONE) return OX_OK;
  uint16_t local = ox_message_name_id(message, &name);
  if (local == 0) return OX_E_NO_MEMORY;
  *out = OX_PROPTAG(local, OX_PROPTAG_TYPE(tag));
  return OX_OK;
}

static ox_status bag_out(exporter *e, ox_message *message, const ox_propbag *in, ox_propbag *out) {
  ox_status status = OX_OK;
  for (size_t i = 0; status == OX_OK && i < in->count; i++) {
    ox_proptag tag;
    status = local_tag(e, message, in->items[i].tag, &tag);
    if (status == OX_OK && tag != 0) status = ox_propbag_set(out, tag, &in->items[i].value);
  }
  return status;
}

/* A large value as a source of its own, or in the bag when it is not that large. */
static ox_status large_out(exporter *e, const oxs_bag *bag, const oxs_large *large, ox_arena *arena,
                           ox_property *inline_out, ox_source **source_out) {
  uint64_t size = large->spool != NULL ? oxs_spool_size(large->spool) : large->size;
  *source_out = NULL;
  if (size <= e->inline_max || large->spool != NULL)
    return oxs_bag_value(e->t, bag, OX_PROPTAG_ID(large->tag), SIZE_MAX, arena, inline_out);
  *source_out = oxs_large_source(e->t->database, large->lid, size);
  return *source_out != NULL ? OX_OK : OX_E_NO_MEMORY;
}

static ox_status content_out(exporter *e, const oxs_content *content, const oxs_row *row,
                             unsigned depth, ox_message *message);

static ox_status attachment_out(exporter *e, const oxs_attach *in, unsigned depth,
                                ox_message *message) {
  ox_attachment *out = ox_message_add_attachment(message);
  if (out == NULL) return OX_E_NO_MEMORY;
  ox_status status = bag_out(e, message, &in->bag.values, &out->properties);
  for (size_t i = 0; status == OX_OK && i < in->bag.large_count; i++) {
    const oxs_large *large = &in->bag.larges[i];
    ox_property value;
    ox_source *source;
    ox_proptag tag;
    bool data = OX_PROPTAG_ID(large->tag) == ID(PidTagAttachDataBinary);
    /* Only the contents may be a source in an ox_attachment. */
    exporter whole = {e->t, data ? e->inline_max : SIZE_MAX};
    status = large_out(&whole, &in->bag, large, &message->arena, &value, &source);
    if (status == OX_OK && source != NULL) {
      out->source = source;
      continue;
    }
    if (status == OX_OK) status = local_tag(e, message, large->tag, &tag);
    if (status == OX_OK && tag != 0) status = ox_propbag_set(&out->properties, tag, &value.value);
  }
  if (status == OX_OK)
    status = ox_propbag_set_i32(&out->properties, OX_PidTagAttachNumber, (int32_t)in->number);
  if (status != OX_OK || (in->embedded == NULL && in->embedded_mid == 0)) return status;
  if (depth >= OXS_EMBEDDED_DEPTH_MAX) return OX_E_LIMIT;
  out->embedded = ox_message_new(message->arena.allocator);
  if (out->embedded == NULL) return OX_E_NO_MEMORY;
  ox_message *embedded = out->embedded; /* `out` moves when attachments are added */
  if (in->embedded != NULL) return content_out(e, in->embedded, NULL, depth + 1, embedded);
  oxs_content *stored;
  oxs_row row;
  status = oxs_content_load(e->t, in->embedded_mid, &stored);
  if (status != OX_OK) return status;
  status = oxs_row_load(e->t, in->embedded_mid, &stored->arena, &row);
  if (status == OX_OK) status = content_out(e, stored, &row, depth + 1, embedded);
  oxs_content_free(stored);
  return status;
}

static ox_status content_out(exporter *e, const oxs_content *content, const oxs_row *row,
                             unsigned depth, ox_message *message) {
  ox_status status = bag_out(e, message, &content->bag.values, &message->properties);
  for (size_t i = 0; status == OX_OK && i < content->bag.large_count; i++) {
    ox_property value;
    ox_source *source;
    ox_proptag tag;
    status = large_out(e, &content->bag, &content->bag.larges[i], &message->arena, &value, &source);
    if (status == OX_OK) status = local_tag(e, message, content->bag.larges[i].tag, &tag);
    if (status == OX_OK && source != NULL) {
      status = ox_message_set_large(message, tag, source);
    } else if (status == OX_OK && tag != 0) {
      status = ox_propbag_set(&message->properties, tag, &value.value);
    }
  }
  if (row != NULL) {
    size_t count;
    const uint16_t *ids = oxs_row_computed_ids(&count, row->kind == OXS_KIND_EMBEDDED);
    for (size_t i = 0; status == OX_OK && i < count; i++) {
      ox_property value;
      if (ids[i] == 0) continue;
      status = oxs_row_property(e->t->database, row, ids[i], &message->arena, &value);
      if (status == OX_OK) status = ox_propbag_set(&message->properties, value.tag, &value.value);
      if (status == OX_E_NOT_FOUND) status = OX_OK;
    }
  }
  for (size_t i = 0; status == OX_OK && i < content->recipient_count; i++) {
    ox_recipient *out = ox_message_add_recipient(message);
    if (out == NULL) return OX_E_NO_MEMORY;
    status = bag_out(e, message, &content->recipients[i].bag, &out->properties);
    if (status == OX_OK)
      status = ox_propbag_set_i32(&out->properties, OX_PidTagRowid,
                                  (int32_t)content->recipients[i].row_id);
  }
  for (size_t i = 0; status == OX_OK && i < content->attachment_count; i++)
    status = attachment_out(e, &content->attachments[i], depth, message);
  return status;
}

ox_status oxs_content_to_message(oxs_mailbox *mailbox, const oxs_content *content,
                                 const oxs_row *row, size_t inline_max_bytes, unsigned depth,
                                 ox_message **out, ox_error *err) {
  ox_message *message = ox_message_new(mailbox->allocator);
  if (message == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  oxs_txn t;
  ox_status status = oxs_read_begin(mailbox->database, &t, err);
  if (status == OX_OK) {
    exporter e = {&t, inline_max_bytes != 0 ? inline_max_bytes : 1024 * 1024};
    status = content_out(&e, content, row, depth, message);
    oxs_read_end(&t);
  }
  if (status != OX_OK) {
    ox_message_free(message);
    return ox_error_set(err, status, NULL);
  }
  *out = message;
  return OX_OK;
}

ox_status oxs_item_export(ox_item *base, size_t inline_max_bytes, ox_message **out, ox_error *err) {
  oxs_item *item = (oxs_item *)base;
  return oxs_content_to_message(item->mailbox, item->content, &item->row, inline_max_bytes,
                                item->depth, out, err);
}
