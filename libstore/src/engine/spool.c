/* Bytes being written: small ones in memory, larger ones in an unnamed file of the data directory
 * (O_TMPFILE, or a file that is unlinked at once). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine.h"

#define SPOOL_MEMORY_MAX_BYTES ((size_t)1024 * 1024)

struct oxs_spool {
  const ox_allocator *allocator;
  unsigned references; /* one thread at a time, as the mailbox it belongs to */
  char *directory;
  uint8_t *memory;
  size_t capacity;
  uint64_t size;
  int file; /* -1: in memory */
};

oxs_spool *oxs_spool_new(const ox_allocator *allocator, const char *directory) {
  oxs_spool *spool = ox_calloc(allocator, 1, sizeof *spool);
  if (spool == NULL) return NULL;
  spool->allocator = allocator;
  spool->references = 1;
  spool->file = -1;
  spool->directory = ox_malloc(allocator, strlen(directory) + 1);
  if (spool->directory == NULL) {
    ox_free(allocator, spool);
    return NULL;
  }
  memcpy(spool->directory, directory, strlen(directory) + 1);
  return spool;
}

oxs_spool *oxs_spool_ref(oxs_spool *spool) {
  if (spool != NULL) spool->references++;
  return spool;
}

void oxs_spool_unref(oxs_spool *spool) {
  if (spool == NULL || --spool->references != 0) return;
  if (spool->file >= 0) close(spool->file);
  ox_free(spool->allocator, spool->memory);
  ox_free(spool->allocator, spool->directory);
  ox_free(spool->allocator, spool);
}

uint64_t oxs_spool_size(const oxs_spool *spool) {
  return spool->size;
}

static ox_status system_failure(ox_error *err) {
  bool full = errno == ENOSPC || errno == EDQUOT;
  return ox_error_setf(err, full ? OX_E_NOT_ENOUGH_DISK : OX_E_IO,
                       "A value being written could not be kept: %s.", strerror(errno));
}

ox_status oxs_spool_read(oxs_spool *spool, uint64_t offset, void *buffer, size_t capacity_bytes,
                         size_t *size_out, ox_error *err) {
  *size_out = 0;
  if (offset >= spool->size) return OX_OK;
  if (capacity_bytes > spool->size - offset) capacity_bytes = (size_t)(spool->size - offset);
  if (spool->file < 0) {
    memcpy(buffer, spool->memory + offset, capacity_bytes);
    *size_out = capacity_bytes;
    return OX_OK;
  }
  while (*size_out < capacity_bytes) {
    ssize_t got = pread(spool->file, (uint8_t *)buffer + *size_out, capacity_bytes - *size_out,
                        (off_t)(offset + *size_out));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_failure(err);
    if (got == 0) break;
    *size_out += (size_t)got;
  }
  return OX_OK;
}

static ox_status write_file(oxs_spool *spool, uint64_t offset, const uint8_t *data, size_t size,
                            ox_error *err) {
  while (size > 0) {
    ssize_t put = pwrite(spool->file, data, size, (off_t)offset);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return system_failure(err);
    data += put;
    size -= (size_t)put;
    offset += (uint64_t)put;
  }
  return OX_OK;
}

static ox_status move_to_file(oxs_spool *spool, ox_error *err) {
  int file = -1;
#ifdef O_TMPFILE
  file = open(spool->directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
#endif
  if (file < 0) {
    char name[4096];
    int length = snprintf(name, sizeof name, "%s/spool-XXXXXX", spool->directory);
    if (length < 0 || (size_t)length >= sizeof name) return ox_error_set(err, OX_E_LIMIT, NULL);
    file = mkstemp(name);
    if (file < 0) return system_failure(err);
    unlink(name);
  }
  spool->file = file;
  ox_status status = write_file(spool, 0, spool->memory, (size_t)spool->size, err);
  if (status != OX_OK) {
    close(file);
    spool->file = -1;
    return status;
  }
  ox_free(spool->allocator, spool->memory);
  spool->memory = NULL;
  spool->capacity = 0;
  return OX_OK;
}

ox_status oxs_spool_set_size(oxs_spool *spool, uint64_t size_bytes, ox_error *err) {
  if (size_bytes > OXS_LARGE_MAX_BYTES) return ox_error_set(err, OX_E_TOO_BIG, NULL);
  if (spool->file < 0 && size_bytes > SPOOL_MEMORY_MAX_BYTES) {
    ox_status status = move_to_file(spool, err);
    if (status != OX_OK) return status;
  }
  if (spool->file >= 0) {
    if (ftruncate(spool->file, (off_t)size_bytes) != 0) return system_failure(err);
    spool->size = size_bytes;
    return OX_OK;
  }
  if (size_bytes > spool->capacity) {
    size_t capacity = spool->capacity != 0 ? spool->capacity : 4096;
    while (capacity < size_bytes) capacity *= 2;
    uint8_t *grown = ox_realloc(spool->allocator, spool->memory, capacity);
    if (grown == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
    spool->memory = grown;
    spool->capacity = capacity;
  }
  if (size_bytes > spool->size)
    memset(spool->memory + spool->size, 0, (size_t)(size_bytes - spool->size));
  spool->size = size_bytes;
  return OX_OK;
}

ox_status oxs_spool_write(oxs_spool *spool, uint64_t offset, const void *data, size_t size_bytes,
                          ox_error *err) {
  if (size_bytes == 0) return OX_OK;
  if (offset > OXS_LARGE_MAX_BYTES || size_bytes > OXS_LARGE_MAX_BYTES - offset)
    return ox_error_set(err, OX_E_TOO_BIG, NULL);
  if (offset + size_bytes > spool->size) {
    ox_status status = oxs_spool_set_size(spool, offset + size_bytes, err);
    if (status != OX_OK) return status;
  }
  if (spool->file >= 0) return write_file(spool, offset, data, size_bytes, err);
  memcpy(spool->memory + offset, data, size_bytes);
  return OX_OK;
}
