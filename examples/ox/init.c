/* ox init: makes a data directory. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <oxkit/wire/tls.h>

#include "data_directory.h"

static bool write_private_file(const char *path, const char *text, mode_t mode) {
  int file = open(path, O_WRONLY | O_CREAT | O_EXCL, mode);
  if (file < 0) return false;
  size_t length = strlen(text);
  bool written = write(file, text, length) == (ssize_t)length && fsync(file) == 0;
  return close(file) == 0 && written;
}

/* A certificate for the loopback names and the host, signed by itself. */
static int make_certificate(const command *self, const char *directory, const char *host) {
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  ox_error err = {0};
  const char *names[] = {host, "localhost", "127.0.0.1", "::1"};
  const char *certificate, *key;
  ox_status status = ox_tls_make_self_signed(names, sizeof names / sizeof names[0], 0, 0, &arena,
                                             &certificate, &key, &err);
  int result = EXIT_DONE;
  if (status != OX_OK) {
    result = fail_error(self, NULL, "making a certificate", status, &err);
  } else {
    char *folder = data_path(directory, "tls");
    char *certificate_path = data_path(directory, "tls/cert.pem");
    char *key_path = data_path(directory, "tls/key.pem");
    if (folder == NULL || certificate_path == NULL || key_path == NULL ||
        mkdir(folder, 0700) != 0 || !write_private_file(certificate_path, certificate, 0644) ||
        !write_private_file(key_path, key, 0600)) {
      result = fail(self, NULL, "writing %s/tls: %s", directory, strerror(errno));
    }
    free(folder);
    free(certificate_path);
    free(key_path);
  }
  ox_arena_dispose(&arena);
  return result;
}

static int run(const command *self, int argc, char **argv) {
  const char *domain = NULL, *organization = "First Organization", *host = "localhost";
  bool ntlm = false, json = false;
  const option_spec options[] = {
      {.name = "domain", .value = &domain}, {.name = "organization", .value = &organization},
      {.name = "host", .value = &host},     {.name = "ntlm", .flag = &ntlm},
      {.name = "json", .flag = &json},
  };
  int status;
  int operands =
      parse_options(self, argc, argv, options, sizeof options / sizeof options[0], &status);
  if (operands < 0) return status;
  if (operands != 1) return usage_error(self, "name one directory");
  if (domain == NULL) return usage_error(self, "--domain is missing");

  const char *path = argv[1];
  if (mkdir(path, 0700) != 0) {
    return fail(self, errno == EEXIST ? "Name a directory that does not exist yet." : NULL,
                "%s: %s", path, strerror(errno));
  }
  ox_error err = {0};
  char *file = data_path(path, "directory.db");
  ox_directory_options directory_options = OX_DIRECTORY_OPTIONS_INIT;
  directory_options.ntlm = ntlm;
  ox_status result = file != NULL
                         ? ox_directory_create(file, organization, domain, &directory_options, &err)
                         : ox_error_set(&err, OX_E_NO_MEMORY, NULL);
  free(file);
  ox_store *store = NULL;
  if (result == OX_OK) {
    ox_store_options store_options = OX_STORE_OPTIONS_INIT;
    store_options.create = true;
    result = ox_store_open(path, &store_options, &store, &err);
  }
  ox_store_close(store);
  if (result != OX_OK) return fail_error(self, NULL, path, result, &err);
  status = make_certificate(self, path, host);
  if (status != EXIT_DONE) return status;
  if (json) {
    print_json(json_pack("{s:s, s:s, s:s}", "directory", path, "domain", domain, "organization",
                         organization));
  } else {
    printf(
        "Made %s for the mail domain %s.\n"
        "Next: ox user add %s alice@%s --name \"Alice Adams\" --password-file FILE\n",
        path, domain, path, domain);
  }
  return EXIT_DONE;
}

const command command_init = {
    .name = "init",
    .summary = "make a data directory",
    .usage =
        "usage: ox init DIR --domain NAME [OPTION...]\n"
        "\n"
        "Makes DIR with an empty directory of people, room for mailboxes on the embedded\n"
        "engine, and a certificate signed by itself.\n"
        "\n"
        "  --domain NAME         mail domain, such as example.test\n"
        "  --organization NAME   name in X500 addresses (First Organization)\n"
        "  --host NAME           name of this server in its certificate (localhost)\n"
        "  --ntlm                keep NT hashes, sealed with a key file, so that NTLM works\n"
        "  --json                print for programs\n",
    .run = run,
};
