/* A ROP processor and an address book that do what a test tells them. */
#ifndef OXKIT_TESTS_FAKE_PROCESSOR_H
#define OXKIT_TESTS_FAKE_PROCESSOR_H

#include <pthread.h>
#include <string.h>
#include <time.h>

#include <oxkit/ropcodec/nspi_processor.h>
#include <oxkit/ropcodec/rop_session.h>
#include <oxkit/ropcodec/status.h>

enum { FAKE_OUT_MAX = 4 };

struct ox_rop_server_session {
  int unused;
};

typedef struct fake_processor {
  ox_rop_processor base;
  ox_nspi_processor nspi;
  struct ox_rop_server_session session; /* everybody's */
  pthread_mutex_t lock;
  /* What to do. */
  ox_status connect_status;
  ox_status execute_status;
  bool cancel_later; /* a cancelled wait ends on another thread, 100 ms later */
  bool hold_execute; /* complete only when fake_release_execute says so */
  size_t output_count;
  ox_bytes outputs[FAKE_OUT_MAX]; /* none: echo the input */
  ox_status nspi_status;
  uint32_t nspi_error_code;
  /* What happened. */
  unsigned connects;
  unsigned disconnects;
  unsigned executes;
  unsigned waits;
  unsigned cancels;
  unsigned nspi_calls;
  char last_user[64];
  char last_user_dn[128];
  char last_client_info[64];
  char last_nspi_type[32];
  uint32_t last_out_max_bytes;
  bool last_chain;
  size_t last_input_bytes;
  /* Calls that are held. */
  ox_rop_execute_done execute_done;
  void *execute_user;
  uint8_t held_input[65536];
  size_t held_bytes;
  ox_rop_wait_done wait_done;
  void *wait_user;
  ox_call_id wait_call;
} fake_processor;

static inline fake_processor *fake_of(ox_rop_processor *base) {
  return (fake_processor *)base;
}

static ox_status fake_connect(ox_rop_processor *base, const ox_rop_connect_request *request,
                              uint64_t deadline_ms, ox_rop_connect_done done, void *user,
                              ox_error *err) {
  fake_processor *fake = fake_of(base);
  static const ox_rop_connect_response response = {
      "/o=ORG/ou=EXCH/cn=Recipients/cn=", "Alice \xc3\x84pfel", 60000, 6, 10000};
  (void)deadline_ms;
  (void)err;
  pthread_mutex_lock(&fake->lock);
  fake->connects++;
  strncpy(fake->last_user, request->caller->user, sizeof fake->last_user - 1);
  strncpy(fake->last_user_dn, request->user_dn, sizeof fake->last_user_dn - 1);
  if (request->caller->client_info != NULL)
    strncpy(fake->last_client_info, request->caller->client_info,
            sizeof fake->last_client_info - 1);
  ox_status status = fake->connect_status;
  pthread_mutex_unlock(&fake->lock);
  if (status != OX_OK)
    done(user, status, NULL, NULL, NULL);
  else
    done(user, OX_OK, &fake->session, &response, NULL);
  return OX_OK;
}

static ox_status fake_execute(ox_rop_processor *base, ox_rop_server_session *session,
                              ox_call_id call, ox_bytes rop_input, uint32_t out_max_bytes,
                              bool chain, uint64_t deadline_ms, ox_rop_execute_done done,
                              void *user, ox_error *err) {
  fake_processor *fake = fake_of(base);
  (void)session;
  (void)call;
  (void)deadline_ms;
  (void)err;
  pthread_mutex_lock(&fake->lock);
  fake->executes++;
  fake->last_out_max_bytes = out_max_bytes;
  fake->last_chain = chain;
  fake->last_input_bytes = rop_input.size_bytes;
  bool hold = fake->hold_execute;
  if (hold) {
    fake->execute_done = done;
    fake->execute_user = user;
    memcpy(fake->held_input, rop_input.data, rop_input.size_bytes);
    fake->held_bytes = rop_input.size_bytes;
  }
  ox_status status = fake->execute_status;
  pthread_mutex_unlock(&fake->lock);
  if (hold) return OX_OK;
  if (status != OX_OK)
    done(user, status, NULL, 0, NULL);
  else if (fake->output_count > 0)
    done(user, OX_OK, fake->outputs, fake->output_count, NULL);
  else
    done(user, OX_OK, &rop_input, 1, NULL);
  return OX_OK;
}

/* Completes the Execute that is held; false when there is none. */
static inline bool fake_release_execute(fake_processor *fake) {
  pthread_mutex_lock(&fake->lock);
  ox_rop_execute_done done = fake->execute_done;
  void *user = fake->execute_user;
  ox_bytes output = {fake->held_input, fake->held_bytes};
  fake->execute_done = NULL;
  pthread_mutex_unlock(&fake->lock);
  if (done != NULL) done(user, OX_OK, &output, 1, NULL);
  return done != NULL;
}

static ox_status fake_wait(ox_rop_processor *base, ox_rop_server_session *session, ox_call_id call,
                           uint64_t deadline_ms, ox_rop_wait_done done, void *user, ox_error *err) {
  fake_processor *fake = fake_of(base);
  (void)session;
  (void)deadline_ms;
  (void)err;
  pthread_mutex_lock(&fake->lock);
  fake->waits++;
  fake->wait_done = done;
  fake->wait_user = user;
  fake->wait_call = call;
  pthread_mutex_unlock(&fake->lock);
  return OX_OK;
}

/* Ends the wait that is held. */
static inline bool fake_end_wait(fake_processor *fake, ox_status status, bool events) {
  pthread_mutex_lock(&fake->lock);
  ox_rop_wait_done done = fake->wait_done;
  void *user = fake->wait_user;
  fake->wait_done = NULL;
  pthread_mutex_unlock(&fake->lock);
  if (done != NULL) done(user, status, events, NULL);
  return done != NULL;
}

static void *fake_cancelled(void *user) {
  struct timespec pause = {0, 100000000};
  nanosleep(&pause, NULL);
  fake_end_wait(user, OX_E_CANCELLED, false);
  return NULL;
}

static void fake_cancel(ox_rop_processor *base, ox_rop_server_session *session, ox_call_id call) {
  fake_processor *fake = fake_of(base);
  (void)session;
  pthread_mutex_lock(&fake->lock);
  fake->cancels++;
  bool mine = fake->wait_done != NULL && fake->wait_call == call;
  pthread_mutex_unlock(&fake->lock);
  if (mine && fake->cancel_later) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, fake_cancelled, fake) == 0) pthread_detach(thread);
  } else if (mine) {
    fake_end_wait(fake, OX_E_CANCELLED, false);
  }
}

static void fake_disconnect(ox_rop_processor *base, ox_rop_server_session *session) {
  fake_processor *fake = fake_of(base);
  (void)session;
  pthread_mutex_lock(&fake->lock);
  fake->disconnects++;
  pthread_mutex_unlock(&fake->lock);
}

/* Answers StatusCode, ErrorCode and the request's body. */
static ox_status fake_nspi(ox_nspi_processor *base, const ox_caller *caller,
                           const char *request_type, ox_bytes body, uint64_t deadline_ms,
                           ox_nspi_done done, void *user, ox_error *err) {
  fake_processor *fake = (fake_processor *)((char *)base - offsetof(fake_processor, nspi));
  uint8_t answer[1024] = {0};
  (void)deadline_ms;
  (void)err;
  pthread_mutex_lock(&fake->lock);
  fake->nspi_calls++;
  strncpy(fake->last_nspi_type, request_type, sizeof fake->last_nspi_type - 1);
  strncpy(fake->last_user, caller->user, sizeof fake->last_user - 1);
  ox_status status = fake->nspi_status;
  answer[4] = (uint8_t)fake->nspi_error_code;
  pthread_mutex_unlock(&fake->lock);
  size_t size = body.size_bytes < 1000 ? body.size_bytes : 1000;
  if (size > 0) memcpy(answer + 8, body.data, size);
  ox_bytes out = {answer, 8 + size};
  ox_bytes none = {NULL, 0};
  done(user, status, status == OX_OK ? out : none, NULL);
  return OX_OK;
}

static inline void fake_init(fake_processor *fake) {
  memset(fake, 0, sizeof *fake);
  pthread_mutex_init(&fake->lock, NULL);
  fake->base.struct_size = sizeof fake->base;
  fake->base.connect = fake_connect;
  fake->base.execute = fake_execute;
  fake->base.wait = fake_wait;
  fake->base.cancel = fake_cancel;
  fake->base.disconnect = fake_disconnect;
  fake->nspi.struct_size = sizeof fake->nspi;
  fake->nspi.execute = fake_nspi;
}

#endif
