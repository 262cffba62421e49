/* Messages that clients made, to MIME. */
#include "support.h"

static ox_message *new_message(void) {
  ox_message *m = ox_message_new(NULL);
  assert_non_null(m);
  assert_int_equal(ox_propbag_set_utf8(&m->properties, OX_PidTagMessageClass, "IPM.Note"), OX_OK);
  assert_int_equal(ox_propbag_set_utf8(&m->properties, OX_PidTagSentRepresentingName, "Alice"),
                   OX_OK);
  assert_int_equal(ox_propbag_set_utf8(&m->properties, OX_PidTagSentRepresentingSmtpAddress,
                                       "alice@example.test"),
                   OX_OK);
  return m;
}

static void set(ox_message *m, ox_proptag tag, const char *text) {
  assert_int_equal(ox_propbag_set_utf8(&m->properties, tag, text), OX_OK);
}

static void add_recipient(ox_message *m, int32_t type, const char *name, const char *address) {
  ox_recipient *one = ox_message_add_recipient(m);
  assert_non_null(one);
  assert_int_equal(ox_propbag_set_i32(&one->properties, OX_PidTagRecipientType, type), OX_OK);
  assert_int_equal(ox_propbag_set_utf8(&one->properties, OX_PidTagDisplayName, name), OX_OK);
  if (address == NULL) return;
  assert_int_equal(ox_propbag_set_utf8(&one->properties, OX_PidTagSmtpAddress, address), OX_OK);
}

static ox_attachment *add_file(ox_message *m, const char *name, const char *data) {
  ox_attachment *one = ox_message_add_attachment(m);
  assert_non_null(one);
  assert_int_equal(ox_propbag_set_i32(&one->properties, OX_PidTagAttachMethod, 1), OX_OK);
  assert_int_equal(ox_propbag_set_utf8(&one->properties, OX_PidTagAttachLongFilename, name), OX_OK);
  assert_int_equal(
      ox_propbag_set_binary(&one->properties, OX_PidTagAttachDataBinary, data, strlen(data)),
      OX_OK);
  return one;
}

static void test_export__smallest_message(void **state) {
  (void)state;
  ox_message *m = ox_message_new(NULL);
  char *mime = export_text(m, 0);
  assert_string_equal(mime,
                      "MIME-Version: 1.0\nContent-Type: text/plain; charset=us-ascii\n"
                      "Content-Transfer-Encoding: 7bit\n\n");
  free(mime);
  ox_message_free(m);
}

static void test_export__plain_message(void **state) {
  (void)state;
  ox_message *m = new_message();
  set(m, OX_PidTagSubject, "Lunch?");
  set(m, OX_PidTagBody, "Hi,\r\n\r\nsee you.\r\n");
  set(m, OX_PidTagInternetMessageId, "<1@example.test>");
  add_recipient(m, 1, "Bob", "bob@example.test");
  assert_int_equal(ox_propbag_set_time(&m->properties, OX_PidTagClientSubmitTime,
                                       ox_filetime_from_unix(1767600862, 0)),
                   OX_OK);
  char *mime = export_text(m, 0);
  assert_string_equal(mime,
                      "From: Alice <alice@example.test>\nTo: Bob <bob@example.test>\n"
                      "Subject: Lunch?\nDate: Mon, 05 Jan 2026 08:14:22 +0000\n"
                      "Message-ID: <1@example.test>\nMIME-Version: 1.0\n"
                      "Content-Type: text/plain; charset=us-ascii\n"
                      "Content-Transfer-Encoding: 7bit\n\nHi,\n\nsee you.\n");
  free(mime);
  ox_message_free(m);
}

static void test_export__date_and_message_id_of_the_options(void **state) {
  (void)state;
  ox_message *m = new_message();
  ox_mime_export_options options = OX_MIME_EXPORT_OPTIONS_INIT;
  options.date = ox_filetime_from_unix(1767600862, 0);
  options.message_id = "<made@example.test>";
  ox_writer w;
  ox_writer_init(&w, NULL, 10000);
  assert_int_equal(ox_mime_export(m, &options, &w, NULL), OX_OK);
  ox_write_u8(&w, 0);
  const char *mime = (const char *)ox_writer_bytes(&w).data;
  assert_contains(mime, "\r\nDate: Mon, 05 Jan 2026 08:14:22 +0000\r\n");
  assert_contains(mime, "\r\nMessage-ID: <made@example.test>\r\n");
  ox_writer_dispose(&w);
  ox_message_free(m);
}

static void test_export__bcc_only_when_asked(void **state) {
  (void)state;
  ox_message *m = new_message();
  add_recipient(m, 3, "Bob", "bob@example.test");
  char *mime = export_text(m, 0);
  assert_lacks(mime, "bob");
  free(mime);
  mime = export_text(m, OX_MIME_EXPORT_BCC);
  assert_contains(mime, "\nBcc: Bob <bob@example.test>\n");
  free(mime);
  ox_message_free(m);
}

static void test_export__sender_differs(void **state) {
  (void)state;
  ox_message *m = new_message();
  set(m, OX_PidTagSenderName, "Dana");
  set(m, OX_PidTagSenderSmtpAddress, "dana@example.test");
  char *mime = export_text(m, 0);
  assert_contains(mime, "From: Alice <alice@example.test>\nSender: Dana <dana@example.test>\n");
  free(mime);
  set(m, OX_PidTagSenderSmtpAddress, "ALICE@example.test");
  mime = export_text(m, 0);
  assert_lacks(mime, "Sender:");
  free(mime);
  ox_message_free(m);
}

static void test_export__recipient_without_an_smtp_address(void **state) {
  (void)state;
  ox_message *m = new_message();
  add_recipient(m, 1, "Old System", NULL);
  ox_propbag *bag = &m->recipients[0].properties;
  assert_int_equal(ox_propbag_set_utf8(bag, OX_PidTagAddressType, "EX"), OX_OK);
  assert_int_equal(ox_propbag_set_utf8(bag, OX_PidTagEmailAddress, "/o=x/cn=old"), OX_OK);
  char *mime = export_text(m, 0);
  assert_contains(mime, "\nTo: Old System:;\n");
  free(mime);
  ox_message_free(m);
}

static const char *address_book(const char *type, const char *address, void *user) {
  (*(int *)user)++;
  assert_string_equal(type, "EX");
  return strcmp(address, "/o=x/cn=known") == 0 ? "known@example.test" : NULL;
}

static void test_export__addresses_of_another_type(void **state) {
  (void)state;
  ox_message *m = new_message();
  static const char *const names[] = {"/o=x/cn=known", "/o=x/cn=a b"};
  for (size_t i = 0; i < 2; i++) {
    add_recipient(m, 1, "Old", NULL);
    ox_propbag *bag = &m->recipients[i].properties;
    assert_int_equal(ox_propbag_set_utf8(bag, OX_PidTagAddressType, "EX"), OX_OK);
    assert_int_equal(ox_propbag_set_utf8(bag, OX_PidTagEmailAddress, names[i]), OX_OK);
  }
  int calls = 0;
  ox_mime_export_options options = OX_MIME_EXPORT_OPTIONS_INIT;
  options.smtp_address = address_book;
  options.smtp_address_user = &calls;
  options.encapsulation_domain = "example.test";
  ox_writer w;
  ox_writer_init(&w, NULL, 10000);
  assert_int_equal(ox_mime_export(m, &options, &w, NULL), OX_OK);
  ox_write_u8(&w, 0);
  const char *mime = (const char *)ox_writer_bytes(&w).data;
  assert_contains(mime, "To: Old <known@example.test>,");
  assert_contains(mime, "<IMCEAEX-_o=x_cn=a+20b@example.test>");
  assert_int_equal(calls, 2);
  ox_mime_import_options in = OX_MIME_IMPORT_OPTIONS_INIT;
  in.encapsulation_domain = "example.test";
  ox_message *again = NULL;
  assert_int_equal(
      ox_mime_import((ox_bytes){(const uint8_t *)mime, strlen(mime)}, &in, &again, NULL), OX_OK);
  assert_string_equal(recipient_text(again, 0, OX_PidTagAddressType), "SMTP");
  assert_string_equal(recipient_text(again, 1, OX_PidTagAddressType), "EX");
  assert_string_equal(recipient_text(again, 1, OX_PidTagEmailAddress), "/o=x/cn=a b");
  ox_message_free(again);
  ox_writer_dispose(&w);
  ox_message_free(m);
}

/* No value can begin a field, end the header or pass for an address. */
static void test_export__injection(void **state) {
  (void)state;
  ox_message *m = new_message();
  set(m, OX_PidTagSubject, "one\r\nBcc: eve@example.test\r\n\r\nbody");
  set(m, OX_PidTagInternetMessageId, "<x>\nX-Evil: 1");
  add_recipient(m, 1, "Bob\r\nX-Evil: 2", "bob@example.test>,<eve@example.test");
  add_recipient(m, 1, "\"quoted\" \\ name, with comma", "carol@example.test");
  ox_property_name key = {.kind = OX_NAME_KIND_STRING, .guid = OX_PSETID_INTERNET_HEADERS};
  assert_int_equal(ox_str16_from_utf8(&m->arena, ox_str8_from("X-Evil: 3\nX"), &key.name), OX_OK);
  uint16_t id = ox_message_name_id(m, &key);
  set(m, OX_PROPTAG(id, OX_PTYP_STRING), "v");
  ox_attachment *file = add_file(m, "a\"; x=y\r\nX-Evil: 4.txt", "x");
  assert_int_equal(
      ox_propbag_set_utf8(&file->properties, OX_PidTagAttachContentId, "i>\nX-Evil: 5"), OX_OK);
  assert_int_equal(
      ox_propbag_set_utf8(&file->properties, OX_PidTagAttachMimeTag, "text/plain\nX-Evil: 6"),
      OX_OK);
  char *mime = export_text(m, 0);
  assert_lacks(mime, "\nBcc:");
  assert_lacks(mime, "\nX-Evil");
  assert_contains(mime, "\nSubject: one  Bcc: eve@example.test    body\n");
  assert_contains(mime, "bob@example.testeve@example.test");
  assert_contains(mime, "\"\\\"quoted\\\" \\\\ name, with comma\" <carol@example.test>");
  free(mime);
  ox_message_free(m);
}

static void test_export__encoded_words_are_short(void **state) {
  (void)state;
  ox_message *m = new_message();
  char subject[3000] = "Re: ";
  for (int i = 0; i < 300; i++) strcat(subject, i % 7 == 3 ? " \xE6\x97\xA5" : "\xD0\x96z");
  set(m, OX_PidTagSubject, subject);
  add_recipient(m, 1, subject + 4, "bob@example.test");
  char *mime = export_text(m, 0);
  for (const char *line = mime; *line != 0;) {
    size_t n = strcspn(line, "\n");
    assert_true(n <= 78);
    line += n + (line[n] == '\n');
  }
  for (const char *word = mime; (word = strstr(word, "=?UTF-8?")) != NULL; word++)
    assert_true(strcspn(word, "\n >") <= 75);
  ox_message *again = import_text(mime);
  assert_string_equal(text_of(again, OX_PidTagSubject), subject);
  assert_string_equal(recipient_text(again, 0, OX_PidTagDisplayName), subject + 4);
  ox_message_free(again);
  free(mime);
  ox_message_free(m);
}

/* Header text comes back as it was, whatever stands in it. */
static void test_export__header_text_round_trip(void **state) {
  (void)state;
  static const char *const texts[] = {
      "plain",
      "two  blanks   three",
      "=?utf-8?q?not_a_word?=",
      "caf\xC3\xA9 au lait and something long enough to be folded at least once, maybe twice",
      "a long plain text at first that goes on and on until the line is nearly full \xE2\x82\xAC 5",
      "\xF0\x9F\x8C\x85 sunrise",
      "end \xE6\x97\xA5",
      "100% = all?_",
      "averyveryveryveryveryveryveryveryveryveryveryveryveryveryveryverylongwordwithoutanyblanks",
  };
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    ox_message *m = new_message();
    set(m, OX_PidTagSubject, texts[i]);
    add_recipient(m, 1, texts[i], "bob@example.test");
    char *mime = export_text(m, 0);
    ox_message *again = import_text(mime);
    assert_string_equal(text_of(again, OX_PidTagSubject), texts[i]);
    assert_string_equal(recipient_text(again, 0, OX_PidTagDisplayName), texts[i]);
    ox_message_free(again);
    free(mime);
    ox_message_free(m);
  }
}

static void test_export__text_codings(void **state) {
  (void)state;
  static const struct {
    const char *body, *coding, *encoded;
  } rows[] = {
      {"ascii\r\n", "7bit", "\n\nascii\n"},
      {"caf\xC3\xA9 and more plain text\r\n", "quoted-printable",
       "\n\ncaf=C3=A9 and more plain text\n"},
      {"From here\r\n", "quoted-printable", "\n\n=46rom here\n"},
      {"\xE6\x97\xA5\xE6\x9C\xAC", "base64", "\n\n5pel5pys\n"},
      {"see --=_OX_1\r\n", "quoted-printable", "\n\nsee --=3D_OX_1\n"},
      {"ends in blank \xC3\xA9 \r\nx", "quoted-printable", "\n\nends in blank =C3=A9=20\nx\n"}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    ox_message *m = new_message();
    set(m, OX_PidTagBody, rows[i].body);
    char *mime = export_text(m, 0);
    char coding[80];
    snprintf(coding, sizeof coding, "\nContent-Transfer-Encoding: %s\n", rows[i].coding);
    assert_contains(mime, coding);
    assert_contains(mime, rows[i].encoded);
    free(mime);
    ox_message_free(m);
  }
}

static void test_export__code_page_of_the_message(void **state) {
  (void)state;
  ox_message *m = new_message();
  set(m, OX_PidTagBody, "\xD0\x9F\xD1\x80\xD0\xB8, mostly plain text after it\r\n");
  assert_int_equal(ox_propbag_set_i32(&m->properties, OX_PidTagInternetCodepage, 20866), OX_OK);
  char *mime = export_text(m, 0);
  assert_contains(mime, "charset=koi8-r");
  assert_contains(mime, "=F0=D2=C9, mostly");
  free(mime);
  set(m, OX_PidTagBody, "\xD0\x9F \xE6\x97\xA5, mostly plain text after it\r\n");
  mime = export_text(m, 0);
  assert_contains(mime, "charset=utf-8");
  free(mime);
  ox_message_free(m);
}

static void test_export__unpaired_surrogates(void **state) {
  (void)state;
  ox_message *m = new_message();
  ox_value value = {.string = {(const uint8_t *)"a\0\x00\xD8"
                                                "b\0",
                               6}};
  assert_int_equal(ox_propbag_set(&m->properties, OX_PidTagBody, &value), OX_OK);
  assert_int_equal(ox_propbag_set(&m->properties, OX_PidTagSubject, &value), OX_OK);
  char *mime = export_text(m, 0);
  ox_message *again = import_text(mime);
  assert_contains(text_of(again, OX_PidTagBody), "a\xEF\xBF\xBD");
  assert_contains(text_of(again, OX_PidTagSubject), "\xEF\xBF\xBD");
  ox_message_free(again);
  free(mime);
  ox_message_free(m);
}

static void test_export__tree_of_parts(void **state) {
  (void)state;
  ox_message *m = new_message();
  set(m, OX_PidTagBody, "plain");
  assert_int_equal(
      ox_propbag_set_binary(&m->properties, OX_PidTagHtml, "<img src=\"cid:i@x\">", 19), OX_OK);
  assert_int_equal(ox_propbag_set_i32(&m->properties, OX_PidTagInternetCodepage, 65001), OX_OK);
  ox_attachment *image = add_file(m, "i.png", "PNG");
  assert_int_equal(ox_propbag_set_i32(&image->properties, OX_PidTagAttachFlags, 4), OX_OK);
  assert_int_equal(ox_propbag_set_utf8(&image->properties, OX_PidTagAttachContentId, "i@x"), OX_OK);
  assert_int_equal(ox_propbag_set_utf8(&image->properties, OX_PidTagAttachMimeTag, "image/png"),
                   OX_OK);
  add_file(m, "file.bin", "data");
  add_file(m, "Report.PDF", "data");
  ox_attachment *forwarded = ox_message_add_attachment(m);
  assert_non_null(forwarded);
  forwarded->embedded = new_message();
  set(forwarded->embedded, OX_PidTagSubject, "inner");
  char *mime = export_text(m, 0);
  static const char *const order[] = {"Content-Type: multipart/mixed;",
                                      "Content-Type: multipart/related;",
                                      "Content-Type: multipart/alternative;",
                                      "Content-Type: text/plain;",
                                      "Content-Type: text/html; charset=utf-8",
                                      "Content-Type: image/png; name=i.png",
                                      "Content-Disposition: inline; filename=i.png",
                                      "Content-ID: <i@x>",
                                      "Content-Type: application/octet-stream; name=file.bin",
                                      "Content-Disposition: attachment; filename=file.bin",
                                      "Content-Type: application/pdf; name=Report.PDF",
                                      "ZGF0YQ==",
                                      "Content-Type: message/rfc822",
                                      "Subject: inner"};
  const char *at = mime;
  for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
    assert_contains(at, order[i]);
    at = strstr(at, order[i]);
  }
  free(mime);
  ox_message_free(m);
}

static void test_export__alternative_on_request(void **state) {
  (void)state;
  ox_message *m = new_message();
  assert_int_equal(
      ox_propbag_set_binary(&m->properties, OX_PidTagHtml, "<p>Hello <b>Bob</b></p>", 23), OX_OK);
  char *mime = export_text(m, 0);
  assert_lacks(mime, "text/plain");
  free(mime);
  mime = export_text(m, OX_MIME_EXPORT_ALTERNATIVE);
  assert_contains(mime, "multipart/alternative");
  assert_contains(mime, "\n\nHello Bob\n");
  free(mime);
  ox_message_free(m);
}

static void test_export__boundaries_depend_on_content_and_seed(void **state) {
  (void)state;
  ox_message *m = new_message();
  set(m, OX_PidTagBody, "plain");
  add_file(m, "file.bin", "data");
  char *one = export_text(m, 0), *two = export_text(m, 0);
  assert_string_equal(one, two);
  free(two);
  ox_mime_export_options options = OX_MIME_EXPORT_OPTIONS_INIT;
  options.flags = OX_MIME_EXPORT_LF;
  options.boundary_seed = "another";
  ox_writer w;
  ox_writer_init(&w, NULL, 10000);
  assert_int_equal(ox_mime_export(m, &options, &w, NULL), OX_OK);
  assert_int_equal(ox_writer_bytes(&w).size_bytes, strlen(one));
  assert_memory_not_equal(ox_writer_bytes(&w).data, one, strlen(one));
  ox_writer_dispose(&w);
  free(one);
  ox_message_free(m);
}

/* A store keeps a copy, and header names in lower case. */
static void test_export__after_clone_and_lower_case_names(void **state) {
  (void)state;
  static const char *const files[] = {"03-alternative.eml", "04-inline-image.eml",
                                      "13-meeting-request.eml", "15-delivery-report.eml",
                                      "18-rfc2231-names.eml"};
  for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
    char path[300];
    snprintf(path, sizeof path, "%s/examples/mail/%s", OX_SOURCE_ROOT, files[i]);
    size_t size;
    char *mime = read_file(path, &size);
    ox_message *m = import_text(mime);
    ox_message *copy = NULL;
    assert_int_equal(ox_message_clone(m, 10 * 1024 * 1024, &copy), OX_OK);
    char *one = export_text(m, 0), *two = export_text(copy, 0);
    assert_string_equal(one, two);
    for (size_t k = 0; k < copy->name_count; k++) {
      ox_property_name *name = &copy->names[k];
      if (!ox_guid_equal(&name->guid, &OX_PSETID_INTERNET_HEADERS)) continue;
      uint8_t *letters = (uint8_t *)(uintptr_t)name->name.data;
      for (size_t b = 0; b < name->name.size_bytes; b += 2)
        if (letters[b] >= 'A' && letters[b] <= 'Z') letters[b] |= 0x20;
    }
    free(two);
    two = export_text(copy, 0);
    ox_message *first = import_text(one), *second = import_text(two);
    assert_int_equal(first->attachment_count, second->attachment_count);
    const char *type_one = header_of(first, "Content-Type");
    const char *type_two = header_of(second, "Content-Type");
    assert_true((type_one == NULL) == (type_two == NULL));
    assert_int_equal(first->name_count, second->name_count);
    ox_message_free(first);
    ox_message_free(second);
    free(one);
    free(two);
    free(mime);
    ox_message_free(copy);
    ox_message_free(m);
  }
}

static ox_status fail_read(ox_source *source, uint64_t offset, void *buffer, size_t capacity_bytes,
                           size_t *size_out, ox_error *err) {
  (void)source, (void)offset, (void)buffer, (void)capacity_bytes;
  *size_out = 0;
  return ox_error_set(err, OX_E_IO, "the disk is gone");
}

static void test_export__source_that_fails(void **state) {
  (void)state;
  ox_message *m = new_message();
  ox_attachment *one = ox_message_add_attachment(m);
  assert_non_null(one);
  ox_source source = {100000, fail_read, NULL, NULL};
  one->source = &source;
  ox_writer w;
  ox_writer_init(&w, NULL, 10000000);
  ox_error err = {0};
  assert_int_equal(ox_mime_export(m, NULL, &w, &err), OX_E_IO);
  assert_string_equal(err.text, "the disk is gone");
  ox_writer_dispose(&w);
  one->source = NULL;
  ox_message_free(m);
}

static void test_export__writer_that_is_full(void **state) {
  (void)state;
  ox_message *m = new_message();
  add_file(m, "file.bin", "data");
  for (size_t room = 0; room < 300; room += 7) {
    ox_writer w;
    ox_writer_init(&w, NULL, room);
    ox_error err = {0};
    assert_int_equal(ox_mime_export(m, NULL, &w, &err), OX_E_LIMIT);
    assert_int_equal(err.status, OX_E_LIMIT);
    ox_writer_dispose(&w);
  }
  ox_message_free(m);
}

static void test_export__embedded_too_deeply(void **state) {
  (void)state;
  ox_message *m = new_message();
  ox_message *at = m;
  for (unsigned i = 0; i < OX_MIME_EXPORT_MAX_DEPTH; i++) {
    ox_attachment *one = ox_message_add_attachment(at);
    assert_non_null(one);
    one->embedded = new_message();
    at = one->embedded;
  }
  ox_writer w;
  ox_writer_init(&w, NULL, 10000000);
  assert_int_equal(ox_mime_export(m, NULL, &w, NULL), OX_E_LIMIT);
  ox_writer_dispose(&w);
  ox_message_free(m);
}

/* Some parts say they hold a message by a type that no reader takes for one. */
static void test_export__embedded_under_another_type(void **state) {
  (void)state;
  static const struct {
    const char *said;
    const char *written;
  } rows[] = {{"message/rfc822", "Content-Type: message/rfc822\n"},
              {"message/global", "Content-Type: message/global\n"},
              {"message/rfc822i", "Content-Type: message/rfc822\n"},
              {"message/partial", "Content-Type: message/rfc822\n"},
              {"text/plain", "Content-Type: message/rfc822\n"}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    ox_message *m = new_message();
    ox_attachment *one = ox_message_add_attachment(m);
    assert_non_null(one);
    one->embedded = new_message();
    assert_int_equal(ox_propbag_set_utf8(&one->properties, OX_PidTagAttachMimeTag, rows[i].said),
                     OX_OK);
    char *mime = export_text(m, 0);
    assert_contains(mime, rows[i].written);
    free(mime);
    ox_message_free(m);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_export__smallest_message),
      cmocka_unit_test(test_export__plain_message),
      cmocka_unit_test(test_export__date_and_message_id_of_the_options),
      cmocka_unit_test(test_export__bcc_only_when_asked),
      cmocka_unit_test(test_export__sender_differs),
      cmocka_unit_test(test_export__recipient_without_an_smtp_address),
      cmocka_unit_test(test_export__addresses_of_another_type),
      cmocka_unit_test(test_export__injection),
      cmocka_unit_test(test_export__after_clone_and_lower_case_names),
      cmocka_unit_test(test_export__encoded_words_are_short),
      cmocka_unit_test(test_export__header_text_round_trip),
      cmocka_unit_test(test_export__text_codings),
      cmocka_unit_test(test_export__code_page_of_the_message),
      cmocka_unit_test(test_export__unpaired_surrogates),
      cmocka_unit_test(test_export__tree_of_parts),
      cmocka_unit_test(test_export__alternative_on_request),
      cmocka_unit_test(test_export__boundaries_depend_on_content_and_seed),
      cmocka_unit_test(test_export__source_that_fails),
      cmocka_unit_test(test_export__writer_that_is_full),
      cmocka_unit_test(test_export__embedded_too_deeply),
      cmocka_unit_test(test_export__embedded_under_another_type),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
