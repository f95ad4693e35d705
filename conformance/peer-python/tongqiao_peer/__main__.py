"""`python -m tongqiao_peer --platform URL`: the whole story, in both suites one after the other."""
from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Callable

from .checks import Checks, Stop
from .disturbance import Disturbance
from .key import PublicKey
from .problem import Problem, UnknownOutcome
from .record import SignedRecord, Unverified
from .story import Story
from .transport import Transport


def first_use(url: str) -> list[PublicKey]:
    """The key that signs the directory now. Good for a sandbox of one's own only: TQ-KEY-005 wants a pinned key."""
    signed = SignedRecord.read(Transport(url).get("/v1/directory", signed=False).json())
    return [PublicKey.read(entry) for entry in signed.value()["keys"] if entry.get("keyid") == signed.keyid]


def pinned(text: str) -> PublicKey:
    keyid, suite, public = text.split(":", 2)
    return PublicKey.read({"keyid": keyid, "party": "platform", "suite": suite, "public_key": public, "use": "event"})


def tell(url: str, suite: str, pins: list[PublicKey], folder: Path, checks: Checks, told: list[Story]) -> None:
    checks.label = suite
    if not pins:
        checks.step("no --pin: the key of the first answer is trusted (a sandbox only)")
    story = Story(url, suite, pins or first_use(url), folder, checks)
    story.run()
    told.append(story)


def guarded(checks: Checks, act: Callable[[], None]) -> None:
    """What a story cannot go on from is a difference too."""
    try:
        act()
    except Stop as stop:
        checks.step(f"STOPPED at {stop}")
    except (Problem, UnknownOutcome, Unverified, KeyError, TypeError, ValueError) as why:
        checks.differences.append(f"{checks.label}: {type(why).__name__}: {why}")
        checks.step(f"STOPPED: {type(why).__name__}: {why}")


def main() -> int:
    parser = argparse.ArgumentParser(prog="tongqiao_peer", description=__doc__)
    parser.add_argument("--platform", required=True, metavar="URL")
    parser.add_argument("--pin", action="append", default=[], type=pinned, metavar="KEYID:SUITE:BASE64", help="a key of the platform; without one, that of the first answer")
    parser.add_argument("--suite", choices=("international", "sm", "both"), default="both")
    parser.add_argument("--disturb", action="store_true", help="afterwards faults, a restore, a change of keys: of a sandbox of your own only")
    parser.add_argument("--store", type=Path, help="where records and receipts are kept; without it, a directory that is removed")
    parser.add_argument("--tolerate", action="append", default=[], metavar="LABEL", help="a sentence or section whose difference is known; it is printed, and not counted in the exit code")
    given = parser.parse_args()
    checks = Checks(lambda line: print(line, flush=True))
    stories: list[Story] = []
    suites = ("international", "sm") if given.suite == "both" else (given.suite,)
    with tempfile.TemporaryDirectory(prefix="tongqiao-peer-") as scratch:
        folder = given.store or Path(scratch)
        for suite in suites:
            guarded(checks, lambda: tell(given.platform, suite, given.pin, folder, checks, stories))
        for story in stories if given.disturb else []:
            guarded(checks, Disturbance(story, stories).run)
    print(f"{checks.held} checks of {len(checks.sentences)} sentences held, {len(checks.differences)} differences")
    for difference in checks.differences:
        print("difference:", difference)
    return 1 if [text for text in checks.differences if text.split(":")[0] not in given.tolerate] else 0


if __name__ == "__main__":
    sys.exit(main())
