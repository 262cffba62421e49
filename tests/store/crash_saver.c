/* Saves messages until it is killed, and says each id on standard output when its save has
 * returned. Usage: crash_saver DIRECTORY MAILBOX-GUID */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <oxkit/ropcodec/properties.h>
#include <oxkit/store/local.h>

static int fail(const char *what, const ox_error *err) {
  fprintf(stderr, "%s: %s\n", what, err->text);
  return 1;
}

static ox_status fill(ox_item *item, unsigned number, ox_error *err) {
  static uint8_t data[150000];
  ox_stream *stream;
  ox_property importance = {.tag = OX_PidTagImportance, .value.i32 = (int32_t)(number % 3)};
  ox_status status = ox_object_set(ox_item_object(item), &importance, 1, NULL, err);
  /* Every few messages one is large, so that kills fall into writing chunks too. */
  size_t size = number % 5 == 0 ? sizeof data : 500;
  memset(data, (int)(number & 0xFF), size);
  if (status == OX_OK)
    status =
        ox_stream_open(ox_item_object(item), OX_PidTagHtml, OX_STREAM_CREATE, &stream, NULL, err);
  if (status != OX_OK) return status;
  status = ox_stream_write(stream, data, size, err);
  if (status == OX_OK) status = ox_stream_commit(stream, err);
  ox_stream_close(stream);
  return status;
}

int main(int argc, char **argv) {
  ox_error err = {0};
  ox_store *store;
  ox_mailbox *mailbox;
  ox_folder *folder;
  ox_id inbox;
  ox_mailbox_open_options open = OX_MAILBOX_OPEN_OPTIONS_INIT;
  if (argc != 3 || ox_guid_parse(argv[2], &open.mailbox_guid) != OX_OK) return 2;
  if (ox_store_open(argv[1], NULL, &store, &err) != OX_OK) return fail("store", &err);
  if (ox_mailbox_open_local(store, &open, &mailbox, &err) != OX_OK) return fail("mailbox", &err);
  if (ox_mailbox_special_folder(mailbox, OX_SPECIAL_INBOX, &inbox, &err) != OX_OK ||
      ox_folder_open(mailbox, inbox, 0, &folder, &err) != OX_OK)
    return fail("inbox", &err);
  for (unsigned number = 0; number < 100000; number++) {
    ox_item *item;
    ox_id id;
    if (ox_item_create(folder, false, 0, &item, &err) != OX_OK) return fail("create", &err);
    if (fill(item, number, &err) != OX_OK) return fail("fill", &err);
    if (ox_item_save(item, 0, &id, &err) != OX_OK) return fail("save", &err);
    ox_item_close(item);
    char line[32];
    int size = snprintf(line, sizeof line, "%016llx\n", (unsigned long long)id);
    if (write(STDOUT_FILENO, line, (size_t)size) != size) return 1;
  }
  return 0;
}
