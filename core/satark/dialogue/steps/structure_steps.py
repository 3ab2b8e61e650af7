"""The step types that structure a flow: something said in passing, the review, submitting the tip."""

from collections.abc import Sequence
from typing import Final

from satark.api.flow import (
    AcceptedAnswer,
    BaseStepType,
    Option,
    Part,
    Question,
    RefusedAnswer,
    Step,
    StepType,
    View,
    question_text,
)
from satark.api.inbound import Event, Tap
from satark.dialogue.steps.answer_steps import DateStep, MediaStep, NumberStep, PlaceStep, TextStep
from satark.dialogue.steps.choice_steps import ChoicesStep, ChoiceStep, ConfirmStep

_WEBSITE: Final = "{website}"
_REVIEW_OPTIONS: Final = ("send", "details", "change")


class SayStep(BaseStepType):
    """A text that is said once, in the same message as the question after it."""

    name = "say"
    part: Part = "say"

    def keys(self, step: Step) -> Sequence[tuple[str, ...]]:
        return [(step.id,)]

    def ask(self, step: Step, view: View) -> Question:
        """Return the text with the form's address filled in. If the channel has its own wording, return that."""
        text = view.catalogue.first(f"{step.id}.{view.channel}", step.id)
        return Question(text=with_website(text, view.website))

    def accept(self, step: Step, event: Event, view: View) -> AcceptedAnswer | RefusedAnswer | None:
        """Accept nothing: nothing is asked."""
        del step, event, view
        return None


class ReviewStep(BaseStepType):
    """Shows the summary, which the tipster sends, adds to or changes. The engine puts the summary into the question."""

    name = "review"
    part: Part = "review"

    def keys(self, step: Step) -> Sequence[tuple[str, ...]]:
        return [(f"{step.id}.ask",), *((f"{step.id}.{code}",) for code in _REVIEW_OPTIONS)]

    def ask(self, step: Step, view: View) -> Question:
        texts = view.catalogue
        keys = ((code, f"{step.id}.{code}") for code in _REVIEW_OPTIONS)
        labels = ((code, key, texts.text(texts.own(key, view.channel))) for code, key in keys)
        options = tuple(Option(code, label, words=texts.words(f"{key}.words")) for code, key, label in labels)
        return Question(text=question_text(step, view), options=options, actions=("cancel",), wants="choice")

    def accept(self, step: Step, event: Event, view: View) -> AcceptedAnswer | RefusedAnswer | None:
        """Accept `send`; the engine opens the menus of the other two."""
        del step, view
        return AcceptedAnswer(value=event.token) if isinstance(event, Tap) else None


class SubmitStep(BaseStepType):
    """Submits the tip. Nothing is asked."""

    name = "submit"
    part: Part = "submit"

    def keys(self, step: Step) -> Sequence[tuple[str, ...]]:
        del step
        return []

    def ask(self, step: Step, view: View) -> Question:
        del step, view
        return Question(text="")

    def accept(self, step: Step, event: Event, view: View) -> AcceptedAnswer | RefusedAnswer | None:
        del step, event, view
        return None


def with_website(text: str, website: str) -> str:
    """Replace `{website}` by the form's address. Without an address, leave out every line with the placeholder."""
    if website or _WEBSITE not in text:
        return text.replace(_WEBSITE, website)
    return "\n".join(line for line in text.split("\n") if _WEBSITE not in line)


BUILT_IN_STEP_TYPES: Final[tuple[StepType, ...]] = (
    SayStep(), ChoiceStep(), ChoicesStep(), ConfirmStep(), TextStep(), NumberStep(), DateStep(), PlaceStep(),
    MediaStep(), ReviewStep(), SubmitStep(),
)  # fmt: skip
