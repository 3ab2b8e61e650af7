"""The common part of the channels `sms` and `voice`: each speaks through providers, each with one number."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Generic, TypeVar

from satark.api import CallProvider, Endpoint, FaultFinder, MediaRef, RawRequest, SmsProvider

P = TypeVar("P", SmsProvider, CallProvider)


class ProviderChannel(Generic[P]):
    """A channel over providers, which check their requests and store their files."""

    def __init__(self, provider: P, *others: P) -> None:
        self._provider: P = provider
        self._providers: list[P] = [provider]
        self._providers.extend(others)
        self._at: Mapping[str, P] = {one.account: one for one in self._providers}

    @property
    def accounts(self) -> Sequence[str]:
        return tuple(self._at)

    @property
    def endpoints(self) -> Sequence[Endpoint]:
        """The providers' webhooks."""
        return tuple(endpoint for one in self._providers for endpoint in one.endpoints)

    def verify(self, raw: RawRequest) -> bool:
        """Check the provider's signature."""
        return self._provider.verify(raw)

    async def find_faults(self) -> Sequence[str]:
        """Ask each provider that can be asked: see `satark.api.FaultFinder`."""
        return [fault for one in self._providers if isinstance(one, FaultFinder) for fault in await one.find_faults()]

    async def open(self) -> None:
        """Open the providers' HTTP clients."""
        for one in self._providers:
            await one.open()

    async def close(self) -> None:
        """Close the providers' HTTP clients."""
        for one in self._providers:
            await one.close()

    def fetch(self, ref: MediaRef) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Download an attached file or a recording from its provider."""
        return self._at[ref.account].fetch(ref)

    async def discard(self, ref: MediaRef) -> None:
        """Delete an attached file or a recording at its provider."""
        await self._at[ref.account].discard(ref)
