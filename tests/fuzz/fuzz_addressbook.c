/* Address book requests through the server. The first byte chooses the request type. */
#include <stdint.h>

#include <oxkit/directory/addressbook.h>

#include "directory_fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const types[] = {
    "Bind",        "Unbind",     "CompareMIds",     "DNToMId",          "GetMatches",
    "GetPropList", "GetProps",   "GetSpecialTable", "GetTemplateInfo",  "ModLinkAtt",
    "ModProps",    "QueryRows",  "QueryColumns",    "ResolveNames",     "ResortRestriction",
    "SeekEntries", "UpdateStat", "GetMailboxUrl",   "GetAddressBookUrl"};

static ox_addressbook_server *server;

static void put(uint32_t kind, const char *name, const char *display_name) {
  ox_directory_entry entry = OX_DIRECTORY_ENTRY_INIT;
  ox_error err;
  entry.kind = kind;
  entry.name = name;
  entry.display_name = display_name;
  if (ox_directory_add(fixture_directory, &entry, NULL, &err) != OX_OK) abort();
}

static void free_server(void) {
  ox_addressbook_server_free(server);
}

static void prepare(void) {
  ox_error err;
  if (server != NULL) return;
  fixture_make();
  put(OX_DIRECTORY_USER, "alice", "Alice Adams");
  put(OX_DIRECTORY_USER, "bob", "Bob Baker");
  put(OX_DIRECTORY_GROUP, "staff", "All Staff");
  put(OX_DIRECTORY_ROOM, "room", "Room");
  put(OX_DIRECTORY_CONTACT, "carol", "Carol \xC3\x81lvarez");
  if (ox_directory_add_member(fixture_directory, "staff", "alice", &err) != OX_OK ||
      ox_addressbook_server_new(fixture_directory, NULL, &server, &err) != OX_OK)
    abort();
  atexit(free_server);
}

typedef struct answer {
  int calls;
} answer;

static void done(void *user, ox_status status, ox_bytes body, const ox_error *err) {
  answer *a = user;
  a->calls++;
  /* StatusCode, at least; or a reason why there is no answer. */
  if (status == OX_OK ? body.size_bytes < 4 : err == NULL || err->text[0] == 0) __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  prepare();
  ox_nspi_processor *processor = ox_addressbook_server_processor(server);
  ox_caller caller = {.struct_size = sizeof caller, .user = "alice@example.test"};
  answer a = {0};
  const char *type = types[data[0] % (sizeof types / sizeof *types)];
  if (processor->execute(processor, &caller, type, (ox_bytes){data + 1, size - 1}, OX_NO_DEADLINE,
                         done, &a, NULL) != OX_OK ||
      a.calls != 1)
    __builtin_trap();
  return 0;
}
