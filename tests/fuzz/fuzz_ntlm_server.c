/* A negotiate message, two bytes before it its length, then an authenticate message. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <oxkit/wire/ntlm.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static ox_status fixed_random(void *user, void *out, size_t size) {
  static const uint8_t challenge[8] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef};
  (void)user;
  for (size_t i = 0; i < size; i++) ((uint8_t *)out)[i] = challenge[i % 8];
  return OX_OK;
}

static ox_filetime no_time(void *user) {
  (void)user;
  return 0;
}

static uint64_t no_ms(void *user) {
  (void)user;
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const ox_environment environment = {fixed_random, no_time, no_ms, NULL};
  /* NTOWFv1 of "Password", so that the example of [MS-NLMP] 4.2.4 gets through. */
  static const uint8_t hash[16] = {0xa4, 0xf4, 0x9c, 0x40, 0x65, 0x10, 0xbd, 0xca,
                                   0xb6, 0x82, 0x4e, 0xe7, 0xc3, 0x0f, 0xd8, 0x52};
  ox_ntlm_server_options options = OX_NTLM_SERVER_OPTIONS_INIT;
  ox_ntlm_server *server;
  ox_bytes message;
  const char *user;
  const char *domain;
  if (size < 2) return 0;
  size_t first = (size_t)data[0] | (size_t)data[1] << 8;
  if (first > size - 2) first = size - 2;
  ox_bytes negotiate = {data + 2, first};
  ox_bytes authenticate = {data + 2 + first, size - 2 - first};
  options.environment = &environment;
  options.netbios_computer = "Server";
  options.netbios_domain = "Domain";
  options.dns_computer = "server.example.test";
  options.allow_ntlm_v1 = true;
  if (ox_ntlm_server_new(&options, &server, NULL) != OX_OK) return 0;
  if (ox_ntlm_server_challenge(server, negotiate, &message, NULL) == OX_OK) {
    ox_ntlm_challenge_message decoded;
    if (ox_ntlm_challenge_decode(message, &decoded, NULL) != OX_OK) abort();
    if (ox_ntlm_server_authenticate(server, authenticate, &user, &domain, NULL) == OX_OK &&
        ox_ntlm_server_verify(server, hash, NULL) == OX_OK)
      ox_ntlm_session_free(ox_ntlm_server_session(server));
  }
  ox_ntlm_server_free(server);
  return 0;
}
