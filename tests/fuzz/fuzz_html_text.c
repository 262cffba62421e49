/* HTML to text, and text to HTML and back to text. The first byte chooses the code page. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <oxkit/convert/bodies.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition) {
  if (!condition) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const uint32_t codepages[] = {0, 65001, 1252, 932, 50220, 1200, 99999};
  if (size == 0 || size > 64 * 1024) return 0;
  uint32_t codepage = codepages[data[0] % (sizeof codepages / sizeof codepages[0])];
  ox_bytes input = {data + 1, size - 1}, html = {NULL, 0};
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  char *text = NULL;
  if (ox_html_to_text(&arena, input, codepage, &text, NULL) == OX_OK) {
    size_t n = strlen(text);
    require(ox_text_is_valid((ox_str8){text, n}));
    require(n == 0 || text[n - 1] == '\n');
  }
  ox_str8 plain = {(const char *)data + 1, size - 1};
  if (ox_text_to_html(&arena, plain, codepage, &html, NULL) == OX_OK)
    require(ox_html_to_text(&arena, html, codepage, &text, NULL) == OX_OK);
  ox_arena_dispose(&arena);
  return 0;
}
