"""A stream of records comes back as it was written, or is named as damaged: never half of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from satark.api.sealing import encrypt_stream, new_identity
from satark.backup.sealed_stream import Damaged, Record, measure, read_records, write_records

RECIPIENT, IDENTITY = new_identity()
RECORDS: list[Record] = [{"table": "tip", "rows": [[1, b"sealed"], [2, "हथियार"]]}, {}, {"table": "file", "rows": []}]


def test_records_come_back_as_they_were_written(tmp_path: Path) -> None:
    stored = write_records(tmp_path / "main", RECIPIENT, RECORDS)
    assert list(read_records(tmp_path / "main", IDENTITY, tmp_path)) == RECORDS
    assert stored == measure(tmp_path / "main")


def test_no_record_can_be_read_in_the_file(tmp_path: Path) -> None:
    write_records(tmp_path / "main", RECIPIENT, RECORDS)
    assert "हथियार".encode() not in (tmp_path / "main").read_bytes()


def test_an_exception_of_the_records_is_raised_unchanged(tmp_path: Path) -> None:
    def broken() -> Iterator[Record]:
        yield RECORDS[0]
        raise LookupError("the database went away")

    with pytest.raises(LookupError, match="went away"):
        write_records(tmp_path / "main", RECIPIENT, broken())


@pytest.mark.parametrize(("kept", "more"), [(-1, 0), (-40, 40), (0, 0)], ids=["cut", "altered", "empty"])
def test_a_cut_or_altered_file_gives_no_record(kept: int, more: int, tmp_path: Path) -> None:
    file = tmp_path / "main"
    write_records(file, RECIPIENT, RECORDS)
    file.write_bytes(file.read_bytes()[:kept] + bytes(more))
    with pytest.raises(Damaged, match="was altered"):
        next(read_records(file, IDENTITY, tmp_path))


def test_a_missing_file_and_another_key_are_reported_differently(tmp_path: Path) -> None:
    with pytest.raises(Damaged, match="is missing"):
        next(read_records(tmp_path / "main", IDENTITY, tmp_path))
    write_records(tmp_path / "main", RECIPIENT, RECORDS)
    with pytest.raises(Damaged, match="does not open"):
        next(read_records(tmp_path / "main", new_identity()[1], tmp_path))


def test_a_stream_without_its_last_record_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes((4).to_bytes(4) + b"\x81\xa1a\x01")
    with (tmp_path / "plain").open("rb") as plain, (tmp_path / "main").open("wb") as out:
        encrypt_stream(plain, out, RECIPIENT)
    with pytest.raises(Damaged, match="ends too early"):
        list(read_records(tmp_path / "main", IDENTITY, tmp_path))
