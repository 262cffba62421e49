#include <oxkit/ropcodec/ropbuffer.h>

#include <inttypes.h>

#include "dump.h"

ox_wire_context ox_rop_wire_context(const ox_rop_context *context, const ox_reader *r) {
  ox_wire_context wire = {NULL, 0, false};
  if (context == NULL) return wire;
  wire.columns = context->columns;
  wire.column_count = context->column_count;
  if (r->size_bytes - r->position > 1) {
    uint8_t logon_id = r->data[r->position + 1];
    wire.public_logon = (context->public_logons[logon_id / 8] >> logon_id % 8 & 1) != 0;
  }
  return wire;
}

static ox_status dump_rop(ox_writer *w, ox_reader *r, ox_arena *arena,
                          const ox_rop_context *context, bool is_response) {
  uint64_t offset = r->base_offset + r->position;
  uint8_t rop_id = ox_peek_u8(r);
  if (!ox_reader_ok(r)) return r->status;
  const ox_rop_info *info = ox_rop_info_by_id(rop_id);
  const ox_wire_struct *structure = NULL;
  if (info != NULL) structure = is_response ? info->response : info->request;
  if (structure == NULL) {
    ox_dump_format(w, "%04" PRIX64 "  0x%02X is no ROP %s\n", offset, rop_id,
                   is_response ? "response" : "request");
    return ox_reader_fail(r, OX_E_UNKNOWN_ROP, "rop_id", "[MS-OXCROPS] 2.2.2");
  }
  ox_dump_format(w, "%04" PRIX64 "  Rop%s %s (0x%02X, %s)\n", offset, info->name,
                 is_response ? "response" : "request", rop_id, info->section);
  ox_wire_context wire = ox_rop_wire_context(context, r);
  return ox_wire_dump(structure, r, arena, &wire, 0, w);
}

ox_status ox_rop_request_dump(ox_writer *w, ox_reader *r, ox_arena *arena,
                              const ox_rop_context *context) {
  return dump_rop(w, r, arena, context, false);
}

ox_status ox_rop_response_dump(ox_writer *w, ox_reader *r, ox_arena *arena,
                               const ox_rop_context *context) {
  return dump_rop(w, r, arena, context, true);
}

static void dump_failure(ox_writer *w, const ox_error *error) {
  ox_dump_format(w, "%04" PRIX64 "  !! %s", error->offset, error->text);
  if (error->field != NULL) ox_dump_format(w, " Field %s", error->field);
  if (error->spec != NULL) ox_dump_format(w, ", %s", error->spec);
  ox_write_text(w, "\n");
}

ox_status ox_rop_buffer_dump(ox_writer *w, ox_bytes bytes, bool is_response,
                             const ox_rop_context *context) {
  ox_rop_buffer buffer;
  ox_error error = {.status = OX_OK};
  ox_status status = ox_rop_buffer_parse(bytes, &buffer, &error);
  if (status != OX_OK) {
    dump_failure(w, &error);
    return status;
  }
  ox_dump_format(w, "0000  ROP %s buffer, RopSize %zu, %" PRIu32 " handle%s\n",
                 is_response ? "output" : "input", buffer.rops.size_bytes + 2, buffer.handle_count,
                 buffer.handle_count == 1 ? "" : "s");
  ox_arena arena;
  ox_arena_init(&arena, w->allocator, 0);
  ox_reader r;
  ox_rop_buffer_reader(&buffer, &r);
  while (ox_reader_remaining(&r) != 0) {
    dump_rop(w, &r, &arena, context, is_response);
    ox_arena_reset(&arena);
  }
  ox_arena_dispose(&arena);
  status = ox_reader_status(&r, &error);
  if (status != OX_OK) dump_failure(w, &error);
  size_t offset = bytes.size_bytes - buffer.handle_bytes.size_bytes;
  for (uint32_t i = 0; i < buffer.handle_count && i < OX_ROP_HANDLES_MAX; i++) {
    uint32_t handle = ox_rop_buffer_handle(&buffer, (uint8_t)i);
    ox_dump_format(w, "%04zX  handle %" PRIu32 "  0x%08" PRIX32 "%s\n", offset + i * 4u, i, handle,
                   handle == OX_ROP_HANDLE_NONE ? " none" : "");
  }
  return status;
}
