/* Reading JSON (RFC 8259), strictly: no comments, no trailing commas, no duplicate keys. */
#include "json.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <oxkit/ropcodec/property_info.h>
#include <oxkit/ropcodec/xid.h>

#include "utf.h"

void ox_json_reader_init(ox_json_reader *r, ox_arena *arena) {
  memset(r, 0, sizeof *r);
  r->arena = arena;
}

static void fail_at(ox_json_reader *r, size_t offset, ox_status status, const char *format,
                    va_list arguments) {
  if (r->status != OX_OK) return;
  r->status = status;
  r->offset = offset;
  vsnprintf(r->text, sizeof r->text, format, arguments);
}

void ox_json_fail(ox_json_reader *r, const ox_json_value *at, ox_status status, const char *format,
                  ...) {
  va_list arguments;
  va_start(arguments, format);
  fail_at(r, at != NULL ? at->offset : 0, status, format, arguments);
  va_end(arguments);
}

ox_status ox_json_status(const ox_json_reader *r, ox_error *err) {
  if (err != NULL && r->status != OX_OK) {
    ox_error_set(err, r->status, r->text[0] != 0 ? r->text : NULL);
    err->offset = r->offset;
    err->field = r->field;
    err->spec = r->spec;
  }
  return r->status;
}

/* The parser. */

typedef struct parser {
  ox_json_reader *r;
  const char *text;
  size_t size, at;
  unsigned depth;
} parser;

static void refuse(parser *p, ox_status status, const char *reason) {
  const ox_json_value here = {.offset = p->at};
  ox_json_fail(p->r, &here, status, "%s", reason);
}

static bool ok(const parser *p) {
  return p->r->status == OX_OK;
}

/* The next character, or 0 at the end; text has no zeros that count. */
static char peek(const parser *p) {
  return p->at < p->size ? p->text[p->at] : 0;
}

static char skip_blanks(parser *p) {
  while (p->at < p->size && strchr(" \t\r\n", p->text[p->at]) != NULL && p->text[p->at] != 0) {
    p->at++;
  }
  return peek(p);
}

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/* Four hexadecimal digits at *at, which moves past them; 0xFFFFFFFF when they are not there. */
static uint32_t four_digits(const parser *p, size_t *at) {
  uint32_t value = 0;
  for (unsigned i = 0; i < 4; i++) {
    int digit = *at < p->size ? hex_digit(p->text[*at]) : -1;
    if (digit < 0) return UINT32_MAX;
    value = value << 4 | (uint32_t)digit;
    (*at)++;
  }
  return value;
}

/* The escape after a backslash, as a code point. */
static uint32_t escape(parser *p) {
  static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
  char c = peek(p);
  const char *found = c != 0 ? strchr(from, c) : NULL;
  if (found != NULL) {
    p->at++;
    return (unsigned char)to[found - from];
  }
  size_t at = p->at + 1;
  uint32_t unit = c == 'u' ? four_digits(p, &at) : UINT32_MAX;
  if (unit == UINT32_MAX) {
    refuse(p, OX_E_MALFORMED, "This escape does not exist.");
    return 0;
  }
  p->at = at;
  if (!ox_is_high_surrogate(unit) || p->size - at < 6 || p->text[at] != '\\' ||
      p->text[at + 1] != 'u') {
    return unit;
  }
  at += 2;
  uint32_t low = four_digits(p, &at);
  if (low == UINT32_MAX || !ox_is_low_surrogate(low)) return unit;
  p->at = at;
  return 0x10000 + ((unit & 0x3FF) << 10) + (low & 0x3FF);
}

/* Text after its opening quote: a view when it has no escapes. */
static ox_str8 parse_text(parser *p) {
  ox_str8 none = {NULL, 0};
  size_t start = p->at;
  uint8_t *out = NULL;
  size_t written = 0;
  while (ok(p)) {
    if (p->at >= p->size) {
      refuse(p, OX_E_MALFORMED, "A text without its closing quote.");
      break;
    }
    unsigned char c = (unsigned char)p->text[p->at];
    if (c == '"') {
      ox_str8 view = {p->text + start, p->at - start};
      if (out != NULL) view = (ox_str8){(const char *)out, written};
      p->at++;
      return view;
    }
    if (c == '\\') {
      if (out == NULL) {
        /* Never longer than what is escaped; the end is not known yet, so look for it. */
        size_t end = p->at;
        while (end < p->size && p->text[end] != '"') end += p->text[end] == '\\' ? 2 : 1;
        if (end > p->size) end = p->size;
        out = ox_arena_alloc(p->r->arena, end - start + 1);
        if (out == NULL) {
          refuse(p, OX_E_NO_MEMORY, "Out of memory.");
          break;
        }
        written = p->at - start;
        memcpy(out, p->text + start, written);
      }
      p->at++;
      uint32_t point = escape(p);
      if (ok(p)) written += ox_utf8_put(out + written, point);
      continue;
    }
    uint32_t point = c;
    size_t length = 1;
    if (c >= 0x80) length = ox_utf8_get(p->text + p->at, p->size - p->at, &point);
    if (length == 0 || (point & 0xFFFFF800u) == 0xD800) {
      refuse(p, OX_E_MALFORMED, "This is not UTF-8.");
    } else if (c < 0x20) {
      refuse(p, OX_E_MALFORMED, "A control character inside a text; write an escape.");
    } else {
      if (out != NULL) memcpy(out + written, p->text + p->at, length);
      written += length;
      p->at += length;
    }
  }
  return none;
}

static void digits(parser *p) {
  if (peek(p) < '0' || peek(p) > '9') refuse(p, OX_E_MALFORMED, "A digit is missing.");
  while (peek(p) >= '0' && peek(p) <= '9') p->at++;
}

static void parse_number(parser *p, ox_json_value *value) {
  size_t start = p->at;
  if (peek(p) == '-') p->at++;
  if (peek(p) == '0') {
    p->at++;
  } else {
    digits(p);
  }
  if (peek(p) == '.') {
    p->at++;
    digits(p);
  }
  if (peek(p) == 'e' || peek(p) == 'E') {
    p->at++;
    if (peek(p) == '+' || peek(p) == '-') p->at++;
    digits(p);
  }
  value->type = OX_JSON_NUMBER;
  value->text = (ox_str8){p->text + start, p->at - start};
}

static bool parse_word(parser *p, const char *word) {
  size_t length = strlen(word);
  if (p->size - p->at < length || memcmp(p->text + p->at, word, length) != 0) return false;
  p->at += length;
  return true;
}

static ox_json_value *parse_value(parser *p);

static bool same(ox_str8 a, ox_str8 b) {
  return a.size_bytes == b.size_bytes &&
         (a.size_bytes == 0 || memcmp(a.data, b.data, a.size_bytes) == 0);
}

static ox_json_value *parse_member(parser *p, const ox_json_value *object) {
  if (skip_blanks(p) != '"') {
    refuse(p, OX_E_MALFORMED, "A member's name in quotes is missing.");
    return NULL;
  }
  const ox_json_value here = {.offset = p->at};
  p->at++;
  ox_str8 key = parse_text(p);
  if (skip_blanks(p) != ':') refuse(p, OX_E_MALFORMED, "A colon is missing.");
  p->at++;
  for (const ox_json_value *other = object->first; ok(p) && other != NULL; other = other->next) {
    if (same(other->key, key)) ox_json_fail(p->r, &here, OX_E_MALFORMED, "This name stands twice.");
  }
  if (object->count == OX_JSON_MEMBERS_MAX) refuse(p, OX_E_LIMIT, "Too many members.");
  ox_json_value *value = ok(p) ? parse_value(p) : NULL;
  if (value != NULL) value->key = key;
  return value;
}

static void parse_list(parser *p, ox_json_value *list) {
  const char close = list->type == OX_JSON_OBJECT ? '}' : ']';
  ox_json_value **tail = &list->first;
  if (++p->depth > OX_JSON_DEPTH_MAX) refuse(p, OX_E_LIMIT, "Nested too deeply.");
  if (ok(p) && skip_blanks(p) == close) {
    p->at++;
  } else {
    while (ok(p)) {
      ox_json_value *value = list->type == OX_JSON_OBJECT ? parse_member(p, list) : parse_value(p);
      if (value == NULL) break;
      *tail = value;
      tail = &value->next;
      list->count++;
      char c = skip_blanks(p);
      if (c != ',' && c != close) {
        refuse(p, OX_E_MALFORMED, "A comma or the closing bracket is missing.");
      }
      p->at++;
      if (c == close) break;
    }
  }
  p->depth--;
}

static ox_json_value *parse_value(parser *p) {
  char c = skip_blanks(p);
  ox_json_value *value = ox_arena_calloc(p->r->arena, 1, sizeof *value);
  if (value == NULL) {
    refuse(p, OX_E_NO_MEMORY, "Out of memory.");
    return NULL;
  }
  value->offset = p->at;
  if (c == '{' || c == '[') {
    p->at++;
    value->type = c == '{' ? OX_JSON_OBJECT : OX_JSON_ARRAY;
    parse_list(p, value);
  } else if (c == '"') {
    p->at++;
    value->type = OX_JSON_TEXT;
    value->text = parse_text(p);
  } else if (c == '-' || (c >= '0' && c <= '9')) {
    parse_number(p, value);
  } else if (parse_word(p, "true")) {
    value->type = OX_JSON_BOOL;
    value->boolean = true;
  } else if (parse_word(p, "false")) {
    value->type = OX_JSON_BOOL;
  } else if (!parse_word(p, "null")) {
    refuse(p, OX_E_MALFORMED,
           p->at >= p->size ? "The text ends where a value should stand." : "This is no value.");
  }
  return ok(p) ? value : NULL;
}

ox_json_value *ox_json_parse(ox_json_reader *r, ox_str8 text) {
  parser p = {.r = r, .text = text.data, .size = text.size_bytes};
  if (r->status != OX_OK) return NULL;
  ox_json_value *value = parse_value(&p);
  skip_blanks(&p);
  if (value != NULL && p.at != p.size) {
    refuse(&p, OX_E_MALFORMED, "Something stands after the end.");
    return NULL;
  }
  return value;
}

/* Access to the tree. */

static ox_json_value *find(ox_json_reader *r, const ox_json_value *object, const char *name,
                           bool needed) {
  if (r->status != OX_OK) return NULL;
  if (object == NULL || object->type != OX_JSON_OBJECT) {
    ox_json_fail(r, object, OX_E_MALFORMED, "An object with \"%s\" belongs here.", name);
    return NULL;
  }
  ox_str8 key = ox_str8_from(name);
  for (ox_json_value *member = object->first; member != NULL; member = member->next) {
    if (!same(member->key, key)) continue;
    member->used = true;
    if (member->type != OX_JSON_NULL) return member;
  }
  if (needed) ox_json_fail(r, object, OX_E_MALFORMED, "\"%s\" is missing.", name);
  return NULL;
}

ox_json_value *ox_json_member(ox_json_reader *r, const ox_json_value *object, const char *name) {
  return find(r, object, name, false);
}

ox_json_value *ox_json_need(ox_json_reader *r, const ox_json_value *object, const char *name) {
  return find(r, object, name, true);
}

void ox_json_close(ox_json_reader *r, const ox_json_value *object) {
  if (object == NULL || r->status != OX_OK) return;
  for (const ox_json_value *member = object->first; member != NULL; member = member->next) {
    if (!member->used) {
      ox_json_fail(r, member, OX_E_MALFORMED, "\"%.*s\" does not belong here.",
                   member->key.size_bytes < 64 ? (int)member->key.size_bytes : 64,
                   member->key.data);
    }
  }
}

const ox_json_value *ox_json_items(ox_json_reader *r, const ox_json_value *array,
                                   uint32_t *count_out) {
  *count_out = 0;
  if (r->status != OX_OK) return NULL;
  if (array == NULL || array->type != OX_JSON_ARRAY) {
    ox_json_fail(r, array, OX_E_MALFORMED, "An array belongs here.");
    return NULL;
  }
  *count_out = array->count;
  return array->first;
}

void *ox_json_alloc(ox_json_reader *r, size_t count, size_t size_bytes) {
  if (r->status != OX_OK) return NULL;
  void *memory = ox_arena_calloc(r->arena, count != 0 ? count : 1, size_bytes);
  if (memory == NULL) ox_json_fail(r, NULL, OX_E_NO_MEMORY, "Out of memory.");
  return memory;
}

bool ox_json_bool(ox_json_reader *r, const ox_json_value *value) {
  if (r->status != OX_OK) return false;
  if (value == NULL || value->type != OX_JSON_BOOL) {
    ox_json_fail(r, value, OX_E_MALFORMED, "true or false belongs here.");
    return false;
  }
  return value->boolean;
}

/* Digits, decimal or after "0x", into a magnitude; false when they are none or too many. */
static bool magnitude(ox_str8 text, uint64_t *out) {
  unsigned base = 10;
  size_t i = 0;
  if (text.size_bytes > 2 && text.data[0] == '0' && (text.data[1] == 'x' || text.data[1] == 'X')) {
    base = 16;
    i = 2;
  }
  if (i == text.size_bytes) return false;
  for (*out = 0; i < text.size_bytes; i++) {
    int digit = hex_digit(text.data[i]);
    if (digit < 0 || (unsigned)digit >= base) return false;
    if (*out > (UINT64_MAX - (unsigned)digit) / base) return false;
    *out = *out * base + (unsigned)digit;
  }
  return true;
}

/* The digits of a number or of a text; *negative_out says whether '-' stands before them. */
static bool integer(const ox_json_value *value, bool *negative_out, uint64_t *out) {
  if (value == NULL || (value->type != OX_JSON_NUMBER && value->type != OX_JSON_TEXT)) return false;
  ox_str8 text = value->text;
  *negative_out = text.size_bytes != 0 && text.data[0] == '-';
  if (*negative_out) {
    text.data++;
    text.size_bytes--;
  }
  return magnitude(text, out);
}

uint64_t ox_json_u64(ox_json_reader *r, const ox_json_value *value, uint64_t max) {
  uint64_t number = 0;
  bool negative = false;
  if (r->status != OX_OK) return 0;
  if (!integer(value, &negative, &number) || (negative && number != 0) || number > max) {
    ox_json_fail(r, value, OX_E_MALFORMED, "A whole number from 0 to %llu belongs here.",
                 (unsigned long long)max);
    return 0;
  }
  return number;
}

int64_t ox_json_i64(ox_json_reader *r, const ox_json_value *value, int64_t min, int64_t max) {
  uint64_t number = 0;
  bool negative = false;
  if (r->status != OX_OK) return 0;
  bool good = integer(value, &negative, &number);
  uint64_t limit = negative ? (uint64_t) - (min + 1) + 1 : (uint64_t)max;
  if (!good || number > limit) {
    ox_json_fail(r, value, OX_E_MALFORMED, "A whole number from %lld to %lld belongs here.",
                 (long long)min, (long long)max);
    return 0;
  }
  return negative ? (int64_t)(0 - number) : (int64_t)number;
}

/* strtod reads the decimal point of the host's locale. */
static bool floating(const ox_json_value *value, double *out) {
  char text[400], point[8], *end;
  if (value == NULL || value->type != OX_JSON_NUMBER) return false;
  snprintf(point, sizeof point, "%.1f", 0.5);
  point[strlen(point) - 1] = 0; /* the 5; what is left is a 0 and the point */
  size_t n = 0;
  for (size_t i = 0; i < value->text.size_bytes; i++) {
    if (n + sizeof point >= sizeof text) return false;
    if (value->text.data[i] == '.') {
      size_t length = strlen(point + 1);
      memcpy(text + n, point + 1, length);
      n += length;
    } else {
      text[n++] = value->text.data[i];
    }
  }
  text[n] = 0;
  *out = strtod(text, &end);
  return *end == 0;
}

double ox_json_f64(ox_json_reader *r, const ox_json_value *value) {
  double number = 0;
  if (r->status != OX_OK || floating(value, &number)) return number;
  uint64_t bits = ox_json_u64(r, value, UINT64_MAX);
  memcpy(&number, &bits, sizeof number);
  return number;
}

float ox_json_f32(ox_json_reader *r, const ox_json_value *value) {
  double number = 0;
  float single;
  if (r->status != OX_OK) return 0;
  if (floating(value, &number)) return (float)number;
  uint32_t bits = (uint32_t)ox_json_u64(r, value, UINT32_MAX);
  memcpy(&single, &bits, sizeof single);
  return single;
}

/* Short text as a C string; empty when it is none. */
static void short_text(const ox_json_value *value, char out[80]) {
  out[0] = 0;
  if (value == NULL || value->type != OX_JSON_TEXT || value->text.size_bytes >= 80) return;
  if (value->text.size_bytes != 0) memcpy(out, value->text.data, value->text.size_bytes);
  out[value->text.size_bytes] = 0;
}

ox_proptag ox_json_tag(ox_json_reader *r, const ox_json_value *value) {
  char name[80];
  short_text(value, name);
  ox_property_info info;
  if (ox_property_info_by_name(name, &info) && OX_PROPTAG_ID(info.tag) != 0) return info.tag;
  return (ox_proptag)ox_json_u64(r, value, UINT32_MAX);
}

ox_status ox_json_status_code(ox_json_reader *r, const ox_json_value *value) {
  char name[80];
  ox_status status;
  short_text(value, name);
  if (name[0] != 0 && (name[0] < '0' || name[0] > '9') &&
      ox_status_from_name(name, &status) == OX_OK) {
    return status;
  }
  return (ox_status)ox_json_u64(r, value, UINT32_MAX);
}

uint64_t ox_json_id(ox_json_reader *r, const ox_json_value *value) {
  char text[80];
  short_text(value, text);
  const char *minus = strchr(text, '-');
  uint64_t replid = 0, globcnt = 0;
  if (minus == NULL) return ox_json_u64(r, value, UINT64_MAX);
  bool good = magnitude((ox_str8){text, (size_t)(minus - text)}, &replid) && replid <= 0xFFFF &&
              strlen(minus + 1) == 12;
  for (const char *c = minus + 1; good && *c != 0; c++) {
    good = hex_digit(*c) >= 0;
    globcnt = globcnt << 4 | (unsigned)hex_digit(*c);
  }
  if (!good) {
    ox_json_fail(r, value, OX_E_MALFORMED,
                 "An id belongs here: REPLID-GLOBCNT, such as \"1-00000000001f\".");
    return 0;
  }
  return ox_id64_make((uint16_t)replid, globcnt);
}

ox_filetime ox_json_time(ox_json_reader *r, const ox_json_value *value) {
  char text[80];
  ox_filetime time;
  short_text(value, text);
  if (strchr(text, ':') == NULL) return ox_json_u64(r, value, UINT64_MAX);
  if (ox_filetime_parse(text, &time) == OX_OK) return time;
  ox_json_fail(r, value, OX_E_MALFORMED, "A time belongs here: \"2010-01-05T12:04:56.1234567Z\".");
  return 0;
}

ox_guid ox_json_guid(ox_json_reader *r, const ox_json_value *value) {
  char text[80];
  ox_guid guid;
  memset(&guid, 0, sizeof guid);
  short_text(value, text);
  if (r->status == OX_OK && ox_guid_parse(text, &guid) != OX_OK) {
    ox_json_fail(r, value, OX_E_MALFORMED, "A GUID belongs here.");
  }
  return guid;
}

ox_bytes ox_json_bytes(ox_json_reader *r, const ox_json_value *value) {
  ox_bytes bytes = {NULL, 0};
  if (r->status != OX_OK) return bytes;
  if (value == NULL || value->type != OX_JSON_TEXT || value->text.size_bytes % 2 != 0) {
    ox_json_fail(r, value, OX_E_MALFORMED, "Pairs of hexadecimal digits in quotes belong here.");
    return bytes;
  }
  size_t size = value->text.size_bytes / 2;
  uint8_t *data = ox_json_alloc(r, size, 1);
  for (size_t i = 0; data != NULL && i < size; i++) {
    int high = hex_digit(value->text.data[2 * i]), low = hex_digit(value->text.data[2 * i + 1]);
    if (high < 0 || low < 0) {
      ox_json_fail(r, value, OX_E_MALFORMED, "Pairs of hexadecimal digits in quotes belong here.");
      return bytes;
    }
    data[i] = (uint8_t)(high << 4 | low);
  }
  if (data != NULL) bytes = (ox_bytes){data, size};
  return bytes;
}

void ox_json_copy_bytes(ox_json_reader *r, const ox_json_value *value, ox_writer *w) {
  ox_bytes bytes = ox_json_bytes(r, value);
  if (r->status == OX_OK) ox_write_bytes(w, bytes.data, bytes.size_bytes);
}

/* The bytes of the form {"hex": "..."}; false when the value has another form. */
static bool lossy(ox_json_reader *r, const ox_json_value *value, ox_bytes *out) {
  if (r->status != OX_OK || value == NULL || value->type != OX_JSON_OBJECT) return false;
  ox_json_member(r, value, "text");
  *out = ox_json_bytes(r, ox_json_need(r, value, "hex"));
  ox_json_close(r, value);
  return true;
}

static ox_str8 plain(ox_json_reader *r, const ox_json_value *value) {
  static const ox_str8 nothing = {"", 0};
  if (r->status != OX_OK) return nothing;
  if (value == NULL || value->type != OX_JSON_TEXT) {
    ox_json_fail(r, value, OX_E_MALFORMED, "A text belongs here, or {\"hex\": \"...\"}.");
    return nothing;
  }
  return value->text.data != NULL ? value->text : nothing;
}

ox_str8 ox_json_str8(ox_json_reader *r, const ox_json_value *value) {
  ox_bytes bytes = {NULL, 0};
  if (lossy(r, value, &bytes)) return (ox_str8){(const char *)bytes.data, bytes.size_bytes};
  ox_str8 text = plain(r, value);
  for (size_t i = 0; i < text.size_bytes; i++) {
    if ((unsigned char)text.data[i] >= 0x80) {
      ox_json_fail(r, value, OX_E_MALFORMED,
                   "The code page of this 8-bit text is not known: give its bytes as "
                   "{\"hex\": \"...\"}.");
    }
  }
  return text;
}

ox_str16 ox_json_str16(ox_json_reader *r, const ox_json_value *value) {
  ox_bytes bytes = {NULL, 0};
  ox_str16 text = {NULL, 0};
  if (lossy(r, value, &bytes)) {
    if (bytes.size_bytes % 2 != 0) ox_json_fail(r, value, OX_E_MALFORMED, "Half a UTF-16 unit.");
    return (ox_str16){bytes.data, bytes.size_bytes};
  }
  ox_str8 utf8 = plain(r, value);
  if (r->status == OX_OK && ox_str16_from_utf8(r->arena, utf8, &text) != OX_OK) {
    ox_json_fail(r, value, OX_E_NO_MEMORY, "Out of memory.");
  }
  return text;
}

uint64_t ox_json_named(ox_json_reader *r, const ox_json_value *value, const ox_wire_values *values,
                       uint64_t max) {
  if (r->status != OX_OK || value == NULL || value->type != OX_JSON_TEXT) {
    return ox_json_u64(r, value, max);
  }
  uint64_t sum = 0;
  ox_str8 rest = value->text;
  for (bool more = true; more;) {
    const char *bar = rest.size_bytes != 0 ? memchr(rest.data, '|', rest.size_bytes) : NULL;
    ox_str8 part = rest;
    more = bar != NULL && values->is_flags;
    if (more) {
      part.size_bytes = (size_t)(bar - rest.data);
      rest.size_bytes -= part.size_bytes + 1;
      rest.data = bar + 1;
    }
    uint64_t number = 0;
    bool known = magnitude(part, &number);
    for (unsigned i = 0; !known && i < values->count; i++) {
      known = same(part, ox_str8_from(values->items[i].name));
      number = values->items[i].value;
    }
    if (!known || number > max) {
      ox_json_fail(r, value, OX_E_MALFORMED, "A number or a name of %s belongs here, not \"%.*s\".",
                   values->name, part.size_bytes < 64 ? (int)part.size_bytes : 64, part.data);
      return 0;
    }
    sum |= number;
  }
  return sum;
}
