"""Opens the kit's sample tips for a sink that reads, as the host does, without a store."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import gettempdir
from typing import cast

from satark.api.services import WorkerContext
from satark.api.sink import Delivery
from satark.api.tip import Envelope
from satark.casework.errors import NoSuchTip
from satark.delivery.destination_reader import DestinationReader, FoundTip, OpenedDelivery
from satark.store.sealed_files import StoredForm, open_sealed
from satark.store.workspace import workspace_dir
from satark_testing.contracts.rules import BrokenRule

__all__ = ["sample_context"]


def sample_context(identity: str) -> WorkerContext:
    """Return a context for tests of a sink that reads; its only service is `reader`.

    Args:
        identity: the private half of the case's `recipient`; see `satark.api.new_identity`.
    """
    return cast("WorkerContext", _Context(identity))


class _Context:
    def __init__(self, identity: str) -> None:
        self._identity = identity

    def reader(self, to: str) -> "_Reader":
        return _Reader(to, self._identity)


class _Reader(DestinationReader):
    def __init__(self, to: str, identity: str) -> None:
        self.to, self._identity = to, identity

    def open(self, delivery: Delivery) -> OpenedDelivery:
        with suppress(RuntimeError):
            asyncio.get_running_loop()
            raise BrokenRule("S13", "deliveries", "`reader.open` is called in the event loop")
        return super().open(delivery)

    def find(self, number: str) -> FoundTip:
        raise NoSuchTip

    def read(self, envelope: Envelope, key: str, ordinal: str, sealed: StoredForm, expected: str) -> Iterator[bytes]:
        workspace = workspace_dir(Path(gettempdir()))
        return open_sealed(sealed, envelope.identity, workspace, expected)
