/* A body of the mailbox endpoint; its first byte says which. What decodes encodes to itself. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <oxkit/ropcodec/reader.h>
#include <oxkit/ropcodec/writer.h>
#include <oxkit/wire/mapihttp_bodies.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BODY(name)                                                       \
  do {                                                                   \
    ox_mapihttp_##name body;                                             \
    if (ox_mapihttp_##name##_decode(&r, &arena, &body) == OX_OK) {       \
      ox_mapihttp_##name##_encode(&w, &body);                            \
      if (ox_writer_status(&w) != OX_OK || w.size_bytes != r.position || \
          memcmp(w.data, data + 1, w.size_bytes) != 0)                   \
        abort();                                                         \
    }                                                                    \
  } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  ox_arena arena;
  ox_reader r;
  ox_writer w;
  if (size == 0) return 0;
  ox_arena_init(&arena, NULL, 0);
  ox_reader_init(&r, data + 1, size - 1);
  ox_writer_init(&w, NULL, size + 1024);
  switch (data[0] % 8) {
    case 0: BODY(connect_request); break;
    case 1: BODY(connect_response); break;
    case 2: BODY(execute_request); break;
    case 3: BODY(execute_response); break;
    case 4: BODY(disconnect_request); break;
    case 5: BODY(disconnect_response); break;
    case 6: BODY(notification_wait_request); break;
    case 7: BODY(notification_wait_response); break;
  }
  ox_writer_dispose(&w);
  ox_arena_dispose(&arena);
  return 0;
}
