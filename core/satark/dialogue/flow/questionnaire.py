"""The questionnaire in use, as desks and destinations need it: the names of its questions, options and categories."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, Final

import msgspec

from satark.dialogue.flow.definition import FlowSource
from satark.dialogue.flow.loader import default_flow
from satark_words.catalogues import Catalogue

_WRITTEN_FIRST: Final = "en"


class Questionnaire:
    """Names what stands in tips. It needs no plugin: its texts and its YAML are enough."""

    def __init__(self, source: FlowSource) -> None:
        self._source = source

    @classmethod
    def shipped(cls) -> Questionnaire:
        """Return the one that comes with Satark."""
        return cls(default_flow())

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that it has texts in."""
        return self._source.catalogues.languages

    @property
    def categories(self) -> tuple[str, ...]:
        """The codes of the categories, in its order."""
        return tuple(map(str, self._category.get("options", ())))

    def texts(self, language: str) -> Catalogue:
        """Return its texts in a language, in English what that lacks; all in English where it has no such language."""
        catalogues = self._source.catalogues
        english = catalogues[_WRITTEN_FIRST]
        return catalogues[language].over(english) if language in catalogues else english

    def category_key(self, code: str) -> str:
        """Return the id of the text that names a category."""
        return f"{self._category.get('id', 'category')}.{code}"

    @cached_property
    def _category(self) -> Mapping[str, Any]:
        document = msgspec.yaml.decode(self._source.text.encode(), type=dict[str, Any])
        steps = _flat(document.get("steps", ()))
        return next((step for step in steps if step.get("means") == "category"), {})


def _flat(steps: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for step in steps:
        yield step
        yield from _flat(step.get("steps", ()))
