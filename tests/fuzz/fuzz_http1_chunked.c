/* Chunked bodies, both ways: what was read is written again as chunks and must be read alike. */
#include "http1_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char request_head[] =
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

/* Reads one chunked request; false when it is refused or not complete. */
static bool read_body(ox_http1 *http, const void *data, size_t size, ox_writer *body) {
  size_t taken, done = 0;
  for (;;) {
    if (ox_http1_feed(http, (const uint8_t *)data + done, size - done, &taken) != OX_OK) abort();
    done += taken;
    ox_http1_event event;
    if (ox_http1_next(http, &event, NULL) != OX_OK) return false;
    if (event.kind == OX_HTTP1_BODY) {
      ox_write_bytes(body, event.body.data, event.body.size_bytes);
    } else if (event.kind == OX_HTTP1_END) {
      return true;
    } else if (event.kind == OX_HTTP1_NEED_INPUT && done == size) {
      return false;
    }
  }
}

static void write_again(ox_bytes body, size_t piece_bytes) {
  static const ox_http_header host = {"Host", "a"};
  ox_http1 *client, *server;
  ox_writer again;
  ox_writer_init(&again, NULL, 1 << 20);
  if (ox_http1_new(false, NULL, NULL, &client) != OX_OK ||
      ox_http1_new(true, NULL, NULL, &server) != OX_OK ||
      ox_http1_send_request(client, "POST", "/", &host, 1, OX_HTTP1_LENGTH_CHUNKED) != OX_OK) {
    abort();
  }
  for (size_t i = 0; i < body.size_bytes; i += piece_bytes) {
    size_t n = body.size_bytes - i < piece_bytes ? body.size_bytes - i : piece_bytes;
    if (ox_http1_send_body(client, body.data + i, n) != OX_OK) abort();
  }
  if (ox_http1_send_end(client, NULL, 0) != OX_OK) abort();
  ox_bytes out = ox_http1_output(client);
  if (!read_body(server, out.data, out.size_bytes, &again)) abort();
  if (!ox_bytes_equal(ox_writer_bytes(&again), body)) abort();
  ox_writer_dispose(&again);
  ox_http1_free(client);
  ox_http1_free(server);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0 || size > 4096) return 0;
  size_t head = sizeof request_head - 1, piece_bytes = data[0] % 16u + 1u;
  uint8_t *input = malloc(head + size);
  if (input == NULL) abort();
  memcpy(input, request_head, head);
  memcpy(input + head, data + 1, size - 1);
  http1_fuzz(input, head + size - 1, piece_bytes, NULL);
  ox_http1 *http;
  ox_writer body;
  ox_writer_init(&body, NULL, 1 << 20);
  if (ox_http1_new(true, NULL, NULL, &http) != OX_OK) abort();
  if (read_body(http, input, head + size - 1, &body)) {
    write_again(ox_writer_bytes(&body), piece_bytes);
  }
  ox_http1_free(http);
  ox_writer_dispose(&body);
  free(input);
  return 0;
}
