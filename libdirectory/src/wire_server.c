/* The Autodiscover server as a route of libwire's HTTP server. */
#include <oxkit/directory/wire.h>

struct ox_autodiscover_endpoint {
  ox_directory *directory;
  const ox_autodiscover_server_options *options;
};

/* X-MapiHttpCapability: a decimal number; anything else counts as absent. */
static uint32_t capability_of(const ox_http_exchange *exchange) {
  const char *text = ox_http_exchange_header(exchange, "X-MapiHttpCapability");
  if (text == NULL || text[0] == 0) return 0;
  uint32_t value = 0;
  for (; *text != 0; text++) {
    if (*text < '0' || *text > '9' || value > 100000) return 0;
    value = value * 10 + (uint32_t)(*text - '0');
  }
  return value;
}

static void handle(void *user, ox_http_exchange *exchange) {
  ox_autodiscover_endpoint *endpoint = user;
  static const ox_http_header type = {"Content-Type", "text/xml; charset=utf-8"};
  ox_caller caller = {.struct_size = sizeof caller,
                      .user = ox_http_exchange_user(exchange),
                      .peer = ox_http_exchange_peer(exchange)};
  ox_bytes xml;
  ox_status status = ox_autodiscover_answer(
      endpoint->directory, endpoint->options, &caller, ox_http_exchange_body(exchange),
      capability_of(exchange), ox_http_exchange_arena(exchange), &xml, NULL);
  if (status == OX_OK)
    ox_http_exchange_respond(exchange, 200, &type, 1, xml.data, xml.size_bytes);
  else
    ox_http_exchange_respond(exchange, 500, NULL, 0, NULL, 0);
}

ox_status ox_autodiscover_endpoint_add(ox_http_server *server, ox_directory *directory,
                                       const ox_autodiscover_server_options *options,
                                       ox_http_authenticator *authenticator,
                                       ox_autodiscover_endpoint **out, ox_error *err) {
  *out = NULL;
  if (authenticator == NULL)
    return ox_error_set(err, OX_E_USAGE, "Autodiscover needs an authenticator.");
  ox_autodiscover_endpoint *endpoint = ox_calloc(NULL, 1, sizeof *endpoint);
  if (endpoint == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  endpoint->directory = directory;
  endpoint->options = options;
  ox_http_route route = {.struct_size = sizeof route,
                         .flags = OX_HTTP_ROUTE_WORKER,
                         .path = OX_AUTODISCOVER_PATH,
                         .methods = "POST",
                         .handler = handle,
                         .user = endpoint,
                         .authenticator = authenticator,
                         .body_max_bytes = OX_AUTODISCOVER_REQUEST_MAX_BYTES};
  ox_status status = ox_http_server_route(server, &route);
  if (status != OX_OK) {
    ox_free(NULL, endpoint);
    return ox_error_set(err, status, NULL);
  }
  *out = endpoint;
  return OX_OK;
}

void ox_autodiscover_endpoint_free(ox_autodiscover_endpoint *endpoint) {
  ox_free(NULL, endpoint);
}
