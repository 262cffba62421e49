/* kill -9 in the middle of saves: after a restart the database is sound and every save that was
 * acknowledged is there. 20 rounds; 200 with OX_TEST_SCALE=full. The saver is argv[1]. */
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "support.h"

static const char *saver;

static size_t run_and_kill(fixture *f, const char *guid, unsigned delay_us, ox_id *ids,
                           size_t capacity) {
  int ends[2];
  assert_int_equal(pipe(ends), 0);
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    dup2(ends[1], STDOUT_FILENO);
    close(ends[0]);
    close(ends[1]);
    execl(saver, saver, f->directory, guid, (char *)NULL);
    _exit(127);
  }
  close(ends[1]);
  FILE *acknowledged = fdopen(ends[0], "r");
  char line[64];
  size_t count = 0;
  /* The clock starts with the first acknowledgement, so that kills fall among saves. */
  if (fgets(line, sizeof line, acknowledged) != NULL) ids[count++] = strtoull(line, NULL, 16);
  usleep(delay_us);
  kill(child, SIGKILL);
  while (fgets(line, sizeof line, acknowledged) != NULL && count < capacity)
    if (strlen(line) == 17) ids[count++] = strtoull(line, NULL, 16);
  fclose(acknowledged);
  int status = 0;
  waitpid(child, &status, 0);
  assert_true(WIFSIGNALED(status)); /* it did not end by itself */
  return count;
}

static void test_crash__loses_no_acknowledged_save(void **state) {
  fixture *f = *state;
  const char *scale = getenv("OX_TEST_SCALE");
  int rounds = scale != NULL && strcmp(scale, "full") == 0 ? 200 : 20;
  char guid[OX_GUID_TEXT_BYTES];
  static ox_id ids[200000];
  size_t total = 0;
  ox_guid_format(&f->guid, guid);
  ox_mailbox_close(f->mailbox);
  ox_store_close(f->store);
  srand((unsigned)time(NULL));
  ox_mailbox_open_options open = OX_MAILBOX_OPEN_OPTIONS_INIT;
  open.mailbox_guid = f->guid;
  for (int round = 0; round < rounds; round++) {
    size_t before = total;
    total += run_and_kill(f, guid, (unsigned)(rand() % 60000), ids + total,
                          sizeof ids / sizeof ids[0] - total);
    assert_true(total > before);
    OK(ox_store_open(f->directory, NULL, &f->store, &f->err));
    OK(ox_store_check_mailbox(f->store, &f->guid, &f->err));
    OK(ox_mailbox_open_local(f->store, &open, &f->mailbox, &f->err));
    for (size_t i = before; i < total; i++) {
      ox_item *item = open_item(f, ids[i], OX_OPEN_READ_ONLY);
      ox_bytes html = get(f, ox_item_object(item), OX_PidTagHtml).binary;
      assert_true(html.size_bytes == 500 || html.size_bytes == 150000);
      for (size_t j = 1; j < html.size_bytes; j++)
        if (html.data[j] != html.data[0]) fail_msg("a body is torn at %zu", j);
      ox_item_close(item);
      ox_arena_reset(&f->arena);
    }
    ox_mailbox_close(f->mailbox);
    ox_store_close(f->store);
  }
  OK(ox_store_open(f->directory, NULL, &f->store, &f->err));
  OK(ox_mailbox_open_local(f->store, &open, &f->mailbox, &f->err));
  for (size_t i = 0; i < total; i++) ox_item_close(open_item(f, ids[i], OX_OPEN_READ_ONLY));
  ox_folder *inbox = open_special(f, OX_SPECIAL_INBOX);
  assert_true((size_t)get(f, ox_folder_object(inbox), OX_PidTagContentCount).i32 >= total);
  ox_folder_close(inbox);
  print_message("%d kills, %zu acknowledged saves\n", rounds, total);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_crash__loses_no_acknowledged_save, setup, teardown),
  };
  if (argc != 2) return fprintf(stderr, "usage: test_crash SAVER\n"), 2;
  saver = argv[1];
  return cmocka_run_group_tests(tests, NULL, NULL);
}
