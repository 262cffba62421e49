/* A batch of ROPs: the client's side of [MS-OXCROPS] 3.1.4.1 and 3.1.5, without I/O. */
#include <string.h>

#include <oxkit/ropcodec/ropbuffer.h>
#include <oxkit/ropcodec/ropsize.h>
#include <oxkit/store/rop_client.h>

typedef struct part {
  ox_rop_response response;
  struct part *next;
} part;

typedef struct entry {
  uint8_t rop_id;
  uint8_t response_id; /* RopId that the response carries */
  size_t offset;       /* of the request in `list` */
  size_t size;
  const ox_proptag *columns;
  size_t column_count;
  uint8_t output_index; /* 0xFF: makes no object */
  bool answered;
  ox_status status;
  part *first;
  part *last;
} entry;

struct ox_rop_batch {
  const ox_allocator *allocator;
  ox_arena arena;
  ox_writer list;  /* requests, one after the other */
  ox_writer input; /* as sent */
  entry *entries;
  size_t count;
  size_t capacity;
  size_t sent_from; /* first request of the last input */
  uint32_t handles[OX_ROP_BATCH_MAX_HANDLES];
  size_t handle_count;
  bool overflow; /* more handles than the table has */
  bool sent;
  bool pending;
  uint32_t retry_bytes;
  uint32_t retry_ms;
  const ox_notify_response **notifications;
  size_t notification_count;
  size_t notification_capacity;
  ox_rop_trace_callback trace;
  void *trace_user;
};

ox_rop_batch *ox_rop_batch_new(const ox_allocator *allocator) {
  ox_rop_batch *batch = ox_calloc(allocator, 1, sizeof *batch);
  if (batch == NULL) return NULL;
  batch->allocator = allocator;
  ox_arena_init(&batch->arena, allocator, 0);
  ox_writer_init(&batch->list, allocator, OX_ROP_BATCH_MAX_INPUT_BYTES);
  ox_writer_init(&batch->input, allocator, 0x10000);
  return batch;
}

void ox_rop_batch_free(ox_rop_batch *batch) {
  if (batch == NULL) return;
  ox_writer_dispose(&batch->list);
  ox_writer_dispose(&batch->input);
  ox_arena_dispose(&batch->arena);
  ox_free(batch->allocator, batch);
}

void ox_rop_batch_reset(ox_rop_batch *batch) {
  ox_arena_reset(&batch->arena);
  ox_writer_reset(&batch->list);
  ox_writer_reset(&batch->input);
  batch->entries = NULL;
  batch->notifications = NULL;
  batch->count = batch->capacity = batch->sent_from = 0;
  batch->notification_count = batch->notification_capacity = 0;
  batch->handle_count = 0;
  batch->overflow = batch->sent = batch->pending = false;
  batch->retry_bytes = batch->retry_ms = 0;
}

void ox_rop_batch_set_trace(ox_rop_batch *batch, ox_rop_trace_callback callback, void *user) {
  batch->trace = callback;
  batch->trace_user = user;
}

static uint8_t add_handle(ox_rop_batch *batch, uint32_t handle) {
  if (batch->handle_count == OX_ROP_BATCH_MAX_HANDLES) {
    batch->overflow = true;
    return 0;
  }
  batch->handles[batch->handle_count] = handle;
  return (uint8_t)batch->handle_count++;
}

uint8_t ox_rop_batch_handle(ox_rop_batch *batch, uint32_t handle) {
  for (size_t i = 0; i < batch->handle_count; i++)
    if (batch->handles[i] == handle && handle != OX_ROP_HANDLE_NONE) return (uint8_t)i;
  return add_handle(batch, handle);
}

uint8_t ox_rop_batch_output(ox_rop_batch *batch) {
  return add_handle(batch, OX_ROP_HANDLE_NONE);
}

static bool grow(ox_rop_batch *batch) {
  if (batch->count < batch->capacity) return true;
  size_t capacity = batch->capacity != 0 ? batch->capacity * 2 : 8;
  entry *grown =
      ox_arena_grow(&batch->arena, batch->entries, batch->count, capacity, sizeof *grown);
  if (grown == NULL) return false;
  batch->entries = grown;
  batch->capacity = capacity;
  return true;
}

/* Which byte of the request names the new object: 2 of RopLogon, 3 of the others that make one. */
static uint8_t output_index(uint8_t rop_id, const uint8_t *request) {
  switch (rop_id) {
    case OX_ROP_LOGON: return request[2];
    case OX_ROP_OPEN_FOLDER:
    case OX_ROP_CREATE_FOLDER:
    case OX_ROP_OPEN_MESSAGE:
    case OX_ROP_CREATE_MESSAGE:
    case OX_ROP_OPEN_ATTACHMENT:
    case OX_ROP_CREATE_ATTACHMENT:
    case OX_ROP_OPEN_EMBEDDED_MESSAGE:
    case OX_ROP_GET_HIERARCHY_TABLE:
    case OX_ROP_GET_CONTENTS_TABLE:
    case OX_ROP_GET_ATTACHMENT_TABLE:
    case OX_ROP_OPEN_STREAM:
    case OX_ROP_CLONE_STREAM:
    case OX_ROP_REGISTER_NOTIFICATION: return request[3];
    default: return 0xFF;
  }
}

ox_status ox_rop_batch_add(ox_rop_batch *batch, const ox_rop_request *request,
                           const ox_proptag *columns, size_t column_count, size_t *position_out,
                           ox_error *err) {
  if (batch == NULL || request == NULL || batch->sent)
    return ox_error_set(err, OX_E_USAGE, "A batch that was sent takes no more requests.");
  if (batch->overflow)
    return ox_error_set(err, OX_E_LIMIT, "The handle table of the batch is full.");
  if (!grow(batch)) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  entry *added = &batch->entries[batch->count];
  memset(added, 0, sizeof *added);
  size_t mark = batch->list.size_bytes;
  ox_rop_request_encode(&batch->list, request);
  ox_status status = ox_writer_status(&batch->list);
  if (status == OX_OK && ox_rop_batch_input_bytes(batch) > OX_ROP_BATCH_MAX_INPUT_BYTES)
    status = OX_E_LIMIT;
  if (column_count > 0 && !ox_failed(status)) {
    added->columns = ox_arena_copy(&batch->arena, columns, column_count * sizeof *columns);
    added->column_count = column_count;
    if (added->columns == NULL) status = OX_E_NO_MEMORY;
  }
  if (ox_failed(status)) {
    ox_writer_rewind(&batch->list, mark);
    return ox_error_set(err, status,
                        status == OX_E_LIMIT ? "The request does not fit into the buffer." : NULL);
  }
  added->rop_id = request->rop_id;
  added->response_id =
      request->rop_id == OX_ROP_GET_MESSAGE_STATUS ? OX_ROP_SET_MESSAGE_STATUS : request->rop_id;
  added->offset = mark;
  added->size = batch->list.size_bytes - mark;
  added->status = OX_E_AGAIN;
  added->output_index = output_index(added->rop_id, batch->list.data + mark);
  if (position_out != NULL) *position_out = batch->count;
  batch->count++;
  return OX_OK;
}

size_t ox_rop_batch_count(const ox_rop_batch *batch) {
  return batch->count;
}

size_t ox_rop_batch_input_bytes(const ox_rop_batch *batch) {
  return 2 + batch->list.size_bytes + 4 * batch->handle_count;
}

static void trace(const ox_rop_batch *batch, bool is_response, uint8_t rop_id, ox_status status,
                  size_t size_bytes, uint32_t handle) {
  if (batch->trace == NULL) return;
  const ox_rop_info *info = ox_rop_info_by_id(rop_id);
  ox_rop_trace step = {.is_response = is_response,
                       .rop_id = rop_id,
                       .rop_name = info != NULL ? info->name : "unknown",
                       .status = status,
                       .size_bytes = size_bytes,
                       .object_handle = handle};
  batch->trace(batch->trace_user, &step);
}

static void trace_request(const ox_rop_batch *batch, const entry *sent) {
  /* The index of the input object; behind the response's in three ROPs. */
  size_t at = sent->rop_id == OX_ROP_SAVE_CHANGES_MESSAGE ||
                      sent->rop_id == OX_ROP_SAVE_CHANGES_ATTACHMENT ||
                      sent->rop_id == OX_ROP_SET_MESSAGE_READ_FLAG
                  ? 3
                  : 2;
  uint8_t index = batch->list.data[sent->offset + at];
  trace(batch, false, sent->rop_id, OX_OK, sent->size, ox_rop_batch_handle_at(batch, index));
}

ox_status ox_rop_batch_input(ox_rop_batch *batch, ox_bytes *out, ox_error *err) {
  if (batch->overflow)
    return ox_error_set(err, OX_E_LIMIT, "The handle table of the batch is full.");
  size_t first = 0;
  while (first < batch->count && batch->entries[first].answered) first++;
  batch->sent_from = first;
  batch->sent = true;
  size_t offset = first < batch->count ? batch->entries[first].offset : batch->list.size_bytes;
  ox_writer *w = &batch->input;
  ox_writer_reset(w);
  ox_write_u16(w, (uint16_t)(2 + batch->list.size_bytes - offset));
  if (batch->list.size_bytes > offset)
    ox_write_bytes(w, batch->list.data + offset, batch->list.size_bytes - offset);
  for (size_t i = 0; i < batch->handle_count; i++) ox_write_u32(w, batch->handles[i]);
  ox_status status = ox_writer_status(w);
  if (ox_failed(status)) return ox_error_set(err, status, NULL);
  for (size_t i = first; i < batch->count; i++) trace_request(batch, &batch->entries[i]);
  *out = ox_writer_bytes(w);
  return OX_OK;
}

/* Where feeding stands. */
typedef struct feeding {
  ox_reader reader;
  size_t next;     /* first request that may be answered */
  size_t previous; /* the one answered last, for further parts; SIZE_MAX before */
  bool again;
} feeding;

static ox_status keep_notification(ox_rop_batch *batch, const ox_notify_response *notify) {
  if (batch->notification_count == batch->notification_capacity) {
    size_t capacity = batch->notification_capacity != 0 ? batch->notification_capacity * 2 : 8;
    const ox_notify_response **grown = ox_arena_grow(
        &batch->arena, batch->notifications, batch->notification_count, capacity, sizeof *grown);
    if (grown == NULL) return OX_E_NO_MEMORY;
    batch->notifications = grown;
    batch->notification_capacity = capacity;
  }
  ox_notify_response *copy = ox_arena_copy(&batch->arena, notify, sizeof *copy);
  if (copy == NULL) return OX_E_NO_MEMORY;
  batch->notifications[batch->notification_count++] = copy;
  return OX_OK;
}

static bool is_extra(uint8_t rop_id) {
  return rop_id == OX_ROP_NOTIFY || rop_id == OX_ROP_PENDING || rop_id == OX_ROP_BUFFER_TOO_SMALL ||
         rop_id == OX_ROP_BACKOFF;
}

/* How long the requests from `first` on have to wait. */
static uint32_t longest_wait(const ox_rop_batch *batch, size_t first,
                             const ox_backoff_response *backoff) {
  uint32_t longest = 0;
  for (size_t i = first; i < batch->count; i++) {
    const entry *request = &batch->entries[i];
    uint8_t logon_id = batch->list.data[request->offset + 1];
    uint32_t wait = ox_backoff_wait_ms(backoff, logon_id, request->rop_id);
    if (wait > longest) longest = wait;
  }
  return longest != 0 ? longest : backoff->duration;
}

/* Responses that answer no request. @spec [MS-OXCROPS] 3.1.5.1 */
static ox_status take_extra(ox_rop_batch *batch, const ox_rop_response *response, feeding *at) {
  switch (response->rop_id) {
    case OX_ROP_NOTIFY: return keep_notification(batch, &response->u.notify);
    case OX_ROP_PENDING: batch->pending = true; return OX_OK;
    case OX_ROP_BUFFER_TOO_SMALL:
      batch->retry_bytes = response->u.buffer_too_small.size_needed;
      at->again = true;
      return OX_OK;
    default:
      batch->retry_ms = longest_wait(batch, at->next, &response->u.backoff);
      at->again = true;
      return OX_OK;
  }
}

static ox_status add_part(ox_rop_batch *batch, entry *of, const ox_rop_response *response) {
  part *added = ox_arena_alloc(&batch->arena, sizeof *added);
  if (added == NULL) return OX_E_NO_MEMORY;
  added->response = *response;
  added->next = NULL;
  if (of->last != NULL)
    of->last->next = added;
  else
    of->first = added;
  of->last = added;
  return OX_OK;
}

/* ReturnValue stands behind RopId and one handle index in every response that answers a request. */
static ox_status return_value(const uint8_t *response, size_t size_bytes) {
  ox_reader r;
  ox_error ignored;
  ox_reader_init(&r, response, size_bytes);
  ox_read_skip(&r, 2);
  return ox_status_from_peer(ox_read_u32(&r), &ignored);
}

/* The request that a response with this RopId answers; SIZE_MAX when there is none. */
static size_t find_request(const ox_rop_batch *batch, const feeding *at, uint8_t rop_id) {
  size_t next = at->next;
  while (next < batch->count && batch->entries[next].rop_id == OX_ROP_RELEASE) next++;
  if (next < batch->count && batch->entries[next].response_id == rop_id) return next;
  /* A further part of the last request. @spec [MS-OXCRPC] 3.1.4.2.1.2.2 */
  bool parts = rop_id == OX_ROP_QUERY_ROWS || rop_id == OX_ROP_READ_STREAM;
  if (parts && next == batch->count && at->previous != SIZE_MAX &&
      batch->entries[at->previous].response_id == rop_id)
    return at->previous;
  return SIZE_MAX;
}

/* Everything up to `end` that has no response of its own is done. */
static void answer_releases(ox_rop_batch *batch, size_t from, size_t end) {
  for (size_t i = from; i < end; i++) {
    batch->entries[i].answered = true;
    batch->entries[i].status = OX_OK;
  }
}

static ox_status take_answer(ox_rop_batch *batch, size_t position, const uint8_t *bytes,
                             size_t size_bytes, const ox_rop_response *response, feeding *at) {
  entry *of = &batch->entries[position];
  ox_status value = return_value(bytes, size_bytes);
  bool further = of->answered;
  if (!further) {
    answer_releases(batch, at->next, position);
    of->status = value;
    of->answered = true;
    at->next = position + 1;
    at->previous = position;
  }
  uint32_t handle = OX_ROP_HANDLE_NONE;
  if (!ox_failed(value)) handle = ox_rop_batch_handle_at(batch, of->output_index);
  trace(batch, true, response->rop_id, value, size_bytes, handle);
  return further && ox_failed(value) ? OX_OK : add_part(batch, of, response);
}

static ox_status feed_response(ox_rop_batch *batch, feeding *at, ox_error *err) {
  ox_reader *r = &at->reader;
  uint8_t rop_id = ox_peek_u8(r);
  bool extra = is_extra(rop_id);
  size_t position = extra ? 0 : find_request(batch, at, rop_id);
  if (position == SIZE_MAX)
    return ox_error_setf(err, OX_E_PROTOCOL, "A response 0x%02X answers no request.", rop_id);
  ox_rop_context context = {0};
  if (!extra) {
    context.columns = batch->entries[position].columns;
    context.column_count = batch->entries[position].column_count;
  }
  size_t start = r->position;
  ox_rop_response response;
  ox_status status = ox_rop_response_decode(r, &batch->arena, &context, &response);
  if (ox_failed(status)) {
    (void)ox_reader_status(r, err);
    return status;
  }
  size_t size = r->position - start;
  if (!extra) return take_answer(batch, position, r->data + start, size, &response, at);
  trace(batch, true, rop_id, OX_OK, size,
        rop_id == OX_ROP_NOTIFY ? response.u.notify.notification_handle : OX_ROP_HANDLE_NONE);
  return take_extra(batch, &response, at);
}

/* One output buffer: its handle table first, so that traces can name new objects. */
static ox_status feed_output(ox_rop_batch *batch, ox_bytes output, feeding *at, ox_error *err) {
  ox_bytes copy = {ox_arena_copy(&batch->arena, output.data, output.size_bytes), output.size_bytes};
  if (copy.data == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  ox_rop_buffer buffer;
  ox_status status = ox_rop_buffer_parse(copy, &buffer, err);
  if (ox_failed(status)) return status;
  for (size_t i = 0; i < buffer.handle_count && i < batch->handle_count; i++)
    batch->handles[i] = ox_rop_buffer_handle(&buffer, (uint8_t)i);
  ox_rop_buffer_reader(&buffer, &at->reader);
  while (ox_reader_remaining(&at->reader) > 0) {
    status = feed_response(batch, at, err);
    if (ox_failed(status)) return status;
  }
  return OX_OK;
}

ox_status ox_rop_batch_feed(ox_rop_batch *batch, const ox_bytes *outputs, size_t count,
                            ox_error *err) {
  if (batch == NULL || !batch->sent || (outputs == NULL && count > 0))
    return ox_error_set(err, OX_E_USAGE, "Only the answer of a batch that was sent is fed.");
  feeding at = {.next = batch->sent_from, .previous = SIZE_MAX};
  batch->pending = false;
  batch->retry_bytes = batch->retry_ms = 0;
  for (size_t i = 0; i < count; i++) {
    ox_status status = feed_output(batch, outputs[i], &at, err);
    if (ox_failed(status)) return status;
  }
  size_t open = at.next;
  while (open < batch->count && batch->entries[open].rop_id == OX_ROP_RELEASE) open++;
  if (open == batch->count) {
    answer_releases(batch, at.next, batch->count);
    return OX_OK;
  }
  if (at.again) return OX_E_AGAIN;
  /* A failed seek ends the buffer ([MS-OXCTABL] 3.2.5.9): what follows was not executed. */
  if (at.previous == SIZE_MAX || !ox_failed(batch->entries[at.previous].status))
    return ox_error_set(err, OX_E_PROTOCOL, "The server left requests unanswered.");
  for (size_t i = open; i < batch->count; i++) {
    batch->entries[i].answered = true;
    batch->entries[i].status = batch->entries[at.previous].status;
  }
  return OX_OK;
}

void ox_rop_batch_retry(const ox_rop_batch *batch, uint32_t *out_max_bytes_out,
                        uint32_t *delay_ms_out) {
  if (out_max_bytes_out != NULL) *out_max_bytes_out = batch->retry_bytes;
  if (delay_ms_out != NULL) *delay_ms_out = batch->retry_ms;
}

ox_status ox_rop_batch_status(const ox_rop_batch *batch, size_t position) {
  return position < batch->count ? batch->entries[position].status : OX_E_USAGE;
}

const ox_rop_response *ox_rop_batch_response(const ox_rop_batch *batch, size_t position,
                                             size_t part_index) {
  if (position >= batch->count) return NULL;
  const part *at = batch->entries[position].first;
  for (; at != NULL && part_index > 0; part_index--) at = at->next;
  return at != NULL ? &at->response : NULL;
}

uint32_t ox_rop_batch_handle_at(const ox_rop_batch *batch, uint8_t index) {
  return index < batch->handle_count ? batch->handles[index] : OX_ROP_HANDLE_NONE;
}

const ox_notify_response *ox_rop_batch_notification(const ox_rop_batch *batch, size_t index) {
  return index < batch->notification_count ? batch->notifications[index] : NULL;
}

bool ox_rop_batch_pending(const ox_rop_batch *batch) {
  return batch->pending;
}
