"""The channel `telegram`: implements the core's channel protocol, and checks that a webhook comes from Telegram.

A background task registers the webhook, or polls, and sets the menus. It retries each call until it succeeds, so Satark
starts even if Telegram is down.
"""

import asyncio
import hmac
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Final, TypeVar

import msgspec

from satark.api import (
    Address,
    Batch,
    Call,
    ChannelContext,
    Endpoint,
    Malformed,
    MediaRef,
    Misconfigured,
    Outcome,
    Prompt,
    RawRequest,
    RawResponse,
    Receive,
    SendResult,
    Throttled,
    backoff,
    log,
    parse_each,
)
from satark_telegram import rendering
from satark_telegram.bot_api import BotApi, WebhookInfo
from satark_telegram.errors import BotApiError
from satark_telegram.settings import TelegramSettings
from satark_telegram.update_parser import UpdateParser, parse_update
from satark_words.catalogues import Catalogues

COMMANDS: Final = (
    "help", "status", "language", "back", "skip", "repeat", "edit", "elsewhere", "restart", "cancel", "forget",
)  # fmt: skip
"""The commands of the menu, in order. Telegram allows only Latin letters in their names, in any language."""

_ISO_639_1: Final = 2
"""Length of a language code that Telegram accepts."""

_LONGEST_PAUSE: Final = 60.0
"""Most seconds between two attempts to register the webhook or to poll."""

T = TypeVar("T")


class BotListener:
    """Registers the webhook of one bot, or polls for its updates."""

    def __init__(self, bot: BotApi, settings: TelegramSettings, parser: UpdateParser) -> None:
        self._bot = bot
        self._settings = settings
        self._parser = parser

    async def serve_webhook(self, url: str, catalogues: Catalogues) -> None:
        """Register the webhook (unless the URL is empty) and the menus, then wait until cancelled."""
        if url:
            await self._retry(lambda: self._bot.register(url))
        await self._set_menus(catalogues)
        await asyncio.Event().wait()

    async def poll(self, catalogues: Catalogues, receive: Receive) -> None:
        """Set the menus, and poll for updates until cancelled. Updates are confirmed once `receive` has returned.

        Raises:
            Exception: `receive` raised it. The next call then gets the same updates again.
        """
        await self._retry(self._bot.unregister)
        await self._set_menus(catalogues)
        offset = 0
        while True:
            offset = await self._poll_once(offset, receive)

    async def _poll_once(self, offset: int, receive: Receive) -> int:
        updates = await self._retry(lambda: self._bot.poll(offset, self._settings.poll_seconds))
        await receive(parse_each(updates, self._parser.parse))
        return max([offset, *(_next_offset(update) for update in updates)])

    async def _set_menus(self, catalogues: Catalogues) -> None:
        for language, commands in command_menus(catalogues):
            await self._retry(partial(self._bot.set_menu, commands, language))

    async def _retry(self, call: Callable[[], Awaitable[T]]) -> T:
        attempt = 0
        while True:
            try:
                return await call()
            except BotApiError as error:
                attempt += 1
                log.warning("call to Telegram failed, retrying", channel="telegram", code=str(error), attempt=attempt)
                result, pause = error.result, backoff(attempt, longest=_LONGEST_PAUSE)
                await asyncio.sleep(result.after if isinstance(result, Throttled) else pause)


def command_menus(catalogues: Catalogues) -> Iterator[tuple[str | None, dict[str, str]]]:
    """Yield the default menu, then each language's menu (command → its name in that language)."""
    for number, catalogue in enumerate(catalogues):
        menu = {name: catalogue.get(f"command.{name}") or name for name in COMMANDS}
        if number == 0:
            yield None, menu
        if len(catalogue.language) == _ISO_639_1:
            yield catalogue.language, menu


def _next_offset(update: bytes) -> int:
    try:
        return parse_update(update).update_id + 1
    except Malformed:
        return 0


_SPEAKING: Final = msgspec.structs.replace(rendering.CAPABILITIES, voice_notes=True)
PATH: Final = "/telegram/webhook"
_WEBHOOK_BYTES: Final = 1024 * 1024
"""Size of the largest webhook that is read."""
_REDIRECTED: Final = (
    "somebody else with the bot's token changed where Telegram sends the updates, and reads them: at @BotFather /revoke"
    " the token, set the new one and another secret_token, and restart"
)
_NO_ANSWER: Final = (
    "Telegram does not say where it sends the updates ({}): look at this machine's network, and at token and api_url"
)
TOKEN_HEADER: Final = "x-telegram-bot-api-secret-token"  # noqa: S105 - a header's name
"""The header in which Telegram repeats the token of `setWebhook`, parameter `secret_token`."""


class TelegramChannel:
    """One Telegram bot. Implements `Channel`, `ListeningChannel` and `ErasingChannel` of `satark.api.channel`.

    Without a `public_url` no webhook is registered; without a `context` the bot has the shipped texts and sends no
    attachments.
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
        self._looked = self._redirected = False
        """Whether Telegram was asked for the webhook, and whether somebody changed it."""

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

    async def find_faults(self) -> Sequence[str]:
        """Ask Telegram where it sends the updates: see `satark.api.FaultFinder`.

        A second look sets back what somebody changed since; the fault stays until this process ends.
        """
        if not (self._webhook or self._settings.polling):
            return ()
        told = []
        await self._bot.open()
        try:
            await self._look_at_webhook()
        except BotApiError as error:
            told = [_NO_ANSWER.format(error)]
        finally:
            await self._bot.close()
        return [*told, _REDIRECTED] if self._redirected else told

    async def _look_at_webhook(self) -> None:
        ours = WebhookInfo("" if self._settings.polling else self._webhook)
        found = await self._bot.webhook()
        if found == ours or not (found.url or self._looked):  # before the first start none is registered
            self._looked = True
            return
        self._redirected = True
        if self._looked:
            await (self._bot.register(ours.url) if ours.url else self._bot.unregister())
        self._looked = True

    async def open(self) -> None:
        await self._bot.open()

    async def close(self) -> None:
        await self._bot.close()

    async def listen(self, receive: Receive) -> None:
        """Register the webhook and the menus, or poll for updates; see `satark_telegram.channel`."""
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
        return self._bot.fetch(ref)

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
