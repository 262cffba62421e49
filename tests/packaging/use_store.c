/* A mailbox in a directory of its own: libstore linked and working. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <oxkit/store/local.h>

int main(void) {
  char folder[] = "/tmp/ox-use-store-XXXXXX", command[64];
  if (mkdtemp(folder) == NULL) return 1;
  ox_store *store = NULL;
  ox_mailbox *mailbox = NULL;
  ox_mailbox_create_options create = {.struct_size = sizeof create};
  create.display_name = "Alice Adams";
  create.smtp_address = "alice@example.test";
  create.legacy_dn = "/o=Example/cn=alice";
  ox_mailbox_open_options open = OX_MAILBOX_OPEN_OPTIONS_INIT;
  ox_store_options options = OX_STORE_OPTIONS_INIT;
  options.create = true;
  ox_id inbox = 0;
  int failed = ox_store_open(folder, &options, &store, NULL) != OX_OK ||
               ox_store_create_mailbox(store, &create, &open.mailbox_guid, NULL) != OX_OK ||
               ox_mailbox_open_local(store, &open, &mailbox, NULL) != OX_OK ||
               ox_mailbox_special_folder(mailbox, OX_SPECIAL_INBOX, &inbox, NULL) != OX_OK ||
               inbox == 0;
  ox_mailbox_close(mailbox);
  ox_store_close(store);
  snprintf(command, sizeof command, "rm -rf %s", folder);
  return system(command) != 0 || failed;
}
