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
from satark.dialogue.turn.loaded_flow import ASKED_PARTS

CLEAR: Final = "@clear"
MAILBOX: Final = "@mailbox"
"""Stands in the place of a step for a message to the police, while a mailbox is open."""
_OPEN: Final = frozenset({MAILBOX, "@answer", "@feedback"})
_SPOKEN: Final = frozenset({"voice", "audio"})
_Told = Text | Tap | Pin | Media


def handle_form_page(context: TurnContext, event: FormPage) -> Turn:
    """Take every answer that can be taken; for each other one the prompt says why it can't."""
    if context.session.mailbox is not None:
        return _to_the_police(context, event)
    if context.session.submitted:
        context.say("edit.late")
        return context.ask()
    if not context.session.language and event.language in context.loaded.flow.languages:
        context.change(language=event.language)
    context.change(state="")
    for name, told in _grouped(event):
        step = context.loaded.flow.by_id.get(name)
        if step is None or step.type.part not in ASKED_PARTS:
            continue
        if is_open(context, step):
            _answer(context, step, told)
        else:
            _keep(context, told)
    _check_again(context)
    return go_on(context)


def _check_again(context: TurnContext) -> None:
    """Take an agreement to the review back: what was agreed to has changed since, and nothing goes off from here."""
    for step in context.progress.path:
        if step.type.part == "review":
            context.set_answer(step.id, None)


def _to_the_police(context: TurnContext, event: FormPage) -> Turn:
    """Pass on the one message of a mailbox's page, whatever stands in it: here a number is no receipt's code."""
    told = next((told for name, told in event.answers if name == MAILBOX), None)
    turn = (
        context.state.handle_event(context, "", told) if told is not None and context.session.state in _OPEN else None
    )
    return turn or context.ask()


def is_open(context: TurnContext, step: Step) -> bool:
    """Whether a step may be answered now: it is on the path, or a detail whose condition holds."""
    return step in context.progress.path or (
        step.detail and (step.when is None or step.when.holds(context.progress.values))
    )


def _grouped(event: FormPage) -> Sequence[tuple[str, list[_Told]]]:
    grouped: dict[str, list[_Told]] = {}
    for name, told in event.answers:
        grouped.setdefault(name, []).append(told)
    return list(grouped.items())


def _keep(context: TurnContext, told: Sequence[_Told]) -> None:
    """Keep what was told to a question that is not asked (any more), as what is sent unasked is kept."""
    for one in told:
        if isinstance(one, Media | Pin) or (isinstance(one, Text) and is_story(one.body)):
            accept_unsolicited(context, one)


def _answer(context: TurnContext, step: Step, told: Sequence[_Told]) -> None:
    context.change(answers=context.session.answers_without(f"@{step.id}"))
    for one in told:
        if isinstance(one, Media):
            _file(context, step, one)
        elif isinstance(one, Tap) and one.token == CLEAR:
            _clear(context, step)
        elif isinstance(one, Text) and not one.body.strip():
            _blank(context, step)
        else:
            _words(context, step, one)
    partial = context.session.answers.get(f"@{step.id}")
    if partial is not None:
        context.set_answer(step.id, partial)
        context.change(answers=context.session.answers_without(f"@{step.id}"))


def _words(context: TurnContext, step: Step, told: Text | Tap | Pin) -> None:
    view = context.view(step)
    if isinstance(told, Tap) and told.token not in {option.code for option in step.type.ask(step, view).options}:
        context.refuse_answer(step, context.text("not_understood"))
        return
    result = step.type.accept(step, told, view)
    if isinstance(told, Text) and (limit := max_length(step)) and len(told.body) > limit:
        context.refuse_answer(step, context.text("filled.long", most=limit))
    elif result is None:
        context.refuse_answer(step, context.text("not_understood"))
    elif isinstance(result, RefusedAnswer):
        context.refuse_answer(step, result.said)
    elif result.more and isinstance(told, Tap):
        context.set_answer(f"@{step.id}", GivenAnswer(result.value, context.source))
    else:
        # A form takes at once what a chat takes in several messages.
        value = told.body.strip() if result.more and isinstance(told, Text) else result.value
        _settle(context, step, AcceptedAnswer(value=value))


def _settle(context: TurnContext, step: Step, taken: AcceptedAnswer) -> None:
    if step.validator and (wrong := step.validator(taken.value)):
        context.refuse_answer(step, context.text(wrong))
        return
    old = context.session.answers.get(step.id)
    if old and isinstance(old.value, Mapping) and "voice" in old.value:
        spoken = {"voice": old.value["voice"]}
        value = taken.value if isinstance(taken.value, Mapping) else {"text": taken.value}
        context.set_answer(step.id, GivenAnswer({**spoken, **value}, context.source, old.evidence))
    else:
        context.set_answer(step.id, GivenAnswer(taken.value, context.source))


def _file(context: TurnContext, step: Step, media: Media) -> None:
    """Keep a file: as the spoken answer, or as evidence."""
    if context.files_full:
        context.refuse_file()
    elif step.type.part == "media":
        context.add_file(media, step.id)
    elif getattr(step.settings, "voice", False) and media.kind in _SPOKEN:
        ordinal = context.add_file(media, step.id)
        said = {"text": media.caption.strip()} if media.caption.strip() else {}
        context.set_answer(step.id, GivenAnswer({"voice": ordinal, **said}, context.source, (ordinal,)))
    else:
        accept_unsolicited(context, media)


def _blank(context: TurnContext, step: Step) -> None:
    """Leave a question without an answer, or with the files that are there."""
    old = context.session.answers.get(step.id)
    files = tuple(file.ordinal for file in context.session.files if file.role == step.id)
    if step.type.part == "media" and (files or step.skip):
        context.set_answer(step.id, GivenAnswer(None, context.source, files))
    elif old and isinstance(old.value, Mapping) and "voice" in old.value:
        context.set_answer(step.id, GivenAnswer({"voice": old.value["voice"]}, context.source, old.evidence))
    elif step.detail:
        context.set_answer(step.id, None)
        context.change(picked_details=tuple(name for name in context.session.picked_details if name != step.id))
    elif step.skip:
        context.set_answer(step.id, GivenAnswer(None, context.source))
    else:
        context.refuse_answer(step, context.text("skip.cannot"))


def _clear(context: TurnContext, step: Step) -> None:
    old = context.session.answers.get(step.id)
    if old and isinstance(old.value, Mapping) and "voice" in old.value:
        words = {key: value for key, value in old.value.items() if key != "voice"}
        text = words.get("text") if set(words) == {"text"} else None
        context.set_answer(step.id, GivenAnswer(text or words, context.source) if words else None)
    elif old:
        context.set_answer(step.id, None)
    context.drop_files({file.ordinal for file in context.session.files if file.role == step.id})
