"""Texts in every language, from gettext catalogues (`.po`) with symbolic message ids."""

from __future__ import annotations

import string
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import copy
from functools import cache
from gettext import c2py
from pathlib import Path
from typing import Any, Final

from satark_words.languages import catalogue_of, in_numerals, is_written_in, kept_by_folders, languages_of, wording_of
from satark_words.languages import language as known_language
from satark_words.po import Entry, PoError, plural_of, read_po

__all__ = [
    "Catalogue", "CatalogueError", "Catalogues", "isolated", "report_missing", "with_marks", "without_isolates",
]  # fmt: skip

_ISOLATE: Final = "\u2068"
_END: Final = "\u2069"
_MARK: Final = "\u200e"
_SPARE: Final = ("en", "hi")
"""Languages whose texts replace another language's missing texts, the first before the second."""


def _ignore(_language: str, _key: str) -> None:
    pass


_report: Callable[[str, str], None] = _ignore


class CatalogueError(ValueError):
    """A catalogue can't be read; the message names the language and the line."""


def report_missing(report: Callable[[str, str], None]) -> None:
    """Set the function that is called with the language and id of each missing text that is requested."""
    global _report  # noqa: PLW0603 - one per process
    _report = report


class Catalogue:
    """The texts of one language."""

    def __init__(self, language: str, texts: Mapping[str, str], plural: Callable[[int], int] = int) -> None:
        self.language = language
        self.in_latin = False
        """Whether the texts are in Latin letters although the language is written in another script."""
        self._is_rtl = known_language(language).direction == "rtl"
        self._plural = plural
        self._texts = dict(texts)
        self.spare: tuple[Catalogue, ...] = ()
        """The catalogues that provide texts that this one lacks."""
        listed = {key: text.split(",") for key, text in texts.items() if key.endswith(".words")}
        self._words = {key: tuple(filter(None, map(str.strip, words))) for key, words in listed.items()}

    @classmethod
    @cache
    def read(cls, language: str, source: str) -> Catalogue:
        """Parse the text of a `.po` file, once per process. Fuzzy and empty entries count as missing.

        The header gives the plural forms. Without it, there is one for 1 and one for all other numbers.

        Raises:
            CatalogueError: the text is not a `.po` file.
        """
        try:
            entries = read_po(source)
            plural = c2py(plural_of(entries))
        except (PoError, ValueError) as error:
            raise CatalogueError(f"catalogue {language!r} can't be read: {error}") from error
        found = {key: text for entry in entries if not entry.is_fuzzy for key, text in _texts(entry) if key and text}
        return cls(language, found, plural)

    def over(self, base: Catalogue) -> Catalogue:
        """Return this catalogue, completed with the texts of another one."""
        found = Catalogue(self.language, {**base._texts, **self._texts}, self._plural)
        return found.backed_by(self.spare or base.spare)

    def backed_by(self, spare: Iterable[Catalogue]) -> Catalogue:
        """Return this catalogue with others that provide missing texts. It still does not contain those texts
        itself."""
        found = copy(self)
        found.spare = tuple(spare)
        return found

    def reworded(self, package: str, channel: str) -> Catalogue | None:
        """Return this catalogue in a package's wording for a channel; None: the package has none.

        A text that differs from the package's own is not replaced.
        """
        source = wording_of(package, self.language, channel)
        if not source:
            return None
        wording: Catalogue = Catalogue.read(self.language, source)
        shipped = Catalogues.of(package)[self.language]
        changed = self._texts | {
            name: text
            for key, text in wording._texts.items()
            for name in (key, f"{key}.{channel}")
            if all(self.get(one) == shipped.get(one) for one in (key, f"{key}.{channel}"))
        }
        found = Catalogue(self.language, changed, self._plural)
        found.in_latin = not any(is_written_in(text, self.language) for text in wording._texts.values())
        return found.backed_by(self.spare)

    @property
    def names_in(self) -> str:
        """The language in which names of places are shown with these texts."""
        return "en" if self.in_latin else self.language

    def __contains__(self, key: str) -> bool:
        return key in self._texts

    def __iter__(self) -> Iterator[str]:
        return (key for key in self._texts if "#" not in key)

    def forms(self) -> Iterator[tuple[str, str]]:
        """Yield the id and text of every entry; of a plural each form, under the id, a `#` and the form's number."""
        return ((key, text) for key, text in self._texts.items() if f"{key}#0" not in self._texts)

    def get(self, key: str, default: str = "") -> str:
        """Return the text without filling placeholders, or `default` if it is missing."""
        return self._texts.get(key, default)

    def first(self, *keys: str) -> str:
        """Return the text of the first of these keys that has one, or else the text of the last key from `text`."""
        for key in keys:
            if key in self._texts:
                return self._texts[key]
        return self._in_another_language(keys[-1])

    def own(self, key: str, channel: str) -> str:
        """Return the id of a channel's own wording of a text, or the text's own id if the channel has none."""
        return f"{key}.{channel}" if f"{key}.{channel}" in self._texts else key

    def text(self, key: str, /, **values: Any) -> str:
        """Return the text with its `{placeholders}` filled.

        A missing text is returned in English, or else in Hindi; its id is never returned.

        In a language that is written from right to left each value is put between isolates. Otherwise the groups of a
        code would change places.
        """
        template = self._texts[key] if key in self._texts else self._in_another_language(key)
        if values and self._is_rtl:
            values = {name: isolated(value) for name, value in values.items()}
        return template.format_map(_Lenient(values)) if values else template

    def _in_another_language(self, key: str) -> str:
        """Report a missing text, and return it in another language; empty if none has it."""
        _report(self.language, key)
        return next((one.get(key) for one in self.spare if key in one), "")

    def counted(self, key: str, count: int) -> str:
        """Return the text in the plural form for a number, with `{count}` filled: "1 file", "2 files"."""
        form = f"{key}#{self._plural(count)}"
        return self.text(form if form in self._texts else key, count=in_numerals(str(count), self.language))

    def words(self, key: str) -> tuple[str, ...]:
        """Return the spellings that a text lists, whose key ends in `.words`; none if the text is missing."""
        return self._words.get(key, ())

    def places(self, key: str) -> frozenset[str]:
        """Return the names of the `{placeholders}` in a text.

        Raises:
            ValueError: the braces don't match.
        """
        return frozenset(name for _, name, _, _ in string.Formatter().parse(self.get(key)) if name is not None)


def isolated(value: Any) -> Any:
    """Return a one-line text between Unicode isolates, which give it its own direction (UAX #9, FSI and PDI)."""
    return f"{_ISOLATE}{value}{_END}" if isinstance(value, str) and value and "\n" not in value else value


def without_isolates(text: str) -> str:
    """Return a text without isolates, for a voice to read."""
    return text.replace(_ISOLATE, "").replace(_END, "")


def with_marks(text: str) -> str:
    """Return a text with left-to-right marks in place of isolates, which old phones show as boxes."""
    return text.replace(_ISOLATE, _MARK).replace(_END, _MARK)


def _texts(entry: Entry) -> Iterator[tuple[str, str]]:
    """Yield an entry's id and text.

    A plural yields its last form under the id, and each form under the id and a number.
    """
    for number, form in enumerate(entry.forms):
        yield entry.id, form
        if entry.plural is not None:
            yield f"{entry.id}#{number}", form


class _Lenient(dict[str, Any]):
    """Values for a template. A placeholder without a value stays unchanged."""

    def __missing__(self, key: str) -> str:
        return f"{{{key}}}"


class Catalogues:
    """The catalogues of several languages."""

    def __init__(self, catalogues: Iterable[Catalogue]) -> None:
        found = {catalogue.language: catalogue for catalogue in catalogues}
        spare = [found[language] for language in _SPARE if language in found]
        self._by_language = {one.language: one if one.spare else one.backed_by(spare) for one in found.values()}

    @classmethod
    @kept_by_folders
    def of(cls, package: str) -> Catalogues:
        """Return a package's catalogues, read once in a process, in the order of `languages_of`."""
        return cls(Catalogue.read(one, catalogue_of(package, one)) for one in languages_of(package))

    def beside(self, path: Path) -> Catalogues:
        """Return these catalogues, overridden and extended by the `<language>.po` files of a folder.

        Raises:
            CatalogueError: a file in the folder is not a catalogue.
            OSError: a file in the folder can't be read.
        """
        found = dict(self._by_language)
        for file in sorted(path.glob("*.po")):
            own = Catalogue.read(file.stem, file.read_text("utf-8"))
            found[file.stem] = own.over(found[file.stem]) if file.stem in found else own
        return Catalogues(found.values())

    def only(self, languages: Iterable[str]) -> Catalogues:
        """Return the catalogues of these languages, in this order. Languages without a catalogue are left out."""
        return Catalogues(self._by_language[one] for one in languages if one in self._by_language)

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages, in the order in which they were given."""
        return tuple(self._by_language)

    def __contains__(self, language: str) -> bool:
        return language in self._by_language

    def __getitem__(self, language: str) -> Catalogue:
        """Return the catalogue of a language, or the first one if it is gone: a session may outlive a language."""
        found = self._by_language.get(language)
        return found if found is not None else next(iter(self._by_language.values()))

    def __iter__(self) -> Iterator[Catalogue]:
        return iter(self._by_language.values())
