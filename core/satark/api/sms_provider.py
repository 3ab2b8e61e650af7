"""Contract: SMS providers. The dialogue of text messages is the plugin `sms_ivr`'s; a provider only carries them.

Two-way SMS needs a provider in the country. Twilio, which is included, does not support it in India. Another provider
(Exotel, Gupshup, a police gateway) is one class that implements `SmsProvider`, offered by the hook
`satark_sms_providers`. It imports no plugin.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol, runtime_checkable

import msgspec

from satark.api.channel import Call, Endpoint, MediaRef, RawRequest, RawResponse
from satark.api.redacted import Redacted
from satark.api.send_result import SendResult

__all__ = ["IncomingSms", "SigningProvider", "SmsProvider", "SmsWebhook"]


class IncomingSms(Redacted, frozen=True, kw_only=True):
    """One text message that a provider delivered."""

    id: str
    """The id that the provider repeats when it delivers the same message again."""
    sender: str
    """The sender's number, in the form in which the provider expects it as a recipient."""
    body: str
    """The whole text: providers join the parts of a long one; where one does not, its plugin must."""
    media: tuple[MediaRef, ...] = ()
    unfetchable: int = 0
    """Number of attached files that can't be downloaded from this provider."""
    opted_out: bool = False
    """Whether the sender has opted out, so that the provider sends them no more messages."""
    answered_by_provider: bool = False
    """Whether the provider has replied itself, as it does to HELP: Satark sends no reply."""


class SmsWebhook(msgspec.Struct, frozen=True, kw_only=True):
    """The content of one webhook."""

    messages: Sequence[IncomingSms] = ()
    chores: Sequence[Call] = ()
    """Calls that make the provider redact its copies."""
    ignored: int = 0


class SmsProvider(Protocol):
    """An SMS provider with one number. The sync methods are pure and fast."""

    @property
    def account(self) -> str:
        """The account's name: `sms:<number>`."""

    @property
    def inline(self) -> bool:
        """Whether what answers a message can stand in the response to its webhook.

        Where not, `reply` is given no text, and each answer is sent by `message_call`, as what Satark begins.
        """

    @property
    def endpoints(self) -> Sequence[Endpoint]:
        """Its webhooks. A provider that signs nothing can have a secret in the path."""

    def verify(self, raw: RawRequest) -> bool:
        """Whether a request comes from the provider."""

    def parse(self, raw: RawRequest) -> SmsWebhook:
        """Parse a verified request.

        Raises:
            satark.api.channel.Malformed: it can't be parsed.
        """

    def reply(self, raw: RawRequest, texts: Sequence[str]) -> RawResponse:
        """Return the response that sends these messages, in order. None: an empty response."""

    def message_call(self, to: str, text: str) -> Call:
        """Return the call that sends a message outside a reply."""

    async def open(self) -> None:
        """Open the HTTP client."""

    async def close(self) -> None:
        """Close the HTTP client."""

    async def send(self, call: Call) -> SendResult:
        """Make a call: a message or a chore. Never raises for what the provider or the network does."""

    def fetch(self, ref: MediaRef) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Download an attached file; see `satark.api.channel.Channel.fetch`."""

    async def discard(self, ref: MediaRef) -> None:
        """Delete an attached file at the provider."""


@runtime_checkable
class SigningProvider(Protocol):
    """A provider that can sign a request as its service does, for `satark replay`."""

    def sign(self, raw: RawRequest) -> RawRequest:
        """Return a request that `verify` takes, with the same method, path and body."""
