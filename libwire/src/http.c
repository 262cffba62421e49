/* What HTTP clients and servers share. */
#include <oxkit/wire/http.h>

#include <stdio.h>
#include <string.h>

#include "http_chars.h"

static char lower(char c) {
  return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool ox_http_name_equal(const char *a, const char *b) {
  while (*a != '\0' && lower(*a) == lower(*b)) {
    a++;
    b++;
  }
  return *a == '\0' && *b == '\0';
}

const char *ox_http_header_find(const ox_http_header *headers, size_t count, const char *name,
                                size_t index) {
  char first = lower(name[0]);
  for (size_t i = 0; i < count; i++) {
    if (lower(headers[i].name[0]) != first || !ox_http_name_equal(headers[i].name, name)) continue;
    if (index-- == 0) return headers[i].value;
  }
  return NULL;
}

bool ox_http_value_has_token(const char *value, const char *token) {
  size_t length = strlen(token);
  while (*value != '\0') {
    while (*value == ' ' || *value == '\t' || *value == ',') value++;
    size_t i = 0;
    while (i < length && value[i] != '\0' && lower(value[i]) == lower(token[i])) i++;
    if (i == length && length != 0) {
      const char *end = value + i;
      while (*end == ' ' || *end == '\t') end++;
      if (*end == '\0' || *end == ',') return true;
    }
    while (*value != '\0' && *value != ',') value++;
  }
  return false;
}

bool ox_http_is_token(const char *text, size_t size_bytes) {
  if (size_bytes == 0) return false;
  for (size_t i = 0; i < size_bytes; i++) {
    if (!ox_http_is_tchar((unsigned char)text[i])) return false;
  }
  return true;
}

bool ox_http_is_field_value(const char *text, size_t size_bytes) {
  for (size_t i = 0; i < size_bytes; i++) {
    if (!ox_http_is_field_char((unsigned char)text[i])) return false;
  }
  return true;
}

const char *ox_http_status_text(unsigned status) {
  static const struct {
    unsigned status;
    const char *text;
  } names[] = {
      {100, "Continue"},
      {101, "Switching Protocols"},
      {102, "Processing"},
      {200, "OK"},
      {201, "Created"},
      {202, "Accepted"},
      {203, "Non-Authoritative Information"},
      {204, "No Content"},
      {205, "Reset Content"},
      {206, "Partial Content"},
      {207, "Multi-Status"},
      {300, "Multiple Choices"},
      {301, "Moved Permanently"},
      {302, "Found"},
      {303, "See Other"},
      {304, "Not Modified"},
      {307, "Temporary Redirect"},
      {308, "Permanent Redirect"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {402, "Payment Required"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {406, "Not Acceptable"},
      {407, "Proxy Authentication Required"},
      {408, "Request Timeout"},
      {409, "Conflict"},
      {410, "Gone"},
      {411, "Length Required"},
      {412, "Precondition Failed"},
      {413, "Content Too Large"},
      {414, "URI Too Long"},
      {415, "Unsupported Media Type"},
      {416, "Range Not Satisfiable"},
      {417, "Expectation Failed"},
      {421, "Misdirected Request"},
      {422, "Unprocessable Content"},
      {423, "Locked"},
      {424, "Failed Dependency"},
      {426, "Upgrade Required"},
      {428, "Precondition Required"},
      {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"},
      {440, "Login Timeout"},
      {449, "Retry With"},
      {451, "Unavailable For Legal Reasons"},
      {500, "Internal Server Error"},
      {501, "Not Implemented"},
      {502, "Bad Gateway"},
      {503, "Service Unavailable"},
      {504, "Gateway Timeout"},
      {505, "HTTP Version Not Supported"},
      {507, "Insufficient Storage"},
  };
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (names[i].status == status) return names[i].text;
  }
  return "Unknown";
}

/* Days since 1970 to a date of the proleptic Gregorian calendar; no time zone, no libc state. */
static void civil_from_days(int64_t days, int64_t *year_out, unsigned *month_out,
                            unsigned *day_out) {
  days += 719468;
  int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  unsigned doe = (unsigned)(days - era * 146097);
  unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  unsigned mp = (5 * doy + 2) / 153;
  *day_out = doy - (153 * mp + 2) / 5 + 1;
  *month_out = mp < 10 ? mp + 3 : mp - 9;
  *year_out = (int64_t)yoe + era * 400 + (*month_out <= 2 ? 1 : 0);
}

void ox_http_date_format(int64_t unix_seconds, char text_out[OX_HTTP_DATE_BYTES]) {
  static const char day_names[] = "ThuFriSatSunMonTueWed";
  static const char month_names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
  if (unix_seconds < 0) unix_seconds = 0;
  if (unix_seconds > INT64_C(253402300799)) unix_seconds = INT64_C(253402300799);
  int64_t days = unix_seconds / 86400;
  unsigned second = (unsigned)(unix_seconds % 86400);
  int64_t year;
  unsigned month, day;
  civil_from_days(days, &year, &month, &day);
  snprintf(text_out, OX_HTTP_DATE_BYTES, "%.3s, %02u %.3s %04u %02u:%02u:%02u GMT",
           day_names + 3 * (days % 7), day % 100, month_names + 3 * (month - 1),
           (unsigned)year % 10000, second / 3600, second / 60 % 60, second % 60);
}

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes percent escapes of [in, in + size) to out (size + 1 bytes); false for a bad escape or an
 * escaped NUL. */
static bool percent_decode(const char *in, size_t size_bytes, bool plus_is_blank, char *out) {
  for (size_t i = 0; i < size_bytes; i++) {
    char c = in[i];
    if (c == '%') {
      if (size_bytes - i < 3) return false;
      int high = hex_digit(in[i + 1]), low = hex_digit(in[i + 2]);
      if (high < 0 || low < 0 || (high | low) == 0) return false;
      c = (char)(high << 4 | low);
      i += 2;
    } else if (c == '+' && plus_is_blank) {
      c = ' ';
    }
    *out++ = c;
  }
  *out = '\0';
  return true;
}

/* RFC 3986 5.2.4 in place, on a path that starts with "/". */
static void remove_dot_segments(char *path) {
  char *out = path;
  const char *in = path;
  while (*in != '\0') {
    const char *end = in + 1;
    while (*end != '\0' && *end != '/') end++;
    size_t length = (size_t)(end - in);
    bool last = *end == '\0';
    if (length == 2 && in[1] == '.') {
      if (last) *out++ = '/';
    } else if (length == 3 && in[1] == '.' && in[2] == '.') {
      while (out > path && *--out != '/') continue;
      if (last) *out++ = '/';
    } else {
      memmove(out, in, length);
      out += length;
    }
    in = end;
  }
  if (out == path) *out++ = '/';
  *out = '\0';
}

/* The part of an absolute-form target after its authority; NULL when it is not one. */
static const char *after_authority(const char *target) {
  const char *scheme = strstr(target, "://");
  if (scheme == NULL || scheme == target) return NULL;
  for (const char *p = target; p < scheme; p++) {
    char c = lower(*p);
    if (!(c >= 'a' && c <= 'z') &&
        (p == target || !((c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.'))) {
      return NULL;
    }
  }
  const char *path = scheme + 3 + strcspn(scheme + 3, "/?#");
  return path == scheme + 3 ? NULL : path;
}

ox_status ox_http_target_split(const char *target, ox_arena *arena, const char **path_out,
                               const char **query_out) {
  *path_out = NULL;
  *query_out = NULL;
  if (strcmp(target, "*") == 0) {
    *path_out = "*";
    *query_out = "";
    return OX_OK;
  }
  if (target[0] != '/') {
    target = after_authority(target);
    if (target == NULL) return OX_E_MALFORMED;
  }
  size_t path_bytes = strcspn(target, "?#");
  char *path = ox_arena_alloc(arena, path_bytes + 2);
  if (path == NULL) return OX_E_NO_MEMORY;
  if (path_bytes == 0) {
    memcpy(path, "/", 2);
  } else {
    if (!percent_decode(target, path_bytes, false, path)) return OX_E_MALFORMED;
    remove_dot_segments(path);
  }
  const char *query = "";
  if (target[path_bytes] == '?') {
    query = target + path_bytes + 1;
    query = ox_arena_copy(arena, query, strcspn(query, "#"));
    if (query == NULL) return OX_E_NO_MEMORY;
  }
  *path_out = path;
  *query_out = query;
  return OX_OK;
}

const char *ox_http_query_find(const char *query, const char *name, ox_arena *arena) {
  while (*query != '\0') {
    size_t pair_bytes = strcspn(query, "&");
    const char *equals = memchr(query, '=', pair_bytes);
    size_t name_bytes = equals != NULL ? (size_t)(equals - query) : pair_bytes;
    char *decoded = ox_arena_alloc(arena, pair_bytes + 2);
    if (decoded == NULL) return NULL;
    if (percent_decode(query, name_bytes, true, decoded) && ox_http_name_equal(decoded, name)) {
      if (equals == NULL) return "";
      return percent_decode(equals + 1, pair_bytes - name_bytes - 1, true, decoded) ? decoded
                                                                                    : NULL;
    }
    query += pair_bytes;
    if (*query == '&') query++;
  }
  return NULL;
}
