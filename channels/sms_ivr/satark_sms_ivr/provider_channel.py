"""What the channels `sms` and `voice` have in common: each speaks through one provider and its only number."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Generic, TypeVar

from satark.api import CallProvider, Endpoint, MediaRef, RawRequest, SigningProvider, SmsProvider

P = TypeVar("P", SmsProvider, CallProvider)


class ProviderChannel(Generic[P]):
    """A channel over a provider, which checks and signs its requests, and stores its files."""

    def __init__(self, provider: P) -> None:
        self._provider: P = provider

    @property
    def accounts(self) -> Sequence[str]:
        """The account of the channel's only number."""
        return (self._provider.account,)

    @property
    def endpoints(self) -> Sequence[Endpoint]:
        """The provider's webhooks."""
        return tuple(self._provider.endpoints)

    def verify(self, raw: RawRequest) -> bool:
        """Check the provider's signature."""
        return self._provider.verify(raw)

    def sign(self, raw: RawRequest) -> RawRequest:
        """Sign a recorded request. A provider without signatures has a secret in the path of its webhook instead."""
        return self._provider.sign(raw) if isinstance(self._provider, SigningProvider) else raw

    async def open(self) -> None:
        """Open the provider's HTTP client."""
        await self._provider.open()

    async def close(self) -> None:
        """Close the provider's HTTP client."""
        await self._provider.close()

    def fetch(self, ref: MediaRef) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Download an attached file or a recording from the provider."""
        return self._provider.fetch(ref)

    async def discard(self, ref: MediaRef) -> None:
        """Delete an attached file or a recording at the provider."""
        await self._provider.discard(ref)
