"""The contract of step types, and the values that pass between a step and the engine.

A step type is pure: `ask` makes the question, `accept` reads one event as its answer. The engine does what all steps
share: commands, buttons, numbers and labels typed instead of tapped, files, going back, the position in the flow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Literal, Protocol, TypeAlias

import msgspec

from satark.api.channel import Event
from satark.api.conditions import Condition
from satark.api.prompt import Wants
from satark.api.tip import Place
from satark_words.catalogues import Catalogue
from satark_words.geography.geography import Geography

_WEBSITE: Final = "{website}"

Part: TypeAlias = Literal["say", "ask", "media", "review", "submit"]
"""What the engine does with a step: say it in passing, ask it, collect files, show the review, submit the tip."""

Accuses: TypeAlias = Literal["outpost", "station", "circle", "district", "range", "unknown", "named", "nobody"]
"""The police unit that an option accuses: of the place, by its level; `named`: the station that another step names."""

Meaning: TypeAlias = Literal["category", "place", "evidence", "police", "now", "when", "own_voice", "film_sound"]
"""What a step is to the engine, the understanding and the desks, whatever its id.

`category`, `place` and `evidence` are the tip's; `police`: whether police are involved; `now`, `when`: when it happens;
`own_voice`: whose voice is in a recording sent as evidence; `film_sound`: whether a film's sound is passed on.
"""

_SAYS_NOTHING: Final = ("unknown", "OTHER")
"""Options that say nothing, the better one first."""

Validator: TypeAlias = Callable[[Any], str | None]
"""Checks an answer's value: None if it is fine, else the message id of what to tell the tipster."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a flow, checked."""

    id: str
    type: StepType
    settings: Any = None
    """What the flow sets for this type of step: an instance of `type.settings`."""
    when: Condition | None = None
    """Asked only if this holds; None: always."""
    detail: bool = False
    """Asked only if the tipster picks it in the review."""
    skip: bool = False
    """Whether it may be skipped."""
    check: str = ""
    """Name of the validator of its answers, or empty."""
    validator: Validator | None = None
    """That validator."""
    means: Meaning | Literal[""] = ""
    """Its declared meaning."""
    accuses: Mapping[str, Accuses] = {}
    """Option → the police unit that it accuses, so that routing keeps the tip away from it."""
    names: Literal["", "station", "outpost"] = ""
    """Whether the answer names the accused station, or may name its outpost, for an option that accuses one."""


class Option(msgspec.Struct, frozen=True):
    """One option of a question, in one language. `words` are further spellings that choose it when typed."""

    code: str
    label: str
    description: str = ""
    words: tuple[str, ...] = ()


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A question in one language, before the engine makes a prompt of it."""

    text: str
    options: tuple[Option, ...] = ()
    actions: tuple[str, ...] = ()
    """Commands that are shown below it: `done`, `skip`, `clear`, `leave` …"""
    wants: Wants = "nothing"
    free: bool = False
    """Whether any typed text is an answer; then only exact commands are commands."""


class AcceptedAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """An event was read as an answer (or, with `more`, as a part of one: the step stays until it is done)."""

    value: Any
    more: bool = False
    said: str = ""
    """What to tell the tipster about it, in their language; empty: nothing."""


class RefusedAnswer(msgspec.Struct, frozen=True):
    """An event was understood but can't be the answer; `said` tells why, in the tipster's language."""

    said: str


class View(msgspec.Struct, frozen=True, kw_only=True):
    """What a step may look at: the tip so far, in one language."""

    catalogue: Catalogue
    geography: Geography
    channel: str
    now: int
    """Seconds since 1970."""
    values: Mapping[str, Any]
    """Step → value, for the answered steps on the path."""
    place: Place = Place()
    """Where it happens, as far as it is known."""
    partial: Any = None
    """The part of this step's answer that is there already."""
    files: int = 0
    """Files that were sent for this step."""
    above_range: bool = False
    """Whether a desk stands above the range's office."""
    names: Callable[[str], Iterable[str]] | None = None
    """Which codes of the geography a text names, in any spelling; None: only as they are written."""
    website: str = ""
    """The form's address for a browser; empty: there is none."""


class StepType(Protocol):
    """A type of step. Hand over an instance; inherit from `BaseStepType` for what most types share."""

    @property
    def name(self) -> str:
        """What a flow calls it."""

    @property
    def part(self) -> Part:
        """What the engine does with such steps; `ask` for every type that a plugin brings."""

    @property
    def settings(self) -> type[msgspec.Struct]:
        """The schema of its settings in a flow: a frozen struct that forbids unknown fields."""

    def keys(self, step: Step) -> Sequence[tuple[str, ...]]:
        """List the texts that it needs in every language; one of each tuple is enough."""

    def ask(self, step: Step, view: View) -> Question:
        """Make the question."""

    def accept(self, step: Step, event: Event, view: View) -> AcceptedAnswer | RefusedAnswer | None:
        """Read an event as the answer; None: not understood.

        A chosen option comes as a `Tap` whose token is the option's code alone, however it was chosen.
        """

    def show(self, step: Step, value: Any, view: View) -> str:
        """Write an answer as the tipster sees it in the review."""


class NoSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The settings of a step type that has none."""


class BaseStepType:
    """What most step types share."""

    part: Part = "ask"
    settings: type[msgspec.Struct] = NoSettings

    def keys(self, step: Step) -> Sequence[tuple[str, ...]]:
        """List a question and a name."""
        return [(f"{step.id}.ask",), (f"{step.id}.name",)]

    def show(self, step: Step, value: Any, view: View) -> str:
        """Write the value as it is; a spoken answer as its caption and a word for the recording."""
        del step
        if not isinstance(value, Mapping) or "voice" not in value:
            return str(value)
        return ", ".join(part for part in (value.get("text", ""), view.catalogue.text("value.voice")) if part)


def unknown_option(options: Sequence[Option]) -> str:
    """Return the code of the option that says that nothing is known, or that fits everything; empty without one."""
    codes = {option.code for option in options}
    return next((code for code in _SAYS_NOTHING if code in codes), "")


def question_text(step: Step, view: View) -> str:
    """Return the step's question, in the channel's own wording where there is one."""
    return view.catalogue.first(f"{step.id}.ask.{view.channel}", f"{step.id}.ask")


def with_website(text: str, website: str) -> str:
    """Fill the form's address in for `{website}`; without one leave every line out that names it."""
    if website or _WEBSITE not in text:
        return text.replace(_WEBSITE, website)
    return "\n".join(line for line in text.split("\n") if _WEBSITE not in line)


def actions_of(step: Step, *, partial: bool) -> tuple[str, ...]:
    """Return the actions of a step that may be skipped or is half answered."""
    if partial:
        return ("done",)
    return ("skip",) if step.skip or step.detail else ()
