"""The port behind which an SMS provider stands: what is different from one to the next, and nothing else.

Two-way SMS needs a provider of the country: Twilio, which ships, says itself that it has none in India. Another one
(Exotel, Gupshup, a police gateway) is one class with these parts.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import msgspec

from satark.channel import Call, MediaRef, RawRequest, RawResponse, SendResult
from satark.redacted import Redacted


class Received(Redacted, frozen=True, kw_only=True):
    """One text message, as a provider brought it."""

    id: str
    """What the provider repeats when it brings the same message again."""
    sender: str
    """Who sent it, as the provider names them when it is to be answered."""
    body: str
    media: tuple[MediaRef, ...] = ()
    lost: int = 0
    """Attached files that can't be fetched from this provider."""
    opted_out: bool = False
    """The sender wants no more messages, and the provider sends them none."""
    answered: bool = False
    """The provider has answered already, as it does to HELP: nothing is to be said."""


class Post(msgspec.Struct, frozen=True, kw_only=True):
    """What one webhook carried."""

    messages: Sequence[Received] = ()
    chores: Sequence[Call] = ()
    """What the provider is to delete or forget."""
    ignored: int = 0


class SmsProvider(Protocol):
    """An SMS provider with one number. The sync methods are pure and fast."""

    @property
    def account(self) -> str:
        """The account's name at Satark: `sms:` and the number."""

    @property
    def paths(self) -> Sequence[str]:
        """The webhook addresses that it calls."""

    @property
    def webhook_max_bytes(self) -> int:
        """The largest webhook taken, in bytes."""

    def verify(self, raw: RawRequest) -> bool:
        """Say whether a request is really the provider's."""

    def read(self, raw: RawRequest) -> Post:
        """Read a verified request.

        Raises:
            satark.channel.Malformed: it can't be read.
        """

    def answer(self, raw: RawRequest, texts: Sequence[str]) -> RawResponse:
        """Put these messages, in order, into the answer to a request; none: answer it with nothing."""

    def call(self, to: str, text: str) -> Call:
        """Make the call that sends a message which we begin."""

    async def open(self) -> None:
        """Open the client."""

    async def close(self) -> None:
        """Close the client."""

    async def send(self, call: Call) -> SendResult:
        """Make a call, one of `call`'s or a chore. Never raises for the provider or the network."""

    def fetch(self, ref: MediaRef) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Open an attached file; see `satark.channel.Channel.fetch`."""

    async def discard(self, ref: MediaRef) -> None:
        """Delete an attached file at the provider."""
