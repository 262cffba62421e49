/* Glue to libwire: the Autodiscover server as a route, the clients over libwire's HTTP client. Only
 * in builds with libwire and its drivers. */
#ifndef OXKIT_DIRECTORY_WIRE_H
#define OXKIT_DIRECTORY_WIRE_H

#include <oxkit/directory/addressbook.h>
#include <oxkit/directory/autodiscover.h>
#include <oxkit/wire/http_client.h>
#include <oxkit/wire/http_server.h>
#include <oxkit/wire/mapihttp.h>

OX_BEGIN_DECLS

typedef struct ox_autodiscover_endpoint ox_autodiscover_endpoint;

/** Adds OX_AUTODISCOVER_PATH (in any case, POST only) to a server that has not started. Requests
 *  run on workers.
 *  @param options        kept by reference, with their strings, as long as the endpoint: fill in
 *                        URLs any time before ox_http_server_start
 *  @param authenticator  required: there are no anonymous requests
 *  @param out            free it after the server has stopped
 *  @return OX_OK, OX_E_USAGE, OX_E_NO_MEMORY */
OX_EXPORT OX_WARN_UNUSED ox_status ox_autodiscover_endpoint_add(
    ox_http_server *server, ox_directory *directory, const ox_autodiscover_server_options *options,
    ox_http_authenticator *authenticator, ox_autodiscover_endpoint **out, ox_error *err);
/** NULL is fine. */
OX_EXPORT void ox_autodiscover_endpoint_free(ox_autodiscover_endpoint *endpoint);

/** An ox_autodiscover_http over two HTTP clients, which must outlive it. */
typedef struct ox_autodiscover_wire {
  ox_autodiscover_http http;
  ox_http_client *client;    /**< authenticates as the user */
  ox_http_client *anonymous; /**< has no credentials; NULL: plain http is not asked */
} ox_autodiscover_wire;
OX_EXPORT void ox_autodiscover_wire_init(ox_autodiscover_wire *wire, ox_http_client *client,
                                         ox_http_client *anonymous);

/** An ox_addressbook_transport over a MAPI/HTTP address-book session, which must outlive it. */
typedef struct ox_addressbook_wire {
  ox_addressbook_transport transport;
  ox_mapihttp_nspi *session;
} ox_addressbook_wire;
OX_EXPORT void ox_addressbook_wire_init(ox_addressbook_wire *wire, ox_mapihttp_nspi *session);

OX_END_DECLS

#endif
