"""The types of Telegram's updates. Fields that are not listed here are never decoded: names, contact cards.

Source: Telegram, Bot API 10.1, types `Update`, `Message`, `CallbackQuery` and those in their fields.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta, Raw, Struct, field

NOTHING = Raw(b"")


class Chat(Struct):
    """`Chat`. The id of a private chat is the user's id."""

    id: int
    type: str


class User(Struct):
    """`User`."""

    is_bot: bool = False


class File(Struct):
    """The common fields of `PhotoSize`, `Video`, `Document` and so on; `width` and `height` of pictures."""

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
    """`Venue`: a place that the sender picked from a list."""

    location: Location
    title: str = ""
    address: str = ""


class Message(Struct, kw_only=True):
    """`Message`: the fields with content."""

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


class MessageHeader(Struct):
    """The least of a message that must be readable to answer its sender."""

    message_id: int
    chat: Chat


class TappedMessage(Struct):
    """`MaybeInaccessibleMessage`: the message with the tapped button. `date` is 0 where it is inaccessible."""

    message_id: int
    chat: Chat
    date: int = 0


class CallbackQuery(Struct):
    """`CallbackQuery`: a tapped button. Games have no `data`; an inline message has no `message`."""

    id: str
    message: TappedMessage | None = None
    data: str = ""


class Update(Struct):
    """`Update`: the three of its kinds that occur in a private chat with a tipster."""

    update_id: int
    message: Raw = NOTHING
    edited_message: Raw = NOTHING
    callback_query: Raw = NOTHING


decode_update = msgspec.json.Decoder(Update).decode
decode_message = msgspec.json.Decoder(Message).decode
decode_header = msgspec.json.Decoder(MessageHeader).decode
decode_callback_query = msgspec.json.Decoder(CallbackQuery).decode
decode_fields = msgspec.json.Decoder(dict[str, Raw]).decode
