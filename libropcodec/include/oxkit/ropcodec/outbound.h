/* Where a submitted message goes. Implemented by libinet's queue and, inside libstore, by local
 * delivery; called by whatever submits (libstore, libeas, libews, libdav). */
#ifndef OXKIT_ROPCODEC_OUTBOUND_H
#define OXKIT_ROPCODEC_OUTBOUND_H

#include <oxkit/ropcodec/call.h>
#include <oxkit/ropcodec/message.h>

OX_BEGIN_DECLS

/** One recipient of the envelope and what became of it. */
typedef struct ox_envelope_recipient {
  const char *address; /**< SMTP address or legacy DN, UTF-8 */
  ox_status status;    /**< filled by submit: OX_OK, OX_E_NOT_FOUND, ... */
} ox_envelope_recipient;

typedef struct ox_envelope {
  size_t struct_size;
  const char *sender; /**< SMTP address of the submitting mailbox */
  ox_envelope_recipient *recipients;
  size_t recipient_count;
} ox_envelope;

/** `queue_id` names the message in the queue, "" when everything was delivered at once. */
typedef void (*ox_outbound_done)(void *user, ox_status status, const char *queue_id,
                                 const ox_error *err);

typedef struct ox_outbound ox_outbound;
struct ox_outbound {
  size_t struct_size;
  /** Accepts responsibility for the message: durable when `done` reports OX_OK. Message and
   *  envelope must stay until then. */
  ox_status (*submit)(ox_outbound *outbound, ox_call_id call, const ox_message *message,
                      ox_envelope *envelope, uint64_t deadline_ms, ox_outbound_done done,
                      void *user, ox_error *err);
  /** @return OX_OK while queued, OX_E_NOT_FOUND when it has left the queue */
  ox_status (*query)(ox_outbound *outbound, const char *queue_id, ox_error *err);
  /** @return OX_OK, OX_E_NOT_FOUND, OX_E_UNABLE_TO_ABORT */
  ox_status (*abort)(ox_outbound *outbound, const char *queue_id, ox_error *err);
  void (*cancel)(ox_outbound *outbound, ox_call_id call);
};

OX_END_DECLS

#endif
