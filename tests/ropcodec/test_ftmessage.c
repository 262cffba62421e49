/* Messages as FastTransfer streams and back. [MS-OXCFXICS] 2.2.4.3.16 */
#include "../support/testing.h"

#include <stdio.h>

#include <oxkit/ropcodec/ftmessage.h>

static ox_bytes written(ox_writer *w, const ox_message *message,
                        const ox_ft_message_options *options) {
  ox_error err = {.status = OX_OK};
  ox_writer_init(w, NULL, SIZE_MAX / 2);
  ox_status status = ox_ft_message_write(message, options, w, &err);
  if (status != OX_OK) fprintf(stderr, "%s\n", err.text);
  assert_int_equal(status, OX_OK);
  return ox_writer_bytes(w);
}

static ox_message *read_back(ox_bytes stream) {
  ox_error err = {.status = OX_OK};
  ox_message *message = NULL;
  ox_status status = ox_ft_message_read(stream, NULL, NULL, &message, &err);
  if (status != OX_OK) fprintf(stderr, "%s\n", err.text);
  assert_int_equal(status, OX_OK);
  return message;
}

/* A message with one of everything. */
static ox_message *make(const ox_allocator *allocator) {
  static const uint8_t key[] = {1, 2, 3};
  static uint8_t large[100000];
  memset(large, 'x', sizeof large);
  ox_message *m = ox_message_new(allocator);
  if (m == NULL) return NULL;
  ox_recipient *r = NULL;
  ox_attachment *a = NULL;
  bool ok = ox_propbag_set_i64(&m->properties, OX_PidTagMid, 0x0102) == OX_OK &&
            ox_propbag_set_utf8(&m->properties, OX_PidTagSubject, "Gr\xC3\xBC\xC3\x9F") == OX_OK &&
            ox_propbag_set_binary(&m->properties, OX_PidTagSearchKey, key, 3) == OX_OK;
  ox_proptag tag = ox_message_lid_tag(m, &OX_PSETID_COMMON, 0x8503, OX_PTYP_BOOLEAN);
  ok = ok && tag != 0 && ox_propbag_set_bool(&m->properties, tag, true) == OX_OK;
  tag = ox_message_string_tag(m, &OX_PSETID_PUBLIC_STRINGS, "Keywords", OX_PTYP_STRING);
  ok = ok && tag != 0 && ox_propbag_set_utf8(&m->properties, tag, "red") == OX_OK;
  ox_source *body = ox_source_from_bytes(allocator, large, sizeof large, true);
  ok = ok && body != NULL && ox_message_set_large(m, OX_PidTagBody, body) == OX_OK;
  ok = ok && (r = ox_message_add_recipient(m)) != NULL;
  ok = ok && ox_propbag_set_utf8(&r->properties, OX_PidTagDisplayName, "Ann") == OX_OK;
  ok = ok && (r = ox_message_add_recipient(m)) != NULL;
  ok = ok && ox_propbag_set_i32(&r->properties, OX_PidTagRowid, 7) == OX_OK;
  ok = ok && (a = ox_message_add_attachment(m)) != NULL;
  ok = ok && ox_propbag_set_i32(&a->properties, OX_PidTagAttachMethod, 1) == OX_OK;
  ok = ok && (a->source = ox_source_from_bytes(allocator, large, 40000, true)) != NULL;
  ok = ok && (a = ox_message_add_attachment(m)) != NULL;
  ok = ok && ox_propbag_set_i32(&a->properties, OX_PidTagAttachMethod, 5) == OX_OK;
  ok = ok && (a->embedded = ox_message_new(allocator)) != NULL;
  if (ok) {
    ox_message *inner = a->embedded;
    tag = ox_message_lid_tag(inner, &OX_PSETID_TASK, 0x8101, OX_PTYP_INTEGER32);
    ok = tag != 0 && ox_propbag_set_i32(&inner->properties, tag, 2) == OX_OK &&
         ox_message_add_recipient(inner) != NULL;
  }
  if (!ok) {
    ox_message_free(m);
    return NULL;
  }
  return m;
}

static void test_message__goes_there_and_back(void **state) {
  (void)state;
  ox_message *m = make(NULL);
  assert_non_null(m);
  ox_writer first, second;
  ox_bytes stream = written(&first, m, NULL);
  ox_message *back = read_back(stream);
  assert_true(ox_bytes_equal(written(&second, back, NULL), stream));

  assert_int_equal(ox_propbag_i64(&back->properties, OX_PidTagMid, 0), 0x0102);
  assert_string_equal(ox_propbag_utf8(&back->properties, OX_PidTagSubject, &back->arena, ""),
                      "Gr\xC3\xBC\xC3\x9F");
  ox_proptag tag = ox_message_find_lid_tag(back, &OX_PSETID_COMMON, 0x8503, OX_PTYP_BOOLEAN);
  assert_true(tag != 0 && ox_propbag_bool(&back->properties, tag, false));
  tag = ox_message_find_string_tag(back, &OX_PSETID_PUBLIC_STRINGS, "Keywords", OX_PTYP_STRING);
  assert_true(tag != 0);
  assert_string_equal(ox_propbag_utf8(&back->properties, tag, &back->arena, ""), "red");
  assert_int_equal(ox_message_large(back, OX_PidTagBody)->size_bytes, 100000);
  assert_int_equal(back->recipient_count, 2);
  assert_int_equal(ox_propbag_i32(&back->recipients[0].properties, OX_PidTagRowid, -1), 0);
  assert_int_equal(ox_propbag_i32(&back->recipients[1].properties, OX_PidTagRowid, -1), 7);
  assert_int_equal(back->attachment_count, 2);
  assert_int_equal(back->attachments[0].source->size_bytes, 40000);
  assert_int_equal(ox_propbag_i32(&back->attachments[1].properties, OX_PidTagAttachNumber, -1), 1);
  assert_non_null(back->attachments[1].embedded);
  assert_int_equal(back->attachments[1].embedded->recipient_count, 1);
  assert_int_equal(back->attachments[1].embedded->name_count, 1);
  ox_message_free(back);
  ox_message_free(m);
  ox_writer_dispose(&first);
  ox_writer_dispose(&second);
}

/* The order that the grammar wants; by hand from [MS-OXCFXICS] 2.2.4.2. R3304, R1391, R2276. */
static void test_message__is_written_in_the_order_of_the_grammar(void **state) {
  ox_message *m = ox_message_new(NULL);
  assert_non_null(m);
  assert_int_equal(ox_propbag_set_i32(&m->properties, OX_PidTagImportance, 1), OX_OK);
  assert_int_equal(ox_propbag_set_i64(&m->properties, OX_PidTagMid, 5), OX_OK);
  assert_int_equal(ox_propbag_set_i32(&m->properties, 0x3000000A, 1), OX_OK); /* an error */
  ox_recipient *r = ox_message_add_recipient(m);
  assert_int_equal(ox_propbag_set_i32(&r->properties, OX_PidTagRecipientType, 1), OX_OK);
  ox_attachment *a = ox_message_add_attachment(m);
  assert_int_equal(ox_propbag_set_i32(&a->properties, OX_PidTagAttachMethod, 6), OX_OK);
  a->source = ox_source_from_bytes(NULL, "ole", 3, true);
  ox_ft_message_options options = OX_FT_MESSAGE_OPTIONS_INIT;
  options.flags = OX_FT_MESSAGE_DEL_PROPS;
  ox_writer w;
  ox_bytes stream = written(&w, m, &options);
  ox_bytes expected =
      from_hex(*state,
               "14004A67 0500000000000000  03001700 01000000"
               "03001640 0D00120E  03000340 03000030 00000000 0300150C 01000000 03000440"
               "03001640 0D00130E  03000040 0300210E 00000000 03000537 06000000"
               "0D000137 03000000 6F6C65 03000E40");
  assert_true(ox_bytes_equal(stream, expected));
  ox_writer_dispose(&w);
  ox_message_free(m);
}

/* In buffers, by the cursor. */
static void test_message__is_written_in_buffers(void **state) {
  (void)state;
  ox_message *m = make(NULL);
  ox_writer whole;
  ox_bytes stream = written(&whole, m, NULL);
  ox_ft_message_cursor cursor;
  ox_ft_writer writer;
  uint8_t buffer[500];
  size_t at = 0;
  bool done = false;
  ox_ft_message_cursor_init(&cursor, m, 0);
  ox_ft_writer_init(&writer, OX_FT_MESSAGE_CONTENT, NULL, ox_ft_message_next, &cursor);
  while (!done) {
    size_t size;
    assert_int_equal(ox_ft_writer_read(&writer, buffer, sizeof buffer, &size, &done, NULL), OX_OK);
    assert_memory_equal(buffer, stream.data + at, size);
    at += size;
  }
  assert_int_equal(at, stream.size_bytes);
  ox_writer_dispose(&whole);
  ox_message_free(m);
}

static void test_message__reads_text_in_code_pages(void **state) {
  ox_bytes stream = from_hex(*state,
                             "E2843700 03000000 E161 00"   /* subject, code page 1250 */
                             "B0840110 04000000 6200 0000" /* 1200 */
                             "E2840210 03000000 61 00 00"  /* a zero inside */
                             "7EFF0310 02000000 61 00"     /* no such code page */
                             "1E000410 02000000 E1 00"     /* none given */
                             "08001E40");
  stream.size_bytes -= 4;
  ox_message *m = read_back(stream);
  assert_string_equal(ox_propbag_utf8(&m->properties, OX_PidTagSubject, &m->arena, ""),
                      "\xC3\xA1"
                      "a");
  assert_int_equal(ox_propbag_find(&m->properties, 0x0037)->tag, 0x0037001F);
  assert_int_equal(ox_propbag_find(&m->properties, 0x1001)->tag, 0x1001001F);
  assert_int_equal(ox_propbag_find(&m->properties, 0x1002)->tag, 0x1002001E);
  assert_int_equal(ox_propbag_find(&m->properties, 0x1003)->tag, 0x1003001E);
  assert_int_equal(ox_propbag_find(&m->properties, 0x1004)->tag, 0x1004001E);
  ox_message_free(m);
}

static void test_message__passes_meta_properties_over(void **state) {
  ox_bytes stream = from_hex(*state, "1E000840 02000000 6100 03001700 01000000 03001640 0D00120E");
  ox_message *m = read_back(stream);
  assert_int_equal(m->properties.count, 1);
  ox_message_free(m);
}

static void test_message__reports_the_error_in_a_stream(void **state) {
  /* An ExtendedErrorInfo of 92 bytes: its code, and four AuxBytes at 88. */
  char text[400] = "03001700 01000000 03001840 02010000 5C000000 00000000 05000780";
  for (unsigned i = 0; i < 2 * (22 + 2) + 24; i++) strcat(text, "00");
  strcat(text, "04000000 58000000 AABBCCDD");
  ox_bytes stream = from_hex(*state, text);
  ox_message *m = NULL;
  ox_error err = {.status = OX_OK};
  assert_int_equal(ox_ft_message_read(stream, NULL, NULL, &m, &err), 0x80070005);
  assert_null(m);
  assert_int_equal(err.offset, 12);

  ox_ft_extended_error_info info;
  ox_reader r;
  ox_bytes aux;
  ox_reader_init(&r, stream.data + 20, stream.size_bytes - 20);
  assert_int_equal(ox_ft_extended_error_info_decode(&r, *state, &info), OX_OK);
  assert_int_equal(ox_ft_aux_bytes(&info, &aux), OX_OK);
  assert_int_equal(aux.size_bytes, 4);
  assert_int_equal(aux.data[0], 0xAA);
  info.aux_bytes_offset = 89;
  assert_int_equal(ox_ft_aux_bytes(&info, &aux), OX_E_MALFORMED);
  info.aux_bytes_offset = 87;
  assert_int_equal(ox_ft_aux_bytes(&info, &aux), OX_E_MALFORMED);
  info.aux_bytes_offset = UINT32_MAX;
  assert_int_equal(ox_ft_aux_bytes(&info, &aux), OX_E_MALFORMED);
  info.aux_bytes_count = 0;
  assert_int_equal(ox_ft_aux_bytes(&info, &aux), OX_OK);
  /* One that says nothing is an error all the same. */
  stream = from_hex(*state, "03001840 02010000 00000000");
  assert_int_equal(ox_ft_message_read(stream, NULL, NULL, &m, &err), OX_E_TRUNCATED);
}

/* The structures that stand in a stream's binary values, by hand from 2.2.2.7 to 2.2.2.9. */
static void test_structures__decode_and_encode(void **state) {
  static const struct {
    const ox_wire_struct *structure;
    const char *hex;
    const char *dumped;
  } cases[] = {
      {&ox_ft_progress_information_wire,
       "0000 0000 01000000 0200000000000000 03000000 00000000 0400000000000000", "normal_message"},
      {&ox_ft_property_group_info_wire,
       "05000000 00000000 02000000"
       "02000000 1F003700 03000180 00112233445566778899AABBCCDDEEFF 00000000 03850000"
       "01000000 1F000280 00112233445566778899AABBCCDDEEFF 01000000 04000000 61006200",
       "PidTagSubject"},
      {&ox_ft_folder_replica_info_wire,
       "00000000 00000000 00112233445566778899AABBCCDDEEFF 000000000001 0000"
       "02000000 01000000 612F6200 6300",
       "a/b"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    ox_bytes bytes = from_hex(*state, cases[i].hex);
    ox_writer text;
    ox_reader r;
    ox_writer_init(&text, NULL, 10000);
    for (size_t size = 0; size <= bytes.size_bytes; size++) {
      void *value = ox_arena_calloc(*state, 1, cases[i].structure->size_bytes);
      ox_reader_init(&r, bytes.data, size);
      assert_int_equal(ox_wire_decode(cases[i].structure, &r, *state, NULL, value, NULL, NULL),
                       size < bytes.size_bytes ? OX_E_TRUNCATED : OX_OK);
    }
    ox_reader_init(&r, bytes.data, bytes.size_bytes);
    assert_int_equal(ox_wire_dump(cases[i].structure, &r, *state, NULL, 0, &text), OX_OK);
    ox_write_u8(&text, 0);
    assert_non_null(strstr((const char *)text.data, cases[i].dumped));
    ox_writer_dispose(&text);
  }
  ox_ft_property_group_info info;
  ox_writer out;
  ox_reader r;
  ox_bytes bytes = from_hex(*state, cases[1].hex);
  ox_writer_init(&out, NULL, 1000);
  ox_reader_init(&r, bytes.data, bytes.size_bytes);
  assert_int_equal(ox_ft_property_group_info_decode(&r, *state, &info), OX_OK);
  assert_int_equal(info.groups[0].property_tags[1].property_name.lid, 0x8503);
  ox_ft_property_group_info_encode(&out, &info);
  assert_true(ox_bytes_equal(ox_writer_bytes(&out), bytes));
  ox_writer_dispose(&out);
  /* R3087: no more cheap servers than servers. */
  bytes = from_hex(*state,
                   "00000000 00000000 00112233445566778899AABBCCDDEEFF 000000000001 0000"
                   "01000000 02000000 6100");
  ox_ft_folder_replica_info replicas;
  ox_reader_init(&r, bytes.data, bytes.size_bytes);
  assert_int_equal(ox_ft_folder_replica_info_decode(&r, *state, &replicas), OX_E_MALFORMED);
}

static void test_message__keeps_its_limits(void **state) {
  (void)state;
  ox_message *m = make(NULL);
  ox_writer w;
  ox_bytes stream = written(&w, m, NULL);
  ox_message *back = NULL;
  ox_error err;
  ox_ft_message_options options = OX_FT_MESSAGE_OPTIONS_INIT;
  options.recipient_max_count = 3;
  options.attachment_max_count = 2;
  assert_int_equal(ox_ft_message_read(stream, &options, NULL, &back, &err), OX_OK);
  ox_message_free(back);
  options.recipient_max_count = 2;
  assert_int_equal(ox_ft_message_read(stream, &options, NULL, &back, &err), OX_E_LIMIT);
  assert_string_equal(err.field, "recipient");
  options.recipient_max_count = 3;
  options.attachment_max_count = 1;
  assert_int_equal(ox_ft_message_read(stream, &options, NULL, &back, &err), OX_E_LIMIT);
  options.attachment_max_count = 2;
  options.stream_max_bytes = 100000;
  assert_int_equal(ox_ft_message_read(stream, &options, NULL, &back, &err), OX_E_LIMIT);
  assert_null(back);
  ox_writer_dispose(&w);
  ox_message_free(m);
  /* Messages in messages. */
  for (unsigned levels = OX_FT_MESSAGE_DEPTH_MAX - 1; levels <= OX_FT_MESSAGE_DEPTH_MAX; levels++) {
    m = ox_message_new(NULL);
    ox_message *inner = m;
    for (unsigned i = 1; i <= levels; i++) {
      ox_attachment *a = ox_message_add_attachment(inner);
      inner = a->embedded = ox_message_new(NULL);
    }
    ox_writer_init(&w, NULL, 100000);
    ox_status status = ox_ft_message_write(m, NULL, &w, NULL);
    assert_int_equal(status, levels < OX_FT_MESSAGE_DEPTH_MAX ? OX_OK : OX_E_LIMIT);
    if (status == OX_OK) ox_message_free(read_back(ox_writer_bytes(&w)));
    ox_writer_dispose(&w);
    ox_message_free(m);
  }
  /* A property id that nothing explains. */
  m = ox_message_new(NULL);
  assert_int_equal(ox_propbag_set_i32(&m->properties, 0x80000003, 1), OX_OK);
  ox_writer_init(&w, NULL, 1000);
  assert_int_equal(ox_ft_message_write(m, NULL, &w, NULL), OX_E_USAGE);
  ox_writer_dispose(&w);
  ox_message_free(m);
}

static ox_status read_with_failing_memory(const ox_allocator *allocator, void *user) {
  ox_message *m = NULL;
  ox_status status = ox_ft_message_read(*(const ox_bytes *)user, NULL, allocator, &m, NULL);
  if (status == OX_OK) ox_message_free(m);
  return status;
}

static void test_message__survives_failing_memory(void **state) {
  (void)state;
  ox_message *m = make(NULL);
  ox_writer w;
  ox_bytes stream = written(&w, m, NULL);
  every_allocation_fails(read_with_failing_memory, &stream);
  ox_writer_dispose(&w);
  ox_message_free(m);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_message__goes_there_and_back),
      ARENA_TEST(test_message__is_written_in_the_order_of_the_grammar),
      cmocka_unit_test(test_message__is_written_in_buffers),
      ARENA_TEST(test_message__reads_text_in_code_pages),
      ARENA_TEST(test_message__passes_meta_properties_over),
      ARENA_TEST(test_message__reports_the_error_in_a_stream),
      ARENA_TEST(test_structures__decode_and_encode),
      cmocka_unit_test(test_message__keeps_its_limits),
      cmocka_unit_test(test_message__survives_failing_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
