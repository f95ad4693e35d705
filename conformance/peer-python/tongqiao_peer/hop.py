"""Hop signatures (2.4): who sends this request, and when."""

from __future__ import annotations

import base64
import secrets
from typing import Dict, Optional

from .record import to_base64
from .suite import DIGEST_NAMES, PrivateKey, hash_of

COVERED = '("@method" "@path" "@query" "content-digest")'
LIFE_SECONDS = 300


def content_digest(suite: str, body: bytes) -> str:
    """RFC 9530, also for an empty body (TQ-SIG-030, TQ-SIG-031)."""
    return f"{DIGEST_NAMES[suite]}=:{to_base64(hash_of(suite, body))}:"


def base_of(method: str, path: str, query: str, digest: str, parameters: str) -> str:
    """The signature base: path and query byte for byte, `?` also when there is no query (TQ-SIG-027, TQ-SIG-028)."""
    return "\n".join(
        [
            f'"@method": {method}',
            f'"@path": {path}',
            f'"@query": ?{query}',
            f'"content-digest": {digest}',
            f'"@signature-params": {parameters}',
        ]
    )


def headers(
    keyid: str,
    key: PrivateKey,
    method: str,
    path: str,
    query: str,
    body: bytes,
    now_seconds: int,
    nonce: Optional[str] = None,
) -> Dict[str, str]:
    """The three headers of a signed request (TQ-SIG-026, TQ-SIG-032 to TQ-SIG-036)."""
    if nonce is None:
        nonce = base64.urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=")
    digest = content_digest(key.suite, body)
    parameters = (
        f'{COVERED};created={now_seconds};expires={now_seconds + LIFE_SECONDS};nonce="{nonce}";'
        f'keyid="{keyid}";tag="tongqiao-v1"'
    )
    signature = key.sign(base_of(method, path, query, digest, parameters).encode())
    return {
        "Content-Digest": digest,
        "Signature-Input": f"sig1={parameters}",
        "Signature": f"sig1=:{to_base64(signature)}:",
    }
