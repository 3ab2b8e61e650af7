"""The outbox: renders prompts as provider calls, and stores the calls in the transaction that made the prompts."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

import msgspec

from satark.api.channel import Channel
from satark.api.inbound import Address
from satark.api.outbound import Call
from satark.api.prompt import Capabilities, Prompt
from satark.dialogue.rendering.read_aloud import ReadAloud
from satark.identity.edge_key import Handle, Identity
from satark.identity.random_bytes import random_bytes
from satark.store import outbox
from satark.store.outbox import OutboxMessage
from satark.store.unit_of_work import UnitOfWork


class _Positions:
    """Numbers messages in the order in which they are made, across all processes, unless a clock is set back."""

    def __init__(self) -> None:
        self._last = 0

    def __next__(self) -> int:
        self._last = max(self._last + 1, time.time_ns())
        return self._last


_positions = _Positions()


class Outbox:
    """Makes outbox messages of prompts and of calls. Only `add` touches the store.

    Args:
        channels: account → its channel.
        fit: fits a prompt to what a channel can show.
        identity: seals the stored calls.
        read_aloud: returns the clips that read a prompt out; None: nothing is read out.
    """

    def __init__(
        self,
        *,
        channels: Mapping[str, Channel],
        fit: Callable[[Prompt, Capabilities], Prompt],
        identity: Identity,
        read_aloud: ReadAloud | None = None,
    ) -> None:
        self._channels = channels
        self._fit = fit
        self._read_aloud = read_aloud
        self._identity = identity

    def fit(self, prompt: Prompt, channel: Channel) -> Prompt:
        """Fit a prompt to what a channel can show, and the prompt's clips to what the channel can send."""
        if prompt.aloud and self._read_aloud is not None and channel.capabilities.voice_notes:
            return self._read_aloud.fit(prompt, channel.capabilities, self._fit)
        shown = self._fit(prompt, channel.capabilities)  # a plugin may make a prompt of its own
        return msgspec.structs.replace(shown, must_arrive=prompt.must_arrive, debounce=prompt.debounce)

    def reply(
        self, prompt: Prompt, channel: Channel, account: str, to: Address, conversation: bytes
    ) -> list[OutboxMessage]:
        """Render the answer to an inbound event, which is fitted to its channel."""
        calls = channel.render(prompt, account, to)
        return [
            message(conversation, call, must_arrive=prompt.must_arrive, debounce=prompt.debounce and at == 0)
            for at, call in enumerate(calls)
        ]

    def compose(
        self, prompt: Prompt, handle: Handle, conversation: bytes, *, notice: bool = False
    ) -> list[OutboxMessage]:
        """Render a prompt for a stored reply handle; return nothing if the handle's account is no longer configured.

        Args:
            prompt: the prompt.
            handle: the address to which the prompt goes.
            conversation: the one whose queue has the prompt. A prompt that must arrive is never overtaken there.
            notice: whether we write without being asked; then the provider may want a template (`Channel.notice`).
        """
        channel = self._channels.get(handle.account)
        if channel is None:
            return []
        if handle.aloud:
            prompt = msgspec.structs.replace(prompt, aloud=True)
        render = channel.notice if notice else channel.render
        calls = render(self.fit(prompt, channel), handle.account, Address(handle.address))
        return [message(conversation, call, must_arrive=True) for call in calls]

    def is_page(self, account: str) -> bool:
        """Whether an account's channel is a page in a browser. Such a page itself says that a draft has expired."""
        channel = self._channels.get(account)
        return channel is not None and channel.capabilities.kind == "web"

    def add(self, unit: UnitOfWork, messages: Sequence[OutboxMessage]) -> None:
        """Store messages in a transaction. They replace those of the same conversations that they supersede."""
        outbox.add(unit, messages, self._identity)


def message(conversation: bytes, call: Call, *, must_arrive: bool, debounce: bool = False) -> OutboxMessage:
    return OutboxMessage(
        id=random_bytes(16),
        position=next(_positions),
        conversation=conversation,
        call=call,
        must_arrive=must_arrive,
        debounce=debounce,
    )
