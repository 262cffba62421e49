/* Text in the charsets of mail, by iconv. GMime knows the names; what a charset means in practice
 * is below. */
#include "mime_internal.h"

#include <string.h>

void ox_mime_prepare(void) {
  static gsize done = 0;
  if (g_once_init_enter(&done)) {
    g_mime_init();
    g_once_init_leave(&done, 1);
  }
}

/* What writers mean by a name, when the name itself fails or is too narrow. */
static const struct {
  const char *name;
  const char *meant;
} in_practice[] = {
    {"shift_jis", "CP932"},
    {"shift-jis", "CP932"},
    {"sjis", "CP932"},
    {"x-sjis", "CP932"},
    {"iso-2022-jp", "ISO-2022-JP-3"},
    {"euc-jp", "EUC-JP-MS"},
    {"gb2312", "GB18030"},
    {"gbk", "GB18030"},
    {"euc-kr", "CP949"},
    {"ks_c_5601-1987", "CP949"},
    {"big5", "BIG5-HKSCS"},
    {"us-ascii", "WINDOWS-1252"},
    {"iso-8859-1", "WINDOWS-1252"},
    {"iso-8859-8-i", "ISO-8859-8"},
    {"iso-8859-9", "WINDOWS-1254"},
    {"tis-620", "WINDOWS-874"},
    {"unicode-1-1-utf-7", "UTF-7"},
};

/* Converts as far as it goes. Returns the number of input bytes that were not converted. */
static size_t convert_some(iconv_t cd, const char *in, size_t in_left, GByteArray *out) {
  char buffer[4096];
  while (in_left > 0) {
    char *to = buffer;
    size_t room = sizeof buffer;
    size_t before = in_left;
    size_t result = g_mime_iconv(cd, (char **)&in, &in_left, &to, &room);
    g_byte_array_append(out, (const guint8 *)buffer, (guint)(sizeof buffer - room));
    if (result == (size_t)-1 && errno != E2BIG) break;
    if (in_left == before && room == sizeof buffer) break;
  }
  return in_left;
}

static void finish(iconv_t cd, GByteArray *out) {
  char buffer[64];
  char *to = buffer;
  size_t room = sizeof buffer;
  g_mime_iconv(cd, NULL, NULL, &to, &room);
  g_byte_array_append(out, (const guint8 *)buffer, (guint)(sizeof buffer - room));
}

static bool has_c1_bytes(const char *bytes, size_t size_bytes) {
  for (size_t i = 0; i < size_bytes; i++)
    if ((uint8_t)bytes[i] >= 0x80 && (uint8_t)bytes[i] <= 0x9F) return true;
  return false;
}

static bool try_charset(const char *charset, const char *bytes, size_t size_bytes,
                        GByteArray *out) {
  iconv_t cd = g_mime_iconv_open("UTF-8", charset);
  if (cd == (iconv_t)-1) return false;
  g_byte_array_set_size(out, 0);
  size_t left = convert_some(cd, bytes, size_bytes, out);
  if (left == 0) finish(cd, out);
  g_mime_iconv_close(cd);
  return left == 0;
}

/* One byte that is not UTF-8 is most likely a letter of Windows-1252. */
static void append_windows_1252(GByteArray *out, char byte) {
  char utf8[8];
  char *to = utf8;
  char *from = &byte;
  size_t in_left = 1, room = sizeof utf8;
  iconv_t cd = g_mime_iconv_open("UTF-8", "WINDOWS-1252");
  if (cd != (iconv_t)-1) {
    g_mime_iconv(cd, &from, &in_left, &to, &room);
    g_mime_iconv_close(cd);
  }
  if (room < sizeof utf8)
    g_byte_array_append(out, (const guint8 *)utf8, (guint)(to - utf8));
  else
    g_byte_array_append(out, (const guint8 *)"\xEF\xBF\xBD", 3);
}

/* The last resort: what does not convert becomes U+FFFD, byte by byte, or a Windows-1252 letter
 * inside UTF-8. */
static bool force_charset(const char *charset, const char *bytes, size_t size_bytes,
                          GByteArray *out) {
  iconv_t cd = g_mime_iconv_open("UTF-8", charset);
  if (cd == (iconv_t)-1) return false;
  bool utf8 = ox_codepage_from_charset(charset) == OX_CODEPAGE_UTF8;
  g_byte_array_set_size(out, 0);
  while (size_bytes > 0) {
    size_t left = convert_some(cd, bytes, size_bytes, out);
    bytes += size_bytes - left;
    size_bytes = left;
    if (left == 0) break;
    if (utf8)
      append_windows_1252(out, *bytes);
    else
      g_byte_array_append(out, (const guint8 *)"\xEF\xBF\xBD", 3);
    bytes++;
    size_bytes--;
  }
  finish(cd, out);
  g_mime_iconv_close(cd);
  return true;
}

static const char *meaning(const char *charset) {
  for (size_t i = 0; i < G_N_ELEMENTS(in_practice); i++)
    if (ox_ascii_equal(charset, in_practice[i].name)) return in_practice[i].meant;
  return NULL;
}

static char *take(ox_arena *arena, const GByteArray *text, size_t *size_out) {
  char *copy = ox_arena_alloc(arena, (size_t)text->len + 1);
  if (copy == NULL) return NULL;
  size_t n = 0;
  for (guint i = 0; i < text->len; i++)
    if (text->data[i] != 0) copy[n++] = (char)text->data[i];
  copy[n] = 0;
  /* iconv lets code points beyond U+10FFFF through. */
  if (!ox_text_is_valid((ox_str8){copy, n})) {
    copy = ox_text_make_valid(arena, (ox_str8){copy, n});
    if (copy == NULL) return NULL;
    n = strlen(copy);
  }
  if (size_out != NULL) *size_out = n;
  return copy;
}

/* A charset name is only passed on when it looks like one: iconv takes suffixes such as
 * "//IGNORE", which would hide what was lost. */
static bool is_name(const char *charset) {
  size_t n = strlen(charset);
  return n > 0 && n < 40 &&
         strspn(charset,
                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                "0123456789-_.:+()") == n;
}

static bool decode(const char *bytes, size_t size_bytes, const char *charset,
                   uint32_t fallback_codepage, GByteArray *text, uint32_t *codepage) {
  bool named = charset != NULL && is_name(charset);
  bool narrow =
      named && (ox_ascii_equal(charset, "us-ascii") || ox_ascii_equal(charset, "iso-8859-1") ||
                ox_ascii_equal(charset, "iso-8859-9"));
  *codepage = named ? ox_codepage_from_charset(charset) : 0;
  if (named && !(narrow && has_c1_bytes(bytes, size_bytes)) &&
      try_charset(charset, bytes, size_bytes, text))
    return true;
  bool utf8 = ox_text_is_valid((ox_str8){bytes, size_bytes});
  const char *meant = named && !(utf8 && narrow) ? meaning(charset) : NULL;
  if (meant != NULL && try_charset(meant, bytes, size_bytes, text)) {
    if (narrow && ox_codepage_from_charset(meant) != 0) *codepage = ox_codepage_from_charset(meant);
    return true;
  }
  if (utf8) {
    *codepage = OX_CODEPAGE_UTF8;
    g_byte_array_set_size(text, 0);
    g_byte_array_append(text, (const guint8 *)bytes, (guint)size_bytes);
    return true;
  }
  /* A charset that is known but does not fit is still the best guess for multibyte text. */
  if (meant != NULL && !narrow && force_charset(meant, bytes, size_bytes, text)) return true;
  if (named && !narrow && force_charset(charset, bytes, size_bytes, text)) return true;
  if (fallback_codepage == 0) fallback_codepage = OX_CODEPAGE_WINDOWS_1252;
  const char *fallback = ox_codepage_charset(fallback_codepage);
  *codepage = fallback_codepage;
  if (fallback != NULL && force_charset(fallback, bytes, size_bytes, text)) return true;
  *codepage = OX_CODEPAGE_WINDOWS_1252;
  return force_charset("WINDOWS-1252", bytes, size_bytes, text);
}

char *ox_mime_decode_text(ox_arena *arena, const char *bytes, size_t size_bytes,
                          const char *charset, uint32_t fallback_codepage, size_t *size_out,
                          uint32_t *codepage_out) {
  uint32_t codepage = 0;
  GByteArray *text = g_byte_array_new();
  bool ok = decode(bytes, size_bytes, charset, fallback_codepage, text, &codepage);
  char *result = ok ? take(arena, text, size_out) : NULL;
  g_byte_array_unref(text);
  if (codepage_out != NULL) *codepage_out = codepage != 0 ? codepage : OX_CODEPAGE_UTF8;
  return result;
}

bool ox_mime_encode_text(const char *utf8, size_t size_bytes, const char *charset,
                         GByteArray *out) {
  iconv_t cd = g_mime_iconv_open(charset, "UTF-8");
  if (cd == (iconv_t)-1) return false;
  g_byte_array_set_size(out, 0);
  size_t left = convert_some(cd, utf8, size_bytes, out);
  if (left == 0) finish(cd, out);
  g_mime_iconv_close(cd);
  return left == 0;
}
