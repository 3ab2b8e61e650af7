"""Hearing an event: what kind it is, whether it is a command, a chosen option, or an answer for the room."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from satark.channel import CompleteTip, Edited, Event, FormPage, Media, Pin, Revoked, Tap, Text, Unsupported
from satark.choice_tokens import ANY_QUESTION as FROM_ANYWHERE
from satark.choice_tokens import NEXT_PAGE, PREVIOUS_PAGE, Token, parse_token
from satark.codes import find_handoff_code, find_receipt_code, without_codes
from satark.dialogue.events.complete_tip import submit_complete_tip
from satark.dialogue.events.form_pages import handle_form_page
from satark.dialogue.flow.commands import GLOBAL_COMMANDS, MAX_COMMAND_LENGTH
from satark.dialogue.flow.required_texts import REQUIRED_TEXTS
from satark.dialogue.session import GivenAnswer, Turn
from satark.dialogue.states.draft import DRAFT, go_on
from satark.dialogue.states.handoff import HandoffCodeState, arrive, go_elsewhere
from satark.dialogue.states.mailbox import (
    MAX_WRONG_CODES,
    FeedbackState,
    MailboxState,
    ReceiptCodeState,
    ReplyState,
    ask_code,
)
from satark.dialogue.states.menus import (
    LANGUAGE,
    CancelMenu,
    ChangeMenu,
    ContactMenu,
    DetailsMenu,
    OriginMenu,
    RestartMenu,
    confirm,
    speak,
)
from satark.dialogue.states.unsolicited import join_texts
from satark.dialogue.steps.contract import AcceptedAnswer, Question
from satark.dialogue.turn.context import DialogueState, TurnContext
from satark.dialogue.turn.loaded_flow import has_draft
from satark.folding import fold

STATES: Final[Mapping[str, DialogueState]] = {
    "": DRAFT,
    "@language": LANGUAGE,
    "@cancel": CancelMenu(),
    "@restart": RestartMenu(),
    "@origin": OriginMenu(),
    "@details": DetailsMenu(),
    "@change": ChangeMenu(),
    "@reach": ContactMenu(),
    "@code": ReceiptCodeState(),
    "@mailbox": MailboxState(),
    "@answer": ReplyState(),
    "@feedback": FeedbackState(),
    "@elsewhere": HandoffCodeState(),
}
"""Mode of a session → the room it is in."""

_CODE_ROOMS: Final = frozenset({"@code", "@mailbox", "@answer", "@feedback"})
_PASSAGE_ROOMS: Final = frozenset({"@code", "@elsewhere"})


def handle_event(talk: TurnContext, event: Event) -> Turn:
    """Take one event. Every event is answered; nothing that anybody can send raises."""
    if isinstance(event, Text):
        return _text(talk, event)
    if isinstance(event, CompleteTip):
        return submit_complete_tip(talk, event) or handle_event(talk, event.typed or event.told)
    if isinstance(event, FormPage):
        return handle_form_page(talk, event)
    if isinstance(event, Tap):
        return _tap(talk, event)
    if isinstance(event, Media | Pin):
        return _sent(talk, event)
    if isinstance(event, Edited):
        return _edited(talk, event)
    if isinstance(event, Revoked):
        return _revoked(talk, event)
    what = f"unsupported.{event.what}" if isinstance(event, Unsupported) else ""
    return _lost(talk, what if what in REQUIRED_TEXTS else "unsupported")


def _sent(talk: TurnContext, event: Media | Pin) -> Turn:
    if isinstance(event, Media) and talk.full:
        talk.refuse_file()
        return talk.ask()
    return talk.room.hear(talk, "", event) or _lost(talk, "not_understood")


def _lost(talk: TurnContext, key: str) -> Turn:
    talk.say(key)
    return talk.ask()


# ----------------------------------------------------------------- typed words


def _text(talk: TurnContext, event: Text) -> Turn:
    room = talk.room
    name, asked = room.question(talk)
    folded = fold(event.body) if len(event.body) <= MAX_COMMAND_LENGTH else ""
    if _gives_code(talk, event.body, asked):
        return _open(talk)
    if _gives_handoff_code(talk, event.body):
        return arrive(talk)
    code = _option(talk, name, asked, folded)
    if not code and folded and (turn := _word(talk, room, asked, folded)):
        return turn
    if not code and asked.offers:
        code = talk.script.lookup(talk.session, name, asked).within(folded)
    return room.hear(talk, code, event) or _lost(talk, "not_understood")


def _option(talk: TurnContext, name: str, asked: Question, folded: str) -> str:
    """The option that a text names; yes, no and don't know go by the commands' spellings too."""
    if not folded or not asked.offers:
        return ""
    code = talk.script.lookup(talk.session, name, asked).exact(folded)
    word = talk.script.words.command(folded)
    return code or (word if word in {offer.code for offer in asked.offers} else "")


def _word(talk: TurnContext, room: DialogueState, asked: Question, folded: str) -> Turn | None:
    """A command or the name of a language."""
    name = talk.script.words.command(folded)
    if name and (name in GLOBAL_COMMANDS or _takes(asked, name)):
        if name == "repeat":
            talk.change(page=0)  # who writes the word wants to read the question, not the page that stands there
        return command(talk, room, "skip" if name == "unknown" else name)
    language = talk.script.words.language(folded)
    if language in talk.script.flow.languages and talk.session.language:
        return _switch(talk, language)
    return None


def _takes(asked: Question, name: str) -> bool:
    """Whether a question takes a word that elsewhere is a word like any other."""
    if name == "unknown":
        return "skip" in asked.actions
    if name == "done":
        return "done" in asked.actions or asked.wants == "media"
    return bool(asked.offers) if name in {"more", "less"} else name in asked.actions


def _gives_code(talk: TurnContext, body: str, asked: Question) -> bool:
    """Whether a text is there for its receipt code: where one is awaited, after "status", or standing alone."""
    if find_receipt_code(body) is None:
        return False
    if talk.session.mode in _CODE_ROOMS:
        return True
    rest = fold(without_codes(body)[:MAX_COMMAND_LENGTH])
    return (not rest and not asked.free) or talk.script.words.names_status(rest)


def _gives_handoff_code(talk: TurnContext, body: str) -> bool:
    """Whether a text is there for the code in it that brings a draft: where one is awaited, or after its word."""
    if find_handoff_code(body) is None:
        return False
    return talk.session.mode in _PASSAGE_ROOMS or talk.script.words.goes_elsewhere(fold(without_codes(body)))


def _open(talk: TurnContext) -> Turn:
    if talk.session.wrong_codes >= MAX_WRONG_CODES:
        return ask_code(talk)
    talk.change(mode="@code")
    return talk.turn(talk.session, None, open_mailbox=True)


# ----------------------------------------------------------------- commands


def command(talk: TurnContext, room: DialogueState, name: str) -> Turn:
    """Carry a command out: the room's way, or the common one."""
    turn = room.command(talk, name)
    if turn is None and name in _COMMANDS:
        turn = _COMMANDS[name](talk)
    return turn or _lost(talk, "not_understood")


def _help(talk: TurnContext) -> Turn:
    talk.say("help")
    return talk.ask()


def _language(talk: TurnContext) -> Turn:
    talk.change(mode="@language")
    return talk.ask()


def _switch(talk: TurnContext, language: str) -> Turn:
    speak(talk, language)
    talk.say("language.done")
    return talk.ask()


def _restart(talk: TurnContext) -> Turn:
    if talk.room is LANGUAGE and not talk.session.language:
        return talk.ask()
    return confirm(talk, "restart") if has_draft(talk.session) else talk.afresh(erase=True)


def _cancel(talk: TurnContext) -> Turn:
    return confirm(talk, "cancel") if has_draft(talk.session) else talk.end("cancel.done", erase=True)


def _edit(talk: TurnContext) -> Turn:
    talk.change(mode="@change")
    return talk.ask()


def _repeat(talk: TurnContext) -> Turn:
    if talk.session.said != talk.script.said(talk.session, "not_understood"):
        talk.say_again()
    return talk.ask()


_COMMANDS: Final[Mapping[str, Callable[[TurnContext], Turn]]] = {
    "help": _help,
    "language": _language,
    "repeat": _repeat,
    "restart": _restart,
    "cancel": _cancel,
    "delete": _cancel,
    "forget": lambda talk: talk.end("forget.done", erase=not talk.session.submitted, reach=False),
    "status": ask_code,
    "reply": ask_code,
    "edit": _edit,
    "elsewhere": go_elsewhere,
    "back": lambda talk: talk.ask(),
    "skip": lambda talk: _lost(talk, "skip.cannot"),
    "more": lambda talk: _page(talk, 1),
    "less": lambda talk: _page(talk, -1),
}


def _page(talk: TurnContext, step: int) -> Turn:
    talk.change(page=talk.session.page + step)
    return talk.ask()


# ----------------------------------------------------------------- taps

_LEAVES: Final[Mapping[str, int]] = {NEXT_PAGE: 1, PREVIOUS_PAGE: -1}


def _tap(talk: TurnContext, tap: Tap) -> Turn:
    token = parse_token(tap.token)
    if token is None:
        return _text(talk, Text(tap.title)) if tap.title.strip() else talk.ask()
    if tap.token in _LEAVES:
        talk.say_again()
        return _page(talk, _LEAVES[tap.token])
    room = talk.room
    if token.question == FROM_ANYWHERE:
        return command(talk, room, token.option.removeprefix("@"))
    name, asked = room.question(talk)
    if token.question != name or not _is_current(talk, token):
        return _stale(talk, token)
    if token.option.startswith("@"):
        return command(talk, room, token.option[1:])
    if token.option not in {offer.code for offer in asked.offers}:
        return talk.ask()
    return room.hear(talk, token.option, Tap(token.option, tap.title)) or talk.ask()


def _is_current(talk: TurnContext, token: Token) -> bool:
    """Handing in takes the button below the newest summary; any other button of the question in force is as good."""
    step = talk.step
    sends = step is not None and step.type.part == "review" and token.question == step.id
    return not sends or token.option != "send" or token.revision == talk.session.revision


def _stale(talk: TurnContext, token: Token) -> Turn:
    """A button of an earlier question changes that answer, if there is one; else the question is put again."""
    if token.question == "@language" and token.option in talk.script.flow.languages and talk.session.language:
        return _switch(talk, token.option)
    step = talk.script.flow.by_id.get(token.question)
    old = talk.session.answers.get(token.question)
    if step is None or old is None or talk.room is not DRAFT or step not in talk.walk.path:
        return talk.ask()
    view = talk.view(step)
    if step.type.part != "ask" or token.option not in {offer.code for offer in step.type.ask(step, view).offers}:
        return talk.ask()
    result = step.type.accept(step, Tap(token.option), view)
    if not isinstance(result, AcceptedAnswer) or result.more or result.value == old.value:
        return talk.ask()
    talk.say("changed", name=view.catalogue.text(f"{step.id}.name"), value=step.type.show(step, result.value, view))
    talk.answer(step.id, GivenAnswer(result.value, talk.source))
    return go_on(talk, stay=True)


# ----------------------------------------------------------------- second thoughts


def _edited(talk: TurnContext, event: Edited) -> Turn:
    """A rewritten message replaces the answer that it gave."""
    if talk.session.submitted or talk.session.mailbox is not None:
        return _lost(talk, "edit.late")
    name = _answered_by(talk, event.original)
    step = talk.script.flow.by_id.get(name)
    if step is None:
        return _lost(talk, "edit.unclear")
    result = step.type.accept(step, _as_typed(talk, name, event.body), talk.view(step))
    if not isinstance(result, AcceptedAnswer) or result.more:
        return _lost(talk, "edit.unclear")
    old = talk.session.answers[name]
    talk.answer(name, msgspec.structs.replace(old, value=_rewritten(old, result.value)))
    talk.say("edit.done")
    return go_on(talk, stay=True)


def _rewritten(old: GivenAnswer, value: Any) -> Any:
    """What an answer is once a message of it was rewritten: what it has of other messages, and of a voice, stays."""
    if isinstance(old.value, Mapping) and isinstance(value, str):
        return {**old.value, "text": join_texts(old.value.get("text"), value) if old.joined else value}
    return join_texts(old.value, value) if old.joined and isinstance(value, str) else value


def _as_typed(talk: TurnContext, name: str, body: str) -> Event:
    step = talk.script.flow.by_id[name]
    asked = step.type.ask(step, talk.view(step))
    code = _option(talk, name, asked, fold(body) if len(body) <= MAX_COMMAND_LENGTH else "")
    return Tap(code) if code else Text(body)


def _revoked(talk: TurnContext, event: Revoked) -> Turn:
    """A message taken back takes its answer and its file back."""
    if talk.session.submitted or talk.session.mailbox is not None:
        return _lost(talk, "revoke.late")
    name = _answered_by(talk, event.original)
    files = {file.ordinal for file in talk.session.files if file.source == event.original}
    if name:
        talk.answer(name, None)
    talk.drop(files)
    if name or files:
        talk.say("revoke.done")
    return go_on(talk, stay=True)


def _answered_by(talk: TurnContext, source: str) -> str:
    answers = talk.session.answers
    return next((name for name, answer in answers.items() if answer.source == source and source), "")
