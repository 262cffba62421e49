/* ox_message and sources. */
#include "../support/testing.h"

#include <oxkit/ropcodec/message.h>

static void test_message__parts_come_and_go(void **state) {
  (void)state;
  ox_message *message = ox_message_new(NULL);
  assert_non_null(message);
  for (int i = 0; i < 10; i++) {
    ox_recipient *recipient = ox_message_add_recipient(message);
    assert_non_null(recipient);
    assert_int_equal(ox_propbag_set_i32(&recipient->properties, OX_PidTagRowid, i), OX_OK);
    ox_attachment *attachment = ox_message_add_attachment(message);
    assert_non_null(attachment);
    assert_int_equal(ox_propbag_set_i32(&attachment->properties, OX_PidTagAttachNumber, i), OX_OK);
    if (i == 3) attachment->embedded = ox_message_new(NULL);
    if (i == 4) attachment->source = ox_source_from_bytes(NULL, "abc", 3, true);
  }
  ox_message_remove_recipient(message, 0);
  ox_message_remove_recipient(message, 99);
  ox_message_remove_attachment(message, 3); /* frees the embedded message; ASan would tell */
  assert_int_equal(message->recipient_count, 9);
  assert_int_equal(ox_propbag_i32(&message->recipients[0].properties, OX_PidTagRowid, -1), 1);
  assert_int_equal(message->attachment_count, 9);
  assert_non_null(message->attachments[3].source);
  ox_message_free(message);
  ox_message_free(NULL);
}

static void test_names__are_local_and_stable(void **state) {
  (void)state;
  ox_message *message = ox_message_new(NULL);
  assert_non_null(message);
  ox_proptag reminder = ox_message_lid_tag(message, &OX_PSETID_COMMON, OX_PidLidReminderSet,
                                           OX_PidLidReminderSet_TYPE);
  ox_proptag keywords = ox_message_string_tag(message, &OX_PSETID_PUBLIC_STRINGS,
                                              OX_PidNameKeywords, OX_PidNameKeywords_TYPE);
  assert_int_equal(reminder, OX_PROPTAG(0x8000, OX_PTYP_BOOLEAN));
  assert_int_equal(keywords, OX_PROPTAG(0x8001, OX_PTYP_MULTIPLE_STRING));
  assert_int_equal(
      ox_message_find_lid_tag(message, &OX_PSETID_COMMON, OX_PidLidReminderSet, OX_PTYP_BOOLEAN),
      reminder);
  assert_int_equal(ox_message_find_string_tag(message, &OX_PSETID_PUBLIC_STRINGS, "Keywords",
                                              OX_PTYP_MULTIPLE_STRING),
                   keywords);
  assert_int_equal(
      ox_message_find_string_tag(message, &OX_PSETID_PUBLIC_STRINGS, "keywords", OX_PTYP_STRING),
      0);
  assert_int_equal(
      ox_message_find_lid_tag(message, &OX_PSETID_TASK, OX_PidLidReminderSet, OX_PTYP_BOOLEAN), 0);
  /* PS_MAPI names are ids as they stand. */
  assert_int_equal(ox_message_lid_tag(message, &OX_PSETID_MAPI, 0x0037, OX_PTYP_STRING),
                   OX_PidTagSubject);
  assert_int_equal(message->name_count, 2);
  const ox_property_name *name = ox_message_name(message, 0x8001);
  assert_non_null(name);
  assert_int_equal(name->kind, OX_NAME_KIND_STRING);
  assert_int_equal(name->name.size_bytes, 16);
  assert_null(ox_message_name(message, 0x8002));
  assert_null(ox_message_name(message, 0x7FFF));
  ox_message_free(message);
}

static void test_names__get_ids_in_order(void **state) {
  (void)state;
  ox_message *message = ox_message_new(NULL);
  assert_non_null(message);
  ox_property_name name;
  memset(&name, 0, sizeof name);
  name.guid = OX_PSETID_COMMON;
  for (uint32_t lid = 1; lid < 200; lid++) {
    name.lid = lid;
    assert_int_equal(ox_message_name_id(message, &name), 0x8000 + lid - 1);
  }
  name.kind = OX_NAME_KIND_NONE;
  assert_int_equal(ox_message_name_id(message, &name), 0);
  ox_message_free(message);
}

static void test_source__reads_in_pieces_and_whole(void **state) {
  ox_source *source = ox_source_from_bytes(NULL, "0123456789", 10, true);
  assert_non_null(source);
  char buffer[8];
  size_t got;
  assert_int_equal(source->read_at(source, 4, buffer, sizeof buffer, &got, NULL), OX_OK);
  assert_int_equal(got, 6);
  assert_memory_equal(buffer, "456789", 6);
  assert_int_equal(source->read_at(source, 99, buffer, sizeof buffer, &got, NULL), OX_OK);
  assert_int_equal(got, 0);
  ox_bytes bytes;
  ox_error err;
  assert_int_equal(ox_source_read_all(source, *state, 10, &bytes, &err), OX_OK);
  assert_memory_equal(bytes.data, "0123456789", 11);
  assert_int_equal(ox_source_read_all(source, *state, 9, &bytes, &err), OX_E_LIMIT);
  assert_int_equal(err.status, OX_E_LIMIT);
  source->free(source);
}

/* A message with something of everything. */
static ox_status build(const ox_allocator *allocator, ox_message **out) {
  ox_message *message = ox_message_new(allocator);
  if (message == NULL) return OX_E_NO_MEMORY;
  ox_status status = ox_propbag_set_utf8(&message->properties, OX_PidTagSubject, "Subject");
  ox_proptag tag =
      ox_message_string_tag(message, &OX_PSETID_PUBLIC_STRINGS, "Title", OX_PTYP_STRING);
  if (status == OX_OK && tag == 0) status = OX_E_NO_MEMORY;
  if (status == OX_OK) status = ox_propbag_set_utf8(&message->properties, tag, "Named");
  ox_recipient *recipient = ox_message_add_recipient(message);
  if (status == OX_OK && recipient == NULL) status = OX_E_NO_MEMORY;
  if (status == OX_OK) {
    status = ox_propbag_set_utf8(&recipient->properties, OX_PidTagDisplayName, "R");
  }
  ox_attachment *attachment = ox_message_add_attachment(message);
  if (status == OX_OK && attachment == NULL) status = OX_E_NO_MEMORY;
  if (status == OX_OK) {
    attachment->embedded = ox_message_new(allocator);
    if (attachment->embedded == NULL) status = OX_E_NO_MEMORY;
  }
  if (status == OX_OK) {
    status = ox_propbag_set_utf8(&attachment->embedded->properties, OX_PidTagSubject, "Inner");
  }
  if (status == OX_OK) {
    ox_source *source = ox_source_from_bytes(allocator, "large body", 10, true);
    status = source == NULL ? OX_E_NO_MEMORY : ox_message_set_large(message, OX_PidTagHtml, source);
  }
  if (status == OX_OK) {
    *out = message;
  } else {
    ox_message_free(message);
  }
  return status;
}

static void test_clone__is_deep(void **state) {
  ox_message *message, *copy;
  assert_int_equal(build(NULL, &message), OX_OK);
  assert_int_equal(ox_message_clone(message, 10, &copy), OX_OK);
  ox_message *rejected = NULL;
  assert_int_equal(ox_message_clone(message, 9, &rejected), OX_E_LIMIT);
  assert_null(rejected);
  ox_message_free(message);
  assert_string_equal(ox_propbag_utf8(&copy->properties, OX_PidTagSubject, *state, ""), "Subject");
  ox_proptag tag =
      ox_message_find_string_tag(copy, &OX_PSETID_PUBLIC_STRINGS, "Title", OX_PTYP_STRING);
  assert_string_equal(ox_propbag_utf8(&copy->properties, tag, *state, ""), "Named");
  assert_string_equal(
      ox_propbag_utf8(&copy->recipients[0].properties, OX_PidTagDisplayName, *state, ""), "R");
  assert_string_equal(
      ox_propbag_utf8(&copy->attachments[0].embedded->properties, OX_PidTagSubject, *state, ""),
      "Inner");
  ox_bytes bytes;
  ox_source *source = ox_message_large(copy, OX_PidTagHtml);
  assert_non_null(source);
  assert_int_equal(ox_source_read_all(source, *state, 100, &bytes, NULL), OX_OK);
  assert_memory_equal(bytes.data, "large body", 10);
  assert_null(ox_message_large(copy, OX_PidTagBody));
  /* Another large value of the same id takes its place. */
  assert_int_equal(
      ox_message_set_large(copy, OX_PidTagHtml, ox_source_from_bytes(NULL, "x", 1, false)), OX_OK);
  assert_int_equal(copy->large_value_count, 1);
  ox_message_free(copy);
}

static ox_status build_and_clone(const ox_allocator *allocator, void *user) {
  (void)user;
  ox_message *message, *copy;
  ox_status status = build(allocator, &message);
  if (status != OX_OK) return status;
  status = ox_message_clone(message, 100, &copy);
  if (status == OX_OK) ox_message_free(copy);
  ox_message_free(message);
  return status;
}

static void test_message__survives_every_failing_allocation(void **state) {
  (void)state;
  every_allocation_fails(build_and_clone, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      ARENA_TEST(test_message__parts_come_and_go),
      ARENA_TEST(test_names__are_local_and_stable),
      ARENA_TEST(test_names__get_ids_in_order),
      ARENA_TEST(test_source__reads_in_pieces_and_whole),
      ARENA_TEST(test_clone__is_deep),
      ARENA_TEST(test_message__survives_every_failing_allocation),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
