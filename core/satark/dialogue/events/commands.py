"""Carries out commands: as the current state defines them, else as `_COMMON` does."""

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from satark.api.inbound import Tap
from satark.dialogue.events.not_understood import not_understood
from satark.dialogue.session import Turn
from satark.dialogue.states.draft import DRAFT
from satark.dialogue.states.handoff import request_handoff
from satark.dialogue.states.mailbox import ask_code
from satark.dialogue.states.menus import LANGUAGE, open_menu, set_language
from satark.dialogue.turn.consent import UNSENT, may_carry_out
from satark.dialogue.turn.context import TurnContext
from satark.dialogue.turn.loaded_flow import ASKED_PARTS
from satark_words.reading import Danger, DangerKind


def handle_command(context: TurnContext, name: str) -> Turn:
    """Carry out a command. If it can't be undone and was not given in its own words, say what to write for it."""
    if not may_carry_out(context, name):
        context.say("consent.command", label=context.text(f"command.{name}"))
        return context.ask()
    turn = _hung_up(context) if name == "hung_up" else context.state.handle_command(context, name)
    if turn is None and name in _COMMON:
        turn = _COMMON[name](context)
    return turn or not_understood(context)


def switch_language(context: TurnContext, language: str) -> Turn:
    """Switch to another language, and say so."""
    set_language(context, language)
    return context.ask("language.done")


def show_numbers(context: TurnContext, words: str) -> None:
    """If a conversation begins with the word "help", say whom to call before anything else: the word may be a cry."""
    if not context.session.revision and not context.session.submitted:
        context.note_dangers((Danger(DangerKind.LIFE, (), "help"),), words)


def choose_language(context: TurnContext, language: str) -> Turn:
    """Choose a language that is named in a sentence, as the answer to the language question or else as a wish."""
    chosen = context.state.handle_event(context, language, Tap(language)) if context.state is LANGUAGE else None
    return chosen or switch_language(context, language)


def _restart(context: TurnContext) -> Turn:
    if context.state is LANGUAGE and not context.session.language:
        return context.ask()
    return open_menu(context, "restart") if context.session.has_draft else context.restart()


def _cancel(context: TurnContext) -> Turn:
    """Ask whether to erase the draft. Without a draft, say that there is none and that a sent tip stays sent."""
    return open_menu(context, "cancel") if context.session.has_draft else context.end("cancel.none")


def forget(context: TurnContext) -> Turn:
    """Erase the draft and every way to contact the tipster. Without their consent, ask first."""
    if context.session.submitted or not context.session.has_draft:
        return context.end("forget.none", reach=False)
    if "forget" not in context.consent:
        return open_menu(context, "cancel")
    return context.end("forget.done", erase=True, reach=False)


def _unknown(context: TurnContext) -> Turn | None:
    _, question = context.state.question(context)
    known = "unknown" in {option.code for option in question.options}
    return context.state.handle_event(context, "unknown", Tap("unknown")) if known else None


def _repeat(context: TurnContext) -> Turn:
    context.page_stays = not any(context.said)
    if context.session.said != context.text("not_understood"):
        context.repeat_said()
    return context.ask()


def _remind(context: TurnContext) -> Turn:
    """Record that the tipster may be asked once about a draft that they did not send."""
    if not context.session.reachable or context.session.submitted:
        return not_understood(context, "remind.cannot")
    context.change(may_remind=True)
    return not_understood(context, "remind.done")


def _call(context: TurnContext) -> Turn | None:
    """Show a button for a call above the same question. The draft can be continued in the chat or in the call."""
    if not context.session.calls:
        return None
    context.say("call.how")
    turn = context.ask()
    prompt = turn.prompt and msgspec.structs.replace(turn.prompt, call=context.text("command.call"))
    return msgspec.structs.replace(turn, prompt=prompt)


def _hung_up(context: TurnContext) -> Turn:
    """After a call, ask in the chat the question that it left open, repeating nothing told. No draft: say nothing."""
    session, step = context.session, context.step
    if session.submitted or session.mailbox or not session.has_draft:
        return context.turn(session if session.revision or session.lapsed else None, None)
    if context.state is not DRAFT or step is None or step.type.part not in ASKED_PARTS:
        context.change(state=UNSENT)  # the review would show the draft
    return context.ask()


_COMMON: Final[Mapping[str, Callable[[TurnContext], Turn | None]]] = {
    "help": lambda context: not_understood(context, "help"),
    "language": lambda context: open_menu(context, "language"),
    "repeat": _repeat,
    "restart": _restart,
    "cancel": _cancel,
    "delete": _cancel,
    "forget": forget,
    "status": ask_code,
    "reply": ask_code,
    "edit": lambda context: open_menu(context, "change") if context.session.language else context.ask(),
    "elsewhere": request_handoff,
    "call": _call,
    "remind": _remind,
    "back": lambda context: context.ask(),
    "skip": lambda context: not_understood(context, "skip.cannot"),
    "unknown": _unknown,
    "more": lambda context: context.turn_page(1),
    "less": lambda context: context.turn_page(-1),
}
"""Command → its handler, for states that do not handle it themselves."""
