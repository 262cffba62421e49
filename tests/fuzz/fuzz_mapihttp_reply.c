/* An answer's inner stream. Its first byte is the head's X-ResponseCode, and it must mean the same
 * in one piece and byte by byte. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <oxkit/wire/mapihttp.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static ox_status digest(const uint8_t *data, size_t size, size_t piece, const char *code,
                        ox_mapihttp_reply *reply) {
  ox_http_header headers[] = {{"X-ResponseCode", code}};
  ox_mapihttp_reply_init(reply, NULL, 4096);
  ox_status status = ox_mapihttp_reply_head(reply, 200, headers, 1, NULL);
  for (size_t at = 0; at < size && status == OX_OK; at += piece)
    status = ox_mapihttp_reply_feed(reply, data + at, size - at < piece ? size - at : piece, NULL);
  return status == OX_OK ? ox_mapihttp_reply_finish(reply, NULL) : status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char code[8];
  ox_mapihttp_reply whole;
  ox_mapihttp_reply bytes;
  if (size == 0) return 0;
  snprintf(code, sizeof code, "%u", data[0] % 20u);
  ox_status status = digest(data + 1, size - 1, size, code, &whole);
  if (digest(data + 1, size - 1, 1, code, &bytes) != status) abort();
  if (whole.response_code != bytes.response_code || whole.pending_count != bytes.pending_count)
    abort();
  if (status == OX_OK &&
      !ox_bytes_equal(ox_writer_bytes(&whole.body), ox_writer_bytes(&bytes.body)))
    abort();
  ox_mapihttp_reply_dispose(&whole);
  ox_mapihttp_reply_dispose(&bytes);
  return 0;
}
