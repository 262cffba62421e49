/* Waits: one thread per server completes them when the engine signals an event, when their time
 * is over, or when they are cancelled. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "server.h"

void rs_session_wakeup(void *user) {
  rs_session *session = user;
  rs_server *server = session->server;
  pthread_mutex_lock(&server->lock);
  session->woken = true;
  pthread_cond_broadcast(&server->changed);
  pthread_mutex_unlock(&server->lock);
}

void rs_wait_answer(rs_server *server, rs_session *session, ox_status status, bool pending) {
  rs_wait wait = session->wait;
  memset(&session->wait, 0, sizeof session->wait);
  if (!wait.active) return;
  session->answering = true;
  session->answerer = pthread_self();
  pthread_mutex_unlock(&server->lock);
  ox_error err = {0};
  if (ox_failed(status)) (void)ox_error_set(&err, status, NULL);
  wait.done(wait.user, status, pending, ox_failed(status) ? &err : NULL);
  pthread_mutex_lock(&server->lock);
  /* The callback may have ended the session. */
  for (rs_session *at = server->sessions; at != NULL; at = at->next)
    if (at == session) session->answering = false;
  pthread_cond_broadcast(&server->changed);
}

/* Answers what can be answered for one session. True when the lock was dropped, so that the list
 * of sessions may be another one. */
static bool serve(rs_server *server, rs_session *session, uint64_t now_ms) {
  if (!session->wait.active) return false;
  if (session->wait.cancelled) {
    rs_wait_answer(server, session, OX_E_CANCELLED, false);
    return true;
  }
  if (session->has_events) {
    rs_wait_answer(server, session, OX_OK, true);
    return true;
  }
  if (session->woken && !session->busy) {
    session->busy = true;
    session->woken = false;
    pthread_mutex_unlock(&server->lock);
    bool pending = rs_session_pending(session);
    pthread_mutex_lock(&server->lock);
    session->busy = false;
    session->has_events = pending;
    pthread_cond_broadcast(&server->changed);
    return true;
  }
  if (session->wait.deadline_ms <= now_ms) {
    rs_wait_answer(server, session, OX_OK, false);
    return true;
  }
  return false;
}

void *rs_dispatcher_main(void *user) {
  rs_server *server = user;
  pthread_mutex_lock(&server->lock);
  while (!server->stop) {
    uint64_t now_ms = rs_now_ms(), next_ms = OX_NO_DEADLINE;
    bool again = false;
    for (rs_session *session = server->sessions; session != NULL && !again;
         session = session->next) {
      again = serve(server, session, now_ms);
      if (!again && session->wait.active && session->wait.deadline_ms < next_ms)
        next_ms = session->wait.deadline_ms;
    }
    if (again) continue;
    if (next_ms == OX_NO_DEADLINE) {
      pthread_cond_wait(&server->changed, &server->lock);
    } else {
      struct timespec until = {.tv_sec = (time_t)(next_ms / 1000u),
                               .tv_nsec = (long)(next_ms % 1000u) * 1000000L};
      pthread_cond_timedwait(&server->changed, &server->lock, &until);
    }
  }
  pthread_mutex_unlock(&server->lock);
  return NULL;
}
