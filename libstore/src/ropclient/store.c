/* What a logon can tell: special folders, receive folders, ids. */
#include <string.h>

#include "client.h"

ox_status rc_mailbox_get_info(ox_mailbox *mailbox, ox_mailbox_info *out, ox_error *err) {
  if (out->struct_size != sizeof *out)
    return ox_error_set(err, OX_E_USAGE, "ox_mailbox_info has another size.");
  *out = rc_of(mailbox)->info;
  return OX_OK;
}

/* Where clients find the entry ids of the other special folders. @spec [MS-OXOSFLD] 2.2 */
static const ox_proptag special_tags[] = {
    OX_PidTagIpmAppointmentEntryId,   OX_PidTagIpmContactEntryId,
    OX_PidTagIpmJournalEntryId,       OX_PidTagIpmNoteEntryId,
    OX_PidTagIpmTaskEntryId,          OX_PidTagIpmDraftsEntryId,
    OX_PidTagRemindersOnlineEntryId,  OX_PidTagAdditionalRenEntryIds,
    OX_PidTagAdditionalRenEntryIdsEx, OX_PidTagFreeBusyEntryIds,
};
#define SPECIAL_TAG_COUNT (sizeof special_tags / sizeof special_tags[0])
static const uint8_t special_of_tag[] = {
    OX_SPECIAL_CALENDAR, OX_SPECIAL_CONTACTS, OX_SPECIAL_JOURNAL,  OX_SPECIAL_NOTES,
    OX_SPECIAL_TASKS,    OX_SPECIAL_DRAFTS,   OX_SPECIAL_REMINDERS};

/* The long-term id inside a folder EntryID. @spec [MS-OXCDATA] 2.2.4.1 */
static bool folder_entry(ox_bytes entry, ox_long_term_id *out) {
  ox_reader r;
  ox_reader_init(&r, entry.data, entry.size_bytes);
  ox_read_skip(&r, 22);
  ox_read_guid(&r, &out->database_guid);
  ox_bytes counter = ox_read_bytes(&r, 6);
  out->pad = 0;
  if (!ox_reader_ok(&r)) return false;
  memcpy(out->global_counter, counter.data, 6);
  return true;
}

typedef struct special_entry {
  uint32_t special;
  ox_long_term_id id;
} special_entry;

static void add_special(special_entry *found, size_t *count, uint32_t special, ox_bytes entry) {
  for (size_t i = 0; i < *count; i++)
    if (found[i].special == special) return;
  if (*count == OX_SPECIAL_COUNT || !folder_entry(entry, &found[*count].id)) return;
  found[(*count)++].special = special;
}

/* PersistData blocks. @spec [MS-OXOSFLD] 2.2.4 */
static void read_persist_data(ox_bytes data, special_entry *found, size_t *count) {
  static const struct {
    uint16_t id;
    uint8_t special;
  } known[] = {{0x8001, OX_SPECIAL_RSS},
               {0x8006, OX_SPECIAL_CONVERSATION_ACTIONS},
               {0x8008, OX_SPECIAL_SUGGESTED_CONTACTS},
               {0x800B, OX_SPECIAL_QUICK_CONTACTS}};
  ox_reader r;
  ox_reader_init(&r, data.data, data.size_bytes);
  while (ox_reader_remaining(&r) >= 4) {
    uint16_t id = ox_read_u16(&r), size = ox_read_u16(&r);
    if (id == 0) return; /* PERSIST_SENTINEL */
    ox_reader block;
    ox_reader_part(&r, size, &block);
    while (ox_reader_remaining(&block) >= 4) {
      uint16_t element = ox_read_u16(&block), element_size = ox_read_u16(&block);
      ox_bytes entry = ox_read_bytes(&block, element_size);
      if (!ox_reader_ok(&block) || element == 0) break;
      for (size_t i = 0; element == 1 && i < sizeof known / sizeof known[0]; i++)
        if (known[i].id == id) add_special(found, count, known[i].special, entry);
    }
    if (!ox_reader_ok(&r)) return;
  }
}

static void read_specials(const ox_property *values, special_entry *found, size_t *count) {
  static const uint8_t additional[] = {OX_SPECIAL_CONFLICTS, OX_SPECIAL_SYNC_ISSUES,
                                       OX_SPECIAL_LOCAL_FAILURES, OX_SPECIAL_SERVER_FAILURES,
                                       OX_SPECIAL_JUNK};
  for (size_t i = 0; i < SPECIAL_TAG_COUNT; i++) {
    if (values[i].tag != special_tags[i]) continue;
    if (i < sizeof special_of_tag) {
      add_special(found, count, special_of_tag[i], values[i].value.binary);
    } else if (special_tags[i] == OX_PidTagAdditionalRenEntryIds) {
      for (uint32_t k = 0; k < values[i].value.multiple.count && k < sizeof additional; k++)
        add_special(found, count, additional[k], values[i].value.multiple.values.binary[k]);
    } else if (special_tags[i] == OX_PidTagFreeBusyEntryIds) {
      if (values[i].value.multiple.count > 3)
        add_special(found, count, OX_SPECIAL_FREEBUSY_DATA,
                    values[i].value.multiple.values.binary[3]);
    } else {
      read_persist_data(values[i].value.binary, found, count);
    }
  }
}

/* Opens Inbox and root, reads the entry ids, and releases both, in one round trip. */
static ox_status fetch_entries(rc_mailbox *mailbox, special_entry *found, size_t *count,
                               ox_error *err) {
  static const uint8_t sources[] = {OX_SPECIAL_INBOX, OX_SPECIAL_ROOT};
  size_t positions[2] = {0};
  rc_begin(mailbox);
  for (size_t i = 0; i < 2; i++) {
    uint8_t index = rc_output(mailbox);
    ox_rop_request open = {.rop_id = OX_ROP_OPEN_FOLDER};
    open.u.open_folder.input_handle_index = rc_logon(mailbox);
    open.u.open_folder.output_handle_index = index;
    open.u.open_folder.folder_id = mailbox->info.special_folders[sources[i]];
    ox_rop_request get = {.rop_id = OX_ROP_GET_PROPERTIES_SPECIFIC};
    get.u.get_properties_specific.input_handle_index = index;
    get.u.get_properties_specific.want_unicode = 1;
    get.u.get_properties_specific.property_tag_count = SPECIAL_TAG_COUNT;
    get.u.get_properties_specific.property_tags = (ox_proptag *)special_tags;
    ox_rop_request release = {.rop_id = OX_ROP_RELEASE};
    release.u.release.input_handle_index = index;
    ox_status status = rc_add(mailbox, &open, NULL, 0, NULL, err);
    if (!ox_failed(status))
      status = rc_add(mailbox, &get, special_tags, SPECIAL_TAG_COUNT, &positions[i], err);
    if (!ox_failed(status)) status = rc_add(mailbox, &release, NULL, 0, NULL, err);
    if (ox_failed(status)) return status;
  }
  ox_status status = rc_run(mailbox, err);
  for (size_t i = 0; !ox_failed(status) && i < 2; i++) {
    status = rc_status(mailbox, positions[i], err);
    if (ox_failed(status)) return status;
    ox_property *row = NULL;
    status = rc_rows(rc_response(mailbox, positions[i])->u.get_properties_specific.row_data,
                     special_tags, SPECIAL_TAG_COUNT, 1, &mailbox->scratch, &row, err);
    if (!ox_failed(status)) read_specials(row, found, count);
  }
  return status;
}

static ox_status load_specials(rc_mailbox *mailbox, ox_error *err) {
  special_entry found[OX_SPECIAL_COUNT];
  size_t count = 0, positions[OX_SPECIAL_COUNT];
  ox_status status = fetch_entries(mailbox, found, &count, err);
  if (ox_failed(status)) return status;
  rc_begin(mailbox);
  for (size_t i = 0; !ox_failed(status) && i < count; i++) {
    ox_rop_request request = {.rop_id = OX_ROP_ID_FROM_LONG_TERM_ID};
    request.u.id_from_long_term_id.input_handle_index = rc_logon(mailbox);
    request.u.id_from_long_term_id.long_term_id = found[i].id;
    status = rc_add(mailbox, &request, NULL, 0, &positions[i], err);
  }
  if (!ox_failed(status) && count > 0) status = rc_run(mailbox, err);
  if (ox_failed(status)) return status;
  for (size_t i = 0; i < count; i++) {
    if (ox_rop_batch_status(mailbox->batch, positions[i]) != OX_OK) continue;
    mailbox->specials[found[i].special] =
        rc_response(mailbox, positions[i])->u.id_from_long_term_id.object_id;
  }
  mailbox->specials_known = true;
  return OX_OK;
}

ox_status rc_mailbox_special_folder(ox_mailbox *base, uint32_t special, ox_id *id_out,
                                    ox_error *err) {
  rc_mailbox *mailbox = rc_of(base);
  if (special < OX_SPECIAL_LOGON_COUNT) {
    *id_out = mailbox->info.special_folders[special];
    return *id_out != 0 ? OX_OK : ox_error_set(err, OX_E_NOT_FOUND, NULL);
  }
  if (special >= OX_SPECIAL_COUNT) return ox_error_set(err, OX_E_NOT_FOUND, NULL);
  ox_status status = mailbox->specials_known ? OX_OK : load_specials(mailbox, err);
  if (ox_failed(status)) return status;
  if (mailbox->specials[special] == 0)
    return ox_error_set(err, OX_E_NOT_FOUND, "The mailbox has no such special folder.");
  *id_out = mailbox->specials[special];
  return OX_OK;
}

ox_status rc_mailbox_get_receive_folder(ox_mailbox *base, const char *message_class,
                                        ox_arena *arena, ox_id *folder_id_out,
                                        const char **explicit_class_out, ox_error *err) {
  rc_mailbox *mailbox = rc_of(base);
  rc_begin(mailbox);
  ox_rop_request request = {.rop_id = OX_ROP_GET_RECEIVE_FOLDER};
  request.u.get_receive_folder.input_handle_index = rc_logon(mailbox);
  request.u.get_receive_folder.message_class = ox_str8_from(message_class);
  const ox_rop_response *response = NULL;
  ox_status status = rc_one(mailbox, &request, NULL, 0, &response, err);
  if (ox_failed(status)) return status;
  const ox_get_receive_folder_response *answer = &response->u.get_receive_folder;
  if (explicit_class_out != NULL) {
    *explicit_class_out = ox_arena_copy(arena, answer->explicit_message_class.data,
                                        answer->explicit_message_class.size_bytes);
    if (*explicit_class_out == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  }
  *folder_id_out = answer->folder_id;
  return OX_OK;
}

ox_status rc_mailbox_set_receive_folder(ox_mailbox *base, const char *message_class,
                                        ox_id folder_id, ox_error *err) {
  rc_mailbox *mailbox = rc_of(base);
  rc_begin(mailbox);
  ox_rop_request request = {.rop_id = OX_ROP_SET_RECEIVE_FOLDER};
  request.u.set_receive_folder.input_handle_index = rc_logon(mailbox);
  request.u.set_receive_folder.folder_id = folder_id;
  request.u.set_receive_folder.message_class = ox_str8_from(message_class);
  return rc_one(mailbox, &request, NULL, 0, NULL, err);
}

ox_status rc_mailbox_receive_folders(ox_mailbox *base, ox_arena *arena,
                                     ox_receive_folder **rows_out, size_t *count_out,
                                     ox_error *err) {
  rc_mailbox *mailbox = rc_of(base);
  rc_begin(mailbox);
  ox_rop_request request = {.rop_id = OX_ROP_GET_RECEIVE_FOLDER_TABLE};
  request.u.get_receive_folder_table.input_handle_index = rc_logon(mailbox);
  const ox_rop_response *response = NULL;
  ox_status status = rc_one(mailbox, &request, ox_receive_folder_columns,
                            OX_RECEIVE_FOLDER_COLUMN_COUNT, &response, err);
  if (ox_failed(status)) return status;
  const ox_get_receive_folder_table_response *answer = &response->u.get_receive_folder_table;
  size_t count = answer->row_count;
  ox_property *values = NULL;
  status = rc_rows(answer->rows, ox_receive_folder_columns, OX_RECEIVE_FOLDER_COLUMN_COUNT, count,
                   arena, &values, err);
  if (ox_failed(status)) return status;
  ox_receive_folder *rows = ox_arena_calloc(arena, count, sizeof *rows);
  if (rows == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  for (size_t i = 0; i < count; i++) {
    const ox_property *row = values + i * OX_RECEIVE_FOLDER_COLUMN_COUNT;
    rows[i].message_class = "";
    if (row[0].tag == ox_receive_folder_columns[0]) rows[i].folder_id = (ox_id)row[0].value.i64;
    if (row[1].tag == ox_receive_folder_columns[1])
      rows[i].message_class =
          ox_arena_copy(arena, row[1].value.string8.data, row[1].value.string8.size_bytes);
    if (row[2].tag == ox_receive_folder_columns[2]) rows[i].last_modification = row[2].value.time;
    if (rows[i].message_class == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  }
  *rows_out = rows;
  *count_out = count;
  return OX_OK;
}

ox_status rc_mailbox_long_term_id(ox_mailbox *base, ox_id id, ox_long_term_id *out, ox_error *err) {
  rc_mailbox *mailbox = rc_of(base);
  rc_begin(mailbox);
  ox_rop_request request = {.rop_id = OX_ROP_LONG_TERM_ID_FROM_ID};
  request.u.long_term_id_from_id.input_handle_index = rc_logon(mailbox);
  request.u.long_term_id_from_id.object_id = id;
  const ox_rop_response *response = NULL;
  ox_status status = rc_one(mailbox, &request, NULL, 0, &response, err);
  if (!ox_failed(status)) *out = response->u.long_term_id_from_id.long_term_id;
  return status;
}

ox_status rc_mailbox_id_from_long_term(ox_mailbox *base, const ox_long_term_id *long_term_id,
                                       ox_id *id_out, ox_error *err) {
  rc_mailbox *mailbox = rc_of(base);
  rc_begin(mailbox);
  ox_rop_request request = {.rop_id = OX_ROP_ID_FROM_LONG_TERM_ID};
  request.u.id_from_long_term_id.input_handle_index = rc_logon(mailbox);
  request.u.id_from_long_term_id.long_term_id = *long_term_id;
  const ox_rop_response *response = NULL;
  ox_status status = rc_one(mailbox, &request, NULL, 0, &response, err);
  if (!ox_failed(status)) *id_out = response->u.id_from_long_term_id.object_id;
  return status;
}

ox_status rc_mailbox_reserve_ids(ox_mailbox *base, uint32_t count, ox_guid *replguid_out,
                                 uint8_t first_counter_out[6], ox_error *err) {
  rc_mailbox *mailbox = rc_of(base);
  rc_begin(mailbox);
  ox_rop_request request = {.rop_id = OX_ROP_GET_LOCAL_REPLICA_IDS};
  request.u.get_local_replica_ids.input_handle_index = rc_logon(mailbox);
  request.u.get_local_replica_ids.id_count = count;
  const ox_rop_response *response = NULL;
  ox_status status = rc_one(mailbox, &request, NULL, 0, &response, err);
  if (ox_failed(status)) return status;
  *replguid_out = response->u.get_local_replica_ids.repl_guid;
  memcpy(first_counter_out, response->u.get_local_replica_ids.global_count, 6);
  return OX_OK;
}
