/* Recurrence patterns, time zones and global object ids from the tests of MFCMAPI: our decoding,
 * written as that program writes it, is its text line by line. */
#include "smartview.h"

#include <stdio.h>

#include <oxkit/ropcodec/calendar_uid.h>
#include <oxkit/ropcodec/occurrence.h>

/* The text of a sample, line by line. */
typedef struct reader {
  const sample *s;
  const char *at;
} reader;

static reader lines_of(const sample *s) {
  reader r = {s, s->text};
  return r;
}

/* The next line starts so. */
static void line(reader *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void line(reader *r, const char *format, ...) {
  char expected[4096];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(expected, sizeof expected, format, arguments);
  va_end(arguments);
  r->at += strspn(r->at, "\t\r\n");
  if (strncmp(r->at, expected, strlen(expected)) != 0) {
    fail_msg("%s: expected '%s', not '%.100s'", r->s->name, expected, r->at);
  }
  r->at += strcspn(r->at, "\n");
}

static void end_of_text(reader *r) {
  r->at += strspn(r->at, "\t\r\n");
  if (*r->at != 0) fail_msg("%s: more: '%.100s'", r->s->name, r->at);
}

/* "03:00:00.000 PM 4/1/2010" */
static const char *moment(uint32_t minutes) {
  static char text[64];
  uint32_t year, month, day;
  ox_minutes_to_date(minutes, &year, &month, &day);
  uint32_t hour = minutes / 60 % 24;
  snprintf(text, sizeof text, "%02u:%02u:00.000 %s %u/%u/%u", hour % 12 == 0 ? 12 : hour % 12,
           minutes % 60, hour < 12 ? "AM" : "PM", month, day, year);
  return text;
}

static const char *hex(const sample *s, ox_bytes bytes) {
  char *text = ox_arena_calloc(s->arena, 2 * bytes.size_bytes + 1, 1);
  assert_non_null(text);
  for (size_t i = 0; i < bytes.size_bytes; i++) sprintf(text + 2 * i, "%02X", bytes.data[i]);
  return text;
}

/* A block that is always there with its size, and its bytes unless there are none. */
static void block(reader *r, const char *name, ox_bytes bytes) {
  line(r, "%sSize: 0x%08X", name, (unsigned)bytes.size_bytes);
  if (bytes.size_bytes == 0) return;
  line(r, "%s", name);
  line(r, "cb: %u lpb: %s", (unsigned)bytes.size_bytes, hex(r->s, bytes));
}

static const char *name_of(const ox_wire_values *values, uint32_t value) {
  for (unsigned i = 0; i < values->count; i++) {
    if (values->items[i].value == value) return values->items[i].name;
  }
  return "?";
}

static const ox_wire_values *values_of(const ox_wire_struct *structure, const char *field) {
  for (unsigned i = 0; i < structure->field_count; i++) {
    if (strcmp(structure->fields[i].name, field) == 0) return structure->fields[i].values;
  }
  fail_msg("no field %s", field);
  return NULL;
}

static void pattern_lines(reader *r, const ox_recurrence_pattern *p) {
  line(r, "Recurrence Pattern");
  line(r, "ReaderVersion: 0x%04X", p->reader_version);
  line(r, "WriterVersion: 0x%04X", p->writer_version);
  line(r, "RecurFrequency: 0x%04X = IDC_RCEV_PAT_ORB_", p->recur_frequency);
  line(r, "PatternType: 0x%04X = rpt%s", p->pattern_type,
       name_of(values_of(&ox_recurrence_pattern_wire, "pattern_type"), p->pattern_type));
  line(r, "CalendarType: 0x%04X = CAL_", p->calendar_type);
  line(r, "FirstDateTime: 0x%08X = %u", p->first_date_time, p->first_date_time);
  line(r, "Period: 0x%08X = %u", p->period, p->period);
  line(r, "SlidingFlag: 0x%08X", p->sliding_flag);
  if (p->pattern_type != OX_PATTERN_TYPE_DAY) line(r, "PatternTypeSpecific");
  if (p->pattern_type == OX_PATTERN_TYPE_WEEK) {
    line(r, "WeekRecurrencePattern: 0x%08X = rdf", p->days);
  }
  line(r, "EndType: 0x%08X = IDC_RCEV_PAT_ERB_", p->end_type);
  line(r, "OccurrenceCount: 0x%08X = %u", p->occurrence_count, p->occurrence_count);
  line(r, "FirstDOW: 0x%08X = %s", p->first_dow,
       name_of(values_of(&ox_recurrence_pattern_wire, "first_dow"), p->first_dow));
  line(r, "DeletedInstanceCount: 0x%08X = %u", p->deleted_instance_count,
       p->deleted_instance_count);
  for (uint32_t i = 0; i < p->deleted_instance_count; i++) {
    line(r, "DeletedInstanceDates[%u]", i);
    line(r, "0x%08X = %s", p->deleted_instance_dates[i], moment(p->deleted_instance_dates[i]));
  }
  line(r, "ModifiedInstanceCount: 0x%08X = %u", p->modified_instance_count,
       p->modified_instance_count);
  for (uint32_t i = 0; i < p->modified_instance_count; i++) {
    line(r, "ModifiedInstanceDates[%u]", i);
    line(r, "0x%08X = %s", p->modified_instance_dates[i], moment(p->modified_instance_dates[i]));
  }
  line(r, "StartDate: 0x%08X = %u = %s", p->start_date, p->start_date, moment(p->start_date));
  line(r, "EndDate: 0x%08X = %u = %s", p->end_date, p->end_date, moment(p->end_date));
}

static void text_lines(reader *r, const char *name, uint16_t length, ox_bytes text) {
  line(r, "%sLength: 0x%04X = %u", name, length, length);
  line(r, "%sLength2: 0x%04X = %u", name, (unsigned)text.size_bytes, (unsigned)text.size_bytes);
  if (text.size_bytes == 0) return;
  line(r, "%s: \"%.*s\"", name, (int)text.size_bytes, (const char *)text.data);
}

static void exception_lines(reader *r, const ox_exception_info *e) {
  line(r, "StartDateTime: 0x%08X = %s", e->start_date_time, moment(e->start_date_time));
  line(r, "EndDateTime: 0x%08X = %s", e->end_date_time, moment(e->end_date_time));
  line(r, "OriginalStartDate: 0x%08X = %s", e->original_start_time, moment(e->original_start_time));
  line(r, "OverrideFlags: 0x%04X", e->override_flags);
  if (e->override_flags & OX_OVERRIDE_FLAGS_SUBJECT) {
    text_lines(r, "Subject", e->subject_length, e->subject);
  }
  if (e->override_flags & OX_OVERRIDE_FLAGS_MEETING_TYPE) {
    line(r, "MeetingType: 0x%08X", e->meeting_type);
  }
  if (e->override_flags & OX_OVERRIDE_FLAGS_REMINDER_DELTA) {
    line(r, "ReminderDelta: 0x%08X", e->reminder_delta);
  }
  if (e->override_flags & OX_OVERRIDE_FLAGS_REMINDER) {
    line(r, "ReminderSet: 0x%08X", e->reminder_set);
  }
  if (e->override_flags & OX_OVERRIDE_FLAGS_LOCATION) {
    text_lines(r, "Location", e->location_length, e->location);
  }
  if (e->override_flags & OX_OVERRIDE_FLAGS_BUSY_STATUS) {
    line(r, "BusyStatus: 0x%08X", e->busy_status);
  }
  if (e->override_flags & OX_OVERRIDE_FLAGS_ATTACHMENT) {
    line(r, "Attachment: 0x%08X", e->attachment);
  }
  if (e->override_flags & OX_OVERRIDE_FLAGS_SUBTYPE) line(r, "SubType: 0x%08X", e->sub_type);
  if (e->override_flags & OX_OVERRIDE_FLAGS_APPT_COLOR) {
    line(r, "AppointmentColor: 0x%08X", e->appointment_color);
  }
}

static void wide_lines(reader *r, const char *name, ox_str16 text) {
  unsigned units = (unsigned)(text.size_bytes / 2);
  line(r, "%sLength: 0x%08X = %u", name, units, units);
  if (units != 0) line(r, "%s: \"%s\"", name, ox_str16_utf8(r->s->arena, text));
}

static void extended_lines(reader *r, uint32_t writer_version2, uint16_t flags,
                           const ox_extended_exception *x) {
  if (writer_version2 >= OX_RECURRENCE_WRITER_VERSION2) {
    line(r, "ChangeHighlight");
    line(r, "ChangeHighlightSize: 0x%08X", (unsigned)x->change_highlight_rest.size_bytes + 4);
    line(r, "ChangeHighlightValue: 0x%08X", x->change_highlight_value);
  }
  block(r, "ReservedBlockEE1", x->reserved_block_ee1);
  if ((flags & (OX_OVERRIDE_FLAGS_SUBJECT | OX_OVERRIDE_FLAGS_LOCATION)) == 0) return;
  line(r, "StartDateTime: 0x%08X = %s", x->start_date_time, moment(x->start_date_time));
  line(r, "EndDateTime: 0x%08X = %s", x->end_date_time, moment(x->end_date_time));
  line(r, "OriginalStartDate: 0x%08X = %s", x->original_start_date, moment(x->original_start_date));
  if (flags & OX_OVERRIDE_FLAGS_SUBJECT) wide_lines(r, "WideCharSubject", x->wide_char_subject);
  if (flags & OX_OVERRIDE_FLAGS_LOCATION) wide_lines(r, "WideCharLocation", x->wide_char_location);
  block(r, "ReservedBlockEE2", x->reserved_block_ee2);
}

/* What is left over in the samples that are cut up on purpose. */
static void rest_lines(reader *r, ox_reader *bytes) {
  if (ox_reader_remaining(bytes) == 0) {
    assert_int_equal(ox_reader_finish(bytes, NULL), OX_OK);
    return;
  }
  size_t left = ox_reader_remaining(bytes);
  line(r, "Unparsed data size = 0x%08X", (unsigned)left);
  line(r, "cb: %u lpb: %s", (unsigned)left, hex(r->s, ox_read_bytes(bytes, left)));
}

static void assert_same_bytes(const sample *s, const ox_writer *w, const ox_reader *r) {
  ox_bytes read = {s->value.data, r->position};
  assert_int_equal(ox_writer_status(w), OX_OK);
  if (!ox_bytes_equal(ox_writer_bytes(w), read)) fail_msg("%s: other bytes", s->name);
}

static void pattern_sample(sample *s) {
  reader text = lines_of(s);
  ox_reader r;
  ox_reader_init(&r, s->value.data, s->value.size_bytes);
  ox_recurrence_pattern p;
  assert_int_equal(ox_recurrence_pattern_decode(&r, s->arena, &p), OX_OK);
  pattern_lines(&text, &p);
  ox_writer w;
  ox_writer_init(&w, NULL, SMARTVIEW_MAX_BYTES);
  ox_recurrence_pattern_encode(&w, &p);
  assert_same_bytes(s, &w, &r);
  ox_writer_dispose(&w);
  rest_lines(&text, &r);
  end_of_text(&text);
  ox_error err;
  if (ox_recurrence_pattern_check(&p, &err) != OX_OK) fail_msg("%s: %s", s->name, err.text);
}

static void test_recurrence_pattern__samples(void **state) {
  NEEDS_SMARTVIEW();
  smartview_each(state, "RECURRENCEPATTERN", 2, pattern_sample);
}

static void appointment_sample(sample *s) {
  reader text = lines_of(s);
  ox_reader r;
  ox_reader_init(&r, s->value.data, s->value.size_bytes);
  ox_appointment_recurrence_pattern p;
  assert_int_equal(ox_appointment_recurrence_pattern_decode(&r, s->arena, &p), OX_OK);
  pattern_lines(&text, &p.recurrence_pattern);
  line(&text, "Appointment Recurrence Pattern");
  line(&text, "ReaderVersion2: 0x%08X", p.reader_version2);
  line(&text, "WriterVersion2: 0x%08X", p.writer_version2);
  line(&text, "StartTimeOffset: 0x%08X = %u = %s", p.start_time_offset, p.start_time_offset,
       moment(p.start_time_offset));
  line(&text, "EndTimeOffset: 0x%08X = %u = %s", p.end_time_offset, p.end_time_offset,
       moment(p.end_time_offset));
  line(&text, "ExceptionCount: 0x%04X", p.exception_count);
  for (unsigned i = 0; i < p.exception_count; i++) {
    line(&text, "ExceptionInfo[%u]", i);
    exception_lines(&text, &p.exception_info[i]);
  }
  block(&text, "ReservedBlock1", p.reserved_block1);
  for (unsigned i = 0; i < p.exception_count; i++) {
    line(&text, "ExtendedException[%u]", i);
    extended_lines(&text, p.writer_version2, p.exception_info[i].override_flags,
                   &p.extended_exceptions.items[i]);
  }
  block(&text, "ReservedBlock2", p.reserved_block2);
  ox_writer w;
  ox_writer_init(&w, NULL, SMARTVIEW_MAX_BYTES);
  ox_appointment_recurrence_pattern_encode(&w, &p);
  assert_same_bytes(s, &w, &r);
  ox_writer_dispose(&w);
  bool is_whole = ox_reader_remaining(&r) == 0;
  rest_lines(&text, &r);
  end_of_text(&text);
  ox_error err;
  if (is_whole && ox_appointment_recurrence_pattern_check(&p, &err) != OX_OK) {
    fail_msg("%s: %s", s->name, err.text);
  }
}

static void test_appointment_recurrence__samples(void **state) {
  NEEDS_SMARTVIEW();
  smartview_each(state, "APPOINTMENTRECURRENCEPATTERN", 3, appointment_sample);
}

static void time_lines(reader *r, const char *name, const ox_system_time *t) {
  line(r, "%s", name);
  line(r, "wYear = 0x%X (%u)", t->w_year, t->w_year);
  line(r, "wMonth = 0x%X (%u)", t->w_month, t->w_month);
  line(r, "wDayOfWeek = 0x%X (%u)", t->w_day_of_week, t->w_day_of_week);
  line(r, "wDay = 0x%X (%u)", t->w_day, t->w_day);
  line(r, "wHour = 0x%X (%u)", t->w_hour, t->w_hour);
  line(r, "wMinute = 0x%X (%u)", t->w_minute, t->w_minute);
  line(r, "wSecond = 0x%X (%u)", t->w_second, t->w_second);
  line(r, "wMilliseconds = 0x%X (%u)", t->w_milliseconds, t->w_milliseconds);
}

static void zone_sample(sample *s) {
  reader text = lines_of(s);
  ox_reader r;
  ox_reader_init(&r, s->value.data, s->value.size_bytes);
  ox_time_zone_struct z;
  assert_int_equal(ox_time_zone_struct_decode(&r, s->arena, &z), OX_OK);
  line(&text, "Time Zone");
  line(&text, "lBias = 0x%08X (%d)", (unsigned)z.l_bias, z.l_bias);
  line(&text, "lStandardBias = 0x%08X (%d)", (unsigned)z.l_standard_bias, z.l_standard_bias);
  line(&text, "lDaylightBias = 0x%08X (%d)", (unsigned)z.l_daylight_bias, z.l_daylight_bias);
  line(&text, "wStandardYear = 0x%04X", z.w_standard_year);
  time_lines(&text, "stStandardDate", &z.st_standard_date);
  line(&text, "wDaylightDate = 0x%04X", z.w_daylight_year);
  time_lines(&text, "stDaylightDate", &z.st_daylight_date);
  ox_writer w;
  ox_writer_init(&w, NULL, SMARTVIEW_MAX_BYTES);
  ox_time_zone_struct_encode(&w, &z);
  assert_same_bytes(s, &w, &r);
  ox_writer_dispose(&w);
  rest_lines(&text, &r);
  end_of_text(&text);
  assert_int_equal(ox_time_zone_struct_check(&z, NULL), OX_OK);
}

static void test_time_zone_struct__samples(void **state) {
  NEEDS_SMARTVIEW();
  smartview_each(state, "TIMEZONE", 1, zone_sample);
}

static void rule_lines(reader *r, unsigned index, const ox_tz_rule *rule) {
  line(r, "TZRule[0x%X]", index);
  line(r, "bMajorVersion = 0x%02X", rule->major_version);
  line(r, "bMinorVersion = 0x%02X", rule->minor_version);
  line(r, "wReserved = 0x%04X", rule->reserved);
  line(r, "wTZRuleFlags = 0x%04X", rule->tz_rule_flags);
  line(r, "wYear = 0x%04X (%u)", rule->w_year, rule->w_year);
  line(r, "X");
  line(r, "cb: 14 lpb: %s", hex(r->s, (ox_bytes){rule->x, sizeof rule->x}));
  line(r, "lBias = 0x%08X (%d)", (unsigned)rule->l_bias, rule->l_bias);
  line(r, "lStandardBias = 0x%08X (%d)", (unsigned)rule->l_standard_bias, rule->l_standard_bias);
  line(r, "lDaylightBias = 0x%08X (%d)", (unsigned)rule->l_daylight_bias, rule->l_daylight_bias);
  time_lines(r, "stStandardDate", &rule->st_standard_date);
  time_lines(r, "stDaylightDate", &rule->st_daylight_date);
}

static void definition_sample(sample *s) {
  reader text = lines_of(s);
  ox_reader r;
  ox_reader_init(&r, s->value.data, s->value.size_bytes);
  ox_time_zone_definition d;
  assert_int_equal(ox_time_zone_definition_decode(&r, s->arena, &d), OX_OK);
  line(&text, "Time Zone Definition");
  line(&text, "bMajorVersion = 0x%02X", d.major_version);
  line(&text, "bMinorVersion = 0x%02X", d.minor_version);
  line(&text, "cbHeader = 0x%04X",
       (unsigned)(d.key_name.size_bytes + 6 + d.header_rest.size_bytes));
  line(&text, "wReserved = 0x%04X", d.reserved);
  line(&text, "cchKeyName = 0x%04X", (unsigned)(d.key_name.size_bytes / 2));
  line(&text, "szKeyName = %s", ox_str16_utf8(s->arena, d.key_name));
  line(&text, "cRules = 0x%04X", d.c_rules);
  for (unsigned i = 0; i < d.c_rules; i++) rule_lines(&text, i, &d.tz_rules[i]);
  ox_writer w;
  ox_writer_init(&w, NULL, SMARTVIEW_MAX_BYTES);
  ox_time_zone_definition_encode(&w, &d);
  assert_same_bytes(s, &w, &r);
  ox_writer_dispose(&w);
  bool is_whole = ox_reader_remaining(&r) == 0;
  rest_lines(&text, &r);
  end_of_text(&text);
  /* Outlook writes the rest of a date where the specification wants zeros. */
  ox_error err = {0};
  if (is_whole && ox_time_zone_definition_check(&d, &err) != OX_OK) {
    assert_string_equal(err.field, "X");
  }
}

static void test_time_zone_definition__samples(void **state) {
  NEEDS_SMARTVIEW();
  smartview_each(state, "TIMEZONEDEFINITION", 2, definition_sample);
}

static void id_sample(sample *s) {
  reader text = lines_of(s);
  ox_reader r;
  ox_reader_init(&r, s->value.data, s->value.size_bytes);
  ox_global_object_id id;
  assert_int_equal(ox_global_object_id_decode(&r, s->arena, &id), OX_OK);
  assert_int_equal(ox_reader_finish(&r, NULL), OX_OK);
  line(&text, "Global Object ID");
  line(&text, "Byte Array ID = s_rgbSPlus");
  line(&text, "cb: 16 lpb: %s", hex(s, (ox_bytes){id.byte_array_id, 16}));
  line(&text, "Year: 0x%04X = %u", id.yh << 8 | id.yl, id.yh << 8 | id.yl);
  line(&text, "Month: 0x%02X = %u", id.m, id.m);
  line(&text, "Day: 0x%02X = %u", id.d, id.d);
  line(&text, "Creation Time = 0x%08X:0x%08X", (unsigned)(id.creation_time >> 32),
       (unsigned)id.creation_time);
  line(&text, "X: 0x00000000:0x00000000");
  line(&text, "Size: 0x%02X = %u", (unsigned)id.data.size_bytes, (unsigned)id.data.size_bytes);
  line(&text, "Data");
  line(&text, "cb: %u lpb: %s", (unsigned)id.data.size_bytes, hex(s, id.data));
  end_of_text(&text);
  ox_writer w;
  ox_writer_init(&w, NULL, SMARTVIEW_MAX_BYTES);
  ox_global_object_id_encode(&w, &id);
  assert_same_bytes(s, &w, &r);
  ox_writer_dispose(&w);
  assert_int_equal(ox_global_object_id_check(&id, NULL), OX_OK);
}

static void test_global_object_id__samples(void **state) {
  NEEDS_SMARTVIEW();
  smartview_each(state, "GLOBALOBJECTID", 2, id_sample);
}

int main(int argc, char **argv) {
  smartview_find(argc, argv);
  const struct CMUnitTest tests[] = {
      ARENA_TEST(test_recurrence_pattern__samples),
      ARENA_TEST(test_appointment_recurrence__samples),
      ARENA_TEST(test_time_zone_struct__samples),
      ARENA_TEST(test_time_zone_definition__samples),
      ARENA_TEST(test_global_object_id__samples),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
