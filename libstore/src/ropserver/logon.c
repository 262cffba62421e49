/* Logon and store ROPs. @spec [MS-OXCSTOR] 3.2.5 */
#include <string.h>
#include <time.h>

#include <oxkit/ropcodec/rows.h>

#include "server.h"

#define LOGON_FLAGS_KNOWN \
  (OX_LOGON_FLAGS_PRIVATE | OX_LOGON_FLAGS_UNDERCOVER | OX_LOGON_FLAGS_GHOSTED)
#define OPEN_FLAGS_KNOWN                                                                           \
  (OX_OPEN_FLAGS_USE_ADMIN_PRIVILEGE | OX_OPEN_FLAGS_PUBLIC | OX_OPEN_FLAGS_HOME_LOGON |           \
   OX_OPEN_FLAGS_TAKE_OWNERSHIP | OX_OPEN_FLAGS_ALTERNATE_SERVER | OX_OPEN_FLAGS_IGNORE_HOME_MDB | \
   OX_OPEN_FLAGS_NO_MAIL | OX_OPEN_FLAGS_USE_PER_MDB_REPLID_MAPPING |                              \
   OX_OPEN_FLAGS_SUPPORT_PROGRESS)

/* More than five attempts in ten seconds at a mailbox that lives elsewhere are ecServerPaused. */
#define REDIRECT_WINDOW_MS 10000u

static bool paused(rs_session *session) {
  uint64_t now = rs_now_ms();
  uint64_t *times = session->redirects_ms;
  bool full =
      times[RS_REDIRECTS_MAX - 1] != 0 && now - times[RS_REDIRECTS_MAX - 1] < REDIRECT_WINDOW_MS;
  memmove(times + 1, times, (RS_REDIRECTS_MAX - 1) * sizeof *times);
  times[0] = now;
  return full;
}

/* Finds the mailbox that the request names and checks that the caller may have it. */
static ox_status find_mailbox(rs_call *call, ox_principal *out) {
  rs_session *session = call->session;
  ox_str8 essdn = call->request->u.logon.essdn;
  const char *name = ox_arena_copy(call->arena, essdn.data, essdn.size_bytes);
  if (name == NULL) return OX_E_NO_MEMORY;
  ox_principals *principals = call->server->principals;
  ox_status status = principals->find(principals, name, call->arena, out, call->err);
  if (status == OX_E_NOT_FOUND) return OX_E_UNKNOWN_USER;
  if (ox_failed(status)) return OX_E_LOGON_FAILED;
  if (out->home_server != NULL && out->home_server[0] != 0 && call->server->server_name != NULL &&
      !ox_ascii_equal(out->home_server, call->server->server_name)) {
    if (paused(session)) return OX_E_SERVER_PAUSED;
    call->redirect = true;
    call->redirect_server = out->home_server;
    return OX_E_WRONG_SERVER;
  }
  if (ox_guid_is_null(&out->mailbox_guid)) return OX_E_UNKNOWN_USER;
  return OX_OK;
}

/* Opens the mailbox; the owner's first logon makes it. @spec [MS-OXCSTOR] 3.2.5.1.1 */
static ox_status open_mailbox(rs_call *call, const ox_principal *principal, ox_mailbox **out) {
  rs_server *server = call->server;
  rs_session *session = call->session;
  bool owner = ox_guid_equal(&principal->mailbox_guid, &session->principal_mailbox_guid);
  ox_mailbox_open_options options = OX_MAILBOX_OPEN_OPTIONS_INIT;
  options.mailbox_guid = principal->mailbox_guid;
  options.user = session->user;
  options.codepage = session->codepage;
  options.lcid = session->lcid;
  options.outbound = server->outbound;
  options.principals = server->principals;
  ox_status status = ox_mailbox_open_local(server->store, &options, out, call->err);
  if (status == OX_E_NOT_FOUND) {
    if (!owner) return OX_E_LOGIN_PERMISSION;
    ox_mailbox_create_options create = {.struct_size = sizeof create,
                                        .mailbox_guid = principal->mailbox_guid,
                                        .display_name = principal->display_name,
                                        .smtp_address = principal->smtp_address,
                                        .legacy_dn = principal->legacy_dn};
    status = ox_store_create_mailbox(server->store, &create, NULL, call->err);
    if (status == OX_E_COLLISION || !ox_failed(status))
      status = ox_mailbox_open_local(server->store, &options, out, call->err);
  }
  if (ox_failed(status)) return status == OX_E_ACCESS_DENIED ? status : OX_E_LOGON_FAILED;
  if (owner) return OX_OK;
  ox_mailbox_close(*out);
  return OX_E_ACCESS_DENIED;
}

static void fill_time(ox_logon_time *out) {
  time_t now = time(NULL);
  struct tm parts;
  gmtime_r(&now, &parts);
  out->seconds = (uint8_t)parts.tm_sec;
  out->minutes = (uint8_t)parts.tm_min;
  out->hour = (uint8_t)parts.tm_hour;
  out->day_of_week = (uint8_t)parts.tm_wday;
  out->day = (uint8_t)parts.tm_mday;
  out->month = (uint8_t)(parts.tm_mon + 1);
  out->year = (uint16_t)(parts.tm_year + 1900);
}

static ox_status fill_response(rs_call *call, ox_mailbox *mailbox) {
  ox_logon_response *response = &call->response->u.logon;
  ox_mailbox_info info = OX_MAILBOX_INFO_INIT;
  ox_status status = ox_mailbox_get_info(mailbox, &info, call->err);
  if (ox_failed(status)) return OX_E_LOGON_FAILED;
  response->logon_flags = call->request->u.logon.logon_flags & LOGON_FLAGS_KNOWN;
  memcpy(response->folder_ids, info.special_folders, sizeof response->folder_ids);
  response->response_flags = info.response_flags;
  response->mailbox_guid = info.mailbox_guid;
  response->repl_id = info.replid;
  response->repl_guid = info.replguid;
  fill_time(&response->logon_time);
  return OX_OK;
}

ox_status rs_logon(rs_call *call) {
  const ox_logon_request *request = &call->request->u.logon;
  rs_session *session = call->session;
  if ((request->logon_flags & ~LOGON_FLAGS_KNOWN) != 0 ||
      (request->open_flags & ~(uint32_t)OPEN_FLAGS_KNOWN) != 0)
    return OX_E_CALL_FAILED;
  /* There are no public folders here, so no server that has them can be named. */
  if ((request->logon_flags & OX_LOGON_FLAGS_PRIVATE) == 0) return OX_E_LOGON_FAILED;
  if (session->codepage != 0 && ox_codepage_charset(session->codepage) == NULL)
    return OX_E_INVALID_CODEPAGE;
  ox_principal principal;
  ox_status status = find_mailbox(call, &principal);
  if (ox_failed(status)) return status;
  ox_mailbox *mailbox = NULL;
  status = open_mailbox(call, &principal, &mailbox);
  if (ox_failed(status)) return status;
  rs_object *object = NULL;
  status = fill_response(call, mailbox);
  if (!ox_failed(status)) status = rs_object_new(call, RS_LOGON, NULL, &object);
  if (ox_failed(status)) {
    ox_mailbox_close(mailbox);
    return status;
  }
  object->u.logon.mailbox = mailbox;
  object->u.logon.mailbox_guid = principal.mailbox_guid;
  object->u.logon.open_flags = request->open_flags;
  /* Waits are completed when the engine says so; an engine that cannot is looked at by executes. */
  status = ox_mailbox_set_wakeup(mailbox, rs_session_wakeup, session, call->err);
  if (ox_failed(status) && status != OX_E_NO_SUPPORT) {
    rs_object_discard(session, object);
    return OX_E_LOGON_FAILED;
  }
  /* An active LogonId is replaced ([MS-OXCROPS] 3.1.4.2). */
  rs_object *previous = session->logons[request->logon_id];
  if (previous != NULL) rs_session_release(session, previous);
  call->created = object;
  return OX_OK;
}

/* MessageClass: printable ASCII of at most 255 bytes with its 0, no dot at either end, no two
 * dots in a row. @spec [MS-OXCSTOR] 2.2.1.2.1 */
static bool class_is_valid(ox_str8 text) {
  if (text.size_bytes > 254) return false;
  for (size_t i = 0; i < text.size_bytes; i++) {
    unsigned char c = (unsigned char)text.data[i];
    if (c < 0x20 || c > 0x7E) return false;
    bool at_end = i == 0 || i + 1 == text.size_bytes;
    if (c == '.' && (at_end || text.data[i + 1] == '.')) return false;
  }
  return true;
}

static const char *terminated(rs_call *call, ox_str8 text) {
  return ox_arena_copy(call->scratch, text.data, text.size_bytes);
}

ox_status rs_get_receive_folder(rs_call *call) {
  ox_str8 message_class = call->request->u.get_receive_folder.message_class;
  if (!class_is_valid(message_class)) return OX_E_INVALID_PARAMETER;
  const char *name = terminated(call, message_class), *matched = "";
  if (name == NULL) return OX_E_NO_MEMORY;
  ox_get_receive_folder_response *response = &call->response->u.get_receive_folder;
  ox_status status =
      ox_mailbox_get_receive_folder(rs_object_mailbox(call->object), name, call->scratch,
                                    &response->folder_id, &matched, call->err);
  response->explicit_message_class = ox_str8_from(matched);
  return status;
}

ox_status rs_set_receive_folder(rs_call *call) {
  const ox_set_receive_folder_request *request = &call->request->u.set_receive_folder;
  if (!class_is_valid(request->message_class)) return OX_E_INVALID_PARAMETER;
  const char *name = terminated(call, request->message_class);
  if (name == NULL) return OX_E_NO_MEMORY;
  return ox_mailbox_set_receive_folder(rs_object_mailbox(call->object), name, request->folder_id,
                                       call->err);
}

ox_status rs_get_receive_folder_table(rs_call *call) {
  ox_receive_folder *rows = NULL;
  size_t count = 0;
  ox_status status = ox_mailbox_receive_folders(rs_object_mailbox(call->object), call->scratch,
                                                &rows, &count, call->err);
  if (ox_failed(status)) return status;
  if (count == 0) return OX_E_NO_RECEIVE_FOLDER;
  ox_writer w;
  ox_writer_init(&w, call->server->allocator, 0x10000);
  for (size_t i = 0; i < count; i++) {
    ox_property row[OX_RECEIVE_FOLDER_COLUMN_COUNT] = {
        {.tag = ox_receive_folder_columns[0], .value.i64 = (int64_t)rows[i].folder_id},
        {.tag = ox_receive_folder_columns[1], .value.string8 = ox_str8_from(rows[i].message_class)},
        {.tag = ox_receive_folder_columns[2], .value.time = rows[i].last_modification}};
    ox_property_row_encode(&w, ox_receive_folder_columns, OX_RECEIVE_FOLDER_COLUMN_COUNT,
                           OX_COUNT_16, row);
  }
  ox_bytes bytes = ox_writer_bytes(&w);
  ox_get_receive_folder_table_response *response = &call->response->u.get_receive_folder_table;
  response->row_count = (uint32_t)count;
  response->rows.data = ox_arena_copy(call->scratch, bytes.data, bytes.size_bytes);
  response->rows.size_bytes = bytes.size_bytes;
  status = ox_writer_status(&w);
  if (response->rows.data == NULL) status = OX_E_NO_MEMORY;
  ox_writer_dispose(&w);
  return status;
}

ox_status rs_get_store_state(rs_call *call) {
  (void)call; /* [MS-OXCSTOR] 3.2.5.5: servers should not implement it */
  return OX_E_NOT_IMPLEMENTED;
}

ox_status rs_get_owning_servers(rs_call *call) {
  (void)call; /* on a private mailbox the server may fail it: nothing here has replicas */
  return OX_E_NO_REPLICA_AVAILABLE;
}

ox_status rs_public_folder_is_ghosted(rs_call *call) {
  call->response->u.public_folder_is_ghosted.is_ghosted = false;
  return OX_OK;
}

ox_status rs_long_term_id_from_id(rs_call *call) {
  return ox_mailbox_long_term_id(rs_object_mailbox(call->object),
                                 call->request->u.long_term_id_from_id.object_id,
                                 &call->response->u.long_term_id_from_id.long_term_id, call->err);
}

ox_status rs_id_from_long_term_id(rs_call *call) {
  const ox_long_term_id *id = &call->request->u.id_from_long_term_id.long_term_id;
  static const uint8_t zero[6];
  if (ox_guid_is_null(&id->database_guid) || memcmp(id->global_counter, zero, sizeof zero) == 0)
    return OX_E_INVALID_PARAMETER;
  return ox_mailbox_id_from_long_term(rs_object_mailbox(call->object), id,
                                      &call->response->u.id_from_long_term_id.object_id, call->err);
}

ox_status rs_get_local_replica_ids(rs_call *call) {
  ox_get_local_replica_ids_response *response = &call->response->u.get_local_replica_ids;
  return ox_mailbox_reserve_ids(rs_object_mailbox(call->object),
                                call->request->u.get_local_replica_ids.id_count,
                                &response->repl_guid, response->global_count, call->err);
}
