"""A stream of records comes back as it was written, or is named as damaged: never half of it."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import pytest

from satark.api.sealing import encrypt_stream, new_identity
from satark.backup.sealed_stream import Damaged, Record, measure, read_records, write_records

RECIPIENT, IDENTITY = new_identity()
RECORDS: list[Record] = [{"table": "tip", "rows": [[1, b"sealed"], [2, "हथियार"]]}, {}, {"table": "file", "rows": []}]


def written(records: Iterable[Record] = RECORDS) -> io.BytesIO:
    write_records(file := io.BytesIO(), RECIPIENT, records)
    return file


def read(file: BinaryIO, tmp_path: Path, identity: str = IDENTITY) -> list[Record]:
    return list(read_records(file, "main.age", identity, tmp_path))


def test_records_are_read_back_unchanged(tmp_path: Path) -> None:
    stored = write_records(file := io.BytesIO(), RECIPIENT, RECORDS)
    assert stored == measure(file) == measure(io.BytesIO(file.getvalue()))
    assert read(file, tmp_path) == RECORDS


def test_no_record_can_be_read_in_the_file() -> None:
    assert "हथियार".encode() not in written().getvalue()


def test_an_exception_of_the_records_is_raised_unchanged() -> None:
    def broken() -> Iterator[Record]:
        yield RECORDS[0]
        raise LookupError("the database went away")

    with pytest.raises(LookupError, match="went away"):
        written(broken())


@pytest.mark.parametrize(("kept", "more"), [(-1, 0), (-40, 40), (0, 0)], ids=["cut", "altered", "empty"])
def test_a_cut_or_altered_file_gives_no_record(kept: int, more: int, tmp_path: Path) -> None:
    file = io.BytesIO(written().getvalue()[:kept] + bytes(more))
    with pytest.raises(Damaged, match=r"main\.age .* was altered"):
        read(file, tmp_path)


def test_a_file_that_is_sealed_to_another_key_is_damaged(tmp_path: Path) -> None:
    with pytest.raises(Damaged, match="does not open"):
        read(written(), tmp_path, new_identity()[1])


def test_a_stream_without_its_last_record_is_damaged(tmp_path: Path) -> None:
    encrypt_stream(io.BytesIO((4).to_bytes(4) + b"\x81\xa1a\x01"), file := io.BytesIO(), RECIPIENT)
    file.seek(0)
    with pytest.raises(Damaged, match="ends too early"):
        read(file, tmp_path)
