/* ox_message to MIME: the header, and the tree of parts around bodies and attachments.
 * @spec [MS-OXCMAIL] 2.1; [MS-OXOSMIME] 2.1 */
#include <oxkit/convert/bodies.h>
#include <oxkit/ropcodec/entryid.h>

#include "mime_internal.h"

#include <string.h>

typedef struct export_state {
  const ox_mime_export_options *options;
  mime_writer w;
  ox_error *err;
  unsigned depth;
  unsigned boundaries; /* given out so far, so that each is its own */
} export_state;

/* One message on its way out. */
typedef struct outgoing {
  export_state *state;
  const ox_message *message;
  ox_arena *arena; /* for the time of the call */
  bool has_text, has_html;
  ox_bytes text; /* UTF-8 */
  ox_bytes html;
  uint32_t codepage;
  GHashTable *references; /* what the HTML shows; NULL without it */
  const char *outer;      /* Content-Type of the outermost multipart, when it is a special one */
  char digest[25];        /* of what goes out unencoded */
} outgoing;

static ox_status write_message(export_state *state, const ox_message *message);

/* ---- properties ---- */

static const char *text_of(outgoing *out, const ox_propbag *bag, ox_proptag tag) {
  return ox_propbag_utf8(bag, tag, out->arena, NULL);
}

static const char *named_text(outgoing *out, const ox_propbag *bag, const ox_guid *set,
                              const char *name) {
  return ox_mime_get_named(out->message, bag, set, name, out->arena);
}

static ox_status read_source(outgoing *out, ox_source *source, ox_bytes *bytes) {
  if (source->size_bytes > OX_MIME_MAX_MESSAGE_BYTES)
    return ox_error_set(out->state->err, OX_E_LIMIT, "A body of the message is too large.");
  size_t size = (size_t)source->size_bytes;
  uint8_t *data = ox_arena_alloc(out->arena, size + 1);
  if (data == NULL) return OX_E_NO_MEMORY;
  for (size_t at = 0; at < size;) {
    size_t n = 0;
    ox_status status = source->read_at(source, at, data + at, size - at, &n, out->state->err);
    if (status != OX_OK) return status;
    if (n == 0) return ox_error_set(out->state->err, OX_E_IO, "A value ended before its size.");
    at += n;
  }
  *bytes = (ox_bytes){data, size};
  return OX_OK;
}

/* A large value by its tag; false when there is none. */
static bool find_large(const ox_message *message, ox_proptag tag, ox_source **source) {
  for (size_t i = 0; i < message->large_value_count; i++) {
    if (message->large_values[i].tag != tag) continue;
    *source = message->large_values[i].source;
    return true;
  }
  return false;
}

static ox_status take_text(outgoing *out, ox_str16 text) {
  const char *utf8 = ox_str16_utf8(out->arena, text);
  if (utf8 == NULL) return OX_E_NO_MEMORY;
  char *valid = ox_text_make_valid(out->arena, ox_str8_from(utf8));
  if (valid == NULL) return OX_E_NO_MEMORY;
  out->text = (ox_bytes){(const uint8_t *)valid, strlen(valid)};
  out->has_text = true;
  return OX_OK;
}

static ox_status load_text(outgoing *out) {
  ox_source *source;
  if (find_large(out->message, OX_PidTagBody, &source)) {
    ox_bytes bytes = {NULL, 0};
    ox_status status = read_source(out, source, &bytes);
    if (status != OX_OK) return status;
    return take_text(out, (ox_str16){bytes.data, bytes.size_bytes & ~(size_t)1});
  }
  const char *text = text_of(out, &out->message->properties, OX_PidTagBody);
  if (text == NULL) return OX_OK;
  char *valid = ox_text_make_valid(out->arena, ox_str8_from(text));
  if (valid == NULL) return OX_E_NO_MEMORY;
  out->text = (ox_bytes){(const uint8_t *)valid, strlen(valid)};
  out->has_text = true;
  return OX_OK;
}

static ox_status load_html(outgoing *out) {
  const ox_propbag *bag = &out->message->properties;
  ox_source *source;
  out->codepage = (uint32_t)ox_propbag_i32(bag, OX_PidTagInternetCodepage, 0);
  if (find_large(out->message, OX_PidTagHtml, &source)) {
    out->has_html = true;
    return read_source(out, source, &out->html);
  }
  const ox_property *property = ox_propbag_find(bag, OX_PROPTAG_ID(OX_PidTagHtml));
  if (property == NULL) return OX_OK;
  if (OX_PROPTAG_TYPE(property->tag) == OX_PTYP_BINARY) {
    out->html = property->value.binary;
    out->has_html = true;
    return OX_OK;
  }
  const char *text = text_of(out, bag, OX_PROPTAG_AS(OX_PidTagHtml, OX_PTYP_STRING));
  if (text == NULL) return OX_OK;
  out->html = (ox_bytes){(const uint8_t *)text, strlen(text)};
  out->codepage = OX_CODEPAGE_UTF8;
  out->has_html = true;
  return OX_OK;
}

/* ---- addresses ---- */

/* The SMTP address of something that is not one: by the host's address book, else encapsulated. */
static const char *smtp_for(outgoing *out, const char *type, const char *address) {
  const ox_mime_export_options *options = out->state->options;
  const char *smtp = NULL;
  if (options->smtp_address != NULL)
    smtp = options->smtp_address(type, address, options->smtp_address_user);
  if (smtp != NULL && *smtp != 0) return ox_arena_strdup(out->arena, smtp);
  if (options->encapsulation_domain == NULL || strlen(address) > 250) return NULL;
  char *encapsulated = ox_mime_encapsulate(type, address, options->encapsulation_domain);
  smtp = ox_arena_strdup(out->arena, encapsulated);
  g_free(encapsulated);
  return smtp;
}

/* The SMTP address of a group of properties; NULL when there is none.
 * @spec [MS-OXCMAIL] 2.1.3.1.1 */
static const char *smtp_of(outgoing *out, const ox_propbag *bag, const address_tags *tags) {
  const char *smtp = text_of(out, bag, tags->smtp);
  if (smtp != NULL && *smtp != 0) return smtp;
  const char *type = text_of(out, bag, tags->address_type);
  const char *email = text_of(out, bag, tags->email);
  bool has_email = email != NULL && *email != 0;
  if (has_email && (type == NULL || ox_ascii_equal(type, "SMTP"))) return email;
  const char *name, *address;
  if (ox_mime_one_off_read(out->arena, ox_propbag_binary(bag, tags->entry_id), &name, &address))
    return address;
  return has_email && *type != 0 ? smtp_for(out, type, email) : NULL;
}

static void write_address(outgoing *out, const char *field_name, const address_tags *tags) {
  const ox_propbag *bag = &out->message->properties;
  address_field field;
  ox_mime_address_begin(&field, &out->state->w, field_name);
  ox_mime_address_add(&field, text_of(out, bag, tags->name), smtp_of(out, bag, tags));
  ox_mime_address_end(&field);
}

static bool has_address(outgoing *out, const address_tags *tags) {
  const ox_propbag *bag = &out->message->properties;
  return text_of(out, bag, tags->name) != NULL || smtp_of(out, bag, tags) != NULL;
}

/* @spec [MS-OXCMAIL] 2.1.3.1.3, 2.1.3.1.4: Sender only where it differs from From */
static void write_senders(outgoing *out) {
  const ox_propbag *bag = &out->message->properties;
  bool represented = has_address(out, &ox_mime_representing_tags);
  bool sent = has_address(out, &ox_mime_sender_tags);
  if (represented)
    write_address(out, "From", &ox_mime_representing_tags);
  else if (sent)
    write_address(out, "From", &ox_mime_sender_tags);
  if (!represented || !sent) return;
  const char *from = smtp_of(out, bag, &ox_mime_representing_tags);
  const char *sender = smtp_of(out, bag, &ox_mime_sender_tags);
  if (from != NULL && sender != NULL && !ox_ascii_equal(from, sender))
    write_address(out, "Sender", &ox_mime_sender_tags);
}

/* @spec [MS-OXCMAIL] 2.1.3.1.2 */
static void write_reply_to(outgoing *out) {
  ox_flat_entry_list list = {0, NULL};
  ox_bytes bytes = ox_propbag_binary(&out->message->properties, OX_PidTagReplyRecipientEntries);
  if (bytes.size_bytes == 0 || ox_flat_entry_list_decode(bytes, out->arena, &list) != OX_OK) return;
  address_field field;
  ox_mime_address_begin(&field, &out->state->w, "Reply-To");
  for (uint32_t i = 0; i < list.count; i++) {
    const char *name, *address;
    if (ox_mime_one_off_read(out->arena, list.entry_ids[i], &name, &address))
      ox_mime_address_add(&field, name, address);
  }
  ox_mime_address_end(&field);
}

static void write_recipients(outgoing *out, const char *field_name, int32_t type) {
  static const address_tags tags = {OX_PidTagDisplayName,  OX_PidTagAddressType,
                                    OX_PidTagEmailAddress, OX_PidTagSmtpAddress,
                                    OX_PidTagEntryId,      OX_PidTagSearchKey};
  address_field field;
  ox_mime_address_begin(&field, &out->state->w, field_name);
  for (size_t i = 0; i < out->message->recipient_count; i++) {
    const ox_propbag *bag = &out->message->recipients[i].properties;
    /* The high bits say resend and already-sent. */
    if ((ox_propbag_i32(bag, OX_PidTagRecipientType, OX_RECIPIENT_TO) & 0xF) != type) continue;
    ox_mime_address_add(&field, text_of(out, bag, OX_PidTagDisplayName), smtp_of(out, bag, &tags));
  }
  ox_mime_address_end(&field);
}

/* ---- single fields ---- */

static void write_date(outgoing *out, const char *name, ox_filetime time) {
  GDateTime *date = g_date_time_new_from_unix_utc(ox_filetime_to_unix(time, NULL));
  if (date == NULL) return;
  char *text = g_mime_utils_header_format_date(date);
  ox_mime_emit_raw_field(&out->state->w, name, text);
  g_free(text);
  g_date_time_unref(date);
}

static void write_subject(outgoing *out) {
  const ox_propbag *bag = &out->message->properties;
  const char *subject = text_of(out, bag, OX_PidTagSubject);
  if (subject == NULL) {
    const char *prefix = text_of(out, bag, OX_PidTagSubjectPrefix);
    const char *rest = text_of(out, bag, OX_PidTagNormalizedSubject);
    if (rest == NULL) return;
    char *whole = g_strconcat(prefix != NULL ? prefix : "", rest, NULL);
    ox_mime_emit_text_field(&out->state->w, "Subject", whole);
    g_free(whole);
  } else {
    ox_mime_emit_text_field(&out->state->w, "Subject", subject);
  }
  const char *topic = text_of(out, bag, OX_PidTagConversationTopic);
  const char *normal = text_of(out, bag, OX_PidTagNormalizedSubject);
  bool index = ox_propbag_binary(bag, OX_PidTagConversationIndex).size_bytes != 0;
  if (topic != NULL && *topic != 0 && (index || normal == NULL || strcmp(topic, normal) != 0))
    ox_mime_emit_text_field(&out->state->w, "Thread-Topic", topic);
}

/* @spec [MS-OXCMAIL] 2.1.3.2 */
static void write_importance(outgoing *out) {
  int32_t importance = ox_propbag_i32(&out->message->properties, OX_PidTagImportance, 1);
  if (importance == 1 || importance < 0 || importance > 2) return;
  ox_mime_emit_raw_field(&out->state->w, "Importance", importance == 2 ? "high" : "low");
  ox_mime_emit_raw_field(&out->state->w, "X-Priority", importance == 2 ? "1" : "5");
}

/* The first group that has an address. @spec [MS-OXCMAIL] 2.1.3.1.5 */
static void write_receipt_field(outgoing *out, const char *name) {
  static const address_tags *const groups[] = {&ox_mime_receipt_tags, &ox_mime_sender_tags,
                                               &ox_mime_representing_tags};
  for (size_t i = 0; i < G_N_ELEMENTS(groups); i++) {
    if (!has_address(out, groups[i])) continue;
    write_address(out, name, groups[i]);
    return;
  }
}

static void write_receipts(outgoing *out) {
  const ox_propbag *bag = &out->message->properties;
  if (ox_propbag_bool(bag, OX_PidTagReadReceiptRequested, false))
    write_receipt_field(out, "Disposition-Notification-To");
  if (ox_propbag_bool(bag, OX_PidTagOriginatorDeliveryReportRequested, false))
    write_receipt_field(out, "Return-Receipt-To");
}

/* @spec [MS-OXCMAIL] 2.1.3.2.20 */
static void write_auto_response_suppress(outgoing *out) {
  static const field_word words[] = {{"DR", 1},  {"NDR", 2},    {"RN", 4},
                                     {"NRN", 8}, {"OOF", 0x10}, {"AutoReply", 0x20}};
  const ox_value *value = ox_propbag_get(&out->message->properties, OX_PidTagAutoResponseSuppress);
  if (value == NULL) return;
  int32_t bits = value->i32;
  GString *text = g_string_new(bits == -1 ? "All" : bits == 0 ? "None" : NULL);
  for (size_t i = 0; bits != -1 && i < G_N_ELEMENTS(words); i++)
    if ((bits & words[i].value) != 0)
      g_string_append_printf(text, "%s%s", text->len != 0 ? ", " : "", words[i].word);
  ox_mime_emit_raw_field(&out->state->w, "X-Auto-Response-Suppress", text->str);
  g_string_free(text, TRUE);
}

static void write_mapped(outgoing *out, const field_row *row) {
  const ox_propbag *bag = &out->message->properties;
  mime_writer *w = &out->state->w;
  switch (row->kind) {
    case FIELD_TEXT:
    case FIELD_RAW: {
      const char *text = text_of(out, bag, row->tag);
      if (text == NULL || *text == 0) return;
      if (row->kind == FIELD_TEXT)
        ox_mime_emit_text_field(w, row->name, text);
      else
        ox_mime_emit_raw_field(w, row->name, text);
      return;
    }
    case FIELD_TIME: {
      ox_filetime time = ox_propbag_time(bag, row->tag, 0);
      if (time != 0) write_date(out, row->name, time);
      return;
    }
    case FIELD_ENUM: {
      int32_t value = ox_propbag_i32(bag, row->tag, 0);
      for (const field_word *word = row->words; word->word != NULL && value != 0; word++)
        if (word->value == value) ox_mime_emit_raw_field(w, row->name, word->word);
      return;
    }
    case FIELD_BASE64: {
      ox_bytes bytes = ox_propbag_binary(bag, row->tag);
      if (bytes.size_bytes == 0) return;
      char *text = g_base64_encode(bytes.data, bytes.size_bytes);
      ox_mime_emit_raw_field(w, row->name, text);
      g_free(text);
      return;
    }
    case FIELD_SPECIAL:
    case FIELD_TRACE: return;
  }
}

/* "x-mailer", as stores keep it, to "X-Mailer". */
static char *field_case(const char *name) {
  char *text = g_strdup(name);
  for (const char *c = name; *c != 0; c++)
    if (g_ascii_isupper(*c)) return text;
  for (size_t i = 0; text[i] != 0; i++)
    if (i == 0 || text[i - 1] == '-') text[i] = g_ascii_toupper(text[i]);
  return text;
}

static bool is_field_name(const char *name) {
  if (*name == 0) return false;
  for (const char *c = name; *c != 0; c++)
    if (*c <= ' ' || *c > '~' || *c == ':') return false;
  return true;
}

static void write_unmapped_value(outgoing *out, const char *name, const ox_property *property) {
  mime_writer *w = &out->state->w;
  const ox_value *value = &property->value;
  char *cased = field_case(name);
  if (OX_PROPTAG_TYPE(property->tag) == OX_PTYP_MULTIPLE_STRING) {
    for (uint32_t i = 0; i < value->multiple.count; i++) {
      const char *text = ox_str16_utf8(out->arena, value->multiple.values.string[i]);
      if (text != NULL) ox_mime_emit_text_field(w, cased, text);
    }
  } else {
    const char *text = text_of(out, &out->message->properties, property->tag);
    if (text != NULL) ox_mime_emit_text_field(w, cased, text);
  }
  g_free(cased);
}

/* Named properties in PS_INTERNET_HEADERS. @spec [MS-OXCMAIL] 2.1.3.2 */
static void write_unmapped(outgoing *out) {
  const ox_propbag *bag = &out->message->properties;
  for (size_t i = 0; i < bag->count; i++) {
    const ox_property *property = &bag->items[i];
    const ox_property_name *name = ox_message_name(out->message, OX_PROPTAG_ID(property->tag));
    if (name == NULL || name->kind != OX_NAME_KIND_STRING ||
        !ox_guid_equal(&name->guid, &OX_PSETID_INTERNET_HEADERS))
      continue;
    const char *text = ox_str16_utf8(out->arena, name->name);
    if (text == NULL || !is_field_name(text) || ox_mime_field(text) != NULL ||
        ox_mime_field_is_reserved(text))
      continue;
    write_unmapped_value(out, text, property);
  }
}

static uint16_t named_id(const ox_message *message, const ox_guid *set, const char *text,
                         ox_arena *arena) {
  ox_property_name name = {.kind = OX_NAME_KIND_STRING, .guid = *set};
  if (ox_str16_from_utf8(arena, ox_str8_from(text), &name.name) != OX_OK) return 0;
  return ox_message_find_name(message, &name);
}

static void write_keywords(outgoing *out) {
  uint16_t id = named_id(out->message, &OX_PSETID_PUBLIC_STRINGS, "Keywords", out->arena);
  if (id == 0) return;
  const ox_value *value =
      ox_propbag_get(&out->message->properties, OX_PROPTAG(id, OX_PTYP_MULTIPLE_STRING));
  if (value == NULL || value->multiple.count == 0) return;
  GString *text = g_string_new(NULL);
  for (uint32_t i = 0; i < value->multiple.count; i++) {
    const char *word = ox_str16_utf8(out->arena, value->multiple.values.string[i]);
    if (word != NULL) g_string_append_printf(text, "%s%s", text->len != 0 ? ", " : "", word);
  }
  ox_mime_emit_text_field(&out->state->w, "Keywords", text->str);
  g_string_free(text, TRUE);
}

/* The fields that say how the message came, out of PidTagTransportMessageHeaders. */
static void write_trace(outgoing *out) {
  const char *headers = text_of(out, &out->message->properties, OX_PidTagTransportMessageHeaders);
  bool wanted = out->state->depth > 0 || (out->state->options->flags & OX_MIME_EXPORT_TRACE) != 0;
  if (headers == NULL || !wanted) return;
  char **lines = g_strsplit(headers, "\n", -1);
  bool keep = false;
  for (char **line = lines; *line != NULL; line++) {
    g_strchomp(*line);
    if (**line == 0) continue;
    if (**line != ' ' && **line != '\t') {
      const char *colon = strchr(*line, ':');
      char *name = colon != NULL ? g_strndup(*line, (gsize)(colon - *line)) : g_strdup("");
      const field_row *row = ox_mime_field(g_strchomp(name));
      keep = row != NULL && row->kind == FIELD_TRACE;
      g_free(name);
    }
    if (!keep || strlen(*line) > 998) continue;
    for (char *c = *line; *c != 0; c++)
      if ((uint8_t)*c >= 0x80 || ((uint8_t)*c < 0x20 && *c != '\t')) *c = '?';
    ox_write_text(out->state->w.out, *line);
    ox_mime_emit_newline(&out->state->w);
  }
  g_strfreev(lines);
}

static void write_header(outgoing *out) {
  const ox_propbag *bag = &out->message->properties;
  const ox_mime_export_options *options = out->state->options;
  write_trace(out);
  write_senders(out);
  write_reply_to(out);
  write_recipients(out, "To", OX_RECIPIENT_TO);
  write_recipients(out, "Cc", OX_RECIPIENT_CC);
  if ((options->flags & OX_MIME_EXPORT_BCC) != 0 || out->state->depth > 0)
    write_recipients(out, "Bcc", OX_RECIPIENT_BCC);
  write_subject(out);
  ox_filetime date = ox_propbag_time(bag, OX_PidTagClientSubmitTime, 0);
  if (date == 0 && out->state->depth == 0) date = options->date;
  if (date != 0) write_date(out, "Date", date);
  for (size_t i = 0; i < ox_mime_field_count; i++)
    if (ox_mime_fields[i].write) write_mapped(out, &ox_mime_fields[i]);
  if (options->message_id != NULL && out->state->depth == 0 &&
      text_of(out, bag, OX_PidTagInternetMessageId) == NULL)
    ox_mime_emit_raw_field(&out->state->w, "Message-ID", options->message_id);
  write_importance(out);
  write_receipts(out);
  write_auto_response_suppress(out);
  write_keywords(out);
  write_unmapped(out);
  ox_mime_emit_raw_field(&out->state->w, "MIME-Version", "1.0");
}

/* ---- boundaries ---- */

static void digest_bytes(GChecksum *sum, ox_bytes bytes) {
  if (bytes.size_bytes != 0) g_checksum_update(sum, bytes.data, (gssize)bytes.size_bytes);
  g_checksum_update(sum, (const guchar *)"", 1);
}

/* Everything that may travel unencoded goes into the boundaries' digest: whoever wants to write a
 * boundary into a text would have to find a fixed point of SHA-256. */
static void digest_message(GChecksum *sum, const ox_message *message, unsigned depth) {
  static const ox_proptag texts[] = {OX_PidTagSubject, OX_PidTagInternetMessageId, OX_PidTagBody};
  for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
    const ox_value *value = ox_propbag_get(&message->properties, texts[i]);
    if (value != NULL) digest_bytes(sum, (ox_bytes){value->string.data, value->string.size_bytes});
  }
  digest_bytes(sum, ox_propbag_binary(&message->properties, OX_PidTagHtml));
  for (size_t i = 0; i < message->attachment_count; i++) {
    const ox_attachment *one = &message->attachments[i];
    if (one->embedded != NULL && depth < OX_MIME_EXPORT_MAX_DEPTH)
      digest_message(sum, one->embedded, depth + 1);
    digest_bytes(sum, ox_propbag_binary(&one->properties, OX_PidTagAttachDataBinary));
    if (one->source == NULL) continue;
    uint8_t buffer[8192];
    uint64_t at = 0;
    size_t n = 0;
    while (one->source->read_at(one->source, at, buffer, sizeof buffer, &n, NULL) == OX_OK &&
           n > 0) {
      digest_bytes(sum, (ox_bytes){buffer, n});
      at += n;
    }
  }
}

static void make_digest(outgoing *out) {
  GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
  const char *seed = out->state->options->boundary_seed;
  if (seed != NULL) g_checksum_update(sum, (const guchar *)seed, -1);
  digest_bytes(sum, out->text);
  digest_bytes(sum, out->html);
  digest_message(sum, out->message, 0);
  g_strlcpy(out->digest, g_checksum_get_string(sum), sizeof out->digest);
  g_checksum_free(sum);
}

enum { BOUNDARY_BYTES = 64 };

static void next_boundary(outgoing *out, char boundary[BOUNDARY_BYTES]) {
  g_snprintf(boundary, BOUNDARY_BYTES, "--=_OX_%s_%u", out->digest, out->state->boundaries++);
}

static void write_delimiter(outgoing *out, const char *boundary, bool last) {
  mime_writer *w = &out->state->w;
  ox_mime_emit_newline(w);
  ox_write_text(w->out, "--");
  ox_write_text(w->out, boundary);
  if (last) ox_write_text(w->out, "--");
  ox_mime_emit_newline(w);
}

/* Content-Type of a multipart, and the empty line. */
static void begin_multipart(outgoing *out, const char *type_text, const char *subtype,
                            const char *boundary) {
  GMimeContentType *type = type_text != NULL ? g_mime_content_type_parse(NULL, type_text) : NULL;
  if (type == NULL) type = g_mime_content_type_new("multipart", subtype);
  g_mime_content_type_set_parameter(type, "boundary", boundary);
  if (type_text == NULL && strcmp(subtype, "related") == 0)
    g_mime_content_type_set_parameter(type, "type",
                                      out->has_text ? "multipart/alternative" : "text/html");
  char *encoded = g_mime_content_type_encode(type, NULL);
  ox_mime_emit_encoded(&out->state->w, "Content-Type", encoded);
  ox_mime_emit_newline(&out->state->w);
  g_free(encoded);
  g_object_unref(type);
}

/* ---- leaves ---- */

static void write_coding(outgoing *out, const char *coding) {
  ox_mime_emit_raw_field(&out->state->w, "Content-Transfer-Encoding", coding);
  ox_mime_emit_newline(&out->state->w);
}

static void write_text_part(outgoing *out, const char *subtype, const char *format,
                            const char *charset, ox_bytes body) {
  mime_writer *w = &out->state->w;
  GMimeContentType *type = format != NULL ? g_mime_content_type_parse(NULL, format) : NULL;
  if (type == NULL) type = g_mime_content_type_new("text", subtype);
  g_mime_content_type_set_media_type(type, "text");
  g_mime_content_type_set_media_subtype(type, subtype);
  g_mime_content_type_set_parameter(type, "charset", charset);
  char *encoded = g_mime_content_type_encode(type, NULL);
  ox_mime_emit_encoded(w, "Content-Type", encoded);
  g_free(encoded);
  g_object_unref(type);
  switch (ox_mime_text_coding(body.data, body.size_bytes)) {
    case CODING_7BIT:
      write_coding(out, "7bit");
      ox_mime_emit_lines(w, (const char *)body.data, body.size_bytes);
      break;
    case CODING_QUOTED_PRINTABLE:
      write_coding(out, "quoted-printable");
      ox_mime_emit_quoted_printable(w, body.data, body.size_bytes);
      break;
    case CODING_BASE64: {
      GMimeEncoding state;
      write_coding(out, "base64");
      g_mime_encoding_init_encode(&state, GMIME_CONTENT_ENCODING_BASE64);
      ox_mime_emit_base64(w, body.data, body.size_bytes, &state);
      ox_mime_emit_base64_end(w, &state);
      break;
    }
  }
}

/* Plain text goes out in the message's code page where that can say it all, else in UTF-8. */
static void write_plain(outgoing *out) {
  const char *format =
      named_text(out, &out->message->properties, &ox_mime_property_set, MIME_NAME_TEXT_FORMAT);
  const char *charset = ox_codepage_charset(out->codepage);
  GByteArray *encoded = g_byte_array_new();
  bool ascii = ox_mime_text_coding(out->text.data, out->text.size_bytes) == CODING_7BIT;
  ox_bytes body = out->text;
  if (ascii && (charset == NULL || g_ascii_strncasecmp(charset, "iso-2022", 8) != 0)) {
    charset = charset != NULL ? charset : "us-ascii";
  } else if (charset != NULL && out->codepage != OX_CODEPAGE_UTF8 && out->codepage != 1200 &&
             out->codepage != 1201 && out->codepage != 65000 &&
             ox_mime_encode_text((const char *)out->text.data, out->text.size_bytes, charset,
                                 encoded)) {
    body = (ox_bytes){encoded->data, encoded->len};
  } else {
    charset = "utf-8";
  }
  if (out->codepage == 1200 || out->codepage == 1201) charset = "utf-8";
  write_text_part(out, "plain", format, charset, body);
  g_byte_array_unref(encoded);
}

static void write_html(outgoing *out) {
  const char *format =
      named_text(out, &out->message->properties, &ox_mime_property_set, "mime-html-format");
  const char *charset = ox_codepage_charset(out->codepage);
  write_text_part(out, "html", format, charset != NULL ? charset : "utf-8", out->html);
}

/* ---- attachments ---- */

/* The name that the part had, where import changed it and nobody else did. */
static const char *file_name(outgoing *out, const ox_propbag *bag) {
  const char *name = text_of(out, bag, OX_PidTagAttachLongFilename);
  if (name == NULL || *name == 0) name = text_of(out, bag, OX_PidTagAttachFilename);
  const char *made = named_text(out, bag, &ox_mime_property_set, MIME_NAME_MADE_NAME);
  const char *given = named_text(out, bag, &ox_mime_property_set, MIME_NAME_GIVEN_NAME);
  if (made != NULL && given != NULL && name != NULL && strcmp(made, name) == 0) name = given;
  return name != NULL && *name != 0 ? name : NULL;
}

static char *utf8_line(const char *text) {
  char *valid = g_utf8_make_valid(text, -1);
  for (char *c = valid; *c != 0; c++)
    if ((uint8_t)*c < 0x20 || *c == 0x7F) *c = ' ';
  return valid;
}

static void write_part_type(outgoing *out, const ox_propbag *bag, const char *mime_type,
                            const char *name) {
  const char *kept = named_text(out, bag, &OX_PSETID_INTERNET_HEADERS, "Content-Type");
  const char *charset = text_of(out, bag, OX_PidTagTextAttachmentCharset);
  GMimeContentType *type = g_mime_content_type_parse(NULL, kept != NULL ? kept : mime_type);
  char *kept_type = type != NULL ? g_mime_content_type_get_mime_type(type) : NULL;
  if (kept != NULL && kept_type != NULL && !ox_ascii_equal(kept_type, mime_type)) {
    g_object_unref(type);
    type = g_mime_content_type_parse(NULL, mime_type);
    kept = NULL;
  }
  g_free(kept_type);
  if (type == NULL) type = g_mime_content_type_new("application", "octet-stream");
  if (name != NULL) {
    char *clean = utf8_line(name);
    g_mime_content_type_set_parameter(type, "name", clean);
    g_free(clean);
  }
  if (charset != NULL && *charset != 0 && kept == NULL) {
    char *clean = utf8_line(charset);
    g_mime_content_type_set_parameter(type, "charset", clean);
    g_free(clean);
  }
  char *encoded = g_mime_content_type_encode(type, NULL);
  ox_mime_emit_encoded(&out->state->w, "Content-Type", encoded);
  g_free(encoded);
  g_object_unref(type);
}

static void set_date_parameter(GMimeContentDisposition *disposition, const char *name,
                               ox_filetime time) {
  if (time == 0) return;
  GDateTime *date = g_date_time_new_from_unix_utc(ox_filetime_to_unix(time, NULL));
  if (date == NULL) return;
  char *text = g_mime_utils_header_format_date(date);
  g_mime_content_disposition_set_parameter(disposition, name, text);
  g_free(text);
  g_date_time_unref(date);
}

/* @spec [MS-OXCMAIL] 2.1.3.4.2.2 */
static void write_disposition(outgoing *out, const ox_propbag *bag, const char *name,
                              bool is_inline) {
  GMimeContentDisposition *disposition = g_mime_content_disposition_new();
  g_mime_content_disposition_set_disposition(disposition, is_inline ? "inline" : "attachment");
  if (name != NULL) {
    char *clean = utf8_line(name);
    g_mime_content_disposition_set_parameter(disposition, "filename", clean);
    g_free(clean);
  }
  set_date_parameter(disposition, "creation-date", ox_propbag_time(bag, OX_PidTagCreationTime, 0));
  set_date_parameter(disposition, "modification-date",
                     ox_propbag_time(bag, OX_PidTagLastModificationTime, 0));
  char *encoded = g_mime_content_disposition_encode(disposition, NULL);
  ox_mime_emit_encoded(&out->state->w, "Content-Disposition", encoded);
  g_free(encoded);
  g_object_unref(disposition);
}

/* Named header properties of the attachment. */
static void write_part_fields(outgoing *out, const ox_propbag *bag) {
  static const char *const own[] = {"Content-Type", "Content-Disposition",
                                    "Content-Transfer-Encoding"};
  for (size_t i = 0; i < bag->count; i++) {
    const ox_property_name *name = ox_message_name(out->message, OX_PROPTAG_ID(bag->items[i].tag));
    if (name == NULL || name->kind != OX_NAME_KIND_STRING ||
        !ox_guid_equal(&name->guid, &OX_PSETID_INTERNET_HEADERS))
      continue;
    const char *field = ox_str16_utf8(out->arena, name->name);
    const char *value = text_of(out, bag, bag->items[i].tag);
    bool skip = field == NULL || value == NULL || !is_field_name(field);
    for (size_t k = 0; k < G_N_ELEMENTS(own) && !skip; k++) skip = ox_ascii_equal(field, own[k]);
    if (skip) continue;
    char *cased = field_case(field);
    ox_mime_emit_text_field(&out->state->w, cased, value);
    g_free(cased);
  }
}

/* Content-ID, Content-Location, Content-Base. @spec [MS-OXCMAIL] 2.1.3.4.2 */
static void write_part_ids(outgoing *out, const ox_propbag *bag) {
  mime_writer *w = &out->state->w;
  const char *id = text_of(out, bag, OX_PidTagAttachContentId);
  if (id != NULL && *id != 0) {
    char *bracketed = g_strconcat("<", id, ">", NULL);
    ox_mime_emit_raw_field(w, "Content-ID", bracketed);
    g_free(bracketed);
  }
  const char *location = text_of(out, bag, OX_PidTagAttachContentLocation);
  if (location != NULL && *location != 0) ox_mime_emit_text_field(w, "Content-Location", location);
  const char *base = text_of(out, bag, OX_PidTagAttachContentBase);
  if (base != NULL && *base != 0) ox_mime_emit_text_field(w, "Content-Base", base);
}

/* Signed content may have bytes above 127: then every message around it is 8bit. */
static bool is_eight_bit(const ox_message *message, unsigned depth) {
  for (size_t i = 0; i < message->attachment_count && depth < OX_MIME_EXPORT_MAX_DEPTH; i++) {
    const ox_attachment *one = &message->attachments[i];
    if (one->embedded != NULL && is_eight_bit(one->embedded, depth + 1)) return true;
    ox_bytes data = ox_propbag_binary(&one->properties, OX_PidTagAttachDataBinary);
    for (size_t k = 0; k < data.size_bytes; k++)
      if (data.data[k] >= 0x80) return true;
    if (one->source != NULL) return true;
  }
  return false;
}

static ox_status write_embedded(outgoing *out, const ox_attachment *one) {
  export_state *state = out->state;
  if (state->depth + 1 >= OX_MIME_EXPORT_MAX_DEPTH)
    return ox_error_set(state->err, OX_E_LIMIT, "Messages are nested too deeply.");
  write_coding(out, is_eight_bit(one->embedded, 0) ? "8bit" : "7bit");
  state->depth++;
  ox_status status = write_message(state, one->embedded);
  state->depth--;
  return status;
}

/* Parts of type message must not be base64: they go out as they are when their lines allow it.
 * What claims to be message/rfc822 and is not embedded is no message. */
static bool travels_plain(const char *mime_type, ox_bytes data) {
  if (!ox_ascii_equal_n(mime_type, "message/", 8) || ox_ascii_equal(mime_type, "message/rfc822"))
    return false;
  return data.size_bytes < 256 * 1024 &&
         ox_mime_text_coding(data.data, data.size_bytes) == CODING_7BIT;
}

static ox_status write_source(outgoing *out, ox_source *source, GMimeEncoding *state) {
  /* A multiple of 3 and of the line's 57 bytes keeps the encoder's lines whole. */
  enum { PIECE = 57 * 256 };
  uint8_t buffer[PIECE];
  for (uint64_t at = 0; at < source->size_bytes;) {
    size_t n = 0;
    ox_status status = source->read_at(source, at, buffer, sizeof buffer, &n, out->state->err);
    if (status != OX_OK) return status;
    if (n == 0)
      return ox_error_set(out->state->err, OX_E_IO, "An attachment ended before its size.");
    ox_mime_emit_base64(&out->state->w, buffer, n, state);
    at += n;
    if (ox_writer_status(out->state->w.out) != OX_OK) break;
  }
  return OX_OK;
}

static ox_status write_content(outgoing *out, const ox_attachment *one, const char *mime_type) {
  mime_writer *w = &out->state->w;
  ox_bytes data = ox_propbag_binary(&one->properties, OX_PidTagAttachDataBinary);
  const char *encoding =
      named_text(out, &one->properties, &OX_PSETID_INTERNET_HEADERS, "Content-Transfer-Encoding");
  if (one->source == NULL && encoding != NULL && strlen(encoding) < 64 &&
      g_mime_content_encoding_from_string(encoding) == GMIME_CONTENT_ENCODING_DEFAULT &&
      ox_mime_text_coding(data.data, data.size_bytes) == CODING_7BIT) {
    write_coding(out, encoding);
    ox_mime_emit_lines(w, (const char *)data.data, data.size_bytes);
    return OX_OK;
  }
  if (one->source == NULL && travels_plain(mime_type, data)) {
    write_coding(out, "7bit");
    ox_mime_emit_lines(w, (const char *)data.data, data.size_bytes);
    return OX_OK;
  }
  GMimeEncoding state;
  write_coding(out, "base64");
  g_mime_encoding_init_encode(&state, GMIME_CONTENT_ENCODING_BASE64);
  ox_status status = OX_OK;
  if (one->source != NULL)
    status = write_source(out, one->source, &state);
  else
    ox_mime_emit_base64(w, data.data, data.size_bytes, &state);
  ox_mime_emit_base64_end(w, &state);
  return status;
}

static int32_t place_of(const outgoing *out, const ox_attachment *one) {
  return ox_mime_get_named_i32(out->message, &one->properties, MIME_NAME_PLACE, PLACE_DEFAULT);
}

/* Shown by the HTML, whatever PidTagAttachFlags says. @spec [MS-OXCMAIL] 2.1.3.4.1.2 */
static bool is_related(const outgoing *out, const ox_attachment *one) {
  return out->references != NULL &&
         ox_mime_is_referenced(out->references, &one->properties, out->arena);
}

/* The types whose content readers take for a message. */
static bool is_message_type(const char *mime_type) {
  static const char *const types[] = {"message/rfc822", "message/rfc2822", "message/global",
                                      "message/news"};
  for (size_t i = 0; i < G_N_ELEMENTS(types); i++)
    if (ox_ascii_equal(mime_type, types[i])) return true;
  return false;
}

static ox_status write_attachment(outgoing *out, const ox_attachment *one) {
  const ox_propbag *bag = &one->properties;
  const char *mime_type = text_of(out, bag, OX_PidTagAttachMimeTag);
  if (one->embedded != NULL && (mime_type == NULL || !is_message_type(mime_type)))
    mime_type = "message/rfc822";
  const char *name = file_name(out, bag);
  if (mime_type == NULL || *mime_type == 0) mime_type = ox_mime_type_for(name);
  if (one->embedded != NULL &&
      named_text(out, bag, &ox_mime_property_set, MIME_NAME_GIVEN_NAME) == NULL &&
      text_of(out, bag, OX_PidTagAttachLongFilename) == NULL)
    name = NULL;
  int32_t place = place_of(out, one);
  write_part_type(out, bag, mime_type, name);
  write_part_fields(out, bag);
  bool is_inline = is_related(out, one) || place == PLACE_INLINE || place == PLACE_ALTERNATIVE;
  if (place != PLACE_ALTERNATIVE || name != NULL) write_disposition(out, bag, name, is_inline);
  write_part_ids(out, bag);
  if (one->embedded != NULL) return write_embedded(out, one);
  return write_content(out, one, mime_type);
}

/* ---- the tree ---- */

typedef bool (*attachment_filter)(const outgoing *out, const ox_attachment *one);

static bool in_alternative(const outgoing *out, const ox_attachment *one) {
  return (out->has_text || out->has_html) && !is_related(out, one) &&
         place_of(out, one) == PLACE_ALTERNATIVE;
}

static bool in_mixed(const outgoing *out, const ox_attachment *one) {
  return !is_related(out, one) && !in_alternative(out, one);
}

/* By reference only: there is nothing to send. */
static bool has_content(const ox_attachment *one) {
  return one->embedded != NULL || one->source != NULL ||
         ox_propbag_find(&one->properties, OX_PROPTAG_ID(OX_PidTagAttachDataBinary)) != NULL;
}

static size_t count_attachments(const outgoing *out, attachment_filter filter) {
  size_t count = 0;
  for (size_t i = 0; i < out->message->attachment_count; i++) {
    const ox_attachment *one = &out->message->attachments[i];
    count += has_content(one) && filter(out, one);
  }
  return count;
}

static ox_status write_attachments(outgoing *out, attachment_filter filter, const char *boundary) {
  ox_status status = OX_OK;
  for (size_t i = 0; i < out->message->attachment_count && status == OX_OK; i++) {
    const ox_attachment *one = &out->message->attachments[i];
    if (!has_content(one) || !filter(out, one)) continue;
    write_delimiter(out, boundary, false);
    status = write_attachment(out, one);
  }
  return status;
}

static void write_single_body(outgoing *out) {
  if (out->has_html)
    write_html(out);
  else
    write_plain(out);
}

/* multipart/alternative around the bodies, where there is more than one of them. */
static ox_status write_alternative(outgoing *out) {
  size_t others = count_attachments(out, in_alternative);
  if ((out->has_text && out->has_html) + others < 1 || (!out->has_text && !out->has_html)) {
    write_single_body(out);
    return OX_OK;
  }
  char boundary[BOUNDARY_BYTES];
  next_boundary(out, boundary);
  begin_multipart(out, NULL, "alternative", boundary);
  if (out->has_text) {
    write_delimiter(out, boundary, false);
    write_plain(out);
  }
  if (out->has_html) {
    write_delimiter(out, boundary, false);
    write_html(out);
  }
  ox_status status = write_attachments(out, in_alternative, boundary);
  write_delimiter(out, boundary, true);
  return status;
}

/* multipart/related around HTML with its images. @spec [MS-OXCMAIL] 2.1.3.3 */
static ox_status write_related(outgoing *out) {
  if (count_attachments(out, is_related) == 0) return write_alternative(out);
  char boundary[BOUNDARY_BYTES];
  next_boundary(out, boundary);
  begin_multipart(out, NULL, "related", boundary);
  write_delimiter(out, boundary, false);
  ox_status status = write_alternative(out);
  if (status == OX_OK) status = write_attachments(out, is_related, boundary);
  write_delimiter(out, boundary, true);
  return status;
}

/* A message that is nothing but one attachment, as it was before import. */
static const ox_attachment *bare_attachment(const outgoing *out) {
  if (out->message->attachment_count != 1 || out->has_text || out->has_html) return NULL;
  const ox_attachment *one = &out->message->attachments[0];
  return has_content(one) && place_of(out, one) == PLACE_BARE ? one : NULL;
}

static ox_status write_body(outgoing *out) {
  const ox_attachment *bare = bare_attachment(out);
  if (bare != NULL) return write_attachment(out, bare);
  bool body = out->has_text || out->has_html;
  size_t mixed = count_attachments(out, in_mixed);
  if (mixed == 0 && body && out->outer == NULL) return write_related(out);
  if (mixed == 0 && !body) {
    write_plain(out);
    return OX_OK;
  }
  char boundary[BOUNDARY_BYTES];
  next_boundary(out, boundary);
  begin_multipart(out, out->outer, "mixed", boundary);
  ox_status status = OX_OK;
  if (body) {
    write_delimiter(out, boundary, false);
    status = write_related(out);
  }
  if (status == OX_OK) status = write_attachments(out, in_mixed, boundary);
  write_delimiter(out, boundary, true);
  return status;
}

/* The signed entity of a clear-signed message; NULL when the message is something else.
 * @spec [MS-OXOSMIME] 2.1 */
static const ox_attachment *signed_entity(outgoing *out) {
  const char *message_class = text_of(out, &out->message->properties, OX_PidTagMessageClass);
  if (message_class == NULL || out->message->attachment_count != 1) return NULL;
  size_t n = strlen(message_class);
  static const char end[] = ".SMIME.MultipartSigned";
  if (n < sizeof end - 1 || !ox_ascii_equal(message_class + n - (sizeof end - 1), end)) return NULL;
  const ox_attachment *one = &out->message->attachments[0];
  const char *type = text_of(out, &one->properties, OX_PidTagAttachMimeTag);
  return type != NULL && ox_ascii_equal(type, "multipart/signed") ? one : NULL;
}

static ox_status write_signed(outgoing *out, const ox_attachment *one) {
  ox_bytes entity = ox_propbag_binary(&one->properties, OX_PidTagAttachDataBinary);
  if (one->source != NULL) {
    ox_status status = read_source(out, one->source, &entity);
    if (status != OX_OK) return status;
  }
  ox_mime_emit_lines(&out->state->w, (const char *)entity.data, entity.size_bytes);
  return OX_OK;
}

/* An outer multipart other than mixed, alternative, related that import kept. */
static const char *outer_type(outgoing *out) {
  const char *type =
      named_text(out, &out->message->properties, &OX_PSETID_INTERNET_HEADERS, "Content-Type");
  if (type == NULL || !ox_ascii_equal_n(type, "multipart/", 10)) return NULL;
  return count_attachments(out, in_mixed) != 0 ? type : NULL;
}

/* The plain form of an HTML body that has none, where the caller wants one.
 * @spec [MS-OXCMAIL] 2.1.3.3.4 */
static ox_status make_text(outgoing *out) {
  if ((out->state->options->flags & OX_MIME_EXPORT_ALTERNATIVE) == 0 || out->state->depth > 0 ||
      out->has_text || !out->has_html)
    return OX_OK;
  char *text = NULL;
  ox_status status = ox_html_to_text(out->arena, out->html, out->codepage, &text, NULL);
  if (status == OX_E_LIMIT) return OX_OK;
  if (status != OX_OK) return status;
  out->text = (ox_bytes){(const uint8_t *)text, strlen(text)};
  out->has_text = true;
  return OX_OK;
}

static ox_status write_loaded(outgoing *out) {
  ox_status status = load_html(out);
  if (status == OX_OK) status = load_text(out);
  if (status == OX_OK) status = make_text(out);
  if (status != OX_OK) return status;
  if (out->has_html) out->references = ox_mime_references(out->html);
  make_digest(out);
  write_header(out);
  const ox_attachment *entity = signed_entity(out);
  if (entity != NULL) return write_signed(out, entity);
  out->outer = outer_type(out);
  return write_body(out);
}

static ox_status write_message(export_state *state, const ox_message *message) {
  heap_watch watch;
  ox_mime_watch_heap(&watch, state->options->allocator);
  ox_arena arena;
  ox_arena_init(&arena, &watch.allocator, (size_t)1024 * 1024 * 1024);
  outgoing out = {.state = state, .message = message, .arena = &arena};
  ox_status status = write_loaded(&out);
  if (out.references != NULL) g_hash_table_destroy(out.references);
  ox_arena_dispose(&arena);
  return watch.failed ? OX_E_NO_MEMORY : status;
}

ox_status ox_mime_export(const ox_message *message, const ox_mime_export_options *options,
                         ox_writer *out, ox_error *err) {
  ox_mime_export_options how = OX_MIME_EXPORT_OPTIONS_INIT;
  if (options != NULL) {
    if (options->struct_size < sizeof options->struct_size || options->struct_size > sizeof how)
      return ox_error_set(err, OX_E_USAGE, "struct_size of the options is not set.");
    memcpy(&how, options, options->struct_size);
  }
  ox_mime_prepare();
  export_state state = {&how, {out, (how.flags & OX_MIME_EXPORT_LF) != 0}, err, 0, 0};
  ox_status status = write_message(&state, message);
  if (status == OX_OK) {
    ox_bytes written = ox_writer_bytes(out);
    if (written.size_bytes != 0 && written.data[written.size_bytes - 1] != '\n')
      ox_mime_emit_newline(&state.w);
    status = ox_writer_status(out);
  }
  if (status != OX_OK && (err == NULL || err->status != status)) ox_error_set(err, status, NULL);
  return status;
}
