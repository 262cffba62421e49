/* Inside of the HTTP client.
 *
 * A lane is a thread with one curl handle and one connection. Calls wait in the client's queue
 * under client->lock; from when a lane takes a call until its callback has run, the call is the
 * lane's. */
#ifndef OXKIT_WIRE_DRIVERS_CURL_INTERNAL_H
#define OXKIT_WIRE_DRIVERS_CURL_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include <curl/curl.h>

#include <oxkit/ropcodec/writer.h>
#include <oxkit/wire/http_client.h>
#include <oxkit/wire/tls.h>

/* Requests of one call, with redirects and authentication. */
#define OX_CURL_TRY_MAX_COUNT 16u
#define OX_CURL_HEAD_MAX_BYTES ((size_t)256 * 1024)
#define OX_CURL_HEADER_MAX_COUNT ((size_t)512)
/* Body of an answer that only carries a challenge. */
#define OX_CURL_CHALLENGE_MAX_BYTES ((size_t)1024 * 1024)

/* An answer and what it lives in; `response` is the first member. */
typedef struct ox_curl_answer {
  ox_http_response response;
  ox_arena arena;
  ox_writer body;
  ox_http_header *headers;
  size_t header_capacity;
  size_t head_bytes;
} ox_curl_answer;

typedef struct ox_curl_call {
  ox_call_id id;
  ox_arena arena;
  ox_http_request request; /* pointers into the arena */
  ox_http_call_done done;
  void *done_user;
  bool keep_answer; /* done takes the answer over */
  atomic_bool cancelled;
  uint64_t deadline_ms; /* UINT64_MAX: none */
  struct ox_curl_lane *lane;
  struct ox_curl_call *next;
} ox_curl_call;

typedef struct ox_curl_lane {
  ox_http_client *client;
  pthread_t thread;
  CURLM *multi;
  CURL *easy;
  ox_curl_call *call; /* under client->lock */
  bool idle;          /* under client->lock: takes the next call */
  struct ox_curl_lane *next;

  /* The connection. */
  bool open; /* one is kept, as far as is known */
  void *auth_state;
  uint8_t end_point[OX_TLS_BINDING_MAX_BYTES];
  size_t end_point_bytes;
  char *authorization;

  /* The try in hand. */
  ox_curl_call *current;
  ox_curl_answer *answer;
  const char *url, *method;
  bool send_body;
  bool head_done;    /* the final answer's head, as opposed to 1xx */
  bool hold_back;    /* the answer is not the caller's until it is looked at: 401, redirects */
  bool closes;       /* "Connection: close" */
  bool same_origin;  /* credentials may be sent */
  ox_status failure; /* of a callback */
  curl_off_t moved_bytes;
  uint64_t moved_ms;
  char error_text[CURL_ERROR_SIZE];
} ox_curl_lane;

struct ox_http_client {
  ox_http_client_options options;
  ox_arena arena; /* of the options */
  pthread_mutex_t lock;
  pthread_cond_t some;
  ox_curl_call *queue_first, *queue_last;
  size_t queue_count;
  ox_curl_lane *lanes;
  unsigned lane_count, idle_count;
  bool stopping;
};

uint64_t ox_curl_clock_ms(void);
ox_curl_answer *ox_curl_answer_new(void);
void ox_curl_answer_free(ox_curl_answer *answer);

/* curl_transfer.c: sends one request of the lane's current call and reads its answer into
 * lane->answer. */
ox_status ox_curl_transfer(ox_curl_lane *lane, ox_error *err);
/* Gives the caller what was held back. */
ox_status ox_curl_deliver(ox_curl_lane *lane, ox_error *err);
void ox_curl_forget_connection(ox_curl_lane *lane);

/* tls_certificate.c */
ox_status ox_tls_pem_end_point(const char *pem, uint8_t value_out[OX_TLS_BINDING_MAX_BYTES],
                               size_t *size_out);

#endif
