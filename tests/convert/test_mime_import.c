/* Header fields and parts to properties. */
#include "support.h"

static void test_addresses__from_and_sender(void **state) {
  (void)state;
  ox_message *m = import_text(
      "From: \"Adams, Alice\" <alice@example.test>\nSender: Dana <dana@example.test>\n\nhi\n");
  assert_string_equal(text_of(m, OX_PidTagSentRepresentingName), "Adams, Alice");
  assert_string_equal(text_of(m, OX_PidTagSentRepresentingAddressType), "SMTP");
  assert_string_equal(text_of(m, OX_PidTagSentRepresentingEmailAddress), "alice@example.test");
  assert_string_equal(text_of(m, OX_PidTagSenderName), "Dana");
  assert_string_equal(text_of(m, OX_PidTagSenderSmtpAddress), "dana@example.test");
  ox_bytes key = ox_propbag_binary(&m->properties, OX_PidTagSenderSearchKey);
  assert_int_equal(key.size_bytes, sizeof "SMTP:DANA@EXAMPLE.TEST");
  assert_memory_equal(key.data, "SMTP:DANA@EXAMPLE.TEST", key.size_bytes);
  ox_entry_id id;
  assert_int_equal(
      ox_entry_id_decode(ox_propbag_binary(&m->properties, OX_PidTagSentRepresentingEntryId), &id,
                         NULL),
      OX_OK);
  assert_int_equal(id.kind, OX_ENTRY_ID_ONE_OFF);
  ox_message_free(m);
}

static void test_addresses__from_is_sender_too(void **state) {
  (void)state;
  ox_message *m = import_text("From: alice@example.test, bob@example.test\n\n");
  assert_string_equal(text_of(m, OX_PidTagSenderName), "alice@example.test");
  assert_string_equal(text_of(m, OX_PidTagSentRepresentingSmtpAddress), "alice@example.test");
  ox_message_free(m);
}

static void test_recipients__types_groups_and_repeated_fields(void **state) {
  (void)state;
  ox_message *m = import_text(
      "From: a@example.test\nTo: Crew: Bob <bob@example.test>, carol@example.test;\n"
      "To: dana@example.test\nCc: =?utf-8?q?Ren=C3=A9e?= <renee@example.test>\n"
      "Bcc: erik@example.test\nTo: undisclosed:;\n\nx\n");
  assert_int_equal(m->recipient_count, 5);
  static const char *const addresses[] = {"bob@example.test", "carol@example.test",
                                          "dana@example.test", "renee@example.test",
                                          "erik@example.test"};
  static const int types[] = {1, 1, 1, 2, 3};
  for (size_t i = 0; i < 5; i++) {
    assert_string_equal(recipient_text(m, i, OX_PidTagEmailAddress), addresses[i]);
    assert_string_equal(recipient_text(m, i, OX_PidTagAddressType), "SMTP");
    assert_int_equal(ox_propbag_i32(&m->recipients[i].properties, OX_PidTagRecipientType, -1),
                     types[i]);
  }
  assert_string_equal(recipient_text(m, 3, OX_PidTagDisplayName),
                      "Ren\xC3\xA9"
                      "e");
  assert_string_equal(text_of(m, OX_PidTagDisplayTo), "Bob; carol@example.test; dana@example.test");
  ox_message_free(m);
}

static void test_reply_to__entries_and_names(void **state) {
  (void)state;
  ox_message *m = import_text(
      "From: a@example.test\nReply-To: X <x@example.test>, \"Y; Z\" <y@example.test>\n\n");
  assert_string_equal(text_of(m, OX_PidTagReplyRecipientNames), "X;Y, Z");
  ox_flat_entry_list list;
  assert_int_equal(
      ox_flat_entry_list_decode(ox_propbag_binary(&m->properties, OX_PidTagReplyRecipientEntries),
                                &m->arena, &list),
      OX_OK);
  assert_int_equal(list.count, 2);
  char *mime = export_text(m, 0);
  assert_contains(mime, "\nReply-To: X <x@example.test>, \"Y; Z\" <y@example.test>\n");
  free(mime);
  ox_message_free(m);
}

static void test_subject__prefix(void **state) {
  (void)state;
  static const struct {
    const char *subject, *prefix, *normal;
  } rows[] = {{"Re: crane", "Re: ", "crane"},   {"AW: crane", "AW: ", "crane"},
              {"Fwd: crane", "Fwd: ", "crane"}, {"Note: crane", "", "Note: crane"},
              {"R2: crane", "", "R2: crane"},   {"Re:crane", "", "Re:crane"},
              {": crane", "", ": crane"},       {"crane", "", "crane"}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    char mime[100];
    snprintf(mime, sizeof mime, "From: a@example.test\nSubject: %s\n\nx\n", rows[i].subject);
    ox_message *m = import_text(mime);
    assert_string_equal(text_of(m, OX_PidTagSubject), rows[i].subject);
    assert_string_equal(text_of(m, OX_PidTagSubjectPrefix), rows[i].prefix);
    assert_string_equal(text_of(m, OX_PidTagNormalizedSubject), rows[i].normal);
    assert_string_equal(text_of(m, OX_PidTagConversationTopic), rows[i].normal);
    ox_message_free(m);
  }
}

static void test_times__date_received_and_option(void **state) {
  (void)state;
  const char *mime =
      "Received: from x by y; Mon, 5 Jan 2026 08:14:22 +0000\n"
      "Received: from w by x; Mon, 5 Jan 2026 08:14:10 +0000\n"
      "Date: Mon, 5 Jan 2026 09:14:00 +0100\nFrom: a@example.test\n\nx\n";
  ox_message *m = import_text(mime);
  assert_int_equal(ox_propbag_time(&m->properties, OX_PidTagClientSubmitTime, 0),
                   ox_filetime_from_unix(1767600840, 0));
  assert_int_equal(ox_propbag_time(&m->properties, OX_PidTagMessageDeliveryTime, 0),
                   ox_filetime_from_unix(1767600862, 0));
  ox_message_free(m);
  ox_mime_import_options options = OX_MIME_IMPORT_OPTIONS_INIT;
  options.delivery_time = 131313;
  assert_int_equal(
      ox_mime_import((ox_bytes){(const uint8_t *)mime, strlen(mime)}, &options, &m, NULL), OX_OK);
  assert_int_equal(ox_propbag_time(&m->properties, OX_PidTagMessageDeliveryTime, 0), 131313);
  ox_message_free(m);
}

static void test_importance__which_field_wins(void **state) {
  (void)state;
  static const struct {
    const char *fields;
    int32_t importance;
  } rows[] = {{"Importance: High\n", 2},
              {"Importance: low\nX-Priority: 1\n", 0},
              {"X-Priority: 1 (Highest)\n", 2},
              {"X-Priority: 4\n", 0},
              {"X-Priority: 3\n", 1},
              {"Priority: Non-Urgent\n", 0},
              {"X-MSMail-Priority: High\n", 2},
              {"Importance: whatever\n", 1},
              {"", 1}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    char mime[200];
    snprintf(mime, sizeof mime, "From: a@example.test\n%s\nx\n", rows[i].fields);
    ox_message *m = import_text(mime);
    assert_int_equal(ox_propbag_i32(&m->properties, OX_PidTagImportance, -1), rows[i].importance);
    assert_int_equal(ox_propbag_i32(&m->properties, OX_PidTagPriority, -9), rows[i].importance - 1);
    ox_message_free(m);
  }
}

static void test_fields__with_a_property(void **state) {
  (void)state;
  ox_message *m = import_text(
      "From: a@example.test\nMessage-ID: <1@example.test>\nIn-Reply-To: <0@example.test>\n"
      "References: <a@example.test>\n\t<b@example.test>\nSensitivity: Private\n"
      "Thread-Index: AQIDBA==\nThread-Topic: the topic\n"
      "List-Help: <mailto:help@example.test>\nKeywords: one, two\n"
      "Disposition-Notification-To: Dana <dana@example.test>\nReturn-Receipt-To: "
      "dana@example.test\n"
      "X-Auto-Response-Suppress: OOF, AutoReply\nReply-By: Fri, 30 Jan 2026 12:00:00 +0000\n\nx\n");
  assert_string_equal(text_of(m, OX_PidTagInternetMessageId), "<1@example.test>");
  assert_string_equal(text_of(m, OX_PidTagInReplyToId), "<0@example.test>");
  assert_string_equal(text_of(m, OX_PidTagInternetReferences), "<a@example.test> <b@example.test>");
  assert_int_equal(ox_propbag_i32(&m->properties, OX_PidTagSensitivity, 0), 2);
  ox_bytes index = ox_propbag_binary(&m->properties, OX_PidTagConversationIndex);
  assert_int_equal(index.size_bytes, 4);
  assert_memory_equal(index.data, "\1\2\3\4", 4);
  assert_string_equal(text_of(m, OX_PidTagConversationTopic), "the topic");
  assert_string_equal(text_of(m, OX_PidTagListHelp), "<mailto:help@example.test>");
  assert_true(ox_propbag_bool(&m->properties, OX_PidTagReadReceiptRequested, false));
  assert_true(ox_propbag_bool(&m->properties, OX_PidTagOriginatorDeliveryReportRequested, false));
  assert_string_equal(text_of(m, OX_PidTagReadReceiptSmtpAddress), "dana@example.test");
  assert_int_equal(ox_propbag_i32(&m->properties, OX_PidTagAutoResponseSuppress, 0), 0x30);
  assert_int_equal(ox_propbag_time(&m->properties, OX_PidTagReplyTime, 0),
                   ox_filetime_from_unix(1769774400, 0));
  char *mime = export_text(m, 0);
  assert_contains(mime, "\nThread-Index: AQIDBA==\n");
  assert_contains(mime, "\nKeywords: one, two\n");
  assert_contains(mime, "\nSensitivity: private\n");
  assert_contains(mime, "\nDisposition-Notification-To: Dana <dana@example.test>\n");
  assert_contains(mime, "\nReturn-Receipt-To: Dana <dana@example.test>\n");
  assert_contains(mime, "\nX-Auto-Response-Suppress: OOF, AutoReply\n");
  assert_contains(mime, "\nReply-By: Fri, 30 Jan 2026 12:00:00 +0000\n");
  free(mime);
  ox_message_free(m);
}

static void test_fields__without_a_property(void **state) {
  (void)state;
  ox_message *m = import_text(
      "From: a@example.test\nX-Mailer: Mill 3\nX-Twice: one\nX-Twice: two\n"
      "Comments: =?utf-8?q?the_best_caf=C3=A9?=\nX-MS-Exchange-Organization-SCL: 9\n"
      "Content-Language: en\nReceived: from x by y; Mon, 5 Jan 2026 08:14:22 +0000\n\nx\n");
  assert_string_equal(header_of(m, "X-Mailer"), "Mill 3");
  assert_string_equal(header_of(m, "Comments"), "the best caf\xC3\xA9");
  assert_string_equal(header_of(m, "Content-Language"), "en");
  assert_null(header_of(m, "X-MS-Exchange-Organization-SCL"));
  assert_null(header_of(m, "Received"));
  const char *all = text_of(m, OX_PidTagTransportMessageHeaders);
  assert_contains(all, "Received: from x by y;");
  assert_contains(all, "X-Twice: one\r\nX-Twice: two\r\n");
  assert_lacks(all, "SCL");
  char *mime = export_text(m, 0);
  assert_contains(mime, "\nX-Twice: one\nX-Twice: two\n");
  assert_contains(mime, "\nComments: the best =?UTF-8?Q?caf=C3=A9?=\n");
  assert_lacks(mime, "Received");
  free(mime);
  mime = export_text(m, OX_MIME_EXPORT_TRACE);
  assert_contains(mime, "Received: from x by y; Mon, 5 Jan 2026 08:14:22 +0000\n");
  free(mime);
  ox_message_free(m);
}

static void test_text__charsets(void **state) {
  (void)state;
  static const struct {
    const char *charset, *bytes, *utf8;
    int32_t codepage;
  } rows[] = {{"koi8-r", "\xF0\xD2\xC9", "\xD0\x9F\xD1\x80\xD0\xB8", 20866},
              {"windows-1251", "\xCF\xF0\xE8", "\xD0\x9F\xD1\x80\xD0\xB8", 1251},
              {"iso-2022-jp", "\x1B$B;3ED\x1B(B", "\xE5\xB1\xB1\xE7\x94\xB0", 50220},
              {"shift_jis", "\x8E\x52\x93\x63", "\xE5\xB1\xB1\xE7\x94\xB0", 932},
              {"iso-8859-1", "\x93x\x94", "\xE2\x80\x9Cx\xE2\x80\x9D", 1252},
              {"us-ascii", "caf\xC3\xA9", "caf\xC3\xA9", 65001},
              {"utf-8", "caf\xE9!", "caf\xC3\xA9!", 65001},
              {"x-no-such", "caf\xE9", "caf\xC3\xA9", 1252},
              {"//IGNORE", "caf\xE9", "caf\xC3\xA9", 1252},
              {"utf-7", "caf+AOk-", "caf\xC3\xA9", 65000}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    char mime[300];
    snprintf(mime, sizeof mime,
             "From: a@example.test\nMIME-Version: 1.0\nContent-Type: text/plain; charset=\"%s\"\n"
             "Content-Transfer-Encoding: 8bit\n\n%s",
             rows[i].charset, rows[i].bytes);
    ox_message *m = import_text(mime);
    assert_string_equal(text_of(m, OX_PidTagBody), rows[i].utf8);
    assert_int_equal(ox_propbag_i32(&m->properties, OX_PidTagInternetCodepage, 0),
                     rows[i].codepage);
    assert_int_equal(ox_propbag_i32(&m->properties, OX_PidTagNativeBody, 0), OX_BODY_PLAIN_TEXT);
    ox_message_free(m);
  }
}

/* GMime alone loses what follows the first padding. */
static void test_words__with_padding_inside(void **state) {
  (void)state;
  ox_message *m = import_text(
      "From: =?UTF-8?B?w6k=?= =?UTF-8?B?w6k=?= <a@example.test>\n"
      "Subject: x =?UTF-8?B?w6k=?=\n =?utf-8?B?w6k=?= =?iso-8859-1?B?6Q==?= y\n"
      "X-Note: =?UTF-8?B?w6k=?= =?UTF-8?B?w6k=?=\n"
      "To: =?UTF-8?B?w6k=?= =?UTF-8?B?w6k=?= <b@example.test>, c@example.test\n"
      "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Disposition: attachment;\n"
      " filename=\"=?UTF-8?B?w6k=?= =?UTF-8?B?w6k=?=.txt\"\n\nx\n--b--\n");
  assert_string_equal(text_of(m, OX_PidTagSubject), "x \xC3\xA9\xC3\xA9\xC3\xA9 y");
  assert_string_equal(text_of(m, OX_PidTagSenderName), "\xC3\xA9\xC3\xA9");
  assert_string_equal(header_of(m, "X-Note"), "\xC3\xA9\xC3\xA9");
  assert_int_equal(m->recipient_count, 2);
  assert_string_equal(recipient_text(m, 0, OX_PidTagDisplayName), "\xC3\xA9\xC3\xA9");
  assert_string_equal(attachment_text(m, 0, OX_PidTagAttachLongFilename), "\xC3\xA9\xC3\xA9.txt");
  ox_message_free(m);
}

static void test_html__keeps_its_bytes(void **state) {
  (void)state;
  ox_message *m = import_text(
      "From: a@example.test\nContent-Type: text/html; "
      "charset=windows-1251\n\n<p>\xCF\xF0\xE8</p>\n");
  ox_bytes html = ox_propbag_binary(&m->properties, OX_PidTagHtml);
  assert_int_equal(html.size_bytes, 11);
  assert_memory_equal(html.data, "<p>\xCF\xF0\xE8</p>\n", 11);
  assert_int_equal(ox_propbag_i32(&m->properties, OX_PidTagInternetCodepage, 0), 1251);
  assert_int_equal(ox_propbag_i32(&m->properties, OX_PidTagNativeBody, 0), OX_BODY_HTML);
  ox_message_free(m);
  m = import_text(
      "From: a@example.test\nContent-Type: text/html\n\n"
      "<meta http-equiv=\"Content-Type\" content=\"text/html; charset=koi8-r\">\xF0\n");
  assert_int_equal(ox_propbag_i32(&m->properties, OX_PidTagInternetCodepage, 0), 20866);
  ox_message_free(m);
}

static void test_alternative__other_forms_are_kept(void **state) {
  (void)state;
  ox_message *m = import_text(
      "From: a@example.test\nContent-Type: multipart/alternative; boundary=b\n\n"
      "--b\n\nplain\n--b\nContent-Type: text/html\n\n<p>html</p>\n"
      "--b\nContent-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR\n--b--\n");
  assert_string_equal(text_of(m, OX_PidTagBody), "plain");
  assert_int_equal(ox_propbag_binary(&m->properties, OX_PidTagHtml).size_bytes, 11);
  assert_int_equal(m->attachment_count, 1);
  assert_string_equal(attachment_text(m, 0, OX_PidTagAttachMimeTag), "text/calendar");
  char *mime = export_text(m, 0);
  assert_contains(mime, "Content-Type: multipart/alternative;");
  assert_contains(mime, "Content-Type: text/calendar; method=REQUEST\n");
  assert_lacks(mime, "multipart/mixed");
  free(mime);
  ox_message_free(m);
}

static void test_related__inline_images(void **state) {
  (void)state;
  ox_message *m = import_text(
      "From: a@example.test\nContent-Type: multipart/related; boundary=b\n\n"
      "--b\nContent-Type: text/html\n\n<img src=\"cid:one%40x\"><img src=two.png>\n"
      "--b\nContent-Type: image/png\nContent-ID: <one@x>\nContent-Transfer-Encoding: "
      "base64\n\nAAEC\n"
      "--b\nContent-Type: image/png\nContent-Location: two.png\n"
      "Content-Transfer-Encoding: base64\n\nAwQF\n--b--\n");
  assert_int_equal(m->attachment_count, 2);
  assert_string_equal(attachment_text(m, 0, OX_PidTagAttachContentId), "one@x");
  assert_int_equal(ox_propbag_i32(&m->attachments[0].properties, OX_PidTagAttachFlags, 0), 4);
  assert_true(ox_propbag_bool(&m->attachments[0].properties, OX_PidTagAttachmentHidden, false));
  assert_string_equal(attachment_text(m, 1, OX_PidTagAttachContentLocation), "two.png");
  assert_true(ox_propbag_bool(&m->attachments[1].properties, OX_PidTagAttachmentHidden, false));
  char *mime = export_text(m, 0);
  assert_contains(mime, "Content-ID: <one@x>\n");
  assert_contains(mime, "Content-Location: two.png\n");
  assert_contains(mime, "multipart/related");
  free(mime);
  ox_message_free(m);
}

static void test_attachment__names_type_size_and_dates(void **state) {
  (void)state;
  ox_message *m = import_text(
      "From: a@example.test\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nbody\n"
      "--b\nContent-Type: application/vnd.x-thing; name=ignored.bin; version=\"7\"\n"
      "Content-Disposition: attachment; filename=\"The long name: 2026.tar.gz\";\n"
      " creation-date=\"Mon, 5 Jan 2026 08:14:22 +0000\"\nContent-Description: a thing\n"
      "Content-Transfer-Encoding: base64\n\nAAECAwQ=\n--b--\n");
  assert_int_equal(m->attachment_count, 1);
  const ox_propbag *bag = &m->attachments[0].properties;
  assert_string_equal(attachment_text(m, 0, OX_PidTagAttachLongFilename),
                      "The long name_ 2026.tar.gz");
  assert_string_equal(attachment_text(m, 0, OX_PidTagAttachExtension), ".gz");
  assert_string_equal(attachment_text(m, 0, OX_PidTagAttachFilename), "THELON~1.GZ");
  assert_string_equal(attachment_text(m, 0, OX_PidTagDisplayName), "a thing");
  assert_string_equal(attachment_text(m, 0, OX_PidTagAttachMimeTag), "application/vnd.x-thing");
  assert_int_equal(ox_propbag_i32(bag, OX_PidTagAttachMethod, 0), 1);
  assert_int_equal(ox_propbag_i32(bag, OX_PidTagRenderingPosition, 0), -1);
  assert_int_equal(ox_propbag_i32(bag, OX_PidTagAttachSize, 0), 5);
  assert_int_equal(ox_propbag_time(bag, OX_PidTagCreationTime, 0),
                   ox_filetime_from_unix(1767600862, 0));
  assert_memory_equal(ox_propbag_binary(bag, OX_PidTagAttachDataBinary).data, "\0\1\2\3\4", 5);
  char *mime = export_text(m, 0);
  assert_contains(mime, "filename=\"The long name: 2026.tar.gz\"");
  assert_contains(mime, "version=7");
  assert_contains(mime, "Content-Description: a thing\n");
  free(mime);
  ox_message_free(m);
}

static void test_attachment__without_a_name_gets_one(void **state) {
  (void)state;
  ox_message *m = import_text(
      "From: a@example.test\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nbody\n"
      "--b\nContent-Type: image/png\nContent-Transfer-Encoding: base64\n\nAAEC\n--b--\n");
  assert_string_equal(attachment_text(m, 0, OX_PidTagAttachLongFilename), "ATT00001.png");
  char *mime = export_text(m, 0);
  assert_lacks(mime, "ATT00001");
  free(mime);
  assert_int_equal(
      ox_propbag_set_utf8(&m->attachments[0].properties, OX_PidTagAttachLongFilename, "mine.png"),
      OX_OK);
  mime = export_text(m, 0);
  assert_contains(mime, "filename=mine.png");
  free(mime);
  ox_message_free(m);
}

static void test_attachment__large_is_a_source(void **state) {
  (void)state;
  size_t size;
  char *mime = read_file(OX_LARGE_MAIL, &size);
  ox_message *m = import_text(mime);
  assert_int_equal(m->attachment_count, 1);
  assert_non_null(m->attachments[0].source);
  assert_int_equal(m->attachments[0].source->size_bytes, 3 * 1024 * 1024);
  assert_null(
      ox_propbag_find(&m->attachments[0].properties, OX_PROPTAG_ID(OX_PidTagAttachDataBinary)));
  ox_message_free(m);
  free(mime);
}

static void test_body__large_is_a_source(void **state) {
  (void)state;
  char *mime = malloc(200000);
  assert_non_null(mime);
  size_t n = (size_t)sprintf(mime, "From: a@example.test\n\n");
  for (int i = 0; i < 2000; i++) n += (size_t)sprintf(mime + n, "line %d of a long text\n", i);
  ox_message *m = import_text(mime);
  assert_int_equal(m->large_value_count, 1);
  assert_int_equal(m->large_values[0].tag, OX_PidTagBody);
  char *again = export_text(m, 0);
  assert_contains(again, "\nline 1999 of a long text\n");
  free(again);
  ox_message_free(m);
  free(mime);
}

static void test_enclosed__becomes_an_embedded_message(void **state) {
  (void)state;
  ox_message *m = import_text(
      "From: a@example.test\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nsee below\n"
      "--b\nContent-Type: message/rfc822\n\nFrom: c@example.test\nSubject: inner\n\ninner "
      "text\n--b--\n");
  assert_int_equal(m->attachment_count, 1);
  assert_int_equal(ox_propbag_i32(&m->attachments[0].properties, OX_PidTagAttachMethod, 0), 5);
  assert_string_equal(attachment_text(m, 0, OX_PidTagDisplayName), "inner");
  ox_message *inner = m->attachments[0].embedded;
  assert_non_null(inner);
  assert_string_equal(text_of(inner, OX_PidTagSubject), "inner");
  assert_string_equal(text_of(inner, OX_PidTagBody), "inner text");
  ox_message_free(m);
}

static void test_signed__keeps_every_byte(void **state) {
  (void)state;
  size_t size;
  char *mime = read_file(OX_SOURCE_ROOT "/examples/mail/14-signed-smime.eml", &size);
  ox_message *m = import_text(mime);
  assert_string_equal(text_of(m, OX_PidTagMessageClass), "IPM.Note.SMIME.MultipartSigned");
  assert_contains(text_of(m, OX_PidTagBody), "14 lamps, \xE2\x82\xAC 420 each");
  assert_int_equal(m->attachment_count, 1);
  assert_string_equal(attachment_text(m, 0, OX_PidTagAttachMimeTag), "multipart/signed");
  assert_string_equal(attachment_text(m, 0, OX_PidTagAttachLongFilename), "smime.p7m");
  ox_writer w;
  ox_writer_init(&w, NULL, 1024 * 1024);
  assert_int_equal(ox_mime_export(m, NULL, &w, NULL), OX_OK);
  ox_write_u8(&w, 0);
  const char *again = (const char *)ox_writer_bytes(&w).data;
  assert_string_equal(strstr(again, "Content-Type: multipart/signed"),
                      strstr(mime, "Content-Type: multipart/signed"));
  ox_writer_dispose(&w);
  ox_message_free(m);
  free(mime);
}

/* A signed message inside another, from a file with LF: lines become CRLF, as they were signed. */
static void test_signed__inside_a_forwarded_message(void **state) {
  (void)state;
  size_t size;
  char *file = read_file(OX_SOURCE_ROOT "/examples/mail/14-signed-smime.eml", &size);
  char *mime = malloc(size + 400);
  assert_non_null(mime);
  size_t n = (size_t)sprintf(mime,
                             "From: a@example.test\nContent-Type: multipart/mixed; "
                             "boundary=outer\n\n--outer\n\nhi\n--outer\n"
                             "Content-Type: message/rfc822\n\n");
  for (size_t i = 0; i < size; i++)
    if (file[i] != '\r') mime[n++] = file[i];
  strcpy(mime + n, "\n--outer--\n");
  ox_message *m = import_text(mime);
  ox_writer w;
  ox_writer_init(&w, NULL, 1024 * 1024);
  assert_int_equal(ox_mime_export(m, NULL, &w, NULL), OX_OK);
  ox_write_u8(&w, 0);
  const char *again =
      strstr((const char *)ox_writer_bytes(&w).data, "Content-Type: multipart/signed");
  const char *before = strstr(file, "Content-Type: multipart/signed");
  assert_non_null(again);
  size_t wanted = strlen(before);
  while (wanted > 0 && (before[wanted - 1] == '\n' || before[wanted - 1] == '\r')) wanted--;
  assert_memory_equal(again, before, wanted);
  ox_writer_dispose(&w);
  ox_message_free(m);
  free(mime);
  free(file);
}

static void test_opaque__smime_class(void **state) {
  (void)state;
  ox_message *m = import_text(
      "From: a@example.test\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data;\n"
      " name=smime.p7m\nContent-Transfer-Encoding: base64\n\nMIAG\n");
  assert_string_equal(text_of(m, OX_PidTagMessageClass), "IPM.Note.SMIME");
  assert_int_equal(m->attachment_count, 1);
  assert_null(ox_propbag_find(&m->properties, OX_PROPTAG_ID(OX_PidTagBody)));
  char *mime = export_text(m, 0);
  assert_contains(mime, "Content-Type: application/pkcs7-mime; smime-type=enveloped-data;");
  assert_lacks(mime, "multipart");
  free(mime);
  ox_message_free(m);
}

static void test_report__class_and_structure(void **state) {
  (void)state;
  size_t size;
  char *mime = read_file(OX_SOURCE_ROOT "/examples/mail/15-delivery-report.eml", &size);
  ox_message *m = import_text(mime);
  assert_string_equal(text_of(m, OX_PidTagMessageClass), "REPORT.IPM.Note.NDR");
  assert_int_equal(m->attachment_count, 2);
  assert_non_null(m->attachments[1].embedded);
  char *again = export_text(m, 0);
  assert_contains(again, "Content-Type: multipart/report; report-type=delivery-status;");
  assert_contains(again, "\nContent-Type: message/delivery-status\n");
  free(again);
  ox_message_free(m);
  free(mime);
}

static void test_uuencode__becomes_an_attachment(void **state) {
  (void)state;
  const char *mime =
      "From: a@example.test\n\nHere it is:\nbegin 644 cat.txt\n#0V%T\n`\nend\nbye\n"
      "begin 2026 with a smile\nend\n";
  ox_message *m = import_text(mime);
  assert_string_equal(text_of(m, OX_PidTagBody),
                      "Here it is:\r\nbye\r\nbegin 2026 with a smile\r\nend\r\n");
  assert_int_equal(m->attachment_count, 1);
  assert_string_equal(attachment_text(m, 0, OX_PidTagAttachLongFilename), "cat.txt");
  ox_bytes data = ox_propbag_binary(&m->attachments[0].properties, OX_PidTagAttachDataBinary);
  assert_int_equal(data.size_bytes, 3);
  assert_memory_equal(data.data, "Cat", 3);
  ox_message_free(m);
  ox_mime_import_options options = OX_MIME_IMPORT_OPTIONS_INIT;
  options.flags = OX_MIME_IMPORT_NO_UUDECODE;
  assert_int_equal(
      ox_mime_import((ox_bytes){(const uint8_t *)mime, strlen(mime)}, &options, &m, NULL), OX_OK);
  assert_int_equal(m->attachment_count, 0);
  ox_message_free(m);
}

static void test_encoded_message__is_opened(void **state) {
  (void)state;
  ox_message *m = import_text(
      "From: a@example.test\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n"
      "RnJvbTogYkBleGFtcGxlLnRlc3QKU3ViamVjdDogaW5uZXIKCmhlbGxvCg==\n");
  assert_int_equal(m->attachment_count, 1);
  assert_non_null(m->attachments[0].embedded);
  assert_string_equal(text_of(m->attachments[0].embedded, OX_PidTagSubject), "inner");
  ox_message_free(m);
}

static void test_input__that_is_no_message(void **state) {
  (void)state;
  static const char *const inputs[] = {"", "\n\nno header\n", "just some words\n", "\xEF\xBB\xBF"};
  for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++) {
    ox_message *m = (ox_message *)&m;
    ox_error err = {0};
    ox_bytes bytes = {(const uint8_t *)inputs[i], strlen(inputs[i])};
    assert_int_equal(ox_mime_import(bytes, NULL, &m, &err), OX_E_MALFORMED);
    assert_null(m);
    assert_int_equal(err.status, OX_E_MALFORMED);
  }
}

static void test_input__mbox_line_and_mark_are_skipped(void **state) {
  (void)state;
  ox_message *m = import_text("From alice Mon Jan  5 08:14:22 2026\nFrom: a@example.test\n\nx\n");
  assert_string_equal(text_of(m, OX_PidTagSenderName), "a@example.test");
  ox_message_free(m);
  m = import_text(
      "\xEF\xBB\xBF"
      "From: a@example.test\n\nx\n");
  assert_string_equal(text_of(m, OX_PidTagSenderName), "a@example.test");
  ox_message_free(m);
}

static void test_flags__draft_and_no_transport_headers(void **state) {
  (void)state;
  const char *mime = "From: a@example.test\nBcc: b@example.test\n\nx\n";
  ox_mime_import_options options = OX_MIME_IMPORT_OPTIONS_INIT;
  options.flags = OX_MIME_IMPORT_DRAFT | OX_MIME_IMPORT_NO_TRANSPORT_HEADERS;
  ox_message *m = NULL;
  assert_int_equal(
      ox_mime_import((ox_bytes){(const uint8_t *)mime, strlen(mime)}, &options, &m, NULL), OX_OK);
  assert_int_equal(ox_propbag_i32(&m->properties, OX_PidTagMessageFlags, 0), 8);
  assert_null(ox_propbag_find(&m->properties, OX_PROPTAG_ID(OX_PidTagTransportMessageHeaders)));
  assert_int_equal(m->recipient_count, 1);
  ox_message_free(m);
}

static void test_source__is_read(void **state) {
  (void)state;
  const char *mime = "From: a@example.test\nSubject: from a source\n\nx\n";
  ox_source *source = ox_source_from_bytes(NULL, mime, strlen(mime), true);
  assert_non_null(source);
  ox_message *m = NULL;
  assert_int_equal(ox_mime_import_source(source, NULL, &m, NULL), OX_OK);
  assert_string_equal(text_of(m, OX_PidTagSubject), "from a source");
  ox_message_free(m);
  source->free(source);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_addresses__from_and_sender),
      cmocka_unit_test(test_addresses__from_is_sender_too),
      cmocka_unit_test(test_recipients__types_groups_and_repeated_fields),
      cmocka_unit_test(test_reply_to__entries_and_names),
      cmocka_unit_test(test_subject__prefix),
      cmocka_unit_test(test_times__date_received_and_option),
      cmocka_unit_test(test_importance__which_field_wins),
      cmocka_unit_test(test_fields__with_a_property),
      cmocka_unit_test(test_fields__without_a_property),
      cmocka_unit_test(test_text__charsets),
      cmocka_unit_test(test_words__with_padding_inside),
      cmocka_unit_test(test_html__keeps_its_bytes),
      cmocka_unit_test(test_alternative__other_forms_are_kept),
      cmocka_unit_test(test_related__inline_images),
      cmocka_unit_test(test_attachment__names_type_size_and_dates),
      cmocka_unit_test(test_attachment__without_a_name_gets_one),
      cmocka_unit_test(test_attachment__large_is_a_source),
      cmocka_unit_test(test_body__large_is_a_source),
      cmocka_unit_test(test_enclosed__becomes_an_embedded_message),
      cmocka_unit_test(test_signed__keeps_every_byte),
      cmocka_unit_test(test_signed__inside_a_forwarded_message),
      cmocka_unit_test(test_opaque__smime_class),
      cmocka_unit_test(test_report__class_and_structure),
      cmocka_unit_test(test_uuencode__becomes_an_attachment),
      cmocka_unit_test(test_encoded_message__is_opened),
      cmocka_unit_test(test_input__that_is_no_message),
      cmocka_unit_test(test_input__mbox_line_and_mark_are_skipped),
      cmocka_unit_test(test_flags__draft_and_no_transport_headers),
      cmocka_unit_test(test_source__is_read),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
