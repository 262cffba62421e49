/* Property ROPs. @spec [MS-OXCPRPT] 3.2.5 */
#include <stdlib.h>
#include <string.h>

#include "server.h"

/** What a PropertyProblem takes. @spec [MS-OXCDATA] 2.7 */
#define PROBLEM_BYTES 10u

static void put_error(ox_property *property, ox_status status) {
  property->tag = OX_PROPTAG_AS(property->tag, OX_PTYP_ERROR_CODE);
  property->value.error = status;
}

/* Strings that were asked for without a type, as PtypString8: read again with that type.
 * @spec [MS-OXCPRPT] 3.2.5.1 (WantUnicode) */
static ox_status as_string8(rs_call *call, ox_property *properties, const ox_proptag *asked,
                            size_t count) {
  ox_object *object = rs_object_properties(call->object);
  for (size_t i = 0; i < count; i++) {
    uint16_t type = OX_PROPTAG_TYPE(properties[i].tag);
    if (asked != NULL && OX_PROPTAG_TYPE(asked[i]) != OX_PTYP_UNSPECIFIED) continue;
    if (type != OX_PTYP_STRING && type != OX_PTYP_MULTIPLE_STRING) continue;
    ox_proptag tag = OX_PROPTAG_AS(
        properties[i].tag, type == OX_PTYP_STRING ? OX_PTYP_STRING8 : OX_PTYP_MULTIPLE_STRING8);
    ox_status status = ox_object_get(object, &tag, 1, 0, call->scratch, &properties[i], call->err);
    if (ox_failed(status)) return status;
  }
  return OX_OK;
}

typedef struct sized_value {
  size_t size_bytes;
  size_t index;
} sized_value;

static int larger_first(const void *a, const void *b) {
  const sized_value *x = a, *y = b;
  if (x->size_bytes != y->size_bytes) return x->size_bytes < y->size_bytes ? 1 : -1;
  return x->index < y->index ? -1 : 1;
}

/* Replaces the largest values by NotEnoughMemory until the rest fits: the client opens streams for
 * those. @spec [MS-OXCPRPT] 2.2.2.2 */
static ox_status fit(rs_call *call, ox_property *properties, size_t count, size_t budget_bytes,
                     size_t overhead_bytes) {
  sized_value *values = ox_arena_calloc(call->scratch, count, sizeof *values);
  if (values == NULL) return OX_E_NO_MEMORY;
  size_t total = 0;
  for (size_t i = 0; i < count; i++) {
    values[i].index = i;
    values[i].size_bytes =
        ox_value_size_bytes(OX_PROPTAG_TYPE(properties[i].tag), &properties[i].value);
    total += values[i].size_bytes + overhead_bytes;
  }
  if (total <= budget_bytes) return OX_OK;
  qsort(values, count, sizeof *values, larger_first);
  for (size_t i = 0; i < count && total > budget_bytes && values[i].size_bytes > 4; i++) {
    put_error(&properties[values[i].index], OX_E_NOT_ENOUGH_MEMORY);
    total -= values[i].size_bytes - 4;
  }
  return OX_OK;
}

/* Values are limited by the room of the response alone: a server should ignore PropertySizeLimit,
 * as Exchange 2010 and later do, and RopGetPropertiesAll behaves alike.
 * @spec [MS-OXCPRPT] 3.2.5.1, 3.2.5.2 */
ox_status rs_get_properties_specific(rs_call *call) {
  const ox_get_properties_specific_request *request = &call->request->u.get_properties_specific;
  size_t count = request->property_tag_count;
  ox_property *row = ox_arena_calloc(call->scratch, count, sizeof *row);
  if (row == NULL) return OX_E_NO_MEMORY;
  ox_status status = ox_object_get(rs_object_properties(call->object), request->property_tags,
                                   count, call->room_bytes, call->scratch, row, call->err);
  if (!ox_failed(status) && !request->want_unicode)
    status = as_string8(call, row, request->property_tags, count);
  /* Per value a flag and, without a type in the request, the type; 6 for the head, 1 for the row.
   */
  if (!ox_failed(status)) status = fit(call, row, count, call->room_bytes - 7, 3);
  if (ox_failed(status)) return status;
  ox_writer w;
  ox_writer_init(&w, call->server->allocator, 0x20000);
  ox_property_row_encode(&w, request->property_tags, count, OX_COUNT_16, row);
  status = ox_writer_status(&w);
  ox_bytes bytes = ox_writer_bytes(&w);
  ox_get_properties_specific_response *response = &call->response->u.get_properties_specific;
  if (!ox_failed(status)) {
    response->row_data.data = ox_arena_copy(call->scratch, bytes.data, bytes.size_bytes);
    response->row_data.size_bytes = bytes.size_bytes;
    if (response->row_data.data == NULL) status = OX_E_NO_MEMORY;
  }
  ox_writer_dispose(&w);
  return status;
}

ox_status rs_get_properties_all(rs_call *call) {
  const ox_get_properties_all_request *request = &call->request->u.get_properties_all;
  ox_get_properties_all_response *response = &call->response->u.get_properties_all;
  size_t count = 0;
  ox_property *values = NULL;
  ox_status status = ox_object_get_all(rs_object_properties(call->object), call->room_bytes,
                                       call->scratch, &values, &count, call->err);
  if (!ox_failed(status) && !request->want_unicode) status = as_string8(call, values, NULL, count);
  if (!ox_failed(status)) status = fit(call, values, count, call->room_bytes - 8, 4);
  if (count > UINT16_MAX) count = UINT16_MAX;
  response->property_values = values;
  response->property_value_count = (uint16_t)count;
  return status;
}

ox_status rs_get_properties_list(rs_call *call) {
  ox_get_properties_list_response *response = &call->response->u.get_properties_list;
  size_t count = 0;
  ox_status status = ox_object_list(rs_object_properties(call->object), call->scratch,
                                    &response->property_tags, &count, call->err);
  response->property_tag_count = count > UINT16_MAX ? UINT16_MAX : (uint16_t)count;
  return status;
}

/* As many problems as the response can hold: what happened must not depend on the room. */
static uint16_t problem_count(const rs_call *call, const ox_problems *problems) {
  size_t most = (call->room_bytes - 8) / PROBLEM_BYTES;
  return (uint16_t)(problems->count < most ? problems->count : most);
}

static ox_status set_properties(rs_call *call, const ox_property *values, size_t count,
                                uint16_t *count_out, ox_property_problem **problems_out) {
  ox_problems problems = {.arena = call->scratch};
  ox_status status =
      ox_object_set(rs_object_properties(call->object), values, count, &problems, call->err);
  *count_out = problem_count(call, &problems);
  *problems_out = problems.items;
  return status == OX_W_ERRORS_RETURNED ? OX_OK : status;
}

ox_status rs_set_properties(rs_call *call) {
  const ox_set_properties_request *request = &call->request->u.set_properties;
  ox_set_properties_response *response = &call->response->u.set_properties;
  return set_properties(call, request->property_values, request->property_value_count,
                        &response->property_problem_count, &response->property_problems);
}

ox_status rs_set_properties_no_replicate(rs_call *call) {
  const ox_set_properties_no_replicate_request *request =
      &call->request->u.set_properties_no_replicate;
  ox_set_properties_no_replicate_response *response =
      &call->response->u.set_properties_no_replicate;
  return set_properties(call, request->property_values, request->property_value_count,
                        &response->property_problem_count, &response->property_problems);
}

static ox_status delete_properties(rs_call *call, const ox_proptag *tags, size_t count,
                                   uint16_t *count_out, ox_property_problem **problems_out) {
  ox_problems problems = {.arena = call->scratch};
  ox_status status =
      ox_object_delete(rs_object_properties(call->object), tags, count, &problems, call->err);
  *count_out = problem_count(call, &problems);
  *problems_out = problems.items;
  return status == OX_W_ERRORS_RETURNED ? OX_OK : status;
}

ox_status rs_delete_properties(rs_call *call) {
  const ox_delete_properties_request *request = &call->request->u.delete_properties;
  ox_delete_properties_response *response = &call->response->u.delete_properties;
  return delete_properties(call, request->property_tags, request->property_tag_count,
                           &response->property_problem_count, &response->property_problems);
}

ox_status rs_delete_properties_no_replicate(rs_call *call) {
  const ox_delete_properties_no_replicate_request *request =
      &call->request->u.delete_properties_no_replicate;
  ox_delete_properties_no_replicate_response *response =
      &call->response->u.delete_properties_no_replicate;
  return delete_properties(call, request->property_tags, request->property_tag_count,
                           &response->property_problem_count, &response->property_problems);
}

/* Source and destination are of the same kind. @spec [MS-OXCPRPT] 3.2.5.7, 3.2.5.8 */
static ox_status find_destination(rs_call *call, uint8_t index, uint8_t flags, ox_object **out) {
  if ((flags & ~(OX_COPY_MOVE | OX_COPY_NO_OVERWRITE)) != 0) return OX_E_INVALID_PARAMETER;
  rs_object *object = NULL;
  if (index >= call->handle_count ||
      ox_failed(
          rs_session_lookup(call->session, call->handles[index], call->logon->logon_id, &object)))
    return OX_E_NULL_DESTINATION;
  if (object->kind != call->object->kind) return OX_E_NO_SUPPORT;
  if (object->kind == RS_FOLDER && (flags & OX_COPY_MOVE) != 0) return OX_E_NO_SUPPORT;
  *out = rs_object_properties(object);
  return OX_OK;
}

ox_status rs_copy_properties(rs_call *call) {
  const ox_copy_properties_request *request = &call->request->u.copy_properties;
  ox_copy_properties_response *response = &call->response->u.copy_properties;
  ox_object *destination = NULL;
  ox_status status =
      find_destination(call, request->dest_handle_index, request->copy_flags, &destination);
  if (ox_failed(status)) return status;
  ox_problems problems = {.arena = call->scratch};
  status = ox_object_copy_properties(rs_object_properties(call->object), destination,
                                     request->copy_flags, request->property_tags,
                                     request->property_tag_count, &problems, call->err);
  response->property_problem_count = problem_count(call, &problems);
  response->property_problems = problems.items;
  return status == OX_W_ERRORS_RETURNED ? OX_OK : status;
}

ox_status rs_copy_to(rs_call *call) {
  const ox_copy_to_request *request = &call->request->u.copy_to;
  ox_copy_to_response *response = &call->response->u.copy_to;
  ox_object *destination = NULL;
  ox_status status =
      find_destination(call, request->dest_handle_index, request->copy_flags, &destination);
  if (ox_failed(status)) return status;
  ox_problems problems = {.arena = call->scratch};
  status = ox_object_copy_to(rs_object_properties(call->object), destination, request->copy_flags,
                             request->want_sub_objects, request->excluded_tags,
                             request->excluded_tag_count, &problems, call->err);
  response->property_problem_count = problem_count(call, &problems);
  response->property_problems = problems.items;
  return status == OX_W_ERRORS_RETURNED ? OX_OK : status;
}

ox_status rs_progress(rs_call *call) {
  (void)call; /* nothing here runs asynchronously, so there is no operation to ask about */
  return OX_E_NO_SUPPORT;
}

ox_status rs_get_property_ids_from_names(rs_call *call) {
  const ox_get_property_ids_from_names_request *request =
      &call->request->u.get_property_ids_from_names;
  ox_get_property_ids_from_names_response *response =
      &call->response->u.get_property_ids_from_names;
  size_t count = request->property_name_count;
  if (count == 0 && call->object->kind == RS_LOGON) {
    ox_property_name *names = NULL;
    ox_status status =
        ox_object_query_names(rs_object_properties(call->object), 0, NULL, call->scratch,
                              &response->property_ids, &names, &count, call->err);
    response->property_id_count = count > UINT16_MAX ? UINT16_MAX : (uint16_t)count;
    return status;
  }
  response->property_ids = ox_arena_calloc(call->scratch, count, sizeof(uint16_t));
  if (response->property_ids == NULL) return OX_E_NO_MEMORY;
  response->property_id_count = (uint16_t)count;
  return ox_mailbox_names_to_ids(rs_object_mailbox(call->object), request->property_names, count,
                                 (request->flags & OX_NAME_LOOKUP_FLAGS_CREATE) != 0,
                                 response->property_ids, call->err);
}

ox_status rs_get_names_from_property_ids(rs_call *call) {
  const ox_get_names_from_property_ids_request *request =
      &call->request->u.get_names_from_property_ids;
  ox_get_names_from_property_ids_response *response =
      &call->response->u.get_names_from_property_ids;
  size_t count = request->property_id_count;
  response->property_names =
      ox_arena_calloc(call->scratch, count, sizeof *response->property_names);
  if (response->property_names == NULL) return OX_E_NO_MEMORY;
  response->property_name_count = (uint16_t)count;
  return ox_mailbox_ids_to_names(rs_object_mailbox(call->object), request->property_ids, count,
                                 call->scratch, response->property_names, call->err);
}

ox_status rs_query_named_properties(rs_call *call) {
  const ox_query_named_properties_request *request = &call->request->u.query_named_properties;
  ox_query_named_properties_response *response = &call->response->u.query_named_properties;
  size_t count = 0;
  ox_status status = ox_object_query_names(
      rs_object_properties(call->object),
      request->query_flags & (OX_QUERY_NAMES_NO_STRINGS | OX_QUERY_NAMES_NO_IDS),
      request->has_guid ? &request->property_guid : NULL, call->scratch, &response->property_ids,
      &response->property_names, &count, call->err);
  response->id_count = count > UINT16_MAX ? UINT16_MAX : (uint16_t)count;
  return status;
}
