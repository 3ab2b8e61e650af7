"""The records of a tip's files open with the tip's key, each only as its own file's."""

from __future__ import annotations

from msgspec.structs import replace

from satark.api.sealing import new_identity, seal
from satark.api.sink import SealedFile
from satark.api.tip import Envelope, Evidence, Header
from satark.evidence.records import open_records
from satark.identity.signatures import verifier_for
from satark.routing.authors import signed_by_tipster
from satark.routing.sent import TIPSTER_USE
from satark_files.origin import Origin

HEADER = Header(number="K4Q7-2XPM", revision=1, category="COW", language="hi", received="2026-11-24T12/PT6H")
KEY = "5" * 32


def record(ordinal: str) -> Evidence:
    return Evidence(ordinal=ordinal, role="evidence", kind="image", mime="image/jpeg", bytes=1, sha256="0" * 64)


def signed(ordinal: str) -> Evidence:
    return signed_by_tipster(record(ordinal), "t", 0, KEY)


def envelope(identity: str) -> Envelope:
    verifier = verifier_for(KEY, TIPSTER_USE)
    return Envelope(tip="t", desk="sp", identity=identity, header=HEADER, tipster_verifier=verifier)


def test_sealed_records_open_in_order_and_due_or_lost_files_have_none() -> None:
    recipient, identity = new_identity()
    files = [
        SealedFile(ordinal="2", state="sealed", record=seal(signed("2"), recipient)),
        SealedFile(ordinal="3", state="due"),
        SealedFile(ordinal="4", state="lost"),
        SealedFile(ordinal="1", state="sealed", record=seal(signed("1"), recipient)),
    ]
    opened, broken = open_records(files, envelope(identity))
    assert ([one.ordinal for one in opened], broken) == (["2", "1"], 0)


def test_a_record_of_another_file_or_to_another_key_is_counted_and_not_returned() -> None:
    recipient, identity = new_identity()
    stranger, _ = new_identity()
    files = [
        SealedFile(ordinal="1", state="sealed", record=seal(signed("2"), recipient)),
        SealedFile(ordinal="3", state="sealed", record=seal(signed("3"), stranger)),
        SealedFile(ordinal="4", state="sealed", record=b"no age file"),
    ]
    assert open_records(files, envelope(identity)) == ([], 3)


def test_a_record_without_the_tipsters_signature_for_this_tip_is_counted_and_not_returned() -> None:
    recipient, identity = new_identity()
    plain = replace(record("1"), origin=Origin(latitude=25.28, longitude=83.0), caption="it is")
    genuine = signed_by_tipster(plain, "t", 0, KEY)
    forged = (
        record("1"),
        replace(genuine, caption="it is not"),
        replace(genuine, origin=None),
        signed_by_tipster(record("1"), "t", 0, "6" * 32),
        signed_by_tipster(record("1"), "t", 0, ""),
        signed_by_tipster(record("1"), "u", 0, KEY),
    )
    files = [SealedFile(ordinal="1", state="sealed", record=seal(one, recipient)) for one in (genuine, *forged)]
    assert open_records(files, envelope(identity)) == ([genuine], len(forged))
