#!/usr/bin/env python3
"""Writes deadlines.tsv, the vectors of the deadline clock, and checks working-calendar.tsv.

Counts by the package chinesecalendar (MIT), which collects the State Council's notices, and by a method of its own: it lists every
day and strikes out what does not count. With `--check` it writes nothing and fails if a file differs.

    python3 conformance/vectors/build_deadlines.py [--check]
"""

import datetime
import pathlib
import random
import sys

import chinese_calendar

ROOT = pathlib.Path(__file__).resolve().parents[2]
CALENDAR = ROOT / "conformance/platform/data/working-calendar.tsv"
VECTORS = ROOT / "conformance/vectors/deadlines.tsv"
YEARS = (2024, 2025, 2026)
DAY = datetime.timedelta(days=1)
HEADER = "begun\tdays\tunit\textension_days\tsuspensions\tdue\tnote"
# Chosen by hand: the places where clocks go wrong.
CHOSEN = [
    ("2024-02-09", 1, "working", 0, [], "New Year's Eve 2024 was worked; the week after it was not"),
    ("2024-02-09", 2, "working", 0, [], "Sunday 18 February is worked and counts, and so does the Monday after it"),
    ("2024-09-13", 1, "working", 0, [], "Saturday 14 September 2024 is worked"),
    ("2025-01-25", 1, "working", 0, [], "Sunday 26 January 2025 is worked"),
    ("2025-09-26", 1, "working", 0, [], "Sunday 28 September 2025 is worked"),
    ("2025-09-30", 20, "working", 0, [], "eight days off and a Saturday that is worked"),
    ("2026-02-13", 2, "working", 0, [], "Saturday 14 February 2026 is worked, then nine days off"),
    ("2026-02-13", 20, "working", 10, [], "art. 42: twenty days and ten more over the spring festival"),
    ("2026-09-30", 45, "working", 15, [], "joint handling: 45 days and 15 more"),
    ("2026-01-05", 0, "working", 0, [], "done while you wait"),
    ("2026-01-03", 0, "working", 0, [], "a self-service counter on a day off: the Sunday after it is worked"),
    ("2026-01-05", 20, "working", 0, [("2026-01-08", "2026-01-15")], "the day of beginning counts, the day of ending does not"),
    ("2026-01-05", 20, "working", 0, [("2026-01-08", "2026-01-08")], "begun and ended on one day: nothing is left out"),
    ("2026-01-05", 20, "working", 0, [("2026-01-05", "2026-01-06")], "suspended on the day of acceptance"),
    ("2026-01-05", 20, "working", 10, [("2026-01-08", "2026-01-15"), ("2026-02-10", "2026-02-28")], "two stops and an extension; the second ends on a Saturday that is worked"),
    ("2026-02-10", 5, "working", 0, [("2026-02-13", "2026-02-14")], "the stop covers nothing but the Saturday that is worked"),
    ("2026-04-01", 10, "calendar", 0, [], "would end on Saturday 11 April, an ordinary day off, and moves to the Monday"),
    ("2026-04-25", 7, "calendar", 0, [], "would end within the days of May and moves to the first day that is worked"),
    ("2026-04-29", 10, "calendar", 0, [], "ends on Saturday 9 May, which is worked"),
    ("2026-04-25", 7, "calendar", 0, [("2026-04-27", "2026-04-29")], "a stop within calendar days"),
]


def counts(day, unit, suspensions):
    if any(begun < day <= ended for begun, ended in suspensions):
        return False
    return unit == "calendar" or chinese_calendar.is_workday(day)


def due(begun, days, unit, suspensions):
    everything = [begun + DAY * index for index in range(0, 700)]
    known = [day for day in everything if day.year in YEARS]
    if days == 0:
        return next(day for day in known if chinese_calendar.is_workday(day))
    last = [day for day in known[1:] if counts(day, unit, suspensions)][days - 1]
    return next(day for day in known if day >= last and chinese_calendar.is_workday(day))


def line(begun, days, unit, extension, suspensions, note):
    date = datetime.date.fromisoformat
    stops = [(date(first), date(last)) for first, last in suspensions]
    end = due(date(begun), days + extension, unit, stops)
    words = " ".join(f"{first}/{last}" for first, last in suspensions) or "-"
    return f"{begun}\t{days}\t{unit}\t{extension}\t{words}\t{end}\t{note}"


def random_rows(count):
    chance = random.Random(20260104)
    for _ in range(count):
        begun = datetime.date(2024, 1, 1) + DAY * chance.randrange(0, 850)
        days, extension = chance.randrange(0, 46), chance.choice([0, 0, 0, 10, 15])
        suspensions, at = [], begun
        for _ in range(chance.choice([0, 0, 1, 1, 2])):
            at += DAY * chance.randrange(0, 15)
            until = at + DAY * chance.randrange(0, 25)
            suspensions.append((str(at), str(until)))
            at = until
        if days == 0:
            suspensions = []
        yield str(begun), days, chance.choice(["working", "working", "calendar"]), extension if days else 0, suspensions, "-"


def vectors():
    rows = [line(*row) for row in CHOSEN] + [line(*row) for row in random_rows(280)]
    return "\n".join([HEADER, *rows]) + "\n"


def calendar():
    rows = ["date\tstanding\tfestival"]
    names = {
        "New Year's Day": "元旦", "Spring Festival": "春节", "Tomb-sweeping Day": "清明节", "Labour Day": "劳动节",
        "Dragon Boat Festival": "端午节", "Mid-autumn Festival": "中秋节", "National Day": "国庆节",
    }
    tables = (("off", chinese_calendar.constants.holidays), ("work", chinese_calendar.constants.workdays))
    found = [(day, word, names[name]) for word, table in tables for day, name in table.items() if day.year in YEARS]
    rows += [f"{day}\t{word}\t{name}" for day, word, name in sorted(found)]
    return "\n".join(rows) + "\n"


def main():
    wrong = 0
    for path, text in ((CALENDAR, calendar()), (VECTORS, vectors())):
        if "--check" not in sys.argv[1:]:
            path.write_text(text, encoding="utf-8")
        elif path.read_text(encoding="utf-8") != text:
            print(f"{path.relative_to(ROOT)} is not what chinesecalendar gives")
            wrong = 1
        else:
            print(f"{path.relative_to(ROOT)}: {len(text.splitlines()) - 1} lines agree with chinesecalendar")
    return wrong


if __name__ == "__main__":
    sys.exit(main())
