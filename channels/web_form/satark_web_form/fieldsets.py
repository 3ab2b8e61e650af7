"""Turn questions into fieldsets of a page, and the fields of a submitted form into answers."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, TypeAlias

from satark.api import FormQuestion, FormView, Media, Pin, Redacted, Tap, Text
from satark_web_form.form_reader import SubmittedForm
from satark_words.tokens import ascii_digits

Control: TypeAlias = Literal["radios", "checkboxes", "lines", "line", "number", "date", "place", "files"]
AnswerEvent: TypeAlias = Text | Tap | Pin | Media

_SENTENCES = re.compile(r"(?<=[?।])\s+|(?<=[a-z]{2}[.!])\s+(?=[A-Z])")
"""The gap between two sentences. Abbreviations such as "e.g." and "No." end no sentence."""
_CONTROLS: dict[str, Control] = {"number": "number", "date": "date", "place": "place", "choices": "checkboxes"}


class Fieldset(Redacted, frozen=True, kw_only=True):
    """One question on a page, with the values of its controls."""

    question: FormQuestion
    control: Control
    values: tuple[str, ...] = ()
    """The chosen or typed values."""
    latitude: str = ""
    longitude: str = ""
    problem: str = ""

    @property
    def name(self) -> str:
        """The name of the question's field; the ids of the question's controls begin with this name."""
        return f"a.{self.question.step}"

    @property
    def heading(self) -> str:
        """The first sentence of the question's text."""
        return _SENTENCES.split(self.question.text, maxsplit=1)[0]

    @property
    def rest(self) -> str:
        """The other sentences of the question's text; empty if there is only one sentence."""
        return "".join(_SENTENCES.split(self.question.text, maxsplit=1)[1:])


def control_for(question: FormQuestion) -> Control:
    if question.wants == "media":
        return "files"
    if question.kind in _CONTROLS:
        return _CONTROLS[question.kind]
    return "radios" if question.options else "lines"


def to_fieldset(question: FormQuestion, form: SubmittedForm | None = None, problem: str = "") -> Fieldset:
    """Make the fieldset of a question, with the submitted values or, if there are none, with the stored answer."""
    name, value = f"a.{question.step}", question.value
    latitude = longitude = ""
    if form is not None and name in form.fields:
        values = form.fields[name]
        latitude, longitude = form.value(f"{name}.latitude"), form.value(f"{name}.longitude")
    elif isinstance(value, Mapping):
        values = (str(value.get("text", "")),)
        latitude, longitude = _format_degrees(value.get("latitude")), _format_degrees(value.get("longitude"))
    else:
        values = tuple(map(str, value)) if isinstance(value, list | tuple) else () if value is None else (str(value),)
    return Fieldset(
        question=question,
        control=control_for(question),
        values=values,
        latitude=latitude,
        longitude=longitude,
        problem=problem,
    )


def answers_of(questions: Iterable[FormQuestion], form: SubmittedForm) -> list[tuple[str, AnswerEvent]]:
    """Read the answers to these questions. A question whose field is not in the form keeps its answer."""
    found: list[tuple[str, AnswerEvent]] = [(step, media) for step, media in form.files]
    for question in questions:
        name = f"a.{question.step}"
        if f"{name}.clear" in form.fields:
            found.append((question.step, Tap("@clear")))
        elif name in form.fields or f"{name}.here" in form.fields:
            found += [(question.step, event) for event in _answer_events(question, form, name)]
    return found


def questions_so_far(view: FormView) -> list[FormQuestion]:
    """Return the questions up to the current one, in order, and those optional details that have an answer."""
    return [one for one in view.questions if one.step == view.current or (one.asked and one.answered)]


def position_of(view: FormView, step: str) -> int:
    """Return the position of a step among the questions so far, from 1; 0: the step is not among them."""
    return next((n for n, question in enumerate(questions_so_far(view), 1) if question.step == step), 0)


def _answer_events(question: FormQuestion, form: SubmittedForm, name: str) -> Sequence[AnswerEvent]:
    values = form.fields.get(name, ("",))
    control = control_for(question)
    if control in {"radios", "checkboxes"}:
        chosen = [Tap(value) for value in values if value]
        return chosen[-1:] if chosen and control == "radios" else chosen or [Text("")]
    if control == "place" and (pin := _pin(form, name, values[-1])):
        return [pin]
    if control == "files":
        return [] if form.value("stay") else [Text("")]
    text = values[-1].replace("\r\n", "\n")
    # A recording is an answer without text.
    return [] if not text.strip() and question.step in dict(form.files) else [Text(text)]


def _pin(form: SubmittedForm, name: str, text: str) -> Pin | None:
    latitude, longitude = (form.value(f"{name}.{axis}").strip() for axis in ("latitude", "longitude"))
    if not latitude and not longitude:
        return None
    return Pin(_parse_degrees(latitude), _parse_degrees(longitude), text)


def _parse_degrees(text: str) -> float:
    """Parse degrees in the digits of any script. Text that is not a number gives infinity, which is then refused."""
    try:
        number = float(ascii_digits(text).replace(",", "."))
    except ValueError:
        return math.inf
    return number if math.isfinite(number) else math.inf


def _format_degrees(value: object) -> str:
    return f"{value:.6f}" if isinstance(value, float) else ""
