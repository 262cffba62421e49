/* Event loops: wake-ups from other threads, the sweep that keeps time, accepting sockets. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "net_internal.h"

static void set_now(ox_net_loop *loop) {
  loop->now_ms = ox_net_clock_us() / 1000;
}

bool ox_net_on_loop(const ox_net_loop *loop) {
  return !atomic_load_explicit(&loop->dead, memory_order_relaxed) &&
         pthread_equal(pthread_self(), loop->self);
}

const char *ox_net_loop_date(ox_net_loop *loop) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME_COARSE, &now);
  if (now.tv_sec != loop->date_seconds) {
    loop->date_seconds = now.tv_sec;
    ox_http_date_format(now.tv_sec, loop->date);
  }
  return loop->date;
}

/* ---- Mailbox ----------------------------------------------------------------------------------
 */

static void wake(ox_net_loop *loop) {
  uint64_t one = 1;
  while (write(loop->wake_fd, &one, sizeof one) < 0 && errno == EINTR) continue;
}

/* Makes the loop look at an exchange; false when the loop has ended. Call with exchange->lock. */
bool ox_net_loop_post(ox_net_loop *loop, ox_http_exchange *x) {
  if (x->posted) return true;
  pthread_mutex_lock(&loop->mailbox_lock);
  if (atomic_load(&loop->dead)) {
    pthread_mutex_unlock(&loop->mailbox_lock);
    return false;
  }
  x->posted = true;
  x->next_posted = NULL;
  atomic_fetch_add(&x->references, 1);
  bool first = loop->mailbox_first == NULL;
  if (first) {
    loop->mailbox_first = x;
  } else {
    loop->mailbox_last->next_posted = x;
  }
  loop->mailbox_last = x;
  pthread_mutex_unlock(&loop->mailbox_lock);
  if (first) wake(loop);
  return true;
}

void ox_net_loop_arrive(ox_net_loop *loop, ox_net_arrival *arrival) {
  pthread_mutex_lock(&loop->mailbox_lock);
  bool dead = atomic_load(&loop->dead);
  if (!dead) {
    arrival->next = loop->arrivals;
    loop->arrivals = arrival;
  }
  pthread_mutex_unlock(&loop->mailbox_lock);
  if (dead) {
    close(arrival->fd);
    atomic_fetch_sub(&loop->server->connections_open, 1);
    atomic_fetch_sub(&loop->connection_count, 1);
    ox_free(loop->server->allocator, arrival);
  } else {
    wake(loop);
  }
}

static void look_at(ox_http_exchange *x) {
  pthread_mutex_lock(&x->lock);
  x->posted = false;
  pthread_mutex_unlock(&x->lock);
  if (x->connection == NULL) {
    ox_net_exchange_tell_cancel(x);
  } else if (ox_net_exchange_apply(x) == OX_OK) {
    ox_net_connection_process(x->connection);
  }
  ox_net_exchange_unref(x);
}

static void begin_stop(ox_net_loop *loop) {
  loop->stopping = true;
  if (loop->index == 0) {
    for (ox_net_listener *l = loop->server->listeners; l != NULL; l = l->next) {
      if (l->accepting) event_del(&l->accept_event);
      l->accepting = false;
      close(l->fd);
      l->fd = -1;
    }
  }
  ox_net_connection *next;
  for (ox_net_connection *c = loop->connections; c != NULL; c = next) {
    next = c->next;
    ox_net_connection_stop(c);
  }
}

static void want_sweep(ox_net_loop *loop, bool wanted) {
  if (wanted == loop->sweeping) return;
  struct timeval interval = {0, OX_NET_SWEEP_MS * 1000};
  loop->sweeping = wanted;
  if (wanted) {
    event_add(&loop->sweep_event, &interval);
  } else {
    event_del(&loop->sweep_event);
  }
}

static void on_wake(evutil_socket_t fd, short what, void *user) {
  (void)what;
  ox_net_loop *loop = user;
  uint64_t count;
  while (read(fd, &count, sizeof count) < 0 && errno == EINTR) continue;
  set_now(loop);
  pthread_mutex_lock(&loop->mailbox_lock);
  ox_http_exchange *x = loop->mailbox_first;
  ox_net_arrival *arrival = loop->arrivals;
  bool stop = loop->stop_asked && !loop->stopping;
  loop->mailbox_first = loop->mailbox_last = NULL;
  loop->arrivals = NULL;
  pthread_mutex_unlock(&loop->mailbox_lock);
  while (x != NULL) {
    ox_http_exchange *next = x->next_posted;
    look_at(x);
    x = next;
  }
  while (arrival != NULL) {
    ox_net_arrival *next = arrival->next;
    ox_net_connection_open(loop, arrival->fd, arrival->listener, arrival->peer);
    ox_free(loop->server->allocator, arrival);
    arrival = next;
  }
  if (stop) begin_stop(loop);
  want_sweep(loop, loop->connections != NULL || loop->stopping);
}

/* ---- Sweep ------------------------------------------------------------------------------------
 */

static void on_sweep(evutil_socket_t fd, short what, void *user) {
  (void)fd;
  (void)what;
  ox_net_loop *loop = user;
  set_now(loop);
  bool cut = loop->stopping && loop->now_ms >= loop->stop_deadline_ms;
  ox_net_connection *next;
  for (ox_net_connection *c = loop->connections; c != NULL; c = next) {
    next = c->next;
    if (cut) {
      ox_net_connection_kill(c, "The server stops.");
    } else {
      ox_net_connection_sweep(c);
    }
  }
  if (loop->index == 0 && !loop->stopping) {
    for (ox_net_listener *l = loop->server->listeners; l != NULL; l = l->next) {
      if (!l->accepting && event_add(&l->accept_event, NULL) == 0) l->accepting = true;
    }
  }
  if (loop->stopping && loop->connections == NULL) event_base_loopbreak(loop->base);
  want_sweep(loop, loop->connections != NULL || loop->stopping);
}

/* ---- Accepting --------------------------------------------------------------------------------
 */

/* Out of descriptors: accept again at the next sweep instead of spinning. */
void ox_net_listener_pause(ox_net_listener *listener) {
  event_del(&listener->accept_event);
  listener->accepting = false;
  want_sweep(&listener->server->loops[0], true);
}

static void format_address(const struct sockaddr_storage *address, char *out, size_t capacity) {
  char text[INET6_ADDRSTRLEN] = "?";
  if (address->ss_family == AF_INET6) {
    const struct sockaddr_in6 *in6 = (const void *)address;
    if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) {
      inet_ntop(AF_INET, in6->sin6_addr.s6_addr + 12, text, sizeof text);
      snprintf(out, capacity, "%s:%u", text, ntohs(in6->sin6_port));
      return;
    }
    inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof text);
    snprintf(out, capacity, "[%s]:%u", text, ntohs(in6->sin6_port));
  } else if (address->ss_family == AF_INET) {
    const struct sockaddr_in *in = (const void *)address;
    inet_ntop(AF_INET, &in->sin_addr, text, sizeof text);
    snprintf(out, capacity, "%s:%u", text, ntohs(in->sin_port));
  } else {
    snprintf(out, capacity, "?");
  }
}

static ox_net_loop *quietest_loop(ox_http_server *server) {
  ox_net_loop *best = &server->loops[0];
  size_t least = atomic_load_explicit(&best->connection_count, memory_order_relaxed);
  for (unsigned i = 1; i < server->loop_count; i++) {
    ox_net_loop *loop = &server->loops[i];
    size_t count = atomic_load_explicit(&loop->connection_count, memory_order_relaxed);
    if (count < least) {
      best = loop;
      least = count;
    }
  }
  return best;
}

static void take_socket(ox_net_listener *listener, int fd, const char *peer) {
  ox_http_server *server = listener->server;
  int one = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  atomic_fetch_add(&server->connections_accepted, 1);
  if (atomic_fetch_add(&server->connections_open, 1) >= server->options.connection_max_count) {
    atomic_fetch_sub(&server->connections_open, 1);
    atomic_fetch_add(&server->connections_refused, 1);
    close(fd);
    return;
  }
  ox_net_loop *loop = quietest_loop(server);
  atomic_fetch_add(&loop->connection_count, 1);
  if (loop->index == 0) {
    ox_net_connection_open(loop, fd, listener, peer);
    want_sweep(loop, loop->connections != NULL || loop->stopping);
    return;
  }
  ox_net_arrival *arrival = ox_calloc(server->allocator, 1, sizeof *arrival);
  if (arrival == NULL) {
    atomic_fetch_sub(&server->connections_open, 1);
    atomic_fetch_sub(&loop->connection_count, 1);
    close(fd);
    return;
  }
  arrival->fd = fd;
  arrival->listener = listener;
  memcpy(arrival->peer, peer, sizeof arrival->peer);
  ox_net_loop_arrive(loop, arrival);
}

void ox_net_listener_accept(evutil_socket_t fd, short what, void *user) {
  (void)what;
  ox_net_listener *listener = user;
  set_now(&listener->server->loops[0]);
  for (int i = 0; i < 64; i++) {
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    int client = accept4(fd, (struct sockaddr *)&address, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (client < 0) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) ox_net_listener_pause(listener);
      return;
    }
    char peer[OX_NET_ADDRESS_BYTES] = "";
    format_address(&address, peer, sizeof peer);
    take_socket(listener, client, peer);
  }
}

/* ---- Life -------------------------------------------------------------------------------------
 */

ox_status ox_net_loop_init(ox_net_loop *loop, ox_http_server *server, unsigned index,
                           ox_error *err) {
  loop->server = server;
  loop->index = index;
  atomic_init(&loop->dead, false);
  atomic_init(&loop->connection_count, 0);
  pthread_mutex_init(&loop->mailbox_lock, NULL);
  loop->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  loop->scratch = ox_malloc(server->allocator, OX_NET_SCRATCH_BYTES);
  /* One thread per base, so libevent needs no locks and no global set-up. */
  struct event_config *config = event_config_new();
  if (config != NULL) {
    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
    loop->base = event_base_new_with_config(config);
    event_config_free(config);
  }
  if (loop->wake_fd < 0 || loop->base == NULL || loop->scratch == NULL) {
    return ox_error_setf(err, OX_E_IO, "An event loop cannot be made: %s.", strerror(errno));
  }
  set_now(loop);
  if (event_assign(&loop->wake_event, loop->base, loop->wake_fd, EV_READ | EV_PERSIST, on_wake,
                   loop) != 0 ||
      event_assign(&loop->sweep_event, loop->base, -1, EV_PERSIST, on_sweep, loop) != 0 ||
      event_add(&loop->wake_event, NULL) != 0) {
    return ox_error_set(err, OX_E_IO, "An event loop cannot be set up.");
  }
  return OX_OK;
}

static void *run(void *user) {
  ox_net_loop *loop = user;
  loop->self = pthread_self();
  event_base_dispatch(loop->base);
  /* Nothing is posted any more from here on; what was, hears that its connection has gone. */
  pthread_mutex_lock(&loop->mailbox_lock);
  atomic_store(&loop->dead, true);
  ox_http_exchange *x = loop->mailbox_first;
  ox_net_arrival *arrival = loop->arrivals;
  loop->mailbox_first = loop->mailbox_last = NULL;
  loop->arrivals = NULL;
  pthread_mutex_unlock(&loop->mailbox_lock);
  while (x != NULL) {
    ox_http_exchange *next = x->next_posted;
    look_at(x);
    x = next;
  }
  while (arrival != NULL) {
    ox_net_arrival *next = arrival->next;
    close(arrival->fd);
    atomic_fetch_sub(&loop->server->connections_open, 1);
    ox_free(loop->server->allocator, arrival);
    arrival = next;
  }
  return NULL;
}

ox_status ox_net_loop_start(ox_net_loop *loop, ox_error *err) {
  int error = pthread_create(&loop->thread, NULL, run, loop);
  if (error != 0) {
    return ox_error_setf(err, OX_E_IO, "A thread cannot be started: %s.", strerror(error));
  }
  loop->running = true;
  return OX_OK;
}

void ox_net_loop_ask_stop(ox_net_loop *loop, uint32_t grace_ms) {
  pthread_mutex_lock(&loop->mailbox_lock);
  loop->stop_asked = true;
  loop->stop_deadline_ms = ox_net_clock_us() / 1000 + grace_ms;
  pthread_mutex_unlock(&loop->mailbox_lock);
  wake(loop);
}

void ox_net_loop_dispose(ox_net_loop *loop) {
  while (loop->spares != NULL) {
    ox_http_exchange *x = loop->spares;
    loop->spares = x->next_spare;
    pthread_mutex_destroy(&x->lock);
    pthread_cond_destroy(&x->changed);
    ox_arena_dispose(&x->arena);
    ox_writer_dispose(&x->ahead);
    ox_writer_dispose(&x->out);
    ox_free(loop->server->allocator, x);
  }
  if (loop->base != NULL) {
    event_del(&loop->wake_event);
    event_del(&loop->sweep_event);
    event_base_free(loop->base);
  }
  if (loop->wake_fd >= 0) close(loop->wake_fd);
  ox_free(loop->server->allocator, loop->scratch);
  pthread_mutex_destroy(&loop->mailbox_lock);
}
