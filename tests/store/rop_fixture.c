#include "rop_fixture.h"

#include <ftw.h>
#include <unistd.h>

typedef struct person {
  const char *name;
  const char *dn;
  const char *smtp;
  const char *display_name;
  uint8_t number; /* 0: no mailbox */
  const char *home_server;
} person;

static const person people[] = {
    {"alice", ALICE_DN, "alice@example.test", "Alice Adams", 1, ""},
    {"bob", BOB_DN, "bob@example.test", "Bob Brown", 2, "this.example.test"},
    {"carol", CAROL_DN, "carol@example.test", "Carol Clark", 3, "other.example.test"},
    {"dave", DAVE_DN, "dave@example.test", "Dave Davis", 0, ""},
};

static ox_guid numbered_guid(uint8_t kind, uint8_t number) {
  ox_guid guid = {0};
  if (number != 0)
    guid = (ox_guid){0x10000000u + kind, 0x4000, 0x4000, {0x80, 0, 0, 0, 0, 0, 0, number}};
  return guid;
}

static ox_status find_person(ox_principals *principals, const char *name, ox_arena *arena,
                             ox_principal *out, ox_error *err) {
  (void)principals;
  (void)arena;
  for (size_t i = 0; i < sizeof people / sizeof people[0]; i++) {
    const person *p = &people[i];
    if (!ox_ascii_equal(name, p->name) && !ox_ascii_equal(name, p->dn) &&
        !ox_ascii_equal(name, p->smtp))
      continue;
    *out = (ox_principal){.guid = numbered_guid(1, (uint8_t)(i + 1)),
                          .mailbox_guid = numbered_guid(2, p->number),
                          .legacy_dn = p->dn,
                          .smtp_address = p->smtp,
                          .display_name = p->display_name,
                          .alias = p->name,
                          .home_server = p->home_server};
    return OX_OK;
  }
  return ox_error_set(err, OX_E_NOT_FOUND, NULL);
}

static ox_status no_members(ox_principals *principals, const char *group, ox_arena *arena,
                            ox_principal **members_out, size_t *count_out, ox_error *err) {
  (void)principals;
  (void)group;
  (void)arena;
  (void)members_out;
  (void)count_out;
  return ox_error_set(err, OX_E_NOT_FOUND, NULL);
}

static const char *organization(ox_principals *principals) {
  (void)principals;
  return "/o=Test";
}

void fixture_ok(const fixture *f, ox_status status, const char *call, const char *file, int line) {
  if (status == OX_OK) return;
  print_error("%s: 0x%08X %s (%s)\n", call, (unsigned)status, ox_status_name(status),
              f->err.status == status ? f->err.text : "");
  _fail(file, line);
}

void fixture_fails(const fixture *f, ox_status expected, ox_status status, const char *call,
                   const char *file, int line) {
  if (status == expected) return;
  print_error("%s: 0x%08X %s instead of %s (%s)\n", call, (unsigned)status, ox_status_name(status),
              ox_status_name(expected), f->err.status == status ? f->err.text : "");
  _fail(file, line);
}

void fixture_start(fixture *f, const ox_rop_server_options *options) {
  snprintf(f->directory, sizeof f->directory, "/tmp/oxkit-rop-XXXXXX");
  assert_non_null(mkdtemp(f->directory));
  ox_store_options store_options = OX_STORE_OPTIONS_INIT;
  store_options.create = true;
  OK(f, ox_store_open(f->directory, &store_options, &f->store, &f->err));
  f->principals = (ox_principals){.struct_size = sizeof f->principals,
                                  .find = find_person,
                                  .members = no_members,
                                  .organization_dn = organization};
  for (size_t i = 0; i < 2; i++) {
    ox_mailbox_create_options create = {.struct_size = sizeof create,
                                        .mailbox_guid = numbered_guid(2, people[i].number),
                                        .display_name = people[i].display_name,
                                        .smtp_address = people[i].smtp,
                                        .legacy_dn = people[i].dn};
    OK(f, ox_store_create_mailbox(f->store, &create, NULL, &f->err));
  }
  OK(f, ox_local_delivery_new(f->store, &f->principals, NULL, &f->outbound, &f->err));
  ox_rop_server_options with_name = OX_ROP_SERVER_OPTIONS_INIT;
  if (options != NULL) with_name = *options;
  with_name.server_name = "this.example.test";
  OK(f, ox_rop_server_new(f->store, &f->principals, f->outbound, &with_name, &f->server, &f->err));
  ox_arena_init(&f->arena, NULL, 0);
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *at) {
  (void)info;
  (void)kind;
  (void)at;
  return remove(path);
}

void fixture_stop(fixture *f) {
  ox_mailbox_close(f->alice);
  ox_mailbox_close(f->bob);
  if (f->server != NULL) {
    ox_rop_server_counts counts = {.struct_size = sizeof counts};
    assert_int_equal(ox_rop_server_get_counts(f->server, &counts), OX_OK);
    assert_int_equal(counts.sessions, 0);
    ox_rop_server_free(f->server);
  }
  ox_local_delivery_free(f->outbound);
  ox_store_close(f->store);
  ox_arena_dispose(&f->arena);
  nftw(f->directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

ox_rop_transport *fixture_transport(fixture *f, const char *user) {
  ox_caller caller = {.struct_size = sizeof caller, .user = user};
  ox_rop_transport *transport = NULL;
  ox_principal principal;
  OK(f, f->principals.find(&f->principals, user, &f->arena, &principal, &f->err));
  OK(f, ox_rop_loopback_new(f->server, &caller, principal.legacy_dn, &transport, &f->err));
  return transport;
}

static void count_step(void *user, const ox_rop_trace *step) {
  fixture *f = user;
  assert_non_null(step->rop_name);
  f->trace_count++;
}

ox_mailbox *fixture_open(fixture *f, const char *user) {
  ox_mailbox *mailbox = NULL;
  if (f->remote) {
    ox_remote_options options = OX_REMOTE_OPTIONS_INIT;
    options.trace = count_step;
    options.trace_user = f;
    OK(f, ox_mailbox_open_remote(fixture_transport(f, user), &options, &mailbox, &f->err));
    return mailbox;
  }
  ox_principal principal;
  OK(f, f->principals.find(&f->principals, user, &f->arena, &principal, &f->err));
  ox_mailbox_open_options options = OX_MAILBOX_OPEN_OPTIONS_INIT;
  options.mailbox_guid = principal.mailbox_guid;
  options.outbound = f->outbound;
  options.principals = &f->principals;
  OK(f, ox_mailbox_open_local(f->store, &options, &mailbox, &f->err));
  return mailbox;
}

int fixture_setup(void **state) {
  fixture *f = calloc(1, sizeof *f);
  if (f == NULL) return -1;
  f->remote = *state != NULL;
  fixture_start(f, NULL);
  f->alice = fixture_open(f, "alice@example.test");
  *state = f;
  return 0;
}

int fixture_teardown(void **state) {
  fixture_stop(*state);
  free(*state);
  return 0;
}

ox_property text_property(fixture *f, ox_proptag tag, const char *text) {
  ox_property property = {.tag = tag};
  OK(f, ox_str16_from_utf8(&f->arena, ox_str8_from(text), &property.value.string));
  return property;
}

const char *property_text(fixture *f, const ox_property *property) {
  if (OX_PROPTAG_TYPE(property->tag) != OX_PTYP_STRING) return "";
  return ox_str16_utf8(&f->arena, property->value.string);
}

const char *get_text(fixture *f, ox_object *object, ox_proptag tag) {
  ox_property property;
  OK(f, ox_object_get(object, &tag, 1, 0, &f->arena, &property, &f->err));
  return property_text(f, &property);
}

ox_folder *open_special(fixture *f, ox_mailbox *mailbox, uint32_t special) {
  ox_id id = 0;
  ox_folder *folder = NULL;
  OK(f, ox_mailbox_special_folder(mailbox, special, &id, &f->err));
  OK(f, ox_folder_open(mailbox, id, 0, &folder, &f->err));
  return folder;
}

ox_id make_message(fixture *f, ox_folder *folder, const char *subject, const char *body) {
  ox_item *item = NULL;
  ox_id id = 0;
  OK(f, ox_item_create(folder, false, 0, &item, &f->err));
  ox_property values[] = {text_property(f, OX_PidTagSubject, subject),
                          text_property(f, OX_PidTagBody, body),
                          text_property(f, OX_PidTagMessageClass, "IPM.Note")};
  OK(f, ox_object_set(ox_item_object(item), values, 3, NULL, &f->err));
  OK(f, ox_item_save(item, 0, &id, &f->err));
  assert_true(id != 0);
  ox_item_close(item);
  return id;
}
