/* The generated codecs behind one signature, and an allocator that fails. */
#ifndef CODECS_H
#define CODECS_H

#include <oxkit/ropcodec/kinds.h>
#include <oxkit/ropcodec/nspi.h>
#include <oxkit/ropcodec/ropbuffer.h>

/* A structure with its generated functions. */
typedef struct codec {
  const ox_wire_struct *structure;
  size_t size_bytes; /* of the memory that decode and encode take */
  size_t offset;     /* of the structure in it */
  ox_status (*decode)(ox_reader *r, ox_arena *arena, const ox_wire_context *context, void *out);
  void (*encode)(ox_writer *w, const void *in);
} codec;

extern const codec nspi_codecs[];
extern const size_t nspi_codec_count;

codec codec_of_request(const ox_wire_struct *structure);
codec codec_of_response(const ox_wire_struct *structure);

/* True when the last field takes whatever is left. */
bool codec_has_open_tail(const ox_wire_struct *structure);

/* An allocator that fails at call number fail_at (from 0) and counts what is not freed. */
typedef struct failing {
  size_t calls, fail_at, live;
} failing;
ox_allocator failing_allocator(failing *f);

#endif
