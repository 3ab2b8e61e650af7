"""Handle words that are no exact command or label: by what the understanding reads in them.

Nothing that can't be undone happens on a reading: that needs a tap, a number or an exact word. What only fills the
draft needs a likely reading, and is said back. A question, a remark or a thanks is answered and stored nowhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from satark.api.channel import Tap, Text
from satark.api.flow import Question
from satark.dialogue.events.commands import handle_command, not_understood
from satark.dialogue.events.unit_names import choose_by_name
from satark.dialogue.flow.required_texts import REQUIRED_TEXTS
from satark.dialogue.session import Turn
from satark.dialogue.states.draft import DRAFT, go_on
from satark.dialogue.states.mailbox import add_to_tip
from satark.dialogue.states.menus import LANGUAGE
from satark.dialogue.states.opening import begin_with_story, fill_in, fill_in_answer
from satark.dialogue.states.unsent import UNSENT
from satark.dialogue.states.unsolicited import accept_unsolicited
from satark.dialogue.turn.asked import asked_of
from satark.dialogue.turn.context import TurnContext
from satark_words.reading import FREE, Asked, Confidence, Kind, Reading

_TO_THE_POLICE: Final = frozenset({"@mailbox", "@answer", "@feedback"})
"""States in which every word goes to the police: nothing of it is read as a remark."""
_FOR_A_CODE: Final = frozenset({"@code", "@elsewhere"})
"""States that wait for a code: words are no code, unless they say that it is lost."""
_ASKS_AGAIN: Final = frozenset({"status", "reply", "help"})
"""Commands that, read in words where a code is asked for, would only ask for it again and again."""
_READ_TYPES: Final = frozenset({"choice", "choices", "confirm", "text", "place", "media", "review"})
"""The types of steps whose answers are read; to the others the understanding listens for dangers alone."""
_TALK: Final = frozenset({Kind.REMARK, Kind.WAIT, Kind.THANKS, Kind.GREETING, Kind.REFUSAL, Kind.QUESTION})
_STORY_WORDS: Final = 5
"""Words from which on a text is kept, unless it is surely talk."""
_PLACE_WORDS: Final = 3
"""Words of the longest text that is hardly more than a name."""


def handle_words(context: TurnContext, event: Text, name: str, question: Question) -> Turn:
    """Handle a text at the question with this id."""
    if not _reads(context):
        context.hear_dangers(event.body)
        return context.state.handle_event(context, "", event) or not_understood(context)
    asked = asked_of(context, name, question)
    reading = context.loaded.reader.read(context.analysis(event.body), asked)
    context.note_dangers(danger.kind for danger in reading.dangers)
    asks_again = reading.kind is Kind.COMMAND and reading.command in _ASKS_AGAIN
    if context.session.state in _FOR_A_CODE and (asks_again or reading.kind not in {Kind.COMMAND, Kind.REMARK}):
        return context.state.handle_event(context, "", event) or not_understood(context)
    if turn := choose_by_name(context, event, question, reading):
        return turn
    words = _Words(context, event, asked, reading)
    if asked.asks == "place" and not reading.dangers and _names_a_place(context, event.body):
        return words.content()
    if asked.asks in FREE and _may_be_a_story(reading, event.body):
        return words.content()
    return _HANDLERS[reading.kind](words)


def _may_be_a_story(reading: Reading, body: str) -> bool:
    """Whether a longer text is talk by a mere guess: where words are asked for it is kept; a lost story is worse."""
    is_talk = reading.kind in _TALK and reading.confidence is Confidence.GUESS and not reading.asks
    return is_talk and len(body.split()) >= _STORY_WORDS


def _names_a_place(context: TurnContext, body: str) -> bool:
    """Whether a text is hardly more than a name of the geography, which no other reading may outweigh."""
    is_short = len(body.split()) <= _PLACE_WORDS
    return is_short and bool(context.loaded.geography.resolve(context.names(body)).district)


def _reads(context: TurnContext) -> bool:
    step = context.step
    if context.session.state in _TO_THE_POLICE or context.session.state == UNSENT:
        return False
    if context.state is not DRAFT:
        return True
    return step is not None and step.type.name in _READ_TYPES and f"@{step.id}" not in context.session.answers


class _Words:
    """A text, and how it is read."""

    __slots__ = ("asked", "context", "event", "reading")

    def __init__(self, context: TurnContext, event: Text, asked: Asked, reading: Reading) -> None:
        self.context = context
        self.event = event
        self.asked = asked
        self.reading = reading

    # ------------------------------------------------------------- what fills the draft

    def option(self) -> Turn:
        """Choose the option, and keep what the text tells beyond it."""
        context, reading = self.context, self.reading
        if reading.confidence < Confidence.CERTAIN:
            context.say("understood", label=self._label(reading.option))
        if reading.story:
            self._keep_story()
        tap = Tap(reading.option)
        return context.state.handle_event(context, reading.option, tap) or not_understood(context)

    def content(self) -> Turn:
        """Take the words as the answer, or as a story that was not asked for."""
        context, reading = self.context, self.reading
        if context.state is LANGUAGE and not context.session.submitted and context.session.mailbox is None:
            begin_with_story(context, self.event, reading.opening)
            return go_on(context)
        if context.state is DRAFT and self.asked.opening:
            fill_in_answer(context, reading.opening)
            if _names_a_place(context, self.event.body):
                return context.ask()
        elif context.state is DRAFT and self.asked.asks == "choice":
            self._keep_story()
            return go_on(context, stay=True)
        return context.state.handle_event(context, "", self.event) or not_understood(context)

    def danger(self) -> Turn:
        """The numbers are said already; the words belong to the tip."""
        if self.reading.option:
            return self.option()
        if self.context.session.state == "@reach":
            return add_to_tip(self.context, self.event)
        if self.reading.story or self.asked.asks in {"text", "place"}:
            return self.content()
        return self.context.ask()

    def _keep_story(self) -> None:
        accept_unsolicited(self.context, self.event)
        fill_in(self.context, self.reading.opening, but=self.asked.name if self.reading.option else "")

    # ------------------------------------------------------------- what is only answered

    def command(self) -> Turn:
        """Carry a command out; after the receipt, where most commands mean "no, forget me", only a certain one."""
        if self.context.session.state == "@reach" and self.reading.confidence < Confidence.CERTAIN:
            return not_understood(self.context)
        return handle_command(self.context, "skip" if self.reading.command == "unknown" else self.reading.command)

    def question(self) -> Turn:
        """Answer a question about the service; for the status, ask for the code."""
        if self.reading.topic == "status":
            return handle_command(self.context, "status")
        return self.reply()

    def remark(self) -> Turn:
        """Answer a remark; "no photo" leaves the question for files."""
        if self.reading.topic == "no_evidence" and self.asked.asks == "media":
            return handle_command(self.context, "skip")
        if self.reading.topic == "code" and self.context.session.state == "@code":
            self.context.leave_menu()
        return self.reply()

    def refusal(self) -> Turn:
        """Skip what may be skipped; say of anything else that it is needed, and how to leave."""
        if "skip" in self.asked.actions or self.asked.asks == "media":
            return handle_command(self.context, "skip")
        return self.reply()

    def greeting(self) -> Turn:
        """Put the question."""
        return self.context.ask()

    def unclear(self) -> Turn:
        """Ask again; what was probably meant is named, never done."""
        context = self.context
        if context.state is LANGUAGE and not context.session.revision:
            return context.ask()
        label = self._label(self.reading.suggested)
        if not label:
            turn = None if context.state is DRAFT else context.state.handle_event(context, "", self.event)
            return turn or not_understood(context)
        context.say("suggested", label=label)
        return context.ask()

    def reply(self) -> Turn:
        """Answer shortly, and put the question again."""
        kind = f"reply.{self.reading.kind}"
        key = f"{kind}.{self.reading.topic}"
        return not_understood(self.context, key if key in REQUIRED_TEXTS else kind)

    def _label(self, code: str) -> str:
        if code.startswith("@"):
            return self.context.text(f"command.{code[1:]}")
        return next((option.label.removeprefix("✓ ") for option in self.asked.options if option.id == code), "")


_HANDLERS: Final[Mapping[Kind, Callable[[_Words], Turn]]] = {
    Kind.OPTION: _Words.option,
    Kind.COMMAND: _Words.command,
    Kind.DANGER: _Words.danger,
    Kind.QUESTION: _Words.question,
    Kind.THANKS: _Words.reply,
    Kind.GREETING: _Words.greeting,
    Kind.WAIT: _Words.reply,
    Kind.REMARK: _Words.remark,
    Kind.REFUSAL: _Words.refusal,
    Kind.CONTENT: _Words.content,
    Kind.UNCLEAR: _Words.unclear,
}
