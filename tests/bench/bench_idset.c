/* Sets of a million ids in ranges, at several fragmentations: algebra against memcpy of the same
 * range arrays, encoding and decoding in bytes a second, adding and asking in ns an id.
 * usage: bench_idset [MILLISECONDS-PER-MEASUREMENT] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <oxkit/ropcodec/globset.h>

#include "measure.h"

enum { IDS = 1000000 };

static void must(bool condition) {
  if (!condition) abort();
}

static uint64_t next_random(uint64_t *state) {
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return *state;
}

/* A million ids in ranges of `length` on average, with gaps of as many. */
static void fill(ox_globset *set, unsigned length, uint64_t seed) {
  uint64_t at = 1, left = IDS;
  while (left != 0) {
    uint64_t run = 1 + next_random(&seed) % (2 * length - 1);
    if (run > left) run = left;
    at += 1 + next_random(&seed) % (2 * length);
    must(ox_globset_add(set, at, at + run - 1) == OX_OK);
    at += run;
    left -= run;
  }
}

static void show(const char *name, double ns, size_t ranges, double copy_ns) {
  printf("  %-13s %8.2f ns a range  %6.1f times memcpy\n", name, ns / (double)ranges, ns / copy_ns);
}

static void bench_algebra(const ox_globset *a, const ox_globset *b) {
  ox_globset out;
  ox_globset_init(&out, NULL);
  size_t ranges = a->count + b->count;
  ox_globcnt_range *copy = malloc(ranges * sizeof *copy);
  must(copy != NULL);
  double copy_ns, ns;
  MEASURE(copy_ns, {
    memcpy(copy, a->ranges, a->count * sizeof *copy);
    memcpy(copy + a->count, b->ranges, b->count * sizeof *copy);
    __asm__ __volatile__("" : : "r"(copy) : "memory");
  });
  show("memcpy", copy_ns, ranges, copy_ns);
  MEASURE(ns, must(ox_globset_union(a, b, &out) == OX_OK));
  show("union", ns, ranges, copy_ns);
  MEASURE(ns, must(ox_globset_intersection(a, b, &out) == OX_OK));
  show("intersection", ns, ranges, copy_ns);
  MEASURE(ns, must(ox_globset_difference(a, b, &out) == OX_OK));
  show("difference", ns, ranges, copy_ns);
  MEASURE(ns, must(ox_globset_complement(a, 1, OX_GLOBCNT_MAX, &out) == OX_OK));
  show("complement", ns, a->count, copy_ns / (double)ranges * (double)a->count);
  must(ox_globset_union(a, b, &out) == OX_OK);
  MEASURE(ns, must(ox_globset_includes(&out, a)));
  show("is subset", ns, out.count + a->count,
       copy_ns / (double)ranges * (double)(out.count + a->count));
  ox_globset_dispose(&out);
  free(copy);
}

static void bench_wire(const ox_globset *set) {
  ox_writer w;
  ox_arena arena;
  ox_writer_init(&w, NULL, (size_t)1 << 30);
  ox_arena_init(&arena, NULL, 0);
  double encode_ns, decode_ns;
  MEASURE(encode_ns, {
    ox_writer_reset(&w);
    ox_globset_encode(&w, set);
  });
  ox_bytes bytes = ox_writer_bytes(&w);
  MEASURE(decode_ns, {
    ox_reader r;
    ox_globset out;
    ox_arena_reset(&arena);
    ox_reader_init(&r, bytes.data, bytes.size_bytes);
    must(ox_globset_decode(&r, &arena, &out) == OX_OK && out.count == set->count);
  });
  double size = (double)bytes.size_bytes, ranges = (double)set->count;
  printf("  encode        %8.2f ns a range  %6.0f MB/s  %.2f bytes a range\n", encode_ns / ranges,
         size * 1e3 / encode_ns, size / ranges);
  printf("  decode        %8.2f ns a range  %6.0f MB/s\n", decode_ns / ranges,
         size * 1e3 / decode_ns);
  ox_writer_dispose(&w);
  ox_arena_dispose(&arena);
}

static void bench_ids(const ox_globset *set) {
  ox_globset built;
  ox_globset_init(&built, NULL);
  double ns;
  MEASURE(ns, {
    ox_globset_dispose(&built);
    for (size_t i = 0; i < set->count; i++) {
      must(ox_globset_add(&built, set->ranges[i].low, set->ranges[i].high) == OX_OK);
    }
  });
  must(ox_globset_equal(set, &built));
  printf("  add, in order %8.2f ns a range\n", ns / (double)set->count);
  uint64_t seed = 5, limit = set->ranges[set->count - 1].high, found = 0;
  MEASURE(ns, {
    for (unsigned i = 0; i < 1000; i++) {
      found += ox_globset_contains(set, next_random(&seed) % limit);
    }
  });
  must(found != 0);
  printf("  contains      %8.2f ns an id\n", ns / 1000);
  ox_globset_dispose(&built);
}

int main(int argc, char **argv) {
  static const unsigned lengths[] = {1, 4, 64, 10000};
  measure_ns = (argc > 1 ? atof(argv[1]) : 200) * 1e6;
  for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
    ox_globset a, b;
    ox_globset_init(&a, NULL);
    ox_globset_init(&b, NULL);
    fill(&a, lengths[i], 1);
    fill(&b, lengths[i], 2);
    printf("%d ids each in %zu and %zu ranges\n", IDS, a.count, b.count);
    bench_algebra(&a, &b);
    bench_wire(&a);
    bench_ids(&a);
    ox_globset_dispose(&a);
    ox_globset_dispose(&b);
  }
  return 0;
}
