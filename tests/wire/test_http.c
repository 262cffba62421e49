/* Header fields, targets, queries, dates. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <oxkit/wire/http.h>

static void test_header__is_found_without_regard_to_case(void **state) {
  (void)state;
  static const ox_http_header headers[] = {{"Set-Cookie", "a"}, {"HOST", "x"}, {"set-cookie", "b"}};
  assert_string_equal(ox_http_header_find(headers, 3, "Host", 0), "x");
  assert_string_equal(ox_http_header_find(headers, 3, "Set-Cookie", 1), "b");
  assert_null(ox_http_header_find(headers, 3, "Set-Cookie", 2));
  assert_null(ox_http_header_find(headers, 3, "Hos", 0));
}

static void test_token__is_found_whole(void **state) {
  (void)state;
  assert_true(ox_http_value_has_token("keep-alive, Close", "close"));
  assert_true(ox_http_value_has_token("close", "close"));
  assert_true(ox_http_value_has_token(",, close ,x", "close"));
  assert_false(ox_http_value_has_token("closed", "close"));
  assert_false(ox_http_value_has_token("xclose", "close"));
  assert_false(ox_http_value_has_token("", "close"));
}

static void test_date__matches_the_standard(void **state) {
  (void)state;
  char text[OX_HTTP_DATE_BYTES];
  ox_http_date_format(784111777, text);
  assert_string_equal(text, "Sun, 06 Nov 1994 08:49:37 GMT");
  ox_http_date_format(951782400, text);
  assert_string_equal(text, "Tue, 29 Feb 2000 00:00:00 GMT");
  ox_http_date_format(0, text);
  assert_string_equal(text, "Thu, 01 Jan 1970 00:00:00 GMT");
}

static void test_target__is_split(void **state) {
  (void)state;
  static const struct {
    const char *target, *path, *query;
  } rows[] = {
      {"/", "/", ""},
      {"/a/b?c=d&e", "/a/b", "c=d&e"},
      {"/a%2Fb%20c", "/a/b c", ""},
      {"/a/./b/../c", "/a/c", ""},
      {"/../../etc/passwd", "/etc/passwd", ""},
      {"/%2e%2e/%2e%2e/x", "/x", ""},
      {"/a/..", "/", ""},
      {"/a/.", "/a/", ""},
      {"/a//b", "/a//b", ""},
      {"http://host/a?b", "/a", "b"},
      {"http://host", "/", ""},
      {"HTTPS://host:1?q", "/", "q"},
      {"*", "*", ""},
      {"/a?b?c#d", "/a", "b?c"},
      {"a", NULL, NULL},
      {"/%", NULL, NULL},
      {"/%0", NULL, NULL},
      {"/%00", NULL, NULL},
      {"/%zz", NULL, NULL},
      {"http:///x", NULL, NULL},
      {"1x://h/", NULL, NULL},
      {"", NULL, NULL},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    ox_arena arena;
    ox_arena_init(&arena, NULL, 0);
    const char *path, *query;
    ox_status status = ox_http_target_split(rows[i].target, &arena, &path, &query);
    if (rows[i].path == NULL) {
      assert_int_equal(status, OX_E_MALFORMED);
      assert_null(path);
    } else {
      assert_int_equal(status, OX_OK);
      assert_string_equal(path, rows[i].path);
      assert_string_equal(query, rows[i].query);
    }
    ox_arena_dispose(&arena);
  }
}

static void test_query__finds_and_decodes(void **state) {
  (void)state;
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  const char *query = "MailboxId=a%40b&x=1+2&flag&x=3&bad=%zz&%6eame=v=w";
  assert_string_equal(ox_http_query_find(query, "mailboxid", &arena), "a@b");
  assert_string_equal(ox_http_query_find(query, "x", &arena), "1 2");
  assert_string_equal(ox_http_query_find(query, "flag", &arena), "");
  assert_string_equal(ox_http_query_find(query, "name", &arena), "v=w");
  assert_null(ox_http_query_find(query, "bad", &arena));
  assert_null(ox_http_query_find(query, "none", &arena));
  assert_null(ox_http_query_find("", "none", &arena));
  ox_arena_dispose(&arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_header__is_found_without_regard_to_case),
      cmocka_unit_test(test_token__is_found_whole),
      cmocka_unit_test(test_date__matches_the_standard),
      cmocka_unit_test(test_target__is_split),
      cmocka_unit_test(test_query__finds_and_decodes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
