/* ox decode: annotated dumps of wire bytes. */
#include <stdlib.h>
#include <string.h>

#include <oxkit/ropcodec/ropbuffer.h>

#include "ox.h"

enum { DECODE_MAX_BYTES = 16 * 1024 * 1024 };

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/* Turns text of hexadecimal digits and blanks into bytes, in place; false when it is no such text.
 */
static bool unhex(char *data, size_t *size) {
  size_t digits = 0;
  for (size_t i = 0; i < *size; i++) {
    if (strchr(" \t\r\n", data[i]) != NULL && data[i] != 0) continue;
    if (hex_digit(data[i]) < 0) return false;
    digits++;
  }
  if (digits == 0 || digits % 2 != 0) return false;
  size_t nibbles = 0;
  for (size_t i = 0; i < *size; i++) {
    int digit = hex_digit(data[i]);
    if (digit < 0) continue;
    uint8_t old = nibbles % 2 != 0 ? (uint8_t)data[nibbles / 2] : 0;
    data[nibbles / 2] = (char)(old << 4 | digit);
    nibbles++;
  }
  *size = digits / 2;
  return true;
}

static int list_rops(bool json) {
  size_t count;
  const ox_rop_info *table = ox_rop_info_table(&count);
  json_t *rows = json ? json_array() : NULL;
  for (size_t i = 0; i < count; i++) {
    const ox_rop_info *rop = &table[i];
    /* A ROP without a request is one that the server sends by itself. */
    const char *roles = rop->request == NULL    ? "response"
                        : rop->response == NULL ? "request"
                                                : "request, response";
    if (rows == NULL) {
      printf("0x%02X  Rop%-44s %-24s %s\n", rop->rop_id, rop->name, rop->section, roles);
    } else {
      json_array_append_new(rows, json_pack("{s:i, s:s, s:s, s:s}", "id", rop->rop_id, "name",
                                            rop->name, "section", rop->section, "roles", roles));
    }
  }
  if (rows != NULL) print_json(rows);
  return EXIT_DONE;
}

static json_t *json_lines(char *text) {
  json_t *lines = json_array();
  char *rest = NULL;
  for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
    json_array_append_new(lines, json_text(line));
  }
  return lines;
}

static int run_rop(const command *self, int argc, char **argv) {
  bool list = false, response = false, hex = false, json = false;
  const option_spec options[] = {
      {.name = "list", .flag = &list},
      {.name = "response", .flag = &response},
      {.name = "hex", .flag = &hex},
      {.name = "json", .flag = &json},
  };
  int status;
  int operands =
      parse_options(self, argc, argv, options, sizeof options / sizeof options[0], &status);
  if (operands < 0) return status;
  if (list) return list_rops(json);
  if (operands != 1) return usage_error(self, "name one file, or say --list");
  ox_error err = {0};
  size_t size;
  char *data = read_file(argv[1], DECODE_MAX_BYTES, &size, &err);
  if (data == NULL) return fail_error(self, NULL, "reading", err.status, &err);
  if (hex && !unhex(data, &size)) {
    free(data);
    return fail(self, "Leave --hex out for a binary file.", "%s is not hexadecimal text", argv[1]);
  }
  ox_writer w;
  ox_writer_init(&w, NULL, (size_t)16 * DECODE_MAX_BYTES);
  ox_bytes bytes = {(const uint8_t *)data, size};
  ox_status result = ox_rop_buffer_dump(&w, bytes, response, NULL);
  ox_write_u8(&w, 0);
  status = EXIT_DONE;
  if (ox_writer_status(&w) == OX_OK) {
    if (json) {
      print_json(json_pack("{s:s, s:s, s:o}", "kind", response ? "response" : "request", "status",
                           ox_status_name(result), "dump", json_lines((char *)w.data)));
    } else {
      fputs((const char *)w.data, stdout);
    }
  }
  if (result != OX_OK) {
    status = fail_error(self, response ? NULL : "Is it a response? Then say --response.", argv[1],
                        result, NULL);
  }
  ox_writer_dispose(&w);
  free(data);
  return status;
}

static const command command_rop = {
    .name = "decode rop",
    .summary = "a ROP buffer",
    .usage =
        "usage: ox decode rop FILE [--response] [--hex] [--json]\n"
        "       ox decode rop --list [--json]\n"
        "\n"
        "Explains a ROP input buffer (--response: output buffer): RopSize, every ROP with its\n"
        "fields and their offsets, and the handle table. \"-\" is standard input.\n"
        "\n"
        "  --hex    the file is hexadecimal text\n"
        "  --list   list every ROP: id, name, section, what there is of it\n",
    .run = run_rop,
};

static const command *const kinds[] = {&command_rop};

static int run(const command *self, int argc, char **argv) {
  return run_subcommand(self, kinds, sizeof kinds / sizeof kinds[0], argc, argv);
}

const command command_decode = {
    .name = "decode",
    .summary = "annotated dump of wire bytes",
    .usage =
        "usage: ox decode rop FILE [--response] [--hex]\n"
        "       ox decode rop --list\n",
    .run = run,
};
