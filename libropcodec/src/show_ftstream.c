/* FastTransfer streams: dump, JSON. */
#include "show.h"

#include <inttypes.h>
#include <string.h>

#include <oxkit/ropcodec/ftinfo.h>
#include <oxkit/ropcodec/property_info.h>

#include "ftstream_internal.h"

/* The tag that the writer would give a property with this one. */
static ox_proptag usual_tag(ox_proptag tag) {
  return tag == OX_MetaTagIdsetGiven ? OX_PROPTAG_AS(tag, OX_PTYP_INTEGER32) : tag;
}

/* The structure that a binary value is, by its place. */
static const ox_wire_struct *structure_of(const ox_ft_event *event) {
  if (event->property.tag == OX_MetaTagNewFXFolder) return &ox_ft_folder_replica_info_wire;
  if (event->property.tag != OX_PROPTAG(0, OX_PTYP_BINARY)) return NULL;
  switch (event->element) {
    case OX_FT_GROUP_INFO: return &ox_ft_property_group_info_wire;
    case OX_FT_PROGRESS_TOTAL: return &ox_ft_progress_information_wire;
    case OX_FT_ERROR_INFO: return &ox_ft_extended_error_info_wire;
    default: return NULL;
  }
}

static void dump_structure(ox_writer *w, ox_arena *arena, unsigned indent,
                           const ox_ft_event *event) {
  const ox_wire_struct *structure = structure_of(event);
  if (structure == NULL) return;
  ox_reader r;
  ox_reader_init(&r, event->property.value.binary.data, event->property.value.binary.size_bytes);
  r.base_offset = event->offset + 8;
  ox_wire_dump(structure, &r, arena, NULL, indent, w);
}

static void dump_name(ox_writer *w, ox_arena *arena, const ox_property_name *name) {
  ox_property_info info;
  if (ox_property_info_by_property_name(name, &info)) ox_dump_format(w, " %s", info.name);
  ox_write_text(w, " {");
  ox_dump_guid(w, &name->guid);
  if (name->kind == OX_NAME_KIND_LID) {
    ox_dump_format(w, ", 0x%04" PRIX32 "}", name->lid);
  } else {
    ox_write_text(w, ", ");
    ox_dump_str16(w, arena, name->name);
    ox_write_text(w, "}");
  }
}

static void dump_property(ox_writer *w, ox_arena *arena, unsigned indent,
                          const ox_ft_event *event) {
  const char *name = ox_ft_tag_name(event->property.tag);
  ox_dump_format(w, "0x%08" PRIX32, event->wire_tag);
  if (event->name != NULL) {
    dump_name(w, arena, event->name);
  } else if (name != NULL) {
    ox_dump_format(w, " %s", name);
  }
  ox_write_text(w, " = ");
  ox_dump_value(w, arena, OX_COUNT_32, OX_PROPTAG_TYPE(event->property.tag),
                &event->property.value);
  const bool is_tag = event->property.tag == OX_MetaTagFXDelProp;
  name = is_tag ? ox_ft_tag_name((ox_proptag)event->property.value.i32) : NULL;
  if (name != NULL) ox_dump_format(w, " %s", name);
  ox_write_text(w, "\n");
  dump_structure(w, arena, indent + 9, event);
}

static void stream_dump(ox_writer *w, ox_arena *arena, unsigned indent, unsigned width,
                        const void *in) {
  (void)width;
  const ox_ft_stream *stream = in;
  ox_arena scratch;
  ox_ft_parser parser;
  ox_ft_event event;
  ox_status status;
  unsigned depth = indent;
  ox_dump_format(w, "%zu bytes\n", stream->bytes.size_bytes);
  ox_arena_init(&scratch, arena->allocator, arena->max_bytes);
  ox_ft_parser_init_whole(&parser, stream->root, stream->bytes, &scratch, OX_FT_LENIENT);
  while ((status = ox_ft_parser_next(&parser, &event, NULL)) == OX_OK &&
         event.kind != OX_FT_EVENT_END && w->status == OX_OK) {
    switch (event.kind) {
      case OX_FT_EVENT_ENTER:
        ox_dump_format(w, "%*s%s\n", (int)depth, "", ox_ft_element_name(event.element));
        depth += 2;
        break;
      case OX_FT_EVENT_LEAVE:
        depth -= 2;
        if ((event.flags & OX_FT_ABORTED) != 0) {
          ox_dump_format(w, "%*s(%s was given up)\n", (int)depth, "",
                         ox_ft_element_name(event.element));
        }
        break;
      default:
        ox_dump_format(w, "%*s%04" PRIX64 "  ", (int)depth, "", event.offset);
        if (event.kind == OX_FT_EVENT_MARKER) {
          ox_dump_format(w, "%s\n", ox_ft_marker_name(event.marker));
        } else {
          dump_property(w, &scratch, depth, &event);
        }
    }
    ox_arena_reset(&scratch);
  }
  if (status != OX_OK) ox_writer_fail(w, status);
  ox_ft_parser_dispose(&parser);
  ox_arena_dispose(&scratch);
}

/* {"root": ..., "items": [{"in": ELEMENT, "marker": NAME} or {"in": ELEMENT, "tag": ..., "value":
 * ...}]}, in the order of the stream; "in" and "name" are for people. */

static void put_property(ox_json_writer *j, const ox_ft_event *event) {
  const char *name = ox_ft_tag_name(event->property.tag);
  ox_json_key(j, "tag");
  ox_json_put_tag(j, event->property.tag);
  if (event->wire_tag != usual_tag(event->property.tag)) {
    ox_json_key(j, "wire_tag");
    ox_json_put_tag(j, event->wire_tag);
  }
  if (event->name != NULL) {
    ox_json_key(j, "property_name");
    ox_property_name_hooks.to_json(j, OX_COUNT_32, event->name);
  } else if (name != NULL) {
    ox_json_key(j, "name");
    ox_json_put_ascii(j, name);
  }
  ox_json_key(j, "value");
  ox_json_put_value(j, OX_COUNT_32, OX_PROPTAG_TYPE(event->property.tag), &event->property.value);
  if (event->data.size_bytes != 0) {
    ox_json_key(j, "bytes");
    ox_json_put_bytes(j, event->data.data, event->data.size_bytes);
  }
}

static void stream_to_json(ox_json_writer *j, unsigned width, const void *in) {
  (void)width;
  const ox_ft_stream *stream = in;
  ox_arena arena;
  ox_ft_parser parser;
  ox_ft_event event;
  ox_status status;
  ox_arena_init(&arena, j->w->allocator, 0);
  ox_ft_parser_init_whole(&parser, stream->root, stream->bytes, &arena, OX_FT_LENIENT);
  ox_json_begin(j, '{');
  ox_json_key(j, "root");
  ox_json_put_ascii(j, ox_ft_element_name(stream->root));
  ox_json_key(j, "items");
  ox_json_begin(j, '[');
  while ((status = ox_ft_parser_next(&parser, &event, NULL)) == OX_OK &&
         event.kind != OX_FT_EVENT_END && j->w->status == OX_OK) {
    if (event.kind != OX_FT_EVENT_MARKER && event.kind != OX_FT_EVENT_PROPERTY) continue;
    ox_json_begin(j, '{');
    ox_json_key(j, "in");
    ox_json_put_ascii(j, ox_ft_element_name(event.element));
    if (event.kind == OX_FT_EVENT_MARKER) {
      ox_json_key(j, "marker");
      ox_json_put_ascii(j, ox_ft_marker_name(event.marker));
    } else {
      put_property(j, &event);
    }
    ox_json_end(j, '}');
    ox_arena_reset(&arena);
  }
  ox_json_end(j, ']');
  ox_json_end(j, '}');
  if (status != OX_OK) ox_writer_fail(j->w, status);
  ox_ft_parser_dispose(&parser);
  ox_arena_dispose(&arena);
}

/* A text that is a name; "" when it is none. */
static const char *get_word(const ox_json_value *json, char word[64]) {
  word[0] = 0;
  if (json != NULL && json->type == OX_JSON_TEXT && json->text.size_bytes < 64) {
    memcpy(word, json->text.data, json->text.size_bytes);
    word[json->text.size_bytes] = 0;
  }
  return word;
}

static void get_property(ox_json_reader *r, const ox_json_value *json, ox_property_name *name,
                         ox_ft_event *event) {
  const ox_json_value *wire_tag = ox_json_member(r, json, "wire_tag");
  const ox_json_value *property_name = ox_json_member(r, json, "property_name");
  const ox_json_value *bytes = ox_json_member(r, json, "bytes");
  event->kind = OX_FT_EVENT_PROPERTY;
  event->property.tag = ox_json_tag(r, ox_json_need(r, json, "tag"));
  if (wire_tag != NULL) event->wire_tag = ox_json_tag(r, wire_tag);
  if (property_name != NULL) {
    memset(name, 0, sizeof *name);
    ox_property_name_hooks.from_json(r, property_name, OX_COUNT_32, name);
    event->name = name;
  }
  ox_json_member(r, json, "name");
  const ox_json_value *value = ox_json_need(r, json, "value");
  if (r->status == OX_OK) {
    event->property.value =
        ox_json_get_value(r, value, OX_COUNT_32, OX_PROPTAG_TYPE(event->property.tag));
  }
  if (bytes != NULL) event->data = ox_json_bytes(r, bytes);
}

static void get_item(ox_json_reader *r, const ox_json_value *json, ox_ft_writer *writer,
                     ox_writer *out) {
  char word[64];
  ox_ft_event event;
  ox_property_name name;
  memset(&event, 0, sizeof event);
  const ox_json_value *marker = ox_json_member(r, json, "marker");
  ox_json_member(r, json, "in");
  if (marker != NULL) {
    event.kind = OX_FT_EVENT_MARKER;
    event.marker = ox_ft_marker_by_name(get_word(marker, word));
    if (event.marker == 0) ox_json_fail(r, marker, OX_E_MALFORMED, "There is no such marker.");
  } else {
    get_property(r, json, &name, &event);
  }
  ox_json_close(r, json);
  if (r->status != OX_OK) return;
  ox_error err = {.status = OX_OK};
  ox_status status = ox_ft_writer_put(writer, out, &event, &err);
  if (status != OX_OK) ox_json_fail(r, json, status, "%s", err.text);
}

static void stream_from_json(ox_json_reader *r, const ox_json_value *json, unsigned width,
                             void *out) {
  (void)width;
  ox_ft_stream *stream = out;
  char word[64];
  uint32_t count;
  const ox_json_value *root = ox_json_need(r, json, "root");
  const ox_json_value *items = ox_json_need(r, json, "items");
  ox_json_close(r, json);
  const unsigned element = ox_ft_element_by_name(get_word(root, word));
  if (root != NULL && (element == 0 || element > OX_FT_ROOT_LAST)) {
    ox_json_fail(r, root, OX_E_MALFORMED, "There is no such root.");
  }
  const ox_json_value *item = ox_json_items(r, items, &count);
  if (r->status != OX_OK) return;
  ox_ft_options options = OX_FT_OPTIONS_INIT;
  options.flags = OX_FT_LENIENT;
  ox_ft_writer writer;
  ox_writer bytes;
  ox_error err = {.status = OX_OK};
  ox_ft_writer_init(&writer, element, &options, NULL, NULL);
  ox_writer_init(&bytes, r->arena->allocator, r->arena->max_bytes);
  for (; item != NULL && r->status == OX_OK; item = item->next) get_item(r, item, &writer, &bytes);
  if (r->status == OX_OK && ox_ft_writer_finish(&writer, &err) != OX_OK) {
    ox_json_fail(r, items, err.status, "%s", err.text);
  }
  stream->root = (uint8_t)element;
  stream->bytes.size_bytes = bytes.size_bytes;
  if (bytes.size_bytes != 0) {
    stream->bytes.data = ox_arena_copy(r->arena, bytes.data, bytes.size_bytes);
    if (stream->bytes.data == NULL) ox_json_fail(r, json, OX_E_NO_MEMORY, "No memory.");
  }
  ox_writer_dispose(&bytes);
}

const ox_wire_hooks ox_ft_stream_hooks = {stream_dump, stream_to_json, stream_from_json};
