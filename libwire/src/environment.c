#include <oxkit/wire/environment.h>

#include <limits.h>
#include <time.h>

#include <openssl/rand.h>

static ox_status system_random(void *user, void *out, size_t size_bytes) {
  (void)user;
  if (size_bytes > INT_MAX) return OX_E_USAGE;
  return RAND_bytes(out, (int)size_bytes) == 1 ? OX_OK : OX_E_IO;
}

static ox_filetime system_now(void *user) {
  (void)user;
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return ox_filetime_from_unix(now.tv_sec, (uint32_t)now.tv_nsec);
}

static uint64_t system_monotonic_ms(void *user) {
  (void)user;
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static const ox_environment system_environment = {system_random, system_now, system_monotonic_ms,
                                                  NULL};

const ox_environment *ox_environment_system(void) {
  return &system_environment;
}
