/* Who people are: passwords for the front ends, principals for the store. */
#ifndef OXKIT_ROPCODEC_IDENTITY_H
#define OXKIT_ROPCODEC_IDENTITY_H

#include <oxkit/ropcodec/call.h>

OX_BEGIN_DECLS

typedef void (*ox_verify_done)(void *user, ox_status status, const char *canonical_user,
                               const ox_error *err);
typedef void (*ox_nt_hash_done)(void *user, ox_status status, const char *canonical_user,
                                const uint8_t nt_hash[16], const ox_error *err);

/** Implemented by libdirectory; called by libwire's server-side authentication. Names are accepted
 *  as user@domain, DOMAIN\user and plain user. A wrong password and an unknown user give the same
 *  OX_E_LOGON_FAILED after the same work. */
typedef struct ox_identity_source ox_identity_source;
struct ox_identity_source {
  size_t struct_size;
  ox_status (*verify_password)(ox_identity_source *source, const char *user_name,
                               const char *password, uint64_t deadline_ms, ox_verify_done done,
                               void *user, ox_error *err);
  /** The NT hash, for NTLM. OX_E_NO_SUPPORT where NTLM is not enabled for the user. NULL in a
   *  source that has none. @spec [MS-NLMP] 3.3.1 (NTOWFv1) */
  ox_status (*nt_hash)(ox_identity_source *source, const char *user_name, const char *domain_name,
                       uint64_t deadline_ms, ox_nt_hash_done done, void *user, ox_error *err);
};

/** A directory object as the store and the front ends see it. Strings are UTF-8 and live in the
 *  arena of the lookup. */
typedef struct ox_principal {
  ox_guid guid;             /**< of the directory object */
  ox_guid mailbox_guid;     /**< null when it has no mailbox */
  const char *legacy_dn;    /**< "/o=ORG/ou=.../cn=Recipients/cn=NAME" */
  const char *smtp_address; /**< primary */
  const char *display_name;
  const char *alias;
  const char *home_server;  /**< server's legacy DN or host name; may be "" */
  uint32_t display_type;    /**< PidTagDisplayType: DT_MAILUSER, DT_DISTLIST, ... */
  uint32_t display_type_ex; /**< PidTagDisplayTypeEx */
} ox_principal;

/** Implemented by libdirectory; called by libstore and the front ends. Blocking (a local SQL
 *  lookup): call it on a worker. */
typedef struct ox_principals ox_principals;
struct ox_principals {
  size_t struct_size;
  /** Finds by legacy DN, SMTP address (primary or secondary), alias or logon name.
   *  @return OX_OK, OX_E_NOT_FOUND, OX_E_AMBIGUOUS_RECIP, OX_E_DISK_ERROR, OX_E_NO_MEMORY */
  ox_status (*find)(ox_principals *principals, const char *name, ox_arena *arena, ox_principal *out,
                    ox_error *err);
  /** Members of a group, expanded through nested groups, each once.
   *  @return OX_OK, OX_E_NOT_FOUND (not a group), OX_E_LIMIT */
  ox_status (*members)(ox_principals *principals, const char *group, ox_arena *arena,
                       ox_principal **members_out, size_t *count_out, ox_error *err);
  /** The legacy DN prefix of the organisation, "/o=ORG". Lives as long as `principals`. */
  const char *(*organization_dn)(ox_principals *principals);
};

OX_END_DECLS

#endif
