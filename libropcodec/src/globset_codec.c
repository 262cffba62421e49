/* GLOBSET on the wire. Both directions keep the common byte stack: the bytes pushed, as a number
 * with their count. */
#include <oxkit/ropcodec/cursor.h>
#include <oxkit/ropcodec/globset.h>

#define GLOBSET_SPEC "[MS-OXCFXICS] 2.2.2.6"
#define ORDER_SPEC "[MS-OXCFXICS] 3.1.5.4.1"
#define PUSH_SPEC "[MS-OXCFXICS] 2.2.2.6.1"
#define POP_SPEC "[MS-OXCFXICS] 2.2.2.6.2"
#define BITMASK_SPEC "[MS-OXCFXICS] 2.2.2.6.3"
#define RANGE_SPEC "[MS-OXCFXICS] 2.2.2.6.4"
#define END_SPEC "[MS-OXCFXICS] 2.2.2.6.5"

enum {
  COMMAND_END = 0x00,
  COMMAND_PUSH_MAX = 0x06,
  COMMAND_BITMASK = 0x42,
  COMMAND_POP = 0x50,
  COMMAND_RANGE = 0x52,
  GLOBCNT_BYTES = 6,
  BITMASK_BYTES = 5,  /* on the stack where a Bitmask stands */
  BITMASK_VALUES = 9, /* the starting value and eight bits */
};

/* Decoding. */

typedef struct decoder {
  ox_reader *r;
  uint64_t common; /* the bytes on the stack as a number */
  uint8_t depth;   /* how many they are */
  uint8_t push_count;
  uint8_t pushed[GLOBCNT_BYTES]; /* bytes of each Push */
  ox_globcnt_range *ranges;      /* NULL: only count */
  size_t count;
  uint64_t last; /* high value of the last range */
} decoder;

/* Fails at the command that starts at `start`. */
static void refuse(decoder *d, size_t start, const char *field, const char *spec) {
  if (ox_reader_ok(d->r)) d->r->position = start;
  ox_reader_fail(d->r, OX_E_MALFORMED, field, spec);
}

static void add_range(decoder *d, size_t start, uint64_t low, uint64_t high) {
  if (d->count != 0 && low <= d->last + 1) {
    if (low <= d->last) {
      refuse(d, start, "GLOBCNT", ORDER_SPEC);
      return;
    }
    if (d->ranges != NULL) d->ranges[d->count - 1].high = high;
  } else {
    if (d->ranges != NULL) {
      d->ranges[d->count].low = low;
      d->ranges[d->count].high = high;
    }
    d->count++;
  }
  d->last = high;
}

/* The next n bytes; NULL with the failure recorded. */
static const uint8_t *take(decoder *d, unsigned n, const char *field, const char *spec) {
  const uint8_t *bytes = ox_cursor_take(d->r, n);
  if (bytes == NULL) {
    ox_reader_has(d->r, n);
    ox_reader_blame(d->r, field, spec);
  }
  return bytes;
}

/* A number that goes on with n more bytes, the most significant first. */
static uint64_t append(uint64_t number, const uint8_t *bytes, unsigned n) {
  for (unsigned i = 0; i < n; i++) number = number << 8 | bytes[i];
  return number;
}

static void decode_push(decoder *d, size_t start, uint8_t n) {
  if (n > GLOBCNT_BYTES - d->depth) {
    refuse(d, start, "Command", PUSH_SPEC);
    return;
  }
  const uint8_t *bytes = take(d, n, "CommonBytes", PUSH_SPEC);
  if (bytes == NULL) return;
  uint64_t common = append(d->common, bytes, n);
  if (d->depth + n == GLOBCNT_BYTES) {
    add_range(d, start, common, common); /* and its bytes leave the stack by themselves */
  } else {
    d->common = common;
    d->depth = (uint8_t)(d->depth + n);
    d->pushed[d->push_count++] = n;
  }
}

static void decode_pop(decoder *d, size_t start) {
  if (d->push_count == 0) {
    refuse(d, start, "Command", POP_SPEC);
    return;
  }
  uint8_t n = d->pushed[--d->push_count];
  d->common >>= 8 * n;
  d->depth = (uint8_t)(d->depth - n);
}

static void decode_bitmask(decoder *d, size_t start) {
  if (d->depth != BITMASK_BYTES) {
    refuse(d, start, "Command", BITMASK_SPEC);
    return;
  }
  const uint8_t *start_byte = take(d, 1, "StartingValue", BITMASK_SPEC);
  const uint8_t *mask = take(d, 1, "Bitmask", BITMASK_SPEC);
  if (start_byte == NULL || mask == NULL) return;
  uint64_t first = append(d->common, start_byte, 1);
  unsigned values = 1u | (unsigned)*mask << 1;
  unsigned low = 0;
  while (values >> low != 0) {
    unsigned high = low;
    while ((values >> (high + 1) & 1) != 0) high++;
    if ((first & 0xFF) + high > 0xFF) {
      refuse(d, start, "Bitmask", BITMASK_SPEC);
      return;
    }
    add_range(d, start, first + low, first + high);
    low = high + 1;
    while (values >> low != 0 && (values >> low & 1) == 0) low++;
  }
}

static void decode_range(decoder *d, size_t start) {
  unsigned n = GLOBCNT_BYTES - d->depth;
  const uint8_t *low_bytes = take(d, n, "LowValue", RANGE_SPEC);
  const uint8_t *high_bytes = take(d, n, "HighValue", RANGE_SPEC);
  if (low_bytes == NULL || high_bytes == NULL) return;
  uint64_t low = append(d->common, low_bytes, n), high = append(d->common, high_bytes, n);
  if (low > high) {
    refuse(d, start, "HighValue", RANGE_SPEC);
  } else {
    add_range(d, start, low, high);
  }
}

/* Up to and with the End command. */
static void decode_commands(decoder *d) {
  for (;;) {
    size_t start = d->r->position;
    const uint8_t *at = take(d, 1, "Command", GLOBSET_SPEC);
    if (at == NULL) return;
    uint8_t command = *at;
    if (command == COMMAND_END) {
      if (d->depth != 0) refuse(d, start, "Command", END_SPEC);
      return;
    } else if (command <= COMMAND_PUSH_MAX) {
      decode_push(d, start, command);
    } else if (command == COMMAND_BITMASK) {
      decode_bitmask(d, start);
    } else if (command == COMMAND_RANGE) {
      decode_range(d, start);
    } else if (command == COMMAND_POP) {
      decode_pop(d, start);
    } else {
      refuse(d, start, "Command", GLOBSET_SPEC);
    }
  }
}

ox_status ox_globset_decode(ox_reader *r, ox_arena *arena, ox_globset *out) {
  ox_globset_init(out, NULL);
  /* Counting first costs less than moving the ranges while they become more. */
  ox_reader ahead = *r;
  decoder counter = {.r = &ahead};
  decode_commands(&counter);
  decoder d = {.r = r};
  if (ox_reader_ok(&ahead) && counter.count != 0) {
    d.ranges = ox_arena_alloc(arena, counter.count * sizeof *d.ranges);
    if (d.ranges == NULL) return ox_reader_fail(r, OX_E_NO_MEMORY, NULL, NULL);
  }
  decode_commands(&d);
  if (!ox_reader_ok(r)) return r->status;
  out->ranges = d.ranges;
  out->count = d.count;
  return OX_OK;
}

/* Encoding. */

/* A command, and bytes of one or two GLOBCNTs. */
typedef struct command {
  uint8_t size_bytes;
  uint8_t bytes[1 + 2 * GLOBCNT_BYTES];
} command;

/* The n bytes of a GLOBCNT that follow its first `depth` ones. */
static void put_bytes(command *c, uint64_t globcnt, unsigned depth, unsigned n) {
  for (unsigned i = depth; i < depth + n; i++) {
    c->bytes[c->size_bytes++] = (uint8_t)(globcnt >> 8 * (GLOBCNT_BYTES - 1 - i));
  }
}

static void write_command(ox_writer *w, const command *c) {
  ox_write_bytes(w, c->bytes, c->size_bytes);
}

static void write_push(ox_writer *w, uint64_t globcnt, unsigned depth, unsigned n) {
  command c = {1, {(uint8_t)n}};
  put_bytes(&c, globcnt, depth, n);
  write_command(w, &c);
}

/* One range where `depth` bytes are on the stack. */
static void write_range(ox_writer *w, const ox_globcnt_range *range, unsigned depth) {
  unsigned n = GLOBCNT_BYTES - depth;
  if (range->low == range->high) {
    write_push(w, range->low, depth, n);
    return;
  }
  command c = {1, {COMMAND_RANGE}};
  put_bytes(&c, range->low, depth, n);
  put_bytes(&c, range->high, depth, n);
  write_command(w, &c);
}

/* How many of the ranges one Bitmask command can hold: those that lie within nine values of the
 * first one's low value. */
static size_t count_for_bitmask(const ox_globcnt_range *ranges, size_t count) {
  size_t n = 0;
  while (n < count && n < BITMASK_VALUES && ranges[n].high - ranges[0].low < BITMASK_VALUES) n++;
  return n;
}

static void write_bitmask(ox_writer *w, const ox_globcnt_range *ranges, size_t count) {
  uint64_t first = ranges[0].low;
  unsigned values = 0;
  for (size_t i = 0; i < count; i++) {
    for (uint64_t id = ranges[i].low; id <= ranges[i].high; id++) values |= 1u << (id - first);
  }
  command c = {3, {COMMAND_BITMASK, (uint8_t)first, (uint8_t)(values >> 1)}};
  write_command(w, &c);
}

/* Ranges that have the five bytes on the stack in common. */
static void write_low_bytes(ox_writer *w, const ox_globcnt_range *ranges, size_t count) {
  while (count != 0) {
    size_t n = count_for_bitmask(ranges, count);
    if (n > 1) {
      write_bitmask(w, ranges, n);
    } else {
      n = 1;
      write_range(w, ranges, BITMASK_BYTES);
    }
    ranges += n;
    count -= n;
  }
}

static unsigned common_bytes(uint64_t a, uint64_t b) {
  unsigned n = GLOBCNT_BYTES;
  for (uint64_t differs = a ^ b; differs != 0; differs >>= 8) n--;
  return n;
}

/* Whether it pays to push `pushed` more bytes, which then are `depth`, for these ranges, whose
 * GLOBCNTs would repeat them: the Push and its Pop have two bytes more. */
static bool is_worth_pushing(const ox_globcnt_range *ranges, size_t count, size_t globcnt_count,
                             unsigned pushed, unsigned depth) {
  if (pushed * (globcnt_count - 1) >= 2) return true;
  return depth == BITMASK_BYTES && count_for_bitmask(ranges, count) > 1;
}

/* Ranges that have the `depth` bytes on the stack in common. Each level takes at least one more
 * byte onto the stack, so there are at most six. */
static void write_ranges(ox_writer *w, const ox_globcnt_range *ranges, size_t count,
                         unsigned depth) {
  if (depth == BITMASK_BYTES) {
    write_low_bytes(w, ranges, count);
    return;
  }
  unsigned shift = 8 * (GLOBCNT_BYTES - 1 - depth);
  const ox_globcnt_range *end = ranges + count;
  while (ranges != end) {
    /* Those that have the next byte in common. */
    const ox_globcnt_range *next = ranges;
    size_t globcnt_count = 0;
    while (next != end && next->high >> shift == ranges->low >> shift) {
      globcnt_count += next->low == next->high ? 1 : 2;
      next++;
    }
    size_t group_count = (size_t)(next - ranges);
    unsigned common = group_count == 0 ? depth : common_bytes(ranges->low, next[-1].high);
    if (common < GLOBCNT_BYTES && common > depth &&
        is_worth_pushing(ranges, group_count, globcnt_count, common - depth, common)) {
      write_push(w, ranges->low, depth, common - depth);
      write_ranges(w, ranges, group_count, common);
      ox_write_u8(w, COMMAND_POP);
      ranges = next;
    } else {
      do write_range(w, ranges++, depth);
      while (ranges < next);
    }
  }
}

static bool is_set(const ox_globset *set) {
  for (size_t i = 0; i < set->count; i++) {
    const ox_globcnt_range *range = &set->ranges[i];
    if (range->low > range->high || range->high > OX_GLOBCNT_MAX) return false;
    if (i != 0 && range->low <= range[-1].high + 1) return false;
  }
  return true;
}

void ox_globset_encode(ox_writer *w, const ox_globset *in) {
  if (!is_set(in)) {
    ox_writer_fail(w, OX_E_USAGE);
    return;
  }
  write_ranges(w, in->ranges, in->count, 0);
  ox_write_u8(w, COMMAND_END);
}
