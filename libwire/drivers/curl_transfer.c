/* One request over libcurl, and its answer. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <openssl/ssl.h>

#include "curl_internal.h"

/* ---- Reading ----------------------------------------------------------------------------------
 */

static size_t fail(ox_curl_lane *lane, ox_status status) {
  if (lane->failure == OX_OK) lane->failure = status;
  return 0; /* makes curl end the transfer */
}

static void begin_head(ox_curl_lane *lane, const char *line, size_t size_bytes) {
  ox_http_response *r = &lane->answer->response;
  const char *blank = memchr(line, ' ', size_bytes);
  size_t left = blank != NULL ? size_bytes - (size_t)(blank - line) : 0;
  r->status = 0;
  for (size_t i = 1; i < left && i < 4 && blank[i] >= '0' && blank[i] <= '9'; i++) {
    r->status = r->status * 10 + (unsigned)(blank[i] - '0');
  }
  r->header_count = 0;
  lane->closes = size_bytes >= 8 && memcmp(line, "HTTP/1.0", 8) == 0;
}

static bool add_header(ox_curl_lane *lane, const char *line, size_t size_bytes) {
  ox_curl_answer *answer = lane->answer;
  const char *colon = memchr(line, ':', size_bytes);
  if (colon == NULL || colon == line) return true; /* curl took it for a header: nothing to keep */
  if (answer->response.header_count == OX_CURL_HEADER_MAX_COUNT) return false;
  if (answer->response.header_count == answer->header_capacity) {
    size_t capacity = answer->header_capacity != 0 ? answer->header_capacity * 2 : 32;
    ox_http_header *grown = ox_arena_grow(&answer->arena, answer->headers, answer->header_capacity,
                                          capacity, sizeof *grown);
    if (grown == NULL) return false;
    answer->headers = grown;
    answer->header_capacity = capacity;
  }
  const char *value = colon + 1, *end = line + size_bytes;
  while (value < end && (*value == ' ' || *value == '\t')) value++;
  while (end > value && (end[-1] == ' ' || end[-1] == '\t')) end--;
  ox_http_header *h = &answer->headers[answer->response.header_count];
  h->name = ox_arena_copy(&answer->arena, line, (size_t)(colon - line));
  h->value = ox_arena_copy(&answer->arena, value, (size_t)(end - value));
  if (h->name == NULL || h->value == NULL) return false;
  answer->response.headers = answer->headers;
  answer->response.header_count++;
  if (ox_http_name_equal(h->name, "Connection") && ox_http_value_has_token(h->value, "close")) {
    lane->closes = true;
  }
  return true;
}

static bool is_redirect(unsigned status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static size_t end_head(ox_curl_lane *lane, size_t size_bytes) {
  ox_http_response *r = &lane->answer->response;
  const ox_http_request *request = &lane->current->request;
  if (r->status < 200) return size_bytes; /* another head follows */
  lane->head_done = true;
  bool challenged = r->status == 401 && lane->client->options.auth != NULL && lane->same_origin;
  bool redirected = is_redirect(r->status) && request->redirect_max_count != 0;
  lane->hold_back = challenged || redirected;
  if (lane->hold_back || request->on_head == NULL) return size_bytes;
  ox_status status = request->on_head(request->user, r);
  return status == OX_OK ? size_bytes : fail(lane, status);
}

static size_t on_header(char *line, size_t one, size_t size_bytes, void *user) {
  (void)one;
  ox_curl_lane *lane = user;
  size_t n = size_bytes;
  lane->answer->head_bytes += size_bytes;
  if (lane->answer->head_bytes > OX_CURL_HEAD_MAX_BYTES) return fail(lane, OX_E_LIMIT);
  while (n > 0 && (line[n - 1] == '\n' || line[n - 1] == '\r')) n--;
  if (!lane->head_done && n > 5 && memcmp(line, "HTTP/", 5) == 0) {
    begin_head(lane, line, n);
    return size_bytes;
  }
  if (n == 0) return lane->head_done ? size_bytes : end_head(lane, size_bytes);
  return add_header(lane, line, n) ? size_bytes : fail(lane, OX_E_LIMIT);
}

static size_t on_body(char *data, size_t one, size_t size_bytes, void *user) {
  (void)one;
  ox_curl_lane *lane = user;
  ox_curl_answer *answer = lane->answer;
  const ox_http_request *request = &lane->current->request;
  if (lane->hold_back) {
    /* The body of a challenge is of interest only when nobody can meet it. */
    if (answer->body.size_bytes + size_bytes <= OX_CURL_CHALLENGE_MAX_BYTES) {
      ox_write_bytes(&answer->body, data, size_bytes);
    }
    return size_bytes;
  }
  if (request->on_data != NULL) {
    ox_status status = request->on_data(request->user, data, size_bytes);
    return status == OX_OK ? size_bytes : fail(lane, status);
  }
  ox_write_bytes(&answer->body, data, size_bytes);
  ox_status status = ox_writer_status(&answer->body);
  return status == OX_OK ? size_bytes : fail(lane, status);
}

static int on_progress(void *user, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                       curl_off_t up) {
  (void)down_total;
  (void)up_total;
  ox_curl_lane *lane = user;
  if (down + up != lane->moved_bytes) {
    lane->moved_bytes = down + up;
    lane->moved_ms = ox_curl_clock_ms();
  }
  return atomic_load(&lane->current->cancelled) ? 1 : 0;
}

ox_status ox_curl_deliver(ox_curl_lane *lane, ox_error *err) {
  const ox_http_request *request = &lane->current->request;
  ox_curl_answer *answer = lane->answer;
  ox_status status = OX_OK;
  if (request->on_head != NULL) status = request->on_head(request->user, &answer->response);
  ox_bytes body = ox_writer_bytes(&answer->body);
  if (status == OX_OK && request->on_data != NULL && body.size_bytes != 0) {
    status = request->on_data(request->user, body.data, body.size_bytes);
    ox_writer_reset(&answer->body);
  }
  return status == OX_OK ? OX_OK : ox_error_set(err, status, NULL);
}

/* ---- Certificates -----------------------------------------------------------------------------
 */

static int verify_pin(X509_STORE_CTX *store, void *user) {
  const ox_http_client_options *options = user;
  X509 *certificate = X509_STORE_CTX_get0_cert(store);
  uint8_t digest[32];
  unsigned size;
  if (certificate != NULL && X509_digest(certificate, EVP_sha256(), digest, &size) == 1) {
    for (size_t i = 0; i < options->pin_count; i++) {
      if (memcmp(options->pins + 32 * i, digest, 32) == 0) {
        X509_STORE_CTX_set_error(store, X509_V_OK);
        return 1;
      }
    }
  }
  X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
  return 0;
}

static CURLcode on_ssl_context(CURL *easy, void *context, void *user) {
  (void)easy;
  ox_curl_lane *lane = user;
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
  SSL_CTX_set_cert_verify_callback(context, verify_pin, &lane->client->options);
  return CURLE_OK;
}

/* The channel binding of a connection that was just made. */
static void note_certificate(ox_curl_lane *lane) {
  struct curl_certinfo *info = NULL;
  lane->end_point_bytes = 0;
  if (curl_easy_getinfo(lane->easy, CURLINFO_CERTINFO, &info) != CURLE_OK || info == NULL ||
      info->num_of_certs < 1) {
    return;
  }
  for (const struct curl_slist *line = info->certinfo[0]; line != NULL; line = line->next) {
    if (strncmp(line->data, "Cert:", 5) != 0) continue;
    if (ox_tls_pem_end_point(line->data + 5, lane->end_point, &lane->end_point_bytes) != OX_OK) {
      lane->end_point_bytes = 0;
    }
    return;
  }
}

/* ---- Setting up -------------------------------------------------------------------------------
 */

static bool append_line(struct curl_slist **list, const char *line) {
  struct curl_slist *grown = curl_slist_append(*list, line);
  if (grown == NULL) return false;
  *list = grown;
  return true;
}

static bool append_field(struct curl_slist **list, const char *name, const char *value,
                         ox_arena *arena) {
  size_t n = strlen(name), v = strlen(value);
  char *line = ox_arena_alloc(arena, n + v + 3);
  if (line == NULL) return false;
  /* "Name;" is how curl is told of an empty value. */
  snprintf(line, n + v + 3, v != 0 ? "%s: %s" : "%s;%s", name, value);
  return append_line(list, line);
}

static struct curl_slist *make_fields(ox_curl_lane *lane, bool *ok_out) {
  const ox_http_request *request = &lane->current->request;
  struct curl_slist *list = NULL;
  bool ok = true;
  for (size_t i = 0; ok && i < request->header_count; i++) {
    ok = append_field(&list, request->headers[i].name, request->headers[i].value,
                      &lane->answer->arena);
  }
  /* Curl's own ideas: waiting for 100, a form's type, transfer encodings. */
  if (ok && ox_http_header_find(request->headers, request->header_count, "Expect", 0) == NULL) {
    ok = append_line(&list, "Expect:");
  }
  if (ok &&
      ox_http_header_find(request->headers, request->header_count, "Content-Type", 0) == NULL) {
    ok = append_line(&list, "Content-Type:");
  }
  if (ok && lane->authorization[0] != '\0') {
    size_t size = strlen(lane->authorization) + 20;
    char *line = ox_malloc(NULL, size);
    ok = line != NULL;
    if (ok) {
      snprintf(line, size, "Authorization: %s", lane->authorization);
      ok = append_line(&list, line);
      ox_wipe(line, size);
      ox_free(NULL, line);
    }
  }
  *ok_out = ok;
  return list;
}

static void free_fields(struct curl_slist *list) {
  for (struct curl_slist *line = list; line != NULL; line = line->next) {
    if (strncmp(line->data, "Authorization:", 14) == 0) ox_wipe(line->data, strlen(line->data));
  }
  curl_slist_free_all(list);
}

#define SET(option, value) ok = ok && curl_easy_setopt(easy, (option), (value)) == CURLE_OK

static bool set_security(ox_curl_lane *lane) {
  const ox_http_client_options *o = &lane->client->options;
  CURL *easy = lane->easy;
  bool ok = true;
  bool check = !o->insecure_skip_verify && o->pin_count == 0;
  SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
  SET(CURLOPT_SSL_VERIFYPEER, check ? 1L : 0L);
  SET(CURLOPT_SSL_VERIFYHOST, check ? 2L : 0L);
  SET(CURLOPT_CERTINFO, 1L);
  if (o->ca_file != NULL) SET(CURLOPT_CAINFO, o->ca_file);
  if (o->pin_count != 0) {
    SET(CURLOPT_SSL_CTX_FUNCTION, on_ssl_context);
    SET(CURLOPT_SSL_CTX_DATA, lane);
  }
  return ok;
}

static bool set_request(ox_curl_lane *lane, struct curl_slist *fields) {
  const ox_http_request *request = &lane->current->request;
  CURL *easy = lane->easy;
  bool ok = true;
  SET(CURLOPT_URL, lane->url);
  SET(CURLOPT_HTTPHEADER, fields);
  if (strcmp(lane->method, "HEAD") == 0) {
    SET(CURLOPT_NOBODY, 1L);
    return ok;
  }
  if (request->body_bytes != 0 || strcmp(lane->method, "POST") == 0) {
    SET(CURLOPT_POST, 1L);
    SET(CURLOPT_POSTFIELDSIZE_LARGE, lane->send_body ? (curl_off_t)request->body_bytes : 0);
    SET(CURLOPT_POSTFIELDS, lane->send_body && request->body_bytes != 0 ? request->body : "");
  }
  SET(CURLOPT_CUSTOMREQUEST, lane->method);
  return ok;
}

static bool set_up(ox_curl_lane *lane, struct curl_slist *fields) {
  const ox_http_client_options *o = &lane->client->options;
  const ox_http_request *request = &lane->current->request;
  CURL *easy = lane->easy;
  bool ok = true;
  curl_easy_reset(easy);
  SET(CURLOPT_NOSIGNAL, 1L);
  SET(CURLOPT_ERRORBUFFER, lane->error_text);
  SET(CURLOPT_PROTOCOLS_STR, "http,https");
  SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
  SET(CURLOPT_FOLLOWLOCATION, 0L);
  SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  SET(CURLOPT_USERAGENT, o->user_agent);
  SET(CURLOPT_CONNECTTIMEOUT_MS, (long)o->connect_timeout_ms);
  SET(CURLOPT_MAXAGE_CONN, (long)((o->idle_timeout_ms + 999) / 1000));
  SET(CURLOPT_TCP_NODELAY, 1L);
  SET(CURLOPT_HEADERFUNCTION, on_header);
  SET(CURLOPT_HEADERDATA, lane);
  SET(CURLOPT_WRITEFUNCTION, on_body);
  SET(CURLOPT_WRITEDATA, lane);
  SET(CURLOPT_XFERINFOFUNCTION, on_progress);
  SET(CURLOPT_XFERINFODATA, lane);
  SET(CURLOPT_NOPROGRESS, 0L);
  if (o->proxy == NULL) {
    SET(CURLOPT_PROXY, "");
  } else if (strcmp(o->proxy, "env") != 0) {
    SET(CURLOPT_PROXY, o->proxy);
  }
  if (request->accept_compressed) SET(CURLOPT_ACCEPT_ENCODING, "gzip");
  return ok && set_security(lane) && set_request(lane, fields);
}

/* ---- Running ----------------------------------------------------------------------------------
 */

static ox_status status_of_code(CURLcode code) {
  switch (code) {
    case CURLE_OK: return OX_OK;
    case CURLE_OUT_OF_MEMORY: return OX_E_NO_MEMORY;
    case CURLE_OPERATION_TIMEDOUT: return OX_E_TIMEOUT;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL: return OX_E_USAGE;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH: return OX_E_CERTIFICATE;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_SHUTDOWN_FAILED: return OX_E_TLS;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING: return OX_E_PROTOCOL;
    case CURLE_ABORTED_BY_CALLBACK: return OX_E_CANCELLED;
    default: return OX_E_IO;
  }
}

/* "cannot do X" with curl's detail. */
static ox_status report(ox_curl_lane *lane, CURLcode code, ox_error *err) {
  ox_status status = status_of_code(code);
  const char *detail = lane->error_text[0] != '\0' ? lane->error_text : curl_easy_strerror(code);
  if (status == OX_E_CERTIFICATE && lane->client->options.pin_count != 0) {
    detail = "The server's certificate is not the pinned one";
  }
  return ox_error_setf(err, status, "%.90s: %.90s.", lane->url, detail);
}

/* How long to wait for the socket, or the failure that time brings. */
static ox_status check_time(const ox_curl_lane *lane, int *wait_ms_out, ox_error *err) {
  uint64_t now_ms = ox_curl_clock_ms();
  uint64_t stall_ms = lane->client->options.stall_timeout_ms;
  uint64_t left_ms = 1000;
  if (atomic_load(&lane->current->cancelled)) return ox_error_set(err, OX_E_CANCELLED, NULL);
  if (now_ms >= lane->current->deadline_ms) {
    return ox_error_setf(err, OX_E_TIMEOUT, "%.120s did not answer in time.", lane->url);
  }
  if (lane->current->deadline_ms - now_ms < left_ms) left_ms = lane->current->deadline_ms - now_ms;
  if (now_ms - lane->moved_ms >= stall_ms) {
    return ox_error_setf(err, OX_E_TIMEOUT, "%.120s has stalled.", lane->url);
  }
  if (stall_ms - (now_ms - lane->moved_ms) < left_ms) {
    left_ms = stall_ms - (now_ms - lane->moved_ms);
  }
  *wait_ms_out = (int)left_ms + 1;
  return OX_OK;
}

static ox_status run(ox_curl_lane *lane, ox_error *err) {
  for (;;) {
    int running = 0, messages, wait_ms = 0;
    if (curl_multi_perform(lane->multi, &running) != CURLM_OK) {
      return ox_error_set(err, OX_E_IO, "curl failed.");
    }
    CURLMsg *message;
    while ((message = curl_multi_info_read(lane->multi, &messages)) != NULL) {
      if (message->msg != CURLMSG_DONE) continue;
      CURLcode code = message->data.result;
      if (lane->failure != OX_OK) {
        return ox_error_set(err, lane->failure,
                            lane->failure == OX_E_LIMIT ? "The answer is too large." : NULL);
      }
      return code == CURLE_OK ? OX_OK : report(lane, code, err);
    }
    ox_status status = check_time(lane, &wait_ms, err);
    if (status != OX_OK) return status;
    if (running == 0) return ox_error_set(err, OX_E_IO, "curl ended without a result.");
    curl_multi_poll(lane->multi, NULL, 0, wait_ms, NULL);
  }
}

void ox_curl_forget_connection(ox_curl_lane *lane) {
  ox_http_client_auth *auth = lane->client->options.auth;
  if (lane->auth_state != NULL && auth != NULL && auth->free_state != NULL) {
    auth->free_state(auth, lane->auth_state);
  }
  lane->auth_state = NULL;
  lane->end_point_bytes = 0;
  lane->open = false;
}

ox_status ox_curl_transfer(ox_curl_lane *lane, ox_error *err) {
  bool ok;
  bool was_open = lane->open;
  lane->head_done = lane->hold_back = lane->closes = false;
  lane->failure = OX_OK;
  lane->moved_bytes = 0;
  lane->moved_ms = ox_curl_clock_ms();
  lane->error_text[0] = '\0';
  struct curl_slist *fields = make_fields(lane, &ok);
  ok = ok && set_up(lane, fields);
  ok = ok && curl_multi_add_handle(lane->multi, lane->easy) == CURLM_OK;
  ox_status status =
      ok ? run(lane, err) : ox_error_set(err, OX_E_NO_MEMORY, "curl cannot be set up.");
  long connects = 0;
  if (ok) {
    curl_easy_getinfo(lane->easy, CURLINFO_NUM_CONNECTS, &connects);
    /* The kept connection was gone: what the hook knew was about that one. (Without a kept one, the
     * hook's state was made for the connection that this request opened.) */
    if (connects > 0 && was_open) ox_curl_forget_connection(lane);
    if (connects > 0) note_certificate(lane);
    curl_multi_remove_handle(lane->multi, lane->easy);
  }
  curl_easy_setopt(lane->easy, CURLOPT_HTTPHEADER, NULL);
  free_fields(fields);
  lane->open = status == OX_OK && !lane->closes;
  if (!lane->open) ox_curl_forget_connection(lane);
  lane->answer->response.connection_was_kept = connects == 0;
  return status;
}
