/* Executing one ROP input buffer: decode all requests, run them in order, build the output buffer
 * within its size. @spec [MS-OXCROPS] 3.2.5.1, 3.2.5.2, 3.2.4.3 */
#include <string.h>

#include <oxkit/ropcodec/ropbuffer.h>

#include "server.h"

/** RopPending: RopId, SessionIndex. */
#define PENDING_BYTES 3u
/** Room that a response of variable size must find: its fields without the variable part. */
#define VARIABLE_LEAST_BYTES 32u
/** Memory that one ROP may take while it is executed. */
#define SCRATCH_MAX_BYTES ((size_t)64 * 1024 * 1024)

typedef struct parsed_rop {
  ox_rop_request request;
  size_t offset; /* in the RopsList */
  size_t size;
} parsed_rop;

typedef struct rop_run {
  rs_session *session;
  rs_execution *execution;
  ox_bytes list; /* RopsList of the input */
  parsed_rop *rops;
  size_t rop_count;
  uint32_t *handles;
  size_t handle_count;
  size_t max_bytes; /* of the output's RopsList */
  bool largest;     /* the client cannot offer more room */
  ox_writer writer; /* the RopsList of the output */
  ox_writer row;    /* one response */
} rop_run;

void rs_execution_init(rs_execution *execution, const ox_allocator *allocator) {
  memset(execution, 0, sizeof *execution);
  ox_arena_init(&execution->arena, allocator, 0);
  ox_arena_init(&execution->scratch, allocator, SCRATCH_MAX_BYTES);
}

void rs_execution_dispose(rs_execution *execution) {
  ox_arena_dispose(&execution->scratch);
  ox_arena_dispose(&execution->arena);
}

/* What the store may say that has no place on the wire. */
static ox_status wire_status(ox_status status) {
  if (!ox_status_is_local(status)) return status;
  switch (status) {
    case OX_E_NO_MEMORY: return OX_E_NOT_ENOUGH_MEMORY;
    case OX_E_LIMIT: return OX_E_TOO_BIG;
    case OX_E_IO: return OX_E_DISK_ERROR;
    case OX_E_READ_ONLY: return OX_E_ACCESS_DENIED;
    case OX_E_LOCKED: return OX_E_TIMEOUT;
    case OX_E_MALFORMED:
    case OX_E_TRUNCATED:
    case OX_E_USAGE: return OX_E_INVALID_PARAMETER;
    default: return OX_E_CALL_FAILED;
  }
}

static ox_status malformed(ox_error *err, const char *text) {
  return ox_error_set(err, OX_E_RPC_FORMAT, text);
}

static ox_status parse_input(rop_run *run, ox_bytes input, ox_error *err) {
  ox_rop_buffer buffer;
  ox_error why;
  ox_status status = ox_rop_buffer_parse(input, &buffer, &why);
  if (ox_failed(status)) return malformed(err, why.text);
  run->list = buffer.rops;
  /* Entries that no index can reach are dropped. */
  run->handle_count =
      buffer.handle_count < OX_ROP_HANDLES_MAX ? buffer.handle_count : OX_ROP_HANDLES_MAX;
  run->handles = ox_arena_calloc(&run->execution->arena, run->handle_count, 4);
  if (run->handles == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  for (size_t i = 0; i < run->handle_count; i++)
    run->handles[i] = ox_rop_buffer_handle(&buffer, (uint8_t)i);
  return OX_OK;
}

static ox_status parse_requests(rop_run *run, ox_error *err) {
  size_t capacity = 0, ignored;
  ox_reader r;
  ox_reader_init(&r, run->list.data, run->list.size_bytes);
  while (ox_reader_remaining(&r) > 0) {
    if (run->rop_count == OX_ROP_SERVER_MAX_ROPS)
      return malformed(err, "The buffer holds too many ROPs.");
    if (run->rop_count == capacity) {
      size_t grown = capacity != 0 ? capacity * 2 : 8;
      run->rops = ox_arena_grow(&run->execution->arena, run->rops, run->rop_count, grown,
                                sizeof *run->rops);
      if (run->rops == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
      capacity = grown;
    }
    parsed_rop *rop = &run->rops[run->rop_count];
    memset(rop, 0, sizeof *rop);
    rop->offset = r.position;
    ox_status status = ox_rop_request_decode(&r, &run->execution->arena, NULL, &rop->request);
    if (status == OX_E_NO_MEMORY) return ox_error_set(err, status, NULL);
    if (ox_failed(status)) {
      (void)ox_reader_status(&r, err);
      return ox_error_setf(err, OX_E_RPC_FORMAT, "ROP 0x%02X at byte %zu cannot be parsed.",
                           run->list.data[rop->offset], rop->offset);
    }
    /* The one value that fails the whole call ([MS-OXCROPS] 2.2.9.2.1). */
    if (rop->request.rop_id == OX_ROP_READ_STREAM &&
        ox_read_stream_room(&rop->request.u.read_stream, SIZE_MAX, &ignored) != OX_OK)
      return malformed(err, "MaximumByteCount is above 0x80000000.");
    rop->size = r.position - rop->offset;
    run->rop_count++;
  }
  return OX_OK;
}

/* The bytes of every response that the dispatcher fills in: index and ReturnValue are the first
 * members of each. */
_Static_assert(offsetof(ox_open_folder_response, return_value) ==
                       offsetof(ox_query_rows_response, return_value) &&
                   offsetof(ox_open_folder_response, return_value) ==
                       offsetof(ox_logon_response, return_value) &&
                   offsetof(ox_open_folder_response, return_value) ==
                       offsetof(ox_copy_to_stream_response, return_value) &&
                   offsetof(ox_open_folder_response, output_handle_index) == 0,
               "responses begin alike");

static void set_head(ox_rop_response *response, uint8_t index, ox_status status) {
  unsigned char *head = (unsigned char *)&response->u;
  head[0] = index;
  memcpy(head + offsetof(ox_open_folder_response, return_value), &status, sizeof status);
}

static uint8_t request_byte(const rop_run *run, const parsed_rop *rop, unsigned at) {
  return at != 0 && at < rop->size ? run->list.data[rop->offset + at] : 0;
}

/* Finds what the request works on. */
static ox_status resolve(rop_run *run, const parsed_rop *rop, const rs_rop *row, rs_call *call) {
  uint8_t logon_id = request_byte(run, rop, 1);
  if (row->output_at != 0 && request_byte(run, rop, row->output_at) >= run->handle_count)
    return OX_E_NULL_OBJECT;
  if (row->input_at == 0) return OX_OK; /* RopLogon */
  call->logon = run->session->logons[logon_id];
  if (call->logon == NULL) return OX_E_NULL_OBJECT;
  uint8_t index = request_byte(run, rop, row->input_at);
  if (index >= run->handle_count) return OX_E_NULL_OBJECT;
  ox_status status = rs_session_lookup(run->session, run->handles[index], logon_id, &call->object);
  if (ox_failed(status)) return status;
  if ((call->object->kind & row->kinds) == 0)
    return row->wrong_kind_is_null ? OX_E_NULL_OBJECT : OX_E_NO_SUPPORT;
  return OX_OK;
}

/* The failure form of a response. */
static void encode_failure(rop_run *run, const parsed_rop *rop, const rs_rop *row,
                           const rs_call *call, ox_status status) {
  ox_rop_response *response = call->response;
  uint8_t rop_id = rop->request.rop_id;
  bool partial = call->partial;
  memset(response, 0, sizeof *response);
  response->rop_id = rop_id == OX_ROP_GET_MESSAGE_STATUS ? OX_ROP_SET_MESSAGE_STATUS : rop_id;
  set_head(response, request_byte(run, rop, row->response_at), status);
  /* Where the destination is missing its index is repeated, in 32 bits. */
  uint8_t destination = request_byte(run, rop, 3);
  switch (rop_id) {
    case OX_ROP_LOGON:
      response->u.logon.logon_flags = rop->request.u.logon.logon_flags & 0x07;
      if (call->redirect) response->u.logon.server_name = ox_str8_from(call->redirect_server);
      break;
    case OX_ROP_MOVE_COPY_MESSAGES:
      response->u.move_copy_messages.dest_handle_index = destination;
      response->u.move_copy_messages.partial_completion = partial;
      break;
    case OX_ROP_MOVE_FOLDER:
      response->u.move_folder.dest_handle_index = destination;
      response->u.move_folder.partial_completion = partial;
      break;
    case OX_ROP_COPY_FOLDER:
      response->u.copy_folder.dest_handle_index = destination;
      response->u.copy_folder.partial_completion = partial;
      break;
    case OX_ROP_COPY_PROPERTIES: response->u.copy_properties.dest_handle_index = destination; break;
    case OX_ROP_COPY_TO: response->u.copy_to.dest_handle_index = destination; break;
    case OX_ROP_COPY_TO_STREAM: response->u.copy_to_stream.dest_handle_index = destination; break;
    case OX_ROP_DELETE_FOLDER: response->u.delete_folder.partial_completion = partial; break;
    case OX_ROP_EMPTY_FOLDER: response->u.empty_folder.partial_completion = partial; break;
    case OX_ROP_HARD_DELETE_MESSAGES_AND_SUBFOLDERS:
      response->u.hard_delete_messages_and_subfolders.partial_completion = partial;
      break;
    case OX_ROP_DELETE_MESSAGES: response->u.delete_messages.partial_completion = partial; break;
    case OX_ROP_HARD_DELETE_MESSAGES:
      response->u.hard_delete_messages.partial_completion = partial;
      break;
    case OX_ROP_SET_READ_FLAGS: response->u.set_read_flags.partial_completion = partial; break;
    default: break;
  }
  ox_writer_reset(&run->row);
  ox_rop_response_encode(&run->row, response);
  if (ox_writer_status(&run->row) != OX_OK) {
    /* A ROP whose response the codec does not know: the form that all share. */
    ox_writer_reset(&run->row);
    ox_write_u8(&run->row, rop_id);
    ox_write_u8(&run->row, request_byte(run, rop, row->response_at));
    ox_write_u32(&run->row, status);
  }
}

/* Runs the handler and leaves the encoded response in run->row. */
static void execute_rop(rop_run *run, const parsed_rop *rop, const rs_rop *row, size_t room_bytes,
                        rs_call *call, ox_status *status_out) {
  static ox_rop_response empty;
  ox_rop_response *response = call->response;
  *response = empty;
  response->rop_id = rop->request.rop_id;
  call->server = run->session->server;
  call->session = run->session;
  call->arena = &run->execution->arena;
  call->scratch = &run->execution->scratch;
  call->request = &rop->request;
  call->handles = run->handles;
  call->handle_count = run->handle_count;
  call->room_bytes = room_bytes;
  ox_status status = resolve(run, rop, row, call);
  if (!ox_failed(status)) status = row->handler != NULL ? row->handler(call) : OX_E_NO_SUPPORT;
  status = wire_status(status);
  if (!ox_failed(status) && call->created != NULL) {
    uint8_t logon_id = request_byte(run, rop, 1);
    rs_object *created = call->created;
    created->logon_id = logon_id;
    if (ox_failed(rs_session_add(run->session, created))) {
      call->created = NULL;
      status = OX_E_NOT_ENOUGH_MEMORY;
    } else if (created->kind == RS_LOGON) {
      run->session->logons[logon_id] = created;
    }
  }
  if (!ox_failed(status)) {
    set_head(response, request_byte(run, rop, row->response_at), status);
    ox_writer_reset(&run->row);
    ox_rop_response_encode(&run->row, response);
    if (ox_writer_status(&run->row) == OX_E_NO_MEMORY) status = OX_E_NOT_ENOUGH_MEMORY;
  }
  if (ox_failed(status)) {
    if (call->created != NULL) rs_session_release(run->session, call->created);
    call->created = NULL;
    encode_failure(run, rop, row, call, status);
  }
  /* After these a failure ends the buffer ([MS-OXCTABL] 3.2.5.9, 3.2.5.10, 3.2.5.12). */
  uint8_t rop_id = rop->request.rop_id;
  call->stop =
      ox_failed(status) && (rop_id == OX_ROP_SEEK_ROW || rop_id == OX_ROP_SEEK_ROW_BOOKMARK ||
                            rop_id == OX_ROP_CREATE_BOOKMARK);
  *status_out = status;
}

static void trace(const rop_run *run, const parsed_rop *rop, ox_status status,
                  size_t response_bytes) {
  const rs_server *server = run->session->server;
  if (server->trace == NULL) return;
  const ox_rop_info *info = ox_rop_info_by_id(rop->request.rop_id);
  ox_rop_server_trace step = {.user = run->session->user,
                              .rop_id = rop->request.rop_id,
                              .rop_name = info != NULL ? info->name : "",
                              .status = status,
                              .request_bytes = rop->size,
                              .response_bytes = response_bytes};
  server->trace(server->trace_user, &step);
}

/* Ends the output with RopBufferTooSmall and the requests from `first` on. */
static ox_status buffer_too_small(rop_run *run, size_t first, size_t needed_bytes, ox_error *err) {
  if (run->largest && run->writer.size_bytes == 0)
    return ox_error_set(err, OX_E_BUFFER_TOO_SMALL,
                        "The first response does not fit into the largest output buffer.");
  size_t offset = run->rops[first].offset;
  size_t rest = run->list.size_bytes - offset;
  size_t room = run->max_bytes - run->writer.size_bytes;
  if (room < OX_ROP_TOO_SMALL_HEAD_BYTES) return ox_error_set(err, OX_E_BUFFER_TOO_SMALL, NULL);
  if (rest > room - OX_ROP_TOO_SMALL_HEAD_BYTES) rest = room - OX_ROP_TOO_SMALL_HEAD_BYTES;
  needed_bytes += 2 + OX_ROP_TOO_SMALL_HEAD_BYTES + run->writer.size_bytes + 4 * run->handle_count;
  ox_write_u8(&run->writer, OX_ROP_BUFFER_TOO_SMALL);
  ox_write_u16(&run->writer, ox_rop_size_needed(needed_bytes));
  ox_write_bytes(&run->writer, run->list.data + offset, rest);
  return OX_OK;
}

/* RopRelease has no response and no error. @spec [MS-OXCROPS] 3.2.5.3 */
static void release(rop_run *run, const parsed_rop *rop) {
  uint8_t index = request_byte(run, rop, 2);
  rs_object *object = NULL;
  ox_status status = OX_E_NULL_OBJECT;
  if (index < run->handle_count)
    status =
        rs_session_lookup(run->session, run->handles[index], request_byte(run, rop, 1), &object);
  if (!ox_failed(status)) rs_session_release(run->session, object);
  trace(run, rop, status, 0);
}

/* Executes the requests; *last_out is the call of the last one. */
static ox_status execute_all(rop_run *run, rs_call *call, ox_status *last_status_out,
                             ox_error *err) {
  static const rs_call no_call;
  ox_rop_response *response = call->response;
  for (size_t i = 0; i < run->rop_count; i++) {
    const parsed_rop *rop = &run->rops[i];
    if (rop->request.rop_id == OX_ROP_RELEASE) {
      release(run, rop);
      continue;
    }
    const rs_rop *row = rs_rop_find(rop->request.rop_id);
    if (row == NULL) return malformed(err, "A ROP id is reserved.");
    /* Keep room to say which requests were not executed. */
    size_t rest = run->list.size_bytes - rop->offset - rop->size;
    size_t reserve = ox_rop_too_small_reserve(rest);
    size_t free_bytes = run->max_bytes - run->writer.size_bytes;
    if (i == 0 && run->largest && reserve > free_bytes / 2) reserve = OX_ROP_TOO_SMALL_HEAD_BYTES;
    size_t room = free_bytes > reserve ? free_bytes - reserve : 0;
    size_t least =
        row->max_response_bytes != RS_SIZE_ANY ? row->max_response_bytes : VARIABLE_LEAST_BYTES;
    if (room < least) return buffer_too_small(run, i, least + reserve, err);
    *call = no_call;
    call->response = response;
    ox_arena_reset(&run->execution->scratch);
    ox_status status;
    execute_rop(run, rop, row, room, call, &status);
    ox_bytes bytes = ox_writer_bytes(&run->row);
    /* One of variable size that has no room behind the others ([MS-OXCROPS] 3.2.4.3). */
    bool cramped = status == OX_E_BUFFER_TOO_SMALL && run->writer.size_bytes > 0;
    if (ox_writer_status(&run->row) != OX_OK || bytes.size_bytes > room || cramped) {
      /* Only ROPs that change nothing come here: the others told their size before. */
      if (call->created != NULL) rs_session_release(run->session, call->created);
      if (ox_writer_status(&run->row) == OX_E_NO_MEMORY)
        return ox_error_set(err, OX_E_NO_MEMORY, NULL);
      return buffer_too_small(run, i, OX_ROP_OUT_MAX_BYTES, err);
    }
    if (call->created != NULL)
      run->handles[request_byte(run, rop, row->output_at)] = call->created->handle;
    ox_write_bytes(&run->writer, bytes.data, bytes.size_bytes);
    trace(run, rop, status, bytes.size_bytes);
    *last_status_out = i + 1 == run->rop_count ? status : OX_E_CALL_FAILED;
    if (call->stop) break;
  }
  return ox_writer_status(&run->writer);
}

static ox_status finish_output(rop_run *run, ox_error *err) {
  rs_execution *execution = run->execution;
  ox_bytes list = ox_writer_bytes(&run->writer);
  size_t size = 2 + list.size_bytes + 4 * run->handle_count;
  uint8_t *buffer = ox_arena_alloc(&execution->arena, size);
  ox_bytes *outputs = ox_arena_grow(&execution->arena, execution->outputs, execution->output_count,
                                    execution->output_count + 1, sizeof *outputs);
  if (buffer == NULL || outputs == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  ox_writer w;
  ox_writer_init_fixed(&w, buffer, size);
  ox_write_u16(&w, (uint16_t)(2 + list.size_bytes));
  ox_write_bytes(&w, list.data, list.size_bytes);
  for (size_t i = 0; i < run->handle_count; i++) ox_write_u32(&w, run->handles[i]);
  outputs[execution->output_count++] = (ox_bytes){buffer, size};
  execution->outputs = outputs;
  return OX_OK;
}

/* Further buffers with more rows or bytes of the last request. @spec [MS-OXCRPC] 3.1.4.2.1.2.2 */
static ox_status pack(rop_run *run, rs_call *call, uint32_t out_max_bytes, ox_error *err) {
  static const rs_call no_call;
  ox_rop_response *response = call->response;
  parsed_rop *rop = &run->rops[run->rop_count - 1];
  const rs_rop *row = rs_rop_find(rop->request.rop_id);
  /* The maximum that is given leaves out the header of the first buffer. */
  ox_rop_packing packing = {.out_max_bytes = (size_t)out_max_bytes + OX_ROP_PAYLOAD_HEADER_BYTES};
  ox_rop_packing_add(&packing, 2 + run->writer.size_bytes + 4 * run->handle_count);
  size_t room;
  while ((room = ox_rop_packing_room(&packing, rop->request.rop_id)) > 0 &&
         ox_rop_request_rest(&rop->request, response)) {
    room -= 2 + 4 * run->handle_count;
    ox_status status = finish_output(run, err);
    if (ox_failed(status)) return status;
    ox_writer_reset(&run->writer);
    run->max_bytes = room;
    *call = no_call;
    call->response = response;
    ox_arena_reset(&run->execution->scratch);
    execute_rop(run, rop, row, room, call, &status);
    ox_bytes bytes = ox_writer_bytes(&run->row);
    ox_write_bytes(&run->writer, bytes.data, bytes.size_bytes);
    trace(run, rop, status, bytes.size_bytes);
    ox_rop_packing_add(&packing, 2 + bytes.size_bytes + 4 * run->handle_count);
    if (ox_failed(status)) break;
  }
  return ox_writer_status(&run->writer);
}

static ox_status run_all(rop_run *run, uint32_t out_max_bytes, bool chain, ox_error *err) {
  rs_call call = {0};
  ox_rop_response *response = ox_arena_calloc(&run->execution->arena, 1, sizeof *response);
  if (response == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  call.response = response;
  ox_status last = OX_E_CALL_FAILED;
  ox_status status = execute_all(run, &call, &last, err);
  if (ox_failed(status)) return status;
  if (chain && run->rop_count > 0 && last == OX_OK && call.object != NULL)
    status = pack(run, &call, out_max_bytes, err);
  if (!ox_failed(status)) {
    run->writer.max_bytes = run->max_bytes;
    status = rs_notify_append(run->session, &run->writer, &run->execution->scratch);
  }
  if (!ox_failed(status)) status = finish_output(run, err);
  return status;
}

ox_status rs_execute(rs_session *session, ox_bytes rop_input, uint32_t out_max_bytes, bool chain,
                     rs_execution *execution, ox_error *err) {
  rop_run run = {.session = session, .execution = execution};
  ox_status status = parse_input(&run, rop_input, err);
  if (ox_failed(status)) return status;
  status = parse_requests(&run, err);
  if (ox_failed(status)) return status;
  size_t limit = out_max_bytes;
  run.largest = limit >= OX_ROP_OUT_MAX_BYTES;
  if (run.largest) limit = OX_ROP_OUT_MAX_BYTES;
  size_t fixed = 2 + 4 * run.handle_count;
  if (limit < fixed + PENDING_BYTES)
    return ox_error_set(err, OX_E_BUFFER_TOO_SMALL, "The output buffer cannot hold the handles.");
  run.max_bytes = limit - fixed;
  ox_writer_init(&run.writer, session->server->allocator, 0x10000);
  /* One response may be larger than the room before it is found not to fit. */
  ox_writer_init(&run.row, session->server->allocator, 0x10000);
  status = run_all(&run, out_max_bytes, chain, err);
  if (status == OX_E_NO_MEMORY) (void)ox_error_set(err, status, NULL);
  ox_writer_dispose(&run.row);
  ox_writer_dispose(&run.writer);
  return status;
}
