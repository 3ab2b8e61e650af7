"""Read an update: an event for the core, or a count of what needs nothing."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import msgspec

from satark.channel import Address, Batch, Call, Edited, Event, Inbound, Malformed, Tap, Unsupported
from satark_telegram import wire
from satark_telegram.events import UNREADABLE, event_of, unread

SEEN = "seen"
"""The method of the call that answers a tap, or shows "typing…"; see `satark_telegram.bot.Bot.send`."""

PRIVATE = "private"
_IGNORED = Batch(ignored=1)
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class Reader:
    """Reads the updates of one bot.

    Args:
        account: the bot's account name.
        typing: whether to make the call that shows "typing…" for each message.
        most: bytes of the largest file that can be had.
    """

    def __init__(self, account: str, *, typing: bool, most: int) -> None:
        self._account = account
        self._typing = typing
        self._most = most

    def read(self, body: bytes) -> Batch:
        """Read one update as Telegram posts it.

        Raises:
            Malformed: the body is no update at all.
        """
        update = update_of(body)
        if update.callback_query != wire.NOTHING:
            return self._tap(update)
        if update.message != wire.NOTHING or update.edited_message != wire.NOTHING:
            return self._message(update)
        return _IGNORED

    def _message(self, update: wire.Update) -> Batch:
        edited = update.message == wire.NOTHING
        raw = bytes(update.edited_message if edited else update.message)
        try:
            message = wire.message(raw)
        except _UNREADABLE:
            return self._unreadable(update, raw)
        if message.sender is not None and message.sender.is_bot:
            return _IGNORED
        key = _key(message)
        if edited:
            event, own = _edit(message, key), f"edit:{update.update_id}"
        else:
            event, own = event_of(message, self._account, self._most) or unread(wire.fields(raw)), key
        provider_message_id = str(message.message_id)
        return self._batch(
            message.chat, own, event, provider_message_id=provider_message_id, busy=self._typing_call(message.chat)
        )

    def _unreadable(self, update: wire.Update, raw: bytes) -> Batch:
        """Of a message that can't be read tell the core at least whose it is; an edit's old words simply stand."""
        try:
            origin = wire.origin(raw)
        except _UNREADABLE:
            return _IGNORED
        event = Unsupported(UNREADABLE) if update.message != wire.NOTHING else None
        return self._batch(origin.chat, _key(origin), event, busy=self._typing_call(origin.chat))

    def _tap(self, update: wire.Update) -> Batch:
        try:
            query = wire.callback_query(update.callback_query)
        except _UNREADABLE:
            return _IGNORED
        under = query.message
        if under is None or not query.data:
            return _IGNORED
        answer: dict[str, Any] = {"callback_query_id": query.id}
        if under.date:
            answer |= {"chat_id": under.chat.id, "message_id": under.message_id}
        return self._batch(under.chat, f"tap:{update.update_id}", Tap(query.data), answer=self._call(answer))

    def _batch(
        self,
        chat: wire.Chat,
        key: str,
        event: Event | None,
        *,
        provider_message_id: str = "",
        answer: Call | None = None,
        busy: Call | None = None,
    ) -> Batch:
        if event is None or chat.type != PRIVATE:
            return _IGNORED
        senders = (Address(str(chat.id)),)
        inbound = Inbound(
            account=self._account,
            event_key=key,
            senders=senders,
            event=event,
            provider_message_id=provider_message_id,
            answer=answer,
            busy=busy,
        )
        return Batch(inbound=(inbound,))

    def _typing_call(self, chat: wire.Chat) -> Call | None:
        return self._call({"chat_id": chat.id}) if self._typing else None

    def _call(self, body: dict[str, Any]) -> Call:
        return Call(account=self._account, method=SEEN, body=msgspec.json.encode(body))


def _key(message: wire.Message | wire.Origin) -> str:
    """Name a message by chat and number: an edit names its original so, and never by the original's update.

    Hashed, since an edit carries it within its event, where a chat's id must not show.
    """
    return "message:" + hashlib.sha256(f"{message.chat.id}:{message.message_id}".encode()).hexdigest()


def _edit(message: wire.Message, original: str) -> Event | None:
    """Read an edit. One without words (a live location that moved, a file in place of another) changes nothing."""
    words = message.text if message.text is not None else message.caption
    return Edited(original, words) if words else None


def update_of(body: bytes) -> wire.Update:
    """Decode an update.

    Raises:
        Malformed: the body is none.
    """
    try:
        return wire.update(body)
    except _UNREADABLE:
        return _leniently(body)


def _leniently(body: bytes) -> wire.Update:
    """Decode as leniently as can be: Python's decoder forgives half a surrogate pair (a cut emoji), msgspec doesn't."""
    try:
        data = json.loads(body.decode("utf-8", "replace"))
        return wire.update(json.dumps(data, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError, msgspec.DecodeError):
        raise Malformed("no update") from None
