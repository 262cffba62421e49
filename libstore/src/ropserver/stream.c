/* Stream ROPs. @spec [MS-OXCPRPT] 3.2.5.11 to 3.2.5.24 */
#include "server.h"

/** Largest stream. @spec [MS-OXCPRPT] 3.2.5.18 */
#define STREAM_MAX_BYTES 0x80000000u

static ox_status add_stream(rs_call *call, ox_stream *stream, rs_object *owner) {
  rs_object *object = NULL;
  ox_status status = rs_object_new(call, RS_STREAM, owner, &object);
  if (ox_failed(status)) {
    ox_stream_close(stream);
    return status;
  }
  object->u.stream = stream;
  call->created = object;
  return OX_OK;
}

ox_status rs_open_stream(rs_call *call) {
  const ox_open_stream_request *request = &call->request->u.open_stream;
  ox_status status = rs_session_check_limit(call->session, RS_STREAM);
  if (ox_failed(status)) return status;
  ox_object *object = rs_object_properties(call->object);
  ox_stream *stream = NULL;
  uint64_t size = 0;
  /* 3 is best access: what can be had. */
  uint32_t mode = request->open_mode_flags & 3u;
  status = ox_stream_open(object, request->property_tag, mode == 3 ? OX_STREAM_READ_WRITE : mode,
                          &stream, &size, call->err);
  if (mode == 3 && status == OX_E_ACCESS_DENIED)
    status = ox_stream_open(object, request->property_tag, OX_STREAM_READ_ONLY, &stream, &size,
                            call->err);
  if (ox_failed(status)) return status;
  call->response->u.open_stream.stream_size = size > UINT32_MAX ? UINT32_MAX : (uint32_t)size;
  return add_stream(call, stream, call->object);
}

ox_status rs_read_stream(rs_call *call) {
  const ox_read_stream_request *request = &call->request->u.read_stream;
  ox_read_stream_response *response = &call->response->u.read_stream;
  size_t wanted = 0, got = 0;
  ox_status status = ox_read_stream_room(request, call->room_bytes, &wanted);
  if (ox_failed(status)) return status;
  uint8_t *buffer = ox_arena_alloc(call->scratch, wanted);
  if (buffer == NULL) return OX_E_NO_MEMORY;
  status = ox_stream_read(call->object->u.stream, buffer, wanted, &got, call->err);
  if (!ox_failed(status)) response->data = (ox_bytes){buffer, got};
  return status;
}

static ox_status write_stream(rs_call *call, ox_bytes data, size_t *written_out) {
  ox_status status = ox_stream_write(call->object->u.stream, data.data, data.size_bytes, call->err);
  *written_out = ox_failed(status) ? 0 : data.size_bytes;
  return status;
}

ox_status rs_write_stream(rs_call *call) {
  size_t written = 0;
  ox_status status = write_stream(call, call->request->u.write_stream.data, &written);
  call->response->u.write_stream.written_size = (uint16_t)written;
  return status;
}

ox_status rs_write_stream_extended(rs_call *call) {
  size_t written = 0;
  ox_status status = write_stream(call, call->request->u.write_stream_extended.data, &written);
  call->response->u.write_stream_extended.written_size = (uint32_t)written;
  return status;
}

ox_status rs_write_and_commit_stream(rs_call *call) {
  size_t written = 0;
  ox_status status = write_stream(call, call->request->u.write_and_commit_stream.data, &written);
  if (!ox_failed(status)) status = ox_stream_commit(call->object->u.stream, call->err);
  call->response->u.write_and_commit_stream.written_size = (uint16_t)written;
  return status;
}

ox_status rs_commit_stream(rs_call *call) {
  return ox_stream_commit(call->object->u.stream, call->err);
}

ox_status rs_get_stream_size(rs_call *call) {
  uint64_t size = 0;
  ox_status status = ox_stream_size(call->object->u.stream, &size, call->err);
  call->response->u.get_stream_size.stream_size = size > UINT32_MAX ? UINT32_MAX : (uint32_t)size;
  return status;
}

ox_status rs_set_stream_size(rs_call *call) {
  uint64_t size = call->request->u.set_stream_size.stream_size;
  if (size >= STREAM_MAX_BYTES) return OX_E_TOO_BIG;
  return ox_stream_set_size(call->object->u.stream, size, call->err);
}

ox_status rs_seek_stream(rs_call *call) {
  const ox_seek_stream_request *request = &call->request->u.seek_stream;
  if (request->origin > OX_SEEK_END) return OX_E_STREAM_INVALID_PARAMETER;
  int64_t offset = request->offset;
  if (offset > (int64_t)STREAM_MAX_BYTES || offset < -(int64_t)STREAM_MAX_BYTES)
    return OX_E_STREAM_SEEK_ERROR;
  return ox_stream_seek(call->object->u.stream, request->origin, offset,
                        &call->response->u.seek_stream.new_position, call->err);
}

ox_status rs_copy_to_stream(rs_call *call) {
  const ox_copy_to_stream_request *request = &call->request->u.copy_to_stream;
  ox_copy_to_stream_response *response = &call->response->u.copy_to_stream;
  rs_object *destination = NULL;
  if (request->dest_handle_index >= call->handle_count ||
      ox_failed(rs_session_lookup(call->session, call->handles[request->dest_handle_index],
                                  call->logon->logon_id, &destination)))
    return OX_E_NULL_DESTINATION;
  if (destination->kind != RS_STREAM) return OX_E_NO_SUPPORT;
  uint64_t bytes = request->byte_count;
  if (bytes > STREAM_MAX_BYTES) bytes = STREAM_MAX_BYTES;
  return ox_stream_copy(call->object->u.stream, destination->u.stream, bytes,
                        &response->read_byte_count, &response->written_byte_count, call->err);
}

ox_status rs_clone_stream(rs_call *call) {
  ox_status status = rs_session_check_limit(call->session, RS_STREAM);
  if (ox_failed(status)) return status;
  ox_stream *stream = NULL;
  status = ox_stream_clone(call->object->u.stream, &stream, call->err);
  return ox_failed(status) ? status : add_stream(call, stream, call->object->owner);
}
