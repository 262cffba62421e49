/* The server: options, routes, listeners, start and stop. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "net_internal.h"

uint64_t ox_net_clock_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* ---- Options ----------------------------------------------------------------------------------
 */

static void default_ms(uint32_t *value, uint32_t fallback) {
  if (*value == 0) *value = fallback;
}

static void default_size(size_t *value, size_t fallback) {
  if (*value == 0) *value = fallback;
}

static ox_status fill_options(ox_http_server *server, const ox_http_server_options *options) {
  ox_http_server_options *o = &server->options;
  if (options != NULL) {
    if (options->struct_size != sizeof *options) return OX_E_USAGE;
    *o = *options;
  }
  if (o->limits.struct_size == 0) o->limits = (ox_http1_limits)OX_HTTP1_LIMITS_INIT;
  if (o->limits.struct_size != sizeof o->limits) return OX_E_USAGE;
  if (o->loop_count == 0) {
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    o->loop_count = processors > 0 ? (unsigned)processors : 1;
  }
  if (o->loop_count > OX_NET_LOOP_MAX_COUNT) o->loop_count = OX_NET_LOOP_MAX_COUNT;
  if (o->worker_count == 0) o->worker_count = 8;
  if (o->worker_count > 1024) return OX_E_USAGE;
  default_size(&o->worker_queue_max_count, 1024);
  default_size(&o->connection_max_count, 10000);
  default_size(&o->body_default_max_bytes, 4 * 1024 * 1024);
  default_size(&o->send_high_water_bytes, 1024 * 1024);
  default_ms(&o->handshake_timeout_ms, 10000);
  default_ms(&o->head_timeout_ms, 20000);
  default_ms(&o->body_timeout_ms, 30000);
  default_ms(&o->idle_timeout_ms, 120000);
  default_ms(&o->write_timeout_ms, 60000);
  return OX_OK;
}

static char *copy_text(const ox_allocator *allocator, const char *text) {
  size_t size = strlen(text) + 1;
  char *copy = ox_malloc(allocator, size);
  if (copy != NULL) memcpy(copy, text, size);
  return copy;
}

ox_status ox_http_server_new(const ox_http_server_options *options, ox_http_server **out,
                             ox_error *err) {
  *out = NULL;
  const ox_allocator *allocator = options != NULL ? options->allocator : NULL;
  ox_http_server *server = ox_calloc(allocator, 1, sizeof *server);
  if (server == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  server->allocator = allocator;
  atomic_init(&server->references, 1);
  pthread_mutex_init(&server->workers.lock, NULL);
  pthread_cond_init(&server->workers.some, NULL);
  ox_status status = fill_options(server, options);
  const char *name = server->options.server_name != NULL ? server->options.server_name : "oxkit";
  if (status == OX_OK && !ox_http_is_field_value(name, strlen(name))) status = OX_E_USAGE;
  if (status == OX_OK) {
    server->server_name = copy_text(allocator, name);
    if (server->server_name == NULL) status = OX_E_NO_MEMORY;
  }
  if (status != OX_OK) {
    ox_net_server_unref(server);
    return ox_error_set(err, status, NULL);
  }
  *out = server;
  return OX_OK;
}

/* ---- Routes -----------------------------------------------------------------------------------
 */

ox_status ox_http_server_route(ox_http_server *server, const ox_http_route *route) {
  if (route == NULL || route->struct_size != sizeof *route || route->path == NULL ||
      (route->path[0] != '/' && strcmp(route->path, "*") != 0) || route->handler == NULL ||
      server->started) {
    return OX_E_USAGE;
  }
  ox_net_route *r = ox_calloc(server->allocator, 1, sizeof *r);
  if (r == NULL) return OX_E_NO_MEMORY;
  const char *methods =
      route->methods != NULL && strcmp(route->methods, "*") != 0 ? route->methods : "";
  r->route = *route;
  r->path = copy_text(server->allocator, route->path);
  r->methods = copy_text(server->allocator, methods);
  if (r->path == NULL || r->methods == NULL) {
    ox_free(server->allocator, r->path);
    ox_free(server->allocator, r->methods);
    ox_free(server->allocator, r);
    return OX_E_NO_MEMORY;
  }
  r->path_bytes = strlen(r->path);
  r->next = server->routes;
  server->routes = r;
  return OX_OK;
}

static char lower(char c) {
  return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static bool path_matches(const ox_net_route *r, const char *path) {
  bool exact_case = (r->route.flags & OX_HTTP_ROUTE_CASE_SENSITIVE) != 0;
  for (size_t i = 0; i < r->path_bytes; i++) {
    if (exact_case ? path[i] != r->path[i] : lower(path[i]) != lower(r->path[i])) return false;
  }
  return path[r->path_bytes] == '\0' || (r->route.flags & OX_HTTP_ROUTE_PREFIX) != 0;
}

static bool method_allowed(const ox_net_route *r, const char *method) {
  if (r->methods[0] == '\0') return true;
  size_t length = strlen(method);
  for (const char *p = r->methods; *p != '\0';) {
    size_t n = strcspn(p, " ");
    if (n == length && memcmp(p, method, n) == 0) return true;
    p += n + (p[n] == ' ' ? 1 : 0);
  }
  return false;
}

/* The longest path that matches, an exact one before a prefix. *other_out: a route of this path
 * that does not take the method. */
const ox_net_route *ox_net_find_route(const ox_http_server *server, const char *path,
                                      const char *method, const ox_net_route **other_out) {
  const ox_net_route *best = NULL, *other = NULL;
  size_t best_rank = 0, other_rank = 0;
  for (const ox_net_route *r = server->routes; r != NULL; r = r->next) {
    if (!path_matches(r, path)) continue;
    size_t rank = 2 * r->path_bytes + ((r->route.flags & OX_HTTP_ROUTE_PREFIX) == 0 ? 1 : 0);
    if (method_allowed(r, method)) {
      if (rank > best_rank) {
        best = r;
        best_rank = rank;
      }
    } else if (rank > other_rank) {
      other = r;
      other_rank = rank;
    }
  }
  *other_out = other;
  return best_rank >= other_rank ? best : NULL;
}

/* ---- Listeners --------------------------------------------------------------------------------
 */

static int open_socket(const struct addrinfo *address) {
  int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  int one = 1, zero = 0;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (address->ai_family == AF_INET6) {
    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof zero);
  }
  if (bind(fd, address->ai_addr, address->ai_addrlen) == 0 && listen(fd, 1024) == 0) return fd;
  int error = errno;
  close(fd);
  errno = error;
  return -1;
}

static uint16_t bound_port(int fd) {
  struct sockaddr_storage address;
  socklen_t size = sizeof address;
  if (getsockname(fd, (struct sockaddr *)&address, &size) != 0) return 0;
  if (address.ss_family == AF_INET6) {
    return ntohs(((const struct sockaddr_in6 *)(const void *)&address)->sin6_port);
  }
  return ntohs(((const struct sockaddr_in *)(const void *)&address)->sin_port);
}

static int open_listener(const char *host, uint16_t port, ox_error *err) {
  struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
  struct addrinfo *addresses = NULL;
  char port_text[8];
  snprintf(port_text, sizeof port_text, "%u", port);
  int error = getaddrinfo(host != NULL ? host : "::", port_text, &hints, &addresses);
  if (error != 0) {
    ox_error_setf(err, OX_E_IO, "Cannot listen on %s port %u: %s.", host, port,
                  gai_strerror(error));
    return -1;
  }
  int fd = -1;
  for (const struct addrinfo *a = addresses; a != NULL && fd < 0; a = a->ai_next) {
    fd = open_socket(a);
  }
  int failure = errno;
  freeaddrinfo(addresses);
  if (fd < 0 && host == NULL) return open_listener("0.0.0.0", port, err); /* no IPv6 here */
  if (fd < 0) {
    ox_error_setf(err, OX_E_IO, "Cannot listen on %s port %u: %s.", host, port, strerror(failure));
  }
  return fd;
}

ox_status ox_http_server_listen(ox_http_server *server, const char *host, uint16_t port,
                                ox_tls_config *tls, uint16_t *port_out, ox_error *err) {
  if (port_out != NULL) *port_out = 0;
  if (server->started) return ox_error_set(err, OX_E_USAGE, "The server was started.");
  ox_net_listener *listener = ox_calloc(server->allocator, 1, sizeof *listener);
  if (listener == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  listener->fd = open_listener(host, port, err);
  if (listener->fd < 0) {
    ox_free(server->allocator, listener);
    return OX_E_IO;
  }
  listener->server = server;
  if (tls != NULL) listener->tls = ox_tls_config_ref(tls);
  listener->next = server->listeners;
  server->listeners = listener;
  if (port_out != NULL) *port_out = bound_port(listener->fd);
  return OX_OK;
}

/* ---- Start and stop ---------------------------------------------------------------------------
 */

static ox_status start_loops(ox_http_server *server, ox_error *err) {
  for (unsigned i = 0; i < server->options.loop_count; i++) {
    server->loops[i].wake_fd = -1;
    server->loop_count++;
    ox_status status = ox_net_loop_init(&server->loops[i], server, i, err);
    if (status != OX_OK) return status;
  }
  for (ox_net_listener *l = server->listeners; l != NULL; l = l->next) {
    if (event_assign(&l->accept_event, server->loops[0].base, l->fd, EV_READ | EV_PERSIST,
                     ox_net_listener_accept, l) != 0 ||
        event_add(&l->accept_event, NULL) != 0) {
      return ox_error_set(err, OX_E_IO, "A listener cannot be watched.");
    }
    l->accepting = true;
  }
  for (unsigned i = 0; i < server->loop_count; i++) {
    ox_status status = ox_net_loop_start(&server->loops[i], err);
    if (status != OX_OK) return status;
  }
  return OX_OK;
}

ox_status ox_http_server_start(ox_http_server *server, ox_error *err) {
  if (server->started) return ox_error_set(err, OX_E_USAGE, "The server was started before.");
  server->started = true;
  server->loops = ox_calloc(server->allocator, server->options.loop_count, sizeof *server->loops);
  if (server->loops == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  /* Signals are the host's business, not these threads'. */
  sigset_t all, old;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  ox_status status =
      ox_net_workers_start(&server->workers, server->options.worker_count,
                           server->options.worker_queue_max_count, server->allocator);
  if (status != OX_OK) {
    ox_error_set(err, status, "The worker threads cannot be started.");
  } else {
    status = start_loops(server, err);
  }
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  if (status != OX_OK) ox_http_server_stop(server, 0);
  return status;
}

void ox_http_server_stop(ox_http_server *server, uint32_t grace_ms) {
  if (!server->started || server->stopped) return;
  server->stopped = true;
  for (unsigned i = 0; i < server->loop_count; i++) {
    if (server->loops[i].running) ox_net_loop_ask_stop(&server->loops[i], grace_ms);
  }
  for (unsigned i = 0; i < server->loop_count; i++) {
    ox_net_loop *loop = &server->loops[i];
    if (loop->running) pthread_join(loop->thread, NULL);
    loop->running = false;
    atomic_store(&loop->dead, true);
  }
  ox_net_workers_stop(&server->workers, server->allocator);
}

void ox_http_server_free(ox_http_server *server) {
  if (server == NULL) return;
  ox_http_server_stop(server, 0);
  ox_net_server_unref(server);
}

void ox_net_server_unref(ox_http_server *server) {
  if (atomic_fetch_sub_explicit(&server->references, 1, memory_order_acq_rel) != 1) return;
  const ox_allocator *allocator = server->allocator;
  for (unsigned i = 0; i < server->loop_count; i++) ox_net_loop_dispose(&server->loops[i]);
  ox_free(allocator, server->loops);
  while (server->listeners != NULL) {
    ox_net_listener *listener = server->listeners;
    server->listeners = listener->next;
    if (listener->fd >= 0) close(listener->fd);
    ox_tls_config_free(listener->tls);
    ox_free(allocator, listener);
  }
  while (server->routes != NULL) {
    ox_net_route *route = server->routes;
    server->routes = route->next;
    ox_free(allocator, route->path);
    ox_free(allocator, route->methods);
    ox_free(allocator, route);
  }
  pthread_mutex_destroy(&server->workers.lock);
  pthread_cond_destroy(&server->workers.some);
  ox_free(allocator, server->server_name);
  ox_free(allocator, server);
}

void ox_http_server_stats_get(const ox_http_server *server, ox_http_server_stats *out) {
  ox_http_server *s = (ox_http_server *)server;
  out->connections_accepted = atomic_load(&s->connections_accepted);
  out->connections_refused = atomic_load(&s->connections_refused);
  out->connections_open = atomic_load(&s->connections_open);
  out->requests = atomic_load(&s->requests);
  out->requests_refused = atomic_load(&s->requests_refused);
  out->exchanges_open = atomic_load(&s->exchanges_open);
}
