/* TLS between two sessions in memory: handshakes, certificates, ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include <oxkit/wire/tls.h>

typedef struct pair {
  ox_arena arena;
  const char *certificate, *key;
  ox_tls_config *server_config, *client_config;
  ox_tls *server, *client;
  ox_error err; /* of the client's handshake */
} pair;

static void make_certificate(pair *p, const char *name, int64_t not_before, unsigned days) {
  ox_arena_init(&p->arena, NULL, 0);
  const char *names[] = {name, "127.0.0.1", "::1"};
  ox_error err;
  assert_int_equal(ox_tls_make_self_signed(names, 3, not_before, days, &p->arena, &p->certificate,
                                           &p->key, &err),
                   OX_OK);
}

static void make_server(pair *p, uint16_t version_max, const char *alpn) {
  ox_tls_config_options options = OX_TLS_CONFIG_OPTIONS_INIT;
  options.server = true;
  options.certificate_pem = p->certificate;
  options.key_pem = p->key;
  options.version_max = version_max;
  options.alpn = alpn;
  ox_error err;
  assert_int_equal(ox_tls_config_new(&options, &p->server_config, &err), OX_OK);
  assert_int_equal(ox_tls_new(p->server_config, NULL, &p->server, &err), OX_OK);
}

static void make_client(pair *p, const ox_tls_config_options *options, const char *name) {
  ox_error err;
  assert_int_equal(ox_tls_config_new(options, &p->client_config, &err), OX_OK);
  assert_int_equal(ox_tls_new(p->client_config, name, &p->client, &err), OX_OK);
}

static void set_up(pair *p, const char *name, uint16_t version_max) {
  memset(p, 0, sizeof *p);
  make_certificate(p, "mail.example.test", 0, 30);
  make_server(p, version_max, "h2,http/1.1");
  ox_tls_config_options options = OX_TLS_CONFIG_OPTIONS_INIT;
  options.ca_pem = p->certificate;
  options.alpn = "http/1.1,x";
  make_client(p, &options, name);
}

static void tear_down(pair *p) {
  ox_tls_free(p->client);
  ox_tls_free(p->server);
  ox_tls_config_free(p->client_config);
  ox_tls_config_free(p->server_config);
  ox_arena_dispose(&p->arena);
}

/* Moves what `from` wants to send, in pieces; returns how much. */
static size_t move(ox_tls *from, ox_tls *to, size_t piece_bytes) {
  size_t total = 0;
  for (;;) {
    ox_bytes out = ox_tls_output(from);
    if (out.size_bytes == 0) return total;
    size_t n = out.size_bytes < piece_bytes ? out.size_bytes : piece_bytes;
    assert_int_equal(ox_tls_feed(to, out.data, n, NULL), OX_OK);
    ox_tls_output_taken(from, n);
    total += n;
    /* Piecewise feeding means that the other side looks at each piece. */
    if (piece_bytes != SIZE_MAX) (void)(ox_tls_handshake(to, NULL) == OX_OK);
  }
}

static ox_status handshake(pair *p, size_t piece_bytes) {
  ox_status client = OX_E_AGAIN, server = OX_E_AGAIN;
  for (int i = 0; i < 20; i++) {
    client = ox_tls_handshake(p->client, &p->err);
    size_t moved = move(p->client, p->server, piece_bytes);
    server = ox_tls_handshake(p->server, NULL);
    moved += move(p->server, p->client, piece_bytes);
    if (moved == 0) break;
  }
  if (client == OX_OK) assert_int_equal(server, OX_OK);
  return client;
}

static void talk(pair *p, size_t piece_bytes) {
  static uint8_t sent[100000], got[100000];
  for (size_t i = 0; i < sizeof sent; i++) sent[i] = (uint8_t)(i * 31 >> 3);
  assert_int_equal(ox_tls_write(p->client, sent, sizeof sent, NULL), OX_OK);
  size_t received = 0, n;
  do {
    ox_bytes out = ox_tls_output(p->client);
    size_t piece = out.size_bytes < piece_bytes ? out.size_bytes : piece_bytes;
    assert_int_equal(ox_tls_feed(p->server, out.data, piece, NULL), OX_OK);
    ox_tls_output_taken(p->client, piece);
    ox_status status;
    while ((status = ox_tls_read(p->server, got + received, sizeof got - received, &n, NULL)) ==
           OX_OK) {
      received += n;
      if (received == sizeof got) break;
    }
    if (received != sizeof got) assert_int_equal(status, OX_E_AGAIN);
  } while (received < sizeof got);
  assert_memory_equal(sent, got, sizeof sent);
  assert_int_equal(ox_tls_write(p->server, "pong", 4, NULL), OX_OK);
  move(p->server, p->client, SIZE_MAX);
  assert_int_equal(ox_tls_read(p->client, got, sizeof got, &n, NULL), OX_OK);
  assert_int_equal(n, 4);
}

static void test_handshake__works_in_both_versions_and_any_pieces(void **state) {
  (void)state;
  static const uint16_t versions[] = {OX_TLS_1_2, OX_TLS_1_3};
  static const size_t pieces[] = {SIZE_MAX, 1, 7};
  for (int v = 0; v < 2; v++) {
    for (int s = 0; s < 3; s++) {
      pair p;
      set_up(&p, "mail.example.test", versions[v]);
      assert_int_equal(ox_tls_version(p.client), 0);
      assert_int_equal(ox_tls_write(p.client, "x", 1, NULL), OX_E_AGAIN);
      assert_int_equal(handshake(&p, pieces[s]), OX_OK);
      assert_int_equal(ox_tls_version(p.client), versions[v]);
      assert_int_equal(ox_tls_version(p.server), versions[v]);
      assert_string_equal(ox_tls_cipher(p.client), ox_tls_cipher(p.server));
      assert_string_equal(ox_tls_alpn(p.client), "http/1.1");
      assert_string_equal(ox_tls_alpn(p.server), "http/1.1");
      assert_string_equal(ox_tls_server_name(p.server), "mail.example.test");
      talk(&p, pieces[s] == 1 ? 100 : pieces[s]);
      tear_down(&p);
    }
  }
}

static void test_channel_bindings__agree_on_both_sides(void **state) {
  (void)state;
  static const uint16_t versions[] = {OX_TLS_1_2, OX_TLS_1_3};
  for (int v = 0; v < 2; v++) {
    pair p;
    set_up(&p, "mail.example.test", versions[v]);
    uint8_t a[OX_TLS_BINDING_MAX_BYTES], b[OX_TLS_BINDING_MAX_BYTES];
    size_t a_bytes, b_bytes;
    assert_int_equal(ox_tls_channel_binding(p.client, OX_TLS_BINDING_SERVER_END_POINT, a, &a_bytes),
                     OX_E_AGAIN);
    assert_int_equal(handshake(&p, SIZE_MAX), OX_OK);
    for (uint32_t kind = 1; kind <= 2; kind++) {
      assert_int_equal(ox_tls_channel_binding(p.client, kind, a, &a_bytes), OX_OK);
      assert_int_equal(ox_tls_channel_binding(p.server, kind, b, &b_bytes), OX_OK);
      assert_int_equal(a_bytes, 32);
      assert_int_equal(b_bytes, 32);
      assert_memory_equal(a, b, 32);
    }
    /* The certificate is signed with SHA-256, so its end point is its fingerprint. */
    assert_int_equal(ox_tls_channel_binding(p.server, OX_TLS_BINDING_SERVER_END_POINT, a, &a_bytes),
                     OX_OK);
    assert_int_equal(ox_tls_pem_fingerprint(p.certificate, b), OX_OK);
    assert_memory_equal(a, b, 32);
    assert_int_equal(ox_tls_peer_fingerprint(p.client, b), OX_OK);
    assert_memory_equal(a, b, 32);
    assert_int_equal(ox_tls_peer_fingerprint(p.server, b), OX_E_NOT_FOUND);
    assert_int_equal(ox_tls_channel_binding(p.client, 3, a, &a_bytes), OX_E_NO_SUPPORT);
    tear_down(&p);
  }
}

static void expect_refusal(pair *p, const char *words) {
  assert_int_equal(handshake(p, SIZE_MAX), OX_E_CERTIFICATE);
  assert_int_equal(p->err.status, OX_E_CERTIFICATE);
  if (strstr(p->err.text, words) == NULL) fail_msg("\"%s\" lacks \"%s\"", p->err.text, words);
  /* The failure stays, and the server is told by an alert. */
  size_t n;
  char byte;
  assert_int_equal(ox_tls_read(p->client, &byte, 1, &n, NULL), OX_E_CERTIFICATE);
  assert_int_equal(ox_tls_write(p->client, "x", 1, NULL), OX_E_CERTIFICATE);
  assert_int_equal(ox_tls_read(p->server, &byte, 1, &n, NULL), OX_E_TLS);
  tear_down(p);
}

static void test_certificate__of_another_host_is_refused(void **state) {
  (void)state;
  pair p;
  set_up(&p, "other.example.test", 0);
  expect_refusal(&p, "another host; it names mail.example.test, 127.0.0.1, ::1");
  set_up(&p, "192.0.2.1", 0);
  expect_refusal(&p, "another host");
  set_up(&p, "example.test", 0);
  expect_refusal(&p, "another host");
}

static void test_certificate__may_name_an_address(void **state) {
  (void)state;
  pair p;
  set_up(&p, "127.0.0.1", 0);
  assert_int_equal(handshake(&p, SIZE_MAX), OX_OK);
  assert_string_equal(ox_tls_server_name(p.server), "");
  tear_down(&p);
  set_up(&p, "::1", 0);
  assert_int_equal(handshake(&p, SIZE_MAX), OX_OK);
  tear_down(&p);
}

static void test_certificate__that_is_not_trusted_is_refused(void **state) {
  (void)state;
  pair p = {0};
  make_certificate(&p, "mail.example.test", 0, 30);
  make_server(&p, 0, NULL);
  const char *name = "mail.example.test", *other, *key;
  ox_tls_config_options options = OX_TLS_CONFIG_OPTIONS_INIT;
  assert_int_equal(ox_tls_make_self_signed(&name, 1, 0, 30, &p.arena, &other, &key, NULL), OX_OK);
  options.ca_pem = other;
  make_client(&p, &options, name);
  expect_refusal(&p, "not trusted");
}

static void test_certificate__out_of_date_is_refused(void **state) {
  (void)state;
  static const struct {
    int64_t from_days;
    const char *words;
  } rows[] = {{-40, "expired"}, {2, "not valid before"}};
  for (int i = 0; i < 2; i++) {
    pair p = {0};
    make_certificate(&p, "mail.example.test", (int64_t)time(NULL) + rows[i].from_days * 86400, 30);
    make_server(&p, 0, NULL);
    ox_tls_config_options options = OX_TLS_CONFIG_OPTIONS_INIT;
    options.ca_pem = p.certificate;
    make_client(&p, &options, "mail.example.test");
    expect_refusal(&p, rows[i].words);
  }
  /* And accepted when the clock is set to when it was valid. */
  pair p = {0};
  make_certificate(&p, "mail.example.test", 1000000000, 30);
  make_server(&p, 0, NULL);
  ox_tls_config_options options = OX_TLS_CONFIG_OPTIONS_INIT;
  options.ca_pem = p.certificate;
  options.verify_time = 1000000000 + 86400;
  make_client(&p, &options, "mail.example.test");
  assert_int_equal(handshake(&p, SIZE_MAX), OX_OK);
  tear_down(&p);
}

static void test_pin__replaces_trust_and_only_it(void **state) {
  (void)state;
  for (int right = 0; right < 2; right++) {
    pair p = {0};
    make_certificate(&p, "mail.example.test", 1000000000, 1);
    make_server(&p, 0, NULL);
    uint8_t pins[64] = {0};
    assert_int_equal(ox_tls_pem_fingerprint(p.certificate, pins + 32), OX_OK);
    if (!right) pins[63] ^= 1;
    ox_tls_config_options options = OX_TLS_CONFIG_OPTIONS_INIT;
    options.pins = pins;
    options.pin_count = 2;
    make_client(&p, &options, "quite.another.test");
    if (right) {
      assert_int_equal(handshake(&p, SIZE_MAX), OX_OK);
      tear_down(&p);
    } else {
      expect_refusal(&p, "not the pinned");
    }
  }
}

static void test_verification__is_skipped_only_when_told(void **state) {
  (void)state;
  pair p = {0};
  make_certificate(&p, "mail.example.test", 0, 30);
  make_server(&p, 0, NULL);
  ox_tls_config_options options = OX_TLS_CONFIG_OPTIONS_INIT;
  options.insecure_skip_verify = true;
  make_client(&p, &options, NULL);
  assert_int_equal(handshake(&p, SIZE_MAX), OX_OK);
  ox_tls_config *strict;
  ox_tls *tls;
  options = (ox_tls_config_options)OX_TLS_CONFIG_OPTIONS_INIT;
  options.ca_pem = p.certificate;
  assert_int_equal(ox_tls_config_new(&options, &strict, NULL), OX_OK);
  assert_int_equal(ox_tls_new(strict, NULL, &tls, NULL), OX_E_USAGE);
  assert_null(tls);
  assert_int_equal(ox_tls_new(strict, "", &tls, NULL), OX_E_USAGE);
  ox_tls_config_free(strict);
  tear_down(&p);
}

static void test_close__is_told_from_truncation(void **state) {
  (void)state;
  static const uint16_t versions[] = {OX_TLS_1_2, OX_TLS_1_3};
  for (int i = 0; i < 4; i++) {
    bool orderly = (i & 1) != 0;
    pair p;
    set_up(&p, "mail.example.test", versions[i >> 1]);
    assert_int_equal(handshake(&p, SIZE_MAX), OX_OK);
    assert_int_equal(ox_tls_write(p.client, "last words", 10, NULL), OX_OK);
    if (orderly) {
      ox_tls_close(p.client);
      assert_int_equal(ox_tls_write(p.client, "x", 1, NULL), OX_E_CLOSED);
    }
    move(p.client, p.server, SIZE_MAX);
    ox_tls_feed_end(p.server);
    char buffer[64];
    size_t n;
    ox_error err;
    assert_int_equal(ox_tls_read(p.server, buffer, sizeof buffer, &n, &err), OX_OK);
    assert_int_equal(n, 10);
    assert_int_equal(ox_tls_read(p.server, buffer, sizeof buffer, &n, &err),
                     orderly ? OX_E_CLOSED : OX_E_TLS);
    if (!orderly) assert_non_null(strstr(err.text, "truncated"));
    if (orderly) {
      /* The other direction is still open. */
      assert_int_equal(ox_tls_write(p.server, "bye", 3, NULL), OX_OK);
      move(p.server, p.client, SIZE_MAX);
      assert_int_equal(ox_tls_read(p.client, buffer, sizeof buffer, &n, NULL), OX_OK);
      assert_int_equal(n, 3);
    }
    tear_down(&p);
  }
}

static void test_handshake__cut_short_fails(void **state) {
  (void)state;
  pair p;
  set_up(&p, "mail.example.test", 0);
  assert_int_equal(ox_tls_handshake(p.client, NULL), OX_E_AGAIN);
  ox_tls_feed_end(p.client);
  ox_error err;
  assert_int_equal(ox_tls_handshake(p.client, &err), OX_E_TLS);
  assert_non_null(strstr(err.text, "during the TLS handshake"));
  tear_down(&p);
}

static void test_garbage__fails_and_stays_failed(void **state) {
  (void)state;
  pair p;
  set_up(&p, "mail.example.test", 0);
  static const char http[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  ox_error err;
  assert_int_equal(ox_tls_feed(p.server, http, sizeof http - 1, NULL), OX_OK);
  assert_int_equal(ox_tls_handshake(p.server, &err), OX_E_TLS);
  assert_int_equal(ox_tls_handshake(p.server, &err), OX_E_TLS);
  tear_down(&p);
}

static void test_changed_byte__is_noticed(void **state) {
  (void)state;
  for (size_t i = 0; i < 30; i++) {
    pair p;
    set_up(&p, "mail.example.test", i & 1 ? OX_TLS_1_2 : OX_TLS_1_3);
    assert_int_equal(handshake(&p, SIZE_MAX), OX_OK);
    assert_int_equal(ox_tls_write(p.client, "secret", 6, NULL), OX_OK);
    ox_bytes out = ox_tls_output(p.client);
    uint8_t copy[256];
    assert_true(out.size_bytes < sizeof copy && out.size_bytes > 20);
    memcpy(copy, out.data, out.size_bytes);
    copy[5 + i % (out.size_bytes - 5)] ^= 0x10;
    assert_int_equal(ox_tls_feed(p.server, copy, out.size_bytes, NULL), OX_OK);
    size_t n;
    assert_int_equal(ox_tls_read(p.server, copy, sizeof copy, &n, NULL), OX_E_TLS);
    assert_int_equal(n, 0);
    tear_down(&p);
  }
}

static void test_config__says_what_is_wrong(void **state) {
  (void)state;
  pair p = {0};
  make_certificate(&p, "a.test", 0, 1);
  const char *name = "b.test", *other, *other_key;
  assert_int_equal(ox_tls_make_self_signed(&name, 1, 0, 1, &p.arena, &other, &other_key, NULL),
                   OX_OK);
  ox_tls_config *config;
  ox_error err;
  ox_tls_config_options options = OX_TLS_CONFIG_OPTIONS_INIT;
  options.server = true;
  assert_int_equal(ox_tls_config_new(&options, &config, &err), OX_E_USAGE);
  options.certificate_pem = p.certificate;
  options.key_pem = other_key;
  assert_int_equal(ox_tls_config_new(&options, &config, &err), OX_E_CERTIFICATE);
  options.key_pem = "nonsense";
  assert_int_equal(ox_tls_config_new(&options, &config, &err), OX_E_CERTIFICATE);
  assert_non_null(strstr(err.text, "private key"));
  options.key_pem = NULL;
  options.key_file = "/nonexistent/key.pem";
  assert_int_equal(ox_tls_config_new(&options, &config, &err), OX_E_IO);
  assert_non_null(strstr(err.text, "/nonexistent/key.pem"));
  options.key_pem = p.key;
  options.certificate_pem = p.key;
  assert_int_equal(ox_tls_config_new(&options, &config, &err), OX_E_CERTIFICATE);
  options.certificate_pem = p.certificate;
  options.version_min = 0x0301;
  assert_int_equal(ox_tls_config_new(&options, &config, &err), OX_E_USAGE);
  options.version_min = 0;
  options.alpn = ",x";
  assert_int_equal(ox_tls_config_new(&options, &config, &err), OX_E_USAGE);
  options.alpn = NULL;
  assert_int_equal(ox_tls_config_new(&options, &config, &err), OX_OK);
  ox_tls_config_free(config);
  options = (ox_tls_config_options)OX_TLS_CONFIG_OPTIONS_INIT;
  options.ca_pem = "";
  assert_int_equal(ox_tls_config_new(&options, &config, &err), OX_E_CERTIFICATE);
  assert_null(config);
  ox_arena_dispose(&p.arena);
}

static void test_self_signed__refuses_bad_names(void **state) {
  (void)state;
  static const char *const bad[] = {"", "a b", "a\nb", "a,b", "caf\xc3\xa9.test", "a*b"};
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  const char *certificate, *key;
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    assert_int_equal(ox_tls_make_self_signed(&bad[i], 1, 0, 0, &arena, &certificate, &key, NULL),
                     OX_E_USAGE);
    assert_null(certificate);
  }
  assert_int_equal(ox_tls_make_self_signed(bad, 0, 0, 0, &arena, &certificate, &key, NULL),
                   OX_E_USAGE);
  ox_arena_dispose(&arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_handshake__works_in_both_versions_and_any_pieces),
      cmocka_unit_test(test_channel_bindings__agree_on_both_sides),
      cmocka_unit_test(test_certificate__of_another_host_is_refused),
      cmocka_unit_test(test_certificate__may_name_an_address),
      cmocka_unit_test(test_certificate__that_is_not_trusted_is_refused),
      cmocka_unit_test(test_certificate__out_of_date_is_refused),
      cmocka_unit_test(test_pin__replaces_trust_and_only_it),
      cmocka_unit_test(test_verification__is_skipped_only_when_told),
      cmocka_unit_test(test_close__is_told_from_truncation),
      cmocka_unit_test(test_handshake__cut_short_fails),
      cmocka_unit_test(test_garbage__fails_and_stays_failed),
      cmocka_unit_test(test_changed_byte__is_noticed),
      cmocka_unit_test(test_config__says_what_is_wrong),
      cmocka_unit_test(test_self_signed__refuses_bad_names),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
