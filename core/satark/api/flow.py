"""Questionnaires: step types and the values that pass between a step and the engine, sessions, and a flow as a form.

A step type is pure: `ask` makes the question, `accept` reads one event as its answer. The engine does what all steps
share: commands, buttons, numbers and labels typed instead of tapped, files, going back, the position in the flow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, TypeAlias

import msgspec

from satark.api.inbound import Event
from satark.api.observability import Redacted
from satark.api.prompt import Prompt, Wants
from satark.api.tip import Place

if TYPE_CHECKING:
    from satark_words.catalogues import Catalogue
    from satark_words.geography.geography import Geography

__all__ = [
    "BEFORE_SENDING",
    "MAILBOX",
    "AcceptedAnswer",
    "BaseStepType",
    "Condition",
    "Flow",
    "FormQuestion",
    "FormView",
    "GivenAnswer",
    "NoSettings",
    "Option",
    "Question",
    "Questionnaire",
    "RefusedAnswer",
    "Session",
    "Step",
    "StepType",
    "Turn",
    "Validator",
    "View",
    "actions_of",
    "question_text",
]

MAILBOX: Final = "@mailbox"
"""Stands in the place of a step in a `FormPage`, for a message to the police while a mailbox is open."""
BEFORE_SENDING: Final = frozenset({"@identity", "@origin"})
"""`FormView.current` while something is asked before the tip is sent: whether to take out words that may identify the
tipster, and whether the police may know where and when files were taken."""

Values: TypeAlias = Mapping[str, Any]
"""Step → value of its answer."""

Part: TypeAlias = Literal["say", "ask", "media", "review", "submit"]
"""What the engine does with a step: say it in passing, ask it, collect files, show the review, submit the tip."""

Accuses: TypeAlias = Literal["outpost", "station", "circle", "district", "range", "unknown", "named", "nobody"]
"""The police unit that an option accuses: of the place, by its level; `named`: the station that another step names."""

Meaning: TypeAlias = Literal["category", "place", "evidence", "police", "now", "when", "own_voice", "film_sound"]
"""What a step is to the engine, the understanding and the desks, whatever its id.

`category`, `place` and `evidence` are the tip's; `police`: whether police are involved; `now`, `when`: when it happens;
`own_voice`: whose voice is in a recording sent as evidence; `film_sound`: whether a film's sound is passed on.
"""

Validator: TypeAlias = Callable[[Any], str | None]
"""Checks an answer's value: None if it is fine, else the message id of what to tell the tipster."""


class Condition(msgspec.Struct, frozen=True):
    """A parsed condition."""

    source: str
    names: frozenset[str]
    """The names that it looks at, dotted ones in full."""
    constants: Mapping[str, frozenset[Any]]
    """Name → the constants that it is compared with."""
    holds: Callable[[Values], bool]
    """Evaluates it on these answers. Never raises: values that can't be compared make it false."""


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


class GivenAnswer(Protocol):
    """The accepted answer to one step of a session."""

    @property
    def value(self) -> Any:
        """What goes into the tip; None for a step that was skipped."""

    @property
    def evidence(self) -> tuple[str, ...]:
        """Ordinals of the files that are (part of) the answer."""


class Session(Protocol):
    """One run of a conversation through a flow. It is never changed: each turn returns a new one."""

    @property
    def flow(self) -> str:
        """Structure hash of the flow that it is pinned to."""

    @property
    def channel(self) -> str:
        """The channel's name."""

    @property
    def tip(self) -> str:
        """Random id of the tip to be, 32 hex characters."""

    @property
    def language(self) -> str:
        """The tipster's language; empty before they chose one."""

    @property
    def step(self) -> str:
        """The step that was asked last."""

    @property
    def revision(self) -> int:
        """Counts the prompts put; part of every choice token."""

    @property
    def answers(self) -> Mapping[str, GivenAnswer]:
        """Step → its answer; under `@<step>`: the part of an answer that is not complete yet."""

    @property
    def state(self) -> str:
        """Name of the dialogue state: empty for the draft, `edit:<step>` while one answer is edited, `@…` else."""

    @property
    def submitted(self) -> bool:
        """Whether the tip was sent."""

    @property
    def has_draft(self) -> bool:
        """Whether there is anything that would be lost."""


class Turn(Protocol):
    """What one event led to, before it is committed."""

    @property
    def session(self) -> Session | None:
        """None: the conversation is over; its row, draft and address are erased."""

    @property
    def prompt(self) -> Prompt | None:
        """What is said to the tipster; None: nothing."""

    @property
    def submission(self) -> object | None:
        """The tip that was sent with this turn; None: none was."""

    @property
    def erase(self) -> bool:
        """Whether every file of this session's tip is erased (cancel, forget, expiry)."""

    @property
    def reach(self) -> bool | None:
        """True: the tipster may be written to about the tip just sent. False: their address is forgotten."""


class Flow(Protocol):
    """A checked questionnaire."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that it is offered in."""

    @property
    def steps(self) -> tuple[Step, ...]:
        """Its steps, in order."""


class Questionnaire(Protocol):
    """Names what stands in tips: the questions, options and categories of the questionnaire in use."""

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that it has texts in."""

    @property
    def categories(self) -> tuple[str, ...]:
        """The codes of the categories, in its order."""

    def texts(self, language: str) -> Catalogue:
        """Return its texts in a language, in English what that lacks; all in English where it has no such language."""

    def category_key(self, code: str) -> str:
        """Return the id of the text that names a category."""


class FormQuestion(Redacted, frozen=True, kw_only=True):
    """One question, in the session's language."""

    step: str
    kind: str
    """The name of its step type: `choice`, `text`, `place` …"""
    name: str
    """What it is about, in a word or two."""
    text: str
    options: tuple[Option, ...] = ()
    wants: Wants = "nothing"
    optional: bool = False
    """Whether it may be left blank."""
    detail: bool = False
    """Whether it is asked only if the tipster wants to tell more."""
    conditional: bool = False
    """Whether other answers decide if it is asked."""
    expected: bool = False
    """Whether it lies on the way to the review: asked by the answers so far, and where these do not tell, by ordinary
    ones. A detail lies on it once it is answered."""
    asked: bool = False
    """Whether it is asked, by the answers so far; of a detail: whether it may be."""
    answered: bool = False
    value: Any = None
    """The answer, None where it was left blank. Of several options: their codes."""
    shown: str = ""
    """The answer in words."""
    files: int = 0
    """Files that were sent for it, a recording among them."""
    spoken: bool = False
    """Whether a recording may be the answer."""
    max_length: int = 0
    """Most characters of a text; 0: no limit of its own."""


class FormView(Redacted, frozen=True, kw_only=True):
    """Where a session stands, as a form shows it."""

    language: str
    """Empty before one is chosen."""
    languages: tuple[tuple[str, str], ...]
    """Code and name of each language of the flow."""
    questions: tuple[FormQuestion, ...]
    prompt: Prompt
    """The current question, as a chat would put it again."""
    current: str
    """Id of the current question: its step, or a name with `@` for those that belong to no step."""
    review: str = ""
    """The review step, if that comes next: everything is answered."""
    started: bool = False
    """Whether there is anything that would be lost."""
    submitted: bool = False
    mailbox: bool = False
    """Whether a receipt's mailbox is open."""

    @property
    def length(self) -> int:
        """How many pages there are up to the review, which is the last."""
        return 1 + sum(question.expected for question in self.questions)


def question_text(step: Step, view: View) -> str:
    """Return the step's question, in the channel's own wording where there is one."""
    return view.catalogue.first(f"{step.id}.ask.{view.channel}", f"{step.id}.ask")


def actions_of(step: Step, *, partial: bool) -> tuple[str, ...]:
    """Return the actions of a step that may be skipped or is half answered."""
    if partial:
        return ("done",)
    return ("skip",) if step.skip or step.detail else ()
