/* What servers send: the first byte tells the pieces and the method asked with. */
#include "http1_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char *const methods[] = {"GET", "HEAD", "POST", "CONNECT"};
  if (size == 0) return 0;
  http1_fuzz(data + 1, size - 1, data[0] % 16u + 1u, methods[data[0] >> 6]);
  return 0;
}
