/* XML documents, and those of configuration data. The first byte chooses. What was read is written,
 * and reads the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <oxkit/ropcodec/roaming.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition) {
  if (!condition) abort();
}

static bool same_text(ox_str8 a, ox_str8 b) {
  return a.size_bytes == b.size_bytes &&
         (a.size_bytes == 0 || memcmp(a.data, b.data, a.size_bytes) == 0);
}

static void require_same(const ox_xml_element *a, const ox_xml_element *b) {
  require(same_text(a->name, b->name) && same_text(a->text, b->text));
  const ox_xml_attribute *other = b->attributes;
  for (const ox_xml_attribute *one = a->attributes; one != NULL; one = one->next) {
    require(other != NULL && same_text(one->name, other->name));
    require(same_text(one->value, other->value));
    other = other->next;
  }
  require(other == NULL);
  const ox_xml_element *child = b->children;
  for (const ox_xml_element *one = a->children; one != NULL; one = one->next) {
    require(child != NULL);
    require_same(one, child);
    child = child->next;
  }
  require(child == NULL);
}

static void xml(ox_bytes bytes, ox_arena *arena, ox_writer *w) {
  ox_xml_element *root, *again;
  if (ox_xml_parse(bytes, arena, &root, NULL) != OX_OK) return;
  ox_xml_write(w, root);
  require(ox_writer_status(w) == OX_OK);
  require(ox_xml_parse(ox_writer_bytes(w), arena, &again, NULL) == OX_OK);
  require_same(root, again);
}

static void categories(ox_bytes bytes, ox_arena *arena, ox_writer *w) {
  ox_category_list list, again;
  if (ox_category_list_read(bytes, arena, &list, NULL) != OX_OK) return;
  ox_category_list_write(w, arena, &list);
  require(ox_writer_status(w) == OX_OK);
  require(ox_category_list_read(ox_writer_bytes(w), arena, &again, NULL) == OX_OK);
  require(again.category_count == list.category_count);
  for (uint32_t i = 0; i < list.category_count; i++) {
    require_same(list.categories[i].source, again.categories[i].source);
  }
}

static void working_hours(ox_bytes bytes, ox_arena *arena, ox_writer *w) {
  ox_working_hours hours, again;
  if (ox_working_hours_read(bytes, arena, &hours, NULL) != OX_OK) return;
  ox_working_hours_write(w, arena, &hours);
  require(ox_writer_status(w) == OX_OK);
  require(ox_working_hours_read(ox_writer_bytes(w), arena, &again, NULL) == OX_OK);
  require_same(hours.source, again.source);
}

static void dictionary(ox_bytes bytes, ox_arena *arena, ox_writer *w) {
  ox_dictionary in, again;
  if (ox_dictionary_read(bytes, arena, &in, NULL) != OX_OK) return;
  ox_dictionary_write(w, arena, &in);
  require(ox_writer_status(w) == OX_OK);
  require(ox_dictionary_read(ox_writer_bytes(w), arena, &again, NULL) == OX_OK);
  require(same_text(in.version, again.version) && in.entry_count == again.entry_count);
  for (uint32_t i = 0; i < in.entry_count; i++) {
    require(same_text(in.entries[i].key, again.entries[i].key));
    require(same_text(in.entries[i].value, again.entries[i].value));
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  ox_bytes bytes = {data + 1, size - 1};
  ox_arena arena;
  ox_writer w;
  ox_arena_init(&arena, NULL, 64u * 1024 * 1024);
  ox_writer_init(&w, NULL, SIZE_MAX / 2);
  switch (data[0] % 4) {
    case 0: xml(bytes, &arena, &w); break;
    case 1: categories(bytes, &arena, &w); break;
    case 2: working_hours(bytes, &arena, &w); break;
    default: dictionary(bytes, &arena, &w); break;
  }
  ox_writer_dispose(&w);
  ox_arena_dispose(&arena);
  return 0;
}
