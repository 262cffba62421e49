/* The XML subset: what is read, what is refused and where, what comes back. */
#include "../support/testing.h"

#include <stdio.h>

#include <oxkit/ropcodec/xml.h>

static ox_status parse_n(ox_arena *arena, const char *text, size_t size, ox_xml_element **root,
                         ox_error *err) {
  uint8_t *exact = malloc(size + 1); /* reading past the end is seen */
  assert_non_null(exact);
  memcpy(exact, text, size);
  uint8_t *kept = ox_arena_copy(arena, exact, size);
  free(exact);
  return ox_xml_parse((ox_bytes){kept, size}, arena, root, err);
}

static ox_xml_element *parse(ox_arena *arena, const char *text) {
  ox_xml_element *root;
  ox_error err = {.status = OX_OK};
  ox_status status = parse_n(arena, text, strlen(text), &root, &err);
  if (status != OX_OK) print_error("%s: %s at %u\n", text, err.text, (unsigned)err.offset);
  assert_int_equal(status, OX_OK);
  return root;
}

static void assert_text(ox_str8 text, const char *expected) {
  assert_int_equal(text.size_bytes, strlen(expected));
  if (text.size_bytes != 0) assert_memory_equal(text.data, expected, text.size_bytes);
}

static void test_xml_parse__document(void **state) {
  const ox_xml_element *root = parse(*state,
                                     "\xEF\xBB\xBF<?xml version='1.0' encoding=\"UTF-8\" "
                                     "standalone='yes'?>\r\n<!-- - a - list -->\n<list xmlns='a' "
                                     "n = \"1&quot;2\"\t><e/><!----><f.g-h:i k='v\n\r\n\tw'>a "
                                     "&lt;&amp;&gt;&apos;&#x41;&#233;&#x1F600;\r\nb</f.g-h:i ><e "
                                     ">\r </e ></list ><!-- end -->\n");
  assert_text(root->name, "list");
  assert_text(root->text, "");
  assert_text(ox_xml_find(root, "xmlns")->value, "a");
  assert_text(ox_xml_find(root, "n")->value, "1\"2");
  assert_null(ox_xml_find(root, "m"));
  const ox_xml_element *e = ox_xml_child(root, "e");
  assert_ptr_equal(e, root->children);
  assert_text(e->text, "");
  const ox_xml_element *f = ox_xml_child(root, "f.g-h:i");
  assert_text(f->text, "a <&>'A\xC3\xA9\xF0\x9F\x98\x80\nb");
  assert_text(ox_xml_find(f, "k")->value, "v   w"); /* ends of line and tabs are blanks */
  assert_text(f->next->text, "\n ");
  assert_null(f->next->next);
  assert_null(ox_xml_child(root, "x"));
  assert_null(ox_xml_child(NULL, "x"));
  assert_null(ox_xml_find(NULL, "x"));
}

static void test_xml_parse__what_is_refused(void **state) {
  static const struct {
    const char *text;
    ox_status status;
    unsigned offset;
  } cases[] = {
      {"", OX_E_TRUNCATED, 0},
      {" \n", OX_E_TRUNCATED, 2},
      {"<", OX_E_TRUNCATED, 1},
      {"<a", OX_E_TRUNCATED, 2},
      {"<a>", OX_E_TRUNCATED, 3},
      {"<a>text", OX_E_TRUNCATED, 7},
      {"<a></a", OX_E_TRUNCATED, 6},
      {"<a b", OX_E_TRUNCATED, 4},
      {"<a b='x", OX_E_TRUNCATED, 7},
      {"<!-- a", OX_E_TRUNCATED, 6},
      {"<?xml version='1.0'", OX_E_TRUNCATED, 19},
      {"text", OX_E_MALFORMED, 0},
      {"<a></b>", OX_E_MALFORMED, 6},
      {"<a></ab>", OX_E_MALFORMED, 7},
      {"<a/><b/>", OX_E_MALFORMED, 4},
      {"<a/>text", OX_E_MALFORMED, 4},
      {"<a>x<b/></a>", OX_E_MALFORMED, 4},
      {"<a><b/>x</a>", OX_E_MALFORMED, 7},
      {"<a>x<!-- --></a>", OX_E_MALFORMED, 4},
      {"<a><!-- -->x</a>", OX_E_MALFORMED, 11},
      {"<!-- a -- b --><a/>", OX_E_MALFORMED, 9},
      {"<a b='1' b='2'/>", OX_E_MALFORMED, 14},
      {"<a b='1'c='2'/>", OX_E_MALFORMED, 8},
      {"<a b=1/>", OX_E_MALFORMED, 5},
      {"<a b/>", OX_E_MALFORMED, 4},
      {"<a b='<'/>", OX_E_MALFORMED, 6},
      {"<a / >", OX_E_MALFORMED, 3},
      {"<a ?>", OX_E_MALFORMED, 3},
      {"<1/>", OX_E_MALFORMED, 1},
      {"<\xC3\xA9/>", OX_E_MALFORMED, 1},
      {"<a>&nbsp;</a>", OX_E_MALFORMED, 3},
      {"<a>&</a>", OX_E_MALFORMED, 3},
      {"<a>&amp</a>", OX_E_MALFORMED, 3},
      {"<a>&#;</a>", OX_E_MALFORMED, 5},
      {"<a>&#0;</a>", OX_E_MALFORMED, 6},
      {"<a>&#xD800;</a>", OX_E_MALFORMED, 10},
      {"<a>&#xFFFF;</a>", OX_E_MALFORMED, 10},
      {"<a>&#x110000;</a>", OX_E_MALFORMED, 12},
      {"<a>&#99999999999999999999;</a>", OX_E_MALFORMED, 12},
      {"<a>&#65</a>", OX_E_MALFORMED, 7},
      {"<a>\x01</a>", OX_E_MALFORMED, 0},
      {"<a>\xEF\xBF\xBE</a>", OX_E_MALFORMED, 0},
      {"<a>\xC0\x80</a>", OX_E_MALFORMED, 0},
      {"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", OX_E_MALFORMED, 1},
      {"<a><![CDATA[x]]></a>", OX_E_MALFORMED, 4},
      {"<?other?><a/>", OX_E_MALFORMED, 1},
      {"<a><?other?></a>", OX_E_MALFORMED, 4},
      {" <?xml version='1.0'?><a/>", OX_E_MALFORMED, 2},
      {"<?xml version='2.0'?><a/>", OX_E_MALFORMED, 21},
      {"<?xml encoding='utf-8'?><a/>", OX_E_MALFORMED, 24},
      {"<?xml version='1.0' encoding='utf-16'?><a/>", OX_E_MALFORMED, 39},
      {"<?xml version='1.0'/><a/>", OX_E_MALFORMED, 19},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    ox_xml_element *root;
    ox_error err = {.status = OX_OK};
    ox_status status = parse_n(*state, cases[i].text, strlen(cases[i].text), &root, &err);
    if (status != cases[i].status || err.offset != cases[i].offset) {
      print_error("%s: %s at %u\n", cases[i].text, err.text, (unsigned)err.offset);
    }
    assert_int_equal(status, cases[i].status);
    assert_int_equal(err.offset, cases[i].offset);
    assert_null(root);
  }
  ox_xml_element *root;
  assert_int_equal(parse_n(*state, "<a>\0</a>", 8, &root, NULL), OX_E_MALFORMED);
}

static void test_xml_parse__limits(void **state) {
  char text[4096] = "";
  ox_xml_element *root;
  for (unsigned depth = OX_XML_DEPTH_MAX; depth <= OX_XML_DEPTH_MAX + 1; depth++) {
    text[0] = 0;
    for (unsigned i = 0; i < depth; i++) strcat(text, "<a>");
    for (unsigned i = 0; i < depth; i++) strcat(text, "</a>");
    assert_int_equal(parse_n(*state, text, strlen(text), &root, NULL),
                     depth == OX_XML_DEPTH_MAX ? OX_OK : OX_E_LIMIT);
  }
  for (unsigned count = OX_XML_ATTRIBUTES_MAX; count <= OX_XML_ATTRIBUTES_MAX + 1; count++) {
    char *end = text + sprintf(text, "<a");
    for (unsigned i = 0; i < count; i++) end += sprintf(end, " a%u=''", i);
    strcpy(end, "/>");
    assert_int_equal(parse_n(*state, text, strlen(text), &root, NULL),
                     count == OX_XML_ATTRIBUTES_MAX ? OX_OK : OX_E_LIMIT);
  }
}

static void test_xml_parse__memory(void **state) {
  (void)state;
  char text[40000] = "<a>";
  for (unsigned i = 0; i < 9000; i++) memcpy(text + 3 + 4 * i, "<b/>", 4);
  memcpy(text + 3 + 36000, "</a>", 5);
  ox_bytes bytes = {(const uint8_t *)text, strlen(text)};
  ox_arena arena;
  ox_xml_element *root;
  ox_arena_init(&arena, NULL, 30 * bytes.size_bytes);
  assert_int_equal(ox_xml_parse(bytes, &arena, &root, NULL), OX_OK);
  ox_arena_dispose(&arena);
  ox_arena_init(&arena, NULL, 10000);
  assert_int_equal(ox_xml_parse(bytes, &arena, &root, NULL), OX_E_NO_MEMORY);
  ox_arena_dispose(&arena);
}

static void test_xml_write__comes_back(void **state) {
  ox_arena *arena = *state;
  ox_xml_element *root = ox_xml_add(arena, NULL, "list");
  assert_non_null(ox_xml_set(arena, root, "xmlns", ox_str8_from("a&b")));
  assert_non_null(ox_xml_set(arena, root, "n", ox_str8_from("1")));
  assert_non_null(ox_xml_set(arena, root, "n", ox_str8_from(" \"\t\r\n<>'\xC3\xA9")));
  ox_xml_element *e = ox_xml_add(arena, root, "e");
  e->text = ox_str8_from(" \"\t\r\n<>&'\xC3\xA9 ");
  ox_xml_add(arena, ox_xml_add(arena, root, "f"), "g");
  ox_writer w;
  ox_writer_init(&w, NULL, SIZE_MAX / 2);
  ox_xml_write(&w, root);
  ox_bytes bytes = ox_writer_bytes(&w);
  assert_text((ox_str8){(const char *)bytes.data, bytes.size_bytes},
              "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
              "<list xmlns=\"a&amp;b\" n=\" &quot;&#9;&#13;&#10;&lt;&gt;'\xC3\xA9\">\n"
              "  <e> \"\t&#13;\n&lt;&gt;&amp;'\xC3\xA9 </e>\n"
              "  <f>\n    <g/>\n  </f>\n</list>\n");
  ox_xml_element *back;
  assert_int_equal(ox_xml_parse(bytes, arena, &back, NULL), OX_OK);
  assert_text(ox_xml_find(back, "n")->value, " \"\t\r\n<>'\xC3\xA9");
  assert_text(back->children->text, " \"\t\r\n<>&'\xC3\xA9 ");
  ox_writer_dispose(&w);
}

static void assert_unwritable(const ox_xml_element *root) {
  ox_writer w;
  ox_writer_init(&w, NULL, SIZE_MAX / 2);
  ox_xml_write(&w, root);
  assert_int_equal(ox_writer_status(&w), OX_E_USAGE);
  ox_writer_dispose(&w);
}

static void test_xml_write__what_xml_cannot_have(void **state) {
  ox_arena *arena = *state;
  assert_unwritable(ox_xml_add(arena, NULL, ""));
  assert_unwritable(ox_xml_add(arena, NULL, "a b"));
  ox_xml_element *root = ox_xml_add(arena, NULL, "a");
  root->text = ox_str8_from("\x01");
  assert_unwritable(root);
  root->text = ox_str8_from("\xFF");
  assert_unwritable(root);
  root->text = ox_str8_from("");
  assert_non_null(ox_xml_set(arena, root, "1", ox_str8_from("")));
  assert_unwritable(root);
  root = ox_xml_add(arena, NULL, "a");
  ox_xml_element *inner = root;
  for (unsigned i = 0; i < OX_XML_DEPTH_MAX; i++) inner = ox_xml_add(arena, inner, "a");
  assert_unwritable(root);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      ARENA_TEST(test_xml_parse__document),   ARENA_TEST(test_xml_parse__what_is_refused),
      ARENA_TEST(test_xml_parse__limits),     cmocka_unit_test(test_xml_parse__memory),
      ARENA_TEST(test_xml_write__comes_back), ARENA_TEST(test_xml_write__what_xml_cannot_have),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
