/* The ROP server: executes ROP buffers against mailboxes of a store. It implements
 * ox_rop_processor, which the endpoints of libwire call.
 * @spec [MS-OXCROPS], [MS-OXCSTOR], [MS-OXCFOLD], [MS-OXCMSG], [MS-OXCPRPT], [MS-OXCTABL],
 * [MS-OXCNOTIF], [MS-OXOMSG] */
#ifndef OXKIT_STORE_ROP_SERVER_H
#define OXKIT_STORE_ROP_SERVER_H

#include <oxkit/ropcodec/rop_session.h>
#include <oxkit/store/local.h>

OX_BEGIN_DECLS

/* Defaults of ox_rop_server_options: open objects of one session, by kind. Beyond them the ROP that
 * would make one more answers OX_E_SESSION_LIMIT. */
#define OX_ROP_SERVER_MAX_SESSIONS 4096u
#define OX_ROP_SERVER_MAX_FOLDERS 500u
#define OX_ROP_SERVER_MAX_MESSAGES 250u
#define OX_ROP_SERVER_MAX_ATTACHMENTS 500u
#define OX_ROP_SERVER_MAX_STREAMS 250u
#define OX_ROP_SERVER_MAX_TABLES 500u
#define OX_ROP_SERVER_MAX_SUBSCRIPTIONS 500u
/** ROP requests of one input buffer; more are a malformed buffer. */
#define OX_ROP_SERVER_MAX_ROPS 2048u

/** One ROP that the server executed, for traces. */
typedef struct ox_rop_server_trace {
  const char *user; /**< of the session */
  uint8_t rop_id;
  const char *rop_name; /**< "OpenFolder"; static */
  ox_status status;     /**< the ReturnValue */
  size_t request_bytes;
  size_t response_bytes;
} ox_rop_server_trace;

typedef struct ox_rop_server_options {
  size_t struct_size;
  const ox_allocator *allocator; /**< NULL for the C library's; must outlive the server */
  /** This server's name as ox_principal.home_server has it. A mailbox whose home server is neither
   *  empty nor this is redirected there ([MS-OXCSTOR] 2.2.1.1.2). NULL: every mailbox is ours. */
  const char *server_name;
  uint32_t max_sessions; /**< this and the following: 0 for the default above */
  uint32_t max_folders;
  uint32_t max_messages;
  uint32_t max_attachments;
  uint32_t max_streams;
  uint32_t max_tables;
  uint32_t max_subscriptions;
  /** Called after each ROP, on the thread that executes it; may be NULL. */
  void (*trace)(void *user, const ox_rop_server_trace *step);
  void *trace_user;
} ox_rop_server_options;

#define OX_ROP_SERVER_OPTIONS_INIT \
  { .struct_size = sizeof(ox_rop_server_options) }

/** Makes a ROP server. Its connect, execute and disconnect run on the caller's thread and may wait
 *  for a disk; its waits are completed by one thread that the server owns.
 *  @param store       where the mailboxes are; must outlive the server
 *  @param principals  who is who; must outlive the server
 *  @param outbound    where RopSubmitMessage sends; NULL: it answers OX_E_NO_SUPPORT
 *  @param options     NULL for defaults; strings are copied
 *  @return OX_OK, OX_E_NO_MEMORY, OX_E_IO (no thread) */
OX_EXPORT OX_WARN_UNUSED ox_status ox_rop_server_new(ox_store *store, ox_principals *principals,
                                                     ox_outbound *outbound,
                                                     const ox_rop_server_options *options,
                                                     ox_rop_processor **out, ox_error *err);

/** Ends every session that is left and frees the server. No call may be running. NULL is fine. */
OX_EXPORT void ox_rop_server_free(ox_rop_processor *processor);

/** Numbers of a running server. */
typedef struct ox_rop_server_counts {
  size_t struct_size;
  uint32_t sessions;
  uint32_t objects; /**< server objects of all sessions */
  uint32_t waits;
} ox_rop_server_counts;

/** @param out  struct_size set by the caller */
OX_EXPORT OX_WARN_UNUSED ox_status ox_rop_server_get_counts(ox_rop_processor *processor,
                                                            ox_rop_server_counts *out);

/* The store without a network: a transport that calls a processor of the same process. */

/** Connects to a processor and gives the session as a client's transport. Calls run on the
 *  caller's thread; a wait is completed by the processor.
 *  @param processor  must outlive the transport
 *  @param caller     who connects; copied
 *  @param user_dn    UserDn of the Connect request; NULL for the caller's user name
 *  @return OX_OK or what the processor's connect answered */
OX_EXPORT OX_WARN_UNUSED ox_status ox_rop_loopback_new(ox_rop_processor *processor,
                                                       const ox_caller *caller, const char *user_dn,
                                                       ox_rop_transport **out, ox_error *err);

OX_END_DECLS

#endif
