"""An inbound event on its way into a turn, and the result of that turn."""

import time
from dataclasses import dataclass, field
from typing import Final

from satark.api.channel import Channel
from satark.api.inbound import Edited, Event, Inbound, Revoked
from satark.api.prompt import Prompt
from satark.identity.edge_key import Identity
from satark.identity.receipt_codes import CodeKey
from satark.store.outbox import OutboxMessage

_DAY_BYTES: Final = 2
MOST_DAYS: Final = 1 << 8 * _DAY_BYTES
"""The first day (counted from 1970) that does not fit into an event's key."""
_HASH_BYTES: Final = 14
"""Bytes of an event's keyed hash that follow the day in its key."""


class InboundEvent:
    """An inbound event with all that its transaction needs, computed before the transaction begins."""

    __slots__ = ("came", "channel", "code", "event", "inbound", "key", "late", "pseudonyms", "source")

    def __init__(self, channel: Channel, inbound: Inbound, identity: Identity, *, late: bool = False) -> None:
        self.came = time.perf_counter()
        """When the event came, by `time.perf_counter`."""
        self.channel = channel
        self.late = late
        """Whether the event's request was answered already: it was spooled while the database was down."""
        self.inbound = inbound
        self.key = identity.event(inbound.account, inbound.event_key)
        """The keyed hash of the event key: 16 bytes, the same for a duplicate. `seen_key` makes its stored form."""
        self.source = (identity.event(inbound.account, key) if (key := inbound.message_key) else self.key).hex()[:16]
        account = inbound.chat_account or inbound.account
        self.pseudonyms = tuple(identity.pseudonym(account, sender) for sender in inbound.senders)
        self.event = _with_hashed_original(inbound, identity)
        self.code: CodeKey | None = None
        """The keys that Argon2id derived from the receipt code or handoff code in the text; None: it has no code."""

    @property
    def inline(self) -> bool:
        """Whether the reply goes into the response to the event's request, instead of into calls."""
        return self.channel.capabilities.inline and not self.late


@dataclass(slots=True, eq=False, repr=False)
class TurnResult:
    """What one turn leaves to do once its transaction is committed."""

    duplicate: bool = False
    conversation: bytes = b""
    """Id of the conversation; empty for a duplicate."""
    ended: bool = False
    """Whether the conversation was deleted."""
    prompts: list[Prompt] = field(default_factory=list)
    """The prompts that an inline channel shows in its response."""
    outgoing: list[OutboxMessage] = field(default_factory=list)
    erased: list[str] = field(default_factory=list)
    """Names of the sealed files to erase from the evidence folder."""
    files: bool = False
    """Whether there are files to fetch."""
    forged: bool = False
    stored: dict[bytes, int] = field(default_factory=dict)
    """Conversation → the stored count of its draft, or of its end (`DraftCounts`)."""
    submitted: bool = False
    wrong_code: bool = False


def seen_key(day: int, hashed: bytes) -> bytes:
    """Return the key under which an event is stored, 16 bytes, given its day (days since 1970) and its keyed hash.

    The keys of one day lie together, so that new keys go to few pages of the index. Random keys would take a page each.
    """
    return day.to_bytes(_DAY_BYTES) + hashed[:_HASH_BYTES]


def seen_row(key: bytes, latest: int) -> dict[str, object]:
    """Return the row of `seen` with this key. The row expires with the rows of its day, or of the day `latest`.

    The row does not depend on the day on which the event came. If that day differed from the key's day, the row would
    tell that the event was sent about midnight.
    """
    return {"key": key, "day": min(int.from_bytes(key[:_DAY_BYTES]), latest)}


def _with_hashed_original(inbound: Inbound, identity: Identity) -> Event:
    """Name the edited or revoked message as the session knows it: by the keyed hash of its event key."""
    event = inbound.event
    if isinstance(event, Edited):
        return Edited(identity.event(inbound.account, event.original).hex()[:16], event.body)
    if isinstance(event, Revoked):
        return Revoked(identity.event(inbound.account, event.original).hex()[:16])
    return event
