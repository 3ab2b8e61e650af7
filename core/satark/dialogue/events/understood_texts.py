"""Handles texts that are not an exact command or label, according to their reading.

A reading never triggers an irreversible action, which needs a tap, a number or an exact word. A likely reading may fill
the draft, and the tipster is told. A question, a remark or thanks is answered and not stored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from satark.api.flow import Question
from satark.api.inbound import Text
from satark.dialogue.events.asked_questions import asked_of
from satark.dialogue.events.commands import choose_language, handle_command, show_numbers
from satark.dialogue.events.named_places import LONG, choose_by_name, correct_place, is_other_place, names_a_place
from satark.dialogue.events.not_understood import choose_likely, not_understood
from satark.dialogue.events.suggestions import ask_to_keep, suggest
from satark.dialogue.events.taking_back import (
    after_sending,
    ask_to_erase_files,
    forbids_sending,
    forgoes_all,
    is_about_files,
    of_sending,
    spare,
    take_out,
)
from satark.dialogue.events.telling import FIRST_WORDS, LEFT_OVER, TALK, Telling, keep_time
from satark.dialogue.flow.consent_words import ACTS
from satark.dialogue.flow.required_texts import REQUIRED_TEXTS
from satark.dialogue.session import Turn
from satark.dialogue.states.draft import DRAFT, go_on
from satark.dialogue.states.mailbox import add_to_tip, hold_back
from satark.dialogue.states.menus import LANGUAGE
from satark.dialogue.states.stories import (
    add_story,
    begin_with_story,
    correct_category,
    fill_in_answer,
    hear_of_police,
    is_story,
    keep_beginning,
    keep_cry,
    may_cry,
    opening_in,
)
from satark.dialogue.turn.accusations import wishes_readers
from satark.dialogue.turn.consent import UNSENT, is_unsent, may_carry_out
from satark.dialogue.turn.context import TurnContext
from satark.dialogue.turn.recipient_wishes import RecipientWishes
from satark_words.reading import FREE, STORY, Asked, Confidence, Danger, DangerKind, Kind
from satark_words.tokens import fold

_TO_THE_POLICE: Final = frozenset({"@mailbox", "@answer", "@feedback"})
"""States in which every word goes to the police. Nothing is read as a remark in them."""
_FOR_A_CODE: Final = frozenset({"@code", "@elsewhere"})
"""States that wait for a code. Only words that say that the code is lost are read there."""
_ASKS_AGAIN: Final = frozenset({"status", "reply", "help"})
"""Commands that would only ask for the code again in a state that waits for a code."""
_READ_TYPES: Final = frozenset({"choice", "choices", "confirm", "text", "place", "media", "review"})
"""Types of steps whose answers are read. Texts at other steps are read only for dangers."""
_KEPT: Final = frozenset({Kind.CONTENT, Kind.DANGER})
_KEEPS: Final = _KEPT | {Kind.OPTION}
"""Kinds of texts whose handlers keep the words."""
_AFTER_SENDING: Final = {
    "reply.remark.mistake": "revoke.late",
    "reply.remark.afraid": "reply.remark",
    "reply.remark.rude": "reply.remark",
    "reply.refusal": "reply.remark",
    "reply.wait": "cancel.sent",
}
"""Reply that is true only before the tip is sent → the reply to give after that."""


def handle_words(context: TurnContext, event: Text, name: str, question: Question) -> Turn:
    """Handle a text at the question with this id."""
    if context.session.state == UNSENT:  # whatever is said about an unsent draft is said about the review
        context.leave_menu()
        context.say("unsent.again")
        name, question = context.state.question(context)
    if not _reads(context):
        context.hear_dangers(event.body)
        turn = hold_back(context) or _ask_to_post(context, event)
        return turn or context.state.handle_event(context, "", event) or not_understood(context)
    asked = asked_of(context, name, question)
    reading = context.loaded.reader.read(context.analysis(event.body), asked)
    context.note_dangers(reading.dangers, event.body)
    words = _Words(context, event, asked, reading)
    if turn := hold_back(context) or words.tells_nothing():
        return turn
    at_code = words.at_code() if context.session.state in _FOR_A_CODE else None
    return at_code or _handle_read(words, question)


def _ask_to_post(context: TurnContext, event: Text) -> Turn | None:
    """Words forbid to write or send something: ask whether they are for the police, unless they tell of a danger."""
    if context.session.mailbox is None or context.dangers:
        return None
    asked = Asked(name=STORY, asks="text")
    words = _Words(context, event, asked, context.loaded.reader.read(context.analysis(event.body), asked))
    return ask_to_keep(words) if words.forbids() or words.takes_back() else None


def _handle_read(words: _Words, question: Question) -> Turn:
    """Handle a text that was read, at a question that is not for a code."""
    context, event, asked, reading = words.context, words.event, words.asked, words.reading
    if context.wished and wishes_readers(context, event.body, only=True):
        context.change(language=context.session.language or context.loaded.language_of(event.body))
        return context.ask()
    if forgoes_all(words):
        return handle_command(context, "cancel")
    if turn := words.in_menu() or after_sending(words) or of_sending(words) or spare(words):
        return turn
    turn = take_out(words)
    turn = turn or (None if words.tells_of_crime() else choose_by_name(context, event, question, reading))
    corrects = reading.command == "edit" or (asked.asks == "review" and is_other_place(context, event.body))
    if turn or (corrects and (turn := correct_place(context, event.body))):
        return turn
    if asked.asks not in FREE and context.state is DRAFT and correct_category(context, event.body):
        words.keep_story()
        return context.ask()
    asides = () if words.speaks_of_sending() else {Kind.REFUSAL, Kind.QUESTION}
    speaks = words.accuses(unsure=True) or (asides and reading.kind not in asides)
    if asked.asks == "review" and speaks and hear_of_police(context, event.body):
        if reading.story or is_story(event.body):
            words.keep_story()
        return context.ask()
    if asked.asks == "place" and reading.kind is not Kind.DANGER and names_a_place(context, event.body):
        return words.content()
    return keep_time(words) or words.taken()


def _reads(context: TurnContext) -> bool:
    step = context.step
    if context.session.state in _TO_THE_POLICE:
        return False
    if context.state is not DRAFT:
        return True
    return step is not None and step.type.name in _READ_TYPES and f"@{step.id}" not in context.session.answers


class _Words(Telling):
    """Does for a text what its reading says."""

    __slots__ = ()

    def at_code(self) -> Turn | None:
        """Accept a story wherever it was told. Refuse anything else as no code, unless it is a command or a remark."""
        context, reading = self.context, self.reading
        if self.tells_of_crime() or self.accuses():
            context.leave_menu()
            return handle_words(context, self.event, *context.state.question(context))
        if reading.kind in {Kind.COMMAND, Kind.REMARK} and reading.command not in _ASKS_AGAIN:
            return None
        return context.state.handle_event(context, "", self.event) or not_understood(context)

    def tells_nothing(self) -> Turn | None:
        """If a place is only "near my house", ask again. If a text gives a helpline's number, say whom to call."""
        told, beside = self.context.analysis(self.event.body), ("fill", "pol", "who.me", "say.yes", "k.contact")
        if told.consists_of(("t.helpline",), (*beside, "k.number", "verb.mine")):
            self.context.note_dangers((Danger(DangerKind.LIFE, (), "helpline"),), self.event.body)
            return self.context.ask()
        nowhere = ("place.here", "place.near", "id.home", *(("place.thing",) if told.has("who.mine") else ()))
        is_here = self.asked.asks == "place" and told.consists_of(nowhere, (*beside, "k.whole"))
        return not_understood(self.context) if is_here else None

    def in_menu(self) -> Turn | None:
        """Take out identifying words, or leave them, on own words. Read a text that names no step as at the review."""
        context, reading, told = self.context, self.reading, self.context.analysis(self.event.body)
        if context.session.state == "@identity" and not is_unsent(context, *context.state.question(context)):
            return next((handle_command(context, act) for act in ("remove", "keep") if self.is_word_of(act)), None)
        if context.session.state not in {"@change", "@details"}:
            return None
        names = told.has("digits") or len(told.covered(("*",))) < len(told)
        is_sure = reading.confidence is Confidence.CERTAIN or not names
        if is_sure and reading.kind in {Kind.OPTION, Kind.COMMAND}:
            return None
        if self.was_answered_so():
            return ask_to_keep(self)
        context.leave_menu()
        tells = told.has("cat.*", "thing.*", "time.*", "num.*", "who.*", "place.thing")
        if reading.negated and not names and not tells:
            return context.ask()
        return handle_words(context, self.event, *context.state.question(context))

    def taken(self) -> Turn:
        """Keep what the words tell, ask whether they belong to the tip, or do and answer what they say."""
        reading, first, again = self.reading, self.tells_first(), self.was_answered_so()
        if reading.topic == "unheard":  # an earlier tip led to nothing: that is answered, and kept if it is wished
            self.context.say("reply.remark.unheard")
            return ask_to_keep(self)
        analysis = self.context.analysis(self.event.body)
        if self.asked.name == "police" and RecipientWishes(analysis).may_accuse(asked_whom=False):
            return suggest(self, "yes", self.label("yes"))
        if forbids_sending(self):
            return self.refuse_sending()
        told = first or again or (reading.kind not in _KEEPS and not self.suggests() and self.tells())
        is_kept = told or reading.kind is Kind.CONTENT or (reading.kind is Kind.DANGER and reading.story)
        if is_kept and not again and self.speaks_of_sending():
            return ask_to_keep(self)
        is_news = not is_kept and reading.confidence < Confidence.CERTAIN and self.may_add() and self.tells_news()
        if is_news or (self.may_identify() and (again or is_kept)):
            return ask_to_keep(self)
        is_answered = self.is_answered(again=again)
        if not is_answered and self.is_talk() and (told or reading.kind in _KEPT or self.tells_number()):
            return ask_to_keep(self)
        if is_answered or not told:
            if reading.kind not in _KEEPS and self.is_first_left_over(answered=is_answered):
                self.context.hold(self.event.body)
            return _HANDLERS[reading.kind](self)
        return self.content() if first else self.kept()

    def is_word_of(self, act: str) -> bool:
        """Whether the text is an own word of an act at the question about identifying words, in any language."""
        own = (word for texts in self.context.loaded.catalogues for word in texts.words(f"identity.{act}.words"))
        return fold(self.event.body) in map(fold, own)

    def may_identify(self) -> bool:
        """Whether the words may tell more about who writes: they answer that question, and tell of no crime."""
        return self.context.session.state == "@identity" and not (self.tells_of_crime() or self.context.dangers)

    def kept(self, *, stays: bool = False) -> Turn:
        """Keep words that got a reply in vain, so that nobody gets the same reply again and again.

        `stays`: in a menu, which such words would otherwise leave.
        """
        context = self.context
        if self.may_identify():
            return ask_to_keep(self)
        if context.session.submitted:
            tells = self.tells_plainly() or self.reading.dangers or self.tells_news()
            return add_to_tip(context, self.event) if tells else ask_to_keep(self)
        if not context.session.language:
            return self.content()
        aside = self.asked.asks in {"media", "review"} or self.reading.asks or self.reading.kind in TALK
        if aside and not self.surely_belongs():
            return ask_to_keep(self)
        in_menu = context.state is not DRAFT and context.state is not LANGUAGE
        if in_menu and not stays and (turn := context.state.handle_event(context, "", self.event)):
            return turn
        self.keep_story()
        return context.ask() if in_menu else go_on(context, stay=True)

    def option(self) -> Turn:
        """Choose the option, and keep what the text tells beyond it."""
        context, reading = self.context, self.reading
        if context.state is LANGUAGE and context.analysis(self.event.body).has("cat.*", "strong.*"):
            return self.content()  # "angrezi sharab" names no language
        if reading.confidence is Confidence.GUESS and self.asked.name == "category" and self.tells_more():
            return self.kept()  # what it tells of itself is asked again
        if reading.confidence is Confidence.GUESS:
            return suggest(self, reading.option, self.label(reading.option))
        if reading.confidence < Confidence.CERTAIN and not is_unsent(context, *context.state.question(context)):
            context.say("understood", label=self.label(reading.option))
        more = self.asked.asks == "choice" and not any(option.acts for option in self.asked.options)
        if self.asked.name == "category":
            more = self.tells_more()
        elif more:
            more = reading.confidence < Confidence.CERTAIN and self.counts(LEFT_OVER, 1, "@in-answers")
            more = more or (self.asked.name == "police" and self.tells_beside_answer())
        names_others = self.asked.name == "police" and reading.negated and self.accuses()
        tells = reading.story or self.tells() or more or names_others or self.tells_when()
        if tells and (reading.confidence < Confidence.CERTAIN or not self.speaks_of_sending()):
            self.keep_story()
        elif self.asked.name == "category":
            keep_beginning(context, self.event, self.label(reading.option))
        return choose_likely(context, reading.option)

    def content(self) -> Turn:
        """Accept the words as the answer, or as a story that was not asked for."""
        context, reading = self.context, self.reading
        if context.session.submitted or context.session.mailbox:
            if context.state is LANGUAGE and is_story(self.event.body):
                context.leave_menu()
            if context.session.state == "@reach":
                return self.kept()
        elif context.state is LANGUAGE:
            return self.first_words()
        elif (self.forbids() and not (self.tells_of_crime() or self.is_held())) or self.may_say_nothing():
            return ask_to_keep(self)
        if context.state is DRAFT and self.asked.opening:
            fill_in_answer(context, reading.opening)
            if names_a_place(context, self.event.body):
                return context.ask()
        elif context.state is DRAFT and self.asked.asks not in FREE:
            return self.kept()
        elif context.state is DRAFT and self.tells_deed():
            self.keep_story()
            return go_on(context, stay=True)
        return context.state.handle_event(context, "", self.event) or not_understood(context)

    def first_words(self) -> Turn:
        """Begin a tip with what is told before the language is chosen, or ask whether the words belong to one."""
        context, reading = self.context, self.reading
        if not self.begins():
            return ask_to_keep(self)
        opening = reading.opening if reading.story else opening_in(context, self.event.body)
        begin_with_story(context, self.event, opening)
        return go_on(context)

    def danger(self) -> Turn:
        """Add the words to the tip. The numbers to call have been said already."""
        if self.context.analysis(self.event.body).has("said.police.fear"):
            self.context.say("reply.remark.afraid")
        if self.context.dangers and may_cry(self.context):
            keep_cry(self.context, self.event)
            return go_on(self.context)
        if self.reading.option:
            return self.option()
        if self.context.session.state == "@reach":
            return add_to_tip(self.context, self.event)
        return self.content() if self.reading.story or self.asked.asks in {"text", "place"} else self.context.ask()

    def keep_story(self) -> None:
        """Keep what the text tells beside an answer."""
        answered = self.asked.name if self.reading.option or self.asked.name == "now" else ""
        add_story(self.context, self.event, self.reading.opening, answered)

    def command(self) -> Turn:
        """Carry out a command."""
        context, reading = self.context, self.reading
        if reading.command == "help":
            show_numbers(context, self.event.body)
        if reading.command == "language" and not reading.talk and context.analysis(self.event.body).has("who.they"):
            return self.content()  # others speak it
        if reading.command == "language" and reading.option in context.loaded.flow.languages:
            return choose_language(context, reading.option)
        return handle_command(context, "skip" if reading.command == "unknown" else reading.command)

    def remark(self) -> Turn:
        """Answer a remark; "no photo" leaves the question for files."""
        if self.reading.topic == "no_evidence" and self.asked.asks == "media":
            return self._skip()
        if self.reading.topic == "code" and self.context.session.state == "@code":
            self.context.leave_menu()
        return self.reply()

    def refusal(self) -> Turn:
        """Skip the question if it may be skipped. If not, say that it is needed, and how to leave."""
        won_t_say = self.asked.asks == "place" and self.reading.topic == "refuse"  # "leave it" answers nothing
        may_skip = "skip" in self.asked.actions or self.asked.asks == "media" or won_t_say
        if won_t_say and len(self.context.analysis(self.event.body).unknown) > 1:
            return ask_to_keep(self)  # what are no words may be the names of places
        return self._skip() if may_skip else self.reply()

    def _skip(self) -> Turn:
        """Leave the question; keep the words of a longer text."""
        tells = self.tells_plainly() or not self.context.analysis(self.event.body).has("t.evidence")
        if self.asked.asks == "media" and self.may_go_on():
            return ask_to_keep(self)
        if self.counts(LONG, 1, "@in-answers") or (self.counts(LONG, 1) and tells):
            self.keep_story()
        return handle_command(self.context, "skip")

    def unclear(self) -> Turn:
        """Ask again. Name what was probably meant, but never do it."""
        context = self.context
        code = self.reading.suggested
        erases = code.startswith("@") and code[1:] in ACTS
        if context.state is LANGUAGE and not context.session.revision and not erases:
            return context.ask()
        label = self.label(code)
        if self.reading.negated and (self.acts(code) or erases or code == "@restart"):
            label = ""
        adds = self.tells_of_crime() or (not label and (is_story(self.event.body) or self.counts(FIRST_WORDS, 1)))
        refuses = self.reading.negated or context.analysis(self.event.body).has("opt.reach.no")
        if adds and context.session.submitted and context.session.mailbox is None:
            return ask_to_keep(self) if label or refuses or self.is_talk() else self.kept(stays=True)
        deed, told = self.tells_deed(), not refuses and (self.reading.story or self.counts(LEFT_OVER, FIRST_WORDS))
        if deed or (not label and (told or (is_story(self.event.body) and self.tells_plainly()))):
            return ask_to_keep(self) if self.is_talk() or not (told or deed) else self.kept(stays=True)
        if self.is_final() and (not label or self.acts(code) or erases > (self.asked.asks == "review")):
            return self.refuse_sending()
        if not label:
            in_draft = context.state is DRAFT or any(option.acts for option in self.asked.options)
            turn = None if in_draft else context.state.handle_event(context, "", self.event)
            words = context.analysis(self.event.body)
            is_known = self.asked.name == "category" and (words.has("w.*", "p.*") or context.places_told(words.text))
            may_tell = is_known or (self.asked.name in {"cancel", "restart"} and not (refuses or self.is_talk()))
            return turn or (ask_to_keep(self) if may_tell and self.tells_news() else not_understood(context))
        if self.acts(code):
            return choose_likely(context, code)
        if erases and not (context.session.has_draft and may_carry_out(context, code[1:])):
            return handle_command(context, code[1:])
        return suggest(self, code, label)

    def refuse_sending(self) -> Turn:
        """Say that nothing was sent, and which words send it. If the text means files, ask about these."""
        if self.context.session.state == "@identity":
            return handle_command(self.context, "delete")
        if is_about_files(self):
            return ask_to_erase_files(self)
        told = self.context.analysis(self.event.body)
        refuses = told.negates or told.has("@refuses") or self.reading.kind in {Kind.REFUSAL, Kind.WAIT}
        if self.agrees() or (not refuses and told.has("cmd.send", "k.send")):
            return choose_likely(self.context, next(one.id for one in self.asked.options if one.acts))
        if not refuses:
            return not_understood(self.context)
        label, number = next((one.label, at) for at, one in enumerate(self.asked.options, 1) if one.acts)
        self.context.say("reply.refusal.send", label=label, number=number)
        return self.context.ask()

    def reply(self) -> Turn:
        """Answer shortly, and ask the question again. If the tipster asks for the status, ask for the code."""
        if self.reading.kind is Kind.QUESTION and self.reading.topic == "status":
            return handle_command(self.context, "status")
        if self.agrees() or (self.is_final() and self.reading.kind in {Kind.REFUSAL, Kind.WAIT}):
            return self.refuse_sending()
        if self.reading.kind is not Kind.QUESTION and is_about_files(self):
            return ask_to_erase_files(self)
        kind = f"reply.{self.reading.kind}"
        key = f"{kind}.{self.reading.topic}"
        if self.context.session.submitted:
            key, kind = _AFTER_SENDING.get(key, key), _AFTER_SENDING.get(kind, kind)
        return not_understood(self.context, key if key in REQUIRED_TEXTS else kind)


_HANDLERS: Final[Mapping[Kind, Callable[[_Words], Turn]]] = {
    Kind.OPTION: _Words.option,
    Kind.COMMAND: _Words.command,
    Kind.DANGER: _Words.danger,
    Kind.QUESTION: _Words.reply,
    Kind.THANKS: _Words.reply,
    Kind.GREETING: lambda words: words.context.ask(),
    Kind.WAIT: _Words.reply,
    Kind.REMARK: _Words.remark,
    Kind.REFUSAL: _Words.refusal,
    Kind.CONTENT: _Words.content,
    Kind.UNCLEAR: _Words.unclear,
}
