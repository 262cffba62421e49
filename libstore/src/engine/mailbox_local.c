/* Logon to a local mailbox, its special folders and receive folders; the provider's table. */
#include <ctype.h>
#include <string.h>

#include "engine.h"

#define ID(name) OX_PROPTAG_ID(OX_##name)

ox_status oxs_utf16(ox_arena *arena, const char *text, ox_str16 *out, ox_error *err) {
  ox_status status = ox_str16_from_utf8(arena, ox_str8_from(text), out);
  return status == OX_OK ? OX_OK : ox_error_set(err, status, NULL);
}

ox_status oxs_may_write(const oxs_mailbox *mailbox, ox_error *err) {
  if (mailbox->database->read_only)
    return ox_error_set(err, OX_E_READ_ONLY, "The data directory was opened for reading only.");
  if (mailbox->read_only)
    return ox_error_set(err, OX_E_ACCESS_DENIED, "The mailbox was opened for reading only.");
  return OX_OK;
}

/* ---- special folders ---- */

typedef struct special_folder {
  uint8_t number, parent;
  const char *name, *container_class;
  ox_proptag entry_id; /* property of Inbox and root that names it; 0: none */
  bool search;
} special_folder;

/* Parents stand before children. @spec [MS-OXOSFLD] 2.2.1, 2.2.3; [MS-OXCSTOR] 2.2.1.1.3 */
static const special_folder special_folders[] = {
    {OX_SPECIAL_ROOT, OX_SPECIAL_ROOT, "Root", NULL, 0, false},
    {OX_SPECIAL_DEFERRED_ACTION, OX_SPECIAL_ROOT, "Deferred Action", NULL, 0, false},
    {OX_SPECIAL_SPOOLER_QUEUE, OX_SPECIAL_ROOT, "Spooler Queue", NULL, 0, false},
    {OX_SPECIAL_IPM_SUBTREE, OX_SPECIAL_ROOT, "Top of Information Store", NULL, 0, false},
    {OX_SPECIAL_INBOX, OX_SPECIAL_IPM_SUBTREE, "Inbox", "IPF.Note", 0, false},
    {OX_SPECIAL_OUTBOX, OX_SPECIAL_IPM_SUBTREE, "Outbox", "IPF.Note", 0, false},
    {OX_SPECIAL_SENT_ITEMS, OX_SPECIAL_IPM_SUBTREE, "Sent Items", "IPF.Note", 0, false},
    {OX_SPECIAL_DELETED_ITEMS, OX_SPECIAL_IPM_SUBTREE, "Deleted Items", "IPF.Note", 0, false},
    {OX_SPECIAL_COMMON_VIEWS, OX_SPECIAL_ROOT, "Common Views", NULL, 0, false},
    {OX_SPECIAL_SCHEDULE, OX_SPECIAL_ROOT, "Schedule", NULL, 0, false},
    {OX_SPECIAL_FINDER, OX_SPECIAL_ROOT, "Finder", NULL, 0, false},
    {OX_SPECIAL_VIEWS, OX_SPECIAL_ROOT, "Views", NULL, 0, false},
    {OX_SPECIAL_SHORTCUTS, OX_SPECIAL_ROOT, "Shortcuts", NULL, 0, false},
    {OX_SPECIAL_CALENDAR, OX_SPECIAL_IPM_SUBTREE, "Calendar", "IPF.Appointment",
     OX_PidTagIpmAppointmentEntryId, false},
    {OX_SPECIAL_CONTACTS, OX_SPECIAL_IPM_SUBTREE, "Contacts", "IPF.Contact",
     OX_PidTagIpmContactEntryId, false},
    {OX_SPECIAL_JOURNAL, OX_SPECIAL_IPM_SUBTREE, "Journal", "IPF.Journal",
     OX_PidTagIpmJournalEntryId, false},
    {OX_SPECIAL_NOTES, OX_SPECIAL_IPM_SUBTREE, "Notes", "IPF.StickyNote", OX_PidTagIpmNoteEntryId,
     false},
    {OX_SPECIAL_TASKS, OX_SPECIAL_IPM_SUBTREE, "Tasks", "IPF.Task", OX_PidTagIpmTaskEntryId, false},
    {OX_SPECIAL_DRAFTS, OX_SPECIAL_IPM_SUBTREE, "Drafts", "IPF.Note", OX_PidTagIpmDraftsEntryId,
     false},
    {OX_SPECIAL_REMINDERS, OX_SPECIAL_ROOT, "Reminders", "Outlook.Reminder",
     OX_PidTagRemindersOnlineEntryId, true},
    {OX_SPECIAL_JUNK, OX_SPECIAL_IPM_SUBTREE, "Junk E-mail", "IPF.Note", 0, false},
    {OX_SPECIAL_SYNC_ISSUES, OX_SPECIAL_IPM_SUBTREE, "Sync Issues", "IPF.Note", 0, false},
    {OX_SPECIAL_CONFLICTS, OX_SPECIAL_SYNC_ISSUES, "Conflicts", "IPF.Note", 0, false},
    {OX_SPECIAL_LOCAL_FAILURES, OX_SPECIAL_SYNC_ISSUES, "Local Failures", "IPF.Note", 0, false},
    {OX_SPECIAL_SERVER_FAILURES, OX_SPECIAL_SYNC_ISSUES, "Server Failures", "IPF.Note", 0, false},
    {OX_SPECIAL_SUGGESTED_CONTACTS, OX_SPECIAL_IPM_SUBTREE, "Suggested Contacts", "IPF.Contact", 0,
     false},
    {OX_SPECIAL_QUICK_CONTACTS, OX_SPECIAL_CONTACTS, "Quick Contacts",
     "IPF.Contact.MOC.QuickContacts", 0, false},
    {OX_SPECIAL_RSS, OX_SPECIAL_IPM_SUBTREE, "RSS Feeds", "IPF.Note.OutlookHomepage", 0, false},
    {OX_SPECIAL_CONVERSATION_ACTIONS, OX_SPECIAL_IPM_SUBTREE, "Conversation Action Settings",
     "IPF.Configuration", 0, false},
    {OX_SPECIAL_FREEBUSY_DATA, OX_SPECIAL_ROOT, "Freebusy Data", NULL, 0, false},
};
#define SPECIAL_COUNT (sizeof special_folders / sizeof special_folders[0])

static ox_status set_entry_id(oxs_txn *t, oxs_bag *bag, ox_proptag tag, int64_t fid) {
  uint8_t entry_id[OXS_FOLDER_ENTRY_ID_BYTES];
  oxs_folder_entry_id(t->database, fid, entry_id);
  return ox_propbag_set_binary(&bag->values, tag, entry_id, sizeof entry_id);
}

/* PidTagAdditionalRenEntryIds: conflicts, sync issues, local failures, server failures, junk.
 * @spec [MS-OXOSFLD] 2.2.4 */
static ox_status set_additional(oxs_txn *t, oxs_bag *bag, const int64_t *fids) {
  static const uint8_t order[5] = {OX_SPECIAL_CONFLICTS, OX_SPECIAL_SYNC_ISSUES,
                                   OX_SPECIAL_LOCAL_FAILURES, OX_SPECIAL_SERVER_FAILURES,
                                   OX_SPECIAL_JUNK};
  uint8_t ids[5][OXS_FOLDER_ENTRY_ID_BYTES];
  ox_bytes values[5];
  for (int i = 0; i < 5; i++) {
    oxs_folder_entry_id(t->database, fids[order[i]], ids[i]);
    values[i] = (ox_bytes){ids[i], sizeof ids[i]};
  }
  ox_value value = {.multiple = {5, {.binary = values}}};
  return ox_propbag_set(&bag->values, OX_PidTagAdditionalRenEntryIds, &value);
}

/* PidTagAdditionalRenEntryIdsEx: PersistData blocks. @spec [MS-OXOSFLD] 2.2.5 */
static ox_status set_additional_ex(oxs_txn *t, oxs_bag *bag, const int64_t *fids) {
  static const struct {
    uint16_t persist_id;
    uint8_t special;
  } blocks[] = {{0x8001, OX_SPECIAL_RSS},
                {0x8006, OX_SPECIAL_CONVERSATION_ACTIONS},
                {0x8008, OX_SPECIAL_SUGGESTED_CONTACTS}};
  uint8_t buffer[256], entry_id[OXS_FOLDER_ENTRY_ID_BYTES];
  ox_writer w;
  ox_writer_init_fixed(&w, buffer, sizeof buffer);
  for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
    oxs_folder_entry_id(t->database, fids[blocks[i].special], entry_id);
    ox_write_u16(&w, blocks[i].persist_id);
    ox_write_u16(&w, (uint16_t)(4 + sizeof entry_id)); /* DataElementsSize */
    ox_write_u16(&w, 0x0001);                          /* RSF_ELID_ENTRYID */
    ox_write_u16(&w, (uint16_t)sizeof entry_id);
    ox_write_bytes(&w, entry_id, sizeof entry_id);
  }
  ox_write_u32(&w, 0); /* PERSIST_SENTINEL */
  ox_status status = ox_writer_status(&w);
  ox_bytes bytes = ox_writer_bytes(&w);
  if (status == OX_OK)
    status = ox_propbag_set_binary(&bag->values, OX_PidTagAdditionalRenEntryIdsEx, bytes.data,
                                   bytes.size_bytes);
  return status;
}

static ox_status special_bag(oxs_txn *t, const special_folder *folder, const int64_t *fids,
                             oxs_bag *bag) {
  ox_status status = OX_OK;
  if (folder->container_class != NULL)
    status = ox_propbag_set_utf8(&bag->values, OX_PidTagContainerClass, folder->container_class);
  if (folder->number == OX_SPECIAL_CONVERSATION_ACTIONS && status == OX_OK)
    status = ox_propbag_set_bool(&bag->values, OX_PidTagAttributeHidden, true);
  if (folder->number != OX_SPECIAL_INBOX && folder->number != OX_SPECIAL_ROOT) return status;
  for (size_t i = 0; status == OX_OK && i < SPECIAL_COUNT; i++)
    if (special_folders[i].entry_id != 0)
      status = set_entry_id(t, bag, special_folders[i].entry_id, fids[special_folders[i].number]);
  if (status == OX_OK) status = set_additional(t, bag, fids);
  if (status == OX_OK) status = set_additional_ex(t, bag, fids);
  return status;
}

static ox_status set_receive(oxs_txn *t, const char *message_class, int64_t fid) {
  char folded[256];
  size_t size = strlen(message_class);
  for (size_t i = 0; i < size; i++) folded[i] = (char)tolower((unsigned char)message_class[i]);
  return oxs_run(
      t->db, t->err, OXS_RECEIVE_FOLDER_PUT, "bbiu", (ox_bytes){(const uint8_t *)folded, size},
      (ox_bytes){(const uint8_t *)message_class, size}, fid, oxs_now(t->database->store));
}

ox_status oxs_create_default_folders(oxs_txn *t) {
  int64_t fids[OX_SPECIAL_COUNT] = {0}, first = 0;
  ox_status status = oxs_allocate(t, OX_SPECIAL_COUNT, &first);
  for (size_t i = 0; i < OX_SPECIAL_COUNT; i++) fids[i] = first + (int64_t)i;
  for (size_t i = 0; status == OX_OK && i < SPECIAL_COUNT; i++) {
    const special_folder *folder = &special_folders[i];
    ox_arena arena;
    ox_arena_init(&arena, NULL, 0);
    oxs_bag bag;
    ox_str16 name;
    oxs_bag_init(&bag, &arena);
    bool root = folder->number == OX_SPECIAL_ROOT;
    status = special_bag(t, folder, fids, &bag);
    if (status == OX_OK) status = oxs_utf16(&arena, folder->name, &name, t->err);
    if (status == OX_OK)
      status = oxs_folder_insert(t, fids[folder->number], root ? 0 : fids[folder->parent],
                                 root             ? 0
                                 : folder->search ? OX_FOLDER_SEARCH
                                                  : OX_FOLDER_GENERIC,
                                 name, &bag);
    if (status == OX_OK)
      status = oxs_run(t->db, t->err, OXS_SPECIAL_INSERT, "ii", (int64_t)folder->number,
                       fids[folder->number]);
    ox_arena_dispose(&arena);
  }
  if (status == OX_OK) status = set_receive(t, "", fids[OX_SPECIAL_INBOX]);
  if (status == OX_OK) status = set_receive(t, "IPM", fids[OX_SPECIAL_INBOX]);
  if (status == OX_OK) status = set_receive(t, "REPORT.IPM", fids[OX_SPECIAL_INBOX]);
  if (status == OX_OK) status = set_receive(t, "IPC", fids[OX_SPECIAL_ROOT]);
  return status;
}

ox_status oxs_special(oxs_txn *t, uint32_t special, int64_t *fid_out) {
  return oxs_number(t->db, fid_out, t->err, OXS_SPECIAL_GET, "i", (int64_t)special);
}

ox_status oxs_mailbox_special_folder(ox_mailbox *mailbox, uint32_t special, ox_id *id_out,
                                     ox_error *err) {
  oxs_txn t;
  ox_status status = oxs_read_begin(oxs_local(mailbox)->database, &t, err);
  if (status != OX_OK) return status;
  int64_t fid = 0;
  status = oxs_special(&t, special, &fid);
  oxs_read_end(&t);
  if (status == OX_OK) *id_out = oxs_to_id(fid);
  return status;
}

/* ---- receive folders ---- */

/* @spec [MS-OXCSTOR] 2.2.1.2.1: at most 255 characters of ASCII 0x20 to 0x7E, no leading or
 * trailing period, no two adjacent ones. */
static bool class_is_valid(const char *text) {
  size_t size = strlen(text);
  if (size > 254) return false;
  for (size_t i = 0; i < size; i++) {
    if (text[i] < 0x20 || text[i] > 0x7E) return false;
    if (text[i] == '.' && (i == 0 || i + 1 == size || text[i + 1] == '.')) return false;
  }
  return true;
}

ox_status oxs_receive_folder(oxs_txn *t, const char *message_class, ox_arena *arena,
                             int64_t *fid_out, const char **explicit_class_out) {
  char folded[256];
  size_t size = strlen(message_class);
  if (!class_is_valid(message_class)) return ox_error_set(t->err, OX_E_INVALID_PARAMETER, NULL);
  for (size_t i = 0; i < size; i++) folded[i] = (char)tolower((unsigned char)message_class[i]);
  for (;;) {
    ox_status status;
    ox_sql *sql = oxs_start(t->db, &status, t->err, OXS_RECEIVE_FOLDER_GET, "b",
                            (ox_bytes){(const uint8_t *)folded, size});
    bool found = oxs_next(sql, &status, t->err);
    if (found) {
      *fid_out = oxs_i64(sql, 0);
      ox_bytes class_bytes = oxs_bytes(sql, 1);
      if (explicit_class_out != NULL) {
        *explicit_class_out = ox_arena_copy(arena, class_bytes.data, class_bytes.size_bytes);
        if (*explicit_class_out == NULL) status = OX_E_NO_MEMORY;
      }
    }
    oxs_end(sql);
    if (status != OX_OK || found) return status;
    if (size == 0) return ox_error_set(t->err, OX_E_NOT_FOUND, NULL);
    while (size > 0 && folded[size - 1] != '.') size--;
    if (size > 0) size--; /* the dot */
  }
}

ox_status oxs_mailbox_get_receive_folder(ox_mailbox *mailbox, const char *message_class,
                                         ox_arena *arena, ox_id *folder_id_out,
                                         const char **explicit_class_out, ox_error *err) {
  oxs_txn t;
  ox_status status = oxs_read_begin(oxs_local(mailbox)->database, &t, err);
  if (status != OX_OK) return status;
  int64_t fid = 0;
  status = oxs_receive_folder(&t, message_class, arena, &fid, explicit_class_out);
  oxs_read_end(&t);
  if (status == OX_OK) *folder_id_out = oxs_to_id(fid);
  return status;
}

ox_status oxs_mailbox_set_receive_folder(ox_mailbox *mailbox, const char *message_class,
                                         ox_id folder_id, ox_error *err) {
  oxs_mailbox *local = oxs_local(mailbox);
  ox_status status = oxs_may_write(local, err);
  if (status != OX_OK) return status;
  if (!class_is_valid(message_class)) return ox_error_set(err, OX_E_INVALID_PARAMETER, NULL);
  if (message_class[0] == '\0' && folder_id == 0)
    return ox_error_set(err, OX_E_CALL_FAILED, "The default receive folder cannot be removed.");
  if (ox_ascii_equal(message_class, "IPM") || ox_ascii_equal(message_class, "REPORT.IPM"))
    return ox_error_set(err, OX_E_ACCESS_DENIED, NULL);
  oxs_txn t;
  status = oxs_write_begin(local->database, &t, err);
  if (status != OX_OK) return status;
  if (folder_id == 0) {
    char folded[256];
    size_t size = strlen(message_class);
    for (size_t i = 0; i < size; i++) folded[i] = (char)tolower((unsigned char)message_class[i]);
    status = oxs_run(t.db, err, OXS_RECEIVE_FOLDER_DELETE, "b",
                     (ox_bytes){(const uint8_t *)folded, size});
  } else {
    int64_t state = 0, fid = oxs_from_id(folder_id);
    status = oxs_number(t.db, &state, err, OXS_FOLDER_STATE, "i", fid);
    if (status == OX_OK && state != 0) status = ox_error_set(err, OX_E_NOT_FOUND, NULL);
    if (status == OX_OK) status = set_receive(&t, message_class, fid);
  }
  return oxs_write_end(&t, status);
}

ox_status oxs_mailbox_receive_folders(ox_mailbox *mailbox, ox_arena *arena,
                                      ox_receive_folder **rows_out, size_t *count_out,
                                      ox_error *err) {
  oxs_txn t;
  ox_status status = oxs_read_begin(oxs_local(mailbox)->database, &t, err);
  if (status != OX_OK) return status;
  ox_receive_folder *rows = NULL;
  size_t count = 0, capacity = 0;
  ox_sql *sql = oxs_start(t.db, &status, err, OXS_RECEIVE_FOLDER_LIST, "");
  while (oxs_next(sql, &status, err)) {
    if (count == capacity) {
      size_t grown = capacity != 0 ? capacity * 2 : 8;
      rows = ox_arena_grow(arena, rows, count, grown, sizeof *rows);
      if (rows == NULL) {
        status = ox_error_set(err, OX_E_NO_MEMORY, NULL);
        break;
      }
      capacity = grown;
    }
    ox_bytes text = oxs_bytes(sql, 1);
    rows[count] = (ox_receive_folder){oxs_to_id(oxs_i64(sql, 0)),
                                      ox_arena_copy(arena, text.data, text.size_bytes),
                                      (ox_filetime)oxs_i64(sql, 2)};
    if (rows[count++].message_class == NULL) status = ox_error_set(err, OX_E_NO_MEMORY, NULL);
  }
  oxs_end(sql);
  oxs_read_end(&t);
  if (status != OX_OK) return status;
  *rows_out = rows;
  *count_out = count;
  return OX_OK;
}

/* ---- logon ---- */

ox_status ox_mailbox_open_local(ox_store *store, const ox_mailbox_open_options *options,
                                ox_mailbox **out, ox_error *err) {
  if (store == NULL || options == NULL || out == NULL) return ox_error_set(err, OX_E_USAGE, NULL);
  ox_mailbox_open_options given = OX_MAILBOX_OPEN_OPTIONS_INIT;
  memcpy(&given, options,
         options->struct_size < sizeof given ? options->struct_size : sizeof given);
  oxs_database *database;
  ox_status status = oxs_database_acquire(store, &given.mailbox_guid, &database, err);
  if (status != OX_OK) return status;
  oxs_mailbox *mailbox = ox_calloc(store->allocator, 1, sizeof *mailbox);
  if (mailbox == NULL) {
    oxs_database_release(database);
    return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  }
  mailbox->base.object =
      (ox_object){.provider = &oxs_provider, .mailbox = &mailbox->base, .kind = OX_OBJECT_MAILBOX};
  mailbox->database = database;
  mailbox->allocator = store->allocator;
  mailbox->read_only = given.read_only;
  mailbox->codepage = given.codepage != 0 ? given.codepage : OX_CODEPAGE_WINDOWS_1252;
  mailbox->outbound = given.outbound;
  mailbox->principals = given.principals;
  *out = &mailbox->base;
  return OX_OK;
}

void oxs_mailbox_close(ox_mailbox *mailbox) {
  oxs_mailbox *local = oxs_local(mailbox);
  oxs_mailbox_events_close(local);
  oxs_database *database = local->database;
  ox_free(local->allocator, local);
  oxs_database_release(database);
}

ox_status oxs_mailbox_get_info(ox_mailbox *mailbox, ox_mailbox_info *out, ox_error *err) {
  oxs_mailbox *local = oxs_local(mailbox);
  const oxs_database *database = local->database;
  ox_mailbox_info info = {.struct_size = out->struct_size,
                          .mailbox_guid = database->guid,
                          .replid = OXS_OWN_REPLID,
                          .replguid = database->replguid,
                          .response_flags = 0x07, /* reserved, OwnerRight, SendAsRight */
                          .display_name = database->display_name,
                          .legacy_dn = database->legacy_dn,
                          .smtp_address = database->smtp_address};
  oxs_txn t;
  ox_status status = oxs_read_begin(local->database, &t, err);
  if (status != OX_OK) return status;
  for (uint32_t i = 0; status == OX_OK && i < OX_SPECIAL_LOGON_COUNT; i++) {
    int64_t fid = 0;
    status = oxs_special(&t, i, &fid);
    info.special_folders[i] = oxs_to_id(fid);
  }
  oxs_read_end(&t);
  if (status == OX_OK)
    memcpy(out, &info, out->struct_size < sizeof info ? out->struct_size : sizeof info);
  return status;
}

/* ---- the table ---- */

const ox_provider oxs_provider = {
    .version = OX_PROVIDER_VERSION,
    .name = "local",
#define OX_PROVIDER_FUNCTION(result, name, parameters) .name = oxs_##name,
#include "provider_functions.h"
};
