"""Opens the sealed records of a tip's files. Anybody can seal one: those that the tipster's key signed count."""

from collections.abc import Iterable
from typing import Protocol

from satark.api.sealing import CantOpen, open_as
from satark.api.tip import Envelope, Evidence
from satark.routing.authors import is_by


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


def open_records(files: Iterable[StoredFile], envelope: Envelope) -> tuple[list[Evidence], int]:
    """The records in the given order, and the number that did not open, belong to another file or person."""
    sealed = [file for file in files if file.state == "sealed"]
    opened = [_open_record(file, envelope) for file in sealed]
    records = [record for record in opened if record is not None]
    return records, len(opened) - len(records)


def _open_record(file: StoredFile, envelope: Envelope) -> Evidence | None:
    try:
        record = open_as(Evidence, file.record, envelope.identity)
    except CantOpen:
        return None
    is_theirs = is_by([envelope.tipster_verifier], record, envelope.tip, (0,))
    return record if record.ordinal == file.ordinal and is_theirs else None
