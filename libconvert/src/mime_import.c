/* MIME to ox_message: the message itself and its header. Parts are in mime_parts.c. */
#include "mime_internal.h"

#include <oxkit/ropcodec/entryid.h>

#include <string.h>

/* {6f786b69-7400-4d49-8d45-000000000001}: of this converter alone. */
const ox_guid ox_mime_property_set = {0x6F786B69, 0x7400, 0x4D49, {0x8D, 0x45, 0, 0, 0, 0, 0, 1}};

/* ---- named properties ---- */

static bool make_name(ox_arena *arena, const ox_guid *set, const char *text,
                      ox_property_name *out) {
  *out = (ox_property_name){.kind = OX_NAME_KIND_STRING, .guid = *set};
  return ox_str16_from_utf8(arena, ox_str8_from(text), &out->name) == OX_OK;
}

static uint16_t name_id(ox_message *message, const ox_guid *set, const char *text) {
  ox_property_name name;
  return make_name(&message->arena, set, text, &name) ? ox_message_name_id(message, &name) : 0;
}

ox_status ox_mime_set_named(ox_message *message, ox_propbag *bag, const ox_guid *set,
                            const char *name, const char *value) {
  uint16_t id = name_id(message, set, name);
  if (id == 0) return OX_E_NO_MEMORY;
  return ox_propbag_set_utf8(bag, OX_PROPTAG(id, OX_PTYP_STRING), value);
}

ox_status ox_mime_set_named_i32(ox_message *message, ox_propbag *bag, const char *name,
                                int32_t value) {
  uint16_t id = name_id(message, &ox_mime_property_set, name);
  if (id == 0) return OX_E_NO_MEMORY;
  return ox_propbag_set_i32(bag, OX_PROPTAG(id, OX_PTYP_INTEGER32), value);
}

/* The id of a name that may not be there; 0 then. Stores keep names of PS_INTERNET_HEADERS in lower
 * case, so case does not count. */
static uint16_t find_id(const ox_message *message, const ox_guid *set, const char *text) {
  size_t n = strlen(text);
  for (size_t i = 0; i < message->name_count; i++) {
    const ox_property_name *name = &message->names[i];
    if (name->kind != OX_NAME_KIND_STRING || name->name.size_bytes != n * 2 ||
        !ox_guid_equal(&name->guid, set))
      continue;
    size_t k = 0;
    while (k < n && name->name.data[2 * k + 1] == 0 &&
           g_ascii_tolower((gchar)name->name.data[2 * k]) == g_ascii_tolower(text[k]))
      k++;
    if (k == n) return (uint16_t)(0x8000 + i);
  }
  return 0;
}

const char *ox_mime_get_named(const ox_message *message, const ox_propbag *bag, const ox_guid *set,
                              const char *name, ox_arena *arena) {
  uint16_t id = find_id(message, set, name);
  if (id == 0) return NULL;
  return ox_propbag_utf8(bag, OX_PROPTAG(id, OX_PTYP_STRING), arena, NULL);
}

int32_t ox_mime_get_named_i32(const ox_message *message, const ox_propbag *bag, const char *name,
                              int32_t fallback) {
  uint16_t id = find_id(message, &ox_mime_property_set, name);
  if (id == 0) return fallback;
  return ox_propbag_i32(bag, OX_PROPTAG(id, OX_PTYP_INTEGER32), fallback);
}

/* ---- addresses ---- */

typedef struct recipient_walk {
  mime_reader *reader;
  ox_message *out;
  int32_t type;
  GString *display; /* PidTagDisplayTo and its like */
} recipient_walk;

static ox_status add_recipient(recipient_walk *walk, const char *name, const char *address) {
  if (walk->out->recipient_count >= walk->reader->options->max_recipients)
    return ox_error_set(walk->reader->err, OX_E_LIMIT, "The message has too many recipients.");
  if (name == NULL || *name == 0) name = address;
  ox_recipient *recipient = ox_message_add_recipient(walk->out);
  if (recipient == NULL) return OX_E_NO_MEMORY;
  static const address_tags tags = {OX_PidTagDisplayName,  OX_PidTagAddressType,
                                    OX_PidTagEmailAddress, OX_PidTagSmtpAddress,
                                    OX_PidTagEntryId,      OX_PidTagSearchKey};
  ox_propbag *bag = &recipient->properties;
  ox_status status =
      ox_mime_set_address(bag, &tags, name, address, walk->reader->options->encapsulation_domain);
  if (status == OX_OK) status = ox_propbag_set_i32(bag, OX_PidTagRecipientType, walk->type);
  if (status == OX_OK) status = ox_propbag_set_i32(bag, OX_PidTagObjectType, 6);
  if (status == OX_OK) status = ox_propbag_set_i32(bag, OX_PidTagDisplayType, 0);
  if (status == OX_OK) status = ox_propbag_set_bool(bag, OX_PidTagSendRichInfo, false);
  if (walk->display->len != 0) g_string_append(walk->display, "; ");
  g_string_append(walk->display, name);
  return status;
}

static ox_status add_recipients(recipient_walk *walk, InternetAddressList *list, unsigned depth) {
  ox_status status = OX_OK;
  int count = list != NULL && depth < 8 ? internet_address_list_length(list) : 0;
  for (int i = 0; i < count && status == OX_OK; i++) {
    InternetAddress *one = internet_address_list_get_address(list, i);
    if (INTERNET_ADDRESS_IS_GROUP(one)) {
      status = add_recipients(walk, internet_address_group_get_members((InternetAddressGroup *)one),
                              depth + 1);
      continue;
    }
    const char *address = internet_address_mailbox_get_addr((InternetAddressMailbox *)one);
    const char *name = internet_address_get_name(one);
    if (address == NULL) address = "";
    if (*address == 0 && (name == NULL || *name == 0)) continue;
    status = add_recipient(walk, name, address);
  }
  return status;
}

static ox_status read_recipients(mime_reader *reader, GMimeMessage *in, ox_message *out) {
  static const struct {
    GMimeAddressType list;
    const char *name;
    int32_t type;
    ox_proptag display;
  } kinds[] = {{GMIME_ADDRESS_TYPE_TO, "To", OX_RECIPIENT_TO, OX_PidTagDisplayTo},
               {GMIME_ADDRESS_TYPE_CC, "Cc", OX_RECIPIENT_CC, OX_PidTagDisplayCc},
               {GMIME_ADDRESS_TYPE_BCC, "Bcc", OX_RECIPIENT_BCC, OX_PidTagDisplayBcc}};
  ox_status status = OX_OK;
  for (size_t i = 0; i < G_N_ELEMENTS(kinds) && status == OX_OK; i++) {
    recipient_walk walk = {reader, out, kinds[i].type, g_string_new(NULL)};
    InternetAddressList *list = ox_mime_addresses(reader->how, in, kinds[i].list, kinds[i].name);
    status = add_recipients(&walk, list, 0);
    g_object_unref(list);
    if (status == OX_OK && walk.display->len != 0)
      status = ox_propbag_set_utf8(&out->properties, kinds[i].display, walk.display->str);
    g_string_free(walk.display, TRUE);
  }
  return status;
}

/* The first mailbox of a list, groups opened; NULL when there is none. */
static InternetAddress *first_mailbox(InternetAddressList *list, unsigned depth) {
  int count = list != NULL && depth < 8 ? internet_address_list_length(list) : 0;
  for (int i = 0; i < count; i++) {
    InternetAddress *one = internet_address_list_get_address(list, i);
    if (INTERNET_ADDRESS_IS_GROUP(one))
      one =
          first_mailbox(internet_address_group_get_members((InternetAddressGroup *)one), depth + 1);
    if (one != NULL) return one;
  }
  return NULL;
}

static ox_status set_mailbox(mime_reader *reader, ox_message *out, const address_tags *tags,
                             InternetAddress *one) {
  const char *address = internet_address_mailbox_get_addr((InternetAddressMailbox *)one);
  return ox_mime_set_address(&out->properties, tags, internet_address_get_name(one),
                             address != NULL ? address : "", reader->options->encapsulation_domain);
}

/* From is the represented sender, Sender (else From) the sender.
 * @spec [MS-OXCMAIL] 2.2.3.1.3, 2.1.3.1.4 */
static ox_status read_senders(mime_reader *reader, GMimeMessage *in, ox_message *out) {
  InternetAddressList *froms = ox_mime_addresses(reader->how, in, GMIME_ADDRESS_TYPE_FROM, "From");
  InternetAddressList *senders =
      ox_mime_addresses(reader->how, in, GMIME_ADDRESS_TYPE_SENDER, "Sender");
  InternetAddress *from = first_mailbox(froms, 0);
  InternetAddress *sender = first_mailbox(senders, 0);
  if (sender == NULL) sender = from;
  if (from == NULL) from = sender;
  ox_status status = OX_OK;
  if (from != NULL) status = set_mailbox(reader, out, &ox_mime_representing_tags, from);
  if (from != NULL && status == OX_OK)
    status = set_mailbox(reader, out, &ox_mime_sender_tags, sender);
  g_object_unref(froms);
  g_object_unref(senders);
  return status;
}

static ox_status set_reply_list(ox_message *out, const ox_flat_entry_list *list,
                                const GString *names) {
  ox_writer w;
  ox_writer_init(&w, out->arena.allocator, 16 * 1024 * 1024);
  ox_flat_entry_list_encode(&w, list);
  ox_status status = ox_writer_status(&w);
  ox_bytes bytes = ox_writer_bytes(&w);
  if (status == OX_OK)
    status = ox_propbag_set_binary(&out->properties, OX_PidTagReplyRecipientEntries, bytes.data,
                                   bytes.size_bytes);
  ox_writer_dispose(&w);
  if (status != OX_OK) return status;
  return ox_propbag_set_utf8(&out->properties, OX_PidTagReplyRecipientNames, names->str);
}

static ox_status add_reply(ox_message *out, InternetAddress *one, ox_flat_entry_list *list,
                           GString *names) {
  if (!INTERNET_ADDRESS_IS_MAILBOX(one)) return OX_OK;
  const char *address = internet_address_mailbox_get_addr((InternetAddressMailbox *)one);
  const char *name = internet_address_get_name(one);
  if (address == NULL || *address == 0) return OX_OK;
  if (name == NULL || *name == 0) name = address;
  if (list->count != 0) g_string_append_c(names, ';');
  for (const char *c = name; *c != 0; c++) g_string_append_c(names, *c == ';' ? ',' : *c);
  return ox_mime_one_off(&out->arena, name, address, &list->entry_ids[list->count++]);
}

/* One-off entry ids, and the names between semicolons. @spec [MS-OXOMSG] 2.2.1.43, 2.2.1.44 */
static ox_status read_reply_to(mime_reader *reader, GMimeMessage *in, ox_message *out) {
  InternetAddressList *addresses =
      ox_mime_addresses(reader->how, in, GMIME_ADDRESS_TYPE_REPLY_TO, "Reply-To");
  int count = internet_address_list_length(addresses);
  ox_flat_entry_list list = {0, ox_arena_calloc(&out->arena, (size_t)count, sizeof(ox_bytes))};
  GString *names = g_string_new(NULL);
  ox_status status = list.entry_ids != NULL ? OX_OK : OX_E_NO_MEMORY;
  for (int i = 0; i < count && status == OX_OK; i++)
    status = add_reply(out, internet_address_list_get_address(addresses, i), &list, names);
  if (status == OX_OK && list.count != 0) status = set_reply_list(out, &list, names);
  g_string_free(names, TRUE);
  g_object_unref(addresses);
  return status;
}

/* ---- single fields ---- */

static ox_filetime parse_date(const char *text) {
  GDateTime *date = text != NULL ? g_mime_utils_header_decode_date(text) : NULL;
  if (date == NULL) return 0;
  gint64 seconds = g_date_time_to_unix(date);
  g_date_time_unref(date);
  return ox_filetime_from_unix(seconds, 0);
}

static const char *field_value(GMimeMessage *in, const char *name) {
  GMimeHeader *field =
      g_mime_header_list_get_header(g_mime_object_get_header_list((GMimeObject *)in), name);
  return field != NULL ? g_mime_header_get_value(field) : NULL;
}

/* Length of a prefix such as "Re: ": one to three characters that are neither digits, blanks nor
 * punctuation, a colon, a blank. @spec [MS-OXCMSG] 2.2.1.9, 2.2.1.10 */
static size_t subject_prefix(const char *subject) {
  const char *p = subject;
  for (int i = 0; i < 4; i++) {
    gunichar c = g_utf8_get_char_validated(p, -1);
    if (c == (gunichar)-1 || c == (gunichar)-2 || c == 0) return 0;
    if (c == ':' && i > 0) return p[1] == ' ' ? (size_t)(p + 2 - subject) : 0;
    if (c < 0x80 && !g_ascii_isalpha((gchar)c)) return 0;
    if (c >= 0x80 && !g_unichar_isalpha(c)) return 0;
    p = g_utf8_next_char(p);
  }
  return 0;
}

static ox_status set_subject(ox_propbag *bag, const char *subject, size_t prefix) {
  char *head = g_strndup(subject, prefix);
  ox_status status = ox_propbag_set_utf8(bag, OX_PidTagSubject, subject);
  if (status == OX_OK) status = ox_propbag_set_utf8(bag, OX_PidTagSubjectPrefix, head);
  if (status == OX_OK)
    status = ox_propbag_set_utf8(bag, OX_PidTagNormalizedSubject, subject + prefix);
  g_free(head);
  return status;
}

/* @spec [MS-OXCMAIL] 2.2.3.2.6, 2.2.3.2.7 */
static ox_status read_subject(mime_reader *reader, GMimeMessage *in, ox_message *out) {
  char *subject = ox_mime_find_text(reader->how, (GMimeObject *)in, "Subject");
  char *topic = ox_mime_find_text(reader->how, (GMimeObject *)in, "Thread-Topic");
  size_t prefix = subject != NULL ? subject_prefix(subject) : 0;
  ox_status status = OX_OK;
  if (subject != NULL) status = set_subject(&out->properties, subject, prefix);
  const char *told = topic != NULL ? topic : subject != NULL ? subject + prefix : NULL;
  if (status == OX_OK && told != NULL)
    status = ox_propbag_set_utf8(&out->properties, OX_PidTagConversationTopic, told);
  g_free(topic);
  g_free(subject);
  return status;
}

/* Importance wins over Priority, X-Priority and X-MSMail-Priority. @spec [MS-OXCMAIL] 2.2.3.2.5 */
static ox_status read_importance(GMimeMessage *in, ox_message *out) {
  static const struct {
    const char *field;
    const char *word;
    int32_t value;
  } rows[] = {{"Importance", "low", 0},
              {"Importance", "normal", 1},
              {"Importance", "high", 2},
              {"X-Priority", "5", 0},
              {"X-Priority", "4", 0},
              {"X-Priority", "3", 1},
              {"X-Priority", "2", 2},
              {"X-Priority", "1", 2},
              {"Priority", "non-urgent", 0},
              {"Priority", "normal", 1},
              {"Priority", "urgent", 2},
              {"X-MSMail-Priority", "low", 0},
              {"X-MSMail-Priority", "normal", 1},
              {"X-MSMail-Priority", "high", 2}};
  for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
    const char *value = field_value(in, rows[i].field);
    size_t n = strlen(rows[i].word);
    if (value == NULL || !ox_ascii_equal_n(value, rows[i].word, n) || g_ascii_isalnum(value[n]))
      continue;
    ox_status status = ox_propbag_set_i32(&out->properties, OX_PidTagImportance, rows[i].value);
    if (status != OX_OK) return status;
    return ox_propbag_set_i32(&out->properties, OX_PidTagPriority, rows[i].value - 1);
  }
  ox_status status = ox_propbag_set_i32(&out->properties, OX_PidTagImportance, 1);
  return status == OX_OK ? ox_propbag_set_i32(&out->properties, OX_PidTagPriority, 0) : status;
}

static ox_status read_times(mime_reader *reader, GMimeMessage *in, ox_message *out) {
  ox_filetime submitted = parse_date(field_value(in, "Date"));
  ox_filetime delivered = reader->depth == 0 ? reader->options->delivery_time : 0;
  const char *received = field_value(in, "Received");
  const char *semicolon = received != NULL ? strrchr(received, ';') : NULL;
  if (delivered == 0 && semicolon != NULL) delivered = parse_date(semicolon + 1);
  if (delivered == 0) delivered = submitted;
  ox_status status = OX_OK;
  if (submitted != 0)
    status = ox_propbag_set_time(&out->properties, OX_PidTagClientSubmitTime, submitted);
  if (status == OX_OK && delivered != 0)
    status = ox_propbag_set_time(&out->properties, OX_PidTagMessageDeliveryTime, delivered);
  return status;
}

/* @spec [MS-OXCMAIL] 2.2.3.1, 2.6.1 */
static ox_status read_receipts(mime_reader *reader, GMimeMessage *in, ox_message *out) {
  ox_status status = OX_OK;
  const char *notify = field_value(in, "Disposition-Notification-To");
  if (notify != NULL) {
    InternetAddressList *list = internet_address_list_parse(NULL, notify);
    InternetAddress *one = first_mailbox(list, 0);
    status = ox_propbag_set_bool(&out->properties, OX_PidTagReadReceiptRequested, true);
    if (status == OX_OK)
      status =
          ox_propbag_set_bool(&out->properties, OX_PidTagNonReceiptNotificationRequested, true);
    if (status == OX_OK && one != NULL)
      status = set_mailbox(reader, out, &ox_mime_receipt_tags, one);
    if (list != NULL) g_object_unref(list);
  }
  if (status == OX_OK && field_value(in, "Return-Receipt-To") != NULL)
    status =
        ox_propbag_set_bool(&out->properties, OX_PidTagOriginatorDeliveryReportRequested, true);
  return status;
}

/* @spec [MS-OXCMAIL] 2.1.3.2.20 */
static ox_status read_auto_response_suppress(GMimeMessage *in, ox_message *out) {
  static const field_word words[] = {{"None", 0}, {"All", -1}, {"DR", 1},     {"NDR", 2},
                                     {"RN", 4},   {"NRN", 8},  {"OOF", 0x10}, {"AutoReply", 0x20}};
  const char *value = field_value(in, "X-Auto-Response-Suppress");
  if (value == NULL) return OX_OK;
  int32_t bits = 0;
  char **parts = g_strsplit(value, ",", 16);
  for (char **part = parts; *part != NULL; part++)
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
      if (ox_ascii_equal(g_strstrip(*part), words[i].word)) bits |= words[i].value;
  g_strfreev(parts);
  return ox_propbag_set_i32(&out->properties, OX_PidTagAutoResponseSuppress, bits);
}

/* A multi-valued string out of UTF-8 texts. */
static ox_status set_strings(ox_message *out, uint16_t id, char **texts, size_t count) {
  ox_value value = {.multiple = {.count = (uint32_t)count}};
  ox_str16 *strings = ox_arena_calloc(&out->arena, count, sizeof *strings);
  if (strings == NULL) return OX_E_NO_MEMORY;
  for (size_t i = 0; i < count; i++) {
    ox_status status = ox_str16_from_utf8(&out->arena, ox_str8_from(texts[i]), &strings[i]);
    if (status != OX_OK) return status;
  }
  value.multiple.values.string = strings;
  return ox_propbag_set_view(&out->properties, OX_PROPTAG(id, OX_PTYP_MULTIPLE_STRING), &value);
}

/* Categories. @spec [MS-OXCMAIL] 2.2.3.2 */
static ox_status read_keywords(mime_reader *reader, GMimeMessage *in, ox_message *out) {
  char *value = ox_mime_find_text(reader->how, (GMimeObject *)in, "Keywords");
  if (value == NULL) return OX_OK;
  char **parts = g_strsplit(value, ",", 256);
  g_free(value);
  size_t count = 0;
  for (char **part = parts; *part != NULL; part++) {
    g_strstrip(*part);
    if (**part != 0)
      parts[count++] = *part;
    else
      g_free(*part);
  }
  parts[count] = NULL;
  uint16_t id = count != 0 ? name_id(out, &OX_PSETID_PUBLIC_STRINGS, "Keywords") : 0;
  ox_status status = count == 0 ? OX_OK : OX_E_NO_MEMORY;
  if (id != 0) status = set_strings(out, id, parts, count);
  g_strfreev(parts);
  return status;
}

/* ---- the field table ---- */

/* Unfolded, outer blanks off; not decoded. */
static char *unfold(const char *raw) {
  GString *text = g_string_new(NULL);
  for (const char *c = raw; *c != 0; c++)
    if (*c != '\r' && *c != '\n') g_string_append_c(text, *c == '\t' ? ' ' : *c);
  return g_strstrip(g_string_free(text, FALSE));
}

static ox_status set_base64(ox_message *out, ox_proptag tag, const char *text) {
  gsize size = 0;
  guchar *data = g_base64_decode(text, &size);
  ox_status status = size != 0 ? ox_propbag_set_binary(&out->properties, tag, data, size) : OX_OK;
  g_free(data);
  return status;
}

static ox_status set_enum(ox_message *out, const field_row *row, const char *value) {
  for (const field_word *word = row->words; word->word != NULL; word++)
    if (ox_ascii_equal(value, word->word))
      return ox_propbag_set_i32(&out->properties, row->tag, word->value);
  return OX_OK;
}

static ox_status set_mapped(mime_reader *reader, ox_message *out, const field_row *row,
                            GMimeHeader *field) {
  const char *raw = g_mime_header_get_raw_value(field);
  char *plain = unfold(raw != NULL ? raw : "");
  ox_status status = OX_OK;
  switch (row->kind) {
    case FIELD_TEXT: {
      char *text = ox_mime_field_text(reader->how, field);
      if (text != NULL) status = ox_propbag_set_utf8(&out->properties, row->tag, text);
      g_free(text);
      break;
    }
    case FIELD_RAW:
      if (*plain != 0) status = ox_propbag_set_utf8(&out->properties, row->tag, plain);
      break;
    case FIELD_TIME: {
      ox_filetime time = parse_date(plain);
      if (time != 0) status = ox_propbag_set_time(&out->properties, row->tag, time);
      break;
    }
    case FIELD_ENUM:
      if (row->tag != OX_PidTagImportance) status = set_enum(out, row, plain);
      break;
    case FIELD_BASE64: status = set_base64(out, row->tag, plain); break;
    case FIELD_SPECIAL:
    case FIELD_TRACE: break;
  }
  g_free(plain);
  return status;
}

/* A name that can be a property name and a field name again. */
static bool is_field_name(const char *name) {
  size_t n = strlen(name);
  if (n == 0 || n > 120) return false;
  for (size_t i = 0; i < n; i++)
    if (name[i] <= ' ' || name[i] > '~' || name[i] == ':') return false;
  return true;
}

/* Fields without a property: PtypString, or PtypMultipleString where a name repeats.
 * @spec [MS-OXCMAIL] 2.2.3.2 (headers in PS_INTERNET_HEADERS) */
static ox_status set_unmapped(mime_reader *reader, ox_message *out, GMimeHeaderList *fields,
                              int index) {
  const char *name = g_mime_header_get_name(g_mime_header_list_get_header_at(fields, index));
  for (int i = 0; i < index; i++)
    if (ox_ascii_equal(name, g_mime_header_get_name(g_mime_header_list_get_header_at(fields, i))))
      return OX_OK;
  GPtrArray *values = g_ptr_array_new_with_free_func(g_free);
  for (int i = index; i < g_mime_header_list_get_count(fields); i++) {
    GMimeHeader *field = g_mime_header_list_get_header_at(fields, i);
    if (!ox_ascii_equal(name, g_mime_header_get_name(field))) continue;
    char *value = ox_mime_field_text(reader->how, field);
    g_ptr_array_add(values, value != NULL ? value : g_strdup(""));
  }
  ox_status status = OX_E_NO_MEMORY;
  uint16_t id = name_id(out, &OX_PSETID_INTERNET_HEADERS, name);
  if (id != 0 && values->len == 1)
    status = ox_propbag_set_utf8(&out->properties, OX_PROPTAG(id, OX_PTYP_STRING),
                                 g_ptr_array_index(values, 0));
  else if (id != 0)
    status = set_strings(out, id, (char **)values->pdata, values->len);
  g_ptr_array_free(values, TRUE);
  return status;
}

static ox_status read_field(mime_reader *reader, ox_message *out, GMimeHeaderList *fields,
                            int index) {
  GMimeHeader *field = g_mime_header_list_get_header_at(fields, index);
  const char *name = g_mime_header_get_name(field);
  const field_row *row = ox_mime_field(name);
  if (row != NULL) return set_mapped(reader, out, row, field);
  if (ox_mime_field_is_reserved(name) || !is_field_name(name)) return OX_OK;
  return set_unmapped(reader, out, fields, index);
}

ox_status ox_mime_check_fields(mime_reader *reader, GMimeHeaderList *fields) {
  int count = g_mime_header_list_get_count(fields);
  if ((unsigned)count > reader->options->max_headers)
    return ox_error_set(reader->err, OX_E_LIMIT, "The message has too many header fields.");
  size_t size = 0;
  for (int i = 0; i < count; i++) {
    const char *raw = g_mime_header_get_raw_value(g_mime_header_list_get_header_at(fields, i));
    size += raw != NULL ? strlen(raw) : 0;
  }
  if (size > reader->options->max_header_bytes)
    return ox_error_set(reader->err, OX_E_LIMIT, "The header of the message is too long.");
  return OX_OK;
}

static ox_status read_header_list(mime_reader *reader, ox_message *out, GMimeHeaderList *fields) {
  ox_status status = OX_OK;
  for (int i = 0; i < g_mime_header_list_get_count(fields) && status == OX_OK; i++)
    status = read_field(reader, out, fields, i);
  return status;
}

/* Every field as it came, except the reserved ones. @spec [MS-OXCMAIL] 2.2.3.2.28 */
static ox_status set_transport_headers(ox_message *out, ox_bytes raw) {
  GString *kept = g_string_sized_new(raw.size_bytes);
  bool skip = false;
  for (size_t at = 0; at < raw.size_bytes;) {
    const char *line = (const char *)raw.data + at;
    const char *end = memchr(line, '\n', raw.size_bytes - at);
    size_t n = end != NULL ? (size_t)(end - line) : raw.size_bytes - at;
    at += end != NULL ? n + 1 : n;
    while (n > 0 && line[n - 1] == '\r') n--;
    if (n == 0) continue;
    if (line[0] != ' ' && line[0] != '\t') {
      char *start = g_strndup(line, MIN(n, 64));
      skip = ox_mime_field_is_reserved(start);
      g_free(start);
    }
    if (skip) continue;
    g_string_append_len(kept, line, (gssize)n);
    g_string_append(kept, "\r\n");
  }
  char *text = ox_mime_decode_text(&out->arena, kept->str, kept->len, "utf-8",
                                   OX_CODEPAGE_WINDOWS_1252, NULL, NULL);
  g_string_free(kept, TRUE);
  if (text == NULL) return OX_E_NO_MEMORY;
  return ox_propbag_set_utf8(&out->properties, OX_PidTagTransportMessageHeaders, text);
}

static ox_status read_header(mime_reader *reader, GMimeMessage *in, ox_bytes raw_header,
                             ox_message *out) {
  GMimeHeaderList *fields = g_mime_object_get_header_list((GMimeObject *)in);
  ox_status status = ox_mime_check_fields(reader, fields);
  if (status == OX_OK) status = read_senders(reader, in, out);
  if (status == OX_OK) status = read_recipients(reader, in, out);
  if (status == OX_OK) status = read_reply_to(reader, in, out);
  if (status == OX_OK) status = read_subject(reader, in, out);
  if (status == OX_OK) status = read_importance(in, out);
  if (status == OX_OK) status = read_times(reader, in, out);
  if (status == OX_OK) status = read_receipts(reader, in, out);
  if (status == OX_OK) status = read_auto_response_suppress(in, out);
  if (status == OX_OK) status = read_keywords(reader, in, out);
  if (status == OX_OK) status = read_header_list(reader, out, fields);
  if (status == OX_OK && (reader->options->flags & OX_MIME_IMPORT_NO_TRANSPORT_HEADERS) == 0)
    status = set_transport_headers(out, raw_header);
  return status;
}

static ox_bytes bytes_of(const char *text) {
  return (ox_bytes){(const uint8_t *)text, strlen(text)};
}

static ox_status fill_message(mime_reader *reader, GMimeMessage *in, ox_bytes raw_header,
                              ox_bytes raw_body, ox_message *out) {
  char *kept =
      raw_header.size_bytes == 0 ? g_mime_object_get_headers((GMimeObject *)in, NULL) : NULL;
  ox_status status = read_header(reader, in, kept != NULL ? bytes_of(kept) : raw_header, out);
  if (status == OX_OK)
    status = ox_propbag_set_utf8(&out->properties, OX_PidTagMessageClass, CLASS_NOTE);
  if (status == OX_OK && (reader->options->flags & OX_MIME_IMPORT_DRAFT) != 0 && reader->depth == 0)
    status = ox_propbag_set_i32(&out->properties, OX_PidTagMessageFlags, 0x8);
  GMimeObject *root = g_mime_message_get_mime_part(in);
  if (status == OX_OK && root != NULL)
    status =
        ox_mime_read_parts(reader, root, kept != NULL ? bytes_of(kept) : raw_header, raw_body, out);
  g_free(kept);
  return status;
}

ox_status ox_mime_read_message(mime_reader *reader, GMimeMessage *in, ox_bytes raw_header,
                               ox_bytes raw_body, ox_message **out) {
  ox_message *message = ox_message_new(reader->options->allocator);
  if (message == NULL) return ox_error_set(reader->err, OX_E_NO_MEMORY, NULL);
  ox_status status = fill_message(reader, in, raw_header, raw_body, message);
  if (status != OX_OK) {
    ox_message_free(message);
    message = NULL;
  }
  *out = message;
  return status;
}

/* ---- limits before parsing ---- */

/* Where the header ends: the offset of the first empty line's end, or the whole input. */
static size_t header_size(ox_bytes mime) {
  for (size_t at = 0; at < mime.size_bytes;) {
    const uint8_t *end = memchr(mime.data + at, '\n', mime.size_bytes - at);
    if (end == NULL) break;
    size_t n = (size_t)(end - mime.data) - at;
    at += n + 1;
    if (n == 0 || (n == 1 && mime.data[at - 2] == '\r')) return at;
  }
  return mime.size_bytes;
}

/* The boundaries that the input declares anywhere. */
static GHashTable *declared_boundaries(ox_bytes mime) {
  GHashTable *set = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  const char *data = (const char *)mime.data;
  for (size_t i = 0; i + 9 < mime.size_bytes && g_hash_table_size(set) < 100000; i++) {
    if ((data[i] | 0x20) != 'b' || !ox_ascii_equal_n(data + i, "boundary=", 9)) continue;
    i += 9;
    char quote = data[i] == '"' ? '"' : 0;
    if (quote != 0) i++;
    size_t start = i;
    while (i < mime.size_bytes && i - start < 256 && data[i] != '\r' && data[i] != '\n' &&
           data[i] != 0 && (quote != 0 ? data[i] != quote : strchr("; \t", data[i]) == NULL))
      i++;
    g_hash_table_add(set, g_strndup(data + start, i - start));
  }
  return set;
}

/* Parts cost memory before anybody can look at them, so lines that open one are counted first. */
static bool too_many_parts(ox_bytes mime, uint32_t max_parts) {
  GHashTable *boundaries = declared_boundaries(mime);
  uint64_t count = 0;
  for (size_t at = 0; g_hash_table_size(boundaries) != 0 && at + 2 < mime.size_bytes;) {
    const char *line = (const char *)mime.data + at;
    const char *end = memchr(line, '\n', mime.size_bytes - at);
    size_t n = end != NULL ? (size_t)(end - line) : mime.size_bytes - at;
    at += n + 1;
    if (n < 2 || n > 300 || line[0] != '-' || line[1] != '-') continue;
    while (n > 2 && (line[n - 1] == '\r' || line[n - 1] == ' ' || line[n - 1] == '\t')) n--;
    char *boundary = g_strndup(line + 2, n - 2);
    if (g_hash_table_contains(boundaries, boundary)) count++;
    g_free(boundary);
  }
  g_hash_table_destroy(boundaries);
  return count > max_parts;
}

static ox_status check_limits(const ox_mime_import_options *options, ox_bytes mime, ox_error *err) {
  if (mime.size_bytes > options->max_message_bytes || mime.size_bytes > G_MAXINT / 2)
    return ox_error_set(err, OX_E_LIMIT, "The message is larger than the limit.");
  if (header_size(mime) > options->max_header_bytes && header_size(mime) < mime.size_bytes)
    return ox_error_set(err, OX_E_LIMIT, "The header of the message is too long.");
  if (too_many_parts(mime, options->max_parts))
    return ox_error_set(err, OX_E_LIMIT, "The message has too many parts.");
  return OX_OK;
}

/* ---- entry points ---- */

/* The fields of the caller's structure, which may be of an older version, over the defaults. */
static ox_status take_options(const ox_mime_import_options *in, ox_mime_import_options *out,
                              ox_error *err) {
  *out = (ox_mime_import_options)OX_MIME_IMPORT_OPTIONS_INIT;
  if (in == NULL) return OX_OK;
  if (in->struct_size < sizeof in->struct_size || in->struct_size > sizeof *in)
    return ox_error_set(err, OX_E_USAGE, "struct_size of the options is not set.");
  memcpy(out, in, in->struct_size);
  return OX_OK;
}

/* What mbox files and careless tools put before the first field. */
static ox_bytes skip_prologue(ox_bytes mime) {
  if (mime.size_bytes >= 3 && memcmp(mime.data, "\xEF\xBB\xBF", 3) == 0) {
    mime.data += 3;
    mime.size_bytes -= 3;
  }
  if (mime.size_bytes < 5 || memcmp(mime.data, "From ", 5) != 0) return mime;
  const uint8_t *end = memchr(mime.data, '\n', mime.size_bytes);
  if (end == NULL) return mime;
  size_t n = (size_t)(end - mime.data) + 1;
  return (ox_bytes){mime.data + n, mime.size_bytes - n};
}

static GMimeParserOptions *parser_options(uint32_t codepage) {
  const char *second = codepage != 0 ? ox_codepage_charset(codepage) : NULL;
  const char *charsets[] = {"utf-8", second != NULL ? second : "windows-1252", "windows-1252",
                            NULL};
  GMimeParserOptions *options = g_mime_parser_options_new();
  g_mime_parser_options_set_fallback_charsets(options, charsets);
  return options;
}

/* Content-* fields are the root part's, the others the message's. */
static bool has_fields(GMimeMessage *message) {
  GMimeObject *root = g_mime_message_get_mime_part(message);
  return g_mime_header_list_get_count(g_mime_object_get_header_list((GMimeObject *)message)) > 0 ||
         (root != NULL && g_mime_header_list_get_count(g_mime_object_get_header_list(root)) > 0);
}

static ox_status parse(const ox_mime_import_options *options, ox_bytes mime, ox_message **out,
                       ox_error *err) {
  /* The array borrows the input, which neither the stream nor its substreams ever write. */
  GByteArray *bytes = g_byte_array_new_take((guint8 *)mime.data, mime.size_bytes);
  GMimeStream *stream = g_mime_stream_mem_new_with_byte_array(bytes);
  g_mime_stream_mem_set_owner((GMimeStreamMem *)stream, FALSE);
  GMimeParser *parser = g_mime_parser_new_with_stream(stream);
  GMimeParserOptions *how = parser_options(options->default_codepage);
  GMimeMessage *parsed = g_mime_parser_construct_message(parser, how);
  ox_status status;
  if (parsed == NULL || !has_fields(parsed)) {
    status = ox_error_set(err, OX_E_MALFORMED, "The input has no header field.");
  } else {
    size_t header = header_size(mime);
    mime_reader reader = {options, how, 0, 0, err};
    status = ox_mime_read_message(&reader, parsed, (ox_bytes){mime.data, header},
                                  (ox_bytes){mime.data + header, mime.size_bytes - header}, out);
  }
  if (parsed != NULL) g_object_unref(parsed);
  g_mime_parser_options_free(how);
  g_object_unref(parser);
  g_object_unref(stream);
  g_byte_array_free(bytes, FALSE);
  return status;
}

ox_status ox_mime_read_enclosed(mime_reader *reader, ox_bytes mime, ox_message **out) {
  *out = NULL;
  mime = skip_prologue(mime);
  if (mime.size_bytes == 0) return OX_OK;
  ox_status status = check_limits(reader->options, mime, reader->err);
  if (status != OX_OK) return status;
  GMimeStream *stream = g_mime_stream_mem_new_with_buffer((const char *)mime.data, mime.size_bytes);
  GMimeParser *parser = g_mime_parser_new_with_stream(stream);
  GMimeParserOptions *how = parser_options(reader->options->default_codepage);
  GMimeMessage *parsed = g_mime_parser_construct_message(parser, how);
  ox_bytes none = {NULL, 0};
  if (parsed != NULL && has_fields(parsed))
    status = ox_mime_read_message(reader, parsed, none, none, out);
  if (parsed != NULL) g_object_unref(parsed);
  g_mime_parser_options_free(how);
  g_object_unref(parser);
  g_object_unref(stream);
  return status;
}

ox_status ox_mime_import(ox_bytes mime, const ox_mime_import_options *options, ox_message **out,
                         ox_error *err) {
  *out = NULL;
  ox_mime_import_options how;
  ox_status status = take_options(options, &how, err);
  if (status != OX_OK) return status;
  mime = skip_prologue(mime);
  if (mime.size_bytes == 0) return ox_error_set(err, OX_E_MALFORMED, "The input is empty.");
  status = check_limits(&how, mime, err);
  if (status != OX_OK) return status;
  ox_mime_prepare();
  status = parse(&how, mime, out, err);
  if (status == OX_E_NO_MEMORY) ox_error_set(err, status, NULL);
  return status;
}

ox_status ox_mime_import_source(ox_source *mime, const ox_mime_import_options *options,
                                ox_message **out, ox_error *err) {
  *out = NULL;
  ox_mime_import_options how;
  ox_status status = take_options(options, &how, err);
  if (status != OX_OK) return status;
  if (mime->size_bytes > how.max_message_bytes)
    return ox_error_set(err, OX_E_LIMIT, "The message is larger than the limit.");
  size_t size = (size_t)mime->size_bytes;
  uint8_t *data = ox_malloc(how.allocator, size != 0 ? size : 1);
  if (data == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  size_t got = 0;
  while (got < size && status == OX_OK) {
    size_t n = 0;
    status = mime->read_at(mime, got, data + got, size - got, &n, err);
    if (n == 0) break;
    got += n;
  }
  if (status == OX_OK && got < size)
    status = ox_error_set(err, OX_E_TRUNCATED, "The source ended before its size.");
  if (status == OX_OK) status = ox_mime_import((ox_bytes){data, size}, options, out, err);
  ox_free(how.allocator, data);
  return status;
}
