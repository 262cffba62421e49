/* Rule actions. @spec [MS-OXORULE] 2.2.5 */
#include <oxkit/ropcodec/ruleaction.h>

#include <string.h>

#include "value.h"

/* Type, flavor, flags; and a tagged value of PtypNull. */
enum { LEAST_BLOCK_BYTES = 9, LEAST_TAGGED_VALUE_BYTES = 4 };

static ox_bytes read_sized(ox_reader *r, unsigned width) {
  return ox_read_bytes(r, ox_read_count(r, width, 1, 0));
}

static void decode_recipient(ox_reader *r, ox_arena *arena, unsigned width,
                             ox_recipient_block *out) {
  out->reserved = ox_read_u8(r);
  out->property_count = ox_read_count(r, width, LEAST_TAGGED_VALUE_BYTES, 0);
  out->properties = ox_decode_properties(r, arena, width, out->property_count);
}

static void decode_forward(ox_reader *r, ox_arena *arena, unsigned width, ox_rule_action *out) {
  uint32_t count = ox_read_count(r, width, 1 + (size_t)width, 0);
  uint32_t capacity = 0;
  for (uint32_t i = 0; i < count && ox_reader_ok(r); i++) {
    ox_recipient_block *recipients =
        ox_grow_array(r, arena, out->u.forward.recipients, &capacity, i, count, sizeof *recipients);
    if (recipients == NULL) return;
    out->u.forward.recipients = recipients;
    decode_recipient(r, arena, width, &recipients[i]);
    out->u.forward.recipient_count = i + 1;
  }
}

static void decode_reply(ox_reader *r, unsigned width, ox_rule_action *out) {
  if (width == OX_COUNT_16) {
    out->u.reply.template_fid = ox_read_u64(r);
    out->u.reply.template_mid = ox_read_u64(r);
  } else {
    out->u.reply.message_eid = read_sized(r, width);
  }
  ox_read_guid(r, &out->u.reply.template_guid);
}

static void decode_data(ox_reader *r, ox_arena *arena, unsigned width, ox_rule_action *out) {
  switch (out->action_type) {
    case OX_ACTION_MOVE:
    case OX_ACTION_COPY:
      if (width == OX_COUNT_16) out->u.move.folder_in_this_store = ox_read_bool8(r);
      out->u.move.store_eid = read_sized(r, width);
      out->u.move.folder_eid = read_sized(r, width);
      break;
    case OX_ACTION_REPLY:
    case OX_ACTION_OOF_REPLY: decode_reply(r, width, out); break;
    case OX_ACTION_DEFER: out->u.defer.data = ox_read_bytes(r, ox_reader_remaining(r)); break;
    case OX_ACTION_BOUNCE: out->u.bounce.bounce_code = ox_read_u32(r); break;
    case OX_ACTION_FORWARD:
    case OX_ACTION_DELEGATE: decode_forward(r, arena, width, out); break;
    case OX_ACTION_TAG: ox_property_decode(r, arena, width, &out->u.tag.property); break;
    case OX_ACTION_DELETE:
    case OX_ACTION_MARK_AS_READ: break;
    default: ox_reader_fail(r, OX_E_MALFORMED, "ActionType", "[MS-OXORULE] 2.2.5.1"); break;
  }
}

static void decode_block(ox_reader *r, ox_arena *arena, unsigned width, ox_rule_action *out) {
  ox_reader part;
  ox_reader_part(r, ox_read_count(r, width, 1, 0), &part);
  out->action_type = ox_read_u8(&part);
  out->action_flavor = ox_read_u32(&part);
  out->action_flags = ox_read_u32(&part);
  if (ox_reader_ok(&part)) decode_data(&part, arena, width, out);
  ox_reader_close(r, &part);
}

ox_status ox_rule_actions_decode(ox_reader *r, ox_arena *arena, unsigned width,
                                 ox_rule_actions *out) {
  memset(out, 0, sizeof *out);
  if (!ox_width_is_valid(width)) return ox_reader_fail(r, OX_E_USAGE, NULL, NULL);
  if (!ox_reader_enter(r)) return ox_reader_status(r, NULL);
  uint32_t count = ox_read_count(r, width, LEAST_BLOCK_BYTES + (size_t)width, 0);
  uint32_t capacity = 0;
  for (uint32_t i = 0; i < count && ox_reader_ok(r); i++) {
    out->actions = ox_grow_array(r, arena, out->actions, &capacity, i, count, sizeof *out->actions);
    if (out->actions != NULL) decode_block(r, arena, width, &out->actions[i]);
  }
  out->action_count = count;
  ox_reader_leave(r);
  if (!ox_reader_ok(r)) memset(out, 0, sizeof *out);
  return ox_reader_status(r, NULL);
}

static void write_sized(ox_writer *w, unsigned width, ox_bytes bytes) {
  ox_write_count(w, width, bytes.size_bytes);
  ox_write_bytes(w, bytes.data, bytes.size_bytes);
}

static void encode_forward(ox_writer *w, unsigned width, const ox_rule_action *in) {
  ox_write_count(w, width, in->u.forward.recipient_count);
  for (uint32_t i = 0; i < in->u.forward.recipient_count && w->status == OX_OK; i++) {
    const ox_recipient_block *block = &in->u.forward.recipients[i];
    ox_write_u8(w, block->reserved);
    ox_write_count(w, width, block->property_count);
    for (uint32_t k = 0; k < block->property_count; k++) {
      ox_property_encode(w, width, &block->properties[k]);
    }
  }
}

static void encode_data(ox_writer *w, unsigned width, const ox_rule_action *in) {
  switch (in->action_type) {
    case OX_ACTION_MOVE:
    case OX_ACTION_COPY:
      if (width == OX_COUNT_16) ox_write_bool8(w, in->u.move.folder_in_this_store);
      write_sized(w, width, in->u.move.store_eid);
      write_sized(w, width, in->u.move.folder_eid);
      break;
    case OX_ACTION_REPLY:
    case OX_ACTION_OOF_REPLY:
      if (width == OX_COUNT_16) {
        ox_write_u64(w, in->u.reply.template_fid);
        ox_write_u64(w, in->u.reply.template_mid);
      } else {
        write_sized(w, width, in->u.reply.message_eid);
      }
      ox_write_guid(w, &in->u.reply.template_guid);
      break;
    case OX_ACTION_DEFER:
      ox_write_bytes(w, in->u.defer.data.data, in->u.defer.data.size_bytes);
      break;
    case OX_ACTION_BOUNCE: ox_write_u32(w, in->u.bounce.bounce_code); break;
    case OX_ACTION_FORWARD:
    case OX_ACTION_DELEGATE: encode_forward(w, width, in); break;
    case OX_ACTION_TAG: ox_property_encode(w, width, &in->u.tag.property); break;
    case OX_ACTION_DELETE:
    case OX_ACTION_MARK_AS_READ: break;
    default: ox_writer_fail(w, OX_E_USAGE); break;
  }
}

void ox_rule_actions_encode(ox_writer *w, unsigned width, const ox_rule_actions *in) {
  if (in == NULL || !ox_width_is_valid(width)) {
    ox_writer_fail(w, OX_E_USAGE);
    return;
  }
  ox_write_count(w, width, in->action_count);
  for (uint32_t i = 0; i < in->action_count && w->status == OX_OK; i++) {
    const ox_rule_action *action = &in->actions[i];
    size_t mark = ox_writer_reserve(w, width);
    ox_write_u8(w, action->action_type);
    ox_write_u32(w, action->action_flavor);
    ox_write_u32(w, action->action_flags);
    encode_data(w, width, action);
    ox_writer_patch_length(w, mark, width);
  }
}

static ox_status clone_bytes(ox_arena *arena, ox_bytes *bytes) {
  if (bytes->size_bytes == 0) return OX_OK;
  bytes->data = ox_arena_copy(arena, bytes->data, bytes->size_bytes);
  return bytes->data != NULL ? OX_OK : OX_E_NO_MEMORY;
}

static ox_status clone_properties(ox_arena *arena, const ox_property *in, uint32_t count,
                                  ox_property **out) {
  *out = ox_arena_calloc(arena, count, sizeof **out);
  if (*out == NULL) return OX_E_NO_MEMORY;
  for (uint32_t i = 0; i < count; i++) {
    (*out)[i].tag = in[i].tag;
    ox_status status =
        ox_value_clone(arena, OX_PROPTAG_TYPE(in[i].tag), &in[i].value, &(*out)[i].value);
    if (status != OX_OK) return status;
  }
  return OX_OK;
}

static ox_status clone_forward(ox_arena *arena, const ox_rule_action *in, ox_rule_action *out) {
  const uint32_t count = in->u.forward.recipient_count;
  out->u.forward.recipients = ox_arena_calloc(arena, count, sizeof *out->u.forward.recipients);
  if (out->u.forward.recipients == NULL) return OX_E_NO_MEMORY;
  for (uint32_t i = 0; i < count; i++) {
    out->u.forward.recipients[i] = in->u.forward.recipients[i];
    ox_status status = clone_properties(arena, in->u.forward.recipients[i].properties,
                                        in->u.forward.recipients[i].property_count,
                                        &out->u.forward.recipients[i].properties);
    if (status != OX_OK) return status;
  }
  return OX_OK;
}

/* *out is a plain copy of *in so far. */
static ox_status clone_data(ox_arena *arena, const ox_rule_action *in, ox_rule_action *out) {
  ox_status status;
  switch (in->action_type) {
    case OX_ACTION_MOVE:
    case OX_ACTION_COPY:
      status = clone_bytes(arena, &out->u.move.store_eid);
      return status == OX_OK ? clone_bytes(arena, &out->u.move.folder_eid) : status;
    case OX_ACTION_REPLY:
    case OX_ACTION_OOF_REPLY: return clone_bytes(arena, &out->u.reply.message_eid);
    case OX_ACTION_DEFER: return clone_bytes(arena, &out->u.defer.data);
    case OX_ACTION_FORWARD:
    case OX_ACTION_DELEGATE: return clone_forward(arena, in, out);
    case OX_ACTION_TAG:
      return ox_value_clone(arena, OX_PROPTAG_TYPE(in->u.tag.property.tag),
                            &in->u.tag.property.value, &out->u.tag.property.value);
    default: return OX_OK;
  }
}

ox_status ox_rule_actions_clone(ox_arena *arena, const ox_rule_actions *in, ox_rule_actions *out) {
  ox_rule_actions copy = {in->action_count, NULL};
  copy.actions = ox_arena_calloc(arena, in->action_count, sizeof *copy.actions);
  if (copy.actions == NULL) return OX_E_NO_MEMORY;
  for (uint32_t i = 0; i < in->action_count; i++) {
    copy.actions[i] = in->actions[i];
    ox_status status = clone_data(arena, &in->actions[i], &copy.actions[i]);
    if (status != OX_OK) return status;
  }
  *out = copy;
  return OX_OK;
}
