/* What the files of the directory share. Callers of db_* and of functions that say so hold the
 * lock. */
#ifndef OXKIT_DIRECTORY_INTERNAL_H
#define OXKIT_DIRECTORY_INTERNAL_H

#include <oxkit/directory/directory.h>

#include <pthread.h>
#include <sqlite3.h>

#include <oxkit/ropcodec/text.h>

enum {
  DIRECTORY_APPLICATION_ID = 0x4F784469, /* "OxDi" */
  DIRECTORY_SCHEMA_VERSION = 1,
  FIRST_MID = 0x100,
  KEY_BYTES = 32,
  SORT_KEY_MAX_BYTES = 512,
  PASSWORD_CACHE_SLOTS = 1024,
  NT_HASH_BYTES = 16,
  SCRYPT_LOG2_N_MIN = 10,
  SCRYPT_LOG2_N_MAX = 20,
  SCRYPT_LOG2_N_DEFAULT = 15,
};

/* Every statement of the library by name; their text stands in db.c, in this order. */
typedef enum statement {
  ST_BEGIN,
  ST_COMMIT,
  ST_ROLLBACK,
  ST_GENERATION,
  ST_TOUCH,
  ST_ID_BY_NAME,
  ST_ID_BY_ADDRESS,
  ST_ID_BY_GUID,
  ST_OBJECT,
  ST_ADDRESSES,
  ST_ATTRIBUTES,
  ST_CREDENTIAL_FLAGS,
  ST_INSERT_OBJECT,
  ST_INSERT_ADDRESS,
  ST_DELETE_ADDRESSES_OF_RANK,
  ST_DELETE_ADDRESS,
  ST_INSERT_ATTRIBUTE,
  ST_DELETE_ATTRIBUTE,
  ST_SET_DISPLAY_NAME,
  ST_SET_SMTP,
  ST_SET_HIDDEN,
  ST_SET_DISABLED,
  ST_DELETE_OBJECT,
  ST_IDS_IN_ORDER,
  ST_INSERT_MEMBER,
  ST_DELETE_MEMBER,
  ST_MEMBERS,
  ST_MEMBER_OF,
  ST_CREDENTIAL,
  ST_PUT_CREDENTIAL,
  ST_DELETE_CREDENTIAL,
  ST_INSERT_TOKEN,
  ST_DELETE_TOKENS,
  ST_TOKEN_RANGE,
  ST_SNAPSHOT,
  ST_COUNT
} statement;

/* A verified password, as a keyed hash that only this process can make. */
typedef struct password_slot {
  int64_t object;
  uint8_t mac[32];
} password_slot;

struct ox_directory {
  ox_identity_source identity; /* first members: found again by container_of */
  ox_principals principals;
  const ox_allocator *allocator;
  sqlite3 *db;
  sqlite3_stmt *statements[ST_COUNT];
  pthread_mutex_t lock;
  char *path;
  char *organization;
  char *organization_dn;
  char *domain;
  char *home_server;
  ox_guid guid;
  bool read_only;
  bool ntlm;    /* the directory keeps NT hashes */
  bool has_key; /* and this process could read the key */
  uint8_t key[KEY_BYTES];
  uint8_t scrypt_log2_n;
  uint8_t cache_key[KEY_BYTES];
  uint8_t decoy_salt[16];
  password_slot *cache; /* PASSWORD_CACHE_SLOTS */
};

#define CONTAINER_OF(pointer, type, member) ((type *)((char *)(pointer)-offsetof(type, member)))

/* --- db.c --- */

void dir_lock(ox_directory *directory);
void dir_unlock(ox_directory *directory);

/* The last failure of SQLite as a status and one sentence that starts with `doing`. */
ox_status db_fail(ox_directory *directory, const char *doing, ox_error *err);
/* A statement, prepared on first use and reset; NULL after a failure (then db_fail). */
sqlite3_stmt *db_statement(ox_directory *directory, statement which);
/* Runs a statement that gives no rows. */
ox_status db_run(ox_directory *directory, sqlite3_stmt *stmt, const char *doing, ox_error *err);
/* Starts a transaction that will write. */
ox_status db_begin(ox_directory *directory, ox_error *err);
/* Commits when status is OX_OK, else rolls back; gives the status of the whole. */
ox_status db_end(ox_directory *directory, ox_status status, ox_error *err);

void db_bind_text(sqlite3_stmt *stmt, int index, const char *text);
void db_bind_guid(sqlite3_stmt *stmt, int index, const ox_guid *guid);
/* Column as terminated text in the arena; "" for NULL. NULL when out of memory. */
const char *db_text(sqlite3_stmt *stmt, int column, ox_arena *arena);
void db_guid(sqlite3_stmt *stmt, int column, ox_guid *out);

/* --- names.c --- */

/* Text folded for comparison, as UTF-8. NULL when out of memory. */
char *dir_fold(ox_arena *arena, const char *text, uint32_t folds);
/* A character that a DN may have. @spec [MS-OXOABK] 2.2.1.1 (teletex-char) */
bool dir_is_teletex(char c);
/* Checks; on failure one sentence. */
ox_status dir_check_name(const char *name, ox_error *err);
ox_status dir_check_smtp(const char *address, ox_error *err);
ox_status dir_check_domain(const char *domain, ox_error *err);
ox_status dir_check_organization(const char *organization, ox_error *err);
ox_status dir_check_text(const char *what, const char *text, size_t max_bytes, ox_error *err);
/* Key in the table of addresses for an SMTP address ("smtp:...") or an X500 DN ("x500:..."). An
 * address may carry its type in front, in any case. NULL when out of memory. */
char *dir_address_key(ox_arena *arena, const char *address);
bool dir_is_dn(const char *name);
/* Finds the object that a name means. Lock held. @return OX_OK, OX_E_NOT_FOUND, ... */
ox_status dir_find(ox_directory *directory, const char *name, int64_t *id_out, ox_error *err);

/* --- objects.c --- */

/* Loads an object with its addresses and attributes. Lock held. */
ox_status dir_load(ox_directory *directory, int64_t id, ox_arena *arena, ox_directory_entry *out,
                   ox_error *err);
/* Adds within a transaction that the caller holds open. */
ox_status dir_add_locked(ox_directory *directory, const ox_directory_entry *entry,
                         ox_guid *guid_out, int64_t *id_out, ox_error *err);
/* PidTagDisplayType and PidTagDisplayTypeEx of a kind. */
uint32_t dir_display_type(uint32_t kind);
uint32_t dir_display_type_ex(uint32_t kind);
bool dir_kind_has_mailbox(uint32_t kind);

/* --- anr.c --- */

/* Rewrites the search words of an object. In a transaction. */
ox_status dir_index_object(ox_directory *directory, int64_t id, ox_error *err);
/* Ids of the objects that the text may mean to a person: their name, address or one of the
 * searched attributes starts with it, or every word of it starts one of theirs. Sorted by id, each
 * once, hidden ones included. Lock held.
 * @param limit  gives up with OX_E_LIMIT past so many */
ox_status dir_anr(ox_directory *directory, const char *text, size_t limit, ox_arena *arena,
                  int64_t **ids_out, size_t *count_out, ox_error *err);
/* The one object whose name, address, DN or whole display name the text is. Lock held.
 * @return OX_OK, OX_E_NOT_FOUND (none, or several), a failure */
ox_status dir_anr_exact(ox_directory *directory, const char *text, ox_arena *arena, int64_t *id_out,
                        ox_error *err);

/* --- attributes.c --- */

/* Canonical spelling of an attribute that the library keeps; NULL when it keeps none such. */
const char *dir_attribute_canonical(const char *name);

/* --- groups.c --- */

ox_status dir_add_member_locked(ox_directory *directory, int64_t group, int64_t member,
                                ox_error *err);

/* --- password.c --- */

ox_status dir_key_create(const char *path, ox_error *err);
ox_status dir_key_load(ox_directory *directory, const char *path, ox_error *err);
ox_status dir_set_password_locked(ox_directory *directory, int64_t id, const char *password,
                                  ox_error *err);
bool dir_random(void *out, size_t size_bytes);

/* --- identity.c --- */

void dir_init_interfaces(ox_directory *directory);

#endif
