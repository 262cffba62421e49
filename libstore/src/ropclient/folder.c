/* Remote folders. */
#include "client.h"

static ox_status new_folder(rc_mailbox *mailbox, uint32_t handle, ox_id id, ox_folder **out,
                            ox_error *err) {
  rc_folder *folder = ox_calloc(mailbox->allocator, 1, sizeof *folder);
  if (folder == NULL) {
    rc_release(mailbox, handle);
    return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  }
  rc_init_object(mailbox, &folder->base.object, OX_OBJECT_FOLDER);
  folder->base.id = id;
  folder->handle = handle;
  *out = &folder->base;
  return OX_OK;
}

static uint32_t handle_of(const ox_folder *folder) {
  return ((const rc_folder *)folder)->handle;
}

ox_status rc_folder_open(ox_mailbox *base, ox_id id, uint32_t flags, ox_folder **out,
                         ox_error *err) {
  rc_mailbox *mailbox = rc_of(base);
  if (id == 0) id = mailbox->info.special_folders[OX_SPECIAL_ROOT];
  rc_begin(mailbox);
  ox_rop_request request = {.rop_id = OX_ROP_OPEN_FOLDER};
  uint8_t index = rc_output(mailbox);
  request.u.open_folder.input_handle_index = rc_logon(mailbox);
  request.u.open_folder.output_handle_index = index;
  request.u.open_folder.folder_id = id;
  request.u.open_folder.open_mode_flags = (uint8_t)flags;
  ox_status status = rc_one(mailbox, &request, NULL, 0, NULL, err);
  if (ox_failed(status)) return status;
  return new_folder(mailbox, rc_handle_at(mailbox, index), id, out, err);
}

void rc_folder_close(ox_folder *folder) {
  if (folder == NULL) return;
  rc_mailbox *mailbox = rc_of(folder->object.mailbox);
  rc_release(mailbox, handle_of(folder));
  ox_free(mailbox->allocator, folder);
}

ox_status rc_folder_create(ox_folder *parent, const ox_folder_create_options *options,
                           ox_folder **out, bool *existed_out, ox_error *err) {
  rc_mailbox *mailbox = rc_of(parent->object.mailbox);
  rc_begin(mailbox);
  ox_rop_request request = {.rop_id = OX_ROP_CREATE_FOLDER};
  ox_create_folder_request *create = &request.u.create_folder;
  uint8_t index = rc_output(mailbox);
  create->input_handle_index = rc_index(mailbox, handle_of(parent));
  create->output_handle_index = index;
  create->folder_type = options->type != 0 ? (uint8_t)options->type : OX_FOLDER_TYPE_GENERIC;
  create->use_unicode_strings = true;
  create->open_existing = options->open_existing;
  ox_status status =
      ox_str16_from_utf8(&mailbox->scratch, ox_str8_from(options->name), &create->display_name);
  if (!ox_failed(status))
    status =
        ox_str16_from_utf8(&mailbox->scratch, ox_str8_from(options->comment), &create->comment);
  ox_rop_request set = {.rop_id = OX_ROP_SET_PROPERTIES};
  ox_property container = {.tag = OX_PidTagContainerClass};
  if (!ox_failed(status) && options->container_class != NULL)
    status = ox_str16_from_utf8(&mailbox->scratch, ox_str8_from(options->container_class),
                                &container.value.string);
  if (ox_failed(status)) return ox_error_set(err, status, NULL);
  set.u.set_properties.input_handle_index = index;
  set.u.set_properties.property_value_count = 1;
  set.u.set_properties.property_values = &container;
  size_t position = 0;
  status = rc_add(mailbox, &request, NULL, 0, &position, err);
  if (!ox_failed(status) && options->container_class != NULL)
    status = rc_add(mailbox, &set, NULL, 0, NULL, err);
  if (!ox_failed(status)) status = rc_run(mailbox, err);
  if (!ox_failed(status)) status = rc_status(mailbox, position, err);
  if (ox_failed(status)) return status;
  const ox_create_folder_response *response = &rc_response(mailbox, position)->u.create_folder;
  if (existed_out != NULL) *existed_out = response->is_existing_folder;
  return new_folder(mailbox, rc_handle_at(mailbox, index), response->folder_id, out, err);
}

static ox_status done(ox_status status, bool partial, bool *partial_out) {
  if (!ox_failed(status) && partial_out != NULL) *partial_out = partial;
  return status;
}

ox_status rc_folder_delete(ox_folder *parent, ox_id id, uint32_t flags, bool *partial_out,
                           ox_error *err) {
  rc_mailbox *mailbox = rc_of(parent->object.mailbox);
  rc_begin(mailbox);
  ox_rop_request request = {.rop_id = OX_ROP_DELETE_FOLDER};
  request.u.delete_folder.input_handle_index = rc_index(mailbox, handle_of(parent));
  request.u.delete_folder.delete_folder_flags = (uint8_t)flags;
  request.u.delete_folder.folder_id = id;
  const ox_rop_response *response = NULL;
  ox_status status = rc_one(mailbox, &request, NULL, 0, &response, err);
  return done(status, response != NULL && response->u.delete_folder.partial_completion,
              partial_out);
}

ox_status rc_folder_empty(ox_folder *folder, uint32_t flags, bool *partial_out, ox_error *err) {
  rc_mailbox *mailbox = rc_of(folder->object.mailbox);
  rc_begin(mailbox);
  bool hard = (flags & OX_EMPTY_HARD) != 0, associated = (flags & OX_EMPTY_ASSOCIATED) != 0;
  ox_rop_request request = {.rop_id = OX_ROP_EMPTY_FOLDER};
  request.u.empty_folder.input_handle_index = rc_index(mailbox, handle_of(folder));
  request.u.empty_folder.want_delete_associated = associated;
  if (hard) {
    ox_rop_request other = {.rop_id = OX_ROP_HARD_DELETE_MESSAGES_AND_SUBFOLDERS};
    other.u.hard_delete_messages_and_subfolders.input_handle_index =
        request.u.empty_folder.input_handle_index;
    other.u.hard_delete_messages_and_subfolders.want_delete_associated = associated;
    request = other;
  }
  const ox_rop_response *response = NULL;
  ox_status status = rc_one(mailbox, &request, NULL, 0, &response, err);
  bool partial =
      response != NULL && (hard ? response->u.hard_delete_messages_and_subfolders.partial_completion
                                : response->u.empty_folder.partial_completion);
  return done(status, partial, partial_out);
}

ox_status rc_folder_move(ox_folder *parent, ox_id id, ox_folder *new_parent, const char *new_name,
                         bool *partial_out, ox_error *err) {
  rc_mailbox *mailbox = rc_of(parent->object.mailbox);
  rc_begin(mailbox);
  ox_rop_request request = {.rop_id = OX_ROP_MOVE_FOLDER};
  ox_move_folder_request *move = &request.u.move_folder;
  move->source_handle_index = rc_index(mailbox, handle_of(parent));
  move->dest_handle_index = rc_index(mailbox, handle_of(new_parent));
  move->use_unicode = true;
  move->folder_id = id;
  ox_status status =
      ox_str16_from_utf8(&mailbox->scratch, ox_str8_from(new_name), &move->new_folder_name);
  if (ox_failed(status)) return ox_error_set(err, status, NULL);
  const ox_rop_response *response = NULL;
  status = rc_one(mailbox, &request, NULL, 0, &response, err);
  return done(status, response != NULL && response->u.move_folder.partial_completion, partial_out);
}

ox_status rc_folder_copy(ox_folder *parent, ox_id id, ox_folder *new_parent, const char *new_name,
                         bool recursive, bool *partial_out, ox_error *err) {
  rc_mailbox *mailbox = rc_of(parent->object.mailbox);
  rc_begin(mailbox);
  ox_rop_request request = {.rop_id = OX_ROP_COPY_FOLDER};
  ox_copy_folder_request *copy = &request.u.copy_folder;
  copy->source_handle_index = rc_index(mailbox, handle_of(parent));
  copy->dest_handle_index = rc_index(mailbox, handle_of(new_parent));
  copy->want_recursive = recursive;
  copy->use_unicode = true;
  copy->folder_id = id;
  ox_status status =
      ox_str16_from_utf8(&mailbox->scratch, ox_str8_from(new_name), &copy->new_folder_name);
  if (ox_failed(status)) return ox_error_set(err, status, NULL);
  const ox_rop_response *response = NULL;
  status = rc_one(mailbox, &request, NULL, 0, &response, err);
  return done(status, response != NULL && response->u.copy_folder.partial_completion, partial_out);
}

ox_status rc_folder_hierarchy(ox_folder *folder, uint32_t flags, ox_table **out,
                              uint32_t *row_count_out, ox_error *err) {
  rc_mailbox *mailbox = rc_of(folder->object.mailbox);
  rc_begin(mailbox);
  ox_rop_request request = {.rop_id = OX_ROP_GET_HIERARCHY_TABLE};
  uint8_t index = rc_output(mailbox);
  request.u.get_hierarchy_table.input_handle_index = rc_index(mailbox, handle_of(folder));
  request.u.get_hierarchy_table.output_handle_index = index;
  request.u.get_hierarchy_table.table_flags = (uint8_t)flags;
  const ox_rop_response *response = NULL;
  ox_status status = rc_one(mailbox, &request, NULL, 0, &response, err);
  if (ox_failed(status)) return status;
  uint32_t rows = response->u.get_hierarchy_table.row_count;
  rc_table *table = NULL;
  status = rc_table_new(mailbox, rc_handle_at(mailbox, index), &table, err);
  if (ox_failed(status)) return status;
  if (row_count_out != NULL) *row_count_out = rows;
  *out = &table->base;
  return OX_OK;
}

ox_status rc_folder_contents(ox_folder *folder, uint32_t flags, ox_table **out,
                             uint32_t *row_count_out, ox_error *err) {
  rc_mailbox *mailbox = rc_of(folder->object.mailbox);
  rc_begin(mailbox);
  ox_rop_request request = {.rop_id = OX_ROP_GET_CONTENTS_TABLE};
  uint8_t index = rc_output(mailbox);
  request.u.get_contents_table.input_handle_index = rc_index(mailbox, handle_of(folder));
  request.u.get_contents_table.output_handle_index = index;
  request.u.get_contents_table.table_flags = (uint8_t)flags;
  const ox_rop_response *response = NULL;
  ox_status status = rc_one(mailbox, &request, NULL, 0, &response, err);
  if (ox_failed(status)) return status;
  uint32_t rows = response->u.get_contents_table.row_count;
  rc_table *table = NULL;
  status = rc_table_new(mailbox, rc_handle_at(mailbox, index), &table, err);
  if (ox_failed(status)) return status;
  table->contents = true;
  if (row_count_out != NULL) *row_count_out = rows;
  *out = &table->base;
  return OX_OK;
}

ox_status rc_folder_delete_messages(ox_folder *folder, const ox_id *ids, size_t count,
                                    uint32_t flags, bool *partial_out, ox_error *err) {
  rc_mailbox *mailbox = rc_of(folder->object.mailbox);
  bool partial = false, hard = (flags & OX_DELETE_MESSAGES_HARD) != 0;
  for (size_t at = 0; at == 0 || at < count; at += RC_IDS_MAX) {
    size_t some = count - at < RC_IDS_MAX ? count - at : RC_IDS_MAX;
    rc_begin(mailbox);
    ox_rop_request request = {.rop_id =
                                  hard ? OX_ROP_HARD_DELETE_MESSAGES : OX_ROP_DELETE_MESSAGES};
    uint8_t index = rc_index(mailbox, handle_of(folder));
    bool notify = (flags & OX_DELETE_MESSAGES_NOTIFY_NON_READ) != 0;
    if (hard)
      request.u.hard_delete_messages =
          (ox_hard_delete_messages_request){.input_handle_index = index,
                                            .notify_non_read = notify,
                                            .message_id_count = (uint16_t)some,
                                            .message_ids = (uint64_t *)ids + at};
    else
      request.u.delete_messages = (ox_delete_messages_request){.input_handle_index = index,
                                                               .notify_non_read = notify,
                                                               .message_id_count = (uint16_t)some,
                                                               .message_ids = (uint64_t *)ids + at};
    const ox_rop_response *response = NULL;
    ox_status status = rc_one(mailbox, &request, NULL, 0, &response, err);
    if (ox_failed(status)) return status;
    partial |= hard ? response->u.hard_delete_messages.partial_completion
                    : response->u.delete_messages.partial_completion;
  }
  return done(OX_OK, partial, partial_out);
}

ox_status rc_folder_move_messages(ox_folder *source, ox_folder *destination, const ox_id *ids,
                                  size_t count, bool copy, ox_id *new_ids_out, bool *partial_out,
                                  ox_error *err) {
  rc_mailbox *mailbox = rc_of(source->object.mailbox);
  if (destination->object.mailbox != source->object.mailbox)
    return ox_error_set(err, OX_E_NO_SUPPORT, "Messages of two mailboxes are copied by export.");
  bool partial = false;
  for (size_t at = 0; at == 0 || at < count; at += RC_IDS_MAX) {
    size_t some = count - at < RC_IDS_MAX ? count - at : RC_IDS_MAX;
    rc_begin(mailbox);
    ox_rop_request request = {.rop_id = OX_ROP_MOVE_COPY_MESSAGES};
    ox_move_copy_messages_request *move = &request.u.move_copy_messages;
    move->source_handle_index = rc_index(mailbox, handle_of(source));
    move->dest_handle_index = rc_index(mailbox, handle_of(destination));
    move->message_id_count = (uint16_t)some;
    move->message_ids = (uint64_t *)ids + at;
    move->want_copy = copy;
    const ox_rop_response *response = NULL;
    ox_status status = rc_one(mailbox, &request, NULL, 0, &response, err);
    if (ox_failed(status)) return status;
    partial |= response->u.move_copy_messages.partial_completion;
  }
  /* The ROP does not tell what the ids became. */
  for (size_t i = 0; new_ids_out != NULL && i < count; i++) new_ids_out[i] = 0;
  return done(OX_OK, partial, partial_out);
}

ox_status rc_folder_set_read_flags(ox_folder *folder, const ox_id *ids, size_t count,
                                   uint32_t flags, bool *partial_out, ox_error *err) {
  rc_mailbox *mailbox = rc_of(folder->object.mailbox);
  bool partial = false;
  for (size_t at = 0; at == 0 || at < count; at += RC_IDS_MAX) {
    size_t some = count - at < RC_IDS_MAX ? count - at : RC_IDS_MAX;
    rc_begin(mailbox);
    ox_rop_request request = {.rop_id = OX_ROP_SET_READ_FLAGS};
    ox_set_read_flags_request *set = &request.u.set_read_flags;
    set->input_handle_index = rc_index(mailbox, handle_of(folder));
    set->read_flags = (uint8_t)flags;
    set->message_id_count = (uint16_t)some;
    set->message_ids = ids != NULL ? (uint64_t *)ids + at : NULL;
    const ox_rop_response *response = NULL;
    ox_status status = rc_one(mailbox, &request, NULL, 0, &response, err);
    if (ox_failed(status)) return status;
    partial |= response->u.set_read_flags.partial_completion;
  }
  return done(OX_OK, partial, partial_out);
}

ox_status rc_folder_set_message_status(ox_folder *folder, ox_id id, uint32_t status_bits,
                                       uint32_t mask, uint32_t *old_status_out, ox_error *err) {
  rc_mailbox *mailbox = rc_of(folder->object.mailbox);
  rc_begin(mailbox);
  ox_rop_request request = {.rop_id = OX_ROP_SET_MESSAGE_STATUS};
  request.u.set_message_status.input_handle_index = rc_index(mailbox, handle_of(folder));
  request.u.set_message_status.message_id = id;
  request.u.set_message_status.message_status_flags = status_bits;
  request.u.set_message_status.message_status_mask = mask;
  const ox_rop_response *response = NULL;
  ox_status status = rc_one(mailbox, &request, NULL, 0, &response, err);
  if (!ox_failed(status) && old_status_out != NULL)
    *old_status_out = response->u.set_message_status.message_status_flags;
  return status;
}

ox_status rc_folder_get_message_status(ox_folder *folder, ox_id id, uint32_t *status_out,
                                       ox_error *err) {
  rc_mailbox *mailbox = rc_of(folder->object.mailbox);
  rc_begin(mailbox);
  ox_rop_request request = {.rop_id = OX_ROP_GET_MESSAGE_STATUS};
  request.u.get_message_status.input_handle_index = rc_index(mailbox, handle_of(folder));
  request.u.get_message_status.message_id = id;
  const ox_rop_response *response = NULL;
  ox_status status = rc_one(mailbox, &request, NULL, 0, &response, err);
  if (!ox_failed(status)) *status_out = response->u.set_message_status.message_status_flags;
  return status;
}
