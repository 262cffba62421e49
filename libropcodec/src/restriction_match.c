/* Evaluating restrictions. @spec [MS-OXCDATA] 2.12; [MS-OXCTABL] 2.2.2.4, 3.2.5.5 */
#include <oxkit/ropcodec/restriction.h>

#include <string.h>

#include "value.h"

enum { DEPTH_MAX = 256 };

typedef struct matcher {
  const ox_restriction_subject *subject;
  unsigned depth;
} matcher;

static ox_status matches(matcher *m, const ox_restriction *restriction, bool *out);

/* The property whatever the string form asked for: a PtypString8 restriction also finds the
 * PtypString value, which is what stores hold. */
static const ox_value *find(const matcher *m, ox_proptag tag, uint16_t *type_out) {
  uint16_t type = OX_PROPTAG_TYPE(tag) & (uint16_t)~OX_PTYP_INSTANCE;
  const ox_value *value = m->subject->lookup(m->subject->user, OX_PROPTAG_AS(tag, type));
  if (value == NULL) {
    uint16_t single = type & (uint16_t)~OX_PTYP_MULTIPLE;
    uint16_t other = single == OX_PTYP_STRING8  ? OX_PTYP_STRING
                     : single == OX_PTYP_STRING ? OX_PTYP_STRING8
                                                : OX_PTYP_NULL;
    if (other != OX_PTYP_NULL) {
      type = (uint16_t)(other | (type & OX_PTYP_MULTIPLE));
      value = m->subject->lookup(m->subject->user, OX_PROPTAG_AS(tag, type));
    }
  }
  *type_out = type;
  return value;
}

/* Text of either form as UTF-16; false when the type is no text. 8-bit text whose code page nobody
 * knows is read as Windows-1252. */
static bool as_text(const matcher *m, uint16_t type, const ox_value *value, ox_str16 *out,
                    ox_status *status) {
  if (type == OX_PTYP_STRING) {
    *out = value->string;
    return true;
  }
  if (type != OX_PTYP_STRING8) return false;
  char *utf8 = NULL;
  *status = ox_str8_to_utf8(m->subject->scratch, value->string8, OX_CODEPAGE_WINDOWS_1252, &utf8);
  if (*status == OX_OK) {
    *status = ox_str16_from_utf8(m->subject->scratch, ox_str8_from(utf8), out);
  }
  return *status == OX_OK;
}

/* Bytes `needle` in `haystack` as the fuzzy level says; steps of `unit` bytes. */
static bool contains(ox_bytes haystack, ox_bytes needle, uint16_t fuzzy_level_low, size_t unit) {
  if (fuzzy_level_low == OX_FUZZY_FULLSTRING) return ox_bytes_equal(haystack, needle);
  if (needle.size_bytes > haystack.size_bytes) return false;
  if (needle.size_bytes == 0) return true;
  if (fuzzy_level_low == OX_FUZZY_PREFIX) {
    return memcmp(haystack.data, needle.data, needle.size_bytes) == 0;
  }
  for (size_t i = 0; i + needle.size_bytes <= haystack.size_bytes; i += unit) {
    if (haystack.data[i] == needle.data[0] &&
        memcmp(haystack.data + i, needle.data, needle.size_bytes) == 0) {
      return true;
    }
  }
  return false;
}

static uint32_t folds_of(uint16_t fuzzy_level_high) {
  uint32_t folds = 0;
  if (fuzzy_level_high & OX_FUZZY_IGNORECASE) folds |= OX_FOLD_CASE;
  if (fuzzy_level_high & OX_FUZZY_IGNORENONSPACE) folds |= OX_FOLD_NONSPACE;
  if (fuzzy_level_high & OX_FUZZY_LOOSE) folds |= OX_FOLD_CASE | OX_FOLD_NONSPACE | OX_FOLD_WIDTH;
  return folds;
}

/* What a Content node compares: text folded once, or bytes. */
typedef struct content_operand {
  uint16_t low;
  uint32_t folds;
  bool is_text;
  ox_bytes bytes;
} content_operand;

static ox_status fold_operand(const matcher *m, uint16_t type, const ox_value *value,
                              content_operand *operand) {
  ox_str16 text;
  ox_status status = OX_OK;
  operand->is_text = as_text(m, type, value, &text, &status);
  if (status != OX_OK) return status;
  if (!operand->is_text) {
    operand->bytes = value->binary;
    return OX_OK;
  }
  if (operand->folds != 0) {
    status = ox_str16_fold(m->subject->scratch, text, operand->folds, &text);
  }
  operand->bytes.data = text.data;
  operand->bytes.size_bytes = text.size_bytes;
  return status;
}

static bool is_content_type(uint16_t type) {
  return type == OX_PTYP_STRING || type == OX_PTYP_STRING8 || type == OX_PTYP_BINARY ||
         type == OX_PTYP_SERVER_ID;
}

static ox_status content_value(const matcher *m, uint16_t type, const ox_value *value,
                               const content_operand *needle, bool *out) {
  content_operand hay = {needle->low, needle->folds, false, {NULL, 0}};
  *out = false;
  if (!is_content_type(type)) return OX_OK;
  ox_status status = fold_operand(m, type, value, &hay);
  if (status != OX_OK || hay.is_text != needle->is_text) return status;
  *out = contains(hay.bytes, needle->bytes, needle->low, hay.is_text ? 2 : 1);
  return OX_OK;
}

static ox_status match_content(const matcher *m, const ox_restriction *restriction, bool *out) {
  const ox_property *wanted = &restriction->u.content.tagged_value;
  uint16_t wanted_type = OX_PROPTAG_TYPE(wanted->tag);
  *out = false;
  if (restriction->u.content.fuzzy_level_low > OX_FUZZY_PREFIX) return OX_E_TOO_COMPLEX;
  if (!is_content_type(wanted_type)) return OX_OK;
  uint16_t type;
  const ox_value *value = find(m, restriction->u.content.property_tag, &type);
  if (value == NULL) return OX_OK;
  content_operand needle = {restriction->u.content.fuzzy_level_low,
                            folds_of(restriction->u.content.fuzzy_level_high),
                            false,
                            {NULL, 0}};
  ox_status status = fold_operand(m, wanted_type, &wanted->value, &needle);
  if (status != OX_OK) return status;
  if (!(type & OX_PTYP_MULTIPLE)) return content_value(m, type, value, &needle, out);
  uint16_t element_type = type & (uint16_t)~OX_PTYP_MULTIPLE;
  for (uint32_t i = 0; i < value->multiple.count && !*out; i++) {
    ox_value element = ox_value_element(element_type, value, i);
    status = content_value(m, element_type, &element, &needle, out);
    if (status != OX_OK) return status;
  }
  return OX_OK;
}

/* True when `order`, of left to right, satisfies the operator. */
static bool satisfies(uint8_t rel_op, int order) {
  switch (rel_op) {
    case OX_RELOP_LESS_THAN: return order < 0;
    case OX_RELOP_LESS_THAN_OR_EQUAL: return order <= 0;
    case OX_RELOP_GREATER_THAN: return order > 0;
    case OX_RELOP_GREATER_THAN_OR_EQUAL: return order >= 0;
    case OX_RELOP_EQUAL: return order == 0;
    case OX_RELOP_NOT_EQUAL: return order != 0;
    default: return false;
  }
}

/* An integer of any width; false when the type is none. */
static bool as_integer(uint16_t type, const ox_value *value, int64_t *out) {
  switch (type) {
    case OX_PTYP_INTEGER16: *out = value->i16; return true;
    case OX_PTYP_INTEGER32: *out = value->i32; return true;
    case OX_PTYP_INTEGER64: *out = value->i64; return true;
    default: return false;
  }
}

/* Integers of different widths compare by value, text without regard to case. *comparable is false
 * for types that have nothing in common. */
static ox_status compare(const matcher *m, uint16_t type_a, const ox_value *a, uint16_t type_b,
                         const ox_value *b, int *order, bool *comparable) {
  ox_str16 x, y;
  int64_t number_a, number_b;
  ox_status status = OX_OK;
  *comparable = true;
  *order = 0;
  bool a_is_text = as_text(m, type_a, a, &x, &status);
  bool b_is_text = status == OX_OK && as_text(m, type_b, b, &y, &status);
  if (status != OX_OK) return status;
  if (a_is_text && b_is_text) {
    *order = ox_str16_compare(x, y, OX_FOLD_CASE);
  } else if (type_a == type_b) {
    *order = ox_value_compare(type_a, a, b);
  } else if (as_integer(type_a, a, &number_a) && as_integer(type_b, b, &number_b)) {
    *order = (number_a > number_b) - (number_a < number_b);
  } else {
    *comparable = false;
  }
  return OX_OK;
}

/* MEMBER_OF_DL on entry ids is the address book's business: without one nothing is a member. */
static ox_status match_property(const matcher *m, const ox_restriction *restriction, bool *out) {
  const uint8_t rel_op = restriction->u.property.rel_op;
  const ox_property *wanted = &restriction->u.property.tagged_value;
  uint16_t wanted_type = OX_PROPTAG_TYPE(wanted->tag) & (uint16_t)~OX_PTYP_INSTANCE;
  uint16_t type;
  *out = false;
  if (rel_op > OX_RELOP_NOT_EQUAL && rel_op != OX_RELOP_MEMBER_OF_DL) return OX_E_TOO_COMPLEX;
  const ox_value *value = find(m, restriction->u.property.property_tag, &type);
  if (value == NULL) return OX_OK;
  int order;
  bool comparable;
  ox_status status;
  if (!(type & OX_PTYP_MULTIPLE) || wanted_type & OX_PTYP_MULTIPLE) {
    status = compare(m, type, value, wanted_type, &wanted->value, &order, &comparable);
    *out = status == OX_OK && comparable && satisfies(rel_op, order);
    return status;
  }
  /* Any element will do, except that NOT_EQUAL means that none is equal. */
  const uint16_t element_type = type & (uint16_t)~OX_PTYP_MULTIPLE;
  const bool negate = rel_op == OX_RELOP_NOT_EQUAL;
  bool any = false;
  for (uint32_t i = 0; i < value->multiple.count && !any; i++) {
    ox_value element = ox_value_element(element_type, value, i);
    status = compare(m, element_type, &element, wanted_type, &wanted->value, &order, &comparable);
    if (status != OX_OK) return status;
    any = comparable && satisfies(negate ? OX_RELOP_EQUAL : rel_op, order);
  }
  *out = any != negate;
  return OX_OK;
}

static ox_status match_compare(const matcher *m, const ox_restriction *restriction, bool *out) {
  uint16_t type1, type2;
  *out = false;
  if (restriction->u.compare.rel_op > OX_RELOP_NOT_EQUAL) return OX_E_TOO_COMPLEX;
  const ox_value *a = find(m, restriction->u.compare.property_tag1, &type1);
  const ox_value *b = find(m, restriction->u.compare.property_tag2, &type2);
  if (a == NULL || b == NULL) return OX_OK;
  int order;
  bool comparable;
  ox_status status = compare(m, type1, a, type2, b, &order, &comparable);
  *out = status == OX_OK && comparable && satisfies(restriction->u.compare.rel_op, order);
  return status;
}

static ox_status match_bitmask(const matcher *m, const ox_restriction *restriction, bool *out) {
  uint16_t type;
  *out = false;
  if (restriction->u.bitmask.bitmap_rel_op > OX_BMR_NEZ) return OX_E_TOO_COMPLEX;
  const ox_value *value = find(m, restriction->u.bitmask.property_tag, &type);
  if (value == NULL || type != OX_PTYP_INTEGER32) return OX_OK;
  bool any_set = ((uint32_t)value->i32 & restriction->u.bitmask.mask) != 0;
  *out = any_set == (restriction->u.bitmask.bitmap_rel_op == OX_BMR_NEZ);
  return OX_OK;
}

/* The size that a Size node compares: text with its terminator, binaries without their count. */
static size_t size_of(uint16_t type, const ox_value *value) {
  size_t size = ox_value_size_bytes(type, value);
  bool counted = type == OX_PTYP_BINARY || type == OX_PTYP_SERVER_ID || type == OX_PTYP_OBJECT;
  return counted ? size - OX_COUNT_16 : size;
}

static ox_status match_size(const matcher *m, const ox_restriction *restriction, bool *out) {
  uint16_t type;
  *out = false;
  if (restriction->u.size.rel_op > OX_RELOP_NOT_EQUAL) return OX_E_TOO_COMPLEX;
  const ox_value *value = find(m, restriction->u.size.property_tag, &type);
  if (value == NULL) return OX_OK;
  const size_t wanted = restriction->u.size.size;
  if (!(type & OX_PTYP_MULTIPLE)) {
    size_t size = size_of(type, value);
    *out = satisfies(restriction->u.size.rel_op, (size > wanted) - (size < wanted));
    return OX_OK;
  }
  const uint16_t element_type = type & (uint16_t)~OX_PTYP_MULTIPLE;
  for (uint32_t i = 0; i < value->multiple.count && !*out; i++) {
    ox_value element = ox_value_element(element_type, value, i);
    size_t size = size_of(element_type, &element);
    *out = satisfies(restriction->u.size.rel_op, (size > wanted) - (size < wanted));
  }
  return OX_OK;
}

static ox_status match_logical(matcher *m, const ox_restriction *restriction, bool *out) {
  const bool is_and = restriction->type == OX_RESTRICTION_AND;
  *out = is_and;
  for (uint32_t i = 0; i < restriction->u.logical.count && *out == is_and; i++) {
    ox_status status = matches(m, &restriction->u.logical.children[i], out);
    if (status != OX_OK) return status;
  }
  return OX_OK;
}

static ox_status match_node(matcher *m, const ox_restriction *restriction, bool *out) {
  uint16_t type;
  ox_status status;
  switch (restriction->type) {
    case OX_RESTRICTION_AND:
    case OX_RESTRICTION_OR: return match_logical(m, restriction, out);
    case OX_RESTRICTION_NOT:
      status = matches(m, restriction->u.negation.child, out);
      *out = !*out;
      return status;
    case OX_RESTRICTION_CONTENT: return match_content(m, restriction, out);
    case OX_RESTRICTION_PROPERTY: return match_property(m, restriction, out);
    case OX_RESTRICTION_COMPARE_PROPERTIES: return match_compare(m, restriction, out);
    case OX_RESTRICTION_BITMASK: return match_bitmask(m, restriction, out);
    case OX_RESTRICTION_SIZE: return match_size(m, restriction, out);
    case OX_RESTRICTION_EXIST:
      *out = find(m, restriction->u.exist.property_tag, &type) != NULL;
      return OX_OK;
    case OX_RESTRICTION_SUBOBJECT:
      *out = false;
      if (m->subject->subobjects == NULL) return OX_OK;
      return m->subject->subobjects(m->subject->user, restriction->u.subobject.subobject,
                                    restriction->u.subobject.child, out);
    case OX_RESTRICTION_COMMENT: /* the comment itself is for the client alone */
      *out = true;
      return restriction->u.comment.child != NULL ? matches(m, restriction->u.comment.child, out)
                                                  : OX_OK;
    case OX_RESTRICTION_COUNT: return matches(m, restriction->u.count.child, out);
    default: *out = false; return OX_E_TOO_COMPLEX;
  }
}

static ox_status matches(matcher *m, const ox_restriction *restriction, bool *out) {
  *out = false;
  if (restriction == NULL || m->depth >= DEPTH_MAX) return OX_E_TOO_COMPLEX;
  m->depth++;
  ox_status status = match_node(m, restriction, out);
  m->depth--;
  return status;
}

ox_status ox_restriction_matches(const ox_restriction *restriction,
                                 const ox_restriction_subject *subject, bool *matches_out) {
  matcher m = {subject, 0};
  ox_status status = matches(&m, restriction, matches_out);
  if (status != OX_OK) *matches_out = false;
  return status;
}

/* Tags. */

typedef struct tag_list {
  ox_proptag *tags;
  size_t capacity;
  size_t count;
  ox_status status;
} tag_list;

static void add_tag(tag_list *list, ox_proptag tag) {
  for (size_t i = 0; i < list->count; i++) {
    if (list->tags[i] == tag) return;
  }
  if (list->count == list->capacity) {
    list->status = OX_E_LIMIT;
  } else {
    list->tags[list->count++] = tag;
  }
}

static void collect(const ox_restriction *restriction, tag_list *list, unsigned depth) {
  if (list->status != OX_OK) return;
  if (restriction == NULL || depth >= DEPTH_MAX) {
    list->status = OX_E_TOO_COMPLEX;
    return;
  }
  switch (restriction->type) {
    case OX_RESTRICTION_AND:
    case OX_RESTRICTION_OR:
      for (uint32_t i = 0; i < restriction->u.logical.count; i++) {
        collect(&restriction->u.logical.children[i], list, depth + 1);
      }
      break;
    case OX_RESTRICTION_NOT: collect(restriction->u.negation.child, list, depth + 1); break;
    case OX_RESTRICTION_CONTENT: add_tag(list, restriction->u.content.property_tag); break;
    case OX_RESTRICTION_PROPERTY: add_tag(list, restriction->u.property.property_tag); break;
    case OX_RESTRICTION_COMPARE_PROPERTIES:
      add_tag(list, restriction->u.compare.property_tag1);
      add_tag(list, restriction->u.compare.property_tag2);
      break;
    case OX_RESTRICTION_BITMASK: add_tag(list, restriction->u.bitmask.property_tag); break;
    case OX_RESTRICTION_SIZE: add_tag(list, restriction->u.size.property_tag); break;
    case OX_RESTRICTION_EXIST: add_tag(list, restriction->u.exist.property_tag); break;
    case OX_RESTRICTION_COMMENT:
      if (restriction->u.comment.child != NULL) {
        collect(restriction->u.comment.child, list, depth + 1);
      }
      break;
    case OX_RESTRICTION_COUNT: collect(restriction->u.count.child, list, depth + 1); break;
    default: break; /* sub-objects have properties of their own */
  }
}

ox_status ox_restriction_tags(const ox_restriction *restriction, ox_proptag *tags_out,
                              size_t capacity, size_t *count_out) {
  tag_list list = {tags_out, capacity, 0, OX_OK};
  collect(restriction, &list, 0);
  *count_out = list.count;
  return list.status;
}
