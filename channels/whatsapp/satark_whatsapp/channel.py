"""The channel: WhatsApp's parts behind the one protocol that the core knows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final

import msgspec

from satark.channel import (
    Address,
    Batch,
    Call,
    Endpoint,
    MediaRef,
    Misconfigured,
    Outcome,
    RawRequest,
    RawResponse,
    SendResult,
)
from satark.prompt import Capabilities, Prompt
from satark_whatsapp import rendering, signature
from satark_whatsapp.errors import Pauses
from satark_whatsapp.graph import Graph
from satark_whatsapp.media import MediaStore
from satark_whatsapp.reading import Reader
from satark_whatsapp.settings import WhatsAppSettings

PATH: Final = "/whatsapp/webhook"


class WhatsAppChannel:
    """One WhatsApp app at Meta, with one or several numbers. Implements `satark.channel.Channel`."""

    name: Final = "whatsapp"
    capabilities: Final[Capabilities] = rendering.CAPABILITIES

    def __init__(self, settings: WhatsAppSettings) -> None:
        self._settings = settings
        self._app_secret = settings.app_secret.get_secret_value().encode()
        self._verify_token = settings.verify_token.get_secret_value().encode()
        self._numbers = {f"{self.name}:{number}": number for number in settings.phone_number_ids}
        self._reader = Reader(
            {number: account for account, number in self._numbers.items()},
            receipts=settings.read_receipts,
            pauses=Pauses(account=settings.throttled_seconds, pair=settings.throttled_seconds),
        )
        self._graph = Graph(settings)
        self._media = MediaStore(self._graph, settings)

    @property
    def accounts(self) -> Sequence[str]:
        """One a number: `whatsapp:<phone_number_id>`."""
        return tuple(self._numbers)

    @property
    def endpoints(self) -> Sequence[Endpoint]:
        """The one webhook of the app, whichever number it is about."""
        return (Endpoint(path=PATH, methods=("GET", "POST"), limit=self._settings.webhook_max_bytes),)

    def verify(self, raw: RawRequest) -> bool:
        """Check the handshake of a GET, the signature of a POST."""
        if raw.method == "GET":
            return signature.is_handshake(raw, self._verify_token)
        return raw.method == "POST" and signature.is_signed(raw, self._app_secret)

    def parse(self, raw: RawRequest) -> Batch:
        """Read a webhook whole; a handshake holds nothing.

        Raises:
            satark.channel.Malformed: the body is no WhatsApp webhook.
        """
        return Batch() if raw.method == "GET" else self._reader.read(raw.body)

    def reply(self, raw: RawRequest, outcome: Outcome) -> RawResponse:
        """Answer the handshake with its challenge, to the byte, and a webhook with an empty 200."""
        del outcome  # prompts go out as calls of their own
        return RawResponse(body=signature.challenge(raw) if raw.method == "GET" else b"")

    def render(self, prompt: Prompt, account: str, to: Address) -> Sequence[Call]:
        """Put a prompt as buttons, a list, a request for a location or plain text."""
        return rendering.render(prompt, account, to)

    def notice(self, prompt: Prompt, account: str, to: Address) -> Sequence[Call]:
        """Put news that we begin; with a closed window the language's template goes instead, once."""
        first, *rest = rendering.render(prompt, account, to)
        name = self._template(prompt.language)
        if name is None:
            return (first, *rest)
        fallback = rendering.template(*name, to)
        return (msgspec.structs.replace(first, fallback=fallback), *rest)

    async def open(self) -> None:
        """Open the client."""
        await self._graph.open()

    async def close(self) -> None:
        """Close the client."""
        await self._graph.close()

    async def send(self, call: Call, call_id: str) -> SendResult:
        """Make one call; `call_id` comes back in the statuses of the message."""
        number = self._numbers.get(call.account)
        if number is None:
            return Misconfigured("account")
        body = call.body
        if call.method == rendering.MESSAGES:
            body = body[:-1] + b',"biz_opaque_callback_data":' + msgspec.json.encode(call_id) + b"}"
        return await self._graph.send(number, call.account, body)

    def fetch(self, ref: MediaRef) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Open a file at Meta as a checked stream; see `satark_whatsapp.media.MediaStore.fetch`."""
        return self._media.fetch(ref, self._numbers.get(ref.account))

    async def discard(self, ref: MediaRef) -> None:
        """Delete a file at Meta."""
        await self._media.discard(ref, self._numbers.get(ref.account))

    def _template(self, language: str) -> tuple[str, str] | None:
        """Find the notice's template in this language, or its base language (`hi` for `hi-IN`)."""
        templates = self._settings.notice_templates
        for code in (language, language.partition("-")[0]):
            if code in templates:
                return templates[code], code
        return None
