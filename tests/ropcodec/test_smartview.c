/* Real values from the tests of MFCMAPI (reference data beside the source tree): what we decode is
 * what that program says, and encodes to the same bytes. */
#include "smartview.h"

#include <oxkit/ropcodec/entryid.h>
#include <oxkit/ropcodec/namedprop.h>
#include <oxkit/ropcodec/pcl.h>
#include <oxkit/ropcodec/restriction.h>
#include <oxkit/ropcodec/ruleaction.h>

static unsigned occurrences(const char *text, const char *words) {
  unsigned count = 0;
  while ((text = strstr(text, words)) != NULL) {
    count++;
    text += strlen(words);
  }
  return count;
}

/* The text says `words`. */
static void says(const sample *s, const char *words) {
  if (strstr(s->text, words) == NULL) fail_msg("%s: nowhere: %s", s->name, words);
}

static void says_number(const sample *s, const char *format, unsigned long long number) {
  char words[128];
  snprintf(words, sizeof words, format, number);
  says(s, words);
}

static void says_guid(const sample *s, const char *label, const ox_guid *guid) {
  char text[OX_GUID_TEXT_BYTES], words[128];
  ox_guid_format(guid, text);
  for (char *at = text; *at != 0; at++) {
    if (*at >= 'a' && *at <= 'f') *at = (char)(*at - 'a' + 'A');
  }
  snprintf(words, sizeof words, "%s = {%s}", label, text);
  says(s, words);
}

static void says_hex(const sample *s, ox_bytes bytes) {
  char *words = ox_arena_calloc(s->arena, 2 * bytes.size_bytes + 32, 1);
  assert_non_null(words);
  int used = sprintf(words, "cb: %u lpb: ", (unsigned)bytes.size_bytes);
  for (size_t i = 0; i < bytes.size_bytes; i++) {
    used += sprintf(words + used, "%02X", bytes.data[i]);
  }
  says(s, words);
}

static void says_text8(const sample *s, const char *label, ox_str8 text) {
  char words[600];
  snprintf(words, sizeof words, "%s = %.*s", label, (int)text.size_bytes, text.data);
  says(s, words);
}

static void says_global_counter(const sample *s, const uint8_t counter[6]) {
  ox_bytes bytes = {counter, 6};
  says_hex(s, bytes);
}

static void assert_encodes_to(const sample *s, ox_writer *w, ox_bytes expected) {
  assert_int_equal(ox_writer_status(w), OX_OK);
  if (!ox_bytes_equal(ox_writer_bytes(w), expected)) fail_msg("%s: other bytes", s->name);
  ox_writer_dispose(w);
}

/* EntryIDs. */

static void check_entry_id(const sample *s, ox_bytes bytes);

static void check_one_off(const sample *s, const ox_entry_id *id) {
  const ox_value *texts[] = {&id->u.one_off.display_name, &id->u.one_off.address_type,
                             &id->u.one_off.email_address};
  static const char *const labels[] = {"szDisplayName", "szAddressType", "szEmailAddress"};
  for (size_t i = 0; i < 3; i++) {
    ox_str8 text = texts[i]->string8;
    if (id->u.one_off.flags & OX_ONE_OFF_UNICODE) {
      text = ox_str8_from(ox_str16_utf8(s->arena, texts[i]->string));
    }
    if (text.size_bytes != 0) says_text8(s, labels[i], text);
  }
}

static void check_store(const sample *s, const ox_entry_id *id) {
  says(s, "MAPI Message Store Entry ID");
  says_text8(s, "DLLFileName", id->u.store.dll_file_name);
  if (ox_guid_is_null(&id->u.store.wrapped_provider_uid)) return; /* another store's */
  says_guid(s, "WrappedProviderUID", &id->u.store.wrapped_provider_uid);
  says_number(s, "WrappedType = 0x%08llX", id->u.store.wrapped_type);
  says_text8(s, "ServerShortname", id->u.store.server_shortname);
  if (id->u.store.mailbox_dn.size_bytes != 0) says_text8(s, "MailboxDN", id->u.store.mailbox_dn);
}

static void check_entry_id_fields(const sample *s, const ox_entry_id *id) {
  if (id->kind != OX_ENTRY_ID_EPHEMERAL) says_guid(s, "Provider GUID", &id->provider_uid);
  switch (id->kind) {
    case OX_ENTRY_ID_FOLDER:
      says(s, "Exchange Folder Entry ID");
      says_number(s, "Folder Type = 0x%04llX", id->u.folder.folder_type);
      says_guid(s, "Database GUID", &id->u.folder.database_guid);
      says_global_counter(s, id->u.folder.global_counter);
      break;
    case OX_ENTRY_ID_MESSAGE:
      says(s, "Exchange Message Entry ID");
      says_number(s, "Message Type = 0x%04llX", id->u.message.message_type);
      says_guid(s, "Folder Database GUID", &id->u.message.folder_database_guid);
      says_global_counter(s, id->u.message.folder_global_counter);
      says_guid(s, "Message Database GUID", &id->u.message.message_database_guid);
      says_global_counter(s, id->u.message.message_global_counter);
      break;
    case OX_ENTRY_ID_STORE: check_store(s, id); break;
    case OX_ENTRY_ID_ADDRESS_BOOK:
      says(s, "Exchange Address Entry ID");
      says_number(s, "Version = 0x%08llX", id->u.address_book.version);
      says_number(s, "Type = 0x%08llX", id->u.address_book.type);
      says_text8(s, "X500DN", id->u.address_book.x500dn);
      break;
    case OX_ENTRY_ID_EPHEMERAL:
      says(s, "EPHEMERAL");
      says_number(s, "Type = 0x%08llX", id->u.ephemeral.type);
      break;
    case OX_ENTRY_ID_ONE_OFF:
      says(s, "MAPI One Off Recipient Entry ID");
      check_one_off(s, id);
      break;
    case OX_ENTRY_ID_CONTACT:
    case OX_ENTRY_ID_PERSONAL_LIST:
      says(s, "Contact Address Book / PDL Entry ID");
      says_number(s, "Type = 0x%08llX", id->u.contact.type);
      says_number(s, "Index = 0x%08llX", id->u.contact.index);
      check_entry_id(s, id->u.contact.entry_id);
      break;
    case OX_ENTRY_ID_WRAPPED:
      says(s, "Wrapped Entry ID");
      says_number(s, "Wrapped Entry Type = 0x%02llX", id->u.wrapped.type);
      check_entry_id(s, id->u.wrapped.entry_id);
      break;
    default: break;
  }
}

static void check_entry_id(const sample *s, ox_bytes bytes) {
  ox_entry_id id;
  ox_error err;
  if (ox_entry_id_decode(bytes, &id, &err) != OX_OK) fail_msg("%s: %s", s->name, err.text);
  check_entry_id_fields(s, &id);
  ox_writer w;
  ox_writer_init(&w, NULL, FILE_MAX_BYTES);
  ox_entry_id_encode(&w, &id);
  assert_encodes_to(s, &w, bytes);
}

/* Runs `check` on every sample of a kind. */
static void entry_id_sample(const sample *s) {
  ox_entry_id id;
  ox_status status = ox_entry_id_decode(s->value, &id, NULL);
  if (s->value.size_bytes < 20) { /* cut off on purpose */
    assert_int_equal(status, OX_E_TRUNCATED);
    return;
  }
  if (strstr(s->text, "X500DN") != NULL && strstr(s->text, "Unparsed") != NULL) {
    assert_int_equal(status, OX_E_TRAILING); /* bytes after the terminator of the name */
    return;
  }
  check_entry_id(s, s->value);
}

static void test_entry_id__samples(void **state) {
  NEEDS_DATA();
  each(state, "ENTRYID", 20, entry_id_sample);
}

static void flat_list_sample(const sample *s) {
  ox_flat_entry_list list;
  ox_status status = ox_flat_entry_list_decode(s->value, s->arena, &list);
  if (strstr(s->text, "cEntries = 0") != NULL) { /* broken on purpose: a size and no entries */
    assert_int_not_equal(status, OX_OK);
    return;
  }
  assert_int_equal(status, OX_OK);
  says_number(s, "cEntries = %llu", list.count);
  for (uint32_t i = 0; i < list.count; i++) {
    says_number(s, "Size = 0x%08llX", list.entry_ids[i].size_bytes);
    check_entry_id(s, list.entry_ids[i]);
  }
}

static void test_flat_entry_list__samples(void **state) {
  NEEDS_DATA();
  each(state, "FLATENTRYLIST", 1, flat_list_sample);
}

static void entry_list_sample(const sample *s) {
  ox_flat_entry_list list;
  ox_reader r;
  ox_reader_init(&r, s->value.data, s->value.size_bytes);
  assert_int_equal(ox_entry_list_decode(&r, s->arena, &list), OX_OK);
  assert_int_equal(ox_reader_finish(&r, NULL), OX_OK);
  says_number(s, "EntryCount = 0x%08llX", list.count);
  for (uint32_t i = 0; i < list.count; i++) {
    says_number(s, "EntryLength = 0x%08llX", list.entry_ids[i].size_bytes);
    check_entry_id(s, list.entry_ids[i]);
  }
}

static void test_entry_list__samples(void **state) {
  NEEDS_DATA();
  each(state, "ENTRYLIST", 2, entry_list_sample);
}

/* XIDs. */

static void pcl_sample(const sample *s) {
  ox_pcl pcl;
  assert_int_equal(ox_pcl_decode(s->value, s->arena, &pcl, NULL), OX_OK);
  says_number(s, "Count = %llu", pcl.count);
  for (uint32_t i = 0; i < pcl.count; i++) {
    says_number(s, "XidSize = 0x%08llX", 16u + pcl.xids[i].local_id_bytes);
    says_guid(s, "NamespaceGuid", &pcl.xids[i].namespace_guid);
    ox_bytes local = {pcl.xids[i].local_id, pcl.xids[i].local_id_bytes};
    says_hex(s, local);
  }
  ox_writer w;
  ox_writer_init(&w, NULL, FILE_MAX_BYTES);
  ox_pcl_encode(&w, &pcl);
  assert_encodes_to(s, &w, s->value);
}

static void xid_sample(const sample *s) {
  ox_xid xid;
  assert_int_equal(ox_xid_decode(s->value, &xid, NULL), OX_OK);
  says_guid(s, "NamespaceGuid", &xid.namespace_guid);
  ox_bytes local = {xid.local_id, xid.local_id_bytes};
  says_hex(s, local);
}

static void test_xid_and_pcl__samples(void **state) {
  NEEDS_DATA();
  each(state, "PCL", 2, pcl_sample);
  each(state, "XID", 2, xid_sample);
}

/* Restrictions, of which rule conditions are made. */

static void count_nodes(const ox_restriction *r, unsigned counts[12]) {
  counts[r->type]++;
  switch (r->type) {
    case OX_RESTRICTION_AND:
    case OX_RESTRICTION_OR:
      for (uint32_t i = 0; i < r->u.logical.count; i++) {
        count_nodes(&r->u.logical.children[i], counts);
      }
      break;
    case OX_RESTRICTION_NOT: count_nodes(r->u.negation.child, counts); break;
    case OX_RESTRICTION_SUBOBJECT: count_nodes(r->u.subobject.child, counts); break;
    case OX_RESTRICTION_COMMENT:
      if (r->u.comment.child != NULL) count_nodes(r->u.comment.child, counts);
      break;
    case OX_RESTRICTION_COUNT: count_nodes(r->u.count.child, counts); break;
    default: break;
  }
}

/* NamedPropertyInformation. @spec [MS-OXORULE] 2.2.4.1.1 */
static void skip_names(const sample *s, ox_reader *r) {
  uint16_t count = ox_read_u16(r);
  says_number(s, "Number of named props = 0x%04llX", count);
  if (count == 0) return;
  ox_read_skip(r, 2u * count);
  ox_reader part;
  ox_reader_part(r, ox_read_u32(r), &part);
  for (uint16_t i = 0; i < count; i++) {
    ox_property_name name;
    assert_int_equal(ox_property_name_decode(&part, &name), OX_OK);
    if (name.kind == OX_NAME_KIND_STRING) {
      says_text8(s, "Name", ox_str8_from(ox_str16_utf8(s->arena, name.name)));
    }
  }
  ox_reader_close(r, &part);
}

static void check_condition(const sample *s, unsigned width) {
  ox_reader r;
  ox_reader_init(&r, s->value.data, s->value.size_bytes);
  skip_names(s, &r);
  size_t start = r.position;
  ox_restriction restriction;
  if (ox_restriction_decode(&r, s->arena, width, &restriction) != OX_OK ||
      ox_reader_finish(&r, NULL) != OX_OK) {
    fail_msg("%s: status %x at %zu of %zu", s->name, (unsigned)r.status, r.fail_position,
             s->value.size_bytes);
  }
  unsigned counts[12] = {0};
  count_nodes(&restriction, counts);
  for (unsigned type = 0; type < 12; type++) {
    char words[32];
    snprintf(words, sizeof words, "rt = 0x%X = ", type);
    assert_int_equal(counts[type], occurrences(s->text, words));
  }
  ox_proptag tags[64];
  size_t tag_count;
  assert_int_equal(ox_restriction_tags(&restriction, tags, 64, &tag_count), OX_OK);
  for (size_t i = 0; i < tag_count; i++) says_number(s, "0x%08llX", tags[i]);
  ox_writer w;
  ox_writer_init(&w, NULL, FILE_MAX_BYTES);
  ox_restriction_encode(&w, width, &restriction);
  ox_bytes rest = {s->value.data + start, s->value.size_bytes - start};
  assert_encodes_to(s, &w, rest);
}

static void rule_condition_sample(const sample *s) {
  /* MFCMAPI's standard conditions have 32-bit sizes of binaries, unlike those of ROPs. */
  if (strstr(s->text, "(PT_BINARY)") != NULL) return;
  check_condition(s, OX_COUNT_16);
}

static void extended_condition_sample(const sample *s) {
  check_condition(s, OX_COUNT_32);
}

static void test_restriction__samples(void **state) {
  NEEDS_DATA();
  each(state, "RULECONDITION", 3, rule_condition_sample);
  each(state, "EXTENDEDRULECONDITION", 2, extended_condition_sample);
}

static void rule_action_sample(const sample *s) {
  ox_reader r;
  ox_reader_init(&r, s->value.data, s->value.size_bytes);
  skip_names(s, &r);
  says_number(s, "RuleVersion: 0x%08llX", ox_read_u32(&r));
  size_t start = r.position;
  ox_rule_actions actions;
  assert_int_equal(ox_rule_actions_decode(&r, s->arena, OX_COUNT_32, &actions), OX_OK);
  assert_int_equal(ox_reader_finish(&r, NULL), OX_OK);
  says_number(s, "NoOfActions: 0x%08llX", actions.action_count);
  for (uint32_t i = 0; i < actions.action_count; i++) {
    const ox_rule_action *action = &actions.actions[i];
    says_number(s, " = %llu", action->action_type);
    if (action->action_type == OX_ACTION_MOVE) {
      says_hex(s, action->u.move.store_eid);
      check_entry_id(s, action->u.move.folder_eid);
    }
    if (action->action_type == OX_ACTION_DEFER) says_hex(s, action->u.defer.data);
    if (action->action_type == OX_ACTION_TAG) {
      says_number(s, "PropTag = 0x%08llX", action->u.tag.property.tag);
    }
  }
  ox_writer w;
  ox_writer_init(&w, NULL, FILE_MAX_BYTES);
  ox_rule_actions_encode(&w, OX_COUNT_32, &actions);
  ox_bytes rest = {s->value.data + start, s->value.size_bytes - start};
  assert_encodes_to(s, &w, rest);
}

static void test_rule_actions__samples(void **state) {
  NEEDS_DATA();
  each(state, "EXTENDEDRULEACTION", 2, rule_action_sample);
}

int main(int argc, char **argv) {
  find_samples(argc, argv);
  const struct CMUnitTest tests[] = {
      ARENA_TEST(test_entry_id__samples),    ARENA_TEST(test_flat_entry_list__samples),
      ARENA_TEST(test_entry_list__samples),  ARENA_TEST(test_xid_and_pcl__samples),
      ARENA_TEST(test_restriction__samples), ARENA_TEST(test_rule_actions__samples),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
