/* Transport ROPs. @spec [MS-OXOMSG] 3.3.5 */
#include "server.h"

ox_status rs_submit_message(rs_call *call) {
  uint8_t flags = call->request->u.submit_message.submit_flags;
  return ox_item_submit(call->object->u.message.item,
                        flags & (OX_SUBMIT_PREPROCESS | OX_SUBMIT_NEEDS_SPOOLER), call->err);
}

ox_status rs_abort_submit(rs_call *call) {
  const ox_abort_submit_request *request = &call->request->u.abort_submit;
  return ox_mailbox_abort_submit(rs_object_mailbox(call->object), request->folder_id,
                                 request->message_id, call->err);
}

ox_status rs_transport_send(rs_call *call) {
  call->response->u.transport_send.no_properties_returned = true;
  return ox_item_submit(call->object->u.message.item, 0, call->err);
}

ox_status rs_get_address_types(rs_call *call) {
  static const char *const types[] = {"EX", "SMTP"};
  ox_get_address_types_response *response = &call->response->u.get_address_types;
  size_t count = sizeof types / sizeof types[0];
  response->address_types = ox_arena_calloc(call->scratch, count, sizeof *response->address_types);
  if (response->address_types == NULL) return OX_E_NO_MEMORY;
  for (size_t i = 0; i < count; i++) response->address_types[i] = ox_str8_from(types[i]);
  response->address_type_count = (uint16_t)count;
  return OX_OK;
}

ox_status rs_options_data(rs_call *call) {
  /* No address type has options or help. */
  call->response->u.options_data.reserved = 1;
  return OX_OK;
}

ox_status rs_get_transport_folder(rs_call *call) {
  return ox_mailbox_special_folder(rs_object_mailbox(call->object), OX_SPECIAL_OUTBOX,
                                   &call->response->u.get_transport_folder.folder_id, call->err);
}

ox_status rs_set_spooler(rs_call *call) {
  (void)call; /* the server sends by itself; a client may say that it would */
  return OX_OK;
}
