/* Random FastTransfer streams, one for every production of [MS-OXCFXICS] 2.2.4.2. The bytes are
 * made here, not by the library's writer, and with them the positions where a buffer may end. */
#ifndef RANDOM_FTSTREAM_H
#define RANDOM_FTSTREAM_H

#include <oxkit/ropcodec/ftstream.h>

typedef struct random_ftstream {
  ox_writer bytes;
  ox_writer cuts; /* one byte for each position: 1 when a buffer may end in front of it */
  uint32_t seed;
  unsigned depth;
  unsigned budget;    /* properties left; lists become empty when it is used up */
  bool unusual;       /* also Booleans of 2, strings without terminator */
  uint32_t value_max; /* longest variable value */
} random_ftstream;

/* Appends a stream with this root; the writers are the caller's to dispose. */
void random_ftstream_make(random_ftstream *random, unsigned root, uint32_t seed);

#endif
