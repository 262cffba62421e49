/* Submitting, local delivery, reports, notifications. */
#include <pthread.h>

#include "support.h"

/* A directory of two people, a room and a group. */
typedef struct people {
  ox_principals base;
  ox_principal list[4];
} people;

static ox_status people_find(ox_principals *base, const char *name, ox_arena *arena,
                             ox_principal *out, ox_error *err) {
  people *p = (people *)base;
  (void)arena;
  for (int i = 0; i < 4; i++) {
    if (!ox_ascii_equal(name, p->list[i].smtp_address) &&
        !ox_ascii_equal(name, p->list[i].legacy_dn))
      continue;
    *out = p->list[i];
    return OX_OK;
  }
  return ox_error_set(err, OX_E_NOT_FOUND, NULL);
}

static ox_status people_members(ox_principals *base, const char *group, ox_arena *arena,
                                ox_principal **out, size_t *count, ox_error *err) {
  people *p = (people *)base;
  if (!ox_ascii_equal(group, p->list[3].smtp_address))
    return ox_error_set(err, OX_E_NOT_FOUND, NULL);
  *out = ox_arena_copy(arena, p->list, 2 * sizeof p->list[0]);
  *count = 2;
  return OX_OK;
}

static const char *people_organization(ox_principals *base) {
  (void)base;
  return "/o=Test";
}

typedef struct post {
  people people;
  ox_outbound *outbound;
  ox_guid bob, room;
  ox_mailbox *mailboxes[3]; /* alice, bob, room */
} post;

static ox_mailbox *log_on(fixture *f, post *p, ox_guid guid) {
  ox_mailbox_open_options open = OX_MAILBOX_OPEN_OPTIONS_INIT;
  ox_mailbox *mailbox = NULL;
  open.mailbox_guid = guid;
  open.outbound = p->outbound;
  open.principals = &p->people.base;
  OK(ox_mailbox_open_local(f->store, &open, &mailbox, &f->err));
  return mailbox;
}

static ox_guid new_mailbox(fixture *f, const char *name, const char *smtp, const char *dn) {
  ox_mailbox_create_options create = {
      .struct_size = sizeof create, .display_name = name, .smtp_address = smtp, .legacy_dn = dn};
  ox_guid guid;
  OK(ox_store_create_mailbox(f->store, &create, &guid, &f->err));
  return guid;
}

static void open_post(fixture *f, post *p) {
  memset(p, 0, sizeof *p);
  p->bob = new_mailbox(f, "Bob", "bob@example.test", "/o=Test/cn=bob");
  p->room = new_mailbox(f, "Room 1", "room1@example.test", "/o=Test/cn=room1");
  p->people.base =
      (ox_principals){sizeof(ox_principals), people_find, people_members, people_organization};
  static const char *const names[] = {"Alice Adams", "Bob", "Room 1", "All"};
  static const char *const smtp[] = {"alice@example.test", "bob@example.test", "room1@example.test",
                                     "all@example.test"};
  static const char *const dns[] = {"/o=Test/ou=Group/cn=Recipients/cn=alice", "/o=Test/cn=bob",
                                    "/o=Test/cn=room1", "/o=Test/cn=all"};
  for (int i = 0; i < 4; i++) {
    p->people.list[i].display_name = names[i];
    p->people.list[i].smtp_address = smtp[i];
    p->people.list[i].legacy_dn = dns[i];
  }
  p->people.list[0].mailbox_guid = f->guid;
  p->people.list[1].mailbox_guid = p->bob;
  p->people.list[2].mailbox_guid = p->room;
  OK(ox_local_delivery_new(f->store, &p->people.base, NULL, &p->outbound, &f->err));
  p->mailboxes[0] = log_on(f, p, f->guid);
  p->mailboxes[1] = log_on(f, p, p->bob);
  p->mailboxes[2] = log_on(f, p, p->room);
}

static void close_post(fixture *f, post *p) {
  for (int i = 0; i < 3; i++) ox_mailbox_close(p->mailboxes[i]);
  OK(ox_store_check_mailbox(f->store, &p->bob, &f->err));
  OK(ox_store_check_mailbox(f->store, &p->room, &f->err));
  ox_local_delivery_free(p->outbound);
}

static ox_folder *folder_of(fixture *f, ox_mailbox *mailbox, uint32_t which) {
  ox_id id;
  ox_folder *folder;
  OK(ox_mailbox_special_folder(mailbox, which, &id, &f->err));
  OK(ox_folder_open(mailbox, id, 0, &folder, &f->err));
  return folder;
}

static void recipient(fixture *f, ox_item *item, uint32_t row, const char *address, int32_t type) {
  ox_propbag bag;
  ox_propbag_init(&bag, &f->arena);
  OK(ox_propbag_set_utf8(&bag, OX_PidTagDisplayName, address));
  OK(ox_propbag_set_utf8(&bag, OX_PidTagAddressType, address[0] == '/' ? "EX" : "SMTP"));
  OK(ox_propbag_set_utf8(&bag, OX_PidTagEmailAddress, address));
  OK(ox_propbag_set_i32(&bag, OX_PidTagRecipientType, type));
  ox_recipient_change change = {row, &bag};
  OK(ox_item_modify_recipients(item, &change, 1, &f->err));
}

static ox_item *compose(fixture *f, post *p, const char *subject) {
  ox_folder *outbox = folder_of(f, p->mailboxes[0], OX_SPECIAL_OUTBOX);
  ox_item *item;
  OK(ox_item_create(outbox, false, 0, &item, &f->err));
  set_text(f, ox_item_object(item), OX_PidTagSubject, subject);
  set_text(f, ox_item_object(item), OX_PidTagBody, "Hello");
  ox_folder_close(outbox);
  return item;
}

/* The only message of a folder. */
static ox_item *only_message(fixture *f, ox_mailbox *mailbox, uint32_t which) {
  ox_folder *folder = folder_of(f, mailbox, which);
  ox_table *table;
  uint32_t count = 0;
  ox_property *row;
  size_t rows;
  ox_proptag column = OX_PidTagMid;
  ox_item *item;
  OK(ox_folder_contents(folder, 0, &table, &count, &f->err));
  assert_int_equal(count, 1);
  OK(ox_table_set_columns(table, &column, 1, &f->err));
  OK(ox_table_query_rows(table, 0, true, 1, &f->arena, &row, &rows, NULL, &f->err));
  OK(ox_item_open(mailbox, 0, (ox_id)row[0].value.i64, OX_OPEN_READ_WRITE, &item, &f->err));
  ox_table_close(table);
  ox_folder_close(folder);
  return item;
}

static int32_t message_count(fixture *f, ox_mailbox *mailbox, uint32_t which) {
  ox_folder *folder = folder_of(f, mailbox, which);
  int32_t count = get(f, ox_folder_object(folder), OX_PidTagContentCount).i32;
  ox_folder_close(folder);
  return count;
}

static void test_submit__arrives_and_is_filed(void **state) {
  fixture *f = *state;
  post p;
  open_post(f, &p);
  ox_subscription *subscription;
  OK(ox_mailbox_subscribe(p.mailboxes[1], OX_EVENT_NEW_MAIL, 0, 0, &subscription, &f->err));
  ox_item *item = compose(f, &p, "RE: lunch");
  recipient(f, item, 0, "/o=Test/cn=bob", OX_RECIPIENT_TO);
  recipient(f, item, 1, "BOB@example.test", OX_RECIPIENT_CC); /* once all the same */
  recipient(f, item, 2, "room1@example.test", OX_RECIPIENT_BCC);
  ox_item_attachment *attachment;
  OK(ox_attachment_create(item, &attachment, NULL, &f->err));
  static char text[40001];
  memset(text, 'y', 40000);
  ox_property data = {.tag = OX_PidTagAttachDataBinary,
                      .value.binary = {(const uint8_t *)text, 40000}};
  OK(ox_object_set(ox_attachment_object(attachment), &data, 1, NULL, &f->err));
  OK(ox_attachment_save(attachment, 0, &f->err));
  ox_attachment_close(attachment);
  OK(ox_item_submit(item, 0, &f->err));
  ox_item_close(item);

  assert_int_equal(message_count(f, p.mailboxes[0], OX_SPECIAL_OUTBOX), 0);
  item = only_message(f, p.mailboxes[0], OX_SPECIAL_SENT_ITEMS);
  assert_int_equal(get(f, ox_item_object(item), OX_PidTagMessageFlags).i32 & 0x0D, 0x01);
  assert_string_equal(get_text(f, ox_item_object(item), OX_PidTagDisplayBcc), "room1@example.test");
  ox_item_close(item);
  item = only_message(f, p.mailboxes[1], OX_SPECIAL_INBOX);
  ox_object *object = ox_item_object(item);
  assert_string_equal(get_text(f, object, OX_PidTagSubject), "RE: lunch");
  assert_string_equal(get_text(f, object, OX_PidTagConversationTopic), "lunch");
  assert_string_equal(get_text(f, object, OX_PidTagSenderName), "Alice Adams");
  assert_string_equal(get_text(f, object, OX_PidTagSenderSmtpAddress), "alice@example.test");
  assert_string_equal(get_text(f, object, OX_PidTagSentRepresentingName), "Alice Adams");
  assert_string_equal(get_text(f, object, OX_PidTagReceivedByName), "Bob");
  assert_string_equal(get_text(f, object, OX_PidTagDisplayTo), "/o=Test/cn=bob");
  assert_string_equal(get_text(f, object, OX_PidTagDisplayBcc), "");
  assert_true(get(f, object, OX_PidTagMessageDeliveryTime).time >=
              get(f, object, OX_PidTagClientSubmitTime).time);
  assert_true(get(f, object, OX_PidTagMessageToMe).boolean);
  assert_int_equal(get(f, object, OX_PidTagMessageFlags).i32 & 0x1F, 0x10); /* unread, attachment */
  ox_recipient *list;
  size_t count;
  OK(ox_item_recipients(item, 0, 0, &f->arena, &list, &count, &f->err));
  assert_int_equal(count, 2); /* no Bcc */
  OK(ox_attachment_open(item, 0, OX_OPEN_READ_ONLY, &attachment, &f->err));
  assert_int_equal(
      get(f, ox_attachment_object(attachment), OX_PidTagAttachDataBinary).binary.size_bytes, 40000);
  ox_attachment_close(attachment);
  ox_id id = ox_item_id(item);
  ox_item_close(item);
  assert_int_equal(message_count(f, p.mailboxes[2], OX_SPECIAL_INBOX), 1);
  ox_event event;
  bool pending = false;
  OK(ox_mailbox_wait(p.mailboxes[1], 0, &pending, &f->err));
  assert_true(pending);
  OK(ox_mailbox_next_event(p.mailboxes[1], &f->arena, &event, &f->err));
  assert_int_equal(event.type, OX_EVENT_NEW_MAIL);
  assert_true(event.message_id == id && event.subscription == subscription);
  assert_string_equal(event.message_class, "IPM.Note");
  FAILS(ox_mailbox_next_event(p.mailboxes[1], &f->arena, &event, &f->err), OX_E_NOT_FOUND);
  ox_subscription_close(subscription);
  close_post(f, &p);
}

static void test_submit__groups_and_unknown_recipients(void **state) {
  fixture *f = *state;
  post p;
  open_post(f, &p);
  ox_item *item = compose(f, &p, "to all");
  recipient(f, item, 0, "all@example.test", OX_RECIPIENT_TO);
  recipient(f, item, 1, "bob@example.test", OX_RECIPIENT_TO);
  recipient(f, item, 2, "nobody@example.test", OX_RECIPIENT_CC);
  ox_property gone = {.tag = OX_PidTagDeleteAfterSubmit, .value.boolean = true};
  OK(ox_object_set(ox_item_object(item), &gone, 1, NULL, &f->err));
  OK(ox_item_submit(item, 0, &f->err));
  ox_item_close(item);
  assert_int_equal(message_count(f, p.mailboxes[1], OX_SPECIAL_INBOX), 1);
  assert_int_equal(message_count(f, p.mailboxes[2], OX_SPECIAL_INBOX), 0);
  assert_int_equal(message_count(f, p.mailboxes[0], OX_SPECIAL_OUTBOX), 0);
  assert_int_equal(message_count(f, p.mailboxes[0], OX_SPECIAL_SENT_ITEMS), 0);
  /* Alice, who is a member too, has her copy and the report. */
  assert_int_equal(message_count(f, p.mailboxes[0], OX_SPECIAL_INBOX), 2);
  ox_folder *inbox = folder_of(f, p.mailboxes[0], OX_SPECIAL_INBOX);
  ox_table *table;
  OK(ox_folder_contents(inbox, 0, &table, NULL, &f->err));
  ox_proptag columns[] = {OX_PidTagMid, OX_PidTagSubject, OX_PidTagBody, OX_PidTagDisplayTo};
  OK(ox_table_set_columns(table, columns, 4, &f->err));
  ox_restriction report = {.type = OX_RESTRICTION_CONTENT};
  report.u.content.fuzzy_level_low = OX_FUZZY_PREFIX;
  report.u.content.property_tag = report.u.content.tagged_value.tag = OX_PidTagMessageClass;
  OK(ox_str16_from_utf8(&f->arena, ox_str8_from("REPORT."),
                        &report.u.content.tagged_value.value.string));
  ox_property *row;
  OK(ox_table_find_row(table, &report, OX_BOOKMARK_BEGINNING, false, &f->arena, &row, NULL,
                       &f->err));
  assert_string_equal(ox_str16_utf8(&f->arena, row[1].value.string), "Undeliverable: to all");
  assert_non_null(strstr(ox_str16_utf8(&f->arena, row[2].value.string), "nobody@example.test"));
  assert_null(strstr(ox_str16_utf8(&f->arena, row[2].value.string), "bob@example.test"));
  assert_string_equal(ox_str16_utf8(&f->arena, row[3].value.string), "nobody@example.test");
  ox_table_close(table);
  ox_folder_close(inbox);
  close_post(f, &p);
}

static void test_submit__needs_recipients_and_a_way_out(void **state) {
  fixture *f = *state;
  post p;
  open_post(f, &p);
  ox_item *item = compose(f, &p, "x");
  FAILS(ox_item_submit(item, 0, &f->err), OX_E_NO_RECIPIENTS);
  ox_item_close(item);
  ox_folder *drafts = open_special(f, OX_SPECIAL_DRAFTS);
  OK(ox_item_create(drafts, false, 0, &item, &f->err));
  recipient(f, item, 0, "bob@example.test", OX_RECIPIENT_TO);
  FAILS(ox_item_submit(item, 0, &f->err), OX_E_NO_SUPPORT);
  ox_item_close(item);
  ox_folder_close(drafts);
  close_post(f, &p);
}

static void expect(fixture *f, uint16_t type, ox_id folder, ox_id message) {
  ox_event event;
  OK(ox_mailbox_next_event(f->mailbox, &f->arena, &event, &f->err));
  assert_int_equal(event.type, type);
  assert_true(event.folder_id == folder);
  assert_true(event.message_id == message);
}

static void test_events__tell_what_happened(void **state) {
  fixture *f = *state;
  ox_folder *inbox = open_special(f, OX_SPECIAL_INBOX),
            *drafts = open_special(f, OX_SPECIAL_DRAFTS);
  ox_id in = ox_folder_id(inbox), out = ox_folder_id(drafts), moved;
  add_message(f, inbox, "before", 0);
  ox_subscription *all, *folder;
  OK(ox_mailbox_subscribe(f->mailbox,
                          OX_EVENT_CREATED | OX_EVENT_DELETED | OX_EVENT_MODIFIED | OX_EVENT_MOVED,
                          in, 0, &all, &f->err));
  OK(ox_mailbox_subscribe(f->mailbox, OX_EVENT_DELETED, in, 0, &folder, &f->err));
  ox_event event;
  FAILS(ox_mailbox_next_event(f->mailbox, &f->arena, &event, &f->err), OX_E_NOT_FOUND);
  ox_id id = add_message(f, inbox, "x", 0);
  expect(f, OX_EVENT_CREATED, in, id);
  OK(ox_mailbox_next_event(f->mailbox, &f->arena, &event, &f->err));
  assert_int_equal(event.type, OX_EVENT_MODIFIED);
  assert_int_equal(event.total_count, 2);
  assert_int_equal(event.unread_count, 0);
  OK(ox_folder_move_messages(inbox, drafts, &id, 1, false, &moved, NULL, &f->err));
  OK(ox_mailbox_next_event(f->mailbox, &f->arena, &event, &f->err));
  assert_int_equal(event.type, OX_EVENT_MOVED);
  assert_true(event.folder_id == out && event.message_id == moved);
  assert_true(event.old_folder_id == in && event.old_message_id == id);
  expect(f, OX_EVENT_MODIFIED, in, 0);
  add_message(f, drafts, "elsewhere", 0);
  id = add_message(f, inbox, "y", 0);
  expect(f, OX_EVENT_CREATED, in, id);
  expect(f, OX_EVENT_MODIFIED, in, 0);
  OK(ox_folder_delete_messages(inbox, &id, 1, 0, NULL, &f->err));
  /* Both subscriptions hear of it. */
  OK(ox_mailbox_next_event(f->mailbox, &f->arena, &event, &f->err));
  assert_true(event.type == OX_EVENT_DELETED && event.subscription == all);
  OK(ox_mailbox_next_event(f->mailbox, &f->arena, &event, &f->err));
  assert_true(event.type == OX_EVENT_DELETED && event.subscription == folder);
  expect(f, OX_EVENT_MODIFIED, in, 0);
  FAILS(ox_mailbox_next_event(f->mailbox, &f->arena, &event, &f->err), OX_E_NOT_FOUND);
  ox_subscription_close(folder);
  ox_subscription_close(all);
  ox_folder_close(inbox);
  ox_folder_close(drafts);
}

static void test_events__of_a_table(void **state) {
  fixture *f = *state;
  ox_folder *inbox = open_special(f, OX_SPECIAL_INBOX);
  ox_id b = add_message(f, inbox, "b", 0);
  ox_table *table;
  ox_subscription *subscription;
  ox_proptag column = OX_PidTagSubject;
  ox_sort_order_set sort = {1, 0, 0, (ox_sort_order[]){{OX_PidTagSubject, OX_SORT_ASCENDING}}};
  OK(ox_folder_contents(inbox, 0, &table, NULL, &f->err));
  OK(ox_table_set_columns(table, &column, 1, &f->err));
  OK(ox_table_sort(table, &sort, &f->err));
  OK(ox_table_subscribe(table, &subscription, &f->err));
  ox_id c = add_message(f, inbox, "c", 0), a = add_message(f, inbox, "a", 0);
  ox_event event;
  OK(ox_mailbox_next_event(f->mailbox, &f->arena, &event, &f->err));
  assert_int_equal(event.type, OX_EVENT_TABLE_MODIFIED);
  assert_int_equal(event.table_event, OX_TABLE_ROW_ADDED);
  assert_true(event.message_id == c && event.after_message_id == b);
  assert_int_equal(event.row_count, 1);
  assert_string_equal(ox_str16_utf8(&f->arena, event.row[0].value.string), "c");
  OK(ox_mailbox_next_event(f->mailbox, &f->arena, &event, &f->err));
  assert_true(event.message_id == a && event.after_message_id == 0);
  ox_item *item = open_item(f, a, OX_OPEN_READ_WRITE);
  set_text(f, ox_item_object(item), OX_PidTagSubject, "d");
  OK(ox_item_save(item, 0, NULL, &f->err));
  ox_item_close(item);
  OK(ox_mailbox_next_event(f->mailbox, &f->arena, &event, &f->err));
  assert_int_equal(event.table_event, OX_TABLE_ROW_MODIFIED);
  assert_true(event.message_id == a && event.after_message_id == c);
  OK(ox_folder_delete_messages(inbox, &b, 1, 0, NULL, &f->err));
  OK(ox_mailbox_next_event(f->mailbox, &f->arena, &event, &f->err));
  assert_int_equal(event.table_event, OX_TABLE_ROW_DELETED);
  assert_true(event.message_id == b);
  FAILS(ox_mailbox_next_event(f->mailbox, &f->arena, &event, &f->err), OX_E_NOT_FOUND);
  ox_table_close(table); /* and the subscription with it */
  ox_folder_close(inbox);
}

static void *later(void *user) {
  fixture *f = user;
  usleep(50000);
  ox_mailbox_open_options open = OX_MAILBOX_OPEN_OPTIONS_INIT;
  ox_mailbox *mailbox;
  ox_folder *folder;
  ox_item *item;
  ox_id id;
  open.mailbox_guid = f->guid;
  if (ox_mailbox_open_local(f->store, &open, &mailbox, NULL) != OX_OK) return NULL;
  if (ox_mailbox_special_folder(mailbox, OX_SPECIAL_INBOX, &id, NULL) == OX_OK &&
      ox_folder_open(mailbox, id, 0, &folder, NULL) == OX_OK) {
    if (ox_item_create(folder, false, 0, &item, NULL) == OX_OK) {
      if (ox_item_save(item, 0, NULL, NULL) != OX_OK) fprintf(stderr, "save failed\n");
      ox_item_close(item);
    }
    ox_folder_close(folder);
  }
  ox_mailbox_close(mailbox);
  return NULL;
}

static void *cancel_later(void *user) {
  usleep(50000);
  ox_mailbox_cancel_wait(user);
  return NULL;
}

static void count_wakeup(void *user) {
  __atomic_add_fetch((int *)user, 1, __ATOMIC_SEQ_CST);
}

static void test_wait__wakes_and_cancels(void **state) {
  fixture *f = *state;
  pthread_t thread;
  bool pending = true;
  int wakeups = 0;
  ox_subscription *subscription;
  OK(ox_mailbox_subscribe(f->mailbox, OX_EVENT_CREATED, 0, 0, &subscription, &f->err));
  OK(ox_mailbox_set_wakeup(f->mailbox, count_wakeup, &wakeups, &f->err));
  OK(ox_mailbox_wait(f->mailbox, 10, &pending, &f->err));
  assert_false(pending);
  assert_int_equal(pthread_create(&thread, NULL, later, f), 0);
  OK(ox_mailbox_wait(f->mailbox, 20000, &pending, &f->err));
  assert_true(pending);
  pthread_join(thread, NULL);
  OK(ox_mailbox_set_wakeup(f->mailbox, NULL, NULL, &f->err));
  assert_true(wakeups >= 1);
  ox_event event;
  OK(ox_mailbox_next_event(f->mailbox, &f->arena, &event, &f->err));
  assert_int_equal(pthread_create(&thread, NULL, cancel_later, f->mailbox), 0);
  FAILS(ox_mailbox_wait(f->mailbox, 20000, &pending, &f->err), OX_E_CANCELLED);
  pthread_join(thread, NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_submit__arrives_and_is_filed),
      TEST(test_submit__groups_and_unknown_recipients),
      TEST(test_submit__needs_recipients_and_a_way_out),
      TEST(test_events__tell_what_happened),
      TEST(test_events__of_a_table),
      TEST(test_wait__wakes_and_cancels),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
