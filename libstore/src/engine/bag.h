/* The stored form of a property bag, and bags whose large values are elsewhere.
 *
 * Encoded: u8 version (1), u8 0, u16 count, then `count` entries sorted by property id of u32 tag,
 * u32 end offset in the value area (top bit: large), then the value area. A large value is u64 lid,
 * u64 size. Others: fixed-size values little-endian, strings and binaries bare, multi-values of
 * those u32 count, u32 lengths, bytes; everything else as [MS-OXCDATA] 2.11.2 with 32-bit counts.
 */
#ifndef OXKIT_STORE_BAG_H
#define OXKIT_STORE_BAG_H

#include <oxkit/ropcodec/property.h>

/* Values longer than this are stored in chunks of their own. */
#define OXS_INLINE_MAX_BYTES 32768u
/* Longest encoded bag. */
#define OXS_BAG_MAX_BYTES ((size_t)64 * 1024 * 1024)

/* Bytes being written: in memory, from 1 MiB on in a file without a name. Shared by reference. */
typedef struct oxs_spool oxs_spool;
oxs_spool *oxs_spool_new(const ox_allocator *allocator, const char *directory);
oxs_spool *oxs_spool_ref(oxs_spool *spool);
void oxs_spool_unref(oxs_spool *spool);
uint64_t oxs_spool_size(const oxs_spool *spool);
ox_status oxs_spool_read(oxs_spool *spool, uint64_t offset, void *buffer, size_t capacity_bytes,
                         size_t *size_out, ox_error *err);
ox_status oxs_spool_write(oxs_spool *spool, uint64_t offset, const void *data, size_t size_bytes,
                          ox_error *err);
ox_status oxs_spool_set_size(oxs_spool *spool, uint64_t size_bytes, ox_error *err);

/* A value outside the bag: in the store (lid), or still in a spool. */
typedef struct oxs_large {
  ox_proptag tag;
  int64_t lid; /* 0: in the spool */
  uint64_t size;
  oxs_spool *spool; /* a reference that the bag holds */
} oxs_large;

typedef struct oxs_bag {
  ox_propbag values;
  oxs_large *larges;
  size_t large_count, large_capacity;
} oxs_bag;

void oxs_bag_init(oxs_bag *bag, ox_arena *arena);
/* Lets go of spools; the rest is the arena's. */
void oxs_bag_dispose(oxs_bag *bag);
const oxs_large *oxs_bag_large(const oxs_bag *bag, uint16_t id);
/* Each id is either a value or a large one. Takes over the spool reference, also on failure. */
ox_status oxs_bag_set_large(oxs_bag *bag, const oxs_large *large);
ox_status oxs_bag_set(oxs_bag *bag, ox_proptag tag, const ox_value *value);
bool oxs_bag_remove(oxs_bag *bag, uint16_t id);
ox_status oxs_bag_copy(oxs_bag *to, const oxs_bag *from);

/* @return OX_OK, OX_E_NO_MEMORY, OX_E_TOO_BIG; larges must all have a lid */
ox_status oxs_bag_encode(const oxs_bag *bag, ox_arena *arena, ox_bytes *out);
/* @return OX_OK, OX_E_CORRUPT_DATA, OX_E_NO_MEMORY */
ox_status oxs_bag_decode(ox_bytes encoded, ox_arena *arena, oxs_bag *out);
/* One value; *large_out has lid 0 when it is in *out. @return OX_OK, OX_E_NOT_FOUND,
 * OX_E_CORRUPT_DATA, OX_E_NO_MEMORY */
ox_status oxs_bag_pick(ox_bytes encoded, uint16_t id, ox_arena *arena, ox_property *out,
                       oxs_large *large_out);
/* The tags of an encoded bag, and which are large, by index; false at the end or when corrupt. */
bool oxs_bag_entry(ox_bytes encoded, size_t index, ox_proptag *tag_out, oxs_large *large_out);
/* One value in the stored form; also the body of a bag entry. */
ox_status oxs_value_store(ox_writer *w, uint16_t type, const ox_value *value);
ox_status oxs_value_load(ox_bytes bytes, uint16_t type, ox_arena *arena, ox_value *out);

#endif
