/* The stored form of property bags: what decodes encodes again to something that decodes alike, and
 * picking one property agrees with decoding all. */
#include <stdlib.h>
#include <string.h>

#include "engine/bag.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition) {
  if (!condition) abort();
}

static void check_picks(ox_bytes encoded, const oxs_bag *bag, ox_arena *arena) {
  for (size_t i = 0; i < bag->values.count; i++) {
    ox_property property;
    oxs_large large;
    uint16_t id = OX_PROPTAG_ID(bag->values.items[i].tag);
    must(oxs_bag_pick(encoded, id, arena, &property, &large) == OX_OK);
    must(large.lid == 0 && property.tag == bag->values.items[i].tag);
  }
  for (size_t i = 0; i < bag->large_count; i++) {
    ox_property property;
    oxs_large large;
    uint16_t id = OX_PROPTAG_ID(bag->larges[i].tag);
    must(oxs_bag_pick(encoded, id, arena, &property, &large) == OX_OK);
    must(large.lid == bag->larges[i].lid && large.size == bag->larges[i].size);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  ox_arena arena;
  oxs_bag bag, again;
  ox_bytes input = {data, size}, encoded, twice;
  ox_arena_init(&arena, NULL, 64 * 1024 * 1024);
  if (oxs_bag_decode(input, &arena, &bag) == OX_OK) {
    check_picks(input, &bag, &arena);
    if (oxs_bag_encode(&bag, &arena, &encoded) == OX_OK) {
      must(oxs_bag_decode(encoded, &arena, &again) == OX_OK);
      must(again.values.count == bag.values.count && again.large_count == bag.large_count);
      must(oxs_bag_encode(&again, &arena, &twice) == OX_OK && ox_bytes_equal(encoded, twice));
    }
  } else {
    /* A bag that does not decode may still be picked from, without harm. */
    ox_property property;
    oxs_large large;
    for (uint32_t id = 0; id < 0x10000; id += 0x37)
      (void)!oxs_bag_pick(input, (uint16_t)id, &arena, &property, &large);
  }
  ox_arena_dispose(&arena);
  return 0;
}
