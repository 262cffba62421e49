/* Property names. @spec [MS-OXCDATA] 2.6.1 */
#include <oxkit/ropcodec/namedprop.h>

#include <string.h>

enum { NAME_SIZE_BYTES = 1, TERMINATOR_BYTES = 2 };

ox_status ox_property_name_decode(ox_reader *r, ox_property_name *out) {
  memset(out, 0, sizeof *out);
  out->kind = ox_read_u8(r);
  ox_read_guid(r, &out->guid);
  if (!ox_reader_ok(r)) return ox_reader_status(r, NULL);
  if (out->kind == OX_NAME_KIND_LID) {
    out->lid = ox_read_u32(r);
  } else if (out->kind == OX_NAME_KIND_STRING) {
    /* NameSize counts the terminator; some writers leave it out. */
    ox_bytes name = ox_read_bytes(r, ox_read_u8(r));
    if (name.size_bytes % 2 != 0) {
      return ox_reader_fail(r, OX_E_MALFORMED, "NameSize", "[MS-OXCDATA] 2.6.1");
    }
    if (name.size_bytes >= 2 && name.data[name.size_bytes - 1] == 0 &&
        name.data[name.size_bytes - 2] == 0) {
      name.size_bytes -= 2;
    }
    /* What ox_property_name_encode could not write again is refused. */
    bool representable = name.size_bytes + TERMINATOR_BYTES <= UINT8_MAX;
    for (size_t i = 0; i < name.size_bytes; i += 2) {
      representable = representable && (name.data[i] != 0 || name.data[i + 1] != 0);
    }
    if (!representable) return ox_reader_fail(r, OX_E_MALFORMED, "Name", "[MS-OXCDATA] 2.6.1");
    out->name.data = name.data;
    out->name.size_bytes = name.size_bytes;
  } else if (out->kind != OX_NAME_KIND_NONE) {
    return ox_reader_fail(r, OX_E_MALFORMED, "Kind", "[MS-OXCDATA] 2.6.1");
  }
  return ox_reader_status(r, NULL);
}

void ox_property_name_encode(ox_writer *w, const ox_property_name *in) {
  ox_write_u8(w, in->kind);
  ox_write_guid(w, &in->guid);
  if (in->kind == OX_NAME_KIND_LID) {
    ox_write_u32(w, in->lid);
  } else if (in->kind == OX_NAME_KIND_STRING) {
    ox_write_count(w, NAME_SIZE_BYTES, in->name.size_bytes + TERMINATOR_BYTES);
    ox_write_zstr16(w, in->name);
  } else if (in->kind != OX_NAME_KIND_NONE) {
    ox_writer_fail(w, OX_E_USAGE);
  }
}

bool ox_property_name_equal(const ox_property_name *a, const ox_property_name *b) {
  if (a->kind != b->kind || !ox_guid_equal(&a->guid, &b->guid)) return false;
  if (a->kind == OX_NAME_KIND_LID) return a->lid == b->lid;
  if (a->kind == OX_NAME_KIND_STRING) {
    return a->name.size_bytes == b->name.size_bytes &&
           (a->name.size_bytes == 0 || memcmp(a->name.data, b->name.data, a->name.size_bytes) == 0);
  }
  return true;
}
