/* Attachments and the messages inside them. */
#include <string.h>

#include "engine.h"

static oxs_attachment *attachment_new(oxs_item *item, ox_error *err) {
  oxs_mailbox *mailbox = item->mailbox;
  oxs_attachment *attachment = ox_calloc(mailbox->allocator, 1, sizeof *attachment);
  if (attachment == NULL) {
    ox_error_set(err, OX_E_NO_MEMORY, NULL);
    return NULL;
  }
  attachment->base.object = (ox_object){
      .provider = &oxs_provider, .mailbox = &mailbox->base, .kind = OX_OBJECT_ATTACHMENT};
  attachment->mailbox = mailbox;
  attachment->item = item;
  ox_arena_init(&attachment->arena, mailbox->allocator, SIZE_MAX / 2);
  oxs_bag_init(&attachment->attach.bag, &attachment->arena);
  return attachment;
}

void oxs_attachment_close(ox_item_attachment *base) {
  oxs_attachment *attachment = (oxs_attachment *)base;
  oxs_bag_dispose(&attachment->attach.bag);
  oxs_content_free(attachment->attach.embedded);
  ox_arena_dispose(&attachment->arena);
  ox_free(attachment->mailbox->allocator, attachment);
}

ox_status oxs_attachment_open(ox_item *base, uint32_t number, uint32_t mode,
                              ox_item_attachment **out, ox_error *err) {
  oxs_item *item = (oxs_item *)base;
  if (item->closed) return ox_error_set(err, OX_E_INVALID_OBJECT, NULL);
  oxs_attach *attach = oxs_content_attachment(item->content, number);
  if (attach == NULL) return ox_error_set(err, OX_E_NOT_FOUND, NULL);
  uint32_t access = mode & 0x03u;
  if (access == OX_OPEN_READ_WRITE && !item->writable)
    return ox_error_set(err, OX_E_ACCESS_DENIED, NULL);
  oxs_attachment *attachment = attachment_new(item, err);
  if (attachment == NULL) return OX_E_NO_MEMORY;
  ox_status status = oxs_attach_clone(NULL, &attachment->arena, attach, false, &attachment->attach);
  if (status != OX_OK) {
    oxs_attachment_close(&attachment->base);
    return ox_error_set(err, status, NULL);
  }
  attachment->writable = access != OX_OPEN_READ_ONLY && item->writable;
  *out = &attachment->base;
  return OX_OK;
}

ox_status oxs_attachment_create(ox_item *base, ox_item_attachment **out, uint32_t *number_out,
                                ox_error *err) {
  oxs_item *item = (oxs_item *)base;
  ox_status status = oxs_item_writable(item, err);
  if (status != OX_OK) return status;
  if (item->content->attachment_count >= OXS_ATTACHMENTS_MAX)
    return ox_error_set(err, OX_E_LIMIT, "The message has too many attachments.");
  oxs_attachment *attachment = attachment_new(item, err);
  if (attachment == NULL) return OX_E_NO_MEMORY;
  ox_filetime now = oxs_now(item->mailbox->database->store);
  ox_propbag *bag = &attachment->attach.bag.values;
  attachment->is_new = attachment->writable = true;
  attachment->attach.number = item->content->next_number++;
  attachment->attach.changed = true;
  status = ox_propbag_set_time(bag, OX_PidTagCreationTime, now);
  if (status == OX_OK) status = ox_propbag_set_time(bag, OX_PidTagLastModificationTime, now);
  if (status == OX_OK) status = ox_propbag_set_i32(bag, OX_PidTagRenderingPosition, -1);
  if (status != OX_OK) {
    oxs_attachment_close(&attachment->base);
    return ox_error_set(err, status, NULL);
  }
  if (number_out != NULL) *number_out = attachment->attach.number;
  *out = &attachment->base;
  return OX_OK;
}

ox_status oxs_attachment_save(ox_item_attachment *base, uint32_t flags, ox_error *err) {
  oxs_attachment *attachment = (oxs_attachment *)base;
  oxs_item *item = attachment->item;
  ox_status status = oxs_item_writable(item, err);
  if (status != OX_OK) return status;
  if (attachment->closed) return ox_error_set(err, OX_E_INVALID_OBJECT, NULL);
  if (!attachment->writable) return ox_error_set(err, OX_E_ACCESS_DENIED, NULL);
  oxs_content *content = item->content;
  oxs_attach copy;
  status = oxs_attach_clone(NULL, &content->arena, &attachment->attach, false, &copy);
  if (status != OX_OK) return ox_error_set(err, status, NULL);
  oxs_attach *slot = oxs_content_attachment(content, copy.number);
  if (slot == NULL && !attachment->is_new) {
    oxs_bag_dispose(&copy.bag);
    oxs_content_free(copy.embedded);
    return ox_error_set(err, OX_E_OBJECT_DELETED, NULL);
  }
  if (slot == NULL) {
    slot = oxs_content_add_attachment(content, copy.number);
  } else {
    oxs_bag_dispose(&slot->bag);
    oxs_content_free(slot->embedded);
  }
  if (slot == NULL) {
    oxs_bag_dispose(&copy.bag);
    oxs_content_free(copy.embedded);
    return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  }
  *slot = copy;
  content->attachments_changed = true;
  attachment->is_new = false;
  attachment->writable = (flags & (OX_SAVE_KEEP_OPEN_READ_WRITE | OX_SAVE_FORCE)) != 0;
  attachment->closed =
      (flags & (OX_SAVE_KEEP_OPEN_READ_ONLY | OX_SAVE_KEEP_OPEN_READ_WRITE | OX_SAVE_FORCE)) == 0;
  return OX_OK;
}

ox_status oxs_attachment_delete(ox_item *base, uint32_t number, ox_error *err) {
  oxs_item *item = (oxs_item *)base;
  ox_status status = oxs_item_writable(item, err);
  if (status != OX_OK) return status;
  oxs_content *content = item->content;
  oxs_attach *attach = oxs_content_attachment(content, number);
  if (attach == NULL) return ox_error_set(err, OX_E_NOT_FOUND, NULL);
  oxs_bag_dispose(&attach->bag);
  oxs_content_free(attach->embedded);
  size_t index = (size_t)(attach - content->attachments);
  memmove(attach, attach + 1, (content->attachment_count - index - 1) * sizeof *attach);
  content->attachment_count--;
  content->attachments_changed = true;
  return OX_OK;
}

ox_status oxs_item_attachment_numbers(ox_item *base, ox_arena *arena, uint32_t **numbers_out,
                                      size_t *count_out, ox_error *err) {
  const oxs_content *content = ((oxs_item *)base)->content;
  uint32_t *numbers = ox_arena_calloc(arena, content->attachment_count, sizeof *numbers);
  if (numbers == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  for (size_t i = 0; i < content->attachment_count; i++)
    numbers[i] = content->attachments[i].number;
  *numbers_out = numbers;
  *count_out = content->attachment_count;
  return OX_OK;
}

/* The content of the message inside: from memory, from its rows, or new. */
static ox_status embedded_content(oxs_attachment *attachment, uint32_t mode, oxs_item *item,
                                  ox_error *err) {
  oxs_attach *attach = &attachment->attach;
  if (attach->embedded == NULL && attach->embedded_mid == 0) {
    if ((mode & OX_OPEN_CREATE) == 0 || !attachment->writable)
      return ox_error_set(err, OX_E_NOT_FOUND, "The attachment holds no message.");
    item->content = oxs_content_new(attachment->mailbox->allocator);
    if (item->content == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
    item->is_new = true;
    item->row.flags = OXS_FLAG_UNSENT | OXS_FLAG_READ;
    uint8_t key[16];
    ox_status status = oxs_random(attachment->mailbox->database->store, key, sizeof key, err);
    if (status == OX_OK)
      status =
          ox_propbag_set_binary(&item->content->bag.values, OX_PidTagSearchKey, key, sizeof key);
    return status;
  }
  oxs_txn t;
  ox_status status = oxs_read_begin(attachment->mailbox->database, &t, err);
  if (status != OX_OK) return status;
  if (attach->embedded != NULL) {
    status = oxs_content_clone(&t, attach->embedded, false, &item->content);
    item->row.flags = (uint32_t)ox_propbag_i32(&attach->embedded->bag.values, OX_PidTagMessageFlags,
                                               OXS_FLAG_READ);
  } else {
    status = oxs_row_load(&t, attach->embedded_mid, &item->row_arena, &item->row);
    if (status == OX_OK) status = oxs_content_load(&t, attach->embedded_mid, &item->content);
  }
  oxs_read_end(&t);
  return status != OX_OK ? ox_error_set(err, status, NULL) : OX_OK;
}

ox_status oxs_attachment_open_embedded(ox_item_attachment *base, uint32_t mode, ox_item **out,
                                       ox_error *err) {
  oxs_attachment *attachment = (oxs_attachment *)base;
  unsigned depth = attachment->item->depth + 1;
  if (attachment->closed) return ox_error_set(err, OX_E_INVALID_OBJECT, NULL);
  if (depth > OXS_EMBEDDED_DEPTH_MAX)
    return ox_error_set(err, OX_E_LIMIT, "The messages are nested too deeply.");
  bool wants_write = (mode & (OX_OPEN_READ_WRITE | OX_OPEN_CREATE)) != 0;
  if (wants_write && !attachment->writable && (mode & 0x03u) != OX_OPEN_BEST_ACCESS)
    return ox_error_set(err, OX_E_ACCESS_DENIED, NULL);
  oxs_item *item = oxs_item_blank(attachment->mailbox, err);
  if (item == NULL) return OX_E_NO_MEMORY;
  item->codepage = attachment->item->codepage;
  ox_status status = embedded_content(attachment, mode, item, err);
  if (status != OX_OK) {
    oxs_item_close(&item->base);
    return status;
  }
  item->row.kind = OXS_KIND_EMBEDDED;
  item->row.mid = item->row.fid = 0;
  item->depth = depth;
  item->attachment = attachment;
  item->writable = wants_write && attachment->writable;
  *out = &item->base;
  return OX_OK;
}
