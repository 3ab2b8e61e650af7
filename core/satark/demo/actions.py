"""What the page can tell a phone to do."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import msgspec

from satark.demo.bubbles import Pin
from satark.demo.chat import Chat

_LONGEST_TEXT = 4096


class _Act(msgspec.Struct, frozen=True, kw_only=True, tag_field="act"):
    twice: bool = False
    """Whether the webhook is posted twice at the same moment, as providers sometimes do."""


class Say(_Act, frozen=True, kw_only=True, tag="say"):
    """Type a message."""

    text: str

    async def do(self, chat: Chat) -> None:
        """Do it."""
        await chat.say(self.text[:_LONGEST_TEXT], twice=self.twice)


class Tap(_Act, frozen=True, kw_only=True, tag="tap"):
    """Tap an offer of a message."""

    message: str
    token: str

    async def do(self, chat: Chat) -> None:
        """Do it."""
        await chat.tap(self.message, self.token, twice=self.twice)


class SendPin(_Act, frozen=True, kw_only=True, tag="pin"):
    """Send a location."""

    pin: Pin

    async def do(self, chat: Chat) -> None:
        """Do it."""
        await chat.pin(self.pin, twice=self.twice)


class Edit(_Act, frozen=True, kw_only=True, tag="edit"):
    """Rewrite a message."""

    message: str
    text: str

    async def do(self, chat: Chat) -> None:
        """Do it."""
        await chat.edit(self.message, self.text[:_LONGEST_TEXT], twice=self.twice)


class Revoke(_Act, frozen=True, kw_only=True, tag="revoke"):
    """Delete a message for everyone."""

    message: str

    async def do(self, chat: Chat) -> None:
        """Do it."""
        await chat.revoke(self.message, twice=self.twice)


class Dial(_Act, frozen=True, kw_only=True, tag="dial"):
    """Call the service."""

    async def do(self, chat: Chat) -> None:
        """Do it."""
        await chat.dial()


class Press(_Act, frozen=True, kw_only=True, tag="press"):
    """Press keys during a call; none: say nothing."""

    keys: Annotated[str, msgspec.Meta(pattern=r"^[0-9*#]{0,20}\Z")] = ""

    async def do(self, chat: Chat) -> None:
        """Do it."""
        await chat.press(self.keys)


class HangUp(_Act, frozen=True, kw_only=True, tag="hang_up"):
    """End the call."""

    async def do(self, chat: Chat) -> None:
        """Do it."""
        await chat.hang_up()


Act: TypeAlias = Say | Tap | SendPin | Edit | Revoke | Dial | Press | HangUp
