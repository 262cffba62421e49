/* TLS configurations: certificates, trust, versions, ALPN. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "tls_internal.h"

/* Largest certificate, key or authority file. */
#define PEM_MAX_BYTES ((size_t)4 * 1024 * 1024)

void ox_tls_describe_errors(char *text_out, size_t capacity_bytes, const char *fallback) {
  unsigned long code = ERR_get_error();
  const char *reason = code != 0 ? ERR_reason_error_string(code) : NULL;
  if (reason != NULL) {
    snprintf(text_out, capacity_bytes, "%s: %s.", fallback, reason);
  } else {
    snprintf(text_out, capacity_bytes, "%s.", fallback);
  }
  ERR_clear_error();
}

static ox_status fail(ox_error *err, ox_status status, const char *what, const char *name) {
  char text[OX_ERROR_TEXT_BYTES];
  char fallback[OX_ERROR_TEXT_BYTES - 64];
  snprintf(fallback, sizeof fallback, "%s%s%s", what, name != NULL ? " " : "",
           name != NULL ? name : "");
  ox_tls_describe_errors(text, sizeof text, fallback);
  return ox_error_set(err, status, text);
}

/* A PEM text from memory or from a file; NULL after a failure. */
static BIO *open_pem(const char *pem, const char *file, ox_status *status_out, ox_error *err) {
  BIO *bio = BIO_new(BIO_s_mem());
  if (bio == NULL) {
    *status_out = ox_error_set(err, OX_E_NO_MEMORY, NULL);
    return NULL;
  }
  if (pem != NULL) {
    size_t length = strlen(pem);
    if (length > PEM_MAX_BYTES || BIO_write(bio, pem, (int)length) != (int)length) {
      BIO_free(bio);
      *status_out = ox_error_set(err, OX_E_LIMIT, "A PEM text is too long.");
      return NULL;
    }
    return bio;
  }
  FILE *f = fopen(file, "rbe");
  if (f == NULL) {
    *status_out = ox_error_setf(err, OX_E_IO, "Cannot read %s: %s.", file, strerror(errno));
    BIO_free(bio);
    return NULL;
  }
  char buffer[4096];
  size_t n, total = 0;
  while ((n = fread(buffer, 1, sizeof buffer, f)) != 0 && (total += n) <= PEM_MAX_BYTES) {
    if (BIO_write(bio, buffer, (int)n) != (int)n) break;
  }
  bool bad = ferror(f) != 0 || n != 0;
  int error = errno;
  fclose(f);
  OPENSSL_cleanse(buffer, sizeof buffer);
  if (bad) {
    *status_out = ox_error_setf(err, OX_E_IO, "Cannot read %s: %s.", file,
                                total > PEM_MAX_BYTES ? "too large" : strerror(error));
    BIO_free(bio);
    return NULL;
  }
  return bio;
}

static void free_pem(BIO *bio) {
  char *data;
  long size = BIO_get_mem_data(bio, &data);
  if (size > 0) OPENSSL_cleanse(data, (size_t)size);
  BIO_free(bio);
}

/* A key file with a passphrase is refused instead of asking on the terminal. */
static int no_passphrase(char *buffer, int capacity, int writing, void *user) {
  (void)buffer;
  (void)capacity;
  (void)writing;
  (void)user;
  return -1;
}

static ox_status use_chain(SSL_CTX *context, BIO *bio, const char *name, ox_error *err) {
  X509 *certificate = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);
  if (certificate == NULL || SSL_CTX_use_certificate(context, certificate) != 1) {
    X509_free(certificate);
    return fail(err, OX_E_CERTIFICATE, "No usable certificate in", name);
  }
  X509_free(certificate);
  while ((certificate = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL)) != NULL) {
    if (SSL_CTX_add0_chain_cert(context, certificate) != 1) {
      X509_free(certificate);
      return fail(err, OX_E_CERTIFICATE, "A chain certificate cannot be used in", name);
    }
  }
  ERR_clear_error(); /* "no start line" at the end */
  return OX_OK;
}

static ox_status use_own_certificate(SSL_CTX *context, const ox_tls_config_options *options,
                                     ox_error *err) {
  bool has_certificate = options->certificate_pem != NULL || options->certificate_file != NULL;
  bool has_key = options->key_pem != NULL || options->key_file != NULL;
  if (!has_certificate && !has_key && !options->server) return OX_OK;
  if (!has_certificate || !has_key) {
    return ox_error_set(err, OX_E_USAGE, "A certificate and its private key are needed.");
  }
  const char *certificate_name =
      options->certificate_pem != NULL ? "the given text" : options->certificate_file;
  const char *key_name = options->key_pem != NULL ? "the given text" : options->key_file;
  ox_status status = OX_OK;
  BIO *bio = open_pem(options->certificate_pem, options->certificate_file, &status, err);
  if (bio == NULL) return status;
  status = use_chain(context, bio, certificate_name, err);
  free_pem(bio);
  if (status != OX_OK) return status;
  bio = open_pem(options->key_pem, options->key_file, &status, err);
  if (bio == NULL) return status;
  EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
  free_pem(bio);
  if (key == NULL) return fail(err, OX_E_CERTIFICATE, "No usable private key in", key_name);
  int ok = SSL_CTX_use_PrivateKey(context, key) == 1 && SSL_CTX_check_private_key(context) == 1;
  EVP_PKEY_free(key);
  return ok ? OX_OK
            : fail(err, OX_E_CERTIFICATE, "The private key is not the certificate's, in", key_name);
}

static ox_status add_authorities(X509_STORE *store, const char *pem, const char *file,
                                 ox_error *err) {
  ox_status status = OX_OK;
  BIO *bio = open_pem(pem, file, &status, err);
  if (bio == NULL) return status;
  size_t count = 0;
  X509 *certificate;
  while ((certificate = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL)) != NULL) {
    if (X509_STORE_add_cert(store, certificate) == 1) count++;
    X509_free(certificate);
  }
  free_pem(bio);
  if (count == 0) {
    return fail(err, OX_E_CERTIFICATE, "No authority's certificate in",
                pem != NULL ? "the given text" : file);
  }
  ERR_clear_error();
  return OX_OK;
}

static ox_status use_trust(ox_tls_config *config, const ox_tls_config_options *options,
                           ox_error *err) {
  if (options->pin_count != 0) {
    if (options->pins == NULL || options->pin_count > 1024) {
      return ox_error_set(err, OX_E_USAGE, "Between 1 and 1024 pins can be given.");
    }
    config->pins = ox_malloc(NULL, options->pin_count * 32);
    if (config->pins == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
    memcpy(config->pins, options->pins, options->pin_count * 32);
    config->pin_count = options->pin_count;
  }
  SSL_CTX_set_verify(config->context, SSL_VERIFY_PEER, NULL);
  SSL_CTX_set_cert_verify_callback(config->context, ox_tls_verify, NULL);
  if (config->skip_verify || config->pin_count != 0) return OX_OK;
  X509_STORE *store = SSL_CTX_get_cert_store(config->context);
  ox_status status = OX_OK;
  if (options->ca_pem != NULL) status = add_authorities(store, options->ca_pem, NULL, err);
  if (status == OX_OK && options->ca_file != NULL) {
    status = add_authorities(store, NULL, options->ca_file, err);
  }
  if (status == OX_OK && options->ca_pem == NULL && options->ca_file == NULL &&
      SSL_CTX_set_default_verify_paths(config->context) != 1) {
    status = fail(err, OX_E_CERTIFICATE, "The system's authorities cannot be loaded", NULL);
  }
  return status;
}

/* "a,b" to the form on the wire. */
static ox_status use_alpn(ox_tls_config *config, const char *names, ox_error *err) {
  size_t out = 0;
  while (names != NULL && *names != '\0') {
    size_t length = strcspn(names, ",");
    if (length == 0 || length > 255 || out + 1 + length > sizeof config->alpn) {
      return ox_error_set(err, OX_E_USAGE, "The ALPN names are malformed or too long.");
    }
    config->alpn[out++] = (uint8_t)length;
    memcpy(config->alpn + out, names, length);
    out += length;
    names += length;
    if (*names == ',') names++;
  }
  config->alpn_bytes = out;
  return OX_OK;
}

static int select_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_bytes,
                       const unsigned char *in, unsigned in_bytes, void *user) {
  (void)ssl;
  const ox_tls_config *config = user;
  for (unsigned i = 0; i < in_bytes; i += 1u + in[i]) {
    for (size_t j = 0; j < config->alpn_bytes; j += 1u + config->alpn[j]) {
      if (in[i] == config->alpn[j] && memcmp(in + i + 1, config->alpn + j + 1, in[i]) == 0) {
        *out = in + i + 1;
        *out_bytes = in[i];
        return SSL_TLSEXT_ERR_OK;
      }
    }
  }
  return SSL_TLSEXT_ERR_NOACK;
}

static ox_status set_up(ox_tls_config *config, const ox_tls_config_options *options,
                        ox_error *err) {
  static const unsigned char session_context[] = "oxkit";
  SSL_CTX *context = config->context;
  int version_min = options->version_min != 0 ? options->version_min : (int)OX_TLS_1_2;
  int version_max = options->version_max != 0 ? options->version_max : (int)OX_TLS_1_3;
  if (version_min < (int)OX_TLS_1_2 || version_max > (int)OX_TLS_1_3 || version_min > version_max ||
      SSL_CTX_set_min_proto_version(context, version_min) != 1 ||
      SSL_CTX_set_max_proto_version(context, version_max) != 1) {
    return ox_error_set(err, OX_E_USAGE, "Only TLS 1.2 and 1.3 are spoken.");
  }
  SSL_CTX_set_options(
      context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  if (SSL_CTX_set_session_id_context(context, session_context, sizeof session_context - 1) != 1) {
    return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  }
  ox_status status = use_own_certificate(context, options, err);
  if (status == OX_OK) status = use_alpn(config, options->alpn, err);
  if (status != OX_OK) return status;
  if (options->server) {
    if (config->alpn_bytes != 0) SSL_CTX_set_alpn_select_cb(context, select_alpn, config);
    return OX_OK;
  }
  if (config->alpn_bytes != 0 &&
      SSL_CTX_set_alpn_protos(context, config->alpn, (unsigned)config->alpn_bytes) != 0) {
    return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  }
  if (options->verify_time != 0) {
    X509_VERIFY_PARAM_set_time(SSL_CTX_get0_param(context), (time_t)options->verify_time);
  }
  return use_trust(config, options, err);
}

ox_status ox_tls_config_new(const ox_tls_config_options *options, ox_tls_config **out,
                            ox_error *err) {
  *out = NULL;
  if (options == NULL || options->struct_size != sizeof *options) {
    return ox_error_set(err, OX_E_USAGE, NULL);
  }
  ERR_clear_error();
  ox_tls_config *config = ox_calloc(NULL, 1, sizeof *config);
  if (config == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  atomic_init(&config->references, 1);
  config->server = options->server;
  config->skip_verify = options->insecure_skip_verify;
  config->context = SSL_CTX_new(options->server ? TLS_server_method() : TLS_client_method());
  ox_status status = config->context != NULL ? set_up(config, options, err)
                                             : fail(err, OX_E_NO_MEMORY, "OpenSSL", NULL);
  ERR_clear_error();
  if (status != OX_OK) {
    ox_tls_config_free(config);
    return status;
  }
  *out = config;
  return OX_OK;
}

ox_tls_config *ox_tls_config_ref(ox_tls_config *config) {
  atomic_fetch_add_explicit(&config->references, 1, memory_order_relaxed);
  return config;
}

void ox_tls_config_free(ox_tls_config *config) {
  if (config == NULL) return;
  if (atomic_fetch_sub_explicit(&config->references, 1, memory_order_acq_rel) != 1) return;
  SSL_CTX_free(config->context);
  ox_free(NULL, config->pins);
  ox_free(NULL, config);
}
