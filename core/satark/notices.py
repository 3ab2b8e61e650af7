"""Telling a tipster, unasked, what became of a file that they sent; in their language, while there is a way to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from satark.channel import Address
from satark.dialogue.fit import fit
from satark.store import conversations, outgoing
from satark.turns import new_outgoing

if TYPE_CHECKING:
    from satark.arrival import Outgoing
    from satark.channel import Channel
    from satark.dialogue.session import Keep
    from satark.flows import Flows
    from satark.identity import Identity
    from satark.store.unit import UnitOfWork


class Notices:
    """Writes such messages; `posted` sends what was written, once that is committed."""

    def __init__(
        self,
        *,
        channels: Mapping[str, Channel],
        flows: Flows,
        identity: Identity,
        posted: Callable[[list[Outgoing]], None],
    ) -> None:
        self._channels, self._flows, self._identity = channels, flows, identity
        self.posted = posted

    def write(self, unit: UnitOfWork, keep: Keep, key: str, **values: int) -> list[Outgoing]:
        """Write that this became of a file (see `Engine.of_a_file`), in this transaction.

        Nothing comes of it where the conversation has ended, or where its medium speaks only when spoken to.
        """
        row = conversations.read(unit.main, [keep.conversation]).get(keep.conversation)
        channel = self._channels.get(keep.ref.account)
        if row is None or not row.handle or channel is None or channel.capabilities.inline:
            return []
        handle = self._identity.open_handle(row.handle, row.id)
        channel = self._channels.get(handle.account)
        if channel is None:
            return []
        prompt = self._flows.current.of_a_file(key, handle.language, **values)
        calls = channel.render(fit(prompt, channel.capabilities), handle.account, Address(handle.address))
        items = [new_outgoing(row.id, call, keep=True) for call in calls]
        outgoing.add(unit, items, self._identity)
        return items
