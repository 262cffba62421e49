/* Inside of an HTTP/1.1 connection: shared by http1.c (events), http1_head.c (lines) and
 * http1_send.c (output). */
#ifndef OXKIT_WIRE_SRC_HTTP1_INTERNAL_H
#define OXKIT_WIRE_SRC_HTTP1_INTERNAL_H

#include <oxkit/wire/http1.h>

/* Bytes [start, end) of a block that grows up to a maximum. */
typedef struct ox_http1_buffer {
  uint8_t *data;
  size_t start;
  size_t end;
  size_t capacity;
} ox_http1_buffer;

typedef enum ox_http1_state {
  OX_HTTP1_STATE_START,      /* before a head */
  OX_HTTP1_STATE_HEAD,       /* within a head */
  OX_HTTP1_STATE_LENGTH,     /* body of known length */
  OX_HTTP1_STATE_UNTIL_END,  /* response body that ends with the connection */
  OX_HTTP1_STATE_CHUNK_LINE, /* at a chunk size */
  OX_HTTP1_STATE_CHUNK_DATA,
  OX_HTTP1_STATE_CHUNK_END, /* CRLF after the data */
  OX_HTTP1_STATE_TRAILER,
  OX_HTTP1_STATE_MESSAGE_END, /* END is due */
  OX_HTTP1_STATE_PAUSED,      /* server: until the answer is complete */
  OX_HTTP1_STATE_CLOSED,
  OX_HTTP1_STATE_FAILED,
} ox_http1_state;

typedef enum ox_http1_sending {
  OX_HTTP1_SENDING_IDLE, /* server: no request in hand; client: ready for a request */
  OX_HTTP1_SENDING_DUE,  /* server: an answer is due */
  OX_HTTP1_SENDING_BODY,
  OX_HTTP1_SENDING_DONE, /* client: the request was sent, its answer is due */
} ox_http1_sending;

/* A field line while its head is not complete: offsets from the head's start. */
typedef struct ox_http1_field {
  size_t name;
  size_t value;
} ox_http1_field;

struct ox_http1 {
  const ox_allocator *allocator;
  ox_http1_limits limits;
  bool server;

  /* Reading. */
  ox_http1_buffer in;
  bool in_ended;
  ox_http1_state state;
  size_t scanned;    /* bytes after in.start that were looked at for a line end */
  size_t line_start; /* offset from in.start of the line in hand */
  bool start_line_done;
  bool blank_line_seen; /* the one empty line that may come before a request */
  ox_http1_field *fields;
  ox_http_header *headers;
  size_t field_capacity;
  size_t field_count;
  size_t method, target, reason, host; /* offsets from in.start */
  size_t absolute_host;                /* of a target in absolute form, else 0 */
  size_t absolute_host_bytes;
  unsigned status;
  unsigned version_minor;
  unsigned host_count, length_count, coding_count; /* of Host, Content-Length, Transfer-Encoding */
  uint64_t content_length;
  bool connection_close, connection_keep_alive;
  bool expect_continue; /* asked for */
  uint64_t body_left;   /* of the body or the chunk */
  uint64_t body_bytes;  /* decoded so far */
  uint64_t body_max_bytes;
  bool request_complete;
  ox_status failure;
  unsigned failure_status;
  const char *failure_text;

  /* Writing. */
  ox_http1_buffer out;
  ox_http1_sending sending;
  bool continue_due; /* server: "100 Continue" was asked for and not sent */
  bool send_chunked;
  bool send_no_body; /* what the caller sends as body is dropped */
  uint64_t send_left;
  bool head_request; /* the request in hand is HEAD */
  bool connect_request;
  bool closing; /* no message after the one in hand */
};

/* http1.c */
ox_status ox_http1_fail(ox_http1 *http, ox_status status, unsigned http_status, const char *text);
void ox_http1_answered(ox_http1 *http);
bool ox_http1_buffer_reserve(ox_http1_buffer *b, size_t extra_bytes, size_t max_bytes,
                             const ox_allocator *allocator);

/* http1_head.c: each looks at complete lines from in.start on. OX_OK: the section is complete and
 * *size_out bytes long; OX_E_AGAIN: more input is needed; else the connection has failed. */
void ox_http1_section_begin(ox_http1 *http);
ox_status ox_http1_read_head(ox_http1 *http, size_t *size_out);
ox_status ox_http1_read_trailer(ox_http1 *http, size_t *size_out);
ox_status ox_http1_read_chunk_line(ox_http1 *http, size_t *size_out, uint64_t *chunk_bytes_out);
ox_status ox_http1_judge_request(ox_http1 *http, bool *has_body_out, bool *chunked_out);
ox_status ox_http1_judge_response(ox_http1 *http, bool *has_body_out, bool *chunked_out);

#endif
