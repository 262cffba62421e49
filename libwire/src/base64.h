/* Base64 as authentication uses it. @spec RFC 4648 4 */
#ifndef OXKIT_WIRE_BASE64_H
#define OXKIT_WIRE_BASE64_H

#include <oxkit/ropcodec/memory.h>
#include <oxkit/ropcodec/types.h>

/** Characters for a number of bytes, without a terminator. */
#define OX_BASE64_CHARS(size_bytes) (((size_bytes) + 2) / 3 * 4)

/** Writes text and a terminator; `out` has room for OX_BASE64_CHARS + 1. */
void ox_base64_encode(const void *data, size_t size_bytes, char *out);

/** Reads text to its end. Strict: padding is there, nothing else is.
 *  @param out  bytes in the arena, followed by one 0 that is not counted
 *  @return OX_OK, OX_E_MALFORMED, OX_E_NO_MEMORY */
ox_status ox_base64_decode(const char *text, ox_arena *arena, ox_bytes *out);

#endif
