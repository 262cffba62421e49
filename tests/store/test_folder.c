/* Mailboxes and folders. */
#include "support.h"

static void test_mailbox__has_its_special_folders(void **state) {
  fixture *f = *state;
  ox_mailbox_info info = OX_MAILBOX_INFO_INIT;
  OK(ox_mailbox_get_info(f->mailbox, &info, &f->err));
  assert_string_equal(info.display_name, "Alice Adams");
  assert_true(ox_guid_equal(&info.mailbox_guid, &f->guid));
  for (uint32_t i = 0; i < OX_SPECIAL_COUNT; i++) {
    ox_id id = special(f, i);
    assert_true(id != 0);
    assert_int_equal(ox_id_replid(id), info.replid);
    if (i < OX_SPECIAL_LOGON_COUNT) assert_true(info.special_folders[i] == id);
  }
  ox_folder *inbox = open_special(f, OX_SPECIAL_INBOX);
  ox_object *object = ox_folder_object(inbox);
  assert_string_equal(get_text(f, object, OX_PidTagDisplayName), "Inbox");
  assert_string_equal(get_text(f, object, OX_PidTagContainerClass), "IPF.Note");
  assert_int_equal(get(f, object, OX_PidTagFolderType).i32, 1);
  assert_int_equal(get(f, object, OX_PidTagContentCount).i32, 0);
  /* The Calendar's entry id on the Inbox ends with the Calendar's counter. */
  ox_bytes entry_id = get(f, object, OX_PidTagIpmAppointmentEntryId).binary;
  assert_int_equal(entry_id.size_bytes, 46);
  ox_long_term_id long_term;
  OK(ox_mailbox_long_term_id(f->mailbox, special(f, OX_SPECIAL_CALENDAR), &long_term, &f->err));
  assert_memory_equal(entry_id.data + 38, long_term.global_counter, 6);
  ox_folder_close(inbox);
}

static void test_mailbox__missing_is_one_sentence(void **state) {
  fixture *f = *state;
  ox_mailbox_open_options open = OX_MAILBOX_OPEN_OPTIONS_INIT;
  ox_mailbox *mailbox = NULL;
  open.mailbox_guid = f->guid;
  open.mailbox_guid.data1 ^= 1;
  FAILS(ox_mailbox_open_local(f->store, &open, &mailbox, &f->err), OX_E_NOT_FOUND);
  assert_string_equal(f->err.text, "There is no such mailbox.");
  ox_store *store = NULL;
  FAILS(ox_store_open("/nonexistent/data", NULL, &store, &f->err), OX_E_NOT_FOUND);
}

static void test_mailbox__existing_is_not_created_again(void **state) {
  fixture *f = *state;
  ox_mailbox_create_options create = {.struct_size = sizeof create, .mailbox_guid = f->guid};
  FAILS(ox_store_create_mailbox(f->store, &create, NULL, &f->err), OX_E_COLLISION);
  ox_guid *guids;
  size_t count;
  OK(ox_store_mailboxes(f->store, &f->arena, &guids, &count, &f->err));
  assert_int_equal(count, 1);
  assert_true(ox_guid_equal(&guids[0], &f->guid));
  FAILS(ox_store_delete_mailbox(f->store, &f->guid, &f->err), OX_E_LOCKED);
}

static void test_folder__create_open_and_duplicate(void **state) {
  fixture *f = *state;
  ox_folder *inbox = open_special(f, OX_SPECIAL_INBOX), *made = NULL, *again = NULL;
  ox_folder_create_options options = {
      .struct_size = sizeof options, .name = "Проект Ω", .comment = "a comment"};
  bool existed = true;
  OK(ox_folder_create(inbox, &options, &made, &existed, &f->err));
  assert_false(existed);
  ox_object *object = ox_folder_object(made);
  assert_string_equal(get_text(f, object, OX_PidTagDisplayName), "Проект Ω");
  assert_string_equal(get_text(f, object, OX_PidTagComment), "a comment");
  assert_string_equal(get_text(f, object, OX_PidTagContainerClass), "IPF.Note");
  assert_true(get(f, object, OX_PidTagParentFolderId).i64 == (int64_t)special(f, OX_SPECIAL_INBOX));
  assert_true(get(f, ox_folder_object(inbox), OX_PidTagSubfolders).boolean);
  /* Names are told apart without case. */
  options.name = "ПРОЕКТ ω";
  FAILS(ox_folder_create(inbox, &options, &again, NULL, &f->err), OX_E_DUPLICATE_NAME);
  options.open_existing = true;
  OK(ox_folder_create(inbox, &options, &again, &existed, &f->err));
  assert_true(existed);
  assert_true(ox_folder_id(again) == ox_folder_id(made));
  ox_folder_close(again);
  ox_folder_close(made);
  options.name = "";
  FAILS(ox_folder_create(inbox, &options, &made, NULL, &f->err), OX_E_INVALID_PARAMETER);
  ox_folder_close(inbox);
}

static ox_folder *make(fixture *f, ox_folder *parent, const char *name) {
  ox_folder *folder = NULL;
  ox_folder_create_options options = {.struct_size = sizeof options, .name = name};
  OK(ox_folder_create(parent, &options, &folder, NULL, &f->err));
  return folder;
}

static void test_folder__delete_needs_flags(void **state) {
  fixture *f = *state;
  ox_folder *inbox = open_special(f, OX_SPECIAL_INBOX);
  ox_folder *outer = make(f, inbox, "outer"), *inner = make(f, outer, "inner");
  ox_id id = ox_folder_id(outer), inner_id = ox_folder_id(inner);
  bool partial = false;
  add_message(f, outer, "in the way", 0);
  FAILS(ox_folder_delete(inbox, id, 0, &partial, &f->err), OX_E_FOLDER_HAS_CHILDREN);
  FAILS(ox_folder_delete(inbox, id, OX_DELETE_FOLDER_SUBFOLDERS, &partial, &f->err),
        OX_E_FOLDER_HAS_CONTENTS);
  OK(ox_folder_delete(inbox, id, OX_DELETE_FOLDER_SUBFOLDERS | OX_DELETE_FOLDER_MESSAGES, &partial,
                      &f->err));
  ox_folder_close(outer);
  ox_folder_close(inner);
  FAILS(ox_folder_open(f->mailbox, id, 0, &outer, &f->err), OX_E_NOT_FOUND);
  OK(ox_folder_open(f->mailbox, inner_id, OX_OPEN_SOFT_DELETED, &inner, &f->err));
  ox_folder_close(inner);
  assert_false(get(f, ox_folder_object(inbox), OX_PidTagSubfolders).boolean);
  /* The name is free again. */
  ox_folder_close(make(f, inbox, "outer"));
  FAILS(ox_folder_delete(inbox, special(f, OX_SPECIAL_CALENDAR), 0, NULL, &f->err), OX_E_NOT_FOUND);
  ox_folder_close(inbox);
}

static void test_folder__hard_delete_leaves_nothing(void **state) {
  fixture *f = *state;
  ox_folder *inbox = open_special(f, OX_SPECIAL_INBOX);
  ox_folder *outer = make(f, inbox, "outer"), *inner = make(f, outer, "inner");
  add_message(f, outer, "one", 0);
  ox_id two = add_message(f, inner, "two", 0);
  OK(ox_folder_delete_messages(inner, &two, 1, 0, NULL, &f->err));
  ox_id id = ox_folder_id(outer), inner_id = ox_folder_id(inner);
  OK(ox_folder_delete(outer, inner_id, OX_DELETE_FOLDER_MESSAGES, NULL, &f->err));
  OK(ox_folder_delete(
      inbox, id, OX_DELETE_FOLDER_SUBFOLDERS | OX_DELETE_FOLDER_MESSAGES | OX_DELETE_FOLDER_HARD,
      NULL, &f->err));
  ox_folder_close(outer);
  ox_folder_close(inner);
  FAILS(ox_folder_open(f->mailbox, inner_id, OX_OPEN_SOFT_DELETED, &inner, &f->err),
        OX_E_NOT_FOUND);
  ox_item *item;
  FAILS(ox_item_open(f->mailbox, 0, two, OX_OPEN_SOFT_DELETED, &item, &f->err), OX_E_NOT_FOUND);
  ox_folder_close(inbox);
}

static void test_folder__special_ones_stay(void **state) {
  fixture *f = *state;
  ox_folder *top = open_special(f, OX_SPECIAL_IPM_SUBTREE);
  FAILS(ox_folder_delete(top, special(f, OX_SPECIAL_INBOX),
                         OX_DELETE_FOLDER_MESSAGES | OX_DELETE_FOLDER_SUBFOLDERS, NULL, &f->err),
        OX_E_ACCESS_DENIED);
  bool partial = false;
  OK(ox_folder_empty(top, 0, &partial, &f->err));
  assert_true(partial);
  ox_folder_close(top);
}

static void test_folder__empty_takes_messages_and_subfolders(void **state) {
  fixture *f = *state;
  ox_folder *inbox = open_special(f, OX_SPECIAL_INBOX);
  ox_folder_close(make(f, inbox, "below"));
  for (int i = 0; i < 150; i++) add_message(f, inbox, "x", 0);
  ox_item *fai;
  OK(ox_item_create(inbox, true, 0, &fai, &f->err));
  OK(ox_item_save(fai, 0, NULL, &f->err));
  ox_item_close(fai);
  bool partial = true;
  OK(ox_folder_empty(inbox, 0, &partial, &f->err));
  assert_false(partial);
  ox_object *object = ox_folder_object(inbox);
  assert_int_equal(get(f, object, OX_PidTagContentCount).i32, 0);
  assert_int_equal(get(f, object, OX_PidTagAssociatedContentCount).i32, 1);
  assert_int_equal(get(f, object, OX_PidTagDeletedCountTotal).i32, 150);
  assert_false(get(f, object, OX_PidTagSubfolders).boolean);
  OK(ox_folder_empty(inbox, OX_EMPTY_ASSOCIATED | OX_EMPTY_HARD, &partial, &f->err));
  assert_int_equal(get(f, object, OX_PidTagAssociatedContentCount).i32, 0);
  ox_folder_close(inbox);
}

static void test_folder__move_and_copy(void **state) {
  fixture *f = *state;
  ox_folder *inbox = open_special(f, OX_SPECIAL_INBOX);
  ox_folder *drafts = open_special(f, OX_SPECIAL_DRAFTS);
  ox_folder *outer = make(f, inbox, "outer"), *inner = make(f, outer, "inner");
  add_message(f, inner, "hello", 0);
  ox_id outer_id = ox_folder_id(outer), inner_id = ox_folder_id(inner);
  FAILS(ox_folder_move(inbox, outer_id, inner, NULL, NULL, &f->err), OX_E_FOLDER_CYCLE);
  FAILS(ox_folder_copy(inbox, outer_id, inner, NULL, true, NULL, &f->err), OX_E_FOLDER_CYCLE);
  OK(ox_folder_move(inbox, outer_id, drafts, "renamed", NULL, &f->err));
  assert_string_equal(get_text(f, ox_folder_object(outer), OX_PidTagDisplayName), "renamed");
  assert_true(get(f, ox_folder_object(outer), OX_PidTagParentFolderId).i64 ==
              (int64_t)special(f, OX_SPECIAL_DRAFTS));
  assert_true(get(f, ox_folder_object(inner), OX_PidTagParentFolderId).i64 == (int64_t)outer_id);
  OK(ox_folder_copy(drafts, outer_id, inbox, NULL, true, NULL, &f->err));
  FAILS(ox_folder_copy(drafts, outer_id, inbox, NULL, true, NULL, &f->err), OX_E_DUPLICATE_NAME);
  ox_table *table;
  uint32_t rows = 0;
  OK(ox_folder_hierarchy(inbox, OX_TABLE_DEPTH, &table, &rows, &f->err));
  assert_int_equal(rows, 2);
  static const ox_proptag columns[] = {OX_PidTagDisplayName, OX_PidTagDepth, OX_PidTagContentCount,
                                       OX_PidTagFolderId};
  OK(ox_table_set_columns(table, columns, 4, &f->err));
  ox_property *row;
  size_t count = 0;
  OK(ox_table_query_rows(table, 0, true, 10, &f->arena, &row, &count, NULL, &f->err));
  assert_int_equal(count, 2);
  assert_string_equal(ox_str16_utf8(&f->arena, row[0].value.string), "renamed");
  assert_int_equal(row[1].value.i32, 1);
  assert_string_equal(ox_str16_utf8(&f->arena, row[4].value.string), "inner");
  assert_int_equal(row[5].value.i32, 2);
  assert_int_equal(row[6].value.i32, 1);
  assert_true((ox_id)row[7].value.i64 != inner_id);
  ox_table_close(table);
  ox_folder_close(outer);
  ox_folder_close(inner);
  ox_folder_close(inbox);
  ox_folder_close(drafts);
}

static void test_folder__properties_are_set_at_once(void **state) {
  fixture *f = *state;
  ox_folder *inbox = open_special(f, OX_SPECIAL_INBOX), *made = make(f, inbox, "old");
  ox_object *object = ox_folder_object(made);
  ox_value before = get(f, object, OX_PidTagChangeKey);
  set_text(f, object, OX_PidTagDisplayName, "new");
  set_text(f, object, OX_PidTagComment, "said");
  assert_string_equal(get_text(f, object, OX_PidTagDisplayName), "new");
  assert_string_equal(get_text(f, object, OX_PidTagComment), "said");
  assert_false(ox_bytes_equal(before.binary, get(f, object, OX_PidTagChangeKey).binary));
  ox_folder_close(make(f, inbox, "taken"));
  ox_property name = {.tag = OX_PidTagDisplayName};
  OK(ox_str16_from_utf8(&f->arena, ox_str8_from("TAKEN"), &name.value.string));
  FAILS(ox_object_set(object, &name, 1, NULL, &f->err), OX_E_DUPLICATE_NAME);
  ox_property count = {.tag = OX_PidTagContentCount, .value.i32 = 5};
  ox_problems problems = {.arena = &f->arena};
  OK(ox_object_set(object, &count, 1, &problems, &f->err));
  assert_int_equal(problems.count, 1);
  assert_int_equal(problems.items[0].error_code, OX_E_COMPUTED);
  ox_proptag comment = OX_PidTagComment;
  OK(ox_object_delete(object, &comment, 1, NULL, &f->err));
  assert_int_equal(get_error(f, object, OX_PidTagComment), OX_E_NOT_FOUND);
  ox_folder_close(made);
  ox_folder_close(inbox);
}

static void test_receive_folder__longest_prefix_wins(void **state) {
  fixture *f = *state;
  ox_id id, calendar = special(f, OX_SPECIAL_CALENDAR), inbox = special(f, OX_SPECIAL_INBOX);
  const char *explicit_class;
  OK(ox_mailbox_set_receive_folder(f->mailbox, "IPM.Schedule", calendar, &f->err));
  OK(ox_mailbox_get_receive_folder(f->mailbox, "ipm.schedule.Meeting.Request", &f->arena, &id,
                                   &explicit_class, &f->err));
  assert_true(id == calendar);
  assert_string_equal(explicit_class, "IPM.Schedule");
  OK(ox_mailbox_get_receive_folder(f->mailbox, "IPM.ScheduleX", &f->arena, &id, &explicit_class,
                                   &f->err));
  assert_true(id == inbox);
  assert_string_equal(explicit_class, "IPM");
  OK(ox_mailbox_get_receive_folder(f->mailbox, "Other", &f->arena, &id, &explicit_class, &f->err));
  assert_true(id == inbox);
  assert_string_equal(explicit_class, "");
  FAILS(ox_mailbox_set_receive_folder(f->mailbox, "IPM", calendar, &f->err), OX_E_ACCESS_DENIED);
  FAILS(ox_mailbox_set_receive_folder(f->mailbox, "", 0, &f->err), OX_E_CALL_FAILED);
  FAILS(ox_mailbox_set_receive_folder(f->mailbox, "a..b", calendar, &f->err),
        OX_E_INVALID_PARAMETER);
  OK(ox_mailbox_set_receive_folder(f->mailbox, "IPM.Schedule", 0, &f->err));
  OK(ox_mailbox_get_receive_folder(f->mailbox, "IPM.Schedule", &f->arena, &id, NULL, &f->err));
  assert_true(id == inbox);
  ox_receive_folder *rows;
  size_t count;
  OK(ox_mailbox_receive_folders(f->mailbox, &f->arena, &rows, &count, &f->err));
  assert_int_equal(count, 4);
}

static void test_ids__long_term_and_back(void **state) {
  fixture *f = *state;
  ox_id inbox = special(f, OX_SPECIAL_INBOX), back = 0;
  ox_long_term_id long_term;
  OK(ox_mailbox_long_term_id(f->mailbox, inbox, &long_term, &f->err));
  OK(ox_mailbox_id_from_long_term(f->mailbox, &long_term, &back, &f->err));
  assert_true(back == inbox);
  /* A foreign replica gets a number of its own, and keeps it. */
  long_term.database_guid.data1 ^= 0x55;
  OK(ox_mailbox_id_from_long_term(f->mailbox, &long_term, &back, &f->err));
  assert_true(ox_id_replid(back) != ox_id_replid(inbox));
  ox_long_term_id again;
  OK(ox_mailbox_long_term_id(f->mailbox, back, &again, &f->err));
  assert_true(ox_guid_equal(&again.database_guid, &long_term.database_guid));
  FAILS(ox_mailbox_long_term_id(f->mailbox, ox_id_make(99, 1), &again, &f->err), OX_E_NOT_FOUND);
  ox_guid guid;
  uint8_t first[6], second[6];
  OK(ox_mailbox_reserve_ids(f->mailbox, 1000, &guid, first, &f->err));
  OK(ox_mailbox_reserve_ids(f->mailbox, 1, &guid, second, &f->err));
  uint64_t a = 0, b = 0;
  for (int i = 0; i < 6; i++) a = a << 8 | first[i], b = b << 8 | second[i];
  assert_true(b >= a + 1000);
}

static void test_names__ids_and_back(void **state) {
  fixture *f = *state;
  ox_property_name names[3] = {{.kind = OX_NAME_KIND_LID, .guid = OX_PSETID_COMMON, .lid = 0x8501},
                               {.kind = OX_NAME_KIND_STRING, .guid = OX_PSETID_PUBLIC_STRINGS},
                               {.kind = OX_NAME_KIND_LID, .guid = OX_PSETID_MAPI, .lid = 0x37}};
  OK(ox_str16_from_utf8(&f->arena, ox_str8_from("Keywords"), &names[1].name));
  uint16_t ids[3], again[3];
  FAILS(ox_mailbox_names_to_ids(f->mailbox, names, 3, false, ids, &f->err), OX_W_ERRORS_RETURNED);
  assert_int_equal(ids[0], 0);
  assert_int_equal(ids[2], 0x37);
  OK(ox_mailbox_names_to_ids(f->mailbox, names, 3, true, ids, &f->err));
  assert_true(ids[0] >= 0x8000 && ids[1] >= 0x8000 && ids[0] != ids[1]);
  OK(ox_mailbox_names_to_ids(f->mailbox, names, 3, false, again, &f->err));
  assert_memory_equal(ids, again, sizeof ids);
  ox_property_name back[3];
  OK(ox_mailbox_ids_to_names(f->mailbox, ids, 3, &f->arena, back, &f->err));
  for (int i = 0; i < 3; i++) assert_true(ox_property_name_equal(&names[i], &back[i]));
  uint16_t unknown = 0xFFF0;
  OK(ox_mailbox_ids_to_names(f->mailbox, &unknown, 1, &f->arena, back, &f->err));
  assert_int_equal(back[0].kind, OX_NAME_KIND_NONE);
  uint16_t *all;
  ox_property_name *all_names;
  size_t count;
  OK(ox_object_query_names(ox_mailbox_object(f->mailbox), OX_QUERY_NAMES_NO_STRINGS, NULL,
                           &f->arena, &all, &all_names, &count, &f->err));
  assert_int_equal(count, 1);
  assert_int_equal(all[0], ids[0]);
}

static void test_mailbox__properties(void **state) {
  fixture *f = *state;
  ox_object *object = ox_mailbox_object(f->mailbox);
  assert_string_equal(get_text(f, object, OX_PidTagMailboxOwnerName), "Alice Adams");
  assert_int_equal(get(f, object, OX_PidTagIpmSubtreeEntryId).binary.size_bytes, 46);
  set_text(f, object, OX_PidTagComment, "kept");
  assert_string_equal(get_text(f, object, OX_PidTagComment), "kept");
  ox_proptag *tags;
  size_t count;
  bool found = false;
  OK(ox_object_list(object, &f->arena, &tags, &count, &f->err));
  for (size_t i = 0; i < count; i++) found |= tags[i] == OX_PidTagComment;
  assert_true(found);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_mailbox__has_its_special_folders),
      TEST(test_mailbox__missing_is_one_sentence),
      TEST(test_mailbox__existing_is_not_created_again),
      TEST(test_mailbox__properties),
      TEST(test_folder__create_open_and_duplicate),
      TEST(test_folder__delete_needs_flags),
      TEST(test_folder__hard_delete_leaves_nothing),
      TEST(test_folder__special_ones_stay),
      TEST(test_folder__empty_takes_messages_and_subfolders),
      TEST(test_folder__move_and_copy),
      TEST(test_folder__properties_are_set_at_once),
      TEST(test_receive_folder__longest_prefix_wins),
      TEST(test_ids__long_term_and_back),
      TEST(test_names__ids_and_back),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
