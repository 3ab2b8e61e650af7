"""Old PowerPoint files: the chain of savings leads to the newest text."""

from __future__ import annotations

from satark_files.documents.old_office import powerpoint
from satark_files.documents.old_office.compound_file import CompoundFile
from support.evidence.documents.old_office.compound import compound_file
from support.evidence.documents.old_office.powerpoint import powerpoint_streams
from support.evidence.markers import SHOWN


def test_reading_an_endless_chain_of_savings_ends() -> None:
    stream = powerpoint_streams(b"")["PowerPoint Document"]
    edit = stream.rindex(b"\0\0\xf5\x0f")
    looped = stream[: edit + 16] + edit.to_bytes(4, "little") + stream[edit + 20 :]
    file = CompoundFile(compound_file(powerpoint_streams(b"") | {"PowerPoint Document": looped}))
    assert SHOWN in powerpoint.powerpoint_text(file)
