/* Batches of ROPs without a server: what goes out, and what may come back.
 * @spec [MS-OXCROPS] 3.1.4.1, 3.1.5 */
#include <oxkit/ropcodec/ropbuffer.h>

#include "rop_fixture.h"

static const char spoiled[] = "\x03\x00";

static int setup(void **state) {
  *state = ox_rop_batch_new(NULL);
  return *state != NULL ? 0 : -1;
}

static int teardown(void **state) {
  ox_rop_batch_free(*state);
  return 0;
}

static ox_status add(ox_rop_batch *batch, uint8_t rop_id, uint8_t index, size_t *position_out) {
  ox_rop_request request = {.rop_id = rop_id};
  request.u.release.input_handle_index = index;
  return ox_rop_batch_add(batch, &request, NULL, 0, position_out, NULL);
}

/* An output buffer with responses that are given as bytes. */
static ox_status feed(ox_rop_batch *batch, const void *rops, size_t size, size_t handles) {
  uint8_t buffer[512] = {0};
  ox_writer w;
  ox_bytes input;
  ox_writer_init_fixed(&w, buffer, sizeof buffer);
  ox_write_u16(&w, (uint16_t)(size + 2));
  ox_write_bytes(&w, rops, size);
  for (size_t i = 0; i < handles; i++) ox_write_u32(&w, (uint32_t)(100 + i));
  ox_bytes output = ox_writer_bytes(&w);
  assert_int_equal(ox_rop_batch_input(batch, &input, NULL), OX_OK);
  return ox_rop_batch_feed(batch, &output, 1, NULL);
}

/* MS-OXCROPS_R4492, R4493, R4494, R4495: requests in order, and the table behind them. */
static void test_input__requests_and_handles(void **state) {
  ox_rop_batch *batch = *state;
  uint8_t known = ox_rop_batch_handle(batch, 0x11223344), made = ox_rop_batch_output(batch);
  assert_int_equal(ox_rop_batch_handle(batch, 0x11223344), known);
  assert_int_not_equal(made, known);
  assert_int_equal(add(batch, OX_ROP_GET_STREAM_SIZE, known, NULL), OX_OK);
  assert_int_equal(add(batch, OX_ROP_RELEASE, known, NULL), OX_OK);
  ox_bytes input;
  assert_int_equal(ox_rop_batch_input(batch, &input, NULL), OX_OK);
  const uint8_t expected[] = {8,    0,    0x5E, 0,    0,    1,    0,    0,
                              0x44, 0x33, 0x22, 0x11, 0xFF, 0xFF, 0xFF, 0xFF};
  assert_int_equal(input.size_bytes, sizeof expected);
  assert_memory_equal(input.data, expected, sizeof expected);
  assert_int_equal(add(batch, OX_ROP_RELEASE, known, NULL), OX_E_USAGE);
}

static void test_add__limits(void **state) {
  ox_rop_batch *batch = *state;
  static const uint8_t data[0x6000];
  ox_rop_request write = {.rop_id = OX_ROP_WRITE_STREAM};
  write.u.write_stream.data = (ox_bytes){data, sizeof data};
  assert_int_equal(ox_rop_batch_add(batch, &write, NULL, 0, NULL, NULL), OX_OK);
  size_t before = ox_rop_batch_input_bytes(batch);
  assert_int_equal(ox_rop_batch_add(batch, &write, NULL, 0, NULL, NULL), OX_E_LIMIT);
  assert_int_equal(ox_rop_batch_input_bytes(batch), before);
  assert_int_equal(ox_rop_batch_count(batch), 1);
  assert_int_equal(add(batch, OX_ROP_NOTIFY, 0, NULL), OX_E_UNKNOWN_ROP);
  ox_rop_batch_reset(batch);
  for (size_t i = 0; i <= OX_ROP_BATCH_MAX_HANDLES; i++) ox_rop_batch_output(batch);
  assert_int_equal(add(batch, OX_ROP_RELEASE, 0, NULL), OX_E_LIMIT);
}

/* MS-OXCROPS_R4707, R4572: answers in order; a release has none. */
static void test_feed__answers(void **state) {
  ox_rop_batch *batch = *state;
  size_t first = 9, release = 9, second = 9;
  uint8_t index = ox_rop_batch_output(batch);
  assert_int_equal(add(batch, OX_ROP_GET_STREAM_SIZE, index, &first), OX_OK);
  assert_int_equal(add(batch, OX_ROP_RELEASE, index, &release), OX_OK);
  assert_int_equal(add(batch, OX_ROP_COMMIT_STREAM, index, &second), OX_OK);
  assert_int_equal(ox_rop_batch_status(batch, first), OX_E_AGAIN);
  const uint8_t rops[] = {0x5E, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0x5D, 0, 5, 0, 7, 0x80};
  assert_int_equal(feed(batch, rops, sizeof rops, 1), OX_OK);
  assert_int_equal(ox_rop_batch_status(batch, first), OX_OK);
  assert_int_equal(ox_rop_batch_response(batch, first, 0)->u.get_stream_size.stream_size, 7);
  assert_null(ox_rop_batch_response(batch, first, 1));
  assert_int_equal(ox_rop_batch_status(batch, release), OX_OK);
  assert_int_equal(ox_rop_batch_status(batch, second), OX_E_ACCESS_DENIED);
  assert_int_equal(ox_rop_batch_handle_at(batch, index), 100);
  assert_int_equal(ox_rop_batch_handle_at(batch, 77), 0xFFFFFFFF);
}

static void test_feed__what_answers_nothing(void **state) {
  ox_rop_batch *batch = *state;
  uint8_t index = ox_rop_batch_output(batch);
  const uint8_t commit[] = {0x5D, 0, 0, 0, 0, 0};
  assert_int_equal(add(batch, OX_ROP_GET_STREAM_SIZE, index, NULL), OX_OK);
  assert_int_equal(feed(batch, commit, sizeof commit, 1), OX_E_PROTOCOL); /* another ROP */
  assert_int_equal(feed(batch, "", 0, 1), OX_E_PROTOCOL);                 /* nothing */
  const uint8_t cut[] = {0x5E, 0, 0, 0};
  assert_true(ox_failed(feed(batch, cut, sizeof cut, 1)));
  ox_bytes input, output = {(const uint8_t *)spoiled, 2};
  assert_int_equal(ox_rop_batch_input(batch, &input, NULL), OX_OK);
  assert_int_equal(ox_rop_batch_feed(batch, &output, 1, NULL), OX_E_TRUNCATED);
  ox_rop_batch_reset(batch);
  assert_int_equal(ox_rop_batch_feed(batch, &output, 1, NULL), OX_E_USAGE);
}

/* MS-OXCROPS_R4517, R4519, R4520, R4521: the rest is sent again, and only the rest. */
static void test_feed__buffer_too_small(void **state) {
  ox_rop_batch *batch = *state;
  size_t first = 9, second = 9;
  uint8_t index = ox_rop_batch_output(batch);
  assert_int_equal(add(batch, OX_ROP_COMMIT_STREAM, index, &first), OX_OK);
  assert_int_equal(add(batch, OX_ROP_GET_STREAM_SIZE, index, &second), OX_OK);
  const uint8_t part[] = {0x5D, 0, 0, 0, 0, 0, 0xFF, 0x00, 0x10, 0x5E, 0, 0};
  assert_int_equal(feed(batch, part, sizeof part, 1), OX_E_AGAIN);
  uint32_t wanted = 0;
  ox_rop_batch_retry(batch, &wanted, NULL);
  assert_int_equal(wanted, 0x1000);
  ox_bytes input;
  assert_int_equal(ox_rop_batch_input(batch, &input, NULL), OX_OK);
  assert_int_equal(input.size_bytes, 2 + 3 + 4);
  const uint8_t rest[] = {0x5E, 0, 0, 0, 0, 0, 9, 0, 0, 0};
  assert_int_equal(feed(batch, rest, sizeof rest, 1), OX_OK);
  assert_int_equal(ox_rop_batch_response(batch, second, 0)->u.get_stream_size.stream_size, 9);
}

/* MS-OXCROPS_R4508, R4512, R4513, R4514: come back later. */
static void test_feed__backoff(void **state) {
  ox_rop_batch *batch = *state;
  uint8_t index = ox_rop_batch_output(batch);
  assert_int_equal(add(batch, OX_ROP_COMMIT_STREAM, index, NULL), OX_OK);
  /* Its own duration counts, not that of a ROP that was not asked for. */
  const uint8_t backoff[] = {0xF9, 0, 10,   0,    0,    0, 2, 0x5D, 250, 0,
                             0,    0, 0x15, 0xFF, 0xFF, 0, 0, 0,    0};
  assert_int_equal(feed(batch, backoff, sizeof backoff, 1), OX_E_AGAIN);
  uint32_t delay_ms = 0;
  ox_rop_batch_retry(batch, NULL, &delay_ms);
  assert_int_equal(delay_ms, 250);
}

/* MS-OXCROPS_R452201, R452202, R4506: notifications stand behind the answers. */
static void test_feed__notifications(void **state) {
  ox_rop_batch *batch = *state;
  const uint8_t rops[] = {0x2A, 5, 0, 0, 0, 0, 0x02, 0x80, 1, 0, 0, 0,   0,   0,   0, 1,    1, 0,
                          0,    0, 0, 0, 0, 2, 9,    0,    0, 0, 0, 'I', 'P', 'M', 0, 0x6E, 0, 0};
  assert_int_equal(feed(batch, rops, sizeof rops, 0), OX_OK);
  const ox_notify_response *notify = ox_rop_batch_notification(batch, 0);
  assert_non_null(notify);
  assert_int_equal(notify->notification_handle, 5);
  assert_int_equal(notify->notification_data.message_flags, 9);
  assert_null(ox_rop_batch_notification(batch, 1));
  assert_true(ox_rop_batch_pending(batch));
}

int main(void) {
#define BATCH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
  const struct CMUnitTest tests[] = {
      BATCH(test_input__requests_and_handles),
      BATCH(test_add__limits),
      BATCH(test_feed__answers),
      BATCH(test_feed__what_answers_nothing),
      BATCH(test_feed__buffer_too_small),
      BATCH(test_feed__backoff),
      BATCH(test_feed__notifications),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
