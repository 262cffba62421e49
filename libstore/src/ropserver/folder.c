/* Folder ROPs. @spec [MS-OXCFOLD] 3.2.5 */
#include "server.h"

/* A folder name in the text form that the mailbox API takes. */
static ox_status folder_name(rs_call *call, bool unicode, ox_str16 text, ox_str8 text8,
                             char **out) {
  if (unicode) {
    *out = ox_str16_utf8(call->scratch, text);
    return *out != NULL ? OX_OK : OX_E_NO_MEMORY;
  }
  uint32_t codepage =
      call->session->codepage != 0 ? call->session->codepage : OX_CODEPAGE_WINDOWS_1252;
  return ox_str8_to_utf8(call->scratch, text8, codepage, out);
}

/* A new server object for a folder of the mailbox API, which it owns from now on. */
static ox_status add_folder(rs_call *call, ox_folder *folder) {
  rs_object *object = NULL;
  ox_status status = rs_object_new(call, RS_FOLDER, call->logon, &object);
  if (ox_failed(status)) {
    ox_folder_close(folder);
    return status;
  }
  object->u.folder = folder;
  call->created = object;
  return OX_OK;
}

ox_status rs_open_folder(rs_call *call) {
  const ox_open_folder_request *request = &call->request->u.open_folder;
  ox_status status = rs_session_check_limit(call->session, RS_FOLDER);
  if (ox_failed(status)) return status;
  ox_folder *folder = NULL;
  if (request->folder_id == 0) return OX_E_NOT_FOUND;
  status = ox_folder_open(rs_object_mailbox(call->object), request->folder_id,
                          request->open_mode_flags & OX_OPEN_SOFT_DELETED, &folder, call->err);
  return ox_failed(status) ? status : add_folder(call, folder);
}

ox_status rs_create_folder(rs_call *call) {
  const ox_create_folder_request *request = &call->request->u.create_folder;
  ox_create_folder_response *response = &call->response->u.create_folder;
  if (request->folder_type != OX_FOLDER_TYPE_GENERIC &&
      request->folder_type != OX_FOLDER_TYPE_SEARCH)
    return OX_E_INVALID_PARAMETER;
  ox_status status = rs_session_check_limit(call->session, RS_FOLDER);
  char *name = NULL, *comment = NULL;
  if (!ox_failed(status))
    status = folder_name(call, request->use_unicode_strings, request->display_name,
                         request->display_name8, &name);
  if (!ox_failed(status))
    status = folder_name(call, request->use_unicode_strings, request->comment, request->comment8,
                         &comment);
  if (ox_failed(status)) return status;
  if (name[0] == 0) return OX_E_INVALID_PARAMETER;
  ox_folder_create_options options = {.struct_size = sizeof options,
                                      .type = request->folder_type,
                                      .name = name,
                                      .comment = comment[0] != 0 ? comment : NULL,
                                      .open_existing = request->open_existing};
  ox_folder *folder = NULL;
  bool existed = false;
  status = ox_folder_create(call->object->u.folder, &options, &folder, &existed, call->err);
  if (ox_failed(status)) return status;
  response->folder_id = ox_folder_id(folder);
  response->is_existing_folder = existed;
  return add_folder(call, folder);
}

ox_status rs_delete_folder(rs_call *call) {
  const ox_delete_folder_request *request = &call->request->u.delete_folder;
  const uint8_t known = OX_DELETE_FOLDER_FLAGS_DEL_MESSAGES | OX_DELETE_FOLDER_FLAGS_DEL_FOLDERS |
                        OX_DELETE_FOLDER_FLAGS_DELETE_HARD_DELETE;
  if ((request->delete_folder_flags & ~known) != 0) return OX_E_INVALID_PARAMETER;
  bool partial = false;
  ox_status status = ox_folder_delete(call->object->u.folder, request->folder_id,
                                      request->delete_folder_flags, &partial, call->err);
  /* What is in the way is success with PartialCompletion ([MS-OXCFOLD] 3.2.5.3). */
  if (status == OX_E_FOLDER_HAS_CONTENTS || status == OX_E_FOLDER_HAS_CHILDREN) {
    partial = true;
    status = OX_OK;
  }
  call->response->u.delete_folder.partial_completion = partial;
  call->partial = partial;
  return status;
}

ox_status rs_empty_folder(rs_call *call) {
  bool *partial = &call->response->u.empty_folder.partial_completion;
  ox_status status = ox_folder_empty(
      call->object->u.folder,
      call->request->u.empty_folder.want_delete_associated ? OX_EMPTY_ASSOCIATED : 0, partial,
      call->err);
  call->partial = *partial;
  return status;
}

ox_status rs_hard_delete_messages_and_subfolders(rs_call *call) {
  bool *partial = &call->response->u.hard_delete_messages_and_subfolders.partial_completion;
  bool associated = call->request->u.hard_delete_messages_and_subfolders.want_delete_associated;
  ox_status status =
      ox_folder_empty(call->object->u.folder,
                      OX_EMPTY_HARD | (associated ? OX_EMPTY_ASSOCIATED : 0), partial, call->err);
  call->partial = *partial;
  return status;
}

/* The destination of a copy or move: a folder of the same logon. */
static ox_status find_destination(rs_call *call, uint8_t index, ox_folder **out) {
  rs_object *object = NULL;
  if (index >= call->handle_count ||
      ox_failed(
          rs_session_lookup(call->session, call->handles[index], call->logon->logon_id, &object)))
    return OX_E_NULL_DESTINATION;
  if (object->kind != RS_FOLDER) return OX_E_NO_SUPPORT;
  *out = object->u.folder;
  return OX_OK;
}

ox_status rs_move_folder(rs_call *call) {
  const ox_move_folder_request *request = &call->request->u.move_folder;
  ox_folder *destination = NULL;
  char *name = NULL;
  bool *partial = &call->response->u.move_folder.partial_completion;
  ox_status status = find_destination(call, request->dest_handle_index, &destination);
  if (!ox_failed(status))
    status = folder_name(call, request->use_unicode, request->new_folder_name,
                         request->new_folder_name8, &name);
  if (!ox_failed(status))
    status = ox_folder_move(call->object->u.folder, request->folder_id, destination,
                            name[0] != 0 ? name : NULL, partial, call->err);
  call->partial = *partial;
  return status;
}

ox_status rs_copy_folder(rs_call *call) {
  const ox_copy_folder_request *request = &call->request->u.copy_folder;
  ox_folder *destination = NULL;
  char *name = NULL;
  bool *partial = &call->response->u.copy_folder.partial_completion;
  ox_status status = find_destination(call, request->dest_handle_index, &destination);
  if (!ox_failed(status))
    status = folder_name(call, request->use_unicode, request->new_folder_name,
                         request->new_folder_name8, &name);
  if (!ox_failed(status))
    status =
        ox_folder_copy(call->object->u.folder, request->folder_id, destination,
                       name[0] != 0 ? name : NULL, request->want_recursive, partial, call->err);
  call->partial = *partial;
  return status;
}

ox_status rs_move_copy_messages(rs_call *call) {
  const ox_move_copy_messages_request *request = &call->request->u.move_copy_messages;
  ox_folder *destination = NULL;
  bool *partial = &call->response->u.move_copy_messages.partial_completion;
  ox_status status = find_destination(call, request->dest_handle_index, &destination);
  if (!ox_failed(status))
    status = ox_folder_move_messages(call->object->u.folder, destination, request->message_ids,
                                     request->message_id_count, request->want_copy, NULL, partial,
                                     call->err);
  call->partial = *partial;
  return status;
}

ox_status rs_delete_messages(rs_call *call) {
  const ox_delete_messages_request *request = &call->request->u.delete_messages;
  bool *partial = &call->response->u.delete_messages.partial_completion;
  ox_status status = ox_folder_delete_messages(
      call->object->u.folder, request->message_ids, request->message_id_count,
      request->notify_non_read ? OX_DELETE_MESSAGES_NOTIFY_NON_READ : 0, partial, call->err);
  call->partial = *partial;
  return status;
}

ox_status rs_hard_delete_messages(rs_call *call) {
  const ox_hard_delete_messages_request *request = &call->request->u.hard_delete_messages;
  bool *partial = &call->response->u.hard_delete_messages.partial_completion;
  ox_status status = ox_folder_delete_messages(
      call->object->u.folder, request->message_ids, request->message_id_count,
      OX_DELETE_MESSAGES_HARD | (request->notify_non_read ? OX_DELETE_MESSAGES_NOTIFY_NON_READ : 0),
      partial, call->err);
  call->partial = *partial;
  return status;
}

static ox_status add_table(rs_call *call, ox_table *table, uint32_t shows, uint32_t flags) {
  rs_object *object = NULL;
  ox_status status = rs_object_new(call, RS_TABLE, call->logon, &object);
  if (ox_failed(status)) {
    ox_table_close(table);
    return status;
  }
  object->u.table.table = table;
  object->u.table.shows = shows;
  object->u.table.flags = flags;
  call->created = object;
  return OX_OK;
}

ox_status rs_get_hierarchy_table(rs_call *call) {
  uint8_t flags = call->request->u.get_hierarchy_table.table_flags;
  const uint8_t known = OX_TABLE_DEPTH | OX_TABLE_DEFERRED_ERRORS | OX_TABLE_NO_NOTIFICATIONS |
                        OX_TABLE_SOFT_DELETES | OX_TABLE_USE_UNICODE |
                        OX_TABLE_SUPPRESSES_NOTIFICATIONS;
  if ((flags & ~known) != 0) return OX_E_NO_SUPPORT;
  ox_table *table = NULL;
  ox_status status =
      ox_folder_hierarchy(call->object->u.folder, flags, &table,
                          &call->response->u.get_hierarchy_table.row_count, call->err);
  return ox_failed(status) ? status : add_table(call, table, RS_TABLE_HIERARCHY, flags);
}

ox_status rs_get_contents_table(rs_call *call) {
  uint8_t flags = call->request->u.get_contents_table.table_flags;
  const uint8_t known = OX_TABLE_ASSOCIATED | OX_TABLE_DEFERRED_ERRORS | OX_TABLE_NO_NOTIFICATIONS |
                        OX_TABLE_SOFT_DELETES | OX_TABLE_USE_UNICODE |
                        OX_CONTENTS_TABLE_FLAGS_CONVERSATION_MEMBERS;
  if ((flags & ~known) != 0) return OX_E_INVALID_PARAMETER;
  if ((flags & OX_CONTENTS_TABLE_FLAGS_CONVERSATION_MEMBERS) != 0) return OX_E_NO_SUPPORT;
  ox_table *table = NULL;
  ox_status status = ox_folder_contents(call->object->u.folder, flags, &table,
                                        &call->response->u.get_contents_table.row_count, call->err);
  return ox_failed(status) ? status : add_table(call, table, RS_TABLE_CONTENTS, flags);
}
