"""Merkle trees of RFC 9162 as 6.2, 6.3 and 6.7 use them."""
from __future__ import annotations

from typing import Sequence

from .suite import Suite


def leaf(suite: Suite, body: bytes) -> bytes:
    return suite.hash(b"\x00" + body)


def node(suite: Suite, left: bytes, right: bytes) -> bytes:
    return suite.hash(b"\x01" + left + right)


def root_of(suite: Suite, bodies: Sequence[bytes]) -> bytes:
    """The root of a whole tree; of nothing the hash of nothing (6.7)."""
    if not bodies:
        return suite.hash(b"")
    if len(bodies) == 1:
        return leaf(suite, bodies[0])
    split = 1
    while split * 2 < len(bodies):
        split *= 2
    return node(suite, root_of(suite, bodies[:split]), root_of(suite, bodies[split:]))


def root_by_path(suite: Suite, body: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """6.3, line by line; TQ-RCP-009: a path too long or too short is refused."""
    if isinstance(index, bool) or isinstance(size, bool) or not 0 <= index < size:
        raise ValueError("index beyond size")
    if any(len(step) != 32 for step in path):
        raise ValueError("a hash has 32 bytes")
    rest = list(path)
    place, last, found = index, size - 1, leaf(suite, body)
    while last > 0:
        if place % 2 == 1:
            if not rest:
                raise ValueError("path too short")
            found = node(suite, rest.pop(0), found)
        elif place < last:
            if not rest:
                raise ValueError("path too short")
            found = node(suite, found, rest.pop(0))
        place //= 2
        last //= 2
    if rest:
        raise ValueError("path too long")
    return found


def consistent(suite: Suite, first: int, second: int, first_root: bytes, second_root: bytes, path: Sequence[bytes]) -> bool:
    """RFC 9162, 2.1.4.2: the second tree continues the first."""
    if any(len(step) != 32 for step in path) or not 0 <= first <= second:
        return False
    if first == second:
        return not path and first_root == second_root
    if first == 0:
        return not path and first_root == suite.hash(b"")
    steps = list(path)
    if first & (first - 1) == 0:
        steps.insert(0, first_root)
    if not steps:
        return False
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn >>= 1
        sn >>= 1
    fr = sr = steps[0]
    for step in steps[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node(suite, step, fr), node(suite, step, sr)
            if not fn & 1:
                while fn and not fn & 1:
                    fn >>= 1
                    sn >>= 1
        else:
            sr = node(suite, sr, step)
        fn >>= 1
        sn >>= 1
    return fr == first_root and sr == second_root and sn == 0
