/* Decoding and encoding of FastTransfer streams: one megabyte that is mostly bodies, one that is
 * small properties, each in buffers of 32 KiB as the ROPs carry them; against memcpy of the same
 * bytes. Usage: bench_ftstream [MILLISECONDS of each measurement, 200] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <oxkit/ropcodec/ftstream.h>

#include "measure.h"

enum { STREAM_BYTES = 1024 * 1024, BUFFER_BYTES = 32 * 1024 - 100, EVENTS_MAX = 128 * 1024 };

static void require(bool condition, const char *what) {
  if (!condition) {
    fprintf(stderr, "%s failed\n", what);
    exit(1);
  }
}

/* Counts what is allocated. */
typedef struct usage {
  size_t now, peak, calls;
} usage;

static void grew(usage *u, size_t n) {
  u->calls++;
  u->now += n;
  if (u->now > u->peak) u->peak = u->now;
}

static void *count_malloc(size_t n, void *user) {
  size_t *block = malloc(n + sizeof(max_align_t));
  if (block == NULL) return NULL;
  *block = n;
  grew(user, n);
  return (char *)block + sizeof(max_align_t);
}

static void count_free(void *p, void *user) {
  if (p == NULL) return;
  size_t *block = (size_t *)(void *)((char *)p - sizeof(max_align_t));
  ((usage *)user)->now -= *block;
  free(block);
}

static void *count_realloc(void *p, size_t n, void *user) {
  void *grown = count_malloc(n, user);
  if (grown != NULL && p != NULL) {
    const size_t old = *(size_t *)(void *)((char *)p - sizeof(max_align_t));
    memcpy(grown, p, old < n ? old : n);
    count_free(p, user);
  }
  return grown;
}

static void *count_calloc(size_t count, size_t n, void *user) {
  void *p = count_malloc(count * n, user);
  return p != NULL ? memset(p, 0, count * n) : NULL;
}

/* A stream as the events that make it, and as bytes. */
typedef struct stream {
  const char *name;
  ox_ft_event *events;
  size_t event_count;
  size_t property_count;
  uint8_t *bytes;
  size_t size_bytes;
} stream;

static ox_ft_event *add(stream *s, uint8_t kind) {
  require(s->event_count < EVENTS_MAX, "room for events");
  ox_ft_event *event = &s->events[s->event_count++];
  memset(event, 0, sizeof *event);
  event->kind = kind;
  return event;
}

static void add_marker(stream *s, uint32_t marker) {
  add(s, OX_FT_EVENT_MARKER)->marker = marker;
  s->size_bytes += 4;
}

static ox_value *add_property(stream *s, ox_proptag tag, size_t size) {
  ox_ft_event *event = add(s, OX_FT_EVENT_PROPERTY);
  event->property.tag = tag;
  s->property_count++;
  s->size_bytes += 4 + size;
  return &event->property.value;
}

static uint8_t text[256 * 1024];

static void add_text(stream *s, ox_proptag tag, size_t size) {
  ox_value *value = add_property(s, tag, 4 + size + 2);
  value->string.data = text;
  value->string.size_bytes = size;
}

static void add_binary(stream *s, ox_proptag tag, size_t size) {
  ox_value *value = add_property(s, tag, 4 + size);
  value->binary.data = text;
  value->binary.size_bytes = size;
}

/* The properties that every message has; a good dozen of all kinds. */
static void add_common(stream *s) {
  add_property(s, OX_PidTagMid, 8)->i64 = 1;
  add_text(s, OX_PidTagMessageClass, 16);
  add_property(s, OX_PidTagImportance, 4)->i32 = 1;
  add_property(s, OX_PidTagSensitivity, 4)->i32 = 0;
  add_property(s, OX_PidTagMessageFlags, 4)->i32 = 1;
  add_property(s, OX_PidTagReadReceiptRequested, 2)->boolean = true;
  add_property(s, OX_PidTagOriginatorDeliveryReportRequested, 2)->boolean = false;
  add_property(s, OX_PidTagClientSubmitTime, 8)->time = 1;
  add_property(s, OX_PidTagMessageDeliveryTime, 8)->time = 2;
  add_property(s, OX_PidTagLastModificationTime, 8)->time = 3;
  add_property(s, OX_PidTagMessageSize, 4)->i32 = 4;
  add_property(s, OX_PidTagInternetCodepage, 4)->i32 = 65001;
  add_text(s, OX_PidTagSubject, 40);
  add_text(s, OX_PidTagSenderName, 24);
  add_binary(s, OX_PidTagSearchKey, 16);
}

static void make_small(stream *s) {
  for (unsigned n = 0; s->size_bytes < STREAM_BYTES; n++) {
    add_marker(s, OX_FT_START_MESSAGE);
    add_common(s);
    for (unsigned i = 0; i < 2; i++) {
      add_marker(s, OX_FT_START_RECIP);
      add_property(s, OX_PidTagRowid, 4)->i32 = (int32_t)i;
      add_property(s, OX_PidTagRecipientType, 4)->i32 = 1;
      add_property(s, OX_PidTagResponsibility, 2)->boolean = true;
      add_property(s, OX_PidTagObjectType, 4)->i32 = 6;
      add_property(s, OX_PidTagDisplayType, 4)->i32 = 0;
      add_text(s, OX_PidTagAddressType, 8);
      add_text(s, OX_PidTagDisplayName, 20);
      add_marker(s, OX_FT_END_TO_RECIP);
    }
    add_marker(s, OX_FT_END_MESSAGE);
  }
}

static void make_bodies(stream *s) {
  while (s->size_bytes < STREAM_BYTES) {
    add_marker(s, OX_FT_START_MESSAGE);
    add_common(s);
    add_text(s, OX_PidTagBody, 24 * 1024);
    add_binary(s, OX_PidTagHtml, 30 * 1024);
    add_marker(s, OX_FT_NEW_ATTACH);
    add_property(s, OX_PidTagAttachNumber, 4)->i32 = 0;
    add_binary(s, OX_PidTagAttachDataBinary, 200 * 1024);
    add_marker(s, OX_FT_END_ATTACH);
    add_marker(s, OX_FT_END_MESSAGE);
  }
}

static ox_status next_event(void *user, ox_ft_event *event, ox_error *err) {
  (void)err;
  stream *s = user;
  *event = s->events[s->event_count++];
  return OX_OK;
}

/* Encodes all of it in buffers; the bytes go to `out` one buffer behind the other. */
static size_t encode(const stream *s, uint8_t *out) {
  stream cursor = *s;
  ox_ft_writer writer;
  size_t total = 0;
  bool done = false;
  cursor.event_count = 0;
  ox_ft_writer_init(&writer, OX_FT_MESSAGE_LIST, NULL, next_event, &cursor);
  while (!done) {
    size_t size;
    ox_error err;
    if (ox_ft_writer_read(&writer, out + total, BUFFER_BYTES, &size, &done, &err) != OX_OK) {
      fprintf(stderr, "%s\n", err.text);
      exit(1);
    }
    total += size;
  }
  return total;
}

static size_t seen_bytes; /* so that nothing is optimised away */

/* Decodes all of it from buffers; the properties, and the pieces of values, that came. */
static size_t decode(const stream *s, ox_arena *arena) {
  ox_ft_parser parser;
  ox_ft_event event;
  size_t at = 0, properties = 0;
  ox_ft_parser_init(&parser, OX_FT_MESSAGE_LIST, arena, NULL);
  for (;;) {
    require(ox_ft_parser_next(&parser, &event, NULL) == OX_OK, "decoding");
    if (event.kind == OX_FT_EVENT_PROPERTY || event.kind == OX_FT_EVENT_VALUE_BEGIN) {
      properties++;
    } else if (event.kind == OX_FT_EVENT_VALUE_DATA) {
      seen_bytes += event.data.size_bytes;
    } else if (event.kind == OX_FT_EVENT_NEED_DATA) {
      size_t n = s->size_bytes - at < BUFFER_BYTES ? s->size_bytes - at : BUFFER_BYTES;
      ox_ft_parser_feed(&parser, s->bytes + at, n);
      at += n;
      if (at == s->size_bytes) ox_ft_parser_end(&parser);
    } else if (event.kind == OX_FT_EVENT_END) {
      break;
    }
  }
  ox_ft_parser_dispose(&parser);
  return properties;
}

static void report(const stream *s, const char *what, double ns, double memcpy_ns, bool small) {
  printf("%-8s %-8s %8.0f MB/s  %5.2f of memcpy", s->name, what,
         (double)s->size_bytes * 1000.0 / ns, memcpy_ns / ns);
  if (small) printf("  %5.1f ns a property", ns / (double)s->property_count);
  printf("\n");
}

static void measure(const char *name, void (*make)(stream *s), bool small) {
  stream s = {.name = name};
  s.events = calloc(EVENTS_MAX, sizeof *s.events);
  require(s.events != NULL, "memory");
  make(&s);
  add(&s, OX_FT_EVENT_END);
  s.bytes = malloc(s.size_bytes + BUFFER_BYTES);
  uint8_t *copy = malloc(s.size_bytes + BUFFER_BYTES);
  require(s.bytes != NULL && copy != NULL, "memory");
  require(encode(&s, s.bytes) == s.size_bytes, "encoding");
  usage used = {0, 0, 0};
  ox_allocator allocator = {count_malloc, count_calloc, count_realloc, count_free, &used};
  ox_arena arena;
  ox_arena_init(&arena, &allocator, 0);
  require(decode(&s, &arena) == s.property_count, "the same properties");
  printf(
      "%-8s %zu bytes, %zu properties; decoding allocated %zu bytes at most, of which %zu for the "
      "arena\n",
      name, s.size_bytes, s.property_count, used.peak, arena.used_bytes);
  double memcpy_ns, encode_ns, decode_ns;
  MEASURE(memcpy_ns, {
    for (size_t at = 0; at < s.size_bytes; at += BUFFER_BYTES) {
      memcpy(copy + at, s.bytes + at,
             s.size_bytes - at < BUFFER_BYTES ? s.size_bytes - at : BUFFER_BYTES);
    }
    __asm__ __volatile__("" : : "r"(copy) : "memory");
  });
  MEASURE(decode_ns, decode(&s, &arena));
  MEASURE(encode_ns, encode(&s, copy));
  report(&s, "memcpy", memcpy_ns, memcpy_ns, false);
  report(&s, "decode", decode_ns, memcpy_ns, small);
  report(&s, "encode", encode_ns, memcpy_ns, small);
  ox_arena_dispose(&arena);
  free(copy);
  free(s.bytes);
  free(s.events);
}

int main(int argc, char **argv) {
  measure_ns = (argc > 1 ? strtod(argv[1], NULL) : 200) * 1e6;
  for (size_t i = 0; i < sizeof text; i += 2) text[i] = (uint8_t)('a' + i / 2 % 26);
  measure("bodies", make_bodies, false);
  measure("small", make_small, true);
  return seen_bytes == 0;
}
