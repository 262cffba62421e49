/* Ids of folders, messages and changes: the internal ones of a store, and XIDs, which hold
 * everywhere. @spec [MS-OXCDATA] 2.2.1; [MS-OXCFXICS] 2.2.2.1, 2.2.2.2, 2.2.2.5 */
#ifndef OXKIT_ROPCODEC_XID_H
#define OXKIT_ROPCODEC_XID_H

#include <oxkit/ropcodec/reader.h>
#include <oxkit/ropcodec/writer.h>

OX_BEGIN_DECLS

/** Greatest GLOBCNT: 48 bits. */
#define OX_GLOBCNT_MAX UINT64_C(0xFFFFFFFFFFFF)

/** Folder id, message id or change number: the eight bytes of the wire read as a little-endian
 *  number, which is also the value of PidTagFolderId, PidTagMid and PidTagChangeNumber. The low 16
 *  bits are the REPLID; the GLOBCNT's six bytes follow, the most significant first.
 *  @spec [MS-OXCDATA] 2.2.1; [MS-OXCFXICS] 2.2.2.1 */
typedef uint64_t ox_id64;

/** @param globcnt  at most OX_GLOBCNT_MAX; higher bits are cut off */
OX_EXPORT ox_id64 ox_id64_make(uint16_t replid, uint64_t globcnt);
OX_EXPORT uint16_t ox_id64_replid(ox_id64 id);
/** As a number, so that later ids are greater. */
OX_EXPORT uint64_t ox_id64_globcnt(ox_id64 id);
/** The six bytes of a GLOBCNT, most significant first, and back. */
OX_EXPORT void ox_globcnt_to_wire(uint64_t globcnt, uint8_t wire_out[6]);
OX_EXPORT uint64_t ox_globcnt_from_wire(const uint8_t wire[6]);

/** XID: a GUID and a local id of 1 to 8 bytes. PidTagSourceKey and PidTagChangeKey are XIDs.
 *  @spec [MS-OXCFXICS] 2.2.2.2 */
typedef struct ox_xid {
  ox_guid namespace_guid;
  uint8_t local_id_bytes;
  uint8_t local_id[8]; /**< most significant byte first */
} ox_xid;

/** Reads an XID that is all the rest of the input: nothing in it tells its length.
 *  @param out  zeroed on failure
 *  @return OX_OK, OX_E_TRUNCATED, OX_E_TRAILING (in a length-prefixed part: OX_E_MALFORMED) */
OX_EXPORT ox_status ox_xid_read(ox_reader *r, ox_xid *out);
/** As ox_xid_read, of a property's value. @param err  may be NULL */
OX_EXPORT OX_WARN_UNUSED ox_status ox_xid_decode(ox_bytes bytes, ox_xid *out, ox_error *err);
/** OX_E_USAGE when local_id_bytes is not 1 to 8. */
OX_EXPORT void ox_xid_encode(ox_writer *w, const ox_xid *in);

/** The GID of an object or change: a replica's GUID and its GLOBCNT. */
OX_EXPORT void ox_xid_from_globcnt(const ox_guid *replguid, uint64_t globcnt, ox_xid *out);
/** True for a GID, whose local id is a GLOBCNT: ids that clients make up have another length.
 *  @spec [MS-OXCFXICS] 3.3.5.2.3 */
OX_EXPORT bool ox_xid_is_gid(const ox_xid *xid);
/** Local id as a number. */
OX_EXPORT uint64_t ox_xid_local_number(const ox_xid *xid);
OX_EXPORT bool ox_xid_equal(const ox_xid *a, const ox_xid *b);
/** Orders by the wire's bytes of the namespace, then by the local id as a number. Negative, 0 or
 *  positive. Change keys of one namespace are in the order in which the changes were made.
 *  @spec [MS-OXCFXICS] 3.1.5.3 */
OX_EXPORT int ox_xid_compare(const ox_xid *a, const ox_xid *b);

OX_END_DECLS

#endif
