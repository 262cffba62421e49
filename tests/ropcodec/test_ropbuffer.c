#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "codecs.h"

static ox_bytes view(const void *data, size_t size) {
  return (ox_bytes){data, size};
}

static ox_status parse(const char *bytes, size_t size, ox_rop_buffer *out, ox_error *err) {
  return ox_rop_buffer_parse(view(bytes, size), out, err);
}

static void test_parse__splits_list_and_handles(void **state) {
  (void)state;
  ox_rop_buffer buffer;
  assert_int_equal(parse("\x05\x00\x01\x00\x00\x11\x22\x33\x44\xFF\xFF\xFF\xFF", 13, &buffer, NULL),
                   OX_OK);
  assert_int_equal(buffer.rops.size_bytes, 3);
  assert_int_equal(buffer.handle_count, 2);
  assert_int_equal(ox_rop_buffer_handle(&buffer, 0), 0x44332211);
  assert_int_equal(ox_rop_buffer_handle(&buffer, 1), OX_ROP_HANDLE_NONE);
  assert_int_equal(ox_rop_buffer_handle(&buffer, 2), OX_ROP_HANDLE_NONE);
  assert_int_equal(ox_rop_buffer_handle(&buffer, 255), OX_ROP_HANDLE_NONE);
}

static void test_parse__refuses_what_breaks_framing(void **state) {
  (void)state;
  ox_rop_buffer buffer;
  ox_error error;
  assert_int_equal(parse("", 0, &buffer, &error), OX_E_TRUNCATED);
  assert_string_equal(error.field, "rop_size");
  assert_int_equal(parse("\x05", 1, &buffer, &error), OX_E_TRUNCATED);
  assert_int_equal(parse("\x00\x00", 2, &buffer, &error), OX_E_MALFORMED);
  assert_int_equal(parse("\x01\x00", 2, &buffer, &error), OX_E_MALFORMED);
  assert_int_equal(parse("\x03\x00", 2, &buffer, &error), OX_E_TRUNCATED);
  assert_int_equal(parse("\xFF\xFF\x01", 3, &buffer, &error), OX_E_TRUNCATED);
  assert_int_equal(parse("\x02\x00\x11\x22\x33", 5, &buffer, &error), OX_E_MALFORMED);
  assert_string_equal(error.field, "server_object_handle_table");
  assert_int_equal(buffer.handle_count, 0);
  assert_int_equal(parse("\x02\x00", 2, &buffer, &error), OX_OK);
  assert_int_equal(buffer.rops.size_bytes, 0);
}

static void test_reader__counts_offsets_from_the_buffer(void **state) {
  (void)state;
  ox_rop_buffer buffer;
  ox_error error;
  ox_reader r;
  ox_rop_request request;
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  assert_int_equal(parse("\x07\x00\x01\x00\x00\x12\x00", 7, &buffer, NULL), OX_OK);
  ox_rop_buffer_reader(&buffer, &r);
  assert_int_equal(ox_rop_request_decode(&r, &arena, NULL, &request), OX_OK);
  assert_int_equal(request.rop_id, OX_ROP_RELEASE);
  assert_int_equal(ox_rop_request_decode(&r, &arena, NULL, &request), OX_E_TRUNCATED);
  ox_reader_status(&r, &error);
  assert_int_equal(error.offset, 7);
  assert_string_equal(error.field, "input_handle_index");
  ox_arena_dispose(&arena);
}

static const ox_rop_request open_folder = {
    .rop_id = OX_ROP_OPEN_FOLDER,
    .u.open_folder = {.output_handle_index = 1, .folder_id = 0x0500000000000001}};

static void test_builder__client_fills_the_handle_table(void **state) {
  (void)state;
  ox_rop_builder builder;
  ox_rop_builder_init(&builder, NULL, 1000);
  uint8_t index;
  assert_int_equal(ox_rop_builder_use_handle(&builder, 0x77, &index), OX_OK);
  assert_int_equal(index, 0);
  assert_int_equal(ox_rop_builder_new_handle(&builder, &index), OX_OK);
  assert_int_equal(index, 1);
  assert_int_equal(ox_rop_builder_new_handle(&builder, &index), OX_OK);
  assert_int_equal(index, 2);
  assert_int_equal(ox_rop_builder_use_handle(&builder, 0x77, &index), OX_OK);
  assert_int_equal(index, 0);
  assert_int_equal(ox_rop_builder_add_request(&builder, &open_folder), OX_OK);
  ox_bytes out;
  assert_int_equal(ox_rop_builder_finish(&builder, &out), OX_OK);
  static const uint8_t expected[] = {0x0F, 0,    0x02, 0,    0,    1,    1,    0,    0,
                                     0,    0,    0,    0,    5,    0,    0x77, 0,    0,
                                     0,    0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
  assert_int_equal(out.size_bytes, sizeof expected);
  assert_memory_equal(out.data, expected, sizeof expected);
  /* It can be used again. */
  ox_rop_builder_reset(&builder);
  assert_int_equal(ox_rop_builder_add_request(&builder, &open_folder), OX_OK);
  assert_int_equal(ox_rop_builder_finish(&builder, &out), OX_OK);
  assert_int_equal(out.size_bytes, 15);
  ox_rop_builder_dispose(&builder);
}

static void test_builder__indexes_end_at_256(void **state) {
  (void)state;
  ox_rop_builder builder;
  ox_rop_builder_init(&builder, NULL, 100000);
  uint8_t index = 0;
  for (unsigned i = 0; i < OX_ROP_HANDLES_MAX; i++) {
    assert_int_equal(ox_rop_builder_new_handle(&builder, &index), OX_OK);
    assert_int_equal(index, i);
  }
  assert_int_equal(ox_rop_builder_new_handle(&builder, &index), OX_E_LIMIT);
  assert_int_equal(ox_rop_builder_set_handle(&builder, 255, 9), OX_OK);
  assert_int_equal(ox_rop_builder_handle(&builder, 255), 9);
  ox_rop_builder_dispose(&builder);
}

static void test_builder__refuses_an_index_outside_the_table(void **state) {
  (void)state;
  ox_rop_builder builder;
  ox_rop_builder_init(&builder, NULL, 1000);
  assert_int_equal(ox_rop_builder_set_handle(&builder, 0, 9), OX_E_NOT_FOUND);
  assert_int_equal(ox_rop_builder_handle(&builder, 0), OX_ROP_HANDLE_NONE);
  ox_rop_builder_dispose(&builder);
}

static void test_builder__a_rop_that_does_not_fit_leaves_no_trace(void **state) {
  (void)state;
  ox_rop_builder builder;
  ox_rop_builder_init(&builder, NULL, 2 + 13 + 6 + 4);
  uint8_t index;
  assert_int_equal(ox_rop_builder_use_handle(&builder, 1, &index), OX_OK);
  assert_int_equal(ox_rop_builder_room(&builder), 19);
  assert_int_equal(ox_rop_builder_add_request(&builder, &open_folder), OX_OK);
  assert_int_equal(ox_rop_builder_room(&builder), 6);
  assert_int_equal(ox_rop_builder_add_request(&builder, &open_folder), OX_E_LIMIT);
  assert_int_equal(ox_rop_builder_room(&builder), 6);
  ox_rop_response response = {.rop_id = OX_ROP_COMMIT_STREAM};
  assert_int_equal(ox_rop_builder_add_response(&builder, &response), OX_OK);
  assert_int_equal(ox_rop_builder_room(&builder), 0);
  ox_bytes out;
  assert_int_equal(ox_rop_builder_finish(&builder, &out), OX_OK);
  assert_int_equal(out.size_bytes, 25);
  ox_rop_builder_dispose(&builder);
}

static void test_builder__list_ends_at_what_rop_size_can_say(void **state) {
  (void)state;
  ox_rop_builder builder;
  ox_rop_builder_init(&builder, NULL, 1 << 20);
  static uint8_t data[0xFFFF];
  assert_int_equal(ox_rop_builder_add_bytes(&builder, view(data, 0xFFFE)), OX_E_LIMIT);
  assert_int_equal(ox_rop_builder_add_bytes(&builder, view(data, 0xFFFD)), OX_OK);
  assert_int_equal(ox_rop_builder_room(&builder), 0);
  ox_bytes out;
  assert_int_equal(ox_rop_builder_finish(&builder, &out), OX_OK);
  assert_int_equal(out.size_bytes, 0xFFFF);
  assert_int_equal(out.data[0] | out.data[1] << 8, 0xFFFF);
  ox_rop_builder_dispose(&builder);
}

/* What a server does when a response outgrows the buffer. @spec [MS-OXCROPS] 3.2.4.3 */
static void test_builder__too_small_carries_the_rest_unchanged(void **state) {
  (void)state;
  static const char input[] =
      "\x0B\x00\x5D\x00\x00\x5D\x00\x01\x5D\x00\x02\x01\x00\x00\x00\x02\x00\x00\x00\x03\x00\x00"
      "\x00";
  ox_rop_buffer buffer;
  assert_int_equal(parse(input, sizeof input - 1, &buffer, NULL), OX_OK);
  ox_rop_builder builder;
  ox_rop_builder_init(&builder, NULL, 2 + 6 + 9 + 12);
  assert_int_equal(ox_rop_builder_copy_handles(&builder, &buffer), OX_OK);
  ox_reader r;
  ox_rop_buffer_reader(&buffer, &r);
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  bool ended = false;
  while (ox_reader_remaining(&r) != 0 && !ended) {
    ox_bytes rest = view(buffer.rops.data + r.position, ox_reader_remaining(&r));
    ox_rop_request request;
    assert_int_equal(ox_rop_request_decode(&r, &arena, NULL, &request), OX_OK);
    ox_rop_builder_reserve(&builder, 3 + ox_reader_remaining(&r));
    ox_rop_response response = {.rop_id = OX_ROP_COMMIT_STREAM};
    response.u.commit_stream.input_handle_index = request.u.commit_stream.input_handle_index;
    if (ox_rop_builder_add_response(&builder, &response) == OX_E_LIMIT) {
      assert_int_equal(ox_rop_builder_add_too_small(&builder, 0x12345, rest), OX_OK);
      ended = true;
    }
  }
  assert_true(ended);
  ox_bytes out;
  assert_int_equal(ox_rop_builder_finish(&builder, &out), OX_OK);
  static const uint8_t expected[] = {0x11, 0,    0x5D, 0,    0,    0, 0,    0, 0xFF, 0xFF,
                                     0xFF, 0x5D, 0,    0x01, 0x5D, 0, 0x02, 1, 0,    0,
                                     0,    2,    0,    0,    0,    3, 0,    0, 0};
  assert_int_equal(out.size_bytes, sizeof expected);
  assert_memory_equal(out.data, expected, sizeof expected);
  ox_arena_dispose(&arena);
  ox_rop_builder_dispose(&builder);
}

static void test_builder__too_small_that_does_not_fit_is_said(void **state) {
  (void)state;
  ox_rop_builder builder;
  ox_rop_builder_init(&builder, NULL, 7);
  assert_int_equal(ox_rop_builder_add_too_small(&builder, 100, view("\x5D\x00\x01", 3)),
                   OX_E_LIMIT);
  assert_int_equal(ox_rop_builder_add_too_small(&builder, 100, view("\x5D\x00", 2)), OX_OK);
  ox_rop_builder_dispose(&builder);
}

static void test_builder__unknown_rop_is_refused(void **state) {
  (void)state;
  ox_rop_builder builder;
  ox_rop_builder_init(&builder, NULL, 100);
  ox_rop_request request = {.rop_id = OX_ROP_NOTIFY};
  assert_int_equal(ox_rop_builder_add_request(&builder, &request), OX_E_UNKNOWN_ROP);
  ox_rop_response response = {.rop_id = 0x28};
  assert_int_equal(ox_rop_builder_add_response(&builder, &response), OX_E_UNKNOWN_ROP);
  assert_int_equal(ox_rop_builder_room(&builder), 98);
  ox_rop_builder_dispose(&builder);
}

static void test_builder__runs_out_of_memory_cleanly(void **state) {
  (void)state;
  for (size_t n = 0;; n++) {
    failing f = {.fail_at = n};
    ox_allocator allocator = failing_allocator(&f);
    ox_rop_builder builder;
    ox_rop_builder_init(&builder, &allocator, 5000);
    ox_status status = OX_OK;
    for (unsigned i = 0; i < 40 && status == OX_OK; i++) {
      status = ox_rop_builder_add_request(&builder, &open_folder);
    }
    ox_bytes out;
    if (status == OX_OK) status = ox_rop_builder_finish(&builder, &out);
    ox_rop_builder_dispose(&builder);
    assert_int_equal(f.live, 0);
    if (f.calls <= n) {
      assert_int_equal(status, OX_OK);
      break;
    }
    /* A builder that could not begin tries again with the first ROP. */
    if (status != OX_OK) assert_int_equal(status, OX_E_NO_MEMORY);
  }
}

static char *dump(const char *bytes, size_t size, bool is_response, ox_status expected) {
  ox_writer w;
  ox_writer_init(&w, NULL, 1 << 20);
  assert_int_equal(ox_rop_buffer_dump(&w, view(bytes, size), is_response, NULL), expected);
  ox_write_u8(&w, 0);
  size_t n;
  char *text = (char *)ox_writer_take(&w, &n);
  assert_non_null(text);
  return text;
}

static void test_dump__says_what_is_wrong_and_where(void **state) {
  (void)state;
  char *text = dump("\x07\x00\x01\x00\x00\x12\x00\xFF\xFF\xFF\xFF", 11, false, OX_E_TRUNCATED);
  assert_non_null(strstr(text, "0002  RopRelease request"));
  assert_non_null(strstr(text, "0006  logon_id"));
  assert_non_null(strstr(text, "0007  !! "));
  assert_non_null(strstr(text, "Field input_handle_index, [MS-OXCROPS] 2.2.5.1"));
  assert_non_null(strstr(text, "handle 0  0xFFFFFFFF none"));
  ox_free(NULL, text);
  text = dump("\x03\x00\x28", 3, false, OX_E_UNKNOWN_ROP);
  assert_non_null(strstr(text, "0002  0x28 is no ROP request"));
  ox_free(NULL, text);
  text = dump("\x09\x00\x28", 3, true, OX_E_TRUNCATED);
  assert_non_null(strstr(text, "Field rop_size, [MS-OXCROPS] 2.2.1"));
  ox_free(NULL, text);
}

static void test_dump__says_that_columns_are_not_known(void **state) {
  (void)state;
  char *text = dump("\x0D\x00\x15\x00\x00\x00\x00\x00\x01\x01\x00\x00\x07", 13, true, OX_OK);
  assert_non_null(strstr(text, "000B  row_data"));
  assert_non_null(strstr(text, "2 bytes: 00 07 (all that is left: the columns are not known)\n"));
  ox_free(NULL, text);
}

/* JSON of a buffer, which must come back as the same bytes; the caller frees it. */
static char *json_of(const char *data, size_t size, bool is_response, ox_status expected) {
  ox_writer w, back;
  ox_error err = {.status = OX_OK};
  size_t n;
  ox_writer_init(&w, NULL, 1 << 20);
  ox_writer_init(&back, NULL, 1 << 20);
  assert_int_equal(ox_rop_buffer_dump_json(&w, view(data, size), is_response, NULL), expected);
  ox_str8 text = {(const char *)w.data, w.size_bytes};
  if (ox_kind_from_json(text, &back, NULL, &err) != OX_OK) {
    print_error("%s at %u of\n%.*s\n", err.text, (unsigned)err.offset, (int)text.size_bytes,
                text.data);
    fail();
  }
  assert_int_equal(back.size_bytes, size);
  assert_memory_equal(back.data, data, size);
  ox_writer_dispose(&back);
  ox_write_u8(&w, 0);
  char *result = (char *)ox_writer_take(&w, &n);
  assert_non_null(result);
  return result;
}

static void test_json__comes_back_with_what_does_not_decode(void **state) {
  (void)state;
  /* RopGetAddressTypes response with one type that needs an escape, and half of a ROP. */
  static const char output[] =
      "\x14\x00\x49\x00\x00\x00\x00\x00\x01\x00\x05\x00"
      "E\"\\\x01\x00\x5D\x07\x00\x02\x00\x00\x00";
  char *json = json_of(output, sizeof output - 1, true, OX_E_TRUNCATED);
  assert_string_equal(json,
                      "{\n"
                      "  \"kind\": \"rop-output\",\n"
                      "  \"rops\": [\n"
                      "    {\n"
                      "      \"offset\": 2,\n"
                      "      \"rop\": \"GetAddressTypes\",\n"
                      "      \"section\": \"[MS-OXCROPS] 2.2.7.3\",\n"
                      "      \"fields\": {\n"
                      "        \"input_handle_index\": 0,\n"
                      "        \"return_value\": \"0x00000000\",\n"
                      "        \"address_type_count\": 1,\n"
                      "        \"address_types\": [\n"
                      "          \"E\\\"\\\\\\u0001\"\n"
                      "        ]\n"
                      "      }\n"
                      "    },\n"
                      "    {\n"
                      "      \"offset\": 19,\n"
                      "      \"error\": {\n"
                      "        \"status\": \"0xE0000001\",\n"
                      "        \"name\": \"Truncated\",\n"
                      "        \"text\": \"The input ends before the structure does.\",\n"
                      "        \"field\": \"return_value\",\n"
                      "        \"section\": \"[MS-OXCROPS] 2.2.9.5\"\n"
                      "      },\n"
                      "      \"bytes\": \"5d0700\"\n"
                      "    }\n"
                      "  ],\n"
                      "  \"handles\": [\n"
                      "    \"0x00000002\"\n"
                      "  ]\n"
                      "}\n");
  ox_free(NULL, json);
}

static void test_json__keeps_bytes_of_what_is_no_buffer(void **state) {
  (void)state;
  char *json = json_of("\x09\x00\x28", 3, false, OX_E_TRUNCATED);
  assert_non_null(strstr(json, "\"bytes\": \"090028\""));
  ox_free(NULL, json);
  /* A Boolean byte of 2 in RopOpenFolder's response. */
  static const char loose[] = "\x0A\x00\x02\x00\x00\x00\x00\x00\x02\x00";
  json = json_of(loose, sizeof loose - 1, true, OX_OK);
  assert_non_null(strstr(json, "\"bytes\": \"0200000000000200\""));
  ox_free(NULL, json);
}

static void test_json__bad_buffer_is_refused_with_a_reason(void **state) {
  (void)state;
  static const struct {
    const char *text, *reason;
  } cases[] = {
      {"{\"kind\": \"rop-input\", \"handles\": []}", "\"rops\" is missing"},
      {"{\"kind\": \"rop-input\", \"rops\": [{\"rop\": \"Fly\", \"fields\": {}}], \"handles\": []}",
       "no ROP of this name"},
      {"{\"kind\": \"rop-input\", \"rops\": [{\"rop\": \"Notify\", \"fields\": {}}], "
       "\"handles\": []}",
       "has no request"},
      {"{\"kind\": \"rop-input\", \"rops\": [{\"rop\": \"Release\", \"fields\": {\"logon_id\": "
       "0}}], "
       "\"handles\": []}",
       "\"input_handle_index\" is missing"},
      {"{\"kind\": \"rop-input\", \"rops\": [], \"handles\": [4294967296]}", "0 to 4294967295"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    ox_writer w;
    ox_error err = {.status = OX_OK};
    ox_writer_init(&w, NULL, 1000);
    assert_int_not_equal(ox_kind_from_json(ox_str8_from(cases[i].text), &w, NULL, &err), OX_OK);
    if (strstr(err.text, cases[i].reason) == NULL) print_error("%s\n", err.text);
    assert_non_null(strstr(err.text, cases[i].reason));
    ox_writer_dispose(&w);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_parse__splits_list_and_handles),
      cmocka_unit_test(test_parse__refuses_what_breaks_framing),
      cmocka_unit_test(test_reader__counts_offsets_from_the_buffer),
      cmocka_unit_test(test_builder__client_fills_the_handle_table),
      cmocka_unit_test(test_builder__indexes_end_at_256),
      cmocka_unit_test(test_builder__refuses_an_index_outside_the_table),
      cmocka_unit_test(test_builder__a_rop_that_does_not_fit_leaves_no_trace),
      cmocka_unit_test(test_builder__list_ends_at_what_rop_size_can_say),
      cmocka_unit_test(test_builder__too_small_carries_the_rest_unchanged),
      cmocka_unit_test(test_builder__too_small_that_does_not_fit_is_said),
      cmocka_unit_test(test_builder__unknown_rop_is_refused),
      cmocka_unit_test(test_builder__runs_out_of_memory_cleanly),
      cmocka_unit_test(test_dump__says_what_is_wrong_and_where),
      cmocka_unit_test(test_dump__says_that_columns_are_not_known),
      cmocka_unit_test(test_json__comes_back_with_what_does_not_decode),
      cmocka_unit_test(test_json__keeps_bytes_of_what_is_no_buffer),
      cmocka_unit_test(test_json__bad_buffer_is_refused_with_a_reason),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
