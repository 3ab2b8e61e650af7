"""Handle a typed text: a code, a command, the name of an option or a language; `words` reads all other texts."""

from __future__ import annotations

from typing import Final

import msgspec

from satark.api.channel import Text
from satark.api.flow import Question
from satark.api.tip import RECEIPT_DIGITS
from satark.dialogue.events.commands import handle_command, not_understood, switch_language
from satark.dialogue.events.words import handle_words
from satark.dialogue.flow.commands import GLOBAL_COMMANDS, MAX_COMMAND_LENGTH
from satark.dialogue.session import Turn
from satark.dialogue.states.handoff import find_handoff_code, redeem_code
from satark.dialogue.states.mailbox import MAX_WRONG_CODES, ask_code
from satark.dialogue.turn.asked import acts, asked_of, is_question
from satark.dialogue.turn.context import TurnContext
from satark_words.codes import find_code, without_codes
from satark_words.reading import IRREVERSIBLE, Confidence, Kind, Reading
from satark_words.tokens import fold

_EXPECT_RECEIPT_CODE: Final = frozenset({"@code", "@mailbox", "@answer", "@feedback"})
_EXPECT_HANDOFF_CODE: Final = frozenset({"@code", "@elsewhere"})


def handle_text(context: TurnContext, event: Text) -> Turn:
    """Handle a typed text."""
    name, question = context.state.question(context)
    folded = fold(event.body) if len(event.body) <= MAX_COMMAND_LENGTH else ""
    if _gives_receipt_code(context, event.body, question):
        return open_mailbox(context)
    if _gives_handoff_code(context, event.body):
        return redeem_code(context)
    code = named_option(context, name, question, folded)
    command = context.loaded.commands.command(folded)
    if _asks_about_acting(context, name, event.body, code, command):
        return handle_words(context, event, name, question)
    if not code and folded and (turn := _handle_word(context, question, folded)):
        return turn
    if code:
        return context.state.handle_event(context, code, event) or not_understood(context)
    return handle_words(context, event, name, question)


def read_text(context: TurnContext, name: str, question: Question, body: str) -> Reading:
    """Read a text at the question with this id, as `handle_text` understands it; codes aside. Changes nothing."""
    reading = context.loaded.reader.read(body, asked_of(context, name, question))
    folded = fold(body) if len(body) <= MAX_COMMAND_LENGTH else ""
    code, command = named_option(context, name, question, folded), context.loaded.commands.command(folded)
    if _asks_about_acting(context, name, body, code, command):
        return reading
    if code:
        return msgspec.structs.replace(reading, kind=Kind.OPTION, confidence=Confidence.CERTAIN, option=code)
    if command and _obeys(question, command):
        return msgspec.structs.replace(reading, kind=Kind.COMMAND, confidence=Confidence.CERTAIN, command=command)
    return reading


def named_option(context: TurnContext, name: str, question: Question, folded: str) -> str:
    """Return the option that a text names; yes, no and don't know have the commands' spellings too."""
    if not folded or not question.options:
        return ""
    code = context.loaded.option_lookup(context.session, name, question).exact(folded)
    word = context.loaded.commands.command(folded)
    return code or (word if word in {option.code for option in question.options} else "")


def _asks_about_acting(context: TurnContext, name: str, body: str, code: str, command: str) -> bool:
    """Whether a text only asks about what can't be undone: "send?" is no answer, and "forget?" no command."""
    return is_question(body) and (acts(context, name, code) or command in IRREVERSIBLE)


def _handle_word(context: TurnContext, question: Question, folded: str) -> Turn | None:
    """Handle a command, or the name of a language."""
    name = context.loaded.commands.command(folded)
    if name and _obeys(question, name):
        if name == "repeat":
            context.change(page=0)  # who writes the word wants to read the question, not its current page
        return handle_command(context, "skip" if name == "unknown" else name)
    language = context.loaded.commands.language(folded)
    if language in context.loaded.flow.languages and context.session.language:
        return switch_language(context, language)
    return None


def _obeys(question: Question, name: str) -> bool:
    """Whether a command is carried out at a question."""
    return name in GLOBAL_COMMANDS or _expects(question, name)


def _expects(question: Question, name: str) -> bool:
    """Whether a question reads a word as a command that elsewhere is a word like any other."""
    if name == "unknown":
        return "skip" in question.actions
    if name == "done":
        return "done" in question.actions or question.wants == "media"
    return bool(question.options) if name in {"more", "less"} else name in question.actions


def _gives_receipt_code(context: TurnContext, body: str, question: Question) -> bool:
    """Whether a text is there for its receipt code: where one is expected, after "status", or alone."""
    if find_code(body, RECEIPT_DIGITS) is None:
        return False
    if context.session.state in _EXPECT_RECEIPT_CODE:
        return True
    rest = fold(without_codes(body)[:MAX_COMMAND_LENGTH])
    return (not rest and not question.free) or context.loaded.commands.names_status(rest)


def _gives_handoff_code(context: TurnContext, body: str) -> bool:
    """Whether a text is there for its handoff code: where one is expected, or after the word for it."""
    if find_handoff_code(body) is None:
        return False
    expected = context.session.state in _EXPECT_HANDOFF_CODE
    return expected or context.loaded.commands.command(fold(without_codes(body))) == "elsewhere"


def open_mailbox(context: TurnContext) -> Turn:
    """Have the mailbox opened whose code the event gives, unless too many wrong ones were tried."""
    if context.session.wrong_codes >= MAX_WRONG_CODES:
        return ask_code(context)
    context.change(state="@code")
    return context.turn(context.session, None, open_mailbox=True)
