/* Global object ids and the UIDs of iCalendar. @spec [MS-OXOCAL] 2.2.1.27 */
#include <oxkit/ropcodec/calendar_uid.h>

#include <string.h>

#include "civil.h"
#include "rule_broken.h"

enum { UNIQUE_BYTES = 16, HEADER_BYTES = 40 };

static const uint8_t array_id[16] = {0x04, 0x00, 0x00, 0x00, 0x82, 0x00, 0xE0, 0x00,
                                     0x74, 0xC5, 0xB7, 0x10, 0x1A, 0x82, 0xE0, 0x08};
/* What stands before the text of a wrapped UID. */
static const uint8_t wrapper[12] = {'v', 'C', 'a', 'l', '-', 'U', 'i', 'd', 1, 0, 0, 0};

void ox_global_object_id_make(ox_filetime creation_time, const uint8_t unique[16],
                              ox_global_object_id *out) {
  memset(out, 0, sizeof *out);
  memcpy(out->byte_array_id, array_id, sizeof array_id);
  out->creation_time = creation_time;
  out->data = (ox_bytes){unique, UNIQUE_BYTES};
}

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

/* The bytes of an id in hex; NULL when the text is none, or when memory runs out. */
static uint8_t *from_hex(ox_arena *arena, const char *text, size_t length) {
  if (length % 2 != 0 || length < (size_t)2 * HEADER_BYTES + 2) return NULL;
  uint8_t *bytes = ox_arena_alloc(arena, length / 2);
  if (bytes == NULL) return NULL;
  for (size_t i = 0; i < length; i += 2) {
    int high = hex_digit(text[i]), low = hex_digit(text[i + 1]);
    if (high < 0 || low < 0) return NULL;
    bytes[i / 2] = (uint8_t)(high << 4 | low);
  }
  return memcmp(bytes, array_id, sizeof array_id) == 0 ? bytes : NULL;
}

ox_status ox_global_object_id_from_uid(ox_arena *arena, const char *uid, ox_global_object_id *out) {
  memset(out, 0, sizeof *out);
  size_t length = strlen(uid);
  if (length == 0) return OX_E_USAGE;
  uint8_t *bytes = from_hex(arena, uid, length);
  if (bytes != NULL) {
    ox_reader r;
    ox_reader_init(&r, bytes, length / 2);
    if (ox_global_object_id_decode(&r, arena, out) == OX_OK &&
        ox_reader_finish(&r, NULL) == OX_OK) {
      return OX_OK;
    }
  }
  bytes = ox_arena_alloc(arena, sizeof wrapper + length + 1);
  if (bytes == NULL) return OX_E_NO_MEMORY;
  memcpy(bytes, wrapper, sizeof wrapper);
  memcpy(bytes + sizeof wrapper, uid, length + 1);
  ox_global_object_id_make(0, bytes, out);
  out->data.size_bytes = sizeof wrapper + length + 1;
  return OX_OK;
}

bool ox_global_object_id_is_wrapped(const ox_global_object_id *id, ox_str8 *uid_out) {
  ox_bytes data = id->data;
  if (data.size_bytes <= sizeof wrapper || memcmp(data.data, wrapper, sizeof wrapper) != 0) {
    return false;
  }
  uid_out->data = (const char *)data.data + sizeof wrapper;
  uid_out->size_bytes = data.size_bytes - sizeof wrapper;
  const char *end = memchr(uid_out->data, 0, uid_out->size_bytes);
  if (end != NULL) uid_out->size_bytes = (size_t)(end - uid_out->data);
  return true;
}

char *ox_global_object_id_uid(ox_arena *arena, const ox_global_object_id *id) {
  ox_str8 text;
  if (ox_global_object_id_is_wrapped(id, &text)) {
    return ox_arena_copy(arena, text.data, text.size_bytes);
  }
  ox_global_object_id clean = *id;
  ox_global_object_id_clean(&clean);
  const size_t size = HEADER_BYTES + id->data.size_bytes;
  char *out = ox_arena_alloc(arena, 2 * size + 1);
  uint8_t *bytes = ox_arena_alloc(arena, size);
  if (out == NULL || bytes == NULL) return NULL;
  ox_writer w;
  ox_writer_init_fixed(&w, bytes, size);
  ox_global_object_id_encode(&w, &clean);
  if (ox_writer_status(&w) != OX_OK) return NULL;
  for (size_t i = 0; i < size; i++) {
    out[2 * i] = "0123456789ABCDEF"[bytes[i] >> 4];
    out[2 * i + 1] = "0123456789ABCDEF"[bytes[i] & 15];
  }
  out[2 * size] = 0;
  return out;
}

void ox_global_object_id_clean(ox_global_object_id *id) {
  id->yh = id->yl = id->m = id->d = 0;
}

void ox_global_object_id_set_date(ox_global_object_id *id, uint32_t date) {
  int64_t year;
  unsigned month, day;
  ox_civil_from_days(date / MINUTES_PER_DAY, &year, &month, &day);
  id->yh = (uint8_t)(year >> 8);
  id->yl = (uint8_t)year;
  id->m = (uint8_t)month;
  id->d = (uint8_t)day;
}

bool ox_global_object_id_date(const ox_global_object_id *id, uint32_t *date_out) {
  int64_t year = id->yh << 8 | id->yl;
  if (year < 1601 || id->m < 1 || id->m > 12) return false;
  if (id->d < 1 || id->d > ox_civil_month_days(year, id->m)) return false;
  int64_t days = ox_civil_to_days(year, id->m, id->d);
  if (days > DAY_LIMIT) return false;
  *date_out = (uint32_t)days * MINUTES_PER_DAY;
  return true;
}

ox_status ox_global_object_id_check(const ox_global_object_id *id, ox_error *err) {
  static const char section[] = "[MS-OXOCAL] 2.2.1.27";
  static const uint8_t zeros[8];
  uint32_t date;
  if (memcmp(id->byte_array_id, array_id, sizeof array_id) != 0) {
    return ox_rule_broken(err, "Byte Array ID", section, "not that of a Global Object ID");
  }
  bool has_date = (id->yh | id->yl | id->m | id->d) != 0;
  if (has_date && !ox_global_object_id_date(id, &date)) {
    return ox_rule_broken(err, "YH", section, "not a date");
  }
  if (memcmp(id->x, zeros, sizeof zeros) != 0) {
    return ox_rule_broken(err, "X", section, "not all zeros");
  }
  if (id->data.size_bytes == 0) return ox_rule_broken(err, "Data", section, "empty");
  return OX_OK;
}
