/* NTLM against the worked examples of [MS-NLMP] 4.2, and client against server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <oxkit/ropcodec/text.h>
#include <oxkit/wire/ntlm.h>

#include "failing_allocator.h"
#include "md4.h"
#include "ntlm_crypto.h"
#include "rc4.h"

/* "4e 54 4c" or "4e544c"; returns the number of bytes. */
static size_t unhex(const char *text, uint8_t *out, size_t capacity) {
  size_t count = 0;
  unsigned high = 0;
  bool have_high = false;
  for (; *text != 0; text++) {
    if (*text == ' ' || *text == '\n') continue;
    unsigned digit = *text <= '9' ? (unsigned)(*text - '0') : (unsigned)((*text | 32) - 'a' + 10);
    if (have_high) {
      assert_true(count < capacity);
      out[count++] = (uint8_t)(high << 4 | digit);
    }
    high = digit;
    have_high = !have_high;
  }
  return count;
}

static void assert_hex(const void *actual, size_t size, const char *expected) {
  uint8_t bytes[1024];
  assert_int_equal(unhex(expected, bytes, sizeof bytes), size);
  assert_memory_equal(actual, bytes, size);
}

static ox_bytes hex_bytes(uint8_t *buffer, size_t capacity, const char *text) {
  ox_bytes bytes = {buffer, unhex(text, buffer, capacity)};
  return bytes;
}

/* ---- MD4 and RC4 ------------------------------------------------------------------------- */

static void test_md4__rfc1320_suite(void **state) {
  (void)state;
  static const char *const rows[][2] = {
      {"", "31d6cfe0d16ae931b73c59d7e0c089c0"},
      {"a", "bde52cb31de33e46245e05fbdbd6fb24"},
      {"abc", "a448017aaf21d8525fc10ae87aa6729d"},
      {"message digest", "d9130a8164549fe818874806e1c7014b"},
      {"abcdefghijklmnopqrstuvwxyz", "d79e1c308aa5bbcdeea8ed63df412da9"},
      {"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
       "043f8582f241db351ce627e153e7f0e4"},
      {"12345678901234567890123456789012345678901234567890123456789012345678901234567890",
       "e33b4ddc9c38f2199c3e7b164fcc0536"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    uint8_t digest[16];
    ox_md4(rows[i][0], strlen(rows[i][0]), digest);
    assert_hex(digest, 16, rows[i][1]);
  }
}

static void test_rc4__rfc6229_vectors(void **state) {
  (void)state;
  static const struct {
    const char *key;
    const char *at[3]; /* offsets 0, 240, 4096 */
  } rows[] = {
      {"0102030405",
       {"b2396305f03dc027ccc3524a0a1118a8", "28cb1132c96ce286421dcaadb8b69eae",
        "ff25b58995996707e51fbdf08b34d875"}},
      {"01020304050607",
       {"293f02d47f37c9b633f2af5285feb46b", "914f02531c9218810df60f67e338154c",
        "e74b0b9731227fd37c0ec08a47ddd8b8"}},
      {"0102030405060708090a0b0c0d0e0f10",
       {"9ac7cc9a609d1ef7b2932899cde41b97", "065902e4b620f6cc36c8589f66432f2b",
        "a36a4c301ae8ac13610ccbc12256cacc"}},
  };
  static const size_t offsets[3] = {0, 240, 4096};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    uint8_t key[32];
    uint8_t stream[4112] = {0};
    ox_rc4 rc4;
    ox_rc4_init(&rc4, key, unhex(rows[i].key, key, sizeof key));
    ox_rc4_apply(&rc4, stream, stream, sizeof stream);
    for (unsigned n = 0; n < 3; n++) assert_hex(stream + offsets[n], 16, rows[i].at[n]);
  }
}

/* ---- The examples of [MS-NLMP] 4.2 ------------------------------------------------------- */

static const uint8_t server_challenge[8] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef};
static const uint8_t client_challenge[8] = {0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa};

#define USER_WIDE "55 00 73 00 65 00 72 00"
#define DOMAIN_WIDE "44 00 6f 00 6d 00 61 00 69 00 6e 00"
#define COMPUTER_WIDE "43 00 4f 00 4d 00 50 00 55 00 54 00 45 00 52 00"
#define NT_HASH "a4 f4 9c 40 65 10 bd ca b6 82 4e e7 c3 0f d8 52"
#define TEMP                                                                                   \
  "01 01 00 00 00 00 00 00 00 00 00 00 00 00 00 00 aa aa aa aa aa aa aa aa 00 00 00 00"        \
  " 02 00 0c 00 44 00 6f 00 6d 00 61 00 69 00 6e 00 01 00 0c 00 53 00 65 00 72 00 76 00 65 00" \
  " 72 00 00 00 00 00 00 00 00 00"
#define PLAINTEXT_WIDE "50 00 6c 00 61 00 69 00 6e 00 74 00 65 00 78 00 74 00"

static void spec_owf_v2(uint8_t key[16]) {
  uint8_t hash[16];
  uint8_t user[32];
  uint8_t domain[32];
  ox_str16 user_text = {user, unhex(USER_WIDE, user, sizeof user)};
  ox_str16 domain_text = {domain, unhex(DOMAIN_WIDE, domain, sizeof domain)};
  assert_int_equal(ox_ntlm_nt_hash("Password", hash), OX_OK);
  assert_hex(hash, 16, NT_HASH);
  assert_int_equal(ox_ntlm_owf_v2(hash, user_text, domain_text, key), OX_OK);
}

/* 4.2.2: NTLMv1 without extended session security, key exchange */
static void test_example_4_2_2__ntlm_v1(void **state) {
  (void)state;
  uint8_t hash[16];
  uint8_t response[24];
  uint8_t base_key[16];
  uint8_t exchange_key[16];
  uint8_t random_key[16];
  uint8_t encrypted[16];
  const uint32_t flags = 0xe2028233;
  assert_int_equal(ox_ntlm_nt_hash("Password", hash), OX_OK);
  assert_int_equal(ox_ntlm_v1_response(hash, server_challenge, response), OX_OK);
  assert_hex(response, 24,
             "67 c4 30 11 f3 02 98 a2 ad 35 ec e6 4f 16 33 1c 44 bd be d9 27 84 1f 94");
  ox_ntlm_v1_session_base_key(hash, base_key);
  assert_hex(base_key, 16, "d8 72 62 b0 cd e4 b1 cb 74 99 be cc cd f1 07 84");
  ox_bytes no_lm = {NULL, 0};
  assert_int_equal(
      ox_ntlm_v1_key_exchange_key(flags, base_key, server_challenge, no_lm, exchange_key), OX_OK);
  memset(random_key, 0x55, sizeof random_key);
  ox_rc4_once(exchange_key, 16, random_key, encrypted, 16);
  assert_hex(encrypted, 16, "51 88 22 b1 b3 f3 50 c8 95 86 82 ec bb 3e 3c b7");

  /* 4.2.2.4 */
  uint8_t text[32];
  uint8_t signature[16];
  size_t size = unhex(PLAINTEXT_WIDE, text, sizeof text);
  ox_ntlm_session *client = ox_ntlm_session_new(NULL, flags, random_key, true);
  ox_ntlm_session *server = ox_ntlm_session_new(NULL, flags, random_key, false);
  assert_int_equal(ox_ntlm_session_seal(client, text, size, signature), OX_OK);
  assert_hex(text, size, "56 fe 04 d8 61 f9 31 9a f0 d7 23 8a 2e 3b 4d 45 7f b8");
  assert_hex(signature, 16, "01 00 00 00 45 c8 44 e5 09 dc d1 df 2e 45 9d 36");
  assert_int_equal(ox_ntlm_session_unseal(server, text, size, signature, NULL), OX_OK);
  assert_hex(text, size, PLAINTEXT_WIDE);
  ox_ntlm_session_free(client);
  ox_ntlm_session_free(server);
}

/* 4.2.3: NTLMv1 with client challenge, 56-bit keys, no key exchange */
static void test_example_4_2_3__ntlm_v1_with_client_challenge(void **state) {
  (void)state;
  uint8_t hash[16];
  uint8_t lm[24] = {0};
  uint8_t challenge[16];
  uint8_t response[24];
  uint8_t base_key[16];
  uint8_t exchange_key[16];
  const uint32_t flags = 0x820a8233;
  assert_int_equal(ox_ntlm_nt_hash("Password", hash), OX_OK);
  memcpy(lm, client_challenge, 8);
  ox_bytes parts[2] = {{server_challenge, 8}, {client_challenge, 8}};
  assert_int_equal(ox_ntlm_md5(parts, 2, challenge), OX_OK);
  assert_int_equal(ox_ntlm_v1_response(hash, challenge, response), OX_OK);
  assert_hex(response, 24,
             "75 37 f8 03 ae 36 71 28 ca 45 82 04 bd e7 ca f8 1e 97 ed 26 83 26 72 32");
  ox_ntlm_v1_session_base_key(hash, base_key);
  ox_bytes lm_bytes = {lm, sizeof lm};
  assert_int_equal(
      ox_ntlm_v1_key_exchange_key(flags, base_key, server_challenge, lm_bytes, exchange_key),
      OX_OK);
  assert_hex(exchange_key, 16, "eb 93 42 9a 8b d9 52 f8 b8 9c 55 b8 7f 47 5e dc");

  /* 4.2.3.4 */
  uint8_t text[32];
  uint8_t signature[16];
  size_t size = unhex(PLAINTEXT_WIDE, text, sizeof text);
  ox_ntlm_session *client = ox_ntlm_session_new(NULL, flags, exchange_key, true);
  assert_int_equal(ox_ntlm_session_seal(client, text, size, signature), OX_OK);
  assert_hex(text, size, "a0 23 72 f6 53 02 73 f3 aa 1e b9 01 90 ce 52 00 c9 9d");
  assert_hex(signature, 16, "01 00 00 00 ff 2a eb 52 f6 81 79 3a 00 00 00 00");
  ox_ntlm_session_free(client);
}

/* 4.2.4: NTLMv2 */
static void test_example_4_2_4__ntlm_v2(void **state) {
  (void)state;
  uint8_t key[16];
  uint8_t temp_bytes[128];
  uint8_t proof[16];
  uint8_t base_key[16];
  uint8_t lm[16];
  uint8_t random_key[16];
  uint8_t encrypted[16];
  spec_owf_v2(key);
  assert_hex(key, 16, "0c 86 8a 40 3b fd 7a 93 a3 00 1e f2 2e f0 2e 3f");
  ox_bytes temp = hex_bytes(temp_bytes, sizeof temp_bytes, TEMP);
  assert_int_equal(ox_ntlm_v2_proof(key, server_challenge, temp, proof, base_key), OX_OK);
  assert_hex(proof, 16, "68 cd 0a b8 51 e5 1c 96 aa bc 92 7b eb ef 6a 1c");
  assert_hex(base_key, 16, "8d e4 0c ca db c1 4a 82 f1 5c b0 ad 0d e9 5c a3");
  ox_bytes parts[2] = {{server_challenge, 8}, {client_challenge, 8}};
  assert_int_equal(ox_ntlm_hmac_md5(key, parts, 2, lm), OX_OK);
  assert_hex(lm, 16, "86 c3 50 97 ac 9c ec 10 25 54 76 4a 57 cc cc 19");
  memset(random_key, 0x55, sizeof random_key);
  ox_rc4_once(base_key, 16, random_key, encrypted, 16);
  assert_hex(encrypted, 16, "c5 da d2 54 4f c9 79 90 94 ce 1c e9 0b c9 d0 3e");

  /* 4.2.4.4 */
  uint8_t text[32];
  uint8_t signature[16];
  size_t size = unhex(PLAINTEXT_WIDE, text, sizeof text);
  ox_ntlm_session *client = ox_ntlm_session_new(NULL, 0xe28a8233, random_key, true);
  ox_ntlm_session *server = ox_ntlm_session_new(NULL, 0xe28a8233, random_key, false);
  assert_int_equal(ox_ntlm_session_seal(client, text, size, signature), OX_OK);
  assert_hex(text, size, "54 e5 01 65 bf 19 36 dc 99 60 20 c1 81 1b 0f 06 fb 5f");
  assert_hex(signature, 16, "01 00 00 00 7f b3 8e c5 c5 5d 49 76 00 00 00 00");
  assert_int_equal(ox_ntlm_session_unseal(server, text, size, signature, NULL), OX_OK);
  assert_hex(text, size, PLAINTEXT_WIDE);
  ox_ntlm_session_free(client);
  ox_ntlm_session_free(server);
}

#define SPEC_CHALLENGE                                                                             \
  "4e 54 4c 4d 53 53 50 00 02 00 00 00 0c 00 0c 00 38 00 00 00 33 82 8a e2 01 23 45 67 89 ab cd "  \
  "ef"                                                                                             \
  " 00 00 00 00 00 00 00 00 24 00 24 00 44 00 00 00 06 00 70 17 00 00 00 0f 53 00 65 00 72 00 76 " \
  "00"                                                                                             \
  " 65 00 72 00 02 00 0c 00 44 00 6f 00 6d 00 61 00 69 00 6e 00 01 00 0c 00 53 00 65 00 72 00 76 " \
  "00"                                                                                             \
  " 65 00 72 00 00 00 00 00"

/* 4.2.4.3: decode and encode give the same bytes back. */
static void test_example_4_2_4_3__challenge_message(void **state) {
  (void)state;
  uint8_t wire[512];
  ox_bytes message = hex_bytes(wire, sizeof wire, SPEC_CHALLENGE);
  ox_ntlm_challenge_message decoded;
  assert_int_equal(ox_ntlm_challenge_decode(message, &decoded, NULL), OX_OK);
  assert_int_equal(decoded.negotiate_flags, 0xe28a8233);
  assert_memory_equal(decoded.server_challenge, server_challenge, 8);
  ox_bytes domain;
  assert_true(ox_ntlm_av_find(decoded.target_info, OX_NTLM_AV_NB_DOMAIN_NAME, &domain));
  assert_hex(domain.data, domain.size_bytes, DOMAIN_WIDE);
  assert_false(ox_ntlm_av_find(decoded.target_info, OX_NTLM_AV_TIMESTAMP, &domain));

  ox_writer w;
  ox_writer_init(&w, NULL, 1024);
  ox_ntlm_challenge_encode(&w, &decoded);
  assert_int_equal(ox_writer_status(&w), OX_OK);
  assert_int_equal(w.size_bytes, message.size_bytes);
  assert_memory_equal(w.data, message.data, message.size_bytes);
  ox_writer_dispose(&w);
}

#define SPEC_AUTHENTICATE                                                                          \
  "4e 54 4c 4d 53 53 50 00 03 00 00 00 18 00 18 00 6c 00 00 00 54 00 54 00 84 00 00 00 0c 00 0c "  \
  "00"                                                                                             \
  " 48 00 00 00 08 00 08 00 54 00 00 00 10 00 10 00 5c 00 00 00 10 00 10 00 d8 00 00 00 35 82 88 " \
  "e2"                                                                                             \
  " 05 01 28 0a 00 00 00 0f " DOMAIN_WIDE USER_WIDE COMPUTER_WIDE                                  \
  " 86 c3 50 97 ac 9c ec 10 25 54 76 4a 57 cc cc 19 aa aa aa aa aa aa aa aa"                       \
  " 68 cd 0a b8 51 e5 1c 96 aa bc 92 7b eb ef 6a 1c " TEMP                                         \
  " c5 da d2 54 4f c9 79 90 94 ce 1c e9 0b c9 d0 3e"

static void test_example_4_2_4_3__authenticate_message(void **state) {
  (void)state;
  uint8_t wire[512];
  ox_bytes message = hex_bytes(wire, sizeof wire, SPEC_AUTHENTICATE);
  ox_ntlm_authenticate_message decoded;
  assert_int_equal(ox_ntlm_authenticate_decode(message, &decoded, NULL), OX_OK);
  assert_hex(decoded.user_name.data, decoded.user_name.size_bytes, USER_WIDE);
  assert_hex(decoded.domain_name.data, decoded.domain_name.size_bytes, DOMAIN_WIDE);
  assert_hex(decoded.workstation.data, decoded.workstation.size_bytes, COMPUTER_WIDE);
  assert_int_equal(decoded.nt_challenge_response.size_bytes, 0x54);
  assert_int_equal(decoded.negotiate_flags, 0xe2888235);
  assert_false(decoded.has_mic);

  ox_writer w;
  ox_writer_init(&w, NULL, 1024);
  ox_ntlm_authenticate_encode(&w, &decoded);
  assert_int_equal(ox_writer_status(&w), OX_OK);
  assert_int_equal(w.size_bytes, message.size_bytes);
  assert_memory_equal(w.data, message.data, message.size_bytes);
  ox_writer_dispose(&w);

  /* No prefix is a message. */
  for (size_t size = 0; size < message.size_bytes; size++) {
    ox_bytes prefix = {wire, size};
    assert_true(ox_failed(ox_ntlm_authenticate_decode(prefix, &decoded, NULL)));
  }
}

/* The hash of a tls-server-end-point binding, from Microsoft's own example of extended protection.
 */
static void test_channel_bindings__published_example(void **state) {
  (void)state;
  uint8_t data[64] = "tls-server-end-point:";
  uint8_t hash[16];
  size_t size = 21 + unhex(
                         "ea 05 fe fe cc 6b 0b d5 71 db bc 5b aa 3e d4 53 86 d0 44 68 35 f7 b7 4c"
                         " 85 62 1b 99 83 47 5f 95",
                         data + 21, 32);
  ox_bytes bytes = {data, size};
  assert_int_equal(ox_ntlm_channel_bindings_hash(bytes, hash), OX_OK);
  assert_hex(hash, 16, "65 86 e9 9d 81 c2 fc 98 4e 47 17 2f d4 dd 03 10");
}

static void test_upcase__units_beyond_ascii(void **state) {
  (void)state;
  /* a, e with acute, y with diaeresis (U+00FF), Cyrillic ya, sharp s (no single upper case), 1 */
  uint8_t text[] = {0x61, 0, 0xe9, 0, 0xff, 0, 0x4f, 0x04, 0xdf, 0, 0x31, 0};
  ox_ntlm_upcase(text, sizeof text);
  assert_hex(text, sizeof text, "41 00 c9 00 78 01 2f 04 df 00 31 00");
}

/* ---- Client against server ------------------------------------------------------------------ */

typedef struct exchange {
  const char *user;
  const char *domain;
  const char *password;
  const char *server_password;
  ox_bytes client_binding;
  ox_bytes server_binding;
  bool require_binding;
  bool seal;
} exchange;

static ox_status play(const exchange *x, ox_ntlm_session **client_session,
                      ox_ntlm_session **server_session, bool *mic) {
  ox_ntlm_client_options client_options = OX_NTLM_CLIENT_OPTIONS_INIT;
  ox_ntlm_server_options server_options = OX_NTLM_SERVER_OPTIONS_INIT;
  ox_ntlm_client *client;
  ox_ntlm_server *server;
  client_options.user = x->user;
  client_options.domain = x->domain;
  client_options.password = x->password;
  client_options.target_name = "HTTP/mail.example.test";
  client_options.workstation = "BOX";
  client_options.channel_binding = x->client_binding;
  client_options.sign = client_options.seal = x->seal;
  server_options.netbios_computer = "MAIL";
  server_options.netbios_domain = "EXAMPLE";
  server_options.dns_computer = "mail.example.test";
  server_options.dns_domain = "example.test";
  server_options.channel_binding = x->server_binding;
  server_options.require_channel_binding = x->require_binding;
  assert_int_equal(ox_ntlm_client_new(&client_options, &client, NULL), OX_OK);
  assert_int_equal(ox_ntlm_server_new(&server_options, &server, NULL), OX_OK);
  ox_bytes message;
  const char *user = NULL;
  const char *domain = NULL;
  uint8_t hash[16];
  assert_int_equal(ox_ntlm_client_negotiate(client, &message, NULL), OX_OK);
  assert_int_equal(ox_ntlm_server_challenge(server, message, &message, NULL), OX_OK);
  assert_int_equal(ox_ntlm_client_authenticate(client, message, &message, NULL), OX_OK);
  assert_int_equal(ox_ntlm_server_authenticate(server, message, &user, &domain, NULL), OX_OK);
  assert_string_equal(user, strchr(x->user, '\\') ? strchr(x->user, '\\') + 1 : x->user);
  assert_int_equal(ox_ntlm_nt_hash(x->server_password, hash), OX_OK);
  ox_status status = ox_ntlm_server_verify(server, hash, NULL);
  if (mic != NULL) *mic = ox_ntlm_server_had_mic(server);
  if (client_session != NULL) *client_session = ox_ntlm_client_session(client);
  if (server_session != NULL) *server_session = ox_ntlm_server_session(server);
  /* The challenge is spent. */
  assert_int_equal(ox_ntlm_server_verify(server, hash, NULL), OX_E_USAGE);
  assert_int_equal(ox_ntlm_server_authenticate(server, message, &user, &domain, NULL), OX_E_USAGE);
  ox_ntlm_client_free(client);
  ox_ntlm_server_free(server);
  return status;
}

static void test_exchange__good_password_with_mic(void **state) {
  (void)state;
  exchange x = {"alice",   "EXAMPLE", "p\xc3\xa4ss", "p\xc3\xa4ss",
                {NULL, 0}, {NULL, 0}, false,         false};
  bool mic = false;
  assert_int_equal(play(&x, NULL, NULL, &mic), OX_OK);
  assert_true(mic);
  x.domain = NULL;
  x.user = "EXAMPLE\\alice";
  assert_int_equal(play(&x, NULL, NULL, NULL), OX_OK);
  x.user = "\xc3\xa9lise@example.test";
  assert_int_equal(play(&x, NULL, NULL, NULL), OX_OK);
}

static void test_exchange__bad_password(void **state) {
  (void)state;
  exchange x = {"alice", NULL, "right", "wrong", {NULL, 0}, {NULL, 0}, false, false};
  assert_int_equal(play(&x, NULL, NULL, NULL), OX_E_LOGON_FAILED);
}

static void test_exchange__channel_bindings(void **state) {
  (void)state;
  static const uint8_t one[] = "tls-server-end-point:one";
  static const uint8_t two[] = "tls-server-end-point:two";
  exchange x = {"alice", NULL, "pw", "pw", {one, sizeof one}, {one, sizeof one}, true, false};
  assert_int_equal(play(&x, NULL, NULL, NULL), OX_OK);
  x.server_binding.data = two; /* somebody in the middle */
  assert_int_equal(play(&x, NULL, NULL, NULL), OX_E_LOGON_FAILED);
  x.require_binding = false; /* a binding that is there must fit all the same */
  assert_int_equal(play(&x, NULL, NULL, NULL), OX_E_LOGON_FAILED);
  x.client_binding.size_bytes = 0;
  assert_int_equal(play(&x, NULL, NULL, NULL), OX_OK);
  x.require_binding = true;
  assert_int_equal(play(&x, NULL, NULL, NULL), OX_E_LOGON_FAILED);
}

static void test_exchange__session_security(void **state) {
  (void)state;
  exchange x = {"alice", NULL, "pw", "pw", {NULL, 0}, {NULL, 0}, false, true};
  ox_ntlm_session *client = NULL;
  ox_ntlm_session *server = NULL;
  assert_int_equal(play(&x, &client, &server, NULL), OX_OK);
  assert_non_null(client);
  assert_non_null(server);
  uint8_t signature[16];
  for (unsigned round = 0; round < 3; round++) {
    uint8_t text[] = "attack at dawn";
    ox_bytes view = {text, sizeof text};
    assert_int_equal(ox_ntlm_session_seal(client, text, sizeof text, signature), OX_OK);
    assert_memory_not_equal(text, "attack at dawn", sizeof text);
    assert_int_equal(ox_ntlm_session_unseal(server, text, sizeof text, signature, NULL), OX_OK);
    assert_string_equal((char *)text, "attack at dawn");
    assert_int_equal(ox_ntlm_session_sign(server, view, signature), OX_OK);
    assert_int_equal(ox_ntlm_session_verify(client, view, signature, NULL), OX_OK);
  }
  uint8_t text[] = "attack at noon";
  assert_int_equal(ox_ntlm_session_seal(client, text, sizeof text, signature), OX_OK);
  text[3] ^= 1;
  assert_int_equal(ox_ntlm_session_unseal(server, text, sizeof text, signature, NULL),
                   OX_E_PROTOCOL);
  ox_ntlm_session_free(client);
  ox_ntlm_session_free(server);
}

static ox_ntlm_server *new_server(bool allow_v1) {
  ox_ntlm_server_options options = OX_NTLM_SERVER_OPTIONS_INIT;
  ox_ntlm_server *server;
  options.netbios_computer = "MAIL";
  options.netbios_domain = "EXAMPLE";
  options.dns_computer = "mail.example.test";
  options.allow_ntlm_v1 = allow_v1;
  assert_int_equal(ox_ntlm_server_new(&options, &server, NULL), OX_OK);
  return server;
}

static void encode_negotiate(ox_writer *w, uint32_t flags) {
  ox_ntlm_negotiate_message message;
  memset(&message, 0, sizeof message);
  message.negotiate_flags = flags;
  ox_writer_init(w, NULL, 256);
  ox_ntlm_negotiate_encode(w, &message);
  assert_int_equal(ox_writer_status(w), OX_OK);
}

/* A client that speaks only NTLMv1 with extended session security, and one that sends only LM. */
static void test_server__v1_refused_unless_allowed(void **state) {
  (void)state;
  for (unsigned allowed = 0; allowed < 2; allowed++) {
    ox_ntlm_server *server = new_server(allowed);
    ox_writer negotiate;
    ox_writer w;
    ox_bytes challenge_bytes;
    ox_ntlm_challenge_message challenge;
    const char *user;
    const char *domain;
    uint8_t hash[16];
    uint8_t lm[24] = {0};
    uint8_t nonce[16];
    uint8_t response[24];
    uint8_t name[8];
    encode_negotiate(&negotiate, 0x00088205 | OX_NTLM_NEGOTIATE_UNICODE);
    assert_int_equal(
        ox_ntlm_server_challenge(server, ox_writer_bytes(&negotiate), &challenge_bytes, NULL),
        OX_OK);
    assert_int_equal(ox_ntlm_challenge_decode(challenge_bytes, &challenge, NULL), OX_OK);
    memcpy(lm, client_challenge, 8);
    ox_bytes parts[2] = {{challenge.server_challenge, 8}, {client_challenge, 8}};
    assert_int_equal(ox_ntlm_md5(parts, 2, nonce), OX_OK);
    assert_int_equal(ox_ntlm_nt_hash("pw", hash), OX_OK);
    assert_int_equal(ox_ntlm_v1_response(hash, nonce, response), OX_OK);
    ox_ntlm_authenticate_message message;
    memset(&message, 0, sizeof message);
    message.lm_challenge_response.data = lm;
    message.lm_challenge_response.size_bytes = 24;
    message.nt_challenge_response.data = response;
    message.nt_challenge_response.size_bytes = 24;
    message.user_name.data = name;
    message.user_name.size_bytes = unhex("55 00 73 00", name, sizeof name);
    message.negotiate_flags = challenge.negotiate_flags;
    ox_writer_init(&w, NULL, 1024);
    ox_ntlm_authenticate_encode(&w, &message);
    ox_status status =
        ox_ntlm_server_authenticate(server, ox_writer_bytes(&w), &user, &domain, NULL);
    if (allowed) {
      assert_int_equal(status, OX_OK);
      assert_int_equal(ox_ntlm_server_verify(server, hash, NULL), OX_OK);
    } else {
      assert_int_equal(status, OX_E_LOGON_FAILED);
    }
    /* LM alone is refused in any case. */
    assert_int_equal(
        ox_ntlm_server_challenge(server, ox_writer_bytes(&negotiate), &challenge_bytes, NULL),
        OX_OK);
    message.nt_challenge_response.size_bytes = 0;
    ox_writer_reset(&w);
    ox_ntlm_authenticate_encode(&w, &message);
    assert_int_equal(ox_ntlm_server_authenticate(server, ox_writer_bytes(&w), &user, &domain, NULL),
                     OX_E_LOGON_FAILED);
    ox_writer_dispose(&w);
    ox_writer_dispose(&negotiate);
    ox_ntlm_server_free(server);
  }
}

/* A message changed on the way: each bit of the client's last message counts, once a MIC covers it.
 */
static void test_server__any_change_breaks_the_mic(void **state) {
  (void)state;
  ox_ntlm_client_options options = OX_NTLM_CLIENT_OPTIONS_INIT;
  ox_ntlm_client *client;
  uint8_t hash[16];
  options.user = "alice";
  options.password = "pw";
  assert_int_equal(ox_ntlm_client_new(&options, &client, NULL), OX_OK);
  assert_int_equal(ox_ntlm_nt_hash("pw", hash), OX_OK);
  size_t size = 1;
  for (size_t at = 0; at < size; at++) {
    ox_ntlm_server *server = new_server(false);
    ox_bytes message;
    uint8_t copy[1024];
    const char *user;
    const char *domain;
    assert_int_equal(ox_ntlm_client_negotiate(client, &message, NULL), OX_OK);
    assert_int_equal(ox_ntlm_server_challenge(server, message, &message, NULL), OX_OK);
    assert_int_equal(ox_ntlm_client_authenticate(client, message, &message, NULL), OX_OK);
    size = message.size_bytes;
    assert_true(size <= sizeof copy);
    memcpy(copy, message.data, size);
    copy[at] ^= 1;
    ox_bytes changed = {copy, size};
    ox_status status = ox_ntlm_server_authenticate(server, changed, &user, &domain, NULL);
    if (status == OX_OK) status = ox_ntlm_server_verify(server, hash, NULL);
    assert_true(ox_failed(status));
    ox_ntlm_server_free(server);
  }
  ox_ntlm_client_free(client);
}

/* An OEM client, as curl is one: no Unicode in the first message. */
static void test_server__oem_negotiate_gets_oem_challenge(void **state) {
  (void)state;
  ox_ntlm_server *server = new_server(false);
  ox_writer negotiate;
  ox_bytes bytes;
  ox_ntlm_challenge_message challenge;
  encode_negotiate(&negotiate, 0x00088206);
  assert_int_equal(ox_ntlm_server_challenge(server, ox_writer_bytes(&negotiate), &bytes, NULL),
                   OX_OK);
  assert_int_equal(ox_ntlm_challenge_decode(bytes, &challenge, NULL), OX_OK);
  assert_true(challenge.negotiate_flags & OX_NTLM_NEGOTIATE_OEM);
  assert_false(challenge.negotiate_flags & OX_NTLM_NEGOTIATE_UNICODE);
  assert_int_equal(challenge.target_name.size_bytes, 7);
  assert_memory_equal(challenge.target_name.data, "EXAMPLE", 7);
  ox_writer_dispose(&negotiate);
  encode_negotiate(&negotiate, 0x00088200);
  assert_int_equal(ox_ntlm_server_challenge(server, ox_writer_bytes(&negotiate), &bytes, NULL),
                   OX_E_NO_SUPPORT);
  ox_writer_dispose(&negotiate);
  ox_ntlm_server_free(server);
}

/* The client answers the specification's challenge without a timestamp: no MIC, an LMv2 response.
 */
static void test_client__challenge_without_timestamp(void **state) {
  (void)state;
  ox_ntlm_client_options options = OX_NTLM_CLIENT_OPTIONS_INIT;
  ox_ntlm_client *client;
  uint8_t wire[512];
  ox_bytes message;
  ox_ntlm_authenticate_message decoded;
  static const uint8_t zeros[24] = {0};
  ox_bytes challenge = hex_bytes(wire, sizeof wire, SPEC_CHALLENGE);
  options.user = "User";
  options.domain = "Domain";
  options.password = "Password";
  assert_int_equal(ox_ntlm_client_new(&options, &client, NULL), OX_OK);
  assert_int_equal(ox_ntlm_client_authenticate(client, challenge, &message, NULL), OX_E_USAGE);
  assert_int_equal(ox_ntlm_client_negotiate(client, &message, NULL), OX_OK);
  assert_int_equal(ox_ntlm_client_authenticate(client, challenge, &message, NULL), OX_OK);
  assert_int_equal(ox_ntlm_authenticate_decode(message, &decoded, NULL), OX_OK);
  assert_int_equal(decoded.lm_challenge_response.size_bytes, 24);
  assert_memory_not_equal(decoded.lm_challenge_response.data, zeros, 24);
  uint8_t key[16];
  uint8_t proof[16];
  uint8_t base_key[16];
  ox_bytes temp = {decoded.nt_challenge_response.data + 16,
                   decoded.nt_challenge_response.size_bytes - 16};
  ox_bytes flags;
  ox_bytes pairs = {temp.data + 28, temp.size_bytes - 28};
  spec_owf_v2(key);
  assert_int_equal(ox_ntlm_v2_proof(key, server_challenge, temp, proof, base_key), OX_OK);
  assert_memory_equal(proof, decoded.nt_challenge_response.data, 16);
  assert_false(ox_ntlm_av_find(pairs, OX_NTLM_AV_FLAGS, &flags));
  ox_ntlm_client_free(client);
}

static void test_decode__offsets_outside_the_message(void **state) {
  (void)state;
  uint8_t wire[512];
  ox_bytes message = hex_bytes(wire, sizeof wire, SPEC_CHALLENGE);
  ox_ntlm_challenge_message decoded;
  ox_error err;
  static const uint32_t offsets[] = {0xffffffff, 0xfffffff4, 0x80000000, 0x68};
  for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
    for (unsigned n = 0; n < 4; n++) wire[44 + n] = (uint8_t)(offsets[i] >> (8 * n));
    assert_int_equal(ox_ntlm_challenge_decode(message, &decoded, &err), OX_E_MALFORMED);
    assert_string_equal(err.field, "TargetInfoFields");
  }
  wire[8] = 3;
  assert_int_equal(ox_ntlm_challenge_decode(message, &decoded, &err), OX_E_MALFORMED);
  assert_string_equal(err.field, "MessageType");
}

static ox_status play_with(const ox_allocator *client_memory, const ox_allocator *server_memory) {
  ox_ntlm_client_options client_options = OX_NTLM_CLIENT_OPTIONS_INIT;
  ox_ntlm_server_options server_options = OX_NTLM_SERVER_OPTIONS_INIT;
  ox_ntlm_client *client = NULL;
  ox_ntlm_server *server = NULL;
  ox_bytes message = {NULL, 0};
  const char *user;
  const char *domain;
  uint8_t hash[16];
  client_options.allocator = client_memory;
  client_options.user = "EXAMPLE\\alice";
  client_options.password = "pw";
  client_options.sign = true;
  server_options.allocator = server_memory;
  server_options.netbios_computer = "MAIL";
  server_options.netbios_domain = "EXAMPLE";
  server_options.dns_computer = "mail.example.test";
  assert_int_equal(ox_ntlm_nt_hash("pw", hash), OX_OK);
  ox_status status = ox_ntlm_client_new(&client_options, &client, NULL);
  if (status == OX_OK) status = ox_ntlm_server_new(&server_options, &server, NULL);
  if (status == OX_OK) status = ox_ntlm_client_negotiate(client, &message, NULL);
  if (status == OX_OK) status = ox_ntlm_server_challenge(server, message, &message, NULL);
  if (status == OX_OK) status = ox_ntlm_client_authenticate(client, message, &message, NULL);
  if (status == OX_OK) status = ox_ntlm_server_authenticate(server, message, &user, &domain, NULL);
  if (status == OX_OK) status = ox_ntlm_server_verify(server, hash, NULL);
  if (status == OX_OK) {
    ox_ntlm_session *session = ox_ntlm_server_session(server);
    if (session == NULL) status = OX_E_NO_MEMORY;
    ox_ntlm_session_free(session);
  }
  ox_ntlm_client_free(client);
  ox_ntlm_server_free(server);
  return status;
}

static void test_exchange__every_allocation_may_fail(void **state) {
  (void)state;
  for (unsigned end = 0; end < 2; end++) {
    failing_allocator memory;
    long n = 0;
    do {
      failing_init(&memory, n++);
      const ox_allocator *allocator = &memory.base;
      ox_status status = play_with(end == 0 ? allocator : NULL, end == 1 ? allocator : NULL);
      assert_int_equal(status, memory.failed ? OX_E_NO_MEMORY : OX_OK);
      assert_int_equal(memory.live, 0);
    } while (memory.failed && n < 100);
    assert_true(n > 4 && n < 100);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_md4__rfc1320_suite),
      cmocka_unit_test(test_rc4__rfc6229_vectors),
      cmocka_unit_test(test_example_4_2_2__ntlm_v1),
      cmocka_unit_test(test_example_4_2_3__ntlm_v1_with_client_challenge),
      cmocka_unit_test(test_example_4_2_4__ntlm_v2),
      cmocka_unit_test(test_example_4_2_4_3__challenge_message),
      cmocka_unit_test(test_example_4_2_4_3__authenticate_message),
      cmocka_unit_test(test_channel_bindings__published_example),
      cmocka_unit_test(test_upcase__units_beyond_ascii),
      cmocka_unit_test(test_exchange__good_password_with_mic),
      cmocka_unit_test(test_exchange__bad_password),
      cmocka_unit_test(test_exchange__channel_bindings),
      cmocka_unit_test(test_exchange__session_security),
      cmocka_unit_test(test_server__v1_refused_unless_allowed),
      cmocka_unit_test(test_server__any_change_breaks_the_mic),
      cmocka_unit_test(test_server__oem_negotiate_gets_oem_challenge),
      cmocka_unit_test(test_client__challenge_without_timestamp),
      cmocka_unit_test(test_decode__offsets_outside_the_message),
      cmocka_unit_test(test_exchange__every_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
