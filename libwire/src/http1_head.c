/* Lines of HTTP/1.1: start lines, field lines, chunk sizes, and what a head as a whole must be.
 *
 * Lines are taken one by one as they come complete, so that feeding a message byte by byte finds
 * the same error as feeding it whole. Names and values are terminated in the input buffer, which is
 * the connection's own. */
#include <string.h>

#include "http1_internal.h"
#include "http_chars.h"

#define BAD(http, text) ox_http1_fail((http), OX_E_PROTOCOL, 400, (text))

/* The next complete line, without CRLF, of a section of at most max_bytes. line_max_bytes counts
 * without CRLF. */
static ox_status next_line(ox_http1 *http, size_t max_bytes, size_t line_max_bytes,
                           unsigned line_status, unsigned section_status, char **line_out,
                           size_t *size_out) {
  char *base = (char *)http->in.data + http->in.start;
  size_t available = http->in.end - http->in.start;
  char *end = available == http->scanned
                  ? NULL
                  : memchr(base + http->scanned, '\n', available - http->scanned);
  size_t stop = end != NULL ? (size_t)(end - base) : available;
  /* The limit counts CR only when LF was seen to follow, so a line of exactly the limit passes
   * however it is fed. */
  size_t slack = end == NULL && stop > http->line_start && base[stop - 1] == '\r' ? 1 : 0;
  size_t length = stop - http->line_start - slack;
  if (end != NULL && length != 0 && base[stop - 1] == '\r') length--;
  if (length > line_max_bytes) {
    return ox_http1_fail(http, OX_E_LIMIT, line_status, "A line is too long.");
  }
  if ((end != NULL ? stop + 1 : stop) > max_bytes) {
    return ox_http1_fail(http, OX_E_LIMIT, section_status, "The header fields are too large.");
  }
  if (end == NULL) {
    http->scanned = available;
    return OX_E_AGAIN;
  }
  if (stop == http->line_start || base[stop - 1] != '\r') {
    return BAD(http, "A line ends in LF without CR.");
  }
  *line_out = base + http->line_start;
  *size_out = length;
  http->line_start = stop + 1;
  http->scanned = stop + 1;
  return OX_OK;
}

void ox_http1_section_begin(ox_http1 *http) {
  http->scanned = 0;
  http->line_start = 0;
  http->start_line_done = false;
  http->field_count = 0;
}

static bool equals_ignoring_case(const char *a, const char *lower_b, size_t n) {
  for (size_t i = 0; i < n; i++) {
    char c = a[i] >= 'A' && a[i] <= 'Z' ? (char)(a[i] + ('a' - 'A')) : a[i];
    if (c != lower_b[i]) return false;
  }
  return true;
}

/* ---- Start lines ------------------------------------------------------------------------------
 */

/* "HTTP/1.x": the minor version, or a failure. */
static ox_status read_version(ox_http1 *http, const char *text, size_t size_bytes) {
  if (size_bytes != 8 || memcmp(text, "HTTP/", 5) != 0 || text[5] < '0' || text[5] > '9' ||
      text[6] != '.' || text[7] < '0' || text[7] > '9') {
    return BAD(http, "The protocol version is malformed.");
  }
  if (text[5] != '1') {
    return ox_http1_fail(http, OX_E_PROTOCOL, 505, "Only HTTP/1.0 and HTTP/1.1 are spoken here.");
  }
  http->version_minor = text[7] == '0' ? 0 : 1;
  return OX_OK;
}

/* host [":" port], as in Host and in targets. */
static bool is_authority(const char *text, size_t size_bytes) {
  size_t i = 0;
  if (size_bytes != 0 && text[0] == '[') {
    const char *close = memchr(text, ']', size_bytes);
    if (close == NULL) return false;
    for (i = 1; text + i < close; i++) {
      char c = text[i];
      bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
      if (!hex && c != ':' && c != '.' && c != 'v') return false;
    }
    if (i == 1) return false;
    i++;
  } else {
    while (i < size_bytes && text[i] != ':') {
      unsigned char c = (unsigned char)text[i];
      if (!ox_http_is_host_char(c) || c == '[' || c == ']') return false;
      i++;
    }
  }
  if (i == size_bytes) return true;
  if (text[i++] != ':') return false;
  if (size_bytes - i > 5) return false;
  for (; i < size_bytes; i++) {
    if (text[i] < '0' || text[i] > '9') return false;
  }
  return true;
}

/* Checks that the target has the form its method allows. RFC 9112 3.2 */
static ox_status judge_target(ox_http1 *http, const char *method, const char *target,
                              size_t size_bytes, size_t offset) {
  for (size_t i = 0; i < size_bytes; i++) {
    if (!ox_http_is_target_char((unsigned char)target[i])) {
      return BAD(http, "The request target holds a character that must be escaped.");
    }
  }
  if (strcmp(method, "CONNECT") == 0) {
    if (memchr(target, ':', size_bytes) == NULL || target[0] == ':' ||
        !is_authority(target, size_bytes)) {
      return BAD(http, "The target of CONNECT is not host:port.");
    }
    return OX_OK;
  }
  if (target[0] == '/') return OX_OK;
  if (size_bytes == 1 && target[0] == '*') {
    return strcmp(method, "OPTIONS") == 0 ? OX_OK
                                          : BAD(http, "The target \"*\" is for OPTIONS only.");
  }
  size_t skip = 0;
  if (size_bytes > 7 && equals_ignoring_case(target, "http://", 7)) skip = 7;
  if (size_bytes > 8 && equals_ignoring_case(target, "https://", 8)) skip = 8;
  size_t host_bytes = skip;
  while (host_bytes < size_bytes && target[host_bytes] != '/' && target[host_bytes] != '?') {
    host_bytes++;
  }
  host_bytes -= skip;
  if (skip == 0 || host_bytes == 0 || !is_authority(target + skip, host_bytes)) {
    return BAD(http, "The request target is neither a path nor a URL.");
  }
  http->absolute_host = offset + skip;
  http->absolute_host_bytes = host_bytes;
  return OX_OK;
}

static ox_status read_request_line(ox_http1 *http, char *line, size_t size_bytes) {
  char *blank = memchr(line, ' ', size_bytes);
  size_t method_bytes = blank != NULL ? (size_t)(blank - line) : 0;
  if (method_bytes == 0 || !ox_http_is_token(line, method_bytes)) {
    return BAD(http, "The request line does not start with a method.");
  }
  char *target = blank + 1;
  size_t rest = size_bytes - method_bytes - 1;
  char *second = memchr(target, ' ', rest);
  if (second == NULL || second == target) {
    return BAD(http, "The request line lacks a target or a version.");
  }
  size_t target_bytes = (size_t)(second - target);
  ox_status status = read_version(http, second + 1, rest - target_bytes - 1);
  if (status != OX_OK) return status;
  *blank = '\0';
  *second = '\0';
  char *base = (char *)http->in.data + http->in.start;
  http->method = (size_t)(line - base);
  http->target = (size_t)(target - base);
  http->absolute_host = 0;
  return judge_target(http, line, target, target_bytes, http->target);
}

static ox_status read_status_line(ox_http1 *http, char *line, size_t size_bytes) {
  if (size_bytes < 12 || line[8] != ' ' || (size_bytes > 12 && line[12] != ' ')) {
    return BAD(http, "The status line is malformed.");
  }
  ox_status status = read_version(http, line, 8);
  if (status != OX_OK) return status;
  http->status = 0;
  for (int i = 9; i < 12; i++) {
    if (line[i] < '0' || line[i] > '9') return BAD(http, "The status is not a number.");
    http->status = http->status * 10 + (unsigned)(line[i] - '0');
  }
  if (http->status < 100) return BAD(http, "The status is below 100.");
  size_t reason = size_bytes > 12 ? 13 : 12;
  if (!ox_http_is_field_value(line + reason, size_bytes - reason)) {
    return BAD(http, "The reason phrase holds a control character.");
  }
  line[size_bytes] = '\0';
  http->reason = (size_t)(line - ((char *)http->in.data + http->in.start)) + reason;
  return OX_OK;
}

/* ---- Fields -----------------------------------------------------------------------------------
 */

static ox_status read_content_length(ox_http1 *http, const char *value, size_t size_bytes) {
  if (http->length_count++ != 0) return BAD(http, "Content-Length is repeated.");
  uint64_t length = 0;
  if (size_bytes == 0 || size_bytes > 19) return BAD(http, "Content-Length is not a number.");
  for (size_t i = 0; i < size_bytes; i++) {
    if (value[i] < '0' || value[i] > '9') return BAD(http, "Content-Length is not a number.");
    length = length * 10 + (uint64_t)(value[i] - '0');
  }
  http->content_length = length;
  return OX_OK;
}

/* Only "chunked" is spoken. A list that does not end with it leaves the length unknown (400); other
 * codings before it are not implemented (501). RFC 9112 6.1, 6.3 */
static ox_status read_transfer_encoding(ox_http1 *http, const char *value, size_t size_bytes) {
  if (http->coding_count++ != 0) return BAD(http, "Transfer-Encoding is repeated.");
  if (size_bytes < 7 || !equals_ignoring_case(value + size_bytes - 7, "chunked", 7)) {
    return BAD(http, "Transfer-Encoding does not end with chunked.");
  }
  if (size_bytes == 7) return OX_OK;
  size_t i = 0;
  size_t list_bytes = size_bytes - 7;
  while (list_bytes > 0 && (value[list_bytes - 1] == ' ' || value[list_bytes - 1] == '\t')) {
    list_bytes--;
  }
  if (list_bytes < 2 || value[list_bytes - 1] != ',') {
    return BAD(http, "Transfer-Encoding does not end with chunked.");
  }
  while (i < list_bytes) {
    size_t start = i;
    while (i < list_bytes && ox_http_is_tchar((unsigned char)value[i])) i++;
    if (i == start) return BAD(http, "Transfer-Encoding is malformed.");
    if (i - start == 7 && equals_ignoring_case(value + start, "chunked", 7)) {
      return BAD(http, "Transfer-Encoding has chunked twice.");
    }
    while (i < list_bytes && (value[i] == ' ' || value[i] == '\t')) i++;
    if (i < list_bytes && value[i++] != ',') return BAD(http, "Transfer-Encoding is malformed.");
    while (i < list_bytes && (value[i] == ' ' || value[i] == '\t')) i++;
  }
  return ox_http1_fail(http, OX_E_PROTOCOL, 501, "Only the transfer coding chunked is spoken.");
}

/* Takes note of the fields that framing depends on. */
static ox_status note_field(ox_http1 *http, const char *name, size_t name_bytes, char *value,
                            size_t value_bytes) {
  switch (name_bytes) {
    case 4:
      if (!equals_ignoring_case(name, "host", 4)) return OX_OK;
      if (!http->server) return OX_OK;
      if (http->host_count++ != 0) return BAD(http, "Host is repeated.");
      if (!is_authority(value, value_bytes)) return BAD(http, "Host is not host[:port].");
      http->host = (size_t)(value - ((char *)http->in.data + http->in.start));
      return OX_OK;
    case 6:
      if (!http->server || !equals_ignoring_case(name, "expect", 6)) return OX_OK;
      if (value_bytes != 12 || !equals_ignoring_case(value, "100-continue", 12)) {
        return ox_http1_fail(http, OX_E_PROTOCOL, 417, "Only 100-continue can be expected.");
      }
      http->expect_continue = true;
      return OX_OK;
    case 10:
      if (!equals_ignoring_case(name, "connection", 10)) return OX_OK;
      if (ox_http_value_has_token(value, "close")) http->connection_close = true;
      if (ox_http_value_has_token(value, "keep-alive")) http->connection_keep_alive = true;
      return OX_OK;
    case 14:
      if (!equals_ignoring_case(name, "content-length", 14)) return OX_OK;
      return read_content_length(http, value, value_bytes);
    case 17:
      if (!equals_ignoring_case(name, "transfer-encoding", 17)) return OX_OK;
      return read_transfer_encoding(http, value, value_bytes);
    default: return OX_OK;
  }
}

static bool fields_reserve(ox_http1 *http) {
  if (http->field_count < http->field_capacity) return true;
  size_t capacity = http->field_capacity != 0 ? http->field_capacity * 2 : 16;
  ox_http1_field *fields =
      ox_realloc(http->allocator, http->fields, capacity * sizeof http->fields[0]);
  if (fields == NULL) return false;
  http->fields = fields;
  ox_http_header *headers =
      ox_realloc(http->allocator, http->headers, capacity * sizeof http->headers[0]);
  if (headers == NULL) return false;
  http->headers = headers;
  http->field_capacity = capacity;
  return true;
}

static ox_status read_field(ox_http1 *http, char *line, size_t size_bytes, bool trailer) {
  if (line[0] == ' ' || line[0] == '\t') return BAD(http, "A header field is folded.");
  size_t name_bytes = 0;
  while (name_bytes < size_bytes && ox_http_is_tchar((unsigned char)line[name_bytes])) name_bytes++;
  if (name_bytes == 0 || name_bytes == size_bytes || line[name_bytes] != ':') {
    return BAD(http, "A header field has no proper name and colon.");
  }
  size_t value = name_bytes + 1;
  size_t value_end = size_bytes;
  while (value < value_end && (line[value] == ' ' || line[value] == '\t')) value++;
  while (value_end > value && (line[value_end - 1] == ' ' || line[value_end - 1] == '\t')) {
    value_end--;
  }
  if (!ox_http_is_field_value(line + value, value_end - value)) {
    return BAD(http, "A header field holds a control character.");
  }
  if (http->field_count == http->limits.header_max_count) {
    return ox_http1_fail(http, OX_E_LIMIT, 431, "There are too many header fields.");
  }
  if (!fields_reserve(http)) return ox_http1_fail(http, OX_E_NO_MEMORY, 500, NULL);
  line[name_bytes] = '\0';
  line[value_end] = '\0'; /* a blank or the CR */
  size_t offset = (size_t)(line - ((char *)http->in.data + http->in.start));
  http->fields[http->field_count].name = offset;
  http->fields[http->field_count].value = offset + value;
  http->field_count++;
  return trailer ? OX_OK : note_field(http, line, name_bytes, line + value, value_end - value);
}

static void resolve_fields(ox_http1 *http) {
  const char *base = (const char *)http->in.data + http->in.start;
  for (size_t i = 0; i < http->field_count; i++) {
    http->headers[i].name = base + http->fields[i].name;
    http->headers[i].value = base + http->fields[i].value;
  }
}

static void head_begin(ox_http1 *http) {
  http->host_count = http->length_count = http->coding_count = 0;
  http->content_length = UINT64_MAX;
  http->connection_close = http->connection_keep_alive = http->expect_continue = false;
  http->start_line_done = true;
}

ox_status ox_http1_read_head(ox_http1 *http, size_t *size_out) {
  const ox_http1_limits *limits = &http->limits;
  for (;;) {
    char *line;
    size_t size_bytes;
    bool start = !http->start_line_done;
    size_t line_max = start ? limits->start_line_max_bytes : SIZE_MAX;
    if (start && http->in.end > http->in.start + http->line_start) {
      /* Something else than HTTP need not be waited for: TLS on a plain port has no LF. */
      unsigned char c = http->in.data[http->in.start + http->line_start];
      if (!ox_http_is_tchar(c) && c != '\r' && c != '\n') {
        return BAD(http, "This is not HTTP.");
      }
    }
    ox_status status =
        next_line(http, limits->head_max_bytes, line_max, 414, 431, &line, &size_bytes);
    if (status != OX_OK) return status;
    if (start && size_bytes == 0 && http->server && !http->blank_line_seen) {
      http->blank_line_seen = true;
    } else if (start) {
      head_begin(http);
      status = http->server ? read_request_line(http, line, size_bytes)
                            : read_status_line(http, line, size_bytes);
    } else if (size_bytes == 0) {
      http->blank_line_seen = false;
      *size_out = http->line_start;
      resolve_fields(http);
      return OX_OK;
    } else {
      status = read_field(http, line, size_bytes, false);
    }
    if (status != OX_OK) return status;
  }
}

ox_status ox_http1_read_trailer(ox_http1 *http, size_t *size_out) {
  for (;;) {
    char *line;
    size_t size_bytes;
    ox_status status =
        next_line(http, http->limits.trailer_max_bytes, SIZE_MAX, 431, 431, &line, &size_bytes);
    if (status != OX_OK) return status;
    if (size_bytes == 0) {
      *size_out = http->line_start;
      resolve_fields(http);
      return OX_OK;
    }
    status = read_field(http, line, size_bytes, true);
    if (status != OX_OK) return status;
  }
}

/* ---- Chunk sizes ------------------------------------------------------------------------------
 */

/* *( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] ). RFC 9112 7.1.1 */
static bool chunk_extensions_ok(const char *p, const char *end) {
  while (p < end) {
    while (p < end && (*p == ' ' || *p == '\t')) p++;
    if (p == end || *p++ != ';') return false;
    while (p < end && (*p == ' ' || *p == '\t')) p++;
    const char *name = p;
    while (p < end && ox_http_is_tchar((unsigned char)*p)) p++;
    if (p == name) return false;
    const char *after_name = p;
    while (p < end && (*p == ' ' || *p == '\t')) p++;
    if (p == end || *p != '=') {
      p = after_name;
      continue;
    }
    p++;
    while (p < end && (*p == ' ' || *p == '\t')) p++;
    if (p < end && *p == '"') {
      p++;
      while (p < end && *p != '"') {
        if (*p == '\\' && ++p == end) return false;
        if (!ox_http_is_field_char((unsigned char)*p)) return false;
        p++;
      }
      if (p++ == end) return false;
    } else {
      const char *value = p;
      while (p < end && ox_http_is_tchar((unsigned char)*p)) p++;
      if (p == value) return false;
    }
  }
  return true;
}

ox_status ox_http1_read_chunk_line(ox_http1 *http, size_t *size_out, uint64_t *chunk_bytes_out) {
  char *line;
  size_t size_bytes;
  ox_status status =
      next_line(http, SIZE_MAX, http->limits.chunk_line_max_bytes, 400, 400, &line, &size_bytes);
  if (status != OX_OK) return status;
  uint64_t value = 0;
  size_t i = 0;
  for (; i < size_bytes; i++) {
    char c = line[i];
    unsigned digit;
    if (c >= '0' && c <= '9') {
      digit = (unsigned)(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      digit = (unsigned)(c - 'a' + 10);
    } else if (c >= 'A' && c <= 'F') {
      digit = (unsigned)(c - 'A' + 10);
    } else {
      break;
    }
    if (i == 15) return BAD(http, "A chunk size has too many digits.");
    value = value << 4 | digit;
  }
  if (i == 0) return BAD(http, "A chunk size is not hexadecimal.");
  if (!chunk_extensions_ok(line + i, line + size_bytes)) {
    return BAD(http, "A chunk extension is malformed.");
  }
  *size_out = http->line_start;
  *chunk_bytes_out = value;
  return OX_OK;
}

/* ---- Heads as a whole -------------------------------------------------------------------------
 */

ox_status ox_http1_judge_request(ox_http1 *http, bool *has_body_out, bool *chunked_out) {
  if (http->version_minor >= 1 && http->host_count == 0) return BAD(http, "Host is missing.");
  if (http->absolute_host != 0 && http->host_count != 0) {
    const char *base = (const char *)http->in.data + http->in.start;
    const char *host = base + http->host;
    const char *asked = base + http->absolute_host;
    bool same = strlen(host) == http->absolute_host_bytes;
    for (size_t i = 0; same && i < http->absolute_host_bytes; i++) {
      char pair[2][2] = {{host[i], 0}, {asked[i], 0}};
      same = ox_http_name_equal(pair[0], pair[1]);
    }
    if (!same) return BAD(http, "Host and the request target name different hosts.");
  }
  if (http->coding_count != 0) {
    if (http->length_count != 0) {
      return BAD(http, "Content-Length and Transfer-Encoding come together.");
    }
    if (http->version_minor == 0) return BAD(http, "HTTP/1.0 has no Transfer-Encoding.");
  }
  *chunked_out = http->coding_count != 0;
  *has_body_out = *chunked_out || (http->length_count != 0 && http->content_length != 0);
  /* RFC 9110 10.1.1: ignored in HTTP/1.0 and without content. */
  if (http->version_minor == 0 || !*has_body_out) http->expect_continue = false;
  return OX_OK;
}

ox_status ox_http1_judge_response(ox_http1 *http, bool *has_body_out, bool *chunked_out) {
  *chunked_out = false;
  *has_body_out = false;
  if (http->status < 200 || http->status == 204) {
    if (http->coding_count != 0 || (http->length_count != 0 && http->content_length != 0)) {
      return BAD(http, "An answer that has no body tells its length.");
    }
    return OX_OK;
  }
  if (http->coding_count != 0) {
    if (http->length_count != 0) {
      return BAD(http, "Content-Length and Transfer-Encoding come together.");
    }
    if (http->version_minor == 0) return BAD(http, "HTTP/1.0 has no Transfer-Encoding.");
  }
  if (http->head_request || http->status == 304) return OX_OK;
  if (http->connect_request && http->status < 300) return OX_OK;
  *chunked_out = http->coding_count != 0;
  *has_body_out = http->content_length != 0;
  return OX_OK;
}
