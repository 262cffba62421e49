/* Small value types that every layer shares: byte and text views, GUID, FILETIME. */
#ifndef OXKIT_ROPCODEC_TYPES_H
#define OXKIT_ROPCODEC_TYPES_H

#include <oxkit/ropcodec/memory.h>

OX_BEGIN_DECLS

/** A view of bytes that somebody else owns. data may be NULL when size_bytes is 0. */
typedef struct ox_bytes {
  const uint8_t *data;
  size_t size_bytes;
} ox_bytes;

/** A view of UTF-16LE text without its terminator: any 16-bit units, unpaired surrogates and
 *  embedded zeros included, at any alignment. size_bytes is even.
 *  @spec [MS-OXCDATA] 2.11.1 (PtypString) */
typedef struct ox_str16 {
  const uint8_t *data;
  size_t size_bytes;
} ox_str16;

/** A view of 8-bit text without its terminator, in a code page that the context gives.
 *  @spec [MS-OXCDATA] 2.11.1 (PtypString8) */
typedef struct ox_str8 {
  const char *data;
  size_t size_bytes;
} ox_str8;

/** A GUID in memory order of its fields; on the wire data1 to data3 are little-endian.
 *  @spec [MS-DTYP] 2.3.4 */
typedef struct ox_guid {
  uint32_t data1;
  uint16_t data2;
  uint16_t data3;
  uint8_t data4[8];
} ox_guid;

/** 100-nanosecond ticks since 1601-01-01 00:00 UTC. @spec [MS-DTYP] 2.3.3 */
typedef uint64_t ox_filetime;

/** Length of "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx" with terminator. */
#define OX_GUID_TEXT_BYTES 37
/** Length of "YYYY-MM-DDThh:mm:ss.fffffffZ" with terminator. */
#define OX_FILETIME_TEXT_BYTES 32

/** Same size and bytes. */
OX_EXPORT bool ox_bytes_equal(ox_bytes a, ox_bytes b);
OX_EXPORT bool ox_guid_equal(const ox_guid *a, const ox_guid *b);
OX_EXPORT bool ox_guid_is_null(const ox_guid *guid);

/** Order of the 16 bytes as sent on the wire; negative, 0 or positive. */
OX_EXPORT int ox_guid_compare(const ox_guid *a, const ox_guid *b);

/** The 16 bytes as sent on the wire. */
OX_EXPORT void ox_guid_to_wire(const ox_guid *guid, uint8_t wire_out[16]);
OX_EXPORT void ox_guid_from_wire(const uint8_t wire[16], ox_guid *out);

/** Lower-case text without braces. */
OX_EXPORT void ox_guid_format(const ox_guid *guid, char text_out[OX_GUID_TEXT_BYTES]);

/** Reads text with or without braces, in either case.
 *  @return OX_OK, OX_E_MALFORMED */
OX_EXPORT OX_WARN_UNUSED ox_status ox_guid_parse(const char *text, ox_guid *out);

/** A version 4 (random) GUID from 16 random bytes that the caller supplies. @spec RFC 4122 4.4 */
OX_EXPORT void ox_guid_from_random(const uint8_t random[16], ox_guid *out);

/** Seconds and nanoseconds of Unix time to ticks; clamps to what a FILETIME can hold. */
OX_EXPORT ox_filetime ox_filetime_from_unix(int64_t seconds, uint32_t nanoseconds);
OX_EXPORT int64_t ox_filetime_to_unix(ox_filetime time, uint32_t *nanoseconds_out);

/** ISO 8601 in UTC with seven decimals, "2010-01-05T12:04:56.1234567Z". */
OX_EXPORT void ox_filetime_format(ox_filetime time, char text_out[OX_FILETIME_TEXT_BYTES]);

/** Reads ISO 8601 ("Z" or a numeric offset; fraction optional).
 *  @return OX_OK, OX_E_MALFORMED */
OX_EXPORT OX_WARN_UNUSED ox_status ox_filetime_parse(const char *text, ox_filetime *out);

OX_END_DECLS

#endif
