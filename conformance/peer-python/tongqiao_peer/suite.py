"""Keys, signatures and hashes of both suites (2.1, 2.2)."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import Optional

import gmalg
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

INTERNATIONAL = "international"
SM = "sm"
SUITES = (INTERNATIONAL, SM)

# TQ-SIG-008
SM2_USER = b"1234567812345678"
DIGEST_NAMES = {INTERNATIONAL: "sha-256", SM: "sm3"}


class Refused(Exception):
    """Something that the platform or a peer gave does not hold."""


def hash_of(suite: str, message: bytes) -> bytes:
    """SHA-256 or SM3."""
    if suite == INTERNATIONAL:
        return hashlib.sha256(message).digest()
    sm3 = gmalg.SM3()
    sm3.update(message)
    return sm3.value()


def digest_of(suite: str, record: bytes) -> str:
    """The digest of a record: over its bytes alone (TQ-SIG-043)."""
    return f"{DIGEST_NAMES[suite]}:{hash_of(suite, record).hex()}"


@dataclass(frozen=True)
class PublicKey:
    """A public key with the suite that its entry in the directory says (TQ-SIG-001)."""

    suite: str
    raw: bytes

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Whether the 64 bytes are a signature of the message (TQ-SIG-003, TQ-SIG-009, TQ-SIG-010)."""
        if len(signature) != 64:
            return False
        if self.suite == INTERNATIONAL:
            try:
                Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
            except (InvalidSignature, ValueError):
                return False
            return True
        try:
            return gmalg.SM2(uid=SM2_USER, pk=self.raw).verify(message, signature[:32], signature[32:])
        except Exception:  # the package tells a key that is no point by several types
            return False


class PrivateKey:
    """A private key, made here and kept nowhere (TQ-SEC-001)."""

    def __init__(self, suite: str, secret: Optional[bytes] = None) -> None:
        self.suite = suite
        if suite == INTERNATIONAL:
            key = Ed25519PrivateKey.from_private_bytes(secret or secrets.token_bytes(32))
            self._ed25519 = key
            public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        else:
            if secret is None:
                secret, public = gmalg.SM2(rnd_fn=secrets.randbits).generate_keypair()
            else:
                public = _sm2_public(secret)
            self._sm2 = gmalg.SM2(secret, SM2_USER, public, rnd_fn=secrets.randbits)
        self.public = PublicKey(suite, public)

    def sign(self, message: bytes) -> bytes:
        """The 64 bytes; the message itself is signed (TQ-SIG-012)."""
        if self.suite == INTERNATIONAL:
            return self._ed25519.sign(message)
        r, s = self._sm2.sign(message)
        return r.rjust(32, b"\0") + s.rjust(32, b"\0")


def _sm2_public(secret: bytes) -> bytes:
    """The public half of a given SM2 key, for the vectors: a point of the curve of GB/T 32918.5."""
    p = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
    a = p - 3
    gx = 0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7
    gy = 0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0

    def add(left, right):
        if left is None or right is None:
            return left or right
        (x1, y1), (x2, y2) = left, right
        if x1 == x2 and (y1 + y2) % p == 0:
            return None
        if left == right:
            slope = (3 * x1 * x1 + a) * pow(2 * y1, -1, p) % p
        else:
            slope = (y2 - y1) * pow(x2 - x1, -1, p) % p
        x3 = (slope * slope - x1 - x2) % p
        return x3, (slope * (x1 - x3) - y1) % p

    point, addend, number = None, (gx, gy), int.from_bytes(secret, "big")
    while number:
        if number & 1:
            point = add(point, addend)
        addend = add(addend, addend)
        number >>= 1
    assert point is not None
    return b"\x04" + point[0].to_bytes(32, "big") + point[1].to_bytes(32, "big")
