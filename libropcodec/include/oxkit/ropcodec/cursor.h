/* Inline forms of what generated decoders and encoders do most: a run of fixed-size fields is
 * checked once and then read or written in place. Generated code includes this; everybody else uses
 * reader.h and writer.h, which do the same with functions. */
#ifndef OXKIT_ROPCODEC_CURSOR_H
#define OXKIT_ROPCODEC_CURSOR_H

#include <oxkit/ropcodec/reader.h>
#include <oxkit/ropcodec/writer.h>

OX_BEGIN_DECLS

/** The next n bytes of a reader that has not failed, which moves past them; NULL, without a failure
 *  recorded, when they are not there. */
static inline const uint8_t *ox_cursor_take(ox_reader *r, size_t n) {
  if (r->status != OX_OK || r->size_bytes - r->position < n) return (const uint8_t *)0;
  const uint8_t *at = r->data + r->position;
  r->position += n;
  return at;
}

/** Room for n bytes that the caller fills; NULL with the failure recorded. */
static inline uint8_t *ox_cursor_room(ox_writer *w, size_t n) {
  size_t end = w->size_bytes + n;
  if (w->status == OX_OK && end <= w->capacity_bytes && end <= w->max_bytes) {
    uint8_t *at = w->data + w->size_bytes;
    w->size_bytes = end;
    return at;
  }
  return ox_writer_extend(w, n);
}

static inline uint16_t ox_cursor_get16(const uint8_t *p) {
  return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t ox_cursor_get32(const uint8_t *p) {
  return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline uint64_t ox_cursor_get64(const uint8_t *p) {
  return ox_cursor_get32(p) | (uint64_t)ox_cursor_get32(p + 4) << 32;
}

/** The same number with its bytes in the other order. */
static inline uint32_t ox_cursor_swap32(uint32_t value) {
  return value >> 24 | (value >> 8 & 0xFF00) | (value << 8 & 0xFF0000) | value << 24;
}

static inline void ox_cursor_put16(uint8_t *p, uint16_t value) {
  p[0] = (uint8_t)value;
  p[1] = (uint8_t)(value >> 8);
}

static inline void ox_cursor_put32(uint8_t *p, uint32_t value) {
  p[0] = (uint8_t)value;
  p[1] = (uint8_t)(value >> 8);
  p[2] = (uint8_t)(value >> 16);
  p[3] = (uint8_t)(value >> 24);
}

static inline void ox_cursor_put64(uint8_t *p, uint64_t value) {
  ox_cursor_put32(p, (uint32_t)value);
  ox_cursor_put32(p + 4, (uint32_t)(value >> 32));
}

OX_END_DECLS

#endif
