/* The address-book server behind NSPI, whatever carries it. Implemented by libdirectory; called by
 * libwire's MAPI/HTTP and RPC endpoints. Request and response structures are generated from
 * schema/nspi.wire (<oxkit/ropcodec/nspi.h>), in the form of [MS-OXCMAPIHTTP] 2.2.5. */
#ifndef OXKIT_ROPCODEC_NSPI_PROCESSOR_H
#define OXKIT_ROPCODEC_NSPI_PROCESSOR_H

#include <oxkit/ropcodec/call.h>

OX_BEGIN_DECLS

/** `body` is the response body of [MS-OXCMAPIHTTP] 2.2.5.x, from StatusCode on. */
typedef void (*ox_nspi_done)(void *user, ox_status status, ox_bytes body, const ox_error *err);

typedef struct ox_nspi_processor ox_nspi_processor;
struct ox_nspi_processor {
  size_t struct_size;
  /** Executes one request.
   *  @param request_type  X-RequestType: "Bind", "GetMatches", ...
   *  @param body          request body
   *  A body that does not decode completes with the decoder's status and no body. */
  ox_status (*execute)(ox_nspi_processor *processor, const ox_caller *caller,
                       const char *request_type, ox_bytes body, uint64_t deadline_ms,
                       ox_nspi_done done, void *user, ox_error *err);
};

OX_END_DECLS

#endif
