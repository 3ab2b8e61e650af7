"""Sends voice notes and the receipt's picture. A note that many people hear is uploaded once and sent by its `file_id`.

Source: Telegram, Bot API 10.1, `sendVoice` (an OGG file with Opus), `sendPhoto`, "Sending files". A `file_id` stays
valid, belongs to the bot, and says nothing of the chat that it was first sent to.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any, Final

import aiohttp
import msgspec

from satark.api import ChannelContext, Permanent, ReceiptPicture, VoiceNote
from satark_telegram.answers import BotApiError, read
from satark_telegram.rendering import decode_attachment

_FILES_REMEMBERED: Final = 2_000
"""Most voice notes whose file id is remembered."""
_NAMES: Final = {"photo": "receipt.png", "voice": "note.ogg"}


class _Voice(msgspec.Struct):
    file_id: str


class SentMessage(msgspec.Struct):
    """The fields of a sent message (`Message`) that matter later."""

    message_id: int
    voice: _Voice | None = None


class TelegramAttachmentSender:
    """Sends attachments, and remembers the file ids of one process, in memory.

    Args:
        call: calls a method of the Bot API, and raises `BotApiError`.
        context: makes voice notes and receipts' pictures; None: no attachment is sent.
    """

    def __init__(
        self, call: Callable[[str, bytes | aiohttp.FormData], Awaitable[msgspec.Raw]], context: ChannelContext | None
    ) -> None:
        self._call = call
        self._context = context
        self._file_ids: OrderedDict[str, str] = OrderedDict()

    async def send(self, body: bytes) -> int:
        """Send the attachment of a call. Return the message's id, or 0 if the attachment was empty.

        Raises:
            BotApiError: Telegram or the network failed.
        """
        attachment = decode_attachment(body)
        if self._context is None:
            return 0
        if attachment.receipt:
            return await self._picture(self._context, attachment.chat_id, attachment.receipt)
        return await self._note(self._context, attachment.chat_id, attachment.note) if attachment.note else 0

    async def _picture(self, context: ChannelContext, chat_id: str, receipt: ReceiptPicture) -> int:
        picture = await asyncio.to_thread(context.draw_receipt, receipt)
        button = {"text": receipt.button.label, "callback_data": receipt.button.token}
        keyboard = msgspec.json.encode({"inline_keyboard": [[button]]}).decode()
        sent = await self._upload("photo", picture, chat_id, caption=receipt.caption, reply_markup=keyboard)
        return sent.message_id

    async def _note(self, context: ChannelContext, chat_id: str, note: VoiceNote) -> int:
        key = note.reuse_key
        if file_id := self._file_ids.get(key):
            again: dict[str, Any] = {"chat_id": chat_id, "voice": file_id, "protect_content": True}
            try:
                return read(await self._call("sendVoice", msgspec.json.encode(again)), SentMessage).message_id
            except BotApiError as error:
                if not isinstance(error.result, Permanent):
                    raise
                self._file_ids.pop(key, None)
        data = await asyncio.to_thread(context.voice_notes.make, note)
        if not data:
            return 0
        sent = await self._upload("voice", data, chat_id)
        if key and sent.voice:
            self._remember(key, sent.voice.file_id)
        return sent.message_id

    async def _upload(self, kind: str, data: bytes, chat_id: str, **fields: str) -> SentMessage:
        form = aiohttp.FormData({"chat_id": chat_id, "protect_content": "true", **fields})
        form.add_field(kind, data, filename=_NAMES[kind])
        return read(await self._call(f"send{kind.title()}", form), SentMessage)

    def _remember(self, key: str, file_id: str) -> None:
        self._file_ids[key] = file_id
        while len(self._file_ids) > _FILES_REMEMBERED:
            self._file_ids.popitem(last=False)
