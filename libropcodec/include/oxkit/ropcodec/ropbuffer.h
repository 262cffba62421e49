/* ROP buffers: RopSize, RopsList and the Server object handle table, read and built in both roles.
 * @spec [MS-OXCROPS] 2.2.1, 3.1.4.1, 3.2.4.3, 3.2.5 */
#ifndef OXKIT_ROPCODEC_ROPBUFFER_H
#define OXKIT_ROPCODEC_ROPBUFFER_H

#include <oxkit/ropcodec/rops.h>

OX_BEGIN_DECLS

/** A handle that is not one: an unused or not yet filled entry of the table. */
#define OX_ROP_HANDLE_NONE 0xFFFFFFFFu
/** Entries that a one-byte index can reach. */
#define OX_ROP_HANDLES_MAX 256

/** A received buffer; views into it. */
typedef struct ox_rop_buffer {
  ox_bytes rops;         /**< RopsList: requests or responses, one after the other */
  ox_bytes handle_bytes; /**< the table as on the wire: 32-bit little-endian numbers, unaligned */
  uint32_t handle_count;
} ox_rop_buffer;

/** Splits a buffer.
 *  @return OX_OK, OX_E_TRUNCATED (RopSize goes beyond the end), OX_E_MALFORMED (RopSize below 2, or
 * a table that is not a number of 32-bit values) */
OX_EXPORT OX_WARN_UNUSED ox_status ox_rop_buffer_parse(ox_bytes bytes, ox_rop_buffer *out,
                                                       ox_error *err);

/** Starts a reader over RopsList; its offsets in errors and dumps are those of the buffer. Read it
 *  with ox_rop_request_decode or ox_rop_response_decode while ox_reader_remaining(r) is not 0. */
OX_EXPORT void ox_rop_buffer_reader(const ox_rop_buffer *buffer, ox_reader *r);

/** The handle at an index; OX_ROP_HANDLE_NONE when the table has no such entry. */
OX_EXPORT uint32_t ox_rop_buffer_handle(const ox_rop_buffer *buffer, uint8_t index);

/** A buffer under construction, of at most max_bytes in all. Caller-owned: _init and _dispose. */
typedef struct ox_rop_builder {
  ox_writer rops; /**< RopSize and RopsList */
  size_t max_bytes;
  size_t reserved_bytes;
  uint32_t handle_count;
  uint32_t handles[OX_ROP_HANDLES_MAX];
} ox_rop_builder;

/** @param max_bytes  largest buffer with its handle table; RopSize limits RopsList to 65,533 bytes
 *                    whatever max_bytes is */
OX_EXPORT void ox_rop_builder_init(ox_rop_builder *builder, const ox_allocator *allocator,
                                   size_t max_bytes);
OX_EXPORT void ox_rop_builder_dispose(ox_rop_builder *builder);
/** Empties the buffer and its table; keeps memory and maximum. */
OX_EXPORT void ox_rop_builder_reset(ox_rop_builder *builder);

/** Server: takes over the table of the input buffer. Entries that no index reaches are dropped.
 *  @return OX_OK, OX_E_LIMIT when the table alone is larger than the buffer may be */
OX_EXPORT OX_WARN_UNUSED ox_status ox_rop_builder_copy_handles(ox_rop_builder *builder,
                                                               const ox_rop_buffer *input);
/** Client: the index of a handle, which is added to the table when it is not there.
 *  @return OX_OK, OX_E_LIMIT */
OX_EXPORT OX_WARN_UNUSED ox_status ox_rop_builder_use_handle(ox_rop_builder *builder,
                                                             uint32_t handle, uint8_t *index_out);
/** Client: a new entry for an output handle, OX_ROP_HANDLE_NONE until the server fills it.
 *  @return OX_OK, OX_E_LIMIT */
OX_EXPORT OX_WARN_UNUSED ox_status ox_rop_builder_new_handle(ox_rop_builder *builder,
                                                             uint8_t *index_out);
/** The handle at an index; OX_ROP_HANDLE_NONE when the table has no such entry. */
OX_EXPORT uint32_t ox_rop_builder_handle(const ox_rop_builder *builder, uint8_t index);
/** Server: fills the entry of an output handle.
 *  @return OX_OK, OX_E_NOT_FOUND when the table has no such entry */
OX_EXPORT OX_WARN_UNUSED ox_status ox_rop_builder_set_handle(ox_rop_builder *builder, uint8_t index,
                                                             uint32_t handle);

/** Server: keeps n bytes free for a RopBufferTooSmall response: 3 and the size of the requests that
 *  are not executed yet. */
OX_EXPORT void ox_rop_builder_reserve(ox_rop_builder *builder, size_t n);
/** Bytes left for the next ROP. */
OX_EXPORT size_t ox_rop_builder_room(const ox_rop_builder *builder);

/** Appends a ROP. When it does not fit, the builder stays as it was.
 *  @return OX_OK, OX_E_LIMIT, OX_E_NO_MEMORY, OX_E_USAGE, OX_E_UNKNOWN_ROP */
OX_EXPORT OX_WARN_UNUSED ox_status ox_rop_builder_add_request(ox_rop_builder *builder,
                                                              const ox_rop_request *request);
OX_EXPORT OX_WARN_UNUSED ox_status ox_rop_builder_add_response(ox_rop_builder *builder,
                                                               const ox_rop_response *response);
/** Appends a ROP that is encoded already. */
OX_EXPORT OX_WARN_UNUSED ox_status ox_rop_builder_add_bytes(ox_rop_builder *builder, ox_bytes rop);
/** Server: ends the list with RopBufferTooSmall, in the reserved room too.
 *  @param size_needed  of the output buffer that would have done, in bytes; more than 65,535 is
 *                      written as 65,535
 *  @param requests     the requests that were not executed, as received
 *  @return OX_OK; OX_E_LIMIT: the call that carries the buffer must fail instead (0x0000047D)
 *  @spec [MS-OXCROPS] 3.2.4.3 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_rop_builder_add_too_small(ox_rop_builder *builder,
                                                                size_t size_needed,
                                                                ox_bytes requests);

/** Completes the buffer: RopSize and the handle table. The builder can only be reset or disposed of
 *  afterwards.
 *  @param out  view into the builder
 *  @return OX_OK, OX_E_NO_MEMORY, OX_E_LIMIT */
OX_EXPORT OX_WARN_UNUSED ox_status ox_rop_builder_finish(ox_rop_builder *builder, ox_bytes *out);

/** Writes a whole ROP buffer as text for people. Columns set by RopSetColumns requests in the same
 *  buffer are not known when only the responses are given: rows then take the rest of the buffer.
 *  @param context  as for decoding; may be NULL
 *  @return OX_OK, or the decoder's failure: what came before it is written, and a line that says
 *          what is wrong and where */
OX_EXPORT ox_status ox_rop_buffer_dump(ox_writer *w, ox_bytes bytes, bool is_response,
                                       const ox_rop_context *context);
/** The same as one JSON object, which ox_kind_from_json turns into the same bytes: {"kind":
 *  "rop-input" or "rop-output", "columns" when the context has some, "rops": [{"offset", "rop",
 *  "section", "fields": {...}}], "handles": ["0x00000001", ...]}. Offset and section are there to
 * be read. A ROP whose fields do not encode to the same bytes has them in "bytes" too, and those
 * count; what does not decode is the last element: {"offset", "error": {...}, "bytes"}. doc/json.md
 * tells the forms of values. */
OX_EXPORT ox_status ox_rop_buffer_dump_json(ox_writer *w, ox_bytes bytes, bool is_response,
                                            const ox_rop_context *context);
/** As ox_rop_buffer_dump, for the one ROP at the cursor. */
OX_EXPORT ox_status ox_rop_request_dump(ox_writer *w, ox_reader *r, ox_arena *arena,
                                        const ox_rop_context *context);
OX_EXPORT ox_status ox_rop_response_dump(ox_writer *w, ox_reader *r, ox_arena *arena,
                                         const ox_rop_context *context);

OX_END_DECLS

#endif
