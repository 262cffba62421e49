/* Expands recurring appointments, for tests against other people's implementations.
 *
 * Each line of standard input is "PATTERN ZONE FROM TO": PidLidAppointmentRecur and
 * PidLidTimeZoneStruct in hexadecimal digits, and two instants in minutes since 1601. The answer is
 * a line of "ORIGINAL START END INDEX" joined by commas, the first in minutes of local time, the
 * next two in minutes of UTC, the last the exception or -1. A pattern that breaks a rule of the
 * specification answers "broken FIELD". */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <oxkit/ropcodec/occurrence.h>

enum { LINE_MAX_BYTES = 1 << 20 };

static void must(bool condition, const char *what) {
  if (condition) return;
  fprintf(stderr, "recurrence_tool: %s\n", what);
  exit(2);
}

static ox_bytes from_hex(ox_arena *arena, const char *text) {
  size_t size = strlen(text) / 2;
  uint8_t *bytes = ox_arena_alloc(arena, size);
  must(bytes != NULL, "memory");
  for (size_t i = 0; i < size; i++) {
    char pair[3] = {text[2 * i], text[2 * i + 1], 0};
    bytes[i] = (uint8_t)strtoul(pair, NULL, 16);
  }
  return (ox_bytes){bytes, size};
}

static void answer(ox_arena *arena, const char *hex, const char *zone_hex, uint32_t from,
                   uint32_t to) {
  ox_reader r;
  ox_bytes bytes = from_hex(arena, hex);
  ox_appointment_recurrence_pattern pattern;
  ox_reader_init(&r, bytes.data, bytes.size_bytes);
  ox_appointment_recurrence_pattern_decode(&r, arena, &pattern);
  must(ox_reader_finish(&r, NULL) == OX_OK, "bad pattern");
  bytes = from_hex(arena, zone_hex);
  ox_time_zone_struct structure;
  ox_reader_init(&r, bytes.data, bytes.size_bytes);
  ox_time_zone_struct_decode(&r, arena, &structure);
  must(ox_reader_finish(&r, NULL) == OX_OK, "bad zone");
  ox_error err;
  if (ox_appointment_recurrence_pattern_check(&pattern, &err) != OX_OK) {
    printf("broken %s\n", err.field);
    return;
  }
  ox_zone zone;
  must(ox_zone_init_struct(&structure, &zone, NULL) == OX_OK, "zone");
  ox_occurrence_iterator it;
  must(ox_occurrences_begin(&it, &pattern, &zone, ox_minutes_to_filetime(from),
                            ox_minutes_to_filetime(to), NULL) == OX_OK,
       "expansion");
  ox_occurrence o;
  const char *comma = "";
  while (ox_occurrences_next(&it, &o)) {
    uint32_t start, end;
    must(ox_minutes_from_filetime(o.start, &start) == OX_OK, "start");
    must(ox_minutes_from_filetime(o.end, &end) == OX_OK, "end");
    printf("%s%u %u %u %d", comma, o.original_date, start, end, o.exception_index);
    comma = ",";
  }
  must(ox_occurrences_status(&it) == OX_OK, "limit");
  printf("\n");
}

int main(void) {
  static char line[LINE_MAX_BYTES], pattern[LINE_MAX_BYTES], zone[256];
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  while (fgets(line, sizeof line, stdin) != NULL) {
    unsigned from, to;
    must(sscanf(line, "%1048575s %255s %u %u", pattern, zone, &from, &to) == 4, "bad line");
    answer(&arena, pattern, zone, from, to);
    fflush(stdout);
    ox_arena_reset(&arena);
  }
  ox_arena_dispose(&arena);
  return 0;
}
