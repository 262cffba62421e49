/* The address book: server and client over a loopback, and raw requests where the client is too
 * polite. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>

#include <oxkit/directory/addressbook.h>
#include <oxkit/ropcodec/nspi.h>
#include <oxkit/ropcodec/properties.h>

#include "support.h"

#define DN(name) \
  "/o=Example Org/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn=" name

/* The fixture's directory with a server and a bound client. */
typedef struct book_fixture {
  void *base;
  fixture *f;
  ox_addressbook_server *server;
  ox_addressbook_loopback loopback;
  ox_addressbook *book;
  ox_arena arena;
} book_fixture;

static int open_book(void **state) {
  book_fixture *b = calloc(1, sizeof *b);
  ox_error err = {0};
  ox_addressbook_server_options options = OX_ADDRESSBOOK_SERVER_OPTIONS_INIT;
  options.mailbox_url = "https://mail.example.test/mapi/emsmdb/";
  if (b == NULL || make_filled(&b->base) != 0) return 1;
  b->f = b->base;
  static const char *const contact[] = {"company", "Fabrikam", NULL};
  add(b->f, OX_DIRECTORY_CONTACT, "dave", "Dave Dunn", contact);
  static const char *const mail[] = {"dave@fabrikam.test"};
  static const char *const yes[] = {"TRUE"}, *const name[] = {"Zed Hidden"};
  add(b->f, OX_DIRECTORY_USER, "secret", "Secret Agent", NULL);
  if (ox_directory_set(b->f->directory, "dave", "mail", mail, 1, &err) != OX_OK ||
      ox_directory_set(b->f->directory, "secret", "displayName", name, 1, &err) != OX_OK ||
      ox_directory_set(b->f->directory, "secret", "msExchHideFromAddressLists", yes, 1, &err) !=
          OX_OK ||
      ox_addressbook_server_new(b->f->directory, &options, &b->server, &err) != OX_OK)
    return print_error("%s\n", err.text), 1;
  ox_addressbook_loopback_init(&b->loopback, ox_addressbook_server_processor(b->server), NULL);
  if (ox_addressbook_bind(&b->loopback.transport, NULL, &b->book, &err) != OX_OK)
    return print_error("%s\n", err.text), 1;
  ox_arena_init(&b->arena, NULL, 0);
  *state = b;
  return 0;
}

static int close_book(void **state) {
  book_fixture *b = *state;
  ox_addressbook_unbind(b->book);
  ox_addressbook_server_free(b->server);
  ox_arena_dispose(&b->arena);
  remove_fixture(&b->base);
  free(b);
  return 0;
}

static uint32_t mid_of(book_fixture *b, const char *name) {
  ox_directory_entry entry;
  assert_int_equal(ox_directory_get(b->f->directory, name, &b->arena, &entry, NULL), OX_OK);
  return entry.mid;
}

static const ox_property *find(const ox_addressbook_row *row, ox_proptag tag) {
  for (size_t i = 0; i < row->property_count; i++)
    if (row->properties[i].tag == tag) return &row->properties[i];
  return NULL;
}

static const char *string_of(book_fixture *b, const ox_addressbook_row *row, ox_proptag tag) {
  const ox_property *property = find(row, tag);
  if (property == NULL) fail_msg("property %08X is not there", (unsigned)tag);
  return ox_str16_utf8(&b->arena, property->value.string);
}

static int32_t number_of(const ox_addressbook_row *row, ox_proptag tag) {
  const ox_property *property = find(row, tag);
  if (property == NULL) fail_msg("property %08X is not there", (unsigned)tag);
  return property->value.i32;
}

/* --- Tables ----------------------------------------------------------------------------------- */

static void test_containers__the_global_address_list_comes_first(void **state) {
  book_fixture *b = *state;
  ox_addressbook_rows rows;
  assert_int_equal(ox_addressbook_containers(b->book, &b->arena, &rows, NULL), OX_OK);
  assert_int_equal(rows.row_count, 5);
  /* Constraint 14: exactly these, in this order. */
  static const ox_proptag order[] = {OX_PidTagEntryId,     OX_PidTagContainerFlags,
                                     OX_PidTagDepth,       OX_PidTagAddressBookContainerId,
                                     OX_PidTagDisplayName, OX_PidTagAddressBookIsMaster};
  for (size_t i = 0; i < rows.row_count; i++) {
    assert_int_equal(rows.rows[i].property_count, 6);
    for (size_t p = 0; p < 6; p++) assert_int_equal(rows.rows[i].properties[p].tag, order[p]);
  }
  assert_int_equal(number_of(&rows.rows[0], OX_PidTagAddressBookContainerId), 0);
  assert_string_equal(string_of(b, &rows.rows[0], OX_PidTagDisplayName), "Global Address List");
  /* [MS-OXNSPI] 2.2.9.3: type 0, GUID_NSPI, 1, DT_CONTAINER, DN "/" */
  static const uint8_t gal[] = {0,    0,    0,    0,    0xDC, 0xA7, 0x40, 0xC8, 0xC0, 0x42,
                                0x10, 0x1A, 0xB4, 0xB9, 0x08, 0x00, 0x2B, 0x2F, 0xE1, 0x82,
                                1,    0,    0,    0,    0,    1,    0,    0,    '/',  0};
  const ox_property *id = find(&rows.rows[0], OX_PidTagEntryId);
  assert_int_equal(id->value.binary.size_bytes, sizeof gal);
  assert_memory_equal(id->value.binary.data, gal, sizeof gal);
  assert_true(number_of(&rows.rows[1], OX_PidTagAddressBookContainerId) >= 0x10);
}

static void assert_names(book_fixture *b, const ox_addressbook_rows *rows, const char *expected) {
  char text[512] = "";
  for (size_t i = 0; i < rows->row_count; i++) {
    strcat(text, string_of(b, &rows->rows[i], OX_PidTagDisplayName));
    strcat(text, "; ");
  }
  assert_string_equal(text, expected);
}

static void test_query_rows__reads_lists_in_order_and_in_pieces(void **state) {
  book_fixture *b = *state;
  ox_addressbook_rows rows;
  uint32_t total;
  assert_int_equal(
      ox_addressbook_query_rows(b->book, 0, 0, 100, NULL, 0, &b->arena, &rows, &total, NULL),
      OX_OK);
  assert_names(b, &rows,
               "Alice Adams; All Staff; Bob Baker; Carol Álvarez; Conference Room 1; Dave Dunn; ");
  assert_int_equal(total, 6);
  assert_int_equal(
      ox_addressbook_query_rows(b->book, 0, 2, 2, NULL, 0, &b->arena, &rows, &total, NULL), OX_OK);
  assert_names(b, &rows, "Bob Baker; Carol Álvarez; ");
  assert_int_equal(
      ox_addressbook_query_rows(b->book, 0, 99, 2, NULL, 0, &b->arena, &rows, &total, NULL), OX_OK);
  assert_int_equal(rows.row_count, 0);
  /* All Users, Groups, Rooms, Contacts. */
  static const char *const lists[] = {"Alice Adams; Bob Baker; Carol Álvarez; ", "All Staff; ",
                                      "Conference Room 1; ", "Dave Dunn; "};
  for (uint32_t i = 0; i < 4; i++) {
    assert_int_equal(ox_addressbook_query_rows(b->book, 0x10 + i, 0, 100, NULL, 0, &b->arena, &rows,
                                               &total, NULL),
                     OX_OK);
    assert_names(b, &rows, lists[i]);
  }
  assert_int_equal(
      ox_addressbook_query_rows(b->book, 77, 0, 100, NULL, 0, &b->arena, &rows, &total, NULL),
      OX_E_INVALID_BOOKMARK);
}

static void test_query_rows__follows_changes_of_the_directory(void **state) {
  book_fixture *b = *state;
  ox_addressbook_rows rows;
  assert_int_equal(ox_directory_remove(b->f->directory, "bob", NULL), OX_OK);
  add(b->f, OX_DIRECTORY_USER, "aaron", "Aaron First", NULL);
  assert_int_equal(
      ox_addressbook_query_rows(b->book, 0, 0, 2, NULL, 0, &b->arena, &rows, NULL, NULL), OX_OK);
  assert_names(b, &rows, "Aaron First; Alice Adams; ");
}

static void test_query_rows__explicit_table_keeps_its_order_and_shows_gaps(void **state) {
  book_fixture *b = *state;
  ox_addressbook_rows rows;
  static const ox_proptag columns[] = {OX_PidTagDisplayName};
  uint32_t mids[] = {mid_of(b, "carol"), 0xFFFFFF, mid_of(b, "alice"), mid_of(b, "secret")};
  assert_int_equal(ox_addressbook_query_mids(b->book, mids, 4, columns, 1, &b->arena, &rows, NULL),
                   OX_OK);
  assert_int_equal(rows.row_count, 4);
  assert_string_equal(string_of(b, &rows.rows[0], OX_PidTagDisplayName), "Carol Álvarez");
  assert_int_equal(rows.rows[1].properties[0].tag, 0x3001000A);
  assert_int_equal(rows.rows[1].properties[0].value.error, OX_E_NOT_FOUND);
  assert_string_equal(string_of(b, &rows.rows[2], OX_PidTagDisplayName), "Alice Adams");
  /* Hidden objects can be read by who knows them. */
  assert_string_equal(string_of(b, &rows.rows[3], OX_PidTagDisplayName), "Zed Hidden");
}

/* --- Names ------------------------------------------------------------------------------------ */

static void test_resolve__one_none_and_several(void **state) {
  book_fixture *b = *state;
  static const char *const names[] = {
      "alice",
      "ali",
      "Adams",
      "al ad",
      "bob@example.test",
      "SMTP:bob@example.test",
      "Alvarez",
      "B 12",
      "a",
      "nobody",
      "",
      "All Staff",
      DN("bob"),
      "secret",
      "Zed",
      "room1",
      "dave@fabrikam.test",
      "=carol",
  };
  static const uint32_t expected[] = {2, 2, 2, 2, 2, 2, 2, 2, 1, 0, 0, 2, 2, 0, 0, 2, 2, 2};
  static const char *const found[] = {
      "Alice Adams",       "Alice Adams",   "Alice Adams",  "Alice Adams", "Bob Baker",
      "Bob Baker",         "Carol Álvarez", "Alice Adams",  "All Staff",   "Bob Baker",
      "Conference Room 1", "Dave Dunn",     "Carol Álvarez"};
  enum { COUNT = sizeof names / sizeof *names };
  uint32_t *results;
  ox_addressbook_rows rows;
  assert_int_equal(
      ox_addressbook_resolve(b->book, names, COUNT, NULL, 0, &b->arena, &results, &rows, NULL),
      OX_OK);
  for (size_t i = 0; i < COUNT; i++)
    if (results[i] != expected[i])
      fail_msg("\"%s\" gives %u, not %u", names[i], (unsigned)results[i], (unsigned)expected[i]);
  assert_int_equal(rows.row_count, sizeof found / sizeof *found);
  for (size_t i = 0; i < rows.row_count; i++)
    assert_string_equal(string_of(b, &rows.rows[i], OX_PidTagDisplayName), found[i]);
}

static void test_search__finds_by_what_a_person_types(void **state) {
  book_fixture *b = *state;
  ox_addressbook_rows rows;
  uint32_t *mids;
  size_t count;
  assert_int_equal(
      ox_addressbook_search(b->book, "al", 50, NULL, 0, &b->arena, &mids, &count, &rows, NULL),
      OX_OK);
  assert_names(b, &rows, "Alice Adams; All Staff; Carol Álvarez; ");
  assert_int_equal(count, 3);
  assert_int_equal(mids[0], mid_of(b, "alice"));
  assert_int_equal(
      ox_addressbook_search(b->book, "al", 2, NULL, 0, &b->arena, &mids, &count, &rows, NULL),
      OX_E_TABLE_TOO_BIG);
  assert_int_equal(
      ox_addressbook_search(b->book, "xyz", 50, NULL, 0, &b->arena, &mids, &count, &rows, NULL),
      OX_OK);
  assert_int_equal(count, 0);
}

static ox_restriction content(book_fixture *b, ox_proptag tag, const char *text, uint16_t low) {
  ox_restriction r = {.type = OX_RESTRICTION_CONTENT};
  r.u.content.fuzzy_level_low = low;
  r.u.content.fuzzy_level_high = OX_FUZZY_IGNORECASE;
  r.u.content.property_tag = r.u.content.tagged_value.tag = tag;
  if (OX_PROPTAG_TYPE(tag) == OX_PTYP_STRING8)
    r.u.content.tagged_value.value.string8 = ox_str8_from(text);
  else
    assert_int_equal(
        ox_str16_from_utf8(&b->arena, ox_str8_from(text), &r.u.content.tagged_value.value.string),
        OX_OK);
  return r;
}

static void test_get_matches__restrictions_choose_rows(void **state) {
  book_fixture *b = *state;
  ox_addressbook_rows rows;
  ox_restriction children[2];
  children[0] = content(b, OX_PidTagDisplayName, "ADAMS", OX_FUZZY_SUBSTRING);
  assert_int_equal(ox_addressbook_get_matches(b->book, 0, &children[0], 50, NULL, 0, &b->arena,
                                              NULL, NULL, &rows, NULL),
                   OX_OK);
  assert_names(b, &rows, "Alice Adams; ");
  /* 8-bit text in the client's code page (1252). */
  children[0] = content(b, OX_PROPTAG_AS(OX_PidTagDisplayName, OX_PTYP_STRING8), "\xC1lv",
                        OX_FUZZY_SUBSTRING);
  assert_int_equal(ox_addressbook_get_matches(b->book, 0, &children[0], 50, NULL, 0, &b->arena,
                                              NULL, NULL, &rows, NULL),
                   OX_OK);
  assert_names(b, &rows, "Carol Álvarez; ");
  /* ANR and a property, and its opposite. */
  ox_restriction anr = {.type = OX_RESTRICTION_PROPERTY};
  anr.u.property.rel_op = OX_RELOP_EQUAL;
  anr.u.property.property_tag = anr.u.property.tagged_value.tag = OX_PidTagAnr;
  assert_int_equal(
      ox_str16_from_utf8(&b->arena, ox_str8_from("al"), &anr.u.property.tagged_value.value.string),
      OX_OK);
  children[0] = anr;
  children[1] = content(b, OX_PidTagDepartmentName, "research", OX_FUZZY_FULLSTRING);
  ox_restriction both = {.type = OX_RESTRICTION_AND};
  both.u.logical.count = 2;
  both.u.logical.children = children;
  assert_int_equal(ox_addressbook_get_matches(b->book, 0, &both, 50, NULL, 0, &b->arena, NULL, NULL,
                                              &rows, NULL),
                   OX_OK);
  assert_names(b, &rows, "Alice Adams; ");
  ox_restriction opposite = {.type = OX_RESTRICTION_NOT};
  opposite.u.negation.child = &anr;
  assert_int_equal(ox_addressbook_get_matches(b->book, 0, &opposite, 50, NULL, 0, &b->arena, NULL,
                                              NULL, &rows, NULL),
                   OX_OK);
  assert_names(b, &rows, "Bob Baker; Conference Room 1; Dave Dunn; ");
  ox_restriction rooms = {.type = OX_RESTRICTION_PROPERTY};
  rooms.u.property.rel_op = OX_RELOP_EQUAL;
  rooms.u.property.property_tag = rooms.u.property.tagged_value.tag = OX_PidTagDisplayTypeEx;
  rooms.u.property.tagged_value.value.i32 = 7;
  assert_int_equal(ox_addressbook_get_matches(b->book, 0, &rooms, 50, NULL, 0, &b->arena, NULL,
                                              NULL, &rows, NULL),
                   OX_OK);
  assert_names(b, &rows, "Conference Room 1; ");
}

/* --- Properties ------------------------------------------------------------------------------- */

static void test_get_props__a_user_has_what_clients_need(void **state) {
  book_fixture *b = *state;
  ox_addressbook_row row;
  uint32_t mid = mid_of(b, "alice");
  assert_int_equal(ox_addressbook_get_props(b->book, mid, NULL, 0, &b->arena, &row, NULL), OX_OK);
  assert_string_equal(string_of(b, &row, OX_PidTagDisplayName), "Alice Adams");
  assert_string_equal(string_of(b, &row, OX_PidTagEmailAddress), DN("alice"));
  assert_string_equal(string_of(b, &row, OX_PidTagAddressType), "EX");
  assert_string_equal(string_of(b, &row, OX_PidTagSmtpAddress), "alice@example.test");
  assert_string_equal(string_of(b, &row, OX_PidTagAccount), "alice");
  assert_string_equal(string_of(b, &row, OX_PidTagDepartmentName), "Research");
  assert_string_equal(string_of(b, &row, OX_PidTagTitle), "Chemist");
  assert_string_equal(string_of(b, &row, OX_PidTagPrimaryTelephoneNumber), "+1 555 0100");
  assert_int_equal(number_of(&row, OX_PidTagObjectType), 6);
  assert_int_equal(number_of(&row, OX_PidTagDisplayType), 0);
  assert_int_equal(number_of(&row, OX_PidTagAddressBookContainerId), (int32_t)mid);
  const ox_property *key = find(&row, OX_PidTagSearchKey);
  static const char expected[] =
      "EX:/O=EXAMPLE ORG/OU=EXCHANGE ADMINISTRATIVE GROUP (FYDIBOHF23SPDLT)/CN=RECIPIENTS/CN=ALICE";
  assert_int_equal(key->value.binary.size_bytes, sizeof expected);
  assert_memory_equal(key->value.binary.data, expected, sizeof expected);
  const ox_property *id = find(&row, OX_PidTagEntryId), *record = find(&row, OX_PidTagRecordKey);
  assert_true(ox_bytes_equal(id->value.binary, record->value.binary));
  assert_string_equal((const char *)id->value.binary.data + 28, DN("alice"));
  const ox_property *proxies = find(&row, OX_PidTagAddressBookProxyAddresses);
  assert_int_equal(proxies->value.multiple.count, 1);
  assert_string_equal(ox_str16_utf8(&b->arena, proxies->value.multiple.values.string[0]),
                      "SMTP:alice@example.test");
  assert_null(find(&row, OX_PidTagCompanyName));
}

static void test_get_props__other_kinds_say_what_they_are(void **state) {
  book_fixture *b = *state;
  ox_addressbook_row row;
  static const struct {
    const char *name;
    int32_t object_type, display_type, display_type_ex;
  } kinds[] = {
      {"staff", 8, 1, 1}, {"room1", 6, 0, 7}, {"dave", 6, 6, 6}, {"bob", 6, 0, 0x40000000}};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    assert_int_equal(
        ox_addressbook_get_props(b->book, mid_of(b, kinds[i].name), NULL, 0, &b->arena, &row, NULL),
        OX_OK);
    assert_int_equal(number_of(&row, OX_PidTagObjectType), kinds[i].object_type);
    assert_int_equal(number_of(&row, OX_PidTagDisplayType), kinds[i].display_type);
    assert_int_equal(number_of(&row, OX_PidTagDisplayTypeEx), kinds[i].display_type_ex);
  }
  assert_int_equal(
      ox_addressbook_get_props(b->book, mid_of(b, "room1"), NULL, 0, &b->arena, &row, NULL), OX_OK);
  assert_int_equal(number_of(&row, OX_PidTagAddressBookRoomCapacity), 12);
  assert_int_equal(
      ox_addressbook_get_props(b->book, mid_of(b, "bob"), NULL, 0, &b->arena, &row, NULL), OX_OK);
  assert_string_equal(string_of(b, &row, OX_PidTagAddressBookManagerDistinguishedName),
                      DN("alice"));
}

static void test_get_props__columns_come_in_order_with_types_and_errors(void **state) {
  book_fixture *b = *state;
  ox_addressbook_row row;
  static const ox_proptag columns[] = {
      OX_PROPTAG_AS(OX_PidTagDisplayName, OX_PTYP_STRING8),     OX_PidTagCompanyName,
      OX_PROPTAG_AS(OX_PidTagDisplayName, OX_PTYP_UNSPECIFIED), OX_PidTagDisplayName,
      OX_PROPTAG_AS(OX_PidTagDisplayName, OX_PTYP_INTEGER32),   OX_PidTagDisplayName,
  };
  assert_int_equal(
      ox_addressbook_get_props(b->book, mid_of(b, "carol"), columns, 6, &b->arena, &row, NULL),
      OX_W_ERRORS_RETURNED);
  assert_int_equal(row.property_count, 6);
  assert_int_equal(row.properties[0].tag, 0x3001001E);
  assert_int_equal(row.properties[0].value.string8.size_bytes, 13);
  assert_memory_equal(row.properties[0].value.string8.data, "Carol \xC1lvarez", 13);
  assert_int_equal(row.properties[1].tag, OX_PROPTAG_AS(OX_PidTagCompanyName, 0x000A));
  assert_int_equal(row.properties[1].value.error, OX_E_NOT_FOUND);
  assert_int_equal(row.properties[2].tag, OX_PidTagDisplayName);
  assert_int_equal(row.properties[3].tag, OX_PidTagDisplayName);
  assert_int_equal(row.properties[4].tag, 0x3001000A);
  assert_int_equal(row.properties[5].tag, OX_PidTagDisplayName);
  /* Constraint 11: an object that is not there has no values. */
  assert_int_equal(ox_addressbook_get_props(b->book, 0xABCDEF, columns, 1, &b->arena, &row, NULL),
                   OX_W_ERRORS_RETURNED);
}

static bool has_tag(const ox_proptag *tags, size_t count, ox_proptag tag) {
  for (size_t i = 0; i < count; i++)
    if (tags[i] == tag) return true;
  return false;
}

static void test_get_prop_list__strings_are_8_bit(void **state) {
  book_fixture *b = *state;
  ox_proptag *tags;
  size_t count;
  assert_int_equal(
      ox_addressbook_get_prop_list(b->book, mid_of(b, "alice"), &b->arena, &tags, &count, NULL),
      OX_OK);
  assert_true(has_tag(tags, count, OX_PROPTAG_AS(OX_PidTagDisplayName, OX_PTYP_STRING8)));
  assert_true(has_tag(tags, count, OX_PidTagEntryId));
  assert_false(has_tag(tags, count, OX_PROPTAG_AS(OX_PidTagCompanyName, OX_PTYP_STRING8)));
  for (size_t i = 0; i < count; i++) assert_int_not_equal(OX_PROPTAG_TYPE(tags[i]), OX_PTYP_STRING);
  assert_int_equal(ox_addressbook_get_prop_list(b->book, 5, &b->arena, &tags, &count, NULL),
                   OX_E_NOT_FOUND);
}

static void test_dn_to_mid_and_compare(void **state) {
  book_fixture *b = *state;
  static const char *const dns[] = {DN("bob"), DN("nobody"), "/O=EXAMPLE ORG/nonsense",
                                    "",        DN("secret"), "bob@example.test"};
  uint32_t *mids;
  int32_t order;
  assert_int_equal(ox_addressbook_dn_to_mid(b->book, dns, 6, &b->arena, &mids, NULL), OX_OK);
  assert_int_equal(mids[0], mid_of(b, "bob"));
  assert_int_equal(mids[1], 0);
  assert_int_equal(mids[2], 0);
  assert_int_equal(mids[3], 0);
  assert_int_equal(mids[4], mid_of(b, "secret"));
  assert_int_equal(mids[5], 0);
  uint32_t alice = mid_of(b, "alice"), bob = mid_of(b, "bob");
  assert_int_equal(ox_addressbook_compare_mids(b->book, 0, alice, bob, &order, NULL), OX_OK);
  assert_true(order < 0);
  assert_int_equal(ox_addressbook_compare_mids(b->book, 0, bob, alice, &order, NULL), OX_OK);
  assert_true(order > 0);
  assert_int_equal(ox_addressbook_compare_mids(b->book, 0, bob, bob, &order, NULL), OX_OK);
  assert_int_equal(order, 0);
  assert_int_equal(ox_addressbook_compare_mids(b->book, 0x11, bob, alice, &order, NULL),
                   OX_E_CALL_FAILED);
  assert_int_equal(ox_addressbook_compare_mids(b->book, 99, bob, alice, &order, NULL),
                   OX_E_INVALID_BOOKMARK);
}

/* --- Raw requests ----------------------------------------------------------------------------- */

/* Sends what the writer holds; the reader stands at the response's start. */
static ox_status call(book_fixture *b, const char *type, ox_writer *w, ox_reader *r) {
  ox_bytes body;
  assert_int_equal(ox_writer_status(w), OX_OK);
  ox_status status = b->loopback.transport.request(&b->loopback.transport, type, ox_writer_bytes(w),
                                                   &b->arena, &body, NULL);
  ox_writer_reset(w);
  if (status == OX_OK) ox_reader_init(r, body.data, body.size_bytes);
  return status;
}

static ox_nspi_stat stat_at(uint32_t container, uint32_t record, int32_t delta) {
  return (ox_nspi_stat){
      .container_id = container, .current_rec = record, .delta = delta, .code_page = 1252};
}

static ox_nspi_update_stat_response update(book_fixture *b, ox_nspi_stat stat) {
  ox_nspi_update_stat_request request = {.has_state = true, .state = stat, .delta_requested = true};
  ox_nspi_update_stat_response response;
  ox_writer w;
  ox_reader r;
  ox_writer_init(&w, NULL, 4096);
  ox_nspi_update_stat_request_encode(&w, &request);
  assert_int_equal(call(b, "UpdateStat", &w, &r), OX_OK);
  ox_nspi_update_stat_response_decode(&r, &b->arena, &response);
  assert_int_equal(ox_reader_finish(&r, NULL), OX_OK);
  ox_writer_dispose(&w);
  return response;
}

/* [MS-OXNSPI] 3.1.4.5.1 and 3.1.4.5.2; six rows: alice staff bob carol room1 dave. */
static void test_update_stat__moves_absolutely_and_by_fractions(void **state) {
  book_fixture *b = *state;
  ox_nspi_update_stat_response r = update(b, stat_at(0, 0, 2));
  assert_int_equal(r.error_code, OX_OK);
  assert_int_equal(r.state.current_rec, mid_of(b, "bob"));
  assert_int_equal(r.state.num_pos, 2);
  assert_int_equal(r.state.total_recs, 6);
  assert_int_equal(r.state.delta, 0);
  assert_int_equal(r.delta, 2);
  r = update(b, stat_at(0, mid_of(b, "bob"), -99)); /* steps 7: the first row */
  assert_int_equal(r.state.current_rec, mid_of(b, "alice"));
  assert_int_equal(r.delta, -2);
  r = update(b, stat_at(0, mid_of(b, "bob"), 99)); /* step 8: past the end */
  assert_int_equal(r.state.current_rec, 2);
  assert_int_equal(r.state.num_pos, 6);
  r = update(b, stat_at(0, 2, -1));
  assert_int_equal(r.state.current_rec, mid_of(b, "dave"));
  ox_nspi_stat half = stat_at(0, 1, 0);
  half.num_pos = 500;
  half.total_recs = 1000;
  r = update(b, half);
  assert_int_equal(r.state.current_rec, mid_of(b, "carol"));
  half.num_pos = 5000; /* step 5 */
  r = update(b, half);
  assert_int_equal(r.state.num_pos, 6);
  half.total_recs = 0;
  r = update(b, half);
  assert_int_equal(r.state.num_pos, 0);
  r = update(b, stat_at(0x11, mid_of(b, "bob"), 0)); /* not in that container */
  assert_int_equal(r.error_code, OX_E_NOT_FOUND);
  assert_false(r.has_state);
  r = update(b, stat_at(1234, 0, 0));
  assert_int_equal(r.error_code, OX_E_INVALID_BOOKMARK);
}

static void test_query_rows__default_columns_and_ephemeral_ids(void **state) {
  book_fixture *b = *state;
  ox_writer w;
  ox_reader r;
  ox_nspi_query_rows_response response;
  ox_nspi_query_rows_request request = {
      .flags = 2, .has_state = true, .state = stat_at(0, 0, 0), .row_count = 1};
  ox_writer_init(&w, NULL, 4096);
  ox_nspi_query_rows_request_encode(&w, &request);
  assert_int_equal(call(b, "QueryRows", &w, &r), OX_OK);
  ox_nspi_query_rows_response_decode(&r, &b->arena, &response);
  assert_int_equal(ox_reader_finish(&r, NULL), OX_OK);
  static const ox_proptag expected[] = {0xFFFD0003, 0x0FFE0003, 0x39000003, 0x3001001E,
                                        0x3A1A001E, 0x3A18001E, 0x3A19001E};
  assert_int_equal(response.column_count, 7);
  assert_memory_equal(response.columns, expected, sizeof expected);
  assert_memory_equal(response.row_data[0].values[3].value.string8.data, "Alice Adams", 11);
  assert_int_equal(response.state.current_rec, mid_of(b, "staff"));
  ox_proptag id = OX_PidTagEntryId;
  request.has_columns = true;
  request.column_count = 1;
  request.columns = &id;
  ox_nspi_query_rows_request_encode(&w, &request);
  assert_int_equal(call(b, "QueryRows", &w, &r), OX_OK);
  ox_nspi_query_rows_response_decode(&r, &b->arena, &response);
  ox_bytes bytes = response.row_data[0].values[0].value.binary;
  /* [MS-OXNSPI] 2.2.9.2 */
  uint8_t wanted[32] = {0x87};
  ox_guid guid;
  ox_addressbook_server_guid(b->book, &guid);
  ox_guid_to_wire(&guid, wanted + 4);
  wanted[20] = 1;
  uint32_t mid = mid_of(b, "alice");
  for (int i = 0; i < 4; i++) wanted[28 + i] = (uint8_t)(mid >> (8 * i));
  assert_int_equal(bytes.size_bytes, sizeof wanted);
  assert_memory_equal(bytes.data, wanted, sizeof wanted);
  ox_writer_dispose(&w);
}

static void test_seek_entries__finds_the_first_row_not_before(void **state) {
  book_fixture *b = *state;
  ox_writer w;
  ox_reader r;
  ox_proptag name = OX_PidTagDisplayName;
  ox_nspi_seek_entries_response response;
  ox_nspi_seek_entries_request request = {.has_state = true,
                                          .state = stat_at(0, 0, 0),
                                          .has_target = true,
                                          .has_columns = true,
                                          .column_count = 1,
                                          .columns = &name};
  request.target.tag = OX_PROPTAG_AS(OX_PidTagDisplayName, OX_PTYP_STRING8);
  request.target.value.string8 = ox_str8_from("c");
  ox_writer_init(&w, NULL, 4096);
  ox_nspi_seek_entries_request_encode(&w, &request);
  assert_int_equal(call(b, "SeekEntries", &w, &r), OX_OK);
  ox_nspi_seek_entries_response_decode(&r, &b->arena, &response);
  assert_int_equal(ox_reader_finish(&r, NULL), OX_OK);
  assert_int_equal(response.error_code, OX_OK);
  assert_int_equal(response.state.current_rec, mid_of(b, "carol"));
  assert_int_equal(response.state.num_pos, 3);
  assert_int_equal(response.row_count, 3);
  request.target.value.string8 = ox_str8_from("zzz");
  ox_nspi_seek_entries_request_encode(&w, &request);
  assert_int_equal(call(b, "SeekEntries", &w, &r), OX_OK);
  ox_nspi_seek_entries_response_decode(&r, &b->arena, &response);
  assert_int_equal(response.error_code, OX_E_NOT_FOUND);
  request.state.sort_type = 3;
  ox_nspi_seek_entries_request_encode(&w, &request);
  assert_int_equal(call(b, "SeekEntries", &w, &r), OX_OK);
  ox_nspi_seek_entries_response_decode(&r, &b->arena, &response);
  assert_int_equal(response.error_code, OX_E_CALL_FAILED);
  ox_writer_dispose(&w);
}

static void test_get_matches__opens_members_and_other_references(void **state) {
  book_fixture *b = *state;
  static const struct {
    ox_proptag tag;
    const char *of, *expected[3];
  } links[] = {
      {OX_PidTagAddressBookMember, "staff", {"alice", "bob"}},
      {OX_PROPTAG_AS(OX_PidTagAddressBookIsMemberOfDistributionList, 0x0D), "bob", {"staff"}},
      {OX_PidTagAddressBookManager, "bob", {"alice"}},
      {OX_PidTagAddressBookReports, "alice", {"bob"}},
  };
  ox_writer w;
  ox_writer_init(&w, NULL, 4096);
  for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
    ox_reader r;
    ox_nspi_get_matches_response response;
    ox_nspi_get_matches_request request = {
        .has_state = true,
        .state = stat_at(links[i].tag, mid_of(b, links[i].of), 0),
        .row_count = 10};
    request.state.sort_type = OX_SORT_TYPE_DISPLAY_NAME_RO;
    ox_nspi_get_matches_request_encode(&w, &request);
    assert_int_equal(call(b, "GetMatches", &w, &r), OX_OK);
    ox_nspi_get_matches_response_decode(&r, &b->arena, &response);
    assert_int_equal(ox_reader_finish(&r, NULL), OX_OK);
    assert_int_equal(response.error_code, OX_OK);
    assert_int_equal(response.state.container_id, request.state.current_rec); /* constraint 15 */
    uint32_t n = 0;
    for (; links[i].expected[n] != NULL; n++)
      assert_int_equal(response.minimal_ids[n], mid_of(b, links[i].expected[n]));
    assert_int_equal(response.minimal_id_count, n);
    request.state.container_id = OX_PidTagDisplayName;
    ox_nspi_get_matches_request_encode(&w, &request);
    assert_int_equal(call(b, "GetMatches", &w, &r), OX_OK);
    ox_nspi_get_matches_response_decode(&r, &b->arena, &response);
    assert_int_equal(response.error_code, OX_E_NO_SUPPORT);
  }
  ox_writer_dispose(&w);
}

static void test_resort_restriction__sorts_and_drops_strangers(void **state) {
  book_fixture *b = *state;
  ox_writer w;
  ox_reader r;
  ox_nspi_resort_restriction_response response;
  uint32_t mids[] = {mid_of(b, "dave"), 0xFFFFFF, mid_of(b, "bob"), mid_of(b, "alice")};
  ox_nspi_resort_restriction_request request = {.has_state = true,
                                                .state = stat_at(0, mid_of(b, "bob"), 0),
                                                .has_minimal_ids = true,
                                                .minimal_id_count = 4,
                                                .minimal_ids = mids};
  ox_writer_init(&w, NULL, 4096);
  ox_nspi_resort_restriction_request_encode(&w, &request);
  assert_int_equal(call(b, "ResortRestriction", &w, &r), OX_OK);
  ox_nspi_resort_restriction_response_decode(&r, &b->arena, &response);
  assert_int_equal(response.minimal_id_count, 3);
  assert_int_equal(response.minimal_ids[0], mids[3]);
  assert_int_equal(response.minimal_ids[2], mids[0]);
  assert_int_equal(response.state.num_pos, 1);
  assert_int_equal(response.state.total_recs, 3);
  ox_writer_dispose(&w);
}

static void test_bind__refuses_a_code_page_that_nobody_has(void **state) {
  book_fixture *b = *state;
  ox_writer w;
  ox_reader r;
  ox_nspi_bind_response response;
  ox_nspi_bind_request request = {.has_state = true};
  request.state.code_page = 424242;
  ox_writer_init(&w, NULL, 4096);
  ox_nspi_bind_request_encode(&w, &request);
  assert_int_equal(call(b, "Bind", &w, &r), OX_OK);
  ox_nspi_bind_response_decode(&r, &b->arena, &response);
  assert_int_equal(response.error_code, 0x8004011E);
  request.state.code_page = 20261; /* teletex, which all servers know */
  ox_nspi_bind_request_encode(&w, &request);
  assert_int_equal(call(b, "Bind", &w, &r), OX_OK);
  ox_nspi_bind_response_decode(&r, &b->arena, &response);
  assert_int_equal(response.error_code, OX_OK);
  ox_writer_dispose(&w);
}

static void test_changes__are_refused(void **state) {
  book_fixture *b = *state;
  ox_writer w;
  ox_reader r;
  ox_nspi_mod_props_response props;
  ox_nspi_mod_link_att_response link;
  ox_proptag tag = OX_PidTagUserX509Certificate;
  ox_nspi_mod_props_request request = {.has_state = true,
                                       .state = stat_at(0, mid_of(b, "bob"), 0),
                                       .has_property_tags_to_remove = true,
                                       .property_tag_count = 1,
                                       .property_tags_to_remove = &tag};
  ox_writer_init(&w, NULL, 4096);
  ox_nspi_mod_props_request_encode(&w, &request);
  assert_int_equal(call(b, "ModProps", &w, &r), OX_OK);
  ox_nspi_mod_props_response_decode(&r, &b->arena, &props);
  assert_int_equal(props.error_code, OX_E_ACCESS_DENIED);
  ox_nspi_mod_link_att_request att = {.property_tag = OX_PidTagAddressBookMember,
                                      .minimal_id = 0xFFFFFF};
  ox_nspi_mod_link_att_request_encode(&w, &att);
  assert_int_equal(call(b, "ModLinkAtt", &w, &r), OX_OK);
  ox_nspi_mod_link_att_response_decode(&r, &b->arena, &link);
  assert_int_equal(link.error_code, OX_E_INVALID_PARAMETER);
  ox_writer_dispose(&w);
}

static void test_urls__come_from_the_host(void **state) {
  book_fixture *b = *state;
  ox_writer w;
  ox_reader r;
  ox_nspi_get_mailbox_url_response mailbox;
  ox_nspi_get_address_book_url_response address_book;
  ox_nspi_get_mailbox_url_request request = {.server_dn = {(const uint8_t *)"", 0}};
  ox_writer_init(&w, NULL, 4096);
  ox_nspi_get_mailbox_url_request_encode(&w, &request);
  assert_int_equal(call(b, "GetMailboxUrl", &w, &r), OX_OK);
  ox_nspi_get_mailbox_url_response_decode(&r, &b->arena, &mailbox);
  assert_int_equal(mailbox.error_code, OX_OK);
  assert_string_equal(ox_str16_utf8(&b->arena, mailbox.server_url),
                      "https://mail.example.test/mapi/emsmdb/");
  ox_nspi_get_mailbox_url_request_encode(&w, &request);
  assert_int_equal(call(b, "GetAddressBookUrl", &w, &r), OX_OK);
  ox_nspi_get_address_book_url_response_decode(&r, &b->arena, &address_book);
  assert_int_equal(address_book.error_code, OX_E_NOT_FOUND);
  ox_writer_dispose(&w);
}

static void test_execute__bad_bodies_and_types_have_no_answer(void **state) {
  book_fixture *b = *state;
  static const uint8_t half[] = {0, 0, 0, 0, 0xFF, 1, 2};
  static const char *const types[] = {
      "Bind",        "Unbind",     "CompareMIds",     "DNToMId",          "GetMatches",
      "GetPropList", "GetProps",   "GetSpecialTable", "GetTemplateInfo",  "ModLinkAtt",
      "ModProps",    "QueryRows",  "QueryColumns",    "ResolveNames",     "ResortRestriction",
      "SeekEntries", "UpdateStat", "GetMailboxUrl",   "GetAddressBookUrl"};
  ox_bytes body;
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
    ox_status status = b->loopback.transport.request(
        &b->loopback.transport, types[i], (ox_bytes){half, sizeof half}, &b->arena, &body, NULL);
    assert_true(status == OX_E_TRUNCATED || status == OX_E_MALFORMED);
  }
  assert_int_equal(
      b->loopback.transport.request(&b->loopback.transport, "Nonsense",
                                    (ox_bytes){half, sizeof half}, &b->arena, &body, NULL),
      OX_E_NO_SUPPORT);
}

static void *browse(void *argument) {
  book_fixture *b = argument;
  ox_addressbook_loopback loopback;
  ox_addressbook *book;
  ox_addressbook_rows rows;
  ox_arena arena;
  intptr_t failures = 0;
  uint32_t total;
  ox_arena_init(&arena, NULL, 0);
  ox_addressbook_loopback_init(&loopback, ox_addressbook_server_processor(b->server), NULL);
  if (ox_addressbook_bind(&loopback.transport, NULL, &book, NULL) != OX_OK) return (void *)1;
  for (int i = 0; i < 50; i++) {
    ox_arena_reset(&arena);
    failures +=
        ox_addressbook_query_rows(book, 0, 0, 50, NULL, 0, &arena, &rows, &total, NULL) != OX_OK ||
        rows.row_count < 6 || rows.row_count > 7;
    failures +=
        ox_addressbook_search(book, "al", 50, NULL, 0, &arena, NULL, NULL, &rows, NULL) != OX_OK;
  }
  ox_addressbook_unbind(book);
  ox_arena_dispose(&arena);
  return (void *)failures;
}

static void test_threads__browse_while_the_directory_changes(void **state) {
  book_fixture *b = *state;
  pthread_t threads[3];
  for (int i = 0; i < 3; i++) assert_int_equal(pthread_create(&threads[i], NULL, browse, b), 0);
  for (int i = 0; i < 10; i++) {
    add(b->f, OX_DIRECTORY_USER, "passer.by", "Passer By", NULL);
    assert_int_equal(ox_directory_remove(b->f->directory, "passer.by", NULL), OX_OK);
  }
  for (int i = 0; i < 3; i++) {
    void *failures;
    pthread_join(threads[i], &failures);
    assert_int_equal((intptr_t)failures, 0);
  }
}

/* An allocator that fails from the n-th call on. */
typedef struct quota {
  ox_allocator allocator;
  long left;
} quota;

static void *quota_malloc(size_t size, void *user) {
  return ((quota *)user)->left-- > 0 ? malloc(size) : NULL;
}
static void *quota_calloc(size_t count, size_t size, void *user) {
  return ((quota *)user)->left-- > 0 ? calloc(count, size) : NULL;
}
static void *quota_realloc(void *block, size_t size, void *user) {
  return ((quota *)user)->left-- > 0 ? realloc(block, size) : NULL;
}
static void quota_free(void *block, void *user) {
  (void)user;
  free(block);
}

static ox_status use_book(book_fixture *b, quota *q, uint32_t alice) {
  ox_addressbook_server_options options = OX_ADDRESSBOOK_SERVER_OPTIONS_INIT;
  ox_addressbook_server *server = NULL;
  ox_addressbook_loopback loopback;
  ox_addressbook *book = NULL;
  ox_addressbook_rows rows;
  ox_addressbook_row row;
  ox_arena arena;
  uint32_t *results;
  static const char *const names[] = {"al ad", "bob@example.test"};
  ox_arena_init(&arena, &q->allocator, 0);
  options.allocator = &q->allocator;
  ox_status status = ox_addressbook_server_new(b->f->directory, &options, &server, NULL);
  if (status == OX_OK) {
    ox_addressbook_loopback_init(&loopback, ox_addressbook_server_processor(server), NULL);
    status = ox_addressbook_bind(&loopback.transport, &q->allocator, &book, NULL);
  }
  if (status == OX_OK)
    status = ox_addressbook_resolve(book, names, 2, NULL, 0, &arena, &results, &rows, NULL);
  if (status == OX_OK)
    status = ox_addressbook_search(book, "a", 50, NULL, 0, &arena, NULL, NULL, &rows, NULL);
  if (status == OX_OK) status = ox_addressbook_containers(book, &arena, &rows, NULL);
  if (status == OX_OK) status = ox_addressbook_get_props(book, alice, NULL, 0, &arena, &row, NULL);
  ox_addressbook_unbind(book);
  ox_addressbook_server_free(server);
  ox_arena_dispose(&arena);
  return status;
}

static void test_memory__any_allocation_may_fail(void **state) {
  book_fixture *b = *state;
  quota q = {{quota_malloc, quota_calloc, quota_realloc, quota_free, &q}, 0};
  uint32_t alice = mid_of(b, "alice");
  ox_status status = OX_E_NO_MEMORY;
  long n = 0;
  for (; status != OX_OK && n < 2000; n++) {
    q.left = n;
    status = use_book(b, &q, alice);
    if (status != OX_OK && status != OX_E_NO_MEMORY && status != OX_E_NOT_ENOUGH_MEMORY)
      fail_msg("allocation %ld: status %08X", n, (unsigned)status);
  }
  assert_int_equal(status, OX_OK);
  assert_true(n > 20);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, open_book, close_book)

int main(void) {
  const struct CMUnitTest tests[] = {
      WITH(test_containers__the_global_address_list_comes_first),
      WITH(test_query_rows__reads_lists_in_order_and_in_pieces),
      WITH(test_query_rows__follows_changes_of_the_directory),
      WITH(test_query_rows__explicit_table_keeps_its_order_and_shows_gaps),
      WITH(test_resolve__one_none_and_several),
      WITH(test_search__finds_by_what_a_person_types),
      WITH(test_get_matches__restrictions_choose_rows),
      WITH(test_get_props__a_user_has_what_clients_need),
      WITH(test_get_props__other_kinds_say_what_they_are),
      WITH(test_get_props__columns_come_in_order_with_types_and_errors),
      WITH(test_get_prop_list__strings_are_8_bit),
      WITH(test_dn_to_mid_and_compare),
      WITH(test_update_stat__moves_absolutely_and_by_fractions),
      WITH(test_query_rows__default_columns_and_ephemeral_ids),
      WITH(test_seek_entries__finds_the_first_row_not_before),
      WITH(test_get_matches__opens_members_and_other_references),
      WITH(test_resort_restriction__sorts_and_drops_strangers),
      WITH(test_bind__refuses_a_code_page_that_nobody_has),
      WITH(test_changes__are_refused),
      WITH(test_urls__come_from_the_host),
      WITH(test_execute__bad_bodies_and_types_have_no_answer),
      WITH(test_threads__browse_while_the_directory_changes),
      WITH(test_memory__any_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
