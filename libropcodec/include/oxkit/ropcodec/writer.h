/* A growing output buffer with a mandatory maximum.
 *
 * The writer is sticky: after the first failure every write does nothing, and the failure comes
 * out at ox_writer_status(). Lengths that are known later are reserved as marks, which are offsets
 * and so survive growth. */
#ifndef OXKIT_ROPCODEC_WRITER_H
#define OXKIT_ROPCODEC_WRITER_H

#include <oxkit/ropcodec/types.h>

OX_BEGIN_DECLS

typedef struct ox_writer {
  uint8_t *data;
  size_t size_bytes;
  size_t capacity_bytes;
  size_t max_bytes;
  const ox_allocator *allocator;
  ox_status status;
  bool fixed;    /**< the buffer is the caller's and never grows */
  bool counting; /**< there is no buffer: only size_bytes advances */
} ox_writer;

/** An empty writer that allocates as it grows, up to max_bytes (then OX_E_LIMIT).
 *  Free it with ox_writer_dispose. */
OX_EXPORT void ox_writer_init(ox_writer *w, const ox_allocator *allocator, size_t max_bytes);

/** A writer over the caller's buffer; full means OX_E_LIMIT. */
OX_EXPORT void ox_writer_init_fixed(ox_writer *w, void *buffer, size_t capacity_bytes);

/** A writer that keeps nothing and only counts, for sizes: allocates nothing, needs no dispose;
 *  ox_writer_bytes gives a NULL view of the size. */
OX_EXPORT void ox_writer_init_counting(ox_writer *w, size_t max_bytes);

/** Frees the buffer of a writer that allocates. */
OX_EXPORT void ox_writer_dispose(ox_writer *w);

/** Forgets what was written and any failure; keeps the buffer. */
OX_EXPORT void ox_writer_reset(ox_writer *w);

/** The first failure (OX_E_LIMIT, OX_E_NO_MEMORY, or what ox_writer_fail recorded), or OX_OK. */
OX_EXPORT OX_WARN_UNUSED ox_status ox_writer_status(const ox_writer *w);
OX_EXPORT ox_status ox_writer_fail(ox_writer *w, ox_status status);

/** What was written; a view that lives until the next write. */
OX_EXPORT ox_bytes ox_writer_bytes(const ox_writer *w);

/** Hands the buffer over to the caller, who frees it with ox_free(w->allocator, ...); NULL after a
 *  failure. The writer is empty afterwards. */
OX_EXPORT OX_WARN_UNUSED uint8_t *ox_writer_take(ox_writer *w, size_t *size_out);

/* Little-endian integers. */
OX_EXPORT void ox_write_u8(ox_writer *w, uint8_t value);
OX_EXPORT void ox_write_u16(ox_writer *w, uint16_t value);
OX_EXPORT void ox_write_u32(ox_writer *w, uint32_t value);
OX_EXPORT void ox_write_u64(ox_writer *w, uint64_t value);
OX_EXPORT void ox_write_bool8(ox_writer *w, bool value);
OX_EXPORT void ox_write_guid(ox_writer *w, const ox_guid *value);
OX_EXPORT void ox_write_bytes(ox_writer *w, const void *data, size_t size_bytes);
OX_EXPORT void ox_write_zeros(ox_writer *w, size_t size_bytes);
/** C text without its terminator. */
OX_EXPORT void ox_write_text(ox_writer *w, const char *text);
/** 8-bit text and a one-byte 0; OX_E_USAGE when the view has a 0 inside. */
OX_EXPORT void ox_write_zstr8(ox_writer *w, ox_str8 text);
/** UTF-16LE text and a two-byte 0; OX_E_USAGE when the view has a 0 unit inside. */
OX_EXPORT void ox_write_zstr16(ox_writer *w, ox_str16 text);

/** A count checked against its width (1, 2, 4): OX_E_LIMIT when it does not fit. */
OX_EXPORT void ox_write_count(ox_writer *w, unsigned width, size_t count);

/** Room for n bytes that the caller fills now; NULL with the failure recorded. Valid until the next
 *  write. */
OX_EXPORT uint8_t *ox_writer_extend(ox_writer *w, size_t n);
/** Room for n bytes to be filled in later; returns its offset. */
OX_EXPORT size_t ox_writer_reserve(ox_writer *w, size_t n);
OX_EXPORT void ox_writer_patch_u8(ox_writer *w, size_t mark, uint8_t value);
OX_EXPORT void ox_writer_patch_u16(ox_writer *w, size_t mark, uint16_t value);
OX_EXPORT void ox_writer_patch_u32(ox_writer *w, size_t mark, uint32_t value);
/** Writes, at a mark of `width` bytes (1, 2, 4), the number of bytes written since the mark's end;
 *  OX_E_LIMIT when it does not fit. */
OX_EXPORT void ox_writer_patch_length(ox_writer *w, size_t mark, unsigned width);

/** Drops everything after `size_bytes` and a failure that came after it: for building a part that
 *  may not fit. */
OX_EXPORT void ox_writer_rewind(ox_writer *w, size_t size_bytes);

/** Room left before the maximum. */
OX_EXPORT size_t ox_writer_room(const ox_writer *w);

OX_END_DECLS

#endif
