#include "dump.h"

#include <oxkit/ropcodec/abvalue.h>
#include <oxkit/ropcodec/namedprop.h>
#include <oxkit/ropcodec/recipient.h>
#include <oxkit/ropcodec/restriction.h>
#include <oxkit/ropcodec/rows.h>
#include <oxkit/ropcodec/sort.h>

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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

static void put_string(ox_writer *w, ox_arena *arena, ox_str16 text) {
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

static void put_string8(ox_writer *w, ox_arena *arena, ox_str8 text) {
  char *utf8 = NULL;
  if (text.data == NULL) {
    ox_write_text(w, "\"\"");
  } else if (ox_failed(ox_str8_to_utf8(arena, text, OX_CODEPAGE_WINDOWS_1252, &utf8))) {
    ox_writer_fail(w, OX_E_NO_MEMORY);
  } else {
    ox_dump_quoted(w, utf8);
  }
}

static void put_bytes(ox_writer *w, const uint8_t *data, size_t size_bytes) {
  ox_dump_format(w, "%zu byte%s%s", size_bytes, size_bytes == 1 ? "" : "s",
                 size_bytes != 0 ? ":" : "");
  for (size_t i = 0; i < size_bytes && i < BYTES_SHOWN; i++) ox_dump_format(w, " %02x", data[i]);
  if (size_bytes > BYTES_SHOWN) ox_write_text(w, " ...");
}

static void put_guid(ox_writer *w, const ox_guid *guid) {
  char text[OX_GUID_TEXT_BYTES];
  ox_guid_format(guid, text);
  ox_write_text(w, text);
}

static void put_time(ox_writer *w, ox_filetime time) {
  char text[OX_FILETIME_TEXT_BYTES];
  ox_filetime_format(time, text);
  ox_write_text(w, text);
}

static void put_status(ox_writer *w, ox_status status) {
  ox_dump_format(w, "0x%08" PRIX32 " %s", status, ox_status_name(status));
}

void ox_dump_tag(ox_writer *w, ox_proptag tag) {
  const ox_property_info *info = ox_property_info_by_tag(tag);
  ox_dump_format(w, "0x%08" PRIX32, tag);
  if (info != NULL) ox_dump_format(w, " %s", info->name);
}

static void put_multiple(ox_writer *w, ox_arena *arena, uint16_t type, const ox_value *value) {
  uint16_t single = (uint16_t)(type & ~OX_PTYP_MULTIPLE);
  ox_write_text(w, "{");
  for (uint32_t i = 0; i < value->multiple.count; i++) {
    ox_value one;
    memset(&one, 0, sizeof one);
    switch (single) {
      case OX_PTYP_INTEGER16: one.i16 = value->multiple.values.i16[i]; break;
      case OX_PTYP_INTEGER32: one.i32 = value->multiple.values.i32[i]; break;
      case OX_PTYP_FLOATING32: one.f32 = value->multiple.values.f32[i]; break;
      case OX_PTYP_FLOATING64:
      case OX_PTYP_FLOATING_TIME: one.f64 = value->multiple.values.f64[i]; break;
      case OX_PTYP_CURRENCY:
      case OX_PTYP_INTEGER64: one.i64 = value->multiple.values.i64[i]; break;
      case OX_PTYP_STRING8: one.string8 = value->multiple.values.string8[i]; break;
      case OX_PTYP_STRING: one.string = value->multiple.values.string[i]; break;
      case OX_PTYP_TIME: one.time = value->multiple.values.time[i]; break;
      case OX_PTYP_GUID: one.guid = value->multiple.values.guid[i]; break;
      default: one.binary = value->multiple.values.binary[i];
    }
    if (i != 0) ox_write_text(w, ", ");
    ox_dump_value(w, arena, single, &one);
  }
  ox_write_text(w, "}");
}

static void put_restriction(ox_writer *w, ox_arena *arena, const ox_restriction *restriction);

void ox_dump_value(ox_writer *w, ox_arena *arena, uint16_t type, const ox_value *value) {
  switch (type) {
    case OX_PTYP_NULL: ox_write_text(w, "absent"); return;
    case OX_PTYP_INTEGER16: ox_dump_format(w, "%d", value->i16); return;
    case OX_PTYP_INTEGER32:
      ox_dump_format(w, "%" PRId32, value->i32);
      if (value->i32 < 0 || value->i32 > 9) {
        ox_dump_format(w, " (0x%" PRIX32 ")", (uint32_t)value->i32);
      }
      return;
    case OX_PTYP_FLOATING32: ox_dump_format(w, "%.9g", (double)value->f32); return;
    case OX_PTYP_FLOATING64:
    case OX_PTYP_FLOATING_TIME: ox_dump_format(w, "%.17g", value->f64); return;
    case OX_PTYP_CURRENCY: ox_dump_format(w, "%" PRId64 " / 10000", value->i64); return;
    case OX_PTYP_INTEGER64:
      ox_dump_format(w, "%" PRId64 " (0x%" PRIX64 ")", value->i64, (uint64_t)value->i64);
      return;
    case OX_PTYP_ERROR_CODE:
      ox_write_text(w, "error ");
      put_status(w, value->error);
      return;
    case OX_PTYP_BOOLEAN: ox_write_text(w, value->boolean ? "true" : "false"); return;
    case OX_PTYP_STRING8: put_string8(w, arena, value->string8); return;
    case OX_PTYP_STRING: put_string(w, arena, value->string); return;
    case OX_PTYP_TIME: put_time(w, value->time); return;
    case OX_PTYP_GUID: put_guid(w, &value->guid); return;
    case OX_PTYP_RESTRICTION:
      if (value->restriction != NULL) put_restriction(w, arena, value->restriction);
      return;
    case OX_PTYP_RULE_ACTION: ox_write_text(w, "rule actions"); return;
    default:
      if ((type & OX_PTYP_MULTIPLE) != 0) {
        put_multiple(w, arena, type, value);
      } else {
        put_bytes(w, value->binary.data, value->binary.size_bytes);
      }
  }
}

static void put_property(ox_writer *w, ox_arena *arena, const ox_property *property) {
  ox_dump_tag(w, property->tag);
  ox_write_text(w, " = ");
  ox_dump_value(w, arena, OX_PROPTAG_TYPE(property->tag), &property->value);
}

static const char *relop(uint8_t rel_op) {
  static const char *const names[] = {"<", "<=", ">", ">=", "==", "!="};
  if (rel_op < sizeof names / sizeof names[0]) return names[rel_op];
  return rel_op == OX_RELOP_MEMBER_OF_DL ? "member-of" : "?";
}

/* On one line, as a person would write it: And(Subject contains "x", Exist(...)). The depth is
 * that of what was decoded, which the reader limits. */
static void put_restriction(ox_writer *w, ox_arena *arena, const ox_restriction *restriction) {
  switch (restriction->type) {
    case OX_RESTRICTION_AND:
    case OX_RESTRICTION_OR:
      ox_write_text(w, restriction->type == OX_RESTRICTION_AND ? "And(" : "Or(");
      for (uint32_t i = 0; i < restriction->u.logical.count; i++) {
        if (i != 0) ox_write_text(w, ", ");
        put_restriction(w, arena, &restriction->u.logical.children[i]);
      }
      ox_write_text(w, ")");
      return;
    case OX_RESTRICTION_NOT:
      ox_write_text(w, "Not(");
      put_restriction(w, arena, restriction->u.negation.child);
      ox_write_text(w, ")");
      return;
    case OX_RESTRICTION_CONTENT:
      ox_dump_format(w, "Content(fuzzy %u/%u, ", restriction->u.content.fuzzy_level_low,
                     restriction->u.content.fuzzy_level_high);
      ox_dump_tag(w, restriction->u.content.property_tag);
      ox_write_text(w, " contains ");
      put_property(w, arena, &restriction->u.content.tagged_value);
      ox_write_text(w, ")");
      return;
    case OX_RESTRICTION_PROPERTY:
      ox_write_text(w, "Property(");
      ox_dump_tag(w, restriction->u.property.property_tag);
      ox_dump_format(w, " %s ", relop(restriction->u.property.rel_op));
      put_property(w, arena, &restriction->u.property.tagged_value);
      ox_write_text(w, ")");
      return;
    case OX_RESTRICTION_COMPARE_PROPERTIES:
      ox_write_text(w, "CompareProperties(");
      ox_dump_tag(w, restriction->u.compare.property_tag1);
      ox_dump_format(w, " %s ", relop(restriction->u.compare.rel_op));
      ox_dump_tag(w, restriction->u.compare.property_tag2);
      ox_write_text(w, ")");
      return;
    case OX_RESTRICTION_BITMASK:
      ox_write_text(w, "Bitmask(");
      ox_dump_tag(w, restriction->u.bitmask.property_tag);
      ox_dump_format(w, " & 0x%08" PRIX32 " %s 0)", restriction->u.bitmask.mask,
                     restriction->u.bitmask.bitmap_rel_op == OX_BMR_EQZ ? "==" : "!=");
      return;
    case OX_RESTRICTION_SIZE:
      ox_write_text(w, "Size(");
      ox_dump_tag(w, restriction->u.size.property_tag);
      ox_dump_format(w, " %s %" PRIu32 ")", relop(restriction->u.size.rel_op),
                     restriction->u.size.size);
      return;
    case OX_RESTRICTION_EXIST:
      ox_write_text(w, "Exist(");
      ox_dump_tag(w, restriction->u.exist.property_tag);
      ox_write_text(w, ")");
      return;
    case OX_RESTRICTION_SUBOBJECT:
      ox_write_text(w, "SubObject(");
      ox_dump_tag(w, restriction->u.subobject.subobject);
      ox_write_text(w, ", ");
      put_restriction(w, arena, restriction->u.subobject.child);
      ox_write_text(w, ")");
      return;
    case OX_RESTRICTION_COMMENT:
      ox_write_text(w, "Comment(");
      for (uint32_t i = 0; i < restriction->u.comment.tagged_values_count; i++) {
        if (i != 0) ox_write_text(w, ", ");
        put_property(w, arena, &restriction->u.comment.tagged_values[i]);
      }
      if (restriction->u.comment.child != NULL) {
        ox_write_text(w, "; ");
        put_restriction(w, arena, restriction->u.comment.child);
      }
      ox_write_text(w, ")");
      return;
    case OX_RESTRICTION_COUNT:
      ox_dump_format(w, "Count(%" PRIu32 ", ", restriction->u.count.count);
      put_restriction(w, arena, restriction->u.count.child);
      ox_write_text(w, ")");
      return;
    default: ox_dump_format(w, "type 0x%02X", restriction->type);
  }
}

static void put_sort_orders(ox_writer *w, const ox_sort_order_set *set) {
  ox_dump_format(w, "%u, categories %u, expanded %u:", set->sort_order_count,
                 set->categorized_count, set->expanded_count);
  for (unsigned i = 0; i < set->sort_order_count; i++) {
    ox_write_text(w, i != 0 ? ", " : " ");
    ox_dump_tag(w, set->sort_orders[i].property_tag);
    uint8_t order = set->sort_orders[i].order;
    ox_write_text(w, order == OX_SORT_ASCENDING          ? " ascending"
                     : order == OX_SORT_DESCENDING       ? " descending"
                     : order == OX_SORT_MAXIMUM_CATEGORY ? " maximum category"
                                                         : " ?");
  }
}

static void put_name(ox_writer *w, ox_arena *arena, const ox_property_name *name) {
  put_guid(w, &name->guid);
  if (name->kind == OX_NAME_KIND_LID) {
    ox_dump_format(w, " lid 0x%08" PRIX32, name->lid);
  } else if (name->kind == OX_NAME_KIND_STRING) {
    ox_write_text(w, " name ");
    put_string(w, arena, name->name);
  } else {
    ox_dump_format(w, " kind 0x%02X", name->kind);
  }
}

static void put_row(ox_writer *w, ox_arena *arena, const ox_property *row, size_t count,
                    unsigned indent) {
  for (size_t i = 0; i < count; i++) {
    ox_dump_format(w, "%*s", (int)indent, "");
    put_property(w, arena, &row[i]);
    ox_write_text(w, "\n");
  }
}

void ox_dump_hand(ox_writer *w, ox_arena *arena, const ox_wire_field *field, const void *value,
                  const ox_wire_context *context, unsigned indent) {
  const char *type = field->hand->name;
  if (strcmp(type, "ox_property") == 0) {
    put_property(w, arena, value);
  } else if (strcmp(type, "ox_restriction") == 0) {
    put_restriction(w, arena, value);
  } else if (strcmp(type, "ox_sort_order_set") == 0) {
    put_sort_orders(w, value);
  } else if (strcmp(type, "ox_property_name") == 0) {
    put_name(w, arena, value);
  } else if (strcmp(type, "ox_property_problem") == 0) {
    const ox_property_problem *problem = value;
    ox_dump_format(w, "index %u ", problem->index);
    ox_dump_tag(w, problem->property_tag);
    ox_write_text(w, " ");
    put_status(w, problem->error_code);
  } else if (strcmp(type, "ox_ab_row") == 0) {
    const ox_ab_row *row = value;
    ox_dump_format(w, "%" PRIu32 " values\n", row->value_count);
    put_row(w, arena, row->values, row->value_count, indent);
    return;
  } else {
    ox_writer encoded;
    ox_writer_init(&encoded, NULL, SIZE_MAX / 4);
    field->hand->encode(&encoded, field->hand_width, context->columns, context->column_count,
                        value);
    put_bytes(w, encoded.data, encoded.size_bytes);
    ox_writer_dispose(&encoded);
  }
  ox_write_text(w, "\n");
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

static void put_number(ox_writer *w, const ox_wire_field *field, uint64_t value) {
  unsigned digits = ox_wire_integer_bytes(field->kind) * 2;
  if (value > 9 || field->values != NULL) {
    ox_dump_format(w, "0x%0*" PRIX64, (int)digits, value);
  } else {
    ox_dump_format(w, "%" PRIu64, value);
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

static void put_id(ox_writer *w, uint64_t id) {
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
    case OX_WIRE_ID64: put_id(w, ox_wire_number(value, field->kind, 0)); break;
    case OX_WIRE_TAG: ox_dump_tag(w, (ox_proptag)ox_wire_number(value, field->kind, 0)); break;
    case OX_WIRE_STATUS: put_status(w, (ox_status)ox_wire_number(value, field->kind, 0)); break;
    case OX_WIRE_FILETIME: put_time(w, ox_wire_number(value, field->kind, 0)); break;
    case OX_WIRE_GUID: put_guid(w, value); break;
    case OX_WIRE_STR8:
    case OX_WIRE_ZSTR8: put_string8(w, d->arena, *(const ox_str8 *)value); break;
    case OX_WIRE_STR16:
    case OX_WIRE_ZSTR16: put_string(w, d->arena, *(const ox_str16 *)value); break;
    case OX_WIRE_BYTES:
      if ((field->flags & OX_WIRE_INLINE) != 0) {
        put_bytes(w, value, field->fixed);
      } else {
        put_bytes(w, ((const ox_bytes *)value)->data, ((const ox_bytes *)value)->size_bytes);
      }
      break;
    case OX_WIRE_HAND: ox_dump_hand(w, d->arena, field, value, context, indent); return;
    default: break;
  }
  ox_write_text(w, "\n");
}

static void put_rows(dumper *d, ox_bytes rows, const ox_wire_context *context, unsigned indent) {
  put_bytes(d->w, rows.data, rows.size_bytes);
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
    put_row(d->w, d->arena, values, context->column_count, indent + 2);
  }
}

/* What a RecipientRow says, as properties. One that does not decode stays the bytes it is: without
 * the columns that RopOpenMessage gave, RopReadRecipients has only those. */
static void put_recipient(dumper *d, ox_bytes bytes, unsigned indent) {
  ox_reader r;
  ox_recipient_row row;
  ox_propbag bag;
  ox_reader_init(&r, bytes.data, bytes.size_bytes);
  ox_propbag_init(&bag, d->arena);
  if (ox_failed(ox_recipient_row_decode(&r, d->arena, d->recipient_columns,
                                        d->recipient_column_count, &row)) ||
      ox_reader_remaining(&r) != 0 ||
      ox_failed(ox_recipient_row_to_bag(&row, OX_CODEPAGE_WINDOWS_1252, &bag))) {
    return;
  }
  ox_dump_format(d->w, "%*srecipient_flags 0x%04X\n", (int)indent, "", row.recipient_flags);
  put_row(d->w, d->arena, bag.items, bag.count, indent);
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
    if (field->kind == OX_WIRE_BYTES && strcmp(field->name, "recipient_row") == 0) {
      put_recipient(d, *(const ox_bytes *)value, indent + 8);
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
