"""A message of a tip's thread, with its position and its officer."""

from __future__ import annotations

import msgspec

from satark.api.tip import Message


class PostedMessage(msgspec.Struct, frozen=True):
    """A message with its position in the tip's thread."""

    seq: int
    message: Message
    officer: str = ""
    """The officer who wrote it, where the tip was opened; empty for the tipster's, and where nobody was named."""
    at: int = 0
    """When the officer wrote it, Unix seconds, where the tip was opened; 0 where no officer is named."""
