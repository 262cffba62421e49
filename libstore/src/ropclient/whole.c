/* Whole messages to and from a remote mailbox. */
#include <string.h>

#include "client.h"

/** Bytes copied at a time between a source and a stream. */
#define COPY_BYTES 0x30000u
/** Default of inline_max_bytes. */
#define INLINE_MAX_BYTES ((size_t)1 << 20)
/** Messages within messages. */
#define DEPTH_MAX 16u

/* ---- import
 * ------------------------------------------------------------------------------------*/

/* The mailbox's ids of the message's names: ids[i] for names[i]. */
static ox_status map_names(ox_mailbox *mailbox, const ox_message *message, ox_arena *arena,
                           uint16_t **ids_out, ox_error *err) {
  uint16_t *ids = ox_arena_calloc(arena, message->name_count, sizeof *ids);
  if (ids == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  ox_status status = OX_OK;
  if (message->name_count > 0)
    status = rc_mailbox_names_to_ids(mailbox, message->names, message->name_count, true, ids, err);
  *ids_out = ids;
  return ox_failed(status) ? status : OX_OK;
}

/* A bag with the mailbox's ids. What the server computes is left out by the server. */
static ox_status map_bag(const ox_propbag *bag, const ox_message *message, const uint16_t *ids,
                         ox_arena *arena, ox_property **out, size_t *count_out) {
  ox_property *mapped = ox_arena_calloc(arena, bag->count, sizeof *mapped);
  if (mapped == NULL) return OX_E_NO_MEMORY;
  size_t count = 0;
  for (size_t i = 0; i < bag->count; i++) {
    ox_proptag tag = bag->items[i].tag;
    uint16_t id = OX_PROPTAG_ID(tag);
    if (OX_PROPTAG_TYPE(tag) == OX_PTYP_ERROR_CODE || OX_PROPTAG_TYPE(tag) == OX_PTYP_NULL)
      continue;
    if (id >= 0x8000) {
      size_t at = (size_t)id - 0x8000;
      if (at >= message->name_count || ids[at] == 0) continue;
      tag = OX_PROPTAG(ids[at], OX_PROPTAG_TYPE(tag));
    }
    mapped[count].tag = tag;
    mapped[count++].value = bag->items[i].value;
  }
  *out = mapped;
  *count_out = count;
  return OX_OK;
}

static ox_status copy_source(ox_object *object, ox_proptag tag, ox_source *source, ox_error *err) {
  ox_stream *stream = NULL;
  ox_status status = rc_stream_open(object, tag, OX_STREAM_CREATE, &stream, NULL, err);
  if (ox_failed(status)) return status;
  const ox_allocator *allocator = rc_of_object(object)->allocator;
  uint8_t *buffer = ox_malloc(allocator, COPY_BYTES);
  if (buffer == NULL) status = ox_error_set(err, OX_E_NO_MEMORY, NULL);
  uint64_t offset = 0;
  while (!ox_failed(status) && offset < source->size_bytes) {
    size_t got = 0;
    status = source->read_at(source, offset, buffer, COPY_BYTES, &got, err);
    if (!ox_failed(status) && got == 0)
      status = ox_error_set(err, OX_E_IO, "A source ended before its size.");
    if (!ox_failed(status)) status = rc_stream_write(stream, buffer, got, err);
    offset += got;
  }
  if (!ox_failed(status)) status = rc_stream_commit(stream, err);
  rc_stream_close(stream);
  ox_free(allocator, buffer);
  return status;
}

static ox_status fill_item(ox_item *item, const ox_message *message, unsigned depth, ox_error *err);

static ox_status fill_attachment(ox_item *item, const ox_message *message,
                                 const ox_attachment *from, const uint16_t *ids, unsigned depth,
                                 ox_arena *arena, ox_error *err) {
  ox_item_attachment *attachment = NULL;
  ox_status status = rc_attachment_create(item, &attachment, NULL, err);
  if (ox_failed(status)) return status;
  ox_property *values = NULL;
  size_t count = 0;
  status = map_bag(&from->properties, message, ids, arena, &values, &count);
  if (!ox_failed(status)) status = rc_object_set(&attachment->object, values, count, NULL, err);
  if (!ox_failed(status) && from->source != NULL)
    status = copy_source(&attachment->object, OX_PidTagAttachDataBinary, from->source, err);
  if (!ox_failed(status) && from->embedded != NULL) {
    ox_item *embedded = NULL;
    if (depth >= DEPTH_MAX) status = ox_error_set(err, OX_E_LIMIT, "Messages are nested too deep.");
    if (!ox_failed(status))
      status = rc_attachment_open_embedded(attachment, OX_OPEN_CREATE, &embedded, err);
    if (!ox_failed(status)) status = fill_item(embedded, from->embedded, depth + 1, err);
    if (!ox_failed(status)) status = rc_item_save(embedded, 0, NULL, err);
    rc_item_close(embedded);
  }
  if (!ox_failed(status)) status = rc_attachment_save(attachment, 0, err);
  rc_attachment_close(attachment);
  return status;
}

/* Recipients as changes, numbered from 0. */
static ox_status recipient_changes(const ox_message *message, ox_arena *arena,
                                   ox_recipient_change **out) {
  *out = ox_arena_calloc(arena, message->recipient_count, sizeof **out);
  if (*out == NULL) return OX_E_NO_MEMORY;
  for (size_t i = 0; i < message->recipient_count; i++)
    (*out)[i] = (ox_recipient_change){(uint32_t)i, &message->recipients[i].properties};
  return OX_OK;
}

static ox_status fill_item(ox_item *item, const ox_message *message, unsigned depth,
                           ox_error *err) {
  ox_arena arena;
  ox_arena_init(&arena, rc_of(item->object.mailbox)->allocator, 0);
  uint16_t *ids = NULL;
  ox_property *values = NULL;
  size_t count = 0;
  ox_recipient_change *changes = NULL;
  ox_status status = map_names(item->object.mailbox, message, &arena, &ids, err);
  if (!ox_failed(status))
    status = map_bag(&message->properties, message, ids, &arena, &values, &count);
  if (!ox_failed(status)) status = rc_object_set(&item->object, values, count, NULL, err);
  for (size_t i = 0; !ox_failed(status) && i < message->large_value_count; i++)
    status = copy_source(&item->object, message->large_values[i].tag,
                         message->large_values[i].source, err);
  if (!ox_failed(status)) status = recipient_changes(message, &arena, &changes);
  if (!ox_failed(status) && message->recipient_count > 0)
    status = rc_item_modify_recipients(item, changes, message->recipient_count, err);
  for (size_t i = 0; !ox_failed(status) && i < message->attachment_count; i++)
    status = fill_attachment(item, message, &message->attachments[i], ids, depth, &arena, err);
  ox_arena_dispose(&arena);
  return ox_failed(status) ? ox_error_set(err, status, NULL) : OX_OK;
}

/* A small message without attachments travels in one buffer: create, set, recipients, save,
 * release. OX_E_LIMIT when it does not fit, with nothing done. */
static ox_status import_small(ox_folder *folder, const ox_message *message, uint32_t flags,
                              const ox_property *values, size_t count, ox_id *id_out,
                              ox_error *err) {
  rc_mailbox *mailbox = rc_of(folder->object.mailbox);
  rc_begin(mailbox);
  uint8_t item = rc_output(mailbox), logon = rc_logon(mailbox);
  ox_rop_request create = {.rop_id = OX_ROP_CREATE_MESSAGE};
  create.u.create_message.input_handle_index = logon;
  create.u.create_message.output_handle_index = item;
  create.u.create_message.code_page_id = 0x0FFF;
  create.u.create_message.folder_id = folder->id;
  create.u.create_message.associated_flag = (flags & OX_IMPORT_ASSOCIATED) != 0;
  ox_rop_request set = {.rop_id = OX_ROP_SET_PROPERTIES};
  set.u.set_properties.input_handle_index = item;
  set.u.set_properties.property_value_count = (uint16_t)count;
  set.u.set_properties.property_values = (ox_property *)values;
  ox_rop_request save = {.rop_id = OX_ROP_SAVE_CHANGES_MESSAGE};
  save.u.save_changes_message.response_handle_index = logon;
  save.u.save_changes_message.input_handle_index = item;
  ox_rop_request release = {.rop_id = OX_ROP_RELEASE};
  release.u.release.input_handle_index = item;
  size_t create_at = 0, set_at = 0, recipients_at = SIZE_MAX, save_at = 0;
  ox_status status = rc_add(mailbox, &create, NULL, 0, &create_at, err);
  if (!ox_failed(status)) status = rc_add(mailbox, &set, NULL, 0, &set_at, err);
  if (!ox_failed(status) && message->recipient_count > 0) {
    ox_rop_request modify = {.rop_id = OX_ROP_MODIFY_RECIPIENTS};
    modify.u.modify_recipients.input_handle_index = item;
    ox_recipient_change *changes = NULL;
    status = recipient_changes(message, &mailbox->scratch, &changes);
    if (!ox_failed(status))
      status = rc_recipient_request(mailbox, changes, message->recipient_count, &modify);
    if (!ox_failed(status)) status = rc_add(mailbox, &modify, NULL, 0, &recipients_at, err);
  }
  if (!ox_failed(status)) status = rc_add(mailbox, &save, NULL, 0, &save_at, err);
  if (!ox_failed(status)) status = rc_add(mailbox, &release, NULL, 0, NULL, err);
  if (!ox_failed(status)) status = rc_run(mailbox, err);
  if (!ox_failed(status)) status = rc_status(mailbox, create_at, err);
  if (!ox_failed(status)) status = rc_status(mailbox, set_at, err);
  if (!ox_failed(status) && recipients_at != SIZE_MAX)
    status = rc_status(mailbox, recipients_at, err);
  if (!ox_failed(status)) status = rc_status(mailbox, save_at, err);
  if (!ox_failed(status) && id_out != NULL)
    *id_out = rc_response(mailbox, save_at)->u.save_changes_message.message_id;
  return status;
}

/* PidTagMessageFlags as the flags ask: mfRead unless it is to be unread. */
static ox_status with_read_state(const ox_message *message, uint32_t flags, ox_property *values,
                                 size_t *count) {
  int32_t bits = ox_propbag_i32(&message->properties, OX_PidTagMessageFlags, 0);
  bool known = ox_propbag_get(&message->properties, OX_PidTagMessageFlags) != NULL;
  bool read = known ? (bits & 1) != 0 : (flags & OX_IMPORT_UNREAD) == 0;
  bits = read ? bits | 1 : bits & ~1;
  size_t at = 0;
  while (at < *count && OX_PROPTAG_ID(values[at].tag) != OX_PROPTAG_ID(OX_PidTagMessageFlags)) at++;
  values[at].tag = OX_PidTagMessageFlags;
  values[at].value.i32 = bits;
  if (at == *count) (*count)++;
  return OX_OK;
}

static bool fits_inline(const ox_message *message, const ox_property *values, size_t count) {
  if (message->attachment_count > 0 || message->large_value_count > 0) return false;
  size_t bytes = 0;
  for (size_t i = 0; i < count; i++)
    bytes += 4 + ox_value_size_bytes(OX_PROPTAG_TYPE(values[i].tag), &values[i].value);
  return bytes < RC_WRITE_BYTES;
}

ox_status rc_folder_import(ox_folder *folder, const ox_message *message, uint32_t flags,
                           ox_id *id_out, ox_error *err) {
  ox_mailbox *mailbox = folder->object.mailbox;
  ox_arena arena;
  ox_arena_init(&arena, rc_of(mailbox)->allocator, 0);
  uint16_t *ids = NULL;
  ox_property *values = NULL, *all = NULL;
  size_t count = 0;
  ox_status status = map_names(mailbox, message, &arena, &ids, err);
  if (!ox_failed(status))
    status = map_bag(&message->properties, message, ids, &arena, &values, &count);
  if (!ox_failed(status)) {
    all = ox_arena_grow(&arena, values, count, count + 1, sizeof *all);
    status = all != NULL ? with_read_state(message, flags, all, &count) : OX_E_NO_MEMORY;
  }
  ox_status small = OX_E_LIMIT;
  if (!ox_failed(status) && fits_inline(message, all, count))
    small = import_small(folder, message, flags, all, count, id_out, err);
  if (!ox_failed(status) && small != OX_E_LIMIT) {
    ox_arena_dispose(&arena);
    return small;
  }
  ox_item *item = NULL;
  if (!ox_failed(status))
    status = rc_item_create(folder, (flags & OX_IMPORT_ASSOCIATED) != 0, 0, &item, err);
  if (!ox_failed(status)) status = fill_item(item, message, 0, err);
  /* After the bag, which may bring other flags. */
  for (size_t i = 0; !ox_failed(status) && i < count; i++)
    if (all[i].tag == OX_PidTagMessageFlags)
      status = rc_object_set(&item->object, &all[i], 1, NULL, err);
  if (!ox_failed(status)) status = rc_item_save(item, 0, id_out, err);
  rc_item_close(item);
  ox_arena_dispose(&arena);
  return ox_failed(status) ? ox_error_set(err, status, NULL) : OX_OK;
}

/* ---- export
 * ------------------------------------------------------------------------------------*/

/* A source over a remote stream. */
typedef struct stream_source {
  ox_source base;
  ox_stream *stream;
  ox_object *object; /* held while the source lives */
  const ox_allocator *allocator;
  uint64_t position;
} stream_source;

static ox_status source_read_at(ox_source *base, uint64_t offset, void *buffer,
                                size_t capacity_bytes, size_t *size_out, ox_error *err) {
  stream_source *source = (stream_source *)base;
  ox_status status = OX_OK;
  if (offset >= base->size_bytes) {
    *size_out = 0;
    return OX_OK;
  }
  if (offset != source->position)
    status = rc_stream_seek(source->stream, OX_SEEK_BEGIN, (int64_t)offset, NULL, err);
  if (!ox_failed(status))
    status = rc_stream_read(source->stream, buffer, capacity_bytes, size_out, err);
  if (!ox_failed(status)) source->position = offset + *size_out;
  return status;
}

static void source_free(ox_source *base) {
  stream_source *source = (stream_source *)base;
  rc_stream_close(source->stream);
  rc_let_go(source->object);
  ox_free(source->allocator, source);
}

static ox_status open_source(ox_object *object, ox_proptag tag, ox_source **out, ox_error *err) {
  const ox_allocator *allocator = rc_of_object(object)->allocator;
  ox_stream *stream = NULL;
  uint64_t size = 0;
  ox_status status = rc_stream_open(object, tag, OX_STREAM_READ_ONLY, &stream, &size, err);
  if (ox_failed(status)) return status;
  stream_source *source = ox_calloc(allocator, 1, sizeof *source);
  if (source == NULL) {
    rc_stream_close(stream);
    return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  }
  source->base.size_bytes = size;
  source->base.read_at = source_read_at;
  source->base.free = source_free;
  source->stream = stream;
  source->object = object;
  rc_hold(object);
  source->allocator = allocator;
  *out = &source->base;
  return OX_OK;
}

typedef struct exporter {
  size_t inline_max_bytes;
  unsigned depth;
  ox_message *message;
} exporter;

/* A bag's named properties get the message's ids; all names in one question. Properties without a
 * name are left out (tag 0). */
static ox_status local_tags(ox_mailbox *mailbox, ox_message *message, ox_proptag *tags,
                            size_t count, ox_error *err) {
  uint16_t *ids = ox_arena_calloc(&message->arena, count, sizeof *ids);
  ox_property_name *names = ox_arena_calloc(&message->arena, count, sizeof *names);
  if (ids == NULL || names == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  size_t named = 0;
  for (size_t i = 0; i < count; i++)
    if (OX_PROPTAG_ID(tags[i]) >= 0x8000) ids[named++] = OX_PROPTAG_ID(tags[i]);
  if (named == 0) return OX_OK;
  ox_status status = rc_mailbox_ids_to_names(mailbox, ids, named, &message->arena, names, err);
  if (ox_failed(status)) return status;
  for (size_t i = 0, at = 0; i < count; i++) {
    if (OX_PROPTAG_ID(tags[i]) < 0x8000) continue;
    const ox_property_name *name = &names[at++];
    uint16_t local = 0;
    if (name->kind != OX_NAME_KIND_NONE) {
      local = ox_message_name_id(message, name);
      if (local == 0) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
    }
    tags[i] = local != 0 ? OX_PROPTAG(local, OX_PROPTAG_TYPE(tags[i])) : 0;
  }
  return OX_OK;
}

/* The type of a property that was too long to be read. */
static ox_proptag find_type(const ox_proptag *list, size_t count, ox_proptag tag) {
  for (size_t i = 0; i < count; i++)
    if (OX_PROPTAG_ID(list[i]) == OX_PROPTAG_ID(tag)) return list[i];
  return 0;
}

/* A value that is too long for the bag: the content of an attachment, or a large value of the
 * message. */
static ox_status export_large(const exporter *e, ox_object *object, ox_proptag tag,
                              ox_proptag local, ox_source **source_out, ox_error *err) {
  bool content = tag == OX_PidTagAttachDataBinary;
  if (tag == 0 || local == 0 || (source_out != NULL && !content)) return OX_OK;
  ox_source *source = NULL;
  ox_status status = open_source(object, tag, &source, err);
  if (ox_failed(status)) return status;
  if (source_out == NULL) return ox_message_set_large(e->message, local, source);
  *source_out = source;
  return OX_OK;
}

/* Reads an object's properties into a bag. */
static ox_status export_bag(const exporter *e, ox_object *object, ox_propbag *bag,
                            ox_source **source_out, ox_error *err) {
  ox_message *message = e->message;
  ox_property *values = NULL;
  ox_proptag *list = NULL, *tags = NULL;
  size_t count = 0, listed = 0;
  ox_status status = rc_object_list(object, &message->arena, &list, &listed, err);
  if (!ox_failed(status))
    status = rc_object_get_all(object, e->inline_max_bytes, &message->arena, &values, &count, err);
  if (!ox_failed(status)) {
    tags = ox_arena_calloc(&message->arena, count, sizeof *tags);
    if (tags == NULL) status = ox_error_set(err, OX_E_NO_MEMORY, NULL);
  }
  for (size_t i = 0; !ox_failed(status) && i < count; i++) {
    tags[i] = values[i].tag;
    if (OX_PROPTAG_TYPE(tags[i]) == OX_PTYP_ERROR_CODE)
      tags[i] =
          values[i].value.error == OX_E_NOT_ENOUGH_MEMORY ? find_type(list, listed, tags[i]) : 0;
  }
  ox_proptag *local = NULL;
  if (!ox_failed(status)) {
    local = ox_arena_copy(&message->arena, tags, count * sizeof *tags);
    status = local != NULL ? local_tags(object->mailbox, message, local, count, err)
                           : ox_error_set(err, OX_E_NO_MEMORY, NULL);
  }
  for (size_t i = 0; !ox_failed(status) && i < count; i++) {
    if (OX_PROPTAG_TYPE(values[i].tag) == OX_PTYP_ERROR_CODE)
      status = export_large(e, object, tags[i], local[i], source_out, err);
    else if (local[i] != 0)
      status = ox_propbag_set_view(bag, local[i], &values[i].value);
  }
  return status;
}

static ox_status export_item(const exporter *e, ox_item *item, ox_error *err);

static ox_status export_attachment(const exporter *e, ox_item *item, uint32_t number,
                                   ox_error *err) {
  ox_item_attachment *attachment = NULL;
  ox_status status = rc_attachment_open(item, number, OX_OPEN_READ_ONLY, &attachment, err);
  if (ox_failed(status)) return status;
  ox_attachment *to = ox_message_add_attachment(e->message);
  ox_source *source = NULL;
  if (to == NULL) status = ox_error_set(err, OX_E_NO_MEMORY, NULL);
  if (!ox_failed(status))
    status = export_bag(e, &attachment->object, &to->properties, &source, err);
  if (to != NULL) to->source = source;
  /* afEmbeddedMessage. @spec [MS-OXCMSG] 2.2.2.9 */
  if (!ox_failed(status) && ox_propbag_i32(&to->properties, OX_PidTagAttachMethod, 0) == 5) {
    exporter inner = {e->inline_max_bytes, e->depth + 1, NULL};
    ox_item *embedded = NULL;
    if (inner.depth > DEPTH_MAX)
      status = ox_error_set(err, OX_E_LIMIT, "Messages are nested too deep.");
    if (!ox_failed(status))
      status = rc_attachment_open_embedded(attachment, OX_OPEN_READ_ONLY, &embedded, err);
    if (!ox_failed(status)) {
      inner.message = to->embedded = ox_message_new(rc_of(item->object.mailbox)->allocator);
      status = inner.message != NULL ? export_item(&inner, embedded, err)
                                     : ox_error_set(err, OX_E_NO_MEMORY, NULL);
    }
    rc_item_close(embedded);
  }
  rc_attachment_close(attachment);
  return status;
}

static ox_status export_recipients(const exporter *e, ox_item *item, ox_error *err) {
  ox_recipient *recipients = NULL;
  size_t count = 0;
  ox_status status = rc_item_recipients(item, 0, 0, &e->message->arena, &recipients, &count, err);
  for (size_t i = 0; !ox_failed(status) && i < count; i++) {
    ox_recipient *to = ox_message_add_recipient(e->message);
    if (to == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
    const ox_propbag *from = &recipients[i].properties;
    ox_proptag *tags = ox_arena_calloc(&e->message->arena, from->count, sizeof *tags);
    if (tags == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
    for (size_t k = 0; k < from->count; k++) tags[k] = from->items[k].tag;
    status = local_tags(item->object.mailbox, e->message, tags, from->count, err);
    for (size_t k = 0; !ox_failed(status) && k < from->count; k++)
      if (tags[k] != 0)
        status = ox_propbag_set_view(&to->properties, tags[k], &from->items[k].value);
  }
  return status;
}

static ox_status export_item(const exporter *e, ox_item *item, ox_error *err) {
  uint32_t *numbers = NULL;
  size_t count = 0;
  ox_status status = export_bag(e, &item->object, &e->message->properties, NULL, err);
  if (!ox_failed(status)) status = export_recipients(e, item, err);
  if (!ox_failed(status))
    status = rc_item_attachment_numbers(item, &e->message->arena, &numbers, &count, err);
  for (size_t i = 0; !ox_failed(status) && i < count; i++)
    status = export_attachment(e, item, numbers[i], err);
  return status;
}

ox_status rc_item_export(ox_item *item, size_t inline_max_bytes, ox_message **out, ox_error *err) {
  exporter e = {inline_max_bytes != 0 ? inline_max_bytes : INLINE_MAX_BYTES, 0,
                ox_message_new(rc_of(item->object.mailbox)->allocator)};
  if (e.message == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  ox_status status = export_item(&e, item, err);
  if (ox_failed(status)) {
    ox_message_free(e.message);
    return ox_error_set(err, status, NULL);
  }
  *out = e.message;
  return OX_OK;
}
