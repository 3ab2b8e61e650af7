"""Dangers in words that no question asked for: captions, edited messages, what is added to a tip that was sent."""

from __future__ import annotations

import msgspec

from satark.api.channel import Edited, Event, FormPage, Media, Pin, Tap
from satark.dialogue.events.wording import words_of
from satark.dialogue.session import Turn
from satark.dialogue.states.mailbox import tipsters_message
from satark.dialogue.turn.context import TurnContext


def hear_dangers_beside(context: TurnContext, event: Event) -> None:
    """Read the words of an event that is no typed text for dangers; typed texts are read where they are understood.

    A change to a conversation that is over is part of wiping it, and gets no answer.
    """
    if isinstance(event, Media | FormPage) or (isinstance(event, Edited) and context.session.revision):
        context.hear_dangers(words_of(event))


def tell_desk_of_dangers(context: TurnContext, event: Event, turn: Turn) -> Turn:
    """Mark what goes to a tip that was sent already as urgent; a danger that would go nowhere is added to the tip."""
    if not context.dangers or turn.session is None or not (context.session.mailbox or context.session.sent):
        return turn
    post = turn.post
    if post is None and not isinstance(event, Tap | Pin):
        post = tipsters_message(words_of(event))
    if post is None:
        return turn
    flags = tuple(f"danger:{kind}" for kind in context.dangers)
    return msgspec.structs.replace(turn, post=msgspec.structs.replace(post, flags=flags))
