/* Random but valid values of any structure that oxgen describes. */
#ifndef RANDOM_WIRE_H
#define RANDOM_WIRE_H

#include <oxkit/ropcodec/wire.h>

typedef struct random_wire {
  uint64_t state;
  ox_arena *arena;
  ox_wire_context context; /* columns of property rows, kind of logon */
  bool is_rop;             /* values may have the types that only ROP buffers carry */
  unsigned nested;         /* restrictions and rule actions that the value is inside of */
} random_wire;

uint64_t random_next(random_wire *random);
/* Below `bound`, which is not 0. */
uint32_t random_below(random_wire *random, uint32_t bound);
/* Fills `out`, which is all zero. */
void random_struct(random_wire *random, const ox_wire_struct *structure, void *out);

#endif
