/* The objects of a session: the Server Object Map and the Logon Map of [MS-OXCROPS] 3.2.1. */
#include <time.h>

#include "server.h"

uint64_t rs_now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

/* The place of a handle in the sorted list, or where it would be. */
static size_t find_place(const rs_session *session, uint32_t handle) {
  size_t low = 0, high = session->object_count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (session->objects[middle]->handle < handle)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static unsigned kind_index(uint32_t kind) {
  unsigned index = 0;
  while (kind >>= 1) index++;
  return index;
}

ox_status rs_session_lookup(rs_session *session, uint32_t handle, uint8_t logon_id,
                            rs_object **out) {
  size_t place = find_place(session, handle);
  if (place >= session->object_count || session->objects[place]->handle != handle)
    return handle != 0 && handle < session->next_handle ? OX_E_INVALID_OBJECT : OX_E_NULL_OBJECT;
  if (session->objects[place]->logon_id != logon_id) return OX_E_ACCESS_DENIED;
  *out = session->objects[place];
  return OX_OK;
}

ox_status rs_session_check_limit(rs_session *session, uint32_t kind) {
  unsigned index = kind_index(kind);
  return session->kind_counts[index] < session->server->max_objects[index] ? OX_OK
                                                                           : OX_E_SESSION_LIMIT;
}

ox_status rs_object_new(rs_call *call, uint32_t kind, rs_object *owner, rs_object **out) {
  ox_status status = rs_session_check_limit(call->session, kind);
  if (ox_failed(status)) return status;
  rs_object *object = ox_calloc(call->server->allocator, 1, sizeof *object);
  if (object == NULL) return OX_E_NO_MEMORY;
  object->kind = kind;
  object->owner = owner;
  object->logon = owner != NULL ? owner->logon : object;
  object->logon_id = owner != NULL ? owner->logon_id : 0;
  *out = object;
  return OX_OK;
}

ox_status rs_session_add(rs_session *session, rs_object *object) {
  const ox_allocator *allocator = session->server->allocator;
  if (session->object_count == session->object_capacity) {
    size_t capacity = session->object_capacity != 0 ? session->object_capacity * 2 : 16;
    rs_object **grown = ox_realloc(allocator, session->objects, capacity * sizeof *grown);
    if (grown == NULL) {
      rs_object_discard(session, object);
      return OX_E_NO_MEMORY;
    }
    session->objects = grown;
    session->object_capacity = capacity;
  }
  /* Handles are never used twice in a session, so a released one is recognised. 0xFFFFFFFF marks
   * an empty entry of a handle table and is never given ([MS-OXCROPS] 3.2.5.1). */
  if (session->next_handle == UINT32_MAX) {
    rs_object_discard(session, object);
    return OX_E_SESSION_LIMIT;
  }
  object->handle = session->next_handle++;
  session->objects[session->object_count++] = object;
  session->kind_counts[kind_index(object->kind)]++;
  return OX_OK;
}

void rs_object_discard(rs_session *session, rs_object *object) {
  switch (object->kind) {
    case RS_LOGON:
      if (object->u.logon.mailbox != NULL) {
        ox_status ignored =
            ox_mailbox_set_wakeup(object->u.logon.mailbox, NULL, NULL, NULL); /* it closes anyway */
        (void)ignored;
        ox_mailbox_close(object->u.logon.mailbox);
      }
      break;
    case RS_FOLDER: ox_folder_close(object->u.folder); break;
    case RS_MESSAGE:
      ox_item_close(object->u.message.item);
      ox_free(session->server->allocator, object->u.message.recipient_columns);
      break;
    case RS_ATTACHMENT: ox_attachment_close(object->u.attachment.attachment); break;
    case RS_STREAM: ox_stream_close(object->u.stream); break;
    case RS_TABLE:
      ox_subscription_close(object->u.table.subscription);
      ox_table_close(object->u.table.table);
      break;
    default: ox_subscription_close(object->u.subscription); break;
  }
  ox_free(session->server->allocator, object);
}

/* Takes one object out of the table without freeing it. */
static void unlink_object(rs_session *session, rs_object *object) {
  size_t place = find_place(session, object->handle);
  session->object_count--;
  for (size_t i = place; i < session->object_count; i++)
    session->objects[i] = session->objects[i + 1];
  session->kind_counts[kind_index(object->kind)]--;
  if (object->kind == RS_LOGON && session->logons[object->logon_id] == object)
    session->logons[object->logon_id] = NULL;
}

static bool owns(const rs_object *owner, const rs_object *object) {
  for (const rs_object *at = object->owner; at != NULL; at = at->owner)
    if (at == owner) return true;
  return false;
}

void rs_session_release(rs_session *session, rs_object *object) {
  /* What is owned was made later, so it stands behind its owner: go backwards. */
  for (size_t i = session->object_count; i-- > 0;) {
    rs_object *owned = session->objects[i];
    if (owned == object) break;
    if (!owns(object, owned)) continue;
    unlink_object(session, owned);
    rs_object_discard(session, owned);
  }
  unlink_object(session, object);
  rs_object_discard(session, object);
}

void rs_session_release_all(rs_session *session) {
  while (session->object_count > 0) {
    rs_object *object = session->objects[session->object_count - 1];
    unlink_object(session, object);
    rs_object_discard(session, object);
  }
  ox_free(session->server->allocator, session->objects);
  session->objects = NULL;
  session->object_capacity = 0;
}

ox_object *rs_object_properties(const rs_object *object) {
  switch (object->kind) {
    case RS_LOGON: return ox_mailbox_object(object->u.logon.mailbox);
    case RS_FOLDER: return ox_folder_object(object->u.folder);
    case RS_MESSAGE: return ox_item_object(object->u.message.item);
    case RS_ATTACHMENT: return ox_attachment_object(object->u.attachment.attachment);
    default: return NULL;
  }
}

ox_mailbox *rs_object_mailbox(const rs_object *object) {
  return object->logon->u.logon.mailbox;
}
