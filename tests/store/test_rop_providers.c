/* The mailbox API over both providers: the same scenarios on a local mailbox, and on a remote one
 * through ROP client, loopback and ROP server. */
#include <pthread.h>
#include <time.h>

#include "rop_fixture.h"

/* ---- store ([MS-OXCSTOR])
 * ------------------------------------------------------------------------*/

/* MS-OXCSTOR_R119, R120, R123, R125: what the logon tells. */
static void test_logon__tells_mailbox_and_folders(void **state) {
  fixture *f = *state;
  ox_mailbox_info info = OX_MAILBOX_INFO_INIT;
  OK(f, ox_mailbox_get_info(f->alice, &info, &f->err));
  assert_true((info.response_flags & 0x07) == 0x07);
  assert_false(ox_guid_is_null(&info.mailbox_guid));
  assert_false(ox_guid_is_null(&info.replguid));
  assert_true(info.replid != 0);
  assert_string_equal(info.display_name, "Alice Adams");
  for (size_t i = 0; i < OX_SPECIAL_LOGON_COUNT; i++) {
    assert_true(info.special_folders[i] != 0);
    for (size_t k = 0; k < i; k++) assert_true(info.special_folders[i] != info.special_folders[k]);
  }
}

/* [MS-OXOSFLD] 2.2: folders that clients find through entry ids. */
static void test_special_folders__beyond_those_of_the_logon(void **state) {
  fixture *f = *state;
  const uint32_t specials[] = {OX_SPECIAL_CALENDAR, OX_SPECIAL_CONTACTS, OX_SPECIAL_TASKS,
                               OX_SPECIAL_DRAFTS, OX_SPECIAL_JUNK};
  const char *classes[] = {"IPF.Appointment", "IPF.Contact", "IPF.Task", "IPF.Note", "IPF.Note"};
  for (size_t i = 0; i < 5; i++) {
    ox_folder *folder = open_special(f, f->alice, specials[i]);
    assert_string_equal(get_text(f, ox_folder_object(folder), OX_PidTagContainerClass), classes[i]);
    ox_folder_close(folder);
  }
  ox_id id;
  FAILS(f, OX_E_NOT_FOUND, ox_mailbox_special_folder(f->alice, 999, &id, &f->err));
}

/* MS-OXCSTOR_R847, R852, R859, R860, R862, R864: the receive folder table. */
static void test_receive_folder__longest_prefix(void **state) {
  fixture *f = *state;
  ox_id inbox = 0, calendar = 0, id = 0;
  const char *matched = NULL;
  OK(f, ox_mailbox_special_folder(f->alice, OX_SPECIAL_INBOX, &inbox, &f->err));
  OK(f, ox_mailbox_special_folder(f->alice, OX_SPECIAL_CALENDAR, &calendar, &f->err));
  OK(f, ox_mailbox_get_receive_folder(f->alice, "IPM.Note", &f->arena, &id, &matched, &f->err));
  assert_true(id == inbox);
  assert_true(ox_ascii_equal(matched, "IPM"));
  OK(f, ox_mailbox_get_receive_folder(f->alice, "", &f->arena, &id, &matched, &f->err));
  assert_true(id == inbox);
  assert_string_equal(matched, "");
  OK(f, ox_mailbox_set_receive_folder(f->alice, "IPM.Schedule.Meeting", calendar, &f->err));
  OK(f, ox_mailbox_get_receive_folder(f->alice, "IPM.Schedule.Meeting.Request", &f->arena, &id,
                                      &matched, &f->err));
  assert_true(id == calendar);
  assert_true(ox_ascii_equal(matched, "IPM.Schedule.Meeting"));
  OK(f, ox_mailbox_set_receive_folder(f->alice, "IPM.Schedule.Meeting", 0, &f->err));
  OK(f, ox_mailbox_get_receive_folder(f->alice, "IPM.Schedule.Meeting.Request", &f->arena, &id,
                                      &matched, &f->err));
  assert_true(id == inbox);
  FAILS(f, OX_E_ACCESS_DENIED, ox_mailbox_set_receive_folder(f->alice, "ipm", inbox, &f->err));
  FAILS(f, OX_E_CALL_FAILED, ox_mailbox_set_receive_folder(f->alice, "", 0, &f->err));
  FAILS(f, OX_E_INVALID_PARAMETER,
        ox_mailbox_set_receive_folder(f->alice, "IPM..Note", inbox, &f->err));
  ox_receive_folder *rows = NULL;
  size_t count = 0;
  OK(f, ox_mailbox_receive_folders(f->alice, &f->arena, &rows, &count, &f->err));
  assert_true(count >= 4); /* R782 */
}

/* MS-OXCSTOR_R946, R1243, R947, R950, R952: ids and long-term ids. */
static void test_ids__long_term_and_back(void **state) {
  fixture *f = *state;
  ox_mailbox_info info = OX_MAILBOX_INFO_INIT;
  OK(f, ox_mailbox_get_info(f->alice, &info, &f->err));
  ox_long_term_id long_term, foreign = {.global_counter = {0, 0, 0, 0, 1, 2}};
  ox_id inbox = info.special_folders[OX_SPECIAL_INBOX], id = 0, again = 0;
  OK(f, ox_mailbox_long_term_id(f->alice, inbox, &long_term, &f->err));
  assert_true(ox_guid_equal(&long_term.database_guid, &info.replguid));
  OK(f, ox_mailbox_id_from_long_term(f->alice, &long_term, &id, &f->err));
  assert_true(id == inbox);
  foreign.database_guid = (ox_guid){1, 2, 3, {4, 5, 6, 7, 8, 9, 10, 11}};
  OK(f, ox_mailbox_id_from_long_term(f->alice, &foreign, &id, &f->err));
  OK(f, ox_mailbox_id_from_long_term(f->alice, &foreign, &again, &f->err));
  assert_true(id == again && ox_id_replid(id) != info.replid);
  FAILS(f, OX_E_NOT_FOUND,
        ox_mailbox_long_term_id(f->alice, ox_id_make(0x7ABC, 1), &long_term, &f->err));
}

/* ---- folders ([MS-OXCFOLD])
 * ----------------------------------------------------------------------*/

static ox_folder *make_folder(fixture *f, ox_folder *parent, const char *name) {
  ox_folder_create_options options = {.struct_size = sizeof options, .name = name};
  ox_folder *folder = NULL;
  OK(f, ox_folder_create(parent, &options, &folder, NULL, &f->err));
  return folder;
}

/* MS-OXCFOLD_R1065, R481, R482, R487: names of siblings. */
static void test_create_folder__names_are_unique(void **state) {
  fixture *f = *state;
  ox_folder *top = open_special(f, f->alice, OX_SPECIAL_IPM_SUBTREE), *again = NULL;
  ox_folder *folder = make_folder(f, top, "Projekte \xC3\xBC\xE6\x97\xA5");
  assert_string_equal(get_text(f, ox_folder_object(folder), OX_PidTagDisplayName),
                      "Projekte \xC3\xBC\xE6\x97\xA5");
  ox_folder_create_options options = {.struct_size = sizeof options,
                                      .name = "projekte \xC3\xBC\xE6\x97\xA5"};
  options.name = "Projekte \xC3\xBC\xE6\x97\xA5";
  FAILS(f, OX_E_DUPLICATE_NAME, ox_folder_create(top, &options, &again, NULL, &f->err));
  options.open_existing = true;
  bool existed = false;
  OK(f, ox_folder_create(top, &options, &again, &existed, &f->err));
  assert_true(existed);
  assert_true(ox_folder_id(again) == ox_folder_id(folder));
  ox_folder_close(again);
  ox_folder_close(folder);
  ox_folder_close(top);
}

/* MS-OXCFOLD_R469: no folder, no success. */
static void test_open_folder__unknown_id(void **state) {
  fixture *f = *state;
  ox_folder *folder = NULL;
  ox_mailbox_info info = OX_MAILBOX_INFO_INIT;
  OK(f, ox_mailbox_get_info(f->alice, &info, &f->err));
  FAILS(f, OX_E_NOT_FOUND,
        ox_folder_open(f->alice, ox_id_make(info.replid, 0x123456789A), 0, &folder, &f->err));
  assert_null(folder);
}

/* MS-OXCFOLD_R371, R1079, R816, R817, R497, R504: what is in the way stays. */
static void test_delete_folder__keeps_what_the_flags_do_not_name(void **state) {
  fixture *f = *state;
  ox_folder *top = open_special(f, f->alice, OX_SPECIAL_IPM_SUBTREE), *gone = NULL;
  ox_folder *folder = make_folder(f, top, "Full"), *inner = make_folder(f, folder, "Inner");
  ox_id id = ox_folder_id(folder);
  make_message(f, folder, "stays", "for now");
  ox_folder_close(inner);
  ox_folder_close(folder);
  bool partial = false;
  ox_status status = ox_folder_delete(top, id, 0, &partial, &f->err);
  assert_true(partial || status == OX_E_FOLDER_HAS_CONTENTS || status == OX_E_FOLDER_HAS_CHILDREN);
  OK(f, ox_folder_open(f->alice, id, 0, &folder, &f->err));
  ox_folder_close(folder);
  OK(f,
     ox_folder_delete(
         top, id, OX_DELETE_FOLDER_MESSAGES | OX_DELETE_FOLDER_SUBFOLDERS | OX_DELETE_FOLDER_HARD,
         &partial, &f->err));
  FAILS(f, OX_E_NOT_FOUND, ox_folder_open(f->alice, id, 0, &gone, &f->err));
  FAILS(f, OX_E_NOT_FOUND, ox_folder_delete(top, id, 0, &partial, &f->err));
  ox_folder_close(top);
}

static uint32_t contents_count(fixture *f, ox_folder *folder, uint32_t flags) {
  ox_table *table = NULL;
  uint32_t count = 0;
  OK(f, ox_folder_contents(folder, flags, &table, &count, &f->err));
  ox_table_close(table);
  return count;
}

/* MS-OXCFOLD_R1129, R618, R1138: emptying keeps the folder. */
static void test_empty_folder__removes_messages_and_subfolders(void **state) {
  fixture *f = *state;
  ox_folder *top = open_special(f, f->alice, OX_SPECIAL_IPM_SUBTREE);
  ox_folder *folder = make_folder(f, top, "Emptied");
  ox_folder_close(make_folder(f, folder, "Sub"));
  make_message(f, folder, "one", "1");
  make_message(f, folder, "two", "2");
  bool partial = true;
  OK(f, ox_folder_empty(folder, 0, &partial, &f->err));
  assert_false(partial);
  assert_int_equal(contents_count(f, folder, 0), 0);
  ox_table *table = NULL;
  uint32_t count = 9;
  OK(f, ox_folder_hierarchy(folder, 0, &table, &count, &f->err));
  assert_int_equal(count, 0);
  ox_table_close(table);
  ox_folder_close(folder);
  ox_folder_close(top);
}

/* MS-OXCFOLD_R605, R1122: copies are deep when asked, moves keep the id. */
static void test_move_and_copy_folder__with_contents(void **state) {
  fixture *f = *state;
  ox_folder *top = open_special(f, f->alice, OX_SPECIAL_IPM_SUBTREE);
  ox_folder *from = make_folder(f, top, "From"), *to = make_folder(f, top, "To"), *moved = NULL;
  ox_folder *child = make_folder(f, from, "Child");
  make_message(f, child, "inside", "body");
  ox_id id = ox_folder_id(child);
  ox_folder_close(child);
  bool partial = true;
  OK(f, ox_folder_copy(from, id, to, "Copied", true, &partial, &f->err));
  OK(f, ox_folder_move(from, id, to, "Moved", &partial, &f->err));
  OK(f, ox_folder_open(f->alice, id, 0, &moved, &f->err));
  assert_string_equal(get_text(f, ox_folder_object(moved), OX_PidTagDisplayName), "Moved");
  assert_int_equal(contents_count(f, moved, 0), 1);
  FAILS(f, OX_E_FOLDER_CYCLE,
        ox_folder_move(top, ox_folder_id(to), moved, NULL, &partial, &f->err));
  ox_table *table = NULL;
  const ox_proptag columns[] = {OX_PidTagDisplayName, OX_PidTagContentCount};
  ox_property *rows = NULL;
  size_t count = 0;
  OK(f, ox_folder_hierarchy(to, 0, &table, NULL, &f->err));
  OK(f, ox_table_set_columns(table, columns, 2, &f->err));
  OK(f, ox_table_query_rows(table, 0, true, 100, &f->arena, &rows, &count, NULL, &f->err));
  assert_int_equal(count, 2);
  for (size_t i = 0; i < 2; i++) assert_int_equal(rows[i * 2 + 1].value.i32, 1);
  ox_table_close(table);
  ox_folder_close(moved);
  ox_folder_close(to);
  ox_folder_close(from);
  ox_folder_close(top);
}

/* ---- messages ([MS-OXCMSG])
 * ----------------------------------------------------------------------*/

/* MS-OXCMSG_R339, R323, R333, R1477, R335: visible after the save, until the delete. */
static void test_message__lives_from_save_to_delete(void **state) {
  fixture *f = *state;
  ox_folder *inbox = open_special(f, f->alice, OX_SPECIAL_INBOX);
  ox_item *item = NULL;
  OK(f, ox_item_create(inbox, false, 0, &item, &f->err));
  ox_property subject = text_property(f, OX_PidTagSubject, "RE: not saved yet");
  OK(f, ox_object_set(ox_item_object(item), &subject, 1, NULL, &f->err));
  assert_int_equal(contents_count(f, inbox, 0), 0);
  ox_id id = 0;
  OK(f, ox_item_save(item, OX_SAVE_KEEP_OPEN_READ_WRITE, &id, &f->err));
  assert_int_equal(contents_count(f, inbox, 0), 1);
  ox_item_close(item);
  OK(f, ox_item_open(f->alice, ox_folder_id(inbox), id, OX_OPEN_READ_ONLY, &item, &f->err));
  assert_string_equal(get_text(f, ox_item_object(item), OX_PidTagSubject), "RE: not saved yet");
  assert_string_equal(get_text(f, ox_item_object(item), OX_PidTagNormalizedSubject),
                      "not saved yet");
  ox_item_close(item);
  bool partial = true;
  OK(f, ox_folder_delete_messages(inbox, &id, 1, 0, &partial, &f->err));
  assert_false(partial);
  FAILS(f, OX_E_NOT_FOUND,
        ox_item_open(f->alice, ox_folder_id(inbox), id, OX_OPEN_READ_ONLY, &item, &f->err));
  OK(f, ox_item_open(f->alice, ox_folder_id(inbox), id, OX_OPEN_READ_ONLY | OX_OPEN_SOFT_DELETED,
                     &item, &f->err));
  ox_item_close(item);
  OK(f, ox_folder_delete_messages(inbox, &id, 1, OX_DELETE_MESSAGES_HARD, &partial, &f->err));
  ox_folder_close(inbox);
}

/* MS-OXCMSG_R703, R704, R705, R724: two handles, two transactions. */
static void test_save__second_handle_is_told(void **state) {
  fixture *f = *state;
  ox_folder *inbox = open_special(f, f->alice, OX_SPECIAL_INBOX);
  ox_id id = make_message(f, inbox, "first", "body");
  ox_item *one = NULL, *two = NULL;
  OK(f, ox_item_open(f->alice, ox_folder_id(inbox), id, OX_OPEN_READ_WRITE, &one, &f->err));
  OK(f, ox_item_open(f->alice, ox_folder_id(inbox), id, OX_OPEN_READ_WRITE, &two, &f->err));
  ox_property subject = text_property(f, OX_PidTagSubject, "from one");
  OK(f, ox_object_set(ox_item_object(one), &subject, 1, NULL, &f->err));
  assert_string_equal(get_text(f, ox_item_object(one), OX_PidTagSubject), "from one");
  assert_string_equal(get_text(f, ox_item_object(two), OX_PidTagSubject), "first");
  OK(f, ox_item_save(one, 0, NULL, &f->err));
  subject = text_property(f, OX_PidTagSubject, "from two");
  OK(f, ox_object_set(ox_item_object(two), &subject, 1, NULL, &f->err));
  FAILS(f, OX_E_OBJECT_MODIFIED, ox_item_save(two, OX_SAVE_KEEP_OPEN_READ_WRITE, NULL, &f->err));
  OK(f, ox_item_save(two, OX_SAVE_FORCE, NULL, &f->err));
  ox_item_close(one);
  ox_item_close(two);
  OK(f, ox_item_open(f->alice, ox_folder_id(inbox), id, OX_OPEN_READ_ONLY, &one, &f->err));
  assert_string_equal(get_text(f, ox_item_object(one), OX_PidTagSubject), "from two");
  ox_item_close(one);
  ox_folder_close(inbox);
}

static void set_recipient(fixture *f, ox_propbag *bag, int type, const char *name,
                          const char *address) {
  ox_propbag_init(bag, &f->arena);
  OK(f, ox_propbag_set_i32(bag, OX_PidTagRecipientType, type));
  OK(f, ox_propbag_set_utf8(bag, OX_PidTagDisplayName, name));
  OK(f, ox_propbag_set_utf8(bag, OX_PidTagAddressType, "SMTP"));
  OK(f, ox_propbag_set_utf8(bag, OX_PidTagEmailAddress, address));
  OK(f, ox_propbag_set_utf8(bag, OX_PidTagSmtpAddress, address));
}

/* MS-OXCMSG_R388 to R395, R381, R403, R1495: recipients by row id. */
static void test_recipients__modify_and_read(void **state) {
  fixture *f = *state;
  ox_folder *drafts = open_special(f, f->alice, OX_SPECIAL_DRAFTS);
  ox_item *item = NULL;
  ox_propbag bags[3];
  ox_recipient_change changes[3];
  ox_recipient *list = NULL;
  size_t count = 9;
  OK(f, ox_item_create(drafts, false, 0, &item, &f->err));
  OK(f, ox_item_recipients(item, 0, 0, &f->arena, &list, &count, &f->err));
  assert_int_equal(count, 0);
  const char *names[] = {"Bob Brown", "Zo\xC3\xAB", "\xE5\xB1\xB1\xE7\x94\xB0"};
  for (uint32_t i = 0; i < 3; i++) {
    set_recipient(f, &bags[i], (int)i + 1, names[i], "bob@example.test");
    changes[i] = (ox_recipient_change){i * 2, &bags[i]};
  }
  OK(f, ox_item_modify_recipients(item, changes, 3, &f->err));
  OK(f, ox_item_recipients(item, 0, 0, &f->arena, &list, &count, &f->err));
  assert_int_equal(count, 3);
  for (uint32_t i = 0; i < 3; i++) {
    assert_int_equal(ox_propbag_i32(&list[i].properties, OX_PidTagRowid, -1), i * 2);
    assert_int_equal(ox_propbag_i32(&list[i].properties, OX_PidTagRecipientType, -1), i + 1);
    assert_string_equal(ox_propbag_utf8(&list[i].properties, OX_PidTagDisplayName, &f->arena, ""),
                        names[i]);
    assert_string_equal(ox_propbag_utf8(&list[i].properties, OX_PidTagEmailAddress, &f->arena, ""),
                        "bob@example.test");
    assert_string_equal(ox_propbag_utf8(&list[i].properties, OX_PidTagAddressType, &f->arena, ""),
                        "SMTP");
  }
  changes[0].properties = NULL;
  OK(f, ox_item_modify_recipients(item, changes, 1, &f->err));
  OK(f, ox_item_recipients(item, 1, 0, &f->arena, &list, &count, &f->err));
  assert_int_equal(count, 2);
  ox_id id = 0;
  OK(f, ox_item_save(item, 0, &id, &f->err));
  ox_item_close(item);
  OK(f, ox_item_open(f->alice, ox_folder_id(drafts), id, OX_OPEN_READ_WRITE, &item, &f->err));
  assert_string_equal(get_text(f, ox_item_object(item), OX_PidTagDisplayCc), "Zo\xC3\xAB");
  OK(f, ox_item_remove_recipients(item, &f->err));
  OK(f, ox_item_recipients(item, 0, 0, &f->arena, &list, &count, &f->err));
  assert_int_equal(count, 0);
  ox_item_close(item);
  ox_folder_close(drafts);
}

/* More recipients than one response holds. */
static void test_recipients__many(void **state) {
  fixture *f = *state;
  enum { MANY = 700 };
  ox_folder *drafts = open_special(f, f->alice, OX_SPECIAL_DRAFTS);
  ox_item *item = NULL;
  ox_propbag *bags = ox_arena_calloc(&f->arena, MANY, sizeof *bags);
  ox_recipient_change *changes = ox_arena_calloc(&f->arena, MANY, sizeof *changes);
  OK(f, ox_item_create(drafts, false, 0, &item, &f->err));
  for (uint32_t i = 0; i < MANY; i++) {
    char name[64], address[64];
    snprintf(name, sizeof name, "Recipient with a longer name %u", i);
    snprintf(address, sizeof address, "user%u@example.test", i);
    set_recipient(f, &bags[i], OX_RECIPIENT_TO, name, address);
    changes[i] = (ox_recipient_change){i, &bags[i]};
  }
  OK(f, ox_item_modify_recipients(item, changes, MANY, &f->err));
  ox_recipient *list = NULL;
  size_t count = 0;
  OK(f, ox_item_recipients(item, 0, 0, &f->arena, &list, &count, &f->err));
  assert_int_equal(count, MANY);
  assert_string_equal(
      ox_propbag_utf8(&list[MANY - 1].properties, OX_PidTagEmailAddress, &f->arena, ""),
      "user699@example.test");
  ox_item_close(item);
  ox_folder_close(drafts);
}

static int32_t message_flags(fixture *f, ox_folder *folder, ox_id id) {
  const ox_proptag tag = OX_PidTagMessageFlags;
  ox_item *item = NULL;
  ox_property value;
  OK(f, ox_item_open(f->alice, ox_folder_id(folder), id, OX_OPEN_READ_ONLY, &item, &f->err));
  OK(f, ox_object_get(ox_item_object(item), &tag, 1, 0, &f->arena, &value, &f->err));
  assert_int_equal(value.tag, tag);
  ox_item_close(item);
  return value.value.i32;
}

/* MS-OXCMSG_R1703, R1514, R1710, R416, R1500: flags change without a save. */
static void test_read_flags_and_status__change_at_once(void **state) {
  fixture *f = *state;
  ox_folder *inbox = open_special(f, f->alice, OX_SPECIAL_INBOX);
  ox_id ids[2] = {make_message(f, inbox, "one", "1"), make_message(f, inbox, "two", "2")};
  bool partial = true, changed = false;
  OK(f, ox_folder_set_read_flags(inbox, ids, 2, OX_READ_FLAG_CLEAR_READ, &partial, &f->err));
  assert_false(partial);
  assert_int_equal(message_flags(f, inbox, ids[0]) & 1, 0);
  OK(f, ox_folder_set_read_flags(inbox, NULL, 0, OX_READ_FLAG_SUPPRESS_RECEIPT, &partial, &f->err));
  assert_int_equal(message_flags(f, inbox, ids[1]) & 1, 1);
  ox_item *item = NULL;
  OK(f, ox_item_open(f->alice, ox_folder_id(inbox), ids[0], OX_OPEN_READ_WRITE, &item, &f->err));
  OK(f, ox_item_set_read_flag(item, OX_READ_FLAG_CLEAR_READ, &changed, &f->err));
  assert_true(changed);
  OK(f, ox_item_set_read_flag(item, OX_READ_FLAG_CLEAR_READ, &changed, &f->err));
  assert_false(changed);
  ox_item_close(item);
  assert_int_equal(message_flags(f, inbox, ids[0]) & 1, 0);
  uint32_t old = 99, now = 99;
  OK(f, ox_folder_set_message_status(inbox, ids[0], 0x1000, 0x1000, &old, &f->err));
  assert_int_equal(old, 0);
  OK(f, ox_folder_set_message_status(inbox, ids[0], 0x0002, 0x0002, &old, &f->err));
  assert_int_equal(old, 0x1000);
  OK(f, ox_folder_get_message_status(inbox, ids[0], &now, &f->err));
  assert_int_equal(now, 0x1002);
  ox_folder_close(inbox);
}

/* MS-OXCFOLD_R586: messages that are not there make it partial. */
static void test_move_messages__to_another_folder(void **state) {
  fixture *f = *state;
  ox_folder *inbox = open_special(f, f->alice, OX_SPECIAL_INBOX);
  ox_folder *deleted = open_special(f, f->alice, OX_SPECIAL_DELETED_ITEMS);
  ox_id id = make_message(f, inbox, "moves", "body"), none = id + (1ull << 40);
  bool partial = true;
  OK(f, ox_folder_move_messages(inbox, deleted, &id, 1, true, NULL, &partial, &f->err));
  assert_false(partial);
  assert_int_equal(contents_count(f, inbox, 0), 1);
  OK(f, ox_folder_move_messages(inbox, deleted, &id, 1, false, NULL, &partial, &f->err));
  assert_int_equal(contents_count(f, inbox, 0), 0);
  assert_int_equal(contents_count(f, deleted, 0), 2);
  OK(f, ox_folder_move_messages(inbox, deleted, &none, 1, false, NULL, &partial, &f->err));
  assert_true(partial);
  ox_folder_close(deleted);
  ox_folder_close(inbox);
}

/* ---- attachments
 * -------------------------------------------------------------------------------*/

static uint8_t pattern(size_t i) {
  return (uint8_t)(i * 131 + (i >> 9));
}

/* MS-OXCMSG_R446, R1062, R440, R1523: a small and a large attachment. */
static void test_attachments__create_read_delete(void **state) {
  fixture *f = *state;
  enum { LARGE = 3 * 1024 * 1024 };
  ox_folder *drafts = open_special(f, f->alice, OX_SPECIAL_DRAFTS);
  uint8_t *data = malloc(LARGE), *back = malloc(LARGE + 1);
  for (size_t i = 0; i < LARGE; i++) data[i] = pattern(i);
  ox_item *item = NULL;
  OK(f, ox_item_create(drafts, false, 0, &item, &f->err));
  for (size_t i = 0; i < 2; i++) {
    ox_item_attachment *attachment = NULL;
    uint32_t number = 99;
    OK(f, ox_attachment_create(item, &attachment, &number, &f->err));
    assert_int_equal(number, i);
    ox_property values[] = {
        {.tag = OX_PidTagAttachMethod, .value.i32 = 1},
        text_property(f, OX_PidTagAttachLongFilename, i == 0 ? "small.bin" : "large.bin"),
        {.tag = OX_PidTagAttachDataBinary, .value.binary = {data, i == 0 ? 1024 : LARGE}}};
    OK(f, ox_object_set(ox_attachment_object(attachment), values, 3, NULL, &f->err));
    OK(f, ox_attachment_save(attachment, 0, &f->err));
    ox_attachment_close(attachment);
  }
  ox_id id = 0;
  OK(f, ox_item_save(item, 0, &id, &f->err));
  ox_item_close(item);
  OK(f, ox_item_open(f->alice, ox_folder_id(drafts), id, OX_OPEN_READ_WRITE, &item, &f->err));
  uint32_t *numbers = NULL;
  size_t count = 0;
  OK(f, ox_item_attachment_numbers(item, &f->arena, &numbers, &count, &f->err));
  assert_int_equal(count, 2);
  ox_item_attachment *attachment = NULL;
  OK(f, ox_attachment_open(item, numbers[1], OX_OPEN_READ_ONLY, &attachment, &f->err));
  assert_string_equal(get_text(f, ox_attachment_object(attachment), OX_PidTagAttachLongFilename),
                      "large.bin");
  /* As one value, and as a stream from the middle. */
  const ox_proptag tag = OX_PidTagAttachDataBinary;
  ox_property whole;
  OK(f, ox_object_get(ox_attachment_object(attachment), &tag, 1, 0, &f->arena, &whole, &f->err));
  assert_int_equal(whole.tag, tag);
  assert_int_equal(whole.value.binary.size_bytes, LARGE);
  assert_memory_equal(whole.value.binary.data, data, LARGE);
  OK(f, ox_object_get(ox_attachment_object(attachment), &tag, 1, 5000, &f->arena, &whole, &f->err));
  assert_int_equal(OX_PROPTAG_TYPE(whole.tag), OX_PTYP_ERROR_CODE);
  assert_int_equal(whole.value.error, OX_E_NOT_ENOUGH_MEMORY);
  ox_stream *stream = NULL;
  uint64_t size = 0, position = 0;
  OK(f, ox_stream_open(ox_attachment_object(attachment), tag, OX_STREAM_READ_ONLY, &stream, &size,
                       &f->err));
  assert_int_equal(size, LARGE);
  OK(f, ox_stream_seek(stream, OX_SEEK_BEGIN, LARGE - 100000, &position, &f->err));
  assert_int_equal(position, LARGE - 100000);
  size_t got = 0;
  OK(f, ox_stream_read(stream, back, LARGE, &got, &f->err));
  assert_int_equal(got, 100000);
  assert_memory_equal(back, data + LARGE - 100000, 100000);
  FAILS(f, OX_E_STREAM_ACCESS_DENIED, ox_stream_write(stream, "x", 1, &f->err));
  ox_stream_close(stream);
  ox_attachment_close(attachment);
  FAILS(f, OX_E_NOT_FOUND, ox_attachment_open(item, 77, 0, &attachment, &f->err));
  OK(f, ox_attachment_delete(item, numbers[0], &f->err));
  FAILS(f, OX_E_NOT_FOUND, ox_attachment_delete(item, 77, &f->err));
  OK(f, ox_item_save(item, 0, NULL, &f->err));
  ox_item_close(item);
  OK(f, ox_item_open(f->alice, ox_folder_id(drafts), id, OX_OPEN_READ_ONLY, &item, &f->err));
  OK(f, ox_item_attachment_numbers(item, &f->arena, &numbers, &count, &f->err));
  assert_int_equal(count, 1);
  ox_item_close(item);
  ox_folder_close(drafts);
  free(data);
  free(back);
}

/* MS-OXCMSG_R479, R481: a message in a message. */
static void test_attachments__embedded_message(void **state) {
  fixture *f = *state;
  ox_folder *drafts = open_special(f, f->alice, OX_SPECIAL_DRAFTS);
  ox_item *item = NULL, *inner = NULL;
  ox_item_attachment *attachment = NULL;
  OK(f, ox_item_create(drafts, false, 0, &item, &f->err));
  OK(f, ox_attachment_create(item, &attachment, NULL, &f->err));
  ox_property method = {.tag = OX_PidTagAttachMethod, .value.i32 = 5};
  OK(f, ox_object_set(ox_attachment_object(attachment), &method, 1, NULL, &f->err));
  FAILS(f, OX_E_NOT_FOUND,
        ox_attachment_open_embedded(attachment, OX_OPEN_READ_ONLY, &inner, &f->err));
  OK(f, ox_attachment_open_embedded(attachment, OX_OPEN_CREATE, &inner, &f->err));
  ox_property subject = text_property(f, OX_PidTagSubject, "inner");
  OK(f, ox_object_set(ox_item_object(inner), &subject, 1, NULL, &f->err));
  OK(f, ox_item_save(inner, 0, NULL, &f->err));
  ox_item_close(inner);
  OK(f, ox_attachment_save(attachment, 0, &f->err));
  ox_attachment_close(attachment);
  ox_id id = 0;
  OK(f, ox_item_save(item, 0, &id, &f->err));
  ox_item_close(item);
  OK(f, ox_item_open(f->alice, ox_folder_id(drafts), id, OX_OPEN_READ_ONLY, &item, &f->err));
  OK(f, ox_attachment_open(item, 0, OX_OPEN_READ_ONLY, &attachment, &f->err));
  OK(f, ox_attachment_open_embedded(attachment, OX_OPEN_READ_ONLY, &inner, &f->err));
  assert_string_equal(get_text(f, ox_item_object(inner), OX_PidTagSubject), "inner");
  ox_item_close(inner);
  ox_attachment_close(attachment);
  ox_item_close(item);
  ox_folder_close(drafts);
}

/* ---- properties and streams ([MS-OXCPRPT])
 * --------------------------------------------------------*/

/* MS-OXCPRPT_R457, R45701, R485, R874, R476: get, set, delete, list. */
static void test_properties__get_set_delete_list(void **state) {
  fixture *f = *state;
  ox_folder *inbox = open_special(f, f->alice, OX_SPECIAL_INBOX);
  ox_id id = make_message(f, inbox, "properties", "body text");
  ox_item *item = NULL;
  OK(f, ox_item_open(f->alice, ox_folder_id(inbox), id, OX_OPEN_READ_WRITE, &item, &f->err));
  ox_object *object = ox_item_object(item);
  ox_property values[] = {{.tag = OX_PidTagImportance, .value.i32 = 2},
                          {.tag = OX_PidTagReadReceiptRequested, .value.boolean = true}};
  OK(f, ox_object_set(object, values, 2, NULL, &f->err));
  const ox_proptag tags[] = {OX_PROPTAG_AS(OX_PidTagSubject, OX_PTYP_UNSPECIFIED),
                             OX_PidTagImportance, OX_PidTagInternetMessageId,
                             OX_PROPTAG_AS(OX_PidTagSubject, OX_PTYP_STRING8),
                             OX_PidTagReadReceiptRequested};
  ox_property got[5];
  OK(f, ox_object_get(object, tags, 5, 0, &f->arena, got, &f->err));
  assert_int_equal(got[0].tag, OX_PidTagSubject);
  assert_string_equal(property_text(f, &got[0]), "properties");
  assert_int_equal(got[1].value.i32, 2);
  assert_int_equal(OX_PROPTAG_TYPE(got[2].tag), OX_PTYP_ERROR_CODE);
  assert_int_equal(got[2].value.error, OX_E_NOT_FOUND);
  assert_int_equal(OX_PROPTAG_TYPE(got[3].tag), OX_PTYP_STRING8);
  assert_memory_equal(got[3].value.string8.data, "properties", 10);
  assert_true(got[4].value.boolean);
  const ox_proptag gone = OX_PidTagImportance;
  OK(f, ox_object_delete(object, &gone, 1, NULL, &f->err));
  ox_proptag *list = NULL;
  ox_property *all = NULL;
  size_t count = 0, listed = 0;
  OK(f, ox_object_list(object, &f->arena, &list, &listed, &f->err));
  OK(f, ox_object_get_all(object, 0, &f->arena, &all, &count, &f->err));
  assert_true(listed > 5 && count > 5);
  bool found = false;
  for (size_t i = 0; i < count; i++) found |= all[i].tag == OX_PidTagSubject;
  assert_true(found);
  ox_item_close(item);
  ox_folder_close(inbox);
}

/* [MS-OXCPRPT] 3.2.5.4: properties that the store computes. */
static void test_set_properties__computed_is_a_problem(void **state) {
  fixture *f = *state;
  ox_folder *inbox = open_special(f, f->alice, OX_SPECIAL_INBOX);
  ox_property values[] = {text_property(f, OX_PidTagComment, "kept"),
                          {.tag = OX_PidTagContentCount, .value.i32 = 7}};
  ox_problems problems = {.arena = &f->arena};
  OK(f, ox_object_set(ox_folder_object(inbox), values, 2, &problems, &f->err));
  assert_int_equal(problems.count, 1);
  assert_int_equal(problems.items[0].index, 1);
  assert_string_equal(get_text(f, ox_folder_object(inbox), OX_PidTagComment), "kept");
  ox_folder_close(inbox);
}

/* MS-OXCPRPT_R500, R879, R5070501: copies between objects. */
static void test_copy__properties_and_whole_objects(void **state) {
  fixture *f = *state;
  ox_folder *inbox = open_special(f, f->alice, OX_SPECIAL_INBOX);
  ox_id id = make_message(f, inbox, "source", "source body");
  ox_item *from = NULL, *to = NULL;
  OK(f, ox_item_open(f->alice, ox_folder_id(inbox), id, OX_OPEN_READ_WRITE, &from, &f->err));
  OK(f, ox_item_create(inbox, false, 0, &to, &f->err));
  ox_property own = text_property(f, OX_PidTagSubject, "own subject");
  OK(f, ox_object_set(ox_item_object(to), &own, 1, NULL, &f->err));
  const ox_proptag tags[] = {OX_PidTagSubject, OX_PidTagBody};
  OK(f, ox_object_copy_properties(ox_item_object(from), ox_item_object(to), OX_COPY_NO_OVERWRITE,
                                  tags, 2, NULL, &f->err));
  assert_string_equal(get_text(f, ox_item_object(to), OX_PidTagSubject), "own subject");
  assert_string_equal(get_text(f, ox_item_object(to), OX_PidTagBody), "source body");
  const ox_proptag excluded = OX_PidTagBody;
  ox_property other = text_property(f, OX_PidTagBody, "other body");
  OK(f, ox_object_set(ox_item_object(to), &other, 1, NULL, &f->err));
  OK(f, ox_object_copy_to(ox_item_object(from), ox_item_object(to), 0, true, &excluded, 1, NULL,
                          &f->err));
  assert_string_equal(get_text(f, ox_item_object(to), OX_PidTagSubject), "source");
  assert_string_equal(get_text(f, ox_item_object(to), OX_PidTagBody), "other body");
  FAILS(f, OX_E_NO_SUPPORT,
        ox_object_copy_to(ox_item_object(from), ox_folder_object(inbox), 0, false, NULL, 0, NULL,
                          &f->err));
  ox_item_close(from);
  ox_item_close(to);
  ox_folder_close(inbox);
}

/* MS-OXCPRPT_R518 to R524, R529, R876, R877: named properties. */
static void test_names__to_ids_and_back(void **state) {
  fixture *f = *state;
  ox_property_name names[3] = {{.kind = OX_NAME_KIND_LID, .guid = OX_PSETID_COMMON, .lid = 0x8503},
                               {.kind = OX_NAME_KIND_STRING, .guid = OX_PSETID_PUBLIC_STRINGS},
                               {.kind = OX_NAME_KIND_STRING, .guid = OX_PSETID_INTERNET_HEADERS}};
  OK(f, ox_str16_from_utf8(&f->arena, ox_str8_from("Keywords"), &names[1].name));
  OK(f, ox_str16_from_utf8(&f->arena, ox_str8_from("x-unheard-of"), &names[2].name));
  uint16_t ids[3] = {0}, again[3] = {0};
  assert_int_equal(ox_mailbox_names_to_ids(f->alice, &names[2], 1, false, ids, &f->err),
                   OX_W_ERRORS_RETURNED);
  assert_int_equal(ids[0], 0);
  OK(f, ox_mailbox_names_to_ids(f->alice, names, 3, true, ids, &f->err));
  OK(f, ox_mailbox_names_to_ids(f->alice, names, 3, false, again, &f->err));
  assert_memory_equal(ids, again, sizeof ids);
  uint16_t asked[3] = {ids[1], 0xFFFE, 0x0037};
  ox_property_name back[3];
  OK(f, ox_mailbox_ids_to_names(f->alice, asked, 3, &f->arena, back, &f->err));
  assert_true(ox_property_name_equal(&back[0], &names[1]));
  assert_int_equal(back[1].kind, OX_NAME_KIND_NONE);
  assert_true(ox_guid_equal(&back[2].guid, &OX_PSETID_MAPI));
  assert_int_equal(back[2].lid, 0x0037);
  uint16_t *found_ids = NULL;
  ox_property_name *found = NULL;
  size_t count = 0;
  OK(f, ox_object_query_names(ox_mailbox_object(f->alice), OX_QUERY_NAMES_NO_IDS,
                              &OX_PSETID_INTERNET_HEADERS, &f->arena, &found_ids, &found, &count,
                              &f->err));
  bool seen = false;
  for (size_t i = 0; i < count; i++) {
    assert_int_equal(found[i].kind, OX_NAME_KIND_STRING);
    seen |= found_ids[i] == ids[2];
  }
  assert_true(seen);
}

/* MS-OXCPRPT_R547, R555, R556, R560, R575, R57706, R57707, R592, R757, R758: streams. */
static void test_streams__write_seek_size_clone_copy(void **state) {
  fixture *f = *state;
  ox_folder *inbox = open_special(f, f->alice, OX_SPECIAL_INBOX);
  ox_item *item = NULL;
  OK(f, ox_item_create(inbox, false, 0, &item, &f->err));
  ox_object *object = ox_item_object(item);
  ox_stream *stream = NULL, *clone = NULL, *other = NULL;
  uint64_t size = 9, position = 0, read = 0, written = 0;
  char text[32] = {0};
  size_t got = 0;
  FAILS(f, OX_E_NOT_FOUND,
        ox_stream_open(object, OX_PidTagHtml, OX_STREAM_READ_WRITE, &stream, &size, &f->err));
  OK(f, ox_stream_open(object, OX_PidTagHtml, OX_STREAM_CREATE, &stream, &size, &f->err));
  assert_int_equal(size, 0);
  OK(f, ox_stream_write(stream, "<p>Hello</p>", 12, &f->err));
  OK(f, ox_stream_seek(stream, OX_SEEK_END, -4, &position, &f->err));
  assert_int_equal(position, 8);
  OK(f, ox_stream_clone(stream, &clone, &f->err));
  OK(f, ox_stream_read(clone, text, sizeof text, &got, &f->err));
  assert_int_equal(got, 4);
  assert_memory_equal(text, "</p>", 4);
  OK(f, ox_stream_write(stream, ", you</p>", 9, &f->err));
  OK(f, ox_stream_size(clone, &size, &f->err));
  assert_int_equal(size, 17);
  OK(f, ox_stream_seek(stream, OX_SEEK_BEGIN, 3, &position, &f->err));
  OK(f, ox_stream_open(object, OX_PROPTAG(0x6650, OX_PTYP_BINARY), OX_STREAM_CREATE, &other, NULL,
                       &f->err));
  OK(f, ox_stream_copy(stream, other, 5, &read, &written, &f->err));
  assert_int_equal(read, 5);
  assert_int_equal(written, 5);
  OK(f, ox_stream_set_size(other, 8, &f->err));
  OK(f, ox_stream_seek(other, OX_SEEK_BEGIN, 0, NULL, &f->err));
  OK(f, ox_stream_read(other, text, sizeof text, &got, &f->err));
  assert_int_equal(got, 8);
  assert_memory_equal(text, "Hello\0\0\0", 8);
  OK(f, ox_stream_set_size(other, 2, &f->err));
  OK(f, ox_stream_size(other, &size, &f->err));
  assert_int_equal(size, 2);
  FAILS(f, OX_E_STREAM_SEEK_ERROR, ox_stream_seek(other, OX_SEEK_BEGIN, -1, NULL, &f->err));
  OK(f, ox_stream_commit(stream, &f->err));
  ox_stream_close(other);
  ox_stream_close(clone);
  ox_stream_close(stream);
  const ox_proptag tag = OX_PidTagHtml;
  ox_property html;
  OK(f, ox_object_get(object, &tag, 1, 0, &f->arena, &html, &f->err));
  assert_int_equal(html.tag, tag);
  assert_int_equal(html.value.binary.size_bytes, 17);
  assert_memory_equal(html.value.binary.data, "<p>Hello, you</p>", 17);
  ox_item_close(item);
  ox_folder_close(inbox);
}

/* A body longer than a ROP buffer travels as a stream in both directions. */
static void test_properties__longer_than_a_buffer(void **state) {
  fixture *f = *state;
  enum { LONG = 300000 };
  ox_folder *inbox = open_special(f, f->alice, OX_SPECIAL_INBOX);
  char *body = malloc(LONG + 1);
  for (size_t i = 0; i < LONG; i++) body[i] = (char)('a' + i % 26);
  body[LONG] = 0;
  ox_id id = make_message(f, inbox, "long", body);
  ox_item *item = NULL;
  OK(f, ox_item_open(f->alice, ox_folder_id(inbox), id, OX_OPEN_READ_ONLY, &item, &f->err));
  assert_string_equal(get_text(f, ox_item_object(item), OX_PidTagBody), body);
  ox_property *all = NULL;
  size_t count = 0;
  OK(f, ox_object_get_all(ox_item_object(item), 0, &f->arena, &all, &count, &f->err));
  bool found = false;
  for (size_t i = 0; i < count; i++)
    if (all[i].tag == OX_PidTagBody) {
      assert_int_equal(all[i].value.string.size_bytes, 2 * LONG);
      found = true;
    }
  assert_true(found);
  ox_item_close(item);
  ox_folder_close(inbox);
  free(body);
}

/* ---- tables ([MS-OXCTABL])
 * -----------------------------------------------------------------------*/

enum { ROWS = 200 };

static ox_folder *make_rows(fixture *f) {
  ox_folder *top = open_special(f, f->alice, OX_SPECIAL_IPM_SUBTREE);
  ox_folder *folder = make_folder(f, top, "Rows");
  ox_folder_close(top);
  for (int i = 0; i < ROWS; i++) {
    ox_message *message = ox_message_new(NULL);
    char subject[64];
    snprintf(subject, sizeof subject, "Subject %03d %s", (i * 37) % ROWS,
             i % 10 == 0 ? "tenth" : "other");
    OK(f, ox_propbag_set_utf8(&message->properties, OX_PidTagSubject, subject));
    OK(f, ox_propbag_set_utf8(&message->properties, OX_PidTagMessageClass, "IPM.Note"));
    OK(f, ox_propbag_set_i32(&message->properties, OX_PidTagImportance, i % 3));
    OK(f, ox_folder_import(folder, message, 0, NULL, &f->err));
    ox_message_free(message);
  }
  return folder;
}

static const ox_proptag row_columns[] = {OX_PidTagMid, OX_PidTagSubject, OX_PidTagImportance};

static ox_table *open_rows(fixture *f, ox_folder *folder) {
  ox_table *table = NULL;
  uint32_t count = 0;
  OK(f, ox_folder_contents(folder, 0, &table, &count, &f->err));
  assert_int_equal(count, ROWS);
  OK(f, ox_table_set_columns(table, row_columns, 3, &f->err));
  ox_sort_order order = {OX_PidTagSubject, OX_SORT_ASCENDING};
  ox_sort_order_set sort = {1, 0, 0, &order};
  OK(f, ox_table_sort(table, &sort, &f->err));
  return table;
}

static void expect_row(fixture *f, const ox_property *row, int number) {
  char start[32];
  snprintf(start, sizeof start, "Subject %03d", number);
  assert_memory_equal(property_text(f, &row[1]), start, strlen(start));
}

/* MS-OXCTABL_R428, R426, R437, R462, R463, R468, R470, R725: rows in order. */
static void test_table__query_rows(void **state) {
  fixture *f = *state;
  ox_folder *folder = make_rows(f);
  ox_table *table = NULL;
  ox_property *rows = NULL;
  size_t count = 0;
  uint32_t origin = 99;
  OK(f, ox_folder_contents(folder, 0, &table, NULL, &f->err));
  FAILS(f, OX_E_NULL_OBJECT,
        ox_table_query_rows(table, 0, true, 1, &f->arena, &rows, &count, NULL, &f->err));
  ox_table_close(table);
  table = open_rows(f, folder);
  OK(f, ox_table_query_rows(table, OX_QUERY_NO_ADVANCE, true, 5, &f->arena, &rows, &count, NULL,
                            &f->err));
  assert_int_equal(count, 5);
  OK(f, ox_table_query_rows(table, 0, true, ROWS + 50, &f->arena, &rows, &count, &origin, &f->err));
  assert_int_equal(count, ROWS);
  assert_int_equal(origin, OX_BOOKMARK_END);
  for (int i = 0; i < ROWS; i++) expect_row(f, rows + i * 3, i);
  OK(f, ox_table_query_rows(table, 0, true, 1, &f->arena, &rows, &count, &origin, &f->err));
  assert_int_equal(count, 0);
  OK(f, ox_table_query_rows(table, 0, false, 3, &f->arena, &rows, &count, &origin, &f->err));
  assert_int_equal(count, 3);
  for (int i = 0; i < 3; i++) expect_row(f, rows + i * 3, ROWS - 1 - i);
  uint32_t numerator = 0, denominator = 0;
  OK(f, ox_table_position(table, &numerator, &denominator, &f->err));
  assert_int_equal(numerator, ROWS - 3);
  assert_int_equal(denominator, ROWS);
  ox_table_close(table);
  ox_folder_close(folder);
}

/* MS-OXCTABL_R451 to R454, R534, R536, R540: restrict and find. */
static void test_table__restrict_and_find(void **state) {
  fixture *f = *state;
  ox_folder *folder = make_rows(f);
  ox_table *table = open_rows(f, folder);
  ox_restriction tenth = {.type = OX_RESTRICTION_CONTENT};
  tenth.u.content.fuzzy_level_low = OX_FUZZY_SUBSTRING;
  tenth.u.content.fuzzy_level_high = OX_FUZZY_IGNORECASE;
  tenth.u.content.property_tag = OX_PidTagSubject;
  tenth.u.content.tagged_value = text_property(f, OX_PidTagSubject, "TENTH");
  ox_property *rows = NULL;
  size_t count = 0;
  OK(f, ox_table_restrict(table, &tenth, &f->err));
  OK(f, ox_table_query_rows(table, 0, true, ROWS, &f->arena, &rows, &count, NULL, &f->err));
  assert_int_equal(count, ROWS / 10);
  OK(f, ox_table_restrict(table, NULL, &f->err));
  uint32_t total = 0;
  OK(f, ox_table_row_count(table, &total, &f->err));
  assert_int_equal(total, ROWS);
  ox_restriction exact = {.type = OX_RESTRICTION_CONTENT};
  exact.u.content.fuzzy_level_low = OX_FUZZY_PREFIX;
  exact.u.content.property_tag = OX_PidTagSubject;
  exact.u.content.tagged_value = text_property(f, OX_PidTagSubject, "Subject 150");
  ox_property *row = NULL;
  bool moved = true;
  OK(f, ox_table_find_row(table, &exact, OX_BOOKMARK_BEGINNING, false, &f->arena, &row, &moved,
                          &f->err));
  expect_row(f, row, 150);
  assert_false(moved);
  OK(f, ox_table_query_rows(table, 0, true, 1, &f->arena, &rows, &count, NULL, &f->err));
  expect_row(f, rows, 150);
  FAILS(
      f, OX_E_NOT_FOUND,
      ox_table_find_row(table, &exact, OX_BOOKMARK_CURRENT, false, &f->arena, &row, NULL, &f->err));
  ox_table_close(table);
  ox_folder_close(folder);
}

/* MS-OXCTABL_R497, R504 to R506, R514 to R516, R522, R545, R439: cursor and bookmarks. */
static void test_table__seek_and_bookmarks(void **state) {
  fixture *f = *state;
  ox_folder *folder = make_rows(f);
  ox_table *table = open_rows(f, folder);
  ox_property *rows = NULL;
  size_t count = 0;
  int32_t sought = 0;
  uint32_t bookmark = 0, numerator = 0, denominator = 0;
  OK(f, ox_table_seek(table, OX_BOOKMARK_BEGINNING, 40, &sought, NULL, &f->err));
  assert_int_equal(sought, 40);
  OK(f, ox_table_create_bookmark(table, &bookmark, &f->err));
  OK(f, ox_table_seek(table, OX_BOOKMARK_CURRENT, -100, &sought, NULL, &f->err));
  assert_int_equal(sought, -40);
  OK(f, ox_table_seek(table, bookmark, 2, &sought, NULL, &f->err));
  OK(f, ox_table_query_rows(table, 0, true, 1, &f->arena, &rows, &count, NULL, &f->err));
  expect_row(f, rows, 42);
  OK(f, ox_table_seek_fractional(table, 1, 2, &f->err));
  OK(f, ox_table_position(table, &numerator, &denominator, &f->err));
  assert_int_equal(numerator, ROWS / 2);
  OK(f, ox_table_seek_fractional(table, 9, 2, &f->err));
  OK(f, ox_table_position(table, &numerator, &denominator, &f->err));
  assert_int_equal(numerator, ROWS);
  /* The bookmark's row is deleted: the next one is taken. */
  OK(f, ox_table_seek(table, bookmark, 0, NULL, NULL, &f->err));
  OK(f, ox_table_query_rows(table, OX_QUERY_NO_ADVANCE, true, 1, &f->arena, &rows, &count, NULL,
                            &f->err));
  expect_row(f, rows, 40);
  ox_id id = (ox_id)rows[0].value.i64;
  bool moved = false;
  OK(f, ox_folder_delete_messages(folder, &id, 1, OX_DELETE_MESSAGES_HARD, NULL, &f->err));
  OK(f, ox_table_seek(table, bookmark, 0, NULL, &moved, &f->err));
  assert_true(moved);
  OK(f, ox_table_query_rows(table, 0, true, 1, &f->arena, &rows, &count, NULL, &f->err));
  expect_row(f, rows, 41);
  OK(f, ox_table_free_bookmark(table, bookmark, &f->err));
  FAILS(f, OX_E_INVALID_BOOKMARK, ox_table_seek(table, bookmark, 0, NULL, NULL, &f->err));
  OK(f, ox_table_create_bookmark(table, &bookmark, &f->err));
  OK(f, ox_table_reset(table, &f->err));
  OK(f, ox_table_set_columns(table, row_columns, 3, &f->err));
  FAILS(f, OX_E_INVALID_BOOKMARK, ox_table_seek(table, bookmark, 0, NULL, NULL, &f->err));
  ox_proptag *all = NULL;
  OK(f, ox_table_all_columns(table, &f->arena, &all, &count, &f->err));
  assert_true(count > 10);
  ox_table_close(table);
  ox_folder_close(folder);
}

/* ---- whole messages
 * ------------------------------------------------------------------------------*/

static ox_message *rich_message(fixture *f, size_t attachment_bytes) {
  ox_message *message = ox_message_new(NULL);
  OK(f, ox_propbag_set_utf8(&message->properties, OX_PidTagSubject, "rich"));
  OK(f, ox_propbag_set_utf8(&message->properties, OX_PidTagMessageClass, "IPM.Note"));
  OK(f, ox_propbag_set_utf8(&message->properties, OX_PidTagBody, "plain body"));
  ox_property_name name = {.kind = OX_NAME_KIND_STRING, .guid = OX_PSETID_PUBLIC_STRINGS};
  OK(f, ox_str16_from_utf8(&f->arena, ox_str8_from("Colour"), &name.name));
  uint16_t id = ox_message_name_id(message, &name);
  OK(f, ox_propbag_set_utf8(&message->properties, OX_PROPTAG(id, OX_PTYP_STRING), "green"));
  set_recipient(f, &ox_message_add_recipient(message)->properties, OX_RECIPIENT_TO, "Bob Brown",
                "bob@example.test");
  ox_attachment *attachment = ox_message_add_attachment(message);
  OK(f, ox_propbag_set_i32(&attachment->properties, OX_PidTagAttachMethod, 1));
  OK(f, ox_propbag_set_utf8(&attachment->properties, OX_PidTagAttachLongFilename, "a.bin"));
  uint8_t *data = ox_arena_alloc(&message->arena, attachment_bytes);
  for (size_t i = 0; i < attachment_bytes; i++) data[i] = pattern(i);
  attachment->source = ox_source_from_bytes(NULL, data, attachment_bytes, true);
  attachment = ox_message_add_attachment(message);
  OK(f, ox_propbag_set_i32(&attachment->properties, OX_PidTagAttachMethod, 5));
  attachment->embedded = ox_message_new(NULL);
  OK(f, ox_propbag_set_utf8(&attachment->embedded->properties, OX_PidTagSubject, "inside"));
  OK(f, ox_propbag_set_utf8(&attachment->embedded->properties, OX_PidTagMessageClass, "IPM.Note"));
  return message;
}

static void test_import_export__keeps_everything(void **state) {
  fixture *f = *state;
  enum { BYTES = 200000 };
  ox_folder *inbox = open_special(f, f->alice, OX_SPECIAL_INBOX);
  ox_message *message = rich_message(f, BYTES), *back = NULL;
  ox_id id = 0;
  OK(f, ox_folder_import(inbox, message, OX_IMPORT_UNREAD, &id, &f->err));
  assert_int_equal(message_flags(f, inbox, id) & 1, 0);
  ox_item *item = NULL;
  OK(f, ox_item_open(f->alice, ox_folder_id(inbox), id, OX_OPEN_READ_ONLY, &item, &f->err));
  OK(f, ox_item_export(item, 4096, &back, &f->err));
  assert_string_equal(ox_propbag_utf8(&back->properties, OX_PidTagSubject, &f->arena, ""), "rich");
  assert_string_equal(ox_propbag_utf8(&back->properties, OX_PidTagBody, &f->arena, ""),
                      "plain body");
  ox_property_name name = {.kind = OX_NAME_KIND_STRING, .guid = OX_PSETID_PUBLIC_STRINGS};
  OK(f, ox_str16_from_utf8(&f->arena, ox_str8_from("Colour"), &name.name));
  uint16_t local = ox_message_find_name(back, &name);
  assert_true(local >= 0x8000);
  assert_string_equal(
      ox_propbag_utf8(&back->properties, OX_PROPTAG(local, OX_PTYP_STRING), &f->arena, ""),
      "green");
  assert_int_equal(back->recipient_count, 1);
  assert_string_equal(
      ox_propbag_utf8(&back->recipients[0].properties, OX_PidTagEmailAddress, &f->arena, ""),
      "bob@example.test");
  assert_int_equal(back->attachment_count, 2);
  ox_source *source = back->attachments[0].source;
  assert_non_null(source);
  assert_int_equal(source->size_bytes, BYTES);
  uint8_t chunk[100];
  size_t got = 0;
  OK(f, source->read_at(source, 123456, chunk, sizeof chunk, &got, &f->err));
  assert_int_equal(got, sizeof chunk);
  for (size_t i = 0; i < sizeof chunk; i++) assert_int_equal(chunk[i], pattern(123456 + i));
  assert_non_null(back->attachments[1].embedded);
  assert_string_equal(
      ox_propbag_utf8(&back->attachments[1].embedded->properties, OX_PidTagSubject, &f->arena, ""),
      "inside");
  ox_message_free(back);
  ox_message_free(message);
  ox_item_close(item);
  ox_folder_close(inbox);
}

/* ---- sending and being told ([MS-OXPROTO] 2.4, [MS-OXCNOTIF])
 * ---------------------------------------*/

/* Use cases 2.4.3, 2.4.4, 2.4.5: create a message, attach, send; the other is told of new mail. */
static void test_submit__new_mail_arrives(void **state) {
  fixture *f = *state;
  f->bob = fixture_open(f, "bob@example.test");
  ox_subscription *subscription = NULL;
  OK(f, ox_mailbox_subscribe(f->bob, OX_EVENT_NEW_MAIL, 0, 0, &subscription, &f->err));
  bool pending = true;
  OK(f, ox_mailbox_wait(f->bob, 0, &pending, &f->err));
  assert_false(pending);
  ox_folder *outbox = open_special(f, f->alice, OX_SPECIAL_OUTBOX);
  ox_item *item = NULL;
  OK(f, ox_item_create(outbox, false, 0, &item, &f->err));
  ox_property values[] = {text_property(f, OX_PidTagSubject, "to bob"),
                          text_property(f, OX_PidTagBody, "hello"),
                          text_property(f, OX_PidTagMessageClass, "IPM.Note")};
  OK(f, ox_object_set(ox_item_object(item), values, 3, NULL, &f->err));
  ox_propbag bag;
  set_recipient(f, &bag, OX_RECIPIENT_TO, "Bob Brown", "bob@example.test");
  ox_recipient_change change = {0, &bag};
  OK(f, ox_item_modify_recipients(item, &change, 1, &f->err));
  ox_item_attachment *attachment = NULL;
  OK(f, ox_attachment_create(item, &attachment, NULL, &f->err));
  ox_property parts[] = {
      {.tag = OX_PidTagAttachMethod, .value.i32 = 1},
      {.tag = OX_PidTagAttachDataBinary, .value.binary = {(const uint8_t *)"abc", 3}}};
  OK(f, ox_object_set(ox_attachment_object(attachment), parts, 2, NULL, &f->err));
  OK(f, ox_attachment_save(attachment, 0, &f->err));
  ox_attachment_close(attachment);
  OK(f, ox_item_submit(item, 0, &f->err));
  ox_item_close(item);
  ox_folder_close(outbox);
  OK(f, ox_mailbox_wait(f->bob, 5000, &pending, &f->err));
  assert_true(pending);
  ox_event event;
  OK(f, ox_mailbox_next_event(f->bob, &f->arena, &event, &f->err));
  assert_int_equal(event.type, OX_EVENT_NEW_MAIL);
  assert_ptr_equal(event.subscription, subscription);
  assert_true(event.is_message);
  assert_string_equal(event.message_class, "IPM.Note");
  ox_item *arrived = NULL;
  OK(f,
     ox_item_open(f->bob, event.folder_id, event.message_id, OX_OPEN_READ_ONLY, &arrived, &f->err));
  assert_string_equal(get_text(f, ox_item_object(arrived), OX_PidTagSubject), "to bob");
  assert_string_equal(get_text(f, ox_item_object(arrived), OX_PidTagSenderName), "Alice Adams");
  uint32_t *numbers = NULL;
  size_t count = 0;
  OK(f, ox_item_attachment_numbers(arrived, &f->arena, &numbers, &count, &f->err));
  assert_int_equal(count, 1);
  ox_item_close(arrived);
  ox_subscription_close(subscription);
}

static void test_submit__needs_recipients(void **state) {
  fixture *f = *state;
  ox_folder *outbox = open_special(f, f->alice, OX_SPECIAL_OUTBOX);
  ox_item *item = NULL;
  OK(f, ox_item_create(outbox, false, 0, &item, &f->err));
  assert_true(ox_failed(ox_item_submit(item, 0, &f->err)));
  ox_item_close(item);
  ox_folder_close(outbox);
}

/* Takes events until one of a type comes. */
static bool take_event(fixture *f, ox_mailbox *mailbox, uint16_t type, ox_event *out) {
  for (int i = 0; i < 100; i++) {
    bool pending = false;
    OK(f, ox_mailbox_wait(mailbox, 2000, &pending, &f->err));
    if (!pending) return false;
    OK(f, ox_mailbox_next_event(mailbox, &f->arena, out, &f->err));
    if (out->type == type) return true;
  }
  return false;
}

/* MS-OXCNOTIF_R11 to R16, R289, R291: created, modified, moved, copied, deleted. */
static void test_events__of_objects(void **state) {
  fixture *f = *state;
  ox_mailbox *watcher = fixture_open(f, "alice@example.test");
  ox_subscription *subscription = NULL;
  const uint16_t all =
      OX_EVENT_CREATED | OX_EVENT_DELETED | OX_EVENT_MODIFIED | OX_EVENT_MOVED | OX_EVENT_COPIED;
  OK(f, ox_mailbox_subscribe(watcher, all, 0, 0, &subscription, &f->err));
  ox_folder *inbox = open_special(f, f->alice, OX_SPECIAL_INBOX);
  ox_folder *deleted = open_special(f, f->alice, OX_SPECIAL_DELETED_ITEMS);
  ox_id id = make_message(f, inbox, "watched", "body");
  ox_event event;
  assert_true(take_event(f, watcher, OX_EVENT_CREATED, &event));
  assert_true(event.is_message && event.message_id == id && event.folder_id == ox_folder_id(inbox));
  ox_item *item = NULL;
  OK(f, ox_item_open(f->alice, ox_folder_id(inbox), id, OX_OPEN_READ_WRITE, &item, &f->err));
  ox_property subject = text_property(f, OX_PidTagSubject, "changed");
  OK(f, ox_object_set(ox_item_object(item), &subject, 1, NULL, &f->err));
  OK(f, ox_item_save(item, 0, NULL, &f->err));
  ox_item_close(item);
  do assert_true(take_event(f, watcher, OX_EVENT_MODIFIED, &event));
  while (!event.is_message);
  assert_true(event.message_id == id);
  OK(f, ox_folder_move_messages(inbox, deleted, &id, 1, true, NULL, NULL, &f->err));
  assert_true(take_event(f, watcher, OX_EVENT_COPIED, &event));
  assert_true(event.old_message_id == id && event.folder_id == ox_folder_id(deleted));
  OK(f, ox_folder_move_messages(inbox, deleted, &id, 1, false, NULL, NULL, &f->err));
  assert_true(take_event(f, watcher, OX_EVENT_MOVED, &event));
  assert_true(event.old_message_id == id && event.old_folder_id == ox_folder_id(inbox));
  ox_id moved = event.message_id;
  OK(f, ox_folder_delete_messages(deleted, &moved, 1, OX_DELETE_MESSAGES_HARD, NULL, &f->err));
  assert_true(take_event(f, watcher, OX_EVENT_DELETED, &event));
  assert_true(event.message_id == moved);
  ox_subscription_close(subscription);
  ox_folder_close(deleted);
  ox_folder_close(inbox);
  ox_mailbox_close(watcher);
}

/* MS-OXCNOTIF_R22 to R25, R261 to R263, R166001: rows of a table. */
static void test_events__of_tables(void **state) {
  fixture *f = *state;
  ox_mailbox *watcher = fixture_open(f, "alice@example.test");
  ox_folder *inbox = open_special(f, f->alice, OX_SPECIAL_INBOX);
  ox_folder *watched = open_special(f, watcher, OX_SPECIAL_INBOX);
  ox_table *table = NULL;
  ox_subscription *subscription = NULL;
  ox_property *rows = NULL;
  size_t count = 0;
  OK(f, ox_folder_contents(watched, 0, &table, NULL, &f->err));
  OK(f, ox_table_set_columns(table, row_columns, 3, &f->err));
  OK(f, ox_table_query_rows(table, 0, true, 10, &f->arena, &rows, &count, NULL, &f->err));
  OK(f, ox_table_subscribe(table, &subscription, &f->err));
  ox_id id = make_message(f, inbox, "new row", "body");
  ox_event event;
  assert_true(take_event(f, watcher, OX_EVENT_TABLE_MODIFIED, &event));
  assert_true(event.table_event == OX_TABLE_ROW_ADDED || event.table_event == OX_TABLE_CHANGED);
  if (event.table_event == OX_TABLE_ROW_ADDED) {
    assert_true(event.message_id == id);
    assert_int_equal(event.row_count, 3);
    assert_string_equal(property_text(f, &event.row[1]), "new row");
  }
  OK(f, ox_folder_delete_messages(inbox, &id, 1, OX_DELETE_MESSAGES_HARD, NULL, &f->err));
  assert_true(take_event(f, watcher, OX_EVENT_TABLE_MODIFIED, &event));
  assert_true(event.table_event == OX_TABLE_ROW_DELETED || event.table_event == OX_TABLE_CHANGED);
  ox_subscription_close(subscription);
  ox_table_close(table);
  ox_folder_close(watched);
  ox_folder_close(inbox);
  ox_mailbox_close(watcher);
}

static void *cancel_soon(void *mailbox) {
  nanosleep(&(struct timespec){.tv_nsec = 100 * 1000000L}, NULL);
  ox_mailbox_cancel_wait(mailbox);
  return NULL;
}

static void test_wait__timeout_and_cancel(void **state) {
  fixture *f = *state;
  ox_subscription *subscription = NULL;
  OK(f, ox_mailbox_subscribe(f->alice, OX_EVENT_NEW_MAIL, 0, 0, &subscription, &f->err));
  bool pending = true;
  OK(f, ox_mailbox_wait(f->alice, 50, &pending, &f->err));
  assert_false(pending);
  pthread_t thread;
  assert_int_equal(pthread_create(&thread, NULL, cancel_soon, f->alice), 0);
  FAILS(f, OX_E_CANCELLED, ox_mailbox_wait(f->alice, 30000, &pending, &f->err));
  pthread_join(thread, NULL);
  ox_event event;
  FAILS(f, OX_E_NOT_FOUND, ox_mailbox_next_event(f->alice, &f->arena, &event, &f->err));
  ox_subscription_close(subscription);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      BOTH(test_logon__tells_mailbox_and_folders),
      BOTH(test_special_folders__beyond_those_of_the_logon),
      BOTH(test_receive_folder__longest_prefix),
      BOTH(test_ids__long_term_and_back),
      BOTH(test_create_folder__names_are_unique),
      BOTH(test_open_folder__unknown_id),
      BOTH(test_delete_folder__keeps_what_the_flags_do_not_name),
      BOTH(test_empty_folder__removes_messages_and_subfolders),
      BOTH(test_move_and_copy_folder__with_contents),
      BOTH(test_message__lives_from_save_to_delete),
      BOTH(test_save__second_handle_is_told),
      BOTH(test_recipients__modify_and_read),
      BOTH(test_recipients__many),
      BOTH(test_read_flags_and_status__change_at_once),
      BOTH(test_move_messages__to_another_folder),
      BOTH(test_attachments__create_read_delete),
      BOTH(test_attachments__embedded_message),
      BOTH(test_properties__get_set_delete_list),
      BOTH(test_set_properties__computed_is_a_problem),
      BOTH(test_copy__properties_and_whole_objects),
      BOTH(test_names__to_ids_and_back),
      BOTH(test_streams__write_seek_size_clone_copy),
      BOTH(test_properties__longer_than_a_buffer),
      BOTH(test_table__query_rows),
      BOTH(test_table__restrict_and_find),
      BOTH(test_table__seek_and_bookmarks),
      BOTH(test_import_export__keeps_everything),
      BOTH(test_submit__new_mail_arrives),
      BOTH(test_submit__needs_recipients),
      BOTH(test_events__of_objects),
      BOTH(test_events__of_tables),
      BOTH(test_wait__timeout_and_cancel),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
