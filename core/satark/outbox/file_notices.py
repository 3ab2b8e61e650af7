"""Telling a tipster, unasked, what became of a file that they sent; in their language, while there is a way to.

Where there is none (a call, a browser, a conversation that has ended), it is remembered: they are told when they speak
again, or when they open the mailbox.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from satark.channel import Address
from satark.dialogue.rendering.fit import fit
from satark.outbox.compose import new_outgoing
from satark.store import conversations, evidence_files, outbox

if TYPE_CHECKING:
    from satark.channel import Channel
    from satark.dialogue.session import Keep, Untold
    from satark.identity.edge_key import Identity
    from satark.store.flows import Flows
    from satark.store.outbox import OutboxMessage
    from satark.store.unit_of_work import UnitOfWork


class FileNotices:
    """Writes such messages; `posted` sends what was written, once that is committed."""

    def __init__(
        self,
        *,
        channels: Mapping[str, Channel],
        flows: Flows,
        identity: Identity,
        posted: Callable[[list[OutboxMessage]], None],
    ) -> None:
        self._channels, self._flows, self._identity = channels, flows, identity
        self.posted = posted

    def write(self, unit: UnitOfWork, keep: Keep, untold: Untold) -> list[OutboxMessage]:
        """Write that this became of a file, in this transaction."""
        items = self._items(unit, keep, untold)
        if not items:
            evidence_files.remember(unit, keep, untold)
        outbox.add(unit, items, self._identity)
        return items

    def _items(self, unit: UnitOfWork, keep: Keep, untold: Untold) -> list[OutboxMessage]:
        row = conversations.read(unit.main, [keep.conversation]).get(keep.conversation)
        handle = self._identity.open_handle(row.handle, row.id) if row and row.handle else None
        channel = self._channels.get(handle.account) if handle else None
        if row is None or handle is None or channel is None:
            return []
        prompt = self._flows.current.of_a_file(untold, handle.language)
        calls = channel.render(fit(prompt, channel.capabilities), handle.account, Address(handle.address))
        return [new_outgoing(row.id, call, keep=True) for call in calls]
