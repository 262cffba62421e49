/* Writing FastTransfer streams, cut into buffers. @spec [MS-OXCFXICS] 2.2.4.1 */
#include "ftstream_internal.h"

#include <string.h>

#include <oxkit/ropcodec/cursor.h>

#include "utf.h"
#include "value.h"

enum { TAG_BYTES = 4, LENGTH_BYTES = 4, GUID_BYTES = 16, KIND_BYTES = 1, LID_BYTES = 4 };

/* What of an item comes next. Between two of them a buffer may end, and anywhere inside DATA. */
enum {
  AT_HEADER, /* marker or propDef */
  AT_COUNT,  /* of a multi-value */
  AT_LENGTH, /* of variable data */
  AT_DATA,   /* variable data, or a fixedSizeValue */
  AT_END
};

void ox_ft_writer_init(ox_ft_writer *writer, unsigned root, const ox_ft_options *options,
                       ox_ft_next next, void *user) {
  writer->bytes_written = 0;
  writer->steps_done = 0;
  writer->steps_total = 0;
  ox_ft_grammar_init(&writer->grammar, root, options != NULL ? options->flags : 0);
  writer->next = next;
  writer->user = user;
  writer->has_item = false;
  writer->in_value = false;
  writer->data_due = 0;
  writer->status = OX_OK;
}

/* Bytes of a fixed-size value or element; 0 for variable ones. The type has no OX_PTYP_MULTIPLE. */
static size_t fixed_width(uint16_t type) {
  switch (type) {
    case OX_PTYP_INTEGER16:
    case OX_PTYP_BOOLEAN: return 2;
    case OX_PTYP_INTEGER32:
    case OX_PTYP_FLOATING32:
    case OX_PTYP_ERROR_CODE: return 4;
    case OX_PTYP_FLOATING64:
    case OX_PTYP_FLOATING_TIME:
    case OX_PTYP_CURRENCY:
    case OX_PTYP_INTEGER64:
    case OX_PTYP_TIME: return 8;
    case OX_PTYP_GUID: return GUID_BYTES;
    default: return 0;
  }
}

static void put_fixed(uint8_t *p, uint16_t type, const ox_value *value) {
  uint32_t bits32;
  uint64_t bits64;
  switch (type) {
    case OX_PTYP_INTEGER16: ox_cursor_put16(p, (uint16_t)value->i16); break;
    case OX_PTYP_BOOLEAN: ox_cursor_put16(p, value->boolean ? 1 : 0); break;
    case OX_PTYP_INTEGER32: ox_cursor_put32(p, (uint32_t)value->i32); break;
    case OX_PTYP_ERROR_CODE: ox_cursor_put32(p, value->error); break;
    case OX_PTYP_FLOATING32:
      memcpy(&bits32, &value->f32, sizeof bits32);
      ox_cursor_put32(p, bits32);
      break;
    case OX_PTYP_FLOATING64:
    case OX_PTYP_FLOATING_TIME:
      memcpy(&bits64, &value->f64, sizeof bits64);
      ox_cursor_put64(p, bits64);
      break;
    case OX_PTYP_TIME: ox_cursor_put64(p, value->time); break;
    case OX_PTYP_GUID: ox_guid_to_wire(&value->guid, p); break;
    default: ox_cursor_put64(p, (uint64_t)value->i64); break;
  }
}

static bool is_string(uint16_t type) {
  return type == OX_PTYP_STRING || type == OX_PTYP_STRING8;
}

static ox_bytes variable_bytes(uint16_t type, const ox_value *value) {
  ox_bytes bytes = value->binary;
  if (type == OX_PTYP_STRING) {
    bytes.data = value->string.data;
    bytes.size_bytes = value->string.size_bytes;
  } else if (type == OX_PTYP_STRING8) {
    bytes.data = (const uint8_t *)value->string8.data;
    bytes.size_bytes = value->string8.size_bytes;
  }
  return bytes;
}

/* Checks of an item. */

static ox_status usage(ox_error *err, const char *text) {
  return ox_error_set(err, OX_E_USAGE, text);
}

static ox_status check_name(const ox_property_name *name, ox_error *err) {
  if (name == NULL) return usage(err, "a property id from 0x8000 needs a name");
  if (name->kind == OX_NAME_KIND_LID) return OX_OK;
  if (name->kind != OX_NAME_KIND_STRING) return usage(err, "a property name without a kind");
  if (name->name.size_bytes > OX_FT_NAME_MAX_BYTES) return ox_error_set(err, OX_E_LIMIT, NULL);
  if (name->name.size_bytes % 2 != 0 ||
      ox_utf16_find_zero(name->name.data, name->name.size_bytes / 2) != name->name.size_bytes / 2) {
    return usage(err, "a property name with a zero inside");
  }
  return OX_OK;
}

static bool is_known(uint16_t type) {
  const uint16_t single = type & (uint16_t)~OX_PTYP_MULTIPLE;
  if ((type & OX_PTYP_MULTIPLE) != 0) {
    return single != OX_PTYP_BOOLEAN && single != OX_PTYP_ERROR_CODE &&
           (fixed_width(single) != 0 || is_string(single) || single == OX_PTYP_BINARY);
  }
  return fixed_width(type) != 0 || is_string(type) || type == OX_PTYP_BINARY ||
         type == OX_PTYP_OBJECT || type == OX_PTYP_SERVER_ID;
}

/* Completes wire_tag, and finds out whether it goes with the property's own tag. */
static ox_status check_tag(ox_ft_event *item, ox_error *err) {
  const ox_proptag tag = item->property.tag;
  const uint16_t type = OX_PROPTAG_TYPE(tag);
  if (!is_known(type)) return ox_error_set(err, OX_E_UNKNOWN_TYPE, NULL);
  if (item->wire_tag == 0) {
    item->wire_tag = tag == OX_MetaTagIdsetGiven ? OX_PROPTAG_AS(tag, OX_PTYP_INTEGER32) : tag;
  }
  const uint16_t wire_type = OX_PROPTAG_TYPE(item->wire_tag);
  const bool fits =
      (wire_type & OX_PTYP_CODE_PAGE) != 0
          ? type == (wire_type == (OX_PTYP_CODE_PAGE | OX_CODEPAGE_UTF16LE) ? OX_PTYP_STRING
                                                                            : OX_PTYP_STRING8)
          : wire_type == type || tag == OX_MetaTagIdsetGiven;
  if (!fits || OX_PROPTAG_ID(tag) != OX_PROPTAG_ID(item->wire_tag)) {
    return usage(err, "a wire tag that does not go with the property");
  }
  if (item->wire_tag == OX_PROPTAG_AS(OX_MetaTagIdsetGiven, OX_PTYP_INTEGER32) &&
      type != OX_PTYP_BINARY) {
    return usage(err, "MetaTagIdsetGiven is a binary");
  }
  if (ox_ft_is_marker(item->wire_tag)) return usage(err, "a marker cannot have a value");
  return OX_PROPTAG_ID(tag) >= 0x8000 ? check_name(item->name, err) : OX_OK;
}

static ox_status check_size(uint64_t size, uint16_t type, size_t terminator, ox_error *err) {
  if (type == OX_PTYP_STRING && size % 2 != 0) return usage(err, "half a character");
  return size > UINT32_MAX - terminator ? ox_error_set(err, OX_E_LIMIT, NULL) : OX_OK;
}

static ox_status check_value(const ox_ft_event *item, ox_error *err) {
  const uint16_t type = OX_PROPTAG_TYPE(item->property.tag);
  const uint16_t single = type & (uint16_t)~OX_PTYP_MULTIPLE;
  const size_t terminator = ox_ft_terminator_bytes(OX_PROPTAG_TYPE(item->wire_tag));
  if (item->kind == OX_FT_EVENT_VALUE_BEGIN) {
    if ((type & OX_PTYP_MULTIPLE) != 0 || fixed_width(type) != 0) {
      return usage(err, "only strings and binaries come in pieces");
    }
    return item->source != NULL ? check_size(item->source->size_bytes, type, terminator, err)
                                : check_size(item->value_bytes, type, 0, err);
  }
  if (fixed_width(single) != 0) return OX_OK;
  if ((type & OX_PTYP_MULTIPLE) == 0) {
    return check_size(variable_bytes(type, &item->property.value).size_bytes, type, terminator,
                      err);
  }
  for (uint32_t i = 0; i < item->property.value.multiple.count; i++) {
    const ox_value element = ox_value_element(single, &item->property.value, i);
    ox_status status = check_size(variable_bytes(single, &element).size_bytes, single,
                                  ox_ft_terminator_bytes(single), err);
    if (status != OX_OK) return status;
  }
  return OX_OK;
}

/* Bytes that are copied in place of the value must have its shape. */
static ox_status check_copy(const ox_ft_event *item, ox_error *err) {
  const uint16_t type = OX_PROPTAG_TYPE(item->property.tag);
  const size_t width = fixed_width(type & (uint16_t)~OX_PTYP_MULTIPLE);
  const ox_bytes *copy = &item->data;
  if (copy->size_bytes == 0) return OX_OK;
  bool fits = copy->size_bytes >= LENGTH_BYTES;
  if ((type & OX_PTYP_MULTIPLE) == 0) {
    fits = width != 0 ? copy->size_bytes == width
                      : fits && copy->size_bytes - LENGTH_BYTES == ox_cursor_get32(copy->data);
  } else if (fits) {
    const uint32_t count = ox_cursor_get32(copy->data);
    size_t at = LENGTH_BYTES;
    for (uint32_t i = 0; i < count && fits; i++) {
      size_t size = width;
      if (width == 0) {
        fits = copy->size_bytes - at >= LENGTH_BYTES;
        if (!fits) break;
        size = ox_cursor_get32(copy->data + at);
        at += LENGTH_BYTES;
      }
      fits = copy->size_bytes - at >= size;
      at += size;
    }
    fits = fits && at == copy->size_bytes && count == item->property.value.multiple.count;
  }
  return fits ? OX_OK : usage(err, "bytes that are no value of this type");
}

static bool is_step(unsigned element) {
  return element == OX_FT_MESSAGE || element == OX_FT_MESSAGE_CHANGE_FULL ||
         element == OX_FT_MESSAGE_CHANGE_PARTIAL || element == OX_FT_FOLDER_CHANGE ||
         element == OX_FT_TOP_FOLDER || element == OX_FT_SUB_FOLDER ||
         element == OX_FT_SUB_FOLDER_NO_DEL_PROPS;
}

/* What the grammar says about the item; the writer's own mistakes are OX_E_USAGE. */
static ox_status check_grammar(ox_ft_writer *writer, uint32_t tag, bool is_end, ox_error *err) {
  const unsigned token = is_end ? OX_FT_TOKEN_END : ox_ft_token(tag, &writer->item.property.value);
  for (;;) {
    ox_ft_event step;
    step.flags = 0;
    const ox_ft_step result = ox_ft_grammar_offer(&writer->grammar, token, tag, &step, err);
    if (result == OX_FT_STEP_TAKE) return OX_OK;
    if (result == OX_FT_STEP_FAIL) {
      if (err->status != OX_E_LIMIT) err->status = OX_E_USAGE;
      err->offset = writer->bytes_written;
      return err->status;
    }
    if (result == OX_FT_STEP_LEAVE && step.flags == 0 && is_step(step.element)) {
      writer->steps_done++;
    }
  }
}

/* Takes writer->item; a failure stays. */
static ox_status accept(ox_ft_writer *writer) {
  ox_ft_event *item = &writer->item;
  ox_error *err = &writer->error;
  ox_status status = OX_OK;
  writer->phase = AT_HEADER;
  writer->index = 0;
  writer->done = 0;
  writer->copied = 0;
  if (writer->in_value) {
    if (item->kind == OX_FT_EVENT_VALUE_DATA && item->data.size_bytes <= writer->data_due) {
      writer->data_due -= (uint32_t)item->data.size_bytes;
      writer->phase = AT_DATA;
    } else if (item->kind == OX_FT_EVENT_VALUE_END && writer->data_due == 0) {
      writer->in_value = false;
      writer->phase = AT_END;
    } else {
      status = usage(err, "a value in pieces that has not the bytes it said");
    }
  } else if (item->kind == OX_FT_EVENT_MARKER) {
    status = ox_ft_is_marker(item->marker) ? check_grammar(writer, item->marker, false, err)
                                           : usage(err, "no marker");
  } else if (item->kind == OX_FT_EVENT_PROPERTY || item->kind == OX_FT_EVENT_VALUE_BEGIN) {
    status = check_tag(item, err);
    if (status == OX_OK) status = check_value(item, err);
    if (status == OX_OK && item->kind == OX_FT_EVENT_PROPERTY) status = check_copy(item, err);
    if (status == OX_OK) status = check_grammar(writer, item->wire_tag, false, err);
    if (status == OX_OK && item->kind == OX_FT_EVENT_VALUE_BEGIN && item->source == NULL) {
      writer->in_value = true;
      writer->data_due = item->value_bytes;
    }
  } else {
    status = usage(err, "an event that cannot be written");
  }
  if (status != OX_OK) err->offset = writer->bytes_written;
  writer->status = status;
  writer->has_item = status == OX_OK;
  return status;
}

/* Writing. */

typedef struct output {
  uint8_t *at;
  uint8_t *end;
} output;

static size_t room(const output *out) {
  return (size_t)(out->end - out->at);
}

static bool has_name(const ox_ft_event *item) {
  return item->kind != OX_FT_EVENT_MARKER && (item->wire_tag >> 31) != 0;
}

static size_t header_bytes(const ox_ft_event *item) {
  if (!has_name(item)) return TAG_BYTES;
  return TAG_BYTES + GUID_BYTES + KIND_BYTES +
         (item->name->kind == OX_NAME_KIND_LID ? LID_BYTES : item->name->name.size_bytes + 2);
}

static void put_header(uint8_t *p, const ox_ft_event *item) {
  ox_cursor_put32(p, item->kind == OX_FT_EVENT_MARKER ? item->marker : item->wire_tag);
  if (!has_name(item)) return;
  const ox_property_name *name = item->name;
  ox_guid_to_wire(&name->guid, p + TAG_BYTES);
  p += TAG_BYTES + GUID_BYTES;
  *p++ = name->kind;
  if (name->kind == OX_NAME_KIND_LID) {
    ox_cursor_put32(p, name->lid);
    return;
  }
  if (name->name.size_bytes != 0) memcpy(p, name->name.data, name->name.size_bytes);
  ox_cursor_put16(p + name->name.size_bytes, 0);
}

/* Writes what fits of `size` bytes of variable data, `terminator` zeros at their end; writer->done
 * counts both. `data` is NULL for what a source gives. */
static ox_status put_data(ox_ft_writer *writer, const uint8_t *data, size_t size, size_t terminator,
                          output *out) {
  while (writer->done < size && out->at != out->end) {
    size_t n = size - writer->done < room(out) ? size - writer->done : room(out);
    if (data != NULL) {
      memcpy(out->at, data + writer->done, n);
    } else {
      ox_source *source = writer->item.source;
      size_t got = 0;
      ox_status status = source->read_at(source, writer->done, out->at, n, &got, &writer->error);
      if (status == OX_OK && (got == 0 || got > n)) {
        status = ox_error_set(&writer->error, OX_E_IO, "a source is shorter than it said");
      }
      if (status != OX_OK) return writer->status = status;
      n = got;
    }
    out->at += n;
    writer->done += n;
  }
  while (writer->done >= size && writer->done < size + terminator && out->at != out->end) {
    *out->at++ = 0;
    writer->done++;
  }
  return OX_OK;
}

/* The variable data of the item, or of its element writer->index, and its terminator. */
static ox_bytes data_of(const ox_ft_writer *writer, size_t *terminator_out) {
  const ox_ft_event *item = &writer->item;
  const uint16_t type = OX_PROPTAG_TYPE(item->property.tag);
  ox_bytes bytes = {NULL, 0};
  *terminator_out = ox_ft_terminator_bytes(
      OX_PROPTAG_TYPE(item->wire_tag) &
      ((type & OX_PTYP_MULTIPLE) != 0 ? (uint16_t)~OX_PTYP_MULTIPLE : (uint16_t)0xFFFF));
  if (item->kind == OX_FT_EVENT_VALUE_BEGIN) {
    bytes.size_bytes = item->source != NULL ? (size_t)item->source->size_bytes : item->value_bytes;
    if (item->source == NULL) *terminator_out = 0;
  } else if (item->kind == OX_FT_EVENT_VALUE_DATA) {
    bytes = item->data;
    *terminator_out = 0;
  } else if (item->data.size_bytes != 0) {
    bytes.data = item->data.data + writer->copied;
    bytes.size_bytes = ox_cursor_get32(bytes.data - LENGTH_BYTES);
    *terminator_out = 0;
  } else if ((type & OX_PTYP_MULTIPLE) != 0) {
    const uint16_t single = type & (uint16_t)~OX_PTYP_MULTIPLE;
    const ox_value element = ox_value_element(single, &item->property.value, writer->index);
    bytes = variable_bytes(single, &element);
  } else {
    bytes = variable_bytes(type, &item->property.value);
  }
  return bytes;
}

static bool put32(output *out, uint32_t value) {
  if (room(out) < 4) return false;
  ox_cursor_put32(out->at, value);
  out->at += 4;
  return true;
}

/* The length in front of variable data. */
static bool put_length(ox_ft_writer *writer, output *out) {
  if (room(out) < LENGTH_BYTES) return false;
  if (writer->item.kind == OX_FT_EVENT_PROPERTY && writer->item.data.size_bytes != 0) {
    writer->copied += LENGTH_BYTES;
  }
  size_t terminator;
  const ox_bytes data = data_of(writer, &terminator);
  writer->done = 0;
  return put32(out, (uint32_t)(data.size_bytes + terminator));
}

/* The fixed-size value, or the next of a multi-value; false when it does not fit. */
static bool put_fixed_atom(ox_ft_writer *writer, uint16_t single, size_t width, output *out) {
  const ox_ft_event *item = &writer->item;
  if (room(out) < width) return false;
  if (item->data.size_bytes != 0) {
    memcpy(out->at, item->data.data + writer->copied, width);
    writer->copied += width;
  } else if ((OX_PROPTAG_TYPE(item->property.tag) & OX_PTYP_MULTIPLE) != 0) {
    const ox_value element = ox_value_element(single, &item->property.value, writer->index);
    put_fixed(out->at, single, &element);
  } else {
    put_fixed(out->at, single, &item->property.value);
  }
  out->at += width;
  return true;
}

/* Writes what fits of the item; true when that was all. */
static bool put_item(ox_ft_writer *writer, output *out) {
  const ox_ft_event *item = &writer->item;
  const uint16_t type = OX_PROPTAG_TYPE(item->property.tag);
  const bool is_multiple = item->kind == OX_FT_EVENT_PROPERTY && (type & OX_PTYP_MULTIPLE) != 0;
  const uint16_t single = type & (uint16_t)~OX_PTYP_MULTIPLE;
  const size_t width = item->kind == OX_FT_EVENT_PROPERTY ? fixed_width(single) : 0;
  while (writer->phase != AT_END) {
    switch (writer->phase) {
      case AT_HEADER: {
        const size_t size = header_bytes(item);
        if (room(out) < size) return false;
        put_header(out->at, item);
        out->at += size;
        writer->phase = item->kind == OX_FT_EVENT_MARKER ? AT_END
                        : is_multiple                    ? AT_COUNT
                        : width != 0                     ? AT_DATA
                                                         : AT_LENGTH;
        break;
      }
      case AT_COUNT:
        if (!put32(out, item->property.value.multiple.count)) return false;
        if (item->data.size_bytes != 0) writer->copied = LENGTH_BYTES;
        writer->phase = item->property.value.multiple.count == 0 ? AT_END
                        : width != 0                             ? AT_DATA
                                                                 : AT_LENGTH;
        break;
      case AT_LENGTH:
        if (!put_length(writer, out)) return false;
        writer->phase =
            item->kind == OX_FT_EVENT_VALUE_BEGIN && item->source == NULL ? AT_END : AT_DATA;
        break;
      default: {
        if (width != 0) {
          if (!put_fixed_atom(writer, single, width, out)) return false;
        } else {
          size_t terminator;
          const ox_bytes data = data_of(writer, &terminator);
          if (put_data(writer, data.data, data.size_bytes, terminator, out) != OX_OK) return false;
          if (writer->done < data.size_bytes + terminator) return false;
          if (item->kind == OX_FT_EVENT_PROPERTY && item->data.size_bytes != 0) {
            writer->copied += data.size_bytes;
          }
        }
        writer->index++;
        const bool is_last = !is_multiple || writer->index == item->property.value.multiple.count;
        writer->phase = is_last ? AT_END : width != 0 ? AT_DATA : AT_LENGTH;
      }
    }
  }
  return true;
}

/* A short cut for most properties: writes the item whole and true, or nothing when anything about
 * it needs a closer look. */
static bool put_plain(ox_ft_writer *writer, output *out) {
  const ox_ft_event *item = &writer->item;
  const ox_value *value = &item->property.value;
  const ox_proptag tag = item->property.tag;
  const uint16_t type = OX_PROPTAG_TYPE(tag);
  if (item->kind != OX_FT_EVENT_PROPERTY || item->data.size_bytes != 0 || (tag >> 31) != 0 ||
      (item->wire_tag != 0 && item->wire_tag != tag) || writer->in_value) {
    return false;
  }
  const size_t width = fixed_width(type);
  ox_bytes data = {NULL, 0};
  size_t terminator = 0, size = TAG_BYTES + width;
  if (width == 0) {
    switch (type) {
      case OX_PTYP_STRING: terminator = 2; break;
      case OX_PTYP_STRING8: terminator = 1; break;
      case OX_PTYP_BINARY: break;
      default: return false;
    }
    data = variable_bytes(type, value);
    if (data.size_bytes % 2 != 0 && terminator == 2) return false;
    if (data.size_bytes >= room(out)) return false;
    size += LENGTH_BYTES + data.size_bytes + terminator;
  }
  if (size > room(out) || !ox_ft_grammar_take_plain(&writer->grammar, tag)) return false;
  uint8_t *p = out->at;
  ox_cursor_put32(p, tag);
  if (width != 0) {
    put_fixed(p + TAG_BYTES, type, value);
  } else {
    ox_cursor_put32(p + TAG_BYTES, (uint32_t)(data.size_bytes + terminator));
    p += TAG_BYTES + LENGTH_BYTES;
    if (data.size_bytes != 0) memcpy(p, data.data, data.size_bytes);
    if (terminator != 0) p[data.size_bytes] = 0;
    if (terminator == 2) p[data.size_bytes + 1] = 0;
  }
  out->at += size;
  writer->bytes_written += size;
  return true;
}

static ox_status end_of_stream(ox_ft_writer *writer) {
  if (writer->in_value) {
    writer->status = usage(&writer->error, "the stream ends inside a value");
  } else {
    writer->status = check_grammar(writer, 0, true, &writer->error);
  }
  return writer->status;
}

static ox_status report(const ox_ft_writer *writer, ox_error *err) {
  if (writer->status != OX_OK && err != NULL) *err = writer->error;
  return writer->status;
}

ox_status ox_ft_writer_read(ox_ft_writer *writer, void *buffer, size_t capacity_bytes,
                            size_t *size_out, bool *done_out, ox_error *err) {
  output out = {buffer, (uint8_t *)buffer + capacity_bytes};
  bool done = false;
  *size_out = 0;
  *done_out = false;
  while (writer->status == OX_OK && !done) {
    if (!writer->has_item) {
      writer->item.wire_tag = 0;
      writer->item.name = NULL;
      writer->item.data.size_bytes = 0;
      writer->item.source = NULL;
      writer->status = writer->next(writer->user, &writer->item, &writer->error);
      if (writer->status != OX_OK) break;
      if (put_plain(writer, &out)) continue;
      const uint8_t kind = writer->item.kind;
      if (kind == OX_FT_EVENT_NEED_DATA) break;
      if (kind == OX_FT_EVENT_ENTER || kind == OX_FT_EVENT_LEAVE) continue;
      if (kind == OX_FT_EVENT_END) {
        done = end_of_stream(writer) == OX_OK;
        break;
      }
      if (accept(writer) != OX_OK) break;
    }
    uint8_t *before = out.at;
    const bool whole = put_item(writer, &out);
    writer->bytes_written += (uint64_t)(out.at - before);
    if (!whole) break;
    writer->has_item = false;
  }
  if (writer->status != OX_OK) return report(writer, err);
  if (out.at == (uint8_t *)buffer && writer->has_item) {
    return ox_error_set(err, OX_E_LIMIT, "the buffer does not hold the next atom");
  }
  *size_out = (size_t)(out.at - (uint8_t *)buffer);
  *done_out = done;
  return OX_OK;
}

/* Bytes of the item that accept() has taken. */
static size_t item_bytes(ox_ft_writer *writer) {
  const ox_ft_event *item = &writer->item;
  if (item->kind == OX_FT_EVENT_VALUE_DATA) return item->data.size_bytes;
  if (item->kind == OX_FT_EVENT_VALUE_END) return 0;
  const size_t header = header_bytes(item);
  if (item->kind == OX_FT_EVENT_MARKER) return header;
  if (item->kind == OX_FT_EVENT_PROPERTY && item->data.size_bytes != 0) {
    return header + item->data.size_bytes;
  }
  const uint16_t type = OX_PROPTAG_TYPE(item->property.tag);
  const bool is_multiple = item->kind == OX_FT_EVENT_PROPERTY && (type & OX_PTYP_MULTIPLE) != 0;
  const size_t width = fixed_width(type & (uint16_t)~OX_PTYP_MULTIPLE);
  size_t terminator;
  if (!is_multiple) {
    if (width != 0) return header + width;
    const size_t size = data_of(writer, &terminator).size_bytes;
    if (item->kind == OX_FT_EVENT_VALUE_BEGIN && item->source == NULL) return header + LENGTH_BYTES;
    return header + LENGTH_BYTES + size + terminator;
  }
  const uint32_t count = item->property.value.multiple.count;
  size_t size = header + LENGTH_BYTES + count * width;
  if (width != 0) return size;
  for (writer->index = 0; writer->index < count; writer->index++) {
    size += data_of(writer, &terminator).size_bytes;
    size += LENGTH_BYTES + terminator;
  }
  writer->index = 0;
  return size;
}

ox_status ox_ft_writer_put(ox_ft_writer *writer, ox_writer *out, const ox_ft_event *event,
                           ox_error *err) {
  if (writer->status != OX_OK) return report(writer, err);
  if (event->kind == OX_FT_EVENT_ENTER || event->kind == OX_FT_EVENT_LEAVE) return OX_OK;
  writer->item = *event;
  if (accept(writer) != OX_OK) return report(writer, err);
  writer->has_item = false;
  const size_t size = item_bytes(writer);
  uint8_t *at = ox_cursor_room(out, size);
  if (at != NULL) {
    output part = {at, at + size};
    put_item(writer, &part);
  } else if (ox_writer_status(out) != OX_OK) {
    writer->status = ox_error_set(&writer->error, ox_writer_status(out), NULL);
  }
  writer->bytes_written += size;
  return report(writer, err);
}

ox_status ox_ft_writer_put_marker(ox_ft_writer *writer, ox_writer *out, uint32_t marker,
                                  ox_error *err) {
  ox_ft_event event;
  memset(&event, 0, sizeof event);
  event.kind = OX_FT_EVENT_MARKER;
  event.marker = marker;
  return ox_ft_writer_put(writer, out, &event, err);
}

ox_status ox_ft_writer_put_property(ox_ft_writer *writer, ox_writer *out,
                                    const ox_property *property, const ox_property_name *name,
                                    ox_error *err) {
  ox_ft_event event;
  memset(&event, 0, sizeof event);
  event.kind = OX_FT_EVENT_PROPERTY;
  event.property = *property;
  event.name = name;
  return ox_ft_writer_put(writer, out, &event, err);
}

ox_status ox_ft_writer_finish(ox_ft_writer *writer, ox_error *err) {
  if (writer->status == OX_OK) end_of_stream(writer);
  return report(writer, err);
}

void ox_ft_writer_progress(const ox_ft_writer *writer, uint16_t *in_progress_count_out,
                           uint16_t *total_step_count_out) {
  uint32_t done = writer->steps_done;
  uint32_t total = writer->steps_total;
  if (done > total) done = total;
  while (total > UINT16_MAX) {
    total /= 2;
    done /= 2;
  }
  *in_progress_count_out = (uint16_t)done;
  *total_step_count_out = (uint16_t)total;
}
