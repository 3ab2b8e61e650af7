"""A conversation while the events of one batch are ingested: its locked row, opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from satark.dialogue.session import Session
    from satark.ingest.event import InboundEvent, TurnResult
    from satark.prompt import Prompt
    from satark.store.conversations import ConversationRow
    from satark.store.outbox import OutboxMessage


class Conversation:
    """One conversation of a batch."""

    __slots__ = ("calls", "event", "handle", "id", "prompts", "provider_message_ids", "result", "session")

    def __init__(self, row: ConversationRow, session: Session | None) -> None:
        self.id = row.id
        self.handle = row.handle
        self.session = session
        self.prompts: list[Prompt] = []
        """What its replies say: the newest question, and what must arrive."""
        self.calls: list[OutboxMessage] = []
        """What goes out beside the replies: the last word where the session went on elsewhere, deleted messages."""
        self.provider_message_ids: list[str] = []
        """The provider's ids of the messages that came in."""
        self.event: InboundEvent | None = None
        """The newest event that was ingested; None while none was."""
        self.result: TurnResult | None = None
        """Its result, which carries the conversation's replies."""
