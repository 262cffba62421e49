/* HTTP/1.1 connection: buffers, and the state machine that turns input into events. */
#include <string.h>

#include "http1_internal.h"

/* ---- Buffers ----------------------------------------------------------------------------------
 */

/* Makes room for extra_bytes after `end`: by moving the content down, then by growing. */
bool ox_http1_buffer_reserve(ox_http1_buffer *b, size_t extra_bytes, size_t max_bytes,
                             const ox_allocator *allocator) {
  if (b->capacity - b->end >= extra_bytes) return true;
  size_t used = b->end - b->start;
  if (b->start != 0) {
    memmove(b->data, b->data + b->start, used);
    b->start = 0;
    b->end = used;
    if (b->capacity - used >= extra_bytes) return true;
  }
  if (max_bytes < used || max_bytes - used < extra_bytes) return false;
  size_t capacity = b->capacity != 0 ? b->capacity : max_bytes < 4096 ? max_bytes : 4096;
  while (capacity - used < extra_bytes) {
    capacity = capacity > max_bytes / 2 ? max_bytes : capacity * 2;
  }
  uint8_t *data = ox_realloc(allocator, b->data, capacity);
  if (data == NULL) return false;
  b->data = data;
  b->capacity = capacity;
  return true;
}

static void default_size(size_t *value, size_t fallback) {
  if (*value == 0) *value = fallback;
}

static void fill_limits(ox_http1_limits *limits) {
  default_size(&limits->start_line_max_bytes, 8192);
  default_size(&limits->head_max_bytes, 65536);
  default_size(&limits->header_max_count, 128);
  if (limits->body_max_bytes == 0) limits->body_max_bytes = (uint64_t)64 << 20;
  default_size(&limits->chunk_line_max_bytes, 256);
  default_size(&limits->trailer_max_bytes, 8192);
  default_size(&limits->input_max_bytes, 128 * 1024);
  default_size(&limits->output_max_bytes, 16 * 1024 * 1024);
  if (limits->start_line_max_bytes > limits->head_max_bytes) {
    limits->start_line_max_bytes = limits->head_max_bytes;
  }
  /* Every section must fit as a whole. */
  size_t sections[] = {limits->head_max_bytes, limits->trailer_max_bytes,
                       limits->chunk_line_max_bytes};
  for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
    size_t need = sections[i] < SIZE_MAX - 16 ? sections[i] + 16 : SIZE_MAX;
    if (limits->input_max_bytes < need) limits->input_max_bytes = need;
  }
}

ox_status ox_http1_new(bool server, const ox_http1_limits *limits, const ox_allocator *allocator,
                       ox_http1 **out) {
  *out = NULL;
  if (limits != NULL && limits->struct_size != sizeof *limits) return OX_E_USAGE;
  ox_http1 *http = ox_calloc(allocator, 1, sizeof *http);
  if (http == NULL) return OX_E_NO_MEMORY;
  http->allocator = allocator;
  http->server = server;
  if (limits != NULL) http->limits = *limits;
  fill_limits(&http->limits);
  http->body_max_bytes = http->limits.body_max_bytes;
  http->request_complete = true;
  *out = http;
  return OX_OK;
}

void ox_http1_free(ox_http1 *http) {
  if (http == NULL) return;
  /* Both directions carry credentials. */
  if (http->in.data != NULL) ox_wipe(http->in.data, http->in.capacity);
  if (http->out.data != NULL) ox_wipe(http->out.data, http->out.capacity);
  ox_free(http->allocator, http->in.data);
  ox_free(http->allocator, http->out.data);
  ox_free(http->allocator, http->fields);
  ox_free(http->allocator, http->headers);
  ox_free(http->allocator, http);
}

/* ---- Input ------------------------------------------------------------------------------------
 */

size_t ox_http1_input_room(ox_http1 *http, void **room_out) {
  ox_http1_buffer *in = &http->in;
  if (in->start == in->end) in->start = in->end = 0;
  *room_out = NULL;
  size_t used = in->end - in->start;
  size_t max_bytes = http->limits.input_max_bytes;
  if (used >= max_bytes) return 0;
  /* Small while heads come, larger when a body does. */
  size_t wanted = used < 4096 ? 4096 : used;
  if (http->state == OX_HTTP1_STATE_LENGTH && http->body_left > 4096) wanted = 16384;
  if (wanted > max_bytes - used) wanted = max_bytes - used;
  if (in->capacity - in->end < wanted &&
      !ox_http1_buffer_reserve(in, wanted, max_bytes, http->allocator)) {
    return 0;
  }
  *room_out = in->data + in->end;
  size_t room = in->capacity - in->end;
  return room < max_bytes - used ? room : max_bytes - used;
}

void ox_http1_input_added(ox_http1 *http, size_t size_bytes) {
  http->in.end += size_bytes;
}

ox_status ox_http1_feed(ox_http1 *http, const void *data, size_t size_bytes, size_t *taken_out) {
  size_t taken = 0;
  *taken_out = 0;
  while (taken < size_bytes) {
    void *room;
    size_t n = ox_http1_input_room(http, &room);
    if (n == 0) {
      if (http->in.end - http->in.start < http->limits.input_max_bytes) return OX_E_NO_MEMORY;
      break;
    }
    if (n > size_bytes - taken) n = size_bytes - taken;
    memcpy(room, (const uint8_t *)data + taken, n);
    ox_http1_input_added(http, n);
    taken += n;
    *taken_out = taken;
  }
  return OX_OK;
}

void ox_http1_feed_end(ox_http1 *http) {
  http->in_ended = true;
}

size_t ox_http1_input_waiting(const ox_http1 *http) {
  return http->in.end - http->in.start;
}

static void consume(ox_http1 *http, size_t size_bytes) {
  http->in.start += size_bytes;
}

/* ---- Events -----------------------------------------------------------------------------------
 */

ox_status ox_http1_fail(ox_http1 *http, ox_status status, unsigned http_status, const char *text) {
  http->state = OX_HTTP1_STATE_FAILED;
  http->failure = status;
  http->failure_status = http_status;
  http->failure_text = text;
  http->closing = true;
  return status;
}

static ox_status report_failure(const ox_http1 *http, ox_error *err) {
  ox_error_set(err, http->failure, http->failure_text);
  if (err != NULL) {
    err->remote_code = http->failure_status;
    err->spec = "RFC 9112";
  }
  return http->failure;
}

static const char *at(const ox_http1 *http, size_t offset) {
  return (const char *)http->in.data + http->in.start + offset;
}

static void describe_head(ox_http1 *http, size_t head_bytes, bool has_body, bool chunked,
                          ox_http1_head *out) {
  memset(out, 0, sizeof *out);
  out->host = "";
  if (http->server) {
    out->method = at(http, http->method);
    out->target = at(http, http->target);
    if (http->host_count != 0) out->host = at(http, http->host);
  } else {
    out->status = http->status;
    out->reason = at(http, http->reason);
  }
  out->version_minor = http->version_minor;
  out->headers = http->headers;
  out->header_count = http->field_count;
  out->has_body = has_body;
  out->chunked = chunked;
  out->content_length = http->content_length;
  out->expects_continue = http->expect_continue;
  out->keep_alive =
      !http->connection_close && (http->version_minor >= 1 || http->connection_keep_alive);
  out->block.data = http->in.data + http->in.start;
  out->block.size_bytes = head_bytes;
}

static void body_begin(ox_http1 *http, bool has_body, bool chunked) {
  http->body_bytes = 0;
  if (!has_body) {
    http->state = OX_HTTP1_STATE_MESSAGE_END;
  } else if (chunked) {
    http->state = OX_HTTP1_STATE_CHUNK_LINE;
    ox_http1_section_begin(http);
  } else if (http->content_length != UINT64_MAX) {
    http->state = OX_HTTP1_STATE_LENGTH;
    http->body_left = http->content_length;
  } else {
    http->state = OX_HTTP1_STATE_UNTIL_END;
  }
}

static ox_status judge_length(ox_http1 *http, bool has_body, bool chunked) {
  if (has_body && !chunked && http->content_length != UINT64_MAX &&
      http->content_length > http->body_max_bytes) {
    return ox_http1_fail(http, OX_E_LIMIT, 413, "The body is larger than this server takes.");
  }
  return OX_OK;
}

static ox_status next_head(ox_http1 *http, ox_http1_event *event) {
  size_t head_bytes;
  ox_status status = ox_http1_read_head(http, &head_bytes);
  if (status != OX_OK) return status;
  bool has_body, chunked;
  status = http->server ? ox_http1_judge_request(http, &has_body, &chunked)
                        : ox_http1_judge_response(http, &has_body, &chunked);
  if (status != OX_OK) return status;
  http->body_max_bytes = http->limits.body_max_bytes;
  status = judge_length(http, has_body, chunked);
  if (status != OX_OK) return status;
  describe_head(http, head_bytes, has_body, chunked, &event->head);
  event->kind = OX_HTTP1_HEAD;
  consume(http, head_bytes);
  if (http->server) {
    http->sending = OX_HTTP1_SENDING_DUE;
    http->continue_due = http->expect_continue;
    http->request_complete = false;
    http->head_request = strcmp(event->head.method, "HEAD") == 0;
    if (!event->head.keep_alive) http->closing = true;
    body_begin(http, has_body, chunked);
  } else if (http->status < 200) {
    ox_http1_section_begin(http);
    http->state = OX_HTTP1_STATE_START;
  } else {
    if (!event->head.keep_alive || (has_body && !chunked && http->content_length == UINT64_MAX)) {
      http->closing = true;
    }
    body_begin(http, has_body, chunked);
  }
  return OX_OK;
}

/* Up to `left` bytes of the body as one event. */
static ox_status body_piece(ox_http1 *http, uint64_t left, ox_http1_event *event) {
  size_t n = http->in.end - http->in.start;
  if (n > left) n = (size_t)left;
  uint64_t allowed = http->body_max_bytes - http->body_bytes;
  if (allowed == 0) {
    return ox_http1_fail(http, OX_E_LIMIT, 413, "The body is larger than this server takes.");
  }
  if (n > allowed) n = (size_t)allowed; /* fails after it, however the bytes were fed */
  event->kind = OX_HTTP1_BODY;
  event->body.data = http->in.data + http->in.start;
  event->body.size_bytes = n;
  http->body_bytes += n;
  http->continue_due = false; /* the client did not wait for it */
  consume(http, n);
  return OX_OK;
}

static ox_status next_chunk_line(ox_http1 *http) {
  size_t size_bytes;
  uint64_t chunk_bytes;
  ox_status status = ox_http1_read_chunk_line(http, &size_bytes, &chunk_bytes);
  if (status != OX_OK) return status;
  http->continue_due = false;
  consume(http, size_bytes);
  if (chunk_bytes == 0) {
    ox_http1_section_begin(http);
    http->state = OX_HTTP1_STATE_TRAILER;
    return OX_OK;
  }
  if (http->body_max_bytes - http->body_bytes < chunk_bytes) {
    return ox_http1_fail(http, OX_E_LIMIT, 413, "The body is larger than this server takes.");
  }
  http->body_left = chunk_bytes;
  http->state = OX_HTTP1_STATE_CHUNK_DATA;
  return OX_OK;
}

static ox_status next_chunk_end(ox_http1 *http) {
  const uint8_t *p = http->in.data + http->in.start;
  size_t available = http->in.end - http->in.start;
  if ((available >= 1 && p[0] != '\r') || (available >= 2 && p[1] != '\n')) {
    return ox_http1_fail(http, OX_E_PROTOCOL, 400, "A chunk is not followed by CRLF.");
  }
  if (available < 2) return OX_E_AGAIN;
  consume(http, 2);
  ox_http1_section_begin(http);
  http->state = OX_HTTP1_STATE_CHUNK_LINE;
  return OX_OK;
}

static ox_status next_trailer(ox_http1 *http, ox_http1_event *event) {
  size_t size_bytes;
  ox_status status = ox_http1_read_trailer(http, &size_bytes);
  if (status != OX_OK) return status;
  event->head.headers = http->headers;
  event->head.header_count = http->field_count;
  event->head.block.data = http->in.data + http->in.start;
  event->head.block.size_bytes = size_bytes;
  consume(http, size_bytes);
  http->state = OX_HTTP1_STATE_MESSAGE_END;
  return OX_OK;
}

/* Both the message and its answer are complete: what comes next? */
static void exchange_done(ox_http1 *http) {
  http->sending = OX_HTTP1_SENDING_IDLE;
  if (http->closing) {
    http->state = OX_HTTP1_STATE_CLOSED;
  } else {
    ox_http1_section_begin(http);
    http->state = OX_HTTP1_STATE_START;
  }
}

static void message_end(ox_http1 *http, ox_http1_event *event) {
  event->kind = OX_HTTP1_END;
  if (http->server) {
    http->request_complete = true;
    http->continue_due = false;
    if (http->sending == OX_HTTP1_SENDING_IDLE) {
      exchange_done(http);
    } else {
      http->state = OX_HTTP1_STATE_PAUSED;
    }
  } else if (http->sending != OX_HTTP1_SENDING_DONE) {
    /* Answered before the request was sent: the rest of it cannot be framed any more. */
    http->closing = true;
    http->state = OX_HTTP1_STATE_CLOSED;
  } else {
    exchange_done(http);
  }
}

/* The peer has ended and there is nothing left to parse. */
static ox_status input_end(ox_http1 *http, ox_http1_event *event) {
  switch (http->state) {
    case OX_HTTP1_STATE_START:
    case OX_HTTP1_STATE_HEAD:
      if (http->in.end == http->in.start &&
          (http->server || http->sending == OX_HTTP1_SENDING_IDLE)) {
        http->state = OX_HTTP1_STATE_CLOSED;
        event->kind = OX_HTTP1_CLOSED;
        return OX_OK;
      }
      break;
    case OX_HTTP1_STATE_UNTIL_END: message_end(http, event); return OX_OK;
    default: break;
  }
  return ox_http1_fail(http, OX_E_CLOSED, 400, "The peer ended in the middle of a message.");
}

/* One step; OX_E_AGAIN when input is needed, OX_OK with kind NEED_INPUT to go round again. */
static ox_status step(ox_http1 *http, ox_http1_event *event) {
  bool waiting = http->in.end != http->in.start;
  switch (http->state) {
    case OX_HTTP1_STATE_START:
      if (!waiting) return OX_E_AGAIN;
      if (!http->server && http->sending == OX_HTTP1_SENDING_IDLE) {
        return ox_http1_fail(http, OX_E_PROTOCOL, 0, "An answer came that nobody asked for.");
      }
      http->state = OX_HTTP1_STATE_HEAD;
      return OX_OK;
    case OX_HTTP1_STATE_HEAD: return waiting ? next_head(http, event) : OX_E_AGAIN;
    case OX_HTTP1_STATE_LENGTH:
      if (!waiting) return OX_E_AGAIN;
      {
        ox_status status = body_piece(http, http->body_left, event);
        if (status != OX_OK) return status;
      }
      http->body_left -= event->body.size_bytes;
      if (http->body_left == 0) http->state = OX_HTTP1_STATE_MESSAGE_END;
      return OX_OK;
    case OX_HTTP1_STATE_UNTIL_END:
      return waiting ? body_piece(http, UINT64_MAX, event) : OX_E_AGAIN;
    case OX_HTTP1_STATE_CHUNK_LINE: return next_chunk_line(http);
    case OX_HTTP1_STATE_CHUNK_DATA:
      if (!waiting) return OX_E_AGAIN;
      {
        ox_status status = body_piece(http, http->body_left, event);
        if (status != OX_OK) return status;
      }
      http->body_left -= event->body.size_bytes;
      if (http->body_left == 0) http->state = OX_HTTP1_STATE_CHUNK_END;
      return OX_OK;
    case OX_HTTP1_STATE_CHUNK_END: return next_chunk_end(http);
    case OX_HTTP1_STATE_TRAILER: {
      ox_status status = next_trailer(http, event);
      if (status == OX_OK) message_end(http, event);
      return status;
    }
    case OX_HTTP1_STATE_MESSAGE_END: message_end(http, event); return OX_OK;
    case OX_HTTP1_STATE_PAUSED: event->kind = OX_HTTP1_PAUSED; return OX_OK;
    case OX_HTTP1_STATE_CLOSED: event->kind = OX_HTTP1_CLOSED; return OX_OK;
    case OX_HTTP1_STATE_FAILED: break;
  }
  return http->failure;
}

ox_status ox_http1_next(ox_http1 *http, ox_http1_event *event_out, ox_error *err) {
  memset(event_out, 0, sizeof *event_out);
  for (;;) {
    ox_status status = step(http, event_out);
    if (status == OX_E_AGAIN) {
      if (!http->in_ended) return OX_OK;
      status = input_end(http, event_out);
    }
    if (status != OX_OK) {
      memset(event_out, 0, sizeof *event_out);
      return report_failure(http, err);
    }
    if (event_out->kind != OX_HTTP1_NEED_INPUT) return OX_OK;
  }
}

/* Server: the answer is complete. */
void ox_http1_answered(ox_http1 *http) {
  http->sending = OX_HTTP1_SENDING_IDLE;
  if (http->state == OX_HTTP1_STATE_PAUSED) {
    exchange_done(http);
  } else if (http->state != OX_HTTP1_STATE_FAILED && http->continue_due) {
    http->closing = true;
  }
}

ox_status ox_http1_limit_body(ox_http1 *http, uint64_t body_max_bytes, ox_error *err) {
  /* What was given already cannot be taken back. */
  http->body_max_bytes = body_max_bytes > http->body_bytes ? body_max_bytes : http->body_bytes;
  bool has_length = http->state == OX_HTTP1_STATE_LENGTH;
  if (judge_length(http, has_length, false) != OX_OK) return report_failure(http, err);
  return OX_OK;
}

bool ox_http1_must_close(const ox_http1 *http) {
  return http->closing && http->sending == OX_HTTP1_SENDING_IDLE;
}

bool ox_http1_answer_due(const ox_http1 *http) {
  return http->server && http->sending != OX_HTTP1_SENDING_IDLE;
}

bool ox_http1_request_complete(const ox_http1 *http) {
  return http->request_complete;
}

/* ---- Copies -----------------------------------------------------------------------------------
 */

/* Where a string of the block went; static strings stay. */
static const char *moved(const char *text, ox_bytes block, const char *copy) {
  const char *start = (const char *)block.data;
  if (text == NULL || text < start || text >= start + block.size_bytes) return text;
  return copy + (text - start);
}

ox_status ox_http1_head_clone(const ox_http1_head *head, ox_arena *arena, ox_http1_head *out) {
  memset(out, 0, sizeof *out);
  char *copy = ox_arena_copy(arena, head->block.data, head->block.size_bytes);
  ox_http_header *headers = ox_arena_alloc(arena, head->header_count * sizeof *headers);
  if (copy == NULL || headers == NULL) return OX_E_NO_MEMORY;
  for (size_t i = 0; i < head->header_count; i++) {
    headers[i].name = moved(head->headers[i].name, head->block, copy);
    headers[i].value = moved(head->headers[i].value, head->block, copy);
  }
  *out = *head;
  out->headers = headers;
  out->method = moved(head->method, head->block, copy);
  out->target = moved(head->target, head->block, copy);
  out->reason = moved(head->reason, head->block, copy);
  out->host = moved(head->host, head->block, copy);
  out->block.data = (const uint8_t *)copy;
  return OX_OK;
}
