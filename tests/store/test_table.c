/* Tables: every cursor movement, sorting, restrictions, views that follow changes. */
#include "support.h"

#define DAY ((ox_filetime)864000000000)

static ox_table *contents(fixture *f, ox_folder *folder, uint32_t want_rows) {
  ox_table *table;
  uint32_t rows = 0;
  static const ox_proptag columns[] = {OX_PidTagSubject, OX_PidTagMid};
  OK(ox_folder_contents(folder, 0, &table, &rows, &f->err));
  assert_int_equal(rows, want_rows);
  OK(ox_table_set_columns(table, columns, 2, &f->err));
  return table;
}

/* Subjects of the next rows, joined by blanks. */
static const char *read_rows(fixture *f, ox_table *table, bool forward, size_t max) {
  ox_property *rows;
  size_t count = 0;
  OK(ox_table_query_rows(table, 0, forward, max, &f->arena, &rows, &count, NULL, &f->err));
  char *text = ox_arena_calloc(&f->arena, 1, 4096);
  for (size_t i = 0; i < count; i++) {
    if (i > 0) strcat(text, " ");
    const ox_property *subject = &rows[i * 2];
    strcat(text, subject->tag == OX_PidTagSubject ? ox_str16_utf8(&f->arena, subject->value.string)
                                                  : "-");
  }
  return text;
}

static void sort_by(fixture *f, ox_table *table, ox_proptag tag, uint8_t order) {
  ox_sort_order orders[] = {{tag, order}};
  ox_sort_order_set set = {1, 0, 0, orders};
  OK(ox_table_sort(table, &set, &f->err));
}

static void position_is(fixture *f, ox_table *table, uint32_t numerator, uint32_t denominator) {
  uint32_t n, d;
  OK(ox_table_position(table, &n, &d, &f->err));
  assert_int_equal(n, numerator);
  assert_int_equal(d, denominator);
}

/* The same movements over each of the three kinds of order. */
static void walk(fixture *f, ox_table *table) {
  int32_t sought;
  bool moved;
  uint32_t bookmark;
  position_is(f, table, 0, 5);
  assert_string_equal(read_rows(f, table, true, 2), "a b");
  position_is(f, table, 2, 5);
  assert_string_equal(read_rows(f, table, false, 1), "b");
  assert_string_equal(read_rows(f, table, true, 10), "b c d e");
  position_is(f, table, 5, 5);
  assert_string_equal(read_rows(f, table, true, 10), "");
  assert_string_equal(read_rows(f, table, false, 10), "e d c b a");
  position_is(f, table, 0, 5);
  OK(ox_table_seek(table, OX_BOOKMARK_END, -2, &sought, &moved, &f->err));
  assert_int_equal(sought, -2);
  assert_false(moved);
  OK(ox_table_create_bookmark(table, &bookmark, &f->err));
  assert_string_equal(read_rows(f, table, true, 1), "d");
  OK(ox_table_seek(table, OX_BOOKMARK_CURRENT, -3, &sought, &moved, &f->err));
  assert_int_equal(sought, -3);
  assert_string_equal(read_rows(f, table, true, 1), "b");
  OK(ox_table_seek(table, OX_BOOKMARK_BEGINNING, 100, &sought, &moved, &f->err));
  assert_int_equal(sought, 5);
  OK(ox_table_seek(table, bookmark, -100, &sought, &moved, &f->err));
  assert_int_equal(sought, -3);
  OK(ox_table_seek(table, bookmark, 1, &sought, &moved, &f->err));
  assert_string_equal(read_rows(f, table, true, 5), "e");
  OK(ox_table_free_bookmark(table, bookmark, &f->err));
  FAILS(ox_table_seek(table, bookmark, 0, &sought, &moved, &f->err), OX_E_INVALID_BOOKMARK);
  FAILS(ox_table_free_bookmark(table, bookmark, &f->err), OX_E_INVALID_BOOKMARK);
  OK(ox_table_seek_fractional(table, 1, 2, &f->err));
  position_is(f, table, 2, 5);
  OK(ox_table_seek_fractional(table, 9, 3, &f->err));
  position_is(f, table, 5, 5);
  FAILS(ox_table_seek_fractional(table, 1, 0, &f->err), OX_E_INVALID_PARAMETER);
  OK(ox_table_seek(table, OX_BOOKMARK_BEGINNING, 0, NULL, NULL, &f->err));
  /* Without advancing, and the origin told. */
  ox_property *rows;
  size_t count;
  uint32_t origin = 99;
  OK(ox_table_query_rows(table, OX_QUERY_NO_ADVANCE, true, 3, &f->arena, &rows, &count, &origin,
                         &f->err));
  assert_int_equal(count, 3);
  assert_int_equal(origin, OX_BOOKMARK_BEGINNING);
  position_is(f, table, 0, 5);
  OK(ox_table_query_rows(table, 0, true, 5, &f->arena, &rows, &count, &origin, &f->err));
  assert_int_equal(origin, OX_BOOKMARK_END);
  OK(ox_table_seek(table, OX_BOOKMARK_BEGINNING, 0, NULL, NULL, &f->err));
  /* Finding. */
  ox_restriction find = {.type = OX_RESTRICTION_PROPERTY};
  find.u.property.rel_op = OX_RELOP_EQUAL;
  find.u.property.property_tag = find.u.property.tagged_value.tag = OX_PidTagSubject;
  OK(ox_str16_from_utf8(&f->arena, ox_str8_from("c"), &find.u.property.tagged_value.value.string));
  OK(ox_table_find_row(table, &find, OX_BOOKMARK_CURRENT, false, &f->arena, &rows, NULL, &f->err));
  assert_string_equal(ox_str16_utf8(&f->arena, rows[0].value.string), "c");
  position_is(f, table, 2, 5);
  OK(ox_table_find_row(table, &find, OX_BOOKMARK_END, true, &f->arena, &rows, NULL, &f->err));
  position_is(f, table, 2, 5);
  FAILS(ox_table_find_row(table, &find, OX_BOOKMARK_CURRENT, true, &f->arena, &rows, NULL, &f->err),
        OX_E_NOT_FOUND);
  OK(ox_str16_from_utf8(&f->arena, ox_str8_from("zz"), &find.u.property.tagged_value.value.string));
  FAILS(ox_table_find_row(table, &find, OX_BOOKMARK_BEGINNING, false, &f->arena, &rows, NULL,
                          &f->err),
        OX_E_NOT_FOUND);
}

static void test_table__walks_in_every_order(void **state) {
  fixture *f = *state;
  ox_folder *inbox = open_special(f, OX_SPECIAL_INBOX);
  static const char *const subjects[] = {"a", "b", "c", "d", "e"};
  for (unsigned i = 0; i < 5; i++) add_message(f, inbox, subjects[i], (20000 + i) * DAY);
  ox_table *table = contents(f, inbox, 5);
  walk(f, table);
  sort_by(f, table, OX_PidTagMessageDeliveryTime, OX_SORT_ASCENDING);
  walk(f, table);
  sort_by(f, table, OX_PidTagSubject, OX_SORT_ASCENDING);
  walk(f, table);
  OK(ox_table_reset(table, &f->err));
  ox_property *rows;
  size_t count;
  FAILS(ox_table_query_rows(table, 0, true, 1, &f->arena, &rows, &count, NULL, &f->err),
        OX_E_NULL_OBJECT);
  ox_table_close(table);
  /* Downwards: the same with the letters the other way round. */
  table = contents(f, inbox, 5);
  sort_by(f, table, OX_PidTagMessageDeliveryTime, OX_SORT_DESCENDING);
  assert_string_equal(read_rows(f, table, true, 2), "e d");
  position_is(f, table, 2, 5);
  assert_string_equal(read_rows(f, table, false, 5), "d e");
  sort_by(f, table, OX_PidTagSubject, OX_SORT_DESCENDING);
  assert_string_equal(read_rows(f, table, true, 9), "e d c b a");
  ox_sort_order_set categories = {1, 1, 0, (ox_sort_order[]){{OX_PidTagSubject, 0}}};
  FAILS(ox_table_sort(table, &categories, &f->err), OX_E_NO_SUPPORT);
  ox_table_close(table);
  ox_folder_close(inbox);
}

static void test_table__sorts_by_several_columns(void **state) {
  fixture *f = *state;
  ox_folder *inbox = open_special(f, OX_SPECIAL_INBOX);
  static const struct {
    const char *subject;
    int32_t importance;
  } messages[] = {{"zebra", 2}, {"Apple", 0}, {"apple", 2}, {"Äpfel", 2}, {"banana", 0}};
  for (unsigned i = 0; i < 5; i++) {
    ox_item *item;
    OK(ox_item_create(inbox, false, 0, &item, &f->err));
    set_text(f, ox_item_object(item), OX_PidTagSubject, messages[i].subject);
    set_i32(f, ox_item_object(item), OX_PidTagImportance, messages[i].importance);
    OK(ox_item_save(item, 0, NULL, &f->err));
    ox_item_close(item);
  }
  ox_table *table = contents(f, inbox, 5);
  ox_sort_order orders[] = {{OX_PidTagImportance, OX_SORT_DESCENDING},
                            {OX_PidTagSubject, OX_SORT_ASCENDING}};
  ox_sort_order_set set = {2, 0, 0, orders};
  OK(ox_table_sort(table, &set, &f->err));
  assert_string_equal(read_rows(f, table, true, 9), "Äpfel apple zebra Apple banana");
  /* Absent values come first. */
  sort_by(f, table, OX_PidTagComment, OX_SORT_ASCENDING);
  assert_string_equal(read_rows(f, table, true, 1), "zebra");
  ox_table_close(table);
  ox_folder_close(inbox);
}

static ox_restriction content(fixture *f, const char *text, uint16_t low, uint16_t high) {
  ox_restriction r = {.type = OX_RESTRICTION_CONTENT};
  r.u.content.fuzzy_level_low = low;
  r.u.content.fuzzy_level_high = high;
  r.u.content.property_tag = r.u.content.tagged_value.tag = OX_PidTagSubject;
  OK(ox_str16_from_utf8(&f->arena, ox_str8_from(text), &r.u.content.tagged_value.value.string));
  return r;
}

static void restricted_to(fixture *f, ox_table *table, const ox_restriction *restriction,
                          const char *want) {
  OK(ox_table_restrict(table, restriction, &f->err));
  assert_string_equal(read_rows(f, table, true, 99), want);
}

static void test_table__every_restriction(void **state) {
  fixture *f = *state;
  ox_folder *inbox = open_special(f, OX_SPECIAL_INBOX);
  ox_item *item;
  for (int i = 0; i < 4; i++) {
    static const char *const subjects[] = {"Report", "weekly report", "Lunch", "lunch"};
    OK(ox_item_create(inbox, false, 0, &item, &f->err));
    ox_object *object = ox_item_object(item);
    set_text(f, object, OX_PidTagSubject, subjects[i]);
    set_i32(f, object, OX_PidTagImportance, i);
    if (i == 1) set_text(f, object, OX_PidTagComment, "has one");
    if (i == 2) set_text(f, object, OX_PidTagBody, "0123456789");
    if (i == 3) {
      ox_propbag bag;
      ox_propbag_init(&bag, &f->arena);
      OK(ox_propbag_set_utf8(&bag, OX_PidTagSubject, "Report"));
      OK(ox_propbag_set_utf8(&bag, OX_PidTagDisplayName, "Bob"));
      ox_recipient_change change = {0, &bag};
      OK(ox_item_modify_recipients(item, &change, 1, &f->err));
    }
    OK(ox_item_save(item, 0, NULL, &f->err));
    ox_item_close(item);
  }
  ox_table *table = contents(f, inbox, 4);
  ox_restriction a = content(f, "report", OX_FUZZY_SUBSTRING, OX_FUZZY_IGNORECASE);
  restricted_to(f, table, &a, "Report weekly report");
  uint32_t rows;
  OK(ox_table_row_count(table, &rows, &f->err));
  assert_int_equal(rows, 2);
  ox_restriction b = content(f, "Lun", OX_FUZZY_PREFIX, 0);
  restricted_to(f, table, &b, "Lunch");
  ox_restriction c = content(f, "lunch", OX_FUZZY_FULLSTRING, OX_FUZZY_IGNORECASE);
  restricted_to(f, table, &c, "Lunch lunch");
  ox_restriction children[] = {b, a};
  ox_restriction either = {.type = OX_RESTRICTION_OR, .u.logical = {2, children}};
  restricted_to(f, table, &either, "Report weekly report Lunch");
  ox_restriction both = {.type = OX_RESTRICTION_AND, .u.logical = {2, children}};
  restricted_to(f, table, &both, "");
  ox_restriction not_a = {.type = OX_RESTRICTION_NOT, .u.negation.child = &a};
  restricted_to(f, table, &not_a, "Lunch lunch");
  ox_restriction less = {
      .type = OX_RESTRICTION_PROPERTY,
      .u.property = {OX_RELOP_LESS_THAN, OX_PidTagImportance, {OX_PidTagImportance, {.i32 = 2}}}};
  restricted_to(f, table, &less, "Report weekly report");
  ox_restriction exist = {.type = OX_RESTRICTION_EXIST, .u.exist.property_tag = OX_PidTagComment};
  restricted_to(f, table, &exist, "weekly report");
  ox_restriction mask = {.type = OX_RESTRICTION_BITMASK,
                         .u.bitmask = {OX_BMR_NEZ, OX_PidTagImportance, 1}};
  restricted_to(f, table, &mask, "weekly report lunch");
  ox_restriction size = {.type = OX_RESTRICTION_SIZE,
                         .u.size = {OX_RELOP_GREATER_THAN, OX_PidTagBody, 15}};
  restricted_to(f, table, &size, "Lunch");
  ox_restriction compare = {
      .type = OX_RESTRICTION_COMPARE_PROPERTIES,
      .u.compare = {OX_RELOP_EQUAL, OX_PidTagSubject, OX_PidTagNormalizedSubject}};
  restricted_to(f, table, &compare, "Report weekly report Lunch lunch");
  ox_restriction name = {.type = OX_RESTRICTION_EXIST,
                         .u.exist.property_tag = OX_PidTagDisplayName};
  ox_restriction sub = {.type = OX_RESTRICTION_SUBOBJECT,
                        .u.subobject = {OX_PidTagMessageRecipients, &name}};
  restricted_to(f, table, &sub, "lunch");
  ox_restriction comment = {.type = OX_RESTRICTION_COMMENT, .u.comment = {0, NULL, &b}};
  restricted_to(f, table, &comment, "Lunch");
  restricted_to(f, table, NULL, "Report weekly report Lunch lunch");
  ox_table_close(table);
  ox_folder_close(inbox);
}

static void test_view__follows_every_change(void **state) {
  fixture *f = *state;
  ox_folder *inbox = open_special(f, OX_SPECIAL_INBOX),
            *drafts = open_special(f, OX_SPECIAL_DRAFTS);
  ox_table *table = contents(f, inbox, 0);
  ox_restriction not_hidden = content(f, "hidden", OX_FUZZY_PREFIX, 0);
  ox_restriction visible = {.type = OX_RESTRICTION_NOT, .u.negation.child = &not_hidden};
  sort_by(f, table, OX_PidTagSubject, OX_SORT_ASCENDING);
  OK(ox_table_restrict(table, &visible, &f->err));
  ox_id ids[4] = {add_message(f, inbox, "m", 0), add_message(f, inbox, "c", 0),
                  add_message(f, inbox, "x", 0), add_message(f, inbox, "hidden", 0)};
  assert_string_equal(read_rows(f, table, true, 9), "c m x");
  /* The cursor is after the last row: a new row there is still to come. */
  add_message(f, inbox, "z", 0);
  OK(ox_table_seek(table, OX_BOOKMARK_BEGINNING, 1, NULL, NULL, &f->err));
  uint32_t bookmark;
  OK(ox_table_create_bookmark(table, &bookmark, &f->err)); /* at m */
  ox_item *item = open_item(f, ids[3], OX_OPEN_READ_WRITE);
  set_text(f, ox_item_object(item), OX_PidTagSubject, "a");
  OK(ox_item_save(item, 0, NULL, &f->err));
  ox_item_close(item);
  item = open_item(f, ids[2], OX_OPEN_READ_WRITE);
  set_text(f, ox_item_object(item), OX_PidTagSubject, "hidden now");
  OK(ox_item_save(item, 0, NULL, &f->err));
  ox_item_close(item);
  /* The cursor stays before its row although one came in before it. */
  position_is(f, table, 2, 4);
  assert_string_equal(read_rows(f, table, true, 9), "m z");
  OK(ox_folder_move_messages(inbox, drafts, ids, 1, false, NULL, NULL, &f->err));
  bool moved = false;
  OK(ox_table_seek(table, bookmark, 0, NULL, &moved, &f->err));
  assert_true(moved);
  assert_string_equal(read_rows(f, table, true, 9), "z");
  OK(ox_folder_delete_messages(inbox, &ids[1], 1, 0, NULL, &f->err));
  OK(ox_table_seek(table, OX_BOOKMARK_BEGINNING, 0, NULL, NULL, &f->err));
  assert_string_equal(read_rows(f, table, true, 9), "a z");
  /* More views than are kept: the first is built again when it is asked for. */
  for (int i = 0; i < 20; i++) {
    ox_table *other = contents(f, inbox, 3);
    ox_restriction r = {.type = OX_RESTRICTION_SIZE,
                        .u.size = {OX_RELOP_GREATER_THAN, OX_PidTagSubject, (uint32_t)i}};
    OK(ox_table_restrict(other, &r, &f->err));
    ox_table_close(other);
  }
  OK(ox_table_seek(table, OX_BOOKMARK_BEGINNING, 0, NULL, NULL, &f->err));
  assert_string_equal(read_rows(f, table, true, 9), "a z");
  ox_table_close(table);
  ox_folder_close(inbox);
  ox_folder_close(drafts);
}

static void test_table__values_are_cut(void **state) {
  fixture *f = *state;
  ox_folder *inbox = open_special(f, OX_SPECIAL_INBOX);
  ox_item *item;
  static char text[100001];
  memset(text, 'x', 100000);
  OK(ox_item_create(inbox, false, 0, &item, &f->err));
  set_text(f, ox_item_object(item), OX_PidTagBody, text);
  OK(ox_item_save(item, 0, NULL, &f->err));
  ox_item_close(item);
  static const ox_proptag columns[] = {OX_PidTagBody, OX_PidTagComment};
  for (int whole = 0; whole < 2; whole++) {
    ox_table *table;
    ox_property *rows;
    size_t count;
    OK(ox_folder_contents(inbox, whole ? OX_TABLE_WHOLE_VALUES : 0, &table, NULL, &f->err));
    OK(ox_table_set_columns(table, columns, 2, &f->err));
    OK(ox_table_query_rows(table, 0, true, 1, &f->arena, &rows, &count, NULL, &f->err));
    assert_int_equal(rows[0].value.string.size_bytes, whole ? 200000 : OX_TABLE_VALUE_MAX_BYTES);
    assert_int_equal(rows[1].value.error, OX_E_NOT_FOUND);
    ox_table_close(table);
  }
  ox_folder_close(inbox);
}

static void test_hierarchy__restricts_and_follows(void **state) {
  fixture *f = *state;
  ox_folder *top = open_special(f, OX_SPECIAL_IPM_SUBTREE), *made;
  ox_table *table;
  uint32_t before = 0, after = 0;
  OK(ox_folder_hierarchy(top, 0, &table, &before, &f->err));
  ox_folder_create_options options = {.struct_size = sizeof options, .name = "Zoo"};
  OK(ox_folder_create(top, &options, &made, NULL, &f->err));
  ox_folder_close(made);
  OK(ox_table_row_count(table, &after, &f->err));
  assert_int_equal(after, before + 1);
  static const ox_proptag columns[] = {OX_PidTagDisplayName, OX_PidTagSubfolders};
  OK(ox_table_set_columns(table, columns, 2, &f->err));
  ox_restriction name = {.type = OX_RESTRICTION_CONTENT};
  name.u.content.fuzzy_level_low = OX_FUZZY_PREFIX;
  name.u.content.property_tag = name.u.content.tagged_value.tag = OX_PidTagDisplayName;
  OK(ox_str16_from_utf8(&f->arena, ox_str8_from("In"), &name.u.content.tagged_value.value.string));
  OK(ox_table_restrict(table, &name, &f->err));
  ox_property *rows;
  size_t count;
  OK(ox_table_query_rows(table, 0, true, 9, &f->arena, &rows, &count, NULL, &f->err));
  assert_int_equal(count, 1);
  assert_string_equal(ox_str16_utf8(&f->arena, rows[0].value.string), "Inbox");
  ox_sort_order_set sort = {1, 0, 0, (ox_sort_order[]){{OX_PidTagDisplayName, 0}}};
  FAILS(ox_table_sort(table, &sort, &f->err), OX_E_NO_SUPPORT);
  ox_proptag *tags;
  OK(ox_table_all_columns(table, &f->arena, &tags, &count, &f->err));
  assert_true(count > 10);
  ox_table_close(table);
  ox_folder_close(top);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_table__walks_in_every_order), TEST(test_table__sorts_by_several_columns),
      TEST(test_table__every_restriction),    TEST(test_view__follows_every_change),
      TEST(test_table__values_are_cut),       TEST(test_hierarchy__restricts_and_follows),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
