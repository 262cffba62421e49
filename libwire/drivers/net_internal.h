/* Inside of the HTTP server.
 *
 * Threads. A loop thread owns its connections with their http1 and tls state; nobody else touches
 * them. An exchange is shared between its connection's loop and whoever holds it: what they share
 * is under exchange->lock, and the holder wakes the loop by posting the exchange to the loop's
 * mailbox. Workers run jobs from one bounded queue. Lock order: exchange, then mailbox or queue. */
#ifndef OXKIT_WIRE_DRIVERS_NET_INTERNAL_H
#define OXKIT_WIRE_DRIVERS_NET_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include <oxkit/ropcodec/writer.h>
#include <oxkit/wire/http_server.h>

#define OX_NET_LOOP_MAX_COUNT 16u
#define OX_NET_ADDRESS_BYTES 64
#define OX_NET_SCRATCH_BYTES 65536u
/* Bytes of a streamed body that wait for the handler. */
#define OX_NET_BODY_AHEAD_BYTES ((size_t)256 * 1024)
/* A body that nobody wants is read so far, to keep the connection or to let the answer arrive. */
#define OX_NET_DROP_MAX_BYTES ((uint64_t)1024 * 1024)
#define OX_NET_LINGER_MS 2000u
#define OX_NET_SWEEP_MS 50u
#define OX_NET_SPARE_EXCHANGES 32u

typedef struct ox_net_loop ox_net_loop;
typedef struct ox_net_connection ox_net_connection;

typedef struct ox_net_route {
  ox_http_route route;
  char *path;
  char *methods;
  size_t path_bytes;
  struct ox_net_route *next;
} ox_net_route;

typedef struct ox_net_listener {
  int fd;
  ox_tls_config *tls;
  ox_http_server *server;
  struct event accept_event;
  bool accepting;
  struct ox_net_listener *next;
} ox_net_listener;

typedef struct ox_net_job {
  ox_http_handler function;
  void *user;
  ox_http_exchange *exchange;
} ox_net_job;

typedef struct ox_net_workers {
  pthread_mutex_t lock;
  pthread_cond_t some;
  ox_net_job *jobs; /* ring */
  size_t capacity, first, count;
  bool stopping;
  pthread_t *threads;
  unsigned thread_count;
} ox_net_workers;

/* What authenticators keep, and what exchanges may ask of a connection after it has gone. */
typedef struct ox_net_state {
  const ox_http_authenticator *authenticator;
  void *state;
  void (*free_state)(void *state);
  struct ox_net_state *next;
} ox_net_state;

typedef struct ox_net_shared {
  atomic_uint references;
  const ox_allocator *allocator;
  uint64_t id;
  bool is_tls;
  char peer[OX_NET_ADDRESS_BYTES];
  char local[OX_NET_ADDRESS_BYTES];
  uint8_t end_point[OX_TLS_BINDING_MAX_BYTES];
  size_t end_point_bytes;
  ox_net_state *states;
} ox_net_shared;

struct ox_net_loop {
  ox_http_server *server;
  unsigned index;
  struct event_base *base;
  pthread_t thread; /* for the thread that joins it */
  pthread_t self;   /* set by the loop's thread */
  bool running;
  int wake_fd;
  struct event wake_event;
  struct event sweep_event;
  bool sweeping;
  uint64_t now_ms;
  int64_t date_seconds;
  char date[OX_HTTP_DATE_BYTES];

  pthread_mutex_t mailbox_lock;
  ox_http_exchange *mailbox_first, *mailbox_last;
  struct ox_net_arrival *arrivals;
  bool stop_asked;
  atomic_bool dead;
  uint64_t stop_deadline_ms;

  bool stopping; /* seen by the loop itself */
  ox_net_connection *connections;
  atomic_size_t connection_count;
  ox_http_exchange *spares;
  unsigned spare_count;
  uint8_t *scratch;
};

/* A socket on its way from the accepting loop to its own. */
typedef struct ox_net_arrival {
  int fd;
  ox_net_listener *listener;
  char peer[OX_NET_ADDRESS_BYTES];
  struct ox_net_arrival *next;
} ox_net_arrival;

typedef enum ox_net_phase {
  OX_NET_HANDSHAKE,
  OX_NET_OPEN,
  OX_NET_LINGER, /* all is sent and our side shut; the rest of the input is thrown away */
} ox_net_phase;

struct ox_net_connection {
  ox_net_loop *loop;
  ox_http_server *server;
  ox_net_connection *next, *previous;
  int fd;
  struct event read_event, write_event;
  bool reading, writing;
  ox_net_phase phase;
  bool processing;
  bool dying;       /* free it when processing ends */
  bool input_shut;  /* nothing more is parsed */
  bool needs_input; /* http1 said so */
  bool ended;       /* the peer has shut its side */
  bool tls_ended;   /* the peer has closed the session */
  bool was_full;    /* a streamed body was held back */
  bool direct;      /* within advance: exchanges may write to http1 at once */
  ox_tls *tls;
  ox_http1 *http;
  ox_net_shared *shared;
  ox_http_exchange *current;
  uint64_t dropped_bytes;
  uint64_t last_input_ms;  /* when bytes came or input began to matter */
  uint64_t head_start_ms;  /* when the head in hand began, or 0 */
  uint64_t last_output_ms; /* when output moved, or began to wait */
  size_t output_left;
  uint64_t linger_end_ms;
};

typedef enum ox_net_stage {
  OX_NET_AUTHENTICATING, /* with the authenticator; the body is not read */
  OX_NET_COLLECTING,     /* body before handler */
  OX_NET_HANDLING,       /* with the handler */
  OX_NET_DROPPING,       /* reading the body away, then `refuse` is sent */
  OX_NET_ANSWERED,
} ox_net_stage;

/* Members up to `out` survive when an exchange is used again; the rest is cleared. */
struct ox_http_exchange {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  ox_arena arena;
  ox_writer ahead; /* under lock: streamed body; bytes before ahead_taken were read */
  ox_writer out;   /* under lock: body bytes of the answer, for http1 */

  atomic_uint references; /* the connection's, the holder's, the mailbox's */
  ox_http_server *server;
  ox_net_loop *loop;
  ox_net_shared *shared;
  ox_http_exchange *next_spare;

  /* Set by the loop before anybody else sees the exchange. */
  ox_http1_head head;
  const char *path, *query;
  const ox_net_route *route;
  uint64_t start_us;

  /* Of the loop thread. */
  ox_net_connection *connection; /* NULL when it has gone */
  ox_net_stage stage;
  uint64_t next_tick_ms;
  uint64_t request_body_bytes;
  bool continue_sent; /* or not needed any more */
  char problem[OX_ERROR_TEXT_BYTES];
  uint8_t *body; /* collected; the handler's to read once dispatched */
  size_t body_bytes, body_capacity;

  /* Under lock. */
  ox_http_exchange *next_posted;
  bool posted;
  bool held;      /* somebody outside may answer */
  bool cancelled; /* the connection has gone */
  bool cancel_told;
  bool accepted;   /* by the authenticator */
  bool challenged; /* the answer waits until the body was read away */
  const char *user, *scheme;
  bool started;  /* an answer's head was given */
  bool finished; /* an answer's end was given */
  bool aborted;
  bool head_sent; /* given to http1 */
  bool close_after;
  unsigned status;
  ox_http_header *headers; /* in the arena; two more have room */
  size_t header_count;
  ox_http_header *added; /* by add_header, in the arena */
  size_t added_count, added_capacity;
  uint64_t content_length;
  ox_http_header *trailers;
  size_t trailer_count;
  size_t unsent_bytes; /* given to the connection and not sent */
  bool sender_waits;
  uint64_t response_body_bytes;
  ox_http_watch watch;
  bool watched;
  /* Streamed body. */
  size_t ahead_taken;
  bool body_ended;
  bool body_paused;  /* the loop stopped reading until there is room */
  bool reader_waits; /* without blocking: on_body is due */
  bool continue_now; /* answer Expect */
  ox_status body_status;
  char body_text[OX_ERROR_TEXT_BYTES];
};

struct ox_http_server {
  atomic_uint references; /* the owner's, and one per exchange */
  const ox_allocator *allocator;
  ox_http_server_options options;
  char *server_name;
  ox_net_route *routes;
  ox_net_listener *listeners;
  ox_net_loop *loops;
  unsigned loop_count;
  ox_net_workers workers;
  bool started, stopped;
  atomic_uint_fast64_t next_connection_id;
  atomic_size_t connections_open;
  atomic_uint_fast64_t connections_accepted, connections_refused, requests, requests_refused;
  atomic_uint_fast64_t exchanges_open;
};

/* net_server.c */
uint64_t ox_net_clock_us(void);
void ox_net_server_unref(ox_http_server *server);
const ox_net_route *ox_net_find_route(const ox_http_server *server, const char *path,
                                      const char *method, const ox_net_route **other_out);

/* net_workers.c */
ox_status ox_net_workers_start(ox_net_workers *workers, unsigned thread_count, size_t capacity,
                               const ox_allocator *allocator);
ox_status ox_net_workers_add(ox_net_workers *workers, const ox_net_job *job);
void ox_net_workers_stop(ox_net_workers *workers, const ox_allocator *allocator);

/* net_loop.c */
ox_status ox_net_loop_init(ox_net_loop *loop, ox_http_server *server, unsigned index,
                           ox_error *err);
void ox_net_loop_dispose(ox_net_loop *loop);
ox_status ox_net_loop_start(ox_net_loop *loop, ox_error *err);
void ox_net_loop_ask_stop(ox_net_loop *loop, uint32_t grace_ms);
bool ox_net_loop_post(ox_net_loop *loop, ox_http_exchange *exchange);
void ox_net_loop_arrive(ox_net_loop *loop, ox_net_arrival *arrival);
bool ox_net_on_loop(const ox_net_loop *loop);
const char *ox_net_loop_date(ox_net_loop *loop);
void ox_net_listener_pause(ox_net_listener *listener);
void ox_net_listener_accept(evutil_socket_t fd, short what, void *user);

/* net_connection.c */
void ox_net_connection_open(ox_net_loop *loop, int fd, ox_net_listener *listener, const char *peer);
void ox_net_connection_process(ox_net_connection *c);
void ox_net_connection_kill(ox_net_connection *c, const char *problem);
void ox_net_connection_sweep(ox_net_connection *c);
void ox_net_connection_stop(ox_net_connection *c);
ox_net_shared *ox_net_shared_ref(ox_net_shared *shared);
void ox_net_shared_unref(ox_net_shared *shared);

/* net_exchange.c: the loop's side */
ox_http_exchange *ox_net_exchange_new(ox_net_connection *c);
void ox_net_exchange_unref(ox_http_exchange *x);
ox_status ox_net_exchange_apply(ox_http_exchange *x);
void ox_net_exchange_cancel(ox_http_exchange *x, const char *problem);
void ox_net_exchange_tell_cancel(ox_http_exchange *x);
void ox_net_exchange_tick(ox_http_exchange *x);
void ox_net_exchange_continue(ox_http_exchange *x);
bool ox_net_exchange_is_direct(const ox_http_exchange *x);
void ox_net_exchange_dispatch(ox_http_exchange *x);
void ox_net_exchange_authenticate(ox_http_exchange *x);
bool ox_net_exchange_take_accepted(ox_http_exchange *x);
void ox_net_exchange_answer(ox_http_exchange *x, unsigned status, const ox_http_header *header,
                            bool close);
void ox_net_exchange_output_left(ox_http_exchange *x, size_t left_bytes);
void ox_net_exchange_trace(ox_http_exchange *x, const char *problem);

/* net_exchange_body.c: the loop's side of request bodies */
bool ox_net_exchange_streams(const ox_http_exchange *x);
bool ox_net_exchange_body_full(ox_http_exchange *x);
ox_status ox_net_exchange_body_piece(ox_http_exchange *x, ox_bytes piece);
void ox_net_exchange_body_end(ox_http_exchange *x, ox_status status, const char *text);

#endif
