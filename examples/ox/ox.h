/* What the commands of the ox program share. */
#ifndef OX_PROGRAM_H
#define OX_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <jansson.h>

#include <oxkit/ropcodec/status.h>

/* Exit statuses of every command. */
enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/** One command or sub-command; run gets its own argv (argv[0] is its name). */
typedef struct command {
  const char *name;
  const char *summary;
  const char *usage; /**< printed by --help: "usage: ..." and the options */
  int (*run)(const struct command *self, int argc, char **argv);
} command;

extern const command command_init;
extern const command command_user;
extern const command command_serve;
extern const command command_client;
extern const command command_convert;
extern const command command_decode;

/** Finds the command that argv[1] names and runs it with the rest. */
int run_subcommand(const command *self, const command *const *commands, size_t count, int argc,
                   char **argv);

/** One option of a command: "--name VALUE" or, when `flag` is set, "--name". */
typedef struct option_spec {
  const char *name;         /**< without the dashes */
  const char **value;       /**< filled with the argument; for repeated options the last one */
  bool *flag;               /**< set to true */
  struct string_list *list; /**< repeated option: collects every argument */
} option_spec;

/** Arguments that may come several times. */
typedef struct string_list {
  const char *items[256];
  size_t count;
} string_list;

/** Parses options anywhere among the arguments; the rest stay in order in argv[1..].
 *  @return the number of operands, or -1 after printing what is wrong (or the help) with *status
 *          set */
int parse_options(const command *self, int argc, char **argv, const option_spec *options,
                  size_t option_count, int *status);

/** Prints "ox COMMAND: message", and what to do next when `advice` is not NULL, to stderr.
 *  @return EXIT_FAILED */
int fail(const command *self, const char *advice, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** As fail, from what a library reported. */
int fail_error(const command *self, const char *advice, const char *doing, ox_status status,
               const ox_error *err);

/** Prints what is wrong with the arguments and where help is. @return EXIT_USAGE */
int usage_error(const command *self, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Reads a whole file ("-" is standard input) of at most max_bytes; NULL after filling err.
 *  Terminated by a byte that is not counted; free() it. */
char *read_file(const char *path, size_t max_bytes, size_t *size_out, ox_error *err);

/** Reads the first line of a password file, without its line end. free() it. */
char *read_password(const command *self, const char *path);

/** Writes JSON and a line end to stdout and drops the reference. */
void print_json(json_t *value);

/** JSON string of generalised UTF-8 (unpaired surrogates become U+FFFD); JSON null for NULL. */
json_t *json_text(const char *text);

#endif
