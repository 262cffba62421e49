/* HTML to text, text to HTML, messages as text. */
#include "support.h"

static char *html_text(ox_arena *arena, const char *html, uint32_t codepage) {
  char *text = NULL;
  ox_error err = {0};
  ox_status status = ox_html_to_text(arena, (ox_bytes){(const uint8_t *)html, strlen(html)},
                                     codepage, &text, &err);
  if (status != OX_OK) fail_msg("%s", err.text);
  assert_non_null(text);
  return text;
}

static void test_html_to_text__elements(void **state) {
  (void)state;
  static const struct {
    const char *html, *text;
  } rows[] = {
      {"", ""},
      {"plain", "plain\r\n"},
      {"<p>one</p><p>two</p>", "one\r\n\r\ntwo\r\n"},
      {"<div>one</div><div>two</div>", "one\r\ntwo\r\n"},
      {"one<br>two<br><br>three", "one\r\ntwo\r\n\r\nthree\r\n"},
      {"  much \n  white\t space ", "much white space\r\n"},
      {"a<b>b</b>c <i>d</i>e", "abc de\r\n"},
      {"<title>no</title><style>p{}</style><script>x()</script><p>yes</p>", "yes\r\n"},
      {"<ul><li>one</li><li>two<ul><li>inner</li></ul></li></ul>after",
       "* one\r\n* two\r\n  * inner\r\n\r\nafter\r\n"},
      {"<ol><li>one</li><li>two</li></ol>", "1. one\r\n2. two\r\n"},
      {"<table><tr><td>a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr></table>",
       "a\tb\r\nc\td\r\n"},
      {"said:<blockquote>first<br>second</blockquote>answer",
       "said:\r\n\r\n> first\r\n> second\r\nanswer\r\n"},
      {"<pre>  two\n    four</pre>", "  two\r\n    four\r\n"},
      {"<a href=\"https://example.test/x\">here</a>", "here <https://example.test/x>\r\n"},
      {"<a href=\"https://example.test/\">https://example.test/</a>", "https://example.test/\r\n"},
      {"<a href=\"mailto:bob@example.test\">bob@example.test</a>", "bob@example.test\r\n"},
      {"<a href=\"javascript:x()\">here</a>", "here\r\n"},
      {"<a href=\"#top\">top</a>", "top\r\n"},
      {"<img src=\"x.png\" alt=\"a ship\">", "[a ship]\r\n"},
      {"a<hr>b", "a\r\n\r\n------------------------------------------------------------\r\nb\r\n"},
      {"caf&eacute; &amp; &#8364; &lt;b&gt;", "caf\xC3\xA9 & \xE2\x82\xAC <b>\r\n"},
      {"<p>broken <b>html <i>here</p> and on", "broken html here\r\n\r\nand on\r\n"},
      {"<select><option>x</option></select>shown", "shown\r\n"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    ox_arena arena;
    ox_arena_init(&arena, NULL, 0);
    assert_string_equal(html_text(&arena, rows[i].html, OX_CODEPAGE_UTF8), rows[i].text);
    ox_arena_dispose(&arena);
  }
}

static void test_html_to_text__charsets(void **state) {
  (void)state;
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  assert_string_equal(html_text(&arena, "\xCF\xF0\xE8", 1251), "\xD0\x9F\xD1\x80\xD0\xB8\r\n");
  assert_string_equal(html_text(&arena, "<meta charset=\"windows-1251\">\xCF\xF0\xE8", 0),
                      "\xD0\x9F\xD1\x80\xD0\xB8\r\n");
  assert_string_equal(html_text(&arena, "caf\xC3\xA9", 0), "caf\xC3\xA9\r\n");
  assert_string_equal(html_text(&arena, "caf\xE9", 0), "caf\xC3\xA9\r\n");
  /* The code page that the caller gives wins over the page's own word. */
  assert_string_equal(html_text(&arena, "<meta charset=\"windows-1251\">caf\xC3\xA9", 65001),
                      "caf\xC3\xA9\r\n");
  char *text = NULL;
  /* Beyond U+10FFFF, which iconv takes for UTF-8. */
  assert_string_equal(html_text(&arena, "a <img alt=\xF4\xB5\xB1\x92> b", 65001),
                      "a [\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD] b\r\n");
  assert_int_equal(ox_html_to_text(&arena, (ox_bytes){(const uint8_t *)"\xFF\xFE<\0p\0>\0x\0", 10},
                                   0, &text, NULL),
                   OX_OK);
  assert_string_equal(text, "x\r\n");
  ox_arena_dispose(&arena);
}

/* Deeper than anybody follows: the text is still there. */
static void test_html_to_text__deep(void **state) {
  (void)state;
  size_t depth = 200000, n = 0;
  char *html = malloc(depth * 5 + 20);
  assert_non_null(html);
  for (size_t i = 0; i < depth; i++) n += (size_t)sprintf(html + n, "<div>");
  strcpy(html + n, "bottom</div>up");
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  assert_string_equal(html_text(&arena, html, 65001), "bottom up\r\n");
  ox_arena_dispose(&arena);
  free(html);
}

static void test_html_to_text__too_large(void **state) {
  (void)state;
  size_t size = OX_BODY_MAX_BYTES + 1;
  uint8_t *html = calloc(1, size);
  assert_non_null(html);
  memset(html, 'x', size);
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  char *text = (char *)html;
  ox_error err = {0};
  assert_int_equal(ox_html_to_text(&arena, (ox_bytes){html, size}, 0, &text, &err), OX_E_LIMIT);
  assert_null(text);
  assert_int_equal(err.status, OX_E_LIMIT);
  ox_arena_dispose(&arena);
  free(html);
}

/* Quotations inside one another multiply every line; the text has a limit of its own. */
static void test_html_to_text__many_quotations(void **state) {
  (void)state;
  size_t size = 4 * 1024 * 1024, n = 0;
  char *html = malloc(size + 100);
  assert_non_null(html);
  for (int i = 0; i < 200; i++) n += (size_t)sprintf(html + n, "<blockquote>");
  while (n < size) n += (size_t)sprintf(html + n, "x<br>");
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  char *text = NULL;
  ox_status status =
      ox_html_to_text(&arena, (ox_bytes){(const uint8_t *)html, n}, 65001, &text, NULL);
  assert_true(status == OX_OK || status == OX_E_LIMIT);
  if (status == OX_OK) assert_true(strlen(text) <= OX_BODY_MAX_BYTES + 1000);
  ox_arena_dispose(&arena);
  free(html);
}

static void test_text_to_html__escapes_and_links(void **state) {
  (void)state;
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  ox_bytes html = {NULL, 0};
  assert_int_equal(ox_text_to_html(&arena,
                                   ox_str8_from("a < b & \"c\"\r\n  two  blanks\n"
                                                "see https://example.test/?a=1&b=2, or\n"
                                                "caf\xC3\xA9"),
                                   OX_CODEPAGE_UTF8, &html, NULL),
                   OX_OK);
  const char *text = (const char *)html.data;
  assert_int_equal(strlen(text), html.size_bytes);
  assert_contains(text, "charset=utf-8");
  assert_contains(text, "a &lt; b &amp; &quot;c&quot;<br>\r\n&nbsp; two&nbsp; blanks<br>\r\n");
  assert_contains(text,
                  "<a href=\"https://example.test/?a=1&amp;b=2\">"
                  "https://example.test/?a=1&amp;b=2</a>, or");
  assert_contains(text, "caf\xC3\xA9");
  assert_int_equal(ox_text_to_html(&arena, ox_str8_from("caf\xC3\xA9"), 1252, &html, NULL), OX_OK);
  assert_contains((const char *)html.data, "caf\xE9");
  assert_int_equal(
      ox_text_to_html(&arena, ox_str8_from("caf\xC3\xA9 \xE6\x97\xA5"), 1252, &html, NULL), OX_OK);
  assert_contains((const char *)html.data, "caf&#233; &#26085;");
  ox_error err = {0};
  assert_int_equal(ox_text_to_html(&arena, ox_str8_from("x"), 99999, &html, &err),
                   OX_E_UNKNOWN_CODEPAGE);
  assert_null(html.data);
  ox_arena_dispose(&arena);
}

static void test_text_to_html__there_and_back(void **state) {
  (void)state;
  const char *text = "first line\r\n\r\n   indented\r\ntab\tand  blanks\r\n<tag> & \"quotes\"\r\n";
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  ox_bytes html = {NULL, 0};
  assert_int_equal(ox_text_to_html(&arena, ox_str8_from(text), 65001, &html, NULL), OX_OK);
  char *back = NULL;
  assert_int_equal(ox_html_to_text(&arena, html, 65001, &back, NULL), OX_OK);
  assert_contains(back, "first line\r\n\r\n");
  assert_contains(back, "<tag> & \"quotes\"\r\n");
  ox_arena_dispose(&arena);
}

static void test_converter__pairs(void **state) {
  (void)state;
  ox_body_converter *converter = ox_bodies_converter();
  assert_int_equal(converter->struct_size, sizeof *converter);
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  ox_bytes in = {(const uint8_t *)"<p>x", 4}, out;
  assert_int_equal(converter->convert(converter, OX_BODY_HTML, in, OX_BODY_PLAIN_TEXT, 65001,
                                      &arena, &out, NULL),
                   OX_OK);
  assert_int_equal(out.size_bytes, 3);
  assert_memory_equal(out.data, "x\r\n", 3);
  assert_int_equal(converter->convert(converter, OX_BODY_PLAIN_TEXT, in, OX_BODY_HTML, 65001,
                                      &arena, &out, NULL),
                   OX_OK);
  assert_true(out.size_bytes > 0);
  ox_error err = {0};
  assert_int_equal(converter->convert(converter, OX_BODY_RTF_COMPRESSED, in, OX_BODY_HTML, 65001,
                                      &arena, &out, &err),
                   OX_E_NO_SUPPORT);
  assert_null(out.data);
  ox_arena_dispose(&arena);
}

static char *message_text(const ox_message *m, uint32_t flags) {
  ox_writer w;
  ox_writer_init(&w, NULL, 10 * 1024 * 1024);
  ox_error err = {0};
  if (ox_message_to_text(m, flags, &w, &err) != OX_OK) fail_msg("%s", err.text);
  ox_write_u8(&w, 0);
  char *text = strdup((const char *)ox_writer_bytes(&w).data);
  ox_writer_dispose(&w);
  return text;
}

static void test_message_to_text__nested(void **state) {
  (void)state;
  size_t size;
  char *mime = read_file(OX_SOURCE_ROOT "/examples/mail/07-nested-message.eml", &size);
  ox_message *m = import_text(mime);
  char *text = message_text(m, 0);
  assert_contains(text, "From:     Alice Adams <alice@example.test>\n");
  assert_contains(text, "Date:     2026-01-13 09:00:12 UTC\n");
  assert_contains(text, "\n\nBob, see what they promise (in writing!) about the hook.\n");
  assert_contains(text, "[message] Crane 4");
  assert_contains(text,
                  "    der Haken kommt in KW 6, gr\xC3\xB6\xC3\x9F"
                  "er und schwerer");
  assert_contains(text, "        When will the new hook for crane 4 arrive?\n");
  assert_contains(text, "    [file] offer.pdf (application/pdf, 193 bytes)\n");
  free(text);
  text = message_text(m, OX_MESSAGE_TEXT_NO_HEADERS | OX_MESSAGE_TEXT_NO_ATTACHMENTS);
  assert_string_equal(text, "Bob, see what they promise (in writing!) about the hook.\n\nAlice\n");
  free(text);
  ox_message_free(m);
  free(mime);
}

static void test_message_to_text__html_and_control_characters(void **state) {
  (void)state;
  ox_message *m = import_text(
      "From: a@example.test\nSubject: =?utf-8?q?evil=1B[2J?=\n"
      "Content-Type: text/html\n\n<p>Hello \x1B[31m</p><p>you</p>\n");
  char *text = message_text(m, 0);
  assert_null(strchr(text, 0x1B));
  assert_contains(text, "\n\nHello [31m\n\nyou\n");
  free(text);
  ox_message_free(m);
}

static void test_message_to_text__writer_that_is_full(void **state) {
  (void)state;
  ox_message *m = import_text("From: a@example.test\nSubject: s\n\nbody\n");
  ox_writer w;
  ox_writer_init(&w, NULL, 10);
  ox_error err = {0};
  assert_int_equal(ox_message_to_text(m, 0, &w, &err), OX_E_LIMIT);
  assert_int_equal(err.status, OX_E_LIMIT);
  ox_writer_dispose(&w);
  ox_message_free(m);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_html_to_text__elements),
      cmocka_unit_test(test_html_to_text__charsets),
      cmocka_unit_test(test_html_to_text__deep),
      cmocka_unit_test(test_html_to_text__too_large),
      cmocka_unit_test(test_html_to_text__many_quotations),
      cmocka_unit_test(test_text_to_html__escapes_and_links),
      cmocka_unit_test(test_text_to_html__there_and_back),
      cmocka_unit_test(test_converter__pairs),
      cmocka_unit_test(test_message_to_text__nested),
      cmocka_unit_test(test_message_to_text__html_and_control_characters),
      cmocka_unit_test(test_message_to_text__writer_that_is_full),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
