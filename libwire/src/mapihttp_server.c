/* One request of the endpoint, from its header fields to DONE. [MS-OXCMAPIHTTP] 2.2.2, 3.2.5 */
#include "mapihttp_server.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <oxkit/ropcodec/reader.h>
#include <oxkit/ropcodec/text.h>
#include <oxkit/wire/http.h>
#include <oxkit/wire/mapihttp_bodies.h>
#include <oxkit/wire/rpcext.h>

#define CONTEXT_COOKIE "MapiContext"
#define SEQUENCE_COOKIE "MapiSequence"
#define CONTENT_TYPE "application/mapi-http"

/* Codes that RPC runtimes give, which have no name in [MS-OXCDATA] 2.4. [MS-OXCRPC] 3.1.4.2,
 * 3.3.4.1, [MS-OXCROPS] 3.2.4.2 */
#define RPC_X_BAD_STUB_DATA 0x000006F7u
#define RPC_S_SERVER_TOO_BUSY 0x000006BBu
#define RPC_EXITING 0x000003EDu
#define RPC_FAILED 0x80040115u

enum {
  RESPONSE_OVERHEAD_BYTES = 4096, /* meta-tags, fields, an auxiliary buffer */
  WAIT_GRACE_MS = 2000,           /* for a processor that forgets a wait's deadline */
  PROTOCOL_HEADER_MAX_COUNT = 12
};

typedef enum request_type {
  CONNECT,
  EXECUTE,
  DISCONNECT,
  NOTIFICATION_WAIT,
  PING,
  BIND,
  UNBIND,
  NSPI_OTHER
} request_type;

typedef struct request_info {
  const char *name;
  request_type type;
} request_info;

static const request_info emsmdb_requests[] = {{"Connect", CONNECT},
                                               {"Execute", EXECUTE},
                                               {"Disconnect", DISCONNECT},
                                               {"NotificationWait", NOTIFICATION_WAIT},
                                               {"PING", PING}};
static const request_info nspi_requests[] = {
    {"Bind", BIND},
    {"Unbind", UNBIND},
    {"PING", PING},
    {"CompareMIds", NSPI_OTHER},
    {"DNToMId", NSPI_OTHER},
    {"GetMatches", NSPI_OTHER},
    {"GetPropList", NSPI_OTHER},
    {"GetProps", NSPI_OTHER},
    {"GetSpecialTable", NSPI_OTHER},
    {"GetTemplateInfo", NSPI_OTHER},
    {"ModLinkAtt", NSPI_OTHER},
    {"ModProps", NSPI_OTHER},
    {"QueryColumns", NSPI_OTHER},
    {"QueryRows", NSPI_OTHER},
    {"ResolveNames", NSPI_OTHER},
    {"ResortRestriction", NSPI_OTHER},
    {"SeekEntries", NSPI_OTHER},
    {"UpdateStat", NSPI_OTHER},
    {"GetMailboxUrl", NSPI_OTHER},
    {"GetAddressBookUrl", NSPI_OTHER},
};

struct ox_mapihttp_call {
  atomic_uint references;
  const ox_allocator *allocator;
  ox_mapihttp_server *server; /* until the call has ended */
  ox_mapihttp_request request;
  ox_mapihttp_sink sink;
  ox_arena arena; /* of begin, then of the completion */
  ox_mapihttp_kind kind;
  const request_info *info;
  ox_mapihttp_context *context; /* with a reference; cleared under the lock */
  bool entered;                 /* leave the context when done */
  bool in_sequence;
  bool destroy; /* the context ends with this call */
  bool is_wait; /* counted as a wait */
  ox_call_id id;
  ox_caller caller;
  uint64_t begin_ms;
  uint64_t deadline_ms;
  uint32_t execute_flags;
  uint32_t max_rop_out;
  ox_mapihttp_connect_request connect;
  ox_mapihttp_execute_request execute;

  pthread_mutex_t lock; /* for what follows, and around the sink */
  bool started;
  bool ended;
  bool gone;          /* the client went */
  bool submitted;     /* the wait is the processor's */
  bool end_requested; /* the wait shall end */
};

/* ---- Life ------------------------------------------------------------------------------------ */

void ox_mapihttp_call_ref(ox_mapihttp_call *call) {
  atomic_fetch_add(&call->references, 1);
}

void ox_mapihttp_call_unref(ox_mapihttp_call *call) {
  if (call == NULL || atomic_fetch_sub(&call->references, 1) != 1) return;
  ox_arena_dispose(&call->arena);
  pthread_mutex_destroy(&call->lock);
  ox_free(call->allocator, call);
}

static uint64_t now_ms(const ox_mapihttp_server *server) {
  return server->environment->monotonic_ms(server->environment->user);
}

/* ---- Header fields --------------------------------------------------------------------------- */

static const char *find_header(const ox_mapihttp_call *call, const char *name) {
  return ox_http_header_find(call->request.headers, call->request.header_count, name, 0);
}

/* A cookie's value in the arena; NULL when it is not there. Several fields and several cookies in
 * one field are both fine. */
static char *find_cookie(ox_mapihttp_call *call, const char *name) {
  size_t name_bytes = strlen(name);
  for (size_t i = 0; i < call->request.header_count; i++) {
    if (!ox_http_name_equal(call->request.headers[i].name, "Cookie")) continue;
    const char *at = call->request.headers[i].value;
    while (*at != 0) {
      at += strspn(at, "; \t");
      size_t size = strcspn(at, ";");
      if (size > name_bytes && at[name_bytes] == '=' && strncmp(at, name, name_bytes) == 0) {
        size_t value_bytes = size - name_bytes - 1;
        while (value_bytes > 0 && strchr(" \t", at[name_bytes + value_bytes]) != NULL)
          value_bytes--;
        return ox_arena_copy(&call->arena, at + name_bytes + 1, value_bytes);
      }
      at += size;
    }
  }
  return NULL;
}

static bool is_cookie_value(const char *value) {
  return strlen(value) == OX_MAPIHTTP_COOKIE_CHARS &&
         strspn(value, "0123456789abcdef") == OX_MAPIHTTP_COOKIE_CHARS;
}

/* "{GUID}:123" or "GUID:123". [MS-OXCMAPIHTTP] 2.2.3.3.2 */
static bool is_request_id(const char *value) {
  char text[OX_GUID_TEXT_BYTES + 2];
  ox_guid guid;
  const char *colon = strrchr(value, ':');
  if (colon == NULL || (size_t)(colon - value) >= sizeof text) return false;
  memcpy(text, value, (size_t)(colon - value));
  text[colon - value] = 0;
  size_t digits = strspn(colon + 1, "0123456789");
  return ox_guid_parse(text, &guid) == OX_OK && digits > 0 && colon[1 + digits] == 0;
}

static bool is_mapi_content(const char *value) {
  size_t size = strlen(CONTENT_TYPE);
  return strncasecmp(value, CONTENT_TYPE, size) == 0 && strchr("; \t", value[size]) != NULL;
}

static bool path_is(const char *path, const char *wanted) {
  size_t size = strlen(wanted);
  return strncasecmp(path, wanted, size) == 0 && (path[size] == 0 || strcmp(path + size, "/") == 0);
}

typedef struct header_list {
  ox_http_header items[PROTOCOL_HEADER_MAX_COUNT];
  size_t count;
  bool failed;
} header_list;

static void add_header(header_list *list, const char *name, const char *value) {
  if (value == NULL) {
    list->failed = true;
    return;
  }
  list->items[list->count].name = name;
  list->items[list->count].value = value;
  list->count++;
}

static const char *number_text(ox_mapihttp_call *call, uint64_t number) {
  char text[24];
  snprintf(text, sizeof text, "%llu", (unsigned long long)number);
  return ox_arena_strdup(&call->arena, text);
}

static const char *cookie_text(ox_mapihttp_call *call, const char *name, const char *value) {
  char text[128];
  const char *path = call->kind == OX_MAPIHTTP_EMSMDB ? "/mapi/emsmdb/" : "/mapi/nspi/";
  snprintf(text, sizeof text, "%s=%s; path=%s; secure; HttpOnly", name, value, path);
  return ox_arena_strdup(&call->arena, text);
}

/* The fields of every answer. [MS-OXCMAPIHTTP] 2.2.2.2 */
static void common_headers(ox_mapihttp_call *call, header_list *list, uint32_t code) {
  const ox_mapihttp_server *server = call->server;
  const char *request_id = find_header(call, "X-RequestId");
  memset(list, 0, sizeof *list);
  add_header(list, "Content-Type", code == OX_MAPIHTTP_SUCCESS ? CONTENT_TYPE : "text/html");
  const char *type = call->info != NULL ? call->info->name : find_header(call, "X-RequestType");
  const char *client_info = find_header(call, "X-ClientInfo");
  if (type != NULL) add_header(list, "X-RequestType", type);
  add_header(list, "X-ResponseCode", number_text(call, code));
  if (request_id != NULL) add_header(list, "X-RequestId", request_id);
  if (client_info != NULL) add_header(list, "X-ClientInfo", client_info);
  add_header(list, "X-ServerApplication", server->server_application);
  add_header(list, "X-ExpirationInfo", number_text(call, server->options.session_idle_ms));
}

/* The call is over: sink and server are not used any more. */
static void end_call(ox_mapihttp_call *call) {
  ox_mapihttp_server *server = call->server;
  bool is_wait = call->is_wait;
  call->sink.release(call->sink.user);
  ox_mapihttp_call_unref(call);
  ox_mapihttp_server_count(server, -1, is_wait ? -1 : 0);
}

/* Answers with a code and a page for people who look at the traffic. */
static void refuse(ox_mapihttp_call *call, uint32_t code, const char *why) {
  header_list list;
  char page[512];
  int size = snprintf(page, sizeof page,
                      "<html><head><title>%s</title></head><body><h1>%s (%u)</h1><p>%s</p>"
                      "</body></html>\r\n",
                      ox_mapihttp_code_text(code), ox_mapihttp_code_text(code), code, why);
  ox_bytes body = {(const uint8_t *)page, (size_t)size};
  common_headers(call, &list, code);
  pthread_mutex_lock(&call->server->lock);
  call->server->stats.requests_refused++;
  pthread_mutex_unlock(&call->server->lock);
  pthread_mutex_lock(&call->lock);
  call->ended = true;
  call->sink.respond(call->sink.user, list.items, list.count, body);
  pthread_mutex_unlock(&call->lock);
  end_call(call);
}

/* The head of an accepted request, and PROCESSING. [MS-OXCMAPIHTTP] 3.2.5.2 */
static bool start(ox_mapihttp_call *call) {
  static const char processing[] = "PROCESSING\r\n";
  header_list list;
  ox_bytes data = {(const uint8_t *)processing, sizeof processing - 1};
  common_headers(call, &list, OX_MAPIHTTP_SUCCESS);
  add_header(&list, "X-PendingPeriod", number_text(call, call->server->options.pending_period_ms));
  if (call->context != NULL) {
    char sequence[OX_MAPIHTTP_COOKIE_CHARS + 1];
    ox_mapihttp_context_sequence(call->server, call->context, sequence);
    /* Both in every answer, since clients may keep only the cookies of the last one (3.1.5.1). */
    add_header(&list, "Set-Cookie", cookie_text(call, CONTEXT_COOKIE, call->context->cookie));
    add_header(&list, "Set-Cookie", cookie_text(call, SEQUENCE_COOKIE, sequence));
  }
  if (list.failed) return false;
  pthread_mutex_lock(&call->lock);
  call->sink.start(call->sink.user, list.items, list.count);
  call->sink.send(call->sink.user, data);
  call->started = true;
  pthread_mutex_unlock(&call->lock);
  return true;
}

/* Leaves the context, so that the client's next request finds it free. */
static void leave(ox_mapihttp_call *call) {
  pthread_mutex_lock(&call->lock);
  ox_mapihttp_context *context = call->context;
  call->context = NULL;
  pthread_mutex_unlock(&call->lock);
  if (context == NULL) return;
  if (call->info->type == NOTIFICATION_WAIT)
    ox_mapihttp_context_clear_wait(call->server, context, call);
  if (call->entered) ox_mapihttp_context_leave(call->server, context, call->in_sequence);
  if (call->destroy) ox_mapihttp_context_destroy(call->server, context);
  ox_mapihttp_context_unref(call->server, context);
}

/* DONE, the additional headers and the body. [MS-OXCMAPIHTTP] 3.2.5.2
 * @param code  not 0: the accepted request failed after all; `body` is then ignored */
static void finish(ox_mapihttp_call *call, uint32_t code, ox_bytes body) {
  const ox_environment *env = call->server->environment;
  char date[OX_HTTP_DATE_BYTES];
  char text[256];
  leave(call);
  uint64_t elapsed_ms = now_ms(call->server) - call->begin_ms;
  int64_t now_s = ox_filetime_to_unix(env->now(env->user), NULL);
  ox_http_date_format(now_s - (int64_t)(elapsed_ms / 1000), date);
  snprintf(text, sizeof text, "DONE\r\nX-ElapsedTime: %llu\r\nX-StartTime: %s\r\n",
           (unsigned long long)elapsed_ms, date);

  ox_writer w;
  ox_writer_init(&w, call->server->allocator, body.size_bytes + RESPONSE_OVERHEAD_BYTES);
  ox_write_text(&w, text);
  if (code != OX_MAPIHTTP_SUCCESS) {
    snprintf(text, sizeof text,
             "X-ResponseCode: %u\r\nContent-Type: text/html\r\n\r\n<p>%s</p>\r\n", code,
             ox_mapihttp_code_text(code));
    ox_write_text(&w, text);
  } else {
    ox_write_text(&w, "\r\n");
    ox_write_bytes(&w, body.data, body.size_bytes);
  }
  pthread_mutex_lock(&call->lock);
  call->ended = true;
  /* Without memory the client sees an answer without DONE, which is what happened. */
  if (ox_writer_status(&w) == OX_OK) call->sink.send(call->sink.user, ox_writer_bytes(&w));
  call->sink.finish(call->sink.user);
  pthread_mutex_unlock(&call->lock);
  ox_writer_dispose(&w);
  end_call(call);
}

static void finish_failed(ox_mapihttp_call *call, uint32_t code) {
  ox_bytes none = {NULL, 0};
  pthread_mutex_lock(&call->server->lock);
  call->server->stats.requests_refused++;
  pthread_mutex_unlock(&call->server->lock);
  finish(call, code, none);
}

/* Finishes with an encoded body, or says that there is none. */
static void finish_writer(ox_mapihttp_call *call, ox_writer *w) {
  if (ox_writer_status(w) == OX_OK)
    finish(call, OX_MAPIHTTP_SUCCESS, ox_writer_bytes(w));
  else
    finish_failed(call, OX_MAPIHTTP_INVALID_RESPONSE);
  ox_writer_dispose(w);
}

static void body_writer(ox_mapihttp_call *call, ox_writer *w, size_t payload_bytes) {
  ox_writer_init(w, call->server->allocator, payload_bytes + RESPONSE_OVERHEAD_BYTES);
}

/* A library's code as the protocol's; codes of [MS-OXCDATA] 2.4 stay. */
static ox_status wire_status(ox_status status) {
  if (!ox_status_is_local(status)) return status;
  if (status == OX_E_MALFORMED || status == OX_E_TRUNCATED || status == OX_E_TRAILING)
    return OX_E_RPC_FORMAT;
  if (status == OX_E_NO_MEMORY) return OX_E_NOT_ENOUGH_MEMORY;
  return OX_E_CALL_FAILED;
}

/* The failure form that all four mailbox bodies share: a status and no auxiliary data. */
static void finish_rpc_failure(ox_mapihttp_call *call, uint32_t rpc_status) {
  ox_writer w;
  body_writer(call, &w, 0);
  ox_write_u32(&w, rpc_status);
  ox_write_u32(&w, 0);
  finish_writer(call, &w);
}

/* ---- Connect --------------------------------------------------------------------------------- */

/* What the server tells at Connect: whether there are public folders. [MS-OXCRPC] 3.1.4.1.2.1 */
static ox_bytes connect_auxiliary(ox_mapihttp_call *call, uint8_t *buffer, size_t capacity_bytes) {
  uint8_t flags[4] = {call->server->options.public_folders ? OX_AUX_PUBLIC_FOLDERS_ENABLED : 0};
  uint8_t blocks[16];
  ox_writer w;
  ox_aux_block block = {OX_AUX_VERSION_1, OX_AUX_EXORGINFO, {flags, sizeof flags}};
  ox_writer_init_fixed(&w, blocks, sizeof blocks);
  ox_aux_write(&w, &block);
  ox_bytes payload = ox_writer_bytes(&w);
  ox_writer_init_fixed(&w, buffer, capacity_bytes);
  ox_rpcext_encode(&w, payload, OX_RPCEXT_LAST);
  return ox_writer_bytes(&w);
}

static void finish_connect(ox_mapihttp_call *call, ox_status status,
                           const ox_rop_connect_response *response) {
  ox_mapihttp_connect_response body;
  uint8_t auxiliary[32];
  ox_writer w;
  memset(&body, 0, sizeof body);
  body.error_code = wire_status(status);
  if (status == OX_OK) {
    body.polls_max = response->polls_max_ms;
    body.retry_count = response->retry_count;
    body.retry_delay = response->retry_delay_ms;
    body.dn_prefix = ox_str8_from(response->dn_prefix);
    body.auxiliary_buffer = connect_auxiliary(call, auxiliary, sizeof auxiliary);
    if (ox_str16_from_utf8(&call->arena, ox_str8_from(response->display_name),
                           &body.display_name) != OX_OK) {
      finish_failed(call, OX_MAPIHTTP_UNKNOWN_FAILURE);
      return;
    }
  }
  body_writer(call, &w, body.dn_prefix.size_bytes + body.display_name.size_bytes);
  ox_mapihttp_connect_response_encode(&w, &body);
  finish_writer(call, &w);
}

static void connect_done(void *user, ox_status status, ox_rop_server_session *session,
                         const ox_rop_connect_response *response, const ox_error *err) {
  ox_mapihttp_call *call = user;
  (void)err;
  if (ox_failed(status)) {
    call->destroy = true;
    finish_connect(call, status, NULL);
    return;
  }
  call->context->rop = session;
  pthread_mutex_lock(&call->lock);
  if (call->gone) call->destroy = true; /* nobody will ever name this context */
  pthread_mutex_unlock(&call->lock);
  finish_connect(call, OX_OK, response);
}

/* A context before this one, named by its cookie, goes first. [MS-OXCMAPIHTTP] 3.2.5.6 */
static void drop_previous(ox_mapihttp_call *call) {
  const char *cookie = find_cookie(call, CONTEXT_COOKIE);
  if (cookie == NULL || !is_cookie_value(cookie)) return;
  ox_mapihttp_context *previous =
      ox_mapihttp_context_find(call->server, call->kind, cookie, call->request.user);
  if (previous == NULL) return;
  ox_mapihttp_context_destroy(call->server, previous);
  ox_mapihttp_context_unref(call->server, previous);
}

static bool new_context(ox_mapihttp_call *call, ox_status *status_out) {
  drop_previous(call);
  *status_out =
      ox_mapihttp_context_new(call->server, call->kind, call->request.user, &call->context);
  if (*status_out != OX_OK) return false;
  call->entered = true;
  call->in_sequence = true;
  return true;
}

static void begin_connect(ox_mapihttp_call *call) {
  ox_rop_processor *processor = call->server->options.rop_processor;
  ox_status status;
  bool made = new_context(call, &status);
  if (!made && status != OX_E_SESSION_LIMIT) {
    refuse(call, OX_MAPIHTTP_UNKNOWN_FAILURE, "No session could be made.");
    return;
  }
  call->destroy = true; /* until Connect has succeeded */
  if (!start(call)) {
    leave(call);
    refuse(call, OX_MAPIHTTP_UNKNOWN_FAILURE, "The server is out of memory.");
    return;
  }
  if (!made) {
    finish_connect(call, status, NULL);
    return;
  }
  ox_rop_connect_request request = {sizeof request, &call->caller, NULL, 0, 0, 0, 0, {0, 0, 0}};
  request.user_dn =
      ox_arena_copy(&call->arena, call->connect.user_dn.data, call->connect.user_dn.size_bytes);
  request.flags = call->connect.flags;
  request.default_codepage = call->connect.default_code_page;
  request.lcid_sort = call->connect.lcid_sort;
  request.lcid_string = call->connect.lcid_string;
  if (request.user_dn == NULL) {
    finish_failed(call, OX_MAPIHTTP_UNKNOWN_FAILURE);
    return;
  }
  call->destroy = false;
  status = processor->connect(processor, &request, call->deadline_ms, connect_done, call, NULL);
  if (status != OX_OK) connect_done(call, status, NULL, NULL, NULL);
}

/* ---- Execute --------------------------------------------------------------------------------- */

static void finish_execute(ox_mapihttp_call *call, ox_status error_code, const ox_bytes *outputs,
                           size_t output_count) {
  ox_mapihttp_execute_response body;
  ox_writer chain;
  ox_writer w;
  bool compress = (call->execute_flags & OX_RPCEXT_NO_COMPRESSION) == 0;
  memset(&body, 0, sizeof body);
  body.error_code = error_code;
  ox_writer_init(&chain, call->server->allocator, call->max_rop_out);
  for (size_t i = 0; i < output_count; i++) {
    uint32_t flags = i + 1 == output_count ? OX_RPCEXT_LAST : 0;
    ox_rpcext_encode(&chain, outputs[i], flags | (compress ? OX_RPCEXT_COMPRESSED : 0));
  }
  if (ox_writer_status(&chain) != OX_OK) {
    ox_writer_dispose(&chain);
    finish_failed(call, OX_MAPIHTTP_INVALID_RESPONSE);
    return;
  }
  body.rop_buffer = ox_writer_bytes(&chain);
  body_writer(call, &w, body.rop_buffer.size_bytes);
  ox_mapihttp_execute_response_encode(&w, &body);
  finish_writer(call, &w);
  ox_writer_dispose(&chain);
}

static void execute_done(void *user, ox_status status, const ox_bytes *outputs, size_t output_count,
                         const ox_error *err) {
  ox_mapihttp_call *call = user;
  (void)err;
  if (!ox_failed(status))
    finish_execute(call, OX_OK, outputs, output_count);
  else if (status == OX_E_LIMIT || status == OX_E_AGAIN)
    finish_rpc_failure(call, RPC_S_SERVER_TOO_BUSY);
  else
    finish_execute(call, wire_status(status), NULL, 0);
}

/* Checks the sizes that EcDoRpcExt2 limits. [MS-OXCRPC] 3.1.4.2 */
static bool execute_sizes_ok(ox_mapihttp_call *call) {
  const ox_mapihttp_execute_request *execute = &call->execute;
  if (execute->rop_buffer.size_bytes > OX_RPCEXT_BUFFER_MAX_BYTES ||
      execute->max_rop_out > OX_RPCEXT_BUFFER_MAX_BYTES ||
      execute->auxiliary_buffer.size_bytes > OX_RPCEXT_AUX_MAX_BYTES) {
    finish_rpc_failure(call, RPC_X_BAD_STUB_DATA);
    return false;
  }
  if (execute->rop_buffer.size_bytes < OX_RPCEXT_HEADER_BYTES ||
      execute->max_rop_out < OX_RPCEXT_HEADER_BYTES) {
    finish_execute(call, RPC_FAILED, NULL, 0);
    return false;
  }
  return true;
}

static void begin_execute(ox_mapihttp_call *call) {
  static const uint8_t no_rops[2] = {2, 0};
  ox_rop_processor *processor = call->server->options.rop_processor;
  ox_bytes *payloads;
  size_t count;
  call->execute_flags = call->execute.flags;
  call->max_rop_out = call->execute.max_rop_out;
  if (!execute_sizes_ok(call)) return;
  ox_status status =
      ox_rpcext_decode(call->execute.rop_buffer, &call->arena, &payloads, &count, NULL);
  /* Packed requests are not announced in AUX_SERVER_CAPABILITIES, so there is one. */
  if (status != OX_OK || count != 1) {
    finish_execute(call, OX_E_RPC_FORMAT, NULL, 0);
    return;
  }
  ox_bytes input = payloads[0];
  if (input.size_bytes == 0) {
    input.data = no_rops;
    input.size_bytes = sizeof no_rops;
  }
  status = processor->execute(
      processor, call->context->rop, call->id, input, call->max_rop_out - OX_RPCEXT_HEADER_BYTES,
      (call->execute_flags & OX_RPCEXT_CHAIN) != 0, call->deadline_ms, execute_done, call, NULL);
  if (status != OX_OK) execute_done(call, status, NULL, 0, NULL);
}

/* ---- NotificationWait ------------------------------------------------------------------------ */

static void finish_wait(ox_mapihttp_call *call, ox_status error_code, bool events_pending) {
  ox_mapihttp_notification_wait_response body;
  ox_writer w;
  memset(&body, 0, sizeof body);
  body.error_code = error_code;
  body.event_pending = events_pending;
  body_writer(call, &w, 0);
  ox_mapihttp_notification_wait_response_encode(&w, &body);
  finish_writer(call, &w);
}

static void wait_done(void *user, ox_status status, bool events_pending, const ox_error *err) {
  ox_mapihttp_call *call = user;
  (void)err;
  pthread_mutex_lock(&call->server->lock);
  bool stopping = call->server->stopping;
  bool dead = call->context->dead;
  pthread_mutex_unlock(&call->server->lock);
  if (!ox_failed(status) || status == OX_E_TIMEOUT)
    finish_wait(call, OX_OK, status == OX_OK && events_pending);
  else if (stopping)
    finish_wait(call, RPC_EXITING, false);
  else if (dead)
    finish_failed(call, OX_MAPIHTTP_CONTEXT_NOT_FOUND);
  else if (status == OX_E_CANCELLED)
    finish_wait(call, OX_OK, false); /* overdue, or nobody listens */
  else
    finish_wait(call, wire_status(status), false);
}

/* Ends the wait as soon as it is the processor's. */
static void cancel_wait(ox_mapihttp_call *call) {
  ox_mapihttp_context *context = NULL;
  pthread_mutex_lock(&call->lock);
  call->end_requested = true;
  if (call->submitted) context = call->context;
  if (context != NULL) ox_mapihttp_context_ref(call->server, context);
  pthread_mutex_unlock(&call->lock);
  if (context == NULL) return;
  /* The reference keeps the ROP session; the server outlives the HTTP server's threads. */
  ox_mapihttp_server *server = call->server;
  ox_rop_processor *processor = server->options.rop_processor;
  processor->cancel(processor, context->rop, call->id);
  ox_mapihttp_context_unref(server, context);
}

void ox_mapihttp_call_end_wait(ox_mapihttp_call *call) {
  cancel_wait(call);
}

static void begin_wait(ox_mapihttp_call *call) {
  ox_rop_processor *processor = call->server->options.rop_processor;
  call->deadline_ms = call->begin_ms + call->server->options.notification_wait_ms;
  if (!ox_mapihttp_context_set_wait(call->server, call->context, call)) {
    finish_wait(call, OX_E_REJECTED, false);
    return;
  }
  call->is_wait = true;
  ox_mapihttp_server_count(call->server, 0, 1);
  ox_status status = processor->wait(processor, call->context->rop, call->id, call->deadline_ms,
                                     wait_done, call, NULL);
  if (status != OX_OK) {
    wait_done(call, status, false, NULL);
  } else {
    pthread_mutex_lock(&call->lock);
    call->submitted = true;
    bool cancel = call->end_requested;
    pthread_mutex_unlock(&call->lock);
    if (cancel) cancel_wait(call);
  }
}

/* ---- Disconnect, PING, address book ---------------------------------------------------------- */

static void begin_disconnect(ox_mapihttp_call *call) {
  ox_mapihttp_disconnect_response body;
  ox_writer w;
  memset(&body, 0, sizeof body);
  call->destroy = true;
  body_writer(call, &w, 0);
  ox_mapihttp_disconnect_response_encode(&w, &body);
  finish_writer(call, &w);
}

static void nspi_done(void *user, ox_status status, ox_bytes body, const ox_error *err) {
  ox_mapihttp_call *call = user;
  (void)err;
  if (call->info->type == UNBIND) call->destroy = true;
  if (ox_failed(status)) {
    bool bad_body = status == OX_E_MALFORMED || status == OX_E_TRUNCATED ||
                    status == OX_E_TRAILING || status == OX_E_LIMIT;
    if (call->info->type == BIND) call->destroy = true;
    finish_failed(call, bad_body ? OX_MAPIHTTP_INVALID_REQUEST_BODY : OX_MAPIHTTP_UNKNOWN_FAILURE);
    return;
  }
  if (call->info->type == BIND) {
    /* StatusCode and ErrorCode: a Bind that failed has no context. */
    ox_reader r;
    ox_reader_init(&r, body.data, body.size_bytes);
    uint32_t status_code = ox_read_u32(&r);
    uint32_t error_code = ox_read_u32(&r);
    pthread_mutex_lock(&call->lock);
    if (status_code != 0 || error_code != 0 || !ox_reader_ok(&r) || call->gone)
      call->destroy = true;
    pthread_mutex_unlock(&call->lock);
  }
  finish(call, OX_MAPIHTTP_SUCCESS, body);
}

static void begin_nspi(ox_mapihttp_call *call) {
  ox_nspi_processor *processor = call->server->options.nspi_processor;
  ox_status status =
      processor->execute(processor, &call->caller, call->info->name, call->request.body,
                         call->deadline_ms, nspi_done, call, NULL);
  if (status != OX_OK) {
    ox_bytes none = {NULL, 0};
    nspi_done(call, status, none, NULL);
  }
}

static void begin_bind(ox_mapihttp_call *call) {
  ox_status status;
  bool made = new_context(call, &status);
  if (!made || !start(call)) {
    call->destroy = true;
    leave(call);
    refuse(call, OX_MAPIHTTP_UNKNOWN_FAILURE,
           status == OX_E_SESSION_LIMIT ? "The user has too many sessions."
                                        : "No session could be made.");
    return;
  }
  begin_nspi(call);
}

/* ---- Checks before a request is accepted ----------------------------------------------------- */

/* Verb, path, header fields. [MS-OXCMAPIHTTP] 2.2.3 */
static uint32_t check_head(ox_mapihttp_call *call, const char **why) {
  const ox_mapihttp_request *request = &call->request;
  const ox_mapihttp_server *server = call->server;
  const char *type = find_header(call, "X-RequestType");
  const char *id = find_header(call, "X-RequestId");
  const char *content_type = find_header(call, "Content-Type");
  *why = "";
  if (strcmp(request->method, "POST") != 0) {
    *why = "Requests are sent with POST.";
    return OX_MAPIHTTP_INVALID_VERB;
  }
  if (path_is(request->path, "/mapi/emsmdb"))
    call->kind = OX_MAPIHTTP_EMSMDB;
  else if (path_is(request->path, "/mapi/nspi"))
    call->kind = OX_MAPIHTTP_NSPI;
  else
    return OX_MAPIHTTP_INVALID_PATH;
  if (request->user[0] == 0) return OX_MAPIHTTP_ANONYMOUS_NOT_ALLOWED;
  if (type == NULL || id == NULL || content_type == NULL) {
    *why = "X-RequestType, X-RequestId and Content-Type are required.";
    return OX_MAPIHTTP_MISSING_HEADER;
  }
  const request_info *table = call->kind == OX_MAPIHTTP_EMSMDB ? emsmdb_requests : nspi_requests;
  size_t count = call->kind == OX_MAPIHTTP_EMSMDB ? sizeof emsmdb_requests / sizeof *table
                                                  : sizeof nspi_requests / sizeof *table;
  for (size_t i = 0; i < count && call->info == NULL; i++)
    if (strcasecmp(table[i].name, type) == 0) call->info = &table[i];
  if (call->info == NULL) return OX_MAPIHTTP_INVALID_REQUEST_TYPE;
  if (!is_request_id(id)) {
    *why = "X-RequestId is a GUID, a colon and a number.";
    return OX_MAPIHTTP_INVALID_HEADER;
  }
  if (!is_mapi_content(content_type)) {
    *why = "Content-Type is " CONTENT_TYPE ".";
    return OX_MAPIHTTP_INVALID_HEADER;
  }
  if (call->kind == OX_MAPIHTTP_EMSMDB ? server->options.rop_processor == NULL
                                       : server->options.nspi_processor == NULL)
    return OX_MAPIHTTP_ENDPOINT_DISABLED;
  if (request->body.size_bytes > server->options.request_max_bytes) return OX_MAPIHTTP_TOO_LARGE;
  return OX_MAPIHTTP_SUCCESS;
}

/* Auxiliary data is information only, but what cannot be parsed is no auxiliary data.
 * [MS-OXCRPC] 3.1.4.1.2 */
static ox_status check_auxiliary(ox_mapihttp_call *call, ox_bytes buffer) {
  ox_bytes *payloads;
  size_t count;
  if (buffer.size_bytes > OX_RPCEXT_AUX_MAX_BYTES) return OX_OK; /* refused with an RPC status */
  ox_status status = ox_rpcext_decode(buffer, &call->arena, &payloads, &count, NULL);
  for (size_t i = 0; i < count && status == OX_OK; i++) {
    ox_reader r;
    ox_aux_block block;
    ox_reader_init(&r, payloads[i].data, payloads[i].size_bytes);
    while (ox_aux_next(&r, &block)) continue;
    status = ox_reader_status(&r, NULL);
  }
  return status;
}

static ox_status check_body(ox_mapihttp_call *call) {
  ox_reader r;
  ox_mapihttp_disconnect_request disconnect;
  ox_mapihttp_notification_wait_request wait;
  ox_bytes auxiliary = {NULL, 0};
  ox_status status = OX_OK;
  ox_reader_init(&r, call->request.body.data, call->request.body.size_bytes);
  switch (call->info->type) {
    case CONNECT:
      status = ox_mapihttp_connect_request_decode(&r, &call->arena, &call->connect);
      auxiliary = call->connect.auxiliary_buffer;
      break;
    case EXECUTE:
      status = ox_mapihttp_execute_request_decode(&r, &call->arena, &call->execute);
      auxiliary = call->execute.auxiliary_buffer;
      break;
    case DISCONNECT:
      /* [MS-OXCMAPIHTTP] 3.1.5.4 calls the body empty, 2.2.4.3.1 gives it a size field. */
      if (call->request.body.size_bytes == 0) return OX_OK;
      status = ox_mapihttp_disconnect_request_decode(&r, &call->arena, &disconnect);
      auxiliary = disconnect.auxiliary_buffer;
      break;
    case NOTIFICATION_WAIT:
      status = ox_mapihttp_notification_wait_request_decode(&r, &call->arena, &wait);
      auxiliary = wait.auxiliary_buffer;
      break;
    case PING:
    case BIND:
    case UNBIND:
    case NSPI_OTHER: return OX_OK; /* the address book's own */
  }
  if (status == OX_OK) status = ox_reader_finish(&r, NULL);
  return status == OX_OK ? check_auxiliary(call, auxiliary) : status;
}

/* Finds the context that the cookie names and enters it. [MS-OXCMAPIHTTP] 3.2.5.1 */
static uint32_t enter_context(ox_mapihttp_call *call) {
  const char *cookie = find_cookie(call, CONTEXT_COOKIE);
  const char *sequence = find_cookie(call, SEQUENCE_COOKIE);
  bool beside = call->info->type == NOTIFICATION_WAIT || call->info->type == PING;
  if (cookie == NULL) {
    /* PING asks whether the endpoint is there; it needs no context for that. */
    return call->info->type == PING ? OX_MAPIHTTP_SUCCESS : OX_MAPIHTTP_MISSING_COOKIE;
  }
  if (!is_cookie_value(cookie)) return OX_MAPIHTTP_INVALID_CONTEXT_COOKIE;
  ox_mapihttp_context *context =
      ox_mapihttp_context_find(call->server, call->kind, cookie, call->request.user);
  if (context == NULL) return OX_MAPIHTTP_CONTEXT_NOT_FOUND;
  uint32_t code = OX_MAPIHTTP_SUCCESS;
  if (!beside && sequence == NULL) code = OX_MAPIHTTP_MISSING_COOKIE;
  if (code == OX_MAPIHTTP_SUCCESS)
    code = ox_mapihttp_context_enter(call->server, context, beside ? NULL : sequence);
  if (code != OX_MAPIHTTP_SUCCESS) {
    ox_mapihttp_context_unref(call->server, context);
    return code;
  }
  call->context = context;
  call->entered = true;
  call->in_sequence = !beside;
  return OX_MAPIHTTP_SUCCESS;
}

static void run(ox_mapihttp_call *call) {
  const char *why;
  ox_bytes none = {NULL, 0};
  uint32_t code = check_head(call, &why);
  if (code == OX_MAPIHTTP_SUCCESS && check_body(call) != OX_OK)
    code = OX_MAPIHTTP_INVALID_REQUEST_BODY;
  if (code != OX_MAPIHTTP_SUCCESS) {
    refuse(call, code, why);
    return;
  }
  if (call->info->type == CONNECT) {
    begin_connect(call);
    return;
  }
  if (call->info->type == BIND) {
    begin_bind(call);
    return;
  }
  code = enter_context(call);
  if (code != OX_MAPIHTTP_SUCCESS) {
    refuse(call, code, "");
    return;
  }
  if (!start(call)) {
    leave(call);
    refuse(call, OX_MAPIHTTP_UNKNOWN_FAILURE, "The server is out of memory.");
    return;
  }
  switch (call->info->type) {
    case EXECUTE: begin_execute(call); return;
    case DISCONNECT: begin_disconnect(call); return;
    case NOTIFICATION_WAIT: begin_wait(call); return;
    case PING: finish(call, OX_MAPIHTTP_SUCCESS, none); return;
    case UNBIND:
    case NSPI_OTHER: begin_nspi(call); return;
    case CONNECT:
    case BIND: return;
  }
}

/* ---- Interface ------------------------------------------------------------------------------- */

ox_mapihttp_call *ox_mapihttp_call_new(ox_mapihttp_server *server,
                                       const ox_mapihttp_request *request,
                                       const ox_mapihttp_sink *sink) {
  ox_mapihttp_call *call = ox_calloc(server->allocator, 1, sizeof *call);
  if (call == NULL) return NULL;
  if (pthread_mutex_init(&call->lock, NULL) != 0) {
    ox_free(server->allocator, call);
    return NULL;
  }
  atomic_init(&call->references, 2); /* the caller's, and the progress's */
  call->allocator = server->allocator;
  call->server = server;
  call->request = *request;
  call->sink = *sink;
  ox_arena_init(&call->arena, server->allocator, 0);
  call->begin_ms = now_ms(server);
  call->deadline_ms = call->begin_ms + server->options.execute_timeout_ms;
  call->caller.struct_size = sizeof call->caller;
  call->caller.user = request->user;
  call->caller.peer = request->peer;
  call->caller.client_info = find_header(call, "X-ClientApplication");
  ox_mapihttp_server_count(server, 1, 0);
  return call;
}

void ox_mapihttp_call_run(ox_mapihttp_call *call) {
  ox_mapihttp_server *server = call->server;
  ox_mapihttp_call_ref(call);
  ox_mapihttp_server_sweep(server);
  pthread_mutex_lock(&server->lock);
  call->id = ++server->next_call_id;
  server->stats.requests++;
  bool stopping = server->stopping;
  pthread_mutex_unlock(&server->lock);
  if (stopping)
    refuse(call, OX_MAPIHTTP_ENDPOINT_SHUTTING_DOWN, "");
  else
    run(call);
  ox_mapihttp_call_unref(call);
}

void ox_mapihttp_call_tick(ox_mapihttp_call *call) {
  static const char pending[] = "PENDING\r\n";
  ox_bytes data = {(const uint8_t *)pending, sizeof pending - 1};
  pthread_mutex_lock(&call->lock);
  bool running = call->started && !call->ended;
  if (running) call->sink.send(call->sink.user, data);
  bool overdue = running && call->submitted && now_ms(call->server) > call->deadline_ms &&
                 now_ms(call->server) - call->deadline_ms > WAIT_GRACE_MS;
  pthread_mutex_unlock(&call->lock);
  if (overdue) cancel_wait(call);
}

void ox_mapihttp_call_cancel(ox_mapihttp_call *call) {
  pthread_mutex_lock(&call->lock);
  call->gone = true;
  bool waiting = !call->ended && call->info != NULL && call->info->type == NOTIFICATION_WAIT;
  pthread_mutex_unlock(&call->lock);
  if (waiting) cancel_wait(call);
}

static void set_default(uint32_t *value, uint32_t otherwise) {
  if (*value == 0) *value = otherwise;
}

static void set_default_size(size_t *value, size_t otherwise) {
  if (*value == 0) *value = otherwise;
}

ox_status ox_mapihttp_server_new(const ox_mapihttp_server_options *options,
                                 ox_mapihttp_server **out, ox_error *err) {
  *out = NULL;
  if (options->struct_size < sizeof *options) return ox_error_set(err, OX_E_USAGE, NULL);
  const char *application =
      options->server_application != NULL ? options->server_application : "Exchange/15.01.2507.006";
  if (!ox_http_is_field_value(application, strlen(application)))
    return ox_error_set(err, OX_E_USAGE, "The server application is no header field value.");
  ox_mapihttp_server *server = ox_calloc(options->allocator, 1, sizeof *server);
  if (server == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  server->allocator = options->allocator;
  server->environment =
      options->environment != NULL ? options->environment : ox_environment_system();
  server->options = *options;
  set_default(&server->options.session_idle_ms, 900000);
  set_default(&server->options.pending_period_ms, 15000);
  set_default(&server->options.notification_wait_ms, 300000);
  set_default(&server->options.execute_timeout_ms, 300000);
  set_default_size(&server->options.sessions_per_user_max_count, 64);
  set_default_size(&server->options.sessions_max_count, 20000);
  set_default_size(&server->options.request_max_bytes, 524288);
  server->server_application = ox_malloc(options->allocator, strlen(application) + 1);
  bool made = server->server_application != NULL && pthread_mutex_init(&server->lock, NULL) == 0;
  if (made && pthread_cond_init(&server->ended, NULL) != 0) {
    pthread_mutex_destroy(&server->lock);
    made = false;
  }
  if (!made) {
    ox_free(options->allocator, server->server_application);
    ox_free(options->allocator, server);
    return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  }
  memcpy(server->server_application, application, strlen(application) + 1);
  *out = server;
  return OX_OK;
}
