/* Autodiscover: messages, the server's answers, the client's search. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <oxkit/directory/autodiscover.h>

#include "support.h"

#define DN(name) \
  "/o=Example Org/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn=" name

static ox_bytes bytes_of(const char *text) {
  return (ox_bytes){(const uint8_t *)text, strlen(text)};
}

static const char *request_for(ox_arena *arena, const char *element, const char *who) {
  char *text = ox_arena_alloc(arena, 1024);
  snprintf(text, 1024,
           "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
           "<Autodiscover xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/outlook/"
           "requestschema/2006\"><Request><%s>%s</%s><AcceptableResponseSchema>"
           "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"
           "</AcceptableResponseSchema></Request></Autodiscover>",
           element, who, element);
  return text;
}

/* --- Messages --------------------------------------------------------------------------------- */

static int setup_arena(void **state) {
  ox_arena *arena = calloc(1, sizeof *arena);
  ox_arena_init(arena, NULL, 0);
  *state = arena;
  return 0;
}

static int free_arena(void **state) {
  ox_arena_dispose(*state);
  free(*state);
  return 0;
}

static void test_request__goes_there_and_back(void **state) {
  ox_arena *arena = *state;
  ox_autodiscover_request in = {.email_address = "Zoë <&> \"x\"@example.test",
                                .acceptable_response_schema = OX_AUTODISCOVER_RESPONSE_SCHEMA};
  ox_autodiscover_request out;
  ox_bytes xml;
  assert_int_equal(ox_autodiscover_request_build(&in, arena, &xml, NULL), OX_OK);
  assert_int_equal(ox_autodiscover_request_parse(xml, arena, &out, NULL), OX_OK);
  assert_string_equal(out.email_address, in.email_address);
  assert_string_equal(out.acceptable_response_schema, in.acceptable_response_schema);
  assert_null(out.legacy_dn);
}

/* The published example of a response, with its EXCH, EXPR and WEB sections. */
static const char published[] =
    "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
    "<Autodiscover "
    "xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006\">\n"
    "  <Response xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/"
    "2006a\">\n"
    "    <User>\n"
    "      <DisplayName>First Last</DisplayName>\n"
    "      <LegacyDN>/o=contoso/ou=First Administrative "
    "Group/cn=Recipients/cn=iuser885646</LegacyDN>\n"
    "      <DeploymentId>644560b8-a1ce-429c-8ace-23395843f701</DeploymentId>\n"
    "    </User>\n"
    "    <Account>\n"
    "      <AccountType>email</AccountType>\n"
    "      <Action>settings</Action>\n"
    "      <Protocol>\n"
    "        <Type>EXCH</Type>\n"
    "        <Server>MBX-SERVER.mail.internal.contoso.com</Server>\n"
    "        <ServerDN>/o=contoso/ou=Exchange Administrative Group "
    "(FYDIBOHF23SPDLT)/cn=Configuration/"
    "cn=Servers/cn=MBX-SERVER</ServerDN>\n"
    "        <ServerVersion>72008287</ServerVersion>\n"
    "        <MdbDN>/o=contoso/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Configuration/"
    "cn=Servers/cn=MBX-SERVER/cn=Microsoft Private MDB</MdbDN>\n"
    "        <ASUrl>https://mail.contoso.com/ews/exchange.asmx</ASUrl>\n"
    "        <OOFUrl>https://mail.contoso.com/ews/exchange.asmx</OOFUrl>\n"
    "        <UMUrl>https://mail.contoso.com/unifiedmessaging/service.asmx</UMUrl>\n"
    "        <OABUrl>https://mail.contoso.com/OAB/d29844a9-724e-468c-8820-0f7b345b767b/</OABUrl>\n"
    "      </Protocol>\n"
    "      <Protocol>\n"
    "        <Type>EXPR</Type>\n"
    "        <Server>Exchange.contoso.com</Server>\n"
    "        <SSL>Off</SSL>\n"
    "        <AuthPackage>Ntlm</AuthPackage>\n"
    "        <SomethingNew><Deeper>unknown</Deeper></SomethingNew>\n"
    "      </Protocol>\n"
    "      <Protocol>\n"
    "        <Type>WEB</Type>\n"
    "        <Internal>\n"
    "          <OWAUrl AuthenticationMethod=\"Ntlm, "
    "WindowsIntegrated\">https://cas-01-server/owa</OWAUrl>\n"
    "          <Protocol><Type>EXCH</Type><ASUrl>https://mail.contoso.com/ews/exchange.asmx</ASUrl>"
    "</Protocol>\n"
    "        </Internal>\n"
    "      </Protocol>\n"
    "      <AlternativeMailbox><Type>Archive</Type><DisplayName>Old mail</DisplayName>"
    "<LegacyDN>/o=contoso/cn=x</LegacyDN><Server>s</Server></AlternativeMailbox>\n"
    "      <PublicFolderInformation><SmtpAddress>pf@contoso.com</SmtpAddress>"
    "</PublicFolderInformation>\n"
    "    </Account>\n"
    "  </Response>\n"
    "</Autodiscover>\n";

static void assert_published(const ox_autodiscover_response *r) {
  assert_int_equal(r->error_code, 0);
  assert_string_equal(r->display_name, "First Last");
  assert_string_equal(r->deployment_id, "644560b8-a1ce-429c-8ace-23395843f701");
  assert_string_equal(r->action, "settings");
  assert_int_equal(r->protocol_count, 3);
  const ox_autodiscover_protocol *p = r->protocols;
  assert_string_equal(p[0].values[OX_AD_TYPE], "EXCH");
  assert_string_equal(p[0].values[OX_AD_SERVER_VERSION], "72008287");
  assert_string_equal(p[0].values[OX_AD_AS_URL], "https://mail.contoso.com/ews/exchange.asmx");
  assert_null(p[0].values[OX_AD_SSL]);
  assert_string_equal(p[1].values[OX_AD_TYPE], "EXPR");
  assert_string_equal(p[1].values[OX_AD_SSL], "Off");
  assert_string_equal(p[2].internal_owa_url, "https://cas-01-server/owa");
  assert_string_equal(p[2].internal_owa_auth, "Ntlm, WindowsIntegrated");
  assert_string_equal(p[2].internal_as_url, "https://mail.contoso.com/ews/exchange.asmx");
  assert_null(p[2].external_owa_url);
  assert_int_equal(r->alternative_mailbox_count, 1);
  assert_string_equal(r->alternative_mailboxes[0].type, "Archive");
  assert_string_equal(r->public_folder_smtp_address, "pf@contoso.com");
  assert_null(ox_autodiscover_mapi_http(r));
}

static void test_response__published_example_goes_there_and_back(void **state) {
  ox_arena *arena = *state;
  ox_autodiscover_response first, second;
  ox_bytes xml;
  assert_int_equal(ox_autodiscover_response_parse(bytes_of(published), arena, &first, NULL), OX_OK);
  assert_published(&first);
  assert_int_equal(ox_autodiscover_response_build(&first, arena, &xml, NULL), OX_OK);
  assert_int_equal(ox_autodiscover_response_parse(xml, arena, &second, NULL), OX_OK);
  assert_published(&second);
}

static void test_response__every_protocol_element_goes_there_and_back(void **state) {
  ox_arena *arena = *state;
  ox_autodiscover_protocol protocol = {0};
  ox_autodiscover_response in = {.action = "settings", .protocols = &protocol, .protocol_count = 1};
  ox_autodiscover_response out;
  ox_bytes xml;
  for (int i = 0; i < OX_AD_VALUE_COUNT; i++) {
    assert_non_null(ox_autodiscover_value_name((ox_autodiscover_value)i));
    protocol.values[i] = ox_autodiscover_value_name((ox_autodiscover_value)i);
  }
  assert_null(ox_autodiscover_value_name(OX_AD_VALUE_COUNT));
  assert_int_equal(ox_autodiscover_response_build(&in, arena, &xml, NULL), OX_OK);
  assert_int_equal(ox_autodiscover_response_parse(xml, arena, &out, NULL), OX_OK);
  for (int i = 0; i < OX_AD_VALUE_COUNT; i++)
    assert_string_equal(out.protocols[0].values[i], protocol.values[i]);
}

/* [MS-ASCMD] prints this one, with the same envelope. */
static void test_response__error_is_an_answer(void **state) {
  ox_arena *arena = *state;
  ox_autodiscover_response r;
  static const char xml[] =
      "<?xml version=\"1.0\" encoding=\"utf-8\"?><Autodiscover "
      "xmlns=\"http://schemas.microsoft.com/"
      "exchange/autodiscover/responseschema/2006\"><Response><Error Time=\"16:56:32.6164027\" "
      "Id=\"1054084152\"><ErrorCode>600</ErrorCode><Message>Invalid Request</Message><DebugData />"
      "</Error></Response></Autodiscover>";
  assert_int_equal(ox_autodiscover_response_parse(bytes_of(xml), arena, &r, NULL), OX_OK);
  assert_int_equal(r.error_code, 600);
  assert_string_equal(r.error_time, "16:56:32.6164027");
  assert_string_equal(r.error_id, "1054084152");
  assert_string_equal(r.error_message, "Invalid Request");
}

/* [MS-OXDSCLI] 4.2 */
static void test_response__redirect_example(void **state) {
  ox_arena *arena = *state;
  ox_autodiscover_response r;
  static const char xml[] =
      "<?xml version=\"1.0\" encoding=\"utf-8\"?> <Autodiscover xmlns=\"http://schemas.microsoft."
      "com/exchange/autodiscover/responseschema/2006\"> <Response xmlns=\"http://schemas.microsoft."
      "com/exchange/autodiscover/outlook/responseschema/2006a\"> <Account> <Action>redirectAddr"
      "</Action> <RedirectAddr>user@subdomain.contoso.com</RedirectAddr> </Account> </Response> "
      "</Autodiscover>";
  assert_int_equal(ox_autodiscover_response_parse(bytes_of(xml), arena, &r, NULL), OX_OK);
  assert_string_equal(r.action, "redirectAddr");
  assert_string_equal(r.redirect_addr, "user@subdomain.contoso.com");
  assert_int_equal(r.protocol_count, 0);
}

static void test_xml__hostile_documents_are_refused(void **state) {
  ox_arena *arena = *state;
  ox_autodiscover_request request;
  ox_autodiscover_response response;
  static const char *const bad[] = {
      "",
      "hello",
      "<Autodiscover>",
      "<Autodiscover/>",
      "<Other><Request/></Other>",
      "<Autodiscover><Request></Autodiscover>",
      "<Autodiscover><Request/></Autodiscover><Autodiscover/>",
      "<Autodiscover><Request>&undefined;</Request></Autodiscover>",
      "<!DOCTYPE Autodiscover><Autodiscover><Request/></Autodiscover>",
      "<!DOCTYPE lolz [<!ENTITY lol \"lol\"><!ENTITY lol2 \"&lol;&lol;&lol;&lol;&lol;&lol;\">"
      "<!ENTITY lol3 \"&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;\">]>"
      "<Autodiscover><Request><EMailAddress>&lol3;</EMailAddress></Request></Autodiscover>",
      "<!DOCTYPE x [<!ENTITY f SYSTEM \"file:///etc/passwd\">]>"
      "<Autodiscover><Request><EMailAddress>&f;</EMailAddress></Request></Autodiscover>",
      "<!DOCTYPE Autodiscover SYSTEM \"http://127.0.0.1:9/x.dtd\">"
      "<Autodiscover><Request/></Autodiscover>",
      "<Autodiscover><Request>\x01</Request></Autodiscover>",
      "<Autodiscover><Request>\xFF\xFE</Request></Autodiscover>",
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    ox_error err = {0};
    if (ox_autodiscover_request_parse(bytes_of(bad[i]), arena, &request, &err) != OX_E_MALFORMED)
      fail_msg("taken: %s", bad[i]);
    assert_true(strlen(err.text) > 10);
    assert_int_equal(ox_autodiscover_response_parse(bytes_of(bad[i]), arena, &response, NULL),
                     OX_E_MALFORMED);
  }
  char *deep = calloc(1, 70000);
  for (int i = 0; i < 60; i++) strcat(deep, "<a>");
  assert_int_equal(ox_autodiscover_request_parse(bytes_of(deep), arena, &request, NULL),
                   OX_E_LIMIT);
  memset(deep, ' ', 66000);
  assert_int_equal(ox_autodiscover_request_parse(bytes_of(deep), arena, &request, NULL),
                   OX_E_LIMIT);
  free(deep);
}

static void test_xml__what_is_written_is_well_formed_whatever_the_text(void **state) {
  ox_arena *arena = *state;
  ox_autodiscover_protocol protocol = {.is_mapi_http = true, .version = 1};
  protocol.mail_store.external_url = "https://x/?a=1&b=\"<2>\"";
  ox_autodiscover_response in = {.display_name = "\x01\x02 <]]>& \xED\xA0\x80 \xFF",
                                 .action = "settings",
                                 .protocols = &protocol,
                                 .protocol_count = 1};
  ox_autodiscover_response out;
  ox_bytes xml;
  assert_int_equal(ox_autodiscover_response_build(&in, arena, &xml, NULL), OX_OK);
  assert_int_equal(ox_autodiscover_response_parse(xml, arena, &out, NULL), OX_OK);
  assert_string_equal(ox_autodiscover_mapi_http(&out)->mail_store.external_url,
                      protocol.mail_store.external_url);
  if (system("command -v xmllint >/dev/null 2>&1") != 0) skip(); /* no xmllint to ask */
  FILE *lint = popen("xmllint --noout -", "w");
  assert_non_null(lint);
  assert_int_equal(fwrite(xml.data, 1, xml.size_bytes, lint), xml.size_bytes);
  assert_int_equal(pclose(lint), 0);
}

static void test_xml__an_arena_may_be_full_at_any_point(void **state) {
  (void)state;
  ox_autodiscover_response r;
  ox_bytes xml;
  ox_status status = OX_E_NO_MEMORY;
  size_t room = 16;
  for (; status != OX_OK && room < 1000000; room += 64) {
    ox_arena arena;
    ox_arena_init(&arena, NULL, room);
    status = ox_autodiscover_response_parse(bytes_of(published), &arena, &r, NULL);
    if (status == OX_OK) status = ox_autodiscover_response_build(&r, &arena, &xml, NULL);
    if (status == OX_OK) assert_published(&r);
    if (status != OX_OK) assert_int_equal(status, OX_E_NO_MEMORY);
    ox_arena_dispose(&arena);
  }
  assert_int_equal(status, OX_OK);
  assert_true(room > 2000);
}

/* --- Server ----------------------------------------------------------------------------------- */

static const ox_autodiscover_server_options mapi_only = {
    .struct_size = sizeof(ox_autodiscover_server_options),
    .mail_store_url = "https://mail.example.test/mapi/emsmdb/",
    .address_book_url = "https://mail.example.test/mapi/nspi/"};

static ox_autodiscover_response ask(fixture *f, const ox_autodiscover_server_options *options,
                                    const char *request, uint32_t capability) {
  ox_autodiscover_response response;
  ox_caller caller = {.struct_size = sizeof caller, .user = "alice@example.test"};
  ox_bytes xml;
  ox_error err = {0};
  assert_int_equal(ox_autodiscover_answer(f->directory, options, &caller, bytes_of(request),
                                          capability, &f->arena, &xml, &err),
                   OX_OK);
  assert_int_equal(ox_autodiscover_response_parse(xml, &f->arena, &response, &err), OX_OK);
  return response;
}

static void test_answer__gives_mapi_http_to_who_asks(void **state) {
  fixture *f = *state;
  ox_directory_entry alice;
  char guid[OX_GUID_TEXT_BYTES], url[160];
  assert_int_equal(ox_directory_get(f->directory, "alice", &f->arena, &alice, NULL), OX_OK);
  ox_guid_format(&alice.mailbox_guid, guid);
  static const char *const forms[][2] = {{"EMailAddress", "ALICE@example.test"},
                                         {"LegacyDN", DN("alice")}};
  for (size_t i = 0; i < 2; i++) {
    ox_autodiscover_response r =
        ask(f, &mapi_only, request_for(&f->arena, forms[i][0], forms[i][1]), 1);
    assert_int_equal(r.error_code, 0);
    assert_string_equal(r.display_name, "Alice Adams");
    assert_string_equal(r.legacy_dn, DN("alice"));
    assert_string_equal(r.auto_discover_smtp_address, "alice@example.test");
    assert_string_equal(r.account_type, "email");
    assert_string_equal(r.action, "settings");
    assert_int_equal(strlen(r.deployment_id), 36);
    assert_int_equal(r.protocol_count, 1);
    const ox_autodiscover_protocol *p = ox_autodiscover_mapi_http(&r);
    assert_non_null(p);
    assert_int_equal(p->version, 1);
    snprintf(url, sizeof url, "https://mail.example.test/mapi/emsmdb/?MailboxId=%s@example.test",
             guid);
    assert_string_equal(p->mail_store.internal_url, url);
    assert_string_equal(p->mail_store.external_url, url);
    snprintf(url, sizeof url, "https://mail.example.test/mapi/nspi/?MailboxId=%s@example.test",
             guid);
    assert_string_equal(p->address_book.external_url, url);
  }
  /* With both, the DN counts. */
  char both[1024];
  snprintf(both, sizeof both,
           "<Autodiscover><Request><EMailAddress>alice@example.test</EMailAddress><LegacyDN>%s"
           "</LegacyDN><AcceptableResponseSchema>%s</AcceptableResponseSchema></Request>"
           "</Autodiscover>",
           DN("bob"), OX_AUTODISCOVER_RESPONSE_SCHEMA);
  assert_string_equal(ask(f, &mapi_only, both, 1).display_name, "Bob Baker");
  /* A client of a later version still gets what this server has. */
  ox_autodiscover_response r =
      ask(f, &mapi_only, request_for(&f->arena, "EMailAddress", "alice@example.test"), 7);
  assert_int_equal(ox_autodiscover_mapi_http(&r)->version, 1);
}

static void test_answer__advertises_only_what_runs(void **state) {
  fixture *f = *state;
  const char *request = request_for(&f->arena, "EMailAddress", "alice@example.test");
  ox_autodiscover_response r = ask(f, &mapi_only, request, 0);
  assert_int_equal(r.error_code, 501); /* the client understands none of what there is */
  ox_autodiscover_server_options all = mapi_only;
  all.exch_runs = all.expr_runs = true;
  all.rpc_server = "mail.example.test";
  all.ews_url = "https://mail.example.test/EWS/Exchange.asmx";
  all.owa_url = "https://mail.example.test/owa/";
  r = ask(f, &all, request, 0);
  assert_int_equal(r.protocol_count, 3);
  assert_null(ox_autodiscover_mapi_http(&r));
  assert_string_equal(r.protocols[0].values[OX_AD_TYPE], "EXCH");
  assert_non_null(strstr(r.protocols[0].values[OX_AD_MDB_DN], "/cn=Microsoft Private MDB"));
  assert_string_equal(r.protocols[0].values[OX_AD_EWS_URL], all.ews_url);
  assert_string_equal(r.protocols[1].values[OX_AD_TYPE], "EXPR");
  assert_string_equal(r.protocols[1].values[OX_AD_SERVER], "mail.example.test");
  assert_string_equal(r.protocols[1].values[OX_AD_SSL], "On");
  assert_string_equal(r.protocols[2].external_owa_url, all.owa_url);
  r = ask(f, &all, request, 1);
  assert_int_equal(r.protocol_count, 4);
  assert_true(r.protocols[0].is_mapi_http);
}

static void test_answer__errors_have_the_specified_codes(void **state) {
  fixture *f = *state;
  ox_arena *a = &f->arena;
  add(f, OX_DIRECTORY_CONTACT, "dave", "Dave Dunn", NULL);
  static const char other_schema[] =
      "<Autodiscover><Request><EMailAddress>alice@example.test</EMailAddress>"
      "<AcceptableResponseSchema>http://schemas.microsoft.com/exchange/autodiscover/mobilesync/"
      "responseschema/2006</AcceptableResponseSchema></Request></Autodiscover>";
  static const char no_schema[] =
      "<Autodiscover><Request><EMailAddress>alice@example.test</EMailAddress></Request>"
      "</Autodiscover>";
  assert_int_equal(ask(f, &mapi_only, "<nonsense", 1).error_code, 600);
  assert_int_equal(ask(f, &mapi_only, "", 1).error_code, 600);
  assert_int_equal(ask(f, &mapi_only, no_schema, 1).error_code, 600);
  assert_int_equal(ask(f, &mapi_only, request_for(a, "EMailAddress", ""), 1).error_code, 600);
  assert_int_equal(ask(f, &mapi_only, other_schema, 1).error_code, 601);
  assert_int_equal(
      ask(f, &mapi_only, request_for(a, "EMailAddress", "nobody@example.test"), 1).error_code, 500);
  assert_int_equal(ask(f, &mapi_only, request_for(a, "EMailAddress", "alice"), 1).error_code, 500);
  assert_int_equal(
      ask(f, &mapi_only, request_for(a, "EMailAddress", "staff@example.test"), 1).error_code, 501);
  assert_int_equal(
      ask(f, &mapi_only, request_for(a, "EMailAddress", "dave@example.test"), 1).error_code, 501);
  ox_autodiscover_response r = ask(f, &mapi_only, "x", 1);
  assert_int_equal(strlen(r.error_time), strlen("16:56:32.6164027"));
  assert_non_null(r.error_id);
}

static void test_answer__sends_other_domains_elsewhere(void **state) {
  fixture *f = *state;
  ox_autodiscover_server_options options = mapi_only;
  options.redirect_url = "https://other.test/autodiscover/autodiscover.xml";
  ox_autodiscover_response r =
      ask(f, &options, request_for(&f->arena, "EMailAddress", "zoe@other.test"), 1);
  assert_string_equal(r.action, "redirectUrl");
  assert_string_equal(r.redirect_url, options.redirect_url);
  r = ask(f, &options, request_for(&f->arena, "EMailAddress", "nobody@example.test"), 1);
  assert_int_equal(r.error_code, 500);
}

/* --- Client ----------------------------------------------------------------------------------- */

/* A network of a few URLs. */
typedef struct page {
  const char *method, *url;
  uint32_t status; /* 0: nobody answers */
  const char *location;
  const char *body;
} page;

typedef struct network {
  ox_autodiscover_http http;
  const page *pages;
  size_t page_count;
  char asked[2048];
  bool credentials_in_clear;
} network;

static ox_status exchange(ox_autodiscover_http *http, const ox_autodiscover_http_request *request,
                          ox_arena *arena, ox_autodiscover_http_response *out, ox_error *err) {
  (void)arena;
  network *n = (network *)http;
  char line[256];
  snprintf(line, sizeof line, "%s %s\n", request->method, request->url);
  assert_true(strlen(n->asked) + strlen(line) < sizeof n->asked);
  strcat(n->asked, line);
  if (request->send_credentials && strncmp(request->url, "https://", 8) != 0)
    n->credentials_in_clear = true;
  for (size_t i = 0; i < n->page_count; i++) {
    const page *p = &n->pages[i];
    if (strcmp(p->url, request->url) != 0 || strcmp(p->method, request->method) != 0) continue;
    out->http_status = p->status;
    out->location = p->location;
    out->body = bytes_of(p->body != NULL ? p->body : "");
    return OX_OK;
  }
  return ox_error_set(err, OX_E_IO, "No connection.");
}

#define ANSWER(inside)                                                 \
  "<Autodiscover xmlns=\"" OX_AUTODISCOVER_ENVELOPE_SCHEMA             \
  "\"><Response xmlns=\"" OX_AUTODISCOVER_RESPONSE_SCHEMA "\">" inside \
  "</Response></Autodiscover>"
#define SETTINGS                                                                               \
  ANSWER(                                                                                      \
      "<User><DisplayName>Alice</DisplayName></User><Account><AccountType>email</AccountType>" \
      "<Action>settings</Action><Protocol Type=\"mapiHttp\" Version=\"1\"><MailStore>"         \
      "<ExternalUrl>https://m/</ExternalUrl></MailStore></Protocol></Account>")
#define GO_TO_URL(url)                                                                            \
  ANSWER("<Account><AccountType>email</AccountType><Action>redirectUrl</Action><RedirectUrl>" url \
         "</RedirectUrl></Account>")
#define GO_TO_ADDRESS(address)                                          \
  ANSWER(                                                               \
      "<Account><AccountType>email</AccountType><Action>redirectAddr</" \
      "Action><RedirectAddr>" address "</RedirectAddr></Account>")

static ox_status discover(ox_arena *arena, network *n, const page *pages, size_t count,
                          const char *address, ox_autodiscover_client_options *options,
                          ox_autodiscover_response *out, ox_error *err) {
  memset(n, 0, sizeof *n);
  memset(err, 0, sizeof *err);
  n->http.struct_size = sizeof n->http;
  n->http.exchange = exchange;
  n->pages = pages;
  n->page_count = count;
  ox_status status = ox_autodiscover_discover(&n->http, address, options, arena, out, err);
  assert_false(n->credentials_in_clear);
  if (status != OX_OK) assert_true(strlen(err->text) > 5);
  return status;
}

#define ROOT "https://example.test/autodiscover/autodiscover.xml"
#define SUB "https://autodiscover.example.test/autodiscover/autodiscover.xml"
#define PLAIN "http://autodiscover.example.test/autodiscover/autodiscover.xml"

static void test_discover__tries_the_well_known_urls_in_order(void **state) {
  ox_arena *arena = *state;
  static const page pages[] = {{"POST", ROOT, 404, NULL, NULL}, {"POST", SUB, 200, NULL, SETTINGS}};
  network n;
  ox_autodiscover_response r;
  ox_error err;
  assert_int_equal(discover(arena, &n, pages, 2, "alice@example.test", NULL, &r, &err), OX_OK);
  assert_string_equal(n.asked, "POST " ROOT "\nPOST " SUB "\n");
  assert_string_equal(ox_autodiscover_mapi_http(&r)->mail_store.external_url, "https://m/");
  assert_int_equal(discover(arena, &n, pages, 0, "alice@example.test", NULL, &r, &err), OX_E_IO);
  assert_string_equal(n.asked, "POST " ROOT "\nPOST " SUB "\nGET " PLAIN "\n");
  ox_autodiscover_client_options options = OX_AUTODISCOVER_CLIENT_OPTIONS_INIT;
  options.first_url = "https://127.0.0.1:4443/autodiscover/autodiscover.xml";
  options.only_first_url = true;
  assert_int_equal(discover(arena, &n, pages, 2, "alice@example.test", &options, &r, &err),
                   OX_E_IO);
  assert_string_equal(n.asked, "POST https://127.0.0.1:4443/autodiscover/autodiscover.xml\n");
}

static void test_discover__follows_redirections_to_https_only(void **state) {
  ox_arena *arena = *state;
  network n;
  ox_autodiscover_response r;
  ox_error err;
  static const page by_http[] = {{"POST", ROOT, 302, "https://mail.example.test/ad.xml", NULL},
                                 {"POST", "https://mail.example.test/ad.xml", 200, NULL,
                                  GO_TO_URL("https://third.test/ad.xml")},
                                 {"POST", "https://third.test/ad.xml", 200, NULL, SETTINGS}};
  assert_int_equal(discover(arena, &n, by_http, 3, "alice@example.test", NULL, &r, &err), OX_OK);
  static const page downgrade[] = {{"POST", ROOT, 302, "http://mail.example.test/ad.xml", NULL},
                                   {"POST", SUB, 200, NULL, GO_TO_URL("http://mail/ad.xml")}};
  assert_int_equal(discover(arena, &n, downgrade, 2, "alice@example.test", NULL, &r, &err),
                   OX_E_PROTOCOL);
  assert_string_equal(n.asked, "POST " ROOT "\nPOST " SUB "\nGET " PLAIN "\n");
}

static bool allow(void *user, const char *from, const char *to) {
  (void)from;
  return strcmp(user, to) == 0;
}

static void test_discover__plain_redirections_stay_in_the_domain_unless_allowed(void **state) {
  ox_arena *arena = *state;
  network n;
  ox_autodiscover_response r;
  ox_error err;
  static const page near[] = {{"GET", PLAIN, 302, "https://mail.example.test/ad.xml", NULL},
                              {"POST", "https://mail.example.test/ad.xml", 200, NULL, SETTINGS}};
  assert_int_equal(discover(arena, &n, near, 2, "alice@example.test", NULL, &r, &err), OX_OK);
  static const page far[] = {{"GET", PLAIN, 302, "https://evil.test/ad.xml", NULL},
                             {"POST", "https://evil.test/ad.xml", 200, NULL, SETTINGS}};
  assert_int_not_equal(discover(arena, &n, far, 2, "alice@example.test", NULL, &r, &err), OX_OK);
  assert_null(strstr(n.asked, "evil.test"));
  static const page trick[] = {
      {"GET", PLAIN, 302, "https://mail.example.test@evil.test/ad.xml", NULL}};
  assert_int_not_equal(discover(arena, &n, trick, 1, "alice@example.test", NULL, &r, &err), OX_OK);
  assert_null(strstr(n.asked, "evil.test"));
  ox_autodiscover_client_options options = OX_AUTODISCOVER_CLIENT_OPTIONS_INIT;
  char yes[] = "https://evil.test/ad.xml";
  options.allow_redirect = allow;
  options.user = yes;
  assert_int_equal(discover(arena, &n, far, 2, "alice@example.test", &options, &r, &err), OX_OK);
}

static void test_discover__follows_addresses_but_not_in_circles(void **state) {
  ox_arena *arena = *state;
  network n;
  ox_autodiscover_response r;
  ox_error err;
  static const page moved[] = {
      {"POST", ROOT, 200, NULL, GO_TO_ADDRESS("alice@new.test")},
      {"POST", "https://new.test/autodiscover/autodiscover.xml", 200, NULL, SETTINGS}};
  assert_int_equal(discover(arena, &n, moved, 2, "alice@example.test", NULL, &r, &err), OX_OK);
  static const page circle[] = {{"POST", ROOT, 200, NULL, GO_TO_ADDRESS("alice@new.test")},
                                {"POST", "https://new.test/autodiscover/autodiscover.xml", 200,
                                 NULL, GO_TO_ADDRESS("alice@example.test")}};
  assert_int_equal(discover(arena, &n, circle, 2, "alice@example.test", NULL, &r, &err),
                   OX_E_LIMIT);
  static const page self[] = {{"POST", ROOT, 200, NULL, GO_TO_URL(ROOT)}};
  assert_int_equal(discover(arena, &n, self, 1, "alice@example.test", NULL, &r, &err), OX_E_LIMIT);
  /* A server that makes up a new URL each time is given up too. */
  static page chain[16];
  static char urls[17][64];
  for (int i = 0; i < 17; i++) snprintf(urls[i], sizeof urls[i], "https://h%d.test/", i);
  chain[0] = (page){"POST", ROOT, 302, urls[0], NULL};
  for (int i = 1; i < 16; i++) chain[i] = (page){"POST", urls[i - 1], 302, urls[i], NULL};
  assert_int_equal(discover(arena, &n, chain, 16, "alice@example.test", NULL, &r, &err),
                   OX_E_LIMIT);
  assert_non_null(strstr(n.asked, "h9.test"));
  assert_null(strstr(n.asked, "h10.test"));
}

static void test_discover__says_why_nothing_was_found(void **state) {
  ox_arena *arena = *state;
  network n;
  ox_autodiscover_response r;
  ox_error err;
  static const page refused[] = {{"POST", ROOT, 401, NULL, NULL}, {"POST", SUB, 500, NULL, NULL}};
  assert_int_equal(discover(arena, &n, refused, 2, "alice@example.test", NULL, &r, &err),
                   OX_E_LOGON_FAILED);
  static const page unknown[] = {
      {"POST", ROOT, 200, NULL, ANSWER("<Error><ErrorCode>500</ErrorCode></Error>")}};
  assert_int_equal(discover(arena, &n, unknown, 1, "alice@example.test", NULL, &r, &err),
                   OX_E_REMOTE);
  assert_int_equal(err.remote_code, 500);
  static const page web_site[] = {{"POST", ROOT, 200, NULL, "<html><body>Welcome</body></html>"}};
  assert_int_equal(discover(arena, &n, web_site, 1, "alice@example.test", NULL, &r, &err),
                   OX_E_MALFORMED);
  static const char *const addresses[] = {"alice", "@", "@x", "a@b/c", "a@b?x", "a@", ""};
  for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++)
    assert_int_equal(discover(arena, &n, NULL, 0, addresses[i], NULL, &r, &err), OX_E_USAGE);
}

#define FILLED(test) cmocka_unit_test_setup_teardown(test, make_filled, remove_fixture)
#define ARENA(test) cmocka_unit_test_setup_teardown(test, setup_arena, free_arena)

int main(void) {
  const struct CMUnitTest tests[] = {
      ARENA(test_request__goes_there_and_back),
      ARENA(test_response__published_example_goes_there_and_back),
      ARENA(test_response__every_protocol_element_goes_there_and_back),
      ARENA(test_response__error_is_an_answer),
      ARENA(test_response__redirect_example),
      ARENA(test_xml__hostile_documents_are_refused),
      ARENA(test_xml__what_is_written_is_well_formed_whatever_the_text),
      ARENA(test_xml__an_arena_may_be_full_at_any_point),
      FILLED(test_answer__gives_mapi_http_to_who_asks),
      FILLED(test_answer__advertises_only_what_runs),
      FILLED(test_answer__errors_have_the_specified_codes),
      FILLED(test_answer__sends_other_domains_elsewhere),
      ARENA(test_discover__tries_the_well_known_urls_in_order),
      ARENA(test_discover__follows_redirections_to_https_only),
      ARENA(test_discover__plain_redirections_stay_in_the_domain_unless_allowed),
      ARENA(test_discover__follows_addresses_but_not_in_circles),
      ARENA(test_discover__says_why_nothing_was_found),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
