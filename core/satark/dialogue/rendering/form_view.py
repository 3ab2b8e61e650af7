"""The questionnaire as a form, for media that show pages: every question, with its answer so far."""

from collections.abc import Sequence
from typing import Any

import msgspec

from satark.api.flow import FormQuestion, FormView, Step, question_text
from satark.dialogue.steps.answer_steps import max_length
from satark.dialogue.turn.context import TurnContext
from satark.dialogue.turn.loaded_flow import ASKED_PARTS, make_prompt


class _Ordinary(dict[str, str]):
    """Stands for an answer that is still to come. It is equal to nothing that a condition compares it with."""

    def get(self, key: str, default: Any = None) -> str:
        """Return a value that equals nothing that a flow names."""
        del key, default
        return "\0"


def asked_about(context: TurnContext, code: str) -> str:
    """Bind an option about voices to the files that the page listed. It answers nothing about files that came later."""
    return f"{code}#{context.session.last_ordinal}"


def make_form(context: TurnContext) -> FormView:
    """Make the form that shows the present state of a session, without changing it."""
    loaded, session = context.loaded, context.session
    name, question = context.whole_question()
    step = context.progress.step
    counted = _counted(loaded.steps)
    return FormView(
        language=session.language,
        languages=tuple((code, loaded.catalogues[code].text("language.name")) for code in loaded.flow.languages),
        questions=tuple(_question(context, s, counted) for s in loaded.steps if s.type.part in ASKED_PARTS),
        prompt=make_prompt(loaded, session, name, question, said=(session.said,) if session.said else ()),
        current=name, review=step.id if step is not None and step.type.part == "review" else "",
        started=session.has_draft, submitted=session.submitted, mailbox=session.mailbox is not None,
    )  # fmt: skip


def _counted(steps: Sequence[Step]) -> frozenset[str]:
    """Return the questions that ordinary answers lead to. They depend on the flow alone, so no answer changes them."""
    ordinary = {step.id: _Ordinary() for step in steps if not step.detail}
    return frozenset(s.id for s in steps if not s.detail and (s.when is None or s.when.holds(ordinary)))


def _question(context: TurnContext, step: Step, counted: frozenset[str]) -> FormQuestion:
    view, answer = context.view(step), context.session.answers.get(step.id)
    question = step.type.ask(step, view)
    value = answer.value if answer else None
    files = sum(1 for file in context.session.files if file.role == step.id)
    shown = step.type.show(step, value, view) if value is not None or files else ""
    options = question.options
    if step.id in context.loaded.consents:
        options = tuple(msgspec.structs.replace(one, code=asked_about(context, one.code)) for one in options)
        value = value and asked_about(context, value)
    return FormQuestion(
        step=step.id, kind=step.type.name, name=view.catalogue.text(f"{step.id}.name"), text=question_text(step, view),
        options=options, wants=question.wants, optional=step.skip or step.detail, detail=step.detail,
        conditional=step.when is not None, counted=step.id in counted, asked=context.may_answer(step),
        answered=answer is not None, value=value,
        shown=shown, files=files, spoken=bool(getattr(step.settings, "voice", False)), max_length=max_length(step),
    )  # fmt: skip
