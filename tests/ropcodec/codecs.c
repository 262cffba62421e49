#include "codecs.h"

#include <stdlib.h>
#include <string.h>

static ox_rop_context rop_context(const ox_wire_context *context) {
  ox_rop_context rop = {.columns = context->columns, .column_count = context->column_count};
  memset(rop.public_logons, context->public_logon ? 0xFF : 0, sizeof rop.public_logons);
  return rop;
}

static ox_status decode_request(ox_reader *r, ox_arena *arena, const ox_wire_context *context,
                                void *out) {
  ox_rop_context rop = rop_context(context);
  return ox_rop_request_decode(r, arena, &rop, out);
}

static ox_status decode_response(ox_reader *r, ox_arena *arena, const ox_wire_context *context,
                                 void *out) {
  ox_rop_context rop = rop_context(context);
  return ox_rop_response_decode(r, arena, &rop, out);
}

static void encode_request(ox_writer *w, const void *in) {
  ox_rop_request_encode(w, in);
}

static void encode_response(ox_writer *w, const void *in) {
  ox_rop_response_encode(w, in);
}

#define NSPI(name)                                                                              \
  static ox_status decode_##name(ox_reader *r, ox_arena *arena, const ox_wire_context *context, \
                                 void *out) {                                                   \
    (void)context;                                                                              \
    return ox_nspi_##name##_decode(r, arena, out);                                              \
  }                                                                                             \
  static void encode_##name(ox_writer *w, const void *in) {                                     \
    ox_nspi_##name##_encode(w, in);                                                             \
  }
#define NSPI_BODIES(X)            \
  X(bind_request)                 \
  X(bind_response)                \
  X(unbind_request)               \
  X(unbind_response)              \
  X(compare_min_ids_request)      \
  X(compare_min_ids_response)     \
  X(dn_to_min_id_request)         \
  X(dn_to_min_id_response)        \
  X(get_matches_request)          \
  X(get_matches_response)         \
  X(get_prop_list_request)        \
  X(get_prop_list_response)       \
  X(get_props_request)            \
  X(get_props_response)           \
  X(get_special_table_request)    \
  X(get_special_table_response)   \
  X(get_template_info_request)    \
  X(get_template_info_response)   \
  X(mod_link_att_request)         \
  X(mod_link_att_response)        \
  X(mod_props_request)            \
  X(mod_props_response)           \
  X(query_rows_request)           \
  X(query_rows_response)          \
  X(query_columns_request)        \
  X(query_columns_response)       \
  X(resolve_names_request)        \
  X(resolve_names_response)       \
  X(resort_restriction_request)   \
  X(resort_restriction_response)  \
  X(seek_entries_request)         \
  X(seek_entries_response)        \
  X(update_stat_request)          \
  X(update_stat_response)         \
  X(get_mailbox_url_request)      \
  X(get_mailbox_url_response)     \
  X(get_address_book_url_request) \
  X(get_address_book_url_response)
NSPI_BODIES(NSPI)

#define NSPI_CODEC(name) \
  {&ox_nspi_##name##_wire, sizeof(ox_nspi_##name), 0, decode_##name, encode_##name},
const codec nspi_codecs[] = {NSPI_BODIES(NSPI_CODEC)};
const size_t nspi_codec_count = sizeof nspi_codecs / sizeof nspi_codecs[0];

codec codec_of_request(const ox_wire_struct *structure) {
  return (codec){structure, sizeof(ox_rop_request), offsetof(ox_rop_request, u), decode_request,
                 encode_request};
}

codec codec_of_response(const ox_wire_struct *structure) {
  return (codec){structure, sizeof(ox_rop_response), offsetof(ox_rop_response, u), decode_response,
                 encode_response};
}

bool codec_has_open_tail(const ox_wire_struct *structure) {
  const ox_wire_field *last = &structure->fields[structure->field_count - 1];
  return structure->field_count != 0 && (last->flags & OX_WIRE_REST) != 0;
}

static void *failing_malloc(size_t size, void *user) {
  failing *f = user;
  if (f->calls++ == f->fail_at) return NULL;
  f->live++;
  return malloc(size);
}

static void *failing_calloc(size_t count, size_t size, void *user) {
  failing *f = user;
  if (f->calls++ == f->fail_at) return NULL;
  f->live++;
  return calloc(count, size);
}

static void *failing_realloc(void *block, size_t size, void *user) {
  failing *f = user;
  if (f->calls++ == f->fail_at) return NULL;
  if (block == NULL) f->live++;
  return realloc(block, size);
}

static void failing_free(void *block, void *user) {
  failing *f = user;
  f->live--;
  free(block);
}

ox_allocator failing_allocator(failing *f) {
  return (ox_allocator){failing_malloc, failing_calloc, failing_realloc, failing_free, f};
}
