"""The two suites of 2.1: Ed25519 with SHA-256, and SM2 with SM3."""
from __future__ import annotations

import hashlib
import secrets
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from gmalg import SM2, SM3

SM2_ORDER = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
SM2_PRIME = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
SM2_B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
USER_ID = b"1234567812345678"  # TQ-SIG-008
SIGNATURE_BYTES = 64  # TQ-SIG-003


class Suite(Protocol):
    """What a suite can do; keys are raw bytes."""

    name: str
    digest_name: str

    def hash(self, data: bytes) -> bytes: ...
    def new_secret(self) -> bytes: ...
    def public_of(self, secret: bytes) -> bytes: ...
    def is_point(self, public: bytes) -> bool: ...
    def sign(self, secret: bytes, message: bytes) -> bytes: ...
    def verify(self, public: bytes, message: bytes, signature: bytes) -> bool: ...


class International:
    """Ed25519 (RFC 8032) and SHA-256."""

    name = "international"
    digest_name = "sha-256"

    def hash(self, data: bytes) -> bytes:
        return hashlib.sha256(data).digest()

    def new_secret(self) -> bytes:
        return secrets.token_bytes(32)

    def public_of(self, secret: bytes) -> bytes:
        return Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()

    def is_point(self, public: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(public)
        except ValueError:
            return False
        return True

    def sign(self, secret: bytes, message: bytes) -> bytes:
        return Ed25519PrivateKey.from_private_bytes(secret).sign(message)

    def verify(self, public: bytes, message: bytes, signature: bytes) -> bool:
        if len(signature) != SIGNATURE_BYTES:
            return False
        try:
            Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


class Sm:
    """SM2 with SM3 (GB/T 32918, GB/T 32905)."""

    name = "sm"
    digest_name = "sm3"

    def hash(self, data: bytes) -> bytes:
        if "sm3" in hashlib.algorithms_available:
            return hashlib.new("sm3", data).digest()
        state = SM3()
        state.update(data)
        return state.value()

    def new_secret(self) -> bytes:
        return (1 + secrets.randbelow(SM2_ORDER - 2)).to_bytes(32, "big")

    def public_of(self, secret: bytes) -> bytes:
        return bytes(SM2(sk=secret).generate_pk(secret))

    def is_point(self, public: bytes) -> bool:
        """TQ-SIG-013: refuse what is not a point of the curve."""
        if len(public) != 65 or public[0] != 4:
            return False
        x, y = int.from_bytes(public[1:33], "big"), int.from_bytes(public[33:], "big")
        if x >= SM2_PRIME or y >= SM2_PRIME:
            return False
        return (y * y - (x * x * x - 3 * x + SM2_B)) % SM2_PRIME == 0

    def sign(self, secret: bytes, message: bytes) -> bytes:
        """TQ-SIG-009 to -012: r and s in 32 bytes each, leading zeros kept, of the message itself."""
        r, s = SM2(sk=secret, uid=USER_ID, pk=self.public_of(secret)).sign(message)
        return r.rjust(32, b"\0") + s.rjust(32, b"\0")

    def verify(self, public: bytes, message: bytes, signature: bytes) -> bool:
        if len(signature) != SIGNATURE_BYTES or not self.is_point(public):
            return False
        r, s = signature[:32], signature[32:]
        if not (0 < int.from_bytes(r, "big") < SM2_ORDER and 0 < int.from_bytes(s, "big") < SM2_ORDER):
            return False
        try:
            return bool(SM2(uid=USER_ID, pk=public).verify(message, r, s))
        except Exception:  # whatever the library dislikes is no signature
            return False


SUITES: dict[str, Suite] = {"international": International(), "sm": Sm()}


def suite_named(name: str) -> Suite:
    """TQ-SIG-001: the name comes from a key's entry, never from a message."""
    if name not in SUITES:
        raise ValueError("no such suite: " + name)
    return SUITES[name]
