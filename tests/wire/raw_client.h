/* A connection that sends what it is told and shows what comes back, for tests of what no HTTP
 * library would do. Answers need a Content-Length or chunks. */
#ifndef OXKIT_TESTS_RAW_CLIENT_H
#define OXKIT_TESTS_RAW_CLIENT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

enum { RAW_MAX = 1 << 20 };

typedef struct raw_client {
  int fd;
  size_t filled;
  char buffer[RAW_MAX];
  /* The last answer. */
  int status;
  char head[16384];
  size_t body_bytes;
  char body[RAW_MAX];
} raw_client;

static inline raw_client *raw_open(uint16_t port) {
  raw_client *c = calloc(1, sizeof *c);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  struct timeval patience = {20, 0};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  c->fd = socket(AF_INET, SOCK_STREAM, 0);
  setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (connect(c->fd, (struct sockaddr *)&address, sizeof address) != 0) abort();
  return c;
}

static inline void raw_close(raw_client *c) {
  close(c->fd);
  free(c);
}

static inline void raw_send(raw_client *c, const void *data, size_t size) {
  const char *at = data;
  while (size > 0) {
    ssize_t n = send(c->fd, at, size, MSG_NOSIGNAL);
    if (n <= 0) return;
    at += n;
    size -= (size_t)n;
  }
}

/* Reads more; false at the end. */
static inline bool raw_fill(raw_client *c) {
  ssize_t n = recv(c->fd, c->buffer + c->filled, sizeof c->buffer - c->filled - 1, 0);
  if (n <= 0) return false;
  c->filled += (size_t)n;
  c->buffer[c->filled] = 0;
  return true;
}

static inline void raw_drop(raw_client *c, size_t size) {
  memmove(c->buffer, c->buffer + size, c->filled - size);
  c->filled -= size;
  c->buffer[c->filled] = 0;
}

/* The value of a field of the last answer, in a buffer of the thread; NULL when it is not there. */
static inline const char *raw_header(const raw_client *c, const char *name, unsigned index) {
  static _Thread_local char value[8192];
  for (const char *line = strstr(c->head, "\r\n"); line != NULL; line = strstr(line + 2, "\r\n")) {
    const char *at = line + 2;
    size_t size = strlen(name);
    if (strncasecmp(at, name, size) != 0 || at[size] != ':') continue;
    if (index-- > 0) continue;
    at += size + 1 + strspn(at + size + 1, " ");
    snprintf(value, sizeof value, "%.*s", (int)strcspn(at, "\r"), at);
    return value;
  }
  return NULL;
}

/* Reads the head of the next answer into c->head. */
static inline bool raw_receive_head(raw_client *c) {
  char *end;
  c->status = 0;
  while ((end = strstr(c->buffer, "\r\n\r\n")) == NULL)
    if (!raw_fill(c)) return false;
  size_t size = (size_t)(end - c->buffer) + 4;
  if (size >= sizeof c->head) abort();
  memcpy(c->head, c->buffer, size);
  c->head[size] = 0;
  raw_drop(c, size);
  c->status = atoi(c->head + 9);
  c->body_bytes = 0;
  return true;
}

/* Reads one chunk and appends it to c->body; false after the last. */
static inline bool raw_receive_chunk(raw_client *c) {
  char *end;
  while ((end = strstr(c->buffer, "\r\n")) == NULL)
    if (!raw_fill(c)) return false;
  size_t size = strtoul(c->buffer, NULL, 16);
  raw_drop(c, (size_t)(end - c->buffer) + 2);
  while (c->filled < size + 2)
    if (!raw_fill(c)) return false;
  memcpy(c->body + c->body_bytes, c->buffer, size);
  c->body_bytes += size;
  raw_drop(c, size + 2);
  return size > 0;
}

/* Reads a whole answer. */
static inline bool raw_receive(raw_client *c) {
  if (!raw_receive_head(c)) return false;
  const char *length = raw_header(c, "Content-Length", 0);
  if (length != NULL) {
    size_t size = strtoul(length, NULL, 10);
    while (c->filled < size)
      if (!raw_fill(c)) return false;
    memcpy(c->body, c->buffer, size);
    c->body_bytes = size;
    raw_drop(c, size);
  } else {
    while (raw_receive_chunk(c)) continue;
  }
  c->body[c->body_bytes] = 0;
  return true;
}

/* A request with extra fields ("A: b\r\n") and a body. */
static inline bool raw_request(raw_client *c, const char *method, const char *path,
                               const char *fields, const void *body, size_t body_bytes) {
  char head[70000];
  int size =
      snprintf(head, sizeof head, "%s %s HTTP/1.1\r\nHost: h\r\nContent-Length: %zu\r\n%s\r\n",
               method, path, body_bytes, fields);
  raw_send(c, head, (size_t)size);
  if (body_bytes > 0) raw_send(c, body, body_bytes);
  return raw_receive(c);
}

#endif
