/* The ROP client: the remote provider of the mailbox API, and the batches of ROPs under it for
 * hosts that have an event loop of their own.
 * @spec [MS-OXCROPS] 3.1 */
#ifndef OXKIT_STORE_ROP_CLIENT_H
#define OXKIT_STORE_ROP_CLIENT_H

#include <oxkit/ropcodec/rop_session.h>
#include <oxkit/ropcodec/rops.h>
#include <oxkit/store/mailbox.h>

OX_BEGIN_DECLS

/* ---- batches
 * -------------------------------------------------------------------------------------*/

/** ROP requests that travel in one buffer, and then their responses. One thread at a time.
 *
 *     ox_rop_batch_reset(batch);
 *     uint8_t logon = ox_rop_batch_handle(batch, logon_handle);
 *     uint8_t folder = ox_rop_batch_output(batch);
 *     ... fill an ox_rop_request with those indexes; ox_rop_batch_add(batch, &request, ...)
 *     ox_rop_batch_input(batch, &input, err);
 *     ... send input.data; receive the output buffers
 *     ox_rop_batch_feed(batch, outputs, count, err);   OX_E_AGAIN: take the input again
 *     ... ox_rop_batch_status, ox_rop_batch_response, ox_rop_batch_handle_at */
typedef struct ox_rop_batch ox_rop_batch;

/** Entries of a batch's handle table. */
#define OX_ROP_BATCH_MAX_HANDLES 255u
/** Largest input that ox_rop_batch_add builds. @spec [MS-OXCRPC] 3.1.4.2 (rgbIn) */
#define OX_ROP_BATCH_MAX_INPUT_BYTES 0x7F00u

/** One step of the protocol, for people who watch it. */
typedef struct ox_rop_trace {
  bool is_response;
  uint8_t rop_id;
  const char *rop_name;   /**< "OpenFolder"; static */
  ox_status status;       /**< of a response */
  size_t size_bytes;      /**< of this request or response */
  uint32_t object_handle; /**< the server object asked, or made; 0xFFFFFFFF when not known yet */
} ox_rop_trace;
typedef void (*ox_rop_trace_callback)(void *user, const ox_rop_trace *step);

/** An empty batch; NULL when out of memory. Free with ox_rop_batch_free (NULL is fine). */
OX_EXPORT ox_rop_batch *ox_rop_batch_new(const ox_allocator *allocator);
OX_EXPORT void ox_rop_batch_free(ox_rop_batch *batch);
/** Forgets requests and responses; what responses point at is gone. */
OX_EXPORT void ox_rop_batch_reset(ox_rop_batch *batch);
/** @param callback  NULL for none */
OX_EXPORT void ox_rop_batch_set_trace(ox_rop_batch *batch, ox_rop_trace_callback callback,
                                      void *user);

/** The handle table index of an object that is open already. A full table shows in the status of
 *  ox_rop_batch_add. */
OX_EXPORT uint8_t ox_rop_batch_handle(ox_rop_batch *batch, uint32_t handle);
/** The index of an object that a request of this batch will make. */
OX_EXPORT uint8_t ox_rop_batch_output(ox_rop_batch *batch);

/** Adds a request. Its structures are encoded at once and need not stay.
 *  @param columns       of the rows that the response brings; copied; NULL when it brings none
 *  @param position_out  names the request in the calls below; may be NULL
 *  @return OX_OK, OX_E_LIMIT (does not fit into this buffer any more: send it first),
 *          OX_E_UNKNOWN_ROP, OX_E_NO_MEMORY, OX_E_USAGE (fed already) */
OX_EXPORT OX_WARN_UNUSED ox_status ox_rop_batch_add(ox_rop_batch *batch,
                                                    const ox_rop_request *request,
                                                    const ox_proptag *columns, size_t column_count,
                                                    size_t *position_out, ox_error *err);
/** Requests in the batch. */
OX_EXPORT size_t ox_rop_batch_count(const ox_rop_batch *batch);
/** Bytes that the input would have now. */
OX_EXPORT size_t ox_rop_batch_input_bytes(const ox_rop_batch *batch);

/** The ROP input buffer of the requests that have no response yet.
 *  @param out  valid until the next call on the batch */
OX_EXPORT OX_WARN_UNUSED ox_status ox_rop_batch_input(ox_rop_batch *batch, ox_bytes *out,
                                                      ox_error *err);
/** Takes the output buffers of one Execute, copying what it keeps.
 *  @return OX_OK (every request is answered), OX_E_AGAIN (RopBufferTooSmall or RopBackoff: call
 *          ox_rop_batch_input and send again, see ox_rop_batch_retry), OX_E_PROTOCOL (responses
 *          that answer no request), OX_E_TRUNCATED, OX_E_MALFORMED, OX_E_NO_MEMORY */
OX_EXPORT OX_WARN_UNUSED ox_status ox_rop_batch_feed(ox_rop_batch *batch, const ox_bytes *outputs,
                                                     size_t count, ox_error *err);
/** After OX_E_AGAIN: the output size to offer and how long to wait before.
 *  @param out_max_bytes_out, delay_ms_out  0 when the server said nothing; may be NULL */
OX_EXPORT void ox_rop_batch_retry(const ox_rop_batch *batch, uint32_t *out_max_bytes_out,
                                  uint32_t *delay_ms_out);

/** The ReturnValue of a request (made safe by ox_status_from_peer); OX_OK for RopRelease;
 *  OX_E_AGAIN while it has no response. */
OX_EXPORT ox_status ox_rop_batch_status(const ox_rop_batch *batch, size_t position);
/** The response to a request, or a further one: a server may answer RopQueryRows and RopReadStream
 *  in several parts.
 *  @param part  from 0
 *  @return NULL when there is none; valid until the batch is reset */
OX_EXPORT const ox_rop_response *ox_rop_batch_response(const ox_rop_batch *batch, size_t position,
                                                       size_t part);
/** The handle at an index after feeding; 0xFFFFFFFF when no object was made. */
OX_EXPORT uint32_t ox_rop_batch_handle_at(const ox_rop_batch *batch, uint8_t index);

/** Notifications that came along.
 *  @param index  from 0
 *  @return NULL when there are no more; valid until the batch is reset */
OX_EXPORT const ox_notify_response *ox_rop_batch_notification(const ox_rop_batch *batch,
                                                              size_t index);
/** RopPending: the server has more notifications; another Execute, also an empty one, fetches
 *  them. */
OX_EXPORT bool ox_rop_batch_pending(const ox_rop_batch *batch);

/* ---- remote mailboxes
 * ----------------------------------------------------------------------------*/

typedef struct ox_remote_options {
  size_t struct_size;
  const ox_allocator *allocator; /**< NULL for the C library's; must outlive the mailbox */
  const char *mailbox_dn;        /**< ESSDN of the mailbox; NULL for the transport's user */
  uint32_t out_max_bytes;        /**< offered to the server; 0 for OX_ROP_OUT_MAX_BYTES */
  uint32_t timeout_ms;           /**< of each round trip; 0 for OX_REMOTE_TIMEOUT_MS */
  ox_rop_trace_callback trace;   /**< called on the caller's thread; may be NULL */
  void *trace_user;
} ox_remote_options;

#define OX_REMOTE_OPTIONS_INIT \
  { sizeof(ox_remote_options) }

/** Default of ox_remote_options.timeout_ms. */
#define OX_REMOTE_TIMEOUT_MS 60000u

/** Logs on to a mailbox over a transport.
 *
 *  The mailbox owns the transport from now on and closes it; on failure it stays the caller's.
 *  Calls block until the server has answered. Large values travel as streams. Releases go along
 *  with the next request.
 *  @param options  NULL for defaults
 *  @return OX_OK, OX_E_WRONG_SERVER (err->text names the right one), OX_E_UNKNOWN_USER,
 *          OX_E_ACCESS_DENIED, OX_E_LOGIN_PERMISSION, what the transport reports
 *  @spec [MS-OXCSTOR] 3.1.4.1 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_mailbox_open_remote(ox_rop_transport *transport,
                                                          const ox_remote_options *options,
                                                          ox_mailbox **out, ox_error *err);

OX_END_DECLS

#endif
