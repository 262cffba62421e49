/* ROP buffers as JSON that comes back as the same bytes. */
#include <oxkit/ropcodec/ropbuffer.h>

#include <string.h>

#include "dump.h"
#include "json.h"
#include "kinds.h"

static const ox_wire_struct *structure_of(const ox_rop_info *info, bool is_response) {
  return info == NULL ? NULL : is_response ? info->response : info->request;
}

static void put_text(ox_json_writer *j, const char *key, const char *text) {
  ox_json_key(j, key);
  ox_json_put_ascii(j, text);
}

static void put_offset(ox_json_writer *j, uint64_t offset) {
  ox_json_key(j, "offset");
  ox_json_put_u32(j, (uint32_t)offset);
}

static void put_bytes(ox_json_writer *j, const char *key, ox_bytes bytes) {
  ox_json_key(j, key);
  ox_json_put_bytes(j, bytes.data, bytes.size_bytes);
}

/* What is wrong, and the bytes that are not explained. */
static void put_failure(ox_json_writer *j, const ox_error *error, ox_bytes left) {
  ox_json_begin(j, '{');
  put_offset(j, error->offset);
  ox_json_key(j, "error");
  ox_json_begin(j, '{');
  ox_json_key(j, "status");
  ox_json_put_status(j, error->status);
  put_text(j, "name", ox_status_name(error->status));
  put_text(j, "text", error->text);
  if (error->field != NULL) put_text(j, "field", error->field);
  if (error->spec != NULL) put_text(j, "section", error->spec);
  ox_json_end(j, '}');
  put_bytes(j, "bytes", left);
  ox_json_end(j, '}');
}

/* The ROP at the cursor; false when it does not decode. */
static bool put_rop(ox_json_writer *j, ox_reader *r, ox_arena *arena, const ox_rop_context *context,
                    bool is_response) {
  size_t start = r->position;
  ox_wire_context wire = ox_rop_wire_context(context, r);
  const ox_rop_info *info = ox_rop_info_by_id(ox_peek_u8(r));
  const ox_wire_struct *structure = structure_of(info, is_response);
  if (structure == NULL) {
    ox_reader_fail(r, OX_E_UNKNOWN_ROP, "rop_id", "[MS-OXCROPS] 2.2.2");
    return false;
  }
  void *value = ox_arena_calloc(arena, 1, structure->size_bytes);
  if (value == NULL) {
    ox_reader_fail(r, OX_E_NO_MEMORY, NULL, NULL);
    return false;
  }
  if (ox_failed(ox_wire_decode(structure, r, arena, &wire, value, NULL, NULL))) return false;
  ox_bytes bytes = {r->data + start, r->position - start};
  ox_json_begin(j, '{');
  put_offset(j, r->base_offset + start);
  put_text(j, "rop", info->name);
  put_text(j, "section", info->section);
  ox_json_key(j, "fields");
  ox_json_put_struct(j, structure, &wire, value);
  if (!ox_json_is_exact(j, structure, value, bytes)) put_bytes(j, "bytes", bytes);
  ox_json_end(j, '}');
  return true;
}

static ox_status put_rops(ox_json_writer *j, const ox_rop_buffer *buffer, bool is_response,
                          const ox_rop_context *context) {
  ox_reader r;
  ox_arena arena;
  ox_error error = {.status = OX_OK};
  ox_rop_buffer_reader(buffer, &r);
  ox_arena_init(&arena, j->w->allocator, 0);
  bool good = true;
  while (good && ox_reader_remaining(&r) != 0 && j->w->status == OX_OK) {
    size_t start = r.position;
    good = put_rop(j, &r, &arena, context, is_response);
    ox_arena_reset(&arena);
    if (!good) {
      ox_reader_status(&r, &error);
      put_failure(j, &error, (ox_bytes){r.data + start, r.size_bytes - start});
    }
  }
  ox_arena_dispose(&arena);
  return error.status;
}

ox_status ox_rop_buffer_dump_json(ox_writer *w, ox_bytes bytes, bool is_response,
                                  const ox_rop_context *context) {
  ox_rop_buffer buffer = {0};
  ox_error error = {.status = OX_OK};
  ox_json_writer j;
  ox_status status = ox_rop_buffer_parse(bytes, &buffer, &error);
  ox_json_init(&j, w);
  ox_json_begin(&j, '{');
  put_text(&j, "kind", is_response ? "rop-output" : "rop-input");
  if (context != NULL) ox_json_put_columns(&j, context->columns, context->column_count);
  ox_json_key(&j, "rops");
  ox_json_begin(&j, '[');
  if (status == OX_OK) {
    status = put_rops(&j, &buffer, is_response, context);
  } else {
    put_failure(&j, &error, (ox_bytes){NULL, 0});
  }
  ox_json_end(&j, ']');
  ox_json_key(&j, "handles");
  ox_json_begin(&j, '[');
  ox_reader handles;
  ox_reader_init(&handles, buffer.handle_bytes.data, buffer.handle_bytes.size_bytes);
  while (ox_reader_remaining(&handles) != 0) ox_json_put_hex(&j, ox_read_u32(&handles), 8);
  ox_json_end(&j, ']');
  if (error.status != OX_OK) put_bytes(&j, "bytes", bytes);
  ox_json_end(&j, '}');
  ox_write_u8(w, '\n');
  return status;
}

/* From JSON. */

static const ox_rop_info *find_rop(ox_json_reader *r, const ox_json_value *json) {
  size_t count;
  const ox_rop_info *table = ox_rop_info_table(&count);
  for (size_t i = 0; json != NULL && json->type == OX_JSON_TEXT && i < count; i++) {
    if (strlen(table[i].name) == json->text.size_bytes &&
        memcmp(table[i].name, json->text.data, json->text.size_bytes) == 0) {
      return &table[i];
    }
  }
  ox_json_fail(r, json, OX_E_NOT_FOUND, "There is no ROP of this name.");
  return NULL;
}

static void get_rop(ox_json_reader *r, const ox_json_value *item, bool is_response,
                    const ox_wire_context *context, ox_writer *w) {
  ox_json_member(r, item, "offset");
  ox_json_member(r, item, "section");
  ox_json_member(r, item, "error");
  const ox_json_value *bytes = ox_json_member(r, item, "bytes");
  if (bytes != NULL) {
    ox_json_member(r, item, "rop");
    ox_json_member(r, item, "fields");
    ox_bytes exact = ox_json_bytes(r, bytes);
    ox_json_close(r, item);
    if (r->status == OX_OK) ox_write_bytes(w, exact.data, exact.size_bytes);
    return;
  }
  const ox_json_value *name = ox_json_need(r, item, "rop");
  const ox_json_value *fields = ox_json_need(r, item, "fields");
  ox_json_close(r, item);
  if (r->status != OX_OK) return;
  const ox_rop_info *info = find_rop(r, name);
  const ox_wire_struct *structure = structure_of(info, is_response);
  if (structure == NULL) {
    ox_json_fail(r, name, OX_E_MALFORMED, "This ROP has no %s.",
                 is_response ? "response" : "request");
    return;
  }
  void *value = ox_json_alloc(r, 1, structure->size_bytes);
  if (value == NULL) return;
  ox_json_struct(r, fields, structure, context, value);
  if (r->status == OX_OK) ox_wire_encode(structure, w, value);
  if (w->status != OX_OK) {
    ox_json_fail(r, item, w->status, "This ROP cannot be encoded: %s", ox_status_text(w->status));
  }
}

void ox_rop_buffer_get(ox_json_reader *r, const ox_json_value *top, bool is_response,
                       ox_writer *w) {
  ox_wire_context context = {0};
  uint32_t count;
  ox_json_get_columns(r, top, &context);
  const ox_json_value *rops = ox_json_need(r, top, "rops");
  const ox_json_value *handles = ox_json_need(r, top, "handles");
  const ox_json_value *bytes = ox_json_member(r, top, "bytes");
  ox_json_close(r, top);
  if (bytes != NULL) {
    ox_json_copy_bytes(r, bytes, w);
    return;
  }
  size_t start = w->size_bytes;
  size_t mark = ox_writer_reserve(w, 2);
  const ox_json_value *item = ox_json_items(r, rops, &count);
  for (; item != NULL && r->status == OX_OK; item = item->next) {
    get_rop(r, item, is_response, &context, w);
  }
  if (r->status == OX_OK && w->size_bytes - start > UINT16_MAX) {
    ox_json_fail(r, rops, OX_E_LIMIT, "RopsList is larger than RopSize can say.");
  }
  if (r->status != OX_OK) return;
  ox_writer_patch_u16(w, mark, (uint16_t)(w->size_bytes - start));
  item = ox_json_items(r, handles, &count);
  for (; item != NULL && r->status == OX_OK; item = item->next) {
    ox_write_u32(w, (uint32_t)ox_json_u64(r, item, UINT32_MAX));
  }
}
