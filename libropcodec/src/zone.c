/* Time zone rules. @spec [MS-OXOCAL] 2.2.1.39, 2.2.1.41 */
#include <oxkit/ropcodec/zone.h>

#include <string.h>

#include "civil.h"
#include "rule_broken.h"

enum { RULE_RESERVED = 0x3E };

static const int64_t ticks_per_minute = INT64_C(600000000);
static const int64_t ticks_per_day = INT64_C(864000000000);

/* Dates and times. */

ox_status ox_minutes_from_date(uint32_t year, uint32_t month, uint32_t day, uint32_t *minutes_out) {
  *minutes_out = 0;
  if (month < 1 || month > 12 || day < 1 || day > ox_civil_month_days(year, month)) {
    return OX_E_USAGE;
  }
  int64_t days = ox_civil_to_days(year, month, day);
  if (days < 0 || days > DAY_LIMIT) return OX_E_LIMIT;
  *minutes_out = (uint32_t)days * MINUTES_PER_DAY;
  return OX_OK;
}

void ox_minutes_to_date(uint32_t minutes, uint32_t *year_out, uint32_t *month_out,
                        uint32_t *day_out) {
  int64_t year;
  unsigned month, day;
  ox_civil_from_days(minutes / MINUTES_PER_DAY, &year, &month, &day);
  *year_out = (uint32_t)year;
  *month_out = month;
  *day_out = day;
}

ox_filetime ox_minutes_to_filetime(uint32_t minutes) {
  return (ox_filetime)minutes * (ox_filetime)ticks_per_minute;
}

ox_status ox_minutes_from_filetime(ox_filetime time, uint32_t *minutes_out) {
  uint64_t minutes = time / (uint64_t)ticks_per_minute;
  *minutes_out = minutes <= UINT32_MAX ? (uint32_t)minutes : 0;
  return minutes <= UINT32_MAX ? OX_OK : OX_E_LIMIT;
}

static ox_filetime add_minutes(ox_filetime time, int64_t minutes) {
  uint64_t ticks = (uint64_t)((minutes < 0 ? -minutes : minutes) * ticks_per_minute);
  if (minutes < 0) return time > ticks ? time - ticks : 0;
  return time < UINT64_MAX - ticks ? time + ticks : UINT64_MAX;
}

static int64_t year_of(ox_filetime time) {
  int64_t year;
  unsigned month, day;
  ox_civil_from_days((int64_t)(time / (uint64_t)ticks_per_day), &year, &month, &day);
  return year;
}

/* Rules. */

static bool is_date(const ox_system_time *t) {
  if (t->w_month < 1 || t->w_month > 12 || t->w_hour > 23 || t->w_minute > 59 || t->w_second > 59 ||
      t->w_milliseconds > 999 || t->w_day < 1) {
    return false;
  }
  if (t->w_year == 0) return t->w_day_of_week <= 6 && t->w_day <= 5;
  return t->w_year >= 1601 && t->w_day <= ox_civil_month_days(t->w_year, t->w_month);
}

/* When a change takes place in a year, in local time before it; UINT64_MAX: it does not. */
static ox_filetime change_in(const ox_system_time *t, int64_t year) {
  if (!is_date(t) || year < 1601 || (t->w_year != 0 && t->w_year != year)) return UINT64_MAX;
  int64_t days = ox_civil_to_days(year, t->w_month, 1);
  if (t->w_year != 0) {
    days += t->w_day - 1;
  } else {
    int64_t first = (t->w_day_of_week + 7 - ox_civil_weekday(days)) % 7;
    int64_t in_month = first + (t->w_day - 1) * 7;
    if (in_month >= ox_civil_month_days(year, t->w_month)) in_month -= 7;
    days += in_month;
  }
  uint64_t ms = (((uint64_t)t->w_hour * 60 + t->w_minute) * 60 + t->w_second) * 1000;
  return (uint64_t)days * (uint64_t)ticks_per_day + (ms + t->w_milliseconds) * 10000;
}

static bool has_daylight(const ox_tz_rule *rule) {
  return is_date(&rule->st_standard_date) && is_date(&rule->st_daylight_date);
}

/* The last rule that is not later than the year, or the first one. */
static const ox_tz_rule *rule_for(const ox_zone *zone, int64_t year) {
  if (zone->rules == NULL) return &zone->only;
  size_t low = 0, high = zone->rule_count;
  while (high - low > 1) {
    size_t middle = low + (high - low) / 2;
    if (zone->rules[middle].w_year <= year) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return &zone->rules[low];
}

static int32_t standard_bias(const ox_tz_rule *rule) {
  return rule->l_bias + rule->l_standard_bias;
}

static int32_t daylight_bias(const ox_tz_rule *rule) {
  return rule->l_bias + rule->l_daylight_bias;
}

static int32_t bias_in_year(const ox_tz_rule *rule, int64_t year, ox_filetime utc) {
  ox_filetime standard = change_in(&rule->st_standard_date, year);
  ox_filetime daylight = change_in(&rule->st_daylight_date, year);
  if (standard != UINT64_MAX) standard = add_minutes(standard, daylight_bias(rule));
  if (daylight != UINT64_MAX) daylight = add_minutes(daylight, standard_bias(rule));
  bool is_daylight;
  if (standard == daylight) {
    is_daylight = false; /* no change at all, or one that undoes the other */
  } else if (daylight < standard) {
    is_daylight = utc >= daylight && utc < standard;
  } else {
    is_daylight = utc < standard || utc >= daylight;
  }
  return is_daylight ? daylight_bias(rule) : standard_bias(rule);
}

static int64_t standard_year(const ox_tz_rule *rule, ox_filetime utc) {
  return year_of(add_minutes(utc, -(int64_t)standard_bias(rule)));
}

int32_t ox_zone_bias(const ox_zone *zone, ox_filetime utc) {
  /* The year is that of the local time; the rule of the old year says when the new one begins. */
  int64_t year = year_of(utc);
  const ox_tz_rule *rule = rule_for(zone, year - 1);
  if (zone->rules == NULL && !has_daylight(rule)) return standard_bias(rule);
  if (standard_year(rule, utc) < year) {
    year--;
  } else {
    rule = rule_for(zone, year);
    if (standard_year(rule, utc) > year) rule = rule_for(zone, ++year);
  }
  return has_daylight(rule) ? bias_in_year(rule, year, utc) : standard_bias(rule);
}

ox_filetime ox_zone_to_local(const ox_zone *zone, ox_filetime utc) {
  return add_minutes(utc, -(int64_t)ox_zone_bias(zone, utc));
}

unsigned ox_zone_to_utc(const ox_zone *zone, ox_filetime local, ox_filetime utc_out[2]) {
  const ox_tz_rule *rule = rule_for(zone, year_of(local));
  ox_filetime standard = add_minutes(local, standard_bias(rule));
  utc_out[0] = utc_out[1] = standard;
  if (zone->rules == NULL && !has_daylight(rule)) return 1;
  ox_filetime daylight = add_minutes(local, daylight_bias(rule));
  bool is_standard = ox_zone_bias(zone, standard) == standard_bias(rule);
  bool is_daylight = standard != daylight && ox_zone_bias(zone, daylight) == daylight_bias(rule);
  if (is_daylight) utc_out[1] = daylight;
  if (is_daylight && !is_standard) utc_out[0] = daylight;
  return (unsigned)is_standard + (unsigned)is_daylight;
}

void ox_zone_changes(const ox_zone *zone, uint32_t year, ox_filetime *standard_out,
                     ox_filetime *daylight_out) {
  const ox_tz_rule *rule = rule_for(zone, year);
  *standard_out = *daylight_out = UINT64_MAX;
  if (!has_daylight(rule)) return;
  *standard_out = change_in(&rule->st_standard_date, year);
  *daylight_out = change_in(&rule->st_daylight_date, year);
}

/* Zones. */

static ox_status check_bias(int64_t bias, int64_t more, const char *section, ox_error *err) {
  if (bias + more <= OX_ZONE_BIAS_MAX_MINUTES && bias + more >= -OX_ZONE_BIAS_MAX_MINUTES) {
    return OX_OK;
  }
  return ox_rule_broken(err, "lBias", section, "more than a day from UTC");
}

static ox_status check_biases(const ox_tz_rule *rule, const char *section, ox_error *err) {
  ox_status status = check_bias(rule->l_bias, rule->l_standard_bias, section, err);
  if (status != OX_OK) return status;
  return check_bias(rule->l_bias, rule->l_daylight_bias, section, err);
}

static const char struct_section[] = "[MS-OXOCAL] 2.2.1.39";
static const char definition_section[] = "[MS-OXOCAL] 2.2.1.41";
static const char rule_section[] = "[MS-OXOCAL] 2.2.1.41.1";

void ox_zone_init_utc(ox_zone *out) {
  memset(out, 0, sizeof *out);
}

static void rule_from_struct(const ox_time_zone_struct *in, ox_tz_rule *out) {
  memset(out, 0, sizeof *out);
  out->major_version = 2;
  out->minor_version = 1;
  out->reserved = RULE_RESERVED;
  out->l_bias = in->l_bias;
  out->l_standard_bias = in->l_standard_bias;
  out->l_daylight_bias = in->l_daylight_bias;
  out->st_standard_date = in->st_standard_date;
  out->st_daylight_date = in->st_daylight_date;
}

void ox_time_zone_struct_from_rule(const ox_tz_rule *rule, ox_time_zone_struct *out) {
  out->l_bias = rule->l_bias;
  out->l_standard_bias = rule->l_standard_bias;
  out->l_daylight_bias = rule->l_daylight_bias;
  out->w_standard_year = rule->st_standard_date.w_year;
  out->st_standard_date = rule->st_standard_date;
  out->w_daylight_year = rule->st_daylight_date.w_year;
  out->st_daylight_date = rule->st_daylight_date;
}

ox_status ox_zone_init_struct(const ox_time_zone_struct *in, ox_zone *out, ox_error *err) {
  ox_zone_init_utc(out);
  ox_tz_rule rule;
  rule_from_struct(in, &rule);
  ox_status status = check_biases(&rule, struct_section, err);
  if (status == OX_OK) out->only = rule;
  return status;
}

ox_status ox_zone_init_definition(const ox_time_zone_definition *in, ox_zone *out, ox_error *err) {
  ox_zone_init_utc(out);
  if (in->c_rules == 0) return ox_error_set(err, OX_E_NOT_FOUND, "the time zone has no rules");
  for (unsigned i = 0; i < in->c_rules; i++) {
    ox_status status = check_biases(&in->tz_rules[i], rule_section, err);
    if (status != OX_OK) return status;
    if (i != 0 && in->tz_rules[i].w_year <= in->tz_rules[i - 1].w_year) {
      return ox_rule_broken(err, "wYear", rule_section, "not later than that of the rule before");
    }
  }
  out->rules = in->tz_rules;
  out->rule_count = in->c_rules;
  return OX_OK;
}

static const ox_tz_rule *effective_rule(const ox_time_zone_definition *in) {
  for (unsigned i = 0; i < in->c_rules; i++) {
    if (in->tz_rules[i].tz_rule_flags & OX_TZ_RULE_FLAGS_EFFECTIVE_TZREG) return &in->tz_rules[i];
  }
  return NULL;
}

ox_status ox_zone_init_effective(const ox_time_zone_definition *in, ox_zone *out, ox_error *err) {
  ox_zone_init_utc(out);
  const ox_tz_rule *rule = effective_rule(in);
  if (rule == NULL) return ox_error_set(err, OX_E_NOT_FOUND, "no rule is marked as effective");
  ox_status status = check_biases(rule, rule_section, err);
  if (status == OX_OK) out->only = *rule;
  return status;
}

static bool same_time(const ox_system_time *a, const ox_system_time *b) {
  return ox_wire_equal(&ox_system_time_wire, a, b);
}

bool ox_tz_rule_matches(const ox_tz_rule *rule, const ox_time_zone_struct *structure) {
  return rule->l_bias == structure->l_bias && rule->l_standard_bias == structure->l_standard_bias &&
         rule->l_daylight_bias == structure->l_daylight_bias &&
         same_time(&rule->st_standard_date, &structure->st_standard_date) &&
         same_time(&rule->st_daylight_date, &structure->st_daylight_date);
}

ox_status ox_zone_init_series(const ox_time_zone_definition *definition,
                              const ox_time_zone_struct *structure, ox_zone *out, ox_error *err) {
  const ox_tz_rule *rule = definition != NULL ? effective_rule(definition) : NULL;
  if (rule != NULL && (structure == NULL || ox_tz_rule_matches(rule, structure))) {
    return ox_zone_init_effective(definition, out, err);
  }
  if (structure != NULL) return ox_zone_init_struct(structure, out, err);
  ox_zone_init_utc(out);
  return ox_error_set(err, OX_E_NOT_FOUND, "the series has no time zone");
}

/* The table of 2.2.5.6. */
typedef struct zone_row {
  int16_t offset;      /* minutes from UTC+12, westward */
  uint8_t standard[4]; /* month, day of week, day, hour; month 0: no daylight saving time */
  uint8_t daylight[4];
} zone_row;

static const zone_row zone_table[] = {
    {0, {0}, {0}},
    {12 * 60, {10, 0, 5, 2}, {3, 0, 5, 1}},
    {11 * 60, {9, 0, 5, 2}, {3, 0, 5, 1}},
    {11 * 60, {10, 0, 5, 3}, {3, 0, 5, 2}},
    {11 * 60, {10, 0, 5, 3}, {3, 0, 5, 2}},
    {10 * 60, {9, 0, 5, 1}, {3, 0, 5, 0}},
    {11 * 60, {9, 0, 5, 1}, {3, 0, 5, 0}},
    {10 * 60, {10, 0, 5, 4}, {3, 0, 5, 3}},
    {15 * 60, {2, 0, 2, 2}, {10, 0, 3, 2}},
    {16 * 60, {11, 0, 1, 2}, {3, 0, 2, 2}},
    {17 * 60, {11, 0, 1, 2}, {3, 0, 2, 2}},
    {18 * 60, {11, 0, 1, 2}, {3, 0, 2, 2}},
    {19 * 60, {11, 0, 1, 2}, {3, 0, 2, 2}},
    {20 * 60, {11, 0, 1, 2}, {3, 0, 2, 2}},
    {21 * 60, {11, 0, 1, 2}, {3, 0, 2, 2}},
    {22 * 60, {0}, {0}},
    {23 * 60, {0}, {0}},
    {0 * 60, {4, 0, 1, 3}, {9, 0, 5, 2}},
    {2 * 60, {3, 0, 5, 3}, {10, 0, 5, 2}},
    {2 * 60 + 30, {3, 0, 5, 3}, {10, 0, 5, 2}},
    {3 * 60, {0}, {0}},
    {4 * 60, {0}, {0}},
    {5 * 60, {0}, {0}},
    {6 * 60 + 30, {0}, {0}},
    {8 * 60, {0}, {0}},
    {8 * 60 + 30, {9, 2, 4, 2}, {3, 0, 1, 2}},
    {9 * 60, {0}, {0}},
    {10 * 60, {9, 0, 3, 2}, {3, 5, 5, 2}},
    {15 * 60 + 30, {11, 0, 1, 0}, {3, 0, 2, 0}},
    {13 * 60, {10, 0, 5, 1}, {3, 0, 5, 0}},
    {14 * 60, {10, 0, 5, 1}, {3, 0, 5, 0}},
    {12 * 60, {0}, {0}},
    {15 * 60, {0}, {0}},
    {16 * 60, {0}, {0}},
    {17 * 60, {0}, {0}},
    {17 * 60, {0}, {0}},
    {18 * 60, {0}, {0}},
    {18 * 60, {10, 0, 5, 2}, {4, 0, 1, 2}},
    {19 * 60, {0}, {0}},
    {24 * 60, {0}, {0}},
    {0 * 60, {0}, {0}},
    {1 * 60, {0}, {0}},
    {2 * 60, {3, 0, 5, 2}, {10, 0, 1, 2}},
    {2 * 60, {0}, {0}},
    {2 * 60 + 30, {0}, {0}},
    {4 * 60, {9, 0, 2, 2}, {4, 0, 2, 2}},
    {6 * 60, {0}, {0}},
    {7 * 60, {0}, {0}},
    {7 * 60 + 30, {0}, {0}},
    {10 * 60, {9, 4, 5, 2}, {5, 5, 1, 2}},
    {10 * 60, {0}, {0}},
    {9 * 60, {10, 0, 5, 1}, {3, 0, 5, 0}},
    {2 * 60, {3, 0, 5, 2}, {8, 0, 5, 2}},
    {2 * 60, {4, 0, 1, 3}, {10, 0, 5, 2}},
    {2 * 60 + 30, {4, 0, 1, 3}, {10, 0, 5, 2}},
    {2 * 60, {4, 0, 1, 3}, {10, 0, 1, 2}},
    {16 * 60, {3, 6, 2, 23}, {10, 6, 2, 23}},
    {4 * 60, {3, 0, 5, 3}, {10, 0, 5, 2}},
    {19 * 60, {10, 0, 5, 2}, {4, 0, 1, 2}},
    {20 * 60, {10, 0, 5, 2}, {4, 0, 1, 2}},
};

static ox_system_time time_from_row(const uint8_t row[4]) {
  ox_system_time t = {
      .w_month = row[0], .w_day_of_week = row[1], .w_day = row[2], .w_hour = row[3]};
  return t;
}

ox_status ox_zone_init_index(uint32_t pid_lid_time_zone, ox_zone *out) {
  ox_zone_init_utc(out);
  size_t index = pid_lid_time_zone & 0xFFFF;
  if (index >= sizeof zone_table / sizeof zone_table[0]) return OX_E_NOT_FOUND;
  const zone_row *row = &zone_table[index];
  out->only.l_bias = row->offset - 12 * 60;
  out->only.l_daylight_bias = -60;
  if ((pid_lid_time_zone & 0x80000000u) == 0) {
    out->only.st_standard_date = time_from_row(row->standard);
    out->only.st_daylight_date = time_from_row(row->daylight);
  }
  return OX_OK;
}

ox_status ox_time_zone_definition_make(ox_arena *arena, ox_str16 key_name,
                                       const ox_time_zone_struct *rule, bool is_recurring,
                                       ox_time_zone_definition *out) {
  memset(out, 0, sizeof *out);
  ox_tz_rule *rules = ox_arena_alloc(arena, sizeof *rules);
  if (rules == NULL) return OX_E_NO_MEMORY;
  rule_from_struct(rule, rules);
  rules->w_year = 1601;
  rules->tz_rule_flags = OX_TZ_RULE_FLAGS_EFFECTIVE_TZREG;
  if (is_recurring) rules->tz_rule_flags |= OX_TZ_RULE_FLAGS_RECUR_CURRENT_TZREG;
  out->major_version = 2;
  out->minor_version = 1;
  out->reserved = 2;
  out->key_name = key_name;
  out->c_rules = 1;
  out->tz_rules = rules;
  return OX_OK;
}

/* What the specification asks for. */

static ox_status check_change(const ox_system_time *t, const char *field, const char *section,
                              ox_error *err) {
  if (t->w_month == 0 || is_date(t)) return OX_OK;
  return ox_rule_broken(err, field, section, "no date on which a time can change");
}

static ox_status check_changes(const ox_tz_rule *rule, const char *section, ox_error *err) {
  ox_status status = check_biases(rule, section, err);
  if (status == OX_OK) {
    status = check_change(&rule->st_standard_date, "stStandardDate", section, err);
  }
  if (status == OX_OK) {
    status = check_change(&rule->st_daylight_date, "stDaylightDate", section, err);
  }
  if (status == OX_OK &&
      (rule->st_standard_date.w_month == 0) != (rule->st_daylight_date.w_month == 0)) {
    status = ox_rule_broken(err, "stDaylightDate", section, "only one of the two changes is given");
  }
  return status;
}

ox_status ox_time_zone_struct_check(const ox_time_zone_struct *in, ox_error *err) {
  if (in->w_standard_year != in->st_standard_date.w_year) {
    return ox_rule_broken(err, "wStandardYear", struct_section, "not that of stStandardDate");
  }
  if (in->w_daylight_year != in->st_daylight_date.w_year) {
    return ox_rule_broken(err, "wDaylightYear", struct_section, "not that of stDaylightDate");
  }
  ox_tz_rule rule;
  rule_from_struct(in, &rule);
  return check_changes(&rule, struct_section, err);
}

static ox_status check_rule(const ox_tz_rule *rule, ox_error *err) {
  static const uint8_t zeros[sizeof rule->x];
  const uint16_t both = OX_TZ_RULE_FLAGS_EFFECTIVE_TZREG | OX_TZ_RULE_FLAGS_RECUR_CURRENT_TZREG;
  if (rule->major_version != 2) {
    return ox_rule_broken(err, "Major Version", rule_section, "not 0x02");
  }
  if (rule->minor_version != 1) {
    return ox_rule_broken(err, "Minor Version", rule_section, "not 0x01");
  }
  if (rule->reserved != RULE_RESERVED) {
    return ox_rule_broken(err, "Reserved", rule_section, "not 0x003E");
  }
  if ((rule->tz_rule_flags & ~both) != 0) {
    return ox_rule_broken(err, "TZRule flags", rule_section, "an unused bit is set");
  }
  if (rule->tz_rule_flags == OX_TZ_RULE_FLAGS_RECUR_CURRENT_TZREG) {
    return ox_rule_broken(err, "TZRule flags", rule_section, "R without E");
  }
  if (memcmp(rule->x, zeros, sizeof zeros) != 0) {
    return ox_rule_broken(err, "X", rule_section, "not all zeros");
  }
  return check_changes(rule, rule_section, err);
}

ox_status ox_time_zone_definition_check(const ox_time_zone_definition *in, ox_error *err) {
  if (in->major_version != 2) {
    return ox_rule_broken(err, "Major Version", definition_section, "not 0x02");
  }
  if (in->minor_version != 1) {
    return ox_rule_broken(err, "Minor Version", definition_section, "not 0x01");
  }
  if (in->reserved != 2) return ox_rule_broken(err, "Reserved", definition_section, "not 0x0002");
  if (in->header_rest.size_bytes != 0) {
    return ox_rule_broken(err, "cbHeader", definition_section, "more than the header");
  }
  unsigned effective = 0;
  for (unsigned i = 0; i < in->c_rules; i++) {
    ox_status status = check_rule(&in->tz_rules[i], err);
    if (status != OX_OK) return status;
    effective += (in->tz_rules[i].tz_rule_flags & OX_TZ_RULE_FLAGS_EFFECTIVE_TZREG) != 0;
    if (i != 0 && in->tz_rules[i].w_year <= in->tz_rules[i - 1].w_year) {
      return ox_rule_broken(err, "wYear", rule_section, "not later than that of the rule before");
    }
  }
  if (effective != 1) {
    return ox_rule_broken(err, "TZRule flags", rule_section, "not exactly one effective rule");
  }
  return OX_OK;
}
