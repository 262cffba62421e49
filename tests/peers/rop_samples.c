/* Writes ROP buffers with one random ROP each, for another program to read: one line each,
 * "request" or "response", the bytes in hex, and what a head of each ROP says, as name=value.
 * usage: rop_samples ROUNDS */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <oxkit/ropcodec/ropbuffer.h>

#include "../ropcodec/random_wire.h"

enum { BUFFER_MAX_BYTES = 1 << 16, HANDLES = 3 };

static const ox_proptag columns[] = {
    OX_PROPTAG(0x0037, OX_PTYP_STRING),
    OX_PROPTAG(0x0E08, OX_PTYP_INTEGER32),
    OX_PROPTAG(0x0FF9, OX_PTYP_BINARY),
};

static void must(ox_status status) {
  if (status == OX_OK) return;
  fprintf(stderr, "rop_samples: %s\n", ox_status_text(status));
  exit(1);
}

static void print_request(const ox_rop_request *request, const uint8_t *rop) {
  /* LogonId follows RopId in every request, a handle index follows that. */
  printf(" rop_id=%u logon_id=%u index=%u", rop[0], rop[1], rop[2]);
  if (request->rop_id == OX_ROP_LOGON) {
    const ox_str8 *essdn = &request->u.logon.essdn;
    printf(" essdn_size=%zu essdn=", essdn->data != NULL ? essdn->size_bytes + 1 : 0);
    for (size_t i = 0; i < essdn->size_bytes; i++) putchar(essdn->data[i]);
  } else if (request->rop_id == OX_ROP_OPEN_FOLDER) {
    printf(" output_handle_index=%u folder_id=%" PRIu64 " open_mode_flags=%u",
           request->u.open_folder.output_handle_index, request->u.open_folder.folder_id,
           request->u.open_folder.open_mode_flags);
  } else if (request->rop_id == OX_ROP_OPEN_MESSAGE) {
    printf(" folder_id=%" PRIu64 " message_id=%" PRIu64 " open_mode_flags=%u code_page_id=%u",
           request->u.open_message.folder_id, request->u.open_message.message_id,
           request->u.open_message.open_mode_flags, request->u.open_message.code_page_id);
  } else if (request->rop_id == OX_ROP_GET_PROPERTIES_SPECIFIC) {
    const ox_get_properties_specific_request *get = &request->u.get_properties_specific;
    printf(" property_tag_count=%u property_tags=", get->property_tag_count);
    for (unsigned i = 0; i < get->property_tag_count; i++)
      printf("%s%" PRIu32, i != 0 ? "," : "", get->property_tags[i]);
  }
}

static void print_response(const uint8_t *rop, size_t size_bytes) {
  printf(" rop_id=%u", rop[0]);
  /* These answer no request, and have no ReturnValue. */
  bool is_extra = rop[0] == OX_ROP_NOTIFY || rop[0] == OX_ROP_PENDING || rop[0] == OX_ROP_BACKOFF ||
                  rop[0] == OX_ROP_BUFFER_TOO_SMALL;
  if (size_bytes < 6 || is_extra) return;
  uint32_t status = 0;
  for (unsigned i = 0; i < 4; i++) status |= (uint32_t)rop[2 + i] << 8 * i;
  printf(" index=%u return_value=%" PRIu32, rop[1], status);
}

/* Essdn as text that survives on a line. */
static void make_printable(ox_arena *arena, ox_rop_request *request) {
  if (request->rop_id != OX_ROP_LOGON || request->u.logon.essdn.size_bytes == 0) return;
  ox_str8 *essdn = &request->u.logon.essdn;
  char *text = ox_arena_copy(arena, essdn->data, essdn->size_bytes);
  if (text == NULL) must(OX_E_NO_MEMORY);
  for (size_t i = 0; i < essdn->size_bytes; i++) text[i] = (char)('A' + (text[i] & 15));
  essdn->data = text;
}

static void sample(const ox_rop_info *info, bool is_response, uint64_t seed) {
  static ox_rop_request request;
  static ox_rop_response response;
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  random_wire random = {.state = seed, .arena = &arena, .context = {columns, 3, false}};
  ox_rop_builder builder;
  ox_rop_builder_init(&builder, NULL, BUFFER_MAX_BYTES);
  uint32_t handles[HANDLES];
  for (unsigned i = 0; i < HANDLES; i++) {
    uint8_t index;
    handles[i] = (uint32_t)random_next(&random);
    must(ox_rop_builder_new_handle(&builder, &index));
    must(ox_rop_builder_set_handle(&builder, index, handles[i]));
  }
  if (is_response) {
    memset(&response, 0, sizeof response);
    response.rop_id = info->rop_id;
    random_struct(&random, info->response, &response.u);
    must(ox_rop_builder_add_response(&builder, &response));
  } else {
    memset(&request, 0, sizeof request);
    request.rop_id = info->rop_id;
    random_struct(&random, info->request, &request.u);
    make_printable(&arena, &request);
    must(ox_rop_builder_add_request(&builder, &request));
  }
  ox_bytes bytes;
  must(ox_rop_builder_finish(&builder, &bytes));
  printf("%s ", is_response ? "response" : "request");
  for (size_t i = 0; i < bytes.size_bytes; i++) printf("%02x", bytes.data[i]);
  printf(" rop_size=%u handles=", bytes.data[0] | bytes.data[1] << 8);
  for (unsigned i = 0; i < HANDLES; i++) printf("%s%" PRIu32, i != 0 ? "," : "", handles[i]);
  if (is_response) {
    print_response(bytes.data + 2, bytes.size_bytes - 2 - 4 * HANDLES);
  } else {
    print_request(&request, bytes.data + 2);
  }
  printf("\n");
  ox_rop_builder_dispose(&builder);
  ox_arena_dispose(&arena);
}

int main(int argc, char **argv) {
  unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 1;
  size_t count;
  const ox_rop_info *table = ox_rop_info_table(&count);
  for (unsigned long round = 0; round < rounds; round++) {
    for (size_t i = 0; i < count; i++) {
      uint64_t seed = 0x9E3779B97F4A7C15u * (round * 256 + table[i].rop_id + 1);
      if (table[i].request != NULL) sample(&table[i], false, seed);
      if (table[i].response != NULL) sample(&table[i], true, seed + 1);
    }
  }
  return 0;
}
