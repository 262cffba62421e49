/* Dates of series against the lists that KCalendarCore's tests expect of rules of iCalendar
 * (reference data beside the source tree): each rule that a recurrence pattern can say. */
#include "../support/testing.h"

#include <dirent.h>
#include <stdio.h>
#include <unistd.h>

#include <oxkit/ropcodec/series.h>
#include <oxkit/ropcodec/zone.h>

enum { FILE_MAX_BYTES = 1 << 20 };

static char folder[8192]; /* empty: there is none */

static char *load(ox_arena *arena, const char *path) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) return NULL;
  char *text = ox_arena_calloc(arena, FILE_MAX_BYTES, 1);
  assert_non_null(text);
  size_t size = fread(text, 1, FILE_MAX_BYTES - 1, file);
  fclose(file);
  text[size] = 0;
  return text;
}

/* The value of the last property of a name, which is the event's. */
static char *property(ox_arena *arena, const char *text, const char *name) {
  const char *found = NULL;
  for (const char *at = text; (at = strstr(at, name)) != NULL; at++) {
    size_t length = strlen(name);
    if ((at == text || at[-1] == '\n') && (at[length] == ':' || at[length] == ';')) found = at;
  }
  if (found == NULL) return NULL;
  return ox_arena_strdup(arena, ox_arena_copy(arena, found, strcspn(found, "\r\n")));
}

/* A part of a rule; NULL when it is not there. */
static const char *part(const char *rule, const char *name) {
  static char value[200];
  char key[40];
  snprintf(key, sizeof key, "%s=", name);
  for (const char *at = rule; (at = strstr(at, key)) != NULL; at++) {
    if (at[-1] != ':' && at[-1] != ';') continue;
    snprintf(value, sizeof value, "%.*s", (int)strcspn(at + strlen(key), ";"), at + strlen(key));
    return value;
  }
  return NULL;
}

static uint32_t number(const char *rule, const char *name, uint32_t fallback) {
  const char *value = part(rule, name);
  return value != NULL ? (uint32_t)strtoul(value, NULL, 10) : fallback;
}

static uint32_t date(const char *digits) {
  unsigned year, month, day;
  uint32_t minutes;
  assert_int_equal(sscanf(digits, "%4u%2u%2u", &year, &month, &day), 3);
  assert_int_equal(ox_minutes_from_date(year, month, day, &minutes), OX_OK);
  return minutes;
}

static uint32_t weekday(const char *name) {
  static const char days[] = "SUMOTUWETHFRSA";
  for (uint32_t i = 0; i < 7; i++) {
    if (strncmp(days + 2 * i, name, 2) == 0) return i;
  }
  fail_msg("no day: %s", name);
  return 0;
}

/* BYDAY as bits; *nth_out is the number before a single day. False for numbers before several. */
static bool days_of(const char *list, uint32_t *days_out, long *nth_out) {
  *days_out = 0;
  *nth_out = 0;
  for (unsigned count = 0;; count++) {
    char *end;
    long nth = strtol(list, &end, 10);
    if (end != list && (count != 0 || strchr(end, ',') != NULL)) return false;
    if (end != list) *nth_out = nth;
    *days_out |= 1u << weekday(end);
    list = strchr(end, ',');
    if (list++ == NULL) return true;
  }
}

/* False for what a pattern cannot say, or says in another way. */
static bool monthly(const char *rule, ox_recurrence_pattern *p) {
  uint32_t year, month, day;
  ox_minutes_to_date(p->start_date, &year, &month, &day);
  if (part(rule, "BYYEARDAY") != NULL || part(rule, "BYWEEKNO") != NULL) return false;
  if (part(rule, "BYMONTH") != NULL) {
    if (strcmp(part(rule, "FREQ"), "YEARLY") != 0) return false;
    if (strchr(part(rule, "BYMONTH"), ',') != NULL || number(rule, "BYMONTH", 0) != month) {
      return false;
    }
  }
  const char *list = part(rule, "BYDAY");
  if (list == NULL) {
    const char *month_day = part(rule, "BYMONTHDAY");
    if (month_day != NULL && strchr(month_day, ',') != NULL) return false;
    long wanted = month_day != NULL ? strtol(month_day, NULL, 10) : (long)day;
    if (wanted > 28 || wanted < -1) return false;
    p->pattern_type = wanted == -1 ? OX_PATTERN_TYPE_MONTH_END : OX_PATTERN_TYPE_MONTH;
    p->day = wanted == -1 ? 31 : (uint32_t)wanted;
    return true;
  }
  long nth;
  if (part(rule, "BYMONTHDAY") != NULL || !days_of(list, &p->days, &nth)) return false;
  if (strcmp(part(rule, "FREQ"), "YEARLY") == 0 && part(rule, "BYMONTH") == NULL) return false;
  if (part(rule, "BYSETPOS") != NULL) nth = strtol(part(rule, "BYSETPOS"), NULL, 10);
  if (nth == 0 || nth < -1 || nth > 4) return false;
  p->pattern_type = OX_PATTERN_TYPE_MONTH_NTH;
  p->n = nth == -1 ? OX_RECURRENCE_N_LAST : (uint32_t)nth;
  return true;
}

static bool pattern_of(const char *rule, const char *start, ox_recurrence_pattern *p) {
  memset(p, 0, sizeof *p);
  p->start_date = date(strrchr(start, ':') + 1);
  p->period = number(rule, "INTERVAL", 1);
  p->first_dow = part(rule, "WKST") != NULL ? weekday(part(rule, "WKST")) : 1;
  p->end_type = OX_END_TYPE_NEVER;
  if (part(rule, "COUNT") != NULL) {
    p->end_type = OX_END_TYPE_COUNT;
    p->occurrence_count = number(rule, "COUNT", 0);
  } else if (part(rule, "UNTIL") != NULL) {
    p->end_type = OX_END_TYPE_DATE;
    p->end_date = date(part(rule, "UNTIL"));
    if (strstr(part(rule, "UNTIL"), "T000000") != NULL) p->end_date -= 1440;
  }
  if (part(rule, "BYHOUR") != NULL || part(rule, "BYMINUTE") != NULL) return false;
  long nth;
  const char *frequency = part(rule, "FREQ");
  bool is_daily = strcmp(frequency, "DAILY") == 0;
  if (is_daily && part(rule, "BYDAY") == NULL && part(rule, "BYMONTH") == NULL) {
    p->pattern_type = OX_PATTERN_TYPE_DAY;
    p->period *= 1440;
    return true;
  }
  if (strcmp(frequency, "WEEKLY") == 0 || (is_daily && p->period == 1)) {
    p->pattern_type = OX_PATTERN_TYPE_WEEK;
    p->days = 1u << (p->start_date / 1440 + 1) % 7;
    if (part(rule, "BYMONTH") != NULL) return false;
    return part(rule, "BYDAY") == NULL || days_of(part(rule, "BYDAY"), &p->days, &nth);
  }
  if (strcmp(frequency, "YEARLY") == 0) p->period *= 12;
  return (strcmp(frequency, "MONTHLY") == 0 || strcmp(frequency, "YEARLY") == 0) &&
         monthly(rule, p);
}

/* True when the rule is one of ours; then the dates are those of the list. */
static bool check_file(ox_arena *arena, const char *path) {
  char name[9000];
  const char *text = load(arena, path);
  snprintf(name, sizeof name, "%s.recurson.ref", path);
  char *list = load(arena, name);
  if (text == NULL || list == NULL || strstr(text, "EXDATE") != NULL) return false;
  if (strstr(text, "RDATE") != NULL || strstr(text, "EXRULE") != NULL) return false;
  const char *rule = property(arena, text, "RRULE"), *start = property(arena, text, "DTSTART");
  ox_recurrence_pattern p;
  if (rule == NULL || start == NULL || !pattern_of(rule, start, &p)) return false;
  /* The lists have dates in UTC: leave out what happens in the evening of America. */
  const char *time = strchr(strrchr(start, ':'), 'T');
  if (strstr(start, "TZID") != NULL && time != NULL && strtoul(time + 1, NULL, 10) >= 150000) {
    return false;
  }
  const uint32_t first = p.start_date;
  if (ox_recurrence_complete(&p, NULL) != OX_OK) fail_msg("%s: %s", path, rule);
  /* The start of an event is always an instance there, even when the rule does not give it. */
  if (p.start_date != first && p.end_type == OX_END_TYPE_COUNT) return false;
  ox_series s;
  assert_int_equal(ox_series_init(&p, &s, NULL), OX_OK);
  uint64_t n = 0;
  for (char *line = strtok(list, "\r\n"); line != NULL; line = strtok(NULL, "\r\n")) {
    unsigned year, month, day;
    uint32_t expected, found;
    if (sscanf(line, "%u-%u-%u", &year, &month, &day) != 3) fail_msg("%s: %s", name, line);
    assert_int_equal(ox_minutes_from_date(year, month, day, &expected), OX_OK);
    if (expected == first && p.start_date != first) continue;
    if (!ox_series_date(&s, n++, &found) || found != expected) {
      fail_msg("%s: %s: %s is not date %u", path, rule, line, (unsigned)n);
    }
  }
  /* The lists go on to the end of 2020, or to 500 dates. */
  uint32_t next, year, month, day;
  if (n < 500 && ox_series_date(&s, n, &next)) {
    ox_minutes_to_date(next, &year, &month, &day);
    if (year <= 2020) fail_msg("%s: %s: more dates: %u-%u-%u", path, rule, year, month, day);
  }
  return n != 0;
}

static unsigned check_folder(ox_arena *arena, const char *path) {
  unsigned checked = 0;
  DIR *open = opendir(path);
  assert_non_null(open);
  for (struct dirent *entry; (entry = readdir(open)) != NULL;) {
    char child[8800];
    size_t length = strlen(entry->d_name);
    snprintf(child, sizeof child, "%s/%.255s", path, entry->d_name);
    if (entry->d_name[0] == '.') continue;
    if (length > 4 && strcmp(entry->d_name + length - 4, ".ics") == 0) {
      checked += check_file(arena, child);
      ox_arena_reset(arena);
    } else if (strchr(entry->d_name, '.') == NULL || strstr(entry->d_name, "_3.4") != NULL) {
      checked += check_folder(arena, child);
    }
  }
  closedir(open);
  return checked;
}

static void test_series__dates_are_those_of_the_lists(void **state) {
  if (folder[0] == 0) {
    print_message("no reference data: set OX_SHARED, or put ../shared beside the source\n");
    skip();
  }
  assert_in_range(check_folder(*state, folder), 30, 1000);
}

int main(int argc, char **argv) {
  const char *shared = getenv("OX_SHARED");
  char beside[4096];
  snprintf(beside, sizeof beside, "%s/../shared", argc > 1 ? argv[1] : ".");
  if (shared == NULL || shared[0] == 0) shared = beside;
  snprintf(folder, sizeof folder, "%s/data/ics/kcalendarcore/RecurrenceRule", shared);
  if (access(folder, R_OK) != 0) folder[0] = 0;
  const struct CMUnitTest tests[] = {ARENA_TEST(test_series__dates_are_those_of_the_lists)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
