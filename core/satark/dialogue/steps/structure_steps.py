"""The step types that structure a flow: something said in passing, files, the review, handing in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from satark.channel import Event, Tap
from satark.dialogue.steps.answer_steps import DateStep, NumberStep, PlaceStep, TextStep
from satark.dialogue.steps.choice_steps import Choice, Choices, Confirm
from satark.dialogue.steps.contract import (
    AcceptedAnswer,
    BaseStepType,
    Option,
    Part,
    Question,
    RefusedAnswer,
    Step,
    StepType,
    View,
    actions_of,
    question_text,
)

_REVIEW: Final = ("send", "details", "change")


class Say(BaseStepType):
    """Something said once, in the same message as the question after it."""

    name = "say"
    part: Part = "say"

    def keys(self, step: Step) -> Sequence[tuple[str, ...]]:
        """The text alone."""
        return [(step.id,)]

    def ask(self, step: Step, view: View) -> Question:
        """The text, in the channel's own wording where there is one."""
        return Question(text=view.catalogue.first(f"{step.id}.{view.channel}", step.id))

    def accept(self, step: Step, event: Event, view: View) -> AcceptedAnswer | RefusedAnswer | None:
        """Nothing is asked."""
        del step, event, view
        return None


class MediaStep(BaseStepType):
    """Any number of files. The engine takes the files; `done` or `skip` leads on."""

    name = "media"
    part: Part = "media"

    def keys(self, step: Step) -> Sequence[tuple[str, ...]]:
        """The question, the name, and what is said when files have come."""
        return [*super().keys(step), (f"{step.id}.more",)]

    def ask(self, step: Step, view: View) -> Question:
        """Ask for files, or for more of them."""
        if view.files:
            key = view.catalogue.own(f"{step.id}.more", view.channel)
            text = view.catalogue.text(key, count=view.files)
            return Question(text=text, actions=("done", "clear"), wants="media")
        return Question(text=question_text(step, view), actions=actions_of(step, partial=False), wants="media")

    def accept(self, step: Step, event: Event, view: View) -> AcceptedAnswer | RefusedAnswer | None:
        """No event but a file is an answer, and those the engine takes."""
        del step, event, view
        return None

    def show(self, step: Step, value: Any, view: View) -> str:
        """How many files there are."""
        del step, value
        return view.catalogue.counted(view.catalogue.own("value.files", view.channel), view.files)


class Review(BaseStepType):
    """The summary, to be sent, added to or changed. The engine puts the summary above the question."""

    name = "review"
    part: Part = "review"

    def keys(self, step: Step) -> Sequence[tuple[str, ...]]:
        """The question and its three answers."""
        return [(f"{step.id}.ask",), *((f"{step.id}.{code}",) for code in _REVIEW)]

    def ask(self, step: Step, view: View) -> Question:
        """Put the question."""
        texts = view.catalogue
        keys = ((code, f"{step.id}.{code}") for code in _REVIEW)
        offers = tuple(Option(code, texts.text(key), words=texts.words(f"{key}.words")) for code, key in keys)
        return Question(text=question_text(step, view), offers=offers, actions=("cancel",), wants="choice")

    def accept(self, step: Step, event: Event, view: View) -> AcceptedAnswer | RefusedAnswer | None:
        """Take `send`; the engine opens the other two."""
        del step, view
        return AcceptedAnswer(value=event.token) if isinstance(event, Tap) else None


class Submit(BaseStepType):
    """Hands the tip in. Nothing is asked."""

    name = "submit"
    part: Part = "submit"

    def keys(self, step: Step) -> Sequence[tuple[str, ...]]:
        """None."""
        del step
        return []

    def ask(self, step: Step, view: View) -> Question:
        """Nothing."""
        del step, view
        return Question(text="")

    def accept(self, step: Step, event: Event, view: View) -> AcceptedAnswer | RefusedAnswer | None:
        """Nothing."""
        del step, event, view
        return None


BUILT_IN: Final[tuple[StepType, ...]] = (
    Say(), Choice(), Choices(), Confirm(), TextStep(), NumberStep(), DateStep(), PlaceStep(), MediaStep(), Review(),
    Submit(),
)  # fmt: skip
"""Every step type of the core. `branch` is no type: the loader gives its condition to the steps inside it."""
