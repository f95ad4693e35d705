"""Every vector of conformance/vectors/signatures (TQ-SIG-044)."""
from __future__ import annotations

import base64

import pytest

from tongqiao_peer import hop, merkle
from tongqiao_peer.key import PrivateKey, PublicKey
from tongqiao_peer.record import SignedRecord, digest, message
from tongqiao_peer.suite import suite_named
from vectors import signatures

SUITES = ("international", "sm")


def public(file: dict) -> PublicKey:
    return PublicKey.read({"keyid": file["keyid"], "party": "test-only", "suite": file["suite"], "public_key": file["public_key"], "use": "event"})


def private(file: dict) -> PrivateKey:
    return PrivateKey(file["keyid"], suite_named(file["suite"]), bytes.fromhex(file["private_key_hex"]))


@pytest.mark.parametrize("suite", SUITES)
def test_private_key_gives_public_key(suite: str) -> None:
    file = signatures("records", suite)
    assert private(file).public == base64.b64decode(file["public_key"])


@pytest.mark.parametrize("suite", SUITES)
@pytest.mark.parametrize("kind", ("records", "hops", "receipts", "mistakes"))
def test_every_message(kind: str, suite: str) -> None:
    file = signatures(kind, suite)
    key = public(file)
    for vector in file["vectors"]:
        text = base64.b64decode(vector["message"])
        assert digest(key.suite, text) == vector["digest"], vector["name"]
        assert key.verify(text, base64.b64decode(vector["signature"])) is vector["valid"], vector["name"]


@pytest.mark.parametrize("suite", SUITES)
def test_records(suite: str) -> None:
    file = signatures("records", suite)
    for vector in file["vectors"]:
        record = SignedRecord.read(vector["signed_record"])
        assert message(vector["kind"], record.keyid, record.record) == base64.b64decode(vector["message"])
        assert record.holds(vector["kind"], public(file))
        assert not record.holds("tongqiao-epoch-v1", public(file))
        assert record.wire() == vector["signed_record"]
        again = private(file).sign(base64.b64decode(vector["message"]))
        assert len(again) == 64 and public(file).verify(base64.b64decode(vector["message"]), again)
        if suite == "international":
            assert again == record.signature


@pytest.mark.parametrize("suite", SUITES)
def test_hops(suite: str) -> None:
    file = signatures("hops", suite)
    for vector in file["vectors"]:
        request = vector["request"]
        asked = (request["method"], request["path"], request["query"].lstrip("?"), base64.b64decode(request["body"]))
        assert hop.verify(public(file), *asked, vector["headers"], 1790000001), vector["name"]
        assert not hop.verify(public(file), *asked, vector["headers"], 1790000301)
        assert not hop.verify(public(file), asked[0], asked[1] + "x", *asked[2:], vector["headers"], 1790000001)
        assert not hop.verify(public(file), *asked[:3], asked[3] + b" ", vector["headers"], 1790000001)
        mine = hop.sign(private(file), *asked, 1790000000, "EREREREREREREREREREREQ")
        if suite == "international":
            assert mine == vector["headers"]
        assert mine["content-digest"] == vector["headers"]["content-digest"]
        assert mine["signature-input"] == vector["headers"]["signature-input"]
        assert hop.verify(public(file), *asked, mine, 1790000001)


@pytest.mark.parametrize("suite", SUITES)
def test_receipts(suite: str) -> None:
    file = signatures("receipts", suite)
    for vector in file["vectors"]:
        wire, batch = vector["receipt"], vector["receipt"]["batch"]
        body, path = base64.b64decode(wire["receipt"]), [base64.b64decode(step) for step in batch["path"]]
        root = merkle.root_by_path(public(file).suite, body, batch["index"], batch["size"], path)
        assert root == base64.b64decode(vector["root"]), vector["name"]
        signed = message("tongqiao-receipts-v1", wire["signature"]["keyid"], str(batch["size"]).encode() + b"\n" + root)
        assert signed == base64.b64decode(vector["message"])
        with pytest.raises(ValueError):
            merkle.root_by_path(public(file).suite, body, batch["index"], batch["size"], path + [bytes(32)])
        if path:
            with pytest.raises(ValueError):
                merkle.root_by_path(public(file).suite, body, batch["index"], batch["size"], path[:-1])


@pytest.mark.parametrize("suite", SUITES)
def test_consistency_of_every_pair(suite: str) -> None:
    """A prover of our own after RFC 9162, 2.1.4.1, against the verifier."""
    chosen = suite_named(suite)
    bodies = [bytes([n]) for n in range(9)]

    def prove(m: int, part: list[bytes], whole: bool) -> list[bytes]:
        if m == len(part):
            return [] if whole else [merkle.root_of(chosen, part)]
        k = 1
        while k * 2 < len(part):
            k *= 2
        if m <= k:
            return prove(m, part[:k], whole) + [merkle.root_of(chosen, part[k:])]
        return prove(m - k, part[k:], False) + [merkle.root_of(chosen, part[:k])]

    for n in range(1, 10):
        for m in range(1, n + 1):
            proof = prove(m, bodies[:n], True)
            roots = merkle.root_of(chosen, bodies[:m]), merkle.root_of(chosen, bodies[:n])
            assert merkle.consistent(chosen, m, n, *roots, proof)
            assert not merkle.consistent(chosen, m, n, roots[1] if m < n else bytes(32), roots[1], proof)
            assert not merkle.consistent(chosen, m, n, *roots, proof + [bytes(32)])


def test_sm3_of_both_libraries() -> None:
    """Where the system's library has no SM3, that of gmalg is used; both must agree with the text (2.5)."""
    from gmalg import SM3

    record = '{"name":"铜陵市","sequence":1}'.encode()
    state = SM3()
    state.update(record)
    assert state.value().hex() == suite_named("sm").hash(record).hex() == "ba64cb23a6bd28d7b8357386d371bc55e6c2ee1d0215f35757df987da86ea2f0"
