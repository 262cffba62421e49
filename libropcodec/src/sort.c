/* Sort orders. @spec [MS-OXCDATA] 2.13 */
#include <oxkit/ropcodec/sort.h>

#include <string.h>

enum { SORT_ORDER_BYTES = 5 };

ox_status ox_sort_order_set_decode(ox_reader *r, ox_arena *arena, ox_sort_order_set *out) {
  memset(out, 0, sizeof *out);
  /* CategorizedCount and ExpandedCount stand between the count and its elements. */
  uint16_t count = (uint16_t)ox_read_count(r, 2, SORT_ORDER_BYTES, 4);
  uint16_t categorized = ox_read_u16(r);
  uint16_t expanded = ox_read_u16(r);
  if (ox_reader_ok(r) && (categorized > count || expanded > categorized)) {
    ox_reader_fail(r, OX_E_MALFORMED, "CategorizedCount", "[MS-OXCDATA] 2.13.2");
  }
  if (!ox_reader_ok(r)) return ox_reader_status(r, NULL);
  ox_sort_order *orders = ox_arena_calloc(arena, count, sizeof *orders);
  if (orders == NULL) return ox_reader_fail(r, OX_E_NO_MEMORY, NULL, NULL);
  for (uint16_t i = 0; i < count; i++) {
    uint16_t type = ox_read_u16(r);
    uint16_t id = ox_read_u16(r);
    orders[i].property_tag = OX_PROPTAG(id, type);
    orders[i].order = ox_read_u8(r);
  }
  if (!ox_reader_ok(r)) return ox_reader_status(r, NULL);
  out->sort_order_count = count;
  out->categorized_count = categorized;
  out->expanded_count = expanded;
  out->sort_orders = orders;
  return OX_OK;
}

void ox_sort_order_set_encode(ox_writer *w, const ox_sort_order_set *in) {
  if (in->categorized_count > in->sort_order_count || in->expanded_count > in->categorized_count) {
    ox_writer_fail(w, OX_E_USAGE);
    return;
  }
  ox_write_u16(w, in->sort_order_count);
  ox_write_u16(w, in->categorized_count);
  ox_write_u16(w, in->expanded_count);
  for (uint16_t i = 0; i < in->sort_order_count; i++) {
    ox_write_u16(w, OX_PROPTAG_TYPE(in->sort_orders[i].property_tag));
    ox_write_u16(w, OX_PROPTAG_ID(in->sort_orders[i].property_tag));
    ox_write_u8(w, in->sort_orders[i].order);
  }
}
