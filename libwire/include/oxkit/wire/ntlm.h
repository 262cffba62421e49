/* NTLM, client and server: messages, NTLMv2 with MIC, channel bindings and key exchange, and
 * session security. Sans-I/O; HTTP, SMTP, IMAP, POP3 and RPC carry the tokens.
 *
 * A client:  ox_ntlm_client_new, _negotiate -> send, receive challenge -> _authenticate -> send.
 * A server:  ox_ntlm_server_new, _challenge -> send, receive -> _authenticate gives user and
 *            domain, the host looks up the NT hash, _verify decides. */
#ifndef OXKIT_WIRE_NTLM_H
#define OXKIT_WIRE_NTLM_H

#include <oxkit/ropcodec/memory.h>
#include <oxkit/ropcodec/writer.h>
#include <oxkit/wire/environment.h>

OX_BEGIN_DECLS

/** Largest NTLM message taken, in bytes. */
#define OX_NTLM_MESSAGE_MAX_BYTES 16384u
#define OX_NTLM_HASH_BYTES 16u
#define OX_NTLM_CHALLENGE_BYTES 8u
/** Size of a message signature. @spec [MS-NLMP] 2.2.2.9 */
#define OX_NTLM_SIGNATURE_BYTES 16u

/* NEGOTIATE flags. @spec [MS-NLMP] 2.2.2.5 */
#define OX_NTLM_NEGOTIATE_UNICODE 0x00000001u
#define OX_NTLM_NEGOTIATE_OEM 0x00000002u
#define OX_NTLM_REQUEST_TARGET 0x00000004u
#define OX_NTLM_NEGOTIATE_SIGN 0x00000010u
#define OX_NTLM_NEGOTIATE_SEAL 0x00000020u
#define OX_NTLM_NEGOTIATE_DATAGRAM 0x00000040u
#define OX_NTLM_NEGOTIATE_LM_KEY 0x00000080u
#define OX_NTLM_NEGOTIATE_NTLM 0x00000200u
#define OX_NTLM_ANONYMOUS 0x00000800u
#define OX_NTLM_DOMAIN_SUPPLIED 0x00001000u
#define OX_NTLM_WORKSTATION_SUPPLIED 0x00002000u
#define OX_NTLM_ALWAYS_SIGN 0x00008000u
#define OX_NTLM_TARGET_TYPE_DOMAIN 0x00010000u
#define OX_NTLM_TARGET_TYPE_SERVER 0x00020000u
#define OX_NTLM_EXTENDED_SESSION_SECURITY 0x00080000u
#define OX_NTLM_IDENTIFY 0x00100000u
#define OX_NTLM_REQUEST_NON_NT_SESSION_KEY 0x00400000u
#define OX_NTLM_TARGET_INFO 0x00800000u
#define OX_NTLM_VERSION 0x02000000u
#define OX_NTLM_128 0x20000000u
#define OX_NTLM_KEY_EXCH 0x40000000u
#define OX_NTLM_56 0x80000000u

/* Identifiers of AV_PAIRs. @spec [MS-NLMP] 2.2.2.1 */
#define OX_NTLM_AV_EOL 0u
#define OX_NTLM_AV_NB_COMPUTER_NAME 1u
#define OX_NTLM_AV_NB_DOMAIN_NAME 2u
#define OX_NTLM_AV_DNS_COMPUTER_NAME 3u
#define OX_NTLM_AV_DNS_DOMAIN_NAME 4u
#define OX_NTLM_AV_DNS_TREE_NAME 5u
#define OX_NTLM_AV_FLAGS 6u
#define OX_NTLM_AV_TIMESTAMP 7u
#define OX_NTLM_AV_SINGLE_HOST 8u
#define OX_NTLM_AV_TARGET_NAME 9u
#define OX_NTLM_AV_CHANNEL_BINDINGS 10u

/** Bit of MsvAvFlags: the AUTHENTICATE_MESSAGE carries a MIC. */
#define OX_NTLM_AV_FLAG_MIC 0x00000002u

/* ---- Messages ---------------------------------------------------------------------------- */

/** NEGOTIATE_MESSAGE. Names are OEM text. @spec [MS-NLMP] 2.2.1.1 */
typedef struct ox_ntlm_negotiate_message {
  uint32_t negotiate_flags;
  ox_str8 domain_name;
  ox_str8 workstation;
  uint8_t version[8];
} ox_ntlm_negotiate_message;

/** CHALLENGE_MESSAGE. `target_name` is UTF-16LE or OEM as the flags say. @spec [MS-NLMP] 2.2.1.2 */
typedef struct ox_ntlm_challenge_message {
  ox_bytes target_name;
  uint32_t negotiate_flags;
  uint8_t server_challenge[OX_NTLM_CHALLENGE_BYTES];
  ox_bytes target_info; /**< AV_PAIRs; empty without OX_NTLM_TARGET_INFO */
  uint8_t version[8];
} ox_ntlm_challenge_message;

/** AUTHENTICATE_MESSAGE. Names are UTF-16LE or OEM as the flags say. @spec [MS-NLMP] 2.2.1.3 */
typedef struct ox_ntlm_authenticate_message {
  ox_bytes lm_challenge_response;
  ox_bytes nt_challenge_response;
  ox_bytes domain_name;
  ox_bytes user_name;
  ox_bytes workstation;
  ox_bytes encrypted_random_session_key;
  uint32_t negotiate_flags;
  uint8_t version[8];
  bool has_mic; /**< there is room for one before the payload */
  uint8_t mic[16];
} ox_ntlm_authenticate_message;

/** Decoders keep views into `message`.
 *  @return OX_OK, OX_E_TRUNCATED, OX_E_MALFORMED, OX_E_LIMIT (over OX_NTLM_MESSAGE_MAX_BYTES) */
OX_EXPORT OX_WARN_UNUSED ox_status ox_ntlm_negotiate_decode(ox_bytes message,
                                                            ox_ntlm_negotiate_message *out,
                                                            ox_error *err);
OX_EXPORT OX_WARN_UNUSED ox_status ox_ntlm_challenge_decode(ox_bytes message,
                                                            ox_ntlm_challenge_message *out,
                                                            ox_error *err);
OX_EXPORT OX_WARN_UNUSED ox_status ox_ntlm_authenticate_decode(ox_bytes message,
                                                               ox_ntlm_authenticate_message *out,
                                                               ox_error *err);

/** Encoders append one message; failures are the writer's. */
OX_EXPORT void ox_ntlm_negotiate_encode(ox_writer *w, const ox_ntlm_negotiate_message *message);
OX_EXPORT void ox_ntlm_challenge_encode(ox_writer *w, const ox_ntlm_challenge_message *message);
OX_EXPORT void ox_ntlm_authenticate_encode(ox_writer *w,
                                           const ox_ntlm_authenticate_message *message);

/** Finds one AV_PAIR in a list; false when it is not there or the list is broken before it.
 *  @spec [MS-NLMP] 2.2.2.1 */
OX_EXPORT bool ox_ntlm_av_find(ox_bytes list, uint16_t av_id, ox_bytes *value_out);

/* ---- Computations of [MS-NLMP] 3.3 and 3.4 ------------------------------------------------- */

/** MD4 of the password in UTF-16LE; what a directory stores for NTLM. @param password UTF-8
 *  @return OX_OK, OX_E_NO_MEMORY  @spec [MS-NLMP] 3.3.1 (NTOWFv1) */
OX_EXPORT OX_WARN_UNUSED ox_status ox_ntlm_nt_hash(const char *password,
                                                   uint8_t hash_out[OX_NTLM_HASH_BYTES]);

/** NTOWFv2. The user name is upper-cased here. @spec [MS-NLMP] 3.3.2
 *  @return OX_OK, OX_E_NO_MEMORY */
OX_EXPORT OX_WARN_UNUSED ox_status ox_ntlm_owf_v2(const uint8_t nt_hash[OX_NTLM_HASH_BYTES],
                                                  ox_str16 user, ox_str16 domain,
                                                  uint8_t key_out[OX_NTLM_HASH_BYTES]);

/** NTLMv1 response (24 bytes): DESL of an 8-byte challenge under the NT hash.
 *  @spec [MS-NLMP] 3.3.1  @return OX_OK, OX_E_NO_SUPPORT (no DES in the OpenSSL at hand) */
OX_EXPORT OX_WARN_UNUSED ox_status ox_ntlm_v1_response(const uint8_t nt_hash[OX_NTLM_HASH_BYTES],
                                                       const uint8_t challenge[8],
                                                       uint8_t response_out[24]);

/** The 16 bytes of MsvAvChannelBindings for application data such as "tls-server-end-point:" and
 *  the certificate's hash. @spec [MS-NLMP] 3.1.5.1.2, RFC 2744 3.11, RFC 5929 4.1 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_ntlm_channel_bindings_hash(ox_bytes application_data,
                                                                 uint8_t hash_out[16]);

/** Session security of an authenticated exchange: signing and sealing with its own sequence
 *  numbers for each direction. @spec [MS-NLMP] 3.4 */
typedef struct ox_ntlm_session ox_ntlm_session;

/** @param exported_session_key  of the exchange
 *  @param client                which end this is
 *  @return NULL when out of memory */
OX_EXPORT ox_ntlm_session *ox_ntlm_session_new(const ox_allocator *allocator,
                                               uint32_t negotiate_flags,
                                               const uint8_t exported_session_key[16], bool client);
OX_EXPORT void ox_ntlm_session_free(ox_ntlm_session *session);

/** Signs a message of this end. @spec [MS-NLMP] 3.4.2, 3.4.4 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_ntlm_session_sign(
    ox_ntlm_session *session, ox_bytes message, uint8_t signature_out[OX_NTLM_SIGNATURE_BYTES]);
/** Signs the plain text and encrypts it in place. @spec [MS-NLMP] 3.4.3 */
OX_EXPORT OX_WARN_UNUSED ox_status
ox_ntlm_session_seal(ox_ntlm_session *session, uint8_t *data, size_t size_bytes,
                     uint8_t signature_out[OX_NTLM_SIGNATURE_BYTES]);
/** Checks a signature of the peer. @return OX_OK, OX_E_PROTOCOL (wrong or out of sequence) */
OX_EXPORT OX_WARN_UNUSED ox_status
ox_ntlm_session_verify(ox_ntlm_session *session, ox_bytes message,
                       const uint8_t signature[OX_NTLM_SIGNATURE_BYTES], ox_error *err);
/** Decrypts in place and checks. @return OX_OK, OX_E_PROTOCOL (then the data is wiped) */
OX_EXPORT OX_WARN_UNUSED ox_status
ox_ntlm_session_unseal(ox_ntlm_session *session, uint8_t *data, size_t size_bytes,
                       const uint8_t signature[OX_NTLM_SIGNATURE_BYTES], ox_error *err);

/* ---- Client ---------------------------------------------------------------------------------- */

typedef struct ox_ntlm_client ox_ntlm_client;

typedef struct ox_ntlm_client_options {
  size_t struct_size;
  const ox_allocator *allocator;     /**< NULL: C library */
  const ox_environment *environment; /**< NULL: the system's */
  const char *user;                  /**< UTF-8: "alice", "alice@example.test" or "DOMAIN\\alice" */
  const char *domain;                /**< NULL: taken from DOMAIN\user, else empty */
  const char *password;     /**< UTF-8; not kept, only its hash; NULL when nt_hash is given */
  const uint8_t *nt_hash;   /**< 16 bytes, or NULL */
  const char *workstation;  /**< may be NULL */
  const char *target_name;  /**< service principal name, "HTTP/mail.example.test"; may be NULL */
  ox_bytes channel_binding; /**< application data, "tls-server-end-point:" and hash; may be empty */
  bool sign;                /**< ask for session security */
  bool seal;
} ox_ntlm_client_options;
#define OX_NTLM_CLIENT_OPTIONS_INIT \
  { .struct_size = sizeof(ox_ntlm_client_options) }

/** @return OX_OK, OX_E_USAGE, OX_E_NO_MEMORY */
OX_EXPORT OX_WARN_UNUSED ox_status ox_ntlm_client_new(const ox_ntlm_client_options *options,
                                                      ox_ntlm_client **out, ox_error *err);
/** Wipes the secrets. NULL is fine. */
OX_EXPORT void ox_ntlm_client_free(ox_ntlm_client *client);

/** The first message. `message_out` lives until the next call. Starts over when called again. */
OX_EXPORT OX_WARN_UNUSED ox_status ox_ntlm_client_negotiate(ox_ntlm_client *client,
                                                            ox_bytes *message_out, ox_error *err);
/** The answer to a challenge: NTLMv2 with MIC, or without a MIC where the server sent no timestamp.
 *  @return OX_OK, OX_E_TRUNCATED, OX_E_MALFORMED, OX_E_PROTOCOL (a server that would need NTLMv1),
 *          OX_E_USAGE (no negotiate before), OX_E_NO_MEMORY, OX_E_IO (no randomness) */
OX_EXPORT OX_WARN_UNUSED ox_status ox_ntlm_client_authenticate(ox_ntlm_client *client,
                                                               ox_bytes challenge,
                                                               ox_bytes *message_out,
                                                               ox_error *err);
/** Session security after authenticate; the caller frees it. NULL when sign and seal were not
 *  asked for or not granted. */
OX_EXPORT ox_ntlm_session *ox_ntlm_client_session(const ox_ntlm_client *client);

/* ---- Server ---------------------------------------------------------------------------------- */

typedef struct ox_ntlm_server ox_ntlm_server;

typedef struct ox_ntlm_server_options {
  size_t struct_size;
  const ox_allocator *allocator;
  const ox_environment *environment;
  const char *netbios_computer; /**< UTF-8, "MAIL" */
  const char *netbios_domain;   /**< "EXAMPLE" */
  const char *dns_computer;     /**< "mail.example.test" */
  const char *dns_domain;       /**< "example.test"; may be NULL */
  ox_bytes channel_binding;     /**< application data of this connection; empty: do not compare */
  bool require_channel_binding; /**< refuse clients that send none */
  bool allow_ntlm_v1;           /**< default: refused */
} ox_ntlm_server_options;
#define OX_NTLM_SERVER_OPTIONS_INIT \
  { .struct_size = sizeof(ox_ntlm_server_options) }

/** @return OX_OK, OX_E_USAGE, OX_E_NO_MEMORY */
OX_EXPORT OX_WARN_UNUSED ox_status ox_ntlm_server_new(const ox_ntlm_server_options *options,
                                                      ox_ntlm_server **out, ox_error *err);
OX_EXPORT void ox_ntlm_server_free(ox_ntlm_server *server);

/** Answers a NEGOTIATE_MESSAGE; starts over when called again. `message_out` lives until the next
 *  call. @return OX_OK, a decoder's status, OX_E_NO_SUPPORT (no Unicode), OX_E_NO_MEMORY, OX_E_IO
 */
OX_EXPORT OX_WARN_UNUSED ox_status ox_ntlm_server_challenge(ox_ntlm_server *server,
                                                            ox_bytes negotiate,
                                                            ox_bytes *message_out, ox_error *err);

/** Takes an AUTHENTICATE_MESSAGE and tells whose NT hash is needed. Nothing is proven yet.
 *  @param user_out, domain_out  UTF-8, live until the next call
 *  @return OX_OK, a decoder's status, OX_E_USAGE (no challenge before),
 *          OX_E_LOGON_FAILED (anonymous, LM, or NTLMv1 where that is refused) */
OX_EXPORT OX_WARN_UNUSED ox_status ox_ntlm_server_authenticate(ox_ntlm_server *server,
                                                               ox_bytes authenticate,
                                                               const char **user_out,
                                                               const char **domain_out,
                                                               ox_error *err);

/** Decides: response, channel binding, MIC. The challenge is spent whatever the result.
 *  @return OX_OK, OX_E_LOGON_FAILED, OX_E_USAGE */
OX_EXPORT OX_WARN_UNUSED ox_status ox_ntlm_server_verify(ox_ntlm_server *server,
                                                         const uint8_t nt_hash[OX_NTLM_HASH_BYTES],
                                                         ox_error *err);
/** True when the client proved its messages with a MIC; after verify. */
OX_EXPORT bool ox_ntlm_server_had_mic(const ox_ntlm_server *server);
/** Session security after verify; the caller frees it. NULL when none was negotiated. */
OX_EXPORT ox_ntlm_session *ox_ntlm_server_session(const ox_ntlm_server *server);

OX_END_DECLS

#endif
