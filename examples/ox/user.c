/* ox user: people, rooms, groups and contacts of a data directory. */
#include <stdlib.h>
#include <string.h>

#include "data_directory.h"

/* ---- add ------------------------------------------------------------------------------------- */

static uint32_t kind_of(bool room, bool group, bool contact) {
  return room      ? OX_DIRECTORY_ROOM
         : group   ? OX_DIRECTORY_GROUP
         : contact ? OX_DIRECTORY_CONTACT
                   : OX_DIRECTORY_USER;
}

/* Makes the mailbox that a directory object should have, unless it has one. */
static ox_status ensure_mailbox(data_directory *data, const ox_directory_entry *entry,
                                ox_error *err) {
  if (ox_guid_is_null(&entry->mailbox_guid)) return OX_OK;
  ox_mailbox_create_options options = {.struct_size = sizeof options};
  options.mailbox_guid = entry->mailbox_guid;
  options.display_name = entry->display_name;
  options.smtp_address = entry->smtp_address;
  options.legacy_dn = entry->legacy_dn;
  ox_status status = ox_store_create_mailbox(data->store, &options, NULL, err);
  return status == OX_E_COLLISION ? OX_OK : status;
}

/* Adds the entry, its password, its members and its mailbox. */
static ox_status add_entry(data_directory *data, const ox_directory_entry *entry,
                           const char *address, const char *password, const string_list *members,
                           ox_error *err) {
  ox_status status = ox_directory_add(data->directory, entry, NULL, err);
  if (status != OX_OK) return status;
  if (password != NULL) {
    status = ox_directory_set_password(data->directory, address, password, err);
  }
  for (size_t i = 0; status == OX_OK && i < members->count; i++) {
    status = ox_directory_add_member(data->directory, address, members->items[i], err);
  }
  if (status == OX_OK) {
    ox_arena arena;
    ox_arena_init(&arena, NULL, 0);
    ox_directory_entry added = OX_DIRECTORY_ENTRY_INIT;
    status = ox_directory_get(data->directory, address, &arena, &added, err);
    if (status == OX_OK) status = ensure_mailbox(data, &added, err);
    ox_arena_dispose(&arena);
  }
  /* Half an object is worse than none. */
  if (status != OX_OK && ox_directory_remove(data->directory, address, NULL) != OX_OK) {
    return status;
  }
  return status;
}

static int run_add(const command *self, int argc, char **argv) {
  const char *name = NULL, *password_file = NULL;
  bool room = false, group = false, contact = false, hidden = false;
  string_list members = {0}, addresses = {0}, attributes = {0};
  const option_spec options[] = {
      {.name = "name", .value = &name},      {.name = "password-file", .value = &password_file},
      {.name = "room", .flag = &room},       {.name = "group", .flag = &group},
      {.name = "contact", .flag = &contact}, {.name = "hidden", .flag = &hidden},
      {.name = "member", .list = &members},  {.name = "address", .list = &addresses},
      {.name = "set", .list = &attributes},
  };
  int status;
  int operands =
      parse_options(self, argc, argv, options, sizeof options / sizeof options[0], &status);
  if (operands < 0) return status;
  if (operands != 2) return usage_error(self, "name a data directory and an address");
  const char *address = argv[2];
  const char *at = strchr(address, '@');
  if (at == NULL || at == address) return usage_error(self, "'%s' is no mail address", address);
  if (room + group + contact > 1) return usage_error(self, "--room, --group or --contact, not two");
  if (members.count != 0 && !group) return usage_error(self, "only a --group has members");

  char alias[OX_DIRECTORY_NAME_MAX_BYTES + 1];
  if (at - address > OX_DIRECTORY_NAME_MAX_BYTES) return usage_error(self, "the name is too long");
  snprintf(alias, sizeof alias, "%.*s", (int)(at - address), address);
  ox_directory_attribute values[256];
  for (size_t i = 0; i < attributes.count; i++) {
    char *equals = strchr(attributes.items[i], '=');
    if (equals == NULL) return usage_error(self, "--set wants NAME=VALUE");
    *equals = 0; /* the argument is ours to cut */
    values[i].name = attributes.items[i];
    values[i].value = equals + 1;
  }
  ox_directory_entry entry = OX_DIRECTORY_ENTRY_INIT;
  entry.kind = kind_of(room, group, contact);
  entry.name = alias;
  entry.smtp_address = address;
  entry.display_name = name;
  entry.addresses = addresses.items;
  entry.address_count = addresses.count;
  entry.attributes = values;
  entry.attribute_count = attributes.count;
  entry.hidden = hidden;

  char *password = password_file != NULL ? read_password(self, password_file) : NULL;
  if (password_file != NULL && password == NULL) return EXIT_FAILED;
  data_directory data;
  status = data_directory_open(self, argv[1], &data);
  if (status == EXIT_DONE) {
    ox_error err = {0};
    ox_status result = add_entry(&data, &entry, address, password, &members, &err);
    if (result != OX_OK) status = fail_error(self, NULL, address, result, &err);
    data_directory_close(&data);
  }
  if (password != NULL) ox_wipe(password, strlen(password));
  free(password);
  if (status == EXIT_DONE) {
    printf("Added the %s %s.\n", ox_directory_kind_name(entry.kind), address);
  }
  return status;
}

static const command command_add = {
    .name = "user add",
    .summary = "add a person, room, group or contact",
    .usage =
        "usage: ox user add DIR ADDRESS [OPTION...]\n"
        "\n"
        "  --name NAME            display name\n"
        "  --password-file FILE   first line is the password\n"
        "  --room                 a conference room (with a mailbox, without a password)\n"
        "  --group                a distribution list; --member ADDRESS for each member\n"
        "  --contact              somebody outside, without a mailbox\n"
        "  --address ADDRESS      a secondary address; may come several times\n"
        "  --set NAME=VALUE       an attribute: telephoneNumber, department, title, ...\n"
        "  --hidden               not in address lists\n",
    .run = run_add,
};

/* ---- list ------------------------------------------------------------------------------------ */

static ox_status print_entry(void *user, const ox_directory_entry *entry) {
  json_t *rows = user;
  const char *kind = ox_directory_kind_name(entry->kind);
  if (rows == NULL) {
    printf("%-9s %-32s %s\n", kind, entry->smtp_address, entry->display_name);
    return OX_OK;
  }
  char mailbox[OX_GUID_TEXT_BYTES];
  ox_guid_format(&entry->mailbox_guid, mailbox);
  json_t *row = json_pack("{s:s, s:s, s:o, s:s}", "kind", kind, "address", entry->smtp_address,
                          "name", json_text(entry->display_name), "legacyDN", entry->legacy_dn);
  if (!ox_guid_is_null(&entry->mailbox_guid)) {
    json_object_set_new(row, "mailbox", json_string(mailbox));
  }
  json_array_append_new(rows, row);
  return OX_OK;
}

static int run_list(const command *self, int argc, char **argv) {
  bool json = false;
  const option_spec options[] = {{.name = "json", .flag = &json}};
  int status;
  int operands = parse_options(self, argc, argv, options, 1, &status);
  if (operands < 0) return status;
  if (operands != 1) return usage_error(self, "name a data directory");
  data_directory data;
  status = data_directory_open(self, argv[1], &data);
  if (status != EXIT_DONE) return status;
  json_t *rows = json ? json_array() : NULL;
  ox_error err = {0};
  ox_status result = ox_directory_each(data.directory, OX_DIRECTORY_ANY, print_entry, rows, &err);
  data_directory_close(&data);
  if (result != OX_OK) {
    json_decref(rows);
    return fail_error(self, NULL, argv[1], result, &err);
  }
  if (json) print_json(rows);
  return EXIT_DONE;
}

static const command command_list = {
    .name = "user list",
    .summary = "list people, rooms, groups and contacts",
    .usage = "usage: ox user list DIR [--json]\n",
    .run = run_list,
};

/* ---- import ---------------------------------------------------------------------------------- */

static void report_entry(void *user, size_t line, const char *dn, ox_status status,
                         const char *reason) {
  (void)user;
  if (status != OX_OK) fprintf(stderr, "  line %zu: %s: %s\n", line, dn, reason);
}

static ox_status ensure_mailbox_of(void *user, const ox_directory_entry *entry) {
  return ensure_mailbox(user, entry, NULL);
}

static int run_import(const command *self, int argc, char **argv) {
  bool json = false;
  const option_spec options[] = {{.name = "json", .flag = &json}};
  int status;
  int operands = parse_options(self, argc, argv, options, 1, &status);
  if (operands < 0) return status;
  if (operands != 2) return usage_error(self, "name a data directory and an LDIF file");
  ox_error err = {0};
  size_t size;
  char *text = read_file(argv[2], (size_t)256 * 1024 * 1024, &size, &err);
  if (text == NULL) return fail_error(self, NULL, "reading LDIF", err.status, &err);
  data_directory data;
  status = data_directory_open(self, argv[1], &data);
  if (status == EXIT_DONE) {
    ox_directory_import import = OX_DIRECTORY_IMPORT_INIT;
    import.report = report_entry;
    ox_bytes ldif = {(const uint8_t *)text, size};
    ox_status result = ox_directory_import_ldif(data.directory, ldif, &import, &err);
    if (result == OX_OK) {
      result = ox_directory_each(data.directory, OX_DIRECTORY_ANY, ensure_mailbox_of, &data, &err);
    }
    if (result != OX_OK) {
      status = fail_error(self, NULL, argv[2], result, &err);
    } else if (json) {
      print_json(json_pack("{s:I, s:I}", "imported", (json_int_t)import.imported_count, "refused",
                           (json_int_t)import.refused_count));
    } else {
      printf("Imported %zu, refused %zu.\n", import.imported_count, import.refused_count);
    }
    if (status == EXIT_DONE && import.refused_count != 0) status = EXIT_FAILED;
    data_directory_close(&data);
  }
  free(text);
  return status;
}

static const command command_import = {
    .name = "user import",
    .summary = "import LDIF",
    .usage =
        "usage: ox user import DIR FILE.ldif [--json]\n"
        "\n"
        "Imports people (inetOrgPerson) and groups (groupOfNames). An entry that cannot be\n"
        "imported is listed with its line and the reason, and does not stop the rest; the\n"
        "exit status is then 1.\n",
    .run = run_import,
};

static const command *const user_commands[] = {&command_add, &command_list, &command_import};

static int run(const command *self, int argc, char **argv) {
  return run_subcommand(self, user_commands, sizeof user_commands / sizeof user_commands[0], argc,
                        argv);
}

const command command_user = {
    .name = "user",
    .summary = "people, rooms, groups and contacts",
    .usage =
        "usage: ox user add DIR ADDRESS --name NAME [--password-file FILE] [...]\n"
        "       ox user list DIR\n"
        "       ox user import DIR FILE.ldif\n"
        "\n"
        "'ox user add --help' lists the options.\n",
    .run = run,
};
