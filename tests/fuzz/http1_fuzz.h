/* Feeds the same bytes to an HTTP/1.1 connection whole and in pieces; both must tell the same. */
#ifndef OXKIT_TESTS_FUZZ_HTTP1_FUZZ_H
#define OXKIT_TESTS_FUZZ_HTTP1_FUZZ_H

#include "../wire/http1_transcript.h"

/* `piece_bytes` of the second run; `method` is the client's request, NULL for a server. */
static inline void http1_fuzz(const uint8_t *data, size_t size, size_t piece_bytes,
                              const char *method) {
  static const ox_http_header host = {"Host", "x"};
  /* Small, so that limits are met by small inputs. */
  ox_http1_limits limits = OX_HTTP1_LIMITS_INIT;
  limits.start_line_max_bytes = 200;
  limits.head_max_bytes = 1000;
  limits.header_max_count = 20;
  limits.body_max_bytes = 2000;
  limits.chunk_line_max_bytes = 40;
  limits.trailer_max_bytes = 200;
  limits.input_max_bytes = 1100;
  transcript first = {0};
  for (int i = 0; i < 2; i++) {
    ox_http1 *http;
    if (ox_http1_new(method == NULL, &limits, NULL, &http) != OX_OK) abort();
    if (method != NULL &&
        (ox_http1_send_request(http, method, "/", &host, 1, OX_HTTP1_LENGTH_NO_BODY) != OX_OK ||
         ox_http1_send_end(http, NULL, 0) != OX_OK)) {
      abort();
    }
    transcript t;
    transcript_run(&t, http, data, size, i == 0 ? SIZE_MAX : piece_bytes);
    if (i == 0) {
      first = t;
    } else {
      ox_bytes a = ox_writer_bytes(&first.text), b = ox_writer_bytes(&t.text);
      if (!ox_bytes_equal(a, b)) abort();
      transcript_dispose(&t);
    }
    ox_http1_free(http);
  }
  transcript_dispose(&first);
}

#endif
