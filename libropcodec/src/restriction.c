/* Restrictions: codec and copies. @spec [MS-OXCDATA] 2.12 */
#include <oxkit/ropcodec/restriction.h>

#include <string.h>

#include "value.h"

/* The shortest one: an AND of nothing in a ROP buffer. */
enum { LEAST_RESTRICTION_BYTES = 3, LEAST_TAGGED_VALUE_BYTES = 4 };

static void decode(ox_reader *r, ox_arena *arena, unsigned width, ox_restriction *out);

/* Types and operators: a byte, or in the stored form four whose upper three are 0. */
static uint8_t read_code(ox_reader *r, unsigned width) {
  if (width != OX_COUNT_STORED) return ox_read_u8(r);
  uint32_t code = ox_read_u32(r);
  if (code > UINT8_MAX) ox_reader_fail(r, OX_E_MALFORMED, NULL, "[MS-OXOSRCH] 2.2.1.2.8.2");
  return (uint8_t)code;
}

static void write_code(ox_writer *w, unsigned width, uint8_t code) {
  if (width == OX_COUNT_STORED) {
    ox_write_u32(w, code);
  } else {
    ox_write_u8(w, code);
  }
}

/* Of the numbers of children, and of values in a comment. */
static unsigned count_width(unsigned width, unsigned otherwise) {
  return width == OX_COUNT_STORED ? 4 : otherwise;
}

static ox_restriction *decode_child(ox_reader *r, ox_arena *arena, unsigned width) {
  if (!ox_reader_ok(r)) return NULL;
  ox_restriction *child = ox_arena_calloc(arena, 1, sizeof *child);
  if (child == NULL) {
    ox_reader_fail(r, OX_E_NO_MEMORY, NULL, NULL);
    return NULL;
  }
  decode(r, arena, width, child);
  return child;
}

static void decode_logical(ox_reader *r, ox_arena *arena, unsigned width, ox_restriction *out) {
  uint32_t count = ox_read_count(r, count_width(width, width), LEAST_RESTRICTION_BYTES, 0);
  uint32_t capacity = 0;
  for (uint32_t i = 0; i < count && ox_reader_ok(r); i++) {
    ox_restriction *children =
        ox_grow_array(r, arena, out->u.logical.children, &capacity, i, count, sizeof *children);
    if (children == NULL) return;
    out->u.logical.children = children;
    decode(r, arena, width, &out->u.logical.children[i]);
    out->u.logical.count = i + 1;
  }
}

static void decode_comment(ox_reader *r, ox_arena *arena, unsigned width, ox_restriction *out) {
  uint32_t count = ox_read_count(r, count_width(width, 1), LEAST_TAGGED_VALUE_BYTES, 1);
  out->u.comment.tagged_values = ox_decode_properties(r, arena, width, count);
  out->u.comment.tagged_values_count = count;
  if (ox_read_bool8(r)) out->u.comment.child = decode_child(r, arena, width);
}

static void decode_node(ox_reader *r, ox_arena *arena, unsigned width, ox_restriction *out) {
  out->type = read_code(r, width);
  if (!ox_reader_ok(r)) return;
  switch (out->type) {
    case OX_RESTRICTION_AND:
    case OX_RESTRICTION_OR: decode_logical(r, arena, width, out); break;
    case OX_RESTRICTION_NOT: out->u.negation.child = decode_child(r, arena, width); break;
    case OX_RESTRICTION_CONTENT:
      out->u.content.fuzzy_level_low = ox_read_u16(r);
      out->u.content.fuzzy_level_high = ox_read_u16(r);
      out->u.content.property_tag = ox_read_u32(r);
      ox_property_decode(r, arena, width, &out->u.content.tagged_value);
      break;
    case OX_RESTRICTION_PROPERTY:
      out->u.property.rel_op = read_code(r, width);
      out->u.property.property_tag = ox_read_u32(r);
      ox_property_decode(r, arena, width, &out->u.property.tagged_value);
      break;
    case OX_RESTRICTION_COMPARE_PROPERTIES:
      out->u.compare.rel_op = read_code(r, width);
      out->u.compare.property_tag1 = ox_read_u32(r);
      out->u.compare.property_tag2 = ox_read_u32(r);
      break;
    case OX_RESTRICTION_BITMASK:
      out->u.bitmask.bitmap_rel_op = read_code(r, width);
      out->u.bitmask.property_tag = ox_read_u32(r);
      out->u.bitmask.mask = ox_read_u32(r);
      break;
    case OX_RESTRICTION_SIZE:
      out->u.size.rel_op = read_code(r, width);
      out->u.size.property_tag = ox_read_u32(r);
      out->u.size.size = ox_read_u32(r);
      break;
    case OX_RESTRICTION_EXIST: out->u.exist.property_tag = ox_read_u32(r); break;
    case OX_RESTRICTION_SUBOBJECT:
      out->u.subobject.subobject = ox_read_u32(r);
      out->u.subobject.child = decode_child(r, arena, width);
      break;
    case OX_RESTRICTION_COMMENT: decode_comment(r, arena, width, out); break;
    case OX_RESTRICTION_COUNT:
      out->u.count.count = ox_read_u32(r);
      out->u.count.child = decode_child(r, arena, width);
      break;
    default: ox_reader_fail(r, OX_E_MALFORMED, "RestrictType", "[MS-OXCDATA] 2.12"); break;
  }
}

static void decode(ox_reader *r, ox_arena *arena, unsigned width, ox_restriction *out) {
  if (!ox_reader_enter(r)) return;
  decode_node(r, arena, width, out);
  ox_reader_leave(r);
}

ox_status ox_restriction_decode(ox_reader *r, ox_arena *arena, unsigned width,
                                ox_restriction *out) {
  memset(out, 0, sizeof *out);
  if (!ox_width_is_valid(width)) return ox_reader_fail(r, OX_E_USAGE, NULL, NULL);
  decode(r, arena, width, out);
  if (!ox_reader_ok(r)) memset(out, 0, sizeof *out);
  return ox_reader_status(r, NULL);
}

void ox_restriction_encode(ox_writer *w, unsigned width, const ox_restriction *in) {
  if (in == NULL || !ox_width_is_valid(width)) {
    ox_writer_fail(w, OX_E_USAGE);
    return;
  }
  write_code(w, width, in->type);
  switch (in->type) {
    case OX_RESTRICTION_AND:
    case OX_RESTRICTION_OR:
      ox_write_count(w, count_width(width, width), in->u.logical.count);
      for (uint32_t i = 0; i < in->u.logical.count && w->status == OX_OK; i++) {
        ox_restriction_encode(w, width, &in->u.logical.children[i]);
      }
      break;
    case OX_RESTRICTION_NOT: ox_restriction_encode(w, width, in->u.negation.child); break;
    case OX_RESTRICTION_CONTENT:
      ox_write_u16(w, in->u.content.fuzzy_level_low);
      ox_write_u16(w, in->u.content.fuzzy_level_high);
      ox_write_u32(w, in->u.content.property_tag);
      ox_property_encode(w, width, &in->u.content.tagged_value);
      break;
    case OX_RESTRICTION_PROPERTY:
      write_code(w, width, in->u.property.rel_op);
      ox_write_u32(w, in->u.property.property_tag);
      ox_property_encode(w, width, &in->u.property.tagged_value);
      break;
    case OX_RESTRICTION_COMPARE_PROPERTIES:
      write_code(w, width, in->u.compare.rel_op);
      ox_write_u32(w, in->u.compare.property_tag1);
      ox_write_u32(w, in->u.compare.property_tag2);
      break;
    case OX_RESTRICTION_BITMASK:
      write_code(w, width, in->u.bitmask.bitmap_rel_op);
      ox_write_u32(w, in->u.bitmask.property_tag);
      ox_write_u32(w, in->u.bitmask.mask);
      break;
    case OX_RESTRICTION_SIZE:
      write_code(w, width, in->u.size.rel_op);
      ox_write_u32(w, in->u.size.property_tag);
      ox_write_u32(w, in->u.size.size);
      break;
    case OX_RESTRICTION_EXIST: ox_write_u32(w, in->u.exist.property_tag); break;
    case OX_RESTRICTION_SUBOBJECT:
      ox_write_u32(w, in->u.subobject.subobject);
      ox_restriction_encode(w, width, in->u.subobject.child);
      break;
    case OX_RESTRICTION_COMMENT:
      ox_write_count(w, count_width(width, 1), in->u.comment.tagged_values_count);
      for (uint32_t i = 0; i < in->u.comment.tagged_values_count && w->status == OX_OK; i++) {
        ox_property_encode(w, width, &in->u.comment.tagged_values[i]);
      }
      ox_write_bool8(w, in->u.comment.child != NULL);
      if (in->u.comment.child != NULL) ox_restriction_encode(w, width, in->u.comment.child);
      break;
    case OX_RESTRICTION_COUNT:
      ox_write_u32(w, in->u.count.count);
      ox_restriction_encode(w, width, in->u.count.child);
      break;
    default: ox_writer_fail(w, OX_E_USAGE); break;
  }
}

/* Copies. */

static ox_status clone_child(ox_arena *arena, const ox_restriction *in, ox_restriction **out) {
  *out = NULL;
  if (in == NULL) return OX_OK;
  *out = ox_arena_calloc(arena, 1, sizeof **out);
  return *out != NULL ? ox_restriction_clone(arena, in, *out) : OX_E_NO_MEMORY;
}

static ox_status clone_property(ox_arena *arena, const ox_property *in, ox_property *out) {
  out->tag = in->tag;
  return ox_value_clone(arena, OX_PROPTAG_TYPE(in->tag), &in->value, &out->value);
}

ox_status ox_restriction_clone(ox_arena *arena, const ox_restriction *in, ox_restriction *out) {
  ox_restriction copy = *in;
  ox_status status = OX_OK;
  switch (in->type) {
    case OX_RESTRICTION_AND:
    case OX_RESTRICTION_OR:
      copy.u.logical.children =
          ox_arena_calloc(arena, in->u.logical.count, sizeof *copy.u.logical.children);
      if (copy.u.logical.children == NULL) return OX_E_NO_MEMORY;
      for (uint32_t i = 0; i < in->u.logical.count && status == OX_OK; i++) {
        status =
            ox_restriction_clone(arena, &in->u.logical.children[i], &copy.u.logical.children[i]);
      }
      break;
    case OX_RESTRICTION_NOT:
      status = clone_child(arena, in->u.negation.child, &copy.u.negation.child);
      break;
    case OX_RESTRICTION_CONTENT:
      status = clone_property(arena, &in->u.content.tagged_value, &copy.u.content.tagged_value);
      break;
    case OX_RESTRICTION_PROPERTY:
      status = clone_property(arena, &in->u.property.tagged_value, &copy.u.property.tagged_value);
      break;
    case OX_RESTRICTION_SUBOBJECT:
      status = clone_child(arena, in->u.subobject.child, &copy.u.subobject.child);
      break;
    case OX_RESTRICTION_COMMENT:
      copy.u.comment.tagged_values =
          ox_arena_calloc(arena, in->u.comment.tagged_values_count, sizeof(ox_property));
      if (copy.u.comment.tagged_values == NULL) return OX_E_NO_MEMORY;
      for (uint32_t i = 0; i < in->u.comment.tagged_values_count && status == OX_OK; i++) {
        status = clone_property(arena, &in->u.comment.tagged_values[i],
                                &copy.u.comment.tagged_values[i]);
      }
      if (status == OX_OK) status = clone_child(arena, in->u.comment.child, &copy.u.comment.child);
      break;
    case OX_RESTRICTION_COUNT:
      status = clone_child(arena, in->u.count.child, &copy.u.count.child);
      break;
    default: break; /* plain numbers */
  }
  if (status == OX_OK) *out = copy;
  return status;
}
