/* A chain of extended buffers; what decodes is encoded again, compressed, and must come back. */
#include <stdint.h>
#include <stdlib.h>

#include <oxkit/wire/rpcext.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  ox_arena arena;
  ox_bytes chain = {data, size};
  ox_bytes *payloads;
  ox_bytes *again;
  size_t count;
  size_t count_again;
  ox_arena_init(&arena, NULL, 0);
  if (ox_rpcext_decode(chain, &arena, &payloads, &count, NULL) == OX_OK && count > 0) {
    ox_writer w;
    ox_writer_init(&w, NULL, OX_RPCEXT_CHAIN_MAX_COUNT * 65543u);
    for (size_t i = 0; i < count; i++) {
      ox_reader r;
      ox_aux_block block;
      ox_rpcext_encode(&w, payloads[i],
                       OX_RPCEXT_COMPRESSED | (i % 2 ? OX_RPCEXT_XOR_MAGIC : 0) |
                           (i + 1 == count ? OX_RPCEXT_LAST : 0));
      ox_reader_init(&r, payloads[i].data, payloads[i].size_bytes);
      while (ox_aux_next(&r, &block)) continue;
    }
    if (ox_writer_status(&w) != OX_OK) abort();
    if (ox_rpcext_decode(ox_writer_bytes(&w), &arena, &again, &count_again, NULL) != OX_OK ||
        count_again != count)
      abort();
    for (size_t i = 0; i < count; i++)
      if (!ox_bytes_equal(payloads[i], again[i])) abort();
    ox_writer_dispose(&w);
  }
  ox_arena_dispose(&arena);
  return 0;
}
