/* ox client: asks a server, or the data directory itself, for what a mail client asks. */
#include "client.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const verb verbs[] = {
    {"folders", "folders [FOLDER]\n\nLists the folders below a folder.\n", verb_folders},
    {"list",
     "list [FOLDER] [OPTION...]\n\n"
     "Lists the messages of a folder (Inbox), newest first.\n\n"
     "  --sort KEY     delivered, from, subject or size\n"
     "  --ascending    smallest first\n"
     "  --unread       only what is not read\n"
     "  --limit N      at most N (50)\n",
     verb_list},
    {"search",
     "search TEXT [OPTION...]\n\n"
     "Finds messages that contain a text, in any case.\n\n"
     "  --folder FOLDER   where (Inbox)\n"
     "  --in FIELD        subject, from, to, body or any\n"
     "  --sort, --ascending, --limit as for list\n",
     verb_search},
    {"show",
     "show MESSAGE | --newest [--folder FOLDER]\n\n"
     "Prints a message as text and marks it read.\n\n"
     "  --keep-unread     leave it as it is\n",
     verb_show},
    {"delete",
     "delete MESSAGE... [--trash | --hard]\n\n"
     "Deletes messages so that they can be recovered; --trash moves them to Deleted Items,\n"
     "--hard deletes them for good.\n",
     verb_delete},
    {"send",
     "send --to NAME... --subject TEXT [OPTION...]\n\n"
     "Sends a message. Names are looked up in the address book.\n\n"
     "  --to, --cc, --bcc NAME    recipients; each may come several times\n"
     "  --body TEXT               or --body-file FILE, or --html-file FILE (UTF-8)\n"
     "  --attach FILE             may come several times\n"
     "  --draft                   save in Drafts instead\n",
     verb_send},
    {"watch",
     "watch [--count N] [--timeout SECONDS]\n\n"
     "Prints new mail as it arrives; ends after N messages, or fails when none came in time.\n",
     verb_watch},
    {"import",
     "import FOLDER FILE|DIRECTORY... [--unread]\n\n"
     "Stores .eml files in a folder. What cannot be read is listed with the reason and does not\n"
     "stop the rest; the exit status is then 1.\n",
     verb_import},
    {"export",
     "export MESSAGE FILE.eml | --newest [--folder FOLDER] FILE.eml\n\n"
     "Writes a message as MIME (\"-\" is standard output).\n",
     verb_export},
    {"gal",
     "gal [TEXT] [--limit N]\n\n"
     "Lists the global address list, or who matches a text.\n",
     verb_gal},
};

void step(client *c, const char *format, ...) {
  if (!c->steps) return;
  va_list arguments;
  va_start(arguments, format);
  fputs("  - ", stdout);
  vprintf(format, arguments);
  fputc('\n', stdout);
  fflush(stdout);
  va_end(arguments);
}

static int run_verb(client *c, const verb *v, int argc, char **argv) {
  char usage[2048], name[64];
  snprintf(usage, sizeof usage, "usage: ox client ... %s", v->usage);
  snprintf(name, sizeof name, "client %s", v->name);
  const command self = {.name = name, .summary = "", .usage = usage};
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--help") == 0) {
      fputs(usage, stdout);
      return EXIT_DONE;
    }
  }
  if (c->url == NULL) return usage_error(c->self, "--url is missing");
  if (c->user == NULL) return usage_error(c->self, "--user is missing");
  int status = session_open_mailbox(c);
  if (status == EXIT_DONE) status = v->run(c, &self, argc, argv);
  session_close(c);
  return status;
}

static int run(const command *self, int argc, char **argv) {
  client c = {.self = self, .auth = "basic"};
  const option_spec options[] = {
      {.name = "url", .value = &c.url},
      {.name = "user", .value = &c.user},
      {.name = "mailbox", .value = &c.mailbox_dn},
      {.name = "password-file", .value = &c.password_file},
      {.name = "ca", .value = &c.ca_file},
      {.name = "auth", .value = &c.auth},
      {.name = "insecure", .flag = &c.insecure},
      {.name = "json", .flag = &c.json},
      {.name = "steps", .flag = &c.steps},
  };
  /* Options before the verb are the client's, those after it the verb's. */
  int verb_at = 1;
  while (verb_at < argc && strncmp(argv[verb_at], "--", 2) == 0) {
    const char *name = argv[verb_at] + 2;
    bool takes_value = strchr(name, '=') == NULL && strcmp(name, "help") != 0;
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
      if (options[i].flag != NULL && strcmp(options[i].name, name) == 0) takes_value = false;
    }
    verb_at += takes_value ? 2 : 1;
  }
  if (verb_at > argc) verb_at = argc;
  int status;
  int operands =
      parse_options(self, verb_at, argv, options, sizeof options / sizeof options[0], &status);
  if (operands < 0) return status;
  if (verb_at >= argc) return usage_error(self, "name a verb");
  if (strcmp(c.auth, "basic") != 0 && strcmp(c.auth, "ntlm") != 0) {
    return usage_error(self, "--auth takes basic or ntlm");
  }
  for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
    if (strcmp(verbs[i].name, argv[verb_at]) != 0) continue;
    ox_arena_init(&c.arena, NULL, 0);
    status = run_verb(&c, &verbs[i], argc - verb_at, argv + verb_at);
    ox_arena_dispose(&c.arena);
    return status;
  }
  return usage_error(self, "there is no verb '%s'", argv[verb_at]);
}

const command command_client = {
    .name = "client",
    .summary = "ask a server",
    .usage =
        "usage: ox client --url URL --user USER [OPTION...] VERB [ARGUMENT...]\n"
        "\n"
        "  --url URL              autodiscover+https://HOST[:PORT]/...  start from Autodiscover;\n"
        "                         mapi+https://HOST[:PORT]/  MAPI over HTTP;\n"
        "                         file:DIR  a data directory of this machine\n"
        "  --user ADDRESS         who asks\n"
        "  --mailbox NAME         whose mailbox, by X500 name (the user's own)\n"
        "  --password-file FILE   first line is the password\n"
        "  --ca FILE              trusted certificates (PEM) instead of the system's\n"
        "  --auth KIND            basic (only over TLS) or ntlm\n"
        "  --insecure             accept any certificate; for looking at a broken server only\n"
        "  --steps                say each protocol step\n"
        "  --json                 print for programs\n"
        "\n"
        "Verbs: folders, list, search, show, delete, send, watch, import, export, gal;\n"
        "'ox client VERB --help' explains each.\n",
    .run = run,
};
