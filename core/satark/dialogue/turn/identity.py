"""Words of a tip that may identify its tipster, as far as they were not asked about them yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from satark.api.flow import Step
from satark.dialogue.session import GivenAnswer
from satark.dialogue.turn.context import TurnContext
from satark_words.identity import without_spans


def identifying_words(context: TurnContext) -> tuple[str, ...]:
    """Return the words in question, each once, in the order of the answers."""
    found = (text[start:end] for name, text in list(_texts(context)) for start, end in _open(context, name, text))
    return tuple(dict.fromkeys(found))


def take_out_identity(context: TurnContext) -> None:
    """Take these words out of every answer."""
    for name, text in list(_texts(context)):
        if spans := _open(context, name, text):
            answer = context.session.answers[name]
            value = _replaced(answer.value, without_spans(text, spans))
            context.set_answer(name, msgspec.structs.replace(answer, value=value))


def note_identity(context: TurnContext, step: Step) -> None:
    """Note it of an answer whose words this turn has read: before the tip is sent, they would be read again."""
    answer = context.session.answers.get(step.id)
    text = _words(step.type.name, answer) if answer is not None else ""
    if text and context.has_read(text):
        _own(context, step.id, text)


def _open(context: TurnContext, name: str, text: str) -> list[tuple[int, int]]:
    """The parts of an answer's words that they were not asked about."""
    decided = context.session.identity_decided
    return [(start, end) for start, end in _own(context, name, text) if text[start:end] not in decided]


def _own(context: TurnContext, name: str, text: str) -> tuple[tuple[int, int], ...]:
    """The parts of an answer's words that may identify the tipster; the answer keeps them."""
    answer = context.session.answers[name]
    if answer.own is not None:
        return answer.own
    spans = context.loaded.reader.own_identity(context.analysis(text))
    found = tuple((span.start, span.end) for span in spans)
    context.change(answers={**context.session.answers, name: msgspec.structs.replace(answer, own=found)})
    return found


def _texts(context: TurnContext) -> Iterator[tuple[str, str]]:
    """Yield the step and the words of every answer in words on the path."""
    for step in context.progress.path:
        answer = context.session.answers.get(step.id)
        if answer is not None and step.type.part == "ask" and (text := _words(step.type.name, answer)):
            yield step.id, text


def _words(step_type: str, answer: GivenAnswer) -> str:
    value = answer.value
    if isinstance(value, dict):
        return str(value.get("text", ""))
    return value if isinstance(value, str) and step_type == "text" else ""


def _replaced(value: Any, text: str) -> Any:
    return {**value, "text": text} if isinstance(value, Mapping) else text
