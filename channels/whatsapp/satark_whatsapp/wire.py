"""What of Meta's webhooks we read, as types. What is not named here is never decoded: names, user names, file names.

Source: Meta, WhatsApp Business Platform, "Webhooks > Reference > messages", and Meta's OpenAPI document v23.0, schemas
`WebhookPayload`, `IncomingMessage` and `Statuses`; BSUID fields: "Business-scoped user IDs".
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta, Struct, field

from satark_whatsapp.errors import Problem


class Profile(Struct):
    """A sender's profile. The name serves one comparison (is this card the sender's own?) and is then dropped."""

    name: str | None = None


class Contact(Struct):
    """One sender of the messages beside it: links a phone number with a BSUID."""

    wa_id: str | None = None
    user_id: str | None = None
    profile: Profile | None = None


class TextNode(Struct):
    """`text`."""

    body: str


class MediaNode(Struct):
    """`image`, `video`, `audio`, `document`, `sticker`. `sha256` is base64; `voice` marks a voice note."""

    id: Annotated[str, Meta(min_length=1)]
    mime_type: str | None = None
    sha256: str | None = None
    caption: str | None = None
    voice: bool | None = None


class LocationNode(Struct):
    """`location`: degrees; name and address only for a place."""

    latitude: Annotated[float, Meta(ge=-90, le=90)]
    longitude: Annotated[float, Meta(ge=-180, le=180)]
    name: str | None = None
    address: str | None = None


class CardName(Struct):
    """The name on a card."""

    formatted_name: str | None = None
    first_name: str | None = None
    last_name: str | None = None


class CardPhone(Struct):
    """A number on a card."""

    phone: str | None = None
    wa_id: str | None = None


class Card(Struct):
    """One of `contacts` in a message: somebody's visiting card."""

    name: CardName | None = None
    phones: list[CardPhone] | None = None
    origin: str | None = None


class Chosen(Struct):
    """A tapped button or row."""

    id: str
    title: str | None = None


class InteractiveNode(Struct):
    """`interactive`: the answer to buttons or a list; other kinds have neither."""

    type: str | None = None
    button_reply: Chosen | None = None
    list_reply: Chosen | None = None


class ButtonNode(Struct):
    """`button`: a tapped quick reply of a template."""

    text: str | None = None
    payload: str | None = None


class SystemNode(Struct):
    """`system`: the sender's number or BSUID changed."""

    type: str | None = None
    wa_id: str | None = None
    new_wa_id: str | None = None
    user_id: str | None = None
    previous_user_id: str | None = None


class EditedNode(Struct):
    """The new content of an edited message."""

    text: TextNode | None = None
    image: MediaNode | None = None
    video: MediaNode | None = None
    document: MediaNode | None = None


class EditNode(Struct):
    """`edit`."""

    original_message_id: str
    message: EditedNode | None = None


class RevokeNode(Struct):
    """`revoke`."""

    original_message_id: str


class UnsupportedNode(Struct):
    """`unsupported`: which kind it was that Meta can't show us."""

    type: str | None = None


class Message(Struct):
    """One of `messages`: `type` says which of the nodes it has."""

    id: str | None = None
    type: str | None = None
    timestamp: str | None = None
    wa_id: str | None = field(default=None, name="from")
    user_id: str | None = field(default=None, name="from_user_id")
    text: TextNode | None = None
    image: MediaNode | None = None
    video: MediaNode | None = None
    audio: MediaNode | None = None
    document: MediaNode | None = None
    sticker: MediaNode | None = None
    location: LocationNode | None = None
    contacts: list[Card] | None = None
    interactive: InteractiveNode | None = None
    button: ButtonNode | None = None
    system: SystemNode | None = None
    edit: EditNode | None = None
    revoke: RevokeNode | None = None
    unsupported: UnsupportedNode | None = None


class Origin(Struct):
    """What must be readable of a message, so that its sender can at least be told that it was not understood."""

    id: str
    wa_id: str | None = field(default=None, name="from")
    user_id: str | None = field(default=None, name="from_user_id")


class Status(Struct):
    """One of `statuses`: what became of a message of ours. A failed one comes without contacts."""

    status: str
    errors: list[Problem] | None = None
    biz_opaque_callback_data: str | None = None


class Metadata(Struct):
    """Which of our numbers it is about."""

    phone_number_id: str


class Value(Struct):
    """The value of a change in field `messages`."""

    metadata: Metadata | None = None
    contacts: list[Contact] | None = None
    messages: list[Message] | None = None
    statuses: list[Status] | None = None
    errors: list[Problem] | None = None


class Change(Struct):
    """One change."""

    value: Value
    field: str = ""


class Entry(Struct):
    """One WhatsApp business account's changes."""

    changes: list[Change]


class Envelope(Struct):
    """A whole webhook."""

    object: str
    entry: list[Entry]


decode = msgspec.json.Decoder(Envelope).decode
