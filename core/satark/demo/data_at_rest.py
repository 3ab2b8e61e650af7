"""What somebody would get who stole the data folder: the rows as they are stored, and a search through every file."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, func, select

from satark.store import tables

if TYPE_CHECKING:
    from sqlalchemy import Table

    from satark.services import Services

_ROWS = 3
_BYTES = 48
_LEFT_OUT = frozenset({"flow", "desk"})  # no citizen is in them

_OWN = frozenset({"officers", "destinations", "demo.json"})
"""The demo's own secrets, which lie beside the data only because one machine plays everybody here."""


def rows(services: Services) -> list[dict[str, Any]]:
    """Give of each table how many rows it has, and some of them exactly as they are stored."""
    main = services.read(lambda connection: list(_tables(connection, tables.main.sorted_tables)))
    return main + services.read_keys(lambda connection: list(_tables(connection, tables.keys.sorted_tables)))


def search(folder: Path, words: str) -> dict[str, int]:
    """Look for words in every file of the data folder, as they are and in the forms that they might hide in.

    Gives how many files and bytes were read, and how often the words were found.
    """
    needles = forms(words)
    files = size = found = 0
    for data in _contents(folder):
        files += 1
        size += len(data)
        found += sum(data.count(needle) for needle in needles)
    return {"files": files, "bytes": size, "found": found}


def forms(words: str) -> set[bytes]:
    """Give words as text, UTF-16, hex, base64 at each of its three offsets, and as bare hashes, raw and in hex."""
    plain = words.encode()
    digests = [hashlib.new(name, plain, usedforsecurity=False).digest() for name in ("md5", "sha1", "sha256")]
    encoded = [plain, words.encode("utf-16-le"), *digests]
    hexed = [form.hex() for form in encoded]
    return {
        *encoded,
        *(text.encode() for text in hexed),
        *(text.upper().encode() for text in hexed),
        *(_base64(plain, offset) for offset in range(3)),
    }


def _base64(plain: bytes, offset: int) -> bytes:
    """Encode words as they look inside a longer base64 text, without the ends that their neighbours change."""
    text = base64.b64encode(b"\0" * offset + plain).rstrip(b"=")
    start = -(-offset * 8 // 6)
    return text[start : (offset + len(plain)) * 8 // 6]


def _contents(folder: Path) -> Iterator[bytes]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.relative_to(folder).parts[0] not in _OWN:
            try:
                yield path.read_bytes()
            except FileNotFoundError:
                continue  # a file that was in the works


def _tables(connection: Connection, every: list[Table]) -> Iterator[dict[str, Any]]:
    for table in every:
        if table.name in _LEFT_OUT:
            continue
        count = connection.execute(select(func.count()).select_from(table)).scalar_one()
        newest = connection.execute(select(table).limit(_ROWS).offset(max(0, count - _ROWS))).mappings()
        shown = [{str(name): _shown(value) for name, value in row.items()} for row in newest]
        yield {"table": str(table.name), "comment": table.comment or "", "count": count, "rows": shown}


def _shown(value: object) -> str:
    if not isinstance(value, bytes):
        return str(value)
    start = value[:_BYTES].hex(" ", 4)
    return f"{start} … ({len(value)} bytes)" if len(value) > _BYTES else start
