"""The list of erased tips: keyed tags in the key store, and in a file that is kept apart from both databases.

A tag is a keyed hash of a tip's id: whoever has the list and an old backup can't tell which tips of the backup were
erased, unless they have the edge key too. Each place is completed from the other, so a restored key store does not
forget what was erased after its backup was made, unless the file was restored with it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import Connection, select

from satark.identity.edge_key import Identity
from satark.store.tables import erased_tip
from satark.store.unit_of_work import UnitOfWork
from satark_files.atomic_files import flush_folder

_is_tag = re.compile("[0-9a-f]{32}").fullmatch


class ErasedList:
    """The list of erased tips, in the key store and in a file."""

    def __init__(self, file: Path, edge: Identity) -> None:
        self._file = file
        self._edge = edge

    def __repr__(self) -> str:
        return "ErasedList(…)"

    def tag(self, tip_id: str) -> bytes:
        """Return the tag of a tip."""
        return self._edge.link("erased", tip_id)

    def add(self, unit: UnitOfWork, tip_id: str) -> None:
        """Add a tip: to the file now, and to the key store with this transaction."""
        tag = self.tag(tip_id)
        self._append([tag])
        unit.insert_new(erased_tip, [{"tag": tag}], "tag")

    def complete(self, unit: UnitOfWork) -> frozenset[bytes]:
        """Complete the key store from the file and the file from the key store; return all tags."""
        stored, filed = _stored(unit.keys), self._filed()
        unit.insert_new(erased_tip, [{"tag": tag} for tag in sorted(filed - stored)], "tag")
        self._append(sorted(stored - filed))
        return frozenset(stored | filed)

    def _filed(self) -> set[bytes]:
        if not self._file.exists():
            return set()
        lines = self._file.read_text("ascii", "replace").split()
        # A crash or a failing disk may have left a line that is no tag; the key store has that tag.
        return {bytes.fromhex(line) for line in lines if _is_tag(line)}

    def _append(self, tags: Iterable[bytes]) -> None:
        lines = "".join(f"{tag.hex()}\n" for tag in tags)
        if not lines:
            return
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            out.write(lines.encode("ascii"))
            out.flush()
            os.fsync(out.fileno())
        flush_folder(self._file.parent)


def _stored(keys: Connection) -> set[bytes]:
    return set(keys.execute(select(erased_tip.c.tag)).scalars())
