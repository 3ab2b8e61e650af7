"""The lexicon recognises other spellings only of words with a meaning, and stores no word that it does not list."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from types import FunctionType, ModuleType

import pytest

from satark_words.catalogues import Catalogues
from satark_words.geography.geography import Geography
from satark_words.reader import Reader
from satark_words.tokens import TextToken
from support.dialogue.corpus import asked_at
from support.loops import every_row

GEOGRAPHY = Geography.sample()

READER = Reader.shared(GEOGRAPHY)

STEPS = ("what", "place", "category", "police_unit", "review", "evidence")


@every_row(
    "word, other",
    [("with", "soc.wait"), ("गई", "cat.COW"), ("bhail", "cat.COW"), ("any", "cat.OTHER"),
     ("again", "cmd.skip"), ("kr", "id.work-place")],
)  # fmt: skip
def test_a_word_that_means_nothing_is_heard_as_no_other(word: str, other: str) -> None:
    assert other not in {mark.name for mark in READER.lexicon.marks([TextToken(word, 0, len(word), 0)])}


@pytest.mark.slow("searches all memory")
def test_reading_an_unlisted_word_stores_it_nowhere() -> None:
    reader = Reader.shared(GEOGRAPHY)
    unlisted = ["".join(reversed(word)) for word in ("hdnihcromalz", "inrutvrazal", "झढैरुमत")]
    assert not any(map(reader.lexicon.knows, unlisted))
    for word in unlisted:
        for step in STEPS:
            reader.read(
                f"mera naam {word} hai lanka me {word}on ka adda",
                asked_at(step, GEOGRAPHY, Catalogues.of("satark.dialogue")),
            )
        reader.open(word)
        reader.own_identity(f"mera naam {word} hai")
        assert not reader.names(word)
    assert "lanka" in reader.names("lanka")
    kept = [text for text in _texts([reader, *_modules()]) if any(word in text for word in unlisted)]
    assert not kept


def _modules() -> Iterator[object]:
    """The values in the modules that read words, including caches."""
    for name, module in list(sys.modules.items()):
        if name.startswith(("satark_words", "satark_words.geography", "satark_words.tokens")):
            yield from vars(module).values()


def _texts(roots: list[object]) -> Iterator[str]:
    """Every text that is reached from these objects."""
    seen: set[int] = set()
    while roots:
        one = roots.pop()
        if isinstance(one, str):
            yield one
        elif id(one) not in seen and not isinstance(one, ModuleType | FunctionType):
            seen.add(id(one))
            roots += [*gc.get_referents(one), *(one if isinstance(one, dict) else ())]  # which leave out its keys
