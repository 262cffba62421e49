#include "civil.h"

/* From 1970-01-01 in the formulas to 1601-01-01. */
static const int64_t epoch_days = 134774;

/* Years are counted from March, so that the leap day comes last. */
int64_t ox_civil_to_days(int64_t year, unsigned month, unsigned day) {
  year -= month <= 2;
  int64_t era = (year >= 0 ? year : year - 399) / 400;
  int64_t year_of_era = year - era * 400;
  int64_t day_of_year = (153 * ((int64_t)month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
         719468 + epoch_days;
}

void ox_civil_from_days(int64_t days, int64_t *year, unsigned *month, unsigned *day) {
  days += 719468 - epoch_days;
  int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  int64_t day_of_era = days - era * 146097;
  int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  int64_t shifted = (5 * day_of_year + 2) / 153;
  *day = (unsigned)(day_of_year - (153 * shifted + 2) / 5 + 1);
  *month = (unsigned)(shifted < 10 ? shifted + 3 : shifted - 9);
  *year = year_of_era + era * 400 + (*month <= 2);
}

unsigned ox_civil_month_days(int64_t year, unsigned month) {
  if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

unsigned ox_civil_weekday(int64_t days) {
  int64_t weekday = (days + 1) % 7; /* 1601-01-01 was a Monday */
  return (unsigned)(weekday < 0 ? weekday + 7 : weekday);
}

bool ox_civil_holds_day(const uint32_t *dates, uint32_t count, uint32_t day) {
  uint32_t low = 0, high = count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (dates[middle] / MINUTES_PER_DAY < day) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low < count && dates[low] / MINUTES_PER_DAY == day;
}
