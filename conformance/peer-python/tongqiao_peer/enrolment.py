"""Joining (3.3)."""

from __future__ import annotations

import secrets
from typing import Any, Dict

from .exchange import Exchange
from .record import Author, to_base64
from .suite import PrivateKey, Refused


def enrol(exchange: Exchange, party: str, code: str, suite: str) -> Dict[str, Any]:
    """Turns a one-time code into a party with one key for records and requests; gives the platform's answer."""
    key = PrivateKey(suite)
    keyid = f"{party[:50]}/{secrets.token_hex(4)}"  # TQ-KEY-017, TQ-KEY-018
    proof = key.sign("\n".join(["tongqiao-enrolment-v1", keyid, code, party]).encode())  # TQ-KEY-019
    wish = {
        "code": code,
        "party": party,
        "kind": "department",
        "name": "独立客户端 independent client",
        "keys": [
            {
                "keyid": keyid,
                "suite": suite,
                "public_key": to_base64(key.public.raw),
                "use": "event",
                "proof": to_base64(proof),
            }
        ],
    }
    answer = exchange.post("/v1/enrolments", wish, signed=False)
    if answer["party"] != party or [entry["keyid"] for entry in answer["keys"]] != [keyid]:
        raise Refused("another party or key was enrolled")
    if exchange.post("/v1/enrolments", wish, signed=False) != answer:
        raise Refused("the same enrolment is answered otherwise (TQ-KEY-021)")
    exchange.author = Author(keyid, key)
    return answer
