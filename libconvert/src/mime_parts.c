/* MIME to ox_message: which part is the body, and attachments out of the others.
 * @spec [MS-OXCMAIL] 2.2.3.3, 2.2.3.4; [MS-OXOSMIME] 2.1 */
#include "mime_internal.h"

#include <string.h>

typedef struct part_walk {
  mime_reader *reader;
  ox_message *out;
  GMimeObject *body_home; /* the alternative that the body came from; NULL: from a single part */
  bool have_plain, have_html;
  bool bodies_only;       /* attachments are kept elsewhere (inside the signed entity) */
  GHashTable *references; /* what the HTML body shows; NULL without one */
} part_walk;

/* Where a part stands. */
typedef struct part_place {
  GMimeObject *alternative; /* the innermost multipart/alternative above, or NULL */
  bool is_root;
  bool related_child; /* of multipart/related, but not its root */
} part_place;

static ox_status walk_part(part_walk *walk, GMimeObject *part, part_place place);

/* ---- contents ---- */

/* The decoded content; the caller unrefs. Never NULL. */
static GByteArray *decoded_content(GMimePart *part) {
  GByteArray *bytes = g_byte_array_new();
  GMimeDataWrapper *content = g_mime_part_get_content(part);
  if (content == NULL) return bytes;
  GMimeStream *stream = g_mime_stream_mem_new_with_byte_array(bytes);
  g_mime_stream_mem_set_owner((GMimeStreamMem *)stream, FALSE);
  g_mime_data_wrapper_write_to_stream(content, stream);
  g_object_unref(stream);
  return bytes;
}

typedef struct copy_source {
  ox_source base;
  const ox_allocator *allocator;
  uint8_t data[];
} copy_source;

static ox_status copy_source_read(ox_source *source, uint64_t offset, void *buffer,
                                  size_t capacity_bytes, size_t *size_out, ox_error *err) {
  (void)err;
  const copy_source *self = (const copy_source *)source;
  size_t n = 0;
  if (offset < source->size_bytes) {
    n = (size_t)(source->size_bytes - offset);
    if (n > capacity_bytes) n = capacity_bytes;
    memcpy(buffer, self->data + offset, n);
  }
  *size_out = n;
  return OX_OK;
}

static void copy_source_free(ox_source *source) {
  copy_source *self = (copy_source *)source;
  ox_free(self->allocator, self);
}

ox_source *ox_mime_copy_source(const ox_allocator *allocator, const void *data, size_t size_bytes) {
  copy_source *self = ox_malloc(allocator, sizeof *self + size_bytes);
  if (self == NULL) return NULL;
  self->base = (ox_source){size_bytes, copy_source_read, copy_source_free, NULL};
  self->allocator = allocator;
  if (size_bytes != 0) memcpy(self->data, data, size_bytes);
  return &self->base;
}

/* A body: into the bag, or beside it when it is large. */
static ox_status set_body(part_walk *walk, ox_proptag tag, ox_bytes bytes) {
  const ox_mime_import_options *options = walk->reader->options;
  if (bytes.size_bytes > options->large_value_bytes) {
    ox_source *source = ox_mime_copy_source(options->allocator, bytes.data, bytes.size_bytes);
    if (source == NULL) return OX_E_NO_MEMORY;
    return ox_message_set_large(walk->out, tag, source);
  }
  ox_value value = {.binary = bytes};
  if (OX_PROPTAG_TYPE(tag) == OX_PTYP_STRING)
    value = (ox_value){.string = {bytes.data, bytes.size_bytes}};
  return ox_propbag_set(&walk->out->properties, tag, &value);
}

ox_status ox_mime_attach_bytes(ox_message *message, const ox_mime_import_options *options,
                               const void *data, size_t size_bytes, ox_attachment **out) {
  ox_attachment *attachment = ox_message_add_attachment(message);
  if (attachment == NULL) return OX_E_NO_MEMORY;
  *out = attachment;
  ox_propbag *bag = &attachment->properties;
  ox_status status = ox_propbag_set_i32(bag, OX_PidTagAttachMethod, ATTACH_BY_VALUE);
  if (status == OX_OK) status = ox_propbag_set_i32(bag, OX_PidTagRenderingPosition, -1);
  if (status == OX_OK) status = ox_propbag_set_i32(bag, OX_PidTagAttachSize, (int32_t)size_bytes);
  if (status != OX_OK) return status;
  if (size_bytes <= options->large_value_bytes)
    return ox_propbag_set_binary(bag, OX_PidTagAttachDataBinary, data, size_bytes);
  attachment->source = ox_mime_copy_source(options->allocator, data, size_bytes);
  return attachment->source != NULL ? OX_OK : OX_E_NO_MEMORY;
}

/* ---- file names ---- */

/* Replaces what file systems refuse, and takes directories off. @spec [MS-OXCMAIL] 2.2.3.4.1.1 */
static char *sanitized_name(const char *given) {
  char *valid = g_utf8_make_valid(given, -1);
  GString *name = g_string_new(NULL);
  for (const char *c = valid; *c != 0; c++) {
    if ((uint8_t)*c < 0x20 || *c == 0x7F) continue;
    g_string_append_c(name, strchr("\\/:*?\"<>|", *c) != NULL ? '_' : *c);
  }
  g_free(valid);
  char *text = g_strstrip(g_string_free(name, FALSE));
  if (strcmp(text, ".") == 0 || strcmp(text, "..") == 0) text[0] = 0;
  if (g_utf8_strlen(text, -1) > 255) *g_utf8_offset_to_pointer(text, 255) = 0;
  return text;
}

/* 8.3 form: capitals, no blanks, "~1" where something went. */
static ox_status set_short_name(ox_propbag *bag, const char *name, const char *extension) {
  char base[9] = "", ext[5] = "";
  size_t n = 0, e = 0;
  size_t stem = strlen(name) - strlen(extension);
  bool cut = false;
  for (size_t i = 0; i < stem; i++) {
    uint8_t c = (uint8_t)name[i];
    if (c >= 0x80 || strchr(" .+,;=[]", c) != NULL)
      cut = true;
    else if (n < 8)
      base[n++] = g_ascii_toupper((gchar)c);
    else
      cut = true;
  }
  if (cut) {
    if (n > 6) n = 6;
    memcpy(base + n, "~1", 3);
  }
  for (const char *c = extension; *c != 0 && e < 4; c++)
    if ((uint8_t)*c < 0x80 && *c != ' ') ext[e++] = g_ascii_toupper(*c);
  char text[16];
  g_snprintf(text, sizeof text, "%s%s", base, e > 1 ? ext : "");
  return ox_propbag_set_utf8(bag, OX_PidTagAttachFilename, text);
}

ox_status ox_mime_set_file_name(ox_message *message, ox_attachment *attachment, const char *given,
                                const char *description, const char *mime_type) {
  char *name = sanitized_name(given != NULL ? given : "");
  if (*name == 0) {
    g_free(name);
    name = g_strdup_printf("ATT%05u%s", (unsigned)message->attachment_count,
                           ox_mime_extension(mime_type));
  }
  ox_propbag *bag = &attachment->properties;
  const char *dot = strrchr(name, '.');
  const char *extension = dot != NULL ? dot : "";
  ox_status status = ox_propbag_set_utf8(bag, OX_PidTagAttachLongFilename, name);
  if (status == OX_OK && dot != NULL)
    status = ox_propbag_set_utf8(bag, OX_PidTagAttachExtension, dot);
  if (status == OX_OK) status = set_short_name(bag, name, extension);
  if (status == OX_OK)
    status = ox_propbag_set_utf8(bag, OX_PidTagDisplayName,
                                 description != NULL && *description != 0 ? description : name);
  if (status == OX_OK && (given == NULL || strcmp(given, name) != 0)) {
    status = ox_mime_set_named(message, bag, &ox_mime_property_set, MIME_NAME_GIVEN_NAME,
                               given != NULL ? given : "");
    if (status == OX_OK)
      status = ox_mime_set_named(message, bag, &ox_mime_property_set, MIME_NAME_MADE_NAME, name);
  }
  g_free(name);
  return status;
}

/* ---- attachments ---- */

static const char *part_field(GMimeObject *part, const char *name) {
  GMimeHeader *field = g_mime_header_list_get_header(g_mime_object_get_header_list(part), name);
  return field != NULL ? g_mime_header_get_value(field) : NULL;
}

static char *unfolded_field(GMimeObject *part, const char *name) {
  GMimeHeader *field = g_mime_header_list_get_header(g_mime_object_get_header_list(part), name);
  const char *raw = field != NULL ? g_mime_header_get_raw_value(field) : NULL;
  if (raw == NULL) return NULL;
  GString *text = g_string_new(NULL);
  for (const char *c = raw; *c != 0; c++)
    if (*c != '\r' && *c != '\n') g_string_append_c(text, *c == '\t' ? ' ' : *c);
  return g_strstrip(g_string_free(text, FALSE));
}

/* The type as GMime took it: a part may have more than one Content-Type field. */
static char *encoded_type(GMimeContentType *type) {
  char *text = g_mime_content_type_encode(type, NULL);
  for (char *c = text; *c != 0; c++)
    if (*c == '\r' || *c == '\n' || *c == '\t') *c = ' ';
  return g_strstrip(text);
}

/* Content-Type has something that no attachment property holds. */
static bool has_other_parameters(GMimeContentType *type) {
  GMimeParamList *params = g_mime_content_type_get_parameters(type);
  for (int i = 0; i < g_mime_param_list_length(params); i++) {
    const char *name = g_mime_param_get_name(g_mime_param_list_get_parameter_at(params, i));
    if (!ox_ascii_equal(name, "name") && !ox_ascii_equal(name, "charset") &&
        !ox_ascii_equal(name, "boundary"))
      return true;
  }
  return false;
}

static ox_status set_header_named(part_walk *walk, ox_propbag *bag, const char *name,
                                  const char *value) {
  return ox_mime_set_named(walk->out, bag, &OX_PSETID_INTERNET_HEADERS, name, value);
}

static ox_status set_date(ox_propbag *bag, ox_proptag tag, const char *text) {
  GDateTime *date = text != NULL ? g_mime_utils_header_decode_date(text) : NULL;
  if (date == NULL) return OX_OK;
  ox_filetime time = ox_filetime_from_unix(g_date_time_to_unix(date), 0);
  g_date_time_unref(date);
  return ox_propbag_set_time(bag, tag, time);
}

/* Content-ID without its brackets. */
static ox_status set_content_id(ox_propbag *bag, GMimeObject *part) {
  char *id = unfolded_field(part, "Content-ID");
  ox_status status = OX_OK;
  if (id != NULL && *id != 0) {
    size_t n = strlen(id);
    if (id[n - 1] == '>') id[--n] = 0;
    status = ox_propbag_set_utf8(bag, OX_PidTagAttachContentId, id[0] == '<' ? id + 1 : id);
  }
  g_free(id);
  return status;
}

/* Fields of the part that have no property: kept as named properties of the attachment. */
static ox_status set_other_fields(part_walk *walk, ox_propbag *bag, GMimeObject *part) {
  static const char *const known[] = {"Content-Type",        "Content-Transfer-Encoding",
                                      "Content-Disposition", "Content-ID",
                                      "Content-Location",    "Content-Base",
                                      "Content-MD5"};
  GMimeHeaderList *fields = g_mime_object_get_header_list(part);
  ox_status status = OX_OK;
  for (int i = 0; i < g_mime_header_list_get_count(fields) && status == OX_OK; i++) {
    GMimeHeader *field = g_mime_header_list_get_header_at(fields, i);
    const char *name = g_mime_header_get_name(field);
    bool skip = ox_mime_field_is_reserved(name) || strlen(name) > 120;
    for (size_t k = 0; k < G_N_ELEMENTS(known) && !skip; k++) skip = ox_ascii_equal(name, known[k]);
    for (const char *c = name; *c != 0 && !skip; c++) skip = *c <= ' ' || *c > '~' || *c == ':';
    char *value = skip ? NULL : ox_mime_field_text(walk->reader->how, field);
    if (value != NULL) status = set_header_named(walk, bag, name, value);
    g_free(value);
  }
  return status;
}

/* A transfer encoding that nobody here can undo stays on the part, and so does its name. */
static ox_status set_unknown_encoding(part_walk *walk, ox_propbag *bag, GMimeObject *part) {
  char *encoding = unfolded_field(part, "Content-Transfer-Encoding");
  ox_status status = OX_OK;
  if (encoding != NULL && *encoding != 0 && strlen(encoding) < 64 &&
      g_mime_content_encoding_from_string(encoding) == GMIME_CONTENT_ENCODING_DEFAULT)
    status = set_header_named(walk, bag, "Content-Transfer-Encoding", encoding);
  g_free(encoding);
  return status;
}

static ox_status set_place(part_walk *walk, ox_propbag *bag, GMimeObject *part, part_place place) {
  const char *disposition = g_mime_object_get_disposition(part);
  bool labelled =
      part_field(part, "Content-ID") != NULL || part_field(part, "Content-Location") != NULL;
  if (place.related_child && labelled)
    return ox_propbag_set_i32(bag, OX_PidTagAttachFlags, ATTACH_RENDERED_IN_BODY);
  int32_t hint = PLACE_DEFAULT;
  if (place.is_root)
    hint = PLACE_BARE;
  else if (place.alternative != NULL && place.alternative == walk->body_home)
    hint = PLACE_ALTERNATIVE;
  else if (disposition == NULL || !ox_ascii_equal(disposition, "attachment"))
    hint = PLACE_INLINE;
  if (hint == PLACE_DEFAULT) return OX_OK;
  return ox_mime_set_named_i32(walk->out, bag, MIME_NAME_PLACE, hint);
}

/* What every attachment has of its part's header. */
static ox_status describe(part_walk *walk, ox_attachment *attachment, GMimeObject *part,
                          part_place place, const char *file_name) {
  ox_propbag *bag = &attachment->properties;
  GMimeContentType *type = g_mime_object_get_content_type(part);
  char *mime_type = g_mime_content_type_get_mime_type(type);
  char *lower = g_ascii_strdown(mime_type, -1);
  GMimeContentDisposition *disposition = g_mime_object_get_content_disposition(part);
  const char *charset = g_mime_content_type_get_parameter(type, "charset");
  char *type_field = has_other_parameters(type) ? encoded_type(type) : NULL;
  ox_status status = ox_propbag_set_utf8(bag, OX_PidTagAttachMimeTag, lower);
  char *description = ox_mime_find_text(walk->reader->how, part, "Content-Description");
  if (status == OX_OK)
    status = ox_mime_set_file_name(walk->out, attachment, file_name, description, lower);
  g_free(description);
  if (status == OX_OK && charset != NULL)
    status = ox_propbag_set_utf8(bag, OX_PidTagTextAttachmentCharset, charset);
  if (status == OX_OK && type_field != NULL)
    status = set_header_named(walk, bag, "Content-Type", type_field);
  if (status == OX_OK) status = set_content_id(bag, part);
  const char *location = part_field(part, "Content-Location");
  if (status == OX_OK && location != NULL)
    status = ox_propbag_set_utf8(bag, OX_PidTagAttachContentLocation, location);
  const char *base = part_field(part, "Content-Base");
  if (status == OX_OK && base != NULL)
    status = ox_propbag_set_utf8(bag, OX_PidTagAttachContentBase, base);
  if (status == OX_OK && disposition != NULL) {
    status = set_date(bag, OX_PidTagCreationTime,
                      g_mime_content_disposition_get_parameter(disposition, "creation-date"));
    if (status == OX_OK)
      status = set_date(bag, OX_PidTagLastModificationTime,
                        g_mime_content_disposition_get_parameter(disposition, "modification-date"));
  }
  if (status == OX_OK && !place.is_root) status = set_other_fields(walk, bag, part);
  if (status == OX_OK) status = set_unknown_encoding(walk, bag, part);
  if (status == OX_OK) status = set_place(walk, bag, part, place);
  g_free(type_field);
  g_free(lower);
  g_free(mime_type);
  return status;
}

static ox_status attach_leaf(part_walk *walk, GMimeObject *part, part_place place) {
  if (walk->bodies_only) return OX_OK;
  GByteArray *bytes = g_byte_array_new();
  if (GMIME_IS_PART(part)) {
    g_byte_array_unref(bytes);
    bytes = decoded_content((GMimePart *)part);
  }
  ox_attachment *attachment = NULL;
  ox_status status =
      ox_mime_attach_bytes(walk->out, walk->reader->options, bytes->data, bytes->len, &attachment);
  g_byte_array_unref(bytes);
  if (status != OX_OK) return status;
  char *name = ox_mime_file_name(walk->reader->how, part);
  status = describe(walk, attachment, part, place, name);
  g_free(name);
  return status;
}

/* An embedded message; owns it from now on. */
static ox_status attach_embedded(part_walk *walk, ox_message *embedded, GMimeObject *part,
                                 part_place place) {
  ox_attachment *attachment = ox_message_add_attachment(walk->out);
  if (attachment == NULL) {
    ox_message_free(embedded);
    return OX_E_NO_MEMORY;
  }
  attachment->embedded = embedded;
  ox_propbag *bag = &attachment->properties;
  ox_status status = ox_propbag_set_i32(bag, OX_PidTagAttachMethod, ATTACH_EMBEDDED);
  if (status == OX_OK) status = ox_propbag_set_i32(bag, OX_PidTagRenderingPosition, -1);
  char *name = ox_mime_file_name(walk->reader->how, part);
  if (status == OX_OK) status = describe(walk, attachment, part, place, name);
  bool named = name != NULL;
  g_free(name);
  if (status != OX_OK || named) return status;
  heap_watch watch;
  ox_mime_watch_heap(&watch, walk->reader->options->allocator);
  ox_arena arena;
  ox_arena_init(&arena, &watch.allocator, 0);
  const char *subject = ox_propbag_utf8(&embedded->properties, OX_PidTagSubject, &arena, NULL);
  if (subject != NULL && *subject != 0)
    status = ox_propbag_set_utf8(bag, OX_PidTagDisplayName, subject);
  ox_arena_dispose(&arena);
  return watch.failed ? OX_E_NO_MEMORY : status;
}

/* A part that says it is a message and holds nothing: no field and no byte of a body. */
static bool is_nothing(GMimeMessage *message) {
  if (g_mime_header_list_get_count(g_mime_object_get_header_list((GMimeObject *)message)) != 0)
    return false;
  GMimeObject *body = g_mime_message_get_mime_part(message);
  if (body == NULL) return true;
  GMimeDataWrapper *content =
      GMIME_IS_PART(body) ? g_mime_part_get_content((GMimePart *)body) : NULL;
  return content != NULL && g_mime_stream_length(g_mime_data_wrapper_get_stream(content)) == 0;
}

static ox_status attach_message(part_walk *walk, GMimeMessagePart *part, part_place place) {
  GMimeMessage *message = g_mime_message_part_get_message(part);
  if (message == NULL || is_nothing(message)) return attach_leaf(walk, (GMimeObject *)part, place);
  if (walk->bodies_only) return OX_OK;
  ox_message *embedded = NULL;
  ox_bytes none = {NULL, 0};
  ox_status status = ox_mime_read_message(walk->reader, message, none, none, &embedded);
  if (status != OX_OK) return status;
  return attach_embedded(walk, embedded, (GMimeObject *)part, place);
}

/* Some programs encode enclosed messages, which MIME forbids and readers have to take. */
static ox_status attach_encoded_message(part_walk *walk, GMimePart *part, part_place place) {
  if (walk->bodies_only) return OX_OK;
  GByteArray *bytes = decoded_content(part);
  ox_message *embedded = NULL;
  ox_status status =
      ox_mime_read_enclosed(walk->reader, (ox_bytes){bytes->data, bytes->len}, &embedded);
  g_byte_array_unref(bytes);
  if (status != OX_OK) return status;
  if (embedded == NULL) return attach_leaf(walk, (GMimeObject *)part, place);
  return attach_embedded(walk, embedded, (GMimeObject *)part, place);
}

/* ---- bodies ---- */

/* The charset that an HTML page names in itself; NULL when none within the first kilobyte. */
static char *charset_in_html(const GByteArray *html) {
  gsize n = MIN(html->len, 1024);
  for (gsize i = 0; i + 8 < n; i++) {
    if (!ox_ascii_equal_n((const char *)html->data + i, "charset=", 8)) continue;
    i += 8;
    while (i < n && (html->data[i] == '"' || html->data[i] == '\'')) i++;
    gsize start = i;
    while (i < n &&
           (g_ascii_isalnum((gchar)html->data[i]) || strchr("-_.:", html->data[i]) != NULL))
      i++;
    if (i > start && i - start < 40) return g_strndup((const char *)html->data + start, i - start);
  }
  return NULL;
}

/* Code pages whose bytes can stay as they are: ASCII is ASCII there. */
static bool keeps_ascii(uint32_t codepage) {
  return codepage != 0 && codepage != 1200 && codepage != 1201 && codepage != 12000 &&
         codepage != 12001 && codepage != 65000;
}

/* Parameters of the body's Content-Type other than the charset, and its name. */
static ox_status keep_text_format(part_walk *walk, GMimeObject *part, const char *property) {
  GMimeContentType *type = g_mime_object_get_content_type(part);
  GMimeParamList *params = g_mime_content_type_get_parameters(type);
  GMimeContentType *kept = g_mime_content_type_new("text", "plain");
  bool any = false;
  for (int i = 0; i < g_mime_param_list_length(params); i++) {
    GMimeParam *param = g_mime_param_list_get_parameter_at(params, i);
    const char *name = g_mime_param_get_name(param);
    if (ox_ascii_equal(name, "charset") || ox_ascii_equal(name, "boundary")) continue;
    g_mime_content_type_set_parameter(kept, name, g_mime_param_get_value(param));
    any = true;
  }
  const char *file = g_mime_object_get_content_disposition_parameter(part, "filename");
  if (file != NULL && *file != 0) {
    g_mime_content_type_set_parameter(kept, "name", file);
    any = true;
  }
  char *text = any ? g_mime_content_type_encode(kept, NULL) : NULL;
  ox_status status = OX_OK;
  if (text != NULL) {
    for (char *c = text; *c != 0; c++)
      if (*c == '\r' || *c == '\n' || *c == '\t') *c = ' ';
    status = ox_mime_set_named(walk->out, &walk->out->properties, &ox_mime_property_set, property,
                               g_strstrip(text));
  }
  g_free(text);
  g_object_unref(kept);
  return status;
}

static ox_status set_codepage(part_walk *walk, uint32_t codepage) {
  return ox_propbag_set_i32(&walk->out->properties, OX_PidTagInternetCodepage, (int32_t)codepage);
}

/* Lines of PidTagBody end in CRLF. */
static char *with_crlf(ox_arena *arena, const char *text, size_t size, size_t *size_out) {
  size_t extra = 0;
  for (size_t i = 0; i < size; i++)
    if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) extra++;
  char *out = ox_arena_alloc(arena, size + extra + 1);
  if (out == NULL) return NULL;
  size_t n = 0;
  for (size_t i = 0; i < size; i++) {
    if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) out[n++] = '\r';
    out[n++] = text[i];
  }
  out[n] = 0;
  *size_out = n;
  return out;
}

/* Text of a plain body in UTF-8, uuencoded files taken out. */
static ox_status plain_text(part_walk *walk, ox_arena *arena, GMimeObject *part, char **text,
                            size_t *size, uint32_t *codepage) {
  const ox_mime_import_options *options = walk->reader->options;
  const char *charset = g_mime_object_get_content_type_parameter(part, "charset");
  GByteArray *bytes = decoded_content((GMimePart *)part);
  char *decoded = ox_mime_decode_text(arena, (const char *)bytes->data, bytes->len, charset,
                                      options->default_codepage, size, codepage);
  g_byte_array_unref(bytes);
  if (decoded == NULL) return OX_E_NO_MEMORY;
  if ((options->flags & OX_MIME_IMPORT_NO_UUDECODE) == 0 && !walk->bodies_only) {
    ox_status status = ox_mime_extract_uuencoded(walk->out, options, decoded, size);
    if (status != OX_OK) return status;
  }
  *text = with_crlf(arena, decoded, *size, size);
  return *text != NULL ? OX_OK : OX_E_NO_MEMORY;
}

static ox_status read_plain(part_walk *walk, GMimeObject *part) {
  ox_arena arena;
  ox_arena_init(&arena, walk->reader->options->allocator,
                4 * walk->reader->options->max_message_bytes + OX_ARENA_MAX_BYTES);
  char *text = NULL;
  size_t size = 0;
  uint32_t codepage = 0;
  ox_str16 body = {NULL, 0};
  ox_status status = plain_text(walk, &arena, part, &text, &size, &codepage);
  if (status == OX_OK) status = ox_str16_from_utf8(&arena, (ox_str8){text, size}, &body);
  if (status == OX_OK)
    status = set_body(walk, OX_PidTagBody, (ox_bytes){body.data, body.size_bytes});
  ox_arena_dispose(&arena);
  if (status == OX_OK) status = keep_text_format(walk, part, MIME_NAME_TEXT_FORMAT);
  if (status == OX_OK && !walk->have_html) {
    status = set_codepage(walk, codepage);
    if (status == OX_OK)
      status = ox_propbag_set_i32(&walk->out->properties, OX_PidTagNativeBody, OX_BODY_PLAIN_TEXT);
  }
  walk->have_plain = true;
  return status;
}

/* The bytes stay as they are where their charset has a code page, else they become UTF-8. */
static ox_status html_bytes(part_walk *walk, ox_arena *arena, GMimeObject *part, ox_bytes *out,
                            uint32_t *codepage) {
  const char *label = g_mime_object_get_content_type_parameter(part, "charset");
  GByteArray *bytes = decoded_content((GMimePart *)part);
  char *own = label == NULL || *label == 0 ? charset_in_html(bytes) : NULL;
  const char *charset = own != NULL ? own : label;
  size_t size = 0;
  uint32_t used = 0;
  char *utf8 = ox_mime_decode_text(arena, (const char *)bytes->data, bytes->len, charset,
                                   walk->reader->options->default_codepage, &size, &used);
  *out = (ox_bytes){(const uint8_t *)utf8, size};
  *codepage = OX_CODEPAGE_UTF8;
  bool named = charset != NULL && ox_codepage_from_charset(charset) == used;
  if (utf8 != NULL && keeps_ascii(used) && ox_codepage_charset(used) != NULL &&
      (named || used == OX_CODEPAGE_UTF8 || used == OX_CODEPAGE_WINDOWS_1252)) {
    *out = (ox_bytes){ox_arena_copy(arena, bytes->data, bytes->len), bytes->len};
    *codepage = used;
  }
  g_byte_array_unref(bytes);
  g_free(own);
  return out->data != NULL ? OX_OK : OX_E_NO_MEMORY;
}

static ox_status read_html(part_walk *walk, GMimeObject *part) {
  ox_arena arena;
  ox_arena_init(&arena, walk->reader->options->allocator,
                4 * walk->reader->options->max_message_bytes + OX_ARENA_MAX_BYTES);
  uint32_t codepage = 0;
  ox_bytes html = {NULL, 0};
  ox_status status = html_bytes(walk, &arena, part, &html, &codepage);
  if (status == OX_OK) status = set_body(walk, OX_PidTagHtml, html);
  if (status == OX_OK && walk->references == NULL) walk->references = ox_mime_references(html);
  ox_arena_dispose(&arena);
  if (status == OX_OK) status = set_codepage(walk, codepage);
  if (status == OX_OK)
    status = ox_propbag_set_i32(&walk->out->properties, OX_PidTagNativeBody, OX_BODY_HTML);
  if (status == OX_OK) status = keep_text_format(walk, part, "mime-html-format");
  walk->have_html = true;
  return status;
}

/* @spec [MS-OXCMAIL] 2.2.3.3.2 */
static bool can_be_body(const part_walk *walk, GMimeObject *part, part_place place, bool html) {
  const char *disposition = g_mime_object_get_disposition(part);
  const char *name = g_mime_part_get_filename((GMimePart *)part);
  if (disposition != NULL && ox_ascii_equal(disposition, "attachment")) return false;
  if (place.related_child) return false;
  if (!place.is_root && name != NULL && *name != 0) return false;
  if (!walk->have_plain && !walk->have_html) return true;
  if (walk->body_home == NULL || place.alternative != walk->body_home) return false;
  return html ? !walk->have_html : !walk->have_plain;
}

static ox_status walk_leaf(part_walk *walk, GMimeObject *part, part_place place) {
  GMimeContentType *type = g_mime_object_get_content_type(part);
  bool plain = g_mime_content_type_is_type(type, "text", "plain");
  bool html = g_mime_content_type_is_type(type, "text", "html");
  if (GMIME_IS_PART(part) && g_mime_content_type_is_type(type, "message", "rfc822"))
    return attach_encoded_message(walk, (GMimePart *)part, place);
  if ((!plain && !html) || !GMIME_IS_PART(part) || !can_be_body(walk, part, place, html))
    return attach_leaf(walk, part, place);
  walk->body_home = place.alternative;
  return html ? read_html(walk, part) : read_plain(walk, part);
}

/* ---- multiparts ---- */

/* The child that a multipart/related shows: the one that "start" names, else the first. */
static int related_root(GMimeMultipart *multipart) {
  const char *start = g_mime_object_get_content_type_parameter((GMimeObject *)multipart, "start");
  char *wanted = start != NULL ? g_mime_utils_decode_message_id(start) : NULL;
  int found = 0;
  for (int i = 0; wanted != NULL && i < g_mime_multipart_get_count(multipart); i++) {
    const char *id = g_mime_object_get_content_id(g_mime_multipart_get_part(multipart, i));
    if (id != NULL && strcmp(id, wanted) == 0) {
      found = i;
      break;
    }
  }
  g_free(wanted);
  return found;
}

static ox_status walk_multipart(part_walk *walk, GMimeMultipart *multipart, part_place place) {
  GMimeContentType *type = g_mime_object_get_content_type((GMimeObject *)multipart);
  bool alternative = g_mime_content_type_is_type(type, "multipart", "alternative");
  bool related = g_mime_content_type_is_type(type, "multipart", "related");
  int root = related ? related_root(multipart) : 0;
  int count = g_mime_multipart_get_count(multipart);
  ox_status status = OX_OK;
  for (int k = 0; k < count && status == OX_OK; k++) {
    int i = k == 0 ? root : (k <= root ? k - 1 : k);
    part_place inner = {place.alternative, false, false};
    if (alternative)
      inner.alternative = (GMimeObject *)multipart;
    else if (!related)
      inner.alternative = NULL;
    inner.related_child = place.related_child || (related && k > 0);
    status = walk_part(walk, g_mime_multipart_get_part(multipart, i), inner);
  }
  return status;
}

static ox_status walk_part(part_walk *walk, GMimeObject *part, part_place place) {
  mime_reader *reader = walk->reader;
  if (++reader->parts > reader->options->max_parts)
    return ox_error_set(reader->err, OX_E_LIMIT, "The message has too many parts.");
  if (reader->depth >= reader->options->max_depth)
    return ox_error_set(reader->err, OX_E_LIMIT, "The parts of the message are nested too deeply.");
  ox_status status = ox_mime_check_fields(reader, g_mime_object_get_header_list(part));
  if (status != OX_OK) return status;
  reader->depth++;
  if (GMIME_IS_MULTIPART(part))
    status = walk_multipart(walk, (GMimeMultipart *)part, place);
  else if (GMIME_IS_MESSAGE_PART(part))
    status = attach_message(walk, (GMimeMessagePart *)part, place);
  else
    status = walk_leaf(walk, part, place);
  reader->depth--;
  return status;
}

/* ---- signed and encrypted messages ---- */

/* The entity with lines that end in CRLF, as signatures are computed. */
static GByteArray *canonical_entity(GMimeObject *root, ox_bytes raw_header, ox_bytes raw_body) {
  GByteArray *text = g_byte_array_new();
  if (raw_body.size_bytes == 0 || raw_header.size_bytes == 0) {
    char *whole = g_mime_object_to_string(root, NULL);
    g_byte_array_append(text, (const guint8 *)whole, (guint)strlen(whole));
    g_free(whole);
  } else {
    GMimeHeader *field =
        g_mime_header_list_get_header(g_mime_object_get_header_list(root), "Content-Type");
    const char *raw = field != NULL ? g_mime_header_get_raw_value(field) : NULL;
    g_byte_array_append(text, (const guint8 *)"Content-Type:", 13);
    g_byte_array_append(text, (const guint8 *)raw, raw != NULL ? (guint)strlen(raw) : 0);
    if (text->data[text->len - 1] != '\n') g_byte_array_append(text, (const guint8 *)"\n", 1);
    g_byte_array_append(text, (const guint8 *)"\n", 1);
    g_byte_array_append(text, raw_body.data, (guint)raw_body.size_bytes);
  }
  GByteArray *lines = g_byte_array_sized_new(text->len + text->len / 32);
  for (guint i = 0; i < text->len;) {
    const guint8 *end = memchr(text->data + i, '\n', text->len - i);
    guint n = end != NULL ? (guint)(end - text->data) - i : text->len - i;
    bool cr = end != NULL && n > 0 && text->data[i + n - 1] == '\r';
    g_byte_array_append(lines, text->data + i, cr ? n - 1 : n);
    if (end != NULL) g_byte_array_append(lines, (const guint8 *)"\r\n", 2);
    i += end != NULL ? n + 1 : n;
  }
  g_byte_array_unref(text);
  return lines;
}

/* @spec [MS-OXOSMIME] 2.1 */
static ox_status read_signed(part_walk *walk, GMimeMultipart *root, ox_bytes raw_header,
                             ox_bytes raw_body) {
  ox_propbag *bag = &walk->out->properties;
  ox_status status = ox_propbag_set_utf8(bag, OX_PidTagMessageClass, CLASS_SIGNED);
  walk->bodies_only = true;
  if (status == OX_OK && g_mime_multipart_get_count(root) > 0) {
    part_place place = {NULL, true, false};
    status = walk_part(walk, g_mime_multipart_get_part(root, 0), place);
  }
  if (status != OX_OK) return status;
  GByteArray *entity = canonical_entity((GMimeObject *)root, raw_header, raw_body);
  ox_attachment *attachment = NULL;
  status = ox_mime_attach_bytes(walk->out, walk->reader->options, entity->data, entity->len,
                                &attachment);
  g_byte_array_unref(entity);
  if (status != OX_OK) return status;
  status = ox_propbag_set_utf8(&attachment->properties, OX_PidTagAttachMimeTag, "multipart/signed");
  if (status != OX_OK) return status;
  return ox_mime_set_file_name(walk->out, attachment, "smime.p7m", NULL, "multipart/signed");
}

/* The whole message is CMS: signed inside, or encrypted. @spec [MS-OXOSMIME] 2.1 */
static bool is_opaque(GMimeObject *root) {
  GMimeContentType *type = g_mime_object_get_content_type(root);
  if (g_mime_content_type_is_type(type, "application", "pkcs7-mime") ||
      g_mime_content_type_is_type(type, "application", "x-pkcs7-mime"))
    return true;
  if (!g_mime_content_type_is_type(type, "application", "octet-stream") || !GMIME_IS_PART(root))
    return false;
  const char *name = g_mime_part_get_filename((GMimePart *)root);
  return name != NULL && g_str_has_suffix(name, ".p7m");
}

/* ---- reports ---- */

/* True when a field of a delivery-status or disposition-notification part has the word, in any of
 * its groups. */
static bool report_says(char **lines, const char *field, const char *word) {
  size_t n = strlen(field);
  for (char **line = lines; *line != NULL; line++) {
    if (!ox_ascii_equal_n(*line, field, n) || (*line)[n] != ':') continue;
    char *value = g_ascii_strdown(*line + n + 1, -1);
    bool found = strstr(value, word) != NULL;
    g_free(value);
    if (found) return true;
  }
  return false;
}

static char **report_lines(GMimeObject *part) {
  GByteArray *bytes = decoded_content((GMimePart *)part);
  g_byte_array_append(bytes, (const guint8 *)"", 1);
  char **lines = g_strsplit((const char *)bytes->data, "\n", 10000);
  g_byte_array_unref(bytes);
  return lines;
}

/* The gravest action decides. @spec [MS-OXCMAIL] 2.2.3.7.1, 2.2.3.7.2 */
static const char *report_class(GMimeMultipart *root) {
  static const struct {
    const char *type;
    const char *field;
    const char *word;
    const char *message_class;
  } rows[] = {{"delivery-status", "Action", "failed", "REPORT.IPM.Note.NDR"},
              {"delivery-status", "Action", "delayed", "REPORT.IPM.Note.Delayed"},
              {"delivery-status", "Action", "relayed", "REPORT.IPM.Note.Relayed"},
              {"delivery-status", "Action", "expanded", "REPORT.IPM.Note.Expanded"},
              {"delivery-status", "Action", "delivered", "REPORT.IPM.Note.DR"},
              {"disposition-notification", "Disposition", "deleted", "REPORT.IPM.Note.IPNNRN"},
              {"disposition-notification", "Disposition", "denied", "REPORT.IPM.Note.IPNNRN"},
              {"disposition-notification", "Disposition", "failed", "REPORT.IPM.Note.IPNNRN"},
              {"disposition-notification", "Disposition", "displayed", "REPORT.IPM.Note.IPNRN"},
              {"disposition-notification", "Disposition", "dispatched", "REPORT.IPM.Note.IPNRN"},
              {"disposition-notification", "Disposition", "processed", "REPORT.IPM.Note.IPNRN"}};
  const char *found = NULL;
  for (int i = 0; i < g_mime_multipart_get_count(root) && found == NULL; i++) {
    GMimeObject *part = g_mime_multipart_get_part(root, i);
    GMimeContentType *type = g_mime_object_get_content_type(part);
    if (!GMIME_IS_PART(part) || !g_mime_content_type_is_type(type, "message", "*")) continue;
    char **lines = report_lines(part);
    for (size_t k = 0; k < G_N_ELEMENTS(rows) && found == NULL; k++)
      if (g_mime_content_type_is_type(type, "message", rows[k].type) &&
          report_says(lines, rows[k].field, rows[k].word))
        found = rows[k].message_class;
    g_strfreev(lines);
  }
  return found;
}

/* ---- the root ---- */

/* A multipart that export would not choose by itself is remembered by its Content-Type. */
static ox_status keep_root_type(part_walk *walk, GMimeObject *root) {
  GMimeContentType *type = g_mime_object_get_content_type(root);
  if (g_mime_content_type_is_type(type, "multipart", "mixed") ||
      g_mime_content_type_is_type(type, "multipart", "alternative") ||
      g_mime_content_type_is_type(type, "multipart", "related"))
    return OX_OK;
  if (g_mime_content_type_is_type(type, "multipart", "report")) {
    const char *message_class = report_class((GMimeMultipart *)root);
    ox_status status = OX_OK;
    if (message_class != NULL)
      status = ox_propbag_set_utf8(&walk->out->properties, OX_PidTagMessageClass, message_class);
    if (status != OX_OK) return status;
  }
  char *field = encoded_type(type);
  ox_status status = set_header_named(walk, &walk->out->properties, "Content-Type", field);
  g_free(field);
  return status;
}

/* Content-* fields of the message that are not about its encoding. */
static ox_status read_root_fields(part_walk *walk, GMimeObject *root) {
  GMimeHeaderList *fields = g_mime_object_get_header_list(root);
  ox_status status = OX_OK;
  for (int i = 0; i < g_mime_header_list_get_count(fields) && status == OX_OK; i++) {
    GMimeHeader *field = g_mime_header_list_get_header_at(fields, i);
    const char *name = g_mime_header_get_name(field);
    const char *value = g_mime_header_get_value(field);
    if (value != NULL && strlen(name) < 120 && ox_mime_field(name) == NULL &&
        !ox_mime_field_is_reserved(name))
      status = set_header_named(walk, &walk->out->properties, name, value);
  }
  return status;
}

/* Images that the HTML shows need no place in the list of attachments.
 * @spec [MS-OXCMAIL] 2.2.3.4.1.4.1 */
static ox_status hide_shown_images(part_walk *walk) {
  if (walk->references == NULL) return OX_OK;
  heap_watch watch;
  ox_mime_watch_heap(&watch, walk->reader->options->allocator);
  ox_arena arena;
  ox_arena_init(&arena, &watch.allocator, 0);
  ox_status status = OX_OK;
  for (size_t i = 0; i < walk->out->attachment_count && status == OX_OK; i++) {
    ox_propbag *bag = &walk->out->attachments[i].properties;
    if (ox_propbag_i32(bag, OX_PidTagAttachFlags, 0) == ATTACH_RENDERED_IN_BODY &&
        ox_mime_is_referenced(walk->references, bag, &arena))
      status = ox_propbag_set_bool(bag, OX_PidTagAttachmentHidden, true);
  }
  ox_arena_dispose(&arena);
  return watch.failed ? OX_E_NO_MEMORY : status;
}

ox_status ox_mime_read_parts(mime_reader *reader, GMimeObject *root, ox_bytes raw_header,
                             ox_bytes raw_body, ox_message *out) {
  part_walk walk = {.reader = reader, .out = out};
  GMimeContentType *type = g_mime_object_get_content_type(root);
  ox_status status = read_root_fields(&walk, root);
  if (status != OX_OK) return status;
  if (GMIME_IS_MULTIPART(root) && g_mime_content_type_is_type(type, "multipart", "signed")) {
    status = read_signed(&walk, (GMimeMultipart *)root, raw_header, raw_body);
    if (walk.references != NULL) g_hash_table_destroy(walk.references);
    return status;
  }
  if (is_opaque(root))
    status = ox_propbag_set_utf8(&out->properties, OX_PidTagMessageClass, CLASS_SMIME);
  else if (GMIME_IS_MULTIPART(root))
    status = keep_root_type(&walk, root);
  if (status == OX_OK) status = walk_part(&walk, root, (part_place){NULL, true, false});
  if (status == OX_OK) status = hide_shown_images(&walk);
  if (walk.references != NULL) g_hash_table_destroy(walk.references);
  return status;
}
