"""Sends voice notes and the receipt's picture. A note that many people hear is uploaded once and sent by its `file_id`.

Source: Telegram, Bot API 10.1, `sendVoice` (an OGG file with Opus), `sendPhoto`, "Sending files". A `file_id` stays
valid, belongs to the bot, and says nothing of the chat that it was first sent to.

This module imports python-telegram-bot, so the channel imports it only when it opens.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Final

import telegram
from telegram import InlineKeyboardButton, InlineKeyboardMarkup
from telegram.error import BadRequest

from satark.api import ChannelContext, ReceiptPicture, VoiceNote
from satark_telegram.rendering import decode_attachment

_FILES_REMEMBERED: Final = 2_000
"""Most voice notes whose file id is remembered."""


class TelegramAttachmentSender:
    """Sends attachments, and remembers the file ids of one process, in memory.

    Args:
        bot: python-telegram-bot's.
        context: makes voice notes and receipts' pictures; None: no attachment is sent.
    """

    def __init__(self, bot: telegram.Bot, context: ChannelContext | None) -> None:
        self._bot = bot
        self._context = context
        self._file_ids: OrderedDict[str, str] = OrderedDict()

    async def send(self, body: bytes) -> int:
        """Send the attachment of a call. Return the message's id, or 0 if the attachment was empty.

        Raises:
            telegram.error.TelegramError: Telegram or the network failed.
        """
        attachment = decode_attachment(body)
        if self._context is None:
            return 0
        if attachment.receipt:
            return await self._picture(self._context, attachment.chat_id, attachment.receipt)
        return await self._note(self._context, attachment.chat_id, attachment.note) if attachment.note else 0

    async def _picture(self, context: ChannelContext, chat_id: str, receipt: ReceiptPicture) -> int:
        picture = await asyncio.to_thread(context.draw_receipt, receipt)
        button = InlineKeyboardButton(receipt.button.label, callback_data=receipt.button.token)
        sent = await self._bot.send_photo(
            chat_id,
            picture,
            caption=receipt.caption,
            protect_content=True,
            reply_markup=InlineKeyboardMarkup([[button]]),
            filename="receipt.png",
        )
        return sent.message_id

    async def _note(self, context: ChannelContext, chat_id: str, note: VoiceNote) -> int:
        key = note.reuse_key
        if file_id := self._file_ids.get(key):
            try:
                return (await self._bot.send_voice(chat_id, file_id, protect_content=True)).message_id
            except BadRequest:
                self._file_ids.pop(key, None)  # if it was the chat that is wrong, the upload says so again
        data = await asyncio.to_thread(context.voice_notes.make, note)
        if not data:
            return 0
        sent = await self._bot.send_voice(chat_id, data, protect_content=True, filename="note.ogg")
        if key and sent.voice:
            self._remember(key, sent.voice.file_id)
        return sent.message_id

    def _remember(self, key: str, file_id: str) -> None:
        self._file_ids[key] = file_id
        while len(self._file_ids) > _FILES_REMEMBERED:
            self._file_ids.popitem(last=False)
