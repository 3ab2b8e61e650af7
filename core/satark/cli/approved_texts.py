"""The texts of a language, where each shows, and which of them a native reader has approved."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
from babel.messages.pofile import read_po

from satark_words.catalogues import Catalogue, Catalogues
from satark_words.languages import catalogue_of, folders

APPROVED: Final = "approved.json"
"""File of a language's folder: part → id of a text → hash of the text that a native reader approved."""
_WRITTEN_FIRST: Final = "en"
_CORE: Final = "satark"
_QUESTIONNAIRE: Final = "satark.dialogue"


class Row(NamedTuple):
    """One text on the sheet. A plural has a row for each form."""

    part: str
    id: str
    where: str
    """Where it shows: the heading in the catalogue above it."""
    text: str
    english: str
    is_approved: bool


@cache
def every_part() -> tuple[str, ...]:
    """List the packages of Satark and of all installed plugins that have texts, the questionnaire first."""
    plugins = {entry.module.partition(".")[0] for entry in entry_points(group=_CORE)}
    found = {part for package in {_CORE, *plugins} for part in _parts_of(package)}
    return (_QUESTIONNAIRE, *sorted(found - {_QUESTIONNAIRE}))


def rows(code: str) -> Iterator[Row]:
    """Yield every text of every part in a language, and every channel's own wording, in their catalogues' order."""
    approved = approved_of(code)
    for part, source in sources_of(code).items():
        texts, where = Catalogue.read(code, source), dict(_headings(source))
        english = Catalogues.of(_package(part))["en"]
        for key, text in texts.forms():
            known = approved.get(part, {}).get(key) == hash_of(text)
            yield Row(part, key, where.get(key.partition("#")[0], ""), text, english.get(key), known)


def unapproved(code: str) -> tuple[int, int]:
    """Count a language's texts that no native reader has approved as they are, and all its texts."""
    found = [row.is_approved for row in rows(code)]
    return found.count(False), len(found)


def sources_of(code: str) -> dict[str, str]:
    """Return the catalogues of a language, of channels' own wordings too: part → text of its `.po` file."""
    found = {part: catalogue_of(part, code) for part in every_part()}
    for folder in folders():
        own = folder / code
        for file in sorted(own.iterdir(), key=lambda file: file.name) if own.is_dir() else ():
            if file.name.endswith(".po") and _package(file.name.removesuffix(".po")):
                found[file.name.removesuffix(".po")] = file.read_text("utf-8")
    return {part: source for part, source in found.items() if source}


def approved_of(code: str) -> dict[str, dict[str, str]]:
    """Return what native readers approved, as in `APPROVED`: here and where the language was shipped."""
    found: dict[str, dict[str, str]] = {}
    for folder in folders():
        file = folder / code / APPROVED
        if file.is_file():
            for part, texts in msgspec.json.decode(file.read_bytes(), type=dict[str, dict[str, str]]).items():
                found.setdefault(part, {}).update(texts)
    return found


def hash_of(text: str) -> str:
    """Return the hash by which a text is known to be the one that was approved."""
    return sha256(text.encode()).hexdigest()[:16]


def _package(part: str) -> str:
    """Return the package of a catalogue, or of a channel's own wording of it; empty: it isn't installed."""
    return next((one for one in every_part() if one in {part, part.rpartition(".")[0]}), "")


def _headings(source: str) -> Iterator[tuple[str, str]]:
    heading = ""
    for entry in read_po(io.BytesIO(source.encode())):
        heading = next((line.strip("- ") for line in entry.user_comments if line.startswith("--")), heading)
        if entry.id:
            yield entry.id if isinstance(entry.id, str) else entry.id[0], heading


def _parts_of(package: str) -> Iterator[str]:
    spec = find_spec(package)
    for folder in map(Path, spec.submodule_search_locations or () if spec else ()):
        for file in folder.glob(f"**/texts/{_WRITTEN_FIRST}.po"):
            yield ".".join((package, *file.parent.parent.relative_to(folder).parts))
