"""The channel: Telegram's parts behind the one protocol that the core knows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Final

from satark.catalogues import Catalogues
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
    Receive,
    SendResult,
)
from satark.prompt import Capabilities, Prompt
from satark_telegram import rendering, secret
from satark_telegram.reading import Reader
from satark_telegram.settings import TelegramSettings

if TYPE_CHECKING:
    from satark_telegram.bot import Bot

PATH: Final = "/telegram/webhook"


class TelegramChannel:
    """One Telegram bot. Implements `satark.channel.Channel`, `satark.channel.ListeningChannel` and `satark.channel.ErasingChannel`.

    Args:
        settings: the section `telegram`.
        public_url: where citizens and providers reach Satark; empty: the webhook is not registered from here.
        words: reads the catalogues whose commands stand in the bot's menu.
    """

    name: Final = "telegram"
    capabilities: Final[Capabilities] = rendering.CAPABILITIES

    def __init__(
        self,
        settings: TelegramSettings,
        public_url: str = "",
        words: Callable[[], Catalogues] = Catalogues.shipped,
    ) -> None:
        self._settings = settings
        self._secret = settings.secret_token.get_secret_value().encode()
        self._webhook = f"{public_url.rstrip('/')}{PATH}" if public_url else ""
        self._words = words
        self._account = f"{self.name}:{settings.bot_id}"
        self._reader = Reader(self._account, typing=settings.typing, most=settings.media_max_bytes)
        self._bot: Bot | None = None

    @property
    def accounts(self) -> Sequence[str]:
        """The one bot: `telegram:<id of the bot>`."""
        return (self._account,)

    @property
    def endpoints(self) -> Sequence[Endpoint]:
        """The bot's webhook."""
        return (Endpoint(path=PATH, methods=("POST",), limit=self._settings.webhook_max_bytes),)

    def verify(self, raw: RawRequest) -> bool:
        """Check the secret in the header."""
        return raw.method == "POST" and secret.is_genuine(raw, self._secret)

    def parse(self, raw: RawRequest) -> Batch:
        """Read an update.

        Raises:
            satark.channel.Malformed: the body is no update.
        """
        return self._reader.read(raw.body)

    def reply(self, raw: RawRequest, outcome: Outcome) -> RawResponse:
        """Answer a webhook with an empty 200: prompts go out as calls of their own, each with a result to go by."""
        del raw, outcome
        return RawResponse()

    def render(self, prompt: Prompt, account: str, to: Address) -> Sequence[Call]:
        """Put a prompt as a message with an inline keyboard."""
        return rendering.render(prompt, account, to)

    def notice(self, prompt: Prompt, account: str, to: Address) -> Sequence[Call]:
        """Put news that we begin: whoever has once written to a bot can be written to; there is no window to close."""
        return rendering.render(prompt, account, to)

    def erase(self, message_ids: Sequence[str], account: str, to: Address) -> Sequence[Call]:
        """Delete messages of the last 48 hours, the bot's and the sender's, on both sides."""
        return rendering.erase(message_ids, account, to)

    async def open(self) -> None:
        """Open the client; python-telegram-bot is imported here and not before."""
        from satark_telegram.bot import Bot  # noqa: PLC0415 - half a second, for those who use it

        self._bot = Bot(self._settings)
        await self._bot.open()

    async def close(self) -> None:
        """Close the client."""
        if self._bot is not None:
            await self._bot.close()
            self._bot = None

    async def listen(self, receive: Receive) -> None:
        """Register the webhook and the menus, or poll for updates; see `satark_telegram.presence.Presence`."""
        from satark_telegram.presence import Presence  # noqa: PLC0415 - see `open`

        presence = Presence(self.bot, self._settings, self._reader)
        if self._settings.polling:
            await presence.poll(self._words(), receive)
        else:
            await presence.serve(self._webhook, self._words())

    async def send(self, call: Call, call_id: str) -> SendResult:
        """Make one call. Telegram has no place for `call_id`."""
        del call_id
        if call.account != self._account:
            return Misconfigured("account")
        return await self.bot.send(call)

    def fetch(self, ref: MediaRef) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Open a file at Telegram as a stream; see `satark_telegram.media.MediaStore.fetch`."""
        from satark_telegram.media import MediaStore  # noqa: PLC0415 - see `open`

        return MediaStore(self.bot, self._settings).fetch(ref)

    async def discard(self, ref: MediaRef) -> None:
        """Do nothing: bots can't delete a file at Telegram; it goes when the tipster deletes the chat."""

    @property
    def bot(self) -> Bot:
        """The open client.

        Raises:
            RuntimeError: `open` was not called.
        """
        if self._bot is None:
            raise RuntimeError("the Telegram channel is not open")
        return self._bot
