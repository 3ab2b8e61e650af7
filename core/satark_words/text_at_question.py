"""A text beside the question that stands, and what the reader asks of the two."""

from __future__ import annotations

from satark_words.analysis import NEGATIONS, Analysis
from satark_words.choosing import Chosen, choose
from satark_words.places import Places
from satark_words.reading import FREE, STORY, Asked
from satark_words.senses import LOOSE, STORY_REST, STORY_WORDS, VAGUE


class TextAtQuestion:
    """A text that is read as the answer to a question."""

    def __init__(self, analysis: Analysis, asked: Asked, places: Places | None) -> None:
        self._analysis = analysis
        self._asked = asked
        self._places = places
        self._free = asked.asks in FREE or (asked.opening and not asked.options)
        self._chosen = choose(analysis, asked, places) if asked.options else Chosen()

    def _is_phrase(self, mark: str) -> bool:
        """Whether a mark stands on several words: where anything may be told, one word among others is no command."""
        return any(one.end - one.start > 1 for one in self._analysis.found(mark))

    def _expects(self, name: str) -> bool:
        """Whether a command counts here: "done", "more" and the like only where the question knows them."""
        asked = self._asked
        if name == "done":
            return "done" in asked.actions or asked.asks == "media"
        if name in {"more", "less"}:
            return bool(asked.options)
        if name == "skip" and asked.asks == "review":
            return False
        return name not in {"clear", "leave"} or name in asked.actions

    def _is_denied(self, name: str) -> bool:
        """Whether a command's words are negated: "don't go back"."""
        inside = self._analysis.found(f"cmd.{name}")
        free = [
            mark
            for mark in self._analysis.found(*NEGATIONS)
            if not any(other.start <= mark.start and mark.end <= other.end for other in inside)
        ]
        return bool(free)

    def _acts(self, option: str) -> bool:
        return any(choice.acts and choice.id == option for choice in self._asked.options)

    def _suggested_by_ok(self, mark: str) -> str:
        acting = [choice.id for choice in self._asked.options if choice.acts]
        return "send" if mark == "soc.ok" and "send" in acting else ""

    def _spare(self) -> int:
        """Words that a whole-message sense may leave unexplained: one in a text of four."""
        return len(self._analysis) // 4

    def _tells(self) -> bool:
        """Whether it tells of a crime."""
        return any(mark.name not in VAGUE for mark in self._analysis.story_marks())

    def _tells_anything(self) -> bool:
        """Whether it tells anything of a crime, or, where a place is asked, of a place."""
        if self._asked.asks == "place":
            return self._analysis.has("place.*") or bool(self._places and self._places.named(self._analysis))
        if self._asked.name == STORY or not self._free:
            return self._tells() or self._analysis.has("cat.*", "w.drink", "d.weapon", "place.thing", "time.often")
        return self._analysis.has("police", "unit.*", "cat.*", "act.*", "place.*", "time.*", "digits")

    def _uncovered(self, names: tuple[str, ...] = (*LOOSE, "t.*", "say.*", "cmd.*")) -> int:
        return len(set(range(len(self._analysis))) - self._analysis.covered(names))

    def _is_story(self, least: int = STORY_WORDS) -> bool:
        plain = self._uncovered(("fill", "pol", "soc.*"))
        return len(self._analysis) >= least and plain >= min(least, STORY_REST + 1)
