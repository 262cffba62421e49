/* What clients send: the first byte tells the pieces, the rest is fed. */
#include "http1_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  http1_fuzz(data + 1, size - 1, data[0] % 16u + 1u, NULL);
  return 0;
}
