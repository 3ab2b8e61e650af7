"""The catalogues that a language's folder can hold: one of each package that says something, still empty."""

from __future__ import annotations

import io
from collections.abc import Iterator
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from babel.messages import Catalog
from babel.messages.pofile import read_po, write_po

from satark_words.languages import catalogue_of

_ENGLISH: Final = "en"
_HEADER: Final = r"""# The words of {part}, each below the English one. `.words` list what may be typed, with commas.
msgid ""
msgstr ""
"Language: {code}\n"
"MIME-Version: 1.0\n"
"Content-Type: text/plain; charset=utf-8\n"
"Content-Transfer-Encoding: 8bit\n"

"""
_CORE: Final = "satark"
_QUESTIONNAIRE: Final = "satark.dialogue"


def every_part() -> tuple[str, ...]:
    """List the packages with texts, of Satark and of all installed plugins; the questionnaire first."""
    plugins = {entry.module.partition(".")[0] for entry in entry_points(group=_CORE)}
    found = {part for package in {_CORE, *plugins} for part in _parts_of(package)}
    return (_QUESTIONNAIRE, *sorted(found - {_QUESTIONNAIRE}))


def empty_catalogue(part: str, code: str) -> bytes:
    """Write a package's catalogue for a language, every text empty, with the English one above it."""
    english = read_po(io.BytesIO(catalogue_of(part, _ENGLISH).encode()), locale=_ENGLISH)
    made = Catalog()
    for entry in english:
        if entry.id:
            text = entry.string if isinstance(entry.string, str) else "\n".join(entry.string or ())
            made.add(entry.id, auto_comments=text.split("\n"), user_comments=entry.user_comments)
    written = io.BytesIO()
    write_po(written, made, width=0, omit_header=True)
    return _HEADER.format(part=part, code=code).encode() + written.getvalue()


def _parts_of(package: str) -> Iterator[str]:
    spec = find_spec(package)
    for folder in map(Path, spec.submodule_search_locations or () if spec else ()):
        for file in folder.glob(f"**/texts/{_ENGLISH}.po"):
            yield ".".join((package, *file.parent.parent.relative_to(folder).parts))
