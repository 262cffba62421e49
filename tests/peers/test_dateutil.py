#!/usr/bin/python3
"""Our expansion of recurring appointments against python3-dateutil: generated patterns of every type
of the Gregorian calendar, in zones with and without daylight saving time, with deleted and moved
instances. The bytes are made here, from the specification, so that our decoder and our check of
FirstDateTime, EndDate and OccurrenceCount are tested too.

usage: test_dateutil.py RECURRENCE_TOOL [PATTERNS [SEED]]
"""
import datetime
import random
import struct
import subprocess
import sys

try:
    from dateutil import rrule, tz
    from dateutil.relativedelta import relativedelta, weekday
except ImportError:
    print("python3-dateutil is not installed")
    sys.exit(77)

EPOCH = datetime.datetime(1601, 1, 1)
DAY = datetime.timedelta(days=1)
# dateutil counts days of the week from Monday.
WEEKDAYS = [rrule.SU, rrule.MO, rrule.TU, rrule.WE, rrule.TH, rrule.FR, rrule.SA]


def minutes(when):
    return int((when - EPOCH).total_seconds()) // 60


# (bias, daylight bias, month, day of week, which, hour of the change to standard time and of the one to
# daylight saving time)
ZONES = [
    (0, 0, None, None),
    (-330, 0, None, None),
    (300, -60, (11, 0, 1, 2), (3, 0, 2, 2)),
    (480, -60, (10, 0, 5, 2), (4, 0, 1, 2)),
    (-60, -60, (10, 0, 5, 3), (3, 0, 5, 2)),
    (-600, -60, (4, 0, 1, 3), (10, 0, 1, 2)),
    (180, -60, (2, 6, 3, 23), (10, 6, 3, 23)),
    (-630, -30, (4, 0, 1, 2), (10, 0, 1, 2)),
]


def zone_bytes(zone):
    bias, daylight, standard_date, daylight_date = zone
    def system_time(date):
        month, day_of_week, which, hour = date or (0, 0, 0, 0)
        return struct.pack("<8H", 0, month, day_of_week, which, hour, 0, 0, 0)
    return struct.pack("<iiiH", bias, 0, daylight, 0) + system_time(standard_date) + \
        struct.pack("<H", 0) + system_time(daylight_date)


def zone_of(zone):
    bias, daylight, standard_date, daylight_date = zone
    if standard_date is None:
        return tz.tzoffset("X", -bias * 60)
    def change(date, hours):
        month, day_of_week, which, _ = date
        day = WEEKDAYS[day_of_week]
        if which == 5:
            return relativedelta(hours=hours, month=month, day=31, weekday=day(-1))
        return relativedelta(hours=hours, month=month, day=1, weekday=day(+which))
    # dateutil wants the end of daylight saving time in standard time; what remains behind it is whole
    # hours here but for one zone.
    start = change(daylight_date, daylight_date[3])
    end = change(standard_date, 0) + relativedelta(minutes=standard_date[3] * 60 + daylight)
    return tz.tzrange("X", datetime.timedelta(minutes=-bias), "Y",
                      datetime.timedelta(minutes=-bias - daylight), start, end)


def to_utc(local, zone):
    """Standard time for what occurs twice; for what never occurs the offset from before."""
    aware = tz.enfold(local.replace(tzinfo=zone), 1)
    aware = tz.resolve_imaginary(aware)
    return aware.astimezone(tz.tzutc()).replace(tzinfo=None)


class Pattern:
    """A series; `rule` gives its dates, `specific` is PatternTypeSpecific."""

    def __init__(self, chance):
        self.kind = chance.choice(["day", "week", "weekdays", "month", "nth", "end"])
        start = datetime.datetime(chance.randint(1990, 2030), chance.randint(1, 12), chance.randint(1, 28))
        start += DAY * chance.randint(0, 3)
        self.first_dow = chance.randint(0, 6)
        wkst = WEEKDAYS[self.first_dow]
        if self.kind == "day":
            self.period = chance.choice([1, 2, 3, 10, 999])
            self.frequency, self.type, self.specific = 0x200A, 0, b""
            self.rule = dict(freq=rrule.DAILY, interval=self.period)
        elif self.kind in ("week", "weekdays"):
            days = chance.randint(1, 127) if self.kind == "week" else 0x3E
            self.period = chance.choice([1, 1, 2, 3, 99]) if self.kind == "week" else 1
            self.frequency, self.type = (0x200B if self.kind == "week" else 0x200A), 1
            self.specific = struct.pack("<I", days)
            self.rule = dict(freq=rrule.WEEKLY, interval=self.period, byweekday=self.days(days))
        else:
            self.period = chance.choice([1, 1, 2, 3, 12, 12, 99])
            self.frequency = 0x200D if self.period == 12 else 0x200C
            self.rule = dict(freq=rrule.MONTHLY, interval=self.period)
            if self.kind == "nth":
                days, n = chance.choice([chance.randint(1, 127), 0x3E, 0x41, 0x7F]), chance.randint(1, 5)
                self.type, self.specific = 3, struct.pack("<II", days, n)
                self.rule.update(byweekday=self.days(days), bysetpos=-1 if n == 5 else n)
            elif self.kind == "end":
                self.type, self.specific = 4, struct.pack("<I", 31)
                self.rule.update(bymonthday=-1)
            else:
                day = chance.choice([chance.randint(1, 31), 29, 30, 31])
                self.type, self.specific = 2, struct.pack("<I", day)
                # The last day of a month that is too short.
                self.rule.update(bymonthday=list(range(min(day, 28), day + 1)), bysetpos=-1)
        self.rule.update(wkst=wkst)
        self.start = rrule.rrule(dtstart=start, count=1, **self.rule)[0]
        self.rule.update(dtstart=self.start)
        self.end_type = chance.choice([0x2021, 0x2022, 0x2023])
        if self.end_type == 0x2022:
            self.rule.update(count=chance.randint(1, 60))
        elif self.end_type == 0x2021:
            self.rule.update(until=self.start + DAY * chance.randint(0, 3000))
        self.starts = chance.choice([0, 60, 90, 120, 150, 600, 1380, 1439])
        self.length = chance.choice([0, 30, 60, 90, 1440, 4000])
        self.deleted, self.moved = set(), {}

    @staticmethod
    def days(mask):
        return [WEEKDAYS[i] for i in range(7) if mask >> i & 1]

    def dates(self):
        return rrule.rrule(**self.rule)

    def change(self, chance):
        """Deletes and moves a few of the first dates; moved ones keep apart."""
        first = []
        for when in self.dates():
            first.append(when)
            if len(first) == 8:
                break
        for when in first:
            choice = chance.randint(0, 7)
            if choice == 0:
                self.deleted.add(when)
            elif choice == 1:
                begin = when + DAY * chance.randint(-40, 40) + datetime.timedelta(minutes=chance.randint(0, 1439))
                days = {m[0].date() for m in self.moved.values()}
                if begin.date() not in days:
                    self.moved[when] = (begin, begin + datetime.timedelta(minutes=chance.randint(0, 3000)))

    def first_date_time(self):
        """[MS-OXOCAL] 2.2.1.44.1.1"""
        start = minutes(self.start)
        if self.type == 0:
            return start % (self.period * 1440)
        if self.type == 1:
            back = (self.start.isoweekday() % 7 - self.first_dow) % 7
            return (start - back * 1440) % (10080 * self.period)
        months = (self.start.year - 1601) * 12 + self.start.month - 1
        return minutes(EPOCH + relativedelta(months=months % self.period))

    def encode(self):
        if self.end_type == 0x2023:
            count, end = 10, 0x5AE980DF
        else:
            dates = list(self.dates())
            count = len(dates)
            end = minutes(dates[-1] if self.end_type == 0x2022 else self.rule["until"])
        deleted = sorted(minutes(d) for d in self.deleted | set(self.moved))
        exceptions = [(minutes(b), minutes(e), minutes(o) + self.starts)
                      for o, (b, e) in sorted(self.moved.items())]
        modified = sorted(b // 1440 * 1440 for b, _, _ in exceptions)
        period = self.period * 1440 if self.type == 0 else self.period
        out = struct.pack("<HHHHHIII", 0x3004, 0x3004, self.frequency, self.type, 0, self.first_date_time(),
                          period, 0) + self.specific
        out += struct.pack("<III", self.end_type, count, self.first_dow)
        for dates in (deleted, modified):
            out += struct.pack(f"<I{len(dates)}I", len(dates), *dates)
        out += struct.pack("<IIIIIIH", minutes(self.start), end, 0x3006, 0x3009, self.starts,
                           self.starts + self.length, len(exceptions))
        for begin, finish, original in exceptions:
            out += struct.pack("<IIIH", begin, finish, original, 0)
        out += struct.pack("<I", 0)
        out += struct.pack("<III", 4, 0, 0) * len(exceptions)
        return out + struct.pack("<I", 0)

    def instances(self, zone, begin, finish):
        """(original date, start, end, exception) in UTC minutes, of those that overlap the window."""
        found = []
        order = {original: i for i, original in enumerate(sorted(self.moved))}
        def add(original, local_start, local_end, index):
            start, end = to_utc(local_start, zone), to_utc(local_end, zone)
            if end < start:
                end = start + (local_end - local_start)
            if start < finish and (end > begin or start >= begin):
                found.append((minutes(original), minutes(start), minutes(end), index))
        for when in self.dates():
            if when > finish + 3 * DAY:
                break
            if when in self.deleted or when in self.moved or when < begin - 9 * DAY:
                continue
            start = when + datetime.timedelta(minutes=self.starts)
            add(when, start, start + datetime.timedelta(minutes=self.length), -1)
        for original, (start, end) in self.moved.items():
            add(original, start, end, order[original])
        return sorted(found)


def main():
    tool, count, seed = sys.argv[1], int((sys.argv[2:] or ["3000"])[0]), int((sys.argv[3:] or ["20261128"])[0])
    chance = random.Random(seed)
    process = subprocess.Popen([tool], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    instances = 0
    for number in range(count):
        pattern = Pattern(chance)
        pattern.change(chance)
        zone = chance.choice(ZONES)
        begin = pattern.start + DAY * chance.randint(-10, 900) + datetime.timedelta(minutes=chance.randint(0, 1439))
        if number % 50 == 0:
            begin += DAY * chance.randint(0, 20000)
        finish = begin + DAY * chance.choice([1, 31, 200])
        process.stdin.write(f"{pattern.encode().hex()} {zone_bytes(zone).hex()} {minutes(begin)} {minutes(finish)}\n")
        process.stdin.flush()
        answer = process.stdout.readline().strip()
        expected = pattern.instances(zone_of(zone), begin, finish)
        if answer.startswith("broken"):
            print(f"FAILED: pattern {number} ({pattern.kind}, {pattern.rule}): {answer}")
            return 1
        got = [tuple(int(n) for n in item.split()) for item in answer.split(",") if item]
        if sorted(got) != expected:
            print(f"FAILED: pattern {number} ({pattern.kind}, {pattern.rule}, {zone}):\n ours   {sorted(got)}\n"
                  f" theirs {expected}")
            return 1
        instances += len(got)
    process.stdin.close()
    if process.wait() != 0 or instances < count:
        print(f"FAILED: exit status {process.returncode}, {instances} instances")
        return 1
    print(f"{count} patterns, {instances} instances")
    return 0


sys.exit(main())
