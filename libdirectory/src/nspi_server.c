/* The operations of an NSPI server, in the form that MAPI over HTTP carries.
 * @spec [MS-OXNSPI] 3.1.4.1, [MS-OXCMAPIHTTP] 2.2.5 */
#include "nspi_internal.h"

#include <string.h>

#include <oxkit/ropcodec/properties.h>

/* Return values that are no errors of [MS-OXCDATA] 2.4. @spec [MS-OXNSPI] 2.2.1.2 */
enum { UNBIND_SUCCESS = 1 };
/* The hierarchy never changes while the program runs. */
enum { HIERARCHY_VERSION = 1 };
/* Values of one answer. */
enum { CELLS_MAX = 2000000, SEEK_ROWS = 50 };

/* What clients get that name no columns. @spec [MS-OXNSPI] 3.1.4.1.8, constraint 6 */
static const ox_proptag default_columns[] = {
    OX_PidTagAddressBookContainerId,
    OX_PidTagObjectType,
    OX_PidTagDisplayType,
    OX_PROPTAG_AS(OX_PidTagDisplayName, OX_PTYP_STRING8),
    OX_PROPTAG_AS(OX_PidTagPrimaryTelephoneNumber, OX_PTYP_STRING8),
    OX_PROPTAG_AS(OX_PidTagDepartmentName, OX_PTYP_STRING8),
    OX_PROPTAG_AS(OX_PidTagOfficeLocation, OX_PTYP_STRING8),
};
enum { DEFAULT_COLUMN_COUNT = sizeof default_columns / sizeof *default_columns };

/* A failure that the client shall see: one of [MS-OXNSPI] 2.2.1.2. */
static ox_status shown(ox_status status) {
  switch (status) {
    case OX_OK:
    case UNBIND_SUCCESS:
    case OX_W_ERRORS_RETURNED:
    case OX_E_NO_SUPPORT:
    case OX_E_INVALID_OBJECT:
    case OX_E_OUT_OF_RESOURCES:
    case OX_E_NOT_FOUND:
    case OX_E_LOGON_FAILED:
    case OX_E_TOO_COMPLEX:
    case OX_E_UNSUPPORTED_CODEPAGE:
    case OX_E_INVALID_LOCALE:
    case OX_E_TABLE_TOO_BIG:
    case OX_E_INVALID_BOOKMARK:
    case OX_E_ACCESS_DENIED:
    case OX_E_NOT_ENOUGH_MEMORY:
    case OX_E_INVALID_PARAMETER: return status;
    case OX_E_NO_MEMORY: return OX_E_NOT_ENOUGH_MEMORY;
    case OX_E_LIMIT: return OX_E_TABLE_TOO_BIG;
    default: return OX_E_CALL_FAILED;
  }
}

/* --- Rows ------------------------------------------------------------------------------------- */

/* Columns and rows as answers hold them. */
typedef struct row_set {
  uint32_t column_count;
  ox_proptag *columns;
  uint32_t row_count;
  ox_ab_row *rows;
} row_set;

static ox_status choose_columns(nspi_call *call, bool has, uint32_t count, ox_proptag *columns,
                                row_set *out) {
  if (count > OX_ADDRESSBOOK_COLUMNS_MAX) return OX_E_TABLE_TOO_BIG;
  if (!has) {
    columns = ox_arena_copy(call->arena, default_columns, sizeof default_columns);
    count = DEFAULT_COLUMN_COUNT;
    if (columns == NULL) return OX_E_NO_MEMORY;
    if (call->code_page == OX_CODEPAGE_UTF16LE)
      for (uint32_t i = 3; i < count; i++) columns[i] = OX_PROPTAG_AS(columns[i], OX_PTYP_STRING);
  }
  out->columns = columns;
  out->column_count = count;
  return OX_OK;
}

/* Rows that one answer may have for so many columns. */
static uint32_t rows_max(uint32_t column_count) {
  uint32_t rows = column_count != 0 ? CELLS_MAX / column_count : OX_ADDRESSBOOK_ROWS_MAX;
  return rows < OX_ADDRESSBOOK_ROWS_MAX ? rows : OX_ADDRESSBOOK_ROWS_MAX;
}

static ox_status fill_rows(nspi_call *call, const uint32_t *mids, uint32_t count, row_set *out) {
  out->rows = ox_arena_calloc(call->arena, count, sizeof *out->rows);
  if (out->rows == NULL) return OX_E_NO_MEMORY;
  for (uint32_t i = 0; i < count; i++) {
    out->rows[i].value_count = out->column_count;
    ox_status status =
        nspi_row(call, mids[i], out->columns, out->column_count, &out->rows[i].values, NULL);
    if (status != OX_OK) return status;
  }
  out->row_count = count;
  return OX_OK;
}

/* Rows of a table from a position on. */
static ox_status table_rows(nspi_call *call, const gal_table *table, uint32_t position,
                            uint32_t count, row_set *out) {
  uint32_t left = table->count - position, most = rows_max(out->column_count);
  if (count > left) count = left;
  if (count > most) count = most;
  uint32_t *mids = ox_arena_calloc(call->arena, count, sizeof *mids);
  if (mids == NULL) return OX_E_NO_MEMORY;
  for (uint32_t i = 0; i < count; i++) mids[i] = gal_mid(call->gal, table, position + i);
  return fill_rows(call, mids, count, out);
}

static void take_state(nspi_call *call, bool has_state, const ox_nspi_stat *stat) {
  call->code_page = has_state ? stat->code_page : OX_CODEPAGE_UTF16LE;
}

/* --- Operations ------------------------------------------------------------------------------- */

/* Each does what a decoded request asks and fills the response, which begins as zeros. Its status
 * is what the client gets as the error code. */

static ox_status bind(nspi_call *call, const ox_nspi_bind_request *in, ox_nspi_bind_response *out) {
  out->server_guid = call->server->guid;
  return in->has_state && nspi_code_page(in->state.code_page) == 0 ? OX_E_UNSUPPORTED_CODEPAGE
                                                                   : OX_OK;
}

static ox_status unbind(nspi_call *call, const ox_nspi_unbind_request *in,
                        ox_nspi_unbind_response *out) {
  (void)call, (void)in, (void)out;
  return UNBIND_SUCCESS;
}

static ox_status compare_min_ids(nspi_call *call, const ox_nspi_compare_min_ids_request *in,
                                 ox_nspi_compare_min_ids_response *out) {
  uint32_t first, second;
  const gal_table *table = gal_container(call->gal, in->state.container_id);
  if (table == NULL) return OX_E_INVALID_BOOKMARK;
  if (!gal_position(call->gal, table, in->minimal_id1, &first) ||
      !gal_position(call->gal, table, in->minimal_id2, &second))
    return OX_E_CALL_FAILED;
  out->result = first < second ? -1 : first > second;
  return OX_OK;
}

/* The minimal entry id of a DN; 0 when nothing has it. */
static ox_status mid_of_dn(nspi_call *call, ox_str8 name, uint32_t *mid_out) {
  int64_t id = 0;
  *mid_out = 0;
  const char *dn = ox_arena_copy(call->arena, name.data, name.size_bytes);
  if (dn == NULL) return OX_E_NO_MEMORY;
  if (!dir_is_dn(dn)) return OX_OK;
  dir_lock(call->directory);
  ox_status status = dir_find(call->directory, dn, &id, NULL);
  dir_unlock(call->directory);
  if (status == OX_OK) *mid_out = (uint32_t)id;
  return status == OX_E_NOT_FOUND ? OX_OK : status;
}

static ox_status dn_to_min_id(nspi_call *call, const ox_nspi_dn_to_min_id_request *in,
                              ox_nspi_dn_to_min_id_response *out) {
  ox_status status = OX_OK;
  out->minimal_ids = ox_arena_calloc(call->arena, in->name_count, sizeof *out->minimal_ids);
  if (out->minimal_ids == NULL) status = OX_E_NO_MEMORY;
  for (uint32_t i = 0; i < in->name_count && status == OX_OK; i++)
    status = mid_of_dn(call, in->names[i], &out->minimal_ids[i]);
  out->has_minimal_ids = status == OX_OK;
  out->minimal_id_count = in->name_count;
  return status;
}

/* The explicit table of GetMatches. */
static ox_status matches(nspi_call *call, const ox_nspi_get_matches_request *in,
                         uint32_t **mids_out, uint32_t *count_out) {
  uint32_t limit = in->row_count;
  if (limit > OX_ADDRESSBOOK_ROWS_MAX) limit = OX_ADDRESSBOOK_ROWS_MAX;
  if (!in->has_filter) {
    ox_proptag tag =
        in->has_property_name ? OX_PROPTAG(in->property_name_id, 0) : in->state.container_id;
    if (in->state.sort_type == OX_SORT_TYPE_DISPLAY_NAME_W) return OX_E_NO_SUPPORT;
    ox_status status = nspi_linked(call, in->state.current_rec, tag, limit, mids_out, count_out);
    return status == OX_E_NOT_FOUND ? OX_E_CALL_FAILED : status;
  }
  const gal_table *table = gal_container(call->gal, in->state.container_id);
  if (table == NULL) return OX_E_INVALID_BOOKMARK;
  return nspi_filter(call, table, &in->filter, limit, mids_out, count_out);
}

static ox_status get_matches(nspi_call *call, const ox_nspi_get_matches_request *in,
                             ox_nspi_get_matches_response *out) {
  row_set rows = {0};
  take_state(call, in->has_state, &in->state);
  call->ephemeral = true; /* constraint 18 */
  ox_status status = matches(call, in, &out->minimal_ids, &out->minimal_id_count);
  if (status == OX_OK && in->has_columns) {
    status = choose_columns(call, true, in->column_count, in->columns, &rows);
    if (status == OX_OK && out->minimal_id_count > rows_max(rows.column_count))
      status = OX_E_TABLE_TOO_BIG;
    if (status == OX_OK) status = fill_rows(call, out->minimal_ids, out->minimal_id_count, &rows);
  }
  if (status == OX_OK) {
    out->has_state = in->has_state;
    out->state = in->state;
    out->state.container_id = in->state.current_rec; /* constraint 15 */
    out->has_minimal_ids = true;
    out->has_columns_and_rows = in->has_columns;
    out->column_count = rows.column_count;
    out->columns = rows.columns;
    out->row_count = rows.row_count;
    out->row_data = rows.rows;
  }
  return status;
}

static ox_status get_prop_list(nspi_call *call, const ox_nspi_get_prop_list_request *in,
                               ox_nspi_get_prop_list_response *out) {
  call->code_page = in->code_page;
  ox_status status = OX_E_NOT_FOUND;
  if (in->minimal_id >= FIRST_MID)
    status = nspi_property_tags(call, in->minimal_id, in->code_page == OX_CODEPAGE_UTF16LE,
                                (in->flags & NSPI_SKIP_OBJECTS) == 0, &out->property_tags,
                                &out->property_tag_count);
  out->has_property_tags = status == OX_OK;
  return status;
}

static ox_status get_props(nspi_call *call, const ox_nspi_get_props_request *in,
                           ox_nspi_get_props_response *out) {
  bool complete = true;
  take_state(call, in->has_state, &in->state);
  call->ephemeral = (in->flags & NSPI_EPHEMERAL_IDS) != 0;
  ox_proptag *tags = in->property_tags;
  uint32_t count = in->property_tag_count;
  ox_status status = OX_OK;
  if (gal_container(call->gal, in->state.container_id) == NULL) status = OX_E_INVALID_BOOKMARK;
  if (status == OX_OK && count > OX_ADDRESSBOOK_COLUMNS_MAX) status = OX_E_TABLE_TOO_BIG;
  /* Tables of objects are left out of a list that the client did not write: they have no value
   * that this form of the protocol could carry. */
  if (status == OX_OK && !in->has_property_tags)
    status = in->state.current_rec < FIRST_MID
                 ? OX_E_NOT_FOUND
                 : nspi_property_tags(call, in->state.current_rec,
                                      call->code_page == OX_CODEPAGE_UTF16LE, false, &tags, &count);
  if (status == OX_OK)
    status = nspi_row(call, in->state.current_rec, tags, count, &out->property_values, &complete);
  if (status == OX_OK && !complete) status = OX_W_ERRORS_RETURNED;
  out->code_page = call->code_page;
  out->has_property_values = status == OX_OK || status == OX_W_ERRORS_RETURNED;
  out->property_value_count = count;
  return status;
}

static ox_status get_special_table(nspi_call *call, const ox_nspi_get_special_table_request *in,
                                   ox_nspi_get_special_table_response *out) {
  take_state(call, in->has_state, &in->state);
  bool templates = (in->flags & NSPI_ADDRESS_CREATION_TEMPLATES) != 0;
  bool known = in->has_version && in->version == HIERARCHY_VERSION;
  bool unicode = (in->flags & NSPI_UNICODE_STRINGS) != 0 || call->code_page == OX_CODEPAGE_UTF16LE;
  ox_status status = OX_OK;
  if (!templates && !known) {
    out->rows = ox_arena_calloc(call->arena, CONTAINER_COUNT, sizeof *out->rows);
    if (out->rows == NULL) status = OX_E_NO_MEMORY;
    for (size_t c = 0; c < CONTAINER_COUNT && status == OX_OK; c++)
      status = nspi_container_row(call, c, unicode, &out->rows[out->rows_count++]);
  }
  out->code_page = call->code_page;
  out->has_version = !templates;
  out->version = HIERARCHY_VERSION;
  out->has_rows = status == OX_OK;
  return status;
}

/* There are no templates yet: constraint 5 gives the answer for that. */
static ox_status get_template_info(nspi_call *call, const ox_nspi_get_template_info_request *in,
                                   ox_nspi_get_template_info_response *out) {
  bool known = in->code_page != OX_CODEPAGE_UTF16LE && nspi_code_page(in->code_page) != 0;
  (void)call;
  out->code_page = in->code_page;
  return known ? OX_E_INVALID_LOCALE : OX_E_UNSUPPORTED_CODEPAGE;
}

/* The address book cannot be changed through NSPI. */
static ox_status mod_link_att(nspi_call *call, const ox_nspi_mod_link_att_request *in,
                              ox_nspi_mod_link_att_response *out) {
  (void)out;
  ox_directory_entry entry;
  ox_status status = nspi_load(call, in->minimal_id, &entry);
  if (OX_PROPTAG_ID(in->property_tag) != OX_PROPTAG_ID(OX_PidTagAddressBookMember) &&
      OX_PROPTAG_ID(in->property_tag) != OX_PROPTAG_ID(OX_PidTagAddressBookPublicDelegates))
    return OX_E_NOT_FOUND;
  if (status == OX_E_NOT_FOUND) return OX_E_INVALID_PARAMETER;
  return status == OX_OK ? OX_E_ACCESS_DENIED : status;
}

static ox_status mod_props(nspi_call *call, const ox_nspi_mod_props_request *in,
                           ox_nspi_mod_props_response *out) {
  (void)out;
  ox_directory_entry entry;
  ox_status status = nspi_load(call, in->state.current_rec, &entry);
  if (!in->has_property_tags_to_remove || status == OX_E_NOT_FOUND) return OX_E_INVALID_PARAMETER;
  return status == OX_OK ? OX_E_ACCESS_DENIED : status;
}

static ox_status query_rows(nspi_call *call, const ox_nspi_query_rows_request *in,
                            ox_nspi_query_rows_response *out) {
  row_set rows = {0};
  uint32_t position = 0;
  take_state(call, in->has_state, &in->state);
  call->ephemeral = (in->flags & NSPI_EPHEMERAL_IDS) != 0;
  out->state = in->state;
  ox_status status = choose_columns(call, in->has_columns, in->column_count, in->columns, &rows);
  if (status == OX_OK && in->explicit_table_count != 0) {
    uint32_t count =
        in->row_count < in->explicit_table_count ? in->row_count : in->explicit_table_count;
    if (count > rows_max(rows.column_count)) count = rows_max(rows.column_count);
    status = fill_rows(call, in->explicit_table, count, &rows);
  } else if (status == OX_OK) {
    const gal_table *table = gal_container(call->gal, in->state.container_id);
    status = table == NULL ? OX_E_INVALID_BOOKMARK
                           : gal_locate(call->gal, table, &in->state, &position, NULL);
    if (status == OX_OK) status = table_rows(call, table, position, in->row_count, &rows);
    if (status == OX_OK)
      gal_report(call->gal, table, position + rows.row_count, &out->state); /* constraint 16 */
  }
  if (status == OX_OK) {
    out->has_state = in->has_state;
    out->has_columns_and_rows = true;
    out->column_count = rows.column_count;
    out->columns = rows.columns;
    out->row_count = rows.row_count;
    out->row_data = rows.rows;
  }
  return status;
}

static ox_status query_columns(nspi_call *call, const ox_nspi_query_columns_request *in,
                               ox_nspi_query_columns_response *out) {
  ox_status status = nspi_property_tags(call, 0, (in->mapi_flags & NSPI_UNICODE_PROPTYPES) != 0,
                                        true, &out->columns, &out->column_count);
  out->has_columns = status == OX_OK;
  return status;
}

static ox_status resolve_names(nspi_call *call, const ox_nspi_resolve_names_request *in,
                               ox_nspi_resolve_names_response *out) {
  row_set rows = {0};
  take_state(call, in->has_state, &in->state);
  const gal_table *table = gal_container(call->gal, in->state.container_id);
  ox_status status = table != NULL ? OX_OK : OX_E_INVALID_BOOKMARK;
  if (status == OX_OK && in->name_count > OX_ADDRESSBOOK_NAMES_MAX) status = OX_E_TABLE_TOO_BIG;
  if (status == OX_OK)
    status = choose_columns(call, in->has_property_tags, in->property_tag_count, in->property_tags,
                            &rows);
  uint32_t *resolved = ox_arena_calloc(call->arena, in->name_count, sizeof *resolved), count = 0;
  out->minimal_ids = ox_arena_calloc(call->arena, in->name_count, sizeof *out->minimal_ids);
  if (resolved == NULL || out->minimal_ids == NULL) status = OX_E_NO_MEMORY;
  for (uint32_t i = 0; i < in->name_count && status == OX_OK; i++) {
    uint32_t mid = MID_UNRESOLVED;
    const char *text = ox_str16_utf8(call->arena, in->name_values[i]);
    status = text != NULL ? nspi_resolve(call, table, text, &mid) : OX_E_NO_MEMORY;
    out->minimal_ids[i] = mid >= FIRST_MID ? OX_ADDRESSBOOK_RESOLVED : mid;
    if (mid >= FIRST_MID) resolved[count++] = mid;
  }
  if (status == OX_OK && count > rows_max(rows.column_count)) status = OX_E_TABLE_TOO_BIG;
  if (status == OX_OK) status = fill_rows(call, resolved, count, &rows);
  out->code_page = call->code_page;
  if (status == OX_OK) {
    out->has_minimal_ids = true;
    out->minimal_id_count = in->name_count;
    out->has_rows_and_cols = true;
    out->property_tag_count = rows.column_count;
    out->property_tags = rows.columns;
    out->row_count = rows.row_count;
    out->row_data = rows.rows;
  }
  return status;
}

static ox_status resort_restriction(nspi_call *call, const ox_nspi_resort_restriction_request *in,
                                    ox_nspi_resort_restriction_response *out) {
  ox_status status = in->state.sort_type == OX_SORT_TYPE_DISPLAY_NAME ? OX_OK : OX_E_CALL_FAILED;
  if (status == OX_OK)
    status = nspi_sort(call, in->minimal_ids, in->minimal_id_count, &out->minimal_ids,
                       &out->minimal_id_count);
  if (status == OX_OK) {
    out->has_minimal_ids = true;
    out->has_state = in->has_state;
    out->state = in->state;
    out->state.total_recs = out->minimal_id_count;
    out->state.num_pos = 0;
    out->state.current_rec = MID_BEGINNING_OF_TABLE;
    for (uint32_t i = 0; i < out->minimal_id_count; i++) {
      if (out->minimal_ids[i] != in->state.current_rec) continue;
      out->state.num_pos = i;
      out->state.current_rec = in->state.current_rec;
      break;
    }
  }
  return status;
}

/* The sort key that a target asks for. */
static ox_status seek_key(nspi_call *call, const ox_property *target, ox_bytes *out) {
  ox_str16 name = target->value.string;
  if (OX_PROPTAG_ID(target->tag) != OX_PROPTAG_ID(OX_PidTagDisplayName)) return OX_E_CALL_FAILED;
  if (OX_PROPTAG_TYPE(target->tag) == OX_PTYP_STRING8) {
    char *utf8;
    uint32_t page = nspi_code_page(call->code_page);
    if (page == 0 || page == OX_CODEPAGE_UTF16LE) page = OX_CODEPAGE_WINDOWS_1252;
    ox_status status = ox_str8_to_utf8(call->arena, target->value.string8, page, &utf8);
    if (status == OX_OK) status = ox_str16_from_utf8(call->arena, ox_str8_from(utf8), &name);
    if (status != OX_OK) return status;
  } else if (OX_PROPTAG_TYPE(target->tag) != OX_PTYP_STRING) {
    return OX_E_CALL_FAILED;
  }
  return ox_str16_sort_key(call->arena, name, SORT_KEY_MAX_BYTES, out);
}

/* The explicit table's first object that is not before the key. */
static ox_status seek_explicit(nspi_call *call, const ox_nspi_seek_entries_request *in,
                               ox_bytes key, uint32_t *index_out) {
  const gal_table *all = gal_container(call->gal, 0);
  uint32_t wanted = gal_seek(call->gal, all, key), position;
  for (uint32_t i = 0; i < in->explicit_table_count; i++)
    if (gal_position(call->gal, all, in->explicit_table[i], &position) && position >= wanted)
      return *index_out = i, OX_OK;
  return OX_E_NOT_FOUND;
}

static ox_status seek(nspi_call *call, const ox_nspi_seek_entries_request *in, ox_nspi_stat *stat,
                      row_set *rows) {
  ox_bytes key;
  uint32_t position = 0;
  const gal_table *table = gal_container(call->gal, in->state.container_id);
  if (table == NULL) return OX_E_INVALID_BOOKMARK;
  if (in->state.sort_type != OX_SORT_TYPE_DISPLAY_NAME || !in->has_target) return OX_E_CALL_FAILED;
  ox_status status = seek_key(call, &in->target, &key);
  if (status == OX_OK && in->has_columns)
    status = choose_columns(call, true, in->column_count, in->columns, rows);
  if (status != OX_OK) return status;
  if (in->has_explicit_table) {
    status = seek_explicit(call, in, key, &position);
    if (status != OX_OK) return status;
    uint32_t left = in->explicit_table_count - position;
    stat->current_rec = in->explicit_table[position];
    stat->num_pos = position;
    stat->total_recs = in->explicit_table_count;
    if (left > rows_max(rows->column_count)) left = rows_max(rows->column_count);
    return in->has_columns ? fill_rows(call, in->explicit_table + position, left, rows) : OX_OK;
  }
  position = gal_seek(call->gal, table, key);
  if (position == table->count) return OX_E_NOT_FOUND;
  int32_t delta = stat->delta;
  gal_report(call->gal, table, position, stat);
  stat->delta = delta; /* constraint 12: no other field changes */
  return in->has_columns ? table_rows(call, table, position, SEEK_ROWS, rows) : OX_OK;
}

static ox_status seek_entries(nspi_call *call, const ox_nspi_seek_entries_request *in,
                              ox_nspi_seek_entries_response *out) {
  row_set rows = {0};
  take_state(call, in->has_state, &in->state);
  call->ephemeral = true; /* constraint 13 */
  out->state = in->state;
  ox_status status = seek(call, in, &out->state, &rows);
  if (status == OX_OK) {
    out->has_state = in->has_state;
    out->has_columns_and_rows = in->has_columns;
    out->column_count = rows.column_count;
    out->columns = rows.columns;
    out->row_count = rows.row_count;
    out->row_data = rows.rows;
  }
  return status;
}

static ox_status update_stat(nspi_call *call, const ox_nspi_update_stat_request *in,
                             ox_nspi_update_stat_response *out) {
  uint32_t position = 0;
  const gal_table *table = gal_container(call->gal, in->state.container_id);
  ox_status status = table == NULL
                         ? OX_E_INVALID_BOOKMARK
                         : gal_locate(call->gal, table, &in->state, &position, &out->delta);
  if (status == OX_OK) {
    out->has_state = in->has_state;
    out->state = in->state;
    gal_report(call->gal, table, position, &out->state);
    out->has_delta = in->delta_requested;
  }
  return status;
}

/* The URL for clients, with a terminator inside the view's arena copy. */
static ox_status url_answer(nspi_call *call, const char *url, ox_str16 *out) {
  if (url == NULL) {
    *out = (ox_str16){(const uint8_t *)"", 0};
    return OX_E_NOT_FOUND;
  }
  return ox_str16_from_utf8(call->arena, ox_str8_from(url), out);
}

static ox_status get_mailbox_url(nspi_call *call, const ox_nspi_get_mailbox_url_request *in,
                                 ox_nspi_get_mailbox_url_response *out) {
  (void)in;
  return url_answer(call, call->server->mailbox_url, &out->server_url);
}

static ox_status get_address_book_url(nspi_call *call,
                                      const ox_nspi_get_address_book_url_request *in,
                                      ox_nspi_get_address_book_url_response *out) {
  (void)in;
  return url_answer(call, call->server->address_book_url, &out->server_url);
}

/* --- Dispatch --------------------------------------------------------------------------------- */

/* X(X-RequestType, operation). @spec [MS-OXCMAPIHTTP] 2.2.3.3.1 */
#define OPERATIONS(X)                        \
  X("Bind", bind)                            \
  X("Unbind", unbind)                        \
  X("CompareMIds", compare_min_ids)          \
  X("DNToMId", dn_to_min_id)                 \
  X("GetMatches", get_matches)               \
  X("GetPropList", get_prop_list)            \
  X("GetProps", get_props)                   \
  X("GetSpecialTable", get_special_table)    \
  X("GetTemplateInfo", get_template_info)    \
  X("ModLinkAtt", mod_link_att)              \
  X("ModProps", mod_props)                   \
  X("QueryRows", query_rows)                 \
  X("QueryColumns", query_columns)           \
  X("ResolveNames", resolve_names)           \
  X("ResortRestriction", resort_restriction) \
  X("SeekEntries", seek_entries)             \
  X("UpdateStat", update_stat)               \
  X("GetMailboxUrl", get_mailbox_url)        \
  X("GetAddressBookUrl", get_address_book_url)

/* Reads a request, does it, writes the response. A status that is not OK means that the body did
 * not decode. */
typedef ox_status (*operation)(nspi_call *call, ox_reader *r, ox_writer *w);

#define DEFINE_OPERATION(type, name)                                            \
  static ox_status answer_##name(nspi_call *call, ox_reader *r, ox_writer *w) { \
    ox_nspi_##name##_request in;                                                \
    ox_nspi_##name##_response out = {0};                                        \
    ox_nspi_##name##_request_decode(r, call->arena, &in);                       \
    ox_status status = ox_reader_finish(r, call->err);                          \
    if (status != OX_OK) return status;                                         \
    out.error_code = shown(name(call, &in, &out));                              \
    ox_nspi_##name##_response_encode(w, &out);                                  \
    return OX_OK;                                                               \
  }
OPERATIONS(DEFINE_OPERATION)

#define OPERATION_ROW(type, name) {type, answer_##name},
static const struct {
  const char *request_type;
  operation run;
} operations[] = {OPERATIONS(OPERATION_ROW)};

static operation find_operation(const char *request_type) {
  for (size_t i = 0; i < sizeof operations / sizeof *operations; i++)
    if (ox_ascii_equal(operations[i].request_type, request_type)) return operations[i].run;
  return NULL;
}

/* Runs one operation. */
static ox_status run(ox_addressbook_server *server, operation op, ox_bytes body, ox_arena *arena,
                     ox_writer *w, ox_error *err) {
  ox_reader r;
  nspi_call call = {.server = server, .directory = server->directory, .arena = arena, .err = err};
  ox_reader_init(&r, body.data, body.size_bytes);
  ox_arena_init(&call.scratch, server->allocator, 0);
  ox_status status = gal_acquire(server, &call.gal, err);
  if (status == OX_OK) status = op(&call, &r, w);
  if (status == OX_OK) status = ox_writer_status(w);
  if (status != OX_OK && err->status == OX_OK) ox_error_set(err, status, NULL);
  gal_release(server, call.gal);
  ox_arena_dispose(&call.scratch);
  return status;
}

static ox_status execute(ox_nspi_processor *processor, const ox_caller *caller,
                         const char *request_type, ox_bytes body, uint64_t deadline_ms,
                         ox_nspi_done done, void *user, ox_error *err) {
  (void)caller;
  (void)deadline_ms;
  (void)err;
  ox_addressbook_server *server = (ox_addressbook_server *)processor;
  ox_error detail = {0};
  ox_arena arena;
  ox_writer w;
  ox_arena_init(&arena, server->allocator, 0);
  ox_writer_init(&w, server->allocator, OX_ADDRESSBOOK_ANSWER_MAX_BYTES);
  operation op = find_operation(request_type);
  ox_status status = op != NULL
                         ? run(server, op, body, &arena, &w, &detail)
                         : ox_error_setf(&detail, OX_E_NO_SUPPORT,
                                         "\"%.40s\" is no address book request.", request_type);
  ox_bytes answer = {NULL, 0};
  if (status == OX_OK) answer = ox_writer_bytes(&w);
  done(user, status, answer, status != OX_OK ? &detail : NULL);
  ox_writer_dispose(&w);
  ox_arena_dispose(&arena);
  return OX_OK;
}

ox_status ox_addressbook_server_new(ox_directory *directory,
                                    const ox_addressbook_server_options *options,
                                    ox_addressbook_server **out, ox_error *err) {
  ox_addressbook_server_options defaults = OX_ADDRESSBOOK_SERVER_OPTIONS_INIT;
  if (options == NULL) options = &defaults;
  *out = NULL;
  ox_addressbook_server *server = ox_calloc(options->allocator, 1, sizeof *server);
  if (server == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  server->processor.struct_size = sizeof server->processor;
  server->processor.execute = execute;
  server->directory = directory;
  server->allocator = options->allocator;
  server->mailbox_url = options->mailbox_url;
  server->address_book_url = options->address_book_url;
  ox_directory_guid(directory, &server->guid);
  pthread_mutex_init(&server->lock, NULL);
  const gal *g;
  ox_status status = gal_acquire(server, &g, err);
  if (status != OX_OK) return ox_addressbook_server_free(server), status;
  gal_release(server, g);
  *out = server;
  return OX_OK;
}

void ox_addressbook_server_free(ox_addressbook_server *server) {
  if (server == NULL) return;
  gal_release(server, server->current);
  pthread_mutex_destroy(&server->lock);
  ox_free(server->allocator, server);
}

ox_nspi_processor *ox_addressbook_server_processor(ox_addressbook_server *server) {
  return &server->processor;
}
