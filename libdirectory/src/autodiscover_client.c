/* The client's search for its server. @spec [MS-OXDISCO] 3.1.5, [MS-OXDSCLI] 3.1.5 */
#include <oxkit/directory/autodiscover.h>

#include <stdio.h>
#include <string.h>

#include <oxkit/ropcodec/text.h>

/* Where a search stands. URLs and addresses that were asked are kept: asking one twice is a
 * circle. */
typedef struct search {
  ox_autodiscover_http *http;
  const ox_autodiscover_client_options *options;
  ox_arena *arena;
  ox_error *err;
  const char *address;
  unsigned redirects;
  const char *seen_urls[2 * OX_AUTODISCOVER_REDIRECTS_MAX + 8];
  const char *seen_addresses[2 * OX_AUTODISCOVER_REDIRECTS_MAX + 8];
  size_t seen_count;
  ox_status refusal; /* the best reason so far why nothing was found */
  ox_error refusal_error;
} search;

/* What to do after one exchange. */
typedef enum verdict { TRY_NEXT, SETTLED, NEW_ADDRESS, FAILED } verdict;

static void trace(const search *s, const char *method, const char *url, ox_status status,
                  const char *outcome) {
  if (s->options->trace == NULL) return;
  char step[1024];
  snprintf(step, sizeof step, "%s %s", method, url);
  s->options->trace(s->options->user, step, status, outcome);
}

/* Keeps the reason that tells a person most: refused credentials before a server's error before a
 * lost connection. */
static int weight(ox_status status) {
  switch (status) {
    case OX_OK: return 0;
    case OX_E_LOGON_FAILED: return 4;
    case OX_E_REMOTE: return 3;
    case OX_E_CERTIFICATE:
    case OX_E_LIMIT: return 2;
    default: return 1;
  }
}

static void refuse(search *s, ox_status status, const ox_error *detail) {
  if (weight(status) <= weight(s->refusal)) return;
  s->refusal = status;
  s->refusal_error = *detail;
}

static ox_status note_refusal(search *s, ox_status status, const char *text, uint32_t code) {
  ox_error detail;
  memset(&detail, 0, sizeof detail);
  ox_error_set(&detail, status, text);
  detail.remote_code = code;
  refuse(s, status, &detail);
  return status;
}

static bool is_https(const char *url) {
  return ox_ascii_equal_n(url, "https://", 8) && url[8] != 0;
}

/* Host of a URL, without port or user. */
static ox_str8 host_of(const char *url) {
  const char *start = strstr(url, "://");
  start = start != NULL ? start + 3 : url;
  size_t authority = strcspn(start, "/?#");
  for (size_t i = authority; i > 0; i--)
    if (start[i - 1] == '@') {
      start += i;
      authority -= i;
      break;
    }
  size_t length = start[0] == '[' ? strcspn(start, "]") + 1 : strcspn(start, ":/?#");
  return (ox_str8){start, length < authority ? length : authority};
}

static bool within_domain(ox_str8 host, const char *domain) {
  size_t length = strlen(domain);
  if (host.size_bytes == length) return ox_ascii_equal_n(host.data, domain, length);
  return host.size_bytes > length && host.data[host.size_bytes - length - 1] == '.' &&
         ox_ascii_equal_n(host.data + host.size_bytes - length, domain, length);
}

static const char *domain_of(const char *address) {
  const char *at = strrchr(address, '@');
  return at != NULL ? at + 1 : "";
}

/* False when this URL was asked for this address before. */
static bool first_visit(search *s, const char *url) {
  for (size_t i = 0; i < s->seen_count; i++)
    if (strcmp(s->seen_urls[i], url) == 0 && ox_ascii_equal(s->seen_addresses[i], s->address))
      return false;
  if (s->seen_count == sizeof s->seen_urls / sizeof *s->seen_urls) return false;
  s->seen_urls[s->seen_count] = url;
  s->seen_addresses[s->seen_count++] = s->address;
  return true;
}

/* Counts a redirection. */
static bool may_redirect(search *s) {
  if (++s->redirects <= OX_AUTODISCOVER_REDIRECTS_MAX) return true;
  note_refusal(s, OX_E_LIMIT, "Autodiscover was redirected too often.", 0);
  return false;
}

static ox_status exchange(search *s, const char *method, const char *url, bool send_credentials,
                          ox_bytes body, ox_autodiscover_http_response *out) {
  ox_autodiscover_http_request request = {.struct_size = sizeof request,
                                          .method = method,
                                          .url = url,
                                          .send_credentials = send_credentials,
                                          .mapi_http_capability = body.size_bytes != 0 ? 1 : 0,
                                          .body = body,
                                          .deadline_ms = s->options->deadline_ms,
                                          .max_body_bytes = OX_AUTODISCOVER_RESPONSE_MAX_BYTES};
  ox_error detail;
  memset(&detail, 0, sizeof detail);
  memset(out, 0, sizeof *out);
  out->struct_size = sizeof *out;
  ox_status status = s->http->exchange(s->http, &request, s->arena, out, &detail);
  if (status != OX_OK) {
    if (detail.text[0] == 0) ox_error_set(&detail, status, NULL);
    refuse(s, status, &detail);
    trace(s, method, url, status, detail.text);
  }
  return status;
}

static verdict post(search *s, const char *url, ox_autodiscover_response *out);

/* A redirection by a server whose certificate and credentials were accepted. */
static verdict follow(search *s, const char *from, const char *to, ox_autodiscover_response *out) {
  const ox_autodiscover_client_options *options = s->options;
  if (!is_https(to)) {
    note_refusal(s, OX_E_PROTOCOL, "Autodiscover was redirected to a URL that is not https.", 0);
    return TRY_NEXT;
  }
  if (options->allow_redirect != NULL && !options->allow_redirect(options->user, from, to)) {
    note_refusal(s, OX_E_CANCELLED, "A redirection of Autodiscover was not allowed.", 0);
    return TRY_NEXT;
  }
  if (!may_redirect(s)) return FAILED;
  const char *url = ox_arena_strdup(s->arena, to);
  if (url == NULL) {
    note_refusal(s, OX_E_NO_MEMORY, NULL, 0);
    return FAILED;
  }
  return post(s, url, out);
}

/* What a well-formed answer says. */
static verdict judge(search *s, const char *url, ox_autodiscover_response *out) {
  char text[OX_ERROR_TEXT_BYTES];
  if (out->error_code != 0) {
    snprintf(text, sizeof text, "The Autodiscover server answered with error %u: %.120s",
             (unsigned)out->error_code, out->error_message != NULL ? out->error_message : "");
    trace(s, "POST", url, note_refusal(s, OX_E_REMOTE, text, out->error_code), text);
    return TRY_NEXT;
  }
  if (out->action != NULL && ox_ascii_equal(out->action, "redirectAddr") &&
      out->redirect_addr != NULL) {
    snprintf(text, sizeof text, "try the address %.120s", out->redirect_addr);
    trace(s, "POST", url, OX_OK, text);
    if (strchr(out->redirect_addr, '@') == NULL) {
      note_refusal(s, OX_E_PROTOCOL, "Autodiscover redirected to something that is no address.", 0);
      return TRY_NEXT;
    }
    if (!may_redirect(s)) return FAILED;
    s->address = out->redirect_addr;
    return NEW_ADDRESS;
  }
  if (out->action != NULL && ox_ascii_equal(out->action, "redirectUrl") &&
      out->redirect_url != NULL) {
    snprintf(text, sizeof text, "ask at %.150s", out->redirect_url);
    trace(s, "POST", url, OX_OK, text);
    return follow(s, url, out->redirect_url, out);
  }
  if (out->protocol_count == 0) {
    note_refusal(s, OX_E_PROTOCOL, "The Autodiscover answer has no settings.", 0);
    trace(s, "POST", url, OX_E_PROTOCOL, "no settings");
    return TRY_NEXT;
  }
  trace(s, "POST", url, OX_OK, "settings");
  return SETTLED;
}

/* Asks one URL with credentials. */
static verdict post(search *s, const char *url, ox_autodiscover_response *out) {
  ox_autodiscover_request request = {.email_address = s->address,
                                     .acceptable_response_schema = OX_AUTODISCOVER_RESPONSE_SCHEMA};
  ox_autodiscover_http_response answer;
  ox_bytes body;
  char text[OX_ERROR_TEXT_BYTES];
  if (!first_visit(s, url)) {
    note_refusal(s, OX_E_LIMIT, "Autodiscover was redirected in a circle.", 0);
    return TRY_NEXT;
  }
  if (ox_autodiscover_request_build(&request, s->arena, &body, NULL) != OX_OK) {
    note_refusal(s, OX_E_NO_MEMORY, NULL, 0);
    return FAILED;
  }
  ox_status status = exchange(s, "POST", url, true, body, &answer);
  if (status == OX_E_CANCELLED || status == OX_E_NO_MEMORY) return FAILED;
  if (status != OX_OK) return TRY_NEXT;
  snprintf(text, sizeof text, "HTTP status %u", (unsigned)answer.http_status);
  if (answer.http_status == 401 || answer.http_status == 403) {
    note_refusal(s, OX_E_LOGON_FAILED, "The Autodiscover server refused the name or password.", 0);
    trace(s, "POST", url, OX_E_LOGON_FAILED, text);
    return TRY_NEXT;
  }
  if ((answer.http_status == 301 || answer.http_status == 302 || answer.http_status == 307 ||
       answer.http_status == 308) &&
      answer.location != NULL) {
    trace(s, "POST", url, OX_OK, text);
    return follow(s, url, answer.location, out);
  }
  if (answer.http_status != 200) {
    note_refusal(s, OX_E_PROTOCOL, text, 0);
    trace(s, "POST", url, OX_E_PROTOCOL, text);
    return TRY_NEXT;
  }
  ox_error detail;
  memset(&detail, 0, sizeof detail);
  status = ox_autodiscover_response_parse(answer.body, s->arena, out, &detail);
  if (status == OX_OK) return judge(s, url, out);
  note_refusal(s, status, detail.text, 0);
  trace(s, "POST", url, status, detail.text);
  return status == OX_E_NO_MEMORY ? FAILED : TRY_NEXT;
}

/* Asks over plain http, without credentials, for nothing but a redirection.
 * @spec [MS-OXDISCO] 3.1.5.4 */
static verdict ask_for_redirect(search *s, const char *url, ox_autodiscover_response *out) {
  const ox_autodiscover_client_options *options = s->options;
  ox_autodiscover_http_response answer;
  char text[64];
  ox_status status = exchange(s, "GET", url, false, (ox_bytes){NULL, 0}, &answer);
  if (status == OX_E_CANCELLED || status == OX_E_NO_MEMORY) return FAILED;
  if (status != OX_OK) return TRY_NEXT;
  snprintf(text, sizeof text, "HTTP status %u", (unsigned)answer.http_status);
  if ((answer.http_status != 301 && answer.http_status != 302) || answer.location == NULL) {
    note_refusal(s, OX_E_NOT_FOUND, text, 0);
    trace(s, "GET", url, OX_E_NOT_FOUND, text);
    return TRY_NEXT;
  }
  trace(s, "GET", url, OX_OK, text);
  /* Nobody vouches for this answer: somebody in between may have given it. */
  if (options->allow_redirect == NULL &&
      !within_domain(host_of(answer.location), domain_of(s->address))) {
    note_refusal(s, OX_E_CANCELLED,
                 "An unprotected redirection of Autodiscover to another domain was not followed.",
                 0);
    return TRY_NEXT;
  }
  return follow(s, url, answer.location, out);
}

static const char *make_url(search *s, const char *format) {
  const char *domain = domain_of(s->address);
  size_t size = strlen(format) + strlen(domain) + 1;
  char *url = ox_arena_alloc(s->arena, size);
  if (url == NULL) {
    note_refusal(s, OX_E_NO_MEMORY, NULL, 0);
    return NULL;
  }
  const char *mark = strchr(format, '*');
  snprintf(url, size, "%.*s%s%s", (int)(mark - format), format, domain, mark + 1);
  return url;
}

/* All places for the present address, in order. */
static verdict try_places(search *s, ox_autodiscover_response *out) {
  static const char *const places[] = {"https://*/autodiscover/autodiscover.xml",
                                       "https://autodiscover.*/autodiscover/autodiscover.xml"};
  verdict v = TRY_NEXT;
  if (s->options->first_url != NULL) v = post(s, s->options->first_url, out);
  if (s->options->only_first_url) return v == TRY_NEXT ? FAILED : v;
  for (size_t i = 0; i < sizeof places / sizeof *places && v == TRY_NEXT; i++) {
    const char *url = make_url(s, places[i]);
    v = url != NULL ? post(s, url, out) : FAILED;
  }
  if (v != TRY_NEXT) return v;
  const char *url = make_url(s, "http://autodiscover.*/autodiscover/autodiscover.xml");
  v = url != NULL ? ask_for_redirect(s, url, out) : FAILED;
  return v == TRY_NEXT ? FAILED : v;
}

/* An address whose domain can stand in a URL. */
static bool usable_address(const char *address) {
  const char *domain = domain_of(address);
  if (domain[0] == 0 || domain == address + 1 || strlen(address) > 320) return false;
  for (const char *p = domain; *p != 0; p++)
    if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') ||
          *p == '-' || *p == '.'))
      return false;
  return true;
}

ox_status ox_autodiscover_discover(ox_autodiscover_http *http, const char *email_address,
                                   const ox_autodiscover_client_options *options, ox_arena *arena,
                                   ox_autodiscover_response *out, ox_error *err) {
  ox_autodiscover_client_options defaults = OX_AUTODISCOVER_CLIENT_OPTIONS_INIT;
  search s = {.http = http,
              .options = options != NULL ? options : &defaults,
              .arena = arena,
              .err = err,
              .address = email_address};
  verdict v = NEW_ADDRESS;
  memset(out, 0, sizeof *out);
  while (v == NEW_ADDRESS) {
    if (!usable_address(s.address)) {
      memset(out, 0, sizeof *out);
      return ox_error_setf(err, OX_E_USAGE, "\"%.128s\" is not a mail address.", s.address);
    }
    v = try_places(&s, out);
  }
  if (v == SETTLED) return OX_OK;
  memset(out, 0, sizeof *out);
  if (s.refusal == OX_OK)
    return ox_error_set(err, OX_E_NOT_FOUND, "No Autodiscover server answered.");
  if (err != NULL) *err = s.refusal_error;
  return s.refusal;
}
