"""Handle corrections: a message that its sender edited, or took back (revoked)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from satark.api.channel import Edited, Event, Revoked, Tap, Text
from satark.api.flow import AcceptedAnswer, Step
from satark.dialogue.events.commands import not_understood
from satark.dialogue.events.text_messages import named_option
from satark.dialogue.flow.commands import MAX_COMMAND_LENGTH
from satark.dialogue.session import GivenAnswer, Turn
from satark.dialogue.states.draft import go_on
from satark.dialogue.states.unsolicited import join_texts
from satark.dialogue.turn.context import TurnContext
from satark_words.tokens import fold


def handle_edited(context: TurnContext, event: Edited) -> Turn:
    """Replace the answer that an edited message gave. Where nothing was asked yet, it gets no reply."""
    if _is_over(context):
        return context.turn(None, None)
    if context.session.submitted or context.session.mailbox is not None:
        return not_understood(context, "edit.late")
    name = _answered_by(context, event.original)
    step = context.loaded.flow.by_id.get(name)
    if step is None:
        return not_understood(context, "edit.unclear")
    result = step.type.accept(step, _as_typed(context, step, event.body), context.view(step))
    if not isinstance(result, AcceptedAnswer) or result.more:
        return not_understood(context, "edit.unclear")
    old = context.session.answers[name]
    context.set_answer(name, msgspec.structs.replace(old, value=_merge_edit(old, result.value)))
    context.say("edit.done")
    return go_on(context, stay=True)


def handle_revoked(context: TurnContext, event: Revoked) -> Turn:
    """Take back the answer and the file that a revoked message gave. Where nothing was asked yet, it gets no reply."""
    if _is_over(context):
        return context.turn(None, None)
    if context.session.submitted or context.session.mailbox is not None:
        return not_understood(context, "revoke.late")
    name = _answered_by(context, event.original)
    files = {file.ordinal for file in context.session.files if file.source == event.original}
    if name:
        context.set_answer(name, None)
    context.drop_files(files)
    if name or files:
        context.say("revoke.done")
    return go_on(context, stay=True)


def _is_over(context: TurnContext) -> bool:
    """Whether the message belongs to a conversation that is over: a reply would bring back what its sender wipes."""
    return context.session.revision == 0


def _answered_by(context: TurnContext, source: str) -> str:
    answers = context.session.answers
    return next((name for name, answer in answers.items() if answer.source == source and source), "")


def _as_typed(context: TurnContext, step: Step, body: str) -> Event:
    question = step.type.ask(step, context.view(step))
    code = named_option(context, step.id, question, fold(body) if len(body) <= MAX_COMMAND_LENGTH else "")
    return Tap(code) if code else Text(body)


def _merge_edit(old: GivenAnswer, value: Any) -> Any:
    """The answer after one of its messages was edited: what it has of other messages, and of a voice, stays."""
    if isinstance(old.value, Mapping) and isinstance(value, str):
        return {**old.value, "text": join_texts(old.value.get("text"), value) if old.joined else value}
    return join_texts(old.value, value) if old.joined and isinstance(value, str) else value
