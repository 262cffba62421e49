/* HTTP/1.1 framing for either role, without sockets, clock or threads.
 *
 * One ox_http1 is one connection. Bytes from the peer go in with ox_http1_feed (or straight into
 * ox_http1_input_room), events come out of ox_http1_next; messages are written with ox_http1_send_*
 * and leave through ox_http1_output. The server role takes one request at a time: the next is not
 * parsed before the answer to this one is complete, so pipelined requests wait as bytes, at most
 * limits.input_max_bytes of them.
 *
 * The parser is strict. What could be read in two ways is refused, with the status that the
 * specification names, and the connection ends after it: both Content-Length and Transfer-Encoding,
 * differing lengths, a coding other than chunked, bare LF or CR, blanks before a colon, folded
 * lines, control characters, a missing or repeated Host, chunk sizes that are not plain
 * hexadecimal.
 * @spec RFC 9112 */
#ifndef OXKIT_WIRE_HTTP1_H
#define OXKIT_WIRE_HTTP1_H

#include <oxkit/wire/http.h>

OX_BEGIN_DECLS

/** Limits of one connection. Zero means the default in brackets. */
typedef struct ox_http1_limits {
  size_t struct_size;
  size_t start_line_max_bytes; /**< request or status line (8192): 414, 501 */
  size_t head_max_bytes;       /**< start line and fields with their line ends (65536): 431 */
  size_t header_max_count;     /**< fields of a head or a trailer (128): 431 */
  uint64_t body_max_bytes;     /**< decoded body (64 MiB): 413; UINT64_MAX for no limit */
  size_t chunk_line_max_bytes; /**< chunk size and extensions (256): 400 */
  size_t trailer_max_bytes;    /**< trailer section (8192): 431 */
  size_t input_max_bytes;      /**< bytes that wait to be parsed (128 KiB, at least the head's) */
  size_t output_max_bytes;     /**< bytes that wait to be sent (16 MiB): OX_E_LIMIT */
} ox_http1_limits;

#define OX_HTTP1_LIMITS_INIT \
  { .struct_size = sizeof(ox_http1_limits) }

typedef struct ox_http1 ox_http1;

/** Makes a connection.
 *  @param server  the role
 *  @param limits  NULL for the defaults
 *  @return OX_OK, OX_E_USAGE, OX_E_NO_MEMORY */
OX_EXPORT OX_WARN_UNUSED ox_status ox_http1_new(bool server, const ox_http1_limits *limits,
                                                const ox_allocator *allocator, ox_http1 **out);
OX_EXPORT void ox_http1_free(ox_http1 *http);

/* ---- Reading --------------------------------------------------------------------------------- */

/** Copies bytes of the peer into the connection, as many as there is room for.
 *  @param taken_out  how many were taken; fewer than given means: call ox_http1_next first
 *  @return OX_OK, OX_E_NO_MEMORY */
OX_EXPORT OX_WARN_UNUSED ox_status ox_http1_feed(ox_http1 *http, const void *data,
                                                 size_t size_bytes, size_t *taken_out);

/** Room to read a socket into; say with ox_http1_input_added how many bytes came. Views of earlier
 *  events end here. @return the room, 0 when the input is full or memory ran out */
OX_EXPORT size_t ox_http1_input_room(ox_http1 *http, void **room_out);
OX_EXPORT void ox_http1_input_added(ox_http1 *http, size_t size_bytes);

/** Says that the peer will send no more. */
OX_EXPORT void ox_http1_feed_end(ox_http1 *http);

/** Bytes fed and not yet parsed. */
OX_EXPORT size_t ox_http1_input_waiting(const ox_http1 *http);

#define OX_HTTP1_NEED_INPUT 0u /**< nothing more without input */
#define OX_HTTP1_HEAD 1u       /**< a head is complete: `head` */
#define OX_HTTP1_BODY 2u       /**< a piece of the body: `body` */
#define OX_HTTP1_END 3u        /**< the message is complete; `head` has the trailer fields only */
#define OX_HTTP1_PAUSED 4u     /**< server: the answer to the last request is not complete yet */
#define OX_HTTP1_CLOSED 5u     /**< the connection has ended in good order; no more events */

/** A request's or response's head. Strings are terminated and live until the next call that feeds
 * or reads this connection. */
typedef struct ox_http1_head {
  const char *method;     /**< request; else NULL */
  const char *target;     /**< request: as sent, of a form that the method allows */
  unsigned status;        /**< response: 100 to 999; else 0. 1xx come as heads of their own */
  const char *reason;     /**< response; may be "" */
  unsigned version_minor; /**< 0 or 1, of HTTP/1.x */
  const ox_http_header *headers;
  size_t header_count;
  const char *host; /**< request: value of Host; "" when HTTP/1.0 has none */
  bool has_body;    /**< BODY events may follow; END follows in any case but 1xx */
  bool chunked;
  uint64_t content_length; /**< UINT64_MAX when not told */
  bool expects_continue;   /**< request: wait for ox_http1_send_continue before the body */
  bool keep_alive;         /**< the peer means to go on after this message */
  ox_bytes block;          /**< all strings above but static ones lie in here */
} ox_http1_head;

typedef struct ox_http1_event {
  uint32_t kind; /**< OX_HTTP1_NEED_INPUT ... */
  ox_http1_head head;
  ox_bytes body; /**< a view until the next call that feeds or reads */
} ox_http1_event;

/** Copies a head and its strings.
 *  @return OX_OK, OX_E_NO_MEMORY */
OX_EXPORT OX_WARN_UNUSED ox_status ox_http1_head_clone(const ox_http1_head *head, ox_arena *arena,
                                                       ox_http1_head *out);

/** Copies a head and its strings.
 *  @return OX_OK, OX_E_NO_MEMORY */
OX_EXPORT OX_WARN_UNUSED ox_status ox_http1_head_clone(const ox_http1_head *head, ox_arena *arena,
                                                       ox_http1_head *out);

/** The next event.
 *  @return OX_OK; OX_E_PROTOCOL or OX_E_LIMIT for a message that breaks the rules: err->remote_code
 *          is the status that a server answers (400, 413, 414, 417, 431, 501, 505), after which the
 *          connection must end; OX_E_CLOSED when the peer ended in the middle of a message;
 *          OX_E_NO_MEMORY. A failure is final. */
OX_EXPORT OX_WARN_UNUSED ox_status ox_http1_next(ox_http1 *http, ox_http1_event *event_out,
                                                 ox_error *err);

/** Server: changes the limit of the body whose head was just read; a Content-Length above it fails
 *  at once, a longer chunked body when it gets there (413).
 *  @return OX_OK, OX_E_LIMIT */
OX_EXPORT OX_WARN_UNUSED ox_status ox_http1_limit_body(ox_http1 *http, uint64_t body_max_bytes,
                                                       ox_error *err);

/* ---- Writing --------------------------------------------------------------------------------- */

/** For `content_length` of the functions below. */
#define OX_HTTP1_LENGTH_CHUNKED UINT64_MAX       /**< chunked (until close towards HTTP/1.0) */
#define OX_HTTP1_LENGTH_NO_BODY (UINT64_MAX - 1) /**< request without a body and its fields */

/** Server: answers Expect with "100 Continue"; does nothing when none waits. */
OX_EXPORT ox_status ox_http1_send_continue(ox_http1 *http);

/** Server: starts the answer to the request in hand. Content-Length, Transfer-Encoding and
 * Connection are added by this function and refused from the caller. The answer to HEAD and
 * statuses 1xx, 204 and 304 carry no body: what is sent for it is dropped.
 *  @param status   200 to 999
 *  @param close    end the connection after this answer
 *  @return OX_OK; OX_E_USAGE (no request in hand, already answered, bad field name or value);
 *          OX_E_LIMIT; OX_E_NO_MEMORY */
OX_EXPORT OX_WARN_UNUSED ox_status ox_http1_send_response(ox_http1 *http, unsigned status,
                                                          const ox_http_header *headers,
                                                          size_t header_count,
                                                          uint64_t content_length, bool close);

/** Server: the whole answer to a request that ox_http1_next refused, with a short text body; the
 *  connection is closing afterwards. */
OX_EXPORT ox_status ox_http1_send_refusal(ox_http1 *http, unsigned status, const char *text);

/** Client: starts a request. Content-Length and Transfer-Encoding are added here; Host must be
 * among the fields.
 *  @param content_length  bytes, OX_HTTP1_LENGTH_CHUNKED or OX_HTTP1_LENGTH_NO_BODY
 *  @return OX_OK; OX_E_USAGE (an answer is still due, bad method, target, field); OX_E_LIMIT */
OX_EXPORT OX_WARN_UNUSED ox_status ox_http1_send_request(ox_http1 *http, const char *method,
                                                         const char *target,
                                                         const ox_http_header *headers,
                                                         size_t header_count,
                                                         uint64_t content_length);

/** A piece of the body: one chunk when chunked. Nothing is sent for 0 bytes.
 *  @return OX_OK; OX_E_USAGE (nothing started, or more than Content-Length); OX_E_LIMIT (nothing
 * was taken: send output first); OX_E_NO_MEMORY */
OX_EXPORT OX_WARN_UNUSED ox_status ox_http1_send_body(ox_http1 *http, const void *data,
                                                      size_t size_bytes);

/** Ends the message.
 *  @param trailers  fields after a chunked body; dropped when the body is not chunked
 *  @return OX_OK; OX_E_USAGE (fewer bytes than Content-Length: the connection must end) */
OX_EXPORT OX_WARN_UNUSED ox_status ox_http1_send_end(ox_http1 *http, const ox_http_header *trailers,
                                                     size_t trailer_count);

/** The bytes that wait to be sent; a view until the next call that sends. */
OX_EXPORT ox_bytes ox_http1_output(const ox_http1 *http);
OX_EXPORT void ox_http1_output_taken(ox_http1 *http, size_t size_bytes);

/** True when the connection must be closed once ox_http1_output is empty: an answer said so, the
 *  peer asked for it, or framing was lost. */
OX_EXPORT bool ox_http1_must_close(const ox_http1 *http);

/** Server: true between the head of a request and the end of its answer. */
OX_EXPORT bool ox_http1_answer_due(const ox_http1 *http);

/** Server: true when the request in hand was read to its END, and before the first one. */
OX_EXPORT bool ox_http1_request_complete(const ox_http1 *http);

OX_END_DECLS

#endif
