/* The ROPs against tables that were taken from the specification and not from schema/: rop_ids.tsv
 * (the table of RopIds) and rop_forms.tsv (every field of every request and response form, with its
 * size). The folder of the tables is the argument. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../libropcodec/src/wire_internal.h"
#include "codecs.h"

enum { FIELDS_MAX = 64, LINE_MAX_BYTES = 4096, VARIABLE = 0 };

static const char *folder;

/* One field on the wire; bytes is VARIABLE when its size is not fixed. */
typedef struct wire_field {
  char name[80];
  size_t bytes;
} wire_field;

typedef struct field_list {
  size_t count;
  wire_field items[FIELDS_MAX];
} field_list;

static FILE *open_table(const char *name) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "r");
  if (file == NULL) fail_msg("%s cannot be read", path);
  return file;
}

/* The next line that is no comment, split at its tabs; false at the end. */
static bool next_row(FILE *file, char line[LINE_MAX_BYTES], char *cells[], size_t cell_count) {
  do {
    if (fgets(line, LINE_MAX_BYTES, file) == NULL) return false;
  } while (line[0] == '#');
  line[strcspn(line, "\n")] = 0;
  for (size_t i = 0; i < cell_count; i++) {
    cells[i] = line;
    line += strcspn(line, "\t");
    if (*line == '\t') *line++ = 0;
  }
  return true;
}

/* What schema/ says. */

static void add(field_list *list, const char *name, size_t bytes) {
  assert_true(list->count < FIELDS_MAX);
  snprintf(list->items[list->count].name, sizeof list->items[0].name, "%s", name);
  list->items[list->count++].bytes = bytes;
}

/* Size of a structure all of whose fields have one; VARIABLE for others. */
static size_t fixed_bytes(const ox_wire_struct *structure) {
  for (size_t i = 0; i < structure->field_count; i++) {
    const ox_wire_field *field = &structure->fields[i];
    bool plain = ox_wire_integer_bytes(field->kind) != 0 || field->kind == OX_WIRE_GUID ||
                 (field->kind == OX_WIRE_BYTES && (field->flags & OX_WIRE_INLINE) != 0);
    if (field->kind == OX_WIRE_STRUCT) plain = fixed_bytes(field->structure) != VARIABLE;
    if (!plain || field->count_kind != 0 || field->width != 0) return VARIABLE;
  }
  return structure->min_bytes;
}

static size_t bytes_of(const ox_wire_field *field) {
  if (field->count_kind != 0 || field->width != 0) return VARIABLE;
  size_t count = (field->flags & OX_WIRE_ARRAY) != 0 ? field->fixed : 1;
  if (field->kind == OX_WIRE_BYTES) return field->fixed;
  if (field->kind == OX_WIRE_STRUCT) return fixed_bytes(field->structure) * count;
  if (field->kind == OX_WIRE_GUID) return 16 * count;
  return ox_wire_integer_bytes(field->kind) * count;
}

/* True when nothing but the status, or the kind of logon, decides about a block. */
static bool depends_on_form(const ox_wire_struct *structure, const ox_wire_field *head) {
  for (unsigned i = 0; i < head->term_count; i++) {
    bool decides = false;
    for (size_t k = 0; k < structure->field_count; k++) {
      const ox_wire_field *field = &structure->fields[k];
      if (field->kind == OX_WIRE_IF || field->offset != head->terms[i].offset) continue;
      decides =
          decides ||
          (head->terms[i].kind != OX_WIRE_CONTEXT &&
           (strcmp(field->name, "return_value") == 0 || strcmp(field->name, "logon_flags") == 0));
    }
    if (!decides) return false;
  }
  return true;
}

/* The fields of a structure whose members that decide about the form are set. */
static void list_fields(const ox_wire_struct *structure, const void *form, field_list *out) {
  for (size_t i = 0; i < structure->field_count; i++) {
    const ox_wire_field *field = &structure->fields[i];
    if (field->kind == OX_WIRE_IF) {
      if (depends_on_form(structure, field) && !ox_wire_condition(field, form, false))
        i += field->span;
      continue;
    }
    char size_name[80];
    snprintf(size_name, sizeof size_name, "%s_size", field->name);
    if (field->width != 0) add(out, size_name, field->width);
    if (field->kind == OX_WIRE_SIZED) continue;
    if (field->kind == OX_WIRE_HAND && strcmp(field->hand->name, "ox_sort_order_set") == 0) {
      add(out, "sort_order_count", 2);
      add(out, "category_count", 2);
      add(out, "expanded_count", 2);
    }
    /* The 8-bit form of a text whose Unicode form came before. */
    if (field->name[strlen(field->name) - 1] == '8') continue;
    add(out, field->name, bytes_of(field));
  }
}

/* What the specification says. */

static void parse_fields(char *text, field_list *out) {
  for (char *word = strtok(text, " "); word != NULL; word = strtok(NULL, " ")) {
    char *colon = strchr(word, ':');
    assert_non_null(colon);
    *colon = 0;
    add(out, word, colon[1] == 'v' ? VARIABLE : strtoul(colon + 1, NULL, 10));
  }
}

static void squeeze(const char *name, char out[64]) {
  size_t n = 0;
  for (; *name != 0 && n < 63; name++)
    if (*name != '_') out[n++] = (char)tolower((unsigned char)*name);
  out[n] = 0;
}

static bool same_name(const char *ours, const char *theirs) {
  char a[64], b[64];
  squeeze(ours, a);
  squeeze(theirs, b);
  if (strcmp(a, b) == 0) return true;
  size_t n = strlen(a), m = strlen(b);
  return n >= 4 && m >= 4 && strcmp(a + n - 4, "size") == 0 && strcmp(b + m - 4, "size") == 0;
}

static void compare(const char *what, const char *form, const field_list *ours,
                    const field_list *theirs) {
  for (size_t i = 0; i < ours->count || i < theirs->count; i++) {
    const wire_field *a = i < ours->count ? &ours->items[i] : NULL;
    const wire_field *b = i < theirs->count ? &theirs->items[i] : NULL;
    if (a == NULL || b == NULL || a->bytes != b->bytes || !same_name(a->name, b->name)) {
      fail_msg("%s, %s: field %zu is %s:%zu, in the specification %s:%zu", what, form, i,
               a != NULL ? a->name : "-", a != NULL ? a->bytes : 0, b != NULL ? b->name : "-",
               b != NULL ? b->bytes : 0);
    }
  }
}

static const struct {
  const char *name;
  ox_status status;
  uint8_t logon_flags;
} forms[] = {
    {"request", 0, 0},
    {"response", 0, 0},
    {"response", OX_E_CALL_FAILED, 0},
    {"success", 0, 0},
    {"success-private", 0, OX_LOGON_FLAGS_PRIVATE},
    {"success-public", 0, 0},
    {"failure", OX_E_CALL_FAILED, 0},
    {"failure", OX_E_NOT_FOUND, 0},
    {"redirect", OX_E_WRONG_SERVER, 0},
    {"null-destination", OX_E_NULL_DESTINATION_OBJECT, 0},
    {"server-busy", OX_E_SERVER_TOO_BUSY, 0},
};

static void set_member(const ox_wire_struct *structure, void *value, const char *name,
                       uint64_t number) {
  for (size_t i = 0; i < structure->field_count; i++) {
    const ox_wire_field *field = &structure->fields[i];
    if (strcmp(field->name, name) == 0)
      ox_wire_set_number(value, field->kind, field->offset, number);
  }
}

/* The least that a form can be: what the specification's fields add up to. */
static size_t least_bytes(const field_list *fields) {
  size_t n = 1; /* RopId */
  for (size_t i = 0; i < fields->count; i++) n += fields->items[i].bytes;
  return n;
}

/* A response in its shortest form, there and back. */
static void check_shortest(const ox_rop_info *info, ox_rop_response *response,
                           const field_list *fields) {
  ox_writer w;
  ox_writer_init(&w, NULL, 4096);
  ox_rop_response_encode(&w, response);
  assert_int_equal(ox_writer_status(&w), OX_OK);
  assert_int_equal(w.size_bytes, least_bytes(fields));
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  static ox_rop_response decoded;
  for (size_t n = 0; n <= w.size_bytes; n++) {
    ox_reader r;
    ox_reader_init(&r, w.data, n);
    ox_status status = ox_rop_response_decode(&r, &arena, NULL, &decoded);
    if (n < w.size_bytes) assert_int_not_equal(status, OX_OK);
    if (n == w.size_bytes) {
      assert_int_equal(status, OX_OK);
      assert_int_equal(r.position, n);
      assert_true(ox_wire_equal(info->response, &response->u, &decoded.u));
    }
  }
  ox_arena_dispose(&arena);
  ox_writer_dispose(&w);
}

static bool has_variable_part(const field_list *fields) {
  for (size_t i = 0; i < fields->count; i++)
    if (fields->items[i].bytes == VARIABLE) return true;
  return false;
}

static size_t check_form(const ox_rop_info *info, const char *name, const field_list *theirs) {
  size_t checked = 0;
  for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
    if (strcmp(forms[i].name, name) != 0) continue;
    bool is_request = strcmp(name, "request") == 0;
    const ox_wire_struct *structure = is_request ? info->request : info->response;
    assert_non_null(structure);
    static ox_rop_response response;
    memset(&response, 0, sizeof response);
    response.rop_id = info->rop_id;
    static uint8_t request[sizeof(ox_rop_request)];
    void *value = is_request ? (void *)request : &response.u;
    set_member(structure, value, "return_value", forms[i].status);
    if (!is_request) set_member(structure, value, "logon_flags", forms[i].logon_flags);
    field_list ours = {0};
    list_fields(structure, value, &ours);
    compare(info->name, name, &ours, theirs);
    bool failed = forms[i].status != 0;
    if (!is_request && failed && !has_variable_part(theirs))
      check_shortest(info, &response, theirs);
    checked++;
  }
  return checked;
}

static const ox_wire_struct *structures[] = {
    &ox_logon_time_wire,         &ox_open_recipient_row_wire, &ox_modify_recipient_row_wire,
    &ox_read_recipient_row_wire, &ox_permission_data_wire,    &ox_rule_data_wire,
    &ox_message_read_state_wire, &ox_long_term_id_range_wire, &ox_backoff_rop_wire,
    &ox_notification_data_wire,
};

static size_t check_structure(const char *name, const field_list *theirs) {
  for (size_t i = 0; i < sizeof structures / sizeof structures[0]; i++) {
    if (strcmp(structures[i]->name, name) != 0) continue;
    static const uint8_t nothing[4096];
    field_list ours = {0};
    list_fields(structures[i], nothing, &ours);
    compare(name, "structure", &ours, theirs);
    return 1;
  }
  return 0;
}

static void test_rop_form__has_the_fields_of_the_specification(void **state) {
  (void)state;
  FILE *file = open_table("rop_forms.tsv");
  char line[LINE_MAX_BYTES], *cells[6];
  bool has_request[256] = {false}, has_response[256] = {false};
  size_t rows = 0;
  while (next_row(file, line, cells, 6)) {
    field_list theirs = {0};
    size_t checked;
    parse_fields(cells[5], &theirs);
    if (strcmp(cells[3], "structure") == 0) {
      checked = check_structure(cells[1], &theirs);
    } else {
      const ox_rop_info *info = ox_rop_info_by_id((uint8_t)strtoul(cells[2], NULL, 16));
      assert_non_null(info);
      assert_string_equal(info->name, cells[1] + strlen("Rop"));
      checked = check_form(info, cells[3], &theirs);
      bool is_request = strcmp(cells[3], "request") == 0;
      (is_request ? has_request : has_response)[info->rop_id] = true;
    }
    if (checked == 0) fail_msg("%s, %s: nothing was compared", cells[1], cells[3]);
    rows++;
  }
  fclose(file);
  assert_int_equal(rows, 344);
  size_t count;
  const ox_rop_info *table = ox_rop_info_table(&count);
  for (size_t i = 0; i < count; i++) {
    assert_int_equal(table[i].request != NULL, has_request[table[i].rop_id]);
    assert_int_equal(table[i].response != NULL, has_response[table[i].rop_id]);
  }
}

static void refuse(uint8_t rop_id) {
  uint8_t bytes[16] = {rop_id};
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  ox_reader r;
  static ox_rop_request request;
  static ox_rop_response response;
  ox_reader_init(&r, bytes, sizeof bytes);
  assert_int_equal(ox_rop_request_decode(&r, &arena, NULL, &request), OX_E_UNKNOWN_ROP);
  ox_reader_init(&r, bytes, sizeof bytes);
  assert_int_equal(ox_rop_response_decode(&r, &arena, NULL, &response), OX_E_UNKNOWN_ROP);
  assert_string_equal(r.spec, "[MS-OXCROPS] 2.2.2");
  ox_writer w;
  ox_writer_init(&w, NULL, 100);
  memset(&request, 0, sizeof request);
  request.rop_id = rop_id;
  ox_rop_request_encode(&w, &request);
  assert_int_equal(ox_writer_status(&w), OX_E_UNKNOWN_ROP);
  ox_writer_dispose(&w);
  ox_arena_dispose(&arena);
}

static void test_rop_id__is_in_the_table_or_refused_by_number(void **state) {
  (void)state;
  FILE *file = open_table("rop_ids.tsv");
  char line[LINE_MAX_BYTES], *cells[3];
  size_t rows = 0, rops = 0, count;
  for (; next_row(file, line, cells, 3); rows++) {
    const unsigned long id = strtoul(cells[0], NULL, 16);
    assert_int_equal(id, rows); /* every number once, in order */
    const ox_rop_info *info = ox_rop_info_by_id((uint8_t)id);
    if (strcmp(cells[1], "Reserved") == 0) {
      assert_null(info);
      refuse((uint8_t)id);
      continue;
    }
    assert_non_null(info);
    assert_string_equal(info->name, cells[1] + strlen("Rop"));
    char section[64];
    snprintf(section, sizeof section, "[MS-OXCROPS] %s", cells[2]);
    assert_string_equal(info->section, section);
    rops++;
  }
  fclose(file);
  assert_int_equal(rows, 256);
  ox_rop_info_table(&count);
  assert_int_equal(rops, count);
}

/* Named properties come with the warning ErrorsReturned too, in the form of a success.
 * [MS-OXCPRPT] 2.2.12.2, 2.2.13.2; [MS-OXCROPS] 2.2.8.10.2 */
static void test_named_properties__come_with_a_warning_too(void **state) {
  (void)state;
  static const uint8_t ids[] = {0x56, 1, 0x80, 0x03, 0x04, 0, 1, 0, 0, 0};
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  ox_reader r;
  ox_reader_init(&r, ids, sizeof ids);
  static ox_rop_response response;
  assert_int_equal(ox_rop_response_decode(&r, &arena, NULL, &response), OX_OK);
  assert_int_equal(ox_reader_remaining(&r), 0);
  assert_int_equal(response.u.get_property_ids_from_names.property_id_count, 1);
  ox_arena_dispose(&arena);
}

int main(int argc, char **argv) {
  folder = argc > 1 ? argv[1] : ".";
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rop_form__has_the_fields_of_the_specification),
      cmocka_unit_test(test_rop_id__is_in_the_table_or_refused_by_number),
      cmocka_unit_test(test_named_properties__come_with_a_warning_too),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
