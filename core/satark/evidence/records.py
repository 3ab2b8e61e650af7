"""Opens the sealed records of a tip's files."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from satark.api.sealing import CantOpen, open_as
from satark.api.tip import Evidence


class StoredFile(Protocol):
    """A stored file of a tip: a row of the `file` table, or a `sink.SealedFile`."""

    @property
    def ordinal(self) -> str:
        """The file's ordinal."""

    @property
    def state(self) -> str:
        """The file's state: due, sealed or lost."""

    @property
    def record(self) -> bytes:
        """The file's sealed record; empty unless the file is sealed."""


def open_records(files: Iterable[StoredFile], identity: str) -> tuple[list[Evidence], int]:
    """Open the records of the sealed files, with the tip's identity.

    Returns:
        The records in the order given, and how many records did not open or belong to another file.
    """
    sealed = [file for file in files if file.state == "sealed"]
    opened = [_open_record(file, identity) for file in sealed]
    records = [record for record in opened if record is not None]
    return records, len(opened) - len(records)


def _open_record(file: StoredFile, identity: str) -> Evidence | None:
    try:
        record = open_as(Evidence, file.record, identity)
    except CantOpen:
        return None
    return record if record.ordinal == file.ordinal else None
