/* Runs bytes through an HTTP/1.1 connection and writes down what came out. */
#ifndef OXKIT_TESTS_WIRE_HTTP1_TRANSCRIPT_H
#define OXKIT_TESTS_WIRE_HTTP1_TRANSCRIPT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <oxkit/ropcodec/writer.h>
#include <oxkit/wire/http1.h>

typedef struct transcript {
  ox_writer text; /* "HEAD POST /x 1.1 [A=b]", "BODY abc", "END [T=v]", "CLOSED", "FAIL 400" */
  unsigned fail_status; /* 0: no failure */
  ox_status status;     /* of the failure */
  bool in_body;         /* bodies are joined: how they are cut is not what is tested */
} transcript;

static inline void transcript_fields(transcript *t, const ox_http1_head *head) {
  for (size_t i = 0; i < head->header_count; i++) {
    ox_write_text(&t->text, " [");
    ox_write_text(&t->text, head->headers[i].name);
    ox_write_text(&t->text, "=");
    ox_write_text(&t->text, head->headers[i].value);
    ox_write_text(&t->text, "]");
  }
}

static inline void transcript_event(transcript *t, const ox_http1_event *event) {
  char line[64];
  const ox_http1_head *head = &event->head;
  if (event->kind == OX_HTTP1_BODY) {
    if (!t->in_body) ox_write_text(&t->text, "BODY ");
    t->in_body = true;
    ox_write_bytes(&t->text, event->body.data, event->body.size_bytes);
    return;
  }
  if (t->in_body) ox_write_text(&t->text, "\n");
  t->in_body = false;
  switch (event->kind) {
    case OX_HTTP1_HEAD:
      ox_write_text(&t->text, "HEAD ");
      if (head->method != NULL) {
        ox_write_text(&t->text, head->method);
        ox_write_text(&t->text, " ");
        ox_write_text(&t->text, head->target);
        ox_write_text(&t->text, " ");
        ox_write_text(&t->text, head->host);
      } else {
        snprintf(line, sizeof line, "%u ", head->status);
        ox_write_text(&t->text, line);
        ox_write_text(&t->text, head->reason);
      }
      snprintf(line, sizeof line, " 1.%u%s%s%s", head->version_minor,
               head->keep_alive ? " keep" : "", head->chunked ? " chunked" : "",
               head->expects_continue ? " expect" : "");
      ox_write_text(&t->text, line);
      if (head->content_length != UINT64_MAX) {
        snprintf(line, sizeof line, " %llu", (unsigned long long)head->content_length);
        ox_write_text(&t->text, line);
      }
      transcript_fields(t, head);
      ox_write_text(&t->text, "\n");
      break;
    case OX_HTTP1_END:
      ox_write_text(&t->text, "END");
      transcript_fields(t, head);
      ox_write_text(&t->text, "\n");
      break;
    case OX_HTTP1_CLOSED: ox_write_text(&t->text, "CLOSED\n"); break;
    default: break;
  }
}

/* Takes events until input is needed; a server answers each request with 204. Returns false when
 * the connection is over. */
static inline bool transcript_drain(transcript *t, ox_http1 *http) {
  for (;;) {
    ox_http1_event event;
    ox_error err;
    ox_status status = ox_http1_next(http, &event, &err);
    if (status != OX_OK) {
      char line[64];
      if (t->in_body) ox_write_text(&t->text, "\n");
      t->in_body = false;
      snprintf(line, sizeof line, "FAIL %u\n", err.remote_code);
      ox_write_text(&t->text, line);
      t->fail_status = err.remote_code;
      t->status = status;
      return false;
    }
    if (event.kind == OX_HTTP1_NEED_INPUT) return true;
    transcript_event(t, &event);
    if (event.kind == OX_HTTP1_CLOSED) return false;
    if (event.kind == OX_HTTP1_PAUSED) {
      if (ox_http1_send_response(http, 204, NULL, 0, 0, false) != OX_OK ||
          ox_http1_send_end(http, NULL, 0) != OX_OK) {
        abort();
      }
      ox_http1_output_taken(http, ox_http1_output(http).size_bytes);
    }
  }
}

/* Feeds `data` in pieces of `piece_bytes`, then the end. */
static inline void transcript_run(transcript *t, ox_http1 *http, const void *data,
                                  size_t size_bytes, size_t piece_bytes) {
  memset(t, 0, sizeof *t);
  ox_writer_init(&t->text, NULL, (size_t)1 << 26);
  const uint8_t *p = data;
  bool open = transcript_drain(t, http);
  while (open && size_bytes != 0) {
    size_t n = size_bytes < piece_bytes ? size_bytes : piece_bytes;
    /* A block of its own, so that a sanitizer sees reads past it. */
    uint8_t *piece = malloc(n);
    if (piece == NULL) abort();
    memcpy(piece, p, n);
    size_t taken;
    if (ox_http1_feed(http, piece, n, &taken) != OX_OK) abort();
    free(piece);
    p += taken;
    size_bytes -= taken;
    open = transcript_drain(t, http);
    if (open && taken == 0) abort(); /* stuck: full and nothing to do */
  }
  if (open) {
    ox_http1_feed_end(http);
    transcript_drain(t, http);
  }
}

static inline void transcript_dispose(transcript *t) {
  ox_writer_dispose(&t->text);
}

#endif
