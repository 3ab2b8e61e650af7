"""The channel `web_form`: a browser's answers become events of the account `web_form:site`.

Its pages serve the requests themselves (`satark_pages`) and hand batches to the reception, so it has no endpoint.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final

from satark.channel import (
    Address,
    Batch,
    Call,
    Endpoint,
    Malformed,
    MediaRef,
    Outcome,
    Permanent,
    RawRequest,
    RawResponse,
    SendResult,
)
from satark.prompt import Capabilities, Prompt
from satark_web_form.uploads.staging import Staging

ACCOUNT: Final = "web_form:site"
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
"""A page shows all there is."""


class WebFormChannel:
    """The form of one site. Implements `satark.channel.Channel`."""

    name: Final = "web_form"
    accounts: Final[Sequence[str]] = (ACCOUNT,)
    capabilities: Final[Capabilities] = CAPABILITIES
    endpoints: Final[Sequence[Endpoint]] = ()

    def __init__(self, staging: Staging) -> None:
        self._staging = staging
        self._sweeping: asyncio.Task[None] | None = None

    def verify(self, raw: RawRequest) -> bool:
        """Refuse: nothing comes in this way."""
        del raw
        return False

    def parse(self, raw: RawRequest) -> Batch:
        """Likewise.

        Raises:
            satark.channel.Malformed: always.
        """
        raise Malformed("a browser's answers come through the pages")

    def render(self, prompt: Prompt, account: str, to: Address) -> Sequence[Call]:
        """Nothing: a browser that is closed can't be reached."""
        del prompt, account, to
        return ()

    def notice(self, prompt: Prompt, account: str, to: Address) -> Sequence[Call]:
        """Nothing, likewise."""
        return self.render(prompt, account, to)

    def reply(self, raw: RawRequest, outcome: Outcome) -> RawResponse:
        """Give the words alone; the pages show more."""
        del raw
        return RawResponse(body="\n\n".join(prompt.text for prompt in outcome.prompts).encode())

    async def open(self) -> None:
        """Begin to erase files that no tip took."""
        self._sweeping = asyncio.create_task(self._staging.keep_swept())

    async def close(self) -> None:
        """Stop it."""
        if self._sweeping is not None:
            self._sweeping.cancel()
            await asyncio.wait({self._sweeping})

    async def send(self, call: Call, call_id: str) -> SendResult:
        """Refuse: there is no call of this channel's."""
        del call, call_id
        return Permanent("method")

    def fetch(self, ref: MediaRef) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Open a file that a browser left."""
        return self._staging.fetch(ref)

    async def discard(self, ref: MediaRef) -> None:
        """Erase it."""
        await self._staging.discard(ref)
