"""The submission: the summary that the tipster checks, words that identify the tipster, and the tip that is sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from satark.api.flow import Step
from satark.api.tip import Priority
from satark.dialogue.session import GivenAnswer, GivenPart, Submission
from satark.dialogue.turn.accusations import accused_by
from satark.dialogue.turn.context import TurnContext
from satark.dialogue.turn.loaded_flow import ASKED_PARTS
from satark_words.graphemes import truncate
from satark_words.identity import without_spans


def make_submission(context: TurnContext) -> Submission:
    """Combine what the tipster confirmed into a submission. Erases files of answers that are off the path."""
    progress, session = context.progress, context.session
    answers = {
        step.id: progress.values[step.id]
        for step in progress.path
        if step.type.part == "ask" and progress.values.get(step.id, "") != ""
    }
    place = progress.place
    if context.loaded.place_step in answers:
        answers[context.loaded.place_step] = {**answers[context.loaded.place_step], **msgspec.to_builtins(place)}
    meanings = {**context.loaded.flow.meanings, "evidence": context.loaded.evidence_step}
    context.drop_files({file.ordinal for file in session.files} - _files_of_the_tip(context))
    return Submission(
        language=session.language,
        category=str(answers.get(meanings.get("category", ""), "")),
        answers=answers,
        meanings=meanings,
        evidence=tuple(file.ordinal for file in context.session.files),
        place=place,
        accused=accused_by(context),
        priority=_priority(context),
        flags=_flags(context),
        origin_disclosed=context.session.origin_disclosed,
        consents={file.ordinal: file.consent for file in context.session.files if file.consent},
    )


def _files_of_the_tip(context: TurnContext) -> set[str]:
    """The ordinals of the evidence, and of the spoken answers on the path."""
    answers = context.session.answers
    spoken = {ordinal for step in context.progress.path if step.id in answers for ordinal in answers[step.id].evidence}
    return spoken | {file.ordinal for file in context.session.files if file.role == context.loaded.evidence_step}


def _flags(context: TurnContext) -> tuple[str, ...]:
    holding = (name for name, one in context.loaded.flow.flags.items() if one.holds(context.progress.values))
    return (*(f"danger:{kind}" for kind in context.session.dangers), *holding)


def _priority(context: TurnContext) -> Priority:
    if context.session.dangers:
        return "urgent"
    rules = context.loaded.flow.priority
    levels: tuple[Priority, ...] = ("urgent", "high")
    return next((level for level in levels if level in rules and rules[level].holds(context.progress.values)), "normal")


SUMMARY_LENGTH: Final = 620
"""Characters that all answers of a summary may take together, so that it fits the body of a message with buttons."""
SCREEN: Final = 500
"""Characters that a small phone shows at once. The first reply to a whole tip has room for no more, notice included."""
SMS_SUMMARY_LENGTH: Final = 110
"""The limit of `SUMMARY_LENGTH` for a text message, which is paid for by length. The tipster has just written the
answers."""
_SHORTEST: Final = 24
_LONGEST: Final = 240


def summary(context: TurnContext, length: int = SUMMARY_LENGTH, longest: int = _LONGEST) -> str:
    """List the answers, one a line; long ones are truncated to the lengths. A caller is not told that they spoke."""
    answers, texts = context.session.answers, context.catalogue
    shown = []
    for step in context.progress.path:
        view, answer = context.view(step), answers.get(step.id, GivenAnswer())
        told = answer.value is not None or answer.evidence or (step.type.part == "media" and view.files)
        if step.type.part not in ASKED_PARTS or not told:
            continue
        if context.session.channel == "voice" and _is_recording(answer.value):
            continue
        name = texts.text(texts.own(f"{step.id}.name", context.session.channel))
        shown.append((name, step.type.show(step, answer.value, view)))
    length = min(length, SMS_SUMMARY_LENGTH) if context.session.channel == "sms" else length
    share = length // max(1, len(shown))
    bullet = "" if context.session.channel == "sms" else "• "
    room = {name: max(_SHORTEST, min(share - len(name), longest)) for name, _ in shown}
    if longest > _LONGEST and sum(len(name) + len(text) for name, text in shown) <= length:
        room = dict.fromkeys(room, length)
    return "\n".join(f"{bullet}{name}: {truncate(' '.join(text.split()), room[name])}" for name, text in shown)


def _is_recording(value: Any) -> bool:
    return isinstance(value, Mapping) and "voice" in value and "text" not in value


def identifying_words(context: TurnContext) -> tuple[str, ...]:
    """Return the identifying words that the tipster was not asked about, each once, in the order of the answers."""
    found = (text[start:end] for name, text in list(_texts(context)) for start, end in _open(context, name, text))
    return tuple(dict.fromkeys(found))


def summary_without_identity(context: TurnContext, beside: int) -> tuple[str, bool]:
    """List the answers without these words, beside so many characters, and say whether they are whole; change none."""
    shown = TurnContext(context.loaded, context.states, context.session, context.source, context.now)
    take_out_identity(shown)
    room = SUMMARY_LENGTH if context.session.revision else SCREEN - beside
    text = summary(shown, room, SUMMARY_LENGTH)
    if "…" in text:  # nothing may be sent that was not shown, so that this may take more than a screen
        text = summary(shown, SUMMARY_LENGTH, SUMMARY_LENGTH)
    return text, "…" not in text


def take_out_identity(context: TurnContext) -> None:
    """Take these words out of every answer."""
    _take_out(context, {name: _open(context, name, text) for name, text in list(_texts(context))})


def _take_out(context: TurnContext, spans: Mapping[str, list[tuple[int, int]]]) -> None:
    for name in (name for name in spans if spans[name]):
        answer = context.session.answers[name]
        context.set_answer(name, GivenAnswer.of_parts(_parts_without(answer, spans[name]), answer.evidence))


def told_in(context: TurnContext, sounds: set[str], *, take_out: bool = False) -> set[str]:
    """Return the sounds of these that words of a written answer have; take those words out where that is wished."""
    typed = {step.id for step in context.loaded.steps if step.type.name == "text"}
    told = {name: context.analysis(text) for name, text in _texts(context) if name in typed}
    meant = {name: [at for at, sound in enumerate(one.sounds) if sound in sounds] for name, one in told.items()}
    if take_out:
        _take_out(context, {name: [told[name].tokens[at][1:3] for at in meant[name]] for name in meant})
    return {told[name].sounds[at] for name in meant for at in meant[name]}


def note_identity(context: TurnContext, step: Step) -> None:
    """Store the identifying words of an answer that this turn has read, so that it is not read again before sending."""
    answer = context.session.answers.get(step.id)
    text = _words(step.type.name, answer) if answer is not None else ""
    if text and context.has_read(text):
        _own(context, step.id, text)


def _open(context: TurnContext, name: str, text: str) -> list[tuple[int, int]]:
    """Return the identifying parts of an answer that the tipster was not asked about."""
    decided = context.session.identity_decided
    return [(start, end) for start, end in _own(context, name, text) if text[start:end] not in decided]


def _own(context: TurnContext, name: str, text: str) -> tuple[tuple[int, int], ...]:
    """The parts of an answer's words that may identify the tipster; the answer keeps them."""
    answer = context.session.answers[name]
    if answer.own is not None:
        return answer.own
    spans = context.loaded.reader.own_identity(context.analysis(text))
    spared = {"kin"} if context.session.dangers else set()  # who is in danger is what a cry tells
    found = tuple((span.start, span.end) for span in spans if span.kind not in spared)
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


def _parts_without(answer: GivenAnswer, spans: list[tuple[int, int]]) -> Iterator[GivenPart]:
    """Yield the parts of an answer without these spans of all its words; a part may become empty."""
    at = 0
    for source, part in answer.parts:
        words = _words("text", GivenAnswer(part))
        upto = at + len(words)
        within = [(max(start, at) - at, min(end, upto) - at) for start, end in spans if start < upto and end > at]
        yield source, _replaced(part, without_spans(words, within)) if within else part
        at = upto + bool(words)


def _replaced(value: Any, text: str) -> Any:
    return {**value, "text": text} if isinstance(value, Mapping) else text
