/* The narrow columns of a message, and properties that are computed from them. */
#include <string.h>

#include "engine.h"

#define BAG_COLUMN 17

/* Keys and class stay views into the statement. */
static void view_row(ox_sql *sql, oxs_row *out) {
  *out = (oxs_row){.mid = oxs_i64(sql, 0),
                   .fid = oxs_i64(sql, 1),
                   .kind = oxs_i64(sql, 2),
                   .cn = oxs_i64(sql, 3),
                   .read_cn = oxs_i64(sql, 4),
                   .delivery_time = (ox_filetime)oxs_i64(sql, 5),
                   .created = (ox_filetime)oxs_i64(sql, 6),
                   .modified = (ox_filetime)oxs_i64(sql, 7),
                   .deleted = (ox_filetime)oxs_i64(sql, 8),
                   .size = oxs_i64(sql, 9),
                   .flags = (uint32_t)oxs_i64(sql, 10),
                   .status = (uint32_t)oxs_i64(sql, 11),
                   .importance = (uint32_t)oxs_i64(sql, 12),
                   .message_class = oxs_bytes(sql, 13),
                   .source_key = oxs_bytes(sql, 14),
                   .change_key = oxs_bytes(sql, 15),
                   .pcl = oxs_bytes(sql, 16)};
}

static ox_status take_row(ox_sql *sql, ox_arena *arena, oxs_row *out) {
  ox_status status = OX_OK;
  view_row(sql, out);
  out->message_class = oxs_copy(arena, out->message_class, &status);
  out->source_key = oxs_copy(arena, out->source_key, &status);
  out->change_key = oxs_copy(arena, out->change_key, &status);
  out->pcl = oxs_copy(arena, out->pcl, &status);
  return status;
}

ox_status oxs_row_load(oxs_txn *t, int64_t mid, ox_arena *arena, oxs_row *out) {
  ox_status status;
  ox_sql *sql = oxs_start(t->db, &status, t->err, OXS_MESSAGE_GET, "i", mid);
  bool found = oxs_next(sql, &status, t->err);
  if (found) status = take_row(sql, arena, out);
  oxs_end(sql);
  return status == OX_OK && !found ? OX_E_NOT_FOUND : status;
}

static ox_status write_row(oxs_txn *t, unsigned statement, const oxs_row *row) {
  return oxs_run(t->db, t->err, statement, "iiiiiuuuuiiiibbbb", row->mid, row->fid, row->kind,
                 row->cn, row->read_cn, row->delivery_time, row->created, row->modified,
                 row->deleted, row->size, (int64_t)row->flags, (int64_t)row->status,
                 (int64_t)row->importance, row->message_class, row->source_key, row->change_key,
                 row->pcl);
}

ox_status oxs_row_insert(oxs_txn *t, const oxs_row *row) {
  return write_row(t, OXS_MESSAGE_INSERT, row);
}

ox_status oxs_row_update(oxs_txn *t, const oxs_row *row) {
  return write_row(t, OXS_MESSAGE_UPDATE, row);
}

/* ---- computed properties ---- */

#define ID(name) OX_PROPTAG_ID(OX_##name)

/* Of stored messages; embedded ones have those up to the 0. */
static const uint16_t message_ids[] = {
    ID(PidTagMessageClass),
    ID(PidTagMessageFlags),
    ID(PidTagMessageSize),
    ID(PidTagHasAttachments),
    ID(PidTagImportance),
    ID(PidTagCreationTime),
    ID(PidTagLastModificationTime),
    ID(PidTagObjectType),
    ID(PidTagAccess),
    ID(PidTagAccessLevel),
    ID(PidTagRead),
    ID(PidTagMappingSignature),
    ID(PidTagStoreRecordKey),
    0,
    ID(PidTagEntryId),
    ID(PidTagRecordKey),
    ID(PidTagParentEntryId),
    ID(PidTagInstanceKey),
    ID(PidTagSourceKey),
    ID(PidTagParentSourceKey),
    ID(PidTagChangeKey),
    ID(PidTagPredecessorChangeList),
    ID(PidTagMid),
    ID(PidTagFolderId),
    ID(PidTagParentFolderId),
    ID(PidTagInstID),
    ID(PidTagInstanceNum),
    ID(PidTagChangeNumber),
    ID(PidTagMessageStatus),
    ID(PidTagAssociated),
    ID(PidTagRowType),
    ID(PidTagStoreEntryId),
    ID(PidTagDeletedOn),
};
#define MESSAGE_ID_COUNT (sizeof message_ids / sizeof message_ids[0])

const uint16_t *oxs_row_computed_ids(size_t *count_out, bool embedded) {
  size_t count = MESSAGE_ID_COUNT;
  for (size_t i = 0; embedded && i < count; i++)
    if (message_ids[i] == 0) count = i;
  *count_out = count;
  return message_ids;
}

static void give_i32(ox_property *out, ox_proptag tag, int64_t value) {
  out->tag = tag;
  out->value.i32 = value > INT32_MAX ? INT32_MAX : (int32_t)value;
}

/* PidTagMessageSize and, of the same id, PidTagMessageSizeExtended where it needs 64 bits. */
void oxs_give_size(ox_property *out, int64_t size) {
  bool wide = size > INT32_MAX;
  out->tag = wide ? OX_PidTagMessageSizeExtended : OX_PidTagMessageSize;
  if (wide) {
    out->value.i64 = size;
  } else {
    out->value.i32 = (int32_t)size;
  }
}

static ox_status give_binary(ox_property *out, ox_proptag tag, ox_arena *arena, const void *data,
                             size_t size) {
  out->tag = tag;
  out->value.binary = (ox_bytes){ox_arena_copy(arena, data, size), size};
  return out->value.binary.data != NULL ? OX_OK : OX_E_NO_MEMORY;
}

static ox_status give_guid(ox_property *out, ox_proptag tag, ox_arena *arena, const ox_guid *guid) {
  uint8_t wire[16];
  ox_guid_to_wire(guid, wire);
  return give_binary(out, tag, arena, wire, sizeof wire);
}

static ox_status give_time(ox_property *out, ox_proptag tag, ox_filetime time) {
  out->tag = tag;
  out->value.time = time;
  return time != 0 ? OX_OK : OX_E_NOT_FOUND;
}

/* What belongs to a place in a folder: ids and keys. */
static ox_status place_property(const oxs_database *database, const oxs_row *row, uint16_t id,
                                ox_arena *arena, ox_property *out) {
  uint8_t buffer[OXS_MESSAGE_ENTRY_ID_BYTES];
  if (row->kind == OXS_KIND_EMBEDDED || row->fid == 0) return OX_E_NOT_FOUND;
  switch (id) {
    case ID(PidTagFolderId):
    case ID(PidTagParentFolderId):
      out->tag = OX_PROPTAG(id, OX_PTYP_INTEGER64);
      out->value.i64 = (int64_t)oxs_to_id(row->fid);
      return OX_OK;
    case ID(PidTagParentEntryId):
      oxs_folder_entry_id(database, row->fid, buffer);
      return give_binary(out, OX_PidTagParentEntryId, arena, buffer, OXS_FOLDER_ENTRY_ID_BYTES);
    case ID(PidTagParentSourceKey):
      oxs_xid(database, row->fid, buffer);
      return give_binary(out, OX_PidTagParentSourceKey, arena, buffer, OXS_XID_BYTES);
    default: break;
  }
  if (row->mid == 0) return OX_E_NOT_FOUND; /* not saved yet */
  switch (id) {
    case ID(PidTagMid):
    case ID(PidTagInstID):
      out->tag = OX_PROPTAG(id, OX_PTYP_INTEGER64);
      out->value.i64 = (int64_t)oxs_to_id(row->mid);
      return OX_OK;
    case ID(PidTagInstanceNum): return give_i32(out, OX_PidTagInstanceNum, 0), OX_OK;
    case ID(PidTagRowType): return give_i32(out, OX_PidTagRowType, 1), OX_OK; /* TBL_LEAF_ROW */
    case ID(PidTagEntryId):
    case ID(PidTagRecordKey):
    case ID(PidTagInstanceKey):
      oxs_message_entry_id(database, row->fid, row->mid, buffer);
      return give_binary(out, OX_PROPTAG(id, OX_PTYP_BINARY), arena, buffer, sizeof buffer);
    case ID(PidTagSourceKey):
      return give_binary(out, OX_PidTagSourceKey, arena, row->source_key.data,
                         row->source_key.size_bytes);
    case ID(PidTagChangeKey):
      return give_binary(out, OX_PidTagChangeKey, arena, row->change_key.data,
                         row->change_key.size_bytes);
    case ID(PidTagPredecessorChangeList):
      return give_binary(out, OX_PidTagPredecessorChangeList, arena, row->pcl.data,
                         row->pcl.size_bytes);
    case ID(PidTagChangeNumber):
      out->tag = OX_PidTagChangeNumber;
      out->value.i64 = (int64_t)oxs_to_id(row->cn);
      return OX_OK;
    case ID(PidTagMessageStatus): return give_i32(out, OX_PidTagMessageStatus, row->status), OX_OK;
    case ID(PidTagAssociated):
      out->tag = OX_PidTagAssociated;
      out->value.boolean = (row->flags & OXS_FLAG_ASSOCIATED) != 0;
      return OX_OK;
    case ID(PidTagDeletedOn): return give_time(out, OX_PidTagDeletedOn, row->deleted);
    default: return OX_E_NOT_FOUND;
  }
}

ox_status oxs_row_property(const oxs_database *database, const oxs_row *row, uint16_t id,
                           ox_arena *arena, ox_property *out) {
  switch (id) {
    case ID(PidTagMessageFlags): return give_i32(out, OX_PidTagMessageFlags, row->flags), OX_OK;
    case ID(PidTagMessageSize): return give_i32(out, OX_PidTagMessageSize, row->size), OX_OK;
    case ID(PidTagHasAttachments):
      out->tag = OX_PidTagHasAttachments;
      out->value.boolean = (row->flags & OXS_FLAG_HAS_ATTACH) != 0;
      return OX_OK;
    case ID(PidTagRead):
      out->tag = OX_PidTagRead;
      out->value.boolean = (row->flags & OXS_FLAG_READ) != 0;
      return OX_OK;
    case ID(PidTagImportance): return give_i32(out, OX_PidTagImportance, row->importance), OX_OK;
    case ID(PidTagObjectType): return give_i32(out, OX_PidTagObjectType, 5), OX_OK;
    case ID(PidTagAccess): return give_i32(out, OX_PidTagAccess, 0x07), OX_OK; /* rw, delete */
    case ID(PidTagAccessLevel): return give_i32(out, OX_PidTagAccessLevel, 1), OX_OK;
    case ID(PidTagCreationTime): return give_time(out, OX_PidTagCreationTime, row->created);
    case ID(PidTagLastModificationTime):
      return give_time(out, OX_PidTagLastModificationTime, row->modified);
    case ID(PidTagMessageClass):
      if (row->message_class.size_bytes == 0) return OX_E_NOT_FOUND;
      out->tag = OX_PidTagMessageClass;
      out->value.string.data =
          ox_arena_copy(arena, row->message_class.data, row->message_class.size_bytes);
      out->value.string.size_bytes = row->message_class.size_bytes;
      return out->value.string.data != NULL ? OX_OK : OX_E_NO_MEMORY;
    case ID(PidTagMappingSignature):
      return give_guid(out, OX_PidTagMappingSignature, arena, &database->replguid);
    case ID(PidTagStoreRecordKey):
      return give_guid(out, OX_PidTagStoreRecordKey, arena, &database->guid);
    default: return place_property(database, row, id, arena, out);
  }
}

/* Nobody sets these, on any object; the rest of the table is per kind. @spec [MS-OXCPRPT] 2.2.1 */
bool oxs_is_computed(uint32_t kind, uint16_t id) {
  switch (id) {
    case ID(PidTagEntryId):
    case ID(PidTagRecordKey):
    case ID(PidTagInstanceKey):
    case ID(PidTagParentEntryId):
    case ID(PidTagParentSourceKey):
    case ID(PidTagObjectType):
    case ID(PidTagAccess):
    case ID(PidTagAccessLevel):
    case ID(PidTagMappingSignature):
    case ID(PidTagStoreRecordKey):
    case ID(PidTagStoreEntryId):
    case ID(PidTagFolderId):
    case ID(PidTagParentFolderId):
    case ID(PidTagMid):
    case ID(PidTagInstID):
    case ID(PidTagInstanceNum):
    case ID(PidTagRowType):
    case ID(PidTagMessageSize):
    case ID(PidTagHasAttachments):
    case ID(PidTagChangeNumber):
    case ID(PidTagDeletedOn): return true;
    default: break;
  }
  if (kind == OX_OBJECT_MESSAGE) {
    switch (id) {
      case ID(PidTagRead):
      case ID(PidTagMessageStatus):
      case ID(PidTagAssociated):
      case ID(PidTagDisplayTo):
      case ID(PidTagDisplayCc):
      case ID(PidTagDisplayBcc):
      case ID(PidTagMessageRecipients):
      case ID(PidTagMessageAttachments): return true;
      default: return false;
    }
  }
  if (kind == OX_OBJECT_FOLDER) {
    switch (id) {
      case ID(PidTagContentCount):
      case ID(PidTagContentUnreadCount):
      case ID(PidTagAssociatedContentCount):
      case ID(PidTagSubfolders):
      case ID(PidTagFolderType):
      case ID(PidTagHierarchyChangeNumber):
      case ID(PidTagDeletedCountTotal):
      case ID(PidTagRights):
      case ID(PidTagContainerHierarchy):
      case ID(PidTagContainerContents):
      case ID(PidTagFolderAssociatedContents): return true;
      default: return false;
    }
  }
  if (kind == OX_OBJECT_ATTACHMENT)
    return id == ID(PidTagAttachNumber) || id == ID(PidTagAttachSize);
  return false;
}

void oxs_error_property(ox_property *out, ox_proptag tag, ox_status status) {
  memset(out, 0, sizeof *out);
  out->tag = OX_PROPTAG_AS(tag, OX_PTYP_ERROR_CODE);
  out->value.error = status;
}

/* ---- types ---- */

static ox_status to_string8(uint32_t codepage, ox_arena *arena, ox_str16 text, ox_str8 *out) {
  char *utf8 = ox_str16_utf8(arena, text);
  if (utf8 == NULL) return OX_E_NO_MEMORY;
  return ox_str8_from_utf8(arena, (ox_str8){utf8, strlen(utf8)}, codepage, out, NULL);
}

static ox_status to_string(uint32_t codepage, ox_arena *arena, ox_str8 text, ox_str16 *out) {
  char *utf8;
  ox_status status = ox_str8_to_utf8(arena, text, codepage, &utf8);
  if (status != OX_OK) return status;
  return ox_str16_from_utf8(arena, ox_str8_from(utf8), out);
}

ox_status oxs_convert(ox_proptag wanted, uint32_t codepage, ox_arena *arena, ox_property *value) {
  uint16_t want = OX_PROPTAG_TYPE(wanted), have = OX_PROPTAG_TYPE(value->tag);
  ox_status status = OX_OK;
  if (want == OX_PTYP_UNSPECIFIED || want == have) return OX_OK;
  if (want == OX_PTYP_STRING8 && have == OX_PTYP_STRING) {
    status = to_string8(codepage, arena, value->value.string, &value->value.string8);
  } else if (want == OX_PTYP_STRING && have == OX_PTYP_STRING8) {
    status = to_string(codepage, arena, value->value.string8, &value->value.string);
  } else if ((want == OX_PTYP_MULTIPLE_STRING8 && have == OX_PTYP_MULTIPLE_STRING) ||
             (want == OX_PTYP_MULTIPLE_STRING && have == OX_PTYP_MULTIPLE_STRING8)) {
    uint32_t count = value->value.multiple.count;
    ox_value out = {.multiple = {count, {NULL}}};
    if (want == OX_PTYP_MULTIPLE_STRING8) {
      out.multiple.values.string8 = ox_arena_calloc(arena, count, sizeof(ox_str8));
    } else {
      out.multiple.values.string = ox_arena_calloc(arena, count, sizeof(ox_str16));
    }
    if (out.multiple.values.any == NULL) return OX_E_NO_MEMORY;
    for (uint32_t i = 0; status == OX_OK && i < count; i++)
      status = want == OX_PTYP_MULTIPLE_STRING8
                   ? to_string8(codepage, arena, value->value.multiple.values.string[i],
                                &out.multiple.values.string8[i])
                   : to_string(codepage, arena, value->value.multiple.values.string8[i],
                               &out.multiple.values.string[i]);
    value->value = out;
  } else if (want == OX_PTYP_INTEGER64 && have == OX_PTYP_INTEGER32) {
    value->value.i64 = value->value.i32;
  } else if (want == OX_PTYP_INTEGER32 && have == OX_PTYP_INTEGER64) {
    int64_t number = value->value.i64;
    value->value.i32 = number > INT32_MAX ? INT32_MAX : (int32_t)number;
  } else {
    return OX_E_NOT_FOUND;
  }
  value->tag = OX_PROPTAG_AS(value->tag, want);
  return status;
}

/* ---- picking ---- */

/* Row and bag stay where the database has them: views until the next load. */
ox_status oxs_picker_load(oxs_picker *picker, int64_t mid) {
  oxs_picker_end(picker);
  ox_status status;
  ox_sql *sql = oxs_start(picker->t->db, &status, picker->t->err, OXS_MESSAGE_AND_BAG, "i", mid);
  if (!oxs_next(sql, &status, picker->t->err)) {
    oxs_end(sql);
    return status == OX_OK ? OX_E_NOT_FOUND : status;
  }
  view_row(sql, &picker->row);
  picker->sql = sql;
  return OX_OK;
}

void oxs_picker_end(oxs_picker *picker) {
  oxs_end(picker->sql);
  picker->sql = NULL;
}

ox_status oxs_picker_bag(oxs_picker *picker, ox_bytes *out) {
  *out = oxs_bytes(picker->sql, BAG_COLUMN);
  return out->size_bytes > 0 ? OX_OK : OX_E_NOT_FOUND;
}

static ox_status pick(oxs_picker *picker, uint16_t id, ox_property *out) {
  ox_bytes bag;
  ox_status status = oxs_row_property(picker->t->database, &picker->row, id, picker->arena, out);
  if (status != OX_E_NOT_FOUND) return status;
  status = oxs_picker_bag(picker, &bag);
  if (status != OX_OK) return status;
  return oxs_encoded_value(picker->t, bag, id, picker->max_bytes, picker->arena, out);
}

ox_status oxs_picker_get(oxs_picker *picker, ox_proptag tag, ox_property *out) {
  ox_status status = pick(picker, OX_PROPTAG_ID(tag), out);
  if (status == OX_OK) status = oxs_convert(tag, picker->codepage, picker->arena, out);
  return status;
}

/* ---- restrictions ---- */

static const ox_value *look_up(void *user, ox_proptag tag) {
  ox_property *found = ox_arena_alloc(((oxs_picker *)user)->arena, sizeof *found);
  if (found == NULL || oxs_picker_get(user, tag, found) != OX_OK) return NULL;
  return &found->value;
}

typedef struct sub_subject {
  oxs_bag bag;
  ox_property computed; /* attachments: PidTagAttachNumber */
  uint32_t codepage;
  ox_arena *arena;
} sub_subject;

static const ox_value *look_up_sub(void *user, ox_proptag tag) {
  sub_subject *subject = user;
  if (subject->computed.tag != 0 && OX_PROPTAG_ID(subject->computed.tag) == OX_PROPTAG_ID(tag))
    return &subject->computed.value;
  const ox_property *found = ox_propbag_find(&subject->bag.values, OX_PROPTAG_ID(tag));
  if (found == NULL) return NULL;
  ox_property *copy = ox_arena_copy(subject->arena, found, sizeof *found);
  if (copy == NULL || oxs_convert(tag, subject->codepage, subject->arena, copy) != OX_OK)
    return NULL;
  return &copy->value;
}

static ox_status match_subobjects(void *user, uint32_t subobject, const ox_restriction *child,
                                  bool *any_matches_out) {
  oxs_picker *picker = user;
  bool recipients = OX_PROPTAG_ID(subobject) == ID(PidTagMessageRecipients);
  *any_matches_out = false;
  ox_status status;
  ox_sql *sql =
      oxs_start(picker->t->db, &status, picker->t->err,
                recipients ? OXS_RECIPIENTS_GET : OXS_ATTACHMENTS_GET, "i", picker->row.mid);
  while (!*any_matches_out && oxs_next(sql, &status, picker->t->err)) {
    sub_subject subject = {.codepage = picker->codepage, .arena = picker->arena};
    status = oxs_bag_decode(oxs_bytes(sql, recipients ? 1 : 4), picker->arena, &subject.bag);
    if (!recipients) {
      subject.computed.tag = OX_PidTagAttachNumber;
      subject.computed.value.i32 = (int32_t)oxs_i64(sql, 1);
    }
    ox_restriction_subject how = {.struct_size = sizeof how,
                                  .lookup = look_up_sub,
                                  .user = &subject,
                                  .scratch = picker->arena};
    if (status == OX_OK) status = ox_restriction_matches(child, &how, any_matches_out);
  }
  oxs_end(sql);
  return status;
}

ox_status oxs_picker_matches(oxs_picker *picker, const ox_restriction *restriction,
                             bool *matches_out) {
  ox_restriction_subject subject = {.struct_size = sizeof subject,
                                    .lookup = look_up,
                                    .subobjects = match_subobjects,
                                    .user = picker,
                                    .scratch = picker->arena};
  return ox_restriction_matches(restriction, &subject, matches_out);
}
