"""The phones on the simulator's page, each with every medium that is simulated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from satark.demo.chat import Chat, Publish

MakeChat: TypeAlias = Callable[[int, Publish], Chat]
"""Makes the chat of one medium on the phone of this number."""

FIRST = 2
"""Phones that are there from the beginning."""
MOST = 20


class Phones:
    """All phones. They are kept in memory: a restart of the demo is a drawer of new phones with the same numbers."""

    def __init__(self, media: Sequence[MakeChat], publish: Publish) -> None:
        self._media = media
        self._publish = publish
        self._phones: dict[str, dict[str, Chat]] = {}
        for _ in range(FIRST):
            self._make()

    def chat(self, phone: str, medium: str) -> Chat:
        """Give a chat.

        Raises:
            KeyError: there is no such phone, or the medium is not simulated.
        """
        return self._phones[phone][medium]

    def view(self) -> list[dict[str, Any]]:
        """Give all that the page shows of them."""
        return [_view(phone, chats) for phone, chats in self._phones.items()]

    def add(self) -> dict[str, Any] | None:
        """Take one more phone out of the drawer; None where it is empty."""
        if len(self._phones) >= MOST or not self._media:
            return None
        self._make()
        phone = self.view()[-1]
        self._publish({"what": "phone", "phone": phone})
        return phone

    def _make(self) -> None:
        number = len(self._phones) + 1
        chats = [make(number, self._publish) for make in self._media]
        self._phones[str(number)] = {chat.medium: chat for chat in chats}


def _view(phone: str, chats: dict[str, Chat]) -> dict[str, Any]:
    views = {medium: chat.view() for medium, chat in chats.items()}
    return {"id": phone, "number": f"9199999{int(phone):05}", "chats": views}
