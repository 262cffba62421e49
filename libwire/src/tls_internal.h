/* Inside of TLS: shared by tls_config.c, tls.c and tls_certificate.c. */
#ifndef OXKIT_WIRE_SRC_TLS_INTERNAL_H
#define OXKIT_WIRE_SRC_TLS_INTERNAL_H

#include <stdatomic.h>

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <oxkit/wire/tls.h>

#define OX_TLS_ALPN_MAX_BYTES 256

struct ox_tls_config {
  atomic_uint references;
  bool server;
  bool skip_verify;
  SSL_CTX *context;
  uint8_t *pins;
  size_t pin_count;
  uint8_t alpn[OX_TLS_ALPN_MAX_BYTES]; /* as on the wire: length, name, ... */
  size_t alpn_bytes;
};

struct ox_tls {
  ox_tls_config *config;
  SSL *ssl;
  BIO *in;  /* owned by ssl */
  BIO *out; /* owned by ssl */
  bool closed;
  bool established;  /* the handshake was done once */
  ox_status failure; /* final */
  char text[OX_ERROR_TEXT_BYTES];
  char alpn[256];
};

/* The first entry of OpenSSL's error queue as a sentence; empties the queue. */
void ox_tls_describe_errors(char *text_out, size_t capacity_bytes, const char *fallback);

/* Why a chain was refused, and for a wrong host the names that the certificate has. */
void ox_tls_describe_verify_error(X509_STORE_CTX *store, char *text_out, size_t capacity_bytes);

ox_status ox_tls_x509_end_point(const X509 *certificate, uint8_t *value_out, size_t *size_out);

ox_status ox_tls_pem_end_point(const char *pem, uint8_t value_out[OX_TLS_BINDING_MAX_BYTES],
                               size_t *size_out);

/* SSL_CTX_set_cert_verify_callback of clients. */
int ox_tls_verify(X509_STORE_CTX *store, void *user);

#endif
