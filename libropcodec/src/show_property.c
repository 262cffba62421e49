/* Property values, and the types made of them: dump, JSON. */
#include "show.h"

#include <inttypes.h>
#include <string.h>

#include <oxkit/ropcodec/abvalue.h>
#include <oxkit/ropcodec/namedprop.h>
#include <oxkit/ropcodec/property_info.h>
#include <oxkit/ropcodec/restriction.h>
#include <oxkit/ropcodec/ruleaction.h>
#include <oxkit/ropcodec/sort.h>

#include "value.h"

/* Values. */

static void dump_multiple(ox_writer *w, ox_arena *arena, unsigned width, uint16_t type,
                          const ox_value *value) {
  uint16_t single = (uint16_t)(type & ~OX_PTYP_MULTIPLE);
  ox_write_text(w, "{");
  for (uint32_t i = 0; i < value->multiple.count; i++) {
    ox_value one = ox_value_element(single, value, i);
    if (i != 0) ox_write_text(w, ", ");
    ox_dump_value(w, arena, width, single, &one);
  }
  ox_write_text(w, "}");
}

void ox_dump_value(ox_writer *w, ox_arena *arena, unsigned width, uint16_t type,
                   const ox_value *value) {
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
      ox_dump_status(w, value->error);
      return;
    case OX_PTYP_BOOLEAN: ox_write_text(w, value->boolean ? "true" : "false"); return;
    case OX_PTYP_STRING8: ox_dump_str8(w, arena, value->string8); return;
    case OX_PTYP_STRING: ox_dump_str16(w, arena, value->string); return;
    case OX_PTYP_TIME: ox_dump_time(w, value->time); return;
    case OX_PTYP_GUID: ox_dump_guid(w, &value->guid); return;
    case OX_PTYP_RESTRICTION:
      if (value->restriction != NULL) ox_dump_restriction(w, arena, width, value->restriction);
      return;
    case OX_PTYP_RULE_ACTION:
      if (value->rule_actions != NULL) ox_dump_rule_actions(w, arena, width, value->rule_actions);
      return;
    default:
      if ((type & OX_PTYP_MULTIPLE) != 0) {
        dump_multiple(w, arena, width, type, value);
      } else {
        ox_dump_bytes(w, value->binary.data, value->binary.size_bytes);
      }
  }
}

void ox_dump_property(ox_writer *w, ox_arena *arena, unsigned width, const ox_property *property) {
  ox_dump_tag(w, property->tag);
  ox_write_text(w, " = ");
  ox_dump_value(w, arena, width, OX_PROPTAG_TYPE(property->tag), &property->value);
}

void ox_dump_row(ox_writer *w, ox_arena *arena, const ox_property *row, size_t count,
                 unsigned indent) {
  for (size_t i = 0; i < count; i++) {
    ox_dump_format(w, "%*s", (int)indent, "");
    ox_dump_property(w, arena, OX_COUNT_16, &row[i]);
    ox_write_text(w, "\n");
  }
}

/* Whether an address book value of this type says that it is absent. */
static bool is_absent(uint16_t type, const ox_value *value) {
  if ((type & OX_PTYP_MULTIPLE) != 0) return value->multiple.values.any == NULL;
  switch (type) {
    case OX_PTYP_STRING: return value->string.data == NULL;
    case OX_PTYP_STRING8: return value->string8.data == NULL;
    case OX_PTYP_BINARY: return value->binary.data == NULL;
    default: return false;
  }
}

static void put_value(ox_json_writer *j, unsigned width, bool optional, uint16_t type,
                      const ox_value *value) {
  if (optional && is_absent(type, value)) {
    ox_json_put_null(j);
    return;
  }
  switch (type) {
    case OX_PTYP_NULL: ox_json_put_null(j); return;
    case OX_PTYP_INTEGER16: ox_json_put_i32(j, value->i16); return;
    case OX_PTYP_INTEGER32: ox_json_put_i32(j, value->i32); return;
    case OX_PTYP_FLOATING32: ox_json_put_f32(j, value->f32); return;
    case OX_PTYP_FLOATING64:
    case OX_PTYP_FLOATING_TIME: ox_json_put_f64(j, value->f64); return;
    case OX_PTYP_CURRENCY:
    case OX_PTYP_INTEGER64: ox_json_put_i64(j, value->i64); return;
    case OX_PTYP_ERROR_CODE: ox_json_put_status(j, value->error); return;
    case OX_PTYP_BOOLEAN: ox_json_put_bool(j, value->boolean); return;
    case OX_PTYP_STRING8: ox_json_put_str8(j, value->string8); return;
    case OX_PTYP_STRING: ox_json_put_str16(j, value->string); return;
    case OX_PTYP_TIME: ox_json_put_time(j, value->time); return;
    case OX_PTYP_GUID: ox_json_put_guid(j, &value->guid); return;
    case OX_PTYP_RESTRICTION: ox_json_put_restriction(j, width, value->restriction); return;
    case OX_PTYP_RULE_ACTION: ox_rule_actions_hooks.to_json(j, width, value->rule_actions); return;
    default: break;
  }
  if ((type & OX_PTYP_MULTIPLE) == 0) {
    ox_json_put_bytes(j, value->binary.data, value->binary.size_bytes);
    return;
  }
  uint16_t single = (uint16_t)(type & ~OX_PTYP_MULTIPLE);
  ox_json_begin(j, '[');
  for (uint32_t i = 0; i < value->multiple.count; i++) {
    ox_value element = ox_value_element(single, value, i);
    put_value(j, width, optional, single, &element);
  }
  ox_json_end(j, ']');
}

static ox_value get_value(ox_json_reader *r, const ox_json_value *json, unsigned width,
                          bool optional, uint16_t type);

static void get_multiple(ox_json_reader *r, const ox_json_value *json, unsigned width,
                         bool optional, uint16_t single, ox_value *out) {
  const ox_type_row *row = ox_type_row_find(single);
  if (row == NULL || row->element_bytes == 0) {
    ox_json_fail(r, json, OX_E_UNKNOWN_TYPE, "Values of this type do not exist.");
    return;
  }
  uint32_t count;
  const ox_json_value *item = ox_json_items(r, json, &count);
  out->multiple.values.any = ox_json_alloc(r, count, row->element_bytes);
  for (uint32_t i = 0; item != NULL && r->status == OX_OK; i++, item = item->next) {
    ox_value element = get_value(r, item, width, optional, single);
    ox_value_set_element(single, out, i, &element);
  }
  if (r->status == OX_OK) out->multiple.count = count;
}

static ox_value get_value(ox_json_reader *r, const ox_json_value *json, unsigned width,
                          bool optional, uint16_t type) {
  ox_value value;
  memset(&value, 0, sizeof value);
  if (optional && is_absent(type, &value) && (json == NULL || json->type == OX_JSON_NULL)) {
    return value;
  }
  switch (type) {
    case OX_PTYP_NULL:
      if (json != NULL) ox_json_fail(r, json, OX_E_MALFORMED, "null belongs here.");
      break;
    case OX_PTYP_INTEGER16: value.i16 = (int16_t)ox_json_i64(r, json, INT16_MIN, INT16_MAX); break;
    case OX_PTYP_INTEGER32: value.i32 = (int32_t)ox_json_i64(r, json, INT32_MIN, INT32_MAX); break;
    case OX_PTYP_FLOATING32: value.f32 = ox_json_f32(r, json); break;
    case OX_PTYP_FLOATING64:
    case OX_PTYP_FLOATING_TIME: value.f64 = ox_json_f64(r, json); break;
    case OX_PTYP_CURRENCY:
    case OX_PTYP_INTEGER64: value.i64 = ox_json_i64(r, json, INT64_MIN, INT64_MAX); break;
    case OX_PTYP_ERROR_CODE: value.error = ox_json_status_code(r, json); break;
    case OX_PTYP_BOOLEAN: value.boolean = ox_json_bool(r, json); break;
    case OX_PTYP_STRING8: value.string8 = ox_json_str8(r, json); break;
    case OX_PTYP_STRING: value.string = ox_json_str16(r, json); break;
    case OX_PTYP_TIME: value.time = ox_json_time(r, json); break;
    case OX_PTYP_GUID: value.guid = ox_json_guid(r, json); break;
    case OX_PTYP_OBJECT:
    case OX_PTYP_SERVER_ID:
    case OX_PTYP_BINARY: value.binary = ox_json_bytes(r, json); break;
    case OX_PTYP_RESTRICTION: value.restriction = ox_json_get_restriction(r, json, width); break;
    case OX_PTYP_RULE_ACTION:
      value.rule_actions = ox_json_alloc(r, 1, sizeof *value.rule_actions);
      if (value.rule_actions != NULL) {
        ox_rule_actions_hooks.from_json(r, json, width, value.rule_actions);
      }
      break;
    default:
      if ((type & OX_PTYP_MULTIPLE) != 0) {
        get_multiple(r, json, width, optional, (uint16_t)(type & ~OX_PTYP_MULTIPLE), &value);
      } else {
        ox_json_fail(r, json, OX_E_UNKNOWN_TYPE, "A property of a type that does not exist.");
      }
  }
  return value;
}

void ox_json_put_value(ox_json_writer *j, unsigned width, uint16_t type, const ox_value *value) {
  put_value(j, width, false, type, value);
}

ox_value ox_json_get_value(ox_json_reader *r, const ox_json_value *json, unsigned width,
                           uint16_t type) {
  return get_value(r, json, width, false, type);
}

/* Properties: {"tag", "name" (only to read), "value"}. */

static void put_property(ox_json_writer *j, unsigned width, bool optional,
                         const ox_property *property) {
  ox_property_info info;
  ox_json_begin(j, '{');
  ox_json_key(j, "tag");
  ox_json_put_tag(j, property->tag);
  if (ox_property_info_by_tag(property->tag, &info)) {
    ox_json_key(j, "name");
    ox_json_put_ascii(j, info.name);
  }
  ox_json_key(j, "value");
  put_value(j, width, optional, OX_PROPTAG_TYPE(property->tag), &property->value);
  ox_json_end(j, '}');
}

static void get_property(ox_json_reader *r, const ox_json_value *json, unsigned width,
                         bool optional, ox_property *out) {
  const ox_json_value *tag = ox_json_member(r, json, "tag");
  const ox_json_value *name = ox_json_member(r, json, "name");
  out->tag = ox_json_tag(r, tag != NULL ? tag : name);
  uint16_t type = OX_PROPTAG_TYPE(out->tag);
  const ox_json_value *value = type == OX_PTYP_NULL || optional ? ox_json_member(r, json, "value")
                                                                : ox_json_need(r, json, "value");
  if (r->status == OX_OK) out->value = get_value(r, value, width, optional, type);
  ox_json_close(r, json);
}

static void property_dump(ox_writer *w, ox_arena *arena, unsigned indent, unsigned width,
                          const void *in) {
  (void)indent;
  ox_dump_property(w, arena, width, in);
  ox_write_text(w, "\n");
}

static void property_to_json(ox_json_writer *j, unsigned width, const void *in) {
  put_property(j, width, false, in);
}

static void property_from_json(ox_json_reader *r, const ox_json_value *json, unsigned width,
                               void *out) {
  get_property(r, json, width, false, out);
}

const ox_wire_hooks ox_property_hooks = {property_dump, property_to_json, property_from_json};

static void ab_property_to_json(ox_json_writer *j, unsigned width, const void *in) {
  (void)width;
  put_property(j, OX_COUNT_32, true, in);
}

static void ab_property_from_json(ox_json_reader *r, const ox_json_value *json, unsigned width,
                                  void *out) {
  (void)width;
  get_property(r, json, OX_COUNT_32, true, out);
}

const ox_wire_hooks ox_ab_property_hooks = {property_dump, ab_property_to_json,
                                            ab_property_from_json};

static void put_properties(ox_json_writer *j, unsigned width, bool optional,
                           const ox_property *properties, uint32_t count) {
  ox_json_begin(j, '[');
  for (uint32_t i = 0; i < count && j->w->status == OX_OK; i++) {
    put_property(j, width, optional, &properties[i]);
  }
  ox_json_end(j, ']');
}

static ox_property *get_properties(ox_json_reader *r, const ox_json_value *json, unsigned width,
                                   bool optional, uint32_t *count_out) {
  const ox_json_value *item = ox_json_items(r, json, count_out);
  ox_property *properties = ox_json_alloc(r, *count_out, sizeof *properties);
  for (uint32_t i = 0; item != NULL && r->status == OX_OK; i++, item = item->next) {
    get_property(r, item, width, optional, &properties[i]);
  }
  if (r->status != OX_OK) *count_out = 0;
  return r->status == OX_OK ? properties : NULL;
}

void ox_json_put_properties(ox_json_writer *j, unsigned width, const ox_property *properties,
                            uint32_t count) {
  put_properties(j, width, false, properties, count);
}

ox_property *ox_json_get_properties(ox_json_reader *r, const ox_json_value *json, unsigned width,
                                    uint32_t *count_out) {
  return get_properties(r, json, width, false, count_out);
}

/* Rows of the address book: the properties, whose tags say which are errors and which absent. */

static void ab_row_dump(ox_writer *w, ox_arena *arena, unsigned indent, unsigned width,
                        const void *in) {
  (void)width;
  const ox_ab_row *row = in;
  ox_dump_format(w, "%" PRIu32 " values\n", row->value_count);
  ox_dump_row(w, arena, row->values, row->value_count, indent);
}

static void ab_row_to_json(ox_json_writer *j, unsigned width, const void *in) {
  (void)width;
  const ox_ab_row *row = in;
  put_properties(j, OX_COUNT_32, true, row->values, row->value_count);
}

static void ab_row_from_json(ox_json_reader *r, const ox_json_value *json, unsigned width,
                             void *out) {
  (void)width;
  ox_ab_row *row = out;
  row->values = get_properties(r, json, OX_COUNT_32, true, &row->value_count);
}

const ox_wire_hooks ox_ab_row_hooks = {ab_row_dump, ab_row_to_json, ab_row_from_json};

/* PropertyProblem. */

static void problem_dump(ox_writer *w, ox_arena *arena, unsigned indent, unsigned width,
                         const void *in) {
  (void)arena;
  (void)indent;
  (void)width;
  const ox_property_problem *problem = in;
  ox_dump_format(w, "index %u ", problem->index);
  ox_dump_tag(w, problem->property_tag);
  ox_write_text(w, " ");
  ox_dump_status(w, problem->error_code);
  ox_write_text(w, "\n");
}

static void problem_to_json(ox_json_writer *j, unsigned width, const void *in) {
  (void)width;
  const ox_property_problem *problem = in;
  ox_json_begin(j, '{');
  ox_json_key(j, "index");
  ox_json_put_u32(j, problem->index);
  ox_json_key(j, "property_tag");
  ox_json_put_tag(j, problem->property_tag);
  ox_json_key(j, "error_code");
  ox_json_put_status(j, problem->error_code);
  ox_json_end(j, '}');
}

static void problem_from_json(ox_json_reader *r, const ox_json_value *json, unsigned width,
                              void *out) {
  (void)width;
  ox_property_problem *problem = out;
  problem->index = (uint16_t)ox_json_u64(r, ox_json_need(r, json, "index"), UINT16_MAX);
  problem->property_tag = ox_json_tag(r, ox_json_need(r, json, "property_tag"));
  problem->error_code = ox_json_status_code(r, ox_json_need(r, json, "error_code"));
  ox_json_close(r, json);
}

const ox_wire_hooks ox_property_problem_hooks = {problem_dump, problem_to_json, problem_from_json};

/* PropertyName. */

static void name_dump(ox_writer *w, ox_arena *arena, unsigned indent, unsigned width,
                      const void *in) {
  (void)indent;
  (void)width;
  const ox_property_name *name = in;
  ox_dump_guid(w, &name->guid);
  if (name->kind == OX_NAME_KIND_LID) {
    ox_dump_format(w, " lid 0x%08" PRIX32, name->lid);
  } else if (name->kind == OX_NAME_KIND_STRING) {
    ox_write_text(w, " name ");
    ox_dump_str16(w, arena, name->name);
  } else {
    ox_dump_format(w, " kind 0x%02X", name->kind);
  }
  ox_property_info info;
  if (ox_property_info_by_property_name(name, &info)) ox_dump_format(w, " %s", info.name);
  ox_write_text(w, "\n");
}

static const ox_wire_named_value name_kind_names[] = {
    {OX_NAME_KIND_LID, "Lid"}, {OX_NAME_KIND_STRING, "String"}, {OX_NAME_KIND_NONE, "None"}};
static const ox_wire_values name_kinds = {"Kind", "[MS-OXCDATA] 2.6.1", false, 3, name_kind_names};

static void name_to_json(ox_json_writer *j, unsigned width, const void *in) {
  (void)width;
  const ox_property_name *name = in;
  ox_json_begin(j, '{');
  ox_json_key(j, "kind");
  ox_json_put_named(j, &name_kinds, name->kind);
  ox_json_key(j, "guid");
  ox_json_put_guid(j, &name->guid);
  if (name->kind == OX_NAME_KIND_LID) {
    ox_json_key(j, "lid");
    ox_json_put_hex(j, name->lid, 8);
  } else if (name->kind == OX_NAME_KIND_STRING) {
    ox_json_key(j, "name");
    ox_json_put_str16(j, name->name);
  }
  ox_json_end(j, '}');
}

static void name_from_json(ox_json_reader *r, const ox_json_value *json, unsigned width,
                           void *out) {
  (void)width;
  ox_property_name *name = out;
  name->kind = (uint8_t)ox_json_named(r, ox_json_need(r, json, "kind"), &name_kinds, UINT8_MAX);
  name->guid = ox_json_guid(r, ox_json_need(r, json, "guid"));
  if (name->kind == OX_NAME_KIND_LID) {
    name->lid = (uint32_t)ox_json_u64(r, ox_json_need(r, json, "lid"), UINT32_MAX);
  } else if (name->kind == OX_NAME_KIND_STRING) {
    name->name = ox_json_str16(r, ox_json_need(r, json, "name"));
  }
  ox_json_close(r, json);
}

const ox_wire_hooks ox_property_name_hooks = {name_dump, name_to_json, name_from_json};

/* SortOrderSet. */

static void sort_dump(ox_writer *w, ox_arena *arena, unsigned indent, unsigned width,
                      const void *in) {
  (void)arena;
  (void)indent;
  (void)width;
  const ox_sort_order_set *set = in;
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
  ox_write_text(w, "\n");
}

static const ox_wire_named_value order_names[] = {{OX_SORT_ASCENDING, "Ascending"},
                                                  {OX_SORT_DESCENDING, "Descending"},
                                                  {OX_SORT_MAXIMUM_CATEGORY, "MaximumCategory"}};
static const ox_wire_values orders = {"Order", "[MS-OXCDATA] 2.13.1", false, 3, order_names};

static void sort_to_json(ox_json_writer *j, unsigned width, const void *in) {
  (void)width;
  const ox_sort_order_set *set = in;
  ox_json_begin(j, '{');
  ox_json_key(j, "categorized_count");
  ox_json_put_u32(j, set->categorized_count);
  ox_json_key(j, "expanded_count");
  ox_json_put_u32(j, set->expanded_count);
  ox_json_key(j, "sort_orders");
  ox_json_begin(j, '[');
  for (unsigned i = 0; i < set->sort_order_count; i++) {
    ox_json_begin(j, '{');
    ox_json_key(j, "property_tag");
    ox_json_put_tag(j, set->sort_orders[i].property_tag);
    ox_json_key(j, "order");
    ox_json_put_named(j, &orders, set->sort_orders[i].order);
    ox_json_end(j, '}');
  }
  ox_json_end(j, ']');
  ox_json_end(j, '}');
}

static void sort_from_json(ox_json_reader *r, const ox_json_value *json, unsigned width,
                           void *out) {
  (void)width;
  ox_sort_order_set *set = out;
  uint32_t count;
  const uint16_t max = UINT16_MAX;
  set->categorized_count =
      (uint16_t)ox_json_u64(r, ox_json_need(r, json, "categorized_count"), max);
  set->expanded_count = (uint16_t)ox_json_u64(r, ox_json_need(r, json, "expanded_count"), max);
  const ox_json_value *item = ox_json_items(r, ox_json_need(r, json, "sort_orders"), &count);
  if (count > max) ox_json_fail(r, item, OX_E_MALFORMED, "Too many sort orders.");
  set->sort_orders = ox_json_alloc(r, count, sizeof *set->sort_orders);
  for (uint32_t i = 0; item != NULL && r->status == OX_OK; i++, item = item->next) {
    set->sort_orders[i].property_tag = ox_json_tag(r, ox_json_need(r, item, "property_tag"));
    set->sort_orders[i].order =
        (uint8_t)ox_json_named(r, ox_json_need(r, item, "order"), &orders, UINT8_MAX);
    ox_json_close(r, item);
  }
  if (r->status == OX_OK) set->sort_order_count = (uint16_t)count;
  ox_json_close(r, json);
}

const ox_wire_hooks ox_sort_order_set_hooks = {sort_dump, sort_to_json, sort_from_json};
