#include <oxkit/ropcodec/ropbuffer.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "dump.h"
#include "json.h"
#include "wire_internal.h"

/* One object a value, in wire order: {"offset": 24, "path": "recipient_rows[0].row_id", "value":
 * 0}. Booleans and numbers up to 32 bits are JSON's own; everything else is text: larger numbers as
 * "0x...", binaries in hex, hand-written types as objects. */

enum { DEPTH_MAX = 16, PATH_BYTES = 64 };

typedef struct lister {
  ox_writer *w;
  ox_arena *arena;
  char path[DEPTH_MAX][PATH_BYTES]; /* the part of each depth */
  bool first;
} lister;

static void put_escaped(ox_writer *w, const char *text, size_t size_bytes) {
  ox_write_text(w, "\"");
  for (size_t i = 0; i < size_bytes; i++) {
    unsigned char c = (unsigned char)text[i];
    if (c == '"' || c == '\\') {
      ox_dump_format(w, "\\%c", c);
    } else if (c < 0x20 || c == 0x7F) {
      ox_dump_format(w, "\\u%04x", c);
    } else {
      ox_write_u8(w, c);
    }
  }
  ox_write_text(w, "\"");
}

/* JSON is valid UTF-8. */
static void put_text(lister *l, const char *utf8) {
  const char *valid = utf8 != NULL ? ox_text_make_valid(l->arena, ox_str8_from(utf8)) : NULL;
  if (valid == NULL) {
    ox_writer_fail(l->w, OX_E_NO_MEMORY);
    return;
  }
  put_escaped(l->w, valid, strlen(valid));
}

static void put_hex(ox_writer *w, const uint8_t *data, size_t size_bytes) {
  static const char digits[] = "0123456789abcdef";
  ox_write_text(w, "\"");
  for (size_t i = 0; i < size_bytes; i++) {
    ox_write_u8(w, (uint8_t)digits[data[i] >> 4]);
    ox_write_u8(w, (uint8_t)digits[data[i] & 15]);
  }
  ox_write_text(w, "\"");
}

static void put_number(lister *l, const ox_wire_field *field, const void *value) {
  uint64_t number = ox_wire_number(value, field->kind, 0);
  switch (field->kind) {
    case OX_WIRE_BOOL8: ox_write_text(l->w, number != 0 ? "true" : "false"); return;
    case OX_WIRE_I8: ox_dump_format(l->w, "%d", (int8_t)number); return;
    case OX_WIRE_I16: ox_dump_format(l->w, "%d", (int16_t)number); return;
    case OX_WIRE_I32: ox_dump_format(l->w, "%" PRId32, (int32_t)number); return;
    case OX_WIRE_U64:
    case OX_WIRE_I64:
    case OX_WIRE_ID64:
    case OX_WIRE_FILETIME: ox_dump_format(l->w, "\"0x%016" PRIX64 "\"", number); return;
    case OX_WIRE_TAG:
    case OX_WIRE_STATUS: ox_dump_format(l->w, "\"0x%08" PRIX64 "\"", number); return;
    default: ox_dump_format(l->w, "%" PRIu64, number);
  }
}

static void put_value(lister *l, const ox_wire_field *field, const void *value) {
  if (value == NULL) {
    ox_write_text(l->w, "null");
    return;
  }
  if (ox_wire_integer_bytes(field->kind) != 0) {
    put_number(l, field, value);
    return;
  }
  char *utf8 = NULL;
  char guid[OX_GUID_TEXT_BYTES];
  switch (field->kind) {
    case OX_WIRE_GUID:
      ox_guid_format(value, guid);
      ox_dump_format(l->w, "\"%s\"", guid);
      return;
    case OX_WIRE_STR8:
    case OX_WIRE_ZSTR8:
      if (((const ox_str8 *)value)->data == NULL) {
        ox_write_text(l->w, "null");
      } else if (!ox_failed(ox_str8_to_utf8(l->arena, *(const ox_str8 *)value,
                                            OX_CODEPAGE_WINDOWS_1252, &utf8))) {
        put_text(l, utf8);
      } else {
        ox_writer_fail(l->w, OX_E_NO_MEMORY);
      }
      return;
    case OX_WIRE_STR16:
    case OX_WIRE_ZSTR16:
      if (((const ox_str16 *)value)->data == NULL) {
        ox_write_text(l->w, "null");
      } else {
        put_text(l, ox_str16_utf8(l->arena, *(const ox_str16 *)value));
      }
      return;
    case OX_WIRE_BYTES:
      if ((field->flags & OX_WIRE_INLINE) != 0) {
        put_hex(l->w, value, field->fixed);
        return;
      }
      put_hex(l->w, ((const ox_bytes *)value)->data, ((const ox_bytes *)value)->size_bytes);
      return;
    case OX_WIRE_ROWS:
      put_hex(l->w, ((const ox_bytes *)value)->data, ((const ox_bytes *)value)->size_bytes);
      return;
    default: {
      ox_json_writer j;
      ox_json_init(&j, l->w);
      field->hand->hooks->to_json(&j, field->hand_width, value);
    }
  }
}

static void list_visit(void *user, unsigned depth, const ox_wire_field *field, size_t index,
                       uint64_t offset, const void *value, const ox_wire_context *context) {
  (void)context;
  lister *l = user;
  if (depth >= DEPTH_MAX) return;
  if (index == SIZE_MAX) {
    snprintf(l->path[depth], PATH_BYTES, "%s", field->name);
  } else {
    snprintf(l->path[depth], PATH_BYTES, "%s[%zu]", field->name, index);
  }
  bool is_whole_array = index == SIZE_MAX && (field->flags & OX_WIRE_ARRAY) != 0;
  if (is_whole_array || (field->kind == OX_WIRE_STRUCT && value != NULL)) return;
  ox_dump_format(l->w, "%s\n      {\"offset\": %" PRIu64 ", \"path\": \"", l->first ? "" : ",",
                 offset);
  l->first = false;
  for (unsigned i = 0; i <= depth; i++) {
    if (i != 0) ox_write_text(l->w, ".");
    ox_write_text(l->w, l->path[i]);
  }
  ox_write_text(l->w, "\", \"value\": ");
  put_value(l, field, value);
  ox_write_text(l->w, "}");
}

static void list_rop(ox_writer *w, ox_reader *r, ox_arena *arena, const ox_wire_context *context,
                     bool is_response) {
  const ox_rop_info *info = ox_rop_info_by_id(ox_peek_u8(r));
  const ox_wire_struct *structure = info == NULL  ? NULL
                                    : is_response ? info->response
                                                  : info->request;
  ox_dump_format(w, "    {\"offset\": %" PRIu64 ", \"rop_id\": %u, \"name\": ",
                 r->base_offset + r->position, ox_peek_u8(r));
  if (structure == NULL) {
    ox_write_text(w, "null, \"fields\": []}");
    ox_reader_fail(r, OX_E_UNKNOWN_ROP, "rop_id", "[MS-OXCROPS] 2.2.2");
    return;
  }
  ox_dump_format(w, "\"%s\", \"section\": \"%s\", \"fields\": [", info->name, info->section);
  lister l = {.w = w, .arena = arena, .first = true};
  void *out = ox_arena_calloc(arena, 1, structure->size_bytes);
  if (out == NULL) {
    ox_reader_fail(r, OX_E_NO_MEMORY, NULL, NULL);
  } else {
    ox_wire_decode(structure, r, arena, context, out, list_visit, &l);
  }
  ox_write_text(w, "]}");
}

ox_status ox_rop_buffer_dump_json(ox_writer *w, ox_bytes bytes, bool is_response,
                                  const ox_rop_context *context) {
  ox_rop_buffer buffer;
  ox_error error = {.status = OX_OK};
  ox_arena arena;
  ox_arena_init(&arena, w->allocator, 0);
  ox_status status = ox_rop_buffer_parse(bytes, &buffer, &error);
  ox_dump_format(w, "{\n  \"kind\": \"%s\",\n  \"rops\": [",
                 is_response ? "rop-output" : "rop-input");
  ox_reader r;
  ox_rop_buffer_reader(&buffer, &r);
  for (const char *between = "\n"; status == OX_OK && ox_reader_remaining(&r) != 0;
       between = ",\n") {
    ox_wire_context wire = ox_rop_wire_context(context, &r);
    ox_write_text(w, between);
    list_rop(w, &r, &arena, &wire, is_response);
    ox_arena_reset(&arena);
  }
  if (status == OX_OK) status = ox_reader_status(&r, &error);
  ox_write_text(w, "],\n  \"handles\": [");
  for (uint32_t i = 0; i < buffer.handle_count && i < OX_ROP_HANDLES_MAX; i++) {
    ox_dump_format(w, "%s%" PRIu32, i != 0 ? ", " : "", ox_rop_buffer_handle(&buffer, (uint8_t)i));
  }
  ox_write_text(w, "]");
  if (status != OX_OK) {
    ox_dump_format(w,
                   ",\n  \"error\": {\"offset\": %" PRIu64 ", \"status\": \"0x%08" PRIX32
                   "\", \"name\": \"%s\", \"field\": \"%s\", \"section\": \"%s\"}",
                   error.offset, error.status, ox_status_name(error.status),
                   error.field != NULL ? error.field : "", error.spec != NULL ? error.spec : "");
  }
  ox_write_text(w, "\n}\n");
  ox_arena_dispose(&arena);
  return status;
}
