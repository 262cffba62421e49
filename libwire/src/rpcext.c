#include <oxkit/wire/rpcext.h>

#include <string.h>

/* Below this a payload is not worth compressing. */
enum { COMPRESS_MIN_BYTES = 64 };

static const char spec[] = "[MS-OXCRPC] 2.2.2.1";

static const uint8_t xor_magic = 0xA5;

typedef struct header {
  uint16_t flags;
  uint16_t size;
  uint16_t size_actual;
} header;

static header read_header(ox_reader *r) {
  header h;
  uint16_t version = ox_read_u16(r);
  h.flags = ox_read_u16(r);
  h.size = ox_read_u16(r);
  h.size_actual = ox_read_u16(r);
  ox_reader_blame(r, "RPC_HEADER_EXT", spec);
  if (ox_reader_ok(r) && version != 0) ox_reader_fail(r, OX_E_MALFORMED, "Version", spec);
  bool compressed = h.flags & OX_RPCEXT_COMPRESSED;
  if (ox_reader_ok(r) && (compressed ? h.size > h.size_actual : h.size != h.size_actual))
    ox_reader_fail(r, OX_E_MALFORMED, "SizeActual", spec);
  return h;
}

static ox_status unwrap(ox_bytes wire, const header *h, ox_arena *arena, ox_bytes *out,
                        ox_error *err) {
  if (h->flags & OX_RPCEXT_XOR_MAGIC) {
    uint8_t *clear = ox_arena_alloc(arena, wire.size_bytes);
    if (clear == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
    for (size_t i = 0; i < wire.size_bytes; i++) clear[i] = wire.data[i] ^ xor_magic;
    wire.data = clear;
  }
  if (h->flags & OX_RPCEXT_COMPRESSED) {
    uint8_t *plain = ox_arena_alloc(arena, h->size_actual);
    if (plain == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
    ox_status status = ox_lz77_decompress(wire, plain, h->size_actual, err);
    if (status != OX_OK) return status;
    wire.data = plain;
    wire.size_bytes = h->size_actual;
  }
  *out = wire;
  return OX_OK;
}

ox_status ox_rpcext_decode(ox_bytes chain, ox_arena *arena, ox_bytes **payloads_out,
                           size_t *count_out, ox_error *err) {
  ox_reader r;
  ox_bytes *payloads = NULL;
  size_t count = 0;
  size_t capacity = 0;
  bool last = chain.size_bytes == 0;
  *payloads_out = NULL;
  *count_out = 0;
  ox_reader_init(&r, chain.data, chain.size_bytes);
  while (!last) {
    if (count == OX_RPCEXT_CHAIN_MAX_COUNT) {
      ox_reader_fail(&r, OX_E_LIMIT, "RPC_HEADER_EXT", spec);
      break;
    }
    if (count == capacity) {
      capacity = capacity == 0 ? 2 : 2 * capacity;
      payloads = ox_arena_grow(arena, payloads, count, capacity, sizeof *payloads);
      if (payloads == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
    }
    header h = read_header(&r);
    ox_bytes wire = ox_read_bytes(&r, h.size);
    ox_reader_blame(&r, "Payload", spec);
    if (!ox_reader_ok(&r)) break;
    ox_status status = unwrap(wire, &h, arena, &payloads[count++], err);
    if (status != OX_OK) return status;
    last = h.flags & OX_RPCEXT_LAST;
  }
  ox_status status = ox_reader_finish(&r, err);
  if (status != OX_OK) return status;
  *payloads_out = payloads;
  *count_out = count;
  return OX_OK;
}

void ox_rpcext_encode(ox_writer *w, ox_bytes payload, uint32_t flags) {
  if (payload.size_bytes > UINT16_MAX) {
    ox_writer_fail(w, OX_E_LIMIT);
    return;
  }
  uint16_t written = (uint16_t)(flags & (OX_RPCEXT_XOR_MAGIC | OX_RPCEXT_LAST));
  size_t start = ox_writer_reserve(w, OX_RPCEXT_HEADER_BYTES);
  size_t payload_at = start + OX_RPCEXT_HEADER_BYTES;
  bool compressed = false;
  if ((flags & OX_RPCEXT_COMPRESSED) && payload.size_bytes >= COMPRESS_MIN_BYTES) {
    ox_lz77_compress(w, payload);
    compressed = ox_writer_status(w) == OX_OK && w->size_bytes - payload_at < payload.size_bytes;
    if (!compressed) ox_writer_rewind(w, payload_at);
  }
  if (!compressed && payload.size_bytes > 0) ox_write_bytes(w, payload.data, payload.size_bytes);
  if (compressed) written |= OX_RPCEXT_COMPRESSED;
  if (ox_writer_status(w) != OX_OK) return;
  if (written & OX_RPCEXT_XOR_MAGIC)
    for (size_t i = payload_at; i < w->size_bytes; i++) w->data[i] ^= xor_magic;
  ox_writer_patch_u16(w, start, 0);
  ox_writer_patch_u16(w, start + 2, written);
  ox_writer_patch_u16(w, start + 4, (uint16_t)(w->size_bytes - payload_at));
  ox_writer_patch_u16(w, start + 6, (uint16_t)payload.size_bytes);
}

/* ---- Auxiliary blocks ------------------------------------------------------------------------ */

enum { AUX_HEADER_BYTES = 4 };

bool ox_aux_next(ox_reader *r, ox_aux_block *out) {
  memset(out, 0, sizeof *out);
  if (!ox_reader_ok(r) || ox_reader_remaining(r) == 0) return false;
  uint16_t size = ox_read_u16(r);
  out->version = ox_read_u8(r);
  out->type = ox_read_u8(r);
  if (ox_reader_ok(r) && size < AUX_HEADER_BYTES)
    ox_reader_fail(r, OX_E_MALFORMED, "Size", "[MS-OXCRPC] 2.2.2.2");
  out->payload = ox_read_bytes(r, ox_reader_ok(r) ? (size_t)size - AUX_HEADER_BYTES : 0);
  ox_reader_blame(r, "AUX_HEADER", "[MS-OXCRPC] 2.2.2.2");
  return ox_reader_ok(r);
}

void ox_aux_write(ox_writer *w, const ox_aux_block *block) {
  ox_write_count(w, 2, block->payload.size_bytes + AUX_HEADER_BYTES);
  ox_write_u8(w, block->version);
  ox_write_u8(w, block->type);
  if (block->payload.size_bytes > 0)
    ox_write_bytes(w, block->payload.data, block->payload.size_bytes);
}
