"""Being there for Telegram: the webhook or the polling, and the menu of commands.

All of it is tried until it works, beside everything else: a Telegram that is down must not keep Satark from starting.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Final, TypeVar

from telegram.error import RetryAfter, TelegramError

from satark.backoff import backoff
from satark.catalogues import Catalogues
from satark.channel import Batch, Malformed, Misconfigured, Permanent, Receive, Transient
from satark.observability import log
from satark_telegram.bot import Bot
from satark_telegram.errors import result_of, seconds_of
from satark_telegram.reading import Reader, update_of
from satark_telegram.settings import TelegramSettings

COMMANDS: Final = (
    "help", "status", "language", "back", "skip", "repeat", "edit", "elsewhere", "restart", "cancel", "forget",
)  # fmt: skip
"""The commands in the menu, in its order. Telegram wants their names in Latin letters, whatever the language."""

_ISO_639_1: Final = 2
"""Letters of the only language codes that Telegram knows."""

T = TypeVar("T")


class Presence:
    """Keeps one bot registered, or polls for it."""

    def __init__(self, bot: Bot, settings: TelegramSettings, reader: Reader) -> None:
        self._bot = bot
        self._settings = settings
        self._reader = reader

    async def serve(self, webhook: str, words: Catalogues) -> None:
        """Register the webhook (none: somebody else does) and the menus; then there is nothing more to do."""
        if webhook:
            await self._insist(lambda: self._bot.register(webhook))
        await self._set_menus(words)
        await asyncio.Event().wait()

    async def poll(self, words: Catalogues, receive: Receive) -> None:
        """Set the menus, and fetch updates for ever; asking for the next ones confirms those that were taken.

        Raises:
            Exception: what `receive` raises; the updates come again when it is called again.
        """
        await self._insist(self._bot.unregister)
        await self._set_menus(words)
        offset = 0
        while True:
            offset = await self._turn(offset, receive)

    async def _turn(self, offset: int, receive: Receive) -> int:
        updates = await self._insist(lambda: self._bot.updates(offset, self._settings.poll_seconds))
        batches = [batch for update in updates if (batch := self._read(update))]
        inbound = [event for batch in batches for event in batch.inbound]
        await receive(Batch(inbound=inbound, ignored=len(updates) - len(inbound)))
        return max([offset, *(_next(update) for update in updates)])

    def _read(self, update: bytes) -> Batch | None:
        try:
            return self._reader.read(update)
        except Malformed:
            return None

    async def _set_menus(self, words: Catalogues) -> None:
        for language, commands in menus(words):
            await self._insist(partial(self._bot.set_menu, commands, language))

    async def _insist(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do something with Telegram until it works."""
        attempt = 0
        while True:
            try:
                return await work()
            except TelegramError as error:
                attempt += 1
                await asyncio.sleep(self._pause(error, attempt))

    def _pause(self, error: TelegramError, attempt: int) -> float:
        result = result_of(error)
        code = result.code if isinstance(result, Misconfigured | Permanent | Transient) else type(result).__name__
        log.warning("not registered yet", channel="telegram", code=code, attempt=attempt)
        longest = self._settings.retry_max_seconds
        return seconds_of(error) if isinstance(error, RetryAfter) else backoff(attempt, longest=longest)


def menus(words: Catalogues) -> Iterator[tuple[str | None, dict[str, str]]]:
    """Give the menu of each language (command → its name in that language), and first the one for all others."""
    for number, catalogue in enumerate(words):
        menu = {name: catalogue.get(f"command.{name}") or name for name in COMMANDS}
        if number == 0:
            yield None, menu
        if len(catalogue.language) == _ISO_639_1:
            yield catalogue.language, menu


def _next(update: bytes) -> int:
    try:
        return update_of(update).update_id + 1
    except Malformed:
        return 0
