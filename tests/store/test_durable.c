/* What survives: restarts, other processes, full disks, several threads at once. */
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <sqlite3.h>

#include "support.h"

static void database_path(const fixture *f, char path[256]) {
  char guid[OX_GUID_TEXT_BYTES];
  ox_guid_format(&f->guid, guid);
  snprintf(path, 256, "%s/mailboxes/%s.db", f->directory, guid);
}

static void reopen(fixture *f, const ox_store_options *options) {
  ox_mailbox_open_options open = OX_MAILBOX_OPEN_OPTIONS_INIT;
  open.mailbox_guid = f->guid;
  OK(ox_store_open(f->directory, options, &f->store, &f->err));
  OK(ox_mailbox_open_local(f->store, &open, &f->mailbox, &f->err));
}

static void close_all(fixture *f) {
  ox_mailbox_close(f->mailbox);
  ox_store_close(f->store);
  f->mailbox = NULL;
  f->store = NULL;
}

static void test_restart__finds_everything(void **state) {
  fixture *f = *state;
  ox_folder *inbox = open_special(f, OX_SPECIAL_INBOX);
  ox_id id = add_message(f, inbox, "kept", 0), inbox_id = ox_folder_id(inbox);
  ox_folder_close(inbox);
  close_all(f);
  reopen(f, NULL);
  assert_true(special(f, OX_SPECIAL_INBOX) == inbox_id);
  ox_item *item = open_item(f, id, OX_OPEN_READ_ONLY);
  assert_string_equal(get_text(f, ox_item_object(item), OX_PidTagSubject), "kept");
  ox_item_close(item);
}

static void raw(const char *path, const char *sql) {
  sqlite3 *db = NULL;
  assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
  assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
  sqlite3_close(db);
}

static void test_open__refuses_other_versions_and_files(void **state) {
  fixture *f = *state;
  char path[256];
  database_path(f, path);
  close_all(f);
  ox_mailbox_open_options open = OX_MAILBOX_OPEN_OPTIONS_INIT;
  open.mailbox_guid = f->guid;
  raw(path, "PRAGMA user_version=99");
  OK(ox_store_open(f->directory, NULL, &f->store, &f->err));
  FAILS(ox_mailbox_open_local(f->store, &open, &f->mailbox, &f->err), OX_E_VERSION);
  assert_non_null(strstr(f->err.text, "newer version"));
  raw(path, "PRAGMA user_version=1");
  FAILS(ox_mailbox_open_local(f->store, &open, &f->mailbox, &f->err), OX_E_VERSION);
  assert_non_null(strstr(f->err.text, "older version"));
  raw(path, "PRAGMA user_version=2; PRAGMA application_id=5");
  FAILS(ox_mailbox_open_local(f->store, &open, &f->mailbox, &f->err), OX_E_CORRUPT_STORE);
  raw(path, "PRAGMA application_id=1870163298"); /* "oxmb" */
  OK(ox_mailbox_open_local(f->store, &open, &f->mailbox, &f->err));
}

static void test_open__refuses_rubbish(void **state) {
  fixture *f = *state;
  ox_mailbox_open_options open = OX_MAILBOX_OPEN_OPTIONS_INIT;
  open.mailbox_guid = f->guid;
  open.mailbox_guid.data1 ^= 7;
  char guid[OX_GUID_TEXT_BYTES], path[256];
  ox_guid_format(&open.mailbox_guid, guid);
  snprintf(path, sizeof path, "%s/mailboxes/%s.db", f->directory, guid);
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  for (int i = 0; i < 1000; i++) fputs("this is no database ", file);
  fclose(file);
  ox_mailbox *mailbox;
  FAILS(ox_mailbox_open_local(f->store, &open, &mailbox, &f->err), OX_E_CORRUPT_STORE);
}

static void test_write__locked_by_another_says_so(void **state) {
  fixture *f = *state;
  char path[256];
  database_path(f, path);
  close_all(f);
  ox_store_options options = OX_STORE_OPTIONS_INIT;
  options.busy_timeout_ms = 50;
  reopen(f, &options);
  sqlite3 *db = NULL;
  assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
  assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
  ox_folder *inbox = open_special(f, OX_SPECIAL_INBOX); /* reading goes on */
  ox_item *item;
  OK(ox_item_create(inbox, false, 0, &item, &f->err));
  set_text(f, ox_item_object(item), OX_PidTagSubject, "patient");
  FAILS(ox_item_save(item, 0, NULL, &f->err), OX_E_LOCKED);
  assert_string_equal(f->err.text, "The mailbox is locked by another process.");
  sqlite3_close(db);
  /* The same handle saves when the lock is gone. */
  OK(ox_item_save(item, 0, NULL, &f->err));
  ox_item_close(item);
  ox_folder_close(inbox);
}

static void test_read_only__reads_and_refuses(void **state) {
  fixture *f = *state;
  ox_folder *inbox = open_special(f, OX_SPECIAL_INBOX);
  ox_id id = add_message(f, inbox, "x", 0);
  ox_folder_close(inbox);
  close_all(f);
  ox_store_options options = OX_STORE_OPTIONS_INIT;
  options.read_only = true;
  reopen(f, &options);
  inbox = open_special(f, OX_SPECIAL_INBOX);
  FAILS(ox_folder_delete_messages(inbox, &id, 1, 0, NULL, &f->err), OX_E_READ_ONLY);
  ox_item *item;
  FAILS(ox_item_create(inbox, false, 0, &item, &f->err), OX_E_READ_ONLY);
  item = open_item(f, id, OX_OPEN_BEST_ACCESS);
  assert_string_equal(get_text(f, ox_item_object(item), OX_PidTagSubject), "x");
  ox_item_close(item);
  ox_folder_close(inbox);
  ox_mailbox_create_options create = {.struct_size = sizeof create};
  FAILS(ox_store_create_mailbox(f->store, &create, NULL, &f->err), OX_E_READ_ONLY);
}

/* A limit on file sizes stands for the full disk: writes beyond it fail. */
static void test_full_disk__fails_the_save_and_loses_nothing(void **state) {
  fixture *f = *state;
  ox_folder *inbox = open_special(f, OX_SPECIAL_INBOX);
  ox_id before = add_message(f, inbox, "before", 0);
  ox_item *item;
  ox_stream *stream;
  static uint8_t data[600000];
  for (size_t i = 0; i < sizeof data; i++) data[i] = (uint8_t)(i * 7);
  OK(ox_item_create(inbox, false, 0, &item, &f->err));
  set_text(f, ox_item_object(item), OX_PidTagSubject, "big");
  OK(ox_stream_open(ox_item_object(item), OX_PidTagHtml, OX_STREAM_CREATE, &stream, NULL, &f->err));
  OK(ox_stream_write(stream, data, sizeof data, &f->err));
  ox_stream_close(stream);
  struct rlimit old, low;
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
  low = old;
  low.rlim_cur = 300000;
  signal(SIGXFSZ, SIG_IGN);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
  ox_id id = 0;
  ox_status status = ox_item_save(item, OX_SAVE_KEEP_OPEN_READ_WRITE, &id, &f->err);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
  assert_true(ox_failed(status));
  assert_int_equal(id, 0);
  assert_int_equal(get(f, ox_folder_object(inbox), OX_PidTagContentCount).i32, 1);
  /* There is room again: the same handle saves, with everything that was in it. */
  OK(ox_item_save(item, 0, &id, &f->err));
  ox_item_close(item);
  item = open_item(f, id, OX_OPEN_READ_ONLY);
  ox_value html = get(f, ox_item_object(item), OX_PidTagHtml);
  assert_int_equal(html.binary.size_bytes, sizeof data);
  assert_memory_equal(html.binary.data, data, sizeof data);
  ox_item_close(item);
  item = open_item(f, before, OX_OPEN_READ_ONLY);
  ox_item_close(item);
  ox_folder_close(inbox);
}

/* ---- a crash in the middle of a submit ---- */

/* Says that it has the message, and keeps it. */
typedef struct hanging {
  ox_outbound base;
  int told;
} hanging;

static ox_status hang(ox_outbound *base, ox_call_id call, const ox_message *message,
                      ox_envelope *envelope, uint64_t deadline_ms, ox_outbound_done done,
                      void *user, ox_error *err) {
  (void)call, (void)message, (void)envelope, (void)deadline_ms, (void)done, (void)user, (void)err;
  if (write(((hanging *)base)->told, "!", 1) == 1) pause();
  return OX_E_IO;
}

static ox_status accept_all(ox_outbound *base, ox_call_id call, const ox_message *message,
                            ox_envelope *envelope, uint64_t deadline_ms, ox_outbound_done done,
                            void *user, ox_error *err) {
  (void)base, (void)call, (void)message, (void)envelope, (void)deadline_ms, (void)err;
  done(user, OX_OK, "", NULL);
  return OX_OK;
}

/* Opens everything anew and submits the message of the Outbox. */
static ox_status submit_again(const char *directory, const ox_guid *guid, ox_id id,
                              ox_outbound *outbound) {
  ox_store *store = NULL;
  ox_mailbox *mailbox = NULL;
  ox_item *item = NULL;
  ox_mailbox_open_options open = OX_MAILBOX_OPEN_OPTIONS_INIT;
  open.mailbox_guid = *guid;
  open.outbound = outbound;
  ox_status status = ox_store_open(directory, NULL, &store, NULL);
  if (status == OX_OK) status = ox_mailbox_open_local(store, &open, &mailbox, NULL);
  if (status == OX_OK) status = ox_item_open(mailbox, 0, id, OX_OPEN_READ_WRITE, &item, NULL);
  if (status == OX_OK) status = ox_item_submit(item, 0, NULL);
  ox_item_close(item);
  ox_mailbox_close(mailbox);
  ox_store_close(store);
  return status;
}

/* A process that is in the middle of sending the message when this returns. */
static pid_t sender(const fixture *f, ox_id id) {
  int ends[2];
  char byte;
  assert_int_equal(pipe(ends), 0);
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    hanging outbound = {{.struct_size = sizeof outbound.base, .submit = hang}, ends[1]};
    close(ends[0]);
    (void)!submit_again(f->directory, &f->guid, id, &outbound.base);
    _exit(1);
  }
  close(ends[1]);
  assert_int_equal(read(ends[0], &byte, 1), 1);
  close(ends[0]);
  return child;
}

static uint32_t message_flags(fixture *f, ox_id id) {
  ox_item *item = open_item(f, id, OX_OPEN_READ_ONLY);
  uint32_t flags = (uint32_t)get(f, ox_item_object(item), OX_PidTagMessageFlags).i32;
  ox_item_close(item);
  return flags;
}

static int32_t content_count(fixture *f, uint32_t which) {
  ox_folder *folder = open_special(f, which);
  int32_t count = get(f, ox_folder_object(folder), OX_PidTagContentCount).i32;
  ox_folder_close(folder);
  return count;
}

static void test_submit__cut_short_by_a_crash(void **state) {
  enum { SUBMITTED = 0x4, UNSENT = 0x8 }; /* PidTagMessageFlags, [MS-OXCMSG] 2.2.1.6 */
  fixture *f = *state;
  ox_folder *outbox = open_special(f, OX_SPECIAL_OUTBOX);
  ox_id outbox_id = ox_folder_id(outbox), id = 0;
  ox_item *item;
  ox_propbag bag;
  ox_propbag_init(&bag, &f->arena);
  OK(ox_propbag_set_utf8(&bag, OX_PidTagAddressType, "SMTP"));
  OK(ox_propbag_set_utf8(&bag, OX_PidTagEmailAddress, "bob@example.test"));
  OK(ox_propbag_set_i32(&bag, OX_PidTagRecipientType, 1));
  ox_recipient_change bob = {0, &bag};
  OK(ox_item_create(outbox, false, 0, &item, &f->err));
  OK(ox_item_modify_recipients(item, &bob, 1, &f->err));
  OK(ox_item_save(item, 0, &id, &f->err));
  ox_item_close(item);
  ox_folder_close(outbox);
  close_all(f);
  pid_t child = sender(f, id);
  /* While it lives, the message is on its way. */
  reopen(f, NULL);
  assert_int_equal(message_flags(f, id) & (SUBMITTED | UNSENT), SUBMITTED | UNSENT);
  FAILS(ox_mailbox_abort_submit(f->mailbox, outbox_id, id, &f->err), OX_E_UNABLE_TO_ABORT);
  close_all(f);
  int how = 0;
  assert_int_equal(kill(child, SIGKILL), 0);
  assert_int_equal(waitpid(child, &how, 0), child);
  assert_true(WIFSIGNALED(how));
  reopen(f, NULL);
  assert_int_equal(message_flags(f, id) & (SUBMITTED | UNSENT), UNSENT);
  assert_int_equal(content_count(f, OX_SPECIAL_OUTBOX), 1);
  close_all(f);
  ox_outbound outbound = {.struct_size = sizeof outbound, .submit = accept_all};
  OK(submit_again(f->directory, &f->guid, id, &outbound));
  reopen(f, NULL);
  assert_int_equal(content_count(f, OX_SPECIAL_OUTBOX), 0);
  assert_int_equal(content_count(f, OX_SPECIAL_SENT_ITEMS), 1);
}

static void test_open_databases__are_capped(void **state) {
  fixture *f = *state;
  close_all(f);
  ox_store_options options = OX_STORE_OPTIONS_INIT;
  options.max_open_databases = 1;
  reopen(f, &options);
  for (int round = 0; round < 3; round++) {
    ox_guid guids[3];
    for (int i = 0; i < 3; i++) {
      ox_mailbox_create_options create = {.struct_size = sizeof create};
      ox_mailbox_open_options open = OX_MAILBOX_OPEN_OPTIONS_INIT;
      ox_mailbox *mailbox;
      OK(ox_store_create_mailbox(f->store, &create, &guids[i], &f->err));
      open.mailbox_guid = guids[i];
      OK(ox_mailbox_open_local(f->store, &open, &mailbox, &f->err));
      ox_mailbox_close(mailbox);
    }
    for (int i = 0; i < 3; i++) OK(ox_store_delete_mailbox(f->store, &guids[i], &f->err));
  }
  special(f, OX_SPECIAL_INBOX); /* the one in use stayed open */
}

/* ---- memory ---- */

typedef struct counting {
  long left; /* allocations until they fail; negative: never */
} counting;

static bool denied(void *user) {
  counting *c = user;
  if (c->left > 0) c->left--;
  return c->left == 0;
}

static void *counting_malloc(size_t size, void *user) {
  return denied(user) ? NULL : malloc(size);
}

static void *counting_calloc(size_t count, size_t size, void *user) {
  return denied(user) ? NULL : calloc(count, size);
}

static void *counting_realloc(void *block, size_t size, void *user) {
  return denied(user) ? NULL : realloc(block, size);
}

static void counting_free(void *block, void *user) {
  (void)user;
  free(block);
}

typedef struct way {
  ox_store *store;
  ox_mailbox *mailbox;
  ox_folder *inbox;
  ox_item *item;
  ox_item_attachment *attachment;
  ox_table *table;
  ox_stream *stream;
  ox_arena arena;
} way;

static ox_status save_on_the_way(way *w) {
  static uint8_t data[50000];
  ox_id id;
  ox_property importance = {.tag = OX_PidTagImportance, .value.i32 = 2};
  ox_status status = ox_mailbox_special_folder(w->mailbox, OX_SPECIAL_INBOX, &id, NULL);
  if (status == OX_OK) status = ox_folder_open(w->mailbox, id, 0, &w->inbox, NULL);
  if (status == OX_OK) status = ox_item_create(w->inbox, false, 0, &w->item, NULL);
  if (status == OX_OK) status = ox_object_set(ox_item_object(w->item), &importance, 1, NULL, NULL);
  if (status == OX_OK) status = ox_attachment_create(w->item, &w->attachment, NULL, NULL);
  if (status == OX_OK)
    status = ox_stream_open(ox_attachment_object(w->attachment), OX_PidTagAttachDataBinary,
                            OX_STREAM_CREATE, &w->stream, NULL, NULL);
  if (status == OX_OK) status = ox_stream_write(w->stream, data, sizeof data, NULL);
  if (status == OX_OK) status = ox_stream_commit(w->stream, NULL);
  if (status == OX_OK) status = ox_attachment_save(w->attachment, 0, NULL);
  if (status == OX_OK) status = ox_item_save(w->item, OX_SAVE_KEEP_OPEN_READ_WRITE, NULL, NULL);
  return status;
}

static ox_status read_on_the_way(way *w) {
  ox_sort_order_set sort = {1, 0, 0, (ox_sort_order[]){{OX_PidTagImportance, 0}}};
  ox_proptag column = OX_PidTagSubject;
  ox_property *rows;
  size_t count;
  ox_status status = ox_folder_contents(w->inbox, 0, &w->table, NULL, NULL);
  if (status == OX_OK) status = ox_table_set_columns(w->table, &column, 1, NULL);
  if (status == OX_OK) status = ox_table_sort(w->table, &sort, NULL);
  if (status == OX_OK)
    status = ox_table_query_rows(w->table, 0, true, 5, &w->arena, &rows, &count, NULL, NULL);
  return status;
}

/* Opens everything anew, saves a message with an attachment and reads a sorted table. */
static ox_status whole_way(const char *directory, const ox_guid *guid,
                           const ox_allocator *allocator) {
  way w = {0};
  ox_store_options options = OX_STORE_OPTIONS_INIT;
  ox_mailbox_open_options open = OX_MAILBOX_OPEN_OPTIONS_INIT;
  ox_arena_init(&w.arena, NULL, 0);
  options.allocator = allocator;
  open.mailbox_guid = *guid;
  ox_status status = ox_store_open(directory, &options, &w.store, NULL);
  if (status == OX_OK) status = ox_mailbox_open_local(w.store, &open, &w.mailbox, NULL);
  if (status == OX_OK) status = save_on_the_way(&w);
  if (status == OX_OK) status = read_on_the_way(&w);
  ox_table_close(w.table);
  ox_stream_close(w.stream);
  ox_attachment_close(w.attachment);
  ox_item_close(w.item);
  ox_folder_close(w.inbox);
  ox_mailbox_close(w.mailbox);
  ox_store_close(w.store);
  ox_arena_dispose(&w.arena);
  return status;
}

static void test_memory__every_allocation_may_fail(void **state) {
  fixture *f = *state;
  counting count = {0};
  ox_allocator allocator = {counting_malloc, counting_calloc, counting_realloc, counting_free,
                            &count};
  long tried = 1;
  for (;; tried++) {
    count.left = tried;
    ox_status status = whole_way(f->directory, &f->guid, &allocator);
    if (status == OX_OK && count.left != 0) break;
    if (status != OX_OK) assert_int_equal(status, OX_E_NO_MEMORY);
    assert_true(tried < 2000);
  }
  assert_true(tried > 10);
  OK(ox_store_check_mailbox(f->store, &f->guid, &f->err));
}

/* ---- threads ---- */

enum { THREADS = 4, ROUNDS = 30 };

typedef struct worker {
  fixture *f;
  int number;
  ox_status status;
  char text[OX_ERROR_TEXT_BYTES];
} worker;

/* Saves, changes, moves, deletes and reads through a handle of its own. */
static ox_status work(worker *w, ox_mailbox *mailbox, ox_error *err) {
  ox_id inbox_id, drafts_id;
  ox_folder *inbox = NULL, *drafts = NULL;
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  ox_status status = ox_mailbox_special_folder(mailbox, OX_SPECIAL_INBOX, &inbox_id, err);
  if (status == OX_OK)
    status = ox_mailbox_special_folder(mailbox, OX_SPECIAL_DRAFTS, &drafts_id, err);
  if (status == OX_OK) status = ox_folder_open(mailbox, inbox_id, 0, &inbox, err);
  if (status == OX_OK) status = ox_folder_open(mailbox, drafts_id, 0, &drafts, err);
  for (int i = 0; status == OX_OK && i < ROUNDS; i++) {
    ox_item *item = NULL;
    ox_id id = 0, moved = 0;
    ox_property importance = {.tag = OX_PidTagImportance, .value.i32 = i % 3};
    status = ox_item_create(inbox, false, 0, &item, err);
    if (status == OX_OK) status = ox_object_set(ox_item_object(item), &importance, 1, NULL, err);
    if (status == OX_OK) status = ox_item_save(item, OX_SAVE_KEEP_OPEN_READ_WRITE, &id, err);
    if (status == OX_OK) status = ox_item_set_read_flag(item, OX_READ_FLAG_CLEAR_READ, NULL, err);
    if (item != NULL) ox_item_close(item);
    if (status == OX_OK && i % 3 == 1)
      status = ox_folder_move_messages(inbox, drafts, &id, 1, false, &moved, NULL, err);
    if (status == OX_OK && i % 3 == 2)
      status = ox_folder_delete_messages(inbox, &id, 1, OX_DELETE_MESSAGES_HARD, NULL, err);
    ox_table *table = NULL;
    if (status == OX_OK) status = ox_folder_contents(inbox, 0, &table, NULL, err);
    ox_proptag columns[] = {OX_PidTagMid, OX_PidTagImportance};
    ox_sort_order orders[] = {{OX_PidTagImportance, (uint8_t)(w->number % 2)}};
    ox_sort_order_set sort = {1, 0, 0, orders};
    if (status == OX_OK) status = ox_table_set_columns(table, columns, 2, err);
    if (status == OX_OK) status = ox_table_sort(table, &sort, err);
    ox_property *rows;
    size_t count = 0;
    if (status == OX_OK)
      status = ox_table_query_rows(table, 0, true, 1000, &arena, &rows, &count, NULL, err);
    for (size_t j = 1; status == OX_OK && j < count; j++) {
      int32_t a = rows[2 * j - 1].value.i32, b = rows[2 * j + 1].value.i32;
      if (w->number % 2 == 0 ? a > b : a < b)
        status = ox_error_set(err, OX_E_CALL_FAILED, "The rows are out of order.");
    }
    if (table != NULL) ox_table_close(table);
    ox_arena_reset(&arena);
  }
  if (inbox != NULL) ox_folder_close(inbox);
  if (drafts != NULL) ox_folder_close(drafts);
  ox_arena_dispose(&arena);
  return status;
}

static void *run_worker(void *user) {
  worker *w = user;
  ox_error err = {0};
  ox_mailbox *mailbox = NULL;
  ox_mailbox_open_options open = OX_MAILBOX_OPEN_OPTIONS_INIT;
  open.mailbox_guid = w->f->guid;
  w->status = ox_mailbox_open_local(w->f->store, &open, &mailbox, &err);
  if (w->status == OX_OK) w->status = work(w, mailbox, &err);
  if (mailbox != NULL) ox_mailbox_close(mailbox);
  strcpy(w->text, err.text);
  return NULL;
}

static void test_threads__share_a_mailbox(void **state) {
  fixture *f = *state;
  pthread_t threads[THREADS];
  worker workers[THREADS] = {{0}};
  for (int i = 0; i < THREADS; i++) {
    workers[i] = (worker){.f = f, .number = i};
    assert_int_equal(pthread_create(&threads[i], NULL, run_worker, &workers[i]), 0);
  }
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  for (int i = 0; i < THREADS; i++)
    if (workers[i].status != OX_OK) fail_msg("thread %d: %s", i, workers[i].text);
  ox_folder *inbox = open_special(f, OX_SPECIAL_INBOX),
            *drafts = open_special(f, OX_SPECIAL_DRAFTS);
  assert_int_equal(get(f, ox_folder_object(inbox), OX_PidTagContentCount).i32,
                   THREADS * ROUNDS / 3);
  assert_int_equal(get(f, ox_folder_object(drafts), OX_PidTagContentUnreadCount).i32,
                   THREADS * ROUNDS / 3);
  ox_folder_close(inbox);
  ox_folder_close(drafts);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_restart__finds_everything),
      TEST(test_open__refuses_other_versions_and_files),
      TEST(test_open__refuses_rubbish),
      TEST(test_write__locked_by_another_says_so),
      TEST(test_read_only__reads_and_refuses),
      TEST(test_full_disk__fails_the_save_and_loses_nothing),
      TEST(test_submit__cut_short_by_a_crash),
      TEST(test_open_databases__are_capped),
      TEST(test_memory__every_allocation_may_fail),
      TEST(test_threads__share_a_mailbox),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
