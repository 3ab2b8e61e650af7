"""Updates as Telegram builds them. Source: Telegram, Bot API 10.1, type `Update`."""

import itertools
import time
from collections.abc import Mapping
from typing import Any

import msgspec

from satark_testing.whatsapp.messages import Offer

Update = dict[str, Any]

_DATE = int(time.time())


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """A Telegram user as updates describe them."""

    id: int
    first_name: str = "A"
    last_name: str | None = "Citizen"
    username: str | None = None
    language_code: str | None = "hi"

    def user(self) -> dict[str, Any]:
        optional = {"last_name": self.last_name, "username": self.username, "language_code": self.language_code}
        given = {name: value for name, value in optional.items() if value is not None}
        return {"id": self.id, "is_bot": False, "first_name": self.first_name, **given}

    def chat(self) -> dict[str, Any]:
        """Return the private `Chat`. Its id is the user's id."""
        known = {name: value for name, value in self.user().items() if name in ("first_name", "last_name", "username")}
        return {"id": self.id, "type": "private", **known}


class Updates:
    """Builds the updates of one bot. Each update and each message has its own number."""

    def __init__(self) -> None:
        self._updates = itertools.count(700_000_001)
        self._messages = itertools.count(11)

    def message_id(self) -> int:
        """Return the next message id in any of the bot's private chats."""
        return next(self._messages)

    def message(self, person: Person, content: Mapping[str, Any]) -> Update:
        return self.update("message", self.bare(person, content))

    def text(self, person: Person, text: str) -> Update:
        """Build a typed message. Commands are marked as Telegram marks them."""
        content: dict[str, Any] = {"text": text}
        if text.startswith("/"):
            content["entities"] = [{"type": "bot_command", "offset": 0, "length": len(text.split(maxsplit=1)[0])}]
        return self.message(person, content)

    def edit(self, person: Person, message_id: int, content: Mapping[str, Any]) -> Update:
        """Build a new version of an earlier message."""
        message = self.bare(person, {**content, "edit_date": _DATE + 60}, message_id=message_id)
        return self.update("edited_message", message)

    def tap(self, person: Person, data: str, message: Mapping[str, Any]) -> Update:
        """Build a tap on a button under a message (a `Message` or an `InaccessibleMessage`)."""
        query = {"id": f"4{next(self._updates)}", "from": person.user(), "message": message, "chat_instance": "-7"}
        return self.update("callback_query", {**query, "data": data})

    def update(self, kind: str, content: Any) -> Update:
        return {"update_id": next(self._updates), kind: content}

    def bare(self, person: Person, content: Mapping[str, Any], *, message_id: int | None = None) -> dict[str, Any]:
        """Build a `Message` of any content."""
        number = self.message_id() if message_id is None else message_id
        return {"message_id": number, "from": person.user(), "chat": person.chat(), "date": _DATE, **content}


class BotMessage(msgspec.Struct, kw_only=True):
    """One accepted outgoing message."""

    id: int
    """The message's `message_id`."""
    address: int
    """The id of the chat to which the message went."""
    text: str
    keyboard: list[list[dict[str, Any]]] = []
    """The rows of the message's inline keyboard; empty once the bot has removed it."""
    voice: str = ""
    """The file id of the voice note."""
    photo: str = ""
    """The file id of the picture."""
    protected: bool = False
    """Whether the message can be neither forwarded nor saved."""

    @property
    def offers(self) -> tuple[Offer, ...]:
        """The buttons, in order."""
        return tuple(Offer(button["callback_data"], button["text"]) for row in self.keyboard for button in row)

    def message(self, bot: dict[str, Any]) -> dict[str, Any]:
        """Return the `Message` with which Telegram answers a call."""
        chat = {"id": self.address, "type": "private", "first_name": "A"}
        whole = {"message_id": self.id, "from": bot, "chat": chat, "date": 1_795_000_000, **self._content()}
        return {**whole, "reply_markup": {"inline_keyboard": self.keyboard}} if self.keyboard else whole

    def _content(self) -> dict[str, Any]:
        file_id = self.voice or self.photo
        file = {"file_id": file_id, "file_unique_id": file_id[-16:]}
        if self.voice:
            return {"voice": {**file, "duration": 1}}
        return {"photo": [{**file, "width": 1, "height": 1}]} if self.photo else {"text": self.text}
