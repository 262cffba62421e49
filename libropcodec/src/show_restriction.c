/* Restrictions and rule actions: dump, JSON. */
#include "show.h"

#include <inttypes.h>
#include <string.h>

#include <oxkit/ropcodec/restriction.h>
#include <oxkit/ropcodec/ruleaction.h>

/* Restrictions. */

static const char *relop(uint8_t rel_op) {
  static const char *const names[] = {"<", "<=", ">", ">=", "==", "!="};
  if (rel_op < sizeof names / sizeof names[0]) return names[rel_op];
  return rel_op == OX_RELOP_MEMBER_OF_DL ? "member-of" : "?";
}

/* On one line, as a person would write it: And(Subject contains "x", Exist(...)). The depth is
 * that of what was decoded, which the reader limits. */
void ox_dump_restriction(ox_writer *w, ox_arena *arena, unsigned width,
                         const ox_restriction *restriction) {
  switch (restriction->type) {
    case OX_RESTRICTION_AND:
    case OX_RESTRICTION_OR:
      ox_write_text(w, restriction->type == OX_RESTRICTION_AND ? "And(" : "Or(");
      for (uint32_t i = 0; i < restriction->u.logical.count; i++) {
        if (i != 0) ox_write_text(w, ", ");
        ox_dump_restriction(w, arena, width, &restriction->u.logical.children[i]);
      }
      ox_write_text(w, ")");
      return;
    case OX_RESTRICTION_NOT:
      ox_write_text(w, "Not(");
      ox_dump_restriction(w, arena, width, restriction->u.negation.child);
      ox_write_text(w, ")");
      return;
    case OX_RESTRICTION_CONTENT:
      ox_dump_format(w, "Content(fuzzy %u/%u, ", restriction->u.content.fuzzy_level_low,
                     restriction->u.content.fuzzy_level_high);
      ox_dump_tag(w, restriction->u.content.property_tag);
      ox_write_text(w, " contains ");
      ox_dump_property(w, arena, width, &restriction->u.content.tagged_value);
      ox_write_text(w, ")");
      return;
    case OX_RESTRICTION_PROPERTY:
      ox_write_text(w, "Property(");
      ox_dump_tag(w, restriction->u.property.property_tag);
      ox_dump_format(w, " %s ", relop(restriction->u.property.rel_op));
      ox_dump_property(w, arena, width, &restriction->u.property.tagged_value);
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
      ox_dump_restriction(w, arena, width, restriction->u.subobject.child);
      ox_write_text(w, ")");
      return;
    case OX_RESTRICTION_COMMENT:
      ox_write_text(w, "Comment(");
      for (uint32_t i = 0; i < restriction->u.comment.tagged_values_count; i++) {
        if (i != 0) ox_write_text(w, ", ");
        ox_dump_property(w, arena, width, &restriction->u.comment.tagged_values[i]);
      }
      if (restriction->u.comment.child != NULL) {
        ox_write_text(w, "; ");
        ox_dump_restriction(w, arena, width, restriction->u.comment.child);
      }
      ox_write_text(w, ")");
      return;
    case OX_RESTRICTION_COUNT:
      ox_dump_format(w, "Count(%" PRIu32 ", ", restriction->u.count.count);
      ox_dump_restriction(w, arena, width, restriction->u.count.child);
      ox_write_text(w, ")");
      return;
    default: ox_dump_format(w, "type 0x%02X", restriction->type);
  }
}

/* The members of each kind of node and of each kind of action, for JSON both ways. Of the members
 * whose kind is PROPERTY and below, those of an array stand behind a count. */
typedef enum member_kind {
  U8,
  U16,
  U32,
  TAG,
  BOOL,
  ID,
  GUID,
  BYTES,
  PROPERTY,
  CHILD,
  CHILDREN,
  PROPERTIES,
  RECIPIENTS
} member_kind;

typedef struct member {
  uint8_t owner; /* type of the node or action */
  uint8_t width; /* only in structures with counts of this width; 0: in all */
  uint8_t kind;
  bool optional;
  uint16_t offset;
  uint16_t count_offset;
  const char *name;
  const ox_wire_values *values;
} member;

static const ox_wire_named_value node_names[] = {
    {OX_RESTRICTION_AND, "And"},           {OX_RESTRICTION_OR, "Or"},
    {OX_RESTRICTION_NOT, "Not"},           {OX_RESTRICTION_CONTENT, "Content"},
    {OX_RESTRICTION_PROPERTY, "Property"}, {OX_RESTRICTION_COMPARE_PROPERTIES, "CompareProperties"},
    {OX_RESTRICTION_BITMASK, "Bitmask"},   {OX_RESTRICTION_SIZE, "Size"},
    {OX_RESTRICTION_EXIST, "Exist"},       {OX_RESTRICTION_SUBOBJECT, "SubObject"},
    {OX_RESTRICTION_COMMENT, "Comment"},   {OX_RESTRICTION_COUNT, "Count"},
};
static const ox_wire_values nodes = {"RestrictType", "[MS-OXCDATA] 2.12", false, 12, node_names};
static const ox_wire_named_value relop_names[] = {
    {OX_RELOP_LESS_THAN, "LessThan"},
    {OX_RELOP_LESS_THAN_OR_EQUAL, "LessThanOrEqual"},
    {OX_RELOP_GREATER_THAN, "GreaterThan"},
    {OX_RELOP_GREATER_THAN_OR_EQUAL, "GreaterThanOrEqual"},
    {OX_RELOP_EQUAL, "Equal"},
    {OX_RELOP_NOT_EQUAL, "NotEqual"},
    {OX_RELOP_MEMBER_OF_DL, "MemberOfDL"},
};
static const ox_wire_values relops = {"RelOp", "[MS-OXCDATA] 2.12.5.1", false, 7, relop_names};
static const ox_wire_named_value fuzzy_low_names[] = {{OX_FUZZY_FULLSTRING, "FullString"},
                                                      {OX_FUZZY_SUBSTRING, "Substring"},
                                                      {OX_FUZZY_PREFIX, "Prefix"}};
static const ox_wire_values fuzzy_low = {"FuzzyLevelLow", "[MS-OXCDATA] 2.12.4.1", false, 3,
                                         fuzzy_low_names};
static const ox_wire_named_value fuzzy_high_names[] = {{OX_FUZZY_IGNORECASE, "IgnoreCase"},
                                                       {OX_FUZZY_IGNORENONSPACE, "IgnoreNonSpace"},
                                                       {OX_FUZZY_LOOSE, "Loose"}};
static const ox_wire_values fuzzy_high = {"FuzzyLevelHigh", "[MS-OXCDATA] 2.12.4.1", true, 3,
                                          fuzzy_high_names};
static const ox_wire_named_value bitmap_names[] = {{OX_BMR_EQZ, "EqualToZero"},
                                                   {OX_BMR_NEZ, "NotEqualToZero"}};
static const ox_wire_values bitmap_relops = {"BitmapRelOp", "[MS-OXCDATA] 2.12.7.1", false, 2,
                                             bitmap_names};

#define AT(field) offsetof(ox_restriction, u.field)

static const member node_members[] = {
    {OX_RESTRICTION_AND, 0, CHILDREN, false, AT(logical.children), AT(logical.count), "children",
     NULL},
    {OX_RESTRICTION_OR, 0, CHILDREN, false, AT(logical.children), AT(logical.count), "children",
     NULL},
    {OX_RESTRICTION_NOT, 0, CHILD, false, AT(negation.child), 0, "child", NULL},
    {OX_RESTRICTION_CONTENT, 0, U16, false, AT(content.fuzzy_level_low), 0, "fuzzy_level_low",
     &fuzzy_low},
    {OX_RESTRICTION_CONTENT, 0, U16, false, AT(content.fuzzy_level_high), 0, "fuzzy_level_high",
     &fuzzy_high},
    {OX_RESTRICTION_CONTENT, 0, TAG, false, AT(content.property_tag), 0, "property_tag", NULL},
    {OX_RESTRICTION_CONTENT, 0, PROPERTY, false, AT(content.tagged_value), 0, "tagged_value", NULL},
    {OX_RESTRICTION_PROPERTY, 0, U8, false, AT(property.rel_op), 0, "rel_op", &relops},
    {OX_RESTRICTION_PROPERTY, 0, TAG, false, AT(property.property_tag), 0, "property_tag", NULL},
    {OX_RESTRICTION_PROPERTY, 0, PROPERTY, false, AT(property.tagged_value), 0, "tagged_value",
     NULL},
    {OX_RESTRICTION_COMPARE_PROPERTIES, 0, U8, false, AT(compare.rel_op), 0, "rel_op", &relops},
    {OX_RESTRICTION_COMPARE_PROPERTIES, 0, TAG, false, AT(compare.property_tag1), 0,
     "property_tag1", NULL},
    {OX_RESTRICTION_COMPARE_PROPERTIES, 0, TAG, false, AT(compare.property_tag2), 0,
     "property_tag2", NULL},
    {OX_RESTRICTION_BITMASK, 0, U8, false, AT(bitmask.bitmap_rel_op), 0, "bitmap_rel_op",
     &bitmap_relops},
    {OX_RESTRICTION_BITMASK, 0, TAG, false, AT(bitmask.property_tag), 0, "property_tag", NULL},
    {OX_RESTRICTION_BITMASK, 0, U32, false, AT(bitmask.mask), 0, "mask", NULL},
    {OX_RESTRICTION_SIZE, 0, U8, false, AT(size.rel_op), 0, "rel_op", &relops},
    {OX_RESTRICTION_SIZE, 0, TAG, false, AT(size.property_tag), 0, "property_tag", NULL},
    {OX_RESTRICTION_SIZE, 0, U32, false, AT(size.size), 0, "size", NULL},
    {OX_RESTRICTION_EXIST, 0, TAG, false, AT(exist.property_tag), 0, "property_tag", NULL},
    {OX_RESTRICTION_SUBOBJECT, 0, TAG, false, AT(subobject.subobject), 0, "subobject", NULL},
    {OX_RESTRICTION_SUBOBJECT, 0, CHILD, false, AT(subobject.child), 0, "child", NULL},
    {OX_RESTRICTION_COMMENT, 0, PROPERTIES, false, AT(comment.tagged_values),
     AT(comment.tagged_values_count), "tagged_values", NULL},
    {OX_RESTRICTION_COMMENT, 0, CHILD, true, AT(comment.child), 0, "child", NULL},
    {OX_RESTRICTION_COUNT, 0, U32, false, AT(count.count), 0, "count", NULL},
    {OX_RESTRICTION_COUNT, 0, CHILD, false, AT(count.child), 0, "child", NULL},
};
#undef AT
enum { NODE_MEMBERS = sizeof node_members / sizeof node_members[0] };

static const ox_wire_named_value action_names[] = {
    {OX_ACTION_MOVE, "Move"},
    {OX_ACTION_COPY, "Copy"},
    {OX_ACTION_REPLY, "Reply"},
    {OX_ACTION_OOF_REPLY, "OofReply"},
    {OX_ACTION_DEFER, "DeferAction"},
    {OX_ACTION_BOUNCE, "Bounce"},
    {OX_ACTION_FORWARD, "Forward"},
    {OX_ACTION_DELEGATE, "Delegate"},
    {OX_ACTION_TAG, "Tag"},
    {OX_ACTION_DELETE, "Delete"},
    {OX_ACTION_MARK_AS_READ, "MarkAsRead"},
};
static const ox_wire_values action_types = {"ActionType", "[MS-OXORULE] 2.2.5.1", false, 11,
                                            action_names};
static const ox_wire_named_value bounce_names[] = {{OX_BOUNCE_TOO_LARGE, "TooLarge"},
                                                   {OX_BOUNCE_NOT_DISPLAYED, "NotDisplayed"},
                                                   {OX_BOUNCE_DENIED, "Denied"}};
static const ox_wire_values bounce_codes = {"BounceCode", "[MS-OXORULE] 2.2.5.1.2.5", false, 3,
                                            bounce_names};

#define AT(field) offsetof(ox_rule_action, u.field)

static const member action_members[] = {
    {OX_ACTION_MOVE, 2, BOOL, false, AT(move.folder_in_this_store), 0, "folder_in_this_store",
     NULL},
    {OX_ACTION_MOVE, 0, BYTES, false, AT(move.store_eid), 0, "store_eid", NULL},
    {OX_ACTION_MOVE, 0, BYTES, false, AT(move.folder_eid), 0, "folder_eid", NULL},
    {OX_ACTION_REPLY, 2, ID, false, AT(reply.template_fid), 0, "template_fid", NULL},
    {OX_ACTION_REPLY, 2, ID, false, AT(reply.template_mid), 0, "template_mid", NULL},
    {OX_ACTION_REPLY, 4, BYTES, false, AT(reply.message_eid), 0, "message_eid", NULL},
    {OX_ACTION_REPLY, 0, GUID, false, AT(reply.template_guid), 0, "template_guid", NULL},
    {OX_ACTION_DEFER, 0, BYTES, false, AT(defer.data), 0, "data", NULL},
    {OX_ACTION_BOUNCE, 0, U32, false, AT(bounce.bounce_code), 0, "bounce_code", &bounce_codes},
    {OX_ACTION_FORWARD, 0, RECIPIENTS, false, AT(forward.recipients), AT(forward.recipient_count),
     "recipients", NULL},
    {OX_ACTION_TAG, 0, PROPERTY, false, AT(tag.property), 0, "property", NULL},
};
#undef AT
enum { ACTION_MEMBERS = sizeof action_members / sizeof action_members[0] };

/* Kinds of action whose data looks like another's. */
static uint8_t like(uint8_t action_type) {
  switch (action_type) {
    case OX_ACTION_COPY: return OX_ACTION_MOVE;
    case OX_ACTION_OOF_REPLY: return OX_ACTION_REPLY;
    case OX_ACTION_DELEGATE: return OX_ACTION_FORWARD;
    default: return action_type;
  }
}

static void put_recipients(ox_json_writer *j, unsigned width, const ox_recipient_block *blocks,
                           uint32_t count) {
  ox_json_begin(j, '[');
  for (uint32_t i = 0; i < count; i++) {
    ox_json_begin(j, '{');
    ox_json_key(j, "reserved");
    ox_json_put_u32(j, blocks[i].reserved);
    ox_json_key(j, "properties");
    ox_json_put_properties(j, width, blocks[i].properties, blocks[i].property_count);
    ox_json_end(j, '}');
  }
  ox_json_end(j, ']');
}

static ox_recipient_block *get_recipients(ox_json_reader *r, const ox_json_value *json,
                                          unsigned width, uint32_t *count_out) {
  const ox_json_value *item = ox_json_items(r, json, count_out);
  ox_recipient_block *blocks = ox_json_alloc(r, *count_out, sizeof *blocks);
  for (uint32_t i = 0; item != NULL && r->status == OX_OK; i++, item = item->next) {
    blocks[i].reserved = (uint8_t)ox_json_u64(r, ox_json_need(r, item, "reserved"), UINT8_MAX);
    blocks[i].properties = ox_json_get_properties(r, ox_json_need(r, item, "properties"), width,
                                                  &blocks[i].property_count);
    ox_json_close(r, item);
  }
  return blocks;
}

static uint32_t load32(const uint8_t *base, size_t offset) {
  uint32_t value;
  memcpy(&value, base + offset, sizeof value);
  return value;
}

static const void *load_pointer(const uint8_t *at) {
  const void *pointer;
  memcpy(&pointer, at, sizeof pointer);
  return pointer;
}

static void put_named(ox_json_writer *j, const member *m, uint32_t value) {
  if (m->values != NULL) {
    ox_json_put_named(j, m->values, value);
  } else {
    ox_json_put_u32(j, value);
  }
}

static void put_member(ox_json_writer *j, unsigned width, const member *m, const uint8_t *base) {
  const uint8_t *at = base + m->offset;
  uint16_t u16;
  uint64_t u64;
  if (m->optional && load_pointer(at) == NULL) return;
  ox_json_key(j, m->name);
  switch ((member_kind)m->kind) {
    case U8: put_named(j, m, *at); break;
    case U16:
      memcpy(&u16, at, sizeof u16);
      put_named(j, m, u16);
      break;
    case U32: put_named(j, m, load32(base, m->offset)); break;
    case TAG: ox_json_put_tag(j, load32(base, m->offset)); break;
    case BOOL: ox_json_put_bool(j, *(const bool *)at); break;
    case ID:
      memcpy(&u64, at, sizeof u64);
      ox_json_put_id(j, u64);
      break;
    case GUID: ox_json_put_guid(j, (const ox_guid *)at); break;
    case BYTES:
      ox_json_put_bytes(j, ((const ox_bytes *)at)->data, ((const ox_bytes *)at)->size_bytes);
      break;
    case PROPERTY: ox_property_hooks.to_json(j, width, at); break;
    case CHILD: ox_json_put_restriction(j, width, load_pointer(at)); break;
    case CHILDREN: {
      const ox_restriction *children = load_pointer(at);
      uint32_t count = load32(base, m->count_offset);
      ox_json_begin(j, '[');
      for (uint32_t i = 0; i < count; i++) ox_json_put_restriction(j, width, &children[i]);
      ox_json_end(j, ']');
      break;
    }
    case PROPERTIES:
      ox_json_put_properties(j, width, load_pointer(at), load32(base, m->count_offset));
      break;
    case RECIPIENTS:
      put_recipients(j, width, load_pointer(at), load32(base, m->count_offset));
      break;
  }
}

static void get_restriction(ox_json_reader *r, const ox_json_value *json, unsigned width,
                            ox_restriction *out);

static uint64_t get_named(ox_json_reader *r, const ox_json_value *json, const member *m,
                          uint64_t max) {
  if (m->values != NULL) return ox_json_named(r, json, m->values, max);
  return ox_json_u64(r, json, max);
}

static void get_member(ox_json_reader *r, const ox_json_value *object, unsigned width,
                       const member *m, uint8_t *base) {
  uint8_t *at = base + m->offset;
  uint16_t u16;
  uint32_t u32, count = 0;
  uint64_t u64;
  void *pointer = NULL;
  const ox_json_value *json =
      m->optional ? ox_json_member(r, object, m->name) : ox_json_need(r, object, m->name);
  if (json == NULL) return;
  switch ((member_kind)m->kind) {
    case U8: *at = (uint8_t)get_named(r, json, m, UINT8_MAX); return;
    case U16:
      u16 = (uint16_t)get_named(r, json, m, UINT16_MAX);
      memcpy(at, &u16, sizeof u16);
      return;
    case U32:
      u32 = (uint32_t)get_named(r, json, m, UINT32_MAX);
      memcpy(at, &u32, sizeof u32);
      return;
    case TAG:
      u32 = ox_json_tag(r, json);
      memcpy(at, &u32, sizeof u32);
      return;
    case BOOL: *(bool *)at = ox_json_bool(r, json); return;
    case ID:
      u64 = ox_json_id(r, json);
      memcpy(at, &u64, sizeof u64);
      return;
    case GUID: *(ox_guid *)at = ox_json_guid(r, json); return;
    case BYTES: *(ox_bytes *)at = ox_json_bytes(r, json); return;
    case PROPERTY: ox_property_hooks.from_json(r, json, width, at); return;
    case CHILD: pointer = ox_json_get_restriction(r, json, width); break;
    case CHILDREN: {
      const ox_json_value *item = ox_json_items(r, json, &count);
      ox_restriction *children = ox_json_alloc(r, count, sizeof *children);
      pointer = children;
      for (uint32_t i = 0; item != NULL && r->status == OX_OK; i++, item = item->next) {
        get_restriction(r, item, width, &children[i]);
      }
      break;
    }
    case PROPERTIES: pointer = ox_json_get_properties(r, json, width, &count); break;
    case RECIPIENTS: pointer = get_recipients(r, json, width, &count); break;
  }
  memcpy(at, &pointer, sizeof pointer);
  if (m->count_offset != 0) memcpy(base + m->count_offset, &count, sizeof count);
}

void ox_json_put_restriction(ox_json_writer *j, unsigned width, const ox_restriction *in) {
  if (in == NULL) {
    ox_json_put_null(j);
    return;
  }
  ox_json_begin(j, '{');
  ox_json_key(j, "type");
  ox_json_put_named(j, &nodes, in->type);
  for (unsigned i = 0; i < NODE_MEMBERS; i++) {
    if (node_members[i].owner == in->type) {
      put_member(j, width, &node_members[i], (const uint8_t *)in);
    }
  }
  ox_json_end(j, '}');
}

static void get_restriction(ox_json_reader *r, const ox_json_value *json, unsigned width,
                            ox_restriction *out) {
  const ox_json_value *type = ox_json_need(r, json, "type");
  out->type = (uint8_t)ox_json_named(r, type, &nodes, UINT8_MAX);
  bool known = false;
  for (unsigned i = 0; i < NODE_MEMBERS && r->status == OX_OK; i++) {
    if (node_members[i].owner != out->type) continue;
    known = true;
    get_member(r, json, width, &node_members[i], (uint8_t *)out);
  }
  if (!known) ox_json_fail(r, type, OX_E_MALFORMED, "There is no such restriction.");
  ox_json_close(r, json);
}

ox_restriction *ox_json_get_restriction(ox_json_reader *r, const ox_json_value *json,
                                        unsigned width) {
  ox_restriction *restriction = ox_json_alloc(r, 1, sizeof *restriction);
  if (restriction != NULL) get_restriction(r, json, width, restriction);
  return restriction;
}

static void restriction_dump(ox_writer *w, ox_arena *arena, unsigned indent, unsigned width,
                             const void *in) {
  (void)indent;
  ox_dump_restriction(w, arena, width, in);
  ox_write_text(w, "\n");
}

static void restriction_to_json(ox_json_writer *j, unsigned width, const void *in) {
  ox_json_put_restriction(j, width, in);
}

static void restriction_from_json(ox_json_reader *r, const ox_json_value *json, unsigned width,
                                  void *out) {
  get_restriction(r, json, width, out);
}

const ox_wire_hooks ox_restriction_hooks = {restriction_dump, restriction_to_json,
                                            restriction_from_json};

/* Rule actions. */

static const char *name_of(const ox_wire_values *values, uint32_t value) {
  for (unsigned i = 0; i < values->count; i++) {
    if (values->items[i].value == value) return values->items[i].name;
  }
  return "?";
}

static void dump_recipients(ox_writer *w, ox_arena *arena, unsigned width,
                            const ox_rule_action *action) {
  for (uint32_t i = 0; i < action->u.forward.recipient_count; i++) {
    const ox_recipient_block *block = &action->u.forward.recipients[i];
    ox_dump_format(w, ", recipient (reserved 0x%02X) {", block->reserved);
    for (uint32_t k = 0; k < block->property_count; k++) {
      if (k != 0) ox_write_text(w, ", ");
      ox_dump_property(w, arena, width, &block->properties[k]);
    }
    ox_write_text(w, "}");
  }
}

static void dump_eid(ox_writer *w, const char *name, ox_bytes bytes) {
  ox_dump_format(w, ", %s ", name);
  ox_dump_bytes(w, bytes.data, bytes.size_bytes);
}

static void dump_action(ox_writer *w, ox_arena *arena, unsigned width,
                        const ox_rule_action *action) {
  ox_dump_format(w, "%s(flavor 0x%08" PRIX32 ", flags 0x%08" PRIX32,
                 name_of(&action_types, action->action_type), action->action_flavor,
                 action->action_flags);
  switch (like(action->action_type)) {
    case OX_ACTION_MOVE:
      if (width == OX_COUNT_16) {
        ox_write_text(
            w, action->u.move.folder_in_this_store ? ", in this store" : ", in another store");
      }
      dump_eid(w, "store", action->u.move.store_eid);
      dump_eid(w, "folder", action->u.move.folder_eid);
      break;
    case OX_ACTION_REPLY:
      if (width == OX_COUNT_16) {
        ox_write_text(w, ", template folder ");
        ox_dump_id(w, action->u.reply.template_fid);
        ox_write_text(w, ", message ");
        ox_dump_id(w, action->u.reply.template_mid);
      } else {
        dump_eid(w, "template", action->u.reply.message_eid);
      }
      ox_write_text(w, ", ");
      ox_dump_guid(w, &action->u.reply.template_guid);
      break;
    case OX_ACTION_DEFER: dump_eid(w, "data", action->u.defer.data); break;
    case OX_ACTION_BOUNCE:
      ox_dump_format(w, ", code 0x%08" PRIX32 " %s", action->u.bounce.bounce_code,
                     name_of(&bounce_codes, action->u.bounce.bounce_code));
      break;
    case OX_ACTION_FORWARD: dump_recipients(w, arena, width, action); break;
    case OX_ACTION_TAG:
      ox_write_text(w, ", ");
      ox_dump_property(w, arena, width, &action->u.tag.property);
      break;
    default: break;
  }
  ox_write_text(w, ")");
}

void ox_dump_rule_actions(ox_writer *w, ox_arena *arena, unsigned width,
                          const ox_rule_actions *actions) {
  for (uint32_t i = 0; i < actions->action_count; i++) {
    if (i != 0) ox_write_text(w, "; ");
    dump_action(w, arena, width, &actions->actions[i]);
  }
  if (actions->action_count == 0) ox_write_text(w, "no actions");
}

static void rule_actions_dump(ox_writer *w, ox_arena *arena, unsigned indent, unsigned width,
                              const void *in) {
  (void)indent;
  ox_dump_rule_actions(w, arena, width, in);
  ox_write_text(w, "\n");
}

static void rule_actions_to_json(ox_json_writer *j, unsigned width, const void *in) {
  const ox_rule_actions *actions = in;
  if (actions == NULL) {
    ox_json_put_null(j);
    return;
  }
  ox_json_begin(j, '[');
  for (uint32_t i = 0; i < actions->action_count && j->w->status == OX_OK; i++) {
    const ox_rule_action *action = &actions->actions[i];
    ox_json_begin(j, '{');
    ox_json_key(j, "action_type");
    ox_json_put_named(j, &action_types, action->action_type);
    ox_json_key(j, "action_flavor");
    ox_json_put_u32(j, action->action_flavor);
    ox_json_key(j, "action_flags");
    ox_json_put_u32(j, action->action_flags);
    for (unsigned k = 0; k < ACTION_MEMBERS; k++) {
      const member *m = &action_members[k];
      if (m->owner == like(action->action_type) && (m->width == 0 || m->width == width)) {
        put_member(j, width, m, (const uint8_t *)action);
      }
    }
    ox_json_end(j, '}');
  }
  ox_json_end(j, ']');
}

static void rule_actions_from_json(ox_json_reader *r, const ox_json_value *json, unsigned width,
                                   void *out) {
  ox_rule_actions *actions = out;
  const ox_json_value *item = ox_json_items(r, json, &actions->action_count);
  actions->actions = ox_json_alloc(r, actions->action_count, sizeof *actions->actions);
  for (uint32_t i = 0; item != NULL && r->status == OX_OK; i++, item = item->next) {
    ox_rule_action *action = &actions->actions[i];
    const ox_json_value *type = ox_json_need(r, item, "action_type");
    action->action_type = (uint8_t)ox_json_named(r, type, &action_types, UINT8_MAX);
    action->action_flavor =
        (uint32_t)ox_json_u64(r, ox_json_need(r, item, "action_flavor"), UINT32_MAX);
    action->action_flags =
        (uint32_t)ox_json_u64(r, ox_json_need(r, item, "action_flags"), UINT32_MAX);
    if (action->action_type < OX_ACTION_MOVE || action->action_type > OX_ACTION_MARK_AS_READ) {
      ox_json_fail(r, type, OX_E_MALFORMED, "There is no such action.");
    }
    for (unsigned k = 0; k < ACTION_MEMBERS && r->status == OX_OK; k++) {
      const member *m = &action_members[k];
      if (m->owner == like(action->action_type) && (m->width == 0 || m->width == width)) {
        get_member(r, item, width, m, (uint8_t *)action);
      }
    }
    ox_json_close(r, item);
  }
}

const ox_wire_hooks ox_rule_actions_hooks = {rule_actions_dump, rule_actions_to_json,
                                             rule_actions_from_json};
