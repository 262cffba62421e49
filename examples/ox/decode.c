/* ox decode: annotated dumps of wire bytes, JSON, and bytes from JSON. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <oxkit/ropcodec/kinds.h>
#include <oxkit/ropcodec/property_info.h>
#include <oxkit/ropcodec/ropbuffer.h>

#include "bytetext.h"
#include "ox.h"

enum { DECODE_MAX_BYTES = 16 * 1024 * 1024, COLUMNS_MAX = 512 };

typedef struct request {
  const char *kind, *path, *output, *columns_text, *public_text;
  bool list, encode, json, response, hex, base64, binary;
  ox_proptag columns[COLUMNS_MAX];
  ox_wire_context context;
  ox_rop_context rop_context;
} request;

/* The roles of a ROP: one without a request is one that the server sends by itself. */
static const char *roles_of(const ox_rop_info *rop) {
  return rop->request == NULL    ? "response"
         : rop->response == NULL ? "request"
                                 : "request, response";
}

static int list_rops(bool json) {
  size_t count;
  const ox_rop_info *table = ox_rop_info_table(&count);
  json_t *rows = json ? json_array() : NULL;
  for (size_t i = 0; i < count; i++) {
    const ox_rop_info *rop = &table[i];
    if (rows == NULL) {
      printf("0x%02X  Rop%-44s %-24s %s\n", rop->rop_id, rop->name, rop->section, roles_of(rop));
    } else {
      json_array_append_new(
          rows, json_pack("{s:i, s:s, s:s, s:s}", "id", rop->rop_id, "name", rop->name, "section",
                          rop->section, "roles", roles_of(rop)));
    }
  }
  if (rows != NULL) print_json(rows);
  return EXIT_DONE;
}

static void list_kind(json_t *rows, const char *name, const char *section, const char *summary) {
  if (rows == NULL) {
    printf("%-34s %-28s %s\n", name, section, summary);
  } else {
    json_array_append_new(
        rows, json_pack("{s:s, s:s, s:s}", "name", name, "section", section, "summary", summary));
  }
}

static int list_kinds(bool json) {
  size_t count;
  const ox_kind *table = ox_kind_table(&count);
  json_t *rows = json ? json_array() : NULL;
  list_kind(rows, "rop", "[MS-OXCROPS] 2.2.1", "a ROP input buffer; --response: an output buffer");
  for (size_t i = 0; i < count; i++) {
    list_kind(rows, table[i].name, table[i].structure->section, table[i].summary);
  }
  if (rows != NULL) print_json(rows);
  return EXIT_DONE;
}

static byte_form form_of(const request *q) {
  return q->hex ? FORM_HEX : q->base64 ? FORM_BASE64 : q->binary ? FORM_BINARY : FORM_AUTO;
}

/* "0x0037001F,PidTagMessageSize" */
static bool parse_columns(request *q) {
  if (q->columns_text == NULL) return true;
  char name[80];
  size_t count = 0;
  for (const char *at = q->columns_text; *at != 0 && count < COLUMNS_MAX;) {
    size_t length = strcspn(at, ", ");
    if (length == 0 || length >= sizeof name) return false;
    memcpy(name, at, length);
    name[length] = 0;
    char *end = name;
    unsigned long number = strtoul(name, &end, 16);
    ox_property_info info;
    if (ox_property_info_by_name(name, &info) && OX_PROPTAG_ID(info.tag) != 0) {
      q->columns[count++] = info.tag;
    } else if (*end == 0 && number <= 0xFFFFFFFFu) {
      q->columns[count++] = (ox_proptag)number;
    } else {
      return false;
    }
    at += length + strspn(at + length, ", ");
  }
  q->context.columns = q->context.recipient_columns = q->rop_context.columns = q->columns;
  q->context.column_count = q->context.recipient_column_count = count;
  q->rop_context.column_count = count;
  return count != 0;
}

static bool parse_public(request *q) {
  if (q->public_text == NULL) return true;
  char *end;
  unsigned long id = strtoul(q->public_text, &end, 0);
  if (*end != 0 || end == q->public_text || id > 255) return false;
  q->rop_context.public_logons[id / 8] |= (uint8_t)(1u << id % 8);
  return true;
}

static int encode(const command *self, const request *q, ox_str8 text) {
  ox_error err = {0};
  ox_writer w;
  ox_writer_init(&w, NULL, (size_t)16 * DECODE_MAX_BYTES);
  ox_status status = ox_kind_from_json(text, &w, NULL, &err);
  int result = EXIT_DONE;
  if (status != OX_OK) {
    result = fail_error(self, "'ox decode KIND FILE --json' shows the form that is read.", q->path,
                        status, &err);
    if (err.field == NULL) fprintf(stderr, "  at byte %llu\n", (unsigned long long)err.offset);
  } else {
    bool to_stdout = q->output == NULL || strcmp(q->output, "-") == 0;
    FILE *file = to_stdout ? stdout : fopen(q->output, "wb");
    bool good = file != NULL && write_bytes_as(file, w.data, w.size_bytes, form_of(q));
    if (file != NULL && !to_stdout && fclose(file) != 0) good = false;
    if (!good) {
      result = fail(self, NULL, "writing %s: %s", to_stdout ? "standard output" : q->output,
                    strerror(errno));
    }
  }
  ox_writer_dispose(&w);
  return result;
}

static ox_status explain(const request *q, const ox_kind *kind, ox_bytes bytes, ox_writer *w,
                         ox_error *err) {
  if (kind != NULL) {
    return q->json ? ox_kind_to_json(kind, bytes, &q->context, w, err)
                   : ox_kind_dump(kind, bytes, &q->context, w, err);
  }
  return q->json ? ox_rop_buffer_dump_json(w, bytes, q->response, &q->rop_context)
                 : ox_rop_buffer_dump(w, bytes, q->response, &q->rop_context);
}

static int decode(const command *self, const request *q, const ox_kind *kind, ox_bytes bytes) {
  ox_error err = {0};
  ox_writer w;
  ox_writer_init(&w, NULL, (size_t)16 * DECODE_MAX_BYTES);
  ox_status status = explain(q, kind, bytes, &w, &err);
  int result = EXIT_DONE;
  if (w.size_bytes != 0) fwrite(w.data, 1, w.size_bytes, stdout);
  if (w.status != OX_OK) {
    result = fail_error(self, NULL, q->path, w.status, NULL);
  } else if (status != OX_OK) {
    const char *advice = "Is it of this kind, and all of it? 'ox decode --list' lists the kinds.";
    if (kind == NULL) {
      advice =
          q->response ? "The output above says where." : "Is it a response? Then say --response.";
    }
    result = fail_error(self, advice, q->path, status, kind != NULL ? &err : NULL);
  }
  ox_writer_dispose(&w);
  return result;
}

static int run(const command *self, int argc, char **argv) {
  request q = {0};
  const option_spec options[] = {
      {.name = "list", .flag = &q.list},
      {.name = "encode", .flag = &q.encode},
      {.name = "json", .flag = &q.json},
      {.name = "response", .flag = &q.response},
      {.name = "hex", .flag = &q.hex},
      {.name = "base64", .flag = &q.base64},
      {.name = "binary", .flag = &q.binary},
      {.name = "columns", .value = &q.columns_text},
      {.name = "public", .value = &q.public_text},
      {.name = "output", .value = &q.output},
  };
  int status;
  int operands =
      parse_options(self, argc, argv, options, sizeof options / sizeof options[0], &status);
  if (operands < 0) return status;
  if (q.list && operands == 0) return list_kinds(q.json);
  if (q.list) {
    if (strcmp(argv[1], "rop") == 0) return list_rops(q.json);
    return usage_error(self, "--list stands alone or after rop");
  }
  if (q.hex + q.base64 + q.binary > 1) {
    return usage_error(self, "--hex, --base64 and --binary exclude each other");
  }
  if (operands != (q.encode ? 1 : 2)) {
    return usage_error(self, q.encode ? "name one file of JSON" : "name a kind and one file");
  }
  const ox_kind *kind = q.encode ? NULL : ox_kind_find(argv[1]);
  if (!q.encode && kind == NULL && strcmp(argv[1], "rop") != 0) {
    return usage_error(self, "there is no kind '%s'; --list lists them", argv[1]);
  }
  if (!parse_columns(&q)) {
    return usage_error(self, "--columns wants tags or names: 0x0037001F,PidTagMessageSize");
  }
  if (!parse_public(&q)) return usage_error(self, "--public wants a LogonId, 0 to 255");
  q.path = argv[q.encode ? 1 : 2];
  ox_error err = {0};
  size_t size, bad = 0;
  char *data = read_file(q.path, DECODE_MAX_BYTES, &size, &err);
  if (data == NULL) return fail_error(self, NULL, "reading", err.status, &err);
  if (q.encode) {
    status = encode(self, &q, (ox_str8){data, size});
  } else if (!bytes_from_text(data, &size, form_of(&q), &bad)) {
    status = fail(self, "Leave the option out for a binary file.",
                  bad < size ? "%s is not %s text: byte %zu does not belong there"
                             : "%s is not %s text: it ends too early, at byte %zu",
                  q.path, q.hex ? "hexadecimal" : "base64", bad);
  } else {
    status = decode(self, &q, kind, (ox_bytes){(const uint8_t *)data, size});
  }
  free(data);
  return status;
}

const command command_decode = {
    .name = "decode",
    .summary = "annotated dump of wire bytes, as text or JSON, and back",
    .usage =
        "usage: ox decode KIND FILE [--json] [--columns TAGS] [--hex|--base64|--binary]\n"
        "       ox decode rop FILE [--response] [--public LOGON_ID] ...\n"
        "       ox decode --encode FILE [--output FILE] [--hex|--base64|--binary]\n"
        "       ox decode --list [--json]\n"
        "       ox decode rop --list [--json]\n"
        "\n"
        "Explains the bytes of one structure: every field with its offset, value and meaning.\n"
        "FILE is binary, hexadecimal text or base64, which is found out; \"-\" is standard input.\n"
        "\n"
        "  --list       list the kinds with their sections; after rop: every ROP\n"
        "  --json       JSON that --encode turns back into the same bytes (doc/json.md)\n"
        "  --encode     FILE is such JSON: write its bytes, binary or as --hex or --base64 say\n"
        "  --output     where to, instead of standard output\n"
        "  --hex, --base64, --binary\n"
        "               what FILE is, without guessing\n"
        "  --columns    property tags or names, with commas, of the rows or recipients in it\n"
        "  --response   (rop) it is an output buffer\n"
        "  --public     (rop) the logon of this id is to public folders\n",
    .run = run,
};
