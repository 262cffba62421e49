#include <oxkit/ropcodec/memory.h>

#include <stdlib.h>
#include <string.h>

static void *default_malloc(size_t size_bytes, void *user) {
  (void)user;
  return malloc(size_bytes);
}

static void *default_calloc(size_t count, size_t size_bytes, void *user) {
  (void)user;
  return calloc(count, size_bytes);
}

static void *default_realloc(void *block, size_t size_bytes, void *user) {
  (void)user;
  return realloc(block, size_bytes);
}

static void default_free(void *block, void *user) {
  (void)user;
  free(block);
}

static const ox_allocator default_allocator = {default_malloc, default_calloc, default_realloc,
                                               default_free, NULL};

const ox_allocator *ox_allocator_default(void) {
  return &default_allocator;
}

static const ox_allocator *or_default(const ox_allocator *allocator) {
  return allocator != NULL ? allocator : &default_allocator;
}

void *ox_malloc(const ox_allocator *allocator, size_t size_bytes) {
  allocator = or_default(allocator);
  return allocator->malloc(size_bytes, allocator->user);
}

void *ox_calloc(const ox_allocator *allocator, size_t count, size_t size_bytes) {
  allocator = or_default(allocator);
  return allocator->calloc(count, size_bytes, allocator->user);
}

void *ox_realloc(const ox_allocator *allocator, void *block, size_t size_bytes) {
  allocator = or_default(allocator);
  return allocator->realloc(block, size_bytes, allocator->user);
}

void ox_free(const ox_allocator *allocator, void *block) {
  if (block == NULL) return;
  allocator = or_default(allocator);
  allocator->free(block, allocator->user);
}

void ox_wipe(void *data, size_t size_bytes) {
  if (size_bytes == 0) return;
  memset(data, 0, size_bytes);
  __asm__ __volatile__("" : : "r"(data) : "memory");
}

/* A block is a header and `capacity` bytes. The first is small, later ones double, so that a ROP
 * that decodes to nothing much costs one malloc and a large table costs a few. */
struct ox_arena_block {
  struct ox_arena_block *older;
  size_t capacity;
  size_t used;
  max_align_t bytes[];
};

enum { FIRST_BLOCK_BYTES = 4096 - sizeof(struct ox_arena_block), LARGEST_STEP_BYTES = 1024 * 1024 };

void ox_arena_init(ox_arena *arena, const ox_allocator *allocator, size_t max_bytes) {
  arena->allocator = or_default(allocator);
  arena->newest = NULL;
  arena->used_bytes = 0;
  arena->max_bytes = max_bytes != 0 ? max_bytes : OX_ARENA_MAX_BYTES;
}

static void free_from(ox_arena *arena, struct ox_arena_block *block) {
  while (block != NULL) {
    struct ox_arena_block *older = block->older;
    ox_free(arena->allocator, block);
    block = older;
  }
}

void ox_arena_reset(ox_arena *arena) {
  arena->used_bytes = 0;
  struct ox_arena_block *largest = arena->newest;
  if (largest == NULL) return;
  struct ox_arena_block *next = largest->older;
  while (next != NULL) {
    struct ox_arena_block *older = next->older;
    if (next->capacity > largest->capacity) {
      ox_free(arena->allocator, largest);
      largest = next;
    } else {
      ox_free(arena->allocator, next);
    }
    next = older;
  }
  largest->older = NULL;
  largest->used = 0;
  arena->newest = largest;
}

void ox_arena_dispose(ox_arena *arena) {
  free_from(arena, arena->newest);
  arena->newest = NULL;
  arena->used_bytes = 0;
}

static struct ox_arena_block *add_block(ox_arena *arena, size_t need) {
  size_t capacity = FIRST_BLOCK_BYTES;
  if (arena->newest != NULL) {
    capacity = arena->newest->capacity;
    capacity = capacity < LARGEST_STEP_BYTES ? capacity * 2 : (size_t)LARGEST_STEP_BYTES;
  }
  if (capacity < need) capacity = need;
  struct ox_arena_block *block =
      ox_malloc(arena->allocator, offsetof(struct ox_arena_block, bytes) + capacity);
  if (block == NULL) return NULL;
  block->capacity = capacity;
  block->used = 0;
  block->older = arena->newest;
  arena->newest = block;
  return block;
}

void *ox_arena_alloc(ox_arena *arena, size_t size_bytes) {
  const size_t alignment = sizeof(max_align_t) < 16 ? sizeof(max_align_t) : 16;
  if (size_bytes > arena->max_bytes) return NULL;
  if (size_bytes == 0) size_bytes = 1;
  size_t rounded = (size_bytes + alignment - 1) & ~(alignment - 1);
  if (rounded > arena->max_bytes - arena->used_bytes) return NULL;
  struct ox_arena_block *block = arena->newest;
  if (block == NULL || block->capacity - block->used < rounded) {
    block = add_block(arena, rounded);
    if (block == NULL) return NULL;
  }
  void *result = (uint8_t *)block->bytes + block->used;
  block->used += rounded;
  arena->used_bytes += rounded;
  return result;
}

void *ox_arena_calloc(ox_arena *arena, size_t count, size_t size_bytes) {
  if (size_bytes != 0 && count > SIZE_MAX / size_bytes) return NULL;
  void *result = ox_arena_alloc(arena, count * size_bytes);
  if (result != NULL) memset(result, 0, count * size_bytes);
  return result;
}

void *ox_arena_copy(ox_arena *arena, const void *data, size_t size_bytes) {
  if (size_bytes == SIZE_MAX) return NULL;
  uint8_t *copy = ox_arena_alloc(arena, size_bytes + 1);
  if (copy == NULL) return NULL;
  if (size_bytes != 0) memcpy(copy, data, size_bytes);
  copy[size_bytes] = 0;
  return copy;
}

char *ox_arena_strdup(ox_arena *arena, const char *text) {
  return ox_arena_copy(arena, text, strlen(text));
}

void *ox_arena_grow(ox_arena *arena, const void *old, size_t old_count, size_t new_count,
                    size_t size_bytes) {
  uint8_t *grown = ox_arena_calloc(arena, new_count, size_bytes);
  if (grown != NULL && old_count != 0) memcpy(grown, old, old_count * size_bytes);
  return grown;
}
