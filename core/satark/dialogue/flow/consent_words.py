"""The acts that can't be undone, and the check that no plain yes, no or ok is a word for one of them."""

from collections.abc import Iterator, Mapping
from typing import Final

from satark.dialogue.flow.command_words import plain_words
from satark.dialogue.flow.definition import Flow, FlowProblem
from satark_words.catalogues import Catalogues
from satark_words.tokens import fold

ACTS: Final[Mapping[str, tuple[str, ...]]] = {
    "review:send": ("submission",),
    "@cancel:yes": ("erase",),
    "@restart:yes": ("erase",),
    "@reach:yes": ("reach",),
    "@reach:no": ("reach",),
    "@reach:erase": ("reach", "delete_messages"),
    "@origin:yes": (),
    "@identity:send": ("submission",),
    "@identity:all": ("submission",),
    "@identity:remove": (),
    "@identity:keep": (),
    "forget": ("erase", "reach"),
    "cancel": ("reach",),
    "delete": ("reach",),
    "clear": (),
    "own_voice:other": (),
    "film_sound:keep": (),
}
"""Act that can't be undone (an option of a question, or a command) → the fields of `Turn` that it may set.

A question of the flow is named by its part or its meaning. Officers hear the voice of a file that was given away.

If there is a draft, the commands `cancel` and `delete` only ask.
"""


def plain_word_problems(flow: Flow, catalogues: Catalogues) -> Iterator[FlowProblem]:
    """List the labels and words of acts that are a plain yes, no or ok in any language."""
    plain = plain_words(catalogues)
    named = [act.split(":") for act in ACTS if ":" in act]
    keys = {f"{step.id}.{code}" for step in flow.steps for name, code in named if name in {step.type.part, step.means}}
    keys |= {act[1:].replace(":", ".") if ":" in act else f"command.{act}" for act in ACTS}
    for catalogue in catalogues:
        for key in (key for key in catalogue if ".".join(key.split(".")[:2]) in keys):
            for word in catalogue.words(key) or (catalogue.get(key),):
                if fold(word) in plain:
                    text = f"{word!r} in {key!r} is a plain yes, no or ok, which may not do what can't be undone"
                    yield FlowProblem(text=text, language=catalogue.language)
