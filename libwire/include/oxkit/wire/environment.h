/* What a protocol engine needs from the world: time and randomness. Injected, so that tests can
 * replay an exchange byte for byte. */
#ifndef OXKIT_WIRE_ENVIRONMENT_H
#define OXKIT_WIRE_ENVIRONMENT_H

#include <oxkit/ropcodec/types.h>

OX_BEGIN_DECLS

/** All callbacks are set. They may be called from any thread that runs an engine. */
typedef struct ox_environment {
  /** Fills `out` from a cryptographic source. @return OX_OK, OX_E_IO */
  ox_status (*random)(void *user, void *out, size_t size_bytes);
  /** Wall-clock time. */
  ox_filetime (*now)(void *user);
  /** Milliseconds of a clock that never goes back. */
  uint64_t (*monotonic_ms)(void *user);
  void *user;
} ox_environment;

/** The system's clocks and OpenSSL's random generator. Static, never NULL, for any thread. */
OX_EXPORT const ox_environment *ox_environment_system(void);

OX_END_DECLS

#endif
