/* The structures that somebody may want to decode by themselves, by name: values of binary
 * properties, bodies, parts of ROPs. One table serves the program, the tests and the fuzzer. */
#ifndef OXKIT_ROPCODEC_KINDS_H
#define OXKIT_ROPCODEC_KINDS_H

#include <oxkit/ropcodec/wire.h>

OX_BEGIN_DECLS

/** One kind; static. */
typedef struct ox_kind {
  const char *name;    /**< "long-term-id" */
  const char *summary; /**< one line for people */
  const ox_wire_struct *structure;
} ox_kind;

/** All kinds, in the order of their names. */
OX_EXPORT const ox_kind *ox_kind_table(size_t *count_out);
/** NULL when there is none of that name. */
OX_EXPORT const ox_kind *ox_kind_find(const char *name);

/** Decodes bytes that are all of one structure.
 *  @param context    columns of property rows and of recipients; may be NULL
 *  @param value_out  kind->structure->size_bytes in the arena; views into the bytes; NULL after a
 *                    failure
 *  @param err        may be NULL
 *  @return as ox_wire_decode, and OX_E_TRAILING */
OX_EXPORT OX_WARN_UNUSED ox_status ox_kind_decode(const ox_kind *kind, ox_bytes bytes,
                                                  const ox_wire_context *context, ox_arena *arena,
                                                  void **value_out, ox_error *err);

/** Writes the bytes as text for people, as ox_wire_dump does; what was read before a failure is
 *  written too.
 *  @return as ox_kind_decode; failures to write are the writer's */
OX_EXPORT ox_status ox_kind_dump(const ox_kind *kind, ox_bytes bytes,
                                 const ox_wire_context *context, ox_writer *w, ox_error *err);

/** Writes the bytes as JSON: {"kind": NAME, "value": {...}}, with "columns" before the value when
 *  the context has some. Where the value does not encode to the same bytes (a Boolean byte of 2, a
 *  padding that is not 0) a member "bytes" holds them in hex, and is what counts when the text is
 *  read: remove it after editing the value.
 *  @return as ox_kind_decode: nothing is written after a failure to decode; OX_OK or the writer's
 *          failure */
OX_EXPORT OX_WARN_UNUSED ox_status ox_kind_to_json(const ox_kind *kind, ox_bytes bytes,
                                                   const ox_wire_context *context, ox_writer *w,
                                                   ox_error *err);

/** Writes the bytes that such a text, or one of ox_rop_buffer_dump_json, stands for.
 *  @param kind_out  NULL for a ROP buffer; may be NULL
 *  @param err       its offset counts bytes of the text; may be NULL
 *  @return OX_OK, OX_E_MALFORMED, OX_E_NOT_FOUND (the kind), OX_E_LIMIT, OX_E_USAGE (a value that
 *          cannot be encoded), OX_E_NO_MEMORY */
OX_EXPORT OX_WARN_UNUSED ox_status ox_kind_from_json(ox_str8 text, ox_writer *w,
                                                     const ox_kind **kind_out, ox_error *err);

OX_END_DECLS

#endif
