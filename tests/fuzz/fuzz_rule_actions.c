/* Rule actions, standard and extended: what decodes must clone and encode to the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <oxkit/ropcodec/ruleaction.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition) {
  if (!condition) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  ox_arena arena;
  ox_reader r;
  ox_rule_actions actions, copy;
  unsigned width = data[0] & 1 ? OX_COUNT_32 : OX_COUNT_16;
  ox_arena_init(&arena, NULL, 64u * 1024 * 1024);
  ox_reader_init(&r, data + 1, size - 1);
  ox_status status = ox_rule_actions_decode(&r, &arena, width, &actions);
  require(arena.used_bytes <= OX_DECODE_FIXED_BYTES + size * OX_DECODE_EXPANSION_MAX);
  if (status == OX_OK) {
    require(ox_rule_actions_clone(&arena, &actions, &copy) == OX_OK);
    ox_writer a, b;
    ox_writer_init(&a, NULL, SIZE_MAX / 2);
    ox_writer_init(&b, NULL, SIZE_MAX / 2);
    ox_rule_actions_encode(&a, width, &actions);
    ox_rule_actions_encode(&b, width, &copy);
    require(ox_writer_status(&a) == OX_OK && ox_writer_status(&b) == OX_OK);
    require(ox_bytes_equal(ox_writer_bytes(&a), ox_writer_bytes(&b)));
    ox_writer_dispose(&a);
    ox_writer_dispose(&b);
  }
  ox_arena_dispose(&arena);
  return 0;
}
