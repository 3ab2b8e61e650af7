"""The words of a flow, language by language, from gettext catalogues with symbolic message ids."""

from __future__ import annotations

import io
import string
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from gettext import c2py
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from babel.messages import Message
from babel.messages.pofile import PoFileError, read_po

__all__ = [
    "Catalogue",
    "CatalogueError",
    "Catalogues",
]

_SHIPPED: Final = ("hi", "en")


class CatalogueError(ValueError):
    """A catalogue can't be read; the message names the language and the line."""


class Catalogue:
    """The texts of one language."""

    def __init__(self, language: str, texts: Mapping[str, str], plural: Callable[[int], int] = int) -> None:
        self.language = language
        self._plural = plural
        self._texts = dict(texts)
        self._words = {key: _listed(text) for key, text in texts.items() if key.endswith(".words")}

    @classmethod
    @cache
    def read(cls, language: str, source: str) -> Catalogue:
        """Read a `.po` file's text, once in a process; fuzzy and empty entries count as missing.

        Raises:
            CatalogueError: it is not a `.po` file.
        """
        try:
            entries = read_po(io.BytesIO(source.encode()), locale=language, abort_invalid=True)
        except (PoFileError, ValueError) as error:
            raise CatalogueError(f"catalogue {language!r} can't be read: {error}") from error
        found = {key: text for entry in entries if not entry.fuzzy for key, text in _texts(entry) if key and text}
        return cls(language, found, c2py(entries.plural_expr))

    def over(self, base: Catalogue) -> Catalogue:
        """This catalogue, and below it another one for what it lacks."""
        return Catalogue(self.language, {**base._texts, **self._texts}, self._plural)

    def __contains__(self, key: str) -> bool:
        return key in self._texts

    def __iter__(self) -> Iterator[str]:
        return (key for key in self._texts if "#" not in key)

    def get(self, key: str, default: str = "") -> str:
        """The text as it is written, or `default`."""
        return self._texts.get(key, default)

    def first(self, *keys: str) -> str:
        """The text of the first of these keys that has one; the last key itself if none has."""
        for key in keys:
            if key in self._texts:
                return self._texts[key]
        return keys[-1]

    def own(self, key: str, channel: str) -> str:
        """The id of a channel's own wording of a text, where it has one; else the text's."""
        return f"{key}.{channel}" if f"{key}.{channel}" in self._texts else key

    def text(self, key: str, **values: Any) -> str:
        """The text with its `{places}` filled. A missing text is shown as its key: the dialogue never breaks off."""
        template = self._texts.get(key, key)
        return template.format_map(_Lenient(values)) if values else template

    def counted(self, key: str, count: int) -> str:
        """The text in the form that a number wants, its `{count}` filled: "1 file", "2 files"."""
        form = f"{key}#{self._plural(count)}"
        return self.text(form if form in self._texts else key, count=count)

    def words(self, key: str) -> tuple[str, ...]:
        """The spellings that a text lists; none where it is missing. Its key ends in `.words`."""
        return self._words.get(key, ())

    def places(self, key: str) -> frozenset[str]:
        """The names of the `{places}` in a text.

        Raises:
            ValueError: the braces don't match.
        """
        return frozenset(name for _, name, _, _ in string.Formatter().parse(self.get(key)) if name is not None)


def _texts(entry: Message) -> Iterator[tuple[str, str]]:
    """An entry's text under its id; of a plural, the last form under the id, and each under the id and its number."""
    if isinstance(entry.id, str):
        yield entry.id, str(entry.string)
        return
    for number, form in enumerate(entry.string or ()):
        yield entry.id[0], str(form)
        yield f"{entry.id[0]}#{number}", str(form)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


class _Lenient(dict[str, Any]):
    """Leaves a place that nobody fills as it is written."""

    def __missing__(self, key: str) -> str:
        return f"{{{key}}}"


class Catalogues:
    """The catalogues of all languages that a flow is offered in."""

    def __init__(self, catalogues: Iterable[Catalogue]) -> None:
        self._by_language = {catalogue.language: catalogue for catalogue in catalogues}

    @classmethod
    def shipped(cls) -> Catalogues:
        """The catalogues that come with Satark: Hindi and English."""
        folder = files("satark.dialogue") / "texts"
        return cls(Catalogue.read(name, (folder / f"{name}.po").read_text("utf-8")) for name in _SHIPPED)

    def beside(self, path: Path) -> Catalogues:
        """These, with the `<language>.po` files of a folder laid over them.

        Raises:
            CatalogueError: a file there is not a catalogue.
            OSError: a file there can't be read.
        """
        found = dict(self._by_language)
        for file in sorted(path.glob("*.po")):
            own = Catalogue.read(file.stem, file.read_text("utf-8"))
            found[file.stem] = own.over(found[file.stem]) if file.stem in found else own
        return Catalogues(found.values())

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages, in the order in which they were given."""
        return tuple(self._by_language)

    def __contains__(self, language: str) -> bool:
        return language in self._by_language

    def __getitem__(self, language: str) -> Catalogue:
        """The catalogue of a language; of the first one where it is not known (a session may outlive a language)."""
        found = self._by_language.get(language)
        return found if found is not None else next(iter(self._by_language.values()))

    def __iter__(self) -> Iterator[Catalogue]:
        return iter(self._by_language.values())
