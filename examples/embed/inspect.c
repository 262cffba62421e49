/* Shows what is in a binary property or a stream, with libropcodec alone:
 *
 *   cc inspect.c $(pkg-config --cflags --libs libropcodec)
 *   inspect appointment-recurrence FILE          text, a line a field, with offsets
 *   inspect appointment-recurrence FILE --json   JSON, which ox_kind_from_json turns back into
 * bytes inspect                                      the names of the kinds */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <oxkit/ropcodec/kinds.h>

enum { INPUT_MAX_BYTES = 1 << 20, OUTPUT_MAX_BYTES = 1 << 26 };

static int list(void) {
  size_t count;
  const ox_kind *kinds = ox_kind_table(&count);
  for (size_t i = 0; i < count; i++) printf("%-32s %s\n", kinds[i].name, kinds[i].summary);
  return 0;
}

int main(int argc, char **argv) {
  if (argc == 1) return list();
  const ox_kind *kind = ox_kind_find(argv[1]);
  FILE *file = argc > 2 ? fopen(argv[2], "rb") : NULL;
  uint8_t *data = malloc(INPUT_MAX_BYTES);
  if (kind == NULL || file == NULL || data == NULL) {
    fprintf(stderr, "usage: inspect KIND FILE [--json]\n");
    return 2;
  }
  ox_bytes bytes = {data, fread(data, 1, INPUT_MAX_BYTES, file)};
  fclose(file);
  ox_writer out;
  ox_error err;
  ox_writer_init(&out, NULL, OUTPUT_MAX_BYTES);
  bool json = argc > 3 && strcmp(argv[3], "--json") == 0;
  ox_status status = json ? ox_kind_to_json(kind, bytes, NULL, &out, &err)
                          : ox_kind_dump(kind, bytes, NULL, &out, &err);
  ox_bytes text = ox_writer_bytes(&out);
  if (text.size_bytes != 0) fwrite(text.data, 1, text.size_bytes, stdout);
  if (status != OX_OK) {
    fprintf(stderr, "at byte %llu, field %s of %s: %s\n", (unsigned long long)err.offset,
            err.field != NULL ? err.field : "?", err.spec != NULL ? err.spec : "?", err.text);
  }
  ox_writer_dispose(&out);
  free(data);
  return status == OX_OK ? 0 : 1;
}
