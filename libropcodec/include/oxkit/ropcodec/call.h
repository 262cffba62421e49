/* The calling convention of the interfaces between libraries: submit, completion callback,
 * deadline, cancel.
 *
 * A submit function returns OX_OK when it has taken the call; then its callback runs exactly once:
 * before the submit returns, or later, on any thread. Any other return means that the callback
 * never runs. Results given to a callback live until it returns. */
#ifndef OXKIT_ROPCODEC_CALL_H
#define OXKIT_ROPCODEC_CALL_H

#include <oxkit/ropcodec/types.h>

OX_BEGIN_DECLS

/** No deadline. Every `deadline_ms` of these interfaces is a point in time: milliseconds of the
 *  system's monotonic clock (CLOCK_MONOTONIC). */
#define OX_NO_DEADLINE UINT64_MAX

/** A call in flight, as its submitter names it: unique among the caller's calls in flight and not
 *  0. Given to `cancel`, which makes the callback run soon, with OX_E_CANCELLED unless the call
 *  was just done. */
typedef uint64_t ox_call_id;

/** Who is asking, as the front end authenticated them. */
typedef struct ox_caller {
  size_t struct_size;
  const char *user;        /**< canonical principal, "alice@example.test" */
  const char *peer;        /**< address of the peer, "127.0.0.1:4711"; may be NULL */
  const char *client_info; /**< client name and version as the client told; may be NULL */
} ox_caller;

OX_END_DECLS

#endif
