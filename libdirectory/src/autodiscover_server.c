/* The answer of an Autodiscover server. @spec [MS-OXDSCLI] 3.2.5 */
#include <oxkit/directory/autodiscover.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "directory_internal.h"

/* The highest version of the mapiHttp section that is written. @spec [MS-OXDSCLI] 2.2.4.1.1.2.6 */
enum { MAPI_HTTP_VERSION = 1 };

/* Joins up to five texts in the arena; NULL when out of memory. */
static const char *join(ox_arena *arena, const char *a, const char *b, const char *c,
                        const char *d) {
  size_t size = strlen(a) + strlen(b) + strlen(c) + strlen(d) + 1;
  char *text = ox_arena_alloc(arena, size);
  if (text != NULL) snprintf(text, size, "%s%s%s%s", a, b, c, d);
  return text;
}

static const char *domain_of(const char *address) {
  const char *at = address != NULL ? strrchr(address, '@') : NULL;
  return at != NULL ? at + 1 : NULL;
}

static ox_status answer_error(uint32_t code, const char *message, ox_arena *arena,
                              ox_bytes *xml_out, ox_error *err) {
  char clock_text[32], id[16];
  struct timespec now;
  struct tm parts;
  clock_gettime(CLOCK_REALTIME, &now);
  gmtime_r(&now.tv_sec, &parts);
  snprintf(clock_text, sizeof clock_text, "%02d:%02d:%02d.%07ld", parts.tm_hour, parts.tm_min,
           parts.tm_sec, now.tv_nsec / 100);
  snprintf(id, sizeof id, "%lu", (unsigned long)(now.tv_nsec ^ now.tv_sec) & 0x7FFFFFFFul);
  ox_autodiscover_response response = {
      .error_code = code, .error_time = clock_text, .error_id = id, .error_message = message};
  return ox_autodiscover_response_build(&response, arena, xml_out, err);
}

/* What the sections of one user are made of. */
typedef struct account {
  const ox_autodiscover_server_options *options;
  const ox_directory_entry *entry;
  const char *mailbox_id; /* GUID@DOMAIN */
  const char *server_dn;
} account;

static void common_urls(const account *a, ox_autodiscover_protocol *out) {
  out->values[OX_AD_AS_URL] = a->options->ews_url;
  out->values[OX_AD_OOF_URL] = a->options->ews_url;
  out->values[OX_AD_EWS_URL] = a->options->ews_url;
  out->values[OX_AD_OAB_URL] = a->options->oab_url;
}

static ox_status add_mapi_http(const account *a, uint32_t capability, ox_arena *arena,
                               ox_autodiscover_response *out) {
  ox_autodiscover_protocol *protocol = &out->protocols[out->protocol_count++];
  const char *url = a->options->mail_store_url;
  const char *joint = strchr(url, '?') != NULL ? "&MailboxId=" : "?MailboxId=";
  const char *store = join(arena, url, joint, a->mailbox_id, "");
  const char *book = a->options->address_book_url;
  if (store == NULL) return OX_E_NO_MEMORY;
  if (book != NULL) {
    joint = strchr(book, '?') != NULL ? "&MailboxId=" : "?MailboxId=";
    book = join(arena, book, joint, a->mailbox_id, "");
    if (book == NULL) return OX_E_NO_MEMORY;
  }
  protocol->is_mapi_http = true;
  protocol->version = capability < MAPI_HTTP_VERSION ? capability : MAPI_HTTP_VERSION;
  protocol->mail_store = (ox_autodiscover_urls){store, store};
  protocol->address_book = (ox_autodiscover_urls){book, book};
  return OX_OK;
}

static ox_status add_exch(const account *a, ox_arena *arena, ox_autodiscover_response *out) {
  ox_autodiscover_protocol *protocol = &out->protocols[out->protocol_count++];
  const char *mdb = join(arena, a->server_dn, "/cn=Microsoft Private MDB", "", "");
  if (mdb == NULL) return OX_E_NO_MEMORY;
  protocol->values[OX_AD_TYPE] = "EXCH";
  protocol->values[OX_AD_SERVER] = a->mailbox_id;
  protocol->values[OX_AD_SERVER_DN] = a->server_dn;
  protocol->values[OX_AD_MDB_DN] = mdb;
  protocol->values[OX_AD_AUTH_PACKAGE] = "Ntlm";
  common_urls(a, protocol);
  return OX_OK;
}

static void add_expr(const account *a, ox_autodiscover_response *out) {
  ox_autodiscover_protocol *protocol = &out->protocols[out->protocol_count++];
  protocol->values[OX_AD_TYPE] = "EXPR";
  protocol->values[OX_AD_SERVER] = a->options->rpc_server;
  protocol->values[OX_AD_SSL] = "On";
  protocol->values[OX_AD_AUTH_PACKAGE] = "Ntlm";
  common_urls(a, protocol);
}

static void add_web(const account *a, ox_autodiscover_response *out) {
  ox_autodiscover_protocol *protocol = &out->protocols[out->protocol_count++];
  protocol->values[OX_AD_TYPE] = "WEB";
  protocol->external_owa_url = a->options->owa_url;
  protocol->external_owa_auth = "Basic";
  protocol->external_as_url = a->options->ews_url;
}

static ox_status fill_settings(ox_directory *directory, const account *a, uint32_t capability,
                               ox_arena *arena, ox_autodiscover_response *out) {
  const ox_autodiscover_server_options *options = a->options;
  ox_status status = OX_OK;
  out->display_name = a->entry->display_name;
  out->legacy_dn = a->entry->legacy_dn;
  out->auto_discover_smtp_address = a->entry->smtp_address;
  out->deployment_id = options->deployment_id;
  if (out->deployment_id == NULL) {
    char text[OX_GUID_TEXT_BYTES];
    ox_guid guid;
    ox_directory_guid(directory, &guid);
    ox_guid_format(&guid, text);
    out->deployment_id = ox_arena_strdup(arena, text);
  }
  out->account_type = "email";
  out->action = "settings";
  out->microsoft_online = "False";
  out->protocols = ox_arena_calloc(arena, 4, sizeof *out->protocols);
  if (out->protocols == NULL || out->deployment_id == NULL) return OX_E_NO_MEMORY;
  if (capability > 0 && options->mail_store_url != NULL)
    status = add_mapi_http(a, capability, arena, out);
  if (status == OX_OK && options->exch_runs) status = add_exch(a, arena, out);
  if (options->expr_runs && options->rpc_server != NULL) add_expr(a, out);
  if (options->owa_url != NULL) add_web(a, out);
  return status;
}

static ox_status answer_settings(ox_directory *directory,
                                 const ox_autodiscover_server_options *options,
                                 const ox_directory_entry *entry, uint32_t capability,
                                 ox_arena *arena, ox_bytes *xml_out, ox_error *err) {
  char guid[OX_GUID_TEXT_BYTES];
  ox_autodiscover_response response = {0};
  account a = {.options = options, .entry = entry};
  ox_guid_format(&entry->mailbox_guid, guid);
  a.mailbox_id = join(arena, guid, "@", ox_directory_domain(directory), "");
  if (a.mailbox_id == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  a.server_dn = join(arena, ox_directory_organization_dn(directory),
                     "/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)",
                     "/cn=Configuration/cn=Servers/cn=", a.mailbox_id);
  if (a.server_dn == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  ox_status status = fill_settings(directory, &a, capability, arena, &response);
  if (status != OX_OK) return ox_error_set(err, status, NULL);
  if (response.protocol_count == 0)
    return answer_error(501, "This server speaks no protocol that the client asks for.", arena,
                        xml_out, err);
  return ox_autodiscover_response_build(&response, arena, xml_out, err);
}

static ox_status answer_unknown(ox_directory *directory,
                                const ox_autodiscover_server_options *options,
                                const ox_autodiscover_request *request, ox_arena *arena,
                                ox_bytes *xml_out, ox_error *err) {
  const char *domain = domain_of(request->email_address);
  bool foreign = domain != NULL && !ox_ascii_equal(domain, ox_directory_domain(directory));
  if (options->redirect_url == NULL || !foreign)
    return answer_error(500, "The email address can't be found.", arena, xml_out, err);
  ox_autodiscover_response response = {
      .account_type = "email", .action = "redirectUrl", .redirect_url = options->redirect_url};
  return ox_autodiscover_response_build(&response, arena, xml_out, err);
}

ox_status ox_autodiscover_answer(ox_directory *directory,
                                 const ox_autodiscover_server_options *options,
                                 const ox_caller *caller, ox_bytes request_xml,
                                 uint32_t mapi_http_capability, ox_arena *arena, ox_bytes *xml_out,
                                 ox_error *err) {
  (void)caller;
  ox_autodiscover_request request;
  ox_error detail = {0};
  *xml_out = (ox_bytes){NULL, 0};
  ox_status status = ox_autodiscover_request_parse(request_xml, arena, &request, &detail);
  if (status == OX_E_NO_MEMORY) return ox_error_set(err, status, NULL);
  if (status != OX_OK) return answer_error(600, "Invalid Request", arena, xml_out, err);
  /* With both, the DN counts: [MS-OXDSCLI] 3.2.5. */
  const char *wanted = request.legacy_dn != NULL && request.legacy_dn[0] != 0
                           ? request.legacy_dn
                           : request.email_address;
  if (wanted == NULL || wanted[0] == 0 || request.acceptable_response_schema == NULL)
    return answer_error(600, "Invalid Request", arena, xml_out, err);
  if (strcmp(request.acceptable_response_schema, OX_AUTODISCOVER_RESPONSE_SCHEMA) != 0)
    return answer_error(601, "Provider is not available", arena, xml_out, err);
  ox_directory_entry entry;
  bool shaped = strchr(wanted, '@') != NULL || dir_is_dn(wanted);
  status = shaped ? ox_directory_get(directory, wanted, arena, &entry, &detail) : OX_E_NOT_FOUND;
  if (status == OX_E_NOT_FOUND)
    return answer_unknown(directory, options, &request, arena, xml_out, err);
  if (status != OX_OK) {
    if (err != NULL) *err = detail;
    return status;
  }
  if (!dir_kind_has_mailbox(entry.kind))
    return answer_error(501, "The address has no mailbox here.", arena, xml_out, err);
  return answer_settings(directory, options, &entry, mapi_http_capability, arena, xml_out, err);
}
