"""What a search looks through of a tip: what people wrote, and the names of its category and place, in no codes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from satark.api.tip import Header
    from satark.dialogue.flow.loader import Questionnaire
    from satark_words.geography.geography import Geography

_LANGUAGES: Final = ("hi", "en")
"""Of the names: those in which officers read tips. What people wrote is found in any."""
_PARTS_OF_PLACE: Final = ("text", "name", "address")
"""Of the answer to where it is, what somebody wrote; the rest are codes and numbers."""


class SearchTexts:
    """Picks what a search looks through. What else was chosen from a list is found by the queue's filters."""

    def __init__(self, questionnaire: Questionnaire, geography: Geography) -> None:
        self._catalogues = {language: questionnaire.texts(language) for language in _LANGUAGES}
        self._key = questionnaire.category_key
        self._geography = geography

    def written(self, answers: Mapping[str, object]) -> list[str]:
        """Return what the tipster wrote in answers."""
        return [text for step, answer in answers.items() for text in self._written(step, answer)]

    def names(self, header: Header) -> list[str]:
        """Return the names of a tip's category, station and district."""
        categories = [texts.get(self._key(header.category), "") for texts in self._catalogues.values()]
        units = filter(None, (header.station, header.district))
        places = [self._geography.label(unit, language) for unit in units for language in _LANGUAGES]
        return [*categories, *places]

    def _written(self, step: str, answer: object) -> Iterator[str]:
        if isinstance(answer, str):
            if not self._is_chosen(step, answer):
                yield answer
        elif isinstance(answer, dict):
            yield from (str(answer[part]) for part in _PARTS_OF_PLACE if answer.get(part))
        elif isinstance(answer, list):
            yield from (text for part in answer for text in self._written(step, part))

    def _is_chosen(self, step: str, answer: str) -> bool:
        """Whether an answer is the code of an option, which stands in no tipster's words."""
        texts = self._catalogues["en"]
        return f"{step}.{answer}" in texts or f"option.{answer}" in texts
