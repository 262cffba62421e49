/* The MAPI endpoint over real sockets: what is sent when, connections that go, limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <oxkit/ropcodec/memory.h>
#include <oxkit/wire/mapihttp_bodies.h>
#include <oxkit/wire/rpcext.h>

#include "mapi_site.h"
#include "raw_client.h"

#define BOB "Basic Ym9iOmJvYnNlY3JldA=="
#define CAROL "Basic Y2Fyb2w6YmFzaWMtb25seQ=="

static const uint8_t zeros[8];

typedef struct mailbox {
  raw_client *connection;
  ox_mapihttp_session *session;
  const char *authorization;
} mailbox;

static mailbox open_mailbox(const mapi_site *s, const char *authorization) {
  ox_mapihttp_session_options options = OX_MAPIHTTP_SESSION_OPTIONS_INIT;
  mailbox m = {raw_open(s->port), NULL, authorization};
  assert_int_equal(ox_mapihttp_session_new(&options, &m.session, NULL), OX_OK);
  return m;
}

static void close_mailbox(mailbox *m) {
  raw_close(m->connection);
  ox_mapihttp_session_free(m->session);
}

/* Sends a request over a connection, which may be another than the mailbox's first. */
static void send_request(const mailbox *m, raw_client *c, const char *path, const char *type,
                         const void *body, size_t body_bytes) {
  ox_arena arena;
  ox_http_header *headers;
  size_t count;
  char head[8192];
  ox_arena_init(&arena, NULL, 0);
  assert_int_equal(ox_mapihttp_session_headers(m->session, type, &arena, &headers, &count), OX_OK);
  int size = snprintf(head, sizeof head,
                      "POST %s HTTP/1.1\r\nHost: h\r\nContent-Length: %zu\r\nAuthorization: %s\r\n",
                      path, body_bytes, m->authorization);
  for (size_t i = 0; i < count; i++)
    size += snprintf(head + size, sizeof head - (size_t)size, "%s: %s\r\n", headers[i].name,
                     headers[i].value);
  size += snprintf(head + size, sizeof head - (size_t)size, "\r\n");
  raw_send(c, head, (size_t)size);
  raw_send(c, body, body_bytes);
  ox_arena_dispose(&arena);
}

static void take_cookies(mailbox *m, const raw_client *c, bool concurrent) {
  for (unsigned i = 0;; i++) {
    const char *value = raw_header(c, "Set-Cookie", i);
    if (value == NULL) return;
    ox_http_header header = {"Set-Cookie", value};
    assert_int_equal(ox_mapihttp_session_take(m->session, &header, 1, concurrent), OX_OK);
  }
}

static void assert_code(const raw_client *c, const char *code) {
  assert_int_equal(c->status, 200);
  assert_string_equal(raw_header(c, "X-ResponseCode", 0), code);
}

static const char emsmdb[] =
    "/mapi/emsmdb/?MailboxId=8b2ec8e6-2b5f-4a86-8f07-4ab0d5c1b1d7@example.test";

static void connect_mailbox(mailbox *m) {
  static const char body[] = "/o=ORG/cn=bob\0\0\0\0\0\xe4\4\0\0\t\4\0\0\t\4\0\0\0\0\0";
  send_request(m, m->connection, emsmdb, "Connect", body, sizeof body);
  assert_true(raw_receive(m->connection));
  assert_code(m->connection, "0");
  take_cookies(m, m->connection, false);
}

static size_t execute_body(uint8_t *out, size_t capacity, const char *rops) {
  ox_writer chain;
  ox_writer w;
  ox_mapihttp_execute_request body;
  uint8_t buffer[2048];
  ox_bytes input = {(const uint8_t *)rops, strlen(rops)};
  memset(&body, 0, sizeof body);
  ox_writer_init_fixed(&chain, buffer, sizeof buffer);
  ox_rpcext_encode(&chain, input, OX_RPCEXT_LAST);
  body.flags = OX_RPCEXT_NO_COMPRESSION | OX_RPCEXT_NO_XOR_MAGIC;
  body.rop_buffer = ox_writer_bytes(&chain);
  body.max_rop_out = 0x8007;
  ox_writer_init_fixed(&w, out, capacity);
  ox_mapihttp_execute_request_encode(&w, &body);
  assert_int_equal(ox_writer_status(&w), OX_OK);
  return w.size_bytes;
}

static void send_execute(mailbox *m, raw_client *c, const char *rops) {
  uint8_t body[4096];
  send_request(m, c, emsmdb, "Execute", body, execute_body(body, sizeof body, rops));
}

static void execute_ok(mailbox *m, const char *rops) {
  send_execute(m, m->connection, rops);
  assert_true(raw_receive(m->connection));
  assert_code(m->connection, "0");
  take_cookies(m, m->connection, false);
  assert_non_null(memmem(m->connection->body, m->connection->body_bytes, rops, strlen(rops)));
}

/* R1237, R1238, R2227: the first chunk comes before the processor is done; R1239: then PENDING. */
static void test_execute__processing_pending_done(void **state) {
  (void)state;
  mapi_site *s = mapi_site_open(50, 0);
  mailbox m = open_mailbox(s, BOB);
  connect_mailbox(&m);
  s->fake.hold_execute = true;
  send_execute(&m, m.connection, "slow rops");
  assert_true(raw_receive_head(m.connection));
  assert_string_equal(raw_header(m.connection, "Transfer-Encoding", 0), "chunked"); /* R1230 */
  assert_string_equal(raw_header(m.connection, "X-PendingPeriod", 0), "50");
  take_cookies(&m, m.connection, false);
  assert_true(raw_receive_chunk(m.connection));
  assert_int_equal(m.connection->body_bytes, 12);
  assert_memory_equal(m.connection->body, "PROCESSING\r\n", 12);
  for (unsigned i = 1; i <= 3; i++) {
    assert_true(raw_receive_chunk(m.connection));
    assert_int_equal(m.connection->body_bytes, 12 + i * 9);
    assert_memory_equal(m.connection->body + 12 + (i - 1) * 9, "PENDING\r\n", 9);
  }
  assert_true(fake_release_execute(&s->fake));
  while (raw_receive_chunk(m.connection)) continue;
  m.connection->body[m.connection->body_bytes] = 0;
  assert_non_null(strstr(m.connection->body, "\r\nDONE\r\nX-ElapsedTime: "));
  s->fake.hold_execute = false;
  execute_ok(&m, "fast rops");
  close_mailbox(&m);
  mapi_site_close(s);
}

static void test_wait__on_another_connection(void **state) {
  (void)state;
  mapi_site *s = mapi_site_open(30, 0);
  mailbox m = open_mailbox(s, BOB);
  raw_client *second = raw_open(s->port);
  connect_mailbox(&m);
  send_request(&m, second, emsmdb, "NotificationWait", zeros, 8);
  assert_true(raw_receive_head(second));
  assert_code(second, "0");
  assert_true(raw_receive_chunk(second)); /* PROCESSING */
  for (unsigned i = 0; i < 10; i++) execute_ok(&m, "meanwhile");
  assert_true(raw_receive_chunk(second));
  assert_memory_equal(second->body + 12, "PENDING\r\n", 9);
  assert_true(fake_reaches(&s->fake, &s->fake.waits, 1));
  assert_true(fake_end_wait(&s->fake, OX_OK, true));
  while (raw_receive_chunk(second)) continue;
  static const uint8_t body[] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0};
  assert_memory_equal(second->body + second->body_bytes - sizeof body, body, sizeof body);
  take_cookies(&m, second, true);
  execute_ok(&m, "fetch");
  raw_close(second);
  close_mailbox(&m);
  mapi_site_close(s);
}

/* A client that goes in the middle of a wait takes the wait with it, not the session. */
static void test_wait__client_goes(void **state) {
  (void)state;
  mapi_site *s = mapi_site_open(1000, 0);
  mailbox m = open_mailbox(s, BOB);
  raw_client *second = raw_open(s->port);
  connect_mailbox(&m);
  send_request(&m, second, emsmdb, "NotificationWait", zeros, 8);
  assert_true(raw_receive_head(second));
  assert_true(fake_reaches(&s->fake, &s->fake.waits, 1));
  raw_close(second);
  assert_true(fake_reaches(&s->fake, &s->fake.cancels, 1));
  execute_ok(&m, "still here");
  second = raw_open(s->port);
  send_request(&m, second, emsmdb, "NotificationWait", zeros, 8);
  assert_true(raw_receive_head(second));
  assert_true(fake_reaches(&s->fake, &s->fake.waits, 2)); /* the place is free again */
  raw_close(second);
  close_mailbox(&m);
  mapi_site_close(s);
}

static void test_execute__client_goes_before_the_answer(void **state) {
  (void)state;
  mapi_site *s = mapi_site_open(1000, 0);
  ox_mapihttp_server_stats stats = {.struct_size = sizeof stats};
  mailbox m = open_mailbox(s, BOB);
  connect_mailbox(&m);
  s->fake.hold_execute = true;
  send_execute(&m, m.connection, "never read");
  assert_true(fake_reaches(&s->fake, &s->fake.executes, 1));
  close_mailbox(&m);
  sleep_ms(50);
  assert_true(fake_release_execute(&s->fake)); /* an answer to nobody */
  ox_mapihttp_server_stats_get(s->mapi, &stats);
  assert_int_equal(stats.sessions_open, 1); /* until its idle time is over */
  mapi_site_close(s);
}

static void test_refusals__over_the_wire(void **state) {
  (void)state;
  mapi_site *s = mapi_site_open(1000, 0);
  mailbox m = open_mailbox(s, BOB);
  raw_client *c = m.connection;
  char fields[256];
  connect_mailbox(&m);

  /* R35, R36, R1331: not without authentication */
  assert_true(raw_request(c, "POST", "/mapi/emsmdb/", "X-RequestType: PING\r\n", NULL, 0));
  assert_int_equal(c->status, 401);
  snprintf(fields, sizeof fields, "Authorization: %s\r\n", BOB);
  assert_true(raw_request(c, "POST", "/mapi/emsmdb/", fields, NULL, 0));
  assert_code(c, "7");
  assert_string_equal(raw_header(c, "Content-Type", 0), "text/html");
  assert_true(raw_request(c, "GET", "/mapi/emsmdb/", fields, NULL, 0));
  assert_code(c, "2");
  assert_true(raw_request(c, "POST", "/mapi/", fields, NULL, 0));
  assert_code(c, "3");

  /* Another user's cookie. */
  m.authorization = CAROL;
  send_request(&m, c, emsmdb, "Disconnect", zeros, 4);
  assert_true(raw_receive(c));
  assert_code(c, "10");
  m.authorization = BOB;

  /* Too large for the protocol, then too large for the server altogether. */
  uint8_t *huge = calloc(1, 4000000);
  send_request(&m, c, emsmdb, "Execute", huge, 300001);
  assert_true(raw_receive(c));
  assert_code(c, "9");
  execute_ok(&m, "unharmed");
  send_request(&m, c, emsmdb, "Execute", huge, 4000000);
  assert_true(raw_receive_head(c));
  assert_int_equal(c->status, 413);
  free(huge);
  close_mailbox(&m);
  mapi_site_close(s);
}

static void test_session__expires(void **state) {
  (void)state;
  mapi_site *s = mapi_site_open(1000, 60);
  mailbox m = open_mailbox(s, BOB);
  connect_mailbox(&m);
  assert_string_equal(raw_header(m.connection, "X-ExpirationInfo", 0), "60");
  sleep_ms(100);
  send_execute(&m, m.connection, "too late");
  assert_true(raw_receive(m.connection));
  assert_code(m.connection, "10");
  assert_true(fake_reaches(&s->fake, &s->fake.disconnects, 1));
  close_mailbox(&m);
  mapi_site_close(s);
}

/* A wait in progress does not hold up the end of the server. */
static void stop_during_wait(bool cancel_later) {
  mapi_site *s = mapi_site_open(1000, 0);
  s->fake.cancel_later = cancel_later;
  mailbox m = open_mailbox(s, BOB);
  connect_mailbox(&m);
  send_request(&m, m.connection, emsmdb, "NotificationWait", zeros, 8);
  assert_true(raw_receive_head(m.connection));
  assert_true(fake_reaches(&s->fake, &s->fake.waits, 1));
  ox_mapihttp_server_stop(s->mapi);
  while (raw_receive_chunk(m.connection)) continue;
  static const uint8_t exiting[] = {0, 0, 0, 0, 0xed, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  assert_memory_equal(m.connection->body + m.connection->body_bytes - sizeof exiting, exiting,
                      sizeof exiting);
  close_mailbox(&m);
  mapi_site_close(s);
}

static void test_stop__ends_waits(void **state) {
  (void)state;
  stop_during_wait(false);
}

/* A processor that takes its time for a cancelled wait finds exchange and server still there. */
static void test_stop__waits_for_late_answers(void **state) {
  (void)state;
  stop_during_wait(true);
}

/* ---- Many at once ---------------------------------------------------------------------------- */

typedef struct crowd_member {
  pthread_t thread;
  const mapi_site *site;
  unsigned number;
} crowd_member;

static void *run_member(void *user) {
  crowd_member *member = user;
  mailbox m = open_mailbox(member->site, member->number % 2 ? BOB : CAROL);
  char rops[64];
  snprintf(rops, sizeof rops, "the rops of member %u", member->number);
  for (unsigned round = 0; round < 3; round++) {
    connect_mailbox(&m);
    for (unsigned i = 0; i < 20; i++) execute_ok(&m, rops);
  }
  send_request(&m, m.connection, emsmdb, "Disconnect", zeros, 4);
  assert_true(raw_receive(m.connection));
  assert_code(m.connection, "0");
  close_mailbox(&m);
  return NULL;
}

static void test_crowd__sessions_do_not_mix(void **state) {
  (void)state;
  enum { MEMBER_COUNT = 12 };
  crowd_member members[MEMBER_COUNT];
  mapi_site *s = mapi_site_open(20, 0);
  ox_mapihttp_server_stats stats = {.struct_size = sizeof stats};
  for (unsigned i = 0; i < MEMBER_COUNT; i++) {
    members[i].site = s;
    members[i].number = i;
    assert_int_equal(pthread_create(&members[i].thread, NULL, run_member, &members[i]), 0);
  }
  for (unsigned i = 0; i < MEMBER_COUNT; i++) pthread_join(members[i].thread, NULL);
  ox_mapihttp_server_stats_get(s->mapi, &stats);
  assert_int_equal(stats.sessions_open, 0);
  assert_int_equal(stats.sessions_total, 3 * MEMBER_COUNT);
  assert_int_equal(stats.requests_refused, 0);
  assert_int_equal(s->fake.executes, 60 * MEMBER_COUNT);
  assert_int_equal(s->fake.disconnects, 3 * MEMBER_COUNT);
  mapi_site_close(s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_execute__processing_pending_done),
      cmocka_unit_test(test_wait__on_another_connection),
      cmocka_unit_test(test_wait__client_goes),
      cmocka_unit_test(test_execute__client_goes_before_the_answer),
      cmocka_unit_test(test_refusals__over_the_wire),
      cmocka_unit_test(test_session__expires),
      cmocka_unit_test(test_stop__ends_waits),
      cmocka_unit_test(test_stop__waits_for_late_answers),
      cmocka_unit_test(test_crowd__sessions_do_not_mix),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
