/* Submitting a message: sender, save, the way out, and what becomes of the sender's copy.
 * @spec [MS-OXOMSG] 3.2.5.1 */
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "delivery.h"

#define ID(name) OX_PROPTAG_ID(OX_##name)

/* "<guid@domain>" */
static ox_status message_id(const oxs_mailbox *mailbox, ox_propbag *bag, ox_error *err) {
  uint8_t random[16];
  ox_guid guid;
  char text[OX_GUID_TEXT_BYTES], id[320];
  const char *at = strchr(mailbox->database->smtp_address, '@');
  ox_status status = oxs_random(mailbox->database->store, random, sizeof random, err);
  if (status != OX_OK) return status;
  ox_guid_from_random(random, &guid);
  ox_guid_format(&guid, text);
  snprintf(id, sizeof id, "<%s%.255s>", text, at != NULL ? at : "@localhost");
  return ox_propbag_set_utf8(bag, OX_PidTagInternetMessageId, id);
}

/* @spec [MS-OXOMSG] 2.2.1.3: 0x01, five bytes of the time, a GUID */
static ox_status conversation_index(const oxs_mailbox *mailbox, ox_propbag *bag, ox_filetime now,
                                    ox_error *err) {
  uint8_t index[22] = {0x01};
  for (int i = 0; i < 5; i++) index[1 + i] = (uint8_t)(now >> (48 - 8 * i));
  ox_status status = oxs_random(mailbox->database->store, index + 6, 16, err);
  return status == OX_OK
             ? ox_propbag_set_binary(bag, OX_PidTagConversationIndex, index, sizeof index)
             : status;
}

static ox_status sender_properties(oxs_item *item, ox_error *err) {
  const oxs_mailbox *mailbox = item->mailbox;
  const oxs_database *owner = mailbox->database;
  ox_propbag *bag = &item->content->bag.values;
  ox_filetime now = oxs_now(owner->store);
  ox_status status =
      oxs_set_address(bag, OXS_SENDER, owner->display_name, owner->legacy_dn, owner->smtp_address);
  if (status == OX_OK &&
      ox_propbag_find(bag, OX_PROPTAG_ID(oxs_address_name_tag(OXS_SENT_REPRESENTING))) == NULL)
    status = oxs_set_address(bag, OXS_SENT_REPRESENTING, owner->display_name, owner->legacy_dn,
                             owner->smtp_address);
  if (status == OX_OK) status = ox_propbag_set_time(bag, OX_PidTagClientSubmitTime, now);
  if (status == OX_OK && ox_propbag_find(bag, ID(PidTagInternetMessageId)) == NULL)
    status = message_id(mailbox, bag, err);
  if (status == OX_OK && ox_propbag_find(bag, ID(PidTagConversationIndex)) == NULL)
    status = conversation_index(mailbox, bag, now, err);
  const ox_value *topic = ox_propbag_get(bag, OX_PidTagNormalizedSubject);
  if (status == OX_OK && topic != NULL && ox_propbag_find(bag, ID(PidTagConversationTopic)) == NULL)
    status = ox_propbag_set(bag, OX_PidTagConversationTopic, topic);
  item->content->bag_changed = true;
  return status == OX_OK ? OX_OK : ox_error_set(err, status, NULL);
}

static ox_status make_envelope(const oxs_item *item, ox_arena *arena, ox_envelope *out) {
  const oxs_content *content = item->content;
  *out = (ox_envelope){.struct_size = sizeof *out, .sender = item->mailbox->database->smtp_address};
  if (out->sender[0] == '\0') out->sender = item->mailbox->database->legacy_dn;
  out->recipients = ox_arena_calloc(arena, content->recipient_count, sizeof *out->recipients);
  if (out->recipients == NULL) return OX_E_NO_MEMORY;
  for (size_t i = 0; i < content->recipient_count; i++) {
    const ox_propbag *bag = &content->recipients[i].bag;
    /* Bits above the type tell of recipients that a resend leaves out. */
    if ((ox_propbag_i32(bag, OX_PidTagRecipientType, 0) & 0xF) == OX_RECIPIENT_ORIGINATOR) continue;
    out->recipients[out->recipient_count++].address = oxs_recipient_address(bag, arena);
  }
  return OX_OK;
}

/* Where the sender's copy goes: 0 when nothing says.
 * @spec [MS-OXOMSG] 2.2.3.10 (PidTagSentMailSvrEID: [MS-OXCDATA] 2.11.1.4) */
static int64_t sent_folder(const ox_propbag *bag) {
  const ox_property *server_id = ox_propbag_find(bag, ID(PidTagSentMailSvrEID));
  if (server_id != NULL && server_id->value.binary.size_bytes >= 9 &&
      server_id->value.binary.data[0] == 0x01) {
    ox_id id = 0;
    for (int i = 7; i >= 0; i--) id = id << 8 | server_id->value.binary.data[1 + i];
    return oxs_from_id(id);
  }
  ox_bytes entry_id = ox_propbag_binary(bag, OX_PidTagSentMailEntryId);
  if (entry_id.size_bytes != OXS_FOLDER_ENTRY_ID_BYTES) return 0;
  uint64_t counter = 0;
  for (int i = 0; i < 6; i++) counter = counter << 8 | entry_id.data[38 + i];
  return (int64_t)((uint64_t)OXS_OWN_REPLID << 48 | counter);
}

/* The sent message goes to the folder that it names as a read message that is not "unsent"; without
 * one it is deleted if it says so, or goes to Sent Items. @spec [MS-OXOMSG] 3.2.5.1 */
static ox_status settle(oxs_txn *t, const oxs_item *item) {
  const ox_propbag *bag = &item->content->bag.values;
  int64_t mid = item->row.mid, fid = item->row.fid, state = 0, target = sent_folder(bag);
  if (target != 0 &&
      (oxs_number(t->db, &state, NULL, OXS_FOLDER_STATE, "i", target) != OX_OK || state != 0))
    target = 0;
  if (target == 0 && ox_propbag_bool(bag, OX_PidTagDeleteAfterSubmit, false))
    return oxs_messages_remove(t, fid, &mid, 1, true, NULL);
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  oxs_row row;
  ox_status status = oxs_row_load(t, mid, &arena, &row);
  if (status == OX_OK) {
    oxs_count_change change = {0};
    oxs_count(&change, &row, -1);
    row.flags = (row.flags & ~(OXS_FLAG_UNSENT | OXS_FLAG_SUBMIT)) | OXS_FLAG_READ |
                OXS_FLAG_FROM_ME | OXS_FLAG_EVER_READ;
    oxs_count(&change, &row, +1);
    status = oxs_row_update(t, &row);
    if (status == OX_OK) status = oxs_views_put(t, row.fid, row.kind, mid);
    if (status == OX_OK) status = oxs_folder_count(t, fid, &change);
  }
  if (status == OX_OK && target == 0) status = oxs_special(t, OX_SPECIAL_SENT_ITEMS, &target);
  if (status == OX_OK && target != fid)
    status = oxs_messages_transfer(t, fid, target, &mid, 1, false, NULL, NULL);
  ox_arena_dispose(&arena);
  return status;
}

/* Takes the mark of a submitted message away again. */
static ox_status unmark(oxs_txn *t, int64_t mid) {
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  oxs_row row;
  ox_status status = oxs_row_load(t, mid, &arena, &row);
  if (status == OX_OK) {
    row.flags &= ~OXS_FLAG_SUBMIT;
    status = oxs_row_update(t, &row);
    if (status == OX_OK) status = oxs_views_put(t, row.fid, row.kind, mid);
  }
  ox_arena_dispose(&arena);
  return status;
}

/* Nobody was told that such a message was sent, though it may have reached some recipients: it is
 * unsent again. Opening goes on when that fails; the next one tries anew. */
void oxs_recover_submits(oxs_database *database) {
  oxs_txn t;
  int64_t mid;
  int sending;
  if (database->read_only || oxs_read_begin(database, &t, NULL) != OX_OK) return;
  ox_status status = oxs_number(t.db, &mid, NULL, OXS_MESSAGE_SUBMITTED, "");
  oxs_read_end(&t);
  /* A lock that cannot be had means that somebody sends. */
  if (status != OX_OK || oxs_sending_lock(database, LOCK_EX | LOCK_NB, &sending, NULL) != OX_OK)
    return;
  if (oxs_write_begin(database, &t, NULL) == OX_OK) {
    while ((status = oxs_number(t.db, &mid, NULL, OXS_MESSAGE_SUBMITTED, "")) == OX_OK)
      if ((status = unmark(&t, mid)) != OX_OK) break;
    (void)!oxs_write_end(&t, status == OX_E_NOT_FOUND ? OX_OK : status);
  }
  close(sending);
}

static ox_status save_marked(oxs_item *item, ox_error *err) {
  oxs_row before = item->row;
  oxs_txn t;
  ox_status status = oxs_write_begin(item->mailbox->database, &t, err);
  if (status != OX_OK) return status;
  item->row.flags |= OXS_FLAG_SUBMIT | OXS_FLAG_UNSENT;
  status = oxs_write_end(&t, oxs_item_store(&t, item, true));
  if (status != OX_OK) item->row = before;
  return status;
}

/* With the lock of those who send. */
static ox_status submit(oxs_item *item, ox_error *err) {
  oxs_mailbox *mailbox = item->mailbox;
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  ox_envelope envelope;
  ox_message *message = NULL;
  oxs_wait wait;
  ox_status status = make_envelope(item, &arena, &envelope);
  if (status == OX_OK && envelope.recipient_count == 0) status = OX_E_NO_RECIPIENTS;
  if (status == OX_OK) status = sender_properties(item, err);
  if (status == OX_OK) status = save_marked(item, err);
  if (status != OX_OK) {
    ox_arena_dispose(&arena);
    return ox_error_set(err, status, NULL);
  }
  item->is_new = false;
  /* What was saved goes out: large values are read from their rows. */
  oxs_item *saved = NULL;
  status = oxs_item_load(mailbox, item->row.fid, item->row.mid, OX_OPEN_READ_ONLY, &saved, err);
  if (status == OX_OK)
    status = oxs_content_to_message(mailbox, saved->content, &saved->row, 0, 0, &message, err);
  if (status == OX_OK) {
    oxs_wait_init(&wait);
    status = oxs_outbound_submit(mailbox->outbound, message, &envelope, &wait, err);
  }
  oxs_txn t;
  bool sent = status == OX_OK;
  ox_status written = oxs_write_begin(mailbox->database, &t, sent ? err : NULL);
  if (written == OX_OK)
    written = oxs_write_end(&t, sent ? settle(&t, saved) : unmark(&t, item->row.mid));
  if (sent) status = written;
  ox_message_free(message);
  if (saved != NULL) oxs_item_close(&saved->base);
  ox_arena_dispose(&arena);
  item->closed = true;
  return status;
}

ox_status oxs_item_submit(ox_item *base, uint32_t flags, ox_error *err) {
  oxs_item *item = (oxs_item *)base;
  oxs_mailbox *mailbox = item->mailbox;
  (void)flags; /* there is no spooler: every message goes out at once */
  ox_status status = oxs_item_writable(item, err);
  if (status != OX_OK) return status;
  if (mailbox->outbound == NULL || item->row.kind != OXS_KIND_NORMAL)
    return ox_error_set(err, OX_E_NO_SUPPORT, "Messages cannot be sent from here.");
  int sending;
  status = oxs_sending_lock(mailbox->database, LOCK_SH, &sending, err);
  if (status != OX_OK) return status;
  status = submit(item, err);
  close(sending);
  return status;
}

/* A message that is being sent cannot be called back; one that is not and still marked was left by
 * a failure after its delivery. */
ox_status oxs_mailbox_abort_submit(ox_mailbox *base, ox_id folder_id, ox_id id, ox_error *err) {
  oxs_mailbox *mailbox = oxs_local(base);
  ox_status status = oxs_may_write(mailbox, err);
  if (status != OX_OK) return status;
  oxs_txn t;
  ox_arena arena;
  oxs_row row;
  status = oxs_write_begin(mailbox->database, &t, err);
  if (status != OX_OK) return status;
  ox_arena_init(&arena, NULL, 0);
  status = oxs_row_load(&t, oxs_from_id(id), &arena, &row);
  if (status == OX_OK && row.fid != oxs_from_id(folder_id)) status = OX_E_NOT_FOUND;
  if (status == OX_OK && (row.flags & OXS_FLAG_SUBMIT) == 0) status = OX_E_UNABLE_TO_ABORT;
  int sending = -1;
  if (status == OX_OK &&
      oxs_sending_lock(mailbox->database, LOCK_EX | LOCK_NB, &sending, NULL) != OX_OK)
    status = OX_E_UNABLE_TO_ABORT;
  if (status == OX_OK) status = unmark(&t, row.mid);
  status = oxs_write_end(&t, status);
  if (sending >= 0) close(sending);
  ox_arena_dispose(&arena);
  return status;
}
