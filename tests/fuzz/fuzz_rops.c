/* ROP buffers, requests and responses. The first byte chooses the role, whether the columns of rows
 * are known, and the kind of logon; the rest is a ROP buffer, which is dumped, and then RopsList
 * alone, each ROP of which is decoded by the generated decoder and by the interpreter, which must
 * agree, and encoded and decoded again, which must give the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <oxkit/ropcodec/kinds.h>
#include <oxkit/ropcodec/ropbuffer.h>
#include <oxkit/ropcodec/rows.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const ox_proptag columns[] = {
    OX_PROPTAG(0x6748, OX_PTYP_INTEGER64),   OX_PROPTAG(0x0037, OX_PTYP_STRING),
    OX_PROPTAG(0x0FFF, OX_PTYP_BINARY),      OX_PROPTAG(0x1001, OX_PTYP_MULTIPLE_STRING),
    OX_PROPTAG(0x3001, OX_PTYP_UNSPECIFIED),
};
enum { COLUMN_COUNT = sizeof columns / sizeof columns[0], WRITER_MAX = 1 << 20 };

static void check(bool holds) {
  if (!holds) abort();
}

static ox_status decode(bool is_response, ox_reader *r, ox_arena *arena,
                        const ox_rop_context *context, ox_rop_request *request,
                        ox_rop_response *response) {
  return is_response ? ox_rop_response_decode(r, arena, context, response)
                     : ox_rop_request_decode(r, arena, context, request);
}

/* What was decoded encodes, and decodes again to the same. */
static void check_again(bool is_response, const ox_rop_context *context,
                        const ox_rop_request *request, const ox_rop_response *response) {
  static ox_rop_request request2;
  static ox_rop_response response2;
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  ox_writer w;
  ox_writer_init(&w, NULL, WRITER_MAX);
  if (is_response) {
    ox_rop_response_encode(&w, response);
  } else {
    ox_rop_request_encode(&w, request);
  }
  check(w.status == OX_OK);
  ox_reader r;
  ox_reader_init(&r, w.data, w.size_bytes);
  check(decode(is_response, &r, &arena, context, &request2, &response2) == OX_OK);
  check(r.position == w.size_bytes);
  const ox_rop_info *info = ox_rop_info_by_id(is_response ? response->rop_id : request->rop_id);
  if (is_response) {
    check(ox_wire_equal(info->response, &response->u, &response2.u));
  } else {
    check(ox_wire_equal(info->request, &request->u, &request2.u));
  }
  ox_writer_dispose(&w);
  ox_arena_dispose(&arena);
}

static void run_list(const uint8_t *data, size_t size, bool is_response,
                     const ox_rop_context *context) {
  static ox_rop_request request;
  static ox_rop_response response;
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  ox_reader r, slow;
  ox_reader_init(&r, data, size);
  while (ox_reader_remaining(&r) != 0) {
    slow = r;
    ox_status status = decode(is_response, &r, &arena, context, &request, &response);
    const ox_rop_info *info = ox_rop_info_by_id(data[slow.position]);
    const ox_wire_struct *structure = info == NULL  ? NULL
                                      : is_response ? info->response
                                                    : info->request;
    check((structure == NULL) == (status == OX_E_UNKNOWN_ROP));
    if (structure == NULL) break;
    ox_wire_context wire = {context->columns, context->column_count,
                            context->public_logons[0] != 0};
    void *out = malloc(structure->size_bytes);
    check(out != NULL);
    check(ox_wire_decode(structure, &slow, &arena, &wire, out, NULL, NULL) == status);
    check(slow.position == r.position);
    if (status == OX_OK) {
      check(ox_wire_equal(structure, is_response ? (void *)&response.u : (void *)&request.u, out));
      check_again(is_response, context, &request, &response);
    } else {
      check(r.field != NULL && r.fail_position <= size);
    }
    free(out);
    /* Memory stays in proportion to the input; there were two decoders. */
    check(arena.used_bytes <= 2 * (OX_DECODE_FIXED_BYTES + size * OX_DECODE_EXPANSION_MAX));
    ox_arena_reset(&arena);
  }
  ox_arena_dispose(&arena);
}

/* Whatever the bytes are, their JSON comes back as them. */
static void check_json(ox_bytes bytes, bool is_response, const ox_rop_context *context) {
  ox_writer json, back;
  ox_writer_init(&json, NULL, (size_t)64 << 20);
  ox_writer_init(&back, NULL, (size_t)64 << 20);
  ox_rop_buffer_dump_json(&json, bytes, is_response, context);
  check(json.status == OX_OK);
  ox_str8 text = {(const char *)json.data, json.size_bytes};
  check(ox_kind_from_json(text, &back, NULL, NULL) == OX_OK);
  check(ox_bytes_equal(ox_writer_bytes(&back), bytes));
  ox_writer_dispose(&json);
  ox_writer_dispose(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0 || size > 65536) return 0;
  bool is_response = (data[0] & 1) != 0;
  ox_rop_context context = {NULL, 0, {0}};
  if ((data[0] & 2) != 0) {
    context.columns = columns;
    context.column_count = COLUMN_COUNT;
  }
  if ((data[0] & 4) != 0) memset(context.public_logons, 0xFF, sizeof context.public_logons);
  data++;
  size--;
  ox_writer w;
  ox_writer_init(&w, NULL, (size_t)64 << 20);
  ox_bytes bytes = {data, size};
  ox_rop_buffer_dump(&w, bytes, is_response, &context);
  check_json(bytes, is_response, &context);
  ox_writer_dispose(&w);
  ox_rop_buffer buffer;
  if (ox_rop_buffer_parse(bytes, &buffer, NULL) == OX_OK) {
    run_list(buffer.rops.data, buffer.rops.size_bytes, is_response, &context);
  } else {
    run_list(data, size, is_response, &context);
  }
  return 0;
}
