/* One end of an NTLM exchange on standard input and output, a line of hexadecimal digits per
 * message, for tests against other people's implementations.
 *
 *   ntlm_tool client USER DOMAIN PASSWORD     negotiate ->, <- challenge, authenticate ->
 *   ntlm_tool server PASSWORD                 <- negotiate, challenge ->, <- authenticate, verdict
 *
 * After the exchange each end signs and seals "hello" and prints both signatures and the text. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <oxkit/wire/ntlm.h>

static void print_hex(ox_bytes bytes) {
  for (size_t i = 0; i < bytes.size_bytes; i++) printf("%02x", bytes.data[i]);
  printf("\n");
  fflush(stdout);
}

static ox_bytes read_hex(uint8_t *buffer, size_t capacity) {
  static char line[2 * OX_NTLM_MESSAGE_MAX_BYTES + 2];
  ox_bytes bytes = {buffer, 0};
  if (fgets(line, sizeof line, stdin) == NULL) exit(2);
  for (char *at = line; at[0] > ' ' && at[1] > ' ' && bytes.size_bytes < capacity; at += 2) {
    char pair[3] = {at[0], at[1], 0};
    buffer[bytes.size_bytes++] = (uint8_t)strtoul(pair, NULL, 16);
  }
  return bytes;
}

static void show_session(ox_ntlm_session *session) {
  uint8_t text[5] = "hello";
  uint8_t signature[OX_NTLM_SIGNATURE_BYTES];
  ox_bytes plain = {text, sizeof text};
  ox_bytes mark = {signature, sizeof signature};
  if (session == NULL) return;
  if (ox_ntlm_session_sign(session, plain, signature) != OX_OK) exit(1);
  print_hex(mark);
  if (ox_ntlm_session_seal(session, text, sizeof text, signature) != OX_OK) exit(1);
  print_hex(mark);
  print_hex(plain);
  ox_ntlm_session_free(session);
}

static void die(const ox_error *err) {
  printf("error %s\n", err->text);
  exit(1);
}

static int run_client(char **argv) {
  static uint8_t buffer[OX_NTLM_MESSAGE_MAX_BYTES];
  ox_ntlm_client_options options = OX_NTLM_CLIENT_OPTIONS_INIT;
  ox_ntlm_client *client;
  ox_bytes message;
  ox_error err;
  options.user = argv[2];
  options.domain = argv[3];
  options.password = argv[4];
  options.target_name = "HTTP/mail.example.test";
  options.sign = options.seal = true;
  if (ox_ntlm_client_new(&options, &client, &err) != OX_OK) die(&err);
  if (ox_ntlm_client_negotiate(client, &message, &err) != OX_OK) die(&err);
  print_hex(message);
  if (ox_ntlm_client_authenticate(client, read_hex(buffer, sizeof buffer), &message, &err) != OX_OK)
    die(&err);
  print_hex(message);
  show_session(ox_ntlm_client_session(client));
  ox_ntlm_client_free(client);
  return 0;
}

static int run_server(char **argv) {
  static uint8_t buffer[OX_NTLM_MESSAGE_MAX_BYTES];
  ox_ntlm_server_options options = OX_NTLM_SERVER_OPTIONS_INIT;
  ox_ntlm_server *server;
  ox_bytes message;
  const char *user;
  const char *domain;
  uint8_t hash[OX_NTLM_HASH_BYTES];
  ox_error err;
  options.netbios_computer = "MAIL";
  options.netbios_domain = "EXAMPLE";
  options.dns_computer = "mail.example.test";
  options.dns_domain = "example.test";
  if (ox_ntlm_server_new(&options, &server, &err) != OX_OK) die(&err);
  ox_bytes negotiate = read_hex(buffer, sizeof buffer);
  if (ox_ntlm_server_challenge(server, negotiate, &message, &err) != OX_OK) die(&err);
  print_hex(message);
  ox_bytes authenticate = read_hex(buffer, sizeof buffer);
  if (ox_ntlm_server_authenticate(server, authenticate, &user, &domain, &err) != OX_OK) die(&err);
  if (ox_ntlm_nt_hash(argv[2], hash) != OX_OK) return 1;
  if (ox_ntlm_server_verify(server, hash, &err) != OX_OK) die(&err);
  printf("ok %s %s %s\n", domain, user, ox_ntlm_server_had_mic(server) ? "mic" : "no-mic");
  fflush(stdout);
  show_session(ox_ntlm_server_session(server));
  ox_ntlm_server_free(server);
  return 0;
}

int main(int argc, char **argv) {
  if (argc == 5 && strcmp(argv[1], "client") == 0) return run_client(argv);
  if (argc == 3 && strcmp(argv[1], "server") == 0) return run_server(argv);
  return 2;
}
