"""The container of old office programs: streams of any size are read, damaged chains end."""

from __future__ import annotations

import struct

import pytest

from satark_files.documents.old_office.compound_file import CompoundFile
from satark_files.scrubber import Unclean
from support.evidence.documents.old_office.compound import compound_file

STREAMS = {"small": b"a" * 70, "large": b"b" * 5000, "empty": b"", "middle": b"c" * 4095, "exact": b"d" * 4096}
PACKED = compound_file(STREAMS)


@pytest.mark.parametrize("name", STREAMS)
def test_every_stream_is_read_by_its_case_insensitive_name(name: str) -> None:
    assert CompoundFile(PACKED).read(name) == CompoundFile(PACKED).read(name.upper()) == STREAMS[name]


def test_a_missing_stream_is_empty() -> None:
    assert "other" not in CompoundFile(PACKED)
    assert CompoundFile(PACKED).read("other") == b""


def test_a_table_of_chains_longer_than_the_head_lists_is_read() -> None:
    large = bytes(range(256)) * 40_000  # 109 sectors of the table list 7 MB
    assert CompoundFile(compound_file({"large": large})).read("large") == large


@pytest.mark.parametrize("data", [b"", PACKED[:8], PACKED[:600], PACKED[:30] + b"\x40\0" + PACKED[32:]])
def test_a_file_without_a_directory_is_damaged(data: bytes) -> None:
    with pytest.raises(Unclean, match="damaged"):
        CompoundFile(data)


def test_reading_a_circular_chain_ends() -> None:
    table = PACKED.index((0xFFFFFFFD).to_bytes(4, "little")) // 512 * 512
    first = struct.unpack_from("<I", PACKED, table)[0]
    looped = PACKED[:table] + PACKED[table:].replace(struct.pack("<I", first + 1), struct.pack("<I", first - 1), 1)
    assert len(CompoundFile(looped).read("large")) < 5000
