/* HTTP authentication, both ends: Basic and NTLM.
 *
 * Basic travels only over TLS. NTLM belongs to its connection: the server remembers who the
 * connection is until another handshake starts on it, and a request with other credentials is
 * judged by these alone. */
#ifndef OXKIT_WIRE_AUTH_H
#define OXKIT_WIRE_AUTH_H

#include <oxkit/ropcodec/identity.h>
#include <oxkit/wire/environment.h>
#include <oxkit/wire/http_client.h>
#include <oxkit/wire/http_server.h>

OX_BEGIN_DECLS

#define OX_AUTH_BASIC 0x1u
#define OX_AUTH_NTLM 0x2u

/* ---- Codec ----------------------------------------------------------------------------------- */

/** Reads the value of an Authorization field of the Basic scheme. The user ends at the first colon.
 *  @param user_out, password_out  UTF-8 in the arena (bytes that are not UTF-8 are taken for
 *         Latin-1); the caller wipes the password
 *  @return OX_OK, OX_E_NOT_FOUND (another scheme), OX_E_MALFORMED (bad base64, no colon, a NUL),
 *          OX_E_NO_MEMORY
 *  @spec RFC 7617 2 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_basic_decode(const char *authorization, ox_arena *arena,
                                                   const char **user_out, char **password_out);

/** Writes "Basic ..." and a terminator.
 *  @return OX_OK, OX_E_USAGE (a colon in the user), OX_E_LIMIT (does not fit) */
OX_EXPORT OX_WARN_UNUSED ox_status ox_basic_encode(const char *user, const char *password,
                                                   char *value_out, size_t capacity_bytes);

/* ---- Server ---------------------------------------------------------------------------------- */

typedef struct ox_auth_server ox_auth_server;

/** Strings are copied; zero means the default in brackets. */
typedef struct ox_auth_server_options {
  size_t struct_size;
  const ox_allocator *allocator;
  const ox_environment *environment; /**< NULL: the system's */
  ox_identity_source *identity;      /**< must outlive the server; called on workers */
  uint32_t schemes;                  /**< OX_AUTH_BASIC, OX_AUTH_NTLM (both) */
  const char *realm;                 /**< of Basic (the DNS domain) */
  const char *dns_domain;            /**< "example.test"; required */
  const char *dns_computer;          /**< "mail.example.test" (the DNS domain) */
  const char *netbios_domain;        /**< (first label of the DNS domain, upper case) */
  const char *netbios_computer;      /**< (first label of dns_computer, upper case) */
  bool basic_without_tls;            /**< for a TLS-terminating proxy on the same host, and tests */
  bool allow_ntlm_v1;
  bool require_channel_binding; /**< over TLS, refuse NTLM clients that send none */
  uint32_t verify_timeout_ms;   /**< for the identity source (30000) */
  uint32_t basic_remember_ms;   /**< how long a connection's verified Basic field is taken again
                                     without asking the identity source (60000) */
} ox_auth_server_options;
#define OX_AUTH_SERVER_OPTIONS_INIT \
  { .struct_size = sizeof(ox_auth_server_options) }

/** @return OX_OK, OX_E_USAGE, OX_E_NO_MEMORY */
OX_EXPORT OX_WARN_UNUSED ox_status ox_auth_server_new(const ox_auth_server_options *options,
                                                      ox_auth_server **out, ox_error *err);
/** For ox_http_route.authenticator; lives as long as the server object. */
OX_EXPORT ox_http_authenticator *ox_auth_server_authenticator(ox_auth_server *server);
/** After the HTTP server has stopped. NULL is fine. */
OX_EXPORT void ox_auth_server_free(ox_auth_server *server);

/* ---- Client ---------------------------------------------------------------------------------- */

typedef struct ox_auth_client ox_auth_client;

/** Strings are copied. */
typedef struct ox_auth_client_options {
  size_t struct_size;
  const ox_allocator *allocator;
  const ox_environment *environment;
  const char *user;       /**< "alice@example.test", "EXAMPLE\\alice" or "alice" */
  const char *password;   /**< UTF-8 */
  uint32_t schemes;       /**< allowed, 0: both; NTLM is preferred */
  bool basic_without_tls; /**< send Basic over plain text */
  const char *workstation;
} ox_auth_client_options;
#define OX_AUTH_CLIENT_OPTIONS_INIT \
  { .struct_size = sizeof(ox_auth_client_options) }

/** @return OX_OK, OX_E_USAGE, OX_E_NO_MEMORY */
OX_EXPORT OX_WARN_UNUSED ox_status ox_auth_client_new(const ox_auth_client_options *options,
                                                      ox_auth_client **out, ox_error *err);
/** For ox_http_client_options.auth; serves any number of lanes. */
OX_EXPORT ox_http_client_auth *ox_auth_client_hook(ox_auth_client *client);
/** After the HTTP client was freed. Wipes the password. NULL is fine. */
OX_EXPORT void ox_auth_client_free(ox_auth_client *client);

OX_END_DECLS

#endif
