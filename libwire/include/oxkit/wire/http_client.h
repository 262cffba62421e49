/* The HTTP(S) client.
 *
 * A client object is one identity: its connections, and what was authenticated on them, never serve
 * another. It has up to connection_max_count lanes; a lane is a thread with one connection, and
 * does one call at a time. Authentication is not the HTTP library's but a hook's, which sees each
 * challenge together with the connection it came on. */
#ifndef OXKIT_WIRE_HTTP_CLIENT_H
#define OXKIT_WIRE_HTTP_CLIENT_H

#include <oxkit/ropcodec/call.h>
#include <oxkit/wire/http.h>

OX_BEGIN_DECLS

typedef struct ox_http_client ox_http_client;

/* ---- Authentication -------------------------------------------------------------------------- */

/** Room for the value of an Authorization field, with its terminator. */
#define OX_HTTP_AUTHORIZATION_MAX_BYTES 65536

/** One try of a call, as the hook sees it. */
typedef struct ox_http_client_step {
  size_t struct_size;
  const char *method;
  const char *url;
  const char *host; /**< of the URL, without port */
  bool is_tls;
  unsigned try_number; /**< 0 for the first request of a call */
  /** No connection is open, as far as is known: this request opens one. When one was thought open
   *  and was not, the request goes out on a new one all the same; its 401 then comes with `*state`
   *  NULL again. */
  bool connection_is_new;
  unsigned status;               /**< of the last answer; 0 before the first */
  const char *const *challenges; /**< values of its WWW-Authenticate fields, in order */
  size_t challenge_count;
  ox_bytes
      tls_end_point; /**< channel binding of the connection (RFC 5929 4.1); empty when unknown */
  /** The hook's own state for this connection; NULL whenever a connection begins. */
  void **state;
  /* Answers of the hook. */
  char *authorization; /**< OX_HTTP_AUTHORIZATION_MAX_BYTES; "" sends no field. Wiped after use */
  bool without_body;   /**< this request only carries a handshake: send it with an empty body */
} ox_http_client_step;

/** Supplies Authorization fields. One hook may serve several lanes, that is, threads. */
typedef struct ox_http_client_auth ox_http_client_auth;
struct ox_http_client_auth {
  size_t struct_size;
  /** Called before the first request of a call (status 0) and after each answer with status 401.
   *  @return OX_OK to send a request with step->authorization; OX_E_LOGON_FAILED to end the call
   *          with that code; OX_E_NOT_FOUND to give the 401 to the caller as it is; any other
   * failure ends the call with it */
  ox_status (*step)(ox_http_client_auth *auth, ox_http_client_step *step, ox_error *err);
  /** Frees the state of a connection. */
  void (*free_state)(ox_http_client_auth *auth, void *state);
};

/* ---- Client ---------------------------------------------------------------------------------- */

/** Choices of ox_http_client_new; strings are copied; zero means the default in brackets. */
typedef struct ox_http_client_options {
  size_t struct_size;
  const char *user_agent;        /**< ("oxkit/VERSION") */
  unsigned connection_max_count; /**< lanes (4) */
  size_t queue_max_count;        /**< calls that wait for a lane (256) */
  uint32_t connect_timeout_ms;   /**< name, TCP and TLS (15000) */
  uint32_t stall_timeout_ms;     /**< nothing sent or received (120000) */
  uint32_t idle_timeout_ms;      /**< a connection that waited longer is not used again (60000) */
  const char *ca_file;           /**< trusted authorities; NULL: the system's */
  const uint8_t *pins; /**< pin_count times 32 bytes: SHA-256 of accepted certificates (DER);
                            authority, name and date are then not looked at */
  size_t pin_count;
  bool insecure_skip_verify; /**< take any certificate: for tests */
  const char *proxy;         /**< URL of a proxy; NULL: none; "env": from the environment */
  ox_http_client_auth *auth; /**< NULL: none. Must outlive the client */
} ox_http_client_options;

#define OX_HTTP_CLIENT_OPTIONS_INIT \
  { .struct_size = sizeof(ox_http_client_options) }

/** Makes a client; no connection is opened yet. @return OX_OK, OX_E_USAGE, OX_E_NO_MEMORY, OX_E_TLS
 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_http_client_new(const ox_http_client_options *options,
                                                      ox_http_client **out, ox_error *err);

/** Cancels what is in flight, waits for the callbacks, frees. Not from a callback. */
OX_EXPORT void ox_http_client_free(ox_http_client *client);

/* ---- Calls ----------------------------------------------------------------------------------- */

/** An answer. Lives during the callback, or until ox_http_response_free. */
typedef struct ox_http_response {
  unsigned status;
  const ox_http_header *headers;
  size_t header_count;
  ox_bytes body;            /**< empty when on_data took it */
  const char *url;          /**< after redirects */
  unsigned try_count;       /**< requests sent, with redirects and authentication */
  bool connection_was_kept; /**< the last request went over a connection used before */
  ox_arena *arena;          /**< private */
} ox_http_response;

#define OX_HTTP_REDIRECT_SAME_ORIGIN 0u /**< follow within scheme, host and port only */
#define OX_HTTP_REDIRECT_HTTPS 1u       /**< follow to any https URL; credentials stay behind */
#define OX_HTTP_REDIRECT_ANY 2u         /**< follow http too; credentials stay behind */

/** A request. Everything is copied at submit. */
typedef struct ox_http_request {
  size_t struct_size;
  const char *method; /**< NULL: GET, or POST when there is a body */
  const char *url;    /**< http or https */
  const ox_http_header *headers;
  size_t header_count;
  const void *body;
  size_t body_bytes;
  unsigned
      redirect_max_count;    /**< 0: a 3xx is an answer like any other. 307 and 308, and 301 and
                                  302 with keep_method, repeat method and body; others become GET */
  uint32_t redirect_policy;  /**< OX_HTTP_REDIRECT_SAME_ORIGIN ... */
  bool redirect_keep_method; /**< also repeat a POST after 301 and 302 ([MS-OXDSCLI] needs it) */
  uint32_t total_timeout_ms; /**< of the whole call; 0: none but the client's */
  size_t body_max_bytes;     /**< answer's body (64 MiB): OX_E_LIMIT */
  bool accept_compressed;    /**< offer gzip and decode it */
  /** The head of the final answer (not of 1xx, 401s that the hook answers, redirects followed). May
   *  return a failure to end the call with it. NULL: none. */
  ox_status (*on_head)(void *user, const ox_http_response *response);
  /** A piece of the final answer's body, as it comes. NULL: collect it in response.body. */
  ox_status (*on_data)(void *user, const void *data, size_t size_bytes);
  void *user;
} ox_http_request;

#define OX_HTTP_REQUEST_INIT \
  { .struct_size = sizeof(ox_http_request) }

/** The call has ended. status is OX_OK when there is an answer, whatever its HTTP status; else
 *  response is NULL: OX_E_IO (no connection: the text says what failed), OX_E_CERTIFICATE,
 * OX_E_TLS, OX_E_TIMEOUT, OX_E_CANCELLED, OX_E_LOGON_FAILED, OX_E_LIMIT, OX_E_PROTOCOL,
 * OX_E_NO_MEMORY, or what on_head, on_data or the hook returned. */
typedef void (*ox_http_call_done)(void *user, ox_status status, const ox_http_response *response,
                                  const ox_error *err);

/** Submits a call; callbacks run on the lane's thread.
 *  @param call  for ox_http_client_cancel
 *  @return OX_OK; OX_E_USAGE (bad URL or field); OX_E_LIMIT (queue full); OX_E_NO_MEMORY */
OX_EXPORT OX_WARN_UNUSED ox_status ox_http_client_submit(ox_http_client *client, ox_call_id call,
                                                         const ox_http_request *request,
                                                         ox_http_call_done done, void *user,
                                                         ox_error *err);

/** Makes a call end soon with OX_E_CANCELLED, unless it was just done. */
OX_EXPORT void ox_http_client_cancel(ox_http_client *client, ox_call_id call);

/** Submits and waits. Not from a callback of this client. @param response_out  freed with
 * ox_http_response_free; NULL after a failure
 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_http_client_call(ox_http_client *client,
                                                       const ox_http_request *request,
                                                       ox_http_response **response_out,
                                                       ox_error *err);
OX_EXPORT void ox_http_response_free(ox_http_response *response);

/** The index-th value of an answer's field, or NULL. */
OX_EXPORT const char *ox_http_response_header(const ox_http_response *response, const char *name,
                                              size_t index);

OX_END_DECLS

#endif
