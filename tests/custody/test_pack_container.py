"""The ZIP around a pack's files: read within bounds, and compared byte by byte."""

from __future__ import annotations

import io
import zipfile

import pytest

from satark.custody.pack_container import BoundedReader, ComparingWriter


def test_no_more_is_read_at_once_than_a_directory_may_have() -> None:
    reader = BoundedReader(io.BytesIO(b"x" * (2 << 20)))
    assert len(reader.read(1 << 20)) == len(reader.read()) == 1 << 20
    with pytest.raises(zipfile.BadZipFile):
        reader.read((1 << 20) + 1)


def test_what_is_written_equal_to_the_file_does_not_differ_though_a_header_came_twice() -> None:
    writer = ComparingWriter(io.BytesIO(b"HEADcontent"))
    writer.write(b"head")
    writer.write(b"content")
    writer.seek(0)
    writer.write(b"HEAD")
    assert not writer.differs
    assert (writer.tell(), writer.end) == (4, 11)


def test_a_byte_too_many_or_another_differs() -> None:
    for written in (b"HEADcontent!", b"HEADcontend"):
        writer = ComparingWriter(io.BytesIO(b"HEADcontent"))
        writer.write(written)
        assert writer.differs
