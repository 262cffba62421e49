/* A contents table of 100,000 messages: open, sort by delivery time, first 50 rows; against the
 * same as raw SQL on the same file. usage: bench_table [MESSAGES] [ROUNDS] [DIRECTORY] */
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

enum { DISTINCT = 1000, ROWS = 50 };

/* A thousand different messages, then copies of them: one commit for each thousand. */
static void populate(ox_folder *inbox, int count) {
  static ox_id ids[DISTINCT];
  char text[128];
  for (int i = 0; i < DISTINCT; i++) {
    ox_message *message = ox_message_new(NULL);
    ox_propbag *bag = &message->properties;
    snprintf(text, sizeof text, "Message number %d about something or other", i);
    MUST(ox_propbag_set_utf8(bag, OX_PidTagSubject, text));
    snprintf(text, sizeof text, "Sender %d", i % 50);
    MUST(ox_propbag_set_utf8(bag, OX_PidTagSenderName, text));
    MUST(ox_propbag_set_utf8(bag, OX_PidTagSentRepresentingName, text));
    memset(text, 'b', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    MUST(ox_propbag_set_utf8(bag, OX_PidTagBody, text));
    MUST(ox_propbag_set_time(bag, OX_PidTagMessageDeliveryTime,
                             130000000000000000u + (unsigned)(i * 7919 % DISTINCT) * 10000000u));
    MUST(ox_folder_import(inbox, message, 0, &ids[i], NULL));
    ox_message_free(message);
  }
  for (int have = DISTINCT; have < count; have += DISTINCT)
    MUST(ox_folder_move_messages(inbox, inbox, ids,
                                 count - have < DISTINCT ? (size_t)(count - have) : DISTINCT, true,
                                 NULL, NULL, NULL));
}

static const ox_proptag columns[] = {OX_PidTagMid,         OX_PidTagSubject,
                                     OX_PidTagSenderName,  OX_PidTagMessageDeliveryTime,
                                     OX_PidTagMessageSize, OX_PidTagMessageFlags};

static double ours(ox_mailbox *mailbox, ox_id inbox_id, ox_arena *arena, uint8_t order,
                   ox_proptag by) {
  double start = now_ns();
  ox_folder *inbox;
  ox_table *table;
  ox_property *rows;
  size_t count;
  ox_sort_order orders[] = {{by, order}};
  ox_sort_order_set sort = {1, 0, 0, orders};
  MUST(ox_folder_open(mailbox, inbox_id, 0, &inbox, NULL));
  MUST(ox_folder_contents(inbox, 0, &table, NULL, NULL));
  MUST(ox_table_set_columns(table, columns, 6, NULL));
  MUST(ox_table_sort(table, &sort, NULL));
  MUST(ox_table_query_rows(table, 0, true, ROWS, arena, &rows, &count, NULL, NULL));
  must(count == ROWS, "rows");
  ox_table_close(table);
  ox_folder_close(inbox);
  double took = now_ns() - start;
  ox_arena_reset(arena);
  return took;
}

static double raw(sqlite3_stmt *select, int64_t fid) {
  double start = now_ns();
  int count = 0;
  size_t bytes = 0;
  sqlite3_bind_int64(select, 1, fid);
  while (sqlite3_step(select) == SQLITE_ROW) {
    count++;
    /* Touch what a reader would take. */
    for (int i = 0; i < 5; i++) bytes += (size_t)sqlite3_column_int64(select, i);
    const void *bag = sqlite3_column_blob(select, 5);
    bytes += bag != NULL ? (size_t)sqlite3_column_bytes(select, 5) : 0;
  }
  sqlite3_reset(select);
  must(count == ROWS && bytes != 0, "raw rows");
  return now_ns() - start;
}

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double median(double *values, int count) {
  qsort(values, (size_t)count, sizeof *values, compare);
  return values[count / 2];
}

int main(int argc, char **argv) {
  int count = argc > 1 ? atoi(argv[1]) : 100000, rounds = argc > 2 ? atoi(argv[2]) : 200;
  char directory[512], path[600], guid[OX_GUID_TEXT_BYTES];
  snprintf(directory, sizeof directory, "%s/oxbench-XXXXXX", argc > 3 ? argv[3] : "/tmp");
  must(mkdtemp(directory) != NULL, "mkdtemp");
  ox_store *store;
  ox_mailbox *mailbox;
  ox_folder *inbox;
  ox_id inbox_id;
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  ox_mailbox_create_options create = {.struct_size = sizeof create};
  ox_mailbox_open_options open = OX_MAILBOX_OPEN_OPTIONS_INIT;
  MUST(ox_store_open(directory, NULL, &store, NULL));
  MUST(ox_store_create_mailbox(store, &create, &open.mailbox_guid, NULL));
  MUST(ox_mailbox_open_local(store, &open, &mailbox, NULL));
  MUST(ox_mailbox_special_folder(mailbox, OX_SPECIAL_INBOX, &inbox_id, NULL));
  MUST(ox_folder_open(mailbox, inbox_id, 0, &inbox, NULL));
  populate(inbox, count);
  ox_folder_close(inbox);

  sqlite3 *db;
  sqlite3_stmt *select;
  ox_guid_format(&open.mailbox_guid, guid);
  snprintf(path, sizeof path, "%s/mailboxes/%s.db", directory, guid);
  must(sqlite3_open(path, &db) == SQLITE_OK, "open");
  must(sqlite3_prepare_v2(db,
                          "SELECT m.mid, m.delivery_time, m.size, m.flags, m.importance, b.bag"
                          " FROM message m JOIN message_bag b ON b.mid=m.mid"
                          " WHERE m.fid=?1 AND m.kind=0 ORDER BY m.delivery_time DESC, m.mid DESC"
                          " LIMIT 50",
                          -1, &select, NULL) == 0,
       "prepare");
  int64_t fid = (int64_t)((uint64_t)ox_id_replid(inbox_id) << 48 | ox_id_counter(inbox_id));
  double *mine = calloc((size_t)rounds, sizeof *mine);
  double *theirs = calloc((size_t)rounds, sizeof *theirs);
  must(rounds > 0 && mine != NULL && theirs != NULL, "memory");
  for (int i = -5; i < rounds; i++) {
    double a = ours(mailbox, inbox_id, &arena, OX_SORT_DESCENDING, OX_PidTagMessageDeliveryTime);
    double b = raw(select, fid);
    if (i >= 0) mine[i] = a, theirs[i] = b;
  }
  double our_median = median(mine, rounds), raw_median = median(theirs, rounds);
  free(mine);
  free(theirs);
  printf("%d messages; open, sort by delivery time, first %d rows\n", count, ROWS);
  printf("contents table %8.0f us (median of %d)\n", our_median / 1e3, rounds);
  printf("raw SQL        %8.0f us\n", raw_median / 1e3);
  printf("time against raw SQL: %.2f (aim: at most 3)\n", our_median / raw_median);
  double built = ours(mailbox, inbox_id, &arena, OX_SORT_ASCENDING, OX_PidTagSubject);
  double again = ours(mailbox, inbox_id, &arena, OX_SORT_ASCENDING, OX_PidTagSubject);
  printf("by subject: first time, view built %.0f ms; afterwards %.0f us\n", built / 1e6,
         again / 1e3);
  sqlite3_finalize(select);
  sqlite3_close(db);
  ox_mailbox_close(mailbox);
  ox_store_close(store);
  ox_arena_dispose(&arena);
  snprintf(path, sizeof path, "rm -rf '%s'", directory);
  return system(path) == 0 ? 0 : 1;
}
