"""Every dialogue state, by its name in `Session.state`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from satark.dialogue.states.draft import DRAFT
from satark.dialogue.states.handoff import HandoffCodeState
from satark.dialogue.states.identity import IdentityMenu
from satark.dialogue.states.mailbox import FeedbackState, MailboxState, ReceiptCodeState, ReplyState
from satark.dialogue.states.menus import (
    LANGUAGE,
    CancelMenu,
    ChangeMenu,
    ContactMenu,
    DetailsMenu,
    OriginMenu,
    RestartMenu,
)
from satark.dialogue.states.unsent import UNSENT, UnsentState
from satark.dialogue.turn.context import DialogueState

STATES: Final[Mapping[str, DialogueState]] = {
    "": DRAFT,
    "@language": LANGUAGE,
    "@cancel": CancelMenu(),
    "@restart": RestartMenu(),
    "@identity": IdentityMenu(),
    "@origin": OriginMenu(),
    "@details": DetailsMenu(),
    "@change": ChangeMenu(),
    "@reach": ContactMenu(),
    "@code": ReceiptCodeState(),
    "@mailbox": MailboxState(),
    "@answer": ReplyState(),
    "@feedback": FeedbackState(),
    "@elsewhere": HandoffCodeState(),
    UNSENT: UnsentState(),
}
