"""A message that a bot sent through the peer, as a phone would show it."""

from __future__ import annotations

from typing import Any

import msgspec

from satark_testing.whatsapp.sent import Offer


class Sent(msgspec.Struct, kw_only=True):
    """One accepted outgoing message."""

    id: int
    """Its `message_id`."""
    address: int
    """The chat it went to."""
    text: str
    keyboard: list[list[dict[str, Any]]] = []
    """The rows of its inline keyboard; emptied when the bot takes it away."""
    voice: str = ""
    """The file id of its voice note."""
    photo: str = ""
    """The file id of its picture."""
    protected: bool = False
    """Whether it can be neither forwarded nor saved."""

    @property
    def offers(self) -> tuple[Offer, ...]:
        """The buttons, in order."""
        return tuple(Offer(button["callback_data"], button["text"]) for row in self.keyboard for button in row)

    def message(self, bot: dict[str, Any]) -> dict[str, Any]:
        """Give the `Message`, as Telegram answers a call with it."""
        chat = {"id": self.address, "type": "private", "first_name": "A"}
        whole = {"message_id": self.id, "from": bot, "chat": chat, "date": 1_795_000_000, **self._content()}
        return {**whole, "reply_markup": {"inline_keyboard": self.keyboard}} if self.keyboard else whole

    def _content(self) -> dict[str, Any]:
        file_id = self.voice or self.photo
        file = {"file_id": file_id, "file_unique_id": file_id[-16:]}
        if self.voice:
            return {"voice": {**file, "duration": 1}}
        return {"photo": [{**file, "width": 1, "height": 1}]} if self.photo else {"text": self.text}
