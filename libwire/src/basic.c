#include <string.h>
#include <strings.h>

#include <oxkit/ropcodec/text.h>
#include <oxkit/wire/auth.h>

#include "base64.h"

/* Clients that know no charset parameter send Latin-1; UTF-8 is what the server asks for. */
static char *to_utf8(ox_arena *arena, const char *text, size_t size_bytes) {
  ox_str8 view = {text, size_bytes};
  char *converted = NULL;
  if (ox_text_is_valid(view)) return ox_arena_copy(arena, text, size_bytes);
  if (ox_str8_to_utf8(arena, view, OX_CODEPAGE_WINDOWS_1252, &converted) != OX_OK) return NULL;
  return converted;
}

ox_status ox_basic_decode(const char *authorization, ox_arena *arena, const char **user_out,
                          char **password_out) {
  static const char scheme[] = "Basic";
  ox_bytes decoded;
  if (strncasecmp(authorization, scheme, sizeof scheme - 1) != 0) return OX_E_NOT_FOUND;
  const char *text = authorization + sizeof scheme - 1;
  if (*text != ' ') return *text == 0 ? OX_E_MALFORMED : OX_E_NOT_FOUND;
  while (*text == ' ') text++;
  ox_status status = ox_base64_decode(text, arena, &decoded);
  if (status != OX_OK) return status;
  const char *pair = (const char *)decoded.data;
  const char *colon = memchr(pair, ':', decoded.size_bytes);
  if (colon == NULL || memchr(pair, 0, decoded.size_bytes) != NULL) return OX_E_MALFORMED;
  size_t user_bytes = (size_t)(colon - pair);
  *user_out = to_utf8(arena, pair, user_bytes);
  *password_out = to_utf8(arena, colon + 1, decoded.size_bytes - user_bytes - 1);
  ox_wipe((void *)(uintptr_t)decoded.data, decoded.size_bytes);
  return *user_out != NULL && *password_out != NULL ? OX_OK : OX_E_NO_MEMORY;
}

ox_status ox_basic_encode(const char *user, const char *password, char *value_out,
                          size_t capacity_bytes) {
  char pair[1024];
  size_t user_bytes = strlen(user);
  size_t password_bytes = strlen(password);
  size_t pair_bytes = user_bytes + 1 + password_bytes;
  if (strchr(user, ':') != NULL) return OX_E_USAGE;
  if (pair_bytes > sizeof pair || 6 + OX_BASE64_CHARS(pair_bytes) + 1 > capacity_bytes)
    return OX_E_LIMIT;
  memcpy(pair, user, user_bytes);
  pair[user_bytes] = ':';
  memcpy(pair + user_bytes + 1, password, password_bytes);
  memcpy(value_out, "Basic ", 6);
  ox_base64_encode(pair, pair_bytes, value_out + 6);
  ox_wipe(pair, sizeof pair);
  return OX_OK;
}
