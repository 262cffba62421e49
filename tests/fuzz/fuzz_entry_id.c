/* EntryIDs, XIDs, predecessor change lists, server ids, flat entry lists, address lists. The first
 * byte chooses. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <oxkit/ropcodec/entryid.h>
#include <oxkit/ropcodec/pcl.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition) {
  if (!condition) abort();
}

static void entry_id(ox_bytes bytes) {
  ox_entry_id id;
  if (ox_entry_id_decode(bytes, &id, NULL) != OX_OK) return;
  ox_writer w;
  ox_writer_init(&w, NULL, SIZE_MAX / 2);
  ox_entry_id_encode(&w, &id);
  require(ox_writer_status(&w) == OX_OK && ox_bytes_equal(ox_writer_bytes(&w), bytes));
  ox_writer_dispose(&w);
}

static void pcl(ox_bytes bytes, ox_arena *arena) {
  ox_pcl list, merged;
  if (ox_pcl_decode(bytes, arena, &list, NULL) != OX_OK) return;
  ox_writer w;
  ox_writer_init(&w, NULL, SIZE_MAX / 2);
  ox_pcl_encode(&w, &list);
  require(ox_writer_status(&w) == OX_OK && ox_bytes_equal(ox_writer_bytes(&w), bytes));
  ox_writer_dispose(&w);
  require(ox_pcl_merge(&list, &list, arena, &merged) == OX_OK && merged.count <= list.count);
  require(ox_pcl_compare(&list, &merged) == OX_PCL_EQUAL);
}

static void flat_list(ox_bytes bytes, ox_arena *arena) {
  ox_flat_entry_list list, again;
  if (ox_flat_entry_list_decode(bytes, arena, &list) != OX_OK) return;
  ox_writer w;
  ox_writer_init(&w, NULL, SIZE_MAX / 2);
  ox_flat_entry_list_encode(&w, &list);
  require(ox_writer_status(&w) == OX_OK);
  require(ox_flat_entry_list_decode(ox_writer_bytes(&w), arena, &again) == OX_OK);
  require(again.count == list.count && ox_writer_bytes(&w).size_bytes == bytes.size_bytes);
  for (uint32_t i = 0; i < list.count; i++) {
    require(ox_bytes_equal(list.entry_ids[i], again.entry_ids[i]));
  }
  ox_writer_dispose(&w);
}

static void address_list(ox_bytes bytes, unsigned width, ox_arena *arena) {
  ox_address_list list;
  ox_reader r;
  ox_reader_init(&r, bytes.data, bytes.size_bytes);
  if (ox_address_list_decode(&r, arena, width, &list) != OX_OK) return;
  ox_writer w;
  ox_writer_init(&w, NULL, SIZE_MAX / 2);
  ox_address_list_encode(&w, width, &list);
  require(ox_writer_status(&w) == OX_OK);
  ox_writer_dispose(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  ox_bytes bytes = {data + 1, size - 1};
  ox_arena arena;
  ox_arena_init(&arena, NULL, 64u * 1024 * 1024);
  ox_server_id server_id;
  ox_xid xid;
  switch (data[0] % 7) {
    case 0: entry_id(bytes); break;
    case 1: pcl(bytes, &arena); break;
    case 2: flat_list(bytes, &arena); break;
    case 3: address_list(bytes, OX_COUNT_16, &arena); break;
    case 4: address_list(bytes, OX_COUNT_32, &arena); break;
    case 5: (void)!ox_server_id_decode(bytes, &server_id); break;
    default: (void)!ox_xid_decode(bytes, &xid, NULL); break;
  }
  ox_arena_dispose(&arena);
  return 0;
}
