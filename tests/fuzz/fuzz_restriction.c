/* Restrictions: what decodes must encode to the same bytes, clone, name its tags and evaluate. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <oxkit/ropcodec/restriction.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition) {
  if (!condition) abort();
}

static const ox_value *lookup(void *user, ox_proptag tag) {
  return ox_propbag_get(user, tag);
}

static ox_status subobjects(void *user, uint32_t subobject, const ox_restriction *child,
                            bool *any_matches_out) {
  (void)user;
  *any_matches_out = subobject == 0x0E12000D && child != NULL;
  return OX_OK;
}

static void fill(ox_propbag *bag) {
  static const uint8_t bytes[] = {1, 2, 3};
  require(ox_propbag_set_utf8(bag, OX_PidTagSubject, "The Subject \xC3\xA9") == OX_OK);
  require(ox_propbag_set_i32(bag, OX_PidTagMessageFlags, 5) == OX_OK);
  require(ox_propbag_set_binary(bag, OX_PidTagEntryId, bytes, sizeof bytes) == OX_OK);
}

static void check(ox_arena *arena, const ox_restriction *restriction, unsigned width) {
  ox_restriction copy;
  require(ox_restriction_clone(arena, restriction, &copy) == OX_OK);
  ox_writer a, b;
  ox_writer_init(&a, NULL, SIZE_MAX / 2);
  ox_writer_init(&b, NULL, SIZE_MAX / 2);
  ox_restriction_encode(&a, width, restriction);
  ox_restriction_encode(&b, width, &copy);
  require(ox_writer_status(&a) == OX_OK && ox_writer_status(&b) == OX_OK);
  require(ox_bytes_equal(ox_writer_bytes(&a), ox_writer_bytes(&b)));
  ox_restriction again;
  ox_reader r;
  ox_reader_init(&r, ox_writer_bytes(&a).data, ox_writer_bytes(&a).size_bytes);
  require(ox_restriction_decode(&r, arena, width, &again) == OX_OK);
  require(ox_reader_finish(&r, NULL) == OX_OK);
  ox_writer_dispose(&a);
  ox_writer_dispose(&b);

  ox_proptag tags[16];
  size_t tag_count;
  ox_status status = ox_restriction_tags(restriction, tags, 16, &tag_count);
  require(status == OX_OK || status == OX_E_LIMIT);
  ox_propbag bag;
  ox_propbag_init(&bag, arena);
  fill(&bag);
  ox_restriction_subject subject = {sizeof subject, lookup, subobjects, &bag, arena};
  bool matches;
  status = ox_restriction_matches(restriction, &subject, &matches);
  require(status == OX_OK || status == OX_E_TOO_COMPLEX || status == OX_E_NO_MEMORY);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  ox_arena arena;
  ox_reader r;
  ox_restriction restriction;
  unsigned width = data[0] & 1 ? OX_COUNT_32 : OX_COUNT_16;
  ox_arena_init(&arena, NULL, 64u * 1024 * 1024);
  ox_reader_init(&r, data + 1, size - 1);
  ox_status status = ox_restriction_decode(&r, &arena, width, &restriction);
  require(arena.used_bytes <= OX_DECODE_FIXED_BYTES + size * OX_DECODE_EXPANSION_MAX);
  if (status == OX_OK) check(&arena, &restriction, width);
  ox_arena_dispose(&arena);
  return 0;
}
