/* Notifications of a remote mailbox: RopNotify responses are kept until they are taken. */
#include <string.h>
#include <time.h>

#include "client.h"

static uint64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

static rc_subscription *find_subscription(rc_mailbox *mailbox, uint32_t handle) {
  for (rc_subscription *at = mailbox->subscriptions; at != NULL; at = at->next)
    if (at->handle == handle) return at;
  return NULL;
}

static void free_event(rc_mailbox *mailbox, rc_event *event) {
  ox_arena_dispose(&event->arena);
  ox_free(mailbox->allocator, event);
}

static void pop_event(rc_mailbox *mailbox) {
  rc_event *event = mailbox->events;
  mailbox->events = event->next;
  if (mailbox->events == NULL) mailbox->last_event = NULL;
  mailbox->event_count--;
  free_event(mailbox, event);
}

void rc_drop_events(rc_mailbox *mailbox) {
  while (mailbox->events != NULL) pop_event(mailbox);
}

/* A copy that outlives the batch. */
static rc_event *copy_event(rc_mailbox *mailbox, const ox_notify_response *notify) {
  rc_event *event = ox_calloc(mailbox->allocator, 1, sizeof *event);
  if (event == NULL) return NULL;
  ox_arena_init(&event->arena, mailbox->allocator, 0);
  event->notify = *notify;
  ox_notification_data *data = &event->notify.notification_data;
  data->tags = ox_arena_copy(&event->arena, data->tags,
                             data->tags != NULL ? data->tag_count * sizeof *data->tags : 0);
  data->table_row_data.data =
      ox_arena_copy(&event->arena, data->table_row_data.data, data->table_row_data.size_bytes);
  data->message_class.data =
      ox_arena_copy(&event->arena, data->message_class.data, data->message_class.size_bytes);
  data->message_class8.data =
      ox_arena_copy(&event->arena, data->message_class8.data, data->message_class8.size_bytes);
  if (data->tags == NULL || data->table_row_data.data == NULL || data->message_class.data == NULL ||
      data->message_class8.data == NULL) {
    free_event(mailbox, event);
    return NULL;
  }
  return event;
}

void rc_take_notifications(rc_mailbox *mailbox) {
  const ox_notify_response *notify;
  for (size_t i = 0; (notify = ox_rop_batch_notification(mailbox->batch, i)) != NULL; i++) {
    /* A server tells of every table; only those that were asked for are kept. */
    if (find_subscription(mailbox, notify->notification_handle) == NULL) continue;
    rc_event *event = copy_event(mailbox, notify);
    if (event == NULL) return;
    if (mailbox->event_count == RC_EVENTS_MAX) pop_event(mailbox);
    if (mailbox->last_event != NULL)
      mailbox->last_event->next = event;
    else
      mailbox->events = event;
    mailbox->last_event = event;
    mailbox->event_count++;
  }
}

static ox_status add_subscription(rc_mailbox *mailbox, uint32_t handle, rc_table *table,
                                  ox_subscription **out, ox_error *err) {
  rc_subscription *subscription = ox_calloc(mailbox->allocator, 1, sizeof *subscription);
  if (subscription == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  subscription->base.provider = &rc_provider;
  subscription->base.mailbox = &mailbox->base;
  subscription->handle = handle;
  subscription->table = table;
  subscription->of_table = table != NULL;
  subscription->next = mailbox->subscriptions;
  mailbox->subscriptions = subscription;
  *out = &subscription->base;
  return OX_OK;
}

ox_status rc_mailbox_subscribe(ox_mailbox *base, uint16_t mask, ox_id folder_id, ox_id message_id,
                               ox_subscription **out, ox_error *err) {
  rc_mailbox *mailbox = rc_of(base);
  rc_begin(mailbox);
  ox_rop_request request = {.rop_id = OX_ROP_REGISTER_NOTIFICATION};
  ox_register_notification_request *ask = &request.u.register_notification;
  uint8_t index = rc_output(mailbox);
  ask->input_handle_index = rc_logon(mailbox);
  ask->output_handle_index = index;
  ask->notification_types = mask;
  ask->want_whole_store = folder_id == 0;
  ask->folder_id = folder_id;
  ask->message_id = message_id;
  ox_status status = rc_one(mailbox, &request, NULL, 0, NULL, err);
  if (ox_failed(status)) return status;
  uint32_t handle = rc_handle_at(mailbox, index);
  status = add_subscription(mailbox, handle, NULL, out, err);
  if (ox_failed(status)) rc_release(mailbox, handle);
  return status;
}

ox_status rc_table_subscribe(ox_table *base, ox_subscription **out, ox_error *err) {
  rc_table *table = (rc_table *)base;
  rc_mailbox *mailbox = rc_of(base->mailbox);
  if (table->attachments)
    return ox_error_set(err, OX_E_NO_SUPPORT, "Attachment tables have no notifications.");
  /* The server subscribes for every table that has a view; RopQueryPosition makes one
   * ([MS-OXCNOTIF] 3.1.4.3). */
  uint32_t numerator = 0, denominator = 0;
  ox_status status = rc_table_position(base, &numerator, &denominator, err);
  if (!ox_failed(status)) status = add_subscription(mailbox, table->handle, table, out, err);
  if (!ox_failed(status)) table->subscription = *out;
  return status;
}

void rc_subscription_close(ox_subscription *base) {
  if (base == NULL) return;
  rc_mailbox *mailbox = rc_of(base->mailbox);
  rc_subscription *subscription = (rc_subscription *)base;
  rc_subscription **at = &mailbox->subscriptions;
  while (*at != subscription) at = &(*at)->next;
  *at = subscription->next;
  if (subscription->table != NULL) subscription->table->subscription = NULL;
  if (!subscription->of_table) rc_release(mailbox, subscription->handle);
  ox_free(mailbox->allocator, subscription);
}

/* An Execute without requests fetches what waits at the server. */
static ox_status fetch(rc_mailbox *mailbox, ox_error *err) {
  do {
    rc_begin(mailbox);
    ox_status status = rc_run(mailbox, err);
    if (ox_failed(status)) return status;
  } while (ox_rop_batch_pending(mailbox->batch));
  return OX_OK;
}

/* Events of subscriptions that were closed meanwhile are nobody's. */
static bool has_event(rc_mailbox *mailbox) {
  while (mailbox->events != NULL &&
         find_subscription(mailbox, mailbox->events->notify.notification_handle) == NULL)
    pop_event(mailbox);
  return mailbox->events != NULL;
}

typedef struct waiting {
  rc_mailbox *mailbox;
  bool answered;
  ox_status status;
  bool pending;
  ox_error err;
} waiting;

static void wait_done(void *user, ox_status status, bool events_pending, const ox_error *err) {
  waiting *state = user;
  pthread_mutex_lock(&state->mailbox->lock);
  state->status = status;
  state->pending = events_pending;
  if (err != NULL) state->err = *err;
  state->answered = true;
  pthread_cond_broadcast(&state->mailbox->answered);
  pthread_mutex_unlock(&state->mailbox->lock);
}

/* One wait at the server. */
static ox_status wait_once(rc_mailbox *mailbox, uint64_t deadline_ms, ox_error *err) {
  waiting state = {.mailbox = mailbox};
  pthread_mutex_lock(&mailbox->lock);
  ox_call_id call = ++mailbox->last_call;
  bool cancelled = mailbox->wait_cancelled;
  if (!cancelled) mailbox->wait_call = call;
  pthread_mutex_unlock(&mailbox->lock);
  if (cancelled) return ox_error_set(err, OX_E_CANCELLED, NULL);
  ox_status status =
      mailbox->transport->wait(mailbox->transport, call, deadline_ms, wait_done, &state, err);
  pthread_mutex_lock(&mailbox->lock);
  bool late = !ox_failed(status) && mailbox->wait_cancelled && !state.answered;
  pthread_mutex_unlock(&mailbox->lock);
  /* The cancel came before the wait was taken. */
  if (late) mailbox->transport->cancel(mailbox->transport, call);
  pthread_mutex_lock(&mailbox->lock);
  while (!ox_failed(status) && !state.answered)
    pthread_cond_wait(&mailbox->answered, &mailbox->lock);
  mailbox->wait_call = 0;
  pthread_mutex_unlock(&mailbox->lock);
  if (ox_failed(status)) return status;
  if (ox_failed(state.status) && err != NULL) *err = state.err;
  return state.status;
}

ox_status rc_mailbox_wait(ox_mailbox *base, uint32_t timeout_ms, bool *pending_out, ox_error *err) {
  rc_mailbox *mailbox = rc_of(base);
  uint64_t deadline_ms = now_ms() + timeout_ms;
  pthread_mutex_lock(&mailbox->lock);
  mailbox->waiting = true;
  mailbox->wait_cancelled = false;
  pthread_mutex_unlock(&mailbox->lock);
  ox_status status = has_event(mailbox) ? OX_OK : fetch(mailbox, err);
  while (!ox_failed(status) && !has_event(mailbox) && now_ms() < deadline_ms) {
    status = wait_once(mailbox, deadline_ms, err);
    /* A transport may count to the deadline itself: then nothing is pending. */
    if (status == OX_E_TIMEOUT && now_ms() >= deadline_ms) status = OX_OK;
    if (!ox_failed(status)) status = fetch(mailbox, err);
  }
  pthread_mutex_lock(&mailbox->lock);
  mailbox->waiting = false;
  pthread_mutex_unlock(&mailbox->lock);
  if (!ox_failed(status)) *pending_out = has_event(mailbox);
  return status;
}

void rc_mailbox_cancel_wait(ox_mailbox *base) {
  rc_mailbox *mailbox = rc_of(base);
  pthread_mutex_lock(&mailbox->lock);
  if (mailbox->waiting) mailbox->wait_cancelled = true;
  ox_call_id call = mailbox->wait_call;
  pthread_mutex_unlock(&mailbox->lock);
  if (call != 0) mailbox->transport->cancel(mailbox->transport, call);
}

static ox_status table_event(const rc_subscription *subscription, const ox_notification_data *data,
                             ox_arena *arena, ox_event *out, ox_error *err) {
  out->table_event = data->table_event_type;
  out->folder_id = data->table_row_folder_id;
  out->message_id = data->table_row_message_id;
  out->after_folder_id = data->insert_after_table_row_folder_id;
  out->after_message_id = data->insert_after_table_row_id;
  if (data->table_row_data.size_bytes == 0 || subscription->table == NULL) return OX_OK;
  const ox_table *table = &subscription->table->base;
  ox_property *row = NULL;
  ox_status status =
      rc_rows(data->table_row_data, table->columns, table->column_count, 1, arena, &row, err);
  if (ox_failed(status)) { /* other columns by now: all that is known is that it changed */
    out->table_event = OX_TABLE_CHANGED;
    return status == OX_E_NO_MEMORY ? status : OX_OK;
  }
  out->row = row;
  out->row_count = table->column_count;
  return OX_OK;
}

static ox_status object_event(const ox_notification_data *data, ox_arena *arena, ox_event *out) {
  out->folder_id = data->folder_id;
  out->message_id = data->message_id;
  out->parent_folder_id = data->parent_folder_id;
  out->old_folder_id = data->old_folder_id;
  out->old_message_id = data->old_message_id;
  out->old_parent_folder_id = data->old_parent_folder_id;
  if (data->tag_count != 0xFFFF && data->tag_count != 0) {
    out->tags = ox_arena_copy(arena, data->tags, data->tag_count * sizeof *data->tags);
    out->tag_count = data->tag_count;
    if (out->tags == NULL) return OX_E_NO_MEMORY;
  }
  if ((data->notification_flags & OX_NOTIFICATION_FLAGS_TOTAL_COUNT) != 0)
    out->total_count = data->total_message_count;
  if ((data->notification_flags & OX_NOTIFICATION_FLAGS_UNREAD_COUNT) != 0)
    out->unread_count = data->unread_message_count;
  if (out->type != OX_EVENT_NEW_MAIL) return OX_OK;
  out->message_flags = data->message_flags;
  out->message_class = data->unicode_flag ? ox_str16_utf8(arena, data->message_class)
                                          : ox_arena_copy(arena, data->message_class8.data,
                                                          data->message_class8.size_bytes);
  return out->message_class != NULL ? OX_OK : OX_E_NO_MEMORY;
}

ox_status rc_mailbox_next_event(ox_mailbox *base, ox_arena *arena, ox_event *out, ox_error *err) {
  rc_mailbox *mailbox = rc_of(base);
  if (!has_event(mailbox)) return ox_error_set(err, OX_E_NOT_FOUND, "There is no event.");
  const ox_notify_response *notify = &mailbox->events->notify;
  const ox_notification_data *data = &notify->notification_data;
  rc_subscription *subscription = find_subscription(mailbox, notify->notification_handle);
  memset(out, 0, sizeof *out);
  out->subscription = &subscription->base;
  out->type = data->notification_flags & 0x0FFF;
  out->is_message = (data->notification_flags & OX_NOTIFICATION_FLAGS_MESSAGE) != 0;
  out->total_count = out->unread_count = -1;
  ox_status status = out->type == OX_EVENT_TABLE_MODIFIED
                         ? table_event(subscription, data, arena, out, err)
                         : object_event(data, arena, out);
  pop_event(mailbox);
  return ox_failed(status) ? ox_error_set(err, status, NULL) : OX_OK;
}

ox_status rc_mailbox_set_wakeup(ox_mailbox *base, ox_mailbox_wakeup wakeup, void *user,
                                ox_error *err) {
  (void)base;
  (void)wakeup;
  (void)user;
  return ox_error_set(err, OX_E_NO_SUPPORT, "A remote mailbox is waited for with a call.");
}
