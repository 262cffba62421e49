/* Events: rows in the database are the truth; condition variables and wake-up callbacks only tell
 * that there may be new ones, and waiting looks once a second for those of other processes. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "table.h"

#define POLL_MS 1000u

struct oxs_subscription {
  ox_subscription base;
  oxs_mailbox *mailbox;
  oxs_subscription *next;
  uint16_t mask;
  int64_t fid, mid;
  int64_t from_seq; /* events up to this one are older than the subscription */
  oxs_table *table; /* of table events */
};

/* ---- writing ---- */

ox_status oxs_event(oxs_txn *t, const oxs_happening *e) {
  ox_status status =
      oxs_run(t->db, t->err, OXS_EVENT_INSERT, "iiiiiiiiiiiib", (int64_t)e->type,
              (int64_t)e->is_message, e->fid, e->mid, e->parent, e->old_fid, e->old_mid,
              e->old_parent, (int64_t)e->flags, e->total, e->unread, e->kind, e->message_class);
  if (status != OX_OK) return status;
  int64_t seq = t->db->driver->last_row(t->db);
  if (seq % 256 != 0 || seq <= OXS_EVENTS_KEPT) return OX_OK;
  return oxs_run(t->db, t->err, OXS_EVENT_TRIM, "i", seq - OXS_EVENTS_KEPT);
}

ox_status oxs_message_event(oxs_txn *t, uint16_t type, const oxs_row *row) {
  oxs_happening event = {.type = type,
                         .is_message = true,
                         .fid = row->fid,
                         .mid = row->mid,
                         .flags = row->flags,
                         .total = -1,
                         .unread = -1,
                         .kind = row->kind};
  if (type == OX_EVENT_NEW_MAIL) event.message_class = row->message_class;
  return oxs_event(t, &event);
}

ox_status oxs_event_last(oxs_txn *t, int64_t *seq_out) {
  return oxs_number(t->db, seq_out, t->err, OXS_EVENT_LAST, "");
}

void oxs_wake(oxs_database *database) {
  pthread_mutex_lock(&database->event_mutex);
  database->event_generation++;
  pthread_cond_broadcast(&database->event_happened);
  for (oxs_mailbox *mailbox = database->listeners; mailbox != NULL;
       mailbox = mailbox->next_listener)
    mailbox->wakeup(mailbox->wakeup_user);
  pthread_mutex_unlock(&database->event_mutex);
}

/* ---- subscriptions ---- */

static ox_status subscribe(oxs_mailbox *mailbox, oxs_subscription **out, ox_error *err) {
  if (mailbox->subscription_count >= OXS_SUBSCRIPTIONS_MAX)
    return ox_error_set(err, OX_E_LIMIT, "The mailbox has too many subscriptions.");
  oxs_subscription *made = ox_calloc(mailbox->allocator, 1, sizeof *made);
  if (made == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  oxs_txn t;
  ox_status status = oxs_read_begin(mailbox->database, &t, err);
  if (status == OX_OK) {
    status = oxs_event_last(&t, &made->from_seq);
    oxs_read_end(&t);
  }
  if (status != OX_OK) {
    ox_free(mailbox->allocator, made);
    return status;
  }
  made->base = (ox_subscription){&oxs_provider, &mailbox->base};
  made->mailbox = mailbox;
  if (mailbox->subscriptions == NULL) {
    mailbox->event_seq = made->from_seq;
    mailbox->event_resume = NULL;
  }
  /* At the end, so that a resumed walk over the list still meets it. */
  oxs_subscription **link = &mailbox->subscriptions;
  while (*link != NULL) link = &(*link)->next;
  *link = made;
  mailbox->subscription_count++;
  *out = made;
  return OX_OK;
}

ox_status oxs_mailbox_subscribe(ox_mailbox *mailbox, uint16_t mask, ox_id folder_id,
                                ox_id message_id, ox_subscription **out, ox_error *err) {
  oxs_subscription *made;
  ox_status status = subscribe(oxs_local(mailbox), &made, err);
  if (status != OX_OK) return status;
  made->mask = mask;
  made->fid = oxs_from_id(folder_id);
  made->mid = oxs_from_id(message_id);
  *out = &made->base;
  return OX_OK;
}

ox_status oxs_table_subscribe(ox_table *base, ox_subscription **out, ox_error *err) {
  oxs_table *table = (oxs_table *)base;
  oxs_subscription *made;
  if (table->subscription != NULL || table->kind == OXS_TABLE_ATTACHMENTS)
    return ox_error_set(err, OX_E_NO_SUPPORT, "This table cannot be subscribed to (again).");
  ox_status status = subscribe(table->mailbox, &made, err);
  if (status != OX_OK) return status;
  made->mask = OX_EVENT_TABLE_MODIFIED;
  made->table = table;
  table->subscription = made;
  *out = &made->base;
  return OX_OK;
}

void oxs_subscription_close(ox_subscription *base) {
  oxs_subscription *subscription = (oxs_subscription *)base;
  oxs_mailbox *mailbox = subscription->mailbox;
  if (subscription->table != NULL) subscription->table->subscription = NULL;
  for (oxs_subscription **link = &mailbox->subscriptions; *link != NULL; link = &(*link)->next) {
    if (*link != subscription) continue;
    *link = subscription->next;
    break;
  }
  if (mailbox->event_resume == subscription) {
    mailbox->event_resume = subscription->next;
    if (subscription->next == NULL) mailbox->event_seq++; /* it was the last to look */
  }
  mailbox->subscription_count--;
  ox_free(mailbox->allocator, subscription);
}

void oxs_table_unsubscribe(oxs_table *table) {
  oxs_subscription_close(&table->subscription->base);
}

void oxs_mailbox_events_close(oxs_mailbox *mailbox) {
  (void)!oxs_mailbox_set_wakeup(&mailbox->base, NULL, NULL, NULL);
  while (mailbox->subscriptions != NULL) oxs_subscription_close(&mailbox->subscriptions->base);
}

/* ---- reading ---- */

static bool concerns_table(const oxs_table *table, const oxs_happening *e) {
  if (table->kind == OXS_TABLE_CONTENTS)
    return e->is_message && (e->fid == table->fid || e->old_fid == table->fid) &&
           e->type != OX_EVENT_NEW_MAIL;
  if (e->is_message) return false;
  return (table->flags & OX_TABLE_DEPTH) != 0 || e->parent == table->fid ||
         e->old_parent == table->fid;
}

static bool concerns(const oxs_subscription *s, int64_t seq, const oxs_happening *e) {
  if (seq <= s->from_seq) return false;
  if (s->table != NULL) return concerns_table(s->table, e);
  if ((s->mask & e->type) == 0) return false;
  if (s->fid == 0) return true;
  if (s->mid != 0)
    return e->is_message && ((e->fid == s->fid && e->mid == s->mid) ||
                             (e->old_fid == s->fid && e->old_mid == s->mid));
  return e->fid == s->fid || e->old_fid == s->fid || e->parent == s->fid || e->old_parent == s->fid;
}

static ox_status take_event(ox_sql *sql, ox_arena *arena, int64_t *seq, oxs_happening *out) {
  ox_status status = OX_OK;
  *seq = oxs_i64(sql, 0);
  *out = (oxs_happening){.type = (uint16_t)oxs_i64(sql, 1),
                         .is_message = oxs_i64(sql, 2) != 0,
                         .fid = oxs_i64(sql, 3),
                         .mid = oxs_i64(sql, 4),
                         .parent = oxs_i64(sql, 5),
                         .old_fid = oxs_i64(sql, 6),
                         .old_mid = oxs_i64(sql, 7),
                         .old_parent = oxs_i64(sql, 8),
                         .flags = (uint32_t)oxs_i64(sql, 9),
                         .total = oxs_i64(sql, 10),
                         .unread = oxs_i64(sql, 11),
                         .kind = oxs_i64(sql, 12)};
  out->message_class = oxs_copy(arena, oxs_bytes(sql, 13), &status);
  return status;
}

/* Goes on to the next event that a subscription wants. With `peek` it stays before it.
 * OX_E_NOT_FOUND when there is none. */
static ox_status next_wanted(oxs_mailbox *mailbox, bool peek, ox_arena *arena, oxs_happening *out,
                             oxs_subscription **subscription_out, ox_error *err) {
  if (mailbox->subscriptions == NULL) return OX_E_NOT_FOUND;
  oxs_txn t;
  ox_status status = oxs_read_begin(mailbox->database, &t, err);
  if (status != OX_OK) return status;
  bool found = false;
  ox_sql *sql = oxs_start(t.db, &status, err, OXS_EVENTS_AFTER, "i", mailbox->event_seq);
  while (!found && oxs_next(sql, &status, err)) {
    int64_t seq;
    status = take_event(sql, arena, &seq, out);
    if (status != OX_OK) break;
    /* Where the walk was interrupted only counts for the very next event. */
    oxs_subscription *s = mailbox->subscriptions;
    if (seq == mailbox->event_seq + 1 && mailbox->event_resume != NULL) s = mailbox->event_resume;
    while (s != NULL && !concerns(s, seq, out)) s = s->next;
    found = s != NULL;
    if (found) *subscription_out = s;
    if (found && peek) {
      mailbox->event_seq = seq - 1;
      mailbox->event_resume = s;
    } else if (found && s->next != NULL) {
      mailbox->event_seq = seq - 1;
      mailbox->event_resume = s->next;
    } else {
      mailbox->event_seq = seq;
      mailbox->event_resume = NULL;
    }
  }
  oxs_end(sql);
  oxs_read_end(&t);
  return status == OX_OK && !found ? OX_E_NOT_FOUND : status;
}

static ox_status utf8_class(ox_arena *arena, ox_bytes text, const char **out) {
  *out = NULL;
  if (text.size_bytes == 0) return OX_OK;
  *out = ox_str16_utf8(arena, (ox_str16){text.data, text.size_bytes});
  return *out != NULL ? OX_OK : OX_E_NO_MEMORY;
}

static ox_status object_event(const oxs_happening *e, ox_arena *arena, ox_event *out) {
  *out = (ox_event){.type = e->type,
                    .is_message = e->is_message,
                    .folder_id = oxs_to_id(e->fid),
                    .message_id = oxs_to_id(e->mid),
                    .parent_folder_id = oxs_to_id(e->parent),
                    .old_folder_id = oxs_to_id(e->old_fid),
                    .old_message_id = oxs_to_id(e->old_mid),
                    .old_parent_folder_id = oxs_to_id(e->old_parent),
                    .total_count = e->is_message ? -1 : e->total,
                    .unread_count = e->is_message ? -1 : e->unread,
                    .message_flags = e->flags};
  return utf8_class(arena, e->message_class, &out->message_class);
}

ox_status oxs_mailbox_next_event(ox_mailbox *base, ox_arena *arena, ox_event *out, ox_error *err) {
  oxs_mailbox *mailbox = oxs_local(base);
  for (;;) {
    oxs_happening e;
    oxs_subscription *s;
    bool tell = true;
    ox_event event;
    ox_status status = next_wanted(mailbox, false, arena, &e, &s, err);
    if (status != OX_OK) return ox_error_set(err, status, NULL);
    status = s->table != NULL ? oxs_table_event(s->table, &e, arena, &event, &tell, err)
                              : object_event(&e, arena, &event);
    if (status != OX_OK) return ox_error_set(err, status, NULL);
    if (!tell) continue;
    event.subscription = &s->base;
    *out = event;
    return OX_OK;
  }
}

/* ---- table events ---- */

/* The row as it is now: its columns and the row before it. */
static ox_status row_now(oxs_txn *t, oxs_table *table, const oxs_place *place, ox_arena *arena,
                         ox_event *out) {
  oxs_picker picker = {
      .t = t, .max_bytes = OXS_INLINE_MAX_BYTES, .codepage = table->mailbox->codepage};
  oxs_place *before;
  size_t count = 0;
  ox_property *row = NULL;
  ox_status status = OX_OK;
  if (table->base.column_count > 0) {
    row = ox_arena_calloc(arena, table->base.column_count, sizeof *row);
    if (row == NULL) return OX_E_NO_MEMORY;
    status = oxs_row_columns(t, table, &picker, place, arena, row);
  }
  if (status == OX_OK)
    status = oxs_table_fetch(t, table, place, false, 0, 1, arena, &before, &count);
  if (status != OX_OK) return status;
  out->row = row;
  out->row_count = table->base.column_count;
  if (count == 0) return OX_OK;
  if (table->kind == OXS_TABLE_CONTENTS) {
    out->after_folder_id = oxs_to_id(table->fid);
    out->after_message_id = oxs_to_id(before[0].mid);
  } else {
    out->after_folder_id = oxs_to_id(before[0].mid);
  }
  return OX_OK;
}

static ox_status find_place(oxs_txn *t, oxs_table *table, int64_t id, ox_arena *arena,
                            oxs_place *place) {
  if (table->kind == OXS_TABLE_CONTENTS) return oxs_view_locate(t, &table->view, id, arena, place);
  for (size_t i = 0; i < table->list_count; i++) {
    if (table->list[i].id != id) continue;
    *place = (oxs_place){.where = OXS_PLACE_AT, .number = (int64_t)i, .mid = id};
    return OX_OK;
  }
  return OX_E_NOT_FOUND;
}

ox_status oxs_table_event(oxs_table *table, const oxs_happening *e, ox_arena *arena, ox_event *out,
                          bool *tell_out, ox_error *err) {
  bool contents = table->kind == OXS_TABLE_CONTENTS;
  bool arrived = contents ? e->fid == table->fid : true;
  int64_t id = contents ? (arrived ? e->mid : e->old_mid) : e->fid;
  *tell_out = true;
  *out = (ox_event){.type = OX_EVENT_TABLE_MODIFIED,
                    .is_message = contents,
                    .folder_id = contents ? oxs_to_id(table->fid) : oxs_to_id(id),
                    .message_id = contents ? oxs_to_id(id) : 0,
                    .total_count = -1,
                    .unread_count = -1};
  bool gone = e->type == OX_EVENT_DELETED || !arrived;
  /* A copy leaves its source's folder as it was. */
  if (e->type == OX_EVENT_COPIED && !arrived) {
    *tell_out = false;
    return OX_OK;
  }
  oxs_txn t;
  oxs_place place;
  ox_status status = oxs_table_read(table, &t, err);
  if (status != OX_OK) return status;
  status = find_place(&t, table, id, arena, &place);
  bool there = status == OX_OK;
  if (status == OX_E_NOT_FOUND) status = OX_OK;
  if (!there) {
    /* Created and already gone, or filtered out: a row that nobody saw is no news, but whether a
     * modified one was seen is not known. */
    out->table_event = OX_TABLE_ROW_DELETED;
    *tell_out = gone || e->type == OX_EVENT_MODIFIED || e->type == OX_EVENT_MOVED;
  } else if (gone) {
    *tell_out = false; /* it is there again: a later event tells */
  } else {
    out->table_event = e->type == OX_EVENT_MODIFIED ? OX_TABLE_ROW_MODIFIED : OX_TABLE_ROW_ADDED;
    status = row_now(&t, table, &place, arena, out);
  }
  oxs_read_end(&t);
  /* A message that moved inside one folder is a row gone and a row added. */
  if (status == OX_OK && contents && e->type == OX_EVENT_MOVED && e->fid == e->old_fid)
    out->table_event = OX_TABLE_CHANGED;
  return status;
}

/* ---- waiting ---- */

static bool peek(oxs_mailbox *mailbox, ox_status *status_out, ox_error *err) {
  ox_arena arena;
  oxs_happening e;
  oxs_subscription *s;
  ox_arena_init(&arena, mailbox->allocator, 0);
  ox_status status = next_wanted(mailbox, true, &arena, &e, &s, err);
  ox_arena_dispose(&arena);
  *status_out = status == OX_E_NOT_FOUND ? OX_OK : status;
  return status == OX_OK;
}

static uint64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Sleeps until something may have happened, for at most `ms`. */
static bool sleep_for_event(oxs_mailbox *mailbox, uint64_t generation, uint64_t ms) {
  oxs_database *database = mailbox->database;
  uint64_t until = now_ms() + ms;
  struct timespec deadline = {.tv_sec = (time_t)(until / 1000),
                              .tv_nsec = (long)(until % 1000) * 1000000};
  pthread_mutex_lock(&database->event_mutex);
  int code = 0;
  while (code == 0 && database->event_generation == generation && !mailbox->wait_cancelled)
    code = pthread_cond_timedwait(&database->event_happened, &database->event_mutex, &deadline);
  bool cancelled = mailbox->wait_cancelled;
  mailbox->wait_cancelled = false;
  pthread_mutex_unlock(&database->event_mutex);
  return cancelled;
}

ox_status oxs_mailbox_wait(ox_mailbox *base, uint32_t timeout_ms, bool *pending_out,
                           ox_error *err) {
  oxs_mailbox *mailbox = oxs_local(base);
  uint64_t end = now_ms() + timeout_ms;
  for (;;) {
    pthread_mutex_lock(&mailbox->database->event_mutex);
    uint64_t generation = mailbox->database->event_generation;
    pthread_mutex_unlock(&mailbox->database->event_mutex);
    ox_status status;
    bool pending = peek(mailbox, &status, err);
    if (status != OX_OK) return status;
    uint64_t now = now_ms();
    if (pending || now >= end) {
      *pending_out = pending;
      return OX_OK;
    }
    uint64_t left = end - now;
    if (sleep_for_event(mailbox, generation, left < POLL_MS ? left : POLL_MS))
      return ox_error_set(err, OX_E_CANCELLED, NULL);
  }
}

void oxs_mailbox_cancel_wait(ox_mailbox *base) {
  oxs_mailbox *mailbox = oxs_local(base);
  pthread_mutex_lock(&mailbox->database->event_mutex);
  mailbox->wait_cancelled = true;
  pthread_cond_broadcast(&mailbox->database->event_happened);
  pthread_mutex_unlock(&mailbox->database->event_mutex);
}

ox_status oxs_mailbox_set_wakeup(ox_mailbox *base, ox_mailbox_wakeup wakeup, void *user,
                                 ox_error *err) {
  oxs_mailbox *mailbox = oxs_local(base);
  oxs_database *database = mailbox->database;
  (void)err;
  pthread_mutex_lock(&database->event_mutex);
  for (oxs_mailbox **link = &database->listeners; *link != NULL; link = &(*link)->next_listener) {
    if (*link != mailbox) continue;
    *link = mailbox->next_listener;
    break;
  }
  mailbox->wakeup = wakeup;
  mailbox->wakeup_user = user;
  if (wakeup != NULL) {
    mailbox->next_listener = database->listeners;
    database->listeners = mailbox;
  }
  pthread_mutex_unlock(&database->event_mutex);
  return OX_OK;
}
