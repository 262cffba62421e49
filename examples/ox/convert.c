/* ox convert: message files to each other, formats by suffix. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <oxkit/convert/bodies.h>
#include <oxkit/convert/mime.h>
#include <oxkit/ropcodec/properties.h>

#include "ox.h"

enum { CONVERT_MAX_BYTES = 160 * 1024 * 1024 };

static ox_status read_eml(const char *data, size_t size, ox_message **out, ox_error *err) {
  ox_bytes bytes = {(const uint8_t *)data, size};
  return ox_mime_import(bytes, NULL, out, err);
}

/* Plain text becomes the body of a message without headers. */
static ox_status read_txt(const char *data, size_t size, ox_message **out, ox_error *err) {
  ox_message *message = ox_message_new(NULL);
  if (message == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  ox_str8 text = {data, size};
  ox_value body;
  ox_status status = ox_str16_from_utf8(&message->arena, text, &body.string);
  if (status == OX_OK) status = ox_propbag_set_view(&message->properties, OX_PidTagBody, &body);
  if (status == OX_OK) {
    status = ox_propbag_set_utf8(&message->properties, OX_PidTagMessageClass, "IPM.Note");
  }
  if (status != OX_OK) {
    ox_message_free(message);
    return ox_error_set(err, status, NULL);
  }
  *out = message;
  return OX_OK;
}

static ox_status write_eml(const ox_message *message, ox_writer *w, ox_error *err) {
  return ox_mime_export(message, NULL, w, err);
}

static ox_status write_txt(const ox_message *message, ox_writer *w, ox_error *err) {
  return ox_message_to_text(message, 0, w, err);
}

static const struct {
  const char *suffix;
  ox_status (*read)(const char *data, size_t size, ox_message **out, ox_error *err);
  ox_status (*write)(const ox_message *message, ox_writer *w, ox_error *err);
} formats[] = {
    {".eml", read_eml, write_eml},
    {".txt", read_txt, write_txt},
};
enum { FORMAT_COUNT = sizeof formats / sizeof formats[0] };

static int format_of(const char *path) {
  const char *dot = strrchr(path, '.');
  for (int i = 0; dot != NULL && i < FORMAT_COUNT; i++) {
    if (ox_ascii_equal(dot, formats[i].suffix)) return i;
  }
  return -1;
}

static int run(const command *self, int argc, char **argv) {
  const char *from = NULL, *to = NULL;
  const option_spec options[] = {{.name = "from", .value = &from}, {.name = "to", .value = &to}};
  int status;
  int operands = parse_options(self, argc, argv, options, 2, &status);
  if (operands < 0) return status;
  if (operands != 2) return usage_error(self, "name an input and an output file");
  int in = format_of(from != NULL ? from : argv[1]);
  int out = format_of(to != NULL ? to : argv[2]);
  if (in < 0 || out < 0) {
    return usage_error(self, "'%s' has no suffix that says a format (.eml, .txt)",
                       argv[in < 0 ? 1 : 2]);
  }
  ox_error err = {0};
  size_t size;
  char *data = read_file(argv[1], CONVERT_MAX_BYTES, &size, &err);
  if (data == NULL) return fail_error(self, NULL, "reading", err.status, &err);
  ox_message *message = NULL;
  ox_writer w;
  ox_writer_init(&w, NULL, CONVERT_MAX_BYTES);
  ox_status result = formats[in].read(data, size, &message, &err);
  if (result == OX_OK) result = formats[out].write(message, &w, &err);
  ox_message_free(message);
  free(data);
  if (result != OX_OK) {
    status = fail_error(self, NULL, argv[1], result, &err);
  } else {
    ox_bytes bytes = ox_writer_bytes(&w);
    FILE *file = strcmp(argv[2], "-") == 0 ? stdout : fopen(argv[2], "wb");
    bool written =
        file != NULL && fwrite(bytes.data, 1, bytes.size_bytes, file) == bytes.size_bytes;
    if (file != NULL && file != stdout) written = fclose(file) == 0 && written;
    status = written ? EXIT_DONE : fail(self, NULL, "%s: %s", argv[2], strerror(errno));
  }
  ox_writer_dispose(&w);
  return status;
}

const command command_convert = {
    .name = "convert",
    .summary = "convert message files",
    .usage =
        "usage: ox convert IN OUT [--from .SUFFIX] [--to .SUFFIX]\n"
        "\n"
        "Converts between .eml (MIME) and .txt (readable text), by suffix. \"-\" is standard\n"
        "input or output; say its format with --from or --to.\n",
    .run = run,
};
