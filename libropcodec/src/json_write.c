/* Writing JSON. */
#include "json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <oxkit/ropcodec/xid.h>

#include "dump.h"
#include "utf.h"

static void put(ox_json_writer *j, const char *text) {
  ox_write_text(j->w, text);
}

static void line(ox_json_writer *j) {
  ox_write_u8(j->w, '\n');
  for (unsigned i = 0; i < j->depth; i++) put(j, "  ");
}

/* What stands before a value. */
static void start(ox_json_writer *j) {
  if (!j->after_key && j->depth != 0) {
    if (!j->first) ox_write_u8(j->w, ',');
    line(j);
  }
  j->first = false;
  j->after_key = false;
}

void ox_json_init(ox_json_writer *j, ox_writer *w) {
  memset(j, 0, sizeof *j);
  j->w = w;
}

void ox_json_begin(ox_json_writer *j, char open) {
  start(j);
  ox_write_u8(j->w, (uint8_t)open);
  j->depth++;
  j->first = true;
}

void ox_json_end(ox_json_writer *j, char close) {
  j->depth--;
  if (!j->first) line(j);
  ox_write_u8(j->w, (uint8_t)close);
  j->first = false;
}

/* One code point inside quotes. */
static void put_point(ox_json_writer *j, uint32_t point) {
  if (point == '"' || point == '\\') {
    ox_write_u8(j->w, '\\');
    ox_write_u8(j->w, (uint8_t)point);
  } else if (point < 0x20 || point == 0x7F) {
    ox_dump_format(j->w, "\\u%04x", (unsigned)point);
  } else {
    uint8_t bytes[4];
    ox_write_bytes(j->w, bytes, ox_utf8_put(bytes, point));
  }
}

static void put_quoted(ox_json_writer *j, const char *text) {
  ox_write_u8(j->w, '"');
  for (; *text != 0; text++) put_point(j, (unsigned char)*text);
  ox_write_u8(j->w, '"');
}

void ox_json_key(ox_json_writer *j, const char *name) {
  start(j);
  put_quoted(j, name);
  put(j, ": ");
  j->after_key = true;
}

void ox_json_put_null(ox_json_writer *j) {
  start(j);
  put(j, "null");
}

void ox_json_put_bool(ox_json_writer *j, bool value) {
  start(j);
  put(j, value ? "true" : "false");
}

void ox_json_put_u32(ox_json_writer *j, uint32_t value) {
  start(j);
  ox_dump_format(j->w, "%" PRIu32, value);
}

void ox_json_put_i32(ox_json_writer *j, int32_t value) {
  start(j);
  ox_dump_format(j->w, "%" PRId32, value);
}

void ox_json_put_i64(ox_json_writer *j, int64_t value) {
  start(j);
  ox_dump_format(j->w, "\"%" PRId64 "\"", value);
}

void ox_json_put_hex(ox_json_writer *j, uint64_t value, unsigned digits) {
  start(j);
  ox_dump_format(j->w, "\"0x%0*" PRIX64 "\"", (int)digits, value);
}

/* printf writes the decimal point of the host's locale. */
static void put_float(ox_json_writer *j, double value, int digits) {
  char text[40];
  int n = snprintf(text, sizeof text, "%.*g", digits, value);
  for (int i = 0; i < n; i++) {
    bool known = (text[i] >= '0' && text[i] <= '9') || strchr("+-e", text[i]) != NULL;
    if (!known) text[i] = '.';
  }
  start(j);
  put(j, text);
}

void ox_json_put_f32(ox_json_writer *j, float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  if ((bits & 0x7F800000u) == 0x7F800000u) {
    ox_json_put_hex(j, bits, 8);
  } else {
    put_float(j, (double)value, 9);
  }
}

void ox_json_put_f64(ox_json_writer *j, double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  if ((bits & UINT64_C(0x7FF0000000000000)) == UINT64_C(0x7FF0000000000000)) {
    ox_json_put_hex(j, bits, 16);
  } else {
    put_float(j, value, 17);
  }
}

void ox_json_put_tag(ox_json_writer *j, ox_proptag tag) {
  ox_json_put_hex(j, tag, 8);
}

void ox_json_put_status(ox_json_writer *j, ox_status status) {
  ox_json_put_hex(j, status, 8);
}

void ox_json_put_id(ox_json_writer *j, uint64_t id) {
  start(j);
  ox_dump_format(j->w, "\"%u-%012" PRIx64 "\"", ox_id64_replid(id), ox_id64_globcnt(id));
}

void ox_json_put_time(ox_json_writer *j, ox_filetime time) {
  char text[OX_FILETIME_TEXT_BYTES];
  ox_filetime back;
  ox_filetime_format(time, text);
  if (ox_filetime_parse(text, &back) == OX_OK && back == time) {
    ox_json_put_ascii(j, text);
  } else {
    ox_json_put_hex(j, time, 16);
  }
}

void ox_json_put_guid(ox_json_writer *j, const ox_guid *guid) {
  char text[OX_GUID_TEXT_BYTES];
  ox_guid_format(guid, text);
  ox_json_put_ascii(j, text);
}

void ox_json_put_bytes(ox_json_writer *j, const uint8_t *data, size_t size_bytes) {
  static const char digits[] = "0123456789abcdef";
  start(j);
  ox_write_u8(j->w, '"');
  uint8_t *at = size_bytes <= SIZE_MAX / 2 ? ox_writer_extend(j->w, 2 * size_bytes) : NULL;
  for (size_t i = 0; at != NULL && i < size_bytes; i++) {
    at[2 * i] = (uint8_t)digits[data[i] >> 4];
    at[2 * i + 1] = (uint8_t)digits[data[i] & 15];
  }
  ox_write_u8(j->w, '"');
}

void ox_json_put_ascii(ox_json_writer *j, const char *text) {
  start(j);
  put_quoted(j, text);
}

static void end_lossy(ox_json_writer *j, const void *data, size_t size_bytes) {
  ox_json_key(j, "hex");
  ox_json_put_bytes(j, data, size_bytes);
  ox_json_end(j, '}');
}

void ox_json_put_str8(ox_json_writer *j, ox_str8 text) {
  bool plain = true;
  for (size_t i = 0; i < text.size_bytes; i++) {
    plain = plain && text.data[i] != 0 && (unsigned char)text.data[i] < 0x80;
  }
  if (!plain) {
    ox_json_begin(j, '{');
    ox_json_key(j, "text");
  }
  start(j);
  ox_write_u8(j->w, '"');
  for (size_t i = 0; i < text.size_bytes; i++) {
    unsigned char c = (unsigned char)text.data[i];
    put_point(j, c != 0 && c < 0x80 ? c : OX_REPLACEMENT);
  }
  ox_write_u8(j->w, '"');
  if (!plain) end_lossy(j, text.data, text.size_bytes);
}

static bool is_surrogate(uint32_t point) {
  return (point & 0xFFFFF800u) == 0xD800;
}

void ox_json_put_str16(ox_json_writer *j, ox_str16 text) {
  bool plain = text.size_bytes % 2 == 0;
  for (size_t at = 0; at + 1 < text.size_bytes;) {
    uint32_t point = ox_utf16_next(text, &at);
    plain = plain && point != 0 && !is_surrogate(point);
  }
  if (!plain) {
    ox_json_begin(j, '{');
    ox_json_key(j, "text");
  }
  start(j);
  ox_write_u8(j->w, '"');
  for (size_t at = 0; at + 1 < text.size_bytes;) {
    uint32_t point = ox_utf16_next(text, &at);
    put_point(j, point == 0 || is_surrogate(point) ? OX_REPLACEMENT : point);
  }
  ox_write_u8(j->w, '"');
  if (!plain) end_lossy(j, text.data, text.size_bytes);
}

void ox_json_put_named(ox_json_writer *j, const ox_wire_values *values, uint64_t value) {
  /* As in dumps: composite names first, and no flag that is part of one that matched. */
  uint64_t named = 0;
  bool any = false;
  for (unsigned i = values->count; i-- > 0 && (values->is_flags || !any);) {
    const ox_wire_named_value *item = &values->items[i];
    bool matches = values->is_flags ? item->value != 0 && (value & item->value) == item->value &&
                                          (named & item->value) != item->value
                                    : value == item->value;
    if (!matches) continue;
    if (any) {
      ox_write_u8(j->w, '|');
    } else {
      start(j);
      ox_write_u8(j->w, '"');
    }
    put(j, item->name);
    any = true;
    named |= item->value;
  }
  if (!any) {
    start(j);
    ox_dump_format(j->w, "%" PRIu64, value);
    return;
  }
  if (values->is_flags && (value & ~named) != 0) {
    ox_dump_format(j->w, "|0x%" PRIX64, value & ~named);
  }
  ox_write_u8(j->w, '"');
}
