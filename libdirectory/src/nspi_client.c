/* A client of the address book: one function per request.
 * @spec [MS-OXNSPI] 3.2, [MS-OXCMAPIHTTP] 2.2.5 */
#include <oxkit/directory/addressbook.h>

#include <string.h>

#include <oxkit/ropcodec/nspi.h>
#include <oxkit/ropcodec/properties.h>

#include "directory_internal.h"

enum { REQUEST_MAX_BYTES = 16 * 1024 * 1024, CODE_PAGE = 1252, LOCALE = 0x0409 };

/* What a client asks for that names no columns. */
static const ox_proptag default_columns[] = {OX_PidTagDisplayName,  OX_PidTagSmtpAddress,
                                             OX_PidTagEmailAddress, OX_PidTagObjectType,
                                             OX_PidTagDisplayType,  OX_PidTagEntryId};

struct ox_addressbook {
  ox_addressbook_transport *transport;
  const ox_allocator *allocator;
  ox_guid server_guid;
  ox_writer w;
};

/* --- Loopback --------------------------------------------------------------------------------- */

typedef struct loopback_answer {
  ox_arena *arena;
  ox_status status;
  ox_bytes body;
  ox_error *err;
} loopback_answer;

static void loopback_done(void *user, ox_status status, ox_bytes body, const ox_error *err) {
  loopback_answer *answer = user;
  answer->status = status;
  if (status != OX_OK) {
    if (answer->err != NULL && err != NULL) *answer->err = *err;
    return;
  }
  void *copy = ox_arena_copy(answer->arena, body.data, body.size_bytes);
  if (copy == NULL) answer->status = ox_error_set(answer->err, OX_E_NO_MEMORY, NULL);
  answer->body = (ox_bytes){copy, copy != NULL ? body.size_bytes : 0};
}

static ox_status loopback_request(ox_addressbook_transport *transport, const char *request_type,
                                  ox_bytes body, ox_arena *arena, ox_bytes *response_out,
                                  ox_error *err) {
  ox_addressbook_loopback *loopback = (ox_addressbook_loopback *)transport;
  loopback_answer answer = {arena, OX_E_CALL_FAILED, {NULL, 0}, err};
  ox_status status =
      loopback->processor->execute(loopback->processor, &loopback->caller, request_type, body,
                                   OX_NO_DEADLINE, loopback_done, &answer, err);
  if (status != OX_OK) return status;
  *response_out = answer.body;
  return answer.status;
}

void ox_addressbook_loopback_init(ox_addressbook_loopback *loopback, ox_nspi_processor *processor,
                                  const ox_caller *caller) {
  memset(loopback, 0, sizeof *loopback);
  loopback->transport.struct_size = sizeof loopback->transport;
  loopback->transport.request = loopback_request;
  loopback->processor = processor;
  if (caller != NULL) loopback->caller = *caller;
}

/* --- Calls ------------------------------------------------------------------------------------ */

/* Sends what stands in book->w and starts a reader over the answer. */
static ox_status send(ox_addressbook *book, const char *request_type, ox_arena *arena,
                      ox_reader *answer, ox_error *err) {
  ox_bytes body;
  ox_status status = ox_writer_status(&book->w);
  if (status != OX_OK) return ox_error_set(err, status, NULL);
  status = book->transport->request(book->transport, request_type, ox_writer_bytes(&book->w), arena,
                                    &body, err);
  ox_writer_reset(&book->w);
  if (status == OX_OK) ox_reader_init(answer, body.data, body.size_bytes);
  return status;
}

/* The end of a call: what went wrong first, if anything did. */
static ox_status settle(ox_reader *answer, ox_status status_code, ox_status error_code,
                        ox_error *err) {
  ox_status status = ox_reader_finish(answer, err);
  if (status != OX_OK) return status;
  if (status_code != OX_OK) return ox_status_from_peer(status_code, err);
  if (error_code == OX_OK || error_code == OX_W_ERRORS_RETURNED) return error_code;
  return ox_error_set(err, ox_status_from_peer(error_code, err), NULL);
}

static ox_nspi_stat make_stat(uint32_t container) {
  return (ox_nspi_stat){.container_id = container,
                        .code_page = CODE_PAGE,
                        .template_locale = LOCALE,
                        .sort_locale = LOCALE};
}

/* The encoders only read columns. */
static ox_proptag *columns_of(const ox_proptag *columns, size_t *count) {
  if (columns == NULL) {
    *count = sizeof default_columns / sizeof *default_columns;
    return (ox_proptag *)default_columns;
  }
  return (ox_proptag *)columns;
}

static ox_status take_rows(ox_arena *arena, const ox_ab_row *rows, uint32_t count,
                           ox_addressbook_rows *out, ox_error *err) {
  out->rows = ox_arena_calloc(arena, count, sizeof *out->rows);
  if (out->rows == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  for (uint32_t i = 0; i < count; i++)
    out->rows[i] = (ox_addressbook_row){rows[i].values, rows[i].value_count};
  out->row_count = count;
  return OX_OK;
}

ox_status ox_addressbook_bind(ox_addressbook_transport *transport, const ox_allocator *allocator,
                              ox_addressbook **out, ox_error *err) {
  ox_nspi_bind_request request = {.has_state = true, .state = make_stat(0)};
  ox_nspi_bind_response response;
  ox_reader r;
  ox_arena arena;
  *out = NULL;
  ox_addressbook *book = ox_calloc(allocator, 1, sizeof *book);
  if (book == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  book->transport = transport;
  book->allocator = allocator;
  ox_writer_init(&book->w, allocator, REQUEST_MAX_BYTES);
  ox_arena_init(&arena, allocator, 0);
  ox_nspi_bind_request_encode(&book->w, &request);
  ox_status status = send(book, "Bind", &arena, &r, err);
  if (status == OX_OK) {
    ox_nspi_bind_response_decode(&r, &arena, &response);
    status = settle(&r, response.status_code, response.error_code, err);
  }
  ox_arena_dispose(&arena);
  if (status != OX_OK) {
    ox_writer_dispose(&book->w);
    ox_free(allocator, book);
    return status;
  }
  book->server_guid = response.server_guid;
  *out = book;
  return OX_OK;
}

void ox_addressbook_unbind(ox_addressbook *book) {
  if (book == NULL) return;
  ox_nspi_unbind_request request = {0};
  ox_error unheard;
  ox_reader r;
  ox_arena arena;
  ox_arena_init(&arena, book->allocator, 0);
  ox_nspi_unbind_request_encode(&book->w, &request);
  (void)send(book, "Unbind", &arena, &r, &unheard);
  ox_arena_dispose(&arena);
  ox_writer_dispose(&book->w);
  ox_free(book->allocator, book);
}

void ox_addressbook_server_guid(const ox_addressbook *book, ox_guid *guid_out) {
  *guid_out = book->server_guid;
}

ox_status ox_addressbook_containers(ox_addressbook *book, ox_arena *arena, ox_addressbook_rows *out,
                                    ox_error *err) {
  ox_nspi_get_special_table_request request = {.flags = 4 /* NspiUnicodeStrings */,
                                               .has_state = true,
                                               .state = make_stat(0),
                                               .has_version = true};
  ox_nspi_get_special_table_response response;
  ox_reader r;
  memset(out, 0, sizeof *out);
  ox_nspi_get_special_table_request_encode(&book->w, &request);
  ox_status status = send(book, "GetSpecialTable", arena, &r, err);
  if (status != OX_OK) return status;
  ox_nspi_get_special_table_response_decode(&r, arena, &response);
  status = settle(&r, response.status_code, response.error_code, err);
  if (status != OX_OK) return status;
  out->rows = ox_arena_calloc(arena, response.rows_count, sizeof *out->rows);
  if (out->rows == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  for (uint32_t i = 0; i < response.rows_count; i++)
    out->rows[i] = (ox_addressbook_row){response.rows[i].property_values,
                                        response.rows[i].property_value_count};
  out->row_count = response.rows_count;
  return OX_OK;
}

ox_status ox_addressbook_resolve(ox_addressbook *book, const char *const *names, size_t name_count,
                                 const ox_proptag *columns, size_t column_count, ox_arena *arena,
                                 uint32_t **results_out, ox_addressbook_rows *out, ox_error *err) {
  ox_proptag *tags = columns_of(columns, &column_count);
  ox_nspi_resolve_names_request request = {.has_state = true,
                                           .state = make_stat(0),
                                           .has_property_tags = true,
                                           .property_tag_count = (uint32_t)column_count,
                                           .property_tags = tags,
                                           .has_names = true,
                                           .name_count = (uint32_t)name_count};
  ox_nspi_resolve_names_response response;
  ox_reader r;
  memset(out, 0, sizeof *out);
  *results_out = NULL;
  if (name_count > OX_ADDRESSBOOK_NAMES_MAX)
    return ox_error_set(err, OX_E_LIMIT, "Too many names to resolve at once.");
  request.name_values = ox_arena_calloc(arena, name_count, sizeof *request.name_values);
  if (request.name_values == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  for (size_t i = 0; i < name_count; i++)
    if (ox_str16_from_utf8(arena, ox_str8_from(names[i]), &request.name_values[i]) != OX_OK)
      return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  ox_nspi_resolve_names_request_encode(&book->w, &request);
  ox_status status = send(book, "ResolveNames", arena, &r, err);
  if (status != OX_OK) return status;
  ox_nspi_resolve_names_response_decode(&r, arena, &response);
  status = settle(&r, response.status_code, response.error_code, err);
  if (status != OX_OK) return status;
  if (response.minimal_id_count != name_count)
    return ox_error_set(err, OX_E_PROTOCOL, "The server resolved another number of names.");
  *results_out = response.minimal_ids;
  return take_rows(arena, response.row_data, response.row_count, out, err);
}

ox_status ox_addressbook_get_matches(ox_addressbook *book, uint32_t container,
                                     const ox_restriction *restriction, uint32_t limit,
                                     const ox_proptag *columns, size_t column_count,
                                     ox_arena *arena, uint32_t **mids_out, size_t *mid_count_out,
                                     ox_addressbook_rows *out, ox_error *err) {
  ox_proptag *tags = columns_of(columns, &column_count);
  ox_nspi_get_matches_request request = {.has_state = true,
                                         .state = make_stat(container),
                                         .has_filter = true,
                                         .filter = *restriction,
                                         .row_count = limit,
                                         .has_columns = true,
                                         .column_count = (uint32_t)column_count,
                                         .columns = tags};
  ox_nspi_get_matches_response response;
  ox_reader r;
  memset(out, 0, sizeof *out);
  if (mids_out != NULL) *mids_out = NULL;
  if (mid_count_out != NULL) *mid_count_out = 0;
  ox_nspi_get_matches_request_encode(&book->w, &request);
  ox_status status = send(book, "GetMatches", arena, &r, err);
  if (status != OX_OK) return status;
  ox_nspi_get_matches_response_decode(&r, arena, &response);
  status = settle(&r, response.status_code, response.error_code, err);
  if (status != OX_OK) return status;
  if (mids_out != NULL) *mids_out = response.minimal_ids;
  if (mid_count_out != NULL) *mid_count_out = response.minimal_id_count;
  return take_rows(arena, response.row_data, response.row_count, out, err);
}

ox_status ox_addressbook_search(ox_addressbook *book, const char *text, uint32_t limit,
                                const ox_proptag *columns, size_t column_count, ox_arena *arena,
                                uint32_t **mids_out, size_t *mid_count_out,
                                ox_addressbook_rows *out, ox_error *err) {
  ox_restriction anr = {.type = OX_RESTRICTION_PROPERTY};
  anr.u.property.rel_op = OX_RELOP_EQUAL;
  anr.u.property.property_tag = OX_PidTagAnr;
  anr.u.property.tagged_value.tag = OX_PidTagAnr;
  if (ox_str16_from_utf8(arena, ox_str8_from(text), &anr.u.property.tagged_value.value.string) !=
      OX_OK)
    return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  return ox_addressbook_get_matches(book, 0, &anr, limit, columns, column_count, arena, mids_out,
                                    mid_count_out, out, err);
}

/* One QueryRows. */
static ox_status query(ox_addressbook *book, ox_nspi_query_rows_request *request, ox_arena *arena,
                       ox_addressbook_rows *out, uint32_t *total_out, ox_error *err) {
  ox_nspi_query_rows_response response;
  ox_reader r;
  memset(out, 0, sizeof *out);
  ox_nspi_query_rows_request_encode(&book->w, request);
  ox_status status = send(book, "QueryRows", arena, &r, err);
  if (status != OX_OK) return status;
  ox_nspi_query_rows_response_decode(&r, arena, &response);
  status = settle(&r, response.status_code, response.error_code, err);
  if (status != OX_OK) return status;
  if (total_out != NULL) *total_out = response.has_state ? response.state.total_recs : 0;
  return take_rows(arena, response.row_data, response.row_count, out, err);
}

ox_status ox_addressbook_query_rows(ox_addressbook *book, uint32_t container, uint32_t position,
                                    uint32_t count, const ox_proptag *columns, size_t column_count,
                                    ox_arena *arena, ox_addressbook_rows *out, uint32_t *total_out,
                                    ox_error *err) {
  ox_proptag *tags = columns_of(columns, &column_count);
  ox_nspi_query_rows_request request = {.has_state = true,
                                        .state = make_stat(container),
                                        .row_count = count,
                                        .has_columns = true,
                                        .column_count = (uint32_t)column_count,
                                        .columns = tags};
  if (position > INT32_MAX) return ox_error_set(err, OX_E_USAGE, "The position is too large.");
  request.state.delta = (int32_t)position; /* from the beginning of the table */
  return query(book, &request, arena, out, total_out, err);
}

ox_status ox_addressbook_query_mids(ox_addressbook *book, const uint32_t *mids, size_t mid_count,
                                    const ox_proptag *columns, size_t column_count, ox_arena *arena,
                                    ox_addressbook_rows *out, ox_error *err) {
  ox_proptag *tags = columns_of(columns, &column_count);
  ox_nspi_query_rows_request request = {.has_state = true,
                                        .state = make_stat(0),
                                        .explicit_table_count = (uint32_t)mid_count,
                                        .explicit_table = (uint32_t *)mids,
                                        .row_count = (uint32_t)mid_count,
                                        .has_columns = true,
                                        .column_count = (uint32_t)column_count,
                                        .columns = tags};
  memset(out, 0, sizeof *out);
  if (mid_count == 0) return OX_OK;
  return query(book, &request, arena, out, NULL, err);
}

ox_status ox_addressbook_get_props(ox_addressbook *book, uint32_t mid, const ox_proptag *columns,
                                   size_t column_count, ox_arena *arena, ox_addressbook_row *out,
                                   ox_error *err) {
  ox_nspi_get_props_request request = {.has_state = true,
                                       .state = make_stat(0),
                                       .has_property_tags = columns != NULL,
                                       .property_tag_count = (uint32_t)column_count,
                                       .property_tags = (ox_proptag *)columns};
  ox_nspi_get_props_response response;
  ox_reader r;
  memset(out, 0, sizeof *out);
  request.state.current_rec = mid;
  /* All properties come as they are: Unicode. */
  if (columns == NULL) request.state.code_page = OX_CODEPAGE_UTF16LE;
  ox_nspi_get_props_request_encode(&book->w, &request);
  ox_status status = send(book, "GetProps", arena, &r, err);
  if (status != OX_OK) return status;
  ox_nspi_get_props_response_decode(&r, arena, &response);
  status = settle(&r, response.status_code, response.error_code, err);
  if (ox_failed(status)) return status;
  *out = (ox_addressbook_row){response.property_values, response.property_value_count};
  return status;
}

ox_status ox_addressbook_get_prop_list(ox_addressbook *book, uint32_t mid, ox_arena *arena,
                                       ox_proptag **tags_out, size_t *tag_count_out,
                                       ox_error *err) {
  ox_nspi_get_prop_list_request request = {.minimal_id = mid, .code_page = CODE_PAGE};
  ox_nspi_get_prop_list_response response;
  ox_reader r;
  *tags_out = NULL;
  *tag_count_out = 0;
  ox_nspi_get_prop_list_request_encode(&book->w, &request);
  ox_status status = send(book, "GetPropList", arena, &r, err);
  if (status != OX_OK) return status;
  ox_nspi_get_prop_list_response_decode(&r, arena, &response);
  status = settle(&r, response.status_code, response.error_code, err);
  if (status != OX_OK) return status;
  *tags_out = response.property_tags;
  *tag_count_out = response.property_tag_count;
  return OX_OK;
}

ox_status ox_addressbook_dn_to_mid(ox_addressbook *book, const char *const *dns, size_t dn_count,
                                   ox_arena *arena, uint32_t **mids_out, ox_error *err) {
  ox_nspi_dn_to_min_id_request request = {.has_names = true, .name_count = (uint32_t)dn_count};
  ox_nspi_dn_to_min_id_response response;
  ox_reader r;
  *mids_out = NULL;
  if (dn_count > OX_ADDRESSBOOK_NAMES_MAX)
    return ox_error_set(err, OX_E_LIMIT, "Too many DNs to look up at once.");
  request.names = ox_arena_calloc(arena, dn_count, sizeof *request.names);
  if (request.names == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  for (size_t i = 0; i < dn_count; i++) request.names[i] = ox_str8_from(dns[i]);
  ox_nspi_dn_to_min_id_request_encode(&book->w, &request);
  ox_status status = send(book, "DNToMId", arena, &r, err);
  if (status != OX_OK) return status;
  ox_nspi_dn_to_min_id_response_decode(&r, arena, &response);
  status = settle(&r, response.status_code, response.error_code, err);
  if (status != OX_OK) return status;
  if (response.minimal_id_count != dn_count)
    return ox_error_set(err, OX_E_PROTOCOL, "The server looked up another number of DNs.");
  *mids_out = response.minimal_ids;
  return OX_OK;
}

ox_status ox_addressbook_compare_mids(ox_addressbook *book, uint32_t container, uint32_t mid1,
                                      uint32_t mid2, int32_t *order_out, ox_error *err) {
  ox_nspi_compare_min_ids_request request = {
      .has_state = true, .state = make_stat(container), .minimal_id1 = mid1, .minimal_id2 = mid2};
  ox_nspi_compare_min_ids_response response;
  ox_reader r;
  ox_arena arena;
  *order_out = 0;
  ox_arena_init(&arena, book->allocator, 0);
  ox_nspi_compare_min_ids_request_encode(&book->w, &request);
  ox_status status = send(book, "CompareMIds", &arena, &r, err);
  if (status == OX_OK) {
    ox_nspi_compare_min_ids_response_decode(&r, &arena, &response);
    status = settle(&r, response.status_code, response.error_code, err);
    if (status == OX_OK) *order_out = response.result;
  }
  ox_arena_dispose(&arena);
  return status;
}
