/* Message ROPs. @spec [MS-OXCMSG] 3.2.5 */
#include <string.h>

#include "server.h"

/* Columns that opening a message gives at most; the rest of a recipient's properties is then only
 * in the store. */
#define COLUMNS_MAX 64u

/** PidTag7BitDisplayName */
#define SIMPLE_DISPLAY_NAME_ID 0x39FF

/* What the fixed fields of a RecipientRow and of its wrapper carry. @spec [MS-OXCMSG] 2.2.3.5.1 */
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
    case SIMPLE_DISPLAY_NAME_ID: return true;
    default: return false;
  }
}

/* The distinct tags of all recipients, in the order in which they are met. */
static size_t collect_columns(const ox_recipient *recipients, size_t count,
                              ox_proptag tags_out[COLUMNS_MAX]) {
  size_t found = 0;
  for (size_t i = 0; i < count; i++) {
    const ox_propbag *bag = &recipients[i].properties;
    for (size_t k = 0; k < bag->count; k++) {
      ox_proptag tag = bag->items[k].tag;
      if (is_fixed_column(tag) || OX_PROPTAG_TYPE(tag) == OX_PTYP_ERROR_CODE) continue;
      size_t at = 0;
      while (at < found && OX_PROPTAG_ID(tags_out[at]) != OX_PROPTAG_ID(tag)) at++;
      if (at == found && found < COLUMNS_MAX) tags_out[found++] = tag;
    }
  }
  return found;
}

static ox_status remember_columns(rs_call *call, rs_object *message, const ox_proptag *columns,
                                  size_t count) {
  ox_proptag *copy = ox_malloc(call->server->allocator, (count + 1) * sizeof *copy);
  if (copy == NULL) return OX_E_NO_MEMORY;
  if (count > 0) memcpy(copy, columns, count * sizeof *copy);
  ox_free(call->server->allocator, message->u.message.recipient_columns);
  message->u.message.recipient_columns = copy;
  message->u.message.recipient_column_count = (uint16_t)count;
  return OX_OK;
}

/* One RecipientRow as bytes of the scratch arena. */
static ox_status encode_recipient(rs_call *call, const ox_recipient *recipient,
                                  const ox_proptag *columns, size_t column_count, ox_bytes *out) {
  ox_recipient_row row;
  ox_status status =
      ox_recipient_row_from_bag(call->scratch, &recipient->properties, columns, column_count, &row);
  if (ox_failed(status)) return status;
  ox_writer w;
  ox_writer_init(&w, call->server->allocator, 0xFFFF);
  ox_recipient_row_encode(&w, columns, column_count, &row);
  status = ox_writer_status(&w);
  ox_bytes bytes = ox_writer_bytes(&w);
  if (!ox_failed(status)) {
    out->data = ox_arena_copy(call->scratch, bytes.data, bytes.size_bytes);
    out->size_bytes = bytes.size_bytes;
    if (out->data == NULL) status = OX_E_NO_MEMORY;
  }
  ox_writer_dispose(&w);
  return status;
}

/* TypedString of a PtypString: the low bytes alone where the high ones are 0. It ends at the first
 * 0 unit, because the form on the wire does. @spec [MS-OXCDATA] 2.11.7 */
static ox_status typed_string(rs_call *call, const ox_property *property, ox_typed_string *out) {
  memset(out, 0, sizeof *out);
  if (OX_PROPTAG_TYPE(property->tag) != OX_PTYP_STRING) return OX_OK;
  ox_str16 text = property->value.string;
  size_t units = 0;
  bool reduced = true;
  for (; units < text.size_bytes / 2; units++) {
    uint8_t low = text.data[units * 2], high = text.data[units * 2 + 1];
    if (low == 0 && high == 0) break;
    if (high != 0 || low == 0) reduced = false;
  }
  if (units == 0) {
    out->string_type = OX_STRING_TYPE_EMPTY;
  } else if (reduced) {
    char *bytes = ox_arena_alloc(call->scratch, units);
    if (bytes == NULL) return OX_E_NO_MEMORY;
    for (size_t i = 0; i < units; i++) bytes[i] = (char)text.data[i * 2];
    out->string_type = OX_STRING_TYPE_REDUCED_UNICODE;
    out->string8 = (ox_str8){bytes, units};
  } else {
    out->string_type = OX_STRING_TYPE_UNICODE;
    out->string = (ox_str16){text.data, units * 2};
  }
  return OX_OK;
}

static size_t typed_string_bytes(const ox_typed_string *text) {
  if (text->string_type == OX_STRING_TYPE_REDUCED_UNICODE) return 2 + text->string8.size_bytes;
  if (text->string_type == OX_STRING_TYPE_UNICODE) return 3 + text->string.size_bytes;
  return 1;
}

static ox_status summary_properties(rs_call *call, ox_object *object, rs_summary *out) {
  const ox_proptag tags[] = {OX_PidTagSubjectPrefix, OX_PidTagNormalizedSubject};
  ox_property values[2];
  ox_status status = ox_object_get(object, tags, 2, 0, call->scratch, values, call->err);
  if (!ox_failed(status)) status = typed_string(call, &values[0], &out->subject_prefix);
  if (!ox_failed(status)) status = typed_string(call, &values[1], &out->normalized_subject);
  ox_proptag *list = NULL;
  size_t count = 0;
  if (!ox_failed(status)) status = ox_object_list(object, call->scratch, &list, &count, call->err);
  for (size_t i = 0; !ox_failed(status) && i < count && !out->has_named_properties; i++)
    out->has_named_properties = OX_PROPTAG_ID(list[i]) >= 0x8000;
  return status;
}

ox_status rs_message_summary(rs_call *call, rs_object *message, rs_summary *out) {
  memset(out, 0, sizeof *out);
  ox_item *item = message->u.message.item;
  ox_status status = summary_properties(call, ox_item_object(item), out);
  ox_recipient *recipients = NULL;
  size_t count = 0;
  if (!ox_failed(status))
    status = ox_item_recipients(item, 0, 0, call->scratch, &recipients, &count, call->err);
  if (ox_failed(status)) return status;
  ox_proptag columns[COLUMNS_MAX];
  size_t column_count = collect_columns(recipients, count, columns);
  out->recipient_count = count > UINT16_MAX ? UINT16_MAX : (uint16_t)count;
  out->column_count = (uint16_t)column_count;
  out->recipient_columns = ox_arena_copy(call->scratch, columns, column_count * sizeof *columns);
  size_t most = count > UINT8_MAX ? UINT8_MAX : count;
  out->recipient_rows = ox_arena_calloc(call->scratch, most, sizeof *out->recipient_rows);
  if (out->recipient_columns == NULL || out->recipient_rows == NULL) return OX_E_NO_MEMORY;
  status = remember_columns(call, message, columns, column_count);
  /* The largest fixed part is that of RopOpenEmbeddedMessage. */
  size_t used = 6 + 9 + 1 + typed_string_bytes(&out->subject_prefix) +
                typed_string_bytes(&out->normalized_subject) + 4 + 4 * column_count + 1;
  for (size_t i = 0; !ox_failed(status) && i < most; i++) {
    ox_bytes row = {0};
    status = encode_recipient(call, &recipients[i], columns, column_count, &row);
    if (ox_failed(status) || used + 7 + row.size_bytes > call->room_bytes) break;
    used += 7 + row.size_bytes;
    out->recipient_rows[out->row_count++] =
        (ox_open_recipient_row){.recipient_type = (uint8_t)ox_propbag_i32(
                                    &recipients[i].properties, OX_PidTagRecipientType, 1),
                                .code_page_id = (uint16_t)call->session->codepage,
                                .recipient_row = row};
  }
  return status;
}

static ox_status add_message(rs_call *call, ox_item *item, rs_object *owner, bool embedded,
                             bool read_only, rs_object **out) {
  rs_object *object = NULL;
  ox_status status = rs_object_new(call, RS_MESSAGE, owner, &object);
  if (ox_failed(status)) {
    ox_item_close(item);
    return status;
  }
  object->u.message.item = item;
  object->u.message.embedded = embedded;
  object->u.message.read_only = read_only;
  *out = object;
  return OX_OK;
}

/* CodePageId 0x0FFF is that of the logon. @spec [MS-OXCMSG] 2.2.3.1.1 */
static ox_status check_codepage(uint16_t codepage) {
  if (codepage == 0x0FFF || codepage == 0) return OX_OK;
  return ox_codepage_charset(codepage) != NULL ? OX_OK : OX_E_INVALID_CODEPAGE;
}

ox_status rs_open_message(rs_call *call) {
  const ox_open_message_request *request = &call->request->u.open_message;
  ox_status status = rs_session_check_limit(call->session, RS_MESSAGE);
  if (!ox_failed(status)) status = check_codepage(request->code_page_id);
  if (ox_failed(status)) return status;
  if (request->message_id == 0) return OX_E_NOT_FOUND;
  ox_item *item = NULL;
  uint32_t mode = request->open_mode_flags & (OX_OPEN_BEST_ACCESS | OX_OPEN_SOFT_DELETED);
  status = ox_item_open(rs_object_mailbox(call->object), request->folder_id, request->message_id,
                        mode, &item, call->err);
  if (ox_failed(status)) return status;
  rs_object *message = NULL;
  status = add_message(call, item, call->logon, false,
                       (mode & OX_OPEN_BEST_ACCESS) == OX_OPEN_READ_ONLY, &message);
  if (ox_failed(status)) return status;
  rs_summary summary;
  status = rs_message_summary(call, message, &summary);
  if (ox_failed(status)) {
    rs_object_discard(call->session, message);
    return status;
  }
  RS_PUT_SUMMARY(&call->response->u.open_message, &summary);
  call->created = message;
  return OX_OK;
}

ox_status rs_create_message(rs_call *call) {
  const ox_create_message_request *request = &call->request->u.create_message;
  ox_status status = rs_session_check_limit(call->session, RS_MESSAGE);
  if (!ox_failed(status)) status = check_codepage(request->code_page_id);
  if (ox_failed(status)) return status;
  if (request->folder_id == 0) return OX_E_NOT_FOUND;
  ox_folder *folder = NULL;
  status =
      ox_folder_open(rs_object_mailbox(call->object), request->folder_id, 0, &folder, call->err);
  if (ox_failed(status)) return status;
  ox_item *item = NULL;
  uint32_t codepage = request->code_page_id == 0x0FFF ? 0 : request->code_page_id;
  status = ox_item_create(folder, request->associated_flag, codepage, &item, call->err);
  ox_folder_close(folder);
  if (ox_failed(status)) return status;
  return add_message(call, item, call->logon, false, false, &call->created);
}

ox_status rs_save_changes_message(rs_call *call) {
  const ox_save_changes_message_request *request = &call->request->u.save_changes_message;
  ox_save_changes_message_response *response = &call->response->u.save_changes_message;
  rs_object *message = call->object;
  ox_id id = 0;
  uint32_t flags = request->save_flags &
                   (OX_SAVE_KEEP_OPEN_READ_ONLY | OX_SAVE_KEEP_OPEN_READ_WRITE | OX_SAVE_FORCE);
  ox_status status = ox_item_save(message->u.message.item, flags, &id, call->err);
  /* Opened or saved as read-only: ecError ([MS-OXCMSG] 3.2.5.3). */
  if (status == OX_E_ACCESS_DENIED && message->u.message.read_only) return OX_E_CALL_FAILED;
  if (ox_failed(status)) return status;
  if ((flags & (OX_SAVE_KEEP_OPEN_READ_WRITE | OX_SAVE_FORCE)) == 0)
    message->u.message.read_only = true;
  response->input_handle_index = request->input_handle_index;
  response->message_id = id;
  return OX_OK;
}

ox_status rs_remove_all_recipients(rs_call *call) {
  return ox_item_remove_recipients(call->object->u.message.item, call->err);
}

/* One ModifyRecipientRow as a change of the mailbox API. */
static ox_status read_change(rs_call *call, const ox_modify_recipients_request *request,
                             const ox_modify_recipient_row *row, ox_propbag *bag,
                             ox_recipient_change *out) {
  out->row_id = row->row_id;
  out->properties = NULL;
  if (row->recipient_row.size_bytes == 0) return OX_OK;
  ox_reader r;
  ox_reader_init(&r, row->recipient_row.data, row->recipient_row.size_bytes);
  ox_recipient_row decoded;
  ox_status status = ox_recipient_row_decode(&r, call->scratch, request->recipient_columns,
                                             request->column_count, &decoded);
  if (ox_failed(status)) return status == OX_E_NO_MEMORY ? status : OX_E_RPC_FORMAT;
  ox_propbag_init(bag, call->scratch);
  uint32_t codepage =
      call->session->codepage != 0 ? call->session->codepage : OX_CODEPAGE_WINDOWS_1252;
  status = ox_recipient_row_to_bag(&decoded, codepage, bag);
  if (!ox_failed(status))
    status = ox_propbag_set_i32(bag, OX_PidTagRecipientType, row->recipient_type);
  if (!ox_failed(status)) status = ox_propbag_set_i32(bag, OX_PidTagRowid, (int32_t)row->row_id);
  out->properties = bag;
  return status;
}

ox_status rs_modify_recipients(rs_call *call) {
  const ox_modify_recipients_request *request = &call->request->u.modify_recipients;
  rs_object *message = call->object;
  size_t count = request->row_count;
  ox_recipient_change *changes = ox_arena_calloc(call->scratch, count, sizeof *changes);
  ox_propbag *bags = ox_arena_calloc(call->scratch, count, sizeof *bags);
  if (changes == NULL || bags == NULL) return OX_E_NO_MEMORY;
  ox_status status = OX_OK;
  for (size_t i = 0; !ox_failed(status) && i < count; i++)
    status = read_change(call, request, &request->recipient_rows[i], &bags[i], &changes[i]);
  if (!ox_failed(status))
    status = ox_item_modify_recipients(message->u.message.item, changes, count, call->err);
  /* A client that was never told columns expects its own in RopReadRecipients. */
  if (!ox_failed(status) && message->u.message.recipient_columns == NULL)
    status = remember_columns(call, message, request->recipient_columns, request->column_count);
  return status;
}

ox_status rs_read_recipients(rs_call *call) {
  uint32_t first = call->request->u.read_recipients.row_id;
  ox_read_recipients_response *response = &call->response->u.read_recipients;
  rs_object *message = call->object;
  ox_recipient *recipients = NULL;
  size_t count = 0;
  ox_status status = ox_item_recipients(message->u.message.item, first, 256, call->scratch,
                                        &recipients, &count, call->err);
  if (ox_failed(status)) return status;
  if (count == 0) return OX_E_NOT_FOUND;
  uint32_t found =
      (uint32_t)ox_propbag_i32(&recipients[0].properties, OX_PidTagRowid, (int32_t)first);
  if (first != 0 && found != first) return OX_E_NOT_FOUND;
  if (message->u.message.recipient_columns == NULL) {
    ox_proptag columns[COLUMNS_MAX];
    size_t column_count = collect_columns(recipients, count, columns);
    status = remember_columns(call, message, columns, column_count);
    if (ox_failed(status)) return status;
  }
  size_t most = count > UINT8_MAX ? UINT8_MAX : count, used = 7;
  response->recipient_rows = ox_arena_calloc(call->scratch, most, sizeof *response->recipient_rows);
  if (response->recipient_rows == NULL) return OX_E_NO_MEMORY;
  for (size_t i = 0; i < most; i++) {
    const ox_propbag *bag = &recipients[i].properties;
    ox_bytes row = {0};
    status = encode_recipient(call, &recipients[i], message->u.message.recipient_columns,
                              message->u.message.recipient_column_count, &row);
    if (ox_failed(status)) return status;
    if (used + 11 + row.size_bytes > call->room_bytes) break;
    used += 11 + row.size_bytes;
    response->recipient_rows[response->row_count++] = (ox_read_recipient_row){
        .row_id = (uint32_t)ox_propbag_i32(bag, OX_PidTagRowid, 0),
        .recipient_type = (uint8_t)ox_propbag_i32(bag, OX_PidTagRecipientType, 1),
        .code_page_id = (uint16_t)call->session->codepage,
        .recipient_row = row};
  }
  return response->row_count > 0 ? OX_OK : OX_E_BUFFER_TOO_SMALL;
}

ox_status rs_reload_cached_information(rs_call *call) {
  rs_summary summary;
  ox_status status = rs_message_summary(call, call->object, &summary);
  if (!ox_failed(status)) RS_PUT_SUMMARY(&call->response->u.reload_cached_information, &summary);
  return status;
}

ox_status rs_set_message_status(rs_call *call) {
  const ox_set_message_status_request *request = &call->request->u.set_message_status;
  return ox_folder_set_message_status(call->object->u.folder, request->message_id,
                                      request->message_status_flags, request->message_status_mask,
                                      &call->response->u.set_message_status.message_status_flags,
                                      call->err);
}

ox_status rs_get_message_status(rs_call *call) {
  /* Its answer is a RopSetMessageStatus response ([MS-OXCROPS] 2.2.6.9.2). */
  call->response->rop_id = OX_ROP_SET_MESSAGE_STATUS;
  return ox_folder_get_message_status(
      call->object->u.folder, call->request->u.get_message_status.message_id,
      &call->response->u.set_message_status.message_status_flags, call->err);
}

ox_status rs_set_read_flags(rs_call *call) {
  const ox_set_read_flags_request *request = &call->request->u.set_read_flags;
  bool *partial = &call->response->u.set_read_flags.partial_completion;
  ox_status status = ox_folder_set_read_flags(
      call->object->u.folder, request->message_id_count != 0 ? request->message_ids : NULL,
      request->message_id_count, request->read_flags, partial, call->err);
  call->partial = *partial;
  return status;
}

ox_status rs_set_message_read_flag(rs_call *call) {
  /* ReadStatusChanged tells only of public folders; a private logon answers FALSE. */
  return ox_item_set_read_flag(call->object->u.message.item,
                               call->request->u.set_message_read_flag.read_flags, NULL, call->err);
}
