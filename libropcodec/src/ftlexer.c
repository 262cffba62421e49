/* The lexical structure of FastTransfer streams. @spec [MS-OXCFXICS] 2.2.4.1 */
#include "ftstream_internal.h"

#include <string.h>

#include <oxkit/ropcodec/cursor.h>

static const char spec_lexical[] = "[MS-OXCFXICS] 2.2.4.1";
static const char spec_types[] = "[MS-OXCFXICS] 2.2.4.1.1";
static const char spec_values[] = "[MS-OXCFXICS] 2.2.4.1.3";

enum { TAG_BYTES = 4, LENGTH_BYTES = 4, GUID_BYTES = 16, CARRY_FIRST_BYTES = 256 };

/* Parts of a named property, after the tag. */
enum { NAME_KIND_AT = TAG_BYTES + GUID_BYTES, NAME_AT = NAME_KIND_AT + 1 };

void ox_ft_lexer_init(ox_ft_lexer *lexer, ox_arena *arena, const ox_ft_options *options) {
  static const ox_ft_options defaults = OX_FT_OPTIONS_INIT;
  memset(lexer, 0, sizeof *lexer);
  lexer->arena = arena;
  lexer->options = options != NULL ? *options : defaults;
  lexer->chunk = (const uint8_t *)"";
  lexer->need = TAG_BYTES;
  lexer->is_calm = true;
}

void ox_ft_lexer_dispose(ox_ft_lexer *lexer) {
  ox_free(lexer->arena->allocator, lexer->carry);
  lexer->carry = NULL;
  lexer->carry_bytes = lexer->carry_capacity = 0;
}

void ox_ft_lexer_feed(ox_ft_lexer *lexer, const void *data, size_t size_bytes) {
  lexer->chunk = size_bytes != 0 ? data : (const void *)"";
  lexer->chunk_bytes = size_bytes;
  lexer->chunk_at = 0;
}

void ox_ft_lexer_end(ox_ft_lexer *lexer) {
  lexer->ended = true;
}

/* Says that the element has at least `need` bytes. */
static size_t more(ox_ft_lexer *lexer, size_t need) {
  lexer->need = need;
  return 0;
}

/* Records a failure `at` bytes into the element. */
static OX_FT_RARE size_t fail(ox_ft_lexer *lexer, ox_status status, size_t at, const char *field,
                              const char *spec) {
  lexer->status = ox_error_set(&lexer->error, status, NULL);
  lexer->error.offset = lexer->offset + at;
  lexer->error.field = field;
  lexer->error.spec = spec;
  return 0;
}

size_t ox_ft_terminator_bytes(uint16_t type) {
  switch (type) {
    case OX_PTYP_STRING:
    case OX_PTYP_CODE_PAGE | 1200:
    case OX_PTYP_CODE_PAGE | 1201: return 2;
    case OX_PTYP_CODE_PAGE | 12000:
    case OX_PTYP_CODE_PAGE | 12001: return 4;
    case OX_PTYP_STRING8: return 1;
    default: return (type & OX_PTYP_CODE_PAGE) != 0 ? 1 : 0;
  }
}

/* Removes the terminator from the size of a string; false when there is none. */
static bool cut_terminator(const uint8_t *data, size_t *size, size_t terminator) {
  if (*size < terminator) return false;
  for (size_t i = 0; i < terminator; i++) {
    if (data[*size - 1 - i] != 0) return false;
  }
  *size -= terminator;
  return true;
}

/* The namedPropInfo behind the tag; the bytes of both, or 0. */
static OX_FT_RARE size_t lex_name(ox_ft_lexer *lexer, const uint8_t *p, size_t n) {
  if (n < NAME_AT) return more(lexer, NAME_AT);
  ox_guid_from_wire(p + TAG_BYTES, &lexer->name.guid);
  lexer->name.kind = p[NAME_KIND_AT];
  if (lexer->name.kind == OX_NAME_KIND_LID) {
    if (n < NAME_AT + 4) return more(lexer, NAME_AT + 4);
    lexer->name.lid = ox_cursor_get32(p + NAME_AT);
    return NAME_AT + 4;
  }
  if (lexer->name.kind != OX_NAME_KIND_STRING) {
    return fail(lexer, OX_E_MALFORMED, NAME_KIND_AT, "namedPropInfo", spec_lexical);
  }
  for (size_t end = NAME_AT;; end += 2) {
    if (end - NAME_AT > OX_FT_NAME_MAX_BYTES) {
      return fail(lexer, OX_E_LIMIT, NAME_AT, "name", spec_lexical);
    }
    if (n - end < 2) return more(lexer, end + 2);
    if (p[end] == 0 && p[end + 1] == 0) {
      lexer->name.name.data = p + NAME_AT;
      lexer->name.name.size_bytes = end - NAME_AT;
      return end + 2;
    }
  }
}

/* Begins a value that comes in pieces. */
static size_t begin_value(ox_ft_lexer *lexer, size_t at, uint16_t type, uint32_t length,
                          ox_ft_event *event) {
  if (length > lexer->options.value_max_bytes) {
    return fail(lexer, OX_E_LIMIT, at - LENGTH_BYTES, "length", "[MS-OXCFXICS] 2.2.4.3.21");
  }
  lexer->in_value = true;
  lexer->is_calm = false;
  lexer->value_left = length;
  lexer->value_type = type;
  lexer->tail = UINT32_MAX;
  event->kind = OX_FT_EVENT_VALUE_BEGIN;
  event->value_bytes = length;
  return at;
}

static ox_bytes view_of(const uint8_t *data, size_t size_bytes) {
  ox_bytes view = {size_bytes != 0 ? data : NULL, size_bytes};
  return view;
}

/* A varSizeValue with its length at p + at. */
static size_t lex_variable(ox_ft_lexer *lexer, const uint8_t *p, size_t n, size_t at, uint16_t type,
                           ox_ft_event *event) {
  if (n - at < LENGTH_BYTES) return more(lexer, at + LENGTH_BYTES);
  const uint32_t length = ox_cursor_get32(p + at);
  const size_t terminator = ox_ft_terminator_bytes(type);
  if (terminator == 2 && length % 2 != 0) {
    return fail(lexer, OX_E_MALFORMED, at, "length", spec_values);
  }
  const size_t data_at = at + LENGTH_BYTES;
  if (length > lexer->options.small_max_bytes) {
    return begin_value(lexer, data_at, type, length, event);
  }
  if (n - data_at < length) return more(lexer, data_at + length);
  const uint8_t *data = p + data_at;
  size_t size = length;
  if (terminator == 0) {
    event->property.value.binary = view_of(data, size);
    return data_at + length;
  }
  if (!cut_terminator(data, &size, terminator)) event->data = view_of(p + at, 4 + (size_t)length);
  if (OX_PROPTAG_TYPE(event->property.tag) == OX_PTYP_STRING) {
    event->property.value.string.data = data;
    event->property.value.string.size_bytes = size;
  } else {
    event->property.value.string8.data = (const char *)data;
    event->property.value.string8.size_bytes = size;
  }
  return data_at + length;
}

/* Finds out whether all elements of a multi-value are there. Its count is at p + at; the bytes of
 * all elements, or 0. */
static size_t walk_multiple(ox_ft_lexer *lexer, const uint8_t *p, size_t n, size_t at,
                            uint16_t type, uint32_t count, size_t width) {
  const size_t first = at + LENGTH_BYTES;
  const size_t limit = lexer->options.multiple_max_bytes;
  const uint64_t least = (uint64_t)count * (width != 0 ? width : LENGTH_BYTES);
  if (least > limit) return fail(lexer, OX_E_LIMIT, at, "length", spec_lexical);
  if (width != 0) {
    return n - first < least ? more(lexer, first + (size_t)least) : first + (size_t)least;
  }
  if (lexer->walked_bytes == 0) lexer->walked_bytes = first;
  while (lexer->walked_count < count) {
    const size_t here = lexer->walked_bytes;
    if (n - here < LENGTH_BYTES) return more(lexer, here + LENGTH_BYTES);
    const uint32_t length = ox_cursor_get32(p + here);
    if (length > limit || here + length - first > limit) {
      return fail(lexer, OX_E_LIMIT, here, "length", spec_lexical);
    }
    if (type == OX_PTYP_MULTIPLE_STRING && length % 2 != 0) {
      return fail(lexer, OX_E_MALFORMED, here, "length", spec_values);
    }
    if (n - here - LENGTH_BYTES < length) return more(lexer, here + LENGTH_BYTES + length);
    lexer->walked_bytes = here + LENGTH_BYTES + length;
    lexer->walked_count++;
  }
  const size_t end = lexer->walked_bytes;
  lexer->walked_bytes = 0;
  lexer->walked_count = 0;
  return end;
}

/* The elements of a multi-value that is whole, into the array of the event's value. */
static void take_elements(const uint8_t *p, uint16_t type, uint32_t count, ox_value *out,
                          bool *terminated) {
  const size_t terminator = ox_ft_terminator_bytes(type & (uint16_t)~OX_PTYP_MULTIPLE);
  for (uint32_t i = 0; i < count; i++) {
    switch (type) {
      case OX_PTYP_MULTIPLE_INTEGER16:
        out->multiple.values.i16[i] = (int16_t)ox_cursor_get16(p);
        p += 2;
        break;
      case OX_PTYP_MULTIPLE_INTEGER32:
        out->multiple.values.i32[i] = (int32_t)ox_cursor_get32(p);
        p += 4;
        break;
      case OX_PTYP_MULTIPLE_FLOATING32: {
        const uint32_t bits = ox_cursor_get32(p);
        memcpy(&out->multiple.values.f32[i], &bits, sizeof bits);
        p += 4;
        break;
      }
      case OX_PTYP_MULTIPLE_FLOATING64:
      case OX_PTYP_MULTIPLE_FLOATING_TIME: {
        const uint64_t bits = ox_cursor_get64(p);
        memcpy(&out->multiple.values.f64[i], &bits, sizeof bits);
        p += 8;
        break;
      }
      case OX_PTYP_MULTIPLE_CURRENCY:
      case OX_PTYP_MULTIPLE_INTEGER64:
        out->multiple.values.i64[i] = (int64_t)ox_cursor_get64(p);
        p += 8;
        break;
      case OX_PTYP_MULTIPLE_TIME:
        out->multiple.values.time[i] = ox_cursor_get64(p);
        p += 8;
        break;
      case OX_PTYP_MULTIPLE_GUID:
        ox_guid_from_wire(p, &out->multiple.values.guid[i]);
        p += GUID_BYTES;
        break;
      default: {
        size_t size = ox_cursor_get32(p);
        const uint8_t *data = p + LENGTH_BYTES;
        p = data + size;
        if (terminator != 0 && !cut_terminator(data, &size, terminator)) *terminated = false;
        if (type == OX_PTYP_MULTIPLE_STRING) {
          out->multiple.values.string[i].data = data;
          out->multiple.values.string[i].size_bytes = size;
        } else if (type == OX_PTYP_MULTIPLE_STRING8) {
          out->multiple.values.string8[i].data = (const char *)data;
          out->multiple.values.string8[i].size_bytes = size;
        } else {
          out->multiple.values.binary[i] = view_of(data, size);
        }
      }
    }
  }
}

/* A multi-value: `length` is the number of its elements. */
static size_t lex_multiple(ox_ft_lexer *lexer, const uint8_t *p, size_t n, size_t at, uint16_t type,
                           size_t width, size_t element_bytes, ox_ft_event *event) {
  if (n - at < LENGTH_BYTES) return more(lexer, at + LENGTH_BYTES);
  const uint32_t count = ox_cursor_get32(p + at);
  const size_t end = walk_multiple(lexer, p, n, at, type, count, width);
  if (end == 0) return 0;
  ox_value *value = &event->property.value;
  value->multiple.count = count;
  value->multiple.values.any = NULL;
  if (count != 0) {
    value->multiple.values.any = ox_arena_calloc(lexer->arena, count, element_bytes);
    if (value->multiple.values.any == NULL) {
      return fail(lexer, OX_E_NO_MEMORY, at, "length", spec_lexical);
    }
    bool terminated = true;
    take_elements(p + at + LENGTH_BYTES, type, count, value, &terminated);
    if (!terminated) event->data = view_of(p + at, end - at);
  }
  return end;
}

/* Less common types, told from the tag at p; the value is at p + at. */
static OX_FT_RARE size_t lex_other(ox_ft_lexer *lexer, const uint8_t *p, size_t n, size_t at,
                                   ox_ft_event *event) {
  const uint16_t type = OX_PROPTAG_TYPE(event->wire_tag);
  if ((type & OX_PTYP_CODE_PAGE) != 0) {
    const bool is_utf16 = type == (OX_PTYP_CODE_PAGE | OX_CODEPAGE_UTF16LE);
    event->property.tag =
        OX_PROPTAG_AS(event->wire_tag, is_utf16 ? OX_PTYP_STRING : OX_PTYP_STRING8);
    return lex_variable(lexer, p, n, at, type, event);
  }
  switch (type) {
    case OX_PTYP_MULTIPLE_INTEGER16:
      return lex_multiple(lexer, p, n, at, type, 2, sizeof(int16_t), event);
    case OX_PTYP_MULTIPLE_INTEGER32:
    case OX_PTYP_MULTIPLE_FLOATING32:
      return lex_multiple(lexer, p, n, at, type, 4, sizeof(int32_t), event);
    case OX_PTYP_MULTIPLE_FLOATING64:
    case OX_PTYP_MULTIPLE_FLOATING_TIME:
    case OX_PTYP_MULTIPLE_CURRENCY:
    case OX_PTYP_MULTIPLE_INTEGER64:
    case OX_PTYP_MULTIPLE_TIME:
      return lex_multiple(lexer, p, n, at, type, 8, sizeof(int64_t), event);
    case OX_PTYP_MULTIPLE_GUID:
      return lex_multiple(lexer, p, n, at, type, GUID_BYTES, sizeof(ox_guid), event);
    case OX_PTYP_MULTIPLE_STRING8:
      return lex_multiple(lexer, p, n, at, type, 0, sizeof(ox_str8), event);
    case OX_PTYP_MULTIPLE_STRING:
      return lex_multiple(lexer, p, n, at, type, 0, sizeof(ox_str16), event);
    case OX_PTYP_MULTIPLE_BINARY:
      return lex_multiple(lexer, p, n, at, type, 0, sizeof(ox_bytes), event);
    default: return fail(lexer, OX_E_UNKNOWN_TYPE, 0, "propType", spec_types);
  }
}

/* One element at p, where n bytes are. Returns its size, or 0: lexer->status says why, or
 * lexer->need what is missing. Everything that was true of n bytes is true of more. */
static size_t lex_element(ox_ft_lexer *lexer, const uint8_t *p, size_t n, ox_ft_event *event) {
  if (n < TAG_BYTES) return more(lexer, TAG_BYTES);
  const uint32_t tag = ox_cursor_get32(p);
  if (ox_ft_is_marker(tag)) {
    event->kind = OX_FT_EVENT_MARKER;
    event->marker = tag;
    return TAG_BYTES;
  }
  size_t at = TAG_BYTES;
  event->kind = OX_FT_EVENT_PROPERTY;
  event->wire_tag = event->property.tag = tag;
  event->name = NULL;
  event->data.data = NULL;
  event->data.size_bytes = 0;
  if ((tag >> 31) != 0) {
    at = lex_name(lexer, p, n);
    if (at == 0) return 0;
    event->name = &lexer->name;
  }
  const uint8_t *value = p + at;
  const uint16_t type = OX_PROPTAG_TYPE(tag);
  switch (type) {
    case OX_PTYP_INTEGER16:
      if (n - at < 2) return more(lexer, at + 2);
      event->property.value.i16 = (int16_t)ox_cursor_get16(value);
      return at + 2;
    case OX_PTYP_INTEGER32:
      if (tag == OX_PROPTAG_AS(OX_MetaTagIdsetGiven, OX_PTYP_INTEGER32)) {
        event->property.tag = OX_MetaTagIdsetGiven;
        return lex_variable(lexer, p, n, at, OX_PTYP_BINARY, event);
      }
      if (n - at < 4) return more(lexer, at + 4);
      event->property.value.i32 = (int32_t)ox_cursor_get32(value);
      return at + 4;
    case OX_PTYP_FLOATING32: {
      if (n - at < 4) return more(lexer, at + 4);
      const uint32_t bits = ox_cursor_get32(value);
      memcpy(&event->property.value.f32, &bits, sizeof bits);
      return at + 4;
    }
    case OX_PTYP_ERROR_CODE:
      if (n - at < 4) return more(lexer, at + 4);
      event->property.value.error = ox_cursor_get32(value);
      return at + 4;
    case OX_PTYP_BOOLEAN: {
      if (n - at < 2) return more(lexer, at + 2);
      const uint16_t word = ox_cursor_get16(value);
      event->property.value.boolean = word != 0;
      if (word > 1) event->data = view_of(value, 2);
      return at + 2;
    }
    case OX_PTYP_FLOATING64:
    case OX_PTYP_FLOATING_TIME: {
      if (n - at < 8) return more(lexer, at + 8);
      const uint64_t bits = ox_cursor_get64(value);
      memcpy(&event->property.value.f64, &bits, sizeof bits);
      return at + 8;
    }
    case OX_PTYP_CURRENCY:
    case OX_PTYP_INTEGER64:
      if (n - at < 8) return more(lexer, at + 8);
      event->property.value.i64 = (int64_t)ox_cursor_get64(value);
      return at + 8;
    case OX_PTYP_TIME:
      if (n - at < 8) return more(lexer, at + 8);
      event->property.value.time = ox_cursor_get64(value);
      return at + 8;
    case OX_PTYP_GUID:
      if (n - at < GUID_BYTES) return more(lexer, at + GUID_BYTES);
      ox_guid_from_wire(value, &event->property.value.guid);
      return at + GUID_BYTES;
    case OX_PTYP_STRING8:
    case OX_PTYP_STRING:
    case OX_PTYP_SERVER_ID:
    case OX_PTYP_OBJECT:
    case OX_PTYP_BINARY: return lex_variable(lexer, p, n, at, type, event);
    default: return lex_other(lexer, p, n, at, event);
  }
}

/* Moves at least `wanted` bytes of the element into the carry-over, if the chunk has them; more
 * when that saves looking at the same element often. */
static bool carry_more(ox_ft_lexer *lexer, size_t wanted) {
  const size_t there = lexer->chunk_bytes - lexer->chunk_at;
  size_t goal = wanted > 2 * lexer->carry_bytes ? wanted : 2 * lexer->carry_bytes;
  if (goal - lexer->carry_bytes > there) goal = lexer->carry_bytes + there;
  if (goal > lexer->carry_capacity) {
    size_t capacity = goal < CARRY_FIRST_BYTES ? CARRY_FIRST_BYTES : goal;
    if (capacity < 2 * lexer->carry_capacity) capacity = 2 * lexer->carry_capacity;
    uint8_t *grown = ox_realloc(lexer->arena->allocator, lexer->carry, capacity);
    if (grown == NULL) {
      fail(lexer, OX_E_NO_MEMORY, 0, NULL, NULL);
      return false;
    }
    lexer->carry = grown;
    lexer->carry_capacity = capacity;
  }
  const size_t n = goal - lexer->carry_bytes;
  if (n != 0) {
    memcpy(lexer->carry + lexer->carry_bytes, lexer->chunk + lexer->chunk_at, n);
    lexer->carry_bytes += n;
    lexer->chunk_at += n;
  }
  return lexer->carry_bytes >= wanted;
}

static void give_end(ox_ft_lexer *lexer, ox_ft_event *event) {
  if (!lexer->ended) {
    event->kind = OX_FT_EVENT_NEED_DATA;
  } else if (lexer->carry_bytes != 0 || lexer->in_value) {
    fail(lexer, OX_E_TRUNCATED, lexer->in_value ? 0 : lexer->carry_bytes, "propValue",
         spec_lexical);
  } else {
    event->kind = OX_FT_EVENT_END;
  }
}

/* An element whose beginning is, or has to go, into the carry-over. */
static void next_carried(ox_ft_lexer *lexer, ox_ft_event *event) {
  while (lexer->status == OX_OK) {
    if (!carry_more(lexer, lexer->need)) {
      if (lexer->status == OX_OK) give_end(lexer, event);
      return;
    }
    const size_t used = lex_element(lexer, lexer->carry, lexer->carry_bytes, event);
    if (used != 0) {
      /* What is too much came from this chunk, since without it the element was not whole. */
      lexer->chunk_at -= lexer->carry_bytes - used;
      lexer->carry_used = true;
      lexer->offset += used;
      return;
    }
  }
}

static void remember_tail(ox_ft_lexer *lexer, const uint8_t *data, size_t size) {
  for (size_t i = size < 4 ? 0 : size - 4; i < size; i++) lexer->tail = lexer->tail << 8 | data[i];
}

/* Inside a value that comes in pieces. */
static void next_piece(ox_ft_lexer *lexer, ox_ft_event *event) {
  if (lexer->value_left == 0) {
    const size_t terminator = ox_ft_terminator_bytes(lexer->value_type);
    const uint32_t mask = terminator == 4 ? UINT32_MAX : ((uint32_t)1 << 8 * terminator) - 1;
    event->kind = OX_FT_EVENT_VALUE_END;
    event->flags = (lexer->tail & mask) != 0 ? OX_FT_UNTERMINATED : 0;
    lexer->in_value = false;
    return;
  }
  size_t n = lexer->chunk_bytes - lexer->chunk_at;
  if (n > lexer->value_left) n = lexer->value_left;
  if (n == 0) {
    give_end(lexer, event);
    return;
  }
  event->kind = OX_FT_EVENT_VALUE_DATA;
  event->data.data = lexer->chunk + lexer->chunk_at;
  event->data.size_bytes = n;
  remember_tail(lexer, event->data.data, n);
  lexer->chunk_at += n;
  lexer->value_left -= (uint32_t)n;
  lexer->offset += n;
}

/* An element that is whole in the chunk; false when there is none. */
static bool next_whole(ox_ft_lexer *lexer, ox_ft_event *event) {
  const size_t used = lex_element(lexer, lexer->chunk + lexer->chunk_at,
                                  lexer->chunk_bytes - lexer->chunk_at, event);
  lexer->chunk_at += used;
  lexer->offset += used;
  return used != 0;
}

/* Whatever else there is. */
static OX_FT_RARE ox_status next_rare(ox_ft_lexer *lexer, ox_ft_event *event, ox_error *err) {
  if (lexer->carry_used) {
    lexer->carry_used = false;
    lexer->carry_bytes = 0;
  }
  if (lexer->status == OX_OK) {
    if (lexer->in_value) {
      next_piece(lexer, event);
    } else if (lexer->carry_bytes != 0) {
      next_carried(lexer, event);
    } else if (lexer->chunk_bytes == lexer->chunk_at) {
      give_end(lexer, event);
    } else if (!next_whole(lexer, event)) {
      next_carried(lexer, event);
    }
  }
  lexer->is_calm = lexer->status == OX_OK && lexer->carry_bytes == 0 && !lexer->in_value;
  if (lexer->status != OX_OK) {
    event->kind = OX_FT_EVENT_NEED_DATA;
    if (err != NULL) *err = lexer->error;
  }
  return lexer->status;
}

ox_status ox_ft_lexer_next(ox_ft_lexer *lexer, ox_ft_event *event, ox_error *err) {
  event->flags = 0;
  event->offset = lexer->offset;
  if (lexer->is_calm && next_whole(lexer, event)) return OX_OK;
  return next_rare(lexer, event, err);
}
