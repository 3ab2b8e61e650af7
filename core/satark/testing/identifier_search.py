"""Searches everything that a service wrote for identifiers, in plain form and in every encoding that reveals them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from sqlalchemy import MetaData, make_url, select

from satark.store.engines import make_engine
from satark.store.workspace import workspace_dir

HASHES = ("md5", "sha1", "sha256", "sha512")


def encodings(secret: str) -> dict[str, bytes]:
    """Return every encoding that reveals a secret: raw, UTF-16, hex, base64 at each alignment, unsalted hashes."""
    raw = secret.encode()
    found = {"raw": raw, "utf-16": secret.encode("utf-16-le"), "json": _escaped(secret), **_in_ascii("", raw)}
    for name in HASHES:
        digest = hashlib.new(name, raw, usedforsecurity=False).digest()
        found |= {name: digest, **_in_ascii(f"{name} ", digest)}
    return {name: encoded for name, encoded in found.items() if len(encoded) >= len(raw) // 2}


def search(places: Mapping[str, bytes], secrets: Mapping[str, str]) -> list[str]:
    """Search places (name → bytes) for secrets (name → secret); return one line per find, without the secret itself."""
    finds = []
    for kind, secret in secrets.items():
        for encoding, needle in encodings(secret).items():
            finds += [f"{kind} as {encoding} in {place}" for place, content in places.items() if needle in content]
    return finds


def files_below(*folders: Path) -> dict[str, bytes]:
    """Read every file below these folders (or these files)."""
    files = [file for folder in folders for file in ([folder] if folder.is_file() else sorted(folder.rglob("*")))]
    return {str(file): file.read_bytes() for file in files if file.is_file()}


def rows_of(*urls: str) -> dict[str, bytes]:
    """Read every value of every row of these databases."""
    found = {}
    for url in urls:
        engine = make_engine(url)
        metadata = MetaData()
        metadata.reflect(engine)
        with engine.connect() as connection:
            for table in metadata.sorted_tables:
                values = (value for row in connection.execute(select(table)) for value in row)
                found[f"table {table.name}"] = b"\n".join(_bytes(values))
        engine.dispose()
    return found


def everything_written(folder: Path, log: Path, *urls: str) -> dict[str, bytes]:
    """Read everything that a service wrote: data folder, log, shared memory, and its databases' rows and files."""
    databases = [Path(path) for url in urls if (path := make_url(url).database) and url.startswith("sqlite")]
    files = [file for database in databases for file in database.parent.glob(f"{database.name}*")]
    return files_below(folder, log, workspace_dir(folder), *files) | rows_of(*urls)


def _in_ascii(prefix: str, raw: bytes) -> dict[str, bytes]:
    aligned = {f"{prefix}base64 +{shift}": _base64(raw, shift) for shift in range(3)}
    return {f"{prefix}hex": raw.hex().encode(), f"{prefix}HEX": raw.hex().upper().encode(), **aligned}


def _base64(raw: bytes, shift: int) -> bytes:
    """Encode bytes that stand `shift` bytes into a longer text; keep the characters that depend on them alone."""
    encoded = base64.b64encode(bytes(shift) + raw)
    begin = -(-shift * 8 // 6)
    end = (shift + len(raw)) * 8 // 6
    return encoded[begin:end]


def _escaped(secret: str) -> bytes:
    return secret.encode("unicode_escape").replace(b"\\x", b"\\u00")


def _bytes(values: Iterable[object]) -> Iterator[bytes]:
    for value in values:
        yield bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
