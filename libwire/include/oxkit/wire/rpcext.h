/* Extended buffers: what wraps ROP payloads and auxiliary data in EcDoRpcExt2 and in the bodies of
 * MAPI over HTTP. RPC_HEADER_EXT, its compression and obfuscation, and auxiliary blocks. */
#ifndef OXKIT_WIRE_RPCEXT_H
#define OXKIT_WIRE_RPCEXT_H

#include <oxkit/ropcodec/memory.h>
#include <oxkit/ropcodec/reader.h>
#include <oxkit/ropcodec/writer.h>

OX_BEGIN_DECLS

#define OX_RPCEXT_HEADER_BYTES 8u
/** Most buffers in one chain. @spec [MS-OXCRPC] 3.1.4.2.1.2.2 */
#define OX_RPCEXT_CHAIN_MAX_COUNT 96u
/** Largest rgbIn, rgbOut. @spec [MS-OXCRPC] 3.1.4.2 */
#define OX_RPCEXT_BUFFER_MAX_BYTES 0x40000u
/** Largest rgbAuxIn, rgbAuxOut. @spec [MS-OXCRPC] 3.1.4.2 */
#define OX_RPCEXT_AUX_MAX_BYTES 0x1008u

/* Flags of RPC_HEADER_EXT. @spec [MS-OXCRPC] 2.2.2.1 */
#define OX_RPCEXT_COMPRESSED 0x0001u
#define OX_RPCEXT_XOR_MAGIC 0x0002u
#define OX_RPCEXT_LAST 0x0004u

/* Flags of EcDoRpcExt2 and Execute. @spec [MS-OXCRPC] 3.1.4.2 */
#define OX_RPCEXT_NO_COMPRESSION 0x00000001u
#define OX_RPCEXT_NO_XOR_MAGIC 0x00000002u
#define OX_RPCEXT_CHAIN 0x00000004u

/** Takes a chain of extended buffers apart.
 *  @param chain         one or more headers with payloads, the last one with the Last flag; empty
 *                       gives no payloads
 *  @param payloads_out  array in the arena; views into `chain` where a payload is plain
 *  @return OX_OK; OX_E_TRUNCATED; OX_E_MALFORMED (version, sizes, compression); OX_E_TRAILING
 *          (bytes after the last); OX_E_LIMIT (more than OX_RPCEXT_CHAIN_MAX_COUNT);
 *          OX_E_NO_MEMORY
 *  @spec [MS-OXCRPC] 2.2.2.1, 3.1.4.2.1 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_rpcext_decode(ox_bytes chain, ox_arena *arena,
                                                    ox_bytes **payloads_out, size_t *count_out,
                                                    ox_error *err);

/** Appends one extended buffer. A payload that would not become smaller is left uncompressed.
 *  @param flags  OX_RPCEXT_COMPRESSED allows compression, OX_RPCEXT_XOR_MAGIC and OX_RPCEXT_LAST
 *                as they are; the writer fails with OX_E_LIMIT over 65535 bytes */
OX_EXPORT void ox_rpcext_encode(ox_writer *w, ox_bytes payload, uint32_t flags);

/** Decompresses DIRECT2: exactly `plain_bytes` bytes must come out and all input must be used.
 *  @return OX_OK, OX_E_TRUNCATED, OX_E_MALFORMED, OX_E_TRAILING
 *  @spec [MS-OXCRPC] 3.1.4.1.1.2, [MS-XCA] 2.4 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_lz77_decompress(ox_bytes compressed, uint8_t *plain_out,
                                                      size_t plain_bytes, ox_error *err);

/** Compresses with DIRECT2; appends to the writer.
 *  @param plain  at most 65535 bytes; more is OX_E_LIMIT
 *  @spec [MS-OXCRPC] 3.1.4.1.1.2, [MS-XCA] 2.3 */
OX_EXPORT void ox_lz77_compress(ox_writer *w, ox_bytes plain);

/* ---- Auxiliary blocks ------------------------------------------------------------------------ */

#define OX_AUX_VERSION_1 1u
#define OX_AUX_VERSION_2 2u

/* Block types that this library writes or looks at. @spec [MS-OXCRPC] 2.2.2.2 */
#define OX_AUX_PERF_CLIENTINFO 0x02u
#define OX_AUX_CLIENT_CONTROL 0x0Au
#define OX_AUX_PERF_PROCESSINFO 0x0Bu
#define OX_AUX_OSVERSIONINFO 0x16u
#define OX_AUX_EXORGINFO 0x17u
#define OX_AUX_PERF_ACCOUNTINFO 0x18u
#define OX_AUX_ENDPOINT_CAPABILITIES 0x48u
#define OX_AUX_CLIENT_CONNECTION_INFO 0x4Au
#define OX_AUX_SERVER_SESSION_INFO 0x4Bu

/** AUX_EXORGINFO.OrgFlags: public folders exist. @spec [MS-OXCRPC] 2.2.2.2.17 */
#define OX_AUX_PUBLIC_FOLDERS_ENABLED 0x00000001u

/** AUX_HEADER and what follows it. Unknown versions and types are kept as they are. */
typedef struct ox_aux_block {
  uint8_t version;
  uint8_t type;
  ox_bytes payload;
} ox_aux_block;

/** Reads the next block of an auxiliary payload.
 *  @return true and a block; false at the end or after a failure (ask ox_reader_status):
 *          OX_E_TRUNCATED, OX_E_MALFORMED
 *  @spec [MS-OXCRPC] 2.2.2.2 */
OX_EXPORT bool ox_aux_next(ox_reader *r, ox_aux_block *out);
/** Appends a block. */
OX_EXPORT void ox_aux_write(ox_writer *w, const ox_aux_block *block);

OX_END_DECLS

#endif
