"""Register the webhook or poll for updates, and set the command menus.

A background task retries each call until it succeeds, so Satark starts even if Telegram is down.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Final, TypeVar

from satark.api import Malformed, Receive, Throttled, backoff, log, parse_each
from satark_telegram.answers import BotApiError
from satark_telegram.bot_api import BotApi
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
            Exception: what `receive` raises. The next call then gets the same updates again.
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
        """Repeat a call until it succeeds."""
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
