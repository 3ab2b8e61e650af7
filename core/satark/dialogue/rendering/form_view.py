"""The questionnaire as a form, for media that show pages: every question, with its answer so far."""

from __future__ import annotations

from typing import Any, Final

from satark.api.flow import Option, Step, question_text
from satark.api.prompt import Prompt, Wants
from satark.api.redacted import Redacted
from satark.dialogue.steps.answer_steps import max_length
from satark.dialogue.turn.context import TurnContext
from satark.dialogue.turn.loaded_flow import ASKED_PARTS, make_prompt

BEFORE_SENDING: Final = frozenset({"@identity", "@origin"})
"""`FormView.current` while something is asked before the tip is sent: whether to take out words that may identify the
tipster, and whether the police may know where and when files were taken."""


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


class _Ordinary(dict[str, str]):
    """Stands for an answer that is still to come: no condition names it, nor any of its fields."""

    def get(self, key: str, default: Any = None) -> str:
        """Return what is in no flow."""
        del key, default
        return "\0"


def make_form(context: TurnContext) -> FormView:
    """Make the form that shows where a session stands. Changes nothing."""
    loaded, session = context.loaded, context.session
    name, question = context.whole_question()
    step = context.progress.step
    expected = _expected(context)
    return FormView(
        language=session.language,
        languages=tuple((code, loaded.catalogues[code].text("language.name")) for code in loaded.flow.languages),
        questions=tuple(_question(context, s, expected) for s in loaded.steps if s.type.part in ASKED_PARTS),
        prompt=make_prompt(loaded, session, name, question, said=(session.said,) if session.said else ()),
        current=name,
        review=step.id if step is not None and step.type.part == "review" else "",
        started=session.has_draft,
        submitted=session.submitted,
        mailbox=session.mailbox is not None,
    )


def _expected(context: TurnContext) -> frozenset[str]:
    """Return the questions that lie on the way to the review."""
    known, values = context.session.answers, context.progress.values
    likely = {step.id: _Ordinary() for step in context.loaded.steps if not step.detail and step.id not in known}
    likely |= values
    asked = (step for step in context.loaded.steps if step.when is None or step.when.holds(likely))
    return frozenset(step.id for step in asked if not step.detail or step.id in known)


def _question(context: TurnContext, step: Step, expected: frozenset[str]) -> FormQuestion:
    view, answer = context.view(step), context.session.answers.get(step.id)
    question = step.type.ask(step, view)
    value = answer.value if answer else None
    files = sum(1 for file in context.session.files if file.role == step.id)
    return FormQuestion(
        step=step.id,
        kind=step.type.name,
        name=view.catalogue.text(f"{step.id}.name"),
        text=question_text(step, view),
        options=question.options,
        wants=question.wants,
        optional=step.skip or step.detail,
        detail=step.detail,
        conditional=step.when is not None,
        expected=step.id in expected,
        asked=context.may_answer(step),
        answered=answer is not None,
        value=value,
        shown=step.type.show(step, value, view) if value is not None or files else "",
        files=files,
        spoken=bool(getattr(step.settings, "voice", False)),
        max_length=max_length(step),
    )
