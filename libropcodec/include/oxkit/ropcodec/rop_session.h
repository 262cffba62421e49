/* The two ends of a session that carries ROP buffers: what a client's store calls
 * (ox_rop_transport), and what a server's front end calls (ox_rop_processor). They speak of whole
 * ROP buffers in the form of [MS-OXCROPS] 2.2.1 (RopSize, RopsList, ServerObjectHandleTable),
 * without RPC_HEADER_EXT: framing, compression and chaining are the transport's. */
#ifndef OXKIT_ROPCODEC_ROP_SESSION_H
#define OXKIT_ROPCODEC_ROP_SESSION_H

#include <oxkit/ropcodec/call.h>

OX_BEGIN_DECLS

/** Largest ROP output buffer, in bytes, handle table included: one payload has at most 32 KiB.
 *  @spec [MS-OXCRPC] 3.1.4.2.1, 3.1.4.2.1.2.2 */
#define OX_ROP_OUT_MAX_BYTES 0x8000u

/** Result of one Execute. `outputs` holds one or more ROP output buffers: more than one when the
 *  server chained further ones ([MS-OXCRPC] 3.1.4.2.1.2.2). */
typedef void (*ox_rop_execute_done)(void *user, ox_status status, const ox_bytes *outputs,
                                    size_t output_count, const ox_error *err);

/** Result of a wait: `events_pending` tells that an Execute will fetch RopNotify responses. */
typedef void (*ox_rop_wait_done)(void *user, ox_status status, bool events_pending,
                                 const ox_error *err);

/** Client side. Implemented by libwire's MAPI/HTTP and RPC clients and by the in-process loopback;
 *  called by libstore's ROP client. One transport is one session (one Connect). */
typedef struct ox_rop_transport ox_rop_transport;
struct ox_rop_transport {
  size_t struct_size;
  /** Sends one ROP input buffer. @param out_max_bytes  largest ROP output the caller takes */
  ox_status (*execute)(ox_rop_transport *transport, ox_call_id call, ox_bytes rop_input,
                       uint32_t out_max_bytes, uint64_t deadline_ms, ox_rop_execute_done done,
                       void *user, ox_error *err);
  /** Waits for events on the session; at most one wait at a time. */
  ox_status (*wait)(ox_rop_transport *transport, ox_call_id call, uint64_t deadline_ms,
                    ox_rop_wait_done done, void *user, ox_error *err);
  void (*cancel)(ox_rop_transport *transport, ox_call_id call);
  /** Disconnects in an orderly way and frees the transport. Calls in flight are cancelled. */
  void (*close)(ox_rop_transport *transport);
  /** The distinguished name and display name of the user as Connect returned them; may be "". */
  const char *(*user_dn)(const ox_rop_transport *transport);
  const char *(*display_name)(const ox_rop_transport *transport);
};

/** A session inside a processor. */
typedef struct ox_rop_server_session ox_rop_server_session;

/** What a client says when it connects. */
typedef struct ox_rop_connect_request {
  size_t struct_size;
  const ox_caller *caller;
  const char *user_dn; /**< UserDn of Connect or szUserDN of EcDoConnectEx */
  uint32_t flags;      /**< ulFlags of Connect or EcDoConnectEx */
  uint32_t default_codepage;
  uint32_t lcid_sort;
  uint32_t lcid_string;
  uint16_t client_version[3]; /**< rgwClientVersion; zeros over MAPI/HTTP */
} ox_rop_connect_request;

/** What the server answers. Strings live as long as the session. */
typedef struct ox_rop_connect_response {
  const char *dn_prefix;
  const char *display_name;
  uint32_t polls_max_ms;
  uint32_t retry_count;
  uint32_t retry_delay_ms;
} ox_rop_connect_response;

typedef void (*ox_rop_connect_done)(void *user, ox_status status, ox_rop_server_session *session,
                                    const ox_rop_connect_response *response, const ox_error *err);

/** Server side. Implemented by libstore's ROP server; called by libwire's endpoints. Executes of
 *  one session must not overlap; wait may run beside them. */
typedef struct ox_rop_processor ox_rop_processor;
struct ox_rop_processor {
  size_t struct_size;
  ox_status (*connect)(ox_rop_processor *processor, const ox_rop_connect_request *request,
                       uint64_t deadline_ms, ox_rop_connect_done done, void *user, ox_error *err);
  /** @param chain  the caller can carry more than one output buffer ([MS-OXCRPC] 3.1.4.2.1.2.2) */
  ox_status (*execute)(ox_rop_processor *processor, ox_rop_server_session *session, ox_call_id call,
                       ox_bytes rop_input, uint32_t out_max_bytes, bool chain, uint64_t deadline_ms,
                       ox_rop_execute_done done, void *user, ox_error *err);
  ox_status (*wait)(ox_rop_processor *processor, ox_rop_server_session *session, ox_call_id call,
                    uint64_t deadline_ms, ox_rop_wait_done done, void *user, ox_error *err);
  void (*cancel)(ox_rop_processor *processor, ox_rop_server_session *session, ox_call_id call);
  /** Ends the session and releases all its objects. Calls in flight are cancelled first. */
  void (*disconnect)(ox_rop_processor *processor, ox_rop_server_session *session);
};

OX_END_DECLS

#endif
