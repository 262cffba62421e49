/* The messages of Autodiscover, read and written by one table per element.
 * @spec [MS-OXDSCLI] 2.2.3 (request), 2.2.4 (response) */
#include <oxkit/directory/autodiscover.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xmltree.h"

#include <oxkit/ropcodec/text.h>

/* Children of Protocol in the order in which they are written.
 * @spec [MS-OXDSCLI] 2.2.4.1.1.2.6 */
static const char *const value_names[OX_AD_VALUE_COUNT] = {
    [OX_AD_TYPE] = "Type",
    [OX_AD_SERVER] = "Server",
    [OX_AD_SERVER_DN] = "ServerDN",
    [OX_AD_SERVER_VERSION] = "ServerVersion",
    [OX_AD_MDB_DN] = "MdbDN",
    [OX_AD_PUBLIC_FOLDER_SERVER] = "PublicFolderServer",
    [OX_AD_AD] = "AD",
    [OX_AD_PORT] = "Port",
    [OX_AD_DIRECTORY_PORT] = "DirectoryPort",
    [OX_AD_REFERRAL_PORT] = "ReferralPort",
    [OX_AD_AS_URL] = "ASUrl",
    [OX_AD_EWS_URL] = "EwsUrl",
    [OX_AD_EMWS_URL] = "EmwsUrl",
    [OX_AD_SHARING_URL] = "SharingUrl",
    [OX_AD_ECP_URL] = "EcpUrl",
    [OX_AD_ECP_URL_UM] = "EcpUrl-um",
    [OX_AD_ECP_URL_AGGR] = "EcpUrl-aggr",
    [OX_AD_ECP_URL_MT] = "EcpUrl-mt",
    [OX_AD_ECP_URL_RET] = "EcpUrl-ret",
    [OX_AD_ECP_URL_SMS] = "EcpUrl-sms",
    [OX_AD_ECP_URL_PUBLISH] = "EcpUrl-publish",
    [OX_AD_ECP_URL_PHOTO] = "EcpUrl-photo",
    [OX_AD_ECP_URL_CONNECT] = "EcpUrl-connect",
    [OX_AD_ECP_URL_TM] = "EcpUrl-tm",
    [OX_AD_ECP_URL_TM_CREATING] = "EcpUrl-tmCreating",
    [OX_AD_ECP_URL_TM_EDITING] = "EcpUrl-tmEditing",
    [OX_AD_ECP_URL_TM_HIDING] = "EcpUrl-tmHiding",
    [OX_AD_ECP_URL_EXTINSTALL] = "EcpUrl-extinstall",
    [OX_AD_OOF_URL] = "OOFUrl",
    [OX_AD_UM_URL] = "UMUrl",
    [OX_AD_OAB_URL] = "OABUrl",
    [OX_AD_EWS_PARTNER_URL] = "EwsPartnerUrl",
    [OX_AD_LOGIN_NAME] = "LoginName",
    [OX_AD_DOMAIN_REQUIRED] = "DomainRequired",
    [OX_AD_DOMAIN_NAME] = "DomainName",
    [OX_AD_SPA] = "SPA",
    [OX_AD_AUTH_PACKAGE] = "AuthPackage",
    [OX_AD_CERT_PRINCIPAL_NAME] = "CertPrincipalName",
    [OX_AD_SSL] = "SSL",
    [OX_AD_AUTH_REQUIRED] = "AuthRequired",
    [OX_AD_USE_POP_AUTH] = "UsePOPAuth",
    [OX_AD_SMTP_LAST] = "SMTPLast",
    [OX_AD_NETWORK_REQUIREMENTS] = "NetworkRequirements",
    [OX_AD_TTL] = "TTL",
    [OX_AD_SERVER_EXCLUSIVE_CONNECT] = "ServerExclusiveConnect",
    [OX_AD_GROUPING_INFORMATION] = "GroupingInformation",
    [OX_AD_SITE_MAILBOX_CREATION_URL] = "SiteMailboxCreationURL",
};

typedef struct text_field {
  const char *name;
  size_t offset; /* of a const char * in the structure */
} text_field;

#define FIELD(type, name, member) \
  { name, offsetof(type, member) }
#define COUNT(array) (sizeof(array) / sizeof *(array))

static const text_field request_fields[] = {
    FIELD(ox_autodiscover_request, "EMailAddress", email_address),
    FIELD(ox_autodiscover_request, "LegacyDN", legacy_dn),
    FIELD(ox_autodiscover_request, "AcceptableResponseSchema", acceptable_response_schema),
};

static const text_field user_fields[] = {
    FIELD(ox_autodiscover_response, "DisplayName", display_name),
    FIELD(ox_autodiscover_response, "LegacyDN", legacy_dn),
    FIELD(ox_autodiscover_response, "AutoDiscoverSMTPAddress", auto_discover_smtp_address),
    FIELD(ox_autodiscover_response, "DeploymentId", deployment_id),
};

static const text_field account_fields[] = {
    FIELD(ox_autodiscover_response, "AccountType", account_type),
    FIELD(ox_autodiscover_response, "Action", action),
    FIELD(ox_autodiscover_response, "MicrosoftOnline", microsoft_online),
    FIELD(ox_autodiscover_response, "ConsumerMailbox", consumer_mailbox),
    FIELD(ox_autodiscover_response, "RedirectAddr", redirect_addr),
    FIELD(ox_autodiscover_response, "RedirectUrl", redirect_url),
    FIELD(ox_autodiscover_response, "Image", image),
    FIELD(ox_autodiscover_response, "ServiceHome", service_home),
};

static const text_field mailbox_fields[] = {
    FIELD(ox_autodiscover_mailbox, "Type", type),
    FIELD(ox_autodiscover_mailbox, "DisplayName", display_name),
    FIELD(ox_autodiscover_mailbox, "LegacyDN", legacy_dn),
    FIELD(ox_autodiscover_mailbox, "Server", server),
    FIELD(ox_autodiscover_mailbox, "SmtpAddress", smtp_address),
    FIELD(ox_autodiscover_mailbox, "OwnerSmtpAddress", owner_smtp_address),
};

static const char **field_of(const void *structure, const text_field *field) {
  return (const char **)((uintptr_t)structure + field->offset);
}

static void read_fields(const xml_node *node, const text_field *fields, size_t count,
                        void *structure) {
  for (size_t i = 0; i < count; i++)
    *field_of(structure, &fields[i]) = xml_child_text(node, fields[i].name);
}

static void write_fields(xml_output *out, const text_field *fields, size_t count,
                         const void *structure) {
  for (size_t i = 0; i < count; i++)
    xml_leaf(out, fields[i].name, *field_of(structure, &fields[i]));
}

const char *ox_autodiscover_value_name(ox_autodiscover_value value) {
  return value < OX_AD_VALUE_COUNT ? value_names[value] : NULL;
}

/* --- Request ---------------------------------------------------------------------------------- */

ox_status ox_autodiscover_request_parse(ox_bytes xml, ox_arena *arena, ox_autodiscover_request *out,
                                        ox_error *err) {
  xml_node *root;
  memset(out, 0, sizeof *out);
  ox_status status = xml_parse(xml, OX_AUTODISCOVER_REQUEST_MAX_BYTES, OX_AUTODISCOVER_DEPTH_MAX,
                               arena, &root, err);
  if (status != OX_OK) return status;
  const xml_node *request = xml_child(root, "Request");
  if (strcmp(root->name, "Autodiscover") != 0 || request == NULL)
    return ox_error_set(err, OX_E_MALFORMED, "The document is not an Autodiscover request.");
  read_fields(request, request_fields, COUNT(request_fields), out);
  return OX_OK;
}

ox_status ox_autodiscover_request_build(const ox_autodiscover_request *in, ox_arena *arena,
                                        ox_bytes *xml_out, ox_error *err) {
  xml_output out;
  xml_output_init(&out, arena);
  xml_open(&out, "Autodiscover", OX_AUTODISCOVER_REQUEST_SCHEMA);
  xml_open(&out, "Request", NULL);
  write_fields(&out, request_fields, COUNT(request_fields), in);
  xml_close(&out);
  xml_close(&out);
  return xml_output_finish(&out, xml_out, err);
}

/* --- Reading a response ----------------------------------------------------------------------- */

static uint32_t number(const char *text) {
  if (text == NULL || text[0] < '0' || text[0] > '9') return 0;
  unsigned long value = strtoul(text, NULL, 10);
  return value > UINT32_MAX ? 0 : (uint32_t)value;
}

static void read_urls(const xml_node *node, ox_autodiscover_urls *out) {
  out->internal_url = xml_child_text(node, "InternalUrl");
  out->external_url = xml_child_text(node, "ExternalUrl");
}

/* Internal and External of a WEB section. */
static void read_web(const xml_node *node, const char **url_out, const char **auth_out,
                     const char **as_url_out) {
  const xml_node *owa = xml_child(node, "OWAUrl");
  if (owa != NULL) {
    *url_out = owa->text;
    *auth_out = xml_attribute_value(owa, "AuthenticationMethod");
  }
  *as_url_out = xml_child_text(xml_child(node, "Protocol"), "ASUrl");
}

static void read_protocol(const xml_node *node, ox_autodiscover_protocol *out) {
  for (size_t i = 0; i < OX_AD_VALUE_COUNT; i++)
    out->values[i] = xml_child_text(node, value_names[i]);
  const char *type = xml_attribute_value(node, "Type");
  out->is_mapi_http = type != NULL && ox_ascii_equal(type, "mapiHttp");
  if (out->is_mapi_http) out->values[OX_AD_TYPE] = type;
  out->version = number(xml_attribute_value(node, "Version"));
  read_urls(xml_child(node, "MailStore"), &out->mail_store);
  read_urls(xml_child(node, "AddressBook"), &out->address_book);
  read_web(xml_child(node, "Internal"), &out->internal_owa_url, &out->internal_owa_auth,
           &out->internal_as_url);
  read_web(xml_child(node, "External"), &out->external_owa_url, &out->external_owa_auth,
           &out->external_as_url);
}

static size_t count_children(const xml_node *node, const char *name) {
  size_t count = 0;
  for (const xml_node *child = node->first_child; child != NULL; child = child->next)
    count += strcmp(child->name, name) == 0;
  return count;
}

static ox_status read_account(const xml_node *account, ox_arena *arena,
                              ox_autodiscover_response *out, ox_error *err) {
  read_fields(account, account_fields, COUNT(account_fields), out);
  out->public_folder_smtp_address =
      xml_child_text(xml_child(account, "PublicFolderInformation"), "SmtpAddress");
  size_t protocols = count_children(account, "Protocol");
  size_t mailboxes = count_children(account, "AlternativeMailbox");
  if (protocols > OX_AUTODISCOVER_SECTIONS_MAX || mailboxes > OX_AUTODISCOVER_SECTIONS_MAX)
    return ox_error_set(err, OX_E_LIMIT, "The Autodiscover response has too many sections.");
  out->protocols = ox_arena_calloc(arena, protocols, sizeof *out->protocols);
  out->alternative_mailboxes =
      ox_arena_calloc(arena, mailboxes, sizeof *out->alternative_mailboxes);
  if (out->protocols == NULL || out->alternative_mailboxes == NULL)
    return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  for (const xml_node *child = account->first_child; child != NULL; child = child->next) {
    if (strcmp(child->name, "Protocol") == 0)
      read_protocol(child, &out->protocols[out->protocol_count++]);
    else if (strcmp(child->name, "AlternativeMailbox") == 0)
      read_fields(child, mailbox_fields, COUNT(mailbox_fields),
                  &out->alternative_mailboxes[out->alternative_mailbox_count++]);
  }
  return OX_OK;
}

static void read_error(const xml_node *error, ox_autodiscover_response *out) {
  out->error_code = number(xml_child_text(error, "ErrorCode"));
  if (out->error_code == 0) out->error_code = 603; /* an error without a number: an internal one */
  out->error_time = xml_attribute_value(error, "Time");
  out->error_id = xml_attribute_value(error, "Id");
  out->error_message = xml_child_text(error, "Message");
  out->error_debug_data = xml_child_text(error, "DebugData");
}

ox_status ox_autodiscover_response_parse(ox_bytes xml, ox_arena *arena,
                                         ox_autodiscover_response *out, ox_error *err) {
  xml_node *root;
  memset(out, 0, sizeof *out);
  ox_status status = xml_parse(xml, OX_AUTODISCOVER_RESPONSE_MAX_BYTES, OX_AUTODISCOVER_DEPTH_MAX,
                               arena, &root, err);
  if (status != OX_OK) return status;
  const xml_node *response = xml_child(root, "Response");
  if (strcmp(root->name, "Autodiscover") != 0 || response == NULL)
    return ox_error_set(err, OX_E_MALFORMED, "The document is not an Autodiscover response.");
  const xml_node *user = xml_child(response, "User");
  const xml_node *account = xml_child(response, "Account");
  const xml_node *error = xml_child(response, "Error");
  if (error == NULL && account != NULL) error = xml_child(account, "Error");
  if (user != NULL) read_fields(user, user_fields, COUNT(user_fields), out);
  if (error != NULL) read_error(error, out);
  if (account != NULL) status = read_account(account, arena, out, err);
  if (status == OX_OK && error == NULL && account == NULL)
    status = ox_error_set(err, OX_E_MALFORMED,
                          "The Autodiscover response has neither an account nor an error.");
  if (status != OX_OK) memset(out, 0, sizeof *out);
  return status;
}

const ox_autodiscover_protocol *ox_autodiscover_mapi_http(
    const ox_autodiscover_response *response) {
  for (size_t i = 0; i < response->protocol_count; i++)
    if (response->protocols[i].is_mapi_http) return &response->protocols[i];
  return NULL;
}

/* --- Writing a response ----------------------------------------------------------------------- */

static void write_urls(xml_output *out, const char *name, const ox_autodiscover_urls *urls) {
  if (urls->internal_url == NULL && urls->external_url == NULL) return;
  xml_open(out, name, NULL);
  xml_leaf(out, "InternalUrl", urls->internal_url);
  xml_leaf(out, "ExternalUrl", urls->external_url);
  xml_close(out);
}

static void write_web(xml_output *out, const char *name, const char *url, const char *auth,
                      const char *type, const char *as_url) {
  if (url == NULL && as_url == NULL) return;
  xml_open(out, name, NULL);
  if (url != NULL) {
    xml_open(out, "OWAUrl", NULL);
    xml_attr(out, "AuthenticationMethod", auth);
    xml_text(out, url);
    xml_close(out);
  }
  if (as_url != NULL) {
    xml_open(out, "Protocol", NULL);
    xml_leaf(out, "Type", type);
    xml_leaf(out, "ASUrl", as_url);
    xml_close(out);
  }
  xml_close(out);
}

static void write_protocol(xml_output *out, const ox_autodiscover_protocol *protocol) {
  xml_open(out, "Protocol", NULL);
  if (protocol->is_mapi_http) {
    char version[16];
    snprintf(version, sizeof version, "%u", (unsigned)protocol->version);
    xml_attr(out, "Type", "mapiHttp");
    xml_attr(out, "Version", version);
  }
  for (size_t i = 0; i < OX_AD_VALUE_COUNT; i++)
    if (!(protocol->is_mapi_http && i == OX_AD_TYPE))
      xml_leaf(out, value_names[i], protocol->values[i]);
  write_urls(out, "MailStore", &protocol->mail_store);
  write_urls(out, "AddressBook", &protocol->address_book);
  write_web(out, "Internal", protocol->internal_owa_url, protocol->internal_owa_auth, "EXCH",
            protocol->internal_as_url);
  write_web(out, "External", protocol->external_owa_url, protocol->external_owa_auth, "EXPR",
            protocol->external_as_url);
  xml_close(out);
}

static void write_error(xml_output *out, const ox_autodiscover_response *in) {
  char code[16];
  snprintf(code, sizeof code, "%u", (unsigned)in->error_code);
  xml_open(out, "Error", NULL);
  xml_attr(out, "Time", in->error_time);
  xml_attr(out, "Id", in->error_id);
  xml_leaf(out, "ErrorCode", code);
  xml_leaf(out, "Message", in->error_message);
  xml_leaf(out, "DebugData", in->error_debug_data != NULL ? in->error_debug_data : "");
  xml_close(out);
}

static void write_account(xml_output *out, const ox_autodiscover_response *in) {
  xml_open(out, "Account", NULL);
  write_fields(out, account_fields, COUNT(account_fields), in);
  for (size_t i = 0; i < in->protocol_count; i++) write_protocol(out, &in->protocols[i]);
  for (size_t i = 0; i < in->alternative_mailbox_count; i++) {
    xml_open(out, "AlternativeMailbox", NULL);
    write_fields(out, mailbox_fields, COUNT(mailbox_fields), &in->alternative_mailboxes[i]);
    xml_close(out);
  }
  if (in->public_folder_smtp_address != NULL) {
    xml_open(out, "PublicFolderInformation", NULL);
    xml_leaf(out, "SmtpAddress", in->public_folder_smtp_address);
    xml_close(out);
  }
  xml_close(out);
}

ox_status ox_autodiscover_response_build(const ox_autodiscover_response *in, ox_arena *arena,
                                         ox_bytes *xml_out, ox_error *err) {
  xml_output out;
  bool user = in->display_name != NULL || in->legacy_dn != NULL || in->deployment_id != NULL ||
              in->auto_discover_smtp_address != NULL;
  xml_output_init(&out, arena);
  xml_open(&out, "Autodiscover", OX_AUTODISCOVER_ENVELOPE_SCHEMA);
  /* Errors of the envelope itself come in its own namespace. */
  bool envelope_error = in->error_code == 600 || in->error_code == 601;
  xml_open(&out, "Response", envelope_error ? NULL : OX_AUTODISCOVER_RESPONSE_SCHEMA);
  if (user) {
    xml_open(&out, "User", NULL);
    write_fields(&out, user_fields, COUNT(user_fields), in);
    xml_close(&out);
  }
  if (in->error_code != 0)
    write_error(&out, in);
  else
    write_account(&out, in);
  xml_close(&out);
  xml_close(&out);
  return xml_output_finish(&out, xml_out, err);
}
