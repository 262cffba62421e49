/* A session of Outlook 2003 with Exchange 2003 as captured by somebody else (reference data beside
 * the source tree): every ROP in it decodes, says what it should, and encodes to the same bytes.
 * Columns of rows are those of the request that a response answers. */
#include "../support/testing.h"

#include <dirent.h>
#include <stdio.h>
#include <unistd.h>

#include <oxkit/ropcodec/ropbuffer.h>
#include <oxkit/ropcodec/rows.h>

enum { STUB_MAX_BYTES = 8192, ROPS_MAX = 16, XOR_MAGIC = 0xA5, HANDLE_BYTES = 20 };

static char folder[8192];

/* The ROP buffer in a stub of EcDoRpc: context handle, then the array with its three counts; the
 * bytes are obfuscated. [MS-OXCRPC] 3.1.4.1.1.3 */
static bool load(const char *number, const char *role, uint8_t buffer[STUB_MAX_BYTES],
                 ox_bytes *out) {
  char path[8300];
  snprintf(path, sizeof path, "%s/%s-emsmdb-EcDoRpc.%s.stub", folder, number, role);
  FILE *file = fopen(path, "rb");
  if (file == NULL) return false;
  uint8_t stub[STUB_MAX_BYTES];
  size_t size = fread(stub, 1, sizeof stub, file);
  fclose(file);
  ox_reader r;
  ox_reader_init(&r, stub, size);
  ox_read_skip(&r, HANDLE_BYTES);
  assert_true(ox_read_u32(&r) >= 0x200);
  assert_int_equal(ox_read_u32(&r), 0);
  ox_bytes bytes = ox_read_bytes(&r, ox_read_u32(&r));
  assert_true(ox_reader_ok(&r));
  for (size_t i = 0; i < bytes.size_bytes; i++) buffer[i] = bytes.data[i] ^ XOR_MAGIC;
  *out = (ox_bytes){buffer, bytes.size_bytes};
  return true;
}

/* The buffers of one call, decoded. */
typedef struct exchange {
  ox_arena arena;
  uint8_t input[STUB_MAX_BYTES], output[STUB_MAX_BYTES];
  size_t request_count, response_count;
  ox_rop_request *requests;
  ox_rop_response *responses;
  uint32_t handles[OX_ROP_HANDLES_MAX];
} exchange;

static void check_same(ox_rop_builder *builder, const ox_rop_buffer *buffer, ox_bytes bytes) {
  for (uint32_t i = 0; i < buffer->handle_count; i++) {
    uint8_t index;
    assert_int_equal(ox_rop_builder_new_handle(builder, &index), OX_OK);
    assert_int_equal(ox_rop_builder_set_handle(builder, index, ox_rop_buffer_handle(buffer, index)),
                     OX_OK);
  }
  ox_bytes again;
  assert_int_equal(ox_rop_builder_finish(builder, &again), OX_OK);
  assert_int_equal(again.size_bytes, bytes.size_bytes);
  assert_memory_equal(again.data, bytes.data, bytes.size_bytes);
  ox_rop_builder_dispose(builder);
}

static void read_requests(exchange *x, ox_bytes bytes) {
  ox_rop_buffer buffer;
  ox_rop_builder builder;
  ox_reader r;
  assert_int_equal(ox_rop_buffer_parse(bytes, &buffer, NULL), OX_OK);
  ox_rop_builder_init(&builder, NULL, STUB_MAX_BYTES);
  ox_rop_buffer_reader(&buffer, &r);
  for (; ox_reader_remaining(&r) != 0; x->request_count++) {
    assert_true(x->request_count < ROPS_MAX);
    ox_rop_request *request = &x->requests[x->request_count];
    assert_int_equal(ox_rop_request_decode(&r, &x->arena, NULL, request), OX_OK);
    assert_int_equal(ox_rop_builder_add_request(&builder, request), OX_OK);
  }
  check_same(&builder, &buffer, bytes);
}

/* The tags that the n-th RopGetPropertiesSpecific asks for. */
static ox_rop_context columns_of(const exchange *x, size_t n) {
  ox_rop_context context = {NULL, 0, {0}};
  for (size_t i = 0; i < x->request_count; i++) {
    const ox_get_properties_specific_request *request = &x->requests[i].u.get_properties_specific;
    if (x->requests[i].rop_id != OX_ROP_GET_PROPERTIES_SPECIFIC || n-- != 0) continue;
    context.columns = request->property_tags;
    context.column_count = request->property_tag_count;
  }
  return context;
}

static void read_responses(exchange *x, ox_bytes bytes) {
  ox_rop_buffer buffer;
  ox_rop_builder builder;
  ox_reader r;
  size_t rows = 0;
  assert_int_equal(ox_rop_buffer_parse(bytes, &buffer, NULL), OX_OK);
  ox_rop_builder_init(&builder, NULL, STUB_MAX_BYTES);
  ox_rop_buffer_reader(&buffer, &r);
  for (uint32_t i = 0; i < buffer.handle_count; i++)
    x->handles[i] = ox_rop_buffer_handle(&buffer, (uint8_t)i);
  for (; ox_reader_remaining(&r) != 0; x->response_count++) {
    assert_true(x->response_count < ROPS_MAX);
    ox_rop_response *response = &x->responses[x->response_count];
    ox_rop_context context = columns_of(x, rows);
    if (ox_peek_u8(&r) == OX_ROP_GET_PROPERTIES_SPECIFIC) {
      rows++;
    } else if (ox_peek_u8(&r) == OX_ROP_GET_RECEIVE_FOLDER_TABLE) {
      context.columns = ox_receive_folder_columns;
      context.column_count = OX_RECEIVE_FOLDER_COLUMN_COUNT;
    }
    assert_int_equal(ox_rop_response_decode(&r, &x->arena, &context, response), OX_OK);
    assert_int_equal(ox_rop_builder_add_response(&builder, response), OX_OK);
  }
  check_same(&builder, &buffer, bytes);
}

/* False when the data is not there. */
static bool read_exchange(const char *number, exchange *x) {
  ox_bytes bytes;
  memset(x, 0, sizeof *x);
  if (!load(number, "req", x->input, &bytes)) return false;
  ox_arena_init(&x->arena, NULL, 0);
  x->requests = ox_arena_calloc(&x->arena, ROPS_MAX, sizeof *x->requests);
  x->responses = ox_arena_calloc(&x->arena, ROPS_MAX, sizeof *x->responses);
  assert_non_null(x->requests);
  assert_non_null(x->responses);
  read_requests(x, bytes);
  if (load(number, "resp", x->output, &bytes)) read_responses(x, bytes);
  return true;
}

static exchange x;

static void test_capture__logs_on(void **state) {
  (void)state;
  if (!read_exchange("07", &x)) skip();
  assert_int_equal(x.request_count, 1);
  const ox_logon_request *logon = &x.requests[0].u.logon;
  assert_int_equal(x.requests[0].rop_id, OX_ROP_LOGON);
  assert_int_equal(logon->logon_flags, OX_LOGON_FLAGS_PRIVATE);
  assert_int_equal(logon->open_flags, OX_OPEN_FLAGS_HOME_LOGON | OX_OPEN_FLAGS_TAKE_OWNERSHIP);
  assert_memory_equal(logon->essdn.data, "/o=ExampleCorp/ou=ORGUNT/", 25);
  const ox_logon_response *answer = &x.responses[0].u.logon;
  assert_int_equal(answer->return_value, OX_OK);
  /* 30 June 2003 was a Monday. */
  static const ox_logon_time time = {6, 52, 16, OX_DAY_OF_WEEK_MONDAY, 30, 6, 2003};
  assert_true(ox_wire_equal(&ox_logon_time_wire, &answer->logon_time, &time));
  assert_int_equal(x.handles[0], 0x1612);
  ox_arena_dispose(&x.arena);
}

static void test_capture__every_rop_is_read_and_written(void **state) {
  (void)state;
  static const struct {
    const char *number;
    size_t request_count, response_count;
    uint8_t first, last;
  } calls[] = {
      {"07", 1, 1, OX_ROP_LOGON, OX_ROP_LOGON},
      {"08", 1, 1, OX_ROP_LONG_TERM_ID_FROM_ID, OX_ROP_LONG_TERM_ID_FROM_ID},
      {"09", 1, 1, OX_ROP_GET_PROPERTIES_SPECIFIC, OX_ROP_GET_PROPERTIES_SPECIFIC},
      {"10", 2, 2, OX_ROP_OPEN_FOLDER, OX_ROP_GET_PROPERTIES_SPECIFIC},
      {"12", 3, 0, OX_ROP_REGISTER_NOTIFICATION, OX_ROP_GET_PROPERTIES_SPECIFIC},
  };
  for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
    if (!read_exchange(calls[i].number, &x)) skip();
    assert_int_equal(x.request_count, calls[i].request_count);
    assert_int_equal(x.response_count, calls[i].response_count);
    assert_int_equal(x.requests[0].rop_id, calls[i].first);
    assert_int_equal(x.requests[x.request_count - 1].rop_id, calls[i].last);
    for (size_t k = 0; k < x.response_count; k++)
      assert_int_equal(x.responses[k].rop_id, x.requests[k].rop_id);
    ox_arena_dispose(&x.arena);
  }
}

int main(int argc, char **argv) {
  const char *shared = getenv("OX_SHARED");
  char beside[4096];
  snprintf(beside, sizeof beside, "%s/../shared", argc > 1 ? argv[1] : ".");
  if (shared == NULL || shared[0] == 0) shared = beside;
  snprintf(folder, sizeof folder, "%s/data/mapi/zeek-emsmdb-sanitised", shared);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_capture__logs_on),
      cmocka_unit_test(test_capture__every_rop_is_read_and_written),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
