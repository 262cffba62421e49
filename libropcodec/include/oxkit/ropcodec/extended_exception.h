/* The part of a recurrence pattern that a .wire file cannot say: what each ExtendedException has
 * depends on other structures of the pattern. */
#ifndef OXKIT_ROPCODEC_EXTENDED_EXCEPTION_H
#define OXKIT_ROPCODEC_EXTENDED_EXCEPTION_H

#include <oxkit/ropcodec/types.h>
#include <oxkit/ropcodec/reader.h>
#include <oxkit/ropcodec/writer.h>

OX_BEGIN_DECLS

/** From this WriterVersion2 on an ExtendedException has a ChangeHighlight. */
#define OX_RECURRENCE_WRITER_VERSION2 0x00003009u

/** ExtendedException. `given` below is the OverrideFlags of its ExceptionInfo.
 *  @spec [MS-OXOCAL] 2.2.1.44.4, 2.2.1.44.3 */
typedef struct ox_extended_exception {
  /* WriterVersion2 is OX_RECURRENCE_WRITER_VERSION2 or more: */
  uint32_t change_highlight_value; /**< PidLidChangeHighlight */
  ox_bytes change_highlight_rest;  /**< Reserved */
  /* always: */
  ox_bytes reserved_block_ee1;
  /* if given & (OX_OVERRIDE_FLAGS_SUBJECT | OX_OVERRIDE_FLAGS_LOCATION): */
  uint32_t start_date_time;     /**< minutes since 1601, local time */
  uint32_t end_date_time;       /**< minutes since 1601, local time */
  uint32_t original_start_date; /**< minutes since 1601, local time */
  ox_bytes reserved_block_ee2;
  /* if given & OX_OVERRIDE_FLAGS_SUBJECT: */
  ox_str16 wide_char_subject;
  /* if given & OX_OVERRIDE_FLAGS_LOCATION: */
  ox_str16 wide_char_location;
} ox_extended_exception;

/** As many as the exception_count of the ox_appointment_recurrence_pattern that this is in. */
typedef struct ox_extended_exceptions {
  ox_extended_exception *items;
} ox_extended_exceptions;

/* For generated code: `out` and `in` are the member of an ox_appointment_recurrence_pattern whose
 * earlier members are set. */
OX_EXPORT ox_status ox_extended_exceptions_decode(ox_reader *r, ox_arena *arena,
                                                  ox_extended_exceptions *out);
OX_EXPORT void ox_extended_exceptions_encode(ox_writer *w, const ox_extended_exceptions *in);

OX_END_DECLS

#endif
