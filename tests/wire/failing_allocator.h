/* An allocator that fails at the n-th allocation and counts what is not freed. */
#ifndef OXKIT_TESTS_FAILING_ALLOCATOR_H
#define OXKIT_TESTS_FAILING_ALLOCATOR_H

#include <stdlib.h>

#include <oxkit/ropcodec/memory.h>

typedef struct failing_allocator {
  ox_allocator base;
  long left; /* allocations until the one that fails; it and all after it fail */
  long live;
  bool failed;
} failing_allocator;

static inline bool failing_now(void *user) {
  failing_allocator *f = user;
  if (f->left-- > 0) return false;
  f->failed = true;
  return true;
}

static void *failing_malloc(size_t size, void *user) {
  void *block = failing_now(user) ? NULL : malloc(size);
  if (block != NULL) ((failing_allocator *)user)->live++;
  return block;
}

static void *failing_calloc(size_t count, size_t size, void *user) {
  void *block = failing_now(user) ? NULL : calloc(count, size);
  if (block != NULL) ((failing_allocator *)user)->live++;
  return block;
}

static void *failing_realloc(void *old, size_t size, void *user) {
  void *block = failing_now(user) ? NULL : realloc(old, size);
  if (block != NULL && old == NULL) ((failing_allocator *)user)->live++;
  return block;
}

static void failing_free(void *block, void *user) {
  if (block != NULL) ((failing_allocator *)user)->live--;
  free(block);
}

static inline void failing_init(failing_allocator *f, long left) {
  f->base.malloc = failing_malloc;
  f->base.calloc = failing_calloc;
  f->base.realloc = failing_realloc;
  f->base.free = failing_free;
  f->base.user = f;
  f->left = left;
  f->live = 0;
  f->failed = false;
}

#endif
