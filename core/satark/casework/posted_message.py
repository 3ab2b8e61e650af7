"""A message of a tip's thread, with its position and the officer who wrote it.

The officer's name and the time are sealed to the tip's key inside the message, so that no receipt opens them.
"""

from __future__ import annotations

import msgspec

from satark.api.observability import Redacted
from satark.api.sealing import CantOpen, open_as, seal
from satark.api.tip import Message

_PADDED = 256
"""Bytes that every sealed officer takes: more than the longest name needs, so that the size does not tell who it is."""


class PostedMessage(msgspec.Struct, frozen=True):
    """A message with its position in the tip's thread."""

    seq: int
    message: Message
    officer: str = ""
    """The officer who wrote it, where the tip was opened; empty for the tipster's, and where nobody was named."""
    at: int = 0
    """When the officer wrote it, Unix seconds, where the tip was opened; 0 where no officer is named."""


class Author(Redacted, frozen=True, kw_only=True):
    """The officer who wrote a message, and when."""

    name: str
    at: int
    """Unix seconds. It is the officer's time; of the tipster's messages no exact time is kept."""


def seal_officer(name: str, at: int, *recipients: str) -> bytes:
    """Seal an officer's name and the time to a tip's key, and to those of its releases; empty for no name."""
    return seal(Author(name=name, at=at), *recipients, padded=_PADDED) if name else b""


def with_officer(posted: PostedMessage, tip_identity: str) -> PostedMessage:
    """Return a message with its officer and its time opened; where that fails, they are left out."""
    sealed = posted.message.officer
    if not sealed:
        return posted
    try:
        author = open_as(Author, sealed, tip_identity)
    except CantOpen:
        return posted
    return msgspec.structs.replace(posted, officer=author.name, at=author.at)
