/* Two IDSETs of one form: decoded, encoded and decoded again they are equal, and their algebra
 * holds together. The first byte chooses the form, the next two where the second set begins. */
#include <stdint.h>
#include <stdlib.h>

#include <oxkit/ropcodec/idset.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition) {
  if (!condition) abort();
}

static bool decode(ox_bytes bytes, uint8_t form, ox_arena *arena, ox_idset *out) {
  size_t before = arena->used_bytes;
  bool decoded = ox_idset_decode(bytes, form, arena, out, NULL) == OX_OK;
  require(arena->used_bytes - before <= 32 * bytes.size_bytes);
  require(decoded || out->count == 0);
  return decoded;
}

static void check_bytes(const ox_idset *set, ox_arena *arena) {
  ox_writer w, w_again;
  ox_idset again;
  ox_writer_init(&w, NULL, SIZE_MAX / 2);
  ox_writer_init(&w_again, NULL, SIZE_MAX / 2);
  ox_idset_encode(&w, set);
  require(ox_writer_status(&w) == OX_OK);
  require(decode(ox_writer_bytes(&w), set->form, arena, &again));
  require(ox_idset_equal(set, &again));
  ox_idset_encode(&w_again, &again);
  require(ox_bytes_equal(ox_writer_bytes(&w), ox_writer_bytes(&w_again)));
  ox_writer_dispose(&w);
  ox_writer_dispose(&w_again);
}

/* Adds, or takes out, all ids of `other`. */
static void change(ox_idset *set, const ox_idset *other, bool adds) {
  for (size_t i = 0; i < other->count; i++) {
    const ox_idset_entry *entry = &other->entries[i];
    for (size_t k = 0; k < entry->ids.count; k++) {
      const ox_globcnt_range *range = &entry->ids.ranges[k];
      require((adds ? ox_idset_add(set, &entry->replica, range->low, range->high)
                    : ox_idset_remove(set, &entry->replica, range->low, range->high)) == OX_OK);
    }
  }
}

static void check_algebra(const ox_idset *a, const ox_idset *b) {
  ox_idset either, both, first, out;
  ox_idset_init(&either, a->form, NULL);
  ox_idset_init(&both, a->form, NULL);
  ox_idset_init(&first, a->form, NULL);
  ox_idset_init(&out, a->form, NULL);
  require(ox_idset_union(a, b, &either) == OX_OK);
  require(ox_idset_intersection(a, b, &both) == OX_OK);
  require(ox_idset_difference(a, b, &first) == OX_OK);
  require(ox_idset_includes(&either, a) && ox_idset_includes(&either, b));
  require(ox_idset_includes(a, &both) && ox_idset_includes(b, &both));
  require(ox_idset_includes(a, b) == ox_idset_equal(&both, b));
  require(ox_idset_id_count(&either) + ox_idset_id_count(&both) ==
          ox_idset_id_count(a) + ox_idset_id_count(b));
  require(ox_idset_id_count(&first) + ox_idset_id_count(&both) == ox_idset_id_count(a));
  require(ox_idset_intersection(&first, b, &out) == OX_OK && out.count == 0);
  require(ox_idset_union(&first, &both, &out) == OX_OK && ox_idset_equal(&out, a));
  require(ox_idset_difference(&either, b, &out) == OX_OK && ox_idset_equal(&out, &first));
  require(ox_idset_copy(a, &out) == OX_OK);
  change(&out, b, true);
  require(ox_idset_equal(&out, &either));
  change(&out, b, false);
  require(ox_idset_equal(&out, &first));
  ox_idset_dispose(&either);
  ox_idset_dispose(&both);
  ox_idset_dispose(&first);
  ox_idset_dispose(&out);
}

static void check_complement(const ox_globset *set, uint64_t high) {
  ox_globset out, inside;
  ox_globset_init(&out, NULL);
  ox_globset_init(&inside, NULL);
  require(ox_globset_complement(set, 1, high, &out) == OX_OK);
  require(ox_globset_complement(&out, 1, high, &inside) == OX_OK);
  require(ox_globset_includes(set, &inside));
  require(ox_globset_id_count(&out) + ox_globset_id_count(&inside) == high);
  ox_globset_dispose(&out);
  ox_globset_dispose(&inside);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 3) return 0;
  uint8_t form = data[0] & 1 ? OX_IDSET_REPLID : OX_IDSET_REPLGUID;
  size_t split = data[1] | (size_t)data[2] << 8;
  data += 3;
  size -= 3;
  if (split > size) split = size;
  ox_bytes bytes_a = {data, split}, bytes_b = {data + split, size - split};
  ox_arena arena;
  ox_idset a, b;
  ox_arena_init(&arena, NULL, 0);
  if (decode(bytes_a, form, &arena, &a)) {
    check_bytes(&a, &arena);
    for (size_t i = 0; i < a.count; i++) {
      check_complement(&a.entries[i].ids, 1 + a.entries[i].ids.ranges[0].high / 2);
    }
    if (decode(bytes_b, form, &arena, &b)) check_algebra(&a, &b);
  }
  ox_arena_dispose(&arena);
  return 0;
}
