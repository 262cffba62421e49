/* LDIF: the format, and what becomes of entries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support.h"

/* What the import told. */
typedef struct told {
  char text[4096];
  int ok, refused;
} told;

static void report(void *user, size_t line, const char *dn, ox_status status, const char *reason) {
  told *t = user;
  char one[512];
  status == OX_OK ? t->ok++ : t->refused++;
  if (status == OX_OK && reason == NULL) return;
  snprintf(one, sizeof one, "%zu %s: %s\n", line, dn, reason);
  if (strlen(t->text) + strlen(one) < sizeof t->text) strcat(t->text, one);
}

static ox_directory_import import(fixture *f, const char *ldif, size_t size, told *t) {
  ox_directory_import import = OX_DIRECTORY_IMPORT_INIT;
  ox_error err = {0};
  memset(t, 0, sizeof *t);
  import.report = report;
  import.user = t;
  if (ox_directory_import_ldif(f->directory, (ox_bytes){(const uint8_t *)ldif, size}, &import,
                               &err) != OX_OK)
    fail_msg("%s", err.text);
  return import;
}

#define IMPORT(f, text, t) import(f, text, strlen(text), t)

static ox_directory_entry get(fixture *f, const char *name) {
  ox_directory_entry entry;
  if (ox_directory_get(f->directory, name, &f->arena, &entry, NULL) != OX_OK)
    fail_msg("there is no %s", name);
  return entry;
}

static const char *attribute(const ox_directory_entry *entry, const char *name) {
  for (size_t i = 0; i < entry->attribute_count; i++)
    if (strcmp(entry->attributes[i].name, name) == 0) return entry->attributes[i].value;
  return "";
}

/* RFC 2849, example 1 and the folded value of example 2, with their people. */
static const char rfc_2849[] =
    "version: 1\n"
    "dn: cn=Barbara Jensen, ou=Product Development, dc=airius, dc=com\n"
    "objectclass: top\n"
    "objectclass: person\n"
    "objectclass: organizationalPerson\n"
    "cn: Barbara Jensen\n"
    "cn: Barbara J Jensen\n"
    "cn: Babs Jensen\n"
    "sn: Jensen\n"
    "uid: bjensen\n"
    "telephonenumber: +1 408 555 1212\n"
    "description: A big sailing fan.\n"
    "\n"
    "dn: cn=Bjorn Jensen, ou=Accounting, dc=airius, dc=com\n"
    "objectclass: top\n"
    "objectclass: person\n"
    "objectclass: organizationalPerson\n"
    "cn: Bjorn Jensen\n"
    "sn: Jensen\n"
    "telephonenumber: +1 408 555 1212\n"
    "\n"
    "dn:cn=Barbara Jensen2, ou=Product Development, dc=airius, dc=com\n"
    "objectclass:top\n"
    "objectclass:person\n"
    "objectclass:organizationalPerson\n"
    "cn:Barbara Jensen2\n"
    "sn:Jensen\n"
    "uid:bjensen2\n"
    "telephonenumber:+1 408 555 1212\n"
    "description:Babs is a big sailing fan, and travels extensively in sea\n"
    " rch of perfect sailing conditions.\n"
    "title:Product Manager, Rod and Reel Division\n";

static void test_import__examples_of_the_rfc(void **state) {
  fixture *f = *state;
  told t;
  ox_directory_import result = IMPORT(f, rfc_2849, &t);
  assert_string_equal(t.text, "");
  assert_int_equal(result.imported_count, 3);
  ox_directory_entry e = get(f, "bjensen");
  assert_string_equal(e.display_name, "Barbara Jensen");
  assert_string_equal(attribute(&e, "telephoneNumber"), "+1 408 555 1212");
  assert_string_equal(attribute(&e, "sn"), "Jensen");
  e = get(f, "Bjorn.Jensen"); /* a name made from cn */
  assert_string_equal(e.smtp_address, "Bjorn.Jensen@example.test");
  e = get(f, "bjensen2");
  assert_string_equal(attribute(&e, "info"),
                      "Babs is a big sailing fan, and travels extensively in search of perfect "
                      "sailing conditions.");
  assert_string_equal(attribute(&e, "title"), "Product Manager, Rod and Reel Division");
}

static const char mixed[] =
    "\xEF\xBB\xBF# a comment\r\n"
    " that goes on\r\n"
    "version: 1\r\n"
    "\r\n"
    "dn: cn=Staff,ou=groups,dc=example,dc=test\r\n"
    "objectClass: groupOfNames\r\n"
    "cn: Staff\r\n"
    "member: UID=zoe , OU=people,DC=example,DC=test\r\n"
    "member: uid=max,ou=people,dc=example,dc=test\r\n"
    "member: uid=nobody,ou=people,dc=example,dc=test\r\n"
    "\r\n"
    "dn:: dWlkPXpvZSxvdT1wZW9wbGUsZGM9ZXhhbXBsZSxkYz10ZXN0\r\n" /* uid=zoe,ou=people,... */
    "changetype: add\r\n"
    "objectClass: inetOrgPerson\r\n"
    "uid: zoe\r\n"
    "cn: Zoe Zander\r\n"
    "displayName:: Wm/DqyBaYW5kZXI=\r\n" /* Zoë Zander */
    "displayName;lang-de: nicht dieser\r\n"
    "sn: Zander\r\n"
    "mail: zoe@example.test\r\n"
    "mail: z.zander@example.test\r\n"
    "ou: ignored where department stands\r\n"
    "departmentNumber: 17\r\n"
    "department: Sales\r\n"
    "roomNumber: C 3\r\n"
    "manager: uid=max,ou=people,dc=example,dc=test\r\n"
    "userPassword: geheim\r\n"
    "jpegPhoto:< file:///nonexistent.jpg\r\n"
    "\r\n"
    "dn: uid=max,ou=people,dc=example,dc=test\r\n"
    "objectClass: user\r\n"
    "uid: max\r\n"
    "cn: Max Mann\r\n"
    "proxyAddresses: smtp:mm@example.test\r\n"
    "proxyAddresses: SMTP:max.mann@example.test\r\n"
    "proxyAddresses: X400:c=us\r\n"
    "proxyAddresses: x500:/o=Old/cn=max\r\n"
    "userPassword: {SSHA}abcdef\r\n"
    "\r\n"
    "dn: cn=Room 7,dc=example,dc=test\r\n"
    "objectClass: room\r\n"
    "cn: Room 7\r\n"
    "mail: room7@example.test\r\n"
    "\r\n"
    "dn: cn=Pat,dc=example,dc=test\r\n"
    "objectClass: inetOrgPerson\r\n"
    "cn: Pat Outside\r\n"
    "mail: pat@fabrikam.test\r\n";

static void test_import__people_groups_rooms_and_contacts(void **state) {
  fixture *f = *state;
  told t;
  const char **names;
  size_t count;
  ox_directory_import result = IMPORT(f, mixed, &t);
  assert_string_equal(t.text,
                      "30 uid=max,ou=people,dc=example,dc=test: imported without its password: "
                      "hashed passwords cannot be used\n"
                      "10 cn=Staff,ou=groups,dc=example,dc=test: there is no object for "
                      "uid=nobody,ou=people,dc=example,dc=test\n");
  assert_int_equal(result.imported_count, 5);
  assert_int_equal(result.refused_count, 1);
  ox_directory_entry e = get(f, "zoe");
  assert_int_equal(e.kind, OX_DIRECTORY_USER);
  assert_string_equal(e.display_name, "Zoë Zander");
  assert_string_equal(attribute(&e, "department"), "Sales");
  assert_string_equal(attribute(&e, "physicalDeliveryOfficeName"), "C 3");
  assert_string_equal(attribute(&e, "manager"), "max");
  assert_int_equal(e.address_count, 1);
  assert_true(e.has_password);
  assert_int_equal(ox_directory_verify_password(f->directory, "z.zander@example.test", "geheim",
                                                &f->arena, NULL, NULL),
                   OX_OK);
  e = get(f, "max");
  assert_string_equal(e.smtp_address, "max.mann@example.test");
  assert_int_equal(e.address_count, 2);
  assert_false(e.has_password);
  assert_string_equal(get(f, "/o=old/cn=MAX").name, "max");
  assert_int_equal(get(f, "room7").kind, OX_DIRECTORY_ROOM);
  e = get(f, "pat@fabrikam.test");
  assert_int_equal(e.kind, OX_DIRECTORY_CONTACT);
  assert_true(ox_guid_is_null(&e.mailbox_guid));
  assert_int_equal(get(f, "Staff").kind, OX_DIRECTORY_GROUP);
  assert_int_equal(ox_directory_members(f->directory, "Staff", &f->arena, &names, &count, NULL),
                   OX_OK);
  assert_int_equal(count, 2);
  assert_string_equal(names[0], "max");
  assert_string_equal(names[1], "zoe");
  /* A second time everything is there already, and nothing changes. */
  result = IMPORT(f, mixed, &t);
  assert_int_equal(result.imported_count, 0);
  assert_int_equal(result.refused_count, 5);
}

static const char broken[] =
    "dn: ou=people,dc=example,dc=test\n" /* 1 */
    "objectClass: organizationalUnit\n"
    "ou: people\n"
    "\n"
    "dn: uid=a,dc=example,dc=test\n" /* 5 */
    "objectClass: person\n"
    "this is no line\n"
    "uid: a\n"
    "\n"
    "dn: uid=b,dc=example,dc=test\n" /* 10 */
    "changetype: delete\n"
    "\n"
    "uid: c\n" /* 13 */
    "objectClass: person\n"
    "\n"
    "dn: uid=d,dc=example,dc=test\n" /* 16 */
    "objectClass: person\n"
    "uid: d\n"
    "sn:: not!base64\n"
    "\n"
    "dn: uid=e,dc=example,dc=test\n" /* 21 */
    "objectClass: person\n"
    "uid: e\n"
    "mail: not an address\n"
    "\n"
    "dn: uid=good,dc=example,dc=test\n" /* 26 */
    "objectClass: person\n"
    "uid: good\n"
    "\n"
    "\n"
    "dn: uid=f,dc=example,dc=test\n" /* 31 */
    "objectClass: person\n"
    "uid: good\n"
    "\n"
    "dn: uid=g,dc=example,dc=test\n" /* 35 */
    "objectClass: person\n"
    "uid: g\n"
    "title:: AGE=\n" /* a zero inside */
    "\n"
    "dn: cn=?,dc=example,dc=test\n" /* 40 */
    "objectClass: person\n"
    "cn: \xE6\x97\xA5\xE6\x9C\xAC\n";

static void test_import__what_cannot_be_imported_is_listed_and_stops_nothing(void **state) {
  fixture *f = *state;
  told t;
  ox_directory_import result = IMPORT(f, broken, &t);
  assert_int_equal(result.imported_count, 1);
  assert_int_equal(result.refused_count, 9);
  assert_string_equal(
      t.text,
      "1 ou=people,dc=example,dc=test: the entry is no person, group, contact, room or device\n"
      "5 uid=a,dc=example,dc=test: line 7: there is no colon in the line\n"
      "10 uid=b,dc=example,dc=test: changetype delete is not imported\n"
      "13 : line 13: the record does not start with dn:\n"
      "16 uid=d,dc=example,dc=test: line 19: the value is not valid base64\n"
      "21 uid=e,dc=example,dc=test: \"not an address\" is not a mail address such as "
      "bob@example.test.\n"
      "31 uid=f,dc=example,dc=test: There is an object named good already.\n"
      "35 uid=g,dc=example,dc=test: line 38: the value of title is not text\n"
      "40 cn=?,dc=example,dc=test: the entry has no uid, mail or cn to make a name from\n");
  assert_string_equal(get(f, "good").display_name, "good");
}

static void test_import__every_prefix_ends_in_good_order(void **state) {
  fixture *f = *state;
  told t;
  for (size_t size = 0; size < sizeof mixed; size += 7) (void)import(f, mixed, size, &t);
  assert_string_equal(get(f, "max").name, "max");
  (void)import(f, "", 0, &t);
  (void)import(f, " ", 1, &t);
  (void)import(f, "#", 1, &t);
}

static void test_import__thousands_of_entries_in_batches(void **state) {
  fixture *f = *state;
  enum { COUNT = 1000 };
  char *text = malloc(COUNT * 200), *p = text;
  told t;
  for (int i = 0; i < COUNT; i++)
    p += sprintf(p, "dn: uid=u%04d,dc=x\nobjectClass: person\nuid: u%04d\ncn: User %04d\n\n", i, i,
                 i);
  ox_directory_import result = IMPORT(f, text, &t);
  free(text);
  assert_int_equal(result.imported_count, COUNT);
  assert_string_equal(get(f, "u0999").display_name, "User 0999");
}

/* data/slapcat.ldif was written by slapcat of OpenLDAP 2.5.13: folded and base64 values,
 * operational attributes, hashed passwords. */
static void test_import__reads_what_slapcat_wrote(void **state) {
  fixture *f = *state;
  static char text[65536];
  told t;
  FILE *file = fopen(TEST_DATA "/slapcat.ldif", "r");
  assert_non_null(file);
  size_t size = fread(text, 1, sizeof text, file);
  fclose(file);
  ox_directory_import result = import(f, text, size, &t);
  assert_int_equal(result.imported_count, 3);
  assert_int_equal(result.refused_count, 2); /* the domain and the organisational unit */
  ox_directory_entry e = get(f, "zoe");
  assert_string_equal(e.display_name, "Zoë Zander");
  assert_string_equal(attribute(&e, "givenName"), "Zoë");
  assert_string_equal(attribute(&e, "info"),
                      "a long description that slapcat has to fold because it is much longer than "
                      "seventy-six characters");
  assert_false(e.has_password);
  e = get(f, "max");
  assert_string_equal(attribute(&e, "manager"), "zoe");
  const char **names;
  size_t count;
  assert_int_equal(ox_directory_members(f->directory, "staff", &f->arena, &names, &count, NULL),
                   OX_OK);
  assert_int_equal(count, 2);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, make_empty, remove_fixture)

int main(void) {
  const struct CMUnitTest tests[] = {
      WITH(test_import__examples_of_the_rfc),
      WITH(test_import__people_groups_rooms_and_contacts),
      WITH(test_import__what_cannot_be_imported_is_listed_and_stops_nothing),
      WITH(test_import__every_prefix_ends_in_good_order),
      WITH(test_import__thousands_of_entries_in_batches),
      WITH(test_import__reads_what_slapcat_wrote),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
