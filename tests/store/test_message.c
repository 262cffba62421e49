/* Messages, recipients, attachments, streams, copies, whole messages. */
#include "support.h"

static void test_message__create_save_open(void **state) {
  fixture *f = *state;
  ox_folder *inbox = open_special(f, OX_SPECIAL_INBOX);
  ox_item *item;
  ox_id id = 0;
  OK(ox_item_create(inbox, false, 0, &item, &f->err));
  ox_object *object = ox_item_object(item);
  set_text(f, object, OX_PidTagSubject, "RE: Größe 日本");
  set_text(f, object, OX_PidTagBody, "body");
  set_i32(f, object, OX_PidTagImportance, 2);
  assert_int_equal(get_error(f, object, OX_PidTagMid), OX_E_NOT_FOUND);
  OK(ox_item_save(item, OX_SAVE_KEEP_OPEN_READ_WRITE, &id, &f->err));
  assert_true(id != 0 && ox_item_id(item) == id);
  set_text(f, object, OX_PidTagBody, "changed");
  OK(ox_item_save(item, OX_SAVE_KEEP_OPEN_READ_ONLY, NULL, &f->err));
  ox_property body = {.tag = OX_PidTagImportance, .value.i32 = 0};
  FAILS(ox_object_set(object, &body, 1, NULL, &f->err), OX_E_ACCESS_DENIED);
  ox_item_close(item);

  item = open_item(f, id, OX_OPEN_READ_ONLY);
  object = ox_item_object(item);
  assert_string_equal(get_text(f, object, OX_PidTagSubject), "RE: Größe 日本");
  assert_string_equal(get_text(f, object, OX_PidTagSubjectPrefix), "RE: ");
  assert_string_equal(get_text(f, object, OX_PidTagNormalizedSubject), "Größe 日本");
  assert_string_equal(get_text(f, object, OX_PidTagBody), "changed");
  assert_string_equal(get_text(f, object, OX_PidTagMessageClass), "IPM.Note");
  assert_int_equal(get(f, object, OX_PidTagImportance).i32, 2);
  assert_true((ox_id)get(f, object, OX_PidTagMid).i64 == id);
  assert_true((ox_id)get(f, object, OX_PidTagFolderId).i64 == ox_folder_id(inbox));
  assert_int_equal(get(f, object, OX_PidTagEntryId).binary.size_bytes, 70);
  assert_int_equal(get(f, object, OX_PidTagSourceKey).binary.size_bytes, 22);
  assert_int_equal(get(f, object, OX_PidTagChangeKey).binary.size_bytes, 22);
  assert_int_equal(get(f, object, OX_PidTagPredecessorChangeList).binary.size_bytes, 23);
  assert_int_equal(get(f, object, OX_PidTagSearchKey).binary.size_bytes, 16);
  assert_true(get(f, object, OX_PidTagMessageSize).i32 > 0);
  assert_true(get(f, object, OX_PidTagLastModificationTime).time >=
              get(f, object, OX_PidTagCreationTime).time);
  assert_int_equal(get(f, object, OX_PidTagMessageFlags).i32 & 0x09, 0x09); /* read, unsent */
  /* PtypString8 on demand. */
  ox_proptag tag = OX_PROPTAG_AS(OX_PidTagSubject, OX_PTYP_STRING8);
  ox_property value;
  OK(ox_object_get(object, &tag, 1, 0, &f->arena, &value, &f->err));
  assert_int_equal(value.tag, tag);
  assert_memory_equal(value.value.string8.data, "RE: Gr\xF6\xDF", 8);
  ox_item_close(item);
  assert_int_equal(get(f, ox_folder_object(inbox), OX_PidTagContentCount).i32, 1);
  assert_int_equal(get(f, ox_folder_object(inbox), OX_PidTagContentUnreadCount).i32, 0);
  ox_folder_close(inbox);
}

static void test_message__second_writer_is_told(void **state) {
  fixture *f = *state;
  ox_folder *inbox = open_special(f, OX_SPECIAL_INBOX);
  ox_id id = add_message(f, inbox, "shared", 0);
  ox_item *a = open_item(f, id, OX_OPEN_READ_WRITE), *b = open_item(f, id, OX_OPEN_READ_WRITE);
  set_text(f, ox_item_object(a), OX_PidTagBody, "a");
  set_text(f, ox_item_object(b), OX_PidTagBody, "b");
  OK(ox_item_save(a, 0, NULL, &f->err));
  FAILS(ox_item_save(b, OX_SAVE_KEEP_OPEN_READ_WRITE, NULL, &f->err), OX_E_OBJECT_MODIFIED);
  OK(ox_item_save(b, OX_SAVE_FORCE, NULL, &f->err));
  ox_item_close(a);
  a = open_item(f, id, OX_OPEN_READ_WRITE);
  assert_string_equal(get_text(f, ox_item_object(a), OX_PidTagBody), "b");
  OK(ox_folder_delete_messages(inbox, &id, 1, 0, NULL, &f->err));
  set_text(f, ox_item_object(a), OX_PidTagBody, "late");
  FAILS(ox_item_save(a, 0, NULL, &f->err), OX_E_OBJECT_DELETED);
  ox_item_close(a);
  ox_item_close(b);
  ox_folder_close(inbox);
}

static void add_recipient(fixture *f, ox_item *item, uint32_t row, const char *name, int32_t type) {
  ox_propbag bag;
  ox_propbag_init(&bag, &f->arena);
  OK(ox_propbag_set_utf8(&bag, OX_PidTagDisplayName, name));
  OK(ox_propbag_set_utf8(&bag, OX_PidTagEmailAddress, name));
  OK(ox_propbag_set_i32(&bag, OX_PidTagRecipientType, type));
  ox_recipient_change change = {row, &bag};
  OK(ox_item_modify_recipients(item, &change, 1, &f->err));
}

static void test_recipients__change_by_row(void **state) {
  fixture *f = *state;
  ox_folder *inbox = open_special(f, OX_SPECIAL_INBOX);
  ox_item *item;
  ox_id id;
  OK(ox_item_create(inbox, false, 0, &item, &f->err));
  add_recipient(f, item, 5, "Carol", OX_RECIPIENT_CC);
  add_recipient(f, item, 1, "Bob", OX_RECIPIENT_TO);
  add_recipient(f, item, 3, "Dan", OX_RECIPIENT_TO);
  OK(ox_item_save(item, OX_SAVE_KEEP_OPEN_READ_WRITE, &id, &f->err));
  assert_string_equal(get_text(f, ox_item_object(item), OX_PidTagDisplayTo), "Bob; Dan");
  assert_string_equal(get_text(f, ox_item_object(item), OX_PidTagDisplayCc), "Carol");
  ox_recipient_change gone = {3, NULL};
  OK(ox_item_modify_recipients(item, &gone, 1, &f->err));
  add_recipient(f, item, 1, "Bobby", OX_RECIPIENT_TO);
  OK(ox_item_save(item, 0, NULL, &f->err));
  ox_item_close(item);
  item = open_item(f, id, OX_OPEN_READ_WRITE);
  ox_recipient *list;
  size_t count;
  OK(ox_item_recipients(item, 0, 0, &f->arena, &list, &count, &f->err));
  assert_int_equal(count, 2);
  assert_int_equal(ox_propbag_i32(&list[0].properties, OX_PidTagRowid, -1), 1);
  assert_string_equal(ox_propbag_utf8(&list[0].properties, OX_PidTagDisplayName, &f->arena, ""),
                      "Bobby");
  assert_int_equal(ox_propbag_i32(&list[1].properties, OX_PidTagRowid, -1), 5);
  OK(ox_item_recipients(item, 2, 1, &f->arena, &list, &count, &f->err));
  assert_int_equal(count, 1);
  OK(ox_item_remove_recipients(item, &f->err));
  OK(ox_item_save(item, OX_SAVE_KEEP_OPEN_READ_ONLY, NULL, &f->err));
  OK(ox_item_recipients(item, 0, 0, &f->arena, &list, &count, &f->err));
  assert_int_equal(count, 0);
  assert_string_equal(get_text(f, ox_item_object(item), OX_PidTagDisplayTo), "");
  ox_item_close(item);
  ox_folder_close(inbox);
}

static void fill(uint8_t *data, size_t size, unsigned seed) {
  for (size_t i = 0; i < size; i++) data[i] = (uint8_t)((i * 31 + i / 4099 + seed) & 0xFF);
}

static void write_stream(fixture *f, ox_object *object, ox_proptag tag, size_t size,
                         unsigned seed) {
  uint8_t *data = malloc(size + 1);
  ox_stream *stream;
  fill(data, size, seed);
  OK(ox_stream_open(object, tag, OX_STREAM_CREATE, &stream, NULL, &f->err));
  for (size_t at = 0; at < size; at += 30000)
    OK(ox_stream_write(stream, data + at, size - at < 30000 ? size - at : 30000, &f->err));
  OK(ox_stream_commit(stream, &f->err));
  ox_stream_close(stream);
  free(data);
}

static void check_stream(fixture *f, ox_object *object, ox_proptag tag, size_t size,
                         unsigned seed) {
  uint8_t *want = malloc(size + 1), *got = malloc(size + 1);
  ox_stream *stream;
  uint64_t told = 0;
  fill(want, size, seed);
  OK(ox_stream_open(object, tag, OX_STREAM_READ_ONLY, &stream, &told, &f->err));
  assert_int_equal(told, size);
  for (size_t at = 0; at < size;) {
    size_t part = 0;
    OK(ox_stream_read(stream, got + at, size - at < 7777 ? size - at : 7777, &part, &f->err));
    assert_true(part > 0);
    at += part;
  }
  assert_memory_equal(want, got, size);
  size_t rest = 1;
  OK(ox_stream_read(stream, got, 1, &rest, &f->err));
  assert_int_equal(rest, 0);
  FAILS(ox_stream_write(stream, got, 1, &f->err), OX_E_STREAM_ACCESS_DENIED);
  ox_stream_close(stream);
  free(want);
  free(got);
}

static void test_stream__large_values_survive(void **state) {
  fixture *f = *state;
  ox_folder *inbox = open_special(f, OX_SPECIAL_INBOX);
  static const size_t sizes[] = {0, 1, 32768, 32769, 65536, 65537, 200000, 3 * 1024 * 1024 + 5};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    ox_item *item;
    ox_id id;
    OK(ox_item_create(inbox, false, 0, &item, &f->err));
    write_stream(f, ox_item_object(item), OX_PidTagHtml, sizes[i], (unsigned)i);
    check_stream(f, ox_item_object(item), OX_PidTagHtml, sizes[i], (unsigned)i);
    OK(ox_item_save(item, OX_SAVE_KEEP_OPEN_READ_WRITE, &id, &f->err));
    check_stream(f, ox_item_object(item), OX_PidTagHtml, sizes[i], (unsigned)i);
    /* A save that changes something else keeps it. */
    set_text(f, ox_item_object(item), OX_PidTagSubject, "touched");
    OK(ox_item_save(item, 0, NULL, &f->err));
    ox_item_close(item);
    item = open_item(f, id, OX_OPEN_READ_WRITE);
    check_stream(f, ox_item_object(item), OX_PidTagHtml, sizes[i], (unsigned)i);
    ox_proptag tag = OX_PidTagHtml;
    ox_property value;
    OK(ox_object_get(ox_item_object(item), &tag, 1, 1000, &f->arena, &value, &f->err));
    if (sizes[i] > 1000) {
      assert_int_equal(OX_PROPTAG_TYPE(value.tag), OX_PTYP_ERROR_CODE);
      assert_int_equal(value.value.error, OX_E_NOT_ENOUGH_MEMORY);
    } else {
      assert_int_equal(value.value.binary.size_bytes, sizes[i]);
    }
    ox_item_close(item);
    if (i % 2 == 0)
      OK(ox_folder_delete_messages(inbox, &id, 1, OX_DELETE_MESSAGES_HARD, NULL, &f->err));
  }
  ox_folder_close(inbox);
}

static void test_stream__seek_overwrite_resize_clone(void **state) {
  fixture *f = *state;
  ox_folder *inbox = open_special(f, OX_SPECIAL_INBOX);
  ox_item *item;
  ox_id id;
  OK(ox_item_create(inbox, false, 0, &item, &f->err));
  write_stream(f, ox_item_object(item), OX_PidTagHtml, 100000, 3);
  OK(ox_item_save(item, OX_SAVE_KEEP_OPEN_READ_WRITE, &id, &f->err));
  ox_stream *stream, *clone;
  uint64_t position, size;
  char buffer[8];
  size_t got;
  OK(ox_stream_open(ox_item_object(item), OX_PidTagHtml, OX_STREAM_READ_WRITE, &stream, &size,
                    &f->err));
  assert_int_equal(size, 100000);
  OK(ox_stream_seek(stream, OX_SEEK_END, -4, &position, &f->err));
  assert_int_equal(position, 99996);
  FAILS(ox_stream_seek(stream, OX_SEEK_CURRENT, -100000, NULL, &f->err), OX_E_STREAM_SEEK_ERROR);
  OK(ox_stream_write(stream, "ABCDEFGH", 8, &f->err));
  OK(ox_stream_size(stream, &size, &f->err));
  assert_int_equal(size, 100004);
  OK(ox_stream_clone(stream, &clone, &f->err));
  OK(ox_stream_seek(clone, OX_SEEK_END, -8, NULL, &f->err));
  OK(ox_stream_read(clone, buffer, 8, &got, &f->err));
  assert_memory_equal(buffer, "ABCDEFGH", 8);
  OK(ox_stream_set_size(stream, 2000000, &f->err));
  OK(ox_stream_set_size(stream, 99998, &f->err));
  ox_stream_close(clone);
  ox_stream_close(stream);
  OK(ox_item_save(item, 0, NULL, &f->err));
  ox_item_close(item);
  item = open_item(f, id, OX_OPEN_READ_ONLY);
  OK(ox_stream_open(ox_item_object(item), OX_PidTagHtml, OX_STREAM_READ_ONLY, &stream, &size,
                    &f->err));
  assert_int_equal(size, 99998);
  OK(ox_stream_seek(stream, OX_SEEK_END, -2, NULL, &f->err));
  OK(ox_stream_read(stream, buffer, 8, &got, &f->err));
  assert_int_equal(got, 2);
  assert_memory_equal(buffer, "AB", 2);
  ox_stream_close(stream);
  FAILS(ox_stream_open(ox_item_object(item), OX_PidTagHtml, OX_STREAM_READ_WRITE, &stream, NULL,
                       &f->err),
        OX_E_ACCESS_DENIED);
  FAILS(ox_stream_open(ox_item_object(item), OX_PidTagImportance, OX_STREAM_READ_ONLY, &stream,
                       NULL, &f->err),
        OX_E_NO_SUPPORT);
  FAILS(ox_stream_open(ox_item_object(item), OX_PidTagRtfCompressed, OX_STREAM_READ_ONLY, &stream,
                       NULL, &f->err),
        OX_E_NOT_FOUND);
  ox_item_close(item);
  ox_folder_close(inbox);
}

static void test_attachment__life(void **state) {
  fixture *f = *state;
  ox_folder *inbox = open_special(f, OX_SPECIAL_INBOX);
  ox_item *item;
  ox_item_attachment *attachment;
  ox_id id;
  uint32_t number = 99;
  OK(ox_item_create(inbox, false, 0, &item, &f->err));
  for (uint32_t i = 0; i < 3; i++) {
    OK(ox_attachment_create(item, &attachment, &number, &f->err));
    assert_int_equal(number, i);
    set_text(f, ox_attachment_object(attachment), OX_PidTagAttachLongFilename,
             i == 0 ? "one.bin" : "other.bin");
    set_i32(f, ox_attachment_object(attachment), OX_PidTagAttachMethod, 1);
    write_stream(f, ox_attachment_object(attachment), OX_PidTagAttachDataBinary, 50000 * i + 10, i);
    /* An attachment that is not saved is not there. */
    if (i < 2) OK(ox_attachment_save(attachment, 0, &f->err));
    ox_attachment_close(attachment);
  }
  OK(ox_item_save(item, OX_SAVE_KEEP_OPEN_READ_WRITE, &id, &f->err));
  assert_true(get(f, ox_item_object(item), OX_PidTagHasAttachments).boolean);
  assert_int_equal(get(f, ox_item_object(item), OX_PidTagMessageFlags).i32 & 0x10, 0x10);
  ox_item_close(item);

  item = open_item(f, id, OX_OPEN_READ_WRITE);
  uint32_t *numbers;
  size_t count;
  OK(ox_item_attachment_numbers(item, &f->arena, &numbers, &count, &f->err));
  assert_int_equal(count, 2);
  ox_table *table;
  OK(ox_item_attachments(item, 0, &table, &f->err));
  static const ox_proptag columns[] = {OX_PidTagAttachNumber, OX_PidTagAttachLongFilename,
                                       OX_PidTagAttachSize};
  OK(ox_table_set_columns(table, columns, 3, &f->err));
  ox_property *rows;
  OK(ox_table_query_rows(table, 0, true, 10, &f->arena, &rows, &count, NULL, &f->err));
  assert_int_equal(count, 2);
  assert_string_equal(ox_str16_utf8(&f->arena, rows[1].value.string), "one.bin");
  assert_true(rows[5].value.i32 >= 50010);
  ox_table_close(table);
  OK(ox_attachment_open(item, 1, OX_OPEN_READ_WRITE, &attachment, &f->err));
  check_stream(f, ox_attachment_object(attachment), OX_PidTagAttachDataBinary, 50010, 1);
  write_stream(f, ox_attachment_object(attachment), OX_PidTagAttachDataBinary, 40000, 7);
  OK(ox_attachment_save(attachment, OX_SAVE_KEEP_OPEN_READ_WRITE, &f->err));
  ox_attachment_close(attachment);
  OK(ox_attachment_delete(item, 0, &f->err));
  FAILS(ox_attachment_delete(item, 0, &f->err), OX_E_NOT_FOUND);
  FAILS(ox_attachment_open(item, 0, OX_OPEN_READ_ONLY, &attachment, &f->err), OX_E_NOT_FOUND);
  OK(ox_item_save(item, 0, NULL, &f->err));
  ox_item_close(item);
  item = open_item(f, id, OX_OPEN_READ_ONLY);
  OK(ox_attachment_open(item, 1, OX_OPEN_READ_ONLY, &attachment, &f->err));
  check_stream(f, ox_attachment_object(attachment), OX_PidTagAttachDataBinary, 40000, 7);
  ox_attachment_close(attachment);
  ox_item_close(item);
  ox_folder_close(inbox);
}

static void test_attachment__embedded_messages(void **state) {
  fixture *f = *state;
  ox_folder *inbox = open_special(f, OX_SPECIAL_INBOX);
  ox_item *item, *inner, *innermost;
  ox_item_attachment *attachment, *deeper;
  ox_id id;
  OK(ox_item_create(inbox, false, 0, &item, &f->err));
  OK(ox_attachment_create(item, &attachment, NULL, &f->err));
  set_i32(f, ox_attachment_object(attachment), OX_PidTagAttachMethod, 5);
  FAILS(ox_attachment_open_embedded(attachment, OX_OPEN_READ_WRITE, &inner, &f->err),
        OX_E_NOT_FOUND);
  OK(ox_attachment_open_embedded(attachment, OX_OPEN_CREATE, &inner, &f->err));
  set_text(f, ox_item_object(inner), OX_PidTagSubject, "inside");
  add_recipient(f, inner, 0, "Eve", OX_RECIPIENT_TO);
  OK(ox_attachment_create(inner, &deeper, NULL, &f->err));
  set_i32(f, ox_attachment_object(deeper), OX_PidTagAttachMethod, 5);
  OK(ox_attachment_open_embedded(deeper, OX_OPEN_CREATE, &innermost, &f->err));
  set_text(f, ox_item_object(innermost), OX_PidTagSubject, "deepest");
  write_stream(f, ox_item_object(innermost), OX_PidTagHtml, 70000, 1);
  OK(ox_item_save(innermost, 0, NULL, &f->err));
  ox_item_close(innermost);
  OK(ox_attachment_save(deeper, 0, &f->err));
  ox_attachment_close(deeper);
  OK(ox_item_save(inner, 0, NULL, &f->err));
  ox_item_close(inner);
  OK(ox_attachment_save(attachment, 0, &f->err));
  ox_attachment_close(attachment);
  OK(ox_item_save(item, 0, &id, &f->err));
  ox_item_close(item);

  for (int pass = 0; pass < 2; pass++) {
    item = open_item(f, id, OX_OPEN_READ_WRITE);
    OK(ox_attachment_open(item, 0, OX_OPEN_READ_WRITE, &attachment, &f->err));
    OK(ox_attachment_open_embedded(attachment, OX_OPEN_READ_WRITE, &inner, &f->err));
    assert_string_equal(get_text(f, ox_item_object(inner), OX_PidTagSubject),
                        pass == 0 ? "inside" : "changed");
    assert_string_equal(get_text(f, ox_item_object(inner), OX_PidTagDisplayTo), "Eve");
    assert_int_equal(get_error(f, ox_item_object(inner), OX_PidTagMid), OX_E_NOT_FOUND);
    OK(ox_attachment_open(inner, 0, OX_OPEN_READ_ONLY, &deeper, &f->err));
    OK(ox_attachment_open_embedded(deeper, OX_OPEN_READ_ONLY, &innermost, &f->err));
    assert_string_equal(get_text(f, ox_item_object(innermost), OX_PidTagSubject), "deepest");
    check_stream(f, ox_item_object(innermost), OX_PidTagHtml, 70000, 1);
    ox_item_close(innermost);
    ox_attachment_close(deeper);
    if (pass == 0) {
      set_text(f, ox_item_object(inner), OX_PidTagSubject, "changed");
      OK(ox_item_save(inner, 0, NULL, &f->err));
      OK(ox_attachment_save(attachment, 0, &f->err));
      OK(ox_item_save(item, 0, NULL, &f->err));
    } else {
      /* A copy has its own of everything. */
      ox_folder *drafts = open_special(f, OX_SPECIAL_DRAFTS);
      ox_id copy = 0;
      OK(ox_folder_move_messages(inbox, drafts, &id, 1, true, &copy, NULL, &f->err));
      OK(ox_folder_delete_messages(inbox, &id, 1, OX_DELETE_MESSAGES_HARD, NULL, &f->err));
      id = copy;
      ox_folder_close(drafts);
    }
    ox_item_close(inner);
    ox_attachment_close(attachment);
    ox_item_close(item);
  }
  item = open_item(f, id, OX_OPEN_READ_ONLY);
  ox_message *whole;
  OK(ox_item_export(item, 1000, &whole, &f->err));
  assert_int_equal(whole->attachment_count, 1);
  ox_message *embedded = whole->attachments[0].embedded;
  assert_non_null(embedded);
  assert_int_equal(embedded->recipient_count, 1);
  ox_message *deepest = embedded->attachments[0].embedded;
  assert_string_equal(ox_propbag_utf8(&deepest->properties, OX_PidTagSubject, &f->arena, ""),
                      "deepest");
  assert_int_equal(deepest->large_value_count, 1);
  assert_int_equal(deepest->large_values[0].source->size_bytes, 70000);
  ox_item_close(item);
  /* In again, sources and all. */
  ox_id imported;
  OK(ox_folder_import(inbox, whole, 0, &imported, &f->err));
  ox_message_free(whole);
  item = open_item(f, imported, OX_OPEN_READ_ONLY);
  OK(ox_attachment_open(item, 0, OX_OPEN_READ_ONLY, &attachment, &f->err));
  OK(ox_attachment_open_embedded(attachment, OX_OPEN_READ_ONLY, &inner, &f->err));
  OK(ox_attachment_open(inner, 0, OX_OPEN_READ_ONLY, &deeper, &f->err));
  OK(ox_attachment_open_embedded(deeper, OX_OPEN_READ_ONLY, &innermost, &f->err));
  check_stream(f, ox_item_object(innermost), OX_PidTagHtml, 70000, 1);
  ox_item_close(innermost);
  ox_attachment_close(deeper);
  ox_item_close(inner);
  ox_attachment_close(attachment);
  ox_item_close(item);
  ox_folder_close(inbox);
}

static void test_message__read_flags_and_counts(void **state) {
  fixture *f = *state;
  ox_folder *inbox = open_special(f, OX_SPECIAL_INBOX);
  ox_id ids[3];
  for (int i = 0; i < 3; i++) ids[i] = add_message(f, inbox, "x", 0);
  ox_object *folder = ox_folder_object(inbox);
  OK(ox_folder_set_read_flags(inbox, ids, 2, OX_READ_FLAG_CLEAR_READ, NULL, &f->err));
  assert_int_equal(get(f, folder, OX_PidTagContentUnreadCount).i32, 2);
  ox_item *item = open_item(f, ids[0], OX_OPEN_READ_WRITE);
  ox_value change_key = get(f, ox_item_object(item), OX_PidTagChangeKey);
  bool changed = false;
  OK(ox_item_set_read_flag(item, OX_READ_FLAG_DEFAULT, &changed, &f->err));
  assert_true(changed);
  OK(ox_item_set_read_flag(item, OX_READ_FLAG_DEFAULT, &changed, &f->err));
  assert_false(changed);
  assert_true(get(f, ox_item_object(item), OX_PidTagRead).boolean);
  /* Reading is no change of the message: a save goes through and its key is the old one. */
  assert_true(
      ox_bytes_equal(change_key.binary, get(f, ox_item_object(item), OX_PidTagChangeKey).binary));
  set_text(f, ox_item_object(item), OX_PidTagBody, "b");
  OK(ox_item_save(item, 0, NULL, &f->err));
  ox_item_close(item);
  assert_int_equal(get(f, folder, OX_PidTagContentUnreadCount).i32, 1);
  OK(ox_folder_set_read_flags(inbox, NULL, 0, OX_READ_FLAG_CLEAR_READ, NULL, &f->err));
  assert_int_equal(get(f, folder, OX_PidTagContentUnreadCount).i32, 3);
  OK(ox_folder_delete_messages(inbox, ids, 1, 0, NULL, &f->err));
  assert_int_equal(get(f, folder, OX_PidTagContentUnreadCount).i32, 2);
  bool partial = false;
  OK(ox_folder_delete_messages(inbox, ids, 2, 0, &partial, &f->err));
  assert_true(partial);
  assert_int_equal(get(f, folder, OX_PidTagContentCount).i32, 1);
  uint32_t old = 99;
  OK(ox_folder_set_message_status(inbox, ids[2], 0x1001, 0x1001, &old, &f->err));
  assert_int_equal(old, 0);
  OK(ox_folder_set_message_status(inbox, ids[2], 0, 0x1, &old, &f->err));
  assert_int_equal(old, 0x1001);
  OK(ox_folder_get_message_status(inbox, ids[2], &old, &f->err));
  assert_int_equal(old, 0x1000);
  FAILS(ox_folder_get_message_status(inbox, 12345, &old, &f->err), OX_E_NOT_FOUND);
  /* Soft-deleted messages open on demand only. */
  FAILS(ox_item_open(f->mailbox, 0, ids[0], OX_OPEN_READ_ONLY, &item, &f->err), OX_E_NOT_FOUND);
  OK(ox_item_open(f->mailbox, 0, ids[0], OX_OPEN_SOFT_DELETED, &item, &f->err));
  ox_item_close(item);
  ox_folder_close(inbox);
}

static void test_message__move_gives_a_new_id(void **state) {
  fixture *f = *state;
  ox_folder *inbox = open_special(f, OX_SPECIAL_INBOX),
            *drafts = open_special(f, OX_SPECIAL_DRAFTS);
  ox_id ids[2] = {add_message(f, inbox, "moves", 0), 777}, made[2];
  bool partial = false;
  OK(ox_folder_move_messages(inbox, drafts, ids, 2, false, made, &partial, &f->err));
  assert_true(partial);
  assert_true(made[0] != 0 && made[0] != ids[0] && made[1] == 0);
  ox_item *item;
  FAILS(ox_item_open(f->mailbox, 0, ids[0], 0, &item, &f->err), OX_E_NOT_FOUND);
  item = open_item(f, made[0], OX_OPEN_READ_ONLY);
  assert_string_equal(get_text(f, ox_item_object(item), OX_PidTagSubject), "moves");
  assert_true(ox_item_folder_id(item) == ox_folder_id(drafts));
  ox_item_close(item);
  ox_folder_close(inbox);
  ox_folder_close(drafts);
}

static void test_copy__to_and_properties(void **state) {
  fixture *f = *state;
  ox_folder *inbox = open_special(f, OX_SPECIAL_INBOX);
  ox_item *a, *b;
  ox_item_attachment *attachment;
  OK(ox_item_create(inbox, false, 0, &a, &f->err));
  set_text(f, ox_item_object(a), OX_PidTagSubject, "source");
  write_stream(f, ox_item_object(a), OX_PidTagHtml, 90000, 2);
  add_recipient(f, a, 0, "Bob", OX_RECIPIENT_TO);
  OK(ox_attachment_create(a, &attachment, NULL, &f->err));
  write_stream(f, ox_attachment_object(attachment), OX_PidTagAttachDataBinary, 50000, 4);
  OK(ox_attachment_save(attachment, 0, &f->err));
  ox_attachment_close(attachment);
  OK(ox_item_save(a, OX_SAVE_KEEP_OPEN_READ_WRITE, NULL, &f->err));
  OK(ox_item_create(inbox, false, 0, &b, &f->err));
  ox_problems problems = {.arena = &f->arena};
  OK(ox_object_copy_to(ox_item_object(a), ox_item_object(b), 0, true, NULL, 0, &problems, &f->err));
  assert_int_equal(problems.count, 0);
  ox_id id;
  OK(ox_item_save(b, 0, &id, &f->err));
  ox_item_close(b);
  ox_id source_id = ox_item_id(a);
  ox_item_close(a);
  OK(ox_folder_delete_messages(inbox, &source_id, 1, OX_DELETE_MESSAGES_HARD, NULL, &f->err));
  b = open_item(f, id, OX_OPEN_READ_WRITE);
  assert_string_equal(get_text(f, ox_item_object(b), OX_PidTagSubject), "source");
  assert_string_equal(get_text(f, ox_item_object(b), OX_PidTagDisplayTo), "Bob");
  check_stream(f, ox_item_object(b), OX_PidTagHtml, 90000, 2);
  OK(ox_attachment_open(b, 0, OX_OPEN_READ_ONLY, &attachment, &f->err));
  check_stream(f, ox_attachment_object(attachment), OX_PidTagAttachDataBinary, 50000, 4);
  ox_attachment_close(attachment);
  /* Single properties, without overwriting. */
  OK(ox_item_create(inbox, false, 0, &a, &f->err));
  set_text(f, ox_item_object(a), OX_PidTagSubject, "other");
  static const ox_proptag tags[] = {OX_PidTagSubject, OX_PidTagHtml, OX_PidTagBody};
  OK(ox_object_copy_properties(ox_item_object(b), ox_item_object(a), OX_COPY_NO_OVERWRITE, tags, 3,
                               &problems, &f->err));
  assert_int_equal(problems.count, 2); /* there already; not found */
  check_stream(f, ox_item_object(a), OX_PidTagHtml, 90000, 2);
  FAILS(ox_object_copy_to(ox_folder_object(inbox), ox_item_object(a), 0, false, NULL, 0, NULL,
                          &f->err),
        OX_E_NO_SUPPORT);
  ox_item_close(a);
  ox_item_close(b);
  ox_folder_close(inbox);
}

static void test_import__keeps_names_and_times(void **state) {
  fixture *f = *state;
  ox_folder *inbox = open_special(f, OX_SPECIAL_INBOX);
  ox_message *message = ox_message_new(NULL);
  ox_property_name name = {.kind = OX_NAME_KIND_STRING, .guid = OX_PSETID_PUBLIC_STRINGS};
  OK(ox_str16_from_utf8(&f->arena, ox_str8_from("x-test"), &name.name));
  uint16_t local = ox_message_name_id(message, &name);
  OK(ox_propbag_set_utf8(&message->properties, OX_PROPTAG(local, OX_PTYP_STRING), "named value"));
  OK(ox_propbag_set_utf8(&message->properties, OX_PidTagSubject, "FW: imported"));
  OK(ox_propbag_set_time(&message->properties, OX_PidTagMessageDeliveryTime, 130000000000000000));
  OK(ox_propbag_set_time(&message->properties, OX_PidTagCreationTime, 120000000000000000));
  ox_attachment *attachment = ox_message_add_attachment(message);
  uint8_t data[100000];
  fill(data, sizeof data, 9);
  attachment->source = ox_source_from_bytes(NULL, data, sizeof data, true);
  OK(ox_propbag_set_i32(&attachment->properties, OX_PidTagAttachMethod, 1));
  ox_id id;
  OK(ox_folder_import(inbox, message, OX_IMPORT_UNREAD, &id, &f->err));
  ox_message_free(message);
  assert_int_equal(get(f, ox_folder_object(inbox), OX_PidTagContentUnreadCount).i32, 1);
  ox_item *item = open_item(f, id, OX_OPEN_READ_ONLY);
  uint16_t stored;
  OK(ox_mailbox_names_to_ids(f->mailbox, &name, 1, false, &stored, &f->err));
  assert_string_equal(get_text(f, ox_item_object(item), OX_PROPTAG(stored, OX_PTYP_STRING)),
                      "named value");
  assert_string_equal(get_text(f, ox_item_object(item), OX_PidTagNormalizedSubject), "imported");
  assert_true(get(f, ox_item_object(item), OX_PidTagCreationTime).time == 120000000000000000);
  assert_true(get(f, ox_item_object(item), OX_PidTagMessageDeliveryTime).time ==
              130000000000000000);
  ox_message *out;
  OK(ox_item_export(item, 0, &out, &f->err));
  uint16_t back = ox_message_find_name(out, &name);
  assert_true(back >= 0x8000);
  assert_string_equal(
      ox_propbag_utf8(&out->properties, OX_PROPTAG(back, OX_PTYP_STRING), &f->arena, ""),
      "named value");
  assert_int_equal(
      ox_propbag_binary(&out->attachments[0].properties, OX_PidTagAttachDataBinary).size_bytes,
      sizeof data);
  ox_message_free(out);
  ox_item_close(item);
  ox_folder_close(inbox);
}

static void test_properties__list_and_all(void **state) {
  fixture *f = *state;
  ox_folder *inbox = open_special(f, OX_SPECIAL_INBOX);
  ox_id id = add_message(f, inbox, "all", 0);
  ox_item *item = open_item(f, id, OX_OPEN_READ_WRITE);
  ox_object *object = ox_item_object(item);
  write_stream(f, object, OX_PidTagHtml, 80000, 0);
  ox_property *all;
  ox_proptag *tags;
  size_t count, tag_count;
  bool html = false, subject = false;
  OK(ox_object_get_all(object, 1000, &f->arena, &all, &count, &f->err));
  OK(ox_object_list(object, &f->arena, &tags, &tag_count, &f->err));
  assert_int_equal(count, tag_count);
  for (size_t i = 0; i < count; i++) {
    html |= OX_PROPTAG_ID(all[i].tag) == OX_PROPTAG_ID(OX_PidTagHtml) &&
            OX_PROPTAG_TYPE(all[i].tag) == OX_PTYP_ERROR_CODE;
    subject |= all[i].tag == OX_PidTagSubject;
  }
  assert_true(html && subject);
  ox_property bad = {.tag = OX_PidTagEntryId};
  ox_problems problems = {.arena = &f->arena};
  OK(ox_object_set(object, &bad, 1, &problems, &f->err));
  assert_int_equal(problems.count, 1);
  ox_proptag gone[] = {OX_PidTagHtml, OX_PidTagSubject, OX_PidTagComment};
  OK(ox_object_delete(object, gone, 3, &problems, &f->err));
  OK(ox_item_save(item, OX_SAVE_KEEP_OPEN_READ_ONLY, NULL, &f->err));
  assert_int_equal(get_error(f, object, OX_PidTagHtml), OX_E_NOT_FOUND);
  assert_int_equal(get_error(f, object, OX_PidTagNormalizedSubject), OX_E_NOT_FOUND);
  ox_item_close(item);
  ox_folder_close(inbox);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_message__create_save_open),           TEST(test_message__second_writer_is_told),
      TEST(test_message__read_flags_and_counts),      TEST(test_message__move_gives_a_new_id),
      TEST(test_recipients__change_by_row),           TEST(test_stream__large_values_survive),
      TEST(test_stream__seek_overwrite_resize_clone), TEST(test_attachment__life),
      TEST(test_attachment__embedded_messages),       TEST(test_copy__to_and_properties),
      TEST(test_import__keeps_names_and_times),       TEST(test_properties__list_and_all),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
