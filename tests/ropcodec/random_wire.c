#include "random_wire.h"

#include "random_ftstream.h"

#include <stdlib.h>
#include <string.h>

#include <oxkit/ropcodec/abvalue.h>
#include <oxkit/ropcodec/entryid.h>
#include <oxkit/ropcodec/idset.h>
#include <oxkit/ropcodec/namedprop.h>
#include <oxkit/ropcodec/pcl.h>
#include <oxkit/ropcodec/recurrence.h>
#include <oxkit/ropcodec/restriction.h>
#include <oxkit/ropcodec/ruleaction.h>
#include <oxkit/ropcodec/sort.h>

#include "../../libropcodec/src/show.h"
#include "../../libropcodec/src/value.h"
#include "../../libropcodec/src/wire_internal.h"

enum { SMALL = 5, STRING_MAX = 12, RESTRICTION_DEPTH = 3 };

uint64_t random_next(random_wire *random) { /* xorshift64* */
  random->state ^= random->state >> 12;
  random->state ^= random->state << 25;
  random->state ^= random->state >> 27;
  return random->state * 0x2545F4914F6CDD1Du;
}

uint32_t random_below(random_wire *random, uint32_t bound) {
  return (uint32_t)(random_next(random) >> 33) % bound;
}

static void *allocate(random_wire *random, size_t count, size_t size) {
  void *memory = ox_arena_calloc(random->arena, count != 0 ? count : 1, size);
  if (memory == NULL) abort();
  return memory;
}

static ox_bytes random_bytes(random_wire *random, size_t n, bool no_zero) {
  uint8_t *data = allocate(random, n, 1);
  for (size_t i = 0; i < n; i++) data[i] = (uint8_t)(random_below(random, 255) + no_zero);
  return (ox_bytes){data, n};
}

static ox_str8 random_str8(random_wire *random) {
  ox_bytes bytes = random_bytes(random, random_below(random, STRING_MAX), true);
  return (ox_str8){(const char *)bytes.data, bytes.size_bytes};
}

static ox_str16 random_str16(random_wire *random) {
  ox_bytes bytes = random_bytes(random, 2 * (size_t)random_below(random, STRING_MAX), true);
  return (ox_str16){bytes.data, bytes.size_bytes};
}

static ox_guid random_guid(random_wire *random) {
  ox_guid guid;
  uint64_t halves[2] = {random_next(random), random_next(random)};
  memcpy(&guid, halves, sizeof guid);
  return guid;
}

static const uint16_t types[] = {
    OX_PTYP_INTEGER16,
    OX_PTYP_INTEGER32,
    OX_PTYP_FLOATING64,
    OX_PTYP_BOOLEAN,
    OX_PTYP_INTEGER64,
    OX_PTYP_STRING8,
    OX_PTYP_STRING,
    OX_PTYP_TIME,
    OX_PTYP_GUID,
    OX_PTYP_BINARY,
    OX_PTYP_CURRENCY,
    OX_PTYP_ERROR_CODE,
    OX_PTYP_FLOATING32,
    OX_PTYP_FLOATING_TIME,
    OX_PTYP_MULTIPLE_INTEGER16,
    OX_PTYP_MULTIPLE_INTEGER32,
    OX_PTYP_MULTIPLE_FLOATING32,
    OX_PTYP_MULTIPLE_FLOATING64,
    OX_PTYP_MULTIPLE_CURRENCY,
    OX_PTYP_MULTIPLE_FLOATING_TIME,
    OX_PTYP_MULTIPLE_INTEGER64,
    OX_PTYP_MULTIPLE_STRING8,
    OX_PTYP_MULTIPLE_STRING,
    OX_PTYP_MULTIPLE_TIME,
    OX_PTYP_MULTIPLE_GUID,
    OX_PTYP_MULTIPLE_BINARY,
    OX_PTYP_NULL,
    OX_PTYP_OBJECT,
    OX_PTYP_SERVER_ID,
    OX_PTYP_RESTRICTION,
    OX_PTYP_RULE_ACTION,
    OX_PTYP_RULE_ACTION, /* many kinds of action */
};

/* Those that only values in ROP buffers have come last. */
enum { TYPE_COUNT = sizeof types / sizeof types[0], ROP_TYPE_COUNT = 6, NESTED_MAX = 2 };

static ox_proptag random_tag(random_wire *random) {
  uint32_t count = TYPE_COUNT;
  if (!random->is_rop || random->nested >= NESTED_MAX) count -= ROP_TYPE_COUNT;
  uint16_t type = types[random_below(random, count)];
  return OX_PROPTAG(1 + random_below(random, 0xFFFE), type);
}

static ox_restriction random_restriction(random_wire *random, unsigned depth);
static ox_rule_actions random_actions(random_wire *random, unsigned width);

static ox_value random_value(random_wire *random, uint16_t type) {
  ox_value value;
  memset(&value, 0, sizeof value);
  if ((type & OX_PTYP_MULTIPLE) != 0) {
    const uint16_t single = type & (uint16_t)~OX_PTYP_MULTIPLE;
    const size_t bytes = ox_type_row_find(single)->element_bytes;
    uint32_t count = value.multiple.count = random_below(random, SMALL);
    uint8_t *elements = allocate(random, count, bytes);
    value.multiple.values.any = elements;
    /* All members of the union begin alike. */
    for (uint32_t i = 0; i < count; i++) {
      ox_value element = random_value(random, single);
      memcpy(elements + i * bytes, &element, bytes);
    }
    return value;
  }
  switch (type) {
    case OX_PTYP_NULL: break;
    case OX_PTYP_INTEGER16: value.i16 = (int16_t)random_next(random); break;
    case OX_PTYP_FLOATING32: value.f32 = (float)random_below(random, 1000) / 8; break;
    case OX_PTYP_FLOATING64:
    case OX_PTYP_FLOATING_TIME: value.f64 = (double)random_below(random, 1000) / 8; break;
    case OX_PTYP_BOOLEAN: value.boolean = random_below(random, 2) != 0; break;
    case OX_PTYP_INTEGER64:
    case OX_PTYP_CURRENCY:
    case OX_PTYP_TIME: value.i64 = (int64_t)random_next(random); break;
    case OX_PTYP_STRING8: value.string8 = random_str8(random); break;
    case OX_PTYP_STRING: value.string = random_str16(random); break;
    case OX_PTYP_GUID: value.guid = random_guid(random); break;
    case OX_PTYP_OBJECT:
    case OX_PTYP_SERVER_ID:
    case OX_PTYP_BINARY:
      value.binary = random_bytes(random, random_below(random, STRING_MAX), false);
      break;
    case OX_PTYP_RESTRICTION:
      random->nested++;
      value.restriction = allocate(random, 1, sizeof *value.restriction);
      *value.restriction = random_restriction(random, 1);
      random->nested--;
      break;
    case OX_PTYP_RULE_ACTION:
      random->nested++;
      value.rule_actions = allocate(random, 1, sizeof *value.rule_actions);
      *value.rule_actions = random_actions(random, 2);
      random->nested--;
      break;
    default: value.i32 = (int32_t)random_next(random);
  }
  return value;
}

static ox_property random_property(random_wire *random) {
  ox_property property = {.tag = random_tag(random)};
  property.value = random_value(random, OX_PROPTAG_TYPE(property.tag));
  return property;
}

static ox_restriction random_restriction(random_wire *random, unsigned depth) {
  ox_restriction node;
  memset(&node, 0, sizeof node);
  node.type = (uint8_t)random_below(random, depth == 0 ? 3 : 12);
  if (depth == 0) node.type = (uint8_t)(OX_RESTRICTION_COMPARE_PROPERTIES + node.type);
  ox_restriction *child = allocate(random, 1, sizeof *child);
  switch (node.type) {
    case OX_RESTRICTION_AND:
    case OX_RESTRICTION_OR:
      node.u.logical.count = random_below(random, SMALL);
      node.u.logical.children = allocate(random, node.u.logical.count, sizeof *child);
      for (uint32_t i = 0; i < node.u.logical.count; i++) {
        node.u.logical.children[i] = random_restriction(random, depth - 1);
      }
      break;
    case OX_RESTRICTION_NOT:
      *child = random_restriction(random, depth - 1);
      node.u.negation.child = child;
      break;
    case OX_RESTRICTION_CONTENT:
      node.u.content.fuzzy_level_low = (uint16_t)random_below(random, 3);
      node.u.content.property_tag = OX_PROPTAG(0x0037, OX_PTYP_STRING);
      node.u.content.tagged_value.tag = OX_PROPTAG(0x0037, OX_PTYP_STRING);
      node.u.content.tagged_value.value = random_value(random, OX_PTYP_STRING);
      break;
    case OX_RESTRICTION_PROPERTY:
      node.u.property.rel_op = (uint8_t)random_below(random, 6);
      node.u.property.property_tag = random_tag(random);
      node.u.property.tagged_value.tag = node.u.property.property_tag;
      node.u.property.tagged_value.value =
          random_value(random, OX_PROPTAG_TYPE(node.u.property.property_tag));
      break;
    case OX_RESTRICTION_COMPARE_PROPERTIES:
      node.u.compare.rel_op = (uint8_t)random_below(random, 6);
      node.u.compare.property_tag1 = random_tag(random);
      node.u.compare.property_tag2 = random_tag(random);
      break;
    case OX_RESTRICTION_BITMASK:
      node.u.bitmask.bitmap_rel_op = (uint8_t)random_below(random, 2);
      node.u.bitmask.property_tag = OX_PROPTAG(0x0E07, OX_PTYP_INTEGER32);
      node.u.bitmask.mask = (uint32_t)random_next(random);
      break;
    case OX_RESTRICTION_SIZE:
      node.u.size.rel_op = (uint8_t)random_below(random, 6);
      node.u.size.property_tag = random_tag(random);
      node.u.size.size = (uint32_t)random_next(random);
      break;
    case OX_RESTRICTION_EXIST: node.u.exist.property_tag = random_tag(random); break;
    case OX_RESTRICTION_SUBOBJECT:
      node.u.subobject.subobject = 0x0E12000D;
      *child = random_restriction(random, depth - 1);
      node.u.subobject.child = child;
      break;
    case OX_RESTRICTION_COMMENT:
      node.u.comment.tagged_values_count = random_below(random, SMALL);
      node.u.comment.tagged_values =
          allocate(random, node.u.comment.tagged_values_count, sizeof(ox_property));
      for (uint32_t i = 0; i < node.u.comment.tagged_values_count; i++) {
        node.u.comment.tagged_values[i] = random_property(random);
      }
      if (random_below(random, 2) != 0) {
        *child = random_restriction(random, depth - 1);
        node.u.comment.child = child;
      }
      break;
    default:
      node.u.count.count = (uint32_t)random_next(random);
      *child = random_restriction(random, depth - 1);
      node.u.count.child = child;
  }
  return node;
}

static ox_rule_actions random_actions(random_wire *random, unsigned width) {
  ox_rule_actions out = {random_below(random, SMALL), NULL};
  out.actions = allocate(random, out.action_count, sizeof *out.actions);
  for (uint32_t i = 0; i < out.action_count; i++) {
    ox_rule_action *action = &out.actions[i];
    action->action_type = (uint8_t)(OX_ACTION_MOVE + random_below(random, OX_ACTION_MARK_AS_READ));
    action->action_flavor = (uint32_t)random_next(random);
    action->action_flags = (uint32_t)random_next(random);
    switch (action->action_type) {
      case OX_ACTION_MOVE:
      case OX_ACTION_COPY:
        action->u.move.folder_in_this_store = width == 2 && random_below(random, 2) != 0;
        action->u.move.store_eid = random_bytes(random, random_below(random, STRING_MAX), false);
        action->u.move.folder_eid = random_bytes(random, random_below(random, STRING_MAX), false);
        break;
      case OX_ACTION_REPLY:
      case OX_ACTION_OOF_REPLY:
        if (width == 2) {
          action->u.reply.template_fid = random_next(random);
          action->u.reply.template_mid = random_next(random);
        } else {
          action->u.reply.message_eid =
              random_bytes(random, random_below(random, STRING_MAX), false);
        }
        action->u.reply.template_guid = random_guid(random);
        break;
      case OX_ACTION_DEFER:
        action->u.defer.data = random_bytes(random, random_below(random, STRING_MAX), false);
        break;
      case OX_ACTION_BOUNCE: action->u.bounce.bounce_code = (uint32_t)random_next(random); break;
      case OX_ACTION_FORWARD:
      case OX_ACTION_DELEGATE: {
        uint32_t count = action->u.forward.recipient_count = random_below(random, SMALL);
        ox_recipient_block *blocks = allocate(random, count, sizeof *blocks);
        action->u.forward.recipients = blocks;
        for (uint32_t k = 0; k < count; k++) {
          blocks[k].reserved = (uint8_t)random_next(random);
          blocks[k].property_count = random_below(random, SMALL);
          blocks[k].properties =
              allocate(random, blocks[k].property_count, sizeof *blocks[k].properties);
          for (uint32_t n = 0; n < blocks[k].property_count; n++)
            blocks[k].properties[n] = random_property(random);
        }
        break;
      }
      case OX_ACTION_TAG: action->u.tag.property = random_property(random); break;
      default: break;
    }
  }
  return out;
}

static ox_ab_row random_ab_row(random_wire *random, const ox_proptag *columns, size_t count) {
  ox_ab_row row = {(uint32_t)count, allocate(random, count, sizeof(ox_property))};
  bool gaps = random_below(random, 2) != 0;
  for (size_t i = 0; i < count; i++) {
    uint16_t type = OX_PROPTAG_TYPE(columns[i]);
    uint32_t kind = gaps ? random_below(random, 4) : 3;
    if (kind == 0) type = OX_PTYP_NULL;
    if (kind == 1) type = OX_PTYP_ERROR_CODE;
    row.values[i].tag = OX_PROPTAG_AS(columns[i], type);
    row.values[i].value = random_value(random, type);
  }
  return row;
}

/* As many as the pattern that they are in has exceptions. */
static ox_extended_exceptions random_extended(random_wire *random, const void *base) {
  const ox_appointment_recurrence_pattern *p = base;
  ox_extended_exceptions list = {
      allocate(random, p->exception_count, sizeof(ox_extended_exception))};
  for (unsigned i = 0; i < p->exception_count; i++) {
    ox_extended_exception *x = &list.items[i];
    const uint16_t flags = p->exception_info[i].override_flags;
    if (p->writer_version2 >= OX_RECURRENCE_WRITER_VERSION2) {
      x->change_highlight_value = (uint32_t)random_next(random);
      x->change_highlight_rest = random_bytes(random, random_below(random, SMALL), false);
    }
    x->reserved_block_ee1 = random_bytes(random, random_below(random, SMALL), false);
    if ((flags & (OX_OVERRIDE_FLAGS_SUBJECT | OX_OVERRIDE_FLAGS_LOCATION)) == 0) continue;
    x->start_date_time = (uint32_t)random_next(random);
    x->end_date_time = (uint32_t)random_next(random);
    x->original_start_date = (uint32_t)random_next(random);
    if (flags & OX_OVERRIDE_FLAGS_SUBJECT) x->wide_char_subject = random_str16(random);
    if (flags & OX_OVERRIDE_FLAGS_LOCATION) x->wide_char_location = random_str16(random);
    x->reserved_block_ee2 = random_bytes(random, random_below(random, SMALL), false);
  }
  return list;
}

/* Sixteen-bit text that a terminator can end, or 8-bit text, as `unicode` says. */
static ox_value random_text(random_wire *random, bool unicode) {
  ox_value value;
  memset(&value, 0, sizeof value);
  if (unicode) {
    value.string = random_str16(random);
  } else {
    value.string8 = random_str8(random);
  }
  return value;
}

static ox_bytes random_some(random_wire *random) {
  return random_bytes(random, random_below(random, STRING_MAX), false);
}

static ox_entry_id random_entry_id(random_wire *random) {
  static const char dll[] = "emsmdb.dll";
  static const uint16_t folder_types[] = {1, 3, 5, 12}, message_types[] = {7, 9, 11};
  ox_entry_id id;
  memset(&id, 0, sizeof id);
  id.kind = (uint8_t)random_below(random, OX_ENTRY_ID_WRAPPED + 1);
  id.provider_uid = random_guid(random);
  switch (id.kind) {
    case OX_ENTRY_ID_FOLDER:
      id.u.folder.folder_type = folder_types[random_below(random, 4)];
      id.u.folder.database_guid = random_guid(random);
      id.u.folder.global_counter[3] = (uint8_t)random_next(random);
      id.u.folder.pad = (uint16_t)random_next(random);
      break;
    case OX_ENTRY_ID_MESSAGE:
      id.u.message.message_type = message_types[random_below(random, 3)];
      id.u.message.folder_database_guid = random_guid(random);
      id.u.message.message_database_guid = random_guid(random);
      id.u.message.message_global_counter[5] = (uint8_t)random_next(random);
      break;
    case OX_ENTRY_ID_STORE:
      id.provider_uid = OX_PROVIDER_STORE;
      id.u.store.dll_file_name = random_str8(random);
      id.u.store.flag = (uint8_t)random_next(random);
      if (random_below(random, 2) != 0) {
        id.u.store.dll_file_name = ox_str8_from(dll);
        id.u.store.wrapped_type = random_below(random, 2) != 0 ? 0x0C : 0x06;
        id.u.store.wrapped_provider_uid = random_guid(random);
        id.u.store.server_shortname = random_str8(random);
        if (id.u.store.wrapped_type == 0x0C) id.u.store.mailbox_dn = random_str8(random);
      }
      id.u.store.rest = random_some(random);
      break;
    case OX_ENTRY_ID_ADDRESS_BOOK:
      id.provider_uid = OX_PROVIDER_ADDRESS_BOOK;
      id.u.address_book.version = 1;
      id.u.address_book.type = random_below(random, 8);
      id.u.address_book.x500dn = random_str8(random);
      break;
    case OX_ENTRY_ID_EPHEMERAL:
      id.flags[0] = 0x87;
      id.u.ephemeral.type = (uint32_t)random_next(random);
      id.u.ephemeral.minimal_id = (uint32_t)random_next(random);
      break;
    case OX_ENTRY_ID_ONE_OFF: {
      id.provider_uid = OX_PROVIDER_ONE_OFF;
      id.u.one_off.flags = (uint16_t)random_next(random);
      bool unicode = (id.u.one_off.flags & OX_ONE_OFF_UNICODE) != 0;
      id.u.one_off.display_name = random_text(random, unicode);
      id.u.one_off.address_type = random_text(random, unicode);
      id.u.one_off.email_address = random_text(random, unicode);
      break;
    }
    case OX_ENTRY_ID_CONTACT:
    case OX_ENTRY_ID_PERSONAL_LIST:
      id.provider_uid = OX_PROVIDER_CONTACT;
      id.u.contact.version = 3;
      id.u.contact.type = id.kind == OX_ENTRY_ID_CONTACT ? 4 : 5;
      id.u.contact.index = random_below(random, 6);
      id.u.contact.entry_id = random_some(random);
      id.u.contact.rest = random_some(random);
      break;
    case OX_ENTRY_ID_WRAPPED:
      id.provider_uid = OX_PROVIDER_WRAPPED;
      id.u.wrapped.type = (uint8_t)random_next(random);
      id.u.wrapped.entry_id = random_some(random);
      break;
    default: id.u.unknown.data = random_some(random);
  }
  return id;
}

static ox_xid random_xid(random_wire *random, uint32_t number) {
  ox_xid xid = {random_guid(random), (uint8_t)(1 + random_below(random, 8)), {0}};
  /* In the order of the wire, which starts with the low byte. */
  xid.namespace_guid.data1 = (xid.namespace_guid.data1 & 0xFFFFFF00u) | number;
  for (unsigned i = 0; i < xid.local_id_bytes; i++) xid.local_id[i] = (uint8_t)random_next(random);
  return xid;
}

static ox_flat_entry_list random_entry_list(random_wire *random) {
  ox_flat_entry_list list = {random_below(random, SMALL), NULL, false};
  list.entry_ids = allocate(random, list.count, sizeof *list.entry_ids);
  for (uint32_t i = 0; i < list.count; i++) {
    list.entry_ids[i] = random_bytes(random, 1 + random_below(random, STRING_MAX), false);
  }
  return list;
}

static void random_address_list(random_wire *random, ox_address_list *out) {
  out->address_count = random_below(random, SMALL);
  out->addresses = allocate(random, out->address_count, sizeof *out->addresses);
  for (uint32_t i = 0; i < out->address_count; i++) {
    ox_address_entry *entry = &out->addresses[i];
    entry->property_count = random_below(random, SMALL);
    entry->values = allocate(random, entry->property_count, sizeof *entry->values);
    for (uint32_t k = 0; k < entry->property_count; k++) {
      entry->values[k] = random_property(random);
    }
  }
}

/* Identifiers and lists of them; false for another type. */
static bool random_identifier(random_wire *random, const char *name, void *out) {
  if (strcmp(name, "ox_entry_id") == 0) {
    *(ox_entry_id *)out = random_entry_id(random);
  } else if (strcmp(name, "ox_xid") == 0) {
    *(ox_xid *)out = random_xid(random, 0);
  } else if (strcmp(name, "ox_pcl") == 0) {
    ox_pcl *pcl = out;
    pcl->count = random_below(random, SMALL);
    pcl->xids = allocate(random, pcl->count, sizeof *pcl->xids);
    for (uint32_t i = 0; i < pcl->count; i++) pcl->xids[i] = random_xid(random, i);
  } else if (strcmp(name, "ox_server_id") == 0) {
    ox_server_id *id = out;
    id->ours = (uint8_t)random_below(random, 2);
    if (id->ours == 1) {
      id->folder_id = random_next(random);
      id->message_id = random_next(random);
      id->instance = (uint32_t)random_next(random);
    } else {
      id->client_data = random_some(random);
    }
  } else if (strcmp(name, "ox_flat_entry_list") == 0) {
    *(ox_flat_entry_list *)out = random_entry_list(random);
  } else if (strcmp(name, "ox_address_list") == 0) {
    random_address_list(random, out);
  } else {
    return false;
  }
  return true;
}

/* Ranges near to each other and far away, at least `min` of them. */
static ox_globset random_globset(random_wire *random, uint32_t min) {
  ox_globset set = {NULL, min + random_below(random, 4 * SMALL), 0, NULL};
  set.ranges = allocate(random, set.count, sizeof *set.ranges);
  uint64_t at = random_below(random, 3);
  for (size_t i = 0; i < set.count; i++) {
    unsigned bits = 1 + 4 * random_below(random, 10); /* twenty times 2^37 fit into 48 bits */
    at += 2 + random_next(random) % (UINT64_C(1) << bits);
    set.ranges[i].low = at;
    at += random_below(random, 2) * random_below(random, 12);
    set.ranges[i].high = at;
  }
  return set;
}

static ox_idset random_idset(random_wire *random, uint8_t form) {
  ox_idset set;
  ox_idset_init(&set, form, NULL);
  set.count = random_below(random, SMALL);
  set.entries = allocate(random, set.count, sizeof *set.entries);
  for (size_t i = 0; i < set.count; i++) {
    ox_idset_entry *entry = &set.entries[i];
    if (form == OX_IDSET_REPLID) {
      entry->replica.replid = (uint16_t)(i * 256 + random_below(random, 256));
    } else {
      entry->replica.replguid = random_guid(random);
      entry->replica.replguid.data1 = (uint32_t)i + 1;
    }
    entry->ids = random_globset(random, 1);
  }
  return set;
}

static void random_hand(random_wire *random, const ox_wire_field *field, const void *base,
                        void *out) {
  const char *name = field->hand->name;
  if (strcmp(name, "ox_property") == 0) {
    *(ox_property *)out = random_property(random);
  } else if (strcmp(name, "ox_extended_exceptions") == 0) {
    *(ox_extended_exceptions *)out = random_extended(random, base);
  } else if (strcmp(name, "ox_restriction") == 0) {
    *(ox_restriction *)out = random_restriction(random, RESTRICTION_DEPTH);
  } else if (strcmp(name, "ox_rule_actions") == 0) {
    *(ox_rule_actions *)out = random_actions(random, field->hand_width);
  } else if (strcmp(name, "ox_sort_order_set") == 0) {
    ox_sort_order_set *set = out;
    set->sort_order_count = (uint16_t)random_below(random, SMALL);
    set->categorized_count = (uint16_t)random_below(random, set->sort_order_count + 1u);
    set->expanded_count = (uint16_t)random_below(random, set->categorized_count + 1u);
    set->sort_orders = allocate(random, set->sort_order_count, sizeof *set->sort_orders);
    for (unsigned i = 0; i < set->sort_order_count; i++) {
      set->sort_orders[i].property_tag = random_tag(random);
      static const uint8_t orders[] = {OX_SORT_ASCENDING, OX_SORT_DESCENDING,
                                       OX_SORT_MAXIMUM_CATEGORY};
      set->sort_orders[i].order = orders[random_below(random, 3)];
    }
  } else if (strcmp(name, "ox_property_name") == 0) {
    ox_property_name *property_name = out;
    property_name->kind = (uint8_t)random_below(random, 2);
    property_name->guid = random_guid(random);
    if (property_name->kind == OX_NAME_KIND_LID) {
      property_name->lid = (uint32_t)random_next(random);
    } else {
      property_name->name = random_str16(random);
    }
  } else if (strcmp(name, "ox_property_problem") == 0) {
    ox_property_problem *problem = out;
    problem->index = (uint16_t)random_next(random);
    problem->property_tag = random_tag(random);
    problem->error_code = OX_E_NOT_FOUND;
  } else if (strcmp(name, "ox_ft_stream") == 0) {
    ox_ft_stream *stream = out;
    random_ftstream made = {.budget = 10, .unusual = true, .value_max = 40};
    ox_writer_init(&made.bytes, NULL, 1 << 20);
    ox_writer_init(&made.cuts, NULL, 1 << 20);
    stream->root = (uint8_t)(1 + random_below(random, OX_FT_ROOT_LAST));
    random_ftstream_make(&made, stream->root, (uint32_t)random_next(random));
    stream->bytes = (ox_bytes){allocate(random, made.bytes.size_bytes, 1), made.bytes.size_bytes};
    if (made.bytes.size_bytes != 0) {
      memcpy((uint8_t *)stream->bytes.data, made.bytes.data, made.bytes.size_bytes);
    }
    ox_writer_dispose(&made.bytes);
    ox_writer_dispose(&made.cuts);
  } else if (strcmp(name, "ox_globset") == 0) {
    *(ox_globset *)out = random_globset(random, 0);
  } else if (strcmp(name, "ox_idset") == 0) {
    uint8_t form =
        field->hand->hooks == &ox_idset_replid_hooks ? OX_IDSET_REPLID : OX_IDSET_REPLGUID;
    *(ox_idset *)out = random_idset(random, form);
  } else if (strcmp(name, "ox_ab_row") == 0) {
    const uint8_t *bytes = base;
    *(ox_ab_row *)out =
        random_ab_row(random, *(const ox_proptag *const *)(bytes + field->columns_offset),
                      (size_t)ox_wire_number(base, field->maximum_kind, field->maximum_offset));
  } else {
    if (!random_identifier(random, name, out)) abort(); /* a type that has no generator yet */
  }
}

/* Whether an array counts with the member at this offset. */
static bool is_count(const ox_wire_struct *structure, size_t offset) {
  for (size_t i = 0; i < structure->field_count; i++) {
    const ox_wire_field *field = &structure->fields[i];
    if (field->count_kind != 0 && field->count_offset == offset) return true;
  }
  return false;
}

/* Whether a view stands at the offset that the member holds: the bytes there would have to fit. */
static bool is_view(const ox_wire_struct *structure, size_t offset) {
  for (size_t i = 0; i < structure->field_count; i++) {
    const ox_wire_field *field = &structure->fields[i];
    if ((field->flags & OX_WIRE_VIEW) != 0 && field->count_offset == offset) return true;
  }
  return false;
}

/* Half of the time a number that some condition asks for, so that every branch is taken. */
static uint64_t random_number(random_wire *random, const ox_wire_struct *structure,
                              const ox_wire_field *field, const void *base) {
  uint64_t value = random_next(random);
  if (is_count(structure, field->offset)) value = random_below(random, SMALL);
  if (is_view(structure, field->offset)) return 0;
  for (size_t i = 0; i < structure->field_count; i++) {
    const ox_wire_field *head = &structure->fields[i];
    for (unsigned t = 0; head->kind == OX_WIRE_IF && t < head->term_count; t++) {
      const ox_wire_term *term = &head->terms[t];
      if (term->kind == OX_WIRE_CONTEXT || term->offset != field->offset) continue;
      if (random_below(random, 3) != 0) continue;
      /* A count that makes the array absent. */
      if (is_count(structure, field->offset) && !term->negated) continue;
      uint64_t number = term->numbers[random_below(random, term->count)];
      value = (value & ~(uint64_t)term->mask) | number;
      if (term->mask == 0xFFFFFFFFu) value = number;
    }
  }
  if (field->allowed_count != 0) value = field->allowed[random_below(random, field->allowed_count)];
  if (field->maximum_kind != 0) {
    value %= ox_wire_number(base, field->maximum_kind, field->maximum_offset) + 1;
  }
  if (field->maximum != 0) value %= (uint64_t)field->maximum + 1;
  if (field->kind == OX_WIRE_BOOL8) value = value >> 7 & 1;
  return value;
}

static ox_bytes random_rows(random_wire *random, uint32_t count) {
  ox_writer w;
  ox_writer_init(&w, NULL, 1 << 20);
  for (uint32_t i = 0; i < count; i++) {
    size_t columns = random->context.column_count;
    ox_ab_row row = random_ab_row(random, random->context.columns, columns);
    ox_property_row_encode(&w, random->context.columns, columns, OX_COUNT_16, row.values);
  }
  if (w.status != OX_OK) abort();
  ox_bytes rows = {ox_arena_copy(random->arena, w.data, w.size_bytes), w.size_bytes};
  ox_writer_dispose(&w);
  return rows;
}

static void random_one(random_wire *random, const ox_wire_struct *structure,
                       const ox_wire_field *field, const void *base, void *at) {
  if (ox_wire_integer_bytes(field->kind) != 0) {
    uint64_t value = random_number(random, structure, field, base);
    if (field->kind == OX_WIRE_TAG) value = random_tag(random);
    ox_wire_set_number(at, field->kind, 0, value);
    return;
  }
  switch (field->kind) {
    case OX_WIRE_GUID: *(ox_guid *)at = random_guid(random); break;
    case OX_WIRE_ZSTR8: *(ox_str8 *)at = random_str8(random); break;
    case OX_WIRE_ZSTR16: *(ox_str16 *)at = random_str16(random); break;
    case OX_WIRE_STRUCT: random_struct(random, field->structure, at); break;
    default: random_hand(random, field, base, at);
  }
}

/* Makes the member that ends a series 0 or empty, or not. */
static void set_last(random_wire *random, const ox_wire_term *term, uint8_t *element, bool last) {
  if (term->kind == OX_WIRE_BYTES) {
    ox_bytes bytes = random_bytes(random, last ? 0 : 1 + random_below(random, STRING_MAX), false);
    memcpy(element + term->offset, &bytes, sizeof bytes);
  } else {
    ox_wire_set_number(element, term->kind, term->offset, last ? 0 : 1);
  }
}

/* Elements up to the end of the input, or to one that ends them. */
static void random_rest(random_wire *random, const ox_wire_struct *structure,
                        const ox_wire_field *field, uint8_t *base) {
  uint32_t count = random_below(random, SMALL);
  if (field->term_count != 0) count++;
  uint8_t *at = allocate(random, count, field->element_bytes);
  memcpy(base + field->offset, &at, sizeof at);
  ox_wire_set_number(base, field->count_kind, field->count_offset, count);
  for (uint32_t i = 0; i < count; i++) {
    uint8_t *element = at + (size_t)i * field->element_bytes;
    random_one(random, structure, field, base, element);
    if (field->term_count != 0) set_last(random, field->terms, element, i + 1 == count);
  }
}

static size_t random_length(random_wire *random, const ox_wire_field *field, const void *base) {
  if (field->count_kind != 0 || field->fixed != 0) return ox_wire_count(field, base);
  return random_below(random, 2 * STRING_MAX);
}

static void random_field(random_wire *random, const ox_wire_struct *structure,
                         const ox_wire_field *field, uint8_t *base) {
  uint8_t *member = base + field->offset;
  if ((field->flags & OX_WIRE_VIEW) != 0) {
    memset(member, 0, sizeof(void *));
  } else if (field->kind == OX_WIRE_STR8) {
    ox_bytes bytes = random_bytes(random, random_length(random, field, base), false);
    *(ox_str8 *)member = (ox_str8){(const char *)bytes.data, bytes.size_bytes};
  } else if (field->kind == OX_WIRE_STR16) {
    ox_bytes bytes = random_bytes(random, 2 * random_length(random, field, base), false);
    *(ox_str16 *)member = (ox_str16){bytes.data, bytes.size_bytes};
  } else if ((field->flags & OX_WIRE_REST) != 0 && (field->flags & OX_WIRE_ARRAY) != 0) {
    random_rest(random, structure, field, base);
  } else if (field->kind == OX_WIRE_BYTES) {
    size_t n = random_length(random, field, base);
    ox_bytes bytes = random_bytes(random, n, false);
    if ((field->flags & OX_WIRE_INLINE) != 0) {
      memcpy(member, bytes.data, n);
    } else {
      *(ox_bytes *)member = bytes;
    }
  } else if (field->kind == OX_WIRE_ROWS) {
    *(ox_bytes *)member = random_rows(random, ox_wire_count(field, base));
  } else if ((field->flags & OX_WIRE_ARRAY) != 0) {
    uint32_t count = ox_wire_count(field, base);
    uint8_t *at = member;
    if ((field->flags & OX_WIRE_INLINE) == 0) {
      at = allocate(random, count, field->element_bytes);
      memcpy(member, &at, sizeof at);
    }
    for (uint32_t i = 0; i < count; i++) {
      random_one(random, structure, field, base, at + (size_t)i * field->element_bytes);
    }
  } else if ((field->flags & OX_WIRE_POINTER) != 0) {
    void *at = NULL;
    if (field->width == 0 || random_below(random, 3) != 0) {
      at = allocate(random, 1, field->element_bytes);
      random_one(random, structure, field, base, at);
    }
    memcpy(member, &at, sizeof at);
  } else {
    random_one(random, structure, field, base, member);
  }
}

void random_struct(random_wire *random, const ox_wire_struct *structure, void *out) {
  for (size_t i = 0; i < structure->field_count;) {
    const ox_wire_field *field = &structure->fields[i++];
    if (field->kind == OX_WIRE_SIZED) continue;
    if (field->kind == OX_WIRE_IF) {
      if (!ox_wire_condition(field, out, random->context.public_logon)) i += field->span;
      continue;
    }
    random_field(random, structure, field, out);
  }
}
