/* The directory: people, groups, rooms and contacts in one SQLite file.
 *
 * All text is UTF-8. An ox_directory may be used by several threads at once (it holds one
 * connection and a lock; verifying a password works outside the lock) and several processes may
 * have the same file open. Every call blocks: on a loop thread, use a worker. */
#ifndef OXKIT_DIRECTORY_DIRECTORY_H
#define OXKIT_DIRECTORY_DIRECTORY_H

#include <oxkit/ropcodec/identity.h>

OX_BEGIN_DECLS

typedef struct ox_directory ox_directory;

/* Kinds of object. */
#define OX_DIRECTORY_ANY 0u       /**< in searches only */
#define OX_DIRECTORY_USER 1u      /**< a person with a mailbox */
#define OX_DIRECTORY_GROUP 2u     /**< a distribution list */
#define OX_DIRECTORY_ROOM 3u      /**< a conference room, with a mailbox */
#define OX_DIRECTORY_EQUIPMENT 4u /**< a projector, a car; with a mailbox */
#define OX_DIRECTORY_CONTACT 5u   /**< somebody outside: an address and no mailbox */

/** Longest name (alias), in bytes. */
#define OX_DIRECTORY_NAME_MAX_BYTES 64
/** Longest value of an attribute, in bytes. */
#define OX_DIRECTORY_VALUE_MAX_BYTES 32768
/** Longest password, in bytes. */
#define OX_DIRECTORY_PASSWORD_MAX_BYTES 1024
/** Nesting of groups that `members` follows. */
#define OX_DIRECTORY_GROUP_DEPTH_MAX 32
/** Members that one expansion of a group may give. */
#define OX_DIRECTORY_MEMBERS_MAX 100000

typedef struct ox_directory_options {
  size_t struct_size;
  const ox_allocator *allocator; /**< NULL for the C library's */
  bool read_only;                /**< open: refuse every change */
  bool ntlm;                     /**< create: keep NT hashes, sealed with a new key file */
  /** Work of new password hashes, 10 to 20. 0: create takes 15 (32 MiB), open what create took. */
  uint8_t scrypt_log2_n;
  uint32_t busy_timeout_ms; /**< wait for another process's lock; 0 for 5000 */
  const char *key_path;     /**< key file; NULL for PATH.key */
  const char *home_server;  /**< what principals say; NULL for "" */
} ox_directory_options;
#define OX_DIRECTORY_OPTIONS_INIT \
  { .struct_size = sizeof(ox_directory_options) }

/** Creates a directory file (mode 0600) and, with `ntlm`, its key file (mode 0600). Neither may
 *  exist.
 *  @param organization  name in legacy DNs, "First Organization": 1 to 64 ASCII letters, digits,
 *                       blanks and ! " % & ( ) * + , - . : < = > ? @ [ ] _ |
 *  @param domain        mail domain, "example.test"
 *  @param options       NULL for defaults
 *  @return OX_OK, OX_E_USAGE (a name that cannot be used), OX_E_COLLISION (exists), OX_E_IO,
 *          OX_E_NO_SUPPORT (ntlm in a build without libwire) */
OX_EXPORT OX_WARN_UNUSED ox_status ox_directory_create(const char *path, const char *organization,
                                                       const char *domain,
                                                       const ox_directory_options *options,
                                                       ox_error *err);

/** Opens a directory. Free with ox_directory_close.
 *  @return OX_OK, OX_E_NOT_FOUND (no such file), OX_E_VERSION (another version wrote it, or it is
 *          no directory), OX_E_LOCKED, OX_E_READ_ONLY (the file cannot be written and read_only
 *          was not asked for), OX_E_IO, OX_E_NO_MEMORY */
OX_EXPORT OX_WARN_UNUSED ox_status ox_directory_open(const char *path,
                                                     const ox_directory_options *options,
                                                     ox_directory **out, ox_error *err);
/** NULL is fine. Nothing may be running in it. */
OX_EXPORT void ox_directory_close(ox_directory *directory);

/** As given to ox_directory_create; live as long as the directory. */
OX_EXPORT const char *ox_directory_organization(const ox_directory *directory);
OX_EXPORT const char *ox_directory_domain(const ox_directory *directory);
/** "/o=ORG". */
OX_EXPORT const char *ox_directory_organization_dn(const ox_directory *directory);
/** A GUID that is the directory's own, the same every time it is opened. */
OX_EXPORT void ox_directory_guid(const ox_directory *directory, ox_guid *guid_out);
/** True when NT hashes are kept and the key file was readable. */
OX_EXPORT bool ox_directory_has_ntlm(const ox_directory *directory);
/** A number that grows with every change by any process; 0 when it cannot be read. */
OX_EXPORT uint64_t ox_directory_generation(ox_directory *directory);

/** One value of an attribute; an attribute with several values appears several times. */
typedef struct ox_directory_attribute {
  const char *name; /**< LDAP spelling, any case: "telephoneNumber", "department", "manager" */
  const char *value;
} ox_directory_attribute;

/** An object. To ox_directory_add, fields that say so may be NULL or 0. From a lookup, strings
 *  live in the arena of the lookup and are never NULL. */
typedef struct ox_directory_entry {
  size_t struct_size;
  uint32_t kind;            /**< OX_DIRECTORY_* */
  uint32_t mid;             /**< out: minimal entry id, stable, at least 0x100 */
  ox_guid guid;             /**< add: null for a new one */
  ox_guid mailbox_guid;     /**< add: null for a new one; stays null without a mailbox */
  const char *name;         /**< alias and logon name, unique: "alice" */
  const char *smtp_address; /**< primary, unique; add: NULL for NAME@DOMAIN */
  const char *display_name; /**< add: NULL for the name */
  const char *legacy_dn;    /**< add: NULL for /o=ORG/ou=.../cn=Recipients/cn=NAME, made unique */
  const char *const *addresses; /**< secondary SMTP and X500 ("x500:/o=...") addresses */
  size_t address_count;
  const ox_directory_attribute *attributes;
  size_t attribute_count;
  bool hidden;       /**< not in address lists */
  bool disabled;     /**< cannot log on */
  bool has_password; /**< out */
  bool has_nt_hash;  /**< out */
} ox_directory_entry;
#define OX_DIRECTORY_ENTRY_INIT \
  { .struct_size = sizeof(ox_directory_entry) }

/** Adds an object.
 *  @param guid_out  its GUID; may be NULL
 *  @return OX_OK, OX_E_USAGE (text says which field), OX_E_COLLISION (name, address or DN is
 *          taken), OX_E_LIMIT, OX_E_READ_ONLY, OX_E_LOCKED, OX_E_NOT_ENOUGH_DISK, OX_E_DISK_ERROR
 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_directory_add(ox_directory *directory,
                                                    const ox_directory_entry *entry,
                                                    ox_guid *guid_out, ox_error *err);

/** Replaces all values of one attribute. Besides the attributes of ox_directory_attribute_name:
 *  "displayName", "mail" (primary address), "proxyAddresses" (secondary addresses),
 *  "msExchHideFromAddressLists" ("TRUE", "FALSE"), "disabled" ("TRUE", "FALSE").
 *  @param object  anything that ox_directory_get finds by
 *  @param values  NULL with count 0 removes the attribute
 *  @return as ox_directory_add, and OX_E_NOT_FOUND */
OX_EXPORT OX_WARN_UNUSED ox_status ox_directory_set(ox_directory *directory, const char *object,
                                                    const char *attribute,
                                                    const char *const *values, size_t value_count,
                                                    ox_error *err);

/** Removes an object and its memberships. Its mailbox is the store's business. */
OX_EXPORT OX_WARN_UNUSED ox_status ox_directory_remove(ox_directory *directory, const char *object,
                                                       ox_error *err);

/** Finds one object by name, user@domain, DOMAIN\user, any of its addresses, legacy DN, or GUID
 *  text.
 *  @return OX_OK, OX_E_NOT_FOUND, OX_E_DISK_ERROR, OX_E_NO_MEMORY */
OX_EXPORT OX_WARN_UNUSED ox_status ox_directory_get(ox_directory *directory, const char *object,
                                                    ox_arena *arena, ox_directory_entry *out,
                                                    ox_error *err);

/** Called for each object; any status but OX_OK ends the walk and becomes its result. The entry
 *  lives until the visit returns. The visit may read from the directory. */
typedef ox_status (*ox_directory_visit)(void *user, const ox_directory_entry *entry);
/** Walks the objects of a kind (or OX_DIRECTORY_ANY) in order of display name, hidden ones too. */
OX_EXPORT OX_WARN_UNUSED ox_status ox_directory_each(ox_directory *directory, uint32_t kind,
                                                     ox_directory_visit visit, void *user,
                                                     ox_error *err);

/** Adds a member (any object) to a group; being one already is no error.
 *  @return OX_OK, OX_E_NOT_FOUND (text says which), OX_E_USAGE (not a group; a group in itself) */
OX_EXPORT OX_WARN_UNUSED ox_status ox_directory_add_member(ox_directory *directory,
                                                           const char *group, const char *member,
                                                           ox_error *err);
OX_EXPORT OX_WARN_UNUSED ox_status ox_directory_remove_member(ox_directory *directory,
                                                              const char *group, const char *member,
                                                              ox_error *err);
/** Names of the direct members in order of display name, in the arena. */
OX_EXPORT OX_WARN_UNUSED ox_status ox_directory_members(ox_directory *directory, const char *group,
                                                        ox_arena *arena, const char ***names_out,
                                                        size_t *count_out, ox_error *err);

/** Sets (NULL: removes) the password of a user. Where NTLM is on, the NT hash is kept too, sealed
 *  with AES-256-GCM under the key file; everywhere, an scrypt hash with its parameters.
 *  @return OX_OK, OX_E_NOT_FOUND, OX_E_USAGE (not a user; empty or too long), OX_E_READ_ONLY, ...
 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_directory_set_password(ox_directory *directory,
                                                             const char *user, const char *password,
                                                             ox_error *err);
/** Verifies a password; unknown, disabled and password-less users cost the same work. A password
 *  that was right lately is recognised by a keyed hash in memory, so that clients that send it with
 *  every request do not cost an scrypt each.
 *  @param canonical_out  the user's primary address, in the arena; NULL when not wanted
 *  @return OX_OK, OX_E_LOGON_FAILED, OX_E_DISK_ERROR, OX_E_NO_MEMORY */
OX_EXPORT OX_WARN_UNUSED ox_status
ox_directory_verify_password(ox_directory *directory, const char *user, const char *password,
                             ox_arena *arena, const char **canonical_out, ox_error *err);
/** The NT hash of a user, for NTLM. Wipe it after use.
 *  @return OX_OK, OX_E_LOGON_FAILED (unknown, disabled), OX_E_NO_SUPPORT (no hash kept) */
OX_EXPORT OX_WARN_UNUSED ox_status ox_directory_nt_hash(ox_directory *directory, const char *user,
                                                        const char *domain, uint8_t nt_hash_out[16],
                                                        ox_arena *arena, const char **canonical_out,
                                                        ox_error *err);

/** Told about each LDIF entry: status OX_OK when it was imported, else why not.
 *  A member or manager that cannot be found is reported on its own line, with its entry's DN, and
 *  counted as refused. Must not call into the directory.
 *  @param line    line number of the entry's first line, from 1
 *  @param dn      as written; "" when it could not be read
 *  @param reason  why not; with OX_OK a remark, or NULL */
typedef void (*ox_directory_import_report)(void *user, size_t line, const char *dn,
                                           ox_status status, const char *reason);
typedef struct ox_directory_import {
  size_t struct_size;
  ox_directory_import_report report; /**< may be NULL */
  void *user;
  size_t imported_count; /**< out */
  size_t refused_count;  /**< out */
} ox_directory_import;
#define OX_DIRECTORY_IMPORT_INIT \
  { .struct_size = sizeof(ox_directory_import) }

/** Imports LDIF content or add records: inetOrgPerson and its kin become users (contacts when their
 *  address is in another domain), groupOfNames and its kin become groups. What cannot be imported
 * is reported and does not stop the rest; group members may come before or after their groups.
 *  Plain-text userPassword values are set; hashed ones cannot be used and are reported.
 *  @return OX_OK (look at the counts), OX_E_READ_ONLY, OX_E_LOCKED, OX_E_NOT_ENOUGH_DISK,
 *          OX_E_DISK_ERROR, OX_E_NO_MEMORY
 *  @spec RFC 2849 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_directory_import_ldif(ox_directory *directory, ox_bytes ldif,
                                                            ox_directory_import *import,
                                                            ox_error *err);

/** Interfaces for the other libraries; they belong to the directory. Their calls block and complete
 *  before they return; call them on a worker. Thread-safe. */
OX_EXPORT ox_identity_source *ox_directory_identity_source(ox_directory *directory);
OX_EXPORT ox_principals *ox_directory_principals(ox_directory *directory);

/** "user", "group", "room", "equipment", "contact"; NULL for another number. Static string. */
OX_EXPORT const char *ox_directory_kind_name(uint32_t kind);
/** 0 for another name. */
OX_EXPORT uint32_t ox_directory_kind_from_name(const char *name);
/** The index-th attribute that the address book shows as a property; NULL past the last. */
OX_EXPORT const char *ox_directory_attribute_name(size_t index);

OX_END_DECLS

#endif
