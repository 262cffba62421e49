#include <oxkit/ropcodec/cursor.h>
#include <oxkit/ropcodec/rows.h>
#include <oxkit/ropcodec/wire.h>

#include <string.h>

#include "wire_internal.h"

void *ox_wire_array(ox_reader *r, ox_arena *arena, uint32_t count, size_t min_wire_bytes,
                    size_t element_bytes) {
  if (count == 0 || r->status != OX_OK) return NULL;
  if (min_wire_bytes == 0) min_wire_bytes = 1;
  if (count > (r->size_bytes - r->position) / min_wire_bytes) {
    ox_reader_has(r, SIZE_MAX); /* truncated, or malformed inside a part */
    return NULL;
  }
  void *memory = ox_arena_calloc(arena, count, element_bytes);
  if (memory == NULL) ox_reader_fail(r, OX_E_NO_MEMORY, NULL, NULL);
  return memory;
}

void *ox_wire_one(ox_reader *r, ox_arena *arena, size_t element_bytes) {
  if (r->status != OX_OK) return NULL;
  void *memory = ox_arena_calloc(arena, 1, element_bytes);
  if (memory == NULL) ox_reader_fail(r, OX_E_NO_MEMORY, NULL, NULL);
  return memory;
}

void ox_wire_read_fixed(ox_reader *r, uint8_t *out, size_t n) {
  ox_bytes view = ox_read_bytes(r, n);
  if (view.size_bytes == n) memcpy(out, view.data, n);
}

static size_t read_size(ox_reader *r, unsigned width) {
  return width == 1 ? ox_read_u8(r) : width == 2 ? ox_read_u16(r) : ox_read_u32(r);
}

size_t ox_wire_read_size(ox_reader *r, unsigned width, size_t plus) {
  size_t size = read_size(r, width);
  if (size >= plus) return size - plus;
  ox_reader_fail(r, OX_E_MALFORMED, NULL, NULL);
  return 0;
}

void ox_wire_patch_size(ox_writer *w, size_t mark, unsigned width, size_t plus) {
  size_t size = w->size_bytes - mark - width + plus;
  if (width == 1 ? size > UINT8_MAX : width == 2 ? size > UINT16_MAX : size > UINT32_MAX) {
    ox_writer_fail(w, OX_E_LIMIT);
  } else if (width == 1) {
    ox_writer_patch_u8(w, mark, (uint8_t)size);
  } else if (width == 2) {
    ox_writer_patch_u16(w, mark, (uint16_t)size);
  } else {
    ox_writer_patch_u32(w, mark, (uint32_t)size);
  }
}

void *ox_wire_grow(ox_reader *r, ox_arena *arena, void *elements, uint32_t count,
                   size_t element_bytes) {
  if (r->status != OX_OK) return NULL;
  if (count != 0 && (count & (count - 1)) != 0) return elements;
  /* Full at each power of two. */
  void *larger = NULL;
  if (count <= UINT32_MAX / 2) {
    larger = ox_arena_calloc(arena, count != 0 ? 2 * (size_t)count : 1, element_bytes);
  }
  if (larger == NULL) {
    ox_reader_fail(r, OX_E_NO_MEMORY, NULL, NULL);
  } else if (count != 0) {
    memcpy(larger, elements, count * element_bytes);
  }
  return larger;
}

void ox_wire_view(const ox_reader *r, size_t start, size_t offset, ox_reader *view) {
  *view = *r;
  view->bounded = true;
  if (view->status != OX_OK) return;
  view->position = start;
  ox_read_skip(view, offset);
}

void ox_wire_view_end(ox_reader *r, const ox_reader *view) {
  if (r->status != OX_OK || view->status == OX_OK) return;
  r->status = view->status;
  r->fail_position = view->fail_position;
  r->field = view->field;
  r->spec = view->spec;
}

ox_str8 ox_wire_read_str8(ox_reader *r, size_t count) {
  ox_bytes view = ox_read_bytes(r, count);
  return (ox_str8){(const char *)view.data, view.size_bytes};
}

ox_str16 ox_wire_read_str16(ox_reader *r, size_t count) {
  ox_bytes view = ox_read_bytes(r, count <= SIZE_MAX / 2 ? 2 * count : SIZE_MAX);
  return (ox_str16){view.data, view.size_bytes};
}

void ox_wire_write_counted_str8(ox_writer *w, size_t count, ox_str8 text) {
  ox_wire_write_exact(w, (ox_bytes){(const uint8_t *)text.data, text.size_bytes}, count);
}

void ox_wire_write_counted_str16(ox_writer *w, size_t count, ox_str16 text) {
  if (text.size_bytes / 2 != count) ox_writer_fail(w, OX_E_USAGE);
  ox_wire_write_exact(w, (ox_bytes){text.data, text.size_bytes}, text.size_bytes & ~(size_t)1);
}

void ox_wire_write_str8(ox_writer *w, unsigned width, ox_str8 text) {
  ox_write_count(w, width, text.size_bytes);
  ox_wire_write_counted_str8(w, text.size_bytes, text);
}

void ox_wire_write_str16(ox_writer *w, unsigned width, ox_str16 text) {
  ox_write_count(w, width, text.size_bytes / 2);
  ox_wire_write_counted_str16(w, text.size_bytes / 2, text);
}

ox_str8 ox_wire_read_sized_zstr8(ox_reader *r, unsigned width) {
  ox_bytes view = ox_read_bytes(r, read_size(r, width));
  ox_str8 text = {(const char *)view.data, view.size_bytes};
  if (view.size_bytes == 0) return text;
  text.size_bytes--;
  if (view.data[text.size_bytes] != 0) {
    ox_reader_fail(r, OX_E_MALFORMED, NULL, NULL);
    memset(&text, 0, sizeof text);
  }
  return text;
}

ox_str16 ox_wire_read_sized_zstr16(ox_reader *r, unsigned width) {
  ox_bytes view = ox_read_bytes(r, read_size(r, width));
  ox_str16 text = {view.data, view.size_bytes};
  if (view.size_bytes == 0) return text;
  if (view.size_bytes % 2 != 0 || view.data[view.size_bytes - 1] != 0 ||
      view.data[view.size_bytes - 2] != 0) {
    ox_reader_fail(r, OX_E_MALFORMED, NULL, NULL);
    memset(&text, 0, sizeof text);
    return text;
  }
  text.size_bytes -= 2;
  return text;
}

void ox_wire_write_sized_zstr8(ox_writer *w, unsigned width, ox_str8 text) {
  ox_write_count(w, width, text.data != NULL ? text.size_bytes + 1 : 0);
  if (text.data == NULL) return;
  ox_write_bytes(w, text.data, text.size_bytes);
  ox_write_u8(w, 0);
}

void ox_wire_write_sized_zstr16(ox_writer *w, unsigned width, ox_str16 text) {
  ox_write_count(w, width, text.data != NULL ? text.size_bytes + 2 : 0);
  if (text.data == NULL) return;
  ox_write_bytes(w, text.data, text.size_bytes);
  ox_write_u16(w, 0);
}

void ox_wire_write_sized_bytes(ox_writer *w, unsigned width, ox_bytes bytes) {
  ox_write_count(w, width, bytes.size_bytes);
  ox_write_bytes(w, bytes.data, bytes.size_bytes);
}

void ox_wire_write_exact(ox_writer *w, ox_bytes bytes, size_t n) {
  if (bytes.size_bytes != n) {
    ox_writer_fail(w, OX_E_USAGE);
    return;
  }
  ox_write_bytes(w, bytes.data, n);
}

ox_status ox_wire_failed(const ox_wire_struct *structure, ox_reader *r, ox_arena *arena,
                         size_t start, const ox_wire_context *context, void *out) {
  if (r->field == NULL && r->fail_position >= start) {
    /* Once more, slowly, to find out which field it was. */
    ox_reader again = *r;
    again.status = OX_OK;
    again.position = start;
    ox_wire_decode(structure, &again, arena, context, out, NULL, NULL);
    r->field = again.field;
    r->spec = again.spec;
  }
  if (r->field == NULL) {
    r->field = structure->name;
    r->spec = structure->section;
  }
  memset(out, 0, structure->size_bytes);
  return r->status;
}

ox_status ox_wire_retry(const ox_wire_struct *structure, ox_reader *r, ox_arena *arena,
                        size_t start, const ox_wire_context *context, void *out) {
  if (r->status != OX_OK) return ox_wire_failed(structure, r, arena, start, context, out);
  r->position = start;
  ox_wire_decode(structure, r, arena, context, out, NULL, NULL);
  if (r->status != OX_OK) memset(out, 0, structure->size_bytes);
  return r->status;
}

/* Members of a structure in memory. */

uint64_t ox_wire_number(const void *base, uint8_t kind, size_t offset) {
  const uint8_t *at = (const uint8_t *)base + offset;
  uint8_t u8;
  uint16_t u16;
  uint32_t u32;
  uint64_t u64;
  switch (kind) {
    case OX_WIRE_BOOL8: return *(const bool *)at;
    case OX_WIRE_BYTES: return ((const ox_bytes *)at)->size_bytes;
    default:
      switch (ox_wire_integer_bytes(kind)) {
        case 1: memcpy(&u8, at, sizeof u8); return u8;
        case 2: memcpy(&u16, at, sizeof u16); return u16;
        case 4: memcpy(&u32, at, sizeof u32); return u32;
        default: memcpy(&u64, at, sizeof u64); return u64;
      }
  }
}

unsigned ox_wire_integer_bytes(uint8_t kind) {
  switch (kind) {
    case OX_WIRE_U8:
    case OX_WIRE_I8:
    case OX_WIRE_BOOL8: return 1;
    case OX_WIRE_U16:
    case OX_WIRE_I16: return 2;
    case OX_WIRE_U32:
    case OX_WIRE_I32:
    case OX_WIRE_TAG:
    case OX_WIRE_STATUS: return 4;
    case OX_WIRE_U64:
    case OX_WIRE_I64:
    case OX_WIRE_ID64:
    case OX_WIRE_FILETIME: return 8;
    default: return 0;
  }
}

void ox_wire_set_number(void *base, uint8_t kind, size_t offset, uint64_t value) {
  uint8_t *at = (uint8_t *)base + offset;
  uint8_t u8 = (uint8_t)value;
  uint16_t u16 = (uint16_t)value;
  uint32_t u32 = (uint32_t)value;
  bool boolean = value != 0;
  switch (ox_wire_integer_bytes(kind)) {
    case 1:
      if (kind == OX_WIRE_BOOL8) {
        memcpy(at, &boolean, sizeof boolean);
      } else {
        memcpy(at, &u8, sizeof u8);
      }
      break;
    case 2: memcpy(at, &u16, sizeof u16); break;
    case 4: memcpy(at, &u32, sizeof u32); break;
    default: memcpy(at, &value, sizeof value);
  }
}

static bool term_holds(const ox_wire_term *term, const void *base, bool public_logon) {
  uint64_t value = public_logon;
  if (term->kind != OX_WIRE_CONTEXT) value = ox_wire_number(base, term->kind, term->offset);
  if (term->mask != 0xFFFFFFFFu) value &= term->mask;
  bool found = false;
  for (unsigned i = 0; i < term->count; i++) found = found || value == term->numbers[i];
  return found != term->negated;
}

bool ox_wire_condition(const ox_wire_field *head, const void *base, bool public_logon) {
  for (unsigned i = 0; i < head->term_count; i++) {
    if (!term_holds(&head->terms[i], base, public_logon)) return false;
  }
  return true;
}

uint32_t ox_wire_count(const ox_wire_field *field, const void *base) {
  if (field->count_kind == 0) return field->fixed;
  return (uint32_t)ox_wire_number(base, field->count_kind, field->count_offset);
}

const void *ox_wire_elements(const ox_wire_field *field, const void *base) {
  const uint8_t *at = (const uint8_t *)base + field->offset;
  if ((field->flags & OX_WIRE_INLINE) != 0) return at;
  if ((field->flags & (OX_WIRE_ARRAY | OX_WIRE_POINTER)) == 0) return at;
  return *(const void *const *)at;
}

ox_wire_context ox_wire_columns(const ox_wire_field *field, const void *base,
                                const ox_wire_context *outer) {
  ox_wire_context context = *outer;
  if (field->columns_offset != 0xFFFF && field->columns_offset != 0) {
    context.columns = *(const ox_proptag *const *)((const uint8_t *)base + field->columns_offset);
    context.column_count = (size_t)ox_wire_number(base, field->maximum_kind, field->maximum_offset);
  }
  return context;
}

bool ox_wire_is_recipient(const ox_wire_field *field) {
  return field->kind == OX_WIRE_BYTES && strcmp(field->name, "recipient_row") == 0;
}

ox_wire_context ox_wire_recipient_columns(const ox_wire_struct *structure, const void *base,
                                          const ox_wire_context *outer) {
  ox_wire_context context = *outer;
  for (size_t i = 0; i < structure->field_count; i++) {
    const ox_wire_field *field = &structure->fields[i];
    if (field->kind == OX_WIRE_TAG && strcmp(field->name, "recipient_columns") == 0) {
      context.recipient_columns = ox_wire_elements(field, base);
      context.recipient_column_count =
          context.recipient_columns != NULL ? ox_wire_count(field, base) : 0;
    }
  }
  return context;
}

bool ox_wire_is_allowed(const ox_wire_field *field, const void *base) {
  if (ox_wire_integer_bytes(field->kind) == 0 || (field->flags & OX_WIRE_ARRAY) != 0) return true;
  uint64_t value = ox_wire_number(base, field->kind, field->offset);
  if (field->maximum_kind != 0 &&
      value > ox_wire_number(base, field->maximum_kind, field->maximum_offset)) {
    return false;
  }
  if (field->maximum != 0 && value > field->maximum) return false;
  bool allowed = field->allowed_count == 0;
  for (unsigned i = 0; i < field->allowed_count; i++) {
    allowed = allowed || value == field->allowed[i];
  }
  return allowed;
}

/* The interpreter. */

typedef struct decoder {
  ox_arena *arena;
  const ox_wire_context *context;
  ox_wire_visit visit;
  void *user;
} decoder;

static void decode_fields(const decoder *d, const ox_wire_struct *structure, size_t first,
                          size_t end, ox_reader *r, size_t start, uint8_t *base, unsigned depth);

static void decode_struct(const decoder *d, const ox_wire_struct *structure, ox_reader *r,
                          void *base, unsigned depth) {
  size_t start = r->position;
  if (structure->rop_id >= 0 && ox_read_u8(r) != structure->rop_id) {
    ox_reader_fail(r, OX_E_MALFORMED, "rop_id", structure->section);
  }
  decode_fields(d, structure, 0, structure->field_count, r, start, base, depth);
}

static void decode_one(const decoder *d, const ox_wire_struct *structure,
                       const ox_wire_field *field, ox_reader *r, const uint8_t *base, uint8_t *at,
                       unsigned depth) {
  unsigned integer_bytes = ox_wire_integer_bytes(field->kind);
  if (integer_bytes != 0) {
    uint64_t value = integer_bytes == 1   ? ox_read_u8(r)
                     : integer_bytes == 2 ? ox_read_u16(r)
                     : integer_bytes == 4 ? ox_read_u32(r)
                                          : ox_read_u64(r);
    if ((field->flags & OX_WIRE_BIG_ENDIAN) != 0) value = ox_cursor_swap32((uint32_t)value);
    ox_wire_set_number(at, field->kind, 0, value);
    return;
  }
  switch (field->kind) {
    case OX_WIRE_GUID: ox_read_guid(r, (ox_guid *)at); break;
    case OX_WIRE_ZSTR8: *(ox_str8 *)at = ox_read_zstr8(r); break;
    case OX_WIRE_ZSTR16: *(ox_str16 *)at = ox_read_zstr16(r); break;
    case OX_WIRE_STRUCT: decode_struct(d, field->structure, r, at, depth + 1); break;
    default: {
      ox_wire_context context = ox_wire_columns(field, base, d->context);
      field->hand->decode(r, d->arena, field->hand_width, context.columns, context.column_count,
                          at);
    }
  }
  ox_reader_blame(r, field->name, structure->section);
}

/* Bytes or characters of a view: the count that stands before it, or in another member. */
static size_t view_count(const ox_wire_field *field, ox_reader *r, const void *base) {
  return field->width != 0 ? read_size(r, field->width) : ox_wire_count(field, base);
}

static void decode_bytes(const ox_wire_field *field, ox_reader *r, const uint8_t *base,
                         uint8_t *at) {
  if ((field->flags & OX_WIRE_INLINE) != 0) {
    ox_wire_read_fixed(r, at, field->fixed);
  } else if ((field->flags & OX_WIRE_REST) != 0) {
    *(ox_bytes *)at = ox_read_bytes(r, ox_reader_remaining(r));
  } else {
    *(ox_bytes *)at = ox_read_bytes(r, view_count(field, r, base));
  }
}

static void check(const ox_wire_struct *structure, const ox_wire_field *field, ox_reader *r,
                  const void *base) {
  if (r->status != OX_OK || ox_wire_is_allowed(field, base)) return;
  uint64_t value = ox_wire_number(base, field->kind, field->offset);
  bool over_limit = field->maximum != 0 && value > field->maximum;
  ox_reader_fail(r, over_limit ? OX_E_LIMIT : OX_E_MALFORMED, field->name, structure->section);
}

static void visit(const decoder *d, unsigned depth, const ox_wire_field *field, size_t index,
                  uint64_t offset, const void *value, const ox_wire_context *context) {
  if (d->visit != NULL) d->visit(d->user, depth, field, index, offset, value, context);
}

/* The value that stands at an offset. */
static void decode_view(const decoder *d, const ox_wire_struct *structure,
                        const ox_wire_field *field, ox_reader *r, size_t start, uint8_t *base,
                        unsigned depth) {
  size_t offset = ox_wire_count(field, base);
  void *at = NULL;
  if (offset != 0) {
    ox_reader view;
    ox_wire_view(r, start, offset, &view);
    at = ox_wire_one(&view, d->arena, field->element_bytes);
    memcpy(base + field->offset, &at, sizeof at);
    if (at != NULL) {
      visit(d, depth, field, SIZE_MAX, view.base_offset + view.position, at, d->context);
      decode_struct(d, field->structure, &view, at, depth + 1);
    }
    ox_reader_blame(&view, field->name, structure->section);
    ox_wire_view_end(r, &view);
  } else {
    visit(d, depth, field, SIZE_MAX, r->base_offset + start, NULL, d->context);
  }
}

/* Elements up to the end, or to the one that ends them. */
static void decode_rest(const decoder *d, const ox_wire_struct *structure,
                        const ox_wire_field *field, ox_reader *r, uint8_t *base, unsigned depth,
                        const ox_wire_context *context) {
  uint8_t *at = NULL;
  uint32_t count = 0;
  visit(d, depth, field, SIZE_MAX, r->base_offset + r->position, base + field->offset, context);
  while (field->term_count != 0 || ox_reader_remaining(r) != 0) {
    uint64_t offset = r->base_offset + r->position;
    at = ox_wire_grow(r, d->arena, at, count, field->element_bytes);
    if (at == NULL) break;
    uint8_t *element = at + (size_t)count * field->element_bytes;
    if (field->kind == OX_WIRE_STRUCT) visit(d, depth, field, count, offset, element, context);
    decode_one(d, structure, field, r, base, element, depth);
    if (r->status != OX_OK) break;
    if (field->kind != OX_WIRE_STRUCT) visit(d, depth, field, count, offset, element, context);
    count++;
    if (field->term_count != 0 && ox_wire_condition(field, element, false)) break;
  }
  memcpy(base + field->offset, &at, sizeof at);
  ox_wire_set_number(base, field->count_kind, field->count_offset, count);
}

/* A field that may have elements, behind its size when it has one. */
static void decode_elements(const decoder *d, const ox_wire_struct *structure,
                            const ox_wire_field *field, ox_reader *outer, uint8_t *base,
                            unsigned depth) {
  ox_reader part, *r = outer;
  uint64_t offset = r->base_offset + r->position;
  size_t size = SIZE_MAX;
  ox_wire_context context = ox_wire_columns(field, base, d->context);
  if (field->width != 0) {
    size = read_size(outer, field->width);
    ox_reader_part(outer, size, &part);
    r = &part;
  }
  uint8_t *member = base + field->offset;
  if ((field->flags & OX_WIRE_REST) != 0 && (field->flags & OX_WIRE_ARRAY) != 0) {
    decode_rest(d, structure, field, r, base, depth, &context);
  } else if ((field->flags & OX_WIRE_ARRAY) != 0) {
    uint32_t count = ox_wire_count(field, base);
    uint8_t *at = member;
    if ((field->flags & OX_WIRE_INLINE) == 0) {
      size_t least = ox_wire_min_bytes(field);
      at = ox_wire_array(r, d->arena, count, least, field->element_bytes);
      memcpy(member, &at, sizeof at);
    }
    ox_reader_blame(r, field->name, structure->section);
    visit(d, depth, field, SIZE_MAX, offset, member, &context);
    for (uint32_t i = 0; at != NULL && i < count && r->status == OX_OK; i++) {
      offset = r->base_offset + r->position;
      uint8_t *element = at + (size_t)i * field->element_bytes;
      if (field->kind == OX_WIRE_STRUCT) visit(d, depth, field, i, offset, element, &context);
      decode_one(d, structure, field, r, base, element, depth);
      if (field->kind != OX_WIRE_STRUCT && r->status == OX_OK) {
        visit(d, depth, field, i, offset, element, &context);
      }
    }
  } else if ((field->flags & OX_WIRE_POINTER) != 0) {
    uint8_t *at = NULL;
    if (size != 0) at = ox_wire_one(r, d->arena, field->element_bytes);
    memcpy(member, &at, sizeof at);
    if (at != NULL) decode_one(d, structure, field, r, base, at, depth);
    if (r->status == OX_OK) visit(d, depth, field, SIZE_MAX, offset, at, &context);
  } else {
    if (field->kind == OX_WIRE_STRUCT) visit(d, depth, field, SIZE_MAX, offset, member, &context);
    decode_one(d, structure, field, r, base, member, depth);
    check(structure, field, r, base);
    if (field->kind != OX_WIRE_STRUCT && r->status == OX_OK) {
      visit(d, depth, field, SIZE_MAX, offset, member, &context);
    }
  }
  if (r == &part) ox_reader_close(outer, &part);
}

size_t ox_wire_min_bytes(const ox_wire_field *field) {
  if (field->kind == OX_WIRE_STRUCT) return field->structure->min_bytes;
  if (field->kind == OX_WIRE_HAND) return field->hand->min_bytes;
  if (field->kind == OX_WIRE_GUID) return 16;
  if (field->kind == OX_WIRE_ZSTR8) return 1;
  if (field->kind == OX_WIRE_ZSTR16) return 2;
  return ox_wire_integer_bytes(field->kind);
}

static void decode_field(const decoder *d, const ox_wire_struct *structure,
                         const ox_wire_field *field, ox_reader *r, uint8_t *base, unsigned depth) {
  uint64_t offset = r->base_offset + r->position;
  uint8_t *member = base + field->offset;
  if (field->kind == OX_WIRE_BYTES) {
    decode_bytes(field, r, base, member);
  } else if (field->kind == OX_WIRE_STR8) {
    *(ox_str8 *)member = ox_wire_read_str8(r, view_count(field, r, base));
  } else if (field->kind == OX_WIRE_STR16) {
    *(ox_str16 *)member = ox_wire_read_str16(r, view_count(field, r, base));
  } else if (field->kind == OX_WIRE_ROWS) {
    ox_wire_context context = ox_wire_columns(field, base, d->context);
    *(ox_bytes *)member =
        ox_read_rows(r, context.columns, context.column_count, ox_wire_count(field, base));
  } else if (field->kind == OX_WIRE_ZSTR8 && field->width != 0 &&
             (field->flags & OX_WIRE_ARRAY) == 0) {
    *(ox_str8 *)member = ox_wire_read_sized_zstr8(r, field->width);
  } else if (field->kind == OX_WIRE_ZSTR16 && field->width != 0 &&
             (field->flags & OX_WIRE_ARRAY) == 0) {
    *(ox_str16 *)member = ox_wire_read_sized_zstr16(r, field->width);
  } else {
    decode_elements(d, structure, field, r, base, depth);
    ox_reader_blame(r, field->name, structure->section);
    return;
  }
  ox_reader_blame(r, field->name, structure->section);
  if (r->status == OX_OK) visit(d, depth, field, SIZE_MAX, offset, member, d->context);
}

static void decode_fields(const decoder *d, const ox_wire_struct *structure, size_t first,
                          size_t end, ox_reader *r, size_t start, uint8_t *base, unsigned depth) {
  for (size_t i = first; i < end && r->status == OX_OK;) {
    const ox_wire_field *field = &structure->fields[i++];
    if (field->kind == OX_WIRE_IF) {
      if (ox_wire_condition(field, base, d->context->public_logon)) {
        decode_fields(d, structure, i, i + field->span, r, start, base, depth);
      }
      i += field->span;
    } else if (field->kind == OX_WIRE_SIZED) {
      ox_reader part;
      size_t size = ox_wire_read_size(r, field->width, field->fixed);
      ox_reader_part(r, size, &part);
      ox_reader_blame(r, field->name, structure->section);
      decode_fields(d, structure, i, i + field->span, &part, start, base, depth);
      ox_reader_close(r, &part);
      ox_reader_blame(r, structure->fields[i].name, structure->section);
      i += field->span;
    } else if ((field->flags & OX_WIRE_VIEW) != 0) {
      decode_view(d, structure, field, r, start, base, depth);
    } else {
      decode_field(d, structure, field, r, base, depth);
    }
  }
}

ox_status ox_wire_decode(const ox_wire_struct *structure, ox_reader *r, ox_arena *arena,
                         const ox_wire_context *context, void *out, ox_wire_visit visitor,
                         void *user) {
  static const ox_wire_context nothing;
  decoder d = {arena, context != NULL ? context : &nothing, visitor, user};
  memset(out, 0, structure->size_bytes);
  decode_struct(&d, structure, r, out, 0);
  return ox_reader_blame(r, structure->name, structure->section);
}

/* Comparison. */

static bool equal_bytes(const void *a, size_t a_bytes, const void *b, size_t b_bytes) {
  return a_bytes == b_bytes && (a_bytes == 0 || memcmp(a, b, a_bytes) == 0);
}

/* Hand-written types compare by what they write. */
static bool equal_hand(const ox_wire_field *field, const ox_wire_context *context, const void *a,
                       const void *b) {
  ox_writer wa, wb;
  ox_writer_init(&wa, NULL, SIZE_MAX / 4);
  ox_writer_init(&wb, NULL, SIZE_MAX / 4);
  field->hand->encode(&wa, field->hand_width, context->columns, context->column_count, a);
  field->hand->encode(&wb, field->hand_width, context->columns, context->column_count, b);
  bool equal = wa.status == OX_OK && wb.status == OX_OK &&
               equal_bytes(wa.data, wa.size_bytes, wb.data, wb.size_bytes);
  ox_writer_dispose(&wa);
  ox_writer_dispose(&wb);
  return equal;
}

static bool equal_one(const ox_wire_field *field, const ox_wire_context *context, const uint8_t *a,
                      const uint8_t *b) {
  if (ox_wire_integer_bytes(field->kind) != 0) {
    return ox_wire_number(a, field->kind, 0) == ox_wire_number(b, field->kind, 0);
  }
  switch (field->kind) {
    case OX_WIRE_GUID: return ox_guid_equal((const ox_guid *)a, (const ox_guid *)b);
    case OX_WIRE_STR8:
    case OX_WIRE_ZSTR8: {
      const ox_str8 *x = (const ox_str8 *)a, *y = (const ox_str8 *)b;
      return equal_bytes(x->data, x->size_bytes, y->data, y->size_bytes);
    }
    case OX_WIRE_STR16:
    case OX_WIRE_ZSTR16: {
      const ox_str16 *x = (const ox_str16 *)a, *y = (const ox_str16 *)b;
      return equal_bytes(x->data, x->size_bytes, y->data, y->size_bytes);
    }
    case OX_WIRE_BYTES:
      if ((field->flags & OX_WIRE_INLINE) != 0) return memcmp(a, b, field->fixed) == 0;
      return ox_bytes_equal(*(const ox_bytes *)a, *(const ox_bytes *)b);
    case OX_WIRE_ROWS: return ox_bytes_equal(*(const ox_bytes *)a, *(const ox_bytes *)b);
    case OX_WIRE_STRUCT: return ox_wire_equal(field->structure, a, b);
    default: return equal_hand(field, context, a, b);
  }
}

static bool equal_field(const ox_wire_field *field, const void *a, const void *b) {
  static const ox_wire_context nothing;
  ox_wire_context context = ox_wire_columns(field, a, &nothing);
  const uint8_t *x = ox_wire_elements(field, a), *y = ox_wire_elements(field, b);
  if ((field->flags & OX_WIRE_POINTER) != 0) {
    if (x == NULL || y == NULL) return x == y;
  }
  uint32_t count = 1;
  if ((field->flags & OX_WIRE_ARRAY) != 0) {
    count = ox_wire_count(field, a);
    if (ox_wire_count(field, b) != count) return false;
  }
  for (uint32_t i = 0; i < count; i++) {
    size_t at = (size_t)i * field->element_bytes;
    if (!equal_one(field, &context, x + at, y + at)) return false;
  }
  return true;
}

bool ox_wire_equal(const ox_wire_struct *structure, const void *a, const void *b) {
  for (size_t i = 0; i < structure->field_count;) {
    const ox_wire_field *field = &structure->fields[i++];
    if (field->kind == OX_WIRE_SIZED || (field->flags & OX_WIRE_VIEW) != 0) continue;
    if (field->kind == OX_WIRE_IF) {
      /* What only the context decides is compared as it is: pointers and views say "absent". */
      bool holds = ox_wire_condition(field, a, true) || ox_wire_condition(field, a, false);
      if (!holds) i += field->span;
      continue;
    }
    if (!equal_field(field, a, b)) return false;
  }
  return true;
}
