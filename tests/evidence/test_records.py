"""The records of a tip's files open with the tip's key, each as that of its own file."""

from __future__ import annotations

from satark.api.sealing import new_identity, seal
from satark.api.sink import SealedFile
from satark.api.tip import Evidence
from satark.evidence.records import open_records


def record(ordinal: str) -> Evidence:
    return Evidence(ordinal=ordinal, role="evidence", kind="image", mime="image/jpeg", bytes=1, sha256="0" * 64)


def test_sealed_records_open_in_order_and_due_or_lost_files_have_none() -> None:
    recipient, identity = new_identity()
    files = [
        SealedFile(ordinal="2", state="sealed", record=seal(record("2"), recipient)),
        SealedFile(ordinal="3", state="due"),
        SealedFile(ordinal="4", state="lost"),
        SealedFile(ordinal="1", state="sealed", record=seal(record("1"), recipient)),
    ]
    opened, broken = open_records(files, identity)
    assert ([one.ordinal for one in opened], broken) == (["2", "1"], 0)


def test_a_record_of_another_file_or_to_another_key_is_counted_and_not_returned() -> None:
    recipient, identity = new_identity()
    stranger, _ = new_identity()
    files = [
        SealedFile(ordinal="1", state="sealed", record=seal(record("2"), recipient)),
        SealedFile(ordinal="3", state="sealed", record=seal(record("3"), stranger)),
        SealedFile(ordinal="4", state="sealed", record=b"no age file"),
    ]
    assert open_records(files, identity) == ([], 3)
