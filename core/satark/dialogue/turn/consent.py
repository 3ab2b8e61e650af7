"""Consent: what can't be undone is done only on the tipster's own event, and only in the act's own words.

An act's own words are a tap on its button, its number, its label in any language, and the words that the catalogues
list for it, alone: beside one of them only signs may stand that surely neither refuse nor ask nor quote. Beside the
word to send, closed lists of phrases may stand too. A plain yes, no or ok is never an own word: it may answer something
that was said before. The reading of a text and an event that a plugin replaced give no consent.
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from satark.api.flow import Question
from satark.api.inbound import CompleteTip, Event, Media, Tap, Text
from satark.api.prompt import ANY_QUESTION, ChoiceToken, parse_token
from satark.dialogue.flow.command_words import MAX_COMMAND_LENGTH
from satark.dialogue.flow.consent_words import ACTS
from satark.dialogue.session import Turn
from satark.dialogue.turn.context import TurnContext
from satark.dialogue.turn.session_changes import SUGGESTED
from satark_words.small_words import in_order
from satark_words.tokens import fold

WHOLE_TIP: Final = "tip"
"""The consent of a complete tip in one message."""
_ANSWER: Final = "answer"
"""The consent of every event that answers the question on the screen and can't be meant for an earlier one."""
_PLAINLY: Final = "plainly"
"""The consent of an event that does so as an act's own words would: a tap, or a text with no doubtful sign."""
_NEEDED: Final = {SUGGESTED: _ANSWER, "@feedback": _PLAINLY}
"""Question whose answers are no acts → the consent that they need all the same."""
_FINAL: Final = frozenset({"submission", "erase"})
_LONGEST_NUMBER: Final = 2
_BROKEN_OFF: Final = "no "
"""In place of the last number, before a question's id: the text there refused or asked, and may go on in the next."""


def _pattern(phrases: Sequence[str]) -> str:
    """Return the pattern of phrases from `small_words.yaml`, in a folded text with a space on each side of a word."""
    items = [[_words(slot) for slot in phrase.split()] for phrase in phrases]
    return "|".join("".join(f"(?:{'|'.join(slot)})" for slot in item) for item in sorted(items, key=len, reverse=True))


def _words(slot: str) -> list[str]:
    """List what may stand in one place of a phrase, the longest first."""
    told = ("" if one == "-" else f" {fold(one.replace('_', ' ')).replace(' ', '  ')} " for one in slot.split("/"))
    return sorted(told, key=len, reverse=True)


_AGREES: Final = _pattern(in_order("agreeing"))
_BEFORE: Final = _pattern(in_order("before-sending"))
_AGREEING: Final = re.compile(rf"^(?:{_AGREES})*(?:{_BEFORE})(?=.*\S)|{_AGREES}")
_SENDING: Final = re.compile("(?:" + _pattern(in_order("sending")) + ")+")
_SWAPPED: Final = {
    word[:at] + word[at + 1] + word[at] + word[at + 2 :]: word
    for word in in_order("swapped")
    for at in range(1, len(word) - 1)
}
"""Misspelt word to send → that word."""
UNSENT: Final = "@unsent"
"""Name of the state that waits for the answer about an unsent draft. A refusal leads to the review."""
_FEW: Final = 4
"""Most words of such a text. "Don't" and "send" are two messages of one sentence; a story with "not" in it is told."""
_QUESTION_MARKS: Final = frozenset("?？؟❓❔⁇⁈⁉‽¿")
_HARMLESS: Final = re.compile(r"[\s.,;!।॥،۔؛🔟👍👌🙏✅✔☑😊🙂\U0001f3fb-\U0001f3ff]|(?<=\d)\)|(?<=\w)[-'’ʼ‘](?=\w)")
"""Signs beside a word that leave its meaning as it is. Any other may refuse, ask or quote: ❌, ~send~, "send"."""


def consent_of(context: TurnContext, event: Event, *, whole_tip: bool, unseen: bool) -> frozenset[str]:
    """Return the act that an event consents to at the current question, and the fields of `Turn` for it.

    `unseen`: the question was not sent yet, so no word or number can answer it.
    """
    if whole_tip:
        return frozenset({WHOLE_TIP, "submission"})
    if isinstance(event, CompleteTip):
        event = event.typed or event.content
    token = parse_token(event.token) if isinstance(event, Tap) else None
    body = event.title if isinstance(event, Tap) and token is None else event.body if isinstance(event, Text) else ""
    said_beside = body or (event.caption if isinstance(event, Media) else "")
    folded = fold(body) if 0 < len(body) <= MAX_COMMAND_LENGTH else ""
    # A number that is typed a second time may be meant for the question before. A caller has heard the question.
    number = str(int(folded)) if len(folded) <= _LONGEST_NUMBER and folded.isdecimal() else ""  # "01" is 1
    before, is_call = context.session.chosen_by, context.session.channel == "voice"
    state = context.session.state
    broken_off = f"{_BROKEN_OFF}{context.session.step if state in {'', UNSENT} else state}"
    repeated = number != "" and number == before and not is_call
    answers = token is not None or not (unseen or repeated)
    act = _tapped(context, token) if token else ""
    plainly = token is not None or (is_plain(body) and (before != broken_off or (number != "" and is_call)))
    if folded and plainly:
        act = _written(context, folded, answers=answers)
    if (said := number or (broken_off if not act and _is_broken_off(context, said_beside) else "")) != before:
        context.change(chosen_by=said)
    given = {_ANSWER: answers, _PLAINLY: answers and plainly}
    return frozenset({*((act, *ACTS[act]) if act else ()), *(name for name, holds in given.items() if holds)})


def _is_broken_off(context: TurnContext, body: str) -> bool:
    """Whether a text only refuses, asks or begins something, while there is something to lose."""
    session, is_short = context.session, 0 < len(body) <= MAX_COMMAND_LENGTH
    if not is_short or not (session.has_draft or session.submitted or session.mailbox):
        return False
    told, name = context.analysis(body), context.state.question(context)[0]
    says_so = told.negates or told.asks or told.has("soc.wait", "say.if", "say.no", "t.refuse", "opt.reach.no")
    says_so = (says_so or not (fold(body) or is_plain(body))) and len(told) <= _FEW
    unfinished = told.has("@unfinished") and told.consists_of(("@said",), ())
    return (says_so or unfinished) and name != SUGGESTED


def act_of(context: TurnContext, name: str, code: str) -> str:
    """Return the act that an option of a question carries out; empty if the option can be undone."""
    step = context.loaded.flow.by_id.get(name)
    act = f"{step.type.part if step else name}:{code}"
    if step and act not in ACTS:
        act = f"{step.means}:{code}"
    return act if act in ACTS else ""


def option_named(context: TurnContext, name: str, question: Question, folded: str) -> str:
    """Return the option that a folded text names exactly; at the review, also the word to send beside agreements.

    "Haan, ab bhej dijiye" agrees, is polite or in haste, and says the word. Any other word beside it leaves a doubt.
    """
    lookup = context.loaded.option_lookup(context.session, name, question)
    if code := lookup.exact(folded):
        return code
    sends = (one.code for one in question.options if act_of(context, name, one.code) == "review:send")
    if not (code := next(sends, "")) or any(map(str.isdecimal, folded)):
        return ""
    words = "".join(f" {_SWAPPED.get(word, word)} " for word in folded.split())
    left = [one for one in _AGREEING.sub("|", words).split("|") if one]
    is_sent = left and all(_SENDING.fullmatch(one) or lookup.exact(" ".join(one.split())) == code for one in left)
    return code if is_sent else ""


def is_question(body: str) -> bool:
    """Return whether a text contains a question mark."""
    return bool(_QUESTION_MARKS.intersection(body))


def is_plain(body: str) -> bool:
    """Return whether a text has only letters, digits and harmless signs. Any other triggers nothing irreversible."""
    left = (unicodedata.category(char) for char in _HARMLESS.sub("", body))
    return all(one[0] in "LMN" or one == "Cf" for one in left)


def is_current(context: TurnContext, token: ChoiceToken) -> bool:
    """Return whether a button of the current question still counts.

    Only a button below the newest prompt can send or erase the tip, give a voice away, or answer a suggestion.
    """
    if token.revision == context.session.revision:
        return True
    act = act_of(context, token.question, token.option)
    may_stay = not act or (token.question not in context.loaded.consents and _FINAL.isdisjoint(ACTS[act]))
    return may_stay and token.question != SUGGESTED


def _tapped(context: TurnContext, token: ChoiceToken) -> str:
    is_command = token.option.startswith("@")
    act = token.option[1:] if is_command else act_of(context, token.question, token.option)
    if act not in ACTS:
        return ""  # first, since most taps choose something that can be undone
    name, question = context.state.question(context)
    if is_command:
        return act if token.question in {ANY_QUESTION, name} else ""
    offered = token.question == name and token.option in {option.code for option in question.options}
    return act if offered and is_current(context, token) else ""


def _written(context: TurnContext, folded: str, *, answers: bool) -> str:
    name, question = context.state.question(context)
    if question.options and (code := option_named(context, name, question, folded)):
        return act_of(context, name, code) if answers and folded not in context.loaded.commands.plain else ""
    command = context.loaded.commands.command(folded)
    if command == "forget" and _is_under_way(context):
        told = context.analysis(folded)
        return command if told.has("who.me", "id.my-number", "k.number") else ""  # "forget it" means stop
    return command if command in ACTS else ""


def choose(context: TurnContext, name: str, question: Question, code: str, event: Tap | Text) -> Turn | None:
    """Choose an option of the current question. This is the only way: an act that can't be undone needs consent.

    A suggestion is answered only by what can't be meant for the question before it.
    """
    if is_unsent(context, name, question, is_typed=isinstance(event, Text)):
        if name == SUGGESTED and isinstance(event, Text):
            context.hold(event.body)  # it tells more than its answer
            return context.ask()
        return context.turn_page(1)
    needed = _NEEDED.get(name) or act_of(context, name, code)
    if needed and needed not in context.consent:
        return ask_for_word(context, question, code)
    return context.state.handle_event(context, code, event)


def is_unsent(context: TurnContext, name: str, question: Question, *, is_typed: bool = False) -> bool:
    """Return whether nothing can answer a question yet: not all of it was sent, and it is about an act.

    If `is_typed`, other questions can't be answered either before their first option was sent.
    """
    if (sent := context.session.options_sent) is None or (is_typed and sent == 0):
        return sent is not None
    return name == SUGGESTED or any(act_of(context, name, option.code) for option in question.options)


def ask_for_word(context: TurnContext, question: Question, code: str) -> Turn:
    """Do not choose an option; say what to tap or write for it, and ask again."""
    if context.session.state == "@reach" and code == "no":  # nobody is contacted without a yes: a second no is enough
        if context.replied == "@reach no":
            return context.end("reach.cannot")
        context.change(replied="@reach no")
    number, label = next((at, one.label) for at, one in enumerate(question.options, 1) if one.code == code)
    context.say("consent.option", label=label, number=number)
    context.change(chosen_by="")
    return context.ask()


def _is_under_way(context: TurnContext) -> bool:
    """Whether there is a draft. If so, a wish to be forgotten is asked about before it is carried out."""
    return context.session.has_draft and not context.session.submitted


def may_carry_out(context: TurnContext, command: str) -> bool:
    """Return whether a command may be carried out: it can be undone here, or was given in its own words."""
    if command in context.consent or command not in ACTS:
        return True
    # The others ask first or erase nothing, but where the question itself offers to erase files.
    _, question = context.state.question(context)
    if command == "forget":
        return _is_under_way(context)
    return command == "cancel" or "clear" not in question.actions
