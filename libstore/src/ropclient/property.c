/* Properties of remote objects. */
#include <string.h>

#include "client.h"

/** Tags of one RopGetPropertiesSpecific. */
#define TAGS_MAX 2000u

ox_status rc_rows(ox_bytes rows, const ox_proptag *columns, size_t column_count, size_t row_count,
                  ox_arena *arena, ox_property **out, ox_error *err) {
  ox_bytes copy = {ox_arena_copy(arena, rows.data, rows.size_bytes), rows.size_bytes};
  if (copy.data == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  ox_status status =
      ox_rows_decode(copy, columns, column_count, (uint32_t)row_count, arena, out, err);
  if (ox_failed(status)) return status;
  for (size_t i = 0; i < row_count * column_count; i++) {
    if (OX_PROPTAG_TYPE((*out)[i].tag) != OX_PTYP_NULL) continue;
    (*out)[i].tag = OX_PROPTAG_AS((*out)[i].tag, OX_PTYP_ERROR_CODE);
    (*out)[i].value.error = OX_E_NOT_FOUND;
  }
  return OX_OK;
}

static bool is_streamable(uint16_t type) {
  return type == OX_PTYP_STRING || type == OX_PTYP_STRING8 || type == OX_PTYP_BINARY ||
         type == OX_PTYP_OBJECT;
}

ox_status rc_read_value(rc_mailbox *mailbox, uint32_t handle, ox_proptag tag, size_t max_bytes,
                        ox_arena *arena, ox_value *out, ox_error *err) {
  rc_begin(mailbox);
  ox_rop_request open = {.rop_id = OX_ROP_OPEN_STREAM};
  open.u.open_stream.input_handle_index = rc_index(mailbox, handle);
  uint8_t index = rc_output(mailbox);
  open.u.open_stream.output_handle_index = index;
  open.u.open_stream.property_tag = tag;
  const ox_rop_response *response = NULL;
  ox_status status = rc_one(mailbox, &open, NULL, 0, &response, err);
  if (ox_failed(status)) return status;
  uint32_t stream_handle = rc_handle_at(mailbox, index);
  size_t size = response->u.open_stream.stream_size, got = 0;
  uint8_t *data = NULL;
  if (size > max_bytes) status = OX_E_NOT_ENOUGH_MEMORY;
  if (!ox_failed(status)) data = ox_arena_alloc(arena, size + 2);
  if (!ox_failed(status) && data == NULL) status = ox_error_set(err, OX_E_NO_MEMORY, NULL);
  rc_stream stream = {.handle = stream_handle};
  stream.base.provider = &rc_provider;
  stream.base.mailbox = &mailbox->base;
  if (!ox_failed(status)) status = rc_stream_read(&stream.base, data, size, &got, err);
  rc_release(mailbox, stream_handle);
  if (ox_failed(status)) return status;
  if (OX_PROPTAG_TYPE(tag) == OX_PTYP_STRING)
    out->string = (ox_str16){data, got & ~(size_t)1};
  else if (OX_PROPTAG_TYPE(tag) == OX_PTYP_STRING8)
    out->string8 = (ox_str8){(const char *)data, got};
  else
    out->binary = (ox_bytes){data, got};
  return OX_OK;
}

/* Fetches what did not fit into the row; leaves the error where the value is too long. */
static ox_status complete(rc_mailbox *mailbox, ox_object *object, ox_property *property,
                          ox_proptag tag, size_t max_bytes, ox_arena *arena, ox_error *err) {
  if (OX_PROPTAG_TYPE(property->tag) != OX_PTYP_ERROR_CODE ||
      property->value.error != OX_E_NOT_ENOUGH_MEMORY || !is_streamable(OX_PROPTAG_TYPE(tag)))
    return OX_OK;
  ox_value value;
  ox_status status =
      rc_read_value(mailbox, rc_object_handle(object), tag, max_bytes, arena, &value, err);
  if (status == OX_E_NOT_ENOUGH_MEMORY) return OX_OK;
  if (ox_failed(status) && !ox_status_is_local(status)) { /* a property's error, not the call's */
    property->value.error = status;
    return OX_OK;
  }
  if (ox_failed(status)) return status;
  property->tag = tag;
  property->value = value;
  return OX_OK;
}

/* A value longer than the caller wants is an error of its column. */
static void cut(ox_property *property, size_t max_bytes) {
  uint16_t type = OX_PROPTAG_TYPE(property->tag);
  if (!is_streamable(type)) return;
  size_t size = type == OX_PTYP_STRING    ? property->value.string.size_bytes
                : type == OX_PTYP_STRING8 ? property->value.string8.size_bytes
                                          : property->value.binary.size_bytes;
  if (size <= max_bytes) return;
  property->tag = OX_PROPTAG_AS(property->tag, OX_PTYP_ERROR_CODE);
  property->value.error = OX_E_NOT_ENOUGH_MEMORY;
}

static ox_status get_some(ox_object *object, const ox_proptag *tags, size_t count, size_t max_bytes,
                          ox_arena *arena, ox_property *out, ox_error *err) {
  rc_mailbox *mailbox = rc_of_object(object);
  rc_begin(mailbox);
  ox_rop_request request = {.rop_id = OX_ROP_GET_PROPERTIES_SPECIFIC};
  ox_get_properties_specific_request *get = &request.u.get_properties_specific;
  get->input_handle_index = rc_index(mailbox, rc_object_handle(object));
  get->want_unicode = 1;
  get->property_tag_count = (uint16_t)count;
  get->property_tags = (ox_proptag *)tags;
  const ox_rop_response *response = NULL;
  ox_status status = rc_one(mailbox, &request, tags, count, &response, err);
  if (ox_failed(status)) return status;
  ox_property *row = NULL;
  status = rc_rows(response->u.get_properties_specific.row_data, tags, count, 1, arena, &row, err);
  if (ox_failed(status)) return status;
  memcpy(out, row, count * sizeof *out);
  for (size_t i = 0; !ox_failed(status) && i < count; i++) {
    ox_proptag tag = tags[i];
    if (OX_PROPTAG_TYPE(tag) == OX_PTYP_UNSPECIFIED &&
        OX_PROPTAG_TYPE(out[i].tag) == OX_PTYP_ERROR_CODE &&
        out[i].value.error == OX_E_NOT_ENOUGH_MEMORY) {
      ox_proptag *list = NULL;
      size_t listed = 0;
      status = rc_object_list(object, arena, &list, &listed, err);
      for (size_t k = 0; k < listed; k++)
        if (OX_PROPTAG_ID(list[k]) == OX_PROPTAG_ID(tag)) tag = list[k];
    }
    if (!ox_failed(status)) status = complete(mailbox, object, &out[i], tag, max_bytes, arena, err);
    cut(&out[i], max_bytes);
  }
  return status;
}

ox_status rc_object_get(ox_object *object, const ox_proptag *tags, size_t count,
                        size_t max_value_bytes, ox_arena *arena, ox_property *out, ox_error *err) {
  if (max_value_bytes == 0) max_value_bytes = OX_GET_MAX_VALUE_BYTES;
  ox_status status = OX_OK;
  for (size_t done = 0; !ox_failed(status) && done < count;) {
    size_t some = count - done < TAGS_MAX ? count - done : TAGS_MAX;
    status = get_some(object, tags + done, some, max_value_bytes, arena, out + done, err);
    done += some;
  }
  return status;
}

ox_status rc_object_get_all(ox_object *object, size_t max_value_bytes, ox_arena *arena,
                            ox_property **out, size_t *count_out, ox_error *err) {
  if (max_value_bytes == 0) max_value_bytes = OX_GET_MAX_VALUE_BYTES;
  rc_mailbox *mailbox = rc_of_object(object);
  rc_begin(mailbox);
  uint8_t index = rc_index(mailbox, rc_object_handle(object));
  ox_rop_request all = {.rop_id = OX_ROP_GET_PROPERTIES_ALL};
  all.u.get_properties_all.input_handle_index = index;
  all.u.get_properties_all.want_unicode = 1;
  /* The list tells the types of what is too long for the response. */
  ox_rop_request list = {.rop_id = OX_ROP_GET_PROPERTIES_LIST};
  list.u.get_properties_list.input_handle_index = index;
  size_t all_at = 0, list_at = 0;
  ox_status status = rc_add(mailbox, &list, NULL, 0, &list_at, err);
  if (!ox_failed(status)) status = rc_add(mailbox, &all, NULL, 0, &all_at, err);
  if (!ox_failed(status)) status = rc_run(mailbox, err);
  if (!ox_failed(status)) status = rc_status(mailbox, list_at, err);
  if (!ox_failed(status)) status = rc_status(mailbox, all_at, err);
  if (ox_failed(status)) return status;
  const ox_get_properties_all_response *got = &rc_response(mailbox, all_at)->u.get_properties_all;
  const ox_get_properties_list_response *tags =
      &rc_response(mailbox, list_at)->u.get_properties_list;
  size_t count = got->property_value_count, listed = tags->property_tag_count;
  ox_property *values = ox_arena_calloc(arena, count, sizeof *values);
  ox_proptag *types = ox_arena_copy(arena, tags->property_tags, listed * sizeof *types);
  if (values == NULL || types == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  for (size_t i = 0; !ox_failed(status) && i < count; i++) {
    values[i].tag = got->property_values[i].tag;
    status = ox_value_clone(arena, OX_PROPTAG_TYPE(values[i].tag), &got->property_values[i].value,
                            &values[i].value);
  }
  for (size_t i = 0; !ox_failed(status) && i < count; i++) {
    ox_proptag tag = values[i].tag;
    for (size_t k = 0; k < listed; k++)
      if (OX_PROPTAG_ID(types[k]) == OX_PROPTAG_ID(tag)) tag = types[k];
    status = complete(mailbox, object, &values[i], tag, max_value_bytes, arena, err);
    cut(&values[i], max_value_bytes);
  }
  if (ox_failed(status)) return status;
  *out = values;
  *count_out = count;
  return OX_OK;
}

ox_status rc_object_list(ox_object *object, ox_arena *arena, ox_proptag **tags_out,
                         size_t *count_out, ox_error *err) {
  rc_mailbox *mailbox = rc_of_object(object);
  rc_begin(mailbox);
  ox_rop_request request = {.rop_id = OX_ROP_GET_PROPERTIES_LIST};
  request.u.get_properties_list.input_handle_index = rc_index(mailbox, rc_object_handle(object));
  const ox_rop_response *response = NULL;
  ox_status status = rc_one(mailbox, &request, NULL, 0, &response, err);
  if (ox_failed(status)) return status;
  const ox_get_properties_list_response *list = &response->u.get_properties_list;
  *tags_out =
      ox_arena_copy(arena, list->property_tags, list->property_tag_count * sizeof **tags_out);
  if (*tags_out == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  *count_out = list->property_tag_count;
  return OX_OK;
}

ox_status rc_add_problems(ox_problems *problems, const ox_property_problem *items, size_t count,
                          const uint16_t *indexes) {
  if (problems == NULL || count == 0) return OX_OK;
  ox_property_problem *grown = ox_arena_grow(problems->arena, problems->items, problems->count,
                                             problems->count + count, sizeof *grown);
  if (grown == NULL) return OX_E_NO_MEMORY;
  for (size_t i = 0; i < count; i++) {
    grown[problems->count] = items[i];
    if (indexes != NULL) grown[problems->count].index = indexes[items[i].index];
    problems->count++;
  }
  problems->items = grown;
  return OX_OK;
}

/* Long values are written through streams. */
static ox_status set_by_stream(ox_object *object, const ox_property *property, uint16_t index,
                               ox_problems *problems, ox_error *err) {
  uint16_t type = OX_PROPTAG_TYPE(property->tag);
  ox_bytes data = type == OX_PTYP_STRING
                      ? (ox_bytes){property->value.string.data, property->value.string.size_bytes}
                  : type == OX_PTYP_STRING8
                      ? (ox_bytes){(const uint8_t *)property->value.string8.data,
                                   property->value.string8.size_bytes}
                      : property->value.binary;
  ox_stream *stream = NULL;
  ox_status status = rc_stream_open(object, property->tag, OX_STREAM_CREATE, &stream, NULL, err);
  if (!ox_failed(status)) status = rc_stream_write(stream, data.data, data.size_bytes, err);
  if (!ox_failed(status)) status = rc_stream_commit(stream, err);
  if (stream != NULL) rc_stream_close(stream);
  if (!ox_failed(status) || ox_status_is_local(status)) return status;
  ox_property_problem problem = {index, property->tag, status};
  return rc_add_problems(problems, &problem, 1, NULL);
}

/* One RopSetProperties with values[indexes[0..count)]. */
static ox_status set_some(ox_object *object, const ox_property *values, const uint16_t *indexes,
                          size_t count, ox_problems *problems, ox_error *err) {
  rc_mailbox *mailbox = rc_of_object(object);
  rc_begin(mailbox);
  ox_rop_request request = {.rop_id = OX_ROP_SET_PROPERTIES};
  ox_set_properties_request *set = &request.u.set_properties;
  set->input_handle_index = rc_index(mailbox, rc_object_handle(object));
  set->property_value_count = (uint16_t)count;
  set->property_values = ox_arena_calloc(&mailbox->scratch, count, sizeof(ox_property));
  if (set->property_values == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  for (size_t i = 0; i < count; i++) set->property_values[i] = values[indexes[i]];
  const ox_rop_response *response = NULL;
  ox_status status = rc_one(mailbox, &request, NULL, 0, &response, err);
  if (ox_failed(status)) return status;
  const ox_set_properties_response *answer = &response->u.set_properties;
  for (size_t i = 0; i < answer->property_problem_count; i++)
    if (answer->property_problems[i].index >= count)
      return ox_error_set(err, OX_E_PROTOCOL, "A problem is about no property of the request.");
  return rc_add_problems(problems, answer->property_problems, answer->property_problem_count,
                         indexes);
}

ox_status rc_object_set(ox_object *object, const ox_property *properties, size_t count,
                        ox_problems *problems, ox_error *err) {
  if (count > UINT16_MAX) return ox_error_set(err, OX_E_LIMIT, "Too many properties at once.");
  ox_arena arena;
  ox_arena_init(&arena, rc_of_object(object)->allocator, 0);
  uint16_t *indexes = ox_arena_calloc(&arena, count, sizeof *indexes);
  ox_status status = indexes != NULL ? OX_OK : ox_error_set(err, OX_E_NO_MEMORY, NULL);
  size_t some = 0, bytes = 0;
  for (size_t i = 0; !ox_failed(status) && i < count; i++) {
    uint16_t type = OX_PROPTAG_TYPE(properties[i].tag);
    size_t size = 4 + ox_value_size_bytes(type, &properties[i].value);
    if (size > RC_INLINE_BYTES && is_streamable(type)) {
      status = set_by_stream(object, &properties[i], (uint16_t)i, problems, err);
      continue;
    }
    if (some > 0 && bytes + size > RC_WRITE_BYTES) {
      status = set_some(object, properties, indexes, some, problems, err);
      some = bytes = 0;
    }
    indexes[some++] = (uint16_t)i;
    bytes += size;
  }
  if (!ox_failed(status) && (some > 0 || count == 0))
    status = set_some(object, properties, indexes, some, problems, err);
  ox_arena_dispose(&arena);
  return status;
}

ox_status rc_object_delete(ox_object *object, const ox_proptag *tags, size_t count,
                           ox_problems *problems, ox_error *err) {
  rc_mailbox *mailbox = rc_of_object(object);
  rc_begin(mailbox);
  ox_rop_request request = {.rop_id = OX_ROP_DELETE_PROPERTIES};
  ox_delete_properties_request *remove = &request.u.delete_properties;
  remove->input_handle_index = rc_index(mailbox, rc_object_handle(object));
  remove->property_tag_count = (uint16_t)count;
  remove->property_tags = (ox_proptag *)tags;
  const ox_rop_response *response = NULL;
  ox_status status = count <= UINT16_MAX ? rc_one(mailbox, &request, NULL, 0, &response, err)
                                         : ox_error_set(err, OX_E_LIMIT, NULL);
  if (ox_failed(status)) return status;
  return rc_add_problems(problems, response->u.delete_properties.property_problems,
                         response->u.delete_properties.property_problem_count, NULL);
}

ox_status rc_object_copy_to(ox_object *source, ox_object *destination, uint32_t flags,
                            bool subobjects, const ox_proptag *excluded, size_t count,
                            ox_problems *problems, ox_error *err) {
  rc_mailbox *mailbox = rc_of_object(source);
  if (destination->mailbox != source->mailbox)
    return ox_error_set(err, OX_E_NO_SUPPORT, "Objects of two mailboxes are copied by export.");
  rc_begin(mailbox);
  ox_rop_request request = {.rop_id = OX_ROP_COPY_TO};
  ox_copy_to_request *copy = &request.u.copy_to;
  copy->source_handle_index = rc_index(mailbox, rc_object_handle(source));
  copy->dest_handle_index = rc_index(mailbox, rc_object_handle(destination));
  copy->want_sub_objects = subobjects;
  copy->copy_flags = (uint8_t)flags;
  copy->excluded_tag_count = (uint16_t)count;
  copy->excluded_tags = (ox_proptag *)excluded;
  const ox_rop_response *response = NULL;
  ox_status status = rc_one(mailbox, &request, NULL, 0, &response, err);
  if (ox_failed(status)) return status;
  return rc_add_problems(problems, response->u.copy_to.property_problems,
                         response->u.copy_to.property_problem_count, NULL);
}

ox_status rc_object_copy_properties(ox_object *source, ox_object *destination, uint32_t flags,
                                    const ox_proptag *tags, size_t count, ox_problems *problems,
                                    ox_error *err) {
  rc_mailbox *mailbox = rc_of_object(source);
  if (destination->mailbox != source->mailbox)
    return ox_error_set(err, OX_E_NO_SUPPORT, "Objects of two mailboxes are copied by export.");
  rc_begin(mailbox);
  ox_rop_request request = {.rop_id = OX_ROP_COPY_PROPERTIES};
  ox_copy_properties_request *copy = &request.u.copy_properties;
  copy->source_handle_index = rc_index(mailbox, rc_object_handle(source));
  copy->dest_handle_index = rc_index(mailbox, rc_object_handle(destination));
  copy->copy_flags = (uint8_t)flags;
  copy->property_tag_count = (uint16_t)count;
  copy->property_tags = (ox_proptag *)tags;
  const ox_rop_response *response = NULL;
  ox_status status = rc_one(mailbox, &request, NULL, 0, &response, err);
  if (ox_failed(status)) return status;
  return rc_add_problems(problems, response->u.copy_properties.property_problems,
                         response->u.copy_properties.property_problem_count, NULL);
}

/* Names with their strings in the caller's arena. */
static ox_status copy_names(ox_arena *arena, const ox_property_name *names, size_t count,
                            ox_property_name *out) {
  for (size_t i = 0; i < count; i++) {
    out[i] = names[i];
    if (names[i].kind != OX_NAME_KIND_STRING) continue;
    out[i].name.data = ox_arena_copy(arena, names[i].name.data, names[i].name.size_bytes);
    if (out[i].name.data == NULL) return OX_E_NO_MEMORY;
  }
  return OX_OK;
}

ox_status rc_object_query_names(ox_object *object, uint32_t flags, const ox_guid *set,
                                ox_arena *arena, uint16_t **ids_out, ox_property_name **names_out,
                                size_t *count_out, ox_error *err) {
  rc_mailbox *mailbox = rc_of_object(object);
  rc_begin(mailbox);
  ox_rop_request request = {.rop_id = OX_ROP_QUERY_NAMED_PROPERTIES};
  ox_query_named_properties_request *query = &request.u.query_named_properties;
  query->input_handle_index = rc_index(mailbox, rc_object_handle(object));
  query->query_flags = (uint8_t)flags;
  query->has_guid = set != NULL;
  if (set != NULL) query->property_guid = *set;
  const ox_rop_response *response = NULL;
  ox_status status = rc_one(mailbox, &request, NULL, 0, &response, err);
  if (ox_failed(status)) return status;
  const ox_query_named_properties_response *answer = &response->u.query_named_properties;
  size_t count = answer->id_count;
  uint16_t *ids = ox_arena_copy(arena, answer->property_ids, count * sizeof *ids);
  ox_property_name *names = ox_arena_calloc(arena, count, sizeof *names);
  if (ids == NULL || names == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  status = copy_names(arena, answer->property_names, count, names);
  if (ox_failed(status)) return ox_error_set(err, status, NULL);
  *ids_out = ids;
  *names_out = names;
  *count_out = count;
  return OX_OK;
}

ox_status rc_mailbox_names_to_ids(ox_mailbox *base, const ox_property_name *names, size_t count,
                                  bool create, uint16_t *ids_out, ox_error *err) {
  rc_mailbox *mailbox = rc_of(base);
  bool missing = false;
  for (size_t done = 0; done < count;) {
    /* A name takes at most 273 bytes. */
    size_t some = count - done < 100 ? count - done : 100;
    rc_begin(mailbox);
    ox_rop_request request = {.rop_id = OX_ROP_GET_PROPERTY_IDS_FROM_NAMES};
    ox_get_property_ids_from_names_request *get = &request.u.get_property_ids_from_names;
    get->input_handle_index = rc_logon(mailbox);
    get->flags = create ? OX_NAME_LOOKUP_FLAGS_CREATE : 0;
    get->property_name_count = (uint16_t)some;
    get->property_names = (ox_property_name *)names + done;
    const ox_rop_response *response = NULL;
    ox_status status = rc_one(mailbox, &request, NULL, 0, &response, err);
    if (ox_failed(status)) return status;
    const ox_get_property_ids_from_names_response *answer =
        &response->u.get_property_ids_from_names;
    if (answer->property_id_count != some)
      return ox_error_set(err, OX_E_PROTOCOL, "The server gave another number of property ids.");
    memcpy(ids_out + done, answer->property_ids, some * sizeof *ids_out);
    for (size_t i = 0; i < some; i++) missing |= ids_out[done + i] == 0;
    done += some;
  }
  return missing ? OX_W_ERRORS_RETURNED : OX_OK;
}

ox_status rc_mailbox_ids_to_names(ox_mailbox *base, const uint16_t *ids, size_t count,
                                  ox_arena *arena, ox_property_name *names_out, ox_error *err) {
  rc_mailbox *mailbox = rc_of(base);
  for (size_t done = 0; done < count;) {
    size_t some = count - done < 100 ? count - done : 100;
    rc_begin(mailbox);
    ox_rop_request request = {.rop_id = OX_ROP_GET_NAMES_FROM_PROPERTY_IDS};
    ox_get_names_from_property_ids_request *get = &request.u.get_names_from_property_ids;
    get->input_handle_index = rc_logon(mailbox);
    get->property_id_count = (uint16_t)some;
    get->property_ids = (uint16_t *)ids + done;
    const ox_rop_response *response = NULL;
    ox_status status = rc_one(mailbox, &request, NULL, 0, &response, err);
    if (ox_failed(status)) return status;
    const ox_get_names_from_property_ids_response *answer =
        &response->u.get_names_from_property_ids;
    if (answer->property_name_count != some)
      return ox_error_set(err, OX_E_PROTOCOL, "The server gave another number of names.");
    status = copy_names(arena, answer->property_names, some, names_out + done);
    if (ox_failed(status)) return ox_error_set(err, status, NULL);
    done += some;
  }
  return OX_OK;
}
