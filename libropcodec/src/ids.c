/* Folder and message ids, XIDs, predecessor change lists. */
#include <oxkit/ropcodec/entryid.h>

#include <string.h>

enum { GLOBCNT_BYTES = 6, GUID_BYTES = 16, LOCAL_ID_MAX_BYTES = 8 };

void ox_globcnt_to_wire(uint64_t globcnt, uint8_t wire_out[6]) {
  for (unsigned i = 0; i < GLOBCNT_BYTES; i++) {
    wire_out[i] = (uint8_t)(globcnt >> 8 * (GLOBCNT_BYTES - 1 - i));
  }
}

uint64_t ox_globcnt_from_wire(const uint8_t wire[6]) {
  uint64_t globcnt = 0;
  for (unsigned i = 0; i < GLOBCNT_BYTES; i++) globcnt = globcnt << 8 | wire[i];
  return globcnt;
}

ox_id64 ox_id64_make(uint16_t replid, uint64_t globcnt) {
  uint8_t wire[GLOBCNT_BYTES];
  ox_globcnt_to_wire(globcnt, wire);
  ox_id64 id = replid;
  for (unsigned i = 0; i < GLOBCNT_BYTES; i++) id |= (uint64_t)wire[i] << (16 + 8 * i);
  return id;
}

uint16_t ox_id64_replid(ox_id64 id) {
  return (uint16_t)id;
}

uint64_t ox_id64_globcnt(ox_id64 id) {
  uint8_t wire[GLOBCNT_BYTES];
  for (unsigned i = 0; i < GLOBCNT_BYTES; i++) wire[i] = (uint8_t)(id >> (16 + 8 * i));
  return ox_globcnt_from_wire(wire);
}

/* XIDs. */

static void read_xid(ox_reader *r, ox_xid *out) {
  memset(out, 0, sizeof *out);
  ox_read_guid(r, &out->namespace_guid);
  size_t left = ox_reader_remaining(r);
  if (left == 0) {
    ox_reader_has(r, 1);
    return;
  }
  if (left > LOCAL_ID_MAX_BYTES) {
    ox_reader_fail(r, OX_E_TRAILING, "LocalId", "[MS-OXCFXICS] 2.2.2.2");
    return;
  }
  ox_bytes local = ox_read_bytes(r, left);
  memcpy(out->local_id, local.data, left);
  out->local_id_bytes = (uint8_t)left;
}

ox_status ox_xid_decode(ox_bytes bytes, ox_xid *out) {
  ox_reader r;
  ox_reader_init(&r, bytes.data, bytes.size_bytes);
  read_xid(&r, out);
  if (!ox_reader_ok(&r)) memset(out, 0, sizeof *out);
  return ox_reader_status(&r, NULL);
}

void ox_xid_encode(ox_writer *w, const ox_xid *in) {
  if (in->local_id_bytes == 0 || in->local_id_bytes > LOCAL_ID_MAX_BYTES) {
    ox_writer_fail(w, OX_E_USAGE);
    return;
  }
  ox_write_guid(w, &in->namespace_guid);
  ox_write_bytes(w, in->local_id, in->local_id_bytes);
}

void ox_xid_from_globcnt(const ox_guid *replguid, uint64_t globcnt, ox_xid *out) {
  memset(out, 0, sizeof *out);
  out->namespace_guid = *replguid;
  out->local_id_bytes = GLOBCNT_BYTES;
  ox_globcnt_to_wire(globcnt, out->local_id);
}

uint64_t ox_xid_local_number(const ox_xid *xid) {
  uint64_t number = 0;
  for (unsigned i = 0; i < xid->local_id_bytes && i < LOCAL_ID_MAX_BYTES; i++) {
    number = number << 8 | xid->local_id[i];
  }
  return number;
}

bool ox_xid_equal(const ox_xid *a, const ox_xid *b) {
  return a->local_id_bytes == b->local_id_bytes &&
         memcmp(a->local_id, b->local_id, a->local_id_bytes) == 0 &&
         ox_guid_equal(&a->namespace_guid, &b->namespace_guid);
}

/* Predecessor change lists. */

ox_status ox_pcl_decode(ox_bytes bytes, ox_arena *arena, ox_pcl *out) {
  memset(out, 0, sizeof *out);
  /* The least SizedXid has 18 bytes, so this much is enough. */
  ox_xid *xids = ox_arena_calloc(arena, bytes.size_bytes / (GUID_BYTES + 2) + 1, sizeof *xids);
  if (xids == NULL) return OX_E_NO_MEMORY;
  ox_reader r;
  ox_reader_init(&r, bytes.data, bytes.size_bytes);
  uint32_t count = 0;
  while (ox_reader_ok(&r) && ox_reader_remaining(&r) != 0) {
    ox_reader part;
    ox_reader_part(&r, ox_read_u8(&r), &part);
    if (!ox_reader_ok(&part)) {
      ox_reader_join(&r, &part);
      break;
    }
    read_xid(&part, &xids[count]);
    if (part.status == OX_E_TRAILING) part.status = OX_E_MALFORMED;
    ox_reader_close(&r, &part);
    if (count != 0 &&
        ox_guid_compare(&xids[count - 1].namespace_guid, &xids[count].namespace_guid) >= 0) {
      ox_reader_fail(&r, OX_E_MALFORMED, "NamespaceGuid", "[MS-OXCFXICS] 2.2.2.3");
    }
    count++;
  }
  if (!ox_reader_ok(&r)) return ox_reader_status(&r, NULL);
  out->count = count;
  out->xids = xids;
  return OX_OK;
}

void ox_pcl_encode(ox_writer *w, const ox_pcl *in) {
  for (uint32_t i = 0; i < in->count; i++) {
    ox_write_u8(w, (uint8_t)(GUID_BYTES + in->xids[i].local_id_bytes));
    ox_xid_encode(w, &in->xids[i]);
  }
}

static const ox_xid *find_namespace(const ox_pcl *pcl, const ox_guid *guid) {
  for (uint32_t i = 0; i < pcl->count; i++) {
    if (ox_guid_equal(&pcl->xids[i].namespace_guid, guid)) return &pcl->xids[i];
  }
  return NULL;
}

bool ox_pcl_includes(const ox_pcl *pcl, const ox_xid *change) {
  const ox_xid *latest = find_namespace(pcl, &change->namespace_guid);
  return latest != NULL && ox_xid_local_number(latest) >= ox_xid_local_number(change);
}

bool ox_pcl_includes_all(const ox_pcl *pcl, const ox_pcl *other) {
  for (uint32_t i = 0; i < other->count; i++) {
    if (!ox_pcl_includes(pcl, &other->xids[i])) return false;
  }
  return true;
}

ox_status ox_pcl_merge(const ox_pcl *a, const ox_pcl *b, ox_arena *arena, ox_pcl *out) {
  ox_xid *xids = ox_arena_calloc(arena, (size_t)a->count + b->count, sizeof *xids);
  if (xids == NULL) return OX_E_NO_MEMORY;
  uint32_t i = 0, k = 0, count = 0;
  while (i < a->count || k < b->count) {
    int order = i == a->count ? 1
                : k == b->count
                    ? -1
                    : ox_guid_compare(&a->xids[i].namespace_guid, &b->xids[k].namespace_guid);
    if (order < 0) {
      xids[count++] = a->xids[i++];
    } else if (order > 0) {
      xids[count++] = b->xids[k++];
    } else {
      bool first = ox_xid_local_number(&a->xids[i]) >= ox_xid_local_number(&b->xids[k]);
      xids[count++] = first ? a->xids[i] : b->xids[k];
      i++;
      k++;
    }
  }
  out->count = count;
  out->xids = xids;
  return OX_OK;
}
