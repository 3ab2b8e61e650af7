"""The channel `web_form`: a browser's answers become events of the account `web_form:site`.

The channel has no webhook endpoint: its pages serve the requests and pass batches to `context.ingest`.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Final

from satark.api import Capabilities, MediaRef, PageChannel, Tap, command_token
from satark_web_form.proof_of_work import proof_of_work
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

    def __init__(self, uploads: UploadStore, proofs: Path) -> None:
        """`proofs`: the folder of the used proofs of work."""
        self._uploads = uploads
        self._proofs = proofs
        self._cleanups: list[asyncio.Task[None]] = []

    async def open(self) -> None:
        """Start the tasks that delete expired uploads and proofs of work."""
        endless = self._uploads.run_cleanup(), proof_of_work.run_cleanup(self._proofs)
        self._cleanups = [asyncio.create_task(one) for one in endless]

    async def close(self) -> None:
        """Stop the tasks that `open` started."""
        for cleanup in self._cleanups:
            cleanup.cancel()
        await asyncio.gather(*self._cleanups, return_exceptions=True)

    def fetch(self, ref: MediaRef) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        return self._uploads.fetch(ref)

    async def discard(self, ref: MediaRef) -> None:
        await self._uploads.discard(ref)
