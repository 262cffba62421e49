/* Properties of any object: get, list, set, delete, copy. */
#include <string.h>

#include "engine.h"

#define ID(name) OX_PROPTAG_ID(OX_##name)

oxs_bag *oxs_object_bag(ox_object *object, ox_arena **arena_out) {
  if (object->kind == OX_OBJECT_MESSAGE) {
    oxs_item *item = (oxs_item *)object;
    *arena_out = &item->content->arena;
    return &item->content->bag;
  }
  if (object->kind == OX_OBJECT_ATTACHMENT) {
    oxs_attachment *attachment = (oxs_attachment *)object;
    *arena_out = &attachment->arena;
    return &attachment->attach.bag;
  }
  return NULL;
}

void oxs_object_changed(ox_object *object, ox_proptag tag) {
  (void)tag;
  if (object->kind == OX_OBJECT_MESSAGE) ((oxs_item *)object)->content->bag_changed = true;
  if (object->kind == OX_OBJECT_ATTACHMENT) ((oxs_attachment *)object)->attach.changed = true;
}

ox_status oxs_object_writable(ox_object *object, ox_error *err) {
  ox_status status = oxs_may_write(oxs_local(object->mailbox), err);
  if (status != OX_OK) return status;
  if (object->kind == OX_OBJECT_MESSAGE) return oxs_item_writable((oxs_item *)object, err);
  if (object->kind != OX_OBJECT_ATTACHMENT) return OX_OK;
  const oxs_attachment *attachment = (oxs_attachment *)object;
  if (attachment->closed) return ox_error_set(err, OX_E_INVALID_OBJECT, NULL);
  return attachment->writable ? OX_OK : ox_error_set(err, OX_E_ACCESS_DENIED, NULL);
}

ox_status oxs_problem(ox_problems *problems, size_t index, ox_proptag tag, ox_status status) {
  if (problems == NULL) return OX_OK;
  size_t count = problems->count;
  /* Grown by ones: problems are few. */
  ox_property_problem *items =
      ox_arena_grow(problems->arena, problems->items, count, count + 1, sizeof *items);
  if (items == NULL) return OX_E_NO_MEMORY;
  items[count] = (ox_property_problem){(uint16_t)index, tag, status};
  problems->items = items;
  problems->count = count + 1;
  return OX_OK;
}

/* ---- the store object ---- */

static const struct {
  ox_proptag tag;
  uint32_t special;
} special_entry_ids[] = {
    {OX_PidTagIpmSubtreeEntryId, OX_SPECIAL_IPM_SUBTREE},
    {OX_PidTagIpmOutboxEntryId, OX_SPECIAL_OUTBOX},
    {OX_PidTagIpmSentMailEntryId, OX_SPECIAL_SENT_ITEMS},
    {OX_PidTagIpmWastebasketEntryId, OX_SPECIAL_DELETED_ITEMS},
    {OX_PidTagFinderEntryId, OX_SPECIAL_FINDER},
    {OX_PidTagViewsEntryId, OX_SPECIAL_VIEWS},
    {OX_PidTagCommonViewsEntryId, OX_SPECIAL_COMMON_VIEWS},
};
#define SPECIAL_ENTRY_IDS (sizeof special_entry_ids / sizeof special_entry_ids[0])

static const ox_proptag mailbox_tags[] = {
    OX_PidTagDisplayName,      OX_PidTagMailboxOwnerName, OX_PidTagMailboxOwnerEntryId,
    OX_PidTagUserEntryId,      OX_PidTagRecordKey,        OX_PidTagStoreRecordKey,
    OX_PidTagMappingSignature, OX_PidTagMessageSize,      OX_PidTagStoreSupportMask,
    OX_PidTagObjectType,       OX_PidTagAccess,           OX_PidTagAccessLevel,
    OX_PidTagCodePageId,       OX_PidTagLocaleId,         OX_PidTagStoreState,
};
#define MAILBOX_TAGS (sizeof mailbox_tags / sizeof mailbox_tags[0])

/* Permanent address book entry id. @spec [MS-OXCDATA] 2.2.5.2 */
ox_status oxs_address_entry_id(ox_arena *arena, const char *legacy_dn, ox_bytes *out) {
  static const uint8_t provider[16] = {0xDC, 0xA7, 0x40, 0xC8, 0xC0, 0x42, 0x10, 0x1A,
                                       0xB4, 0xB9, 0x08, 0x00, 0x2B, 0x2F, 0xE1, 0x82};
  size_t size = strlen(legacy_dn) + 1;
  uint8_t *id = ox_arena_calloc(arena, 1, 28 + size);
  if (id == NULL) return OX_E_NO_MEMORY;
  memcpy(id + 4, provider, sizeof provider);
  id[20] = 1; /* Version */
  memcpy(id + 28, legacy_dn, size);
  *out = (ox_bytes){id, 28 + size};
  return OX_OK;
}

static ox_status mailbox_text(ox_property *out, ox_proptag tag, ox_arena *arena, const char *text) {
  out->tag = tag;
  return ox_str16_from_utf8(arena, ox_str8_from(text), &out->value.string);
}

static ox_status mailbox_property(oxs_txn *t, const oxs_mailbox *mailbox, uint16_t id,
                                  ox_arena *arena, ox_property *out) {
  const oxs_database *database = t->database;
  uint8_t *bytes;
  int64_t number = 0;
  ox_status status;
  for (size_t i = 0; i < SPECIAL_ENTRY_IDS; i++) {
    if (OX_PROPTAG_ID(special_entry_ids[i].tag) != id) continue;
    status = oxs_special(t, special_entry_ids[i].special, &number);
    bytes = ox_arena_alloc(arena, OXS_FOLDER_ENTRY_ID_BYTES);
    if (bytes == NULL) return OX_E_NO_MEMORY;
    if (status == OX_OK) oxs_folder_entry_id(database, number, bytes);
    out->tag = special_entry_ids[i].tag;
    out->value.binary = (ox_bytes){bytes, OXS_FOLDER_ENTRY_ID_BYTES};
    return status;
  }
  switch (id) {
    case ID(PidTagDisplayName):
      return mailbox_text(out, OX_PidTagDisplayName, arena, database->display_name);
    case ID(PidTagMailboxOwnerName):
      return mailbox_text(out, OX_PidTagMailboxOwnerName, arena, database->display_name);
    case ID(PidTagMailboxOwnerEntryId):
    case ID(PidTagUserEntryId):
      out->tag = OX_PROPTAG(id, OX_PTYP_BINARY);
      return oxs_address_entry_id(arena, database->legacy_dn, &out->value.binary);
    case ID(PidTagRecordKey):
    case ID(PidTagStoreRecordKey):
    case ID(PidTagMappingSignature):
      bytes = ox_arena_alloc(arena, 16);
      if (bytes == NULL) return OX_E_NO_MEMORY;
      ox_guid_to_wire(id == ID(PidTagMappingSignature) ? &database->replguid : &database->guid,
                      bytes);
      out->tag = OX_PROPTAG(id, OX_PTYP_BINARY);
      out->value.binary = (ox_bytes){bytes, 16};
      return OX_OK;
    case ID(PidTagMessageSize):
      status = oxs_number(t->db, &number, t->err, OXS_MAILBOX_SIZE, "");
      oxs_give_size(out, number);
      return status;
    default: break;
  }
  /* The mask: entry ids unique, search, modify, create, attachments, OLE, submit, notify,
   * categories off, RTF, HTML, unicode. */
  static const struct {
    ox_proptag tag;
    int32_t value;
  } numbers[] = {{OX_PidTagStoreSupportMask, 0x0007DEFF},
                 {OX_PidTagObjectType, 1},
                 {OX_PidTagAccess, 0x3F},
                 {OX_PidTagAccessLevel, 1},
                 {OX_PidTagLocaleId, 0x0409},
                 {OX_PidTagStoreState, 0}};
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
    if (OX_PROPTAG_ID(numbers[i].tag) != id) continue;
    out->tag = numbers[i].tag;
    out->value.i32 = numbers[i].value;
    return OX_OK;
  }
  if (id != ID(PidTagCodePageId)) return OX_E_NOT_FOUND;
  out->tag = OX_PidTagCodePageId;
  out->value.i32 = (int32_t)mailbox->codepage;
  return OX_OK;
}

static bool mailbox_is_computed(uint16_t id) {
  for (size_t i = 0; i < MAILBOX_TAGS; i++)
    if (OX_PROPTAG_ID(mailbox_tags[i]) == id) return true;
  for (size_t i = 0; i < SPECIAL_ENTRY_IDS; i++)
    if (OX_PROPTAG_ID(special_entry_ids[i].tag) == id) return true;
  return false;
}

/* ---- reading ---- */

/* What a call needs of an object that lives in the database. */
typedef struct reading {
  oxs_txn t;
  ox_object *object;
  ox_arena arena; /* folder row, mailbox bag */
  oxs_folder_row folder;
  ox_bytes bag;
} reading;

static ox_status reading_begin(ox_object *object, reading *r, ox_error *err) {
  oxs_mailbox *mailbox = oxs_local(object->mailbox);
  r->object = object;
  r->bag = (ox_bytes){NULL, 0};
  ox_status status = oxs_read_begin(mailbox->database, &r->t, err);
  if (status != OX_OK) return status;
  ox_arena_init(&r->arena, mailbox->allocator, SIZE_MAX / 2);
  if (object->kind == OX_OBJECT_FOLDER) {
    status = oxs_folder_row_load(&r->t, ((oxs_folder *)object)->fid, &r->arena, &r->folder);
    if (status == OX_E_NOT_FOUND) status = OX_E_OBJECT_DELETED;
  } else if (object->kind == OX_OBJECT_MAILBOX) {
    status = oxs_fact_get(&r->t, OXS_FACT_BAG, &r->arena, &r->bag);
    if (status == OX_E_NOT_FOUND) status = OX_OK;
  }
  if (status != OX_OK) {
    oxs_read_end(&r->t);
    ox_arena_dispose(&r->arena);
    return ox_error_set(err, status, NULL);
  }
  return OX_OK;
}

static void reading_end(reading *r) {
  oxs_read_end(&r->t);
  ox_arena_dispose(&r->arena);
}

static uint64_t bag_bytes(const oxs_bag *bag) {
  uint64_t size = 0;
  for (size_t i = 0; i < bag->values.count; i++)
    size +=
        ox_value_size_bytes(OX_PROPTAG_TYPE(bag->values.items[i].tag), &bag->values.items[i].value);
  for (size_t i = 0; i < bag->large_count; i++)
    size +=
        bag->larges[i].spool != NULL ? oxs_spool_size(bag->larges[i].spool) : bag->larges[i].size;
  return size;
}

static ox_status attachment_property(const oxs_attachment *attachment, uint16_t id,
                                     ox_property *out) {
  switch (id) {
    case ID(PidTagAttachNumber):
      out->tag = OX_PidTagAttachNumber;
      out->value.i32 = (int32_t)attachment->attach.number;
      return OX_OK;
    case ID(PidTagAttachSize): {
      uint64_t size = bag_bytes(&attachment->attach.bag);
      if (attachment->attach.embedded_mid != 0 && size < attachment->attach.size)
        size = attachment->attach.size;
      out->tag = OX_PidTagAttachSize;
      out->value.i32 = size > INT32_MAX ? INT32_MAX : (int32_t)size;
      return OX_OK;
    }
    case ID(PidTagObjectType):
      out->tag = OX_PidTagObjectType;
      out->value.i32 = 7;
      return OX_OK;
    case ID(PidTagAccess):
      out->tag = OX_PidTagAccess;
      out->value.i32 = 0x03;
      return OX_OK;
    case ID(PidTagAccessLevel):
      out->tag = OX_PidTagAccessLevel;
      out->value.i32 = attachment->writable ? 1 : 0;
      return OX_OK;
    default: return OX_E_NOT_FOUND;
  }
}

static ox_status item_property(reading *r, oxs_item *item, uint16_t id, ox_arena *arena,
                               ox_property *out) {
  if (id == ID(PidTagMessageClass) || id == ID(PidTagImportance)) return OX_E_NOT_FOUND;
  if (id == ID(PidTagHasAttachments)) {
    out->tag = OX_PidTagHasAttachments;
    out->value.boolean = item->content->attachment_count > 0;
    return OX_OK;
  }
  if (id == ID(PidTagMessageSize) && item->row.size == 0) {
    out->tag = OX_PidTagMessageSize;
    out->value.i32 = (int32_t)(bag_bytes(&item->content->bag) & INT32_MAX);
    return OX_OK;
  }
  return oxs_row_property(r->t.database, &item->row, id, arena, out);
}

static ox_status read_one(reading *r, ox_proptag tag, size_t max_bytes, ox_arena *arena,
                          ox_property *out) {
  uint16_t id = OX_PROPTAG_ID(tag);
  uint32_t codepage = oxs_local(r->object->mailbox)->codepage;
  ox_status status = OX_E_NOT_FOUND;
  ox_arena *unused;
  switch (r->object->kind) {
    case OX_OBJECT_FOLDER:
      status = oxs_folder_property(&r->t, &r->folder, id, max_bytes, arena, out);
      break;
    case OX_OBJECT_MAILBOX:
      status = mailbox_property(&r->t, oxs_local(r->object->mailbox), id, arena, out);
      if (status == OX_E_NOT_FOUND && r->bag.size_bytes > 0)
        status = oxs_encoded_value(&r->t, r->bag, id, max_bytes, arena, out);
      break;
    case OX_OBJECT_ATTACHMENT:
      status = attachment_property((oxs_attachment *)r->object, id, out);
      break;
    default:
      status = item_property(r, (oxs_item *)r->object, id, arena, out);
      codepage = ((oxs_item *)r->object)->codepage;
      break;
  }
  oxs_bag *bag = oxs_object_bag(r->object, &unused);
  if (status == OX_E_NOT_FOUND && bag != NULL)
    status = oxs_bag_value(&r->t, bag, id, max_bytes, arena, out);
  if (status == OX_OK) status = oxs_convert(tag, codepage, arena, out);
  return status;
}

/* Failures of one value that leave the others alone. */
static bool is_value_error(ox_status status) {
  return status == OX_E_NOT_FOUND || status == OX_E_NOT_ENOUGH_MEMORY ||
         status == OX_E_OBJECT_DELETED || status == OX_E_UNKNOWN_CODEPAGE;
}

ox_status oxs_object_get(ox_object *object, const ox_proptag *tags, size_t count,
                         size_t max_value_bytes, ox_arena *arena, ox_property *out, ox_error *err) {
  if (count > 0 && (tags == NULL || out == NULL)) return ox_error_set(err, OX_E_USAGE, NULL);
  if (max_value_bytes == 0) max_value_bytes = OX_GET_MAX_VALUE_BYTES;
  reading r;
  ox_status status = reading_begin(object, &r, err);
  if (status != OX_OK) return status;
  for (size_t i = 0; status == OX_OK && i < count; i++) {
    status = read_one(&r, tags[i], max_value_bytes, arena, &out[i]);
    if (!is_value_error(status)) continue;
    oxs_error_property(&out[i], tags[i], status);
    status = OX_OK;
  }
  reading_end(&r);
  return status == OX_OK ? OX_OK : ox_error_set(err, status, NULL);
}

static ox_status add_tag(ox_arena *arena, ox_proptag **tags, size_t *count, size_t *capacity,
                         ox_proptag tag) {
  if (*count == *capacity) {
    size_t grown = *capacity != 0 ? *capacity * 2 : 64;
    ox_proptag *list = ox_arena_grow(arena, *tags, *count, grown, sizeof *list);
    if (list == NULL) return OX_E_NO_MEMORY;
    *tags = list;
    *capacity = grown;
  }
  for (size_t i = 0; i < *count; i++)
    if (OX_PROPTAG_ID((*tags)[i]) == OX_PROPTAG_ID(tag)) return OX_OK;
  (*tags)[(*count)++] = tag;
  return OX_OK;
}

/* Candidates: ids without types for computed ones. */
static ox_status list_tags(reading *r, ox_arena *arena, ox_proptag **tags_out, size_t *count_out) {
  ox_proptag *tags = NULL;
  size_t count = 0, capacity = 0;
  ox_status status = OX_OK;
  ox_arena *unused;
  oxs_bag *bag = oxs_object_bag(r->object, &unused);
  if (r->object->kind == OX_OBJECT_FOLDER)
    return oxs_folder_list(&r->folder, arena, tags_out, count_out);
  if (r->object->kind == OX_OBJECT_MESSAGE) {
    const oxs_item *item = (oxs_item *)r->object;
    size_t ids;
    const uint16_t *list = oxs_row_computed_ids(&ids, item->row.kind == OXS_KIND_EMBEDDED);
    for (size_t i = 0; status == OX_OK && i < ids; i++)
      if (list[i] != 0)
        status = add_tag(arena, &tags, &count, &capacity, OX_PROPTAG(list[i], OX_PTYP_UNSPECIFIED));
  } else if (r->object->kind == OX_OBJECT_ATTACHMENT) {
    static const ox_proptag fixed[] = {OX_PidTagAttachNumber, OX_PidTagAttachSize,
                                       OX_PidTagObjectType, OX_PidTagAccess, OX_PidTagAccessLevel};
    for (size_t i = 0; status == OX_OK && i < sizeof fixed / sizeof fixed[0]; i++)
      status = add_tag(arena, &tags, &count, &capacity, fixed[i]);
  } else {
    for (size_t i = 0; status == OX_OK && i < MAILBOX_TAGS; i++)
      status = add_tag(arena, &tags, &count, &capacity, mailbox_tags[i]);
    for (size_t i = 0; status == OX_OK && i < SPECIAL_ENTRY_IDS; i++)
      status = add_tag(arena, &tags, &count, &capacity, special_entry_ids[i].tag);
    ox_proptag tag;
    oxs_large large;
    for (size_t i = 0; status == OX_OK && oxs_bag_entry(r->bag, i, &tag, &large); i++)
      status = add_tag(arena, &tags, &count, &capacity, tag);
  }
  for (size_t i = 0; bag != NULL && status == OX_OK && i < bag->values.count; i++)
    status = add_tag(arena, &tags, &count, &capacity, bag->values.items[i].tag);
  for (size_t i = 0; bag != NULL && status == OX_OK && i < bag->large_count; i++)
    status = add_tag(arena, &tags, &count, &capacity, bag->larges[i].tag);
  *tags_out = tags;
  *count_out = count;
  return status;
}

ox_status oxs_object_get_all(ox_object *object, size_t max_value_bytes, ox_arena *arena,
                             ox_property **out, size_t *count_out, ox_error *err) {
  if (max_value_bytes == 0) max_value_bytes = OX_GET_MAX_VALUE_BYTES;
  reading r;
  ox_status status = reading_begin(object, &r, err);
  if (status != OX_OK) return status;
  ox_proptag *tags;
  ox_property *list = NULL;
  size_t count = 0, used = 0;
  status = list_tags(&r, arena, &tags, &count);
  if (status == OX_OK) {
    list = ox_arena_calloc(arena, count, sizeof *list);
    if (list == NULL) status = OX_E_NO_MEMORY;
  }
  for (size_t i = 0; status == OX_OK && i < count; i++) {
    status = read_one(&r, OX_PROPTAG_AS(tags[i], OX_PTYP_UNSPECIFIED), max_value_bytes, arena,
                      &list[used]);
    if (status == OX_OK) {
      used++;
    } else if (is_value_error(status)) {
      if (status != OX_E_NOT_FOUND) oxs_error_property(&list[used++], tags[i], status);
      status = OX_OK;
    }
  }
  reading_end(&r);
  if (status != OX_OK) return ox_error_set(err, status, NULL);
  *out = list;
  *count_out = used;
  return OX_OK;
}

ox_status oxs_object_list(ox_object *object, ox_arena *arena, ox_proptag **tags_out,
                          size_t *count_out, ox_error *err) {
  reading r;
  ox_status status = reading_begin(object, &r, err);
  if (status != OX_OK) return status;
  ox_arena scratch;
  ox_arena_init(&scratch, NULL, SIZE_MAX / 2);
  ox_proptag *tags;
  size_t count = 0, used = 0;
  status = list_tags(&r, arena, &tags, &count);
  for (size_t i = 0; status == OX_OK && i < count; i++) {
    ox_property property;
    if (OX_PROPTAG_TYPE(tags[i]) != OX_PTYP_UNSPECIFIED) {
      tags[used++] = tags[i];
      continue;
    }
    status = read_one(&r, tags[i], 65536, &scratch, &property);
    if (status == OX_OK) tags[used++] = property.tag;
    if (is_value_error(status)) status = OX_OK;
    ox_arena_reset(&scratch);
  }
  reading_end(&r);
  ox_arena_dispose(&scratch);
  if (status != OX_OK) return ox_error_set(err, status, NULL);
  *tags_out = tags;
  *count_out = used;
  return OX_OK;
}

/* ---- changing ---- */

static bool is_text(uint16_t type) {
  return type == OX_PTYP_STRING8 || type == OX_PTYP_MULTIPLE_STRING8;
}

/* A copy that is stored as PtypString, whatever came. */
static ox_status to_stored(uint32_t codepage, ox_arena *arena, const ox_property *in,
                           ox_property *out) {
  *out = *in;
  uint16_t type = OX_PROPTAG_TYPE(in->tag);
  if (type == OX_PTYP_UNSPECIFIED || type == OX_PTYP_NULL || type == OX_PTYP_ERROR_CODE)
    return OX_E_INVALID_PARAMETER;
  if (!is_text(type)) return OX_OK;
  uint16_t wide = type == OX_PTYP_STRING8 ? OX_PTYP_STRING : OX_PTYP_MULTIPLE_STRING;
  return oxs_convert(OX_PROPTAG_AS(in->tag, wide), codepage, arena, out);
}

/* Why a property cannot be set; OX_OK when it can. */
static ox_status may_set(const ox_object *object, uint16_t id) {
  if (oxs_is_computed(object->kind, id)) return OX_E_COMPUTED;
  if (object->kind == OX_OBJECT_MAILBOX && mailbox_is_computed(id)) return OX_E_COMPUTED;
  return OX_OK;
}

/* A change of a bag in the database: folder or mailbox. */
typedef struct change {
  const ox_property *properties;
  const ox_proptag *deleted;
  size_t count;
  ox_problems *problems;
} change;

static ox_status apply(ox_object *object, const change *c, ox_arena *arena, oxs_bag *bag,
                       ox_str16 *name) {
  ox_status status = OX_OK;
  uint32_t codepage = oxs_local(object->mailbox)->codepage;
  for (size_t i = 0; status == OX_OK && i < c->count; i++) {
    ox_proptag tag = c->deleted != NULL ? c->deleted[i] : c->properties[i].tag;
    uint16_t id = OX_PROPTAG_ID(tag);
    ox_property stored;
    ox_status why = may_set(object, id);
    bool is_name = object->kind == OX_OBJECT_FOLDER && id == ID(PidTagDisplayName);
    if (why == OX_OK && is_name && c->deleted != NULL) why = OX_E_ACCESS_DENIED;
    if (why == OX_OK && c->deleted == NULL)
      why = to_stored(codepage, arena, &c->properties[i], &stored);
    if (why == OX_OK && c->deleted != NULL) {
      oxs_bag_remove(bag, id);
    } else if (why == OX_OK && is_name) {
      if (stored.tag != OX_PidTagDisplayName || stored.value.string.size_bytes == 0 ||
          stored.value.string.size_bytes > OXS_NAME_MAX_BYTES) {
        why = OX_E_INVALID_PARAMETER;
      } else {
        *name = stored.value.string;
      }
    } else if (why == OX_OK) {
      why = oxs_bag_set(bag, stored.tag, &stored.value);
    }
    if (why == OX_E_NO_MEMORY) return why;
    if (why != OX_OK) status = oxs_problem(c->problems, i, tag, why);
  }
  return status;
}

static ox_status change_folder(oxs_txn *t, oxs_folder *folder, const change *c, ox_arena *arena) {
  oxs_folder_row row;
  oxs_bag bag;
  int64_t other;
  ox_status status = oxs_folder_row_load(t, folder->fid, arena, &row);
  if (status == OX_OK) status = oxs_bag_decode(row.bag, arena, &bag);
  ox_str16 old = {row.name.data, row.name.size_bytes}, name = old;
  if (status == OX_OK) status = apply(&folder->base.object, c, arena, &bag, &name);
  if (status == OX_OK && name.data != old.data) {
    ox_status taken = oxs_folder_by_name(t, row.parent, name, &other);
    if (taken == OX_OK && other != row.fid) return ox_error_set(t->err, OX_E_DUPLICATE_NAME, NULL);
  }
  return status == OX_OK ? oxs_folder_set_bag(t, &row, &bag, name) : status;
}

static ox_status change_mailbox(oxs_txn *t, ox_object *object, const change *c, ox_arena *arena) {
  ox_bytes old = {NULL, 0}, encoded;
  oxs_bag bag, stored;
  ox_str16 name = {NULL, 0};
  uint64_t size;
  ox_status status = oxs_fact_get(t, OXS_FACT_BAG, arena, &old);
  if (status == OX_OK) {
    status = oxs_bag_decode(old, arena, &bag);
  } else if (status == OX_E_NOT_FOUND) {
    oxs_bag_init(&bag, arena);
    status = OX_OK;
  }
  if (status == OX_OK) status = apply(object, c, arena, &bag, &name);
  if (status == OX_OK) status = oxs_bag_store(t, &bag, old, arena, &stored, &encoded, &size);
  return status == OX_OK ? oxs_fact_set(t, OXS_FACT_BAG, encoded) : status;
}

static ox_status change_stored(ox_object *object, const change *c, ox_error *err) {
  oxs_mailbox *mailbox = oxs_local(object->mailbox);
  oxs_txn t;
  ox_status status = oxs_write_begin(mailbox->database, &t, err);
  if (status != OX_OK) return status;
  ox_arena arena;
  ox_arena_init(&arena, NULL, SIZE_MAX / 2);
  status = object->kind == OX_OBJECT_FOLDER ? change_folder(&t, (oxs_folder *)object, c, &arena)
                                            : change_mailbox(&t, object, c, &arena);
  status = oxs_write_end(&t, status);
  ox_arena_dispose(&arena);
  return status;
}

/* Message or attachment: in memory until the save. */
static ox_status set_in_memory(ox_object *object, const ox_property *property) {
  ox_arena *arena = NULL;
  oxs_bag *bag = oxs_object_bag(object, &arena);
  uint32_t codepage = object->kind == OX_OBJECT_MESSAGE ? ((oxs_item *)object)->codepage
                                                        : oxs_local(object->mailbox)->codepage;
  ox_property stored;
  ox_status status = to_stored(codepage, arena, property, &stored);
  if (status != OX_OK) return status;
  if (object->kind == OX_OBJECT_MESSAGE) return oxs_item_set((oxs_item *)object, &stored);
  /* The object form of attachment data is the same bytes. */
  if (OX_PROPTAG_TYPE(stored.tag) == OX_PTYP_OBJECT)
    stored.tag = OX_PROPTAG_AS(stored.tag, OX_PTYP_BINARY);
  status = oxs_bag_set(bag, stored.tag, &stored.value);
  if (status == OX_OK) oxs_object_changed(object, stored.tag);
  return status;
}

ox_status oxs_object_set_one(ox_object *object, const ox_property *property, ox_error *err) {
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  ox_problems problems = {.arena = &arena};
  ox_status status = oxs_object_set(object, property, 1, &problems, err);
  if (status == OX_OK && problems.count > 0)
    status = ox_error_set(err, problems.items[0].error_code, NULL);
  ox_arena_dispose(&arena);
  return status;
}

ox_status oxs_object_set(ox_object *object, const ox_property *properties, size_t count,
                         ox_problems *problems, ox_error *err) {
  if (count > 0 && properties == NULL) return ox_error_set(err, OX_E_USAGE, NULL);
  ox_status status = oxs_object_writable(object, err);
  if (status != OX_OK) return status;
  ox_arena *arena = NULL;
  if (oxs_object_bag(object, &arena) == NULL) {
    change c = {.properties = properties, .count = count, .problems = problems};
    return change_stored(object, &c, err);
  }
  for (size_t i = 0; status == OX_OK && i < count; i++) {
    ox_status why = may_set(object, OX_PROPTAG_ID(properties[i].tag));
    if (why == OX_OK) why = set_in_memory(object, &properties[i]);
    if (why == OX_E_NO_MEMORY) {
      status = why;
    } else if (why != OX_OK) {
      status = oxs_problem(problems, i, properties[i].tag, why);
    }
  }
  return status == OX_OK ? OX_OK : ox_error_set(err, status, NULL);
}

ox_status oxs_object_delete(ox_object *object, const ox_proptag *tags, size_t count,
                            ox_problems *problems, ox_error *err) {
  if (count > 0 && tags == NULL) return ox_error_set(err, OX_E_USAGE, NULL);
  ox_status status = oxs_object_writable(object, err);
  if (status != OX_OK) return status;
  ox_arena *arena = NULL;
  oxs_bag *bag = oxs_object_bag(object, &arena);
  if (bag == NULL) {
    change c = {.deleted = tags, .count = count, .problems = problems};
    return change_stored(object, &c, err);
  }
  for (size_t i = 0; status == OX_OK && i < count; i++) {
    uint16_t id = OX_PROPTAG_ID(tags[i]);
    ox_status why = may_set(object, id);
    if (why != OX_OK) {
      status = oxs_problem(problems, i, tags[i], why);
      continue;
    }
    if (oxs_bag_remove(bag, id)) oxs_object_changed(object, tags[i]);
    /* Without its subject a message has no parts of it either. */
    if (object->kind == OX_OBJECT_MESSAGE && id == ID(PidTagSubject)) {
      oxs_bag_remove(bag, ID(PidTagSubjectPrefix));
      oxs_bag_remove(bag, ID(PidTagNormalizedSubject));
    }
  }
  return status == OX_OK ? OX_OK : ox_error_set(err, status, NULL);
}
