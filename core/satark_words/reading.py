"""What goes into the understanding and what comes out: questions, options, readings, dangers, spans."""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Final, Literal, TypeAlias

import msgspec

Asks: TypeAlias = Literal["choice", "text", "place", "media", "review", "confirm", "code", "nothing"]
"""What a question asks for. `text` and `place` take any words as the answer; `media` asks for files."""

STORY: Final = "what"
"""How the lexicon names the question for what happens."""

FREE: frozenset[Asks] = frozenset({"text", "place"})
"""The questions to which any words are an answer."""

IRREVERSIBLE: Final = frozenset({"cancel", "restart", "forget", "delete", "clear"})
"""Commands that are carried out only on an exact word or phrase."""


class Kind(StrEnum):
    """What a message is, seen from the question that stands. Exactly one holds; `Reading.story` may hold beside it."""

    OPTION = "option"
    """It chooses `Reading.option`."""
    COMMAND = "command"
    """It is the command `Reading.command`, of this question or of every question."""
    DANGER = "danger"
    """It tells of a danger: `Reading.dangers`. Answer with the numbers at once. Its words belong to the tip."""
    QUESTION = "question"
    """It asks the service something: `Reading.topic`. It is no answer and no part of the tip."""
    THANKS = "thanks"
    GREETING = "greeting"
    WAIT = "wait"
    """The sender needs time. Put nothing again, change nothing."""
    REMARK = "remark"
    """It says something about the conversation, not about a crime: `Reading.topic`."""
    REFUSAL = "refusal"
    """The sender won't, or can't, do or say what is asked. Read as `skip` where the question may be skipped."""
    CONTENT = "content"
    """It is an answer in free words, or belongs to the tip."""
    UNCLEAR = "unclear"
    """Ask again. `Reading.suggested` may name what was probably meant: offer it as one tap."""


class Confidence(IntEnum):
    """How sure a reading is. What acts needs `CERTAIN`; what fills a draft needs `LIKELY`, and is said back."""

    GUESS = 1
    LIKELY = 2
    CERTAIN = 3
    """A number, a label, an exact word or phrase: nothing was guessed."""


class AskedChoice(msgspec.Struct, frozen=True):
    """One option of a question.

    `acts`: choosing it can't be undone (send, erase, "yes, message me", "no, forget me"). Such an option is chosen only
    by its number, its label, or an exact word or phrase.
    """

    id: str
    label: str
    words: tuple[str, ...] = ()
    acts: bool = False
    unit: str = ""
    """The unit that the option accuses, as the lexicon names it, where the question asks whom the tip accuses."""

    @property
    def sense(self) -> str:
        """The name under which the lexicon has words for it."""
        return self.unit or self.id


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The question that stands, as far as reading needs it."""

    name: str
    """What the lexicon knows the question by: what the step means (`category`, `what`, `police_unit`), else the id of
    the step or state. The lexicon has words for the default flow."""
    asks: Asks = "nothing"
    options: tuple[AskedChoice, ...] = ()
    """The options in the order of their numbers, with the labels and words of every language."""
    actions: tuple[str, ...] = ()
    """Commands that are shown below it: `done`, `skip`, `back`."""
    opening: bool = False
    """Whether the conversation begins here, or the story is what is asked for."""


class DangerKind(StrEnum):
    """What is in danger."""

    LIFE = "life"
    SUICIDE = "suicide"
    WOMAN = "woman"
    """Rape, molestation, violence against a woman at home."""
    CHILD = "child"
    MEDICAL = "medical"
    FIRE = "fire"


class Danger(msgspec.Struct, frozen=True):
    """A danger that a message tells of, and the numbers to call, the most urgent first."""

    kind: DangerKind
    numbers: tuple[str, ...]
    rule: str
    """Name of the rule that found it: for the desk's reason and for mending; it holds no word of the tipster."""


class PlaceFound(msgspec.Struct, frozen=True):
    """A place of the geography that a text names. Codes are empty where none is named, or more than one."""

    district: str = ""
    station: str = ""
    outpost: str = ""
    mentioned: bool = False
    """Whether the text tells a place at all, named in the geography or not: "behind the temple"."""


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """What a story tells of the questions that would be asked. Empty: not told. All of it is `LIKELY`, never more."""

    category: str = ""
    place: PlaceFound = PlaceFound()
    when: Literal["", "now", "past", "coming"] = ""
    often: bool = False
    """Whether it tells how often: daily, every night."""
    police: bool = False
    """Whether it says that police are involved."""
    unit: str = ""
    """Which police are involved: `station`, `outpost`, `circle`, `district` or `range`; see `whom` in the lexicon."""
    dangers: tuple[Danger, ...] = ()


class IdentitySpan(msgspec.Struct, frozen=True):
    """Characters `start` to `end` of a text that tell who wrote it."""

    start: int
    end: int
    kind: Literal["name", "phone", "address", "kin", "own_place", "work", "only_witness", "number"]


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """How a message is read. Nothing in it is to be logged: it tells what a tipster said."""

    kind: Kind
    confidence: Confidence = Confidence.GUESS
    option: str = ""
    command: str = ""
    topic: str = ""
    """Topic of a question or remark: `safe`, `police`, `cost`, `status`, `report`, `no_evidence`, … (`rules.yaml`)."""
    suggested: str = ""
    """The option or command (`@…`) that an `unclear` text probably meant. It may be offered, and is never carried
    out."""
    story: bool = False
    """Whether the words also belong to the tip and must be kept, whatever else the message is."""
    negated: bool = False
    asks: bool = False
    """Whether the message is, or ends in, a question."""
    dangers: tuple[Danger, ...] = ()
    opening: Opening = Opening()
    """What a story tells of other questions; empty where it answers a later question that takes any words."""
