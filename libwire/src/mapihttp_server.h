/* The endpoint without HTTP: requests come as views, answers go to a sink. A driver (over
 * ox_http_server) and tests stand on it. [MS-OXCMAPIHTTP] 3.2 */
#ifndef OXKIT_WIRE_MAPIHTTP_SERVER_H
#define OXKIT_WIRE_MAPIHTTP_SERVER_H

#include <pthread.h>

#include <oxkit/ropcodec/memory.h>
#include <oxkit/wire/mapihttp.h>

/** A request. All of it lives until the call has been answered. */
typedef struct ox_mapihttp_request {
  const char *method;
  const char *path;
  const char *user; /**< authenticated; "" for nobody */
  const char *peer;
  const ox_http_header *headers;
  size_t header_count;
  ox_bytes body;
} ox_mapihttp_request;

/** Where one answer goes. Either respond, or start, send..., finish; then release, each from any
 *  thread, never two at a time. HTTP status is always 200. */
typedef struct ox_mapihttp_sink {
  void (*respond)(void *user, const ox_http_header *headers, size_t count, ox_bytes body);
  void (*start)(void *user, const ox_http_header *headers, size_t count);
  void (*send)(void *user, ox_bytes data);
  void (*finish)(void *user);
  void (*release)(void *user); /**< the request and the sink are not used any more */
  void *user;
} ox_mapihttp_sink;

/** A call in progress. Reference-counted: begin gives the caller one reference. */
typedef struct ox_mapihttp_call ox_mapihttp_call;

/** Takes a request and a sink. @return a reference for tick and cancel, to be dropped with
 *  ox_mapihttp_call_unref; NULL when out of memory: the sink is not used */
ox_mapihttp_call *ox_mapihttp_call_new(ox_mapihttp_server *server,
                                       const ox_mapihttp_request *request,
                                       const ox_mapihttp_sink *sink);
/** Answers the request, now or later; once. May block as long as the processors do. */
void ox_mapihttp_call_run(ox_mapihttp_call *call);
/** Sends PENDING if the call is still in progress. */
void ox_mapihttp_call_tick(ox_mapihttp_call *call);
/** The client has gone: nothing will be sent; a wait is ended. */
void ox_mapihttp_call_cancel(ox_mapihttp_call *call);
void ox_mapihttp_call_unref(ox_mapihttp_call *call);

/* ---- Sessions (mapihttp_sessions.c) ---------------------------------------------------------- */

/** Hexadecimal digits of a cookie value, 128 random bits. */
enum { OX_MAPIHTTP_COOKIE_CHARS = 32 };

typedef enum ox_mapihttp_kind { OX_MAPIHTTP_EMSMDB, OX_MAPIHTTP_NSPI } ox_mapihttp_kind;

/** A Session Context. Fields below the line belong to the table's lock. */
typedef struct ox_mapihttp_context {
  ox_mapihttp_kind kind;
  char cookie[OX_MAPIHTTP_COOKIE_CHARS + 1];
  char *user;
  ox_rop_server_session *rop; /**< set once, when Connect succeeded */
  /* ---- */
  char sequence[OX_MAPIHTTP_COOKIE_CHARS + 1];
  unsigned references;
  unsigned pending_count; /**< requests in progress: the idle timer stands still */
  bool busy;              /**< one of them is in sequence */
  ox_mapihttp_call *wait; /**< the NotificationWait in progress, with a reference */
  bool dead;              /**< out of the table */
  uint64_t expires_ms;
  struct ox_mapihttp_context *bucket_next;
  struct ox_mapihttp_context *idle_previous; /**< idle contexts, the first to expire first */
  struct ox_mapihttp_context *idle_next;
  bool idle;
} ox_mapihttp_context;

enum { OX_MAPIHTTP_BUCKET_COUNT = 1024 };

struct ox_mapihttp_server {
  const ox_allocator *allocator;
  const ox_environment *environment;
  ox_mapihttp_server_options options;
  char *server_application;
  pthread_mutex_t lock;
  pthread_cond_t ended; /* a call has */
  size_t calls_open;
  size_t waits_open; /* of them */
  ox_mapihttp_context *buckets[OX_MAPIHTTP_BUCKET_COUNT];
  ox_mapihttp_context *idle_first;
  ox_mapihttp_context *idle_last;
  uint64_t next_call_id;
  bool stopping;
  ox_mapihttp_server_stats stats;
};

/** Counts calls, and waits among them, that begin or have ended: the server outlives them. */
void ox_mapihttp_server_count(ox_mapihttp_server *server, int calls, int waits);

/** Makes a context that is in the table with one request pending.
 *  @return OX_OK, OX_E_SESSION_LIMIT, OX_E_NO_MEMORY, OX_E_IO; with a reference */
ox_status ox_mapihttp_context_new(ox_mapihttp_server *server, ox_mapihttp_kind kind,
                                  const char *user, ox_mapihttp_context **out);
/** Finds by cookie; NULL when there is none of that kind and user. With a reference. */
ox_mapihttp_context *ox_mapihttp_context_find(ox_mapihttp_server *server, ox_mapihttp_kind kind,
                                              const char *cookie, const char *user);
/** Takes a context out of the table, ends its wait and its ROP session. Drops no reference. */
void ox_mapihttp_context_destroy(ox_mapihttp_server *server, ox_mapihttp_context *context);
void ox_mapihttp_context_ref(ox_mapihttp_server *server, ox_mapihttp_context *context);
void ox_mapihttp_context_unref(ox_mapihttp_server *server, ox_mapihttp_context *context);

/** Starts a request. @param sequence  the cookie's value; NULL: not in sequence
 *  @return an X-ResponseCode: 0, 10 (dead), 15 */
uint32_t ox_mapihttp_context_enter(ox_mapihttp_server *server, ox_mapihttp_context *context,
                                   const char *sequence);
/** The sequence cookie that the next request in sequence must have. */
void ox_mapihttp_context_sequence(ox_mapihttp_server *server, const ox_mapihttp_context *context,
                                  char sequence_out[OX_MAPIHTTP_COOKIE_CHARS + 1]);
/** Ends a request and starts the idle timer when it was the last. */
void ox_mapihttp_context_leave(ox_mapihttp_server *server, ox_mapihttp_context *context,
                               bool in_sequence);
/** Makes `call` the wait. @return false when there is one already, or the context is dead */
bool ox_mapihttp_context_set_wait(ox_mapihttp_server *server, ox_mapihttp_context *context,
                                  ox_mapihttp_call *call);
void ox_mapihttp_context_clear_wait(ox_mapihttp_server *server, ox_mapihttp_context *context,
                                    ox_mapihttp_call *call);

/** Ends a NotificationWait whose context goes away. */
void ox_mapihttp_call_end_wait(ox_mapihttp_call *call);
void ox_mapihttp_call_ref(ox_mapihttp_call *call);

#endif
