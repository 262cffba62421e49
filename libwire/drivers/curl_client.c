/* The HTTP client: options, queue, lanes, and the tries of a call. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "curl_internal.h"

#ifndef OX_WIRE_VERSION
#define OX_WIRE_VERSION "0"
#endif

uint64_t ox_curl_clock_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- Answers ----------------------------------------------------------------------------------
 */

ox_curl_answer *ox_curl_answer_new(void) {
  ox_curl_answer *answer = ox_calloc(NULL, 1, sizeof *answer);
  if (answer == NULL) return NULL;
  ox_arena_init(&answer->arena, NULL, 0);
  answer->response.arena = &answer->arena;
  return answer;
}

void ox_curl_answer_free(ox_curl_answer *answer) {
  if (answer == NULL) return;
  ox_writer_dispose(&answer->body);
  ox_arena_dispose(&answer->arena);
  ox_free(NULL, answer);
}

void ox_http_response_free(ox_http_response *response) {
  ox_curl_answer_free((ox_curl_answer *)response);
}

const char *ox_http_response_header(const ox_http_response *response, const char *name,
                                    size_t index) {
  return ox_http_header_find(response->headers, response->header_count, name, index);
}

/* ---- URLs -------------------------------------------------------------------------------------
 */

typedef struct origin {
  char *scheme, *host, *port;
} origin;

static void origin_dispose(origin *o) {
  curl_free(o->scheme);
  curl_free(o->host);
  curl_free(o->port);
}

static bool origin_of(const char *url, origin *out) {
  memset(out, 0, sizeof *out);
  CURLU *u = curl_url();
  bool ok = u != NULL && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
            curl_url_get(u, CURLUPART_SCHEME, &out->scheme, 0) == CURLUE_OK &&
            curl_url_get(u, CURLUPART_HOST, &out->host, 0) == CURLUE_OK &&
            curl_url_get(u, CURLUPART_PORT, &out->port, CURLU_DEFAULT_PORT) == CURLUE_OK &&
            (strcmp(out->scheme, "http") == 0 || strcmp(out->scheme, "https") == 0);
  /* Names and passwords in URLs end up in logs. */
  char *user = NULL;
  if (ok && curl_url_get(u, CURLUPART_USER, &user, 0) == CURLUE_OK) ok = false;
  curl_free(user);
  curl_url_cleanup(u);
  if (!ok) {
    origin_dispose(out);
    memset(out, 0, sizeof *out);
  }
  return ok;
}

static bool same_origin(const char *a, const char *b) {
  origin x, y;
  if (!origin_of(a, &x)) return false;
  bool same = false;
  if (origin_of(b, &y)) {
    same = strcmp(x.scheme, y.scheme) == 0 && ox_http_name_equal(x.host, y.host) &&
           strcmp(x.port, y.port) == 0;
    origin_dispose(&y);
  }
  origin_dispose(&x);
  return same;
}

/* Resolves a Location against the URL it came from; NULL when it is no http URL. */
static const char *resolve(const char *base, const char *location, ox_arena *arena) {
  char *text = NULL;
  const char *result = NULL;
  CURLU *u = curl_url();
  if (u != NULL && curl_url_set(u, CURLUPART_URL, base, 0) == CURLUE_OK &&
      curl_url_set(u, CURLUPART_URL, location, 0) == CURLUE_OK &&
      curl_url_set(u, CURLUPART_FRAGMENT, NULL, 0) == CURLUE_OK &&
      curl_url_get(u, CURLUPART_URL, &text, 0) == CURLUE_OK) {
    origin o;
    if (origin_of(text, &o)) {
      result = ox_arena_strdup(arena, text);
      origin_dispose(&o);
    }
  }
  curl_free(text);
  curl_url_cleanup(u);
  return result;
}

/* ---- The tries of a call ----------------------------------------------------------------------
 */

/* Asks the hook what to send with the next request. */
static ox_status ask_hook(ox_curl_lane *lane, unsigned try_number, ox_error *err) {
  ox_http_client_auth *auth = lane->client->options.auth;
  lane->authorization[0] = '\0';
  lane->send_body = true;
  if (auth == NULL || !lane->same_origin) return OX_OK;
  const ox_http_response *last = &lane->answer->response;
  const char *challenges[16];
  origin o;
  if (!origin_of(lane->url, &o)) return ox_error_set(err, OX_E_USAGE, NULL);
  ox_http_client_step step = {sizeof step};
  step.method = lane->method;
  step.url = lane->url;
  step.host = o.host;
  step.is_tls = strcmp(o.scheme, "https") == 0;
  step.try_number = try_number;
  step.connection_is_new = !lane->open;
  step.status = last->status;
  step.challenges = challenges;
  while (step.challenge_count < 16) {
    const char *value = ox_http_header_find(last->headers, last->header_count, "WWW-Authenticate",
                                            step.challenge_count);
    if (value == NULL) break;
    challenges[step.challenge_count++] = value;
  }
  step.tls_end_point.data = lane->end_point;
  step.tls_end_point.size_bytes = lane->end_point_bytes;
  step.state = &lane->auth_state;
  step.authorization = lane->authorization;
  ox_error hook_err = {0};
  ox_status status = auth->step(auth, &step, &hook_err);
  origin_dispose(&o);
  if (status != OX_OK) {
    return ox_error_set(err, status, hook_err.text[0] != '\0' ? hook_err.text : NULL);
  }
  if (!ox_http_is_field_value(lane->authorization, strlen(lane->authorization))) {
    return ox_error_set(err, OX_E_USAGE, "The authentication hook gave a malformed value.");
  }
  lane->send_body = !step.without_body;
  return OX_OK;
}

/* Changes url and method to where a redirect points; OX_E_NOT_FOUND: the answer is the caller's. */
static ox_status follow(ox_curl_lane *lane, unsigned redirects, ox_error *err) {
  ox_curl_call *call = lane->current;
  const ox_http_request *request = &call->request;
  const ox_http_response *r = &lane->answer->response;
  const char *location = ox_http_response_header(r, "Location", 0);
  if (location == NULL) return OX_E_NOT_FOUND;
  if (redirects >= request->redirect_max_count) {
    return ox_error_setf(err, OX_E_LIMIT, "%.120s redirects too often.", lane->url);
  }
  const char *url = resolve(lane->url, location, &call->arena);
  if (url == NULL) {
    return ox_error_setf(err, OX_E_PROTOCOL, "%.120s redirects to something else than http.",
                         lane->url);
  }
  bool same = same_origin(url, request->url);
  bool https = strncmp(url, "https:", 6) == 0;
  bool allowed = request->redirect_policy == OX_HTTP_REDIRECT_ANY ||
                 (request->redirect_policy == OX_HTTP_REDIRECT_HTTPS && https) || same;
  if (!allowed) return OX_E_NOT_FOUND;
  bool keep =
      r->status == 307 || r->status == 308 ||
      (r->status != 303 && (request->redirect_keep_method || strcmp(lane->method, "GET") == 0 ||
                            strcmp(lane->method, "HEAD") == 0));
  if (!keep) {
    lane->method = strcmp(lane->method, "HEAD") == 0 ? "HEAD" : "GET";
    call->request.body_bytes = 0;
  }
  lane->url = url;
  lane->same_origin = same;
  return OX_OK;
}

static void clear_answer(ox_curl_answer *answer) {
  unsigned tries = answer->response.try_count;
  ox_arena_reset(&answer->arena);
  ox_writer_reset(&answer->body);
  memset(&answer->response, 0, sizeof answer->response);
  answer->response.arena = &answer->arena;
  answer->response.try_count = tries;
  answer->headers = NULL;
  answer->header_capacity = 0;
  answer->head_bytes = 0;
}

/* Sends requests until one answer is the caller's. */
static ox_status perform(ox_curl_lane *lane, ox_error *err) {
  ox_curl_call *call = lane->current;
  ox_curl_answer *answer = lane->answer;
  unsigned redirects = 0, tries_here = 0;
  lane->url = call->request.url;
  lane->method = call->request.method;
  lane->same_origin = true;
  for (unsigned i = 0; i < OX_CURL_TRY_MAX_COUNT; i++) {
    ox_status status = ask_hook(lane, tries_here++, err);
    if (status == OX_E_NOT_FOUND && answer->response.status == 401) {
      return ox_curl_deliver(lane, err);
    }
    if (status != OX_OK) return status;
    clear_answer(answer);
    answer->response.try_count++;
    status = ox_curl_transfer(lane, err);
    ox_wipe(lane->authorization, strlen(lane->authorization));
    if (status != OX_OK) return status;
    if (!lane->hold_back) return OX_OK;
    if (answer->response.status == 401) continue;
    status = follow(lane, redirects++, err);
    if (status == OX_E_NOT_FOUND) return ox_curl_deliver(lane, err);
    if (status != OX_OK) return status;
    tries_here = 0;
    answer->response.status = 0;
    answer->response.header_count = 0;
  }
  return ox_error_setf(err, OX_E_PROTOCOL, "%.120s asks for authentication again and again.",
                       lane->url);
}

/* Under lock. */
static void set_idle(ox_curl_lane *lane, bool idle) {
  if (lane->idle == idle) return;
  lane->idle = idle;
  if (idle) {
    lane->client->idle_count++;
  } else {
    lane->client->idle_count--;
  }
}

static void do_call(ox_curl_lane *lane, ox_curl_call *call) {
  ox_error err = {0};
  ox_status status;
  ox_curl_answer *answer = ox_curl_answer_new();
  lane->current = call;
  lane->answer = answer;
  if (answer == NULL) {
    status = ox_error_set(&err, OX_E_NO_MEMORY, NULL);
  } else {
    ox_writer_init(&answer->body, NULL, call->request.body_max_bytes);
    status = perform(lane, &err);
  }
  if (status == OX_OK) {
    answer->response.body = ox_writer_bytes(&answer->body);
    answer->response.url = ox_arena_strdup(&answer->arena, lane->url);
    if (answer->response.url == NULL) status = ox_error_set(&err, OX_E_NO_MEMORY, NULL);
  }
  lane->answer = NULL;
  lane->current = NULL;
  /* From here on a cancel finds nothing. Who waits for this call may submit the next before this
   * thread gets round to it: that one belongs on this lane's connection, not on a new one. */
  pthread_mutex_lock(&lane->client->lock);
  lane->call = NULL;
  if (call->keep_answer) set_idle(lane, true);
  pthread_mutex_unlock(&lane->client->lock);
  bool kept = status == OX_OK && call->keep_answer;
  call->done(call->done_user, status, status == OX_OK ? &answer->response : NULL, &err);
  if (!kept) ox_curl_answer_free(answer);
}

static void call_free(ox_curl_call *call) {
  if (call->request.body_bytes != 0) {
    ox_wipe((void *)(uintptr_t)call->request.body, call->request.body_bytes);
  }
  ox_arena_dispose(&call->arena);
  ox_free(NULL, call);
}

/* ---- Lanes ------------------------------------------------------------------------------------
 */

static void lane_free(ox_curl_lane *lane) {
  ox_curl_forget_connection(lane);
  if (lane->easy != NULL) curl_easy_cleanup(lane->easy);
  if (lane->multi != NULL) curl_multi_cleanup(lane->multi);
  ox_free(NULL, lane->authorization);
  ox_free(NULL, lane);
}

static void *run_lane(void *user) {
  ox_curl_lane *lane = user;
  ox_http_client *client = lane->client;
  pthread_mutex_lock(&client->lock);
  for (;;) {
    set_idle(lane, true);
    while (client->queue_first == NULL && !client->stopping) {
      pthread_cond_wait(&client->some, &client->lock);
    }
    set_idle(lane, false);
    ox_curl_call *call = client->queue_first;
    if (call == NULL) break;
    client->queue_first = call->next;
    if (client->queue_first == NULL) client->queue_last = NULL;
    client->queue_count--;
    lane->call = call;
    pthread_mutex_unlock(&client->lock);
    do_call(lane, call);
    call_free(call);
    pthread_mutex_lock(&client->lock);
  }
  pthread_mutex_unlock(&client->lock);
  return NULL;
}

/* Under lock. */
static ox_status lane_new(ox_http_client *client) {
  ox_curl_lane *lane = ox_calloc(NULL, 1, sizeof *lane);
  if (lane == NULL) return OX_E_NO_MEMORY;
  lane->client = client;
  lane->authorization = ox_calloc(NULL, 1, OX_HTTP_AUTHORIZATION_MAX_BYTES);
  lane->multi = curl_multi_init();
  lane->easy = curl_easy_init();
  bool ok = lane->authorization != NULL && lane->multi != NULL && lane->easy != NULL &&
            curl_multi_setopt(lane->multi, CURLMOPT_MAXCONNECTS, 1L) == CURLM_OK &&
            curl_multi_setopt(lane->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING) == CURLM_OK;
  if (ok) ok = pthread_create(&lane->thread, NULL, run_lane, lane) == 0;
  if (!ok) {
    lane_free(lane);
    return OX_E_NO_MEMORY;
  }
  lane->next = client->lanes;
  client->lanes = lane;
  client->lane_count++;
  return OX_OK;
}

/* ---- Client -----------------------------------------------------------------------------------
 */

static bool copy_text(ox_arena *arena, const char **text) {
  if (*text == NULL) return true;
  *text = ox_arena_strdup(arena, *text);
  return *text != NULL;
}

static void default_ms(uint32_t *value, uint32_t fallback) {
  if (*value == 0) *value = fallback;
}

static ox_status copy_options(ox_http_client *client, const ox_http_client_options *options) {
  ox_http_client_options *o = &client->options;
  *o = *options;
  if (o->user_agent == NULL) o->user_agent = "oxkit/" OX_WIRE_VERSION;
  if (o->connection_max_count == 0) o->connection_max_count = 4;
  if (o->connection_max_count > 64) return OX_E_USAGE;
  if (o->queue_max_count == 0) o->queue_max_count = 256;
  default_ms(&o->connect_timeout_ms, 15000);
  default_ms(&o->stall_timeout_ms, 120000);
  default_ms(&o->idle_timeout_ms, 60000);
  if (o->pin_count != 0) {
    if (o->pins == NULL || o->pin_count > 1024) return OX_E_USAGE;
    o->pins = ox_arena_copy(&client->arena, o->pins, o->pin_count * 32);
    if (o->pins == NULL) return OX_E_NO_MEMORY;
  }
  if (!ox_http_is_field_value(o->user_agent, strlen(o->user_agent))) return OX_E_USAGE;
  bool ok = copy_text(&client->arena, &o->user_agent) && copy_text(&client->arena, &o->ca_file) &&
            copy_text(&client->arena, &o->proxy);
  return ok ? OX_OK : OX_E_NO_MEMORY;
}

ox_status ox_http_client_new(const ox_http_client_options *options, ox_http_client **out,
                             ox_error *err) {
  static const ox_http_client_options defaults = OX_HTTP_CLIENT_OPTIONS_INIT;
  *out = NULL;
  if (options == NULL) options = &defaults;
  if (options->struct_size != sizeof *options) return ox_error_set(err, OX_E_USAGE, NULL);
  const curl_version_info_data *version = curl_version_info(CURLVERSION_NOW);
  if (options->pin_count != 0 &&
      (version->ssl_version == NULL || strncmp(version->ssl_version, "OpenSSL", 7) != 0)) {
    return ox_error_set(err, OX_E_NO_SUPPORT, "Pinned certificates need a curl built on OpenSSL.");
  }
  ox_http_client *client = ox_calloc(NULL, 1, sizeof *client);
  if (client == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  pthread_mutex_init(&client->lock, NULL);
  pthread_cond_init(&client->some, NULL);
  ox_arena_init(&client->arena, NULL, 0);
  ox_status status = copy_options(client, options);
  if (status != OX_OK) {
    ox_http_client_free(client);
    return ox_error_set(err, status, NULL);
  }
  *out = client;
  return OX_OK;
}

static void end_cancelled(ox_curl_call *call) {
  ox_error err;
  ox_error_set(&err, OX_E_CANCELLED, NULL);
  call->done(call->done_user, OX_E_CANCELLED, NULL, &err);
  call_free(call);
}

void ox_http_client_free(ox_http_client *client) {
  if (client == NULL) return;
  pthread_mutex_lock(&client->lock);
  client->stopping = true;
  ox_curl_call *queue = client->queue_first;
  client->queue_first = client->queue_last = NULL;
  for (ox_curl_lane *lane = client->lanes; lane != NULL; lane = lane->next) {
    if (lane->call == NULL) continue;
    atomic_store(&lane->call->cancelled, true);
    curl_multi_wakeup(lane->multi);
  }
  pthread_cond_broadcast(&client->some);
  pthread_mutex_unlock(&client->lock);
  while (queue != NULL) {
    ox_curl_call *next = queue->next;
    end_cancelled(queue);
    queue = next;
  }
  while (client->lanes != NULL) {
    ox_curl_lane *lane = client->lanes;
    client->lanes = lane->next;
    pthread_join(lane->thread, NULL);
    lane_free(lane);
  }
  pthread_mutex_destroy(&client->lock);
  pthread_cond_destroy(&client->some);
  ox_arena_dispose(&client->arena);
  ox_free(NULL, client);
}

/* ---- Calls ------------------------------------------------------------------------------------
 */

static bool request_ok(const ox_http_request *request) {
  if (request == NULL || request->struct_size != sizeof *request || request->url == NULL ||
      (request->body == NULL && request->body_bytes != 0) ||
      (request->header_count != 0 && request->headers == NULL) ||
      (request->method != NULL && !ox_http_is_token(request->method, strlen(request->method)))) {
    return false;
  }
  for (size_t i = 0; i < request->header_count; i++) {
    const ox_http_header *h = &request->headers[i];
    if (h->name == NULL || h->value == NULL || !ox_http_is_token(h->name, strlen(h->name)) ||
        !ox_http_is_field_value(h->value, strlen(h->value)) ||
        ox_http_name_equal(h->name, "Content-Length") ||
        ox_http_name_equal(h->name, "Transfer-Encoding") ||
        ox_http_name_equal(h->name, "Connection")) {
      return false;
    }
  }
  origin o;
  bool ok = origin_of(request->url, &o);
  origin_dispose(&o);
  return ok;
}

static bool copy_request(ox_curl_call *call, const ox_http_request *request) {
  ox_http_request *r = &call->request;
  *r = *request;
  if (r->method == NULL) r->method = r->body_bytes != 0 ? "POST" : "GET";
  if (r->body_max_bytes == 0) r->body_max_bytes = (size_t)64 << 20;
  ox_http_header *headers = ox_arena_alloc(&call->arena, r->header_count * sizeof *headers);
  if (headers == NULL) return false;
  for (size_t i = 0; i < r->header_count; i++) {
    headers[i] = request->headers[i];
    if (!copy_text(&call->arena, &headers[i].name) || !copy_text(&call->arena, &headers[i].value)) {
      return false;
    }
  }
  r->headers = headers;
  if (r->body_bytes != 0) {
    r->body = ox_arena_copy(&call->arena, r->body, r->body_bytes);
    if (r->body == NULL) {
      r->body_bytes = 0;
      return false;
    }
  }
  return copy_text(&call->arena, &r->method) && copy_text(&call->arena, &r->url);
}

/* Under lock: lanes that will take a call soon, with the one whose callback submits this. */
static unsigned soon_idle(const ox_http_client *client) {
  unsigned count = client->idle_count;
  for (const ox_curl_lane *lane = client->lanes; lane != NULL; lane = lane->next) {
    if (!lane->idle && pthread_equal(lane->thread, pthread_self())) count++;
  }
  return count;
}

static ox_status enqueue(ox_http_client *client, ox_curl_call *call) {
  ox_status status = OX_OK;
  pthread_mutex_lock(&client->lock);
  if (client->stopping) {
    status = OX_E_CLOSED;
  } else if (client->queue_count >= client->options.queue_max_count) {
    status = OX_E_LIMIT;
  } else if (soon_idle(client) <= client->queue_count &&
             client->lane_count < client->options.connection_max_count) {
    status = lane_new(client);
    if (client->lane_count != 0) status = OX_OK; /* another lane will do it */
  }
  if (status == OX_OK) {
    if (client->queue_last != NULL) {
      client->queue_last->next = call;
    } else {
      client->queue_first = call;
    }
    client->queue_last = call;
    client->queue_count++;
    pthread_cond_signal(&client->some);
  }
  pthread_mutex_unlock(&client->lock);
  return status;
}

static ox_status submit(ox_http_client *client, ox_call_id id, const ox_http_request *request,
                        bool keep_answer, ox_http_call_done done, void *user, ox_error *err) {
  if (!request_ok(request)) {
    return ox_error_set(err, OX_E_USAGE, "The request's URL, method or a field is malformed.");
  }
  ox_curl_call *call = ox_calloc(NULL, 1, sizeof *call);
  if (call == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  ox_arena_init(&call->arena, NULL, SIZE_MAX);
  atomic_init(&call->cancelled, false);
  call->id = id;
  call->done = done;
  call->done_user = user;
  call->keep_answer = keep_answer;
  call->deadline_ms = UINT64_MAX;
  if (request->total_timeout_ms != 0) {
    call->deadline_ms = ox_curl_clock_ms() + request->total_timeout_ms;
  }
  ox_status status = copy_request(call, request) ? enqueue(client, call) : OX_E_NO_MEMORY;
  if (status != OX_OK) {
    call_free(call);
    return ox_error_set(err, status, status == OX_E_LIMIT ? "Too many calls wait." : NULL);
  }
  return OX_OK;
}

ox_status ox_http_client_submit(ox_http_client *client, ox_call_id id,
                                const ox_http_request *request, ox_http_call_done done, void *user,
                                ox_error *err) {
  return submit(client, id, request, false, done, user, err);
}

void ox_http_client_cancel(ox_http_client *client, ox_call_id id) {
  ox_curl_call *found = NULL;
  pthread_mutex_lock(&client->lock);
  ox_curl_call *before = NULL;
  for (ox_curl_call *call = client->queue_first; call != NULL; call = call->next) {
    if (call->id == id) {
      found = call;
      break;
    }
    before = call;
  }
  if (found != NULL) {
    if (before != NULL) {
      before->next = found->next;
    } else {
      client->queue_first = found->next;
    }
    if (client->queue_last == found) client->queue_last = before;
    client->queue_count--;
  } else {
    for (ox_curl_lane *lane = client->lanes; lane != NULL; lane = lane->next) {
      if (lane->call == NULL || lane->call->id != id) continue;
      atomic_store(&lane->call->cancelled, true);
      curl_multi_wakeup(lane->multi);
      break;
    }
  }
  pthread_mutex_unlock(&client->lock);
  if (found != NULL) end_cancelled(found);
}

/* ---- Blocking ---------------------------------------------------------------------------------
 */

typedef struct waiter {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  bool done;
  ox_status status;
  ox_http_response *response;
  ox_error err;
} waiter;

/* The functions of the request get the caller's own pointer; only `done` is ours. */
static void on_done(void *user, ox_status status, const ox_http_response *response,
                    const ox_error *err) {
  waiter *w = user;
  pthread_mutex_lock(&w->lock);
  w->done = true;
  w->status = status;
  w->response = (ox_http_response *)(uintptr_t)response;
  if (status != OX_OK) w->err = *err;
  pthread_cond_signal(&w->changed);
  pthread_mutex_unlock(&w->lock);
}

ox_status ox_http_client_call(ox_http_client *client, const ox_http_request *request,
                              ox_http_response **response_out, ox_error *err) {
  *response_out = NULL;
  waiter w = {.done = false};
  pthread_mutex_init(&w.lock, NULL);
  pthread_cond_init(&w.changed, NULL);
  ox_status status = submit(client, 0, request, true, on_done, &w, err);
  if (status == OX_OK) {
    pthread_mutex_lock(&w.lock);
    while (!w.done) pthread_cond_wait(&w.changed, &w.lock);
    pthread_mutex_unlock(&w.lock);
    status = w.status;
    *response_out = w.response;
    if (status != OX_OK && err != NULL) *err = w.err;
  }
  pthread_mutex_destroy(&w.lock);
  pthread_cond_destroy(&w.changed);
  return status;
}
