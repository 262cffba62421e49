/* Autodiscover, the plain XML (POX) dialect: messages, server and client.
 *
 * The XML layer and the server's answer need no network; the client asks an ox_autodiscover_http,
 * which a host supplies (libwire's HTTP client through <oxkit/directory/wire.h>).
 * @spec [MS-OXDSCLI], [MS-OXDISCO] */
#ifndef OXKIT_DIRECTORY_AUTODISCOVER_H
#define OXKIT_DIRECTORY_AUTODISCOVER_H

#include <oxkit/directory/directory.h>

OX_BEGIN_DECLS

/** AcceptableResponseSchema and the response's own namespace. */
#define OX_AUTODISCOVER_RESPONSE_SCHEMA \
  "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"
#define OX_AUTODISCOVER_REQUEST_SCHEMA \
  "http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"
#define OX_AUTODISCOVER_ENVELOPE_SCHEMA \
  "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006"

/** Path of the service; servers match it without regard to case. */
#define OX_AUTODISCOVER_PATH "/autodiscover/autodiscover.xml"

/** Largest request a server reads, in bytes. */
#define OX_AUTODISCOVER_REQUEST_MAX_BYTES ((size_t)64 * 1024)
/** Largest response a client reads, in bytes. */
#define OX_AUTODISCOVER_RESPONSE_MAX_BYTES ((size_t)1024 * 1024)
/** Nesting of elements that is read. */
#define OX_AUTODISCOVER_DEPTH_MAX 32
/** Protocol sections (or alternative mailboxes) of one response that are read. */
#define OX_AUTODISCOVER_SECTIONS_MAX 64
/** Redirections that a client follows. */
#define OX_AUTODISCOVER_REDIRECTS_MAX 10

/* All strings of decoded messages are UTF-8 in the arena; NULL when the element is absent. */

/** Request/... @spec [MS-OXDSCLI] 2.2.3 */
typedef struct ox_autodiscover_request {
  const char *email_address;              /**< EMailAddress; or legacy_dn */
  const char *legacy_dn;                  /**< LegacyDN */
  const char *acceptable_response_schema; /**< AcceptableResponseSchema */
  /** X-MapiHttpCapability: highest version of the mapiHttp section that is understood; 0 when the
   *  header is absent. Travels in the HTTP header, not in the XML. */
  uint32_t mapi_http_capability;
} ox_autodiscover_request;

/** MailStore, AddressBook: MAPI over HTTP. */
typedef struct ox_autodiscover_urls {
  const char *internal_url;
  const char *external_url;
} ox_autodiscover_urls;

/** Account/Protocol: the elements that it may hold, spelled as in the specification. The value of
 *  one is protocol->values[OX_AD_...]. */
typedef enum ox_autodiscover_value {
  OX_AD_TYPE, /**< Type: "EXCH", "EXPR", "EXHTTP", "WEB"; of mapiHttp sections: the attribute */
  OX_AD_SERVER,
  OX_AD_SERVER_DN,
  OX_AD_SERVER_VERSION,
  OX_AD_MDB_DN,
  OX_AD_PUBLIC_FOLDER_SERVER,
  OX_AD_AD,
  OX_AD_PORT,
  OX_AD_DIRECTORY_PORT,
  OX_AD_REFERRAL_PORT,
  OX_AD_AS_URL, /**< availability service */
  OX_AD_EWS_URL,
  OX_AD_EMWS_URL,
  OX_AD_SHARING_URL,
  OX_AD_ECP_URL,
  OX_AD_ECP_URL_UM,
  OX_AD_ECP_URL_AGGR,
  OX_AD_ECP_URL_MT,
  OX_AD_ECP_URL_RET,
  OX_AD_ECP_URL_SMS,
  OX_AD_ECP_URL_PUBLISH,
  OX_AD_ECP_URL_PHOTO,
  OX_AD_ECP_URL_CONNECT,
  OX_AD_ECP_URL_TM,
  OX_AD_ECP_URL_TM_CREATING,
  OX_AD_ECP_URL_TM_EDITING,
  OX_AD_ECP_URL_TM_HIDING,
  OX_AD_ECP_URL_EXTINSTALL,
  OX_AD_OOF_URL,
  OX_AD_UM_URL,
  OX_AD_OAB_URL,
  OX_AD_EWS_PARTNER_URL,
  OX_AD_LOGIN_NAME,
  OX_AD_DOMAIN_REQUIRED,
  OX_AD_DOMAIN_NAME,
  OX_AD_SPA,
  OX_AD_AUTH_PACKAGE,
  OX_AD_CERT_PRINCIPAL_NAME,
  OX_AD_SSL,
  OX_AD_AUTH_REQUIRED,
  OX_AD_USE_POP_AUTH,
  OX_AD_SMTP_LAST,
  OX_AD_NETWORK_REQUIREMENTS,
  OX_AD_TTL,
  OX_AD_SERVER_EXCLUSIVE_CONNECT,
  OX_AD_GROUPING_INFORMATION,
  OX_AD_SITE_MAILBOX_CREATION_URL,
  OX_AD_VALUE_COUNT
} ox_autodiscover_value;

/** One Protocol section. @spec [MS-OXDSCLI] 2.2.4.1.1.2 */
typedef struct ox_autodiscover_protocol {
  const char *values[OX_AD_VALUE_COUNT];
  bool is_mapi_http; /**< has the attribute Type="mapiHttp" */
  uint32_t version;  /**< attribute Version of a mapiHttp section */
  ox_autodiscover_urls mail_store;
  ox_autodiscover_urls address_book;
  /** WEB: OWAUrl of Internal and External with their AuthenticationMethod, "Basic, Fba". */
  const char *internal_owa_url;
  const char *internal_owa_auth;
  const char *external_owa_url;
  const char *external_owa_auth;
  /** Internal and External may carry a Protocol of their own (Type and ASUrl). */
  const char *internal_as_url;
  const char *external_as_url;
} ox_autodiscover_protocol;

/** AlternativeMailbox. @spec [MS-OXDSCLI] 2.2.4.1.1.2.2 */
typedef struct ox_autodiscover_mailbox {
  const char *type;
  const char *display_name;
  const char *legacy_dn;
  const char *server;
  const char *smtp_address;
  const char *owner_smtp_address;
} ox_autodiscover_mailbox;

/** A response: an error, or a user and an account. @spec [MS-OXDSCLI] 2.2.4.1 */
typedef struct ox_autodiscover_response {
  /** Error: 0 when there is none; 500, 501, 600, 601, 602, 603. */
  uint32_t error_code;
  const char *error_time;
  const char *error_id;
  const char *error_message;
  const char *error_debug_data;
  /* User */
  const char *display_name;
  const char *legacy_dn;
  const char *deployment_id;
  const char *auto_discover_smtp_address;
  /* Account */
  const char *account_type;     /**< "email" */
  const char *action;           /**< "settings", "redirectAddr", "redirectUrl" */
  const char *microsoft_online; /**< "True", "False" */
  const char *consumer_mailbox;
  const char *redirect_addr;
  const char *redirect_url;
  const char *image;
  const char *service_home;
  const char *public_folder_smtp_address; /**< PublicFolderInformation/SmtpAddress */
  ox_autodiscover_protocol *protocols;
  size_t protocol_count;
  ox_autodiscover_mailbox *alternative_mailboxes;
  size_t alternative_mailbox_count;
} ox_autodiscover_response;

/** Reads a request. Entities, document types and network access are refused.
 *  @return OX_OK, OX_E_MALFORMED (not this XML), OX_E_LIMIT (size, depth), OX_E_NO_MEMORY */
OX_EXPORT OX_WARN_UNUSED ox_status ox_autodiscover_request_parse(ox_bytes xml, ox_arena *arena,
                                                                 ox_autodiscover_request *out,
                                                                 ox_error *err);
/** Writes a request as UTF-8 XML in the arena. */
OX_EXPORT OX_WARN_UNUSED ox_status ox_autodiscover_request_build(const ox_autodiscover_request *in,
                                                                 ox_arena *arena, ox_bytes *xml_out,
                                                                 ox_error *err);
/** Reads a response; elements that the tables do not have are skipped.
 *  @return OX_OK, OX_E_MALFORMED, OX_E_LIMIT, OX_E_NO_MEMORY */
OX_EXPORT OX_WARN_UNUSED ox_status ox_autodiscover_response_parse(ox_bytes xml, ox_arena *arena,
                                                                  ox_autodiscover_response *out,
                                                                  ox_error *err);
OX_EXPORT OX_WARN_UNUSED ox_status ox_autodiscover_response_build(
    const ox_autodiscover_response *in, ox_arena *arena, ox_bytes *xml_out, ox_error *err);
/** The element of a value, "ServerDN"; NULL past the last. Static string. */
OX_EXPORT const char *ox_autodiscover_value_name(ox_autodiscover_value value);
/** The first mapiHttp section; NULL when there is none. */
OX_EXPORT const ox_autodiscover_protocol *ox_autodiscover_mapi_http(
    const ox_autodiscover_response *response);

/* --- Server ----------------------------------------------------------------------------------- */

/** What a server advertises. Strings must live as long as the server. */
typedef struct ox_autodiscover_server_options {
  size_t struct_size;
  const char *mail_store_url;   /**< "https://host/mapi/emsmdb/"; NULL: no mapiHttp section. The
                                   user's "?MailboxId=GUID@DOMAIN" is appended */
  const char *address_book_url; /**< "https://host/mapi/nspi/" */
  bool exch_runs;               /**< advertise EXCH: RPC over TCP runs */
  bool expr_runs;               /**< advertise EXPR: RPC over HTTP runs */
  const char *rpc_server;       /**< host of EXPR, with port when it is not 443 */
  const char *ews_url;          /**< NULL where EWS does not run; likewise below */
  const char *oab_url;
  const char *owa_url;
  const char *deployment_id; /**< NULL: the directory's GUID */
  const char *redirect_url;  /**< when set, answer redirectUrl for users of other domains */
} ox_autodiscover_server_options;
#define OX_AUTODISCOVER_SERVER_OPTIONS_INIT \
  { .struct_size = sizeof(ox_autodiscover_server_options) }

/** Answers one authenticated request; pure but for lookups in the directory (blocking).
 *  @param caller                who asked; settings are given to any authenticated caller
 *  @param mapi_http_capability  value of X-MapiHttpCapability, 0 when absent or no number
 *  @param xml_out               body of the HTTP 200 answer, text/xml, in the arena; bad requests
 *                               and unknown users get the error bodies of [MS-OXDSCLI]
 *  @return OX_OK, OX_E_NO_MEMORY, OX_E_DISK_ERROR
 *  @spec [MS-OXDSCLI] 3.2.5, 2.2.4.1.1.3 */
OX_EXPORT OX_WARN_UNUSED ox_status
ox_autodiscover_answer(ox_directory *directory, const ox_autodiscover_server_options *options,
                       const ox_caller *caller, ox_bytes request, uint32_t mapi_http_capability,
                       ox_arena *arena, ox_bytes *xml_out, ox_error *err);

/* --- Client ----------------------------------------------------------------------------------- */

/** One HTTP exchange, as the client wants it. No redirect is followed by the transport. */
typedef struct ox_autodiscover_http_request {
  size_t struct_size;
  const char *method; /**< "GET", "POST" */
  const char *url;
  bool send_credentials; /**< false for the unauthenticated GET that only asks for a redirect */
  uint32_t mapi_http_capability; /**< header X-MapiHttpCapability; 0: none */
  ox_bytes body;                 /**< text/xml; charset=utf-8 */
  uint64_t deadline_ms;
  size_t max_body_bytes;
} ox_autodiscover_http_request;

typedef struct ox_autodiscover_http_response {
  size_t struct_size;
  uint32_t http_status;
  const char *location; /**< header Location, NULL when absent */
  ox_bytes body;
} ox_autodiscover_http_response;

/** Blocking. Results live in the arena. A status that is not OX_OK means no HTTP answer came. */
typedef struct ox_autodiscover_http ox_autodiscover_http;
struct ox_autodiscover_http {
  size_t struct_size;
  ox_status (*exchange)(ox_autodiscover_http *http, const ox_autodiscover_http_request *request,
                        ox_arena *arena, ox_autodiscover_http_response *out, ox_error *err);
  void *user;
};

/** Told about each step: what is tried ("POST https://...") and how it ended, in one line. */
typedef void (*ox_autodiscover_trace)(void *user, const char *step, ox_status status,
                                      const char *outcome);

typedef struct ox_autodiscover_client_options {
  size_t struct_size;
  const char *first_url; /**< tried before the well-known URLs; NULL for none */
  bool only_first_url;   /**< do not try the well-known URLs */
  uint64_t deadline_ms;  /**< for each exchange; OX_NO_DEADLINE for none */
  /** Asked before credentials go to another host that an unauthenticated redirect named; NULL
   *  refuses all such redirects but those within the mail domain. */
  bool (*allow_redirect)(void *user, const char *from_url, const char *to_url);
  ox_autodiscover_trace trace;
  void *user;
} ox_autodiscover_client_options;
#define OX_AUTODISCOVER_CLIENT_OPTIONS_INIT \
  { .struct_size = sizeof(ox_autodiscover_client_options), .deadline_ms = OX_NO_DEADLINE }

/** Finds a user's settings: the well-known URLs of the mail domain in their order, following
 *  redirects to other URLs and other addresses, https only.
 *  @param out  settings, in the arena
 *  @return OX_OK; OX_E_NOT_FOUND when nothing answered; OX_E_LOGON_FAILED when a server refused
 *          the credentials; OX_E_REMOTE with err->remote_code = ErrorCode; OX_E_LIMIT (redirects);
 *          OX_E_USAGE (no mail address); what the transport said last
 *  @spec [MS-OXDISCO] 3.1.5, [MS-OXDSCLI] 3.1.5 */
OX_EXPORT OX_WARN_UNUSED ox_status
ox_autodiscover_discover(ox_autodiscover_http *http, const char *email_address,
                         const ox_autodiscover_client_options *options, ox_arena *arena,
                         ox_autodiscover_response *out, ox_error *err);

OX_END_DECLS

#endif
