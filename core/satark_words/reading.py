"""Input and output of the understanding: questions, options, readings, dangers and spans."""

from enum import IntEnum, StrEnum
from typing import Final, Literal, TypeAlias

import msgspec

Asks: TypeAlias = Literal["choice", "text", "place", "media", "review", "confirm", "code", "nothing"]
"""What a question asks for. `text` and `place` take any words as the answer; `media` asks for files."""

STORY: Final = "what"
"""The lexicon's name for the question about what is happening."""

FREE: frozenset[Asks] = frozenset({"text", "place"})
"""The questions to which any words are an answer."""

IRREVERSIBLE: Final = frozenset({"cancel", "restart", "forget", "delete", "clear"})
"""Commands that need an exact word or phrase."""


class Kind(StrEnum):
    """The kind of a message at the current question.

    Every message has exactly one kind; besides, `Reading.story` may be true.
    """

    OPTION = "option"
    """The message chooses `Reading.option`."""
    COMMAND = "command"
    """The message is the command `Reading.command`, of this question or of every question."""
    DANGER = "danger"
    """The message tells of a danger: `Reading.dangers`. Answer with the numbers at once. The words belong to the
    tip."""
    QUESTION = "question"
    """The message asks the service something: `Reading.topic`. It is neither an answer nor part of the tip."""
    THANKS = "thanks"
    GREETING = "greeting"
    WAIT = "wait"
    """The sender needs time. Repeat no question and change nothing."""
    REMARK = "remark"
    """The message says something about the conversation, not about a crime: `Reading.topic`."""
    REFUSAL = "refusal"
    """The sender can't or won't answer. If the question may be skipped, such a message is read as `skip` instead."""
    CONTENT = "content"
    """The message is an answer in free words, or belongs to the tip."""
    UNCLEAR = "unclear"
    """The meaning is unclear. Ask again, and offer what `Reading.suggested` names, if anything, as one tap."""


class Confidence(IntEnum):
    """How sure a reading is. An irreversible action needs `CERTAIN`.

    An answer in a draft needs `LIKELY`, and the tipster is told it.
    """

    GUESS = 1
    LIKELY = 2
    CERTAIN = 3
    """The text is a number, a label, or an exact word or phrase. Nothing was guessed."""


class AskedChoice(msgspec.Struct, frozen=True):
    """One option of a question.

    `acts`: whether choosing the option can't be undone, as with send, erase, "yes, message me" and "no, forget me".
    Such an option is chosen only by its number, its label, or an exact word or phrase.
    """

    id: str
    label: str
    words: tuple[str, ...] = ()
    acts: bool = False
    unit: str = ""
    """The lexicon's name of the police unit that the option accuses; empty unless the question asks whom the tip
    accuses."""

    @property
    def sense(self) -> str:
        """The name under which the lexicon has words for the option."""
        return self.unit or self.id


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The current question, as far as a reading needs it."""

    name: str
    """The lexicon's name of the question: the step's meaning (`category`, `what`, `police_unit`), or else the id of the
    step or state. The lexicon has words for the default flow."""
    asks: Asks = "nothing"
    options: tuple[AskedChoice, ...] = ()
    """The options in the order of their numbers, with the labels and words of every language."""
    actions: tuple[str, ...] = ()
    """Commands that are shown below the question: `done`, `skip`, `back`."""
    opening: bool = False
    """Whether the conversation begins with this question, or the question asks for the story."""


class DangerKind(StrEnum):
    """The kind of a danger."""

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
    """Name of the rule that found the danger, for the desk and for developers. It contains no words of the tipster."""
    sure: bool = False
    """Whether two readings agree on the danger. Any other is shown to the tipster, and makes nothing urgent."""


class PlaceFound(msgspec.Struct, frozen=True):
    """A place of the geography that a text names. A code is empty if the text names none or more than one."""

    district: str = ""
    station: str = ""
    outpost: str = ""
    mentioned: bool = False
    """Whether the text tells any place, even one that the geography does not name: "behind the temple"."""
    text: str = ""
    """The words that tell a place by a landmark or an unknown name: "behind the temple", "Dhaurahara village"."""


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """The answers that a story gives to questions that would be asked, none surer than `LIKELY`; empty: not told."""

    category: str = ""
    place: PlaceFound = PlaceFound()
    when: Literal["", "now", "past", "coming"] = ""
    often: bool = False
    """Whether the story tells how often it happens: daily, every night."""
    hour: bool = False
    """Whether the story tells an hour or a part of the day."""
    police: bool = False
    """Whether the story says that police are involved."""
    unit: str = ""
    """The level of the involved police: `station`, `outpost`, `circle`, `district` or `range`; see `whom` in the
    lexicon."""
    dangers: tuple[Danger, ...] = ()
    doubts: frozenset[str] = frozenset()
    """Which of `category` and `police` is not sure, and is asked rather than taken."""


IdentityKind: TypeAlias = Literal["name", "phone", "address", "kin", "own_place", "work", "only_witness", "number"]


class IdentitySpan(msgspec.Struct, frozen=True):
    """Characters `start` to `end` of a text that tell who wrote it."""

    start: int
    end: int
    kind: IdentityKind


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """The reading of a message. Never log any of it, since it tells what a tipster said."""

    kind: Kind
    confidence: Confidence = Confidence.GUESS
    option: str = ""
    command: str = ""
    topic: str = ""
    """Topic of a question or remark: `safe`, `police`, `cost`, `status`, `report`, `no_evidence`, … (`rules.yaml`)."""
    suggested: str = ""
    """The option or command (`@…`) that an `unclear` text probably means. It may be offered, but is never carried
    out."""
    story: bool = False
    """Whether the words also belong to the tip and must be kept, whatever `kind` is."""
    talk: Literal["", "maybe", "likely"] = ""
    """Whether the words only talk to the service. If so, they are kept only if the tipster says so."""
    negated: bool = False
    asks: bool = False
    """Whether the message is a question or ends in one."""
    dangers: tuple[Danger, ...] = ()
    opening: Opening = Opening()
    """The answers that a story gives to other questions; empty: the text answers a later question that takes any words.
    """
