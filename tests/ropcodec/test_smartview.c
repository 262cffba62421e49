/* Real values from the tests of MFCMAPI (reference data beside the source tree): what we decode is
 * what that program says, and encodes to the same bytes. */
#include "smartview.h"

#include <stdio.h>

#include <oxkit/ropcodec/kinds.h>
#include <oxkit/ropcodec/namedprop.h>
#include <oxkit/ropcodec/pcl.h>
#include <oxkit/ropcodec/restriction.h>
#include <oxkit/ropcodec/ruleaction.h>

static void entry_id_sample(sample *s) {
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
  NEEDS_SMARTVIEW();
  smartview_each(state, "ENTRYID", 20, entry_id_sample);
}

static void flat_list_sample(sample *s) {
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
  ox_writer w;
  ox_writer_init(&w, NULL, SMARTVIEW_MAX_BYTES);
  ox_flat_entry_list_encode(&w, &list);
  assert_int_equal(ox_writer_status(&w), OX_OK);
  assert_int_equal(w.size_bytes, s->value.size_bytes); /* the pads hold what memory held */
  ox_flat_entry_list again;
  assert_int_equal(ox_flat_entry_list_decode(ox_writer_bytes(&w), s->arena, &again), OX_OK);
  for (uint32_t i = 0; i < list.count; i++) {
    assert_true(ox_bytes_equal(again.entry_ids[i], list.entry_ids[i]));
  }
  ox_writer_dispose(&w);
}

static void test_flat_entry_list__samples(void **state) {
  NEEDS_SMARTVIEW();
  smartview_each(state, "FLATENTRYLIST", 1, flat_list_sample);
}

/* XIDs. */

static void pcl_sample(sample *s) {
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
  ox_writer_init(&w, NULL, SMARTVIEW_MAX_BYTES);
  ox_pcl_encode(&w, &pcl);
  assert_encodes_to(s, &w, s->value);
}

static void xid_sample(sample *s) {
  ox_xid xid;
  assert_int_equal(ox_xid_decode(s->value, &xid, NULL), OX_OK);
  says_guid(s, "NamespaceGuid", &xid.namespace_guid);
  ox_bytes local = {xid.local_id, xid.local_id_bytes};
  says_hex(s, local);
}

static void test_xid_and_pcl__samples(void **state) {
  NEEDS_SMARTVIEW();
  smartview_each(state, "PCL", 2, pcl_sample);
  smartview_each(state, "XID", 2, xid_sample);
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
  ox_writer_init(&w, NULL, SMARTVIEW_MAX_BYTES);
  ox_restriction_encode(&w, width, &restriction);
  ox_bytes rest = {s->value.data + start, s->value.size_bytes - start};
  assert_encodes_to(s, &w, rest);
}

static void rule_condition_sample(sample *s) {
  /* MFCMAPI's standard conditions have 32-bit sizes of binaries, unlike those of ROPs. */
  if (strstr(s->text, "(PT_BINARY)") != NULL) return;
  check_condition(s, OX_COUNT_16);
}

/* The whole value is of that kind, and is written again as it was. */
static void check_kind(sample *s, const char *name) {
  const ox_kind *kind = ox_kind_find(name);
  void *value;
  ox_error err;
  assert_non_null(kind);
  if (ox_kind_decode(kind, s->value, NULL, s->arena, &value, &err) != OX_OK)
    fail_msg("%s: %s", s->name, err.text);
  ox_writer w;
  ox_writer_init(&w, NULL, SMARTVIEW_MAX_BYTES);
  ox_wire_encode(kind->structure, &w, value);
  assert_encodes_to(s, &w, s->value);
}

static void extended_condition_sample(sample *s) {
  check_condition(s, OX_COUNT_32);
  check_kind(s, "extended-rule-condition");
}

static void test_restriction__samples(void **state) {
  NEEDS_SMARTVIEW();
  smartview_each(state, "RULECONDITION", 3, rule_condition_sample);
  smartview_each(state, "EXTENDEDRULECONDITION", 2, extended_condition_sample);
}

static void rule_action_sample(sample *s) {
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
  ox_writer_init(&w, NULL, SMARTVIEW_MAX_BYTES);
  ox_rule_actions_encode(&w, OX_COUNT_32, &actions);
  ox_bytes rest = {s->value.data + start, s->value.size_bytes - start};
  assert_encodes_to(s, &w, rest);
  check_kind(s, "extended-rule-message-actions");
}

static void test_rule_actions__samples(void **state) {
  NEEDS_SMARTVIEW();
  smartview_each(state, "EXTENDEDRULEACTION", 2, rule_action_sample);
}

/* EntryIDs in URLs. */

static void encode_sample(sample *s) {
  ox_str16 text;
  assert_int_equal(ox_entry_id_to_url_text(s->arena, s->value, &text), OX_OK);
  says(s, ox_str16_utf8(s->arena, text));
  ox_bytes again;
  assert_int_equal(ox_entry_id_from_url_text(s->arena, text, &again), OX_OK);
  assert_true(ox_bytes_equal(again, s->value));
}

static void decode_sample(sample *s) {
  ox_str16 text = {s->value.data, s->value.size_bytes};
  ox_bytes entry_id;
  assert_int_equal(ox_entry_id_from_url_text(s->arena, text, &entry_id), OX_OK);
  says_hex(s, entry_id);
}

static void test_entry_id_in_url__samples(void **state) {
  NEEDS_SMARTVIEW();
  smartview_each(state, "ENCODEENTRYID", 1, encode_sample);
  smartview_each(state, "DECODEENTRYID", 1, decode_sample);
}

int main(int argc, char **argv) {
  smartview_find(argc, argv);
  const struct CMUnitTest tests[] = {
      ARENA_TEST(test_entry_id__samples),    ARENA_TEST(test_flat_entry_list__samples),
      ARENA_TEST(test_xid_and_pcl__samples), ARENA_TEST(test_entry_id_in_url__samples),
      ARENA_TEST(test_restriction__samples), ARENA_TEST(test_rule_actions__samples),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
