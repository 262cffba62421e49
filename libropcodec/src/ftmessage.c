/* ox_message from and to FastTransfer streams. */
#include <oxkit/ropcodec/ftmessage.h>

#include <string.h>

#include "ftstream_internal.h"

/* Reading. */

struct ox_ft_builder {
  const ox_allocator *allocator;
  ox_ft_message_options options;
  ox_message *levels[OX_FT_MESSAGE_DEPTH_MAX]; /* the message, and those embedded around here */
  unsigned depth;
  uint32_t recipients;
  uint32_t attachments;
  uint64_t start; /* offset of the message in the stream */
  bool started;
  ox_proptag large_tag; /* of the value that comes in pieces; 0: none that is kept */
  uint16_t large_wire_type;
  uint8_t large_element;
  ox_writer large;
};

ox_ft_builder *ox_ft_builder_new(const ox_allocator *allocator,
                                 const ox_ft_message_options *options) {
  static const ox_ft_message_options defaults = OX_FT_MESSAGE_OPTIONS_INIT;
  ox_ft_builder *builder = ox_calloc(allocator, 1, sizeof *builder);
  if (builder == NULL) return NULL;
  builder->allocator = allocator;
  builder->options = options != NULL ? *options : defaults;
  ox_writer_init(&builder->large, allocator, SIZE_MAX / 2);
  builder->levels[0] = ox_message_new(allocator);
  builder->depth = 1;
  if (builder->levels[0] == NULL) {
    ox_ft_builder_free(builder);
    return NULL;
  }
  return builder;
}

void ox_ft_builder_free(ox_ft_builder *builder) {
  if (builder == NULL) return;
  ox_writer_dispose(&builder->large);
  ox_message_free(builder->levels[0]);
  ox_free(builder->allocator, builder);
}

ox_message *ox_ft_builder_take(ox_ft_builder *builder) {
  ox_message *next = ox_message_new(builder->allocator);
  if (next == NULL) return NULL;
  ox_message *message = builder->levels[0];
  builder->levels[0] = next;
  builder->depth = 1;
  builder->recipients = 0;
  builder->attachments = 0;
  builder->started = false;
  builder->large_tag = 0;
  return message;
}

static ox_message *current(ox_ft_builder *builder) {
  return builder->levels[builder->depth - 1];
}

/* The bag that properties of this element go into; NULL when they are not the message's. */
static ox_propbag *bag_of(ox_ft_builder *builder, unsigned element) {
  ox_message *message = current(builder);
  switch (element) {
    case OX_FT_MESSAGE_CONTENT:
    case OX_FT_MESSAGE_CHANGE_FULL:
    case OX_FT_MESSAGE_CHANGE_HEADER:
    case OX_FT_MESSAGE_CHANGE_PARTIAL: return &message->properties;
    case OX_FT_RECIPIENT:
      if (message->recipient_count == 0) return NULL;
      return &message->recipients[message->recipient_count - 1].properties;
    case OX_FT_ATTACHMENT:
    case OX_FT_ATTACHMENT_CONTENT:
      if (message->attachment_count == 0) return NULL;
      return &message->attachments[message->attachment_count - 1].properties;
    default: return NULL;
  }
}

static bool is_meta(ox_proptag wire_tag) {
  switch (OX_PROPTAG_ID(wire_tag)) {
    case 0:
    case OX_MetaTagDnPrefix >> 16:
    case OX_MetaTagEcWarning >> 16:
    case OX_MetaTagNewFXFolder >> 16:
    case OX_MetaTagFXDelProp >> 16:
    case OX_MetaTagIncrementalSyncMessagePartial >> 16:
    case OX_MetaTagIncrSyncGroupId >> 16: return true;
    default: return false;
  }
}

/* The tag that the property has in the message; 0 when there is no memory for its name. */
static ox_proptag own_tag(ox_message *message, const ox_ft_event *event) {
  if (event->name == NULL) return event->property.tag;
  const uint16_t id = ox_message_name_id(message, event->name);
  return id != 0 ? OX_PROPTAG(id, OX_PROPTAG_TYPE(event->property.tag)) : 0;
}

/* 8-bit text of a known code page as PtypString; text with a zero inside stays what it is. */
static ox_status set_string8(ox_propbag *bag, ox_proptag tag, ox_str8 text, uint32_t codepage) {
  const ox_value value = {.string8 = text};
  if (text.size_bytes != 0 && memchr(text.data, 0, text.size_bytes) != NULL) {
    return ox_propbag_set(bag, tag, &value);
  }
  char *utf8 = NULL;
  ox_status status = ox_str8_to_utf8(bag->arena, text, codepage, &utf8);
  if (status == OX_E_UNKNOWN_CODEPAGE) return ox_propbag_set(bag, tag, &value);
  if (status != OX_OK) return status;
  return ox_propbag_set_utf8(bag, OX_PROPTAG_AS(tag, OX_PTYP_STRING), utf8);
}

/* Sets a property whose tag is the message's own. */
static ox_status set_value(ox_propbag *bag, ox_proptag tag, uint16_t wire_type,
                           const ox_value *value) {
  if (OX_PROPTAG_TYPE(tag) == OX_PTYP_STRING8 && (wire_type & OX_PTYP_CODE_PAGE) != 0) {
    return set_string8(bag, tag, value->string8, wire_type & ~OX_PTYP_CODE_PAGE);
  }
  return ox_propbag_set(bag, tag, value);
}

/* Text of the message that came in pieces, or would if it were written, is a large value. */
static ox_status set_and_outsource(ox_ft_builder *builder, ox_propbag *bag, ox_proptag tag,
                                   uint16_t wire_type, const ox_value *value) {
  ox_message *message = current(builder);
  ox_status status = set_value(bag, tag, wire_type, value);
  if (status != OX_OK || bag != &message->properties) return status;
  const ox_property *property = ox_propbag_find(bag, OX_PROPTAG_ID(tag));
  if (OX_PROPTAG_TYPE(property->tag) != OX_PTYP_STRING ||
      property->value.string.size_bytes + 2 <= OX_FT_SMALL_MAX_BYTES) {
    return OX_OK;
  }
  const ox_proptag large_tag = property->tag;
  ox_source *source = ox_source_from_bytes(builder->allocator, property->value.string.data,
                                           property->value.string.size_bytes, true);
  if (source == NULL) return OX_E_NO_MEMORY;
  ox_propbag_remove(bag, OX_PROPTAG_ID(tag));
  return ox_message_set_large(message, large_tag, source);
}

static ox_status begin_large(ox_ft_builder *builder, const ox_ft_event *event) {
  builder->large_tag = 0;
  if (is_meta(event->wire_tag) || bag_of(builder, event->element) == NULL) return OX_OK;
  builder->large_tag = own_tag(current(builder), event);
  builder->large_wire_type = OX_PROPTAG_TYPE(event->wire_tag);
  builder->large_element = event->element;
  ox_writer_reset(&builder->large);
  return builder->large_tag != 0 ? OX_OK : OX_E_NO_MEMORY;
}

/* Where the whole value belongs: a source, or the bag. */
static ox_status end_large(ox_ft_builder *builder, const ox_ft_event *event) {
  const ox_proptag tag = builder->large_tag;
  const uint16_t type = OX_PROPTAG_TYPE(tag);
  ox_message *message = current(builder);
  ox_propbag *bag = bag_of(builder, builder->large_element);
  if (tag == 0 || bag == NULL) return OX_OK;
  builder->large_tag = 0;
  ox_bytes bytes = ox_writer_bytes(&builder->large);
  if ((event->flags & OX_FT_UNTERMINATED) == 0) {
    bytes.size_bytes -= ox_ft_terminator_bytes(builder->large_wire_type);
  }
  const bool is_content = OX_PROPTAG_ID(tag) == OX_PROPTAG_ID(OX_PidTagAttachDataBinary) &&
                          bag != &message->properties && type != OX_PTYP_STRING8;
  if (is_content || (bag == &message->properties && type != OX_PTYP_STRING8)) {
    ox_source *source =
        ox_source_from_bytes(builder->allocator, bytes.data, bytes.size_bytes, true);
    if (source == NULL) return OX_E_NO_MEMORY;
    if (!is_content) return ox_message_set_large(message, tag, source);
    ox_attachment *attachment = &message->attachments[message->attachment_count - 1];
    if (attachment->source != NULL) attachment->source->free(attachment->source);
    attachment->source = source;
    return OX_OK;
  }
  ox_value value = {.binary = bytes};
  if (type == OX_PTYP_STRING) {
    value.string.data = bytes.data;
    value.string.size_bytes = bytes.size_bytes;
  } else if (type == OX_PTYP_STRING8) {
    value.string8.data = (const char *)bytes.data;
    value.string8.size_bytes = bytes.size_bytes;
  }
  return set_and_outsource(builder, bag, tag, builder->large_wire_type, &value);
}

static ox_status add_property(ox_ft_builder *builder, const ox_ft_event *event) {
  ox_propbag *bag = is_meta(event->wire_tag) ? NULL : bag_of(builder, event->element);
  if (bag == NULL) return OX_OK;
  const ox_proptag tag = own_tag(current(builder), event);
  if (tag == 0) return OX_E_NO_MEMORY;
  return set_and_outsource(builder, bag, tag, OX_PROPTAG_TYPE(event->wire_tag),
                           &event->property.value);
}

static ox_status enter(ox_ft_builder *builder, unsigned element) {
  ox_message *message = current(builder);
  switch (element) {
    case OX_FT_RECIPIENT:
      if (builder->recipients++ >= builder->options.recipient_max_count) return OX_E_LIMIT;
      return ox_message_add_recipient(message) != NULL ? OX_OK : OX_E_NO_MEMORY;
    case OX_FT_ATTACHMENT:
      if (builder->attachments++ >= builder->options.attachment_max_count) return OX_E_LIMIT;
      return ox_message_add_attachment(message) != NULL ? OX_OK : OX_E_NO_MEMORY;
    case OX_FT_EMBEDDED_MESSAGE: {
      if (message->attachment_count == 0) return OX_OK;
      if (builder->depth == OX_FT_MESSAGE_DEPTH_MAX) return OX_E_LIMIT;
      ox_message *embedded = ox_message_new(builder->allocator);
      if (embedded == NULL) return OX_E_NO_MEMORY;
      message->attachments[message->attachment_count - 1].embedded = embedded;
      builder->levels[builder->depth++] = embedded;
      return OX_OK;
    }
    default: return OX_OK;
  }
}

static ox_status add(ox_ft_builder *builder, const ox_ft_event *event) {
  if (!builder->started) {
    builder->started = true;
    builder->start = event->offset;
  }
  if (event->offset - builder->start > builder->options.stream_max_bytes) return OX_E_LIMIT;
  switch (event->kind) {
    case OX_FT_EVENT_ENTER: return enter(builder, event->element);
    case OX_FT_EVENT_LEAVE:
      if (event->element == OX_FT_EMBEDDED_MESSAGE && builder->depth > 1) builder->depth--;
      return OX_OK;
    case OX_FT_EVENT_PROPERTY: return add_property(builder, event);
    case OX_FT_EVENT_VALUE_BEGIN: return begin_large(builder, event);
    case OX_FT_EVENT_VALUE_DATA:
      if (builder->large_tag == 0) return OX_OK;
      ox_write_bytes(&builder->large, event->data.data, event->data.size_bytes);
      return ox_writer_status(&builder->large);
    case OX_FT_EVENT_VALUE_END: return end_large(builder, event);
    default: return OX_OK;
  }
}

ox_status ox_ft_builder_add(ox_ft_builder *builder, const ox_ft_event *event, ox_error *err) {
  ox_status status = add(builder, event);
  if (status != OX_OK) {
    ox_error_set(err, status, NULL);
    if (err != NULL) {
      err->offset = event->offset;
      err->field = ox_ft_element_name(event->element);
      err->spec = "[MS-OXCFXICS] 2.2.4.3.16";
    }
  }
  return status;
}

ox_status ox_ft_aux_bytes(const ox_ft_extended_error_info *info, ox_bytes *out) {
  const uint32_t before = ox_ft_extended_error_info_wire.min_bytes;
  out->data = NULL;
  out->size_bytes = 0;
  if (info->aux_bytes_count == 0) return OX_OK;
  if (info->aux_bytes_offset < before || info->aux_bytes_offset - before > info->rest.size_bytes ||
      info->aux_bytes_count > info->rest.size_bytes - (info->aux_bytes_offset - before)) {
    return OX_E_MALFORMED;
  }
  out->data = info->rest.data + (info->aux_bytes_offset - before);
  out->size_bytes = info->aux_bytes_count;
  return OX_OK;
}

/* What an errorInfo says; OX_OK while it has said nothing. */
static ox_status error_of(const ox_ft_event *event, ox_arena *arena, ox_error *err) {
  ox_reader r;
  ox_ft_extended_error_info info;
  if (event->kind == OX_FT_EVENT_LEAVE) return ox_error_set(err, OX_E_CALL_FAILED, NULL);
  if (event->kind != OX_FT_EVENT_PROPERTY || event->property.tag != OX_PROPTAG(0, OX_PTYP_BINARY)) {
    return OX_OK;
  }
  ox_reader_init(&r, event->property.value.binary.data, event->property.value.binary.size_bytes);
  ox_status status = ox_ft_extended_error_info_decode(&r, arena, &info);
  if (status == OX_OK) status = ox_status_from_peer(info.error_code, err);
  if (!ox_failed(status)) status = OX_E_CALL_FAILED;
  ox_error_set(err, status, "the stream has an errorInfo in place of the rest");
  if (err != NULL) err->offset = event->offset;
  return status;
}

ox_status ox_ft_message_read(ox_bytes stream, const ox_ft_message_options *options,
                             const ox_allocator *allocator, ox_message **message_out,
                             ox_error *err) {
  ox_ft_options parser_options = OX_FT_OPTIONS_INIT;
  if (options != NULL) parser_options.flags = options->flags & OX_FT_LENIENT;
  *message_out = NULL;
  ox_ft_builder *builder = ox_ft_builder_new(allocator, options);
  if (builder == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  ox_arena arena;
  ox_ft_parser parser;
  ox_ft_event event;
  ox_arena_init(&arena, allocator, 0);
  ox_ft_parser_init(&parser, OX_FT_MESSAGE_CONTENT, &arena, &parser_options);
  ox_ft_parser_feed(&parser, stream.data, stream.size_bytes);
  ox_ft_parser_end(&parser);
  ox_status status;
  do {
    status = ox_ft_parser_next(&parser, &event, err);
    if (status != OX_OK || event.kind == OX_FT_EVENT_END) break;
    if (event.element == OX_FT_ERROR_INFO) {
      status = error_of(&event, &arena, err);
    } else {
      status = ox_ft_builder_add(builder, &event, err);
    }
    if (arena.used_bytes != 0) ox_arena_reset(&arena);
  } while (status == OX_OK);
  if (status == OX_OK) {
    *message_out = ox_ft_builder_take(builder);
    if (*message_out == NULL) status = ox_error_set(err, OX_E_NO_MEMORY, NULL);
  }
  ox_ft_parser_dispose(&parser);
  ox_arena_dispose(&arena);
  ox_ft_builder_free(builder);
  return status;
}

/* Writing. */

enum {
  P_MID,
  P_PROPERTIES,
  P_LARGE_VALUES,
  P_DEL_RECIPIENTS,
  P_RECIPIENT, /* the first of those of one recipient */
  P_ROWID,
  P_RECIPIENT_PROPERTIES,
  P_DEL_ATTACHMENTS,
  P_ATTACHMENT, /* the first of those of one attachment */
  P_ATTACH_NUMBER,
  P_ATTACHMENT_PROPERTIES,
  P_ATTACHMENT_CONTENT,
  P_EMBEDDED,
  P_END_EMBEDDED,
  P_END_ATTACHMENT,
  P_END
};

/* Property types of OLE attachments' content. [MS-OXCMSG] 2.2.2.9: afOle */
enum { ATTACH_OLE = 6 };

void ox_ft_message_cursor_init(ox_ft_message_cursor *cursor, const ox_message *message,
                               uint32_t flags) {
  cursor->depth = 1;
  cursor->flags = flags;
  cursor->levels[0].message = message;
  cursor->levels[0].phase = P_MID;
  cursor->levels[0].item = 0;
  cursor->levels[0].property = 0;
}

static ox_status give_marker(ox_ft_event *event, uint32_t marker) {
  event->kind = OX_FT_EVENT_MARKER;
  event->marker = marker;
  return OX_OK;
}

static ox_status give_property(ox_ft_event *event, const ox_message *message, ox_proptag tag,
                               const ox_value *value, ox_error *err) {
  event->kind = OX_FT_EVENT_PROPERTY;
  event->property.tag = tag;
  event->property.value = *value;
  if (OX_PROPTAG_ID(tag) < 0x8000) return OX_OK;
  event->name = ox_message_name(message, OX_PROPTAG_ID(tag));
  return event->name != NULL ? OX_OK
                             : ox_error_set(err, OX_E_USAGE, "a property id without a name");
}

/* A number that must be there: the bag's, or the position. */
static ox_status give_number(ox_ft_event *event, const ox_propbag *bag, ox_proptag tag,
                             size_t position, ox_error *err) {
  const ox_value value = {.i32 = ox_propbag_i32(bag, tag, (int32_t)position)};
  return give_property(event, NULL, tag, &value, err);
}

static ox_status give_source(ox_ft_event *event, const ox_message *message, ox_proptag tag,
                             ox_source *source, ox_error *err) {
  const ox_value none = {.binary = {NULL, 0}};
  ox_status status = give_property(event, message, tag, &none, err);
  event->kind = OX_FT_EVENT_VALUE_BEGIN;
  event->source = source;
  return status;
}

/* The next property of a bag but one, which stands elsewhere; NULL behind the last. */
static const ox_property *next_property(const ox_propbag *bag, size_t *at, ox_proptag but) {
  while (*at < bag->count) {
    const ox_property *property = &bag->items[(*at)++];
    const uint16_t type = OX_PROPTAG_TYPE(property->tag);
    if (property->tag != but && type != OX_PTYP_ERROR_CODE && type != OX_PTYP_NULL) {
      return property;
    }
  }
  return NULL;
}

static ox_status give_del_prop(ox_ft_event *event, ox_proptag of, ox_error *err) {
  const ox_value value = {.i32 = (int32_t)of};
  return give_property(event, NULL, OX_MetaTagFXDelProp, &value, err);
}

/* One phase of a level: gives an event, or moves on without one (kind stays NEED_DATA). */
static ox_status step(ox_ft_message_cursor *cursor, ox_ft_event *event, ox_error *err) {
  const unsigned depth = cursor->depth - 1;
  const ox_message *message = cursor->levels[depth].message;
  const size_t item = cursor->levels[depth].item;
  size_t *property = &cursor->levels[depth].property;
  uint8_t *phase = &cursor->levels[depth].phase;
  const bool del_props = depth == 0 && (cursor->flags & OX_FT_MESSAGE_DEL_PROPS) != 0;
  const ox_attachment *attachment = *phase >= P_ATTACHMENT && item < message->attachment_count
                                        ? &message->attachments[item]
                                        : NULL;
  const ox_property *next;
  switch (*phase) {
    case P_MID: {
      const ox_value *mid = ox_propbag_get(&message->properties, OX_PidTagMid);
      *phase = P_PROPERTIES;
      return mid != NULL ? give_property(event, message, OX_PidTagMid, mid, err) : OX_OK;
    }
    case P_PROPERTIES:
      next = next_property(&message->properties, property, OX_PidTagMid);
      if (next != NULL) return give_property(event, message, next->tag, &next->value, err);
      *property = 0;
      *phase = P_LARGE_VALUES;
      return OX_OK;
    case P_LARGE_VALUES:
      if (*property < message->large_value_count) {
        const ox_large_value *large = &message->large_values[(*property)++];
        return give_source(event, message, large->tag, large->source, err);
      }
      *phase = P_DEL_RECIPIENTS;
      return OX_OK;
    case P_DEL_RECIPIENTS:
      *phase = P_RECIPIENT;
      return del_props ? give_del_prop(event, OX_PidTagMessageRecipients, err) : OX_OK;
    case P_RECIPIENT:
      if (item == message->recipient_count) {
        cursor->levels[depth].item = 0;
        *phase = P_DEL_ATTACHMENTS;
        return OX_OK;
      }
      *phase = P_ROWID;
      return give_marker(event, OX_FT_START_RECIP);
    case P_ROWID:
      *property = 0;
      *phase = P_RECIPIENT_PROPERTIES;
      return give_number(event, &message->recipients[item].properties, OX_PidTagRowid, item, err);
    case P_RECIPIENT_PROPERTIES:
      next = next_property(&message->recipients[item].properties, property, OX_PidTagRowid);
      if (next != NULL) return give_property(event, message, next->tag, &next->value, err);
      cursor->levels[depth].item++;
      *phase = P_RECIPIENT;
      return give_marker(event, OX_FT_END_TO_RECIP);
    case P_DEL_ATTACHMENTS:
      *phase = P_ATTACHMENT;
      return del_props ? give_del_prop(event, OX_PidTagMessageAttachments, err) : OX_OK;
    case P_ATTACHMENT:
      if (attachment == NULL) {
        *phase = P_END;
        return OX_OK;
      }
      *phase = P_ATTACH_NUMBER;
      return give_marker(event, OX_FT_NEW_ATTACH);
    case P_ATTACH_NUMBER:
      *property = 0;
      *phase = P_ATTACHMENT_PROPERTIES;
      return give_number(event, &attachment->properties, OX_PidTagAttachNumber, item, err);
    case P_ATTACHMENT_PROPERTIES:
      next = next_property(&attachment->properties, property, OX_PidTagAttachNumber);
      if (next != NULL) return give_property(event, message, next->tag, &next->value, err);
      *phase = P_ATTACHMENT_CONTENT;
      return OX_OK;
    case P_ATTACHMENT_CONTENT:
      *phase = P_EMBEDDED;
      if (attachment->source == NULL) return OX_OK;
      return give_source(
          event, message,
          ox_propbag_i32(&attachment->properties, OX_PidTagAttachMethod, 0) == ATTACH_OLE
              ? OX_PidTagAttachDataObject
              : OX_PidTagAttachDataBinary,
          attachment->source, err);
    case P_EMBEDDED:
      *phase = attachment->embedded != NULL ? P_END_EMBEDDED : P_END_ATTACHMENT;
      if (attachment->embedded == NULL) return OX_OK;
      if (cursor->depth == OX_FT_MESSAGE_DEPTH_MAX) return ox_error_set(err, OX_E_LIMIT, NULL);
      cursor->levels[cursor->depth].message = attachment->embedded;
      cursor->levels[cursor->depth].phase = P_MID;
      cursor->levels[cursor->depth].item = 0;
      cursor->levels[cursor->depth].property = 0;
      cursor->depth++;
      return give_marker(event, OX_FT_START_EMBED);
    case P_END_EMBEDDED: *phase = P_END_ATTACHMENT; return give_marker(event, OX_FT_END_EMBED);
    case P_END_ATTACHMENT:
      cursor->levels[depth].item++;
      *phase = P_ATTACHMENT;
      return give_marker(event, OX_FT_END_ATTACH);
    default:
      if (cursor->depth > 1) {
        cursor->depth--;
      } else {
        event->kind = OX_FT_EVENT_END;
      }
      return OX_OK;
  }
}

ox_status ox_ft_message_next(void *cursor, ox_ft_event *event, ox_error *err) {
  memset(event, 0, sizeof *event);
  ox_status status;
  do {
    status = step(cursor, event, err);
  } while (status == OX_OK && event->kind == OX_FT_EVENT_NEED_DATA);
  return status;
}

ox_status ox_ft_message_write(const ox_message *message, const ox_ft_message_options *options,
                              ox_writer *out, ox_error *err) {
  ox_ft_message_cursor cursor;
  ox_ft_writer writer;
  ox_ft_event event;
  ox_ft_message_cursor_init(&cursor, message, options != NULL ? options->flags : 0);
  ox_ft_writer_init(&writer, OX_FT_MESSAGE_CONTENT, NULL, NULL, NULL);
  for (;;) {
    ox_status status = ox_ft_message_next(&cursor, &event, err);
    if (status != OX_OK) return status;
    if (event.kind == OX_FT_EVENT_END) return ox_ft_writer_finish(&writer, err);
    status = ox_ft_writer_put(&writer, out, &event, err);
    if (status != OX_OK) return status;
  }
}
