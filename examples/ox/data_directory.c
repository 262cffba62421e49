#include "data_directory.h"

#include <stdlib.h>
#include <string.h>

char *data_path(const char *directory, const char *name) {
  size_t length = strlen(directory) + strlen(name) + 2;
  char *path = malloc(length);
  if (path != NULL) snprintf(path, length, "%s/%s", directory, name);
  return path;
}

int data_directory_open(const command *self, const char *path, data_directory *out) {
  static const char advice[] = "'ox init DIR --domain NAME' makes a data directory.";
  memset(out, 0, sizeof *out);
  ox_error err = {0};
  char *file = data_path(path, "directory.db");
  ox_status status = file != NULL ? ox_directory_open(file, NULL, &out->directory, &err)
                                  : ox_error_set(&err, OX_E_NO_MEMORY, NULL);
  free(file);
  if (status == OX_OK) status = ox_store_open(path, NULL, &out->store, &err);
  if (status == OX_OK) {
    status = ox_local_delivery_new(out->store, ox_directory_principals(out->directory), NULL,
                                   &out->delivery, &err);
  }
  if (status == OX_OK) return EXIT_DONE;
  data_directory_close(out);
  return fail_error(self, status == OX_E_NOT_FOUND ? advice : NULL, path, status, &err);
}

void data_directory_close(data_directory *data) {
  ox_local_delivery_free(data->delivery);
  ox_store_close(data->store);
  ox_directory_close(data->directory);
  memset(data, 0, sizeof *data);
}

ox_status data_directory_open_mailbox(data_directory *data, const char *user, ox_mailbox **out,
                                      ox_error *err) {
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  ox_principals *principals = ox_directory_principals(data->directory);
  ox_principal principal;
  ox_status status = principals->find(principals, user, &arena, &principal, err);
  if (status == OX_OK) {
    ox_mailbox_open_options options = OX_MAILBOX_OPEN_OPTIONS_INIT;
    options.mailbox_guid = principal.mailbox_guid;
    options.outbound = data->delivery;
    options.principals = principals;
    status = ox_mailbox_open_local(data->store, &options, out, err);
  }
  ox_arena_dispose(&arena);
  return status;
}
