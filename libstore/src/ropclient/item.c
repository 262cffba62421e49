/* Remote messages and attachments. */
#include <string.h>

#include "client.h"

/** Columns of one RopModifyRecipients. */
#define COLUMNS_MAX 64u
/** Row ids that are tried when the next page of recipients does not start at the next number. */
#define ROW_ID_GAP_MAX 256u
/** The code page of the logon. @spec [MS-OXCMSG] 2.2.3.1.1 */
#define LOGON_CODEPAGE 0x0FFF

static uint32_t handle_of(const ox_item *item) {
  return ((const rc_item *)item)->handle;
}

static rc_mailbox *mailbox_of(const ox_item *item) {
  return rc_of(item->object.mailbox);
}

static ox_status new_item(rc_mailbox *mailbox, uint32_t handle, ox_id folder_id, ox_id id,
                          ox_object *parent, ox_item **out, ox_error *err) {
  rc_item *item = ox_calloc(mailbox->allocator, 1, sizeof *item);
  if (item == NULL) {
    rc_release(mailbox, handle);
    return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  }
  rc_init_object(mailbox, &item->base.object, OX_OBJECT_MESSAGE);
  item->base.id = id;
  item->base.folder_id = folder_id;
  item->handle = handle;
  item->holds = 1;
  item->parent = parent;
  if (parent != NULL) rc_hold(parent);
  *out = &item->base;
  return OX_OK;
}

ox_status rc_item_open(ox_mailbox *base, ox_id folder_id, ox_id id, uint32_t mode, ox_item **out,
                       ox_error *err) {
  rc_mailbox *mailbox = rc_of(base);
  rc_begin(mailbox);
  ox_rop_request request = {.rop_id = OX_ROP_OPEN_MESSAGE};
  uint8_t index = rc_output(mailbox);
  request.u.open_message.input_handle_index = rc_logon(mailbox);
  request.u.open_message.output_handle_index = index;
  request.u.open_message.code_page_id = LOGON_CODEPAGE;
  request.u.open_message.folder_id = folder_id;
  request.u.open_message.open_mode_flags = (uint8_t)mode;
  request.u.open_message.message_id = id;
  ox_status status = rc_one(mailbox, &request, NULL, 0, NULL, err);
  if (ox_failed(status)) return status;
  return new_item(mailbox, rc_handle_at(mailbox, index), folder_id, id, NULL, out, err);
}

ox_status rc_item_create(ox_folder *folder, bool associated, uint32_t codepage, ox_item **out,
                         ox_error *err) {
  rc_mailbox *mailbox = rc_of(folder->object.mailbox);
  rc_begin(mailbox);
  ox_rop_request request = {.rop_id = OX_ROP_CREATE_MESSAGE};
  uint8_t index = rc_output(mailbox);
  request.u.create_message.input_handle_index = rc_logon(mailbox);
  request.u.create_message.output_handle_index = index;
  request.u.create_message.code_page_id =
      codepage != 0 && codepage <= UINT16_MAX ? (uint16_t)codepage : LOGON_CODEPAGE;
  request.u.create_message.folder_id = folder->id;
  request.u.create_message.associated_flag = associated;
  ox_status status = rc_one(mailbox, &request, NULL, 0, NULL, err);
  if (ox_failed(status)) return status;
  return new_item(mailbox, rc_handle_at(mailbox, index), folder->id, 0, NULL, out, err);
}

void rc_item_close(ox_item *item) {
  if (item != NULL) rc_let_go(&item->object);
}

ox_status rc_item_save(ox_item *item, uint32_t flags, ox_id *id_out, ox_error *err) {
  rc_mailbox *mailbox = mailbox_of(item);
  rc_begin(mailbox);
  ox_rop_request request = {.rop_id = OX_ROP_SAVE_CHANGES_MESSAGE};
  request.u.save_changes_message.response_handle_index = rc_logon(mailbox);
  request.u.save_changes_message.input_handle_index = rc_index(mailbox, handle_of(item));
  request.u.save_changes_message.save_flags = (uint8_t)flags;
  const ox_rop_response *response = NULL;
  ox_status status = rc_one(mailbox, &request, NULL, 0, &response, err);
  if (ox_failed(status)) return status;
  bool embedded = item->folder_id == 0 && item->id == 0;
  if (!embedded) item->id = response->u.save_changes_message.message_id;
  if (id_out != NULL) *id_out = item->id;
  return OX_OK;
}

/* What the fixed fields of RecipientRow carry. @spec [MS-OXCMSG] 2.2.3.5.1 */
static bool is_fixed_column(ox_proptag tag) {
  switch (OX_PROPTAG_ID(tag)) {
    case OX_PROPTAG_ID(OX_PidTagRowid):
    case OX_PROPTAG_ID(OX_PidTagRecipientType):
    case OX_PROPTAG_ID(OX_PidTagAddressType):
    case OX_PROPTAG_ID(OX_PidTagDisplayName):
    case OX_PROPTAG_ID(OX_PidTagEmailAddress):
    case OX_PROPTAG_ID(OX_PidTagEntryId):
    case OX_PROPTAG_ID(OX_PidTagInstanceKey):
    case OX_PROPTAG_ID(OX_PidTagSearchKey):
    case OX_PROPTAG_ID(OX_PidTagSendRichInfo):
    case OX_PROPTAG_ID(OX_PidTagTransmittableDisplayName):
    case 0x39FF: return true; /* PidTag7BitDisplayName */
    default: return false;
  }
}

static ox_status encode_row(rc_mailbox *mailbox, const ox_propbag *bag, const ox_proptag *columns,
                            size_t column_count, ox_bytes *out) {
  ox_recipient_row row;
  ox_status status = ox_recipient_row_from_bag(&mailbox->scratch, bag, columns, column_count, &row);
  if (ox_failed(status)) return status;
  ox_writer w;
  ox_writer_init(&w, mailbox->allocator, 0xFFFF);
  ox_recipient_row_encode(&w, columns, column_count, &row);
  status = ox_writer_status(&w);
  ox_bytes bytes = ox_writer_bytes(&w);
  if (!ox_failed(status)) {
    out->data = ox_arena_copy(&mailbox->scratch, bytes.data, bytes.size_bytes);
    out->size_bytes = bytes.size_bytes;
    if (out->data == NULL) status = OX_E_NO_MEMORY;
  }
  ox_writer_dispose(&w);
  return status;
}

ox_status rc_recipient_request(rc_mailbox *mailbox, const ox_recipient_change *changes,
                               size_t count, ox_rop_request *out) {
  ox_modify_recipients_request *modify = &out->u.modify_recipients;
  ox_proptag *columns = ox_arena_calloc(&mailbox->scratch, COLUMNS_MAX, sizeof *columns);
  ox_modify_recipient_row *rows = ox_arena_calloc(&mailbox->scratch, count, sizeof *rows);
  if (columns == NULL || rows == NULL) return OX_E_NO_MEMORY;
  size_t column_count = 0;
  for (size_t i = 0; i < count; i++) {
    const ox_propbag *bag = changes[i].properties;
    for (size_t k = 0; bag != NULL && k < bag->count; k++) {
      if (is_fixed_column(bag->items[k].tag)) continue;
      size_t at = 0;
      while (at < column_count && OX_PROPTAG_ID(columns[at]) != OX_PROPTAG_ID(bag->items[k].tag))
        at++;
      if (at == column_count && column_count < COLUMNS_MAX)
        columns[column_count++] = bag->items[k].tag;
    }
  }
  ox_status status = OX_OK;
  for (size_t i = 0; !ox_failed(status) && i < count; i++) {
    const ox_propbag *bag = changes[i].properties;
    rows[i].row_id = changes[i].row_id;
    if (bag == NULL) continue;
    rows[i].recipient_type = (uint8_t)ox_propbag_i32(bag, OX_PidTagRecipientType, OX_RECIPIENT_TO);
    status = encode_row(mailbox, bag, columns, column_count, &rows[i].recipient_row);
  }
  modify->column_count = (uint16_t)column_count;
  modify->recipient_columns = columns;
  modify->row_count = (uint16_t)count;
  modify->recipient_rows = rows;
  return status;
}

ox_status rc_item_modify_recipients(ox_item *item, const ox_recipient_change *changes, size_t count,
                                    ox_error *err) {
  rc_mailbox *mailbox = mailbox_of(item);
  /* As many as fit; half as many when they do not. */
  for (size_t done = 0, some = count; done < count;) {
    if (some > count - done) some = count - done;
    if (some > 1000) some = 1000;
    rc_begin(mailbox);
    ox_rop_request request = {.rop_id = OX_ROP_MODIFY_RECIPIENTS};
    request.u.modify_recipients.input_handle_index = rc_index(mailbox, handle_of(item));
    ox_status status = rc_recipient_request(mailbox, changes + done, some, &request);
    if (ox_failed(status)) return ox_error_set(err, status, NULL);
    status = rc_one(mailbox, &request, NULL, 0, NULL, err);
    if (status == OX_E_LIMIT && some > 1) {
      some /= 2;
      continue;
    }
    if (ox_failed(status)) return status;
    done += some;
  }
  return OX_OK;
}

ox_status rc_item_remove_recipients(ox_item *item, ox_error *err) {
  rc_mailbox *mailbox = mailbox_of(item);
  rc_begin(mailbox);
  ox_rop_request request = {.rop_id = OX_ROP_REMOVE_ALL_RECIPIENTS};
  request.u.remove_all_recipients.input_handle_index = rc_index(mailbox, handle_of(item));
  return rc_one(mailbox, &request, NULL, 0, NULL, err);
}

typedef struct recipient_list {
  ox_arena *arena;
  ox_recipient *items;
  size_t count;
  size_t capacity;
  const ox_proptag *columns;
  size_t column_count;
} recipient_list;

static ox_status add_recipient(recipient_list *list, const ox_read_recipient_row *row,
                               ox_error *err) {
  if (list->count == list->capacity) {
    size_t capacity = list->capacity != 0 ? list->capacity * 2 : 8;
    ox_recipient *grown =
        ox_arena_grow(list->arena, list->items, list->count, capacity, sizeof *grown);
    if (grown == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
    list->items = grown;
    list->capacity = capacity;
  }
  /* Views of the row must outlive the batch. */
  const uint8_t *copy =
      ox_arena_copy(list->arena, row->recipient_row.data, row->recipient_row.size_bytes);
  if (copy == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  ox_reader r;
  ox_reader_init(&r, copy, row->recipient_row.size_bytes);
  ox_recipient_row decoded;
  ox_status status =
      ox_recipient_row_decode(&r, list->arena, list->columns, list->column_count, &decoded);
  if (ox_failed(status)) return ox_reader_status(&r, err);
  ox_propbag *bag = &list->items[list->count].properties;
  ox_propbag_init(bag, list->arena);
  uint32_t codepage = row->code_page_id != 0 ? row->code_page_id : OX_CODEPAGE_WINDOWS_1252;
  status = ox_recipient_row_to_bag(&decoded, codepage, bag);
  if (!ox_failed(status)) status = ox_propbag_set_i32(bag, OX_PidTagRowid, (int32_t)row->row_id);
  if (!ox_failed(status))
    status = ox_propbag_set_i32(bag, OX_PidTagRecipientType, row->recipient_type);
  if (ox_failed(status)) return ox_error_set(err, status, NULL);
  list->count++;
  return OX_OK;
}

static void fill_read(rc_mailbox *mailbox, const ox_item *item, uint32_t row_id,
                      ox_rop_request *out) {
  *out = (ox_rop_request){.rop_id = OX_ROP_READ_RECIPIENTS};
  out->u.read_recipients.input_handle_index = rc_index(mailbox, handle_of(item));
  out->u.read_recipients.row_id = row_id;
}

/* The columns and how many there are, and the first rows: one round trip. */
static ox_status read_first(rc_mailbox *mailbox, const ox_item *item, recipient_list *list,
                            size_t *total_out, ox_error *err) {
  rc_begin(mailbox);
  ox_rop_request reload = {.rop_id = OX_ROP_RELOAD_CACHED_INFORMATION}, read;
  reload.u.reload_cached_information.input_handle_index = rc_index(mailbox, handle_of(item));
  fill_read(mailbox, item, 0, &read);
  size_t reload_at = 0, read_at = 0;
  ox_status status = rc_add(mailbox, &reload, NULL, 0, &reload_at, err);
  if (!ox_failed(status)) status = rc_add(mailbox, &read, NULL, 0, &read_at, err);
  if (!ox_failed(status)) status = rc_run(mailbox, err);
  if (!ox_failed(status)) status = rc_status(mailbox, reload_at, err);
  if (ox_failed(status)) return status;
  const ox_reload_cached_information_response *info =
      &rc_response(mailbox, reload_at)->u.reload_cached_information;
  *total_out = info->recipient_count;
  list->column_count = info->column_count;
  list->columns = ox_arena_copy(list->arena, info->recipient_columns,
                                info->column_count * sizeof *list->columns);
  if (list->columns == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  status = ox_rop_batch_status(mailbox->batch, read_at);
  if (status == OX_E_NOT_FOUND) return OX_OK; /* no recipients */
  if (ox_failed(status)) return ox_error_set(err, status, NULL);
  const ox_read_recipients_response *rows = &rc_response(mailbox, read_at)->u.read_recipients;
  status = OX_OK;
  for (size_t i = 0; !ox_failed(status) && i < rows->row_count; i++)
    status = add_recipient(list, &rows->recipient_rows[i], err);
  return status;
}

static ox_status read_more(rc_mailbox *mailbox, const ox_item *item, recipient_list *list,
                           ox_error *err) {
  uint32_t last =
      (uint32_t)ox_propbag_i32(&list->items[list->count - 1].properties, OX_PidTagRowid, 0);
  for (uint32_t gap = 1; gap <= ROW_ID_GAP_MAX; gap++) {
    rc_begin(mailbox);
    ox_rop_request read;
    fill_read(mailbox, item, last + gap, &read);
    const ox_rop_response *response = NULL;
    ox_status status = rc_one(mailbox, &read, NULL, 0, &response, err);
    if (status == OX_E_NOT_FOUND) continue;
    if (ox_failed(status)) return status;
    const ox_read_recipients_response *rows = &response->u.read_recipients;
    if (rows->row_count == 0)
      return ox_error_set(err, OX_E_PROTOCOL, "RopReadRecipients gave no rows.");
    for (size_t i = 0; !ox_failed(status) && i < rows->row_count; i++)
      status = add_recipient(list, &rows->recipient_rows[i], err);
    return status;
  }
  return ox_error_set(err, OX_E_PROTOCOL, "The server has recipients that it does not give.");
}

ox_status rc_item_recipients(ox_item *item, uint32_t first_row_id, size_t max_count,
                             ox_arena *arena, ox_recipient **out, size_t *count_out,
                             ox_error *err) {
  rc_mailbox *mailbox = mailbox_of(item);
  recipient_list list = {.arena = arena};
  size_t total = 0;
  ox_status status = read_first(mailbox, item, &list, &total, err);
  while (!ox_failed(status) && list.count > 0 && list.count < total)
    status = read_more(mailbox, item, &list, err);
  if (ox_failed(status)) return status;
  size_t first = 0;
  while (first < list.count &&
         (uint32_t)ox_propbag_i32(&list.items[first].properties, OX_PidTagRowid, 0) < first_row_id)
    first++;
  size_t count = list.count - first;
  if (max_count != 0 && count > max_count) count = max_count;
  *out = list.items != NULL ? list.items + first : NULL;
  *count_out = count;
  return OX_OK;
}

ox_status rc_item_set_read_flag(ox_item *item, uint32_t flags, bool *changed_out, ox_error *err) {
  /* A private mailbox does not tell whether the state changed: look before and after. */
  static const ox_proptag tag = OX_PidTagMessageFlags;
  rc_mailbox *mailbox = mailbox_of(item);
  rc_begin(mailbox);
  uint8_t index = rc_index(mailbox, handle_of(item));
  ox_rop_request get = {.rop_id = OX_ROP_GET_PROPERTIES_SPECIFIC};
  get.u.get_properties_specific.input_handle_index = index;
  get.u.get_properties_specific.want_unicode = 1;
  get.u.get_properties_specific.property_tag_count = 1;
  get.u.get_properties_specific.property_tags = (ox_proptag *)&tag;
  ox_rop_request set = {.rop_id = OX_ROP_SET_MESSAGE_READ_FLAG};
  set.u.set_message_read_flag.response_handle_index = rc_logon(mailbox);
  set.u.set_message_read_flag.input_handle_index = index;
  set.u.set_message_read_flag.read_flags = (uint8_t)flags;
  size_t before_at = 0, set_at = 0, after_at = 0;
  ox_status status = rc_add(mailbox, &get, &tag, 1, &before_at, err);
  if (!ox_failed(status)) status = rc_add(mailbox, &set, NULL, 0, &set_at, err);
  if (!ox_failed(status)) status = rc_add(mailbox, &get, &tag, 1, &after_at, err);
  if (!ox_failed(status)) status = rc_run(mailbox, err);
  if (!ox_failed(status)) status = rc_status(mailbox, set_at, err);
  if (ox_failed(status) || changed_out == NULL) return status;
  int32_t bits[2] = {0};
  const size_t positions[2] = {before_at, after_at};
  for (size_t i = 0; i < 2; i++) {
    ox_property *row = NULL;
    if (ox_rop_batch_status(mailbox->batch, positions[i]) != OX_OK) continue;
    status = rc_rows(rc_response(mailbox, positions[i])->u.get_properties_specific.row_data, &tag,
                     1, 1, &mailbox->scratch, &row, err);
    if (ox_failed(status)) return status;
    if (row[0].tag == tag) bits[i] = row[0].value.i32;
  }
  *changed_out = ((bits[0] ^ bits[1]) & 1) != 0; /* mfRead */
  return OX_OK;
}

ox_status rc_item_submit(ox_item *item, uint32_t flags, ox_error *err) {
  rc_mailbox *mailbox = mailbox_of(item);
  rc_begin(mailbox);
  ox_rop_request request = {.rop_id = OX_ROP_SUBMIT_MESSAGE};
  request.u.submit_message.input_handle_index = rc_index(mailbox, handle_of(item));
  request.u.submit_message.submit_flags = (uint8_t)flags;
  return rc_one(mailbox, &request, NULL, 0, NULL, err);
}

ox_status rc_mailbox_abort_submit(ox_mailbox *base, ox_id folder_id, ox_id id, ox_error *err) {
  rc_mailbox *mailbox = rc_of(base);
  rc_begin(mailbox);
  ox_rop_request request = {.rop_id = OX_ROP_ABORT_SUBMIT};
  request.u.abort_submit.input_handle_index = rc_logon(mailbox);
  request.u.abort_submit.folder_id = folder_id;
  request.u.abort_submit.message_id = id;
  return rc_one(mailbox, &request, NULL, 0, NULL, err);
}

static uint32_t attachment_handle(const ox_item_attachment *attachment) {
  return ((const rc_attachment *)attachment)->handle;
}

static ox_status new_attachment(rc_mailbox *mailbox, uint32_t handle, ox_item *parent,
                                ox_item_attachment **out, ox_error *err) {
  rc_attachment *attachment = ox_calloc(mailbox->allocator, 1, sizeof *attachment);
  if (attachment == NULL) {
    rc_release(mailbox, handle);
    return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  }
  rc_init_object(mailbox, &attachment->base.object, OX_OBJECT_ATTACHMENT);
  attachment->handle = handle;
  attachment->holds = 1;
  attachment->parent = &parent->object;
  rc_hold(&parent->object);
  *out = &attachment->base;
  return OX_OK;
}

ox_status rc_attachment_open(ox_item *item, uint32_t number, uint32_t mode,
                             ox_item_attachment **out, ox_error *err) {
  rc_mailbox *mailbox = mailbox_of(item);
  rc_begin(mailbox);
  ox_rop_request request = {.rop_id = OX_ROP_OPEN_ATTACHMENT};
  uint8_t index = rc_output(mailbox);
  request.u.open_attachment.input_handle_index = rc_index(mailbox, handle_of(item));
  request.u.open_attachment.output_handle_index = index;
  request.u.open_attachment.open_attachment_flags = (uint8_t)mode;
  request.u.open_attachment.attachment_id = number;
  ox_status status = rc_one(mailbox, &request, NULL, 0, NULL, err);
  if (ox_failed(status)) return status;
  return new_attachment(mailbox, rc_handle_at(mailbox, index), item, out, err);
}

ox_status rc_attachment_create(ox_item *item, ox_item_attachment **out, uint32_t *number_out,
                               ox_error *err) {
  rc_mailbox *mailbox = mailbox_of(item);
  rc_begin(mailbox);
  ox_rop_request request = {.rop_id = OX_ROP_CREATE_ATTACHMENT};
  uint8_t index = rc_output(mailbox);
  request.u.create_attachment.input_handle_index = rc_index(mailbox, handle_of(item));
  request.u.create_attachment.output_handle_index = index;
  const ox_rop_response *response = NULL;
  ox_status status = rc_one(mailbox, &request, NULL, 0, &response, err);
  if (ox_failed(status)) return status;
  uint32_t number = response->u.create_attachment.attachment_id;
  status = new_attachment(mailbox, rc_handle_at(mailbox, index), item, out, err);
  if (!ox_failed(status) && number_out != NULL) *number_out = number;
  return status;
}

void rc_attachment_close(ox_item_attachment *attachment) {
  if (attachment != NULL) rc_let_go(&attachment->object);
}

ox_status rc_attachment_save(ox_item_attachment *attachment, uint32_t flags, ox_error *err) {
  rc_mailbox *mailbox = rc_of(attachment->object.mailbox);
  rc_begin(mailbox);
  ox_rop_request request = {.rop_id = OX_ROP_SAVE_CHANGES_ATTACHMENT};
  request.u.save_changes_attachment.response_handle_index = rc_logon(mailbox);
  request.u.save_changes_attachment.input_handle_index =
      rc_index(mailbox, attachment_handle(attachment));
  request.u.save_changes_attachment.save_flags = (uint8_t)flags;
  return rc_one(mailbox, &request, NULL, 0, NULL, err);
}

ox_status rc_attachment_delete(ox_item *item, uint32_t number, ox_error *err) {
  rc_mailbox *mailbox = mailbox_of(item);
  rc_begin(mailbox);
  ox_rop_request request = {.rop_id = OX_ROP_DELETE_ATTACHMENT};
  request.u.delete_attachment.input_handle_index = rc_index(mailbox, handle_of(item));
  request.u.delete_attachment.attachment_id = number;
  return rc_one(mailbox, &request, NULL, 0, NULL, err);
}

ox_status rc_item_attachments(ox_item *item, uint32_t flags, ox_table **out, ox_error *err) {
  rc_mailbox *mailbox = mailbox_of(item);
  rc_begin(mailbox);
  ox_rop_request request = {.rop_id = OX_ROP_GET_ATTACHMENT_TABLE};
  uint8_t index = rc_output(mailbox);
  request.u.get_attachment_table.input_handle_index = rc_index(mailbox, handle_of(item));
  request.u.get_attachment_table.output_handle_index = index;
  request.u.get_attachment_table.table_flags = (uint8_t)(flags & OX_TABLE_USE_UNICODE);
  ox_status status = rc_one(mailbox, &request, NULL, 0, NULL, err);
  if (ox_failed(status)) return status;
  rc_table *table = NULL;
  status = rc_table_new(mailbox, rc_handle_at(mailbox, index), &table, err);
  if (ox_failed(status)) return status;
  table->attachments = true;
  *out = &table->base;
  return OX_OK;
}

ox_status rc_item_attachment_numbers(ox_item *item, ox_arena *arena, uint32_t **numbers_out,
                                     size_t *count_out, ox_error *err) {
  static const ox_proptag column = OX_PidTagAttachNumber;
  ox_table *table = NULL;
  ox_status status = rc_item_attachments(item, 0, &table, err);
  if (ox_failed(status)) return status;
  ox_property *rows = NULL;
  size_t count = 0;
  status = rc_table_set_columns(table, &column, 1, err);
  if (!ox_failed(status))
    status = rc_table_query_rows(table, 0, true, SIZE_MAX, arena, &rows, &count, NULL, err);
  rc_table_close(table);
  if (ox_failed(status)) return status;
  uint32_t *numbers = ox_arena_calloc(arena, count, sizeof *numbers);
  if (numbers == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  for (size_t i = 0; i < count; i++)
    if (rows[i].tag == column) numbers[i] = (uint32_t)rows[i].value.i32;
  *numbers_out = numbers;
  *count_out = count;
  return OX_OK;
}

ox_status rc_attachment_open_embedded(ox_item_attachment *attachment, uint32_t mode, ox_item **out,
                                      ox_error *err) {
  rc_mailbox *mailbox = rc_of(attachment->object.mailbox);
  rc_begin(mailbox);
  ox_rop_request request = {.rop_id = OX_ROP_OPEN_EMBEDDED_MESSAGE};
  uint8_t index = rc_output(mailbox);
  request.u.open_embedded_message.input_handle_index =
      rc_index(mailbox, attachment_handle(attachment));
  request.u.open_embedded_message.output_handle_index = index;
  request.u.open_embedded_message.code_page_id = LOGON_CODEPAGE;
  request.u.open_embedded_message.open_mode_flags = (uint8_t)mode;
  ox_status status = rc_one(mailbox, &request, NULL, 0, NULL, err);
  if (ox_failed(status)) return status;
  return new_item(mailbox, rc_handle_at(mailbox, index), 0, 0, &attachment->object, out, err);
}
