/* The generated property table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <oxkit/ropcodec/namedprop.h>
#include <oxkit/ropcodec/properties.h>

static void test_property_info__macros_and_names_agree(void **state) {
  (void)state;
  assert_int_equal(OX_PidTagSubject, 0x0037001F);
  assert_int_equal(OX_PidTagMessageSizeExtended, 0x0E080014);
  assert_int_equal(OX_PidLidReminderSet, 0x8503);
  assert_int_equal(OX_PidLidReminderSet_TYPE, OX_PTYP_BOOLEAN);
  assert_int_equal(OX_PidLidCategories, 0x2328);
  assert_string_equal(OX_PidNameContentClass, "Content-Class");
  assert_int_equal(ox_property_info_by_name("PidTagSubject")->tag, OX_PidTagSubject);
  assert_ptr_equal(ox_property_info_by_name("PR_SUBJECT"),
                   ox_property_info_by_name("PidTagSubject"));
  assert_null(ox_property_info_by_name("PidTagsubject"));
  assert_null(ox_property_info_by_name(""));
  assert_null(ox_property_info_by_name("PR_SUBJECT PR_BODY"));
}

static void test_property_info__by_tag_prefers_the_type(void **state) {
  (void)state;
  assert_string_equal(ox_property_info_by_tag(OX_PidTagHtml)->name, "PidTagHtml");
  assert_string_equal(ox_property_info_by_tag(OX_PidTagBodyHtml)->name, "PidTagBodyHtml");
  assert_string_equal(ox_property_info_by_tag(OX_PROPTAG_AS(OX_PidTagSubject, 0x001E))->name,
                      "PidTagSubject");
  assert_string_equal(
      ox_property_info_by_tag(OX_PROPTAG_AS(OX_PidTagSubject, OX_PTYP_ERROR_CODE))->name,
      "PidTagSubject");
  assert_null(ox_property_info_by_tag(0x67F6001F));
  assert_null(ox_property_info_by_tag(0));
  assert_string_equal(ox_property_info_by_tag(0xFFFD0003)->name, "PidTagAddressBookContainerId");
}

static void test_property_info__by_property_name(void **state) {
  (void)state;
  ox_property_name name = {.kind = OX_NAME_KIND_LID, .guid = OX_PSETID_COMMON, .lid = 0x8503};
  const ox_property_info *info = ox_property_info_by_property_name(&name);
  assert_non_null(info);
  assert_string_equal(info->name, "PidLidReminderSet");
  assert_true(ox_guid_equal(info->set, &OX_PSETID_COMMON));
  name.guid = OX_PSETID_TASK;
  assert_null(ox_property_info_by_property_name(&name));
  name.kind = OX_NAME_KIND_STRING;
  name.guid = OX_PSETID_PUBLIC_STRINGS;
  name.name.data = (const uint8_t *)"K\0e\0y\0w\0o\0r\0d\0s\0";
  name.name.size_bytes = 16;
  assert_string_equal(ox_property_info_by_property_name(&name)->name, "PidNameKeywords");
  name.name.size_bytes = 14;
  assert_null(ox_property_info_by_property_name(&name));
}

/* The whole table, which the static archive lets a test see. */
extern const ox_property_info ox_property_table[];
extern const size_t ox_property_table_count;

static void test_property_info__every_row_is_found(void **state) {
  (void)state;
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  for (size_t i = 0; i < ox_property_table_count; i++) {
    const ox_property_info *row = &ox_property_table[i];
    assert_ptr_equal(ox_property_info_by_name(row->name), row);
    assert_true(ox_type_is_known(OX_PROPTAG_TYPE(row->tag)));
    if (row->set == NULL) {
      assert_int_equal(ox_property_info_by_tag(row->tag)->tag, row->tag);
      continue;
    }
    ox_property_name name;
    memset(&name, 0, sizeof name);
    name.guid = *row->set;
    name.lid = row->lid;
    if (row->string_name != NULL) {
      name.kind = OX_NAME_KIND_STRING;
      assert_int_equal(ox_str16_from_utf8(&arena, ox_str8_from(row->string_name), &name.name),
                       OX_OK);
    }
    const ox_property_info *found = ox_property_info_by_property_name(&name);
    assert_non_null(found); /* not always this row: some names stand for one property */
    assert_int_equal(found->lid, row->lid);
    assert_true(ox_guid_equal(found->set, row->set));
  }
  ox_arena_dispose(&arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_property_info__macros_and_names_agree),
      cmocka_unit_test(test_property_info__by_tag_prefers_the_type),
      cmocka_unit_test(test_property_info__by_property_name),
      cmocka_unit_test(test_property_info__every_row_is_found),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
