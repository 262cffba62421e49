/* Sizes of responses. @spec [MS-OXCROPS] 3.2.4; [MS-OXCRPC] 3.1.4.2.1.2 */
#include <oxkit/ropcodec/ropsize.h>

#include <string.h>

static size_t least(size_t a, size_t b) {
  return a < b ? a : b;
}

/* What a RopReadStream request asks for. */
static uint32_t bytes_wanted(const ox_read_stream_request *request) {
  return request->byte_count == OX_ROP_SIZE_BY_SERVER ? request->maximum_byte_count
                                                      : request->byte_count;
}

ox_status ox_read_stream_room(const ox_read_stream_request *request, size_t room_bytes,
                              size_t *data_max_out) {
  *data_max_out = 0;
  const uint32_t wanted = bytes_wanted(request);
  if (wanted > OX_READ_STREAM_MAX_BYTES) return OX_E_RPC_FORMAT;
  if (room_bytes < OX_READ_STREAM_HEAD_BYTES) return OX_E_BUFFER_TOO_SMALL;
  *data_max_out = least(least(wanted, room_bytes - OX_READ_STREAM_HEAD_BYTES), UINT16_MAX);
  return OX_OK;
}

ox_status ox_get_buffer_room(const ox_fast_transfer_source_get_buffer_request *request,
                             size_t room_bytes, size_t *data_max_out, size_t *needed_out) {
  const bool by_server = request->buffer_size == OX_ROP_SIZE_BY_SERVER;
  const size_t wanted = by_server ? request->maximum_buffer_size : request->buffer_size;
  *data_max_out = 0;
  *needed_out = OX_GET_BUFFER_HEAD_BYTES + (by_server ? 0 : wanted);
  if (room_bytes < *needed_out) return OX_E_BUFFER_TOO_SMALL;
  *data_max_out = least(wanted, room_bytes - OX_GET_BUFFER_HEAD_BYTES);
  return OX_OK;
}

size_t ox_query_rows_room(size_t room_bytes) {
  return room_bytes > OX_QUERY_ROWS_HEAD_BYTES ? room_bytes - OX_QUERY_ROWS_HEAD_BYTES : 0;
}

size_t ox_rop_too_small_reserve(size_t rest_bytes) {
  return rest_bytes != 0 ? OX_ROP_TOO_SMALL_HEAD_BYTES + rest_bytes : 0;
}

uint16_t ox_rop_size_needed(size_t bytes) {
  return (uint16_t)least(bytes, OX_ROP_OUT_MAX_BYTES);
}

/* Several buffers. */

void ox_rop_packing_add(ox_rop_packing *packing, size_t buffer_bytes) {
  packing->used_bytes += OX_ROP_PAYLOAD_HEADER_BYTES + buffer_bytes;
  packing->payload_count++;
}

size_t ox_rop_packing_room(const ox_rop_packing *packing, uint8_t rop_id) {
  size_t needed;
  switch (rop_id) {
    case OX_ROP_QUERY_ROWS: needed = OX_ROP_PACK_ROWS_LEAST_BYTES; break;
    case OX_ROP_READ_STREAM:
    case OX_ROP_FAST_TRANSFER_SOURCE_GET_BUFFER: needed = OX_ROP_PACK_LEAST_BYTES; break;
    default: return 0;
  }
  if (packing->payload_count >= OX_ROP_PAYLOADS_MAX) return 0;
  if (packing->used_bytes >= packing->out_max_bytes) return 0;
  const size_t left = packing->out_max_bytes - packing->used_bytes;
  return left < needed ? 0 : least(left - OX_ROP_PAYLOAD_HEADER_BYTES, OX_ROP_OUT_MAX_BYTES);
}

static bool rows_rest(ox_query_rows_request *request, const ox_query_rows_response *response) {
  const uint8_t packs = OX_QUERY_ROWS_FLAGS_ENABLE_PACKED_BUFFERS;
  const uint8_t flags = request->query_rows_flags & (packs | OX_QUERY_ROWS_FLAGS_NO_ADVANCE);
  const uint16_t got = response->row_count;
  if (flags != packs || response->return_value != OX_OK) return false;
  if (got == 0 || got >= request->row_count) return false;
  request->row_count = (uint16_t)(request->row_count - got);
  return true;
}

static bool stream_rest(ox_read_stream_request *request, const ox_read_stream_response *response) {
  const uint32_t wanted = bytes_wanted(request);
  const size_t got = response->data.size_bytes;
  if (response->return_value != OX_OK || got == 0 || got >= wanted) return false;
  request->byte_count = OX_ROP_SIZE_BY_SERVER;
  request->maximum_byte_count = wanted - (uint32_t)got;
  return true;
}

bool ox_rop_request_rest(ox_rop_request *request, const ox_rop_response *response) {
  if (request->rop_id != response->rop_id) return false;
  switch (request->rop_id) {
    case OX_ROP_QUERY_ROWS: return rows_rest(&request->u.query_rows, &response->u.query_rows);
    case OX_ROP_READ_STREAM: return stream_rest(&request->u.read_stream, &response->u.read_stream);
    case OX_ROP_FAST_TRANSFER_SOURCE_GET_BUFFER: {
      const ox_fast_transfer_source_get_buffer_response *got =
          &response->u.fast_transfer_source_get_buffer;
      return request->u.fast_transfer_source_get_buffer.buffer_size == OX_ROP_SIZE_BY_SERVER &&
             got->return_value == OX_OK &&
             (got->transfer_status == OX_TRANSFER_STATUS_PARTIAL ||
              got->transfer_status == OX_TRANSFER_STATUS_NO_ROOM);
    }
    default: return false;
  }
}

/* The data of a request that may come in several parts, and what these must have in common. */
static ox_bytes *packed_data(ox_rop_request *request, uint8_t head_out[2]) {
  switch (request->rop_id) {
    case OX_ROP_WRITE_STREAM_EXTENDED:
      head_out[0] = request->u.write_stream_extended.logon_id;
      head_out[1] = request->u.write_stream_extended.input_handle_index;
      return &request->u.write_stream_extended.data;
    case OX_ROP_FAST_TRANSFER_DESTINATION_PUT_BUFFER:
      head_out[0] = request->u.fast_transfer_destination_put_buffer.logon_id;
      head_out[1] = request->u.fast_transfer_destination_put_buffer.input_handle_index;
      return &request->u.fast_transfer_destination_put_buffer.transfer_data;
    case OX_ROP_FAST_TRANSFER_DESTINATION_PUT_BUFFER_EXTENDED:
      head_out[0] = request->u.fast_transfer_destination_put_buffer_extended.logon_id;
      head_out[1] = request->u.fast_transfer_destination_put_buffer_extended.input_handle_index;
      return &request->u.fast_transfer_destination_put_buffer_extended.transfer_data;
    default: return NULL;
  }
}

ox_status ox_rop_requests_join(const ox_rop_request *parts, size_t count, ox_arena *arena,
                               ox_rop_request *out) {
  size_t total = 0, at = 0;
  uint8_t head[2], first[2] = {0, 0};
  for (size_t i = 0; i < count; i++) {
    ox_rop_request part = parts[i];
    const ox_bytes *data = packed_data(&part, head);
    if (data == NULL || part.rop_id != parts[0].rop_id) return OX_E_RPC_FORMAT;
    if (i == 0) memcpy(first, head, sizeof first);
    if (memcmp(first, head, sizeof first) != 0) return OX_E_RPC_FORMAT;
    total += data->size_bytes;
  }
  if (count == 0) return OX_E_RPC_FORMAT;
  uint8_t *joined = ox_arena_alloc(arena, total);
  if (joined == NULL) return OX_E_NO_MEMORY;
  for (size_t i = 0; i < count; i++) {
    ox_rop_request part = parts[i];
    const ox_bytes *data = packed_data(&part, head);
    if (data->size_bytes != 0) memcpy(joined + at, data->data, data->size_bytes);
    at += data->size_bytes;
  }
  *out = parts[0];
  *packed_data(out, head) = (ox_bytes){joined, total};
  return OX_OK;
}

/* Busy servers. */

uint32_t ox_backoff_wait_ms(const ox_backoff_response *backoff, uint8_t logon_id, uint8_t rop_id) {
  if (backoff->logon_id != logon_id) return 0;
  if (backoff->backoff_rop_count == 0) return backoff->duration;
  for (size_t i = 0; i < backoff->backoff_rop_count; i++) {
    const ox_backoff_rop *rop = &backoff->backoff_rop_data[i];
    if (rop->rop_id_backoff == rop_id) return rop->duration;
  }
  return 0;
}

void ox_version_normalize(const uint16_t wire[3], uint16_t version_out[4]) {
  const bool has_minor = (wire[1] & 0x8000u) != 0;
  version_out[0] = has_minor ? wire[0] >> 8 : wire[0];
  version_out[1] = has_minor ? wire[0] & 0xFFu : 0;
  version_out[2] = wire[1] & 0x7FFFu;
  version_out[3] = wire[2];
}

int ox_version_compare(const uint16_t a[4], const uint16_t b[4]) {
  for (size_t i = 0; i < 4; i++) {
    if (a[i] != b[i]) return a[i] < b[i] ? -1 : 1;
  }
  return 0;
}

static bool is_at_least(const uint16_t wire[3], uint16_t a, uint16_t b, uint16_t c, uint16_t d) {
  const uint16_t wanted[4] = {a, b, c, d};
  uint16_t version[4];
  ox_version_normalize(wire, version);
  return ox_version_compare(version, wanted) >= 0;
}

/* [MS-OXCROPS] 3.1.5.1.1 has clients from 12.00.4228.0000 support it, 3.2.4.2 asks for more than
 * that; a client of exactly that version gets it. */
bool ox_backoff_is_known(const uint16_t client_version[3], const uint16_t server_version[3]) {
  return is_at_least(client_version, 12, 0, 4228, 0) && is_at_least(server_version, 8, 0, 525, 1);
}

bool ox_server_busy_is_known(const uint16_t client_version[3]) {
  return is_at_least(client_version, 11, 0, 0, 4920);
}
