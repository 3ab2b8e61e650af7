"""Handles words that are not an exact command or label, by the reading of the understanding.

A reading never triggers an irreversible action, which needs a tap, a number or an exact word. A likely reading may fill
the draft, and the tipster is told. A question, a remark or thanks is answered and not stored.

Names of districts and stations are accepted, and repeated to the tipster, even if another list is shown. A tipster who
is asked for the district may answer with the station, and one who chose the wrong district notices it at the list of
stations.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from satark.api.flow import Question, Step
from satark.api.inbound import Event, Tap, Text
from satark.api.prompt import parse_token
from satark.api.tip import Place
from satark.dialogue.events.asked import asked_of, named_option
from satark.dialogue.events.commands import choose_language, handle_command, not_understood, show_numbers
from satark.dialogue.flow.command_words import MAX_COMMAND_LENGTH
from satark.dialogue.flow.own_words import ACTS
from satark.dialogue.flow.required_texts import REQUIRED_TEXTS
from satark.dialogue.session import GivenAnswer, Turn
from satark.dialogue.states.draft import DRAFT, accept_result, go_on
from satark.dialogue.states.mailbox import add_to_tip
from satark.dialogue.states.menus import LANGUAGE, SUGGESTED, UNSENT
from satark.dialogue.states.stories import (
    accept_unsolicited,
    ask_only_what_matters,
    begin_with_story,
    fill_in,
    fill_in_answer,
    hear_of_police,
    is_story,
    keep_cry,
    may_cry,
    untold,
)
from satark.dialogue.steps.answer_steps import located
from satark.dialogue.turn.consent import choose, is_question, may_carry_out
from satark.dialogue.turn.context import TurnContext
from satark_words.choosing import VAGUE
from satark_words.geography.geography import Named
from satark_words.marks import SOUND
from satark_words.reading import FREE, Asked, Confidence, Kind, Reading
from satark_words.tokens import fold

_TO_THE_POLICE: Final = frozenset({"@mailbox", "@answer", "@feedback"})
"""States in which every word goes to the police, so that nothing is read as a remark."""
_FOR_A_CODE: Final = frozenset({"@code", "@elsewhere"})
"""States that wait for a code. Only words that say that the code is lost are read there."""
_ASKS_AGAIN: Final = frozenset({"status", "reply", "help"})
"""Commands that would only ask for the code again in a state that waits for a code."""
_READ_TYPES: Final = frozenset({"choice", "choices", "confirm", "text", "place", "media", "review"})
"""Types of steps whose answers are read. Texts at other steps are read only for dangers."""
_TALK: Final = frozenset({Kind.REMARK, Kind.WAIT, Kind.THANKS, Kind.GREETING, Kind.REFUSAL, Kind.QUESTION})
_STORY_WORDS: Final = 5
"""Number of words from which on a text is stored, unless it is surely talk."""
_LONG: Final = 6
"""Number of words of the shortest text that no command, option or menu may take without keeping it."""
_OF_A_DRAFT: Final = frozenset({"edit", "back", "skip", "done", "repeat", "elsewhere"})
"""Commands that mean nothing before a tip is begun."""
_KEEPS: Final = frozenset({Kind.CONTENT, Kind.DANGER, Kind.OPTION})
"""Kinds of texts whose handlers keep the words."""
_SAID_IN_TALK: Final = ("t.*", "k.*", "time.*", "who.*", "verb.*", "d.afraid", "police", "person.police", "opt.*")
"""Marks of further words that tell nothing in a text that is read as talk."""
_LEFT_OVER: Final = 3
"""Number of words with no meaning for the service from which on longer talk tells something besides."""
_FIRST_WORDS: Final = 2
"""Number of words of the shortest message that counts as the beginning of a tip, whatever it tells."""
_EMPTY_MARKS: Final = (
    "fill", "pol", "soc.*", "say.*", "cmd.*", "lang.*", "ask", "ask.*", "neg", "neg.*", "who.me", "who.you", "num.*",
    "t.listen", "t.report", "t.bot", "t.service",
)  # fmt: skip
"""Marks of words that tell nothing of a crime."""
_SAID_IN_ANSWERS: Final = (*_EMPTY_MARKS, *_SAID_IN_TALK, "said.*", "unit.*", "cat.*")
"""Marks of words that an answer to a choice consists of."""
_AFTER_SENDING: Final = {
    "reply.remark.mistake": "revoke.late",
    "reply.remark.afraid": "reply.remark",
    "reply.remark.rude": "reply.remark",
    "reply.refusal": "reply.remark",
    "reply.wait": "reply.remark",
}
"""Reply that is true only before the tip is sent → the one that is given after it."""
_SAID_AFTERWARDS: Final = frozenset({"listen", "report", "other"})
"""Topics of remarks that may tell more of a tip that was just sent."""
_ANSWERED: Final = frozenset({*_TALK, Kind.UNCLEAR, Kind.COMMAND})
"""Kinds of texts that get a reply and are stored nowhere."""
_PLACE_WORDS: Final = 3
"""Number of words of the longest text that is hardly more than a name."""


def handle_words(context: TurnContext, event: Text, name: str, question: Question) -> Turn:
    """Handle a text at the question with this id."""
    if context.session.state == UNSENT:  # whatever is said about an unsent draft is said about the review
        context.leave_menu()
        context.say("unsent.again")
        name, question = context.state.question(context)
    if not _reads(context):
        context.hear_dangers(event.body)
        return context.state.handle_event(context, "", event) or not_understood(context)
    asked = asked_of(context, name, question)
    reading = context.loaded.reader.read(context.analysis(event.body), asked)
    context.note_dangers(reading.dangers, event.body)
    words = _Words(context, event, asked, reading)
    at_code = words.at_code() if context.session.state in _FOR_A_CODE else None
    return at_code or _handle_read(words, question)


def _handle_read(words: _Words, question: Question) -> Turn:
    """Handle a text that was read, at a question that is not for a code."""
    context, event, asked, reading = words.context, words.event, words.asked, words.reading
    turn = None if words.tells_of_crime() else choose_by_name(context, event, question, reading)
    if turn or (reading.command == "edit" and (turn := correct_place(context, event.body))):
        return turn
    if asked.asks == "review" and reading.kind is not Kind.REFUSAL and hear_of_police(context, event.body):
        if reading.story or is_story(event.body):
            words.keep_story()
        return context.ask()
    if asked.asks == "place" and reading.kind is not Kind.DANGER and _names_a_place(context, event.body):
        return words.content()
    if (asked.asks in FREE and _may_be_a_story(reading, event.body)) or words.tells_first():
        return words.content()
    if words.was_answered_so() or (reading.kind not in _KEEPS and words.tells()):
        return words.kept()
    return _HANDLERS[reading.kind](words)


def _may_be_a_story(reading: Reading, body: str) -> bool:
    """Return whether a longer text counts as talk only by a guess.

    At a question that asks for words such a text is stored, since losing a story is worse.
    """
    is_talk = reading.kind in _TALK and reading.confidence is Confidence.GUESS and not reading.asks
    return is_talk and len(body.split()) >= _STORY_WORDS


def _names_a_place(context: TurnContext, body: str) -> bool:
    """Whether a text is hardly more than a name of the geography, which no other reading may outweigh."""
    is_short = len(body.split()) <= _PLACE_WORDS
    return is_short and bool(context.loaded.geography.resolve(context.names(body)).district)


def _reads(context: TurnContext) -> bool:
    step = context.step
    if context.session.state in _TO_THE_POLICE:
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

    def at_code(self) -> Turn | None:
        """Take a story where it was told, and anything else but a command or a remark as no code."""
        context, reading = self.context, self.reading
        if self.tells_of_crime():
            context.leave_menu()
            return handle_words(context, self.event, *context.state.question(context))
        if reading.kind in {Kind.COMMAND, Kind.REMARK} and reading.command not in _ASKS_AGAIN:
            return None
        return context.state.handle_event(context, "", self.event) or not_understood(context)

    def tells_first(self) -> bool:
        """Whether a text begins a tip, however few its words: it is not surely talk, a command or an answer."""
        context, reading = self.context, self.reading
        untold = context.state is LANGUAGE and not (context.session.submitted or context.session.mailbox)
        untold = untold or (context.state is DRAFT and context.loaded.opening_step not in context.session.answers)
        is_sure = reading.confidence > Confidence.GUESS or bool(reading.suggested) or reading.negated
        is_sure = is_sure or (reading.kind is Kind.QUESTION and not self.tells_of_crime())
        if not untold or is_sure or self.asked.asks != "choice":
            return False
        told, words = self._words()
        return context.analysis(self.event.body).has("cat.*", "strong.*") or (told > 0 and words >= _FIRST_WORDS)

    def tells(self) -> bool:
        """Whether a text tells something that must be kept, and is no exact command, label or code.

        It tells of a crime, or it is long and has words that mean nothing to the service. Questions are only answered.
        """
        reading, state = self.reading, self.context.session.state
        if state == "@reach" and reading.suggested:
            return False
        if self.tells_of_crime() or (self.context.state is LANGUAGE and reading.command in _OF_A_DRAFT):
            return self._counts(_STORY_WORDS, 1)
        if reading.confidence is Confidence.CERTAIN:
            return False
        is_talk = reading.kind in _TALK or reading.command in {"status", "help"}
        if reading.kind in {Kind.OPTION, Kind.COMMAND} and not is_talk:
            return self._counts(_LONG, 1)
        if not is_talk or (reading.kind is Kind.QUESTION and not reading.asks):
            return self._counts(_LONG, _LEFT_OVER - 1)
        left = _LEFT_OVER - (reading.topic == "report")
        return not reading.asks and self._counts(_LONG, left, (*_EMPTY_MARKS, *_SAID_IN_TALK))

    def tells_of_crime(self) -> bool:
        """Whether a text has sure marks of a crime, or tells of a danger though it is read as neither talk nor one."""
        marks = self.context.analysis(self.event.body).story_marks()
        sure = any(mark.name not in VAGUE and mark.quality >= SOUND for mark in marks)
        return (sure or (bool(self.reading.dangers) and self.reading.kind not in _TALK)) and self._counts(_STORY_WORDS)

    def _counts(self, least: int, left: int = 0, known: tuple[str, ...] = _EMPTY_MARKS) -> bool:
        told, words = self._words(known)
        return words >= least and told >= left

    def _tells_more(self) -> bool:
        """Whether a text that names a category also tells of a crime, and the story was not asked yet."""
        told, words = self._words()
        is_open = self.context.loaded.opening_step not in self.context.session.answers
        return is_open and told >= _FIRST_WORDS and words > _FIRST_WORDS

    def _words(self, known: tuple[str, ...] = _EMPTY_MARKS) -> tuple[int, int]:
        """Count the words that may tell of a crime, and all words."""
        analysis = self.context.analysis(self.event.body)
        words = {index for index, token in enumerate(analysis.tokens) if token.text[0].isalpha()}
        return len(words - analysis.covered(known)), len(words)

    def was_answered_so(self) -> bool:
        """Whether a text of several words would get the reply that the message before it got at this question."""
        context, reading = self.context, self.reading
        certain = reading.confidence is Confidence.CERTAIN or reading.command == "repeat"
        refuses = reading.kind is Kind.REFUSAL and context.analysis(self.event.body).has("cmd.send")
        if reading.kind not in _ANSWERED or (reading.kind is Kind.COMMAND and certain) or refuses:
            return False
        reply = f"{context.session.step} {reading.kind} {reading.topic}{reading.command}"
        again = reply == context.replied and is_story(self.event.body)
        context.change(replied="" if again else reply)
        return again

    def kept(self, *, stays: bool = False) -> Turn:
        """Keep words that were answered in vain, so that nobody gets the same reply again and again.

        `stays`: in a menu, which such words would otherwise leave.
        """
        context = self.context
        if context.session.submitted:
            return add_to_tip(context, self.event)
        if not context.session.language:
            return self.content()
        in_menu = context.state is not DRAFT and context.state is not LANGUAGE
        if in_menu and not stays and (turn := context.state.handle_event(context, "", self.event)):
            return turn
        self.keep_story()
        return context.ask() if in_menu else go_on(context, stay=True)

    # ------------------------------------------------------------- what fills the draft

    def option(self) -> Turn:
        """Choose the option, and keep what the text tells beyond it."""
        context, reading = self.context, self.reading
        if reading.confidence < Confidence.CERTAIN:
            context.say("understood", label=self._label(reading.option))
        more = self.asked.asks == "choice" and not any(option.acts for option in self.asked.options)
        if self.asked.name == "category":
            more = self._tells_more()
        elif more:
            more = reading.confidence < Confidence.CERTAIN and self._counts(_LEFT_OVER, 1, _SAID_IN_ANSWERS)
        if reading.story or self.tells() or more:
            self.keep_story()
        return _choose(context, reading.option) or not_understood(context)

    def content(self) -> Turn:
        """Accept the words as the answer, or as a story that was not asked for."""
        context, reading = self.context, self.reading
        if context.session.submitted or context.session.mailbox:
            if context.state is LANGUAGE and is_story(self.event.body):
                context.leave_menu()
        elif context.state is LANGUAGE:
            opening = (
                reading.opening if reading.story else context.loaded.reader.open(context.analysis(self.event.body))
            )
            begin_with_story(context, self.event, opening)
            return go_on(context)
        if context.state is DRAFT and self.asked.opening:
            fill_in_answer(context, reading.opening)
            if _names_a_place(context, self.event.body):
                return context.ask()
        elif context.state is DRAFT and self.asked.asks == "choice":
            self.keep_story()
            return go_on(context, stay=True)
        return context.state.handle_event(context, "", self.event) or not_understood(context)

    def danger(self) -> Turn:
        """Add the words to the tip. The numbers to call were already said."""
        if self.context.dangers and may_cry(self.context):
            keep_cry(self.context, self.event)
            return go_on(self.context)
        if self.reading.option:
            return self.option()
        if self.context.session.state == "@reach":
            return add_to_tip(self.context, self.event)
        if self.reading.story or self.asked.asks in {"text", "place"}:
            return self.content()
        return self.context.ask()

    def keep_story(self) -> None:
        """Keep what the text tells beside an answer."""
        context, opening = self.context, self.reading.opening
        begins = context.loaded.opening_step not in context.session.answers
        accept_unsolicited(context, self.event)
        fill_in(context, opening, but=self.asked.name if self.reading.option else "")
        if begins:
            ask_only_what_matters(context, self.event.body, opening)

    # ------------------------------------------------------------- what is only answered

    def command(self) -> Turn:
        """Carry out a command."""
        context, reading = self.context, self.reading
        if reading.command == "help":
            show_numbers(context, self.event.body)
        if reading.command == "language" and reading.option in context.loaded.flow.languages:
            return choose_language(context, reading.option)
        return handle_command(context, "skip" if reading.command == "unknown" else reading.command)

    def question(self) -> Turn:
        """Answer a question about the service; for the status, ask for the code."""
        if self.reading.topic == "status":
            return handle_command(self.context, "status")
        return self.reply()

    def remark(self) -> Turn:
        """Answer a remark; "no photo" leaves the question for files."""
        if self.reading.topic == "no_evidence" and self.asked.asks == "media":
            return self._skip()
        if self.context.session.submitted and self.reading.topic in _SAID_AFTERWARDS and is_story(self.event.body):
            return add_to_tip(self.context, self.event)
        if self.reading.topic == "code" and self.context.session.state == "@code":
            self.context.leave_menu()
        return self.reply()

    def refusal(self) -> Turn:
        """Skip what may be skipped; say of anything else that it is needed, and how to leave."""
        return self._skip() if "skip" in self.asked.actions or self.asked.asks == "media" else self.reply()

    def _skip(self) -> Turn:
        """Leave the question, and keep the words of a longer text."""
        if self._counts(_LONG, 1):
            self.keep_story()
        return handle_command(self.context, "skip")

    def greeting(self) -> Turn:
        """Ask the question."""
        return self.context.ask()

    def unclear(self) -> Turn:
        """Ask again. What was probably meant is named, but never done."""
        context = self.context
        code = self.reading.suggested
        erases = code.startswith("@") and code[1:] in ACTS
        if context.state is LANGUAGE and not context.session.revision and not erases:
            return context.ask()
        label = self._label(code)
        if self.reading.negated and (self._acts(code) or erases or code == "@restart"):
            label = ""
        refuses = self.reading.negated or context.analysis(self.event.body).has("opt.reach.no")
        if not label and not refuses and self._counts(_LEFT_OVER, _FIRST_WORDS):
            return self.kept(stays=True)
        if self.asked.asks == "review" and (not label or self._acts(code)):
            return self.refuse_sending()
        if not label:
            in_draft = context.state is DRAFT or any(option.acts for option in self.asked.options)
            turn = None if in_draft else context.state.handle_event(context, "", self.event)
            return turn or not_understood(context)
        if self._acts(code):
            return _choose(context, code) or not_understood(context)
        if erases and not (context.session.has_draft and may_carry_out(context, code[1:])):
            return handle_command(context, code[1:])
        context.change(state=SUGGESTED, suggested=(context.session.state, code, label))
        return context.ask()

    def refuse_sending(self) -> Turn:
        """Say that nothing was sent, and which option of the review sends it."""
        label, number = next((one.label, at) for at, one in enumerate(self.asked.options, 1) if one.acts)
        self.context.say("reply.refusal.send", label=label, number=number)
        return self.context.ask()

    def reply(self) -> Turn:
        """Answer shortly, and put the question again."""
        if self.asked.asks == "review" and self.reading.kind in {Kind.REFUSAL, Kind.WAIT}:
            return self.refuse_sending()
        kind = f"reply.{self.reading.kind}"
        key = f"{kind}.{self.reading.topic}"
        if self.context.session.submitted:
            key, kind = _AFTER_SENDING.get(key, key), _AFTER_SENDING.get(kind, kind)
        return not_understood(self.context, key if key in REQUIRED_TEXTS else kind)

    def _acts(self, code: str) -> bool:
        return any(option.acts for option in self.asked.options if option.id == code)

    def _label(self, code: str) -> str:
        if code.startswith("@"):
            return self.context.text(f"command.{code[1:]}")
        return next((option.label.removeprefix("✓ ") for option in self.asked.options if option.id == code), "")


def answer_suggestion(context: TurnContext, event: Event) -> Turn | None:
    """Do what was suggested, or not; None: the event is no answer to that, and belongs to the question below it."""
    name, question = context.state.question(context)
    answer = _yes_or_no(context, event, name, question)
    state, code, _ = context.session.suggested or ("", "", "")
    context.change(state=state, suggested=None)
    if not answer:
        return None
    if answer == "no":
        return context.ask()
    return handle_command(context, code[1:]) if code.startswith("@") else _choose(context, code) or context.ask()


def _yes_or_no(context: TurnContext, event: Event, name: str, question: Question) -> str:
    """Return the option of a suggestion that an event chooses for certain; empty if it chooses none."""
    if isinstance(event, Tap) and (token := parse_token(event.token)):
        is_shown = token.question == name and token.revision == context.session.revision
        return token.option if is_shown and not token.option.startswith("@") else ""
    if not isinstance(event, Text) or is_question(event.body):
        return ""
    folded = fold(event.body) if len(event.body) <= MAX_COMMAND_LENGTH else ""
    if code := named_option(context, name, question, folded):
        return code
    reading = context.loaded.reader.read(context.analysis(event.body), asked_of(context, name, question))
    is_certain = reading.kind is Kind.OPTION and reading.confidence is Confidence.CERTAIN and not reading.story
    agrees = reading.kind is Kind.REMARK and reading.topic == "ok"
    return "yes" if agrees else reading.option if is_certain else ""


def _choose(context: TurnContext, code: str) -> Turn | None:
    """Choose an option that was not chosen in its own words."""
    name, question = context.state.question(context)
    return choose(context, name, question, code, Tap(code))


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


def choose_by_name(context: TurnContext, event: Text, question: Question, reading: Reading) -> Turn | None:
    """Accept the typed name of a unit that is not among the options; None if no such unit is named for certain."""
    step = context.step
    if step is None or context.state is not DRAFT or reading.kind is Kind.COMMAND or reading.negated or reading.asks:
        return None
    if step.type.part == "review":
        return _tell_district(context, event.body)
    fills = getattr(step.settings, "fills", "")
    if not fills and step.names != "station":
        return None
    codes = context.names(event.body)
    named = context.loaded.geography.resolve(codes)
    offered = {option.code for option in question.options}
    if not fills:
        is_new = named.station and reading.kind is not Kind.OPTION
        return _answer(context, step, named.station, event.body) if is_new else None
    if named.station and named.station not in offered and (fills == "district" or reading.kind is not Kind.OPTION):
        return _fill(context, step, named, event.body)
    if fills == "district" and named.district in offered and reading.kind is not Kind.OPTION:
        return _answer(context, step, named.district, event.body)
    return None


def _tell_district(context: TurnContext, body: str) -> Turn | None:
    """Accept the name of the district that was left to the review, or of a station; None for anything else."""
    left = next((step for step in untold(context) if getattr(step.settings, "fills", "")), None)
    named = context.loaded.geography.resolve(context.names(body))
    return _fill(context, left, named, body) if left and named.district and _names_a_place(context, body) else None


def _fill(context: TurnContext, step: Step, named: Named, body: str) -> Turn:
    """Set the place's district and station. Questions that these answer are no longer asked."""
    place = context.session.answers.get(context.loaded.place_step)
    if place is None or not isinstance(place.value, Mapping):
        return _answer(context, step, named.district if step.settings.fills == "district" else named.station, body)
    _keep_long(context, body)
    geography, language = context.loaded.geography, context.catalogue.language
    context.add_part(context.loaded.place_step, {"district": named.district, "station": named.station})
    labels = (geography.label(code, language) for code in (named.station, named.district) if code)
    context.say("understood", label=", ".join(labels))
    return go_on(context)


def correct_place(context: TurnContext, body: str) -> Turn | None:
    """Change the place that was answered before to the one that a text names; None where it names no single one."""
    old = context.session.answers.get(context.loaded.place_step)
    found = context.loaded.geography.resolve(context.names(body))
    if old is None or not found.station or context.state is not DRAFT:
        return None
    geography = context.loaded.geography
    label = geography.label(found.outpost or found.station, context.catalogue.names_in)
    place = located(Place(text=label, district=found.district, station=found.station), geography)
    context.set_answer(context.loaded.place_step, GivenAnswer(msgspec.to_builtins(place), context.source))
    _keep_long(context, body)
    context.say("changed", name=context.catalogue.text(f"{context.loaded.place_step}.name"), value=label)
    return go_on(context, stay=True)


def _keep_long(context: TurnContext, body: str) -> None:
    """Keep a text that tells more than a name."""
    if len(body.split()) >= _LONG:
        accept_unsolicited(context, Text(body))


def _answer(context: TurnContext, step: Step, code: str, body: str) -> Turn:
    _keep_long(context, body)
    view = context.view(step)
    context.say("understood", label=step.type.show(step, code, view))
    result = step.type.accept(step, Tap(code), view)
    return accept_result(context, step, result) if result else context.ask()
