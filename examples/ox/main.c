/* ox: one program that serves, administers, asks, converts and decodes. */
#include "ox.h"

#include <stdlib.h>
#include <string.h>

static const command *const commands[] = {
    &command_init,   &command_user,    &command_serve,
    &command_client, &command_convert, &command_decode,
};

static const command command_ox = {
    .name = "ox",
    .summary = "Exchange protocols, from either side of the wire",
    .usage =
        "usage: ox COMMAND [ARGUMENT...]\n"
        "\n"
        "  init DIR --domain NAME         create a data directory\n"
        "  user add|list|import DIR ...   people, rooms and groups\n"
        "  serve DIR                      run every server role\n"
        "  client --url URL VERB ...      folders, list, show, send, search, watch,\n"
        "                                 import, export, gal\n"
        "  convert IN OUT                 between eml and txt, by suffix\n"
        "  decode KIND FILE               annotated dump of wire bytes\n"
        "\n"
        "Every command explains itself with --help, and prints for programs with --json.\n"
        "Exit status: 0 done, 1 the thing asked for failed, 2 wrong usage.\n",
};

int main(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[1], "--version") == 0) {
    puts("ox " OX_VERSION);
    return EXIT_DONE;
  }
  int status =
      run_subcommand(&command_ox, commands, sizeof commands / sizeof commands[0], argc, argv);
  /* A full disk or closed pipe must not look like success. */
  if (fflush(stdout) != 0 && status == EXIT_DONE) {
    perror("ox: standard output");
    status = EXIT_FAILED;
  }
  return status;
}
