"""`python -m tongqiao_peer --platform URL`: the whole story in both suites, one line a step."""

from __future__ import annotations

import argparse
import sys

from .exchange import Problem, Unknown
from .story import SUITES, Day
from .suite import Refused


def main() -> int:
    """0 when the platform did everything as the text says, 1 when not."""
    parser = argparse.ArgumentParser(prog="tongqiao_peer", description="an independent client 独立客户端")
    parser.add_argument("--platform", required=True, help="a sandbox platform's address 沙箱平台地址")
    parser.add_argument("--suite", choices=SUITES, action="append", help="only this suite 只用该套件")
    arguments = parser.parse_args()
    for suite in arguments.suite or SUITES:
        try:
            Day(arguments.platform, suite).play(lambda line: print(line, flush=True))
        except (Refused, Problem, Unknown, KeyError, AssertionError) as error:
            print(f"{suite}: NOT as the text says: {type(error).__name__}: {error}", file=sys.stderr)
            return 1
    print("everything as the text says 与规范一致")
    return 0


if __name__ == "__main__":
    sys.exit(main())
