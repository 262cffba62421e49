#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <oxkit/ropcodec/properties.h>

#include "client.h"

int format_id(ox_id id, char *out, size_t size) {
  uint16_t replid = ox_id_replid(id);
  return replid == 1 ? snprintf(out, size, "%" PRIx64, ox_id_counter(id))
                     : snprintf(out, size, "%" PRIx64 "-%x", ox_id_counter(id), replid);
}

static bool parse_id(const char **text, ox_id *id_out) {
  char *end;
  uint64_t counter = strtoull(*text, &end, 16);
  unsigned long replid = 1;
  if (end == *text) return false;
  if (*end == '-') {
    const char *second = end + 1;
    replid = strtoul(second, &end, 16);
    if (end == second || replid > UINT16_MAX) return false;
  }
  *text = end;
  *id_out = ox_id_make((uint16_t)replid, counter);
  return true;
}

void format_message_name(ox_id folder, ox_id message, char name_out[MESSAGE_NAME_BYTES]) {
  int length = format_id(folder, name_out, MESSAGE_NAME_BYTES);
  name_out[length++] = '.';
  format_id(message, name_out + length, MESSAGE_NAME_BYTES - (size_t)length);
}

bool parse_message_name(const char *name, ox_id *folder_out, ox_id *message_out) {
  return parse_id(&name, folder_out) && *name++ == '.' && parse_id(&name, message_out) &&
         *name == 0;
}

void format_time(ox_filetime time, char *out, size_t size) {
  time_t seconds = (time_t)ox_filetime_to_unix(time, NULL);
  struct tm parts;
  if (time == 0 || localtime_r(&seconds, &parts) == NULL) {
    snprintf(out, size, "-");
  } else {
    strftime(out, size, "%Y-%m-%d %H:%M", &parts);
  }
}

const char *row_text(ox_arena *arena, const ox_property *property) {
  if (OX_PROPTAG_TYPE(property->tag) != OX_PTYP_STRING) return "";
  const char *text = ox_str16_utf8(arena, property->value.string);
  return text != NULL ? text : "";
}

int64_t row_number(const ox_property *property) {
  switch (OX_PROPTAG_TYPE(property->tag)) {
    case OX_PTYP_INTEGER32: return property->value.i32;
    case OX_PTYP_INTEGER64: return property->value.i64;
    case OX_PTYP_BOOLEAN: return property->value.boolean;
    case OX_PTYP_TIME: return (int64_t)property->value.time;
    default: return 0;
  }
}

/* ---- folders by path --------------------------------------------------------------------------
 */

typedef struct special_name {
  const char *name;
  uint32_t special;
} special_name;

static const special_name special_names[] = {
    {"Inbox", OX_SPECIAL_INBOX},           {"Outbox", OX_SPECIAL_OUTBOX},
    {"Sent", OX_SPECIAL_SENT_ITEMS},       {"Sent Items", OX_SPECIAL_SENT_ITEMS},
    {"Deleted", OX_SPECIAL_DELETED_ITEMS}, {"Deleted Items", OX_SPECIAL_DELETED_ITEMS},
};

/* The subfolder of that name, which may differ in case; 0 when there is none. */
static ox_status find_subfolder(ox_folder *parent, const char *name, ox_id *id_out, ox_error *err) {
  ox_table *table = NULL;
  ox_status status = ox_folder_hierarchy(parent, 0, &table, NULL, err);
  if (status != OX_OK) return status;
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  const ox_proptag columns[] = {OX_PidTagFolderId, OX_PidTagDisplayName};
  ox_str16 wanted;
  *id_out = 0;
  status = ox_str16_from_utf8(&arena, ox_str8_from(name), &wanted);
  if (status == OX_OK) status = ox_table_set_columns(table, columns, 2, err);
  while (status == OX_OK && *id_out == 0) {
    ox_property *rows;
    size_t count;
    status = ox_table_query_rows(table, 0, true, 50, &arena, &rows, &count, NULL, err);
    if (status != OX_OK || count == 0) break;
    for (size_t i = 0; i < count; i++) {
      const ox_property *row = rows + 2 * i;
      if (OX_PROPTAG_TYPE(row[1].tag) == OX_PTYP_STRING &&
          ox_str16_compare(row[1].value.string, wanted, OX_FOLD_CASE) == 0) {
        *id_out = (ox_id)row_number(&row[0]);
      }
    }
  }
  ox_table_close(table);
  ox_arena_dispose(&arena);
  return status;
}

static ox_status open_special(client *c, const char *name, ox_folder **out, ox_error *err) {
  uint32_t special = OX_SPECIAL_COUNT;
  if (name[0] == 0) special = OX_SPECIAL_IPM_SUBTREE;
  for (size_t i = 0; i < sizeof special_names / sizeof special_names[0]; i++) {
    if (ox_ascii_equal(special_names[i].name, name)) special = special_names[i].special;
  }
  if (special == OX_SPECIAL_COUNT) return OX_E_NOT_FOUND;
  ox_id id;
  ox_status status = ox_mailbox_special_folder(c->mailbox, special, &id, err);
  return status == OX_OK ? ox_folder_open(c->mailbox, id, 0, out, err) : status;
}

ox_folder *open_folder(client *c, const char *path) {
  ox_error err = {0};
  ox_folder *folder = NULL;
  char *copy = strdup(path);
  ox_status status = copy != NULL ? OX_OK : ox_error_set(&err, OX_E_NO_MEMORY, NULL);
  char *rest = NULL;
  char *part = status == OX_OK ? strtok_r(copy, "/", &rest) : NULL;
  if (status == OX_OK) {
    status = open_special(c, part != NULL ? part : "", &folder, &err);
    if (status == OX_OK) {
      part = strtok_r(NULL, "/", &rest);
    } else if (status == OX_E_NOT_FOUND) {
      status = open_special(c, "", &folder, &err);
    }
  }
  while (status == OX_OK && part != NULL) {
    ox_id id = 0;
    ox_folder *parent = folder;
    folder = NULL;
    status = find_subfolder(parent, part, &id, &err);
    if (status == OX_OK && id == 0) {
      status = ox_error_setf(&err, OX_E_NOT_FOUND, "there is no folder '%s'", part);
    }
    if (status == OX_OK) status = ox_folder_open(c->mailbox, id, 0, &folder, &err);
    ox_folder_close(parent);
    part = strtok_r(NULL, "/", &rest);
  }
  free(copy);
  if (status == OX_OK) return folder;
  fail_error(c->self, "The verb 'folders' lists what there is.", path, status, &err);
  return NULL;
}

/* ---- listings -----------------------------------------------------------------------------------
 */

const ox_proptag listing_columns[COLUMN_COUNT] = {
    [COLUMN_FOLDER] = OX_PidTagFolderId,          [COLUMN_MESSAGE] = OX_PidTagMid,
    [COLUMN_TIME] = OX_PidTagMessageDeliveryTime, [COLUMN_FROM] = OX_PidTagSentRepresentingName,
    [COLUMN_SUBJECT] = OX_PidTagSubject,          [COLUMN_SIZE] = OX_PidTagMessageSize,
    [COLUMN_FLAGS] = OX_PidTagMessageFlags,
};

/* PidTagMessageFlags. @spec [MS-OXCMSG] 2.2.1.6 */
enum { MSGFLAG_READ = 0x01, MSGFLAG_HAS_ATTACHMENT = 0x10 };

void print_listing_heading(const client *c) {
  if (!c->json) {
    printf("%-9s %-17s %-2s %9s  %-24s %s\n", "message", "delivered", "", "bytes", "from",
           "subject");
  }
}

void print_listing_row(client *c, const ox_property *row, json_t *rows) {
  char name[MESSAGE_NAME_BYTES];
  format_message_name((ox_id)row_number(&row[COLUMN_FOLDER]),
                      (ox_id)row_number(&row[COLUMN_MESSAGE]), name);
  ox_filetime time = (ox_filetime)row_number(&row[COLUMN_TIME]);
  int64_t flags = row_number(&row[COLUMN_FLAGS]);
  const char *from = row_text(&c->arena, &row[COLUMN_FROM]);
  const char *subject = row_text(&c->arena, &row[COLUMN_SUBJECT]);
  if (rows != NULL) {
    char iso[OX_FILETIME_TEXT_BYTES];
    ox_filetime_format(time, iso);
    json_array_append_new(
        rows, json_pack("{s:s, s:s, s:o, s:o, s:I, s:b, s:b}", "id", name, "delivered",
                        time != 0 ? iso : "", "from", json_text(from), "subject",
                        json_text(subject), "size", (json_int_t)row_number(&row[COLUMN_SIZE]),
                        "read", (flags & MSGFLAG_READ) != 0, "attachments",
                        (flags & MSGFLAG_HAS_ATTACHMENT) != 0));
    return;
  }
  char when[32];
  format_time(time, when, sizeof when);
  printf("%-9s %-17s %c%c %9lld  %-24.24s %s\n", name, when, flags & MSGFLAG_READ ? ' ' : '*',
         flags & MSGFLAG_HAS_ATTACHMENT ? '@' : ' ', (long long)row_number(&row[COLUMN_SIZE]), from,
         subject);
}
