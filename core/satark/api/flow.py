"""Questionnaires: step types, the values that steps and the engine exchange, sessions, and a flow's view as a form.

A step type has no side effects: `ask` returns the question, and `accept` reads one event as its answer. The engine does
what all steps share: commands, buttons, numbers and labels that are typed instead of tapped, files, going back, and the
position in the flow.
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
    "BEFORE_SENDING", "MAILBOX", "AcceptedAnswer", "BaseStepType", "Condition", "Flow", "FormQuestion", "FormView",
    "GivenAnswer", "NoSettings", "Option", "Question", "RefusedAnswer", "Session", "Step", "StepType",
    "Turn", "Validator", "View", "actions_of", "question_text",
]  # fmt: skip

MAILBOX: Final = "@mailbox"
"""Id used in place of a step's in a `FormPage`, for a message to the police while a mailbox is open."""
BEFORE_SENDING: Final = frozenset({"@identity", "@origin"})
"""Values of `FormView.current` for the two questions that are asked before a tip is sent: whether to remove words that
may identify the tipster, and whether the police may know where and when files were taken."""

Values: TypeAlias = Mapping[str, Any]
"""Step id → value of its answer."""

Part: TypeAlias = Literal["say", "ask", "media", "review", "submit"]
"""What the engine does with a step: `say` it without waiting for an answer, `ask` it, collect `media`, show the
`review`, or `submit` the tip."""

Accuses: TypeAlias = Literal["outpost", "station", "circle", "district", "range", "unknown", "named", "nobody"]
"""The police unit that an option accuses: the unit of this level at the tip's place, or `named`, the station that
another step names."""

Promises: TypeAlias = Literal["station", "circle", "district", "range", "unknown"]
"""The highest police unit from which routing keeps a tip; `unknown`: all up to a circle's."""

Meaning: TypeAlias = Literal["category", "place", "evidence", "police", "now", "when", "own_voice", "film_sound"]
"""What a step means to the engine, to the analysis of free text and to the desks, independent of its id.

`category`, `place` and `evidence`: those of the tip; `police`: whether police are involved; `now`, `when`: when it
happens; `own_voice`: whose voice is in a recording sent as evidence; `film_sound`: whether a film's sound is passed on.
"""

Validator: TypeAlias = Callable[[Any], str | None]
"""Checks an answer's value. Returns None if it is valid, else the message id of the text that tells the tipster why
not."""


class Condition(msgspec.Struct, frozen=True):
    """A parsed condition."""

    source: str
    names: frozenset[str]
    """The names that the condition reads; dotted names are given in full."""
    constants: Mapping[str, frozenset[Any]]
    """Name → the constants with which the condition compares it."""
    holds: Callable[[Values], bool]
    """Returns whether the condition holds for these answers. Never raises: values that can't be compared make it
    false."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One checked step of a flow."""

    id: str
    type: StepType
    settings: Any = None
    """The step's settings from the flow: an instance of `type.settings`."""
    when: Condition | None = None
    """The step is asked only if this holds; None: always."""
    detail: bool = False
    """Whether the step is asked only if the tipster picks it in the review."""
    skip: bool = False
    """Whether the tipster may skip the step."""
    check: str = ""
    """Name of the validator of the step's answers; empty: none."""
    validator: Validator | None = None
    """The validator that `check` names; None: none."""
    means: Meaning | Literal[""] = ""
    """The step's declared meaning; empty: none."""
    accuses: Mapping[str, Accuses] = {}
    """Option → the police unit that it accuses, so that routing keeps the tip away from it."""
    promises: Promises | Literal[""] = ""
    """The text of a `say` step is a promise: it is said only if this is the highest unit that the tip accuses."""
    names: Literal["", "station", "outpost"] = ""
    """Whether the answer names the accused station, or may name its outpost, for an option that accuses one."""


class Option(msgspec.Struct, frozen=True):
    """One option of a question, in one language. `words` are further spellings that choose it when typed."""

    code: str
    label: str
    description: str = ""
    words: tuple[str, ...] = ()


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A question in one language, from which the engine builds a prompt."""

    text: str
    options: tuple[Option, ...] = ()
    actions: tuple[str, ...] = ()
    """Commands that are shown below the question: `done`, `skip`, `clear`, `leave` …"""
    wants: Wants = "nothing"
    free: bool = False
    """Whether any typed text counts as an answer. If so, a text is a command only if it matches one exactly."""


class AcceptedAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """An event was accepted as an answer.

    With `more` it is a part of one, and the step stays current until the answer is complete.
    """

    value: Any
    more: bool = False
    said: str = ""
    """What to tell the tipster about the answer, in their language; empty: nothing."""


class RefusedAnswer(msgspec.Struct, frozen=True):
    """An event was understood but is not a valid answer; `said` tells why, in the tipster's language."""

    said: str


class View(msgspec.Struct, frozen=True, kw_only=True):
    """What a step may read: the tip so far, in one language."""

    catalogue: Catalogue
    geography: Geography
    channel: str
    now: int
    """The current Unix time, in seconds."""
    values: Mapping[str, Any]
    """Step id → value, for the answered steps on the current path."""
    place: Place = Place()
    """Where the crime happens, as far as known."""
    partial: Any = None
    """The part of this step's answer that was already given; None: none."""
    files: int = 0
    """Number of files that were sent for this step."""
    above_range: bool = False
    """Whether there is a desk above the range's; False for a step that can't accuse the range's office."""
    names: Callable[[str], Iterable[str]] | None = None
    """Returns the codes of the places that a text names, in any spelling. None: only exact spellings are known."""
    website: str = ""
    """The web form's URL; empty: there is none."""


class StepType(Protocol):
    """A type of step. A plugin returns instances, most of which inherit from `BaseStepType`."""

    @property
    def name(self) -> str:
        """The name of the type in a flow."""

    @property
    def part(self) -> Part:
        """What the engine does with steps of this type; a plugin's type must return `ask`."""

    @property
    def settings(self) -> type[msgspec.Struct]:
        """The schema of a step's settings in a flow: a frozen struct class that forbids unknown fields."""

    def keys(self, step: Step) -> Sequence[tuple[str, ...]]:
        """Return the ids of the texts that the step needs in every language. In each tuple, one id must have a text."""

    def ask(self, step: Step, view: View) -> Question:
        """Return the step's question, in the view's language."""

    def accept(self, step: Step, event: Event, view: View) -> AcceptedAnswer | RefusedAnswer | None:
        """Read an event as the answer; return None for an event that is not understood.

        However an option was chosen, it is passed as a `Tap` whose token is only the option's code.
        """

    def show(self, step: Step, value: Any, view: View) -> str:
        """Return an answer's text as the review shows it to the tipster."""


class NoSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The settings of a step type that has none."""


class BaseStepType:
    """Base class with what most step types share: no settings, and the text ids of a question and of a name."""

    part: Part = "ask"
    settings: type[msgspec.Struct] = NoSettings

    def keys(self, step: Step) -> Sequence[tuple[str, ...]]:
        """Return the ids of the step's question and of its name."""
        return [(f"{step.id}.ask",), (f"{step.id}.name",)]

    def show(self, step: Step, value: Any, view: View) -> str:
        """Return the value as text; for a spoken answer, its caption and a word for the recording."""
        del step
        if not isinstance(value, Mapping) or "voice" not in value:
            return str(value)
        spoken = view.catalogue.text(view.catalogue.own("value.voice", view.channel))
        return ", ".join(part for part in (value.get("text", ""), spoken) if part)


class GivenAnswer(Protocol):
    """The accepted answer to one step of a session."""

    @property
    def value(self) -> Any:
        """The value that goes into the tip; None for a step that was skipped."""

    @property
    def evidence(self) -> tuple[str, ...]:
        """Ordinals of the files that are the answer or a part of it."""


class Session(Protocol):
    """One conversation's state in a flow. It is immutable: each turn returns a new one."""

    @property
    def flow(self) -> str:
        """Structure hash of the flow to which the session is pinned."""

    @property
    def channel(self) -> str:
        """The channel's name."""

    @property
    def tip(self) -> str:
        """Random id of the tip that the session will submit, 32 hex characters."""

    @property
    def language(self) -> str:
        """The tipster's language; empty before they chose one."""

    @property
    def step(self) -> str:
        """The step that was asked last."""

    @property
    def revision(self) -> int:
        """Number of prompts shown so far; part of every choice token."""

    @property
    def answers(self) -> Mapping[str, GivenAnswer]:
        """Step id → its answer; `@<step>` → the part of an answer that is not complete yet."""

    @property
    def state(self) -> str:
        """Name of the dialogue state: empty for the draft, `edit:<step>` while one answer is edited, `@…` else."""

    @property
    def submitted(self) -> bool:
        """Whether the tip was submitted."""

    @property
    def has_draft(self) -> bool:
        """Whether the session holds anything that would be lost if it ended now."""


class Turn(Protocol):
    """The result of one event, before it is committed."""

    @property
    def session(self) -> Session | None:
        """The session after the event. None: the conversation is over, and its row, draft and address are erased."""

    @property
    def prompt(self) -> Prompt | None:
        """The prompt to show to the tipster; None: nothing is shown."""

    @property
    def submission(self) -> object | None:
        """The tip that this turn submits; None: it submits none."""

    @property
    def erase(self) -> bool:
        """Whether every file of this session's tip is erased: after a cancel, a forget or the expiry of the draft."""

    @property
    def reach(self) -> bool | None:
        """True: the tipster may be written to about the tip just submitted. False: their address is erased.

        None: this was not decided.
        """


class Flow(Protocol):
    """A checked questionnaire."""

    @property
    def name(self) -> str:
        """The flow's name."""

    @property
    def languages(self) -> tuple[str, ...]:
        """Codes of the languages in which the flow is offered."""

    @property
    def steps(self) -> tuple[Step, ...]:
        """The flow's steps, in order."""


class FormQuestion(Redacted, frozen=True, kw_only=True):
    """One question, in the session's language."""

    step: str
    kind: str
    """The name of the question's step type: `choice`, `text`, `place` …"""
    name: str
    """The question's subject, in a word or two."""
    text: str
    options: tuple[Option, ...] = ()
    wants: Wants = "nothing"
    optional: bool = False
    """Whether the question may be left blank."""
    detail: bool = False
    """Whether the question is asked only if the tipster wants to tell more."""
    conditional: bool = False
    """Whether other answers decide if the question is asked."""
    counted: bool = False
    """Whether ordinary answers lead to the question. If not, it belongs to the step of the question before it."""
    asked: bool = False
    """Whether the answers so far lead to the question; for a detail: whether they permit it."""
    answered: bool = False
    value: Any = None
    """The value of the answer; None if the question was left blank. For several options: their codes."""
    shown: str = ""
    """The answer as text for the tipster."""
    files: int = 0
    """Number of files that were sent for the question; a recording counts as one."""
    spoken: bool = False
    """Whether a recording is accepted as the answer."""
    max_length: int = 0
    """Most characters of a text answer; 0: this question sets no limit."""


class FormView(Redacted, frozen=True, kw_only=True):
    """A session's questions and answers, as a form shows them."""

    language: str
    """Code of the chosen language; empty before one is chosen."""
    languages: tuple[tuple[str, str], ...]
    """Code and name of each of the flow's languages."""
    questions: tuple[FormQuestion, ...]
    prompt: Prompt
    """The prompt with which a chat would repeat the current question."""
    current: str
    """Id of the current question: the id of its step, or a name with `@` for a question that belongs to no step."""
    review: str = ""
    """Id of the review step, if everything is answered and the review comes next; else empty."""
    started: bool = False
    """Whether the session holds anything that would be lost if it ended now."""
    submitted: bool = False
    receipt: tuple[str, ...] = ()
    """The receipt's paragraphs; only a channel of pages can show them again."""
    mailbox: bool = False
    """Whether the mailbox of a receipt is open."""

    @property
    def steps(self) -> int:
        """Steps up to the review. No answer changes their number."""
        return 1 + sum(question.counted for question in self.questions)

    def step_of(self, step: str) -> int:
        """Return a question's step, from 1; the review alone has the last one."""
        before = (n for n, question in enumerate(self.questions, 1) if question.step == step)
        return max(1, sum(question.counted for question in self.questions[: next(before, 0)]))


def question_text(step: Step, view: View) -> str:
    """Return the text of a step's question, in the channel's own wording if it has one."""
    return view.catalogue.first(f"{step.id}.ask.{view.channel}", f"{step.id}.ask")


def actions_of(step: Step, *, partial: bool) -> tuple[str, ...]:
    """Return the actions that a step offers: `done` if it is partly answered, else `skip` if it may be skipped."""
    if partial:
        return ("done",)
    return ("skip",) if step.skip or step.detail else ()
