#include <stdio.h>
#include <string.h>

#include <oxkit/ropcodec/types.h>

#include "civil.h"

/* Seconds from 1601-01-01 to 1970-01-01. */
static const int64_t epoch_seconds = INT64_C(11644473600);
static const int64_t ticks_per_second = 10000000;

ox_filetime ox_filetime_from_unix(int64_t seconds, uint32_t nanoseconds) {
  if (seconds < -epoch_seconds) return 0;
  uint64_t since = (uint64_t)(seconds + epoch_seconds);
  if (seconds > INT64_MAX - epoch_seconds || since > UINT64_MAX / (uint64_t)ticks_per_second - 1) {
    return UINT64_MAX;
  }
  return since * (uint64_t)ticks_per_second + nanoseconds / 100;
}

int64_t ox_filetime_to_unix(ox_filetime time, uint32_t *nanoseconds_out) {
  if (nanoseconds_out != NULL) {
    *nanoseconds_out = (uint32_t)(time % (uint64_t)ticks_per_second) * 100;
  }
  return (int64_t)(time / (uint64_t)ticks_per_second) - epoch_seconds;
}

void ox_filetime_format(ox_filetime time, char text_out[OX_FILETIME_TEXT_BYTES]) {
  uint32_t nanoseconds;
  int64_t seconds = ox_filetime_to_unix(time, &nanoseconds) + epoch_seconds;
  int64_t year;
  unsigned month, day;
  ox_civil_from_days(seconds / 86400, &year, &month, &day);
  unsigned of_day = (unsigned)(seconds % 86400);
  char text[80]; /* what the compiler thinks the numbers could need */
  snprintf(text, sizeof text, "%04lld-%02u-%02uT%02u:%02u:%02u.%07uZ", (long long)year, month, day,
           of_day / 3600, of_day / 60 % 60, of_day % 60, (unsigned)(nanoseconds / 100));
  text[OX_FILETIME_TEXT_BYTES - 1] = 0;
  memcpy(text_out, text, OX_FILETIME_TEXT_BYTES);
}

/* Exactly `width` decimal digits, or -1. */
static int digits(const char **text, unsigned width) {
  int value = 0;
  for (unsigned i = 0; i < width; i++) {
    char c = **text;
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
    (*text)++;
  }
  return value;
}

static bool literal(const char **text, char c) {
  if (**text != c) return false;
  (*text)++;
  return true;
}

ox_status ox_filetime_parse(const char *text, ox_filetime *out) {
  int year = digits(&text, 4);
  if (year < 1601 || !literal(&text, '-')) return OX_E_MALFORMED;
  int month = digits(&text, 2);
  if (month < 1 || month > 12 || !literal(&text, '-')) return OX_E_MALFORMED;
  int day = digits(&text, 2);
  if (day < 1 || day > (int)ox_civil_month_days(year, (unsigned)month) || !literal(&text, 'T'))
    return OX_E_MALFORMED;
  int hour = digits(&text, 2);
  if (hour < 0 || hour > 23 || !literal(&text, ':')) return OX_E_MALFORMED;
  int minute = digits(&text, 2);
  if (minute < 0 || minute > 59 || !literal(&text, ':')) return OX_E_MALFORMED;
  int second = digits(&text, 2);
  if (second < 0 || second > 60)
    return OX_E_MALFORMED; /* 60: a leap second, folded into the next */
  uint32_t nanoseconds = 0;
  if (literal(&text, '.')) {
    uint32_t scale = 100000000;
    if (*text < '0' || *text > '9') return OX_E_MALFORMED;
    for (; *text >= '0' && *text <= '9'; text++) {
      nanoseconds += (uint32_t)(*text - '0') * scale;
      scale /= 10;
    }
  }
  int64_t offset_minutes = 0;
  if (*text == '+' || *text == '-') {
    bool west = *text++ == '-';
    int hours = digits(&text, 2);
    bool colon = literal(&text, ':');
    int minutes = colon || *text != 0 ? digits(&text, 2) : 0;
    if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return OX_E_MALFORMED;
    offset_minutes = (hours * 60 + minutes) * (west ? -1 : 1);
  } else if (!literal(&text, 'Z')) {
    return OX_E_MALFORMED;
  }
  if (*text != 0) return OX_E_MALFORMED;
  int64_t seconds = ox_civil_to_days(year, (unsigned)month, (unsigned)day) * 86400 + hour * 3600 +
                    minute * 60 + second - offset_minutes * 60;
  if (seconds < 0) return OX_E_MALFORMED;
  *out = ox_filetime_from_unix(seconds - epoch_seconds, nanoseconds);
  return OX_OK;
}
