/* What the store's tests share: a data directory that goes away, a mailbox, small shortcuts. */
#ifndef OXKIT_TEST_STORE_SUPPORT_H
#define OXKIT_TEST_STORE_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <oxkit/ropcodec/properties.h>
#include <oxkit/store/local.h>

typedef struct fixture {
  char directory[64];
  ox_store *store;
  ox_guid guid;
  ox_mailbox *mailbox;
  ox_arena arena;
  ox_error err;
} fixture;

#define OK(call)                                                                                \
  do {                                                                                          \
    ox_status ok_status = (call);                                                               \
    if (ok_status != OX_OK)                                                                     \
      fail_msg("%s: %s (0x%08X) %s", #call, ox_status_name(ok_status), ok_status, f->err.text); \
  } while (0)
#define FAILS(call, code) assert_int_equal((call), (code))

static inline void remove_directory(const char *path) {
  char command[256];
  snprintf(command, sizeof command, "rm -rf '%s'", path);
  if (system(command) != 0) fprintf(stderr, "could not remove %s\n", path);
}

static inline int setup(void **state) {
  fixture *f = calloc(1, sizeof *f);
  if (f == NULL) return -1;
  *state = f;
  strcpy(f->directory, "/tmp/oxstore-XXXXXX");
  if (mkdtemp(f->directory) == NULL) return -1;
  ox_arena_init(&f->arena, NULL, 0);
  ox_mailbox_create_options create = {.struct_size = sizeof create,
                                      .display_name = "Alice Adams",
                                      .smtp_address = "alice@example.test",
                                      .legacy_dn = "/o=Test/ou=Group/cn=Recipients/cn=alice"};
  if (ox_store_open(f->directory, NULL, &f->store, &f->err) != OX_OK ||
      ox_store_create_mailbox(f->store, &create, &f->guid, &f->err) != OX_OK) {
    fprintf(stderr, "%s\n", f->err.text);
    return -1;
  }
  ox_mailbox_open_options open = OX_MAILBOX_OPEN_OPTIONS_INIT;
  open.mailbox_guid = f->guid;
  return ox_mailbox_open_local(f->store, &open, &f->mailbox, &f->err) == OX_OK ? 0 : -1;
}

/* Every test ends with a check of the whole database. */
static inline int teardown(void **state) {
  fixture *f = *state;
  ox_mailbox_close(f->mailbox);
  ox_status status = ox_store_check_mailbox(f->store, &f->guid, &f->err);
  if (status != OX_OK) fprintf(stderr, "check: %s\n", f->err.text);
  ox_store_close(f->store);
  ox_arena_dispose(&f->arena);
  remove_directory(f->directory);
  free(f);
  return status == OX_OK ? 0 : -1;
}

static inline ox_id special(fixture *f, uint32_t which) {
  ox_id id = 0;
  OK(ox_mailbox_special_folder(f->mailbox, which, &id, &f->err));
  return id;
}

static inline ox_folder *open_special(fixture *f, uint32_t which) {
  ox_folder *folder = NULL;
  OK(ox_folder_open(f->mailbox, special(f, which), 0, &folder, &f->err));
  return folder;
}

static inline void set_text(fixture *f, ox_object *object, ox_proptag tag, const char *text) {
  ox_property property = {.tag = tag};
  OK(ox_str16_from_utf8(&f->arena, ox_str8_from(text), &property.value.string));
  ox_problems problems = {.arena = &f->arena};
  OK(ox_object_set(object, &property, 1, &problems, &f->err));
  assert_int_equal(problems.count, 0);
}

static inline void set_i32(fixture *f, ox_object *object, ox_proptag tag, int32_t value) {
  ox_property property = {.tag = tag, .value.i32 = value};
  ox_problems problems = {.arena = &f->arena};
  OK(ox_object_set(object, &property, 1, &problems, &f->err));
  assert_int_equal(problems.count, 0);
}

static inline void set_time(fixture *f, ox_object *object, ox_proptag tag, ox_filetime value) {
  ox_property property = {.tag = tag, .value.time = value};
  OK(ox_object_set(object, &property, 1, NULL, &f->err));
}

/* The value; fails the test when it is not there. */
static inline ox_value get(fixture *f, ox_object *object, ox_proptag tag) {
  ox_property property;
  OK(ox_object_get(object, &tag, 1, 0, &f->arena, &property, &f->err));
  if (OX_PROPTAG_TYPE(property.tag) != OX_PROPTAG_TYPE(tag))
    fail_msg("property 0x%08X: got 0x%08X (%s)", tag, property.tag,
             ox_status_name(property.value.error));
  return property.value;
}

static inline ox_status get_error(fixture *f, ox_object *object, ox_proptag tag) {
  ox_property property;
  OK(ox_object_get(object, &tag, 1, 0, &f->arena, &property, &f->err));
  return OX_PROPTAG_TYPE(property.tag) == OX_PTYP_ERROR_CODE ? property.value.error : OX_OK;
}

static inline const char *get_text(fixture *f, ox_object *object, ox_proptag tag) {
  return ox_str16_utf8(&f->arena, get(f, object, tag).string);
}

/* A saved message with a subject and a delivery time. */
static inline ox_id add_message(fixture *f, ox_folder *folder, const char *subject,
                                ox_filetime when) {
  ox_item *item;
  ox_id id = 0;
  OK(ox_item_create(folder, false, 0, &item, &f->err));
  set_text(f, ox_item_object(item), OX_PidTagSubject, subject);
  if (when != 0) set_time(f, ox_item_object(item), OX_PidTagMessageDeliveryTime, when);
  OK(ox_item_save(item, 0, &id, &f->err));
  ox_item_close(item);
  assert_true(id != 0);
  return id;
}

static inline ox_item *open_item(fixture *f, ox_id id, uint32_t mode) {
  ox_item *item = NULL;
  OK(ox_item_open(f->mailbox, 0, id, mode, &item, &f->err));
  return item;
}

#endif
