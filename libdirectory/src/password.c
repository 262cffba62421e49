/* Passwords: scrypt for those that arrive in clear text, a sealed NT hash for NTLM. */
#include "directory_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#ifdef OX_DIRECTORY_HAVE_WIRE
#include <oxkit/wire/ntlm.h>
#endif

enum { SALT_BYTES = 16, HASH_BYTES = 32, NONCE_BYTES = 12, TAG_BYTES = 16 };
enum { SEALED_BYTES = NONCE_BYTES + NT_HASH_BYTES + TAG_BYTES, KEY_TEXT_BYTES = KEY_BYTES * 2 + 1 };
/* r and p of new hashes, as RFC 7914 section 2 and OWASP recommend beside N = 2^15 and up. */
enum { SCRYPT_R = 8, SCRYPT_P = 1 };

typedef struct credential {
  unsigned log2_n, r, p;
  uint8_t salt[SALT_BYTES];
  uint8_t hash[HASH_BYTES];
  uint8_t sealed[SEALED_BYTES];
  bool has_sealed;
} credential;

bool dir_random(void *out, size_t size_bytes) {
  return RAND_bytes(out, (int)size_bytes) == 1;
}

/* --- Key file --------------------------------------------------------------------------------- */

ox_status dir_key_create(const char *path, ox_error *err) {
  uint8_t key[KEY_BYTES];
  char text[KEY_TEXT_BYTES];
  static const char digits[] = "0123456789abcdef";
  if (!dir_random(key, sizeof key))
    return ox_error_set(err, OX_E_IO, "The system gives no random numbers.");
  for (size_t i = 0; i < KEY_BYTES; i++) {
    text[2 * i] = digits[key[i] >> 4];
    text[2 * i + 1] = digits[key[i] & 15];
  }
  text[KEY_TEXT_BYTES - 1] = '\n';
  ox_status status = OX_OK;
  int fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
  if (fd < 0 && errno == EEXIST)
    status = ox_error_setf(err, OX_E_DUPLICATE_NAME, "There is a file %s already.", path);
  else if (fd < 0)
    status =
        ox_error_setf(err, OX_E_IO, "Cannot create the key file %s: %s.", path, strerror(errno));
  else if (write(fd, text, sizeof text) != (ssize_t)sizeof text || fsync(fd) != 0)
    status =
        ox_error_setf(err, OX_E_IO, "Cannot write the key file %s: %s.", path, strerror(errno));
  if (fd >= 0) close(fd);
  if (fd >= 0 && status != OX_OK) unlink(path);
  ox_wipe(key, sizeof key);
  ox_wipe(text, sizeof text);
  return status;
}

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

ox_status dir_key_load(ox_directory *directory, const char *path, ox_error *err) {
  char text[KEY_TEXT_BYTES];
  struct stat file;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return OX_OK; /* no key: NTLM is unavailable, ox_directory_has_ntlm says so */
  bool closed_to_others = fstat(fd, &file) == 0 && (file.st_mode & (S_IRWXO | S_IWGRP)) == 0;
  ssize_t got = read(fd, text, sizeof text);
  close(fd);
  bool good = got >= (ssize_t)sizeof text - 1;
  for (size_t i = 0; good && i < KEY_BYTES; i++) {
    int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);
    good = high >= 0 && low >= 0;
    directory->key[i] = (uint8_t)((high & 15) << 4 | (low & 15));
  }
  ox_wipe(text, sizeof text);
  if (!closed_to_others)
    return ox_error_setf(
        err, OX_E_IO, "The key file %s can be read by others; make it private (chmod 600).", path);
  if (!good) return ox_error_setf(err, OX_E_VERSION, "%s is not a key file of oxkit.", path);
  directory->has_key = true;
  return OX_OK;
}

/* --- Sealing of the NT hash ------------------------------------------------------------------- */

/* AES-256-GCM with the object's id as associated data, so that sealed hashes cannot be exchanged
 * between rows. Form: nonce, ciphertext, tag. */
static bool seal_or_open(ox_directory *directory, int64_t id, bool seal, uint8_t sealed[],
                         uint8_t hash[]) {
  uint8_t aad[8];
  for (int i = 0; i < 8; i++) aad[i] = (uint8_t)((uint64_t)id >> (8 * i));
  EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
  uint8_t *body = sealed + NONCE_BYTES, *tag = body + NT_HASH_BYTES;
  int length = 0;
  bool good =
      cipher != NULL && (!seal || dir_random(sealed, NONCE_BYTES)) &&
      EVP_CipherInit_ex(cipher, EVP_aes_256_gcm(), NULL, directory->key, sealed, seal) &&
      EVP_CipherUpdate(cipher, NULL, &length, aad, sizeof aad) &&
      EVP_CipherUpdate(cipher, seal ? body : hash, &length, seal ? hash : body, NT_HASH_BYTES) &&
      (seal || EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_SET_TAG, TAG_BYTES, tag));
  uint8_t rest[16];
  good = good && EVP_CipherFinal_ex(cipher, rest, &length) &&
         (!seal || EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_GET_TAG, TAG_BYTES, tag));
  EVP_CIPHER_CTX_free(cipher);
  return good;
}

/* --- scrypt ----------------------------------------------------------------------------------- */

static bool derive(const char *password, const credential *c, uint8_t hash_out[HASH_BYTES]) {
  uint64_t n = (uint64_t)1 << c->log2_n;
  uint64_t memory = 128 * n * c->r + (uint64_t)1024 * 1024 * (1 + c->p);
  return EVP_PBE_scrypt(password, strlen(password), c->salt, SALT_BYTES, n, c->r, c->p, memory,
                        hash_out, HASH_BYTES) == 1;
}

static void copy_blob(sqlite3_stmt *stmt, int column, uint8_t *out, size_t size_bytes) {
  const void *blob = sqlite3_column_blob(stmt, column);
  memset(out, 0, size_bytes);
  if (blob != NULL && (size_t)sqlite3_column_bytes(stmt, column) == size_bytes)
    memcpy(out, blob, size_bytes);
}

/* @return OX_OK, OX_E_NOT_FOUND (no password), OX_E_DISK_ERROR ... */
static ox_status load_credential(ox_directory *directory, int64_t id, credential *out,
                                 ox_error *err) {
  sqlite3_stmt *stmt = db_statement(directory, ST_CREDENTIAL);
  if (stmt == NULL) return db_fail(directory, "Cannot read the directory", err);
  sqlite3_bind_int64(stmt, 1, id);
  int code = sqlite3_step(stmt);
  ox_status status = OX_OK;
  if (code == SQLITE_ROW) {
    out->log2_n = (unsigned)sqlite3_column_int(stmt, 0);
    out->r = (unsigned)sqlite3_column_int(stmt, 1);
    out->p = (unsigned)sqlite3_column_int(stmt, 2);
    copy_blob(stmt, 3, out->salt, SALT_BYTES);
    copy_blob(stmt, 4, out->hash, HASH_BYTES);
    out->has_sealed = sqlite3_column_type(stmt, 5) == SQLITE_BLOB;
    copy_blob(stmt, 5, out->sealed, SEALED_BYTES);
    if (out->log2_n < 1 || out->log2_n > 20 || out->r < 1 || out->r > 32 || out->p < 1 ||
        out->p > 16)
      status = ox_error_set(err, OX_E_DISK_ERROR, "A stored password has impossible parameters.");
  } else {
    status =
        code == SQLITE_DONE ? OX_E_NOT_FOUND : db_fail(directory, "Cannot read the directory", err);
  }
  sqlite3_reset(stmt);
  return status;
}

#ifdef OX_DIRECTORY_HAVE_WIRE
static ox_status seal_nt_hash(ox_directory *directory, int64_t id, const char *password,
                              credential *c, ox_error *err) {
  uint8_t hash[NT_HASH_BYTES];
  ox_status status = ox_ntlm_nt_hash(password, hash);
  if (status != OX_OK) return ox_error_set(err, status, NULL);
  c->has_sealed = seal_or_open(directory, id, true, c->sealed, hash);
  ox_wipe(hash, sizeof hash);
  if (!c->has_sealed) return ox_error_set(err, OX_E_IO, "The NT hash could not be sealed.");
  return OX_OK;
}
#endif

ox_status dir_set_password_locked(ox_directory *directory, int64_t id, const char *password,
                                  ox_error *err) {
  size_t length = strlen(password);
  if (length == 0 || length > OX_DIRECTORY_PASSWORD_MAX_BYTES)
    return ox_error_setf(err, OX_E_USAGE, "A password has 1 to %d bytes.",
                         OX_DIRECTORY_PASSWORD_MAX_BYTES);
  if (!ox_text_is_valid(ox_str8_from(password)))
    return ox_error_set(err, OX_E_USAGE, "The password is not valid UTF-8.");
  credential c = {.log2_n = directory->scrypt_log2_n, .r = SCRYPT_R, .p = SCRYPT_P};
  if (!dir_random(c.salt, SALT_BYTES))
    return ox_error_set(err, OX_E_IO, "The system gives no random numbers.");
  if (!derive(password, &c, c.hash))
    return ox_error_set(err, OX_E_NO_MEMORY, "The password hash needs more memory.");
#ifdef OX_DIRECTORY_HAVE_WIRE
  if (ox_directory_has_ntlm(directory)) {
    ox_status status = seal_nt_hash(directory, id, password, &c, err);
    if (status != OX_OK) return status;
  }
#endif
  sqlite3_stmt *stmt = db_statement(directory, ST_PUT_CREDENTIAL);
  if (stmt != NULL) {
    sqlite3_bind_int64(stmt, 1, id);
    sqlite3_bind_int(stmt, 2, (int)c.log2_n);
    sqlite3_bind_int(stmt, 3, (int)c.r);
    sqlite3_bind_int(stmt, 4, (int)c.p);
    sqlite3_bind_blob(stmt, 5, c.salt, SALT_BYTES, SQLITE_TRANSIENT);
    sqlite3_bind_blob(stmt, 6, c.hash, HASH_BYTES, SQLITE_TRANSIENT);
    if (c.has_sealed) sqlite3_bind_blob(stmt, 7, c.sealed, SEALED_BYTES, SQLITE_TRANSIENT);
  }
  ox_status status = db_run(directory, stmt, "Cannot change the directory", err);
  ox_wipe(&c, sizeof c);
  return status;
}

static ox_status set_password_in_transaction(ox_directory *directory, const char *user,
                                             const char *password, ox_error *err) {
  int64_t id = 0;
  ox_directory_entry entry;
  ox_arena arena;
  ox_arena_init(&arena, directory->allocator, 0);
  ox_status status = dir_find(directory, user, &id, err);
  if (status == OX_OK) status = dir_load(directory, id, &arena, &entry, err);
  if (status == OX_OK && !dir_kind_has_mailbox(entry.kind))
    status = ox_error_setf(err, OX_E_USAGE, "%s is a %s and cannot have a password.", entry.name,
                           ox_directory_kind_name(entry.kind));
  ox_arena_dispose(&arena);
  if (status != OX_OK) return status;
  if (password != NULL) return dir_set_password_locked(directory, id, password, err);
  sqlite3_stmt *stmt = db_statement(directory, ST_DELETE_CREDENTIAL);
  if (stmt != NULL) sqlite3_bind_int64(stmt, 1, id);
  return db_run(directory, stmt, "Cannot change the directory", err);
}

ox_status ox_directory_set_password(ox_directory *directory, const char *user, const char *password,
                                    ox_error *err) {
  dir_lock(directory);
  ox_status status = db_begin(directory, err);
  if (status == OX_OK)
    status = db_end(directory, set_password_in_transaction(directory, user, password, err), err);
  dir_unlock(directory);
  return status;
}

/* --- Verifying -------------------------------------------------------------------------------- */

/* The user that a name means, when it may log on. Lock held.
 * @return OX_OK, OX_E_LOGON_FAILED, a failure */
static ox_status find_account(ox_directory *directory, const char *user, ox_arena *arena,
                              int64_t *id_out, ox_directory_entry *entry_out, credential *out,
                              ox_error *err) {
  ox_status status = dir_find(directory, user, id_out, NULL);
  if (status == OX_OK) status = dir_load(directory, *id_out, arena, entry_out, err);
  if (status == OX_OK && entry_out->disabled) status = OX_E_NOT_FOUND;
  if (status == OX_OK) status = load_credential(directory, *id_out, out, err);
  return status == OX_E_NOT_FOUND ? OX_E_LOGON_FAILED : status;
}

/* A keyed hash of the password and of what is stored for it: a change of either changes it. */
static bool cache_mac(const ox_directory *directory, const credential *c, const char *password,
                      uint8_t mac_out[32]) {
  uint8_t data[SALT_BYTES + HASH_BYTES + OX_DIRECTORY_PASSWORD_MAX_BYTES];
  size_t length = strlen(password);
  if (length > OX_DIRECTORY_PASSWORD_MAX_BYTES) return false;
  memcpy(data, c->salt, SALT_BYTES);
  memcpy(data + SALT_BYTES, c->hash, HASH_BYTES);
  memcpy(data + SALT_BYTES + HASH_BYTES, password, length);
  unsigned int size = 0;
  bool good = HMAC(EVP_sha256(), directory->cache_key, KEY_BYTES, data,
                   SALT_BYTES + HASH_BYTES + length, mac_out, &size) != NULL;
  ox_wipe(data, sizeof data);
  return good && size == 32;
}

static bool is_cached(ox_directory *directory, int64_t id, const uint8_t mac[32]) {
  const password_slot *slot = &directory->cache[(uint64_t)id % PASSWORD_CACHE_SLOTS];
  return slot->object == id && CRYPTO_memcmp(slot->mac, mac, 32) == 0;
}

static void put_cached(ox_directory *directory, int64_t id, const uint8_t mac[32]) {
  password_slot *slot = &directory->cache[(uint64_t)id % PASSWORD_CACHE_SLOTS];
  slot->object = id;
  memcpy(slot->mac, mac, 32);
}

ox_status ox_directory_verify_password(ox_directory *directory, const char *user,
                                       const char *password, ox_arena *arena,
                                       const char **canonical_out, ox_error *err) {
  int64_t id = 0;
  ox_directory_entry entry;
  credential c;
  uint8_t mac[32] = {0}, hash[HASH_BYTES];
  bool has_mac = false, cached = false;
  /* What nobody's password is: unknown users are measured against it, at the same price. */
  credential decoy = {.log2_n = directory->scrypt_log2_n, .r = SCRYPT_R, .p = SCRYPT_P};
  memcpy(decoy.salt, directory->decoy_salt, SALT_BYTES);
  if (strlen(password) > OX_DIRECTORY_PASSWORD_MAX_BYTES)
    return ox_error_set(err, OX_E_LOGON_FAILED, NULL);
  dir_lock(directory);
  ox_status status = find_account(directory, user, arena, &id, &entry, &c, err);
  if (status == OX_OK) {
    has_mac = cache_mac(directory, &c, password, mac);
    cached = has_mac && is_cached(directory, id, mac);
  }
  dir_unlock(directory);
  if (status != OX_OK && status != OX_E_LOGON_FAILED) return status;
  bool known = status == OX_OK;
  if (!cached) {
    if (!derive(password, known ? &c : &decoy, hash))
      return ox_error_set(err, OX_E_NO_MEMORY, "Verifying a password needs more memory.");
    bool same = CRYPTO_memcmp(hash, known ? c.hash : decoy.hash, HASH_BYTES) == 0;
    ox_wipe(hash, sizeof hash);
    if (!known || !same) {
      ox_wipe(&c, sizeof c);
      return ox_error_set(err, OX_E_LOGON_FAILED, NULL);
    }
    dir_lock(directory);
    if (has_mac) put_cached(directory, id, mac);
    dir_unlock(directory);
  }
  ox_wipe(&c, sizeof c);
  if (canonical_out != NULL) *canonical_out = entry.smtp_address;
  return OX_OK;
}

/* "DOMAIN\user" in the arena unless user already says where it belongs. */
static const char *qualified_name(ox_arena *arena, const char *user, const char *domain) {
  if (domain == NULL || domain[0] == 0 || strpbrk(user, "@\\") != NULL) return user;
  size_t domain_length = strlen(domain), user_length = strlen(user);
  char *name = ox_arena_alloc(arena, domain_length + user_length + 2);
  if (name == NULL) return NULL;
  memcpy(name, domain, domain_length);
  name[domain_length] = '\\';
  memcpy(name + domain_length + 1, user, user_length + 1);
  return name;
}

ox_status ox_directory_nt_hash(ox_directory *directory, const char *user, const char *domain,
                               uint8_t nt_hash_out[16], ox_arena *arena, const char **canonical_out,
                               ox_error *err) {
  int64_t id = 0;
  ox_directory_entry entry;
  credential c;
  memset(nt_hash_out, 0, NT_HASH_BYTES);
  if (!ox_directory_has_ntlm(directory))
    return ox_error_set(err, OX_E_NO_SUPPORT, "The directory keeps no NT hashes.");
  const char *name = qualified_name(arena, user, domain);
  if (name == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  dir_lock(directory);
  ox_status status = find_account(directory, name, arena, &id, &entry, &c, err);
  dir_unlock(directory);
  if (status == OX_E_LOGON_FAILED) return ox_error_set(err, status, NULL);
  if (status != OX_OK) return status;
  if (!c.has_sealed)
    status = ox_error_setf(err, OX_E_NO_SUPPORT,
                           "No NT hash is kept for %s; set the password again.", entry.name);
  else if (!seal_or_open(directory, id, false, c.sealed, nt_hash_out))
    status = ox_error_setf(err, OX_E_NO_SUPPORT,
                           "The NT hash of %s was sealed with another key file.", entry.name);
  if (status != OX_OK) ox_wipe(nt_hash_out, NT_HASH_BYTES);
  ox_wipe(&c, sizeof c);
  if (status == OX_OK && canonical_out != NULL) *canonical_out = entry.smtp_address;
  return status;
}
