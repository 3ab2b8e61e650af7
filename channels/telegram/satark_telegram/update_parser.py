"""Parse an update into a batch: one inbound event, or one ignored item."""

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from satark.api import Address, Batch, Call, Edited, Event, Inbound, Malformed, Tap, Unsupported, decode_json
from satark_files.decoding import DECODING_ERRORS
from satark_telegram.events import (
    NOTHING,
    UNREADABLE,
    TelegramChat,
    TelegramMessage,
    TelegramMessageHeader,
    Update,
    decode_callback_query,
    decode_fields,
    decode_header,
    decode_message,
    decode_update,
    event_of,
    unsupported_event,
)

ACKNOWLEDGE = "acknowledge"
"""The method of the call that answers a tap, or shows "typing…"; see `satark_telegram.bot_api.BotApi.send`."""

PRIVATE = "private"
_IGNORED = Batch(ignored=1)
_DIGITS = 10
"""Digits in a Unix time in seconds, until the year 2286."""


class UpdateParser:
    """Parses the updates of one bot. `typing`: whether to make the call that shows "typing…" for each message."""

    def __init__(self, account: str, *, typing: bool, max_file_bytes: int) -> None:
        self._account = account
        self._typing = typing
        self._max_file_bytes = max_file_bytes

    def parse(self, body: bytes) -> Batch:
        """Parse one update.

        Raises:
            Malformed: the body is not an update.
        """
        update = parse_update(body)
        if update.callback_query != NOTHING:
            return self._tap(update)
        if update.message != NOTHING or update.edited_message != NOTHING:
            return self._message(update)
        return _IGNORED

    def _message(self, update: Update) -> Batch:
        edited = update.message == NOTHING
        raw = bytes(update.edited_message if edited else update.message)
        try:
            message, fields = decode_message(raw), decode_fields(raw)
        except DECODING_ERRORS:
            return self._unreadable(update, raw)
        if message.sender is not None and message.sender.is_bot:
            return _IGNORED
        key = _key(message)
        if edited:
            event = _edit(message, key)
        else:
            event = event_of(message, self._account, self._max_file_bytes) or unsupported_event(fields)
        own_id, typing = str(message.message_id), self._typing_call(message.chat)
        sent_at = _sent_at(fields)
        return self._batch(
            update, message.chat, event, message_key=key, sent_at=sent_at, provider_message_id=own_id, busy=typing
        )

    def _unreadable(self, update: Update, raw: bytes) -> Batch:
        """Report the sender of a new message that can't be decoded. Ignore an edit that can't be decoded."""
        try:
            header = decode_header(raw)
        except DECODING_ERRORS:
            return _IGNORED
        event = Unsupported(UNREADABLE) if update.message != NOTHING else None
        return self._batch(update, header.chat, event, message_key=_key(header), busy=self._typing_call(header.chat))

    def _tap(self, update: Update) -> Batch:
        try:
            query = decode_callback_query(update.callback_query)
        except DECODING_ERRORS:
            return _IGNORED
        tapped = query.message
        if tapped is None or not query.data:
            return _IGNORED
        answer: dict[str, Any] = {"callback_query_id": query.id}
        if tapped.date:
            answer |= {"chat_id": tapped.chat.id, "message_id": tapped.message_id}
        return self._batch(update, tapped.chat, Tap(query.data), answer=self._call(answer))

    def _batch(
        self,
        update: Update,
        chat: TelegramChat,
        event: Event | None,
        *,
        message_key: str = "",
        sent_at: int | None = None,
        provider_message_id: str = "",
        answer: Call | None = None,
        busy: Call | None = None,
    ) -> Batch:
        if event is None or chat.type != PRIVATE:
            return _IGNORED
        senders = (Address(str(chat.id)),)
        inbound = Inbound(
            account=self._account,
            event_key=f"update:{update.update_id}",
            message_key=message_key,
            senders=senders,
            event=event,
            sent_at=sent_at,
            provider_message_id=provider_message_id,
            answer=answer,
            busy=busy,
        )
        return Batch(inbound=(inbound,))

    def _typing_call(self, chat: TelegramChat) -> Call | None:
        return self._call({"chat_id": chat.id}) if self._typing else None

    def _call(self, body: dict[str, Any]) -> Call:
        return Call(account=self._account, method=ACKNOWLEDGE, body=msgspec.json.encode(body))


def _key(message: TelegramMessage | TelegramMessageHeader) -> str:
    """Return a message's key, made of the ids of chat and message: an edit names its original by the same ids.

    The key is hashed, since an `Edited` event holds the key, and events must not show a chat's id.
    """
    return "message:" + hashlib.sha256(f"{message.chat.id}:{message.message_id}".encode()).hexdigest()


def _sent_at(fields: Mapping[str, msgspec.Raw]) -> int | None:
    """Read a message's `date`: Unix seconds. None: the field is no such number.

    An edit has the `date` of its original; `edit_date` is the time of the last edit.
    """
    digits = bytes(fields.get("date", b""))
    return int(digits) if digits.isdigit() and len(digits) <= _DIGITS else None


def _edit(message: TelegramMessage, original: str) -> Event | None:
    """Convert an edit. None: the edit has no text (a live location that moved, a replaced file)."""
    text = message.text if message.text is not None else message.caption
    return Edited(original, text) if text else None


def parse_update(body: bytes) -> Update:
    """Decode an update.

    Raises:
        Malformed: the body is not an update.
    """
    try:
        return decode_json(body, decode_update)
    except DECODING_ERRORS:
        raise Malformed("not an update") from None
