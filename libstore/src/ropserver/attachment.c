/* Attachment ROPs. @spec [MS-OXCMSG] 3.2.5.12 to 3.2.5.18 */
#include "server.h"

static ox_status add_attachment(rs_call *call, ox_item_attachment *attachment, bool read_only) {
  rs_object *object = NULL;
  ox_status status = rs_object_new(call, RS_ATTACHMENT, call->object, &object);
  if (ox_failed(status)) {
    ox_attachment_close(attachment);
    return status;
  }
  object->u.attachment.attachment = attachment;
  object->u.attachment.read_only = read_only;
  call->created = object;
  return OX_OK;
}

ox_status rs_open_attachment(rs_call *call) {
  const ox_open_attachment_request *request = &call->request->u.open_attachment;
  ox_status status = rs_session_check_limit(call->session, RS_ATTACHMENT);
  if (ox_failed(status)) return status;
  uint32_t mode = request->open_attachment_flags & OX_OPEN_BEST_ACCESS;
  ox_item_attachment *attachment = NULL;
  status = ox_attachment_open(call->object->u.message.item, request->attachment_id, mode,
                              &attachment, call->err);
  return ox_failed(status) ? status : add_attachment(call, attachment, mode == OX_OPEN_READ_ONLY);
}

ox_status rs_create_attachment(rs_call *call) {
  ox_status status = rs_session_check_limit(call->session, RS_ATTACHMENT);
  if (ox_failed(status)) return status;
  ox_item_attachment *attachment = NULL;
  status = ox_attachment_create(call->object->u.message.item, &attachment,
                                &call->response->u.create_attachment.attachment_id, call->err);
  if (status == OX_E_LIMIT) return OX_E_MAX_ATTACHMENTS;
  return ox_failed(status) ? status : add_attachment(call, attachment, false);
}

ox_status rs_delete_attachment(rs_call *call) {
  return ox_attachment_delete(call->object->u.message.item,
                              call->request->u.delete_attachment.attachment_id, call->err);
}

ox_status rs_save_changes_attachment(rs_call *call) {
  uint8_t flags = call->request->u.save_changes_attachment.save_flags;
  const uint8_t both = OX_SAVE_KEEP_OPEN_READ_ONLY | OX_SAVE_KEEP_OPEN_READ_WRITE;
  if ((flags & both) == both) return OX_E_NO_SUPPORT;
  return ox_attachment_save(call->object->u.attachment.attachment, flags & (both | OX_SAVE_FORCE),
                            call->err);
}

ox_status rs_open_embedded_message(rs_call *call) {
  const ox_open_embedded_message_request *request = &call->request->u.open_embedded_message;
  ox_open_embedded_message_response *response = &call->response->u.open_embedded_message;
  ox_status status = rs_session_check_limit(call->session, RS_MESSAGE);
  if (ox_failed(status)) return status;
  if (request->code_page_id != 0x0FFF && request->code_page_id != 0 &&
      ox_codepage_charset(request->code_page_id) == NULL)
    return OX_E_INVALID_CODEPAGE;
  uint32_t mode = request->open_mode_flags & (OX_OPEN_READ_WRITE | OX_OPEN_CREATE);
  ox_item *item = NULL;
  status =
      ox_attachment_open_embedded(call->object->u.attachment.attachment, mode, &item, call->err);
  if (ox_failed(status)) return status;
  rs_object *message = NULL;
  status = rs_object_new(call, RS_MESSAGE, call->object, &message);
  if (ox_failed(status)) {
    ox_item_close(item);
    return status;
  }
  message->u.message.item = item;
  message->u.message.embedded = true;
  message->u.message.read_only = mode == OX_OPEN_READ_ONLY;
  rs_summary summary;
  status = rs_message_summary(call, message, &summary);
  if (ox_failed(status)) {
    rs_object_discard(call->session, message);
    return status;
  }
  RS_PUT_SUMMARY(response, &summary);
  response->message_id = ox_item_id(item);
  call->created = message;
  return OX_OK;
}

ox_status rs_get_attachment_table(rs_call *call) {
  uint8_t flags = call->request->u.get_attachment_table.table_flags;
  ox_table *table = NULL;
  ox_status status = ox_item_attachments(call->object->u.message.item, flags & OX_TABLE_USE_UNICODE,
                                         &table, call->err);
  if (ox_failed(status)) return status;
  rs_object *object = NULL;
  status = rs_object_new(call, RS_TABLE, call->object, &object);
  if (ox_failed(status)) {
    ox_table_close(table);
    return status;
  }
  object->u.table.table = table;
  object->u.table.shows = RS_TABLE_ATTACHMENTS;
  object->u.table.flags = OX_TABLE_NO_NOTIFICATIONS;
  call->created = object;
  return OX_OK;
}

ox_status rs_get_valid_attachments(rs_call *call) {
  ox_get_valid_attachments_response *response = &call->response->u.get_valid_attachments;
  uint32_t *numbers = NULL;
  size_t count = 0;
  ox_status status = ox_item_attachment_numbers(call->object->u.message.item, call->scratch,
                                                &numbers, &count, call->err);
  response->attachment_id_array = numbers;
  response->attachment_id_count = (uint32_t)count;
  return status;
}
