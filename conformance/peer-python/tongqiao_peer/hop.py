"""Hop signatures (2.4): a profile of RFC 9421."""
from __future__ import annotations

import re
import secrets
from typing import Mapping

from .key import PrivateKey, PublicKey
from .suite import Suite
from .value import from_base64, to_base64

LIFE_SECONDS = 300  # HOP_SIGNATURE_LIFE_MS
COMPONENTS = '("@method" "@path" "@query" "content-digest")'
_NONCE = re.compile(r"[A-Za-z0-9+/_=-]{22,88}\Z")
_PARAMETER = re.compile(r';([a-z]+)=(?:(\d{1,15})|"([^"\\]*)")')


def content_digest(suite: Suite, body: bytes) -> str:
    """TQ-SIG-030, TQ-SIG-031: also for an empty body, by the suite's hash."""
    return f"{suite.digest_name}=:{to_base64(suite.hash(body))}:"


def base(method: str, path: str, query: str, digest: str, parameters: str) -> bytes:
    """The lines that are signed; `query` without its question mark (TQ-SIG-026 to -029)."""
    return "\n".join((f'"@method": {method.upper()}', f'"@path": {path}', f'"@query": ?{query}', f'"content-digest": {digest}',
                      f'"@signature-params": {parameters}')).encode("utf-8")


def sign(key: PrivateKey, method: str, path: str, query: str, body: bytes, now: int, nonce: str = "") -> dict[str, str]:
    """The three headers; a fresh nonce for every request (TQ-SIG-035)."""
    nonce = nonce or secrets.token_urlsafe(24)
    parameters = f'{COMPONENTS};created={now};expires={now + LIFE_SECONDS};nonce="{nonce}";keyid="{key.keyid}";tag="tongqiao-v1"'
    digest = content_digest(key.suite, body)
    signature = key.sign(base(method, path, query, digest, parameters))
    return {"content-digest": digest, "signature-input": "sig1=" + parameters, "signature": f"sig1=:{to_base64(signature)}:"}


def _digest_of(header: str, name: str) -> bytes:
    for member in header.split(","):  # TQ-SIG-038: those of other hashes are passed over
        found = re.fullmatch(r"\s*([a-z0-9-]+)=:([A-Za-z0-9+/=]*):\s*", member)
        if found and found.group(1) == name:
            return from_base64(found.group(2))
    raise ValueError("no digest by " + name)


def verify(key: PublicKey, method: str, path: str, query: str, body: bytes, headers: Mapping[str, str], now: int) -> bool:
    """TQ-SIG-037: parameters in any order, rebuilt byte for byte as they came."""
    given = {name.lower(): value for name, value in headers.items()}
    try:
        entered, signed, digest = given["signature-input"], given["signature"], given["content-digest"]
        if not entered.startswith("sig1=" + COMPONENTS):
            return False
        parameters = entered[len("sig1="):]
        rest = parameters[len(COMPONENTS):]
        found = _PARAMETER.findall(rest)
        if "".join(f";{n}={d}" if d else f';{n}="{t}"' for n, d, t in found) != rest:
            return False
        values = {name: number or text for name, number, text in found}
        if len(found) != 5 or set(values) != {"created", "expires", "nonce", "keyid", "tag"}:
            return False  # TQ-SIG-032
        created, expires = int(values["created"]), int(values["expires"])
        if values["tag"] != "tongqiao-v1" or values["keyid"] != key.keyid or not _NONCE.match(values["nonce"]):
            return False
        if not 0 <= expires - created <= LIFE_SECONDS or abs(now - created) > LIFE_SECONDS or now > expires:
            return False
        if _digest_of(digest, key.suite.digest_name) != key.suite.hash(body):
            return False
        if not (signed.startswith("sig1=:") and signed.endswith(":")):
            return False
        signature = from_base64(signed[len("sig1=:"):-1])
    except (KeyError, ValueError):
        return False
    return key.verify(base(method, path, query, digest, parameters), signature)
