/* Dates of the Gregorian calendar, without limit in both directions. Days count from 1601-01-01. */
#ifndef OX_CIVIL_H
#define OX_CIVIL_H

#include <stdbool.h>
#include <stdint.h>

/* Days of dates in minutes since 1601-01-01, and the last day that 32 bits of minutes reach. */
enum { MINUTES_PER_DAY = 1440, DAY_LIMIT = UINT32_MAX / MINUTES_PER_DAY };

/* @param month, day  from 1; a day may lie outside of the month */
int64_t ox_civil_to_days(int64_t year, unsigned month, unsigned day);
void ox_civil_from_days(int64_t days, int64_t *year, unsigned *month, unsigned *day);
unsigned ox_civil_month_days(int64_t year, unsigned month);
/* 0 is Sunday. */
unsigned ox_civil_weekday(int64_t days);
/* Whether one of the dates in minutes, which ascend, lies on a day. */
bool ox_civil_holds_day(const uint32_t *dates, uint32_t count, uint32_t day);

#endif
