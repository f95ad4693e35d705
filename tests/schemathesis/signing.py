"""Both layers of signatures in the international suite, written from chapter 2 of the specification."""

import base64
import hashlib
import itertools
import json
import time

import requests.auth
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


class Party:
    """A party with one key, made from its name: for tests only."""

    def __init__(self, name: str):
        self.name = name
        self.keyid = f"{name}/1"
        self._key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())

    def public_key(self) -> str:
        return encoded(self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))

    def sign(self, message: bytes) -> str:
        return encoded(self._key.sign(message))

    def record(self, tag: str, record) -> dict:
        """A signed record (2.3); bytes are taken as they are, anything else as JSON."""
        data = record if isinstance(record, bytes) else json.dumps(record, ensure_ascii=False).encode()
        message = b"\n".join([tag.encode(), self.keyid.encode(), data])
        return {"record": encoded(data), "signature": {"keyid": self.keyid, "value": self.sign(message)}}


class HopSignature(requests.auth.AuthBase):
    """Signs a request as it goes out (2.4): method, path, query and body are final here."""

    _nonces = itertools.count()

    def __init__(self, party: Party):
        self.party = party

    def __call__(self, request):
        body = request.body or b""
        if isinstance(body, str):
            body = body.encode()
        path, _, query = request.path_url.partition("?")
        created = int(time.time())
        # A run asks a platform of its own: a counter is fresh enough, and repeatable.
        nonce = f"schemathesis-{next(self._nonces):012}"
        digest = f"sha-256=:{encoded(hashlib.sha256(body).digest())}:"
        parameters = (
            '("@method" "@path" "@query" "content-digest")'
            f';created={created};expires={created + 300};nonce="{nonce}";keyid="{self.party.keyid}";tag="tongqiao-v1"'
        )
        lines = [
            f'"@method": {request.method}',
            f'"@path": {path}',
            f'"@query": ?{query}',
            f'"content-digest": {digest}',
            f'"@signature-params": {parameters}',
        ]
        request.headers["Content-Digest"] = digest
        request.headers["Signature-Input"] = f"sig1={parameters}"
        request.headers["Signature"] = f"sig1=:{self.party.sign(chr(10).join(lines).encode())}:"
        return request
