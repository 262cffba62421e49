/* What an HTML page shows that travels beside it: "cid:" addresses and the values of src. One pass,
 * however many attachments there are. @spec [MS-OXCMAIL] 2.1.3.4.1.2; RFC 2392 */
#include "mime_internal.h"

#include <string.h>

enum { MAX_REFERENCES = 10000, MAX_REFERENCE_BYTES = 1000 };

static bool ends_address(char c) {
  return (uint8_t)c <= ' ' || c == '"' || c == '\'' || c == '>' || c == '<' || c == ')';
}

/* The address at `at`, percent signs and &amp; undone. */
static void add_address(GHashTable *set, const char *html, size_t size, size_t at) {
  size_t n = 0;
  while (at + n < size && n < MAX_REFERENCE_BYTES && !ends_address(html[at + n])) n++;
  if (n == 0 || n == MAX_REFERENCE_BYTES) return;
  char *raw = g_strndup(html + at, n);
  char *plain = g_uri_unescape_string(raw, NULL);
  if (plain != NULL) g_hash_table_add(set, plain);
  g_hash_table_add(set, raw);
}

GHashTable *ox_mime_references(ox_bytes html) {
  GHashTable *set = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  const char *text = (const char *)html.data;
  for (size_t i = 0; i + 4 < html.size_bytes && g_hash_table_size(set) < MAX_REFERENCES; i++) {
    char c = text[i] | 0x20;
    if (c == 'c' && ox_ascii_equal_n(text + i, "cid:", 4)) {
      add_address(set, text, html.size_bytes, i + 4);
    } else if (c == 's' && ox_ascii_equal_n(text + i, "src=", 4)) {
      size_t at = i + 4;
      if (text[at] == '"' || text[at] == '\'') at++;
      add_address(set, text, html.size_bytes, at);
    }
  }
  return set;
}

bool ox_mime_is_referenced(GHashTable *references, const ox_propbag *bag, ox_arena *arena) {
  const char *id = ox_propbag_utf8(bag, OX_PidTagAttachContentId, arena, NULL);
  if (id != NULL && *id != 0 && g_hash_table_contains(references, id)) return true;
  const char *location = ox_propbag_utf8(bag, OX_PidTagAttachContentLocation, arena, NULL);
  return location != NULL && *location != 0 && g_hash_table_contains(references, location);
}
