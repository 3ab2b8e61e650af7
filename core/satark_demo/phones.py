"""The simulated phones of the page, each with one chat per simulated medium."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from satark_demo.chat import Chat, Publish

MakeChat: TypeAlias = Callable[[int, Publish], Chat]
"""Makes one medium's chat on the phone with this number."""

INITIAL_PHONES = 2
"""Phones that exist at the start."""
MAX_PHONES = 20


class Phones:
    """All phones. They live in memory: after a restart the same numbers belong to new, empty phones."""

    def __init__(self, media: Sequence[MakeChat], publish: Publish) -> None:
        self._media = media
        self._publish = publish
        self._phones: dict[str, dict[str, Chat]] = {}
        for _ in range(INITIAL_PHONES):
            self._make()

    def chat(self, phone: str, medium: str) -> Chat:
        """Return a chat.

        Raises:
            KeyError: there is no such phone, or its medium is not simulated.
        """
        return self._phones[phone][medium]

    def view(self) -> list[dict[str, Any]]:
        """Return everything that the page shows of the phones."""
        return [_view(phone, chats) for phone, chats in self._phones.items()]

    def add(self) -> dict[str, Any] | None:
        """Add a phone; return None where there are `MAX_PHONES` already, or no medium is simulated."""
        if len(self._phones) >= MAX_PHONES or not self._media:
            return None
        self._make()
        phone = self.view()[-1]
        self._publish({"type": "phone", "phone": phone})
        return phone

    def _make(self) -> None:
        number = len(self._phones) + 1
        chats = [make(number, self._publish) for make in self._media]
        self._phones[str(number)] = {chat.medium: chat for chat in chats}


def _view(phone: str, chats: dict[str, Chat]) -> dict[str, Any]:
    views = {medium: chat.view() for medium, chat in chats.items()}
    return {"id": phone, "number": f"9199999{int(phone):05}", "chats": views}
