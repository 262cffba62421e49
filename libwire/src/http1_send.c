/* HTTP/1.1 connection: writing messages. */
#include <stdio.h>
#include <string.h>

#include "http1_internal.h"
#include "http_chars.h"

static bool append(ox_http1 *http, const void *data, size_t size_bytes) {
  ox_http1_buffer *out = &http->out;
  if (out->capacity - out->end < size_bytes &&
      !ox_http1_buffer_reserve(out, size_bytes, http->limits.output_max_bytes, http->allocator)) {
    return false;
  }
  if (size_bytes != 0) memcpy(out->data + out->end, data, size_bytes);
  out->end += size_bytes;
  return true;
}

static bool append_text(ox_http1 *http, const char *text) {
  return append(http, text, strlen(text));
}

/* Why an append failed. */
static ox_status no_room(const ox_http1 *http, size_t size_bytes) {
  size_t used = http->out.end - http->out.start;
  size_t max_bytes = http->limits.output_max_bytes;
  return max_bytes < used || max_bytes - used < size_bytes ? OX_E_LIMIT : OX_E_NO_MEMORY;
}

static size_t decimal(char *end, uint64_t value) {
  size_t n = 0;
  do {
    *--end = (char)('0' + value % 10);
    value /= 10;
    n++;
  } while (value != 0);
  return n;
}

/* Fields that this module writes itself. */
static bool is_framing_field(const char *name) {
  static const char *const names[] = {"Content-Length", "Transfer-Encoding", "Connection"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (ox_http_name_equal(name, names[i])) return true;
  }
  return false;
}

static bool headers_ok(const ox_http_header *headers, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const char *name = headers[i].name, *value = headers[i].value;
    if (name == NULL || value == NULL || !ox_http_is_token(name, strlen(name)) ||
        !ox_http_is_field_value(value, strlen(value)) || is_framing_field(name)) {
      return false;
    }
  }
  return true;
}

static bool append_headers(ox_http1 *http, const ox_http_header *headers, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (!append_text(http, headers[i].name) || !append(http, ": ", 2) ||
        !append_text(http, headers[i].value) || !append(http, "\r\n", 2)) {
      return false;
    }
  }
  return true;
}

static bool append_length(ox_http1 *http, uint64_t length) {
  char digits[20];
  size_t n = decimal(digits + sizeof digits, length);
  return append_text(http, "Content-Length: ") && append(http, digits + sizeof digits - n, n) &&
         append(http, "\r\n", 2);
}

/* ---- Server -----------------------------------------------------------------------------------
 */

ox_status ox_http1_send_continue(ox_http1 *http) {
  if (!http->server || !http->continue_due || http->sending != OX_HTTP1_SENDING_DUE) return OX_OK;
  static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
  if (!append(http, text, sizeof text - 1)) return no_room(http, sizeof text - 1);
  http->continue_due = false;
  return OX_OK;
}

/* Writes the head of an answer; the output is as before when it returns false. */
static bool append_response_head(ox_http1 *http, unsigned status, const ox_http_header *headers,
                                 size_t header_count, uint64_t content_length) {
  size_t before = http->out.end - http->out.start;
  char line[64];
  int n = snprintf(line, sizeof line, "HTTP/1.1 %u %s\r\n", status, ox_http_status_text(status));
  bool ok = append(http, line, (size_t)n) && append_headers(http, headers, header_count);
  bool bodiless = status < 200 || status == 204 || status == 304;
  if (http->send_chunked) {
    ok = ok && append_text(http, "Transfer-Encoding: chunked\r\n");
  } else if (!bodiless && content_length != OX_HTTP1_LENGTH_CHUNKED) {
    ok = ok && append_length(http, content_length);
  }
  if (http->closing) {
    ok = ok && append_text(http, "Connection: close\r\n");
  } else if (http->version_minor == 0) {
    ok = ok && append_text(http, "Connection: keep-alive\r\n");
  }
  ok = ok && append(http, "\r\n", 2);
  if (!ok) http->out.end = http->out.start + before;
  return ok;
}

ox_status ox_http1_send_response(ox_http1 *http, unsigned status, const ox_http_header *headers,
                                 size_t header_count, uint64_t content_length, bool close) {
  if (!http->server || http->sending != OX_HTTP1_SENDING_DUE || status < 200 || status > 999 ||
      content_length == OX_HTTP1_LENGTH_NO_BODY || !headers_ok(headers, header_count)) {
    return OX_E_USAGE;
  }
  bool was_closing = http->closing;
  bool no_body = http->head_request || status == 204 || status == 304;
  /* A client that waits for 100 may send the body or not, now: only closing is unambiguous. */
  if (close || (http->continue_due && http->in.end == http->in.start)) http->closing = true;
  bool chunked = content_length == OX_HTTP1_LENGTH_CHUNKED;
  http->send_chunked = chunked && http->version_minor >= 1 && status != 204 && status != 304;
  if (chunked && http->version_minor == 0 && !no_body) http->closing = true;
  if (!append_response_head(http, status, headers, header_count, content_length)) {
    http->closing = was_closing;
    return no_room(http, 65536);
  }
  if (no_body) http->send_chunked = false;
  http->send_no_body = no_body;
  http->send_left = chunked ? UINT64_MAX : content_length;
  http->sending = OX_HTTP1_SENDING_BODY;
  return OX_OK;
}

ox_status ox_http1_send_refusal(ox_http1 *http, unsigned status, const char *text) {
  if (!http->server || http->sending == OX_HTTP1_SENDING_BODY) return OX_E_USAGE;
  static const ox_http_header type = {"Content-Type", "text/plain; charset=utf-8"};
  http->closing = true;
  http->send_chunked = false;
  if (status < 400 || status > 599) status = 400;
  if (text == NULL) text = ox_http_status_text(status);
  size_t length = strlen(text);
  if (!append_response_head(http, status, &type, 1, length + 1) || !append(http, text, length) ||
      !append(http, "\n", 1)) {
    return no_room(http, length + 1024);
  }
  http->sending = OX_HTTP1_SENDING_IDLE;
  if (http->state != OX_HTTP1_STATE_FAILED) http->state = OX_HTTP1_STATE_CLOSED;
  return OX_OK;
}

/* ---- Client -----------------------------------------------------------------------------------
 */

static bool target_ok(const char *target) {
  if (*target == '\0') return false;
  for (; *target != '\0'; target++) {
    if (!ox_http_is_target_char((unsigned char)*target)) return false;
  }
  return true;
}

ox_status ox_http1_send_request(ox_http1 *http, const char *method, const char *target,
                                const ox_http_header *headers, size_t header_count,
                                uint64_t content_length) {
  if (http->server || http->sending != OX_HTTP1_SENDING_IDLE || http->closing ||
      http->state != OX_HTTP1_STATE_START || !ox_http_is_token(method, strlen(method)) ||
      !target_ok(target) || !headers_ok(headers, header_count) ||
      ox_http_header_find(headers, header_count, "Host", 0) == NULL) {
    return OX_E_USAGE;
  }
  size_t before = http->out.end - http->out.start;
  bool ok = append_text(http, method) && append(http, " ", 1) && append_text(http, target) &&
            append_text(http, " HTTP/1.1\r\n") && append_headers(http, headers, header_count);
  http->send_chunked = content_length == OX_HTTP1_LENGTH_CHUNKED;
  if (http->send_chunked) {
    ok = ok && append_text(http, "Transfer-Encoding: chunked\r\n");
  } else if (content_length != OX_HTTP1_LENGTH_NO_BODY) {
    ok = ok && append_length(http, content_length);
  }
  ok = ok && append(http, "\r\n", 2);
  if (!ok) {
    http->out.end = http->out.start + before;
    return no_room(http, 65536);
  }
  http->send_no_body = false;
  http->send_left = content_length == OX_HTTP1_LENGTH_NO_BODY ? 0 : content_length;
  http->head_request = strcmp(method, "HEAD") == 0;
  http->connect_request = strcmp(method, "CONNECT") == 0;
  http->sending = OX_HTTP1_SENDING_BODY;
  return OX_OK;
}

/* ---- Bodies -----------------------------------------------------------------------------------
 */

ox_status ox_http1_send_body(ox_http1 *http, const void *data, size_t size_bytes) {
  if (http->sending != OX_HTTP1_SENDING_BODY || size_bytes > http->send_left) return OX_E_USAGE;
  if (size_bytes == 0) return OX_OK;
  if (!http->send_no_body) {
    char line[20];
    size_t line_bytes = 0;
    if (http->send_chunked) {
      line_bytes = (size_t)snprintf(line, sizeof line, "%zx\r\n", size_bytes);
    }
    /* All or nothing. */
    size_t total = size_bytes > SIZE_MAX - 32 ? SIZE_MAX : size_bytes + line_bytes + 2;
    if (http->out.capacity - http->out.end < total &&
        !ox_http1_buffer_reserve(&http->out, total, http->limits.output_max_bytes,
                                 http->allocator)) {
      return no_room(http, total);
    }
    bool ok = append(http, line, line_bytes) && append(http, data, size_bytes) &&
              (!http->send_chunked || append(http, "\r\n", 2));
    if (!ok) return OX_E_NO_MEMORY;
  }
  if (http->send_left != UINT64_MAX) http->send_left -= size_bytes;
  return OX_OK;
}

ox_status ox_http1_send_end(ox_http1 *http, const ox_http_header *trailers, size_t trailer_count) {
  if (http->sending != OX_HTTP1_SENDING_BODY || !headers_ok(trailers, trailer_count)) {
    return OX_E_USAGE;
  }
  if (http->send_left != UINT64_MAX && http->send_left != 0 && !http->send_no_body) {
    http->closing = true;
    return OX_E_USAGE;
  }
  if (http->send_chunked) {
    size_t before = http->out.end - http->out.start;
    if (!append(http, "0\r\n", 3) || !append_headers(http, trailers, trailer_count) ||
        !append(http, "\r\n", 2)) {
      http->out.end = http->out.start + before;
      return no_room(http, 65536);
    }
  }
  if (http->server) {
    ox_http1_answered(http);
  } else {
    http->sending = OX_HTTP1_SENDING_DONE;
  }
  return OX_OK;
}

ox_bytes ox_http1_output(const ox_http1 *http) {
  ox_bytes view = {NULL, 0};
  if (http->out.end != http->out.start) {
    view.data = http->out.data + http->out.start;
    view.size_bytes = http->out.end - http->out.start;
  }
  return view;
}

void ox_http1_output_taken(ox_http1 *http, size_t size_bytes) {
  http->out.start += size_bytes;
  if (http->out.start >= http->out.end) http->out.start = http->out.end = 0;
}
