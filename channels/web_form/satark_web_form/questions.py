"""A question as a fieldset: its controls before it is answered, and the answer in what the browser sends."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, TypeAlias

from satark.channel import Media, Pin, Tap, Text
from satark.flow import FormQuestion, FormView
from satark.folding import ascii_digits
from satark.redacted import Redacted
from satark_web_form.forms import Sent

Control: TypeAlias = Literal["radios", "checkboxes", "lines", "line", "number", "date", "place", "files"]
Told: TypeAlias = Text | Tap | Pin | Media

_SENTENCES = re.compile(r"(?<=[?।])\s+|(?<=[a-z]{2}[.!])\s+(?=[A-Z])")
"""Between two sentences; after the dots of "e.g." and "No." there is none."""
_CONTROLS: dict[str, Control] = {"number": "number", "date": "date", "place": "place", "choices": "checkboxes"}


class Fieldset(Redacted, frozen=True, kw_only=True):
    """One question on a page, with what stands in its controls."""

    question: FormQuestion
    control: Control
    values: tuple[str, ...] = ()
    """What is chosen, or typed."""
    latitude: str = ""
    longitude: str = ""
    problem: str = ""

    @property
    def name(self) -> str:
        """The name of its field, and what its controls' ids begin with."""
        return f"a.{self.question.step}"

    @property
    def heading(self) -> str:
        """The question itself: the first sentence of its text."""
        return _SENTENCES.split(self.question.text, maxsplit=1)[0]

    @property
    def rest(self) -> str:
        """What else its text says; empty where it is one sentence."""
        return "".join(_SENTENCES.split(self.question.text, maxsplit=1)[1:])


def control(question: FormQuestion) -> Control:
    """The control that suits a question."""
    if question.wants == "media":
        return "files"
    if question.kind in _CONTROLS:
        return _CONTROLS[question.kind]
    return "radios" if question.options else "lines"


def fieldset(question: FormQuestion, sent: Sent | None = None, problem: str = "") -> Fieldset:
    """Lay a question out: with what was typed just now, else with the answer that there is."""
    name = f"a.{question.step}"
    if sent is not None and name in sent.fields:
        return Fieldset(
            question=question,
            control=control(question),
            values=sent.fields[name],
            latitude=sent.one(f"{name}.latitude"),
            longitude=sent.one(f"{name}.longitude"),
            problem=problem,
        )
    value = question.value
    if isinstance(value, Mapping):
        return Fieldset(
            question=question,
            control=control(question),
            values=(str(value.get("text", "")),),
            latitude=_degrees(value.get("latitude")),
            longitude=_degrees(value.get("longitude")),
            problem=problem,
        )
    values = tuple(map(str, value)) if isinstance(value, list | tuple) else () if value is None else (str(value),)
    return Fieldset(question=question, control=control(question), values=values, problem=problem)


def fieldsets(questions: Iterable[FormQuestion], sent: Sent | None, problems: Mapping[str, str]) -> list[Fieldset]:
    """Lay several questions out."""
    return [fieldset(question, sent, problems.get(question.step, "")) for question in questions]


def answers(questions: Iterable[FormQuestion], sent: Sent) -> list[tuple[str, Told]]:
    """Read the answers to these questions; one whose field is not on the page is not touched."""
    found: list[tuple[str, Told]] = [(step, media) for step, media in sent.files]
    for question in questions:
        name = f"a.{question.step}"
        if f"{name}.clear" in sent.fields:
            found.append((question.step, Tap("@clear")))
        elif name in sent.fields or f"{name}.here" in sent.fields:
            found += [(question.step, told) for told in _told(question, sent, name)]
    return found


def asked_so_far(sheet: FormView) -> list[FormQuestion]:
    """The questions of the path up to the one in force, in order; the details that were answered among them."""
    return [one for one in sheet.questions if one.step == sheet.current or (one.asked and one.answered)]


def place_of(sheet: FormView, step: str) -> int:
    """Which question of the path a step is, from 1; 0 where it is none of it."""
    return next((n for n, question in enumerate(asked_so_far(sheet), 1) if question.step == step), 0)


def _told(question: FormQuestion, sent: Sent, name: str) -> Sequence[Told]:
    values = sent.fields.get(name, ("",))
    kind = control(question)
    if kind in {"radios", "checkboxes"}:
        chosen = [Tap(value) for value in values if value]
        return chosen[-1:] if chosen and kind == "radios" else chosen or [Text("")]
    if kind == "place" and (pin := _pin(sent, name, values[-1])):
        return [pin]
    if kind == "files":
        return [] if sent.one("stay") else [Text("")]
    words = values[-1].replace("\r\n", "\n")
    # What was spoken needs no words beside it.
    return [] if not words.strip() and question.step in dict(sent.files) else [Text(words)]


def _pin(sent: Sent, name: str, text: str) -> Pin | None:
    latitude, longitude = (sent.one(f"{name}.{axis}").strip() for axis in ("latitude", "longitude"))
    if not latitude and not longitude:
        return None
    return Pin(_number(latitude), _number(longitude), text)


def _number(written: str) -> float:
    """Degrees as written; what is no number lies nowhere on Earth, and is refused as that."""
    try:
        number = float(ascii_digits(written).replace(",", "."))
    except ValueError:
        return math.inf
    return number if math.isfinite(number) else math.inf


def _degrees(value: object) -> str:
    return f"{value:.6f}" if isinstance(value, float) else ""
