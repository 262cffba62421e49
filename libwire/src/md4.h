/* MD4, for the NT hash. OpenSSL 3 keeps it only in its legacy provider. Broken as a hash; used
 * where NTLM demands it and nowhere else. */
#ifndef OXKIT_WIRE_MD4_H
#define OXKIT_WIRE_MD4_H

#include <stddef.h>
#include <stdint.h>

/** Digest of a whole message. @spec RFC 1320 */
void ox_md4(const void *data, size_t size_bytes, uint8_t digest_out[16]);

#endif
