"""Consent: what can't be undone is done only on the tipster's own event, and only in the act's own words.

An act's own words are a tap on its button, its number, its label in any language, and the words that the catalogues
list for it. A plain yes, no or ok is never one of them: it may answer something that was said before. What a plugin or
the understanding makes of an event gives no consent.
"""

from __future__ import annotations

from typing import Final

from satark.api.flow import Question
from satark.api.inbound import CompleteTip, Event, Tap, Text
from satark.api.prompt import ANY_QUESTION, ChoiceToken, parse_token
from satark.dialogue.flow.command_words import MAX_COMMAND_LENGTH
from satark.dialogue.flow.own_words import ACTS, REVIEW
from satark.dialogue.session import Turn
from satark.dialogue.turn.context import TurnContext
from satark_words.tokens import fold

WHOLE_TIP: Final = "tip"
"""The consent of a complete tip in one message."""
_NOTHING: Final = frozenset[str]()
_QUESTION_MARKS: Final = frozenset("?？؟❓❔⁇‽")


def consent_of(context: TurnContext, event: Event, *, whole_tip: bool, unseen: bool) -> frozenset[str]:
    """Return the act that an event consents to at the question that is shown, and the fields of `Turn` for it.

    `unseen`: the question was not sent yet, so that no word or number can be an answer to it.
    """
    if whole_tip:
        return frozenset({WHOLE_TIP, "submission"})
    if isinstance(event, CompleteTip):
        event = event.typed or event.content
    act = ""
    if isinstance(event, Tap):
        token = parse_token(event.token)
        act = _written(context, event.title, unseen=unseen) if token is None else _tapped(context, token)
    elif isinstance(event, Text):
        act = _written(context, event.body, unseen=unseen)
    return frozenset({act, *ACTS[act]}) if act else _NOTHING


def act_of(context: TurnContext, name: str, code: str) -> str:
    """Return the act that an option of a question is; empty if the option can be undone."""
    step = context.loaded.flow.by_id.get(name)
    act = f"{REVIEW if step is not None and step.type.part == REVIEW else name}:{code}"
    return act if act in ACTS else ""


def is_question(body: str) -> bool:
    """Return whether a text contains a question mark: "send?" asks, and triggers nothing irreversible."""
    return bool(_QUESTION_MARKS.intersection(body))


def is_current(context: TurnContext, token: ChoiceToken) -> bool:
    """Return whether a button of the current question still counts.

    Only the one below the newest question sends or erases the tip.
    """
    fields = ACTS.get(act_of(context, token.question, token.option), ())
    return token.revision == context.session.revision or not {"submission", "erase"}.intersection(fields)


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


def _written(context: TurnContext, body: str, *, unseen: bool) -> str:
    folded = fold(body) if len(body) <= MAX_COMMAND_LENGTH else ""
    if not folded or is_question(body):
        return ""
    name, question = context.state.question(context)
    if question.options and (code := context.loaded.option_lookup(context.session, name, question).exact(folded)):
        act = act_of(context, name, code)
        return "" if unseen or folded in context.loaded.commands.plain or _is_repeated(context, folded, act) else act
    command = context.loaded.commands.command(folded)
    return command if command in ACTS else ""


def _is_repeated(context: TurnContext, folded: str, act: str) -> bool:
    """Return whether a number is typed a second time, which may be meant for the question before: it sends nothing.

    A caller has heard the question before they press the key.
    """
    return (
        context.session.channel != "voice"
        and folded == context.session.chosen_by
        and bool({"submission", "erase"}.intersection(ACTS.get(act, ())))
    )


def choose(context: TurnContext, name: str, question: Question, code: str, event: Tap | Text) -> Turn | None:
    """Choose an option of the current question. The only way to one: what can't be undone needs consent."""
    act = act_of(context, name, code)
    if act and act not in context.consent:
        return ask_for_word(context, question, code)
    if isinstance(event, Text) and (number := fold(event.body)).isdigit():
        context.change(chosen_by=number)
    return context.state.handle_event(context, code, event)


def ask_for_word(context: TurnContext, question: Question, code: str) -> Turn:
    """Say what to tap or to write for an option, which is not chosen, and put the question again."""
    labels = {option.code: (number, option.label) for number, option in enumerate(question.options, 1)}
    number, label = labels[code]
    context.say("consent.option", label=label, number=number)
    return context.ask()


def may_carry_out(context: TurnContext, command: str) -> bool:
    """Return whether a command may be carried out: whether it can be undone here, or was given in its own words."""
    if command in context.consent or command not in ACTS:
        return True
    if command == "forget":
        return False
    # The others ask first or erase nothing, but where the question itself offers to erase words or files.
    name, question = context.state.question(context)
    return command == "cancel" or (name != "@identity" and "clear" not in question.actions)
