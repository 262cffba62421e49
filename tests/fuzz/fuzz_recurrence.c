/* PidLidAppointmentRecur: decoded, encoded, checked, expanded in a window, changed. The first eight
 * bytes choose the window, the zone and the change. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <oxkit/ropcodec/occurrence.h>

enum { INSTANCES_MAX = 2000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition) {
  if (!condition) abort();
}

static ox_bytes encode(ox_arena *arena, const ox_appointment_recurrence_pattern *p) {
  ox_writer w;
  ox_writer_init(&w, NULL, SIZE_MAX / 2);
  ox_appointment_recurrence_pattern_encode(&w, p);
  require(ox_writer_status(&w) == OX_OK);
  ox_bytes bytes = {ox_arena_copy(arena, w.data, w.size_bytes), w.size_bytes};
  ox_writer_dispose(&w);
  require(bytes.data != NULL);
  return bytes;
}

static void expand(const ox_appointment_recurrence_pattern *p, const ox_zone *zone,
                   ox_filetime from, ox_filetime to) {
  ox_occurrence_iterator it;
  if (ox_occurrences_begin(&it, p, zone, from, to, NULL) != OX_OK) return;
  ox_occurrence o;
  uint64_t previous = 0;
  for (unsigned i = 0; i < INSTANCES_MAX && ox_occurrences_next(&it, &o); i++) {
    require(o.local_start >= previous && o.start <= o.end && o.start < to);
    require(o.end > from || o.start >= from);
    require(o.exception_index < (int32_t)p->exception_count);
    previous = o.local_start;
  }
  require(it.steps <= OX_OCCURRENCE_STEPS_MAX);
}

static void count(const ox_recurrence_pattern *p, uint32_t date) {
  ox_series s;
  if (ox_series_init(p, &s, NULL) != OX_OK) return;
  uint64_t number = ox_series_find(&s, date);
  uint32_t found;
  require(number <= ox_series_count(&s));
  if (ox_series_date(&s, number, &found)) {
    require(found / 1440 >= date / 1440 && ox_series_find(&s, found) == number);
  }
  if (number != 0 && ox_series_date(&s, number - 1, &found)) require(found / 1440 < date / 1440);
  ox_recurrence_pattern q = *p;
  if (ox_recurrence_complete(&q, NULL) == OX_OK) {
    q.deleted_instance_count = q.modified_instance_count = 0;
    require(ox_series_init(&q, &s, NULL) == OX_OK);
    require(ox_series_date(&s, 0, &found) && found == q.start_date);
  }
}

static void change(ox_appointment_recurrence_pattern *p, ox_arena *arena, uint32_t date) {
  ox_exception_info info = {
      .original_start_time = date, .start_date_time = date + 60, .end_date_time = date + 90};
  if (ox_recurrence_modify(p, arena, &info, NULL, 1252, NULL) == OX_OK) {
    require(ox_recurrence_find_exception(p, date) >= 0);
    require(ox_recurrence_delete(p, arena, date, NULL) == OX_OK);
    require(ox_recurrence_restore(p, arena, date, NULL) == OX_OK);
    encode(arena, p);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 8) return 0;
  ox_arena arena;
  ox_arena_init(&arena, NULL, 64u * 1024 * 1024);
  ox_reader r;
  ox_reader_init(&r, data, size);
  uint32_t start = ox_read_u32(&r), length = ox_read_u16(&r), zone_index = ox_read_u16(&r);
  ox_bytes blob = {data + 8, size - 8};
  ox_reader_init(&r, blob.data, blob.size_bytes);
  ox_appointment_recurrence_pattern p;
  if (ox_appointment_recurrence_pattern_decode(&r, &arena, &p) == OX_OK) {
    ox_bytes again = encode(&arena, &p);
    require(again.size_bytes == r.position && memcmp(again.data, blob.data, r.position) == 0);
    (void)!ox_appointment_recurrence_pattern_check(&p, NULL);
    count(&p.recurrence_pattern, start);
    ox_zone zone;
    require(ox_zone_init_index(zone_index % 60, &zone) == OX_OK);
    ox_filetime from = ox_minutes_to_filetime(start);
    expand(&p, &zone, from, from + ox_minutes_to_filetime(length * 1440));
    ox_occurrence o;
    (void)!ox_occurrence_on(&p, &zone, start, &o, NULL);
    change(&p, &arena, start);
  }
  ox_reader_init(&r, blob.data, blob.size_bytes);
  ox_recurrence_pattern task;
  if (ox_recurrence_pattern_decode(&r, &arena, &task) == OX_OK) {
    (void)!ox_task_recurrence_check(&task, NULL);
  }
  ox_arena_dispose(&arena);
  return 0;
}
