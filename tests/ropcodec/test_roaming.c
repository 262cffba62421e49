/* Category lists, working hours and dictionaries as Outlook and Exchange write them, and changed.
 */
#include "../support/testing.h"

#include <oxkit/ropcodec/roaming.h>

static ox_bytes bytes_of(const char *text) {
  return (ox_bytes){(const uint8_t *)text, strlen(text)};
}

static void assert_text(ox_str8 text, const char *expected) {
  assert_int_equal(text.size_bytes, strlen(expected));
  if (text.size_bytes != 0) assert_memory_equal(text.data, expected, text.size_bytes);
}

static ox_filetime time_of(const char *text) {
  ox_filetime time = 0;
  assert_int_equal(ox_filetime_parse(text, &time), OX_OK);
  return time;
}

/* What the writer has, as text in the arena. */
static const char *written(ox_arena *arena, ox_writer *w) {
  ox_write_u8(w, 0);
  assert_int_equal(ox_writer_status(w), OX_OK);
  const char *text = ox_arena_copy(arena, w->data, w->size_bytes);
  assert_non_null(text);
  ox_writer_dispose(w);
  ox_writer_init(w, NULL, SIZE_MAX / 2);
  return text;
}

#define DECLARATION "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"

/* Seven decimals and "Z" as Exchange writes, three and none as Outlook; the order differs; what
 * nobody knows. */
#define RED                                                                                   \
  "  <category renameOnFirstUse=\"1\" name=\"Red &amp; hot\" color=\"0\" "                    \
  "keyboardShortcut=\"2\" lastTimeUsedMail=\"2020-03-18T18:58:51.6669147Z\" "                 \
  "lastTimeUsed=\"2008-02-07T22:36:36.640\" guid=\"{0de79840-6a0a-46de-955a-7533ccef5e5b}\" " \
  "extra=\"kept\"/>\n"
static const char list_text[] = DECLARATION
    "<categories lastSavedTime=\"2020-03-18T18:58:51.6978972Z\" default=\"Blue\" "
    "xmlns=\"CategoryList.xsd\">\n" RED
    "  <category name=\"Blue\" color=\"7\" keyboardShortcut=\"0\" usageCount=\"7\" "
    "lastSessionUsed=\"3\"/>\n"
    "  <unknown a=\"b\"/>\n</categories>\n";

static void test_category_list__is_read(void **state) {
  ox_category_list list;
  ox_error err;
  assert_int_equal(ox_category_list_read(bytes_of(list_text), *state, &list, &err), OX_OK);
  assert_text(list.default_category, "Blue");
  assert_int_equal(list.last_saved_session, 0);
  assert_int_equal(list.last_saved_time, time_of("2020-03-18T18:58:51.6978972Z"));
  assert_int_equal(list.category_count, 2);
  const ox_category *red = &list.categories[0];
  assert_text(red->name, "Red & hot");
  assert_int_equal(red->color, 0);
  assert_int_equal(red->keyboard_shortcut, 2);
  assert_int_equal(red->usage_count, 0);
  assert_int_equal(red->last_time_used_mail, time_of("2020-03-18T18:58:51.6669147Z"));
  assert_int_equal(red->last_time_used, time_of("2008-02-07T22:36:36.640Z"));
  assert_int_equal(red->last_time_used_notes, 0);
  char guid[OX_GUID_TEXT_BYTES];
  ox_guid_format(&red->guid, guid);
  assert_string_equal(guid, "0de79840-6a0a-46de-955a-7533ccef5e5b");
  assert_true(red->rename_on_first_use);
  const ox_category *blue = &list.categories[1];
  assert_int_equal(blue->color, 7);
  assert_int_equal(blue->usage_count, 7);
  assert_int_equal(blue->last_session_used, 3);
  assert_false(blue->rename_on_first_use);
}

static void test_category_list__keeps_what_is_not_changed(void **state) {
  ox_category_list list;
  ox_writer w;
  ox_writer_init(&w, NULL, SIZE_MAX / 2);
  assert_int_equal(ox_category_list_read(bytes_of(list_text), *state, &list, NULL), OX_OK);
  ox_category_list_write(&w, *state, &list);
  /* The same but for categories standing behind what is unknown. */
  assert_string_equal(
      written(*state, &w), DECLARATION
      "<categories lastSavedTime=\"2020-03-18T18:58:51.6978972Z\" default=\"Blue\" "
      "xmlns=\"CategoryList.xsd\">\n"
      "  <unknown a=\"b\"/>\n" RED
      "  <category name=\"Blue\" color=\"7\" keyboardShortcut=\"0\" usageCount=\"7\" "
      "lastSessionUsed=\"3\"/>\n</categories>\n");
  list.categories[1].color = -1;
  list.categories[1].usage_count = -2147483647 - 1;
  list.categories[1].last_time_used = time_of("2026-01-02T03:04:05.6789Z");
  list.categories[0] = list.categories[1];
  list.category_count = 1;
  ox_category_list_write(&w, *state, &list);
  assert_string_equal(written(*state, &w), DECLARATION
                      "<categories lastSavedTime=\"2020-03-18T18:58:51.6978972Z\" default=\"Blue\" "
                      "xmlns=\"CategoryList.xsd\">\n"
                      "  <unknown a=\"b\"/>\n"
                      "  <category name=\"Blue\" color=\"-1\" keyboardShortcut=\"0\" "
                      "usageCount=\"-2147483648\" lastSessionUsed=\"3\" "
                      "lastTimeUsed=\"2026-01-02T03:04:05.678\"/>\n</categories>\n");
}

static void test_category_list__new(void **state) {
  ox_category category = {.name = ox_str8_from("A\"B"), .color = 24, .keyboard_shortcut = 11};
  assert_int_equal(ox_guid_parse("0de79840-6a0a-46de-955a-7533ccef5e5b", &category.guid), OX_OK);
  ox_category_list list = {.default_category = category.name, .category_count = 1};
  list.categories = &category;
  ox_writer w;
  ox_writer_init(&w, NULL, SIZE_MAX / 2);
  ox_category_list_write(&w, *state, &list);
  const char *text = written(*state, &w);
  assert_string_equal(
      text, DECLARATION
      "<categories xmlns=\"CategoryList.xsd\" default=\"A&quot;B\" lastSavedSession=\"0\" "
      "lastSavedTime=\"1601-01-01T00:00:00.000\">\n"
      "  <category name=\"A&quot;B\" color=\"24\" keyboardShortcut=\"11\" usageCount=\"0\" "
      "lastTimeUsedNotes=\"1601-01-01T00:00:00.000\" "
      "lastTimeUsedJournal=\"1601-01-01T00:00:00.000\" "
      "lastTimeUsedContacts=\"1601-01-01T00:00:00.000\" "
      "lastTimeUsedTasks=\"1601-01-01T00:00:00.000\" "
      "lastTimeUsedCalendar=\"1601-01-01T00:00:00.000\" "
      "lastTimeUsedMail=\"1601-01-01T00:00:00.000\" lastTimeUsed=\"1601-01-01T00:00:00.000\" "
      "lastSessionUsed=\"0\" guid=\"{0de79840-6a0a-46de-955a-7533ccef5e5b}\" "
      "renameOnFirstUse=\"0\"/>\n</categories>\n");
  ox_category_list back;
  assert_int_equal(ox_category_list_read(bytes_of(text), *state, &back, NULL), OX_OK);
  assert_text(back.categories[0].name, "A\"B");
  assert_true(ox_guid_equal(&back.categories[0].guid, &category.guid));
}

static void test_category_list__what_is_refused(void **state) {
  static const char *const bad[] = {
      "<list/>",
      "<categories xmlns='other'/>",
      "<categories lastSavedTime='yesterday'/>",
      "<categories><category/></categories>",
      "<categories><category name='a' color='red'/></categories>",
      "<categories><category name='a' color=''/></categories>",
      "<categories><category name='a' color='-'/></categories>",
      "<categories><category name='a' color='2147483648'/></categories>",
      "<categories><category name='a' color='-2147483649'/></categories>",
      "<categories><category name='a' color='99999999999'/></categories>",
      "<categories><category name='a' guid='{0de79840}'/></categories>",
      "<categories><category name='a' renameOnFirstUse='2'/></categories>",
      "<categories><category name='a' lastTimeUsed='2008-02-30T00:00:00'/></categories>",
  };
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    ox_category_list list;
    ox_error err = {.status = OX_OK};
    ox_status status = ox_category_list_read(bytes_of(bad[i]), *state, &list, &err);
    if (status != OX_E_MALFORMED) print_error("%s: %s\n", bad[i], err.text);
    assert_int_equal(status, OX_E_MALFORMED);
    assert_int_equal(err.status, OX_E_MALFORMED);
  }
  ox_category_list list;
  assert_int_equal(ox_category_list_read(bytes_of("<categories>"), *state, &list, NULL),
                   OX_E_TRUNCATED);
}

static const char hours_text[] = DECLARATION
    "<Root xmlns=\"WorkingHours.xsd\">\n"
    "  <WorkHoursVersion1>\n"
    "    <TimeZone>\n"
    "      <Bias>480</Bias>\n"
    "      <Standard>\n"
    "        <Bias>0</Bias>\n"
    "        <ChangeDate>\n"
    "          <Time>02:00:00</Time>\n"
    "          <Date>0000/11/01</Date>\n"
    "          <DayOfWeek>0</DayOfWeek>\n"
    "        </ChangeDate>\n"
    "      </Standard>\n"
    "      <DaylightSavings>\n"
    "        <Bias>-60</Bias>\n"
    "        <ChangeDate>\n"
    "          <Time>02:00:00</Time>\n"
    "          <Date>0000/03/02</Date>\n"
    "          <DayOfWeek>0</DayOfWeek>\n"
    "        </ChangeDate>\n"
    "      </DaylightSavings>\n"
    "      <Name>Pacific Standard Time</Name>\n"
    "    </TimeZone>\n"
    "    <TimeSlot>\n"
    "      <Start>09:00:00</Start>\n"
    "      <End>17:30:00</End>\n"
    "    </TimeSlot>\n"
    "    <WorkDays>Monday Tuesday Wednesday Thursday Friday</WorkDays>\n"
    "  </WorkHoursVersion1>\n"
    "</Root>\n";

static void test_working_hours__come_back(void **state) {
  ox_working_hours hours;
  ox_writer w;
  ox_writer_init(&w, NULL, SIZE_MAX / 2);
  assert_int_equal(ox_working_hours_read(bytes_of(hours_text), *state, &hours, NULL), OX_OK);
  assert_int_equal(hours.bias, 480);
  assert_int_equal(hours.standard.bias, 0);
  assert_int_equal(hours.standard.time, 7200);
  assert_int_equal(hours.standard.date.year, 0);
  assert_int_equal(hours.standard.date.month, 11);
  assert_int_equal(hours.standard.date.day, 1);
  assert_int_equal(hours.daylight.bias, -60);
  assert_int_equal(hours.daylight.date.month, 3);
  assert_int_equal(hours.daylight.date.day, 2);
  assert_text(hours.time_zone_name, "Pacific Standard Time");
  assert_int_equal(hours.start, 9 * 3600);
  assert_int_equal(hours.end, 17 * 3600 + 1800);
  assert_int_equal(hours.work_days, 0x3E);
  ox_working_hours_write(&w, *state, &hours);
  assert_string_equal(written(*state, &w), hours_text);
  hours.source = NULL; /* as a new one it is written the same */
  ox_working_hours_write(&w, *state, &hours);
  assert_string_equal(written(*state, &w), hours_text);
  hours.work_days = 0x41;
  hours.end = 86400;
  ox_working_hours_write(&w, *state, &hours);
  const char *text = written(*state, &w);
  assert_non_null(strstr(text, "<WorkDays>Sunday Saturday</WorkDays>"));
  assert_non_null(strstr(text, "<End>24:00:00</End>"));
}

static void test_working_hours__what_is_refused(void **state) {
  static const char *const bad[] = {
      "<Root/>",
      "<Root xmlns='CategoryList.xsd'><WorkHoursVersion1/></Root>",
      "<Root><WorkHoursVersion1><WorkDays>Monday Funday</WorkDays></WorkHoursVersion1></Root>",
      "<Root><WorkHoursVersion1><TimeSlot><Start>9</Start></TimeSlot></WorkHoursVersion1></Root>",
      "<Root><WorkHoursVersion1><TimeSlot><Start>24:00:01</Start></TimeSlot></WorkHoursVersion1>"
      "</Root>",
      "<Root><WorkHoursVersion1><TimeSlot><Start>09:60:00</Start></TimeSlot></WorkHoursVersion1>"
      "</Root>",
      "<Root><WorkHoursVersion1><TimeZone><Standard><ChangeDate><Date>0000/13/01</Date>"
      "</ChangeDate></Standard></TimeZone></WorkHoursVersion1></Root>",
      "<Root><WorkHoursVersion1><TimeZone><Bias></Bias></TimeZone></WorkHoursVersion1></Root>",
  };
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    ox_working_hours hours;
    ox_status status = ox_working_hours_read(bytes_of(bad[i]), *state, &hours, NULL);
    if (status != OX_E_MALFORMED) print_error("%s\n", bad[i]);
    assert_int_equal(status, OX_E_MALFORMED);
  }
  /* What could not be read again is not written. */
  ox_working_hours hours = {.start = 86401};
  ox_writer w;
  ox_writer_init(&w, NULL, SIZE_MAX / 2);
  ox_working_hours_write(&w, *state, &hours);
  assert_int_equal(ox_writer_status(&w), OX_E_USAGE);
  ox_writer_dispose(&w);
}

/* The sample of Outlook's reference of PidTagRoamingDictionary, and a text. */
static const char dictionary_text[] =
    "<?xml version=\"1.0\"?> \n<UserConfiguration> \n<Info version=\"Outlook.12\"/> \n<Data> "
    "<e k=\"18-piAutoProcess\" v=\"3-True\"/> \n<e k=\"18-piRemindDefault\" v=\"9-15\"/> \n"
    "<e k=\"18-piReminderUpgradeTime\" v=\"9-212864507\"/> \n<e k=\"18-OLPrefsVersion\" "
    "v=\"9-1\"/> \n<e k=\"18-text\" v=\"18-a-b &lt;c&gt;\"/></Data> \n</UserConfiguration>";

static void test_dictionary__values(void **state) {
  ox_dictionary dictionary;
  assert_int_equal(ox_dictionary_read(bytes_of(dictionary_text), *state, &dictionary, NULL), OX_OK);
  assert_text(dictionary.version, "Outlook.12");
  assert_int_equal(dictionary.entry_count, 5);
  bool process = false;
  int32_t number = 0;
  assert_int_equal(
      ox_dictionary_boolean(ox_dictionary_find(&dictionary, "piAutoProcess"), &process), OX_OK);
  assert_true(process);
  const ox_dictionary_entry *time = ox_dictionary_find(&dictionary, "piReminderUpgradeTime");
  assert_int_equal(ox_dictionary_integer(time, &number), OX_OK);
  assert_int_equal(number, 212864507);
  assert_int_equal(ox_dictionary_boolean(time, &process), OX_E_NOT_FOUND);
  assert_int_equal(ox_dictionary_integer(ox_dictionary_find(&dictionary, "none"), &number),
                   OX_E_NOT_FOUND);
  const ox_dictionary_entry *text = ox_dictionary_find(&dictionary, "text");
  assert_int_equal(text->key_type, OX_DICTIONARY_STRING);
  assert_int_equal(text->value_type, OX_DICTIONARY_STRING);
  assert_text(text->value, "a-b <c>");
  const ox_dictionary_entry bad = {.value_type = OX_DICTIONARY_BOOLEAN, .value = ox_str8_from("1")};
  assert_int_equal(ox_dictionary_boolean(&bad, &process), OX_E_MALFORMED);
}

static void test_dictionary__is_changed_and_written(void **state) {
  ox_dictionary dictionary;
  ox_writer w;
  ox_writer_init(&w, NULL, SIZE_MAX / 2);
  assert_int_equal(ox_dictionary_read(bytes_of(dictionary_text), *state, &dictionary, NULL), OX_OK);
  assert_int_equal(ox_dictionary_set(&dictionary, *state, "piRemindDefault",
                                     OX_DICTIONARY_INTEGER32, ox_str8_from("-5")),
                   OX_OK);
  assert_int_equal(ox_dictionary_set(&dictionary, *state, "new", 7, ox_str8_from("")), OX_OK);
  ox_dictionary_write(&w, *state, &dictionary);
  assert_string_equal(written(*state, &w), DECLARATION
                      "<UserConfiguration>\n  <Info version=\"Outlook.12\"/>\n  <Data>\n"
                      "    <e k=\"18-piAutoProcess\" v=\"3-True\"/>\n"
                      "    <e k=\"18-piRemindDefault\" v=\"9--5\"/>\n"
                      "    <e k=\"18-piReminderUpgradeTime\" v=\"9-212864507\"/>\n"
                      "    <e k=\"18-OLPrefsVersion\" v=\"9-1\"/>\n"
                      "    <e k=\"18-text\" v=\"18-a-b &lt;c&gt;\"/>\n"
                      "    <e k=\"18-new\" v=\"7-\"/>\n"
                      "  </Data>\n</UserConfiguration>\n");
  ox_dictionary fresh = {.version = ox_str8_from("oxkit.1")};
  ox_dictionary_write(&w, *state, &fresh);
  assert_string_equal(written(*state, &w), DECLARATION
                      "<UserConfiguration xmlns=\"dictionary.xsd\">\n"
                      "  <Info version=\"oxkit.1\"/>\n  <Data/>\n</UserConfiguration>\n");
}

static void test_dictionary__what_is_refused(void **state) {
  static const char *const bad[] = {
      "<Configuration/>",
      "<UserConfiguration/>",
      "<UserConfiguration><Data><e k='18-a'/></Data></UserConfiguration>",
      "<UserConfiguration><Data><e v='18-a'/></Data></UserConfiguration>",
      "<UserConfiguration><Data><e k='a' v='9-1'/></Data></UserConfiguration>",
      "<UserConfiguration><Data><e k='18-a' v='9'/></Data></UserConfiguration>",
  };
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    ox_dictionary dictionary;
    ox_status status = ox_dictionary_read(bytes_of(bad[i]), *state, &dictionary, NULL);
    if (status != OX_E_MALFORMED) print_error("%s\n", bad[i]);
    assert_int_equal(status, OX_E_MALFORMED);
  }
}

static ox_status read_and_write(const ox_allocator *allocator, void *user) {
  ox_arena arena;
  ox_writer w;
  ox_category_list list;
  (void)user;
  ox_arena_init(&arena, allocator, 0);
  ox_writer_init(&w, allocator, SIZE_MAX / 2);
  ox_status status = ox_category_list_read(bytes_of(list_text), &arena, &list, NULL);
  if (status == OX_OK) {
    list.categories[1].color = 3;
    ox_category_list_write(&w, &arena, &list);
    status = ox_writer_status(&w);
  }
  ox_writer_dispose(&w);
  ox_arena_dispose(&arena);
  return status;
}

static void test_category_list__memory(void **state) {
  (void)state;
  every_allocation_fails(read_and_write, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      ARENA_TEST(test_category_list__is_read),
      ARENA_TEST(test_category_list__keeps_what_is_not_changed),
      ARENA_TEST(test_category_list__new),
      ARENA_TEST(test_category_list__what_is_refused),
      ARENA_TEST(test_working_hours__come_back),
      ARENA_TEST(test_working_hours__what_is_refused),
      ARENA_TEST(test_dictionary__values),
      ARENA_TEST(test_dictionary__is_changed_and_written),
      ARENA_TEST(test_dictionary__what_is_refused),
      cmocka_unit_test(test_category_list__memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
