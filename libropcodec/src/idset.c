#include <oxkit/ropcodec/idset.h>

#include <stdlib.h>
#include <string.h>

#define REPLID_SPEC "[MS-OXCFXICS] 2.2.2.4.1"
#define REPLGUID_SPEC "[MS-OXCFXICS] 2.2.2.4.2"

enum { FIRST_CAPACITY = 4 };

static const ox_globset no_ids;

bool ox_idset_form_of(ox_proptag tag, uint8_t *form_out) {
  switch (OX_PROPTAG_ID(tag)) {
    case 0x4017: /* MetaTagIdsetGiven */
    case 0x6796: /* MetaTagCnsetSeen */
    case 0x67DA: /* MetaTagCnsetSeenFAI */
    case 0x67D2: /* MetaTagCnsetRead */ *form_out = OX_IDSET_REPLGUID; return true;
    case 0x67E5: /* MetaTagIdsetDeleted */
    case 0x4021: /* MetaTagIdsetNoLongerInScope */
    case 0x6793: /* MetaTagIdsetExpired */
    case 0x402D: /* MetaTagIdsetRead */
    case 0x402E: /* MetaTagIdsetUnread */ *form_out = OX_IDSET_REPLID; return true;
    default: return false;
  }
}

void ox_idset_init(ox_idset *set, uint8_t form, const ox_allocator *allocator) {
  memset(set, 0, sizeof *set);
  set->form = form;
  set->allocator = allocator;
}

void ox_idset_dispose(ox_idset *set) {
  for (size_t i = 0; i < set->count; i++) ox_globset_dispose(&set->entries[i].ids);
  if (set->capacity != 0) ox_free(set->allocator, set->entries);
  ox_idset_init(set, set->form, set->allocator);
}

static int compare(uint8_t form, const ox_replica *a, const ox_replica *b) {
  if (form == OX_IDSET_REPLID) return (int)a->replid - (int)b->replid;
  return ox_guid_compare(&a->replguid, &b->replguid);
}

/* Index of the first replica that is not before this one; whether it is this one. */
static size_t find(const ox_idset *set, const ox_replica *replica, bool *found_out) {
  size_t low = 0, high = set->count;
  *found_out = false;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    int order = compare(set->form, &set->entries[middle].replica, replica);
    if (order < 0) {
      low = middle + 1;
    } else {
      if (order == 0) *found_out = true;
      high = middle;
    }
  }
  return low;
}

/* Room for `count` entries. */
static ox_status reserve(ox_idset *set, size_t count) {
  if (count <= set->capacity) return OX_OK;
  size_t capacity = 2 * set->count > count ? 2 * set->count : count;
  if (capacity < FIRST_CAPACITY) capacity = FIRST_CAPACITY;
  if (capacity > SIZE_MAX / sizeof(ox_idset_entry)) return OX_E_NO_MEMORY;
  ox_idset_entry *entries = ox_malloc(set->allocator, capacity * sizeof *entries);
  if (entries == NULL) return OX_E_NO_MEMORY;
  if (set->count != 0) memcpy(entries, set->entries, set->count * sizeof *entries);
  if (set->capacity != 0) ox_free(set->allocator, set->entries);
  set->entries = entries;
  set->capacity = capacity;
  return OX_OK;
}

/* An entry without ids behind the last one, for which there is room. */
static ox_idset_entry *append(ox_idset *set, const ox_replica *replica) {
  ox_idset_entry *entry = &set->entries[set->count++];
  entry->replica = *replica;
  ox_globset_init(&entry->ids, set->allocator);
  return entry;
}

static void drop_entry(ox_idset *set, size_t index) {
  ox_idset_entry *entry = &set->entries[index];
  ox_globset_dispose(&entry->ids);
  set->count--;
  memmove(entry, entry + 1, (set->count - index) * sizeof *entry);
}

const ox_globset *ox_idset_ids(const ox_idset *set, const ox_replica *replica) {
  bool found;
  size_t at = find(set, replica, &found);
  return found ? &set->entries[at].ids : &no_ids;
}

ox_status ox_idset_add(ox_idset *set, const ox_replica *replica, uint64_t low, uint64_t high) {
  bool found;
  size_t at = find(set, replica, &found);
  if (found) return ox_globset_add(&set->entries[at].ids, low, high);
  ox_idset_entry entry = {.replica = *replica};
  ox_globset_init(&entry.ids, set->allocator);
  ox_status status = ox_globset_add(&entry.ids, low, high);
  if (status == OX_OK) status = reserve(set, set->count + 1);
  if (status != OX_OK) {
    ox_globset_dispose(&entry.ids);
    return status;
  }
  memmove(set->entries + at + 1, set->entries + at, (set->count - at) * sizeof entry);
  set->entries[at] = entry;
  set->count++;
  return OX_OK;
}

ox_status ox_idset_remove(ox_idset *set, const ox_replica *replica, uint64_t low, uint64_t high) {
  if (low > high || high > OX_GLOBCNT_MAX) return OX_E_USAGE;
  bool found;
  size_t at = find(set, replica, &found);
  if (!found) return OX_OK;
  ox_status status = ox_globset_remove(&set->entries[at].ids, low, high);
  if (set->entries[at].ids.count == 0) drop_entry(set, at);
  return status;
}

static ox_replica replica_of(ox_id64 id) {
  ox_replica replica = {.replid = ox_id64_replid(id)};
  return replica;
}

ox_status ox_idset_add_id(ox_idset *set, ox_id64 id) {
  if (set->form != OX_IDSET_REPLID) return OX_E_USAGE;
  ox_replica replica = replica_of(id);
  return ox_idset_add(set, &replica, ox_id64_globcnt(id), ox_id64_globcnt(id));
}

ox_status ox_idset_remove_id(ox_idset *set, ox_id64 id) {
  if (set->form != OX_IDSET_REPLID) return OX_E_USAGE;
  ox_replica replica = replica_of(id);
  return ox_idset_remove(set, &replica, ox_id64_globcnt(id), ox_id64_globcnt(id));
}

bool ox_idset_contains_id(const ox_idset *set, ox_id64 id) {
  if (set->form != OX_IDSET_REPLID) return false;
  ox_replica replica = replica_of(id);
  return ox_globset_contains(ox_idset_ids(set, &replica), ox_id64_globcnt(id));
}

bool ox_idset_includes(const ox_idset *set, const ox_idset *other) {
  if (set->form != other->form) return false;
  size_t i = 0;
  for (size_t k = 0; k < other->count; k++) {
    const ox_idset_entry *entry = &other->entries[k];
    int order = -1;
    while (i < set->count &&
           (order = compare(set->form, &set->entries[i].replica, &entry->replica)) < 0) {
      i++;
    }
    if (order != 0 || !ox_globset_includes(&set->entries[i].ids, &entry->ids)) return false;
  }
  return true;
}

bool ox_idset_equal(const ox_idset *a, const ox_idset *b) {
  if (a->form != b->form || a->count != b->count) return false;
  for (size_t i = 0; i < a->count; i++) {
    if (compare(a->form, &a->entries[i].replica, &b->entries[i].replica) != 0) return false;
    if (!ox_globset_equal(&a->entries[i].ids, &b->entries[i].ids)) return false;
  }
  return true;
}

uint64_t ox_idset_id_count(const ox_idset *set) {
  uint64_t count = 0;
  for (size_t i = 0; i < set->count; i++) count += ox_globset_id_count(&set->entries[i].ids);
  return count;
}

/* Algebra. */

typedef ox_status operation(const ox_globset *a, const ox_globset *b, ox_globset *out);

/* *made is complete: it becomes *out, unless something went wrong. */
static ox_status finish(ox_status status, ox_idset *made, ox_idset *out) {
  if (status != OX_OK) {
    ox_idset_dispose(made);
    return status;
  }
  ox_idset_dispose(out);
  *out = *made;
  return OX_OK;
}

static ox_status combine(operation *op, const ox_idset *a, const ox_idset *b, ox_idset *out) {
  if (a->form != b->form) return OX_E_USAGE;
  ox_idset made;
  ox_idset_init(&made, a->form, out->allocator);
  ox_status status = reserve(&made, a->count + b->count);
  size_t i = 0, k = 0;
  while (status == OX_OK && (i < a->count || k < b->count)) {
    int order = i == a->count   ? 1
                : k == b->count ? -1
                                : compare(a->form, &a->entries[i].replica, &b->entries[k].replica);
    const ox_idset_entry *entry = order <= 0 ? &a->entries[i] : &b->entries[k];
    const ox_globset *ids_a = order <= 0 ? &a->entries[i++].ids : &no_ids;
    const ox_globset *ids_b = order >= 0 ? &b->entries[k++].ids : &no_ids;
    ox_globset *ids = &append(&made, &entry->replica)->ids;
    status = op(ids_a, ids_b, ids);
    if (ids->count == 0) made.count--;
  }
  return finish(status, &made, out);
}

ox_status ox_idset_union(const ox_idset *a, const ox_idset *b, ox_idset *out) {
  return combine(ox_globset_union, a, b, out);
}

ox_status ox_idset_intersection(const ox_idset *a, const ox_idset *b, ox_idset *out) {
  return combine(ox_globset_intersection, a, b, out);
}

ox_status ox_idset_difference(const ox_idset *a, const ox_idset *b, ox_idset *out) {
  return combine(ox_globset_difference, a, b, out);
}

/* Conversion. */

static ox_status convert_replica(const ox_replica_map *map, uint8_t form, const ox_replica *from,
                                 ox_replica *to, ox_error *err) {
  memset(to, 0, sizeof *to);
  if (form == OX_IDSET_REPLID) {
    ox_status status = map->replid_of(map->user, &from->replguid, &to->replid);
    if (status == OX_OK) return OX_OK;
    char text[OX_GUID_TEXT_BYTES];
    ox_guid_format(&from->replguid, text);
    return ox_error_setf(err, status, "There is no REPLID for the REPLGUID %s.", text);
  }
  ox_status status = map->replguid_of(map->user, from->replid, &to->replguid);
  if (status == OX_OK) return OX_OK;
  return ox_error_setf(err, status, "There is no REPLGUID for the REPLID %u.", from->replid);
}

static int compare_replids(const void *a, const void *b) {
  const ox_idset_entry *entry_a = a, *entry_b = b;
  return compare(OX_IDSET_REPLID, &entry_a->replica, &entry_b->replica);
}

static int compare_replguids(const void *a, const void *b) {
  const ox_idset_entry *entry_a = a, *entry_b = b;
  return compare(OX_IDSET_REPLGUID, &entry_a->replica, &entry_b->replica);
}

/* Makes one entry of those that have one replica. */
static ox_status join_equal(ox_idset *set) {
  ox_status status = OX_OK;
  size_t kept = 0;
  for (size_t i = 1; i < set->count; i++) {
    ox_idset_entry *last = &set->entries[kept], *entry = &set->entries[i];
    if (status == OX_OK && compare(set->form, &last->replica, &entry->replica) == 0) {
      status = ox_globset_union(&last->ids, &entry->ids, &last->ids);
      ox_globset_dispose(&entry->ids);
    } else {
      set->entries[++kept] = *entry;
    }
  }
  if (set->count != 0) set->count = kept + 1;
  return status;
}

ox_status ox_idset_convert(const ox_idset *set, uint8_t form, const ox_replica_map *map,
                           ox_idset *out, ox_error *err) {
  ox_idset made;
  ox_idset_init(&made, form, out->allocator);
  ox_status status = reserve(&made, set->count);
  for (size_t i = 0; status == OX_OK && i < set->count; i++) {
    const ox_idset_entry *entry = &set->entries[i];
    ox_replica replica = entry->replica;
    if (form != set->form) status = convert_replica(map, form, &entry->replica, &replica, err);
    if (status != OX_OK) break;
    status = ox_globset_copy(&entry->ids, &append(&made, &replica)->ids);
  }
  if (form != set->form && made.count != 0) {
    qsort(made.entries, made.count, sizeof *made.entries,
          form == OX_IDSET_REPLID ? compare_replids : compare_replguids);
  }
  if (status == OX_OK) status = join_equal(&made);
  if (status == OX_E_NO_MEMORY) ox_error_set(err, status, NULL);
  return finish(status, &made, out);
}

ox_status ox_idset_copy(const ox_idset *set, ox_idset *out) {
  return ox_idset_convert(set, set->form, NULL, out, NULL);
}

/* Wire. */

/* A replica's name, which must be behind that of `before` (NULL: it is the first). */
static void read_replica(ox_reader *r, uint8_t form, const ox_replica *before, ox_replica *out) {
  const char *field = form == OX_IDSET_REPLID ? "REPLID" : "REPLGUID";
  const char *spec = form == OX_IDSET_REPLID ? REPLID_SPEC : REPLGUID_SPEC;
  size_t start = r->position;
  memset(out, 0, sizeof *out);
  if (form == OX_IDSET_REPLID) {
    out->replid = ox_read_u16(r);
  } else {
    ox_read_guid(r, &out->replguid);
  }
  if (!ox_reader_ok(r)) {
    ox_reader_blame(r, field, spec);
  } else if (before != NULL && compare(form, before, out) >= 0) {
    r->position = start;
    ox_reader_fail(r, OX_E_MALFORMED, field, spec);
  }
}

/* An entry more in the arena; the old array stays there. */
static ox_idset_entry *append_in_arena(ox_reader *r, ox_arena *arena, ox_idset *set, size_t *room) {
  if (set->count == *room) {
    size_t more = *room == 0 ? 1 : 2 * *room;
    ox_idset_entry *entries = ox_arena_grow(arena, set->entries, set->count, more, sizeof *entries);
    if (entries == NULL) {
      ox_reader_fail(r, OX_E_NO_MEMORY, NULL, NULL);
      return NULL;
    }
    set->entries = entries;
    *room = more;
  }
  return &set->entries[set->count++];
}

static ox_status read_set(ox_reader *r, ox_arena *arena, uint8_t form, ox_idset *out) {
  ox_idset_init(out, form, NULL);
  size_t room = 0;
  ox_replica names[2], *before = NULL;
  for (size_t i = 0; ox_reader_remaining(r) != 0; i++) {
    ox_replica *replica = &names[i % 2];
    read_replica(r, form, before, replica);
    before = replica;
    ox_globset ids;
    if (ox_globset_decode(r, arena, &ids) != OX_OK || ids.count == 0) continue;
    ox_idset_entry *entry = append_in_arena(r, arena, out, &room);
    if (entry == NULL) break;
    entry->replica = *replica;
    entry->ids = ids;
  }
  if (!ox_reader_ok(r)) ox_idset_init(out, form, NULL);
  return r->status;
}

ox_status ox_idset_read_replguid(ox_reader *r, ox_arena *arena, ox_idset *out) {
  return read_set(r, arena, OX_IDSET_REPLGUID, out);
}

ox_status ox_idset_read_replid(ox_reader *r, ox_arena *arena, ox_idset *out) {
  return read_set(r, arena, OX_IDSET_REPLID, out);
}

ox_status ox_idset_decode(ox_bytes bytes, uint8_t form, ox_arena *arena, ox_idset *out,
                          ox_error *err) {
  ox_reader r;
  ox_reader_init(&r, bytes.data, bytes.size_bytes);
  read_set(&r, arena, form, out);
  return ox_reader_status(&r, err);
}

void ox_idset_encode(ox_writer *w, const ox_idset *in) {
  for (size_t i = 0; i < in->count; i++) {
    const ox_idset_entry *entry = &in->entries[i];
    if (entry->ids.count == 0 ||
        (i != 0 && compare(in->form, &entry[-1].replica, &entry->replica) >= 0)) {
      ox_writer_fail(w, OX_E_USAGE);
      return;
    }
    if (in->form == OX_IDSET_REPLID) {
      ox_write_u16(w, entry->replica.replid);
    } else {
      ox_write_guid(w, &entry->replica.replguid);
    }
    ox_globset_encode(w, &entry->ids);
  }
}
