"""What of Telegram's updates we read, as types. What is not named here is never decoded: names, visiting cards.

Source: Telegram, Bot API 10.1, types `Update`, `Message`, `CallbackQuery` and those in their fields.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta, Raw, Struct, field

NOTHING = Raw(b"")


class Chat(Struct):
    """`Chat`. In a private one the id is the user's."""

    id: int
    type: str


class User(Struct):
    """`User`."""

    is_bot: bool = False


class File(Struct):
    """What every kind of file has: `PhotoSize`, `Video`, `Document`, …; width and height where it is a picture."""

    file_id: Annotated[str, Meta(min_length=1)]
    file_size: int = 0
    mime_type: str = ""
    width: int = 0
    height: int = 0


class Location(Struct):
    """`Location`, in degrees."""

    latitude: Annotated[float, Meta(ge=-90, le=90)]
    longitude: Annotated[float, Meta(ge=-180, le=180)]


class Venue(Struct):
    """`Venue`: a place that the sender picked."""

    location: Location
    title: str = ""
    address: str = ""


class Message(Struct, kw_only=True):
    """`Message`, as far as it says something."""

    message_id: int
    chat: Chat
    sender: User | None = field(default=None, name="from")
    text: str | None = None
    caption: str = ""
    photo: list[File] | None = None
    live_photo: File | None = None
    video: File | None = None
    animation: File | None = None
    video_note: File | None = None
    voice: File | None = None
    audio: File | None = None
    document: File | None = None
    sticker: File | None = None
    location: Location | None = None
    venue: Venue | None = None


class Origin(Struct):
    """What must be readable of a message, so that its sender can at least be told that it was not understood."""

    message_id: int
    chat: Chat


class Tapped(Struct):
    """`MaybeInaccessibleMessage`: the message under whose button was tapped. `date` is 0 where it is inaccessible."""

    message_id: int
    chat: Chat
    date: int = 0


class CallbackQuery(Struct):
    """`CallbackQuery`: a tapped button. Games have no `data`; what was sent by way of another chat has no `message`."""

    id: str
    message: Tapped | None = None
    data: str = ""


class Update(Struct):
    """`Update`: of all its kinds the three that a tipster's private chat makes."""

    update_id: int
    message: Raw = NOTHING
    edited_message: Raw = NOTHING
    callback_query: Raw = NOTHING


update = msgspec.json.Decoder(Update).decode
message = msgspec.json.Decoder(Message).decode
origin = msgspec.json.Decoder(Origin).decode
callback_query = msgspec.json.Decoder(CallbackQuery).decode
fields = msgspec.json.Decoder(dict[str, Raw]).decode
