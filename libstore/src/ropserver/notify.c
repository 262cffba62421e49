/* Notifications: subscriptions, and events as RopNotify responses. @spec [MS-OXCNOTIF] 3.1 */
#include <string.h>

#include "server.h"

/** Events that a mailbox subscription can ask for; table events come with the tables. */
#define MAILBOX_EVENTS                                                                            \
  (OX_EVENT_NEW_MAIL | OX_EVENT_CREATED | OX_EVENT_DELETED | OX_EVENT_MODIFIED | OX_EVENT_MOVED | \
   OX_EVENT_COPIED | OX_EVENT_SEARCH_COMPLETE)

/** RopId, SessionIndex. */
#define PENDING_BYTES 3u
/** A notification that could fit into no buffer is dropped. */
#define NOTIFICATION_MAX_BYTES 0x7000u

ox_status rs_register_notification(rs_call *call) {
  const ox_register_notification_request *request = &call->request->u.register_notification;
  uint16_t types = request->notification_types;
  if ((types & (MAILBOX_EVENTS | OX_EVENT_TABLE_MODIFIED)) == 0) return OX_E_INVALID_PARAMETER;
  if (!request->want_whole_store && request->folder_id == 0) return OX_E_INVALID_PARAMETER;
  ox_status status = rs_session_check_limit(call->session, RS_SUBSCRIPTION);
  ox_subscription *subscription = NULL;
  if (!ox_failed(status) && (types & MAILBOX_EVENTS) != 0)
    status = ox_mailbox_subscribe(rs_object_mailbox(call->object), types & MAILBOX_EVENTS,
                                  request->want_whole_store ? 0 : request->folder_id,
                                  request->want_whole_store ? 0 : request->message_id,
                                  &subscription, call->err);
  rs_object *object = NULL;
  if (!ox_failed(status)) status = rs_object_new(call, RS_SUBSCRIPTION, call->logon, &object);
  if (ox_failed(status)) {
    ox_subscription_close(subscription);
    return status;
  }
  object->u.subscription = subscription;
  call->created = object;
  return OX_OK;
}

void rs_table_view(rs_object *table) {
  if (table->u.table.subscription != NULL || table->u.table.shows == RS_TABLE_ATTACHMENTS ||
      (table->u.table.flags & OX_TABLE_NO_NOTIFICATIONS) != 0)
    return;
  /* A table without notifications is still a table. */
  ox_subscription *subscription = NULL;
  if (!ox_failed(ox_table_subscribe(table->u.table.table, &subscription, NULL)))
    table->u.table.subscription = subscription;
}

static const rs_object *find_subscriber(const rs_session *session,
                                        const ox_subscription *subscription) {
  for (size_t i = 0; i < session->object_count; i++) {
    const rs_object *object = session->objects[i];
    if (object->kind == RS_SUBSCRIPTION && object->u.subscription == subscription) return object;
    if (object->kind == RS_TABLE && object->u.table.subscription == subscription) return object;
  }
  return NULL;
}

static ox_status table_event(const rs_object *object, const ox_event *event, ox_writer *row,
                             ox_notification_data *out) {
  bool contents = object->u.table.shows == RS_TABLE_CONTENTS;
  if (contents) out->notification_flags |= OX_NOTIFICATION_FLAGS_MESSAGE;
  out->table_event_type = event->table_event;
  out->table_row_folder_id = event->folder_id;
  out->table_row_message_id = event->message_id;
  out->insert_after_table_row_folder_id = event->after_folder_id;
  out->insert_after_table_row_id = event->after_message_id;
  if (event->table_event != OX_TABLE_ROW_ADDED && event->table_event != OX_TABLE_ROW_MODIFIED)
    return OX_OK;
  size_t column_count = 0;
  const ox_proptag *columns = ox_table_columns(object->u.table.table, &column_count);
  if (event->row == NULL || event->row_count != column_count) {
    out->table_event_type = OX_TABLE_CHANGED; /* the columns changed meanwhile */
    return OX_OK;
  }
  ox_property_row_encode(row, columns, column_count, OX_COUNT_16, event->row);
  out->table_row_data = ox_writer_bytes(row);
  return ox_writer_status(row);
}

static ox_status object_event(const ox_event *event, ox_arena *arena, ox_notification_data *out) {
  if (event->is_message) out->notification_flags |= OX_NOTIFICATION_FLAGS_MESSAGE;
  out->folder_id = event->folder_id;
  out->message_id = event->message_id;
  out->parent_folder_id = event->parent_folder_id;
  out->old_folder_id = event->old_folder_id;
  out->old_message_id = event->old_message_id;
  out->old_parent_folder_id = event->old_parent_folder_id;
  if (event->type == OX_EVENT_CREATED && event->tag_count <= 0xFFFE) {
    out->tag_count = (uint16_t)event->tag_count;
    out->tags = (ox_proptag *)event->tags;
  }
  if (event->type == OX_EVENT_MODIFIED && event->total_count >= 0) {
    out->notification_flags |= OX_NOTIFICATION_FLAGS_TOTAL_COUNT;
    out->total_message_count = (uint32_t)event->total_count;
  }
  if (event->type == OX_EVENT_MODIFIED && event->unread_count >= 0) {
    out->notification_flags |= OX_NOTIFICATION_FLAGS_UNREAD_COUNT;
    out->unread_message_count = (uint32_t)event->unread_count;
  }
  if (event->type != OX_EVENT_NEW_MAIL) return OX_OK;
  out->message_flags = event->message_flags;
  out->unicode_flag = true;
  return ox_str16_from_utf8(arena,
                            ox_str8_from(event->message_class != NULL ? event->message_class : ""),
                            &out->message_class);
}

/* The event as a RopNotify response in session->held. */
static ox_status hold_event(rs_session *session, const rs_object *object, const ox_event *event,
                            ox_arena *arena) {
  ox_rop_response response = {.rop_id = OX_ROP_NOTIFY};
  ox_notification_data *data = &response.u.notify.notification_data;
  response.u.notify.notification_handle = object->handle;
  response.u.notify.logon_id = object->logon_id;
  data->notification_flags = event->type;
  ox_writer row, w;
  ox_writer_init(&row, session->server->allocator, NOTIFICATION_MAX_BYTES);
  ox_writer_init(&w, session->server->allocator, NOTIFICATION_MAX_BYTES);
  ox_status status = event->type == OX_EVENT_TABLE_MODIFIED ? table_event(object, event, &row, data)
                                                            : object_event(event, arena, data);
  if (!ox_failed(status)) {
    ox_rop_response_encode(&w, &response);
    status = ox_writer_status(&w);
  }
  if (!ox_failed(status)) {
    session->held = ox_writer_take(&w, &session->held_bytes);
    if (session->held == NULL) status = OX_E_NO_MEMORY;
  }
  ox_writer_dispose(&row);
  ox_writer_dispose(&w);
  return status;
}

/* Fetches the next event of any logon; false when there is none. */
static bool next(rs_session *session, ox_arena *arena) {
  size_t logons = session->kind_counts[0];
  for (size_t i = 0; i < session->object_count && logons > 0; i++) {
    const rs_object *logon = session->objects[i];
    if (logon->kind != RS_LOGON) continue;
    logons--;
    ox_event event;
    ox_arena_reset(arena);
    while (!ox_failed(ox_mailbox_next_event(logon->u.logon.mailbox, arena, &event, NULL))) {
      const rs_object *object = find_subscriber(session, event.subscription);
      if (object != NULL && !ox_failed(hold_event(session, object, &event, arena))) return true;
      ox_arena_reset(arena);
    }
  }
  return false;
}

bool rs_session_pending(rs_session *session) {
  if (session->held != NULL) return true;
  ox_arena arena;
  ox_arena_init(&arena, session->server->allocator, 0);
  bool found = next(session, &arena);
  ox_arena_dispose(&arena);
  return found;
}

ox_status rs_notify_append(rs_session *session, ox_writer *w, ox_arena *scratch) {
  while (session->held != NULL || next(session, scratch)) {
    size_t room = ox_writer_room(w);
    if (session->held_bytes > room) {
      if (room >= PENDING_BYTES) {
        ox_rop_response response = {.rop_id = OX_ROP_PENDING};
        ox_rop_response_encode(w, &response);
      }
      break;
    }
    ox_write_bytes(w, session->held, session->held_bytes);
    ox_free(session->server->allocator, session->held);
    session->held = NULL;
    session->held_bytes = 0;
  }
  return ox_writer_status(w);
}
