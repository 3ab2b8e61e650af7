"""Names of officers in messages: sealed to the tip's key inside the message, so that no receipt opens them."""

from __future__ import annotations

import msgspec

from satark.casework.opened_tip import PostedMessage
from satark.identity.sealing import CantOpen, open_as, seal

_PADDED = 160
"""Characters of every sealed name: its size tells nothing of who it is."""


def seal_officer(name: str, tip_recipient: str) -> bytes:
    """Seal an officer's name to a tip's key; empty for no name."""
    return seal(name.ljust(_PADDED), tip_recipient) if name else b""


def with_officer(posted: PostedMessage, tip_identity: str) -> PostedMessage:
    """Return a message with its officer's name opened; a name that does not open is left out."""
    sealed = posted.message.officer
    if not sealed:
        return posted
    try:
        name = open_as(str, sealed, tip_identity).rstrip()
    except CantOpen:
        return posted
    return msgspec.structs.replace(posted, officer=name)
