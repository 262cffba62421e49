/* Folder, message and change ids, XIDs. */
#include <oxkit/ropcodec/xid.h>

#include <string.h>

#define XID_SPEC "[MS-OXCFXICS] 2.2.2.2"

enum { GLOBCNT_BYTES = 6, LOCAL_ID_MAX_BYTES = 8 };

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

ox_status ox_xid_read(ox_reader *r, ox_xid *out) {
  memset(out, 0, sizeof *out);
  ox_guid namespace_guid;
  ox_read_guid(r, &namespace_guid);
  ox_reader_blame(r, "NamespaceGuid", XID_SPEC);
  size_t left = ox_reader_remaining(r);
  if (left > LOCAL_ID_MAX_BYTES) {
    return ox_reader_fail(r, r->bounded ? OX_E_MALFORMED : OX_E_TRAILING, "LocalId", XID_SPEC);
  }
  if (!ox_reader_has(r, 1)) return ox_reader_blame(r, "LocalId", XID_SPEC);
  out->namespace_guid = namespace_guid;
  out->local_id_bytes = (uint8_t)left;
  memcpy(out->local_id, ox_read_bytes(r, left).data, left);
  return OX_OK;
}

ox_status ox_xid_decode(ox_bytes bytes, ox_xid *out, ox_error *err) {
  ox_reader r;
  ox_reader_init(&r, bytes.data, bytes.size_bytes);
  ox_xid_read(&r, out);
  return ox_reader_status(&r, err);
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

bool ox_xid_is_gid(const ox_xid *xid) {
  return xid->local_id_bytes == GLOBCNT_BYTES;
}

int ox_xid_compare(const ox_xid *a, const ox_xid *b) {
  int order = ox_guid_compare(&a->namespace_guid, &b->namespace_guid);
  if (order != 0) return order;
  uint64_t number_a = ox_xid_local_number(a), number_b = ox_xid_local_number(b);
  return number_a < number_b ? -1 : number_a > number_b;
}
