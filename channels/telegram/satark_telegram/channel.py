"""The channel `telegram`: implements the core's channel protocol, and checks that a webhook comes from Telegram."""

import hmac
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final

import msgspec

from satark.api import (
    Address,
    Batch,
    Call,
    ChannelContext,
    Endpoint,
    MediaRef,
    Misconfigured,
    Outcome,
    Prompt,
    RawRequest,
    RawResponse,
    Receive,
    SendResult,
)
from satark_telegram import rendering
from satark_telegram.bot_api import BotApi
from satark_telegram.listener import BotListener
from satark_telegram.media import TelegramMedia
from satark_telegram.settings import TelegramSettings
from satark_telegram.update_parser import UpdateParser
from satark_words.catalogues import Catalogues

_SPEAKING: Final = msgspec.structs.replace(rendering.CAPABILITIES, voice_notes=True)
PATH: Final = "/telegram/webhook"
_WEBHOOK_BYTES: Final = 1024 * 1024
"""Size of the largest webhook that is read."""
TOKEN_HEADER: Final = "x-telegram-bot-api-secret-token"  # noqa: S105 - a header's name
"""The header in which Telegram repeats the token of `setWebhook`, parameter `secret_token`."""


class TelegramChannel:
    """One Telegram bot. Implements `Channel`, `ListeningChannel` and `ErasingChannel` of `satark.api.channel`.

    Args:
        settings: the section `telegram`.
        public_url: where citizens and providers reach Satark. Empty: the webhook is not registered.
        context: has the texts of the bot's menu, and makes voice notes and receipts' pictures; None: the bot has the
            shipped texts and sends no attachments.
    """

    name: Final = "telegram"

    def __init__(
        self,
        settings: TelegramSettings,
        public_url: str = "",
        context: ChannelContext | None = None,
    ) -> None:
        self._settings = settings
        self._secret = settings.secret_token.get_secret_value().encode()
        self._webhook = f"{public_url.rstrip('/')}{PATH}" if public_url else ""
        self._context = context
        self.capabilities = rendering.CAPABILITIES
        self._notice_clips()
        self._account = f"{self.name}:{settings.bot_id}"
        self._parser = UpdateParser(self._account, typing=settings.typing, max_file_bytes=settings.media_max_bytes)
        self._bot = BotApi(settings, context)
        self._media = TelegramMedia(self._bot, settings)

    @property
    def accounts(self) -> Sequence[str]:
        """The bot's account: `telegram:<bot id>`."""
        return (self._account,)

    @property
    def endpoints(self) -> Sequence[Endpoint]:
        return (
            Endpoint(
                path=PATH, methods=("POST",), limit=_WEBHOOK_BYTES, signature_header=TOKEN_HEADER, signs_body=False
            ),
        )

    def verify(self, raw: RawRequest) -> bool:
        """Check the secret token in the header."""
        return raw.method == "POST" and _has_secret(raw, self._secret)

    def sign(self, raw: RawRequest) -> RawRequest:
        """Give a recorded update the secret token."""
        return msgspec.structs.replace(raw, headers={**raw.headers, TOKEN_HEADER: self._secret.decode()})

    def parse(self, raw: RawRequest) -> Batch:
        """Parse an update.

        Raises:
            satark.api.Malformed: the body is not an update.
        """
        return self._parser.parse(raw.body)

    def reply(self, raw: RawRequest, outcome: Outcome) -> RawResponse:
        """Answer a webhook with an empty 200. Each prompt goes out as a call, since a call has a result."""
        del raw, outcome
        return RawResponse()

    def render(self, prompt: Prompt, account: str, to: Address) -> Sequence[Call]:
        """Render a prompt as a message with an inline keyboard, followed by its attachments."""
        self._notice_clips()
        calls = rendering.render(prompt, account, to)
        if prompt.receipt is not None or prompt.spoken is not None:
            calls += rendering.attachments(prompt, account, to)
        return calls

    def notice(self, prompt: Prompt, account: str, to: Address) -> Sequence[Call]:
        """Render a notice. Telegram has no reply window, so there is no fallback."""
        return self.render(prompt, account, to)

    def erase(self, message_ids: Sequence[str], account: str, to: Address) -> Sequence[Call]:
        """Make the calls that delete messages of the last 48 hours, the bot's and the sender's, for both sides."""
        return rendering.erase(message_ids, account, to)

    async def open(self) -> None:
        await self._bot.open()

    async def close(self) -> None:
        await self._bot.close()

    async def listen(self, receive: Receive) -> None:
        """Register the webhook and the menus, or poll for updates; see `satark_telegram.listener`."""
        listener = BotListener(self._bot, self._settings, self._parser)
        catalogues = self._context.catalogues() if self._context else Catalogues.of("satark.dialogue")
        if self._settings.polling:
            await listener.poll(catalogues, receive)
        else:
            await listener.serve_webhook(self._webhook, catalogues)

    async def send(self, call: Call, call_id: str) -> SendResult:
        """Make one call. Telegram has no field for `call_id`."""
        del call_id
        if call.account != self._account:
            return Misconfigured("account")
        return await self._bot.send(call)

    def fetch(self, ref: MediaRef) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        return self._media.fetch(ref)

    async def discard(self, ref: MediaRef) -> None:
        """Do nothing: bots can't delete files at Telegram. The files disappear when the tipster deletes the chat."""

    def _notice_clips(self) -> None:
        """Add voice notes to `capabilities` once clips exist."""
        if not self.capabilities.voice_notes and self._context and self._context.voice_notes.ready:
            self.capabilities = _SPEAKING


def _has_secret(raw: RawRequest, secret: bytes) -> bool:
    """Whether the header holds the secret token; compared in constant time. False if the header is missing."""
    given = raw.headers.get(TOKEN_HEADER, "").encode("utf-8", "replace")
    return hmac.compare_digest(given, secret)
