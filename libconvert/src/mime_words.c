/* Encoded words on their way in. GMime decodes neighbours of one charset as one base64 text, which
 * is right for words that split a character, but ends at the padding of the first (seen in 3.2.13):
 * so such neighbours are made one word before GMime sees them. */
#include "mime_internal.h"

#include <string.h>

typedef struct encoded_word {
  const char *charset, *text; /* in the field */
  size_t charset_size, text_size;
  const char *end; /* after "?=" */
} encoded_word;

/* A base64 word at the start of the text. */
static bool take_word(const char *at, encoded_word *out) {
  if (strncmp(at, "=?", 2) != 0) return false;
  out->charset = at + 2;
  out->charset_size = strcspn(out->charset, "? \t\r\n");
  const char *rest = out->charset + out->charset_size;
  if (rest[0] != '?' || (rest[1] | 0x20) != 'b' || rest[2] != '?') return false;
  out->text = rest + 3;
  out->text_size = strcspn(out->text, "? \t\r\n");
  if (strncmp(out->text + out->text_size, "?=", 2) != 0) return false;
  out->end = out->text + out->text_size + 2;
  return true;
}

static bool same_charset(const encoded_word *a, const encoded_word *b) {
  return a->charset_size == b->charset_size &&
         g_ascii_strncasecmp(a->charset, b->charset, a->charset_size) == 0;
}

static void append_decoded(GByteArray *bytes, const encoded_word *word) {
  char *text = g_strndup(word->text, word->text_size);
  gsize size = 0;
  guchar *data = g_base64_decode(text, &size);
  g_byte_array_append(bytes, data, (guint)size);
  g_free(data);
  g_free(text);
}

/* The word at `at` with all its neighbours of the same charset, as one; returns what follows. */
static const char *join(const encoded_word *first, GString *out) {
  GByteArray *bytes = g_byte_array_new();
  encoded_word word = *first;
  const char *end;
  do {
    append_decoded(bytes, &word);
    end = word.end;
  } while (take_word(end + strspn(end, " \t\r\n"), &word) && same_charset(first, &word));
  char *encoded = g_base64_encode(bytes->data, bytes->len);
  g_string_append(out, "=?");
  g_string_append_len(out, first->charset, (gssize)first->charset_size);
  g_string_append_printf(out, "?B?%s?=", encoded);
  g_free(encoded);
  g_byte_array_unref(bytes);
  return end;
}

char *ox_mime_join_words(const char *raw) {
  GString *out = g_string_new(NULL);
  while (*raw != 0) {
    encoded_word word;
    if (*raw == '=' && take_word(raw, &word))
      raw = join(&word, out);
    else
      g_string_append_c(out, *raw++);
  }
  return g_string_free(out, FALSE);
}

/* Only padding inside a field can go wrong. */
static bool is_affected(const char *raw) {
  const char *first = raw != NULL ? strstr(raw, "=?=") : NULL;
  return first != NULL && strstr(first, "=?") != NULL && strstr(first + 3, "=?") != NULL;
}

char *ox_mime_field_text(GMimeParserOptions *how, GMimeHeader *field) {
  const char *raw = g_mime_header_get_raw_value(field);
  if (!is_affected(raw)) return g_strdup(g_mime_header_get_value(field));
  char *joined = ox_mime_join_words(raw);
  char *unfolded = g_mime_utils_header_unfold(joined);
  char *text = g_mime_utils_header_decode_text(how, unfolded);
  g_free(unfolded);
  g_free(joined);
  return text;
}

char *ox_mime_find_text(GMimeParserOptions *how, GMimeObject *in, const char *name) {
  GMimeHeader *field = g_mime_header_list_get_header(g_mime_object_get_header_list(in), name);
  return field != NULL ? ox_mime_field_text(how, field) : NULL;
}

InternetAddressList *ox_mime_addresses(GMimeParserOptions *how, GMimeMessage *in,
                                       GMimeAddressType type, const char *name) {
  GMimeHeaderList *fields = g_mime_object_get_header_list((GMimeObject *)in);
  bool affected = false;
  for (int i = 0; i < g_mime_header_list_get_count(fields); i++) {
    GMimeHeader *field = g_mime_header_list_get_header_at(fields, i);
    if (ox_ascii_equal(g_mime_header_get_name(field), name))
      affected |= is_affected(g_mime_header_get_raw_value(field));
  }
  InternetAddressList *parsed = g_mime_message_get_addresses(in, type);
  if (!affected) return parsed != NULL ? g_object_ref(parsed) : internet_address_list_new();
  InternetAddressList *list = internet_address_list_new();
  for (int i = 0; i < g_mime_header_list_get_count(fields); i++) {
    GMimeHeader *field = g_mime_header_list_get_header_at(fields, i);
    const char *raw = g_mime_header_get_raw_value(field);
    if (!ox_ascii_equal(g_mime_header_get_name(field), name) || raw == NULL) continue;
    char *joined = ox_mime_join_words(raw);
    InternetAddressList *some = internet_address_list_parse(how, joined);
    if (some != NULL) {
      internet_address_list_append(list, some);
      g_object_unref(some);
    }
    g_free(joined);
  }
  return list;
}

/* A parameter of Content-Disposition or Content-Type after joining; NULL when the field does not
 * need it or has no such parameter. */
static char *joined_parameter(GMimeParserOptions *how, GMimeObject *part, const char *name,
                              const char *parameter) {
  GMimeHeader *field = g_mime_header_list_get_header(g_mime_object_get_header_list(part), name);
  const char *raw = field != NULL ? g_mime_header_get_raw_value(field) : NULL;
  if (!is_affected(raw)) return NULL;
  char *joined = ox_mime_join_words(raw);
  const char *semicolon = strchr(joined, ';');
  GMimeParamList *list = semicolon != NULL ? g_mime_param_list_parse(how, semicolon + 1) : NULL;
  GMimeParam *found = list != NULL ? g_mime_param_list_get_parameter(list, parameter) : NULL;
  char *value = found != NULL ? g_strdup(g_mime_param_get_value(found)) : NULL;
  if (list != NULL) g_object_unref(list);
  g_free(joined);
  return value;
}

char *ox_mime_file_name(GMimeParserOptions *how, GMimeObject *part) {
  char *name = joined_parameter(how, part, "Content-Disposition", "filename");
  const char *plain = g_mime_object_get_content_disposition_parameter(part, "filename");
  if (name == NULL && plain != NULL && *plain != 0) name = g_strdup(plain);
  if (name == NULL) name = joined_parameter(how, part, "Content-Type", "name");
  plain = g_mime_object_get_content_type_parameter(part, "name");
  if (name == NULL && plain != NULL && *plain != 0) name = g_strdup(plain);
  return name;
}
