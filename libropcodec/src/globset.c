/* Sets of ranges. */
#include <oxkit/ropcodec/globset.h>

#include <string.h>

enum { FIRST_CAPACITY = 4 };

void ox_globset_init(ox_globset *set, const ox_allocator *allocator) {
  memset(set, 0, sizeof *set);
  set->allocator = allocator;
}

void ox_globset_dispose(ox_globset *set) {
  if (set->capacity != 0) ox_free(set->allocator, set->ranges);
  ox_globset_init(set, set->allocator);
}

static ox_globcnt_range *new_ranges(const ox_globset *set, size_t capacity) {
  if (capacity > SIZE_MAX / sizeof(ox_globcnt_range)) return NULL;
  return ox_malloc(set->allocator, capacity * sizeof(ox_globcnt_range));
}

/* Room for one range more. */
static ox_status grow(ox_globset *set) {
  if (set->count < set->capacity) return OX_OK;
  size_t capacity = set->count < FIRST_CAPACITY ? FIRST_CAPACITY : 2 * set->count;
  ox_globcnt_range *ranges = NULL;
  if (set->capacity == 0) {
    ranges = new_ranges(set, capacity);
    if (ranges != NULL && set->count != 0) {
      memcpy(ranges, set->ranges, set->count * sizeof *ranges);
    }
  } else if (capacity <= SIZE_MAX / sizeof *ranges) {
    ranges = ox_realloc(set->allocator, set->ranges, capacity * sizeof *ranges);
  }
  if (ranges == NULL) return OX_E_NO_MEMORY;
  set->ranges = ranges;
  set->capacity = capacity;
  return OX_OK;
}

/* Index of the first range that ends at `id` or later. */
static size_t find(const ox_globset *set, uint64_t id) {
  size_t low = 0, high = set->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (set->ranges[middle].high < id) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/* Replaces the ranges from `first` up to `end` by `count` others: at most one more than before, for
 * which there is room. */
static void replace(ox_globset *set, size_t first, size_t end, const ox_globcnt_range *others,
                    size_t count) {
  ox_globcnt_range *at = set->ranges + first;
  if (end - first != count && set->count != end) {
    memmove(at + count, set->ranges + end, (set->count - end) * sizeof *at);
  }
  for (size_t i = 0; i < count; i++) at[i] = others[i];
  set->count = set->count - (end - first) + count;
}

ox_status ox_globset_add(ox_globset *set, uint64_t low, uint64_t high) {
  if (low > high || high > OX_GLOBCNT_MAX) return OX_E_USAGE;
  /* Those from `first` up to `end` overlap or touch the new range and become one with it. */
  bool behind = set->count == 0 || set->ranges[set->count - 1].high + 1 < low;
  size_t first = behind ? set->count : find(set, low == 0 ? 0 : low - 1), end = first;
  ox_globcnt_range range = {low, high};
  if (first < set->count && set->ranges[first].low < low) range.low = set->ranges[first].low;
  while (end < set->count && set->ranges[end].low <= high + 1) {
    if (set->ranges[end].high > range.high) range.high = set->ranges[end].high;
    end++;
  }
  if (end == first) {
    ox_status status = grow(set);
    if (status != OX_OK) return status;
  }
  replace(set, first, end, &range, 1);
  return OX_OK;
}

ox_status ox_globset_remove(ox_globset *set, uint64_t low, uint64_t high) {
  if (low > high || high > OX_GLOBCNT_MAX) return OX_E_USAGE;
  size_t first = find(set, low), end = first, rest_count = 0;
  while (end < set->count && set->ranges[end].low <= high) end++;
  if (end == first) return OX_OK;
  ox_globcnt_range rest[2]; /* what stays of the first and of the last */
  const ox_globcnt_range *begins = &set->ranges[first], *ends = &set->ranges[end - 1];
  if (begins->low < low) {
    ox_globcnt_range before = {begins->low, low - 1};
    rest[rest_count++] = before;
  }
  if (ends->high > high) {
    ox_globcnt_range behind = {high + 1, ends->high};
    rest[rest_count++] = behind;
  }
  if (rest_count > end - first) {
    ox_status status = grow(set);
    if (status != OX_OK) return status;
  }
  replace(set, first, end, rest, rest_count);
  return OX_OK;
}

bool ox_globset_contains(const ox_globset *set, uint64_t id) {
  size_t at = find(set, id);
  return at < set->count && set->ranges[at].low <= id;
}

bool ox_globset_includes(const ox_globset *set, const ox_globset *other) {
  size_t i = 0;
  for (size_t k = 0; k < other->count; k++) {
    while (i < set->count && set->ranges[i].high < other->ranges[k].high) i++;
    if (i == set->count || set->ranges[i].low > other->ranges[k].low) return false;
  }
  return true;
}

bool ox_globset_equal(const ox_globset *a, const ox_globset *b) {
  return a->count == b->count &&
         (a->count == 0 || memcmp(a->ranges, b->ranges, a->count * sizeof *a->ranges) == 0);
}

uint64_t ox_globset_id_count(const ox_globset *set) {
  uint64_t count = 0;
  for (size_t i = 0; i < set->count; i++) count += set->ranges[i].high - set->ranges[i].low + 1;
  return count;
}

/* Algebra: `ranges` has room for the ranges of both. Each returns how many ranges it made. */

static size_t unite(const ox_globset *a, const ox_globset *b, ox_globcnt_range *ranges) {
  size_t i = 0, k = 0, count = 0;
  while (i < a->count || k < b->count) {
    bool from_a = k == b->count || (i < a->count && a->ranges[i].low < b->ranges[k].low);
    const ox_globcnt_range *next = from_a ? &a->ranges[i++] : &b->ranges[k++];
    if (count == 0 || next->low > ranges[count - 1].high + 1) {
      ranges[count++] = *next;
    } else if (next->high > ranges[count - 1].high) {
      ranges[count - 1].high = next->high;
    }
  }
  return count;
}

static size_t intersect(const ox_globset *a, const ox_globset *b, ox_globcnt_range *ranges) {
  size_t i = 0, k = 0, count = 0;
  while (i < a->count && k < b->count) {
    ox_globcnt_range ra = a->ranges[i], rb = b->ranges[k];
    uint64_t low = ra.low > rb.low ? ra.low : rb.low;
    uint64_t high = ra.high < rb.high ? ra.high : rb.high;
    if (low <= high) {
      ranges[count].low = low;
      ranges[count++].high = high;
    }
    i += ra.high == high;
    k += rb.high == high;
  }
  return count;
}

static size_t subtract(const ox_globset *a, const ox_globset *b, ox_globcnt_range *ranges) {
  size_t k = 0, count = 0;
  for (size_t i = 0; i < a->count; i++) {
    uint64_t low = a->ranges[i].low, high = a->ranges[i].high;
    while (k < b->count && b->ranges[k].high < low) k++;
    while (k < b->count && b->ranges[k].low <= high && low <= high) {
      if (low < b->ranges[k].low) {
        ranges[count].low = low;
        ranges[count++].high = b->ranges[k].low - 1;
      }
      low = b->ranges[k].high + 1;
      if (low <= high) k++; /* otherwise it may reach into the next range */
    }
    if (low <= high) {
      ranges[count].low = low;
      ranges[count++].high = high;
    }
  }
  return count;
}

typedef size_t operation(const ox_globset *a, const ox_globset *b, ox_globcnt_range *ranges);

static ox_status combine(operation *op, const ox_globset *a, const ox_globset *b, ox_globset *out) {
  ox_globset made = {NULL, 0, a->count + b->count, out->allocator};
  if (made.capacity != 0) {
    made.ranges = new_ranges(out, made.capacity);
    if (made.ranges == NULL) return OX_E_NO_MEMORY;
    made.count = op(a, b, made.ranges);
  }
  ox_globset_dispose(out);
  if (made.count == 0) {
    ox_globset_dispose(&made);
  } else if (made.count < made.capacity / 2) {
    ox_globcnt_range *less =
        ox_realloc(made.allocator, made.ranges, made.count * sizeof *made.ranges);
    if (less != NULL) {
      made.ranges = less;
      made.capacity = made.count;
    }
  }
  *out = made;
  return OX_OK;
}

ox_status ox_globset_union(const ox_globset *a, const ox_globset *b, ox_globset *out) {
  return combine(unite, a, b, out);
}

ox_status ox_globset_intersection(const ox_globset *a, const ox_globset *b, ox_globset *out) {
  return combine(intersect, a, b, out);
}

ox_status ox_globset_difference(const ox_globset *a, const ox_globset *b, ox_globset *out) {
  return combine(subtract, a, b, out);
}

ox_status ox_globset_complement(const ox_globset *set, uint64_t low, uint64_t high,
                                ox_globset *out) {
  if (low > high || high > OX_GLOBCNT_MAX) return OX_E_USAGE;
  ox_globcnt_range range = {low, high};
  ox_globset all = {&range, 1, 0, NULL};
  return combine(subtract, &all, set, out);
}

ox_status ox_globset_copy(const ox_globset *set, ox_globset *out) {
  ox_globset made = {NULL, set->count, set->count, out->allocator};
  if (made.capacity != 0) {
    made.ranges = new_ranges(out, made.capacity);
    if (made.ranges == NULL) return OX_E_NO_MEMORY;
    memcpy(made.ranges, set->ranges, made.count * sizeof *made.ranges);
  }
  ox_globset_dispose(out);
  *out = made;
  return OX_OK;
}
