"""Handle a typed text: a code, a command, an option, a language, a whole tip; `understood_texts` handles all others.

A complete tip in one message is submitted at once; what it does not tell counts as unknown. Such a message is for
tipsters who have time or money for only one. It is also for callers who fell silent and then left a message: the tip is
submitted with everything that they had told before.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final, TypeVar

import msgspec
from msgspec.structs import replace

from satark.api.flow import AcceptedAnswer, Question, Step
from satark.api.inbound import CompleteTip, Edited, Event, FormPage, Media, Pin, Tap, Text
from satark.api.tip import HANDOFF_DIGITS, LONGEST_HANDOFF_MESSAGE, RECEIPT_DIGITS
from satark.dialogue.events.asked_questions import asked_of, named_option
from satark.dialogue.events.commands import handle_command, show_numbers, switch_language
from satark.dialogue.events.not_understood import not_understood
from satark.dialogue.events.taking_back import withdraw_sent
from satark.dialogue.events.understood_texts import handle_words
from satark.dialogue.flow.command_words import GLOBAL_COMMANDS, MAX_COMMAND_LENGTH
from satark.dialogue.session import GivenAnswer, Turn
from satark.dialogue.states.draft import DRAFT, go_on
from satark.dialogue.states.handoff import redeem_code
from satark.dialogue.states.mailbox import MAX_WRONG_CODES, ask_code
from satark.dialogue.states.stories import accept_unsolicited, fill_in_unasked
from satark.dialogue.steps.choice_steps import unknown_option
from satark.dialogue.turn.accusations import has_nobody_above
from satark.dialogue.turn.consent import WHOLE_TIP, act_of, choose, is_plain
from satark.dialogue.turn.context import TurnContext
from satark.dialogue.turn.loaded_flow import LoadedFlow
from satark.dialogue.turn.receipt_digits import FEWEST, is_account, tells_nothing, without_codes
from satark_words.analysis import Analysis
from satark_words.graphemes import replace_surrogates
from satark_words.opening import is_denied
from satark_words.reading import STORY, Asked, Confidence, Kind, Reading
from satark_words.rules import SOUND
from satark_words.small_words import listed
from satark_words.tokens import find_code, fold, without_code

_EXPECT_RECEIPT_CODE: Final = frozenset({"@code", "@mailbox", "@answer", "@feedback"})
_EXPECT_HANDOFF_CODE: Final = frozenset({"@code", "@elsewhere"})


def handle_text(context: TurnContext, event: Text) -> Turn:
    """Handle a typed text."""
    name, question = context.state.question(context)
    folded = fold(event.body) if len(event.body) <= MAX_COMMAND_LENGTH else ""
    told = _told_beside_code(context, event.body) if gives_code(context, event.body) else None
    if told is not None:
        context.hear_dangers(without_code(event.body, RECEIPT_DIGITS))
    if told and context.session.mailbox and (context.dangers or context.newly_accused):
        event = Text(told)  # a cry is posted and an accusation refused, whichever tip is meant
    elif told is not None:
        if told:
            _keep_beside_code(context, told)
        context.change(dangers_unsaid=context.shown_dangers)  # the mailbox's turn says them
        return open_mailbox(context, beside=bool(told and context.session.mailbox))
    if _gives_handoff_code(context, event.body):
        context.hear_dangers(event.body)
        context.change(dangers_unsaid=context.shown_dangers)
        return redeem_code(context)
    code = named_option(context, name, question, folded)
    if not (code or context.loaded.commands.is_greeting(folded)) and (turn := withdraw_sent(context, event)):
        return turn
    if not code and folded and (turn := _handle_word(context, question, folded)):
        return turn
    if code:
        return choose(context, name, question, code, event) or not_understood(context)
    return handle_words(context, event, name, question)


def read_text(context: TurnContext, name: str, question: Question, body: str) -> Reading:
    """Read a text at the question with this id as `handle_text` does, without looking for codes. Changes nothing."""
    reading = context.loaded.reader.read(body, asked_of(context, name, question))
    folded = fold(body) if len(body) <= MAX_COMMAND_LENGTH else ""
    code, command = named_option(context, name, question, folded), context.loaded.commands.command(folded)
    if code and (is_plain(body) or not act_of(context, name, code)):
        return msgspec.structs.replace(reading, kind=Kind.OPTION, confidence=Confidence.CERTAIN, option=code)
    if command and _obeys(question, command):
        return msgspec.structs.replace(reading, kind=Kind.COMMAND, confidence=Confidence.CERTAIN, command=command)
    return reading


def _handle_word(context: TurnContext, question: Question, folded: str) -> Turn | None:
    """Handle a command, or the name of a language."""
    name = context.loaded.commands.command(folded)
    if name and _obeys(question, name):
        if name == "help":
            show_numbers(context, folded)
        if name == "repeat":
            context.change(page=0)  # who writes the word wants to read the question, not its current page
        return handle_command(context, "skip" if name == "unknown" else name)
    language = context.loaded.commands.language(folded)
    if language in context.loaded.flow.languages and context.session.language:
        return switch_language(context, language)
    return None


def _obeys(question: Question, name: str) -> bool:
    """Whether a command is carried out at this question."""
    return name in GLOBAL_COMMANDS or _expects(question, name)


def _expects(question: Question, name: str) -> bool:
    """Return whether a question expects a local command, which is an ordinary word at other questions."""
    if name == "unknown":
        return "skip" in question.actions
    if name == "done":
        return "done" in question.actions or question.wants == "media"
    return bool(question.options) if name in {"more", "less"} else name in question.actions


def _told_beside_code(context: TurnContext, body: str) -> str:
    """Return what a text tells beside its receipt code; empty if it only gives or asks about the code."""
    words = without_codes(context, without_code(body, RECEIPT_DIGITS)).strip()
    told = context.analysis(words)
    has_number = any(one.text.isdecimal() and len(one.text) >= _FEWEST_DIGITS for one in told.tokens)
    return words if has_number or not tells_nothing(told) else ""


def _gives_handoff_code(context: TurnContext, body: str) -> bool:
    """Whether a text gives a handoff code: one is expected, or the text has the word for it or calls it a code."""
    if find_code(body, HANDOFF_DIGITS, longest=LONGEST_HANDOFF_MESSAGE) is None:
        return False
    words = without_code(body, HANDOFF_DIGITS)
    if context.session.state in _EXPECT_HANDOFF_CODE or context.loaded.commands.command(fold(words)) == "elsewhere":
        return True
    return context.analysis(body).has("t.code") and not _tells_beside(context, words)


def _keep_beside_code(context: TurnContext, words: str) -> None:
    """Keep what is told beside a receipt code: in the draft if it tells of a crime, else until it is asked about."""
    session = context.session
    if session.submitted or session.state in _EXPECT_RECEIPT_CODE or not _tells_beside(context, words):
        context.hold(words)
        return
    context.change(language=session.language or context.loaded.language_of(words))
    accept_unsolicited(context, Text(words))


def _tells_beside(context: TurnContext, words: str) -> bool:
    """Whether the words beside a code tell of a crime."""
    reading = context.loaded.reader.read(context.analysis(words), Asked(name=STORY, asks="text"))
    told = reading.kind in {Kind.CONTENT, Kind.DANGER}
    return told and (context.analysis(words).has("@story") or bool(reading.dangers))


def open_mailbox(context: TurnContext, *, beside: bool = False) -> Turn:
    """Request the mailbox of the code in the event, unless too many wrong codes were tried.

    `beside`: one is open, for which the words that were just held may be. Its state then stays.
    """
    if context.session.wrong_codes >= MAX_WRONG_CODES:
        return ask_code(context)
    context.change(state=context.session.state if beside else "@code")
    return context.turn(context.session, None, open_mailbox=True)


_ASK_TO_ERASE: Final = frozenset({"@cancel", "@restart"})
"""States of tipsters who asked to erase their words. If they fall silent in such a state, nothing is sent."""
_FEWEST_WORDS: Final = 3
"""Number of words from which a tip is submitted at once in a chat. About a shorter tip the chat can ask back."""
_FEWEST_DIGITS: Final = 5
"""Digits of a number beside a code that tells something, such as a phone's."""
_CLAUSE_END: Final = re.compile(r"[,.;:()।!\n]+")
_OF_STORIES: Final = re.compile(r"[-–—:/()&%+@#₹*'’|]")
"""Signs that stories have, beside the harmless ones. Any other may refuse, ask or quote."""
_NOT_YET: Final = (("neg", "neg.dont", "say.no"), ("fill", "pol", "soc.*", "time.now", "opt.when.now"))
"""Marks of a last clause that only denies: "not yet"."""
_FIRST_PERSON: Final = ("u", "un", "oon", "ूं", "ऊं")
_WHETHER: Final = ("ka", "का", "kaa")
"""A last word that asks in Bhojpuri."""
_MARKED: Final = re.compile(r"\s*([^\s:.,-]+)[\s:.,-]+(.*)", re.DOTALL)


def complete_tip_of(loaded: LoadedFlow, event: Event) -> CompleteTip | None:
    """Return the tip in a typed text, which is `TIP` and some words. Return None for any other text."""
    if not isinstance(event, Text) or (found := _MARKED.fullmatch(event.body)) is None:
        return None
    if fold(found[1]) not in loaded.tip_words or len(found[2].split()) < _FEWEST_WORDS:
        return None
    return CompleteTip(Text(found[2].strip()), typed=event)


def is_complete_tip(loaded: LoadedFlow, event: Event) -> bool:
    """Whether an event is a complete tip, marked by its channel or by its words, that nothing in it puts in doubt."""
    tip = event if isinstance(event, CompleteTip) else complete_tip_of(loaded, event)
    return tip is not None and (tip.typed is None or _tells_a_tip(loaded, words_of(tip)))


def _tells_a_tip(loaded: LoadedFlow, body: str) -> bool:
    """Whether the words after `TIP` only tell: they ask, refuse, take back and quote nothing, and are no talk of tips.

    Any doubt counts: whoever is asked back sends the tip by one tap, and nobody gets a sent tip back.
    """
    told, words = loaded.reader.analyse(body), fold(body).split()
    reading = loaded.reader.read(told, Asked(name=STORY, asks="text"))
    begins_or_breaks_off = not words or words[0] in loaded.words_after_tip or words[-1] in listed("unfinished")
    if begins_or_breaks_off or reading.kind not in {Kind.CONTENT, Kind.DANGER}:
        return False
    said = f" {' '.join(words)} "
    if any(f" {one} " in said for one in loaded.unsure_words) or not is_plain(_OF_STORIES.sub("", body)):
        return False
    wonders = any(word.startswith(loaded.sending_stems) and word.endswith(_FIRST_PERSON) for word in words)
    doubts = any(one.quality >= SOUND and not is_denied(told, one) for one in told.found("@takes-back"))
    if wonders or doubts or told.asks or _speaks_of_sending(told):
        return False
    negated = any(loaded.reader.analyse(word).has("@negations") for word in words)  # phrases hide none
    forbids = negated and any(word.startswith(loaded.sending_stems) for word in words)
    clauses = [loaded.reader.analyse(clause) for clause in _CLAUSE_END.split(body)]
    return not (forbids or clauses[-1].consists_of(*_NOT_YET) or any(_takes_back(loaded, one) for one in clauses))


def _speaks_of_sending(told: Analysis) -> bool:
    """Whether a text says that others said "send", that more follows, or asks by the verb's form: "bol du"."""
    words = [token.text for token in told.tokens]
    said, wait = told.covered(("d.say", "say.told")), told.covered(("soc.wait",))
    for mark in told.found("@of-sending"):
        here = {*range(mark.start, mark.end)}
        asks = any(len(word) > 1 and word.endswith(_FIRST_PERSON) for word in words[mark.start : mark.end + 1])
        if asks or wait & here or (said and not said & here) or words[-1] in _WHETHER:
            return True
    return any(mark.end - mark.start > 1 for mark in told.found("cmd.help", "cmd.status"))


def _takes_back(loaded: LoadedFlow, clause: Analysis) -> bool:
    """Whether a single clause refuses, asks to wait, or says that the rest was a mistake or a joke."""
    reading = loaded.reader.read(clause, Asked(name=STORY, asks="text"))
    return reading.kind in {Kind.REFUSAL, Kind.WAIT} or reading.topic == "mistake"


def submit_complete_tip(context: TurnContext, event: CompleteTip) -> Turn | None:
    """Submit the tip; one in doubt is asked about at the review. None: it tells no tip, or belongs to the draft."""
    session, opening = context.session, context.loaded.opening_step
    under_way = replace(session, held=()).has_draft and (not event.last or session.state in _ASK_TO_ERASE)
    if gives_code(context, words_of(event)):
        return None
    if under_way or session.submitted or session.mailbox is not None or not opening:
        return None
    words, is_sure = words_of(event), WHOLE_TIP in context.consent and is_complete_tip(context.loaded, event)
    if not (is_sure or (event.typed and _may_be_tip(context, words))):
        return None
    context.hear_dangers(words)
    if has_nobody_above(context) or context.analysis(words).has("unit.above"):
        return None  # who must not get it is said or asked first
    context.change(state="", language=session.language or context.loaded.language_of(words))
    if context.state is not DRAFT:
        return None
    fill_in_unasked(context, words)
    if opening in context.session.answers:
        accept_unsolicited(context, event.content)
    ends = {"submit"} if is_sure else {"submit", "review"}
    while (step := context.step) is not None and step.type.part not in ends:
        answer = _answer(context, step, event.content) if step.id == opening else _unknown(context, step)
        context.set_answer(step.id, answer)
    context.say_who_is_kept_out()
    return go_on(context)


def _may_be_tip(context: TurnContext, words: str) -> bool:
    """Whether words after `TIP` that are in doubt tell of a crime all the same, and are no talk about tips."""
    first = fold(words).split()[:1]
    return context.analysis(words).has("@story") and not context.loaded.words_after_tip.issuperset(first)


def _answer(context: TurnContext, step: Step, event: Text | Media) -> GivenAnswer:
    if isinstance(event, Media):
        ordinal = context.add_file(event, step.id)
        return GivenAnswer({"voice": ordinal}, context.source, (ordinal,))
    result = step.type.accept(step, event, context.view(step))
    return GivenAnswer(result.value if isinstance(result, AcceptedAnswer) else event.body, context.source)


def _unknown(context: TurnContext, step: Step) -> GivenAnswer:
    code = unknown_option(step.type.ask(step, context.view(step)).options)
    return GivenAnswer(code or None, context.source)


def words_of(event: Event) -> str:
    """Return the words that an event carries, other than those of a tap or of a place; empty where it has none."""
    match event:
        case Tap():  # first, since most events are taps
            return ""
        case Text() | Edited():
            return event.body
        case Media():
            return event.caption
        case CompleteTip():
            return words_of(event.content)
        case FormPage():
            return "\n".join(words for _, part in event.answers if (words := words_of(part)))
        case _:
            return ""


_Part = TypeVar("_Part", bound=Event)
_TEXTS: Final[Mapping[type[object], tuple[str, ...]]] = {
    Text: ("body",),
    Edited: ("body",),
    Tap: ("title",),
    Pin: ("name", "address"),
    Media: ("caption",),
}
"""Event type → its fields with texts that a sender can choose."""


def without_surrogates(event: Event) -> Event:
    """Return the event with lone surrogates in its texts replaced."""
    return _with_texts(event, replace_surrogates)


def gives_code(context: TurnContext, text: str) -> bool:
    """Whether a text gives a whole receipt code: a number of its length that is not called an account's or a card's."""
    if context.numbers_stay or find_code(text, RECEIPT_DIGITS) is None:
        return False
    return context.session.state == "@code" or not is_account(context.analysis(text))


def _digits(text: str) -> int:
    return sum(map(str.isdigit, text))


def without_receipt_code(context: TurnContext, event: Event) -> Event:
    """Return an event without what may be a receipt code, since a code must reach nobody. Say that it is none.

    A typed text keeps a whole code, which opens the mailbox.
    """
    typed = words_of(event) if isinstance(event, Text | CompleteTip) else ""
    hands_off = isinstance(event, Text) and _gives_handoff_code(context, typed)
    if isinstance(event, Tap) or hands_off or gives_code(context, typed):
        return event
    left = _with_texts(event, lambda text: without_codes(context, text) if _digits(text) >= FEWEST else text)
    if isinstance(event, Text | CompleteTip) and left != event:
        context.say("code.none")
    return left


def _with_texts(event: Event, change: Callable[[str], str]) -> Event:
    if isinstance(event, CompleteTip):
        typed = _changed(event.typed, change) if event.typed else None
        return replace(event, content=_changed(event.content, change), typed=typed)
    if isinstance(event, FormPage):
        return replace(event, answers=tuple((name, _changed(part, change)) for name, part in event.answers))
    return _changed(event, change)


def _changed(part: _Part, change: Callable[[str], str]) -> _Part:
    before = {name: getattr(part, name) for name in _TEXTS.get(type(part), ())}
    texts = {name: new for name, text in before.items() if (new := change(text)) != text}
    return replace(part, **texts) if texts else part
