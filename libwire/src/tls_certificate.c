/* Certificates: verification, channel bindings, self-signed ones. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <arpa/inet.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "tls_internal.h"

/* ---- Verification -----------------------------------------------------------------------------
 */

/* Appends what fits. */
static void join(char *text, size_t capacity_bytes, const char *part, size_t part_bytes) {
  size_t used = strlen(text);
  if (part_bytes >= capacity_bytes - used) part_bytes = capacity_bytes - used - 1;
  memcpy(text + used, part, part_bytes);
  text[used + part_bytes] = '\0';
}

static void join_names(X509 *certificate, char *text, size_t capacity_bytes) {
  GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
  bool first = true;
  for (int i = 0; names != NULL && i < sk_GENERAL_NAME_num(names); i++) {
    const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
    char address[INET6_ADDRSTRLEN];
    const char *part = NULL;
    size_t part_bytes = 0;
    if (name->type == GEN_DNS) {
      part = (const char *)ASN1_STRING_get0_data(name->d.dNSName);
      part_bytes = (size_t)ASN1_STRING_length(name->d.dNSName);
    } else if (name->type == GEN_IPADD) {
      int length = ASN1_STRING_length(name->d.iPAddress);
      int family = length == 4 ? AF_INET : AF_INET6;
      if (length == 4 || length == 16) {
        part = inet_ntop(family, ASN1_STRING_get0_data(name->d.iPAddress), address, sizeof address);
        part_bytes = part != NULL ? strlen(part) : 0;
      }
    }
    if (part == NULL) continue;
    if (!first) join(text, capacity_bytes, ", ", 2);
    first = false;
    join(text, capacity_bytes, part, part_bytes);
  }
  if (first) join(text, capacity_bytes, "no name", 7);
  GENERAL_NAMES_free(names);
}

static void join_date(const ASN1_TIME *date, char *text, size_t capacity_bytes) {
  struct tm tm;
  char line[32];
  if (date == NULL || ASN1_TIME_to_tm(date, &tm) != 1) return;
  snprintf(line, sizeof line, " %04d-%02d-%02d", (tm.tm_year + 1900) % 10000, (tm.tm_mon + 1) % 100,
           tm.tm_mday % 100);
  join(text, capacity_bytes, line, strlen(line));
}

void ox_tls_describe_verify_error(X509_STORE_CTX *store, char *text_out, size_t capacity_bytes) {
  int error = X509_STORE_CTX_get_error(store);
  X509 *leaf = X509_STORE_CTX_get0_cert(store);
  X509 *current = X509_STORE_CTX_get_current_cert(store);
  switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      snprintf(text_out, capacity_bytes, "The server's certificate has expired on");
      join_date(current != NULL ? X509_get0_notAfter(current) : NULL, text_out, capacity_bytes);
      break;
    case X509_V_ERR_CERT_NOT_YET_VALID:
      snprintf(text_out, capacity_bytes, "The server's certificate is not valid before");
      join_date(current != NULL ? X509_get0_notBefore(current) : NULL, text_out, capacity_bytes);
      break;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      snprintf(text_out, capacity_bytes, "The server's certificate is for another host; it names ");
      if (leaf != NULL) join_names(leaf, text_out, capacity_bytes - 1);
      break;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      snprintf(text_out, capacity_bytes,
               "The server's certificate is not trusted: it is signed by itself");
      break;
    default:
      snprintf(text_out, capacity_bytes, "The server's certificate is not trusted: %s",
               X509_verify_cert_error_string(error));
      break;
  }
  join(text_out, capacity_bytes, ".", 1);
}

static bool is_pinned(const ox_tls_config *config, const X509 *certificate) {
  uint8_t digest[32];
  unsigned size;
  if (certificate == NULL || X509_digest(certificate, EVP_sha256(), digest, &size) != 1) {
    return false;
  }
  for (size_t i = 0; i < config->pin_count; i++) {
    if (memcmp(config->pins + 32 * i, digest, 32) == 0) return true;
  }
  return false;
}

int ox_tls_verify(X509_STORE_CTX *store, void *user) {
  (void)user;
  SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
  ox_tls *tls = SSL_get_app_data(ssl);
  if (tls->config->pin_count != 0) {
    if (is_pinned(tls->config, X509_STORE_CTX_get0_cert(store))) {
      X509_STORE_CTX_set_error(store, X509_V_OK);
      return 1;
    }
    X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
    snprintf(tls->text, sizeof tls->text, "The server's certificate is not the pinned one.");
    return 0;
  }
  if (tls->config->skip_verify) {
    X509_STORE_CTX_set_error(store, X509_V_OK);
    return 1;
  }
  int result = X509_verify_cert(store);
  if (result <= 0) ox_tls_describe_verify_error(store, tls->text, sizeof tls->text);
  return result > 0;
}

/* ---- Channel binding and fingerprints ---------------------------------------------------------
 */

/* RFC 5929 4.1: the hash of the certificate's signature, but SHA-256 for MD5 and SHA-1. */
ox_status ox_tls_x509_end_point(const X509 *certificate, uint8_t *value_out, size_t *size_out) {
  int hash_nid;
  *size_out = 0;
  if (X509_get_signature_info((X509 *)certificate, &hash_nid, NULL, NULL, NULL) != 1) {
    ERR_clear_error();
    return OX_E_CERTIFICATE;
  }
  const EVP_MD *hash =
      hash_nid == NID_md5 || hash_nid == NID_sha1 ? EVP_sha256() : EVP_get_digestbynid(hash_nid);
  unsigned size;
  if (hash == NULL || EVP_MD_get_size(hash) > OX_TLS_BINDING_MAX_BYTES ||
      X509_digest(certificate, hash, value_out, &size) != 1) {
    ERR_clear_error();
    return OX_E_CERTIFICATE;
  }
  *size_out = size;
  return OX_OK;
}

ox_status ox_tls_certificate_end_point(ox_bytes der, uint8_t value_out[OX_TLS_BINDING_MAX_BYTES],
                                       size_t *size_out) {
  *size_out = 0;
  if (der.size_bytes > 1024 * 1024) return OX_E_CERTIFICATE;
  const unsigned char *p = der.data;
  X509 *certificate = d2i_X509(NULL, &p, (long)der.size_bytes);
  if (certificate == NULL) {
    ERR_clear_error();
    return OX_E_CERTIFICATE;
  }
  ox_status status = ox_tls_x509_end_point(certificate, value_out, size_out);
  X509_free(certificate);
  return status;
}

ox_status ox_tls_pem_end_point(const char *pem, uint8_t value_out[OX_TLS_BINDING_MAX_BYTES],
                               size_t *size_out) {
  *size_out = 0;
  BIO *bio = BIO_new_mem_buf(pem, -1);
  X509 *certificate = bio != NULL ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
  ox_status status = certificate != NULL ? ox_tls_x509_end_point(certificate, value_out, size_out)
                                         : OX_E_CERTIFICATE;
  X509_free(certificate);
  BIO_free(bio);
  ERR_clear_error();
  return status;
}

ox_status ox_tls_pem_fingerprint(const char *pem, uint8_t sha256_out[32]) {
  BIO *bio = BIO_new_mem_buf(pem, -1);
  X509 *certificate = bio != NULL ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
  unsigned size;
  int ok = certificate != NULL && X509_digest(certificate, EVP_sha256(), sha256_out, &size) == 1;
  X509_free(certificate);
  BIO_free(bio);
  ERR_clear_error();
  return ok ? OX_OK : OX_E_CERTIFICATE;
}

/* ---- Self-signed certificates -----------------------------------------------------------------
 */

static bool dns_name_ok(const char *name) {
  size_t length = strlen(name);
  if (length == 0 || length > 253) return false;
  for (size_t i = 0; i < length; i++) {
    char c = name[i];
    bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '-' || c == '.' || c == '_' || (c == '*' && i == 0);
    if (!ok) return false;
  }
  return true;
}

static bool add_name(GENERAL_NAMES *names, const char *text) {
  uint8_t address[16];
  int type = GEN_DNS;
  ASN1_STRING *value;
  if (inet_pton(AF_INET, text, address) == 1 || inet_pton(AF_INET6, text, address) == 1) {
    type = GEN_IPADD;
    value = ASN1_OCTET_STRING_new();
    if (value == NULL || ASN1_STRING_set(value, address, strchr(text, ':') != NULL ? 16 : 4) != 1) {
      ASN1_STRING_free(value);
      return false;
    }
  } else {
    value = ASN1_IA5STRING_new();
    if (value == NULL || !dns_name_ok(text) || ASN1_STRING_set(value, text, -1) != 1) {
      ASN1_STRING_free(value);
      return false;
    }
  }
  GENERAL_NAME *name = GENERAL_NAME_new();
  if (name == NULL) {
    ASN1_STRING_free(value);
    return false;
  }
  GENERAL_NAME_set0_value(name, type, value);
  if (sk_GENERAL_NAME_push(names, name) == 0) {
    GENERAL_NAME_free(name);
    return false;
  }
  return true;
}

static bool add_names(X509 *certificate, const char *const *names, size_t name_count) {
  GENERAL_NAMES *list = sk_GENERAL_NAME_new_null();
  bool ok = list != NULL;
  for (size_t i = 0; ok && i < name_count; i++) ok = add_name(list, names[i]);
  ok = ok && X509_add1_ext_i2d(certificate, NID_subject_alt_name, list, 0, 0) == 1;
  GENERAL_NAMES_free(list);
  return ok;
}

static bool add_extension(X509 *certificate, int nid, const char *value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
  X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
  bool ok = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return ok;
}

static bool set_serial(X509 *certificate) {
  uint8_t bytes[16];
  if (RAND_bytes(bytes, sizeof bytes) != 1) return false;
  bytes[0] &= 0x7f;
  bytes[0] |= 0x40;
  BIGNUM *number = BN_bin2bn(bytes, sizeof bytes, NULL);
  bool ok =
      number != NULL && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != NULL;
  BN_free(number);
  return ok;
}

static bool fill_certificate(X509 *certificate, EVP_PKEY *key, const char *const *names,
                             size_t name_count, int64_t not_before, unsigned days) {
  time_t start = (time_t)not_before;
  X509_NAME *subject = X509_get_subject_name(certificate);
  /* A common name has at most 64 characters; the alternative names are what counts. */
  char common_name[65];
  snprintf(common_name, sizeof common_name, "%s", names[0]);
  return X509_set_version(certificate, X509_VERSION_3) == 1 && set_serial(certificate) &&
         X509_time_adj_ex(X509_getm_notBefore(certificate), 0, 0, &start) != NULL &&
         X509_time_adj_ex(X509_getm_notAfter(certificate), (int)days, 0, &start) != NULL &&
         X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8,
                                    (const unsigned char *)common_name, -1, -1, 0) == 1 &&
         X509_set_issuer_name(certificate, subject) == 1 &&
         X509_set_pubkey(certificate, key) == 1 && add_names(certificate, names, name_count) &&
         add_extension(certificate, NID_basic_constraints, "critical,CA:FALSE") &&
         add_extension(certificate, NID_key_usage, "critical,digitalSignature") &&
         add_extension(certificate, NID_ext_key_usage, "serverAuth") &&
         add_extension(certificate, NID_subject_key_identifier, "hash") &&
         X509_sign(certificate, key, EVP_sha256()) > 0;
}

/* The text of a memory BIO, in the arena; what the BIO held is wiped. */
static const char *take_text(BIO *bio, ox_arena *arena) {
  char *data;
  long size = BIO_get_mem_data(bio, &data);
  const char *text = size > 0 ? ox_arena_copy(arena, data, (size_t)size) : NULL;
  if (size > 0) OPENSSL_cleanse(data, (size_t)size);
  return text;
}

ox_status ox_tls_make_self_signed(const char *const *names, size_t name_count, int64_t not_before,
                                  unsigned days, ox_arena *arena, const char **certificate_pem_out,
                                  const char **key_pem_out, ox_error *err) {
  *certificate_pem_out = NULL;
  *key_pem_out = NULL;
  uint8_t address[16];
  for (size_t i = 0; i < name_count; i++) {
    if (!dns_name_ok(names[i]) && inet_pton(AF_INET6, names[i], address) != 1) {
      return ox_error_setf(err, OX_E_USAGE, "\"%.100s\" cannot stand in a certificate.", names[i]);
    }
  }
  if (name_count == 0) return ox_error_set(err, OX_E_USAGE, "A certificate needs a name.");
  if (not_before == 0) not_before = (int64_t)time(NULL) - 3600;
  if (days == 0) days = 3650;
  if (days > 36500) return ox_error_set(err, OX_E_USAGE, "A century is the longest validity.");
  ERR_clear_error();
  EVP_PKEY *key = EVP_EC_gen("P-256");
  X509 *certificate = X509_new();
  BIO *certificate_bio = BIO_new(BIO_s_mem()), *key_bio = BIO_new(BIO_s_mem());
  bool ok = key != NULL && certificate != NULL && certificate_bio != NULL && key_bio != NULL &&
            fill_certificate(certificate, key, names, name_count, not_before, days) &&
            PEM_write_bio_X509(certificate_bio, certificate) == 1 &&
            PEM_write_bio_PrivateKey(key_bio, key, NULL, NULL, 0, NULL, NULL) == 1;
  ox_status status = OX_OK;
  if (ok) {
    *certificate_pem_out = take_text(certificate_bio, arena);
    *key_pem_out = take_text(key_bio, arena);
    if (*certificate_pem_out == NULL || *key_pem_out == NULL) {
      *certificate_pem_out = *key_pem_out = NULL;
      status = ox_error_set(err, OX_E_NO_MEMORY, NULL);
    }
  } else {
    char text[OX_ERROR_TEXT_BYTES];
    ox_tls_describe_errors(text, sizeof text, "The certificate cannot be made");
    status = ox_error_set(err, OX_E_TLS, text);
  }
  BIO_free(certificate_bio);
  BIO_free(key_bio);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return status;
}
