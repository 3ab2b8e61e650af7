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


def handle_event(context: TurnContext, event: Event) -> Turn:
    """Take one event. Every event is answered; nothing that anybody can send raises."""
    if isinstance(event, Text):
        return _text(context, event)
    if isinstance(event, CompleteTip):
        return submit_complete_tip(context, event) or handle_event(context, event.typed or event.told)
    if isinstance(event, FormPage):
        return handle_form_page(context, event)
    if isinstance(event, Tap):
        return _tap(context, event)
    if isinstance(event, Media | Pin):
        return _sent(context, event)
    if isinstance(event, Edited):
        return _edited(context, event)
    if isinstance(event, Revoked):
        return _revoked(context, event)
    what = f"unsupported.{event.what}" if isinstance(event, Unsupported) else ""
    return _lost(context, what if what in REQUIRED_TEXTS else "unsupported")


def _sent(context: TurnContext, event: Media | Pin) -> Turn:
    if isinstance(event, Media) and context.files_full:
        context.refuse_file()
        return context.ask()
    return context.state.handle_event(context, "", event) or _lost(context, "not_understood")


def _lost(context: TurnContext, key: str) -> Turn:
    context.say(key)
    return context.ask()


# ----------------------------------------------------------------- typed words


def _text(context: TurnContext, event: Text) -> Turn:
    state = context.state
    name, question = state.question(context)
    folded = fold(event.body) if len(event.body) <= MAX_COMMAND_LENGTH else ""
    if _gives_code(context, event.body, question):
        return _open(context)
    if _gives_handoff_code(context, event.body):
        return arrive(context)
    code = _option(context, name, question, folded)
    if not code and folded and (turn := _word(context, state, question, folded)):
        return turn
    if not code and question.options:
        code = context.loaded.option_lookup(context.session, name, question).within(folded)
    return state.handle_event(context, code, event) or _lost(context, "not_understood")


def _option(context: TurnContext, name: str, question: Question, folded: str) -> str:
    """The option that a text names; yes, no and don't know go by the commands' spellings too."""
    if not folded or not question.options:
        return ""
    code = context.loaded.option_lookup(context.session, name, question).exact(folded)
    word = context.loaded.commands.command(folded)
    return code or (word if word in {option.code for option in question.options} else "")


def _word(context: TurnContext, state: DialogueState, question: Question, folded: str) -> Turn | None:
    """A command or the name of a language."""
    name = context.loaded.commands.command(folded)
    if name and (name in GLOBAL_COMMANDS or _takes(question, name)):
        if name == "repeat":
            context.change(page=0)  # who writes the word wants to read the question, not the page that stands there
        return command(context, state, "skip" if name == "unknown" else name)
    language = context.loaded.commands.language(folded)
    if language in context.loaded.flow.languages and context.session.language:
        return _switch(context, language)
    return None


def _takes(question: Question, name: str) -> bool:
    """Whether a question takes a word that elsewhere is a word like any other."""
    if name == "unknown":
        return "skip" in question.actions
    if name == "done":
        return "done" in question.actions or question.wants == "media"
    return bool(question.options) if name in {"more", "less"} else name in question.actions


def _gives_code(context: TurnContext, body: str, question: Question) -> bool:
    """Whether a text is there for its receipt code: where one is awaited, after "status", or standing alone."""
    if find_receipt_code(body) is None:
        return False
    if context.session.state in _CODE_ROOMS:
        return True
    rest = fold(without_codes(body)[:MAX_COMMAND_LENGTH])
    return (not rest and not question.free) or context.loaded.commands.names_status(rest)


def _gives_handoff_code(context: TurnContext, body: str) -> bool:
    """Whether a text is there for the code in it that brings a draft: where one is awaited, or after its word."""
    if find_handoff_code(body) is None:
        return False
    return context.session.state in _PASSAGE_ROOMS or context.loaded.commands.goes_elsewhere(fold(without_codes(body)))


def _open(context: TurnContext) -> Turn:
    if context.session.wrong_codes >= MAX_WRONG_CODES:
        return ask_code(context)
    context.change(state="@code")
    return context.turn(context.session, None, open_mailbox=True)


# ----------------------------------------------------------------- commands


def command(context: TurnContext, state: DialogueState, name: str) -> Turn:
    """Carry a command out: the room's way, or the common one."""
    turn = state.handle_command(context, name)
    if turn is None and name in _COMMANDS:
        turn = _COMMANDS[name](context)
    return turn or _lost(context, "not_understood")


def _help(context: TurnContext) -> Turn:
    context.say("help")
    return context.ask()


def _language(context: TurnContext) -> Turn:
    context.change(state="@language")
    return context.ask()


def _switch(context: TurnContext, language: str) -> Turn:
    speak(context, language)
    context.say("language.done")
    return context.ask()


def _restart(context: TurnContext) -> Turn:
    if context.state is LANGUAGE and not context.session.language:
        return context.ask()
    return confirm(context, "restart") if context.session.has_draft else context.restart(erase=True)


def _cancel(context: TurnContext) -> Turn:
    return confirm(context, "cancel") if context.session.has_draft else context.end("cancel.done", erase=True)


def _edit(context: TurnContext) -> Turn:
    context.change(state="@change")
    return context.ask()


def _repeat(context: TurnContext) -> Turn:
    if context.session.said != context.text("not_understood"):
        context.repeat_said()
    return context.ask()


_COMMANDS: Final[Mapping[str, Callable[[TurnContext], Turn]]] = {
    "help": _help,
    "language": _language,
    "repeat": _repeat,
    "restart": _restart,
    "cancel": _cancel,
    "delete": _cancel,
    "forget": lambda context: context.end("forget.done", erase=not context.session.submitted, reach=False),
    "status": ask_code,
    "reply": ask_code,
    "edit": _edit,
    "elsewhere": go_elsewhere,
    "back": lambda context: context.ask(),
    "skip": lambda context: _lost(context, "skip.cannot"),
    "more": lambda context: _page(context, 1),
    "less": lambda context: _page(context, -1),
}


def _page(context: TurnContext, step: int) -> Turn:
    context.change(page=context.session.page + step)
    return context.ask()


# ----------------------------------------------------------------- taps

_LEAVES: Final[Mapping[str, int]] = {NEXT_PAGE: 1, PREVIOUS_PAGE: -1}


def _tap(context: TurnContext, tap: Tap) -> Turn:
    token = parse_token(tap.token)
    if token is None:
        return _text(context, Text(tap.title)) if tap.title.strip() else context.ask()
    if tap.token in _LEAVES:
        context.repeat_said()
        return _page(context, _LEAVES[tap.token])
    state = context.state
    if token.question == FROM_ANYWHERE:
        return command(context, state, token.option.removeprefix("@"))
    name, question = state.question(context)
    if token.question != name or not _is_current(context, token):
        return _stale(context, token)
    if token.option.startswith("@"):
        return command(context, state, token.option[1:])
    if token.option not in {option.code for option in question.options}:
        return context.ask()
    return state.handle_event(context, token.option, Tap(token.option, tap.title)) or context.ask()


def _is_current(context: TurnContext, token: Token) -> bool:
    """Handing in takes the button below the newest summary; any other button of the question in force is as good."""
    step = context.step
    sends = step is not None and step.type.part == "review" and token.question == step.id
    return not sends or token.option != "send" or token.revision == context.session.revision


def _stale(context: TurnContext, token: Token) -> Turn:
    """A button of an earlier question changes that answer, if there is one; else the question is put again."""
    if token.question == "@language" and token.option in context.loaded.flow.languages and context.session.language:
        return _switch(context, token.option)
    step = context.loaded.flow.by_id.get(token.question)
    old = context.session.answers.get(token.question)
    if step is None or old is None or context.state is not DRAFT or step not in context.progress.path:
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


# ----------------------------------------------------------------- second thoughts


def _edited(context: TurnContext, event: Edited) -> Turn:
    """A rewritten message replaces the answer that it gave."""
    if context.session.submitted or context.session.mailbox is not None:
        return _lost(context, "edit.late")
    name = _answered_by(context, event.original)
    step = context.loaded.flow.by_id.get(name)
    if step is None:
        return _lost(context, "edit.unclear")
    result = step.type.accept(step, _as_typed(context, name, event.body), context.view(step))
    if not isinstance(result, AcceptedAnswer) or result.more:
        return _lost(context, "edit.unclear")
    old = context.session.answers[name]
    context.set_answer(name, msgspec.structs.replace(old, value=_rewritten(old, result.value)))
    context.say("edit.done")
    return go_on(context, stay=True)


def _rewritten(old: GivenAnswer, value: Any) -> Any:
    """What an answer is once a message of it was rewritten: what it has of other messages, and of a voice, stays."""
    if isinstance(old.value, Mapping) and isinstance(value, str):
        return {**old.value, "text": join_texts(old.value.get("text"), value) if old.joined else value}
    return join_texts(old.value, value) if old.joined and isinstance(value, str) else value


def _as_typed(context: TurnContext, name: str, body: str) -> Event:
    step = context.loaded.flow.by_id[name]
    question = step.type.ask(step, context.view(step))
    code = _option(context, name, question, fold(body) if len(body) <= MAX_COMMAND_LENGTH else "")
    return Tap(code) if code else Text(body)


def _revoked(context: TurnContext, event: Revoked) -> Turn:
    """A message taken back takes its answer and its file back."""
    if context.session.submitted or context.session.mailbox is not None:
        return _lost(context, "revoke.late")
    name = _answered_by(context, event.original)
    files = {file.ordinal for file in context.session.files if file.source == event.original}
    if name:
        context.set_answer(name, None)
    context.drop_files(files)
    if name or files:
        context.say("revoke.done")
    return go_on(context, stay=True)


def _answered_by(context: TurnContext, source: str) -> str:
    answers = context.session.answers
    return next((name for name, answer in answers.items() if answer.source == source and source), "")
