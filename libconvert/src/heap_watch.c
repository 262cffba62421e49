#include "mime_internal.h"

static void *noticed(heap_watch *watch, void *block) {
  if (block == NULL) watch->failed = true;
  return block;
}

static void *watched_malloc(size_t size_bytes, void *user) {
  heap_watch *watch = user;
  return noticed(watch, ox_malloc(watch->inner, size_bytes));
}

static void *watched_calloc(size_t count, size_t size_bytes, void *user) {
  heap_watch *watch = user;
  return noticed(watch, ox_calloc(watch->inner, count, size_bytes));
}

static void *watched_realloc(void *block, size_t size_bytes, void *user) {
  heap_watch *watch = user;
  return noticed(watch, ox_realloc(watch->inner, block, size_bytes));
}

static void watched_free(void *block, void *user) {
  heap_watch *watch = user;
  ox_free(watch->inner, block);
}

void ox_mime_watch_heap(heap_watch *watch, const ox_allocator *inner) {
  *watch = (heap_watch){
      {watched_malloc, watched_calloc, watched_realloc, watched_free, watch}, inner, false};
}
