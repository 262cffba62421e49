/* What stands behind the mailbox API: one table of functions per provider. Every handle begins
 * with one of the structs below, so that mailbox.c finds the table without knowing who made it. */
#ifndef OXKIT_STORE_PROVIDER_H
#define OXKIT_STORE_PROVIDER_H

#include <oxkit/store/mailbox.h>

typedef struct ox_provider ox_provider;

struct ox_object {
  const ox_provider *provider;
  ox_mailbox *mailbox;
  uint32_t kind; /* OX_OBJECT_* */
};
struct ox_mailbox {
  ox_object object;
};
struct ox_folder {
  ox_object object;
  ox_id id;
};
struct ox_item {
  ox_object object;
  ox_id id; /* 0 before the first save and when embedded */
  ox_id folder_id;
};
struct ox_item_attachment {
  ox_object object;
};
struct ox_stream {
  const ox_provider *provider;
  ox_mailbox *mailbox;
};
struct ox_table {
  const ox_provider *provider;
  ox_mailbox *mailbox;
  ox_proptag *columns; /* as last set; owned by the provider */
  size_t column_count;
};
struct ox_subscription {
  const ox_provider *provider;
  ox_mailbox *mailbox;
};

/* Raised when a function is added, changed or removed; mailbox.c refuses another one. */
#define OX_PROVIDER_VERSION 1u

/* All members are set. */
struct ox_provider {
  uint32_t version; /* OX_PROVIDER_VERSION */
  const char *name; /* "local", "remote" */
#define OX_PROVIDER_FUNCTION(result, name, parameters) result(*name) parameters;
#include "provider_functions.h"
};

#endif
