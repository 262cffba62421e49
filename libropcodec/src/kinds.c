#include <oxkit/ropcodec/kinds.h>

#include <string.h>

#include <oxkit/ropcodec/contacts.h>
#include <oxkit/ropcodec/data.h>
#include <oxkit/ropcodec/email.h>
#include <oxkit/ropcodec/folders.h>
#include <oxkit/ropcodec/freebusy.h>
#include <oxkit/ropcodec/ftinfo.h>
#include <oxkit/ropcodec/globalobjid.h>
#include <oxkit/ropcodec/ids.h>
#include <oxkit/ropcodec/outlook.h>
#include <oxkit/ropcodec/recurrence.h>
#include <oxkit/ropcodec/nspi.h>
#include <oxkit/ropcodec/rops.h>
#include <oxkit/ropcodec/searchfolder.h>
#include <oxkit/ropcodec/security.h>
#include <oxkit/ropcodec/tasks.h>
#include <oxkit/ropcodec/timezone.h>

#include "kinds.h"

/* In the order of the names. */
static const ox_kind table[] = {
    {"ace", "an entry of an access control list", &ox_ace_wire},
    {"acl", "an access control list", &ox_acl_wire},
    {"additional-ren-entry-ids-ex", "where special folders are (PidTagAdditionalRenEntryIdsEx)",
     &ox_additional_ren_entry_ids_ex_wire},
    {"address-list", "properties of several addressees", &ox_data_address_list_wire},
    {"appointment-recurrence", "the pattern and exceptions of a recurring appointment",
     &ox_appointment_recurrence_pattern_wire},
    {"appointment-tombstones",
     "meetings that were declined (PidTagScheduleInfoAppointmentTombstone)",
     &ox_tombstone_list_wire},
    {"autocomplete-stream", "Outlook's list of recent recipients, as in *.nk2",
     &ox_autocomplete_stream_wire},
    {"business-card", "how a contact's card looks (PidLidBusinessCardDisplayDefinition)",
     &ox_business_card_display_definition_wire},
    {"conversation-index", "a message's place in a conversation (PidTagConversationIndex)",
     &ox_conversation_index_wire},
    {"distribution-list-stream", "the members of a personal distribution list",
     &ox_distribution_list_stream_wire},
    {"entry-id", "an EntryID of any kind", &ox_data_entry_id_wire},
    {"entry-list", "EntryIDs behind their sizes, as in search folder definitions",
     &ox_entry_list_wire},
    {"extended-error-info", "what went wrong in the middle of a FastTransfer stream",
     &ox_ft_extended_error_info_wire},
    {"extended-folder-flags", "flags of a folder (PidTagExtendedFolderFlags)",
     &ox_extended_folder_flags_wire},
    {"extended-restriction", "a restriction with 32-bit counts, as in extended rules",
     &ox_data_extended_restriction_wire},
    {"extended-rule-actions", "the actions of an extended rule",
     &ox_data_extended_rule_actions_wire},
    {"extended-rule-condition", "PidTagExtendedRuleMessageCondition",
     &ox_data_extended_rule_condition_wire},
    {"extended-rule-message-actions", "PidTagExtendedRuleMessageActions",
     &ox_data_extended_rule_message_actions_wire},
    {"flat-entry-list", "EntryIDs in one binary value (PidTagReplyRecipientEntries)",
     &ox_data_flat_entry_list_wire},
    {"folder-replica-info", "where the content of a public folder is",
     &ox_ft_folder_replica_info_wire},
    {"folder-user-fields", "the fields that users added to a folder (PidTagUserFields)",
     &ox_folder_user_field_stream_wire},
    {"free-busy-month", "times of one kind in a month of free/busy data", &ox_free_busy_month_wire},
    {"ftstream", "a whole FastTransfer stream of any root", &ox_ft_fast_transfer_stream_wire},
    {"global-object-id", "the identity of an appointment", &ox_global_object_id_wire},
    {"globset", "ids of one replica (GLOBSET)", &ox_ids_globset_wire},
    {"idset", "ids by REPLGUID, as in the ICS state (MetaTagIdsetGiven, MetaTagCnsetSeen)",
     &ox_ids_idset_wire},
    {"idset-replid", "ids by REPLID, as in downloads (MetaTagIdsetDeleted, MetaTagIdsetRead)",
     &ox_ids_idset_by_replid_wire},
    {"long-term-id", "a folder's or message's id outside its replica", &ox_long_term_id_wire},
    {"notification-data", "the event that RopNotify tells of", &ox_notification_data_wire},
    {"nspi-bind-request", "the body of an address book Bind request over MAPI/HTTP",
     &ox_nspi_bind_request_wire},
    {"nspi-bind-response", "the body of an address book Bind response over MAPI/HTTP",
     &ox_nspi_bind_response_wire},
    {"nspi-compare-min-ids-request",
     "the body of an address book CompareMinIds request over MAPI/HTTP",
     &ox_nspi_compare_min_ids_request_wire},
    {"nspi-compare-min-ids-response",
     "the body of an address book CompareMinIds response over MAPI/HTTP",
     &ox_nspi_compare_min_ids_response_wire},
    {"nspi-dn-to-min-id-request", "the body of an address book DnToMinId request over MAPI/HTTP",
     &ox_nspi_dn_to_min_id_request_wire},
    {"nspi-dn-to-min-id-response", "the body of an address book DnToMinId response over MAPI/HTTP",
     &ox_nspi_dn_to_min_id_response_wire},
    {"nspi-get-address-book-url-request",
     "the body of an address book GetAddressBookUrl request over MAPI/HTTP",
     &ox_nspi_get_address_book_url_request_wire},
    {"nspi-get-address-book-url-response",
     "the body of an address book GetAddressBookUrl response over MAPI/HTTP",
     &ox_nspi_get_address_book_url_response_wire},
    {"nspi-get-mailbox-url-request",
     "the body of an address book GetMailboxUrl request over MAPI/HTTP",
     &ox_nspi_get_mailbox_url_request_wire},
    {"nspi-get-mailbox-url-response",
     "the body of an address book GetMailboxUrl response over MAPI/HTTP",
     &ox_nspi_get_mailbox_url_response_wire},
    {"nspi-get-matches-request", "the body of an address book GetMatches request over MAPI/HTTP",
     &ox_nspi_get_matches_request_wire},
    {"nspi-get-matches-response", "the body of an address book GetMatches response over MAPI/HTTP",
     &ox_nspi_get_matches_response_wire},
    {"nspi-get-prop-list-request", "the body of an address book GetPropList request over MAPI/HTTP",
     &ox_nspi_get_prop_list_request_wire},
    {"nspi-get-prop-list-response",
     "the body of an address book GetPropList response over MAPI/HTTP",
     &ox_nspi_get_prop_list_response_wire},
    {"nspi-get-props-request", "the body of an address book GetProps request over MAPI/HTTP",
     &ox_nspi_get_props_request_wire},
    {"nspi-get-props-response", "the body of an address book GetProps response over MAPI/HTTP",
     &ox_nspi_get_props_response_wire},
    {"nspi-get-special-table-request",
     "the body of an address book GetSpecialTable request over MAPI/HTTP",
     &ox_nspi_get_special_table_request_wire},
    {"nspi-get-special-table-response",
     "the body of an address book GetSpecialTable response over MAPI/HTTP",
     &ox_nspi_get_special_table_response_wire},
    {"nspi-get-template-info-request",
     "the body of an address book GetTemplateInfo request over MAPI/HTTP",
     &ox_nspi_get_template_info_request_wire},
    {"nspi-get-template-info-response",
     "the body of an address book GetTemplateInfo response over MAPI/HTTP",
     &ox_nspi_get_template_info_response_wire},
    {"nspi-mod-link-att-request", "the body of an address book ModLinkAtt request over MAPI/HTTP",
     &ox_nspi_mod_link_att_request_wire},
    {"nspi-mod-link-att-response", "the body of an address book ModLinkAtt response over MAPI/HTTP",
     &ox_nspi_mod_link_att_response_wire},
    {"nspi-mod-props-request", "the body of an address book ModProps request over MAPI/HTTP",
     &ox_nspi_mod_props_request_wire},
    {"nspi-mod-props-response", "the body of an address book ModProps response over MAPI/HTTP",
     &ox_nspi_mod_props_response_wire},
    {"nspi-query-columns-request",
     "the body of an address book QueryColumns request over MAPI/HTTP",
     &ox_nspi_query_columns_request_wire},
    {"nspi-query-columns-response",
     "the body of an address book QueryColumns response over MAPI/HTTP",
     &ox_nspi_query_columns_response_wire},
    {"nspi-query-rows-request", "the body of an address book QueryRows request over MAPI/HTTP",
     &ox_nspi_query_rows_request_wire},
    {"nspi-query-rows-response", "the body of an address book QueryRows response over MAPI/HTTP",
     &ox_nspi_query_rows_response_wire},
    {"nspi-resolve-names-request",
     "the body of an address book ResolveNames request over MAPI/HTTP",
     &ox_nspi_resolve_names_request_wire},
    {"nspi-resolve-names-response",
     "the body of an address book ResolveNames response over MAPI/HTTP",
     &ox_nspi_resolve_names_response_wire},
    {"nspi-resort-restriction-request",
     "the body of an address book ResortRestriction request over MAPI/HTTP",
     &ox_nspi_resort_restriction_request_wire},
    {"nspi-resort-restriction-response",
     "the body of an address book ResortRestriction response over MAPI/HTTP",
     &ox_nspi_resort_restriction_response_wire},
    {"nspi-seek-entries-request", "the body of an address book SeekEntries request over MAPI/HTTP",
     &ox_nspi_seek_entries_request_wire},
    {"nspi-seek-entries-response",
     "the body of an address book SeekEntries response over MAPI/HTTP",
     &ox_nspi_seek_entries_response_wire},
    {"nspi-unbind-request", "the body of an address book Unbind request over MAPI/HTTP",
     &ox_nspi_unbind_request_wire},
    {"nspi-unbind-response", "the body of an address book Unbind response over MAPI/HTTP",
     &ox_nspi_unbind_response_wire},
    {"nspi-update-stat-request", "the body of an address book UpdateStat request over MAPI/HTTP",
     &ox_nspi_update_stat_request_wire},
    {"nspi-update-stat-response", "the body of an address book UpdateStat response over MAPI/HTTP",
     &ox_nspi_update_stat_response_wire},
    {"permission-data", "one change of RopModifyPermissions", &ox_permission_data_wire},
    {"predecessor-change-list", "the changes that an object has seen (PidTagPredecessorChangeList)",
     &ox_data_pcl_wire},
    {"progress-information", "how much a content synchronization will send",
     &ox_ft_progress_information_wire},
    {"property-definition-stream",
     "the fields that users added to an item (PidLidPropertyDefinitionStream)",
     &ox_property_definition_stream_wire},
    {"property-group-info", "the groups of properties of partial message changes",
     &ox_ft_property_group_info_wire},
    {"property-list", "property values with their tags, behind their number",
     &ox_data_property_list_wire},
    {"property-name", "the name of a named property", &ox_data_property_name_wire},
    {"property-row", "a row of a table, of the columns that are given", &ox_data_property_row_wire},
    {"recipient-row", "a recipient of a message, with the columns that are given",
     &ox_data_recipient_row_wire},
    {"recipient-row-stream", "recipients of a message template", &ox_recipient_row_stream_wire},
    {"recurrence-pattern", "the pattern of a recurring task", &ox_recurrence_pattern_wire},
    {"report-tag", "the message that a report is about (PidTagReportTag)", &ox_report_tag_wire},
    {"restriction", "a restriction with 16-bit counts, as in ROPs", &ox_data_restriction_wire},
    {"rule-actions", "the actions of a standard rule (PidTagRuleActions)",
     &ox_data_rule_actions_wire},
    {"rule-data", "one change of RopModifyRules", &ox_rule_data_wire},
    {"search-folder-definition", "what a search folder finds (PidTagSearchFolderDefinition)",
     &ox_search_folder_definition_wire},
    {"security-descriptor", "a security descriptor in self-relative form",
     &ox_security_descriptor_wire},
    {"server-id", "a value of PtypServerId, as in PidTagParentSvrEid", &ox_data_server_id_wire},
    {"sid", "a security identifier", &ox_sid_wire},
    {"sort-order-set", "the sort order of a table", &ox_data_sort_order_set_wire},
    {"stored-properties", "property values with their tags, as in search folder definitions",
     &ox_stored_properties_wire},
    {"stored-restriction", "a restriction as in search folder definitions",
     &ox_stored_restriction_wire},
    {"stored-security-descriptor",
     "a security descriptor behind its header (PidTagNtSecurityDescriptor)",
     &ox_stored_security_descriptor_wire},
    {"swapped-to-do-data", "a flag that waits for sending (PidTagSwappedToDoData)",
     &ox_swapped_to_do_data_wire},
    {"tagged-property", "one property value with its tag", &ox_data_tagged_property_wire},
    {"task-assigners", "who assigned a task (PidLidTaskAssigners)", &ox_task_assigners_wire},
    {"timezone-definition", "a time zone with rules for ranges of years",
     &ox_time_zone_definition_wire},
    {"timezone-struct", "a time zone with one rule", &ox_time_zone_struct_wire},
    {"typed-string", "text in one of several forms, or none", &ox_typed_string_wire},
    {"verb-stream", "the voting buttons of a message (PidLidVerbStream)", &ox_verb_stream_wire},
    {"view-descriptor", "columns and order of a folder's view (PidTagViewDescriptorBinary)",
     &ox_view_descriptor_wire},
    {"web-view", "the web page that a folder shows (PidTagFolderWebViewInfo)",
     &ox_web_view_persist_stream_wire},
    {"xid", "the id of an object or a change (PidTagSourceKey, PidTagChangeKey)",
     &ox_data_xid_wire},
};

const ox_kind *ox_kind_table(size_t *count_out) {
  *count_out = sizeof table / sizeof table[0];
  return table;
}

static const ox_kind *find(ox_str8 name) {
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    if (strlen(table[i].name) == name.size_bytes &&
        memcmp(table[i].name, name.data, name.size_bytes) == 0) {
      return &table[i];
    }
  }
  return NULL;
}

const ox_kind *ox_kind_find(const char *name) {
  return find(ox_str8_from(name));
}

ox_status ox_kind_decode(const ox_kind *kind, ox_bytes bytes, const ox_wire_context *context,
                         ox_arena *arena, void **value_out, ox_error *err) {
  ox_reader r;
  ox_reader_init(&r, bytes.data, bytes.size_bytes);
  *value_out = NULL;
  void *value = ox_arena_calloc(arena, 1, kind->structure->size_bytes);
  if (value == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  ox_wire_decode(kind->structure, &r, arena, context, value, NULL, NULL);
  ox_status status = ox_reader_finish(&r, err);
  if (status == OX_OK) *value_out = value;
  return status;
}

ox_status ox_kind_dump(const ox_kind *kind, ox_bytes bytes, const ox_wire_context *context,
                       ox_writer *w, ox_error *err) {
  ox_reader r;
  ox_arena arena;
  ox_reader_init(&r, bytes.data, bytes.size_bytes);
  ox_arena_init(&arena, w->allocator, 0);
  ox_wire_dump(kind->structure, &r, &arena, context, 0, w);
  ox_arena_dispose(&arena);
  return ox_reader_finish(&r, err);
}

void ox_json_put_columns(ox_json_writer *j, const ox_proptag *columns, size_t column_count) {
  if (columns == NULL) return;
  ox_json_key(j, "columns");
  ox_json_begin(j, '[');
  for (size_t i = 0; i < column_count; i++) ox_json_put_tag(j, columns[i]);
  ox_json_end(j, ']');
}

bool ox_json_is_exact(ox_json_writer *j, const ox_wire_struct *structure, const void *value,
                      ox_bytes bytes) {
  ox_writer again;
  ox_writer_init(&again, j->w->allocator, bytes.size_bytes + 1);
  ox_wire_encode(structure, &again, value);
  bool same = again.status == OX_OK && ox_bytes_equal(ox_writer_bytes(&again), bytes);
  if (again.status == OX_E_NO_MEMORY) ox_writer_fail(j->w, OX_E_NO_MEMORY);
  ox_writer_dispose(&again);
  return same;
}

ox_status ox_kind_to_json(const ox_kind *kind, ox_bytes bytes, const ox_wire_context *context,
                          ox_writer *w, ox_error *err) {
  ox_arena arena;
  void *value;
  ox_arena_init(&arena, w->allocator, 0);
  ox_status status = ox_kind_decode(kind, bytes, context, &arena, &value, err);
  if (status == OX_OK) {
    ox_json_writer j;
    ox_json_init(&j, w);
    ox_json_begin(&j, '{');
    ox_json_key(&j, "kind");
    ox_json_put_ascii(&j, kind->name);
    if (context != NULL) ox_json_put_columns(&j, context->columns, context->column_count);
    ox_json_key(&j, "value");
    ox_json_put_struct(&j, kind->structure, context, value);
    if (!ox_json_is_exact(&j, kind->structure, value, bytes)) {
      ox_json_key(&j, "bytes");
      ox_json_put_bytes(&j, bytes.data, bytes.size_bytes);
    }
    ox_json_end(&j, '}');
    ox_write_u8(w, '\n');
    status = ox_writer_status(w);
    if (status != OX_OK) ox_error_set(err, status, NULL);
  }
  ox_arena_dispose(&arena);
  return status;
}

void ox_json_get_columns(ox_json_reader *r, const ox_json_value *top, ox_wire_context *context) {
  const ox_json_value *array = ox_json_member(r, top, "columns");
  if (array == NULL) return;
  uint32_t count;
  const ox_json_value *item = ox_json_items(r, array, &count);
  ox_proptag *columns = ox_json_alloc(r, count, sizeof *columns);
  for (uint32_t i = 0; item != NULL && r->status == OX_OK; i++, item = item->next) {
    columns[i] = ox_json_tag(r, item);
  }
  context->columns = context->recipient_columns = columns;
  context->column_count = context->recipient_column_count = count;
}

static void encode(ox_json_reader *r, const ox_json_value *top, const ox_kind *kind, ox_writer *w) {
  ox_wire_context context = {0};
  ox_json_get_columns(r, top, &context);
  const ox_json_value *json = ox_json_need(r, top, "value");
  const ox_json_value *bytes = ox_json_member(r, top, "bytes");
  ox_json_close(r, top);
  if (bytes != NULL) {
    ox_json_copy_bytes(r, bytes, w);
    return;
  }
  void *value = ox_json_alloc(r, 1, kind->structure->size_bytes);
  if (value == NULL) return;
  ox_json_struct(r, json, kind->structure, &context, value);
  if (r->status != OX_OK) return;
  ox_wire_encode(kind->structure, w, value);
  if (w->status != OX_OK) {
    ox_json_fail(r, json, w->status, "This value cannot be encoded: %s", ox_status_text(w->status));
  }
}

static bool names(const ox_json_value *json, const char *name) {
  return json->type == OX_JSON_TEXT && json->text.size_bytes == strlen(name) &&
         memcmp(json->text.data, name, json->text.size_bytes) == 0;
}

ox_status ox_kind_from_json(ox_str8 text, ox_writer *w, const ox_kind **kind_out, ox_error *err) {
  ox_arena arena;
  ox_json_reader r;
  ox_arena_init(&arena, w->allocator, 0);
  ox_json_reader_init(&r, &arena);
  if (kind_out != NULL) *kind_out = NULL;
  const ox_json_value *top = ox_json_parse(&r, text);
  const ox_json_value *name = top != NULL ? ox_json_need(&r, top, "kind") : NULL;
  if (name != NULL && (names(name, "rop-input") || names(name, "rop-output"))) {
    ox_rop_buffer_get(&r, top, names(name, "rop-output"), w);
  } else if (name != NULL) {
    const ox_kind *kind = name->type == OX_JSON_TEXT ? find(name->text) : NULL;
    if (kind == NULL) ox_json_fail(&r, name, OX_E_NOT_FOUND, "There is no kind of this name.");
    if (kind != NULL) encode(&r, top, kind, w);
    if (kind_out != NULL && r.status == OX_OK) *kind_out = kind;
  }
  if (r.status == OX_OK && w->status != OX_OK) {
    ox_json_fail(&r, NULL, w->status, "%s", ox_status_text(w->status));
  }
  ox_arena_dispose(&arena);
  return ox_json_status(&r, err);
}
