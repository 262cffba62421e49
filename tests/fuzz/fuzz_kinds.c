/* Every structure of the table of kinds: the kind's name, a line feed, its bytes. Or JSON, which
 * begins with '{'. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <oxkit/ropcodec/kinds.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { WRITER_MAX = 1 << 26, NAME_BYTES = 64 };

static void require(bool condition) {
  if (!condition) abort();
}

/* What the text stands for, in `bytes`. */
static bool read_json(ox_bytes text, ox_writer *bytes) {
  ox_str8 view = {(const char *)text.data, text.size_bytes};
  return ox_kind_from_json(view, bytes, NULL, NULL) == OX_OK;
}

static void check_json(const ox_kind *kind, ox_bytes bytes, bool decodes) {
  ox_writer json, back;
  ox_writer_init(&json, NULL, WRITER_MAX);
  ox_writer_init(&back, NULL, WRITER_MAX);
  ox_status status = ox_kind_to_json(kind, bytes, NULL, &json, NULL);
  if (status != OX_E_LIMIT) require((status == OX_OK) == decodes);
  if (status == OX_OK) {
    require(read_json(ox_writer_bytes(&json), &back));
    require(ox_bytes_equal(ox_writer_bytes(&back), bytes));
  }
  ox_writer_dispose(&json);
  ox_writer_dispose(&back);
}

static void check_dump(const ox_kind *kind, ox_bytes bytes, bool decodes) {
  ox_writer text;
  ox_writer_init(&text, NULL, WRITER_MAX);
  ox_status status = ox_kind_dump(kind, bytes, NULL, &text, NULL);
  if (ox_writer_status(&text) == OX_OK) require((status == OX_OK) == decodes);
  ox_writer_dispose(&text);
}

/* What decodes encodes to what decodes to the same again. */
static bool check_bytes(const ox_kind *kind, ox_bytes bytes) {
  ox_arena arena;
  ox_writer once, twice;
  void *value;
  ox_arena_init(&arena, NULL, 0);
  ox_writer_init(&once, NULL, WRITER_MAX);
  ox_writer_init(&twice, NULL, WRITER_MAX);
  bool decodes = ox_kind_decode(kind, bytes, NULL, &arena, &value, NULL) == OX_OK;
  if (decodes) {
    ox_wire_encode(kind->structure, &once, value);
    require(ox_writer_status(&once) == OX_OK);
    require(ox_kind_decode(kind, ox_writer_bytes(&once), NULL, &arena, &value, NULL) == OX_OK);
    ox_wire_encode(kind->structure, &twice, value);
    require(ox_bytes_equal(ox_writer_bytes(&once), ox_writer_bytes(&twice)));
  }
  ox_writer_dispose(&once);
  ox_writer_dispose(&twice);
  ox_arena_dispose(&arena);
  return decodes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size != 0 && data[0] == '{') {
    ox_writer bytes;
    ox_writer_init(&bytes, NULL, WRITER_MAX);
    (void)read_json((ox_bytes){data, size}, &bytes);
    ox_writer_dispose(&bytes);
    return 0;
  }
  const uint8_t *end = size != 0 ? memchr(data, '\n', size) : NULL;
  char name[NAME_BYTES] = "";
  if (end == NULL || end - data >= NAME_BYTES) return 0;
  memcpy(name, data, (size_t)(end - data));
  const ox_kind *kind = ox_kind_find(name);
  if (kind == NULL) return 0;
  ox_bytes bytes = {end + 1, size - (size_t)(end + 1 - data)};
  bool decodes = check_bytes(kind, bytes);
  check_json(kind, bytes, decodes);
  check_dump(kind, bytes, decodes);
  return 0;
}
