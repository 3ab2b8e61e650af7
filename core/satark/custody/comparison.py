"""Compares the stores with each other: what one has and another lacks, as after backups that do not fit together."""

from __future__ import annotations

from typing import Final

import msgspec
from sqlalchemy import Connection, select

from satark.custody import chain
from satark.custody.audit import withheld_files
from satark.services import Services
from satark.store import evidence_files, tables
from satark.store.sealed_files import original_path
from satark.store.snapshot import consistent_snapshot

NAMED: Final = 10
"""Most tips or files that a difference names."""


class Difference(msgspec.Struct, frozen=True):
    """What one store has and another lacks: how many, and the first of them by number (tips) or name (files)."""

    text: str
    count: int
    names: tuple[str, ...] = ()

    def __str__(self) -> str:
        more = ", …" if self.count > len(self.names) else ""
        named = f" ({', '.join(self.names)}{more})" if self.names else ""
        return f"{self.text}: {self.count}{named}"


def compare_stores(services: Services) -> list[Difference]:
    """Compare main database, key store and evidence folder at one point.

    Raises:
        SnapshotBusy: the databases are written without a pause.
    """
    with consistent_snapshot(services.main, services.keys) as (main, keys):
        found = [*_tips_without_keys(main, keys), *_different_heads(main, keys)]
        sealed = _sealed_files(main)
    return [*found, *_missing_files(services, sealed)]


def _tips_without_keys(main: Connection, keys: Connection) -> list[Difference]:
    with_keys = set(keys.execute(select(tables.envelope.c.tip).distinct()).scalars())
    columns = tables.tip.c.id, tables.tip.c.number
    lost = sorted(row.number for row in main.execute(select(*columns)) if row.id not in with_keys)
    return [_difference("tips whose key the key store lacks, so that no desk can open them", lost)] if lost else []


def _different_heads(main: Connection, keys: Connection) -> list[Difference]:
    """Compare the head of the custody log with its copy in the key store; a crash may leave the copy one step ahead."""
    head = main.execute(select(tables.custody_head)).one_or_none()
    anchor = keys.execute(select(tables.anchor)).one_or_none()
    at, link = (head.position, head.link) if head else (0, chain.GENESIS)
    noted = anchor.position if anchor else 0
    if anchor is None or anchor.link == link or (noted > at and anchor.before == link):
        return [Difference(_OLDER_KEYS, at)] if anchor is None and at else []
    return [Difference(_OLDER_MAIN if noted > at else _OLDER_KEYS, max(abs(noted - at), 1))]


def _sealed_files(main: Connection) -> list[str]:
    withheld = withheld_files(main)
    rows = main.execute(select(tables.file.c.tip, tables.file.c.ordinal).where(tables.file.c.state == "sealed"))
    return [evidence_files.name(row.tip, row.ordinal) for row in rows if (row.tip, row.ordinal) not in withheld]


def _missing_files(services: Services, sealed: list[str]) -> list[Difference]:
    missing = sorted(name for name in sealed if not original_path(services.evidence_dir, name).exists())
    # What was erased since the snapshot is not missing.
    still = set(services.read(_sealed_files)) if missing else set()
    lost = [name for name in missing if name in still]
    return [_difference(_NO_FILE, lost)] if lost else []


_OLDER_KEYS: Final = "the key store is older than the main database, by entries of the custody log"
_OLDER_MAIN: Final = "the main database is older than the key store, by entries of the custody log"
_NO_FILE: Final = "files that the evidence folder lacks"


def _difference(text: str, names: list[str]) -> Difference:
    return Difference(text, len(names), tuple(names[:NAMED]))
