/* A few users and their passwords: what a directory would say. */
#ifndef OXKIT_TESTS_FAKE_IDENTITY_H
#define OXKIT_TESTS_FAKE_IDENTITY_H

#include <stdatomic.h>
#include <string.h>
#include <strings.h>

#include <oxkit/ropcodec/identity.h>
#include <oxkit/ropcodec/status.h>
#include <oxkit/wire/ntlm.h>

typedef struct fake_identity {
  ox_identity_source base;
  atomic_uint password_checks;
  atomic_uint hash_lookups;
  atomic_bool unavailable;
} fake_identity;

static const struct {
  const char *canonical;
  const char *password;
  bool ntlm;
} fake_users[] = {{"alice@example.test", "Pa:ss \xc3\xa4", true},
                  {"bob@example.test", "bobsecret", true},
                  {"carol@example.test", "basic-only", false},
                  {"dave@example.test", "davesecret", true}};

/* "alice", "EXAMPLE\alice", "alice@example.test"; -1 for nobody. */
static inline int fake_user_find(const char *name, const char *domain) {
  const char *backslash = strchr(name, '\\');
  if (backslash != NULL) name = backslash + 1;
  if (domain != NULL && *domain != 0 && strcasecmp(domain, "EXAMPLE") != 0) return -1;
  for (int i = 0; i < 4; i++) {
    size_t plain = strcspn(fake_users[i].canonical, "@");
    if (strcasecmp(name, fake_users[i].canonical) == 0 ||
        (strlen(name) == plain && strncasecmp(name, fake_users[i].canonical, plain) == 0))
      return i;
  }
  return -1;
}

static ox_status fake_verify(ox_identity_source *source, const char *user_name,
                             const char *password, uint64_t deadline_ms, ox_verify_done done,
                             void *user, ox_error *err) {
  fake_identity *fake = (fake_identity *)source;
  int index = fake_user_find(user_name, NULL);
  (void)deadline_ms;
  (void)err;
  atomic_fetch_add(&fake->password_checks, 1);
  if (atomic_load(&fake->unavailable)) return OX_E_IO;
  if (index < 0 || strcmp(fake_users[index].password, password) != 0)
    done(user, OX_E_LOGON_FAILED, NULL, NULL);
  else
    done(user, OX_OK, fake_users[index].canonical, NULL);
  return OX_OK;
}

static ox_status fake_nt_hash(ox_identity_source *source, const char *user_name,
                              const char *domain_name, uint64_t deadline_ms, ox_nt_hash_done done,
                              void *user, ox_error *err) {
  fake_identity *fake = (fake_identity *)source;
  int index = fake_user_find(user_name, domain_name);
  uint8_t hash[OX_NTLM_HASH_BYTES];
  (void)deadline_ms;
  (void)err;
  atomic_fetch_add(&fake->hash_lookups, 1);
  if (index < 0)
    done(user, OX_E_LOGON_FAILED, NULL, NULL, NULL);
  else if (!fake_users[index].ntlm)
    done(user, OX_E_NO_SUPPORT, NULL, NULL, NULL);
  else if (ox_ntlm_nt_hash(fake_users[index].password, hash) == OX_OK)
    done(user, OX_OK, fake_users[index].canonical, hash, NULL);
  return OX_OK;
}

static inline void fake_identity_init(fake_identity *fake) {
  memset(fake, 0, sizeof *fake);
  fake->base.struct_size = sizeof fake->base;
  fake->base.verify_password = fake_verify;
  fake->base.nt_hash = fake_nt_hash;
}

#endif
