"""Reads and writes gettext catalogues (`.po`) with symbolic ids.

Source: GNU gettext manual, "The Format of PO Files".
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

PLURAL: Final = "n != 1"
"""The rule for a number's plural form, in C, unless the header has another."""
_LINE: Final = re.compile(r'(?:(msgid|msgid_plural|msgstr)(?:\[\d+\])?\s+)?"((?:[^"\\]|\\.)*)"')
_PLURAL: Final = re.compile(r"Plural-Forms:.*?\bplural\s*=\s*([^;\n]+)")
_MEANT: Final = {"n": "\n", "t": "\t", "r": "\r"}
_ESCAPES: Final = {ord("\\"): r"\\", ord('"'): r"\"", **{ord(char): f"\\{name}" for name, char in _MEANT.items()}}


class PoError(ValueError):
    """A text is no catalogue. The message names the line."""


class Entry(msgspec.Struct):
    """One text of a catalogue. The text with an empty id is the header."""

    id: str = ""
    plural: str | None = None
    """`msgid_plural` of a text with plural forms."""
    forms: list[str] = []
    comments: list[str] = []
    """The comment lines above the text, with their `#`."""

    @property
    def is_fuzzy(self) -> bool:
        """Whether a translator must still check the text."""
        return any(line.startswith("#,") and "fuzzy" in line for line in self.comments)

    @property
    def notes(self) -> list[str]:
        """The translators' comments above the text."""
        return [line[1:].strip() for line in self.comments if line[1:2] in {"", " "}]


def read_po(source: str) -> list[Entry]:
    """Read a catalogue. Obsolete entries (`#~`) are left out.

    Raises:
        PoError: a line is no part of a catalogue.
    """
    entries, entry, field = list[Entry](), Entry(), ""
    for number, line in enumerate(map(str.strip, source.split("\n")), 1):
        if field == "msgstr" and line.startswith(("#", "msgid ")):
            entries.append(entry)
            entry, field = Entry(), ""
        if line.startswith("#"):
            entry.comments += [] if line.startswith("#~") else [line]
        elif line:
            found = _LINE.fullmatch(line)
            if found is None or not (field or found[1]):
                raise PoError(f"line {number} is neither a comment nor a text in quotation marks")
            field = found[1] or field
            text = re.sub(r"\\(.)", lambda one: _MEANT.get(one[1], one[1]), found[2])
            _add(entry, field, text, begins=bool(found[1]))
    return [*entries, entry] if field else entries


def plural_of(entries: Iterable[Entry]) -> str:
    """Return the rule of the plural forms that the header names."""
    found = next((_PLURAL.search(form) for entry in entries if not entry.id for form in entry.forms), None)
    return found[1] if found else PLURAL


def write_po(entries: Iterable[Entry]) -> str:
    """Write a catalogue."""
    return "\n\n".join("\n".join((*entry.comments, *_lines(entry))) for entry in entries) + "\n"


def _add(entry: Entry, field: str, text: str, *, begins: bool) -> None:
    if field == "msgid":
        entry.id += text
    elif field == "msgid_plural":
        entry.plural = (entry.plural or "") + text
    elif begins:
        entry.forms.append(text)
    else:
        entry.forms[-1] += text


def _lines(entry: Entry) -> Iterator[str]:
    yield f"msgid {_quoted(entry.id)}"
    if entry.plural is not None:
        yield f"msgid_plural {_quoted(entry.plural)}"
        yield from (f"msgstr[{number}] {_quoted(form)}" for number, form in enumerate(entry.forms))
    elif entry.id:
        yield f"msgstr {_quoted(entry.forms[0])}"
    else:
        yield from ('msgstr ""', *map(_quoted, entry.forms[0].splitlines(keepends=True)))


def _quoted(text: str) -> str:
    return f'"{text.translate(_ESCAPES)}"'
