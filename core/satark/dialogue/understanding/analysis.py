"""A text with its tokens and marks, and what can be asked of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Final

from satark.dialogue.understanding.lexicon import FRAME, Lexicon, Mark
from satark.dialogue.understanding.rules import carries
from satark.dialogue.understanding.tokens import Token, tokenize

NEGATIONS: Final = ("neg", "neg.dont")
DOUBTS: Final = ("neg", "neg.dont", "neg.but", "say.maybe", "soc.wait", "time.coming")
"""Marks any of which keeps a text from acting."""
_ASKING: Final = ("ask", "ask.sign", "ask.who")


class Analysis:
    """One text, analysed. Lives for one reading."""

    def __init__(self, text: str, lexicon: Lexicon) -> None:
        self.text = text
        self.tokens: Sequence[Token] = tokenize(text)
        self.marks: Sequence[Mark] = lexicon.marks(self.tokens)

    def __len__(self) -> int:
        return len(self.tokens)

    @cached_property
    def normal(self) -> str:
        """The folded words with spaces between them, without question marks."""
        return " ".join(token.text for token in self.tokens if token.text != "?")

    @cached_property
    def asks(self) -> bool:
        """Whether there is a question anywhere in it."""
        return self.has(*_ASKING)

    @cached_property
    def negates(self) -> bool:
        """Whether there is a negation anywhere in it that is no part of a longer phrase."""
        return self.has(*NEGATIONS)

    def has(self, *names: str) -> bool:
        """Whether any of these marks is there."""
        return any(carries(mark, names) for mark in self.marks)

    def found(self, *names: str) -> list[Mark]:
        """The marks of these names."""
        return [mark for mark in self.marks if carries(mark, names)]

    def covered(self, names: Sequence[str], worst: float = 0) -> set[int]:
        """The indexes of the tokens that carry one of these marks, at no less than this quality."""
        return {
            index
            for mark in self.marks
            if mark.quality >= worst and carries(mark, names)
            for index in range(mark.start, mark.end)
        }

    def consists_of(self, names: Sequence[str], beside: Sequence[str], *, worst: float = 0, spare: int = 0) -> bool:
        """Whether the whole text is made of marks of `names` and `beside`, one of `names` at least among them.

        `spare` tokens may be something else.
        """
        if not self.tokens or not self.covered(names, worst):
            return False
        rest = set(range(len(self.tokens))) - self.covered([*names, *beside], worst)
        return len({index for index in rest if self.tokens[index].text != "?"}) <= spare

    def is_exactly(self, names: Sequence[str], beside: Sequence[str]) -> bool:
        """Whether it is an exact word or phrase of `names` with nothing but `beside` around it, unasked, unnegated."""
        doubts = [mark for mark in self.found(*DOUBTS) if not self._is_part(mark, names)]
        return not doubts and not self.asks and self.consists_of(names, beside, worst=FRAME)

    def _is_part(self, mark: Mark, names: Sequence[str]) -> bool:
        longer = (other for other in self.marks if carries(other, names) and other.end - other.start > 1)
        return any(other.start <= mark.start and mark.end <= other.end for other in longer)

    def story_marks(self) -> Iterable[Mark]:
        """The marks that tell of a crime rather than of the conversation."""
        return self.found("cat.*", "act.*")
