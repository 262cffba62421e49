/* Sets of GLOBCNTs as ranges, and the GLOBSET that carries one on the wire.
 *
 * Memory: a set owns its array, from the allocator that it was given (all zero is an empty set over
 * the C library's), or shows ranges that stand elsewhere, as a decoded set shows the arena's. Both
 * can be changed: ranges are changed where they stand, and move to the allocator (of a decoded set:
 * the C library's) when they need more room. Dispose of a set in either case. A copy of the struct
 * shares the ranges.
 *
 * Ids are at most OX_GLOBCNT_MAX, and low is at most high: anything else is OX_E_USAGE. A set is as
 * it was after a failure. @spec [MS-OXCFXICS] 2.2.2.5, 2.2.2.6 */
#ifndef OXKIT_ROPCODEC_GLOBSET_H
#define OXKIT_ROPCODEC_GLOBSET_H

#include <oxkit/ropcodec/memory.h>
#include <oxkit/ropcodec/xid.h>

OX_BEGIN_DECLS

/** The ids from low to high, both among them. */
typedef struct ox_globcnt_range {
  uint64_t low;
  uint64_t high;
} ox_globcnt_range;

/** A set of ids of one replica. Go through the ranges as you like. */
typedef struct ox_globset {
  ox_globcnt_range *ranges; /**< ascending; between any two at least one id is missing */
  size_t count;
  size_t capacity; /**< ranges that the array holds; 0: the array is not the set's own */
  const ox_allocator *allocator;
} ox_globset;

/** An empty set. @param allocator  NULL for the C library's; must outlive the set */
OX_EXPORT void ox_globset_init(ox_globset *set, const ox_allocator *allocator);
/** Frees the ranges and leaves an empty set. */
OX_EXPORT void ox_globset_dispose(ox_globset *set);

/** Adds ids: in constant time, amortised, behind the last range; otherwise in the logarithm of the
 *  ranges, and moving those behind. One id is a range with low equal to high.
 *  @return OX_OK, OX_E_USAGE, OX_E_NO_MEMORY */
OX_EXPORT OX_WARN_UNUSED ox_status ox_globset_add(ox_globset *set, uint64_t low, uint64_t high);
/** Takes ids out, whether they are there or not.
 *  @return OX_OK, OX_E_USAGE, OX_E_NO_MEMORY (a range that is cut in two may need room) */
OX_EXPORT OX_WARN_UNUSED ox_status ox_globset_remove(ox_globset *set, uint64_t low, uint64_t high);

/** True when the id is in the set; in the logarithm of the ranges. */
OX_EXPORT bool ox_globset_contains(const ox_globset *set, uint64_t id);
/** True when every id of `other` is in `set`. */
OX_EXPORT bool ox_globset_includes(const ox_globset *set, const ox_globset *other);
OX_EXPORT bool ox_globset_equal(const ox_globset *a, const ox_globset *b);
/** Number of ids, at most 2^48. */
OX_EXPORT uint64_t ox_globset_id_count(const ox_globset *set);

/* Algebra, linear in the ranges. The result replaces what was in *out, an initialised set which may
 * be one of the operands. @return OX_OK, OX_E_NO_MEMORY */

/** The ids in either set. */
OX_EXPORT OX_WARN_UNUSED ox_status ox_globset_union(const ox_globset *a, const ox_globset *b,
                                                    ox_globset *out);
/** The ids in both sets. */
OX_EXPORT OX_WARN_UNUSED ox_status ox_globset_intersection(const ox_globset *a, const ox_globset *b,
                                                           ox_globset *out);
/** The ids in `a` that are not in `b`. */
OX_EXPORT OX_WARN_UNUSED ox_status ox_globset_difference(const ox_globset *a, const ox_globset *b,
                                                         ox_globset *out);
/** The ids from low to high that are not in the set: with 1 and the last change number, the changes
 *  that a client with this MetaTagCnsetSeen has not seen.
 *  @return also OX_E_USAGE
 *  @spec [MS-OXCFXICS] 3.2.5.3 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_globset_complement(const ox_globset *set, uint64_t low,
                                                         uint64_t high, ox_globset *out);
OX_EXPORT OX_WARN_UNUSED ox_status ox_globset_copy(const ox_globset *set, ox_globset *out);

/** Reads a GLOBSET up to and with its End command, in time linear in its size. Ranges must ascend;
 *  adjacent ones become one.
 *  @param out  in the arena, at most 27 bytes for each byte of input; empty after a failure
 *  @return OX_OK, OX_E_TRUNCATED, OX_E_MALFORMED, OX_E_NO_MEMORY
 *  @spec [MS-OXCFXICS] 2.2.2.6, 3.1.5.4.3.2 */
OX_EXPORT ox_status ox_globset_decode(ox_reader *r, ox_arena *arena, ox_globset *out);
/** Writes a GLOBSET: equal sets give equal bytes. High-order bytes that ids have in common are
 *  pushed where that is no longer than repeating them, ranges within eight values of each other
 *  share a Bitmask command, single ids are the sixth byte pushed. OX_E_USAGE when the ranges are
 *  not those of a set.
 *  @spec [MS-OXCFXICS] 2.2.2.6, 3.1.5.4.3.1 */
OX_EXPORT void ox_globset_encode(ox_writer *w, const ox_globset *in);

OX_END_DECLS

#endif
