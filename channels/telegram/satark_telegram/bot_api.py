"""Client of the Bot API, on top of python-telegram-bot's `telegram.Bot`.

This module imports python-telegram-bot, so the channel imports it only when it opens.
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

from satark.api import Accepted, Call, ChannelContext, SendResult, Transient
from satark_files.decoding import DECODING_ERRORS
from satark_telegram.attachments import TelegramAttachmentSender
from satark_telegram.errors import send_result_of
from satark_telegram.http_client import AiohttpRequest
from satark_telegram.rendering import ATTACHMENT, DELETE_MESSAGES
from satark_telegram.settings import TelegramSettings
from satark_telegram.update_parser import ACKNOWLEDGE

UPDATE_KINDS: Final = ("message", "edited_message", "callback_query")
"""The kinds of updates that Satark subscribes to."""

_decode = msgspec.json.Decoder(dict[str, Any]).decode


class BotApi:
    """The client. Call `open` in the event loop that uses it."""

    def __init__(self, settings: TelegramSettings, context: ChannelContext | None = None) -> None:
        _silence_logs()
        self._token = settings.token.get_secret_value()
        self._api = settings.api_url
        self._secret = settings.secret_token.get_secret_value()
        self.request = AiohttpRequest(settings)
        self._bot = telegram.Bot(
            self._token,
            base_url=f"{settings.api_url}/bot",
            base_file_url=f"{settings.api_url}/file/bot",
            request=self.request,
            get_updates_request=self.request,
        )
        self._attachments = TelegramAttachmentSender(self._bot, context)

    async def open(self) -> None:
        """Create the session, without a request to Telegram: the start must not depend on Telegram."""
        await self.request.initialize()

    async def close(self) -> None:
        await self.request.shutdown()

    async def send(self, call: Call) -> SendResult:
        """Make one call. Never raises for a failure of Telegram or of the network."""
        body = _decode(call.body)
        try:
            if call.method == ATTACHMENT:
                return Accepted(str(await self._attachments.send(call.body) or ""))
            if call.method == ACKNOWLEDGE:
                await self._acknowledge(body)
            elif call.method == DELETE_MESSAGES:
                await self._bot.delete_messages(body["chat_id"], body["message_ids"])
            else:
                return Accepted(str(await self._send_message(body)))
        except TelegramError as error:
            return send_result_of(error)
        except (AttributeError, KeyError, TypeError, ValueError):
            # The answer has no message id: it is not Telegram's, but a proxy's or a captive portal's.
            return Transient("unconfirmed")
        return Accepted()

    async def register(self, url: str) -> None:
        """Register the webhook and its secret token.

        Raises:
            TelegramError: the call failed.
        """
        await self._bot.set_webhook(url, allowed_updates=UPDATE_KINDS, secret_token=self._secret)

    async def unregister(self) -> None:
        """Delete the webhook: Telegram allows polling only without one.

        Raises:
            TelegramError: the call failed.
        """
        await self._bot.delete_webhook()

    async def set_menu(self, commands: Mapping[str, str], language: str | None) -> None:
        """Set the menu (command → description) of a language; with None, the default menu.

        Raises:
            TelegramError: the call failed.
        """
        await self._bot.set_my_commands(
            [BotCommand(name, text) for name, text in commands.items()], language_code=language
        )

    async def poll(self, offset: int, seconds: int) -> list[bytes]:
        """Poll for updates from an offset on, which confirms all earlier updates. Wait at most so many seconds.

        `telegram.Bot.get_updates` is not used: if it can't read one update, it fails for all of them.

        Raises:
            TelegramError: Telegram or the network failed.
        """
        query = {"offset": offset, "timeout": seconds, "allowed_updates": msgspec.json.encode(UPDATE_KINDS).decode()}
        url = f"{self._api}/bot{self._token}/getUpdates?{urlencode(query)}"
        response = await self.request.retrieve(url, read_timeout=seconds + (self.request.read_timeout or 0))
        with suppress(*DECODING_ERRORS):
            return [bytes(update) for update in _decode_updates(response).result]
        return []

    async def file_url(self, file_id: str) -> tuple[str, int]:
        """Return a file's URL and its size in bytes (0: unknown). The URL contains the token: never log it.

        Raises:
            TelegramError: Telegram or the network failed, or the file does not exist, or it is too large for a bot.
        """
        file = await self._bot.get_file(file_id)
        return file.file_path or "", file.file_size or 0

    async def _send_message(self, body: dict[str, Any]) -> int:
        markup = body.get("reply_markup")
        sent = await self._bot.send_message(
            chat_id=body["chat_id"],
            text=body["text"],
            protect_content=body["protect_content"],
            link_preview_options=LinkPreviewOptions.de_json(body["link_preview_options"]),
            reply_markup=InlineKeyboardMarkup.de_json(markup) if markup else None,
        )
        return sent.message_id

    async def _acknowledge(self, body: dict[str, Any]) -> None:
        """If the body names a tap, end the tap's progress indicator and remove the keyboard; else show "typing…"."""
        query = body.get("callback_query_id")
        if query is None:
            await self._bot.send_chat_action(body["chat_id"], ChatAction.TYPING)
            return
        with suppress(BadRequest):  # the query may have expired; the keyboard is removed all the same
            await self._bot.answer_callback_query(query)
        if "message_id" in body:
            await self._bot.edit_message_reply_markup(chat_id=body["chat_id"], message_id=body["message_id"])


class _Updates(msgspec.Struct):
    """The response of `getUpdates`."""

    result: list[msgspec.Raw]


_decode_updates = msgspec.json.Decoder(_Updates).decode


def _silence_logs() -> None:
    """Switch python-telegram-bot's logs off: they contain the bodies of calls and of unreadable responses."""
    logging.getLogger("telegram").setLevel(logging.CRITICAL + 1)
