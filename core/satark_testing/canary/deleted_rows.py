"""Watches the rows of short-lived tables, and looks for what is left of the deleted ones in the databases' files."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

from ahocorasick_rs import BytesAhoCorasick
from sqlalchemy import MetaData, select
from sqlalchemy.exc import DBAPIError

from satark.store.engines import make_engine
from satark_testing.canary.places import sqlite_files

TABLES: Final = ("conversation", "alias", "outbox", "provider_message", "handoff_code")
"""The tables whose rows are deleted when a session ends or a reply is sent."""
_EVERY_SECONDS: Final = 0.2
_SHORTEST: Final = 16
_SLICE: Final = slice(16, 40)
"""The part of a value that is searched for: a long value lies in several pages of SQLite."""


class DeletedRows:
    """Remembers the values of rows as they come, and finds those that are left after their row was deleted.

    Args:
        urls: the URLs of both databases. Only the files of SQLite can be searched.
    """

    def __init__(self, urls: tuple[str, str]) -> None:
        self._urls = urls
        self._seen: dict[bytes, str] = {}

    async def watch(self) -> None:
        """Read the tables again and again, until cancelled."""
        while True:
            await asyncio.to_thread(self.look)
            await asyncio.sleep(_EVERY_SECONDS)

    def look(self) -> None:
        """Read the tables once."""
        for table, value in self._values(self._urls[:1], TABLES):
            self._seen.setdefault(value, table)

    @property
    def seen(self) -> bytes:
        """Every value that was read, of rows that may be deleted by now."""
        return b"\n".join(self._seen)

    def left(self) -> list[str]:
        """Return one sentence for each table and file that holds something of a deleted row."""
        live = {value for _, value in self._values(self._urls)}
        gone = {_part(value): table for value, table in self._seen.items() if value not in live}
        gone = {part: table for part, table in gone.items() if not any(part in value for value in live)}
        if not gone:
            return []
        finder, tables = BytesAhoCorasick(list(gone)), list(gone.values())
        return sorted(
            {
                f"a deleted row of {tables[index]} in {Path(file).name}"
                for file, content in sqlite_files(self._urls).items()
                for index, _, _ in finder.find_matches_as_indexes(content, overlapping=True)
            }
        )

    def _values(self, urls: Collection[str], wanted: Collection[str] = ()) -> Iterator[tuple[str, bytes]]:
        for url in urls:
            engine = make_engine(url)
            try:
                metadata = MetaData()
                metadata.reflect(engine)
                with engine.connect() as connection:
                    for table in metadata.sorted_tables:
                        if not wanted or table.name in wanted:
                            for row in connection.execute(select(table)):
                                yield from ((table.name, bytes(v)) for v in row if _is_content(v))
            except DBAPIError:
                continue  # it is busy: the next look reads it
            finally:
                engine.dispose()


def _is_content(value: object) -> bool:
    return isinstance(value, bytes | memoryview) and len(value) >= _SHORTEST


def _part(value: bytes) -> bytes:
    return value[_SLICE] if len(value) >= _SLICE.stop else value
