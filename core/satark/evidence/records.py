"""Evidence records: opens the sealed records of a tip's files."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from satark.api.sealing import CantOpen, open_as
from satark.api.tip import Evidence


class StoredFile(Protocol):
    """A file of a tip as it is stored: a row of the `file` table, or a `sink.SealedFile`."""

    @property
    def ordinal(self) -> str:
        """The file's ordinal."""

    @property
    def state(self) -> str:
        """Its state: due, sealed or lost."""

    @property
    def record(self) -> bytes:
        """Its sealed record; empty unless the file is sealed."""


def open_records(files: Iterable[StoredFile], identity: str) -> tuple[list[Evidence], int]:
    """Open the records of those files that are sealed, with the tip's identity.

    Returns:
        The records in the order given, and how many did not open or are not that file's.
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
