/* Property values as MAPI/HTTP address book bodies carry them: with a byte that says whether the
 * value is there, and 32-bit counts. @spec [MS-OXCMAPIHTTP] 2.2.1 */
#ifndef OXKIT_ROPCODEC_ABVALUE_H
#define OXKIT_ROPCODEC_ABVALUE_H

#include <oxkit/ropcodec/property.h>

OX_BEGIN_DECLS

/** AddressBookPropertyValue of a known type. Strings, binaries and multi-values may be absent: then
 *  `data` (or values.any) is NULL, for a decoder's result and an encoder's input alike; an empty
 *  one that is present has data that is not NULL. Elements of a multi-value likewise.
 *  @return as ox_value_decode
 *  @spec [MS-OXCMAPIHTTP] 2.2.1.1 */
OX_EXPORT ox_status ox_ab_value_decode(ox_reader *r, ox_arena *arena, uint16_t type, ox_value *out);
OX_EXPORT void ox_ab_value_encode(ox_writer *w, uint16_t type, const ox_value *value);

/** AddressBookTaggedPropertyValue. @spec [MS-OXCMAPIHTTP] 2.2.1.2 */
OX_EXPORT ox_status ox_ab_property_decode(ox_reader *r, ox_arena *arena, ox_property *out);
OX_EXPORT void ox_ab_property_encode(ox_writer *w, const ox_property *in);

/** AddressBookPropertyRow: one value per column, in the columns' order. A column whose value is an
 *  error has the type PtypErrorCode in its tag; one that is absent (Flag 1) has PtypNull; for a
 *  column of PtypUnspecified the tag has the type that the row gives.
 *  @spec [MS-OXCMAPIHTTP] 2.2.1.7 */
typedef struct ox_ab_row {
  uint32_t value_count; /**< the number of columns */
  ox_property *values;
} ox_ab_row;
/** @return OX_OK, OX_E_TRUNCATED, OX_E_MALFORMED, OX_E_LIMIT, OX_E_NO_MEMORY, OX_E_UNKNOWN_TYPE */
OX_EXPORT ox_status ox_ab_row_decode(ox_reader *r, ox_arena *arena, const ox_proptag *columns,
                                     size_t column_count, ox_ab_row *out);
/** Writes Flags 0 when every value is there with its column's type, else Flags 1. OX_E_USAGE when
 *  value_count is not column_count. */
OX_EXPORT void ox_ab_row_encode(ox_writer *w, const ox_proptag *columns, size_t column_count,
                                const ox_ab_row *in);

OX_END_DECLS

#endif
