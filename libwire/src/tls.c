/* TLS sessions over memory BIOs. */
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "tls_internal.h"

/* An IP address, by its look: only digits and dots, or a colon. */
static bool is_address(const char *name) {
  if (strchr(name, ':') != NULL) return true;
  return strspn(name, "0123456789.") == strlen(name);
}

static ox_status expect_name(SSL *ssl, const char *name, ox_error *err) {
  X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
  bool ok;
  if (is_address(name)) {
    ok = X509_VERIFY_PARAM_set1_ip_asc(param, name) == 1;
  } else {
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    ok = name[0] != '\0' && name[0] != '.' && X509_VERIFY_PARAM_set1_host(param, name, 0) == 1 &&
         SSL_set_tlsext_host_name(ssl, name) == 1;
  }
  return ok ? OX_OK
            : ox_error_setf(err, OX_E_USAGE, "\"%.100s\" is not a host name or address.", name);
}

ox_status ox_tls_new(ox_tls_config *config, const char *server_name, ox_tls **out, ox_error *err) {
  *out = NULL;
  if (!config->server && server_name == NULL && !config->skip_verify && config->pin_count == 0) {
    return ox_error_set(err, OX_E_USAGE, "A server name is needed to check its certificate.");
  }
  ERR_clear_error();
  ox_tls *tls = ox_calloc(NULL, 1, sizeof *tls);
  if (tls == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  tls->config = ox_tls_config_ref(config);
  tls->ssl = SSL_new(config->context);
  tls->in = BIO_new(BIO_s_mem());
  tls->out = BIO_new(BIO_s_mem());
  if (tls->ssl == NULL || tls->in == NULL || tls->out == NULL) {
    BIO_free(tls->in);
    BIO_free(tls->out);
    ox_tls_free(tls);
    return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  }
  SSL_set_bio(tls->ssl, tls->in, tls->out);
  SSL_set_app_data(tls->ssl, tls);
  if (config->server) {
    SSL_set_accept_state(tls->ssl);
  } else {
    SSL_set_connect_state(tls->ssl);
    ox_status status = server_name != NULL ? expect_name(tls->ssl, server_name, err) : OX_OK;
    if (status != OX_OK) {
      ox_tls_free(tls);
      return status;
    }
  }
  *out = tls;
  return OX_OK;
}

void ox_tls_free(ox_tls *tls) {
  if (tls == NULL) return;
  SSL_free(tls->ssl);
  ox_tls_config_free(tls->config);
  ox_wipe(tls, sizeof *tls);
  ox_free(NULL, tls);
}

ox_status ox_tls_feed(ox_tls *tls, const void *data, size_t size_bytes, ox_error *err) {
  const uint8_t *p = data;
  while (size_bytes != 0) {
    int n = size_bytes > (1 << 30) ? 1 << 30 : (int)size_bytes;
    if (BIO_write(tls->in, p, n) != n) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
    p += n;
    size_bytes -= (size_t)n;
  }
  return OX_OK;
}

void ox_tls_feed_end(ox_tls *tls) {
  BIO_set_mem_eof_return(tls->in, 0);
}

static ox_status failed(ox_tls *tls, ox_status status, const char *what, ox_error *err) {
  if (tls->failure == OX_OK) {
    tls->failure = status;
    if (status != OX_E_CERTIFICATE || tls->text[0] == '\0') {
      ox_tls_describe_errors(tls->text, sizeof tls->text, what);
    }
  }
  ERR_clear_error();
  return ox_error_set(err, tls->failure, tls->text);
}

/* What a call of OpenSSL that did not succeed means. */
static ox_status judge(ox_tls *tls, int result, ox_error *err) {
  bool handshake = !tls->established; /* a fatal error resets OpenSSL's own notion */
  switch (SSL_get_error(tls->ssl, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE: return OX_E_AGAIN;
    case SSL_ERROR_ZERO_RETURN: return OX_E_CLOSED;
    default: break;
  }
  unsigned long code = ERR_peek_error();
  if (ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) == SSL_R_CERTIFICATE_VERIFY_FAILED) {
    return failed(tls, OX_E_CERTIFICATE, "The peer's certificate is not accepted", err);
  }
  if (code == 0 || (ERR_GET_LIB(code) == ERR_LIB_SSL &&
                    ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING)) {
    ERR_clear_error();
    return failed(tls, OX_E_TLS,
                  handshake ? "The connection ended during the TLS handshake"
                            : "The connection was truncated: it ended without close_notify",
                  err);
  }
  if (ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE) {
    return failed(tls, OX_E_NO_MEMORY, "Out of memory in TLS", err);
  }
  return failed(tls, OX_E_TLS, handshake ? "The TLS handshake failed" : "The TLS record failed",
                err);
}

static void note_alpn(ox_tls *tls) {
  const unsigned char *name;
  unsigned name_bytes;
  SSL_get0_alpn_selected(tls->ssl, &name, &name_bytes);
  if (name_bytes < sizeof tls->alpn) {
    if (name_bytes != 0) memcpy(tls->alpn, name, name_bytes);
    tls->alpn[name_bytes] = '\0';
  }
}

ox_status ox_tls_handshake(ox_tls *tls, ox_error *err) {
  if (tls->failure != OX_OK) return ox_error_set(err, tls->failure, tls->text);
  if (SSL_is_init_finished(tls->ssl)) return OX_OK;
  ERR_clear_error();
  int result = SSL_do_handshake(tls->ssl);
  if (result != 1) return judge(tls, result, err);
  tls->established = true;
  note_alpn(tls);
  return OX_OK;
}

ox_status ox_tls_read(ox_tls *tls, void *buffer, size_t capacity_bytes, size_t *size_out,
                      ox_error *err) {
  *size_out = 0;
  ox_status status = ox_tls_handshake(tls, err);
  if (status != OX_OK) return status;
  ERR_clear_error();
  int result = SSL_read_ex(tls->ssl, buffer, capacity_bytes, size_out);
  if (result == 1) return OX_OK;
  *size_out = 0;
  return judge(tls, result, err);
}

ox_status ox_tls_write(ox_tls *tls, const void *data, size_t size_bytes, ox_error *err) {
  if (tls->failure != OX_OK) return ox_error_set(err, tls->failure, tls->text);
  if (tls->closed) return ox_error_set(err, OX_E_CLOSED, NULL);
  if (!SSL_is_init_finished(tls->ssl)) return ox_error_set(err, OX_E_AGAIN, NULL);
  const uint8_t *p = data;
  while (size_bytes != 0) {
    /* A memory BIO takes everything, so a write is never partial. */
    size_t n = size_bytes > (1 << 24) ? 1 << 24 : size_bytes;
    size_t written;
    ERR_clear_error();
    int result = SSL_write_ex(tls->ssl, p, n, &written);
    if (result != 1) return judge(tls, result, err);
    p += written;
    size_bytes -= written;
  }
  return OX_OK;
}

ox_bytes ox_tls_output(const ox_tls *tls) {
  ox_bytes view = {NULL, 0};
  char *data;
  long size = BIO_get_mem_data(tls->out, &data);
  if (size > 0) {
    view.data = (const uint8_t *)data;
    view.size_bytes = (size_t)size;
  }
  return view;
}

void ox_tls_output_taken(ox_tls *tls, size_t size_bytes) {
  char sink[4096];
  if (size_bytes >= ox_tls_output(tls).size_bytes) {
    (void)BIO_reset(tls->out);
    return;
  }
  while (size_bytes != 0) {
    int n = size_bytes > sizeof sink ? (int)sizeof sink : (int)size_bytes;
    if (BIO_read(tls->out, sink, n) != n) return;
    size_bytes -= (size_t)n;
  }
}

void ox_tls_close(ox_tls *tls) {
  if (tls->closed) return;
  tls->closed = true;
  if (tls->failure != OX_OK || !SSL_is_init_finished(tls->ssl)) return;
  ERR_clear_error();
  SSL_shutdown(tls->ssl);
  ERR_clear_error();
}

/* ---- What was agreed --------------------------------------------------------------------------
 */

bool ox_tls_handshake_done(const ox_tls *tls) {
  return tls->failure == OX_OK && SSL_is_init_finished(tls->ssl);
}

uint16_t ox_tls_version(const ox_tls *tls) {
  return ox_tls_handshake_done(tls) ? (uint16_t)SSL_version(tls->ssl) : 0;
}

const char *ox_tls_cipher(const ox_tls *tls) {
  return ox_tls_handshake_done(tls) ? SSL_get_cipher_name(tls->ssl) : "";
}

const char *ox_tls_alpn(const ox_tls *tls) {
  return tls->alpn;
}

const char *ox_tls_server_name(const ox_tls *tls) {
  const char *name =
      tls->config->server ? SSL_get_servername(tls->ssl, TLSEXT_NAMETYPE_host_name) : NULL;
  return name != NULL ? name : "";
}

ox_status ox_tls_peer_fingerprint(const ox_tls *tls, uint8_t sha256_out[32]) {
  X509 *certificate = SSL_get0_peer_certificate(tls->ssl);
  unsigned size;
  if (certificate == NULL || X509_digest(certificate, EVP_sha256(), sha256_out, &size) != 1) {
    memset(sha256_out, 0, 32);
    return OX_E_NOT_FOUND;
  }
  return OX_OK;
}

ox_status ox_tls_channel_binding(const ox_tls *tls, uint32_t kind,
                                 uint8_t value_out[OX_TLS_BINDING_MAX_BYTES], size_t *size_out) {
  *size_out = 0;
  if (!ox_tls_handshake_done(tls)) return OX_E_AGAIN;
  if (kind == OX_TLS_BINDING_SERVER_END_POINT) {
    const X509 *certificate =
        tls->config->server ? SSL_get_certificate(tls->ssl) : SSL_get0_peer_certificate(tls->ssl);
    if (certificate == NULL) return OX_E_NO_SUPPORT;
    return ox_tls_x509_end_point(certificate, value_out, size_out) == OX_OK ? OX_OK
                                                                            : OX_E_NO_SUPPORT;
  }
  if (kind != OX_TLS_BINDING_EXPORTER) return OX_E_NO_SUPPORT;
  /* RFC 9266 3: before TLS 1.3 only with the extended master secret. */
  if (SSL_version(tls->ssl) < (int)OX_TLS_1_3 && SSL_get_extms_support(tls->ssl) != 1) {
    return OX_E_NO_SUPPORT;
  }
  static const char label[] = "EXPORTER-Channel-Binding";
  if (SSL_export_keying_material(tls->ssl, value_out, 32, label, sizeof label - 1,
                                 (const unsigned char *)"", 0, 1) != 1) {
    ERR_clear_error();
    return OX_E_NO_SUPPORT;
  }
  *size_out = 32;
  return OX_OK;
}
