/* Lookups in the property table, in ns each, over keys of all kinds in turn.
 * usage: bench_properties [MILLISECONDS-PER-MEASUREMENT] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <oxkit/ropcodec/property_info.h>

#include "measure.h"

enum { KEYS = 256 };

static volatile size_t sink;

static void must(bool condition) {
  if (!condition) abort();
}

/* Pseudo-random rows, so that neither the caches nor the branches know what comes. */
static size_t next(size_t *seed) {
  *seed = (*seed * 1103515245u + 12345u) & 0x7FFFFFFFu;
  return *seed >> 8;
}

/* One key of each kind out of KEYS rows that have it. */
static void collect(const char **names, const char **alternates, const char **dav_names,
                    ox_proptag *tags, ox_property_name *keys, ox_arena *arena) {
  size_t seed = 1, have[5] = {0};
  while (have[0] + have[1] + have[2] + have[3] + have[4] < 5 * KEYS) {
    ox_property_info info;
    must(ox_property_info_at(next(&seed) % ox_property_info_count(), &info));
    if (have[0] < KEYS) names[have[0]++] = info.name;
    if (have[1] < KEYS && info.alternates != NULL && strchr(info.alternates, ' ') == NULL) {
      alternates[have[1]++] = info.alternates;
    }
    if (have[2] < KEYS && info.dav_names != NULL && strchr(info.dav_names, ' ') == NULL) {
      dav_names[have[2]++] = info.dav_names;
    }
    if (have[3] < KEYS && info.set == NULL) tags[have[3]++] = info.tag;
    if (have[4] < KEYS && info.set != NULL) {
      must(ox_property_info_property_name(&info, arena, &keys[have[4]++]) == OX_OK);
    }
  }
}

int main(int argc, char **argv) {
  static const char *names[KEYS], *alternates[KEYS], *dav_names[KEYS];
  static ox_proptag tags[KEYS];
  static ox_property_name keys[KEYS];
  measure_ns = (argc > 1 ? atof(argv[1]) : 200) * 1e6;
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  collect(names, alternates, dav_names, tags, keys, &arena);
  ox_property_info info;
  double by_tag, by_name, by_alternate, by_key, by_dav, unknown;
  MEASURE(by_tag, { sink += ox_property_info_by_tag(tags[round_ % KEYS], &info); });
  MEASURE(by_key, { sink += ox_property_info_by_property_name(&keys[round_ % KEYS], &info); });
  MEASURE(by_name, { sink += ox_property_info_by_name(names[round_ % KEYS], &info); });
  MEASURE(by_alternate, { sink += ox_property_info_by_name(alternates[round_ % KEYS], &info); });
  MEASURE(by_dav, { sink += ox_property_info_by_dav_name("", dav_names[round_ % KEYS], &info); });
  MEASURE(unknown, { sink += ox_property_info_by_name("PidTagNoSuchProperty", &info); });
  printf(
      "property table: by tag %.1f ns, by set and LID or name %.1f ns, by canonical name %.1f ns, "
      "by alternate name %.1f ns, by WebDAV name %.1f ns, unknown name %.1f ns\n",
      by_tag, by_key, by_name, by_alternate, by_dav, unknown);
  ox_arena_dispose(&arena);
  return 0;
}
