/* Remote streams. */
#include <string.h>

#include "client.h"

/** Bytes asked for in one RopReadStream. */
#define READ_BYTES 0x100000u

static uint32_t handle_of(const ox_stream *stream) {
  return ((const rc_stream *)stream)->handle;
}

static ox_status new_stream(rc_mailbox *mailbox, uint32_t handle, ox_stream **out, ox_error *err) {
  rc_stream *stream = ox_calloc(mailbox->allocator, 1, sizeof *stream);
  if (stream == NULL) {
    rc_release(mailbox, handle);
    return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  }
  stream->base.provider = &rc_provider;
  stream->base.mailbox = &mailbox->base;
  stream->handle = handle;
  *out = &stream->base;
  return OX_OK;
}

ox_status rc_stream_open(ox_object *object, ox_proptag tag, uint32_t mode, ox_stream **out,
                         uint64_t *size_out, ox_error *err) {
  rc_mailbox *mailbox = rc_of_object(object);
  rc_begin(mailbox);
  ox_rop_request request = {.rop_id = OX_ROP_OPEN_STREAM};
  uint8_t index = rc_output(mailbox);
  request.u.open_stream.input_handle_index = rc_index(mailbox, rc_object_handle(object));
  request.u.open_stream.output_handle_index = index;
  request.u.open_stream.property_tag = tag;
  request.u.open_stream.open_mode_flags = (uint8_t)mode;
  const ox_rop_response *response = NULL;
  ox_status status = rc_one(mailbox, &request, NULL, 0, &response, err);
  if (ox_failed(status)) return status;
  uint64_t size = response->u.open_stream.stream_size;
  status = new_stream(mailbox, rc_handle_at(mailbox, index), out, err);
  if (!ox_failed(status) && size_out != NULL) *size_out = size;
  return status;
}

void rc_stream_close(ox_stream *stream) {
  if (stream == NULL) return;
  rc_mailbox *mailbox = rc_of(stream->mailbox);
  /* Releasing a stream commits it; what was written should be there when this returns. */
  if (((rc_stream *)stream)->dirty) {
    ox_status ignored = rc_stream_commit(stream, NULL);
    (void)ignored;
  }
  rc_release(mailbox, handle_of(stream));
  ox_free(mailbox->allocator, stream);
}

ox_status rc_stream_read(ox_stream *stream, void *buffer, size_t capacity_bytes, size_t *size_out,
                         ox_error *err) {
  rc_mailbox *mailbox = rc_of(stream->mailbox);
  size_t got = 0;
  while (got < capacity_bytes) {
    size_t wanted = capacity_bytes - got < READ_BYTES ? capacity_bytes - got : READ_BYTES;
    rc_begin(mailbox);
    ox_rop_request request = {.rop_id = OX_ROP_READ_STREAM};
    request.u.read_stream.input_handle_index = rc_index(mailbox, handle_of(stream));
    request.u.read_stream.byte_count = OX_ROP_SIZE_BY_SERVER;
    request.u.read_stream.maximum_byte_count = (uint32_t)wanted;
    size_t position = 0, round = 0;
    ox_status status = rc_add(mailbox, &request, NULL, 0, &position, err);
    if (!ox_failed(status)) status = rc_run(mailbox, err);
    if (!ox_failed(status)) status = rc_status(mailbox, position, err);
    if (ox_failed(status)) return status;
    const ox_rop_response *response;
    for (size_t part = 0;
         (response = ox_rop_batch_response(mailbox->batch, position, part)) != NULL; part++) {
      ox_bytes data = response->u.read_stream.data;
      if (data.size_bytes > capacity_bytes - got)
        return ox_error_set(err, OX_E_PROTOCOL, "The server sent more than was asked for.");
      if (data.size_bytes > 0) memcpy((uint8_t *)buffer + got, data.data, data.size_bytes);
      got += data.size_bytes;
      round += data.size_bytes;
    }
    if (round == 0) break;
  }
  *size_out = got;
  return OX_OK;
}

ox_status rc_stream_write(ox_stream *stream, const void *data, size_t size_bytes, ox_error *err) {
  rc_mailbox *mailbox = rc_of(stream->mailbox);
  for (size_t done = 0; done < size_bytes;) {
    size_t some = size_bytes - done < RC_WRITE_BYTES ? size_bytes - done : RC_WRITE_BYTES;
    rc_begin(mailbox);
    ox_rop_request request = {.rop_id = OX_ROP_WRITE_STREAM};
    request.u.write_stream.input_handle_index = rc_index(mailbox, handle_of(stream));
    request.u.write_stream.data = (ox_bytes){(const uint8_t *)data + done, some};
    const ox_rop_response *response = NULL;
    ox_status status = rc_one(mailbox, &request, NULL, 0, &response, err);
    if (ox_failed(status)) return status;
    ((rc_stream *)stream)->dirty = true;
    size_t written = response->u.write_stream.written_size;
    if (written == 0 || written > some)
      return ox_error_set(err, OX_E_PROTOCOL, "The server wrote another number of bytes.");
    done += written;
  }
  return OX_OK;
}

ox_status rc_stream_seek(ox_stream *stream, uint32_t origin, int64_t offset, uint64_t *position_out,
                         ox_error *err) {
  rc_mailbox *mailbox = rc_of(stream->mailbox);
  rc_begin(mailbox);
  ox_rop_request request = {.rop_id = OX_ROP_SEEK_STREAM};
  request.u.seek_stream.input_handle_index = rc_index(mailbox, handle_of(stream));
  request.u.seek_stream.origin = (uint8_t)origin;
  request.u.seek_stream.offset = offset;
  const ox_rop_response *response = NULL;
  ox_status status = rc_one(mailbox, &request, NULL, 0, &response, err);
  if (!ox_failed(status) && position_out != NULL)
    *position_out = response->u.seek_stream.new_position;
  return status;
}

ox_status rc_stream_size(ox_stream *stream, uint64_t *size_out, ox_error *err) {
  rc_mailbox *mailbox = rc_of(stream->mailbox);
  rc_begin(mailbox);
  ox_rop_request request = {.rop_id = OX_ROP_GET_STREAM_SIZE};
  request.u.get_stream_size.input_handle_index = rc_index(mailbox, handle_of(stream));
  const ox_rop_response *response = NULL;
  ox_status status = rc_one(mailbox, &request, NULL, 0, &response, err);
  if (!ox_failed(status)) *size_out = response->u.get_stream_size.stream_size;
  return status;
}

ox_status rc_stream_set_size(ox_stream *stream, uint64_t size_bytes, ox_error *err) {
  rc_mailbox *mailbox = rc_of(stream->mailbox);
  rc_begin(mailbox);
  ox_rop_request request = {.rop_id = OX_ROP_SET_STREAM_SIZE};
  request.u.set_stream_size.input_handle_index = rc_index(mailbox, handle_of(stream));
  request.u.set_stream_size.stream_size = size_bytes;
  ((rc_stream *)stream)->dirty = true;
  return rc_one(mailbox, &request, NULL, 0, NULL, err);
}

ox_status rc_stream_commit(ox_stream *stream, ox_error *err) {
  rc_mailbox *mailbox = rc_of(stream->mailbox);
  rc_begin(mailbox);
  ox_rop_request request = {.rop_id = OX_ROP_COMMIT_STREAM};
  request.u.commit_stream.input_handle_index = rc_index(mailbox, handle_of(stream));
  ox_status status = rc_one(mailbox, &request, NULL, 0, NULL, err);
  if (!ox_failed(status)) ((rc_stream *)stream)->dirty = false;
  return status;
}

ox_status rc_stream_copy(ox_stream *source, ox_stream *destination, uint64_t size_bytes,
                         uint64_t *read_out, uint64_t *written_out, ox_error *err) {
  rc_mailbox *mailbox = rc_of(source->mailbox);
  if (destination->mailbox != source->mailbox)
    return ox_error_set(err, OX_E_NO_SUPPORT, "The streams belong to two mailboxes.");
  rc_begin(mailbox);
  ox_rop_request request = {.rop_id = OX_ROP_COPY_TO_STREAM};
  request.u.copy_to_stream.source_handle_index = rc_index(mailbox, handle_of(source));
  request.u.copy_to_stream.dest_handle_index = rc_index(mailbox, handle_of(destination));
  request.u.copy_to_stream.byte_count = size_bytes;
  const ox_rop_response *response = NULL;
  ox_status status = rc_one(mailbox, &request, NULL, 0, &response, err);
  if (ox_failed(status)) return status;
  ((rc_stream *)destination)->dirty = true;
  if (read_out != NULL) *read_out = response->u.copy_to_stream.read_byte_count;
  if (written_out != NULL) *written_out = response->u.copy_to_stream.written_byte_count;
  return OX_OK;
}

ox_status rc_stream_clone(ox_stream *stream, ox_stream **out, ox_error *err) {
  rc_mailbox *mailbox = rc_of(stream->mailbox);
  rc_begin(mailbox);
  ox_rop_request request = {.rop_id = OX_ROP_CLONE_STREAM};
  uint8_t index = rc_output(mailbox);
  request.u.clone_stream.input_handle_index = rc_index(mailbox, handle_of(stream));
  request.u.clone_stream.output_handle_index = index;
  ox_status status = rc_one(mailbox, &request, NULL, 0, NULL, err);
  if (ox_failed(status)) return status;
  return new_stream(mailbox, rc_handle_at(mailbox, index), out, err);
}
