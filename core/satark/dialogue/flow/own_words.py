"""The acts that can't be undone, and the check that no plain yes, no or ok is a word for one of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from satark.dialogue.flow.command_words import plain_words
from satark.dialogue.flow.definition import Flow, FlowProblem
from satark_words.catalogues import Catalogue, Catalogues
from satark_words.tokens import fold

REVIEW: Final = "review"
"""Stands for every step of the part `review`."""
ACTING_OPTIONS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    REVIEW: {"send": ("submission",)},
    "@cancel": {"yes": ("erase",)},
    "@restart": {"yes": ("erase",)},
    "@reach": {"yes": ("reach",), "no": ("reach",), "erase": ("reach", "delete_messages")},
    "@origin": {"yes": ()},
    "@identity": {"remove": ()},
}
"""Question → its irreversible options, each with the fields of `Turn` that it may set."""
ACTING_COMMANDS: Final[Mapping[str, tuple[str, ...]]] = {
    "forget": ("erase", "reach"),
    "cancel": ("reach",),
    "delete": ("reach",),
    "clear": (),
}
"""The irreversible commands, with the same. Where there is a draft `cancel` and `delete` only ask."""


def plain_word_problems(flow: Flow, catalogues: Catalogues) -> Iterator[FlowProblem]:
    """List the labels and words of acts that are a plain yes, no or ok in any language."""
    plain = plain_words(catalogues)
    keys = [
        *(f"{step.id}.{code}" for step in flow.steps if step.type.part == REVIEW for code in ACTING_OPTIONS[REVIEW]),
        *(f"{name[1:]}.{code}" for name, codes in ACTING_OPTIONS.items() if name != REVIEW for code in codes),
        *(f"command.{name}" for name in ACTING_COMMANDS),
    ]
    for catalogue in catalogues:
        for key in keys:
            for word in _words(catalogue, key):
                if fold(word) in plain:
                    text = f"{word!r} of {key!r} is a plain yes, no or ok: no word of what can't be undone may be one"
                    yield FlowProblem(text=text, language=catalogue.language)


def _words(catalogue: Catalogue, key: str) -> Iterator[str]:
    yield from catalogue.words(f"{key}.words")
    yield from (catalogue.get(name) for name in catalogue if name == key or _is_wording(name, key))


def _is_wording(name: str, key: str) -> bool:
    """Whether a text is a channel's own wording of another: `reach.yes.sms` of `reach.yes`."""
    return name.startswith(f"{key}.") and name.count(".") == key.count(".") + 1 and not name.endswith(".words")
