"""The Bot API, as far as Satark calls it, through python-telegram-bot's `Bot`.

This module imports python-telegram-bot, so the channel imports it only when it is opened.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
import telegram
from telegram import BotCommand, InlineKeyboardMarkup, LinkPreviewOptions
from telegram.constants import ChatAction
from telegram.error import BadRequest, TelegramError

from satark.channel import Accepted, Call, SendResult
from satark_telegram.errors import result_of
from satark_telegram.reading import SEEN
from satark_telegram.rendering import DELETE_MESSAGES
from satark_telegram.request import Request
from satark_telegram.settings import TelegramSettings

UPDATES: Final = ("message", "edited_message", "callback_query")
"""The kinds of updates that Telegram is asked for; it keeps the others to itself."""

_decode = msgspec.json.Decoder(dict[str, Any]).decode


class Bot:
    """The client. `open` it in the loop that uses it."""

    def __init__(self, settings: TelegramSettings) -> None:
        _silence()
        self._token = settings.token.get_secret_value()
        self._api = settings.api_url
        self._secret = settings.secret_token.get_secret_value()
        self._connections = settings.webhook_connections
        self.request = Request(settings)
        self._bot = telegram.Bot(
            self._token,
            base_url=f"{settings.api_url}/bot",
            base_file_url=f"{settings.api_url}/file/bot",
            request=self.request,
            get_updates_request=self.request,
        )

    async def open(self) -> None:
        """Make the session. Telegram is not asked anything: a start must not hang on it."""
        await self.request.initialize()

    async def close(self) -> None:
        """Close the session."""
        await self.request.shutdown()

    async def send(self, call: Call) -> SendResult:
        """Make one call and say what became of it. Never raises for Telegram or the network."""
        body = _decode(call.body)
        try:
            if call.method == SEEN:
                await self._seen(body)
            elif call.method == DELETE_MESSAGES:
                await self._bot.delete_messages(body["chat_id"], body["message_ids"])
            else:
                return Accepted(str(await self._message(body)))
        except TelegramError as error:
            return result_of(error)
        except (KeyError, TypeError):
            # python-telegram-bot takes an answer apart without checking it: the message is sent all the same.
            return Accepted()
        return Accepted()

    async def register(self, url: str) -> None:
        """Tell Telegram where to post updates, and the secret to repeat.

        Raises:
            TelegramError: it did not take it.
        """
        await self._bot.set_webhook(
            url, max_connections=self._connections, allowed_updates=UPDATES, secret_token=self._secret
        )

    async def unregister(self) -> None:
        """Tell Telegram to post nowhere, since it lets nobody fetch what it posts.

        Raises:
            TelegramError: it did not take it.
        """
        await self._bot.delete_webhook()

    async def set_menu(self, commands: Mapping[str, str], language: str | None) -> None:
        """Set the menu (command → description) for a language, or with None for all that have none of their own.

        Raises:
            TelegramError: it did not take it.
        """
        await self._bot.set_my_commands(
            [BotCommand(name, text) for name, text in commands.items()], language_code=language
        )

    async def updates(self, offset: int, seconds: int) -> list[bytes]:
        """Wait for updates from this number on; asking for it confirms all before it. Each is given as it came.

        Not `Bot.get_updates`: that fails as a whole, and for ever, on one update that it can't read.

        Raises:
            TelegramError: Telegram or the network failed.
        """
        query = {"offset": offset, "timeout": seconds, "allowed_updates": msgspec.json.encode(UPDATES).decode()}
        url = f"{self._api}/bot{self._token}/getUpdates?{urlencode(query)}"
        answer = await self.request.retrieve(url, read_timeout=seconds + (self.request.read_timeout or 0))
        with suppress(msgspec.DecodeError):
            return [bytes(update) for update in _updates(answer).result]
        return []

    async def file_url(self, file_id: str) -> tuple[str, int]:
        """Ask where a file lies, and how many bytes it has (0: not said). The URL holds the token: never show it.

        Raises:
            TelegramError: Telegram or the network failed, or there is no such file, or it is too large for a bot.
        """
        file = await self._bot.get_file(file_id)
        return file.file_path or "", file.file_size or 0

    async def _message(self, body: dict[str, Any]) -> int:
        """Send a message; give its number."""
        markup = body.get("reply_markup")
        sent = await self._bot.send_message(
            chat_id=body["chat_id"],
            text=body["text"],
            protect_content=body["protect_content"],
            link_preview_options=LinkPreviewOptions.de_json(body["link_preview_options"]),
            reply_markup=InlineKeyboardMarkup.de_json(markup) if markup else None,
        )
        return sent.message_id

    async def _seen(self, body: dict[str, Any]) -> None:
        """Answer a tap, so that its button stops turning, and take the keyboard away; else show "typing…"."""
        query = body.get("callback_query_id")
        if query is None:
            await self._bot.send_chat_action(body["chat_id"], ChatAction.TYPING)
            return
        with suppress(BadRequest):  # after an outage Telegram may no longer wait for it; the keyboard goes all the same
            await self._bot.answer_callback_query(query)
        if "message_id" in body:
            await self._bot.edit_message_reply_markup(chat_id=body["chat_id"], message_id=body["message_id"])


class _Updates(msgspec.Struct):
    """The answer of `getUpdates`."""

    result: list[msgspec.Raw]


_updates = msgspec.json.Decoder(_Updates).decode


def _silence() -> None:
    """Let python-telegram-bot say nothing: it logs the bodies of calls, and answers that it can't read, in full."""
    logging.getLogger("telegram").setLevel(logging.CRITICAL + 1)
