/* Hostile messages, limits, and allocations that fail. */
#include "support.h"

#include <glib.h>
#include <pthread.h>

typedef struct text_buffer {
  char *data;
  size_t size, capacity;
} text_buffer;

static void add(text_buffer *b, const char *text) {
  size_t n = strlen(text);
  if (b->size + n + 1 > b->capacity) {
    b->capacity = (b->size + n + 1) * 2;
    b->data = realloc(b->data, b->capacity);
    assert_non_null(b->data);
  }
  memcpy(b->data + b->size, text, n + 1);
  b->size += n;
}

static ox_status import(const text_buffer *b, const ox_mime_import_options *options) {
  ox_message *m = (ox_message *)b;
  ox_error err = {0};
  ox_status status =
      ox_mime_import((ox_bytes){(const uint8_t *)b->data, b->size}, options, &m, &err);
  if (status != OX_OK) {
    assert_null(m);
    assert_int_equal(err.status, status);
    assert_true(err.text[0] != 0);
    return status;
  }
  /* What imports also exports, or says that it is too deep. */
  ox_writer w;
  ox_writer_init(&w, NULL, 256 * 1024 * 1024);
  status = ox_mime_export(m, NULL, &w, &err);
  assert_true(status == OX_OK || status == OX_E_LIMIT);
  ox_writer_dispose(&w);
  ox_message_free(m);
  return OX_OK;
}

static ox_status import_free(text_buffer *b, const ox_mime_import_options *options) {
  ox_status status = import(b, options);
  free(b->data);
  return status;
}

static void test_limit__nested_multiparts(void **state) {
  (void)state;
  static const unsigned depths[] = {10, 120, 2000, 20000};
  for (size_t i = 0; i < 4; i++) {
    text_buffer b = {NULL, 0, 0};
    add(&b, "From: a@example.test\n");
    for (unsigned k = 0; k < depths[i]; k++) {
      char line[100];
      snprintf(line, sizeof line, "Content-Type: multipart/mixed; boundary=b%u\n\n--b%u\n", k, k);
      add(&b, line);
    }
    add(&b, "\ntext\n");
    assert_int_equal(import_free(&b, NULL), depths[i] <= 120 ? OX_OK : OX_E_LIMIT);
  }
}

static void test_limit__nested_messages(void **state) {
  (void)state;
  static const unsigned depths[] = {10, 60, 2000, 50000};
  for (size_t i = 0; i < 4; i++) {
    text_buffer b = {NULL, 0, 0};
    for (unsigned k = 0; k < depths[i]; k++)
      add(&b, "From: a@example.test\nContent-Type: message/rfc822\n\n");
    add(&b, "From: a@example.test\n\ntext\n");
    assert_int_equal(import_free(&b, NULL), depths[i] <= 60 ? OX_OK : OX_E_LIMIT);
  }
}

static void test_limit__many_parts(void **state) {
  (void)state;
  static const unsigned counts[] = {100, 4000, 6000, 1000000};
  for (size_t i = 0; i < 4; i++) {
    text_buffer b = {NULL, 0, 0};
    add(&b, "From: a@example.test\nContent-Type: multipart/mixed; boundary=\"b\"\n\n");
    for (unsigned k = 0; k < counts[i]; k++) add(&b, "--b\n\nx\n");
    assert_int_equal(import_free(&b, NULL), counts[i] <= 4000 ? OX_OK : OX_E_LIMIT);
  }
}

static void test_limit__header(void **state) {
  (void)state;
  text_buffer b = {NULL, 0, 0};
  add(&b, "From: a@example.test\nX-Long: ");
  while (b.size < OX_MIME_MAX_HEADER_BYTES + 100) add(&b, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
  add(&b, "\n\ntext\n");
  assert_int_equal(import_free(&b, NULL), OX_E_LIMIT);
  b = (text_buffer){NULL, 0, 0};
  add(&b, "From: a@example.test\n");
  for (int i = 0; i < 3000; i++) add(&b, "X: y\n");
  add(&b, "\ntext\n");
  assert_int_equal(import_free(&b, NULL), OX_E_LIMIT);
  /* The header of a part counts as well. */
  b = (text_buffer){NULL, 0, 0};
  add(&b, "From: a@example.test\nContent-Type: multipart/mixed; boundary=b\n\n--b\nX-Long: ");
  while (b.size < OX_MIME_MAX_HEADER_BYTES + 200) add(&b, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
  add(&b, "\n\ntext\n--b--\n");
  assert_int_equal(import_free(&b, NULL), OX_E_LIMIT);
}

static void test_limit__recipients(void **state) {
  (void)state;
  text_buffer b = {NULL, 0, 0};
  add(&b, "From: a@example.test\nTo: x@example.test");
  for (int i = 0; i < 11000; i++) add(&b, ",x@a.test");
  add(&b, "\n\ntext\n");
  assert_int_equal(import_free(&b, NULL), OX_E_LIMIT);
}

static void test_limit__size(void **state) {
  (void)state;
  text_buffer b = {NULL, 0, 0};
  add(&b, "From: a@example.test\n\ntext\n");
  ox_mime_import_options options = OX_MIME_IMPORT_OPTIONS_INIT;
  options.max_message_bytes = b.size - 1;
  assert_int_equal(import(&b, &options), OX_E_LIMIT);
  options.max_message_bytes = b.size;
  assert_int_equal(import_free(&b, &options), OX_OK);
}

static void test_options__struct_size(void **state) {
  (void)state;
  text_buffer b = {NULL, 0, 0};
  add(&b, "From: a@example.test\n\ntext\n");
  ox_mime_import_options options = OX_MIME_IMPORT_OPTIONS_INIT;
  options.struct_size = 0;
  assert_int_equal(import(&b, &options), OX_E_USAGE);
  options.struct_size = sizeof options + 1;
  assert_int_equal(import(&b, &options), OX_E_USAGE);
  /* An older caller's structure ends earlier: the rest are defaults. */
  options.struct_size = offsetof(ox_mime_import_options, delivery_time);
  options.max_message_bytes = 1;
  assert_int_equal(import_free(&b, &options), OX_OK);
}

/* Things that tools for breaking mail readers send. None may crash; most are only odd. */
static void test_hostile__odds_and_ends(void **state) {
  (void)state;
  static const char *const inputs[] = {
      "From:\n",
      "From: \n\n",
      ":\n\n",
      "From: a\nContent-Type: multipart/mixed\n\n--\n--\n",
      "From: a\nContent-Type: multipart/mixed; boundary=\"\"\n\n--\n\nx\n----\n",
      "From: a\nContent-Type: multipart/mixed; boundary=b\n\n--b--\n--b\n\nx\n",
      "From: a\nContent-Type: multipart/mixed; boundary=b\nContent-Type: text/plain\n\n--b\n\nx\n",
      "From: a\nContent-Type: multipart/signed; boundary=b\n\n--b\n\nx\n",
      "From: a\nContent-Type: multipart/signed; boundary=b\n\n",
      "From: a\nContent-Type: multipart/related; start=\"<x\"; boundary=b\n\n--b\n\nx\n--b--\n",
      "From: a\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
      "--b\nContent-Type: message/delivery-status\n\nAction\n--b--\n",
      "From: a\nContent-Type: text/plain; charset=\"\n\nx\n",
      "From: a\nContent-Type: text/html; charset=utf-16\n\n\xFF\xFE<\n",
      "From: a\nContent-Type: /; name=\n\nx\n",
      "From: a\nContent-Transfer-Encoding: base64\n\n====\n=\nA\n",
      "From: a\nContent-Transfer-Encoding: quoted-printable\n\n=\n=Z\n==3\n=",
      "From: a\nContent-Transfer-Encoding: x-uuencode\n\nbegin 644 x\n#0V%T\n",
      "From: a\n\nbegin 644 x\n",
      "From: a\n\nbegin 644 x\n`\n",
      "From: a\n\nbegin 644 x\nend",
      "From: a\nSubject: =?utf-8?b?\n\nx\n",
      "From: a\nSubject: =?utf-8?b?AA==?= =?utf-8?b?=?= =?utf-8?b?"
      "?=\n\nx\n",
      "From: a\nDate: Mon, 99 Foo 99999 99:99:99 +9999\n\nx\n",
      "From: a\nDate: 1 Jan 0000 00:00:00 +0000\nReply-By: 31 Dec 9999 23:59:59 -1200\n\nx\n",
      "From: a\nThread-Index: ====\nKeywords: ,,,\nReferences: \n\nx\n",
      "From: (((((((((\nTo: \"\\\nCc: <<<>>>, @, a@, ::;;\n\nx\n",
      "From: a\nContent-Type: message/rfc822\n\n",
      "From: a\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nRnJv\n",
      "From: a\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n",
      "From: a\nContent-Type: message/partial; id=x; number=1; total=2\n\nx\n",
      "From: a\nContent-Type: message/external-body; access-type=x\n\nContent-Type: x/y\n\n",
      "From: a\nContent-Disposition: attachment; filename=\"../../../etc/passwd\"\n\nx\n",
      "From: a\nContent-Disposition: attachment; filename*0*=utf-8''%; filename*1=\"\n\nx\n",
      "From: a\nContent-Disposition: attachment; filename=\"..\"; size=-1\n\nx\n",
      "From: a\r\r\n\r\r\nx",
  };
  for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++) {
    text_buffer b = {NULL, 0, 0};
    add(&b, inputs[i]);
    import_free(&b, NULL);
  }
}

static void test_hostile__zero_bytes(void **state) {
  (void)state;
  static const char input[] =
      "From: a@example.test\nSubject: x\0y\nX-\0: z\nContent-Type: text/plain\n\nbe\0fore\n";
  ox_message *m = NULL;
  assert_int_equal(
      ox_mime_import((ox_bytes){(const uint8_t *)input, sizeof input - 1}, NULL, &m, NULL), OX_OK);
  assert_string_equal(text_of(m, OX_PidTagBody), "before\r\n");
  ox_message_free(m);
}

/* ---- allocations that fail ---- */

typedef struct failing_heap {
  size_t left; /* allocations that still succeed */
  size_t live;
  bool failed;
} failing_heap;

static bool may(failing_heap *heap) {
  if (heap->left == 0) {
    heap->failed = true;
    return false;
  }
  heap->left--;
  return true;
}

static void *failing_malloc(size_t size, void *user) {
  failing_heap *heap = user;
  if (!may(heap)) return NULL;
  heap->live++;
  return malloc(size);
}

static void *failing_calloc(size_t count, size_t size, void *user) {
  failing_heap *heap = user;
  if (!may(heap)) return NULL;
  heap->live++;
  return calloc(count, size);
}

static void *failing_realloc(void *block, size_t size, void *user) {
  failing_heap *heap = user;
  if (!may(heap)) return NULL;
  if (block == NULL) heap->live++;
  return realloc(block, size);
}

static void failing_free(void *block, void *user) {
  failing_heap *heap = user;
  heap->live--;
  free(block);
}

/* The n-th allocation fails for every n: an error, nothing left behind. */
static void fail_every_allocation(const char *path) {
  size_t size;
  char *mime = read_file(path, &size);
  for (size_t n = 0;; n++) {
    failing_heap heap = {n, 0, false};
    ox_allocator allocator = {failing_malloc, failing_calloc, failing_realloc, failing_free, &heap};
    ox_mime_import_options in = OX_MIME_IMPORT_OPTIONS_INIT;
    in.allocator = &allocator;
    in.large_value_bytes = 100;
    ox_message *m = NULL;
    ox_status status = ox_mime_import((ox_bytes){(const uint8_t *)mime, size}, &in, &m, NULL);
    if (status == OX_OK) {
      ox_mime_export_options out = OX_MIME_EXPORT_OPTIONS_INIT;
      out.allocator = &allocator;
      ox_writer w;
      ox_writer_init(&w, &allocator, 10 * 1024 * 1024);
      status = ox_mime_export(m, &out, &w, NULL);
      ox_writer_dispose(&w);
      ox_message_free(m);
    } else {
      assert_null(m);
    }
    assert_int_equal(heap.live, 0);
    if (!heap.failed) {
      assert_int_equal(status, OX_OK);
      break;
    }
    assert_int_equal(status, OX_E_NO_MEMORY);
    assert_true(n < 20000);
  }
  free(mime);
}

static void test_allocation__each_one_fails(void **state) {
  (void)state;
  fail_every_allocation(OX_SOURCE_ROOT "/examples/mail/03-alternative.eml");
  fail_every_allocation(OX_SOURCE_ROOT "/examples/mail/04-inline-image.eml");
  fail_every_allocation(OX_SOURCE_ROOT "/examples/mail/07-nested-message.eml");
  fail_every_allocation(OX_SOURCE_ROOT "/examples/mail/14-signed-smime.eml");
}

/* ---- threads ---- */

static void *convert_often(void *argument) {
  const char *mime = argument;
  for (int i = 0; i < 30; i++) {
    ox_message *m = NULL;
    if (ox_mime_import((ox_bytes){(const uint8_t *)mime, strlen(mime)}, NULL, &m, NULL) != OX_OK)
      return (void *)"import failed";
    ox_writer w;
    ox_writer_init(&w, NULL, 1024 * 1024);
    ox_status status = ox_mime_export(m, NULL, &w, NULL);
    if (status == OX_OK) status = ox_message_to_text(m, 0, &w, NULL);
    ox_writer_dispose(&w);
    ox_message_free(m);
    if (status != OX_OK) return (void *)"export failed";
  }
  return NULL;
}

static void test_threads__convert_at_the_same_time(void **state) {
  (void)state;
  static const char *const files[] = {"09-japanese-shift-jis.eml", "07-nested-message.eml",
                                      "02-html.eml", "04-inline-image.eml"};
  pthread_t threads[4];
  char *mime[4];
  for (size_t i = 0; i < 4; i++) {
    char path[300];
    size_t size;
    snprintf(path, sizeof path, "%s/examples/mail/%s", OX_SOURCE_ROOT, files[i]);
    mime[i] = read_file(path, &size);
    assert_int_equal(pthread_create(&threads[i], NULL, convert_often, mime[i]), 0);
  }
  for (size_t i = 0; i < 4; i++) {
    void *result = NULL;
    pthread_join(threads[i], &result);
    assert_null(result);
    free(mime[i]);
  }
}

int main(void) {
  /* What GLib takes for a mistake of the program is one. */
  g_log_set_always_fatal(G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_ERROR);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_limit__nested_multiparts),
      cmocka_unit_test(test_limit__nested_messages),
      cmocka_unit_test(test_limit__many_parts),
      cmocka_unit_test(test_limit__header),
      cmocka_unit_test(test_limit__recipients),
      cmocka_unit_test(test_limit__size),
      cmocka_unit_test(test_options__struct_size),
      cmocka_unit_test(test_hostile__odds_and_ends),
      cmocka_unit_test(test_hostile__zero_bytes),
      cmocka_unit_test(test_allocation__each_one_fails),
      cmocka_unit_test(test_threads__convert_at_the_same_time),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
