/* Every message of examples/mail and of the reference mail folder, when that is present: what GMime
 * finds in the file, and in what ox_mime_import and ox_mime_export make of it, is the same set of
 * texts and attachments. Differences are printed as a table; each must be listed, with its reason,
 * in doc/conversion-differences.md. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <oxkit/convert/mime.h>

#include <gmime/gmime.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- what a message contains, by GMime alone ---- */

typedef struct leaf {
  char *type; /* "text/plain" */
  char *name; /* file name; empty when there is none */
  bool lines; /* came unencoded: line ends do not count */
  GByteArray *content;
} leaf;

static void free_leaf(void *data) {
  leaf *one = data;
  g_free(one->type);
  g_free(one->name);
  g_byte_array_unref(one->content);
  g_free(one);
}

static GByteArray *part_bytes(GMimeObject *part) {
  GByteArray *bytes = g_byte_array_new();
  GMimeDataWrapper *content =
      GMIME_IS_PART(part) ? g_mime_part_get_content((GMimePart *)part) : NULL;
  if (content == NULL) return bytes;
  GMimeStream *stream = g_mime_stream_mem_new_with_byte_array(bytes);
  g_mime_stream_mem_set_owner((GMimeStreamMem *)stream, FALSE);
  g_mime_data_wrapper_write_to_stream(content, stream);
  g_object_unref(stream);
  return bytes;
}

/* One try of a strict conversion with glibc's iconv. */
static char *strict_text(const GByteArray *bytes, const char *charset) {
  gsize size = 0;
  if (bytes->len == 0) return g_strdup("");
  char *text =
      g_convert((const char *)bytes->data, bytes->len, "UTF-8", charset, NULL, &size, NULL);
  if (text == NULL) return NULL;
  GString *clean = g_string_new(NULL);
  for (gsize i = 0; i < size; i++)
    if (text[i] != 0) g_string_append_c(clean, text[i]);
  g_free(text);
  return g_string_free(clean, FALSE);
}

static bool has_c1(const GByteArray *bytes) {
  for (guint i = 0; i < bytes->len; i++)
    if (bytes->data[i] >= 0x80 && bytes->data[i] < 0xA0) return true;
  return false;
}

/* UTF-8 whose invalid bytes are Windows-1252 letters, as in mail that two programs had a hand in.
 */
static char *patched_utf8(const GByteArray *bytes) {
  GByteArray *whole = g_byte_array_new();
  const char *at = (const char *)bytes->data;
  gsize left = bytes->len;
  while (left > 0) {
    const char *end = at;
    g_utf8_validate(at, (gssize)left, &end);
    g_byte_array_append(whole, (const guint8 *)at, (guint)(end - at));
    left -= (gsize)(end - at);
    at = end;
    if (left == 0) break;
    gsize size = 0;
    char *letter = g_convert(at, 1, "UTF-8", "WINDOWS-1252", NULL, &size, NULL);
    if (letter != NULL) g_byte_array_append(whole, (const guint8 *)letter, (guint)size);
    g_free(letter);
    at++;
    left--;
  }
  char *text = strict_text(whole, "UTF-8");
  g_byte_array_unref(whole);
  return text;
}

/* Text as a reader would see it: the declared charset when it fits, else UTF-8, else Windows-1252;
 * ISO-8859-1 and US-ASCII with bytes 0x80 to 0x9F are Windows-1252. Every character that does not
 * fit anything is left out, so that only what could be read is compared. */
static char *readable_text(const GByteArray *bytes, const char *charset) {
  char *text = NULL;
  bool latin = charset != NULL && (g_ascii_strcasecmp(charset, "iso-8859-1") == 0 ||
                                   g_ascii_strcasecmp(charset, "us-ascii") == 0);
  if (charset != NULL && !(latin && has_c1(bytes))) text = strict_text(bytes, charset);
  /* What writers mean by these names has more characters. */
  if (text == NULL && charset != NULL && g_ascii_strcasecmp(charset, "shift_jis") == 0)
    text = strict_text(bytes, "CP932");
  if (text == NULL && charset != NULL && g_ascii_strcasecmp(charset, "gb2312") == 0)
    text = strict_text(bytes, "GB18030");
  if (text == NULL) text = strict_text(bytes, "UTF-8");
  if (text == NULL && charset != NULL && g_ascii_strcasecmp(charset, "utf-8") == 0)
    text = patched_utf8(bytes);
  if (text == NULL && charset != NULL && !latin) return NULL;
  GByteArray *known = g_byte_array_new();
  for (guint i = 0; text == NULL && i < bytes->len; i++)
    if (strchr("\x81\x8D\x8F\x90\x9D", bytes->data[i]) == NULL)
      g_byte_array_append(known, bytes->data + i, 1);
  if (text == NULL) text = strict_text(known, "WINDOWS-1252");
  g_byte_array_unref(known);
  return text;
}

/* Line ends alike, no U+FFFD, nothing after the last character that is not a line end. */
static GByteArray *normal_text(const GByteArray *bytes, const char *charset) {
  char *text = readable_text(bytes, charset);
  GString *out = g_string_new(NULL);
  if (text == NULL) {
    /* Nobody can read it all: compare what is ASCII. */
    for (guint i = 0; i < bytes->len; i++)
      if (bytes->data[i] >= 0x20 && bytes->data[i] < 0x7F)
        g_string_append_c(out, (gchar)bytes->data[i]);
  } else {
    for (const char *c = text; *c != 0; c++) {
      if (strncmp(c, "\xEF\xBF\xBD", 3) == 0) {
        c += 2;
        continue;
      }
      if (*c == '\r' && c[1] == '\n') continue;
      g_string_append_c(out, *c);
    }
  }
  while (out->len > 0 && strchr("\n\r", out->str[out->len - 1]) != NULL)
    g_string_truncate(out, out->len - 1);
  GByteArray *result = g_byte_array_new();
  g_byte_array_append(result, (const guint8 *)out->str, (guint)out->len);
  g_string_free(out, TRUE);
  g_free(text);
  return result;
}

/* The charset that counts: the label, else what an HTML page says of itself. */
static char *charset_of(GMimeObject *part, const GByteArray *bytes, bool html) {
  const char *label = g_mime_object_get_content_type_parameter(part, "charset");
  if (label != NULL && *label != 0) return g_strdup(label);
  if (!html) return NULL;
  char *head = g_strndup((const char *)bytes->data, MIN(bytes->len, 1024));
  char *lower = g_ascii_strdown(head, -1);
  char *found = strstr(lower, "charset=");
  char *name = NULL;
  if (found != NULL) {
    found += 8;
    while (*found == '"' || *found == '\'') found++;
    name = g_strndup(found, strspn(found, "abcdefghijklmnopqrstuvwxyz0123456789-_.:"));
  }
  g_free(head);
  g_free(lower);
  return name;
}

/* Bytes that travel unencoded have no line ends of their own. */
static bool is_unencoded(GMimeObject *part) {
  if (!GMIME_IS_PART(part)) return false;
  GMimeContentEncoding encoding = g_mime_part_get_content_encoding((GMimePart *)part);
  return encoding != GMIME_CONTENT_ENCODING_BASE64 && encoding != GMIME_CONTENT_ENCODING_UUENCODE;
}

static void replace_content(leaf *one, GByteArray *content) {
  g_byte_array_unref(one->content);
  one->content = content;
}

static void add_leaf(GPtrArray *leaves, GMimeObject *part) {
  GMimeContentType *type = g_mime_object_get_content_type(part);
  const char *name = GMIME_IS_PART(part) ? g_mime_part_get_filename((GMimePart *)part) : NULL;
  leaf *one = g_new0(leaf, 1);
  char *mime_type = g_mime_content_type_get_mime_type(type);
  one->type = g_ascii_strdown(mime_type, -1);
  g_free(mime_type);
  one->name = g_strdup(name != NULL ? name : "");
  one->content = part_bytes(part);
  one->lines = is_unencoded(part);
  const char *disposition = g_mime_object_get_disposition(part);
  bool attached = disposition != NULL && g_ascii_strcasecmp(disposition, "attachment") == 0;
  bool html = strcmp(one->type, "text/html") == 0;
  if (g_str_has_prefix(one->type, "message/")) {
    /* Parts of type message cannot be base64, so their line ends may change. */
    replace_content(one, normal_text(one->content, "utf-8"));
  } else if ((html || strcmp(one->type, "text/plain") == 0) && !attached) {
    char *charset = charset_of(part, one->content, html);
    replace_content(one, normal_text(one->content, charset));
    g_free(charset);
  }
  g_ptr_array_add(leaves, one);
}

static GMimeMessage *parse(const uint8_t *data, size_t size) {
  GMimeStream *stream = g_mime_stream_mem_new_with_buffer((const char *)data, size);
  GMimeParser *parser = g_mime_parser_new_with_stream(stream);
  GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);
  g_object_unref(parser);
  g_object_unref(stream);
  return message;
}

static void collect(GMimeObject *part, GPtrArray *leaves, unsigned depth);

/* An enclosed message that was encoded, which MIME forbids: GMime shows the bytes, everybody else
 * the message. False when there is none inside. */
static bool collect_encoded_message(GMimeObject *part, GPtrArray *leaves, unsigned depth) {
  if (!GMIME_IS_PART(part) ||
      !g_mime_content_type_is_type(g_mime_object_get_content_type(part), "message", "rfc822"))
    return false;
  GByteArray *bytes = part_bytes(part);
  GMimeMessage *inner = bytes->len != 0 ? parse(bytes->data, bytes->len) : NULL;
  bool found = inner != NULL && g_mime_message_get_mime_part(inner) != NULL;
  if (found) collect(g_mime_message_get_mime_part(inner), leaves, depth + 1);
  if (inner != NULL) g_object_unref(inner);
  g_byte_array_unref(bytes);
  return found;
}

static void collect(GMimeObject *part, GPtrArray *leaves, unsigned depth) {
  if (part == NULL || depth > 200) return;
  if (GMIME_IS_MULTIPART(part)) {
    for (int i = 0; i < g_mime_multipart_get_count((GMimeMultipart *)part); i++)
      collect(g_mime_multipart_get_part((GMimeMultipart *)part, i), leaves, depth + 1);
    return;
  }
  GMimeMessage *message = GMIME_IS_MESSAGE_PART(part)
                              ? g_mime_message_part_get_message((GMimeMessagePart *)part)
                              : NULL;
  if (message != NULL)
    collect(g_mime_message_get_mime_part(message), leaves, depth + 1);
  else if (!collect_encoded_message(part, leaves, depth))
    add_leaf(leaves, part);
}

static GPtrArray *leaves_of(GMimeMessage *message) {
  GPtrArray *leaves = g_ptr_array_new_with_free_func(free_leaf);
  collect(g_mime_message_get_mime_part(message), leaves, 0);
  return leaves;
}

/* ---- comparison ---- */

static bool same_name(const char *a, const char *b) {
  return g_strcmp0(a, b) == 0;
}

static bool same_bytes(const GByteArray *a, const GByteArray *b) {
  return a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

/* As bytes; where `before` came unencoded, LF and CRLF are alike. */
static bool same_leaf(const leaf *before, const leaf *after) {
  if (strcmp(before->type, after->type) != 0 || !same_name(before->name, after->name)) return false;
  if (same_bytes(before->content, after->content)) return true;
  if (!before->lines) return false;
  GByteArray *a = normal_text(before->content, "iso-8859-15");
  GByteArray *b = normal_text(after->content, "iso-8859-15");
  bool same = same_bytes(a, b);
  g_byte_array_unref(a);
  g_byte_array_unref(b);
  return same;
}

static void describe(GString *report, const char *file, const char *what, const leaf *one) {
  g_string_append_printf(report, "%-44.44s  %-8s %-28.28s %8u  %s\n", file, what, one->type,
                         one->content->len, one->name);
}

/* The number of leaves that one side has and the other has not. */
static unsigned compare_leaves(GString *report, const char *file, GPtrArray *before,
                               GPtrArray *after) {
  unsigned differences = 0;
  bool *used = g_new0(bool, after->len + 1);
  for (guint i = 0; i < before->len; i++) {
    guint k = 0;
    while (k < after->len &&
           (used[k] || !same_leaf(g_ptr_array_index(before, i), g_ptr_array_index(after, k))))
      k++;
    if (k < after->len) {
      used[k] = true;
    } else {
      describe(report, file, "lost", g_ptr_array_index(before, i));
      differences++;
    }
  }
  for (guint k = 0; k < after->len; k++) {
    const leaf *one = g_ptr_array_index(after, k);
    /* A message needs a body, even when it has nothing to say. */
    bool nothing = one->content->len == 0 && strcmp(one->type, "text/plain") == 0;
    if (used[k] || nothing) continue;
    describe(report, file, "new", g_ptr_array_index(after, k));
    differences++;
  }
  g_free(used);
  return differences;
}

static char *addresses(InternetAddressList *list) {
  char *text = list != NULL ? internet_address_list_to_string(list, NULL, FALSE) : g_strdup("");
  return text != NULL ? text : g_strdup("");
}

static unsigned compare_text(GString *report, const char *file, const char *field, const char *a,
                             const char *b) {
  char *left = g_strdup(a != NULL ? a : "");
  char *right = g_strdup(b != NULL ? b : "");
  for (char *c = left; *c != 0; c++)
    if (*c == '\t' || *c == '\n' || *c == '\r') *c = ' ';
  for (char *c = right; *c != 0; c++)
    if (*c == '\t' || *c == '\n' || *c == '\r') *c = ' ';
  bool same = strcmp(g_strstrip(left), g_strstrip(right)) == 0;
  if (!same) g_string_append_printf(report, "%-44.44s  %-8s %s | %s\n", file, field, left, right);
  g_free(left);
  g_free(right);
  return !same;
}

static unsigned compare_headers(GString *report, const char *file, GMimeMessage *a,
                                GMimeMessage *b) {
  static const struct {
    GMimeAddressType type;
    const char *name;
  } lists[] = {{GMIME_ADDRESS_TYPE_FROM, "From"},
               {GMIME_ADDRESS_TYPE_REPLY_TO, "Reply-To"},
               {GMIME_ADDRESS_TYPE_TO, "To"},
               {GMIME_ADDRESS_TYPE_CC, "Cc"},
               {GMIME_ADDRESS_TYPE_BCC, "Bcc"}};
  unsigned differences = compare_text(report, file, "Subject", g_mime_message_get_subject(a),
                                      g_mime_message_get_subject(b));
  differences += compare_text(report, file, "MsgId", g_mime_message_get_message_id(a),
                              g_mime_message_get_message_id(b));
  GDateTime *when_a = g_mime_message_get_date(a);
  GDateTime *when_b = g_mime_message_get_date(b);
  if ((when_a == NULL) != (when_b == NULL) ||
      (when_a != NULL && g_date_time_to_unix(when_a) != g_date_time_to_unix(when_b))) {
    g_string_append_printf(report, "%-44.44s  Date\n", file);
    differences++;
  }
  for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
    char *left = addresses(g_mime_message_get_addresses(a, lists[i].type));
    char *right = addresses(g_mime_message_get_addresses(b, lists[i].type));
    differences += compare_text(report, file, lists[i].name, left, right);
    g_free(left);
    g_free(right);
  }
  return differences;
}

/* ---- one file ---- */

typedef struct totals {
  unsigned files, refused, leaves, leaf_differences, header_differences;
  unsigned unexpected;
  GString *report;
  GString *headers;
  GHashTable *allowed; /* file names of doc/conversion-differences.md */
} totals;

static bool well_formed_lines(ox_bytes mime) {
  size_t line = 0;
  for (size_t i = 0; i < mime.size_bytes; i++) {
    if (mime.data[i] == '\n') {
      if (i == 0 || mime.data[i - 1] != '\r') return false;
      line = 0;
    } else if (++line > 999) {
      return false;
    }
  }
  return true;
}

static void compare_round_trip(totals *sums, const char *file, ox_bytes input,
                               GMimeMessage *original) {
  ox_error err = {0};
  ox_message *message = NULL;
  ox_mime_import_options how = OX_MIME_IMPORT_OPTIONS_INIT;
  how.flags = OX_MIME_IMPORT_NO_UUDECODE;
  ox_status status = ox_mime_import(input, &how, &message, &err);
  if (status != OX_OK) {
    g_string_append_printf(sums->report, "%-44.44s  refused: %s\n", file, err.text);
    sums->refused++;
    if (!g_hash_table_contains(sums->allowed, file)) sums->unexpected++;
    return;
  }
  ox_writer w;
  ox_writer_init(&w, NULL, 64 * 1024 * 1024);
  ox_mime_export_options out = OX_MIME_EXPORT_OPTIONS_INIT;
  out.flags = OX_MIME_EXPORT_BCC;
  status = ox_mime_export(message, &out, &w, &err);
  if (status != OX_OK) fail_msg("%s: export: %s", file, err.text);
  ox_bytes mime = ox_writer_bytes(&w);
  const char *keep = getenv("OX_KEEP_EXPORTS");
  if (keep != NULL) {
    char *path = g_strconcat(keep, "/", file, NULL);
    for (char *c = path + strlen(keep) + 1; *c != 0; c++)
      if (*c == '/') *c = '!';
    g_file_set_contents(path, (const char *)mime.data, (gssize)mime.size_bytes, NULL);
    g_free(path);
  }
  assert_true(well_formed_lines(mime));
  GMimeMessage *again = parse(mime.data, mime.size_bytes);
  assert_non_null(again);
  GPtrArray *before = leaves_of(original);
  GPtrArray *after = leaves_of(again);
  unsigned differences = compare_leaves(sums->report, file, before, after);
  sums->leaves += before->len;
  sums->leaf_differences += differences;
  sums->header_differences += compare_headers(sums->headers, file, original, again);
  if (differences != 0 && !g_hash_table_contains(sums->allowed, file)) sums->unexpected++;
  g_ptr_array_unref(before);
  g_ptr_array_unref(after);
  g_object_unref(again);
  ox_writer_dispose(&w);
  ox_message_free(message);
}

/* Files beside the samples that are not mail: expected results of other programs. */
static bool is_mail(const char *name) {
  static const char *const other[] = {".json", ".xml", ".out", ".bin",         ".tree", ".py",
                                      ".md",   ".tsv", ".zip", ".summary.txt", ".gif"};
  for (size_t i = 0; i < G_N_ELEMENTS(other); i++)
    if (g_str_has_suffix(name, other[i])) return false;
  return strstr(name, "_decoded") == NULL && name[0] != '.';
}

static void check_file(totals *sums, const char *path, const char *file) {
  char *data = NULL;
  gsize size = 0;
  if (!g_file_get_contents(path, &data, &size, NULL)) fail_msg("cannot read %s", path);
  ox_bytes input = {(const uint8_t *)data, size};
  /* The first message of an mbox file, as import takes it. */
  size_t skip = 0;
  if (size >= 5 && memcmp(data, "From ", 5) == 0) {
    const char *end = memchr(data, '\n', size);
    skip = end != NULL ? (size_t)(end - data) + 1 : 0;
  }
  GMimeMessage *original = parse(input.data + skip, size - skip);
  if (original != NULL) {
    sums->files++;
    compare_round_trip(sums, file, input, original);
    g_object_unref(original);
  }
  g_free(data);
}

static int by_name(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static void check_folder(totals *sums, const char *path, const char *prefix) {
  DIR *folder = opendir(path);
  if (folder == NULL) return;
  GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
  for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
    if (entry->d_name[0] != '.') g_ptr_array_add(names, g_strdup(entry->d_name));
  closedir(folder);
  qsort(names->pdata, names->len, sizeof(char *), by_name);
  for (guint i = 0; i < names->len; i++) {
    const char *name = g_ptr_array_index(names, i);
    char *child = g_strconcat(path, "/", name, NULL);
    char *file = prefix[0] != 0 ? g_strconcat(prefix, "/", name, NULL) : g_strdup(name);
    struct stat status;
    if (stat(child, &status) == 0) {
      if (S_ISDIR(status.st_mode))
        check_folder(sums, child, file);
      else if (is_mail(name))
        check_file(sums, child, file);
    }
    g_free(child);
    g_free(file);
  }
  g_ptr_array_unref(names);
}

/* File names in backquotes at the start of table rows: "| `flanker/broken.eml` | why |". */
static GHashTable *allowed_differences(void) {
  GHashTable *set = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  char *text = NULL;
  if (!g_file_get_contents(OX_SOURCE_ROOT "/doc/conversion-differences.md", &text, NULL, NULL))
    return set;
  char **lines = g_strsplit(text, "\n", -1);
  for (char **line = lines; *line != NULL; line++) {
    if (!g_str_has_prefix(*line, "| `")) continue;
    const char *end = strchr(*line + 3, '`');
    if (end != NULL) g_hash_table_add(set, g_strndup(*line + 3, (gsize)(end - *line - 3)));
  }
  g_strfreev(lines);
  g_free(text);
  return set;
}

static void check_tree(const char *path, const char *one_more, unsigned at_least) {
  totals sums = {.report = g_string_new(NULL),
                 .headers = g_string_new(NULL),
                 .allowed = allowed_differences()};
  check_folder(&sums, path, "");
  if (one_more != NULL) check_file(&sums, one_more, "06-attachment-3mb.eml");
  printf("%s: %u messages, %u refused, %u leaves; leaves that differ: %u, header fields: %u\n",
         path, sums.files, sums.refused, sums.leaves, sums.leaf_differences,
         sums.header_differences);
  printf("%s", sums.report->str);
  if (getenv("OX_SHOW_HEADERS") != NULL) printf("%s", sums.headers->str);
  unsigned unexpected = sums.unexpected, files = sums.files;
  g_string_free(sums.report, TRUE);
  g_string_free(sums.headers, TRUE);
  g_hash_table_destroy(sums.allowed);
  if (unexpected != 0) fail_msg("%u messages differ without a reason on record", unexpected);
  assert_true(files >= at_least);
}

static void test_corpus__sample_mail(void **state) {
  (void)state;
  check_tree(OX_SOURCE_ROOT "/examples/mail", OX_LARGE_MAIL, 21);
}

static void test_corpus__reference_mail(void **state) {
  (void)state;
  const char *shared = getenv("OX_SHARED");
  char *path = shared != NULL && *shared != 0 ? g_strconcat(shared, "/data/eml", NULL)
                                              : g_strdup(OX_SOURCE_ROOT "/../shared/data/eml");
  if (!g_file_test(path, G_FILE_TEST_IS_DIR)) {
    printf("skipped: no reference mail at %s\n", path);
    g_free(path);
    skip();
    return;
  }
  check_tree(path, NULL, 300);
  g_free(path);
}

int main(void) {
  g_log_set_always_fatal(G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_ERROR);
  g_mime_init();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_corpus__sample_mail),
      cmocka_unit_test(test_corpus__reference_mail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
