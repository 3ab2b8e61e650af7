"""The ZIP around a pack's files: read within bounds, and compared byte by byte."""

from __future__ import annotations

import io
import zipfile

import pytest

from satark.custody.pack_container import BoundedReader, ComparingWriter


def test_no_read_is_longer_than_a_directory_may_be() -> None:
    reader = BoundedReader(io.BytesIO(b"x" * (2 << 20)))
    assert len(reader.read(1 << 20)) == len(reader.read()) == 1 << 20
    with pytest.raises(zipfile.BadZipFile):
        reader.read((1 << 20) + 1)


def test_equal_content_does_not_differ_though_a_header_is_written_twice() -> None:
    writer = ComparingWriter(io.BytesIO(b"HEADcontent"))
    writer.write(b"head")
    writer.write(b"content")
    writer.seek(0)
    writer.write(b"HEAD")
    assert not writer.differs
    assert (writer.tell(), writer.end) == (4, 11)


def test_an_additional_or_a_changed_byte_differs() -> None:
    for written in (b"HEADcontent!", b"HEADcontend"):
        writer = ComparingWriter(io.BytesIO(b"HEADcontent"))
        writer.write(written)
        assert writer.differs
