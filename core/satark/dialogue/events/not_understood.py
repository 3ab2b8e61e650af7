"""Replies to events that are not understood, and to options that are named in other words than their own."""

from satark.api.inbound import Tap
from satark.dialogue.session import Turn
from satark.dialogue.turn.consent import choose
from satark.dialogue.turn.context import TurnContext


def not_understood(context: TurnContext, key: str = "not_understood") -> Turn:
    """Say that something was not understood, or say another text, and ask again."""
    return context.ask(key)


def choose_likely(context: TurnContext, code: str) -> Turn:
    """Choose an option that was named in other words than its own, if the present question offers it."""
    name, question = context.state.question(context)
    offered = code in {option.code for option in question.options}
    return (choose(context, name, question, code, Tap(code)) if offered else None) or not_understood(context)
