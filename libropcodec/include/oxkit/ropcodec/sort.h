/* Sort orders. @spec [MS-OXCDATA] 2.13 */
#ifndef OXKIT_ROPCODEC_SORT_H
#define OXKIT_ROPCODEC_SORT_H

#include <oxkit/ropcodec/property.h>

OX_BEGIN_DECLS

/* Order. @spec [MS-OXCDATA] 2.13.1 */
#define OX_SORT_ASCENDING 0x00
#define OX_SORT_DESCENDING 0x01
#define OX_SORT_MAXIMUM_CATEGORY 0x04

typedef struct ox_sort_order {
  ox_proptag property_tag; /**< with OX_PTYP_INSTANCE for one row per value */
  uint8_t order;           /**< OX_SORT_* */
} ox_sort_order;

/** SortOrderSet. @spec [MS-OXCDATA] 2.13.2 */
typedef struct ox_sort_order_set {
  uint16_t sort_order_count;
  uint16_t categorized_count;
  uint16_t expanded_count;
  ox_sort_order *sort_orders;
} ox_sort_order_set;

/** @return OX_OK, OX_E_TRUNCATED, OX_E_MALFORMED (counts out of order), OX_E_NO_MEMORY */
OX_EXPORT ox_status ox_sort_order_set_decode(ox_reader *r, ox_arena *arena, ox_sort_order_set *out);
/** Failures are the writer's; OX_E_USAGE when the counts are out of order. */
OX_EXPORT void ox_sort_order_set_encode(ox_writer *w, const ox_sort_order_set *in);

OX_END_DECLS

#endif
