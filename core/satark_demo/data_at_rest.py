"""What a thief of the data folder sees: the stored rows, and the results of a search through every file."""

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

_SHOWN_ROWS = 3
_SHOWN_BYTES = 48
_OMITTED_TABLES = frozenset({"flow", "desk"})  # they hold nothing of a citizen

_DEMO_SECRETS = frozenset({"officers", "destinations", "demo.json"})
"""Files of the demo's own secrets. They are in the data folder only because one machine plays every part in the demo.
"""


def stored_rows(services: Services) -> list[dict[str, Any]]:
    """Return each table with its row count and its newest rows, exactly as they are stored."""
    main = services.read(lambda connection: list(_tables(connection, tables.main.sorted_tables)))
    return main + services.read_keys(lambda connection: list(_tables(connection, tables.keys.sorted_tables)))


def search_files(folder: Path, words: str) -> dict[str, int]:
    """Search every file of the data folder for words, in plain text and in the usual encodings.

    Returns how many files and bytes were read, and how often the words were found.
    """
    needles = encodings(words)
    files = size = found = 0
    for data in _read_files(folder):
        files += 1
        size += len(data)
        found += sum(data.count(needle) for needle in needles)
    return {"files": files, "bytes": size, "found": found}


def encodings(words: str) -> set[bytes]:
    """Return words as UTF-8, UTF-16, hex, base64 at each of its three offsets, and as bare hashes, raw and in hex."""
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
    """Encode words as they appear inside a longer base64 text. Omits characters that depend on neighbouring bytes."""
    text = base64.b64encode(b"\0" * offset + plain).rstrip(b"=")
    start = -(-offset * 8 // 6)
    return text[start : (offset + len(plain)) * 8 // 6]


def _read_files(folder: Path) -> Iterator[bytes]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.relative_to(folder).parts[0] not in _DEMO_SECRETS:
            try:
                yield path.read_bytes()
            except FileNotFoundError:
                continue  # it was deleted meanwhile


def _tables(connection: Connection, tables_: list[Table]) -> Iterator[dict[str, Any]]:
    for table in tables_:
        if table.name in _OMITTED_TABLES:
            continue
        count = connection.execute(select(func.count()).select_from(table)).scalar_one()
        newest = connection.execute(select(table).limit(_SHOWN_ROWS).offset(max(0, count - _SHOWN_ROWS))).mappings()
        shown = [{str(name): _shown(value) for name, value in row.items()} for row in newest]
        yield {"table": str(table.name), "comment": table.comment or "", "count": count, "rows": shown}


def _shown(value: object) -> str:
    if not isinstance(value, bytes):
        return str(value)
    start = value[:_SHOWN_BYTES].hex(" ", 4)
    return f"{start} … ({len(value)} bytes)" if len(value) > _SHOWN_BYTES else start
