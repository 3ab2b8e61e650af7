"""The channel `web_form`: a browser's answers become events of the account `web_form:site`.

The channel has no webhook endpoint: its pages serve the requests and pass batches to `context.ingest`.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final

from satark.api import (
    Address,
    Batch,
    Call,
    Capabilities,
    Endpoint,
    Malformed,
    MediaRef,
    Outcome,
    Permanent,
    Prompt,
    RawRequest,
    RawResponse,
    SendResult,
    Tap,
    command_token,
)
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


class WebFormChannel:
    """The web form of one site. Implements `satark.api.Channel`."""

    name: Final = "web_form"
    accounts: Final[Sequence[str]] = (ACCOUNT,)
    capabilities: Final[Capabilities] = CAPABILITIES
    endpoints: Final[Sequence[Endpoint]] = ()

    def __init__(self, uploads: UploadStore) -> None:
        self._uploads = uploads
        self._cleanup: asyncio.Task[None] | None = None

    def verify(self, raw: RawRequest) -> bool:
        """Refuse every request: this channel has no webhook."""
        del raw
        return False

    def parse(self, raw: RawRequest) -> Batch:
        """Refuse every request: this channel has no webhook.

        Raises:
            satark.api.Malformed: always.
        """
        raise Malformed("the web form has no webhook")

    def render(self, prompt: Prompt, account: str, to: Address) -> Sequence[Call]:
        """Return no calls: a closed browser can't be reached."""
        del prompt, account, to
        return ()

    def notice(self, prompt: Prompt, account: str, to: Address) -> Sequence[Call]:
        """Return no calls: a closed browser can't be reached."""
        return self.render(prompt, account, to)

    def reply(self, raw: RawRequest, outcome: Outcome) -> RawResponse:
        """Return the prompts as plain text. The pages render them in full."""
        del raw
        return RawResponse(body="\n\n".join(prompt.text for prompt in outcome.prompts).encode())

    async def open(self) -> None:
        """Start the task that deletes expired uploads."""
        self._cleanup = asyncio.create_task(self._uploads.run_cleanup())

    async def close(self) -> None:
        """Stop the task that deletes expired uploads."""
        if self._cleanup is not None:
            self._cleanup.cancel()
            await asyncio.wait({self._cleanup})

    async def send(self, call: Call, call_id: str) -> SendResult:
        """Refuse: this channel makes no calls."""
        del call, call_id
        return Permanent("method")

    def fetch(self, ref: MediaRef) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        return self._uploads.fetch(ref)

    async def discard(self, ref: MediaRef) -> None:
        await self._uploads.discard(ref)
