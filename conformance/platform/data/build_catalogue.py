#!/usr/bin/env python3
"""Writes agencies.tsv and items.tsv from the hand-written tables beside this file.

Run it after a change of departments.tsv or guides.tsv, without arguments; `--check` only compares. It is deterministic:
no clock, no chance. The credit codes of the agencies are SYNTHETIC (their organisation code begins with TQ) and yet valid
by GB 32100 and GB 11714; the item codes follow the form of 2018 (18 + 1 + 12, and two more for a handling item).
"""
import csv
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
AREAS = {
    "city": ("340700", "铜陵市", "Tongling", 0),
    "tg": ("340705", "铜陵市铜官区", "Tongguan District", 1),
    "ya": ("340706", "铜陵市义安区", "Yi'an District", 2),
    "jq": ("340711", "铜陵市郊区", "Jiaoqu District", 3),
    "zy": ("340722", "枞阳县", "Zongyang County", 4),
}
DISTRICTS = ["tg", "ya", "jq", "zy"]
# A sample of townships, not all of them: enough to have items of level 5 in three districts.
TOWNS = [
    ("340706101", "铜陵市义安区顺安镇人民政府", "Shun'an Town Government"),
    ("340706102", "铜陵市义安区钟鸣镇人民政府", "Zhongming Town Government"),
    ("340706200", "铜陵市义安区老洲乡人民政府", "Laozhou Township Government"),
    ("340711101", "铜陵市郊区大通镇人民政府", "Datong Town Government"),
    ("340722118", "枞阳县枞阳镇人民政府", "Zongyang Town Government"),
    ("340722120", "枞阳县汤沟镇人民政府", "Tanggou Town Government"),
]
# In these departments every district has every item; in the others a service stands in one district, taken in turn, so
# that the snapshot stays below a megabyte.
COMPLETE = {"civil-affairs", "natural-resources"}

CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def organisation_code(body):
    """GB 11714: eight characters and the check character."""
    weights = [3, 7, 9, 10, 5, 8, 4, 2]
    rest = 11 - sum(int(c, 36) * w for c, w in zip(body, weights)) % 11
    return body + {10: "X", 11: "0"}.get(rest, str(rest))


def credit_code(kind, area, body):
    """GB 32100: authority and kind 2, area 6, organisation code 9, check 1."""
    code = kind + area + organisation_code(body)
    total = sum(CREDIT_ALPHABET.index(c) * pow(3, i, 31) for i, c in enumerate(code))
    return code + CREDIT_ALPHABET[(31 - total % 31) % 31]


def read(name):
    with open(HERE / name, encoding="utf-8", newline="") as file:
        return list(csv.DictReader((line for line in file if not line.startswith("#")), delimiter="\t", quoting=csv.QUOTE_NONE))


def table(note, header, rows):
    lines = ["# " + note, "\t".join(header)] + ["\t".join(row) for row in rows]
    return "\n".join(lines) + "\n"


def places(guide, turn):
    """Where a guide's service stands: (area key or town, level)."""
    for word in guide["where"].split(","):
        if word == "districts" and guide["department"] in COMPLETE:
            yield from ((key, "4") for key in DISTRICTS)
        elif word == "districts":
            yield DISTRICTS[turn % 4], "4"
        elif word == "towns":
            yield TOWNS[turn % 6], "5"
            yield TOWNS[(turn + 3) % 6], "5"
        else:
            yield word, "3" if word == "city" else "4"


def build():
    departments = {row["department"]: row for row in read("departments.tsv")}
    agencies, items, turns = {}, [], {}
    for guide in read("guides.tsv"):
        department = departments[guide["department"]]
        turn = turns.setdefault(guide["guide"], len(turns))
        main, *rest = guide["number"].split(".")
        sub, handling = rest[0], (rest[1] if len(rest) > 1 else "")
        base = guide["prefix"] + guide["item_type"] + department["ministry"] + main + sub
        for place, level in places(guide, turn):
            if level == "5":
                area, name_zh, name_en = place
                body = f"TQ90{TOWNS.index(place) + 1:04}"
                code = credit_code("11", area[:6], body)
                row = (code, name_zh, name_en, area + "000", "town")
            else:
                area, area_zh, area_en, index = AREAS[place]
                # The federation is a mass organisation (群团), which GB 32100 writes 13.
                kind = "13" if guide["department"] == "disability" else "11"
                code = credit_code(kind, area, f"TQ{department['ministry']}{index}001")
                row = (code, area_zh + department["name_zh"], area_en + " " + department["name_en"], area + "000000", guide["department"])
            agencies[code] = row
            items.append((code + level + base + handling, guide["version"], guide["guide"], code, row[3]))
    header = ["agency", "name_zh", "name_en", "division", "department"]
    note = "Written by build_catalogue.py: do not edit. SYNTHETIC credit codes (organisation codes begin with TQ), valid by GB 32100."
    yield "agencies.tsv", table(note, header, sorted(agencies.values()))
    header = ["code", "version", "guide", "agency", "division"]
    note = "Written by build_catalogue.py: do not edit. SYNTHETIC item codes, valid in form; they name no real item of any agency."
    yield "items.tsv", table(note, header, sorted(items, key=lambda row: (row[0], int(row[1]))))


def main():
    stale = False
    for name, text in build():
        path = HERE / name
        if "--check" in sys.argv[1:]:
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                print(f"{name} is stale: run build_catalogue.py")
                stale = True
        else:
            path.write_text(text, encoding="utf-8", newline="\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
