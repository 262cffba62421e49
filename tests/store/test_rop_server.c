/* The ROP server at the level of buffers: handles, error answers, sizes, packing, waits. */
#include <pthread.h>

#include "rop_fixture.h"

/* Open flags that a client sends. */
#define OPEN_FLAGS OX_OPEN_FLAGS_USE_PER_MDB_REPLID_MAPPING

typedef struct raw {
  fixture base;
  ox_rop_transport *transport;
  ox_rop_batch *batch;
  uint32_t logon;
  ox_id inbox;
  uint32_t out_max_bytes;
  size_t output_count; /* of the last execute */
  ox_status status;
} raw;

static void executed(void *user, ox_status status, const ox_bytes *outputs, size_t count,
                     const ox_error *err) {
  raw *r = user;
  r->status = status;
  r->output_count = count;
  if (ox_failed(status))
    r->base.err = *err;
  else
    r->status = ox_rop_batch_feed(r->batch, outputs, count, &r->base.err);
}

/* Sends the batch once. */
static ox_status send(raw *r) {
  ox_bytes input;
  OK(&r->base, ox_rop_batch_input(r->batch, &input, &r->base.err));
  OK(&r->base,
     r->transport->execute(r->transport, 1, input,
                           r->out_max_bytes != 0 ? r->out_max_bytes : OX_ROP_OUT_MAX_BYTES,
                           OX_NO_DEADLINE, executed, r, &r->base.err));
  return r->status;
}

static size_t add(raw *r, const ox_rop_request *request, const ox_proptag *columns,
                  size_t column_count) {
  size_t position = 0;
  OK(&r->base, ox_rop_batch_add(r->batch, request, columns, column_count, &position, &r->base.err));
  return position;
}

/* A batch of one request; the ReturnValue. */
static ox_status ask(raw *r, const ox_rop_request *request) {
  size_t position = add(r, request, NULL, 0);
  OK(&r->base, send(r));
  return ox_rop_batch_status(r->batch, position);
}

static ox_status log_on(raw *r, uint8_t logon_id, const char *dn, uint8_t logon_flags,
                        uint32_t open_flags, uint32_t *handle_out) {
  ox_rop_batch_reset(r->batch);
  ox_rop_request request = {.rop_id = OX_ROP_LOGON};
  uint8_t index = ox_rop_batch_output(r->batch);
  request.u.logon = (ox_logon_request){.logon_id = logon_id,
                                       .output_handle_index = index,
                                       .logon_flags = logon_flags,
                                       .open_flags = open_flags,
                                       .essdn = ox_str8_from(dn)};
  ox_status status = ask(r, &request);
  if (handle_out != NULL) *handle_out = ox_rop_batch_handle_at(r->batch, index);
  return status;
}

static int setup_with(void **state, const ox_rop_server_options *options) {
  raw *r = calloc(1, sizeof *r);
  if (r == NULL) return -1;
  fixture_start(&r->base, options);
  r->transport = fixture_transport(&r->base, "alice@example.test");
  r->batch = ox_rop_batch_new(NULL);
  assert_int_equal(log_on(r, 0, ALICE_DN, OX_LOGON_FLAGS_PRIVATE, OPEN_FLAGS, &r->logon), OX_OK);
  r->inbox = ox_rop_batch_response(r->batch, 0, 0)->u.logon.folder_ids[OX_SPECIAL_INBOX];
  *state = r;
  return 0;
}

static int setup(void **state) {
  return setup_with(state, NULL);
}

static int setup_small(void **state) {
  ox_rop_server_options options = OX_ROP_SERVER_OPTIONS_INIT;
  options.max_folders = 2;
  options.max_messages = 1;
  return setup_with(state, &options);
}

static int teardown(void **state) {
  raw *r = *state;
  if (r->transport != NULL) r->transport->close(r->transport);
  ox_rop_batch_free(r->batch);
  fixture_stop(&r->base);
  free(r);
  return 0;
}

static ox_rop_request open_folder(uint8_t input, uint8_t output, ox_id id) {
  ox_rop_request request = {.rop_id = OX_ROP_OPEN_FOLDER};
  request.u.open_folder = (ox_open_folder_request){
      .input_handle_index = input, .output_handle_index = output, .folder_id = id};
  return request;
}

static ox_status open_inbox(raw *r, uint32_t *handle_out) {
  ox_rop_batch_reset(r->batch);
  uint8_t output = ox_rop_batch_output(r->batch);
  ox_rop_request request = open_folder(ox_rop_batch_handle(r->batch, r->logon), output, r->inbox);
  ox_status status = ask(r, &request);
  *handle_out = ox_rop_batch_handle_at(r->batch, output);
  return status;
}

/* A message in the Inbox, opened read-write and not saved. */
static uint32_t create_message(raw *r) {
  ox_rop_batch_reset(r->batch);
  uint8_t output = ox_rop_batch_output(r->batch);
  ox_rop_request request = {.rop_id = OX_ROP_CREATE_MESSAGE};
  request.u.create_message =
      (ox_create_message_request){.input_handle_index = ox_rop_batch_handle(r->batch, r->logon),
                                  .output_handle_index = output,
                                  .code_page_id = 0x0FFF,
                                  .folder_id = r->inbox};
  assert_int_equal(ask(r, &request), OX_OK);
  return ox_rop_batch_handle_at(r->batch, output);
}

static void release(raw *r, uint32_t handle) {
  ox_rop_batch_reset(r->batch);
  ox_rop_request request = {.rop_id = OX_ROP_RELEASE};
  request.u.release.input_handle_index = ox_rop_batch_handle(r->batch, handle);
  assert_int_equal(ask(r, &request), OX_OK);
}

static ox_status get_list(raw *r, uint32_t handle, uint8_t logon_id) {
  ox_rop_batch_reset(r->batch);
  ox_rop_request request = {.rop_id = OX_ROP_GET_PROPERTIES_LIST};
  request.u.get_properties_list.logon_id = logon_id;
  request.u.get_properties_list.input_handle_index = ox_rop_batch_handle(r->batch, handle);
  return ask(r, &request);
}

/* ---- logon ([MS-OXCSTOR] 3.2.5.1)
 * ----------------------------------------------------------------*/

/* MS-OXCSTOR_R788, R59746, R790, R1061, R114, R1202, R835, R188: who may log on to what. */
static void test_logon__refusals(void **state) {
  raw *r = *state;
  const uint8_t private = OX_LOGON_FLAGS_PRIVATE;
  assert_int_equal(log_on(r, 1, DN_PREFIX "nobody", private, OPEN_FLAGS, NULL), OX_E_UNKNOWN_USER);
  assert_int_equal(log_on(r, 1, DAVE_DN, private, OPEN_FLAGS, NULL), OX_E_UNKNOWN_USER);
  assert_int_equal(log_on(r, 1, BOB_DN, private, OPEN_FLAGS, NULL), OX_E_ACCESS_DENIED);
  assert_int_equal(log_on(r, 1, "", 0, OX_OPEN_FLAGS_PUBLIC, NULL), OX_E_LOGON_FAILED);
  assert_int_equal(log_on(r, 1, ALICE_DN, private | 0x40, OPEN_FLAGS, NULL), OX_E_CALL_FAILED);
  assert_int_equal(log_on(r, 1, ALICE_DN, private, 0x00010000, NULL), OX_E_CALL_FAILED);
  assert_int_equal(log_on(r, 1, CAROL_DN, private | OX_LOGON_FLAGS_GHOSTED, OPEN_FLAGS, NULL),
                   OX_E_WRONG_SERVER);
  const ox_logon_response *redirect = &ox_rop_batch_response(r->batch, 0, 0)->u.logon;
  assert_int_equal(redirect->logon_flags, private | OX_LOGON_FLAGS_GHOSTED);
  assert_int_equal(redirect->server_name.size_bytes, strlen("other.example.test"));
  assert_memory_equal(redirect->server_name.data, "other.example.test",
                      redirect->server_name.size_bytes);
}

/* MS-OXCSTOR_R3103: the sixth attempt within ten seconds. */
static void test_logon__server_paused(void **state) {
  raw *r = *state;
  for (int i = 0; i < 5; i++)
    assert_int_equal(log_on(r, 1, CAROL_DN, OX_LOGON_FLAGS_PRIVATE, OPEN_FLAGS, NULL),
                     OX_E_WRONG_SERVER);
  assert_int_equal(log_on(r, 1, CAROL_DN, OX_LOGON_FLAGS_PRIVATE, OPEN_FLAGS, NULL),
                   OX_E_SERVER_PAUSED);
}

/* MS-OXCROPS_R4502, R4586, R4587: any LogonId; an active one is replaced. */
static void test_logon__replaces_an_active_one(void **state) {
  raw *r = *state;
  uint32_t folder = 0, second = 0, third = 0;
  assert_int_equal(open_inbox(r, &folder), OX_OK);
  assert_int_equal(log_on(r, 0xFF, ALICE_DN, OX_LOGON_FLAGS_PRIVATE, OPEN_FLAGS, &second), OX_OK);
  assert_int_equal(get_list(r, folder, 0), OX_OK);
  assert_int_equal(log_on(r, 0, ALICE_DN, OX_LOGON_FLAGS_PRIVATE, OPEN_FLAGS, &third), OX_OK);
  assert_int_equal(get_list(r, folder, 0), OX_E_INVALID_OBJECT);
  assert_int_equal(get_list(r, third, 0), OX_OK);
  assert_int_equal(get_list(r, second, 0xFF), OX_OK);
}

/* A UserDn that is somebody else's ends the connect. @spec [MS-OXCRPC] 3.1.4.1 */
static void test_connect__checks_who_it_is(void **state) {
  raw *r = *state;
  ox_rop_transport *other = NULL;
  ox_caller caller = {.struct_size = sizeof caller, .user = "alice@example.test"};
  FAILS(&r->base, OX_E_ACCESS_DENIED,
        ox_rop_loopback_new(r->base.server, &caller, BOB_DN, &other, &r->base.err));
  FAILS(&r->base, OX_E_UNKNOWN_USER,
        ox_rop_loopback_new(r->base.server, &caller, "/o=Nobody", &other, &r->base.err));
  caller.user = "nobody@example.test";
  FAILS(&r->base, OX_E_UNKNOWN_USER,
        ox_rop_loopback_new(r->base.server, &caller, NULL, &other, &r->base.err));
  assert_null(other);
}

/* ---- handles ([MS-OXCROPS] 3.2.5)
 * ----------------------------------------------------------------*/

/* MS-OXCROPS_R4712, R457301, R457302, R457303, R4560. */
static void test_handles__errors(void **state) {
  raw *r = *state;
  uint32_t folder = 0, logon = 0;
  assert_int_equal(open_inbox(r, &folder), OX_OK);
  assert_true(folder != 0xFFFFFFFF && folder != r->logon);
  assert_int_equal(get_list(r, folder + 1000, 0), OX_E_NULL_OBJECT);
  assert_int_equal(log_on(r, 7, ALICE_DN, OX_LOGON_FLAGS_PRIVATE, OPEN_FLAGS, &logon), OX_OK);
  assert_int_equal(get_list(r, folder, 7), OX_E_ACCESS_DENIED);
  assert_int_equal(get_list(r, folder, 9), OX_E_NULL_OBJECT); /* no such logon: R4555 */
  release(r, folder);
  assert_int_equal(get_list(r, folder, 0), OX_E_INVALID_OBJECT);
  /* An index behind the end of the table. */
  ox_rop_batch_reset(r->batch);
  ox_rop_request request = {.rop_id = OX_ROP_GET_PROPERTIES_LIST};
  request.u.get_properties_list.input_handle_index = 200;
  ox_rop_batch_handle(r->batch, r->logon);
  assert_int_equal(ask(r, &request), OX_E_NULL_OBJECT);
  request = open_folder(0, 200, r->inbox);
  ox_rop_batch_reset(r->batch);
  ox_rop_batch_handle(r->batch, r->logon);
  assert_int_equal(ask(r, &request), OX_E_NULL_OBJECT);
}

/* MS-OXCROPS_R4558, R4559, R4572: one buffer, one chain; a failed link breaks what hangs on it. */
static void test_handles__chain_in_one_buffer(void **state) {
  raw *r = *state;
  ox_rop_batch_reset(r->batch);
  uint8_t logon = ox_rop_batch_handle(r->batch, r->logon), folder = ox_rop_batch_output(r->batch),
          table = ox_rop_batch_output(r->batch), none = ox_rop_batch_output(r->batch);
  ox_rop_request open = open_folder(logon, folder, r->inbox),
                 wrong = open_folder(logon, none, r->inbox + (1ull << 40)),
                 contents = {.rop_id = OX_ROP_GET_CONTENTS_TABLE},
                 list = {.rop_id = OX_ROP_GET_PROPERTIES_LIST}, let_go = {.rop_id = OX_ROP_RELEASE};
  contents.u.get_contents_table.input_handle_index = folder;
  contents.u.get_contents_table.output_handle_index = table;
  list.u.get_properties_list.input_handle_index = none;
  let_go.u.release.input_handle_index = folder;
  size_t positions[5] = {add(r, &open, NULL, 0), add(r, &contents, NULL, 0),
                         add(r, &let_go, NULL, 0), add(r, &wrong, NULL, 0), add(r, &list, NULL, 0)};
  OK(&r->base, send(r));
  const ox_status expected[5] = {OX_OK, OX_OK, OX_OK, OX_E_NOT_FOUND, OX_E_NULL_OBJECT};
  for (size_t i = 0; i < 5; i++)
    assert_int_equal(ox_rop_batch_status(r->batch, positions[i]), expected[i]);
  assert_true(ox_rop_batch_handle_at(r->batch, table) != 0xFFFFFFFF);
  assert_true(ox_rop_batch_handle_at(r->batch, none) == 0xFFFFFFFF);
}

/* MS-OXCROPS_R4570, R4580: releasing a logon releases everything under it. */
static void test_release__of_a_logon(void **state) {
  raw *r = *state;
  uint32_t folder = 0;
  assert_int_equal(open_inbox(r, &folder), OX_OK);
  create_message(r);
  ox_rop_server_counts counts = {.struct_size = sizeof counts};
  assert_int_equal(ox_rop_server_get_counts(r->base.server, &counts), OX_OK);
  assert_int_equal(counts.objects, 3);
  release(r, r->logon);
  assert_int_equal(ox_rop_server_get_counts(r->base.server, &counts), OX_OK);
  assert_int_equal(counts.objects, 0);
  assert_int_equal(get_list(r, folder, 0), OX_E_NULL_OBJECT); /* the logon is gone */
}

static void test_objects__limits(void **state) {
  raw *r = *state;
  uint32_t one = 0, two = 0, three = 0;
  assert_int_equal(open_inbox(r, &one), OX_OK);
  assert_int_equal(open_inbox(r, &two), OX_OK);
  assert_int_equal(open_inbox(r, &three), OX_E_SESSION_LIMIT);
  release(r, one);
  assert_int_equal(open_inbox(r, &three), OX_OK);
}

/* MS-OXCFOLD_R473, R658; MS-OXCMSG_R1493, R1616; MS-OXCTABL_R477: wrong kinds of objects. */
static void test_wrong_object__per_specification(void **state) {
  raw *r = *state;
  uint32_t folder = 0, message = create_message(r);
  assert_int_equal(open_inbox(r, &folder), OX_OK);
  const struct {
    uint8_t rop_id;
    uint32_t handle;
    ox_status status;
  } cases[] = {
      {OX_ROP_DELETE_FOLDER, message, OX_E_NO_SUPPORT},
      {OX_ROP_EMPTY_FOLDER, message, OX_E_NO_SUPPORT},
      {OX_ROP_DELETE_MESSAGES, r->logon, OX_E_NO_SUPPORT},
      {OX_ROP_QUERY_ROWS, folder, OX_E_NO_SUPPORT},
      {OX_ROP_SET_COLUMNS, message, OX_E_NO_SUPPORT},
      {OX_ROP_REMOVE_ALL_RECIPIENTS, folder, OX_E_NULL_OBJECT},
      {OX_ROP_READ_RECIPIENTS, folder, OX_E_NULL_OBJECT},
      {OX_ROP_DELETE_ATTACHMENT, r->logon, OX_E_NULL_OBJECT},
      {OX_ROP_GET_VALID_ATTACHMENTS, folder, OX_E_NULL_OBJECT},
      {OX_ROP_SET_MESSAGE_STATUS, message, OX_E_NULL_OBJECT},
      {OX_ROP_SET_READ_FLAGS, message, OX_E_NULL_OBJECT},
      {OX_ROP_GET_STREAM_SIZE, message, OX_E_NO_SUPPORT},
      {OX_ROP_SUBMIT_MESSAGE, folder, OX_E_NO_SUPPORT},
      {OX_ROP_GET_ADDRESS_TYPES, folder, OX_E_NO_SUPPORT},
      {OX_ROP_GET_RECEIVE_FOLDER_TABLE, message, OX_E_NO_SUPPORT},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    ox_rop_batch_reset(r->batch);
    ox_rop_request request = {.rop_id = cases[i].rop_id};
    /* LogonId and InputHandleIndex stand first in all of these. */
    request.u.release.input_handle_index = ox_rop_batch_handle(r->batch, cases[i].handle);
    ox_status status = ask(r, &request);
    if (status != cases[i].status)
      fail_msg("ROP 0x%02X: %s", cases[i].rop_id, ox_status_name(status));
  }
}

/* MS-OXCSTOR_R882, R917, R908: what this server does not have. */
static void test_store__unsupported_rops(void **state) {
  raw *r = *state;
  const struct {
    uint8_t rop_id;
    ox_status status;
  } cases[] = {{OX_ROP_GET_STORE_STATE, OX_E_NOT_IMPLEMENTED},
               {OX_ROP_GET_OWNING_SERVERS, OX_E_NO_REPLICA_AVAILABLE},
               {OX_ROP_PUBLIC_FOLDER_IS_GHOSTED, OX_OK},
               {OX_ROP_GET_PER_USER_LONG_TERM_IDS, OX_E_NO_SUPPORT},
               {OX_ROP_GET_TRANSPORT_FOLDER, OX_OK},
               {OX_ROP_GET_ADDRESS_TYPES, OX_OK},
               {OX_ROP_OPTIONS_DATA, OX_OK},
               {OX_ROP_SET_SPOOLER, OX_OK},
               {OX_ROP_PROGRESS, OX_E_NO_SUPPORT}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    ox_rop_batch_reset(r->batch);
    ox_rop_request request = {.rop_id = cases[i].rop_id};
    request.u.release.input_handle_index = ox_rop_batch_handle(r->batch, r->logon);
    ox_status status = ask(r, &request);
    if (status != cases[i].status)
      fail_msg("ROP 0x%02X: %s", cases[i].rop_id, ox_status_name(status));
  }
}

/* ---- buffers ([MS-OXCROPS] 3.2.4.3, 3.2.5.1)
 * -------------------------------------------------------*/

static ox_status send_bytes(raw *r, const void *data, size_t size, uint32_t out_max_bytes) {
  ox_rop_batch_reset(r->batch);
  ox_bytes ignored;
  OK(&r->base, ox_rop_batch_input(r->batch, &ignored, &r->base.err));
  OK(&r->base, r->transport->execute(r->transport, 1, (ox_bytes){data, size}, out_max_bytes,
                                     OX_NO_DEADLINE, executed, r, &r->base.err));
  return r->status;
}

/* MS-OXCROPS_R4551: what cannot be parsed fails the whole call, and nothing of it is done. */
static void test_execute__unparseable(void **state) {
  raw *r = *state;
  const uint8_t reserved[] = {5, 0, 0x28, 0, 0}, cut[] = {6, 0, 0x02, 0, 0, 1},
                long_size[] = {9, 0, 1, 0, 0}, small_size[] = {1, 0}, odd_table[] = {2, 0, 1, 2, 3},
                response_only[] = {5, 0, 0x2A, 0, 0};
  /* MS-OXCROPS_R321501: RopReadStream with a MaximumByteCount of 0x80000001. */
  const uint8_t too_long[] = {11, 0, 0x2C, 0, 0, 0xBE, 0xBA, 1, 0, 0, 0x80, 0xFF, 0xFF, 0xFF, 0xFF};
  assert_int_equal(send_bytes(r, too_long, sizeof too_long, 0x8007), OX_E_RPC_FORMAT);
  assert_int_equal(send_bytes(r, reserved, sizeof reserved, 0x8007), OX_E_RPC_FORMAT);
  assert_int_equal(send_bytes(r, cut, sizeof cut, 0x8007), OX_E_RPC_FORMAT);
  assert_int_equal(send_bytes(r, long_size, sizeof long_size, 0x8007), OX_E_RPC_FORMAT);
  assert_int_equal(send_bytes(r, small_size, sizeof small_size, 0x8007), OX_E_RPC_FORMAT);
  assert_int_equal(send_bytes(r, odd_table, sizeof odd_table, 0x8007), OX_E_RPC_FORMAT);
  assert_int_equal(send_bytes(r, response_only, sizeof response_only, 0x8007), OX_E_RPC_FORMAT);
  assert_int_equal(send_bytes(r, "", 0, 0x8007), OX_E_RPC_FORMAT);
  const uint8_t empty[] = {2, 0};
  assert_int_equal(send_bytes(r, empty, sizeof empty, 0x8007), OX_OK);
  assert_int_equal(send_bytes(r, empty, sizeof empty, 4), OX_E_BUFFER_TOO_SMALL);
}

/* MS-OXCROPS_R4545, R454502, R4519: RopBufferTooSmall, and the rest is sent again. */
static void test_execute__buffer_too_small(void **state) {
  raw *r = *state;
  enum { FOLDERS = 20 };
  size_t positions[FOLDERS];
  uint8_t outputs[FOLDERS];
  ox_rop_batch_reset(r->batch);
  uint8_t logon = ox_rop_batch_handle(r->batch, r->logon);
  for (size_t i = 0; i < FOLDERS; i++) {
    outputs[i] = ox_rop_batch_output(r->batch);
    ox_rop_request request = open_folder(logon, outputs[i], r->inbox);
    positions[i] = add(r, &request, NULL, 0);
  }
  r->out_max_bytes = 200;
  ox_status status = send(r);
  assert_int_equal(status, OX_E_AGAIN);
  size_t rounds = 1;
  while (status == OX_E_AGAIN && rounds < 50) {
    uint32_t wanted = 0;
    ox_rop_batch_retry(r->batch, &wanted, NULL);
    assert_true(wanted > r->out_max_bytes);
    r->out_max_bytes = wanted;
    status = send(r);
    rounds++;
  }
  OK(&r->base, status);
  for (size_t i = 0; i < FOLDERS; i++) {
    assert_int_equal(ox_rop_batch_status(r->batch, positions[i]), OX_OK);
    assert_true(ox_rop_batch_handle_at(r->batch, outputs[i]) != 0xFFFFFFFF);
  }
  ox_rop_server_counts counts = {.struct_size = sizeof counts};
  assert_int_equal(ox_rop_server_get_counts(r->base.server, &counts), OX_OK);
  assert_int_equal(counts.objects, 1 + FOLDERS); /* none was opened twice */
}

/* MS-OXCTABL_R501, MS-OXCTABL_R510: a failed seek ends the buffer. */
static void test_execute__failed_seek_ends_the_buffer(void **state) {
  raw *r = *state;
  uint32_t folder = 0;
  assert_int_equal(open_inbox(r, &folder), OX_OK);
  ox_rop_batch_reset(r->batch);
  uint8_t input = ox_rop_batch_handle(r->batch, folder);
  ox_rop_request seek = {.rop_id = OX_ROP_SEEK_ROW}, list = {.rop_id = OX_ROP_GET_PROPERTIES_LIST};
  seek.u.seek_row.input_handle_index = input;
  list.u.get_properties_list.input_handle_index = input;
  size_t first = add(r, &seek, NULL, 0), second = add(r, &list, NULL, 0);
  OK(&r->base, send(r));
  assert_int_equal(ox_rop_batch_status(r->batch, first), OX_E_NO_SUPPORT);
  assert_null(ox_rop_batch_response(r->batch, second, 0));
}

/* ---- tables and packing
 * ----------------------------------------------------------------------------*/

enum { MANY = 1500 };

static void fill_inbox(raw *r) {
  fixture *f = &r->base;
  ox_mailbox *mailbox = fixture_open(f, "alice@example.test");
  ox_folder *inbox = open_special(f, mailbox, OX_SPECIAL_INBOX);
  char subject[120];
  for (int i = 0; i < MANY; i++) {
    ox_message *message = ox_message_new(NULL);
    snprintf(subject, sizeof subject, "%04d with a subject that fills the row %064d", i, i);
    OK(f, ox_propbag_set_utf8(&message->properties, OX_PidTagSubject, subject));
    OK(f, ox_propbag_set_utf8(&message->properties, OX_PidTagMessageClass, "IPM.Note"));
    OK(f, ox_folder_import(inbox, message, 0, NULL, &f->err));
    ox_message_free(message);
  }
  ox_folder_close(inbox);
  ox_mailbox_close(mailbox);
}

static const ox_proptag subject_column = OX_PidTagSubject;

/* Opens the Inbox's contents, sets columns and asks for rows, in one buffer. */
static size_t ask_rows(raw *r, uint8_t flags, uint16_t wanted, uint8_t *table_out) {
  ox_rop_batch_reset(r->batch);
  uint8_t logon = ox_rop_batch_handle(r->batch, r->logon), folder = ox_rop_batch_output(r->batch),
          table = ox_rop_batch_output(r->batch);
  ox_rop_request open = open_folder(logon, folder, r->inbox),
                 contents = {.rop_id = OX_ROP_GET_CONTENTS_TABLE},
                 columns = {.rop_id = OX_ROP_SET_COLUMNS}, query = {.rop_id = OX_ROP_QUERY_ROWS};
  contents.u.get_contents_table.input_handle_index = folder;
  contents.u.get_contents_table.output_handle_index = table;
  columns.u.set_columns.input_handle_index = table;
  columns.u.set_columns.property_tag_count = 1;
  columns.u.set_columns.property_tags = (ox_proptag *)&subject_column;
  query.u.query_rows.input_handle_index = table;
  query.u.query_rows.query_rows_flags = flags;
  query.u.query_rows.forward_read = true;
  query.u.query_rows.row_count = wanted;
  add(r, &open, NULL, 0);
  add(r, &contents, NULL, 0);
  add(r, &columns, NULL, 0);
  size_t position = add(r, &query, &subject_column, 1);
  OK(&r->base, send(r));
  assert_int_equal(ox_rop_batch_status(r->batch, position), OX_OK);
  *table_out = table;
  return position;
}

/* MS-OXCTABL_R463 to R466; MS-OXCRPC_R961, R963, R968, R971, R972: as many rows as fit, and further
 * buffers when the client takes them. */
static void test_query_rows__fills_and_packs(void **state) {
  raw *r = *state;
  fill_inbox(r);
  uint8_t table = 0;
  size_t position = ask_rows(r, 0, MANY, &table);
  assert_int_equal(r->output_count, 1);
  size_t plain = ox_rop_batch_response(r->batch, position, 0)->u.query_rows.row_count;
  assert_true(plain > 50 && plain < MANY);
  r->out_max_bytes = 0x40000;
  position = ask_rows(r, OX_QUERY_ROWS_FLAGS_ENABLE_PACKED_BUFFERS, MANY - 100, &table);
  assert_true(r->output_count > 1);
  size_t total = 0;
  const ox_rop_response *part;
  for (size_t i = 0; (part = ox_rop_batch_response(r->batch, position, i)) != NULL; i++)
    total += part->u.query_rows.row_count;
  assert_true(total > plain && total <= MANY - 100);
  /* The cursor stands behind what was sent. */
  uint32_t handle = ox_rop_batch_handle_at(r->batch, table);
  ox_rop_batch_reset(r->batch);
  ox_rop_request where = {.rop_id = OX_ROP_QUERY_POSITION};
  where.u.query_position.input_handle_index = ox_rop_batch_handle(r->batch, handle);
  assert_int_equal(ask(r, &where), OX_OK);
  assert_int_equal(ox_rop_batch_response(r->batch, 0, 0)->u.query_position.numerator, total);
  /* MS-OXCTABL_R469: backwards, the rows before the cursor in the order of the table. */
  ox_rop_batch_reset(r->batch);
  ox_rop_request back = {.rop_id = OX_ROP_QUERY_ROWS}, forth;
  back.u.query_rows.input_handle_index = ox_rop_batch_handle(r->batch, handle);
  back.u.query_rows.row_count = 3;
  forth = back;
  forth.u.query_rows.forward_read = true;
  size_t at[2] = {add(r, &back, &subject_column, 1), add(r, &forth, &subject_column, 1)};
  OK(&r->base, send(r));
  ox_bytes rows[2];
  for (size_t i = 0; i < 2; i++) {
    assert_int_equal(ox_rop_batch_response(r->batch, at[i], 0)->u.query_rows.row_count, 3);
    rows[i] = ox_rop_batch_response(r->batch, at[i], 0)->u.query_rows.row_data;
  }
  assert_true(ox_bytes_equal(rows[0], rows[1]));
}

/* MS-OXCTABL_R435, R450, R476, R479, R485, R499: errors of tables. */
static void test_table__errors(void **state) {
  raw *r = *state;
  ox_rop_batch_reset(r->batch);
  uint8_t logon = ox_rop_batch_handle(r->batch, r->logon), folder = ox_rop_batch_output(r->batch),
          table = ox_rop_batch_output(r->batch);
  ox_rop_request open = open_folder(logon, folder, r->inbox),
                 hierarchy = {.rop_id = OX_ROP_GET_HIERARCHY_TABLE},
                 columns = {.rop_id = OX_ROP_SET_COLUMNS}, query = {.rop_id = OX_ROP_QUERY_ROWS},
                 sort = {.rop_id = OX_ROP_SORT_TABLE}, abort_it = {.rop_id = OX_ROP_ABORT},
                 get_status = {.rop_id = OX_ROP_GET_STATUS}, reset = {.rop_id = OX_ROP_RESET_TABLE},
                 free_it = {.rop_id = OX_ROP_FREE_BOOKMARK};
  ox_proptag untyped = OX_PROPTAG_AS(OX_PidTagSubject, OX_PTYP_UNSPECIFIED);
  ox_sort_order order = {OX_PidTagSubject, OX_SORT_ASCENDING};
  hierarchy.u.get_hierarchy_table.input_handle_index = folder;
  hierarchy.u.get_hierarchy_table.output_handle_index = table;
  columns.u.set_columns.input_handle_index = table;
  columns.u.set_columns.property_tag_count = 1;
  columns.u.set_columns.property_tags = &untyped;
  query.u.query_rows.input_handle_index = table;
  query.u.query_rows.row_count = 1;
  sort.u.sort_table.input_handle_index = table;
  sort.u.sort_table.sort_orders = (ox_sort_order_set){1, 0, 0, &order};
  abort_it.u.abort.input_handle_index = table;
  get_status.u.get_status.input_handle_index = table;
  reset.u.reset_table.input_handle_index = table;
  free_it.u.free_bookmark.input_handle_index = table;
  const struct {
    const ox_rop_request *request;
    ox_status status;
  } cases[] = {{&open, OX_OK},
               {&hierarchy, OX_OK},
               {&query, OX_E_NULL_OBJECT},
               {&free_it, OX_E_NULL_OBJECT},
               {&columns, OX_E_INVALID_PARAMETER},
               {&sort, OX_E_NO_SUPPORT},
               {&reset, OX_E_NO_SUPPORT},
               {&get_status, OX_OK},
               {&abort_it, OX_E_UNABLE_TO_ABORT}};
  size_t positions[9];
  for (size_t i = 0; i < 9; i++) positions[i] = add(r, cases[i].request, NULL, 0);
  OK(&r->base, send(r));
  for (size_t i = 0; i < 9; i++)
    assert_int_equal(ox_rop_batch_status(r->batch, positions[i]), cases[i].status);
}

/* ---- properties and streams
 * --------------------------------------------------------------------------*/

/* MS-OXCPRPT_R458 to R460: WantUnicode; R9070102, R90707: PropertySizeLimit is ignored. */
static void test_get_properties__unicode_and_size_limit(void **state) {
  raw *r = *state;
  uint32_t message = create_message(r);
  ox_rop_batch_reset(r->batch);
  uint8_t input = ox_rop_batch_handle(r->batch, message);
  ox_property values[] = {text_property(&r->base, OX_PidTagSubject, "Gr\xC3\xBC\xC3\x9F"),
                          text_property(&r->base, OX_PidTagBody, "a body of some length")};
  ox_rop_request set = {.rop_id = OX_ROP_SET_PROPERTIES},
                 get = {.rop_id = OX_ROP_GET_PROPERTIES_SPECIFIC};
  set.u.set_properties = (ox_set_properties_request){
      .input_handle_index = input, .property_value_count = 2, .property_values = values};
  const ox_proptag tags[] = {OX_PROPTAG_AS(OX_PidTagSubject, OX_PTYP_UNSPECIFIED), OX_PidTagBody,
                             OX_PROPTAG_AS(OX_PidTagSubject, OX_PTYP_STRING8)};
  get.u.get_properties_specific = (ox_get_properties_specific_request){
      .input_handle_index = input, .property_tag_count = 3, .property_tags = (ox_proptag *)tags};
  add(r, &set, NULL, 0);
  size_t narrow = add(r, &get, tags, 3);
  get.u.get_properties_specific.want_unicode = 1;
  get.u.get_properties_specific.property_size_limit = 20;
  size_t wide = add(r, &get, tags, 3);
  ox_rop_request get_all = {.rop_id = OX_ROP_GET_PROPERTIES_ALL};
  get_all.u.get_properties_all = (ox_get_properties_all_request){
      .input_handle_index = input, .property_size_limit = 20, .want_unicode = 1};
  size_t all = add(r, &get_all, NULL, 0);
  OK(&r->base, send(r));
  ox_property *row = NULL;
  OK(&r->base, ox_rop_batch_status(r->batch, narrow));
  OK(&r->base,
     ox_rows_decode(ox_rop_batch_response(r->batch, narrow, 0)->u.get_properties_specific.row_data,
                    tags, 3, 1, &r->base.arena, &row, &r->base.err));
  assert_int_equal(OX_PROPTAG_TYPE(row[0].tag), OX_PTYP_STRING8);
  assert_int_equal(row[0].value.string8.size_bytes, 4);
  assert_memory_equal(row[0].value.string8.data, "Gr\xFC\xDF", 4);
  assert_int_equal(row[1].tag, OX_PidTagBody);
  OK(&r->base,
     ox_rows_decode(ox_rop_batch_response(r->batch, wide, 0)->u.get_properties_specific.row_data,
                    tags, 3, 1, &r->base.arena, &row, &r->base.err));
  assert_int_equal(row[0].tag, OX_PidTagSubject);
  assert_int_equal(row[1].tag, OX_PidTagBody);
  assert_int_equal(row[1].value.string.size_bytes, 2 * strlen("a body of some length"));
  const ox_get_properties_all_response *every =
      &ox_rop_batch_response(r->batch, all, 0)->u.get_properties_all;
  size_t bodies = 0;
  for (size_t i = 0; i < every->property_value_count; i++) {
    assert_int_not_equal(OX_PROPTAG_TYPE(every->property_values[i].tag), OX_PTYP_ERROR_CODE);
    bodies += every->property_values[i].tag == OX_PidTagBody;
  }
  assert_int_equal(bodies, 1);
}

/* MS-OXCPRPT_R55205, R55206, R886: ByteCount, and 0xBABE with MaximumByteCount. */
static void test_read_stream__counts(void **state) {
  raw *r = *state;
  uint32_t message = create_message(r);
  enum { BYTES = 100000 };
  ox_rop_batch_reset(r->batch);
  uint8_t input = ox_rop_batch_handle(r->batch, message), stream = ox_rop_batch_output(r->batch);
  ox_rop_request open = {.rop_id = OX_ROP_OPEN_STREAM}, resize = {.rop_id = OX_ROP_SET_STREAM_SIZE},
                 some = {.rop_id = OX_ROP_READ_STREAM}, rest = {.rop_id = OX_ROP_READ_STREAM};
  open.u.open_stream = (ox_open_stream_request){.input_handle_index = input,
                                                .output_handle_index = stream,
                                                .property_tag = OX_PidTagHtml,
                                                .open_mode_flags = OX_STREAM_CREATE};
  resize.u.set_stream_size.input_handle_index = stream;
  resize.u.set_stream_size.stream_size = BYTES;
  some.u.read_stream.input_handle_index = rest.u.read_stream.input_handle_index = stream;
  some.u.read_stream.byte_count = 1000;
  rest.u.read_stream.byte_count = 0xBABE;
  rest.u.read_stream.maximum_byte_count = 90000;
  add(r, &open, NULL, 0);
  add(r, &resize, NULL, 0);
  size_t first = add(r, &some, NULL, 0), second = add(r, &rest, NULL, 0);
  r->out_max_bytes = 0x40000;
  OK(&r->base, send(r));
  assert_int_equal(ox_rop_batch_response(r->batch, first, 0)->u.read_stream.data.size_bytes, 1000);
  size_t total = 0;
  const ox_rop_response *part;
  for (size_t i = 0; (part = ox_rop_batch_response(r->batch, second, i)) != NULL; i++)
    total += part->u.read_stream.data.size_bytes;
  assert_int_equal(total, 90000);
  assert_true(r->output_count >= 3);
}

/* [MS-OXCPRPT] 3.2.5.18; 3.2.5.19: seek origins, destinations that are not there. */
static void test_stream__errors(void **state) {
  raw *r = *state;
  uint32_t message = create_message(r);
  ox_rop_batch_reset(r->batch);
  uint8_t input = ox_rop_batch_handle(r->batch, message), stream = ox_rop_batch_output(r->batch),
          none = ox_rop_batch_output(r->batch);
  ox_rop_request open = {.rop_id = OX_ROP_OPEN_STREAM}, seek = {.rop_id = OX_ROP_SEEK_STREAM},
                 far = {.rop_id = OX_ROP_SEEK_STREAM}, copy = {.rop_id = OX_ROP_COPY_TO_STREAM},
                 copy_to = {.rop_id = OX_ROP_COPY_TO}, missing = {.rop_id = OX_ROP_OPEN_STREAM};
  open.u.open_stream = (ox_open_stream_request){.input_handle_index = input,
                                                .output_handle_index = stream,
                                                .property_tag = OX_PidTagHtml,
                                                .open_mode_flags = OX_STREAM_CREATE};
  missing.u.open_stream = (ox_open_stream_request){.input_handle_index = input,
                                                   .output_handle_index = none,
                                                   .property_tag = OX_PidTagRtfCompressed};
  seek.u.seek_stream.input_handle_index = far.u.seek_stream.input_handle_index = stream;
  seek.u.seek_stream.origin = 7;
  far.u.seek_stream.offset = 0x100000000;
  copy.u.copy_to_stream.source_handle_index = stream;
  copy.u.copy_to_stream.dest_handle_index = none;
  copy_to.u.copy_to.source_handle_index = input;
  copy_to.u.copy_to.dest_handle_index = none;
  add(r, &open, NULL, 0);
  size_t at[] = {add(r, &missing, NULL, 0), add(r, &seek, NULL, 0), add(r, &far, NULL, 0),
                 add(r, &copy, NULL, 0), add(r, &copy_to, NULL, 0)};
  OK(&r->base, send(r));
  assert_int_equal(ox_rop_batch_status(r->batch, at[0]), OX_E_NOT_FOUND);
  assert_int_equal(ox_rop_batch_status(r->batch, at[1]), OX_E_STREAM_INVALID_PARAMETER);
  assert_int_equal(ox_rop_batch_status(r->batch, at[2]), OX_E_STREAM_SEEK_ERROR);
  assert_int_equal(ox_rop_batch_status(r->batch, at[3]), OX_E_NULL_DESTINATION);
  assert_int_equal(ox_rop_batch_response(r->batch, at[3], 0)->u.copy_to_stream.dest_handle_index,
                   none);
  assert_int_equal(ox_rop_batch_status(r->batch, at[4]), OX_E_NULL_DESTINATION);
  assert_int_equal(ox_rop_batch_response(r->batch, at[4], 0)->u.copy_to.dest_handle_index, none);
}

/* MS-OXCMSG_R327 to R330: opening a message tells subject and recipients. */
static void test_open_message__tells_subject_and_recipients(void **state) {
  raw *r = *state;
  fixture *f = &r->base;
  ox_mailbox *mailbox = fixture_open(f, "alice@example.test");
  ox_folder *inbox = open_special(f, mailbox, OX_SPECIAL_INBOX);
  ox_message *message = ox_message_new(NULL);
  OK(f, ox_propbag_set_utf8(&message->properties, OX_PidTagSubject, "RE: \xE6\x97\xA5"));
  OK(f, ox_propbag_set_utf8(&message->properties, OX_PidTagMessageClass, "IPM.Note"));
  for (int i = 0; i < 2; i++) {
    ox_propbag *bag = &ox_message_add_recipient(message)->properties;
    OK(f, ox_propbag_set_i32(bag, OX_PidTagRecipientType, i + 1));
    OK(f, ox_propbag_set_utf8(bag, OX_PidTagDisplayName, "Bob"));
    OK(f, ox_propbag_set_utf8(bag, OX_PidTagAddressType, "SMTP"));
    OK(f, ox_propbag_set_utf8(bag, OX_PidTagEmailAddress, "bob@example.test"));
  }
  ox_id id = 0;
  OK(f, ox_folder_import(inbox, message, 0, &id, &f->err));
  ox_message_free(message);
  ox_folder_close(inbox);
  ox_mailbox_close(mailbox);
  ox_rop_batch_reset(r->batch);
  ox_rop_request open = {.rop_id = OX_ROP_OPEN_MESSAGE};
  open.u.open_message =
      (ox_open_message_request){.input_handle_index = ox_rop_batch_handle(r->batch, r->logon),
                                .output_handle_index = ox_rop_batch_output(r->batch),
                                .code_page_id = 0x0FFF,
                                .folder_id = r->inbox,
                                .message_id = id};
  assert_int_equal(ask(r, &open), OX_OK);
  const ox_open_message_response *answer = &ox_rop_batch_response(r->batch, 0, 0)->u.open_message;
  assert_int_equal(answer->subject_prefix.string_type, OX_STRING_TYPE_REDUCED_UNICODE);
  assert_memory_equal(answer->subject_prefix.string8.data, "RE: ", 4);
  assert_int_equal(answer->normalized_subject.string_type, OX_STRING_TYPE_UNICODE);
  assert_int_equal(answer->recipient_count, 2);
  assert_int_equal(answer->row_count, 2);
  assert_int_equal(answer->recipient_rows[1].recipient_type, 2);
}

/* ---- waits
 * -------------------------------------------------------------------------------------------*/

typedef struct waiter {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  bool done;
  ox_status status;
  bool pending;
} waiter;

static void waited(void *user, ox_status status, bool pending, const ox_error *err) {
  waiter *w = user;
  (void)err;
  pthread_mutex_lock(&w->lock);
  w->done = true;
  w->status = status;
  w->pending = pending;
  pthread_cond_signal(&w->changed);
  pthread_mutex_unlock(&w->lock);
}

static void join_wait(waiter *w) {
  pthread_mutex_lock(&w->lock);
  while (!w->done) pthread_cond_wait(&w->changed, &w->lock);
  pthread_mutex_unlock(&w->lock);
}

/* [MS-OXCRPC] 3.3.4.1: one wait at a time; it ends with an event, its time, or a cancel. */
static void test_wait__event_deadline_cancel(void **state) {
  raw *r = *state;
  fixture *f = &r->base;
  waiter w = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, 0, false};
  OK(f, r->transport->wait(r->transport, 5, 1, waited, &w, &f->err)); /* long over */
  join_wait(&w);
  assert_true(w.status == OX_OK && !w.pending);
  w.done = false;
  OK(f, r->transport->wait(r->transport, 6, OX_NO_DEADLINE, waited, &w, &f->err));
  FAILS(f, OX_E_REJECTED, r->transport->wait(r->transport, 7, OX_NO_DEADLINE, waited, &w, &f->err));
  r->transport->cancel(r->transport, 6);
  join_wait(&w);
  assert_int_equal(w.status, OX_E_CANCELLED);
  ox_rop_batch_reset(r->batch);
  ox_rop_request subscribe = {.rop_id = OX_ROP_REGISTER_NOTIFICATION};
  subscribe.u.register_notification = (ox_register_notification_request){
      .input_handle_index = ox_rop_batch_handle(r->batch, r->logon),
      .output_handle_index = ox_rop_batch_output(r->batch),
      .notification_types = OX_EVENT_CREATED,
      .want_whole_store = true};
  assert_int_equal(ask(r, &subscribe), OX_OK);
  w.done = false;
  OK(f, r->transport->wait(r->transport, 8, OX_NO_DEADLINE, waited, &w, &f->err));
  ox_mailbox *mailbox = fixture_open(f, "alice@example.test");
  ox_folder *inbox = open_special(f, mailbox, OX_SPECIAL_INBOX);
  for (int i = 0; i < 40; i++) make_message(f, inbox, "event", "body");
  ox_folder_close(inbox);
  ox_mailbox_close(mailbox);
  join_wait(&w);
  assert_true(w.status == OX_OK && w.pending);
  /* MS-OXCNOTIF_R334, R338: what does not fit is announced by RopPending. */
  size_t total = 0;
  r->out_max_bytes = 200;
  for (int rounds = 0; rounds < 100; rounds++) {
    ox_rop_batch_reset(r->batch);
    OK(f, send(r));
    size_t here = 0;
    while (ox_rop_batch_notification(r->batch, here) != NULL) here++;
    total += here;
    if (!ox_rop_batch_pending(r->batch)) break;
    assert_true(here > 0 && here < 40);
  }
  assert_true(total >= 40);
}

/* A wait that is open when the session ends is cancelled. */
static void test_wait__ends_with_the_session(void **state) {
  raw *r = *state;
  waiter w = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, 0, false};
  OK(&r->base, r->transport->wait(r->transport, 5, OX_NO_DEADLINE, waited, &w, &r->base.err));
  r->transport->close(r->transport);
  r->transport = NULL;
  join_wait(&w);
  assert_int_equal(w.status, OX_E_CANCELLED);
}

int main(void) {
#define RAW(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
  const struct CMUnitTest tests[] = {
      RAW(test_logon__refusals),
      RAW(test_logon__server_paused),
      RAW(test_logon__replaces_an_active_one),
      RAW(test_connect__checks_who_it_is),
      RAW(test_handles__errors),
      RAW(test_handles__chain_in_one_buffer),
      RAW(test_release__of_a_logon),
      cmocka_unit_test_setup_teardown(test_objects__limits, setup_small, teardown),
      RAW(test_wrong_object__per_specification),
      RAW(test_store__unsupported_rops),
      RAW(test_execute__unparseable),
      RAW(test_execute__buffer_too_small),
      RAW(test_execute__failed_seek_ends_the_buffer),
      RAW(test_query_rows__fills_and_packs),
      RAW(test_table__errors),
      RAW(test_get_properties__unicode_and_size_limit),
      RAW(test_read_stream__counts),
      RAW(test_stream__errors),
      RAW(test_open_message__tells_subject_and_recipients),
      RAW(test_wait__event_deadline_cancel),
      RAW(test_wait__ends_with_the_session),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
