/* A challenge from a server that nobody knows. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <oxkit/wire/ntlm.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static ox_status no_random(void *user, void *out, size_t size) {
  (void)user;
  memset(out, 0x55, size);
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
  static const ox_environment environment = {no_random, no_time, no_ms, NULL};
  static const uint8_t hash[16] = {1, 2, 3};
  ox_ntlm_client_options options = OX_NTLM_CLIENT_OPTIONS_INIT;
  ox_ntlm_client *client;
  ox_bytes challenge = {data, size};
  ox_bytes message;
  ox_ntlm_authenticate_message decoded;
  options.environment = &environment;
  options.user = "EXAMPLE\\alice";
  options.nt_hash = hash;
  options.target_name = "HTTP/mail";
  options.sign = options.seal = true;
  if (ox_ntlm_client_new(&options, &client, NULL) != OX_OK) return 0;
  if (ox_ntlm_client_negotiate(client, &message, NULL) != OX_OK) abort();
  if (ox_ntlm_client_authenticate(client, challenge, &message, NULL) == OX_OK) {
    /* What we send is always well-formed. */
    if (ox_ntlm_authenticate_decode(message, &decoded, NULL) != OX_OK) abort();
    ox_ntlm_session_free(ox_ntlm_client_session(client));
  }
  ox_ntlm_client_free(client);
  return 0;
}
