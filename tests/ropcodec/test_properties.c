/* The generated property table: every row by every key, and the table against what the
 * specifications say elsewhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <oxkit/ropcodec/property_info.h>

static const char *shared; /* where reference data may be */

static ox_property_info by_name(const char *name) {
  ox_property_info info;
  if (!ox_property_info_by_name(name, &info)) fail_msg("%s is not found", name);
  return info;
}

static const char *name_of_tag(ox_proptag tag) {
  ox_property_info info;
  return ox_property_info_by_tag(tag, &info) ? info.name : "(none)";
}

/* True if `names`, which blanks separate, has `name`. */
static bool has(const char *names, const char *name) {
  const size_t length = strlen(name);
  for (const char *at = names; at != NULL && (at = strstr(at, name)) != NULL; at += length) {
    if ((at == names || at[-1] == ' ') && (at[length] == 0 || at[length] == ' ')) return true;
  }
  return false;
}

static void test_property_info__macros_and_names_agree(void **state) {
  (void)state;
  assert_int_equal(OX_PidTagSubject, 0x0037001F);
  assert_int_equal(OX_PidTagMessageSizeExtended, 0x0E080014);
  assert_int_equal(OX_PidLidReminderSet, 0x8503);
  assert_int_equal(OX_PidLidReminderSet_TYPE, OX_PTYP_BOOLEAN);
  assert_int_equal(OX_PidLidCategories, 0x9000);
  assert_string_equal(OX_PidNameContentClass, "Content-Class");
  assert_int_equal(by_name("PidTagSubject").tag, OX_PidTagSubject);
  assert_string_equal(by_name("PR_SUBJECT_W").name, "PidTagSubject");
}

static void test_property_info__one_row_in_full(void **state) {
  (void)state;
  ox_property_info subject = by_name("PidTagSubject");
  assert_string_equal(subject.name, "PidTagSubject");
  assert_string_equal(subject.alternates, "PR_SUBJECT PR_SUBJECT_A PR_SUBJECT_W ptagSubject");
  assert_string_equal(subject.area, "General Message Properties");
  assert_string_equal(subject.spec, "MS-OXCMSG");
  assert_string_equal(subject.section, "2.2.1.46");
  assert_string_equal(
      subject.dav_names,
      "urn:schemas:httpmail:subject http://schemas.microsoft.com/exchange/subject-utf8");
  assert_null(subject.set);
  assert_null(subject.string_name);
  ox_property_info junk = by_name("PidNameExchangeJunkEmailMoveStamp");
  assert_string_equal(junk.string_name, "http://schemas.microsoft.com/exchange/junkemailmovestamp");
  assert_string_equal(junk.dav_names, junk.string_name);
  assert_int_equal(junk.tag, OX_PTYP_INTEGER32);
  assert_string_equal(ox_property_set_name(junk.set), "PS_PUBLIC_STRINGS");
  ox_property_info outside = by_name("PidTagAuthorizingUsers");
  assert_null(outside.area);
  assert_null(outside.spec);
  assert_null(outside.section);
  assert_null(outside.dav_names);
}

static void test_property_info__what_is_unknown_is_not_found(void **state) {
  (void)state;
  ox_property_info info, before;
  memset(&before, 0x5A, sizeof before);
  info = before;
  assert_false(ox_property_info_by_name("PidTagsubject", &info));
  assert_false(ox_property_info_by_name("", &info));
  assert_false(ox_property_info_by_name("PR_SUBJECT PR_SUBJECT_A", &info));
  assert_false(ox_property_info_by_tag(0x67F6001F, &info));
  assert_false(ox_property_info_by_tag(0, &info));
  assert_false(ox_property_info_by_tag(0xFFFFFFFF, &info));
  assert_false(ox_property_info_by_dav_name("", "", &info));
  assert_false(ox_property_info_by_dav_name("urn:schemas:httpmail:", "Subject", &info));
  assert_false(ox_property_info_by_dav_name("DAV:", "displayname", &info));
  assert_false(ox_property_info_at(ox_property_info_count(), &info));
  ox_property_name name = {.kind = 0xFF, .guid = OX_PSETID_COMMON, .lid = OX_PidLidReminderSet};
  assert_false(ox_property_info_by_property_name(&name, &info));
  name.kind = OX_NAME_KIND_LID;
  name.guid = OX_PSETID_TASK;
  assert_false(ox_property_info_by_property_name(&name, &info));
  name.guid.data2++;
  assert_false(ox_property_info_by_property_name(&name, &info));
  assert_null(ox_property_set_name(&name.guid));
  assert_memory_equal(&info, &before, sizeof info);
}

static void test_property_info__by_tag_prefers_the_type(void **state) {
  (void)state;
  assert_string_equal(name_of_tag(OX_PidTagHtml), "PidTagHtml");
  assert_string_equal(name_of_tag(OX_PidTagBodyHtml), "PidTagBodyHtml");
  assert_string_equal(name_of_tag(OX_PROPTAG_AS(OX_PidTagSubject, 0x001E)), "PidTagSubject");
  assert_string_equal(name_of_tag(OX_PROPTAG_AS(OX_PidTagSubject, OX_PTYP_ERROR_CODE)),
                      "PidTagSubject");
  assert_string_equal(name_of_tag(OX_PidTagChildrensNames | OX_PTYP_INSTANCE),
                      "PidTagChildrensNames");
  assert_string_equal(name_of_tag(0xFFFD0003), "PidTagAddressBookContainerId");
  /* Of two rows with one tag, the one that is in [MS-OXPROPS]. */
  assert_int_equal(OX_PidTagInternetReturnPath, OX_PidTagOriginalMessageId);
  assert_string_equal(name_of_tag(OX_PidTagInternetReturnPath), "PidTagOriginalMessageId");
}

static void set_text(ox_arena *arena, ox_property_name *name, const char *text) {
  name->kind = OX_NAME_KIND_STRING;
  assert_int_equal(ox_str16_from_utf8(arena, ox_str8_from(text), &name->name), OX_OK);
}

static void test_property_info__by_property_name(void **state) {
  (void)state;
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  ox_property_name name = {.kind = OX_NAME_KIND_LID, .guid = OX_PSETID_COMMON, .lid = 0x8503};
  ox_property_info info;
  assert_true(ox_property_info_by_property_name(&name, &info));
  assert_string_equal(info.name, "PidLidReminderSet");
  name.guid = OX_PSETID_PUBLIC_STRINGS;
  set_text(&arena, &name, "Keywords");
  assert_true(ox_property_info_by_property_name(&name, &info));
  assert_string_equal(info.name, "PidNameKeywords");
  name.name.size_bytes -= 2;
  assert_false(ox_property_info_by_property_name(&name, &info));
  set_text(&arena, &name, "keywords");
  assert_false(ox_property_info_by_property_name(&name, &info));
  /* The low bytes are those of "Title". */
  set_text(&arena, &name, "\xC4\x94itle");
  name.name.data = (const uint8_t *)"T\1i\0t\0l\0e\0";
  assert_int_equal(name.name.size_bytes, 10);
  assert_false(ox_property_info_by_property_name(&name, &info));
  ox_arena_dispose(&arena);
}

static void test_property_info__header_names_are_found_in_any_case(void **state) {
  (void)state;
  static const char *const spellings[] = {"Content-Class", "content-class", "CONTENT-CLASS"};
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  ox_property_name name = {.guid = OX_PSETID_INTERNET_HEADERS};
  ox_property_info info;
  for (size_t i = 0; i < 3; i++) {
    set_text(&arena, &name, spellings[i]);
    assert_true(ox_property_info_by_property_name(&name, &info));
    assert_string_equal(info.name, "PidNameContentClass");
  }
  set_text(&arena, &name, "content_class"); /* '_' is not a lowercase '-' */
  assert_false(ox_property_info_by_property_name(&name, &info));
  ox_arena_dispose(&arena);
}

static void test_property_info__dav_names_join_both_parts(void **state) {
  (void)state;
  ox_property_info info;
  assert_true(ox_property_info_by_dav_name("urn:schemas:calendar:", "dtstart", &info));
  assert_string_equal(info.name, "PidTagICalendarStartTime");
  assert_true(ox_property_info_by_dav_name("", "urn:schemas:calendar:dtstart", &info));
  assert_string_equal(info.name, "PidTagICalendarStartTime");
  assert_true(ox_property_info_by_dav_name("DAV:", "ishidden", &info));
  assert_string_equal(info.name, "PidTagAttributeHidden");
  assert_true(ox_property_info_by_dav_name("http://schemas.microsoft.com/exchange/", "mid", &info));
  assert_int_equal(info.tag, OX_PidTagMid);
  assert_true(
      ox_property_info_by_dav_name("urn:schemas-microsoft-com:office:office#", "Keywords", &info));
  assert_string_equal(info.name, "PidNameKeywords");
}

/* Calls check(name, row) for each of the names, which blanks separate. */
static void each_name(const char *names, const ox_property_info *row,
                      void (*check)(const char *name, const ox_property_info *row)) {
  char copy[512];
  if (names == NULL) return;
  assert_true(strlen(names) < sizeof copy);
  strcpy(copy, names);
  for (char *name = strtok(copy, " "); name != NULL; name = strtok(NULL, " ")) check(name, row);
}

static void check_alternate(const char *name, const ox_property_info *row) {
  (void)row;
  assert_true(has(by_name(name).alternates, name));
}

static void check_dav_name(const char *name, const ox_property_info *row) {
  ox_property_info found;
  (void)row;
  assert_true(ox_property_info_by_dav_name("", name, &found));
  assert_true(has(found.dav_names, name));
}

static void test_property_info__every_row_is_found_by_every_key(void **state) {
  (void)state;
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  size_t hidden_tags = 0, hidden_names = 0;
  ox_property_info row, found;
  for (size_t i = 0; ox_property_info_at(i, &row); i++) {
    assert_string_equal(by_name(row.name).name, row.name);
    each_name(row.alternates, &row, check_alternate);
    each_name(row.dav_names, &row, check_dav_name);
    ox_property_name name;
    if (row.set == NULL) {
      assert_int_equal(ox_property_info_property_name(&row, &arena, &name), OX_E_USAGE);
      assert_true(ox_property_info_by_tag(row.tag, &found));
      assert_int_equal(found.tag, row.tag);
      hidden_tags += strcmp(found.name, row.name) != 0;
      continue;
    }
    assert_int_equal(ox_property_info_property_name(&row, &arena, &name), OX_OK);
    assert_true(ox_property_info_by_property_name(&name, &found));
    assert_int_equal(found.lid, row.lid);
    assert_true(ox_guid_equal(found.set, row.set));
    hidden_names += strcmp(found.name, row.name) != 0;
  }
  /* Fifteen tags have two names or three (folders' free/busy, search and shortcut messages share
   * ids, and other tables have names of their own), and so have two named properties. */
  assert_int_equal(hidden_tags, 15);
  assert_int_equal(hidden_names, 2);
  ox_arena_dispose(&arena);
}

static void test_property_info__the_table_is_well_formed(void **state) {
  (void)state;
  static const char *const letters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  size_t tags = 0, lids = 0, names = 0, others = 0;
  uint16_t last_id = 0;
  bool named = false;
  ox_property_info row;
  for (size_t i = 0; ox_property_info_at(i, &row); i++) {
    const bool is_tag = strncmp(row.name, "PidTag", 6) == 0;
    const bool is_lid = strncmp(row.name, "PidLid", 6) == 0;
    assert_true(is_tag || is_lid || strncmp(row.name, "PidName", 7) == 0);
    assert_int_equal(strspn(row.name, letters), strlen(row.name));
    assert_true(ox_type_is_known(OX_PROPTAG_TYPE(row.tag)));
    assert_true(is_tag == (row.set == NULL) && is_tag == (OX_PROPTAG_ID(row.tag) != 0));
    assert_true((row.string_name != NULL) == (!is_tag && !is_lid));
    assert_true(is_lid || row.lid == 0);
    assert_true(row.area != NULL || (row.spec == NULL && row.dav_names == NULL));
    assert_true((row.spec == NULL) == (row.section == NULL));
    assert_true(row.spec == NULL || strncmp(row.spec, "MS-", 3) == 0);
    assert_true(row.spec == NULL || strspn(row.section, "0123456789.") == strlen(row.section));
    assert_false(is_tag && named); /* tags come first, by id */
    named = !is_tag;
    if (is_tag) {
      assert_true(OX_PROPTAG_ID(row.tag) >= last_id);
      last_id = OX_PROPTAG_ID(row.tag);
    }
    assert_true(is_tag || ox_property_set_name(row.set) != NULL);
    *(row.area == NULL ? &others : is_tag ? &tags : is_lid ? &lids : &names) += 1;
  }
  /* [MS-OXPROPS] 2.1 to 2.365, 2.366 to 2.504, 2.505 to 2.1079. */
  assert_int_equal(lids, 365);
  assert_int_equal(names, 139);
  assert_int_equal(tags, 575);
  assert_int_equal(others + 1079, ox_property_info_count());
}

/* Section numbers of [MS-OXPROPS] follow the canonical names, without regard to case; these are
 * numbers that other specifications cite. A missing or a surplus row would shift them. */
static void test_property_info__sections_count_the_rows(void **state) {
  (void)state;
  static const struct {
    const char *name;
    size_t section;
  } cited[] = {
      {"PidLidAppointmentDuration", 11},
      {"PidLidLocation", 159},
      {"PidLidYomiLastName", 365},
      {"PidNameCrossReference", 416},
      {"PidNameInternetSubject", 449},
      {"PidNameXSenderTelephoneNumber", 486},
      {"PidNameXVoiceMessageSenderName", 504},
      {"PidTagAttachDataObject", 590},
      {"PidTagFlagStatus", 697},
      {"PidTagMessageFlags", 791},
      {"PidTagSearchFolderDefinition", 988},
      {"PidTagSubject", 1033},
      {"PidTagWlinkType", 1079},
  };
  for (size_t i = 0; i < sizeof cited / sizeof cited[0]; i++) {
    size_t section = 1;
    ox_property_info row;
    for (size_t j = 0; ox_property_info_at(j, &row); j++) {
      if (row.area == NULL) continue;
      const char *a = row.name, *b = cited[i].name;
      for (; *a != 0 && (*a | 0x20) == (*b | 0x20); a++) b++;
      section += (*a | 0x20) < (*b | 0x20) && *b != 0;
    }
    assert_int_equal(section, cited[i].section);
  }
}

/* "[In PidTagAccess] Property ID: 0x0FF4." and "... Data type: PtypBinary, 0x0102.": requirements
 * that Microsoft's protocol test suites captured from [MS-OXPROPS]. */
static void test_property_info__requirements_agree(void **state) {
  (void)state;
  static const char *const suites[] = {"OXCFOLD", "OXCFXICS", "OXCMSG",  "OXCNOTIF", "OXCPERM",
                                       "OXCPRPT", "OXCSTOR",  "OXCTABL", "OXNSPI",   "OXORULE"};
  size_t ids = 0, types = 0;
  for (size_t i = 0; i < sizeof suites / sizeof suites[0]; i++) {
    char path[8192], line[4096], name[128];
    snprintf(path, sizeof path, "%s/specs/requirements/MS-%s.tsv", shared, suites[i]);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
      print_message("no reference data: set OX_SHARED, or put ../shared beside the source\n");
      skip();
    }
    while (fgets(line, sizeof line, file) != NULL) {
      const char *said = strstr(line, "[In Pid");
      unsigned number;
      char type[64];
      if (strncmp(line, "MS-OXPROPS_R", 12) != 0 || said == NULL) continue;
      if (sscanf(said, "[In %127[A-Za-z0-9]] Property ID: 0x%x", name, &number) == 2) {
        assert_int_equal(OX_PROPTAG_ID(by_name(name).tag), number);
        ids++;
      } else if (sscanf(said, "[In %127[A-Za-z0-9]] Data type: %63[A-Za-z0-9], 0x%x", name, type,
                        &number) == 3) {
        assert_int_equal(OX_PROPTAG_TYPE(by_name(name).tag), number);
        types++;
      }
    }
    fclose(file);
  }
  assert_true(ids >= 70 && types >= 65);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_property_info__macros_and_names_agree),
      cmocka_unit_test(test_property_info__one_row_in_full),
      cmocka_unit_test(test_property_info__what_is_unknown_is_not_found),
      cmocka_unit_test(test_property_info__by_tag_prefers_the_type),
      cmocka_unit_test(test_property_info__by_property_name),
      cmocka_unit_test(test_property_info__header_names_are_found_in_any_case),
      cmocka_unit_test(test_property_info__dav_names_join_both_parts),
      cmocka_unit_test(test_property_info__every_row_is_found_by_every_key),
      cmocka_unit_test(test_property_info__the_table_is_well_formed),
      cmocka_unit_test(test_property_info__sections_count_the_rows),
      cmocka_unit_test(test_property_info__requirements_agree),
  };
  static char beside[4096];
  snprintf(beside, sizeof beside, "%s/../shared", argc > 1 ? argv[1] : ".");
  shared = getenv("OX_SHARED");
  if (shared == NULL || shared[0] == 0) shared = beside;
  return cmocka_run_group_tests(tests, NULL, NULL);
}
