/* JSON of any kind of structure and of ROP buffers: what is read becomes bytes without a crash, in
 * memory bounded by the text; and bytes that decode come back through JSON of their own. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <oxkit/ropcodec/kinds.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition) {
  if (!condition) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size > 65536) return 0;
  ox_writer bytes, json, back;
  const ox_kind *kind;
  ox_error err = {.status = OX_OK};
  ox_writer_init(&bytes, NULL, 1 << 24);
  ox_writer_init(&json, NULL, 1 << 26);
  ox_writer_init(&back, NULL, 1 << 24);
  ox_status status = ox_kind_from_json((ox_str8){(const char *)data, size}, &bytes, &kind, &err);
  require(status == OX_OK || (err.status == status && err.text[0] != 0 && err.offset <= size));
  /* A value may be one that no decoder gives: a child that is nested too deeply, say. */
  if (status == OX_OK && kind != NULL &&
      ox_kind_to_json(kind, ox_writer_bytes(&bytes), NULL, &json, NULL) == OX_OK) {
    ox_str8 text = {(const char *)json.data, json.size_bytes};
    require(ox_kind_from_json(text, &back, NULL, NULL) == OX_OK);
    require(ox_bytes_equal(ox_writer_bytes(&back), ox_writer_bytes(&bytes)));
  }
  ox_writer_dispose(&bytes);
  ox_writer_dispose(&json);
  ox_writer_dispose(&back);
  return 0;
}
