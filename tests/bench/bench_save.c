/* Saving messages against raw SQLite inserts of the same bytes at the same durability: both commit
 * every message with WAL and synchronous=FULL in the same directory, in turns, so that the disk's
 * moods hit both. usage: bench_save [MESSAGES] [DIRECTORY] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sqlite3.h>

#include <oxkit/ropcodec/properties.h>
#include <oxkit/store/local.h>

static double now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void must(bool condition, const char *what) {
  if (condition) return;
  fprintf(stderr, "%s failed\n", what);
  exit(1);
}

#define MUST(call) must((call) == 0, #call)

static char body[8192];

static void fill_message(ox_message *message, int number) {
  char text[64];
  ox_propbag *bag = &message->properties;
  snprintf(text, sizeof text, "Message number %d", number);
  MUST(ox_propbag_set_utf8(bag, OX_PidTagSubject, text));
  MUST(ox_propbag_set_utf8(bag, OX_PidTagSenderName, "Alice Adams"));
  MUST(ox_propbag_set_utf8(bag, OX_PidTagBody, body));
  MUST(ox_propbag_set_time(bag, OX_PidTagMessageDeliveryTime,
                           130000000000000000u + (unsigned)number));
  for (int i = 0; i < 3; i++) {
    ox_recipient *recipient = ox_message_add_recipient(message);
    must(recipient != NULL, "recipient");
    snprintf(text, sizeof text, "person%d@example.test", i);
    MUST(ox_propbag_set_utf8(&recipient->properties, OX_PidTagDisplayName, text));
    MUST(ox_propbag_set_utf8(&recipient->properties, OX_PidTagEmailAddress, text));
    MUST(ox_propbag_set_i32(&recipient->properties, OX_PidTagRecipientType, 1));
  }
}

static void raw_exec(sqlite3 *db, const char *sql) {
  must(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, sql);
}

static void raw_insert(sqlite3 *db, sqlite3_stmt *insert, const void *bytes, int size) {
  raw_exec(db, "BEGIN IMMEDIATE");
  sqlite3_bind_blob(insert, 1, bytes, size, SQLITE_STATIC);
  must(sqlite3_step(insert) == SQLITE_DONE, "insert");
  sqlite3_reset(insert);
  raw_exec(db, "COMMIT");
}

int main(int argc, char **argv) {
  int count = argc > 1 ? atoi(argv[1]) : 1000;
  char directory[512], path[600], command[600];
  snprintf(directory, sizeof directory, "%s/oxbench-XXXXXX", argc > 2 ? argv[2] : "/tmp");
  must(mkdtemp(directory) != NULL, "mkdtemp");
  memset(body, 'b', sizeof body - 1);

  ox_store *store;
  ox_mailbox *mailbox;
  ox_folder *inbox;
  ox_id id;
  ox_mailbox_create_options create = {.struct_size = sizeof create};
  ox_mailbox_open_options open = OX_MAILBOX_OPEN_OPTIONS_INIT;
  MUST(ox_store_open(directory, NULL, &store, NULL));
  MUST(ox_store_create_mailbox(store, &create, &open.mailbox_guid, NULL));
  MUST(ox_mailbox_open_local(store, &open, &mailbox, NULL));
  MUST(ox_mailbox_special_folder(mailbox, OX_SPECIAL_INBOX, &id, NULL));
  MUST(ox_folder_open(mailbox, id, 0, &inbox, NULL));

  sqlite3 *db;
  sqlite3_stmt *insert;
  snprintf(path, sizeof path, "%s/raw.db", directory);
  must(sqlite3_open(path, &db) == SQLITE_OK, "open");
  raw_exec(db,
           "PRAGMA page_size=8192; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
           "CREATE TABLE message(id INTEGER PRIMARY KEY, bytes BLOB)");
  must(sqlite3_prepare_v2(db, "INSERT INTO message(bytes) VALUES(?1)", -1, &insert, NULL) == 0,
       "prepare");

  double ours = 0, raw = 0;
  char *bytes = NULL;
  int size = 0;
  for (int i = 0; i < count; i++) {
    ox_message *message = ox_message_new(NULL);
    fill_message(message, i);
    double start = now_ns();
    MUST(ox_folder_import(inbox, message, 0, &id, NULL));
    ours += now_ns() - start;
    ox_message_free(message);
    if (i == 0) {
      ox_item *item;
      ox_arena arena;
      ox_property value;
      ox_proptag tag = OX_PidTagMessageSize;
      ox_arena_init(&arena, NULL, 0);
      MUST(ox_item_open(mailbox, 0, id, OX_OPEN_READ_ONLY, &item, NULL));
      MUST(ox_object_get(ox_item_object(item), &tag, 1, 0, &arena, &value, NULL));
      size = value.value.i32;
      bytes = calloc(1, (size_t)size);
      ox_item_close(item);
      ox_arena_dispose(&arena);
    }
    start = now_ns();
    raw_insert(db, insert, bytes, size);
    raw += now_ns() - start;
  }
  printf("%d messages of %d bytes, one durable commit each\n", count, size);
  printf("message save   %8.0f us, %6.0f per second\n", ours / count / 1e3, count * 1e9 / ours);
  printf("raw insert     %8.0f us, %6.0f per second\n", raw / count / 1e3, count * 1e9 / raw);
  printf("speed of saves against raw inserts: %.2f (aim: at least 0.5)\n", raw / ours);
  free(bytes);
  sqlite3_finalize(insert);
  sqlite3_close(db);
  ox_folder_close(inbox);
  ox_mailbox_close(mailbox);
  ox_store_close(store);
  snprintf(command, sizeof command, "rm -rf '%s'", directory);
  return system(command) == 0 ? 0 : 1;
}
