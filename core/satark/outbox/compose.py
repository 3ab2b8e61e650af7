"""Makes outbox items of provider calls."""

from __future__ import annotations

import time
from itertools import count
from secrets import token_bytes
from typing import TYPE_CHECKING

from satark.store.outbox import OutboxMessage

if TYPE_CHECKING:
    from satark.channel import Call

_positions = count(time.time_ns())


def new_outgoing(conversation: bytes, call: Call, *, keep: bool, settle: bool = False) -> OutboxMessage:
    """Make an outbox item of a call."""
    return OutboxMessage(
        id=token_bytes(16),
        position=next(_positions),
        conversation=conversation,
        call=call,
        keep=keep,
        settle=settle,
    )
