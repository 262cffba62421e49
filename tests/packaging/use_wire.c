/* Parses one HTTP request and makes a certificate: libwire linked and working. */
#include <string.h>

#include <oxkit/wire/http1.h>
#include <oxkit/wire/tls.h>

static int parse(void) {
  static const char request[] = "GET /mapi/emsmdb/ HTTP/1.1\r\nHost: localhost\r\n\r\n";
  ox_http1 *http;
  ox_http1_event event;
  size_t taken;
  if (ox_http1_new(true, NULL, NULL, &http) != OX_OK) return 1;
  int failed = ox_http1_feed(http, request, sizeof request - 1, &taken) != OX_OK ||
               ox_http1_next(http, &event, NULL) != OX_OK || event.kind != OX_HTTP1_HEAD ||
               strcmp(event.head.method, "GET") != 0;
  ox_http1_free(http);
  return failed;
}

int main(void) {
  static const char *const names[] = {"localhost"};
  const char *certificate, *key;
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  int failed = ox_tls_make_self_signed(names, 1, 0, 1, &arena, &certificate, &key, NULL) != OX_OK;
  ox_arena_dispose(&arena);
  return failed || parse();
}
