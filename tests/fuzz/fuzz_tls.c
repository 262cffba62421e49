/* Two TLS sessions talk while the input changes, holds back or cuts what passes between them: four
 * bytes per passage (side, offset, xor). Whatever arrives must be what was sent, in order. */
#include <stdlib.h>
#include <string.h>

#include <oxkit/wire/tls.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct fixture {
  ox_tls_config *server, *client;
} fixture;

static const fixture *configs(void) {
  static fixture f;
  if (f.server != NULL) return &f;
  static const char *const names[] = {"a.test"};
  const char *certificate, *key;
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  if (ox_tls_make_self_signed(names, 1, 0, 0, &arena, &certificate, &key, NULL) != OX_OK) abort();
  ox_tls_config_options server = OX_TLS_CONFIG_OPTIONS_INIT;
  server.server = true;
  server.certificate_pem = certificate;
  server.key_pem = key;
  server.alpn = "http/1.1";
  ox_tls_config_options client = OX_TLS_CONFIG_OPTIONS_INIT;
  client.ca_pem = certificate;
  client.alpn = "http/1.1";
  if (ox_tls_config_new(&server, &f.server, NULL) != OX_OK ||
      ox_tls_config_new(&client, &f.client, NULL) != OX_OK) {
    abort();
  }
  ox_arena_dispose(&arena);
  return &f;
}

/* What a session received must be a prefix of what the other sent. */
static const char sent[] = "what the one says, the other must hear unchanged";

static void pass(ox_tls *from, ox_tls *to, size_t *heard, uint16_t offset, uint8_t change) {
  ox_bytes out = ox_tls_output(from);
  uint8_t *copy = malloc(out.size_bytes + 1);
  if (copy == NULL) abort();
  size_t n = out.size_bytes;
  if (n != 0) memcpy(copy, out.data, n);
  if (offset < n) {
    if (change == 0) {
      n = offset; /* cut here; the rest follows with the next passage */
    } else if (change != 0xFF) {
      copy[offset] ^= change;
    }
  }
  if (ox_tls_feed(to, copy, n, NULL) != OX_OK) abort();
  ox_tls_output_taken(from, n);
  free(copy);
  char text[64];
  size_t got;
  while (ox_tls_read(to, text, sizeof text, &got, NULL) == OX_OK) {
    if (got > sizeof sent - *heard || memcmp(text, sent + *heard, got) != 0) abort();
    *heard += got;
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const fixture *f = configs();
  ox_tls *side[2];
  size_t heard[2] = {0, 0}, said[2] = {0, 0};
  if (size > 256) return 0;
  if (ox_tls_new(f->client, "a.test", &side[0], NULL) != OX_OK ||
      ox_tls_new(f->server, NULL, &side[1], NULL) != OX_OK) {
    abort();
  }
  if (ox_tls_handshake(side[0], NULL) != OX_E_AGAIN) abort();
  for (; size >= 4; data += 4, size -= 4) {
    int from = data[0] & 1;
    if ((data[0] & 2) != 0 && said[from] + 4 <= sizeof sent &&
        ox_tls_write(side[from], sent + said[from], 4, NULL) == OX_OK) {
      said[from] += 4;
    }
    if ((data[0] & 4) != 0) ox_tls_feed_end(side[!from]);
    if ((data[0] & 8) != 0) ox_tls_close(side[from]);
    pass(side[from], side[!from], &heard[!from], (uint16_t)(data[1] | data[2] << 8), data[3]);
  }
  if (heard[0] > said[1] || heard[1] > said[0]) abort();
  ox_tls_free(side[0]);
  ox_tls_free(side[1]);
  return 0;
}
