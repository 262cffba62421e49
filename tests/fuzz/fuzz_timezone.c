/* Time zones and global object ids. The first byte chooses the structure, the next eight are a time
 * to convert. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <oxkit/ropcodec/calendar_uid.h>
#include <oxkit/ropcodec/zone.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition) {
  if (!condition) abort();
}

static void same(const ox_writer *w, const ox_reader *r) {
  require(ox_writer_status(w) == OX_OK && w->size_bytes == r->position);
  require(memcmp(w->data, r->data, r->position) == 0);
}

static void convert(const ox_zone *zone, ox_filetime time) {
  ox_filetime utc[2];
  unsigned often = ox_zone_to_utc(zone, time, utc);
  require(often <= 2 && (often == 2 || utc[0] == utc[1]));
  int32_t bias = ox_zone_bias(zone, time);
  require(bias <= OX_ZONE_BIAS_MAX_MINUTES && bias >= -OX_ZONE_BIAS_MAX_MINUTES);
  const ox_filetime edge = ox_minutes_to_filetime(2 * OX_ZONE_BIAS_MAX_MINUTES);
  if (time < edge || time > UINT64_MAX - edge) return;
  if (often != 0) require(ox_zone_to_local(zone, utc[0]) == time);
  if (often == 2) require(ox_zone_to_local(zone, utc[1]) == time);
}

static void structure(ox_reader *r, ox_writer *w, ox_arena *arena, ox_filetime time) {
  ox_time_zone_struct in;
  ox_zone zone;
  if (ox_time_zone_struct_decode(r, arena, &in) != OX_OK) return;
  ox_time_zone_struct_encode(w, &in);
  same(w, r);
  (void)!ox_time_zone_struct_check(&in, NULL);
  if (ox_zone_init_struct(&in, &zone, NULL) == OX_OK) convert(&zone, time);
}

static void definition(ox_reader *r, ox_writer *w, ox_arena *arena, ox_filetime time) {
  ox_time_zone_definition in;
  ox_zone zone;
  if (ox_time_zone_definition_decode(r, arena, &in) != OX_OK) return;
  ox_time_zone_definition_encode(w, &in);
  same(w, r);
  (void)!ox_time_zone_definition_check(&in, NULL);
  if (ox_zone_init_definition(&in, &zone, NULL) == OX_OK) convert(&zone, time);
  if (ox_zone_init_effective(&in, &zone, NULL) == OX_OK) convert(&zone, time);
}

static void global_object_id(ox_reader *r, ox_writer *w, ox_arena *arena) {
  ox_global_object_id id, again;
  if (ox_global_object_id_decode(r, arena, &id) != OX_OK) return;
  ox_global_object_id_encode(w, &id);
  same(w, r);
  (void)!ox_global_object_id_check(&id, NULL);
  char *uid = ox_global_object_id_uid(arena, &id);
  require(uid != NULL);
  if (*uid != 0 && ox_global_object_id_from_uid(arena, uid, &again) == OX_OK) {
    char *uid_again = ox_global_object_id_uid(arena, &again);
    require(uid_again != NULL);
    uint32_t date;
    if (ox_global_object_id_date(&id, &date)) {
      again = id;
      ox_global_object_id_set_date(&again, date);
      require(ox_wire_equal(&ox_global_object_id_wire, &id, &again));
    }
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 9) return 0;
  ox_arena arena;
  ox_arena_init(&arena, NULL, 64u * 1024 * 1024);
  ox_reader r;
  ox_reader_init(&r, data + 1, 8);
  ox_filetime time = ox_read_u64(&r);
  ox_reader_init(&r, data + 9, size - 9);
  ox_writer w;
  ox_writer_init(&w, NULL, SIZE_MAX / 2);
  switch (data[0] % 3) {
    case 0: structure(&r, &w, &arena, time); break;
    case 1: definition(&r, &w, &arena, time); break;
    default: global_object_id(&r, &w, &arena); break;
  }
  ox_writer_dispose(&w);
  ox_arena_dispose(&arena);
  return 0;
}
