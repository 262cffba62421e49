/* DIRECT2, the plain LZ77 of [MS-XCA] 2.3 and 2.4: 32-bit masks tell literals from matches; a match
 * is 13 bits of distance and 3 of length, lengths go on in shared nibbles, a byte, two bytes. */
#include <string.h>

#include <oxkit/wire/rpcext.h>

enum {
  MATCH_MIN = 3,
  WINDOW_BYTES = 8192,
  INLINE_LENGTHS = 7,  /* the 3 bits all set: more follows */
  NIBBLE_LENGTHS = 15, /* the nibble full: a byte follows */
  BYTE_LENGTHS = 255,  /* the byte full: two bytes follow, which hold all of it */
  HASH_BITS = 12,
  CHAIN_MAX = 32 /* candidates looked at for one position */
};

/* ---- Decompression --------------------------------------------------------------------------- */

typedef struct decoder {
  ox_reader in;
  bool has_nibble;
  uint8_t nibble; /* the high half of a shared byte, for the next long match */
} decoder;

/* The rest of a match length, after the three bits. Returned without the minimum of 3. */
static size_t read_length(decoder *d, uint16_t metadata) {
  size_t length = metadata & 7;
  if (length < INLINE_LENGTHS) return length;
  uint8_t nibble;
  if (d->has_nibble) {
    nibble = d->nibble;
    d->has_nibble = false;
  } else {
    uint8_t shared = ox_read_u8(&d->in);
    nibble = shared & 15;
    d->nibble = shared >> 4;
    d->has_nibble = true;
  }
  if (nibble < NIBBLE_LENGTHS) return INLINE_LENGTHS + (size_t)nibble;
  uint8_t more = ox_read_u8(&d->in);
  if (more < BYTE_LENGTHS) return INLINE_LENGTHS + NIBBLE_LENGTHS + (size_t)more;
  length = ox_read_u16(&d->in);
  if (length < INLINE_LENGTHS + NIBBLE_LENGTHS)
    ox_reader_fail(&d->in, OX_E_MALFORMED, "match length", "[MS-XCA] 2.4");
  return length;
}

static void copy_match(uint8_t *plain, size_t at, size_t distance, size_t length) {
  const uint8_t *from = plain + at - distance;
  uint8_t *to = plain + at;
  if (distance >= length) {
    memcpy(to, from, length);
    return;
  }
  for (size_t i = 0; i < length; i++) to[i] = from[i]; /* overlap repeats what was just written */
}

/* What may follow the last element: nothing, or a mask of its own with the end bit. */
static void check_end(decoder *d, unsigned mask_left) {
  if (mask_left == 0 && ox_reader_remaining(&d->in) == 4) ox_read_u32(&d->in);
}

ox_status ox_lz77_decompress(ox_bytes compressed, uint8_t *plain_out, size_t plain_bytes,
                             ox_error *err) {
  static const char spec[] = "[MS-OXCRPC] 3.1.4.1.1.2";
  decoder d;
  size_t at = 0;
  uint32_t mask = 0;
  unsigned mask_left = 0;
  memset(&d, 0, sizeof d);
  ox_reader_init(&d.in, compressed.data, compressed.size_bytes);
  while (at < plain_bytes && ox_reader_ok(&d.in)) {
    if (mask_left == 0) {
      mask = ox_read_u32(&d.in);
      mask_left = 32;
    }
    bool is_match = mask >> 31;
    mask <<= 1;
    mask_left--;
    if (!is_match) {
      plain_out[at++] = ox_read_u8(&d.in);
      continue;
    }
    uint16_t metadata = ox_read_u16(&d.in);
    size_t distance = (size_t)(metadata >> 3) + 1;
    size_t length = read_length(&d, metadata) + MATCH_MIN;
    if (!ox_reader_ok(&d.in)) break;
    if (distance > at || length > plain_bytes - at) {
      ox_reader_fail(&d.in, OX_E_MALFORMED, "metadata", spec);
      break;
    }
    copy_match(plain_out, at, distance, length);
    at += length;
  }
  if (ox_reader_ok(&d.in)) check_end(&d, mask_left);
  ox_reader_blame(&d.in, "compressed data", spec);
  return ox_reader_finish(&d.in, err);
}

/* ---- Compression ----------------------------------------------------------------------------- */

typedef struct encoder {
  ox_writer *w;
  size_t mask_mark;
  uint32_t mask;
  unsigned mask_used;
  size_t nibble_mark; /* of a shared byte whose high half is free */
  bool has_nibble;
} encoder;

static void push_flag(encoder *e, bool is_match) {
  e->mask = e->mask << 1 | is_match;
  e->mask_used++;
}

/* Closes a full mask and makes room for the next, so that there is always room for the end bit. */
static void renew_mask(encoder *e) {
  if (e->mask_used < 32) return;
  ox_writer_patch_u32(e->w, e->mask_mark, e->mask);
  e->mask_mark = ox_writer_reserve(e->w, 4);
  e->mask = 0;
  e->mask_used = 0;
}

static void put_nibble(encoder *e, uint8_t nibble) {
  if (e->has_nibble) {
    uint8_t low = ox_writer_status(e->w) == OX_OK ? e->w->data[e->nibble_mark] : 0;
    ox_writer_patch_u8(e->w, e->nibble_mark, (uint8_t)(low | nibble << 4));
    e->has_nibble = false;
  } else {
    e->nibble_mark = ox_writer_reserve(e->w, 1);
    ox_writer_patch_u8(e->w, e->nibble_mark, nibble);
    e->has_nibble = true;
  }
}

static void put_match(encoder *e, size_t distance, size_t length) {
  size_t rest = length - MATCH_MIN;
  uint16_t low = rest < INLINE_LENGTHS ? (uint16_t)rest : INLINE_LENGTHS;
  push_flag(e, true);
  ox_write_u16(e->w, (uint16_t)((distance - 1) << 3 | low));
  if (rest >= INLINE_LENGTHS) {
    size_t more = rest - INLINE_LENGTHS;
    put_nibble(e, more < NIBBLE_LENGTHS ? (uint8_t)more : NIBBLE_LENGTHS);
    if (more >= NIBBLE_LENGTHS) {
      more -= NIBBLE_LENGTHS;
      if (more < BYTE_LENGTHS) {
        ox_write_u8(e->w, (uint8_t)more);
      } else {
        ox_write_u8(e->w, BYTE_LENGTHS);
        ox_write_u16(e->w, (uint16_t)rest);
      }
    }
  }
  renew_mask(e);
}

static unsigned hash_of(const uint8_t *p) {
  uint32_t three = (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16;
  return three * 2654435761u >> (32 - HASH_BITS);
}

/* Positions with equal hashes, newest first. Links are positions plus one; 0 ends a chain. */
typedef struct match_finder {
  uint16_t newest[1u << HASH_BITS];
  uint16_t older[WINDOW_BYTES];
} match_finder;

static void remember(match_finder *finder, ox_bytes plain, size_t at) {
  if (plain.size_bytes - at < MATCH_MIN) return;
  unsigned hash = hash_of(plain.data + at);
  finder->older[at % WINDOW_BYTES] = finder->newest[hash];
  finder->newest[hash] = (uint16_t)(at + 1);
}

static size_t find_match(const match_finder *finder, ox_bytes plain, size_t at,
                         size_t *distance_out) {
  size_t left = plain.size_bytes - at;
  size_t best = 0;
  if (left < MATCH_MIN) return 0;
  size_t link = finder->newest[hash_of(plain.data + at)];
  for (unsigned tries = 0; link != 0 && tries < CHAIN_MAX; tries++) {
    size_t candidate = link - 1;
    if (candidate >= at || at - candidate > WINDOW_BYTES) break;
    size_t length = 0;
    while (length < left && plain.data[candidate + length] == plain.data[at + length]) length++;
    if (length > best) {
      best = length;
      *distance_out = at - candidate;
    }
    size_t next = finder->older[candidate % WINDOW_BYTES];
    if (next >= link) break; /* overwritten by a newer position */
    link = next;
  }
  return best >= MATCH_MIN ? best : 0;
}

void ox_lz77_compress(ox_writer *w, ox_bytes plain) {
  if (plain.size_bytes > UINT16_MAX) {
    ox_writer_fail(w, OX_E_LIMIT);
    return;
  }
  match_finder *finder = ox_calloc(w->allocator, 1, sizeof *finder);
  if (finder == NULL) {
    ox_writer_fail(w, OX_E_NO_MEMORY);
    return;
  }
  encoder e;
  memset(&e, 0, sizeof e);
  e.w = w;
  e.mask_mark = ox_writer_reserve(w, 4);
  for (size_t at = 0; at < plain.size_bytes;) {
    size_t distance = 0;
    size_t length = find_match(finder, plain, at, &distance);
    if (length == 0) {
      push_flag(&e, false);
      ox_write_u8(w, plain.data[at]);
      renew_mask(&e);
      length = 1;
    } else {
      put_match(&e, distance, length);
    }
    for (size_t end = at + length; at < end; at++) remember(finder, plain, at);
  }
  /* The end bit, and ones after it. */
  unsigned unused = 32 - e.mask_used;
  uint32_t ones = unused == 32 ? UINT32_MAX : (1u << unused) - 1;
  uint32_t mask = unused == 32 ? ones : e.mask << unused | ones;
  ox_writer_patch_u32(w, e.mask_mark, mask);
  ox_free(w->allocator, finder);
}
