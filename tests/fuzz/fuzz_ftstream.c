/* FastTransfer streams: bytes in random pieces give the same events as the whole, and what is
 * parsed and written again is the same stream. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <oxkit/ropcodec/ftstream.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition) {
  if (!condition) abort();
}

/* A sum over events that is the same however large values come in pieces. */
typedef struct digest {
  uint64_t sum;
  ox_status status;
  uint64_t offset;
} digest;

static void add(digest *d, const void *data, size_t size) {
  const uint8_t *p = data;
  for (size_t i = 0; i < size; i++) d->sum = (d->sum ^ p[i]) * 0x100000001B3u;
}

static void add_event(digest *d, const ox_ft_event *e) {
  if (e->kind == OX_FT_EVENT_NEED_DATA) return;
  if (e->kind == OX_FT_EVENT_VALUE_DATA) {
    add(d, e->data.data, e->data.size_bytes);
    return;
  }
  add(d, &e->kind, 1);
  add(d, &e->flags, 1);
  if (e->kind != OX_FT_EVENT_END) add(d, &e->element, 1);
  if (e->kind == OX_FT_EVENT_MARKER) add(d, &e->marker, sizeof e->marker);
  if (e->kind != OX_FT_EVENT_PROPERTY) return;
  add(d, &e->wire_tag, sizeof e->wire_tag);
  add(d, &e->offset, sizeof e->offset);
  add(d, e->data.data, e->data.size_bytes);
  if (e->name != NULL) {
    add(d, &e->name->kind, 1);
    add(d, &e->name->guid, sizeof e->name->guid);
    if (e->name->kind == OX_NAME_KIND_LID) add(d, &e->name->lid, sizeof e->name->lid);
    if (e->name->kind == OX_NAME_KIND_STRING) {
      add(d, e->name->name.data, e->name->name.size_bytes);
    }
  }
  const uint16_t type = OX_PROPTAG_TYPE(e->property.tag);
  if (type == OX_PTYP_STRING) {
    add(d, e->property.value.string.data, e->property.value.string.size_bytes);
  } else if (type == OX_PTYP_STRING8) {
    add(d, e->property.value.string8.data, e->property.value.string8.size_bytes);
  } else {
    ox_writer w;
    ox_writer_init(&w, NULL, SIZE_MAX / 2);
    ox_value_encode(&w, type, OX_COUNT_32, &e->property.value);
    if (ox_writer_status(&w) == OX_OK) add(d, w.data, w.size_bytes);
    ox_writer_dispose(&w);
  }
}

/* Pieces of 1 to `piece_max` bytes; each in memory of its own. */
static digest parse(unsigned root, const uint8_t *data, size_t size, uint32_t seed,
                    size_t piece_max, const ox_ft_options *options) {
  ox_arena arena;
  ox_arena_init(&arena, NULL, 64u * 1024 * 1024);
  ox_ft_parser parser;
  ox_ft_event event;
  ox_error error = {.status = OX_OK};
  digest d = {0xCBF29CE484222325u, OX_OK, 0};
  uint8_t *piece = NULL;
  size_t at = 0;
  ox_ft_parser_init(&parser, root, &arena, options);
  do {
    d.status = ox_ft_parser_next(&parser, &event, &error);
    if (d.status != OX_OK) break;
    add_event(&d, &event);
    ox_arena_reset(&arena);
    if (event.kind == OX_FT_EVENT_NEED_DATA) {
      seed = seed * 1664525u + 1013904223u;
      size_t n = 1 + (seed >> 8) % piece_max;
      if (n > size - at) n = size - at;
      free(piece);
      piece = malloc(n != 0 ? n : 1);
      require(piece != NULL);
      if (n != 0) memcpy(piece, data + at, n);
      at += n;
      ox_ft_parser_feed(&parser, piece, n);
      if (at == size) ox_ft_parser_end(&parser);
    }
  } while (event.kind != OX_FT_EVENT_END);
  if (d.status != OX_OK) {
    require(error.status == d.status && error.offset <= size && error.spec != NULL);
    d.offset = error.offset;
  }
  free(piece);
  ox_ft_parser_dispose(&parser);
  ox_arena_dispose(&arena);
  return d;
}

static ox_status next_from_parser(void *user, ox_ft_event *event, ox_error *err) {
  return ox_ft_parser_next(user, event, err);
}

/* Writes what is parsed, in buffers of this size or, for atoms that these do not hold, larger. */
static void rewrite(unsigned root, const uint8_t *data, size_t size, size_t capacity,
                    const ox_ft_options *options) {
  static uint8_t buffer[4 * 1024];
  ox_arena arena;
  ox_arena_init(&arena, NULL, 64u * 1024 * 1024);
  ox_ft_parser parser;
  ox_ft_writer writer;
  ox_ft_parser_init(&parser, root, &arena, options);
  ox_ft_parser_feed(&parser, data, size);
  ox_ft_parser_end(&parser);
  ox_ft_writer_init(&writer, root, options, next_from_parser, &parser);
  size_t at = 0;
  bool done = false;
  while (!done) {
    size_t n;
    ox_status status = ox_ft_writer_read(&writer, buffer, capacity, &n, &done, NULL);
    if (status == OX_E_LIMIT && capacity < sizeof buffer) {
      capacity = sizeof buffer;
      continue;
    }
    require(status == OX_OK && n <= size - at && memcmp(buffer, data + at, n) == 0);
    at += n;
  }
  require(at == size);
  ox_ft_parser_dispose(&parser);
  ox_arena_dispose(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 3) return 0;
  const unsigned root = 1 + (data[0] & 7);
  ox_ft_options options = OX_FT_OPTIONS_INIT;
  options.flags = (data[0] & 8) != 0 ? OX_FT_LENIENT : 0;
  if ((data[0] & 16) != 0) options.small_max_bytes = 20;
  const uint32_t seed = data[1];
  const size_t capacity = 1 + data[2];
  data += 3;
  size -= 3;
  const digest whole = parse(root, data, size, 0, SIZE_MAX, &options);
  for (size_t piece_max = 1; piece_max < 200; piece_max *= 5) {
    const digest pieces = parse(root, data, size, seed, piece_max, &options);
    require(pieces.status == whole.status && pieces.sum == whole.sum &&
            pieces.offset == whole.offset);
  }
  if (whole.status == OX_OK) rewrite(root, data, size, capacity, &options);
  const ox_bytes stream = {data, size};
  require(ox_ft_guess_root(stream) != 0);
  return 0;
}
