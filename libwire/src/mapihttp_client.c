/* The client engine: header fields and cookies of a session context, and the digestion of answers.
 * [MS-OXCMAPIHTTP] 2.2.2, 2.2.3, 3.1 */
#include <stdio.h>
#include <string.h>

#include <oxkit/wire/mapihttp.h>

/* ---- Session context ------------------------------------------------------------------------- */

enum { COOKIE_MAX_COUNT = 16, COOKIE_MAX_BYTES = 4096 };

#define DEFAULT_APPLICATION "Outlook/15.0.4815.1002"

/* Sequence of increasing X-RequestIds, and the cookies by name. */
struct ox_mapihttp_session {
  const ox_allocator *allocator;
  const ox_environment *environment;
  char request_guid[OX_GUID_TEXT_BYTES];
  char client_guid[OX_GUID_TEXT_BYTES];
  uint32_t client_counter;
  uint64_t request_counter;
  char *application;
  struct {
    char *text; /* "name=value" */
    size_t name_bytes;
  } cookies[COOKIE_MAX_COUNT];
  size_t cookie_count;
};

static char *copy_text(const ox_allocator *allocator, const char *text, size_t size_bytes) {
  char *copy = ox_malloc(allocator, size_bytes + 1);
  if (copy == NULL) return NULL;
  memcpy(copy, text, size_bytes);
  copy[size_bytes] = 0;
  return copy;
}

static ox_status make_guid(const ox_environment *env, char text_out[OX_GUID_TEXT_BYTES]) {
  uint8_t random[16];
  ox_guid guid;
  ox_status status = env->random(env->user, random, sizeof random);
  if (status != OX_OK) return status;
  ox_guid_from_random(random, &guid);
  ox_guid_format(&guid, text_out);
  return OX_OK;
}

ox_status ox_mapihttp_session_new(const ox_mapihttp_session_options *options,
                                  ox_mapihttp_session **out, ox_error *err) {
  const char *application =
      options->client_application != NULL ? options->client_application : DEFAULT_APPLICATION;
  const ox_environment *env =
      options->environment != NULL ? options->environment : ox_environment_system();
  *out = NULL;
  if (options->struct_size < sizeof *options) return ox_error_set(err, OX_E_USAGE, NULL);
  if (!ox_http_is_field_value(application, strlen(application)))
    return ox_error_set(err, OX_E_USAGE, "The client application is no header field value.");
  ox_mapihttp_session *session = ox_calloc(options->allocator, 1, sizeof *session);
  if (session == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  session->allocator = options->allocator;
  session->environment = env;
  session->client_counter = options->client_counter;
  session->application = copy_text(options->allocator, application, strlen(application));
  ox_status status = session->application == NULL ? OX_E_NO_MEMORY : OX_OK;
  if (status == OX_OK) status = make_guid(env, session->request_guid);
  if (status == OX_OK) status = make_guid(env, session->client_guid);
  if (status != OX_OK) {
    ox_mapihttp_session_free(session);
    return ox_error_set(err, status, NULL);
  }
  *out = session;
  return OX_OK;
}

ox_status ox_mapihttp_session_renew(ox_mapihttp_session *session) {
  session->request_counter = 0;
  return make_guid(session->environment, session->request_guid);
}

void ox_mapihttp_session_forget(ox_mapihttp_session *session) {
  for (size_t i = 0; i < session->cookie_count; i++) {
    ox_wipe(session->cookies[i].text, strlen(session->cookies[i].text));
    ox_free(session->allocator, session->cookies[i].text);
  }
  session->cookie_count = 0;
}

void ox_mapihttp_session_free(ox_mapihttp_session *session) {
  if (session == NULL) return;
  ox_mapihttp_session_forget(session);
  ox_free(session->allocator, session->application);
  ox_free(session->allocator, session);
}

bool ox_mapihttp_session_has_context(const ox_mapihttp_session *session) {
  return session->cookie_count > 0;
}

/* All cookies in one field, "a=1; b=2". NULL without memory. */
static char *join_cookies(const ox_mapihttp_session *session, ox_arena *arena) {
  size_t total = 1;
  for (size_t i = 0; i < session->cookie_count; i++) total += strlen(session->cookies[i].text) + 2;
  char *joined = ox_arena_alloc(arena, total);
  if (joined == NULL) return NULL;
  char *at = joined;
  *at = 0;
  for (size_t i = 0; i < session->cookie_count; i++) {
    size_t size = strlen(session->cookies[i].text);
    if (i > 0) {
      memcpy(at, "; ", 2);
      at += 2;
    }
    memcpy(at, session->cookies[i].text, size + 1);
    at += size;
  }
  return joined;
}

ox_status ox_mapihttp_session_headers(ox_mapihttp_session *session, const char *request_type,
                                      ox_arena *arena, ox_http_header **headers_out,
                                      size_t *count_out) {
  enum { HEADER_COUNT = 6 };
  char ids[2][OX_GUID_TEXT_BYTES + 32];
  ox_http_header *headers = ox_arena_calloc(arena, HEADER_COUNT, sizeof *headers);
  if (headers == NULL) return OX_E_NO_MEMORY;
  session->request_counter++;
  snprintf(ids[0], sizeof ids[0], "{%s}:%llu", session->request_guid,
           (unsigned long long)session->request_counter);
  snprintf(ids[1], sizeof ids[1], "{%s}:%u", session->client_guid, session->client_counter);
  const char *values[HEADER_COUNT] = {"application/mapi-http",
                                      ox_arena_strdup(arena, request_type),
                                      ox_arena_strdup(arena, ids[0]),
                                      ox_arena_strdup(arena, ids[1]),
                                      ox_arena_strdup(arena, session->application),
                                      NULL};
  static const char *const names[HEADER_COUNT] = {"Content-Type",        "X-RequestType",
                                                  "X-RequestId",         "X-ClientInfo",
                                                  "X-ClientApplication", "Cookie"};
  size_t count = HEADER_COUNT - 1;
  if (session->cookie_count > 0) {
    values[count] = join_cookies(session, arena);
    count++;
  }
  for (size_t i = 0; i < count; i++) {
    if (values[i] == NULL) return OX_E_NO_MEMORY;
    headers[i].name = names[i];
    headers[i].value = values[i];
  }
  *headers_out = headers;
  *count_out = count;
  return OX_OK;
}

static size_t find_cookie(const ox_mapihttp_session *session, const char *name, size_t name_bytes) {
  size_t i = 0;
  while (i < session->cookie_count && (session->cookies[i].name_bytes != name_bytes ||
                                       memcmp(session->cookies[i].text, name, name_bytes) != 0))
    i++;
  return i;
}

/* Only "name=value" counts; attributes are for browsers. */
static ox_status take_cookie(ox_mapihttp_session *session, const char *field, bool concurrent) {
  size_t size = strcspn(field, ";");
  while (size > 0 && (field[size - 1] == ' ' || field[size - 1] == '\t')) size--;
  const char *equals = memchr(field, '=', size);
  if (equals == NULL || equals == field || size > COOKIE_MAX_BYTES) return OX_OK;
  size_t name_bytes = (size_t)(equals - field);
  size_t index = find_cookie(session, field, name_bytes);
  if (index < session->cookie_count && concurrent) return OX_OK;
  if (index == COOKIE_MAX_COUNT) return OX_E_LIMIT;
  char *text = copy_text(session->allocator, field, size);
  if (text == NULL) return OX_E_NO_MEMORY;
  if (index == session->cookie_count)
    session->cookie_count++;
  else
    ox_free(session->allocator, session->cookies[index].text);
  session->cookies[index].text = text;
  session->cookies[index].name_bytes = name_bytes;
  return OX_OK;
}

ox_status ox_mapihttp_session_take(ox_mapihttp_session *session, const ox_http_header *headers,
                                   size_t count, bool concurrent) {
  ox_status result = OX_OK;
  for (size_t i = 0; i < count; i++) {
    if (!ox_http_name_equal(headers[i].name, "Set-Cookie")) continue;
    ox_status status = take_cookie(session, headers[i].value, concurrent);
    if (status != OX_OK) result = status;
  }
  return result;
}

/* ---- Answers --------------------------------------------------------------------------------- */

/* Where in the inner response stream of [MS-OXCMAPIHTTP] 3.1.5.6 the reader stands. */
enum { META_TAGS, ADDITIONAL_HEADERS, BODY };

enum { REPLY_MAX_BYTES = 4 * 1024 * 1024 };

void ox_mapihttp_reply_init(ox_mapihttp_reply *reply, const ox_allocator *allocator,
                            size_t body_max_bytes) {
  memset(reply, 0, sizeof *reply);
  ox_writer_init(&reply->body, allocator, body_max_bytes != 0 ? body_max_bytes : REPLY_MAX_BYTES);
  reply->state = META_TAGS;
}

void ox_mapihttp_reply_dispose(ox_mapihttp_reply *reply) {
  ox_writer_dispose(&reply->body);
}

/* A decimal number of at most 32 bits; false for anything else. */
static bool parse_number(const char *text, uint32_t *out) {
  uint64_t value = 0;
  if (*text == 0) return false;
  for (; *text != 0; text++) {
    if (*text < '0' || *text > '9') return false;
    value = value * 10 + (uint64_t)(*text - '0');
    if (value > UINT32_MAX) return false;
  }
  *out = (uint32_t)value;
  return true;
}

static ox_status take_field(ox_mapihttp_reply *reply, const char *name, const char *value,
                            ox_error *err) {
  if (ox_http_name_equal(name, "X-ResponseCode")) {
    if (!parse_number(value, &reply->response_code))
      return ox_error_set(err, OX_E_PROTOCOL, "X-ResponseCode is no number.");
    reply->has_response_code = true;
  } else if (ox_http_name_equal(name, "X-PendingPeriod")) {
    parse_number(value, &reply->pending_period_ms);
  } else if (ox_http_name_equal(name, "X-ExpirationInfo")) {
    parse_number(value, &reply->expiration_ms);
  } else if (ox_http_name_equal(name, "X-ElapsedTime")) {
    parse_number(value, &reply->elapsed_ms);
  }
  return OX_OK;
}

ox_status ox_mapihttp_reply_head(ox_mapihttp_reply *reply, unsigned http_status,
                                 const ox_http_header *headers, size_t count, ox_error *err) {
  if (http_status != 200) {
    ox_error_setf(err, OX_E_PROTOCOL, "The server answered with HTTP status %u.", http_status);
    return OX_E_PROTOCOL;
  }
  for (size_t i = 0; i < count; i++) {
    ox_status status = take_field(reply, headers[i].name, headers[i].value, err);
    if (status != OX_OK) return status;
  }
  if (!reply->has_response_code)
    return ox_error_set(err, OX_E_PROTOCOL, "The answer has no X-ResponseCode: no MAPI endpoint.");
  /* A request that was refused at once has diagnostic text and no meta-tags. */
  if (reply->response_code != OX_MAPIHTTP_SUCCESS) reply->plain = true;
  return OX_OK;
}

/* A line of the inner stream, without its CR LF. */
static ox_status take_line(ox_mapihttp_reply *reply, ox_error *err) {
  char *line = reply->line;
  if (reply->state == META_TAGS) {
    if (strcmp(line, "PROCESSING") == 0) {
      reply->processing = true;
    } else if (strcmp(line, "PENDING") == 0) {
      reply->pending_count++;
    } else if (strcmp(line, "DONE") == 0) {
      reply->state = ADDITIONAL_HEADERS;
    } else {
      return ox_error_set(err, OX_E_PROTOCOL, "The answer has an unknown meta-tag.");
    }
    return OX_OK;
  }
  if (line[0] == 0) {
    reply->state = BODY;
    reply->done = true;
    return OX_OK;
  }
  char *colon = strchr(line, ':');
  if (colon == NULL || colon == line)
    return ox_error_set(err, OX_E_PROTOCOL, "An additional header of the answer has no name.");
  *colon = 0;
  char *value = colon + 1;
  while (*value == ' ' || *value == '\t') value++;
  return take_field(reply, line, value, err);
}

static ox_status take_byte(ox_mapihttp_reply *reply, char byte, ox_error *err) {
  if (byte == '\n') {
    if (reply->line_bytes > 0 && reply->line[reply->line_bytes - 1] == '\r') reply->line_bytes--;
    reply->line[reply->line_bytes] = 0;
    reply->line_bytes = 0;
    return take_line(reply, err);
  }
  if (byte == 0 || reply->line_bytes + 1 >= sizeof reply->line)
    return ox_error_set(err, OX_E_PROTOCOL, "A line of the answer is too long or binary.");
  reply->line[reply->line_bytes++] = byte;
  return OX_OK;
}

ox_status ox_mapihttp_reply_feed(ox_mapihttp_reply *reply, const void *data, size_t size_bytes,
                                 ox_error *err) {
  const char *bytes = data;
  size_t at = 0;
  while (at < size_bytes && !reply->plain && reply->state != BODY) {
    ox_status status = take_byte(reply, bytes[at++], err);
    if (status != OX_OK) return status;
  }
  if (at == size_bytes) return OX_OK;
  ox_write_bytes(&reply->body, bytes + at, size_bytes - at);
  ox_status status = ox_writer_status(&reply->body);
  return status == OX_OK ? OX_OK : ox_error_set(err, status, NULL);
}

static bool is_session_lost(uint32_t code) {
  return code == OX_MAPIHTTP_INVALID_CONTEXT_COOKIE || code == OX_MAPIHTTP_CONTEXT_NOT_FOUND ||
         code == OX_MAPIHTTP_MISSING_COOKIE || code == OX_MAPIHTTP_INVALID_SEQUENCE;
}

ox_status ox_mapihttp_reply_finish(ox_mapihttp_reply *reply, ox_error *err) {
  uint32_t code = reply->response_code;
  if (!reply->plain && !reply->done)
    return ox_error_set(err, OX_E_TRUNCATED, "The answer ended before it was done.");
  if (code == OX_MAPIHTTP_SUCCESS) return OX_OK;
  ox_status status = is_session_lost(code) ? OX_E_CLOSED : OX_E_REMOTE;
  ox_error_setf(err, status, "The server refused the request: %s (X-ResponseCode %u).",
                ox_mapihttp_code_text(code), code);
  if (err != NULL) err->remote_code = code;
  return status;
}
