/* The HTTP/1.1 server: listeners, event loops, workers, routes and exchanges.
 *
 * An exchange is one request and its answer. A route's handler gets it on a loop thread (and must
 * not block there) or, with OX_HTTP_ROUTE_WORKER, on a worker. From then on the exchange belongs to
 * whoever holds the pointer: it may be handed to any thread and is answered once, now or later, by
 * ox_http_exchange_respond, _finish or _abort. The answering functions are safe from any thread,
 * one thread at a time per exchange. When the client goes before the answer, the exchange stays
 * valid, answering it does nothing, and the watch (below) tells. A client that shuts its sending
 * side while its request is in hand counts as gone. */
#ifndef OXKIT_WIRE_HTTP_SERVER_H
#define OXKIT_WIRE_HTTP_SERVER_H

#include <oxkit/wire/http1.h>
#include <oxkit/wire/tls.h>

OX_BEGIN_DECLS

typedef struct ox_http_server ox_http_server;
typedef struct ox_http_exchange ox_http_exchange;

/* ---- Server ---------------------------------------------------------------------------------- */

/** What happened, for a log of the host's: called on loop threads and workers, several at once. */
typedef struct ox_http_trace {
  size_t struct_size;
  const char *peer;
  const char *method; /**< "" when no request could be read */
  const char *target;
  const char *user; /**< authenticated user, or "" */
  unsigned status;  /**< of the answer; 0 when the client went first */
  uint64_t duration_us;
  uint64_t request_body_bytes;
  uint64_t response_body_bytes;
  const char *problem; /**< why the request or the connection was refused, or "" */
} ox_http_trace;

/** Choices of ox_http_server_new; zero means the default in brackets. */
typedef struct ox_http_server_options {
  size_t struct_size;
  const ox_allocator *allocator;
  unsigned loop_count;           /**< event loop threads (one per processor, at most 16) */
  unsigned worker_count;         /**< worker threads (8) */
  size_t worker_queue_max_count; /**< exchanges that wait for a worker (1024); more get 503 */
  size_t connection_max_count;   /**< connections at once (10000); more are closed at once */
  ox_http1_limits limits;        /**< of each connection; struct_size 0 for the defaults */
  size_t body_default_max_bytes; /**< body of a route that sets no limit (4 MiB) */
  size_t send_high_water_bytes;  /**< unsent output above which senders must wait (1 MiB) */
  uint32_t handshake_timeout_ms; /**< TLS handshake (10000) */
  uint32_t head_timeout_ms;      /**< from the first byte of a head to its end (20000): 408 */
  uint32_t body_timeout_ms;      /**< between two pieces of a body (30000): 408 */
  uint32_t idle_timeout_ms;      /**< a kept connection without a request (120000) */
  uint32_t write_timeout_ms;     /**< output that does not move (60000) */
  const char *server_name;       /**< value of Server: ("oxkit"); "" for none */
  void (*trace)(void *user, const ox_http_trace *trace);
  void *trace_user;
} ox_http_server_options;

#define OX_HTTP_SERVER_OPTIONS_INIT \
  { .struct_size = sizeof(ox_http_server_options) }

/** Makes a server that does nothing yet.
 *  @param options  NULL for the defaults
 *  @return OX_OK, OX_E_USAGE, OX_E_NO_MEMORY, OX_E_IO */
OX_EXPORT OX_WARN_UNUSED ox_status ox_http_server_new(const ox_http_server_options *options,
                                                      ox_http_server **out, ox_error *err);

/** Opens a listener. Before ox_http_server_start.
 *  @param host      address or name to bind, "127.0.0.1", "::"; NULL for all addresses
 *  @param port      0 lets the system pick
 *  @param tls       a server configuration (a reference is taken), or NULL for plain text
 *  @param port_out  the port; may be NULL
 *  @return OX_OK, OX_E_IO (the text says which address and why), OX_E_USAGE, OX_E_NO_MEMORY */
OX_EXPORT OX_WARN_UNUSED ox_status ox_http_server_listen(ox_http_server *server, const char *host,
                                                         uint16_t port, ox_tls_config *tls,
                                                         uint16_t *port_out, ox_error *err);

/** Starts loops and workers and accepts connections.
 *  @return OX_OK, OX_E_USAGE (started before), OX_E_IO, OX_E_NO_MEMORY */
OX_EXPORT OX_WARN_UNUSED ox_status ox_http_server_start(ox_http_server *server, ox_error *err);

/** Stops: listeners close at once, idle connections too; requests in hand are answered, with
 *  "Connection: close"; after grace_ms what is left is cut and its exchanges are cancelled. Returns
 *  when all threads have ended. Exchanges that a caller still holds stay valid until answered, and
 *  must be before ox_http_server_free. Not from a handler. */
OX_EXPORT void ox_http_server_stop(ox_http_server *server, uint32_t grace_ms);

/** Stops without grace, if still running, and frees. NULL is fine. */
OX_EXPORT void ox_http_server_free(ox_http_server *server);

/** Numbers since the start. */
typedef struct ox_http_server_stats {
  size_t struct_size; /**< set by the caller */
  uint64_t connections_accepted;
  uint64_t connections_refused;
  uint64_t connections_open;
  uint64_t requests;
  uint64_t requests_refused; /**< broken framing and limits */
  uint64_t exchanges_open;
} ox_http_server_stats;

OX_EXPORT void ox_http_server_stats_get(const ox_http_server *server, ox_http_server_stats *out);

/* ---- Authentication -------------------------------------------------------------------------- */

/** Decides who sends a request, before its handler. It sees the head of the request only; the body
 *  has not been read. */
typedef struct ox_http_authenticator ox_http_authenticator;
struct ox_http_authenticator {
  size_t struct_size;
  /** Called on the connection's loop thread for each request of a route that has this
   * authenticator; must not block (ox_http_exchange_run gets a worker). Ends, now or later on any
   * thread, in exactly one of ox_http_auth_accept, ox_http_auth_challenge, ox_http_exchange_respond
   * and ox_http_exchange_abort. What is bound to the connection (an NTLM handshake, the user that
   * it ended with) is kept with ox_http_exchange_set_connection_state. */
  void (*authenticate)(ox_http_authenticator *authenticator, ox_http_exchange *exchange);
};

/** The request comes from `user`; its handler runs. @param scheme  "Basic", "NTLM"; static string
 */
OX_EXPORT void ox_http_auth_accept(ox_http_exchange *exchange, const char *user,
                                   const char *scheme);

/** Answers 401 with one WWW-Authenticate field per challenge and keeps the connection open: what
 *  there is of a request body is read and dropped (up to 1 MiB; the connection ends if it is more).
 *  @param challenges  "NTLM", "Basic realm=\"x\"", "NTLM TlRMTVNTUAAC..." */
OX_EXPORT void ox_http_auth_challenge(ox_http_exchange *exchange, const char *const *challenges,
                                      size_t count);

/** State that an authenticator keeps with the connection. One value per authenticator; `free_state`
 *  runs when the connection has ended and none of its exchanges is held any more, or when the value
 *  is replaced. Only while authenticating. */
OX_EXPORT void *ox_http_exchange_connection_state(ox_http_exchange *exchange,
                                                  const ox_http_authenticator *authenticator);
OX_EXPORT OX_WARN_UNUSED ox_status ox_http_exchange_set_connection_state(
    ox_http_exchange *exchange, const ox_http_authenticator *authenticator, void *state,
    void (*free_state)(void *state));

/* ---- Routes ---------------------------------------------------------------------------------- */

/** Takes an exchange. @param user  the route's `user` */
typedef void (*ox_http_handler)(void *user, ox_http_exchange *exchange);

#define OX_HTTP_ROUTE_PREFIX 0x1u         /**< path is "/mapi/": matches it and all below */
#define OX_HTTP_ROUTE_CASE_SENSITIVE 0x2u /**< else ASCII case does not matter */
#define OX_HTTP_ROUTE_WORKER 0x4u         /**< the handler runs on a worker and may block */
#define OX_HTTP_ROUTE_STREAM_BODY 0x8u    /**< the handler runs after the head and reads the body */

typedef struct ox_http_route {
  size_t struct_size;
  uint32_t flags;
  const char *path; /**< compared with the decoded path; copied */
  /** NULL or "*": any method; else a list separated by blanks ("GET HEAD"): others get 405, with
   *  Allow. Copied. */
  const char *methods;
  ox_http_handler handler;
  void *user;
  ox_http_authenticator *authenticator; /**< NULL: open to all */
  size_t body_max_bytes;                /**< 0: the server's default; more gets 413 */
} ox_http_route;

/** Adds a route; the longest path that matches wins, an exact one before a prefix. Without a match
 *  the answer is 404. Before ox_http_server_start.
 *  @return OX_OK, OX_E_USAGE, OX_E_NO_MEMORY */
OX_EXPORT OX_WARN_UNUSED ox_status ox_http_server_route(ox_http_server *server,
                                                        const ox_http_route *route);

/* ---- The request ----------------------------------------------------------------------------- */

/* Strings live as long as the exchange is not answered. */

OX_EXPORT const char *ox_http_exchange_method(const ox_http_exchange *exchange);
/** The target as sent. */
OX_EXPORT const char *ox_http_exchange_target(const ox_http_exchange *exchange);
/** The decoded path, dot segments removed. */
OX_EXPORT const char *ox_http_exchange_path(const ox_http_exchange *exchange);
/** What follows "?", not decoded (ox_http_query_find); "" when there is none. */
OX_EXPORT const char *ox_http_exchange_query(const ox_http_exchange *exchange);
/** The first value of a header field, or NULL. */
OX_EXPORT const char *ox_http_exchange_header(const ox_http_exchange *exchange, const char *name);
/** All header fields, in order. */
OX_EXPORT const ox_http_header *ox_http_exchange_headers(const ox_http_exchange *exchange,
                                                         size_t *count_out);
/** "127.0.0.1:4711", "[::1]:4711". */
OX_EXPORT const char *ox_http_exchange_peer(const ox_http_exchange *exchange);
/** Own address of the connection, in the same form. */
OX_EXPORT const char *ox_http_exchange_local(const ox_http_exchange *exchange);
/** A number that no other connection of this server has. */
OX_EXPORT uint64_t ox_http_exchange_connection_id(const ox_http_exchange *exchange);
OX_EXPORT bool ox_http_exchange_is_tls(const ox_http_exchange *exchange);
/** The tls-server-end-point channel binding (without prefix); empty without TLS.
 *  @spec RFC 5929 4.1 */
OX_EXPORT ox_bytes ox_http_exchange_tls_end_point(const ox_http_exchange *exchange);
/** As given to ox_http_auth_accept, or "". */
OX_EXPORT const char *ox_http_exchange_user(const ox_http_exchange *exchange);
OX_EXPORT const char *ox_http_exchange_auth_scheme(const ox_http_exchange *exchange);
/** The body of a route without OX_HTTP_ROUTE_STREAM_BODY. */
OX_EXPORT ox_bytes ox_http_exchange_body(const ox_http_exchange *exchange);
/** Memory that is freed with the exchange. For the thread that holds the exchange. */
OX_EXPORT ox_arena *ox_http_exchange_arena(ox_http_exchange *exchange);
OX_EXPORT ox_http_server *ox_http_exchange_server(const ox_http_exchange *exchange);

/** Reads the next piece of a streamed body. The first call answers "Expect: 100-continue".
 *  @param wait      block until there is some (never on a loop thread)
 *  @param size_out  0 with OX_OK at the end of the body
 *  @return OX_OK; OX_E_AGAIN without `wait` (the watch's on_body tells when to call again);
 *          OX_E_LIMIT (over body_max_bytes), OX_E_PROTOCOL, OX_E_CLOSED (the client went): answer
 *          and give up; the connection will end */
OX_EXPORT OX_WARN_UNUSED ox_status ox_http_exchange_read(ox_http_exchange *exchange, void *buffer,
                                                         size_t capacity_bytes, bool wait,
                                                         size_t *size_out, ox_error *err);

/* ---- The answer ------------------------------------------------------------------------------ */

/** Adds a field to the answer, whoever sends it: cookies, request ids. Before the head is sent.
 *  @return OX_OK, OX_E_USAGE (a bad name or value, or one that the server sets), OX_E_NO_MEMORY */
OX_EXPORT ox_status ox_http_exchange_add_header(ox_http_exchange *exchange, const char *name,
                                                const char *value);

/** Answers at once and ends the exchange: the pointer is no longer the caller's, whatever is
 *  returned. The body is copied.
 *  @return OX_OK; OX_E_CLOSED (the client has gone); OX_E_USAGE (a bad field: 500 is sent, or a
 * head was sent before: the connection is cut); OX_E_NO_MEMORY (cut) */
OX_EXPORT ox_status ox_http_exchange_respond(ox_http_exchange *exchange, unsigned status,
                                             const ox_http_header *headers, size_t header_count,
                                             const void *body, size_t body_bytes);

/** Starts an answer that comes in pieces; the head leaves at once.
 *  @param content_length  bytes, or OX_HTTP1_LENGTH_CHUNKED
 *  @return OX_OK, OX_E_CLOSED, OX_E_USAGE, OX_E_NO_MEMORY */
OX_EXPORT OX_WARN_UNUSED ox_status ox_http_exchange_start(ox_http_exchange *exchange,
                                                          unsigned status,
                                                          const ox_http_header *headers,
                                                          size_t header_count,
                                                          uint64_t content_length);

/** Sends a piece: it is on its way to the client when this returns (no further flush is needed).
 * The bytes are copied.
 *  @param wait  block while the client is slow (never on a loop thread)
 *  @return OX_OK; OX_E_AGAIN without `wait`: nothing was taken, the watch's on_drain tells when to
 *          call again; OX_E_CLOSED (the client went); OX_E_USAGE; OX_E_NO_MEMORY */
OX_EXPORT OX_WARN_UNUSED ox_status ox_http_exchange_send(ox_http_exchange *exchange,
                                                         const void *data, size_t size_bytes,
                                                         bool wait);

/** Ends an answer begun with ox_http_exchange_start, and the exchange: the pointer is no longer the
 *  caller's. @param trailers  fields after a chunked body */
OX_EXPORT ox_status ox_http_exchange_finish(ox_http_exchange *exchange,
                                            const ox_http_header *trailers, size_t trailer_count);

/** Gives up: cuts the connection and ends the exchange. */
OX_EXPORT void ox_http_exchange_abort(ox_http_exchange *exchange);

/* ---- Waiting --------------------------------------------------------------------------------- */

/** True when the client has gone or the server is cutting its connections. Any thread. */
OX_EXPORT bool ox_http_exchange_cancelled(const ox_http_exchange *exchange);

/** Callbacks on the connection's loop thread while the exchange is not ended; they must not block.
 *  Within them the exchange may be used, and ended, even if another thread ends it at the same time
 *  (the functions then return OX_E_CLOSED). `release` runs exactly once, on any thread, when no
 *  callback can come any more: give `user` a reference of its own. Any callback may be NULL. */
typedef struct ox_http_watch {
  size_t struct_size;
  uint32_t tick_ms; /**< 0: no ticks */
  void (*on_tick)(void *user, ox_http_exchange *exchange);
  void (*on_cancel)(void *user, ox_http_exchange *exchange); /**< the client went; at most once */
  void (*on_body)(void *user, ox_http_exchange *exchange);   /**< read again */
  void (*on_drain)(void *user, ox_http_exchange *exchange);  /**< send again */
  void (*release)(void *user);
  void *user;
} ox_http_watch;

/** Sets the watch of an exchange, once. If the client has gone already, on_cancel follows.
 *  @return OX_OK; OX_E_USAGE (it has one); OX_E_NO_MEMORY. `release` runs in every case. */
OX_EXPORT ox_status ox_http_exchange_watch(ox_http_exchange *exchange, const ox_http_watch *watch);

/** Runs a function on a worker.
 *  @return OX_OK; OX_E_LIMIT (the queue is full) or OX_E_CLOSED (stopping): it will not run */
OX_EXPORT OX_WARN_UNUSED ox_status ox_http_exchange_run(ox_http_exchange *exchange,
                                                        ox_http_handler function, void *user);

OX_END_DECLS

#endif
