/* A store in a temporary directory with alice and bob, a ROP server over it, and mailboxes opened
 * either way: by the local provider, or by the remote one through the loopback. */
#ifndef OXKIT_TESTS_STORE_ROP_FIXTURE_H
#define OXKIT_TESTS_STORE_ROP_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <oxkit/ropcodec/properties.h>
#include <oxkit/ropcodec/rops.h>
#include <oxkit/ropcodec/rows.h>
#include <oxkit/store/local.h>
#include <oxkit/store/rop_client.h>
#include <oxkit/store/rop_server.h>

#define DN_PREFIX "/o=Test/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn="
#define ALICE_DN DN_PREFIX "alice"
#define BOB_DN DN_PREFIX "bob"
#define CAROL_DN DN_PREFIX "carol" /* her mailbox is on another server */
#define DAVE_DN DN_PREFIX "dave"   /* has no mailbox */

typedef struct fixture {
  bool remote;
  char directory[64];
  ox_store *store;
  ox_principals principals;
  ox_outbound *outbound;
  ox_rop_processor *server;
  ox_mailbox *alice;
  ox_mailbox *bob;
  ox_arena arena;
  ox_error err;
  size_t trace_count;
} fixture;

/** Store and server, no mailbox opened. */
void fixture_start(fixture *f, const ox_rop_server_options *options);
void fixture_stop(fixture *f);
/** A session of the server as a transport. */
ox_rop_transport *fixture_transport(fixture *f, const char *user);
/** A mailbox by the provider of the fixture. */
ox_mailbox *fixture_open(fixture *f, const char *user);

/** CMocka setup and teardown: *state is NULL for local, anything else for remote. */
int fixture_setup(void **state);
int fixture_teardown(void **state);

/** Asserts success and shows the error's text otherwise. */
#define OK(f, call) fixture_ok(f, call, #call, __FILE__, __LINE__)
void fixture_ok(const fixture *f, ox_status status, const char *call, const char *file, int line);
/** Asserts a certain status. */
#define FAILS(f, expected, call) fixture_fails(f, expected, call, #call, __FILE__, __LINE__)
void fixture_fails(const fixture *f, ox_status expected, ox_status status, const char *call,
                   const char *file, int line);

/** Every test twice, once per provider. */
#define BOTH(test)                                                                         \
  cmocka_unit_test_prestate_setup_teardown(test, fixture_setup, fixture_teardown, NULL), { \
#test " (remote)", test, fixture_setup, fixture_teardown, (void *)"remote"             \
  }

/** A text property in the fixture's arena. */
ox_property text_property(fixture *f, ox_proptag tag, const char *text);
/** The text of a property that was read. */
const char *property_text(fixture *f, const ox_property *property);
/** One text property of an object; "" when it is absent. */
const char *get_text(fixture *f, ox_object *object, ox_proptag tag);
ox_folder *open_special(fixture *f, ox_mailbox *mailbox, uint32_t special);
/** A saved message with subject and body. */
ox_id make_message(fixture *f, ox_folder *folder, const char *subject, const char *body);

#endif
