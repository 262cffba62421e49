/* A MAPI client: logs on over MAPI/HTTP and prints the subject of every message in the Inbox.
 *
 *   cc client.c $(pkg-config --cflags --libs libstore libwire) -o client
 *   ./client https://HOST/mapi/emsmdb/ USER PASSWORD LEGACY-DN CA-FILE */
#include <stdio.h>

#include <oxkit/ropcodec/properties.h>
#include <oxkit/store/rop_client.h>
#include <oxkit/wire/auth.h>
#include <oxkit/wire/mapihttp.h>

static ox_status print_subjects(ox_mailbox *mailbox, ox_arena *arena, ox_error *err) {
  static const ox_proptag columns[] = {OX_PidTagSubject};
  ox_id inbox;
  ox_folder *folder = NULL;
  ox_table *table = NULL;
  ox_property *rows;
  size_t count = 1;
  ox_status status = ox_mailbox_special_folder(mailbox, OX_SPECIAL_INBOX, &inbox, err);
  if (status == OX_OK) status = ox_folder_open(mailbox, inbox, 0, &folder, err);
  if (status == OX_OK) status = ox_folder_contents(folder, 0, &table, NULL, err);
  if (status == OX_OK) status = ox_table_set_columns(table, columns, 1, err);
  while (status == OX_OK && count != 0) {
    status = ox_table_query_rows(table, 0, true, 100, arena, &rows, &count, NULL, err);
    for (size_t i = 0; status == OX_OK && i < count; i++) {
      puts(OX_PROPTAG_TYPE(rows[i].tag) == OX_PTYP_STRING
               ? ox_str16_utf8(arena, rows[i].value.string)
               : "(no subject)");
    }
  }
  ox_table_close(table);
  ox_folder_close(folder);
  return status;
}

int main(int argc, char **argv) {
  if (argc != 6) return fprintf(stderr, "usage: client URL USER PASSWORD LEGACY-DN CA-FILE\n"), 2;
  ox_error err = {0};
  ox_auth_client *auth = NULL;
  ox_http_client *http = NULL;
  ox_rop_transport *transport = NULL;
  ox_mailbox *mailbox = NULL;
  ox_auth_client_options who = OX_AUTH_CLIENT_OPTIONS_INIT;
  who.user = argv[2];
  who.password = argv[3];
  ox_status status = ox_auth_client_new(&who, &auth, &err);
  if (status == OX_OK) {
    ox_http_client_options how = OX_HTTP_CLIENT_OPTIONS_INIT;
    how.ca_file = argv[5];
    how.auth = ox_auth_client_hook(auth);
    status = ox_http_client_new(&how, &http, &err);
  }
  if (status == OX_OK) {
    ox_mapihttp_client_options where = OX_MAPIHTTP_CLIENT_OPTIONS_INIT;
    where.http = http;
    where.url = argv[1];
    where.user_dn = argv[4];
    status = ox_mapihttp_open(&where, &transport, &err);
  }
  if (status == OX_OK) {
    status = ox_mailbox_open_remote(transport, NULL, &mailbox, &err);
    if (status != OX_OK) transport->close(transport);
  }
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  if (status == OX_OK) status = print_subjects(mailbox, &arena, &err);
  if (status != OX_OK) fprintf(stderr, "%s\n", err.text);
  ox_arena_dispose(&arena);
  ox_mailbox_close(mailbox);
  ox_http_client_free(http);
  ox_auth_client_free(auth);
  return status == OX_OK ? 0 : 1;
}
