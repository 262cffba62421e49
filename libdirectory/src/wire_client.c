/* The Autodiscover client over libwire's HTTP client. */
#include <oxkit/directory/wire.h>

#include <string.h>

static ox_status copy_answer(const ox_http_response *response, ox_arena *arena,
                             ox_autodiscover_http_response *out, ox_error *err) {
  const char *location = ox_http_response_header(response, "Location", 0);
  void *body = ox_arena_copy(arena, response->body.data, response->body.size_bytes);
  out->location = location != NULL ? ox_arena_strdup(arena, location) : NULL;
  if (body == NULL || (location != NULL && out->location == NULL))
    return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  out->http_status = response->status;
  out->body = (ox_bytes){body, response->body.size_bytes};
  return OX_OK;
}

static ox_status http_exchange(ox_autodiscover_http *http,
                               const ox_autodiscover_http_request *request, ox_arena *arena,
                               ox_autodiscover_http_response *out, ox_error *err) {
  ox_autodiscover_wire *wire = (ox_autodiscover_wire *)http;
  static const ox_http_header headers[] = {{"Content-Type", "text/xml; charset=utf-8"},
                                           {"X-MapiHttpCapability", "1"}};
  ox_http_client *client = request->send_credentials ? wire->client : wire->anonymous;
  if (client == NULL)
    return ox_error_set(err, OX_E_NO_SUPPORT, "Plain http is not asked for a redirection.");
  ox_http_request call = OX_HTTP_REQUEST_INIT;
  bool has_body = request->body.size_bytes != 0;
  call.method = request->method;
  call.url = request->url;
  call.headers = headers;
  call.header_count = !has_body ? 0 : request->mapi_http_capability != 0 ? 2 : 1;
  call.body = request->body.data;
  call.body_bytes = request->body.size_bytes;
  call.body_max_bytes = request->max_body_bytes;
  ox_http_response *response = NULL;
  ox_status status = ox_http_client_call(client, &call, &response, err);
  if (status != OX_OK) return status;
  status = copy_answer(response, arena, out, err);
  ox_http_response_free(response);
  return status;
}

void ox_autodiscover_wire_init(ox_autodiscover_wire *wire, ox_http_client *client,
                               ox_http_client *anonymous) {
  memset(wire, 0, sizeof *wire);
  wire->http.struct_size = sizeof wire->http;
  wire->http.exchange = http_exchange;
  wire->client = client;
  wire->anonymous = anonymous;
}
