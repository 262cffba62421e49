#include <oxkit/ropcodec/schedule.h>

#include <stdlib.h>
#include <string.h>

#include "civil.h"

enum { BLOCK_BYTES = 4 };

/* Minutes since 1601 of the first day of a month; months count from 0 on over the years. */
static uint64_t month_start(int64_t month) {
  int64_t days = ox_civil_to_days(month / 12, (unsigned)(month % 12) + 1, 1);
  return (uint64_t)days * MINUTES_PER_DAY;
}

static int64_t month_of(uint32_t minutes) {
  int64_t year;
  unsigned month, day;
  ox_civil_from_days(minutes / MINUTES_PER_DAY, &year, &month, &day);
  return year * 12 + month - 1;
}

static int by_start(const void *a, const void *b) {
  const ox_busy_time *x = a, *y = b;
  return (x->start_minutes > y->start_minutes) - (x->start_minutes < y->start_minutes);
}

/* The times inside the range, sorted, those that touch joined. */
static size_t join(ox_busy_time *times, size_t count) {
  size_t used = 0;
  if (count != 0) qsort(times, count, sizeof *times, by_start);
  for (size_t i = 0; i < count; i++) {
    if (used != 0 && times[i].start_minutes <= times[used - 1].end_minutes) {
      if (times[i].end_minutes > times[used - 1].end_minutes) {
        times[used - 1].end_minutes = times[i].end_minutes;
      }
    } else {
      times[used++] = times[i];
    }
  }
  return used;
}

static ox_status clip(const ox_busy_time *times, size_t count, uint32_t start, uint32_t end,
                      ox_busy_time *out, size_t *count_out) {
  size_t used = 0;
  for (size_t i = 0; i < count; i++) {
    ox_busy_time time = times[i];
    if (time.end_minutes < time.start_minutes) return OX_E_USAGE;
    if (time.start_minutes < start) time.start_minutes = start;
    if (time.end_minutes > end) time.end_minutes = end;
    if (time.start_minutes < time.end_minutes) out[used++] = time;
  }
  *count_out = join(out, used);
  return OX_OK;
}

static void put16(uint8_t *at, uint64_t value) {
  at[0] = (uint8_t)value;
  at[1] = (uint8_t)(value >> 8);
}

/* The blocks of one month, from *next on; *next moves past the times that end in it. */
static ox_bytes month_blocks(int64_t month, const ox_busy_time *times, size_t count, size_t *next,
                             uint8_t *at) {
  uint64_t start = month_start(month), end = month_start(month + 1);
  ox_bytes blocks = {at, 0};
  while (*next < count && times[*next].start_minutes < end) {
    const ox_busy_time *time = &times[*next];
    uint64_t from = time->start_minutes > start ? time->start_minutes : start;
    uint64_t to = time->end_minutes < end ? time->end_minutes : end;
    put16(at + blocks.size_bytes, from - start);
    put16(at + blocks.size_bytes + 2, to - start);
    blocks.size_bytes += BLOCK_BYTES;
    if (time->end_minutes > end) break;
    (*next)++;
  }
  return blocks;
}

ox_status ox_free_busy_publish(ox_arena *arena, const ox_busy_time *times, size_t count,
                               uint32_t publish_start, uint32_t publish_end, ox_busy_months *out) {
  memset(out, 0, sizeof *out);
  if (publish_end < publish_start) return OX_E_USAGE;
  size_t joined_count;
  ox_busy_time *joined = ox_arena_calloc(arena, count, sizeof *joined);
  if (joined == NULL) return OX_E_NO_MEMORY;
  ox_status status = clip(times, count, publish_start, publish_end, joined, &joined_count);
  if (status != OX_OK || joined_count == 0) return status;
  int64_t first = month_of(joined[0].start_minutes);
  int64_t last = month_of(joined[joined_count - 1].end_minutes - 1);
  if (last - first >= OX_BUSY_MONTHS_MAX) return OX_E_LIMIT;
  size_t months = (size_t)(last - first) + 1;
  /* A time has a block more for each month that it goes on into. */
  uint8_t *at = ox_arena_calloc(arena, joined_count + months, BLOCK_BYTES);
  out->months = ox_arena_calloc(arena, months, sizeof *out->months);
  out->blocks = ox_arena_calloc(arena, months, sizeof *out->blocks);
  if (at == NULL || out->months == NULL || out->blocks == NULL) {
    memset(out, 0, sizeof *out);
    return OX_E_NO_MEMORY;
  }
  size_t next = 0;
  for (int64_t month = first; month <= last; month++) {
    ox_bytes blocks = month_blocks(month, joined, joined_count, &next, at);
    if (blocks.size_bytes == 0) continue;
    at += blocks.size_bytes;
    out->months[out->count] = (int32_t)(month / 12 * 16 + month % 12 + 1);
    out->blocks[out->count++] = blocks;
  }
  return OX_OK;
}

/* Appends the blocks of a month; false when they cannot be. */
static bool expand_month(int32_t value, ox_bytes blocks, ox_busy_time *times, size_t *count) {
  if (value <= 0 || value % 16 < 1 || value % 16 > 12 || value / 16 < 1601) return false;
  int64_t month = (int64_t)(value / 16) * 12 + value % 16 - 1;
  uint64_t start = month_start(month), length = month_start(month + 1) - start;
  if (blocks.size_bytes % BLOCK_BYTES != 0 || start + length > UINT32_MAX) return false;
  for (size_t i = 0; i < blocks.size_bytes; i += BLOCK_BYTES) {
    const uint8_t *at = blocks.data + i;
    uint32_t from = at[0] | (uint32_t)at[1] << 8, to = at[2] | (uint32_t)at[3] << 8;
    if (from > to || to > length) return false;
    uint32_t start_minutes = (uint32_t)start + from, end_minutes = (uint32_t)start + to;
    if (*count != 0 && start_minutes < times[*count - 1].end_minutes) return false;
    if (*count != 0 && start_minutes == times[*count - 1].end_minutes) {
      times[*count - 1].end_minutes = end_minutes;
    } else {
      times[(*count)++] = (ox_busy_time){start_minutes, end_minutes};
    }
  }
  return true;
}

ox_status ox_free_busy_expand(ox_arena *arena, const ox_busy_months *months,
                              ox_busy_time **times_out, size_t *count_out) {
  size_t blocks = 0;
  *times_out = NULL;
  *count_out = 0;
  for (uint32_t i = 0; i < months->count; i++) {
    blocks += months->blocks[i].size_bytes / BLOCK_BYTES;
  }
  ox_busy_time *times = ox_arena_calloc(arena, blocks, sizeof *times);
  if (times == NULL) return OX_E_NO_MEMORY;
  size_t count = 0;
  for (uint32_t i = 0; i < months->count; i++) {
    bool in_order = i == 0 || months->months[i] > months->months[i - 1];
    if (!in_order || !expand_month(months->months[i], months->blocks[i], times, &count)) {
      return OX_E_MALFORMED;
    }
  }
  *times_out = times;
  *count_out = count;
  return OX_OK;
}
