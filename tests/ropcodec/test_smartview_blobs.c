/* The binary properties among the samples: every field is compared, in order, with what MFCMAPI
 * says; the value encodes to the same bytes; what is broken on purpose is refused. */
#include "smartview.h"

#include <stdio.h>

#include <oxkit/ropcodec/conversation.h>
#include <oxkit/ropcodec/folders.h>
#include <oxkit/ropcodec/freebusy.h>
#include <oxkit/ropcodec/outlook.h>
#include <oxkit/ropcodec/searchfolder.h>
#include <oxkit/ropcodec/security.h>
#include <oxkit/ropcodec/sid.h>
#include <oxkit/ropcodec/tasks.h>

/* A field whose name in MFCMAPI is another; NULL: MFCMAPI shows it in another way. */
typedef struct alias {
  const char *field;
  const char *label;
} alias;

typedef struct kind_row {
  const char *kind;
  unsigned least; /* samples */
  const ox_wire_struct *structure;
  const alias *aliases;
  void (*more)(sample *s, const void *value); /* comparison of what the fields do not say */
} kind_row;

/* Samples that are broken on purpose. */
typedef struct broken_row {
  const char *name;
  ox_status status;
  const char *field; /* where decoding stops */
} broken_row;

static const broken_row broken[] = {
    {"ADDITIONALRENENTRYIDSEX-2", OX_E_MALFORMED, "element_data"}, /* a byte more than there is */
    {"ADDITIONALRENENTRYIDSEX-4", OX_E_TRUNCATED, "size"}, /* 150 bytes, of which 4 are there */
    {"FOLDERUSERFIELDS-5", OX_E_TRUNCATED, "unicode"},     /* a field that is not there */
    {"NICKNAMECACHE-4", OX_E_TRUNCATED, "rows"},           /* 4,294,967,295 rows */
    {"NTSD-5", OX_E_TRUNCATED, "control"},                 /* ends after two bytes */
    {"PROPERTIES-6", OX_E_MALFORMED, "properties"},        /* a text without terminator */
    {"PROPERTYDEFINITIONSTREAM-5", OX_E_TRUNCATED,
     "content"},                                       /* other bytes from the 75th field on */
    {"PROPERTYDEFINITIONSTREAM-6", OX_E_TRAILING, ""}, /* two fields, counted as one */
    {"RESTRICTION-4", OX_E_MALFORMED, "restriction"},  /* a text of 33 bytes */
    {"SID-1", OX_E_TRUNCATED, "revision"},             /* no bytes */
    {"SID-5", OX_E_TRUNCATED, "sub_authority"},        /* four counted, one there */
    {"SID-7", OX_E_TRAILING, ""},                      /* three bytes behind it */
    {"VERBSTREAM-7", OX_E_MALFORMED, "version2"},      /* six options, counted as none */
};

typedef struct comparison {
  sample *s;
  const kind_row *row;
} comparison;

static const char *label_of(const kind_row *row, const char *field, bool *shown) {
  *shown = true;
  for (const alias *a = row->aliases; a != NULL && a->field != NULL; a++) {
    if (strcmp(a->field, field) != 0) continue;
    *shown = a->label != NULL;
    return a->label;
  }
  return field;
}

static void compare_bytes(sample *s, ox_bytes bytes) {
  if (bytes.size_bytes == 0) return;
  char *words = ox_arena_calloc(s->arena, 2 * bytes.size_bytes + 40, 1);
  assert_non_null(words);
  int used = sprintf(words, "cb: %zu lpb: ", bytes.size_bytes);
  for (size_t i = 0; i < bytes.size_bytes; i++) {
    used += sprintf(words + used, "%02X", bytes.data[i]);
  }
  says_next_words(s, words);
}

static void compare_guid(sample *s, const ox_guid *guid) {
  char text[OX_GUID_TEXT_BYTES], words[OX_GUID_TEXT_BYTES + 2];
  ox_guid_format(guid, text);
  for (char *at = text; *at != 0; at++) {
    if (*at >= 'a' && *at <= 'f') *at = (char)(*at - 'a' + 'A');
  }
  snprintf(words, sizeof words, "{%s}", text);
  says_next_words(s, words);
}

static uint64_t number_at(const ox_wire_field *field, const void *value) {
  uint16_t u16;
  uint32_t u32;
  uint64_t u64;
  switch (field->kind) {
    case OX_WIRE_U8: return *(const uint8_t *)value;
    case OX_WIRE_U16: memcpy(&u16, value, sizeof u16); return u16;
    case OX_WIRE_U64: memcpy(&u64, value, sizeof u64); return u64;
    default: memcpy(&u32, value, sizeof u32); return u32;
  }
}

/* MFCMAPI shows a '.' for what it cannot show. */
static void compare_text(sample *s, const char *utf8) {
  assert_non_null(utf8);
  if (utf8[0] == 0) return;
  if (strstr(s->cursor, utf8) == NULL) {
    char *shown = ox_arena_strdup(s->arena, utf8), *out = shown;
    assert_non_null(shown);
    for (const char *at = utf8; *at != 0; at++) {
      unsigned char c = (unsigned char)*at;
      if ((c & 0xC0) != 0x80) *out++ = c < 0x20 || c > 0x7E ? '.' : (char)c;
    }
    *out = 0;
    utf8 = shown;
  }
  says_next_words(s, utf8);
}

static void compare(void *user, unsigned depth, const ox_wire_field *field, size_t index,
                    uint64_t offset, const void *value, const ox_wire_context *context) {
  (void)depth;
  (void)offset;
  (void)context;
  comparison *c = user;
  bool shown;
  const char *label = label_of(c->row, field->name, &shown);
  bool is_whole_array = index == SIZE_MAX && (field->flags & OX_WIRE_ARRAY) != 0;
  if (!shown || value == NULL || is_whole_array) return;
  char element[64];
  if (index != SIZE_MAX) {
    snprintf(element, sizeof element, "%s%zu", label, index);
    label = element;
  }
  char *utf8 = NULL;
  switch (field->kind) {
    case OX_WIRE_STRUCT: break;
    case OX_WIRE_GUID: compare_guid(c->s, value); break;
    case OX_WIRE_STR8:
    case OX_WIRE_ZSTR8:
      assert_int_equal(ox_str8_to_utf8(c->s->arena, *(const ox_str8 *)value, 1252, &utf8), OX_OK);
      compare_text(c->s, utf8);
      break;
    case OX_WIRE_STR16:
    case OX_WIRE_ZSTR16:
      compare_text(c->s, ox_str16_utf8(c->s->arena, *(const ox_str16 *)value));
      break;
    case OX_WIRE_BYTES:
      if ((field->flags & OX_WIRE_INLINE) != 0) {
        compare_bytes(c->s, (ox_bytes){value, field->fixed});
      } else {
        compare_bytes(c->s, *(const ox_bytes *)value);
      }
      break;
    case OX_WIRE_HAND:
      if (strcmp(field->hand->name, "ox_property") == 0) says_next_property(c->s, value);
      break;
    default: says_next_number(c->s, label, number_at(field, value));
  }
}

static const broken_row *find_broken(const char *name) {
  for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
    if (strcmp(broken[i].name, name) == 0) return &broken[i];
  }
  return NULL;
}

static const kind_row *current;

static void check_sample(sample *s) {
  comparison c = {s, current};
  const broken_row *refused = find_broken(s->name);
  void *value = ox_arena_calloc(s->arena, 1, current->structure->size_bytes);
  assert_non_null(value);
  ox_reader r;
  ox_error err;
  ox_reader_init(&r, s->value.data, s->value.size_bytes);
  ox_wire_decode(current->structure, &r, s->arena, NULL, value, refused == NULL ? compare : NULL,
                 &c);
  ox_status status = ox_reader_finish(&r, &err);
  if (refused != NULL) {
    if (status != refused->status ||
        strcmp(err.field != NULL ? err.field : "", refused->field) != 0) {
      fail_msg("%s: 0x%08X in %s", s->name, (unsigned)status, err.field);
    }
    return;
  }
  if (status != OX_OK) {
    fail_msg("%s: 0x%08X at %llu in %s", s->name, (unsigned)status, (unsigned long long)err.offset,
             err.field);
  }
  if (current->more != NULL) current->more(s, value);
  ox_writer w;
  ox_writer_init(&w, NULL, SMARTVIEW_MAX_BYTES);
  ox_wire_encode(current->structure, &w, value);
  assert_encodes_to(s, &w, s->value);
}

/* What the fields do not say. */

static void check_times(sample *s, const void *value) {
  const ox_conversation_index *index = value;
  assert_int_equal(ox_conversation_index_depth(s->value), index->response_levels_count);
  char words[64];
  ox_filetime start = ox_conversation_index_time(s->value, 0);
  /* MFCMAPI puts the two lowest bytes of the header's time where they are worth 2^16 times less. */
  ox_filetime moved = (start & 0xFFFF0000) - (start >> 16 & 0xFFFF);
  s->cursor = s->text;
  snprintf(words, sizeof words, "LowDateTime = 0x%04X", (unsigned)(start >> 16 & 0xFFFF));
  says_next_words(s, words);
  snprintf(words, sizeof words, "HighDateTime = 0x%08X", (unsigned)(start >> 32));
  says_next_words(s, words);
  for (uint32_t i = 0; i < index->response_levels_count; i++) {
    const ox_conversation_response_level *level = &index->response_levels[i];
    says_next_number(s, "DeltaCode", level->delta >> 31);
    /* "04:23:00.361 PM": minutes and seconds are the same in any clock. */
    ox_filetime time = ox_conversation_index_time(s->value, i + 1) - moved;
    unsigned second = (unsigned)(time / 10000000 % 60), minute = (unsigned)(time / 600000000 % 60);
    snprintf(words, sizeof words, ":%02u:%02u.%03u", minute, second,
             (unsigned)(time / 10000 % 1000));
    says_next_words(s, words);
    says_next_number(s, "TimeDelta", level->delta & 0x7FFFFFFF);
    says_next_number(s, "Random", level->random_and_level >> 4);
    says_next_number(s, "ResponseLevel", level->random_and_level & 15);
  }
}

static void check_sid_text(sample *s, const ox_sid *sid) {
  char text[OX_SID_TEXT_BYTES], words[OX_SID_TEXT_BYTES + 16];
  ox_sid_format(sid, text);
  snprintf(words, sizeof words, "Textual SID: %s\r", text);
  for (char *at = words; *at != 0 && strstr(s->cursor, words) == NULL; at++) {
    if (*at == '\r') *at = '\n'; /* either end of line */
  }
  says_next_words(s, words);
  ox_sid again;
  assert_int_equal(ox_sid_parse(text, s->arena, &again), OX_OK);
  assert_true(ox_sid_equal(&again, sid));
}

static void check_sid(sample *s, const void *value) {
  s->cursor = s->text;
  check_sid_text(s, value);
}

static void check_ace(sample *s, const void *value) {
  check_sid(s, &((const ox_ace *)value)->sid);
}

static void check_acl_texts(sample *s, const ox_acl *acl) {
  for (uint32_t i = 0; acl != NULL && i < acl->ace_count; i++) {
    check_sid_text(s, &acl->aces[i].sid);
  }
}

static void check_acl(sample *s, const void *value) {
  s->cursor = s->text;
  check_acl_texts(s, value);
}

static void check_descriptor(sample *s, const void *value) {
  const ox_security_descriptor *d = value;
  s->cursor = s->text;
  check_sid_text(s, d->owner);
  check_sid_text(s, d->group);
  check_acl_texts(s, d->sacl);
  check_acl_texts(s, d->dacl);
  /* The same from its parts. */
  ox_security_descriptor made;
  assert_int_equal(ox_security_descriptor_make(s->arena, d->control, d->owner, d->group, d->sacl,
                                               d->dacl, &made),
                   OX_OK);
  ox_writer w;
  ox_writer_init(&w, NULL, SMARTVIEW_MAX_BYTES);
  ox_security_descriptor_encode(&w, &made);
  assert_int_equal(ox_writer_status(&w), OX_OK);
  ox_reader r;
  ox_security_descriptor again;
  ox_reader_init(&r, w.data, w.size_bytes);
  assert_int_equal(ox_security_descriptor_decode(&r, s->arena, &again), OX_OK);
  assert_true(ox_sid_equal(again.owner, d->owner));
  assert_true(ox_sid_equal(again.group, d->group));
  assert_true(ox_wire_equal(&ox_acl_wire, again.dacl, d->dacl));
  ox_writer_dispose(&w);
}

static void check_stored_descriptor(sample *s, const void *value) {
  check_descriptor(s, &((const ox_stored_security_descriptor *)value)->security_descriptor);
}

static void check_entry_list(sample *s, const void *value) {
  ox_flat_entry_list list;
  ox_entry_list joined;
  assert_int_equal(ox_entry_list_split(value, s->arena, &list), OX_OK);
  for (uint32_t i = 0; i < list.count; i++) check_entry_id(s, list.entry_ids[i]);
  assert_int_equal(ox_entry_list_join(&list, s->arena, &joined), OX_OK);
  assert_int_equal(joined.entry_count, list.count);
  assert_true(ox_bytes_equal(joined.entry_ids, ((const ox_entry_list *)value)->entry_ids));
}

static void count_nodes(sample *s, const ox_restriction *r, unsigned counts[12]) {
  counts[r->type]++;
  switch (r->type) {
    case OX_RESTRICTION_AND:
    case OX_RESTRICTION_OR:
      for (uint32_t i = 0; i < r->u.logical.count; i++) {
        count_nodes(s, &r->u.logical.children[i], counts);
      }
      break;
    case OX_RESTRICTION_NOT: count_nodes(s, r->u.negation.child, counts); break;
    case OX_RESTRICTION_CONTENT: says_next_property(s, &r->u.content.tagged_value); break;
    case OX_RESTRICTION_PROPERTY: says_next_property(s, &r->u.property.tagged_value); break;
    case OX_RESTRICTION_SUBOBJECT: count_nodes(s, r->u.subobject.child, counts); break;
    case OX_RESTRICTION_COMMENT:
      for (uint32_t i = 0; i < r->u.comment.tagged_values_count; i++) {
        says_next_property(s, &r->u.comment.tagged_values[i]);
      }
      if (r->u.comment.child != NULL) count_nodes(s, r->u.comment.child, counts);
      break;
    default: break;
  }
}

static void check_restriction(sample *s, const void *value) {
  unsigned counts[12] = {0};
  s->cursor = s->text;
  count_nodes(s, value, counts);
  for (unsigned type = 0; type < 12; type++) {
    char words[32];
    snprintf(words, sizeof words, "rt = 0x%X = ", type);
    assert_int_equal(counts[type], occurrences(s->text, words));
  }
}

static void check_search_folder(sample *s, const void *value) {
  const ox_search_folder_definition *definition = value;
  if (definition->folder_list2 != NULL) check_entry_list(s, definition->folder_list2);
  if (definition->flags & OX_SEARCH_FOLDER_FLAGS_SEARCH_RESTRICTION) {
    check_restriction(s, &definition->search_restriction);
  }
  if (definition->flags & OX_SEARCH_FOLDER_FLAGS_ADVANCED_SEARCH) { /* MFCMAPI counts its size */
    says_number(s, "AdvancedSearchLen = 0x%08llX", definition->advanced_search_length + 8ull);
    ox_bytes all = {definition->advanced_search.data - 8,
                    definition->advanced_search.size_bytes + 8};
    says_hex(s, all);
  }
}

static void check_report_tag(sample *s, const void *value) {
  check_entry_id(s, ((const ox_report_tag *)value)->search_folder_entry_id);
}

static void check_to_do(sample *s, const void *value) {
  const ox_swapped_to_do_data *data = value;
  ox_str16 text = {data->flag_to, sizeof data->flag_to};
  says(s, ox_str16_utf8(s->arena, text)); /* up to its terminator */
  says(s, data->reminder_set ? "fReminderSet: true" : "fReminderSet: false");
}

/* Names. */

static const alias ace_names[] = {
    {"ace_type", "Type"},         {"ace_flags", "Flags"}, {"identifier_authority", NULL},
    {"acl_revision", "Revision"}, {"parts", NULL},        {NULL, NULL}};
static const alias index_names[] = {{"reserved", NULL},
                                    {"current_filetime", NULL},
                                    {"delta", NULL},
                                    {"random_and_level", NULL},
                                    {NULL, NULL}};
static const alias list_names[] = {{"entry_ids", NULL}, {NULL, NULL}};
static const alias field_names[] = {
    {"ansi_count", "FolderUserFieldAnsi.FieldDefinitionCount"},
    {"unicode_count", "FolderUserFieldUnicode.FieldDefinitionCount"},
    {"capabilities", "fcapm"},
    {"string_flags", "dwString"},
    {"bitmap", "dwBitmap"},
    {"display", "dwDisplay"},
    {"format", "iFmt"},
    {NULL, NULL}};
static const alias nickname_names[] = {{"property_tag", "PropTag"},
                                       {"property_count", "cValues"},
                                       {"reserved", NULL},
                                       {"property_union", NULL},
                                       {NULL, NULL}};
static const alias definition_names[] = {
    {"length", NULL}, {"extended_length", NULL}, {"content", NULL}, {NULL, NULL}};
static const alias row_names[] = {{"version", "cVersion"},
                                  {"row_count", "cRowCount"},
                                  {"property_count", "cValues"},
                                  {"reserved", "ulReserved1"},
                                  {NULL, NULL}};
static const alias report_names[] = {{"search_folder_entry_id", NULL}, {NULL, NULL}};
static const alias search_names[] = {
    {"numerical_search", "Numeric Search"},
    {"text_search_extended_length", "Text Search Length Extended"},
    {"folder_list1_extended_length", "Folder List 1 Length Extended"},
    {"entry_ids", NULL},
    {"advanced_search_length", NULL},
    {"advanced_search_length_high", NULL},
    {"advanced_search", NULL},
    {NULL, NULL}};
static const alias to_do_names[] = {{"version", "ulVersion"},
                                    {"flags", "dwFlags"},
                                    {"to_do_item", "dwToDoItem"},
                                    {"flag_to", NULL},
                                    {"start_date", "rtmStartDate"},
                                    {"due_date", "rtmDueDate"},
                                    {"reminder_time", "rtmReminder"},
                                    {"reminder_set", NULL},
                                    {NULL, NULL}};
static const alias assigner_names[] = {{"assigner_count", "cAssigners"}, {NULL, NULL}};
static const alias tombstone_names[] = {{"global_object_id", NULL}, {NULL, NULL}};
static const alias verb_names[] = {{"use_us_headers", "fUseUSHeaders"}, {NULL, NULL}};
static const alias view_names[] = {{"version", "dwVersion"},
                                   {"type", "dwType"},
                                   {"flags", "dwFlags"},
                                   {"data", NULL},
                                   {NULL, NULL}};

static const kind_row kinds[] = {
    {"ACECONTAINER", 1, &ox_ace_wire, ace_names, check_ace},
    {"ACEFB", 1, &ox_ace_wire, ace_names, check_ace},
    {"ACEMESSAGE", 2, &ox_ace_wire, ace_names, check_ace},
    {"ACL", 1, &ox_acl_wire, ace_names, check_acl},
    {"ADDITIONALRENENTRYIDSEX", 3, &ox_additional_ren_entry_ids_ex_wire, NULL, NULL},
    {"CONVERSATIONINDEX", 3, &ox_conversation_index_wire, index_names, check_times},
    {"ENTRYLIST", 2, &ox_entry_list_wire, list_names, check_entry_list},
    {"EXTENDEDFOLDERFLAGS", 2, &ox_extended_folder_flags_wire, NULL, NULL},
    {"FBSECURITYDESCRIPTOR", 2, &ox_stored_security_descriptor_wire, ace_names,
     check_stored_descriptor},
    {"FOLDERUSERFIELDS", 3, &ox_folder_user_field_stream_wire, field_names, NULL},
    {"NICKNAMECACHE", 2, &ox_autocomplete_stream_wire, nickname_names, NULL},
    {"NTSD", 3, &ox_stored_security_descriptor_wire, ace_names, check_stored_descriptor},
    {"PROPERTIES", 5, &ox_stored_properties_wire, NULL, NULL},
    {"PROPERTYDEFINITIONSTREAM", 5, &ox_property_definition_stream_wire, definition_names, NULL},
    {"RECIPIENTROWSTREAM", 2, &ox_recipient_row_stream_wire, row_names, NULL},
    {"REPORTTAG", 1, &ox_report_tag_wire, report_names, check_report_tag},
    {"RESTRICTION", 3, &ox_stored_restriction_wire, NULL, check_restriction},
    {"SEARCHFOLDERDEFINITION", 4, &ox_search_folder_definition_wire, search_names,
     check_search_folder},
    {"SECURITYDESCRIPTOR", 1, &ox_security_descriptor_wire, ace_names, check_descriptor},
    {"SID", 4, &ox_sid_wire, ace_names, check_sid},
    {"SWAPPEDTODO", 2, &ox_swapped_to_do_data_wire, to_do_names, check_to_do},
    {"TASKASSIGNERS", 1, &ox_task_assigners_wire, assigner_names, NULL},
    {"TOMBSTONE", 2, &ox_tombstone_list_wire, tombstone_names, NULL},
    {"VERBSTREAM", 5, &ox_verb_stream_wire, verb_names, NULL},
    {"WEBVIEWPERSISTSTREAM", 4, &ox_web_view_persist_stream_wire, view_names, NULL},
};

static void run(void **state, const char *kind) {
  NEEDS_SMARTVIEW();
  for (current = kinds; strcmp(current->kind, kind) != 0; current++) {
  }
  smartview_each(state, kind, current->least, check_sample);
}

#define SAMPLES(test, kind)                          \
  static void test_##test##__samples(void **state) { \
    run(state, kind);                                \
  }

SAMPLES(ace_of_container, "ACECONTAINER")
SAMPLES(ace_of_free_busy, "ACEFB")
SAMPLES(ace_of_message, "ACEMESSAGE")
SAMPLES(acl, "ACL")
SAMPLES(additional_ren_entry_ids_ex, "ADDITIONALRENENTRYIDSEX")
SAMPLES(conversation_index, "CONVERSATIONINDEX")
SAMPLES(entry_list, "ENTRYLIST")
SAMPLES(extended_folder_flags, "EXTENDEDFOLDERFLAGS")
SAMPLES(free_busy_security_descriptor, "FBSECURITYDESCRIPTOR")
SAMPLES(folder_user_fields, "FOLDERUSERFIELDS")
SAMPLES(autocomplete_stream, "NICKNAMECACHE")
SAMPLES(stored_security_descriptor, "NTSD")
SAMPLES(stored_properties, "PROPERTIES")
SAMPLES(property_definition_stream, "PROPERTYDEFINITIONSTREAM")
SAMPLES(recipient_row_stream, "RECIPIENTROWSTREAM")
SAMPLES(report_tag, "REPORTTAG")
SAMPLES(stored_restriction, "RESTRICTION")
SAMPLES(search_folder_definition, "SEARCHFOLDERDEFINITION")
SAMPLES(security_descriptor, "SECURITYDESCRIPTOR")
SAMPLES(sid, "SID")
SAMPLES(swapped_to_do_data, "SWAPPEDTODO")
SAMPLES(task_assigners, "TASKASSIGNERS")
SAMPLES(tombstone_list, "TOMBSTONE")
SAMPLES(verb_stream, "VERBSTREAM")
SAMPLES(web_view_persist_stream, "WEBVIEWPERSISTSTREAM")

int main(int argc, char **argv) {
  smartview_find(argc, argv);
  const struct CMUnitTest tests[] = {
      ARENA_TEST(test_ace_of_container__samples),
      ARENA_TEST(test_ace_of_free_busy__samples),
      ARENA_TEST(test_ace_of_message__samples),
      ARENA_TEST(test_acl__samples),
      ARENA_TEST(test_additional_ren_entry_ids_ex__samples),
      ARENA_TEST(test_conversation_index__samples),
      ARENA_TEST(test_entry_list__samples),
      ARENA_TEST(test_extended_folder_flags__samples),
      ARENA_TEST(test_free_busy_security_descriptor__samples),
      ARENA_TEST(test_folder_user_fields__samples),
      ARENA_TEST(test_autocomplete_stream__samples),
      ARENA_TEST(test_stored_security_descriptor__samples),
      ARENA_TEST(test_stored_properties__samples),
      ARENA_TEST(test_property_definition_stream__samples),
      ARENA_TEST(test_recipient_row_stream__samples),
      ARENA_TEST(test_report_tag__samples),
      ARENA_TEST(test_stored_restriction__samples),
      ARENA_TEST(test_search_folder_definition__samples),
      ARENA_TEST(test_security_descriptor__samples),
      ARENA_TEST(test_sid__samples),
      ARENA_TEST(test_swapped_to_do_data__samples),
      ARENA_TEST(test_task_assigners__samples),
      ARENA_TEST(test_tombstone_list__samples),
      ARENA_TEST(test_verb_stream__samples),
      ARENA_TEST(test_web_view_persist_stream__samples),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
