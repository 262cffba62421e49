/* The ways from a URL to a mailbox and an address book. */
#include <stdlib.h>
#include <string.h>

#include <oxkit/directory/autodiscover.h>
#include <oxkit/directory/wire.h>
#include <oxkit/ropcodec/rops.h>
#include <oxkit/store/rop_client.h>
#include <oxkit/wire/auth.h>
#include <oxkit/wire/mapihttp.h>

#include "client.h"

struct session {
  data_directory data; /* file: */
  ox_addressbook_server *address_book_server;
  ox_addressbook_loopback loopback;

  char *password; /* mapi+https:, autodiscover+https: */
  ox_auth_client *auth;
  ox_http_client *http;
  const char *mail_store_url; /* in the client's arena */
  const char *address_book_url;
  const char *user_dn;
  ox_mapihttp_nspi *nspi;
  ox_addressbook_wire nspi_transport;

  ox_addressbook *address_book;
};

/* ---- a data directory of this machine
 * ---------------------------------------------------------------- */

static int open_file(client *c, const char *directory) {
  struct session *s = c->session;
  int status = data_directory_open(c->self, directory, &s->data);
  if (status != EXIT_DONE) return status;
  ox_error err = {0};
  ox_status result = data_directory_open_mailbox(&s->data, c->user, &c->mailbox, &err);
  if (result == OX_OK) {
    result = ox_addressbook_server_new(s->data.directory, NULL, &s->address_book_server, &err);
  }
  if (result != OX_OK) {
    return fail_error(c->self, "'ox user list DIR' shows who has a mailbox.", c->user, result,
                      &err);
  }
  ox_caller caller = {.struct_size = sizeof caller, .user = c->user};
  ox_addressbook_loopback_init(&s->loopback,
                               ox_addressbook_server_processor(s->address_book_server), &caller);
  return EXIT_DONE;
}

/* ---- Autodiscover
 * ------------------------------------------------------------------------------------- */

static void trace_discovery(void *user, const char *text, ox_status status, const char *outcome) {
  (void)status;
  step(user, "Autodiscover: %s: %s", text, outcome);
}

/* @spec [MS-OXPROTO] 2.4.1 */
static int discover(client *c, const char *first_url) {
  struct session *s = c->session;
  ox_error err = {0};
  ox_autodiscover_wire http;
  ox_autodiscover_wire_init(&http, s->http, NULL);
  ox_autodiscover_client_options options = OX_AUTODISCOVER_CLIENT_OPTIONS_INIT;
  options.first_url = first_url;
  options.only_first_url = first_url != NULL;
  options.trace = trace_discovery;
  options.user = c;
  ox_autodiscover_response settings;
  ox_status status =
      ox_autodiscover_discover(&http.http, c->user, &options, &c->arena, &settings, &err);
  if (status != OX_OK) {
    return fail_error(c->self,
                      status == OX_E_LOGON_FAILED ? "Check --user and --password-file."
                                                  : "Give the server's address with --url.",
                      "Autodiscover", status, &err);
  }
  const ox_autodiscover_protocol *mapi = ox_autodiscover_mapi_http(&settings);
  if (mapi == NULL) return fail(c->self, NULL, "the server does not offer MAPI over HTTP");
  s->mail_store_url = mapi->mail_store.external_url != NULL ? mapi->mail_store.external_url
                                                            : mapi->mail_store.internal_url;
  s->address_book_url = mapi->address_book.external_url != NULL ? mapi->address_book.external_url
                                                                : mapi->address_book.internal_url;
  s->user_dn = settings.legacy_dn;
  if (s->mail_store_url == NULL || s->user_dn == NULL) {
    return fail(c->self, NULL, "the server's Autodiscover answer names no mail store");
  }
  step(c, "Autodiscover says that the mailbox of %s is at %s", settings.display_name,
       s->mail_store_url);
  return EXIT_DONE;
}

/* ---- MAPI over HTTP
 * ------------------------------------------------------------------------------------- */

static ox_status open_http(client *c, ox_error *err) {
  struct session *s = c->session;
  ox_auth_client_options auth = OX_AUTH_CLIENT_OPTIONS_INIT;
  auth.user = c->user;
  auth.password = s->password;
  auth.schemes = strcmp(c->auth, "ntlm") == 0 ? OX_AUTH_NTLM : OX_AUTH_BASIC;
  ox_status status = ox_auth_client_new(&auth, &s->auth, err);
  if (status != OX_OK) return status;
  ox_http_client_options http = OX_HTTP_CLIENT_OPTIONS_INIT;
  http.ca_file = c->ca_file;
  http.insecure_skip_verify = c->insecure;
  http.auth = ox_auth_client_hook(s->auth);
  return ox_http_client_new(&http, &s->http, err);
}

/* A URL of the server: its base without slashes at the end, and a path. */
static const char *arena_url(client *c, const char *base, const char *path) {
  size_t length = strlen(base);
  while (length != 0 && base[length - 1] == '/') length--;
  char *url = ox_arena_alloc(&c->arena, length + strlen(path) + 1);
  if (url == NULL) return NULL;
  memcpy(url, base, length);
  strcpy(url + length, path);
  return url;
}

/* What the ROPs of a mail client do, for somebody who sees them for the first time. */
static const struct {
  uint8_t rop_id;
  const char *meaning;
} rop_meanings[] = {
    {OX_ROP_LOGON, "log on to the mailbox"},
    {OX_ROP_OPEN_FOLDER, "open a folder"},
    {OX_ROP_GET_HIERARCHY_TABLE, "ask for the table of its folders"},
    {OX_ROP_GET_CONTENTS_TABLE, "ask for the table of its messages"},
    {OX_ROP_SET_COLUMNS, "choose the columns of the table"},
    {OX_ROP_SORT_TABLE, "sort the table"},
    {OX_ROP_RESTRICT, "keep only the rows that match"},
    {OX_ROP_QUERY_ROWS, "read rows of the table"},
    {OX_ROP_OPEN_MESSAGE, "open a message"},
    {OX_ROP_GET_PROPERTIES_SPECIFIC, "read properties that are named"},
    {OX_ROP_GET_PROPERTIES_ALL, "read all properties"},
    {OX_ROP_GET_PROPERTIES_LIST, "ask which properties there are"},
    {OX_ROP_RELOAD_CACHED_INFORMATION, "read the subject and the recipients again"},
    {OX_ROP_READ_RECIPIENTS, "read the recipients"},
    {OX_ROP_GET_ATTACHMENT_TABLE, "ask for the table of attachments"},
    {OX_ROP_OPEN_ATTACHMENT, "open an attachment"},
    {OX_ROP_OPEN_EMBEDDED_MESSAGE, "open the message inside an attachment"},
    {OX_ROP_OPEN_STREAM, "open one large property as a stream"},
    {OX_ROP_READ_STREAM, "read a piece of the stream"},
    {OX_ROP_WRITE_STREAM, "write a piece of the stream"},
    {OX_ROP_COMMIT_STREAM, "finish the stream"},
    {OX_ROP_CREATE_MESSAGE, "start a new message"},
    {OX_ROP_SET_PROPERTIES, "set properties"},
    {OX_ROP_MODIFY_RECIPIENTS, "set the recipients"},
    {OX_ROP_CREATE_ATTACHMENT, "start an attachment"},
    {OX_ROP_SAVE_CHANGES_ATTACHMENT, "save the attachment into the message"},
    {OX_ROP_SAVE_CHANGES_MESSAGE, "save the message"},
    {OX_ROP_SUBMIT_MESSAGE, "hand the message over for delivery"},
    {OX_ROP_SET_MESSAGE_READ_FLAG, "mark the message read"},
    {OX_ROP_DELETE_MESSAGES, "delete messages"},
    {OX_ROP_MOVE_COPY_MESSAGES, "move messages"},
    {OX_ROP_REGISTER_NOTIFICATION, "ask to be told of events"},
    {OX_ROP_NOTIFY, "the server tells of an event"},
    {OX_ROP_PENDING, "the server has more events to tell"},
    {OX_ROP_GET_PROPERTY_IDS_FROM_NAMES, "ask for the ids of named properties"},
    {OX_ROP_GET_NAMES_FROM_PROPERTY_IDS, "ask for the names of property ids"},
    {OX_ROP_RELEASE, "let go of an object"},
};

static void trace_rop(void *user, const ox_rop_trace *t) {
  client *c = user;
  if (!t->is_response) return;
  const char *meaning = "";
  for (size_t i = 0; i < sizeof rop_meanings / sizeof rop_meanings[0]; i++) {
    if (rop_meanings[i].rop_id == t->rop_id) meaning = rop_meanings[i].meaning;
  }
  step(c, "Rop%-24s %s%s%s", t->rop_name, meaning, t->status == OX_OK ? "" : ": ",
       t->status == OX_OK ? "" : ox_status_name(t->status));
}

static int open_remote(client *c, bool autodiscover, const char *url) {
  struct session *s = c->session;
  if (c->password_file == NULL) return usage_error(c->self, "--password-file is missing");
  s->password = read_password(c->self, c->password_file);
  if (s->password == NULL) return EXIT_FAILED;
  ox_error err = {0};
  ox_status status = open_http(c, &err);
  if (status != OX_OK) return fail_error(c->self, NULL, "starting", status, &err);
  /* "https:///": no host, so the well-known addresses of the mail domain. */
  if (autodiscover) {
    int discovered = discover(c, strncmp(url, "https:///", 9) == 0 ? NULL : url);
    if (discovered != EXIT_DONE) return discovered;
  } else {
    s->mail_store_url = arena_url(c, url, "/mapi/emsmdb/");
    s->address_book_url = arena_url(c, url, "/mapi/nspi/");
    /* The legacy DN is not known without Autodiscover; a server of ours takes the address too. */
    s->user_dn = c->user;
  }
  ox_mapihttp_client_options mapi = OX_MAPIHTTP_CLIENT_OPTIONS_INIT;
  mapi.http = s->http;
  mapi.url = s->mail_store_url;
  mapi.user_dn = s->user_dn;
  mapi.compress = true;
  ox_rop_transport *transport = NULL;
  status = ox_mapihttp_open(&mapi, &transport, &err);
  if (status != OX_OK) {
    return fail_error(c->self,
                      status == OX_E_LOGON_FAILED ? "Check --user and --password-file." : NULL,
                      s->mail_store_url, status, &err);
  }
  step(c, "Connect: a session with the mailbox server, as %s", transport->display_name(transport));
  ox_remote_options remote = OX_REMOTE_OPTIONS_INIT;
  remote.mailbox_dn = c->mailbox_dn != NULL ? c->mailbox_dn : s->user_dn;
  if (c->steps) {
    remote.trace = trace_rop;
    remote.trace_user = c;
  }
  status = ox_mailbox_open_remote(transport, &remote, &c->mailbox, &err);
  if (status != OX_OK) {
    transport->close(transport);
    return fail_error(c->self, NULL, "logging on", status, &err);
  }
  return EXIT_DONE;
}

/* ---- either
 * ------------------------------------------------------------------------------------------------
 */

int session_open_mailbox(client *c) {
  c->session = calloc(1, sizeof *c->session);
  if (c->session == NULL) return fail(c->self, NULL, "out of memory");
  if (strncmp(c->url, "file:", 5) == 0) return open_file(c, c->url + 5);
  if (strncmp(c->url, "mapi+https:", 11) == 0) return open_remote(c, false, c->url + 5);
  if (strncmp(c->url, "autodiscover+https:", 19) == 0) return open_remote(c, true, c->url + 13);
  return usage_error(c->self, "--url starts with autodiscover+https:, mapi+https: or file:");
}

ox_addressbook *session_address_book(client *c) {
  struct session *s = c->session;
  if (s->address_book != NULL) return s->address_book;
  ox_error err = {0};
  ox_status status = OX_OK;
  ox_addressbook_transport *transport = &s->loopback.transport;
  if (s->http != NULL) {
    ox_mapihttp_client_options options = OX_MAPIHTTP_CLIENT_OPTIONS_INIT;
    options.http = s->http;
    options.url = s->address_book_url;
    options.user_dn = s->user_dn;
    status = ox_mapihttp_nspi_new(&options, &s->nspi, &err);
    if (status == OX_OK) {
      ox_addressbook_wire_init(&s->nspi_transport, s->nspi);
      transport = &s->nspi_transport.transport;
    }
  }
  if (status == OX_OK) status = ox_addressbook_bind(transport, NULL, &s->address_book, &err);
  if (status == OX_OK) {
    step(c, "Bind: a session with the address book");
    return s->address_book;
  }
  fail_error(c->self, NULL, "the address book", status, &err);
  return NULL;
}

void session_close(client *c) {
  struct session *s = c->session;
  if (s == NULL) return;
  ox_addressbook_unbind(s->address_book);
  ox_mapihttp_nspi_free(s->nspi);
  ox_mailbox_close(c->mailbox);
  ox_addressbook_server_free(s->address_book_server);
  data_directory_close(&s->data);
  ox_http_client_free(s->http);
  ox_auth_client_free(s->auth);
  if (s->password != NULL) ox_wipe(s->password, strlen(s->password));
  free(s->password);
  free(s);
  c->session = NULL;
}
