/* The endpoint without HTTP: requests come as views, answers go to a sink. A driver (over
 * ox_http_server) and tests stand on it. [MS-OXCMAPIHTTP] 3.2 */
#ifndef OXKIT_WIRE_MAPIHTTP_SERVER_H
#define OXKIT_WIRE_MAPIHTTP_SERVER_H

#include <pthread.h>

#include <oxkit/ropcodec/memory.h>
#include <oxkit/wire/mapihttp.h>

/** A request. All of it lives until the call has been answered. */
typedef struct mapihttp_request {
  const char *method;
  const char *path;
  const char *user; /**< authenticated; "" for nobody */
  const char *peer;
  const ox_http_header *headers;
  size_t header_count;
  ox_bytes body;
} mapihttp_request;

/** Where one answer goes. Either respond, or start, send..., finish; then release, each from any
 *  thread, never two at a time. HTTP status is always 200. */
typedef struct mapihttp_sink {
  void (*respond)(void *user, const ox_http_header *headers, size_t count, ox_bytes body);
  void (*start)(void *user, const ox_http_header *headers, size_t count);
  void (*send)(void *user, ox_bytes data);
  void (*finish)(void *user);
  void (*release)(void *user); /**< the request and the sink are not used any more */
  void *user;
} mapihttp_sink;

/** A call in progress. Reference-counted: begin gives the caller one reference. */
typedef struct mapihttp_call mapihttp_call;

/** Takes a request and a sink. @return a reference for tick and cancel, to be dropped with
 *  mapihttp_call_unref; NULL when out of memory: the sink is not used */
mapihttp_call *mapihttp_call_new(ox_mapihttp_server *server, const mapihttp_request *request,
                                 const mapihttp_sink *sink);
/** Answers the request, now or later; once. May block as long as the processors do. */
void mapihttp_call_run(mapihttp_call *call);
/** Sends PENDING if the call is still in progress. */
void mapihttp_call_tick(mapihttp_call *call);
/** The client has gone: nothing will be sent; a wait is ended. */
void mapihttp_call_cancel(mapihttp_call *call);
void mapihttp_call_unref(mapihttp_call *call);

/* ---- Sessions (mapihttp_sessions.c) ---------------------------------------------------------- */

/** Hexadecimal digits of a cookie value, 128 random bits. */
enum { MAPIHTTP_COOKIE_CHARS = 32 };

typedef enum mapihttp_kind { MAPIHTTP_EMSMDB, MAPIHTTP_NSPI } mapihttp_kind;

/** A Session Context. Fields below the line belong to the table's lock. */
typedef struct mapihttp_context {
  mapihttp_kind kind;
  char cookie[MAPIHTTP_COOKIE_CHARS + 1];
  char *user;
  ox_rop_server_session *rop; /**< set once, when Connect succeeded */
  /* ---- */
  char sequence[MAPIHTTP_COOKIE_CHARS + 1];
  unsigned references;
  unsigned pending_count; /**< requests in progress: the idle timer stands still */
  bool busy;              /**< one of them is in sequence */
  mapihttp_call *wait;    /**< the NotificationWait in progress, with a reference */
  bool dead;              /**< out of the table */
  uint64_t expires_ms;
  struct mapihttp_context *bucket_next;
  struct mapihttp_context *idle_previous; /**< idle contexts, the first to expire first */
  struct mapihttp_context *idle_next;
  bool idle;
} mapihttp_context;

enum { MAPIHTTP_BUCKET_COUNT = 1024 };

struct ox_mapihttp_server {
  const ox_allocator *allocator;
  const ox_environment *environment;
  ox_mapihttp_server_options options;
  char *server_application;
  pthread_mutex_t lock;
  mapihttp_context *buckets[MAPIHTTP_BUCKET_COUNT];
  mapihttp_context *idle_first;
  mapihttp_context *idle_last;
  uint64_t next_call_id;
  bool stopping;
  ox_mapihttp_server_stats stats;
};

/** Makes a context that is in the table with one request pending.
 *  @return OX_OK, OX_E_SESSION_LIMIT, OX_E_NO_MEMORY, OX_E_IO; with a reference */
ox_status mapihttp_context_new(ox_mapihttp_server *server, mapihttp_kind kind, const char *user,
                               mapihttp_context **out);
/** Finds by cookie; NULL when there is none of that kind and user. With a reference. */
mapihttp_context *mapihttp_context_find(ox_mapihttp_server *server, mapihttp_kind kind,
                                        const char *cookie, const char *user);
/** Takes a context out of the table, ends its wait and its ROP session. Drops no reference. */
void mapihttp_context_destroy(ox_mapihttp_server *server, mapihttp_context *context);
void mapihttp_context_ref(ox_mapihttp_server *server, mapihttp_context *context);
void mapihttp_context_unref(ox_mapihttp_server *server, mapihttp_context *context);

/** Starts a request. @param sequence  the cookie's value; NULL: not in sequence
 *  @return an X-ResponseCode: 0, 10 (dead), 15 */
uint32_t mapihttp_context_enter(ox_mapihttp_server *server, mapihttp_context *context,
                                const char *sequence);
/** Ends a request and starts the idle timer when it was the last. */
void mapihttp_context_leave(ox_mapihttp_server *server, mapihttp_context *context,
                            bool in_sequence);
/** Makes `call` the wait. @return false when there is one already, or the context is dead */
bool mapihttp_context_set_wait(ox_mapihttp_server *server, mapihttp_context *context,
                               mapihttp_call *call);
void mapihttp_context_clear_wait(ox_mapihttp_server *server, mapihttp_context *context,
                                 mapihttp_call *call);

/** Ends a NotificationWait whose context goes away. */
void mapihttp_call_end_wait(mapihttp_call *call);
void mapihttp_call_ref(mapihttp_call *call);

#endif
