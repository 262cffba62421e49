/* TLS 1.2 and 1.3 as a filter between bytes and bytes: no sockets, no clock, no threads of its own.
 *
 * A configuration is built once and shared. A session sits between a transport and a protocol:
 *
 *     transport bytes in  -> ox_tls_feed  -> ox_tls_read  -> plain text
 *     plain text out      -> ox_tls_write -> ox_tls_output/ox_tls_output_taken -> transport
 *
 * Whatever was called, look at ox_tls_output afterwards: the handshake, alerts and key updates put
 * bytes there too. */
#ifndef OXKIT_WIRE_TLS_H
#define OXKIT_WIRE_TLS_H

#include <oxkit/ropcodec/types.h>

OX_BEGIN_DECLS

/* ---- Configuration --------------------------------------------------------------------------- */

/** Certificates, trust and protocol choices of one role. Immutable after it was made; any number of
 *  threads may make sessions from it. Reference-counted: sessions keep it alive. */
typedef struct ox_tls_config ox_tls_config;

#define OX_TLS_1_2 0x0303u
#define OX_TLS_1_3 0x0304u

/** Choices of ox_tls_config_new. PEM texts are read during the call and may go away after it. */
typedef struct ox_tls_config_options {
  size_t struct_size;
  bool server; /**< the role */
  /** Own certificate chain, leaf first, and its private key: as files or as PEM text (the text
   * wins). A server must have them, a client may. */
  const char *certificate_file;
  const char *key_file;
  const char *certificate_pem;
  const char *key_pem;
  /** Trusted authorities of a client, as a PEM file or PEM text; both may be given. Without either,
   *  the system's own. */
  const char *ca_file;
  const char *ca_pem;
  /** A client accepts the certificate whose SHA-256 (over its DER form) is one of these and no
   *  other; authority, name and date are then not looked at. `pin_count` times 32 bytes. */
  const uint8_t *pins;
  size_t pin_count;
  /** A client that takes any certificate. For tests and for looking at a broken server. */
  bool insecure_skip_verify;
  uint16_t version_min; /**< 0: OX_TLS_1_2 */
  uint16_t version_max; /**< 0: OX_TLS_1_3 */
  /** Names for ALPN, separated by commas ("http/1.1"); a server picks the client's first that it
   *  knows, and goes on without ALPN when there is none. NULL: no ALPN. */
  const char *alpn;
  /** Unix time against which certificates are checked; 0 for the system's clock. */
  int64_t verify_time;
} ox_tls_config_options;

#define OX_TLS_CONFIG_OPTIONS_INIT \
  { .struct_size = sizeof(ox_tls_config_options) }

/** Makes a configuration.
 *  @return OX_OK; OX_E_CERTIFICATE (a file or text that holds no usable certificate or key, or a
 * key that is not the certificate's); OX_E_IO (a file that cannot be read; the text names it);
 *          OX_E_USAGE; OX_E_NO_MEMORY */
OX_EXPORT OX_WARN_UNUSED ox_status ox_tls_config_new(const ox_tls_config_options *options,
                                                     ox_tls_config **out, ox_error *err);
OX_EXPORT ox_tls_config *ox_tls_config_ref(ox_tls_config *config);
OX_EXPORT void ox_tls_config_free(ox_tls_config *config);

/* ---- Session --------------------------------------------------------------------------------- */

/** One TLS connection. One thread at a time. */
typedef struct ox_tls ox_tls;

/** Starts a session.
 *  @param server_name  client: the name sent as SNI and looked for in the certificate, a DNS name
 * or an IP address (which is not sent). NULL only with insecure_skip_verify or pins. Server: NULL.
 *  @return OX_OK, OX_E_USAGE, OX_E_NO_MEMORY */
OX_EXPORT OX_WARN_UNUSED ox_status ox_tls_new(ox_tls_config *config, const char *server_name,
                                              ox_tls **out, ox_error *err);
OX_EXPORT void ox_tls_free(ox_tls *tls);

/** Gives bytes that came from the peer. All are taken; they wait inside until read.
 *  @return OX_OK, OX_E_NO_MEMORY */
OX_EXPORT OX_WARN_UNUSED ox_status ox_tls_feed(ox_tls *tls, const void *data, size_t size_bytes,
                                               ox_error *err);

/** Says that the transport has ended. If the peer did not close the session first, reads fail with
 *  OX_E_TLS ("truncated") once what is there has been read. */
OX_EXPORT void ox_tls_feed_end(ox_tls *tls);

/** Goes on with the handshake; a client calls it once to start. Reading and writing do the same.
 *  @return OX_OK when the handshake is done; OX_E_AGAIN when the peer's bytes are needed;
 *          OX_E_CERTIFICATE: err->text says what is wrong (not trusted, expired, not yet valid,
 * other host and the names it has); OX_E_TLS; OX_E_CLOSED; OX_E_NO_MEMORY. A failure is final. */
OX_EXPORT OX_WARN_UNUSED ox_status ox_tls_handshake(ox_tls *tls, ox_error *err);

/** Reads plain text.
 *  @param size_out  bytes read, 0 unless OX_OK
 *  @return OX_OK with at least one byte; OX_E_AGAIN when more must be fed; OX_E_CLOSED after the
 *          peer's close_notify; OX_E_TLS, also for a transport that ended without one; failures of
 *          the handshake */
OX_EXPORT OX_WARN_UNUSED ox_status ox_tls_read(ox_tls *tls, void *buffer, size_t capacity_bytes,
                                               size_t *size_out, ox_error *err);

/** Encrypts plain text; all of it is taken, or none.
 *  @return OX_OK; OX_E_AGAIN while the handshake is not done; OX_E_CLOSED after ox_tls_close;
 *          OX_E_TLS; OX_E_NO_MEMORY */
OX_EXPORT OX_WARN_UNUSED ox_status ox_tls_write(ox_tls *tls, const void *data, size_t size_bytes,
                                                ox_error *err);

/** The bytes that wait to be sent; a view until the next call for this session. */
OX_EXPORT ox_bytes ox_tls_output(const ox_tls *tls);

/** Removes the first `size_bytes` of ox_tls_output after they were sent. */
OX_EXPORT void ox_tls_output_taken(ox_tls *tls, size_t size_bytes);

/** Queues close_notify; nothing can be written after it. Reading goes on. */
OX_EXPORT void ox_tls_close(ox_tls *tls);

/* ---- What was agreed --------------------------------------------------------------------------
 */

OX_EXPORT bool ox_tls_handshake_done(const ox_tls *tls);

/** OX_TLS_1_2 or OX_TLS_1_3; 0 before the handshake is done. */
OX_EXPORT uint16_t ox_tls_version(const ox_tls *tls);

/** "TLS_AES_256_GCM_SHA384"; "" before the handshake is done. Static. */
OX_EXPORT const char *ox_tls_cipher(const ox_tls *tls);

/** The protocol agreed by ALPN, or "". Lives as long as the session. */
OX_EXPORT const char *ox_tls_alpn(const ox_tls *tls);

/** Server: the name that the client asked for (SNI), or "". Lives as long as the session. */
OX_EXPORT const char *ox_tls_server_name(const ox_tls *tls);

/** SHA-256 of the peer's certificate in DER form. @return OX_OK, OX_E_NOT_FOUND (it sent none) */
OX_EXPORT OX_WARN_UNUSED ox_status ox_tls_peer_fingerprint(const ox_tls *tls,
                                                           uint8_t sha256_out[32]);

/** Largest value of ox_tls_channel_binding. */
#define OX_TLS_BINDING_MAX_BYTES 64

#define OX_TLS_BINDING_SERVER_END_POINT 1u /**< RFC 5929 4.1: hash of the server's certificate */
#define OX_TLS_BINDING_EXPORTER 2u         /**< RFC 9266: 32 bytes of exported keying material */

/** The channel binding of the session, without its "tls-server-end-point:" prefix.
 *  @return OX_OK, OX_E_AGAIN (handshake not done), OX_E_NO_SUPPORT
 *  @spec RFC 5929 4.1, RFC 9266 */
OX_EXPORT OX_WARN_UNUSED ox_status
ox_tls_channel_binding(const ox_tls *tls, uint32_t kind,
                       uint8_t value_out[OX_TLS_BINDING_MAX_BYTES], size_t *size_out);

/** The tls-server-end-point binding of a certificate given in DER form.
 *  @return OX_OK, OX_E_CERTIFICATE
 *  @spec RFC 5929 4.1 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_tls_certificate_end_point(
    ox_bytes der, uint8_t value_out[OX_TLS_BINDING_MAX_BYTES], size_t *size_out);

/* ---- Certificates ---------------------------------------------------------------------------- */

/** Makes a P-256 key and a certificate signed by itself.
 *  @param names       DNS names and IP addresses; the first is the subject's common name
 *  @param not_before  Unix time; 0: an hour ago
 *  @param days        validity; 0: 3650
 *  @param certificate_pem_out, key_pem_out  terminated PEM texts in the arena; the key is secret
 *  @return OX_OK, OX_E_USAGE (no name, or one that cannot stand in a certificate), OX_E_TLS,
 *          OX_E_NO_MEMORY */
OX_EXPORT OX_WARN_UNUSED ox_status ox_tls_make_self_signed(const char *const *names,
                                                           size_t name_count, int64_t not_before,
                                                           unsigned days, ox_arena *arena,
                                                           const char **certificate_pem_out,
                                                           const char **key_pem_out, ox_error *err);

/** SHA-256 of the first certificate of a PEM text, over its DER form: for pins.
 *  @return OX_OK, OX_E_CERTIFICATE */
OX_EXPORT OX_WARN_UNUSED ox_status ox_tls_pem_fingerprint(const char *pem, uint8_t sha256_out[32]);

OX_END_DECLS

#endif
