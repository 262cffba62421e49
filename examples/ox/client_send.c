/* send and gal: composing, and the address book. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <oxkit/ropcodec/properties.h>

#include "client.h"

/* ---- the address book
 * ------------------------------------------------------------------------------ */

enum {
  PERSON_NAME,
  PERSON_SMTP,
  PERSON_ADDRESS_TYPE,
  PERSON_ADDRESS,
  PERSON_ENTRY_ID,
  PERSON_DISPLAY_TYPE,
  PERSON_PHONE,
  PERSON_DEPARTMENT,
  PERSON_COLUMNS
};

static const ox_proptag person_columns[PERSON_COLUMNS] = {
    [PERSON_NAME] = OX_PidTagDisplayName,
    [PERSON_SMTP] = OX_PidTagSmtpAddress,
    [PERSON_ADDRESS_TYPE] = OX_PidTagAddressType,
    [PERSON_ADDRESS] = OX_PidTagEmailAddress,
    [PERSON_ENTRY_ID] = OX_PidTagEntryId,
    [PERSON_DISPLAY_TYPE] = OX_PidTagDisplayType,
    [PERSON_PHONE] = OX_PidTagBusinessTelephoneNumber,
    [PERSON_DEPARTMENT] = OX_PidTagDepartmentName,
};

static void print_people(client *c, const ox_addressbook_rows *people) {
  json_t *list = c->json ? json_array() : NULL;
  for (size_t i = 0; i < people->row_count; i++) {
    const ox_property *row = people->rows[i].properties;
    const char *name = row_text(&c->arena, &row[PERSON_NAME]);
    const char *smtp = row_text(&c->arena, &row[PERSON_SMTP]);
    if (list == NULL) {
      printf("%-28s %-34s %s\n", name, smtp, row_text(&c->arena, &row[PERSON_DEPARTMENT]));
    } else {
      json_array_append_new(
          list, json_pack("{s:o, s:o, s:o, s:o, s:o, s:I}", "name", json_text(name), "address",
                          json_text(smtp), "legacyDN",
                          json_text(row_text(&c->arena, &row[PERSON_ADDRESS])), "phone",
                          json_text(row_text(&c->arena, &row[PERSON_PHONE])), "department",
                          json_text(row_text(&c->arena, &row[PERSON_DEPARTMENT])), "displayType",
                          (json_int_t)row_number(&row[PERSON_DISPLAY_TYPE])));
    }
  }
  if (list != NULL) print_json(list);
}

int verb_gal(client *c, const command *self, int argc, char **argv) {
  const char *limit_text = "100";
  const option_spec options[] = {{.name = "limit", .value = &limit_text}};
  int status;
  int operands = parse_options(self, argc, argv, options, 1, &status);
  if (operands < 0) return status;
  if (operands > 1) return usage_error(self, "give one text to search for, or none");
  ox_addressbook *book = session_address_book(c);
  if (book == NULL) return EXIT_FAILED;
  uint32_t limit = (uint32_t)strtoul(limit_text, NULL, 10);
  ox_error err = {0};
  ox_addressbook_rows people = {0};
  ox_status result;
  if (operands == 1) {
    result = ox_addressbook_search(book, argv[1], limit, person_columns, PERSON_COLUMNS, &c->arena,
                                   NULL, NULL, &people, &err);
  } else {
    result = ox_addressbook_query_rows(book, 0, 0, limit, person_columns, PERSON_COLUMNS, &c->arena,
                                       &people, NULL, &err);
  }
  if (ox_failed(result)) return fail_error(self, NULL, "reading the address book", result, &err);
  print_people(c, &people);
  if (operands == 1 && people.row_count == 0) {
    return fail(self, NULL, "nobody matches '%s'", argv[1]);
  }
  return EXIT_DONE;
}

/* ---- recipients
 * ------------------------------------------------------------------------------------ */

typedef struct addressee {
  const char *text;
  int32_t type; /* OX_RECIPIENT_* */
} addressee;

typedef struct addressees {
  addressee items[3 * 256];
  const char *names[3 * 256];
  size_t count;
} addressees;

static void collect(addressees *all, const string_list *list, int32_t type) {
  for (size_t i = 0; i < list->count; i++) {
    all->items[all->count] = (addressee){list->items[i], type};
    all->names[all->count++] = list->items[i];
  }
}

static ox_status set_text(ox_propbag *bag, ox_proptag tag, const char *text) {
  return text != NULL && text[0] != 0 ? ox_propbag_set_utf8(bag, tag, text) : OX_OK;
}

/* Properties of a recipient that the address book resolved. */
static ox_status resolved_recipient(const ox_property *row, ox_propbag *bag) {
  ox_status status = OX_OK;
  for (size_t i = 0; i <= PERSON_DISPLAY_TYPE && status == OX_OK; i++) {
    if (OX_PROPTAG_TYPE(row[i].tag) != OX_PROPTAG_TYPE(person_columns[i])) continue;
    status = ox_propbag_set(bag, person_columns[i], &row[i].value);
  }
  return status;
}

/* Properties of a recipient that is only an address. */
static ox_status one_off_recipient(const char *address, ox_propbag *bag) {
  ox_status status = set_text(bag, OX_PidTagDisplayName, address);
  if (status == OX_OK) status = set_text(bag, OX_PidTagAddressType, "SMTP");
  if (status == OX_OK) status = set_text(bag, OX_PidTagEmailAddress, address);
  if (status == OX_OK) status = set_text(bag, OX_PidTagSmtpAddress, address);
  return status;
}

/* Resolves every addressee; prints who cannot be. @spec [MS-OXPROTO] 2.4.6 */
static int resolve_all(client *c, const command *self, const addressees *all,
                       ox_recipient_change *changes) {
  ox_addressbook *book = session_address_book(c);
  if (book == NULL) return EXIT_FAILED;
  ox_error err = {0};
  uint32_t *results;
  ox_addressbook_rows people = {0};
  ox_status status = ox_addressbook_resolve(book, all->names, all->count, person_columns,
                                            PERSON_COLUMNS, &c->arena, &results, &people, &err);
  if (ox_failed(status)) return fail_error(self, NULL, "resolving recipients", status, &err);
  size_t next_row = 0;
  for (size_t i = 0; i < all->count; i++) {
    ox_propbag *bag = ox_arena_alloc(&c->arena, sizeof *bag);
    if (bag == NULL) return fail(self, NULL, "out of memory");
    ox_propbag_init(bag, &c->arena);
    if (results[i] == OX_ADDRESSBOOK_RESOLVED && next_row < people.row_count) {
      const ox_property *row = people.rows[next_row++].properties;
      status = resolved_recipient(row, bag);
      step(c, "The address book says that \"%s\" is %s <%s>", all->names[i],
           row_text(&c->arena, &row[PERSON_NAME]), row_text(&c->arena, &row[PERSON_SMTP]));
    } else if (results[i] == OX_ADDRESSBOOK_AMBIGUOUS) {
      return fail(self, "'ox client ... gal TEXT' lists who matches.",
                  "'%s' could be several people", all->names[i]);
    } else if (strchr(all->names[i], '@') != NULL) {
      status = one_off_recipient(all->names[i], bag);
    } else {
      return fail(self, "'ox client ... gal' lists everybody.", "nobody is called '%s'",
                  all->names[i]);
    }
    if (status == OX_OK)
      status = ox_propbag_set_i32(bag, OX_PidTagRecipientType, all->items[i].type);
    if (status != OX_OK) return fail_error(self, NULL, all->names[i], status, NULL);
    changes[i].row_id = (uint32_t)i;
    changes[i].properties = bag;
  }
  return EXIT_DONE;
}

/* ---- composing
 * ------------------------------------------------------------------------------------- */

/* Streams a file into a new attachment. @spec [MS-OXPROTO] 2.4.5 */
static ox_status attach_file(client *c, ox_item *item, const char *path, ox_error *err) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) return ox_error_setf(err, OX_E_IO, "%s: %s", path, strerror(errno));
  const char *slash = strrchr(path, '/');
  ox_propbag bag;
  ox_propbag_init(&bag, &c->arena);
  ox_item_attachment *attachment = NULL;
  ox_stream *stream = NULL;
  ox_status status = ox_attachment_create(item, &attachment, NULL, err);
  if (status == OX_OK) status = ox_propbag_set_i32(&bag, OX_PidTagAttachMethod, 1); /* afByValue */
  if (status == OX_OK) status = ox_propbag_set_i32(&bag, OX_PidTagRenderingPosition, -1);
  if (status == OX_OK) {
    status = set_text(&bag, OX_PidTagAttachLongFilename, slash != NULL ? slash + 1 : path);
  }
  if (status == OX_OK) {
    status = ox_object_set(ox_attachment_object(attachment), bag.items, bag.count, NULL, err);
  }
  if (status == OX_OK) {
    status = ox_stream_open(ox_attachment_object(attachment), OX_PidTagAttachDataBinary,
                            OX_STREAM_CREATE, &stream, NULL, err);
  }
  char piece[32 * 1024];
  size_t got;
  while (status == OX_OK && (got = fread(piece, 1, sizeof piece, file)) != 0) {
    status = ox_stream_write(stream, piece, got, err);
  }
  if (status == OX_OK && ferror(file)) {
    status = ox_error_setf(err, OX_E_IO, "%s: %s", path, strerror(errno));
  }
  fclose(file);
  if (status == OX_OK) status = ox_stream_commit(stream, err);
  ox_stream_close(stream);
  if (status == OX_OK) status = ox_attachment_save(attachment, 0, err);
  ox_attachment_close(attachment);
  return status;
}

typedef struct draft {
  const char *subject;
  const char *body;
  const char *html;
  const string_list *attachments;
  const ox_recipient_change *recipients;
  size_t recipient_count;
} draft;

static ox_status set_draft_properties(client *c, ox_item *item, const draft *in, ox_error *err) {
  ox_propbag bag;
  ox_propbag_init(&bag, &c->arena);
  ox_status status = set_text(&bag, OX_PidTagMessageClass, "IPM.Note");
  if (status == OX_OK) status = set_text(&bag, OX_PidTagSubject, in->subject);
  if (status == OX_OK && in->html == NULL)
    status = ox_propbag_set_utf8(&bag, OX_PidTagBody, in->body);
  if (status == OX_OK && in->html != NULL) {
    status = ox_propbag_set_binary(&bag, OX_PidTagHtml, in->html, strlen(in->html));
    if (status == OX_OK) status = ox_propbag_set_i32(&bag, OX_PidTagInternetCodepage, 65001);
  }
  if (status == OX_OK) {
    status =
        ox_propbag_set_time(&bag, OX_PidTagClientSubmitTime, ox_filetime_from_unix(time(NULL), 0));
  }
  return status == OX_OK ? ox_object_set(ox_item_object(item), bag.items, bag.count, NULL, err)
                         : status;
}

static ox_status compose(client *c, const draft *in, bool submit, ox_error *err) {
  ox_id folder_id;
  ox_folder *folder = NULL;
  ox_item *item = NULL;
  ox_status status = ox_mailbox_special_folder(
      c->mailbox, submit ? OX_SPECIAL_OUTBOX : OX_SPECIAL_DRAFTS, &folder_id, err);
  if (status == OX_OK) status = ox_folder_open(c->mailbox, folder_id, 0, &folder, err);
  if (status == OX_OK) status = ox_item_create(folder, false, 0, &item, err);
  if (status == OX_OK) status = set_draft_properties(c, item, in, err);
  if (status == OX_OK) {
    status = ox_item_modify_recipients(item, in->recipients, in->recipient_count, err);
  }
  for (size_t i = 0; status == OX_OK && i < in->attachments->count; i++) {
    status = attach_file(c, item, in->attachments->items[i], err);
  }
  if (status == OX_OK) status = ox_item_save(item, OX_SAVE_KEEP_OPEN_READ_WRITE, NULL, err);
  if (status == OX_OK && submit) status = ox_item_submit(item, 0, err);
  ox_item_close(item);
  ox_folder_close(folder);
  return status;
}

int verb_send(client *c, const command *self, int argc, char **argv) {
  static string_list to, cc, bcc, attachments; /* too large for the stack, one run only */
  static addressees all;
  static ox_recipient_change changes[sizeof all.items / sizeof all.items[0]];
  const char *body_file = NULL, *html_file = NULL;
  bool keep = false;
  draft message = {.subject = "", .body = "", .attachments = &attachments};
  const option_spec options[] = {
      {.name = "to", .list = &to},
      {.name = "cc", .list = &cc},
      {.name = "bcc", .list = &bcc},
      {.name = "subject", .value = &message.subject},
      {.name = "body", .value = &message.body},
      {.name = "body-file", .value = &body_file},
      {.name = "html-file", .value = &html_file},
      {.name = "attach", .list = &attachments},
      {.name = "draft", .flag = &keep},
  };
  int status;
  int operands =
      parse_options(self, argc, argv, options, sizeof options / sizeof options[0], &status);
  if (operands < 0) return status;
  if (operands != 0) return usage_error(self, "everything is an option: --to, --subject, ...");
  collect(&all, &to, OX_RECIPIENT_TO);
  collect(&all, &cc, OX_RECIPIENT_CC);
  collect(&all, &bcc, OX_RECIPIENT_BCC);
  if (all.count == 0 && !keep) return usage_error(self, "--to is missing");

  ox_error err = {0};
  size_t size;
  char *text = NULL;
  if (body_file != NULL || html_file != NULL) {
    text = read_file(body_file != NULL ? body_file : html_file, 64 * 1024 * 1024, &size, &err);
    if (text == NULL) return fail_error(self, NULL, "reading the body", err.status, &err);
    if (body_file != NULL) {
      message.body = text;
    } else {
      message.html = text;
    }
  }
  status = all.count != 0 ? resolve_all(c, self, &all, changes) : EXIT_DONE;
  if (status == EXIT_DONE) {
    message.recipients = changes;
    message.recipient_count = all.count;
    ox_status result = compose(c, &message, !keep, &err);
    if (result != OX_OK) {
      status = fail_error(self, NULL, keep ? "saving" : "sending", result, &err);
    } else if (!c->json) {
      printf(keep ? "Saved in Drafts.\n" : "Sent to %zu.\n", all.count);
    }
  }
  free(text);
  return status;
}
