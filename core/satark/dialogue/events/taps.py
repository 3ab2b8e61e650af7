"""Handle a tapped button or row, of the current question or of an earlier one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from satark.api.channel import Tap, Text
from satark.api.choice_tokens import ANY_QUESTION, NEXT_PAGE, PREVIOUS_PAGE, Token, code_in, parse_token
from satark.api.flow import AcceptedAnswer
from satark.dialogue.events.commands import handle_command, switch_language, turn_page
from satark.dialogue.events.text_messages import handle_text, open_mailbox
from satark.dialogue.session import GivenAnswer, Turn
from satark.dialogue.states.draft import DRAFT, go_on
from satark.dialogue.states.unsent import UNSENT
from satark.dialogue.turn.context import TurnContext

_PAGE_STEPS: Final[Mapping[str, int]] = {NEXT_PAGE: 1, PREVIOUS_PAGE: -1}


def handle_tap(context: TurnContext, tap: Tap) -> Turn:
    """Handle a tap. A token that is not ours is read as the words that the button shows."""
    token = parse_token(tap.token)
    if token is None:
        return handle_text(context, Text(tap.title)) if tap.title.strip() else context.ask()
    if code_in(tap.token):
        context.change(aloud="chosen" if context.session.speaks else "")
        return open_mailbox(context)
    if tap.token in _PAGE_STEPS:
        context.repeat_said()
        return turn_page(context, _PAGE_STEPS[tap.token])
    if token.question == ANY_QUESTION:
        return handle_command(context, token.option.removeprefix("@"))
    name, question = context.state.question(context)
    if name == UNSENT or token.question != name or not _is_current(context, token):
        return _handle_stale(context, token)
    if token.option.startswith("@"):
        return handle_command(context, token.option[1:])
    if token.option not in {option.code for option in question.options}:
        return context.ask()
    return context.state.handle_event(context, token.option, Tap(token.option, tap.title)) or context.ask()


def _is_current(context: TurnContext, token: Token) -> bool:
    """Whether a button of the current question still counts: to send the tip, only that below the newest summary."""
    if token.option != "send" or token.revision == context.session.revision:
        return True
    step = context.step
    return step is None or step.type.part != "review" or token.question != step.id


def _handle_stale(context: TurnContext, token: Token) -> Turn:
    """Change the answer to an earlier question, if there is one; else put the current question again."""
    if context.session.state == UNSENT:
        return context.state.handle_event(context, "", Tap("")) or context.ask()
    if token.question == "@language" and token.option in context.loaded.flow.languages and context.session.language:
        return switch_language(context, token.option)
    step = context.loaded.flow.by_id.get(token.question)
    old = context.session.answers.get(token.question)
    if step is None or old is None or context.state is not DRAFT or not context.is_on_path(step):
        return context.ask()
    view = context.view(step)
    if step.type.part != "ask" or token.option not in {option.code for option in step.type.ask(step, view).options}:
        return context.ask()
    result = step.type.accept(step, Tap(token.option), view)
    if not isinstance(result, AcceptedAnswer) or result.more or result.value == old.value:
        return context.ask()
    context.say("changed", name=view.catalogue.text(f"{step.id}.name"), value=step.type.show(step, result.value, view))
    context.set_answer(step.id, GivenAnswer(result.value, context.source))
    return go_on(context, stay=True)
