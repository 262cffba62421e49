#include <oxkit/ropcodec/ropbuffer.h>

#include <string.h>

#define SECTION "[MS-OXCROPS] 2.2.1"

/* RopSize is 16 bits wide and counts itself. */
enum { ROP_SIZE_BYTES = 2, ROPS_MAX_BYTES = 0xFFFF, HANDLE_BYTES = 4 };

ox_status ox_rop_buffer_parse(ox_bytes bytes, ox_rop_buffer *out, ox_error *err) {
  memset(out, 0, sizeof *out);
  ox_reader r;
  ox_reader_init(&r, bytes.data, bytes.size_bytes);
  size_t rop_size = ox_read_u16(&r);
  if (r.status == OX_OK && rop_size < ROP_SIZE_BYTES) {
    ox_reader_fail(&r, OX_E_MALFORMED, "rop_size", SECTION);
  }
  ox_bytes rops = ox_read_bytes(&r, rop_size - ROP_SIZE_BYTES);
  ox_reader_blame(&r, "rop_size", SECTION);
  size_t left = ox_reader_remaining(&r);
  ox_bytes table = ox_read_bytes(&r, left);
  if (left % HANDLE_BYTES != 0 || left / HANDLE_BYTES > UINT32_MAX) {
    ox_reader_fail(&r, OX_E_MALFORMED, "server_object_handle_table", SECTION);
  }
  if (r.status == OX_OK) {
    out->rops = rops;
    out->handle_bytes = table;
    out->handle_count = (uint32_t)(left / HANDLE_BYTES);
  }
  return ox_reader_status(&r, err);
}

void ox_rop_buffer_reader(const ox_rop_buffer *buffer, ox_reader *r) {
  ox_reader_init(r, buffer->rops.data, buffer->rops.size_bytes);
  r->base_offset = ROP_SIZE_BYTES;
}

uint32_t ox_rop_buffer_handle(const ox_rop_buffer *buffer, uint8_t index) {
  if (index >= buffer->handle_count) return OX_ROP_HANDLE_NONE;
  const uint8_t *p = buffer->handle_bytes.data + (size_t)index * HANDLE_BYTES;
  return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

void ox_rop_builder_init(ox_rop_builder *builder, const ox_allocator *allocator, size_t max_bytes) {
  memset(builder, 0, sizeof *builder);
  builder->max_bytes = max_bytes;
  /* The handle table is appended to the same writer at the end. */
  ox_writer_init(&builder->rops, allocator, max_bytes);
  ox_write_u16(&builder->rops, 0);
}

void ox_rop_builder_dispose(ox_rop_builder *builder) {
  ox_writer_dispose(&builder->rops);
  memset(builder, 0, sizeof *builder);
}

void ox_rop_builder_reset(ox_rop_builder *builder) {
  ox_writer_reset(&builder->rops);
  ox_write_u16(&builder->rops, 0);
  builder->reserved_bytes = 0;
  builder->handle_count = 0;
}

/* Bytes left in all, reserved ones included. */
static size_t space(const ox_rop_builder *builder) {
  size_t used = builder->rops.size_bytes, table = (size_t)builder->handle_count * HANDLE_BYTES;
  size_t room = used < ROPS_MAX_BYTES ? ROPS_MAX_BYTES - used : 0;
  if (builder->rops.status != OX_OK || used + table > builder->max_bytes) return 0;
  size_t left = builder->max_bytes - used - table;
  return left < room ? left : room;
}

size_t ox_rop_builder_room(const ox_rop_builder *builder) {
  size_t left = space(builder);
  return left > builder->reserved_bytes ? left - builder->reserved_bytes : 0;
}

void ox_rop_builder_reserve(ox_rop_builder *builder, size_t n) {
  builder->reserved_bytes = n;
}

ox_status ox_rop_builder_copy_handles(ox_rop_builder *builder, const ox_rop_buffer *input) {
  uint32_t count =
      input->handle_count < OX_ROP_HANDLES_MAX ? input->handle_count : OX_ROP_HANDLES_MAX;
  if (builder->rops.size_bytes + (size_t)count * HANDLE_BYTES > builder->max_bytes) {
    return OX_E_LIMIT;
  }
  for (uint32_t i = 0; i < count; i++) {
    builder->handles[i] = ox_rop_buffer_handle(input, (uint8_t)i);
  }
  builder->handle_count = count;
  return OX_OK;
}

static ox_status add_handle(ox_rop_builder *builder, uint32_t handle, uint8_t *index_out) {
  if (builder->handle_count >= OX_ROP_HANDLES_MAX) return OX_E_LIMIT;
  size_t table = ((size_t)builder->handle_count + 1) * HANDLE_BYTES;
  if (builder->rops.size_bytes + table > builder->max_bytes) return OX_E_LIMIT;
  *index_out = (uint8_t)builder->handle_count;
  builder->handles[builder->handle_count++] = handle;
  return OX_OK;
}

ox_status ox_rop_builder_use_handle(ox_rop_builder *builder, uint32_t handle, uint8_t *index_out) {
  for (uint32_t i = 0; i < builder->handle_count && handle != OX_ROP_HANDLE_NONE; i++) {
    if (builder->handles[i] == handle) {
      *index_out = (uint8_t)i;
      return OX_OK;
    }
  }
  return add_handle(builder, handle, index_out);
}

ox_status ox_rop_builder_new_handle(ox_rop_builder *builder, uint8_t *index_out) {
  return add_handle(builder, OX_ROP_HANDLE_NONE, index_out);
}

uint32_t ox_rop_builder_handle(const ox_rop_builder *builder, uint8_t index) {
  return index < builder->handle_count ? builder->handles[index] : OX_ROP_HANDLE_NONE;
}

ox_status ox_rop_builder_set_handle(ox_rop_builder *builder, uint8_t index, uint32_t handle) {
  if (index >= builder->handle_count) return OX_E_NOT_FOUND;
  builder->handles[index] = handle;
  return OX_OK;
}

/* Writes with the limit that holds now, and takes a ROP that does not fit away again. */
static size_t begin(ox_rop_builder *builder, size_t room) {
  if (builder->rops.size_bytes < ROP_SIZE_BYTES) {
    ox_rop_builder_reset(builder); /* memory ran out at the start */
    room = builder->rops.status == OX_OK ? space(builder) : 0;
  }
  builder->rops.max_bytes = builder->rops.size_bytes + room;
  return builder->rops.size_bytes;
}

static ox_status end(ox_rop_builder *builder, size_t start) {
  ox_status status = builder->rops.status;
  builder->rops.max_bytes = builder->max_bytes;
  if (status != OX_OK) {
    builder->rops.size_bytes = start;
    builder->rops.status = OX_OK;
  }
  return status;
}

ox_status ox_rop_builder_add_request(ox_rop_builder *builder, const ox_rop_request *request) {
  size_t start = begin(builder, ox_rop_builder_room(builder));
  ox_rop_request_encode(&builder->rops, request);
  return end(builder, start);
}

ox_status ox_rop_builder_add_response(ox_rop_builder *builder, const ox_rop_response *response) {
  size_t start = begin(builder, ox_rop_builder_room(builder));
  ox_rop_response_encode(&builder->rops, response);
  return end(builder, start);
}

ox_status ox_rop_builder_add_bytes(ox_rop_builder *builder, ox_bytes rop) {
  size_t start = begin(builder, ox_rop_builder_room(builder));
  ox_write_bytes(&builder->rops, rop.data, rop.size_bytes);
  return end(builder, start);
}

ox_status ox_rop_builder_add_too_small(ox_rop_builder *builder, size_t size_needed,
                                       ox_bytes requests) {
  ox_buffer_too_small_response response = {
      .size_needed = (uint16_t)(size_needed < 0xFFFF ? size_needed : 0xFFFF),
      .request_buffers = requests,
  };
  size_t start = begin(builder, space(builder));
  ox_buffer_too_small_response_encode(&builder->rops, &response);
  return end(builder, start);
}

ox_status ox_rop_builder_finish(ox_rop_builder *builder, ox_bytes *out) {
  ox_writer *w = &builder->rops;
  if (w->size_bytes <= ROPS_MAX_BYTES) {
    ox_writer_patch_u16(w, 0, (uint16_t)w->size_bytes);
  } else {
    ox_writer_fail(w, OX_E_LIMIT);
  }
  for (uint32_t i = 0; i < builder->handle_count; i++) ox_write_u32(w, builder->handles[i]);
  *out = ox_writer_bytes(w);
  if (w->status != OX_OK) memset(out, 0, sizeof *out);
  return w->status;
}
