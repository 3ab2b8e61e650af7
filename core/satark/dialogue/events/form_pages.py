"""A page of a form: several answers at once, each to the question that it names.

A form's pages stay open: the tipster goes back to one, has two of them side by side, sends one twice. So an answer goes
where its question is, wherever the conversation stands, and what is answered already is replaced.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from satark.channel import FormPage, Media, Pin, Tap, Text
from satark.dialogue.session import GivenAnswer, Turn
from satark.dialogue.states.draft import go_on
from satark.dialogue.states.unsolicited import accept_unsolicited, is_story
from satark.dialogue.steps.answer_steps import max_length
from satark.dialogue.steps.contract import AcceptedAnswer, RefusedAnswer, Step
from satark.dialogue.turn.context import TurnContext
from satark.dialogue.turn.loaded_flow import ASKED_PARTS, without

CLEAR: Final = "@clear"
MAILBOX: Final = "@mailbox"
"""Stands in the place of a step for a message to the police, while a mailbox is open."""
_OPEN: Final = frozenset({MAILBOX, "@answer", "@feedback"})
_SPOKEN: Final = frozenset({"voice", "audio"})
_Told = Text | Tap | Pin | Media


def handle_form_page(talk: TurnContext, event: FormPage) -> Turn:
    """Take every answer that can be taken; for each other one the prompt says why it can't."""
    if talk.session.mailbox is not None:
        return _to_the_police(talk, event)
    if talk.session.submitted:
        talk.say("edit.late")
        return talk.ask()
    if not talk.session.language and event.language in talk.script.flow.languages:
        talk.change(language=event.language)
    talk.change(mode="")
    for name, told in _grouped(event):
        step = talk.script.flow.by_id.get(name)
        if step is None or step.type.part not in ASKED_PARTS:
            continue
        if is_open(talk, step):
            _answer(talk, step, told)
        else:
            _keep(talk, told)
    _check_again(talk)
    return go_on(talk)


def _check_again(talk: TurnContext) -> None:
    """Take an agreement to the review back: what was agreed to has changed since, and nothing goes off from here."""
    for step in talk.walk.path:
        if step.type.part == "review":
            talk.answer(step.id, None)


def _to_the_police(talk: TurnContext, event: FormPage) -> Turn:
    """Pass on the one message of a mailbox's page, whatever stands in it: here a number is no receipt's code."""
    told = next((told for name, told in event.answers if name == MAILBOX), None)
    turn = talk.room.hear(talk, "", told) if told is not None and talk.session.mode in _OPEN else None
    return turn or talk.ask()


def is_open(talk: TurnContext, step: Step) -> bool:
    """Whether a step may be answered now: it is on the path, or a detail whose condition holds."""
    return step in talk.walk.path or (step.detail and (step.when is None or step.when.holds(talk.walk.values)))


def _grouped(event: FormPage) -> Sequence[tuple[str, list[_Told]]]:
    grouped: dict[str, list[_Told]] = {}
    for name, told in event.answers:
        grouped.setdefault(name, []).append(told)
    return list(grouped.items())


def _keep(talk: TurnContext, told: Sequence[_Told]) -> None:
    """Keep what was told to a question that is not asked (any more), as what is sent unasked is kept."""
    for one in told:
        if isinstance(one, Media | Pin) or (isinstance(one, Text) and is_story(one.body)):
            accept_unsolicited(talk, one)


def _answer(talk: TurnContext, step: Step, told: Sequence[_Told]) -> None:
    talk.change(answers=without(talk.session.answers, f"@{step.id}"))
    for one in told:
        if isinstance(one, Media):
            _file(talk, step, one)
        elif isinstance(one, Tap) and one.token == CLEAR:
            _clear(talk, step)
        elif isinstance(one, Text) and not one.body.strip():
            _blank(talk, step)
        else:
            _words(talk, step, one)
    partial = talk.session.answers.get(f"@{step.id}")
    if partial is not None:
        talk.answer(step.id, partial)
        talk.change(answers=without(talk.session.answers, f"@{step.id}"))


def _words(talk: TurnContext, step: Step, told: Text | Tap | Pin) -> None:
    view = talk.view(step)
    if isinstance(told, Tap) and told.token not in {offer.code for offer in step.type.ask(step, view).offers}:
        talk.refuse("not_understood", step)
        return
    result = step.type.accept(step, told, view)
    if isinstance(told, Text) and (limit := max_length(step)) and len(told.body) > limit:
        talk.refuse("filled.long", step, most=limit)
    elif result is None:
        talk.refuse("not_understood", step)
    elif isinstance(result, RefusedAnswer):
        talk.refused(result.said, step)
    elif result.more and isinstance(told, Tap):
        talk.answer(f"@{step.id}", GivenAnswer(result.value, talk.source))
    else:
        # A form takes at once what a chat takes in several messages.
        value = told.body.strip() if result.more and isinstance(told, Text) else result.value
        _settle(talk, step, AcceptedAnswer(value=value))


def _settle(talk: TurnContext, step: Step, taken: AcceptedAnswer) -> None:
    if step.validator and (wrong := step.validator(taken.value)):
        talk.refuse(wrong, step)
        return
    old = talk.session.answers.get(step.id)
    if old and isinstance(old.value, Mapping) and "voice" in old.value:
        spoken = {"voice": old.value["voice"]}
        value = taken.value if isinstance(taken.value, Mapping) else {"text": taken.value}
        talk.answer(step.id, GivenAnswer({**spoken, **value}, talk.source, old.evidence))
    else:
        talk.answer(step.id, GivenAnswer(taken.value, talk.source))


def _file(talk: TurnContext, step: Step, media: Media) -> None:
    """Keep a file: as the spoken answer, or as evidence."""
    if talk.full:
        talk.refuse_file()
    elif step.type.part == "media":
        talk.keep(media, step.id)
    elif getattr(step.settings, "voice", False) and media.kind in _SPOKEN:
        ordinal = talk.keep(media, step.id)
        said = {"text": media.caption.strip()} if media.caption.strip() else {}
        talk.answer(step.id, GivenAnswer({"voice": ordinal, **said}, talk.source, (ordinal,)))
    else:
        accept_unsolicited(talk, media)


def _blank(talk: TurnContext, step: Step) -> None:
    """Leave a question without an answer, or with the files that are there."""
    old = talk.session.answers.get(step.id)
    files = tuple(file.ordinal for file in talk.session.files if file.role == step.id)
    if step.type.part == "media" and (files or step.skip):
        talk.answer(step.id, GivenAnswer(None, talk.source, files))
    elif old and isinstance(old.value, Mapping) and "voice" in old.value:
        talk.answer(step.id, GivenAnswer({"voice": old.value["voice"]}, talk.source, old.evidence))
    elif step.detail:
        talk.answer(step.id, None)
        talk.change(queue=tuple(name for name in talk.session.queue if name != step.id))
    elif step.skip:
        talk.answer(step.id, GivenAnswer(None, talk.source))
    else:
        talk.refuse("skip.cannot", step)


def _clear(talk: TurnContext, step: Step) -> None:
    old = talk.session.answers.get(step.id)
    if old and isinstance(old.value, Mapping) and "voice" in old.value:
        words = {key: value for key, value in old.value.items() if key != "voice"}
        text = words.get("text") if set(words) == {"text"} else None
        talk.answer(step.id, GivenAnswer(text or words, talk.source) if words else None)
    elif old:
        talk.answer(step.id, None)
    talk.drop({file.ordinal for file in talk.session.files if file.role == step.id})
