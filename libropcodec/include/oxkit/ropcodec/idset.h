/* IDSETs: sets of folder ids, message ids or change numbers (then called CNSETs) of any number of
 * replicas. A replica is named by its REPLGUID, which holds everywhere, or by the REPLID that one
 * store uses for it; no bytes tell which, the property does:
 *
 *   REPLGUID: the ICS state, which lasts [MS-OXCFXICS] 2.2.1.1
 *     MetaTagIdsetGiven     folders or messages that the client has
 *     MetaTagCnsetSeen      changes of folders or messages that it has seen
 *     MetaTagCnsetSeenFAI   the same of FAI messages
 *     MetaTagCnsetRead      changes of read states that it has seen
 *   REPLID: what one download tells [MS-OXCFXICS] 2.2.1.3
 *     MetaTagIdsetDeleted, MetaTagIdsetNoLongerInScope, MetaTagIdsetExpired, MetaTagIdsetRead,
 *     MetaTagIdsetUnread
 *
 * Memory and bounds are as in globset.h: an IDSET is a sorted array of those sets.
 * @spec [MS-OXCFXICS] 2.2.2.4, 3.1.5.4 */
#ifndef OXKIT_ROPCODEC_IDSET_H
#define OXKIT_ROPCODEC_IDSET_H

#include <oxkit/ropcodec/globset.h>
#include <oxkit/ropcodec/property.h>

OX_BEGIN_DECLS

#define OX_IDSET_REPLGUID 0 /**< @spec [MS-OXCFXICS] 2.2.2.4.2 */
#define OX_IDSET_REPLID 1   /**< @spec [MS-OXCFXICS] 2.2.2.4.1 */

/** The name of a replica; the set's form says which member holds. */
typedef union ox_replica {
  ox_guid replguid;
  uint16_t replid;
} ox_replica;

/** The ids of one replica. */
typedef struct ox_idset_entry {
  ox_replica replica;
  ox_globset ids; /**< not empty */
} ox_idset_entry;

typedef struct ox_idset {
  uint8_t form;            /**< OX_IDSET_* */
  ox_idset_entry *entries; /**< ascending: by the bytes of REPLGUID, or by REPLID */
  size_t count;
  size_t capacity; /**< entries that the array holds; 0: the array is not the set's own */
  const ox_allocator *allocator;
} ox_idset;

/** The form of the IDSET in a property's value; false when it holds none. The type in the tag does
 *  not matter, since MetaTagIdsetGiven has two. @spec [MS-OXCFXICS] 2.2.1.1, 2.2.1.3, 3.1.5.4.2 */
OX_EXPORT bool ox_idset_form_of(ox_proptag tag, uint8_t *form_out);

/** An empty set. @param allocator  NULL for the C library's; must outlive the set */
OX_EXPORT void ox_idset_init(ox_idset *set, uint8_t form, const ox_allocator *allocator);
/** Frees everything and leaves an empty set. */
OX_EXPORT void ox_idset_dispose(ox_idset *set);

/** The ids of one replica; an empty set when it has none. Lives until the set changes. */
OX_EXPORT const ox_globset *ox_idset_ids(const ox_idset *set, const ox_replica *replica);
/** As ox_globset_add. @return OX_OK, OX_E_USAGE, OX_E_NO_MEMORY */
OX_EXPORT OX_WARN_UNUSED ox_status ox_idset_add(ox_idset *set, const ox_replica *replica,
                                                uint64_t low, uint64_t high);
/** As ox_globset_remove. @return OX_OK, OX_E_USAGE, OX_E_NO_MEMORY */
OX_EXPORT OX_WARN_UNUSED ox_status ox_idset_remove(ox_idset *set, const ox_replica *replica,
                                                   uint64_t low, uint64_t high);

/* One folder id, message id or change number, in a set by REPLID: OX_E_USAGE, or false, in one by
 * REPLGUID. */

OX_EXPORT OX_WARN_UNUSED ox_status ox_idset_add_id(ox_idset *set, ox_id64 id);
OX_EXPORT OX_WARN_UNUSED ox_status ox_idset_remove_id(ox_idset *set, ox_id64 id);
OX_EXPORT bool ox_idset_contains_id(const ox_idset *set, ox_id64 id);

/** True when both have one form and every id of `other` is in `set`. */
OX_EXPORT bool ox_idset_includes(const ox_idset *set, const ox_idset *other);
/** True when both have one form and the same ids. */
OX_EXPORT bool ox_idset_equal(const ox_idset *a, const ox_idset *b);
/** Number of ids. */
OX_EXPORT uint64_t ox_idset_id_count(const ox_idset *set);

/* Algebra, linear in the ranges. The result, which has the operands' form, replaces what was in
 * *out, an initialised set which may be one of the operands.
 * @return OX_OK, OX_E_USAGE (operands of two forms), OX_E_NO_MEMORY */

OX_EXPORT OX_WARN_UNUSED ox_status ox_idset_union(const ox_idset *a, const ox_idset *b,
                                                  ox_idset *out);
OX_EXPORT OX_WARN_UNUSED ox_status ox_idset_intersection(const ox_idset *a, const ox_idset *b,
                                                         ox_idset *out);
OX_EXPORT OX_WARN_UNUSED ox_status ox_idset_difference(const ox_idset *a, const ox_idset *b,
                                                       ox_idset *out);
OX_EXPORT OX_WARN_UNUSED ox_status ox_idset_copy(const ox_idset *set, ox_idset *out);

/** What a store knows of its replicas. Each function returns OX_OK, OX_E_NOT_FOUND or a failure of
 *  its own, which ox_idset_convert passes on. @spec [MS-OXCSTOR] 3.2.5.8, 3.2.5.9 */
typedef struct ox_replica_map {
  ox_status (*replguid_of)(void *user, uint16_t replid, ox_guid *replguid_out);
  ox_status (*replid_of)(void *user, const ox_guid *replguid, uint16_t *replid_out);
  void *user;
} ox_replica_map;

/** The same set in another form. Replicas that the map gives one name become one.
 *  @param map  the function for the other form is called once for each replica
 *  @param out  an initialised set, whose content is replaced; may be `set`
 *  @param err  names the replica that has no mapping; may be NULL
 *  @return OX_OK, OX_E_NOT_FOUND (no mapping), OX_E_NO_MEMORY, what the map returns */
OX_EXPORT OX_WARN_UNUSED ox_status ox_idset_convert(const ox_idset *set, uint8_t form,
                                                    const ox_replica_map *map, ox_idset *out,
                                                    ox_error *err);

/* Read an IDSET that is all the rest of the input, in linear time. Replicas must ascend; one
 * without ids is passed over. Empty input is the empty set.
 *  @param out  in the arena, at most 32 bytes for each byte of input; empty after a failure
 *  @return OX_OK, OX_E_TRUNCATED, OX_E_MALFORMED, OX_E_NO_MEMORY */

OX_EXPORT ox_status ox_idset_read_replguid(ox_reader *r, ox_arena *arena, ox_idset *out);
OX_EXPORT ox_status ox_idset_read_replid(ox_reader *r, ox_arena *arena, ox_idset *out);
/** As these, of a property's value. @param err  may be NULL */
OX_EXPORT OX_WARN_UNUSED ox_status ox_idset_decode(ox_bytes bytes, uint8_t form, ox_arena *arena,
                                                   ox_idset *out, ox_error *err);
/** Writes an IDSET of its form: equal sets give equal bytes. */
OX_EXPORT void ox_idset_encode(ox_writer *w, const ox_idset *in);

OX_END_DECLS

#endif
