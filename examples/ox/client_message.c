/* show, delete, import, export: whole messages. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <oxkit/convert/bodies.h>
#include <oxkit/convert/mime.h>
#include <oxkit/ropcodec/properties.h>

#include "client.h"

enum { MESSAGE_FILE_MAX_BYTES = 160 * 1024 * 1024 };

/* ---- finding one message
 * -------------------------------------------------------------------------- */

/* The newest message of a folder, by delivery time. @spec [MS-OXPROTO] 3.1 */
static ox_status find_newest(client *c, ox_folder *folder, ox_id *id_out, ox_error *err) {
  ox_table *table = NULL;
  const ox_proptag columns[] = {OX_PidTagMid, OX_PidTagMessageDeliveryTime};
  ox_sort_order order = {OX_PidTagMessageDeliveryTime, OX_SORT_DESCENDING};
  ox_sort_order_set sort = {.sort_order_count = 1, .sort_orders = &order};
  ox_property *rows;
  size_t count = 0;
  ox_status status = ox_folder_contents(folder, 0, &table, NULL, err);
  if (status == OX_OK) status = ox_table_set_columns(table, columns, 2, err);
  if (status == OX_OK) status = ox_table_sort(table, &sort, err);
  if (status == OX_OK) {
    status = ox_table_query_rows(table, 0, true, 1, &c->arena, &rows, &count, NULL, err);
  }
  if (status == OX_OK && count == 0) {
    status = ox_error_set(err, OX_E_NOT_FOUND, "the folder is empty");
  }
  if (status == OX_OK) *id_out = (ox_id)row_number(&rows[0]);
  ox_table_close(table);
  return status;
}

/* Opens the message that the operands name, or the newest of a folder; NULL after saying why not.
 */
static ox_item *open_message(client *c, const command *self, const char *name, bool newest,
                             const char *folder_path, uint32_t mode) {
  ox_id folder_id = 0, id = 0;
  ox_error err = {0};
  ox_status status = OX_OK;
  if (newest) {
    ox_folder *folder = open_folder(c, folder_path);
    if (folder == NULL) return NULL;
    folder_id = ox_folder_id(folder);
    status = find_newest(c, folder, &id, &err);
    ox_folder_close(folder);
  } else if (!parse_message_name(name, &folder_id, &id)) {
    fail(self, "The verb 'list' prints the names of messages.", "'%s' is no message name", name);
    return NULL;
  }
  ox_item *item = NULL;
  if (status == OX_OK) status = ox_item_open(c->mailbox, folder_id, id, mode, &item, &err);
  if (status == OX_OK) return item;
  fail_error(self, NULL, newest ? folder_path : name, status, &err);
  return NULL;
}

/* ---- show
 * ------------------------------------------------------------------------------------------- */

static json_t *json_addresses(client *c, const ox_message *message, int32_t type) {
  json_t *list = json_array();
  for (size_t i = 0; i < message->recipient_count; i++) {
    const ox_propbag *bag = &message->recipients[i].properties;
    if (ox_propbag_i32(bag, OX_PidTagRecipientType, OX_RECIPIENT_TO) != type) continue;
    const char *address = ox_propbag_utf8(bag, OX_PidTagSmtpAddress, &c->arena, NULL);
    if (address == NULL) address = ox_propbag_utf8(bag, OX_PidTagEmailAddress, &c->arena, "");
    json_array_append_new(
        list, json_pack("{s:o, s:o}", "name",
                        json_text(ox_propbag_utf8(bag, OX_PidTagDisplayName, &c->arena, "")),
                        "address", json_text(address)));
  }
  return list;
}

static json_t *json_attachments(client *c, const ox_message *message) {
  json_t *list = json_array();
  for (size_t i = 0; i < message->attachment_count; i++) {
    const ox_attachment *attachment = &message->attachments[i];
    const ox_propbag *bag = &attachment->properties;
    const char *name = ox_propbag_utf8(bag, OX_PidTagAttachLongFilename, &c->arena, NULL);
    if (name == NULL) name = ox_propbag_utf8(bag, OX_PidTagDisplayName, &c->arena, "");
    uint64_t size = attachment->source != NULL
                        ? attachment->source->size_bytes
                        : ox_propbag_binary(bag, OX_PidTagAttachDataBinary).size_bytes;
    json_array_append_new(
        list, json_pack("{s:o, s:I, s:b}", "name", json_text(name), "size", (json_int_t)size,
                        "message", attachment->embedded != NULL));
  }
  return list;
}

static void print_message_json(client *c, const char *name, const ox_message *message,
                               const char *text) {
  const ox_propbag *bag = &message->properties;
  char delivered[OX_FILETIME_TEXT_BYTES];
  ox_filetime_format(ox_propbag_time(bag, OX_PidTagMessageDeliveryTime, 0), delivered);
  const char *from = ox_propbag_utf8(bag, OX_PidTagSentRepresentingSmtpAddress, &c->arena, NULL);
  if (from == NULL) {
    from = ox_propbag_utf8(bag, OX_PidTagSentRepresentingEmailAddress, &c->arena, "");
  }
  print_json(json_pack(
      "{s:s, s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "id", name, "class",
      json_text(ox_propbag_utf8(bag, OX_PidTagMessageClass, &c->arena, "")), "subject",
      json_text(ox_propbag_utf8(bag, OX_PidTagSubject, &c->arena, "")), "from",
      json_pack("{s:o, s:o}", "name",
                json_text(ox_propbag_utf8(bag, OX_PidTagSentRepresentingName, &c->arena, "")),
                "address", json_text(from)),
      "delivered", delivered, "to", json_addresses(c, message, OX_RECIPIENT_TO), "cc",
      json_addresses(c, message, OX_RECIPIENT_CC), "bcc",
      json_addresses(c, message, OX_RECIPIENT_BCC), "messageId",
      json_text(ox_propbag_utf8(bag, OX_PidTagInternetMessageId, &c->arena, "")), "text",
      json_text(text), "attachments", json_attachments(c, message)));
}

int verb_show(client *c, const command *self, int argc, char **argv) {
  const char *folder = "Inbox";
  bool newest = false, keep_unread = false;
  const option_spec options[] = {
      {.name = "newest", .flag = &newest},
      {.name = "folder", .value = &folder},
      {.name = "keep-unread", .flag = &keep_unread},
  };
  int status;
  int operands =
      parse_options(self, argc, argv, options, sizeof options / sizeof options[0], &status);
  if (operands < 0) return status;
  if (operands != (newest ? 0 : 1)) return usage_error(self, "name one message, or say --newest");
  ox_item *item = open_message(c, self, argv[1], newest, folder, OX_OPEN_BEST_ACCESS);
  if (item == NULL) return EXIT_FAILED;
  ox_error err = {0};
  ox_message *message = NULL;
  ox_writer text;
  ox_writer_init(&text, NULL, MESSAGE_FILE_MAX_BYTES);
  ox_status result = ox_item_export(item, 0, &message, &err);
  if (result == OX_OK) {
    result = ox_message_to_text(
        message, c->json ? OX_MESSAGE_TEXT_NO_HEADERS | OX_MESSAGE_TEXT_NO_ATTACHMENTS : 0, &text,
        &err);
  }
  ox_write_u8(&text, 0);
  if (result == OX_OK) result = ox_writer_status(&text);
  if (result == OX_OK) {
    char name[MESSAGE_NAME_BYTES];
    format_message_name(ox_item_folder_id(item), ox_item_id(item), name);
    if (c->json) {
      print_message_json(c, name, message, (const char *)text.data);
    } else {
      fputs((const char *)text.data, stdout);
    }
    if (!keep_unread) {
      result = ox_item_set_read_flag(item, OX_READ_FLAG_SUPPRESS_RECEIPT, NULL, &err);
    }
  }
  ox_writer_dispose(&text);
  ox_message_free(message);
  ox_item_close(item);
  return result == OX_OK ? EXIT_DONE : fail_error(self, NULL, "reading", result, &err);
}

/* ---- delete
 * ------------------------------------------------------------------------------------------ */

int verb_delete(client *c, const command *self, int argc, char **argv) {
  bool hard = false, trash = false;
  const option_spec options[] = {
      {.name = "hard", .flag = &hard},
      {.name = "trash", .flag = &trash},
  };
  int status;
  int operands = parse_options(self, argc, argv, options, 2, &status);
  if (operands < 0) return status;
  if (operands < 1) return usage_error(self, "name the messages to delete");
  if (hard && trash) return usage_error(self, "--hard or --trash, not both");
  for (int i = 1; i <= operands; i++) {
    ox_id folder_id, id;
    if (!parse_message_name(argv[i], &folder_id, &id)) {
      return fail(self, "The verb 'list' prints the names of messages.", "'%s' is no message name",
                  argv[i]);
    }
    ox_error err = {0};
    ox_folder *folder = NULL, *deleted = NULL;
    bool partial = false;
    ox_status result = ox_folder_open(c->mailbox, folder_id, 0, &folder, &err);
    if (result == OX_OK && trash) {
      ox_id deleted_id;
      result = ox_mailbox_special_folder(c->mailbox, OX_SPECIAL_DELETED_ITEMS, &deleted_id, &err);
      if (result == OX_OK) result = ox_folder_open(c->mailbox, deleted_id, 0, &deleted, &err);
      if (result == OX_OK) {
        result = ox_folder_move_messages(folder, deleted, &id, 1, false, NULL, &partial, &err);
      }
    } else if (result == OX_OK) {
      result = ox_folder_delete_messages(folder, &id, 1, hard ? OX_DELETE_MESSAGES_HARD : 0,
                                         &partial, &err);
    }
    ox_folder_close(deleted);
    ox_folder_close(folder);
    if (result == OX_OK && partial) {
      result = ox_error_set(&err, OX_E_NOT_FOUND, "there is no such message");
    }
    if (result != OX_OK) return fail_error(self, NULL, argv[i], result, &err);
  }
  if (!c->json) printf("Deleted %d.\n", operands);
  return EXIT_DONE;
}

/* ---- import
 * ------------------------------------------------------------------------------------------ */

typedef struct import_count {
  size_t imported;
  size_t refused;
} import_count;

static void import_file(client *c, const command *self, ox_folder *folder, const char *path,
                        uint32_t flags, import_count *count) {
  ox_error err = {0};
  size_t size;
  ox_message *message = NULL;
  ox_status status;
  char *text = read_file(path, MESSAGE_FILE_MAX_BYTES, &size, &err);
  if (text == NULL) {
    status = err.status;
  } else {
    ox_bytes mime = {(const uint8_t *)text, size};
    status = ox_mime_import(mime, NULL, &message, &err);
  }
  if (status == OX_OK) status = ox_folder_import(folder, message, flags, NULL, &err);
  if (status == OX_OK) {
    count->imported++;
    step(c, "Stored %s in the folder", path);
  } else {
    count->refused++;
    fail_error(self, NULL, path, status, &err);
  }
  ox_message_free(message);
  free(text);
}

static int compare_names(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

/* All *.eml files of a folder, in order of their names. */
static void import_files_of(client *c, const command *self, ox_folder *folder, const char *path,
                            uint32_t flags, import_count *count) {
  DIR *files = opendir(path);
  if (files == NULL) {
    count->refused++;
    fail(self, NULL, "%s: %s", path, strerror(errno));
    return;
  }
  char **names = NULL;
  size_t name_count = 0, capacity = 0;
  for (struct dirent *entry; (entry = readdir(files)) != NULL;) {
    const char *dot = strrchr(entry->d_name, '.');
    if (dot == NULL || !ox_ascii_equal(dot, ".eml")) continue;
    if (name_count == capacity) {
      capacity = capacity != 0 ? capacity * 2 : 64;
      char **grown = realloc(names, capacity * sizeof *names);
      if (grown == NULL) break;
      names = grown;
    }
    names[name_count] = data_path(path, entry->d_name);
    if (names[name_count] != NULL) name_count++;
  }
  closedir(files);
  if (name_count != 0) qsort(names, name_count, sizeof *names, compare_names);
  for (size_t i = 0; i < name_count; i++) {
    import_file(c, self, folder, names[i], flags, count);
    free(names[i]);
  }
  free(names);
}

int verb_import(client *c, const command *self, int argc, char **argv) {
  bool unread = false;
  const option_spec options[] = {{.name = "unread", .flag = &unread}};
  int status;
  int operands = parse_options(self, argc, argv, options, 1, &status);
  if (operands < 0) return status;
  if (operands < 2) return usage_error(self, "name a folder and the files to import");
  ox_folder *folder = open_folder(c, argv[1]);
  if (folder == NULL) return EXIT_FAILED;
  import_count count = {0};
  uint32_t flags = unread ? OX_IMPORT_UNREAD : 0;
  for (int i = 2; i <= operands; i++) {
    struct stat about;
    if (stat(argv[i], &about) == 0 && S_ISDIR(about.st_mode)) {
      import_files_of(c, self, folder, argv[i], flags, &count);
    } else {
      import_file(c, self, folder, argv[i], flags, &count);
    }
  }
  ox_folder_close(folder);
  if (c->json) {
    print_json(json_pack("{s:I, s:I}", "imported", (json_int_t)count.imported, "refused",
                         (json_int_t)count.refused));
  } else {
    printf("Imported %zu, refused %zu.\n", count.imported, count.refused);
  }
  return count.refused == 0 ? EXIT_DONE : EXIT_FAILED;
}

/* ---- export
 * ------------------------------------------------------------------------------------------ */

int verb_export(client *c, const command *self, int argc, char **argv) {
  const char *folder = "Inbox";
  bool newest = false;
  const option_spec options[] = {
      {.name = "newest", .flag = &newest},
      {.name = "folder", .value = &folder},
  };
  int status;
  int operands = parse_options(self, argc, argv, options, 2, &status);
  if (operands < 0) return status;
  if (operands != (newest ? 1 : 2)) return usage_error(self, "name a message and an .eml file");
  const char *path = argv[operands];
  ox_item *item = open_message(c, self, argv[1], newest, folder, OX_OPEN_READ_ONLY);
  if (item == NULL) return EXIT_FAILED;
  ox_error err = {0};
  ox_message *message = NULL;
  ox_writer w;
  ox_writer_init(&w, NULL, MESSAGE_FILE_MAX_BYTES);
  ox_status result = ox_item_export(item, 0, &message, &err);
  if (result == OX_OK) result = ox_mime_export(message, NULL, &w, &err);
  ox_message_free(message);
  ox_item_close(item);
  if (result != OX_OK) {
    status = fail_error(self, NULL, "exporting", result, &err);
  } else {
    ox_bytes mime = ox_writer_bytes(&w);
    FILE *file = strcmp(path, "-") == 0 ? stdout : fopen(path, "wb");
    if (file == NULL || fwrite(mime.data, 1, mime.size_bytes, file) != mime.size_bytes ||
        (file != stdout && fclose(file) != 0)) {
      status = fail(self, NULL, "%s: %s", path, strerror(errno));
    } else {
      status = EXIT_DONE;
    }
  }
  ox_writer_dispose(&w);
  return status;
}
