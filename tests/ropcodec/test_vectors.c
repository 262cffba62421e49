/* Golden vectors: every FILE.hex under the folder given, with its FILE.txt; vectors/README.md says
 * what the lines of a .hex file are and where the vectors come from. A vector is the bytes of one
 * structure; adding one adds no code. Each is run these ways:
 * - its first line says where it comes from;
 * - the dump equals the .txt;
 * - decoding and encoding gives the same bytes, by way of JSON too;
 * - every proper prefix is refused, and one more byte is trailing;
 * - the n-th allocation fails, for every n, without a leak.
 *
 * With OX_VECTORS_UPDATE=1 in the environment the .txt files are written instead: read them before
 * committing. */
#include <ctype.h>
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "codecs.h"

enum { VECTORS_MAX = 1000, BYTES_MAX = 70000, COLUMNS_MAX = 64, DUMP_MAX = 1 << 22 };

typedef struct vector {
  char path[1024]; /* without the suffix */
  char kind[64];
  uint8_t bytes[BYTES_MAX];
  size_t size;
  ox_proptag columns[COLUMNS_MAX];
  ox_wire_context context;
} vector;

static void parse_line(vector *v, char *line) {
  unsigned value;
  int used;
  if (line[0] == '#') return;
  if (strncmp(line, "kind ", 5) == 0) {
    snprintf(v->kind, sizeof v->kind, "%s", line + 5);
    v->kind[strcspn(v->kind, "\r\n")] = 0;
  } else if (strncmp(line, "columns ", 8) == 0) {
    line += 8;
    v->context.columns = v->columns;
    while (v->context.column_count < COLUMNS_MAX && sscanf(line, "%x%n", &value, &used) == 1) {
      v->columns[v->context.column_count++] = value;
      line += used;
    }
  } else if (strncmp(line, "public", 6) == 0) {
    v->context.public_logon = true;
  } else {
    while (sscanf(line, " %2x%n", &value, &used) == 1) {
      assert_true(v->size < BYTES_MAX);
      v->bytes[v->size++] = (uint8_t)value;
      line += used;
    }
    while (isspace((unsigned char)*line)) line++;
    assert_int_equal(*line, 0);
  }
}

static char *read_file(const char *path) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) return NULL;
  char *text = calloc(1, DUMP_MAX + 1);
  assert_non_null(text);
  size_t n = fread(text, 1, DUMP_MAX, file);
  text[n] = 0;
  fclose(file);
  return text;
}

/* The first lines of vectors/README.md. */
static bool says_origin(const char *text) {
  static const char *const starts[] = {"# Example of ", "# Assembled by hand from ",
                                       "# Captured from "};
  for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
    if (strncmp(text, starts[i], strlen(starts[i])) == 0) return true;
  }
  return false;
}

static vector *load(const char *path) {
  vector *v = calloc(1, sizeof *v);
  assert_non_null(v);
  snprintf(v->path, sizeof v->path, "%s", path);
  char name[sizeof v->path + 8];
  snprintf(name, sizeof name, "%s.hex", path);
  char *text = read_file(name);
  assert_non_null(text);
  if (!says_origin(text)) print_error("%s: the first line does not say where it is from\n", name);
  assert_true(says_origin(text));
  char *save = NULL;
  for (char *line = strtok_r(text, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save)) {
    parse_line(v, line);
  }
  free(text);
  assert_true(v->size != 0);
  return v;
}

static bool is_buffer(const vector *v) {
  return strcmp(v->kind, "rop-input") == 0 || strcmp(v->kind, "rop-output") == 0;
}

/* The codec that the kind names; for ROPs the first byte chooses. A kind of the table has no codec
 * here: its structure is decoded and encoded by descriptor. */
static codec codec_of(const vector *v) {
  const ox_kind *kind = ox_kind_find(v->kind);
  if (kind != NULL) return (codec){kind->structure, kind->structure->size_bytes, 0, NULL, NULL};
  const ox_rop_info *info = ox_rop_info_by_id(v->bytes[0]);
  codec none = {0};
  if (strcmp(v->kind, "rop-request") == 0 && info != NULL) return codec_of_request(info->request);
  if (strcmp(v->kind, "rop-response") == 0 && info != NULL) {
    return codec_of_response(info->response);
  }
  if (strncmp(v->kind, "nspi ", 5) == 0) {
    for (size_t i = 0; i < nspi_codec_count; i++) {
      if (strcmp(nspi_codecs[i].structure->name, v->kind + 5) == 0) return nspi_codecs[i];
    }
  }
  print_error("%s: kind '%s'?\n", v->path, v->kind);
  fail();
  return none;
}

static ox_rop_context rop_context(const vector *v) {
  ox_rop_context context = {v->context.columns, v->context.column_count, {0}};
  memset(context.public_logons, v->context.public_logon ? 0xFF : 0, sizeof context.public_logons);
  return context;
}

static void check_dump(const vector *v) {
  ox_writer w;
  ox_writer_init(&w, NULL, DUMP_MAX);
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  ox_bytes bytes = {v->bytes, v->size};
  ox_status status;
  if (is_buffer(v)) {
    ox_rop_context context = rop_context(v);
    status = ox_rop_buffer_dump(&w, bytes, strcmp(v->kind, "rop-output") == 0, &context);
  } else {
    ox_reader r;
    ox_reader_init(&r, v->bytes, v->size);
    status = ox_wire_dump(codec_of(v).structure, &r, &arena, &v->context, 0, &w);
  }
  ox_write_u8(&w, 0);
  assert_int_equal(w.status, OX_OK);
  const char *text = (const char *)w.data;
  if (status != OX_OK) print_error("%s\n%s\n", v->path, text);
  assert_int_equal(status, OX_OK);
  char name[sizeof v->path + 8];
  snprintf(name, sizeof name, "%s.txt", v->path);
  if (getenv("OX_VECTORS_UPDATE") != NULL) {
    FILE *file = fopen(name, "wb");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
  }
  char *expected = read_file(name);
  assert_non_null(expected);
  assert_string_equal(text, expected);
  free(expected);
  ox_arena_dispose(&arena);
  ox_writer_dispose(&w);
}

/* A buffer becomes JSON, without anything left unexplained, and comes back as the same bytes. */
static void check_buffer_json(const vector *v) {
  ox_writer json, back;
  ox_error err = {.status = OX_OK};
  ox_rop_context context = rop_context(v);
  ox_writer_init(&json, NULL, DUMP_MAX);
  ox_writer_init(&back, NULL, BYTES_MAX);
  ox_bytes bytes = {v->bytes, v->size};
  assert_int_equal(
      ox_rop_buffer_dump_json(&json, bytes, strcmp(v->kind, "rop-output") == 0, &context), OX_OK);
  ox_str8 text = {(const char *)json.data, json.size_bytes};
  if (ox_kind_from_json(text, &back, NULL, &err) != OX_OK) {
    print_error("%s: %s at %u of\n%.*s\n", v->path, err.text, (unsigned)err.offset,
                (int)text.size_bytes, text.data);
    fail();
  }
  assert_int_equal(back.size_bytes, v->size);
  assert_memory_equal(back.data, v->bytes, v->size);
  ox_write_u8(&json, 0);
  assert_null(strstr((const char *)json.data, "\"bytes\":"));
  ox_writer_dispose(&json);
  ox_writer_dispose(&back);
}

/* A buffer comes out of the builder as it went in. */
static void check_buffer(const vector *v) {
  ox_rop_buffer buffer;
  ox_bytes bytes = {v->bytes, v->size}, built;
  assert_int_equal(ox_rop_buffer_parse(bytes, &buffer, NULL), OX_OK);
  ox_rop_builder builder;
  ox_rop_builder_init(&builder, NULL, BYTES_MAX);
  assert_int_equal(ox_rop_builder_copy_handles(&builder, &buffer), OX_OK);
  ox_rop_context context = rop_context(v);
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  ox_reader r;
  ox_rop_buffer_reader(&buffer, &r);
  while (ox_reader_remaining(&r) != 0) {
    ox_rop_request request;
    ox_rop_response response;
    if (strcmp(v->kind, "rop-input") == 0) {
      assert_int_equal(ox_rop_request_decode(&r, &arena, &context, &request), OX_OK);
      assert_int_equal(ox_rop_builder_add_request(&builder, &request), OX_OK);
    } else {
      assert_int_equal(ox_rop_response_decode(&r, &arena, &context, &response), OX_OK);
      assert_int_equal(ox_rop_builder_add_response(&builder, &response), OX_OK);
    }
  }
  assert_int_equal(ox_reader_finish(&r, NULL), OX_OK);
  assert_int_equal(ox_rop_builder_finish(&builder, &built), OX_OK);
  assert_int_equal(built.size_bytes, v->size);
  assert_memory_equal(built.data, v->bytes, v->size);
  ox_arena_dispose(&arena);
  ox_rop_builder_dispose(&builder);
}

static ox_status decode(const codec *c, ox_reader *r, ox_arena *arena, const vector *v, void *out) {
  if (c->decode != NULL) return c->decode(r, arena, &v->context, out);
  return ox_wire_decode(c->structure, r, arena, &v->context, out, NULL, NULL);
}

static void encode(const codec *c, ox_writer *w, const void *in) {
  if (c->encode != NULL) {
    c->encode(w, in);
  } else {
    ox_wire_encode(c->structure, w, in);
  }
}

static ox_status decode_exactly(const codec *c, const vector *v, size_t size, ox_arena *arena,
                                void *out) {
  /* A copy of exactly this size, so that a read past the end is found. */
  uint8_t *exact = malloc(size != 0 ? size : 1);
  assert_non_null(exact);
  size_t known = size < v->size ? size : v->size;
  memcpy(exact, v->bytes, known);
  if (size > known) memset(exact + known, 0x5A, size - known);
  ox_reader r;
  ox_reader_init(&r, exact, size);
  ox_status status = decode(c, &r, arena, v, out);
  if (status == OX_OK) status = ox_reader_finish(&r, NULL);
  free(exact);
  return status;
}

/* The value becomes JSON and comes back as the same bytes. */
static void check_json(const codec *c, const vector *v, const void *value) {
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  ox_writer json, back;
  ox_writer_init(&json, NULL, DUMP_MAX);
  ox_writer_init(&back, NULL, BYTES_MAX);
  ox_wire_to_json(c->structure, value, &v->context, &json);
  assert_int_equal(json.status, OX_OK);
  void *out = calloc(1, c->structure->size_bytes);
  assert_non_null(out);
  ox_error err = {.status = OX_OK};
  ox_str8 text = {(const char *)json.data, json.size_bytes};
  if (ox_wire_from_json(c->structure, text, &v->context, &arena, out, &err) != OX_OK) {
    print_error("%s: %s at %u of\n%.*s\n", v->path, err.text, (unsigned)err.offset,
                (int)text.size_bytes, text.data);
    fail();
  }
  ox_wire_encode(c->structure, &back, out);
  assert_int_equal(back.status, OX_OK);
  assert_int_equal(back.size_bytes, v->size);
  assert_memory_equal(back.data, v->bytes, v->size);
  free(out);
  ox_writer_dispose(&json);
  ox_writer_dispose(&back);
  ox_arena_dispose(&arena);
}

static void check_codec(const vector *v) {
  codec c = codec_of(v);
  void *out = calloc(1, c.size_bytes);
  assert_non_null(out);
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  ox_reader r;
  ox_reader_init(&r, v->bytes, v->size);
  assert_int_equal(decode(&c, &r, &arena, v, out), OX_OK);
  assert_int_equal(ox_reader_finish(&r, NULL), OX_OK);
  ox_writer w;
  ox_writer_init(&w, NULL, BYTES_MAX);
  encode(&c, &w, out);
  assert_int_equal(w.status, OX_OK);
  assert_int_equal(w.size_bytes, v->size);
  assert_memory_equal(w.data, v->bytes, v->size);
  ox_writer_dispose(&w);
  check_json(&c, v, (uint8_t *)out + c.offset);
  if (!codec_has_open_tail(c.structure)) {
    for (size_t n = 0; n < v->size; n++) {
      ox_arena_reset(&arena);
      ox_status status = decode_exactly(&c, v, n, &arena, out);
      if (status != OX_E_TRUNCATED && status != OX_E_MALFORMED) {
        print_error("%s: %zu of %zu bytes give status %x\n", v->path, n, v->size, status);
        fail();
      }
    }
    assert_int_equal(decode_exactly(&c, v, v->size + 1, &arena, out), OX_E_TRAILING);
  }
  ox_arena_dispose(&arena);
  for (size_t n = 0;; n++) {
    failing f = {.fail_at = n};
    ox_allocator allocator = failing_allocator(&f);
    ox_arena_init(&arena, &allocator, 0);
    ox_status status = decode_exactly(&c, v, v->size, &arena, out);
    ox_arena_dispose(&arena);
    assert_int_equal(f.live, 0);
    if (f.calls <= n) break;
    assert_int_equal(status, OX_E_NO_MEMORY);
  }
  free(out);
}

static void check_vector(void **state) {
  vector *v = load(*state);
  check_dump(v);
  if (is_buffer(v)) {
    check_buffer(v);
    check_buffer_json(v);
  } else {
    check_codec(v);
  }
  free(v);
}

static struct CMUnitTest tests[VECTORS_MAX];
static size_t test_count;

static int compare_names(const struct dirent **a, const struct dirent **b) {
  return strcmp((*a)->d_name, (*b)->d_name);
}

static void collect(const char *folder) {
  struct dirent **entries;
  int n = scandir(folder, &entries, NULL, compare_names);
  for (int i = 0; i < n; i++) {
    const char *name = entries[i]->d_name;
    size_t length = strlen(name);
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    struct stat status;
    if (name[0] != '.' && stat(path, &status) == 0 && S_ISDIR(status.st_mode)) {
      collect(path);
    } else if (length > 4 && strcmp(name + length - 4, ".hex") == 0 && test_count < VECTORS_MAX) {
      path[strlen(path) - 4] = 0;
      char *kept = strdup(path);
      struct CMUnitTest test = {.name = kept, .test_func = check_vector, .initial_state = kept};
      tests[test_count++] = test;
    }
    free(entries[i]);
  }
  if (n >= 0) free(entries);
}

int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++) collect(argv[i]);
  if (test_count == 0) {
    fprintf(stderr, "no vectors: the folder is missing\n");
    return 1;
  }
  int failures = _cmocka_run_group_tests("vectors", tests, test_count, NULL, NULL);
  for (size_t i = 0; i < test_count; i++) free(tests[i].initial_state);
  return failures;
}
