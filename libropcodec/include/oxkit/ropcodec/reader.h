/* A bounds-checked cursor over bytes that somebody else sent.
 *
 * The reader is sticky: after the first failure every read returns 0 and moves nothing, so a
 * decoder reads like the specification's table and asks once, at the end, whether all of it was
 * there. All bounds arithmetic of the suite is in ox_reader_has(). */
#ifndef OXKIT_ROPCODEC_READER_H
#define OXKIT_ROPCODEC_READER_H

#include <oxkit/ropcodec/types.h>

OX_BEGIN_DECLS

/** Default depth of nested structures that a reader allows. */
#define OX_READER_DEPTH_MAX 64

typedef struct ox_reader {
  const uint8_t *data;
  size_t size_bytes;
  size_t position;
  uint64_t base_offset; /**< of data[0] in the outermost input, for error messages */
  ox_status status;     /**< first failure, or OX_OK */
  size_t fail_position; /**< where the first failure was found */
  const char *field;    /**< field that failed, when the decoder said which */
  const char *spec;     /**< its section, when the decoder said which */
  uint16_t depth;
  uint16_t depth_max;
  bool bounded; /**< a length-prefixed part: running short inside is malformed, not truncated */
} ox_reader;

/** Starts at the first byte. `data` must outlive the reader and every view taken from it. */
OX_EXPORT void ox_reader_init(ox_reader *r, const void *data, size_t size_bytes);

/** Records a failure unless one is recorded already; returns the recorded one. */
OX_EXPORT ox_status ox_reader_fail(ox_reader *r, ox_status status, const char *field,
                                   const char *spec);

/** Names the field that failed, unless a name is recorded already. Generated decoders call it when
 *  they notice that the reader failed. */
OX_EXPORT ox_status ox_reader_blame(ox_reader *r, const char *field, const char *spec);

/** The recorded failure as an ox_error (NULL is fine), and as the result. */
OX_EXPORT ox_status ox_reader_status(const ox_reader *r, ox_error *err);

/** As ox_reader_status, and OX_E_TRAILING when bytes are left. */
OX_EXPORT OX_WARN_UNUSED ox_status ox_reader_finish(ox_reader *r, ox_error *err);

/** True when n more bytes are there; otherwise records OX_E_TRUNCATED (OX_E_MALFORMED inside a
 *  length-prefixed part). */
OX_EXPORT bool ox_reader_has(ox_reader *r, size_t n);

/** Bytes left to read; 0 after a failure. */
OX_EXPORT size_t ox_reader_remaining(const ox_reader *r);
/** True while nothing has failed. */
OX_EXPORT bool ox_reader_ok(const ox_reader *r);

/* Little-endian integers; 0 after a failure. */
OX_EXPORT uint8_t ox_read_u8(ox_reader *r);
OX_EXPORT uint16_t ox_read_u16(ox_reader *r);
OX_EXPORT uint32_t ox_read_u32(ox_reader *r);
OX_EXPORT uint64_t ox_read_u64(ox_reader *r);
/** The next byte without moving; 0 after a failure. */
OX_EXPORT uint8_t ox_peek_u8(ox_reader *r);

/** A Boolean byte: 0 is false, anything else true, as [MS-OXCDATA] 2.11.1 lets a reader do. */
OX_EXPORT bool ox_read_bool8(ox_reader *r);
OX_EXPORT void ox_read_guid(ox_reader *r, ox_guid *out);

/** A view of the next n bytes. */
OX_EXPORT ox_bytes ox_read_bytes(ox_reader *r, size_t n);
OX_EXPORT void ox_read_skip(ox_reader *r, size_t n);

/** Text up to a one-byte 0, which is consumed and not part of the view. OX_E_TRUNCATED when there
 *  is no terminator. */
OX_EXPORT ox_str8 ox_read_zstr8(ox_reader *r);
/** UTF-16LE text up to a two-byte 0, which is consumed and not part of the view. */
OX_EXPORT ox_str16 ox_read_zstr16(ox_reader *r);

/** A count of elements, refused before anything is allocated when the remaining bytes cannot hold
 *  it.
 *  @param width              of the count itself: 1, 2 or 4 bytes
 *  @param min_element_bytes  least wire size of one element; 0 counts as 1
 *  @param fixed_bytes_between bytes that must stand between the count and the elements
 *  @return the count; 0 with OX_E_TRUNCATED recorded (OX_E_MALFORMED inside a length-prefixed
 *          part): the elements cannot all be there */
OX_EXPORT uint32_t ox_read_count(ox_reader *r, unsigned width, size_t min_element_bytes,
                                 size_t fixed_bytes_between);

/** Takes the next n bytes as a part of its own; *part starts failed when they are not there.
 *  Inside it, running short is OX_E_MALFORMED. Close it with ox_reader_close or ox_reader_join. */
OX_EXPORT void ox_reader_part(ox_reader *r, size_t n, ox_reader *part);
/** The part must be consumed exactly; its failure becomes the parent's. */
OX_EXPORT void ox_reader_close(ox_reader *r, ox_reader *part);
/** As ox_reader_close, but bytes left over in the part are skipped. */
OX_EXPORT void ox_reader_join(ox_reader *r, ox_reader *part);

/** Guards recursion: false and OX_E_LIMIT when depth_max is reached. Pair with ox_reader_leave. */
OX_EXPORT bool ox_reader_enter(ox_reader *r);
OX_EXPORT void ox_reader_leave(ox_reader *r);

OX_END_DECLS

#endif
