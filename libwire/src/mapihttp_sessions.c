/* The table of Session Contexts: cookies, sequence, idle timer, limits. [MS-OXCMAPIHTTP] 3.2.1 */
#include <string.h>
#include <time.h>

#include "mapihttp_server.h"

enum { STOP_PATIENCE_S = 5 };

static const char hex_digits[] = "0123456789abcdef";

static ox_status make_cookie(const ox_environment *env, char out[OX_MAPIHTTP_COOKIE_CHARS + 1]) {
  uint8_t random[OX_MAPIHTTP_COOKIE_CHARS / 2];
  ox_status status = env->random(env->user, random, sizeof random);
  if (status != OX_OK) return status;
  for (size_t i = 0; i < sizeof random; i++) {
    out[2 * i] = hex_digits[random[i] >> 4];
    out[2 * i + 1] = hex_digits[random[i] & 15];
  }
  out[OX_MAPIHTTP_COOKIE_CHARS] = 0;
  ox_wipe(random, sizeof random);
  return OX_OK;
}

static uint64_t now_ms(const ox_mapihttp_server *server) {
  return server->environment->monotonic_ms(server->environment->user);
}

/* Cookies are random, so their digits are the hash. */
static size_t bucket_of(const char *cookie) {
  size_t bucket = 0;
  for (unsigned i = 0; i < 4; i++) bucket = bucket << 4 | (size_t)(cookie[i] & 15);
  return bucket % OX_MAPIHTTP_BUCKET_COUNT;
}

/* ---- With the lock held ---------------------------------------------------------------------- */

static void idle_remove(ox_mapihttp_server *server, ox_mapihttp_context *context) {
  if (!context->idle) return;
  ox_mapihttp_context *previous = context->idle_previous;
  ox_mapihttp_context *next = context->idle_next;
  *(previous != NULL ? &previous->idle_next : &server->idle_first) = next;
  *(next != NULL ? &next->idle_previous : &server->idle_last) = previous;
  context->idle = false;
}

/* Every idle time is the same, so the list stays in the order of expiry. */
static void idle_append(ox_mapihttp_server *server, ox_mapihttp_context *context) {
  context->expires_ms = now_ms(server) + server->options.session_idle_ms;
  context->idle_previous = server->idle_last;
  context->idle_next = NULL;
  *(server->idle_last != NULL ? &server->idle_last->idle_next : &server->idle_first) = context;
  server->idle_last = context;
  context->idle = true;
}

static void table_insert(ox_mapihttp_server *server, ox_mapihttp_context *context) {
  ox_mapihttp_context **bucket = &server->buckets[bucket_of(context->cookie)];
  context->bucket_next = *bucket;
  *bucket = context;
  server->stats.sessions_open++;
  server->stats.sessions_total++;
}

static void table_remove(ox_mapihttp_server *server, ox_mapihttp_context *context) {
  ox_mapihttp_context **at = &server->buckets[bucket_of(context->cookie)];
  while (*at != context) at = &(*at)->bucket_next;
  *at = context->bucket_next;
  idle_remove(server, context);
  context->dead = true;
  server->stats.sessions_open--;
}

static size_t count_of_user(const ox_mapihttp_server *server, const char *user) {
  size_t count = 0;
  for (size_t i = 0; i < OX_MAPIHTTP_BUCKET_COUNT; i++)
    for (const ox_mapihttp_context *at = server->buckets[i]; at != NULL; at = at->bucket_next)
      if (strcmp(at->user, user) == 0) count++;
  return count;
}

/* ---- Interface ------------------------------------------------------------------------------- */

ox_status ox_mapihttp_context_new(ox_mapihttp_server *server, ox_mapihttp_kind kind,
                                  const char *user, ox_mapihttp_context **out) {
  *out = NULL;
  ox_mapihttp_context *context = ox_calloc(server->allocator, 1, sizeof *context);
  if (context == NULL) return OX_E_NO_MEMORY;
  context->kind = kind;
  context->references = 2; /* the table's and the caller's */
  context->pending_count = 1;
  context->busy = true;
  context->user = ox_malloc(server->allocator, strlen(user) + 1);
  ox_status status = context->user == NULL ? OX_E_NO_MEMORY : OX_OK;
  if (status == OX_OK) {
    memcpy(context->user, user, strlen(user) + 1);
    status = make_cookie(server->environment, context->cookie);
  }
  if (status == OX_OK) status = make_cookie(server->environment, context->sequence);
  if (status == OX_OK) {
    pthread_mutex_lock(&server->lock);
    if (server->stats.sessions_open >= server->options.sessions_max_count ||
        count_of_user(server, user) >= server->options.sessions_per_user_max_count)
      status = OX_E_SESSION_LIMIT;
    else
      table_insert(server, context);
    pthread_mutex_unlock(&server->lock);
  }
  if (status != OX_OK) {
    ox_free(server->allocator, context->user);
    ox_free(server->allocator, context);
    return status;
  }
  *out = context;
  return OX_OK;
}

ox_mapihttp_context *ox_mapihttp_context_find(ox_mapihttp_server *server, ox_mapihttp_kind kind,
                                              const char *cookie, const char *user) {
  pthread_mutex_lock(&server->lock);
  ox_mapihttp_context *at = server->buckets[bucket_of(cookie)];
  while (at != NULL && (at->kind != kind || strcmp(at->cookie, cookie) != 0)) at = at->bucket_next;
  /* A context whose time is over is gone, even if nobody has swept it yet. */
  if (at != NULL && (strcmp(at->user, user) != 0 || (at->idle && at->expires_ms <= now_ms(server))))
    at = NULL;
  if (at != NULL) at->references++;
  pthread_mutex_unlock(&server->lock);
  return at;
}

void ox_mapihttp_context_ref(ox_mapihttp_server *server, ox_mapihttp_context *context) {
  pthread_mutex_lock(&server->lock);
  context->references++;
  pthread_mutex_unlock(&server->lock);
}

void ox_mapihttp_context_unref(ox_mapihttp_server *server, ox_mapihttp_context *context) {
  pthread_mutex_lock(&server->lock);
  bool last = --context->references == 0;
  pthread_mutex_unlock(&server->lock);
  if (!last) return;
  /* The ROP session ends with its last request, so that none of them is inside it. */
  if (context->rop != NULL)
    server->options.rop_processor->disconnect(server->options.rop_processor, context->rop);
  ox_wipe(context->cookie, sizeof context->cookie);
  ox_free(server->allocator, context->user);
  ox_free(server->allocator, context);
}

void ox_mapihttp_context_destroy(ox_mapihttp_server *server, ox_mapihttp_context *context) {
  pthread_mutex_lock(&server->lock);
  bool was_dead = context->dead;
  ox_mapihttp_call *wait = context->wait;
  if (!was_dead) table_remove(server, context);
  if (wait != NULL) ox_mapihttp_call_ref(wait);
  pthread_mutex_unlock(&server->lock);
  if (wait != NULL) {
    ox_mapihttp_call_end_wait(wait);
    ox_mapihttp_call_unref(wait);
  }
  if (!was_dead) ox_mapihttp_context_unref(server, context); /* the table's */
}

uint32_t ox_mapihttp_context_enter(ox_mapihttp_server *server, ox_mapihttp_context *context,
                                   const char *sequence) {
  char next[OX_MAPIHTTP_COOKIE_CHARS + 1];
  uint32_t code = OX_MAPIHTTP_SUCCESS;
  if (sequence != NULL && make_cookie(server->environment, next) != OX_OK)
    return OX_MAPIHTTP_UNKNOWN_FAILURE;
  pthread_mutex_lock(&server->lock);
  if (context->dead) {
    code = OX_MAPIHTTP_CONTEXT_NOT_FOUND;
  } else if (sequence != NULL && (context->busy || strcmp(context->sequence, sequence) != 0)) {
    code = OX_MAPIHTTP_INVALID_SEQUENCE;
  } else {
    idle_remove(server, context);
    context->pending_count++;
    if (sequence != NULL) {
      context->busy = true;
      memcpy(context->sequence, next, sizeof next);
    }
  }
  pthread_mutex_unlock(&server->lock);
  return code;
}

void ox_mapihttp_context_sequence(ox_mapihttp_server *server, const ox_mapihttp_context *context,
                                  char sequence_out[OX_MAPIHTTP_COOKIE_CHARS + 1]) {
  pthread_mutex_lock(&server->lock);
  memcpy(sequence_out, context->sequence, sizeof context->sequence);
  pthread_mutex_unlock(&server->lock);
}

void ox_mapihttp_context_leave(ox_mapihttp_server *server, ox_mapihttp_context *context,
                               bool in_sequence) {
  pthread_mutex_lock(&server->lock);
  if (in_sequence) context->busy = false;
  if (--context->pending_count == 0 && !context->dead) idle_append(server, context);
  pthread_mutex_unlock(&server->lock);
}

bool ox_mapihttp_context_set_wait(ox_mapihttp_server *server, ox_mapihttp_context *context,
                                  ox_mapihttp_call *call) {
  pthread_mutex_lock(&server->lock);
  bool free = context->wait == NULL && !context->dead && !server->stopping;
  if (free) {
    ox_mapihttp_call_ref(call);
    context->wait = call;
    server->stats.waits_open++;
  }
  pthread_mutex_unlock(&server->lock);
  return free;
}

void ox_mapihttp_context_clear_wait(ox_mapihttp_server *server, ox_mapihttp_context *context,
                                    ox_mapihttp_call *call) {
  pthread_mutex_lock(&server->lock);
  bool mine = context->wait == call;
  if (mine) {
    context->wait = NULL;
    server->stats.waits_open--;
  }
  pthread_mutex_unlock(&server->lock);
  if (mine) ox_mapihttp_call_unref(call);
}

/* ---- Expiry and the end ---------------------------------------------------------------------- */

/* Takes the first expired context out of the idle list, with a reference; NULL when there is none.
 * It stays in the table, pending, so that nobody else expires it. */
static ox_mapihttp_context *take_expired(ox_mapihttp_server *server, bool all, uint64_t *next_ms) {
  uint64_t now = now_ms(server);
  *next_ms = UINT64_MAX;
  pthread_mutex_lock(&server->lock);
  ox_mapihttp_context *first = server->idle_first;
  if (first != NULL && !all && first->expires_ms > now) {
    *next_ms = first->expires_ms - now;
    first = NULL;
  }
  if (first != NULL) {
    idle_remove(server, first);
    first->references++;
    if (!all) server->stats.sessions_expired++;
  }
  pthread_mutex_unlock(&server->lock);
  return first;
}

uint64_t ox_mapihttp_server_sweep(ox_mapihttp_server *server) {
  uint64_t next_ms;
  ox_mapihttp_context *context;
  while ((context = take_expired(server, false, &next_ms)) != NULL) {
    ox_mapihttp_context_destroy(server, context);
    ox_mapihttp_context_unref(server, context);
  }
  return next_ms;
}

void ox_mapihttp_server_count(ox_mapihttp_server *server, int calls, int waits) {
  pthread_mutex_lock(&server->lock);
  server->calls_open += (size_t)calls;
  server->waits_open += (size_t)waits;
  pthread_cond_broadcast(&server->ended);
  pthread_mutex_unlock(&server->lock);
}

void ox_mapihttp_server_stop(ox_mapihttp_server *server) {
  ox_mapihttp_call *wait;
  pthread_mutex_lock(&server->lock);
  server->stopping = true;
  pthread_mutex_unlock(&server->lock);
  do {
    wait = NULL;
    pthread_mutex_lock(&server->lock);
    for (size_t i = 0; i < OX_MAPIHTTP_BUCKET_COUNT && wait == NULL; i++)
      for (ox_mapihttp_context *at = server->buckets[i]; at != NULL && wait == NULL;
           at = at->bucket_next) {
        wait = at->wait;
        if (wait != NULL) {
          ox_mapihttp_call_ref(wait);
          at->wait = NULL; /* its own reference goes below */
          server->stats.waits_open--;
        }
      }
    pthread_mutex_unlock(&server->lock);
    if (wait != NULL) {
      ox_mapihttp_call_end_wait(wait);
      ox_mapihttp_call_unref(wait);
      ox_mapihttp_call_unref(wait);
    }
  } while (wait != NULL);
  /* Processors may complete a cancelled wait on a thread of their own, a moment later. */
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += STOP_PATIENCE_S;
  pthread_mutex_lock(&server->lock);
  while (server->waits_open > 0 &&
         pthread_cond_timedwait(&server->ended, &server->lock, &until) == 0)
    continue;
  pthread_mutex_unlock(&server->lock);
}

void ox_mapihttp_server_free(ox_mapihttp_server *server) {
  if (server == NULL) return;
  ox_mapihttp_server_stop(server);
  pthread_mutex_lock(&server->lock);
  while (server->calls_open > 0) pthread_cond_wait(&server->ended, &server->lock);
  pthread_mutex_unlock(&server->lock);
  for (size_t i = 0; i < OX_MAPIHTTP_BUCKET_COUNT; i++) {
    while (server->buckets[i] != NULL) ox_mapihttp_context_destroy(server, server->buckets[i]);
  }
  pthread_cond_destroy(&server->ended);
  pthread_mutex_destroy(&server->lock);
  ox_free(server->allocator, server->server_application);
  ox_free(server->allocator, server);
}

void ox_mapihttp_server_stats_get(ox_mapihttp_server *server, ox_mapihttp_server_stats *out) {
  size_t struct_size = out->struct_size;
  pthread_mutex_lock(&server->lock);
  ox_mapihttp_server_stats stats = server->stats;
  pthread_mutex_unlock(&server->lock);
  stats.struct_size = struct_size;
  memcpy(out, &stats, struct_size < sizeof stats ? struct_size : sizeof stats);
}
