/* MAPI over HTTP, both roles.
 *
 * Server: an endpoint that turns requests under /mapi/emsmdb/ and /mapi/nspi/ into calls of an
 * ox_rop_processor and an ox_nspi_processor.
 * Client: an engine without I/O (ox_mapihttp_session, ox_mapihttp_reply), and over it and an
 * ox_http_client an ox_rop_transport and address-book calls. */
#ifndef OXKIT_WIRE_MAPIHTTP_H
#define OXKIT_WIRE_MAPIHTTP_H

#include <oxkit/ropcodec/nspi_processor.h>
#include <oxkit/ropcodec/rop_session.h>
#include <oxkit/ropcodec/writer.h>
#include <oxkit/wire/environment.h>
#include <oxkit/wire/http_client.h>
#include <oxkit/wire/http_server.h>

OX_BEGIN_DECLS

/* Values of X-ResponseCode. @spec [MS-OXCMAPIHTTP] 2.2.3.3.3 */
#define OX_MAPIHTTP_SUCCESS 0u
#define OX_MAPIHTTP_UNKNOWN_FAILURE 1u
#define OX_MAPIHTTP_INVALID_VERB 2u
#define OX_MAPIHTTP_INVALID_PATH 3u
#define OX_MAPIHTTP_INVALID_HEADER 4u
#define OX_MAPIHTTP_INVALID_REQUEST_TYPE 5u
#define OX_MAPIHTTP_INVALID_CONTEXT_COOKIE 6u
#define OX_MAPIHTTP_MISSING_HEADER 7u
#define OX_MAPIHTTP_ANONYMOUS_NOT_ALLOWED 8u
#define OX_MAPIHTTP_TOO_LARGE 9u
#define OX_MAPIHTTP_CONTEXT_NOT_FOUND 10u
#define OX_MAPIHTTP_NO_PRIVILEGE 11u
#define OX_MAPIHTTP_INVALID_REQUEST_BODY 12u
#define OX_MAPIHTTP_MISSING_COOKIE 13u
#define OX_MAPIHTTP_RESERVED 14u
#define OX_MAPIHTTP_INVALID_SEQUENCE 15u
#define OX_MAPIHTTP_ENDPOINT_DISABLED 16u
#define OX_MAPIHTTP_INVALID_RESPONSE 17u
#define OX_MAPIHTTP_ENDPOINT_SHUTTING_DOWN 18u

/** The specification's name of a code, "Context Not Found"; "Unknown" for others. Static. */
OX_EXPORT const char *ox_mapihttp_code_text(uint32_t response_code);

/* ---- Server ---------------------------------------------------------------------------------- */

typedef struct ox_mapihttp_server ox_mapihttp_server;

/** Strings are copied; zero means the default in brackets. */
typedef struct ox_mapihttp_server_options {
  size_t struct_size;
  const ox_allocator *allocator;
  const ox_environment *environment;
  ox_rop_processor *rop_processor;    /**< NULL: the mailbox endpoint is disabled */
  ox_nspi_processor *nspi_processor;  /**< NULL: the address book endpoint is disabled */
  const char *server_application;     /**< X-ServerApplication ("Exchange/15.01.2507.006") */
  uint32_t session_idle_ms;           /**< until a session without requests ends (900000) */
  uint32_t pending_period_ms;         /**< between PENDING meta-tags (15000) */
  uint32_t notification_wait_ms;      /**< longest NotificationWait (300000) */
  uint32_t execute_timeout_ms;        /**< deadline of every other request (300000) */
  size_t sessions_per_user_max_count; /**< (64) */
  size_t sessions_max_count;          /**< (20000) */
  size_t request_max_bytes;           /**< request body (524288); more is "Too Large" */
  bool public_folders;                /**< tell clients that there are public folders */
} ox_mapihttp_server_options;
#define OX_MAPIHTTP_SERVER_OPTIONS_INIT \
  { .struct_size = sizeof(ox_mapihttp_server_options) }

/** @return OX_OK, OX_E_USAGE, OX_E_NO_MEMORY */
OX_EXPORT OX_WARN_UNUSED ox_status ox_mapihttp_server_new(const ox_mapihttp_server_options *options,
                                                          ox_mapihttp_server **out, ox_error *err);

/** Adds the routes to an HTTP server that has not started.
 *  @param authenticator  required: there are no anonymous requests
 *  @return OX_OK, OX_E_USAGE, OX_E_NO_MEMORY */
OX_EXPORT OX_WARN_UNUSED ox_status ox_mapihttp_server_attach(ox_mapihttp_server *server,
                                                             ox_http_server *http,
                                                             ox_http_authenticator *authenticator,
                                                             ox_error *err);

/** Ends sessions whose time is over. Requests do this too; a host with few requests calls it now
 *  and then. May block (disconnects). @return milliseconds until the next session can expire, or
 *  UINT64_MAX */
OX_EXPORT uint64_t ox_mapihttp_server_sweep(ox_mapihttp_server *server);

/** Refuses new requests with "Endpoint Shutting Down" and ends waits; before ox_http_server_stop.
 */
OX_EXPORT void ox_mapihttp_server_stop(ox_mapihttp_server *server);

/** Waits for calls that processors still have, disconnects all sessions and frees. After the HTTP
 *  server has stopped and before it is freed, so that answers given late find their exchange;
 * before the processors are freed. NULL is fine. */
OX_EXPORT void ox_mapihttp_server_free(ox_mapihttp_server *server);

typedef struct ox_mapihttp_server_stats {
  size_t struct_size; /**< set by the caller */
  uint64_t sessions_open;
  uint64_t sessions_total;
  uint64_t sessions_expired;
  uint64_t requests;
  uint64_t requests_refused; /**< answered with a code that is not 0 */
  uint64_t waits_open;
} ox_mapihttp_server_stats;
OX_EXPORT void ox_mapihttp_server_stats_get(ox_mapihttp_server *server,
                                            ox_mapihttp_server_stats *out);

/* ---- Client engine --------------------------------------------------------------------------- */

/** What a client knows of one session context: cookies, ids, counters. One thread at a time. */
typedef struct ox_mapihttp_session ox_mapihttp_session;

typedef struct ox_mapihttp_session_options {
  size_t struct_size;
  const ox_allocator *allocator;
  const ox_environment *environment;
  const char *client_application; /**< X-ClientApplication; NULL: "Outlook/15.0.4815.1002" */
  uint32_t client_counter;        /**< number of this session in its program, for X-ClientInfo */
} ox_mapihttp_session_options;
#define OX_MAPIHTTP_SESSION_OPTIONS_INIT \
  { .struct_size = sizeof(ox_mapihttp_session_options) }

OX_EXPORT OX_WARN_UNUSED ox_status ox_mapihttp_session_new(
    const ox_mapihttp_session_options *options, ox_mapihttp_session **out, ox_error *err);
OX_EXPORT void ox_mapihttp_session_free(ox_mapihttp_session *session);

/** Header fields of the next request (without Host, Content-Length and Authorization), with a new
 *  X-RequestId and all cookies.
 *  @param headers_out  array in the arena
 *  @return OX_OK, OX_E_NO_MEMORY  @spec [MS-OXCMAPIHTTP] 2.2.2.1 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_mapihttp_session_headers(ox_mapihttp_session *session,
                                                               const char *request_type,
                                                               ox_arena *arena,
                                                               ox_http_header **headers_out,
                                                               size_t *count_out);
/** Takes the cookies of an answer. @param concurrent  of a NotificationWait: its sequence cookie
 * may be older than what the session has, so only cookies that are new are taken */
OX_EXPORT ox_status ox_mapihttp_session_take(ox_mapihttp_session *session,
                                             const ox_http_header *headers, size_t count,
                                             bool concurrent);
/** A session context anew: requests get another X-RequestId GUID. The cookies stay, so that the
 * next Connect names the context before. @return OX_OK, OX_E_IO */
OX_EXPORT OX_WARN_UNUSED ox_status ox_mapihttp_session_renew(ox_mapihttp_session *session);
/** Forgets all cookies: a context that is gone and will not be named in a reconnect. */
OX_EXPORT void ox_mapihttp_session_forget(ox_mapihttp_session *session);
/** True when there is a cookie. */
OX_EXPORT bool ox_mapihttp_session_has_context(const ox_mapihttp_session *session);

/** Digests one answer: head, then body bytes in pieces of any size. */
typedef struct ox_mapihttp_reply {
  /* Results. */
  uint32_t response_code; /**< the last X-ResponseCode seen */
  bool has_response_code;
  uint32_t pending_period_ms; /**< X-PendingPeriod, 0 when there was none */
  uint32_t expiration_ms;     /**< X-ExpirationInfo, 0 when there was none */
  uint32_t elapsed_ms;        /**< X-ElapsedTime */
  uint32_t pending_count;     /**< PENDING meta-tags so far */
  bool processing;            /**< PROCESSING was seen */
  bool done;                  /**< DONE and the additional headers were seen */
  ox_writer body;             /**< the response body, or diagnostic text */
  /* Private. */
  uint32_t state;
  bool plain; /**< an answer without meta-tags: the body is all there is */
  size_t line_bytes;
  char line[1024];
} ox_mapihttp_reply;

/** @param body_max_bytes  0: 4 MiB */
OX_EXPORT void ox_mapihttp_reply_init(ox_mapihttp_reply *reply, const ox_allocator *allocator,
                                      size_t body_max_bytes);
OX_EXPORT void ox_mapihttp_reply_dispose(ox_mapihttp_reply *reply);
/** Takes status and header fields.
 *  @return OX_OK (go on with the body, whatever the response code), OX_E_PROTOCOL (not an answer of
 *          this protocol: another HTTP status, no X-ResponseCode) */
OX_EXPORT OX_WARN_UNUSED ox_status ox_mapihttp_reply_head(ox_mapihttp_reply *reply,
                                                          unsigned http_status,
                                                          const ox_http_header *headers,
                                                          size_t count, ox_error *err);
/** Takes body bytes. @return OX_OK, OX_E_PROTOCOL, OX_E_LIMIT, OX_E_NO_MEMORY */
OX_EXPORT OX_WARN_UNUSED ox_status ox_mapihttp_reply_feed(ox_mapihttp_reply *reply,
                                                          const void *data, size_t size_bytes,
                                                          ox_error *err);
/** The answer is complete.
 *  @return OX_OK: `body` is the response body; OX_E_TRUNCATED (no DONE); OX_E_CLOSED (the session
 *          context is gone or out of step: codes 6, 10, 13, 15); OX_E_REMOTE (any other code, in
 *          err->remote_code) */
OX_EXPORT OX_WARN_UNUSED ox_status ox_mapihttp_reply_finish(ox_mapihttp_reply *reply,
                                                            ox_error *err);

/* ---- Client over an HTTP client -------------------------------------------------------------- */

/** Strings are copied; zero means the default in brackets. */
typedef struct ox_mapihttp_client_options {
  size_t struct_size;
  const ox_allocator *allocator;
  const ox_environment *environment;
  ox_http_client *http; /**< authenticates as the user; at least two lanes; must outlive this */
  const char *url;      /**< "https://host/mapi/emsmdb/?MailboxId=..." */
  const char *user_dn;  /**< legacy DN of the user; required for a mailbox */
  uint32_t connect_flags;
  uint32_t default_codepage;      /**< (1252) */
  uint32_t lcid_sort;             /**< (1033) */
  uint32_t lcid_string;           /**< (1033) */
  const char *client_application; /**< ("Outlook/15.0.4815.1002") */
  bool compress;                  /**< compress ROP buffers and let the server do so */
  bool obfuscate;                 /**< XOR, as old servers' captures have it */
  uint32_t connect_timeout_ms;    /**< (60000) */
  size_t reply_max_bytes;         /**< (16777216) */
} ox_mapihttp_client_options;
#define OX_MAPIHTTP_CLIENT_OPTIONS_INIT \
  { .struct_size = sizeof(ox_mapihttp_client_options) }

/** Connects and gives a transport. Blocks. Its execute gives OX_E_CLOSED once the server has lost
 *  the session: reconnect, and log on again.
 *  @return OX_OK; the server's error code of Connect (OX_E_UNKNOWN_USER, ...); OX_E_REMOTE with
 *          X-ResponseCode; OX_E_LOGON_FAILED; failures of the HTTP client */
OX_EXPORT OX_WARN_UNUSED ox_status ox_mapihttp_open(const ox_mapihttp_client_options *options,
                                                    ox_rop_transport **out, ox_error *err);

/** Connects anew, naming the session before so that the server can let it go. Not while calls are
 *  in flight. @param transport  of ox_mapihttp_open */
OX_EXPORT OX_WARN_UNUSED ox_status ox_mapihttp_reconnect(ox_rop_transport *transport,
                                                         ox_error *err);

/** Sends PING on the session, which keeps it alive. Blocks. @param expiration_ms_out  may be NULL
 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_mapihttp_ping(ox_rop_transport *transport,
                                                    uint32_t *expiration_ms_out, ox_error *err);

/** The addresses to which the server sent this session, for diagnosis: the last X-ServerApplication
 *  value, or "". */
OX_EXPORT const char *ox_mapihttp_server_application(const ox_rop_transport *transport);

/** An address-book session. One call at a time. */
typedef struct ox_mapihttp_nspi ox_mapihttp_nspi;

/** Prepares; sends nothing (Bind is the first call). `url` is ".../mapi/nspi/?MailboxId=...". */
OX_EXPORT OX_WARN_UNUSED ox_status ox_mapihttp_nspi_new(const ox_mapihttp_client_options *options,
                                                        ox_mapihttp_nspi **out, ox_error *err);
/** Sends one request and waits for the answer.
 *  @param request_type  "Bind", "GetMatches", ... "PING"
 *  @param body_out      response body from StatusCode on, in the arena
 *  @return OX_OK, OX_E_CLOSED (no such session: Bind again), OX_E_REMOTE, the HTTP client's */
OX_EXPORT OX_WARN_UNUSED ox_status ox_mapihttp_nspi_call(ox_mapihttp_nspi *nspi,
                                                         const char *request_type, ox_bytes body,
                                                         ox_arena *arena, ox_bytes *body_out,
                                                         ox_error *err);
/** Frees; does not Unbind. NULL is fine. */
OX_EXPORT void ox_mapihttp_nspi_free(ox_mapihttp_nspi *nspi);

OX_END_DECLS

#endif
