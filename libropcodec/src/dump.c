#include "dump.h"

#include <oxkit/ropcodec/property_info.h>
#include <oxkit/ropcodec/recipient.h>
#include <oxkit/ropcodec/rows.h>
#include <oxkit/ropcodec/zone.h>

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "show.h"
#include "wire_internal.h"

/* Bytes of a binary that a dump shows. */
enum { BYTES_SHOWN = 64, NAME_COLUMNS = 32 };

void ox_dump_format(ox_writer *w, const char *format, ...) {
  char text[512];
  va_list arguments;
  va_start(arguments, format);
  int n = vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  if (n < 0) return;
  ox_write_bytes(w, text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
}

void ox_dump_quoted(ox_writer *w, const char *utf8) {
  ox_write_text(w, "\"");
  for (const unsigned char *p = (const unsigned char *)utf8; *p != 0; p++) {
    if (*p == '"' || *p == '\\') {
      ox_dump_format(w, "\\%c", *p);
    } else if (*p == '\n') {
      ox_write_text(w, "\\n");
    } else if (*p == '\r') {
      ox_write_text(w, "\\r");
    } else if (*p == '\t') {
      ox_write_text(w, "\\t");
    } else if (*p < 0x20 || *p == 0x7F) {
      ox_dump_format(w, "\\x%02x", *p);
    } else {
      ox_write_u8(w, *p);
    }
  }
  ox_write_text(w, "\"");
}

void ox_dump_str16(ox_writer *w, ox_arena *arena, ox_str16 text) {
  if (text.data == NULL) {
    ox_write_text(w, "\"\"");
    return;
  }
  const char *utf8 = ox_str16_utf8(arena, text);
  if (utf8 == NULL) {
    ox_writer_fail(w, OX_E_NO_MEMORY);
    return;
  }
  ox_dump_quoted(w, utf8);
}

void ox_dump_str8(ox_writer *w, ox_arena *arena, ox_str8 text) {
  char *utf8 = NULL;
  if (text.data == NULL) {
    ox_write_text(w, "\"\"");
  } else if (ox_failed(ox_str8_to_utf8(arena, text, OX_CODEPAGE_WINDOWS_1252, &utf8))) {
    ox_writer_fail(w, OX_E_NO_MEMORY);
  } else {
    ox_dump_quoted(w, utf8);
  }
}

void ox_dump_bytes(ox_writer *w, const uint8_t *data, size_t size_bytes) {
  ox_dump_format(w, "%zu byte%s%s", size_bytes, size_bytes == 1 ? "" : "s",
                 size_bytes != 0 ? ":" : "");
  for (size_t i = 0; i < size_bytes && i < BYTES_SHOWN; i++) ox_dump_format(w, " %02x", data[i]);
  if (size_bytes > BYTES_SHOWN) ox_write_text(w, " ...");
}

void ox_dump_guid(ox_writer *w, const ox_guid *guid) {
  char text[OX_GUID_TEXT_BYTES];
  ox_guid_format(guid, text);
  ox_write_text(w, text);
}

void ox_dump_time(ox_writer *w, ox_filetime time) {
  char text[OX_FILETIME_TEXT_BYTES];
  ox_filetime_format(time, text);
  ox_write_text(w, text);
}

void ox_dump_status(ox_writer *w, ox_status status) {
  ox_dump_format(w, "0x%08" PRIX32 " %s", status, ox_status_name(status));
}

void ox_dump_tag(ox_writer *w, ox_proptag tag) {
  ox_property_info info;
  ox_dump_format(w, "0x%08" PRIX32, tag);
  if (ox_property_info_by_tag(tag, &info)) ox_dump_format(w, " %s", info.name);
}

void ox_dump_by_json(ox_writer *w, unsigned indent, const ox_wire_hooks *hooks, unsigned width,
                     const void *in) {
  ox_json_writer j;
  ox_json_init(&j, w);
  j.depth = indent / 2;
  j.after_key = true;
  hooks->to_json(&j, width, in);
  ox_write_text(w, "\n");
}

/* A hand-written type on the rest of the line, and on more lines when it needs them. */
static void put_hand(ox_writer *w, ox_arena *arena, const ox_wire_field *field, const void *value,
                     const ox_wire_context *context, unsigned indent) {
  const ox_wire_hooks *hooks = field->hand->hooks;
  if (hooks != NULL && hooks->dump != NULL) {
    hooks->dump(w, arena, indent, field->hand_width, value);
    return;
  }
  if (hooks != NULL) {
    ox_dump_by_json(w, indent, hooks, field->hand_width, value);
    return;
  }
  ox_writer encoded;
  ox_writer_init(&encoded, NULL, SIZE_MAX / 4);
  field->hand->encode(&encoded, field->hand_width, context->columns, context->column_count, value);
  ox_dump_bytes(w, encoded.data, encoded.size_bytes);
  ox_write_text(w, "\n");
  ox_writer_dispose(&encoded);
}

/* The visitor. */

enum { RECIPIENT_COLUMNS_MAX = 256 };

typedef struct dumper {
  ox_writer *w;
  ox_arena *arena;
  unsigned indent;
  /* RecipientColumns of the structure, for the RecipientRows that follow them. */
  size_t recipient_column_count;
  ox_proptag recipient_columns[RECIPIENT_COLUMNS_MAX];
} dumper;

void ox_dump_minutes(ox_writer *w, uint32_t minutes) {
  uint32_t year, month, day;
  ox_minutes_to_date(minutes, &year, &month, &day);
  ox_dump_format(w, " (%04u-%02u-%02u %02u:%02u)", year, month, day, minutes / 60 % 24,
                 minutes % 60);
}

static void put_number(ox_writer *w, const ox_wire_field *field, uint64_t value) {
  unsigned digits = ox_wire_integer_bytes(field->kind) * 2;
  if (value > 9 || field->values != NULL) {
    ox_dump_format(w, "0x%0*" PRIX64, (int)digits, value);
  } else {
    ox_dump_format(w, "%" PRIu64, value);
  }
  if ((field->flags & OX_WIRE_MINUTES) != 0) {
    ox_dump_minutes(w, (uint32_t)value);
    return;
  }
  if (field->values == NULL) {
    if (value > 9 && value < 1000000000000u) ox_dump_format(w, " (%" PRIu64 ")", value);
    return;
  }
  /* Composite names first: a flag that is part of one that matched is not repeated. */
  uint64_t named = 0;
  for (unsigned i = field->values->count; i-- > 0;) {
    const ox_wire_named_value *item = &field->values->items[i];
    bool matches = field->values->is_flags
                       ? item->value != 0 && (value & item->value) == item->value
                       : value == item->value;
    if (!matches || (field->values->is_flags && (named & item->value) == item->value)) continue;
    ox_dump_format(w, " %s", item->name);
    named |= item->value;
  }
  if (field->values->is_flags && (value & ~named) != 0) {
    ox_dump_format(w, " +0x%" PRIX64, value & ~named);
  }
}

void ox_dump_id(ox_writer *w, uint64_t id) {
  ox_dump_format(w, "%" PRIu64 "-", id & 0xFFFF);
  for (unsigned i = 2; i < 8; i++) ox_dump_format(w, "%02x", (unsigned)(id >> 8 * i & 0xFF));
}

static void put_signed(ox_writer *w, const ox_wire_field *field, const void *value) {
  uint64_t raw = ox_wire_number(value, field->kind, 0);
  int64_t number = field->kind == OX_WIRE_I8    ? (int8_t)raw
                   : field->kind == OX_WIRE_I16 ? (int16_t)raw
                   : field->kind == OX_WIRE_I32 ? (int32_t)raw
                                                : (int64_t)raw;
  ox_dump_format(w, "%" PRId64, number);
}

/* One value on the rest of the line, line feed included. */
static void put_one(dumper *d, const ox_wire_field *field, const void *value,
                    const ox_wire_context *context, unsigned indent) {
  ox_writer *w = d->w;
  switch (field->kind) {
    case OX_WIRE_U8:
    case OX_WIRE_U16:
    case OX_WIRE_U32:
    case OX_WIRE_U64: put_number(w, field, ox_wire_number(value, field->kind, 0)); break;
    case OX_WIRE_I8:
    case OX_WIRE_I16:
    case OX_WIRE_I32:
    case OX_WIRE_I64: put_signed(w, field, value); break;
    case OX_WIRE_BOOL8: ox_write_text(w, *(const bool *)value ? "true" : "false"); break;
    case OX_WIRE_ID64: ox_dump_id(w, ox_wire_number(value, field->kind, 0)); break;
    case OX_WIRE_TAG: ox_dump_tag(w, (ox_proptag)ox_wire_number(value, field->kind, 0)); break;
    case OX_WIRE_STATUS: ox_dump_status(w, (ox_status)ox_wire_number(value, field->kind, 0)); break;
    case OX_WIRE_FILETIME: ox_dump_time(w, ox_wire_number(value, field->kind, 0)); break;
    case OX_WIRE_GUID: ox_dump_guid(w, value); break;
    case OX_WIRE_STR8:
    case OX_WIRE_ZSTR8: ox_dump_str8(w, d->arena, *(const ox_str8 *)value); break;
    case OX_WIRE_STR16:
    case OX_WIRE_ZSTR16: ox_dump_str16(w, d->arena, *(const ox_str16 *)value); break;
    case OX_WIRE_BYTES:
      if ((field->flags & OX_WIRE_INLINE) != 0) {
        ox_dump_bytes(w, value, field->fixed);
      } else {
        ox_dump_bytes(w, ((const ox_bytes *)value)->data, ((const ox_bytes *)value)->size_bytes);
      }
      break;
    case OX_WIRE_HAND: put_hand(w, d->arena, field, value, context, indent); return;
    default: break;
  }
  ox_write_text(w, "\n");
}

static void put_rows(dumper *d, ox_bytes rows, const ox_wire_context *context, unsigned indent) {
  ox_dump_bytes(d->w, rows.data, rows.size_bytes);
  if (context->columns == NULL) {
    ox_write_text(d->w, " (all that is left: the columns are not known)\n");
    return;
  }
  ox_write_text(d->w, "\n");
  /* How many there are is what the bytes say: they were measured with the same columns. */
  ox_reader r;
  ox_reader_init(&r, rows.data, rows.size_bytes);
  for (unsigned row = 0; ox_reader_remaining(&r) != 0; row++) {
    ox_property *values = ox_arena_calloc(d->arena, context->column_count + 1, sizeof(ox_property));
    if (values == NULL) return;
    ox_property_row_decode(&r, d->arena, context->columns, context->column_count, OX_COUNT_16,
                           values);
    if (!ox_reader_ok(&r)) return;
    ox_dump_format(d->w, "%*srow %u\n", (int)indent, "", row);
    ox_dump_row(d->w, d->arena, values, context->column_count, indent + 2);
  }
}

/* What a RecipientRow says. One that does not decode stays the bytes it is: without the columns
 * that RopOpenMessage gave, RopReadRecipients has only those. */
static void put_recipient(dumper *d, ox_bytes bytes, const ox_wire_context *context,
                          unsigned indent) {
  ox_reader r;
  ox_recipient_row row;
  bool inside = d->recipient_column_count != 0;
  ox_reader_init(&r, bytes.data, bytes.size_bytes);
  ox_recipient_row_decode(&r, d->arena, inside ? d->recipient_columns : context->recipient_columns,
                          inside ? d->recipient_column_count : context->recipient_column_count,
                          &row);
  if (ox_reader_finish(&r, NULL) != OX_OK) return;
  ox_dump_format(d->w, "%*s", (int)indent, "");
  ox_dump_by_json(d->w, indent, &ox_recipient_row_hooks, OX_COUNT_16, &row);
}

/* Remembers RecipientColumns as they pass. */
static void note_recipient_column(dumper *d, const ox_wire_field *field, size_t index,
                                  const void *value) {
  if (field->kind != OX_WIRE_TAG || strcmp(field->name, "recipient_columns") != 0) return;
  if (index == SIZE_MAX) {
    d->recipient_column_count = 0;
  } else if (d->recipient_column_count < RECIPIENT_COLUMNS_MAX) {
    d->recipient_columns[d->recipient_column_count++] =
        (ox_proptag)ox_wire_number(value, field->kind, 0);
  }
}

static void dump_visit(void *user, unsigned depth, const ox_wire_field *field, size_t index,
                       uint64_t offset, const void *value, const ox_wire_context *context) {
  dumper *d = user;
  unsigned indent = d->indent + 2 * depth + (index != SIZE_MAX ? 2 : 0);
  char name[64];
  if (index != SIZE_MAX) {
    snprintf(name, sizeof name, "[%zu]", index);
  } else {
    snprintf(name, sizeof name, "%s", field->name);
  }
  int room = NAME_COLUMNS - (int)(2 * depth) - (index != SIZE_MAX ? 2 : 0);
  ox_dump_format(d->w, "%*s%04" PRIX64 "%*s%-*s ", (int)d->indent, "", offset,
                 (int)(indent - d->indent) + 2, "", room > 8 ? room : 8, name);
  bool is_whole_array = index == SIZE_MAX && (field->flags & OX_WIRE_ARRAY) != 0;
  if (is_whole_array) note_recipient_column(d, field, index, value);
  if (value == NULL) {
    ox_write_text(d->w, "absent\n");
  } else if (is_whole_array || field->kind == OX_WIRE_STRUCT) {
    /* The elements, or fields, follow. */
    while (d->w->size_bytes != 0 && d->w->data[d->w->size_bytes - 1] == ' ') d->w->size_bytes--;
    ox_write_text(d->w, "\n");
  } else if (field->kind == OX_WIRE_ROWS) {
    put_rows(d, *(const ox_bytes *)value, context, indent + 8);
  } else {
    put_one(d, field, value, context, indent + 8);
    note_recipient_column(d, field, index, value);
    if (ox_wire_is_recipient(field)) {
      put_recipient(d, *(const ox_bytes *)value, context, indent + 8);
    }
  }
}

ox_status ox_wire_dump(const ox_wire_struct *structure, ox_reader *r, ox_arena *arena,
                       const ox_wire_context *context, unsigned indent, ox_writer *w) {
  dumper d = {.w = w, .arena = arena, .indent = indent};
  void *out = ox_arena_calloc(arena, 1, structure->size_bytes);
  if (out == NULL) return ox_reader_fail(r, OX_E_NO_MEMORY, NULL, NULL);
  return ox_wire_decode(structure, r, arena, context, out, dump_visit, &d);
}
