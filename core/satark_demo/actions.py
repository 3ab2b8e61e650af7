"""The actions that the page can have a phone carry out, as they come in a request's JSON."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import msgspec

from satark_demo.chat import Chat
from satark_demo.messages import Pin

_MAX_TEXT = 4096


class _Action(msgspec.Struct, frozen=True, kw_only=True, tag_field="action"):
    twice: bool = False
    """Whether the webhook is posted twice at the same moment, as providers occasionally do."""


class Say(_Action, frozen=True, kw_only=True, tag="say"):
    """Type a message."""

    text: str

    async def run(self, chat: Chat) -> None:
        """Carry it out."""
        await chat.say(self.text[:_MAX_TEXT], twice=self.twice)


class Tap(_Action, frozen=True, kw_only=True, tag="tap"):
    """Tap a button or a list row of a message."""

    message_id: str
    token: str

    async def run(self, chat: Chat) -> None:
        """Carry it out."""
        await chat.tap(self.message_id, self.token, twice=self.twice)


class SendPin(_Action, frozen=True, kw_only=True, tag="pin"):
    """Send a location."""

    pin: Pin

    async def run(self, chat: Chat) -> None:
        """Carry it out."""
        await chat.pin(self.pin, twice=self.twice)


class Edit(_Action, frozen=True, kw_only=True, tag="edit"):
    """Rewrite a message."""

    message_id: str
    text: str

    async def run(self, chat: Chat) -> None:
        """Carry it out."""
        await chat.edit(self.message_id, self.text[:_MAX_TEXT], twice=self.twice)


class Revoke(_Action, frozen=True, kw_only=True, tag="revoke"):
    """Delete a message for everyone."""

    message_id: str

    async def run(self, chat: Chat) -> None:
        """Carry it out."""
        await chat.revoke(self.message_id, twice=self.twice)


class Dial(_Action, frozen=True, kw_only=True, tag="dial"):
    """Call the service."""

    async def run(self, chat: Chat) -> None:
        """Carry it out."""
        await chat.dial()


class Press(_Action, frozen=True, kw_only=True, tag="press"):
    """Press keys during a call; an empty string stands for silence."""

    keys: Annotated[str, msgspec.Meta(pattern=r"^[0-9*#]{0,20}\Z")] = ""

    async def run(self, chat: Chat) -> None:
        """Carry it out."""
        await chat.press(self.keys)


class HangUp(_Action, frozen=True, kw_only=True, tag="hang_up"):
    """End the call."""

    async def run(self, chat: Chat) -> None:
        """Carry it out."""
        await chat.hang_up()


Action: TypeAlias = Say | Tap | SendPin | Edit | Revoke | Dial | Press | HangUp
