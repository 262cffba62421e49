/* Named properties: ids from 0x8000 on, one table per mailbox. @spec [MS-OXCPRPT] 3.2.5.9, 3.2.5.10
 */
#include <string.h>

#include "engine.h"

/* A name as a key: kind, GUID, then the LID or the UTF-16 name. */
static ox_status encode_name(ox_writer *w, const ox_property_name *name) {
  ox_writer_reset(w);
  ox_write_u8(w, name->kind);
  ox_write_guid(w, &name->guid);
  if (name->kind == OX_NAME_KIND_LID) {
    ox_write_u32(w, name->lid);
  } else {
    ox_write_bytes(w, name->name.data, name->name.size_bytes);
  }
  return ox_writer_status(w);
}

static ox_status decode_name(ox_bytes bytes, ox_arena *arena, ox_property_name *out) {
  ox_reader r;
  memset(out, 0, sizeof *out);
  ox_reader_init(&r, bytes.data, bytes.size_bytes);
  out->kind = ox_read_u8(&r);
  ox_read_guid(&r, &out->guid);
  if (out->kind == OX_NAME_KIND_LID) {
    out->lid = ox_read_u32(&r);
  } else {
    ox_bytes text = ox_read_bytes(&r, ox_reader_remaining(&r));
    out->name.data = ox_arena_copy(arena, text.data, text.size_bytes);
    out->name.size_bytes = text.size_bytes & ~(size_t)1;
    if (out->name.data == NULL) return OX_E_NO_MEMORY;
  }
  return ox_reader_finish(&r, NULL) == OX_OK ? OX_OK : OX_E_CORRUPT_DATA;
}

static ox_status one_id(oxs_txn *t, const ox_property_name *name, bool create, ox_writer *w,
                        uint16_t *id_out) {
  *id_out = 0;
  if (name->kind == OX_NAME_KIND_LID && ox_guid_equal(&name->guid, &OX_PSETID_MAPI)) {
    if (name->lid < 0x8000) *id_out = (uint16_t)name->lid;
    return OX_OK;
  }
  if (name->kind != OX_NAME_KIND_LID && name->kind != OX_NAME_KIND_STRING) return OX_OK;
  if (name->kind == OX_NAME_KIND_STRING &&
      (name->name.size_bytes == 0 || name->name.size_bytes > 508))
    return OX_OK;
  int64_t id = 0;
  ox_status status = encode_name(w, name);
  if (status == OX_OK)
    status = oxs_number(t->db, &id, NULL, OXS_NAMED_FIND, "b", ox_writer_bytes(w));
  if (status == OX_E_NOT_FOUND && create) {
    status = oxs_number(t->db, &id, t->err, OXS_NAMED_NEXT, "");
    if (status == OX_OK && id >= 0x8000 + OXS_NAMED_PROPERTIES_MAX)
      return ox_error_set(t->err, OX_E_LIMIT, "The mailbox has too many named properties.");
    if (status == OX_OK)
      status = oxs_run(t->db, t->err, OXS_NAMED_INSERT, "ib", id, ox_writer_bytes(w));
  } else if (status == OX_E_NOT_FOUND) {
    return OX_OK;
  }
  if (status == OX_OK) *id_out = (uint16_t)id;
  return status;
}

ox_status oxs_names_to_ids(oxs_txn *t, const ox_property_name *names, size_t count, bool create,
                           uint16_t *ids_out) {
  ox_writer w;
  ox_writer_init(&w, NULL, 65536);
  ox_status status = OX_OK;
  for (size_t i = 0; status == OX_OK && i < count; i++)
    status = one_id(t, &names[i], create, &w, &ids_out[i]);
  ox_writer_dispose(&w);
  return status;
}

ox_status oxs_ids_to_names(oxs_txn *t, const uint16_t *ids, size_t count, ox_arena *arena,
                           ox_property_name *names_out) {
  ox_status status = OX_OK;
  for (size_t i = 0; status == OX_OK && i < count; i++) {
    names_out[i] = (ox_property_name){.kind = OX_NAME_KIND_NONE};
    if (ids[i] < 0x8000) {
      names_out[i].kind = OX_NAME_KIND_LID;
      names_out[i].guid = OX_PSETID_MAPI;
      names_out[i].lid = ids[i];
      continue;
    }
    ox_sql *sql = oxs_start(t->db, &status, t->err, OXS_NAMED_GET, "i", (int64_t)ids[i]);
    if (oxs_next(sql, &status, t->err))
      status = decode_name(oxs_bytes(sql, 0), arena, &names_out[i]);
    oxs_end(sql);
  }
  return status;
}

ox_status oxs_mailbox_names_to_ids(ox_mailbox *mailbox, const ox_property_name *names, size_t count,
                                   bool create, uint16_t *ids_out, ox_error *err) {
  oxs_mailbox *local = oxs_local(mailbox);
  if (count > 0 && (names == NULL || ids_out == NULL)) return ox_error_set(err, OX_E_USAGE, NULL);
  oxs_txn t;
  bool missing = false;
  /* Most names are known: look first, write only for new ones. */
  ox_status status = oxs_read_begin(local->database, &t, err);
  if (status != OX_OK) return status;
  status = oxs_names_to_ids(&t, names, count, false, ids_out);
  oxs_read_end(&t);
  for (size_t i = 0; i < count; i++) missing |= ids_out[i] == 0;
  if (status == OX_OK && missing && create) {
    status = oxs_may_write(local, err);
    if (status == OX_OK) status = oxs_write_begin(local->database, &t, err);
    if (status != OX_OK) return status;
    status = oxs_write_end(&t, oxs_names_to_ids(&t, names, count, true, ids_out));
    missing = false;
    for (size_t i = 0; i < count; i++) missing |= ids_out[i] == 0;
  }
  if (status != OX_OK) return ox_error_set(err, status, NULL);
  return missing ? OX_W_ERRORS_RETURNED : OX_OK;
}

ox_status oxs_mailbox_ids_to_names(ox_mailbox *mailbox, const uint16_t *ids, size_t count,
                                   ox_arena *arena, ox_property_name *names_out, ox_error *err) {
  if (count > 0 && (ids == NULL || names_out == NULL)) return ox_error_set(err, OX_E_USAGE, NULL);
  oxs_txn t;
  ox_status status = oxs_read_begin(oxs_local(mailbox)->database, &t, err);
  if (status != OX_OK) return status;
  status = oxs_ids_to_names(&t, ids, count, arena, names_out);
  oxs_read_end(&t);
  return status == OX_OK ? OX_OK : ox_error_set(err, status, NULL);
}

static ox_status mailbox_ids(oxs_txn *t, ox_arena *arena, uint16_t **ids_out, size_t *count_out) {
  uint16_t *ids = ox_arena_calloc(arena, OXS_NAMED_PROPERTIES_MAX, sizeof *ids);
  if (ids == NULL) return OX_E_NO_MEMORY;
  ox_status status;
  size_t count = 0;
  ox_sql *sql = oxs_start(t->db, &status, t->err, OXS_NAMED_LIST, "");
  while (count < OXS_NAMED_PROPERTIES_MAX && oxs_next(sql, &status, t->err))
    ids[count++] = (uint16_t)oxs_i64(sql, 0);
  oxs_end(sql);
  *ids_out = ids;
  *count_out = count;
  return status;
}

static ox_status object_ids(ox_object *object, ox_arena *arena, uint16_t **ids_out,
                            size_t *count_out, ox_error *err) {
  ox_proptag *tags;
  size_t tag_count, count = 0;
  ox_status status = oxs_object_list(object, arena, &tags, &tag_count, err);
  if (status != OX_OK) return status;
  uint16_t *ids = ox_arena_calloc(arena, tag_count, sizeof *ids);
  if (ids == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  for (size_t i = 0; i < tag_count; i++)
    if (OX_PROPTAG_ID(tags[i]) >= 0x8000) ids[count++] = OX_PROPTAG_ID(tags[i]);
  *ids_out = ids;
  *count_out = count;
  return OX_OK;
}

ox_status oxs_object_query_names(ox_object *object, uint32_t flags, const ox_guid *set,
                                 ox_arena *arena, uint16_t **ids_out, ox_property_name **names_out,
                                 size_t *count_out, ox_error *err) {
  uint16_t *ids = NULL;
  size_t count = 0, kept = 0;
  ox_property_name *names = NULL;
  bool whole = object->kind == OX_OBJECT_MAILBOX;
  ox_status status = whole ? OX_OK : object_ids(object, arena, &ids, &count, err);
  oxs_txn t;
  if (status == OX_OK) status = oxs_read_begin(oxs_local(object->mailbox)->database, &t, err);
  if (status != OX_OK) return status;
  if (whole) status = mailbox_ids(&t, arena, &ids, &count);
  if (status == OX_OK) {
    names = ox_arena_calloc(arena, count, sizeof *names);
    status = names != NULL ? oxs_ids_to_names(&t, ids, count, arena, names) : OX_E_NO_MEMORY;
  }
  oxs_read_end(&t);
  if (status != OX_OK) return ox_error_set(err, status, NULL);
  for (size_t i = 0; i < count; i++) {
    bool text = names[i].kind == OX_NAME_KIND_STRING;
    if (names[i].kind == OX_NAME_KIND_NONE || (set != NULL && !ox_guid_equal(&names[i].guid, set)))
      continue;
    if ((flags & (text ? OX_QUERY_NAMES_NO_STRINGS : OX_QUERY_NAMES_NO_IDS)) != 0) continue;
    ids[kept] = ids[i];
    names[kept++] = names[i];
  }
  *ids_out = ids;
  *names_out = names;
  *count_out = kept;
  return OX_OK;
}
