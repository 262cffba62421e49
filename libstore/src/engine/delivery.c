/* Delivery into a mailbox, and the outbound that delivers between the mailboxes of one store. */
#include <stdio.h>
#include <string.h>

#include "delivery.h"

#define ID(name) OX_PROPTAG_ID(OX_##name)

/* ---- addresses ---- */

/* The properties of one of the five address sets of a message. */
typedef struct address_tags {
  ox_proptag name, type, email, smtp, entry_id, search_key;
} address_tags;

static const address_tags address_sets[] = {
    [OXS_SENDER] = {OX_PidTagSenderName, OX_PidTagSenderAddressType, OX_PidTagSenderEmailAddress,
                    OX_PidTagSenderSmtpAddress, OX_PidTagSenderEntryId, OX_PidTagSenderSearchKey},
    [OXS_SENT_REPRESENTING] = {OX_PidTagSentRepresentingName, OX_PidTagSentRepresentingAddressType,
                               OX_PidTagSentRepresentingEmailAddress,
                               OX_PidTagSentRepresentingSmtpAddress,
                               OX_PidTagSentRepresentingEntryId,
                               OX_PidTagSentRepresentingSearchKey},
    [OXS_RECEIVED_BY] = {OX_PidTagReceivedByName, OX_PidTagReceivedByAddressType,
                         OX_PidTagReceivedByEmailAddress, OX_PidTagReceivedBySmtpAddress,
                         OX_PidTagReceivedByEntryId, OX_PidTagReceivedBySearchKey},
    [OXS_RECEIVED_REPRESENTING] = {OX_PidTagReceivedRepresentingName,
                                   OX_PidTagReceivedRepresentingAddressType,
                                   OX_PidTagReceivedRepresentingEmailAddress,
                                   OX_PidTagReceivedRepresentingSmtpAddress,
                                   OX_PidTagReceivedRepresentingEntryId,
                                   OX_PidTagReceivedRepresentingSearchKey},
    [OXS_RECIPIENT] = {OX_PidTagDisplayName, OX_PidTagAddressType, OX_PidTagEmailAddress,
                       OX_PidTagSmtpAddress, OX_PidTagEntryId, OX_PidTagSearchKey},
};

ox_proptag oxs_address_name_tag(oxs_address_set set) {
  return address_sets[set].name;
}

/* "TYPE:ADDRESS" in capitals, with its terminator. @spec [MS-OXOABK] 2.2.3.5 */
static ox_status set_search_key(ox_propbag *bag, ox_proptag tag, const char *type,
                                const char *address) {
  char key[1024];
  int size = snprintf(key, sizeof key, "%s:%s", type, address);
  if (size < 0 || (size_t)size >= sizeof key) return OX_OK;
  for (int i = 0; i < size; i++)
    if (key[i] >= 'a' && key[i] <= 'z') key[i] = (char)(key[i] - 'a' + 'A');
  return ox_propbag_set_binary(bag, tag, key, (size_t)size + 1);
}

/* One-off entry id. @spec [MS-OXCDATA] 2.2.5.1 */
static ox_status one_off_entry_id(ox_arena *arena, const char *name, const char *address,
                                  ox_bytes *out) {
  static const uint8_t provider[16] = {0x81, 0x2B, 0x1F, 0xA4, 0xBE, 0xA3, 0x10, 0x19,
                                       0x9D, 0x6E, 0x00, 0xDD, 0x01, 0x0F, 0x54, 0x02};
  ox_str16 texts[3];
  ox_status status = ox_str16_from_utf8(arena, ox_str8_from(name), &texts[0]);
  if (status == OX_OK) status = ox_str16_from_utf8(arena, ox_str8_from("SMTP"), &texts[1]);
  if (status == OX_OK) status = ox_str16_from_utf8(arena, ox_str8_from(address), &texts[2]);
  if (status != OX_OK) return status;
  ox_writer w;
  ox_writer_init(&w, NULL, 65536);
  ox_write_u32(&w, 0);
  ox_write_bytes(&w, provider, sizeof provider);
  ox_write_u16(&w, 0);
  ox_write_u16(&w, 0x9001); /* Unicode, no lookup, send no rich text */
  for (int i = 0; i < 3; i++) ox_write_zstr16(&w, texts[i]);
  status = ox_writer_status(&w);
  if (status == OX_OK) *out = oxs_copy(arena, ox_writer_bytes(&w), &status);
  ox_writer_dispose(&w);
  return status;
}

ox_status oxs_set_address(ox_propbag *bag, oxs_address_set set, const char *name,
                          const char *legacy_dn, const char *smtp) {
  const address_tags *tags = &address_sets[set];
  bool ex = legacy_dn != NULL && legacy_dn[0] != '\0';
  const char *address = ex ? legacy_dn : smtp;
  ox_bytes entry_id;
  ox_status status = ex ? oxs_address_entry_id(bag->arena, legacy_dn, &entry_id)
                        : one_off_entry_id(bag->arena, name, smtp, &entry_id);
  if (status == OX_OK) status = ox_propbag_set_utf8(bag, tags->name, name);
  if (status == OX_OK) status = ox_propbag_set_utf8(bag, tags->type, ex ? "EX" : "SMTP");
  if (status == OX_OK) status = ox_propbag_set_utf8(bag, tags->email, address);
  if (status == OX_OK && smtp != NULL && smtp[0] != '\0')
    status = ox_propbag_set_utf8(bag, tags->smtp, smtp);
  if (status == OX_OK)
    status = ox_propbag_set_binary(bag, tags->entry_id, entry_id.data, entry_id.size_bytes);
  if (status == OX_OK) status = set_search_key(bag, tags->search_key, ex ? "EX" : "SMTP", address);
  return status;
}

const char *oxs_recipient_address(const ox_propbag *bag, ox_arena *arena) {
  const char *address = ox_propbag_utf8(bag, OX_PidTagSmtpAddress, arena, "");
  if (address[0] == '\0') address = ox_propbag_utf8(bag, OX_PidTagEmailAddress, arena, "");
  if (address[0] != '\0') return address;
  /* An address book entry id ends in the legacy DN. */
  ox_bytes id = ox_propbag_binary(bag, OX_PidTagEntryId);
  if (id.size_bytes > 29 && id.data[28] == '/' && id.data[id.size_bytes - 1] == '\0')
    return ox_arena_strdup(arena, (const char *)id.data + 28);
  return "";
}

/* ---- into one mailbox ---- */

/* What belongs to the sender's copy alone. */
static const uint16_t senders_own[] = {
    ID(PidTagDeleteAfterSubmit), ID(PidTagSentMailSvrEID),    ID(PidTagSentMailEntryId),
    ID(PidTagTargetEntryId),     ID(PidTagDisplayBcc),        ID(PidTagSubmitFlags),
    ID(PidTagReceivedByName),    ID(PidTagReceivedByEntryId), ID(PidTagMessageDeliveryTime),
};

static ox_status received_by(oxs_content *content, const oxs_database *database,
                             const ox_deliver_options *options) {
  ox_propbag *bag = &content->bag.values;
  const ox_principal *by = options->received_by;
  ox_principal owner = {.display_name = database->display_name,
                        .legacy_dn = database->legacy_dn,
                        .smtp_address = database->smtp_address};
  if (by == NULL) by = &owner;
  const ox_principal *representing = options->representing != NULL ? options->representing : by;
  ox_status status =
      oxs_set_address(bag, OXS_RECEIVED_BY, by->display_name, by->legacy_dn, by->smtp_address);
  if (status == OX_OK)
    status = oxs_set_address(bag, OXS_RECEIVED_REPRESENTING, representing->display_name,
                             representing->legacy_dn, representing->smtp_address);
  /* Whether the mailbox is named, and where. @spec [MS-OXOMSG] 2.2.1.16 */
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  bool to = false, cc = false;
  for (size_t i = 0; i < content->recipient_count; i++) {
    const ox_propbag *recipient = &content->recipients[i].bag;
    const char *address = oxs_recipient_address(recipient, &arena);
    if (!ox_ascii_equal(address, by->smtp_address) && !ox_ascii_equal(address, by->legacy_dn))
      continue;
    int32_t type = ox_propbag_i32(recipient, OX_PidTagRecipientType, 0) & 0xF;
    to |= type == OX_RECIPIENT_TO;
    cc |= type == OX_RECIPIENT_CC;
  }
  ox_arena_dispose(&arena);
  if (status == OX_OK) status = ox_propbag_set_bool(bag, OX_PidTagMessageToMe, to);
  if (status == OX_OK) status = ox_propbag_set_bool(bag, OX_PidTagMessageCcMe, cc);
  if (status == OX_OK) status = ox_propbag_set_bool(bag, OX_PidTagMessageRecipientMe, to || cc);
  return status;
}

static void drop_bcc(oxs_content *content) {
  size_t kept = 0;
  for (size_t i = 0; i < content->recipient_count; i++) {
    int32_t type = ox_propbag_i32(&content->recipients[i].bag, OX_PidTagRecipientType, 0);
    if ((type & 0xF) != OX_RECIPIENT_BCC) content->recipients[kept++] = content->recipients[i];
  }
  content->recipient_count = kept;
}

static ox_status deliver(oxs_txn *t, const ox_deliver_options *options, const ox_message *message,
                         oxs_row *row) {
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  oxs_content *content = NULL;
  ox_filetime when = options->delivery_time;
  if (when == 0) when = oxs_now(t->database->store);
  ox_status status = oxs_content_from_message(t, message, 0, &content);
  if (status != OX_OK) return status;
  for (size_t i = 0; i < sizeof senders_own / sizeof senders_own[0]; i++)
    oxs_bag_remove(&content->bag, senders_own[i]);
  drop_bcc(content);
  ox_propbag *bag = &content->bag.values;
  status = received_by(content, t->database, options);
  if (status == OX_OK) status = ox_propbag_set_time(bag, OX_PidTagMessageDeliveryTime, when);
  const char *message_class = ox_propbag_utf8(bag, OX_PidTagMessageClass, &arena, "IPM.Note");
  int64_t fid = 0;
  if (status == OX_OK) status = oxs_receive_folder(t, message_class, &arena, &fid, NULL);
  if (status == OX_E_INVALID_PARAMETER) status = oxs_special(t, OX_SPECIAL_INBOX, &fid);
  uint32_t flags = (uint32_t)ox_propbag_i32(&message->properties, OX_PidTagMessageFlags, 0);
  *row = (oxs_row){.fid = fid,
                   .kind = OXS_KIND_NORMAL,
                   .flags = flags & (OXS_FLAG_INTERNET | OXS_FLAG_UNTRUSTED | OXS_FLAG_RESEND)};
  if (ox_propbag_bool(bag, OX_PidTagReadReceiptRequested, false))
    row->flags |= OXS_FLAG_NOTIFY_READ | OXS_FLAG_NOTIFY_UNREAD;
  if (status == OX_OK) status = oxs_message_create(t, content, row);
  oxs_row told = *row;
  const ox_value *class_value = ox_propbag_get(bag, OX_PidTagMessageClass);
  if (class_value != NULL)
    told.message_class = (ox_bytes){class_value->string.data, class_value->string.size_bytes};
  if (status == OX_OK) status = oxs_message_event(t, OX_EVENT_NEW_MAIL, &told);
  oxs_content_free(content);
  ox_arena_dispose(&arena);
  return status;
}

ox_status ox_store_deliver(ox_store *store, const ox_deliver_options *options,
                           const ox_message *message, ox_id *folder_id_out, ox_id *id_out,
                           ox_error *err) {
  if (store == NULL || options == NULL || message == NULL)
    return ox_error_set(err, OX_E_USAGE, NULL);
  ox_deliver_options given = {sizeof given};
  memcpy(&given, options,
         options->struct_size < sizeof given ? options->struct_size : sizeof given);
  oxs_database *database;
  ox_status status = oxs_database_acquire(store, &given.mailbox_guid, &database, err);
  if (status != OX_OK) return status;
  oxs_txn t;
  oxs_row row;
  status = oxs_write_begin(database, &t, err);
  if (status == OX_OK) status = oxs_write_end(&t, deliver(&t, &given, message, &row));
  oxs_database_release(database);
  if (status != OX_OK) return status;
  if (folder_id_out != NULL) *folder_id_out = oxs_to_id(row.fid);
  if (id_out != NULL) *id_out = oxs_to_id(row.mid);
  return OX_OK;
}

/* ---- between mailboxes ---- */

typedef struct local_delivery {
  ox_outbound base;
  ox_store *store;
  ox_principals *principals;
  ox_outbound *next;
} local_delivery;

/* One submission on its way. */
typedef struct round_trip {
  local_delivery *delivery;
  const ox_message *message;
  ox_arena arena;
  ox_guid *done; /* mailboxes that have the message */
  size_t done_count, done_capacity;
} round_trip;

static bool already(const round_trip *trip, const ox_guid *guid) {
  for (size_t i = 0; i < trip->done_count; i++)
    if (ox_guid_equal(&trip->done[i], guid)) return true;
  return false;
}

/* Every mailbox gets one copy, however often it is named. */
static ox_status deliver_to(round_trip *trip, const ox_principal *principal, ox_error *err) {
  if (already(trip, &principal->mailbox_guid)) return OX_OK;
  ox_deliver_options options = {.struct_size = sizeof options,
                                .mailbox_guid = principal->mailbox_guid,
                                .received_by = principal};
  ox_status status =
      ox_store_deliver(trip->delivery->store, &options, trip->message, NULL, NULL, err);
  if (status != OX_OK) return status;
  if (trip->done_count == trip->done_capacity) {
    size_t grown = trip->done_capacity != 0 ? trip->done_capacity * 2 : 16;
    ox_guid *list = ox_arena_grow(&trip->arena, trip->done, trip->done_count, grown, sizeof *list);
    if (list == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
    trip->done = list;
    trip->done_capacity = grown;
  }
  trip->done[trip->done_count++] = principal->mailbox_guid;
  return OX_OK;
}

static ox_status deliver_to_group(round_trip *trip, const char *group, ox_error *err) {
  ox_principals *principals = trip->delivery->principals;
  ox_principal *members;
  size_t count = 0;
  ox_status status = principals->members(principals, group, &trip->arena, &members, &count, err);
  if (status != OX_OK) return status;
  ox_status worst = OX_OK;
  for (size_t i = 0; i < count; i++) {
    if (ox_guid_is_null(&members[i].mailbox_guid)) continue;
    status = deliver_to(trip, &members[i], err);
    if (status != OX_OK) worst = status;
  }
  return worst;
}

static ox_status deliver_to_address(round_trip *trip, const char *address, ox_error *err) {
  ox_principals *principals = trip->delivery->principals;
  ox_principal principal;
  if (address == NULL || address[0] == '\0') return ox_error_set(err, OX_E_NOT_FOUND, NULL);
  ox_status status = principals->find(principals, address, &trip->arena, &principal, err);
  if (status != OX_OK) return status;
  if (!ox_guid_is_null(&principal.mailbox_guid)) return deliver_to(trip, &principal, err);
  return deliver_to_group(trip, address, err);
}

/* ---- reports ---- */

static ox_status add_failed_recipient(ox_message *report, const round_trip *trip,
                                      const char *address, ox_status why) {
  ox_recipient *recipient = ox_message_add_recipient(report);
  if (recipient == NULL) return OX_E_NO_MEMORY;
  ox_propbag *bag = &recipient->properties;
  const char *name = address;
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  for (size_t i = 0; i < trip->message->recipient_count; i++) {
    const ox_propbag *original = &trip->message->recipients[i].properties;
    if (strcmp(oxs_recipient_address(original, &arena), address) == 0)
      name = ox_propbag_utf8(original, OX_PidTagDisplayName, &arena, address);
  }
  bool ex = address[0] == '/';
  ox_status status =
      oxs_set_address(bag, OXS_RECIPIENT, name, ex ? address : "", ex ? "" : address);
  ox_arena_dispose(&arena);
  if (status == OX_OK) status = ox_propbag_set_i32(bag, OX_PidTagRecipientType, OX_RECIPIENT_TO);
  /* Unable to transfer; recipient unknown, or the transfer failed. @spec [MS-OXOMSG] 2.2.2.31 */
  if (status == OX_OK)
    status = ox_propbag_set_i32(bag, OX_PidTagNonDeliveryReportReasonCode,
                                why == OX_E_NOT_FOUND ? 1 : 0);
  if (status == OX_OK)
    status =
        ox_propbag_set_i32(bag, OX_PidTagNonDeliveryReportDiagCode, why == OX_E_NOT_FOUND ? 0 : 2);
  return status;
}

static ox_status report_text(ox_propbag *bag, const round_trip *trip, const ox_envelope *envelope,
                             const char *subject) {
  ox_writer w;
  ox_writer_init(&w, NULL, 65536);
  ox_write_text(&w, "Your message\r\n\r\n  Subject: ");
  ox_write_text(&w, subject);
  ox_write_text(&w, "\r\n\r\ndid not reach the following recipient(s):\r\n\r\n");
  for (size_t i = 0; i < envelope->recipient_count; i++) {
    const ox_envelope_recipient *recipient = &envelope->recipients[i];
    if (recipient->status == OX_OK) continue;
    ox_write_text(&w, "  ");
    ox_write_text(&w, recipient->address);
    ox_write_text(&w, recipient->status == OX_E_NOT_FOUND
                          ? "\r\n    There is no such recipient here.\r\n"
                          : "\r\n    ");
    if (recipient->status != OX_E_NOT_FOUND) {
      ox_write_text(&w, ox_status_text(recipient->status));
      ox_write_text(&w, "\r\n");
    }
  }
  (void)trip;
  ox_write_u8(&w, 0);
  ox_status status = ox_writer_status(&w);
  if (status == OX_E_LIMIT) status = OX_OK; /* so many recipients: the list alone will do */
  if (status == OX_OK && ox_writer_bytes(&w).size_bytes > 0 && ox_writer_status(&w) == OX_OK) {
    const char *text = (const char *)ox_writer_bytes(&w).data;
    status = ox_propbag_set_utf8(bag, OX_PidTagBody, text);
    if (status == OX_OK) status = ox_propbag_set_utf8(bag, OX_PidTagReportText, text);
  }
  ox_writer_dispose(&w);
  return status;
}

static ox_status fill_report(ox_message *report, const round_trip *trip,
                             const ox_envelope *envelope) {
  ox_propbag *bag = &report->properties;
  const ox_propbag *original = &trip->message->properties;
  ox_filetime now = oxs_now(trip->delivery->store);
  const char *subject = ox_propbag_utf8(original, OX_PidTagSubject, &report->arena, "");
  const char *sender_name = "System Administrator";
  size_t size = strlen(subject) + sizeof "Undeliverable: ";
  char *new_subject = ox_arena_alloc(&report->arena, size);
  if (new_subject == NULL) return OX_E_NO_MEMORY;
  snprintf(new_subject, size, "Undeliverable: %s", subject);
  ox_status status = ox_propbag_set_utf8(bag, OX_PidTagMessageClass, "REPORT.IPM.Note.NDR");
  if (status == OX_OK) status = ox_propbag_set_utf8(bag, OX_PidTagSubject, new_subject);
  if (status == OX_OK) status = ox_propbag_set_utf8(bag, OX_PidTagSubjectPrefix, "Undeliverable: ");
  if (status == OX_OK) status = ox_propbag_set_utf8(bag, OX_PidTagNormalizedSubject, subject);
  if (status == OX_OK) status = ox_propbag_set_utf8(bag, OX_PidTagOriginalSubject, subject);
  if (status == OX_OK) status = ox_propbag_set_utf8(bag, OX_PidTagConversationTopic, subject);
  if (status == OX_OK) status = ox_propbag_set_time(bag, OX_PidTagReportTime, now);
  if (status == OX_OK) status = ox_propbag_set_time(bag, OX_PidTagClientSubmitTime, now);
  if (status == OX_OK)
    status = oxs_set_address(bag, OXS_SENDER, sender_name, "", "postmaster@localhost");
  if (status == OX_OK)
    status = oxs_set_address(bag, OXS_SENT_REPRESENTING, sender_name, "", "postmaster@localhost");
  static const ox_proptag kept[][2] = {
      {OX_PidTagSearchKey, OX_PidTagParentKey},
      {OX_PidTagInternetMessageId, OX_PidTagInReplyToId},
      {OX_PidTagClientSubmitTime, OX_PidTagOriginalSubmitTime},
      {OX_PidTagReportTag, OX_PidTagReportTag},
  };
  for (size_t i = 0; status == OX_OK && i < sizeof kept / sizeof kept[0]; i++) {
    const ox_value *value = ox_propbag_get(original, kept[i][0]);
    if (value != NULL) status = ox_propbag_set(bag, kept[i][1], value);
  }
  if (status == OX_OK) status = report_text(bag, trip, envelope, subject);
  for (size_t i = 0; status == OX_OK && i < envelope->recipient_count; i++)
    if (envelope->recipients[i].status != OX_OK)
      status = add_failed_recipient(report, trip, envelope->recipients[i].address,
                                    envelope->recipients[i].status);
  return status;
}

/* The report goes into the sender's mailbox; a sender without one gets none, and no report is made
 * about reports. */
static ox_status send_report(round_trip *trip, const ox_envelope *envelope, ox_error *err) {
  local_delivery *delivery = trip->delivery;
  ox_principal sender;
  const char *message_class =
      ox_propbag_utf8(&trip->message->properties, OX_PidTagMessageClass, &trip->arena, "");
  if (ox_ascii_equal_n(message_class, "REPORT.", 7) || envelope->sender == NULL) return OX_OK;
  ox_status status = delivery->principals->find(delivery->principals, envelope->sender,
                                                &trip->arena, &sender, err);
  if (status == OX_E_NOT_FOUND || (status == OX_OK && ox_guid_is_null(&sender.mailbox_guid)))
    return OX_OK;
  if (status != OX_OK) return status;
  ox_message *report = ox_message_new(delivery->store->allocator);
  if (report == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  status = fill_report(report, trip, envelope);
  ox_deliver_options options = {
      .struct_size = sizeof options, .mailbox_guid = sender.mailbox_guid, .received_by = &sender};
  if (status == OX_OK)
    status = ox_store_deliver(delivery->store, &options, report, NULL, NULL, err);
  ox_message_free(report);
  return status;
}

/* ---- the outbound ---- */

/* Results of an outbound that was called and waited for. */
void oxs_wait_init(oxs_wait *wait) {
  memset(wait, 0, sizeof *wait);
  pthread_mutex_init(&wait->mutex, NULL);
  pthread_cond_init(&wait->done, NULL);
}

static void outbound_done(void *user, ox_status status, const char *queue_id, const ox_error *err) {
  oxs_wait *wait = user;
  pthread_mutex_lock(&wait->mutex);
  wait->status = status;
  snprintf(wait->queue_id, sizeof wait->queue_id, "%s", queue_id != NULL ? queue_id : "");
  if (err != NULL) wait->err = *err;
  wait->finished = true;
  pthread_cond_signal(&wait->done);
  pthread_mutex_unlock(&wait->mutex);
}

ox_status oxs_outbound_submit(ox_outbound *outbound, const ox_message *message,
                              ox_envelope *envelope, oxs_wait *wait, ox_error *err) {
  ox_status status = outbound->submit(outbound, (ox_call_id)(uintptr_t)wait, message, envelope,
                                      OX_NO_DEADLINE, outbound_done, wait, err);
  if (status == OX_OK) {
    pthread_mutex_lock(&wait->mutex);
    while (!wait->finished) pthread_cond_wait(&wait->done, &wait->mutex);
    pthread_mutex_unlock(&wait->mutex);
    status = wait->status;
    if (status != OX_OK)
      ox_error_set(err, status, wait->err.status == status ? wait->err.text : NULL);
  }
  pthread_mutex_destroy(&wait->mutex);
  pthread_cond_destroy(&wait->done);
  return status;
}

/* Hands those that nobody here knows on. */
static ox_status pass_on(round_trip *trip, ox_envelope *envelope, oxs_wait *wait, ox_error *err) {
  ox_envelope rest = {.struct_size = sizeof rest, .sender = envelope->sender};
  rest.recipients =
      ox_arena_calloc(&trip->arena, envelope->recipient_count, sizeof *rest.recipients);
  if (rest.recipients == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  for (size_t i = 0; i < envelope->recipient_count; i++)
    if (envelope->recipients[i].status == OX_E_NOT_FOUND)
      rest.recipients[rest.recipient_count++] = envelope->recipients[i];
  if (rest.recipient_count == 0) return OX_OK;
  oxs_wait_init(wait);
  ox_status status = oxs_outbound_submit(trip->delivery->next, trip->message, &rest, wait, err);
  for (size_t i = 0, j = 0; i < envelope->recipient_count; i++)
    if (envelope->recipients[i].status == OX_E_NOT_FOUND)
      envelope->recipients[i].status = status == OX_OK ? rest.recipients[j++].status : status;
  return status;
}

static ox_status local_submit(ox_outbound *base, ox_call_id call, const ox_message *message,
                              ox_envelope *envelope, uint64_t deadline_ms, ox_outbound_done done,
                              void *user, ox_error *err) {
  local_delivery *delivery = (local_delivery *)base;
  round_trip trip = {.delivery = delivery, .message = message};
  ox_error failure = {0};
  bool failed = false, delivered = false;
  oxs_wait wait = {0};
  ox_status status = OX_OK;
  (void)call;
  (void)deadline_ms;
  (void)err;
  ox_arena_init(&trip.arena, delivery->store->allocator, 0);
  for (size_t i = 0; i < envelope->recipient_count; i++) {
    ox_envelope_recipient *recipient = &envelope->recipients[i];
    recipient->status = deliver_to_address(&trip, recipient->address, &failure);
    delivered |= recipient->status == OX_OK;
    /* No mailbox of a known principal is lacking a file unless somebody removed it. */
    if (recipient->status != OX_OK) status = recipient->status;
  }
  if (delivery->next != NULL) (void)!pass_on(&trip, envelope, &wait, &failure);
  for (size_t i = 0; i < envelope->recipient_count; i++)
    failed |= envelope->recipients[i].status != OX_OK;
  if (!failed) status = OX_OK;
  if (failed) {
    /* Nothing delivered and the trouble is ours (disk, lock): the sender keeps the message. */
    bool ours = !delivered && status != OX_E_NOT_FOUND && status != OX_E_AMBIGUOUS_RECIP;
    if (!ours) status = send_report(&trip, envelope, &failure);
  }
  ox_arena_dispose(&trip.arena);
  done(user, status, status == OX_OK ? wait.queue_id : "", status == OX_OK ? NULL : &failure);
  return OX_OK;
}

static ox_status local_query(ox_outbound *base, const char *queue_id, ox_error *err) {
  ox_outbound *next = ((local_delivery *)base)->next;
  if (next != NULL && queue_id[0] != '\0') return next->query(next, queue_id, err);
  return ox_error_set(err, OX_E_NOT_FOUND, NULL);
}

static ox_status local_abort(ox_outbound *base, const char *queue_id, ox_error *err) {
  ox_outbound *next = ((local_delivery *)base)->next;
  if (next != NULL && queue_id[0] != '\0') return next->abort(next, queue_id, err);
  return ox_error_set(err, OX_E_NOT_FOUND, NULL);
}

static void local_cancel(ox_outbound *base, ox_call_id call) {
  /* Calls are done before submit returns. */
  (void)base;
  (void)call;
}

ox_status ox_local_delivery_new(ox_store *store, ox_principals *principals,
                                const ox_local_delivery_options *options, ox_outbound **out,
                                ox_error *err) {
  if (store == NULL || principals == NULL || out == NULL)
    return ox_error_set(err, OX_E_USAGE, NULL);
  ox_local_delivery_options given = {sizeof given, NULL};
  if (options != NULL)
    memcpy(&given, options,
           options->struct_size < sizeof given ? options->struct_size : sizeof given);
  local_delivery *delivery = ox_calloc(store->allocator, 1, sizeof *delivery);
  if (delivery == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  delivery->base = (ox_outbound){.struct_size = sizeof delivery->base,
                                 .submit = local_submit,
                                 .query = local_query,
                                 .abort = local_abort,
                                 .cancel = local_cancel};
  delivery->store = store;
  delivery->principals = principals;
  delivery->next = given.next;
  *out = &delivery->base;
  return OX_OK;
}

void ox_local_delivery_free(ox_outbound *outbound) {
  if (outbound == NULL) return;
  local_delivery *delivery = (local_delivery *)outbound;
  ox_free(delivery->store->allocator, delivery);
}
