/* Sizes of responses at their exact limits. Numbers after R are requirements of the document named
 * before them, in Microsoft's lists. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <oxkit/ropcodec/ropbuffer.h>
#include <oxkit/ropcodec/ropsize.h>

static size_t encoded_bytes(const ox_rop_response *response) {
  ox_writer w;
  ox_writer_init(&w, NULL, 1 << 20);
  ox_rop_response_encode(&w, response);
  assert_int_equal(ox_writer_status(&w), OX_OK);
  size_t n = w.size_bytes;
  ox_writer_dispose(&w);
  return n;
}

static void test_heads__are_what_the_encoders_write(void **state) {
  (void)state;
  static const ox_rop_response empty;
  ox_rop_response response = empty;
  response.rop_id = OX_ROP_QUERY_ROWS;
  assert_int_equal(encoded_bytes(&response), OX_QUERY_ROWS_HEAD_BYTES);
  response.rop_id = OX_ROP_READ_STREAM;
  assert_int_equal(encoded_bytes(&response), OX_READ_STREAM_HEAD_BYTES);
  response.rop_id = OX_ROP_FAST_TRANSFER_SOURCE_GET_BUFFER;
  assert_int_equal(encoded_bytes(&response), OX_GET_BUFFER_HEAD_BYTES);
  response.rop_id = OX_ROP_BUFFER_TOO_SMALL;
  assert_int_equal(encoded_bytes(&response), OX_ROP_TOO_SMALL_HEAD_BYTES);
}

/* MS-OXCPRPT R552, R55205, R55206; MS-OXCROPS R321501, R454508 */
static void test_read_stream__ends_at_the_request_and_at_the_room(void **state) {
  (void)state;
  static const struct {
    uint16_t byte_count;
    uint32_t maximum_byte_count;
    size_t room_bytes;
    ox_status status;
    size_t data_max;
  } cases[] = {
      {100, 0, 108, OX_OK, 100},
      {100, 0, 107, OX_OK, 99},
      {100, 0, 8, OX_OK, 0},
      {100, 0, 7, OX_E_BUFFER_TOO_SMALL, 0},
      {0, 0, 100, OX_OK, 0},
      {0xFFFF, 0, 70000, OX_OK, 0xFFFF},
      {0xBABD, 0xFFFFFFFF, 70000, OX_OK, 0xBABD}, /* MaximumByteCount is not there */
      {0xBABE, 5, 100, OX_OK, 5},
      {0xBABE, 0x80000000, 32768, OX_OK, 32760},
      {0xBABE, 0x80000000, 70000, OX_OK, 0xFFFF}, /* what DataSize can say */
      {0xBABE, 0x80000001, 32768, OX_E_RPC_FORMAT, 0},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    ox_read_stream_request request = {.byte_count = cases[i].byte_count,
                                      .maximum_byte_count = cases[i].maximum_byte_count};
    size_t data_max = 1;
    assert_int_equal(ox_read_stream_room(&request, cases[i].room_bytes, &data_max),
                     cases[i].status);
    assert_int_equal(data_max, cases[i].data_max);
  }
}

/* MS-OXCFXICS R2138, R2141, R2142 */
static void test_get_buffer__fits_as_a_whole_or_is_cut_by_the_server(void **state) {
  (void)state;
  static const struct {
    uint16_t buffer_size, maximum_buffer_size;
    size_t room_bytes;
    ox_status status;
    size_t data_max, needed;
  } cases[] = {
      {15480, 0, 15495, OX_OK, 15480, 15495},
      {15480, 0, 15494, OX_E_BUFFER_TOO_SMALL, 0, 15495},
      {15480, 0, 32768, OX_OK, 15480, 15495},
      {0xBABD, 9, 70000, OX_OK, 0xBABD, 0xBABD + 15},
      {0xBABE, 0x8000, 32768, OX_OK, 32753, 15},
      {0xBABE, 1000, 32768, OX_OK, 1000, 15},
      {0xBABE, 1000, 1014, OX_OK, 999, 15},
      {0xBABE, 0xFFFF, 15, OX_OK, 0, 15},
      {0xBABE, 0xFFFF, 14, OX_E_BUFFER_TOO_SMALL, 0, 15},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    ox_fast_transfer_source_get_buffer_request request = {
        .buffer_size = cases[i].buffer_size, .maximum_buffer_size = cases[i].maximum_buffer_size};
    size_t data_max = 1, needed = 1;
    assert_int_equal(ox_get_buffer_room(&request, cases[i].room_bytes, &data_max, &needed),
                     cases[i].status);
    assert_int_equal(data_max, cases[i].data_max);
    assert_int_equal(needed, cases[i].needed);
  }
}

static void test_query_rows__have_the_room_behind_the_head(void **state) {
  (void)state;
  assert_int_equal(ox_query_rows_room(0), 0);
  assert_int_equal(ox_query_rows_room(8), 0);
  assert_int_equal(ox_query_rows_room(9), 0);
  assert_int_equal(ox_query_rows_room(10), 1);
  assert_int_equal(ox_query_rows_room(32768), 32759);
}

/* MS-OXCROPS R4519, R4521; the buffer that a server builds with these numbers holds. */
static void test_too_small__keeps_room_for_what_was_not_executed(void **state) {
  (void)state;
  assert_int_equal(ox_rop_too_small_reserve(0), 0);
  assert_int_equal(ox_rop_too_small_reserve(1), 4);
  assert_int_equal(ox_rop_size_needed(32768), 32768);
  assert_int_equal(ox_rop_size_needed(32769), 32768);
  assert_int_equal(ox_rop_size_needed(0x10001), 32768);

  static const uint8_t rest[] = {0x09, 0x00, 0x00, 0x38, 0x00, 0x00};
  ox_rop_builder builder;
  ox_rop_builder_init(&builder, NULL, 30);
  ox_rop_builder_reserve(&builder, ox_rop_too_small_reserve(sizeof rest));
  assert_int_equal(ox_rop_builder_room(&builder), 30 - 2 - 9);
  ox_bytes requests = {rest, sizeof rest};
  uint8_t executed[19] = {0};
  ox_bytes response = {executed, sizeof executed};
  assert_int_equal(ox_rop_builder_add_bytes(&builder, response), OX_OK);
  assert_int_equal(ox_rop_builder_add_too_small(&builder, 100, requests), OX_OK);
  ox_bytes out;
  assert_int_equal(ox_rop_builder_finish(&builder, &out), OX_OK);
  assert_int_equal(out.size_bytes, 30);
  assert_memory_equal(out.data + 24, rest, sizeof rest);
  ox_rop_builder_dispose(&builder);
}

/* MS-OXCRPC R962, R964, R967 to R969 */
static void test_packing__stops_at_each_limit(void **state) {
  (void)state;
  const uint8_t rows = OX_ROP_QUERY_ROWS, stream = OX_ROP_READ_STREAM,
                transfer = OX_ROP_FAST_TRANSFER_SOURCE_GET_BUFFER;
  ox_rop_packing packing = {.out_max_bytes = 0x18008};
  assert_int_equal(ox_rop_packing_room(&packing, rows), 0x8000);
  assert_int_equal(ox_rop_packing_room(&packing, OX_ROP_OPEN_FOLDER), 0);
  ox_rop_packing_add(&packing, 0x8000);
  assert_int_equal(packing.used_bytes, 0x8008);
  assert_int_equal(ox_rop_packing_room(&packing, transfer), 0x8000);
  ox_rop_packing_add(&packing, 0x8000 - 8);
  /* 0x8000 + 0 bytes are left: the least for rows, less the header. */
  assert_int_equal(ox_rop_packing_room(&packing, rows), 0x7FF8);
  packing.used_bytes++;
  assert_int_equal(ox_rop_packing_room(&packing, rows), 0);
  assert_int_equal(ox_rop_packing_room(&packing, stream), 0x7FF7);
  packing.used_bytes = packing.out_max_bytes - 0x2000;
  assert_int_equal(ox_rop_packing_room(&packing, stream), 0x1FF8);
  assert_int_equal(ox_rop_packing_room(&packing, transfer), 0x1FF8);
  packing.used_bytes++;
  assert_int_equal(ox_rop_packing_room(&packing, stream), 0);
  packing.used_bytes = packing.out_max_bytes + 1;
  assert_int_equal(ox_rop_packing_room(&packing, stream), 0);

  packing = (ox_rop_packing){.out_max_bytes = SIZE_MAX};
  for (unsigned i = 0; i < 95; i++) ox_rop_packing_add(&packing, 10);
  assert_int_equal(ox_rop_packing_room(&packing, stream), 0x8000);
  ox_rop_packing_add(&packing, 10);
  assert_int_equal(packing.payload_count, OX_ROP_PAYLOADS_MAX);
  assert_int_equal(ox_rop_packing_room(&packing, stream), 0);
}

/* MS-OXCRPC R970 to R973; MS-OXCTABL R100 */
static void test_rest__of_rows_is_what_is_missing(void **state) {
  (void)state;
  ox_rop_request request = {.rop_id = OX_ROP_QUERY_ROWS};
  ox_rop_response response = {.rop_id = OX_ROP_QUERY_ROWS};
  request.u.query_rows.query_rows_flags = OX_QUERY_ROWS_FLAGS_ENABLE_PACKED_BUFFERS;
  request.u.query_rows.row_count = 1000;
  response.u.query_rows.row_count = 100;
  assert_true(ox_rop_request_rest(&request, &response));
  assert_int_equal(request.u.query_rows.row_count, 900);
  response.u.query_rows.row_count = 899;
  assert_true(ox_rop_request_rest(&request, &response));
  assert_int_equal(request.u.query_rows.row_count, 1);
  response.u.query_rows.row_count = 1;
  assert_false(ox_rop_request_rest(&request, &response));
  assert_int_equal(request.u.query_rows.row_count, 1);

  request.u.query_rows.row_count = 1000;
  response.u.query_rows.row_count = 0; /* the table ends */
  assert_false(ox_rop_request_rest(&request, &response));
  response.u.query_rows.row_count = 100;
  response.u.query_rows.return_value = OX_E_NULL_OBJECT;
  assert_false(ox_rop_request_rest(&request, &response));
  response.u.query_rows.return_value = OX_OK;
  request.u.query_rows.query_rows_flags |= OX_QUERY_ROWS_FLAGS_NO_ADVANCE;
  assert_false(ox_rop_request_rest(&request, &response));
  request.u.query_rows.query_rows_flags = 0;
  assert_false(ox_rop_request_rest(&request, &response));
  assert_int_equal(request.u.query_rows.row_count, 1000);
}

/* MS-OXCRPC R1280, R1281 */
static void test_rest__of_streams_is_what_is_missing(void **state) {
  (void)state;
  static const uint8_t data[10] = {0};
  ox_rop_request request = {.rop_id = OX_ROP_READ_STREAM};
  ox_rop_response response = {.rop_id = OX_ROP_READ_STREAM};
  request.u.read_stream.byte_count = 0xBABE;
  request.u.read_stream.maximum_byte_count = 0x80000000;
  response.u.read_stream.data = (ox_bytes){data, 10};
  assert_true(ox_rop_request_rest(&request, &response));
  assert_int_equal(request.u.read_stream.maximum_byte_count, 0x80000000 - 10);
  request.u.read_stream.byte_count = 11;
  assert_true(ox_rop_request_rest(&request, &response));
  assert_int_equal(request.u.read_stream.byte_count, 0xBABE);
  assert_int_equal(request.u.read_stream.maximum_byte_count, 1);
  request.u.read_stream.byte_count = 10;
  assert_false(ox_rop_request_rest(&request, &response));
  response.u.read_stream.data.size_bytes = 0; /* the stream ends */
  request.u.read_stream.byte_count = 11;
  assert_false(ox_rop_request_rest(&request, &response));

  request = (ox_rop_request){.rop_id = OX_ROP_FAST_TRANSFER_SOURCE_GET_BUFFER};
  response = (ox_rop_response){.rop_id = OX_ROP_FAST_TRANSFER_SOURCE_GET_BUFFER};
  ox_fast_transfer_source_get_buffer_response *got = &response.u.fast_transfer_source_get_buffer;
  request.u.fast_transfer_source_get_buffer.buffer_size = 0xBABE;
  got->transfer_status = OX_TRANSFER_STATUS_PARTIAL;
  assert_true(ox_rop_request_rest(&request, &response));
  got->transfer_status = OX_TRANSFER_STATUS_DONE;
  assert_false(ox_rop_request_rest(&request, &response));
  got->transfer_status = OX_TRANSFER_STATUS_ERROR;
  assert_false(ox_rop_request_rest(&request, &response));
  got->transfer_status = OX_TRANSFER_STATUS_PARTIAL;
  got->return_value = OX_E_SERVER_TOO_BUSY;
  assert_false(ox_rop_request_rest(&request, &response));
  got->return_value = OX_OK;
  request.u.fast_transfer_source_get_buffer.buffer_size = 15480;
  assert_false(ox_rop_request_rest(&request, &response));
  response.rop_id = OX_ROP_READ_STREAM;
  assert_false(ox_rop_request_rest(&request, &response));
}

/* MS-OXCRPC R1649008, R1649009 */
static void test_requests__join_when_they_belong_together(void **state) {
  (void)state;
  static const uint8_t bytes[] = "abcdef";
  static const uint8_t rops[] = {OX_ROP_WRITE_STREAM_EXTENDED,
                                 OX_ROP_FAST_TRANSFER_DESTINATION_PUT_BUFFER,
                                 OX_ROP_FAST_TRANSFER_DESTINATION_PUT_BUFFER_EXTENDED};
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  for (size_t i = 0; i < sizeof rops; i++) {
    ox_rop_request parts[3], joined;
    memset(parts, 0, sizeof parts);
    for (size_t k = 0; k < 3; k++) {
      /* All three have the same shape. */
      parts[k].rop_id = rops[i];
      parts[k].u.write_stream_extended.logon_id = 7;
      parts[k].u.write_stream_extended.input_handle_index = 3;
      parts[k].u.write_stream_extended.data = (ox_bytes){bytes + 2 * k, k == 1 ? 0 : 2};
    }
    assert_int_equal(ox_rop_requests_join(parts, 3, &arena, &joined), OX_OK);
    assert_int_equal(joined.rop_id, rops[i]);
    assert_int_equal(joined.u.write_stream_extended.input_handle_index, 3);
    assert_int_equal(joined.u.write_stream_extended.data.size_bytes, 4);
    assert_memory_equal(joined.u.write_stream_extended.data.data, "abef", 4);
    parts[2].u.write_stream_extended.input_handle_index = 4;
    assert_int_equal(ox_rop_requests_join(parts, 3, &arena, &joined), OX_E_RPC_FORMAT);
    parts[2] = parts[1];
    parts[2].rop_id = OX_ROP_WRITE_STREAM; /* does not pack */
    assert_int_equal(ox_rop_requests_join(parts, 3, &arena, &joined), OX_E_RPC_FORMAT);
    assert_int_equal(ox_rop_requests_join(parts, 0, &arena, &joined), OX_E_RPC_FORMAT);
  }
  ox_arena_dispose(&arena);
}

/* MS-OXCROPS R4513, R4515 */
static void test_backoff__holds_back_what_it_names(void **state) {
  (void)state;
  /* Logon 2: 500 ms for RopQueryRows, 9 ms for RopSubmitMessage. */
  static const uint8_t named[] = {0xF9, 2, 100,  0, 0, 0, 2, 0x15, 0xF4, 1,
                                  0,    0, 0x32, 9, 0, 0, 0, 0,    0};
  static const uint8_t all[] = {0xF9, 2, 0xFF, 0xFF, 0xFF, 0xFF, 0, 1, 0, 0xEE};
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  static ox_rop_response response;
  ox_reader r;
  ox_reader_init(&r, named, sizeof named);
  assert_int_equal(ox_rop_response_decode(&r, &arena, NULL, &response), OX_OK);
  assert_int_equal(ox_reader_remaining(&r), 0);
  const ox_backoff_response *backoff = &response.u.backoff;
  assert_int_equal(ox_backoff_wait_ms(backoff, 2, OX_ROP_QUERY_ROWS), 500);
  assert_int_equal(ox_backoff_wait_ms(backoff, 2, OX_ROP_SUBMIT_MESSAGE), 9);
  assert_int_equal(ox_backoff_wait_ms(backoff, 2, OX_ROP_OPEN_FOLDER), 0);
  assert_int_equal(ox_backoff_wait_ms(backoff, 1, OX_ROP_QUERY_ROWS), 0);
  ox_reader_init(&r, all, sizeof all);
  assert_int_equal(ox_rop_response_decode(&r, &arena, NULL, &response), OX_OK);
  assert_int_equal(ox_reader_remaining(&r), 0);
  assert_int_equal(ox_backoff_wait_ms(backoff, 2, OX_ROP_OPEN_FOLDER), 0xFFFFFFFF);
  assert_int_equal(ox_backoff_wait_ms(backoff, 3, OX_ROP_OPEN_FOLDER), 0);
  ox_arena_dispose(&arena);
}

/* MS-OXCRPC R1104, R1105, R1844; MS-OXCROPS R4508, R4542; MS-OXCFXICS R2144 */
static void test_versions__are_compared_in_four_numbers(void **state) {
  (void)state;
  static const struct {
    uint16_t wire[3];
    uint16_t version[4];
  } cases[] = {
      {{0x000B, 0x1398, 0x0000}, {11, 0, 0x1398, 0}}, /* the old scheme has no minor version */
      {{0x0C00, 0x9084, 0x0000}, {12, 0, 0x1084, 0}},
      {{0x0F01, 0x801D, 0x0007}, {15, 1, 29, 7}},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    uint16_t version[4];
    ox_version_normalize(cases[i].wire, version);
    assert_memory_equal(version, cases[i].version, sizeof version);
    assert_int_equal(ox_version_compare(version, version), 0);
    if (i == 0) continue;
    assert_true(ox_version_compare(cases[i - 1].version, version) < 0);
    assert_true(ox_version_compare(version, cases[i - 1].version) > 0);
  }
  static const uint16_t old_client[3] = {0x0C00, 0x8000 | 4227, 9}, client[3] = {0x0C00, 0x9084, 0},
                        old_server[3] = {0x0800, 0x8000 | 525, 0},
                        server[3] = {0x0800, 0x8000 | 525, 1};
  assert_true(ox_backoff_is_known(client, server));
  assert_false(ox_backoff_is_known(old_client, server));
  assert_false(ox_backoff_is_known(client, old_server));
  static const uint16_t before[3] = {11, 0, 4919}, from[3] = {11, 0, 4920};
  assert_false(ox_server_busy_is_known(before));
  assert_true(ox_server_busy_is_known(from));
  assert_true(ox_server_busy_is_known(client));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_heads__are_what_the_encoders_write),
      cmocka_unit_test(test_read_stream__ends_at_the_request_and_at_the_room),
      cmocka_unit_test(test_get_buffer__fits_as_a_whole_or_is_cut_by_the_server),
      cmocka_unit_test(test_query_rows__have_the_room_behind_the_head),
      cmocka_unit_test(test_too_small__keeps_room_for_what_was_not_executed),
      cmocka_unit_test(test_packing__stops_at_each_limit),
      cmocka_unit_test(test_rest__of_rows_is_what_is_missing),
      cmocka_unit_test(test_rest__of_streams_is_what_is_missing),
      cmocka_unit_test(test_requests__join_when_they_belong_together),
      cmocka_unit_test(test_backoff__holds_back_what_it_names),
      cmocka_unit_test(test_versions__are_compared_in_four_numbers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
