/* Allocators, arenas, and values that are read in pieces. */
#ifndef OXKIT_ROPCODEC_MEMORY_H
#define OXKIT_ROPCODEC_MEMORY_H

#include <oxkit/ropcodec/status.h>

OX_BEGIN_DECLS

/** Where memory comes from. All four callbacks are set or the whole allocator is NULL, which means
 *  the C library's. They follow malloc, calloc, realloc and free, with `user` last. */
typedef struct ox_allocator {
  void *(*malloc)(size_t size_bytes, void *user);
  void *(*calloc)(size_t count, size_t size_bytes, void *user);
  void *(*realloc)(void *block, size_t size_bytes, void *user);
  void (*free)(void *block, void *user);
  void *user;
} ox_allocator;

/** The C library's allocator. Static, never NULL. */
OX_EXPORT const ox_allocator *ox_allocator_default(void);

/** Calls of an allocator; NULL means ox_allocator_default(). */
OX_EXPORT void *ox_malloc(const ox_allocator *allocator, size_t size_bytes);
OX_EXPORT void *ox_calloc(const ox_allocator *allocator, size_t count, size_t size_bytes);
OX_EXPORT void *ox_realloc(const ox_allocator *allocator, void *block, size_t size_bytes);
OX_EXPORT void ox_free(const ox_allocator *allocator, void *block);

/** Overwrites memory in a way that a compiler does not remove. */
OX_EXPORT void ox_wipe(void *data, size_t size_bytes);

struct ox_arena_block;

/** A growing heap that is freed as one. Caller-owned; not for two threads at a time. */
typedef struct ox_arena {
  const ox_allocator *allocator;
  struct ox_arena_block *newest;
  size_t used_bytes; /**< handed out since init or reset, with alignment */
  size_t max_bytes;  /**< refuses to hand out more */
} ox_arena;

/** Default of ox_arena.max_bytes. */
#define OX_ARENA_MAX_BYTES ((size_t)256 * 1024 * 1024)

/* Memory that a decoder takes, whatever its input says of counts and sizes: at most so many times
 * the input's bytes, and a fixed part. */
#define OX_DECODE_EXPANSION_MAX 128u
#define OX_DECODE_FIXED_BYTES ((size_t)16 * 1024)

/** Prepares an empty arena; allocates nothing.
 *  @param allocator  NULL for the C library's; must outlive the arena
 *  @param max_bytes  0 for OX_ARENA_MAX_BYTES */
OX_EXPORT void ox_arena_init(ox_arena *arena, const ox_allocator *allocator, size_t max_bytes);

/** Frees everything that the arena handed out; it may be used again. Keeps its largest block. */
OX_EXPORT void ox_arena_reset(ox_arena *arena);

/** Frees everything and the arena's own blocks. */
OX_EXPORT void ox_arena_dispose(ox_arena *arena);

/** Memory aligned for any object, not cleared; NULL when out of memory or over max_bytes.
 *  A size of 0 gives a valid pointer. */
OX_EXPORT void *ox_arena_alloc(ox_arena *arena, size_t size_bytes);

/** Cleared memory for `count` elements; NULL also when the product overflows. */
OX_EXPORT void *ox_arena_calloc(ox_arena *arena, size_t count, size_t size_bytes);

/** A copy of `size_bytes` bytes, followed by one 0 byte that is not counted. */
OX_EXPORT void *ox_arena_copy(ox_arena *arena, const void *data, size_t size_bytes);

/** A copy of a terminated string. */
OX_EXPORT char *ox_arena_strdup(ox_arena *arena, const char *text);

/** Grows an array: returns a block of new_count elements that starts with the old ones.
 *  The old block stays until reset, so double the size each time. */
OX_EXPORT void *ox_arena_grow(ox_arena *arena, const void *old, size_t old_count, size_t new_count,
                              size_t size_bytes);

/** Bytes that are read in pieces and need not be in memory: a large property value, a file. */
typedef struct ox_source ox_source;
struct ox_source {
  uint64_t size_bytes;
  /** Reads up to capacity_bytes at `offset`; *size_out is short only at the end. Thread-safe if
   *  the maker says so. */
  ox_status (*read_at)(ox_source *source, uint64_t offset, void *buffer, size_t capacity_bytes,
                       size_t *size_out, ox_error *err);
  /** Releases the source and its own memory; may be NULL. */
  void (*free)(ox_source *source);
  void *user;
};

OX_END_DECLS

#endif
