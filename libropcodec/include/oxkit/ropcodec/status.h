/* Status codes and error detail.
 *
 * An ox_status is a 32-bit value in MAPI's own code space ([MS-OXCDATA] 2.4): 0 is success and the
 * codes of the specification keep their numbers, so that a server's answer needs no translation.
 * What only the library can say lives in the customer range 0xE000xxxx. Both come from
 * schema/errors.tsv, which also generates the macros of <oxkit/ropcodec/errors.h>. */
#ifndef OXKIT_ROPCODEC_STATUS_H
#define OXKIT_ROPCODEC_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <oxkit/ropcodec/errors.h>
#include <oxkit/ropcodec/export.h>

OX_BEGIN_DECLS

/** A result: OX_OK, a code of [MS-OXCDATA] 2.4, or one of ours (0xE0000000 to 0xE000FFFF). */
typedef uint32_t ox_status;

#define OX_OK ((ox_status)0)

/** Longest text of an ox_error, with its terminator, in bytes. */
#define OX_ERROR_TEXT_BYTES 192

/** What went wrong, filled by the function that failed. Allocation-free; copy it freely.
 *  `field`, `spec` point to static strings or are NULL. */
typedef struct ox_error {
  ox_status status;               /**< the value that the function returned */
  uint32_t remote_code;           /**< a peer's own number when status is OX_E_REMOTE, else 0 */
  uint64_t offset;                /**< byte offset in the input where a decoder stopped */
  const char *field;              /**< wire field, spelled as in the specification */
  const char *spec;               /**< "[MS-OXCROPS] 2.2.4.1.1" */
  char text[OX_ERROR_TEXT_BYTES]; /**< one sentence in English, UTF-8, always terminated */
} ox_error;

/** True for every failure. Warnings of [MS-OXCDATA] 2.4.1 (such as OX_W_PARTIAL_COMPLETION) are
 *  not failures although they are not zero. */
OX_EXPORT bool ox_failed(ox_status status);

/** True for codes of our own range, which a peer can never have sent. */
OX_EXPORT bool ox_status_is_local(ox_status status);

/** The name of a code as spelled in the specification ("NotFound"); "unknown" for a number that no
 *  table has. Static string.
 *  @spec [MS-OXCDATA] 2.4 */
OX_EXPORT const char *ox_status_name(ox_status status);

/** One sentence that describes a code. Static string, never NULL.
 *  @spec [MS-OXCDATA] 2.4 */
OX_EXPORT const char *ox_status_text(ox_status status);

/** Looks a code up by macro name ("OX_E_NOT_FOUND"), by specification name ("NotFound") or by one
 * of its alternate names ("ecNotFound", "MAPI_E_NOT_FOUND").
 *  @return OX_OK or OX_E_NOT_FOUND */
OX_EXPORT OX_WARN_UNUSED ox_status ox_status_from_name(const char *name, ox_status *status_out);

/** A status that a peer sent, made safe to return: a value in our own range becomes OX_E_REMOTE
 *  with the number in err->remote_code. */
OX_EXPORT ox_status ox_status_from_peer(uint32_t value, ox_error *err);

/** Fills *err (NULL is fine) with a code and a text (NULL: the code's own) and returns the code. */
OX_EXPORT ox_status ox_error_set(ox_error *err, ox_status status, const char *text);

/** ox_error_set with a printf format; for C callers, bindings use ox_error_set. */
OX_EXPORT ox_status ox_error_setf(ox_error *err, ox_status status, const char *format, ...)
    OX_PRINTF(3, 4);

OX_END_DECLS

#endif
