/* Bodies of the MAPI/HTTP address book requests. The first byte chooses the body; the rest is
 * decoded by the interpreter, dumped, and, when it is a body this file knows, decoded by the
 * generated decoder, which must agree, and encoded and decoded again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../ropcodec/codecs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds) {
  if (!holds) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0 || size > 65536) return 0;
  const codec *c = &nspi_codecs[data[0] % nspi_codec_count];
  const ox_wire_context context = {NULL, 0, false};
  data++;
  size--;
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  void *fast = malloc(c->size_bytes), *slow = malloc(c->size_bytes);
  check(fast != NULL && slow != NULL);
  ox_reader r, s;
  ox_reader_init(&r, data, size);
  s = r;
  ox_status status = c->decode(&r, &arena, &context, fast);
  check(ox_wire_decode(c->structure, &s, &arena, &context, slow, NULL, NULL) == status);
  check(r.position == s.position);
  check(arena.used_bytes <= 2 * (OX_DECODE_FIXED_BYTES + size * OX_DECODE_EXPANSION_MAX));
  if (status == OX_OK) {
    check(ox_wire_equal(c->structure, fast, slow));
    ox_writer w;
    ox_writer_init(&w, NULL, 1 << 22);
    c->encode(&w, fast);
    check(w.status == OX_OK);
    ox_reader_init(&s, w.data, w.size_bytes);
    check(c->decode(&s, &arena, &context, slow) == OX_OK);
    check(s.position == w.size_bytes);
    check(ox_wire_equal(c->structure, fast, slow));
    ox_writer_dispose(&w);
  }
  ox_writer w;
  ox_writer_init(&w, NULL, (size_t)64 << 20);
  ox_reader_init(&r, data, size);
  ox_wire_dump(c->structure, &r, &arena, &context, 0, &w);
  ox_writer_dispose(&w);
  free(fast);
  free(slow);
  ox_arena_dispose(&arena);
  return 0;
}
