/* Security identifiers as text, and security descriptors from their parts. The structures are in
 * security.h. */
#ifndef OXKIT_ROPCODEC_SID_H
#define OXKIT_ROPCODEC_SID_H

#include <oxkit/ropcodec/memory.h>
#include <oxkit/ropcodec/security.h>

OX_BEGIN_DECLS

/** Longest text of a SID, with its terminator. */
#define OX_SID_TEXT_BYTES 186

/** "S-1-5-21-1004336348-1177238915-682003330-512"; an authority of 2^32 or more in hexadecimal.
 *  @spec [MS-DTYP] 2.4.2.1 */
OX_EXPORT void ox_sid_format(const ox_sid *sid, char text_out[OX_SID_TEXT_BYTES]);
/** Reads such a text, "s-" too. @return OX_OK, OX_E_MALFORMED, OX_E_NO_MEMORY */
OX_EXPORT OX_WARN_UNUSED ox_status ox_sid_parse(const char *text, ox_arena *arena, ox_sid *out);
OX_EXPORT bool ox_sid_equal(const ox_sid *a, const ox_sid *b);

/** A self-relative security descriptor: lays the parts out behind the header, owner, group, SACL,
 *  DACL. Any of them may be NULL.
 *  @param control  OX_SECURITY_DESCRIPTOR_CONTROL_*; SelfRelative is added, and DaclPresent and
 *                  SaclPresent for an ACL that is given
 *  @return OX_OK, OX_E_NO_MEMORY, OX_E_USAGE, OX_E_LIMIT (an ACL of more than 64 KiB)
 *  @spec [MS-DTYP] 2.4.6 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_security_descriptor_make(
    ox_arena *arena, uint16_t control, const ox_sid *owner, const ox_sid *group, const ox_acl *sacl,
    const ox_acl *dacl, ox_security_descriptor *out);

OX_END_DECLS

#endif
