/* How much a response may carry, what of a request is left for a further one, and how long a client
 * that was asked to back off waits: the arithmetic of both roles around ROP buffers.
 * @spec [MS-OXCROPS] 2.2.9.2, 2.2.12.4, 2.2.15, 3.1.5.1, 3.2.4; [MS-OXCRPC] 3.1.4.2.1.2 */
#ifndef OXKIT_ROPCODEC_ROPSIZE_H
#define OXKIT_ROPCODEC_ROPSIZE_H

#include <oxkit/ropcodec/rop_session.h>
#include <oxkit/ropcodec/rops.h>

OX_BEGIN_DECLS

/** ByteCount and BufferSize with this value leave the size to the server. */
#define OX_ROP_SIZE_BY_SERVER 0xBABEu
/** Largest MaximumByteCount. @spec [MS-OXCROPS] 2.2.9.2.1 */
#define OX_READ_STREAM_MAX_BYTES 0x80000000u

/* Bytes of a response besides its rows or data. */
#define OX_QUERY_ROWS_HEAD_BYTES 9u
#define OX_READ_STREAM_HEAD_BYTES 8u
#define OX_GET_BUFFER_HEAD_BYTES 15u
/** RopBufferTooSmall without RequestBuffers. */
#define OX_ROP_TOO_SMALL_HEAD_BYTES 3u

/* Room in one response. */

/** Data of a RopReadStream response.
 *  @param room_bytes    left for the whole response
 *  @param data_max_out  ByteCount or MaximumByteCount, or what fits when that is less
 *  @return OX_OK; OX_E_RPC_FORMAT: MaximumByteCount is above OX_READ_STREAM_MAX_BYTES, and the call
 *          that carries the buffer must fail with it; OX_E_BUFFER_TOO_SMALL: not even the head fits
 *  @spec [MS-OXCROPS] 2.2.9.2; [MS-OXCPRPT] 3.2.5.12 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_read_stream_room(const ox_read_stream_request *request,
                                                       size_t room_bytes, size_t *data_max_out);

/** TransferBuffer of a RopFastTransferSourceGetBuffer response.
 *  @param data_max_out  BufferSize; where that is OX_ROP_SIZE_BY_SERVER, MaximumBufferSize or what
 *                       fits, whichever is less
 *  @param needed_out    with OX_E_BUFFER_TOO_SMALL the room that the response needs
 *  @return OX_OK; OX_E_BUFFER_TOO_SMALL: BufferSize bytes do not fit, and RopBufferTooSmall is the
 *          answer before anything is done
 *  @spec [MS-OXCFXICS] 3.2.5.8.1.5 */
OX_EXPORT OX_WARN_UNUSED ox_status
ox_get_buffer_room(const ox_fast_transfer_source_get_buffer_request *request, size_t room_bytes,
                   size_t *data_max_out, size_t *needed_out);

/** Rows of a RopQueryRows response, in bytes; 0 when not even the head fits. Whole rows only, and
 * at least one while there are any, or the ROP fails with OX_E_BUFFER_TOO_SMALL.
 *  @spec [MS-OXCTABL] 3.2.5.5 */
OX_EXPORT size_t ox_query_rows_room(size_t room_bytes);

/* RopBufferTooSmall. @spec [MS-OXCROPS] 2.2.15.1, 3.2.4.3 */

/** Room to keep free while a request is executed, so that the requests behind it can be sent back.
 *  @param rest_bytes  their size
 *  @return 0 when there are none */
OX_EXPORT size_t ox_rop_too_small_reserve(size_t rest_bytes);
/** SizeNeeded: at most what one buffer can have.
 *  @param bytes  of a ROP output buffer that would do, handle table included */
OX_EXPORT uint16_t ox_rop_size_needed(size_t bytes);

/* Several buffers in one answer. @spec [MS-OXCRPC] 3.1.4.2.1.2 */

/** Payloads of one answer. */
#define OX_ROP_PAYLOADS_MAX 96u
/** Space that RopReadStream and RopFastTransferSourceGetBuffer must find for one more payload. */
#define OX_ROP_PACK_LEAST_BYTES 0x2000u
/** The same for RopQueryRows. */
#define OX_ROP_PACK_ROWS_LEAST_BYTES 0x8000u
/** RPC_HEADER_EXT before each payload. */
#define OX_ROP_PAYLOAD_HEADER_BYTES 8u

/** The space of an answer. All zero but out_max_bytes to begin with. */
typedef struct ox_rop_packing {
  size_t out_max_bytes; /**< of the answer, headers included: pcbOut, MaxRopOut */
  size_t used_bytes;    /**< headers included */
  uint32_t payload_count;
} ox_rop_packing;

/** Notes a ROP output buffer that is in the answer. */
OX_EXPORT void ox_rop_packing_add(ox_rop_packing *packing, size_t buffer_bytes);
/** Largest ROP output buffer that may follow as a further answer to the last request.
 *  @return 0: nothing may follow (another ROP, too little space, OX_ROP_PAYLOADS_MAX) */
OX_EXPORT size_t ox_rop_packing_room(const ox_rop_packing *packing, uint8_t rop_id);

/** Makes a request that was answered into the request for what it asked for beyond that: fewer
 * rows, fewer bytes, the next part of a FastTransfer stream.
 *  @param request  as executed last; changed only when the result is true
 *  @return false: the answer is complete, or may not go on in a further buffer (RopQueryRows
 * without EnablePackedBuffers or with NoAdvance; a RopFastTransferSourceGetBuffer of fixed size) */
OX_EXPORT bool ox_rop_request_rest(ox_rop_request *request, const ox_rop_response *response);

/** The reverse for input that is packed: joins the data of RopWriteStreamExtended,
 *  RopFastTransferDestinationPutBuffer or RopFastTransferDestinationPutBufferExtended requests, the
 *  last of the first buffer and the only one of each that follows. The data may be longer than one
 *  request can carry.
 *  @return OX_OK, OX_E_RPC_FORMAT (another ROP, logon or handle), OX_E_NO_MEMORY */
OX_EXPORT OX_WARN_UNUSED ox_status ox_rop_requests_join(const ox_rop_request *parts, size_t count,
                                                        ox_arena *arena, ox_rop_request *out);

/* Busy servers. @spec [MS-OXCROPS] 3.1.5.1.1, 3.2.4.2 */

/** What a RopBackoff asks of a client: to wait this long before it sends a ROP again.
 *  @return milliseconds; 0 when the ROP is not held back */
OX_EXPORT uint32_t ox_backoff_wait_ms(const ox_backoff_response *backoff, uint8_t logon_id,
                                      uint8_t rop_id);

/** A version of three 16-bit numbers as on the wire (EcDoConnectEx, RopTellVersion) as four numbers
 *  that can be compared. @spec [MS-OXCRPC] 3.1.4.1.3.1 */
OX_EXPORT void ox_version_normalize(const uint16_t wire[3], uint16_t version_out[4]);
/** Less than, equal to, greater than 0 as a is to b. */
OX_EXPORT int ox_version_compare(const uint16_t a[4], const uint16_t b[4]);

/** Whether a server may answer RopBackoff: both sides are new enough; else the call fails with
 *  RPC_S_SERVER_TOO_BUSY. Versions as on the wire. */
OX_EXPORT bool ox_backoff_is_known(const uint16_t client_version[3],
                                   const uint16_t server_version[3]);
/** Whether a client understands a RopFastTransferSourceGetBuffer response with
 *  OX_E_SERVER_TOO_BUSY and BackoffTime. @spec [MS-OXCFXICS] 3.2.5.8.1.5 */
OX_EXPORT bool ox_server_busy_is_known(const uint16_t client_version[3]);

OX_END_DECLS

#endif
