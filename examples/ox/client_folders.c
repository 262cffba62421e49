/* folders, list, search, watch: tables and notifications. */
#include <stdlib.h>
#include <string.h>

#include <oxkit/ropcodec/properties.h>

#include "client.h"

/* ---- folders ------------------------------------------------------------------------------------
 */

enum { FOLDER_ID, FOLDER_NAME, FOLDER_DEPTH, FOLDER_CONTENTS, FOLDER_UNREAD, FOLDER_COLUMNS };

static const ox_proptag folder_columns[FOLDER_COLUMNS] = {
    [FOLDER_ID] = OX_PidTagFolderId,
    [FOLDER_NAME] = OX_PidTagDisplayName,
    [FOLDER_DEPTH] = OX_PidTagDepth,
    [FOLDER_CONTENTS] = OX_PidTagContentCount,
    [FOLDER_UNREAD] = OX_PidTagContentUnreadCount,
};

static void print_folder(client *c, const ox_property *row, json_t *list) {
  const char *name = row_text(&c->arena, &row[FOLDER_NAME]);
  long long contents = row_number(&row[FOLDER_CONTENTS]);
  long long unread = row_number(&row[FOLDER_UNREAD]);
  int depth = (int)row_number(&row[FOLDER_DEPTH]);
  if (list == NULL) {
    int indent = depth > 0 ? 2 * (depth - 1) : 0;
    printf("%*s%-*s %6lld messages, %lld unread\n", indent, "", 40 - indent, name, contents,
           unread);
    return;
  }
  char id[20];
  format_id((ox_id)row_number(&row[FOLDER_ID]), id, sizeof id);
  json_array_append_new(
      list, json_pack("{s:s, s:o, s:i, s:I, s:I}", "id", id, "name", json_text(name), "depth",
                      depth, "messages", (json_int_t)contents, "unread", (json_int_t)unread));
}

int verb_folders(client *c, const command *self, int argc, char **argv) {
  int status;
  int operands = parse_options(self, argc, argv, NULL, 0, &status);
  if (operands < 0) return status;
  ox_folder *root = open_folder(c, operands > 0 ? argv[1] : "/");
  if (root == NULL) return EXIT_FAILED;
  ox_error err = {0};
  ox_table *table = NULL;
  json_t *list = c->json ? json_array() : NULL;
  ox_status result = ox_folder_hierarchy(root, OX_TABLE_DEPTH, &table, NULL, &err);
  if (result == OX_OK) result = ox_table_set_columns(table, folder_columns, FOLDER_COLUMNS, &err);
  for (size_t count = 1; result == OX_OK && count != 0;) {
    ox_property *rows;
    result = ox_table_query_rows(table, 0, true, 100, &c->arena, &rows, &count, NULL, &err);
    if (result != OX_OK) break;
    for (size_t i = 0; i < count; i++) print_folder(c, rows + i * FOLDER_COLUMNS, list);
  }
  ox_table_close(table);
  ox_folder_close(root);
  if (result != OX_OK) {
    json_decref(list);
    return fail_error(self, NULL, "reading the folder list", result, &err);
  }
  if (list != NULL) print_json(list);
  return EXIT_DONE;
}

/* ---- list and search
 * ------------------------------------------------------------------------------ */

typedef struct listing {
  const char *folder;
  const char *sort; /* delivered, from, subject, size */
  bool ascending;
  bool unread;
  const char *limit;
} listing;

static bool sort_tag(const char *name, ox_proptag *tag_out) {
  static const struct {
    const char *name;
    int column;
  } keys[] = {{"delivered", COLUMN_TIME},
              {"from", COLUMN_FROM},
              {"subject", COLUMN_SUBJECT},
              {"size", COLUMN_SIZE}};
  for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
    if (strcmp(keys[i].name, name) == 0) {
      *tag_out = listing_columns[keys[i].column];
      return true;
    }
  }
  return false;
}

/* Prints the rows of a folder that match (NULL: all), sorted. */
static int print_listing(client *c, const command *self, const listing *options,
                         const ox_restriction *restriction) {
  ox_sort_order order = {0, options->ascending ? OX_SORT_ASCENDING : OX_SORT_DESCENDING};
  if (!sort_tag(options->sort, &order.property_tag)) {
    return usage_error(self, "--sort takes delivered, from, subject or size");
  }
  size_t limit = (size_t)strtoul(options->limit, NULL, 10);
  ox_folder *folder = open_folder(c, options->folder);
  if (folder == NULL) return EXIT_FAILED;
  ox_error err = {0};
  ox_table *table = NULL;
  json_t *list = c->json ? json_array() : NULL;
  ox_sort_order_set sort = {.sort_order_count = 1, .sort_orders = &order};
  ox_status result = ox_folder_contents(folder, 0, &table, NULL, &err);
  if (result == OX_OK) result = ox_table_set_columns(table, listing_columns, COLUMN_COUNT, &err);
  if (result == OX_OK && restriction != NULL) result = ox_table_restrict(table, restriction, &err);
  if (result == OX_OK) result = ox_table_sort(table, &sort, &err);
  if (result == OX_OK) print_listing_heading(c);
  size_t printed = 0;
  for (size_t count = 1; result == OX_OK && count != 0 && printed < limit; printed += count) {
    size_t want = limit - printed < 100 ? limit - printed : 100;
    ox_property *rows;
    result = ox_table_query_rows(table, 0, true, want, &c->arena, &rows, &count, NULL, &err);
    if (result != OX_OK) break;
    for (size_t i = 0; i < count; i++) print_listing_row(c, rows + i * COLUMN_COUNT, list);
  }
  ox_table_close(table);
  ox_folder_close(folder);
  if (result != OX_OK) {
    json_decref(list);
    return fail_error(self, NULL, "reading the contents table", result, &err);
  }
  if (list != NULL) print_json(list);
  return EXIT_DONE;
}

static void unread_only(ox_restriction *out) {
  memset(out, 0, sizeof *out);
  out->type = OX_RESTRICTION_BITMASK;
  out->u.bitmask.bitmap_rel_op = OX_BMR_EQZ;
  out->u.bitmask.property_tag = OX_PidTagMessageFlags;
  out->u.bitmask.mask = 1; /* mfRead */
}

int verb_list(client *c, const command *self, int argc, char **argv) {
  listing list = {.folder = "Inbox", .sort = "delivered", .limit = "50"};
  const option_spec options[] = {
      {.name = "sort", .value = &list.sort},
      {.name = "limit", .value = &list.limit},
      {.name = "ascending", .flag = &list.ascending},
      {.name = "unread", .flag = &list.unread},
  };
  int status;
  int operands =
      parse_options(self, argc, argv, options, sizeof options / sizeof options[0], &status);
  if (operands < 0) return status;
  if (operands > 1) return usage_error(self, "name one folder");
  if (operands == 1) list.folder = argv[1];
  ox_restriction unread;
  unread_only(&unread);
  return print_listing(c, self, &list, list.unread ? &unread : NULL);
}

/* The properties that a search for text looks in. */
static const struct {
  const char *name;
  ox_proptag tag;
} search_fields[] = {
    {"subject", OX_PidTagSubject},
    {"from", OX_PidTagSentRepresentingName},
    {"to", OX_PidTagDisplayTo},
    {"body", OX_PidTagBody},
};
enum { SEARCH_FIELD_COUNT = sizeof search_fields / sizeof search_fields[0] };

int verb_search(client *c, const command *self, int argc, char **argv) {
  listing list = {.folder = "Inbox", .sort = "delivered", .limit = "50"};
  const char *field = "any";
  const option_spec options[] = {
      {.name = "folder", .value = &list.folder},      {.name = "in", .value = &field},
      {.name = "sort", .value = &list.sort},          {.name = "limit", .value = &list.limit},
      {.name = "ascending", .flag = &list.ascending},
  };
  int status;
  int operands =
      parse_options(self, argc, argv, options, sizeof options / sizeof options[0], &status);
  if (operands < 0) return status;
  if (operands != 1) return usage_error(self, "give one text to search for");
  ox_str16 text;
  if (ox_str16_from_utf8(&c->arena, ox_str8_from(argv[1]), &text) != OX_OK) {
    return fail(self, NULL, "out of memory");
  }
  ox_restriction children[SEARCH_FIELD_COUNT] = {0};
  uint32_t count = 0;
  for (size_t i = 0; i < SEARCH_FIELD_COUNT; i++) {
    if (strcmp(field, "any") != 0 && strcmp(field, search_fields[i].name) != 0) continue;
    ox_restriction *child = &children[count++];
    child->type = OX_RESTRICTION_CONTENT;
    child->u.content.fuzzy_level_low = OX_FUZZY_SUBSTRING;
    child->u.content.fuzzy_level_high = OX_FUZZY_IGNORECASE;
    child->u.content.property_tag = search_fields[i].tag;
    child->u.content.tagged_value.tag = search_fields[i].tag;
    child->u.content.tagged_value.value.string = text;
  }
  if (count == 0) return usage_error(self, "--in takes subject, from, to, body or any");
  ox_restriction any = {.type = OX_RESTRICTION_OR};
  any.u.logical.count = count;
  any.u.logical.children = children;
  return print_listing(c, self, &list, &any);
}

/* ---- watch
 * ---------------------------------------------------------------------------------------- */

/* One line about a new message: what its notification cannot tell is read from the message. */
static ox_status print_new_mail(client *c, const ox_event *event, json_t **row_out, ox_error *err) {
  ox_item *item = NULL;
  ox_status status =
      ox_item_open(c->mailbox, event->folder_id, event->message_id, OX_OPEN_READ_ONLY, &item, err);
  if (status != OX_OK) return status;
  ox_property row[COLUMN_COUNT];
  status =
      ox_object_get(ox_item_object(item), listing_columns, COLUMN_COUNT, 0, &c->arena, row, err);
  ox_item_close(item);
  if (ox_failed(status)) return status;
  json_t *rows = c->json ? json_array() : NULL;
  print_listing_row(c, row, rows);
  if (rows != NULL) {
    *row_out = json_incref(json_array_get(rows, 0));
    json_decref(rows);
  }
  return OX_OK;
}

int verb_watch(client *c, const command *self, int argc, char **argv) {
  const char *count_text = "0", *timeout_text = "0";
  const option_spec options[] = {
      {.name = "count", .value = &count_text},
      {.name = "timeout", .value = &timeout_text},
  };
  int status;
  int operands = parse_options(self, argc, argv, options, 2, &status);
  if (operands < 0) return status;
  unsigned long wanted = strtoul(count_text, NULL, 10), seen = 0;
  unsigned long timeout_ms = strtoul(timeout_text, NULL, 10) * 1000;
  ox_error err = {0};
  ox_id inbox;
  ox_subscription *subscription = NULL;
  ox_status result = ox_mailbox_special_folder(c->mailbox, OX_SPECIAL_INBOX, &inbox, &err);
  if (result == OX_OK) {
    result = ox_mailbox_subscribe(c->mailbox, OX_EVENT_NEW_MAIL, inbox, 0, &subscription, &err);
  }
  if (result == OX_OK && !c->json) {
    printf("Watching the Inbox for new mail%s.\n", wanted != 0 ? "" : "; end with Ctrl-C");
  }
  fflush(stdout);
  while (result == OX_OK && (wanted == 0 || seen < wanted)) {
    bool pending = false;
    result = ox_mailbox_wait(c->mailbox, timeout_ms != 0 ? (uint32_t)timeout_ms : 300000, &pending,
                             &err);
    if (result != OX_OK) break;
    if (!pending && timeout_ms != 0) {
      ox_subscription_close(subscription);
      return fail(self, NULL, "no new mail within %s seconds", timeout_text);
    }
    ox_event event;
    while (ox_mailbox_next_event(c->mailbox, &c->arena, &event, NULL) == OX_OK) {
      if (event.type != OX_EVENT_NEW_MAIL) continue;
      json_t *row = NULL;
      result = print_new_mail(c, &event, &row, &err);
      if (result == OX_E_NOT_FOUND) { /* gone again already */
        result = OX_OK;
        continue;
      }
      if (result != OX_OK) break;
      if (row != NULL) print_json(row);
      fflush(stdout);
      seen++;
    }
    ox_arena_reset(&c->arena);
  }
  ox_subscription_close(subscription);
  return result == OX_OK ? EXIT_DONE : fail_error(self, NULL, "watching", result, &err);
}
