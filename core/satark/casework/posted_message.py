"""A message of a tip's thread, with its position and the officer who wrote it.

The officer's name and the time are sealed to the tip's key inside the message, so that no receipt opens them.
"""

from __future__ import annotations

import msgspec

from satark.api.observability import Redacted
from satark.api.sealing import CantOpen, open_as, seal
from satark.api.tip import Message

_PADDED = 256
"""Bytes of every name and time before sealing: more than the longest name needs, so that the size reveals no name."""


class PostedMessage(msgspec.Struct, frozen=True):
    """A message with its position in the tip's thread."""

    seq: int
    message: Message
    officer: str = ""
    """The officer who wrote it, once the tip is opened; empty for a tipster's message, or where no officer is named."""
    at: int = 0
    """When the officer wrote it, Unix seconds, once the tip is opened; 0 where no officer is named."""


class Author(Redacted, frozen=True, kw_only=True):
    """The officer who wrote a message, and when."""

    name: str
    at: int
    """When the officer wrote it, Unix seconds. No exact time of a tipster's message is kept."""


def seal_officer(name: str, at: int, *recipients: str) -> bytes:
    """Seal an officer's name and the time to the keys of a tip and of its releases; return nothing for no name."""
    return seal(Author(name=name, at=at), *recipients, padded=_PADDED) if name else b""


def with_officer(posted: PostedMessage, tip_identity: str) -> PostedMessage:
    """Return a message with its officer and its time opened; without both, if they do not open."""
    sealed = posted.message.officer
    if not sealed:
        return posted
    try:
        author = open_as(Author, sealed, tip_identity)
    except CantOpen:
        return posted
    return msgspec.structs.replace(posted, officer=author.name, at=author.at)
