/* Ids, change numbers, XIDs, entry ids, replicas and facts. */
#include <string.h>

#include "engine.h"

int64_t oxs_from_id(ox_id id) {
  return (int64_t)((uint64_t)ox_id_replid(id) << 48 | ox_id_counter(id));
}

ox_id oxs_to_id(int64_t row) {
  return row == 0 ? 0
                  : ox_id_make((uint16_t)((uint64_t)row >> 48), (uint64_t)row & 0xFFFFFFFFFFFFu);
}

ox_status oxs_allocate(oxs_txn *t, uint32_t count, int64_t *first_out) {
  int64_t next;
  ox_status status = oxs_number(t->db, &next, t->err, OXS_COUNTER_TAKE, "i", (int64_t)count);
  if (status != OX_OK) return status;
  int64_t first = next - count;
  if (first <= 0 || next > 0xFFFFFFFFFFFF)
    return ox_error_set(t->err, OX_E_CORRUPT_STORE, "The counter of ids is damaged.");
  *first_out = (int64_t)OXS_OWN_REPLID << 48 | first;
  return OX_OK;
}

static void counter_bytes(int64_t row, uint8_t out[6]) {
  uint64_t counter = (uint64_t)row & 0xFFFFFFFFFFFFu;
  for (int i = 5; i >= 0; i--, counter >>= 8) out[i] = (uint8_t)counter;
}

void oxs_xid(const oxs_database *database, int64_t row, uint8_t out[OXS_XID_BYTES]) {
  ox_guid_to_wire(&database->replguid, out);
  counter_bytes(row, out + 16);
}

ox_status oxs_pcl_add(ox_arena *arena, ox_bytes old, const uint8_t xid[OXS_XID_BYTES],
                      ox_bytes *out) {
  /* Sized XIDs, sorted by GUID: those of other replicas stay as they are. */
  uint8_t *list = ox_arena_alloc(arena, old.size_bytes + 1 + OXS_XID_BYTES);
  if (list == NULL) return OX_E_NO_MEMORY;
  size_t size = 0, at = 0;
  bool put = false;
  while (at < old.size_bytes) {
    size_t length = (size_t)old.data[at] + 1;
    if (length < 17 || length > old.size_bytes - at) break; /* what is damaged is dropped */
    int order = memcmp(old.data + at + 1, xid, 16);
    if (order >= 0 && !put) {
      list[size++] = OXS_XID_BYTES;
      memcpy(list + size, xid, OXS_XID_BYTES);
      size += OXS_XID_BYTES;
      put = true;
    }
    if (order != 0) {
      memcpy(list + size, old.data + at, length);
      size += length;
    }
    at += length;
  }
  if (!put) {
    list[size++] = OXS_XID_BYTES;
    memcpy(list + size, xid, OXS_XID_BYTES);
    size += OXS_XID_BYTES;
  }
  *out = (ox_bytes){list, size};
  return OX_OK;
}

void oxs_folder_entry_id(const oxs_database *database, int64_t fid, uint8_t *out) {
  memset(out, 0, OXS_FOLDER_ENTRY_ID_BYTES);
  ox_guid_to_wire(&database->guid, out + 4);
  out[20] = 0x01; /* eitLTPrivateFolder */
  oxs_xid(database, fid, out + 22);
}

void oxs_message_entry_id(const oxs_database *database, int64_t fid, int64_t mid, uint8_t *out) {
  memset(out, 0, OXS_MESSAGE_ENTRY_ID_BYTES);
  ox_guid_to_wire(&database->guid, out + 4);
  out[20] = 0x07; /* eitLTPrivateMessage */
  oxs_xid(database, fid, out + 22);
  oxs_xid(database, mid, out + 46);
}

ox_bytes oxs_copy(ox_arena *arena, ox_bytes bytes, ox_status *status) {
  ox_bytes copy = {ox_arena_copy(arena, bytes.data, bytes.size_bytes), bytes.size_bytes};
  if (copy.data == NULL) {
    *status = OX_E_NO_MEMORY;
    copy.size_bytes = 0;
  }
  return copy;
}

ox_status oxs_replica_guid(oxs_txn *t, uint16_t replid, ox_guid *out) {
  ox_status status;
  ox_sql *sql = oxs_start(t->db, &status, t->err, OXS_REPLICA_GUID, "i", (int64_t)replid);
  bool found = oxs_next(sql, &status, t->err);
  if (found && oxs_bytes(sql, 0).size_bytes == 16) ox_guid_from_wire(oxs_bytes(sql, 0).data, out);
  oxs_end(sql);
  if (status == OX_OK && !found) status = ox_error_set(t->err, OX_E_NOT_FOUND, NULL);
  return status;
}

ox_status oxs_fact_get(oxs_txn *t, int key, ox_arena *arena, ox_bytes *out) {
  ox_status status;
  ox_sql *sql = oxs_start(t->db, &status, t->err, OXS_FACT_GET, "i", (int64_t)key);
  bool found = oxs_next(sql, &status, t->err);
  if (found) *out = oxs_copy(arena, oxs_bytes(sql, 0), &status);
  oxs_end(sql);
  if (status == OX_OK && !found) status = OX_E_NOT_FOUND;
  return status;
}

ox_status oxs_fact_set(oxs_txn *t, int key, ox_bytes value) {
  return oxs_run(t->db, t->err, OXS_FACT_PUT, "ib", (int64_t)key, value);
}

/* ---- functions of the mailbox API ---- */

ox_status oxs_mailbox_long_term_id(ox_mailbox *mailbox, ox_id id, ox_long_term_id *out,
                                   ox_error *err) {
  oxs_txn t;
  ox_status status = oxs_read_begin(oxs_local(mailbox)->database, &t, err);
  if (status != OX_OK) return status;
  ox_guid guid;
  status = oxs_replica_guid(&t, ox_id_replid(id), &guid);
  oxs_read_end(&t);
  if (status != OX_OK) return status;
  out->database_guid = guid;
  counter_bytes(oxs_from_id(id), out->global_counter);
  return OX_OK;
}

static ox_status find_replica(oxs_txn *t, const ox_guid *guid, int64_t *replid_out) {
  uint8_t wire[16];
  ox_guid_to_wire(guid, wire);
  return oxs_number(t->db, replid_out, NULL, OXS_REPLICA_FIND, "b", (ox_bytes){wire, 16});
}

ox_status oxs_mailbox_id_from_long_term(ox_mailbox *mailbox, const ox_long_term_id *long_term_id,
                                        ox_id *id_out, ox_error *err) {
  oxs_mailbox *local = oxs_local(mailbox);
  uint64_t counter = 0;
  for (int i = 0; i < 6; i++) counter = counter << 8 | long_term_id->global_counter[i];
  if (counter == 0 || ox_guid_is_null(&long_term_id->database_guid))
    return ox_error_set(err, OX_E_NOT_FOUND, NULL);
  oxs_txn t;
  ox_status status = oxs_read_begin(local->database, &t, err);
  if (status != OX_OK) return status;
  int64_t replid = 0;
  status = find_replica(&t, &long_term_id->database_guid, &replid);
  oxs_read_end(&t);
  if (status == OX_E_NOT_FOUND && !local->read_only && !local->database->read_only) {
    uint8_t wire[16];
    ox_guid_to_wire(&long_term_id->database_guid, wire);
    status = oxs_write_begin(local->database, &t, err);
    if (status != OX_OK) return status;
    status = find_replica(&t, &long_term_id->database_guid, &replid);
    if (status == OX_E_NOT_FOUND) {
      status = oxs_number(t.db, &replid, err, OXS_REPLICA_NEXT, "");
      if (status == OX_OK && replid > 0x7FFF)
        status = ox_error_set(err, OX_E_LIMIT, "The mailbox knows too many replicas.");
      if (status == OX_OK)
        status = oxs_run(t.db, err, OXS_REPLICA_INSERT, "ib", replid, (ox_bytes){wire, 16});
    }
    status = oxs_write_end(&t, status);
  }
  if (status != OX_OK) return ox_error_set(err, status, NULL);
  *id_out = ox_id_make((uint16_t)replid, counter);
  return OX_OK;
}

ox_status oxs_mailbox_reserve_ids(ox_mailbox *mailbox, uint32_t count, ox_guid *replguid_out,
                                  uint8_t first_counter_out[6], ox_error *err) {
  oxs_mailbox *local = oxs_local(mailbox);
  ox_status status = oxs_may_write(local, err);
  if (status != OX_OK) return status;
  if (count == 0) return ox_error_set(err, OX_E_INVALID_PARAMETER, NULL);
  oxs_txn t;
  status = oxs_write_begin(local->database, &t, err);
  if (status != OX_OK) return status;
  int64_t first = 0;
  status = oxs_write_end(&t, oxs_allocate(&t, count, &first));
  if (status != OX_OK) return status;
  *replguid_out = local->database->replguid;
  counter_bytes(first, first_counter_out);
  return OX_OK;
}
