"""A made-up language, derived from the English texts. It proves that adding a language takes only one folder.

Its letters are Thaana, which no other language here is written in, from right to left. Each text is as long as the
English one and has the same `{places}`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from satark_words.languages import catalogue_of
from satark_words.po import read_po, write_po

CODE: Final = "qaa"
"""A code that ISO 639-2 reserves for local use and that nobody knows."""
NAME: Final = "ނަކަލީ"
PACKAGES: Final = ("satark.dialogue", "satark_web_form", "satark_sms_ivr")
"""Packages whose catalogues hold the texts that tipsters read or hear."""

_FIRST_LETTER: Final = ord("ހ")
_LETTERS: Final = {ord(a): chr(_FIRST_LETTER + n) for n, a in enumerate("abcdefghijklmnopqrstuvwxyz")}
_PLACE: Final = re.compile(r"(\{\w*\})")
_LANGUAGE_FILE: Final = f'name = "{NAME}"\ndirection = "rtl"\nspeech = "en-IN"\nvoice = "Nobody"\nnumerals = "deva"\n'


def made_up(text: str) -> str:
    """Return an English text in the made-up language."""
    parts = _PLACE.split(text)
    return "".join(part if number % 2 else part.lower().translate(_LETTERS) for number, part in enumerate(parts))


def make_language(folder: Path, packages: Iterable[str] = PACKAGES) -> Path:
    """Make the language's folder in a folder of languages; return it. `packages` are those with a catalogue."""
    own = folder / CODE
    (own / "lexicon").mkdir(parents=True)
    (own / "language.toml").write_text(_LANGUAGE_FILE, "utf-8")
    (own / "lexicon" / "social.yaml").write_text(f"soc.thanks: {made_up('thanks')}\n", "utf-8")
    for package in packages:
        (own / f"{package}.po").write_text(_catalogue(package), "utf-8")
    return own


def _catalogue(package: str) -> str:
    entries = [entry for entry in read_po(catalogue_of(package, "en")) if entry.id]
    for entry in entries:
        entry.forms = [NAME] if entry.id == "language.name" else [made_up(form) for form in entry.forms]
    return write_po(entries)
