"""The channel `web_form`: a browser's answers become events of the account `web_form:site`.

The channel has no webhook endpoint: its pages serve the requests and pass batches to `context.ingest`.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final

from satark.api import Capabilities, MediaRef, PageChannel, Tap, command_token
from satark_web_form.uploads.upload_store import UploadStore

ACCOUNT: Final = "web_form:site"
FORGET: Final = Tap(command_token("forget"))
CAPABILITIES: Final = Capabilities(
    kind="web",
    text=200_000,
    body=200_000,
    buttons=200,
    button_label=1_000,
    token=200,
    pin=True,
    inline=True,
)
"""A page shows a prompt of any size."""


class WebFormChannel(PageChannel):
    """The web form of one site. Implements `satark.api.Channel`."""

    name: Final = "web_form"
    accounts: Final[Sequence[str]] = (ACCOUNT,)
    capabilities: Final[Capabilities] = CAPABILITIES

    def __init__(self, uploads: UploadStore) -> None:
        self._uploads = uploads
        self._cleanup: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Start the task that deletes expired uploads."""
        self._cleanup = asyncio.create_task(self._uploads.run_cleanup())

    async def close(self) -> None:
        """Stop the task that deletes expired uploads."""
        if self._cleanup is not None:
            self._cleanup.cancel()
            await asyncio.wait({self._cleanup})

    def fetch(self, ref: MediaRef) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        return self._uploads.fetch(ref)

    async def discard(self, ref: MediaRef) -> None:
        await self._uploads.discard(ref)
