#include <oxkit/ropcodec/pcl.h>

#include <string.h>

#define SIZED_XID_SPEC "[MS-OXCFXICS] 2.2.2.3.1"

enum { GUID_BYTES = 16, SIZED_XID_MIN_BYTES = 18, XID_MIN_BYTES = 17, XID_MAX_BYTES = 24 };

static bool same_namespace(const ox_xid *a, const ox_xid *b) {
  return ox_guid_equal(&a->namespace_guid, &b->namespace_guid);
}

static bool is_later(const ox_xid *a, const ox_xid *b) {
  return ox_xid_local_number(a) > ox_xid_local_number(b);
}

/* A SizedXid, which must not stand before its predecessor (NULL: it is the first). */
static void read_sized_xid(ox_reader *r, const ox_xid *before, ox_xid *out) {
  uint8_t size = ox_peek_u8(r);
  if (size < XID_MIN_BYTES || size > XID_MAX_BYTES) {
    ox_reader_fail(r, OX_E_MALFORMED, "XidSize", SIZED_XID_SPEC);
    return;
  }
  ox_read_skip(r, 1);
  size_t start = r->position;
  ox_reader part;
  ox_reader_part(r, size, &part);
  ox_xid_read(&part, out);
  ox_reader_close(r, &part);
  ox_reader_blame(r, "XID", SIZED_XID_SPEC);
  if (!ox_reader_ok(r) || before == NULL) return;
  int order = ox_guid_compare(&before->namespace_guid, &out->namespace_guid);
  if (order < 0 || (order == 0 && before->local_id_bytes == out->local_id_bytes)) return;
  r->position = start;
  if (order > 0) {
    ox_reader_fail(r, OX_E_MALFORMED, "NamespaceGuid", "[MS-OXCFXICS] 2.2.2.3");
  } else {
    ox_reader_fail(r, OX_E_MALFORMED, "LocalId", "[MS-OXCFXICS] 2.2.2.2");
  }
}

ox_status ox_pcl_read(ox_reader *r, ox_arena *arena, ox_pcl *out) {
  memset(out, 0, sizeof *out);
  size_t max_count = ox_reader_remaining(r) / SIZED_XID_MIN_BYTES + 1;
  if (max_count > UINT32_MAX) return ox_reader_fail(r, OX_E_LIMIT, "XIDs", SIZED_XID_SPEC);
  ox_xid *xids = ox_arena_calloc(arena, max_count, sizeof *xids);
  if (xids == NULL) return ox_reader_fail(r, OX_E_NO_MEMORY, NULL, NULL);
  uint32_t count = 0;
  while (ox_reader_remaining(r) != 0) {
    read_sized_xid(r, count == 0 ? NULL : &xids[count - 1], &xids[count]);
    count++;
  }
  if (!ox_reader_ok(r)) return r->status;
  out->count = count;
  out->xids = xids;
  return OX_OK;
}

ox_status ox_pcl_decode(ox_bytes bytes, ox_arena *arena, ox_pcl *out, ox_error *err) {
  ox_reader r;
  ox_reader_init(&r, bytes.data, bytes.size_bytes);
  ox_pcl_read(&r, arena, out);
  return ox_reader_status(&r, err);
}

void ox_pcl_encode(ox_writer *w, const ox_pcl *in) {
  for (uint32_t i = 0; i < in->count; i++) {
    const ox_xid *xid = &in->xids[i];
    int order = i == 0 ? -1 : ox_guid_compare(&xid[-1].namespace_guid, &xid->namespace_guid);
    if (order > 0 || (order == 0 && xid[-1].local_id_bytes != xid->local_id_bytes)) {
      ox_writer_fail(w, OX_E_USAGE);
      return;
    }
    ox_write_u8(w, (uint8_t)(GUID_BYTES + xid->local_id_bytes));
    ox_xid_encode(w, xid);
  }
}

bool ox_pcl_includes(const ox_pcl *pcl, const ox_xid *change) {
  for (uint32_t i = 0; i < pcl->count; i++) {
    if (same_namespace(&pcl->xids[i], change) && !is_later(change, &pcl->xids[i])) return true;
  }
  return false;
}

bool ox_pcl_includes_all(const ox_pcl *pcl, const ox_pcl *other) {
  uint32_t i = 0;
  const ox_xid *latest = NULL; /* of the namespace at hand, in pcl */
  for (uint32_t k = 0; k < other->count; k++) {
    const ox_xid *change = &other->xids[k];
    if (k == 0 || !same_namespace(change, change - 1)) {
      latest = NULL;
      for (; i < pcl->count; i++) {
        int order = ox_guid_compare(&pcl->xids[i].namespace_guid, &change->namespace_guid);
        if (order > 0) break;
        if (order == 0 && (latest == NULL || is_later(&pcl->xids[i], latest))) {
          latest = &pcl->xids[i];
        }
      }
    }
    if (latest == NULL || is_later(change, latest)) return false;
  }
  return true;
}

unsigned ox_pcl_compare(const ox_pcl *a, const ox_pcl *b) {
  bool newer = ox_pcl_includes_all(a, b), older = ox_pcl_includes_all(b, a);
  if (newer) return older ? OX_PCL_EQUAL : OX_PCL_NEWER;
  return older ? OX_PCL_OLDER : OX_PCL_CONFLICT;
}

ox_status ox_pcl_merge(const ox_pcl *a, const ox_pcl *b, ox_arena *arena, ox_pcl *out) {
  ox_xid *xids = ox_arena_calloc(arena, (size_t)a->count + b->count, sizeof *xids);
  if (xids == NULL) return OX_E_NO_MEMORY;
  uint32_t i = 0, k = 0, count = 0;
  while (i < a->count || k < b->count) {
    bool from_a = k == b->count ||
                  (i < a->count &&
                   ox_guid_compare(&a->xids[i].namespace_guid, &b->xids[k].namespace_guid) <= 0);
    const ox_xid *next = from_a ? &a->xids[i++] : &b->xids[k++];
    if (count == 0 || !same_namespace(&xids[count - 1], next)) {
      xids[count++] = *next;
    } else if (is_later(next, &xids[count - 1])) {
      xids[count - 1] = *next;
    }
  }
  out->count = count;
  out->xids = xids;
  return OX_OK;
}

ox_status ox_pcl_add(const ox_pcl *pcl, const ox_xid *change, ox_arena *arena, ox_pcl *out) {
  ox_xid copy = *change;
  ox_pcl one = {1, &copy};
  return ox_pcl_merge(pcl, &one, arena, out);
}

bool ox_pcl_imported_message_wins(ox_filetime stored_time, const ox_xid *stored_change,
                                  ox_filetime imported_time, const ox_xid *imported_change) {
  if (stored_time != imported_time) return imported_time > stored_time;
  return ox_guid_compare(&imported_change->namespace_guid, &stored_change->namespace_guid) >= 0;
}

bool ox_pcl_imported_folder_wins(ox_filetime stored_time, ox_filetime imported_time,
                                 bool on_server) {
  return stored_time != imported_time ? imported_time > stored_time : !on_server;
}
